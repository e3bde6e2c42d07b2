"""Who borrows: organisations with what they have out, and the people on file, a page at a time."""

from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from kitloan.answers import Page
from kitloan.models import Contact, Loan, Organisation, table
from kitloan.narrowing import called, walked
from kitloan.paging import PAGE, page_of
from kitloan.session import Session
from kitloan.text import sought

contact, loan, organisation = table(Contact), table(Loan), table(Organisation)


@dataclass(frozen=True, slots=True)
class Borrower:
    """An organisation, and how many loans it has open and overdue."""

    name: str
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on file. `organisation` is empty where nobody said."""

    id: str
    name: str
    organisation: str
    email: str | None
    phone: str | None


class Directory:
    """Questions about who borrows from one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def organisations(
        self, text: str = "", after: str | None = None, limit: int = PAGE
    ) -> Page[Borrower]:
        """Organisations in whose name every word of `text` occurs, by name.

        Args:
            text: words or parts of words; case does not count.
            after: the `next` of the page before.
            limit: the most organisations on a page.
        """
        wanted = select(organisation.c.organisation, organisation.c.name).where(
            organisation.c.college == self._session.college,
            *[condition for word in sought(text) for condition in called(word)],
        )
        with self._session.reading() as connection:
            page = page_of(connection, wanted, (organisation.c.organisation,), after, limit)
            loans = self._loans(connection, [row.organisation for row in page.items])
        none = (0, 0)
        found = [Borrower(row.name, *loans.get(row.organisation, none)) for row in page.items]
        return Page(tuple(found), page.total, page.next)

    def nearly_like(self, name: str) -> tuple[str, ...]:
        """Organisations of this college that are spelt almost like `name`, nearest first."""
        from kitloan.borrowers import nearly_like  # asked of the mistyped only

        with self._session.reading() as connection:
            return nearly_like(connection, self._session.college, name)

    def people(self, text: str = "", after: str | None = None, limit: int = PAGE) -> Page[Person]:
        """People on file in whose name every word of `text` occurs, by name; as `organisations`."""
        words = sought(text)
        wanted = (
            select(
                contact.c.name_key,
                contact.c.contact,
                contact.c.name,
                func.coalesce(organisation.c.name, "").label("at"),
                contact.c.email,
                contact.c.phone,
            )
            .outerjoin_from(
                contact,
                organisation,
                (organisation.c.college == contact.c.college)
                & (organisation.c.organisation == contact.c.organisation),
            )
            .where(
                contact.c.college == self._session.college,
                *[contact.c.name_key.contains(word, autoescape=True) for word in words],
            )
        )
        order = (contact.c.name_key, contact.c.contact)
        with self._session.reading() as connection:
            page = page_of(connection, wanted, order, after, limit)
        found = [Person(row.contact, row.name, row.at, row.email, row.phone) for row in page.items]
        return Page(tuple(found), page.total, page.next)

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
