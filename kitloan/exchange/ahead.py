"""Files merged ahead by worker processes, each in a copy of its ledger.

A worker reads the store, and merges the first file of one college after another in a scratch file.
What came of it waits there until this process has brought it into the store: by the same call that
merges a file without workers, so it does not matter which of them did it. What is small, what was
overtaken and what a worker could not do is merged as if there were none.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kitloan.errors import BadInput, Refused
from kitloan.exchange.copying import LedgerMoved, Scratch
from kitloan.exchange.file import ExchangeFile
from kitloan.exchange.merging import MergeDecisions
from kitloan.exchange.taking import Prepared, Taking
from kitloan.history.walk import Progress
from kitloan.history.workers import Task, Tick, Workers, how_many
from kitloan.ledger.session import Session
from kitloan.storage.files import MERGING
from kitloan.storage.store import open_store
from kitloan.text.dates import system_clock
from kitloan.text.names import skeleton

Ahead = Prepared | BadInput | Refused | None
"""What came of merging a file ahead: its rows, or the refusal; None where it was overtaken."""


@dataclass(frozen=True, slots=True)
class MergeAhead:
    """The job of a worker that merges files.

    Attributes:
        place: where the store is; a URL with its password, so only ever for the pipe.
        college: whose store it is.
        actor: who merges.
        scratch: a new file for the copies of ledgers.
    """

    place: str
    college: str
    actor: str
    scratch: Path

    @contextmanager
    def opened(self) -> Iterator[Callable[[Task, Tick], Ahead]]:
        """Open the store and the scratch file."""
        store = open_store(self.place)
        session = Session(store, self.college, self.actor, system_clock)
        try:
            with Scratch(self.scratch) as scratch:
                yield lambda task, tick: _prepare(session, scratch, task, tick)
        finally:
            store.close()


def _prepare(session: Session, scratch: Scratch, task: Task, tick: Tick) -> Ahead:
    _, (path, decisions) = task
    before = 0

    def progress(done: int, _total: int) -> None:
        nonlocal before
        tick(done - before)
        before = done

    try:
        prepared = Taking(session, ExchangeFile(path), decisions, progress).prepare(scratch)
    except (BadInput, Refused) as refusal:
        return refusal
    except LedgerMoved:
        return None
    merged = prepared.done.merged
    tick(merged.added + merged.known - before)
    return prepared


def merge_ahead(
    session: Session,
    files: Mapping[str, Sequence[ExchangeFile]],
    decisions: MergeDecisions,
    progress: Progress | None,
    workers: int | None,
    finished: Callable[[str, Ahead], None],
) -> list[str]:
    """Have the first file of each college merged ahead; gives the colleges of which none was.

    Args:
        session: whose store.
        files: those of each college, in the order in which they are merged.
        decisions: what the person who merges has decided.
        progress: called with how many entries of all these files are read, of how many.
        workers: how many processes; 1 starts none, None is for the machine to decide.
        finished: called with each college and what came of its first file.
    """
    lengths = {college: _length_of(some[0]) for college, some in files.items()}
    if how_many(workers, len(files), sum(lengths.values())) < 2:
        return list(files)
    dear = [each for each in _unlike(files) if _is_dear(session, files[each][0], decisions)]
    total = sum(lengths[college] for college in dear)
    several, done = how_many(workers, len(dear), total), 0
    if several < 2:
        return list(files)

    def tick(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    longest = sorted(dear, key=lambda college: -lengths[college])
    tasks = [(college, (files[college][0].path, decisions)) for college in longest]
    store, beside = session.store, Workers(several)
    place = store.name if store.is_sqlite else store.engine.url.render_as_string(False)
    with tempfile.TemporaryDirectory(prefix=MERGING) as folder:
        scratches = (Path(folder) / f"{number}.sqlite" for number in range(several))
        jobs = [MergeAhead(place, session.college, session.actor, each) for each in scratches]
        with beside.on(*jobs):
            left = beside.do(tasks, tick, finished)
    failed = {college for college, _ in left}
    return [each for each in files if each in failed or each not in dear]


def _length_of(file: ExchangeFile) -> int:
    """How many entries a file has, by its header; 0 where it cannot be read."""
    try:
        header = file.header()
    except BadInput:
        return 0
    return header.last - header.first + 1


def _is_dear(session: Session, file: ExchangeFile, decisions: MergeDecisions) -> bool:
    try:
        return Taking(session, file, decisions).is_dear()
    except BadInput:  # it is refused when its turn comes
        return False


def _unlike(files: Mapping[str, Sequence[ExchangeFile]]) -> list[str]:
    """The colleges but those whose first entries give them names that look alike.

    Of these the first is merged and the others are refused, so none may overtake another.
    """
    names = {college: _name_in(some[0]) for college, some in files.items()}
    looks = [skeleton(name) for name in names.values() if name]
    return [
        college for college, name in names.items() if not name or looks.count(skeleton(name)) == 1
    ]


def _name_in(file: ExchangeFile) -> str:
    """The name of the college that the first entry of a file opens; empty where it opens none."""
    try:
        with file.lines() as lines:
            next(lines, "")
            name = json.loads(next(lines, "")).get("fact", {}).get("name", "")
    except (BadInput, ValueError, AttributeError, RecursionError):
        return ""
    return name if isinstance(name, str) else ""
