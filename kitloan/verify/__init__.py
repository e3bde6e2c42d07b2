"""Verifying: does history hold together, and do the tables say what it says?

Each ledger is walked from its first entry (`walk`): numbers without gaps, each entry naming the
hash of the one before it, the stored text giving the stored hash. Every entry is applied to an
empty scratch store, and the register is compared with that (`tables`). What a restored backup had
lost is not replayed, and must be there as it was sealed (`lost`). The rules that the database keeps
must be the ones it was given. What does not fit is a finding, never an exception: somebody has to
look at all of it.
"""

import tempfile
from pathlib import Path

from sqlalchemy import Connection, func, select

from kitloan.errors import Refused
from kitloan.history import LogLine, log
from kitloan.models import LedgerEntry, LedgerHead, table
from kitloan.register.epochs import ledger_name
from kitloan.session import Session
from kitloan.soundness import missing_rules
from kitloan.store import scratch_store
from kitloan.verify.lost import lost_entries
from kitloan.verify.postgres import wrong_rules
from kitloan.verify.replaying import replay
from kitloan.verify.tables import differences, strays
from kitloan.verify.verdict import Finding, LedgerState, Progress, Verdict
from kitloan.verify.walk import STEP, Walk, entries_of

__all__ = ["Finding", "LedgerState", "Progress", "Verdict", "Verifier", "replay"]

entry, head = table(LedgerEntry), table(LedgerHead)

_MOST_FINDINGS = 100
_SCRATCH_KIB = 65536
"""Of a scratch store, kept in memory; SQLite's usual two megabytes go to disk and back."""


class Verifier:
    """Questions about the ledgers themselves."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def verify(self, progress: Progress | None = None, room: Path | None = None) -> Verdict:
        """Walk and replay every ledger of the store, and compare.

        Args:
            progress: told how many entries are done, of how many.
            room: the folder to copy a SQLite file into; where the store lies when None.
        """
        with (
            tempfile.TemporaryDirectory(prefix="kitloan-") as folder,
            self._session.store.read_aside(room) as live,
        ):
            scratch = scratch_store(Path(folder) / "replay.sqlite")
            try:
                with scratch.engine.connect() as replayed:
                    _attach(replayed, live)
                    return _verify(live, replayed, progress or _silent)
            finally:
                scratch.close()

    def heads(self) -> list[LedgerState]:
        """Where each ledger of the store ends, as its head says; nothing is checked."""
        with self._session.reading() as connection:
            tops = connection.execute(select(head).order_by(head.c.college)).all()
        return [LedgerState(ledger_name(top.college, top.epoch), top.seq, top.hash) for top in tops]

    def log(
        self, tag: str | None = None, last: int | None = None, college: str | None = None
    ) -> list[LogLine]:
        """What a college has on record, oldest first; of one bare tag when named.

        `last` asks for the newest so many only; `college` is this session's when None.

        Raises:
            Refused: `not_yours`, for another college's, unless this is ESP.
        """
        whose = college or self._session.college
        if whose != self._session.college and not self._session.is_national:
            raise Refused("not_yours", f"The ledger of {whose!r} is that college's to read.")
        with self._session.reading() as connection:
            return log(connection, whose, tag, last)


def _attach(replayed: Connection, live: Connection) -> None:
    """Give the scratch store room in memory, and sight of the other where both are SQLite's."""
    replayed.exec_driver_sql(f"PRAGMA cache_size = -{_SCRATCH_KIB}")
    if live.dialect.name == "sqlite":
        replayed.exec_driver_sql("ATTACH ? AS live", (live.engine.url.database,))


def _silent(_done: int, _total: int) -> None:
    return None


def _verify(live: Connection, replayed: Connection, progress: Progress) -> Verdict:
    total = live.execute(select(func.count()).select_from(entry)).scalar_one()
    findings = _integrity(live) + strays(live)
    states = []
    done = 0
    for top in live.execute(select(head).order_by(head.c.college)).all():
        walk = Walk(top.college)
        for row in entries_of(live, top.college):
            walk.step(row, live, replayed)
            done += 1
            if done % STEP == 0:
                progress(done, total)
        walk.end(top)
        findings += walk.findings
        states.append(LedgerState(ledger_name(top.college, walk.epoch), walk.count, walk.hash))
        findings += lost_entries(live, top.college)
        if not walk.broken:
            findings += differences(live, replayed, top.college)
    findings += _unguarded(live)
    progress(total, total)
    return Verdict(not findings, tuple(states), tuple(findings[:_MOST_FINDINGS]))


def _integrity(live: Connection) -> list[Finding]:
    """What SQLite says of its own file."""
    if live.dialect.name != "sqlite":
        return []
    said = live.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
    return [Finding("file_damaged", "", 0, str(line)) for line in said if line != "ok"]


def _unguarded(live: Connection) -> list[Finding]:
    """Rules of the database that somebody took away; what they refuse could have come in since."""
    if live.dialect.name == "postgresql":
        said = list(wrong_rules(live))
    else:
        said = [
            f"The store's rule {name} is gone: somebody took it away."
            for name in missing_rules(live)
        ]
    return [Finding("unguarded", "", 0, words) for words in said]
