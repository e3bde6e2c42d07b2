"""Where the tables of a sheet are: their headings, their columns, their lines.

A line is a heading for what is below it, never for its words alone: a line of data, whose words
come
again beneath, is none. Two lines of headings are joined ("Loan" over "To" is "Loan To"). One
sheet can
hold several tables: side by side, or one under another with headings of its own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kitloan.imports.formats import Format, format_of
from kitloan.imports.headings import is_known, meanings, plain_header, squeeze
from kitloan.imports.legends import Legend, find_legend
from kitloan.imports.sheets import Line, Sheet, Value, is_blank, letter
from kitloan.imports.values import Fault, as_text, day, pence
from kitloan.imports.weeks import days_in_order
from kitloan.text.names import fold, tidy

HEADER_DEPTH = 30
"""Lines from the top in which a header is looked for."""

VITAL = frozenset({"type", "asset_number", "tag"})
"""What a table of things must have for each."""

WHY_NOT_TAKEN = "Why kitloan did not take it"
"""The heading of the reasons in a file of rows that were not taken; read again, it is no column."""

_ENOUGH = 0.5
_JOIN_GAIN = 0.3
_LOOKED_AT = 300
_MOST_COLUMNS = 500


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a sheet.

    Attributes:
        header_row: the row of its headings, as the spreadsheet numbers it.
        headers: by position, the heading of each column that has one or is used.
        lines: the ones beneath the heading.
        width: how many columns the line of headings has.
        made_by: the program whose export it is.
        alone: no other table is beside it, so a line longer than the heading is a mistake.
        is_below: another table of the sheet is above it.
        legend: the key beneath it, which is none of its lines.
    """

    sheet: Sheet
    header_row: int
    headers: Mapping[int, str]
    lines: Sequence[Line]
    width: int
    made_by: Format | None = None
    alone: bool = True
    is_below: bool = False
    legend: Legend | None = None


@dataclass(frozen=True, slots=True)
class _Heading:
    position: int
    texts: tuple[str, ...]
    strength: float
    blank: frozenset[int] = frozenset()


def header_texts(sheet: Sheet, position: int) -> tuple[str, ...]:
    """The headers in the line at a position of a sheet, unlike each other and never empty.

    A column with no header is called by its letter; a header that comes again gets a number.
    """
    line = sheet.lines[position]
    return _unlike([_text(sheet.value(line, index)) for index in range(len(line.values))])


def _unlike(texts: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    headers = []
    for index, text in enumerate(texts):
        header = text or f"Column {letter(index)}"
        key = fold(header)
        seen[key] = seen.get(key, 0) + 1
        headers.append(header if seen[key] == 1 else f"{header} ({seen[key]})")
    return tuple(headers)


def find_tables(
    sheet: Sheet, mapped: Mapping[str, str], header_row: int | None = None
) -> list[Table]:
    """The tables of a sheet; none where no line is a heading of things.

    Args:
        sheet: the sheet.
        mapped: by folded header, what the user's map has.
        header_row: the row of the headings by the map.
    """
    heading = _heading(sheet, mapped, header_row)
    if heading is None:
        return []
    heading = _heading_above(sheet, heading, mapped) if header_row is None else heading
    lines = sheet.lines[heading.position + 1 :]
    tables: list[Table] = []
    for block_heading, block in _blocks(sheet, heading, lines, mapped):
        legend = find_legend(block)
        if legend is not None:
            block = block[: legend.start]
        found = _side_by_side(sheet, block_heading, block, mapped)
        tables += [replace(each, is_below=bool(tables), legend=legend) for each in found]
    return tables


def _heading_above(sheet: Sheet, best: _Heading, mapped: Mapping[str, str]) -> _Heading:
    """The first heading of a sheet: a table can be above the one that is recognised best."""
    columns = _common_words(sheet)
    for position in range(best.position - 2):
        line = sheet.lines[position]
        below = sheet.lines[position + 1 : best.position]
        if not _may_be_heading(line, after_a_gap=True) or not any(map(_is_of_a_table, below)):
            continue
        found = _weighed(sheet, _single(sheet, position), mapped, columns, forced=False)
        if found is not None:
            return found
    return best


def _is_of_a_table(line: Line) -> bool:
    filled = [value for value in line.values if not is_blank(value)]
    return len(filled) > 1 and not all(isinstance(v, str) and is_known(tidy(v)) for v in filled)


def find_header(sheet: Sheet, mapped: Mapping[str, str]) -> int | None:
    """The position of the line that is recognised best as a header; None when none is.

    It must name the kind of thing or its number, and one field more, unless a map names them.
    """
    heading = _heading(sheet, mapped, None)
    return None if heading is None else heading.position


def _heading(sheet: Sheet, mapped: Mapping[str, str], row: int | None) -> _Heading | None:
    columns = _common_words(sheet)
    best: _Heading | None = None
    for position in range(min(len(sheet.lines), HEADER_DEPTH)):
        if row is not None and sheet.lines[position].number != row:
            continue
        for candidate in _candidates(sheet, position):
            found = _weighed(sheet, candidate, mapped, columns, forced=row is not None)
            if found and (best is None or found.strength > best.strength + 0.001):
                best = found
    if best is None and row is not None:  # a row below the depth in which one is looked for
        for position, line in enumerate(sheet.lines):
            if line.number == row:
                return _weighed(sheet, _single(sheet, position), mapped, columns, forced=True)
    return best


def _single(sheet: Sheet, position: int) -> _Heading:
    line = sheet.lines[position]
    texts = [
        _text(sheet.value(line, index)) for index in range(min(len(line.values), _MOST_COLUMNS))
    ]
    blank = frozenset(index for index, text in enumerate(texts) if not text)
    return _Heading(position, _unlike(texts), 0.0, blank)


def _candidates(sheet: Sheet, position: int) -> Iterator[_Heading]:
    yield _single(sheet, position)
    if position and (joined := _joined(sheet, position)):
        yield joined


def _joined(sheet: Sheet, position: int) -> _Heading | None:
    """The line with the group headings of the line above it; None where that one is no such
    line.
    """
    above, line = sheet.lines[position - 1], sheet.lines[position]
    if line.number - above.number != 1 or not all(
        isinstance(value, str) for value in above.values if not is_blank(value)
    ):
        return None
    width = max(len(line.values), len(above.values))
    texts, group = [], ""
    several = False
    for index in range(min(width, _MOST_COLUMNS)):
        over, own = _text(above.value(index)), _text(sheet.value(line, index))
        if over:
            group = over
        elif not own:
            group = ""
        if own and group and fold(own) != fold(group):
            texts.append(f"{group} {own}")
            several = several or not over
        else:
            texts.append(own or over)
    if not any(_text(above.value(index)) for index in range(1, width)) and not several:
        return None
    blank = frozenset(index for index, text in enumerate(texts) if not text)
    return _Heading(position, _unlike(texts), 0.0, blank)


def _weighed(
    sheet: Sheet,
    heading: _Heading,
    mapped: Mapping[str, str],
    columns: Mapping[int, Counter[str]],
    *,
    forced: bool,
) -> _Heading | None:
    """A candidate with its strength; None when it is no heading of things."""
    line = sheet.lines[heading.position]
    named = [i for i in range(len(heading.texts)) if i not in heading.blank]
    if not named:
        return None
    plan = days_in_order(line.values)
    values = [line.value(i) for i in named if i not in plan and not is_blank(line.value(i))]
    if not forced and sum(map(_is_value, values)) > len(values) * 0.5:
        return None  # a line of numbers and days heads nothing, whatever a map has
    on_map = [i for i in named if fold(heading.texts[i]) in mapped]
    made_by = format_of([heading.texts[i] for i in named])
    scores = {i: meanings(plain_header(heading.texts[i])) for i in named}
    vital = any(
        score >= _ENOUGH for i in named for name, score in scores[i].items() if name in VITAL
    ) or any(mapped[fold(heading.texts[i])] in VITAL for i in on_map)
    best = {i: max(scores[i].values(), default=0.0) for i in named}
    hits = [i for i in named if best[i] >= _ENOUGH or i in on_map]
    if not made_by and not forced:
        if not vital or (len(hits) < 2 and not on_map and not _stands_out(sheet, heading, named)):
            return None
        if _is_data(sheet, line, heading, named, columns) and not on_map:
            return None
    if forced and not vital and not made_by:
        return None
    strength = sum(best[i] for i in hits) + 2 * len(mapped) + (5 if made_by else 0)
    strength -= 0.2 * (len(named) - len(hits))
    joined = line.number and heading.texts != _single(sheet, heading.position).texts
    return replace(heading, strength=strength - (_JOIN_GAIN if joined else 0))


def _stands_out(sheet: Sheet, heading: _Heading, named: list[int]) -> bool:
    """Whether a line with one heading that is known is at the top, of words, over a table."""
    below = sheet.lines[heading.position + 1 : heading.position + 6]
    return (
        len(named) >= 3
        and len(below) >= 1
        and all(len(heading.texts[i]) <= 40 for i in named)
        and all(sum(not is_blank(v) for v in line.values) >= 2 for line in below[:1])
    )


def _is_data(
    sheet: Sheet,
    line: Line,
    heading: _Heading,
    named: list[int],
    columns: Mapping[int, Counter[str]],
) -> bool:
    """Whether a line is one of data: numbers, days and money in it, or words that come again
    below.
    """
    plan = days_in_order(line.values)
    values = [line.value(i) for i in named if i not in plan and not is_blank(line.value(i))]
    if not values:
        return False
    numbers = sum(_is_value(value) for value in values)
    if numbers > len(values) * 0.2:
        return True
    if len(values) > 1 and all(isinstance(v, str) and is_known(tidy(v)) for v in values):
        return False  # the same headings can come again lower down
    whole = tuple(fold(as_text(value)) for value in line.values)
    repeats = sum(
        tuple(fold(as_text(value)) for value in other.values) == whole
        for other in sheet.lines[: heading.position + _LOOKED_AT]
    )
    again = sum(
        columns.get(i, Counter())[fold(as_text(line.value(i)))] > repeats
        for i in named
        if not is_blank(line.value(i))
    )
    return again >= max(1, len(values) * 0.25)


def _is_value(value: Value) -> bool:
    if not isinstance(value, str):
        return True
    text = tidy(value)
    return not isinstance(pence(text), Fault) or not isinstance(day(text), Fault)


def _common_words(sheet: Sheet) -> dict[int, Counter[str]]:
    """By column, how often each text comes in the first lines."""
    columns: dict[int, Counter[str]] = {}
    for line in sheet.lines[:_LOOKED_AT]:
        for index, value in enumerate(line.values[:_MOST_COLUMNS]):
            if isinstance(value, str) and not is_blank(value):
                columns.setdefault(index, Counter())[fold(value)] += 1
    return columns


def _blocks(
    sheet: Sheet, heading: _Heading, lines: Sequence[Line], mapped: Mapping[str, str]
) -> Iterator[tuple[_Heading, Sequence[Line]]]:
    """The lines beneath a heading, and those beneath each other heading lower down."""
    own = {squeeze(text) for text in heading.texts}
    start = 0
    current = heading
    before = sheet.lines[heading.position].number
    for at, line in enumerate(lines):
        gap, before = line.number - before > 1, line.number
        if not _may_be_heading(line, after_a_gap=gap):
            continue
        position = heading.position + 1 + at
        found = _single(sheet, position)
        named = [i for i in range(len(found.texts)) if i not in found.blank]
        if {squeeze(found.texts[i]) for i in named} <= own:
            continue  # the heading over again, as at the top of a printed page
        weighed = _weighed(sheet, found, mapped, _common_words(sheet), forced=False)
        if weighed is None:
            continue
        end = at - 1 if at > start and _is_title(lines[at - 1]) else at
        yield current, lines[start:end]
        current, start = weighed, at + 1
        own = {squeeze(text) for text in weighed.texts}
    yield current, lines[start:]


def _is_title(line: Line) -> bool:
    return sum(not is_blank(value) for value in line.values) == 1


def _may_be_heading(line: Line, *, after_a_gap: bool) -> bool:
    filled = [value for value in line.values if not is_blank(value)]
    if not any(isinstance(value, str) and is_known(tidy(value)) for value in filled[:2]):
        return False
    if len(filled) < 2 or not all(isinstance(value, str) for value in filled):
        return False
    known = sum(is_known(tidy(str(value))) for value in filled)
    enough = known >= 3 or (after_a_gap and known == len(filled))
    return enough and known >= len(filled) * 0.6


def _side_by_side(
    sheet: Sheet, heading: _Heading, lines: Sequence[Line], mapped: Mapping[str, str]
) -> list[Table]:
    """The table beneath a heading, or the tables that are beside one another."""
    number = sheet.lines[heading.position].number
    width = len(heading.texts)
    used = {i for line in lines for i, value in enumerate(line.values) if not is_blank(value)}
    used |= {i for (row, i) in sheet.merged_down if row > number}
    headers = {
        index: text
        for index, text in enumerate(heading.texts)
        if index not in heading.blank or index in used
    }
    headers = {i: text for i, text in headers.items() if text != WHY_NOT_TAKEN}
    if not sheet.delimited:
        headers |= {i: f"Column {letter(i)}" for i in sorted(used) if i >= width}
    made_by = format_of(heading.texts)
    groups = [list(headers)] if made_by else _groups(heading, headers, lines)
    if len(groups) == 1:
        return [Table(sheet, number, headers, lines, width, made_by)]
    return [
        Table(
            sheet,
            number,
            {index: headers[index] for index in group},
            tuple(line for line in lines if any(not is_blank(line.value(i)) for i in group)),
            width,
            format_of([headers[i] for i in group]),
            alone=False,
        )
        for group in groups
    ]


def _groups(
    heading: _Heading, headers: Mapping[int, str], lines: Sequence[Line]
) -> list[list[int]]:
    """The columns of each table: between columns that are empty, or where the headings start
    again.
    """
    runs: list[list[int]] = []
    for index in sorted(headers):
        if index in heading.blank:
            if runs:
                runs[-1].append(index)
            continue
        if runs and index - max(runs[-1]) == 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    split = [part for run in runs for part in _repeated(run, headers)]
    split = [piece for part in split for piece in _at_other_numbers(part, headers, lines)]
    whole = [sorted(headers)]
    if len(split) < 2:
        return whole
    loans = [part for part in split[1:] if _is_loans(part, split[0], headers, lines)]
    good = [part for part in split if part in loans or _is_table(part, headers)]
    if len(good) < 2:
        return whole
    # what is no table of its own belongs to the one on its left
    groups: list[list[int]] = []
    for part in split:
        if part in good or not groups:
            groups.append(list(part))
        else:
            groups[-1] += part
    return groups


def _repeated(run: list[int], headers: Mapping[int, str]) -> list[list[int]]:
    """A run of columns whose headings start again, cut where they do."""
    names = [squeeze(plain_header(headers[i])) for i in run]
    for length in range(2, len(names) // 2 + 1):
        if len(names) % length == 0 and all(
            names[i] == names[i % length] for i in range(len(names))
        ):
            return [run[i : i + length] for i in range(0, len(run), length)]
    return [run]


def _at_other_numbers(
    run: list[int], headers: Mapping[int, str], lines: Sequence[Line]
) -> list[list[int]]:
    """A run of columns, cut where the numbers of other things begin a table of loans."""
    for at in range(2, len(run) - 1):
        if _is_loans(run[at:], run[:at], headers, lines):
            return [run[:at], run[at:]]
    return [run]


def _is_loans(
    columns: list[int], before: list[int], headers: Mapping[int, str], lines: Sequence[Line]
) -> bool:
    """Whether columns begin with the numbers of other things than those before, and their loans.

    Numbers that are the same in each line belong to one table.
    """
    first = squeeze(plain_header(headers[columns[0]]))
    same = [i for i in before if squeeze(plain_header(headers[i])) == first]
    scores = [meanings(plain_header(headers[i])) for i in columns]
    if not same or scores[0].get("asset_number", 0) < _ENOUGH:
        return False
    if not any(each.get("on_loan_to", 0) >= _ENOUGH for each in scores[1:]):
        return False
    pairs = [(fold(as_text(n.value(same[0]))), fold(as_text(n.value(columns[0])))) for n in lines]
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)


def _is_table(columns: list[int], headers: Mapping[int, str]) -> bool:
    scores = [meanings(plain_header(headers[i])) for i in columns]
    vital = any(each.get("type", 0) >= _ENOUGH for each in scores)
    return vital and sum(max(each.values(), default=0) >= _ENOUGH for each in scores) >= 2


def _text(value: Value) -> str:
    # a header is shown wherever its column is named, so nothing hidden may ride on it
    return "".join(c for c in tidy(as_text(value)) if c.isprintable())[:200]
