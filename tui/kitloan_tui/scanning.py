"""Scans reach the app as scans, whatever has the focus.

A scanner types, and its Enter presses whichever button has the focus. `App.on_event` is the one
place that every key passes before bindings and focus, modal screens included, so `ScanRouter` sits
there: it shows each key and paste to `kitloan.text.scans.Assembler`, gives a person's keys on just
as they came, and turns a scan into one `Scanned`.

    class DeskApp(ScanRouter, App[None]):
        def on_scanned(self, event: Scanned) -> None: ...

Pasted by a terminal that does not mark pastes, or typed by a program, words come as fast as a scan.
The app decides which are for the line that has the focus: `is_for_line`.

Typing pays for this with a wait of at most 35 ms a key, 160 ms where a word starts with K. A
machine that does nothing for longer than that, as busy ones do, must not cut a scan in two: the
time for which the app itself was kept from running does not count between two keys.
"""

import asyncio
from typing import Any

from textual import events
from textual.message_pump import MessagePump
from textual.widgets import Input

from kitloan.text import scans

_LATE = 0.02
"""Seconds by which an alarm may be late on a machine that is well."""
_GRACE = 0.05
"""Seconds for the keys of a stall to come through, once the app runs again."""
_CONTROLS = {
    "enter": "\r",
    "ctrl+j": "\n",
    "tab": "\t",
    "ctrl+b": scans.STX,
    "ctrl+c": scans.ETX,
}


class Scanned(events.Event, bubble=False):
    """A scanner sent `text`; `kitloan.text.scans.read` gives what it means.

    Handled by the app before the next key is looked at: an Enter that a person presses after a scan
    must not overtake it, also when both waited while the app was busy.
    """

    def __init__(self, text: str, at: float) -> None:
        super().__init__()
        self.text = text
        self.time = at  # when its last key was pressed, however late the app comes to it


class HoldOver(events.Event, bubble=False):
    """No further key came: what is held may be somebody's typing.

    It queues behind the keys that arrived before it and carries its own time, so that keys which
    waited while the app was busy are still joined to the scan that they belong to.
    """


class ScanRouter(MessagePump):
    """Put before `App` among the bases of an app that scanners type into."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._assembler: scans.Assembler[events.Key] = scans.Assembler()
        self._alarm: asyncio.TimerHandle | None = None
        self._stalled = 0.0  # seconds that do not count, all of them so far

    def is_for_line(self, text: str) -> bool:
        """Whether words that came as fast as a scan are for the line that has the focus."""
        return False

    def is_enter_safe(self) -> bool:
        """Whether the Enter that came with such words may press what that line is for."""
        return False

    @property
    def holding_keys(self) -> bool:
        """Whether keys wait to be known as a scan or as typing."""
        return self._assembler.deadline is not None

    async def on_event(self, event: events.Event) -> None:
        """Take keys and pastes on their way in; leave alone those that bubble back up."""
        outcomes: list[scans.Event[events.Key]]
        self._discount()
        at = event.time - self._stalled
        if isinstance(event, events.Key) and not event.is_forwarded:
            outcomes = self._assembler.feed(event, character_of(event), at)
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            outcomes = self._assembler.paste(event.text, at)
        elif isinstance(event, HoldOver):
            outcomes = self._assembler.expire(at)
        else:
            await super().on_event(event)
            return
        self._set_alarm(at)
        for outcome in outcomes:
            match outcome:
                case scans.Replay(keys):
                    for key in keys:
                        await super().on_event(key)
                case scans.Scan(text, typed) if self.is_for_line(text):
                    await super().on_event(events.Paste(text.removeprefix(typed)))
                    if self.is_enter_safe():
                        await super().on_event(event)
                case scans.Scan(text, typed):
                    self._take_back(typed)
                    await super().on_event(Scanned(text, event.time))
                case scans.Paste():
                    await super().on_event(event)

    def _take_back(self, typed: str) -> None:
        """Take out of the line what was the beginning of a scan."""
        line = self.app.focused
        if typed and isinstance(line, Input) and line.value.endswith(typed):
            line.value = line.value.removesuffix(typed)

    def _set_alarm(self, now: float) -> None:
        """Have `HoldOver` come when the held keys' time is over.

        Not by `set_timer`: a Textual timer whose time is over before its task first runs never
        fires, and the last word that somebody typed would stay held.
        """
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        deadline = self._assembler.deadline
        if deadline is not None:
            self._wake_in(max(0.0, deadline - now))

    def _wake_in(self, seconds: float) -> None:
        self._alarm = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        if not self._discount():
            self._alarm = None
            self.post_message(HoldOver())

    def _discount(self) -> bool:
        """Leave out of account the time for which the alarm has been kept from ringing, if any.

        And the grace after it: the terminal's own reader may have been kept from running longer.
        """
        if self._alarm is None:
            return False
        late = asyncio.get_running_loop().time() - self._alarm.when()
        if late < _LATE:
            return False
        self._stalled += late + _GRACE
        self._alarm.cancel()
        self._wake_in(_GRACE)
        return True


def character_of(key: events.Key) -> str:
    """What a key types, as the assembler wants it; Alt with a letter types nothing."""
    if key.key in _CONTROLS:
        return _CONTROLS[key.key]
    if key.character is None or key.key.startswith("alt+"):
        return ""
    return key.character if key.is_printable else ""
