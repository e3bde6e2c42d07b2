"""`kitloan free`, `book`, `bookings`, `booking`, `want`, `wants` and `refused`."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.calendar import coming
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.find import show_more
from kitloan.cli.loans import NEW, take_near
from kitloan.cli.output import columns, print_json, print_text
from kitloan.errors import BadInput
from kitloan.planning.booked import Booking
from kitloan.planning.free import Free
from kitloan.planning.requests import REQUEST, has_request, parse_request
from kitloan.storage.files import insist_on_file
from kitloan.text.dates import days_after, uk
from kitloan.text.tags import grouped
from kitloan.values import Page, as_json, plural

if TYPE_CHECKING:
    from kitloan.planning.risks import StandIn

_SYMBOLS = {"made": "+", "collected": ">", "cancelled": "x", "lapsed": "-"}

FROM = click.option("--from", "from_", required=True, metavar="DATE", help="The collection day.")
UNTIL = click.option("--until", required=True, metavar="DATE", help="The return day.")
TYPES = click.option(
    "--type", "types", multiple=True, metavar="TYPE[=N]", help="What and how many; repeatable."
)
TAGS = click.option("--tag", "tags", multiple=True, help="A kit that is chosen; repeatable.")
AFTER = click.option("--after", metavar="CURSOR", help="The page after the one that gave this.")


def parse_types(texts: tuple[str, ...]) -> list[tuple[str, int]]:
    """`STEM kit=2` as a type and a number; 1 where none is given.

    Raises:
        BadInput: `bad_quantity`.
    """
    found = []
    for text in texts:
        name, equals, number = text.rpartition("=")
        if not equals:
            found.append((text, 1))
            continue
        if not number.strip().isdecimal():
            raise BadInput(
                "bad_quantity",
                f"{number!r} is not a number of kits.",
                "Write it like --type 'STEM kit=2'.",
                value=number[:40],
            )
        found.append((name, int(number)))
    return found


def booking_json(found: Booking) -> dict[str, Any]:
    """A booking as `--json` gives it."""
    shape: dict[str, Any] = as_json(found)
    del shape["new_organisation"], shape["moved"]
    return shape


def _dates(first: str, last: str, today: date) -> tuple[date, date]:
    begins = coming(first, today)
    return begins, coming(last, begins)


@command("free", "kitloan free --type 'STEM kit' --from 7/12/2026 --until 11/12/2026")
@click.option("--type", "type_", metavar="TYPE", help="Of one kit type; of all when not given.")
@click.option("--from", "from_", metavar="DATE", help="The collection day; today if not given.")
@click.option("--until", metavar="DATE", help="The return day; two weeks later if not given.")
@pass_app
def free(app: App, type_: str | None, from_: str | None, until: str | None) -> None:
    """What can be booked from one day to another, and what is left on each day."""
    with app.open() as opened:
        today = opened.session.today
        first = coming(from_, today) if from_ else today
        last = coming(until, first) if until else days_after(first, 14)
        found = opened.bookings.free(first, last, type_)
    if app.json:
        print_json({"items": as_json(found), "total": len(found), "next": None})
        return
    if not found:
        print_text("There are no kit types yet. Add a kit: kitloan add --type TYPE")
        return
    print_text(f"To collect on {uk(first)} and return by {uk(last)}:")
    print_text(columns([_free_line(each) for each in found]))


def _free_line(found: Free) -> list[str]:
    worst = min((each.free for each in found.days), default=0)
    why = {
        "closed_day": "the desk is closed on the first or last day",
        "too_soon": "too soon",
        "too_far": "too far ahead",
        "limit": "too many days",
    }
    return [
        f"  {found.type}",
        f"{found.free} free of {found.capacity}",
        why.get(found.why or "", "") if found.why else f"fewest left on a day: {worst}",
    ]


@command("book", "kitloan book --to 'Alva Academy' --type 'STEM kit=2' --from mon --until fri")
@click.option("--to", metavar="ORGANISATION", help="The school or partner.")
@click.option("--from", "from_", metavar="DATE", help="The collection day.")
@click.option("--until", metavar="DATE", help="The return day.")
@click.option("--read", metavar="TEXT|FILE|-", help="A request from the page for teachers.")
@TYPES
@TAGS
@click.option("--event", metavar="ID", help="The event that it is for.")
@click.option("--every", type=click.Choice(["week", "fortnight"]), help="How often it repeats.")
@click.option("--times", type=int, default=1, metavar="N", help="How many bookings in all.")
@click.option("--contact", metavar="NAME", help="The person; kept apart, and can be forgotten.")
@click.option("--for", "purpose", metavar="TEXT", help="What for; kept apart with the contact.")
@NEW
@pass_app
def book(
    app: App,
    to: str | None,
    from_: str | None,
    until: str | None,
    read: str | None,
    types: tuple[str, ...],
    tags: tuple[str, ...],
    event: str | None,
    every: str | None,
    times: int,
    contact: str | None,
    purpose: str | None,
    new: bool,
) -> None:
    """Promise kits to a borrower. Of bookings that repeat, all are made or none.

    With --read the school, the kit and the days are those of a request that came by mail.
    """
    if read is not None:
        if to or from_ or until or types:
            raise BadInput(
                "usage",
                "A request that is read has the school, the kit and the days in it.",
                "Leave out --to, --from, --until and --type; or leave out --read.",
            )
        asked = parse_request(_pasted(read))
        to, types = asked.school, (f"{asked.type}={asked.quantity}",)
        from_, until = asked.collect_on.isoformat(), asked.return_by.isoformat()
    if not (to and from_ and until):
        raise BadInput(
            "usage",
            "The borrower and both days are needed.",
            "Give --to, --from and --until; or --read, with a request from the page for teachers.",
        )
    wanted = parse_types(types)
    with app.open() as opened:
        first, last = _dates(from_, until, opened.session.today)

        def promise(whom: str, new_too: bool) -> list[Booking]:
            return opened.bookings.book(
                whom,
                wanted,
                first,
                last,
                tags=tags,
                contact=contact,
                purpose=purpose,
                event=event,
                every=every,
                times=times,
                new_too=new_too,
            )

        made = take_near(app, to, promise, new=new)
    if app.json:
        shown = [booking_json(each) for each in made]
        print_json({"booking": shown[0], "bookings": shown})
        return
    for each in made:
        print_text(f"+ BOOKED  {_words(each)}")
    if made[0].new_organisation:
        print_text(f"  {made[0].to} is a new borrower.")
    print_text(
        f"  Kept until {uk(made[0].lapses_after)}. To hand it out: "
        f"kitloan checkout TAG --booking {made[0].id}"
    )


def _pasted(text: str) -> str:
    """The text of a request: as it was given, of a file, or from standard input."""
    if has_request(text):
        return text
    if text == "-":
        return sys.stdin.read(_LONGEST_MAIL)
    insist_on_file(Path(text))
    try:
        with Path(text).open("rb") as file:
            return file.read(_LONGEST_MAIL).decode("utf-8-sig", errors="replace")
    except (OSError, ValueError) as problem:
        raise BadInput(
            "bad_request",
            f"{text[:80]!r} is neither a request nor a file that can be read.",
            f"A request is a line that begins with {REQUEST};",
            field=None,
            value=text[:80],
        ) from problem


_LONGEST_MAIL = 1_000_000


def _words(found: Booking) -> str:
    lines = ", ".join(
        f"{each.quantity} of {each.type}"
        + (f" ({', '.join(grouped(tag) for tag in each.tags)})" if each.tags else "")
        for each in found.lines
    )
    return f"{found.id}  {lines} for {found.to}, {' to '.join(map(uk, found.days))}"


@command("bookings", "kitloan bookings --at-risk")
@click.option("--state", metavar="STATE", help="made, collected, cancelled or lapsed.")
@click.option("--from", "from_", metavar="DATE", help="Those that end on this day or later.")
@click.option("--until", metavar="DATE", help="Those that begin on this day or earlier.")
@click.option("--to", metavar="ORGANISATION", help="Those of this borrower.")
@click.option("--at-risk", is_flag=True, help="Those that cannot be kept as things are.")
@AFTER
@pass_app
def bookings(
    app: App,
    state: str | None,
    from_: str | None,
    until: str | None,
    to: str | None,
    at_risk: bool,
    after: str | None,
) -> None:
    """Bookings by collection day, with what puts one at risk and whom to ring."""
    with app.open() as opened:
        today = opened.session.today
        page = opened.bookings.list(
            state=state or "all",
            first=coming(from_, today) if from_ else None,
            last=coming(until, today) if until else None,
            to=to,
            at_risk=at_risk,
            after=after,
        )
        instead = {each.id: opened.risks.stand_ins(each.id) for each in page.items if each.at_risk}
    if app.json:
        shown = [
            booking_json(each) | {"stand_ins": as_json(instead.get(each.id, ()))}
            for each in page.items
        ]
        _print_page(page, shown)
        return
    if not page.items:
        print_text(
            "No booking is at risk." if at_risk else "No bookings. Make one: kitloan book --help"
        )
        return
    print_text(
        columns(
            [
                [
                    f"{_SYMBOLS[each.state]} {each.state}",
                    each.id,
                    *map(uk, each.days),
                    each.to,
                    ", ".join(f"{line.quantity} {line.type}" for line in each.lines),
                    "! at risk" if each.at_risk else "",
                ]
                for each in page.items
            ]
        )
    )
    show_more(len(page.items), page.total, page.next)
    for cause in dict.fromkeys(one for each in page.items for one in each.because):
        ring = f" Ring {cause.contact}." if cause.contact else ""
        print_text(
            f"  {cause.type} {grouped(cause.tag)}: {cause.to} had it until "
            f"{uk(cause.due_on)} and has not brought it back.{ring}"
        )
    for key, stand_ins in instead.items():
        if stand_ins:
            print_text(f"  {key}: {words_of(stand_ins)}")


def words_of(stand_ins: "Sequence[StandIn]") -> str:
    """What could stand in for what a booking cannot have, in words."""
    offers = []
    for each in stand_ins:
        if each.type != each.instead_of:
            offers.append(f"{each.needed} {each.type}")
        elif each.free == each.needed:
            offers.append(f"another {each.type} than the chosen one")
        else:
            offers.append(f"only {each.free} of {each.needed} {each.type}")
    return f"could offer {', or '.join(offers)}."


def _print_page(page: Page[Any], items: list[dict[str, Any]]) -> None:
    print_json({"items": items, "total": page.total, "next": page.next})


@click.group("booking", epilog="Example: kitloan booking show B17")
def booking() -> None:
    """Show, change or cancel one booking."""


@command("show", "kitloan booking show B17", group=booking)
@click.argument("id_", metavar="ID")
@pass_app
def show(app: App, id_: str) -> None:
    """One booking, whole."""
    with app.open() as opened:
        found = opened.bookings.get(id_)
        purpose = opened.bookings.purpose(found.id)
        instead = opened.risks.stand_ins(found.id) if found.at_risk else ()
    if app.json:
        more = {"for": list(purpose), "stand_ins": as_json(instead)}
        print_json({"booking": {**booking_json(found), **more}})
        return
    print_text(f"{_SYMBOLS[found.state]} {found.state.upper()}  {_words(found)}")
    for line in found.lines:
        if line.collected:
            print_text(f"  {line.collected} of {line.quantity} {line.type} collected")
    if found.state == "made":
        print_text(f"  Kept until {uk(found.lapses_after)}; free again on {uk(found.free_from)}.")
    if found.contact:
        print_text(f"  {found.contact}")
    for words in purpose:
        print_text(f"  For: {words}")
    if found.at_risk:
        print_text("  ! At risk: too few kits are left for it. See: kitloan bookings --at-risk")
        if instead:
            print_text(f"  You {words_of(instead)}")


@command("change", "kitloan booking change B17 --until 18/12/2026", group=booking)
@click.argument("id_", metavar="ID")
@click.option("--from", "from_", metavar="DATE", help="The collection day.")
@click.option("--until", metavar="DATE", help="The return day.")
@TYPES
@TAGS
@click.option("--no-tags", is_flag=True, help="No kit is chosen any more.")
@click.option("--to", metavar="ORGANISATION", help="The borrower.")
@click.option("--contact", metavar="NAME", help="The person; kept apart, and can be forgotten.")
@NEW
@pass_app
def change(
    app: App,
    id_: str,
    from_: str | None,
    until: str | None,
    types: tuple[str, ...],
    tags: tuple[str, ...],
    no_tags: bool,
    to: str | None,
    contact: str | None,
    new: bool,
) -> None:
    """Change a booking that waits for collection. What is not named stays."""
    wanted = parse_types(types)
    if not (from_ or until or wanted or tags or no_tags or to or contact):
        raise BadInput("usage", "Name what is to change.", "See: kitloan booking change --help")
    with app.open() as opened:
        today = opened.session.today
        first = coming(from_, today) if from_ else None
        last = coming(until, first or today) if until else None

        def change_it(whom: str, new_too: bool) -> Booking:
            return opened.bookings.change(
                id_,
                collect_on=first,
                return_by=last,
                types=wanted,
                tags=tags if tags or no_tags else None,
                to=whom or None,
                contact=contact,
                new_too=new_too,
            )

        now = take_near(app, to or "", change_it, new=new)
    if app.json:
        print_json({"booking": booking_json(now)})
        return
    print_text(f"+ CHANGED  {_words(now)}")


@command("cancel", "kitloan booking cancel B17", group=booking)
@click.argument("id_", metavar="ID")
@pass_app
def cancel(app: App, id_: str) -> None:
    """Cancel a booking. What is out on it stays out."""
    with app.open() as opened:
        gone = opened.bookings.cancel(id_)
        served = opened.wants.servable(tuple(each.type for each in gone.lines))
    if app.json:
        print_json({"booking": booking_json(gone), "could_have": as_json(served)})
        return
    print_text(f"x CANCELLED  {_words(gone)}")
    for each in served:
        print_text(f"  {each.to} is waiting for {each.quantity} {each.type} ({each.id}).")


@command("want", "kitloan want --to 'Kilmarnock Academy' --type 'STEM kit' --from mon --until fri")
@click.option("--to", metavar="ORGANISATION", help="The school or partner.")
@click.option("--type", "type_", metavar="TYPE[=N]", help="What and how many.")
@click.option("--from", "from_", metavar="DATE", help="The earliest collection day.")
@click.option("--until", metavar="DATE", help="The latest return day.")
@click.option("--days", type=int, metavar="N", help="For how many days; all when not given.")
@click.option("--contact", metavar="NAME", help="The person; kept apart, and can be forgotten.")
@click.option("--close", "close_", metavar="ID", help="This one waits no more.")
@NEW
@pass_app
def want(
    app: App,
    to: str | None,
    type_: str | None,
    from_: str | None,
    until: str | None,
    days: int | None,
    contact: str | None,
    close_: str | None,
    new: bool,
) -> None:
    """Put a borrower on the waiting list, or take one off. Nothing is promised."""
    if close_ is None and not (to and type_ and from_ and until):
        raise BadInput(
            "usage", "Give --to, --type, --from and --until.", "See: kitloan want --help"
        )
    with app.open() as opened:
        if close_ is not None:
            done = opened.wants.close(close_)
        else:
            ((name, quantity),) = parse_types((str(type_),))
            first, last = _dates(str(from_), str(until), opened.session.today)
            done = take_near(
                app,
                str(to),
                lambda whom, new_too: opened.wants.add(
                    whom, name, quantity, first, last, days=days, contact=contact, new_too=new_too
                ),
                new=new,
            )
    if app.json:
        print_json({"want": as_json(done)})
        return
    if close_ is not None:
        print_text(f"{done.to} waits no more for {done.quantity} {done.type}.")
        return
    print_text(
        f"{done.id}  {done.to} waits for {done.quantity} {done.type}, {uk(done.earliest)} "
        f"to {uk(done.latest)}."
    )


@command("wants", "kitloan wants")
@click.option("--type", "type_", metavar="TYPE", help="Of one kit type.")
@click.option("--all", "all_", is_flag=True, help="Those too that wait no more.")
@pass_app
def wants(app: App, type_: str | None, all_: bool) -> None:
    """The waiting list, the first who asked first, and who could be served now."""
    with app.open() as opened:
        found = opened.wants.list(type_, closed_too=all_)
    if app.json:
        print_json({"items": as_json(found), "total": len(found), "next": None})
        return
    if not found:
        print_text("Nobody is waiting. Add somebody: kitloan want --help")
        return
    print_text(
        columns(
            [
                [
                    each.id,
                    each.to,
                    f"{each.quantity} {each.type}",
                    f"{uk(each.earliest)} to {uk(each.latest)}",
                    plural(each.days, "day"),
                    f"could have it from {uk(each.could_collect)}"
                    if each.could_collect
                    else ("" if each.open else "closed"),
                ]
                for each in found
            ]
        )
    )


@command("refused", "kitloan refused --from 1/8/2026")
@click.option("--type", "type_", metavar="TYPE", help="Of one kit type.")
@click.option("--from", "from_", metavar="DATE", help="Asked for on this day or later.")
@click.option("--until", metavar="DATE", help="Asked for on this day or earlier.")
@pass_app
def refused(app: App, type_: str | None, from_: str | None, until: str | None) -> None:
    """What was asked for and could not be given."""
    from kitloan.text.dates import parse_day

    with app.open() as opened:
        today = opened.session.today
        found = opened.wants.refused(
            type_,
            parse_day(from_, today, ahead=False) if from_ else None,
            parse_day(until, today, ahead=False) if until else None,
        )
    if app.json:
        print_json({"items": as_json(found), "total": len(found), "next": None})
        return
    if not found:
        print_text("Nothing was refused.")
        return
    print_text(
        columns(
            [
                [
                    uk(each.asked_on),
                    each.to or "",
                    f"{each.quantity} {each.type}",
                    f"{uk(each.first)} to {uk(each.last)}",
                    each.rule.replace("_", " "),
                    each.college,
                ]
                for each in found
            ]
        )
    )
