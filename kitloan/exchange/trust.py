"""Whose files a store takes: the keys that a person confirmed, and the retired ones.

The first file of a ledger is taken only when a person confirmed the fingerprint of its key. The key
is then pinned, and nobody is asked again. A person can decide to accept a new key. The key before
it is retired: files that it signs from then on bring nothing new. The key that was pinned last is
in force."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select

from kitloan.errors import BadInput, Refused
from kitloan.exchange.file import Header, public_key, replace_signing_key
from kitloan.exchange.sending import key_of
from kitloan.ledger.epochs import college_of
from kitloan.ledger.session import ESP, Session
from kitloan.reference import find_college
from kitloan.tables import table
from kitloan.tables.national import PinnedKey
from kitloan.text.dates import instant, moment
from kitloan.text.names import plain

pinned = table(PinnedKey)

_DIGITS = 32
"""How many of a key's 64 hexadecimal digits people compare: 128 bits."""
_LONGEST_LIST = 1_000_000
_FINGERPRINT = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")


def fingerprint(key: str) -> str:
    """A key in the form that two people compare: `3f2a 91c0 …`, eight groups of four digits."""
    return " ".join(key[at : at + 4] for at in range(0, _DIGITS, 4))


@dataclass(frozen=True, slots=True)
class ConfirmedKey:
    """A fingerprint that a person confirmed.

    Attributes:
        digits: the fingerprint without its spaces, in small letters.
        college: whose ledger it was confirmed for; None for any.
    """

    digits: str
    college: str | None = None

    def covers(self, ledger: str, shown: str) -> bool:
        """Whether it confirms a fingerprint, as it is shown, for a ledger."""
        theirs = self.college in (None, college_of(ledger))
        return theirs and shown.replace(" ", "") == self.digits


def read_fingerprint(text: str) -> ConfirmedKey:
    """The fingerprint in a text, which may have a ledger's name before or after it.

    Spaces, hyphens, colons and case do not count.

    Raises:
        BadInput: `bad_fingerprint`, when it is shorter or longer than one that is shown.
    """
    words = text.replace(":", " ").split()
    for ledger, rest in ((None, words), (words[:1], words[1:]), (words[-1:], words[:-1])):
        digits = "".join(rest).replace("-", "").lower()
        if _FINGERPRINT.fullmatch(digits):
            return ConfirmedKey(digits, college_of(ledger[0]) if ledger else None)
    raise BadInput(
        "bad_fingerprint",
        f"{plain(text[:100])!r} is not a fingerprint: one has {_DIGITS} digits, 0 to 9 and a to f.",
        "Give all of it, as the other store shows it with: kitloan key",
        value=text[:100],
    )


def read_fingerprints(path: Path) -> list[str]:
    """The lines of a file with one fingerprint a line; `#` begins a comment.

    Raises:
        BadInput: `bad_fingerprint`, for a line without one; `bad_list`, when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_LIST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise BadInput(
            "bad_list",
            f"{path} cannot be read as a list of fingerprints.",
            "Give a text file with one fingerprint a line.",
            file=str(path),
        ) from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    listed = [line for line in lines if line]
    for line in listed:
        read_fingerprint(line)
    return listed


@dataclass(frozen=True, slots=True)
class FirstContact:
    """A key that a person has to confirm.

    Attributes:
        file: the first file that is signed with it.
        ledger: whose file it claims to be.
        fingerprint: the key's, as it is shown.
        listed: whether the ledger is ESP's, or of a college in the reference list.
    """

    file: str
    ledger: str
    fingerprint: str
    listed: bool


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Whose store it is, and the fingerprint of the key that it signs with."""

    ledger: str
    fingerprint: str


def own_key(session: Session, *, new: bool) -> OwnKey:
    """See `Exchange.key`."""
    if new:
        with session.store.write() as connection:
            key = replace_signing_key(connection, session.college)
    else:
        key = key_of(session)
    return OwnKey(session.college, fingerprint(public_key(key)))


def keys_of(connection: Connection, college: str) -> list[str]:
    """The keys that were pinned for a college's ledger; the last is in force, if there is one."""
    rows = connection.execute(
        select(pinned.c.key)
        .where(pinned.c.college == college)
        .order_by(pinned.c.since, pinned.c.key)
    )
    return list(rows.scalars())


def must_be_trusted(
    known: Collection[str],
    header: Header,
    path: Path,
    confirmed: Iterable[ConfirmedKey],
    *,
    brings_news: bool,
) -> None:
    """Refuse a first file whose key nobody confirmed, and new entries signed with a retired key.

    Files that a retired key signed before hold only entries that the store has, so they may come in
    any order. ESP's file is news each time, because its header holds receipts.

    Args:
        known: the keys of the ledger, as `keys_of` gives them.
        header: the file's, whose signature was checked.
        path: the file.
        confirmed: the fingerprints that a person confirmed.
        brings_news: whether the file has entries that are not known here.

    Raises:
        Refused: `unknown_key`, `retired_key`.
    """
    *retired, _ = known or [""]
    college = college_of(header.ledger)
    details = {
        "ledger": header.ledger,
        "fingerprint": fingerprint(header.key),
        "file": str(path),
    }
    if not known and not any(
        each.covers(header.ledger, details["fingerprint"]) for each in confirmed
    ):
        where = "" if is_listed(college) else ", which is not in the list of colleges"
        raise Refused(
            "unknown_key",
            f"{path} is the first file of {plain(college)!r}{where}. It is signed with the key "
            f"{details['fingerprint']}. Nothing was merged from it.",
            "Compare the key by telephone with what `kitloan key` shows there. If it is the "
            f'same: kitloan ledger import FILE --trust "{details["fingerprint"]}"',
            **details,
        )
    if header.key in retired and (brings_news or college == ESP):
        raise Refused(
            "retired_key",
            f"{path} is signed with the key {details['fingerprint']}, which was retired for "
            f"{plain(college)!r}. Nothing was merged from it.",
            "Ask by telephone who sent it. If the key in force is the wrong one, take the right "
            "ledger with its key: kitloan ledger import FILE --replace",
            **details,
        )


def is_listed(college: str) -> bool:
    """Whether an id is ESP's, or that of a college in the reference list."""
    found = find_college(college)
    return college == ESP or (found is not None and found.id == college)


def pin(connection: Connection, college: str, key: str, now: str) -> None:
    """Put a key in force for a ledger from now on; the one before it is retired."""
    since = connection.execute(
        select(pinned.c.since)
        .where(pinned.c.college == college)
        .order_by(pinned.c.since.desc())
        .limit(1)
    ).scalar()
    if since is not None and since >= now:  # two decisions in a second, or a clock put back
        now = instant(moment(since) + timedelta(seconds=1))
    connection.execute(delete(pinned).where(pinned.c.college == college, pinned.c.key == key))
    connection.execute(insert(pinned).values(college=college, key=key, since=now))
