"""Transfers: two halves that should say the same."""

from datetime import UTC, datetime

import pytest

from audit.agreement import agrees
from audit.scotland import Scotland, codes, row, rows
from conftest import SetClock
from kitloan import Count, NewHolding
from kitloan.audit.transfers import LONGEST_DAYS

WHOLE = Count(whole=True)


def statuses(scotland: Scotland) -> list[object]:
    """How each journey stands, the earliest first."""
    return [each["status"] for each in rows(scotland.audit(), "transfers")]


def send(scotland: Scotland, tag: str, giver: str, taker: str, count: Count | None = None) -> None:
    """One half."""
    scotland[giver].transfers.send(tag, taker, count)


def receive(
    scotland: Scotland, tag: str, giver: str, taker: str, count: Count | None = None
) -> None:
    """The other."""
    scotland[taker].transfers.receive(tag, giver, count, type="STEM kit")


def test_a_transfer_that_goes_well_is_counted_once_all_the_way(
    scotland: Scotland, clock: SetClock
) -> None:
    """A kit on a van would be held by nobody, or by two."""
    (tag,) = scotland.kits("fife", 1)
    send(scotland, tag, "fife", "borders", WHOLE)
    found = scotland.audit()
    assert (found.totals.holdings, found.totals.in_transit) == (1, 1)
    assert row(found, "transfers")["status"] == "on its way"
    clock.move(days=2)
    receive(scotland, tag, "fife", "borders", WHOLE)
    found = scotland.audit()
    assert (found.totals.holdings, found.totals.in_transit) == (1, 0)
    assert row(found, "colleges", id="borders")["holdings"] == 1
    assert row(found, "transfers")["status"] == "matched"
    scotland.answer()
    again = scotland.audit()
    assert (again.totals, again.findings) == (found.totals, found.findings) == (found.totals, ())


def test_what_is_long_under_way_is_asked_after(scotland: Scotland, clock: SetClock) -> None:
    """A kit that fell off the van must be missed, on the fifteenth day and not before."""
    (tag,) = scotland.kits("fife", 1)
    assert scotland["borders"]
    send(scotland, tag, "fife", "borders")
    clock.move(days=LONGEST_DAYS)
    assert codes(scotland.audit()) == []
    clock.move(days=1)
    assert codes(scotland.audit()) == [("transfer_not_received", "borders")]
    assert statuses(scotland) == ["not received"]


def test_what_was_called_off_never_went(scotland: Scotland, clock: SetClock) -> None:
    """A mistake that was mended at once would be asked after for ever."""
    (tag,) = scotland.kits("fife", 1)
    send(scotland, tag, "fife", "borders")
    scotland["fife"].transfers.call_off(tag)
    clock.move(days=30)
    assert statuses(scotland) == []
    send(scotland, tag, "fife", "borders", WHOLE)
    receive(scotland, tag, "fife", "borders", WHOLE)
    assert statuses(scotland) == ["matched"]


def test_there_and_back_twice_is_four_journeys(scotland: Scotland, clock: SetClock) -> None:
    """Halves of different journeys would be held against each other."""
    (tag,) = scotland.kits("fife", 1)
    for missing in (0, 3):
        for giver, taker in (("fife", "borders"), ("borders", "fife")):
            clock.move(days=10)
            count = Count(missing={"Wheel": missing}) if missing else WHOLE
            send(scotland, tag, giver, taker, count)
            clock.move(days=1)
            receive(scotland, tag, giver, taker, count)
    found = scotland.audit()
    assert [each["status"] for each in rows(found, "transfers")] == ["matched"] * 4
    assert codes(found, "incomplete") == []
    assert found.totals.holdings == 1


def test_a_half_that_was_forgotten_leaves_the_others_right(
    scotland: Scotland, clock: SetClock
) -> None:
    """Borders never said that it had it the first time: the second must not look lost."""
    (tag,) = scotland.kits("fife", 1)
    send(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=5)
    receive(scotland, tag, "borders", "fife", WHOLE)  # it was there, and came back
    clock.move(days=20)
    send(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=1)
    receive(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=40)
    scotland["borders"].holdings.sight(tag)
    found = scotland.audit()
    told = [each["status"] for each in rows(found, "transfers")]
    assert told == ["arrived, no receipt here", "never sent", "matched"]
    assert codes(found) == [("received_never_sent", "borders")]
    assert found.totals.holdings == 1


@pytest.mark.parametrize("hours", [2, -2, 72, -72])
def test_two_clocks_that_differ_do_no_harm(scotland: Scotland, clock: SetClock, hours: int) -> None:
    """A laptop whose clock is days slow would receive before the other sent, for ever."""
    (tag,) = scotland.kits("fife", 1)
    send(scotland, tag, "fife", "borders", WHOLE)
    clock.move(hours=hours)
    receive(scotland, tag, "fife", "borders", WHOLE)
    clock.move(hours=30)
    found = scotland.audit()
    assert statuses(scotland) == ["matched"]
    expected = ("clock_wrong",) if hours == -72 else ()  # it went back by days: that is told
    assert {code for code, _ in codes(found)} == set(expected)
    assert found.totals.holdings == 1


def test_a_sending_that_is_recorded_late_meets_what_was_received(
    scotland: Scotland, clock: SetClock
) -> None:
    """Fife does as the audit asks, and would be asked again, with the kit on two registers."""
    (tag,) = scotland.kits("fife", 1)
    receive(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=3)
    scotland.kits("fife", 1)
    assert ("received_never_sent", "fife") in codes(scotland.audit())
    send(scotland, tag, "fife", "borders", WHOLE)
    scotland.audit()
    scotland.answer()
    assert scotland["fife"].find.holding(tag).status == "withdrawn"
    clock.move(days=20)
    found = scotland.audit()
    assert (found.totals.holdings, codes(found), statuses(scotland)) == (2, [], ["matched"])


def test_a_clock_that_stands_still_keeps_journeys_apart(scotland: Scotland) -> None:
    """A clock that was once ahead dates all that follows alike: counts would be mixed up."""
    (tag,) = scotland.kits("fife", 1)
    for missing in (1, 3, 5):
        for giver, taker in (("fife", "borders"), ("borders", "fife")):
            send(scotland, tag, giver, taker, Count(missing={"Wheel": missing}))
            receive(scotland, tag, giver, taker, Count(missing={"Wheel": missing}))
    send(scotland, tag, "fife", "borders", WHOLE)
    found = scotland.audit()
    assert [each["status"] for each in rows(found, "transfers")].count("matched") == 6
    assert (found.totals.in_transit, codes(found)) == (1, [])


def test_what_both_forgot_is_settled_by_recording_it(scotland: Scotland, clock: SetClock) -> None:
    """Borders, a day slow, forgot two halves; when it has said them, nobody may be asked more."""
    (tag,) = scotland.kits("fife", 1)
    send(scotland, tag, "fife", "borders", WHOLE)
    receive(scotland, tag, "borders", "fife", WHOLE)
    send(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=-1)
    receive(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=40)
    scotland["borders"].holdings.sight(tag)
    assert ("received_never_sent", "borders") in codes(scotland.audit())
    send(scotland, tag, "borders", "fife", WHOLE)
    receive(scotland, tag, "fife", "borders", WHOLE)
    found = scotland.audit()
    assert (found.totals.holdings, codes(found)) == (1, [])
    assert statuses(scotland) == ["matched"] * 3


def test_a_receiving_that_is_taken_back_is_missed(scotland: Scotland, clock: SetClock) -> None:
    """Fife has it off its register because Borders had it; now nobody has, and nobody would ask."""
    (tag,) = scotland.kits("fife", 1)
    send(scotland, tag, "fife", "borders", WHOLE)
    receive(scotland, tag, "fife", "borders", WHOLE)
    scotland.send()
    scotland.answer()
    clock.move(hours=1)
    scotland["borders"].actions.undo()
    found = scotland.audit()
    assert (found.totals.holdings, codes(found)) == (0, [("arrived_and_gone", "borders")])
    assert statuses(scotland) == ["taken back"]
    receive(scotland, tag, "fife", "borders", WHOLE)
    found = scotland.audit()
    assert (found.totals.holdings, codes(found), statuses(scotland)) == (1, [], ["matched"])
    scotland["borders"].actions.undo()
    receive(scotland, tag, "borders", "fife", WHOLE)  # it never went
    found = scotland.audit()
    assert found.totals.holdings == 1
    assert ("arrived_and_gone", "borders") not in codes(found)


def test_sent_again_on_the_day_it_came_back_is_under_way(
    scotland: Scotland, clock: SetClock
) -> None:
    """It would be counted nowhere at all."""
    (tag,) = scotland.kits("fife", 1)
    for giver, taker in (("fife", "borders"), ("borders", "fife")):
        clock.move(minutes=30)
        send(scotland, tag, giver, taker, WHOLE)
        clock.move(minutes=30)
        receive(scotland, tag, giver, taker, WHOLE)
    clock.move(minutes=30)
    send(scotland, tag, "fife", "borders", WHOLE)
    found = scotland.audit()
    assert [each["status"] for each in rows(found, "transfers")] == [
        "matched",
        "matched",
        "on its way",
    ]
    assert (found.totals.holdings, found.totals.in_transit) == (1, 1)


@pytest.mark.parametrize(
    ("sent", "received", "status"),
    [
        (Count(missing={"Wheel": 1}), Count(missing={"Wheel": 1}), "matched"),
        (Count(missing={"Wheel": 1}), Count(missing={"Wheel": 2}), "counts differ"),
        (WHOLE, Count(missing={"Wheel": 2}), "counts differ"),
        (None, Count(missing={"Wheel": 2}), "matched"),
        (WHOLE, None, "matched"),
    ],
)
def test_counts_are_held_against_each_other(
    scotland: Scotland, sent: Count | None, received: Count | None, status: str
) -> None:
    """A wheel lost on the way is nobody's; but who did not count says nothing of wheels."""
    (tag,) = scotland.kits("fife", 1)
    send(scotland, tag, "fife", "borders", sent)
    receive(scotland, tag, "fife", "borders", received)
    assert statuses(scotland) == [status]
    if status == "counts differ":
        (finding,) = scotland.esp.audit.audit().findings
        assert (finding.code, finding.tag) == ("transfer_counts_differ", tag)
        assert "Wheel" in finding.message


def test_fewer_came_than_went(scotland: Scotland) -> None:
    """Two of thirty goggles lost on the way would be lost twice: there and here."""
    goggles = scotland["fife"].holdings.add(NewHolding("Goggles", quantity=30)).tag
    send(scotland, goggles, "fife", "borders")
    scotland["borders"].transfers.receive(goggles, "fife", type="Goggles", quantity=28)
    (finding,) = scotland.audit().findings
    assert "30 sent, 28 received" in finding.message


def test_a_sender_that_was_not_heard_is_not_blamed(scotland: Scotland, clock: SetClock) -> None:
    """Fife's file comes on Friday; on Monday Borders has the kit already."""
    (tag,) = scotland.kits("fife", 1)
    scotland.send()
    clock.move(days=1)
    send(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=1)
    receive(scotland, tag, "fife", "borders", WHOLE)
    scotland.send("borders")
    found = scotland.esp.audit.audit()
    assert row(found, "transfers")["status"] == "no file from the sender yet"
    assert ("received_never_sent", "fife") not in codes(found)
    clock.move(days=LONGEST_DAYS + 1)
    assert ("received_never_sent", "fife") in codes(scotland.esp.audit.audit())
    assert statuses(scotland) == ["matched"]


def test_a_sender_that_says_nothing_is_asked(scotland: Scotland, clock: SetClock) -> None:
    """A kit would be on two registers, and nobody told why."""
    (tag,) = scotland.kits("fife", 1)
    clock.now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    receive(scotland, tag, "fife", "borders", WHOLE)
    clock.move(days=1)
    scotland.kits("fife", 1)
    assert codes(scotland.audit()) == [
        ("tag_in_two_colleges", "borders"),
        ("tag_in_two_colleges", "fife"),
        ("received_never_sent", "fife"),
    ]


def test_the_donor_of_a_kit_that_moved_twice_is_known(scotland: Scotland, clock: SetClock) -> None:
    """The RAF would lose sight of its kits as soon as they went where they were needed."""
    (tag,) = scotland.kits("fife", 1, donor="RAF")
    scotland.kits("uhi-perth", 1)
    for giver, taker in (("fife", "borders"), ("borders", "ayrshire"), ("ayrshire", "borders")):
        send(scotland, tag, giver, taker, WHOLE)
        clock.move(hours=1)
        receive(scotland, tag, giver, taker, Count(missing={"Spanner": 1}))
        found = scotland.audit()
        raf = row(found, "donors", name="RAF")
        assert (raf["holdings"], raf["incomplete"], raf["short"]) == (1, 1, 1), taker
        other = row(found, "donors", name="not recorded")
        assert (other["holdings"], other["short"]) == (1, 0)


def test_what_a_third_college_has_is_not_on_its_way(scotland: Scotland) -> None:
    """Fife passed it on and recorded nothing: it is with Ayrshire, and in two colleges, by now."""
    (tag,) = scotland.kits("borders", 1)
    scotland.kits("fife", 1)
    scotland["borders"].transfers.send(tag, "fife")
    scotland["ayrshire"].transfers.receive(tag, "fife", Count(whole=True), type="STEM kit")
    found = scotland.audit()
    assert row(found, "transfers", from_college="borders")["status"] == "in two colleges"
    assert ("tag_in_two_colleges", "ayrshire") in codes(found)
    agrees(found)
