"""Lists of borrowers and of people on file, and correcting the names of borrowers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, case, func, select

from kitloan.borrowers.blocks import BlockLine, block_borrower, unblock_borrower
from kitloan.borrowers.organisations import (
    Borrower,
    known_organisation,
    must_be_a_name,
    must_not_look_alike,
    name_now,
    nearly_like,
    organisation_row,
)
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.naming import (
    OrganisationClosed,
    OrganisationMerged,
    OrganisationRenamed,
)
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.queries.find import called, walked
from kitloan.queries.paging import PAGE, page_by_name
from kitloan.storage.statements import AnyRow
from kitloan.tables import Block, Contact, Loan, Organisation, table
from kitloan.tables.naming import OtherName
from kitloan.text.dates import day_of, uk
from kitloan.text.names import clean, fold, search_form, skeleton, sought
from kitloan.values import Page

block, contact, loan = table(Block), table(Contact), table(Loan)
organisation, other_name = table(Organisation), table(OtherName)


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """An organisation, and how many loans it has open and overdue."""

    name: str
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class BorrowerLine:
    """A borrower on file.

    Attributes:
        organisation: its id.
        name: what it is called now.
        also: other names that it is found by: earlier ones, and those of what was merged into it.
        closed: whether nothing is lent to it any more.
        open_loans: how many loans it has open.
        college: whose borrower it is.
    """

    organisation: str
    name: str
    also: tuple[str, ...]
    closed: bool
    open_loans: int
    college: str


def rename(writer: Writer, name: str, new: str) -> Borrower:
    """Give a borrower another name; see `Directory.rename`."""
    row = known_organisation(writer.connection, writer.college, name)
    named = clean(new, "The organisation")
    if named == row.name:
        raise BadInput("same_name", f"{row.name} has this name already.", value=named)
    other, _ = organisation_row(writer.connection, writer.college, named)
    if other is not None and other.organisation != row.organisation:
        raise Refused(
            "name_taken",
            f"{other.name} is another borrower that is found by {named!r}.",
            f"If the two are one: kitloan organisations merge '{row.name}' '{other.name}'",
            organisation=other.organisation,
            name=other.name,
        )
    must_be_a_name(named)
    if skeleton(named) != skeleton(row.name):
        must_not_look_alike(writer, named)
    writer.append(OrganisationRenamed(organisation=row.organisation, before=row.name, name=named))
    return Borrower(row.organisation, named, new=False, closed_at=row.closed_at)


def merge(writer: Writer, name: str, into: str) -> Borrower:
    """Make two borrowers one; gives the one that is left. See `Directory.merge`."""
    connection, college = writer.connection, writer.college
    one, other = (
        known_organisation(connection, college, name),
        known_organisation(connection, college, into),
    )
    if one.organisation == other.organisation:
        raise BadInput(
            "same_organisation",
            f"{name!r} and {into!r} are the same borrower: {other.name}.",
            "Give the names of two borrowers.",
            organisation=other.organisation,
        )
    writer.append(OrganisationMerged(organisation=one.organisation, into=other.organisation))
    return Borrower(other.organisation, other.name, new=False, closed_at=other.closed_at)


def close(writer: Writer, name: str) -> Borrower:
    """Lend nothing more to a borrower; see `Directory.close`."""
    row = known_organisation(writer.connection, writer.college, name)
    if row.closed_at is not None:
        raise Refused(
            "closed",
            f"{row.name} is closed already, since {uk(day_of(row.closed_at))}.",
            organisation=row.organisation,
            closed_on=day_of(row.closed_at).isoformat(),
        )
    writer.append(OrganisationClosed(organisation=row.organisation))
    return Borrower(row.organisation, row.name, new=False, closed_at=writer.at)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on file. `organisation` is empty where none is recorded."""

    id: str
    name: str
    organisation: str
    email: str | None
    phone: str | None


def _borrower_lines(connection: Connection, rows: Sequence[AnyRow]) -> list[BorrowerLine]:
    """The lines of rows of `organisation`, with their other names and open loans."""
    colleges = {row.college for row in rows}
    also: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(
        select(other_name.c.college, other_name.c.whose, other_name.c.name)
        .where(other_name.c.college.in_(colleges), other_name.c.subject == "organisation")
        .order_by(other_name.c.key)
    ):
        also.setdefault((row.college, row.whose), []).append(row.name)
    counted = connection.execute(
        select(loan.c.college, loan.c.organisation, func.count().label("open"))
        .where(loan.c.college.in_(colleges), loan.c.closed_at.is_(None))
        .group_by(loan.c.college, loan.c.organisation)
    )
    loans = {(row.college, row.organisation): int(row.open) for row in counted}
    return [
        BorrowerLine(
            organisation=row.organisation,
            name=row.name,
            also=tuple(each for each in also.get(key, ()) if fold(each) != fold(row.name)),
            closed=row.closed_at is not None,
            open_loans=loans.get(key, 0),
            college=row.college,
        )
        for row in rows
        for key in [(row.college, row.organisation)]
    ]


_LINE = select(
    organisation.c.college,
    organisation.c.organisation,
    organisation.c.name,
    organisation.c.closed_at,
)


_BY_NAME = (organisation.c.name, (organisation.c.college, organisation.c.organisation))


class Directory:
    """Who borrows from one college: questions, and correcting their names."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def organisations(
        self, text: str = "", after: str | None = None, limit: int = PAGE
    ) -> Page[OrganisationLine]:
        """Organisations in whose name every word of `text` occurs, by name.

        Args:
            text: words or parts of words; case does not count.
            after: the `next` of the page before.
            limit: the most organisations on a page.
        """
        wanted = select(
            organisation.c.college, organisation.c.organisation, organisation.c.name
        ).where(
            organisation.c.college == self._session.college,
            organisation.c.merged_into.is_(None),
            *[condition for word in sought(text) for condition in called(word)],
        )
        with self._session.reading() as connection:
            page = page_by_name(connection, wanted, *_BY_NAME, after, limit)
            loans = self._loans(connection, [row.organisation for row in page.items])
        none = (0, 0)
        found = [
            OrganisationLine(row.name, *loans.get(row.organisation, none)) for row in page.items
        ]
        return Page(tuple(found), page.total, page.next)

    def borrowers(self, after: str | None = None, limit: int = PAGE) -> Page[BorrowerLine]:
        """Every borrower that was not merged into another, by name; in ESP's store, all colleges'.

        Args:
            after: the `next` of the page before.
            limit: the most borrowers on a page.

        Raises:
            BadInput: `bad_cursor`.
        """
        wanted = _LINE.where(organisation.c.merged_into.is_(None))
        if not self._session.is_national:
            wanted = wanted.where(organisation.c.college == self._session.college)
        with self._session.reading() as connection:
            page = page_by_name(connection, wanted, *_BY_NAME, after, limit)
            lines = _borrower_lines(connection, page.items)
        return Page(tuple(lines), page.total, page.next)

    def borrower(self, name: str) -> BorrowerLine:
        """The borrower that `name` means, by any name that it has or had.

        Raises:
            BadInput: `unknown_organisation`, with `near` in the details.
        """
        with self._session.reading() as connection:
            college = self._session.college
            key = known_organisation(connection, college, name).organisation
            this = organisation.c.college == college, organisation.c.organisation == key
            (line,) = _borrower_lines(connection, connection.execute(_LINE.where(*this)).all())
        return line

    def rename(
        self,
        name: str,
        new: str,
        *,
        request_id: str | None = None,
    ) -> Borrower:
        """Give a borrower another name. It is found by both, and its loans go on.

        Args:
            name: any name that it has or had.
            new: what it is called from now on.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `name_taken`, when another borrower is found by the new name.
            BadInput: `unknown_organisation`, `same_name`; `bad_text`, `not_a_name`,
                `names_a_person`, `looks_alike`.
        """
        with self._session.writing(request_id) as writer:
            return rename(writer, name, new)

    def merge(
        self,
        name: str,
        into: str,
        *,
        request_id: str | None = None,
    ) -> Borrower:
        """Make two borrowers one: what `name` has is `into`'s from now on, and is found by both.

        Raises:
            BadInput: `unknown_organisation`; `same_organisation`, for one and the same.
        """
        with self._session.writing(request_id) as writer:
            return merge(writer, name, into)

    def close(self, name: str, *, request_id: str | None = None) -> Borrower:
        """Lend nothing more to a borrower. What it has is still on loan, and comes back as ever.

        Raises:
            Refused: `closed`, when it is.
            BadInput: `unknown_organisation`.
        """
        with self._session.writing(request_id) as writer:
            return close(writer, name)

    def block(
        self,
        name: str,
        reason: str,
        *,
        until: date | None = None,
        request_id: str | None = None,
    ) -> BlockLine:
        """Lend nothing to an organisation for now; a later block replaces it.

        Args:
            name: the organisation.
            reason: why; goes on record, so it should name nobody.
            until: the last day of it; None is until somebody ends it.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_organisation`, `bad_text`, `in_the_past`.
        """
        with self._session.writing(request_id) as writer:
            return block_borrower(writer, name, reason, until)

    def unblock(self, name: str, *, request_id: str | None = None) -> str:
        """End the block of an organisation; gives its name.

        Raises:
            Refused: `not_blocked`.
            BadInput: `unknown_organisation`, `bad_text`.
        """
        with self._session.writing(request_id) as writer:
            return unblock_borrower(writer, name)

    def blocks(self) -> list[BlockLine]:
        """Who is blocked today, by name; in ESP's store of every college."""
        today = self._session.today.isoformat()
        wanted = (
            select(block, organisation.c.name)
            .join_from(block, organisation)
            .where(block.c.until.is_(None) | (block.c.until >= today))
            .order_by(organisation.c.college, organisation.c.organisation)
        )
        if not self._session.is_national:
            wanted = wanted.where(block.c.college == self._session.college)
        with self._session.reading() as connection:
            rows = connection.execute(wanted).all()
        return [
            BlockLine(
                row.college,
                row.name,
                row.reason,
                date.fromisoformat(row.until) if row.until else None,
                day_of(row.since),
                row.blocked_by,
            )
            for row in rows
        ]

    def nearly_like(self, name: str) -> tuple[str, ...]:
        """Organisations of this college that are spelt almost like `name`, nearest first."""
        with self._session.reading() as connection:
            return nearly_like(connection, self._session.college, name)

    def people(self, text: str = "", after: str | None = None, limit: int = PAGE) -> Page[Person]:
        """People on file in whose name every word of `text` occurs, by name; as `organisations`."""
        words = sought(text)
        wanted = select(contact).where(
            contact.c.college == self._session.college,
            *([contact.c.contact.in_(self._people_called(words))] if words else []),
        )
        with self._session.reading() as connection:
            page = page_by_name(
                connection, wanted, contact.c.name, (contact.c.contact,), after, limit
            )
            at = {
                key: name_now(connection, self._session.college, key) or ""
                for key in {row.organisation for row in page.items}
            }
        found = [
            Person(row.contact, row.name, at[row.organisation], row.email, row.phone)
            for row in page.items
        ]
        return Page(tuple(found), page.total, page.next)

    def _people_called(self, words: Sequence[str]) -> list[str]:
        """The ids of people in whose names every word is."""
        with self._session.reading() as connection:
            rows = connection.execute(
                select(contact.c.contact, contact.c.name).where(
                    contact.c.college == self._session.college
                )
            ).all()
        return [row.contact for row in rows if all(word in search_form(row.name) for word in words)]

    def _loans(self, connection: Connection, ids: list[str]) -> dict[str, tuple[int, int]]:
        today = self._session.today.isoformat()
        late = func.sum(case((loan.c.due_key < today, 1), else_=0))
        rows = connection.execute(
            select(loan.c.organisation, func.count(), late)
            .where(
                walked(self._session, loan.c.college),
                loan.c.closed_at.is_(None),
                loan.c.organisation.in_(ids),
            )
            .group_by(loan.c.organisation)
        )
        return {row[0]: (int(row[1]), int(row[2])) for row in rows}
