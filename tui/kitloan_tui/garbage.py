"""Python's collector of garbage at the desk, which stops everything for a tenth of a second.

A closed screen is garbage that goes only when Python looks for circles. By itself it looks when
much has been made, and most is made while a list is drawn and the scan that closes it is handled:
so one scan of fifteen waited for it. Here it looks after a verdict, when nobody has answered yet.
"""

import asyncio
import gc
from collections.abc import Callable

_SOON = 0.05
"""Seconds after a verdict is painted: the terminal has it by then."""


class Garbage:
    """What is left of screens that were closed.

    Args:
        is_scanning: whether keys of a scan are coming in.
    """

    def __init__(self, is_scanning: Callable[[], bool]) -> None:
        self._is_scanning = is_scanning
        self._alarm: asyncio.TimerHandle | None = None

    def collect_soon(self) -> None:
        """Collect it in a moment, where there is some and no scan comes in by then."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(_SOON, self._collect)

    def _collect(self) -> None:
        self._alarm = None
        if is_due() and not self._is_scanning():
            gc.collect()


def is_due() -> bool:
    """Whether a third of what makes Python look by itself has been made since it last did."""
    *_, made = gc.get_count()
    *_, most = gc.get_threshold()
    return gc.isenabled() and made * 3 > most
