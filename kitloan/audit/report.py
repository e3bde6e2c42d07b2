"""The report: what the audit found, as tables that every form of it is made from."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kitloan.answers import plural
from kitloan.audit.challenges import Answer
from kitloan.audit.figures import Group, Totals
from kitloan.audit.findings import CODES, Finding
from kitloan.audit.freshness import Fresh
from kitloan.audit.gifts import Gifts
from kitloan.audit.idle import Idle
from kitloan.audit.spares import Pair, Spare
from kitloan.audit.tables import Cell, Chart, Column, Kind, Report, Table
from kitloan.audit.transfers import Journey
from kitloan.audit.use import Use
from kitloan.audit.years import Year
from kitloan.calendar import uk
from kitloan.reference import colleges


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
    return Report(
        "The national audit of gifted STEM kits",
        material.day,
        (
            _totals(material),
            _kinds_of_findings(material),
            _groups(material.by_region, "regions", "By region", "Region", chart=True),
            _groups(material.by_college, "colleges", "By college", "College", chart=False),
            _groups(material.by_donor, "donors", "By donor", "Donor", chart=False),
            _groups(material.by_type, "types", "By kit type", "Kit type", chart=False),
            _gifts(material),
            _shares(material),
            _gift_kits(material),
            _use(material.use_by_type, "use_by_type", "Use by kit type", "Kit type", chart=True),
            _use(
                material.use_by_college, "use_by_college", "Use by college", "College", chart=False
            ),
            _idle(material),
            _overdue(material),
            _spares(material),
            _pairs(material),
            _transfers(material),
            _challenges(material),
            _freshness(material),
            _years(material),
            _findings(material),
        ),
    )


def _text(name: str, title: str, meaning: str) -> Column:
    return Column(name, title, "text", meaning)


def _number(name: str, title: str, meaning: str, kind: Kind = "count") -> Column:
    return Column(name, title, kind, meaning)


_COLLEGE = _text("college", "College", "The college's id.")
_TAG = Column("tag", "Tag", "tag", "The holding's tag, as on its label.")
_TYPE = _text("type", "Kit type", "What kind of holding it is.")

_FIGURES = (
    _number("holdings", "Held", "Holdings on the register; a stock of loose items is one."),
    _number("out", "Out", "Of which some or all is on loan."),
    _number("overdue", "Overdue", "On loan, and past the due date."),
    _number("incomplete", "Unusable", "Kits of which a critical component is short."),
    _number("short", "Short", "Kits of which any component is missing or broken."),
    _number("in_transit", "In transit", "Sent to another college and not yet received."),
    _number("missing", "Missing", "On record as not to be found."),
    _number(
        "sighted", "Seen in 12 months", "Scanned or seen on the same day a year ago, or since."
    ),
    _number(
        "not_sighted",
        "Not seen in 12 months",
        "Not scanned or seen on the same day a year ago, nor since.",
    ),
)


def _figures(group: Group) -> tuple[Cell, ...]:
    f = group.figures
    seen = f.holdings - f.not_sighted_12_months
    return (
        f.holdings,
        f.out,
        f.overdue,
        f.incomplete,
        f.short,
        f.in_transit,
        f.missing,
        seen,
        f.not_sighted_12_months,
    )


def _totals(material: Material) -> Table:
    t = material.totals
    seen = t.holdings - t.not_sighted_12_months
    whole = t.holdings - t.short
    known = len({each.id for each in colleges()} | {each.id for each in material.by_college})
    rows: tuple[tuple[Cell, ...], ...] = (
        (
            "Colleges that have sent their ledger",
            t.colleges,
            _share(t.colleges, known),
        ),
        ("Holdings", t.holdings, _share(t.holdings, t.holdings)),
        ("Seen in the last 12 months", seen, _share(seen, t.holdings)),
        ("Whole", whole, _share(whole, t.holdings)),
        ("Short of something", t.short, _share(t.short, t.holdings)),
        ("Unusable until made good", t.incomplete, _share(t.incomplete, t.holdings)),
        ("On loan", t.out, _share(t.out, t.holdings)),
        ("Overdue", t.overdue, _share(t.overdue, t.holdings)),
        ("In transit between colleges", t.in_transit, _share(t.in_transit, t.holdings)),
        ("Missing", t.missing, _share(t.missing, t.holdings)),
    )
    return Table(
        "totals",
        "At a glance",
        f"As at the end of {uk(material.day)}. {_next_step(t)}",
        (
            _text("measure", "What", "What is counted."),
            _number("number", "Number", "How many."),
            _number("share", "Of all", "Its share of all holdings, or of all colleges.", "share"),
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


def _share(part: int, whole: int) -> float:
    """Of nothing, nothing."""
    return part / whole if whole else 0.0


def _kinds_of_findings(material: Material) -> Table:
    counts = Counter(finding.code for finding in material.findings)
    worst = sum(finding.severity == "high" for finding in material.findings)
    return Table(
        "finding_kinds",
        "What to look at",
        "Findings by kind, the worst first; each one stands in the last table.",
        (
            _text("code", "Finding", "The kind of finding."),
            _text("severity", "Severity", "high, medium or low."),
            _number("findings", "How many", "How many findings of this kind."),
            _text("action", "What to do", "The next step."),
        ),
        tuple(
            (name.replace("_", " "), code.severity, counts[name], code.action)
            for name, code in CODES.items()
            if counts[name]
        ),
        Chart(
            ("findings",),
            f"{plural(counts.total(), 'finding')}, of which {worst:,} of high severity.",
        ),
    )


def _findings(material: Material) -> Table:
    return Table(
        "findings",
        "Every finding",
        "What a person should look at, the worst first.",
        (
            _text("severity", "Severity", "high, medium or low."),
            _text("code", "Finding", "The kind of finding."),
            _COLLEGE,
            _TAG,
            _text("message", "What was found", "In words."),
        ),
        tuple(
            (f.severity, f.code.replace("_", " "), f.college, f.tag, f.message)
            for f in material.findings
        ),
    )


def _groups(groups: Iterable[Group], name: str, title: str, heading: str, *, chart: bool) -> Table:
    groups = tuple(groups)
    rows = tuple((group.id, group.name, *_figures(group)) for group in groups)
    has_id = any(group.id for group in groups)
    columns: tuple[Column, ...] = (
        _text("id", "Id", "The id, where there is one."),
        _text("name", heading, "The name."),
        *_FIGURES,
    )
    if not has_id:
        columns, rows = columns[1:], tuple(row[1:] for row in rows)
    else:
        columns, rows = (
            (columns[1], columns[0], *columns[2:]),
            tuple((row[1], row[0], *row[2:]) for row in rows),
        )
    most = max(groups, key=lambda each: each.figures.holdings, default=None)
    says = (
        f"{most.name} holds the most: {plural(most.figures.holdings, 'holding')}, of which "
        f"{most.figures.holdings - most.figures.not_sighted_12_months:,} were seen in the last "
        "twelve months."
        if most and most.figures.holdings
        else "Nothing is held."
    )
    return Table(
        name,
        title,
        "Every region appears, at nothing too; colleges outside the regions are apart."
        if name == "regions"
        else "",
        columns,
        rows,
        Chart(("sighted", "not_sighted"), says, stacked=True) if chart else None,
    )


def _gifts(material: Material) -> Table:
    return Table(
        "gifts",
        "Gifts",
        "What was promised, against what ESP received and allocated and what colleges took in. All "
        "that was taken in is held, in transit, missing or written off. What was allocated and not "
        "taken in is what to ask colleges about.",
        (
            _text("gift", "Gift", "The gift's id."),
            _text("donor", "Donor", "Who gave it."),
            _TYPE,
            _number("promised", "Promised", "Things promised."),
            _number("delivered", "Received by ESP", "Things that came."),
            _number("allocated", "Allocated", "Things allocated to colleges."),
            _number("received", "Taken in", "Things that colleges have taken in."),
            _number("held", "Held now", "Of those, held by a college now."),
            _number("redeployed", "Redeployed", "Of those held, at another college than at first."),
            _number(
                "in_transit", "In transit", "Of those taken in, on the way to another college."
            ),
            _number("missing", "Missing", "Of those taken in, not to be found, or had by nobody."),
            _number("written_off", "Written off", "Of those taken in, withdrawn by two people."),
            _number("unplaced", "Not taken in", "Allocated to a college that has not taken it in."),
        ),
        tuple(
            (
                g.gift,
                g.donor,
                g.type,
                g.promised,
                g.delivered,
                g.allocated,
                g.received,
                g.held,
                g.redeployed,
                g.in_transit,
                g.missing,
                g.written_off,
                g.unplaced,
            )
            for g in material.gifts.gifts
        ),
    )


def _shares(material: Material) -> Table:
    return Table(
        "gift_shares",
        "Gifts, by college",
        "What ESP allocated to each college, against what it took in as of that gift.",
        (
            _text("gift", "Gift", "The gift's id."),
            _COLLEGE,
            _number("allocated", "Allocated", "Things that ESP allocated to the college."),
            _number("received", "Taken in", "Things that the college took in first of all."),
            _number("unplaced", "Not taken in", "Allocated, and not taken in."),
        ),
        tuple(
            (s.gift, s.college, s.allocated, s.received, s.unplaced) for s in material.gifts.shares
        ),
    )


def _gift_kits(material: Material) -> Table:
    return Table(
        "gift_kits",
        "Gifts, to the kit",
        "Every holding that a college says is of a gift, and where it is now.",
        (
            _text("gift", "Gift", "The gift's id."),
            _TAG,
            _text("taken_in_by", "Taken in by", "The college that first took it in."),
            _text("held_by", "Held by", "The college that has it now."),
            _text("state", "State", "held, redeployed, in transit, missing or written off."),
        ),
        tuple((k.gift, k.tag, k.taken_in_by, k.held_by, k.state) for k in material.gifts.kits),
    )


def _use(use: Iterable[Use], name: str, title: str, heading: str, *, chart: bool) -> Table:
    use = tuple(use)
    best = max(use, key=lambda each: each.share or 0, default=None)
    says = (
        f"{best.name} is used most: out on {best.share:.0%} of the days that it was held."
        if best and best.share
        else "Nothing was lent in the last twelve months."
    )
    return Table(
        name,
        title,
        "Over the twelve months that end with this day: days out over days held. Of a stock of "
        "loose items, what was out of what was held counts.",
        (
            _text("name", heading, "The name."),
            _number("holdings", "Held", "Holdings on the register."),
            _number("loans", "Loans", "Loans that began in the twelve months."),
            _number("organisations", "Organisations", "Different borrowers, by college."),
            _number("days_out", "Days out", "Days on loan, of all holdings together.", "days"),
            _number("days_held", "Days held", "Days on the register, of all together.", "days"),
            _number("share", "In use", "Days out over days held.", "share"),
        ),
        tuple(
            (u.name, u.holdings, u.loans, len(u.organisations), u.days_out, u.days_held, u.share)
            for u in use
        ),
        Chart(("share",), says) if chart else None,
    )


def _idle(material: Material) -> Table:
    return Table(
        "idle",
        "Idle",
        "On the register for a year or more, in, and out to nobody in the last twelve months.",
        (
            _TAG,
            _COLLEGE,
            _TYPE,
            _number("last_lent", "Last lent", "The last loan's first day.", "date"),
            _number("last_sighted", "Last seen", "When it was last seen.", "date"),
        ),
        tuple((i.tag, i.college, i.type, i.last_lent, i.last_sighted) for i in material.idle),
    )


def _overdue(material: Material) -> Table:
    total = sum(loans for _, loans, _ in material.overdue_by_age)
    oldest = [f"{loans:,} {age}" for age, loans, _ in material.overdue_by_age if loans]
    return Table(
        "overdue_by_age",
        "Overdue by age",
        "Loans that are past their due date.",
        (
            _text("age", "How late", "Days past the due date."),
            _number("loans", "Loans", "How many loans."),
            _number("things", "Things", "How many things are still out on them."),
        ),
        tuple(material.overdue_by_age),
        Chart(
            ("loans",),
            f"{plural(total, 'loan')} overdue: {', '.join(oldest)}."
            if total
            else "No loan is overdue.",
        ),
    )


def _spares(material: Material) -> Table:
    return Table(
        "spares",
        "Spares list",
        "What is short in every kit but the missing ones, the most wanted first.",
        (
            _TYPE,
            _text("component", "Component", "The component that is short."),
            Column("critical", "Critical", "text", "Whether a kit is unusable without it."),
            _number("missing", "Missing", "How many are not there."),
            _number("broken", "Broken", "How many are there, and broken."),
            _number("kits", "Kits", "In how many kits."),
        ),
        tuple(
            (s.type, s.component, "yes" if s.critical else "no", s.missing, s.broken, s.kits)
            for s in material.spares
        ),
    )


def _pairs(material: Material) -> Table:
    return Table(
        "pairs",
        "Two kits that would make one whole",
        "Both are short, in, and counted. The second has all that the first lacks, and would give "
        "it up. A kit stands in one pair at most.",
        (
            _TYPE,
            Column("tag", "Make whole", "tag", "The kit to make whole."),
            _COLLEGE,
            _text("needs", "It lacks", "What it is short of, and how many."),
            Column("from_tag", "From", "tag", "The kit that has them."),
            _text("from_college", "At", "The college that holds that kit."),
        ),
        tuple(
            (p.type, p.tag, p.college, p.needs, p.from_tag, p.from_college) for p in material.pairs
        ),
    )


def _transfers(material: Material) -> Table:
    return Table(
        "transfers",
        "Transfers between colleges",
        "Each is told by two ledgers; what they do not agree on is a finding.",
        (
            _TAG,
            _text("from_college", "From", "The college that sent it."),
            _text("to_college", "To", "The college that should have it."),
            _number("sent", "Sent", "When it was sent.", "date"),
            _number("received", "Received", "When it was received.", "date"),
            _text(
                "status",
                "How it stands",
                "met, under way, not heard yet (from the sender), or what does not fit.",
            ),
        ),
        tuple(
            (j.tag, j.from_college, j.to_college, j.sent, j.received, j.status)
            for j in material.journeys
        ),
    )


def _challenges(material: Material) -> Table:
    return Table(
        "challenges",
        "Challenges",
        "Holdings that ESP asked a college to show, with a code that nobody knew before.",
        (
            _text("challenge", "Challenge", "The challenge's id."),
            _COLLEGE,
            _number("set_on", "Asked", "When ESP asked.", "date"),
            _number("answer_by", "By", "The day by which to answer.", "date"),
            _number("asked", "Asked for", "How many holdings."),
            _number("shown", "Shown", "How many of them were scanned."),
            _number(
                "answered",
                "Answered",
                "When the stocktake was closed, and all it shows on record.",
                "date",
            ),
            _text("status", "How it stands", "waiting, answered, late, failed, ..."),
        ),
        tuple(
            (
                a.challenge,
                a.college,
                a.set_on,
                a.answer_by,
                a.asked,
                a.shown,
                a.answered,
                a.status,
            )
            for a in material.challenges
        ),
    )


def _freshness(material: Material) -> Table:
    return Table(
        "freshness",
        "How fresh the data is",
        "The last entry that has come from each college; colleges without one have sent nothing.",
        (
            _COLLEGE,
            _text("name", "Name", "The college's name."),
            _text("region", "Region", "The region's code; none outside the regions."),
            _number("last_entry", "Last entry", "The day of the last entry.", "date"),
            _number("days", "Days ago", "Days from then to the day of the audit.", "days"),
            _number("entries", "Entries", "How many entries the ledger has."),
            _number("epoch", "Epoch", "More than 1 when a backup was restored."),
        ),
        tuple(
            (f.college, f.name, f.region, f.last_entry, f.days, f.entries, f.epoch or None)
            for f in material.fresh
        ),
    )


def _years(material: Material) -> Table:
    busiest = max(material.years, key=lambda each: each.loans, default=None)
    return Table(
        "years",
        "Year on year",
        "By academic year, August to July.",
        (
            _text("year", "Academic year", "From August to July."),
            _number("loans", "Loans", "Loans that began."),
            _number("organisations", "Organisations", "Different borrowers, by college."),
            _number(
                "accessioned", "Taken in", "Holdings taken in, but for those from another college."
            ),
            _number("withdrawn", "Withdrawn", "Holdings written off."),
        ),
        tuple(
            (y.name, y.loans, y.organisations, y.accessioned, y.withdrawn)
            for y in reversed(material.years)
        ),
        Chart(
            ("loans",),
            f"The most loans were in {busiest.name}: {busiest.loans:,}."
            if busiest and busiest.loans
            else "Nothing has been lent.",
        ),
    )
