"""When the two halves of a transfer meet: what one college sent, another says that it has.

Two clocks differ: on the day of sending, as many receivings as sendings say so too. The audit's
`transfers` pairs them by the same rule.
"""

from sqlalchemy import and_, exists, func, or_, select

from kitloan.models import table
from kitloan.models.absence import Arrival, Transfer

arrival, transfer = table(Arrival), table(Transfer)

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
_SAME_DAY = func.substr(arrival.c.received_at, 1, 10) == func.substr(transfer.c.sent_at, 1, 10)

CAME = exists().where(
    arrival.c.college == transfer.c.to_college,
    arrival.c.tag == transfer.c.tag,
    arrival.c.from_college == transfer.c.college,
    or_(
        arrival.c.received_at >= transfer.c.sent_at,
        and_(_SAME_DAY, _RECEIVINGS >= _SENDINGS),
    ),
)
"""Whether the other college has what a row of `transfer` sent, as a condition on that table."""
