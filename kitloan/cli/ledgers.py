"""`kitloan ledger export`, `import`, `verify` and `log`; `kitloan key`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.find import AFTER, LIMIT, show_more
from kitloan.cli.loans import can_ask
from kitloan.cli.output import Progress, columns, print_json, print_text
from kitloan.errors import BadInput, StoreError
from kitloan.exchange import FirstContact, Heard
from kitloan.exchange.trust import read_fingerprint, read_fingerprints
from kitloan.queries.history import LogLine
from kitloan.text.dates import uk_instant
from kitloan.text.tags import bare, grouped
from kitloan.values import Page, as_json, plural

if TYPE_CHECKING:
    from kitloan.college import College


@click.group("ledger", no_args_is_help=False, epilog="Example: kitloan ledger verify")
def ledger() -> None:
    """Export, import, verify and read ledgers."""


@command("export", "kitloan ledger export fife.kitloan --since-last", group=ledger)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--since-last", is_flag=True, help="Only what came since the last export.")
@pass_app
def export(app: App, file: Path, since_last: bool) -> None:
    """Write this college's ledger to a file for ESP; an older one is replaced.

    It holds nobody's name.
    """
    with app.open() as opened:
        done = opened.exchange.export(file, since_last=since_last)
    if app.json:
        print_json(as_json(done))
    else:
        print_text(f"{plural(done.entries, 'entry', 'entries')} of {done.ledger} in {done.file}.")


@command("import", "kitloan ledger import fife.kitloan ayrshire.kitloan", group=ledger)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--new-key", is_flag=True, help="Take a key that this ledger's files were not signed with yet."
)
@click.option(
    "--replace",
    is_flag=True,
    help="Take this one file's ledger, whole, in place of another that was sent of its college.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="FINGERPRINT",
    help="The key of a ledger's first file, as `kitloan key` shows it there; or a file of them.",
)
@pass_app
def import_(
    app: App, files: tuple[Path, ...], new_key: bool, replace: bool, trust: tuple[str, ...]
) -> None:
    """Merge ledgers from colleges, in whatever order they come; each whole or not at all.

    In a college's store, take ESP's file: its receipt, and the kit types that all share. The first
    file of a ledger is taken only when you confirm its key.
    """
    heard: list[Heard] = []
    confirmed = [line for given in trust for line in _fingerprints(given)]
    with app.open() as opened:
        if can_ask(app):
            confirmed += _ask_about_keys(opened.exchange.first_contacts(files), confirmed)
        if opened.session.is_national:
            merged = opened.exchange.merge(
                files,
                Progress("Merging entries"),
                new_key=new_key,
                replace=replace,
                trust=confirmed,
            )
        else:
            both = [
                opened.exchange.hear(file, new_key=new_key, replace=replace, trust=confirmed)
                for file in files
            ]
            merged, heard = [done for done, _ in both], [told for _, told in both]
    if app.json:
        print_json({"files": as_json(merged)} | ({"heard": as_json(heard)} if heard else {}))
        return
    for each in merged:
        print_text(f"{each.file}: {each.ledger}, {each.added:,} new, {each.known:,} known.")
    for told in heard:
        print_text(_heard(told))


def _fingerprints(given: str) -> list[str]:
    """The fingerprints that an option names: one, or those of a file."""
    try:
        read_fingerprint(given)
    except BadInput:
        if not Path(given).is_file():
            raise
        return read_fingerprints(Path(given))
    return [given]


def _ask_about_keys(contacts: list[FirstContact], confirmed: list[str]) -> list[str]:
    """Ask about each key that was not confirmed yet; gives those that a person confirms."""
    found = []
    for each in contacts:
        if any(read_fingerprint(one).covers(each.ledger, each.fingerprint) for one in confirmed):
            continue
        print_text(
            f"{each.file} is the first file of {each.ledger} here. It is signed with the key"
        )
        print_text(f"  {each.fingerprint}")
        if not each.listed:
            print_text(f"{each.ledger} is not in the list of colleges.")
        print_text("Compare it by telephone with what `kitloan key` shows there.")
        if click.confirm("Is it the same?", default=False):
            found.append(f"{each.ledger} {each.fingerprint}")
    return found


def _heard(told: Heard) -> str:
    holds = {
        None: "ESP holds nothing of this ledger yet.",
        0: "ESP holds another branch of this ledger; the next export sends all of it.",
    }
    lines = [
        holds.get(told.esp_holds, f"ESP holds this ledger up to entry {told.esp_holds or 0:,}.")
    ]
    if told.goes_on_as:
        lines.append(
            f"There it counts before this one, which therefore goes on as {told.goes_on_as}."
        )
    if told.kit_types:
        lines.append(f"Defined as ESP does: {', '.join(told.kit_types)}.")
    if told.arrived:
        lines.append(f"Arrived: {', '.join(grouped(tag) for tag in told.arrived)}.")
    return "\n".join(lines)


@command("key", "kitloan key")
@click.option("--new", is_flag=True, help="Make another key: this one may be in the wrong hands.")
@pass_app
def key(app: App, new: bool) -> None:
    """Show the fingerprint of the key that this store signs its files with.

    Others compare it when the first file comes. With --new the store signs with another key from
    now on; tell ESP, or ESP its colleges, to take it with --new-key.
    """
    with app.open() as opened:
        own = opened.exchange.key(new=new)
    if app.json:
        print_json(as_json(own))
    else:
        print_text(f"{own.ledger}  {own.fingerprint}")


@command("aside", "kitloan ledger aside --drop 2", group=ledger)
@click.option("--drop", metavar="FILE-OR-NUMBER", help="Take this one away for good.")
@pass_app
def aside(app: App, drop: str | None) -> None:
    """Files that were refused and are kept, with who sent them and why they do not fit."""
    with app.open() as opened:
        dropped = opened.exchange.drop(drop) if drop is not None else None
        kept = opened.exchange.refused()
    if app.json:
        told = {"items": as_json(kept), "total": len(kept)}
        print_json(told | ({"dropped": as_json(dropped)} if dropped else {}))
    elif dropped:
        print_text(f"{dropped.file} is kept no longer.")
    else:
        lines = [f"{n}  {uk_instant(each.at)}  {each.message}" for n, each in enumerate(kept, 1)]
        print_text("\n".join(lines) or "None.")


@command("verify", "kitloan ledger verify", group=ledger)
@pass_app
def verify(app: App) -> None:
    """Check that history holds together, and that the tables say what it says."""
    with app.open() as opened:
        verdict = opened.ledger.verify(Progress("Verifying entries"))
    if app.json:
        print_json(as_json(verdict))
    else:
        for each in verdict.ledgers:
            count = plural(each.entries, "entry", "entries")
            print_text(f"{each.ledger}: {count}, head {each.head[:16]}")
        for finding in verdict.findings:
            print_text(f"! {finding.ledger} {finding.message}")
        print_text("All is well." if verdict.ok else "Something does not fit: see above.")
    app.exit_code = 0 if verdict.ok else StoreError.exit_code


@command("log", "kitloan ledger log AC0001", group=ledger)
@click.argument("tag", required=False)
@AFTER
@LIMIT
@pass_app
def log(app: App, tag: str | None, after: str | None, limit: int) -> None:
    """What this college's ledger holds, oldest first, in pages; of one holding when named."""
    with app.open() as opened:
        page = (
            opened.ledger.log_page(after=after, limit=limit)
            if tag is None
            else _of_tag(opened, tag, after, limit)
        )
    if app.json:
        print_json(as_json(page))
        return
    lines = [
        [str(i.seq), uk_instant(i.at), i.by, i.kind, i.tag or "", i.summary] for i in page.items
    ]
    print_text(columns(lines))
    show_more(len(page.items), page.total, page.next)


def _of_tag(opened: "College", text: str, after: str | None, limit: int) -> Page[LogLine]:
    """What is on record about a holding, also of one whose taking in was undone."""
    try:
        held = opened.find.holding(text)
    except BadInput as unknown:
        if unknown.code != "unknown_tag":
            raise
        gone = opened.ledger.log_page(bare(text), after, limit)
        if not gone.total:
            raise
        return gone
    return opened.ledger.log_page(held.tag, after, limit, held.college)
