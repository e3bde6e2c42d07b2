"""What many types have, read at once, against each type read by itself; and what lists read."""

import random
from datetime import UTC, date, datetime
from itertools import product

import pytest

from conftest import SetClock
from kitloan import NewHolding, Refused
from kitloan.college import College
from kitloan.ledger.facts.promises import room
from kitloan.planning.availability import free_over
from kitloan.planning.booked import STATES, Booking
from kitloan.planning.supply import FEW, stock_of, stocks_of
from kitloan.queries.types import type_names
from kitloan.text.dates import days_after
from planning.test_bookings import OTHER, SCHOOL, THIRD

FIRST = date(2026, 11, 30)
TODAY = date(2026, 12, 3)


@pytest.fixture
def desk(fife: College, clock: SetClock) -> College:
    """More types than are read one by one: kits and stocks that are out, late, lost, to be counted
    and booked, by chance and each time the same."""
    chance = random.Random(7)
    fife.calendar.set_week(range(5), range(5))
    fair = fife.events.add("Science fair", date(2026, 12, 16)).id
    late = []
    for n in range(FEW + 2):
        kind = f"Type {n}"
        tags = [fife.holdings.add(NewHolding(kind)).tag for _ in range(2)]
        if n % 3 == 0:
            stock = fife.holdings.add(NewHolding(kind, quantity=4)).tag
            fife.loans.check_out([stock], THIRD, quantity=2, due_on=date(2026, 12, 4 + n % 5))
        for school in (SCHOOL, OTHER, THIRD):
            first = days_after(FIRST, 7 * chance.randrange(3) + chance.randrange(3))
            try:
                fife.bookings.book(
                    school,
                    {kind: chance.randint(1, 2)},
                    first,
                    days_after(first, chance.randrange(2)),
                    event=fair if school == THIRD else None,
                )
            except Refused:
                continue
        late.append(tags[1])
    fife.bookings.book(OTHER, {}, date(2026, 12, 21), date(2026, 12, 22), tags=[tags[0]])
    fife.loans.check_out(late[::2], SCHOOL, due_on=date(2026, 11, 26), override="asked")
    fife.holdings.report_missing(late[1], "lost")
    fife.bookings.cancel(fife.bookings.list().items[0].id)
    clock.now = datetime(2026, 12, 3, 9, tzinfo=UTC)
    return fife


def test_many_types_read_at_once_have_what_each_has_by_itself(desk: College) -> None:
    """The screen and the check must not differ, or the desk promises what is refused."""
    college = desk.session.college
    with desk.session.reading() as connection:
        kinds = list(type_names(connection, college))
        assert len(kinds) > FEW
        together = stocks_of(connection, college, kinds, TODAY)
        by_itself = {key: stock_of(connection, college, key, TODAY) for key in kinds}
    for key, one in by_itself.items():
        other = together[key]
        assert other.supply.capacity == one.supply.capacity
        assert {*other.supply.out} == {*one.supply.out}
        assert (other.standing, other.overdue) == (one.standing, one.overdue)
        assert other.uncounted == one.uncounted
    assert any(each.overdue for each in by_itself.values())
    assert any(each.pins for one in by_itself.values() for each in one.standing)
    assert sum(len(one.standing) for one in by_itself.values()) > FEW


def test_what_is_free_of_all_types_is_what_is_free_of_each(desk: College) -> None:
    """Also where of the bookings only those of these days are read."""
    for n in range(0, 16, 3):
        first = days_after(TODAY, n)
        last = days_after(first, n % 6)
        for each in desk.bookings.free(first, last):
            assert desk.bookings.free(first, last, each.type) == [each]


def test_the_quick_look_never_finds_more_than_there_is(desk: College) -> None:
    """What is promised on it alone must be what the whole look would promise."""
    college, found = desk.session.college, 0
    with desk.session.reading() as connection:
        for key in type_names(connection, college):
            stock = stock_of(connection, college, key, TODAY)
            for n in range(16):
                first, until = days_after(TODAY, n), days_after(TODAY, n + 1 + n % 5)
                some = room(connection, college, key, first.isoformat(), until.isoformat())
                days = (first.toordinal(), until.toordinal())
                assert some <= free_over(stock.supply, stock.standing, *days)
                found += some
    assert found, "most promises need no more"


def test_a_list_is_what_its_filters_leave_of_everything(desk: College) -> None:
    """Each reads only what it was asked for, and must leave out nothing of that."""
    every = desk.bookings.list(state="all").items
    assert {each.state for each in every} >= {"made", "lapsed", "cancelled"}
    days = (None, date(2026, 12, 1), date(2026, 12, 8))
    for state, first, last in product((None, *STATES, "all"), days, days):
        page = desk.bookings.list(state=state, first=first, last=last)
        wanted = [
            each
            for each in every
            if state == "all" or each.state == (state or "made")
            if first is None or each.return_by >= first
            if last is None or each.collect_on <= last
        ]
        assert (list(page.items), page.total) == (wanted, len(wanted))
    assert desk.bookings.list(at_risk=True).items == tuple(e for e in every if e.at_risk)
    assert desk.bookings.list(to=OTHER.lower(), state="all").items == tuple(
        each for each in every if each.to == OTHER
    )
    for each in every:
        assert desk.bookings.get(each.id) == each


def test_pages_of_bookings_are_the_list_in_pieces(desk: College) -> None:
    """Of each page only its days are read, and several bookings begin on one day."""
    whole = desk.bookings.list(state="all").items
    found: list[Booking] = []
    after: str | None = None
    while True:
        page = desk.bookings.list(state="all", after=after, limit=3)
        assert page.total == len(whole)
        found += page.items
        if page.next is None:
            break
        after = page.next
    assert tuple(found) == whole


def test_a_day_has_what_is_handed_out_and_prepared_on_it(desk: College) -> None:
    """As the day's list and paper have it."""
    desk.policies.set("prep", "2")
    made = desk.bookings.book(OTHER, {"Type 5": 1}, date(2026, 12, 21), date(2026, 12, 22))[0]
    waiting = desk.bookings.list().items
    assert made in waiting and made.busy_from < made.collect_on
    for n in range(22):
        day = days_after(TODAY, n)
        assert desk.bookings.on_day(day) == tuple(
            each for each in waiting if each.is_kept_on(day) or each.is_prepared_on(day)
        )
