"""`kitloan challenge`, `gift` and `programme`: what ESP has on record in its own ledger."""

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_notice, print_text, with_college
from kitloan.errors import BadInput
from kitloan.reference.places import MAINLAND
from kitloan.text.dates import parse_date, uk
from kitloan.text.tags import grouped
from kitloan.values import TITLES, as_json, plural

if TYPE_CHECKING:
    from kitloan.national.gifts import GiftLine

_SYMBOLS = {"answered": "=", "waiting": "?"}
_on = click.option("--on", metavar="DATE", help="The day; today when not given.")


@click.group("challenge", epilog="Example: kitloan challenge list")
def challenge() -> None:
    """ESP asks a college to show some holdings."""


@command("set", "kitloan challenge set fife --sample 20 --answer-by 14/12/2026", group=challenge)
@click.argument("college")
@click.option("--sample", type=int, metavar="N", help="So many, drawn at random.")
@click.option("--tag", "tags", multiple=True, help="Or this one; may be given again.")
@click.option("--answer-by", required=True, metavar="DATE", help="The last day for the answer.")
@pass_app
def set_(app: App, college: str, sample: int | None, tags: tuple[str, ...], answer_by: str) -> None:
    """Ask a college to show holdings, with a code that nobody knew before.

    It reaches the college with ESP's ledger. The college answers with a stocktake that names the
    challenge and its code.
    """
    day = parse_date(answer_by)
    with app.open() as opened:
        made = opened.national.challenge(college, sample=sample, tags=tags or None, answer_by=day)
    if app.json:
        print_json(as_json(made))
        return
    print_text(
        f"Challenge {made.id} to {made.college}: {plural(len(made.tags), 'holding')} "
        f"by {uk(made.answer_by)}, code {made.code}."
    )
    for tag in made.tags:
        print_text(f"  {grouped(tag)}")


@command("list", "kitloan challenge list", group=challenge)
@pass_app
def list_challenges(app: App) -> None:
    """Every challenge and how it was answered; in a college's store, those to this college."""
    from kitloan.national.challenges import WORDS

    with app.open() as opened:
        every = opened.national.challenges()
    if app.json:
        print_json(
            {"items": with_college(as_json(every), opened.session.college), "total": len(every)}
        )
        return
    if not every:
        print_text("No challenge is on record here.")
    print_text(
        columns(
            [
                [
                    each.id,
                    each.college,
                    f"code {each.code}",
                    f"by {uk(each.answer_by)}",
                    f"{_SYMBOLS.get(each.outcome, '!')} {WORDS[each.outcome]}",
                    f"{each.sighted:,} of {each.asked:,} sighted",
                ]
                for each in every
            ]
        )
    )


@click.group("gift", epilog="Example: kitloan gift list")
def gift() -> None:
    """ESP's gifts, and the colleges that get them."""


@command(
    "agree", "kitloan gift agree raf-2026 --donor RAF --type 'STEM kit' --promised 120", group=gift
)
@click.argument("gift_id", metavar="ID")
@click.option("--donor", help="Who gives; needed for a new gift.")
@click.option("--type", "type_", metavar="TYPE", help="The kit type; needed for a new gift.")
@click.option("--promised", type=int, metavar="N", help="How many; needed for a new gift.")
@click.option("--tranche", help="Which part of a larger gift.")
@click.option("--document", help="The paper that records it.")
@click.option("--title", type=click.Choice(TITLES), help="Whose the kits are.")
@click.option(
    "--donor-must-agree/--donor-need-not-agree",
    default=None,
    help="Whether the donor is asked before a write-off.",
)
@click.option("--acknowledgement", metavar="TEXT", help="What a label must name the donor with.")
@click.option("--programme", metavar="ID", help="The programme that it is part of.")
@click.option(
    "--on", metavar="DATE", help="The day on which it was agreed; today for a new gift without it."
)
@pass_app
def agree(app: App, /, gift_id: str, type_: str | None, on: str | None, **given: Any) -> None:
    """Put on record what a donor promised, and on what terms.

    Of a gift that is on record already it changes the terms that are named, and keeps the rest.
    `kitloan undo` takes the latest of these back.
    """
    from kitloan.national.gifts import GiftTermsAgreed

    terms = {name: value for name, value in given.items() if value is not None}
    if on is not None:
        terms["agreed_on"] = parse_date(on)
    if type_ is not None:
        terms["type"] = type_
    changed: dict[str, tuple[Any, Any]] = {}
    with app.open() as opened:
        if opened.national.has_gift(gift_id):
            agreed, changed = opened.national.change_gift(gift_id, **terms)
        else:
            lacking = [name for name in ("donor", "type", "promised") if name not in terms]
            if lacking:
                raise BadInput(
                    "usage",
                    f"{gift_id!r} is a new gift: {', '.join(f'--{name}' for name in lacking)} "
                    f"{'is' if len(lacking) == 1 else 'are'} needed.",
                    "To see the gifts on record: kitloan gift list",
                )
            agreed = opened.national.agree_gift(gift_id, GiftTermsAgreed(**terms))
    if app.json:
        changes = {name: {"from": old, "to": new} for name, (old, new) in changed.items()}
        print_json(as_json(agreed) | {"changed": as_json(changes)})
        return
    print_text(_line(agreed))
    for name, (old, new) in changed.items():
        print_text(f"  {name.replace('_', ' ')} changed from {_shown(old)} to {_shown(new)}")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return uk(value)
    return "nothing" if value is None else str(value).replace("_", " ")


@command("deliver", "kitloan gift deliver raf-2026 40 --on 23/11/2026", group=gift)
@click.argument("gift_id", metavar="ID")
@click.argument("quantity", type=int, metavar="N", required=False)
@_on
@click.option("--reason", metavar="TEXT", help="Why more came than was promised.")
@click.option(
    "--correct", type=int, metavar="N", help="So many came in all, whatever was recorded before."
)
@pass_app
def deliver(
    app: App,
    gift_id: str,
    quantity: int | None,
    on: str | None,
    reason: str | None,
    correct: int | None,
) -> None:
    """Put on record that N of a gift came; or, with --correct N, how many came in all.

    More than was promised needs a reason. `kitloan undo` takes the latest of these back.
    """
    if (quantity is None) == (correct is None):
        raise BadInput(
            "usage",
            "Give how many came, or how many came in all: one of the two.",
            "Like: kitloan gift deliver ID 40, or: kitloan gift deliver ID --correct 40",
        )
    day = parse_date(on) if on else None
    with app.open() as opened:
        if correct is not None:
            now = opened.national.correct_delivery(gift_id, correct, day, reason=reason)
        else:
            now = opened.national.deliver(gift_id, quantity or 0, day, reason=reason)
    if app.json:
        print_json(as_json(now))
    else:
        print_text(_line(now))


@command("allocate", "kitloan gift allocate raf-2026 fife 12", group=gift)
@click.argument("gift_id", metavar="ID")
@click.argument("college")
@click.argument("quantity", type=int, metavar="N")
@_on
@click.option("--allocation", metavar="ID", help="The allocation whose place this one takes.")
@pass_app
def allocate(
    app: App, gift_id: str, college: str, quantity: int, on: str | None, allocation: str | None
) -> None:
    """Put on record how many of a gift a college is to have."""
    day = parse_date(on) if on else None
    with app.open() as opened:
        made = opened.national.allocate(gift_id, college, quantity, day, allocation=allocation)
    if app.json:
        print_json(as_json(made))
    else:
        print_text(f"{made.college} is to have {made.quantity:,} of {made.gift} ({made.id}).")


@command("list", "kitloan gift list", group=gift)
@pass_app
def list_gifts(app: App) -> None:
    """Every gift: promised, delivered, allocated, and to whom."""
    with app.open() as opened:
        every = opened.national.gifts()
    if app.json:
        print_json(
            {"items": with_college(as_json(every), opened.session.college), "total": len(every)}
        )
        return
    if not every:
        print_text("No gift is on record. Begin with: kitloan gift agree ID")
    for each in every:
        print_text(_line(each))
        print_text(f"  {_terms(each)}")
        for share in each.allocations:
            print_text(f"  {share.college}: {share.quantity:,}, {uk(share.on)} ({share.id})")


def _line(each: "GiftLine") -> str:
    return (
        f"{each.gift}: {each.type} from {each.donor}; {each.promised:,} promised, "
        f"{each.delivered:,} delivered, {each.allocated:,} allocated"
    )


def _terms(each: "GiftLine") -> str:
    """The terms of a gift, those that are recorded."""
    facts = {
        "tranche": each.tranche,
        "document": each.document,
        "programme": each.programme,
        "title": each.title.replace("_", " "),
        "agreed": uk(each.agreed_on),
    }
    known = [f"{name} {value}" for name, value in facts.items() if value]
    return ", ".join([*known, *(["the donor must agree"] if each.donor_must_agree else [])])


@click.group("donor", epilog="Example: kitloan donor alias 'Royal Air Force' RAF")
def donor() -> None:
    """Donors that are known by several names."""


@command("alias", "kitloan donor alias 'Royal Air Force' RAF", group=donor)
@click.argument("name")
@click.argument("donor_name", metavar="DONOR")
@pass_app
def alias(app: App, name: str, donor_name: str) -> None:
    """Put on record that NAME is another name of DONOR: every figure counts them as one.

    Given the same name twice, that name is a donor of its own again.
    """
    with app.open() as opened:
        opened.national.name_donor(name, donor_name)
    if app.json:
        print_json({"name": name, "donor": donor_name})
    else:
        print_text(f"{name} counts as {donor_name}.")


@click.group("college", epilog="Example: kitloan college merge 'UHI Orkney' uhi-nwh")
def college() -> None:
    """Where a college is, and which colleges became part of others."""


@command("merge", "kitloan college merge uhi-orkney uhi-nwh --on 01/08/2026", group=college)
@click.argument("gone", metavar="COLLEGE")
@click.argument("into")
@_on
@pass_app
def merge(app: App, gone: str, into: str, on: str | None) -> None:
    """Put on record that COLLEGE became part of INTO: it is asked for no file any more.

    Given the same college twice, it is one of its own again.
    """
    day = parse_date(on) if on else None
    with app.open() as opened:
        was, now = opened.national.merge_college(gone, into, day)
    if app.json:
        print_json({"college": was, "into": now})
    else:
        print_text(f"{was} is a college of its own." if was == now else f"{was} is part of {now}.")


@command("place", "kitloan college place 56.0716,-3.4609", group=college)
@click.argument("where", metavar="[LAT,LON]", required=False)
@click.option("--college", "which", metavar="COLLEGE", help="In ESP's store: which college.")
@pass_app
def place(app: App, where: str | None, which: str | None) -> None:
    """Record where a college is, in degrees, as a map shows it; without LAT,LON, show it.

    A college records its own place, ESP any college's; the college's own word comes first.
    """
    with app.open() as opened:
        if where is None:
            found = opened.exchange.place(which)
        else:
            found = opened.exchange.set_place(where, which)
    if app.json:
        print_json({"place": as_json(found)})
        return
    if found.latitude is None or found.longitude is None:
        print_text(f"{found.name}: where it is, is not known.")
        print_notice("Record it: kitloan college place LATITUDE,LONGITUDE")
        return
    island = "" if found.island == MAINLAND else f", on {found.island}"
    done = "+ PLACED  " if where is not None else ""
    print_text(
        f"{done}{found.name}: {found.latitude:g},{found.longitude:g}{island} "
        f"({_WHO_GAVE[found.source or 'town']})"
    )


# A longitude that comes first is refused as one, and not as an option with the name -3.
place.context_settings["ignore_unknown_options"] = True

_WHO_GAVE = {
    "college": "recorded by the college",
    "esp": "recorded by ESP",
    "town": "its main town, by the reference list",
}


@click.group("programme", epilog="Example: kitloan programme define youth 'Youth & STEM'")
def programme() -> None:
    """Programmes that gifts are part of."""


@command("define", "kitloan programme define youth 'Youth & STEM'", group=programme)
@click.argument("programme_id", metavar="ID")
@click.argument("name")
@pass_app
def define(app: App, programme_id: str, name: str) -> None:
    """Record a programme's name. Recorded again, the new name counts."""
    with app.open() as opened:
        opened.national.define_programme(programme_id, name)
    if app.json:
        print_json({"programme": programme_id, "name": name})
    else:
        print_text(f"{programme_id}: {name}")
