"""Setting the calendar and the policies, and what a closure means for loans that are out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select

from kitloan.errors import BadInput
from kitloan.ledger.facts.calendar import CalendarSet, DayOfCalendar, PolicySet
from kitloan.ledger.facts.loans import LoanRenewed
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.planning.booked import lost_of
from kitloan.planning.calendar import EVERY_DAY, Calendar, calendar_of, days_between
from kitloan.planning.lending import free_again
from kitloan.planning.policies import POLICIES, Policy, policies_of, policy_named
from kitloan.planning.types import kit_type_id
from kitloan.storage.statements import Query
from kitloan.tables import Holding, KitType, Loan, Organisation, table
from kitloan.text.dates import check_year, day_of, days_after, uk
from kitloan.text.personal import on_record

holding, kit_type, loan = table(Holding), table(KitType), table(Loan)
organisation = table(Organisation)

MOST_CLOSED = 366
"""The most days that one closure, or one view of the calendar, may have."""

_DUE_WITHIN = Query(
    select(
        loan.c.loan,
        loan.c.tag,
        loan.c.out_at,
        loan.c.due_on,
        holding.c.kit_type,
        kit_type.c.name,
        organisation.c.name.label("to"),
    )
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
    .where(
        loan.c.college == bindparam("c"),
        loan.c.closed_at.is_(None),
        loan.c.due_key >= bindparam("a"),
        loan.c.due_key <= bindparam("b"),
    )
    .order_by(loan.c.due_key, loan.c.loan)
)


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """One day of a calendar.

    Attributes:
        day: the date.
        desk: whether kits are handed out and taken back.
        staff: whether somebody is there to prepare and count.
        reason: why it differs from the week.
    """

    day: date
    desk: bool
    staff: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class LoanHit:
    """A loan that is due on a day that is closed now; `moved_to` is its new due day, if moved."""

    id: str
    tag: str
    type: str
    to: str
    due_on: date
    moved_to: date | None


@dataclass(frozen=True, slots=True)
class Closed:
    """What a closure did.

    Attributes:
        days: the days.
        loans: the open loans that are due on them.
        at_risk: the bookings that cannot be kept because those were moved, by id.
    """

    days: tuple[date, ...]
    loans: tuple[LoanHit, ...]
    at_risk: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A policy with its value; `type` is the kit type that it was set for, None for all types."""

    key: str
    value: int | str
    default: int | str
    meaning: str
    type: str | None = None


def _check_days(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`.

    Raises:
        BadInput: `dates_reversed`, `too_long`, `bad_date`.
    """
    check_year(first)
    check_year(last)
    if last < first:
        raise BadInput(
            "dates_reversed",
            f"{uk(last)} is before {uk(first)}.",
            "Give the first day, then the last.",
        )
    if (last - first).days >= MOST_CLOSED:
        raise BadInput(
            "too_long",
            f"From {uk(first)} to {uk(last)} are {(last - first).days + 1:,} days; "
            f"at most {MOST_CLOSED} go at once.",
            "Give an earlier last day.",
        )
    return days_between(first, last)


class Calendars:
    """A college's calendar: the verbs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def calendar(self, site: str | None = None) -> Calendar:
        """The calendar of the college, or of one of its sites."""
        with self._session.reading() as connection:
            return calendar_of(connection, self._session.college, _site(site))

    def days(self, first: date, last: date, site: str | None = None) -> list[CalendarDate]:
        """Every day from `first` to `last`, and whether desk and staff are there.

        Raises:
            BadInput: `dates_reversed`, `too_long`, `bad_date`.
        """
        calendar = self.calendar(site)
        return [
            CalendarDate(
                day, calendar.is_desk_open(day), calendar.is_staff_day(day), calendar.reason(day)
            )
            for day in _check_days(first, last)
        ]

    def set_week(
        self,
        desk: Iterable[int] | None = None,
        staff: Iterable[int] | None = None,
        *,
        site: str | None = None,
        request_id: str | None = None,
    ) -> Calendar:
        """Set the weekdays on which the desk opens and staff work; gives the week.

        Args:
            desk: the desk's weekdays, 0 for Monday; None leaves them as they are.
            staff: the staff's weekdays; None leaves them as they are, and makes them the desk's
                where no week was set yet.
            site: the site's name; None is the college's usual one.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `bad_week`, for a week without a day.
        """
        given = [None if days is None else tuple(sorted(set(days))) for days in (desk, staff)]
        if any(days == () or not {*(days or ())} <= EVERY_DAY for days in given):
            raise BadInput(
                "bad_week",
                "A week needs at least one day for the desk, and one for staff.",
                "Name the days, like mon-fri. To close for a while, close the dates.",
            )
        with self._session.writing(request_id) as writer:
            desk_days, staff_days = given
            done = writer.earlier_fact(CalendarSet)
            now = calendar_of(writer.connection, writer.college, _site(site))
            if done is not None and done.desk and done.staff:
                desk_days, staff_days = desk_days or done.desk, staff_days or done.staff
            if desk_days is None:
                desk_days = tuple(sorted(now.desk))
            if staff_days is None:
                staff_days = tuple(sorted(now.staff)) if now.has_week else desk_days
            writer.append(CalendarSet(site=_site(site), desk=desk_days, staff=staff_days))
            return Calendar(frozenset(desk_days), frozenset(staff_days))

    def close(
        self,
        first: date,
        last: date | None = None,
        *,
        reason: str | None = None,
        site: str | None = None,
        move: bool = False,
        spread: int = 1,
        request_id: str | None = None,
    ) -> Closed:
        """Close a day, or every day from `first` to `last`, for desk and staff.

        Loans that are due on those days keep their due day, and are listed. None goes by the
        calendar of a site.

        Args:
            first: the first closed day.
            last: the last closed day; `first` when None.
            reason: why; no names of people.
            site: the site's name; None is the college's usual one.
            move: whether those loans are due on the first open day after the closure instead.
            spread: over how many open days they are spread, so that not all come back on one.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `dates_reversed`, `too_long`, `bad_date`, `bad_text`, `bad_quantity`,
                `names_a_person`; `move_of_a_site`, for a site with `move`.
        """
        days = _check_days(first, last or first)
        return self.close_days([(day, reason) for day in days], site, move, spread, request_id)

    def close_days(
        self,
        days: Sequence[tuple[date, str | None]],
        site: str | None = None,
        move: bool = False,
        spread: int = 1,
        request_id: str | None = None,
    ) -> Closed:
        """Close several days, each with its reason; as `close`."""
        if not 1 <= spread <= MOST_CLOSED:
            raise BadInput(
                "bad_quantity",
                f"Loans cannot be spread over {spread} days.",
                f"Give a number from 1 to {MOST_CLOSED}.",
            )
        if move and site:
            raise BadInput(
                "move_of_a_site",
                "The calendar of a site is shown only: every loan goes by the college's.",
                "Leave out --move; or close the college: the same without --site.",
                site=site[:60],
            )
        shut = {
            day: DayOfCalendar(
                day=check_year(day).isoformat(),
                open=False,
                reason=on_record(reason, "The reason") if reason else None,
            )
            for day, reason in days
        }
        if not shut:
            raise BadInput("no_days", "No day was named.", "Name the days to close.")
        if len(shut) > MOST_CLOSED:
            raise BadInput(
                "too_long",
                f"{len(shut):,} days were named; at most {MOST_CLOSED} go at once.",
                "Name fewer days.",
            )
        with self._session.writing(request_id) as writer:
            facts = tuple(shut[day] for day in sorted(shut))
            writer.append(CalendarSet(site=_site(site), desk=None, staff=None, days=facts))
            if site:
                return Closed(tuple(sorted(shut)), ())
            return _hit(writer, set(shut), move, spread)

    def open(
        self,
        day: date,
        *,
        reason: str | None = None,
        site: str | None = None,
        request_id: str | None = None,
    ) -> None:
        """Open a day for desk and staff, whatever the week has.

        Raises:
            BadInput: `bad_date`, `bad_text`, `names_a_person`.
        """
        opened = DayOfCalendar(
            day=check_year(day).isoformat(),
            open=True,
            reason=on_record(reason, "The reason") if reason else None,
        )
        with self._session.writing(request_id) as writer:
            writer.append(CalendarSet(site=_site(site), desk=None, staff=None, days=(opened,)))


def _site(site: str | None) -> str:
    return on_record(site, "The site") if site else ""


def _hit(writer: Writer, shut: set[date], move: bool, spread: int) -> Closed:
    """The open loans due on closed days that are not past; each moved to an open day if asked."""
    connection, college, today = writer.connection, writer.college, day_of(writer.at)
    first, last = max(min(shut), today), max(shut)
    rows = [
        row
        for row in _DUE_WITHIN(connection, c=college, a=first.isoformat(), b=last.isoformat())
        if date.fromisoformat(row.due_on) in shut
    ]
    done = {e.fact.loan: e.fact for e in writer.earlier if isinstance(e.fact, LoanRenewed)}
    if move and writer.earlier:  # others may be due then by now
        rows = [row for row in rows if row.loan in done]
    types = {row.kit_type for row in rows} if move else set()
    lost = lost_of(connection, college, types, today)
    calendar = calendar_of(connection, college)
    hit: list[LoanHit] = []
    for number, row in enumerate(rows):
        due = date.fromisoformat(row.due_on)
        to = None
        if move:
            to = calendar.add_open_days(calendar.next_open(days_after(due, 1)), number % spread)
            went = day_of(row.out_at) if row.out_at else None
            fact = done.get(row.loan) or LoanRenewed(
                tag=row.tag,
                loan=row.loan,
                due_on=to.isoformat(),
                free_from=free_again(writer, row.kit_type, to, went),
            )
            writer.append(fact)
        hit.append(LoanHit(row.loan, row.tag, row.name, row.to, due, to))
    lost = lost_of(connection, college, types, today) - lost
    return Closed(tuple(sorted(shut)), tuple(hit), tuple(sorted(lost, key=lambda b: (len(b), b))))


def _check_type(policy: Policy, type_: str | None) -> None:
    if type_ and not policy.of_a_type:
        raise BadInput(
            "bad_policy",
            f"{policy.key} is one for the whole college, and cannot differ for a kit type.",
            f"Set it without a type: kitloan policy {policy.key} N",
            key=policy.key,
            type=type_[:60],
        )


class PolicyBook:
    """A college's policies: the verbs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, type: str | None = None) -> list[PolicyLine]:  # noqa: A002
        """Every policy with its value, for all kit types; of one, those that may differ for it.

        Raises:
            BadInput: `unknown_type`.
        """
        with self._session.reading() as connection:
            college = self._session.college
            of = kit_type_id(connection, college, type) if type else None
            policies = policies_of(connection, college)
            return [
                PolicyLine(
                    each.key,
                    policies.choice(each.key, of)
                    if each.choices
                    else policies.number(each.key, of),
                    each.default,
                    each.meaning,
                    type,
                )
                for each in POLICIES.values()
                if each.of_a_type or of is None
            ]

    def get(self, key: str, type: str | None = None) -> PolicyLine:  # noqa: A002
        """One policy with its value.

        Raises:
            BadInput: `unknown_policy`, `unknown_type`; `bad_policy`, for one that is not of a type.
        """
        wanted = policy_named(key)
        _check_type(wanted, type)
        return next(line for line in self.list(type) if line.key == wanted.key)

    def set(
        self,
        key: str,
        value: str,
        type: str | None = None,  # noqa: A002
        *,
        request_id: str | None = None,
    ) -> PolicyLine:
        """Set a policy, for all kit types or for one; `default` gives it its default again.

        Loans and bookings that exist keep what was agreed.

        Raises:
            BadInput: `unknown_policy`, `bad_policy`, `unknown_type`.
        """
        wanted = policy_named(key)
        _check_type(wanted, type)
        default = value.strip().lower() == "default"
        now = wanted.default if default else wanted.parse(value)
        with self._session.writing(request_id) as writer:
            of = kit_type_id(writer.connection, writer.college, type) if type else ""
            setting = None if default else str(now)
            writer.append(PolicySet(policy=wanted.key, kit_type=of, setting=setting))
        return PolicyLine(wanted.key, now, wanted.default, wanted.meaning, type)
