"""A register taken in: nothing twice, nothing guessed, nobody's name in the ledger."""

from pathlib import Path

import pytest

from kitloan import Count
from kitloan.college import College
from kitloan.text.tags import mint


def take(desk: College, folder: Path, *lines: str) -> tuple[int, int]:
    """Read these lines as a register; gives how many rows were added, and how many were not."""
    file = folder / "register.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    taken = desk.registers.take_in(file)
    assert not taken.refused
    return taken.added, taken.skipped


def test_a_column_of_tags_does_not_double_the_register(fife: College, tmp_path: Path) -> None:
    """Labels stuck on and written into the spreadsheet must not make every kit two."""
    take(fife, tmp_path, "Asset No,Type,On loan to", "A1,Drone,Balwearie HS")
    tagged = ("Asset No,Type,On loan to,Tag", f"A1,Drone,Balwearie HS,{mint()}")
    assert take(fife, tmp_path, *tagged) == (0, 1)
    assert fife.find.loans().total == 1
    assert fife.find.holding("A1").loan is not None


def test_rows_with_no_number_are_known_again(fife: College, tmp_path: Path) -> None:
    """Two boxes of goggles on one shelf are two, and stay two however often they are read."""
    lines = (
        "Item,Where,How many",
        "Goggles,Rosyth,30",
        "Goggles,Rosyth,30",
        "Goggles,Levenmouth,9",
    )
    assert take(fife, tmp_path, *lines) == (3, 0)
    assert take(fife, tmp_path, *lines) == (0, 3)


def test_what_a_register_says_of_a_person_goes_with_them(fife: College, tmp_path: Path) -> None:
    """A mobile number in a column that nobody knows is the person's, and theirs to have erased."""
    take(
        fife,
        tmp_path,
        "Item,Asset No,On loan to,Contact,Notes,Teacher mobile,Condition",
        "Drone,P1,Fife HS,Ann Smith,Mrs Smith collects on Fridays,07700 900123,planned repair",
        "Drone,P2,,,Planned repair in spring,,",
    )
    fife.people.erase("Ann Smith")
    tag, other = (fife.find.holding(number).tag for number in ("P1", "P2"))
    assert [each.words for each in fife.people.remarks(tag)] == ["planned repair"]
    assert [each.words for each in fife.people.remarks(other)] == ["Planned repair in spring"]


def test_a_borrower_that_names_the_rows_contact_is_asked_about(
    fife: College, tmp_path: Path
) -> None:
    """What a register says of people must not come to ESP as the name of a school."""
    file = tmp_path / "register.csv"
    file.write_text(
        "Item,Asset No,On loan to,Contact\n"
        "Drone,P1,Lochgelly HS - Zebedee Quark,Zebedee Quark\n"
        "Drone,P2,Beath High 07700 900123,\n"
        "Drone,P3,Viewforth - Science dept,Science dept\n",
        encoding="utf-8",
    )
    for accepted in (False, True):
        taken = fife.registers.take_in(file, skip_problems=True, accept_proposed=accepted)
        (question,) = taken.questions
        assert (question.column, question.rows, question.proposed) == ("On loan to", (2, 3), None)
        assert taken.added == fife.find.loans().total == 0
    file.write_text(
        "Item,Asset No,On loan to,Contact\nDrone,P3,Viewforth - Science dept,Science dept\n",
        encoding="utf-8",
    )
    assert fife.registers.take_in(file).added == 1
    assert fife.find.loans().items[0].to == "Viewforth - Science dept"


def test_a_person_named_twice_keeps_every_address(fife: College, tmp_path: Path) -> None:
    """An address that was dropped cannot be used, and cannot be asked to be forgotten."""
    take(
        fife,
        tmp_path,
        "Item,Asset No,On loan to,Contact,Email",
        "Drone,P1,Fife HS,Jane Doe,",
        "Drone,P2,Fife HS,Jane Doe,jane@fife.sch.uk",
    )
    assert [person["email"] for person in fife.people.known()] == ["jane@fife.sch.uk"]


@pytest.mark.parametrize("count", [None, Count(missing={"Panel": 1})])
def test_a_shortage_outlives_a_corrected_contents_list(
    fife: College, kit: str, count: Count | None
) -> None:
    """A part that is called otherwise from now on is still missing."""
    from kitloan.holdings import kit_type_with
    from kitloan.ledger.facts.definitions import ContentsLine

    fife.loans.count(kit, Count(missing={"Wheel": 2}))
    parts = (ContentsLine(name="Wheels", quantity=16), ContentsLine(name="Panel", quantity=18))
    fife.holdings.define_types([kit_type_with("STEM kit", parts)])
    fife.loans.check_out([kit], "Balwearie HS")
    (back,) = fife.loans.check_in([kit], count)
    assert "Wheel: 2 missing" in [str(short) for short in back.shortages]
    fife.loans.restock(kit, "Wheel", 2)
    assert fife.ledger.verify().ok


def test_names_that_differ_in_a_sign_are_two_types(fife: College, tmp_path: Path) -> None:
    """C++ and C# are not one kit."""
    take(fife, tmp_path, "Item,Asset No", "C++,1", "C#,2", "c++,3")
    assert [fife.find.holding(n).type for n in ("1", "2", "3")] == ["C++", "C#", "C++"]
