"""`kitloan checkin`, `count` and `restock`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kitloan.answers import ShortageLine, as_json
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.counting import ask, can_ask
from kitloan.cli.output import print_json, print_text
from kitloan.contents import Count, parse_exception, parse_exceptions
from kitloan.errors import BadInput
from kitloan.returning import Returned
from kitloan.tags import grouped

if TYPE_CHECKING:
    from kitloan.library import Kitloan

EXCEPTIONS = (
    click.option("--whole", is_flag=True, help="Counted: everything on the list is there."),
    click.option(
        "--missing", multiple=True, metavar="'Wheel=2'", help="Counted: so many are not there."
    ),
    click.option(
        "--broken", multiple=True, metavar="'Panel=1'", help="Counted: so many are broken."
    ),
)


@command("checkin", "kitloan checkin AC0001 --missing 'Wheel=2'")
@click.argument("tags", nargs=-1, required=True)
@EXCEPTIONS[0]
@click.option("--uncounted", is_flag=True, help="Not counted yet; not lent until it is.")
@EXCEPTIONS[1]
@EXCEPTIONS[2]
@click.option("--note", metavar="TEXT", help="A remark; kept apart with the contact.")
@click.option("--quantity", type=int, help="How many came back, of loose stock; all if not given.")
@click.option("--from", "from_", metavar="ORGANISATION", help="Whose loan, of loose stock.")
@pass_app
def checkin(
    app: App,
    tags: tuple[str, ...],
    whole: bool,
    uncounted: bool,
    missing: tuple[str, ...],
    broken: tuple[str, ...],
    note: str | None,
    quantity: int | None,
    from_: str | None,
) -> None:
    """Take holdings back, with the count of their contents.

    Say only what is not right: what you do not name stays as it was known before. On a terminal a
    kit with a contents list is asked about; elsewhere, with no answer, it is back but uncounted.
    """
    count = count_said(whole, missing, broken)
    if uncounted and count is not None:
        raise BadInput(
            "counted_and_not",
            "A kit cannot be counted and uncounted at once.",
            "Leave out --uncounted, or what the count found.",
        )
    alone = quantity is None or len(tags) == 1
    asks = count is None and not uncounted and alone and can_ask(app)
    with app.open() as opened:
        groups = _counted(opened, tags) if asks else [(tags, count)]
        back = [
            each
            for some, found in groups
            for each in opened.desk.check_in(some, found, quantity=quantity, note=note, from_=from_)
        ]
    if app.json:
        print_json({"loans": [loan for each in back for loan in _as_json(each)]})
        return
    for each in back:
        print_text(_told(each))


def _counted(opened: "Kitloan", tags: Sequence[str]) -> list[tuple[Sequence[str], Count | None]]:
    """Each kit with what a person says of it; nothing is asked when one of them is not out."""
    held = {each.tag: each for each in map(opened.find.holding, tags)}
    if not all(each.out_quantity for each in held.values()):
        return [(tags, None)]
    return [
        ([tag], ask(f"{each.type} {grouped(tag)}", opened.desk.contents(tag)))
        for tag, each in held.items()
    ]


def _as_json(each: Returned) -> list[dict[str, object]]:
    """Each loan that it came back on: a stock may have been lent to one borrower in several."""
    return [
        {
            "id": loan,
            "tag": each.tag,
            "to": each.to,
            "quantity": quantity,
            "counted": each.counted,
            "shortages": as_json(each.shortages),
        }
        for loan, quantity in each.loans
    ]


def _told(each: Returned) -> str:
    many = f"{each.quantity} of " if each.quantity > 1 or each.still_out else ""
    words = {"whole": "IN, WHOLE", "uncounted": "IN, TO BE COUNTED"}.get(each.counted, "IN")
    symbol = "=" if each.counted != "uncounted" else "?"
    if each.shortages:
        symbol, words = "%", words if each.counted == "uncounted" else "IN, SHORT"
    on = f", on {len(each.loans)} loans" if len(each.loans) > 1 else ""
    lines = [f"{symbol} {words}  {many}{each.type} {grouped(each.tag)} from {each.to}{on}"]
    lines += [f"  {line}" for line in _short(each.shortages)]
    if each.found:
        lines.append(f"  No longer short: {', '.join(each.found)}")
    if each.still_out:
        lines.append(f"  {each.to} still has {each.still_out}.")
    return "\n".join(lines)


def _short(shortages: tuple[ShortageLine, ...]) -> list[str]:
    return [str(line) for line in shortages]


def count_said(whole: bool, missing: tuple[str, ...], broken: tuple[str, ...]) -> Count | None:
    """What `EXCEPTIONS` say of a kit's contents; None when they say nothing."""
    if not (whole or missing or broken):
        return None
    return Count(whole, parse_exceptions(missing), parse_exceptions(broken))


@command("count", "kitloan count AC0001 --whole")
@click.argument("tag")
@EXCEPTIONS[0]
@EXCEPTIONS[1]
@EXCEPTIONS[2]
@pass_app
def count(
    app: App, tag: str, whole: bool, missing: tuple[str, ...], broken: tuple[str, ...]
) -> None:
    """Count the contents of a kit that is here."""
    found = count_said(whole, missing, broken)
    with app.open() as opened:
        if found is None and can_ask(app):
            held = opened.find.holding(tag)
            # One that is not here is refused for that, and not after it was counted.
            away = held.out_quantity or held.status in ("missing", "in_transit", "withdrawn")
            found = (Count(whole=True) if away else None) or ask(
                f"{held.type} {grouped(held.tag)}", opened.desk.contents(tag)
            )
        if found is None:
            raise BadInput(
                "no_count",
                "What did the count find?",
                "Say --whole, or what is not right: --missing 'Wheel=2' --broken 'Panel=1'",
            )
        bare, short = opened.desk.count(tag, found)
    _say_short(app, bare, short)


@command("restock", "kitloan restock AC0001 'Wheel=2'")
@click.argument("tag")
@click.argument("what", metavar="'COMPONENT=N'")
@pass_app
def restock(app: App, tag: str, what: str) -> None:
    """Make a shortage good: so many of a component were put back."""
    component, quantity = parse_exception(what)
    with app.open() as opened:
        bare, short = opened.desk.restock(tag, component, quantity)
    _say_short(app, bare, short)


def _say_short(app: App, tag: str, short: tuple[ShortageLine, ...]) -> None:
    if app.json:
        print_json({"tag": tag, "shortages": as_json(short)})
        return
    print_text(f"{grouped(tag)}  " + ("% SHORT" if short else "= WHOLE"))
    for line in _short(short):
        print_text(f"  {line}")
