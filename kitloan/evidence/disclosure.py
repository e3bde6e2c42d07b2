"""What may be printed outside ESP, so that no child can be picked out. Pure.

Ten rules. A count of one to four is hidden, as `c`. A line with one hidden count and a total would
give it away, so the next smallest count that is not zero is hidden too. Where only one set of whole
numbers fits what is hidden, the whole split is. A line with a total under five is hidden with its
total. A percentage has a base over twenty, a mean of ratings five forms. A named school has no
split, a council only with five schools served. A split is of a whole academic year: quarters carry
totals, because a year less three quarters is the fourth. All of it works on true figures, last.

`protect` holds for a table with totals of lines and of columns. It then looks at each hidden count
as a reader could: as one unknown of the sums that are printed. Such a table is a flow network (each
count adds to one line and one column), so a hidden count is open to a second value exactly where
it is on a cycle along which counts can move by one. What is on none can be worked out, and more is
hidden until nothing can.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Literal, TypeAlias

HIDDEN: Literal["c"] = "c"
"""A count that is hidden, because it is small, or because a small one would follow from it."""
NOT_KNOWN: Literal["x"] = "x"
"""Nobody knows it."""
NOT_APPLICABLE: Literal["z"] = "z"
"""There is nothing to count."""
MARKS: Mapping[str, str] = {
    HIDDEN: "hidden, so that no person can be recognised",
    NOT_KNOWN: "not known",
    NOT_APPLICABLE: "does not apply",
}
"""The marks in words, as a note under a table has them."""

SMALL = 5
"""Counts below it are hidden, except none."""
LEAST_BASE = 21
"""The smallest base of a percentage."""
LEAST_FORMS = 5
"""The fewest forms of which a mean is given."""
LEAST_SCHOOLS = 5
"""The fewest schools served in a council of which a split is given."""

Shown: TypeAlias = int | Literal["c", "x", "z"]
"""A count as it may be printed, or a mark."""


@dataclass(frozen=True, slots=True)
class Protected:
    """A table as it may be printed.

    Attributes:
        cells: by line and column.
        lines: the total of each line.
        columns: the total of each column.
        total: of everything.
    """

    cells: tuple[tuple[Shown, ...], ...]
    lines: tuple[Shown, ...]
    columns: tuple[Shown, ...]
    total: Shown


def protect_line(counts: Sequence[int]) -> tuple[tuple[Shown, ...], Shown]:
    """One line, a split and its total, that no other table adds to.

    Args:
        counts: the true counts of the split, which add up to the total.

    Returns:
        The split and the total as they may be printed.
    """
    total = sum(counts)
    if 0 < total < SMALL:
        return (HIDDEN,) * len(counts), HIDDEN
    hidden = _hidden_of_line(counts)
    return tuple(HIDDEN if at in hidden else each for at, each in enumerate(counts)), total


def protect(
    table: Sequence[Sequence[int]],
    totals: Set[int] = frozenset(),
    cells: Set[tuple[int, int]] = frozenset(),
) -> Protected:
    """A table whose lines, columns and grand total are printed with it.

    Args:
        table: the true counts: lines of the same length.
        totals: lines whose counts and totals are hidden, whatever they are.
        cells: counts that are hidden, whatever they are, by line and column; the total of a line
            is in the column after its last.

    Returns:
        What may be printed: no hidden count follows from what is shown, whatever is added up.
    """
    width = len(table[0]) if table else 0
    forced = {(i, j) for i in totals for j in range(width + 1) if (*table[i], sum(table[i]))[j]}
    return _protect(table, forced | cells, zeros_known=False)


def _protect(
    table: Sequence[Sequence[int]], forced: Set["_Cell"], *, zeros_known: bool
) -> Protected:
    """Protect a table and hide these totals of it too; where `zeros_known`, no zero is hidden."""
    width = len(table[0]) if table else 0
    lines = [sum(line) for line in table]
    columns = [sum(line[at] for line in table) for at in range(width)]
    # The totals are a line and a column like the others: each adds up to the last of its own.
    values = [[*line, total] for line, total in zip(table, lines, strict=True)]
    values.append([*columns, sum(lines)])
    hidden = _Table(values, forced, zeros_known=zeros_known).hidden()
    shown = [
        tuple(HIDDEN if (i, j) in hidden else value for j, value in enumerate(line))
        for i, line in enumerate(values)
    ]
    return Protected(
        cells=tuple(line[:-1] for line in shown[:-1]),
        lines=tuple(line[-1] for line in shown[:-1]),
        columns=shown[-1][:-1],
        total=shown[-1][-1],
    )


def hidden_parts(
    counts: Mapping[tuple[str, ...], int], forced: Sequence[Set[str]] = ()
) -> list[set[str]]:
    """Which totals are hidden where the same people are printed in several tables of one line each.

    A reader knows which parts lie in which: learners of S1 to S3 are in secondary schools, and none
    are in primary schools. So each two of the tables are protected as one that has both, again
    until none hides more. Printed is less than those tables, so nothing follows from it.

    Args:
        counts: true counts, by the part that they are in, in two tables or more: region, sector.
        forced: of each table, parts that are hidden whatever they count.

    Returns:
        The parts to hide of each table, in the order of the keys.
    """
    width = len(next(iter(counts), ()))
    hidden = [set(each) for each in forced] or [set[str]() for _ in range(width)]
    pairs = [_Pair(counts, *each) for each in combinations(range(width), 2)]
    before = -1
    while before != (before := sum(map(len, hidden))):  # what one hides, another may give away
        for pair in pairs:
            if not pair.hide(hidden):
                return [{parts[at] for parts in counts} for at in range(width)]
    return hidden


class _Pair:
    """Two tables of the same people as one: lines are parts of the one, columns of the other."""

    def __init__(self, counts: Mapping[tuple[str, ...], int], one: int, other: int) -> None:
        self._at = one, other
        self._cells: Counter[tuple[str, str]] = Counter()
        for parts, count in counts.items():
            self._cells[parts[one], parts[other]] += count
        self._lines = sorted({line for line, _ in self._cells})
        self._columns = sorted({column for _, column in self._cells})

    def hide(self, hidden: list[set[str]]) -> bool:
        """Add what must be hidden of both; False when even the sum of all must be."""
        one, other = self._at
        table = [[self._cells[line, column] for column in self._columns] for line in self._lines]
        forced = {(i, len(self._columns)) for i in _places(self._lines, hidden[one])}
        forced |= {(len(self._lines), j) for j in _places(self._columns, hidden[other])}
        safe = _protect(table, forced, zeros_known=True)
        hidden[one] |= _marked(self._lines, safe.lines)
        hidden[other] |= _marked(self._columns, safe.columns)
        return safe.total != HIDDEN


def _places(parts: Sequence[str], some: Set[str]) -> set[int]:
    return {at for at, part in enumerate(parts) if part in some}


def _marked(parts: Sequence[str], totals: Sequence[Shown]) -> set[str]:
    return {part for part, total in zip(parts, totals, strict=True) if total == HIDDEN}


def percentage(part: int, base: int) -> int | Literal["c"]:
    """A share in whole per cent; hidden on a base of twenty or fewer, or of a small count."""
    if base < LEAST_BASE or 0 < part < SMALL or 0 < base - part < SMALL:
        return HIDDEN
    return int((100 * part + base / 2) // base)


def ten_point_band(percent: int) -> str:
    """The ten-point band of a share in per cent: `50-60%`; the last is `90+%`."""
    return "90+%" if percent >= 90 else f"{percent // 10 * 10}-{percent // 10 * 10 + 10}%"


def mean_of_ratings(ratings: Sequence[int]) -> float | Literal["c"]:
    """The mean of ratings from 1 to 5, to one decimal; hidden of fewer than five forms."""
    if len(ratings) < LEAST_FORMS:
        return HIDDEN
    return round(sum(ratings) / len(ratings), 1)


def positive_ratings(ratings: Sequence[int]) -> str:
    """How many ratings are 4 or 5, in words; a percentage too where the base allows one."""
    if len(ratings) < LEAST_FORMS:
        return HIDDEN
    good = sum(each >= 4 for each in ratings)
    words = f"{good} of {len(ratings)} positive"
    share = percentage(good, len(ratings))
    return words if share == HIDDEN else f"{words} ({share}%)"


def may_split_council(schools_served: int) -> bool:
    """Whether figures of a council may be split: with five schools served, or more."""
    return schools_served >= LEAST_SCHOOLS


def academic_year(day: date) -> tuple[date, date]:
    """The first and the last day of the academic year that a day is in: 1 August to 31 July."""
    first = day.year if day.month >= 8 else day.year - 1
    return date(first, 8, 1), date(first + 1, 7, 31)


def whole_year(day: date) -> date:
    """The first day of the last academic year that is over at the end of a day."""
    first, last = academic_year(day)
    return first if day == last else date(first.year - 1, 8, 1)


def may_split_period(first: date, last: date) -> bool:
    """Whether a period may carry a split: one whole academic year, and nothing shorter."""
    return academic_year(first) == (first, last)


def alone(count: int) -> Shown:
    """A count that stands alone: a total that nothing else adds to."""
    return HIDDEN if 0 < count < SMALL else count


def _hidden_of_line(counts: Sequence[int]) -> set[int]:
    """Which counts of one line are hidden, so that its total gives none of them away."""
    hidden = {at for at, each in enumerate(counts) if 0 < each < SMALL}
    if len(hidden) == 1:
        rest = [(each, at) for at, each in enumerate(counts) if each and at not in hidden]
        hidden |= {at for _, at in sorted(rest)[:1]}
    if hidden and sum(counts[at] for at in hidden) == len(hidden):  # all ones: only one way
        return set(range(len(counts)))
    return hidden


_Cell: TypeAlias = tuple[int, int]


class _Table:
    """True counts with their totals as the last line and column, and what is hidden of them."""

    def __init__(
        self, values: Sequence[Sequence[int]], hidden: Set[_Cell], *, zeros_known: bool
    ) -> None:
        self._values, self._zeros_known = values, zeros_known
        self._height, self._width = len(values), len(values[0])
        self._hidden = set(hidden)

    def hidden(self) -> set[_Cell]:
        """What must be hidden."""
        self._small()
        while True:
            self._lines_by_the_rules()
            open_to_sums = self._exposed()
            if not open_to_sums:
                return self._hidden
            if not self._hide_more(open_to_sums):
                return {(i, j) for i in range(self._height) for j in range(self._width)}

    def _small(self) -> None:
        for i, line in enumerate(self._values):
            for j, value in enumerate(line):
                if 0 < value < SMALL:
                    self._hidden.add((i, j))
        for cells in self._all_lines():  # a total under five goes with its line
            *_, total = cells
            if 0 < self._value(total) < SMALL:
                self._hide(cells)

    def _hide(self, cells: Sequence[_Cell]) -> None:
        """Hide these, but for zeros that a reader knows of."""
        self._hidden.update(cell for cell in cells if self._value(cell) or not self._zeros_known)

    def _lines_by_the_rules(self) -> None:
        """No line has one hidden count, and no split has only one way, whatever hid it."""
        changed = True
        while changed:
            changed = False
            for cells in self._all_lines():
                ours = [cell for cell in cells if cell in self._hidden]
                if not ours:
                    continue
                if len(ours) == 1:
                    changed |= self._hide_smallest(cells)
                    continue
                split = cells[:-1]
                some = [cell for cell in split if cell in self._hidden]
                only_ones = sum(map(self._value, some)) == len(some)
                if some and only_ones and cells[-1] not in self._hidden:
                    before = len(self._hidden)
                    self._hide(split)
                    changed |= len(self._hidden) > before

    def _all_lines(self) -> Iterator[list[_Cell]]:
        """Each line and each column, its total last."""
        for i in range(self._height):
            yield [(i, j) for j in range(self._width)]
        for j in range(self._width):
            yield [(i, j) for i in range(self._height)]

    def _value(self, cell: _Cell) -> int:
        return self._values[cell[0]][cell[1]]

    def _hide_smallest(self, cells: Sequence[_Cell]) -> bool:
        """Hide the next smallest count of a line that is not zero; its total only at last."""
        split = [cell for cell in cells[:-1] if self._value(cell) and cell not in self._hidden]
        rest = split or [cell for cell in cells[-1:] if cell not in self._hidden]
        if not rest:
            return False
        self._hidden.add(min(rest, key=lambda cell: (self._value(cell), cell)))
        return True

    def _hide_more(self, exposed: Sequence[_Cell]) -> bool:
        """Hide one more count in the line or the column of each that could be worked out."""
        changed = False
        for i, j in exposed:
            column = [(at, j) for at in range(self._height)]
            line = [(i, at) for at in range(self._width)]
            changed |= self._hide_smallest(column) or self._hide_smallest(line)
        return changed

    def _exposed(self) -> list[_Cell]:
        """The hidden counts that have one value only, given the sums that are printed.

        A line is a node and so is a column. A hidden count joins the two: it can grow, and it can
        shrink while it is more than one, because a reader knows that nothing but none is shown as
        none. A total counts the other way.
        """
        if not self._hidden:
            return []
        arcs: dict[int, list[tuple[int, _Cell]]] = {}
        for cell in self._hidden:
            grows, shrinks = self._arcs(cell)
            arcs.setdefault(grows[0], []).append((grows[1], cell))
            if shrinks is not None:
                arcs.setdefault(shrinks[0], []).append((shrinks[1], cell))
        group = _strong_groups(arcs)
        free = self._on_cycles()
        exposed = []
        for cell in sorted(self._hidden):
            (tail, head), shrinks = self._arcs(cell)
            if cell in free:
                continue
            if group.get(tail) == group.get(head) and (
                shrinks is None
                or _reaches(arcs, tail, head, cell)
                or _reaches(arcs, head, tail, cell)
            ):
                continue
            exposed.append(cell)
        return exposed

    def _arcs(self, cell: _Cell) -> tuple[tuple[int, int], tuple[int, int] | None]:
        """The step between nodes by which a count grows, and the one by which it shrinks."""
        i, j = cell
        line, column = i, self._height + j
        is_total = (i == self._height - 1) != (j == self._width - 1)
        grows = (column, line) if is_total else (line, column)
        least = 1 if self._value(cell) else 0
        return grows, (grows[1], grows[0]) if self._value(cell) > least else None

    def _on_cycles(self) -> set[_Cell]:
        """Hidden counts on a cycle of counts that can all grow and shrink: most are."""
        edges: dict[int, list[tuple[int, _Cell]]] = {}
        for cell in self._hidden:
            (one, other), shrinks = self._arcs(cell)
            if shrinks is not None:
                edges.setdefault(one, []).append((other, cell))
                edges.setdefault(other, []).append((one, cell))
        bridges = _bridges(edges)
        return {cell for some in edges.values() for _, cell in some} - bridges


_Graph: TypeAlias = Mapping[int, Sequence[tuple[int, _Cell]]]


def _bridges(edges: _Graph) -> set[_Cell]:
    """The edges of an undirected graph that are on no cycle."""
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    found: set[_Cell] = set()
    for root in edges:
        if root in order:
            continue
        order[root] = low[root] = len(order)
        path: list[tuple[int, _Cell | None, Iterator[tuple[int, _Cell]]]] = [
            (root, None, iter(edges[root]))
        ]
        while path:
            node, came_by, rest = path[-1]
            for other, cell in rest:
                if cell == came_by:
                    continue
                if other in order:
                    low[node] = min(low[node], order[other])
                    continue
                order[other] = low[other] = len(order)
                path.append((other, cell, iter(edges[other])))
                break
            else:
                path.pop()
                if path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[node])
                    if low[node] > order[above] and came_by is not None:
                        found.add(came_by)
    return found


def _strong_groups(arcs: _Graph) -> dict[int, int]:
    """The strongly connected group of each node of a directed graph."""
    nodes = {*arcs, *(head for heads in arcs.values() for head, _ in heads)}
    backwards: dict[int, list[int]] = {}
    for tail, heads in arcs.items():
        for head, _ in heads:
            backwards.setdefault(head, []).append(tail)
    seen: set[int] = set()
    finished: list[int] = []
    for root in nodes:
        if root in seen:
            continue
        seen.add(root)
        path = [(root, iter(arcs.get(root, ())))]
        while path:
            node, rest = path[-1]
            for head, _ in rest:
                if head not in seen:
                    seen.add(head)
                    path.append((head, iter(arcs.get(head, ()))))
                    break
            else:
                finished.append(node)
                path.pop()
    group: dict[int, int] = {}
    for root in reversed(finished):
        if root in group:
            continue
        group[root] = root
        left = [root]
        while left:
            for tail in backwards.get(left.pop(), ()):
                if tail not in group:
                    group[tail] = root
                    left.append(tail)
    return group


def _reaches(arcs: _Graph, start: int, end: int, without: _Cell) -> bool:
    """Whether a node is reached from another without one count."""
    seen, left = {start}, [start]
    while left:
        for head, cell in arcs.get(left.pop(), ()):
            if cell == without or head in seen:
                continue
            if head == end:
                return True
            seen.add(head)
            left.append(head)
    return False
