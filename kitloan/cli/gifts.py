"""`kitloan challenge`, `gift` and `programme`: what ESP has on record in its own ledger."""

from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_text
from kitloan.text.dates import parse_date, uk
from kitloan.text.tags import grouped
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.national.gifts import GiftLine

_STATES = {
    "answered": "= answered",
    "answered_late": "! answered late",
    "wrong_code": "! answered with a wrong code",
    "before_it_was_set": "! answered by an older stocktake",
    "waiting": "? not answered yet",
    "unanswered": "! not answered, its day is over",
}
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
    with app.open() as opened:
        every = opened.national.challenges()
    if app.json:
        print_json({"items": as_json(every), "total": len(every)})
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
                    _STATES[each.state],
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
@click.option("--donor", required=True, help="Who gives.")
@click.option("--type", "type_", required=True, metavar="TYPE", help="The kit type.")
@click.option("--promised", type=int, required=True, metavar="N", help="How many.")
@click.option("--tranche", help="Which part of a larger gift.")
@click.option("--document", help="The paper that says so.")
@click.option(
    "--title",
    type=click.Choice(["owned", "on_loan_from_donor", "held_for_esp", "unknown"]),
    default="unknown",
    help="Whose the kits are.",
)
@click.option("--donor-must-agree", is_flag=True, help="The donor is asked before a write-off.")
@click.option("--acknowledgement", metavar="TEXT", help="What a label must say of the donor.")
@click.option("--programme", metavar="ID", help="The programme that it is part of.")
@pass_app
def agree(
    app: App,
    /,
    gift_id: str,
    type_: str,
    promised: int,
    donor_must_agree: bool,
    **given: str,
) -> None:
    """Put on record what a donor promised, and on what terms. Said again, the new terms count."""
    from kitloan.national.gifts import GiftTermsAgreed

    terms = GiftTermsAgreed(
        donor=given["donor"],
        type=type_,
        promised=promised,
        tranche=given["tranche"],
        document=given["document"],
        programme=given["programme"],
        title=given["title"],  # type: ignore[arg-type]  # click lets no other through
        donor_must_agree=donor_must_agree,
        acknowledgement=given["acknowledgement"],
    )
    with app.open() as opened:
        _say_gift(app, opened.national.agree_gift(gift_id, terms))


@command("deliver", "kitloan gift deliver raf-2026 40 --on 23/11/2026", group=gift)
@click.argument("gift_id", metavar="ID")
@click.argument("quantity", type=int, metavar="N")
@_on
@pass_app
def deliver(app: App, gift_id: str, quantity: int, on: str | None) -> None:
    """Put on record that some of a gift came."""
    day = parse_date(on) if on else None
    with app.open() as opened:
        _say_gift(app, opened.national.deliver(gift_id, quantity, day))


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
        print_json({"items": as_json(every), "total": len(every)})
        return
    if not every:
        print_text("No gift is on record. Begin with: kitloan gift agree ID")
    for each in every:
        print_text(_told(each))
        for share in each.allocations:
            print_text(f"  {share.college}: {share.quantity:,}, {uk(share.on)} ({share.id})")


def _say_gift(app: App, each: "GiftLine") -> None:
    if app.json:
        print_json(as_json(each))
    else:
        print_text(_told(each))


def _told(each: "GiftLine") -> str:
    return (
        f"{each.gift}: {each.type} from {each.donor}; {each.promised:,} promised, "
        f"{each.delivered:,} delivered, {each.allocated:,} allocated"
    )


@click.group("programme", epilog="Example: kitloan programme define youth 'Youth & STEM'")
def programme() -> None:
    """Programmes that gifts are part of."""


@command("define", "kitloan programme define youth 'Youth & STEM'", group=programme)
@click.argument("programme_id", metavar="ID")
@click.argument("name")
@pass_app
def define(app: App, programme_id: str, name: str) -> None:
    """Say what a programme is called. Said again, the new name counts."""
    with app.open() as opened:
        opened.national.define_programme(programme_id, name)
    if app.json:
        print_json({"programme": programme_id, "name": name})
    else:
        print_text(f"{programme_id}: {name}")
