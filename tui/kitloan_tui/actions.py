"""Everything that a key, a click or a command card can do: one row each.

Key bindings, the bar at the foot and the help all read this table, so that they cannot disagree.
An action that cannot run now says why. To add one: a row here, and where it is more than a verb of
the counter, its method in `Desk.perform`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kitloan.scan import COMMANDS

if TYPE_CHECKING:
    from kitloan_tui.counter import Counter

WhyNot = Callable[["Counter"], str | None]


def _always(_counter: "Counter") -> None:
    return None


def _no_count(counter: "Counter") -> str | None:
    return None if counter.counting else "No kit is being counted: scan one that is out."


def _nothing_open(counter: "Counter") -> str | None:
    return None if counter.question or counter.session else "Nothing is open."


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    Attributes:
        id: its name; a verb of the counter bears the name of its command card.
        key: the key, as Textual spells it.
        shown_key: the key, as people read it.
        label: a word or two, for the bar.
        help: a sentence, for the help.
        why_not: why it cannot run now; None when it can.
        in_bar: whether the bar shows it.
        bound: False where the line itself takes the key.
        of_counter: whether it needs the store to be open.
    """

    id: str
    key: str
    shown_key: str
    label: str
    help: str
    why_not: WhyNot = _always
    in_bar: bool = True
    bound: bool = True
    of_counter: bool = True

    @property
    def card(self) -> str | None:
        """The command card that does the same."""
        return next((code for code, name in COMMANDS.items() if name == self.id), None)


ACTIONS: Final = (
    Action("help", "f1", "F1", "Help", "What can be scanned, typed and pressed.", of_counter=False),
    Action(
        "done",
        "enter",
        "Enter",
        "Done",
        "On an empty line: ends the count; the kit is whole, or as it left, or as you typed. "
        "The card also ends a school's turn.",
        _nothing_open,
        in_bar=False,
        bound=False,
    ),
    Action(
        "home",
        "escape",
        "Esc",
        "Back",
        "Empties the line; else leaves what is open. A kit that was being counted stays on loan.",
    ),
    Action(
        "whole",
        "f7",
        "F7",
        "All there",
        "Everything on the list is in the kit, also what was short before.",
        _no_count,
    ),
    Action(
        "count_later",
        "f8",
        "F8",
        "Count later",
        "Takes the kit back uncounted. It is not lent until it is counted: scan it again for that.",
        _no_count,
    ),
    Action(
        "undo",
        "ctrl+z",
        "^Z",
        "Undo",
        "Takes back your latest action, also after a restart; in a count, the last thing typed.",
    ),
    Action("page_up", "pageup", "PgUp", "Up", "Scrolls up.", in_bar=False, of_counter=False),
    Action(
        "page_down", "pagedown", "PgDn", "Down", "Scrolls down.", in_bar=False, of_counter=False
    ),
    Action("quit", "ctrl+q", "^Q", "Quit", "Closes the desk.", of_counter=False),
)

BY_ID: Final = {action.id: action for action in ACTIONS}


def why_not(action: Action, counter: "Counter | None") -> str | None:
    """Why an action cannot run now; None when it can."""
    if not action.of_counter:
        return None
    return action.why_not(counter) if counter else "The store is still opening."
