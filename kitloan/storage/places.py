"""Where a store is: the path of a file, or the URL of a PostgreSQL.

A URL, or a mistyped one, may hold a password; no message here ever shows it.
"""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from kitloan.errors import BadInput
from kitloan.storage.user_files import store_file


def is_url(place: str) -> bool:
    """Whether `place` names a database server and not a file."""
    return place.startswith(("postgresql:", "postgres:", "postgresql+psycopg:"))


def as_path(place: str) -> Path:
    """`place` as a file; another program's URL is refused, because it may hold a password."""
    if "://" in place:
        raise _not_a_url()
    return Path(place)


def default_place() -> str:
    """Where a store is when no place is given: the user's own data folder."""
    return str(store_file())


def college_in(place: str) -> str | None:
    """The college that a URL names (`?college=fife`), when a database holds several."""
    if not is_url(place):
        return None
    found = as_url(place).query.get("college")
    return found if isinstance(found, str) else None


def as_url(place: str) -> URL:
    """`place` as the URL of a PostgreSQL; the refusal of anything else shows none of it."""
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):  # its message may hold the password
        raise _not_a_url() from None
    if "@" in (url.host or ""):  # the end of a password that has an @ in it
        raise _not_a_url()
    return url


def _not_a_url() -> BadInput:
    return BadInput(
        "bad_store",
        "That is not the URL of a PostgreSQL database.",
        "Write it like postgresql://USER@HOST/DATABASE; in a password, @ is %40 and : is %3A.",
    )
