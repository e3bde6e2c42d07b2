"""A stock of which several borrowers have parts: one holding, a loan for each."""

from pathlib import Path

import pytest

from imports.test_taking_in import write
from kitloan.college import College
from kitloan.imports.shared_stock import parts_of_stock


def loans(college: College) -> dict[str, tuple[int, str | None]]:
    """By borrower: how many they have, and until when."""
    return {
        each.to: (each.quantity, each.due_on and each.due_on.isoformat())
        for each in college.find.loans().items
    }


def test_each_borrower_has_a_loan(fife: College, tmp_path: Path) -> None:
    """What two schools have must not be lent a third time, nor be one school of two names."""
    file = write(
        tmp_path,
        "Kit no,Item,Total,Lent to,Due back",
        'S1,Goggles,30,"Alva Academy (12), Kyle Academy (5)",04/12/2030',
        "S2,Lamps,4,,",
    )
    taken = fife.registers.take_in(file)
    assert (taken.added, taken.loans, taken.questions) == (2, 2, ())
    assert loans(fife) == {
        "Alva Academy": (12, "2030-12-04"),
        "Kyle Academy": (5, "2030-12-04"),
    }
    again = fife.registers.take_in(file)
    assert (again.added, again.changes) == (0, ())
    assert fife.ledger.verify().ok
    fife.registers.undo("register.csv")
    assert (loans(fife), fife.find.search("").total) == ({}, 0)
    assert fife.ledger.verify().ok


def test_the_borrowers_of_a_stock_change(fife: College, tmp_path: Path) -> None:
    """One school that gave its part back must not take the loans of the others with it."""
    head = "Kit no,Item,Total,Lent to"
    fife.registers.take_in(write(tmp_path, head, "S1,Goggles,30,Alva Academy x12; Kyle Academy x5"))
    file = write(tmp_path, head, "S1,Goggles,30,Kyle Academy x5; Dollar Academy x3")
    kept = {each.to: each.id for each in fife.find.loans().items}["Kyle Academy"]
    found = fife.registers.take_in(file)
    assert [(each.field, each.register, each.file) for each in found.changes] == [
        ("on_loan_to", "Alva Academy; Kyle Academy", "Dollar Academy; Kyle Academy"),
    ]
    assert loans(fife).keys() == {"Alva Academy", "Kyle Academy"}, "nothing is taken unasked"
    fife.registers.take_in(file, update=True)
    assert loans(fife) == {"Kyle Academy": (5, None), "Dollar Academy": (3, None)}
    assert {each.to: each.id for each in fife.find.loans().items}["Kyle Academy"] == kept
    assert fife.registers.take_in(file).changes == ()
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("Alva Academy (12), Kyle Academy (5)", [("Alva Academy", 12), ("Kyle Academy", 5)]),
        ("3 at Alva PS and 4 at Kyle PS", [("Alva PS", 3), ("Kyle PS", 4)]),
        ("Alva PS - 2\nMarr College - 3", [("Alva PS", 2), ("Marr College", 3)]),
        ("2 x Alva PS / 1 x Kyle PS", [("Alva PS", 2), ("Kyle PS", 1)]),
        ("Alva PS, Kyle PS", []),
        ("Alva PS (2), Kyle PS", []),
        ("Alva PS (2), Jane Example (1)", []),
        ("Alva PS (2), Alva PS (1)", []),
        ("Alva PS (0), Kyle PS (1)", []),
        ("Camera (2), Tripod (1)", []),
        ("Ayr Scouts 3, Ayr Scouts 4", []),
    ],
)
def test_what_is_such_a_cell(cell: str, parts: list[tuple[str, int]]) -> None:
    """A cell with a part that has no count is asked about, and never cut up by a guess."""
    assert [tuple(part) for part in parts_of_stock(cell)] == parts
