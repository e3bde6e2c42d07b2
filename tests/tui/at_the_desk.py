"""The real desk in a terminal of Textual's own making, and the hands and the scanner at it."""

import asyncio
import html
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from kitloan.college import College
from kitloan_tui.app import DeskApp
from kitloan_tui.counter import sentences
from kitloan_tui.counter.state import CounterState
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.widgets.omnibox import Omnibox
from kitloan_tui.widgets.table import Listing

_DRAWN = re.compile(r'-line-(\d+)\)">(.*?)</text>')

PEOPLE = 0.2
"""Seconds between a person's keys."""

IDLE = 0.005
"""Seconds in which a desk that is at rest does next to nothing."""


def words_of(svg: str) -> str:
    """Everything that can be read on a picture of a screen, row by row."""
    rows: dict[int, str] = defaultdict(str)
    for row, text in _DRAWN.findall(svg):
        rows[int(row)] += " " + html.unescape(text).replace("\xa0", " ")
    return "\n".join(rows[row].strip() for row in sorted(rows))


class RungDesk(DeskApp):
    """The desk, with somebody who counts its bells."""

    bells = 0

    def bell(self) -> None:
        self.bells += 1


class Hands:
    """Scans, types and looks; time goes on as the story says, never by waiting."""

    def __init__(self, pilot: Pilot[None], desk: RungDesk) -> None:
        self.pilot = pilot
        self.desk = desk
        self._now = events.Key("x", None).time - 100_000  # the past: no key waits for a next one

    @property
    def state(self) -> CounterState:
        """The counter behind the desk."""
        return self.desk.state

    @property
    def notes(self) -> tuple[Verdict, ...]:
        """What is shown beside the question."""
        return sentences.notes(self.desk.state)

    async def scan(self, code: str, *, after: float = 5.0) -> None:
        """Scan a code, so many seconds after whatever came before, as a scanner types it."""
        self._now += after
        self._press([*code, "enter"], gap=0.004)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type a line and Enter at a person's pace."""
        self._now += 5
        self._press([*text, "enter"], gap=PEOPLE)
        await self.settle()

    async def press(self, *keys: str) -> None:
        """Press keys that type nothing."""
        self._now += 5
        self._press(list(keys), gap=PEOPLE)
        await self.settle()

    def _press(self, keys: list[str], gap: float) -> None:
        for name in keys:
            key = events.Key(name, name if len(name) == 1 else None)
            self._now += gap
            key.time = self._now
            self.desk.post_message(key)

    async def go(self, screen: str) -> None:
        """Open a screen by its action, as its key and the palette do."""
        self.desk.action_perform(screen)
        await self.settle()

    async def settle(self) -> None:
        """Let every key be dealt with, and what came of it be drawn."""
        await self._idle()
        await self.until(lambda: not self.desk.holding_keys and not self._looking())
        await self._idle()

    async def _idle(self) -> None:
        """Wait, a second at most, for rest; asks four times as often as `pause`."""
        await self.pilot.pause(0)
        for _ in range(200):
            before = process_time()
            await asyncio.sleep(IDLE)
            if process_time() - before < IDLE / 10:
                break
        await self.pilot.pause(0)

    def _looking(self) -> bool:
        return self.desk.is_refreshing or bool(getattr(self.desk.screen, "is_looking", False))

    async def until(self, happened: Callable[[], bool]) -> None:
        """Let the desk work until something is so."""
        for _ in range(200):
            if happened():
                return
            await self.pilot.pause(0.01)
        pytest.fail("it never happened")

    @property
    def line(self) -> str:
        """What stands in the line that listens."""
        return self.desk.home.query_one(Omnibox).value

    def rows(self) -> int:
        """How many rows the list on the screen holds."""
        return self.desk.screen.query_one(Listing).row_count

    def seen(self) -> str:
        """Everything that can be read on the screen, row by row."""
        return words_of(self.desk.export_screenshot())

    def reads(self, text: str) -> bool:
        """Whether all of `text` is on the screen, wherever its lines break."""
        return " ".join(text.split()) in " ".join(self.seen().replace("▌", " ").split())


@asynccontextmanager
async def at_desk(
    opener: Callable[[], College],
    log: Path,
    size: tuple[int, int] = (80, 24),
    *,
    ready: bool = True,
    **options: Any,
) -> AsyncIterator[Hands]:
    """The desk, open, with somebody at it; `options` is what `DeskApp` takes too."""
    desk = RungDesk(opener, log=log, **options)
    async with desk.run_test(size=size) as pilot:
        hands = Hands(pilot, desk)
        if ready:
            await hands.until(lambda: desk.is_open)
            await hands.settle()
        yield hands
