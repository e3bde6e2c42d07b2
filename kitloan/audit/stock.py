"""How much of a stock of loose items was out: by when each part came back, and of how many then.

The register has what is back of a loan by now, and how many are held by now. When a part came back,
and how many were held on an earlier day, stand in the entries; only those about stock are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter

from sqlalchemy import Connection, and_, bindparam, exists, or_, select

from kitloan.audit.months import OF_HOLDING, Months
from kitloan.queries.entry_text import entry, fact_number, fact_text
from kitloan.queries.undone import UNDONE
from kitloan.tables import Holding, Loan, table
from kitloan.text.dates import day_of

holding, loan = table(Holding), table(Loan)

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


def lent_of_stock(connection: Connection, months: Months) -> Iterator[StockLoan]:
    """Every loan of stock that has days in the twelve months."""
    rows = connection.execute(
        select(
            *(loan.c[name] for name in ("college", "loan", "tag", "organisation", "quantity")),
            loan.c.out_at,
            loan.c.closed_at,
            holding.c.kit_type,
            holding.c.quantity.label("now"),
            months.began.label("began"),
            months.on_record.label("on_record"),
        )
        .join_from(loan, holding, OF_HOLDING)
        .where(months.lent, ~loan.c.exclusive)
    ).all()
    held, back = _told(connection, {(row.college, row.tag) for row in rows})
    for row in rows:
        first = max(day_of(row.out_at), months.start).toordinal()
        over = min(day_of(row.closed_at), months.until) if row.closed_at else months.until
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
    entry.c.kind == "loan.checked_in",
    exists().where(
        loan.c.college == entry.c.college,
        loan.c.loan == fact_text("loan"),
        loan.c.quantity > fact_number("quantity"),
    ),
)
_HELD = entry.c.kind.in_(("holding.accessioned", "holding.amended", "transfer.received"))
_ENTRIES = (
    select(
        entry.c.tag,
        entry.c.at,
        fact_number("quantity").label("many"),
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


def _told(connection: Connection, stocks: set[tuple[str, str]]) -> tuple[_Steps, _Steps]:
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
                step = day_of(row.at).toordinal(), row.many
                if row.loan is None:
                    changes[college, row.tag].append(step)
                else:
                    back[college, row.loan].append(step)
    return {where: _by_day(changed) for where, changed in changes.items()}, back


def _by_day(changes: Iterable[Step]) -> list[Step]:
    """From which day on how many were held; on a day that changed it, the most that it saw."""
    steps: list[Step] = []
    held = 0
    for on, group in groupby(changes, key=itemgetter(0)):
        after = [many for _, many in group]
        steps += [(on, max(held, *after)), (on + 1, after[-1])]
        held = after[-1]
    return steps
