"""A report with every kind of cell and chart, and with names that would do harm if they could."""

from datetime import date

from kitloan.audit.tables import Cell, Chart, Column, Report, Table

HOSTILE = (
    "Sabhal Mòr Ostaig, Slèite",
    "مدرسة الطاقة",
    "Robots 🤖 & 👩‍🔬 Women in STEM",
    "<script>alert('x')</script>",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.invalid","open")',
    "+44 131 496 0000",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "#N/A",
    '"/><b onmouseover=alert(1)>{{ 7*7 }}{% raw %}',
    "bell\x07 null\x00 escape\x1b[31m override\u202e done\ufffe",
    'a comma, a "quote"\nand a second line',
    "*" * 200,
)
TAGS = ("KL8B7XAPXYTMZ", None, "KLnot-a-tag")

_REGIONS = (
    "Aberdeen and Aberdeenshire",
    "Ayrshire",
    "Borders",
    "Dumfries and Galloway",
    "Edinburgh and Lothians",
    "Fife",
    "Forth Valley",
    "Glasgow",
    "Highlands and Islands",
    "Lanarkshire",
    "Tayside",
    "West",
    "West Lothian",
)


def _text(name: str, title: str, meaning: str = "A name, as people gave it.") -> Column:
    return Column(name, title, "text", meaning)


def _count(name: str, title: str) -> Column:
    return Column(name, title, "count", f"How many: {title.lower()}.")


def _every_kind() -> Table:
    columns = (
        _text("name", "Name"),
        Column("tag", "Tag", "tag", "The code on the label."),
        _count("loans", "Loans"),
        Column("use", "Use", "share", "Days out over days held."),
        Column("overdue", "Days overdue", "days", "Since the due date."),
        Column("idle", "Mean days idle", "days", "Between two loans."),
        Column("value", "Value", "pence", "What the donor says that it cost."),
        Column("sighted", "Last sighted", "date", "When somebody last scanned it."),
    )
    rows = tuple(
        (
            name,
            TAGS[i % 3],
            None if i == 4 else 1234 * i,
            None if i == 5 else i / 8,
            None if i == 6 else i - 3,
            None if i == 2 else i * 1.5,
            None if i == 7 else (i - 1) * 123450,
            None if i == 8 else date(2026, 11, 23 - i),
        )
        for i, name in enumerate(HOSTILE)
    )
    return Table(
        "every_kind",
        "Every kind of cell",
        "One row for each name that people gave.",
        columns,
        rows,
        Chart(("loans",), "Loans grow by 1,234 from one name to the next."),
    )


def _standing() -> Table:
    columns = (
        _text("region", "Region"),
        *(_count(n, n.replace("_", " ").capitalize()) for n in ("in", "out", "overdue", "missing")),
    )
    rows = tuple(
        (
            region,
            (i * 397) % 911 if i != 2 else 0,
            (i * 53) % 211 if i != 2 else 0,
            (i * 7) % 31,
            i % 4,
        )
        for i, region in enumerate(_REGIONS)
    )
    says = "Most kits are in; Glasgow has the most out, and Borders holds none."
    return Table(
        "by_region",
        "By region",
        "Every region appears, at zero too. Colleges outside the regions stand apart.",
        columns,
        rows,
        Chart(("in", "out", "overdue", "missing"), says, stacked=True),
    )


def _years() -> Table:
    columns = (
        _text("year", "Academic year"),
        _count("loans", "Loans"),
        _count("organisations", "Organisations"),
        Column("use", "Use", "share", "Days out over days held."),
    )
    rows: tuple[tuple[Cell, ...], ...] = (
        ("2023/24", 1204, 310, 0.214),
        ("2024/25", 2310, None, 0.3055),
        ("2025/26", 2875, 502, 0.4),
    )
    says = "Loans went from 1,204 in 2023/24 to 2,875 in 2025/26."
    return Table(
        "by_year",
        "Year on year",
        "August to July.",
        columns,
        rows,
        Chart(("loans", "organisations"), says),
    )


def _shares() -> Table:
    columns = (
        _text("college", "College"),
        Column("sighted", "Sighted in 12 months", "share", "Of all held."),
    )
    rows = tuple(
        (f"{region} College", (i * 83 % 100) / 100 if i else None)
        for i, region in enumerate(_REGIONS)
    )
    return Table(
        "sighted",
        "Sighted in the last 12 months",
        "Somebody scanned it or saw it.",
        columns,
        rows,
        Chart(("sighted",), "Of 13 colleges, one has never reported a sighting."),
    )


def _money() -> Table:
    columns = (
        _text("gift", "Gift"),
        _text("donor", "Donor"),
        *(
            Column(n, n.capitalize(), "pence", f"Value {n}, in pence.")
            for n in ("promised", "allocated", "received", "held", "redeployed", "lost")
        ),
        Column("given", "Given on", "date", "The day on the document."),
        _text("terms", "Terms"),
        _text("reconciled", "Reconciled"),
    )
    rows = tuple(
        (
            f"RAF-{2019 + i}-STEM",
            "Royal Air Force Charitable Trust",
            12_500_000 + i * 333_333,
            12_000_000,
            11_750_050,
            11_000_000 - i,
            None if i == 3 else 50_000,
            -i * 1250,
            date(2019 + i, 3, 1 + i),
            "On loan from the donor for five years, then the college's own",
            "to the kit" if i % 2 else "two kits short",
        )
        for i in range(6)
    )
    return Table(
        "gifts",
        "Gifts, reconciled to the kit",
        "Promised, allocated, received, held now, redeployed and written off.",
        columns,
        rows,
    )


def _findings(many: int) -> Table:
    columns = (
        _text("severity", "Severity"),
        _text("code", "Finding"),
        _text("college", "College"),
        Column("tag", "Tag", "tag", "The kit, where it is one."),
        _text("message", "What it is"),
        _text("remedy", "What to do"),
    )
    rows = tuple(
        (
            ("serious", "worth a look")[i % 2],
            "not_sighted",
            f"{_REGIONS[i % 13]} College",
            TAGS[i % 2],
            f"Nobody has seen this kit for {400 + i} days.",
            "Ask the college to scan it, or to record it as missing.",
        )
        for i in range(many)
    )
    return Table("findings", "Findings", "The worst first.", columns, rows)


def sample(findings: int = 230) -> Report:
    """The report, with so many findings."""
    empty = Table(
        "transfers",
        "Transfers",
        "None is in transit.",
        (_text("from", "From"), _count("days", "Days under way")),
        (),
        Chart(("days",), "Nothing is under way."),
    )
    tables = (_standing(), _years(), _shares(), _money(), _every_kind(), empty, _findings(findings))
    return Report("STEM kits across Scotland's colleges", date(2026, 7, 31), tables)
