"""`kitloan block` and `unblock`: borrowers to whom nothing is lent for now."""

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_text
from kitloan.errors import BadInput
from kitloan.text.dates import parse_day, uk
from kitloan.values import as_json


@command("block", "kitloan block 'Kilmarnock Academy' --reason 'two kits not returned'")
@click.argument("organisation", required=False)
@click.option("--reason", metavar="TEXT", help="Why; goes on record, so name nobody.")
@click.option("--until", metavar="DATE", help="The last day of it; until it is ended if not given.")
@pass_app
def block(app: App, organisation: str | None, reason: str | None, until: str | None) -> None:
    """Lend nothing to a borrower for now. Without ORGANISATION, list who is blocked."""
    if organisation is None:
        if reason or until:
            raise BadInput(
                "usage", "Name the borrower.", "kitloan block ORGANISATION --reason TEXT"
            )
        _list(app)
        return
    if not reason:
        raise BadInput("usage", "Give the reason.", "kitloan block ORGANISATION --reason TEXT")
    with app.open() as opened:
        last = parse_day(until, opened.session.today, ahead=True) if until else None
        line = opened.directory.block(organisation, reason, until=last)
    if app.json:
        print_json({"block": as_json(line)})
        return
    to = f" until {uk(line.until)}" if line.until else ""
    print_text(f"- BLOCKED  {line.organisation}{to}: {line.reason}")
    print_text(f"  To end it: kitloan unblock {line.organisation!r}")


def _list(app: App) -> None:
    with app.open() as opened:
        lines = opened.directory.blocks()
    if app.json:
        print_json({"items": as_json(lines), "total": len(lines), "next": None})
        return
    if not lines:
        print_text("No borrower is blocked. To block one: kitloan block ORGANISATION --reason TEXT")
    print_text(
        columns(
            [
                [
                    each.organisation,
                    f"until {uk(each.until)}" if each.until else "until it is ended",
                    each.reason,
                    f"{each.by}, {uk(each.since)}",
                ]
                for each in lines
            ]
        )
    )


@command("unblock", "kitloan unblock 'Kilmarnock Academy'")
@click.argument("organisation")
@pass_app
def unblock(app: App, organisation: str) -> None:
    """Let a borrower have loans again."""
    with app.open() as opened:
        name = opened.directory.unblock(organisation)
    if app.json:
        print_json({"organisation": name, "blocked": False})
        return
    print_text(f"= NO LONGER BLOCKED  {name}")
