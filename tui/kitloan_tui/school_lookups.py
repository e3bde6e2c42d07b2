"""What the page of a school asks of the register: its loans by term, and what it has lost."""

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from kitloan.ledger.session import Session
from kitloan.queries.undone import UNDONE
from kitloan.tables import Holding, KitType, LedgerEntry, Loan, Organisation, table
from kitloan.text.dates import day_of

entry, holding, kit_type = table(LedgerEntry), table(Holding), table(KitType)
loan, organisation = table(Loan), table(Organisation)

_APRIL, _AUGUST = 4, 8


@dataclass(frozen=True, slots=True)
class TermLine:
    """How many loans of how many holdings a school had in one term."""

    term: str
    loans: int
    kits: int


@dataclass(frozen=True, slots=True)
class LostLine:
    """A holding that was reported missing while a school had it."""

    tag: str
    type: str
    number: str
    on: date


def loans_by_term(session: Session, name: str) -> list[TermLine]:
    """A school's loans by the term in which they began, the latest first."""
    with session.reading() as connection:
        rows = connection.execute(
            select(loan.c.out_at, loan.c.tag)
            .join_from(loan, organisation)
            .where(organisation.c.college == session.college, organisation.c.name == name)
        ).all()
    terms: dict[tuple[int, int], list[str]] = {}
    for row in rows:
        key = _term(day_of(row.out_at)) if row.out_at else (0, 0)
        terms.setdefault(key, []).append(row.tag)
    return [
        TermLine(_term_shown(key), len(tags), len(set(tags)))
        for key, tags in sorted(terms.items(), reverse=True)
    ]


def _term(day: date) -> tuple[int, int]:
    """The year and the number of the term: from January, from April, from August."""
    return day.year, 3 if day.month >= _AUGUST else 2 if day.month >= _APRIL else 1


def _term_shown(key: tuple[int, int]) -> str:
    year, number = key
    names = {1: "Jan to Mar", 2: "Apr to Jul", 3: "Aug to Dec"}
    return f"{names[number]} {year}" if year else "on a day not on record"


def lost_by(session: Session, name: str) -> list[LostLine]:
    """What was reported missing while a school had it, and is missing still, the latest first."""
    missing = select(entry.c.body, entry.c.at).where(
        entry.c.college == session.college, entry.c.kind == "holding.missing", ~UNDONE
    )
    with session.reading() as connection:
        lost = {
            fact["loan"]: row.at
            for row in connection.execute(missing)
            if (fact := json.loads(row.body)["fact"])["loan"]
        }
        rows = connection.execute(
            select(loan.c.loan, loan.c.tag, kit_type.c.name, holding.c.asset_number)
            .join_from(loan, organisation)
            .join(holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
            .join(
                kit_type,
                (kit_type.c.college == holding.c.college)
                & (kit_type.c.kit_type == holding.c.kit_type),
            )
            .where(
                organisation.c.college == session.college,
                organisation.c.name == name,
                holding.c.state == "missing",
                loan.c.loan.in_(list(lost)),
            )
        ).all()
    found = [LostLine(row[1], row[2], row[3] or "", day_of(lost[row[0]])) for row in rows]
    return sorted(found, key=lambda each: each.on, reverse=True)
