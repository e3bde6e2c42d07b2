"""Nothing else is done while a verdict is awaited: no garbage collected, no list looked up."""

import asyncio
import gc
import weakref
from pathlib import Path

import pytest

from kitloan_tui.counter import steps
from kitloan_tui.garbage import Garbage, is_due
from tui.at_the_counter import Store
from tui.at_the_desk import at_desk

MUCH = (0, 0, 1_000)
"""What `gc.get_count` says where much has been made since the oldest things were looked at."""


class Circle:
    """What goes only when Python looks for circles, as a closed screen does."""

    def __init__(self) -> None:
        self.itself = self


async def test_garbage_is_collected_after_the_verdict(
    busy: Store, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one scan of fifteen waits a tenth of a second for what closed lists have left."""
    monkeypatch.setattr(gc, "get_count", lambda: MUCH)
    async with at_desk(lambda: busy.kitloan, log) as hands:
        most = gc.get_threshold()
        gc.set_threshold(0)  # Python itself looks for nothing
        try:
            left = weakref.ref(Circle())
            await hands.scan(busy.kit)
            await hands.until(lambda: left() is None)
        finally:
            gc.set_threshold(*most)


@pytest.mark.parametrize("is_scanning", [True, False])
async def test_no_garbage_is_collected_while_a_scan_comes_in(
    is_scanning: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a basket that is scanned quickly waits for it."""
    collected: list[bool] = []
    monkeypatch.setattr(gc, "get_count", lambda: MUCH)
    monkeypatch.setattr(gc, "collect", lambda: collected.append(True))
    asked = asyncio.Event()

    def has_keys() -> bool:
        asked.set()
        return is_scanning

    Garbage(has_keys).collect_soon()
    await asked.wait()
    assert bool(collected) is not is_scanning


def test_little_garbage_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each scan at home is followed by a look at everything that the desk holds."""
    monkeypatch.setattr(gc, "get_threshold", lambda: (700, 10, 10))
    monkeypatch.setattr(gc, "get_count", lambda: (699, 9, 3))
    assert not is_due()
    monkeypatch.setattr(gc, "get_count", lambda: MUCH)
    assert is_due()


async def test_the_lists_are_looked_up_when_the_verdict_is_painted(busy: Store, log: Path) -> None:
    """Else two threads share the processor while a teacher waits for the verdict."""
    async with at_desk(lambda: busy.kitloan, log) as hands:
        hands.desk.do(lambda state, college: steps.submit(state, college, busy.kit))
        assert hands.desk.is_refreshing
        assert not [each for each in hands.desk.workers if each.is_running]
        await hands.settle()
        assert not hands.desk.is_refreshing
