"""What is free: day counts, and an exact assignment where kits are chosen beforehand. Pure.

Days are ordinals (`date.toordinal`), spans are half open: `[first, until)`. A type's kits are alike
until one is chosen, by a booking that names it or by the loan that it is out on. While none is, a
day count is exact: where on no day more are wanted than there are, there is an assignment. With
chosen kits it is not, so an assignment is searched for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from kitloan.text.dates import FOREVER

MOST_STEPS = 3_000
"""How far an assignment is searched for. What takes longer is not promised."""


@dataclass(frozen=True, slots=True)
class Out:
    """Kits that are away on a loan, of one holding."""

    tag: str
    first: int
    until: int
    count: int = 1
    loan: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Kits that a booking is promised, or that are asked for.

    Attributes:
        key: the booking's.
        first: the first day on which they are taken.
        until: the day after the last.
        count: how many kits.
        pins: of those, the kits that are chosen, by tag.
    """

    key: str
    first: int
    until: int
    count: int
    pins: tuple[str, ...] = ()

    def overlaps(self, first: int, until: int) -> bool:
        """Whether they are taken on one of these days."""
        return self.first < until and first < self.until


@dataclass(frozen=True, slots=True)
class Supply:
    """What a college can lend of a type.

    Attributes:
        kits: single kits that can be used, by tag, also while they are out.
        loose: how many there are in stocks of loose things.
        out: the loans of those.
    """

    kits: frozenset[str]
    loose: int
    out: tuple[Out, ...] = ()

    @property
    def capacity(self) -> int:
        """How many there are."""
        return len(self.kits) + self.loose


Span = tuple[int, int]
Taken = Out | Wanted


def free_by_day(capacity: int, taken: Iterable[Taken], first: int, until: int) -> list[int]:
    """How many are left on each day from `first`, before `until`; below zero where too few are."""
    change: defaultdict[int, int] = defaultdict(int)
    for each in taken:
        if each.first < until and first < each.until:
            change[max(each.first, first)] -= each.count
            change[min(each.until, until)] += each.count
    left, days = capacity, []
    for day in range(first, until):
        left += change[day]
        days.append(left)
    return days


def free_over(
    supply: Supply,
    standing: Sequence[Wanted],
    first: int,
    until: int,
    pins: tuple[str, ...] = (),
) -> int:
    """How many can be promised over a span, `pins` among them; 0 when those cannot be.

    A booking on other days that already cannot be kept does not prevent it.

    Args:
        supply: what there is.
        standing: the bookings that are promised, those to be kept first first.
        first: the first day.
        until: the day after the last.
        pins: kits that must be among them.
    """
    most = min(free_by_day(supply.capacity, (*supply.out, *standing), first, until), default=0)
    most = max(0, most)
    if most < max(1, len(pins)) or not (pins or any(each.pins for each in standing)):
        return most if most >= len(pins) else 0
    near = connected(standing, first, until)
    if not (pins or any(each.pins for each in near)):
        return most
    lost = at_risk(supply, near)
    kept = [each for each in near if each.key not in lost]
    low, high = 0, most
    while low < high:  # what can be promised can be promised of fewer
        middle = max((low + high + 1) // 2, len(pins))
        if can_assign(supply, [*kept, Wanted("", first, until, middle, pins)]):
            low = middle
        elif middle == len(pins):
            return low
        else:
            high = middle - 1
    return low


def connected(standing: Sequence[Wanted], first: int, until: int) -> list[Wanted]:
    """The bookings that overlap a span, directly or through others; in their order."""
    near: set[int] = set()
    grew = True
    while grew:
        grew = False
        for number, each in enumerate(standing):
            if number not in near and each.overlaps(first, until):
                near.add(number)
                if each.first < first or each.until > until:
                    first, until = min(first, each.first), max(until, each.until)
                    grew = True
    return [each for number, each in enumerate(standing) if number in near]


def at_risk(supply: Supply, standing: Sequence[Wanted]) -> set[str]:
    """The keys of bookings that cannot all be kept; the last of `standing` lose first."""
    if can_assign(supply, standing):
        return set()
    kept: list[Wanted] = []
    lost: set[str] = set()
    for each in standing:
        if each.key not in lost and can_assign(supply, [*kept, each]):
            kept.append(each)
        else:
            lost.add(each.key)
            kept = [other for other in kept if other.key != each.key]
    return lost


def can_assign(supply: Supply, wanted: Sequence[Wanted]) -> bool:
    """Whether every one of `wanted` can have its kits over the whole of its span."""
    if not wanted:
        return True
    pinned = any(each.pins for each in wanted)
    if not _enough_by_day(supply, wanted):
        return False
    if not pinned:
        return True
    fixed: dict[str, list[Span]] = {tag: [] for tag in supply.kits}
    loose: list[Wanted] = []
    for gone in supply.out:
        if gone.tag in fixed:
            fixed[gone.tag].append((gone.first, gone.until))
        else:
            loose.append(Wanted("", gone.first, gone.until, gone.count))
    for each in wanted:
        for tag in each.pins:
            if tag not in fixed:
                return False
            fixed[tag].append((each.first, each.until))
        if each.count > len(each.pins):
            loose.append(replace(each, count=each.count - len(each.pins), pins=()))
    for spans in fixed.values():
        spans.sort()
        if any(one[1] > other[0] for one, other in pairwise(spans)):
            return False
    return _search(fixed, supply.loose, loose)


def _enough_by_day(supply: Supply, wanted: Sequence[Wanted]) -> bool:
    change: defaultdict[int, int] = defaultdict(int)
    begin = min(each.first for each in wanted)
    taken_ever: list[Taken] = [*supply.out, *wanted]
    for each in taken_ever:
        if each.until > begin:
            change[max(each.first, begin)] += each.count
            change[each.until] -= each.count
    starts = {each.first for each in wanted}
    taken, checked = 0, supply.capacity
    busy: list[Span] = [(each.first, each.until) for each in wanted]
    for day in sorted(change):
        taken += change[day]
        # Loans alone may be more than there is, on days that nobody asks for.
        over = taken > checked
        if over and (day in starts or any(a <= day < b for a, b in busy)):
            return False
    return True


Kit = tuple[int, tuple[Span, ...]]
"""A kit while searching: the day from which it is free, and the spans for which it is chosen."""


def _search(fixed: dict[str, list[Span]], loose: int, wanted: Sequence[Wanted]) -> bool:
    """Whether kits that are not chosen can be found for `wanted`, beside those that are."""
    units: list[Span] = sorted(
        (each.first, each.until) for each in wanted for _ in range(each.count)
    )
    if not units:
        return True
    plain = loose + sum(1 for spans in fixed.values() if not spans)
    if plain >= _most_at_once(units):
        return True
    kits: tuple[Kit, ...] = tuple(
        [(0, tuple(spans)) for spans in fixed.values() if spans] + [(0, ())] * plain
    )
    kits = _as_of(kits, units[0][0])
    failed: set[tuple[int, tuple[Kit, ...]]] = set()
    stack: list[Iterator[tuple[Kit, ...]]] = [_choices(kits, units[0])]
    steps = 0
    while stack:
        kits_now = next(stack[-1], None)
        if kits_now is None:
            stack.pop()
            continue
        number = len(stack)
        if number == len(units):
            return True
        steps += 1
        if steps > MOST_STEPS:
            return False
        first = units[number][0]
        state = (number, _as_of(kits_now, first))
        if state not in failed:
            failed.add(state)  # if it succeeds the search is over
            stack.append(_choices(state[1], units[number]))
    return False


def _most_at_once(units: Sequence[Span]) -> int:
    change: defaultdict[int, int] = defaultdict(int)
    for first, until in units:
        change[first] += 1
        change[until] -= 1
    most = now = 0
    for day in sorted(change):
        now += change[day]
        most = max(most, now)
    return most


def _as_of(kits: tuple[Kit, ...], day: int) -> tuple[Kit, ...]:
    """The same kits as seen from a day, in one order: the past makes no difference between two."""
    seen: list[Kit] = []
    for kit in kits:
        free, spans = kit
        if spans and spans[0][1] <= day:  # they are in order, and do not overlap
            spans = tuple([span for span in spans if span[1] > day])
        elif free >= day:
            seen.append(kit)
            continue
        seen.append((free if free > day else day, spans))
    seen.sort()
    return tuple(seen)


def _choices(kits: tuple[Kit, ...], unit: Span) -> Iterator[tuple[Kit, ...]]:
    """The kits after one of them took a span: the tightest gap first, each like kit once.

    The kits are seen from the first day of the span, so of what they are chosen for only the next
    can be in its way.
    """
    first, until = unit
    gaps: list[tuple[int, int]] = []
    before: Kit | None = None
    for number, kit in enumerate(kits):
        if kit == before:  # like kits follow one another
            continue
        before = kit
        free, spans = kit
        ends = spans[0][0] if spans else FOREVER
        if free <= first and until <= ends:
            gaps.append((ends, number))
    gaps.sort()
    for _, number in gaps:
        yield (*kits[:number], (until, kits[number][1]), *kits[number + 1 :])
