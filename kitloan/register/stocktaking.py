"""Facts about stocktakes: opened, expected, scanned, confirmed, closed."""

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from kitloan import entries
from kitloan.entries import Entry
from kitloan.errors import StoreError
from kitloan.models import Holding, Loan, table
from kitloan.models.stocktaking import (
    Confirmation,
    Stocktake,
    StocktakeDesk,
    StocktakeLine,
    StocktakeScan,
)
from kitloan.prepared import Change, Query
from kitloan.register.applying import applies

confirmation, desk, holding = table(Confirmation), table(StocktakeDesk), table(Holding)
line, loan = table(StocktakeLine), table(Loan)
scan, stocktake = table(StocktakeScan), table(Stocktake)

_open = Change(insert(stocktake))
_expect = Change(insert(line))
_scan = Change(insert(scan))
_confirm = Change(insert(confirmation))
_forget_confirmation = Change(
    delete(confirmation).where(
        confirmation.c.college == bindparam("c"),
        confirmation.c.stocktake == bindparam("s"),
        confirmation.c.tag == bindparam("t"),
    )
)
_insert_desk = Change(insert(desk))
_set_desk = Change(
    update(desk)
    .where(
        desk.c.college == bindparam("c"),
        desk.c.stocktake == bindparam("s"),
        desk.c.desk == bindparam("d"),
    )
    .values(waiting=bindparam("now_waiting"))
)
_close = Change(
    update(stocktake)
    .where(
        stocktake.c.college == bindparam("c"),
        stocktake.c.stocktake == bindparam("s"),
        stocktake.c.closed_at.is_(None),
    )
    .values(closed_at=bindparam("at"), closed_by=bindparam("by"))
)
_as_it_stands = Query(
    select(
        holding.c.location,
        # Of a stock that is out in part, the rest should be here.
        (holding.c.out_quantity == holding.c.quantity).label("out"),
    ).where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)
_open_loans = Query(
    select(loan.c.loan).where(
        loan.c.college == bindparam("c"),
        loan.c.tag == bindparam("t"),
        loan.c.closed_at.is_(None),
    )
)
_sight = Change(
    update(holding)
    .where(
        holding.c.college == bindparam("c"),
        holding.c.tag == bindparam("t"),
        # A scan that was handed in late is no news of a holding that was seen since.
        or_(holding.c.sighted_at.is_(None), holding.c.sighted_at < bindparam("at")),
    )
    .values(sighted_at=bindparam("at"), sighted_by=bindparam("by"))
)


@applies(entries.StocktakeOpened)
def opened(
    connection: Connection, college: str, entry: Entry, fact: entries.StocktakeOpened
) -> None:
    """A stocktake is open."""
    _open(
        connection,
        college=college,
        opened_at=entry.at,
        opened_by=entry.by,
        closed_at=None,
        closed_by=None,
        **fact.model_dump(exclude={"kind"}),
    )


@applies(entries.StocktakeExpects)
def expects(
    connection: Connection, college: str, entry: Entry, fact: entries.StocktakeExpects
) -> None:
    """These holdings should be found, where they are kept or with whom they are now."""
    for tag in fact.tags:
        row = _as_it_stands(connection, c=college, t=tag).one_or_none()
        if row is None:
            raise StoreError(
                "row_not_there",
                f"A stocktake expects {tag}, which {college} does not hold.",
                "Run `kitloan ledger verify` to see what is wrong with the store.",
            )
        # Which of several is told in Python: the databases disagree on the order of texts.
        loans = _open_loans(connection, c=college, t=tag).scalars().all() if row.out else []
        _expect(
            connection,
            college=college,
            stocktake=fact.stocktake,
            tag=tag,
            place=row.location,
            loan=min(loans, default=None),
        )


@applies(entries.StocktakeDesk)
def desk_told(
    connection: Connection, college: str, entry: Entry, fact: entries.StocktakeDesk
) -> None:
    """A desk takes part, or has handed in what it had."""
    known = _set_desk(
        connection, c=college, s=fact.stocktake, d=fact.desk, now_waiting=fact.waiting
    )
    if not known:
        _insert_desk(
            connection,
            college=college,
            stocktake=fact.stocktake,
            desk=fact.desk,
            waiting=fact.waiting,
        )


@applies(entries.StocktakeScanned)
def scanned(
    connection: Connection, college: str, entry: Entry, fact: entries.StocktakeScanned
) -> None:
    """One scan more; a holding that has this tag was seen."""
    _scan(
        connection,
        college=college,
        scanned_by=entry.by,
        recorded_at=entry.at,
        **fact.model_dump(exclude={"kind"}),
    )
    if fact.tag is not None:
        _sight(connection, c=college, t=fact.tag, at=fact.seen_at, by=entry.by)


@applies(entries.StocktakeConfirmed)
def confirmed(
    connection: Connection, college: str, entry: Entry, fact: entries.StocktakeConfirmed
) -> None:
    """A borrower has it still; said again, the later word counts."""
    _forget_confirmation(connection, c=college, s=fact.stocktake, t=fact.tag)
    _confirm(
        connection,
        college=college,
        stocktake=fact.stocktake,
        tag=fact.tag,
        loan=fact.loan,
        at=entry.at,
        confirmed_by=entry.by,
    )


@applies(entries.StocktakeClosed)
def closed(
    connection: Connection, college: str, entry: Entry, fact: entries.StocktakeClosed
) -> None:
    """A stocktake is over; no holding's state changes by it."""
    _close.one(connection, c=college, s=fact.stocktake, at=entry.at, by=entry.by)
