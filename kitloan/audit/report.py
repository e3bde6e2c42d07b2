"""The report: every table, from what was counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date

from kitloan.audit.college_tables import (
    challenges_table,
    news_table,
    reporting_table,
    transfers_table,
)
from kitloan.audit.colleges import partly_known
from kitloan.audit.columns import LEARNER_TITLES, MARKED_WORDS, TAG, college_column
from kitloan.audit.engagements import LEARNER_TOTALS
from kitloan.audit.evidence_tables import (
    TO_THE_ROW,
    answers_table,
    evidence_tables,
    learners_table,
    split_table,
)
from kitloan.audit.findings import CODES, Finding
from kitloan.audit.first_page import first_page, most_unseen, seen
from kitloan.audit.gift_tables import gift_kits_table, gifts_table, shares_table
from kitloan.audit.holding_tables import (
    idle_table,
    pairs_table,
    register_table,
    spares_table,
    written_off_table,
)
from kitloan.audit.material import Material
from kitloan.audit.measures import MEASURES, FigureGroup, MeasureCounts
from kitloan.audit.tables import Chart, Field, Report, Table, count, day, table, text
from kitloan.audit.use_tables import demand_table, overdue_table, use_table, years_table
from kitloan.evidence.disclosure import HIDDEN, Shown
from kitloan.reference import colleges
from kitloan.text.dates import uk
from kitloan.values import plural

TITLE = "Gifted STEM kits in Scotland’s colleges"


def build(material: Material) -> Report:
    """The report, its most important table first."""
    m = material
    words = m.census.college_names
    scope = str(m.census.scope)
    partly = partly_known(m.reporting)
    tables = [
        _totals(m),
        _kinds_of_findings(m.findings),
        _groups(m.by_region, "regions", "By region", "Region", partly, chart=True),
        _groups(m.by_college, "colleges", "By college", "College", chart=False),
        _groups(m.by_donor, "donors", "By donor", "Donor", chart=False),
        _groups(m.by_type, "types", "By kit type", "Kit type", chart=False),
        gifts_table(m.gifts),
        shares_table(
            m.gifts, words, [each.college for each in m.reporting if each.last_entry is None]
        ),
        gift_kits_table(m.gifts, words),
        use_table(m.use_by_type, "use_by_type", "Use by kit type", "Kit type", {}, chart=True),
        use_table(
            m.use_by_college, "use_by_college", "Use by college", "College", words, chart=False
        ),
        demand_table(m.demand),
        learners_table(m.learners),
        split_table(m.learners),
        answers_table(m.learners),
        *(
            each
            for each in evidence_tables(m.reach, words, partly)
            if m.register is not None or each.name not in TO_THE_ROW
        ),
        idle_table(m.idle, words),
        overdue_table(m.overdue_by_age),
        spares_table(m.spares),
        pairs_table(m.pairs, words),
        transfers_table(m.journeys, words),
        challenges_table(m.challenges, words),
        reporting_table(m.reporting, words),
        years_table(m.trend),
        written_off_table(m.written_off, words),
        _findings(m.findings, words, m.census.day),
    ]
    if m.news is not None and m.changes is not None:
        tables.insert(1, news_table(m.news, m.changes.day, words))
    if m.register is not None:
        tables.append(register_table(m.register, words))
    title = f"{TITLE}: {scope}" if scope else TITLE
    return Report(
        title, m.census.day, tuple(tables), first_page(m), off_paper=frozenset(_OFF_PAPER)
    )


_OFF_PAPER = ("gift_kits", "kit_reach", "not_reached")
"""Tables with a row for each kit or school: too long for paper but for the register."""


def _totals(m: Material) -> Table:
    """The summary: each figure with what it is a share of."""
    t = m.totals
    gone = {each.college for each in m.reporting if each.part_of and each.last_entry is None}
    known = {each.id for each in colleges()} | {each.college for each in m.reporting}
    known = {each for each in known - gone if m.census.has_college(each)}
    held = t.holdings
    listed = t.counted_whole + t.counted_short + t.never_counted + t.list_changed
    shown = m.learners.shown
    rows: list[tuple[str, Shown, int | None, str]] = [
        ("Colleges that have sent a file", t.colleges, len(known), "colleges"),
        ("Kits held", held, None, "holdings"),
        ("Seen in the last 12 months", seen(t), held, "sighted"),
        ("Counted whole", t.counted_whole, listed, "counted_whole"),
        ("Counted short", t.counted_short, listed, "counted_short"),
        ("Never counted", t.never_counted, listed, "never_counted"),
        ("Contents list changed since the count", t.list_changed, listed, "list_changed"),
        ("Cannot be used until parts are replaced", t.incomplete, held, "incomplete"),
        ("On loan", t.out, held, "out"),
        ("Overdue", t.overdue, t.out, "overdue"),
        ("On the way between colleges", t.in_transit, held, "in_transit"),
        ("Missing", t.missing, held, "missing"),
        ("Schools and other borrowers in 12 months", t.schools, None, "schools"),
        *(
            (title, shown[name], None, name)
            for title, name in zip(LEARNER_TITLES, LEARNER_TOTALS, strict=True)
        ),
    ]

    def _known(row: tuple[str, Shown, int | None, str]) -> bool:
        return t.are_known or row[3] == "colleges" or bool(row[1])

    fields: list[Field] = [
        text("measure", "What", "What is counted.", of=lambda row: row[0]),
        count("number", "Number", "How many.", of=lambda row: row[1] if _known(row) else None),
        text(
            "of",
            "Of",
            "What the share is a share of: all colleges, all that is held, all that is on loan, or "
            "the kits with a contents list that are held and not missing.",
            of=lambda row: row[2] if _known(row) else None,
            kind="count",
            unknown="",
        ),
        text(
            "share",
            "Share",
            "The number as a share of the one in the column Of.",
            kind="share",
            of=_share,
            unknown="",
        ),
    ]
    then = m.changes
    if then is not None:
        fields += [
            text(
                "before",
                f"On {uk(then.day)}",
                "The same at the end of the earlier day; no learners of another academic year.",
                kind="count",
                of=lambda row: then.before(row[3]),
                unknown="",
            ),
            text(
                "change",
                "Change",
                "How many more, or fewer, since the earlier day.",
                kind="count",
                of=lambda row: then.change(row[3], row[1]),
                unknown="",
            ),
        ]
    note = f"As at the end of {uk(m.census.day)}. {_next_step(m)}"
    found = table("totals", "Summary figures", f"{m.warning} {note}".strip(), fields, rows)
    if any(HIDDEN in row for row in found.rows):
        return replace(found, note=f"{found.note} {MARKED_WORDS}")
    return found


def _share(row: tuple[str, Shown, int | None, str]) -> float | None:
    """A figure's share of its base; None where it has none, or a base of nothing."""
    _, number, base, _ = row
    return number / base if base and isinstance(number, int) else None


def _next_step(m: Material) -> str:
    """What a reader who sees nothing should do; else how it was counted."""
    if not m.totals.colleges:
        nothing = (
            "No file has come of what this report is about."
            if m.census.colleges
            else "No college's ledger is in this store yet."
        )
        return (
            f"{nothing} Ask each college for its file (kitloan ledger export FILE), and take them "
            "in together: kitloan ledger import FILE..."
        )
    if not m.totals.holdings:
        return (
            "Nothing is on any register yet. A college takes in what it holds from a spreadsheet "
            "(kitloan import FILE) or one by one (kitloan add --type TYPE)."
        )
    return (
        "A kit is counted once: on its way at the college that sent it, in two colleges at the one "
        "that saw it last. What was never counted is not called whole."
    )


def _figure(name: str, title: str, meaning: str, of: Callable[[MeasureCounts], int]) -> Field:
    return count(name, title, meaning, lambda group: of(group.figures) if group.known else None)


def _measure(name: str, key: str | None = None) -> Field:
    """The column of a measure; `key` is its name in the tables where that differs."""
    (found,) = [each for each in MEASURES if each.name == name]
    return _figure(key or name, found.title, found.meaning, lambda figures: figures[name])


_SIGHTED = _figure(
    "sighted", "Seen in 12 months", "Scanned or seen on the same day a year ago, or since.", seen
)
_FIGURES = (
    *(_measure(name) for name in ("holdings", "out", "overdue", "incomplete", "short")),
    *(_measure(name) for name in ("in_transit", "missing")),
    _SIGHTED,
    _measure("not_sighted_12_months", "not_sighted"),
    *(
        _measure(name)
        for name in ("counted_whole", "counted_short", "never_counted", "list_changed")
    ),
)


def _groups(
    counted: Iterable[FigureGroup],
    name: str,
    title: str,
    heading: str,
    more: str = "",
    *,
    chart: bool,
) -> Table:
    """Every figure for each of some regions, colleges, donors or types."""
    each = tuple(counted)
    called = text("name", heading, "The name.")
    known_by = text("id", "Id", "The id, where there is one.", unknown="")
    notes = {
        "regions": "Where no college of a region has sent a file, nothing is known of it, which is "
        "not nothing held. Colleges outside the regions are apart.",
        "colleges": "Where a college has sent no file, nothing is known of what it holds.",
    }
    return table(
        name,
        title,
        f"{notes.get(name, '')} {more}".strip(),
        (called, *([known_by] if any(group.id for group in each) else []), *_FIGURES),
        each,
        Chart(("sighted", "not_sighted"), most_unseen(each), stacked=True) if chart else None,
    )


def _kinds_of_findings(found: Iterable[Finding]) -> Table:
    """The problems, by kind."""
    counts: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    kinds: dict[str, str] = {}  # they come the gravest first, so the first of a kind is its gravest
    worst = 0
    for finding in found:
        counts[finding.code] += 1
        accepted[finding.code] += finding.accepted is not None
        kinds.setdefault(finding.code, finding.severity)
        worst += finding.severity == "high"
    return table(
        "finding_kinds",
        "Problems, most serious first",
        "By kind; each one is in the table of every problem.",
        (
            text(
                "code",
                "Problem",
                "The kind of problem.",
                of=lambda name: name.replace("_", " "),
                words=_CODE_WORDS,
            ),
            text("severity", "Severity", "high, medium or low.", of=kinds.get),
            count("findings", "How many", "How many of this kind.", of=counts.get),
            count(
                "accepted",
                "Accepted",
                "Of those, accepted by ESP with a note.",
                of=lambda name: accepted[name],
            ),
            text("who", "Who acts", "Who takes the next step.", of=lambda name: CODES[name].who),
            text("action", "What to do", "The next step.", of=lambda name: CODES[name].action),
        ),
        kinds,
        Chart(
            ("findings",),
            f"{plural(counts.total(), 'problem')}, of which {worst:,} of high severity.",
        ),
    )


_CODE_WORDS = {code.replace("_", " "): each.title for code, each in CODES.items()}


def _findings(found: Iterable[Finding], words: Mapping[str, str], on: date) -> Table:
    """Everything that a person should look at."""
    return table(
        "findings",
        "Every problem",
        "What a person should look at, the most serious first.",
        (
            text("severity", "Severity", "high, medium or low."),
            text(
                "code",
                "Problem",
                "The kind of problem.",
                of=lambda each: each.code.replace("_", " "),
                words=_CODE_WORDS,
            ),
            college_column(words),
            TAG,
            text("message", "What was found", "In a sentence."),
            day("since", "Since", "Since when it is so, as far as is known.", unknown="not known"),
            text(
                "age",
                "Days",
                "Days from then to the day of the report.",
                kind="days",
                of=lambda each: max(0, (on - each.since).days) if each.since else None,
                unknown="not known",
            ),
            text("who", "Who acts", "Who takes the next step."),
            text("action", "What to do", "The next step."),
            text("accepted", "Accepted", "ESP's note, where ESP accepts it as it is.", unknown=""),
        ),
        found,
    )
