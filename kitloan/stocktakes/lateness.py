"""Which scans came on record after their stocktake was closed: by the ledger's order.

Several entries can bear the same second, and a clock can stand still: so of the scans of the second
in which it was closed, the ledger is asked.
"""

from sqlalchemy import ColumnElement, Connection, false, or_, select, tuple_

from kitloan.models import table
from kitloan.models.stocktaking import StocktakeScan
from kitloan.sealed import entry, said
from kitloan.stocktakes.answers import Stocktake

scan = table(StocktakeScan)


def after_closing(connection: Connection, college: str, which: Stocktake) -> ColumnElement[bool]:
    """Whether a row of `stocktake_scan`, which is of this stocktake, came after its closing."""
    if which.closed_at is None:
        return false()
    tied = select(scan.c.scan).where(
        scan.c.college == college,
        scan.c.stocktake == which.id,
        scan.c.recorded_at == which.closed_at,
    )
    later = scan.c.recorded_at > which.closed_at
    if connection.execute(tied.limit(1)).first() is None:
        return later
    within = (
        entry.c.college == college,
        entry.c.at == which.closed_at,
        said("stocktake") == which.id,
    )
    place = tuple_(entry.c.epoch, entry.c.seq)
    closing = connection.execute(
        select(entry.c.epoch, entry.c.seq).where(*within, entry.c.kind == "stocktake.closed")
    ).first()
    if closing is None:  # its entry is gone, which verifying finds
        return later
    behind = select(said("scan")).where(
        *within, entry.c.kind == "stocktake.scanned", place > tuple_(closing.epoch, closing.seq)
    )
    return or_(later, scan.c.scan.in_(connection.execute(behind).scalars().all()))
