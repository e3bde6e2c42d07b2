"""`kitloan nearest`: what other colleges have, as far as their ledgers are here."""

import click

from kitloan.cli.calendar import coming
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_notice, print_text
from kitloan.cli.planning import FROM, UNTIL
from kitloan.exchange.nearest import Nearest, NearKit
from kitloan.reference.places import MAINLAND
from kitloan.text.dates import uk
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
        print_text("Only the college itself can promise a kit: ask it.")
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
