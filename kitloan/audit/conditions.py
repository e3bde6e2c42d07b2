"""What the figures and the findings both ask of a holding."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from kitloan.calendar import SCOTLAND, instant, year_before
from kitloan.models import Holding, KitType, table
from kitloan.models.absence import Arrival, Transfer

arrival, holding, transfer = table(Arrival), table(Holding), table(Transfer)
kit_type = table(KitType)

_sending = transfer.alias("sending")
_SENDINGS = (
    select(func.count())
    .where(
        _sending.c.college == transfer.c.college,
        _sending.c.tag == transfer.c.tag,
        _sending.c.to_college == transfer.c.to_college,
        _sending.c.state != "called_off",
    )
    .correlate(transfer)
    .scalar_subquery()
)
_receiving = arrival.alias("receiving")
_RECEIVINGS = (
    select(func.count())
    .where(
        _receiving.c.college == transfer.c.to_college,
        _receiving.c.tag == transfer.c.tag,
        _receiving.c.from_college == transfer.c.college,
    )
    .correlate(transfer)
    .scalar_subquery()
)

_IT_CAME = and_(
    arrival.c.college == transfer.c.to_college,
    arrival.c.tag == transfer.c.tag,
    arrival.c.from_college == transfer.c.college,
)
_SAME_DAY = func.substr(arrival.c.received_at, 1, 10) == func.substr(transfer.c.sent_at, 1, 10)

ARRIVED = exists().where(
    transfer.c.college == holding.c.college,
    transfer.c.tag == holding.c.tag,
    transfer.c.state == "sent",
    exists().where(
        _IT_CAME,
        or_(
            arrival.c.received_at >= transfer.c.sent_at,
            and_(_SAME_DAY, _RECEIVINGS >= _SENDINGS),
        ),
    ),
)
"""The other college says that it has what this one sent: it is counted there.

Two clocks differ: on the day of sending, as many receivings as sendings say so too. `transfers`
pairs them by the same rule.
"""

KEPT = and_(holding.c.state != "withdrawn", ~and_(holding.c.state == "in_transit", ARRIVED))
"""On somebody's register, and once."""


def type_names(connection: Connection) -> dict[tuple[str, str], str]:
    """What each college calls its kit types: few rows, which a join would look up often."""
    rows = connection.execute(select(kit_type.c.college, kit_type.c.kit_type, kit_type.c.name))
    return {(row.college, row.kit_type): row.name for row in rows}


def a_year_ago(day: date) -> str:
    """The instant at which the twelve months that end with `day` began."""
    return instant(datetime.combine(year_before(day), time(), tzinfo=SCOTLAND))


def unseen(day: date) -> Any:
    """Not sighted in the twelve months that end with `day`, or never."""
    return holding.c.sighted_at.is_(None) | (holding.c.sighted_at < a_year_ago(day))
