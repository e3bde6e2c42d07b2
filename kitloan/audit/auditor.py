"""Asking: the figures, the findings and the report, as at the end of a day.

For an earlier day the ledgers are replayed up to its end into a scratch store, and the same queries
run on that; so they are where a clock was wrong, with each entry at the time that it counts at (see
`kitloan.ledger.clocks`). The answers depend on the ledgers, never on the order in which they were
merged; only what this store itself has met, and when, is its own: see `kitloan.audit.findings.met`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from kitloan.audit import measures
from kitloan.audit.census import Census, Scope
from kitloan.audit.changes import Earlier, changes_since
from kitloan.audit.colleges import answers, known_until, latest_files, reporting
from kitloan.audit.demand import unmet_demand
from kitloan.audit.engagements import LearnerFigures, learner_figures, sums_for
from kitloan.audit.export.json import as_json as tables_as_json
from kitloan.audit.findings import Evidence, Finding, clock_wrong, findings, met
from kitloan.audit.gifts import reconciled
from kitloan.audit.material import Material
from kitloan.audit.measures import FigureGroup, HoldingCount, MeasureCounts
from kitloan.audit.papers import READERS, paper
from kitloan.audit.proof import (
    EntryBehind,
    Proof,
    ProofEvent,
    Proved,
    life,
    lost,
    news_since,
    proof_of,
    prove,
)
from kitloan.audit.reach import reach_figures
from kitloan.audit.register import register, written_off
from kitloan.audit.report import build
from kitloan.audit.spares import Pair, spares
from kitloan.audit.tables import Report
from kitloan.audit.transfers import in_scope, journeys
from kitloan.audit.use import Months, Use, days_held, lent_of_gifts, use
from kitloan.audit.years import idle, lending, overdue_by_age, trend
from kitloan.errors import BadInput
from kitloan.evidence.disclosure import Shown
from kitloan.history.earlier import replay
from kitloan.history.walk import Progress
from kitloan.ledger.clocks import Times, find_wrong
from kitloan.ledger.collecting import collecting_rarely
from kitloan.ledger.session import Session
from kitloan.national.gifts import the_college
from kitloan.reference import regions
from kitloan.storage.servers import insist_on_one_place
from kitloan.storage.store import scratch_store
from kitloan.tables import College, table
from kitloan.text.dates import check_year, end_of, instant, last_quarter_end, uk
from kitloan.text.names import plain

college = table(College)


@dataclass(frozen=True, slots=True)
class Audit:
    """The whole answer, as at the end of a day."""

    as_at: date
    totals: MeasureCounts
    by_region: tuple[FigureGroup, ...]
    by_college: tuple[FigureGroup, ...]
    by_donor: tuple[FigureGroup, ...]
    by_type: tuple[FigureGroup, ...]
    findings: Sequence[Finding]
    report: Report
    proof: Proof
    learners: Mapping[str, Shown]
    """The totals of learners as the reader gets them, with marks where they are hidden."""

    def as_json(self) -> dict[str, Any]:
        """The shape of `--json`."""
        tables = tables_as_json(self.report)
        listed = tables.pop("register", None)
        document = {
            "as_at": self.as_at.isoformat(),
            "totals": _if_known(self.totals, {**self.totals, **self.learners}),
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
                    "since": f.since.isoformat() if f.since else None,
                    "who": f.who,
                    "action": f.action,
                    "accepted": f.accepted,
                }
                for f in self.findings
            ],
            "tables": tables,
            "proof": {
                "made_at": self.proof.made_at,
                "made_by": self.proof.made_by,
                "program": self.proof.program,
                "known_on": self.proof.known_on.isoformat(),
                "ledgers": [
                    {
                        "ledger": each.ledger,
                        "seq": each.seq,
                        "hash": each.hash,
                        "file_exported_at": each.file_exported_at,
                    }
                    for each in self.proof.ledgers
                ],
            },
        }
        return document if listed is None else document | {"register": listed}


def _if_known(totals: MeasureCounts, shown: dict[str, Shown]) -> dict[str, Shown | None]:
    """The totals as they are; where no file has come, how many colleges sent one and no more."""
    if totals.are_known:
        return {**shown}
    return {
        name: number if name == "colleges" else number or None for name, number in shown.items()
    }


def _groups(groups: Iterable[FigureGroup], key: str) -> list[dict[str, Any]]:
    return [
        {key: group.name if key in ("donor", "type") else group.id}
        | ({} if key in ("donor", "type") else {"name": group.name})
        | {name: group.figures[name] if group.known else None for name in measures.NAMES}
        for group in groups
    ]


class Auditor:
    """Questions about every college in the store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def audit(
        self,
        as_at: date | None = None,
        progress: Progress | None = None,
        *,
        scope: Scope | None = None,
        reader: str | None = None,
        since: date | None = None,
        last_quarter: bool = False,
        known_on: date | None = None,
        register: bool = True,
    ) -> Audit:
        """The figures, findings and report as at the end of a day.

        By what is known now: a fact that was recorded later than it happened counts from the day
        it happened, and what was undone or corrected since is so for the earlier day as well.

        Args:
            as_at: the day; None is today. On a later day than today, loans that are open now and
                not back by then count as overdue, and the report states that the day has not come.
            progress: given how many entries are replayed, for an earlier day.
            scope: what the report is about; None is everything.
            reader: `donor`, `college`, `board`, or `evidence` for the page of what the kits did:
                what that reader gets; None gets everything.
            since: an earlier day to compare with; None compares with none. What came on record
                after it is listed.
            last_quarter: without `since`, compare the summary figures with those at the end of the
                last calendar quarter, where anything of the scope was on record by then. That day
                is replayed.
            known_on: leave out what was recorded after the end of this day; None leaves out
                nothing.
            register: whether the report has a row for every holding.

        Raises:
            BadInput: `before_records`, for a day before the first entry of any ledger; `bad_date`,
                for one of a year that cannot be meant; `in_future`, for knowledge of a later day;
                `unknown_college`, `unknown_donor`, ... for a scope that names nothing; `no_donor`,
                for a donor's paper that is about no donor.
            StoreError: `damaged`, when the rules in a file are not the ones it was made with.
        """
        today = self._session.today
        known = today if known_on is None else check_year(known_on)
        if known > today:
            raise BadInput(
                "in_future",
                f"What will be known on {uk(known)} is not known yet: today is {uk(today)}.",
                "Give today or an earlier day.",
                known_on=known.isoformat(),
            )
        day = check_year(as_at or (today if known_on is None else known))
        about = scope or Scope()
        _check_reader(reader, about)
        earlier = None
        if since is not None:
            if since >= day:
                raise BadInput(
                    "not_earlier",
                    f"{uk(since)} is not before {uk(day)}.",
                    "Give an earlier day to compare with.",
                )
            earlier = self._earlier(check_year(since), known, about, progress, reader)
        elif last_quarter:
            # Nothing was on record by then, or nothing of the scope; or no scope has that name,
            # which is refused below.
            with suppress(BadInput):
                found = self._earlier(last_quarter_end(day), known, about, progress, reader)
                earlier = found if found.figures.colleges else None
        with self._census(day, known, about, progress) as census:
            own = [
                *met(census.live, self._session, day, census.wrong),
                *clock_wrong(census.wrong, day),
            ]
            return self._audit(
                census,
                own,
                reader=reader,
                earlier=earlier,
                news=since is not None,
                known_on=known,
                listed=register,
            )

    def _earlier(
        self,
        day: date,
        known: date,
        scope: Scope,
        progress: Progress | None,
        reader: str | None,
    ) -> Earlier:
        """The summary figures of an earlier day."""
        with self._census(day, known, scope, progress) as census:
            learners = learner_figures(*sums_for(census, leaves=reader in _OUTSIDE))
            counts = measures.count(census, days_held(Months(census)))
            _, by_place = use(census, counts)
            totals = _totals(census, counts, by_place, learners)
            return Earlier(day, totals, learners)

    def prove(
        self,
        figure: str,
        as_at: date | None = None,
        progress: Progress | None = None,
        *,
        scope: Scope | None = None,
    ) -> Proved:
        """The entries behind a figure, as at the end of a day; refusals as `audit`.

        Raises:
            BadInput: `unknown_figure`.
        """
        found = self.audit(as_at, progress, scope=scope, register=False)
        number = found.totals.get(figure)
        for name in ("gifts", "use_by_college"):
            at = [each.name for each in found.report.tables].index(name)
            of = found.report.tables[at]
            if number is None and figure in [each.name for each in of.columns]:
                number = sum(each for each in of.column(figure) if isinstance(each, int))
        with self._census(found.as_at, self._session.today, scope, progress) as census:
            return prove(census, figure, number)

    def combinable(self) -> tuple[Pair, ...]:
        """Pairs of short kits of one type, of which the second could make the first whole."""
        today = self._session.today
        with self._census(today, today, None, None) as census:
            return tuple(spares(census)[1])

    def life(self, tag: str) -> tuple[str, list[ProofEvent]]:
        """A kit's tag, and its whole life across colleges, the earliest first.

        Raises:
            BadInput: `unknown_tag`.
        """
        with self._session.reading() as connection:
            return life(connection, tag)

    def lost(self, college: str) -> list[EntryBehind]:
        """What a college's restored backup had lost and this store still holds, kit by kit.

        Raises:
            BadInput: `unknown_college`.
        """
        with self._session.reading() as connection:
            return lost(connection, the_college(connection, college))

    @contextmanager
    def _census(
        self, day: date, known: date, scope: Scope | None, progress: Progress | None
    ) -> Iterator[Census]:
        """What is counted, as at the end of a day."""
        with collecting_rarely(), self._reading(day, known) as live:
            files = latest_files(live, end_of(known), end_of(day))
            # What was recorded by then counts, whenever its file came.
            came = known_until(live, end_of(self._session.today))
            until = {each: min(at, end_of(known)) for each, at in came.items()}
            wrong = find_wrong(live, instant(self._session.clock()))
            silent = progress or (lambda done, total: None)
            with self._at(live, day, known, wrong, silent) as then:
                census = Census(
                    then,
                    day,
                    scope,
                    files=files,
                    reached=until,
                    own=self._session.college,
                    known=known,
                )
                census.live, census.wrong = live, wrong
                census.check_scope()
                yield census

    @contextmanager
    def _reading(self, day: date, known: date) -> Iterator[Connection]:
        """The store, read so that no counter waits for the report.

        ESP's store lends nothing, and copying it takes as long as its figures of today: they are
        read where they are. An earlier day takes minutes of replaying.
        """
        if self._session.is_national and min(day, known) >= self._session.today:
            with self._session.reading() as live:
                insist_on_one_place(live)
                yield live
            return
        with self._session.store.read_copy() as aside:
            insist_on_one_place(aside)
            yield aside

    @contextmanager
    def _at(
        self,
        live: Connection,
        day: date,
        known: date,
        wrong: Mapping[str, Times],
        progress: Progress,
    ) -> Iterator[Connection]:
        if min(day, known) >= self._session.today and not wrong:
            yield live
            return
        scratch = scratch_store()
        try:
            known_by = None if known == self._session.today else end_of(known)
            replay(live, scratch, end_of(day), progress, wrong, known_by)
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

    def _audit(
        self,
        census: Census,
        own: Iterable[Finding],
        *,
        reader: str | None,
        earlier: Earlier | None,
        news: bool,
        known_on: date,
        listed: bool,
    ) -> Audit:
        counts = measures.count(census, days_held(Months(census)))
        reported = reporting(census, all_colleges=self._session.is_national)
        silent = [each.college for each in reported if each.last_entry is None]
        # To a college's own store no file comes: its report is about itself.
        sent = frozenset(census.colleges) if self._session.is_national else None
        groups = {
            "by_region": measures.by_region(census, counts, sent),
            "by_college": measures.by_college(census, counts, silent),
            "by_donor": measures.by_name(counts, lambda each: each.donor_name),
            "by_type": measures.by_name(counts, lambda each: each.type_name),
        }
        every = journeys(census)
        under_way = tuple(each for each in every if in_scope(each, census))
        asked = answers(census)
        given = reconciled(census, every)  # a gift is whole, whichever part the report is about
        found = findings(Evidence(census, under_way, reported, asked, given), own)
        by_type, by_place = use(census, counts)
        spare, pairs = spares(census)
        leaves = reader in _OUTSIDE
        sums, hidden = sums_for(census, leaves=leaves)
        learners = learner_figures(sums, hidden)
        held = {
            each.id or "": each.figures.holdings if each.known else None
            for each in groups["by_region"]
        }
        lent = lending(census)
        reach = reach_figures(sums, held, lent, hidden=learners.hidden)
        totals = _totals(census, counts, by_place, learners)
        changes = None
        if earlier is not None:
            of_a_part = bool(census.scope)
            changes = changes_since(earlier, learners, protected=leaves, of_a_part=of_a_part)
        material = Material(
            census=census,
            totals=totals,
            **groups,
            findings=found,
            reporting=reported,
            journeys=under_way,
            use_by_type=by_type,
            use_by_college=by_place,
            demand=unmet_demand(census),
            idle=idle(census),
            overdue_by_age=overdue_by_age(census),
            trend=trend(census, lent),
            spares=spare,
            pairs=pairs,
            gifts=given,
            learners=learners,
            reach=reach,
            lent_of_gifts=lent_of_gifts(census, [each.gift for each in given.gifts]),
            written_off=written_off(census),
            challenges=asked,
            register=register(census) if listed else None,
            changes=changes,
            news=news_since(census, earlier.day) if earlier is not None and news else None,
            warning=(
                f"{uk(census.day)} has not come yet: these are the figures if nothing happens "
                "until then."
                if census.day > self._session.today
                else ""
            ),
        )
        proof = proof_of(census, self._session, known_on)
        report = replace(build(material), made=str(proof))
        if reader is not None:
            whose = census.donor_name
            if whose is None and given.gifts:
                whose = given.gifts[0].donor
            if reader == "college" and census.college_ids:
                whose = ", ".join(census.college_names[each] for each in census.college_ids)
            if reader == "evidence":
                whose = _named(census)
            report = paper(report, reader, whose)
        # A donor reads of their kits, and of no borrower: problems name them.
        shown = () if reader in ("donor", "evidence") else found
        return Audit(
            census.day,
            totals,
            findings=shown,
            report=report,
            proof=proof,
            learners=learners.shown,
            **groups,
        )


_OUTSIDE = ("donor", "board", "evidence")
"""Readers outside ESP: their figures of learners are protected."""


def _named(census: Census) -> str | None:
    """What a page is about, by the names of each; None where it is about all of Scotland."""
    scope = census.scope
    region = regions().get(scope.region.strip().upper(), scope.region) if scope.region else None
    colleges = (
        census.college_names[next(iter(census.college_ids))]
        if scope.college and census.college_ids
        else None
    )
    names = [census.donor_name, scope.gift, colleges, region, scope.type]
    return ", ".join(plain(name) for name in names if name) or None


def _totals(
    census: Census, counts: Sequence[HoldingCount], used: Iterable[Use], learners: LearnerFigures
) -> MeasureCounts:
    """The summary figures: true ones, those of learners as well."""
    borrowers: set[str] = set().union(*(each.organisations for each in used))
    totals = measures.total(counts)
    totals["colleges"] = sum(census.has_college(each) for each in census.colleges)
    totals["schools"] = len(borrowers)
    totals["learner_engagements"] = learners.totals.learner_engagements
    totals["learners_at_least"] = learners.totals.at_least
    totals["learners_at_most"] = learners.totals.at_most
    return totals


def _check_reader(reader: str | None, scope: Scope) -> None:
    if reader is not None and reader not in READERS:
        raise BadInput("bad_reader", f"{reader!r} is no reader.", f"One of {', '.join(READERS)}.")
    if reader == "donor" and scope.donor is None and scope.gift is None:
        raise BadInput(
            "no_donor",
            "A donor's paper is about the kits of one donor.",
            "Name the donor, or one gift: --donor NAME or --gift ID",
        )
    if reader == "college" and scope.college is None:
        raise BadInput(
            "no_college",
            "A college's paper is about one college.",
            "Name it: --college ID",
        )
