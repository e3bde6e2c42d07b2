"""Entries that a restored backup no longer had: not replayed, but all there, and as sealed.

A ledger's head does not name where they end. Each file that was merged does: its last entry is on
one of the branches for good, and whatever an entry follows on is there as well.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from pydantic import ValidationError
from sqlalchemy import Connection, select

from kitloan.entries import GENESIS, parse, seal
from kitloan.models import LedgerEntry, Setting, table
from kitloan.models.national import APART
from kitloan.register.epochs import ledger_name
from kitloan.verify.verdict import Finding
from kitloan.verify.walk import STEP

entry, lost, setting = table(LedgerEntry), APART, table(Setting)


def lost_entries(live: Connection, college: str) -> list[Finding]:
    """What is wrong with a college's lost entries."""
    wrong: list[Finding] = []
    apart, follow_on = {GENESIS}, []
    wanted = select(lost).where(lost.c.college == college).order_by(lost.c.epoch, lost.c.seq)
    for row in live.execution_options(yield_per=STEP).execute(wanted):
        ledger = ledger_name(college, row.epoch)
        apart.add(row.hash)
        try:
            read = parse(row.body if isinstance(row.body, str) else "")
        except ValidationError:
            wrong.append(_found("unreadable", ledger, row.seq, "cannot be read"))
            continue
        if seal(row.body) != row.hash:
            wrong.append(_found("altered", ledger, row.seq, "was altered"))
        else:
            follow_on.append((ledger, row.seq, read.prev))
        if (read.ledger, read.seq) != (ledger, row.seq):
            said = "is filed under another place than its text has"
            wrong.append(_found("misfiled", ledger, row.seq, said))
    ends = _merged(live, college)
    known = apart | _on_main(live, college, {*ends, *(prev for *_, prev in follow_on)} - apart)
    wrong += [
        _found("broken_chain", ledger, seq, "follows on no entry here")
        for ledger, seq, prev in follow_on
        if prev not in known
    ]
    return wrong + [
        Finding(
            "cut_short",
            college,
            0,
            f"A file was merged that ended with the entry {str(end)[:16]}, and that entry is gone.",
        )
        for end in sorted(ends - known, key=str)
    ]


def _found(code: str, ledger: str, seq: int, words: str) -> Finding:
    return Finding(code, ledger, seq, f"Lost entry {seq} {words}.")


def _merged(live: Connection, college: str) -> set[str]:
    """The last entries of the files that brought something, as `kitloan.exchange.again` keeps them.

    Where colleges share a database each remembers its own files, and sees no other's.
    """
    kept = (setting.c.college == college, setting.c.name.startswith("merged "))
    return set(live.execute(select(setting.c.value).where(*kept)).scalars())


def _on_main(live: Connection, college: str, digests: set[str]) -> set[str]:
    """Which of these entries are on the branch that counts; each question reads all of it."""
    found: set[str] = set()
    for some in _portions(digests):
        wanted = select(entry.c.hash).where(entry.c.college == college, entry.c.hash.in_(some))
        found.update(live.execute(wanted).scalars())
    return found


def _portions(digests: Iterable[str]) -> Iterator[list[str]]:
    left = iter(digests)
    while some := list(islice(left, STEP)):
        yield some
