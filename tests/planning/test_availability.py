"""What is free, against brute force: a count that says yes where no kit is free lends it twice."""

from datetime import date
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from kitloan.planning.availability import (
    Out,
    Supply,
    Wanted,
    at_risk,
    can_assign,
    connected,
    free_by_day,
    free_over,
)
from kitloan.text.dates import FOREVER

DAYS = 10
TAGS = ("A", "B", "C")
spans = st.tuples(st.integers(1, DAYS), st.integers(1, 5)).map(lambda s: (s[0], s[0] + s[1]))


@st.composite
def worlds(draw: st.DrawFn, pins: bool = True) -> tuple[Supply, list[Wanted]]:
    """A few kits, loans that are out from day 0, and bookings, some of them for a chosen kit."""
    kits = TAGS[: draw(st.integers(1, 3))]
    loose = draw(st.integers(0, 1))
    out = tuple(
        Out(tag, 0, draw(st.sampled_from([2, 4, 7, FOREVER])))
        for tag in kits
        if draw(st.integers(0, 3)) == 0
    )
    wanted = []
    for number in range(draw(st.integers(0, 4))):
        first, until = draw(spans)
        count = draw(st.integers(1, 2))
        chosen = draw(st.sets(st.sampled_from(kits), max_size=count)) if pins else set()
        wanted.append(Wanted(f"b{number}", first, until, count, tuple(sorted(chosen))))
    return Supply(frozenset(kits), loose, out), wanted


def brute(supply: Supply, wanted: list[Wanted]) -> bool:
    """Try every kit for every wanted one."""
    kits = [*sorted(supply.kits), *(f"loose{n}" for n in range(supply.loose))]
    units: list[tuple[int, int, tuple[str, ...]]] = []
    for each in wanted:
        units += [(each.first, each.until, (tag,)) for tag in each.pins]
        units += [(each.first, each.until, tuple(kits))] * (each.count - len(each.pins))
    busy = {(o.tag, day) for o in supply.out for day in range(o.first, min(o.until, 40))}

    def place(number: int, taken: set[tuple[str, int]]) -> bool:
        if number == len(units):
            return True
        first, until, choices = units[number]
        for kit in choices:
            days = {(kit, day) for day in range(first, until)}
            if kit in kits and not days & taken and place(number + 1, taken | days):
                return True
        return False

    return place(0, busy)


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_an_assignment_is_found_exactly_where_there_is_one(
    world: tuple[Supply, list[Wanted]],
) -> None:
    """With chosen kits a count is not enough, and a search must miss nothing."""
    supply, wanted = world
    assert can_assign(supply, wanted) == brute(supply, wanted)


@settings(max_examples=100, deadline=None)
@given(worlds(pins=False), spans)
def test_without_chosen_kits_the_day_count_is_exact(
    world: tuple[Supply, list[Wanted]], span: tuple[int, int]
) -> None:
    """Where all bookings can be kept, as many more can be promised as the worst day has left."""
    supply, wanted = world
    if not brute(supply, wanted):
        return
    free = free_over(supply, wanted, *span)
    assert free == max(0, min(free_by_day(supply.capacity, (*supply.out, *wanted), *span)))
    assert brute(supply, [*wanted, Wanted("new", *span, free)])
    assert not brute(supply, [*wanted, Wanted("new", *span, free + 1)])


@settings(max_examples=100, deadline=None)
@given(worlds(), spans, st.sets(st.sampled_from(TAGS), max_size=2))
def test_what_is_free_can_be_promised_and_one_more_cannot(
    world: tuple[Supply, list[Wanted]], span: tuple[int, int], chosen: set[str]
) -> None:
    """The screen and the check give one answer, also for chosen kits."""
    supply, wanted = world
    if not brute(supply, wanted):
        return
    pins = tuple(sorted(chosen))
    free = free_over(supply, wanted, *span, pins)
    assert free == 0 or free >= len(pins)
    if free:
        assert brute(supply, [*wanted, Wanted("new", *span, free, pins)])
    more = max(free + 1, len(pins))
    assert not brute(supply, [*wanted, Wanted("new", *span, more, pins)])


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_those_that_are_not_at_risk_can_all_be_kept(world: tuple[Supply, list[Wanted]]) -> None:
    """The desk rings those at risk, and nobody else; the first made is kept before the last."""
    supply, wanted = world
    lost = at_risk(supply, wanted)
    kept = [each for each in wanted if each.key not in lost]
    assert brute(supply, kept)
    for each in wanted:
        if each.key in lost:
            before = [one for one in kept if wanted.index(one) < wanted.index(each)]
            assert not brute(supply, [*before, each])


@settings(deadline=None)
@given(worlds(), spans)
def test_what_is_not_connected_shares_no_day(
    world: tuple[Supply, list[Wanted]], span: tuple[int, int]
) -> None:
    """A booking that is at risk on other days must not block a type."""
    _, wanted = world
    near = connected(wanted, *span)
    apart = [each for each in wanted if each not in near]
    for one, other in product(apart, [*near, Wanted("", *span, 1)]):
        assert not one.overlaps(other.first, other.until)


def test_three_overlapping_bookings_leave_none_and_then_one() -> None:
    """Worked example 6."""
    supply = Supply(frozenset(TAGS), 0)
    standing = [Wanted("a", 1, 6, 1), Wanted("b", 4, 9, 1), Wanted("c", 5, 12, 1)]
    assert free_over(supply, standing, 5, 6) == 0
    assert free_over(supply, standing, 6, 9) == 1


def test_no_single_kit_is_free_though_one_is_left_each_day() -> None:
    """Worked example 7: chosen kits one after the other."""
    supply = Supply(frozenset("AB"), 0)
    pinned = [Wanted("a", 1, 6, 1, ("A",)), Wanted("b", 6, 11, 1, ("B",))]
    assert free_by_day(2, pinned, 4, 8) == [1, 1, 1, 1]
    assert free_over(supply, pinned, 4, 8) == 0
    free = [Wanted("a", 1, 6, 1), Wanted("b", 6, 11, 1)]
    assert free_over(supply, free, 4, 8) == 1


def test_a_booking_at_risk_elsewhere_blocks_nothing() -> None:
    """Two want the one kit in May; in June it is free, and a chosen kit changes nothing."""
    supply = Supply(frozenset("A"), 0)
    standing = [Wanted("a", 1, 6, 1, ("A",)), Wanted("b", 1, 6, 1)]
    assert at_risk(supply, standing) == {"b"}
    assert free_over(supply, standing, 6, 9) == 1
    assert free_over(supply, standing, 6, 9, ("A",)) == 1


def test_what_is_overdue_is_away_without_end() -> None:
    """Pinakes counted it free on the day after it was due, and lent it twice."""
    supply = Supply(frozenset("A"), 0, (Out("A", 0, FOREVER),))
    assert date.max.toordinal() < FOREVER
    assert free_over(supply, [], 5_000, 5_005) == 0


def test_a_search_that_is_too_long_promises_nothing() -> None:
    """No booking may hang the desk."""
    many = [Wanted(f"b{n}", n % 7, n % 7 + 9 + n % 5, 1, (f"K{n}",)) for n in range(20)]
    many += [Wanted(f"c{n}", n % 11, n % 11 + 6, 1) for n in range(40)]
    supply = Supply(frozenset(f"K{n}" for n in range(20)), 0)
    assert can_assign(supply, many) in (True, False)
