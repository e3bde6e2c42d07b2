"""A register into a store: asked first, taken once, compared when it is read again, taken back
whole.
"""

from pathlib import Path

import pytest

from kitloan.college import College
from kitloan.errors import BadInput, Refused
from kitloan.holdings import NewHolding
from kitloan.imports.mapfile import Map
from kitloan.text.names import plain

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


HEADINGS = "Kit no,Item,Qty,Store,Serial,Qty out,On loan to,Date out,Due back,Contact,Notes"
AS_IT_WAS = {
    "K1": "K1,Meter,10,A,,4,Alva Academy,01/09/2026,11/12/2026,Ann Ross,",
    "K2": "K2,Camera,1,A,SN2,,Kyle Academy,01/09/2026,11/12/2026,,cracked",
    "K3": "K3,Tripod,1,A,SN3,,,,,Jo Bain,",
}


def test_each_kind_of_difference_is_listed_and_taken(fife: College, tmp_path: Path) -> None:
    """A register that goes on being kept must not drift away from the store in silence."""
    rows = dict(AS_IT_WAS)
    fife.registers.take_in(write(tmp_path, HEADINGS, *rows.values()))
    assert fife.registers.take_in(tmp_path / "register.csv").changes == ()
    for row, changes in (
        ("K1,Meter,10,A,,6,Alva Academy,01/09/2026,11/12/2026,Ann Ross,", ["quantity_out: 4 > 6"]),
        ("K1,Meter,10,A,,1,Alva Academy,01/09/2026,11/12/2026,Ann Ross,", ["quantity_out: 6 > 1"]),
        (
            "K1,Meter,20,A,,14,Alva Academy,01/09/2026,18/12/2026,Bo Reid,",
            [
                "quantity: 10 > 20",
                "quantity_out: 1 > 14",
                "due_on: 2026-12-11 > 2026-12-18",
                "contact: Ann Ross > Bo Reid",
            ],
        ),
        (
            "K1,Meter,5,A,,2,Alva Academy,01/09/2026,18/12/2026,Bo Reid,",
            ["quantity: 20 > 5", "quantity_out: 14 > 2"],
        ),
        (
            'K1,Meter,5,A,,,"Alva Academy (1), Kyle Academy (2)",,18/12/2026,,',
            [
                "on_loan_to: Alva Academy > Alva Academy; Kyle Academy",
                "quantity_out: 2 to Alva Academy > 1 to Alva Academy",
            ],
        ),
        (
            "K2,Camera,1,A,SN2,,Kyle Academy,08/09/2026,11/12/2026,,cracked",
            ["out_on: 2026-09-01 > 2026-09-08"],
        ),
        (
            "K2,Camera,1,A,SN2,,Kyle Academy,08/09/2026,11/12/2026,Cy Low,lens replaced",
            ["contact: None > Cy Low", "note: Notes: cracked > Notes: lens replaced"],
        ),
        (
            "K2,Camera,1,A,SN2,,Alva Academy,,11/12/2026,,lens replaced",
            ["on_loan_to: Kyle Academy > Alva Academy"],
        ),
        (
            "K2,Camera,1,B,SN9,,,,,,lens replaced",
            ["location: A > B", "serial: SN2 > SN9", "on_loan_to: Alva Academy > None"],
        ),
        (
            "K3,Tripod,1,A,SN3,,,,,Di Orr,leg bent",
            ["note: Contact: Jo Bain > Contact: Di Orr", "note: None > Notes: leg bent"],
        ),
        ("K3,Tripod tall,1,A,SN3,,,,,,", ["type: Tripod > Tripod tall"]),
        ("K3-b,Tripod tall,1,A,SN3,,,,,,", ["asset_number: K3 > K3-b"]),
    ):
        rows[row[:2]] = row
        file = write(tmp_path, HEADINGS, *rows.values())
        listed = fife.registers.take_in(file)
        assert (listed.questions, listed.register.errors, listed.added) == ((), (), 0)
        assert [f"{c.field}: {c.register} > {c.file}" for c in listed.changes] == changes
        assert fife.registers.take_in(file, update=True).updated == len(changes)
        again = fife.registers.take_in(file)
        assert (again.added, again.changes) == (0, ())
    assert fife.ledger.verify().ok


def test_a_kit_that_left_the_register_is_named(fife: College, tmp_path: Path) -> None:
    """A line deleted in the spreadsheet must not leave its kit on the register without a word."""
    fife.registers.take_in(write(tmp_path, HEADINGS, *AS_IT_WAS.values()))
    renumbered = AS_IT_WAS["K1"].replace("K1", "K9")
    taken = fife.registers.take_in(write(tmp_path, HEADINGS, AS_IT_WAS["K2"], renumbered))
    assert [each.value for each in taken.problems] == ["K1 Meter", "K3 Tripod"]
    assert taken.added == 1, "nothing shows that K9 is K1"


def test_a_person_who_was_forgotten_stays_forgotten(fife: College, tmp_path: Path) -> None:
    """Reading the spreadsheet again must not write down a contact who asked to be erased."""
    file = write(tmp_path, HEADINGS, *AS_IT_WAS.values())
    fife.registers.take_in(file)
    fife.people.erase("Ann Ross")
    assert fife.registers.take_in(file, update=True).changes == ()


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
    fife.registers.undo("right.csv")
    with pytest.raises(BadInput) as refused:
        fife.registers.undo("wrong.csv")
    assert refused.value.hint == "All imports have been taken back: right.csv, wrong.csv."
    assert fife.registers.take_in(kept).added == 1
    assert fife.registers.take_in(wrong).added == 2, "and it can be read again"


def test_an_import_that_was_taken_back_is_read_again(fife: College, tmp_path: Path) -> None:
    """Its rows without its notes, and without what takes it back, would be half an import."""
    fife.registers.take_in(write(tmp_path, "Kit no,Item,Place", "1,Camera,A"))
    moved = write(tmp_path, "Kit no,Item,Place", "1,Camera,B", name="moved.csv")
    fife.registers.take_in(moved, update=True)
    for file in ("moved.csv", "register.csv"):
        fife.registers.undo(file)
        before = fife.ledger.heads()
        with pytest.raises(Refused) as refused:
            fife.actions.redo()
        assert refused.value.code == "built_upon"
        assert (refused.value.details["action"]["file"], file in refused.value.hint) == (file, True)
        assert fife.ledger.heads() == before
    assert fife.registers.take_in(moved).added == 1


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
        "Glenrothes High School": "2026-11-02T00:00:00Z",
        "Earlston High School": "2026-11-10T00:00:00Z",
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


@pytest.mark.parametrize(
    "written",
    [
        "KL8B7XAPXYTMZ",
        "https://example.org/x",
        "WIFI:S:guest;;",
        "\u041ayle Academy",
    ],
    ids=["tag", "address", "wifi", "letters"],
)
def test_a_borrower_that_cannot_be_one_is_asked_about(
    fife: College, tmp_path: Path, written: str
) -> None:
    """A code that was scanned into the cell, or a name in letters that only look right."""
    file = tmp_path / "kits.csv"
    file.write_text(
        f"Kit no,Item,Borrower\nK1,Camera,{written}\nK2,Lamp,Kyle Academy\n", encoding="utf-8"
    )
    first = fife.registers.take_in(file, accept_proposed=True)
    (question,) = first.questions
    assert (question.rows, question.samples[0][:3]) == ((2,), plain(written)[:3])
    assert fife.find.loans().items == ()
    answer = Map().with_answers([(question, "Kyle Academy")])
    fife.registers.take_in(file, answers=answer)
    assert {each.to for each in fife.find.loans().items} == {"Kyle Academy"}
    assert len(fife.find.loans().items) == 2


def test_a_borrower_that_looks_like_one_on_file_is_asked_about(
    fife: College, tmp_path: Path
) -> None:
    """Whole names of other letters: nobody could tell the two apart in a list."""
    fife.loans.check_out([fife.holdings.add(NewHolding("Lamp")).tag], "COCKET HOPE")
    file = tmp_path / "kits.csv"
    alike = "\u0421\u041e\u0421\u041a\u0415\u0422 \u041d\u041e\u0420\u0415"
    file.write_text(f"Kit no,Item,Borrower\nK1,Camera,{alike}\n", encoding="utf-8")
    first = fife.registers.take_in(file)
    (question,) = first.questions
    assert (question.proposed, first.unanswered) == ("COCKET HOPE", True)
    fife.registers.take_in(file, accept_proposed=True)
    assert [each.to for each in fife.find.loans().items] == ["COCKET HOPE"] * 2


def test_a_log_with_two_open_loans_asks_who_has_the_thing(fife: College, tmp_path: Path) -> None:
    """No day says which is over: the answer is one of the borrowers, by one key."""
    file = tmp_path / "log.csv"
    file.write_text(
        "Kit no,Kit,Borrower,Date returned\n"
        "K1,Robot,Alva Academy,\nK1,Robot,Grange Academy,\nK2,Drone,Alva Academy,01/10/2026\n",
        encoding="utf-8",
    )
    first = fife.registers.take_in(file, accept_proposed=True)
    (question,) = first.questions
    assert (question.column, question.rows, question.proposed) == ("Kit no", (2, 3), None)
    assert "Grange Academy" in question.options[0][1]
    answer = Map().with_answers([(question, str(question.answer("2")))])
    fife.registers.take_in(file, answers=answer)
    (loan,) = fife.find.loans().items
    assert loan.to == "Alva Academy"


def test_what_is_in_repair_is_not_lent(fife: College, tmp_path: Path) -> None:
    """The register's word is taken, on the first reading and on the next."""
    file = tmp_path / "kits.csv"
    file.write_text(
        "Kit no,Item,Status\nK1,Camera,In repair with Jo Smith\nK2,Lamp,In store\n"
        "K3,Tripod,In store\n",
        encoding="utf-8",
    )
    fife.registers.take_in(file, accept_proposed=True)
    assert [each.status for each in fife.find.search("").items].count("out_of_use") == 1
    with pytest.raises(Refused):
        fife.loans.check_out(["K1"], "Alva Academy")
    file.write_text(
        "Kit no,Item,Status\nK1,Camera,In repair\nK2,Lamp,In repair\nK3,Tripod,In store\n",
        encoding="utf-8",
    )
    changes = fife.registers.take_in(file, accept_proposed=True).changes
    (change,) = [each for each in changes if each.field == "status"]
    assert (change.register, change.file) == ("in", "out_of_use")
    fife.registers.take_in(file, update=True)
    assert [each.status for each in fife.find.search("").items].count("out_of_use") == 2
    assert fife.ledger.verify().ok
    assert "Smith" not in str(fife.ledger.log())
