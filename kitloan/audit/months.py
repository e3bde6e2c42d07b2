"""The twelve months that a year's use is counted over, and which loans lie in them."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, case, exists, false, not_, or_, select, tuple_

from kitloan.queries.entry_text import entry, fact_text
from kitloan.tables import Holding, Loan, table
from kitloan.text.dates import end_of, start_of, twelve_months_to

holding, loan = table(Holding), table(Loan)

OF_HOLDING = and_(holding.c.college == loan.c.college, holding.c.tag == loan.c.tag)

_read_in = holding.alias("read_in")
_REGISTERS = select(_read_in.c.college, _read_in.c.accessioned_at).where(
    _read_in.c.register_row.is_not(None)
)
_FOUND_SO = (
    exists()
    .where(
        entry.c.college == loan.c.college,
        entry.c.tag == loan.c.tag,
        entry.c.kind == "loan.found",
        fact_text("loan") == loan.c.loan,
    )
    .correlate(loan)
)
# Asked of every loan, its entries would cost more than all the rest: so first, when it was. Of two
# sides of an AND, SQLite may reckon both.
FOUND = case((tuple_(loan.c.college, loan.c.out_at).in_(_REGISTERS), _FOUND_SO), else_=false())
"""A register had the loan when it was read in: it began earlier, and nobody knows when."""


@dataclass(frozen=True, slots=True)
class Months:
    """The twelve months that end with `day`; the conditions are on the table of loans."""

    day: date

    @property
    def start(self) -> date:
        """Their first day."""
        return twelve_months_to(self.day)

    @property
    def until(self) -> date:
        """The day after their last."""
        return self.day + timedelta(days=1)

    @property
    def since(self) -> str:
        """The instant at which they begin."""
        return start_of(self.start)

    @property
    def lent(self) -> ColumnElement[bool]:
        """It was out in them."""
        return and_(
            or_(loan.c.closed_at.is_(None), loan.c.closed_at >= self.since),
            loan.c.out_at <= end_of(self.day),
        )

    @property
    def on_record(self) -> ColumnElement[bool]:
        """It came on record in them: its days count from then on."""
        return loan.c.out_at >= self.since

    @property
    def began(self) -> ColumnElement[bool]:
        """It began in them."""
        return and_(self.on_record, not_(FOUND))
