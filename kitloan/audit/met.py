"""What a store has met on the way to its picture: seams, keys that changed, files refused.

Asked of the store itself, also for an earlier day: entries that a backup had lost are not replayed,
and keys and refused files are in no ledger. Only what was so by the end of that day is told.
"""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from sqlalchemy import Connection, select

from kitloan.answers import plural
from kitloan.audit.findings import Finding
from kitloan.calendar import day_of, end_of, uk
from kitloan.exchange.aside import Aside
from kitloan.exchange.signing import fingerprint
from kitloan.models import table
from kitloan.models.national import LostEntry, PinnedKey, Resumption
from kitloan.prepared import AnyRow
from kitloan.register.epochs import college_of
from kitloan.session import Session

lost, pinned, resumption = table(LostEntry), table(PinnedKey), table(Resumption)


def met(live: Connection, session: Session, day: date) -> Iterable[Finding]:
    """What `live`, the store itself, had met by the end of a day."""
    yield from _seams(live, day)
    if session.is_national:
        yield from _keys(live, day)
        yield from _refused(session, day)


def _seams(live: Connection, day: date) -> Iterable[Finding]:
    by_college: dict[str, list[AnyRow]] = {}
    for row in live.execute(select(resumption).order_by(resumption.c.college, resumption.c.epoch)):
        by_college.setdefault(row.college, []).append(row)
    for college, seams in by_college.items():
        gone = _lost(live, college)
        for seam in seams:
            # An entry is lost once: to the first seam after it that lies before it.
            here = {key for key in gone if key[0] < seam.epoch and key[1] > seam.seq}
            gone -= here
            if seam.at <= end_of(day):
                yield Finding("resumed_from_backup", college, "", _seam_said(seam, len(here)))


def _lost(live: Connection, college: str) -> set[tuple[int, int]]:
    wanted = select(lost.c.epoch, lost.c.seq).where(lost.c.college == college)
    return {(row.epoch, row.seq) for row in live.execute(wanted)}


def _seam_said(seam: AnyRow, count: int) -> str:
    told = (
        f"{plural(count, 'entry', 'entries')} after that one came to ESP, and the backup had lost "
        f"{'it' if count == 1 else 'them'}"
        if count
        else "what the backup may have lost never came to ESP"
    )
    return (
        f"{seam.college} goes on from a backup since {uk(day_of(seam.at))}, after entry "
        f"{seam.seq:,}; it calls itself {seam.college}/{seam.epoch} now; {told}."
    )


def _keys(live: Connection, day: date) -> Iterable[Finding]:
    keys: dict[str, list[str]] = {}
    for row in live.execute(
        select(pinned).where(pinned.c.since <= end_of(day)).order_by(pinned.c.since, pinned.c.key)
    ):
        keys.setdefault(row.college, []).append(row.key)
    for college, known in keys.items():
        for before, after in pairwise(known):
            yield Finding(
                "key_changed",
                college,
                "",
                f"The files of {college} were signed with the key {fingerprint(before)}, and are "
                f"signed with {fingerprint(after)} now.",
            )


def _refused(session: Session, day: date) -> Iterable[Finding]:
    for kept in Aside(session).kept():
        if kept.at <= end_of(day):
            college = college_of(kept.ledger) if kept.ledger else ""
            yield Finding("refused_file", college, "", kept.message)
