"""This computer's clock, compared with the ledger before anything is written."""

from datetime import timedelta

from sqlalchemy import select

from kitloan.ledger.session import Session
from kitloan.tables import LedgerHead, table
from kitloan.text.dates import instant, moment, uk_instant

head = table(LedgerHead)

_DAY = timedelta(days=1)
_SLACK = timedelta(minutes=1)
"""How far the clock may be behind the last entry without a warning."""


def warning(session: Session) -> str:
    """A warning about this computer's clock, before writing; empty when the clock seems right.

    The clock is compared with the last entry of the college's own ledger: it should not be behind
    it, or more than a day ahead. After a longer break the user is asked once to check the clock.
    """
    with session.reading() as connection:
        last = connection.execute(select(head.c.at).where(head.c.college == session.college))
        return _warning(instant(session.clock()), last.scalar() or "")


def _warning(now: str, last: str) -> str:
    if not last:
        return ""
    ahead = moment(now) - moment(last)
    if -_SLACK <= ahead <= _DAY:
        return ""
    side = "behind" if ahead < timedelta() else "more than a day ahead of"
    return (
        f"This computer's clock shows {uk_instant(now)}, {side} the last entry, "
        f"{uk_instant(last)}. Check the date and the time."
    )
