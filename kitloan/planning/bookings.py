"""Bookings: making, changing and cancelling them, and looking at them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from kitloan.borrowers.organisations import Borrower, borrower, must_be_open, person, remark
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.planning import (
    MOST_LINES,
    BookingCancelled,
    BookingChanged,
    BookingMade,
    BookingTerms,
    LineOfBooking,
)
from kitloan.ledger.facts.promises import counted
from kitloan.ledger.session import Session, check_quantity
from kitloan.ledger.writer import Writer, id_reused
from kitloan.planning.booked import (
    STATES,
    BookedLine,
    Booking,
    Listed,
    as_agreed,
    booked_on,
    booking_id,
    list_booked,
    lost_of,
    read_one,
    read_several,
    types_waiting,
    waiting_booking,
)
from kitloan.planning.events import event_to_book
from kitloan.planning.free import Free, free_for, one_of
from kitloan.planning.rules import (
    BookedSpan,
    BookingRequest,
    check_dates,
    days_of,
    judge,
    must_be_free,
    refusal_of,
    rules_now,
    rules_of,
    span_of,
)
from kitloan.planning.supply import stocks_of
from kitloan.planning.types import kit_type_id
from kitloan.queries.resolve import meant
from kitloan.queries.types import type_name, type_names
from kitloan.storage.statements import Query
from kitloan.tables import Contact, Holding, Remark, table
from kitloan.text.dates import day_of, days_after, uk
from kitloan.text.names import by_name, search_form
from kitloan.text.tags import grouped
from kitloan.values import PAGE, ContactOfLoan, Page, plural

contact, holding, remark_table = table(Contact), table(Holding), table(Remark)
MOST_TIMES = 60
"""The most bookings of one series."""


_STEPS = {"week": 7, "fortnight": 14}


_KIT = Query(
    select(holding.c.kit_type, holding.c.quantity).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)


def _lines(
    connection: Connection,
    college: str,
    types: Sequence[tuple[str, int]],
    tags: Sequence[tuple[str, str, int]],
) -> tuple[LineOfBooking, ...]:
    """The lines that a person means by types with numbers, and by chosen kits.

    `tags` are tags with their kit types and how many things each is. A type that is not named gets
    a line of its chosen kits.
    """
    wanted: dict[str, int] = {}
    for name, quantity in types:
        key = kit_type_id(connection, college, name)
        wanted[key] = wanted.get(key, 0) + check_quantity(quantity)
    pins: defaultdict[str, list[str]] = defaultdict(list)
    for tag, kit_type, things in tags:
        if things > 1:
            raise BadInput(
                "bad_pin",
                f"{grouped(tag)} is a stock of {things}; it is booked by number.",
                "Name its type and how many: --type 'TYPE=N'",
                tag=tag,
            )
        if tag not in pins[kit_type]:
            pins[kit_type].append(tag)
    named = set(wanted)
    for kit_type, chosen in pins.items():
        if kit_type not in named:
            wanted[kit_type] = len(chosen)
        elif wanted[kit_type] < len(chosen):
            raise BadInput(
                "bad_quantity",
                f"{plural(len(chosen), 'kit')} of {kit_type} are named, and {wanted[kit_type]} "
                "booked.",
                "Book as many as are named, or name fewer.",
            )
    if not wanted:
        raise BadInput(
            "nothing_named", "Nothing to book was named.", "Name a type: --type 'TYPE=2'"
        )
    if len(wanted) > MOST_LINES:
        raise BadInput(
            "too_many", f"A booking has at most {MOST_LINES} kit types.", "Make several bookings."
        )
    return tuple(
        LineOfBooking(kit_type=key, quantity=wanted[key], pins=tuple(pins[key]))
        for key in sorted(wanted)
    )


def _chosen(writer: Writer, tags: Sequence[str]) -> list[tuple[str, str, int]]:
    found = []
    for text in tags:
        tag = meant(writer, text)
        row = _KIT(writer.connection, c=writer.college, t=tag).one()
        found.append((tag, str(row.kit_type), int(row.quantity)))
    return found


def _terms(
    request: BookingRequest, span: BookedSpan, key: str, who: Borrower, whom: str | None
) -> dict[str, Any]:
    return {
        "booking": key,
        "organisation": who.organisation,
        "contact": whom,
        "lines": request.lines,
        "collect_on": request.collect_on.isoformat(),
        "return_by": request.return_by.isoformat(),
        "busy_from": span.busy_from.isoformat(),
        "free_from": span.free_from.isoformat(),
        "lapses_after": span.lapses_after.isoformat(),
    }


def _dates(first: date, last: date, every: str | None, times: int) -> list[tuple[date, date]]:
    if every is None and times != 1:
        raise BadInput("usage", "How often does it repeat?", "Give --every week or fortnight.")
    if every is not None and every not in _STEPS:
        raise BadInput(
            "usage", f"A booking cannot repeat every {every[:40]!r}.", "Give week or fortnight."
        )
    if not 1 <= times <= MOST_TIMES:
        raise BadInput(
            "bad_quantity",
            f"A booking cannot repeat {times} times.",
            f"Give a number from 1 to {MOST_TIMES}.",
        )
    step = _STEPS[every] if every else 0
    return [(days_after(first, step * n), days_after(last, step * n)) for n in range(times)]


def _as_before(
    writer: Writer, requests: Sequence[BookingRequest], who: Borrower
) -> Sequence[BookingMade]:
    """The bookings that an earlier try of this request made, when it asked for the same."""
    facts = writer.earlier_facts(BookingMade)
    asked = [
        (who.organisation, each.lines, each.collect_on.isoformat(), each.return_by.isoformat())
        for each in requests
    ]
    if asked != [(f.organisation, f.lines, f.collect_on, f.return_by) for f in facts]:
        raise id_reused(writer.request)
    return facts


def _made(writer: Writer, fact: BookingMade, who: Borrower) -> Booking:
    """A booking as it was made: of what was agreed, and not of the register again."""
    connection, college = writer.connection, writer.college
    whom = _CONTACT(connection, c=college, p=fact.contact).one_or_none() if fact.contact else None
    return Booking(
        fact.booking,
        who.name,
        date.fromisoformat(fact.collect_on),
        date.fromisoformat(fact.return_by),
        date.fromisoformat(fact.busy_from),
        date.fromisoformat(fact.free_from),
        "made",
        tuple(
            BookedLine(
                type_name(connection, college, each.kit_type),
                each.quantity,
                0,
                tuple(sorted(each.pins)),
            )
            for each in fact.lines
        ),
        date.fromisoformat(fact.lapses_after),
        series=fact.series,
        event=fact.event,
        contact=None if whom is None else ContactOfLoan(*whom),
        new_organisation=who.new,
    )


class Bookings:
    """A college's bookings: the verbs, and what is free."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def book(
        self,
        to: str,
        types: Sequence[tuple[str, int]] | Mapping[str, int],
        collect_on: date,
        return_by: date,
        *,
        tags: Sequence[str] = (),
        contact: str | None = None,
        purpose: str | None = None,
        event: str | None = None,
        every: str | None = None,
        times: int = 1,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> list[Booking]:
        """Promise kits to a borrower; of a series, all of its bookings or none.

        Args:
            to: the borrower; taken in when it is new.
            types: kit types, each with how many.
            collect_on: the day on which they are collected.
            return_by: the day by which they are back.
            tags: kits that are chosen: each is one of its type's number.
            contact: the person, kept apart from the ledger.
            purpose: what for, in free words, kept apart from the ledger.
            event: the id of an event that is planned.
            every: `week` or `fortnight`, for a series.
            times: how many bookings the series has.
            new_too: as for `Loans.check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_free`, `closed_day`, `too_soon`, `too_far`, `limit`, `blocked`;
                `nearly_known`; `event_over`. What was refused is noted as demand.
            BadInput: an unknown type or tag, a quantity that cannot be, `dates_reversed`,
                `in_the_past`, `bad_date`, `bad_pin`, `bad_event`.
        """
        wanted = list(types.items()) if isinstance(types, Mapping) else list(types)
        check_dates(BookingRequest((), collect_on, return_by), date.min)
        dates = _dates(collect_on, return_by, every, times)
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            today = day_of(writer.at)
            lines = _lines(connection, college, wanted, _chosen(writer, tags))
            requests = [BookingRequest(lines, first, last) for first, last in dates]
            if not writer.earlier:
                for each in requests:
                    check_dates(each, today)
            who = borrower(writer, to, new_too=new_too)
            if writer.earlier:
                return [_made(writer, fact, who) for fact in _as_before(writer, requests, who)]
            must_be_open(writer, who, today)
            kept = None if event is None else event_to_book(writer, event)
            rules = rules_now(writer)
            spans, counts = must_be_free(connection, college, rules, requests, who.organisation)
            whom = person(writer, contact, who.organisation) if contact else None
            facts = []
            series = f"S{writer.next_seq}" if len(requests) > 1 else None
            for each, span in zip(requests, spans, strict=True):
                terms = _terms(each, span, f"B{writer.next_seq}", who, whom)
                facts.append(BookingMade(**terms, series=series, event=kept))
                with counted(counts):
                    writer.append(facts[-1])
            if purpose:
                for fact in facts:
                    remark(writer, "", "for", purpose, loan=fact.booking, contact_id=whom)
            return [_made(writer, fact, who) for fact in facts]

    def change(
        self,
        booking: str,
        *,
        collect_on: date | None = None,
        return_by: date | None = None,
        types: Sequence[tuple[str, int]] = (),
        tags: Sequence[str] | None = None,
        to: str | None = None,
        contact: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Booking:
        """Change a booking that waits for collection; what is None or empty stays.

        A change of days may leave out chosen kits (`tags=[]`). What is out on it stays out.

        Raises:
            Refused: as `book`; `booking_over`, `collected`.
            BadInput: as `book`; `unknown_booking`.
        """
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            key = booking_id(connection, college, booking)
            row = waiting_booking(writer, key)
            before = as_agreed(connection, college, row)
            lines = before.request.lines
            if types or tags is not None:
                kits = (
                    _chosen(writer, tags)
                    if tags is not None
                    else [(tag, each.kit_type, 1) for each in lines for tag in each.pins]
                )
                names = type_names(connection, college)
                given = list(types) or [(names[e.kit_type], e.quantity) for e in lines]
                lines = _lines(connection, college, given, kits)
            request = BookingRequest(
                lines,
                collect_on or before.request.collect_on,
                return_by or before.request.return_by,
            )
            who = Borrower(row.organisation, "", new=False)
            whom = row.contact
            if to is not None:
                who = borrower(writer, to, new_too=new_too)
                if who.organisation != row.organisation:
                    must_be_open(writer, who, day_of(writer.at))
                whom = whom if who.organisation == row.organisation else None
            if contact:
                whom = person(writer, contact, who.organisation)
            if writer.earlier:
                (done, *_) = writer.earlier_facts(BookingChanged)
                _must_be_the_change(writer, done, request, collect_on, return_by, types or tags)
                return self._one(connection, key, who.new)
            for kit_type, many in before.out.items():
                now = sum(each.quantity for each in lines if each.kit_type == kit_type)
                if now < many:
                    name = type_names(connection, college).get(kit_type, kit_type)
                    raise Refused(
                        "collected",
                        f"{many} of {name} have gone out on booking {key}; it cannot be of {now}.",
                        f"Take them back first, or keep at least {many}.",
                        booking=key,
                        collected=many,
                    )
            rules = rules_now(writer)
            check_dates(request, rules.today, before)
            span = days_of(rules, request, before)
            broken = judge(
                connection, college, rules, request, who.organisation, span, before=before
            )
            if broken:
                raise refusal_of(broken, before.left(request), who.organisation)
            terms = _terms(request, span, key, who, whom)
            writer.append(BookingChanged(**terms, series=row.series, event=row.event))
            return self._one(connection, key, who.new)

    def cancel(self, booking: str, *, request_id: str | None = None) -> Booking:
        """Cancel a booking; what is out on it stays out.

        Raises:
            Refused: `booking_over`, for one that is cancelled, lapsed or collected.
            BadInput: `unknown_booking`.
        """
        with self._session.writing(request_id) as writer:
            connection, college = writer.connection, writer.college
            key = booking_id(connection, college, booking)
            if writer.earlier:
                (done, *_) = writer.earlier_facts(BookingCancelled)
                if done.booking != key:
                    raise id_reused(writer.request)
                return self._one(connection, key)
            row = waiting_booking(writer, key)
            writer.append(BookingCancelled(booking=key, organisation=row.organisation))
            return self._one(connection, key)

    def get(self, booking: str) -> Booking:
        """One booking.

        Raises:
            BadInput: `unknown_booking`.
        """
        with self._session.reading() as connection:
            key = booking_id(connection, self._session.college, booking)
            return read_one(connection, self._session.college, self._session.today, key)

    def purpose(self, booking: str) -> tuple[str, ...]:
        """What a booking is for, in the words that somebody gave."""
        with self._session.reading() as connection:
            key = booking_id(connection, self._session.college, booking)
            wanted = select(remark_table.c.words).where(
                remark_table.c.college == self._session.college,
                remark_table.c.tag == "",
                remark_table.c.loan == key,
            )
            return tuple(connection.execute(wanted).scalars())

    def free(
        self,
        first: date,
        last: date,
        type: str | None = None,  # noqa: A002
    ) -> list[Free]:
        """What a booking from `first` to `last` could have, of one type or of all.

        Raises:
            BadInput: `unknown_type`, `dates_reversed`, `in_the_past`, `too_long`, `bad_date`.
        """
        today = self._session.today
        check_dates(BookingRequest((), first, last), today)
        if (last - first).days > 800:
            raise BadInput(
                "too_long",
                f"From {uk(first)} to {uk(last)} is too long.",
                "Give a shorter time.",
            )
        with self._session.reading() as connection:
            college = self._session.college
            names = type_names(connection, college)
            every = sorted(names, key=lambda key: by_name(names[key]))
            wanted = [kit_type_id(connection, college, type)] if type else every
            rules = rules_of(connection, college, today)
            asked = {key: one_of(key, first, last) for key in wanted}
            spans = [span_of(rules, each) for each in asked.values()]
            within = (
                min([first, *(begin for begin, _ in spans)]),
                max([days_after(last, 1), *(until for _, until in spans)]),
            )
            stocks = stocks_of(connection, college, wanted, today, within)
            return [free_for(stocks[key], rules, names[key], each) for key, each in asked.items()]

    def list(
        self,
        *,
        state: str | None = None,
        first: date | None = None,
        last: date | None = None,
        to: str | None = None,
        at_risk: bool = False,
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page[Booking]:
        """Bookings by collection day; those that wait for collection when no state is given.

        Args:
            state: one of `STATES`, or `all`.
            first: only those that end on this day or later.
            last: only those that begin on this day or earlier.
            to: only those of this borrower.
            at_risk: only those that cannot be kept as things are.
            after: where the page before ended.
            limit: the most on a page.

        Raises:
            BadInput: `bad_state`, `bad_cursor`.
        """
        if state is not None and state not in (*STATES, "all"):
            raise BadInput(
                "bad_state",
                f"{state[:40]!r} is not a state of a booking.",
                f"Give one of {', '.join((*STATES, 'all'))}.",
                known=[*STATES, "all"],
            )
        today = self._session.today
        college = self._session.college
        with self._session.reading() as connection:
            lost: set[str] = set()
            if at_risk:
                waiting = types_waiting(connection, college, today)
                lost = lost_of(connection, college, waiting, today)
            heads: list[Listed] = []
            if lost or not at_risk:
                heads = list_booked(connection, college, today, state or "made", first, last)
            if at_risk:
                heads = [each for each in heads if each.booking in lost]
            if to is not None:
                heads = [each for each in heads if search_form(to) in search_form(each.to)]
            begin = 0
            if after is not None:
                if not after.isdecimal() or int(after) > len(heads):
                    raise BadInput(
                        "bad_cursor", "That page is not there.", "Begin again without it."
                    )
                begin = int(after)
            page = read_several(connection, college, today, heads[begin : begin + limit])
        more = str(begin + limit) if begin + limit < len(heads) else None
        return Page(tuple(page), len(heads), more)

    def on_day(self, day: date) -> tuple[Booking, ...]:
        """The bookings that wait for collection and concern a day: handed out, or prepared, on it.

        By collection day. `Booking.is_kept_on` and `Booking.is_prepared_on` show which it is.
        """
        college, today = self._session.college, self._session.today
        with self._session.reading() as connection:
            return tuple(booked_on(connection, college, day, today))

    def _one(self, connection: Connection, key: str, new: bool = False) -> Booking:
        college, today = self._session.college, self._session.today
        found = read_one(connection, college, today, key)
        return replace(found, new_organisation=new)


def _must_be_the_change(
    writer: Writer,
    done: BookingTerms,
    request: BookingRequest,
    collect_on: date | None,
    return_by: date | None,
    kits: object,
) -> None:
    same = (
        (collect_on is None or done.collect_on == collect_on.isoformat())
        and (return_by is None or done.return_by == return_by.isoformat())
        and (not kits or done.lines == request.lines)
    )
    if not same:
        raise id_reused(writer.request)


_CONTACT = Query(
    select(contact.c.name, contact.c.email, contact.c.phone).where(
        contact.c.college == bindparam("c"), contact.c.contact == bindparam("p")
    )
)
