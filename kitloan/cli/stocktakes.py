"""`kitloan stocktake`: open a list, scan holdings, confirm loans, and show the outcome."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import (
    Progress,
    at_terminal,
    columns,
    print_json,
    print_problem,
    print_text,
    with_college,
)
from kitloan.errors import BadInput
from kitloan.text.dates import uk_instant
from kitloan.text.scans import describe_code, split
from kitloan.text.tags import grouped
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.stocktakes.outcome import Outcome, OutcomeLine, Result, StockCount
    from kitloan.stocktakes.scanning import PictureScans, RecordedScan

_SHOWN = 20
_WORDS = {
    "sighted": "seen",
    "sighted_elsewhere": "seen elsewhere",
    "on_loan_confirmed": "on loan, confirmed",
    "on_loan": "on loan, not confirmed",
    "not_sighted": "not seen",
    "unexpected": "not on the list",
    "not_held": "unknown: no holding here has this tag",
    "unknown": "unknown",
}
_SYMBOLS = {"sighted": "=", "sighted_elsewhere": "~"}
_LISTED: "tuple[Result, ...]" = (
    "not_sighted",
    "sighted_elsewhere",
    "on_loan",
    "unexpected",
    "unknown",
)

_stocktake_option = click.option(
    "--stocktake", "which", metavar="ID", help="Which one, if several are open or it is closed."
)


@click.group("stocktake", epilog="Example: kitloan stocktake open 'Autumn 2026'")
def stocktake() -> None:
    """Check which holdings are here, by scanning."""


@command("open", "kitloan stocktake open 'Autumn 2026' --place 'Store 2'", group=stocktake)
@click.argument("name")
@click.option("--place", help="Only holdings that are kept there.")
@click.option("--sample", type=int, metavar="N", help="Only N holdings, drawn at random.")
@click.option("--challenge", metavar="ID", help="ESP's challenge that it answers.")
@click.option("--code", help="The challenge's one-time code.")
@pass_app
def open_(
    app: App,
    name: str,
    place: str | None,
    sample: int | None,
    challenge: str | None,
    code: str | None,
) -> None:
    """Freeze the list of what should be found, and begin."""
    with app.open() as opened:
        made = opened.stocktakes.open(
            name, place=place, sample=sample, challenge=challenge, code=code
        )
    if app.json:
        print_json(as_json(made))
        return
    print_text(f"{made.name} is open as {made.id}: {plural(made.expected, 'holding')} to look for.")
    if made.late:
        print_text("! The challenge's last day has passed: the answer will be late.")
    if made.not_here:
        tags = ", ".join(map(grouped, made.not_here))
        print_text(f"! The challenge asks for these, and no holding here has them: {tags}")


@command("scan", "kitloan stocktake scan AC0001 AC0002 --place 'Store 2'", group=stocktake)
@click.argument("codes", nargs=-1, metavar="[CODE|FILE]...")
@click.option("--photo", is_flag=True, help="FILEs are pictures: each code in them was seen.")
@_stocktake_option
@click.option("--place", help="Where it was scanned.")
@click.option("--desk", help="Which desk scanned; your own name, if not given.")
@click.option(
    "--quantity", type=int, metavar="N", help="How many you counted of a stock of loose items."
)
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="Read the scans of a batch scanner or an offline desk from this file.",
)
@pass_app
def scan(
    app: App,
    codes: tuple[str, ...],
    which: str | None,
    place: str | None,
    desk: str | None,
    file: Path | None,
    photo: bool,
    quantity: int | None,
) -> None:
    """Record scans of any codes. CODES may also come through a pipe, one a line.

    A file has one code a line, or code,time,place, and a column headed quantity. It is recorded
    whole or not at all, and the same lines only once. With --photo, name pictures in place of
    codes: a shelf in one photo.
    """
    if file is not None and codes:
        raise BadInput(
            "codes_and_file",
            "Codes were given together with --file.",
            "Give codes or a file, not both.",
        )
    if quantity is not None and (file is not None or photo or len(codes) != 1):
        raise BadInput(
            "one_stock",
            "A quantity is what was counted of one stock.",
            "Give its code: kitloan stocktake scan CODE --quantity N. A file has a column for it.",
        )
    if photo and not codes:
        raise BadInput("nothing_scanned", "No picture was named.", "Name files: --photo FILE...")
    if file is None and not codes and at_terminal(sys.stdin):
        raise BadInput(
            "nothing_scanned",
            "No code was given.",
            "Give codes, pipe them in, or use --file FILE.",
        )
    with app.open() as opened:
        named = which or opened.stocktakes.current().id
        if file is not None:
            _read_file(app, opened, named, file, desk, place)
            return
        if photo:
            _read_photos(app, opened, named, [Path(code) for code in codes], desk, place)
            return
        scanned: list[RecordedScan] = []
        problems: list[BadInput] = []
        for code in chain.from_iterable(map(split, codes or _piped())):
            try:
                scanned.append(
                    opened.stocktakes.scan(named, code, place=place, desk=desk, quantity=quantity)
                )
            except BadInput as problem:
                if problem.code != "bad_text" or quantity is not None:
                    raise
                problems.append(problem)  # the scans after it still count
                app.exit_code = problem.exit_code
                if not app.json:
                    print_problem(problem)
                continue
            if not app.json:
                print_text(_scan_line(scanned[-1]))
    if app.json:
        errors = [each.as_json()["error"] for each in problems]
        print_json({"stocktake": named, "scans": as_json(scanned), "problems": errors})


def _piped() -> Iterator[str]:
    return (line for line in sys.stdin if line.strip())


def scan_photo(
    opened: "College",
    which: str,
    photo: Path,
    *,
    place: str | None = None,
    desk: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> "PictureScans":
    """Record each code of a holding in a picture as seen; at the desk too.

    Raises:
        BadInput: `no_such_file`, `not_a_picture`, ...; see `kitloan_labels.photos.read_codes`.
    """
    from kitloan_labels.photos import read_codes

    codes = read_codes(photo, progress)
    return opened.stocktakes.scan_picture(
        which, (*codes.tags, *codes.others), photo.read_bytes(), place=place, desk=desk
    )


def _read_photos(
    app: App,
    opened: "College",
    which: str,
    photos: Sequence[Path],
    desk: str | None,
    place: str | None,
) -> None:
    """Record the codes in pictures; after a file that is no picture the others are read too."""
    scanned: list[RecordedScan] = []
    problems: list[BadInput] = []
    left_out: list[dict[str, str]] = []
    for photo in photos:
        progress = Progress(f"Reading {photo.name}, page")
        try:
            found = scan_photo(opened, which, photo, place=place, desk=desk, progress=progress)
        except BadInput as problem:
            problems.append(problem)
            if not app.json:
                print_problem(problem)
            continue
        scanned += found.scans
        left_out += [{"file": str(photo), "code": code} for code in found.left_out]
        if app.json:
            continue
        print_text(f"{photo}: {plural(len(found.scans), 'code')}")
        for each in found.scans:
            print_text(f"  {_scan_line(each)}")
        for code in found.left_out:
            print_text(f"  left out: a code that is not kitloan's: {describe_code(code)}")
    if problems:
        app.exit_code = problems[0].exit_code
    elif not scanned:
        app.exit_code = 1
    if app.json:
        errors = [each.as_json()["error"] for each in problems]
        answer = {"stocktake": which, "scans": as_json(scanned), "problems": errors}
        print_json(answer | {"left_out": left_out})


def _read_file(
    app: App, opened: "College", which: str, file: Path, desk: str | None, place: str | None
) -> None:
    done = opened.stocktakes.read_scans(which, file, desk or opened.session.actor, place=place)
    if app.json:
        print_json(as_json(done))
        return
    known = f"; {done.known:,} were read before" if done.known else ""
    print_text(f"{plural(done.added, 'scan')} of {done.desk} recorded from {done.file}{known}.")


def _scan_line(each: "RecordedScan") -> str:
    shown = f"{each.type} {grouped(each.tag)}" if each.type and each.tag else each.code
    notes = [
        "" if each.quantity is None else f"{each.quantity:,} counted, {each.expected:,} expected",
        f"kept at {each.place}" if each.outcome == "sighted_elsewhere" else "",
        f"on loan to {each.on_loan_to}, but it is here" if each.on_loan_to else "",
        f"on record as {each.state.replace('_', ' ')}" if each.state not in (None, "held") else "",
        "scanned before" if each.repeat else "",
        "late: the stocktake is closed" if each.late else "",
    ]
    noted = "; ".join(note for note in notes if note)
    words = _WORDS[each.outcome].upper()
    return f"{_SYMBOLS.get(each.outcome, '?')} {words}  {shown}" + (f"  ({noted})" if noted else "")


@command("join", "kitloan stocktake join 'Laptop 2'", group=stocktake)
@click.argument("desk")
@_stocktake_option
@pass_app
def join(app: App, desk: str, which: str | None) -> None:
    """Let DESK scan without the store.

    The stocktake waits for its scans until they are handed in.
    """
    with app.open() as opened:
        named = which or opened.stocktakes.current().id
        opened.stocktakes.join(named, desk)
        _print_desks(app, opened.stocktakes.outcome(named))


@command("hand-in", "kitloan stocktake hand-in 'Laptop 2'", group=stocktake)
@click.argument("desk")
@_stocktake_option
@pass_app
def hand_in(app: App, desk: str, which: str | None) -> None:
    """Record that all scans of DESK have been read."""
    with app.open() as opened:
        named = which or opened.stocktakes.current().id
        opened.stocktakes.hand_in(named, desk)
        _print_desks(app, opened.stocktakes.outcome(named))


def _print_desks(app: App, found: "Outcome") -> None:
    if app.json:
        print_json({"stocktake": found.stocktake.id, "waiting": list(found.waiting)})
    else:
        waits = (
            f"is waiting for {', '.join(found.waiting)}"
            if found.waiting
            else "is not waiting for a desk"
        )
        print_text(f"{found.stocktake.name} {waits}.")


@command("confirm", "kitloan stocktake confirm AC0001", group=stocktake)
@click.argument("tag")
@_stocktake_option
@pass_app
def confirm(app: App, tag: str, which: str | None) -> None:
    """Record that the borrower confirmed they have it."""
    with app.open() as opened:
        named = which or opened.stocktakes.current().id
        done = opened.stocktakes.confirm(named, tag)
    if app.json:
        print_json(as_json(done))
    else:
        print_text(f"> {done.to} confirmed that they have {done.type} {grouped(done.tag)}.")


@command("show", "kitloan stocktake show --not-sighted", group=stocktake)
@click.argument("which", metavar="[ID]", required=False)
@click.option(
    "--not-sighted", is_flag=True, help="Only the holdings that were not seen, all of them."
)
@pass_app
def show(app: App, which: str | None, not_sighted: bool) -> None:
    """Show the outcome of a stocktake so far.

    Without ID it is the open stocktake, or the newest.
    """
    with app.open() as opened:
        named = which or _newest(opened)
        found = opened.stocktakes.outcome(named)
        wanted: tuple[Result, ...] = ("not_sighted",) if not_sighted else _LISTED
        lists = {result: list(_lines(opened, named, result)) for result in wanted}
    if app.json:
        print_json(as_json(found) | {"lists": as_json(lists)})
        return
    if not not_sighted:
        _print_outcome(found)
    for result, lines in lists.items():
        _print_lines(result, lines, all_of_them=not_sighted)


def _newest(opened: "College") -> str:
    every = opened.stocktakes.list()
    if every and not any(each.closed_at is None for each in every):
        return every[0].id
    return opened.stocktakes.current().id


def _lines(opened: "College", which: str, result: "Result") -> "Iterator[OutcomeLine]":
    after = None
    while True:
        page = opened.stocktakes.lines(which, result, after)
        yield from page.items
        after = page.next
        if after is None:
            return


def _print_outcome(found: "Outcome") -> None:
    which = found.stocktake
    print_text(f"{which.id}  {which.name}" + (f", {which.place}" if which.place else ""))
    print_text(f"  Opened by {which.opened_by}, {uk_instant(which.opened_at)}")
    if which.closed_at:
        print_text(f"  Closed by {which.closed_by}, {uk_instant(which.closed_at)}")
    counts = as_json(found.counts)
    rows = [["  Expected", f"{found.expected:,}"]]
    rows += [[f"    {_WORDS[name]}", f"{many:,}"] for name, many in list(counts.items())[:5]]
    rows += [[f"  {_WORDS[name].capitalize()}", f"{counts[name]:,}"] for name in list(counts)[5:]]
    print_text(columns(rows))
    late = f", {found.late:,} after closing" if found.late else ""
    print_text(f"  {plural(found.scans, 'scan')}, {found.repeats:,} of them repeats{late}.")
    for each in found.stock:
        print_text(_stock_line(each))
    if found.on_loan_here:
        many = plural(found.on_loan_here, "holding")
        print_text(f"! {many} on loan by the register, but here. Take them back: kitloan checkin")
    if found.waiting:
        print_text(f"? Waiting for the scans of: {', '.join(found.waiting)}")


def _stock_line(each: "StockCount") -> str:
    """What was counted of a stock, and what to do where it differs."""
    shown = f"{each.type} {grouped(each.tag)}: {each.counted:,} counted"
    if len(each.counts) > 1:
        where = (f"{one.quantity:,} {one.place or one.desk}" for one in each.counts)
        shown += f" ({', '.join(where)})"
    if not each.difference:
        return f"= {shown}, as expected."
    many = abs(each.difference)
    shown += f", {each.expected:,} expected: {many:,} {'more' if each.difference > 0 else 'fewer'}."
    if each.held < 1:
        return f"! {shown} Record it: kitloan missing {each.tag}"
    return f"! {shown} Correct the register: kitloan amend {each.tag} --quantity {each.held}"


def _print_lines(result: str, lines: "list[OutcomeLine]", *, all_of_them: bool) -> None:
    if not lines and not all_of_them:
        return
    print_text(f"\n{_WORDS[result].capitalize()}: {len(lines):,}")
    shown = lines if all_of_them else lines[:_SHOWN]
    print_text(columns(list(_rows(shown))))
    if len(lines) > len(shown):
        print_text(f"  and {len(lines) - len(shown):,} more: see --json")


def _rows(lines: "Iterable[OutcomeLine]") -> Iterator[list[str]]:
    for each in lines:
        yield [
            f"  {grouped(each.tag) if each.tag else each.code}",
            each.asset_number or "",
            each.type or "",
            f"kept at {each.place}" if each.place else "",
            f"scanned at {each.seen_in}" if each.seen_in else "",
            f"with {each.to}" if each.to else "",
            each.state.replace("_", " ") if each.state not in (None, "held") else "",
            "late" if each.late else "",
            f"last seen {uk_instant(each.last_sighted)}" if each.last_sighted else "",
        ]


@command("list", "kitloan stocktake list", group=stocktake)
@pass_app
def list_(app: App) -> None:
    """List every stocktake, the newest first."""
    with app.open() as opened:
        every = opened.stocktakes.list()
    if app.json:
        print_json(
            {"items": with_college(as_json(every), opened.session.college), "total": len(every)}
        )
        return
    if not every:
        print_text("There are no stocktakes. Open one: kitloan stocktake open NAME")
    print_text(
        columns(
            [
                [
                    each.id,
                    "closed" if each.closed_at else "open",
                    uk_instant(each.opened_at),
                    each.opened_by,
                    each.name,
                    each.place or "",
                    f"sample of {each.sample:,}" if each.sample else "",
                    f"challenge {each.challenge}" if each.challenge else "",
                ]
                for each in every
            ]
        )
    )


@command("close", "kitloan stocktake close", group=stocktake)
@_stocktake_option
@click.option("--without", multiple=True, metavar="DESK", help="Do not wait for this desk.")
@pass_app
def close(app: App, which: str | None, without: tuple[str, ...]) -> None:
    """Close a stocktake. It changes no holding; later scans still count."""
    with app.open() as opened:
        named = which or opened.stocktakes.current().id
        found = opened.stocktakes.close(named, without=without)
    if app.json:
        print_json(as_json(found))
    else:
        _print_outcome(found)
