"""`kitloan doctor`: one page about this machine and its store, for the person who supports it.

It changes nothing, upgrades nothing and opens no network connection but the store's own. Each line
is `good`, `doubtful` or `bad`, with what to do. The page names no person: a home folder is `~`, and
a login's name is left out of every path and URL.
"""

import getpass
import os
import platform
import re
import shutil
import sqlite3
import stat
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from kitloan.__version__ import __version__
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import at_terminal, print_json, print_text
from kitloan.errors import EXTRAS, KitloanError, StoreError, is_installed, not_installed
from kitloan.reference import colleges
from kitloan.storage.check_results import (
    CheckResult,
    last_scanner_check,
    last_verification,
    results_file,
)
from kitloan.storage.faults import RESTORE_NEWEST
from kitloan.storage.files import insist_on_file
from kitloan.storage.integrity import insist_on_rules
from kitloan.storage.locks import lock_problem
from kitloan.storage.places import as_path, as_url, default_place, is_url
from kitloan.storage.side_files import copies_of
from kitloan.storage.store import Store, open_store
from kitloan.storage.user_files import desk_log, read_settings, settings_file, settings_source
from kitloan.text.dates import in_scotland, instant, moment, system_clock, uk, uk_instant
from kitloan.values import plural

GOOD, DOUBTFUL, BAD = "good", "doubtful", "bad"
_SIGNS = {GOOD: "=", DOUBTFUL: "?", BAD: "!"}

_LITTLE, _TOO_LITTLE = 500_000_000, 50_000_000
"""Bytes free on the store's disk below which it is doubtful, or bad; or four and two stores."""

_OLD_COPY = timedelta(days=14)
_OLD_CHECK = timedelta(days=90)
_SLOW_ANSWER = timedelta(days=31)
_RECENT_FAULT = timedelta(days=7)
_LARGEST_CHECKED = 200_000_000
"""Bytes. A larger store takes seconds to check, in which nobody could write to it."""

_NOBODYS = ("admin", "administrator", "guest", "root", "staff", "student", "technician", "user")
"""Logins that name no person."""

_SEE_STORE = "Correct the line about the store first."
_SMALLEST_DESK = (60, 20)
_TITLES = {
    "versions": "Versions",
    "parts": "Parts",
    "store": "Store",
    "readers": "Who may read",
    "locks": "Locks",
    "space": "Free space",
    "copies": "Daily copies",
    "settings": "Settings",
    "log": "Log",
    "terminal": "Terminal",
    "fonts": "Fonts",
    "printers": "Printers",
    "scanner": "Scanner",
    "verify": "Last verify",
    "exchange": "Sent to ESP",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the page: what was found, and what to do where it is not good."""

    verdict: str
    message: str
    hint: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is looked at: the store's place, the file that it is, and the store where it opens."""

    place: str
    named: bool
    file: Path | None
    store: Store | None
    problem: KitloanError | None
    now: datetime


@command("doctor", "kitloan doctor")
@pass_app
def doctor(app: App) -> None:
    """Check this machine, and the store on it.

    Each line is good, doubtful or bad, with what to do. Nothing is changed, and nobody is named:
    send the page as it is to the person who supports you. It also works when the store is missing
    or damaged.
    """
    subject = _subject(app)
    try:
        checks = {name: _shown(_safely(look, subject)) for name, look in _CHECKS.items()}
    finally:
        if subject.store is not None:
            subject.store.close()
    if app.json:
        print_json(_as_json(checks, subject.now))
    else:
        print_text(_page(checks, subject.now))


def _subject(app: App) -> _Subject:
    place, now = app.place or default_place(), system_clock()
    file: Path | None = None
    try:
        if not is_url(place):
            file = as_path(place)
        return _Subject(place, app.place is not None, file, open_store(place), None, now)
    except KitloanError as problem:
        return _Subject(place, app.place is not None, file, None, problem, now)


def _safely(look: Callable[[_Subject], Check], subject: _Subject) -> Check:
    """A check that fails is a line too: the page is for machines on which things fail."""
    try:
        return look(subject)
    except KitloanError as problem:
        return Check(BAD, problem.message, problem.hint, {"code": problem.code})
    except Exception as problem:
        what = problem.strerror if isinstance(problem, OSError) else type(problem).__name__
        hint = "Send this page to the person who supports you."
        return Check(DOUBTFUL, f"This could not be checked: {what}.", hint)


# -- the program ----------------------------------------------------------------------------------


def _versions(_subject: _Subject) -> Check:
    python = platform.python_version()
    bundle = " (bundle)" if getattr(sys, "frozen", False) else ""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    libraries = {name: _version(name) for name in ("sqlalchemy", "textual", "zxing-cpp")}
    return Check(
        GOOD,
        f"kitloan {__version__}{bundle}, Python {python}, SQLite {sqlite3.sqlite_version}, "
        f"{system}",
        details={
            "kitloan": __version__,
            "bundle": bool(bundle),
            "python": python,
            "sqlite": sqlite3.sqlite_version,
            "system": system,
            "libraries": libraries,
        },
    )


def _version(name: str) -> str | None:
    with suppress(PackageNotFoundError):
        return version(name)
    return None


def _parts(_subject: _Subject) -> Check:
    there = {extra: is_installed(extra) for extra in EXTRAS}
    absent = [extra for extra, found in there.items() if not found]
    found = ", ".join(extra for extra in there if there[extra]) or "none"
    if not there["desk"] or not there["labels"]:
        missing = not_installed("desk" if not there["desk"] else "labels")
        return Check(DOUBTFUL, f"Installed: {found}. {missing.message}", missing.hint, there)
    rest = f"; not installed, and only needed on request: {', '.join(absent)}" if absent else ""
    return Check(GOOD, f"Installed: {found}{rest}", details=there)


# -- the store ------------------------------------------------------------------------------------


def _store(subject: _Subject) -> Check:
    details: dict[str, Any] = {"store": _name(subject)}
    problem = subject.problem
    if problem is not None:
        waits = problem.code in ("busy", "upgrade_due")
        new = problem.code == "no_store" and not subject.named
        verdict = DOUBTFUL if waits or new else BAD
        return Check(verdict, problem.message, problem.hint, details | {"code": problem.code})
    store = subject.store
    assert store is not None  # noqa: S101  # without a problem it is open
    size = subject.file.stat().st_size if subject.file else 0
    with store.read() as connection:
        if store.is_sqlite and size <= _LARGEST_CHECKED:
            _insist_on_soundness(connection, store)
        ledgers = connection.exec_driver_sql(
            "SELECT college, own, seq FROM ledger_head ORDER BY own DESC, college"
        ).all()
    own = [str(row.college) for row in ledgers if row.own]
    entries = sum(int(row.seq) for row in ledgers)
    details |= {"bytes": size, "colleges": own, "ledgers": len(ledgers), "entries": entries}
    if not own:
        return Check(
            BAD, f"{_name(subject)} has no college.", "Start it: kitloan init COLLEGE", details
        )
    much = f", {size / 1e6:,.1f} MB" if subject.file else ""
    unchecked = "" if size <= _LARGEST_CHECKED else " (too large to be checked here)"
    return Check(
        GOOD,
        f"{_name(subject)}{much}: {', '.join(own)}, {plural(len(ledgers), 'ledger')}, "
        f"{plural(entries, 'entry', 'entries')}{unchecked}",
        details=details,
    )


def _insist_on_soundness(connection: sa.Connection, store: Store) -> None:
    """Refuse a file whose pages or rules are damaged; history is `ledger verify`'s to check."""
    answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if answer != "ok":
        raise StoreError("damaged", f"{store.name} is damaged.", RESTORE_NEWEST)
    insist_on_rules(connection, store.name)


def _readers(subject: _Subject) -> Check:
    log = desk_log()
    private = [
        *([subject.file, subject.file.absolute().parent / "backups"] if subject.file else [])
    ]
    there = [each for each in (*private, log) if os.path.lexists(each)]
    on_windows: bool = sys.platform == "win32"
    if on_windows:
        return Check(
            GOOD,
            "Windows decides by the folder's own permissions, which kitloan leaves as they are",
            details={"files": [str(each) for each in there]},
        )
    open_to = {str(each): _others(each) for each in there}
    wide = [name for name, who in open_to.items() if who]
    if wide:
        return Check(
            DOUBTFUL,
            f"Other people on this machine may read {' and '.join(wide)}. The store holds people's "
            "names.",
            "Let only its owner read it: chmod 600 for a file, chmod 700 for a folder.",
            {"files": open_to},
        )
    if not there:
        return Check(GOOD, "There is nothing to read yet", details={"files": {}})
    words = "Only the owner may read the store, its copies and the log"
    return Check(GOOD, words, details={"files": open_to})


def _others(path: Path) -> str:
    """Who else may read a file, by its mode and its folder's; empty for nobody."""
    mode = path.stat().st_mode
    if not path.absolute().parent.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH):
        return ""
    return "everyone" if mode & stat.S_IROTH else "its group" if mode & stat.S_IRGRP else ""


def _locks(subject: _Subject) -> Check:
    if subject.file is None:
        return _on_a_server(subject, "The server keeps desks from writing at the same time")
    folder = subject.file.absolute().parent
    hint = "Check the folder, and that the disk has room."
    if not folder.is_dir():
        return Check(DOUBTFUL, f"Not tried: {folder} does not exist.", "Make the store first.")
    if not os.access(folder, os.W_OK):
        return Check(
            DOUBTFUL,
            f"Not tried: {folder} may not be written to, so the store can only be read.",
            "Ask for permission to write to that folder.",
        )
    try:
        why = lock_problem(folder)
    except OSError as problem:
        return Check(DOUBTFUL, f"Not tried: {problem.strerror or problem}.", hint)
    if why:
        return Check(
            BAD,
            f"{folder} has no locks that keep two desks from writing at once: {why}.",
            "Keep the store on a local disk, or on a share with locks.",
        )
    return Check(GOOD, "The store's folder keeps two desks from writing at the same time")


def _on_a_server(subject: _Subject, words: str) -> Check:
    """The line for what only a file has."""
    if is_url(subject.place):
        return Check(GOOD, words)
    return Check(DOUBTFUL, "Not known: the store's address cannot be used.", _SEE_STORE)


def _space(subject: _Subject) -> Check:
    if subject.file is None:
        return _on_a_server(subject, "The store is on a server, whose disk is not looked at")
    folder = _nearest(subject.file.absolute().parent)
    free = shutil.disk_usage(folder).free
    size = subject.file.stat().st_size if subject.file.is_file() else 0
    details = {"free_bytes": free}
    words = f"{free / 1e6:,.0f} MB free where the store is"
    hint = "Free some space on that disk. Work needs room for the store twice, and for its copies."
    if free < max(_TOO_LITTLE, 2 * size):
        return Check(BAD, f"Only {words}", hint, details)
    if free < max(_LITTLE, 4 * size):
        return Check(DOUBTFUL, f"Only {words}", hint, details)
    return Check(GOOD, words, details=details)


def _nearest(folder: Path) -> Path:
    """The folder, or the first one above it that exists."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _copies(subject: _Subject) -> Check:
    if subject.file is None:
        return Check(
            DOUBTFUL,
            "A database on a server is not copied each day by kitloan.",
            "Ask its administrator how it is backed up, or make one: kitloan backup FILE",
        )
    days = copies_of(subject.file.absolute())
    if not days:
        return Check(
            DOUBTFUL,
            "There is no daily copy yet.",
            "One is made on each day of work. Make a backup elsewhere: kitloan backup FILE",
            {"copies": 0},
        )
    newest = max(days)
    details = {"copies": len(days), "newest": str(newest), "folder": str(days[newest].parent)}
    words = f"{plural(len(days), 'copy', 'copies')} in {days[newest].parent}, newest {uk(newest)}"
    changed = subject.file.stat().st_mtime if subject.file.is_file() else 0
    last_work = in_scotland(datetime.fromtimestamp(changed, UTC)).date()
    if last_work - newest > _OLD_COPY:
        hint = "See why none is made: run any command that changes something. Free some space."
        return Check(
            DOUBTFUL, f"{words}, though there was work until {uk(last_work)}", hint, details
        )
    return Check(GOOD, words, details=details)


# -- the user's files -----------------------------------------------------------------------------


def _settings(_subject: _Subject) -> Check:
    file = settings_file()
    source = settings_source(file)
    details = {"file": str(source), "exists": source.exists()}
    try:
        read_settings(file)
        if is_installed("desk"):
            from kitloan_tui.settings import read

            read(file)
    except KitloanError as problem:
        return Check(BAD, problem.message, problem.hint, details | {"code": problem.code})
    if not source.exists():
        return Check(GOOD, f"None of your own; they would be in {source}", details=details)
    return Check(GOOD, f"{source}", details=details)


def _log(subject: _Subject) -> Check:
    file = desk_log()
    details: dict[str, Any] = {"file": str(file)}
    if unusable := _not_a_file(file, details):
        return unusable
    try:
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return Check(GOOD, f"No unexpected error was ever written to {file}", details=details)
    details |= {"last_error": instant(written), "bytes": file.stat().st_size}
    words = f"The last unexpected error was written to {file} on {uk_instant(instant(written))}"
    if subject.now - written < _RECENT_FAULT:
        hint = "Send that file with this page. Read it first: it may name people."
        return Check(DOUBTFUL, words, hint, details)
    return Check(GOOD, words, details=details)


def _not_a_file(file: Path, details: dict[str, Any]) -> Check | None:
    """The line for a pipe or a device in the place of a file that kitloan makes itself."""
    try:
        insist_on_file(file)
    except KitloanError as problem:
        hint = "Delete it: kitloan makes a new one."
        return Check(BAD, problem.message, hint, details | {"code": problem.code})
    return None


def _no_results() -> Check | None:
    """The line for a file of earlier results that cannot be read; None where it can be."""
    file = results_file()
    if unusable := _not_a_file(file, {"file": str(file)}):
        return unusable
    try:
        read_settings(file)
    except KitloanError as problem:
        hint = "Delete that file: it only has the results of earlier checks."
        return Check(BAD, problem.message, hint, {"file": str(file), "code": problem.code})
    return None


# -- the terminal and what is connected -----------------------------------------------------------


def _terminal(_subject: _Subject) -> Check:
    stream = next((s for s in (sys.stdout, sys.stderr, sys.stdin) if at_terminal(s)), None)
    encoding = (sys.stdout.encoding if sys.stdout else "") or "unknown"
    kind = os.environ.get("TERM", "")
    details: dict[str, Any] = {"terminal": stream is not None}
    if stream is None:
        return Check(
            DOUBTFUL,
            "This was not run in a terminal, so its colours and width are not known.",
            "Run it in the terminal where you use the desk.",
            details,
        )
    width, height = os.get_terminal_size(stream.fileno())
    colours = _colours(kind)
    details |= {
        "width": width,
        "height": height,
        "colours": colours,
        "kind": kind,
        "encoding": encoding,
    }
    words = f"{width}x{height}, {colours}, {encoding}{f', {kind}' if kind else ''}"
    if width < _SMALLEST_DESK[0] or height < _SMALLEST_DESK[1]:
        small = "x".join(map(str, _SMALLEST_DESK))
        hint = f"Make the window at least {small}, or use: kitloan desk --plain"
        return Check(DOUBTFUL, words, hint, details)
    if encoding.lower().replace("-", "") != "utf8":
        hint = "Gaelic names may be shown as ?. Set the terminal to UTF-8 (on Windows: chcp 65001)."
        return Check(DOUBTFUL, words, hint, details)
    if kind == "dumb":
        return Check(DOUBTFUL, words, "Use another terminal, or: kitloan desk --plain", details)
    if sys.platform == "win32" and "WT_SESSION" not in os.environ:
        hint = "Use Windows Terminal: the old console draws the desk badly."
        return Check(DOUBTFUL, words, hint, details)
    return Check(GOOD, words, details=details)


def _colours(kind: str) -> str:
    if os.environ.get("NO_COLOR") or kind == "dumb":
        return "no colours"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit") or "WT_SESSION" in os.environ:
        return "16 million colours"
    return "256 colours" if "256color" in kind else "16 colours"


def _fonts(_subject: _Subject) -> Check:
    if not is_installed("labels"):
        missing = not_installed("labels")
        return Check(DOUBTFUL, missing.message, missing.hint)
    from kitloan_labels.fonts import fonts

    found = fonts()
    return Check(GOOD, f"{plural(len(found), 'font')} for labels", details={"fonts": list(found)})


def _printers(_subject: _Subject) -> Check:
    if not is_installed("labels"):
        missing = not_installed("labels")
        return Check(DOUBTFUL, missing.message, missing.hint)
    from kitloan_labels.printer import printers

    found = printers()  # their names may be people's
    if not found:
        return Check(
            DOUBTFUL,
            "This system lists no printer.",
            "Labels are saved as files: print the file yourself. Or set a printer up.",
            {"printers": 0},
        )
    if found == [""]:
        return Check(
            GOOD, "Windows prints by its own choice of printer", details={"printers": None}
        )
    return Check(GOOD, f"{plural(len(found), 'printer')}", details={"printers": len(found)})


def _scanner(subject: _Subject) -> Check:
    if unusable := _no_results():
        return unusable
    found = last_scanner_check()
    if found is None:
        hint = "Open the desk, press F9 and scan a label."
        return Check(DOUBTFUL, "The scanner check was never run here.", hint)
    when = f"Checked {uk_instant(found.at)}"
    if found.ok:
        return Check(GOOD, f"{when}: in order", details={"at": found.at, "ok": True})
    details = {"at": found.at, "ok": False, "problems": list(found.problems)}
    return Check(BAD, f"{when}: not in order", " ".join(found.problems), details)


# -- the ledger -----------------------------------------------------------------------------------


def _verify(subject: _Subject) -> Check:
    if unusable := _no_results():
        return unusable
    found = last_verification(subject.store.name if subject.store else subject.place)
    hint = "Run: kitloan ledger verify"
    if found is None:
        return Check(DOUBTFUL, "This store was never verified on this machine.", hint)
    details = {"at": found.at, "ok": found.ok, "problems": list(found.problems)}
    when = f"Verified {uk_instant(found.at)}"
    if not found.ok:
        return Check(BAD, f"{when}: problems were found", _after_problems(found), details)
    if subject.now - moment(found.at) > _OLD_CHECK:
        return Check(DOUBTFUL, f"{when}, long ago: no problem was found", hint, details)
    return Check(GOOD, f"{when}: no problem was found", details=details)


def _after_problems(found: CheckResult) -> str:
    return f"See them ({', '.join(sorted(set(found.problems))[:3])}): kitloan ledger verify"


def _exchange(subject: _Subject) -> Check:
    if subject.store is None:
        return Check(DOUBTFUL, "Not known: the store cannot be read.", _SEE_STORE)
    with subject.store.read() as connection:
        rows = list(_ledgers(connection))
    own = [row for row in rows if row["own"]]
    if any(row["ledger"] == "esp" for row in own):
        merged = sum(not row["own"] for row in rows)
        return Check(GOOD, f"This is ESP's store: {plural(merged, 'ledger')} merged here")
    for row in own:
        if (check := _sent(row, subject.now.date())).verdict != GOOD:
            return check
    return _sent(own[0], subject.now.date()) if own else Check(GOOD, "There is nothing to send")


def _ledgers(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    heads = connection.exec_driver_sql(
        "SELECT h.college, h.own, h.seq, sent.value AS sent, receipt.value AS answered "
        "FROM ledger_head h "
        "LEFT JOIN setting sent ON sent.college = h.college AND sent.name = 'last_export' "
        "LEFT JOIN setting receipt ON receipt.college = h.college AND receipt.name = 'receipt'"
    ).all()
    for row in heads:
        sent = _number(row.sent)
        day = connection.execute(
            sa.text("SELECT max(at) FROM ledger_entry WHERE college = :college AND seq = :seq"),
            {"college": row.college, "seq": sent or 0},
        ).scalar()
        yield {
            "ledger": str(row.college),
            "own": bool(row.own),
            "entries": int(row.seq),
            "sent": sent,
            "sent_of": str(day) if day else None,
            "answered": _number(row.answered),
        }


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value) else None


def _sent(row: dict[str, Any], today: date) -> Check:
    details = {name: row[name] for name in ("ledger", "entries", "sent", "sent_of", "answered")}
    sent, answered = row["sent"], row["answered"]
    if not sent:
        hint = "Send ESP a file: kitloan ledger export FILE --since-last"
        return Check(DOUBTFUL, "No file was ever written for ESP from this store.", hint, details)
    recorded = f", of {uk_instant(row['sent_of'])}" if row["sent_of"] else ""
    words = f"Sent up to entry {sent:,} of {row['entries']:,}{recorded}"
    if answered:
        words += f"; ESP answered up to entry {answered:,}"
    else:
        words += "; ESP has not answered"
    day = row["sent_of"]
    old = day is not None and today - moment(day).date() > _SLOW_ANSWER
    if (answered or 0) < sent and old:
        hint = "Take the file that ESP sends back: kitloan ledger import FILE"
        return Check(DOUBTFUL, words, hint, details)
    return Check(GOOD, words, details=details)


_CHECKS: dict[str, Callable[[_Subject], Check]] = {
    "versions": _versions,
    "parts": _parts,
    "store": _store,
    "readers": _readers,
    "locks": _locks,
    "space": _space,
    "copies": _copies,
    "settings": _settings,
    "log": _log,
    "terminal": _terminal,
    "fonts": _fonts,
    "printers": _printers,
    "scanner": _scanner,
    "verify": _verify,
    "exchange": _exchange,
}


# -- the page -------------------------------------------------------------------------------------


def _name(subject: _Subject) -> str:
    """The store's path; of a server its host and database, without a login."""
    if subject.file is not None:
        return str(subject.file.absolute())
    if not is_url(subject.place):
        return "an address that cannot be used"
    url = as_url(subject.place)
    return f"postgresql://{url.host or ''}/{url.database or ''}"


def _shown(check: Check) -> Check:
    """The check without names of people: every text and detail of it."""
    return Check(
        check.verdict,
        _nameless(check.message),
        _nameless(check.hint),
        {_nameless(key): _without_names(value) for key, value in check.details.items()},
    )


def _without_names(value: Any) -> Any:
    if isinstance(value, str):
        return _nameless(value)
    if isinstance(value, list):
        return [_without_names(each) for each in value]
    if isinstance(value, dict):
        return {_nameless(str(key)): _without_names(each) for key, each in value.items()}
    return value


def _nameless(text: str) -> str:
    text = re.sub(r"(?<=://)[^/@\s]*@", "", text)  # a login is often somebody's name
    for home in _homes():
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    for login in _logins():
        text = re.sub(rf"(?<![\w]){re.escape(login)}(?![\w])", "…", text, flags=re.IGNORECASE)
    return text


def _homes() -> list[str]:
    found = {os.environ.get(name, "") for name in ("HOME", "USERPROFILE")}
    with suppress(RuntimeError):  # a login without a home
        found.add(str(Path.home()))
    found |= {os.path.realpath(each) for each in found if each}
    return sorted((each for each in found if len(each) > 1), key=len, reverse=True)


def _logins() -> list[str]:
    found = {os.environ.get(name, "") for name in ("LOGNAME", "USER", "USERNAME")}
    with suppress(KeyError, OSError):
        found.add(getpass.getuser())
    people = {each for each in found if len(each) > 1 and each.lower() not in _NOBODYS}
    people -= {each.id for each in colleges()}  # an account that everybody at a college uses
    return sorted(people, key=len, reverse=True)


def _as_json(checks: dict[str, Check], now: datetime) -> dict[str, Any]:
    return {
        "ok": all(check.verdict != BAD for check in checks.values()),
        "made_at": instant(now),
        "checks": [
            {
                "check": name,
                "verdict": check.verdict,
                "message": check.message,
                "hint": check.hint,
                "details": check.details,
            }
            for name, check in checks.items()
        ],
    }


def _page(checks: dict[str, Check], now: datetime) -> str:
    room = max(60, min(100, shutil.get_terminal_size().columns - 1))
    lines = [f"kitloan doctor, {uk_instant(instant(now))}", ""]
    for name, check in checks.items():
        head = f"{_SIGNS[check.verdict]} {check.verdict:<9} {_TITLES[name]:<13} "
        lines += textwrap.wrap(
            head + check.message, room, subsequent_indent=" " * len(head), break_on_hyphens=False
        )
        if check.hint:
            before = " " * len(head)
            lines += textwrap.wrap(
                f"{before}-> {check.hint}",
                room,
                subsequent_indent=f"{before}   ",
                break_on_hyphens=False,
            )
    counts = [
        f"{sum(check.verdict == verdict for check in checks.values())} {verdict}"
        for verdict in _SIGNS
    ]
    lines += ["", f"{', '.join(counts)}. No person is named here: send this page as it is."]
    return "\n".join(lines)
