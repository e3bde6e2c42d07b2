"""Queries on stocktakes: the list of them, desks, the outcome, and its lines.

An outcome counts each expected holding once, by its best result, and each other code once. Answers
are frozen values, never live rows.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    false,
    func,
    null,
    or_,
    select,
    tuple_,
)

from kitloan.errors import BadInput
from kitloan.queries.entry_text import entry, fact_text
from kitloan.queries.paging import page_of
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, KitType, Loan, Organisation, table
from kitloan.tables.stocktaking import Confirmation, StocktakeDesk, StocktakeLine, StocktakeScan
from kitloan.tables.stocktaking import Stocktake as StocktakeRow
from kitloan.text.names import fold, in_natural_order, plain, search_form
from kitloan.values import Page

scan = table(StocktakeScan)
confirmation = table(Confirmation)
desk = table(StocktakeDesk)
holding = table(Holding)
kit_type = table(KitType)
loan = table(Loan)
line = table(StocktakeLine)
organisation = table(Organisation)
stocktake = table(StocktakeRow)

Result = Literal[
    "sighted",
    "sighted_elsewhere",
    "on_loan_confirmed",
    "on_loan",
    "not_sighted",
    "unexpected",
    "unknown",
]
_LAST = "2"
"""After every holding: a code that is of none."""
RESULTS: tuple[Result, ...] = get_args(Result)


@dataclass(frozen=True, slots=True)
class Stocktake:
    """A stocktake: what it covers, and when it was opened and closed."""

    id: str
    name: str
    place: str | None
    sample: int | None
    challenge: str | None
    opened_at: str
    opened_by: str
    closed_at: str | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class ResultCounts:
    """How many have each result; the first five add up to `expected`.

    Attributes:
        sighted: seen where they are kept, or by a scan without a place.
        sighted_elsewhere: seen, but only in other places than their own.
        on_loan_confirmed: on loan, and confirmed by the borrower.
        on_loan: on loan by the register, and not confirmed.
        not_sighted: not seen; that does not make them missing.
        unexpected: seen, held by the college, and not on the list.
        unknown: codes, or tags, that no holding here has.
    """

    sighted: int = 0
    sighted_elsewhere: int = 0
    on_loan_confirmed: int = 0
    on_loan: int = 0
    not_sighted: int = 0
    unexpected: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class StockCount:
    """What was counted of a stock of loose items in a stocktake.

    Of one place the latest count is taken, and so is the latest of a desk that named no place; they
    add up.

    Attributes:
        tag: the stock's.
        type: the kit type.
        asset_number: the college's own.
        counted: how many were counted in all.
        expected: how many should have been here at the latest count: held, and not on loan.
        difference: how many more were counted than expected; below zero, how many fewer.
        held: how many the register would have with this difference.
        counts: the counts that were taken, in the order in which they were made.
    """

    tag: str
    type: str
    asset_number: str | None
    counted: int
    expected: int
    difference: int
    held: int
    counts: tuple["CountMade", ...]


@dataclass(frozen=True, slots=True)
class CountMade:
    """One count of a stock: by which desk, where, how many, when, and by whom."""

    desk: str
    place: str | None
    quantity: int
    seen_at: str
    by: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a stocktake so far.

    Attributes:
        stocktake: which.
        expected: how many holdings are on its list.
        counts: their results, and what else was scanned.
        on_loan_here: how many of those seen were on loan when the list was frozen.
        scans: how many scans there are, with repeats.
        repeats: how many scans are of something scanned before.
        late: how many scans were recorded after it was closed.
        waiting: desks that have not handed in their scans.
        stock: each stock of loose items that was counted, in the order of their numbers.
    """

    stocktake: Stocktake
    expected: int
    counts: ResultCounts
    on_loan_here: int
    scans: int
    repeats: int
    late: int
    waiting: tuple[str, ...]
    stock: tuple[StockCount, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """One holding or code of a stocktake.

    Attributes:
        tag: the holding's, or a valid tag that no holding here has; None for another code.
        code: what was scanned, if no holding has it.
        type: the kit type; None without a holding.
        asset_number: the college's own.
        place: where it was kept when the list was frozen; if it is not on the list, now.
        seen_in: where it was scanned last, if a place was given.
        scans: how often it was scanned.
        seen_at: when it was scanned last.
        late: whether all its scans came after closing.
        to: who had it when the list was frozen; if it is not on the list, now.
        state: its state in the register now: `held`, `missing`, `in_transit` or `withdrawn`.
        last_sighted: when it was last seen, on any occasion.
    """

    tag: str | None
    code: str | None
    type: str | None
    asset_number: str | None
    place: str | None
    seen_in: str | None
    scans: int
    seen_at: str | None
    late: bool
    to: str | None
    state: str | None
    last_sighted: str | None


def after_closing(connection: Connection, college: str, which: Stocktake) -> ColumnElement[bool]:
    """Whether a row of `stocktake_scan`, of this stocktake, was recorded after it was closed."""
    if which.closed_at is None:
        return false()
    place = tuple_(entry.c.epoch, entry.c.seq)
    of_it = (entry.c.college == college, fact_text("stocktake") == which.id)
    closing = connection.execute(
        select(entry.c.epoch, entry.c.seq)
        .where(*of_it, entry.c.kind == "stocktake.closed", entry.c.at == which.closed_at)
        .order_by(entry.c.epoch, entry.c.seq)
    ).first()
    if closing is None:  # its entry is gone, and verifying reports that
        return scan.c.recorded_at > which.closed_at
    behind = select(fact_text("scan")).where(
        *of_it, entry.c.kind == "stocktake.scanned", place > tuple_(closing.epoch, closing.seq)
    )
    return scan.c.scan.in_(behind)


def list_stocktakes(connection: Connection, college: str) -> list[Stocktake]:
    """Every stocktake of a college, the newest first."""
    rows = connection.execute(
        select(stocktake)
        .where(stocktake.c.college == college)
        # By number, because a clock may be wrong.
        .order_by(func.length(stocktake.c.stocktake).desc(), stocktake.c.stocktake.desc())
    )
    return [_stocktake(row) for row in rows]


def the_stocktake(connection: Connection, college: str, text: str) -> Stocktake:
    """The stocktake with this id, or this name if only one has it.

    Raises:
        BadInput: `unknown_stocktake`.
    """
    every = list_stocktakes(connection, college)
    found = [each for each in every if fold(each.id) == fold(text)] or [
        each for each in every if search_form(each.name) == search_form(text)
    ]
    if len(found) == 1:
        return found[0]
    raise BadInput(
        "unknown_stocktake",
        f"{'Several stocktakes have' if found else 'No stocktake has'} the name or id "
        f"{plain(text[:60])!r}.",
        "List them, with their ids: kitloan stocktake list",
        stocktakes=[each.id for each in found or every],
    )


def _stocktake(row: AnyRow) -> Stocktake:
    return Stocktake(
        row.stocktake,
        row.name,
        row.place,
        row.sample,
        row.challenge,
        row.opened_at,
        row.opened_by,
        row.closed_at,
        row.closed_by,
    )


def outcome_of(connection: Connection, college: str, which: Stocktake) -> Outcome:
    """The outcome of a stocktake so far."""
    expected = _expected(college, which, false()).subquery()
    rows = connection.execute(
        select(
            expected.c.result,
            func.count().label("many"),
            func.count(expected.c.loan).label("on_loan"),
        ).group_by(expected.c.result)
    ).all()
    counts = {row.result: row.many for row in rows}
    here = [row.on_loan for row in rows if row.result in ("sighted", "sighted_elsewhere")]
    strays = _strays(college, which, false()).subquery()
    also = select(strays.c.result, func.count().label("many")).group_by(strays.c.result)
    counts |= {row.result: row.many for row in connection.execute(also)}
    seen = select(
        func.count().label("scans"),
        func.count(_what().distinct()).label("different"),
        func.count(case((after_closing(connection, college, which), 1))).label("late"),
    ).where(scan.c.college == college, scan.c.stocktake == which.id)
    scans = connection.execute(seen).one()
    return Outcome(
        which,
        sum(row.many for row in rows),
        ResultCounts(**counts),
        sum(here),
        scans.scans,
        scans.scans - scans.different,
        scans.late,
        waiting_desks(connection, college, which),
        stock_counted(connection, college, which),
    )


def stock_counted(
    connection: Connection, college: str, which: Stocktake, without: Set[str] = frozenset()
) -> tuple[StockCount, ...]:
    """What was counted of each stock of loose items; `without` are scans that do not count."""
    rows = connection.execute(
        select(
            *(scan.c.scan, scan.c.tag, scan.c.desk, scan.c.place),
            *(scan.c.quantity, scan.c.expected),
            *(scan.c.seen_at, scan.c.scanned_by, holding.c.asset_number),
            holding.c.quantity.label("held"),
            kit_type.c.name.label("type_name"),
        )
        .select_from(scan)
        .join(holding, and_(holding.c.college == scan.c.college, holding.c.tag == scan.c.tag))
        .join(
            kit_type,
            and_(kit_type.c.college == college, kit_type.c.kit_type == holding.c.kit_type),
        )
        .where(
            scan.c.college == college,
            scan.c.stocktake == which.id,
            scan.c.quantity.is_not(None),
        )
        .order_by(scan.c.seen_at, scan.c.counted_seq)
    ).all()
    latest: dict[str, dict[tuple[str, str], AnyRow]] = {}
    for row in rows:
        if row.scan in without:
            continue
        where = ("place", fold(row.place)) if row.place else ("desk", fold(row.desk))
        of_stock = latest.setdefault(row.tag, {})
        of_stock.pop(where, None)  # counted again: it is the latest now
        of_stock[where] = row
    found = [_stock_count(list(counts.values())) for counts in latest.values()]
    return tuple(sorted(found, key=lambda each: in_natural_order(each.asset_number or each.tag)))


def _stock_count(rows: list[AnyRow]) -> StockCount:
    last = rows[-1]
    counted = sum(row.quantity for row in rows)
    difference = counted - last.expected
    return StockCount(
        tag=last.tag,
        type=last.type_name,
        asset_number=last.asset_number,
        counted=counted,
        expected=last.expected,
        difference=difference,
        held=last.held + difference,
        counts=tuple(
            CountMade(row.desk, row.place, row.quantity, row.seen_at, row.scanned_by)
            for row in rows
        ),
    )


def desks_of(connection: Connection, college: str, which: Stocktake) -> dict[str, bool]:
    """The desks that take part, by name, and whether each still has scans to hand in."""
    rows = connection.execute(
        select(desk.c.desk, desk.c.waiting)
        .where(desk.c.college == college, desk.c.stocktake == which.id)
        .order_by(desk.c.desk)
    )
    return {row.desk: bool(row.waiting) for row in rows}


def waiting_desks(connection: Connection, college: str, which: Stocktake) -> tuple[str, ...]:
    """The names of desks that have not handed in their scans."""
    desks = desks_of(connection, college, which)
    return tuple(name for name, waiting in desks.items() if waiting)


def desk_spelt(connection: Connection, college: str, which: Stocktake, name: str) -> str:
    """A desk's name as it was spelt when it joined; as given, when it did not join."""
    desks = desks_of(connection, college, which)
    return next((each for each in desks if fold(each) == fold(name)), name)


def lines_of(
    connection: Connection,
    college: str,
    which: Stocktake,
    result: Result,
    after: str | None,
    limit: int,
) -> Page[OutcomeLine]:
    """A page of a stocktake's holdings or codes with one result, by number, then tag or code."""
    rows = _strays if result in ("unexpected", "unknown") else _expected
    found = rows(college, which, after_closing(connection, college, which)).subquery()
    seen_in = (
        select(scan.c.place)
        .where(
            scan.c.college == college,
            scan.c.stocktake == which.id,
            scan.c.tag == found.c.tag,
            scan.c.place.is_not(None),
        )
        .order_by(scan.c.seen_at.desc(), scan.c.scan)
        .limit(1)
        .scalar_subquery()
    )
    wanted = (
        select(
            found,
            seen_in.label("seen_in"),
            func.coalesce(holding.c.number_order, _LAST).label("number_order"),
            holding.c.asset_number,
            holding.c.state,
            holding.c.sighted_at,
            kit_type.c.name.label("type_name"),
            organisation.c.name.label("to"),
        )
        .select_from(found)
        .outerjoin(holding, and_(holding.c.college == college, holding.c.tag == found.c.tag))
        .outerjoin(
            kit_type,
            and_(kit_type.c.college == college, kit_type.c.kit_type == holding.c.kit_type),
        )
        .outerjoin(loan, and_(loan.c.college == college, loan.c.loan == found.c.loan))
        .outerjoin(
            organisation,
            and_(
                organisation.c.college == college,
                organisation.c.organisation == loan.c.organisation,
            ),
        )
        .where(found.c.result == result)
        .subquery()
    )
    order = (wanted.c.number_order, wanted.c.key)
    page = page_of(connection, select(wanted), order, after, limit)
    return Page(tuple(map(_line, page.items)), page.total, page.next)


def _line(row: AnyRow) -> OutcomeLine:
    return OutcomeLine(
        tag=row.tag,
        code=row.code,
        type=row.type_name,
        asset_number=row.asset_number,
        place=row.place,
        seen_in=row.seen_in,
        scans=row.scans,
        seen_at=row.seen_at,
        late=bool(row.late),
        to=row.to,
        state=row.state,
        last_sighted=row.sighted_at,
    )


def _scans(late: ColumnElement[bool]) -> tuple[ColumnElement[Any], ...]:
    return (
        func.count(scan.c.scan).label("scans"),
        func.max(scan.c.seen_at).label("seen_at"),
        func.min(case((scan.c.scan.is_(None), 0), (late, 1), else_=0)).label("late"),
    )


def _what() -> Any:
    """The tag of a scan, or its other code."""
    return func.coalesce(scan.c.tag, scan.c.code)


def _expected(college: str, which: Stocktake, late: ColumnElement[bool]) -> Select[Any]:
    """Each holding of the list with its result, from one pass over its scans."""
    somewhere = or_(scan.c.place.is_(None), line.c.place.is_(None), scan.c.place == line.c.place)
    at_its_place = and_(scan.c.scan.is_not(None), somewhere)
    result = case(
        (func.max(case((at_its_place, 1), else_=0)) == 1, "sighted"),
        (func.count(scan.c.scan) > 0, "sighted_elsewhere"),
        (func.count(confirmation.c.tag) > 0, "on_loan_confirmed"),
        (line.c.loan.is_not(None), "on_loan"),
        else_="not_sighted",
    )
    return (
        select(
            line.c.tag.label("key"),
            line.c.tag,
            cast(null(), String).label("code"),
            line.c.place,
            line.c.loan,
            result.label("result"),
            *_scans(late),
        )
        .select_from(line)
        .outerjoin(scan, _same(scan, line))
        .outerjoin(confirmation, _same(confirmation, line))
        .where(line.c.college == college, line.c.stocktake == which.id)
        .group_by(line.c.tag, line.c.place, line.c.loan)
    )


def _strays(college: str, which: Stocktake, late: ColumnElement[bool]) -> Select[Any]:
    """Each tag or code, once, that was scanned and is not on the list."""
    code = case((scan.c.tag.is_(None), scan.c.code)).label("code")
    held = and_(holding.c.college == scan.c.college, holding.c.tag == scan.c.tag)
    open_loan = (
        select(loan.c.loan)
        .where(loan.c.college == college, loan.c.tag == scan.c.tag, loan.c.closed_at.is_(None))
        .order_by(loan.c.loan)
        .limit(1)
        .correlate(scan)
        .scalar_subquery()
    )
    return (
        select(
            func.coalesce(scan.c.tag, func.min(scan.c.code)).label("key"),
            scan.c.tag,
            func.coalesce(code, scan.c.tag).label("code"),
            holding.c.location.label("place"),
            open_loan.label("loan"),
            case((holding.c.tag.is_(None), "unknown"), else_="unexpected").label("result"),
            *_scans(late),
        )
        .select_from(scan)
        .outerjoin(line, _same(line, scan))
        .outerjoin(holding, held)
        .where(scan.c.college == college, scan.c.stocktake == which.id, line.c.tag.is_(None))
        .group_by(scan.c.tag, code, holding.c.tag, holding.c.location)
    )


def _same(one: Table, other: Table) -> ColumnElement[bool]:
    """The condition that two rows are of the same holding in the same stocktake."""
    return and_(*(one.c[name] == other.c[name] for name in ("college", "stocktake", "tag")))
