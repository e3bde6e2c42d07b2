"""How fresh each college's data is, and which colleges have sent none."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from kitloan.ledger.session import ESP
from kitloan.reference import colleges
from kitloan.tables import College, LedgerEntry, table
from kitloan.text.dates import day_of

college, entry = table(College), table(LedgerEntry)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A college's last entry: when, which, and how many days before the day of the audit."""

    college: str
    name: str
    region: str | None
    last_entry: date | None
    entries: int
    epoch: int
    days: int | None
    last_at: str | None
    """The instant of the last entry."""


def freshness(connection: Connection, day: date, *, all_colleges: bool) -> tuple[Fresh, ...]:
    """Every college that has sent its ledger; with `all_colleges`, those that have not as well."""
    found = {}
    for row in connection.execute(select(college).where(college.c.college != ESP)).all():
        last = connection.execute(
            select(entry.c.epoch, entry.c.seq, entry.c.at)
            .where(entry.c.college == row.college)
            .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
            .limit(1)
        ).first()
        if last is None:
            continue
        when = day_of(last.at)
        found[row.college] = Fresh(
            row.college,
            row.name,
            row.region,
            when,
            last.seq,
            last.epoch,
            max(0, (day - when).days),  # a clock may be hours ahead
            last.at,
        )
    if all_colleges:
        for each in colleges():
            none = Fresh(each.id, each.name, each.region, None, 0, 0, None, None)
            found.setdefault(each.id, none)
    return tuple(found[key] for key in sorted(found))
