"""Facts about inspections: what has to be inspected how often, and what an inspection found."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints
from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from kitloan.ledger.facts.base import (
    Count,
    Dated,
    Day,
    FactBase,
    Id,
    Name,
    Recorded,
    Tag,
    applies,
    happened_at,
)
from kitloan.ledger.facts.holding_rows import SIGHTED, change_holding, sighting
from kitloan.storage.statements import Change, Query
from kitloan.tables import Holding, table
from kitloan.tables.inspecting import Inspection, Regime
from kitloan.text.names import LONGEST_NAME

holding, inspection, regime = table(Holding), table(Inspection), table(Regime)

Key = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=2 * LONGEST_NAME + 1, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
]
"""What a regime is known by: its code and its kit type."""

forget_regime = Change(
    delete(regime).where(regime.c.college == bindparam("c"), regime.c.regime == bindparam("k"))
)
_forget_of_type = Change(
    delete(regime).where(
        regime.c.college == bindparam("c"),
        regime.c.kit_type == bindparam("t"),
        regime.c.code_key == bindparam("k"),
    )
)
_insert_regime = Change(insert(regime))
_of_tag = (inspection.c.college == bindparam("c"), inspection.c.tag == bindparam("t"))
_latest = Query(
    select(inspection.c.done_at).where(*_of_tag, inspection.c.code_key == bindparam("k"))
)
_failed = Query(
    select(inspection.c.code)
    .where(*_of_tag, inspection.c.result == "fail")
    .order_by(inspection.c.code_key)
)
_insert_inspection = Change(insert(inspection))
_set_inspection = Change(
    update(inspection)
    .where(*_of_tag, inspection.c.code_key == bindparam("k"))
    .values(
        code=bindparam("new_code"),
        result=bindparam("new_result"),
        done_at=bindparam("new_at"),
        done_by=bindparam("new_by"),
        valid_until=bindparam("new_until"),
    )
)
_sight = change_holding(**SIGHTED)
_fail = change_holding(
    out_of_use=func.coalesce(holding.c.in_repair, bindparam("why")),
    most_out=func.coalesce(holding.c.most_out, holding.c.out_quantity),
)
_pass = change_holding(
    out_of_use=holding.c.in_repair,
    most_out=case((holding.c.in_repair.is_not(None), holding.c.most_out)),
)


class RegimeSet(FactBase):
    """Every holding of a kit type needs an inspection; a later one replaces it."""

    kind: Literal["inspection.regime"] = "inspection.regime"
    desk_action: ClassVar[bool] = True
    regime: Key
    code_key: Id
    code: Name
    kit_type: Id
    months: Count | None
    """How many calendar months a pass counts; None ends the regime."""
    gate: bool


@applies(RegimeSet)
def regime_set(connection: Connection, college: str, entry: Recorded, fact: RegimeSet) -> None:
    """The regime is as it is set now, or is no more; a type has one of a code."""
    forget_regime(connection, c=college, k=fact.regime)
    _forget_of_type(connection, c=college, t=fact.kit_type, k=fact.code_key)
    if fact.months is not None:
        _insert_regime(
            connection,
            college=college,
            regime=fact.regime,
            code_key=fact.code_key,
            code=fact.code,
            kit_type=fact.kit_type,
            months=fact.months,
            gate=fact.gate,
        )


class InspectionDone(Dated):
    """A holding passed an inspection, or failed it."""

    kind: Literal["inspection.done"] = "inspection.done"
    desk_action: ClassVar[bool] = True
    tag: Tag
    code_key: Id
    code: Name
    result: Literal["pass", "fail"]
    valid_until: Day | None
    """The last day on which a pass counts, worked out when it was recorded."""


@applies(InspectionDone)
def inspected(connection: Connection, college: str, entry: Recorded, fact: InspectionDone) -> None:
    """Keep the latest result by its day; one that failed is out of use, wherever it is."""
    seen = sighting(connection, college, entry, fact)
    _sight.one(connection, c=college, t=fact.tag, **seen)
    at = happened_at(entry, fact.on)
    before = _latest(connection, c=college, t=fact.tag, k=fact.code_key).scalar()
    if before is not None and before > at:
        return
    if before is None:
        _insert_inspection(
            connection,
            college=college,
            tag=fact.tag,
            code_key=fact.code_key,
            code=fact.code,
            result=fact.result,
            done_at=at,
            done_by=entry.by,
            valid_until=fact.valid_until if fact.result == "pass" else None,
        )
    else:
        _set_inspection.one(
            connection,
            c=college,
            t=fact.tag,
            k=fact.code_key,
            new_code=fact.code,
            new_result=fact.result,
            new_at=at,
            new_by=entry.by,
            new_until=fact.valid_until if fact.result == "pass" else None,
        )
    set_use(connection, college, fact.tag)


def set_use(connection: Connection, college: str, tag: str) -> None:
    """Set whether a holding can be used: as its repairs and its inspections have it."""
    failed = _failed(connection, c=college, t=tag).scalars()
    if failed:
        _fail.one(connection, c=college, t=tag, why=failure(failed))
    else:
        _pass.one(connection, c=college, t=tag)


def failure(codes: Sequence[str]) -> str:
    """Why a holding is out of use that failed inspections under these codes."""
    return f"failed its inspection: {', '.join(codes)}"
