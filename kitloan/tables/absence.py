"""Tables of holdings that are away: missing, written off, or on the way between colleges."""

from sqlalchemy import CheckConstraint, Index, Text
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class Absence(Base, table=True):
    """A missing holding: since when, and who recorded it."""

    __tablename__ = "absence"
    __table_args__ = (in_college("tag=tag", to="holding", name="absence_of_a_holding"),)
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    loan: str | None
    reason: str | None
    since: str
    said_by: str


class Withdrawal(Base, table=True):
    """A holding that one person proposed to write off, or that two people wrote off."""

    __tablename__ = "withdrawal"
    __table_args__ = (
        CheckConstraint(
            "signed_by IS NULL OR signed_by <> proposed_by", name="withdrawal_by_two_people"
        ),
        CheckConstraint("(signed_by IS NULL) = (signed_at IS NULL)", name="signed_by_somebody"),
        in_college("tag=tag", to="holding", name="withdrawal_of_a_holding"),
    )
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    reason: str
    donor_agreement: str | None
    proposed_at: str
    proposed_by: str
    signed_at: str | None
    signed_by: str | None
    again_reason: str | None = None
    """Why somebody would have it on the register again; NULL when nobody would."""
    again_at: str | None = None
    again_by: str | None = None


class Transfer(Base, table=True):
    """A holding sent to another college; `state` is how that ended, as far as the sender knows."""

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("state IN ('sent', 'called_off', 'arrived')", name="transfer_state_known"),
        CheckConstraint("(ended_at IS NULL) = (state = 'sent')", name="transfer_ended"),
        in_college("tag=tag", to="holding", name="transfer_of_a_holding"),
        Index("transfers_of_a_holding", "college", "tag"),
    )
    college: str = Field(primary_key=True)
    transfer: str = Field(primary_key=True)
    tag: str
    to_college: str
    quantity: int
    counted: str
    short: str = Field(sa_type=Text)
    """The shortages that the count found, as JSON: how many by component."""
    sent_at: str
    sent_by: str
    state: str
    ended_at: str | None


class Arrival(Base, table=True):
    """A holding received from another college."""

    __tablename__ = "arrival"
    __table_args__ = (
        in_college("tag=tag", to="holding", name="arrival_of_a_holding"),
        Index("arrivals_of_a_holding", "college", "tag"),
    )
    college: str = Field(primary_key=True)
    arrival: str = Field(primary_key=True)
    tag: str
    from_college: str
    quantity: int
    counted: str
    short: str = Field(sa_type=Text)
    """The shortages that the count found, as JSON: how many by component."""
    received_at: str
    received_by: str
