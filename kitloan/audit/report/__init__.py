"""The report: what the audit found, as tables that every form of it is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kitloan.audit.challenges import Answer
from kitloan.audit.figures import Group, Totals
from kitloan.audit.findings import Finding
from kitloan.audit.freshness import Fresh
from kitloan.audit.gifts import Gifts
from kitloan.audit.idle import Idle
from kitloan.audit.report import between, given, lent, standing
from kitloan.audit.spares import Pair, Spare
from kitloan.audit.tables import Report
from kitloan.audit.transfers import Journey
from kitloan.audit.use import Use
from kitloan.audit.years import Year


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that the report tells, as it was reckoned."""

    day: date
    totals: Totals
    by_region: tuple[Group, ...]
    by_college: tuple[Group, ...]
    by_donor: tuple[Group, ...]
    by_type: tuple[Group, ...]
    findings: tuple[Finding, ...]
    fresh: tuple[Fresh, ...]
    journeys: tuple[Journey, ...]
    use_by_type: Sequence[Use]
    use_by_college: Sequence[Use]
    idle: Sequence[Idle]
    overdue_by_age: Sequence[tuple[str, int, int]]
    years: Sequence[Year]
    spares: Sequence[Spare]
    pairs: Sequence[Pair]
    gifts: Gifts
    challenges: Sequence[Answer]


def build(material: Material) -> Report:
    """The report, its most important table first."""
    m = material
    return Report(
        "The national audit of gifted STEM kits",
        m.day,
        (
            standing.totals(m.day, m.totals, m.by_college),
            standing.kinds_of_findings(m.findings),
            standing.groups(m.by_region, "regions", "By region", "Region", chart=True),
            standing.groups(m.by_college, "colleges", "By college", "College", chart=False),
            standing.groups(m.by_donor, "donors", "By donor", "Donor", chart=False),
            standing.groups(m.by_type, "types", "By kit type", "Kit type", chart=False),
            given.gifts(m.gifts.gifts),
            given.shares(m.gifts.shares),
            given.kits(m.gifts.kits),
            lent.use(m.use_by_type, "use_by_type", "Use by kit type", "Kit type", chart=True),
            lent.use(m.use_by_college, "use_by_college", "Use by college", "College", chart=False),
            lent.idle(m.idle),
            lent.overdue(m.overdue_by_age),
            given.spares(m.spares),
            given.pairs(m.pairs),
            between.transfers(m.journeys),
            between.challenges(m.challenges),
            between.freshness(m.fresh),
            lent.years(m.years),
            standing.findings(m.findings),
        ),
    )
