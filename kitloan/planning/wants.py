"""The waiting list, and what was asked for in vain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from kitloan.borrowers.organisations import borrower, must_be_open, person
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.planning import WantClosed, WantMade
from kitloan.ledger.session import Session, check_quantity
from kitloan.ledger.writer import id_reused
from kitloan.planning.availability import free_over
from kitloan.planning.rules import BookingRequest, Rules, rules_of, span_of, taken_too_long
from kitloan.planning.supply import Stock, stock_of
from kitloan.planning.types import kit_type_id
from kitloan.queries.types import of_type_called
from kitloan.storage.statements import Query
from kitloan.tables import KitType, Organisation, table
from kitloan.tables.wants import Demand, Want
from kitloan.text.dates import check_year, day_of, days_after, uk
from kitloan.text.names import clean

demand, want = table(Demand), table(Want)
kit_type, organisation = table(KitType), table(Organisation)

_WANTS = Query(
    select(want, kit_type.c.name.label("type_name"), organisation.c.name.label("to"))
    .join_from(
        want,
        kit_type,
        (kit_type.c.college == want.c.college) & (kit_type.c.kit_type == want.c.kit_type),
    )
    .join(
        organisation,
        (organisation.c.college == want.c.college)
        & (organisation.c.organisation == want.c.organisation),
    )
    .where(want.c.college == bindparam("c"))
    .order_by(want.c.made_seq)
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on the waiting list.

    Attributes:
        id: what it is known by.
        to: the borrower.
        type: the kit type.
        quantity: how many.
        earliest: the earliest collection day.
        latest: the latest return day.
        days: for how many days.
        open: whether they still wait.
        could_collect: the first day on which they could have it, as things are; None when none.
    """

    id: str
    to: str
    type: str
    quantity: int
    earliest: date
    latest: date
    days: int
    open: bool
    could_collect: date | None = None


@dataclass(frozen=True, slots=True)
class Unserved:
    """What was asked for and could not be given.

    Attributes:
        id: what it is known by.
        college: who was asked.
        to: the borrower, where that is known.
        type: the kit type.
        quantity: how many.
        first: the first day that was asked for.
        last: the last.
        rule: why it was refused.
        asked_on: the day on which it was asked for.
    """

    id: str
    college: str
    to: str | None
    type: str
    quantity: int
    first: date
    last: date
    rule: str
    asked_on: date


class Wants:
    """The waiting list, and what was refused."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        to: str,
        type: str,  # noqa: A002
        quantity: int,
        earliest: date,
        latest: date,
        *,
        days: int | None = None,
        contact: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Waiting:
        """Put a borrower on the waiting list; nothing is promised.

        Args:
            to: the borrower; taken in when it is new.
            type: the kit type.
            quantity: how many.
            earliest: the earliest collection day.
            latest: the latest return day.
            days: for how many days from collection to return; all of them when None.
            contact: the person, kept apart from the ledger.
            new_too: as for `Loans.check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `nearly_known`.
            BadInput: `unknown_type`, `bad_quantity`, `dates_reversed`, `in_the_past`.
        """
        check_quantity(quantity)
        check_year(earliest)
        check_year(latest)
        if latest < earliest:
            raise BadInput(
                "dates_reversed",
                f"{uk(latest)} is before {uk(earliest)}.",
                "Give the earliest day first.",
            )
        longest = (latest - earliest).days
        length = longest if days is None else days
        if days is not None:
            check_quantity(days, "The number of days")
        if length > max(longest, 1):
            raise BadInput(
                "bad_quantity",
                f"{length} days do not fit between {uk(earliest)} and {uk(latest)}.",
                "Give fewer days, or a later last day.",
            )
        with self._session.writing(request_id) as writer:
            today = day_of(writer.at)
            if latest < today:
                raise BadInput(
                    "in_the_past",
                    f"{uk(latest)} is in the past: today is {uk(today)}.",
                    "Give a day from today on.",
                )
            key = kit_type_id(writer.connection, writer.college, type)
            who = borrower(writer, to, new_too=new_too)
            must_be_open(writer, who, today)
            whom = person(writer, contact, who.organisation) if contact else None
            done = writer.earlier_fact(WantMade)
            fact = WantMade(
                want=done.want if done else f"W{writer.next_seq}",
                organisation=who.organisation,
                contact=whom,
                kit_type=key,
                quantity=quantity,
                earliest=earliest.isoformat(),
                latest=latest.isoformat(),
                days=max(1, length),
            )
            writer.append(fact)
            return self._one(writer.connection, fact.want)

    def close(self, want: str, *, request_id: str | None = None) -> Waiting:
        """Take a borrower off the waiting list.

        Raises:
            Refused: `want_closed`.
            BadInput: `unknown_want`.
        """
        key = clean(want, "The want").upper()
        with self._session.writing(request_id) as writer:
            found = self._one(writer.connection, key)
            if writer.earlier:
                (done, *_) = writer.earlier_facts(WantClosed)
                if done.want != found.id:
                    raise id_reused(writer.request)
                return found
            if not found.open:
                raise Refused(
                    "want_closed", f"{found.to} waits no more for it.", "See: kitloan wants --all"
                )
            row = next(
                row for row in _WANTS(writer.connection, c=writer.college) if row.want == found.id
            )
            writer.append(WantClosed(want=found.id, organisation=row.organisation))
            return self._one(writer.connection, found.id)

    def list(
        self,
        type: str | None = None,  # noqa: A002
        *,
        closed_too: bool = False,
    ) -> list[Waiting]:
        """Who waits, the first who asked first; with the day on which they could have it.

        Raises:
            BadInput: `unknown_type`.
        """
        with self._session.reading() as connection:
            college = self._session.college
            of = kit_type_id(connection, college, type) if type else None
            return _waiting(connection, college, self._session.today, of=of, closed_too=closed_too)

    def servable(self, types: Sequence[str]) -> tuple[Waiting, ...]:
        """Of some kit types, who waits and could have it as things are now."""
        with self._session.reading() as connection:
            every = _waiting(connection, self._session.college, self._session.today)
        return tuple(each for each in every if each.type in types and each.could_collect)

    def refused(
        self,
        type: str | None = None,  # noqa: A002
        first: date | None = None,
        last: date | None = None,
    ) -> tuple[Unserved, ...]:
        """What was asked for and could not be given, the latest first; ESP sees every college's.

        Args:
            type: only of this kit type.
            first: asked for on this day or later.
            last: asked for on this day or earlier.

        Raises:
            BadInput: `unknown_type`.
        """
        with self._session.reading() as connection:
            wanted = (
                select(demand, kit_type.c.name, organisation.c.name.label("to"))
                .join_from(
                    demand,
                    kit_type,
                    (kit_type.c.college == demand.c.college)
                    & (kit_type.c.kit_type == demand.c.kit_type),
                )
                .outerjoin(
                    organisation,
                    (organisation.c.college == demand.c.college)
                    & (organisation.c.organisation == demand.c.organisation),
                )
                .order_by(demand.c.asked_on.desc(), demand.c.college, demand.c.demand)
            )
            if not self._session.is_national:
                wanted = wanted.where(demand.c.college == self._session.college)
            if type and self._session.is_national:
                wanted = wanted.where(
                    of_type_called(demand.c.college, demand.c.kit_type, clean(type, "The kit type"))
                )
            elif type:
                of = kit_type_id(connection, self._session.college, type)
                wanted = wanted.where(demand.c.kit_type == of)
            if first is not None:
                wanted = wanted.where(demand.c.asked_on >= first.isoformat())
            if last is not None:
                wanted = wanted.where(demand.c.asked_on <= last.isoformat())
            return tuple(_unserved(row) for row in connection.execute(wanted))

    def _one(self, connection: Connection, key: str) -> Waiting:
        every = _waiting(connection, self._session.college, self._session.today, closed_too=True)
        for each in every:
            if each.id in (key, f"W{key}"):
                return each
        raise BadInput(
            "unknown_want",
            f"{key!r} is not on the waiting list.",
            "See it: kitloan wants",
            want=key[:60],
        )


def _unserved(row: Any) -> Unserved:
    return Unserved(
        row.demand,
        row._mapping["college"],
        row.to or row._mapping["organisation"],
        row.name,
        row.quantity,
        date.fromisoformat(row.first),
        date.fromisoformat(row.last),
        row.rule,
        date.fromisoformat(row.asked_on),
    )


def _waiting(
    connection: Connection,
    college: str,
    today: date,
    *,
    of: str | None = None,
    closed_too: bool = False,
) -> "list[Waiting]":
    rows = [
        row
        for row in _WANTS(connection, c=college)
        if (of is None or row.kit_type == of) and (closed_too or row.open)
    ]
    if not rows:
        return []
    rules = rules_of(connection, college, today)
    stocks: dict[str, Stock] = {}
    found = []
    for row in rows:
        if row.kit_type not in stocks:
            stocks[row.kit_type] = stock_of(connection, college, row.kit_type, today)
        could = _first_day(rules, stocks[row.kit_type], row) if row.open else None
        found.append(
            Waiting(
                row.want,
                row.to,
                row.type_name,
                row.quantity,
                date.fromisoformat(row.earliest),
                date.fromisoformat(row.latest),
                row.days,
                bool(row.open),
                could,
            )
        )
    return found


_MOST_TRIED = 60
"""On how many open days it is tried whether somebody who waits could be served."""


def _first_day(rules: Rules, stock: Stock, row: Any) -> date | None:
    """The first day on which somebody who waits could collect it."""
    longest = rules.longest([row.kit_type])
    if longest and row.days > longest:
        return None
    horizon = days_after(rules.today, rules.policies.number("horizon", row.kit_type))
    latest = min(date.fromisoformat(row.latest), horizon)
    notice = rules.policies.number("notice", row.kit_type)
    earliest = rules.calendar.first_collection(rules.today, notice)
    day = rules.calendar.next_open(max(date.fromisoformat(row.earliest), earliest))
    for _ in range(_MOST_TRIED):
        back = rules.calendar.next_open(days_after(day, row.days))
        if back > latest:
            return None
        first, free = span_of(rules, BookingRequest((), day, back), (row.kit_type,))
        if taken_too_long(first, free):
            return None
        span = (max(first, rules.today).toordinal(), free.toordinal())
        if free_over(stock.supply, stock.standing, *span) >= row.quantity:
            return day
        day = rules.calendar.add_open_days(day, 1)
    return None
