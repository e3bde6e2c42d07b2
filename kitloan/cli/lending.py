"""`kitloan checkout`, `renew` and `undo`."""

import click

from kitloan.answers import plural
from kitloan.calendar import parse_due, uk, uk_instant
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import print_json, print_text
from kitloan.tags import grouped


@command("checkout", "kitloan checkout AC0001 AC0002 --to 'Kilmarnock Academy' --due 14d")
@click.argument("tags", nargs=-1, required=True)
@click.option("--to", required=True, metavar="ORGANISATION", help="The school or partner.")
@click.option("--contact", metavar="NAME", help="The person; kept apart, and can be forgotten.")
@click.option("--due", metavar="14d|DATE", help="When it is due; 14 days when not given.")
@click.option("--quantity", type=int, help="How many, of loose stock; 1 when not given.")
@click.option("--for", "purpose", metavar="TEXT", help="What for; kept apart with the contact.")
@click.option("--override", metavar="REASON", help="Lend although critical parts are short.")
@pass_app
def checkout(
    app: App,
    tags: tuple[str, ...],
    to: str,
    contact: str | None,
    due: str | None,
    quantity: int | None,
    purpose: str | None,
    override: str | None,
) -> None:
    """Lend holdings: all of them, or none.

    TAGS are tags or asset numbers. A borrower not met before is taken in; names that are nearly
    the same are told.
    """
    with app.open() as opened:
        lent = opened.desk.check_out(
            tags,
            to,
            contact=contact,
            due_on=None if due is None else parse_due(due, opened.session.today),
            quantity=quantity,
            purpose=purpose,
            override=override,
        )
    first = lent[0]
    if app.json:
        loans = [
            {
                "id": each.id,
                "tag": each.tag,
                "to": each.to,
                "due_on": each.due_on.isoformat(),
                "quantity": each.quantity,
            }
            for each in lent
        ]
        print_json(
            {
                "loans": loans,
                "new_organisation": first.new_organisation,
                "nearly": list(first.nearly),
            }
        )
        return
    for each in lent:
        many = f"{each.quantity} of " if each.quantity > 1 else ""
        print_text(
            f"> OUT  {many}{each.type} {grouped(each.tag)} to {each.to}, due {uk(each.due_on)}"
        )
    if first.new_organisation:
        print_text(f"  {first.to} is a new borrower.")
    if first.nearly:
        print_text(
            f"  Nearly the same name: {', '.join(first.nearly)}. If it is one of those, "
            "say kitloan undo and lend again."
        )


@command("renew", "kitloan renew AC0001 --due 7d")
@click.argument("tag")
@click.option("--due", required=True, metavar="14d|DATE", help="The new day, counted from today.")
@click.option("--from", "from_", metavar="ORGANISATION", help="Whose loan, of loose stock.")
@pass_app
def renew(app: App, tag: str, due: str, from_: str | None) -> None:
    """Make a loan due on another day."""
    with app.open() as opened:
        loan, to, due_on = opened.desk.renew(tag, parse_due(due, opened.session.today), from_=from_)
        others = [each for each in opened.find.loans(to=to, of=tag).items if each.id != loan]
    if app.json:
        renewed = {"id": loan, "to": to, "due_on": due_on.isoformat()}
        print_json({"loan": renewed, "not_renewed": [each.id for each in others]})
        return
    print_text(f"Renewed: with {to} until {uk(due_on)}.")
    if others:
        print_text(
            f"  {to} has some on {plural(len(others), 'other loan')}, which are as they were; each "
            "time it is said, the one that is due first is renewed."
        )


@command("undo", "kitloan undo")
@pass_app
def undo(app: App) -> None:
    """Undo your latest desk action in this college that is not undone yet.

    It stays on record, and so does the undoing. Say it again to undo the one before.
    """
    with app.open() as opened:
        undone = opened.desk.undo()
    if app.json:
        print_json(
            {
                "undone": {
                    "kind": undone.kind,
                    "at": undone.at,
                    "tags": list(undone.tags),
                    "summaries": list(undone.summaries),
                }
            }
        )
        return
    print_text(f"Undone, of {uk_instant(undone.at)}, for {plural(len(undone.tags), 'holding')}:")
    for tag, summary in zip(undone.tags, undone.summaries, strict=False):
        print_text(f"  {grouped(tag)}  {summary}")
