"""`kitloan nearest`, `offer`, `offers`, `claim`, `ask`: what colleges have for each other."""

from typing import Any

import click

from kitloan.cli.calendar import coming
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.loans import NEW, take_near
from kitloan.cli.output import columns, print_json, print_notice, print_text
from kitloan.cli.planning import FROM, UNTIL, parse_types
from kitloan.errors import BadInput
from kitloan.exchange.asks import AskLine, answer_words, asked_for
from kitloan.exchange.nearest import Nearest, NearKit
from kitloan.exchange.offers import ClaimLine, OfferLine, OffersFound, what_is_offered
from kitloan.reference.places import MAINLAND
from kitloan.text.dates import uk
from kitloan.text.names import type_key
from kitloan.text.tags import grouped
from kitloan.values import as_json, plural

_WHY = {
    "closed_day": "its desk is closed on the first or last day",
    "too_soon": "too soon for it",
    "too_far": "too far ahead for it",
    "limit": "too many days for it",
}


@command(
    "nearest", "kitloan nearest 'STEM kit' --near 'KW14 7XX' --from 7/12/2026 --until 11/12/2026"
)
@click.argument("type_", metavar="TYPE")
@click.option(
    "--near",
    required=True,
    metavar="ORG|POSTCODE|LAT,LON",
    help="A borrower that is a listed school, a listed school's postcode, or degrees.",
)
@FROM
@UNTIL
@pass_app
def nearest(app: App, type_: str, near: str, from_: str, until: str) -> None:
    """Which colleges have a kit free for some days, the nearest first.

    ESP's store answers for all colleges whose ledgers it has, a college's own for itself.
    """
    with app.open() as opened:
        first = coming(from_, opened.session.today)
        last = coming(until, first)
        found = opened.exchange.nearest(type_, near, first, last)
    if app.json:
        print_json(
            {
                "type": type_,
                "near": as_json(found.near),
                "from": first.isoformat(),
                "until": last.isoformat(),
                "only_own_college": found.only_own_college,
                "items": as_json(found.items),
                "not_free": as_json(found.not_free),
                "without_position": as_json(found.without_position),
                "total": len(found.items),
                "next": None,
            }
        )
        return
    where = "" if found.near.island == MAINLAND else f", on {found.near.island}"
    print_text(f"{type_} from {uk(first)} to {uk(last)}, near {found.near.name}{where}:")
    _print_kits(found)
    if found.only_own_college:
        print_notice(
            "This store has only this college's ledger. ESP's store has every college's: ask there."
        )


def _print_kits(found: Nearest) -> None:
    if found.items:
        print_text(columns([_line(each) for each in found.items]))
        print_text("Only the college itself can promise a kit. Ask it: kitloan ask add --help")
    else:
        print_text("  No college has one free, as far as the ledgers here show.")
    if found.not_free:
        print_text("None free:")
        print_text(columns([_line(each) for each in found.not_free]))
    if found.without_position:
        print_text("Where it is, is not known:")
        print_text(columns([_line(each) for each in found.without_position]))


def _line(each: NearKit) -> list[str]:
    sea = "" if not each.sea_crossing else "sea crossing"
    old = "today" if not each.days_old else f"{plural(each.days_old, 'day')} old"
    return [
        f"  {each.name}",
        "" if each.km is None else f"{each.km:,} km",
        sea,
        f"{each.free} free of {each.capacity}",
        f"as of {uk(each.as_of)}, {old}",
        _WHY.get(each.why or "", ""),
    ]


NOTE = click.option("--note", metavar="TEXT", help="What to add; no person's name.")
AGREEMENT = click.option(
    "--donor-agreement", metavar="TEXT", help="The donor's letter that agrees to it."
)


@click.group("offer", epilog="Example: kitloan offer add 'STEM kit=2' --keep")
def offer() -> None:
    """Offer kits or spare parts to other colleges, to borrow or to keep."""


@command("add", "kitloan offer add 'STEM kit=2' --from 7/12/2026 --until 18/12/2026", group=offer)
@click.argument("type_", metavar="[TYPE[=N]]", required=False)
@click.option("--tag", "tags", multiple=True, help="A kit that is chosen; repeatable.")
@click.option("--keep", is_flag=True, help="To keep; else it is lent.")
@click.option("--part", metavar="PART[=N]", help="Spare parts, out of the kits that --tag names.")
@click.option("--from", "from_", metavar="DATE", help="The first day on which it can be lent.")
@click.option("--until", metavar="DATE", help="The last.")
@click.option(
    "--expires", metavar="DATE", help="The last day to claim it; four weeks if not given."
)
@NOTE
@AGREEMENT
@pass_app
def add(
    app: App,
    type_: str | None,
    tags: tuple[str, ...],
    keep: bool,
    part: str | None,
    from_: str | None,
    until: str | None,
    expires: str | None,
    note: str | None,
    donor_agreement: str | None,
) -> None:
    """Offer kits of one type; with --tag, those kits; with --part, spare parts out of those."""
    name, many = parse_types((type_,))[0] if type_ else (None, None)
    component = None
    if part is not None:
        if "=" in (type_ or ""):
            raise BadInput(
                "bad_quantity",
                f"{type_!r} is a number of kits, and spare parts are offered.",
                "Give the number with the part: --part 'Wheel=4'",
                value=type_,
            )
        component, many = parse_types((part,))[0]
    with app.open() as opened:
        today = opened.session.today
        first = coming(from_, today) if from_ else None
        made = opened.offers.add(
            name,
            None if tags and part is None and "=" not in (type_ or "") else many,
            keep=keep,
            first=first,
            last=coming(until, first or today) if until else None,
            expires=coming(expires, today) if expires else None,
            tags=tags,
            component=component,
            note=note,
            donor_agreement=donor_agreement,
        )
    _show_offer(app, made, "+ OFFERED")
    if not app.json:
        print_text("  Other colleges see it once this ledger is sent: kitloan ledger export FILE")


@command("change", "kitloan offer change O12 --expires 18/12/2026", group=offer)
@click.argument("which", metavar="OFFER")
@click.option("--quantity", type=int, metavar="N", help="How many are offered now.")
@click.option("--tag", "tags", multiple=True, help="The kits, all of them; repeatable.")
@click.option("--expires", metavar="DATE", help="The last day to claim it.")
@NOTE
@AGREEMENT
@pass_app
def change(
    app: App,
    which: str,
    quantity: int | None,
    tags: tuple[str, ...],
    expires: str | None,
    note: str | None,
    donor_agreement: str | None,
) -> None:
    """Change an offer of which nobody has been promised any; what is not named stays."""
    with app.open() as opened:
        made = opened.offers.change(
            which,
            quantity=quantity,
            expires=coming(expires, opened.session.today) if expires else None,
            tags=tags or None,
            note=note,
            donor_agreement=donor_agreement,
        )
    _show_offer(app, made, "+ CHANGED")
    if not app.json and any(each.before_change for each in made.claims):
        print_text("  It was claimed before this change: ring that college, then answer it.")


@command("withdraw", "kitloan offer withdraw O12", group=offer)
@click.argument("which", metavar="OFFER")
@pass_app
def withdraw_offer(app: App, which: str) -> None:
    """Let nobody claim an offer any more. What was accepted stays accepted."""
    with app.open() as opened:
        made = opened.offers.close(which)
    _show_offer(app, made, "x WITHDRAWN")


@command("accept", "kitloan offer accept O12 --college ayrshire --quantity 2", group=offer)
@click.argument("which", metavar="OFFER")
@click.option("--college", required=True, metavar="COLLEGE", help="The college that claims it.")
@click.option("--quantity", type=int, default=1, metavar="N", help="How many; 1 if not given.")
@pass_app
def accept(app: App, which: str, college: str, quantity: int) -> None:
    """Promise some of an offer to a college that claims it. Replaces an earlier answer to it."""
    if quantity < 1:
        raise BadInput(
            "bad_quantity",
            f"{quantity} kits cannot be promised.",
            "Give a number from 1; to give none: kitloan offer decline",
            value=str(quantity),
        )
    with app.open() as opened:
        made = opened.offers.answer(which, college, quantity)
    _show_offer(app, made, "+ ACCEPTED")
    if app.json:
        return
    if made.terms == "keep":
        print_text("  To send one: kitloan transfer send TAG --to COLLEGE")
    elif made.terms == "parts":
        _how_parts_go(made, quantity)
    else:
        print_text(
            f"  To promise it: kitloan book --to COLLEGE --type {made.type!r}=N --from … --until …"
        )


@command("decline", "kitloan offer decline O12 --college ayrshire", group=offer)
@click.argument("which", metavar="OFFER")
@click.option("--college", required=True, metavar="COLLEGE", help="The college that claims it.")
@pass_app
def decline(app: App, which: str, college: str) -> None:
    """Decline a college's claim. What it was promised of the offer is free again."""
    with app.open() as opened:
        made = opened.offers.answer(which, college, 0)
    _show_offer(app, made, "x DECLINED")


def _how_parts_go(made: OfferLine, quantity: int) -> None:
    """How spare parts leave one college's register and come into the other's: both are counts."""
    kit = made.tags[0]
    print_text(f"  When they are sent: kitloan count {kit} --missing '{made.component}={quantity}'")
    print_text(f"  Where they go:      kitloan restock TAG '{made.component}={quantity}'")
    print_text("  A count replaces the one before: name everything that is short in the kit.")


def _show_offer(app: App, made: OfferLine, what: str) -> None:
    if app.json:
        print_json({"offer": as_json(made)})
        return
    print_text(f"{what}  {_offer_words(made)}")


def _offer_words(made: OfferLine) -> str:
    days = ""
    if made.first is not None and made.last is not None:
        days = f" to borrow, {uk(made.first)} to {uk(made.last)}"
    kits = f" ({', '.join(grouped(tag) for tag in made.tags)})" if made.tags else ""
    return (
        f"{made.offer}  {made.quantity:,} {made.what}{kits}{days or ' to keep'}, "
        f"{made.left:,} left, until {uk(made.expires)}{f', {made.note}' if made.note else ''}"
    )


@command("offers", "kitloan offers --type 'STEM kit'")
@click.option("--type", "type_", metavar="TYPE", help="Of one kit type.")
@click.option("--all", "all_", is_flag=True, help="Those too that nobody can claim any more.")
@pass_app
def offers(app: App, type_: str | None, all_: bool) -> None:
    """What colleges offer, claim, ask each other and wait for; kits that could be combined."""
    with app.open() as opened:
        found = opened.offers.list(type_, closed_too=all_)
        pairs = [
            each
            for each in opened.audit.combinable()
            if type_ is None or type_key(each.type) == type_key(type_)
        ]
        asks = [
            each
            for each in opened.asks.list(past_too=all_)
            if type_ is None or type_key(each.type or "") == type_key(type_)
        ]
        ways = opened.exchange.km_between((each.college, each.from_college) for each in pairs)
    combined = [
        {**as_json(each), "km": km, "sea_crossing": sea}
        for each, (km, sea) in zip(pairs, ways, strict=True)
    ]
    combined.sort(key=lambda each: (bool(each["sea_crossing"]), each["km"] or 0))
    if app.json:
        shape = as_json(found)
        rest = {"asks": as_json(asks), "combined": combined}
        print_json({**shape, **rest, "total": len(found.items), "next": None})
        return
    _print_offers(found)
    if asks:
        print_text("Asked for:")
        print_text(columns([_ask_row(each) for each in asks]))
    if combined:
        print_text("Kits that could be combined:")
        print_text(columns([_pair(each) for each in combined]))
    if found.only_own_college:
        print_notice(
            "This store has seen no other college's offers. ESP's file brings them: "
            "kitloan ledger import FILE"
        )
    elif found.seen_on is not None:
        print_notice(f"Other colleges' offers are as ESP's file of {uk(found.seen_on)} has them.")


def _print_offers(found: OffersFound) -> None:
    if found.items:
        print_text(columns([_offer_row(each) for each in found.items]))
    else:
        print_text("No college offers anything. Make an offer: kitloan offer add --help")
    claims = [claim for each in found.items for claim in each.claims] + list(found.claims)
    if claims:
        print_text("Claims:")
        print_text(columns([_claim_row(each) for each in dict.fromkeys(claims)]))
    if found.wants:
        print_text("Waited for:")
        print_text(
            columns(
                [
                    [
                        f"  {each.want}",
                        each.name,
                        f"{each.quantity:,} {each.type}",
                        f"{uk(each.earliest)} to {uk(each.latest)}",
                    ]
                    for each in found.wants
                ]
            )
        )
    if found.matches:
        print_text("An offer could meet a want; ring both:")
        print_text(
            columns(
                [
                    [
                        f"  {each.quantity:,} {each.type}",
                        f"{each.offer} for {each.want}",
                        *_way(each.km, each.sea_crossing),
                    ]
                    for each in found.matches
                ]
            )
        )


def _way(km: int | None, sea: bool | None) -> tuple[str, str]:
    return "" if km is None else f"{km:,} km", "sea crossing" if sea else ""


def _offer_row(each: OfferLine) -> list[str]:
    days = "to keep"
    if each.first is not None and each.last is not None:
        days = f"to borrow {uk(each.first)} to {uk(each.last)}"
    return [
        each.offer,
        each.name,
        f"{each.left:,} of {each.quantity:,} {each.what}",
        days,
        f"until {uk(each.expires)}" if each.state == "open" else each.state,
        each.note or "",
    ]


def _claim_row(each: ClaimLine) -> list[str]:
    gets = "" if each.gets is None else f"gets {each.gets:,}"
    what = what_is_offered(each.type or "", each.component)
    changed = "offer changed since" if each.before_change and each.state == "waiting" else ""
    return [f"  {each.offer}", each.name, f"{each.quantity:,} {what}", each.state, gets or changed]


def _ask_row(each: AskLine) -> list[str]:
    days = ""
    if each.first is not None and each.last is not None:
        days = f"{uk(each.first)} to {uk(each.last)}"
    who = f"{each.name} asks {each.to_name}"
    return [f"  {each.ask}", who, asked_for(each), days, answer_words(each), each.note or ""]


def _pair(each: dict[str, Any]) -> list[str]:
    return [
        f"  {each['type']}",
        f"{grouped(each['tag'])} ({each['college']}) needs {each['needs']}",
        f"from {grouped(each['from_tag'])} ({each['from_college']})",
        *_way(each["km"], each["sea_crossing"]),
    ]


@click.group("claim", epilog="Example: kitloan claim add fife:O12 --quantity 2")
def claim() -> None:
    """Claim what other colleges offer."""


@command("add", "kitloan claim add fife:O12 --quantity 2", group=claim)
@click.argument("which", metavar="COLLEGE:OFFER")
@click.option("--quantity", type=int, default=1, metavar="N", help="How many; 1 if not given.")
@pass_app
def add_claim(app: App, which: str, quantity: int) -> None:
    """Claim some of another college's offer. Nothing is promised until that college answers."""
    with app.open() as opened:
        made = opened.offers.claim(which, quantity)
    _show_claim(app, made, "+ CLAIMED")
    if not app.json:
        print_text("  That college sees it once this ledger is sent: kitloan ledger export FILE")
        if made.type is None:
            print_text("  This store has not seen the offer: it may be newer than ESP's last file.")


@command("withdraw", "kitloan claim withdraw fife:O12", group=claim)
@click.argument("which", metavar="COLLEGE:OFFER")
@pass_app
def withdraw_claim(app: App, which: str) -> None:
    """Take a claim back."""
    with app.open() as opened:
        made = opened.offers.withdraw_claim(which)
    _show_claim(app, made, "x WITHDRAWN")


def _show_claim(app: App, made: ClaimLine, what: str) -> None:
    if app.json:
        print_json({"claim": as_json(made)})
        return
    print_text(
        f"{what}  {made.quantity:,} {what_is_offered(made.type or 'of', made.component)} "
        f"{made.offer}"
    )


@click.group("ask", epilog="Example: kitloan ask add fife 'STEM kit' --from 7/12 --until 11/12")
def ask() -> None:
    """Ask another college for a kit to borrow, and answer what another asks for."""


@command("add", "kitloan ask add fife 'STEM kit=2' --from 7/12/2026 --until 11/12/2026", group=ask)
@click.argument("college", metavar="COLLEGE")
@click.argument("type_", metavar="TYPE[=N]")
@FROM
@UNTIL
@click.option("--tag", help="One kit of that college, off its label.")
@NOTE
@NEW
@pass_app
def add_ask(
    app: App,
    college: str,
    type_: str,
    from_: str,
    until: str,
    tag: str | None,
    note: str | None,
    new: bool,
) -> None:
    """Ask one other college for kits to borrow. Nothing is promised until it answers."""
    ((name, many),) = parse_types((type_,))
    with app.open() as opened:
        first = coming(from_, opened.session.today)
        last = coming(until, first)

        def add(kind: str, new_too: bool) -> AskLine:
            return opened.asks.add(
                college, kind, many, first, last, tag=tag, note=note, new_too=new_too
            )

        made = take_near(app, name, add, new=new)
    _show_ask(app, made, "+ ASKED")
    if not app.json:
        print_text("  That college sees it once this ledger is sent: kitloan ledger export FILE")


@command("withdraw", "kitloan ask withdraw A12", group=ask)
@click.argument("which", metavar="ASK")
@pass_app
def withdraw_ask(app: App, which: str) -> None:
    """Withdraw what this college asked for."""
    with app.open() as opened:
        made = opened.asks.withdraw(which)
    _show_ask(app, made, "x WITHDRAWN")


@command("accept", "kitloan ask accept ayrshire:A12 --quantity 2", group=ask)
@click.argument("which", metavar="COLLEGE:ASK")
@click.option("--quantity", type=int, default=1, metavar="N", help="How many; 1 if not given.")
@click.option("--reason", metavar="TEXT", help="What to add; no person's name.")
@pass_app
def accept_ask(app: App, which: str, quantity: int, reason: str | None) -> None:
    """Answer yes to another college. It books nothing. Replaces an earlier answer."""
    if quantity < 1:
        raise BadInput(
            "bad_quantity",
            f"{quantity} kits cannot be promised.",
            "Give a number from 1; to say no: kitloan ask decline",
            value=str(quantity),
        )
    with app.open() as opened:
        made = opened.asks.answer(which, quantity, reason)
    _show_ask(app, made, "+ YES")
    if app.json:
        return
    if made.type is None:
        print_text("  This store has not seen the ask: it may be newer than ESP's last file.")
    print_text(f"  To promise it: {_booking_of(made)}")


def _booking_of(made: AskLine) -> str:
    """The command that books what was asked for."""
    what = f"--tag {made.tag}" if made.tag else f"--type '{made.type or 'TYPE'}={made.gets}'"
    return (
        f"kitloan book --to '{made.name}' {what} --from {made.first or '…'} "
        f"--until {made.last or '…'}"
    )


@command("decline", "kitloan ask decline ayrshire:A12 --reason 'out until March'", group=ask)
@click.argument("which", metavar="COLLEGE:ASK")
@click.option("--reason", required=True, metavar="TEXT", help="Why; no person's name.")
@pass_app
def decline_ask(app: App, which: str, reason: str) -> None:
    """Answer no to another college, with the reason. Replaces an earlier answer."""
    with app.open() as opened:
        made = opened.asks.answer(which, 0, reason)
    _show_ask(app, made, "x NO")


def _show_ask(app: App, made: AskLine, what: str) -> None:
    if app.json:
        print_json({"ask": as_json(made)})
        return
    days = ""
    if made.first is not None and made.last is not None:
        days = f", {uk(made.first)} to {uk(made.last)}"
    why = f", {made.reason}" if made.reason else ""
    print_text(f"{what}  {made.ask}  {made.name} asks {made.to_name}: {asked_for(made)}{days}{why}")
