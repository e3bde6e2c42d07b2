"""What the summary figures were on an earlier day, as the reader of the report gets them.

The learners of two days of one academic year are a sum of two parts: those of the earlier day, and
those since. In what leaves ESP both parts are hidden where either is small, for the one gives the
other away; and of a part of the nation they always are, because the changes of the parts would have
to be protected together with the nation's. A day of another academic year has no learners to
compare with: the year began at none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from kitloan.audit.engagements import LEARNER_TOTALS, LearnerFigures
from kitloan.audit.measures import MeasureCounts
from kitloan.evidence.disclosure import HIDDEN, SMALL, Shown


@dataclass(frozen=True, slots=True)
class Earlier:
    """The summary figures of an earlier day, as they are; see `changes_since`."""

    day: date
    figures: MeasureCounts
    learners: LearnerFigures


@dataclass(frozen=True, slots=True)
class Changes:
    """The summary figures of an earlier day as a reader gets them.

    Attributes:
        day: the earlier day.
        figures: all but those of learners.
        learners: of each total of learners what it was, and its change; None has no answer.
    """

    day: date
    figures: MeasureCounts
    learners: Mapping[str, tuple[Shown | None, Shown | None]]

    def before(self, name: str) -> Shown | None:
        """What a figure was; `sighted` is what was seen in the twelve months before."""
        if not self.figures.are_known and name != "colleges":
            return None  # no file had come
        if name in self.learners:
            return self.learners[name][0]
        if name == "sighted":
            return self.figures.holdings - self.figures.not_sighted_12_months
        return self.figures[name]

    def change(self, name: str, now: Shown) -> Shown | None:
        """How many more it is now; below nothing, how many fewer."""
        if name in self.learners:
            return self.learners[name][1]
        before = self.before(name)
        return now - before if isinstance(now, int) and isinstance(before, int) else None


def changes_since(
    then: Earlier, now: LearnerFigures, *, protected: bool, of_a_part: bool
) -> Changes:
    """What changed since an earlier day.

    Args:
        then: the earlier day; its learners are protected where the report's are.
        now: the learners of the report's day.
        protected: whether the report leaves ESP.
        of_a_part: whether it is of a part of the nation.
    """
    if now.year != then.learners.year:
        return Changes(then.day, then.figures, dict.fromkeys(LEARNER_TOTALS, (None, None)))
    learners: dict[str, tuple[Shown | None, Shown | None]] = {}
    for name in LEARNER_TOTALS:
        before, number = then.learners.shown[name], now.shown[name]
        if not (isinstance(before, int) and isinstance(number, int)):
            break
        change = number - before
        if protected and (0 < abs(change) < SMALL or (of_a_part and (before or number))):
            break
        learners[name] = before, change
    else:
        return Changes(then.day, then.figures, learners)
    # All three or none: the least of the earlier day bounds what the most of it can have been.
    return Changes(then.day, then.figures, dict.fromkeys(LEARNER_TOTALS, (HIDDEN, HIDDEN)))
