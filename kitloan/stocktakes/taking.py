"""A stocktake's desks, confirmations and closing: what must be so before each is sealed.

Closing changes no holding: what was not seen is *not sighted*, and only a person makes it missing.
A desk that has not handed in what it scanned keeps a stocktake open, unless it is given up by name.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import bindparam, select

from kitloan.calendar import uk_instant
from kitloan.entries import StocktakeClosed, StocktakeConfirmed, StocktakeDesk, StocktakeScanned
from kitloan.errors import BadInput, Refused
from kitloan.ledger import Writer, id_reused
from kitloan.lending import held, open_loans
from kitloan.models import Loan, Organisation, table
from kitloan.models.stocktaking import StocktakeLine, StocktakeScan
from kitloan.prepared import AnyRow, Query
from kitloan.resolve import meant
from kitloan.stocktakes.answers import Counts, Outcome, Stocktake
from kitloan.stocktakes.outcome import (
    desk_spelt,
    desks_of,
    outcome_of,
    the_stocktake,
    waiting_desks,
)
from kitloan.tags import grouped
from kitloan.text import clean, plain

line, scan = table(StocktakeLine), table(StocktakeScan)
loan, organisation = table(Loan), table(Organisation)

_LINE = Query(
    select(line).where(
        line.c.college == bindparam("c"),
        line.c.stocktake == bindparam("s"),
        line.c.tag == bindparam("t"),
    )
)
_LINES = Query(
    select(line.c.tag, line.c.loan).where(
        line.c.college == bindparam("c"), line.c.stocktake == bindparam("s")
    )
)
_SCANS = Query(
    select(scan.c.scan, scan.c.tag, scan.c.code).where(
        scan.c.college == bindparam("c"), scan.c.stocktake == bindparam("s")
    )
)
_WITH = Query(
    select(organisation.c.name)
    .join_from(
        loan,
        organisation,
        (organisation.c.college == loan.c.college)
        & (organisation.c.organisation == loan.c.organisation),
    )
    .where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A holding that its borrower says they have."""

    tag: str
    type: str
    to: str


def tell_desk(writer: Writer, stocktake: str, desk: str, *, waiting: bool) -> None:
    """See `Stocktakes.join` and `hand_in`."""
    which = the_stocktake(writer.connection, writer.college, stocktake)
    named = desk_spelt(writer.connection, writer.college, which, clean(desk, "The desk"))
    fact = StocktakeDesk(stocktake=which.id, desk=named, waiting=waiting)
    if writer.said:
        if writer.answered(StocktakeDesk) != [fact]:
            raise id_reused(writer.request)
        return
    if waiting:
        _must_be_open(which)
    desks = desks_of(writer.connection, writer.college, which)
    if not waiting and named not in desks:
        raise BadInput(
            "unknown_desk",
            f"{plain(named)!r} has not joined {which.name}.",
            f"These have: {', '.join(sorted(desks))}." if desks else "No desk has.",
            desks=sorted(desks),
        )
    if desks.get(named) is not waiting:
        writer.append(fact)


def confirm(writer: Writer, stocktake: str, text: str) -> Confirmed:
    """See `Stocktakes.confirm`."""
    which = the_stocktake(writer.connection, writer.college, stocktake)
    tag = meant(writer, text)
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    expected = _LINE(writer.connection, c=writer.college, s=which.id, t=tag).first()
    if expected is None:
        raise Refused(
            "not_expected",
            f"{shown} is not on the list of {which.name}.",
            "Its list was frozen when it was opened: kitloan stocktake show",
            tag=tag,
        )
    loans = [each.loan for each in open_loans(writer, tag)]
    if not loans:
        raise Refused(
            "not_out",
            f"{shown} is not on loan.",
            "If it is here, scan it: kitloan stocktake scan",
            tag=tag,
        )
    which_loan = expected.loan if expected.loan in loans else loans[0]
    writer.append(StocktakeConfirmed(stocktake=which.id, tag=tag, loan=which_loan))
    return _confirmed(writer, row, which_loan)


def close(writer: Writer, stocktake: str, without: Sequence[str]) -> Outcome:
    """See `Stocktakes.close`."""
    which = the_stocktake(writer.connection, writer.college, stocktake)
    if writer.said:
        return _closed_before(writer, which, without)
    _must_be_open(which)
    waiting = waiting_desks(writer.connection, writer.college, which)
    given_up = {
        desk_spelt(writer.connection, writer.college, which, clean(each, "The desk"))
        for each in without
    }
    for each in given_up.difference(waiting):
        raise BadInput(
            "unknown_desk",
            f"{plain(each)!r} is no desk that {which.name} waits for.",
            f"It waits for: {', '.join(waiting)}." if waiting else "It waits for none.",
            waiting=list(waiting),
        )
    left = [each for each in waiting if each not in given_up]
    if left:
        raise Refused(
            "desks_waiting",
            f"{which.name} waits for the scans of {', '.join(left)}.",
            "Read them in (kitloan stocktake scan --file FILE --desk DESK) and say kitloan "
            "stocktake hand-in DESK; or close without: kitloan stocktake close --without DESK",
            waiting=left,
        )
    found = outcome_of(writer.connection, writer.college, which)
    writer.append(StocktakeClosed(stocktake=which.id, **asdict(found.counts)))
    now = the_stocktake(writer.connection, writer.college, which.id)
    return outcome_of(writer.connection, writer.college, now)


def _closed_before(writer: Writer, which: Stocktake, without: Sequence[str]) -> Outcome:
    """What an earlier try of this request answered, whatever was scanned or handed in since."""
    (fact, *_) = writer.answered(StocktakeClosed)
    handed_in = {each.desk for each in writer.since(StocktakeDesk) if each.stocktake == which.id}
    desks = desks_of(writer.connection, writer.college, which)
    waiting = tuple(name for name, waits in desks.items() if waits or name in handed_in)
    given_up = {desk_spelt(writer.connection, writer.college, which, each) for each in without}
    if fact.stocktake != which.id or given_up != set(waiting):
        raise id_reused(writer.request)
    late = {each.scan for each in writer.since(StocktakeScanned)}
    rows = _SCANS(writer.connection, c=writer.college, s=which.id)
    codes = [row.tag or row.code for row in rows if row.scan not in late]
    seen = set(codes)
    lines = _LINES(writer.connection, c=writer.college, s=which.id).all()
    return Outcome(
        which,
        expected=len(lines),
        counts=Counts(**fact.model_dump(exclude={"kind", "stocktake"})),
        on_loan_here=sum(each.loan is not None and each.tag in seen for each in lines),
        scans=len(codes),
        repeats=len(codes) - len(seen),
        late=0,
        waiting=waiting,
    )


def _must_be_open(which: Stocktake) -> None:
    if which.closed_at is not None:
        raise Refused(
            "closed",
            f"{which.name} was closed by {which.closed_by} on {uk_instant(which.closed_at)}.",
            "Scans that come late still count: kitloan stocktake scan --stocktake "
            f"{which.id}. Or open another: kitloan stocktake open NAME",
            stocktake=which.id,
            closed_at=which.closed_at,
            closed_by=which.closed_by,
        )


def _confirmed(writer: Writer, row: AnyRow, loan_id: str) -> Confirmed:
    to = _WITH(writer.connection, c=writer.college, l=loan_id).scalar_one()
    return Confirmed(row.tag, row.type_name, to)
