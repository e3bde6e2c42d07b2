"""`kitloan import`, `kitloan types` and `kitloan add`: what a college holds, coming in."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.cli import mapping, not_taken
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.loans import NEW, take_near
from kitloan.cli.output import Progress, columns, csv_text, print_json, print_text
from kitloan.errors import BadInput
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.holdings import Gift, TypeShown
    from kitloan.imports.mapfile import Map
    from kitloan.imports.register import TakenIn

_SHOWN_PROBLEMS = 50


@command("import", "kitloan import register.xlsx --dry-run")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would happen; change nothing.")
@click.option(
    "--map",
    "map_path",
    type=click.Path(path_type=Path),
    metavar="MAP.toml",
    help="What the columns, values and sheets are.",
)
@click.option(
    "--write-map",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[MAP.toml]",
    help="Write a map of the columns and the answers; beside the file where no name is given.",
)
@click.option("--accept-proposed", is_flag=True, help="Answer each question as it is proposed.")
@click.option("--skip-problems", is_flag=True, help="Take the good rows although others are wrong.")
@click.option("--update", is_flag=True, help="Take the differences of rows that are known already.")
@click.option("--undo", metavar="FILE|ID", help="Take a whole import back.")
@pass_app
def import_(
    app: App,
    file: Path | None,
    dry_run: bool,
    map_path: Path | None,
    write_map: str | None,
    accept_proposed: bool,
    skip_problems: bool,
    update: bool,
    undo: str | None,
) -> None:
    """Take in a register from a spreadsheet (CSV, XLSX, ODS or XLS).

    Lists which column was taken for what, and every problem with its sheet, row and column. An
    error
    is a row that cannot be taken, a warning a value that is left out. With errors nothing is
    changed,
    unless --skip-problems is given. What could change who has what, and is not certain, is asked:
    on
    a terminal here, else by a map (--map) or --accept-proposed. Reading the same file again adds
    nothing; what it has otherwise is listed, and taken with --update.
    """
    if undo is not None:
        _undo(app, undo)
        return
    if write_map and not write_map.endswith(".toml") and file is None:
        write_map, file = "", Path(write_map)
    if file is None:
        raise BadInput("usage", "Missing argument 'FILE'.", "See: kitloan import --help")
    progress = Progress("Reading rows")
    with app.open() as opened:

        def take(answers: "Map | None" = None, *, only_look: bool = dry_run) -> "TakenIn":
            return opened.registers.take_in(
                file,
                map_path=map_path,
                dry_run=only_look,
                skip_problems=skip_problems,
                update=update,
                accept_proposed=accept_proposed,
                answers=answers,
                progress=progress,
            )

        taken = take()
        if taken.questions and not app.json and mapping.can_ask():
            answers = mapping.ask(
                file, taken.register, lambda made: take(made, only_look=True).register
            )
            if answers is not None:
                taken = take(answers)
        written = mapping.write(file, taken.register, write_map) if write_map is not None else None
        bad_rows = not_taken.write(file, taken) if skip_problems and not dry_run else None
    refusal = _refusal(file, taken)
    extra = {"map_written": str(written)} if written else {}
    extra |= {"not_taken": str(bad_rows)} if bad_rows else {}
    if app.json:
        print_json(taken.as_json() | extra | (refusal.as_json() if refusal else {}))
        app.exit_code = refusal.exit_code if refusal else 0
        return
    print_text(_told(taken, dry_run))
    if written:
        print_text(f"The map is in {written}.")
    if bad_rows:
        print_text(f"The rows that were not taken are in {bad_rows}, each with the reason.")
    if refusal:
        raise refusal


def _undo(app: App, of: str) -> None:
    with app.open() as opened:
        undone = opened.registers.undo(of)
    if app.json:
        print_json(undone.as_json())
        return
    print_text(
        f"The import of {undone.file} was taken back: {plural(len(undone.tags), 'holding')}, "
        f"{plural(undone.entries, 'entry', 'entries')} reversed."
    )


def _refusal(file: Path, taken: "TakenIn") -> BadInput | None:
    if taken.questions:
        open_ = len(taken.questions)
        proposed = sum(question.proposed is not None for question in taken.questions)
        return BadInput(
            "unanswered",
            f"{file.name} leaves {plural(open_, 'question')} open; nothing was changed.",
            f"Answer {'it' if open_ == 1 else 'them'} in a map: kitloan import {file.name} "
            "--write-map, "
            "then check it and give it with --map."
            + (
                f" Or take what is proposed ({proposed} of {open_}): --accept-proposed."
                if proposed
                else ""
            ),
            questions=[question.id for question in taken.questions],
        )
    if not taken.refused:
        return None
    errors = len({(p.sheet, p.row) for p in taken.problems if p.severity == "error"})
    return BadInput(
        "rows_in_error",
        f"{plural(errors, 'row')} of {file.name} cannot be taken; nothing was changed.",
        "Correct the file, or take the other rows with --skip-problems.",
        errors=errors,
    )


def _told(taken: "TakenIn", dry_run: bool) -> str:
    lines = []
    if taken.register.known_format:
        lines.append(f"An export of {taken.register.known_format}.")
    if taken.register.map_used:
        lines.append(
            f"Read with the map {taken.register.map_used}, which was made for these columns."
        )
    lines.append("Columns:")
    lines += [f"  {header} -> {field.replace('_', ' ')}" for header, field in taken.columns.items()]
    lines += [f"  {header} -> kept as a note" for header in taken.kept]
    if len(taken.sheets) > 1:
        lines.append("Sheets:")
        lines += [
            f"  {each.sheet}: {'read' if each.taken else 'not read'}; it {each.why}"
            for each in taken.sheets
        ]
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
    if taken.questions:
        lines.append("Questions:")
        for question in taken.questions:
            lines += [f"  {line}" for line in question.lines()]
    if taken.changes:
        lines.append(
            "Differences from the register:" if not taken.updated else "Taken from the file:"
        )
        lines.append(
            columns(
                [
                    [
                        f"  {each.sheet} row {each.row}",
                        each.field.replace("_", " "),
                        f"{each.register or 'nothing'} -> {each.file or 'nothing'}",
                    ]
                    for each in taken.changes[:_SHOWN_PROBLEMS]
                ]
            )
        )
        if len(taken.changes) > _SHOWN_PROBLEMS:
            lines.append(f"  and {len(taken.changes) - _SHOWN_PROBLEMS:,} more: see --json")
        if not taken.updated:
            lines.append("  To take them: --update")
    if not taken.refused and not taken.questions:
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
    from kitloan.imports.contents import read_types

    read = read_types(file)
    with app.open() as opened:
        opened.holdings.define_types(read)
    if app.json:
        items = [
            {"type": each.name, "components": len(each.contents), "college": opened.session.college}
            for each in read
        ]
        print_json({"items": items, "total": len(items)})
        return
    for each in read:
        print_text(f"{each.name}: {plural(len(each.contents), 'component')}.")


@command("show", "kitloan types show 'MTa STEM kit'", group=types)
@click.argument("type_", metavar="TYPE")
@pass_app
def types_show(app: App, type_: str) -> None:
    """Print a kit type's contents list as it is now, in the form that `types import` reads."""
    with app.open() as opened:
        shown = opened.holdings.type(type_)
    if app.json:
        print_json(_type_as_json(shown))
        return
    if not shown.contents:
        print_text(
            f"{shown.type} has no contents list. Read one with: kitloan types import contents.csv"
        )
        return
    lines = [["kit type", "bag", "component", "quantity", "critical"]]
    lines += [
        [
            shown.type,
            each.bag or "",
            each.name,
            str(each.quantity),
            "yes" if each.critical else "no",
        ]
        for each in shown.contents
    ]
    print_text(csv_text(lines))


def _type_as_json(shown: "TypeShown") -> dict[str, object]:
    contents = [
        {
            "component": each.name,
            "quantity": each.quantity,
            "bag": each.bag,
            "critical": each.critical,
        }
        for each in shown.contents
    ]
    return {
        "type": shown.type,
        "also": list(shown.also),
        "holdings": shown.holdings,
        "contents": contents,
    }


@command("rename", "kitloan types rename 'Rvoer Kit' 'Rover Kit'", group=types)
@click.argument("name", metavar="A")
@click.argument("new", metavar="B")
@pass_app
def types_rename(app: App, name: str, new: str) -> None:
    """A is called B from now on. It keeps its holdings and history, and both names find it."""
    with app.open() as opened:
        shown = opened.holdings.type(opened.holdings.rename_type(name, new).name)
    if app.json:
        print_json(_type_as_json(shown))
        return
    print_text(f"RENAMED  {shown.type}, before: {name}. {plural(shown.holdings, 'holding')}.")


@command("merge", "kitloan types merge 'Rvoer Kit' 'Rover Kit'", group=types)
@click.argument("name", metavar="A")
@click.argument("into", metavar="B")
@pass_app
def types_merge(app: App, name: str, into: str) -> None:
    """A and B are one type: A becomes B, whose contents list counts. Both names find it."""
    with app.open() as opened:
        shown = opened.holdings.type(opened.holdings.merge_types(name, into).name)
    if app.json:
        print_json(_type_as_json(shown))
        return
    print_text(f"MERGED  {name} is now {shown.type}: {plural(shown.holdings, 'holding')} in all.")


@command("guide", "kitloan types guide 'MTa STEM kit' --time '90 minutes'", group=types)
@click.argument("type_", metavar="TYPE")
@click.option("--supplies", metavar="TEXT", help="What the school has to supply.")
@click.option("--time", metavar="TEXT", help="How long it takes.")
@click.option("--space", metavar="TEXT", help="How much room it needs.")
@click.option("--level", metavar="TEXT", help="For which learners it is.")
@click.option("--safety", metavar="TEXT", help="What to look out for.")
@click.option("--repacking", metavar="TEXT", help="How it is packed again.")
@pass_app
def types_guide(app: App, /, type_: str, **given: str | None) -> None:
    """Record what a school must know of a kit type, for its leaflet; without options, show it.

    What is not given stays. An empty text takes away what was recorded.
    """
    from kitloan.evidence.guides import TITLES, Guide

    with app.open() as opened:
        if all(text is None for text in given.values()):
            line = opened.guides.get(type_)
        else:
            line = opened.guides.write(type_, Guide(**given))
    recorded = as_json(line.guide)
    if app.json:
        print_json({"type": line.type, **recorded})
        return
    print_text(line.type)
    for key, title in TITLES.items():
        print_text(f"  {title}: {recorded[key] or 'not recorded'}")


@command("add", "kitloan add --type 'MTa STEM kit' --donor RAF")
@click.option("--type", "type_", required=True, metavar="TYPE", help="What kind of thing it is.")
@click.option("--quantity", type=int, default=1, help="How many, for loose stock under one tag.")
@click.option("--each", type=int, metavar="N", help="So many holdings, each with its own tag.")
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
@click.option("--document", help="The paper that records the gift.")
@click.option("--gift", metavar="ID", help="Which of ESP's gifts it is of.")
@click.option("--acknowledgement", help="The line about the donor that its label must show.")
@click.option("--value", metavar="POUNDS", help="What one is worth, like 349.99.")
@click.option("--value-basis", help="How that was found.")
@click.option("--valued", metavar="DATE", help="When that was found.")
@NEW
@pass_app
def add(
    app: App, /, type_: str, quantity: int, each: int | None, new: bool, **given: str | None
) -> None:
    """Take in one holding, or several that are alike, each under a tag of its own.

    With --each, the asset number is that of the first, and the others have those after it.
    """
    from kitloan.holdings import Added, NewHolding

    with app.open() as opened:
        wanted = NewHolding(
            type=type_,
            quantity=quantity,
            tag=given["tag"],
            asset_number=given["asset_number"],
            serial=given["serial"],
            location=given["location"],
            received_on=_date(given["received"]),
            gift=_gift(given),
        )

        def take_in(kind: str, new_too: bool) -> list[Added]:
            one = replace(wanted, type=kind)
            if each is not None:
                return opened.holdings.add_several(one, each, new_too=new_too)
            return [opened.holdings.add(one, new_too=new_too)]

        all_made = take_near(app, type_, take_in, new=new)
    if app.json:
        several = {"items": as_json(all_made), "total": len(all_made), "next": None}
        print_json(several if each is not None else as_json(all_made[0]))
        return
    from kitloan.text.tags import grouped

    for made in all_made:
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
    from kitloan.imports.values import Fault, pence

    if text is None:
        return None
    found = pence(text)
    if isinstance(found, Fault):
        raise BadInput("bad_value", f"{text!r} {found.problem}.", value=text)
    return found
