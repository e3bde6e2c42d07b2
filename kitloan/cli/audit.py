"""`kitloan audit`."""

import shutil
from datetime import date
from pathlib import Path

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress, print_json, print_text
from kitloan.text.dates import parse_date


@command("audit", "kitloan audit --as-at 31/07/2026 --html audit.html")
@click.option("--as-at", metavar="DATE", help="As at the end of this day; today when not given.")
@click.option("--html", type=click.Path(path_type=Path), help="Write one page for any browser.")
@click.option("--xlsx", type=click.Path(path_type=Path), help="Write a workbook.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write a folder of CSV files.")
@pass_app
def audit(
    app: App, as_at: str | None, html: Path | None, xlsx: Path | None, csv: Path | None
) -> None:
    """Figures and findings across every college in the store.

    The same numbers in every form. With a file named, what is shown is where it was written; an
    older file of that name is replaced.
    """
    day: date | None = parse_date(as_at) if as_at else None
    with app.open() as opened:
        found = opened.audit.audit(day, Progress("Replaying entries"))
    written = []
    if html:
        from kitloan.audit.forms.html import write as write_html  # charts load slowly

        write_html(found.report, html)
        written.append(html)
    if xlsx:
        from kitloan.audit.forms.xlsx import write as write_xlsx

        write_xlsx(found.report, xlsx)
        written.append(xlsx)
    if csv:
        from kitloan.audit.forms.csv import write as write_csv

        write_csv(found.report, csv)
        written.append(csv)
    if app.json:
        print_json(found.as_json() | {"files": [str(path) for path in written]})
    elif written:
        print_text("\n".join(f"Written: {path}" for path in written))
    else:
        from kitloan.audit.forms.text import render

        print_text(render(found.report, width=shutil.get_terminal_size((100, 24)).columns))
