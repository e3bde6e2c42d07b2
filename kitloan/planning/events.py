"""Events: a day or some days on which a college shows kits somewhere, and what is booked for it.

An event's id begins with the college's: colleges that take part in one record it under one id.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, bindparam, func, select

from kitloan.borrowers.organisations import borrower
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.events import EventCancelled, EventChanged, EventPlanned, EventTerms
from kitloan.ledger.facts.planning import BookingCancelled, WantClosed
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer, id_reused
from kitloan.queries.paging import page_of
from kitloan.reference import find_college
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import College, Organisation, table
from kitloan.tables.events import Event as EventRow
from kitloan.tables.planning import Booking
from kitloan.tables.wants import Want
from kitloan.text.dates import check_year, day_of, uk
from kitloan.text.names import clean, fault
from kitloan.text.personal import on_record
from kitloan.values import PAGE, Page

booking, event, organisation = table(Booking), table(EventRow), table(Organisation)
want = table(Want)
college_row = table(College)

EventState = Literal["planned", "cancelled"]
LONGEST_EVENT = 366
"""Days from the first to the last."""

_ROWS = select(
    event,
    organisation.c.name.label("to"),
    select(func.count())
    .where(
        booking.c.college == event.c.college,
        booking.c.event == event.c.event,
        booking.c.state != "cancelled",
    )
    .scalar_subquery()
    .label("bookings"),
).outerjoin_from(
    event,
    organisation,
    (organisation.c.college == event.c.college)
    & (organisation.c.organisation == event.c.organisation),
)
_ONE = Query(_ROWS.where(event.c.college == bindparam("c"), event.c.event == bindparam("e")))
_WAITING = Query(
    select(booking.c.booking, booking.c.organisation)
    .where(
        booking.c.college == bindparam("c"),
        booking.c.event == bindparam("e"),
        booking.c.state == "made",
        booking.c.lapses_after >= bindparam("d"),
    )
    .order_by(booking.c.made_seq)
)
WANTED = Query(
    select(want)
    .where(want.c.college == bindparam("c"), want.c.event == bindparam("e"), want.c.open.is_(True))
    .order_by(want.c.made_seq)
)
"""What is on the waiting list for an event."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event.

    Attributes:
        id: what it is known by; no other college has it.
        name: what it is called.
        starts_on: its first day.
        ends_on: its last day.
        place: where it is, as far as that is on record.
        to: the school or organisation for whom it is; None for nobody in particular.
        state: `planned` or `cancelled`.
        bookings: how many bookings are for it, without those that were cancelled.
        college: whose event it is.
    """

    id: str
    name: str
    starts_on: date
    ends_on: date
    place: str | None
    to: str | None
    state: EventState
    bookings: int
    college: str


class Events:
    """A college's events."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        name: str,
        starts_on: date,
        ends_on: date | None = None,
        *,
        place: str | None = None,
        to: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Event:
        """Plan an event; then bookings can be made for it.

        Args:
            name: what it is called. No person's name: the ledger keeps it.
            starts_on: its first day.
            ends_on: its last day; the first when None.
            place: where it is.
            to: the school or organisation for whom it is; taken in when it is new.
            new_too: as for `Loans.check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `nearly_known`.
            BadInput: `dates_reversed`, `in_the_past`, `too_long`, `bad_date`; `bad_text`,
                `names_a_person`.
        """
        last = starts_on if ends_on is None else ends_on
        called, where = _words(name, place)
        _check_days(starts_on, last)
        with self._session.writing(request_id) as writer:
            if not writer.earlier:
                _must_be_to_come(last, day_of(writer.at))
            who = borrower(writer, to, new_too=new_too).organisation if to else None
            done = writer.earlier_fact(EventPlanned)
            fact = EventPlanned(
                event=done.event if done else f"{writer.college}-E{writer.next_seq}",
                name=called,
                starts_on=starts_on.isoformat(),
                ends_on=last.isoformat(),
                place=where,
                organisation=who,
            )
            writer.append(fact)
            return _one(writer.connection, writer.college, fact.event)

    def change(
        self,
        event: str,
        *,
        name: str | None = None,
        starts_on: date | None = None,
        ends_on: date | None = None,
        place: str | None = None,
        to: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Event:
        """Change an event; what is None stays. Its bookings keep their days.

        Raises:
            Refused: `event_over`, `nearly_known`.
            BadInput: `unknown_event`, and as `add`.
        """
        if all(each is None for each in (name, starts_on, ends_on, place, to)):
            raise BadInput(
                "usage", "Nothing is named that is to change.", "Name it: the name, day or place."
            )
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            key = event_id(connection, college, event)
            row = _ONE(connection, c=college, e=key).one()
            done = writer.earlier_fact(EventChanged)
            if done is not None and done.event != key:
                raise id_reused(writer.request)
            before = done or _terms(_must_be_planned(row))
            called, where = _words(name or before.name, place or before.place)
            first = starts_on or date.fromisoformat(before.starts_on)
            last = ends_on or (max(first, date.fromisoformat(before.ends_on)))
            _check_days(first, last)
            if not writer.earlier and (starts_on or ends_on):
                _must_be_to_come(last, day_of(writer.at))
            who = before.organisation
            if to is not None:
                who = borrower(writer, to, new_too=new_too).organisation
            writer.append(
                EventChanged(
                    event=key,
                    name=called,
                    starts_on=first.isoformat(),
                    ends_on=last.isoformat(),
                    place=where,
                    organisation=who,
                )
            )
            return _one(connection, college, key)

    def cancel(self, event: str, *, request_id: str | None = None) -> Event:
        """Cancel an event, its bookings that wait for collection, and its wants, all in one action.

        What is out stays out.

        Raises:
            Refused: `event_over`.
            BadInput: `unknown_event`.
        """
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            key = event_id(connection, college, event)
            if writer.earlier:
                (done, *_) = writer.earlier_facts(EventCancelled)
                if done.event != key:
                    raise id_reused(writer.request)
                return _one(connection, college, key)
            row = _must_be_planned(_ONE(connection, c=college, e=key).one())
            today = day_of(writer.at).isoformat()
            for each in _WAITING(connection, c=college, e=key, d=today).all():
                writer.append(
                    BookingCancelled(booking=each.booking, organisation=each.organisation)
                )
            for each in WANTED(connection, c=college, e=key).all():
                writer.append(WantClosed(want=each.want, organisation=each.organisation))
            writer.append(EventCancelled(event=key, name=row.name))
            return _one(connection, college, key)

    def get(self, event: str) -> Event:
        """One event.

        Raises:
            BadInput: `unknown_event`.
        """
        with self._session.reading() as connection:
            college = self._session.college
            return _one(connection, college, event_id(connection, college, event))

    def list(
        self, *, past_too: bool = False, after: str | None = None, limit: int = PAGE
    ) -> Page[Event]:
        """Events by their first day; in ESP's store every college's.

        Args:
            past_too: also those that are over or were cancelled.
            after: the `next` of the page before.
            limit: the most on a page.

        Raises:
            BadInput: `bad_cursor`.
        """
        wanted = _ROWS
        if not self._session.is_national:
            wanted = wanted.where(event.c.college == self._session.college)
        if not past_too:
            today = self._session.today.isoformat()
            wanted = wanted.where(event.c.state == "planned", event.c.ends_on >= today)
        order = (event.c.starts_on, event.c.college, event.c.event)
        with self._session.reading() as connection:
            page = page_of(connection, wanted, order, after, limit)
        return Page(tuple(_event(row) for row in page.items), page.total, page.next)


def event_id(connection: Connection, college: str, text: str) -> str:
    """The id of the event that a person means: `fife-E17`, `e17` or `17`.

    Raises:
        BadInput: `unknown_event`, `bad_text`.
    """
    key = _id_meant(college, text)
    if key is None or _ONE(connection, c=college, e=key).first() is None:
        raise BadInput(
            "unknown_event",
            f"There is no event {text[:60]!r}.",
            "See them: kitloan events",
            event=text[:60],
        )
    return key


def event_to_book(writer: Writer, text: str) -> str:
    """The id of the event for which something is booked.

    Raises:
        Refused: `event_over`, when it was cancelled.
        BadInput: `bad_event`, when there is none.
    """
    key = None if fault(text) else _id_meant(writer.college, text)
    row = None if key is None else _ONE(writer.connection, c=writer.college, e=key).one_or_none()
    if key is None or row is None:
        raise BadInput(
            "bad_event",
            f"There is no event {text[:60]!r}.",
            "Give the id that kitloan events lists, or plan it first: "
            "kitloan event add NAME --from DATE",
            event=text[:60],
        )
    if not writer.earlier:
        _must_be_planned(row)
    return key


def event_named(connection: Connection, college: str, text: str) -> str:
    """The id of an event for which something is recorded: this college's, or another's.

    Another college's event is known by its id alone. It is spelt as that college spells it, because
    what several colleges enter of one event counts once by it.

    Raises:
        BadInput: `unknown_event`, for an id of this college's that is not there; `bad_text`,
            `names_a_person`.
    """
    words = on_record(text, "The event's id")
    if _OURS.match(words) or words.casefold().startswith(f"{college}-e"):
        return event_id(connection, college, words)
    other = _ANOTHERS.fullmatch(words)
    return f"{other[1].casefold()}-E{int(other[2])}" if other else words


def is_event_id(connection: Connection, event: str) -> bool:
    """Whether an id, as `event_named` gives it, is of some college's event."""
    found = _ANOTHERS.fullmatch(event)
    if found is None:
        return False
    wanted = select(college_row.c.college).where(college_row.c.college == found[1])
    return find_college(found[1]) is not None or connection.execute(wanted).first() is not None


_ANOTHERS = re.compile(r"([a-z0-9-]+)-E([0-9]{1,9})", re.IGNORECASE | re.ASCII)
_OURS = re.compile(r"E\d+\Z", re.IGNORECASE)


def _id_meant(college: str, text: str) -> str | None:
    if not text.strip():
        return None
    wanted = clean(text, "The event").casefold().removeprefix(f"{college}-").removeprefix("e")
    return f"{college}-E{int(wanted)}" if wanted.isascii() and wanted.isdecimal() else None


def _words(name: str, place: str | None) -> tuple[str, str | None]:
    where = on_record(place, "The place") if place else None
    return on_record(name, "The event's name"), where


def _check_days(first: date, last: date) -> None:
    for day in (first, last):
        if not isinstance(day, date):
            raise BadInput("bad_date", f"{day!r} is not a date.", "Give a date like 23/11/2026.")
        check_year(day)
    if last < first:
        raise BadInput(
            "dates_reversed",
            f"{uk(last)} is before {uk(first)}.",
            "Give the first day, then the last.",
            starts_on=first.isoformat(),
            ends_on=last.isoformat(),
        )
    if (last - first).days >= LONGEST_EVENT:
        raise BadInput(
            "too_long",
            f"{uk(first)} to {uk(last)} is too long for one event: at most {LONGEST_EVENT} days.",
            "Plan several events.",
            starts_on=first.isoformat(),
            ends_on=last.isoformat(),
        )


def _must_be_to_come(last: date, today: date) -> None:
    if last < today:
        raise BadInput(
            "in_the_past",
            f"{uk(last)} is in the past: today is {uk(today)}.",
            "Give a day from today on. What kits were used for earlier: kitloan engagement add",
            ends_on=last.isoformat(),
            today=today.isoformat(),
        )


def _must_be_planned(row: AnyRow) -> AnyRow:
    if row.state != "planned":
        raise Refused(
            "event_over",
            f"The event {row.name} ({row.event}) was cancelled.",
            "Plan it again: kitloan event add. If that was a mistake: kitloan undo",
            event=row.event,
            state=row.state,
        )
    return row


def _terms(row: AnyRow) -> EventTerms:
    names = ("event", "name", "starts_on", "ends_on", "place", "organisation")
    return EventChanged(**{name: row._mapping[name] for name in names})


def _one(connection: Connection, college: str, key: str) -> Event:
    return _event(_ONE(connection, c=college, e=key).one())


def _event(row: AnyRow) -> Event:
    return Event(
        row.event,
        row.name,
        date.fromisoformat(row.starts_on),
        date.fromisoformat(row.ends_on),
        row.place,
        row.to,
        row.state,
        row.bookings,
        row._mapping["college"],
    )
