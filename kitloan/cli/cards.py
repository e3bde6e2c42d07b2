"""`kitloan cards`: what is printed besides the labels of kits.

Cards to scan at the counter, labels for shelves, inspection labels, and the contents card for a
kit's lid.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kitloan.calendar import parse_date, parse_due, uk
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress
from kitloan.cli.sheets import CARDS, Asked, Where, fill, notes_of, sheet_options, tell, to_file
from kitloan.errors import BadInput
from kitloan.files import whole_file
from kitloan.scan import COMMANDS
from kitloan.text import clean

if TYPE_CHECKING:
    from kitloan.library import Kitloan
    from kitloan_labels.contents_card import Contents


@click.group("cards", epilog="Example: kitloan cards commands --out cards.pdf")
def cards() -> None:
    """Print cards to scan, shelf and inspection labels, and contents cards."""


@command("commands", "kitloan cards commands --out cards.pdf", group=cards)
@sheet_options(CARDS)
@to_file
@pass_app
def commands(app: App, asked: Asked, where: Where) -> None:
    """The desk's command cards: scan one to do what it says."""
    from kitloan_labels.template import Card
    from kitloan_tui.actions import BY_ID

    subjects = [Card(code, BY_ID[name].label, BY_ID[name].help) for code, name in COMMANDS.items()]
    placed, notes = fill(subjects, "command", asked, where)
    tell(app, "card", placed, where, notes, placed[-1].page)


@command(
    "organisations", "kitloan cards organisations 'Kilmarnock Academy' --out x.pdf", group=cards
)
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every organisation that has borrowed.")
@sheet_options(CARDS)
@to_file
@pass_app
def organisations(
    app: App, names: tuple[str, ...], every: bool, asked: Asked, where: Where
) -> None:
    """Cards of schools and partners: scan one in the place of typing its name."""
    from kitloan_labels.template import Organisation

    if bool(names) == every:
        raise BadInput("which_organisations", "Name organisations, or say --all.")
    with app.open() as opened:
        college = opened.college_name
        found = [Organisation(name, college) for name in _known(opened, names)]
    placed, notes = fill(found, "organisation", asked, where)
    tell(app, "card", placed, where, notes, placed[-1].page)


def _known(opened: "Kitloan", names: Sequence[str]) -> list[str]:
    """The organisations as the register spells them; every one when none is named."""
    from kitloan_tui.lookups import organisation_called, organisations, spelt_nearly_like

    if not names:
        return organisations(opened.session)
    found: list[str] = []
    for name in names:
        known = organisation_called(opened.session, clean(name, "The organisation"))
        if known is None:
            near = " or ".join(spelt_nearly_like(opened.session, name))
            raise BadInput(
                "unknown_organisation",
                f"No organisation here is called {name!r}.",
                f"Did you mean {near}?" if near else "It is known from its first loan on.",
                organisation=name,
            )
        found.append(known)
    return list(dict.fromkeys(found))


@command("shelves", "kitloan cards shelves 'Store 3, bay 2' --stock l7163 --out x.pdf", group=cards)
@click.argument("places", nargs=-1, required=True)
@sheet_options(CARDS)
@to_file
@pass_app
def shelves(app: App, places: tuple[str, ...], asked: Asked, where: Where) -> None:
    """Labels for shelves and cupboards, in large letters."""
    from kitloan_labels.template import Shelf

    with app.open() as opened:
        college = opened.college_name
    subjects = [Shelf(clean(place, "The place"), college) for place in places]
    placed, notes = fill(subjects, "shelf", asked, where)
    tell(app, "label", placed, where, notes, placed[-1].page)


@command(
    "inspection",
    "kitloan cards inspection AC0001 --pass --by 'J. Bain' --due 365d --stock l7160 --out x.pdf",
    group=cards,
)
@click.argument("tags", nargs=-1, required=True)
@click.option("--pass/--fail", "passed", default=None, help="What the inspection found.")
@click.option("--by", required=True, metavar="WHO", help="Who inspected it.")
@click.option("--on", metavar="DATE", help="When; today when not given.")
@click.option("--due", required=True, metavar="365d|DATE", help="When it is due again.")
@sheet_options()
@to_file
@pass_app
def inspection(
    app: App,
    tags: tuple[str, ...],
    passed: bool | None,
    by: str,
    on: str | None,
    due: str,
    asked: Asked,
    where: Where,
) -> None:
    """Inspection labels: when, by whom, due when, PASS or FAIL. Nothing goes on record."""
    from kitloan_labels.template import Inspected

    if passed is None:
        raise BadInput("pass_or_fail", "Say what the inspection found: --pass or --fail.")
    who = clean(by, "The inspector's name", 60)
    with app.open() as opened:
        today = opened.session.today
        day, again = parse_date(on) if on else today, parse_due(due, today)
        if day > today:
            raise BadInput("bad_date", f"{uk(day)} is still to come: today is {uk(today)}.")
        found = [opened.find.holding(tag) for tag in dict.fromkeys(tags)]
    subjects = [
        Inspected(each.tag, each.asset_number, uk(day), who, uk(again), passed) for each in found
    ]
    placed, notes = fill(subjects, "inspection", asked, where)
    tell(app, "label", placed, where, notes, placed[-1].page)


@command("contents", "kitloan cards contents AC0001 --size a5 --out contents.pdf", group=cards)
@click.argument("tags", nargs=-1, required=True)
@click.option(
    "--size",
    type=click.Choice(["a5", "a6"], case_sensitive=False),
    default="a5",
    show_default=True,
    help="The card's size.",
)
@to_file
@pass_app
def contents(app: App, tags: tuple[str, ...], size: str, where: Where) -> None:
    """Cards for kits' lids: the parts list, to count against."""
    from kitloan_labels.contents_card import write_cards

    with app.open() as opened:
        found = [_contents(opened, tag) for tag in dict.fromkeys(tags)]
    progress = Progress("Drawing cards")
    with where.file() as out, whole_file(out) as beside:
        placed = write_cards(found, size.lower(), beside, lambda done: progress(done, len(found)))
        where.show(beside)
    tell(app, "contents card", placed, where, notes_of(placed), placed[-1].page)


def _contents(opened: "Kitloan", tag: str) -> "Contents":
    from kitloan_labels.contents_card import Contents, Line

    kit = opened.find.holding(tag)
    parts = opened.desk.contents(kit.tag)
    if not parts:
        raise BadInput(
            "no_contents_list",
            f"{kit.type} has no contents list.",
            "Say what it should hold with `kitloan types import FILE`.",
            tag=kit.tag,
        )
    lines = tuple(Line(p.name, p.quantity, p.bag or "", p.critical) for p in parts)
    return Contents(kit.tag, kit.type, opened.college_name, lines, kit.asset_number or "")
