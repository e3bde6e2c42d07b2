"""`kitloan ledger export`, `import`, `verify` and `log`; `kitloan key`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.find import AFTER, LIMIT, show_more
from kitloan.cli.loans import can_ask
from kitloan.cli.output import Progress, columns, print_json, print_text, with_college
from kitloan.errors import BadInput, StoreError
from kitloan.exchange import FirstContact, ReceiptTaken
from kitloan.exchange.trust import read_fingerprint, read_fingerprints
from kitloan.queries.history import LogLine
from kitloan.storage.check_results import save_verification
from kitloan.text.dates import uk_instant
from kitloan.text.tags import bare, grouped
from kitloan.values import Page, as_json, plural

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.history.verify import NewVerification


@click.group("ledger", no_args_is_help=False, epilog="Example: kitloan ledger verify")
def ledger() -> None:
    """Export, import, verify and read ledgers."""


@command("export", "kitloan ledger export fife.kitloan --since-last", group=ledger)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--since-last", is_flag=True, help="Only the entries that ESP does not have yet.")
@pass_app
def export(app: App, file: Path, since_last: bool) -> None:
    """Write this college's ledger to a file for ESP.

    An older file is replaced. The file holds no borrower's contact, and names the technicians on
    record.
    """
    with app.open() as opened:
        done = opened.exchange.export(file, since_last=since_last)
    if app.json:
        print_json(as_json(done))
    else:
        print_text(f"{plural(done.entries, 'entry', 'entries')} of {done.ledger} in {done.file}.")


@command("import", "kitloan ledger import fife.kitloan ayrshire.kitloan", group=ledger)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--new-key", is_flag=True, help="Accept a new key for the ledger of these files.")
@click.option(
    "--replace",
    is_flag=True,
    help="Replace the college's earlier ledger with the one in this file, whole.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="FINGERPRINT",
    help="Confirm the key of a ledger's first file; or a text file with one key a line.",
)
@pass_app
def import_(
    app: App, files: tuple[Path, ...], new_key: bool, replace: bool, trust: tuple[str, ...]
) -> None:
    """Merge the ledgers in files from other stores.

    Files can come in any order; each is merged whole or not at all. In a college's store, take
    ESP's file: its receipt, and the kit types that all colleges share. The first file of a ledger
    is taken only when you confirm its key.
    """
    receipts: list[ReceiptTaken] = []
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
                opened.exchange.take_receipt(
                    file, new_key=new_key, replace=replace, trust=confirmed
                )
                for file in files
            ]
            merged, receipts = [done for done, _ in both], [taken for _, taken in both]
    if app.json:
        print_json({"files": as_json(merged)} | ({"heard": as_json(receipts)} if receipts else {}))
        return
    for each in merged:
        print_text(f"{each.file}: {each.ledger}, {each.added:,} new, {each.known:,} already here.")
    for taken in receipts:
        print_text(_receipt_lines(taken))


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
    """Ask about each key that is not confirmed yet; gives those that a person confirms."""
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


def _receipt_lines(taken: ReceiptTaken) -> str:
    holds = {
        None: "ESP holds nothing of this ledger yet.",
        0: "ESP holds another branch of this ledger; the next export sends all of it.",
    }
    lines = [
        holds.get(taken.esp_holds, f"ESP holds this ledger up to entry {taken.esp_holds or 0:,}.")
    ]
    if taken.goes_on_as:
        lines.append(
            f"ESP has a later branch of this ledger, so this one goes on as {taken.goes_on_as}."
        )
    if taken.kit_types:
        lines.append(f"Kit types taken from ESP: {', '.join(taken.kit_types)}.")
    if taken.arrived:
        tags = ", ".join(map(grouped, taken.arrived))
        lines.append(f"Arrived at the other college: {tags}.")
    return "\n".join(lines)


@command("key", "kitloan key")
@click.option("--new", is_flag=True, help="Make a new key, if this one may be in the wrong hands.")
@pass_app
def key(app: App, new: bool) -> None:
    """Show the fingerprint of the key that this store signs its files with.

    Others compare it when they import the first file. With --new the store signs with a new key
    from now on: ask ESP to accept it with `kitloan ledger import FILE --new-key`; ESP asks its
    colleges.
    """
    with app.open() as opened:
        own = opened.exchange.key(new=new)
    if app.json:
        print_json(as_json(own))
    else:
        print_text(f"{own.ledger}  {own.fingerprint}")


@command("aside", "kitloan ledger aside --drop 2", group=ledger)
@click.option("--drop", metavar="FILE-OR-NUMBER", help="Delete this file for good.")
@pass_app
def aside(app: App, drop: str | None) -> None:
    """List the refused files in quarantine.

    Each has the time when it came, and what is wrong with it.
    """
    with app.open() as opened:
        dropped = opened.exchange.drop(drop) if drop is not None else None
        kept = opened.exchange.refused()
    if app.json:
        page = {"items": with_college(as_json(kept), opened.session.college), "total": len(kept)}
        print_json(page | ({"dropped": as_json(dropped)} if dropped else {}))
    elif dropped:
        print_text(f"{dropped.file} was deleted from quarantine.")
    else:
        lines = [f"{n}  {uk_instant(each.at)}  {each.message}" for n, each in enumerate(kept, 1)]
        print_text("\n".join(lines) or "No file is in quarantine.")


@command("verify", "kitloan ledger verify --new", group=ledger)
@click.option("--new", "only_new", is_flag=True, help="Read only what came since the last check.")
@pass_app
def verify(app: App, only_new: bool) -> None:
    """Check every ledger, and the tables made from it.

    A ledger must be complete and unaltered, and the tables must agree with it. With --new, what an
    earlier check on this machine read is not read again, and the answer shows how much that is.
    """
    with app.open() as opened:
        session, progress = opened.session, Progress("Verifying entries")
        new = opened.ledger.verify_new(progress) if only_new else None
        verdict = new or opened.ledger.verify(progress, remember=True)
    codes = [each.code for each in verdict.findings]
    if codes or new is None or new.whole:  # what read everything, or found something
        save_verification(session.store.name, session.clock(), codes)
    if app.json:
        print_json(as_json(verdict))
    else:
        for each in verdict.ledgers:
            count = plural(each.entries, "entry", "entries")
            print_text(f"{each.ledger}: {count}, head {each.head[:16]}")
        for finding in verdict.findings:
            print_text(f"! {finding.ledger} {finding.message}")
        print_text("No problems found." if verdict.ok else "Problems found: see above.")
        if new is not None:
            print_text(_how_much(new))
    app.exit_code = 0 if verdict.ok else StoreError.exit_code


def _how_much(new: "NewVerification") -> str:
    """What a check of what is new read, and what not."""
    if new.whole or new.not_read.since is None:
        more = f" And {len(new.whole) - 1} more." if len(new.whole) > 1 else ""
        return (
            f"Everything was read: {new.whole[0]}.{more}" if new.whole else "Everything was read."
        )
    entries = plural(new.not_read.entries, "entry", "entries")
    return (
        f"Read: {plural(new.new, 'new entry', 'new entries')}, and the rows that they change.\n"
        f"Not read: {entries} checked on {uk_instant(new.not_read.since)} or later, "
        f"{plural(new.not_read.rows, 'row')} of the register, people, and the file's own check.\n"
        "To read everything: kitloan ledger verify"
    )


@command("log", "kitloan ledger log AC0001", group=ledger)
@click.argument("tag", required=False)
@AFTER
@LIMIT
@pass_app
def log(app: App, tag: str | None, after: str | None, limit: int) -> None:
    """List the entries of this college's ledger.

    They come in pages, oldest first. With TAG, only the entries about one holding.
    """
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
    """The entries about a holding, also about one that was undone."""
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
