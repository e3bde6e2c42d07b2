"""What the figures and the findings both ask of a holding."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import and_, exists

from kitloan.calendar import SCOTLAND, instant, year_before
from kitloan.models import Holding, table
from kitloan.models.absence import Arrival, Transfer

arrival, holding, transfer = table(Arrival), table(Holding), table(Transfer)

ARRIVED = exists().where(
    transfer.c.college == holding.c.college,
    transfer.c.tag == holding.c.tag,
    transfer.c.state == "sent",
    arrival.c.college == transfer.c.to_college,
    arrival.c.tag == transfer.c.tag,
    arrival.c.from_college == transfer.c.college,
    arrival.c.received_at >= transfer.c.sent_at,
)
"""The other college says that it has what this one sent: it is counted there."""

KEPT = and_(holding.c.state != "withdrawn", ~and_(holding.c.state == "in_transit", ARRIVED))
"""On somebody's register, and once."""


def a_year_ago(day: date) -> str:
    """The instant at which the twelve months that end with `day` began."""
    return instant(datetime.combine(year_before(day), time(), tzinfo=SCOTLAND))


def unseen(day: date) -> Any:
    """Not sighted in the twelve months that end with `day`, or never."""
    return holding.c.sighted_at.is_(None) | (holding.c.sighted_at < a_year_ago(day))
