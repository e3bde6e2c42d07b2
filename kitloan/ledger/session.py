"""A session: one person at work for one college, on a store, by a clock."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from kitloan.errors import BadInput
from kitloan.reference import ESP as ESP
from kitloan.storage.store import Store
from kitloan.text.dates import Clock, today

if TYPE_CHECKING:
    from kitloan.ledger.writer import Writer


@dataclass(frozen=True, slots=True)
class Session:
    """What every verb needs in addition to its arguments."""

    store: Store
    college: str
    actor: str
    clock: Clock

    @property
    def today(self) -> date:
        """The date in Scotland now."""
        return today(self.clock)

    @property
    def is_national(self) -> bool:
        """Whether this is ESP's store, which holds copies of the colleges' ledgers."""
        return self.college == ESP

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one state of the store."""
        return self.store.read()

    @contextmanager
    def writing(self, request: str | None = None) -> Iterator["Writer"]:
        """A transaction on this college's ledger; see `kitloan.ledger.writing`.

        It begins with noting the bookings that lapsed. What it refuses as `Unmet` is noted as
        demand, in a transaction of its own.
        """
        from kitloan.ledger.notes import Unmet, note_lapses
        from kitloan.ledger.writer import writing  # reading a kit should not have to load it

        with_us = (self.store, self.college, self.actor, self.clock)
        try:
            with writing(*with_us, request) as writer:
                note_lapses(writer)
                yield writer
        except Unmet as refusal:
            from kitloan.ledger.demand import note_demand

            with writing(*with_us) as writer:
                note_demand(writer, refusal.code, refusal.asked)
            raise


def check_quantity(quantity: int, what: str = "The quantity") -> int:
    """`quantity`, when it is a valid number of things.

    Raises:
        BadInput: `bad_quantity`.
    """
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
        raise BadInput(
            "bad_quantity",
            f"{what} is not valid: {quantity!r}.",
            "Give a whole number from 1 to 1,000,000.",
            value=str(quantity),
        )
    if quantity > 1_000_000:
        raise BadInput(
            "bad_quantity",
            f"{what} is too large: {quantity:,}.",
            "Give a whole number from 1 to 1,000,000.",
            value=str(quantity),
        )
    return quantity
