"""`kitloan event` and `kitloan events`: plan events, and pack for them."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.calendar import coming
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.find import LIMIT, show_more
from kitloan.cli.loans import EXCEPTIONS, NEW, count_said, take_near
from kitloan.cli.output import columns, print_json, print_text
from kitloan.cli.paper import may_be_written, packing_paper
from kitloan.cli.planning import AFTER, booking_json
from kitloan.errors import BadInput
from kitloan.planning.events import Event
from kitloan.planning.packing import PackedKit, PackingLine, PackingList
from kitloan.text.dates import uk
from kitloan.text.tags import grouped
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.loans.checkouts import Lent
    from kitloan.loans.returns import Returned

_TICKS = {"chosen": ".", "out": ">", "back": "="}

PLACE = click.option("--place", metavar="TEXT", help="Where it is.")
ORG = click.option("--org", metavar="ORGANISATION", help="The school or organisation it is for.")


@click.group("event", epilog="Example: kitloan event add 'Science fair' --from 12/3/2027")
def event() -> None:
    """Plan an event, and pack for it. Bookings are made for it with kitloan book --event."""


def _days(first: str | None, last: str | None, today: date) -> tuple[date | None, date | None]:
    begins = coming(first, today) if first else None
    return begins, coming(last, begins or today) if last else None


@command(
    "add", "kitloan event add 'Science fair' --from 12/3/2027 --place 'Town House'", group=event
)
@click.argument("name")
@click.option("--from", "from_", required=True, metavar="DATE", help="Its first day.")
@click.option("--until", metavar="DATE", help="Its last day; the first when not given.")
@PLACE
@ORG
@NEW
@pass_app
def add(
    app: App,
    name: str,
    from_: str,
    until: str | None,
    place: str | None,
    org: str | None,
    new: bool,
) -> None:
    """Plan an event. It names no person: people are contacts of its bookings."""
    with app.open() as opened:
        today = opened.session.today
        first = coming(from_, today)
        _, last = _days(None, until, first)
        made = take_near(
            app,
            org or "",
            lambda whom, new_too: opened.events.add(
                name, first, last, place=place, to=whom or None, new_too=new_too
            ),
            new=new,
        )
    if app.json:
        print_json({"event": as_json(made)})
        return
    print_text(f"+ PLANNED  {_words(made)}")
    print_text(f"  To book for it: kitloan book --event {made.id} --to SCHOOL --type TYPE …")


def _words(found: Event) -> str:
    days = " to ".join(dict.fromkeys((uk(found.starts_on), uk(found.ends_on))))
    return ", ".join(
        filter(
            None, (f"{found.id}  {found.name}", days, found.place, found.to and f"for {found.to}")
        )
    )


@command("show", "kitloan event show E17", group=event)
@click.argument("id_", metavar="ID")
@pass_app
def show(app: App, id_: str) -> None:
    """One event, with its bookings and what of them is out, back and lacking."""
    with app.open() as opened:
        found = opened.packing.get(id_)
    if app.json:
        print_json({"event": _event_json(found)})
        return
    mark = "x CANCELLED" if found.event.state == "cancelled" else "+ PLANNED"
    print_text(f"{mark}  {_words(found.event)}")
    _print_lines(found)
    for each in found.bookings:
        who = f"  {each.contact}" if each.contact else ""
        risk = "  ! at risk: kitloan bookings --at-risk" if each.at_risk else ""
        if who or risk:
            print_text(f"  {each.id}  {each.to}{who}{risk}")


def _event_json(found: PackingList) -> dict[str, Any]:
    return {
        **as_json(found.event),
        "lines": as_json(found.lines),
        "items": [booking_json(each) for each in found.bookings],
    }


def _print_lines(found: PackingList) -> None:
    if not found.lines:
        if found.event.state == "cancelled":
            return
        print_text(
            f"  Nothing is booked for it. Book: kitloan book --event {found.event.id} --to SCHOOL "
            "--type TYPE --from DATE --until DATE"
        )
        return
    days = {each.id: each.days for each in found.bookings}
    print_text(columns([_line(each, days[each.booking]) for each in found.lines]))
    kits = [[f"  {_TICKS[kit.ticked]}", *_kit(kit)] for line in found.lines for kit in line.kits]
    if kits:
        print_text(columns(kits))
    lacking = [each for each in found.lines if each.lacking]
    for each in lacking:
        print_text(f"  ! {each.lacking} {each.type} lacking for {each.to} (booking {each.booking})")


def _line(line: PackingLine, days: tuple[date, date]) -> list[str]:
    return [
        f"  {line.booking}",
        line.to,
        f"{line.quantity:,} {line.type}",
        f"{line.out:,} out",
        f"{line.back:,} back",
        " to ".join(map(uk, days)),
    ]


def _kit(kit: PackedKit) -> list[str]:
    many = f"{kit.quantity:,} of " if kit.quantity > 1 else ""
    return [f"{many}{grouped(kit.tag)}", kit.asset_number or "", kit.ticked]


@command("change", "kitloan event change E17 --place 'Town House'", group=event)
@click.argument("id_", metavar="ID")
@click.option("--name", metavar="NAME", help="What it is called.")
@click.option("--from", "from_", metavar="DATE", help="Its first day.")
@click.option("--until", metavar="DATE", help="Its last day.")
@PLACE
@ORG
@NEW
@pass_app
def change(
    app: App,
    id_: str,
    name: str | None,
    from_: str | None,
    until: str | None,
    place: str | None,
    org: str | None,
    new: bool,
) -> None:
    """Change an event. What is not named stays, and its bookings keep their days."""
    with app.open() as opened:
        first, last = _days(from_, until, opened.session.today)
        now = take_near(
            app,
            org or "",
            lambda whom, new_too: opened.events.change(
                id_,
                name=name,
                starts_on=first,
                ends_on=last,
                place=place,
                to=whom or None,
                new_too=new_too,
            ),
            new=new,
        )
        packing = opened.packing.get(now.id)
    apart = [
        each.id
        for each in packing.bookings
        if each.collect_on > now.starts_on or each.return_by < now.ends_on
    ]
    if app.json:
        print_json({"event": as_json(now), "other_days": apart})
        return
    print_text(f"+ CHANGED  {_words(now)}")
    if apart:
        print_text(
            f"  Booked for other days: {', '.join(apart)}. To move one: kitloan booking change "
            f"{apart[0]} --from DATE --until DATE"
        )


@command("cancel", "kitloan event cancel E17", group=event)
@click.argument("id_", metavar="ID")
@pass_app
def cancel(app: App, id_: str) -> None:
    """Cancel an event, its bookings that wait, and its wants. What is out stays out."""
    with app.open() as opened:
        before = opened.packing.get(id_)
        gone = opened.events.cancel(id_)
    freed = [each.id for each in before.bookings if each.state == "made"]
    if app.json:
        print_json({"event": as_json(gone), "cancelled": freed})
        return
    print_text(f"x CANCELLED  {_words(gone)}")
    if freed:
        print_text(f"  With its bookings: {', '.join(freed)}.")


@command("pack", "kitloan event pack E17 --out packing.pdf", group=event)
@click.argument("id_", metavar="ID")
@click.argument("tags", nargs=-1)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    callback=may_be_written,
    metavar="FILE.pdf",
    help="The file to write; an older one is replaced.",
)
@click.option("--override", metavar="REASON", help="Hand out although a rule is against it.")
@pass_app
def pack(app: App, id_: str, tags: tuple[str, ...], out: Path | None, override: str | None) -> None:
    """The packing list of an event; with TAGS, tick these kits out.

    A kit that is ticked out is handed out on the booking of the event that it is for. What is
    lacking goes on the waiting list, once.
    """
    if override and not tags:
        raise BadInput("usage", "--override is for kits that are ticked out.", "Name their tags.")
    with app.open() as opened:
        lent = opened.loans.pack(id_, tags, override=override) if tags else []
        wanted = opened.packing.want_lacking(id_)
        found = opened.packing.get(id_)
        drawn = None if out is None else packing_paper(opened, found, out)
    if app.json:
        paper = {} if drawn is None else {"file": str(out), "pages": drawn.pages}
        missing = {} if drawn is None else {"missing": drawn.missing}
        print_json(
            {
                "event": _event_json(found),
                "loans": [_loan(each) for each in lent],
                "wants": as_json(wanted),
                **paper,
                **missing,
            }
        )
        return
    for each in lent:
        many = f"{each.quantity:,} of " if each.quantity > 1 else ""
        print_text(
            f"> OUT  {many}{each.type} {grouped(each.tag)} to {each.to}, due {uk(each.due_on)}"
        )
    print_text(_words(found.event))
    _print_lines(found)
    for want in wanted:
        print_text(
            f"  {want.id}  {want.to} waits for {want.quantity:,} {want.type}: on the waiting list."
        )
    if drawn is not None:
        print_text(f"The packing list is in {out}, on {plural(drawn.pages, 'page')}.")
        if drawn.missing:
            print_text(f"  Shown as ?: {drawn.missing}")


def _loan(each: "Lent") -> dict[str, Any]:
    return {
        "id": each.id,
        "tag": each.tag,
        "to": each.to,
        "due_on": each.due_on.isoformat(),
        "quantity": each.quantity,
    }


@command("unpack", "kitloan event unpack E17 AC0001 AC0002 --whole", group=event)
@click.argument("id_", metavar="ID")
@click.argument("tags", nargs=-1, required=True)
@EXCEPTIONS[0]
@EXCEPTIONS[1]
@EXCEPTIONS[2]
@pass_app
def unpack(
    app: App,
    id_: str,
    tags: tuple[str, ...],
    whole: bool,
    missing: tuple[str, ...],
    broken: tuple[str, ...],
) -> None:
    """Tick kits in: take back what went out for an event, and show what is still out.

    Without a count, a kit with a contents list is not counted yet. Count it with kitloan count.
    """
    count = count_said(whole, missing, broken)
    with app.open() as opened:
        back = opened.loans.unpack(id_, tags, count)
        found = opened.packing.get(id_)
    out = [(kit, line) for line in found.lines for kit in line.kits if kit.ticked == "out"]
    if app.json:
        print_json(
            {
                "event": _event_json(found),
                "loans": [
                    {"id": each.id, "tag": each.tag, "shortages": as_json(each.shortages)}
                    for each in back
                ],
                "still_out": [kit.tag for kit, _ in out],
            }
        )
        return
    for each in back:
        print_text(f"= IN  {each.type} {grouped(each.tag)} from {each.to}{_counted(each)}")
    if not out:
        print_text("Everything that went out for it is back.")
        return
    print_text(f"Still out for it ({len(out)}):")
    print_text(columns([["  >", *_kit(kit)[:2], line.type, line.to] for kit, line in out]))


def _counted(each: "Returned") -> str:
    short = "; ".join(map(str, each.shortages))
    words = {
        "whole": ", counted whole",
        "short": f", counted: {short}",
        "uncounted": ", not counted yet",
        "no_contents": "",
    }
    return words[each.counted]


@command("events", "kitloan events")
@click.option("--all", "all_", is_flag=True, help="Also those that are over or were cancelled.")
@AFTER
@LIMIT
@pass_app
def events(app: App, all_: bool, after: str | None, limit: int) -> None:
    """List events by their first day."""
    with app.open() as opened:
        page = opened.events.list(past_too=all_, after=after, limit=limit)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text("No event is planned. Plan one: kitloan event add NAME --from DATE")
        return
    print_text(
        columns(
            [
                [
                    "x cancelled" if each.state == "cancelled" else "+ planned",
                    each.id,
                    " to ".join(dict.fromkeys((uk(each.starts_on), uk(each.ends_on)))),
                    each.name,
                    each.place or "",
                    each.to or "",
                    plural(each.bookings, "booking"),
                ]
                for each in page.items
            ]
        )
    )
    show_more(len(page.items), page.total, page.next)
