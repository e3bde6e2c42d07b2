"""How everything stands: at a glance, by region, college, donor and type; and what to look at."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from kitloan.audit.figures import Figures, Group, Totals
from kitloan.audit.findings import CODES, Finding
from kitloan.audit.report.columns import COLLEGE, TAG, Field, count, field, table
from kitloan.audit.tables import Cell, Chart, Table
from kitloan.reference import colleges
from kitloan.text.dates import uk
from kitloan.values import plural


def _seen(figures: Figures) -> int:
    return figures.holdings - figures.not_sighted_12_months


def totals(day: date, counted: Totals, by_college: Iterable[Group]) -> Table:
    """All of Scotland at a glance."""
    t = counted
    known = len({each.id for each in colleges()} | {each.id for each in by_college})
    rows = (
        ("Colleges that have sent their ledger", t.colleges, known),
        ("Holdings", t.holdings, t.holdings),
        ("Seen in the last 12 months", _seen(t), t.holdings),
        ("Whole", t.holdings - t.short, t.holdings),
        ("Short of something", t.short, t.holdings),
        ("Unusable until made good", t.incomplete, t.holdings),
        ("On loan", t.out, t.holdings),
        ("Overdue", t.overdue, t.holdings),
        ("In transit between colleges", t.in_transit, t.holdings),
        ("Missing", t.missing, t.holdings),
    )
    return table(
        "totals",
        "At a glance",
        f"As at the end of {uk(day)}. {_next_step(t)}",
        (
            field("measure", "What", "What is counted.", of=lambda row: row[0]),
            count("number", "Number", "How many.", of=lambda row: row[1]),
            field(
                "share",
                "Of all",
                "Its share of all holdings, or of all colleges.",
                "share",
                of=lambda row: row[1] / row[2] if row[2] else 0.0,  # of nothing, nothing
            ),
        ),
        rows,
    )


def _next_step(totals: Totals) -> str:
    """What who sees nothing should do; else how it was counted."""
    if not totals.colleges:
        return (
            "No college's ledger is in this store yet. Ask each college for its file (kitloan "
            "ledger export FILE), and take them in together: kitloan ledger import FILE..."
        )
    if not totals.holdings:
        return (
            "Nothing is on any register yet. A college takes in what it holds from a spreadsheet "
            "(kitloan import FILE) or one by one (kitloan add --type TYPE)."
        )
    return "A kit that is on its way is counted once."


def _figure(name: str, title: str, meaning: str, of: str | None = None) -> Field:
    return count(name, title, meaning, lambda group: getattr(group.figures, of or name))


def _seen_of(group: Group) -> Cell:
    return _seen(group.figures)


_FIGURES = (
    _figure("holdings", "Held", "Holdings on the register; a stock of loose items is one."),
    _figure("out", "Out", "Of which some or all is on loan."),
    _figure("overdue", "Overdue", "On loan, and past the due date."),
    _figure("incomplete", "Unusable", "Kits of which a critical component is short."),
    _figure("short", "Short", "Kits of which any component is missing or broken."),
    _figure("in_transit", "In transit", "Sent to another college and not yet received."),
    _figure("missing", "Missing", "On record as not to be found."),
    count(
        "sighted",
        "Seen in 12 months",
        "Scanned or seen on the same day a year ago, or since.",
        of=_seen_of,
    ),
    _figure(
        "not_sighted",
        "Not seen in 12 months",
        "Not scanned or seen on the same day a year ago, nor since.",
        of="not_sighted_12_months",
    ),
)


def groups(counted: Iterable[Group], name: str, title: str, heading: str, *, chart: bool) -> Table:
    """Every figure for each of some regions, colleges, donors or types."""
    each = tuple(counted)
    called = field("name", heading, "The name.")
    known_by = field("id", "Id", "The id, where there is one.")
    return table(
        name,
        title,
        "Every region appears, at nothing too; colleges outside the regions are apart."
        if name == "regions"
        else "",
        (called, *([known_by] if any(group.id for group in each) else []), *_FIGURES),
        each,
        Chart(("sighted", "not_sighted"), _most(each), stacked=True) if chart else None,
    )


def _most(counted: Iterable[Group]) -> str:
    most = max(counted, key=lambda each: each.figures.holdings, default=None)
    if most is None or not most.figures.holdings:
        return "Nothing is held."
    return (
        f"{most.name} holds the most: {plural(most.figures.holdings, 'holding')}, of which "
        f"{_seen(most.figures):,} were seen in the last twelve months."
    )


def kinds_of_findings(found: Iterable[Finding]) -> Table:
    """What to look at, by kind."""
    findings = tuple(found)
    counts = Counter(finding.code for finding in findings)
    worst = sum(finding.severity == "high" for finding in findings)
    return table(
        "finding_kinds",
        "What to look at",
        "Findings by kind, the worst first; each one stands in the last table.",
        (
            field(
                "code", "Finding", "The kind of finding.", of=lambda name: name.replace("_", " ")
            ),
            field("severity", "Severity", "high, medium or low.", of=lambda n: CODES[n].severity),
            count("findings", "How many", "How many findings of this kind.", of=counts.get),
            field("action", "What to do", "The next step.", of=lambda name: CODES[name].action),
        ),
        (name for name in CODES if counts[name]),
        Chart(
            ("findings",),
            f"{plural(counts.total(), 'finding')}, of which {worst:,} of high severity.",
        ),
    )


def findings(found: Iterable[Finding]) -> Table:
    """Everything that a person should look at."""
    return table(
        "findings",
        "Every finding",
        "What a person should look at, the worst first.",
        (
            field("severity", "Severity", "high, medium or low."),
            field(
                "code",
                "Finding",
                "The kind of finding.",
                of=lambda each: each.code.replace("_", " "),
            ),
            COLLEGE,
            TAG,
            field("message", "What was found", "In words."),
        ),
        found,
    )
