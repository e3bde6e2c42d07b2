"""Long lists on disk: a report's rows and findings, which grow with the nation.

Up to `MOST_IN_MEMORY` things are a tuple. More of them go into a file without a name, a portion at
a time, and are read back a portion at a time; nothing of it is left when the last reader is gone.
So a report takes as much memory for a thousand colleges as for a few.
"""

import pickle
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import chain, islice
from operator import itemgetter
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
    few = tuple(islice(left, MOST_IN_MEMORY))
    more = list(islice(left, 1))
    if not more:
        return few
    found = Stored(few)
    del few
    found.extend(chain(more, left))
    return found


def keep_sorted(things: Iterable[ThingT], key: Callable[[ThingT], Any]) -> Sequence[ThingT]:
    """As `keep`, ordered by a key; of things with the same key the earlier one comes first."""
    left, runs = iter(things), list[Sequence[ThingT]]()
    while run := sorted(islice(left, MOST_IN_MEMORY), key=key):
        if len(run) < MOST_IN_MEMORY and not runs:
            return tuple(run)
        runs.append(Stored(run))
    return keep(merge(*runs, key=key))


class Storable:
    """What is packed by its fields: a base of frozen dataclasses with slots.

    Python by itself looks up the names of the fields each time, which took a third of a long
    report.
    """

    __slots__: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), tuple([getattr(self, name) for name in self.__slots__])


class Stored(Sequence[ThingT]):
    """Things in a file without a name, in portions."""

    def __init__(self, things: Iterable[ThingT]) -> None:
        self._portions = list[tuple[int, int]]()
        """Of each portion the number of its first thing, and where it begins in the file."""
        self._count = self._end = 0
        with translated(_FILE):
            self._file = tempfile.TemporaryFile(prefix="kitloan-")  # noqa: SIM115  # see below
        weakref.finalize(self, self._file.close)
        self.extend(things)

    def extend(self, things: Iterable[ThingT]) -> None:
        """Add things at the end."""
        left = iter(things)
        while portion := list(islice(left, _PORTION)):
            packed = pickle.dumps(portion, pickle.HIGHEST_PROTOCOL)
            with translated(_FILE):
                self._file.seek(self._end)
                self._file.write(packed)
                self._file.flush()
            self._portions.append((self._count, self._end))
            self._count += len(portion)
            self._end += len(packed)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ThingT]:
        return self._from(0)

    @overload
    def __getitem__(self, at: int) -> ThingT: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[ThingT]: ...

    def __getitem__(self, at: int | slice) -> ThingT | Sequence[ThingT]:
        if isinstance(at, slice):
            wanted = range(self._count)[at]
            if wanted.step == 1:
                return keep(islice(self._from(wanted.start), len(wanted)))
            return tuple(self[number] for number in wanted)
        return next(self._from(range(self._count)[at]))

    def _from(self, first: int) -> Iterator[ThingT]:
        """The things from a number on."""
        number = bisect_right(self._portions, first, key=itemgetter(0)) - 1
        for portion in range(max(0, number), len(self._portions)):
            before = max(0, first - self._portions[portion][0])
            yield from islice(self._portion(portion), before, None)

    def _portion(self, number: int) -> list[ThingT]:
        with translated(_FILE):
            self._file.seek(self._portions[number][1])
            found: list[ThingT] = pickle.load(self._file)  # noqa: S301  # what is written above
        return found
