"""Facts about stocktakes: what was expected, every scan, and how each stocktake ended.

A stocktake's result is computed from its scans, and changes no holding's state: a holding that was
not seen is *not sighted*, and only a person can mark it as missing.
"""

from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from kitloan.errors import StoreError
from kitloan.ledger.facts.base import (
    Count,
    CountOrNone,
    FactBase,
    Id,
    Instant,
    Later,
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
        # If only part of a stock is out, the rest should be here.
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
        # A scan that was handed in late does not replace a later sighting, unless that is in the
        # future, because then a clock was wrong.
        or_(
            holding.c.sighted_at.is_(None),
            holding.c.sighted_at < bindparam("at"),
            holding.c.sighted_at > bindparam("tomorrow"),
        ),
    )
    .values(sighted_at=bindparam("at"), sighted_by=bindparam("by"))
)


class StocktakeOpened(FactBase):
    """A stocktake was opened; the holdings that it expects follow in the same request."""

    kind: Literal["stocktake.opened"] = "stocktake.opened"
    stocktake: Id
    name: Name
    place: Name | None = None
    """Only holdings that are kept here; None for the whole college."""
    sample: Count | None = None
    """A random sample of so many; None for all."""
    challenge: Id | None = None
    code: Name | None = None
    """The one-time code of the challenge that it answers."""


@applies(StocktakeOpened)
def opened(connection: Connection, college: str, entry: Recorded, fact: StocktakeOpened) -> None:
    """Add the stocktake."""
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
    """Add the expected holdings, with where they are kept and who has them now."""
    for tag in fact.tags:
        row = _as_it_stands(connection, c=college, t=tag).one_or_none()
        if row is None:
            raise StoreError(
                "row_not_there",
                f"A stocktake expects {tag}, which {college} does not hold.",
                "Check the store: kitloan ledger verify",
            )
        # The first of several is chosen here: the databases disagree on the order of texts.
        loans = _open_loans(connection, c=college, t=tag).scalars() if row.out else []
        _expect(
            connection,
            college=college,
            stocktake=fact.stocktake,
            tag=tag,
            place=row.location,
            loan=min(loans, default=None),
        )


class StocktakeDeskRecorded(FactBase):
    """A desk joined, or handed in all its scans. While one is waiting, the stocktake stays open."""

    kind: Literal["stocktake.desk"] = "stocktake.desk"
    stocktake: Id
    desk: Name
    waiting: bool


@applies(StocktakeDeskRecorded)
def desk_recorded(
    connection: Connection, college: str, entry: Recorded, fact: StocktakeDeskRecorded
) -> None:
    """Set whether a desk still has scans to hand in."""
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
    """Something was scanned; repeats and unknown codes are recorded too."""

    desk_action: ClassVar[bool] = True
    kind: Literal["stocktake.scanned"] = "stocktake.scanned"
    stocktake: Id
    scan: Id
    tag: Tag | None
    """The holding's, or a valid tag that no holding here has; None for any other code."""
    code: Name
    """The code as it was scanned."""
    place: Name | None = None
    """Where it was scanned, if that is known."""
    desk: Name
    seen_at: Instant
    """When it was scanned; at a desk without the store, earlier than it was recorded."""
    quantity: CountOrNone | None = Later(None)
    """How many were counted of a stock of loose items; None for a scan that counted nothing."""
    expected: CountOrNone | None = Later(None)
    """How many of the stock should have been here then: what is held less what is on loan."""


@applies(StocktakeScanned)
def scanned(connection: Connection, college: str, entry: Recorded, fact: StocktakeScanned) -> None:
    """Add the scan, and mark a holding with this tag as seen."""
    _scan(
        connection,
        college=college,
        scanned_by=entry.by,
        recorded_at=entry.at,
        quantity=fact.quantity,
        expected=fact.expected,
        counted_seq=None if fact.quantity is None else entry.seq,
        **fact.model_dump(exclude={"kind", "quantity", "expected"}),
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
    """A borrower confirmed that they have a holding on loan."""

    desk_action: ClassVar[bool] = True
    kind: Literal["stocktake.confirmed"] = "stocktake.confirmed"
    stocktake: Id
    tag: Tag
    loan: Id


@applies(StocktakeConfirmed)
def confirmed(
    connection: Connection, college: str, entry: Recorded, fact: StocktakeConfirmed
) -> None:
    """Record the confirmation, in place of an earlier one."""
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
    """A stocktake was closed, with its outcome then. Later scans still count."""

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
    """Close the stocktake; no holding's state changes."""
    _close.one(connection, c=college, s=fact.stocktake, at=entry.at, by=entry.by)
