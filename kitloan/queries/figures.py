"""Figures about one college's lending: by week, by type, by lateness, and shortages by type.

They are the numbers of the desk's charts; ESP's figures are in `kitloan.audit`. A loan counts on
the day in Scotland on which it began, so a week runs from Monday to Sunday there. Figures over all
loans read whole tables, and take a second with some hundred thousand: call them on a thread."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import func, select

from kitloan.ledger.session import Session
from kitloan.queries.find import walked
from kitloan.queries.paging import PAGE, page_of
from kitloan.tables import Holding, KitType, Loan, Shortage, table
from kitloan.text.dates import day_of, days_after, start_of, twelve_months_to
from kitloan.text.names import sought
from kitloan.values import Page

holding, kit_type = table(Holding), table(KitType)
loan, shortage = table(Loan), table(Shortage)

AGES: Final = (
    (7, "up to a week"),
    (14, "up to 2 weeks"),
    (28, "up to 4 weeks"),
    (91, "up to 3 months"),
)
"""How late: at most so many days, and in words. Anything later is `LATER`."""
LATER: Final = "longer"


@dataclass(frozen=True, slots=True)
class LoansOfWeek:
    """How many loans began in the week from this Monday."""

    monday: date
    loans: int


@dataclass(frozen=True, slots=True)
class TypeUse:
    """A kit type: how many holdings, and how many loans of them began in the last twelve months."""

    type: str
    holdings: int
    loans: int


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many loans are late by this age."""

    age: str
    loans: int


@dataclass(frozen=True, slots=True)
class ShortOfType:
    """One component of a kit type: how many are short, and in how many kits."""

    type: str
    component: str
    missing: int
    broken: int
    kits: int


class Figures:
    """The figures of one college's lending."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def loans_by_week(self, weeks: int = 12) -> list[LoansOfWeek]:
        """Loans that began in each of the last weeks, the latest last; this week counts."""
        this = _monday(self._session.today)
        mondays = sorted({days_after(this, -7 * back) for back in range(weeks)})
        by_monday: Counter[date] = Counter()
        hour = func.substr(loan.c.out_at, 1, 13)
        # From the day before: early on Monday in Scotland can be Sunday in UTC.
        start = days_after(mondays[0], -1).isoformat()
        with self._session.reading() as connection:
            for began, count in connection.execute(
                select(hour, func.count())
                .where(walked(self._session, loan.c.college), loan.c.out_at >= start)
                .group_by(hour)
            ):
                day = day_of(f"{began}:00:00Z")
                by_monday[_monday(day)] += count
        return [LoansOfWeek(monday, by_monday[monday]) for monday in mondays]

    def use_by_type(self) -> list[TypeUse]:
        """Every kit type, the most used first; withdrawn holdings do not count."""
        since = start_of(twelve_months_to(self._session.today))
        kept = (walked(self._session, holding.c.college), holding.c.state != "withdrawn")
        used: Counter[str] = Counter()
        held: Counter[str] = Counter()
        with self._session.reading() as connection:
            named = connection.execute(
                select(kit_type.c.kit_type, kit_type.c.name).where(
                    kit_type.c.college == self._session.college
                )
            )
            names = {row.kit_type: row.name for row in named}
            # Joined here: SQLite would look up every loan's holding in the index.
            holdings = connection.execute(select(holding.c.tag, holding.c.kit_type).where(*kept))
            type_of = {row.tag: row.kit_type for row in holdings}
            began = connection.execute(
                select(loan.c.tag).where(
                    walked(self._session, loan.c.college), loan.c.out_at >= since
                )
            ).scalars()
            used.update(type_of[tag] for tag in began if tag in type_of)
            held.update(type_of.values())
        found = [TypeUse(names[key], held[key], used[key]) for key in held]
        return sorted(found, key=lambda each: (-each.loans, -each.holdings, each.type))

    def overdue_by_age(self) -> list[Lateness]:
        """Open loans past their due date, by how late they are, the latest last."""
        today = self._session.today
        late: Counter[str] = Counter()
        with self._session.reading() as connection:
            for due, count in connection.execute(
                select(loan.c.due_key, func.count())
                .where(
                    loan.c.college == self._session.college,
                    loan.c.closed_at.is_(None),
                    loan.c.due_key < today.isoformat(),
                )
                .group_by(loan.c.due_key)
            ):
                late[_age((today - date.fromisoformat(due)).days)] += count
        return [Lateness(age, late[age]) for age in (*(words for _, words in AGES), LATER)]

    def shortages_by_type(
        self, text: str = "", after: str | None = None, limit: int = PAGE
    ) -> Page[ShortOfType]:
        """Shortages by kit type and component, ordered by name.

        Args:
            text: only lines with every one of these words in the two names.
            after: the `next` of the page before.
            limit: the most lines on a page.
        """
        names = func.lower(kit_type.c.name + " " + shortage.c.component)
        wanted = (
            select(
                kit_type.c.name,
                shortage.c.component,
                func.sum(shortage.c.missing).label("missing"),
                func.sum(shortage.c.broken).label("broken"),
                func.count().label("kits"),
            )
            .join_from(shortage, holding)
            .join(kit_type)
            .where(shortage.c.college == self._session.college)
            .where(*[names.contains(word, autoescape=True) for word in sought(text)])
            .group_by(kit_type.c.name, shortage.c.component)
        ).subquery()
        order = (wanted.c.name, wanted.c.component)
        with self._session.reading() as connection:
            page = page_of(connection, select(wanted), order, after, limit)
        return Page(tuple(ShortOfType(*row) for row in page.items), page.total, page.next)


def _monday(day: date) -> date:
    return days_after(day, -day.weekday())


def _age(days: int) -> str:
    return next((words for most, words in AGES if days <= most), LATER)
