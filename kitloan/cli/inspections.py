"""`kitloan regime`, `inspect` and `inspections`: what gates lending."""

from typing import cast

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.find import AFTER, LIMIT, show_more
from kitloan.cli.loans import ON, day_given
from kitloan.cli.output import columns, print_json, print_text
from kitloan.inspections.results import InspectionLine, RegimeLine, Result
from kitloan.text.dates import parse_day, uk
from kitloan.text.tags import grouped
from kitloan.values import as_json, plural


@click.group("regime", epilog="Example: kitloan regime set PAT --type 'MTa STEM kit' --months 12")
def regime() -> None:
    """Which kit types are inspected, and how often."""


@command("set", "kitloan regime set PAT --type 'MTa STEM kit' --months 12 --gate", group=regime)
@click.argument("code")
@click.option("--type", "type_", required=True, metavar="TYPE", help="The kit type it is for.")
@click.option(
    "--months", type=int, required=True, metavar="N", help="How many calendar months a pass counts."
)
@click.option(
    "--gate/--warn",
    default=None,
    help="Whether what is overdue is not lent, or only listed; --gate for a new one.",
)
@pass_app
def set_(app: App, code: str, type_: str, months: int, gate: bool | None) -> None:
    """Have every holding of a kit type inspected every so many months.

    kitloan suggests no interval: the person who is responsible for the equipment decides it, by
    risk. Setting CODE again for the same type replaces it, from the next inspection on.
    """
    with app.open() as opened:
        line = opened.inspections.set_regime(code, type_, months, gate=gate)
    if app.json:
        print_json({"regime": as_json(line)})
        return
    print_text(f"= {line.code}  {line.type}: every {plural(line.months, 'month')}, {_gates(line)}.")


@command("end", "kitloan regime end PAT --type 'MTa STEM kit'", group=regime)
@click.argument("code")
@click.option("--type", "type_", required=True, metavar="TYPE", help="The kit type it is for.")
@pass_app
def end(app: App, code: str, type_: str) -> None:
    """End a regime for a kit type. Results stay on record; what failed must still pass."""
    with app.open() as opened:
        opened.inspections.end_regime(code, type_)
    if app.json:
        print_json({"ended": {"code": code, "type": type_}})
        return
    print_text(f"= ENDED  {code} for {type_}")


@command("list", "kitloan regime list", group=regime)
@pass_app
def list_regimes(app: App) -> None:
    """Every regime, with its kit type and interval."""
    with app.open() as opened:
        lines = opened.inspections.regimes()
    if app.json:
        print_json({"items": as_json(lines), "total": len(lines), "next": None})
        return
    if not lines:
        print_text(
            "Nothing has to be inspected. Set it: kitloan regime set CODE --type TYPE --months N"
        )
    print_text(
        columns(
            [[each.code, each.type, plural(each.months, "month"), _gates(each)] for each in lines]
        )
    )


def _gates(line: RegimeLine) -> str:
    return "not lent when overdue" if line.gate else "a warning when overdue"


@command("inspect", "kitloan inspect AC0001 --regime PAT --result pass")
@click.argument("tag")
@click.option("--regime", "code", required=True, metavar="CODE", help="Which inspection it was.")
@click.option("--result", type=click.Choice(("pass", "fail")), required=True, help="What it found.")
@ON
@click.option("--note", metavar="TEXT", help="A remark, kept apart, for example who did it.")
@pass_app
def inspect(app: App, tag: str, code: str, result: str, on: str | None, note: str | None) -> None:
    """Put on record that a holding passed an inspection, or failed it.

    What fails is out of use until it passes, whatever the regime; it may be on loan.
    """
    with app.open() as opened:
        done = opened.inspections.record(
            tag, code, cast("Result", result), on=day_given(opened, on), note=note
        )
        now = opened.find.holding(done.tag)
    if app.json:
        print_json(as_json(done) | {"status": now.status})
        return
    if done.result == "fail":
        print_text(f"- FAILED  {done.type} {grouped(done.tag)}: {done.regime}. It is not lent.")
        if now.loan:
            print_text(f"  It is with {now.loan.to}: ask for it back now.")
        print_text(
            f"  When it passes: kitloan inspect {done.tag} --regime {done.regime!r} --result pass"
        )
        return
    until = f", valid until {uk(done.valid_until)}" if done.valid_until else ""
    print_text(f"= PASSED  {done.type} {grouped(done.tag)}: {done.regime}{until}")
    if now.status == "out_of_use":
        print_text("  It is still out of use: see kitloan show " + done.tag)


@command("inspections", "kitloan inspections --due-by 31/12/2026")
@click.option("--due-by", metavar="DATE", help="Only what is due by this day.")
@AFTER
@LIMIT
@pass_app
def inspections(app: App, due_by: str | None, after: str | None, limit: int) -> None:
    """List what has to be inspected, the earliest due first."""
    with app.open() as opened:
        day = parse_day(due_by, opened.session.today, ahead=True) if due_by else None
        page = opened.inspections.list(day, after, limit)
        none = not page.items and not opened.inspections.regimes()
    if app.json:
        print_json(as_json(page))
        return
    if none:
        print_text(
            "Nothing has to be inspected. Set it: kitloan regime set CODE --type TYPE --months N"
        )
        return
    if not page.items:
        print_text(f"No inspection is due by {uk(day)}." if day else "There are no holdings of it.")
        return
    print_text(columns([_row(each) for each in page.items]))
    show_more(len(page.items), page.total, page.next)


def _row(each: InspectionLine) -> list[str]:
    if each.result == "fail":
        due = "- FAILED"
    elif each.due_on is None:
        due = "! never inspected"
    else:
        due = f"{'! overdue since' if each.overdue else '= until'} {uk(each.due_on)}"
    return [
        each.regime,
        due,
        grouped(each.tag),
        each.asset_number or "",
        each.type,
        each.location or "",
        "" if each.gate else "a warning",
    ]
