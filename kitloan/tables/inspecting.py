"""Tables of inspections: what has to be inspected how often, and the latest result of each."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class Regime(Base, table=True):
    """An inspection that every holding of a kit type needs."""

    __tablename__ = "regime"
    __table_args__ = (
        CheckConstraint("months > 0", name="regime_months_positive"),
        in_college("kit_type=kit_type", to="kit_type", name="regime_of_a_kit_type"),
        Index("regimes_of_a_type", "college", "kit_type", "code_key", unique=True),
    )
    college: str = Field(primary_key=True)
    regime: str = Field(primary_key=True)
    """What it is known by: `code_key` and the kit type."""
    code_key: str
    """What the code is found by."""
    code: str
    kit_type: str
    months: int
    gate: bool
    """Whether what is overdue is not lent; else a warning."""


class Inspection(Base, table=True):
    """The latest inspection of a holding under a code, by the day it was done."""

    __tablename__ = "inspection"
    __table_args__ = (
        CheckConstraint("result IN ('pass', 'fail')", name="inspection_result_known"),
        CheckConstraint("result = 'pass' OR valid_until IS NULL", name="failed_is_not_valid"),
        in_college("tag=tag", to="holding", name="inspection_of_a_holding"),
    )
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    code_key: str = Field(primary_key=True)
    code: str
    result: str
    done_at: str
    done_by: str
    valid_until: str | None
    """The last day on which a pass counts; NULL where its regime had ended."""
