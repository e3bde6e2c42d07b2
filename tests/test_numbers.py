"""Asset numbers: one thing has one; and searching as people type."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kitloan import BadInput, NewHolding, Refused
from kitloan.college import College
from kitloan.ledger.facts.holdings import HoldingAmended


def test_a_number_that_exists_is_refused_wherever_it_is_set(fife: College) -> None:
    """Two boxes with one number answer to neither from then on."""
    one = fife.holdings.add(NewHolding("Telescope", asset_number="AC1")).tag
    two = fife.holdings.add(NewHolding("Telescope", asset_number="AC2")).tag
    before = fife.ledger.heads()
    for act in (
        lambda: fife.holdings.add(NewHolding("Telescope", asset_number="ac1")),
        lambda: fife.holdings.amend(two, asset_number="AC1"),
        lambda: fife.holdings.add_several(NewHolding("Telescope", asset_number="AC0"), 3),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "number_taken"
        assert refused.value.details["tag"] in (one, two)
    assert fife.ledger.heads() == before
    fife.holdings.amend(one, asset_number="AC1", serial="S1")
    fife.holdings.amend(one, asset_number="")
    fife.holdings.amend(two, asset_number="AC1")
    assert fife.find.holding("AC1").tag == two


def test_several_come_in_at_once_and_go_at_once(fife: College) -> None:
    """Ten alike are one action: one request, one undo, each with its tag and number."""
    made = fife.holdings.add_several(
        NewHolding("Robot", asset_number="AC009"), 3, request_id="once"
    )
    assert [each.asset_number for each in made] == ["AC009", "AC010", "AC011"]
    assert len({each.tag for each in made}) == 3
    again = fife.holdings.add_several(
        NewHolding("Robot", asset_number="AC009"), 3, request_id="once"
    )
    assert again == made
    assert fife.find.search("robot").total == 3
    fife.actions.undo()
    assert fife.find.search("robot").total == 0
    for new, number in (
        (NewHolding("Robot"), 0),
        (NewHolding("Robot"), 201),
        (NewHolding("Robot", asset_number="first"), 2),
        (NewHolding("Robot", tag=made[0].tag), 2),
    ):
        with pytest.raises(BadInput):
            fife.holdings.add_several(new, number)
    assert fife.ledger.verify().ok


def test_two_comes_before_ten(fife: College) -> None:
    """On a list and on a sheet of labels, as on the shelf."""
    for number in ("AC10", "AC2", "AC1", None, "AC0003"):
        fife.holdings.add(NewHolding("Telescope", asset_number=number))
    found = [each.asset_number for each in fife.find.search("telescope").items]
    assert found == ["AC1", "AC2", "AC0003", "AC10", None]
    assert [fife.find.holding(tag).asset_number for tag in fife.holdings.tags()] == found


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Newton's Cradle", "newtons"),
        ("Newton’s Cradle", "NEWTON'S cradle"),
        ("Étagère", "etagere"),
        ("micro:bit class set", "set microbit"),
        ("micro:bit class set", "micro bit"),
        ("Snap-together Robot", "robot snap together"),
        ("Sgoil Àrainn box", "arainn"),
        ("Smørrebrød", "smorrebrod"),
    ],
)
def test_as_people_type(fife: College, stored: str, typed: str) -> None:
    """Accents, apostrophes, dashes and the order of words are not what people remember."""
    tag = fife.holdings.add(NewHolding(stored)).tag
    assert [each.tag for each in fife.find.search(typed).items] == [tag]


def test_a_kit_is_found_by_who_has_it(fife: College) -> None:
    """`find Belmont` answers with what Belmont Academy has, however its name is typed."""
    kit = fife.holdings.add(NewHolding("Telescope")).tag
    fife.holdings.add(NewHolding("Telescope"))
    fife.loans.check_out([kit], "Sgoil Àrainn (St Mary's)", contact="Mòrag Nic'Dhòmhnaill")
    for typed in ("arainn", "marys sgoil", "ST MARY’S", "telescope arainn"):
        assert [each.tag for each in fife.find.search(typed).items] == [kit]
        assert fife.find.loans(text=typed).total == 1
    assert [each.name for each in fife.directory.organisations("arainn").items] != []
    assert [each.name for each in fife.directory.people("morag nicdhomhnaill").items] != []
    fife.loans.check_in([kit])
    assert fife.find.search("arainn").total == 0


def test_leading_zeros_do_not_hide_a_box(fife: College) -> None:
    """The spreadsheet lost them, and the box has them; or the other way about."""
    seven = fife.holdings.add(NewHolding("Telescope", asset_number="004217")).tag
    letters = fife.holdings.add(NewHolding("Robot", asset_number="AC7")).tag
    assert fife.find.holding("4217").tag == seven
    assert fife.find.holding("0004217").tag == seven
    assert fife.find.holding("ac0007").tag == letters
    assert [each.tag for each in fife.find.search("4217").items] == [seven]
    assert [each.tag for each in fife.find.search("0004217").items] == [seven]
    assert [each.tag for each in fife.find.search("ac007").items] == [letters]
    (lent,) = fife.loans.check_out(["4217"], "A Primary")
    assert lent.tag == seven
    fife.loans.check_in(["04217"])
    fife.stocktakes.open("Autumn")
    assert fife.stocktakes.scan("Autumn", "000004217").tag == seven
    for other in (
        "14217",
        "42170",
        "4",
        "4 217",
        "ac70",
        "%4217",
        "_4217",
        "0",
        "ac0",
        "\\4217",
        "4217" * 200,
    ):
        with pytest.raises(BadInput):
            fife.find.holding(other)
    plain = fife.holdings.add(NewHolding("Telescope", asset_number="4217")).tag
    assert fife.find.holding("4217").tag == plain, "what is written so comes first"
    assert fife.find.holding("004217").tag == seven
    with pytest.raises(BadInput) as refused:
        fife.find.holding("0004217")
    assert refused.value.code == "ambiguous"


def test_a_register_gives_no_number_twice(fife: College, tmp_path: Path) -> None:
    """Two boxes with one number answer to neither from then on."""
    one = fife.holdings.add(NewHolding("Telescope", asset_number="AC1")).tag
    two = fife.holdings.add(NewHolding("Telescope", asset_number="AC2")).tag
    file = tmp_path / "register.csv"
    file.write_text(f"Tag,Kit No,Item\n{two},AC1,Telescope\n", encoding="utf-8")
    before = fife.ledger.heads()
    assert fife.registers.take_in(file).changes[0].field == "asset_number"
    with pytest.raises(Refused) as refused:
        fife.registers.take_in(file, update=True)
    assert (refused.value.code, refused.value.details["tag"]) == ("number_taken", one)
    assert fife.ledger.heads() == before
    fife.holdings.amend(one, asset_number="")
    assert fife.registers.take_in(file, update=True).updated == 1
    assert fife.find.holding("AC1").tag == two


def test_a_number_does_not_come_back_twice(fife: College, reopen: Callable[..., College]) -> None:
    """What is undone, done again or reinstated may bear a number that is another's by now."""
    colleague = reopen("j.bain")

    def add(number: str) -> str:
        return fife.holdings.add(NewHolding("Telescope", asset_number=number)).tag

    def write_off(tag: str) -> None:
        fife.holdings.propose_withdrawal(tag, "burnt")
        colleague.holdings.withdraw(tag)

    def amended() -> Callable[[], object]:
        fife.holdings.amend(add("AC1"), asset_number="AC2")
        colleague.holdings.add(NewHolding("Telescope", asset_number="ac1"))
        return fife.actions.undo

    def withdrawn() -> Callable[[], object]:
        write_off(add("AC1"))
        fife.holdings.add(NewHolding("Telescope", asset_number="ac1"))
        return colleague.actions.undo

    def added() -> Callable[[], object]:
        add("AC1")
        fife.actions.undo()
        colleague.holdings.add(NewHolding("Telescope", asset_number="ac1"))
        return fife.actions.redo

    def amended_again() -> Callable[[], object]:
        tag = add("AC2")
        fife.holdings.amend(tag, asset_number="AC1")
        fife.actions.undo()
        colleague.holdings.add(NewHolding("Telescope", asset_number="ac1"))
        return fife.actions.redo

    def reinstated() -> Callable[[], object]:
        tag = add("AC1")
        write_off(tag)
        add("ac1")
        fife.holdings.propose_reinstatement(tag, "behind the radiator")
        return lambda: colleague.holdings.reinstate(tag)

    def reinstated_again() -> Callable[[], object]:
        tag = add("AC1")
        write_off(tag)
        fife.holdings.propose_reinstatement(tag, "behind the radiator")
        colleague.holdings.reinstate(tag)
        colleague.actions.undo()
        add("ac1")
        return colleague.actions.redo

    def home_again() -> Callable[[], object]:
        tag = add("AC1")
        write_off(tag)
        add("ac1")
        return lambda: fife.transfers.receive(tag, "Borders College")

    for made in (
        *(amended, withdrawn, added, amended_again, reinstated, reinstated_again),
        home_again,
    ):
        act = made()
        before = fife.ledger.heads()
        other = fife.find.holding("AC1")
        with pytest.raises(Refused) as refused:
            act()
        assert (refused.value.code, made) == ("number_taken", made)
        assert refused.value.details["tag"] == other.tag
        assert fife.ledger.heads() == before
        colleague.holdings.amend(other.tag, asset_number="")
        act()
        assert fife.ledger.verify().ok
        for each in fife.find.search("telescope").items:
            fife.holdings.amend(each.tag, asset_number="")


def test_a_number_shared_before_does_not_stop_an_undo(fife: College) -> None:
    """An earlier release took one number twice; moving one of them is undone all the same."""
    one, two = (fife.holdings.add(NewHolding("Telescope")).tag for _ in range(2))
    with fife.session.writing(None) as writer:
        for tag in (one, two):
            writer.append(HoldingAmended(tag=tag, kit_type="telescope", asset_number="AC1"))
    assert fife.find.search("AC1").total == 2
    for tag in (one, two):
        fife.holdings.move(tag, "Lab")
        fife.actions.undo()
        fife.actions.redo()
    assert fife.ledger.verify().ok


def test_names_are_listed_as_people_count(fife: College) -> None:
    """Who looks for School 2 behind School 10 of ninety enters it a second time."""
    for number in (10, 2, 1, 20):
        tag = fife.holdings.add(NewHolding(f"Robot {number}")).tag
        fife.loans.check_out([tag], f"School {number}", contact=f"P{number} Example")
    numbers = ["1", "2", "10", "20"]
    days = fife.session.today, fife.session.today
    for listed in (
        [each.name for each in fife.directory.borrowers().items],
        [each.name for each in fife.directory.organisations("school").items],
        [each.name.split()[0][1:] for each in fife.directory.people().items],
        [each.name.split()[0][1:] for each in fife.people.contacts().items],
        [each.type for each in fife.bookings.free(*days)][:4],
        [each.name for each in fife.audit.audit().by_type][:4],
    ):
        assert [name.split()[-1] for name in listed] == numbers, listed
    found, after = [], None
    for _ in numbers:
        page = fife.directory.borrowers(after, limit=1)
        found += [each.name for each in page.items]
        assert page.total == len(numbers)
        after = page.next
    assert (found[1:3], after) == (["School 2", "School 10"], None)
