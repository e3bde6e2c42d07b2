"""Facts about events: a day or some days on which a college shows kits somewhere."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator
from sqlalchemy import Connection, bindparam, delete, insert, update

from kitloan.ledger.facts.base import Day, FactBase, Id, Name, Recorded, applies
from kitloan.storage.statements import Change
from kitloan.tables import table
from kitloan.tables.events import Event

event = table(Event)

_of_event = (event.c.college == bindparam("c"), event.c.event == bindparam("k"))
_insert = Change(insert(event))
_change = Change(
    update(event)
    .where(*_of_event, event.c.state == "planned")
    .values(
        name=bindparam("new_name"),
        starts_on=bindparam("new_starts_on"),
        ends_on=bindparam("new_ends_on"),
        place=bindparam("new_place"),
        organisation=bindparam("new_organisation"),
    )
)
_cancel = Change(
    update(event).where(*_of_event, event.c.state == "planned").values(state="cancelled")
)
FORGET_EVENT = (Change(delete(event).where(*_of_event)),)
"""Take away an event, before its entries are applied again."""


class EventTerms(FactBase):
    """An event, whole. No person is named in it."""

    event: Id
    name: Name
    starts_on: Day
    ends_on: Day
    place: Name | None
    organisation: Id | None

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.ends_on < self.starts_on:
            raise ValueError("an event that ends before it begins")
        return self


class EventPlanned(EventTerms):
    """An event was planned; bookings may be made for it."""

    kind: Literal["event.planned"] = "event.planned"
    desk_action: ClassVar[bool] = True


class EventChanged(EventTerms):
    """An event is this from now on; its bookings stay as they are."""

    kind: Literal["event.changed"] = "event.changed"
    desk_action: ClassVar[bool] = True


class EventCancelled(FactBase):
    """An event does not happen; that its bookings are cancelled has entries of its own."""

    kind: Literal["event.cancelled"] = "event.cancelled"
    desk_action: ClassVar[bool] = True
    event: Id
    name: Name


@applies(EventPlanned)
def planned(connection: Connection, college: str, entry: Recorded, fact: EventPlanned) -> None:
    """Add the event."""
    _insert(
        connection,
        college=college,
        state="planned",
        made_at=entry.at,
        made_by=entry.by,
        made_seq=entry.seq,
        **fact.model_dump(exclude={"kind"}),
    )


@applies(EventChanged)
def changed(connection: Connection, college: str, entry: Recorded, fact: EventChanged) -> None:
    """Set the event."""
    now = fact.model_dump(exclude={"kind", "event"})
    new = {f"new_{name}": value for name, value in now.items()}
    _change.one(connection, c=college, k=fact.event, **new)


@applies(EventCancelled)
def cancelled(connection: Connection, college: str, entry: Recorded, fact: EventCancelled) -> None:
    """Nothing can be booked for it any more."""
    _cancel.one(connection, c=college, k=fact.event)
