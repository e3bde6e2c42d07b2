"""Questions that only the desk asks of the register: who borrows, who has some, what is due today.

They look things up and change nothing; every one is answered from an index, or from a table that
stays small, because a teacher is waiting and because they are asked again every few seconds.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from kitloan.borrowers.organisations import nearly_like
from kitloan.ledger.session import Session
from kitloan.planning.calendar import calendar_of
from kitloan.planning.policies import policies_of
from kitloan.queries.borrowers import organisations_called
from kitloan.queries.find import Finder
from kitloan.queries.undone import UNDONE
from kitloan.tables import (
    College,
    Component,
    Holding,
    KitType,
    LedgerEntry,
    LedgerHead,
    Loan,
    Organisation,
    Shortage,
    table,
)
from kitloan.tables.planning import Booking, BookingLine
from kitloan.text.dates import moment, uk
from kitloan.text.names import by_name
from kitloan.values import Holding as HoldingNow
from kitloan.values import LoanLine

holding, kit_type, loan = table(Holding), table(KitType), table(Loan)
college = table(College)
booking, booking_line = table(Booking), table(BookingLine)
component, entry = table(Component), table(LedgerEntry)
head, organisation, shortage = table(LedgerHead), table(Organisation), table(Shortage)

MOST_PEOPLE = 2000
"""Of whom a school's own are picked."""

_LATEST_ENTRIES = 500
_JUST_NOW = timedelta(minutes=1)


def pulse(session: Session) -> tuple[date, int, int]:
    """Changes whenever the board may have: another day, or another entry in the ledger."""
    wanted = select(head.c.epoch, head.c.seq).where(head.c.college == session.college)
    with session.reading() as connection:
        epoch, seq = connection.execute(wanted).one()
    return session.today, epoch, seq


def organisation_called(session: Session, name: str) -> str | None:
    """The name, as the register has it, of the organisation that `name` means."""
    with session.reading() as connection:
        found = organisations_called(connection, session.college, name)
    return found[0][2] if found else None


def organisations(session: Session) -> list[str]:
    """Every organisation's name, in order."""
    with session.reading() as connection:
        rows = connection.execute(
            select(organisation.c.name).where(organisation.c.college == session.college)
        )
        return sorted(rows.scalars(), key=by_name)


def kit_types(session: Session) -> tuple[str, ...]:
    """The names of the kinds of kit that the college has, in order.

    One of which it holds nothing, and that has no contents list, came of a slip.
    """
    is_held = (
        select(holding.c.tag)
        .where(
            holding.c.college == session.college,
            holding.c.kit_type == kit_type.c.kit_type,
            holding.c.state != "withdrawn",
        )
        .exists()
    )
    has_list = (
        select(component.c.kit_type)
        .where(component.c.college == session.college, component.c.kit_type == kit_type.c.kit_type)
        .exists()
    )
    with session.reading() as connection:
        rows = connection.execute(
            select(kit_type.c.name).where(
                kit_type.c.college == session.college,
                kit_type.c.merged_into.is_(None),
                is_held | has_list,
            )
        )
        return tuple(sorted(rows.scalars(), key=by_name))


@dataclass(frozen=True, slots=True)
class ToCollect:
    """Kits of a type that a borrower has booked and can collect.

    Attributes:
        booking: the booking's id.
        type: the kit type.
        quantity: how many have not been collected.
        return_by: until when they are booked; the next open day, if that is closed by now.
    """

    booking: str
    type: str
    quantity: int
    return_by: date


def to_collect(session: Session, to: str, day: date) -> tuple[ToCollect, ...]:
    """What a borrower has booked that can be collected on a day, as it was booked first.

    What was booked for earlier and has lapsed is not among it. Who comes a little early, as the
    policy `early` has it, collects too: else the kits would be lent beside their booking.
    """
    with session.reading() as connection:
        found = organisations_called(connection, session.college, to)
        if not found:
            return ()
        early = policies_of(connection, session.college).number("early")
        calendar = calendar_of(connection, session.college)
        last = calendar.add_open_days(day, early) if early else day
        rows = connection.execute(
            select(
                booking.c.booking,
                kit_type.c.name,
                (booking_line.c.quantity - booking_line.c.collected).label("left"),
                booking.c.return_by,
            )
            .join_from(
                booking,
                booking_line,
                (booking_line.c.college == booking.c.college)
                & (booking_line.c.booking == booking.c.booking),
            )
            .join(
                kit_type,
                (kit_type.c.college == booking_line.c.college)
                & (kit_type.c.kit_type == booking_line.c.kit_type),
            )
            .where(
                booking.c.college == session.college,
                booking.c.organisation == found[0][1],
                booking.c.state == "made",
                booking.c.collect_on <= last.isoformat(),
                booking.c.lapses_after >= session.today.isoformat(),
                booking_line.c.quantity > booking_line.c.collected,
            )
            .order_by(booking.c.collect_on, booking.c.made_seq, kit_type.c.kit_type)
        ).all()
    return tuple(
        ToCollect(
            row.booking,
            row.name,
            row.left,
            calendar.next_open(date.fromisoformat(row.return_by)),
        )
        for row in rows
    )


def spelt_nearly_like(session: Session, name: str) -> tuple[str, ...]:
    """Organisations that somebody who typed `name` may have meant."""
    with session.reading() as connection:
        return nearly_like(connection, session.college, name)


def recent_borrowers(session: Session, limit: int) -> list[str]:
    """Organisations that borrowed last, the latest first; a loan that was undone is none.

    Read off the end of the ledger: asked of the loans, it would walk every one ever made.
    """
    end = (
        select(entry.c.kind, entry.c.body)
        .where(entry.c.college == session.college, ~UNDONE)
        .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
        .limit(_LATEST_ENTRIES)
        .subquery()
    )
    with session.reading() as connection:
        bodies = connection.execute(
            select(end.c.body).where(end.c.kind == "loan.checked_out")
        ).scalars()
        wanted: list[str] = []
        for body in bodies:
            borrower = json.loads(body)["fact"]["organisation"]
            if borrower not in wanted:
                wanted.append(borrower)
            if len(wanted) == limit:
                break
        names = connection.execute(
            select(organisation.c.organisation, organisation.c.name).where(
                organisation.c.college == session.college, organisation.c.organisation.in_(wanted)
            )
        )
        called = {row.organisation: str(row.name) for row in names}
    return [called[each] for each in wanted if each in called]


def sent_here(session: Session, tag: str) -> str | None:
    """The college that has sent this tag to us, where its register can be read here."""
    from kitloan.tables.absence import Transfer  # only a label that is unknown here needs it

    transfer = table(Transfer)
    with session.reading() as connection:
        return connection.execute(
            select(college.c.name)
            .join_from(transfer, college, college.c.college == transfer.c.college)
            .where(
                transfer.c.tag == tag,
                transfer.c.to_college == session.college,
                transfer.c.state == "sent",
            )
            .order_by(transfer.c.sent_at.desc())
            .limit(1)
        ).scalar()


def numbers(session: Session, tags: Iterable[str]) -> dict[str, str]:
    """The asset numbers of those of these holdings that have one, by tag."""
    wanted = select(holding.c.tag, holding.c.asset_number).where(
        holding.c.college == session.college,
        holding.c.tag.in_(list(tags)),
        holding.c.asset_number.is_not(None),
    )
    with session.reading() as connection:
        return {row.tag: row.asset_number for row in connection.execute(wanted)}


def who_has(session: Session, tag: str) -> list[tuple[str, int]]:
    """Who has how many of a holding, by name."""
    with session.reading() as connection:
        rows = connection.execute(
            select(organisation.c.name, func.sum(loan.c.quantity - loan.c.returned))
            .join_from(loan, organisation, _same_organisation())
            .where(loan.c.college == session.college, loan.c.tag == tag, loan.c.closed_at.is_(None))
            .group_by(organisation.c.organisation, organisation.c.name)
        ).all()
    return sorted(((row[0], int(row[1])) for row in rows), key=lambda each: by_name(each[0]))


def _same_organisation() -> Any:
    return (organisation.c.college == loan.c.college) & (
        organisation.c.organisation == loan.c.organisation
    )


def lent_just_now(session: Session, held: HoldingNow) -> bool:
    """Whether a holding went out within the last minute.

    While one lends, a scan of it is no coming back: another desk lent it, or this one's
    trigger was pulled again by somebody who was not sure.
    """
    if held.loan is None or held.loan.out_at is None:
        return False
    return session.clock() - moment(held.loan.out_at) < _JUST_NOW


def open_loans(session: Session, loans: Sequence[str], to: str) -> list[LoanLine]:
    """Those of these loans of a borrower, by id, that are open."""
    wanted = set(loans)
    return [each for each in Finder(session).loans(to=to).items if each.id in wanted]


def still_out(session: Session, loans: Sequence[str]) -> int:
    """How many of these loans, by id, are open."""
    wanted = select(func.count()).where(
        loan.c.college == session.college, loan.c.loan.in_(loans), loan.c.closed_at.is_(None)
    )
    with session.reading() as connection:
        return int(connection.execute(wanted).scalar_one())


def day_words(first: date, last: date) -> str:
    """Days from one to another, in words."""
    return " to ".join(dict.fromkeys((f"{first:%a} {uk(first)}", f"{last:%a} {uk(last)}")))
