"""Events: planned, booked for, packed by scan, and what is lacking on the waiting list."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import BadInput, Count, NewHolding, Refused
from kitloan.college import College
from kitloan.evidence.engagements import NewEngagement
from trusting import merge

SCHOOL, OTHER = "Balwearie High School", "Kirkcaldy High School"
FAIR = date(2026, 12, 9)
OUT, BACK = date(2026, 12, 8), date(2026, 12, 10)


def kits(desk: College, count: int, kind: str = "Telescope") -> list[str]:
    """The tags of some kits without a contents list."""
    return [desk.holdings.add(NewHolding(kind)).tag for _ in range(count)]


def code_of(act: Callable[[], object], error: type[kitloan.KitloanError] = Refused) -> str:
    """The code with which something is refused."""
    with pytest.raises(error) as refused:
        act()
    return refused.value.code


def test_an_event_from_planning_to_the_last_kit_back(fife: College) -> None:
    """Several bookings, one list: what went out for the fair is known while it is packed."""
    first, second, third = kits(fife, 3)
    stock = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    event = fife.events.add("Science fair", FAIR, place="Town House", to=SCHOOL)
    assert event.id.startswith("fife-E") and event.to == SCHOOL
    short = event.id.removeprefix("fife-").lower()
    book = fife.bookings.book
    one = book(SCHOOL, {"Telescope": 2}, OUT, BACK, tags=[second], event=short)[0]
    two = book(OTHER, {"Telescope": 1, "Goggles": 20}, OUT, BACK, event=event.id)[0]
    assert (one.event, two.event) == (event.id, event.id)
    assert fife.events.get(event.id).bookings == 2
    with pytest.raises(Refused) as refused:
        fife.loans.pack(event.id, kits(fife, 1, "Drone"))
    assert refused.value.code == "not_in_event"
    assert refused.value.details["waits_for"] == {"Telescope": 3, "Goggles": 20}
    lent = fife.loans.pack(event.id, [first, second, stock])
    assert {each.tag: (each.to, each.quantity, each.due_on) for each in lent} == {
        first: (SCHOOL, 1, BACK),
        second: (SCHOOL, 1, BACK),
        stock: (OTHER, 20, BACK),
    }
    lines = {(line.booking, line.type): line for line in fife.packing.get(event.id).lines}
    assert [kit.ticked for kit in lines[one.id, "Telescope"].kits] == ["out", "out"]
    assert (lines[two.id, "Goggles"].out, lines[two.id, "Telescope"].out) == (20, 0)
    fife.loans.pack(event.id, [third])
    assert code_of(lambda: fife.loans.pack(event.id, kits(fife, 1))) == "not_in_event"
    away = kits(fife, 1)
    fife.loans.check_out(away, SCHOOL)
    assert code_of(lambda: fife.loans.unpack(event.id, away)) == "not_in_event"
    fife.loans.unpack(event.id, [first, stock], Count(whole=True))
    lines = {(line.booking, line.type): line for line in fife.packing.get(event.id).lines}
    assert lines[one.id, "Telescope"].back == 1
    assert lines[two.id, "Goggles"].back == 20
    assert fife.ledger.verify().ok


def test_what_was_chosen_goes_to_who_chose_it(fife: College) -> None:
    """The kit with the large lens was promised to one school, and packed for another."""
    chosen, plain = kits(fife, 2)
    event = fife.events.add("Science fair", FAIR)
    fife.bookings.book(SCHOOL, {"Telescope": 1}, OUT, BACK, event=event.id)
    fife.bookings.book(OTHER, {"Telescope": 1}, OUT, BACK, tags=[chosen], event=event.id)
    lent = fife.loans.pack(event.id, [chosen, plain])
    assert {each.tag: each.to for each in lent} == {chosen: OTHER, plain: SCHOOL}


def test_what_is_lacking_waits_once(fife: College) -> None:
    """A shortfall becomes a want; packing again makes no second one, and a kit found ends it."""
    lost, _ = kits(fife, 2)
    event = fife.events.add("Science fair", FAIR)
    made = fife.bookings.book(SCHOOL, {"Telescope": 2}, OUT, BACK, event=event.id)[0]
    assert fife.packing.want_lacking(event.id) == []
    fife.holdings.report_missing(lost)
    assert [line.lacking for line in fife.packing.get(event.id).lines] == [1]
    (want,) = fife.packing.want_lacking(event.id)
    assert (want.to, want.type, want.quantity) == (SCHOOL, "Telescope", 1)
    assert (want.earliest, want.latest) == (OUT, BACK)
    assert fife.packing.want_lacking(event.id) == []
    assert [each.id for each in fife.wants.list()] == [want.id]
    fife.holdings.found(lost)
    assert fife.packing.want_lacking(event.id) == []
    assert fife.wants.list() == []
    fife.actions.undo()
    assert [each.id for each in fife.wants.list()] == [want.id]
    assert made.id and fife.ledger.verify().ok


def test_a_cancelled_event_frees_its_kits_in_one_action(fife: College) -> None:
    """Snow on the day: one entry of the desk, and one undo when the fair is on after all."""
    kits(fife, 1)
    event = fife.events.add("Science fair", FAIR)
    made = fife.bookings.book(SCHOOL, {"Telescope": 1}, OUT, BACK, event=event.id)[0]
    gone = fife.events.cancel(event.id)
    assert (gone.state, gone.bookings) == ("cancelled", 0)
    assert fife.bookings.get(made.id).state == "cancelled"
    assert code_of(lambda: fife.events.cancel(event.id)) == "event_over"
    book = fife.bookings.book
    later = date(2027, 1, 12)
    assert (
        code_of(lambda: book(SCHOOL, {"Telescope": 1}, later, later, event=event.id))
        == "event_over"
    )
    assert fife.events.list().items == ()
    assert fife.events.list(past_too=True).total == 1
    fife.actions.undo()
    assert fife.events.get(event.id).state == "planned"
    assert fife.bookings.get(made.id).state == "made"
    fife.events.cancel(event.id)
    book(OTHER, {"Telescope": 1}, OUT, BACK)
    assert fife.ledger.verify().ok


def test_a_cancelled_event_with_a_booking_at_risk_can_be_undone(
    fife: College, clock: SetClock, reopen: Callable[..., College]
) -> None:
    """It is at risk again, as it was; what was promised to others since is still refused."""
    first, second = kits(fife, 2)
    event = fife.events.add("Science fair", FAIR)
    fife.bookings.book(SCHOOL, {"Telescope": 2}, OUT, BACK, event=event.id)
    fife.loans.check_out([first], OTHER, due_on=date(2026, 11, 24))
    clock.now = datetime(2026, 11, 26, 9, tzinfo=UTC)
    (made,) = fife.bookings.list(at_risk=True).items
    fife.events.cancel(event.id)
    fife.actions.undo()
    assert fife.events.get(event.id).state == "planned"
    assert [each.id for each in fife.bookings.list(at_risk=True).items] == [made.id]
    fife.bookings.change(made.id, types=[("Telescope", 1)])
    fife.actions.undo()
    assert fife.bookings.get(made.id).at_risk
    fife.actions.redo()
    fife.events.cancel(event.id)
    reopen("a.bell").loans.check_out([second], OTHER, due_on=BACK)
    assert code_of(fife.actions.undo) == "not_free"
    assert fife.ledger.verify().ok


def test_what_is_out_for_a_cancelled_event_is_still_listed(fife: College) -> None:
    """The fair is called off at noon, and two telescopes are in a van."""
    one, two = kits(fife, 2)
    event = fife.events.add("Science fair", FAIR)
    fife.bookings.book(SCHOOL, {"Telescope": 2}, OUT, BACK, event=event.id)
    fife.loans.pack(event.id, [one])
    fife.events.cancel(event.id)
    (line,) = fife.packing.get(event.id).lines
    assert (line.quantity, line.out, line.back, line.lacking) == (1, 1, 0, 0)
    assert [(kit.tag, kit.ticked) for kit in line.kits] == [(one, "out")]
    assert code_of(lambda: fife.loans.pack(event.id, [two])) == "not_in_event"
    fife.loans.unpack(event.id, [one])
    assert fife.packing.get(event.id).lines[0].back == 1
    assert fife.ledger.verify().ok


def test_what_rests_on_an_event_keeps_it(fife: College) -> None:
    """A booking would be for an event that nobody planned."""
    kits(fife, 1)
    event = fife.events.add("Science fair", FAIR, to=SCHOOL)
    fife.bookings.book(SCHOOL, {"Telescope": 1}, OUT, BACK, event=event.id)
    fife.actions.undo()
    fife.events.change(event.id, name="Science day", starts_on=date(2026, 12, 10))
    assert fife.events.get(event.id).ends_on == date(2026, 12, 10)
    fife.actions.undo()
    assert fife.events.get(event.id).name == "Science fair"
    fife.actions.undo()
    assert fife.events.list(past_too=True).total == 0
    fife.actions.redo()
    assert fife.events.get(event.id).to == SCHOOL
    fife.directory.rename(SCHOOL, "Balwearie")
    assert fife.events.get(event.id).to == "Balwearie"
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "Mr Smith's class", "place": "c/o Mrs Jane Doe"}, "names_a_person"),
        ({"name": "Fair for pat@example.org"}, "names_a_person"),
        ({"name": "  "}, "bad_text"),
        ({"ends_on": date(2026, 12, 8)}, "dates_reversed"),
        ({"starts_on": date(2026, 1, 1)}, "in_the_past"),
        ({"ends_on": date(2028, 1, 1)}, "too_long"),
    ],
)
def test_an_event_that_cannot_be(fife: College, given: dict[str, object], code: str) -> None:
    """With a code and the next step, before anything is written."""
    terms = {"name": "Science fair", "starts_on": FAIR, **given}
    assert code_of(lambda: fife.events.add(**terms), BadInput) == code  # type: ignore[arg-type]
    assert fife.events.list(past_too=True).total == 0


@pytest.mark.parametrize("text", ["Science week", "E999", "fife-E999", "ayrshire-E1", "9" * 50])
def test_a_booking_is_for_an_event_that_exists(fife: College, text: str) -> None:
    """A typing slip made bookings that no list showed together."""
    kits(fife, 1)
    book = fife.bookings.book
    assert (
        code_of(lambda: book(SCHOOL, {"Telescope": 1}, OUT, BACK, event=text), BadInput)
        == "bad_event"
    )


def test_an_engagement_names_the_event(fife: College, clock: SetClock) -> None:
    """What the fair did counts once, under one id in every college's record."""
    event = fife.events.add("Science fair", FAIR)
    clock.move(days=20)
    short = event.id.removeprefix("fife-")
    record = fife.engagements.record
    done = record(NewEngagement(on=FAIR, event=short, learners={"mixed": 200}))
    assert done.engagement.event == event.id
    assert record(NewEngagement(on=FAIR, event="ayrshire-E3")).engagement.event == "ayrshire-E3"
    assert code_of(lambda: record(NewEngagement(on=FAIR, event="E999")), BadInput) == (
        "unknown_event"
    )


def test_events_go_to_esp_and_are_proved_there(
    fife: College, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> None:
    """What colleges show Scotland is in the national store, with nobody's name."""
    kits(fife, 1)
    event = fife.events.add("Science fair", FAIR, place="Town House", to=SCHOOL)
    fife.bookings.book(SCHOOL, {"Telescope": 1}, OUT, BACK, event=event.id, contact="Zeb Quill")
    fife.exchange.export(tmp_path / "fife.kitloan")
    with kitloan.init("esp", new_place(), actor="esp", clock=clock) as esp:
        merge(esp, [tmp_path / "fife.kitloan"])
        (seen,) = esp.events.list().items
        assert (seen.id, seen.college, seen.to, seen.bookings) == (event.id, "fife", SCHOOL, 1)
        assert esp.ledger.verify().ok


def test_asked_twice_is_done_once(fife: College) -> None:
    """A caller that was cut off asks again: also for packing, on the same bookings."""
    one, two = kits(fife, 2)
    event = fife.events.add("Science fair", FAIR, request_id="e")
    assert fife.events.add("Science fair", FAIR, request_id="e") == event
    fife.bookings.book(SCHOOL, {"Telescope": 1}, OUT, BACK, event=event.id)
    fife.bookings.book(OTHER, {"Telescope": 1}, OUT, BACK, event=event.id)
    lent = fife.loans.pack(event.id, [one, two], request_id="p")
    assert fife.loans.pack(event.id, [one, two], request_id="p") == lent
    assert len({each.id for each in lent}) == 2
    assert code_of(lambda: fife.loans.pack(event.id, [one], request_id="p"), BadInput) == (
        "id_reused"
    )
    back = fife.loans.unpack(event.id, [one, two], request_id="u")
    assert fife.loans.unpack(event.id, [one, two], request_id="u") == back
    assert fife.ledger.verify().ok
