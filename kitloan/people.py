"""People: who took a loan, kept apart from the ledger so that they can be forgotten.

Erasing takes away the person's row, the remarks on their loans, and every remark of the college in
which their name, e-mail or phone stands. SQLite overwrites what is deleted (`secure_delete`), and
the file is rewritten afterwards so that nothing is left between its pages. The daily copies beside
the store are treated the same way. The ledger is not touched: it never knew more than an opaque id.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select

from kitloan.errors import BadInput, KitloanError
from kitloan.models import Contact, Loan, Organisation, Remark, table
from kitloan.prepared import AnyRow, Change
from kitloan.schema import OLDEST
from kitloan.session import Session
from kitloan.store import open_store
from kitloan.text import fold, plain

contact, organisation, remark = table(Contact), table(Organisation), table(Remark)
loan = table(Loan)

_forget = Change(
    delete(contact).where(contact.c.college == bindparam("c"), contact.c.contact == bindparam("p"))
)


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was forgotten: rows about the person, and remarks that spoke of them.

    `copies_left` are daily copies in which that could not be done: damaged, or open elsewhere.
    """

    people: int
    remarks: int
    copies_left: tuple[str, ...] = ()


class People:
    """Questions and wishes about people, in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def known(self) -> list[dict[str, Any]]:
        """Everybody on file: id, name, organisation, email, phone; by name."""
        with self._session.reading() as connection:
            rows = connection.execute(
                select(
                    contact.c.contact.label("id"),
                    contact.c.name,
                    contact.c.organisation,
                    contact.c.email,
                    contact.c.phone,
                )
                .where(contact.c.college == self._session.college)
                .order_by(contact.c.name_key, contact.c.contact)
            )
            return [dict(row._mapping) for row in rows]

    def remarks(self, tag: str) -> list[dict[str, str]]:
        """The remarks kept beside a holding: heading and words. An undone loan's are not shown."""
        stands = (
            select(loan.c.loan)
            .where(loan.c.college == remark.c.college, loan.c.loan == remark.c.loan)
            .exists()
        )
        with self._session.reading() as connection:
            rows = connection.execute(
                select(remark.c.heading, remark.c.words)
                .where(
                    remark.c.college == self._session.college,
                    remark.c.tag == tag,
                    or_(remark.c.loan.is_(None), stands),
                )
                .order_by(remark.c.heading, remark.c.remark)
            )
            return [dict(row._mapping) for row in rows]

    def erase(self, who: str) -> Erased:
        """Forget a person: name, e-mail, phone, and remarks about them.

        Args:
            who: the person's name, e-mail address or contact id.

        Raises:
            BadInput: `unknown_contact`, or `ambiguous` when several people bear the name at
                different organisations.
        """
        from kitloan.backups.daily import copies  # showing a kit should not have to load it

        with self._session.store.write() as connection:
            people = self._meant(connection, who)
            gone = self._forget(connection, people)
        self._session.store.rewrite("contact", "remark")
        left = tuple(
            str(copy) for copy in copies(self._session.store) if not self._forget_in(copy, people)
        )
        return Erased(len(people), gone, left)

    def _forget(self, connection: Connection, people: Sequence[AnyRow]) -> int:
        """Take away people and what is said of them; gives how many remarks that were."""
        ids = [person.contact for person in people]
        spoken_of = self._speaking_of(connection, people)
        gone = connection.execute(
            delete(remark).where(
                remark.c.college == self._session.college,
                or_(remark.c.contact.in_(ids), remark.c.remark.in_(spoken_of)),
            )
        ).rowcount
        for each in ids:
            _forget(connection, c=self._session.college, p=each)
        return gone

    def _forget_in(self, copy: Path, people: Sequence[AnyRow]) -> bool:
        """Forget people in a daily copy as well; whether that could be done."""
        try:
            store = open_store(str(copy), oldest=OLDEST)
        except KitloanError:
            return False
        try:
            with store.write() as connection:
                self._forget(connection, people)
            store.rewrite("contact", "remark")
        except KitloanError:
            return False
        finally:
            store.close()
        return True

    def _meant(self, connection: Connection, who: str) -> Sequence[AnyRow]:
        wanted = fold(who)
        rows = connection.execute(
            select(contact, organisation.c.name.label("at"))
            .outerjoin_from(
                contact,
                organisation,
                (organisation.c.college == contact.c.college)
                & (organisation.c.organisation == contact.c.organisation),
            )
            .where(
                contact.c.college == self._session.college,
                or_(
                    contact.c.name_key == wanted,
                    contact.c.contact == who.strip(),
                    contact.c.email.is_not(None),
                ),
            )
        ).all()
        rows = [
            row
            for row in rows
            if row.name_key == wanted
            or row.contact == who.strip()
            or (row.email and fold(row.email) == wanted)
        ]
        if not rows:
            raise BadInput(
                "unknown_contact",
                f"Nobody called {plain(who)!r} is on file here.",
                "Give the name as it was typed at check-out, the e-mail address, or the id.",
            )
        if len(rows) > 1 and not all(row.contact == who.strip() for row in rows):
            raise BadInput(
                "ambiguous",
                f"{len(rows)} people answer to {plain(who)!r}: "
                + ", ".join(f"{row.contact} at {row.at or 'no organisation'}" for row in rows)
                + ".",
                "Give the id of the one to forget.",
                contacts=[row.contact for row in rows],
            )
        return rows

    def _speaking_of(self, connection: Connection, people: Sequence[AnyRow]) -> list[str]:
        """Remarks that speak of a person: by name, e-mail or phone as whole words, in any case.

        On the holdings that they borrowed or were named beside, the surname is enough.
        """
        named = [_as_words(text) for p in people for text in (p.name, p.email) if text]
        phones = {digits for p in people if (digits := _digits(p.phone or ""))}
        surnames = [_as_words(p.name.split()[-1]) for p in people]
        theirs = self._holdings_of(connection, [p.contact for p in people])
        rows = connection.execute(
            select(remark.c.remark, remark.c.tag, remark.c.words).where(
                remark.c.college == self._session.college
            )
        )
        return [
            row.remark
            for row in rows
            if any(name.search(fold(row.words)) for name in named)
            or any(phone in _digits(row.words) for phone in phones)
            or (row.tag in theirs and any(s.search(fold(row.words)) for s in surnames))
        ]

    def _holdings_of(self, connection: Connection, ids: list[str]) -> set[str]:
        """Tags of what these people borrowed, or were named beside."""
        college = self._session.college
        lent = select(loan.c.tag).where(loan.c.college == college, loan.c.contact.in_(ids))
        beside = select(remark.c.tag).where(remark.c.college == college, remark.c.contact.in_(ids))
        return set(connection.execute(lent.union(beside)).scalars())


def _as_words(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(fold(text))}(?!\w)")


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdecimal())
