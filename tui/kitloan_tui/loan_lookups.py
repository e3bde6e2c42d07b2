"""What lists show beside a loan, and what a loan was that is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from sqlalchemy import select

from kitloan.ledger.session import Session
from kitloan.queries.find import Finder
from kitloan.tables import Contact, Holding, KitType, Loan, Organisation, table
from kitloan.text.dates import day_of

contact, holding, kit_type = table(Contact), table(Holding), table(KitType)
loan, organisation = table(Loan), table(Organisation)


@dataclass(frozen=True, slots=True)
class AboutLoan:
    """What a list shows of a loan beside the loan: the college's number, and whom to ring."""

    number: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""

    @property
    def reach(self) -> str:
        """The person, and the shortest way to them."""
        return " ".join(part for part in (self.contact, self.phone or self.email) if part)

    @property
    def reach_in_full(self) -> str:
        """The person with phone and e-mail."""
        return "  ".join(part for part in (self.contact, self.phone, self.email) if part)


def contacts_of(session: Session, tag: str) -> dict[str, str]:
    """Whom to ring about the open loans of a holding, by borrower."""
    open_loans_of = Finder(session).loans(text=tag).items
    about = about_loans(session, open_loans_of)
    return {
        each.to: about[each.id].reach_in_full
        for each in open_loans_of
        if each.tag == tag and each.id in about
    }


class HasLoanId(Protocol):
    """What is about one loan."""

    @property
    def id(self) -> str:
        """The loan's id."""
        ...


def about_loans(session: Session, loans: Sequence[HasLoanId]) -> dict[str, AboutLoan]:
    """The college's own numbers and the people of these loans, by the loans' ids.

    Other colleges' people are never here.
    """
    if not loans or session.is_national:
        return {}
    with session.reading() as connection:
        rows = connection.execute(
            select(
                loan.c.loan,
                holding.c.asset_number,
                contact.c.name,
                contact.c.phone,
                contact.c.email,
            )
            .join_from(
                loan,
                holding,
                (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag),
            )
            .outerjoin(
                contact,
                (contact.c.college == loan.c.college) & (contact.c.contact == loan.c.contact),
            )
            .where(loan.c.college == session.college, loan.c.loan.in_([each.id for each in loans]))
        ).all()
    return {row[0]: AboutLoan(*(str(part or "") for part in row[1:])) for row in rows}


@dataclass(frozen=True, slots=True)
class LoanBack:
    """A loan that is over: what came back, from whom, and when."""

    loan: str
    tag: str
    type: str
    to: str
    on: date


def loan_back(session: Session, loan_id: str) -> LoanBack | None:
    """A loan of this college that is over; None where it is open, or there is none."""
    wanted = (
        select(loan.c.loan, loan.c.tag, kit_type.c.name, organisation.c.name, loan.c.closed_at)
        .join_from(
            loan,
            organisation,
            (organisation.c.college == loan.c.college)
            & (organisation.c.organisation == loan.c.organisation),
        )
        .join(holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
        .join(
            kit_type,
            (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
        )
        .where(loan.c.college == session.college, loan.c.loan == loan_id)
    )
    with session.reading() as connection:
        row = connection.execute(wanted).first()
    if row is None or row[4] is None:
        return None
    return LoanBack(row[0], row[1], row[2], row[3], day_of(row[4]))
