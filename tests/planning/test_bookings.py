"""Bookings at a college's desk: the worked examples, and the faults that others shipped."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from conftest import SetClock
from kitloan import BadInput, Count, NewHolding, Refused
from kitloan.college import College
from kitloan.ledger.facts.planning import BookingLapsed

SCHOOL, OTHER, THIRD = "Balwearie High School", "Kirkcaldy High School", "Viewforth High School"


def day(number: int, month: int = 12, year: int = 2026) -> date:
    """A day of December 2026, when the examples are."""
    return date(year, month, number)


@pytest.fixture
def at(clock: SetClock) -> Callable[[date], None]:
    """Puts the clock on a day."""

    def put(when: date) -> None:
        clock.now = datetime(when.year, when.month, when.day, 10, tzinfo=UTC)

    return put


@pytest.fixture
def desk(fife: College) -> College:
    """Fife's desk, open from Monday to Friday, closed on St Andrew's Day and over Christmas."""
    fife.calendar.set_week(range(5), range(5))
    fife.calendar.close(day(30, 11), reason="St Andrew's Day")
    fife.calendar.close(day(21), day(5, 1, 2027), reason="Christmas")
    return fife


def kits(desk: College, count: int = 1, type: str = "Telescope") -> list[str]:  # noqa: A002
    """The tags of some kits without a contents list."""
    return [desk.holdings.add(NewHolding(type)).tag for _ in range(count)]


def refusal(act: Callable[[], object]) -> Refused:
    """What `act` is refused with."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value


def proved(desk: College) -> None:
    """History proves every count, promise and booking."""
    found = desk.ledger.verify()
    assert found.ok, found


def test_a_due_day_moves_off_closed_days(desk: College, at: Callable[[date], None]) -> None:
    """Worked example 1; given or not."""
    first, second = kits(desk, 2)
    at(day(7))
    assert desk.loans.check_out([first], SCHOOL)[0].due_on == day(6, 1, 2027)
    lent = desk.loans.check_out([second], SCHOOL, due_on=day(21))
    assert lent[0].due_on == day(6, 1, 2027)
    assert desk.loans.renew(second, day(2, 1, 2027))[2] == day(6, 1, 2027)
    proved(desk)


def test_dates_are_computed_once_and_stored(desk: College) -> None:
    """Worked examples 3 and 5: a policy of tomorrow changes no booking of today."""
    kits(desk)
    desk.policies.set("prep", "1")
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(18))[0]
    assert (made.busy_from, made.free_from) == (day(27, 11), day(6, 1, 2027))
    assert made.lapses_after == day(2)
    desk.policies.set("prep", "0")
    desk.policies.set("turnaround", "9")
    assert desk.bookings.get(made.id) == replace(made, new_organisation=False)
    late = desk.bookings.book(OTHER, {"Telescope": 1}, day(18, 1, 2027), day(18, 1, 2027))[0]
    assert late.free_from > late.return_by
    proved(desk)


def test_a_booking_kept_over_christmas_lapses_after_it(desk: College) -> None:
    """Worked example 5."""
    kits(desk)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(18), day(8, 1, 2027))[0]
    assert made.lapses_after == day(6, 1, 2027)


def test_what_is_refused_names_who_has_it_which_days_and_what_is_left(fife: College) -> None:
    """Worked example 6; elabftw said "booked" and no more."""
    fife.policies.set("turnaround", "0")
    kits(fife, 3)
    made = [
        fife.bookings.book(who, {"Telescope": 1}, day(first), day(last))[0].id
        for who, first, last in ((SCHOOL, 1, 6), (OTHER, 4, 9), (THIRD, 5, 12))
    ]
    refused = refusal(
        lambda: fife.bookings.book("Glenwood High School", {"Telescope": 1}, day(5), day(6))
    )
    assert refused.code == "not_free" and refused.details["free"] == 0
    assert [each["id"] for each in refused.details["bookings"]] == made
    assert refused.details["days"] == [{"day": "2026-12-05", "free": 0}]
    assert SCHOOL in refused.message and THIRD in refused.message
    assert fife.bookings.free(day(5), day(6), "Telescope")[0].free == 0
    assert fife.bookings.free(day(6), day(9), "Telescope")[0].free == 1
    fife.bookings.book("Glenwood High School", {"Telescope": 1}, day(6), day(9))
    proved(fife)


def test_chosen_kits_can_leave_no_kit_free_throughout(fife: College) -> None:
    """Worked example 7: the day count says one is left."""
    fife.policies.set("turnaround", "0")
    a, b = kits(fife, 2)
    first = fife.bookings.book(SCHOOL, [], day(1), day(6), tags=[a])[0]
    second = fife.bookings.book(OTHER, [], day(6), day(11), tags=[b])[0]
    assert [each.tags for each in (*first.lines, *second.lines)] == [(a,), (b,)]
    found = fife.bookings.free(day(4), day(8), "Telescope")[0]
    assert (found.free, {each.free for each in found.days}) == (0, {1})
    refused = refusal(lambda: fife.bookings.book(THIRD, {"Telescope": 1}, day(4), day(8)))
    assert refused.details["pins"] == sorted([a, b])
    fife.bookings.change(first.id, tags=[])
    fife.bookings.change(second.id, tags=[])
    fife.bookings.book(THIRD, {"Telescope": 1}, day(4), day(8))
    proved(fife)


def test_an_overdue_kit_is_promised_to_nobody(desk: College, at: Callable[[date], None]) -> None:
    """Worked example 8; Pinakes and reservations counted it free the day after it was due."""
    (kit,) = kits(desk)
    desk.loans.check_out([kit], SCHOOL, contact="Pat Ex", due_on=day(4))
    made = desk.bookings.book(OTHER, {"Telescope": 1}, day(14), day(18))[0]
    assert not made.at_risk
    at(day(8))
    refused = refusal(
        lambda: desk.bookings.book(THIRD, {"Telescope": 1}, day(11, 1, 2027), day(12, 1, 2027))
    )
    assert refused.details["overdue"][0]["tag"] == kit
    (risk,) = desk.bookings.list(at_risk=True).items
    assert risk.id == made.id and risk.because[0].to == SCHOOL
    assert risk.because[0].contact is not None and risk.because[0].contact.name == "Pat Ex"
    at(day(9))
    desk.loans.check_in([kit], Count(whole=True))
    assert not desk.bookings.list(at_risk=True).items
    desk.bookings.book(THIRD, {"Telescope": 1}, day(11, 1, 2027), day(12, 1, 2027))
    proved(desk)


def test_the_day_it_is_due_is_not_free(desk: College) -> None:
    """YaleSTC #1218; with no turnaround it goes out again on that day, leihs #508."""
    (kit,) = kits(desk)
    desk.loans.check_out([kit], SCHOOL, due_on=day(4))
    assert refusal(lambda: desk.bookings.book(OTHER, {"Telescope": 1}, day(4), day(8)))
    desk.policies.set("turnaround", "0")
    desk.loans.renew(kit, day(7))
    desk.bookings.book(OTHER, {"Telescope": 1}, day(7), day(8))
    proved(desk)


def test_a_kit_that_is_not_counted_is_promised_to_nobody(
    desk: College, kit: str, at: Callable[[date], None]
) -> None:
    """Worked example 9, with what to do."""
    desk.loans.check_out([kit], SCHOOL, due_on=day(4))
    at(day(9))
    desk.loans.check_in([kit])
    refused = refusal(lambda: desk.bookings.book(OTHER, {"STEM kit": 1}, day(10), day(11)))
    assert refused.details["uncounted"] == [kit] and f"kitloan count {kit}" in refused.hint
    desk.loans.count(kit, Count(whole=True))
    desk.bookings.book(OTHER, {"STEM kit": 1}, day(10), day(11))
    proved(desk)


def test_a_walk_up_gets_the_latest_day_that_keeps_every_promise(
    desk: College, at: Callable[[date], None]
) -> None:
    """Worked example 10; Shelf extended into the next booking."""
    (kit,) = kits(desk)
    made = desk.bookings.book(OTHER, {"Telescope": 1}, day(14), day(18))[0]
    desk.policies.set("min_loan", "10")
    at(day(1))
    (lent,) = desk.loans.check_out([kit], SCHOOL)
    assert lent.due_on == day(11)
    refused = refusal(lambda: desk.loans.renew(kit, day(15)))
    assert (refused.code, refused.details["latest"]) == ("not_free", "2026-12-11")
    assert [each["id"] for each in refused.details["bookings"]] == [made.id]
    desk.actions.undo()
    desk.policies.set("min_loan", "11")
    refused = refusal(lambda: desk.loans.check_out([kit], SCHOOL))
    assert refused.details["latest"] == "2026-12-11"
    refused = refusal(lambda: desk.loans.check_out([kit], SCHOOL, due_on=day(15)))
    assert refused.details["latest"] == "2026-12-11"
    desk.loans.check_out([kit], SCHOOL, due_on=day(15), override="the head asked")
    assert [each.id for each in desk.bookings.list(at_risk=True).items] == [made.id]
    proved(desk)


def test_a_series_is_made_whole_or_not_at_all(desk: College) -> None:
    """Worked example 11: the answer lists the date and who has it."""
    kits(desk)
    taken = desk.bookings.book(OTHER, {"Telescope": 1}, day(15), day(15))[0]
    before = len(desk.bookings.list().items)
    refused = refusal(
        lambda: desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(2), every="week", times=3)
    )
    (failed,) = refused.details["failed"]
    assert (failed["number"], failed["collect_on"]) == (3, "2026-12-15")
    assert [each["id"] for each in failed["bookings"]] == [taken.id]
    assert len(desk.bookings.list().items) == before
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(2), every="week", times=2)
    assert len({each.series for each in made}) == 1 and made[0].series
    assert [each.collect_on for each in made] == [day(1), day(8)]
    desk.actions.undo()
    assert len(desk.bookings.list().items) == before
    proved(desk)


def test_dates_of_a_series_count_against_each_other(desk: College) -> None:
    """A fortnight booked every week needs two kits."""
    kits(desk)
    assert refusal(
        lambda: desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(10), every="week", times=2)
    ).details["failed"]


def test_a_booking_that_is_partly_collected(desk: College, at: Callable[[date], None]) -> None:
    """Worked example 12; Koha counted what was collected twice."""
    tags = kits(desk, 3)
    made = desk.bookings.book(SCHOOL, {"Telescope": 3}, day(1), day(8), contact="Pat Ex")[0]
    at(day(1))
    lent = desk.loans.check_out(tags[:2], booking=made.id)
    assert {each.due_on for each in lent} == {day(8)} and {each.to for each in lent} == {SCHOOL}
    now = desk.bookings.get(made.id)
    assert (now.state, now.lines[0].collected) == ("made", 2)
    assert desk.find.holding(tags[0]).contact is not None
    assert {each.free for each in desk.bookings.free(day(2), day(8))[-1].days} == {0}
    proved(desk)
    at(day(3))
    assert desk.bookings.get(made.id).state == "lapsed"
    assert {each.free for each in desk.bookings.free(day(3), day(8))[-1].days} == {1}
    desk.holdings.sight(tags[2])  # any command that writes notes it
    assert [line.kind for line in desk.ledger.log()[-2:]] == ["booking.lapsed", "holding.sighted"]
    proved(desk)


def test_a_whole_collection_closes_the_booking(desk: College) -> None:
    """Adam-rms showed "all picked" though some were booked elsewhere."""
    tags = kits(desk, 3)
    made = desk.bookings.book(SCHOOL, {"Telescope": 2}, day(23, 11), day(4))[0]
    desk.loans.check_out(tags[:1], booking=made.id.lower())
    desk.loans.check_out(tags[1:2], booking=made.id[1:])
    assert desk.bookings.get(made.id).state == "collected"
    refused = refusal(lambda: desk.loans.check_out(tags[2:], booking=made.id))
    assert refused.code == "booking_over"
    assert refusal(lambda: desk.bookings.cancel(made.id)).code == "booking_over"
    desk.loans.check_in(tags[:2])
    assert desk.bookings.get(made.id).state == "collected"
    assert {each.free for each in desk.bookings.free(day(1), day(4))[-1].days} == {3}
    proved(desk)


def test_only_what_is_booked_is_collected_and_by_whom_it_is_booked(desk: College) -> None:
    """Another school's kits must not go out of the door with this one."""
    tags = kits(desk, 2)
    (other,) = kits(desk, 1, "Microscope")
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    check_out = desk.loans.check_out
    assert refusal(lambda: check_out([other], booking=made.id)).code == "not_in_booking"
    assert refusal(lambda: check_out(tags, booking=made.id)).code == "not_in_booking"
    assert refusal(lambda: check_out(tags[:1], OTHER, booking=made.id)).code == "another_borrower"
    with pytest.raises(BadInput) as bad:
        check_out(tags[:1], booking="B999")
    assert bad.value.code == "unknown_booking"


def test_a_later_booking_does_not_stop_the_rest_of_one_that_runs(
    desk: College, at: Callable[[date], None]
) -> None:
    """Shelf PR #2775."""
    tags = kits(desk, 2)
    made = desk.bookings.book(SCHOOL, {"Telescope": 2}, day(1), day(8))[0]
    desk.bookings.book(OTHER, {"Telescope": 2}, day(9), day(11))
    at(day(1))
    desk.loans.check_out(tags[:1], booking=made.id)
    at(day(2))
    desk.loans.check_out(tags[1:], booking=made.id)
    proved(desk)


def test_early_collection_while_it_is_free(desk: College) -> None:
    """A teacher who comes a day early goes away with the kit, unless another school has it."""
    (kit,) = kits(desk)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(9), day(11))[0]
    desk.bookings.book(OTHER, {"Telescope": 1}, day(1), day(3))
    refused = refusal(lambda: desk.loans.check_out([kit], booking=made.id))
    assert refused.code == "not_free"


def test_a_chosen_kit_is_kept_for_its_booking(desk: College, at: Callable[[date], None]) -> None:
    """The one with the large label goes to whom it was promised; any other may go."""
    a, b = kits(desk, 2)
    made = desk.bookings.book(OTHER, [], day(3), day(8), tags=[a])[0]
    at(day(1))
    refused = refusal(lambda: desk.loans.check_out([a], SCHOOL, due_on=day(10)))
    assert [each["id"] for each in refused.details["bookings"]] == [made.id]
    desk.loans.check_out([b], SCHOOL, due_on=day(10))
    assert refusal(lambda: desk.bookings.book(THIRD, [], day(4), day(9), tags=[a]))
    at(day(3))
    desk.loans.check_out([a], booking=made.id)
    assert desk.bookings.get(made.id).state == "collected"
    proved(desk)


def test_another_kit_in_place_of_the_chosen_one_frees_that(
    desk: College, at: Callable[[date], None]
) -> None:
    """A booking is of one kit, whichever went out."""
    a, b = kits(desk, 2)
    made = desk.bookings.book(SCHOOL, [], day(3), day(8), tags=[a])[0]
    at(day(3))
    desk.loans.check_out([b], booking=made.id)
    desk.bookings.book(OTHER, [], day(4), day(8), tags=[a])
    proved(desk)


@pytest.mark.parametrize(
    ("first", "last", "code", "details"),
    [
        (day(30, 11), day(4), "closed_day", {"next_open": "2026-12-01"}),
        (day(18), day(21), "closed_day", {"next_open": "2027-01-06"}),
        (day(24, 11), day(26, 11), "too_soon", {"earliest": "2026-12-01"}),
        (day(1), day(14, 1, 2028), "too_far", {"latest": "2027-12-28"}),
    ],
)
def test_days_that_cannot_be_are_refused_with_those_that_can(
    desk: College, first: date, last: date, code: str, details: dict[str, Any]
) -> None:
    """A booking spans closed days, and begins and ends on open ones; leihs had no horizon."""
    kits(desk)
    desk.policies.set("notice", "5")
    refused = refusal(lambda: desk.bookings.book(SCHOOL, {"Telescope": 1}, first, last))
    assert refused.code == code
    assert refused.details.items() >= details.items()
    assert desk.bookings.free(first, last)[-1].free == 0
    assert desk.bookings.book(SCHOOL, {"Telescope": 1}, day(18), day(6, 1, 2027))


@pytest.mark.parametrize(
    ("first", "last", "types", "code"),
    [
        (day(4), day(1), {"Telescope": 1}, "dates_reversed"),
        (day(20, 11), day(1), {"Telescope": 1}, "in_the_past"),
        (day(1), day(4), {"Telescope": 0}, "bad_quantity"),
        (day(1), day(4), {"Telescope": -1}, "bad_quantity"),
        (day(1), day(4), {"Telescop": 1}, "unknown_type"),
        (day(1), day(4), {}, "nothing_named"),
        (date(1, 1, 1), day(4), {"Telescope": 1}, "bad_date"),
    ],
)
def test_bookings_that_make_no_sense_are_refused(
    desk: College, first: date, last: date, types: dict[str, int], code: str
) -> None:
    """What is a slip at the desk must change nothing, and is no demand."""
    kits(desk)
    before = len(desk.ledger.log())
    with pytest.raises(BadInput) as bad:
        desk.bookings.book(SCHOOL, types, first, last)
    assert bad.value.code == code
    assert len(desk.ledger.log()) == before


def test_limits_are_named(desk: College) -> None:
    """A school with everything leaves nothing for the next."""
    kits(desk, 9)
    book = desk.bookings.book
    desk.policies.set("max_days", "10")
    refused = refusal(lambda: book(SCHOOL, {"Telescope": 1}, day(1), day(14)))
    assert (refused.code, refused.details["policy"]) == ("limit", "max_days")
    desk.policies.set("max_out", "3")
    book(SCHOOL, {"Telescope": 2}, day(1), day(4))
    refused = refusal(lambda: book(SCHOOL, {"Telescope": 2}, day(2), day(3)))
    assert (refused.code, refused.details["having"]) == ("limit", 2)
    book(SCHOOL, {"Telescope": 3}, day(14), day(15))
    desk.policies.set("max_bookings", "2")
    refused = refusal(lambda: book(SCHOOL, {"Telescope": 1}, day(16), day(17)))
    assert refused.details["policy"] == "max_bookings"
    assert {each.rule for each in desk.wants.refused()} == {"limit"}


def test_demand_is_noted_once_a_day_and_is_nobodys_action(
    desk: College, at: Callable[[date], None]
) -> None:
    """The only measure of what schools asked for in vain; ESP counts it."""
    kits(desk)
    desk.bookings.book(OTHER, {"Telescope": 1}, day(1), day(4))
    for _ in range(2):
        refusal(lambda: desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(3)))
    refusal(lambda: desk.bookings.book(SCHOOL, {"Telescope": 2}, day(3), day(8)))
    refusal(lambda: desk.bookings.book(THIRD, {"Telescope": 1}, day(1), day(3)))
    found = desk.wants.refused()
    assert [(each.type, each.rule, each.first) for each in found] == [
        ("Telescope", "not_free", day(1))
    ] * 2
    at(day(24, 11))
    refusal(lambda: desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(3)))
    assert len(desk.wants.refused()) == 3
    assert desk.actions.undo().kind == "booking.made"
    proved(desk)


def test_bookings_are_changed_cancelled_undone_and_done_again(desk: College) -> None:
    """Every one of these is an entry; the counts follow."""
    kits(desk, 2)
    made = desk.bookings.book(SCHOOL, {"Telescope": 2}, day(1), day(4))[0]
    desk.bookings.change(made.id, return_by=day(8))
    refused = refusal(lambda: desk.bookings.change(made.id, types=[("Telescope", 3)]))
    assert refused.details["free"] == 2
    assert desk.bookings.get(made.id).changes == 1
    desk.bookings.cancel(made.id)
    assert desk.bookings.free(day(1), day(4))[-1].free == 2
    desk.actions.undo()
    assert desk.bookings.get(made.id).return_by == day(8)
    assert desk.bookings.free(day(1), day(4))[-1].free == 0
    proved(desk)
    desk.actions.undo()
    assert desk.bookings.get(made.id).return_by == day(4)
    desk.actions.redo()
    assert desk.bookings.get(made.id).return_by == day(8)
    proved(desk)


def test_undoing_a_cancellation_never_overbooks(
    desk: College, reopen: Callable[..., College]
) -> None:
    """What was given to another school meanwhile is not taken away by an undo."""
    kits(desk)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    desk.bookings.cancel(made.id)
    second = reopen("j.kerr")
    taken = second.bookings.book(OTHER, {"Telescope": 1}, day(2), day(3))[0]
    refused = refusal(desk.actions.undo)
    assert (refused.code, refused.details["bookings"]) == ("not_free", [{"id": taken.id}])
    second.actions.undo()
    desk.actions.undo()
    assert desk.bookings.get(made.id).state == "made"
    assert refusal(second.actions.redo).code == "not_free"
    proved(desk)


def test_a_booking_with_kits_out_is_not_undone(
    desk: College, reopen: Callable[..., College]
) -> None:
    """A loan would point at nothing."""
    (kit,) = kits(desk)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(23, 11), day(4))[0]
    reopen("j.kerr").loans.check_out([kit], booking=made.id)
    assert refusal(desk.actions.undo).code == "built_upon"
    reopen("j.kerr").actions.undo()
    assert desk.bookings.get(made.id).lines[0].collected == 0
    proved(desk)
    desk.actions.undo()
    proved(desk)


def test_a_change_is_undone_while_kits_are_out(desk: College, at: Callable[[date], None]) -> None:
    """What went out stays counted."""
    tags = kits(desk, 2)
    made = desk.bookings.book(SCHOOL, {"Telescope": 2}, day(23, 11), day(4))[0]
    desk.loans.check_out(tags[:1], booking=made.id)
    desk.bookings.change(made.id, return_by=day(8))
    desk.actions.undo()
    now = desk.bookings.get(made.id)
    assert (now.return_by, now.lines[0].collected) == (day(4), 1)
    proved(desk)


def test_what_happens_is_never_refused_and_excuses(
    desk: College, at: Callable[[date], None]
) -> None:
    """A loss, a repair and a late return are facts; they put bookings at risk, last made first."""
    a, b = kits(desk, 2)
    first = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    second = desk.bookings.book(OTHER, {"Telescope": 1}, day(2), day(8))[0]
    desk.holdings.report_missing(a, "not on its shelf")
    assert [each.id for each in desk.bookings.list(at_risk=True).items] == [second.id]
    desk.holdings.put_in_repair(b, "lens")
    assert {each.id for each in desk.bookings.list(at_risk=True).items} == {first.id, second.id}
    proved(desk)
    desk.holdings.found(a)
    desk.holdings.repaired(b)
    assert not desk.bookings.list(at_risk=True).items
    desk.holdings.amend(a, type="Microscope")
    assert [each.id for each in desk.bookings.list(at_risk=True).items] == [second.id]
    assert desk.bookings.free(day(7), day(8), "Microscope")[0].capacity == 1
    desk.actions.undo()
    proved(desk)


def test_bookings_for_an_event_are_kept_longest(desk: College) -> None:
    """A hundred children at a festival come before one class."""
    a, _ = kits(desk, 2)
    lesson = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(4))[0]
    week = desk.events.add("Science week", day(2))
    desk.bookings.book(OTHER, {"Telescope": 1}, day(1), day(4), event=week.id)
    desk.holdings.report_missing(a, None)
    assert [each.id for each in desk.bookings.list(at_risk=True).items] == [lesson.id]


def test_every_verb_is_done_once(desk: College) -> None:
    """A caller that was killed before it heard "done" asks again, and gets the same answer."""
    (kit,) = kits(desk)
    answers = []
    for _ in range(2):
        made = desk.bookings.book(
            SCHOOL, {"Telescope": 1}, day(1), day(4), contact="Pat Ex", purpose="a", request_id="b1"
        )
        answers.append(made[0].id)
        desk.bookings.change(made[0].id, return_by=day(8), request_id="c1")
        desk.bookings.cancel(made[0].id, request_id="x1")
    assert len(set(answers)) == 1
    kinds = [line.kind for line in desk.ledger.log()]
    assert [kinds.count(f"booking.{k}") for k in ("made", "changed", "cancelled")] == [1, 1, 1]
    with pytest.raises(BadInput) as bad:
        desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(8), request_id="b1")
    assert bad.value.code == "id_reused"
    again = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(23, 11), day(4))[0]
    for _ in range(2):
        (lent,) = desk.loans.check_out([kit], booking=again.id, request_id="l1")
        assert lent.due_on == day(4)
        assert desk.loans.renew(kit, day(21), request_id="r1")[2] == day(6, 1, 2027)
    for _ in range(2):
        want = desk.wants.add(OTHER, "Telescope", 1, day(1), day(18), days=3, request_id="w1")
        desk.wants.close(want.id, request_id="w2")
    proved(desk)


def test_the_waiting_list_shows_who_could_be_served(desk: College) -> None:
    """Nothing is promised by itself; a freed kit names who could have it."""
    kits(desk)
    made = desk.bookings.book(OTHER, {"Telescope": 1}, day(1), day(18))[0]
    want = desk.wants.add(SCHOOL, "telescope", 1, day(1), day(18), days=3)
    (found,) = desk.wants.list()
    assert found.id == want.id and found.could_collect is None
    desk.bookings.cancel(made.id)
    assert desk.wants.list("Telescope")[0].could_collect == day(1)
    assert [each.to for each in desk.wants.servable(["Telescope"])] == [SCHOOL]
    desk.wants.close(want.id)
    assert desk.wants.list() == [] and len(desk.wants.list(closed_too=True)) == 1
    assert refusal(lambda: desk.wants.close(want.id)).code == "want_closed"
    desk.actions.undo()
    assert len(desk.wants.list()) == 1
    proved(desk)


def test_nobody_is_named_in_the_ledger(desk: College) -> None:
    """People and what they said of themselves stay in the college, and can be erased."""
    kits(desk)
    made = desk.bookings.book(
        SCHOOL, {"Telescope": 1}, day(1), day(4), contact="Zebedee Quill", purpose="for Zebedee"
    )[0]
    assert made.contact is not None and made.contact.name == "Zebedee Quill"
    assert desk.bookings.purpose(made.id) == ("for Zebedee",)
    assert not [line for line in desk.ledger.log() if "Zebedee" in line.summary]
    proved(desk)
    desk.people.erase("Zebedee Quill")
    assert desk.bookings.get(made.id).contact is None
    assert desk.bookings.purpose(made.id) == ()
    proved(desk)


def test_loose_stock_is_booked_by_number(desk: College) -> None:
    """Thirty goggles are one holding; nobody chooses which."""
    stock = desk.holdings.add(NewHolding("Goggles", quantity=30)).tag
    desk.loans.check_out([stock], SCHOOL, quantity=12, due_on=day(4))
    assert (
        refusal(lambda: desk.bookings.book(OTHER, {"Goggles": 19}, day(2), day(8))).details["free"]
        == 18
    )
    desk.bookings.book(OTHER, {"Goggles": 18}, day(2), day(8))
    with pytest.raises(BadInput) as bad:
        desk.bookings.book(OTHER, [], day(2), day(8), tags=[stock])
    assert bad.value.code == "bad_pin"
    refused = refusal(lambda: desk.loans.check_out([stock], THIRD, quantity=5, due_on=day(3)))
    assert refused.details["latest"] == "2026-12-01"
    desk.loans.check_in([stock], quantity=2, lost=4)
    proved(desk)


def test_without_a_calendar_or_a_booking_nothing_changes(fife: College, kit: str) -> None:
    """Who plans nothing lends as before, and seals what was sealed before."""
    (lent,) = fife.loans.check_out([kit], SCHOOL)
    assert lent.due_on == date(2026, 12, 7)
    with fife.session.reading() as connection:
        body = connection.exec_driver_sql(
            "SELECT body FROM ledger_entry WHERE kind = 'loan.checked_out'"
        ).scalar_one()
    assert "free_from" not in body and "booking" not in body


def test_what_was_collected_whole_never_lapses(desk: College, at: Callable[[date], None]) -> None:
    """Neither by the day nor by the next command that writes; a calendar keeps it."""
    (kit, other) = kits(desk, 2)
    made = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(8))[0]
    at(day(1))
    desk.loans.check_out([kit], booking=made.id)
    at(day(4))
    desk.holdings.sight(other)
    assert desk.bookings.get(made.id).state == "collected"
    assert "booking.lapsed" not in [line.kind for line in desk.ledger.log()]
    assert [each.cancelled for each in desk.notices.events() if "booking" in each.id] == [False]
    proved(desk)


def test_what_was_noted_as_lapsed_after_it_was_collected_is_collected(
    desk: College, at: Callable[[date], None]
) -> None:
    """Ledgers hold such notes; of what was collected in part a calendar still has the return."""
    tags = kits(desk, 3)
    whole = desk.bookings.book(SCHOOL, {"Telescope": 1}, day(1), day(8))[0]
    part = desk.bookings.book(OTHER, {"Telescope": 2}, day(1), day(8))[0]
    at(day(1))
    desk.loans.check_out(tags[:1], booking=whole.id)
    desk.loans.check_out(tags[1:2], booking=part.id)
    with desk.session.writing() as writer:
        writer.note(BookingLapsed(booking=whole.id, organisation="balwearie-high-school"))
    at(day(4))
    desk.holdings.sight(tags[2])
    states = {each.id: each.state for each in desk.bookings.list(state="all").items}
    assert states == {whole.id: "collected", part.id: "lapsed"}
    assert refusal(lambda: desk.bookings.cancel(whole.id)).details["state"] == "collected"
    events = {each.id: each.cancelled for each in desk.notices.events() if "booking" in each.id}
    assert events == {f"booking-{whole.id}": False, f"booking-{part.id}": False}
    proved(desk)
