"""The notes about a holding. Showing them should not have to load what keeps people."""

from sqlalchemy import Connection, func, or_, select

from kitloan.errors import KitloanError
from kitloan.queries.resolve import resolve
from kitloan.queries.undone import UNDONE
from kitloan.tables import LedgerEntry, Loan, Remark, table
from kitloan.text.tags import bare
from kitloan.values import NoteLine

entry, loan, remark = table(LedgerEntry), table(Loan), table(Remark)

_LOAN_ON_RECORD = (
    select(loan.c.loan)
    .where(loan.c.college == remark.c.college, loan.c.loan == remark.c.loan)
    .exists()
)
_CAME_WITH = (entry.c.id == remark.c.request, entry.c.tag == remark.c.tag)
_STAYS, _GONE = (
    select(entry.c.seq).where(entry.c.college == remark.c.college, *_CAME_WITH, so).exists()
    for so in (~UNDONE, UNDONE)
)
_NOTES = (
    select(remark.c.heading, remark.c.words, remark.c.written_at, remark.c.written_by)
    .where(or_(remark.c.loan.is_(None), _LOAN_ON_RECORD), or_(_STAYS, ~_GONE))
    .order_by(func.coalesce(remark.c.written_at, ""), remark.c.heading, remark.c.remark)
)
"""What was written with an action that is undone is not shown."""


def notes_about(connection: Connection, college: str, text: str) -> list[NoteLine]:
    """The notes about the holding that a text means, the oldest first."""
    of = (remark.c.college == college, remark.c.tag == _meant(connection, college, text))
    return [NoteLine(*row) for row in connection.execute(_NOTES.where(*of))]


def _meant(connection: Connection, college: str, text: str) -> str:
    """The tag that a text means; itself where that is another college's by now, or unknown."""
    try:
        _, tag = resolve(connection, college, text)
    except KitloanError:
        return bare(text)
    return tag
