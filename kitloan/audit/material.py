"""What the report is made of: everything as it was worked out, before it is put into words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kitloan.audit.census import Census
from kitloan.audit.changes import Changes
from kitloan.audit.colleges import Answer, Reporting
from kitloan.audit.demand import UnmetDemand
from kitloan.audit.engagements import LearnerFigures
from kitloan.audit.findings import Finding
from kitloan.audit.gifts import Gifts
from kitloan.audit.measures import FigureGroup, MeasureCounts
from kitloan.audit.proof import News
from kitloan.audit.reach import ReachFigures
from kitloan.audit.register import RegisterRow, WrittenOff
from kitloan.audit.spares import Pair, Spare
from kitloan.audit.transfers import Journey
from kitloan.audit.use import Use
from kitloan.audit.years import Idle, Trend


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that the report shows, as it was worked out; see the modules of `kitloan.audit`.

    `changes` has the totals of an earlier day, when a change is asked for; `lent_of_gifts` how many
    kits of gifts were on loan in the twelve months.
    """

    census: Census
    totals: MeasureCounts
    by_region: tuple[FigureGroup, ...]
    by_college: tuple[FigureGroup, ...]
    by_donor: tuple[FigureGroup, ...]
    by_type: tuple[FigureGroup, ...]
    findings: Sequence[Finding]
    reporting: tuple[Reporting, ...]
    journeys: tuple[Journey, ...]
    use_by_type: Sequence[Use]
    use_by_college: Sequence[Use]
    demand: Sequence[UnmetDemand]
    idle: Sequence[Idle]
    overdue_by_age: Sequence[tuple[str, int, int]]
    trend: Trend
    spares: Sequence[Spare]
    pairs: Sequence[Pair]
    gifts: Gifts
    learners: LearnerFigures
    reach: ReachFigures
    lent_of_gifts: int
    written_off: Sequence[WrittenOff]
    challenges: Sequence[Answer]
    register: Iterable[RegisterRow] | None
    changes: Changes | None = None
    news: Sequence[News] | None = None
    warning: str = ""
