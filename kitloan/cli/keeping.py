"""`kitloan amend` and `kitloan move`: what the register says of a holding, put right."""

import click

from kitloan.answers import Holding
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import print_json, print_text
from kitloan.errors import BadInput
from kitloan.tags import grouped


@command("amend", "kitloan amend AC0001 --quantity 27")
@click.argument("tag")
@click.option("--type", "type_", metavar="TYPE", help="What kind of thing it is.")
@click.option("--quantity", type=int, help="How many there are, of loose stock, lent ones too.")
@click.option("--asset-number", help="The college's own number for it.")
@click.option("--serial", help="The maker's serial number.")
@pass_app
def amend(
    app: App,
    tag: str,
    type_: str | None,
    quantity: int | None,
    asset_number: str | None,
    serial: str | None,
) -> None:
    """Put right what the register says of a holding. What is not named stays.

    An empty text takes away: --serial ''. There cannot be fewer of a stock than are on loan.
    """
    given = {"quantity": quantity, "asset_number": asset_number, "serial": serial}
    if type_ is None and all(value is None for value in given.values()):
        raise BadInput(
            "usage",
            "Say what is to be put right.",
            "Like --quantity 27, --asset-number AC0002, --serial '' or --type 'MTa STEM kit'. "
            "Where it is kept: kitloan move TAG PLACE",
        )
    with app.open() as opened:
        bare = opened.find.holding(tag).tag  # its number, if that was given, may be another after
        opened.holdings.amend(
            bare, type=type_, quantity=quantity, asset_number=asset_number, serial=serial
        )
        now = opened.find.holding(bare)
    if app.json:
        print_json({name: getattr(now, name) for name in ("tag", "type", *given)})
        return
    numbers = [
        f"{now.quantity:,} of them" if now.quantity > 1 else "",
        f"asset number {now.asset_number}" if now.asset_number else "",
        f"serial number {now.serial}" if now.serial else "",
    ]
    _say("AMENDED", now, ", ".join(filter(None, numbers)))


@command("move", "kitloan move AC0001 'Store 2'")
@click.argument("tag")
@click.argument("place")
@pass_app
def move(app: App, tag: str, place: str) -> None:
    """Put on record where in the college a holding is kept now."""
    with app.open() as opened:
        opened.holdings.move(tag, place)
        now = opened.find.holding(tag)
    if app.json:
        print_json({"tag": now.tag, "type": now.type, "location": now.location})
        return
    _say("MOVED", now, f"to {now.location}")


def _say(what: str, now: Holding, how: str) -> None:
    print_text(f"= {what}  {now.type} {grouped(now.tag)}" + (f": {how}" if how else ""))
