"""Tables of what colleges offer each other and ask each other for, and of where they are.

An offer and the answers to it are rows of the college that offers, a claim is a row of the college
that claims. So is what one college asks another for, and the answer of that one. No foreign key
joins the two: each is made by its own college's ledger.
"""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college


class Offer(Base, table=True):
    """So many of a kit type, or of a part, that a college would lend to another, or give away."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="offer_of_something"),
        CheckConstraint("accepted BETWEEN 0 AND quantity", name="never_more_claimed_than_offered"),
        CheckConstraint("terms IN ('lend', 'keep', 'parts')", name="offer_terms_known"),
        CheckConstraint(
            "(terms = 'parts') = (component IS NOT NULL)", name="offer_of_parts_has_their_name"
        ),
        CheckConstraint(
            "(terms <> 'lend' AND first IS NULL AND last IS NULL) OR "
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
    """The first day on which it can be lent; what is given away has none."""
    last: str | None
    until: str
    """The last day on which it can be claimed."""
    kits: str
    """The tags of the kits, where they are chosen, joined by commas; parts come out of them."""
    donor_agreement: str | None
    """The donor's letter or message that agrees to giving it away."""
    open: bool
    made_at: str
    component: str | None
    """Of spare parts: which part of the kit type."""
    note: str | None
    change: str | None
    """The id of its last change; None for an offer that is as it was made."""


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
    component: str | None
    change: str | None
    """The last change of the offer that the claiming college had seen."""


class Ask(Base, table=True):
    """So many of a kit type that a college asks one other college for, to borrow."""

    __tablename__ = "ask"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="ask_for_something"),
        CheckConstraint("to_college <> college", name="ask_of_another_college"),
        CheckConstraint("first <= last", name="ask_has_days_in_order"),
    )
    college: str = Field(primary_key=True)
    ask: str = Field(primary_key=True)
    to_college: str
    type_name: str
    """As the college that asks calls it: the other's name may be another."""
    kit: str | None
    """The tag of one kit of the other college."""
    quantity: int
    first: str
    last: str
    note: str | None
    open: bool
    made_at: str


class AskAnswer(Base, table=True):
    """How many another college may have of what it asked for; none, with the reason."""

    __tablename__ = "ask_answer"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="ask_answer_not_negative"),
        CheckConstraint("quantity > 0 OR reason IS NOT NULL", name="no_has_a_reason"),
    )
    college: str = Field(primary_key=True)
    ask: str = Field(primary_key=True)
    """The college that asks and the ask, as in `ayrshire:A12`."""
    from_college: str
    type_name: str | None
    """What is asked for, where the answering college could see it; so are the days."""
    first: str | None
    last: str | None
    quantity: int
    reason: str | None
    answered_at: str


class CollegePlace(Base, table=True):
    """Where a college is, by its own ledger or by ESP's."""

    __tablename__ = "college_place"
    college: str = Field(primary_key=True)
    """Whose ledger has it."""
    whose: str = Field(primary_key=True)
    """The college that is there."""
    latitude: str
    """Degrees north (WGS 84), as the ledger has them."""
    longitude: str
