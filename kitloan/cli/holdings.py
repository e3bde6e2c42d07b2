"""`kitloan amend` and `kitloan move`: what the register has of a holding, corrected."""

from typing import Any

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.loans import NEW, ON, day_given, take_near
from kitloan.cli.output import columns, print_json, print_text, with_college
from kitloan.errors import BadInput
from kitloan.text.dates import day_of, uk
from kitloan.text.tags import grouped
from kitloan.values import TITLES, Holding, as_json


@command("amend", "kitloan amend AC0001 --quantity 27")
@click.argument("tag")
@click.option("--type", "type_", metavar="TYPE", help="What kind of thing it is.")
@click.option("--quantity", type=int, help="How many there are, of loose stock, lent ones too.")
@click.option("--asset-number", help="The college's own number for it.")
@click.option("--serial", help="The maker's serial number.")
@click.option("--donor", help="Who gave it.")
@click.option("--gift", metavar="ID", help="Which of ESP's gifts it is of.")
@click.option("--title", type=click.Choice(TITLES), help="Whose it is.")
@click.option("--document", help="The paper that records the gift.")
@NEW
@pass_app
def amend(
    app: App,
    /,
    tag: str,
    type_: str | None,
    quantity: int | None,
    asset_number: str | None,
    serial: str | None,
    new: bool,
    **terms: Any,
) -> None:
    """Correct what the register has of a holding. What is not named stays.

    An empty text takes away: --serial ''. There cannot be fewer of a stock than are on loan.
    """
    given = {"quantity": quantity, "asset_number": asset_number, "serial": serial}
    if type_ is None and all(value is None for value in (*given.values(), *terms.values())):
        raise BadInput(
            "usage",
            "Give what is to be corrected.",
            "Like --quantity 27, --asset-number AC0002, --serial '', --donor RAF or "
            "--type 'MTa STEM kit'. "
            "Where it is kept: kitloan move TAG PLACE",
        )
    with app.open() as opened:
        bare = opened.find.holding(tag).tag  # its number, if that was given, may be another after

        def change(kind: str, new_too: bool) -> None:
            opened.holdings.amend(
                bare,
                type=None if type_ is None else kind,
                quantity=quantity,
                asset_number=asset_number,
                serial=serial,
                new_too=new_too,
                **terms,
            )

        take_near(app, type_ or "", change, new=new)
        now = opened.find.holding(bare)
    if app.json:
        document = {name: getattr(now, name) for name in ("tag", "type", *given)}
        print_json(document | {"gift": as_json(now.gift)})
        return
    numbers = [
        f"{now.quantity:,} of them" if now.quantity > 1 else "",
        f"asset number {now.asset_number}" if now.asset_number else "",
        f"serial number {now.serial}" if now.serial else "",
        f"given by {now.gift.donor}" if now.gift.donor else "",
        f"of the gift {now.gift.gift}" if now.gift.gift else "",
        f"title {now.gift.title.replace('_', ' ')}" if terms["title"] else "",
    ]
    _say("AMENDED", now, ", ".join(filter(None, numbers)))


@command("move", "kitloan move AC0001 'Store 2'")
@click.argument("tag")
@click.argument("place")
@ON
@pass_app
def move(app: App, tag: str, place: str, on: str | None) -> None:
    """Put on record where in the college a holding is kept now."""
    with app.open() as opened:
        opened.holdings.move(tag, place, on=day_given(opened, on))
        now = opened.find.holding(tag)
    if app.json:
        print_json({"tag": now.tag, "type": now.type, "location": now.location})
        return
    _say("MOVED", now, f"to {now.location}")


def _say(what: str, now: Holding, how: str) -> None:
    print_text(f"= {what}  {now.type} {grouped(now.tag)}" + (f": {how}" if how else ""))


@command("missing", "kitloan missing AC0001 --reason 'not on its shelf'")
@click.argument("tag")
@click.option("--reason", metavar="TEXT", help="What happened; goes on record, so name nobody.")
@ON
@pass_app
def missing(app: App, tag: str, reason: str | None, on: str | None) -> None:
    """Put on record that a holding is not to be found. A loan that lost it ends with it."""
    with app.open() as opened:
        was = opened.find.holding(tag)
        opened.holdings.report_missing(was.tag, reason, on=day_given(opened, on))
    lost_by = was.loan.to if was.loan else None
    if app.json:
        print_json({"tag": was.tag, "type": was.type, "status": "missing", "lost_by": lost_by})
        return
    print_text(f"# MISSING  {was.type} {grouped(was.tag)}")
    if lost_by:
        print_text(f"  It was with {lost_by}: that loan is over.")
    print_text(f"  When it turns up: kitloan found {was.tag}")


@command("found", "kitloan found AC0001")
@click.argument("tag")
@ON
@pass_app
def found(app: App, tag: str, on: str | None) -> None:
    """Put on record that a holding which was missing is here again."""
    with app.open() as opened:
        was = opened.find.holding(tag)
        opened.holdings.found(was.tag, on=day_given(opened, on))
        now = opened.find.holding(was.tag)
    if app.json:
        print_json({"tag": now.tag, "type": now.type, "status": now.status})
        return
    print_text(f"= FOUND  {now.type} {grouped(now.tag)}")
    for line in now.shortages:
        print_text(f"  {line}")


@command("withdraw", "kitloan withdraw AC0001 --reason 'burnt in the flood of 3 May'")
@click.argument("tag", required=False)
@click.option("--reason", metavar="TEXT", help="Propose it, with the reason; name nobody.")
@click.option(
    "--donor-agreement", metavar="DOCUMENT", help="The donor's letter or message that agrees."
)
@click.option("--sign", is_flag=True, help="Sign what somebody else has proposed.")
@click.option("--list", "list_", is_flag=True, help="What waits for a second person.")
@pass_app
def withdraw(
    app: App,
    tag: str | None,
    reason: str | None,
    donor_agreement: str | None,
    sign: bool,
    list_: bool,
) -> None:
    """Take a holding off the register for good: one person proposes, another signs.

    Its history stays. Where the gift's terms ask for it, the donor must have agreed.
    """
    if [bool(reason), sign, list_].count(True) != 1 or list_ == bool(tag):
        raise BadInput(
            "usage",
            "Choose one: propose, sign, or list.",
            "kitloan withdraw TAG --reason TEXT; kitloan withdraw TAG --sign; "
            "kitloan withdraw --list",
        )
    if donor_agreement and not reason:
        raise BadInput(
            "usage",
            "The donor's agreement belongs to the proposal.",
            "kitloan withdraw TAG --reason TEXT --donor-agreement DOCUMENT",
        )
    if tag is None:
        _list(app)
    elif reason:
        _propose(app, tag, reason, donor_agreement)
    else:
        _sign(app, tag)


def _propose(app: App, tag: str, reason: str, donor_agreement: str | None) -> None:
    with app.open() as opened:
        was = opened.find.holding(tag)
        opened.holdings.propose_withdrawal(was.tag, reason, donor_agreement=donor_agreement)
        who = opened.session.actor
    if app.json:
        print_json({"tag": was.tag, "type": was.type, "status": was.status, "proposed_by": who})
        return
    print_text(f"To be withdrawn: {was.type} {grouped(was.tag)}, proposed by {who}.")
    print_text(f"  Somebody else signs: kitloan withdraw {was.tag} --sign")


def _sign(app: App, tag: str) -> None:
    with app.open() as opened:
        was = opened.find.holding(tag)
        opened.holdings.withdraw(was.tag)
        who = opened.session.actor
    if app.json:
        print_json({"tag": was.tag, "type": was.type, "status": "withdrawn", "signed_by": who})
        return
    print_text(f"x WITHDRAWN  {was.type} {grouped(was.tag)}; its history stays.")


def _list(app: App) -> None:
    with app.open() as opened:
        waiting = opened.holdings.proposed_withdrawals()
    if app.json:
        print_json(
            {
                "items": with_college(as_json(waiting), opened.session.college),
                "total": len(waiting),
                "next": None,
            }
        )
        return
    if not waiting:
        print_text("No withdrawal waits for a second person.")
        return
    print_text(
        columns(
            [
                [
                    grouped(each.tag),
                    uk(day_of(each.at)),
                    f"proposed by {each.by}",
                    each.reason,
                    f"the donor agreed: {each.donor_agreement}" if each.donor_agreement else "",
                ]
                for each in waiting
            ]
        )
    )


@command("repair", "kitloan repair AC0001 --reason 'motor burnt out'")
@click.argument("tag")
@click.option("--reason", metavar="TEXT", help="Why it cannot be used; name nobody.")
@click.option("--done", is_flag=True, help="It is repaired, and can be used again.")
@click.option("--note", metavar="TEXT", help="With --done: a remark, kept apart.")
@pass_app
def repair(app: App, tag: str, reason: str | None, done: bool, note: str | None) -> None:
    """Put a holding in repair: it is not lent, and still held. With --done it can be used again."""
    if bool(reason) == done or (note and not done):
        raise BadInput(
            "usage",
            "Give the reason, or that it is done.",
            "kitloan repair TAG --reason TEXT; kitloan repair TAG --done [--note TEXT]",
        )
    with app.open() as opened:
        was = opened.find.holding(tag)
        if reason:
            opened.holdings.put_in_repair(was.tag, reason)
        else:
            opened.holdings.repaired(was.tag, note=note)
        now = opened.find.holding(was.tag)
    if app.json:
        print_json({"tag": now.tag, "type": now.type, "status": now.status})
        return
    word = "- IN REPAIR" if reason else "= REPAIRED"
    print_text(f"{word}  {now.type} {grouped(now.tag)}")


@command("split", "kitloan split AC0030 --quantity 12 --location 'Store 2'")
@click.argument("tag")
@click.option("--quantity", type=int, required=True, help="How many of what is here.")
@click.option("--location", metavar="PLACE", help="Where they are kept; as the stock if not given.")
@pass_app
def split(app: App, tag: str, quantity: int, location: str | None) -> None:
    """Make part of a stock a holding of its own, with a tag of its own."""
    with app.open() as opened:
        made = opened.holdings.split(tag, quantity, location=location)
        new = opened.find.holding(made.tag)
    if app.json:
        print_json({"tag": made.tag, "from": made.from_, "quantity": made.quantity})
        return
    place = f", at {new.location}" if new.location else ""
    print_text(f"= SPLIT  {made.quantity} of {new.type} {grouped(made.from_)}{place}")
    print_text(f"  Its tag: {grouped(made.tag)}. A label for it: kitloan labels {made.tag}")


@command("reinstate", "kitloan reinstate AC0001 --reason 'found behind the boiler'")
@click.argument("tag")
@click.option("--reason", metavar="TEXT", help="Propose it, and give the reason; name nobody.")
@click.option("--sign", is_flag=True, help="Sign what somebody else has proposed.")
@pass_app
def reinstate(app: App, tag: str, reason: str | None, sign: bool) -> None:
    """Have a written-off holding on the register again: one person proposes, another signs."""
    if bool(reason) == sign:
        raise BadInput(
            "usage",
            "Propose it, or sign what was proposed.",
            "kitloan reinstate TAG --reason TEXT; kitloan reinstate TAG --sign",
        )
    with app.open() as opened:
        was = opened.find.holding(tag)
        if reason:
            opened.holdings.propose_reinstatement(was.tag, reason)
        else:
            opened.holdings.reinstate(was.tag)
        now = opened.find.holding(was.tag)
        who = opened.session.actor
    if app.json:
        whose = "proposed_by" if reason else "signed_by"
        print_json({"tag": now.tag, "type": now.type, "status": now.status, whose: who})
        return
    if reason:
        print_text(f"To be reinstated: {now.type} {grouped(now.tag)}, proposed by {who}.")
        print_text(f"  Somebody else signs: kitloan reinstate {now.tag} --sign")
        return
    print_text(f"= REINSTATED  {now.type} {grouped(now.tag)}: {now.status.replace('_', ' ')}")
