"""For which days a college had a holding that moved: what use is reckoned by.

A merger of colleges moves a thousand kits in a week. What they were lent for before is use of the
days before, at the college that had them then.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, and_, literal, select, union, union_all

from kitloan.audit.conditions import KEPT
from kitloan.tables import Holding, table
from kitloan.tables.absence import Arrival, Transfer, Withdrawal
from kitloan.text.dates import day_of

arrival, holding, transfer = table(Arrival), table(Holding), table(Transfer)
withdrawal = table(Withdrawal)

Span = tuple[date, date | None]
"""From which day, up to but not with which; None is still."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One holding at one college. `kept` when it is on that register now."""

    college: str
    kit_type: str
    kept: bool
    spans: tuple[Span, ...]


_EVENTS = union_all(
    select(
        transfer.c.college,
        transfer.c.tag,
        transfer.c.sent_at.label("at"),
        literal(False).label("comes"),
    ).where(transfer.c.state != "called_off"),
    select(arrival.c.college, arrival.c.tag, arrival.c.received_at, literal(True)),
    select(withdrawal.c.college, withdrawal.c.tag, withdrawal.c.signed_at, literal(False)).where(
        withdrawal.c.signed_at.is_not(None)
    ),
)
_moved = union(
    select(transfer.c.college, transfer.c.tag).where(transfer.c.state != "called_off"),
    select(arrival.c.college, arrival.c.tag),
    select(withdrawal.c.college, withdrawal.c.tag).where(withdrawal.c.signed_at.is_not(None)),
).subquery()
_HOLDINGS = select(
    holding.c.college,
    holding.c.tag,
    holding.c.kit_type,
    holding.c.accessioned_at,
    KEPT.label("kept"),
).join_from(
    _moved, holding, and_(holding.c.college == _moved.c.college, holding.c.tag == _moved.c.tag)
)


def stays(connection: Connection) -> Iterator[Stay]:
    """Every holding that came from another college, went to one, or was written off."""
    events: dict[tuple[str, str], list[tuple[str, bool]]] = defaultdict(list)
    for row in connection.execute(_EVENTS):
        events[row.college, row.tag].append((row.at, bool(row.comes)))
    for row in connection.execute(_HOLDINGS):
        happened = sorted(events[row.college, row.tag])
        yield Stay(
            row.college,
            row.kit_type,
            bool(row.kept),
            _spans(row.accessioned_at, happened, kept=bool(row.kept)),
        )


def _spans(
    accessioned_at: str, happened: list[tuple[str, bool]], *, kept: bool
) -> tuple[Span, ...]:
    spans: list[Span] = [(day_of(accessioned_at), None)]
    for at, comes in happened:
        began, ended = spans[-1]
        if comes and ended is not None:
            spans.append((day_of(at), None))
        elif not comes and ended is None:
            spans[-1] = began, day_of(at)
    if not kept and spans[-1][1] is None:  # it came and went within a second
        spans[-1] = spans[-1][0], day_of(happened[-1][0])
    if kept:  # on its way, and counted here until the other college says that it has it
        spans[-1] = spans[-1][0], None
    return tuple(spans)
