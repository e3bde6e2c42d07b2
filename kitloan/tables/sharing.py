"""Tables of what colleges offer each other: offers, claims, and answers to claims.

An offer and the answers to it are rows of the college that offers, a claim is a row of the college
that claims. No foreign key joins the two: each is made by its own college's ledger.
"""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class Offer(Base, table=True):
    """So many of a kit type that a college would lend to another, or give it to keep."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="offer_of_something"),
        CheckConstraint("accepted BETWEEN 0 AND quantity", name="never_more_claimed_than_offered"),
        CheckConstraint("terms IN ('lend', 'keep')", name="offer_terms_known"),
        CheckConstraint(
            "(terms = 'keep' AND first IS NULL AND last IS NULL) OR "
            "(terms = 'lend' AND first IS NOT NULL AND last IS NOT NULL AND first <= last)",
            name="offer_to_lend_has_days_in_order",
        ),
        in_college("kit_type=kit_type", to="kit_type", name="offer_of_a_kit_type"),
        Index("offers_by_type", "college", "kit_type"),
    )
    college: str = Field(primary_key=True)
    offer: str = Field(primary_key=True)
    kit_type: str
    quantity: int
    accepted: int
    """How many of them are promised to colleges that claimed some."""
    terms: str
    first: str | None
    """The first day on which it can be lent; a kit to keep has none."""
    last: str | None
    until: str
    """The last day on which it can be claimed."""
    kits: str
    """The tags of the kits, where they are chosen, joined by commas."""
    donor_agreement: str | None
    """The donor's letter or message that agrees to giving it away."""
    open: bool
    made_at: str


class ClaimAnswer(Base, table=True):
    """How many of an offer another college gets; none when its claim was declined."""

    __tablename__ = "claim_answer"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="answer_not_negative"),
        in_college("offer=offer", to="offer", name="answer_about_an_offer"),
    )
    college: str = Field(primary_key=True)
    offer: str = Field(primary_key=True)
    to_college: str = Field(primary_key=True)
    quantity: int
    answered_at: str


class Claim(Base, table=True):
    """So many of another college's offer that a college would have."""

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="claim_of_something"),
        CheckConstraint("from_college <> college", name="claim_of_another_college"),
    )
    college: str = Field(primary_key=True)
    claim: str = Field(primary_key=True)
    """The college that offers and the offer, as in `fife:O12`."""
    from_college: str
    offer: str
    type_name: str | None
    """What is offered, where the claiming college could see it."""
    quantity: int
    open: bool
    made_at: str
