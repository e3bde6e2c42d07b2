"""What a store has met on the way to its picture: seams, keys that changed, files refused.

Asked of the store itself, also for an earlier day: entries that a backup had lost are not replayed,
and keys and refused files are in no ledger. Only what was so by the end of that day is told.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from sqlalchemy import Connection, select

from kitloan.audit.findings import Finding
from kitloan.exchange.quarantine import Quarantine
from kitloan.exchange.rebase import chosen_history
from kitloan.exchange.trust import fingerprint
from kitloan.ledger.clocks import Times
from kitloan.ledger.epochs import college_of
from kitloan.ledger.session import Session
from kitloan.storage.statements import AnyRow
from kitloan.tables import LedgerEntry, table
from kitloan.tables.national import APART, PinnedKey, Resumption
from kitloan.text.dates import day_of, end_of, uk
from kitloan.values import plural

entry, pinned, resumption = table(LedgerEntry), table(PinnedKey), table(Resumption)

_LAST = end_of(date.max)


def met(
    live: Connection, session: Session, day: date, wrong: Mapping[str, Times]
) -> Iterable[Finding]:
    """What `live`, the store itself, had met by the end of a day.

    `wrong`: the ledgers in which clocks were wrong.
    """
    yield from _seams(live, day, wrong)
    if session.is_national:
        # What this store did it did before now, whatever its clock showed then.
        until = end_of(day) if day < session.today else _LAST
        yield from _replaced(live, until)
        yield from _keys(live, until)
        yield from _refused(session, until)


def _seams(live: Connection, day: date, wrong: Mapping[str, Times]) -> Iterable[Finding]:
    by_college: dict[str, list[AnyRow]] = {}
    for row in live.execute(select(resumption).order_by(resumption.c.college, resumption.c.epoch)):
        by_college.setdefault(row.college, []).append(row)
    for college, seams in by_college.items():
        gone = [each for each in _left_after(live, college) if not each.replaced]
        for seam in seams:
            # Whatever left the branch that counts was lost to the first seam from there on.
            here = [each for each in gone if each.after <= seam.seq]
            gone = [each for each in gone if each.after > seam.seq]
            times = wrong.get(college)
            began = times.counted.get(seam.seq + 1, seam.at) if times else seam.at
            if began > end_of(day):
                continue
            yield Finding("resumed_from_backup", college, "", _seam_said(seam, began, len(here)))
            since = sorted(each.ledger for each in here if began < each.at <= end_of(day))
            if since:
                yield Finding("written_twice", college, "", _twice_said(seam, since[-1]))


@dataclass(frozen=True, slots=True)
class _Left:
    """An entry that does not count.

    Attributes:
        ledger: the name of its ledger.
        at: when it was written.
        after: after which entry of the branch that counts its own branch began.
        replaced: whether ESP took another history in place of that branch; else it was lost.
    """

    ledger: str
    at: str
    after: int
    replaced: bool


def _left_after(live: Connection, college: str) -> list[_Left]:
    """A college's entries that do not count, in their order."""
    left: dict[str, _Left] = {}
    wanted = select(APART.c.epoch, APART.c.seq, APART.c.hash, APART.c.body)
    for row in live.execute(wanted.where(APART.c.college == college).order_by(APART.c.seq)).all():
        said = json.loads(row.body)
        branch = left.get(said["prev"])
        if branch is None:  # the first of its branch
            resumes = said["fact"]["kind"] == "ledger.resumed"
            replaced = not resumes and _on_main(live, college, row.epoch, row.seq)
            branch = _Left("", "", row.seq - 1, replaced)
        left[row.hash] = replace(branch, ledger=said["ledger"], at=said["at"])
    return list(left.values())


def _on_main(live: Connection, college: str, epoch: int, seq: int) -> bool:
    """Whether the branch that counts has an entry of this epoch and number."""
    where = (entry.c.college == college, entry.c.epoch == epoch, entry.c.seq == seq)
    return live.execute(select(entry.c.seq).where(*where)).first() is not None


def _seam_said(seam: AnyRow, began: str, count: int) -> str:
    told = (
        f"{plural(count, 'entry', 'entries')} after that one came to ESP, and the backup had lost "
        f"{'it' if count == 1 else 'them'}"
        if count
        else "what the backup may have lost never came to ESP"
    )
    return (
        f"{seam.college} goes on from a backup since {uk(day_of(began))}, after entry "
        f"{seam.seq:,}; it calls itself {seam.college}/{seam.epoch} now; {told}."
    )


def _twice_said(seam: AnyRow, ledger: str) -> str:
    return (
        f"Since {seam.college} goes on as {seam.college}/{seam.epoch}, entries were written to "
        f"another store of its, too, which calls itself {ledger}; they are kept, and not counted."
    )


def _replaced(live: Connection, until: str) -> Iterable[Finding]:
    for college in live.execute(select(APART.c.college).distinct().order_by("college")).scalars():
        taken = chosen_history(live, college)
        if taken is None or taken.at > until:
            continue
        count = sum(each.replaced for each in _left_after(live, college))
        yield Finding(
            "ledger_replaced",
            college,
            "",
            f"Since {uk(day_of(taken.at))} another history of {college} counts than the one that "
            f"ESP had: {taken.by} took it in its place. {plural(count, 'entry', 'entries')} of the "
            "other are kept, and not counted.",
        )


def _keys(live: Connection, until: str) -> Iterable[Finding]:
    keys: dict[str, list[tuple[str, str]]] = {}
    for row in live.execute(
        select(pinned).where(pinned.c.since <= until).order_by(pinned.c.since, pinned.c.key)
    ):
        keys.setdefault(row.college, []).append((row.key, row.since))
    for college, known in keys.items():
        for (before, _), (after, since) in pairwise(known):
            yield Finding(
                "key_changed",
                college,
                "",
                f"The key {fingerprint(before)} of {college} was retired on {uk(day_of(since))}, "
                f"when {fingerprint(after)} took its place; what it signs since is refused.",
            )


def _refused(session: Session, until: str) -> Iterable[Finding]:
    for kept in Quarantine(session).files():
        if kept.at <= until:
            college = college_of(kept.ledger) if kept.ledger else ""
            yield Finding("refused_file", college, "", kept.message)
