"""What leaves ESP: which parts of a nation's uses have their learners hidden, and why.

A reader has the papers about other parts, and of other days, and subtracts. So the parts are
protected as one table, with the tables that are printed beside them, and a part is shown on a day
only where nobody can work out a few learners from an earlier day's paper. The rules of one table
are in `kitloan.evidence.disclosure`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import combinations, groupby
from typing import TypeAlias

from kitloan.audit.census import Census
from kitloan.audit.counted_uses import (
    OF_SCHOOL,
    DatedLearners,
    Days,
    KeyOfUses,
    Reach,
    Uses,
    least_of_school,
    part_keys,
    reaches_by,
)
from kitloan.evidence.disclosure import (
    HIDDEN,
    SMALL,
    hidden_parts,
    may_split_council,
    protect,
)

FEW = "\0few"
"""In place of a council with too few schools served; no council has that name."""


def small_councils(groups: Iterable[Uses], council: KeyOfUses) -> frozenset[str]:
    """Councils of which no split is given: those with too few schools served."""
    uses: Counter[tuple[str, str]] = Counter()
    for each in groups:
        if each.used and (name := council(each)):
            uses[name, each.school] += each.many
    served = Counter(name for (name, _), many in uses.items() if many > 0)
    return frozenset(name for name, many in served.items() if not may_split_council(many))


def _with_one_more(few: Set[str], groups: Iterable[Uses], council: KeyOfUses) -> frozenset[str]:
    """Those councils; with the next smallest where a single one would follow."""
    if len(few) != 1:
        return frozenset(few)
    served: dict[str, set[str]] = defaultdict(set)
    for each in groups:
        if each.used and (name := council(each)) and name not in few:
            served[name].add(each.school)
    rest = sorted((len(schools), name) for name, schools in served.items())
    return frozenset(few | {name for _, name in rest[:1]})


def hidden_of(
    census: Census, days: Days, before: Mapping[str, Set[str]] | None = None
) -> dict[str, set[str]]:
    """What is hidden of a nation's uses, printed by region, by each thing of `OF_SCHOOL`, by band.

    All of these tables are of the same people, so they are protected together; a region is hidden
    too where another day's paper would give a few away.

    Args:
        census: what is counted.
        days: uses by their days.
        before: what was hidden in an earlier paper of the same year, and is still.
    """
    keys = part_keys(census)
    few = small_councils(days.groups, keys["council"])
    few = _with_one_more(few, days.groups, keys["council"]) if before is None else few
    names = ("region", *OF_SCHOOL)
    counts: Counter[tuple[str, ...]] = Counter()
    places: dict[tuple[str, str], tuple[str, ...]] = {}
    for each in days.groups:
        if not (each.used and each.bands):
            continue
        place = each.college, each.school
        parts = places.get(place)
        if parts is None:
            region, council, *rest = (keys[name](each) for name in names)
            parts = places[place] = (region, FEW if council in few else council, *rest)
        for name, of in each.bands.items():
            counts[(*parts, name)] += of.learners
    forced: list[set[str]] = [set() for _ in (*names, "band")]
    forced[0] = unsettled(days, keys["region"])
    if before is not None:
        forced = [one | before[name] for one, name in zip(forced, (*names, "band"), strict=True)]
    found = hidden_parts(counts, forced) or forced
    hidden = dict(zip((*names, "band"), found, strict=True))
    hidden["council"] |= few
    return hidden


def hidden_still(
    census: Census, first: Days, now: Days
) -> tuple[dict[str, set[str]], dict[str, set[str]] | None]:
    """What is hidden of the first paper about a year, and of one that has what came since.

    A part that only the later one hides would follow from the first. So what the first hides is
    hidden in both, and there is no later one where more would have to be, but for councils that are
    new in it and have few schools served.
    """
    before = hidden_of(census, first)
    if first is now:
        return before, before
    after = hidden_of(census, now, before)
    council = part_keys(census)["council"]
    known: Counter[str] = Counter()
    for each in first.groups:
        known[council(each)] += each.many
    new = {name for name in after["council"] - before["council"] if known[name] <= 0}
    of_council = before["council"] | new
    is_same = after == before | {"council": of_council} and len(of_council) != 1
    return before, after if is_same else None


def may_show_part(census: Census, days: Days) -> bool:
    """Whether the learners of a part may be shown beside those of the whole, and of other parts.

    A reader has the reports of the other parts too, and subtracts. So the parts are protected as
    one table, and a part is shown when it is shown there. Of two ways of narrowing at once nothing
    is shown, because no one table has both.
    """
    scope = census.scope
    given = [
        name
        for name in ("donor", "gift", "college", "region", "type")
        if getattr(scope, name) is not None
    ]
    if not given:
        return True
    if len(given) > 1:
        return False
    if unsettled(days, lambda each: _OURS if each.in_scope else None):
        return False
    (name,) = given
    keys = part_keys(census)
    region = keys["region"]
    around = keys[_AROUND[name]] if name in _AROUND else None
    parts: set[str] = set() if around is None else _in_scope_by(days.groups, around)
    if around is not None and parts & hidden_parts_of(days, around):
        return False  # a part of a part: both are shown, or neither
    shown = hidden_of(census, days)
    if name in ("region", "college") and _in_scope_by(days.groups, region) & shown["region"]:
        return False
    if name == "region":
        return not _in_scope_by(days.groups, region) & hidden_parts_of(days, region)

    def part_of(each: Uses) -> str:
        return _OURS if each.in_scope else keys[name](each)

    def is_beside(each: Uses) -> bool:
        return around is None or around(each) in parts

    if _OURS in hidden_parts_of(days, lambda each: part_of(each) if is_beside(each) else None):
        return False
    if _in_scope_by(days.groups, keys[name]) & _hidden_beside(days, keys, shown)[name]:
        return False
    if name == "college":
        return True
    others = [
        _whole(keys[each])
        for each in ("region", "college", "type", "donor", *OF_SCHOOL)
        if each != name
    ]
    beside = [each for each in days.groups if is_beside(each)]
    return _OURS not in _crossed(beside, part_of, [*others, _by_band])


_AROUND = {"college": "region", "gift": "donor"}
_PAPERS = ("donor", "gift", "type", "college")
"""Parts of a nation that have papers of their own, apart from regions."""


def _hidden_beside(
    days: Days, keys: Mapping[str, "KeyOfUses"], shown: Mapping[str, Set[str]]
) -> dict[str, set[str]]:
    """What is hidden of the papers about parts, beside each other and the nation's tables.

    A reader has several: a region less the donors whose kits are nowhere else is what remains.
    So each two ways of dividing the uses are protected as one table. What the nation's own tables
    hide was decided before; where they would have to hide more, the papers do.

    Args:
        days: uses by their days.
        keys: the part that a use is in.
        shown: what is hidden of the nation's tables; see `hidden_of`.
    """
    hidden = {name: _hidden_within(days, keys[name], _parent(keys, name)) for name in _PAPERS}
    pairs = [(name, other) for name in _PAPERS for other in shown]
    pairs += list(combinations(_PAPERS, 2))
    counts = {pair: _counts_by(days.groups, keys, *pair, shown) for pair in pairs}
    before = -1
    while before != (before := sum(map(len, hidden.values()))):
        for (name, other), of_pair in counts.items():
            both = hidden_parts(of_pair, [hidden[name], hidden.get(other, set())])
            hidden[name] |= both[0]
            if other in hidden:
                hidden[other] |= both[1]
            else:
                hidden[name] |= {one for (one, part), n in of_pair.items() if n and part in both[1]}
    return hidden


def _parent(keys: Mapping[str, "KeyOfUses"], name: str) -> "KeyOfUses":
    """What a part is a part of, with papers of its own; else the nation, which is one."""
    of = _AROUND.get(name)
    return (lambda each: "") if of is None else keys[of]


def _hidden_within(days: Days, part_of: "KeyOfUses", parent_of: "KeyOfUses") -> set[str]:
    """The parts that are hidden beside the others of what they are parts of."""
    reaches = reaches_by(days.groups, lambda each: (parent_of(each), part_of(each)))
    hidden = unsettled(days, part_of)
    for _, some in groupby(sorted(reaches), lambda place: place[0]):
        places = list(some)
        forced = {at for at, (_, part) in enumerate(places) if part in hidden}
        lines = _hidden_lines([reaches[place] for place in places], forced)
        hidden |= {part for at, (_, part) in enumerate(places) if at in lines}
    return hidden


def _counts_by(
    groups: Iterable[Uses],
    keys: Mapping[str, "KeyOfUses"],
    one: str,
    other: str,
    shown: Mapping[str, Set[str]],
) -> Counter[tuple[str, ...]]:
    """Learners by two of their parts; what is hidden of a nation's table is one part, the rest.

    Of forms, which have no band, each is as one learner.
    """
    found: Counter[tuple[str, ...]] = Counter()
    rest = shown.get(other, frozenset())
    for each in groups:
        if each.used:
            shares = _by_band(each) if other == "band" else ((keys[other](each), each.learners),)
            for part, learners in shares:
                found[keys[one](each), FEW if part in rest else part] += learners
    return found


def unsettled(days: Days, part_of: "_PartOf") -> set[str]:
    """The parts whose learners another day's paper would give away.

    Args:
        days: uses by their days.
        part_of: the part that a use is in; None for one that does not matter.
    """
    before: dict[str | None, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for each in days.groups:
        part = part_of(each)
        for name, of in each.bands.items():
            if of.before:
                there = before[part][each.school]
                there[name] = max(of.before, there.get(name, 0))
    last = _by_part(days.last, part_of)
    found: set[str] = set()
    open_: set[str] = set()
    for part in {*before, *last}:
        if part is None:
            continue
        settled = is_settled(last[part], before.get(part, {}), days.since)
        if settled is None:
            open_.add(part)
        elif not settled:
            found.add(part)
    if open_:
        colleges = {each.college for each in days.groups if part_of(each) in open_}
        every = _by_part(days.read("", colleges), part_of)
        found |= {part for part in open_ if not is_settled(every[part])}
    return found


def _by_part(
    dated: Iterable[DatedLearners], part_of: "_PartOf"
) -> dict[str | None, list[DatedLearners]]:
    found: dict[str | None, list[DatedLearners]] = defaultdict(list)
    for each in dated:
        found[part_of(each.of)].append(each)
    return found


def is_settled(
    dated: Sequence[DatedLearners], before: Mapping[str, Mapping[str, int]] = {}, since: str = ""
) -> bool | None:
    """Whether the learners of a part may be shown on this day, beside any earlier day's.

    A reader has the papers of other days, and subtracts. So what came since a day on which they
    were shown must be none, or five and more, of the learners and of the least of them: until
    it is, they are hidden. Papers come in the order in which uses were recorded, and those
    of an earlier day in the order in which they happened; it must hold in both.

    Args:
        dated: the part's uses; those that were known on `since` or later.
        before: the largest groups that were known before, by school and band.
        since: from when on there is each use.

    Returns:
        None where it depends on a day before `since`.
    """
    found = [
        _is_settled_by(dated, before, since, day)
        for day in (lambda each: each.on, lambda each: each.known)
    ]
    return False if False in found else None if None in found else True


def _is_settled_by(
    dated: Sequence[DatedLearners],
    before: Mapping[str, Mapping[str, int]],
    since: str,
    day: Callable[[DatedLearners], str],
) -> bool | None:
    largest = {school: dict(bands) for school, bands in before.items()}
    earlier = [each for each in dated if day(each) < since]
    for each in earlier:  # known later than they were
        _raise(largest, each)
    shown = None if before or earlier else (0, 0)
    now = (0, 0)
    for _, some in groupby(sorted((e for e in dated if day(e) >= since), key=day), day):
        then = now
        for each in some:
            now = now[0] + each.learners, now[1] + _raise(largest, each)
        if shown is None:
            # They were shown on some day before. Whichever it was, so many and more came since.
            if all(new - old >= SMALL for new, old in zip(now, then, strict=True)):
                shown = now
        elif not any(0 < new - old < SMALL for new, old in zip(now, shown, strict=True)):
            shown = now
    return None if shown is None else now == shown


def _raise(largest: dict[str, dict[str, int]], each: DatedLearners) -> int:
    """Take a group into the largest of its school; gives by how much the least of it rises."""
    there = largest.setdefault(each.of.school, {})
    if not each.band or each.learners <= there.get(each.band, 0):
        return 0
    least = least_of_school(there)
    there[each.band] = each.learners
    return least_of_school(there) - least


def _whole(key: "KeyOfUses") -> "_Shares":
    """A use is in one part, with all of its learners."""
    return lambda each: ((key(each), each.learners),)


def _by_band(each: Uses) -> Iterable[tuple[str, int]]:
    return [(name, of.learners) for name, of in each.bands.items()]


_PartOf: TypeAlias = Callable[[Uses], str | None]
_Shares: TypeAlias = Callable[[Uses], Iterable[tuple[str, int]]]
_OURS = "\0"
"""The part that a report is about; no donor, type or college has that name."""


def _in_scope_by(groups: Iterable[Uses], key: KeyOfUses) -> set[str]:
    return {key(each) for each in groups if each.in_scope}


def hidden_parts_of(days: Days, part_of: "_PartOf") -> set[str]:
    """The parts whose learners may not be printed beside the totals of all parts."""
    reaches = reaches_by(days.groups, part_of)
    reaches.pop(None, None)
    parts = sorted(part for part in reaches if part is not None)
    forced = {parts.index(part) for part in unsettled(days, part_of) if part in reaches}
    hidden = _hidden_lines([reaches[each] for each in parts], forced)
    return {part for at, part in enumerate(parts) if at in hidden}


def _hidden_lines(reaches: Sequence[Reach], forced: Set[int]) -> set[int]:
    """Which parts are hidden, so that neither learners nor the least of them can be worked out."""
    return {
        at
        for counts in (
            [[each.learner_engagements] for each in reaches],
            [[each.at_least] for each in reaches],
        )
        for at, line in enumerate(protect(counts, forced).lines)
        if line == HIDDEN
    }


def _crossed(groups: Iterable[Uses], part_of: KeyOfUses, others: Sequence[_Shares]) -> set[str]:
    """Parts that would give away a small count of another table: a region's, less the part's.

    Where it is one part alone, the next smallest goes with it: the total less the rest is it.
    """
    cells: Counter[tuple[str, int, str]] = Counter()
    wholes: Counter[tuple[int, str]] = Counter()
    sums: Counter[str] = Counter()
    for each in groups:
        if not each.used:
            continue
        part = part_of(each)
        sums[part] += each.learners
        for number, shares in enumerate(others):
            for other, learners in shares(each):
                cells[part, number, other] += learners
                wholes[number, other] += learners
    found = {
        part
        for (part, number, other_part), count in cells.items()
        if 0 < count < SMALL or 0 < wholes[number, other_part] - count < SMALL
    }
    rest = [(count, part) for part, count in sums.items() if count and part not in found]
    return found | {part for _, part in sorted(rest)[:1]} if len(found) == 1 else found
