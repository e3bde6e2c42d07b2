"""`kitloan transfer send`, `receive`, `call-off` and `list`."""

from collections.abc import Callable
from typing import Any

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.loans import EXCEPTIONS, NEW, ask, can_ask, count_said, take_near
from kitloan.cli.output import columns, print_json, print_text
from kitloan.contents import Count
from kitloan.errors import BadInput
from kitloan.text.dates import day_of, uk
from kitloan.text.tags import bare, grouped
from kitloan.transfers.receiving import Received
from kitloan.transfers.sending import Sent
from kitloan.values import TITLES, as_json, plural

_LATEST = 20
"""How many received transfers `transfer list` shows; `--json` gives all."""


@click.group("transfer", no_args_is_help=False, epilog="Example: kitloan transfer list")
def transfer() -> None:
    """Send to another college, or receive from one."""


def _counted(function: Callable[..., None]) -> Callable[..., None]:
    """`--whole`, `--uncounted`, `--missing` and `--broken`."""
    whole, missing, broken = EXCEPTIONS
    uncounted = click.option("--uncounted", is_flag=True, help="Record that nobody has counted it.")
    return whole(uncounted(missing(broken(function))))


def _count(given: dict[str, Any]) -> Count | None:
    count = count_said(given["whole"], given["missing"], given["broken"])
    if given["uncounted"] and count is not None:
        raise BadInput(
            "counted_and_not",
            "--uncounted was given together with what a count found.",
            "Leave out --uncounted, or what the count found.",
        )
    return count


@command("send", "kitloan transfer send FC0001 --to Ayrshire --whole", group=transfer)
@click.argument("tag")
@click.option("--to", required=True, metavar="COLLEGE", help="Its name or id.")
@_counted
@pass_app
def send(app: App, /, tag: str, to: str, **given: Any) -> None:
    """Send a holding to another college, counted.

    It keeps its tag. It is in transit until the other college has it, or it is called off.
    """
    count = _count(given)
    with app.open() as opened:
        if count is None and not given["uncounted"] and can_ask(app):
            held = opened.find.holding(tag)
            if held.status in (
                "in",
                "uncounted",
                "incomplete",
            ):  # others are refused, so nobody counts them
                count = ask(f"{held.type} {grouped(held.tag)}", opened.loans.contents(held.tag))
        sent = opened.transfers.send(tag, to, count)
    if app.json:
        print_json(as_json(sent))
        return
    print_text(f"~ IN TRANSIT  {_what(sent)} to {sent.to_name}{_uncounted(sent)}")
    _print_short(sent)


@command(
    "receive",
    "kitloan transfer receive KL8B7XAPXYTMZ --from Fife --missing 'Wheel=2'",
    group=transfer,
)
@click.argument("tag")
@click.option("--from", "from_", required=True, metavar="COLLEGE", help="Its name or id.")
@click.option("--type", "type_", metavar="TYPE", help="Its kit type, if it is not known here.")
@_counted
@click.option("--quantity", type=int, help="How many were received, for loose stock.")
@click.option("--asset-number", help="This college's asset number for it.")
@click.option("--serial", help="The maker's serial number.")
@click.option("--location", help="Where it is kept.")
@click.option("--donor", help="Who gave it.")
@click.option("--gift", metavar="ID", help="Which of ESP's gifts it is of.")
@click.option("--title", type=click.Choice(TITLES), help="Whose it is.")
@click.option("--document", help="The paper that records the gift.")
@NEW
@pass_app
def receive(
    app: App,
    /,
    tag: str,
    from_: str,
    type_: str | None,
    quantity: int | None,
    new: bool,
    **given: Any,
) -> None:
    """Receive a holding from another college, counted.

    TAG is the one on its label, which it keeps. Receive one that comes back in the same way.
    """
    from kitloan.holdings import Gift
    from kitloan.transfers.receiving import Received

    count = _count(given)
    terms = Gift(
        donor=given["donor"],
        gift=given["gift"],
        title=given["title"] or "unknown",
        document=given["document"],
    )
    with app.open() as opened:
        if count is None and not given["uncounted"] and can_ask(app):
            kind, parts = opened.transfers.expected(tag, from_, type=type_, quantity=quantity)
            count = ask(f"{kind} {grouped(bare(tag))}", parts)

        def take_in(kind: str, new_too: bool) -> Received:
            return opened.transfers.receive(
                tag,
                from_,
                count,
                type=kind or None,
                quantity=quantity,
                asset_number=given["asset_number"],
                serial=given["serial"],
                location=given["location"],
                gift=terms or None,
                new_too=new_too,
            )

        came = take_near(app, type_ or "", take_in, new=new)
    if app.json:
        print_json(as_json(came))
        return
    symbol, word = ("?", "TO BE COUNTED") if came.counted == "uncounted" else ("=", "WHOLE")
    if came.shortages:
        symbol, word = "%", "SHORT"
    words = "" if came.counted == "no_contents" and not came.shortages else f", {word}"
    print_text(f"{symbol} RECEIVED{words}  {_what(came)} from {came.from_name}")
    _print_short(came)
    _print_sender(came)


def _print_sender(came: Received) -> None:
    """Show how the sender's half differs from ours."""
    if came.never_sent:
        print_text(f"  {came.from_name} has not recorded sending this. Ask them to.")
    if came.sender is not None and came.differs:
        here = {line.component: line.missing + line.broken for line in came.shortages}
        for name in came.differs:
            print_text(
                f"  {name}: {here.get(name, 0)} short here, {came.sender.short.get(name, 0)} when "
                f"it left {came.from_name}."
            )


@command("call-off", "kitloan transfer call-off FC0001", group=transfer)
@click.argument("tag")
@pass_app
def call_off(app: App, tag: str) -> None:
    """Call off a transfer: it is held here again.

    The holding never left, or came back unreceived.
    """
    with app.open() as opened:
        back = opened.transfers.call_off(tag)
    if app.json:
        print_json(as_json(back))
        return
    print_text(f"= HERE AGAIN  {_what(back)}, not sent to {back.to_name}{_uncounted(back)}")
    _print_short(back)


@command("list", "kitloan transfer list", group=transfer)
@pass_app
def list_(app: App) -> None:
    """List transfers, sent and received.

    Those in transit come first, oldest first; then the received ones, latest first.
    """
    with app.open() as opened:
        under_way, came = opened.transfers.open(), opened.transfers.received()
        national = opened.session.is_national
    if app.json:
        print_json({"open": as_json(under_way), "received": as_json(came)})
        return
    if not under_way:
        print_text("Nothing is in transit to another college.")
    else:
        sent = [
            [
                grouped(each.tag),
                "~ sent",
                uk(day_of(each.sent_at)),
                plural(each.days, "day"),
                *([f"from {each.college}"] if national else []),
                f"to {each.to_college}",
                f"{each.quantity:,}" if each.quantity > 1 else "",
                each.type,
            ]
            for each in under_way
        ]
        print_text(columns(sent))
    if came:
        print_text("\nReceived")
        rows = [
            [
                grouped(each.tag),
                uk(day_of(each.received_at)),
                f"from {each.from_college}",
                *([f"to {each.college}"] if national else []),
                f"{each.quantity:,}" if each.quantity > 1 else "",
                each.type,
            ]
            for each in came[:_LATEST]
        ]
        print_text(columns(rows))
    if len(came) > _LATEST:
        print_text(f"and {len(came) - _LATEST:,} earlier ones: see --json")


def _what(each: Sent | Received) -> str:
    many = f"{each.quantity:,} of " if each.quantity > 1 else ""
    return f"{many}{each.type} {grouped(each.tag)}"


def _uncounted(sent: Sent) -> str:
    return "; nobody counted it" if sent.counted == "uncounted" else ""


def _print_short(each: Sent | Received) -> None:
    for line in each.shortages:
        print_text(f"  {line}")
