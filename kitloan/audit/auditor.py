"""Asking: the figures, the findings and the report, as at the end of a day.

For an earlier day the ledgers are replayed up to its end into a scratch store, and the same queries
run on that; so they are where a clock was wrong, with each entry at the time that it counts at (see
`kitloan.ledger.clocks`). The answers depend on what the ledgers say, never on the order in which
they were merged; only what this store itself has met (see `met`), and when, is its own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from kitloan.audit import figures
from kitloan.audit.challenges import answers
from kitloan.audit.figures import Figures, Group, Totals
from kitloan.audit.findings import Finding, clock_wrong, findings, sorted_findings
from kitloan.audit.forms.json import as_json as tables_as_json
from kitloan.audit.freshness import freshness
from kitloan.audit.gifts import reconciled
from kitloan.audit.idle import idle
from kitloan.audit.met import met
from kitloan.audit.report import Material, build
from kitloan.audit.spares import spares
from kitloan.audit.tables import Report
from kitloan.audit.transfers import journeys
from kitloan.audit.use import use
from kitloan.audit.years import academic_years, overdue_by_age
from kitloan.errors import BadInput
from kitloan.ledger.clocks import Times, find_wrong
from kitloan.ledger.session import ESP, Session
from kitloan.storage.store import scratch_store
from kitloan.tables import College, table
from kitloan.text.dates import check_year, end_of, instant, uk
from kitloan.verify import Progress, replay

college = table(College)


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
            BadInput: `before_records`, for a day before the first entry of any ledger; `bad_date`,
                for one of a year that cannot be meant.
            StoreError: `damaged`, when the rules in a file are not the ones it was made with.
        """
        day = check_year(as_at or self._session.today)
        with self._reading(day) as live:
            wrong = find_wrong(live, instant(self._session.clock()))
            known = [*met(live, self._session, day, wrong), *clock_wrong(wrong, day)]
            with self._at(live, day, wrong, progress or (lambda done, total: None)) as connection:
                return self._audit(connection, day, known)

    @contextmanager
    def _reading(self, day: date) -> Iterator[Connection]:
        """The store, read so that no counter waits for the report.

        ESP's store lends nothing, and copying it takes as long as its figures of today: they are
        read where they are. An earlier day takes minutes of replaying.
        """
        if self._session.is_national and day >= self._session.today:
            with self._session.reading() as live:
                yield live
            return
        with self._session.store.read_copy() as aside:
            yield aside

    @contextmanager
    def _at(
        self, live: Connection, day: date, wrong: Mapping[str, Times], progress: Progress
    ) -> Iterator[Connection]:
        if day >= self._session.today and not wrong:
            yield live
            return
        scratch = scratch_store()
        try:
            replay(live, scratch, end_of(day), progress, wrong)
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

    def _audit(self, connection: Connection, day: date, known: Iterable[Finding]) -> Audit:
        colleges = connection.execute(
            select(college).where(college.c.college != ESP).order_by(college.c.college)
        ).all()
        counts = figures.count(connection, day)
        totals = Totals(
            **_flat(sum((each for _, each in counts), Figures())), colleges=len(colleges)
        )
        fresh = freshness(connection, day, all_colleges=self._session.is_national)
        under_way = journeys(connection, day, fresh)
        asked = answers(connection, day)
        said = findings(connection, day, journeys=under_way, fresh=fresh, challenges=asked)
        found = sorted_findings([*known, *said])
        by_type, by_place = use(connection, day)
        spare, pairs = spares(connection)
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
            gifts=reconciled(connection, under_way),
            challenges=asked,
        )
        return Audit(day, totals, findings=found, report=build(material), **groups)
