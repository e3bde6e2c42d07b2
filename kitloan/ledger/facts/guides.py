"""The fact of what a school must know of a kit type; a later one replaces it."""

from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, delete, insert

from kitloan.ledger.facts.base import FactBase, Id, Recorded, Remark, applies
from kitloan.storage.statements import Change
from kitloan.tables import table
from kitloan.tables.guides import KitGuide

guide = table(KitGuide)

_insert = Change(insert(guide))
_forget = Change(
    delete(guide).where(guide.c.college == bindparam("c"), guide.c.kit_type == bindparam("k"))
)
FORGET_GUIDE = (_forget,)
"""Take away what is recorded of a kit type."""


class GuideWritten(FactBase):
    """Everything that a leaflet has about a kit type beside its contents list."""

    kind: Literal["guide.written"] = "guide.written"
    desk_action: ClassVar[bool] = True
    kit_type: Id
    supplies: Remark | None = None
    time: Remark | None = None
    space: Remark | None = None
    level: Remark | None = None
    safety: Remark | None = None
    repacking: Remark | None = None


@applies(GuideWritten)
def written(connection: Connection, college: str, entry: Recorded, fact: GuideWritten) -> None:
    """Set what is recorded."""
    _forget(connection, c=college, k=fact.kit_type)
    _insert(connection, college=college, **fact.model_dump(exclude={"kind"}))
