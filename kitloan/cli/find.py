"""`kitloan find`, `show`, `loans` and `shortages`, which change nothing."""

from collections.abc import Sequence
from pathlib import Path

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_text
from kitloan.reference import find_college
from kitloan.text.dates import day_of, uk, uk_instant
from kitloan.text.tags import grouped
from kitloan.values import PAGE, SYMBOLS, HistoryLine, Holding, LoanLine, as_json, plural

_COUNTED = {
    "whole": "counted whole",
    "short": "counted short",
    "never": "never counted",
    "list_changed": "the contents list changed after the latest count",
}
_file = click.Path(path_type=Path)
_MOST_LOANS = 1000
"""The most loans shown of one holding; `kitloan loans` lists more."""
AFTER = click.option(
    "--after", metavar="CURSOR", help="Show the next page: the `next` of the page before."
)
LIMIT = click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=PAGE,
    metavar="N",
    help=f"The most lines on a page; {PAGE} if not given.",
)


@command("find", "kitloan find 'mta kilmarnock'")
@click.argument("text", nargs=-1, required=True)
@AFTER
@pass_app
def find(app: App, text: tuple[str, ...], after: str | None) -> None:
    """Search the holdings by words in tag, type, number, serial, place or donor.

    A holding must have every word, or a part of it.
    """
    with app.open() as opened:
        page = opened.find.search(" ".join(text), after)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text(f"No holding matches {' '.join(text)!r}. Try fewer words, or a part of one.")
        return
    print_text(columns([_holding_line(each, opened.session.is_national) for each in page.items]))
    show_more(len(page.items), page.total, page.next)


def _college(national: bool, which: str) -> list[str]:
    """A column with the college's name, where rows of several are listed."""
    if not national:
        return []
    known = find_college(which)
    return [known.name if known else which]


def _holding_line(each: Holding, national: bool) -> list[str]:
    return [
        *_college(national, each.college),
        grouped(each.tag),
        f"{SYMBOLS[each.status]} {each.status.replace('_', ' ')}",
        f"{each.quantity - each.out_quantity}/{each.quantity}" if each.quantity > 1 else "",
        each.asset_number or "",
        each.type,
        each.location or "",
        each.loan.to if each.loan else "",
    ]


def show_more(shown: int, total: int, cursor: str | None) -> None:
    """Print, below a page, how many lines there are and how to get the next page."""
    if cursor is not None:
        print_text(f"{shown:,} of {total:,}. For the next page: --after '{cursor}'")


@command("show", "kitloan show AC0001")
@click.argument("tag")
@click.option(
    "--after", metavar="CURSOR", help="Show earlier history: the `history_next` of the page before."
)
@LIMIT
@pass_app
def show(app: App, tag: str, after: str | None, limit: int) -> None:
    """Show one holding and its latest history. TAG is a tag or the college's own asset number."""
    from kitloan.queries.notes import notes_about  # help should not have to load SQLAlchemy

    with app.open() as opened:
        found = opened.find.holding(tag)
        history = opened.find.history_page(tag, after, limit)
        with opened.session.reading() as connection:
            remarks = notes_about(connection, opened.session.college, found.tag)
        out = opened.find.loans(of=tag, limit=_MOST_LOANS).items if found.loan else ()
    if app.json:
        more = {
            "loans": as_json(out),
            "history": as_json(history.items),
            "remarks": as_json(remarks),
        }
        pages = {"history_total": history.total, "history_next": history.next}
        print_json(as_json(found) | more | pages)
        return
    print_text(_page(found, out))
    if remarks:
        print_text("\nNotes")
        print_text(columns([[f"  {n.written}", f"{n.heading}: {n.words}"] for n in remarks]))
    print_text("\nHistory")
    print_text(columns([[f"  {_when(h)}", h.by, h.summary] for h in history.items]))
    if history.next is not None:
        print_text(
            f"{len(history.items):,} of {history.total:,}. For earlier history: "
            f"--after '{history.next}'"
        )


def _when(line: HistoryLine) -> str:
    """When it happened, and when it was recorded where that was on another day."""
    recorded = uk_instant(line.recorded_at)
    if line.happened_on in (None, day_of(line.recorded_at)):
        return recorded
    return f"{uk(line.happened_on)}, recorded {recorded}"


def _page(each: Holding, out: Sequence[LoanLine]) -> str:
    number = f"  ({each.asset_number})" if each.asset_number else ""
    lines = [
        f"{grouped(each.tag)}  {each.type}{number}",
        f"  {SYMBOLS[each.status]} {each.status.replace('_', ' ').upper()}",
    ]
    if each.quantity > 1:
        lines.append(f"  {each.quantity - each.out_quantity} of {each.quantity} here")
    for loan in out:
        many = f": {loan.quantity}" if each.quantity > 1 else ""
        due = f", due {uk(loan.due_on)}" if loan.due_on else ""
        late = "  ! OVERDUE" if loan.overdue else ""
        since = f" since {uk(loan.on)}" if loan.on else ", since a day that is not on record"
        lines.append(f"  With {loan.to}{since}{many}{due}{late}")
        if loan.contact:
            lines.append(f"    Contact: {loan.contact}")
    if each.counted:
        when = f", {uk(day_of(each.counted_at))}" if each.counted_at else ""
        lines.append(f"  Contents: {_COUNTED[each.counted]}{when}")
    if each.out_of_use:
        lines.append(f"  Out of use: {each.out_of_use}")
    lines += [f"  Short: {short}" for short in each.shortages]
    facts = {
        "Kept at": each.location,
        "Serial": each.serial,
        "Received": each.received_on,
        "College": each.college,
    }
    value = each.gift.value_pence
    facts |= {
        "Given by": each.gift.donor,
        "Paid for by": each.gift.funding_source,
        "Title": each.gift.title.replace("_", " "),
        "Document": each.gift.document,
        "Value": f"£{value / 100:,.2f}" if value is not None else None,
    }
    lines += [f"  {name}: {fact}" for name, fact in facts.items() if fact]
    seen = each.last_sighted
    lines.append(
        f"  Last seen: {uk_instant(seen.at)} by {seen.by}" if seen else "  Last seen: never"
    )
    return "\n".join(lines)


@command("loans", "kitloan loans --overdue")
@click.option("--overdue", is_flag=True, help="Only loans that were due before today.")
@click.option("--to", metavar="ORGANISATION", help="Only loans to this borrower.")
@click.option(
    "--csv", "csv_file", type=_file, metavar="FILE", help="Write the list for a spreadsheet."
)
@click.option(
    "--html", "html_file", type=_file, metavar="FILE", help="Write the list as a page to print."
)
@AFTER
@pass_app
def loans(
    app: App,
    overdue: bool,
    to: str | None,
    csv_file: Path | None,
    html_file: Path | None,
    after: str | None,
) -> None:
    """List open loans and who has them, the earliest due first.

    With --csv or --html, all of them go to a file, with whom to ring, by school: it has people's
    details, so keep it as you keep those.
    """
    if csv_file is not None or html_file is not None:
        _write_chase_list(app, overdue=overdue, to=to, csv_file=csv_file, html_file=html_file)
        return
    with app.open() as opened:
        page = opened.find.loans(overdue=overdue, to=to, after=after)
        known = not to or opened.find.organisation(to) is not None
        nearly = () if known or not to else opened.directory.nearly_like(to)
    if app.json:
        print_json(as_json(page) | ({} if known else {"nearly": list(nearly)}))
        return
    if not page.items:
        whose = f" with {to!r}" if to else ""
        print_text(f"Nothing is {'overdue' if overdue else 'on loan'}{whose}.")
        if not known:
            print_text(
                "  No borrower has this name."
                + (f" Similar names: {', '.join(nearly)}." if nearly else "")
            )
        return
    print_text(columns([_loan_line(each, opened.session.is_national) for each in page.items]))
    show_more(len(page.items), page.total, page.next)


def _write_chase_list(
    app: App, *, overdue: bool, to: str | None, csv_file: Path | None, html_file: Path | None
) -> None:
    from kitloan.cli import chase

    with app.open() as opened:
        listed = chase.all_loans(opened, overdue=overdue, to=to)
        today, name = opened.session.today, opened.college_name
    if csv_file is not None:
        chase.write_csv(csv_file, listed, today)
    if html_file is not None:
        chase.write_html(html_file, listed, today, name, overdue=overdue)
    files = {"csv": csv_file, "html": html_file}
    if app.json:
        written = {name: None if each is None else str(each) for name, each in files.items()}
        print_json({"items": as_json(listed), "total": len(listed), "next": None} | written)
        return
    for each in filter(None, files.values()):
        print_text(f"{plural(len(listed), 'loan')} written to {each}.")


def _loan_line(each: LoanLine, national: bool) -> list[str]:
    return [
        *_college(national, each.college),
        grouped(each.tag),
        "! overdue" if each.overdue else "> out",
        uk(each.due_on) if each.due_on else "no date",
        str(each.quantity) if each.quantity > 1 else "",
        each.to,
        each.type,
        each.asset_number or "",
        str(each.contact or ""),
    ]


@command("shortages", "kitloan shortages")
@AFTER
@pass_app
def shortages(app: App, after: str | None) -> None:
    """List missing and broken components by kit, until they are replaced."""
    with app.open() as opened:
        page = opened.find.shortages(after)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text("Nothing is short.")
        return
    print_text(
        columns(
            [
                [
                    *_college(opened.session.is_national, each.college),
                    grouped(each.tag),
                    each.component,
                    f"{each.missing} missing" if each.missing else "",
                    f"{each.broken} broken" if each.broken else "",
                    f"since {uk(day_of(each.since))}",
                    each.type,
                    each.asset_number or "",
                    f"found after {each.found_after.to} had it" if each.found_after else "",
                ]
                for each in page.items
            ]
        )
    )
    print_text(f"{plural(page.total, 'shortage')}.")
    show_more(len(page.items), page.total, page.next)
