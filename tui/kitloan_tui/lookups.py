"""Questions that only the desk asks of the register: who borrows, who has some, what is due today.

They look things up and change nothing; every one is answered from an index, or from a table that
stays small, because a teacher is waiting and because they are asked again every few seconds.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select, text

from kitloan.ledger.session import Session
from kitloan.organisations import nearly_like
from kitloan.queries.find import Finder, organisations_called
from kitloan.queries.undone import UNDONE
from kitloan.tables import (
    College,
    Holding,
    KitType,
    LedgerEntry,
    LedgerHead,
    Loan,
    Organisation,
    Shortage,
    table,
)
from kitloan.tables.absence import Transfer
from kitloan.text.dates import moment
from kitloan.values import Holding as HoldingNow
from kitloan.values import LoanLine

holding, kit_type, loan = table(Holding), table(KitType), table(Loan)
college, transfer = table(College), table(Transfer)
entry = table(LedgerEntry)
head, organisation, shortage = table(LedgerHead), table(Organisation), table(Shortage)

MOST_ROWS = 15
"""Of each list at home: what a glance can take in. The screen of loans has them all."""

_LATEST_ENTRIES = 500
_JUST_NOW = timedelta(minutes=1)

_UNCOUNTED = text("holding.uncounted IS TRUE")
"""In the very words of the index `uncounted_holdings`: SQLite would not use it for any others."""


@dataclass(frozen=True, slots=True)
class Board:
    """What the counter should know of today: loans due today, overdue and to come, and counts."""

    today: date
    due: tuple[LoanLine, ...]
    overdue: tuple[LoanLine, ...]
    coming: tuple[LoanLine, ...]
    totals: tuple[int, ...]
    """How many there are of each, also of those that are not listed."""
    uncounted: int
    short: int
    """Kits with something missing or broken."""


def pulse(session: Session) -> tuple[date, int, int]:
    """Changes whenever the board may have: another day, or another entry in the ledger."""
    wanted = select(head.c.epoch, head.c.seq).where(head.c.college == session.college)
    with session.reading() as connection:
        epoch, seq = connection.execute(wanted).one()
    return session.today, epoch, seq


def board(session: Session) -> Board:
    """Today's lists."""
    today = session.today
    find = Finder(session)
    due = find.loans(due_on=today, limit=MOST_ROWS)
    overdue = find.loans(overdue=True, limit=MOST_ROWS)
    coming = find.loans(due_after=today, limit=MOST_ROWS)
    with session.reading() as connection:
        uncounted = connection.execute(
            select(func.count()).where(
                holding.c.college == session.college,
                _UNCOUNTED,
                holding.c.state == "held",
                holding.c.out_quantity == 0,
            )
        ).scalar_one()
        short = connection.execute(
            select(func.count(shortage.c.tag.distinct())).where(
                shortage.c.college == session.college
            )
        ).scalar_one()
    totals = (due.total, overdue.total, coming.total)
    return Board(today, due.items, overdue.items, coming.items, totals, uncounted, short)


def organisation_called(session: Session, name: str) -> str | None:
    """The name, as the register has it, of the organisation that `name` means."""
    with session.reading() as connection:
        found = organisations_called(connection, session.college, name)
    return found[0][2] if found else None


def organisations(session: Session) -> list[str]:
    """Every organisation's name, in order."""
    with session.reading() as connection:
        return list(
            connection.execute(
                select(organisation.c.name)
                .where(organisation.c.college == session.college)
                .order_by(organisation.c.organisation)
            ).scalars()
        )


def kit_types(session: Session) -> tuple[str, ...]:
    """The names of the college's kinds of kit, in order."""
    with session.reading() as connection:
        return tuple(
            connection.execute(
                select(kit_type.c.name)
                .where(kit_type.c.college == session.college)
                .order_by(kit_type.c.kit_type)
            ).scalars()
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
        latest = dict.fromkeys(json.loads(body)["fact"]["organisation"] for body in bodies)
        wanted = list(latest)[:limit]
        names = connection.execute(
            select(organisation.c.organisation, organisation.c.name).where(
                organisation.c.college == session.college, organisation.c.organisation.in_(wanted)
            )
        )
        called = {row.organisation: str(row.name) for row in names}
    return [called[each] for each in wanted if each in called]


def sent_here(session: Session, tag: str) -> str | None:
    """The college that has sent this tag to us, where its register can be read here."""
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


def who_has(session: Session, tag: str) -> list[tuple[str, int]]:
    """Who has how many of a holding, by name."""
    with session.reading() as connection:
        rows = connection.execute(
            select(organisation.c.name, func.sum(loan.c.quantity - loan.c.returned))
            .join_from(loan, organisation, _same_organisation())
            .where(loan.c.college == session.college, loan.c.tag == tag, loan.c.closed_at.is_(None))
            .group_by(organisation.c.organisation, organisation.c.name)
            .order_by(organisation.c.name)
        ).all()
    return [(row[0], int(row[1])) for row in rows]


def _same_organisation() -> Any:
    return (organisation.c.college == loan.c.college) & (
        organisation.c.organisation == loan.c.organisation
    )


def lent_just_now(session: Session, held: HoldingNow) -> bool:
    """Whether a holding went out within the last minute.

    While one lends, a scan of it is no coming back: another desk lent it, or this one's
    trigger was pulled again by somebody who was not sure.
    """
    if held.loan is None or held.loan.out_at is None or "T" not in held.loan.out_at:
        return False
    return session.clock() - moment(held.loan.out_at) < _JUST_NOW


def still_out(session: Session, loans: Sequence[str]) -> int:
    """How many of these loans, by id, are open."""
    wanted = select(func.count()).where(
        loan.c.college == session.college, loan.c.loan.in_(loans), loan.c.closed_at.is_(None)
    )
    with session.reading() as connection:
        return int(connection.execute(wanted).scalar_one())
