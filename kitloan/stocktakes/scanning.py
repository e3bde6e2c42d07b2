"""Scans of a stocktake: recording one, and reading a file of them.

A file comes from a batch scanner, or from a desk without the store. It has one scan a line: the
code, then the time, the place and a count if they are known. `read_scans` needs no store; `scan`
and `read_in` record what was scanned, and give what it is.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import ColumnElement, Connection, bindparam, select

from kitloan.errors import BadInput, Refused
from kitloan.imports.cells import load
from kitloan.imports.sheets import Line, Value, is_blank
from kitloan.imports.values import as_text
from kitloan.ledger.entry import parse
from kitloan.ledger.facts.stocktakes import StocktakeClosed, StocktakeScanned
from kitloan.ledger.writer import Writer, id_reused
from kitloan.loans.custody import must_be_here, open_loans
from kitloan.queries.resolve import meant, numbered_alike
from kitloan.stocktakes.outcome import Stocktake, desk_spelt, the_stocktake
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Alias, Component, Holding, KitType, LedgerEntry, table
from kitloan.tables.stocktaking import StocktakeLine, StocktakeScan
from kitloan.text.dates import SCOTLAND, instant, moment, parse_date, uk_instant
from kitloan.text.names import clean, fault, fold, plain, search_form, tidy
from kitloan.text.personal import on_record
from kitloan.text.scans import Tag, read, split
from kitloan.text.tags import grouped
from kitloan.values import plural

alias, component = table(Alias), table(Component)
holding = table(Holding)
kit_type = table(KitType)
ledger_entry = table(LedgerEntry)
line = table(StocktakeLine)
scan_table = table(StocktakeScan)

COLUMNS = ("code", "time", "place", "quantity")
MOST_COUNTED = 1_000_000
_HEADERS = {"code", "tag", "barcode", "scan", "asset number"}
_COUNT_HEADERS = {"quantity", "counted", "count", "qty", "how many"}
_SHOWN_PROBLEMS = 5
_ISO = re.compile(
    r"(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)

_UK = re.compile(
    r"(\d{1,2}[/.]\d{1,2}[/.](?:(?:19|20)\d\d|\d\d)),? (\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII
)

_BY_TAG = Query(
    select(holding.c.tag).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)

_BY_ALIAS = Query(
    select(alias.c.tag).where(alias.c.college == bindparam("c"), alias.c.label == bindparam("t"))
)

_BY_NUMBER = Query(
    select(holding.c.tag).where(
        holding.c.college == bindparam("c"),
        holding.c.asset_key == bindparam("n"),
        holding.c.state != "withdrawn",
    )
)

_HOLDING = Query(
    select(
        holding.c.tag,
        holding.c.location,
        holding.c.state,
        holding.c.quantity,
        holding.c.out_quantity,
        holding.c.kit_type,
        kit_type.c.name.label("type_name"),
    )
    .join_from(holding, kit_type)
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)

_LISTED = Query(
    select(component.c.kit_type)
    .where(component.c.college == bindparam("c"), component.c.kit_type == bindparam("k"))
    .limit(1)
)

_LINE = Query(
    select(line).where(
        line.c.college == bindparam("c"),
        line.c.stocktake == bindparam("s"),
        line.c.tag == bindparam("t"),
    )
)

_SCANS = select(scan_table.c.scan).where(
    scan_table.c.college == bindparam("c"), scan_table.c.stocktake == bindparam("s")
)

_IDS = Query(_SCANS)
_OF_TAG = Query(_SCANS.where(scan_table.c.tag == bindparam("t")).limit(1))
_OF_CODE = Query(
    _SCANS.where(scan_table.c.tag.is_(None), scan_table.c.code == bindparam("k")).limit(1)
)

ScanResult = Literal["sighted", "sighted_elsewhere", "unexpected", "not_held", "unknown"]


@dataclass(frozen=True, slots=True)
class RecordedScan:
    """A recorded scan, and what it is.

    Attributes:
        id: the scan's.
        outcome: `sighted`; `sighted_elsewhere`, when it was not scanned where it is kept;
            `unexpected`, when the college holds it and the list does not have it; `not_held`, for
            a valid tag that no holding here has; `unknown`, for any other code.
        code: the code that was scanned.
        tag: the tag; None when it is unknown.
        type: the kit type.
        place: where it is kept, by the list; by the register, if it is not on the list.
        repeat: whether it had been scanned in this stocktake before.
        late: whether the stocktake was closed already; the scan still counts.
        on_loan_to: who has it on loan by the register, although it is here.
        state: its state in the register: `held`, `missing`, `in_transit` or `withdrawn`.
        quantity: how many were counted of a stock; None when none were.
        expected: how many of the stock should be here by the register: held, and not on loan.
    """

    id: str
    outcome: ScanResult
    code: str
    tag: str | None
    type: str | None
    place: str | None
    repeat: bool
    late: bool
    on_loan_to: str | None
    state: str | None
    quantity: int | None = None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """One scan in a file: its line, the code, and what else the line has of `COLUMNS`."""

    line: int
    code: str
    seen_at: datetime | None
    place: str | None
    quantity: int | None = None

    def id_at(self, stocktake: str, desk: str, place: str | None) -> str:
        """The scan's id. The same line, read again for the same desk and place, has the same id.

        Args:
            stocktake: the stocktake's id.
            desk: the desk that scanned.
            place: where, for lines without a place.
        """
        moment = self.seen_at.isoformat() if self.seen_at else ""
        parts = [stocktake, fold(desk), str(self.line), self.code, moment, self.place or place]
        if self.quantity is not None:
            parts.append(str(self.quantity))
        return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be read; `column` is one of `COLUMNS`."""

    line: int
    column: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class PictureScans:
    """What the codes of one picture came to.

    Attributes:
        scans: the scans that were kept: tags, and asset numbers of holdings here.
        left_out: the texts of the other codes. A picture has whatever hangs on the wall, so they
            are not put on record.
    """

    scans: tuple[RecordedScan, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScansRead:
    """How many scans of a file were new, and how many were read before."""

    file: str
    desk: str
    added: int
    known: int


def scan(
    writer: Writer,
    stocktake: str,
    text: str,
    place: str | None,
    desk: str,
    quantity: int | None = None,
) -> RecordedScan:
    """See `Stocktakes.scan`."""
    if quantity is not None:
        _check_counted(quantity)
    which = the_stocktake(writer.connection, writer.college, stocktake)
    where = on_record(place, "The place") if place else None
    at_desk = clean(desk, "The desk")
    if writer.earlier:
        (fact, *_) = writer.earlier_facts(StocktakeScanned)
        same = (fact.stocktake, fact.code, fact.desk, fact.quantity) == (
            *(which.id, code_of(text), at_desk, quantity),
        )
        if not same or fold(fact.place or "") != fold(where or ""):
            raise id_reused(writer.request)
        return _scanned(writer, _as_it_was(writer, which), fact, _scanned_earlier(writer, fact))
    if quantity is not None:
        _must_be_stock(writer, text, quantity)
    fact = _scan(writer, which, writer.request, text, where, at_desk, writer.at, quantity)
    repeat = _scanned_before(writer, fact)
    writer.append(fact)
    return _scanned(writer, which, fact, repeat)


def read_scans(path: Path) -> tuple[list[ScannedLine], list[LineProblem]]:
    """The scans in a file, and the lines that cannot be read.

    Args:
        path: a text file or CSV with a code a line, or `code,time,place`; times are
            `23/11/2026 11:42` in Scotland or RFC 3339. A first line of headers is skipped; where
            it is `code,time,place,quantity`, the fourth column is what was counted of a stock.

    Raises:
        BadInput: the file cannot be read; see `kitloan.imports.cells.load`.
    """
    scans: list[ScannedLine] = []
    problems: list[LineProblem] = []
    (sheet, *_) = load(path).sheets
    columns = len(COLUMNS) - 1  # what was counted has a column only where a header names it
    for number, line in enumerate(sheet.lines):
        if number == 0 and fold(as_text(line.value(0))) in _HEADERS:
            columns += fold(as_text(line.value(columns))) in _COUNT_HEADERS
            continue
        found = list(_faults(line, columns))
        problems += found
        if not found:
            scans += _parse_scans(line)
    return scans, problems


def read_in(
    writer: Writer,
    stocktake: str,
    scans: Sequence[ScannedLine],
    problems: Sequence[LineProblem],
    desk: str,
    place: str | None,
    file: str,
) -> ScansRead:
    """See `Stocktakes.read_scans`."""
    which = the_stocktake(writer.connection, writer.college, stocktake)
    where = on_record(place, "The place") if place else None
    at_desk = desk_spelt(writer.connection, writer.college, which, clean(desk, "The desk"))
    if writer.earlier:
        taken = {fact.scan for fact in writer.earlier_facts(StocktakeScanned)}
        ids = {each.id_at(which.id, at_desk, where) for each in scans}
        others = _IDS(writer.connection, c=writer.college, s=which.id).scalars()
        if problems or not taken <= ids <= taken.union(others):
            raise id_reused(writer.request)
        return ScansRead(file, at_desk, len(taken), len(scans) - len(taken))
    wrong = sorted(
        [*problems, *_untimely(writer, which, scans), *_no_stock(writer, scans)],
        key=lambda each: each.line,
    )
    if wrong:
        raise _lines_in_error(file, wrong)
    known = set(_IDS(writer.connection, c=writer.college, s=which.id).scalars())
    added = 0
    for each in scans:
        scan_id = each.id_at(which.id, at_desk, where)
        if scan_id in known:
            continue
        seen_at = instant(each.seen_at) if each.seen_at else writer.at
        at = each.place or where
        writer.append(_scan(writer, which, scan_id, each.code, at, at_desk, seen_at, each.quantity))
        added += 1
    return ScansRead(file, at_desk, added, len(scans) - added)


def _scan(
    writer: Writer,
    which: Stocktake,
    scan_id: str,
    text: str,
    place: str | None,
    desk: str,
    seen_at: str,
    quantity: int | None = None,
) -> StocktakeScanned:
    kept_at = expected = None
    if quantity is None:
        tag = tag_of(writer.connection, writer.college, text)
    else:
        tag = meant(writer, text)
        row = _HOLDING(writer.connection, c=writer.college, t=tag).one()
        expected = int(row.quantity - row.out_quantity)
    if tag is not None and place is not None:
        kept_at = _kept_at(writer, which, tag)
    return StocktakeScanned(
        stocktake=which.id,
        scan=scan_id,
        tag=tag,
        code=code_of(text),
        # The place is stored in the spelling of the list, because the database compares them.
        place=kept_at
        if kept_at and place and search_form(kept_at) == search_form(place)
        else place,
        desk=desk,
        seen_at=seen_at,
        quantity=quantity,
        expected=expected,
    )


def _check_counted(quantity: int) -> None:
    """Refuse what is no count; none at all is one, of a box that is empty."""
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        quantity = -1
    if not 0 <= quantity <= MOST_COUNTED:
        raise BadInput(
            "bad_quantity",
            "What was counted is not valid.",
            f"Give a whole number from 0 to {MOST_COUNTED:,}.",
            value=str(quantity),
        )


def _must_be_stock(writer: Writer, text: str, quantity: int) -> None:
    """Refuse a count of what is no stock of loose items here.

    Raises:
        BadInput: an unknown code, with what it may mean; `not_a_stock`.
        Refused: `withdrawn`, `in_transit`.
    """
    row = _HOLDING(writer.connection, c=writer.college, t=meant(writer, text)).one()
    if row.state in ("withdrawn", "in_transit"):
        must_be_here(writer, row)
    if _LISTED(writer.connection, c=writer.college, k=row.kit_type).first() is not None:
        raise BadInput(
            "not_a_stock",
            f"{row.type_name} {grouped(row.tag)} has a contents list: it is one kit, and "
            f"{quantity:,} is no count of it.",
            f"Scan it without a quantity. To count its parts: kitloan count {row.tag}",
            tag=row.tag,
        )


def _no_stock(writer: Writer, scans: Sequence[ScannedLine]) -> list[LineProblem]:
    """The lines of a file with a count of what is no stock here."""
    found = []
    for each in scans:
        if each.quantity is None:
            continue
        try:
            _must_be_stock(writer, each.code, each.quantity)
        except (BadInput, Refused) as why:
            found.append(LineProblem(each.line, "quantity", str(each.quantity), why.message))
    return found


def tag_of(connection: Connection, college: str, text: str) -> str | None:
    """The tag of the holding that was scanned, a valid tag that none has, or None.

    Not `resolve`: a code that means nothing is an answer here, not a refusal with near misses.
    """
    found = read(text)
    if isinstance(found, Tag):
        at = {"c": college, "t": found.tag}
        if _BY_TAG(connection, **at).first():
            return found.tag
        second: str | None = _BY_ALIAS(connection, **at).scalar()
        return second or found.tag
    numbered = _BY_NUMBER(connection, c=college, n=fold(text)).scalars() or [
        row.tag for row in numbered_alike(connection, college, text) if row.state != "withdrawn"
    ]
    return str(numbered[0]) if len(numbered) == 1 else None


def _kept_at(writer: Writer, which: Stocktake, tag: str) -> str | None:
    expected = _LINE(writer.connection, c=writer.college, s=which.id, t=tag).first()
    if expected is not None:
        return str(expected.place) if expected.place else None
    row = _HOLDING(writer.connection, c=writer.college, t=tag).first()
    return str(row.location) if row and row.location else None


def _scanned_before(writer: Writer, fact: StocktakeScanned) -> bool:
    at = {"c": writer.college, "s": fact.stocktake}
    if fact.tag is not None:
        return _OF_TAG(writer.connection, **at, t=fact.tag).first() is not None
    return _OF_CODE(writer.connection, **at, k=fact.code).first() is not None


def _scanned_earlier(writer: Writer, fact: StocktakeScanned) -> bool:
    """Whether it had been scanned before the first try of this request, by the ledger's order."""
    (first, *_) = writer.earlier
    same: ColumnElement[bool] = ledger_entry.c.tag == fact.tag
    if fact.tag is None:
        same = ledger_entry.c.tag.is_(None)
    bodies = writer.connection.execute(
        select(ledger_entry.c.body).where(
            ledger_entry.c.college == writer.college,
            ledger_entry.c.kind == fact.kind,
            ledger_entry.c.seq < first.seq,
            same,
        )
    ).scalars()
    return any(
        isinstance(other, StocktakeScanned)
        and (other.stocktake, other.tag, other.tag or other.code)
        == (fact.stocktake, fact.tag, fact.tag or fact.code)
        for other in (parse(body).fact for body in bodies)
    )


def _as_it_was(writer: Writer, which: Stocktake) -> Stocktake:
    """The stocktake at the first try of this request: open, if it was closed since."""
    closed = any(each.stocktake == which.id for each in writer.since(StocktakeClosed))
    return replace(which, closed_at=None, closed_by=None) if closed else which


def _scanned(
    writer: Writer, which: Stocktake, fact: StocktakeScanned, repeat: bool
) -> RecordedScan:
    row = expected = to = None
    if fact.tag is not None:
        row = _HOLDING(writer.connection, c=writer.college, t=fact.tag).first()
        expected = _LINE(writer.connection, c=writer.college, s=which.id, t=fact.tag).first()
    if row is not None and row.out_quantity == row.quantity:
        to = open_loans(writer, row.tag)[0].to
    place = expected.place if expected else row.location if row else None
    return RecordedScan(
        id=fact.scan,
        outcome=_outcome(fact, expected, row),
        code=fact.code,
        tag=fact.tag,
        type=row.type_name if row else None,
        place=place,
        repeat=repeat,
        late=which.closed_at is not None,
        on_loan_to=to,
        state=row.state if row else None,
        quantity=fact.quantity,
        expected=fact.expected,
    )


def _outcome(fact: StocktakeScanned, expected: AnyRow | None, row: AnyRow | None) -> ScanResult:
    if expected is not None:
        elsewhere = fact.place and expected.place and fact.place != expected.place
        return "sighted_elsewhere" if elsewhere else "sighted"
    if row is not None:
        return "unexpected"
    return "not_held" if fact.tag is not None else "unknown"


def code_of(text: str) -> str:
    """The stored form of a scanned code: one line, with control characters shown as code points.

    Raises:
        BadInput: `bad_text`, when it is empty, too long or a formula.
    """
    code = plain(tidy(text))
    wrong = fault(code) if code else "is empty"
    if wrong:
        raise BadInput("bad_text", f"The code {wrong}.", "Scan it again.", value=code[:60])
    return code


def parse_moment(text: str) -> datetime | None:
    """The instant in a text, in ISO or British form; None when there is none."""
    wanted = tidy(text)
    try:
        if _ISO.fullmatch(wanted):
            read = datetime.fromisoformat(wanted)
        elif found := _UK.fullmatch(wanted):
            day = parse_date(found[1])
            hour, minute, second = (int(part or 0) for part in found.groups()[1:])
            read = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SCOTLAND)
        else:
            return None
    except (ValueError, BadInput):
        return None
    return read if read.tzinfo else read.replace(tzinfo=SCOTLAND)


def _faults(line: Line, columns: int) -> Iterator[LineProblem]:
    for value in line.values[columns:]:
        if not is_blank(value):
            of = COLUMNS[:columns]
            what = f"is after {', '.join(of[:-1])} and {of[-1]}"
            yield _problem(line, of[-1], value, what)
    code, moment, place, counted = (line.value(column) for column in range(len(COLUMNS)))
    try:
        code_of(as_text(code))
    except BadInput as problem:
        yield _problem(line, "code", code, problem.message.removeprefix("The code ").rstrip("."))
    if not is_blank(moment) and _moment(moment) is None:
        yield _problem(line, "time", moment, "is not a time; write it like 23/11/2026 11:42")
    wrong = None if is_blank(place) else fault(tidy(as_text(place)))
    if wrong:
        yield _problem(line, "place", place, wrong)
    if columns == len(COLUMNS) and not is_blank(counted) and _counted(counted) is None:
        yield _problem(line, "quantity", counted, f"is not a number from 0 to {MOST_COUNTED:,}")


def _parse_scans(line: Line) -> list[ScannedLine]:
    """The scans of a line: two or more where the scanner lost the end of a line between codes."""
    place = tidy(as_text(line.value(2)))
    return [
        ScannedLine(
            line.number,
            code_of(code),
            _moment(line.value(1)),
            place or None,
            _counted(line.value(3)),
        )
        for code in split(as_text(line.value(0)))
    ]


def _counted(value: Value) -> int | None:
    """How many were counted; None for an empty cell, or one that is no such number."""
    text = tidy(as_text(value)).replace(",", "")
    if not text.isascii() or not text.isdecimal() or int(text) > MOST_COUNTED:
        return None
    return int(text)


def _moment(value: Value) -> datetime | None:
    if isinstance(value, datetime):  # a workbook's own
        return value if value.tzinfo else value.replace(tzinfo=SCOTLAND)
    return parse_moment(as_text(value))


def _problem(line: Line, column: str, value: Value, problem: str) -> LineProblem:
    return LineProblem(line.number, column, plain(as_text(value)[:60]), problem)


def _untimely(writer: Writer, which: Stocktake, scans: Sequence[ScannedLine]) -> list[LineProblem]:
    """The scans with a time before the stocktake was opened, or in the future."""
    opened, now = moment(which.opened_at), moment(writer.at)
    if opened > now:  # a clock was or is wrong, so no scan is too early
        opened = datetime.min.replace(tzinfo=UTC)
    found = []
    for each in scans:
        if each.seen_at is None or opened <= each.seen_at <= now:
            continue
        wrong = (
            f"is in the future: it is {uk_instant(writer.at)} now"
            if each.seen_at > now
            else f"is before {plain(which.name)} was opened, {uk_instant(which.opened_at)}"
        )
        found.append(LineProblem(each.line, "time", each.seen_at.isoformat(), wrong))
    return found


def _lines_in_error(file: str, problems: Sequence[LineProblem]) -> BadInput:
    lines = len({each.line for each in problems})
    shown = "\n".join(
        f"  line {each.line}, {each.column} {each.value!r}: {each.problem}"
        for each in problems[:_SHOWN_PROBLEMS]
    )
    more = len(problems) - _SHOWN_PROBLEMS
    return BadInput(
        "lines_in_error",
        f"{plural(lines, 'line')} of {file} cannot be read. Nothing was recorded.\n{shown}"
        + (f"\n  and {more:,} more: see --json" if more > 0 else ""),
        "Correct or delete those lines. If the scanner's clock is wrong, leave out the times.",
        problems=[asdict(each) for each in problems],
    )
