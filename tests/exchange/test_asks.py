"""One college asks another for a kit: each side writes its own ledger, ESP's store shows both."""

import gzip
from collections.abc import Callable
from datetime import date

import pytest

from conftest import SetClock
from exchange.test_offers import FIRST, LAST, Three, three
from kitloan import NewHolding
from kitloan.college import College
from kitloan.errors import BadInput, KitloanError, Refused, StoreError
from kitloan.exchange.asks import AskLine

__all__ = ["three"]


def only(opened: College) -> AskLine:
    """The one ask that a store shows."""
    (found,) = opened.asks.list(past_too=True)
    return found


def test_a_college_asks_another_and_is_answered(three: Three) -> None:
    """Ayrshire needs two kits in December; Fife's yes and its reason reach it without a server."""
    made = three.ayrshire.asks.add("Fife College", "stem kit", 2, FIRST, LAST, note="for a fair")
    assert (made.state, made.to_college, made.quantity) == ("waiting", "fife", 2)
    assert not three.fife.asks.list()
    three.send()
    seen = only(three.fife)
    assert (seen.ask, seen.type, seen.first, seen.note) == (
        *(made.ask, "stem kit", FIRST),
        "for a fair",
    )
    answered = three.fife.asks.answer(made.ask.upper(), 1, "one is out")
    assert (answered.gets, answered.state, answered.reason) == (1, "yes", "one is out")
    assert only(three.esp).state == "waiting"
    three.send()
    for opened in (three.fife, three.ayrshire, three.esp):
        found = only(opened)
        assert (found.ask, found.gets, found.reason, found.quantity) == (
            *(made.ask, 1, "one is out"),
            2,
        )
        assert opened.ledger.verify().ok
    three.fife.asks.answer(made.ask, 0, "all are out")
    three.send()
    assert (only(three.ayrshire).state, only(three.esp).reason) == ("no", "all are out")
    assert not three.fife.bookings.list(state="all").items


def test_a_kit_type_that_is_nearly_known_is_asked_about(three: Three) -> None:
    """Fife was asked for a "STEM kti", which it does not have, and nobody knew what was meant."""
    three.ayrshire.holdings.add(NewHolding("STEM kit"))
    with pytest.raises(Refused) as refused:
        three.ayrshire.asks.add("fife", "STEM kti", 1, FIRST, LAST)
    assert (refused.value.code, refused.value.details["near"]) == ("nearly_known", ["STEM kit"])
    assert not three.ayrshire.asks.list(past_too=True)
    assert three.ayrshire.asks.add("fife", "STEM kti", 1, FIRST, LAST, new_too=True).type
    assert three.ayrshire.asks.add("fife", "Wind tunnel", 1, FIRST, LAST).type == "Wind tunnel"


def test_one_kit_is_asked_for_by_its_label(three: Three) -> None:
    """A pupil's project goes on with the very kit that it began with."""
    kit = three.fife.find.search("").items[0].tag
    made = three.ayrshire.asks.add("fife", "STEM kit", 1, FIRST, LAST, tag=kit)
    three.send()
    assert only(three.fife).tag == kit
    three.fife.holdings.report_missing(kit, "not on its shelf")
    with pytest.raises(Refused):
        three.fife.asks.answer(made.ask, 1)
    three.fife.holdings.found(kit)
    assert three.fife.asks.answer(made.ask, 1).gets == 1


def test_what_is_withdrawn_is_promised_no_more(three: Three) -> None:
    """A yes that nobody needs any more stays in sight at the college that gave it."""
    made = three.ayrshire.asks.add("fife", "STEM kit", 1, FIRST, LAST)
    three.send()
    three.fife.asks.answer(made.ask, 1)
    three.send()
    assert three.ayrshire.asks.withdraw(made.ask).state == "withdrawn"
    with pytest.raises(Refused) as refusal:
        three.ayrshire.asks.withdraw(made.ask)
    assert refusal.value.code == "ask_closed"
    three.send()
    (seen,) = three.fife.asks.list()
    assert (seen.state, seen.gets) == ("withdrawn", 1)
    with pytest.raises(Refused) as refusal:
        three.fife.asks.answer(made.ask, 1)
    assert refusal.value.code == "ask_closed"
    assert three.fife.asks.answer(made.ask, 0, "not needed").gets == 0
    assert not three.fife.asks.list()


def test_each_step_is_undone_by_who_made_it(three: Three) -> None:
    """A slip is one key away from never having been, whatever ESP's last file shows."""
    made = three.ayrshire.asks.add("fife", "STEM kit", 1, FIRST, LAST)
    three.send()
    three.fife.asks.answer(made.ask, 1)
    three.fife.asks.answer(made.ask, 0, "all are out")
    three.fife.actions.undo()
    assert only(three.fife).gets == 1
    three.send()
    three.fife.actions.undo()
    assert only(three.fife).state == "waiting"
    three.fife.actions.redo()
    assert only(three.fife).gets == 1
    three.ayrshire.asks.withdraw(made.ask)
    three.ayrshire.actions.undo()
    assert only(three.ayrshire).state == "yes"
    three.ayrshire.actions.undo()
    assert not three.ayrshire.asks.list(past_too=True)
    for opened in (three.fife, three.ayrshire):
        assert opened.ledger.verify().ok


def test_an_ask_by_telephone_is_answered_before_its_file_comes(three: Three) -> None:
    """What nobody here has seen is not shown as known; later files fill it in."""
    answered = three.fife.asks.answer("ayrshire:A2", 1)
    assert (answered.type, answered.quantity, answered.first) == (None, None, None)
    made = three.ayrshire.asks.add("fife", "STEM kit", 1, FIRST, LAST)
    assert made.ask == "ayrshire:A2"
    three.send()
    assert [only(each).gets for each in (three.fife, three.ayrshire, three.esp)] == [1, 1, 1]
    assert only(three.fife).type == "STEM kit"


def test_only_the_college_that_was_asked_answers(three: Three) -> None:
    """Else Ayrshire would drive to Fife for what Borders was asked for."""
    made = three.ayrshire.asks.add("borders", "STEM kit", 1, FIRST, LAST)
    three.send()
    assert not three.fife.asks.list(past_too=True)
    with pytest.raises(Refused) as refusal:
        three.fife.asks.answer(made.ask, 1)
    assert refusal.value.code == "not_asked_here"
    assert "Borders College" in refusal.value.message


def test_a_day_that_is_past_is_answered_no_more(three: Three, clock: SetClock) -> None:
    """Nobody promises last week."""
    made = three.ayrshire.asks.add("fife", "STEM kit", 1, FIRST, LAST)
    three.send()
    clock.move(days=40)
    assert only(three.fife).state == "past"
    assert not three.fife.asks.list() and not three.ayrshire.asks.list()
    with pytest.raises(BadInput) as refusal:
        three.fife.asks.answer(made.ask, 1)
    assert refusal.value.code == "in_the_past"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda w, a: w.ayrshire.asks.add("fife", "STEM kit", 2, FIRST, LAST), "asked_already"),
        (lambda w, a: w.ayrshire.asks.add("ayrshire", "Drone", 1, FIRST, LAST), "own_college"),
        (lambda w, a: w.ayrshire.asks.add("esp", "Drone", 1, FIRST, LAST), "not_a_college"),
        (lambda w, a: w.esp.asks.add("fife", "Drone", 1, FIRST, LAST), "not_a_college"),
        (lambda w, a: w.ayrshire.asks.add("hogwarts", "Drone", 1, FIRST, LAST), "unknown_college"),
        (lambda w, a: w.ayrshire.asks.add("fife", "Drone", 1, LAST, FIRST), "dates_reversed"),
        (lambda w, a: w.ayrshire.asks.add("fife", "Drone", 0, FIRST, LAST), "bad_quantity"),
        (
            lambda w, a: w.ayrshire.asks.add("fife", "Drone", 1, date(2026, 11, 1), LAST),
            "in_the_past",
        ),
        (
            lambda w, a: w.ayrshire.asks.add("fife", "Drone", 1, FIRST, LAST, note="Mrs Quill"),
            "names_a_person",
        ),
        (lambda w, a: w.ayrshire.asks.add("fife", "Drone", 1, FIRST, LAST, tag="12"), "bad_tag"),
        (lambda w, a: w.ayrshire.asks.withdraw("A999"), "unknown_ask"),
        (lambda w, a: w.ayrshire.asks.withdraw("fife:A1"), "unknown_ask"),
        (lambda w, a: w.fife.asks.answer(a, 0), "reason_needed"),
        (lambda w, a: w.fife.asks.answer(a, 0, "ring 01592 555 123"), "names_a_person"),
        (lambda w, a: w.fife.asks.answer(a, 3), "more_than_asked"),
        (lambda w, a: w.fife.asks.answer("A2", 1), "bad_ask"),
        (lambda w, a: w.fife.asks.answer("fife:A2", 1), "own_college"),
    ],
)
def test_what_cannot_be_asked_or_answered_changes_nothing(
    three: Three, act: Callable[[Three, str], object], code: str
) -> None:
    """Nobody drives for a kit that was not promised."""
    made = three.ayrshire.asks.add("fife", "STEM kit", 2, FIRST, LAST).ask
    three.send()
    everyone = (three.fife, three.ayrshire, three.esp)
    before = [len(each.ledger.log()) for each in everyone]
    with pytest.raises(KitloanError) as refusal:
        act(three, made)
    assert refusal.value.code == code and refusal.value.hint
    assert [len(each.ledger.log()) for each in everyone] == before


def test_a_yes_needs_a_free_kit_by_the_owners_own_name_of_it(three: Three) -> None:
    """Only what `free` shows is promised; a type that Fife calls otherwise is named by a person."""
    other = three.ayrshire.asks.add("fife", "Rover", 1, FIRST, LAST).ask
    made = three.ayrshire.asks.add("fife", "STEM kit", 3, FIRST, LAST).ask
    three.fife.bookings.book("Balwearie High School", {"STEM kit": 2}, FIRST, LAST)
    three.send()
    with pytest.raises(Refused) as refusal:
        three.fife.asks.answer(made, 2)
    assert (refusal.value.code, refusal.value.details["free"]) == ("not_free", 1)
    with pytest.raises(BadInput) as bad:
        three.fife.asks.answer(other, 1)
    assert bad.value.code == "unknown_type"
    three.fife.holdings.add(NewHolding("Mars rover"))
    three.fife.holdings.rename_type("Mars rover", "Rover")
    assert three.fife.asks.answer(other, 1).gets == 1


def test_the_database_keeps_a_no_with_its_reason(three: Three) -> None:
    """A bug above must not leave a college without a reason."""
    three.fife.asks.answer("ayrshire:A2", 0, "all are out")
    with (
        pytest.raises(StoreError, match="no_has_a_reason"),
        three.fife.session.store.write() as connection,
    ):
        connection.exec_driver_sql("UPDATE ask_answer SET reason = NULL")


def test_a_repeated_request_is_done_once(three: Three) -> None:
    """A desk that lost the answer asks again, and gets the same."""
    fife, ayrshire = three.fife.asks, three.ayrshire.asks
    made = ayrshire.add("fife", "STEM kit", 2, FIRST, LAST, request_id="r1")
    assert ayrshire.add("fife", "STEM kit", 2, FIRST, LAST, request_id="r1") == made
    three.send()
    answered = fife.answer(made.ask, 1, request_id="r2")
    three.send()
    assert fife.answer(made.ask, 1, request_id="r2") == answered
    ayrshire.withdraw(made.ask, request_id="r3")
    three.send()
    assert ayrshire.withdraw(made.ask, request_id="r3").state == "withdrawn"
    assert fife.answer(made.ask, 1, request_id="r2").gets == 1
    for act in (
        lambda: ayrshire.add("fife", "STEM kit", 1, FIRST, LAST, request_id="r1"),
        lambda: fife.answer(made.ask, 2, request_id="r2"),
    ):
        with pytest.raises(BadInput) as refusal:
            act()
        assert refusal.value.code == "id_reused"


def test_no_person_goes_along_with_what_is_asked(three: Three) -> None:
    """A teacher waits in Ayrshire; neither Fife nor ESP learns who, whatever file is opened."""
    three.ayrshire.holdings.add(NewHolding("STEM kit"))
    who = "Zebedee Quill"
    three.ayrshire.wants.add("Ayr Academy", "STEM kit", 1, FIRST, LAST, contact=who)
    made = three.ayrshire.asks.add("fife", "STEM kit", 1, FIRST, LAST, note="for the fair")
    offered = three.fife.offers.add("STEM kit", keep=True, note="boxed")
    three.send()
    three.ayrshire.offers.claim(offered.offer)
    three.fife.bookings.book("Ayrshire College", {"STEM kit": 1}, FIRST, LAST, contact="Ada Moss")
    three.fife.asks.answer(made.ask, 1, "the red one")
    three.send()
    files = sorted(three.folder.glob("*.kitloan"))
    assert len(files) == 3
    for file in files:
        text = gzip.decompress(file.read_bytes()).decode()
        assert "the red one" in text or file.stem == "ayrshire", file
        for name in ("Zebedee", "Quill", "Ada", "Moss"):
            assert name not in text, (file, name)
