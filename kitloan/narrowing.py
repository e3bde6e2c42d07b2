"""Conditions that narrow a list: by words, and by how a holding stands.

The status that a list is narrowed to is the one that `kitloan.status` would say of each row, put
as a condition for the database; a test holds the two together.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
)

from kitloan.answers import Status
from kitloan.models import Holding, Loan, Organisation, Shortage, table
from kitloan.session import Session
from kitloan.text import marked, organisation_key, same_organisation, slug, sought

holding, loan, organisation = table(Holding), table(Loan), table(Organisation)
shortage = table(Shortage)

Condition = ColumnElement[bool]


def holdings_with(text: str) -> list[Condition]:
    """Every word of `text` occurs in a holding's particulars."""
    return [_has(word) for word in sought(text)]


def loans_with(text: str, college: str | None) -> list[Condition]:
    """Every word of `text` occurs in the particulars of a loan's holding, or in who has it.

    Asked as two lists to be in, because each is one walk through a narrow index; joined, every
    open loan would fetch its holding to look at its words.
    """
    return [
        or_(
            loan.c.tag.in_(_of(college, select(holding.c.tag), holding).where(_has(word))),
            loan.c.organisation.in_(
                _of(college, select(organisation.c.organisation), organisation).where(*called(word))
            ),
        )
        for word in sought(text)
    ]


def called(word: str) -> list[Condition]:
    """A word occurs in an organisation's name.

    Its id has the letters and digits, folded; of a word with others the name itself must have all.
    """
    conditions = []
    if any(character.isalnum() for character in word):
        conditions.append(organisation.c.organisation.contains(slug(word), autoescape=True))
    if organisation_key(word) != slug(word):
        conditions.append(func.lower(organisation.c.name).contains(word, autoescape=True))
    return conditions


def organisations_called(
    connection: Connection, college: str | None, name: str
) -> list[tuple[str, str, str]]:
    """The college, the id and the name of each organisation that `name` means.

    Args:
        connection: a transaction.
        college: whose organisations; None for every college's.
        name: as somebody gave it.
    """
    keys = {slug(name), organisation_key(name), marked(name)}
    wanted = select(organisation.c.college, organisation.c.organisation, organisation.c.name)
    rows = connection.execute(
        _of(college, wanted.where(organisation.c.organisation.in_(sorted(keys))), organisation)
    )
    return [(row[0], row[1], row[2]) for row in rows if same_organisation(row.name, name)]


def shortages_with(text: str) -> list[Condition]:
    """Every word of `text` occurs in the holding's particulars, or in the component's name."""
    return [
        or_(_has(word), func.lower(shortage.c.component).contains(word, autoescape=True))
        for word in sought(text)
    ]


def in_status(status: Status, today: date, session: Session) -> list[Condition]:
    """A holding of the session's college stands so; in ESP's store, of any college."""
    college = None if session.is_national else session.college
    stands = list(_STATUS[status](_late(today, college)))
    if college is None:
        return stands
    ours = holding.c.college == college if status in FEW else walked(session, holding.c.college)
    return [*stands, ours]


def walked(session: Session, college: ColumnElement[str]) -> Condition:
    """The row is the session's college's, for a question that looks at most rows anyway.

    Asked plainly, SQLite walks the key's index and fetches each row from wherever it lies, which
    takes ten times as long as reading the table from end to end. PostgreSQL knows better by itself.
    """
    return (college.concat("") if session.store.is_sqlite else college) == session.college


def _has(word: str) -> Condition:
    return holding.c.words.contains(word, autoescape=True)


def _of(college: str | None, wanted: Any, where: Any) -> Any:
    return wanted if college is None else wanted.where(where.c.college == college)


def _late(today: date, college: str | None) -> Condition:
    """Some of it is out past its due date.

    A list to be in, made once: asked of each holding, SQLite would walk every late loan each time.
    """
    overdue = select(loan.c.tag).where(
        loan.c.closed_at.is_(None), loan.c.due_key < today.isoformat()
    )
    if college is None:
        one_of = tuple_(holding.c.college, holding.c.tag).in_(
            overdue.with_only_columns(loan.c.college, loan.c.tag)
        )
    else:
        one_of = holding.c.tag.in_(overdue.where(loan.c.college == college))
    return and_(holding.c.out_quantity > 0, one_of)


def _left(late: Condition) -> Condition:
    """The college has it, or some of it, and nobody is late with the rest."""
    return and_(holding.c.state == "held", holding.c.out_quantity < holding.c.quantity, not_(late))


def _state(name: str) -> Callable[[Condition], list[Condition]]:
    return lambda late: [_ELSEWHERE, holding.c.state == name]


_ELSEWHERE: Condition = literal_column("holding.state <> 'held'")
_UNCOUNTED: Condition = literal_column("holding.uncounted IS TRUE")
_UNUSABLE: Condition = literal_column("holding.critical_short > 0")
"""What the partial indexes of `kitloan.models.every` say, to the letter, so that they are used."""

FEW: Final = frozenset(("uncounted", "incomplete", "in_transit", "withdrawn", "missing"))
"""Statuses that few holdings have; those are in an index of their own, by tag."""

_STATUS: Final[Mapping[Status, Callable[[Condition], list[Condition]]]] = {
    "in": lambda late: [_left(late), ~holding.c.uncounted, holding.c.critical_short == 0],
    "uncounted": lambda late: [_left(late), _UNCOUNTED],
    "incomplete": lambda late: [_left(late), ~holding.c.uncounted, _UNUSABLE],
    "out": lambda late: [holding.c.out_quantity == holding.c.quantity, not_(late)],
    "overdue": lambda late: [late],
    "in_transit": _state("in_transit"),
    "withdrawn": _state("withdrawn"),
    "missing": _state("missing"),
}
