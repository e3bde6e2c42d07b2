"""What a database says when it cannot go on, in words that say what to do.

Every transaction runs inside `translated`. Drivers spell the same trouble differently; the table
below is the one place where the spellings are known.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from kitloan.errors import KitloanError, Refused, StoreError

_FAULTS: tuple[tuple[str, str, str, str], ...] = (
    (
        r"InsufficientPrivilege|row-level security",
        "not_allowed",
        "{store}: this login may not do that.",
        "Work with your own college's login; what other colleges hold is theirs.",
    ),
    (
        r"password authentication failed",
        "wrong_password",
        "{store}: the user name or the password is wrong.",
        "Ask whoever set up the database for the login of your college.",
    ),
    (
        r"database is locked|LockNotAvailable|lock timeout",
        "busy",
        "{store} is busy: another program has been writing to it for ten seconds.",
        "Wait a moment and say it again; nothing was written.",
    ),
    (
        r"disk is full|disk full|No space left|file too large|DiskFull",
        "full",
        "{store} cannot grow: the disk is full.",
        "Free some space and say it again; nothing was written and nothing is lost.",
    ),
    (
        r"READONLY_DBMOVED",
        "replaced",
        "The file of {store} was replaced or moved away while it was open here, by a restore "
        "perhaps. Nothing was written.",
        "Close kitloan and open it again, see what the store holds now, and say it again.",
    ),
    (
        r"readonly database|read-only|ReadOnlySqlTransaction|Read-only file system",
        "read_only",
        "{store} can be read but not written.",
        "Ask for permission to write to it, or keep the store elsewhere with --store.",
    ),
    (
        r"file is not a database|malformed|file is encrypted|disk image|no such table"
        r"|decode to UTF-8|UnicodeDecode",
        "damaged",
        "{store} is damaged, or not a store.",
        "Do not write to it. Restore the newest backup, and keep this file for whoever mends it.",
    ),
    (
        r"unable to open database file|Permission denied",
        "unreachable",
        "{store} cannot be opened.",
        "See that it is there and that you may read it.",
    ),
    (
        r"disk I/O error",
        "unreachable",
        "{store} cannot be read or written: the disk or the network share gave an error.",
        "See that the share is connected, then say it again.",
    ),
    (
        r"^psycopg\S*OperationalError|connection|server closed|terminating|AdminShutdown",
        "unreachable",
        "{store} cannot be reached.",
        "See that the network is up and the server runs, then say it again.",
    ),
)

_ON_LOAN = re.compile(
    r"one_open_loan_of_a_holding|UNIQUE constraint failed: loan\.college, loan\.tag"
)
_TOO_MANY = re.compile(r"never_more_out_than_held")


_DRIVERS = ("sqlite3", "psycopg")


@contextmanager
def translated(store: str) -> Iterator[None]:
    """Turn what a driver raises inside the block into kitloan's own errors."""
    try:
        yield
    except KitloanError:
        raise
    except OSError as problem:
        raise StoreError(
            "unreachable",
            f"{store} cannot be reached: {problem.strerror or problem}.",
            "See that it is there and that you may read and write it.",
            store=store,
        ) from problem
    except Exception as problem:
        said = driver_error(problem)
        if said is None:
            raise
        raise _meaning(said, store) from problem


def driver_error(problem: BaseException) -> BaseException | None:
    """The error of a database driver that `problem` is or wraps; None when it is none."""
    said = problem.orig if isinstance(problem, DBAPIError) else problem
    if isinstance(said, UnicodeDecodeError):  # SQLite's, over what a damaged file made it say
        return said
    return said if type(said).__module__.partition(".")[0] in _DRIVERS else None


def _meaning(problem: BaseException, store: str) -> KitloanError:
    kind = type(problem)
    said = f"{kind.__module__}.{kind.__name__}: {problem}"
    said += f" ({getattr(problem, 'sqlite_errorname', '')})"
    broke_a_rule = any(each.__name__ == "IntegrityError" for each in kind.__mro__)
    if broke_a_rule and _ON_LOAN.search(said):
        return Refused("on_loan", "It is on loan already.", "See who has it with `kitloan loans`.")
    if broke_a_rule and _TOO_MANY.search(said):
        return Refused("not_enough", "There are not that many left to lend.")
    for pattern, code, message, hint in _FAULTS:
        if re.search(pattern, said, re.IGNORECASE):
            return StoreError(code, message.format(store=store), hint, store=store)
    return StoreError(
        "refused_by_the_database",
        f"{store} refused the change: {problem}.",
        "Nothing was written. Run `kitloan ledger verify`, and tell us what it says.",
        store=store,
    )
