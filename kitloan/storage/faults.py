"""Database errors, turned into kitloan's own errors with one next step.

Every transaction runs inside `translated`. Drivers word the same trouble differently; the table
below is the one place that has their words.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from kitloan.errors import KitloanError, Refused, StoreError

RESTORE_NEWEST = "Restore the newest backup with `kitloan restore FILE`. Keep the damaged file."
"""The next step with a damaged store."""

_FAULTS: tuple[tuple[str, str, str, str], ...] = (
    (
        r'could not connect to server "kitloan_at_(?P<college>\w+)"',
        "unreachable",
        "{store} sees the database of {college}, and cannot reach it.",
        "Check that its server runs and lets kitloan_esp in with its password, then try again. "
        "Nothing is reported of the others, so that no college is left out unseen.",
    ),
    (
        r"InsufficientPrivilege|row-level security",
        "not_allowed",
        "{store}: this login may not do that.",
        "Use your own college's login, and change only your own college's holdings.",
    ),
    (
        r"password authentication failed",
        "wrong_password",
        "{store}: the user name or the password is wrong.",
        "Ask the administrator of the database for your college's login.",
    ),
    (
        r"database is locked|LockNotAvailable|lock timeout",
        "busy",
        "{store} is busy: another program has been writing to it for ten seconds.",
        "Nothing was written. Wait a moment, then try again.",
    ),
    (
        r"disk is full|disk full|No space left|file too large|DiskFull",
        "full",
        "{store} cannot grow: the disk is full.",
        "Nothing was written, and nothing is lost. Free some space, then try again.",
    ),
    (
        r"READONLY_DBMOVED",
        "replaced",
        "The file of {store} was replaced or moved while it was open here, perhaps by a restore. "
        "Nothing was written.",
        "Close kitloan and open it again.",
    ),
    (
        r"readonly database|read-only|ReadOnlySqlTransaction|Read-only file system",
        "read_only",
        "{store} can be read but not written.",
        "Ask for permission to write to it.",
    ),
    (
        r"file is not a database|malformed|file is encrypted|disk image|no such table"
        r"|decode to UTF-8|UnicodeDecode",
        "damaged",
        "{store} is damaged, or not a store.",
        RESTORE_NEWEST,
    ),
    (
        r"unable to open database file|Permission denied",
        "unreachable",
        "{store} cannot be opened.",
        "Check that it exists and that you may read it.",
    ),
    (
        r"disk I/O error",
        "unreachable",
        "{store} cannot be read or written: the disk or the network share gave an error.",
        "Check that the share is connected, then try again.",
    ),
    (
        r"^psycopg\S*OperationalError|connection|server closed|terminating|AdminShutdown",
        "unreachable",
        "{store} cannot be reached.",
        "Check that the network is up and the server runs, then try again.",
    ),
)

_ON_LOAN = re.compile(
    r"one_open_loan_of_a_holding|UNIQUE constraint failed: loan\.college, loan\.tag"
)
_TOO_MANY = re.compile(r"never_more_out_than_held")
_PROMISED = re.compile(
    r"never_more_promised_than_there_is|kit_day_pkey|UNIQUE constraint failed: kit_day\.college"
)


_DRIVERS = ("sqlite3", "psycopg")


@contextmanager
def translated(store: str) -> Iterator[None]:
    """Turn what a driver raises inside the block into kitloan's own errors."""
    try:
        yield
    except Exception as problem:
        error = as_ours(problem, store)
        if error is problem:
            raise
        raise error from problem


def as_ours(problem: Exception, store: str) -> Exception:
    """What to raise for an error: kitloan's own, where the system or a driver raised it."""
    if isinstance(problem, KitloanError):
        return problem
    if isinstance(problem, OSError):
        return StoreError(
            "unreachable",
            f"{store} cannot be reached: {problem.strerror or problem}.",
            "Check that it exists and that you may read and write it.",
            store=store,
        )
    cause = driver_error(problem)
    return problem if cause is None else _translation(cause, store)


def driver_error(problem: BaseException) -> BaseException | None:
    """The error of a database driver that `problem` is or wraps; None when there is none."""
    cause = problem.orig if isinstance(problem, DBAPIError) else problem
    if isinstance(cause, UnicodeDecodeError):  # SQLite's, for a text in a damaged file
        return cause
    return cause if type(cause).__module__.partition(".")[0] in _DRIVERS else None


def _translation(problem: BaseException, store: str) -> KitloanError:
    kind = type(problem)
    words = f"{kind.__module__}.{kind.__name__}: {problem}"
    words += f" ({getattr(problem, 'sqlite_errorname', '')})"
    broke_a_rule = any(each.__name__ == "IntegrityError" for each in kind.__mro__)
    if broke_a_rule and _ON_LOAN.search(words):
        return Refused("on_loan", "It is on loan already.", "See who has it: kitloan loans")
    if broke_a_rule and _TOO_MANY.search(words):
        return Refused(
            "not_enough", "Fewer than that are left to lend.", "See who has them: kitloan loans"
        )
    if broke_a_rule and _PROMISED.search(words):
        return Refused(
            "not_free", "It is promised to another by now.", "See what is free: kitloan free"
        )
    for pattern, code, message, hint in _FAULTS:
        if found := re.search(pattern, words, re.IGNORECASE):
            shown = message.format(store=store, **found.groupdict())
            return StoreError(code, shown, hint, store=store)
    return StoreError(
        "refused_by_the_database",
        f"{store} refused the change: {problem}.",
        "Nothing was written. Send us the output of `kitloan ledger verify`.",
        store=store,
    )
