"""Bookings that cannot be kept, in lines: why, whom to ring, and what to offer instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kitloan.borrowers.people import People
from kitloan.ledger.session import Session
from kitloan.planning.booked import Booking as BookingNow
from kitloan.planning.booked import Cause
from kitloan.planning.risks import Risks, StandIn
from kitloan.text.tags import grouped
from kitloan.values import plural

FEWER = "Fewer can be used than are booked"


@dataclass(frozen=True, slots=True)
class RiskLine:
    """A booking at risk in a line: for home, where a glance has to do.

    Attributes:
        id: the booking's.
        on: the day on which it is collected.
        what: for whom, and of what.
        lines: why it is at risk and whom to ring; last what to offer, empty for nothing.
    """

    id: str
    on: date
    what: str
    lines: tuple[str, ...]


def find_risks(session: Session, most: int) -> tuple[RiskLine, ...]:
    """The bookings at risk that are collected first; none in ESP's store, which promises none."""
    if session.is_national:
        return ()
    found = Risks(session).list(most)
    reach = find_reach(People(session), [each.booking for each in found])
    today = session.today
    return tuple(
        RiskLine(
            each.booking.id,
            each.booking.days[0],
            f"{each.booking.to}: {booked(each.booking)}",
            (*risk_words(each.booking, today, reach), offer_words(each.stand_ins)),
        )
        for each in found
    )


def types_lost(booking: BookingNow) -> set[str]:
    """The types for which a booking is at risk: those of the overdue loans, else all of it."""
    waits = {each.type for each in booking.lines if each.collected < each.quantity}
    return waits & {each.type for each in booking.because} or waits


def causes(booking: BookingNow) -> list[Cause]:
    """The overdue loans that put a booking at risk, of the types that it still waits for."""
    lost = types_lost(booking)
    return [each for each in booking.because if each.type in lost]


def find_reach(people: People, at_risk: Sequence[BookingNow]) -> dict[str, str]:
    """Who took the late kit, or who booked; else somebody of the school with a phone."""
    found: dict[str, str] = {}
    for booking in at_risk:
        for to, contact in [
            *((each.to, each.contact) for each in causes(booking)),
            (booking.to, booking.contact),
        ]:
            if to in found:
                continue
            known = [(contact.name, contact.phone, contact.email)] if contact else []
            if not (contact and contact.phone):
                known += [
                    (each.name, each.phone, each.email) for each in people.contacts(of=to).items
                ]
            for name, phone, email in sorted(known, key=lambda each: not each[1])[:1]:
                found[to] = " ".join(filter(None, (name, phone or email)))
    return found


def booked(booking: BookingNow) -> str:
    """What a booking still waits for, in words."""
    return ", ".join(
        f"{each.quantity - each.collected} {each.type}"
        for each in booking.lines
        if each.collected < each.quantity
    )


def late_words(booking: BookingNow, today: date) -> list[str]:
    """Which kits are late, each with how long; or that there are too few."""
    late = [
        f"{grouped(each.tag)} is {plural((today - each.due_on).days, 'day')} late"
        for each in causes(booking)
    ]
    return late or [FEWER]


def risk_words(booking: BookingNow, today: date, reach: Mapping[str, str]) -> list[str]:
    """Why a booking cannot be kept, each reason with whom to ring."""
    whom = [each.to for each in causes(booking)] or [booking.to]
    return [
        f"{why}. Ring {to}: {reach[to]}." if reach.get(to) else f"{why}. Ring {to}."
        for why, to in zip(late_words(booking, today), whom, strict=True)
    ]


def offer_words(stand_ins: Sequence[StandIn]) -> str:
    """What could be given instead; empty where nothing could."""
    offers = []
    for each in stand_ins:
        if each.type != each.instead_of:
            offers.append(f"{each.needed} {each.type}")
        elif each.free == each.needed:
            offers.append(f"another {each.type}")
        else:
            offers.append(f"{each.free} of {each.needed} {each.type}")
    return f"Or offer {', or '.join(offers)}." if offers else ""
