"""The chase list: open loans by school, with whom to ring, as CSV and as a page to print."""

import csv
from collections.abc import Sequence
from datetime import date
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from kitloan.storage.files import whole_file
from kitloan.text.cells import csv_cell
from kitloan.text.dates import uk
from kitloan.text.names import by_name, plain
from kitloan.text.tags import grouped
from kitloan.values import LoanLine, plural

if TYPE_CHECKING:
    from kitloan.college import College

COLUMNS = (
    *("school", "contact", "phone", "e-mail", "college's number", "tag", "type", "out", "due"),
    "days late",
)
"""The headings of the list, in both forms."""

_STYLE = """
body { font: 11pt/1.4 system-ui, sans-serif; margin: 1.5cm; color: #111; background: #fff }
h1 { font-size: 16pt } h2 { font-size: 12pt; margin: 1.2em 0 0.2em }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #999; padding: 3px 8px 3px 0; text-align: left }
section { break-inside: avoid }
"""


def all_loans(opened: "College", *, overdue: bool, to: str | None) -> list[LoanLine]:
    """Every open loan, by the name of the school, the earliest due first."""
    found: list[LoanLine] = []
    after: str | None = None
    while True:
        page = opened.find.loans(overdue=overdue, to=to, after=after)
        found += page.items
        after = page.next
        if after is None:
            break
    return sorted(found, key=lambda each: (by_name(each.to), each.due_on or date.max, each.tag))


def write_csv(path: Path, loans: Sequence[LoanLine], today: date) -> None:
    """Write the list as CSV: UTF-8, dates as YYYY-MM-DD, and no cell that would run.

    Raises:
        BadInput: `cannot_write`, `is_a_store`, `not_a_file`.
    """
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(COLUMNS)
        for each in loans:
            days = (_iso(each.on), _iso(each.due_on), str(_days_late(each, today)))
            writer.writerow([csv_cell(plain(text)) for text in (*_texts(each), *days)])


def write_html(
    path: Path, loans: Sequence[LoanLine], today: date, college: str, *, overdue: bool
) -> None:
    """Write the list as a page to print: a table for each school.

    Raises:
        BadInput: `cannot_write`, `is_a_store`, `not_a_file`.
    """
    title = f"{'Overdue' if overdue else 'On loan'}: {college}, {uk(today)}"
    parts = [
        "<!doctype html>",
        f'<html lang="en-GB"><head><meta charset="utf-8"><title>{_safe(title)}</title>',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{_safe(title)}</h1>",
        f"<p>{plural(len(loans), 'loan')}.</p>",
    ]
    for school, some in groupby(loans, key=lambda each: each.to):
        parts += [f"<section><h2>{_safe(school)}</h2><table><tr>"]
        parts += [f'<th scope="col">{_safe(each)}</th>' for each in COLUMNS[1:]]
        parts.append("</tr>")
        for each in some:
            days = (_uk(each.on), _uk(each.due_on), str(_days_late(each, today) or ""))
            cells = (*_texts(each)[1:], *days)
            parts.append(f"<tr>{''.join(f'<td>{_safe(cell)}</td>' for cell in cells)}</tr>")
        parts.append("</table></section>")
    parts.append("</body></html>\n")
    with whole_file(path) as part:
        part.write_text("\n".join(parts), encoding="utf-8")


def _texts(each: LoanLine) -> tuple[str, ...]:
    who = each.contact
    return (
        each.to,
        who.name if who else "",
        (who.phone or "") if who else "",
        (who.email or "") if who else "",
        each.asset_number or "",
        grouped(each.tag),
        each.type,
    )


def _days_late(each: LoanLine, today: date) -> int:
    return max(0, (today - each.due_on).days) if each.due_on else 0


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _uk(day: date | None) -> str:
    return uk(day) if day else ""


def _safe(text: str) -> str:
    return escape(plain(text))
