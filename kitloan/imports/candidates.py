"""A table that may be a register: its columns understood, and what its lines identify."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from kitloan.imports.columns import Guess, guess
from kitloan.imports.entries import PLANNED, Layout
from kitloan.imports.headings import plain_header, squeeze
from kitloan.imports.mapfile import Map
from kitloan.imports.refusals import check_map_gives_once
from kitloan.imports.rows import Column
from kitloan.imports.sheets import is_blank, letter
from kitloan.imports.tables import Table
from kitloan.imports.values import shown
from kitloan.imports.weeks import ColumnDays, column_of, spans_of
from kitloan.text.names import fold


@dataclass(slots=True)
class Candidate:
    """A table on its way to being rows."""

    table: Table
    guesses: list[Guess]
    layout: Layout
    kind: str = "holdings"
    why: str = "is a register of things"
    spans: dict[int, ColumnDays] = field(default_factory=dict)
    now: int | None = None
    _numbers: frozenset[str] | None = None
    _signatures: Counter[tuple[str, ...]] | None = None

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of its things; found when first asked for, as a single table needs none."""
        if self._numbers is None:
            self._numbers = frozenset(_numbers_of(self.layout))
        return self._numbers

    @property
    def is_numbered(self) -> bool:
        """Whether any of its things has a number."""
        return any(True for _ in _numbers_of(self.layout))

    @property
    def signatures(self) -> Counter[tuple[str, ...]]:
        """What identifies its things that have no numbers, and how often."""
        if self._signatures is None:
            self._signatures = _signatures_of(self.layout)
        return self._signatures


def understand(table: Table, wanted: Map, today: date, known: frozenset[str]) -> Candidate:
    """A table with a guess for each of its columns."""
    mapped = dict(wanted.columns)
    if not table.alone:  # the tables beside one another share the answer about a heading
        for header in table.headers.values():
            if fold(plain_header(header)) in mapped:
                mapped.setdefault(fold(header), mapped[fold(plain_header(header))])
    if table.made_by:
        for header in table.headers.values():
            key = squeeze(plain_header(header))
            if key in table.made_by.columns and plain_header(header) == header:
                mapped.setdefault(fold(header), table.made_by.columns[key])
    coded = _coded_columns(table) - mapped.keys()
    mapped |= dict.fromkeys(coded, "status")
    guesses = guess(table.sheet, table.headers, table.lines, mapped, today, known)
    for one in guesses:
        if fold(one.header) in coded:
            one.evidence = ("the key beneath the table explains its codes",)
    check_map_gives_once(table.sheet, guesses, wanted)
    spans = _plan(table, guesses, wanted, today)
    each = Candidate(table, guesses, Layout(table.sheet, {}, (), 0))
    each.spans, each.now = spans, column_of(spans, today)
    each.layout = lay_out(each, wanted)
    return each


def _plan(table: Table, guesses: list[Guess], wanted: Map, today: date) -> dict[int, ColumnDays]:
    """The days, weeks or months of a table that plans its loans; one answer is about them all."""
    spans = {} if table.made_by else spans_of(table.headers, today)
    plan = [one for one in guesses if one.index in spans]
    words = sum(one.found.texts - one.found.yes_no - one.found.statuses for one in plan)
    if words * 2 <= sum(one.found.filled for one in plan):
        return {}
    answers = {wanted.columns[key] for one in plan if (key := fold(one.header)) in wanted.columns}
    if answers - {PLANNED, ""}:
        return {}
    for one in plan:
        one.field = PLANNED if PLANNED in answers else None
        one.mapped = bool(answers)
        one.evidence = ("its heading is a day, a week or a month",)
    return spans


def _coded_columns(table: Table) -> set[str]:
    """The folded headings of columns that hold nothing but codes of the key beneath the table."""
    if table.legend is None:
        return set()
    codes = table.legend.meanings.keys()
    found = set()
    for index, header in table.headers.items():
        values = {fold(shown(v)) for n in table.lines if not is_blank(v := n.value(index))}
        if values and values <= codes:
            found.add(fold(header))
    return found


def lay_out(each: Candidate, wanted: Map) -> Layout:
    """The layout of a table, by the guesses as they are now."""
    table = each.table
    columns = {
        one.index: Column(
            table.sheet.name,
            one.header,
            one.field,
            letter(one.index),
            _evidence(one, table),
            tuple(one.found.samples),
        )
        for one in each.guesses
    }
    answer = wanted.sheets.get(fold(table.sheet.name))
    fields = {one.field for one in each.guesses if one.found.filled}
    return Layout(
        table.sheet,
        columns,
        table.lines,
        table.width if table.alone else max((len(x.values) for x in table.lines), default=0),
        {one.index: one.found for one in each.guesses},
        table.alone,
        table.made_by,
        _type_columns(each),
        table.header_row,
        is_below=table.is_below,
        spans=each.spans,
        now=each.now,
        codes=table.legend.meanings if table.legend else {},
        is_loans=each.kind == "loans",
        is_log=answer == "loan_log" or bool(fields & {"returned_on", "out_on"}),
    )


def _evidence(one: Guess, table: Table) -> tuple[str, ...]:
    if one.mapped and table.made_by and squeeze(one.header) in table.made_by.columns:
        return (f"the export of {table.made_by.name} has it so",)
    return one.evidence


def filled_fields(each: Candidate) -> set[str]:
    return {one.field for one in each.guesses if one.field and one.found.filled}


def _type_columns(each: Candidate) -> tuple[int, ...]:
    """Of an export whose thing is named by one of several columns, their positions."""
    made_by = each.table.made_by
    if made_by is None or not made_by.type_from:
        return ()
    positions = {squeeze(one.header): one for one in each.guesses}
    found = [positions[name] for name in made_by.type_from if name in positions]
    if not found:
        return ()
    filled = [one for one in found if one.found.filled]
    first = (filled or found)[0]
    for one in found:
        if one.field == "type" and one is not first:
            one.field = None
    first.field = "type"
    return tuple(one.index for one in found)


def _numbers_of(layout: Layout) -> Iterator[str]:
    place = layout.place("asset_number") or layout.place("tag")
    if place is None:
        return
    for line in layout.lines:
        if not is_blank(value := line.value(place[0])):
            yield fold(shown(value))


def _signatures_of(layout: Layout) -> Counter[tuple[str, ...]]:
    places = [layout.place(name) for name in ("type", "location", "serial")]
    if places[0] is None:
        return Counter()
    return Counter(
        tuple(fold(shown(layout.sheet.value(line, place[0]))) if place else "" for place in places)
        for line in layout.lines
        if not is_blank(layout.sheet.value(line, places[0][0]))
    )
