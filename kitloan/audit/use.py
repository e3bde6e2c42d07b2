"""How the holdings are used: loans, days on loan over days held, and the organisations served.

Over the twelve months that end with the day of the audit, or with the last day that a college's
file covers: nothing is known of its loans after that. A loan counts the days from the one on which
it went to the one before it came back, and at least one; a loan that is out counts the last day
that is known. Of a stock of loose items it counts what was out, of what was held on those days:
twelve of thirty goggles for ten days are four days of that holding. A loan counts from the day it
happened, but not from before its holding was entered; one of which a register names no day is not
among the loans that began. A holding counts the days for which its college had it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from kitloan.audit.census import Census
from kitloan.audit.measures import HoldingCount
from kitloan.queries.entry_text import entry, fact_number, fact_text
from kitloan.queries.undone import UNDONE
from kitloan.tables import Gift, Holding, Loan, table
from kitloan.tables.absence import Arrival, Transfer, Withdrawal
from kitloan.text.dates import (
    SCOTLAND,
    day_happened,
    day_of,
    end_of,
    instant,
    start_of,
    twelve_months_to,
)
from kitloan.text.names import fold

arrival, gift, holding, loan = table(Arrival), table(Gift), table(Holding), table(Loan)
transfer, withdrawal = table(Transfer), table(Withdrawal)


class _utc_day(GenericFunction[int]):  # noqa: N801  # functions of SQL are written so
    """The day in UTC of an instant, as `date.toordinal` numbers it."""

    type = Integer()
    inherit_cache = True


@compiles(_utc_day, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    # The first day of the year 1 began at 1721425.5 in Julian days.
    return f"CAST(julianday({compiler.process(element.clauses, **given)}) - 1721424.5 AS INTEGER)"


@compiles(_utc_day, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    rendered = compiler.process(element.clauses, **given)
    return f"(CAST(substr({rendered}, 1, 10) AS date) - DATE '0001-01-01' + 1)"


class _larger(GenericFunction[int]):  # noqa: N801
    """The larger of two numbers; each is worked out once."""

    type = Integer()
    inherit_cache = True


@compiles(_larger, "sqlite")
def _max_in_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    return f"max({compiler.process(element.clauses, **given)})"


@compiles(_larger, "postgresql")
def _max_in_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    return f"greatest({compiler.process(element.clauses, **given)})"


def scottish_day(at: ColumnElement[Any], first: date, last: date) -> ColumnElement[int]:
    """The day in Scotland of an instant that lies between two days, as `toordinal` numbers it."""
    summers = [and_(at >= began, at < ended) for began, ended in _summers(first, last)]
    tomorrow = and_(func.substr(at, 12, 2) == "23", or_(false(), *summers))
    return _utc_day(at) + case((tomorrow, 1), else_=0)


def _summers(first: date, last: date) -> list[tuple[str, str]]:
    """When summer time begins and ends, for the years of these days."""
    return [(_turn(year, 3), _turn(year, 10)) for year in range(first.year, last.year + 1)]


def _turn(year: int, month: int) -> str:
    """One o'clock in UTC on the last Sunday of a month of 31 days."""
    end = date(year, month, 31)
    sunday = end - timedelta(days=(end.weekday() + 1) % 7)
    return instant(datetime.combine(sunday, time(12), tzinfo=SCOTLAND)).replace(
        "T11:00" if month == 3 else "T12:00", "T01:00"
    )


OF_HOLDING = and_(holding.c.college == loan.c.college, holding.c.tag == loan.c.tag)


def of_scope(census: Census, wanted: Select[Any]) -> Select[Any]:
    """A statement on `loan`, of what the report is about: every loan, where that is everything."""
    if not census.scope:
        return wanted
    return wanted.join(holding, OF_HOLDING).where(census.in_scope)


BEGAN = case(
    (loan.c.out_at < holding.c.accessioned_at, holding.c.accessioned_at), else_=loan.c.out_at
)
"""When a loan began, or its holding was entered, if that was later: a loan that was open when a
register was read has its days out counted for as long as its holding's days are."""
DAY_KNOWN = loan.c.out_at > ""
"""Of a loan that a register had, no day may be known on which it began."""


A_MONTH = 28
"""Days for which a holding was held, on average, before its use is put in a sentence."""


@dataclass(frozen=True, slots=True)
class Months:
    """The twelve months that end with the census's day; the conditions are on rows of `loan`."""

    census: Census

    @property
    def day(self) -> date:
        """Their last day."""
        return self.census.day

    @property
    def start(self) -> date:
        """Their first day."""
        return twelve_months_to(self.day)

    @property
    def until(self) -> date:
        """The day after their last."""
        return self.day + timedelta(days=1)

    def ends(self, college: ColumnElement[str]) -> ColumnElement[int]:
        """The day after the last one that is known of a college, as `toordinal` numbers it."""
        silent = {each: self.end_of(each).toordinal() for each in self.census.covered}
        until = literal(self.until.toordinal(), Integer)
        return case(silent, value=college, else_=until) if silent else until

    def end_of(self, college: str) -> date:
        """The day after the last one that is known of a college; never before they begin."""
        known = self.census.covered.get(college)
        return self.until if known is None else max(self.start, known + timedelta(days=1))

    @property
    def since(self) -> str:
        """The instant at which they begin."""
        return start_of(self.start)

    @property
    def lent(self) -> ColumnElement[bool]:
        """It was out in them."""
        return and_(
            or_(loan.c.closed_at.is_(None), loan.c.closed_at >= self.since),
            loan.c.out_at <= end_of(self.day),
        )

    @property
    def on_record(self) -> ColumnElement[bool]:
        """Its days out began to count in them."""
        return self.since <= BEGAN

    @property
    def began(self) -> ColumnElement[bool]:
        """It began in them; one of which a register names no day never does."""
        return loan.c.out_at >= self.since


Span = tuple[date, date | None]
"""From which day, up to but not with which; None is still."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One holding at one college. `kept` when it is on that register now."""

    college: str
    kit_type: str
    kept: bool
    spans: tuple[Span, ...]


_EVENTS = union_all(
    select(
        transfer.c.college,
        transfer.c.tag,
        transfer.c.sent_at.label("at"),
        literal(False).label("comes"),
    ).where(transfer.c.state != "called_off"),
    select(arrival.c.college, arrival.c.tag, arrival.c.received_at, literal(True)),
    select(withdrawal.c.college, withdrawal.c.tag, withdrawal.c.signed_at, literal(False)).where(
        withdrawal.c.signed_at.is_not(None)
    ),
)
_moved = union(
    select(transfer.c.college, transfer.c.tag).where(transfer.c.state != "called_off"),
    select(arrival.c.college, arrival.c.tag),
    select(withdrawal.c.college, withdrawal.c.tag).where(withdrawal.c.signed_at.is_not(None)),
).subquery()
_HOLDINGS = select(
    holding.c.college,
    holding.c.tag,
    holding.c.kit_type,
    holding.c.accessioned_at,
).join_from(
    _moved, holding, and_(holding.c.college == _moved.c.college, holding.c.tag == _moved.c.tag)
)


def stays(census: Census) -> Iterator[Stay]:
    """Every holding that came from another college, went to one, or was written off."""
    events: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)
    for row in census.connection.execute(_EVENTS):
        events[row.college, row.tag].append((row.at, bool(row.comes)))
    wanted = _HOLDINGS.add_columns(census.counted.label("kept")).where(census.in_scope)
    for row in census.connection.execute(wanted):
        happened = sorted(events[row.college, row.tag])
        yield Stay(
            row.college,
            row.kit_type,
            bool(row.kept),
            _spans(row.accessioned_at, happened, kept=bool(row.kept)),
        )


def _spans(
    accessioned_at: str, happened: list[tuple[str, bool]], *, kept: bool
) -> tuple[Span, ...]:
    spans: list[Span] = [(day_of(accessioned_at), None)]
    for at, comes in happened:
        began, ended = spans[-1]
        if comes and ended is not None:
            spans.append((day_of(at), None))
        elif not comes and ended is None:
            spans[-1] = began, day_of(at)
    if not kept and spans[-1][1] is None:  # it came and went within a second
        spans[-1] = spans[-1][0], day_of(happened[-1][0])
    if kept:  # on its way, and counted here until the other college has recorded that it has it
        spans[-1] = spans[-1][0], None
    return tuple(spans)


Step = tuple[int, int]
"""From or on which day, as `date.toordinal` numbers it; and how many."""

_Steps = dict[tuple[str, str], list[Step]]


@dataclass(frozen=True, slots=True)
class StockLoan:
    """A loan of stock. `out` has how many there were, and the days of things out of so many."""

    college: str
    kit_type: str
    organisation: str
    began: bool
    out: Sequence[tuple[int, int]]


def lent_of_stock(months: Months) -> Iterator[StockLoan]:
    """Every loan of stock that has days in the twelve months."""
    census = months.census
    rows = census.connection.execute(
        select(
            *(loan.c[name] for name in ("college", "loan", "tag", "organisation", "quantity")),
            BEGAN.label("out_at"),
            loan.c.closed_at,
            holding.c.kit_type,
            holding.c.quantity.label("now"),
            months.began.label("began"),
            months.on_record.label("on_record"),
        )
        .join_from(loan, holding, OF_HOLDING)
        .where(months.lent, ~loan.c.exclusive, census.in_scope)
    ).all()
    held, back = _changes(census.connection, {(row.college, row.tag) for row in rows})
    for row in rows:
        first = max(day_of(row.out_at), months.start).toordinal()
        until = months.end_of(row.college)
        over = min(day_of(row.closed_at), until) if row.closed_at else until
        parts = back[row.college, row.loan]
        # Where entries are gone, which verifying finds, there were as many as there are.
        of_it = held.get((row.college, row.tag), [(0, row.now)])
        rest = row.quantity - sum(many for _, many in parts)
        least = first + bool(row.on_record)  # out and back on one day is a day
        out = [
            (of, days * many)
            for last, many in [*parts, (over.toordinal(), rest)]
            for of, days in _days(of_it, first, max(last, least))
        ]
        yield StockLoan(row.college, row.kit_type, row.organisation, bool(row.began), out)


def _days(steps: list[Step], first: int, until: int) -> Iterator[Step]:
    """The days up to `until`, by how many were held on them: (how many, days)."""
    for (on, many), (end, _) in pairwise([*steps, (until, 0)]):
        days = min(end, until) - max(on, first)
        if days > 0:
            yield many, days


_PART_BACK = and_(
    entry.c.kind.in_(("loan.checked_in", "loan.stock_gone")),
    exists().where(
        loan.c.college == entry.c.college,
        loan.c.loan == fact_text("loan"),
        loan.c.quantity > fact_number("quantity"),
    ),
)
_HELD = entry.c.kind.in_(
    (
        *("holding.accessioned", "holding.amended", "transfer.received"),
        *("loan.stock_gone", "stock.split"),
    )
)
_ENTRIES = (
    select(
        entry.c.tag,
        entry.c.at,
        fact_text("on").label("on"),
        fact_number("quantity").label("many"),
        fact_number("held").label("held"),
        fact_text("loan").label("loan"),
    )
    .where(
        entry.c.college == bindparam("c"),
        entry.c.tag.in_(bindparam("tags", expanding=True)),
        or_(_HELD, _PART_BACK),
        ~UNDONE,
    )
    .order_by(entry.c.tag, entry.c.epoch, entry.c.seq)
)
_AT_ONCE = 500
"""Tags that one statement names."""


def _changes(connection: Connection, stocks: set[tuple[str, str]]) -> tuple[_Steps, _Steps]:
    """Of each stock how many were held from when on, and of each loan what came back in parts."""
    changes: _Steps = defaultdict(list)
    back: _Steps = defaultdict(list)
    # Named, not joined: SQLite would look through every entry for the few that are about these.
    for college, mine in groupby(sorted(stocks), key=itemgetter(0)):
        tags = [tag for _, tag in mine]
        for at in range(0, len(tags), _AT_ONCE):
            some = connection.execute(
                _ENTRIES, {"c": college, "tags": tags[at : at + _AT_ONCE]}
            ).all()
            for row in some:
                on = day_happened(row.at, row.on).toordinal()
                if row.loan is None or row.held is not None:
                    changes[college, row.tag].append((on, row.held or row.many))
                if row.loan is not None:
                    back[college, row.loan].append((on, row.many))
    return {where: _by_day(changed) for where, changed in changes.items()}, back


def _by_day(changes: Iterable[Step]) -> list[Step]:
    """From which day on how many were held; on a day that changed it, the most that it saw."""
    steps: list[Step] = []
    held = 0
    for on, group in groupby(sorted(changes, key=itemgetter(0)), key=itemgetter(0)):
        after = [many for _, many in group]
        steps += [(on, max(held, *after)), (on + 1, after[-1])]
        held = after[-1]
    return steps


@dataclass(slots=True)
class Use:
    """How holdings of one kind, or of one college, were used."""

    name: str
    until: date | None = None
    """The last day that is known, where that is before the day of the audit."""
    holdings: int = 0
    loans: int = 0
    whole_out: int = 0
    parts_out: Counter[int] = field(default_factory=Counter)
    """Days of the things of stocks, by how many there were."""
    days_held: int = 0
    organisations: set[str] = field(default_factory=set)

    @property
    def _out(self) -> Fraction:
        return sum(
            (Fraction(days, of) for of, days in self.parts_out.items()), Fraction(self.whole_out)
        )

    @property
    def days_out(self) -> float:
        """Days out, to a tenth where stock makes it a fraction."""
        return round(float(self._out), 1) if self._out.denominator > 1 else int(self._out)

    @property
    def is_known(self) -> bool:
        """Whether any of the twelve months is; not where every file covers only days before."""
        return bool(self.days_held or self.loans or not self.holdings)

    @property
    def share(self) -> float | None:
        """Days out over days held, from 0 to 1; None where nothing was held.

        Lent twice on one day, a holding is out for two days of that one: hence the most there is.
        """
        return min(1.0, float(self._out / self.days_held)) if self.days_held else None


class _Uses:
    """Two ways of adding up: by kit type, across spellings, and by college."""

    def __init__(self, names: Mapping[tuple[str, str], str]) -> None:
        self._names = names
        self._both: dict[tuple[str, str], tuple[Use, Use]] = {}
        self.types: dict[str, Use] = {}
        self.places: dict[str, Use] = {}

    def both(self, college: str, kit_type: str) -> tuple[Use, Use]:
        """Where something of a college's kit type is added."""
        if (college, kit_type) not in self._both:
            name = self._names[college, kit_type]
            found = self.types.setdefault(fold(name), Use(name))
            found.name = min(found.name, name)
            place = self.places.setdefault(college, Use(college))
            self._both[college, kit_type] = found, place
        return self._both[college, kit_type]


def use(census: Census, counts: Iterable[HoldingCount]) -> tuple[list[Use], list[Use]]:
    """The use of every kit type, and of every college, in the twelve months.

    Args:
        census: what is counted.
        counts: what is held, and for how many of `days_held`.
    """
    uses, months = _Uses(census.type_names), Months(census)
    for held in counts:
        for each in uses.both(held.college, held.kit_type):
            each.holdings += held.figures.holdings
            each.days_held += held.days
    for stay in stays(census):
        for each in uses.both(stay.college, stay.kit_type):
            each.days_held += _more_days(stay, months)
    of_kinds = _lent_whole(months)
    for stock in lent_of_stock(months):
        lent = of_kinds[stock.college, stock.kit_type]
        for each in uses.both(stock.college, stock.kit_type):
            for of, days in stock.out:
                each.parts_out[of] += days
        if stock.began:
            lent.loans += 1
            lent.organisations.add(stock.organisation)
    for (college, kit_type), lent in of_kinds.items():
        whom = {census.schools.get((college, each), each) for each in lent.organisations}
        for each in uses.both(college, kit_type):
            each.whole_out += lent.days
            each.loans += lent.loans
            each.organisations |= whom
    for college, known in census.covered.items():
        if college in uses.places:
            uses.places[college].until = known
    return (
        sorted(uses.types.values(), key=lambda each: (-(each.share or 0), fold(each.name))),
        [uses.places[key] for key in sorted(uses.places)],
    )


def days_held(months: Months) -> ColumnElement[int]:
    """The days since a holding that is kept came, as if it had never moved."""
    until = months.ends(holding.c.college)
    came = case(
        (holding.c.accessioned_at < months.since, months.start.toordinal()),
        else_=scottish_day(holding.c.accessioned_at, months.start, months.day),
    )
    # What a wrong clock dated later than that was held for no day of them.
    return _larger(until - came, 0)


def _more_days(stay: Stay, months: Months) -> int:
    """Days of one that moved: those it was held, less those that `days_held` has for it."""
    start, until = months.start, months.end_of(stay.college)
    days = sum(
        max(0, (min(ended or until, until) - max(start, began)).days) for began, ended in stay.spans
    )
    (first, _), *_ = stay.spans
    return days - (max(0, (until - max(start, first)).days) if stay.kept else 0)


@dataclass(slots=True)
class _Lent:
    """What was lent of a college's kit type; a borrower is counted whose loan began."""

    loans: int = 0
    days: int = 0
    organisations: set[str] = field(default_factory=set)


def _lent_whole(months: Months) -> dict[tuple[str, str], _Lent]:
    """Loans of whole holdings that have days in the twelve months, by college and kit type."""
    start, day, until = months.start, months.day, months.ends(loan.c.college)
    first = case((~months.on_record, start.toordinal()), else_=scottish_day(BEGAN, start, day))
    over = case(
        (
            or_(loan.c.closed_at.is_(None), loan.c.closed_at > end_of(day)),
            until,
        ),
        else_=scottish_day(loan.c.closed_at, start, day),
    )
    each = (
        select(
            loan.c.college,
            holding.c.kit_type,
            loan.c.organisation,
            case((months.began, 1), else_=0).label("began"),
            case((months.on_record, 1), else_=0).label("least"),
            first.label("first"),
            over.label("over"),
        )
        .join_from(loan, holding, OF_HOLDING)
        .where(months.lent, loan.c.exclusive, months.census.in_scope)
        .subquery()
    )
    days = _larger(each.c.over - each.c.first, each.c.least)
    keys = (each.c.college, each.c.kit_type, each.c.organisation)
    wanted = select(*keys, func.sum(each.c.began), func.sum(days)).group_by(*keys)
    found: dict[tuple[str, str], _Lent] = defaultdict(_Lent)
    for college, kit_type, organisation, loans, out in months.census.rows(wanted):
        lent = found[college, kit_type]
        lent.loans += loans
        lent.days += out
        if loans:
            lent.organisations.add(organisation)
    return found


def lent_of_gifts(census: Census, gifts: Iterable[str]) -> int:
    """How many holdings of some gifts were on loan in the twelve months, by colleges in scope."""
    of_gifts = exists().where(
        gift.c.college == loan.c.college, gift.c.tag == loan.c.tag, gift.c.gift.in_(list(gifts))
    )
    ids = census.college_ids
    here = true() if ids is None else loan.c.college.in_(sorted(ids))
    wanted = (
        select(func.count(loan.c.tag.distinct()))
        .join_from(loan, holding, OF_HOLDING)
        .where(Months(census).lent, of_gifts, here)
    )
    return int(census.connection.execute(wanted).scalar_one())
