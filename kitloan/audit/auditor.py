"""Asking: the figures, the findings and the report, as at the end of a day.

For an earlier day the ledgers are replayed up to its end into a scratch store, and the same queries
run on that. The answers depend on what the ledgers say alone, never on the order in which they were
merged; only what this store itself has met (a changed key, a refused file) is its own.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, select

from kitloan.audit import figures
from kitloan.audit.challenges import answers
from kitloan.audit.figures import Figures, Group, Totals
from kitloan.audit.findings import Finding, findings, sorted_findings
from kitloan.audit.forms.json import as_json as tables_as_json
from kitloan.audit.freshness import freshness
from kitloan.audit.gifts import reconciled
from kitloan.audit.report import Material, build
from kitloan.audit.spares import spares
from kitloan.audit.tables import Report
from kitloan.audit.transfers import journeys
from kitloan.audit.use import idle, use
from kitloan.audit.years import academic_years, overdue_by_age
from kitloan.calendar import end_of, uk
from kitloan.errors import BadInput
from kitloan.exchange.aside import Aside
from kitloan.exchange.signing import fingerprint
from kitloan.models import College, table
from kitloan.models.national import PinnedKey
from kitloan.register.epochs import college_of
from kitloan.session import ESP, Session
from kitloan.store import scratch_store
from kitloan.verify import Progress, replay

college, pinned = table(College), table(PinnedKey)


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
    report: Report

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
                {
                    "code": f.code,
                    "severity": f.severity,
                    "college": f.college,
                    "tag": f.tag,
                    "message": f.message,
                    "action": f.action,
                }
                for f in self.findings
            ],
            "tables": tables_as_json(self.report),
        }


def _flat(counted: Figures) -> dict[str, int]:
    return {f.name: getattr(counted, f.name) for f in fields(counted)}


def _groups(groups: Iterable[Group], key: str) -> list[dict[str, Any]]:
    if key in ("donor", "type"):
        return [{key: group.name, **_flat(group.figures)} for group in groups]
    return [{key: group.id, "name": group.name, **_flat(group.figures)} for group in groups]


class Auditor:
    """Questions about every college in the store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def audit(self, as_at: date | None = None, progress: Progress | None = None) -> Audit:
        """The figures, findings and report as at the end of a day.

        Args:
            as_at: the day; None is today. On a later day than today, loans that are open now and
                not back by then count as overdue.
            progress: told how many entries are replayed, for an earlier day.

        Raises:
            BadInput: `before_records`, for a day before the first entry of any ledger.
        """
        day = as_at or self._session.today
        with self._at(day, progress or (lambda done, total: None)) as connection:
            return self._audit(connection, day)

    @contextmanager
    def _at(self, day: date, progress: Progress) -> Iterator[Connection]:
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

    def _audit(self, connection: Connection, day: date) -> Audit:
        colleges = connection.execute(
            select(college).where(college.c.college != ESP).order_by(college.c.college)
        ).all()
        counts = figures.count(connection, day)
        totals = Totals(
            **_flat(sum((each for _, each in counts), Figures())), colleges=len(colleges)
        )
        fresh = freshness(connection, day, all_colleges=self._session.is_national)
        under_way = journeys(connection, day)
        found = sorted_findings(
            [*findings(connection, day, under_way, fresh), *self._met(connection)]
        )
        by_type, by_place = use(connection, day)
        spare, pairs = spares(connection)
        gifts, kits = reconciled(connection)
        groups = {
            "by_region": figures.by_region(colleges, counts),
            "by_college": figures.by_college(colleges, counts),
            "by_donor": figures.by_name(counts, "donor_name"),
            "by_type": figures.by_name(counts, "type_name"),
        }
        material = Material(
            day=day,
            totals=totals,
            **groups,
            findings=found,
            fresh=fresh,
            journeys=under_way,
            use_by_type=by_type,
            use_by_college=by_place,
            idle=idle(connection, day),
            overdue_by_age=overdue_by_age(connection, day),
            years=academic_years(connection),
            spares=spare,
            pairs=pairs,
            gifts=gifts,
            gift_kits=kits,
            challenges=answers(connection, day),
        )
        return Audit(day, totals, findings=found, report=build(material), **groups)

    def _met(self, connection: Connection) -> Iterable[Finding]:
        """What this store has met: keys that changed, and files that it refused."""
        if not self._session.is_national:
            return
        keys: dict[str, list[str]] = {}
        for row in connection.execute(select(pinned).order_by(pinned.c.since, pinned.c.key)):
            keys.setdefault(row.college, []).append(row.key)
        for who, known in keys.items():
            for before, after in pairwise(known):
                yield Finding(
                    "key_changed",
                    who,
                    "",
                    f"The files of {who} were signed with the key {fingerprint(before)}, and are "
                    f"signed with {fingerprint(after)} now.",
                )
        for kept in Aside(self._session).kept():
            yield Finding(
                "refused_file", college_of(kept.ledger) if kept.ledger else "", "", kept.message
            )
