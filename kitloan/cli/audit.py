"""`kitloan audit`: the report, what is behind a figure, and what ESP accepts as it is."""

import csv as csv_files
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.context import App, command, common_options, pass_app
from kitloan.cli.output import Progress, columns, print_json, print_text, with_college
from kitloan.errors import BadInput
from kitloan.text.dates import parse_date, uk_instant
from kitloan.text.tags import bare, grouped
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.audit import Audit, Scope

_file = click.Path(path_type=Path)
_COMPARED = (None, "board")
"""Whose page and workbook show what changed since the last quarter."""


def _scoped(function: Callable[..., None]) -> Callable[..., None]:
    """The options that narrow what is counted, and the day."""
    for decorate in (
        click.option("--type", "type_", metavar="TYPE", help="Only this kit type."),
        click.option("--region", metavar="ID", help="Only this region, by its code or name."),
        click.option("--college", metavar="ID", help="Only this college, by its id or name."),
        click.option("--gift", metavar="ID", help="Only what is of this gift."),
        click.option("--donor", metavar="NAME", help="Only what this donor gave."),
        click.option(
            "--as-at", metavar="DATE", help="As at the end of this day; today when not given."
        ),
    ):
        function = decorate(function)
    return function


def _scope(given: dict[str, Any]) -> "Scope":
    from kitloan.audit import Scope

    return Scope(
        donor=given["donor"],
        gift=given["gift"],
        college=given["college"],
        region=given["region"],
        type=given["type_"],
    )


def _day(text: str | None) -> date | None:
    return parse_date(text) if text else None


@click.group(
    "audit",
    invoke_without_command=True,
    no_args_is_help=False,
    epilog="Example: kitloan audit --donor RAF --for donor --html raf.html",
)
@common_options(hidden=True)
@_scoped
@click.option("--known-on", metavar="DATE", help="Without what was recorded after this day.")
@click.option("--since", metavar="DATE", help="Show what changed since the end of this day.")
@click.option(
    "--for",
    "reader",
    type=click.Choice(["donor", "college", "board", "evidence"]),
    help="What this reader gets: a donor no school or person by name; evidence is the yearly page "
    "of what the kits did.",
)
@click.option("--full", is_flag=True, help="Every table, and not one screen.")
@click.option("--html", type=_file, help="Write one page for any browser.")
@click.option("--xlsx", type=_file, help="Write a workbook.")
@click.option("--csv", type=_file, help="Write a folder of CSV files.")
@pass_app
@click.pass_context
def audit(context: click.Context, app: App, /, **given: Any) -> None:
    """Figures and findings across every college in the store.

    The same numbers in every form. With a file named, what is shown is where it was written; an
    older file of that name is replaced.
    """
    if context.invoked_subcommand is not None:
        return
    files = {name: given[name] for name in ("html", "xlsx", "csv") if given[name]}
    with app.open() as opened:
        found = opened.audit.audit(
            _day(given["as_at"]),
            Progress("Replaying entries"),
            scope=_scope(given),
            reader=given["reader"],
            since=_day(given["since"]),
            last_quarter=bool(given["html"] or given["xlsx"]) and given["reader"] in _COMPARED,
            known_on=_day(given["known_on"]),
            register=bool(files) or app.json or given["full"],
        )
    for name, path in files.items():
        _write(name, found, path)
    if app.json:
        print_json(found.as_json() | {"files": [str(path) for path in files.values()]})
    elif files:
        print_text("\n".join(f"Written: {path}" for path in files.values()))
    else:
        from kitloan.audit.export.text import one_screen, render

        width = shutil.get_terminal_size((100, 24)).columns
        shown = render if given["full"] else one_screen
        print_text(shown(found.report, width=width))


def _write(name: str, found: "Audit", path: Path) -> None:
    if name == "html":
        from kitloan.audit.export import html  # each form's library is loaded for it alone

        html.write(found.report, path)
    elif name == "xlsx":
        from kitloan.audit.export import xlsx

        xlsx.write(found.report, path)
    else:
        from kitloan.audit.export import csv

        csv.write(found.report, path)


@command("prove", "kitloan audit prove missing --donor RAF", group=audit)
@click.argument("figure")
@_scoped
@pass_app
def prove(app: App, /, figure: str, **given: Any) -> None:
    """List the entries behind a figure: what is counted, and which entry makes it so.

    FIGURE is a figure of the summary by its name in JSON, such as holdings, missing or schools, or
    of a gift: promised, received or allocated.
    """
    with app.open() as opened:
        proved = opened.audit.prove(
            figure, _day(given["as_at"]), Progress("Replaying entries"), scope=_scope(given)
        )
    if app.json:
        print_json(as_json(proved))
        return
    behind = plural(len(proved.items), "entry", "entries")
    print_text(f"{proved.figure}: {proved.number:,}, from {behind}")
    print_text(
        columns(
            [
                [
                    f"  {each.ledger} {each.seq:,}",
                    uk_instant(each.at),
                    each.by,
                    grouped(each.tag) if each.tag else "",
                    each.summary,
                    each.hash[:12],
                ]
                for each in proved.items
            ]
        )
    )


@command(
    "accept", "kitloan audit accept missing --college fife --note 'Insured, claim 12'", group=audit
)
@click.argument("code")
@click.option("--college", metavar="ID", help="Whose it is.")
@click.option("--tag", help="The holding that it is about.")
@click.option("--note", metavar="TEXT", help="Why it is accepted; names no person.")
@click.option("--take-back", is_flag=True, help="It is accepted no more.")
@pass_app
def accept(
    app: App, code: str, college: str | None, tag: str | None, note: str | None, take_back: bool
) -> None:
    """Accept a finding as it is, with a note. It comes back when its facts change.

    CODE is the finding's code in JSON, such as missing or stale_data.
    """
    if (note is None) != take_back:
        raise BadInput(
            "usage",
            "A finding is accepted with a note, or the acceptance is taken back.",
            "Like: --note 'Insured, claim 12/3', or: --take-back",
        )
    with app.open() as opened:
        found = opened.audit.audit(progress=Progress("Replaying entries"), register=False)
        about = bare(tag) if tag else None
        same = [
            each
            for each in found.findings
            if each.code == code
            and (college is None or each.college == college)
            and (about is None or each.tag == about)
        ]
        if len(same) != 1:
            raise BadInput(
                "which_finding",
                f"{plural(len(same), 'finding')} of {code!r} "
                f"{'is' if len(same) == 1 else 'are'} so.",
                "Name one with --college and --tag; see them: kitloan audit --full"
                if same
                else "See the codes: kitloan audit --json",
                finding=code,
                found=[{"college": each.college, "tag": each.tag} for each in same[:20]],
            )
        (one,) = same
        opened.national.accept_finding(one.code, one.college, one.tag, one.facts, note)
    if app.json:
        print_json({"code": one.code, "college": one.college, "tag": one.tag, "accepted": note})
    else:
        print_text(f"{'Accepted' if note else 'Accepted no more'}: {one.message}")


@command("kit", "kitloan audit kit KL8B7XAPXYTMZ", group=audit)
@click.argument("tag")
@pass_app
def kit(app: App, tag: str) -> None:
    """A kit's whole life across colleges, the earliest first."""
    with app.open() as opened:
        which, events = opened.audit.life(tag)
    if app.json:
        print_json(
            {
                "tag": which,
                "items": with_college(as_json(events), opened.session.college),
                "total": len(events),
            }
        )
        return
    print_text(grouped(which))
    rows = [[f"  {uk_instant(each.at)}", each.college, each.by, each.summary] for each in events]
    print_text(columns(rows))


@command("lost", "kitloan audit lost fife --csv lost.csv", group=audit)
@click.argument("college")
@click.option("--csv", type=_file, help="Write the list to a file, to send to the college.")
@pass_app
def lost(app: App, college: str, csv: Path | None) -> None:
    """What a restored backup had lost and this store still holds, kit by kit."""
    with app.open() as opened:
        gone = opened.audit.lost(college)
    if csv is not None:
        from kitloan.audit.export.csv import field
        from kitloan.storage.files import whole_file

        with whole_file(csv) as beside, beside.open("w", encoding="utf-8", newline="") as file:
            writer = csv_files.writer(file, quoting=csv_files.QUOTE_ALL)
            writer.writerow(("tag", "recorded", "by", "what", "ledger", "entry"))
            for each in gone:
                row = (each.tag, each.at, each.by, each.summary, each.ledger, each.seq)
                writer.writerow([field(value) for value in row])
    if app.json:
        print_json(
            {"items": with_college(as_json(gone), opened.session.college), "total": len(gone)}
        )
        return
    if not gone:
        print_text(f"Nothing of {college} is held here that its ledger has lost.")
        return
    print_text(
        columns(
            [
                [grouped(each.tag) if each.tag else "", uk_instant(each.at), each.by, each.summary]
                for each in gone
            ]
        )
    )
    many = plural(len(gone), "entry", "entries")
    print_text(f"Written: {csv}" if csv is not None else f"{many}.")
