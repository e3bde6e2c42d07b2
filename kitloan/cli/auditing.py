"""`kitloan audit`."""

import click

from kitloan.answers import plural
from kitloan.audit import WORST_FIRST, Audit, Figures, Group
from kitloan.calendar import parse_date, uk
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress, columns, print_json, print_text

_HEADERS = ("", "held", "out", "overdue", "incomplete", "in transit", "missing", "not seen 12 m")
_SHOWN_FINDINGS = 10


@command("audit", "kitloan audit --as-at 31/07/2026")
@click.option("--as-at", metavar="DATE", help="As at the end of this day; today when not given.")
@pass_app
def audit(app: App, as_at: str | None) -> None:
    """Figures and findings across every college in the store."""
    day = parse_date(as_at) if as_at else None
    with app.open() as opened:
        found = opened.audit.audit(day, Progress("Replaying entries"))
    if app.json:
        print_json(found.as_json())
    else:
        print_text(report(found))


def report(found: Audit) -> str:
    """The audit in words and tables, for a terminal or a text file."""
    parts = [
        f"Audit as at {uk(found.as_at)}: {plural(found.totals.holdings, 'holding')} in "
        f"{plural(found.totals.colleges, 'college')}",
        _table("All", (Group(None, "all holdings", found.totals),)),
        _table("By region", found.by_region),
        _table("By college", found.by_college),
        _table("By donor", found.by_donor),
        _table("By type", found.by_type),
        _findings(found),
    ]
    return "\n\n".join(parts)


def _table(title: str, groups: tuple[Group, ...]) -> str:
    rows = [[f"  {group.name}", *_numbers(group.figures)] for group in groups]
    return columns([[title, *_HEADERS[1:]], *rows])


def _numbers(figures: Figures) -> list[str]:
    values = (
        figures.holdings,
        figures.out,
        figures.overdue,
        figures.incomplete,
        figures.in_transit,
        figures.missing,
        figures.not_sighted_12_months,
    )
    return [f"{value:>{len(name)},}" for value, name in zip(values, _HEADERS[1:], strict=True)]


def _findings(found: Audit) -> str:
    if not found.findings:
        return "Findings: none."
    lines = [f"{plural(len(found.findings), 'finding')}:"]
    for code in WORST_FIRST:
        these = [f for f in found.findings if f.code == code]
        lines += [f"  ! {code}  {f.college}  {f.message}" for f in these[:_SHOWN_FINDINGS]]
        if len(these) > _SHOWN_FINDINGS:
            lines.append(f"    and {len(these) - _SHOWN_FINDINGS:,} more {code}: see --json")
    return "\n".join(lines)
