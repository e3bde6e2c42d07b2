"""`kitloan import`, `kitloan types` and `kitloan add`: what a college holds, coming in."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress, columns, print_json, print_text
from kitloan.errors import BadInput
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.holdings import Gift
    from kitloan.taking_in import TakenIn

_SHOWN_PROBLEMS = 50


@command("import", "kitloan import register.xlsx --dry-run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@click.option(
    "--map",
    "map_path",
    type=click.Path(path_type=Path),
    metavar="MAP.toml",
    help="Which column means what, where the headers do not say.",
)
@click.option("--skip-problems", is_flag=True, help="Take the good rows although others are wrong.")
@pass_app
def import_(
    app: App, file: Path, dry_run: bool, map_path: Path | None, skip_problems: bool
) -> None:
    """Take in a register from a spreadsheet (CSV or XLSX).

    Says which column it took for what, and every problem with its sheet, row and column. An error
    is a row it cannot take, a warning a value it leaves out. With errors nothing is changed,
    unless --skip-problems is given. Reading the same file again adds nothing.
    """
    with app.open() as opened:
        taken = opened.registers.take_in(
            file,
            map_path=map_path,
            dry_run=dry_run,
            skip_problems=skip_problems,
            progress=Progress("Reading rows"),
        )
    refusal = _refusal(file, taken) if taken.refused else None
    if app.json:
        print_json(taken.as_json() | (refusal.as_json() if refusal else {}))
        app.exit_code = refusal.exit_code if refusal else 0
        return
    print_text(_told(taken, dry_run))
    if refusal:
        raise refusal


def _refusal(file: Path, taken: "TakenIn") -> BadInput:
    errors = len({(p.sheet, p.row) for p in taken.problems if p.severity == "error"})
    return BadInput(
        "rows_in_error",
        f"{plural(errors, 'row')} of {file.name} cannot be taken; nothing was changed.",
        "Mend the file, or take the other rows with --skip-problems.",
        errors=errors,
    )


def _told(taken: "TakenIn", dry_run: bool) -> str:
    lines = ["Columns:"]
    lines += [f"  {header} -> {field.replace('_', ' ')}" for header, field in taken.columns.items()]
    lines += [f"  {header} -> kept as a note" for header in taken.kept]
    if taken.problems:
        lines.append("Problems:")
        lines.append(
            columns(
                [
                    [
                        f"  {p.severity}",
                        f"{p.sheet} row {p.row}" if p.row else p.sheet,
                        p.column,
                        repr(p.value) if p.value else "",
                        p.problem,
                    ]
                    for p in taken.problems[:_SHOWN_PROBLEMS]
                ]
            )
        )
        if len(taken.problems) > _SHOWN_PROBLEMS:
            lines.append(f"  and {len(taken.problems) - _SHOWN_PROBLEMS:,} more: see --json")
    if not taken.refused:
        would = "would be " if dry_run else ""
        lines.append(
            f"{plural(taken.rows, 'row')}: {taken.added:,} {would}taken in, {taken.skipped:,} "
            f"skipped (known already, or in error); {taken.loans:,} on loan."
        )
    return "\n".join(lines)


@click.group("types", no_args_is_help=False, epilog="Example: kitloan types import contents.csv")
def types() -> None:
    """Kit types and their contents."""


@command("import", "kitloan types import contents.csv", group=types)
@click.argument("file", type=click.Path(path_type=Path))
@pass_app
def types_import(app: App, file: Path) -> None:
    """Read kit types with their contents (CSV or XLSX).

    One line a component, under the headers: kit type, bag, component, quantity, critical. A type
    that is known has these contents from now on.
    """
    from kitloan.types_file import read_types

    read = read_types(file)
    with app.open() as opened:
        opened.holdings.define_types(read)
    if app.json:
        items = [{"type": each.name, "components": len(each.contents)} for each in read]
        print_json({"items": items, "total": len(items)})
        return
    for each in read:
        print_text(f"{each.name}: {plural(len(each.contents), 'component')}.")


@command("add", "kitloan add --type 'MTa STEM kit' --donor RAF")
@click.option("--type", "type_", required=True, metavar="TYPE", help="What kind of thing it is.")
@click.option("--quantity", type=int, default=1, help="How many, for loose stock under one tag.")
@click.option("--tag", help="The tag of a label printed before; minted when not given.")
@click.option("--asset-number", help="The college's own number for it.")
@click.option("--serial", help="The maker's serial number.")
@click.option("--location", help="Where it is kept.")
@click.option("--received", metavar="DATE", help="When the college got it.")
@click.option("--donor", help="Who gave it.")
@click.option("--funding-source", help="Who paid for it, where that is another.")
@click.option(
    "--title",
    type=click.Choice(["owned", "on_loan_from_donor", "held_for_esp", "unknown"]),
    default="unknown",
    help="Whose it is.",
)
@click.option("--document", help="The paper that says so.")
@click.option("--gift", metavar="ID", help="Which of ESP's gifts it is of.")
@click.option("--acknowledgement", help="What its label must say of the donor.")
@click.option("--value", metavar="POUNDS", help="What one is worth, like 349.99.")
@click.option("--value-basis", help="How that was found.")
@click.option("--valued", metavar="DATE", help="When that was found.")
@pass_app
def add(app: App, /, type_: str, quantity: int, **given: str | None) -> None:
    """Take in one holding, under a tag of its own."""
    from kitloan.holdings import NewHolding

    with app.open() as opened:
        made = opened.holdings.add(
            NewHolding(
                type=type_,
                quantity=quantity,
                tag=given["tag"],
                asset_number=given["asset_number"],
                serial=given["serial"],
                location=given["location"],
                received_on=_date(given["received"]),
                gift=_gift(given),
            )
        )
    if app.json:
        print_json(as_json(made))
    else:
        from kitloan.text.tags import grouped

        what = f"{made.quantity:,} of {made.type}" if made.quantity > 1 else made.type
        print_text(f"{what} taken in as {grouped(made.tag)}.")


def _gift(given: dict[str, str | None]) -> "Gift":
    from kitloan.holdings import Gift

    return Gift(
        donor=given["donor"],
        funding_source=given["funding_source"],
        title=given["title"] or "unknown",  # type: ignore[arg-type]  # click lets no other through
        document=given["document"],
        gift=given["gift"],
        acknowledgement=given["acknowledgement"],
        value_pence=_pence(given["value"]),
        value_basis=given["value_basis"],
        valued_on=_date(given["valued"]),
    )


def _date(text: str | None) -> date | None:
    from kitloan.text.dates import parse_date

    return parse_date(text) if text else None


def _pence(text: str | None) -> int | None:
    from kitloan.spreadsheets.values import Fault, pence

    if text is None:
        return None
    found = pence(text)
    if isinstance(found, Fault):
        raise BadInput("bad_value", f"{text!r} {found.problem}.", value=text)
    return found
