"""How many of a gift colleges are to have: never more than is promised."""

from sqlalchemy import Connection, func, select

from kitloan.errors import Refused
from kitloan.ledger.session import ESP
from kitloan.tables import table
from kitloan.tables.national import Allocation, Gifting
from kitloan.text.names import plain

allocation, gifting = table(Allocation), table(Gifting)


def allocated_of(connection: Connection, gift: str, but: str = "") -> int:
    """How many of a gift are allocated to colleges, but for one allocation."""
    wanted = select(func.coalesce(func.sum(allocation.c.quantity), 0)).where(
        allocation.c.college == ESP,
        allocation.c.gift == gift,
        allocation.c.allocation != but,
    )
    return int(connection.execute(wanted).scalar_one())


def must_cover(connection: Connection, gift: str, promised: int | None = None) -> None:
    """Refuse that colleges are to have more of a gift than is promised.

    Args:
        connection: a transaction on ESP's store.
        gift: its id.
        promised: how many; None is what is on record, where the gift is.

    Raises:
        Refused: `more_allocated`.
    """
    if promised is None:
        wanted = select(gifting.c.promised).where(gifting.c.college == ESP, gifting.c.gift == gift)
        promised = connection.execute(wanted).scalar()
    allocated = allocated_of(connection, gift)
    if promised is not None and promised < allocated:
        raise Refused(
            "more_allocated",
            f"{allocated:,} of {plain(gift)} are allocated to colleges; "
            f"{promised:,} would be fewer.",
            "Allocate fewer first: kitloan gift allocate GIFT COLLEGE N --allocation ID",
            allocated=allocated,
            promised=promised,
        )
