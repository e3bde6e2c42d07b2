"""People: the contacts of borrowers, kept apart from the ledger so that they can be erased.

Erasing deletes the person's row, the remarks on their loans, and every remark of the college that
has their name, e-mail or phone: in the store, and in every copy that kitloan made next to it. What
cannot be done now, because a copy is open elsewhere or the disk is full, is listed, and done when
the erasure is run again. The ledger is not changed: it only ever had an opaque id.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, update

from kitloan.borrowers.organisations import ids_of, known_organisation, name_now
from kitloan.errors import BadInput, KitloanError
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.queries.notes import notes_about
from kitloan.queries.paging import PAGE, page_by_name
from kitloan.storage import contact_changes
from kitloan.storage.erasure import (
    all_contacts,
    contact,
    delete_people,
    note_eraser,
    same_person,
)
from kitloan.storage.files import whole_file
from kitloan.storage.rewriting import rewrite_if_due, rewrite_is_due
from kitloan.storage.schema import OLDEST
from kitloan.storage.side_files import all_copies, clear_abandoned, left_elsewhere, unfinished
from kitloan.storage.statements import AnyRow
from kitloan.storage.store import Store, open_store
from kitloan.storage.user_files import desk_log
from kitloan.tables import LedgerEntry, table
from kitloan.text.dates import instant
from kitloan.text.names import clean, fold, plain
from kitloan.text.personal import MentionFinder, Named, check_email, check_phone, words
from kitloan.text.scans import check_no_label
from kitloan.values import NoteLine, Page

entry = table(LedgerEntry)

_ERASED_LINE = "(a line about a person was erased)"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: people, and remarks about them.

    Attributes:
        people: how many; 0 when only the rest of an earlier erasure was done.
        remarks: how many remarks were deleted from the store.
        copies_left: other files in which they may still be: copies that are damaged, open
            elsewhere or in the making, and the desk's log if it cannot be written.
        store_left: why deleted details may still be in the store's own files; empty when they are
            not.
    """

    people: int
    remarks: int
    copies_left: tuple[str, ...] = ()
    store_left: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing of them is left in any file that kitloan made."""
        return not (self.copies_left or self.store_left)


@dataclass(frozen=True, slots=True)
class ContactLine:
    """Somebody on file; `organisation` is where they are, by its name now, None where unknown."""

    id: str
    name: str
    organisation: str | None
    email: str | None
    phone: str | None
    college: str


class People:
    """The people of one college: who is on file, remarks about holdings, and erasing a person."""

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

    def contacts(
        self, of: str | None = None, after: str | None = None, limit: int = PAGE
    ) -> Page[ContactLine]:
        """People on file, by name.

        Args:
            of: only those of this organisation, and of what was merged into it.
            after: the `next` of the page before.
            limit: the most people on a page.

        Raises:
            BadInput: `unknown_organisation`, `bad_cursor`.
        """
        college = self._session.college
        wanted = select(contact).where(contact.c.college == college)
        with self._session.reading() as connection:
            if of is not None:
                key = known_organisation(connection, college, of).organisation
                wanted = wanted.where(contact.c.organisation.in_(ids_of(connection, college, key)))
            page = page_by_name(
                connection, wanted, contact.c.name, (contact.c.contact,), after, limit
            )
            lines = [_line(connection, row) for row in page.items]
        return Page(tuple(lines), page.total, page.next)

    def set_contact(
        self,
        name: str,
        *,
        email: str | None = None,
        phone: str | None = None,
        of: str | None = None,
    ) -> ContactLine:
        """Enter or change a person's details. They never enter the ledger, and can be erased.

        What is None stays, and an empty text takes away. Doing it again changes nothing.

        Args:
            name: the person's name; within an organisation it is one person.
            email: the e-mail address.
            phone: the phone number.
            of: where they are; None is the one place where this name is on file, or nowhere.

        Raises:
            BadInput: `bad_text`, `bad_email`, `bad_phone`; `unknown_organisation`; `ambiguous`,
                when several have the name and `of` is None.
        """
        named = check_no_label(clean(name, "The contact's name"), "The contact's name")
        email = check_email(email) if email else email
        phone = check_phone(phone) if phone else phone
        with self._session.writing() as writer:
            return _set(writer, named, email, phone, of)

    def remarks(self, tag: str) -> list[NoteLine]:
        """The notes about a holding, the oldest first.

        What was written with an action that is undone is not shown.

        Args:
            tag: a tag or asset number.
        """
        with self._session.reading() as connection:
            return notes_about(connection, self._session.college, tag)

    def erase(self, who: str) -> Erased:
        """Erase a person: name, e-mail, phone, and remarks about them.

        A person who is only in an older copy is erased there. Run again, it finishes what it could
        not do before.

        Args:
            who: the person's name, e-mail address or contact id.

        Raises:
            BadInput: `unknown_contact`, or `ambiguous` when several people have the name at
                different organisations.
            StoreError: `busy`, `full`, ...; nothing was erased then.
        """
        store, college = self._session.store, self._session.college
        with store.read() as connection:
            people = _answering(all_contacts(connection, college), who)
            due = rewrite_is_due(connection, college)
        if not people:
            older = self._look_in_copies(who)
            people = older.people
            named = _Called(who.strip())
            if not (people or due or older.due or _is_in_log(named)):
                raise _unknown(who, older.unread)
            log_left = _forget_in_log([*people, named])
        else:
            log_left = ()
        _must_be_one(people, who)
        gone = delete_people(store, college, people)
        now = instant(self._session.clock())
        note_eraser(store, college, self._session.actor, now)
        left = rewrite_if_due(store, college)
        # The copies after the store: a copy that is made from now on does not have the person.
        others = self._forget_in_copies(people)
        log_left = log_left or _forget_in_log(people)
        return Erased(len(_distinct(people)), gone, (*others, *log_left), left)

    def _look_in_copies(self, who: str) -> "_Older":
        """The people of this name in the copies next to the store."""
        clear_abandoned(self._session.store)
        older = _Older(unread=list(map(str, unfinished(self._session.store))))
        for each in self._others():
            try:
                with _opened(each) as copy, copy.read() as connection:
                    older.due |= rewrite_is_due(connection, self._session.college)
                    older.people += _answering(all_contacts(connection, self._session.college), who)
            except KitloanError:
                older.unread.append(str(each))
        return older

    def _forget_in_copies(self, people: Sequence[AnyRow]) -> tuple[str, ...]:
        """Erase people from every copy; gives the copies in which they may still be."""
        store = self._session.store
        clear_abandoned(store)
        left = [each for each in self._others() if not self._is_forgotten_in(each, people)]
        return tuple(str(each) for each in (*left, *unfinished(store)))

    def _others(self) -> list[Path]:
        """Every copy of a store that kitloan made or left here."""
        return [*all_copies(self._session.store), *left_elsewhere()]

    def _is_forgotten_in(self, path: Path, people: Sequence[AnyRow]) -> bool:
        """Erase people from a copy; gives whether it was rewritten too."""
        try:
            with _opened(path) as copy:
                delete_people(copy, self._session.college, people)
                return not rewrite_if_due(copy, self._session.college)
        except KitloanError:
            return False


def _set(
    writer: Writer, name: str, email: str | None, phone: str | None, of: str | None
) -> ContactLine:
    connection, college = writer.connection, writer.college
    key = "" if of is None else str(known_organisation(connection, college, of).organisation)
    rows = _people_called(connection, college, name, None if of is None else key)
    before = {row.contact: row for row in rows}
    made = "p" + secrets.token_hex(8)
    if not rows:
        connection.execute(
            insert(contact).values(
                college=college,
                contact=made,
                organisation=key,
                name=name,
                name_key=fold(name),
                email=email or None,
                phone=phone or None,
            )
        )
        rows = [_row(connection, college, made)]
    for row in rows:
        was = before.get(row.contact)
        now = {
            "email": row.email if email is None else email or None,
            "phone": row.phone if phone is None else phone or None,
        }
        if was is not None and (was.email, was.phone) == (now["email"], now["phone"]):
            continue
        this = contact.c.college == college, contact.c.contact == row.contact
        connection.execute(update(contact).where(*this).values(**now))
        contact_changes.keep(
            connection,
            college,
            writer.actor,
            writer.at,
            contact=row.contact,
            organisation=row.organisation,
            name=row.name,
            name_key=row.name_key,
            email_before=was.email if was is not None else None,
            phone_before=was.phone if was is not None else None,
            is_new=was is None,
            **now,
        )
    return _line(connection, _row(connection, college, rows[0].contact))


def _people_called(
    connection: Connection, college: str, name: str, organisation: str | None
) -> list[AnyRow]:
    """The rows of the person of a name: at an organisation, which may have been two, or anywhere.

    Raises:
        BadInput: `ambiguous`, when several people have the name and no organisation is given.
    """
    same_name = contact.c.college == college, contact.c.name_key == fold(name)
    rows = connection.execute(select(contact).where(*same_name).order_by(contact.c.contact)).all()
    if organisation is not None:
        ids = ids_of(connection, college, organisation)
        return [row for row in rows if row.organisation in ids]
    if len(rows) > 1:
        where = [_line(connection, row).organisation or "no organisation" for row in rows]
        raise BadInput(
            "ambiguous",
            f"{len(rows)} people have the name {name!r}: at {', '.join(where)}.",
            "Name where: --of ORGANISATION",
            contacts=[row.contact for row in rows],
        )
    return list(rows)


def _row(connection: Connection, college: str, which: str) -> AnyRow:
    this = contact.c.college == college, contact.c.contact == which
    return connection.execute(select(contact).where(*this)).one()


def _line(connection: Connection, row: AnyRow) -> ContactLine:
    at = name_now(connection, row.college, row.organisation) if row.organisation else None
    return ContactLine(row.contact, row.name, at, row.email, row.phone, row.college)


@dataclass(slots=True)
class _Older:
    """What the copies have: the people meant, an unfinished erasure, copies that cannot be read."""

    unread: list[str]
    people: list[AnyRow] = field(default_factory=list)
    due: bool = False


@dataclass(frozen=True, slots=True)
class _Called:
    """A person of whom only the name that was asked for is known."""

    name: str
    email: str | None = None
    phone: str | None = None


def _is_in_log(who: _Called) -> bool:
    """Whether the desk's log mentions a person; one word alone could mean anything there."""
    if len(words(who.name)) < 2:
        return False
    finder = MentionFinder([who])
    try:
        text = desk_log().read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(map(finder.matches, text.splitlines()))


def _forget_in_log(people: Sequence[Named]) -> tuple[str, ...]:
    """Remove the lines that mention people from the desk's log; gives the log if that failed."""
    log, finder = desk_log(), MentionFinder(people)
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        kept = [_ERASED_LINE if finder.matches(line) else line for line in lines]
        if kept != lines:
            with whole_file(log) as part:
                part.write_text("\n".join([*kept, ""]), encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, KitloanError):
        return (str(log),)
    return ()


@contextmanager
def _opened(path: Path) -> Iterator[Store]:
    store = open_store(str(path), oldest=OLDEST)
    try:
        yield store
    finally:
        store.close()


def _answering(rows: Sequence[AnyRow], who: str) -> list[AnyRow]:
    """The people meant: by id, else by name or e-mail as given, else by the words of the name."""
    by_id = [row for row in rows if row.contact == who.strip()]
    given = fold(who)
    as_given = [row for row in rows if given in (row.name_key, fold(row.email or ""))]
    wanted = sorted(words(who))
    return (
        by_id or as_given or [row for row in rows if wanted and sorted(words(row.name)) == wanted]
    )


def _distinct(people: Sequence[AnyRow]) -> list[AnyRow]:
    """One row for each person, who may be in several copies."""
    found: list[AnyRow] = []
    for row in people:
        if not any(same_person(row, each) for each in found):
            found.append(row)
    return found


def _must_be_one(people: Sequence[AnyRow], who: str) -> None:
    apart = _distinct(people)
    if len(apart) > 1:
        raise BadInput(
            "ambiguous",
            f"{len(apart)} people match {plain(who)!r}: "
            + ", ".join(f"{row.contact} at {row.at or 'no organisation'}" for row in apart)
            + ".",
            "Give the id of the person to erase.",
            contacts=[row.contact for row in apart],
        )


def _unknown(who: str, unread: Sequence[str]) -> BadInput:
    more = f" {', '.join(unread)} could not be searched." if unread else ""
    return BadInput(
        "unknown_contact",
        f"Nobody called {plain(who)!r} is on file here.{more}",
        "Give the name as it was typed at check-out, the e-mail address, or the id.",
        unread=list(unread),
    )
