"""People to ring: entered, changed, undone and erased, and never in the ledger."""

import pytest

from conftest import SetClock
from kitloan import BadInput, NewHolding, Refused
from kitloan.college import College


def on_file(fife: College, of: str | None = None) -> list[tuple[str, str | None, str | None]]:
    return [(each.name, each.email, each.phone) for each in fife.people.contacts(of).items]


@pytest.fixture
def lent(fife: College) -> str:
    tag = fife.holdings.add(NewHolding("Telescope")).tag
    fife.loans.check_out([tag], "A Primary", contact="Pat Example")
    return tag


def test_details_are_entered_changed_and_taken_away(fife: College, lent: str) -> None:
    """Who has it, and what is her number, is what the counter is asked most."""
    heads = fife.ledger.heads()
    fife.people.set_contact("pat example", phone="01292 555 123 ext 4", of="A Primary")
    fife.people.set_contact("Pat Example", email="pat@school.example")
    expected = ("Pat Example", "pat@school.example", "01292 555 123 ext 4")
    assert on_file(fife) == [expected]
    shown = fife.find.holding(lent).contact
    assert shown is not None
    assert (shown.name, shown.email, shown.phone) == expected
    fife.people.set_contact("Pat Example", email="")
    assert on_file(fife, "a primary") == [("Pat Example", None, "01292 555 123 ext 4")]
    assert fife.ledger.heads() == heads
    assert fife.ledger.verify().ok


def test_a_change_is_undone_and_done_again(fife: College, lent: str, clock: SetClock) -> None:
    """A mistyped number is the latest action, and the loan before it stays."""
    fife.people.set_contact("Pat Example", phone="01292 1", of="A Primary")
    fife.people.set_contact("New Person", phone="01292 2", of="A Primary")
    listed = fife.actions.list()
    assert [each.kind for each in listed[:3]] == [
        "contacts.set",
        "contacts.set",
        "loan.checked_out",
    ]
    assert fife.actions.would_undo() == listed[0]
    assert fife.actions.undo().kind == "contacts.set"
    assert on_file(fife) == [("Pat Example", None, "01292 1")]
    assert fife.actions.undo().kind == "contacts.set"
    assert on_file(fife) == [("Pat Example", None, None)]
    assert fife.actions.undo().kind == "loan.checked_out"
    assert fife.actions.redo().kind == "loan.checked_out"
    fife.actions.redo()
    assert on_file(fife) == [("Pat Example", None, "01292 1")]
    fife.actions.redo()
    assert on_file(fife)[0] == ("New Person", None, "01292 2")
    with pytest.raises(Refused):
        fife.actions.redo()
    clock.move(days=1)
    with pytest.raises(Refused) as refused:
        fife.actions.undo(earlier_day=False)
    assert refused.value.code == "needs_yes"
    assert fife.ledger.verify().ok


def test_what_says_nothing_new_is_no_action(fife: College, lent: str) -> None:
    """Doing it twice is doing it once."""
    fife.people.set_contact("Pat Example", phone="01292 1")
    fife.people.set_contact("Pat Example", phone="01292 1")
    fife.actions.undo()
    assert fife.actions.undo().kind == "loan.checked_out"


def test_a_name_at_two_schools_is_two_people(fife: College, lent: str) -> None:
    """The number of one Pat is not the other's."""
    other = fife.holdings.add(NewHolding("Telescope")).tag
    fife.loans.check_out([other], "B Primary", contact="Pat Example")
    with pytest.raises(BadInput) as refused:
        fife.people.set_contact("Pat Example", phone="01292 1")
    assert refused.value.code == "ambiguous"
    fife.people.set_contact("Pat Example", phone="01292 1", of="B Primary")
    assert on_file(fife, "A Primary") == [("Pat Example", None, None)]
    fife.directory.merge("B Primary", "A Primary")
    fife.people.set_contact("Pat Example", email="p@school.example", of="A Primary")
    assert {each[1] for each in on_file(fife, "b primary")} == {"p@school.example"}
    assert {each.organisation for each in fife.people.contacts().items} == {"A Primary"}
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("bad_phone", {"phone": "ask at the office"}),
        ("bad_phone", {"phone": "12"}),
        ("bad_email", {"email": "01292 555"}),
        ("bad_text", {"phone": "=1+1"}),
        ("unknown_organisation", {"of": "C Primary"}),
    ],
)
def test_what_is_no_detail(fife: College, lent: str, code: str, details: dict[str, str]) -> None:
    """A slip is refused while somebody is there to ask."""
    with pytest.raises(BadInput) as refused:
        fife.people.set_contact("Pat Example", **details)
    assert refused.value.code == code
    assert on_file(fife) == [("Pat Example", None, None)]


def test_erasing_reaches_changes_too(fife: College, lent: str) -> None:
    """Also of a person whose entering was undone: their number is in no table after it."""
    fife.people.set_contact("Gone Person", phone="01292 777", of="A Primary")
    fife.actions.undo()
    fife.people.set_contact("Pat Example", phone="01292 888")
    assert fife.people.erase("Gone Person").is_done
    assert fife.people.erase("Pat Example").is_done
    with fife.session.reading() as connection:
        for name in ("contact", "contact_change", "remark"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {name}").all()
            assert not rows
    with pytest.raises(Refused) as refused:
        fife.actions.undo()
    assert refused.value.code == "cannot_undo"
    assert fife.ledger.verify().ok


def test_people_of_a_merged_school_are_the_other_schools(fife: College, kit: str) -> None:
    """Who is rung about a kit is where the kit is, whatever the school was called first."""
    fife.loans.check_out([kit], "Belmont Acad", contact="Ann Other")
    fife.directory.rename("Belmont Acad", "Belmont High")
    (ann,) = fife.directory.people("ann").items
    assert ann.organisation == "Belmont High"
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([other], "Ayr Academy")
    fife.directory.merge("Belmont High", "Ayr Academy")
    (ann,) = fife.directory.people().items
    assert ann.organisation == "Ayr Academy"
