"""The papers: what a reader gets of the report."""

from collections.abc import Mapping, Set
from dataclasses import replace

from kitloan.audit import stored
from kitloan.audit.columns import LEARNER_TITLES
from kitloan.audit.findings import CODES
from kitloan.audit.tables import Column, Report, Table
from kitloan.text.dates import uk

READERS = ("donor", "college", "board", "evidence")
"""Who a paper can be for."""

_NAMELESS = {"last_sighted_by", "also_at"}
_OF_BOARD: Mapping[str, tuple[str, ...]] = {
    "totals": ("measure", "number", "of", "share", "before", "change"),
    "evidence_years": (
        *("year", "engagements", "schools", "learner_engagements", "at_least", "at_most"),
        *("staff", "hours"),
    ),
    "evaluations": ("question", "answers", "mean", "words"),
    "regions": (
        *("name", "holdings", "sighted", "not_sighted", "out", "overdue", "missing"),
        *("counted_whole", "counted_short", "never_counted"),
    ),
    "reach_by_region": (
        *("region", "kits", "kits_per_1000", "listed", "pupils", "schools", "share"),
        "engagements",
    ),
    "gifts": (
        *("gift", "donor", "promised", "received", "outstanding", "allocated", "at_esp"),
        *("taken_in", "not_taken_in", "held", "on_its_way", "redeployed", "missing"),
        "written_off",
    ),
    "learners": (
        *("region", "engagements", "schools", "learner_engagements", "at_least", "at_most"),
        "hours",
    ),
    "learners_split": (
        *("region", "girls", "boys", "not_recorded", "learner_engagements", "girls_share"),
    ),
    "responses": (
        *("region", "back", "with_use", "share", "uses", "unknown", "no_staff", "no_hours"),
        "forms",
    ),
    **{
        f"reach_by_{each}": (
            *("name", "listed", "pupils", "schools", "share", "engagements"),
            *("learner_engagements", "hours"),
        )
        for each in ("council", "sector", "rurality", "deprived")
    },
    "reach_by_band": ("band", "engagements", "learner_engagements"),
}
_BOARD_ON_PAPER = (
    *("totals", "evidence_years", "evaluations", "regions", "reach_by_region", "gifts"),
)
"""What a board has on its second sheet of paper, which they fill; the other forms have all."""
_OF_EVIDENCE = (
    *("responses", "evidence_years", "reach_by_region", "reach_by_council", "reach_by_sector"),
    *("reach_by_rurality", "reach_by_deprived", "reach_by_band", "learners_split"),
    *("evaluations", "reach_by_programme", "referrals", "partnership_members", "gift_reach"),
)
_MARKED = ("totals", "learners", "learners_split", "evaluations", *_OF_EVIDENCE)
_OF_DONOR = (
    *("regions", "gifts", "gift_shares", "learners", "evidence_years", "gift_reach"),
    *("reach_by_sector", "reach_by_rurality", "reach_by_deprived", "evaluations", "kit_reach"),
    "register",
)
_OF_COLLEGE = ("findings", "spares", "pairs", "idle", "register")


def paper(report: Report, reader: str, whose: str | None) -> Report:
    """The report for a reader.

    A donor gets figures of their kits, and no school, borrower or technician by name; with an
    earlier day, what changed since, but for learners, who could be subtracted. A college
    gets what to do, the oldest first. A board gets the first page and the figures behind it. A page
    of evidence, of ESP or a partnership, is about what the kits did in a year. `whose` is the name
    of the donor, the college or the partnership.
    """
    tables = {"donor": _OF_DONOR, "college": _OF_COLLEGE, "evidence": _OF_EVIDENCE}
    chosen = replace(
        report.only(tables.get(reader, _OF_BOARD)),
        reader=reader,
        dictionary=False,
        off_paper=frozenset(set(_OF_BOARD) - set(_BOARD_ON_PAPER) if reader == "board" else ()),
    )
    first = report.summary
    if reader == "donor":
        return replace(
            chosen,
            title=f"Your kits in Scotland’s colleges: {whose}" if whose else report.title,
            tables=(
                *_changes(report),
                *(_without(each, _NAMELESS) for each in chosen.tables),
            ),
            # The last answer is about problems of colleges.
            summary=replace(
                first,
                answers=(*first.answers[:4], *first.evidence),
                decisions=(),
                thanks=f"Thank you, {whose}." if whose else "Thank you.",
            ),
        )
    if reader == "college":
        return replace(
            chosen,
            title=f"{whose}: what to do",
            tables=tuple(map(_oldest_first, chosen.tables)),
            summary=replace(first, answers=(), tiles=(), flow=(), months=(), decisions=()),
        )
    if reader == "evidence":
        return replace(
            chosen,
            title=f"What the kits did: {whose}" if whose else "What the kits did",
            summary=replace(
                first, answers=first.evidence, flow=(), flow_of="", months=(), decisions=()
            ),
        )
    return replace(
        chosen,
        tables=tuple(
            replace(
                _without(each, {c.name for c in each.columns} - {*_OF_BOARD[each.name]}),
                note=each.note if each.name in _MARKED else "",  # a mark has its words with it
                chart=None,
            )
            for each in chosen.tables
        ),
    )


def _changes(report: Report) -> list[Table]:
    """What the summary figures were on the earlier day, where there is one."""
    (totals,) = [each for each in report.tables if each.name == "totals"]
    names = [column.name for column in totals.columns]
    if "before" not in names:
        return []
    at = [names.index(name) for name in ("measure", "number", "before", "change")]
    left_out = {*LEARNER_TITLES, "Colleges that have sent a file"}
    then = totals.columns[at[2]].title
    return [
        Table(
            "changes",
            "What changed",
            f"{then}, and at the end of {uk(report.as_at)}.",
            tuple(totals.columns[i] for i in at),
            tuple(tuple(row[i] for i in at) for row in totals.rows if row[0] not in left_out),
        )
    ]


def _without(each: Table, names: Set[str]) -> Table:
    """A table without some of its columns."""
    keep = [i for i, column in enumerate(each.columns) if column.name not in names]
    return replace(
        each,
        columns=tuple(each.columns[i] for i in keep),
        rows=stored.keep(tuple(row[i] for i in keep) for row in each.rows),
        chart=None,
    )


def _oldest_first(each: Table) -> Table:
    """The problems as a list to tick, the oldest first; other tables as they are."""
    if each.name != "findings":
        return each
    wanted = ("since", "code", "tag", "message", "action")
    names = [column.name for column in each.columns]
    at = [names.index(name) for name in wanted]
    rows = stored.keep_sorted(each.rows, lambda row: (row[at[0]] is None, str(row[at[0]])))
    own = {code.replace("_", " "): kind.own for code, kind in CODES.items() if kind.own}
    done = Column("done", "Done", "text", "To tick.", unknown="☐")
    return Table(
        "to_do",
        "To do, oldest first",
        "",
        (done, *(each.columns[i] for i in at)),
        stored.keep(
            (None, *(row[i] for i in at[:-1]), own.get(str(row[at[1]]), row[at[-1]]))
            for row in rows
        ),
    )
