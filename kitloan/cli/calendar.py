"""`kitloan calendar` and `policy`: when the desk opens, and by which numbers kits are lent."""

from datetime import date
from pathlib import Path

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_text
from kitloan.errors import BadInput
from kitloan.planning.calendar import WEEKDAYS, Calendar, format_weekdays, parse_weekdays
from kitloan.planning.closures import Closure, bank_holidays, read_ics
from kitloan.planning.settings import Closed, PolicyLine
from kitloan.text.dates import days_after, parse_day, uk
from kitloan.text.tags import grouped
from kitloan.values import as_json, plural

SITE = click.option(
    "--site", metavar="NAME", help="The site; the college's usual one if not given."
)


def coming(text: str, today: date) -> date:
    """A day that a person gives, when one to come is meant."""
    return parse_day(text, today, ahead=True)


def day_or_today(text: str | None, today: date) -> date:
    """A day that a person may have given; today when not."""
    return today if text is None else coming(text, today)


@click.group(
    "calendar", epilog="Example: kitloan calendar close 21/12/2026 5/1/2027 --reason closed"
)
def calendar() -> None:
    """Days on which the desk opens and staff work."""


def _week(found: Calendar) -> dict[str, list[str]]:
    return {
        "desk": [WEEKDAYS[day] for day in sorted(found.desk)],
        "staff": [WEEKDAYS[day] for day in sorted(found.staff)],
    }


@command("show", "kitloan calendar show --from 1/12/2026 --until 31/1/2027", group=calendar)
@click.option("--from", "from_", metavar="DATE", help="The first day; today when not given.")
@click.option("--until", metavar="DATE", help="The last day; four weeks later when not given.")
@SITE
@pass_app
def show(app: App, from_: str | None, until: str | None, site: str | None) -> None:
    """The week, and the days that differ from it."""
    with app.open() as opened:
        today = opened.session.today
        first = coming(from_, today) if from_ else today
        last = coming(until, today) if until else days_after(first, 27)
        found = opened.calendar.calendar(site)
        days = opened.calendar.days(first, last, site)
    if app.json:
        print_json({"site": site, **_week(found), "days": as_json(days)})
        return
    print_text(f"Desk {format_weekdays(found.desk)}; staff {format_weekdays(found.staff)}.")
    print_text(
        columns(
            [
                [
                    WEEKDAYS[each.day.weekday()],
                    uk(each.day),
                    "= open" if each.desk else ("~ staff only" if each.staff else "x closed"),
                    each.reason or "",
                ]
                for each in days
            ]
        )
    )


@command("week", "kitloan calendar week --desk mon-fri --staff mon-fri", group=calendar)
@click.option("--desk", metavar="DAYS", help="When kits go out and come back.")
@click.option("--staff", metavar="DAYS", help="When staff prepare, count and clean.")
@SITE
@pass_app
def week(app: App, desk: str | None, staff: str | None, site: str | None) -> None:
    """Set the weekdays of the desk and of the staff, like mon-fri or mon,wed.

    What is not named stays. In the first week of a college, staff work when the desk opens.
    """
    if desk is None and staff is None:
        raise BadInput("usage", "Name the days.", "Like: kitloan calendar week --desk mon-fri")
    with app.open() as opened:
        found = opened.calendar.set_week(
            None if desk is None else parse_weekdays(desk),
            None if staff is None else parse_weekdays(staff),
            site=site,
        )
    if app.json:
        print_json({"site": site, **_week(found)})
        return
    print_text(f"Desk {format_weekdays(found.desk)}; staff {format_weekdays(found.staff)}.")


_MOVE = (
    click.option("--move", is_flag=True, help="Make those loans due after the closure."),
    click.option("--spread", type=int, default=1, metavar="N", help="Over so many open days."),
)


@command("close", "kitloan calendar close 21/12/2026 5/1/2027 --reason Christmas", group=calendar)
@click.argument("first")
@click.argument("last", required=False)
@click.option("--reason", metavar="TEXT", help="Why; no names of people.")
@_MOVE[0]
@_MOVE[1]
@SITE
@pass_app
def close(
    app: App,
    first: str,
    last: str | None,
    reason: str | None,
    move: bool,
    spread: int,
    site: str | None,
) -> None:
    """Close a day, or all days from one to another, and list the loans due on them.

    Loans stay due when they were, until --move.
    """
    with app.open() as opened:
        today = opened.session.today
        begins = coming(first, today)
        ends = coming(last, begins) if last else None
        done = opened.calendar.close(
            begins, ends, reason=reason, site=site, move=move, spread=spread
        )
    _show_closed(app, done)


def _show_closed(app: App, done: Closed) -> None:
    if app.json:
        print_json(_closed(done))
        return
    print_text(
        f"Closed: {plural(len(done.days), 'day')}, {uk(done.days[0])} to {uk(done.days[-1])}."
        if len(done.days) > 1
        else f"Closed: {uk(done.days[0])}."
    )
    if done.bookings:
        print_text(f"{plural(len(done.bookings), 'booking')} hit by it:")
        print_text(
            columns(
                [
                    [
                        f"  {each.id}",
                        each.to,
                        f"{uk(each.collect_on)} to {uk(each.return_by)}",
                        f"kept for collection until {uk(each.kept_until)}",
                    ]
                    for each in done.bookings
                ]
            )
        )
        print_text("  To give one other days: kitloan booking change ID --from DAY --until DAY")
    if not done.loans:
        return
    print_text(f"{plural(len(done.loans), 'loan')} due on a closed day:")
    print_text(
        columns(
            [
                [
                    f"  {grouped(each.tag)}",
                    each.type,
                    each.to,
                    f"due {uk(each.due_on)}",
                    f"now {uk(each.moved_to)}" if each.moved_to else "",
                ]
                for each in done.loans
            ]
        )
    )
    if done.at_risk:
        print_text(
            f"! At risk because of it: {', '.join(done.at_risk)}. See: kitloan bookings --at-risk"
        )
    if not done.loans[0].moved_to:
        print_text("  To move them to the next open days: the same with --move --spread 3")


def _closed(done: Closed) -> dict[str, object]:
    return {
        "closed": [day.isoformat() for day in done.days],
        "loans": as_json(done.loans),
        "total": len(done.loans),
        "at_risk": list(done.at_risk),
        "bookings": as_json(done.bookings),
    }


@command("open", "kitloan calendar open 12/12/2026", group=calendar)
@click.argument("day")
@click.option("--reason", metavar="TEXT", help="Why; no names of people.")
@SITE
@pass_app
def open_(app: App, day: str, reason: str | None, site: str | None) -> None:
    """Open a day for desk and staff, whatever the week has."""
    with app.open() as opened:
        which = coming(day, opened.session.today)
        opened.calendar.open(which, reason=reason, site=site)
    if app.json:
        print_json({"open": which.isoformat()})
        return
    print_text(f"Open: {uk(which)}.")


@command("import", "kitloan calendar import --bank-holidays 2027", group=calendar)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--bank-holidays", "year", type=int, metavar="YEAR", help="Scotland's, of a year.")
@click.option("--accept-proposed", is_flag=True, help="Close on every bank holiday.")
@_MOVE[0]
@_MOVE[1]
@SITE
@pass_app
def import_(
    app: App,
    file: Path | None,
    year: int | None,
    accept_proposed: bool,
    move: bool,
    spread: int,
    site: str | None,
) -> None:
    """Close on the all-day events of an .ics file, or on bank holidays.

    Not every college closes on every bank holiday: they are proposed, and nothing is closed until
    --accept-proposed, or an answer at a terminal. Names of people in a file are left out.
    """
    if (file is None) == (year is None):
        raise BadInput(
            "usage", "Give a FILE, or --bank-holidays YEAR.", "See: kitloan calendar import --help"
        )
    not_taken: tuple[str, ...] = ()
    if file is not None:
        read = read_ics(file)
        proposed, not_taken, wanted = read.days, read.not_taken, list(read.days)
    else:
        proposed = bank_holidays(int(year or 0))
        wanted = list(proposed) if accept_proposed else _ask(app, proposed)
    with app.open() as opened:
        done = Closed((), ())
        if wanted:
            days = [(each.day, each.name) for each in wanted]
            done = opened.calendar.close_days(days, site, move, spread)
    if app.json:
        answer = {"proposed": as_json(proposed), "not_taken": list(not_taken), **_closed(done)}
        print_json(answer)
        return
    if done.days:
        _show_closed(app, done)
    else:
        _propose(proposed)
    for each in not_taken:
        print_text(f"  Not taken: {each}")


def _propose(proposed: tuple[Closure, ...]) -> None:
    print_text(columns([[f"  {uk(each.day)}", each.name] for each in proposed]))
    print_text("Nothing was closed.")
    if proposed:
        print_text(
            "  To close on all of them: --accept-proposed; on one: kitloan calendar close DAY"
        )


def _ask(app: App, proposed: tuple[Closure, ...]) -> list[Closure]:
    """The bank holidays on which the college closes, when somebody is there to answer."""
    from kitloan.cli.loans import can_ask

    if not can_ask(app):
        return []
    return [each for each in proposed if click.confirm(f"Closed on {uk(each.day)}, {each.name}?")]


@command("policy", "kitloan policy turnaround 2 --type 'STEM kit'")
@click.argument("key", required=False)
@click.argument("value", required=False)
@click.option("--type", "type_", metavar="TYPE", help="For one kit type.")
@pass_app
def policy(app: App, key: str | None, value: str | None, type_: str | None) -> None:
    """Show the policies, one of them, or set one; `default` gives it its default again."""
    with app.open() as opened:
        if key is None:
            lines = opened.policies.list(type_)
        elif value is None:
            lines = [opened.policies.get(key, type_)]
        else:
            lines = [opened.policies.set(key, value, type_)]
    if app.json:
        shown = [_policy(each) for each in lines]
        print_json({"items": shown, "total": len(shown), "next": None} if key is None else shown[0])
        return
    print_text(
        columns(
            [
                [
                    each.key,
                    str(each.value),
                    f"(default {each.default})" if each.value != each.default else "",
                    each.meaning,
                ]
                for each in lines
            ]
        )
    )


def _policy(line: PolicyLine) -> dict[str, object]:
    found: dict[str, object] = as_json(line)
    return found
