"""Stocktakes: what was expected, every scan that was made, and how each one ended.

A stocktake's result is worked out from its scans and never written down as a holding's fate: a
holding that nobody saw is *not sighted*, and only a person makes it missing.
"""

from typing import Literal

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from kitloan.errors import StoreError
from kitloan.ledger.facts.base import (
    Count,
    CountOrNone,
    FactBase,
    Id,
    Instant,
    Name,
    Recorded,
    SomeTags,
    Tag,
    applies,
)
from kitloan.storage.statements import Change, Query
from kitloan.tables import Holding, Loan, table
from kitloan.tables.stocktaking import (
    Confirmation,
    Stocktake,
    StocktakeDesk,
    StocktakeLine,
    StocktakeScan,
)
from kitloan.text.dates import same_time_tomorrow

confirmation = table(Confirmation)
desk = table(StocktakeDesk)
holding = table(Holding)
line = table(StocktakeLine)
loan = table(Loan)
scan = table(StocktakeScan)
stocktake = table(Stocktake)

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
        # A scan that was handed in late is no news of a holding that was seen since; where that is
        # in the future, a clock was wrong.
        or_(
            holding.c.sighted_at.is_(None),
            holding.c.sighted_at < bindparam("at"),
            holding.c.sighted_at > bindparam("tomorrow"),
        ),
    )
    .values(sighted_at=bindparam("at"), sighted_by=bindparam("by"))
)


class StocktakeOpened(FactBase):
    """A stocktake began; what it expects follows in entries of the same request."""

    kind: Literal["stocktake.opened"] = "stocktake.opened"
    stocktake: Id
    name: Name
    place: Name | None = None
    """Only what is kept here; None is the whole college."""
    sample: Count | None = None
    """A random sample of so many; None is everything."""
    challenge: Id | None = None
    code: Name | None = None
    """The one-time code of the challenge that it answers."""


@applies(StocktakeOpened)
def opened(connection: Connection, college: str, entry: Recorded, fact: StocktakeOpened) -> None:
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


class StocktakeExpects(FactBase):
    """Some of the holdings that a stocktake should find."""

    kind: Literal["stocktake.expects"] = "stocktake.expects"
    stocktake: Id
    tags: SomeTags


@applies(StocktakeExpects)
def expects(connection: Connection, college: str, entry: Recorded, fact: StocktakeExpects) -> None:
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


class StocktakeDeskRecorded(FactBase):
    """A desk took part, or handed in all it had scanned. One that waits keeps it open."""

    kind: Literal["stocktake.desk"] = "stocktake.desk"
    stocktake: Id
    desk: Name
    waiting: bool


@applies(StocktakeDeskRecorded)
def desk_told(
    connection: Connection, college: str, entry: Recorded, fact: StocktakeDeskRecorded
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


class StocktakeScanned(FactBase):
    """Something was scanned: each scan is kept, repeats and unknown codes too."""

    kind: Literal["stocktake.scanned"] = "stocktake.scanned"
    stocktake: Id
    scan: Id
    tag: Tag | None
    """The holding's, or a valid tag that no holding here has; None for any other code."""
    code: Name
    """What was scanned, as it came."""
    place: Name | None = None
    """Where it was scanned, where somebody said."""
    desk: Name
    seen_at: Instant
    """When it was scanned; at a desk without the store, before it came on record."""


@applies(StocktakeScanned)
def scanned(connection: Connection, college: str, entry: Recorded, fact: StocktakeScanned) -> None:
    """One scan more; a holding that has this tag was seen."""
    _scan(
        connection,
        college=college,
        scanned_by=entry.by,
        recorded_at=entry.at,
        **fact.model_dump(exclude={"kind"}),
    )
    if fact.tag is not None:
        _sight(
            connection,
            c=college,
            t=fact.tag,
            at=fact.seen_at,
            by=entry.by,
            tomorrow=same_time_tomorrow(entry.at),
        )


class StocktakeConfirmed(FactBase):
    """A borrower says that they have what is on loan to them."""

    kind: Literal["stocktake.confirmed"] = "stocktake.confirmed"
    stocktake: Id
    tag: Tag
    loan: Id


@applies(StocktakeConfirmed)
def confirmed(
    connection: Connection, college: str, entry: Recorded, fact: StocktakeConfirmed
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


class StocktakeClosed(FactBase):
    """A stocktake ended, with what it came to then. Scans that come later still count."""

    kind: Literal["stocktake.closed"] = "stocktake.closed"
    stocktake: Id
    sighted: CountOrNone
    sighted_elsewhere: CountOrNone
    on_loan_confirmed: CountOrNone
    on_loan: CountOrNone
    not_sighted: CountOrNone
    unexpected: CountOrNone
    unknown: CountOrNone


@applies(StocktakeClosed)
def closed(connection: Connection, college: str, entry: Recorded, fact: StocktakeClosed) -> None:
    """A stocktake is over; no holding's state changes by it."""
    _close.one(connection, c=college, s=fact.stocktake, at=entry.at, by=entry.by)
