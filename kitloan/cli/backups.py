"""`kitloan backup` and `kitloan restore`."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import Progress, at_terminal, columns, print_json, print_text
from kitloan.errors import Refused
from kitloan.text.dates import uk_instant
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.backups.restoring import Loss
    from kitloan.history.verify import LedgerState

_WORD = "RESTORE"


@command("backup", "kitloan backup /media/usb/fife-2026-11-23.sqlite")
@click.argument("file", type=click.Path(path_type=Path))
@pass_app
def backup(app: App, file: Path) -> None:
    """Copy the store to FILE, and check the copy.

    Others may go on working. FILE must be new. It holds people's names: keep it as safe as the
    store.
    """
    start = time.monotonic()
    with app.open() as opened:
        done = opened.backups.make(file, Progress("Checking entries"))
    if app.json:
        print_json(as_json(done))
        return
    took = time.monotonic() - start
    print_text(f"Backed up: {done.file}, {_size(done.bytes)}, copied and checked in {took:.1f} s.")
    _print_ledgers(done.ledgers)


@command("restore", "kitloan restore /media/usb/fife-2026-11-23.sqlite")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Restore without asking.")
@pass_app
def restore(app: App, file: Path, yes: bool) -> None:
    """Replace the store with the backup FILE, after showing what would be lost.

    FILE is checked first, and never changed. The previous store is kept next to the new one. The
    ledger goes on in a new epoch, so that ESP sees where it was resumed.
    """
    from kitloan.backups.restoring import RestoreRequest, restoring
    from kitloan.college import check_actor
    from kitloan.storage.places import default_place

    request = RestoreRequest(file, app.place or default_place(), check_actor(app.actor))
    with restoring(request, Progress("Checking entries")) as found:
        if not app.json:
            print_text(f"{file} is sound:")
            _print_ledgers(found.proof.ledgers)
            _print_loss(found.loss)
        if found.loss.present != "absent" and not yes and _somebody_is_there(app):
            _ask()
        done = found.carry_out()
    if app.json:
        print_json(as_json(done))
        return
    print_text(f"Restored: {done.store} is now {file}. Its ledger goes on as {done.ledger}.")
    if done.kept:
        print_text(f"The previous store is kept as {done.kept}.")
    print_text("Anyone erased since the backup was made is on file again: erase them again.")


def _somebody_is_there(app: App) -> bool:
    """Whether to ask. A script is not asked: the previous store is kept in any case."""
    return not app.json and at_terminal(sys.stdin) and at_terminal(sys.stdout)


def _ask() -> None:
    """Refuse unless a person types the word."""
    if click.prompt(f"Type {_WORD} to go on", default="", show_default=False).strip() != _WORD:
        raise Refused(
            "not_confirmed",
            "The restore was not confirmed. Nothing was changed.",
            f"To restore, run it again and type {_WORD}.",
        )


def _would_lose(loss: "Loss") -> str:
    if loss.present == "damaged":
        return "replaces a store that cannot be read, so what would be lost is not known"
    if not loss.ledgers:
        return "would lose no entry"
    return f"would lose {plural(loss.entries, 'entry', 'entries')}"


def _print_ledgers(ledgers: "tuple[LedgerState, ...]") -> None:
    for each in ledgers:
        count = plural(each.entries, "entry", "entries")
        print_text(f"  {each.ledger}: {count}, head {each.head[:16]}")


def _print_loss(loss: "Loss") -> None:
    if loss.present == "absent":
        return
    print_text(f"Restoring it {_would_lose(loss)}.")
    if loss.present == "damaged":
        print_text(f"  {loss.trouble}")
    for each in loss.ledgers:
        count = plural(each.entries, "entry", "entries")
        print_text(f"  {each.ledger}: {count} since {uk_instant(each.since)}")
    if loss.last:
        print_text("The last of them:")
        print_text(
            columns([["", uk_instant(i.at), i.by, i.tag or "", i.summary] for i in loss.last])
        )
    if loss.present == "whole":
        print_text("People and notes added since the backup was made are lost too.")


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"
