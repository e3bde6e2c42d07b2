"""What the program and its screens ask of each other.

A screen knows the program as a `DeskHost`, never as an app; the program asks of a screen only what
these protocols name. A screen that needs none of them is an ordinary Textual screen.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual.screen import Screen

from kitloan_tui.counter.state import CounterState
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.settings import DeskSettings

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.errors import KitloanError
    from kitloan_tui.labels import Press

CounterStep = Callable[[CounterState, "College"], Verdict]
"""One of the functions of `counter.steps`, or something that calls one."""


class DeskHost(Protocol):
    """The program as its screens know it."""

    @property
    def is_open(self) -> bool:
        """Whether the store is open; `state` and `college` are there from then on."""
        ...

    @property
    def state(self) -> CounterState:
        """The counter."""
        ...

    @property
    def college(self) -> "College":
        """The open store."""
        ...

    @property
    def settings(self) -> DeskSettings:
        """The user's theme, keys and labels."""
        ...

    @property
    def press(self) -> "Press | None":
        """Prints labels; None where nothing can."""
        ...

    @property
    def top_screen(self) -> Screen[object]:
        """The screen that is shown."""
        ...

    def do(self, step: CounterStep) -> Verdict:
        """Do one step at the counter, draw it, and give what came of it."""
        ...

    def open_screen(self, screen: Screen[None]) -> None:
        """Show this screen over the one that is shown."""
        ...

    def close_screen(self) -> None:
        """Go back one screen."""
        ...

    def open_holding(self, tag: str, begin: str = "") -> None:
        """Go home, open one holding's page, and begin an action of it there."""
        ...

    def open_view(self, name: str, view: str) -> None:
        """Open an action's screen on one of its views; on its usual one for an empty name."""
        ...

    def open_labels(self, tag: str) -> None:
        """Open the sheet for one holding's label, over what is on the screen."""
        ...

    def type_line(self, line: str) -> None:
        """Go home, and do what typing this line does."""
        ...

    def action_perform(self, name: str) -> None:
        """Do an action of the registry, or show why not."""
        ...

    def save_settings(self, **changed: str | int | None) -> "KitloanError | None":
        """Change settings for now and for next time; gives what prevents saving them."""
        ...

    def fault(self, problem: Exception) -> Verdict:
        """Log what nobody expected, and give it in words."""
        ...


class CoversDesk(Screen[None]):
    """What neither Esc nor a scan takes away: there is no store behind it to go on with."""


@runtime_checkable
class TakesScans(Protocol):
    """A screen that is about a scan, as claiming a label is. No screen may take one as its yes."""

    def take_scan(self, text: str) -> bool:
        """Take a scan, or leave it to the counter with False."""
        ...


@runtime_checkable
class Performs(Protocol):
    """A screen that has its own way with some actions: Esc, Undo, Page Down."""

    def perform(self, name: str) -> bool:
        """Do this action, or leave it to the desk with False."""
        ...


@runtime_checkable
class HasTheDesk(Protocol):
    """A screen that has the desk to itself while it is open, whatever is over it.

    Every scan is for it, and none of the counter's verbs goes past it, by whichever way it comes.
    """

    def take_scan(self, text: str) -> bool:
        """Take a scan; it is never left to the counter."""
        ...

    def hold_back(self, verb: str) -> None:
        """Do a verb of the counter in its own way, or show why not; "" is for any other line."""
        ...


@runtime_checkable
class TakesKeys(Protocol):
    """A screen about the keys themselves: they are neither joined to scans nor typed."""

    def take_key(self, character: str, at: float) -> None:
        """Take one key that types something, or ends a scan."""
        ...


@runtime_checkable
class ShowsStore(Protocol):
    """A screen that shows what is in the store."""

    def refresh_data(self) -> None:
        """Look up again what it shows."""
        ...


@runtime_checkable
class ShowsViews(Protocol):
    """A screen that lists one thing or another."""

    def show_view(self, view: str) -> None:
        """Begin with this one; called before it has listed anything."""
        ...


@runtime_checkable
class ShowsWaiting(Protocol):
    """A screen that has a line for the scans that wait for the store."""

    def show_waiting(self, line: str) -> None:
        """Show which they are."""
        ...
