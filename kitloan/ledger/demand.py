"""What was asked for in vain, noted; loaded by the first such refusal."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from kitloan.ledger.facts.planning import DemandRefused
from kitloan.ledger.notes import Demanded
from kitloan.ledger.writer import Writer
from kitloan.storage.statements import Query
from kitloan.tables import table
from kitloan.tables.wants import Demand
from kitloan.text.dates import day_of

demand = table(Demand)

_NOTED = Query(
    select(demand.c.organisation, demand.c.first, demand.c.last).where(
        demand.c.college == bindparam("c"),
        demand.c.asked_on == bindparam("today"),
        demand.c.kit_type == bindparam("k"),
    )
)


def note_demand(writer: Writer, rule: str, asked: Sequence[Demanded]) -> None:
    """Note what was refused; once a day for a school, a type and days that overlap."""
    today = day_of(writer.at).isoformat()
    for each in asked:
        first, last = sorted((each.first.isoformat(), each.last.isoformat()))
        known = _NOTED(writer.connection, c=writer.college, today=today, k=each.kit_type)
        if any(
            row.organisation == each.organisation and row.first <= last and first <= row.last
            for row in known
        ):
            continue
        writer.note(
            DemandRefused(
                demand=f"D{writer.next_seq}",
                organisation=each.organisation,
                kit_type=each.kit_type,
                quantity=each.quantity,
                first=first,
                last=last,
                rule=rule,
                asked_on=today,
            )
        )
