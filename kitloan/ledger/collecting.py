"""Python's collector of garbage, while many entries are replayed or many rows are added up.

It looks for circles after every few hundred objects. Replaying makes some twenty an entry, and no
circle: so it found nothing, and took a seventh of the time of verifying, and a tenth of a report's.
It still runs, at every fifty thousand objects that are not gone by themselves.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_RARELY = 50_000


class _Inside:
    """How many blocks are open, in whichever threads, and what was set before the first."""

    def __init__(self) -> None:
        self.lock, self.count, self.before = Lock(), 0, (0, 0, 0)


_inside = _Inside()


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Within the block, look for circles rarely; one who switched that off keeps it so."""
    with _inside.lock:
        if not _inside.count:
            _inside.before = first, second, third = gc.get_threshold()
            gc.set_threshold(max(first, _RARELY) if first else 0, second, third)
        _inside.count += 1
    try:
        yield
    finally:
        with _inside.lock:
            _inside.count -= 1
            if not _inside.count:
                gc.set_threshold(*_inside.before)
