"""Bookings and loans as events of a calendar file: what was withdrawn is among them.

A calendar takes the highest number of an event, so each change, each undo of one and each doing
again counts one more. So does each later change of the college's calendar: it may move a booking
off a day that is closed now.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from kitloan.borrowers.organisations import name_now
from kitloan.planning.calendar import Calendar, calendar_of
from kitloan.planning.channels import CalendarEvent
from kitloan.planning.notices import line_of
from kitloan.queries.loan_rows import select_loans
from kitloan.queries.types import type_meant
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Contact, Holding, KitType, LedgerEntry, Loan, Organisation, table
from kitloan.tables.planning import Booking, BookingLine
from kitloan.text.dates import days_after, uk

contact, holding, kit_type = table(Contact), table(Holding), table(KitType)
entry, loan, organisation = table(LedgerEntry), table(Loan), table(Organisation)
booking, booking_line_ = table(Booking), table(BookingLine)

_REVERSED = "entry.reversed"
_CALENDAR = "calendar.set"
_OF_A_BOOKING = ("booking.made", "booking.changed", "booking.cancelled", "booking.lapsed")
_OF_A_LOAN = (
    "loan.checked_out",
    "loan.found",
    "loan.renewed",
    "loan.corrected",
    "loan.checked_in",
    "loan.stock_gone",
    "holding.missing",
)
_SHOWN_DAYS = 92
"""For how long after its end something stays in the calendar file, so that calendars drop it."""
_LONG_AGO = "1970-01-01T00:00:00Z"

_DUE = (
    loan.c.college == bindparam("c"),
    loan.c.due_key > "",
    loan.c.due_on.is_not(None),
)
LOANS = Query(
    select_loans(
        loan.c.loan,
        loan.c.tag,
        (loan.c.quantity - loan.c.returned).label("left"),
        loan.c.due_on,
        contact.c.name.label("person"),
        contact.c.email,
        contact.c.phone,
    )
    .outerjoin(
        contact, (contact.c.college == loan.c.college) & (contact.c.contact == loan.c.contact)
    )
    .where(*_DUE, loan.c.closed_at.is_(None))
    .order_by(loan.c.due_key, loan.c.loan)
)
_OVER = (
    select_loans(loan.c.loan, loan.c.tag, loan.c.quantity, loan.c.due_on)
    .where(*_DUE, loan.c.closed_at.is_not(None), loan.c.due_key >= bindparam("d"))
    .order_by(loan.c.due_key, loan.c.loan)
)
"""The loans that are over and were due on a day or later. It walks them all: no counter asks it."""
BOOKINGS = Query(
    select(
        booking.c.booking,
        booking.c.state,
        booking.c.collect_on,
        booking.c.return_by,
        booking.c.lapses_after,
        booking.c.changes,
        booking_line_.c.quantity,
        booking_line_.c.collected,
        organisation.c.name.label("to"),
        kit_type.c.name.label("type_name"),
        contact.c.name.label("person"),
        contact.c.email,
        contact.c.phone,
    )
    .select_from(booking)
    .join(
        booking_line_,
        (booking_line_.c.college == booking.c.college)
        & (booking_line_.c.booking == booking.c.booking),
    )
    .join(
        organisation,
        (organisation.c.college == booking.c.college)
        & (organisation.c.organisation == booking.c.organisation),
    )
    .join(
        kit_type,
        (kit_type.c.college == booking_line_.c.college)
        & (kit_type.c.kit_type == booking_line_.c.kit_type),
    )
    .outerjoin(
        contact, (contact.c.college == booking.c.college) & (contact.c.contact == booking.c.contact)
    )
    .where(booking.c.college == bindparam("c"))
    .order_by(booking.c.collect_on, booking.c.booking, booking_line_.c.kit_type)
)
_ENTRIES = select(entry.c.epoch, entry.c.seq, entry.c.at, entry.c.kind, entry.c.body).where(
    entry.c.college == bindparam("c")
)
_ABOUT_BOOKINGS = Query(
    _ENTRIES.where(
        entry.c.tag.is_(None),
        or_(*[entry.c.kind == kind for kind in (*_OF_A_BOOKING, _CALENDAR, _REVERSED)]),
    ).order_by(entry.c.epoch, entry.c.seq)
)
_ABOUT_LOANS = Query(
    _ENTRIES.where(
        entry.c.tag == bindparam("t"),
        or_(*[entry.c.kind == kind for kind in (*_OF_A_LOAN, _REVERSED)]),
    ).order_by(entry.c.epoch, entry.c.seq)
)
_TAGS_WITH_AN_UNDO = Query(
    select(entry.c.tag)
    .where(entry.c.college == bindparam("c"), entry.c.kind == _REVERSED, entry.c.tag.is_not(None))
    .distinct()
    .order_by(entry.c.tag)
)
_TYPE_OF = Query(
    select(kit_type.c.name)
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)

Place = tuple[int, int]


@dataclass(slots=True)
class _Changes:
    """What the ledger has about a booking or a loan.

    Attributes:
        facts: its entries, undone or not, in their order.
        undone: the places of those that are undone.
        sequence: how often it was changed, undone and done again.
        at: when that was last.
    """

    facts: dict[Place, dict[str, Any]] = field(default_factory=dict)
    undone: set[Place] = field(default_factory=set)
    sequence: int = -1
    at: str = _LONG_AGO

    @property
    def is_undone(self) -> bool:
        """Whether nothing of it is left."""
        return self.undone == self.facts.keys()

    def latest(self, name: str) -> Any:
        """The latest value of a field, of entries that are undone too."""
        values = [fact[name] for fact in self.facts.values() if fact.get(name) is not None]
        return values[-1] if values else None


def _changes_by(rows: Sequence[AnyRow], name: str) -> dict[str, _Changes]:
    """What entries record of each of what the field `name` has the id of."""
    found: dict[str, _Changes] = {}
    about: dict[Place, tuple[str, Place]] = {}
    for row in rows:
        fact, place = json.loads(row.body)["fact"], (row.epoch, row.seq)
        if row.kind == _REVERSED:
            undoes = about.get((fact["epoch"], fact["seq"]))
            if undoes is None:
                continue
            key, first = about[place] = undoes
            found[key].undone ^= {first}  # an undo of an undo does it again
        else:
            key = fact.get(name)
            if key is None:  # missing from the college, and from no borrower
                continue
            about[place] = (key, place)
            found.setdefault(key, _Changes()).facts[place] = fact
        found[key].sequence += 1
        found[key].at = row.at
    return found


def _count_calendar(changed: dict[str, _Changes], rows: Sequence[AnyRow]) -> None:
    """Count what became of the college's calendar since a booking was made as changes of it."""
    changes: dict[Place, str] = {}
    for row in rows:
        fact = json.loads(row.body)["fact"]
        ours = row.kind == _CALENDAR and not fact["site"]
        if ours or (row.kind == _REVERSED and (fact["epoch"], fact["seq"]) in changes):
            changes[row.epoch, row.seq] = row.at
    for what in changed.values():
        later = [at for place, at in changes.items() if place > min(what.facts)]
        what.sequence += len(later)
        what.at = max([what.at, *later])


def events_of(connection: Connection, college: str, today: date) -> list[CalendarEvent]:
    """Bookings and the days on which loans are due, as a calendar has them on a day."""
    return [
        *_loan_events(connection, college, today),
        *_booking_events(connection, college, today),
    ]


def _booking_events(connection: Connection, college: str, today: date) -> Iterator[CalendarEvent]:
    entries = _ABOUT_BOOKINGS(connection, c=college).all()
    changed = _changes_by(entries, "booking")
    _count_calendar(changed, entries)
    calendar = calendar_of(connection, college)
    lines: dict[str, list[AnyRow]] = {}
    for row in BOOKINGS(connection, c=college):
        lines.setdefault(row.booking, []).append(row)
    for key, rows in lines.items():
        (first, *_) = rows
        begin, last = days_booked(first, calendar)
        if days_after(last, _SHOWN_DAYS) < today:
            continue
        waiting = all(not row.collected for row in rows)  # what is out is still to come back
        late = first.state == "made" and date.fromisoformat(first.lapses_after) < today
        lapsed = waiting and (first.state == "lapsed" or late)
        what = changed.get(key, _Changes(sequence=first.changes))
        yield CalendarEvent(
            f"booking-{key}",
            what.sequence + (waiting and late),
            first.state == "cancelled" or lapsed,
            begin,
            last,
            ", ".join(f"{row.quantity:,} x {row.type_name}" for row in rows) + f" for {first.to}",
            booking_line(rows, calendar),
            what.at,
        )
    for key, what in changed.items():
        last = date.fromisoformat(what.latest("return_by"))
        if key in lines or days_after(last, _SHOWN_DAYS) < today:
            continue
        kits = ", ".join(
            f"{each['quantity']:,} x {_type_name(connection, college, each['kit_type'])}"
            for each in what.latest("lines")
        )
        to = _organisation_name(connection, college, what)
        yield CalendarEvent(
            f"booking-{key}",
            what.sequence,
            True,
            date.fromisoformat(what.latest("collect_on")),
            last,
            f"{kits} for {to}",
            f"Undone (booking {key})",
            what.at,
        )


def _organisation_name(connection: Connection, college: str, what: _Changes) -> str:
    key = str(what.latest("organisation"))
    return name_now(connection, college, key) or key


def _type_name(connection: Connection, college: str, key: str) -> str:
    known = type_meant(connection, college, key)
    return known.name if known else key


def days_booked(row: AnyRow, calendar: Calendar) -> tuple[date, date]:
    """The days of collection and return of a row of `BOOKINGS`, those closed since moved on."""
    begin, last = map(date.fromisoformat, (row.collect_on, row.return_by))
    return calendar.next_open(begin), calendar.next_open(last)


def booking_line(rows: Sequence[AnyRow], calendar: Calendar) -> str:
    """A booking in a line of a notice, from its rows of `BOOKINGS`."""
    (first, *_) = rows
    what = ", ".join(f"{row.quantity:,} x {row.type_name}" for row in rows)
    begin, last = map(uk, days_booked(first, calendar))
    return f"{what}, from {begin} to {last} (booking {first.booking})"


def _loan_events(connection: Connection, college: str, today: date) -> Iterator[CalendarEvent]:
    loans = LOANS(connection, c=college).all()
    since = days_after(today, -_SHOWN_DAYS)
    over = connection.execute(_OVER, {"c": college, "d": since.isoformat()}).all()
    undone = _TAGS_WITH_AN_UNDO(connection, c=college).scalars()
    changed: dict[str, tuple[str, _Changes]] = {}
    for tag in dict.fromkeys([*[row.tag for row in (*loans, *over)], *undone]):
        about = _changes_by(_ABOUT_LOANS(connection, c=college, t=tag).all(), "loan")
        changed |= {key: (tag, what) for key, what in about.items()}
    for row in loans:
        _, what = changed.pop(row.loan, ("", _Changes(sequence=0)))
        line = line_of(row.type_name, row.tag, row.asset_number, row.left)
        yield _loan_event(row.loan, what, False, row.due_on, row.type_name, row.to, line)
    for row in over:  # a calendar drops what is withdrawn, and keeps what is only left out
        _, what = changed.pop(row.loan, ("", _Changes(sequence=1)))
        line = f"Over: {line_of(row.type_name, row.tag, row.asset_number, row.quantity)}"
        yield _loan_event(row.loan, what, True, row.due_on, row.type_name, row.to, line)
    for key, (tag, what) in changed.items():
        due = what.latest("due_on")
        if not what.is_undone or due is None or date.fromisoformat(due) < since:
            continue
        name = str(_TYPE_OF(connection, c=college, t=tag).scalar() or tag)
        to = _organisation_name(connection, college, what)
        yield _loan_event(key, what, True, due, name, to, f"Undone: {line_of(name, tag, None)}")


def _loan_event(
    key: str, what: _Changes, is_withdrawn: bool, due: str, name: str, to: str, line: str
) -> CalendarEvent:
    due_on = date.fromisoformat(due)
    return CalendarEvent(
        f"loan-{key}",
        what.sequence,
        is_withdrawn,
        due_on,
        due_on,
        f"Due back: {name} from {to}",
        line,
        what.at,
    )
