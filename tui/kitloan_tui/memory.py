"""What one step at the counter leaves for the next one, and for no other.

`anyway`, `yes`, a number of the list and Undo speak of what was said a moment ago. A step that
came in between makes them speak of nothing, so that no late word acts on the wrong thing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from kitloan.values import Holding
from kitloan_tui.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Unmet:
    """A school's name that nobody here knows, and the schools that may have been meant."""

    name: str
    like: tuple[str, ...] = ()


@dataclass(slots=True)
class Moment:
    """One step's own.

    Attributes:
        refused: what a rule stood against that may be set aside, or that is on its way.
        unmet: the name that `yes` makes a new school of.
        matches: what a search found.
        retract: how Undo takes back what this step did, where that is not what it would take
            back by itself.
    """

    refused: Holding | None = None
    unmet: Unmet | None = None
    matches: tuple[Holding, ...] = ()
    retract: Callable[[], Verdict] | None = None


@dataclass(slots=True)
class Memory:
    """The step that is being done, and the one before it."""

    now: Moment = field(default_factory=Moment)
    before: Moment = field(default_factory=Moment)

    def step(self) -> None:
        """Another step begins."""
        self.before, self.now = self.now, Moment()
