"""Long lists of lines and of rows, held in little memory.

A register of 30,000 rows would need 50 MB as objects. Here a thousand at a time are pickled and
compressed, and are made again when somebody goes through them. A short list is a tuple.
"""

import pickle
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")

CHUNK = 1_000
"""Items that are packed together; a list that is shorter stays a tuple."""

_QUICK = 1  # zlib's level: a register repeats itself


class Packed(Sequence[T]):
    """A sequence whose items are made again each time that they are asked for."""

    def __init__(self, chunks: "_Chunks[T]", start: int, stop: int) -> None:
        self._chunks, self._start, self._stop = chunks, start, stop

    def __len__(self) -> int:
        return self._stop - self._start

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        if isinstance(at, slice):
            start, stop, step = at.indices(len(self))
            if step != 1:
                return tuple(self[i] for i in range(start, stop, step))
            return Packed(self._chunks, self._start + start, self._start + max(start, stop))
        position = at + len(self) if at < 0 else at
        if not 0 <= position < len(self):
            raise IndexError(at)
        nth, within = divmod(self._start + position, CHUNK)
        return self._chunks.items(nth)[within]

    def __iter__(self) -> Iterator[T]:
        at = self._start
        while at < self._stop:
            nth, within = divmod(at, CHUNK)
            found = self._chunks.items(nth)[within : within + self._stop - at]
            yield from found
            at += len(found)

    def plain(self) -> Iterator[Any]:
        """The items as they are packed, which is quicker than making each again."""
        for at in range(self._start // CHUNK, -(-self._stop // CHUNK)):
            before = at * CHUNK
            yield from self._chunks.plain(at)[max(0, self._start - before) : self._stop - before]


class _Chunks(Generic[T]):
    """What several slices of one list share: its packed parts, and the part used last."""

    def __init__(self, unpack: Callable[[Any], T]) -> None:
        self.parts: list[bytes] = []
        self._unpack = unpack
        self._last: tuple[int, list[T]] | None = None

    def items(self, nth: int) -> list[T]:
        if self._last is None or self._last[0] != nth:
            self._last = None  # not two parts at a time
            self._last = nth, [self._unpack(each) for each in self.plain(nth)]
        return self._last[1]

    def plain(self, nth: int) -> list[Any]:
        pressed = zlib.decompress(self.parts[nth])
        found: list[Any] = pickle.loads(pressed)  # noqa: S301  # made here, and never in a file
        return found


class PackedWriter(Generic[T]):
    """A list that is being filled: `add` each item, then `finish`.

    Args:
        pack: an item as plain values that can be pickled.
        unpack: the item again.
    """

    def __init__(self, pack: Callable[[T], Any], unpack: Callable[[Any], T]) -> None:
        self._pack = pack
        self._chunks: _Chunks[T] = _Chunks(unpack)
        self._pending: list[T] = []
        self._count = 0

    def add(self, item: T) -> None:
        """Put an item behind the others."""
        self._pending.append(item)
        self._count += 1
        if len(self._pending) == CHUNK:
            self._press()

    def finish(self) -> Sequence[T]:
        """The items, as a tuple while they are few."""
        if not self._chunks.parts:
            return tuple(self._pending)
        if self._pending:
            self._press()
        return Packed(self._chunks, 0, self._count)

    def _press(self) -> None:
        plain = [self._pack(each) for each in self._pending]
        pressed = zlib.compress(pickle.dumps(plain, pickle.HIGHEST_PROTOCOL), _QUICK)
        self._chunks.parts.append(pressed)
        self._pending.clear()
