"""Long lists on disk: a report's rows and findings, which grow with the nation.

Up to `MOST_IN_MEMORY` things are a tuple. More of them go into a file without a name, a portion at
a time, and are read back a portion at a time; nothing of it is left when the last reader is gone.
So a report takes as much memory for a thousand colleges as for a few.
"""

import pickle
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain, islice
from typing import Any, TypeVar, overload

from kitloan.storage.faults import translated

MOST_IN_MEMORY = 20_000
"""Things that are kept in memory, and that are sorted at a time: some 10 to 20 MiB."""

_PORTION = 250
_FILE = "The folder for temporary files"

ThingT = TypeVar("ThingT")


def keep(things: Iterable[ThingT]) -> Sequence[ThingT]:
    """All of some things in their order: a tuple when they are few, else on disk.

    Raises:
        StoreError: `full` or `unreachable`, where the disk for temporary files has no room.
    """
    left = iter(things)
    first = tuple(islice(left, MOST_IN_MEMORY + 1))
    if len(first) <= MOST_IN_MEMORY:
        return first
    return Stored(chain(first, left))


def keep_sorted(things: Iterable[ThingT], key: Callable[[ThingT], Any]) -> Sequence[ThingT]:
    """As `keep`, ordered by a key; of things with the same key the earlier one comes first."""
    left, runs = iter(things), list[Sequence[ThingT]]()
    while run := sorted(islice(left, MOST_IN_MEMORY), key=key):
        if len(run) < MOST_IN_MEMORY and not runs:
            return tuple(run)
        runs.append(Stored(run))
    return keep(merge(*runs, key=key))


class Stored(Sequence[ThingT]):
    """Things in a file without a name, in portions."""

    def __init__(self, things: Iterable[ThingT]) -> None:
        self._starts, self._count = [0], 0
        left = iter(things)
        with translated(_FILE):
            self._file = tempfile.TemporaryFile(prefix="kitloan-")  # noqa: SIM115  # see below
            weakref.finalize(self, self._file.close)
        while portion := list(islice(left, _PORTION)):
            self._count += len(portion)
            with translated(_FILE):
                self._file.write(pickle.dumps(portion, pickle.HIGHEST_PROTOCOL))
                self._starts.append(self._file.tell())
        with translated(_FILE):
            self._file.flush()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ThingT]:
        for number in range(len(self._starts) - 1):
            yield from self._portion(number)

    @overload
    def __getitem__(self, at: int) -> ThingT: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[ThingT]: ...

    def __getitem__(self, at: int | slice) -> ThingT | Sequence[ThingT]:
        if isinstance(at, slice):
            first, last, step = at.indices(self._count)
            if step != 1:
                return tuple(self[number] for number in range(first, last, step))
            number, before = divmod(first, _PORTION)
            portions = (self._portion(each) for each in range(number, len(self._starts) - 1))
            rest = islice(chain.from_iterable(portions), before, None)
            return keep(islice(rest, max(0, last - first)))
        number = at + self._count if at < 0 else at
        if not 0 <= number < self._count:
            raise IndexError(at)
        return self._portion(number // _PORTION)[number % _PORTION]

    def _portion(self, number: int) -> list[ThingT]:
        start, end = self._starts[number : number + 2]
        with translated(_FILE):
            self._file.seek(start)
            found: list[ThingT] = pickle.loads(self._file.read(end - start))  # noqa: S301  # ours
        return found
