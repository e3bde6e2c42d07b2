"""A register into a store: asked first, taken once, compared when it is read again, taken back
whole.
"""

from pathlib import Path

import pytest

from kitloan.college import College
from kitloan.errors import BadInput, Refused

CASES = Path(__file__).parent / "cases"


def write(folder: Path, *lines: str, name: str = "register.csv") -> Path:
    """A register of these lines."""
    file = folder / name
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def stock(kitloan: College) -> dict[str, tuple[str, str | None, str, str | None]]:
    """By asset number: the type, the place, how it is, who has it."""
    found = kitloan.find.search("").items
    return {
        each.asset_number or each.tag: (
            each.type,
            each.location,
            each.status,
            each.loan.to if each.loan else None,
        )
        for each in found
    }


def test_a_question_changes_nothing(fife: College) -> None:
    """Lost and scrapped kits must not come in as kits on a shelf."""
    asked = fife.registers.take_in(CASES / "status_column.csv")
    assert asked.unanswered and (asked.added, stock(fife)) == (0, {})
    taken = fife.registers.take_in(CASES / "status_column.csv", accept_proposed=True)
    assert not taken.unanswered
    assert {number: each[2] for number, each in stock(fife).items()} == {
        "1": "in",
        "2": "in",
        "3": "out",
        "4": "missing",
    }
    assert fife.ledger.verify().ok


def test_a_map_answers_for_values(fife: College, tmp_path: Path) -> None:
    """A college that has answered once must not be asked again, nor be held to what is proposed."""
    answers = tmp_path / "map.toml"
    answers.write_text('[values."Status"]\nscrapped = ""\ndisposed = "withdrawn"\nlost = "in"\n')
    taken = fife.registers.take_in(CASES / "status_column.csv", map_path=answers)
    assert not taken.unanswered
    assert {number: each[2] for number, each in stock(fife).items()} == {
        **dict.fromkeys("1245", "in"),
        "3": "out",
    }


def test_a_map_beside_the_register_is_used_for_the_same_headings(
    fife: College, tmp_path: Path
) -> None:
    """The answer is kept for the next time; for another table it answers nothing."""
    file = write(tmp_path, "Kit no,Item,School", "1,Camera,Alva Academy", "2,Tripod,Kyle Academy")
    beside = tmp_path / "register.map.toml"
    beside.write_text('headings = ["Kit no", "Item", "School"]\n[columns]\nSchool = "on_loan_to"\n')
    first = fife.registers.take_in(file)
    assert (first.loans, first.register.map_used) == (2, "register.map.toml")
    other = write(
        tmp_path, "Kit no,Item,School,Room", "3,Fan,Alva Academy,2", "4,Lamp,Kyle Academy,2"
    )
    again = fife.registers.take_in(other)
    assert again.unanswered and again.register.map_used is None
    assert any("other headings" in problem.problem for problem in again.problems)


def test_answers_that_nobody_confirmed_are_not_used(fife: College, tmp_path: Path) -> None:
    """A proposal that is written down is still a proposal."""
    file = write(tmp_path, "Kit no,Item,School", "1,Camera,Alva Academy", "2,Tripod,Kyle Academy")
    (tmp_path / "register.map.toml").write_text(
        'proposed = true\nheadings = ["Kit no", "Item", "School"]\n[columns]\nSchool = '
        '"on_loan_to"\n'
    )
    assert fife.registers.take_in(file).unanswered


def test_differences_are_listed_and_taken_when_asked(fife: College, tmp_path: Path) -> None:
    """What the spreadsheet says now must neither be lost nor win over the counter by itself."""
    file = tmp_path / "register.csv"
    file.write_bytes((CASES / "reread_v1.csv").read_bytes())
    fife.registers.take_in(file)
    before = stock(fife)
    file.write_bytes((CASES / "reread_v2.csv").read_bytes())
    told = fife.registers.take_in(file)
    assert [(c.row, c.field, c.register, c.file) for c in told.changes] == [
        (2, "location", "A", "B"),
        (2, "on_loan_to", None, "Golspie High School"),
        (2, "due_on", None, "2026-12-11"),
        (3, "on_loan_to", "Tain Royal Academy", None),
        (4, "type", "Lamp", "Lamp, LED"),
        (4, "location", "A", "C"),
    ]
    assert (told.added, stock(fife)) == (1, before | {"4": ("Fan", "A", "in", None)})
    assert fife.registers.take_in(file, update=True).updated == 6
    assert stock(fife) == {
        "1": ("Camera", "B", "out", "Golspie High School"),
        "2": ("Tripod", "A", "in", None),
        "3": ("Lamp, LED", "C", "in", None),
        "4": ("Fan", "A", "in", None),
    }
    assert fife.registers.take_in(file).changes == ()
    assert all(each.last_sighted is None for each in fife.find.search("").items), "nobody saw them"
    assert fife.ledger.verify().ok


def test_things_without_numbers_that_moved_are_not_new(fife: College, tmp_path: Path) -> None:
    """Goggles that are in another store now must not become twice as many."""
    v1 = ("Item,Store,Qty", "Goggles,A,30", "Goggles,B,10", "Lamp,A,4")
    v2 = ("Item,Store,Qty", "Goggles,A,30", "Goggles,C,10", "Lamp,A,4", "Goggles,D,5")
    fife.registers.take_in(write(tmp_path, *v1))
    told = fife.registers.take_in(write(tmp_path, *v2))
    assert [(c.row, c.field, c.register, c.file) for c in told.changes] == [
        (3, "location", "B", "C"),
    ]
    assert told.added == 1, "those in store D are more than there were"
    fife.registers.take_in(write(tmp_path, *v2), update=True)
    again = fife.registers.take_in(write(tmp_path, *v2))
    assert (again.added, again.changes) == (0, ())
    assert fife.find.search("goggles").total == 3


def test_a_wrong_import_is_taken_back_whole(fife: College, tmp_path: Path) -> None:
    """The wrong file, read in a hurry, must not be undone row by row."""
    kept = write(tmp_path, "Kit no,Item", "1,Camera", name="right.csv")
    fife.registers.take_in(kept)
    wrong = write(
        tmp_path,
        "Kit no,Item,On loan to,Notes",
        "7,Lamp,Alva Academy,old",
        "8,Fan,,",
        name="wrong.csv",
    )
    imported = fife.registers.take_in(wrong)
    undone = fife.registers.undo("wrong.csv")
    assert (undone.id, len(undone.tags)) == (imported.id, 2)
    assert set(stock(fife)) == {"1"}
    assert fife.find.loans().total == 0
    assert fife.ledger.verify().ok
    with pytest.raises(BadInput) as refused:
        fife.registers.undo("wrong.csv")
    assert "right.csv" in refused.value.hint
    assert fife.registers.take_in(wrong).added == 2, "and it can be read again"


def test_an_import_that_something_rests_on_stays(fife: College, tmp_path: Path) -> None:
    """A loan made since must not lose the kit beneath it."""
    file = write(tmp_path, "Kit no,Item", "1,Camera", "2,Tripod")
    imported = fife.registers.take_in(file)
    fife.loans.check_out(["2"], "Alva Academy")
    with pytest.raises(Refused) as refused:
        fife.registers.undo(str(imported.id))
    assert refused.value.code == "cannot_undo"
    assert refused.value.details["action"]["file"] == "register.csv"
    assert "Alva Academy" in refused.value.message
    fife.actions.undo()
    fife.registers.undo(str(imported.id))
    assert stock(fife) == {}


def test_part_of_a_stock_is_on_loan(fife: College) -> None:
    """Four of ten meters at a school leave six to lend."""
    fife.registers.take_in(CASES / "qty_out_column.csv")
    (meters,) = (each for each in fife.find.search("multimeter").items)
    assert (meters.quantity, meters.out_quantity) == (10, 4)


def test_a_loan_begins_when_the_register_says_or_nobody_knows(fife: College) -> None:
    """A loan of spring must not look as if it had begun today."""
    fife.registers.take_in(CASES / "checked_out_by.csv")
    fife.registers.take_in(CASES / "loan_log_history.csv")
    fife.registers.take_in(CASES / "two_line_header.xlsx")
    began = {each.to: each.out_at for each in fife.find.loans().items}
    assert began == {
        "Glenrothes High School": "2026-11-02",
        "Earlston High School": "2026-11-10",
        "Tain Royal Academy": None,
    }
    with pytest.raises(Refused) as refused:
        fife.loans.check_out(["K01"], "Kelso High School")
    assert "since 10 Nov 2026" in refused.value.message


def test_a_person_who_borrows_can_be_forgotten(fife: College) -> None:
    """A pupil's name in the borrower's column must not come to be on record for ever."""
    fife.registers.take_in(CASES / "borrower_is_a_person.csv", accept_proposed=True)
    assert {each.to for each in fife.find.loans().items} == {"Borrower not recorded"}
    assert {person["name"] for person in fife.people.known()} == {
        *("Jane Example", "EXAMPLE, John", "j.example"),
    }
