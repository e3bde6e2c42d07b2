"""What the figures and the findings both ask of a holding."""

from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, exists, select

from kitloan.tables import Holding, KitType, table
from kitloan.tables.absence import Transfer
from kitloan.text.dates import start_of, year_before
from kitloan.transfers.matching import RECEIVED_THERE

holding, transfer = table(Holding), table(Transfer)
kit_type = table(KitType)

ARRIVED = exists().where(
    transfer.c.college == holding.c.college,
    transfer.c.tag == holding.c.tag,
    transfer.c.state == "sent",
    RECEIVED_THERE,
)
"""The other college says that it has what this one sent: it is counted there."""

KEPT = and_(holding.c.state != "withdrawn", ~and_(holding.c.state == "in_transit", ARRIVED))
"""On somebody's register, and once."""


def type_names(connection: Connection) -> dict[tuple[str, str], str]:
    """What each college calls its kit types: few rows, which a join would look up often."""
    rows = connection.execute(select(kit_type.c.college, kit_type.c.kit_type, kit_type.c.name))
    return {(row.college, row.kit_type): row.name for row in rows}


def unseen(day: date) -> Any:
    """Not sighted on the same day a year earlier, nor since; or never."""
    return holding.c.sighted_at.is_(None) | (holding.c.sighted_at < start_of(year_before(day)))
