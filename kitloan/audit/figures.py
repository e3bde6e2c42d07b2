"""ESP's figures and findings, from one place.

One query counts the holdings of every college, kit type and donor; totals, regions, colleges,
donors and types are sums of those counts, so they cannot disagree. Findings are what a person
should look at. For an earlier day the ledgers are replayed up to its end into a scratch store, and
the same queries run on that.

The answers depend on what the ledgers say alone, never on the order in which they were merged.
"""

from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from kitloan.answers import plural
from kitloan.calendar import SCOTLAND, day_of, end_of, instant, uk, year_before
from kitloan.errors import BadInput
from kitloan.models import College, Gift, Holding, KitType, Loan, Organisation, Shortage, table
from kitloan.prepared import AnyRow
from kitloan.reference import regions
from kitloan.session import ESP, Session
from kitloan.store import scratch_store
from kitloan.tags import grouped
from kitloan.text import fold
from kitloan.verify import Progress, replay

college, gift, holding, kit_type = table(College), table(Gift), table(Holding), table(KitType)
loan, organisation, shortage = table(Loan), table(Organisation), table(Shortage)

OUTSIDE = "Outside the regions"
NO_DONOR = "not recorded"

_KEPT = holding.c.state != "withdrawn"


@dataclass(frozen=True, slots=True)
class Figures:
    """How many holdings stand how. A stock of loose items is one holding."""

    holdings: int = 0
    out: int = 0
    overdue: int = 0
    incomplete: int = 0
    in_transit: int = 0
    missing: int = 0
    not_sighted_12_months: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Figures)))


@dataclass(frozen=True, slots=True)
class Totals(Figures):
    """The figures of all, and of how many colleges."""

    colleges: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of a region, a college, a donor or a type. `id` is None where it has none."""

    id: str | None
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at."""

    code: str
    college: str
    tag: str
    message: str


@dataclass(frozen=True, slots=True)
class Audit:
    """The whole answer, as at the end of a day."""

    as_at: date
    totals: Totals
    by_region: tuple[Group, ...]
    by_college: tuple[Group, ...]
    by_donor: tuple[Group, ...]
    by_type: tuple[Group, ...]
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """The shape of `--json`."""
        return {
            "as_at": self.as_at.isoformat(),
            "totals": _flat(self.totals),
            "by_region": _groups(self.by_region, "region"),
            "by_college": _groups(self.by_college, "college"),
            "by_donor": _groups(self.by_donor, "donor"),
            "by_type": _groups(self.by_type, "type"),
            "findings": [
                {"code": f.code, "college": f.college, "tag": f.tag, "message": f.message}
                for f in self.findings
            ],
        }


def _flat(figures: Figures) -> dict[str, int]:
    return {f.name: getattr(figures, f.name) for f in fields(figures)}


def _groups(groups: Iterable[Group], key: str) -> list[dict[str, Any]]:
    if key in ("donor", "type"):
        return [{key: group.name, **_flat(group.figures)} for group in groups]
    return [{key: group.id, "name": group.name, **_flat(group.figures)} for group in groups]


class Auditor:
    """Questions about every college in the store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def audit(self, as_at: date | None = None, progress: Progress | None = None) -> Audit:
        """The figures and findings as at the end of a day.

        Args:
            as_at: the day; None is today. On a later day than today, loans that are open now and
                not back by then count as overdue.
            progress: told how many entries are replayed, for an earlier day.

        Raises:
            BadInput: `before_records`, for a day before the first entry of any ledger.
        """
        day = as_at or self._session.today
        with self._at(day, progress or (lambda done, total: None)) as connection:
            return _audit(connection, day)

    @contextmanager
    def _at(self, day: date, progress: Progress) -> Any:
        with self._session.reading() as live:
            if day >= self._session.today:
                yield live
                return
            scratch = scratch_store()
            try:
                replay(live, scratch, end_of(day), progress)
                with scratch.engine.connect() as then:
                    if then.execute(select(func.count()).select_from(college)).scalar() == 0:
                        raise BadInput(
                            "before_records",
                            f"Nothing is on record up to {uk(day)}.",
                            "Give a later day.",
                            as_at=day.isoformat(),
                        )
                    yield then
            finally:
                scratch.close()


def _audit(connection: Connection, day: date) -> Audit:
    colleges = connection.execute(
        select(college).where(college.c.college != ESP).order_by(college.c.college)
    ).all()
    counts = _counts(connection, day)
    total = sum((figures for _, figures in counts), Figures())
    totals = Totals(**_flat(total), colleges=len(colleges))
    return Audit(
        day,
        totals,
        _by_region(colleges, counts),
        _by_college(colleges, counts),
        _by_name(counts, "donor"),
        _by_name(counts, "type_name"),
        tuple(sorted(_findings(connection, day), key=_place)),
    )


Counts = list[tuple[Mapping[str, Any], Figures]]


def _counts(connection: Connection, day: date) -> Counts:
    """The figures of every college, kit type and donor."""
    late = (
        select(loan.c.college, loan.c.tag)
        .where(loan.c.closed_at.is_(None), loan.c.due_key < day.isoformat())
        .distinct()
        .subquery()
    )

    def many(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    rows = connection.execute(
        select(
            holding.c.college,
            kit_type.c.name.label("type_name"),
            gift.c.donor,
            func.count().label("holdings"),
            many(holding.c.out_quantity > 0).label("out"),
            many(late.c.tag.is_not(None)).label("overdue"),
            many(holding.c.critical_short > 0).label("incomplete"),
            many(holding.c.state == "in_transit").label("in_transit"),
            many(holding.c.state == "missing").label("missing"),
            many(_unseen(day)).label("not_sighted_12_months"),
        )
        .join_from(
            holding,
            kit_type,
            and_(
                kit_type.c.college == holding.c.college, kit_type.c.kit_type == holding.c.kit_type
            ),
        )
        .outerjoin(gift, and_(gift.c.college == holding.c.college, gift.c.tag == holding.c.tag))
        .outerjoin(late, and_(late.c.college == holding.c.college, late.c.tag == holding.c.tag))
        .where(_KEPT)
        .group_by(holding.c.college, kit_type.c.name, gift.c.donor)
    ).mappings()
    return [(dict(row), Figures(*(row[f.name] for f in fields(Figures)))) for row in rows]


def _unseen(day: date) -> Any:
    """Not sighted in the twelve months that end with `day`, or never."""
    start = datetime.combine(year_before(day), time(), tzinfo=SCOTLAND)
    return holding.c.sighted_at.is_(None) | (holding.c.sighted_at < instant(start))


def _by_region(colleges: Iterable[AnyRow], counts: Counts) -> tuple[Group, ...]:
    """All thirteen, at zero too; then the colleges outside them, where there are any."""
    region_of = {row.college: row.region for row in colleges}
    sums = {code: Figures() for code in regions()}
    outside = Figures()
    for row, figures in counts:
        code = region_of.get(row["college"])
        if code in sums:
            sums[code] += figures
        else:
            outside += figures
    found = [Group(code, name, sums[code]) for code, name in regions().items()]
    if any(code not in sums for code in region_of.values()):
        found.append(Group(None, OUTSIDE, outside))
    return tuple(found)


def _by_college(colleges: Iterable[AnyRow], counts: Counts) -> tuple[Group, ...]:
    return tuple(
        Group(
            each.college,
            each.name,
            sum((f for row, f in counts if row["college"] == each.college), Figures()),
        )
        for each in colleges
    )


def _by_name(counts: Counts, key: str) -> tuple[Group, ...]:
    """By donor or type across colleges: spellings that differ in case and spaces are one."""
    names: dict[str, str] = {}
    sums: dict[str, Figures] = {}
    for row, figures in counts:
        name = row[key] or NO_DONOR
        folded = fold(name)
        names[folded] = min(names.get(folded, name), name)
        sums[folded] = sums.get(folded, Figures()) + figures
    return tuple(Group(None, names[folded], sums[folded]) for folded in sorted(sums))


WORST_FIRST = ("tag_in_two_colleges", "overdue", "incomplete", "not_sighted_12_months")
"""Every code that a finding can have."""


def _place(finding: Finding) -> tuple[int, str, str, str]:
    return WORST_FIRST.index(finding.code), finding.college, finding.tag, finding.message


def _findings(connection: Connection, day: date) -> Iterable[Finding]:
    yield from _overdue(connection, day)
    yield from _incomplete(connection)
    yield from _not_sighted(connection, day)
    yield from _in_two_places(connection)


def _overdue(connection: Connection, day: date) -> Iterable[Finding]:
    rows = connection.execute(
        select(loan.c.college, loan.c.tag, loan.c.due_on, organisation.c.name)
        .join_from(
            loan,
            organisation,
            and_(
                organisation.c.college == loan.c.college,
                organisation.c.organisation == loan.c.organisation,
            ),
        )
        .where(loan.c.closed_at.is_(None), loan.c.due_key < day.isoformat())
    )
    for row in rows:
        due = date.fromisoformat(row.due_on)
        yield Finding(
            "overdue",
            row.college,
            row.tag,
            f"{grouped(row.tag)} was due back from {row.name} on {uk(due)}, "
            f"{plural((day - due).days, 'day')} ago.",
        )


def _incomplete(connection: Connection) -> Iterable[Finding]:
    rows = connection.execute(
        select(shortage)
        .join_from(
            shortage,
            holding,
            and_(holding.c.college == shortage.c.college, holding.c.tag == shortage.c.tag),
        )
        .where(_KEPT, holding.c.critical_short > 0)
        .order_by(shortage.c.college, shortage.c.tag, shortage.c.component)
    ).all()
    short: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        short.setdefault((row.college, row.tag), []).append(
            f"{row.component} {row.missing + row.broken}"
        )
    for (where, tag), parts in short.items():
        yield Finding(
            "incomplete",
            where,
            tag,
            f"{grouped(tag)} cannot be used until made good: {', '.join(sorted(parts))} short.",
        )


def _not_sighted(connection: Connection, day: date) -> Iterable[Finding]:
    rows = connection.execute(
        select(holding.c.college, holding.c.tag, holding.c.sighted_at).where(_KEPT, _unseen(day))
    )
    for row in rows:
        last = f"last seen on {uk(day_of(row.sighted_at))}" if row.sighted_at else "never seen"
        yield Finding(
            "not_sighted_12_months",
            row.college,
            row.tag,
            f"{grouped(row.tag)} was {last}: scan it, or say what became of it.",
        )


def _in_two_places(connection: Connection) -> Iterable[Finding]:
    twice = (
        select(holding.c.tag)
        .where(_KEPT)
        .group_by(holding.c.tag)
        .having(func.count() > 1)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(holding.c.college, holding.c.tag).where(_KEPT, holding.c.tag.in_(twice))
    ).all()
    holders: dict[str, list[str]] = {}
    for row in rows:
        holders.setdefault(row.tag, []).append(row.college)
    for row in rows:
        others = ", ".join(sorted(set(holders[row.tag]) - {row.college}))
        yield Finding(
            "tag_in_two_colleges",
            row.college,
            row.tag,
            f"{grouped(row.tag)} is held by {others} as well: find out which has it.",
        )
