"""Facts about the calendar and the policies."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from sqlalchemy import Connection, bindparam, delete, insert

from kitloan.ledger.facts.base import (
    MOST_OF_A_LIST,
    Day,
    FactBase,
    Frozen,
    Id,
    Name,
    Recorded,
    applies,
)
from kitloan.storage.statements import Change
from kitloan.tables import table
from kitloan.tables.planning import CalendarDay, CalendarWeek, PolicyValue
from kitloan.text.fields import NameOrNone

week, day, policy = table(CalendarWeek), table(CalendarDay), table(PolicyValue)

_insert_week = Change(insert(week))
_forget_week = Change(
    delete(week).where(week.c.college == bindparam("c"), week.c.site == bindparam("k"))
)
_insert_day = Change(insert(day))
_forget_day = Change(
    delete(day).where(
        day.c.college == bindparam("c"), day.c.site == bindparam("k"), day.c.day == bindparam("d")
    )
)
_forget_days = Change(
    delete(day).where(day.c.college == bindparam("c"), day.c.site == bindparam("k"))
)
_insert_policy = Change(insert(policy))
_forget_value = Change(
    delete(policy).where(
        policy.c.college == bindparam("c"),
        policy.c.policy == bindparam("k"),
        policy.c.kit_type == bindparam("t"),
    )
)
_forget_policy = Change(
    delete(policy).where(policy.c.college == bindparam("c"), policy.c.policy == bindparam("k"))
)
FORGET_CALENDAR = (_forget_week, _forget_days)
"""Take away a site's calendar, before its entries are applied again."""
FORGET_POLICY = (_forget_policy,)
"""Take away a policy's values, before its entries are applied again."""

Weekdays = Annotated[
    tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(min_length=1, max_length=7)
]
"""Days of the week, 0 for Monday."""


class DayOfCalendar(Frozen):
    """A day that differs from the week."""

    day: Day
    open: bool
    reason: Name | None = None


class CalendarSet(FactBase):
    """A site's weeks, or some dated days, are these from now on; what is None stays."""

    kind: Literal["calendar.set"] = "calendar.set"
    desk_action: ClassVar[bool] = True
    site: NameOrNone
    desk: Weekdays | None
    staff: Weekdays | None
    days: Annotated[tuple[DayOfCalendar, ...], Field(max_length=MOST_OF_A_LIST)] = ()


@applies(CalendarSet)
def calendar_set(connection: Connection, college: str, entry: Recorded, fact: CalendarSet) -> None:
    """Set the weeks, and the dated days that are named."""
    if fact.desk is not None and fact.staff is not None:
        _forget_week(connection, c=college, k=fact.site)
        _insert_week(
            connection,
            college=college,
            site=fact.site,
            desk="".join(map(str, sorted(set(fact.desk)))),
            staff="".join(map(str, sorted(set(fact.staff)))),
        )
    for each in fact.days:
        _forget_day(connection, c=college, k=fact.site, d=each.day)
        _insert_day(
            connection,
            college=college,
            site=fact.site,
            day=each.day,
            open=each.open,
            reason=each.reason,
        )


class PolicySet(FactBase):
    """A policy has this value from now on; None is its default again."""

    kind: Literal["policy.set"] = "policy.set"
    desk_action: ClassVar[bool] = True
    policy: Id
    kit_type: NameOrNone
    """The kit type that it is for; empty is all of them."""
    setting: Name | None


@applies(PolicySet)
def policy_set(connection: Connection, college: str, entry: Recorded, fact: PolicySet) -> None:
    """Set the policy's value."""
    _forget_value(connection, c=college, k=fact.policy, t=fact.kit_type)
    if fact.setting is not None:
        _insert_policy(
            connection,
            college=college,
            policy=fact.policy,
            kit_type=fact.kit_type,
            setting=fact.setting,
        )
