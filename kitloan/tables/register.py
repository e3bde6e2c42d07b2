"""The register: a college's holdings and loans as they are now."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base, in_college
from kitloan.text.fields import AddedHoldingFields, GiftTerms, LoanFields


class College(Base, table=True):
    """A college whose ledger this store holds."""

    __tablename__ = "college"
    college: str = Field(primary_key=True)
    name: str
    region: str | None


class KitType(Base, table=True):
    """What a kind of holding is."""

    __tablename__ = "kit_type"
    college: str = Field(primary_key=True)
    kit_type: str = Field(primary_key=True)
    name: str
    merged_into: str | None = None
    """The type that it is now, where two became one."""
    contents_at: str | None = None
    """When its contents list changed last; None while it is as it was first defined."""


class Component(Base, table=True):
    """One line of a kit type's contents list."""

    __tablename__ = "component"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="component_quantity_positive"),
        in_college("kit_type=kit_type", to="kit_type", name="component_of_a_kit_type"),
    )
    college: str = Field(primary_key=True)
    kit_type: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    position: int
    quantity: int
    bag: str | None
    critical: bool


class Organisation(Base, table=True):
    """A borrower."""

    __tablename__ = "organisation"
    college: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)
    name: str
    merged_into: str | None = None
    """The borrower that it is now, where two became one."""
    closed_at: str | None = None
    """Since when nothing is lent to it; None while it is open."""
    words: str | None = None
    """The text that is searched: every name that it has or had, folded."""


class Holding(Base, AddedHoldingFields, table=True):  # type: ignore[misc]  # SQLModel types its config apart
    """One tagged thing that a college holds: a kit, a device or a stock of loose items."""

    __tablename__ = "holding"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="holding_quantity_positive"),
        CheckConstraint("out_quantity BETWEEN 0 AND quantity", name="never_more_out_than_held"),
        CheckConstraint(
            "state IN ('held', 'in_transit', 'withdrawn', 'missing')", name="holding_state_known"
        ),
        CheckConstraint("state = 'held' OR out_quantity = 0", name="only_what_is_held_is_out"),
        in_college("kit_type=kit_type", to="kit_type", name="holding_of_a_kit_type"),
        Index("holdings_by_asset_number", "college", "asset_key"),
        Index("holdings_by_register_row", "college", "register_row"),
        Index("holdings_by_type", "college", "kit_type"),
        Index("holdings_of_a_tag", "tag"),
        Index("holdings_found_by_words", "college", "number_order", "words", "tag"),
    )
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    out_quantity: int
    state: str
    uncounted: bool
    critical_short: int
    """How many critical components are short; with any, the kit is incomplete."""
    asset_key: str | None
    accessioned_at: str
    sighted_at: str | None
    sighted_by: str | None
    words: str
    """The text that is searched: tag, type, asset number, serial, place, donor; folded."""
    counted_at: str | None = None
    """When this college last counted its contents, whatever the count found; None is never."""
    out_of_use: str | None = None
    """Why it is not lent, and still held: in repair, or failed. NULL when it can be used."""
    in_repair: str | None = None
    """Why it is in repair; NULL when it is out of use for a failed inspection alone."""
    most_out: int | None = Field(
        default=None,
        sa_column_args=(
            CheckConstraint("out_quantity <= most_out", name="out_of_use_is_not_lent"),
        ),
    )
    """While it is out of use, how many may be out: those that were, less what came back."""
    number_order: str | None = None
    """What lists are in the order of: the asset number as people count, 2 before 10; what has none
    is last. Never NULL, but in a store of an earlier version."""


class Gift(Base, GiftTerms, table=True):  # type: ignore[misc]  # SQLModel types its config apart
    """The terms on which a holding was given."""

    __tablename__ = "gift"
    __table_args__ = (
        CheckConstraint("value_pence >= 0", name="gift_value_not_negative"),
        CheckConstraint(
            "title IN ('owned', 'on_loan_from_donor', 'held_for_esp', 'unknown')",
            name="gift_title_known",
        ),
        in_college("tag=tag", to="holding", name="gift_of_a_holding"),
    )
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)


class Loan(Base, LoanFields, table=True):  # type: ignore[misc]  # SQLModel types its config apart
    """One holding with one borrower, from check-out to check-in; one row for life."""

    __tablename__ = "loan"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="loan_quantity_positive"),
        CheckConstraint("returned BETWEEN 0 AND quantity", name="never_more_back_than_lent"),
        CheckConstraint("(closed_at IS NULL) = (returned < quantity)", name="closed_when_all_back"),
        in_college("tag=tag", to="holding", name="loan_of_a_holding"),
        in_college("organisation=organisation", to="organisation", name="loan_to_a_borrower"),
        Index("loans_of_a_holding", "college", "tag"),
        Index("loans_to_a_borrower", "college", "organisation"),
    )
    college: str = Field(primary_key=True)
    loan: str = Field(primary_key=True)
    returned: int
    out_at: str
    out_by: str
    due_key: str
    """The due date, or the end of time for a loan without one; for sorting."""
    closed_at: str | None
    booking: str | None = None
    """The booking against which it went out."""
    free_from: str | None = None
    """The first day on which it can go out again, where that is not the day after it is due."""


class Shortage(Base, table=True):
    """A component of one kit that is missing or broken, until it is replaced."""

    __tablename__ = "shortage"
    __table_args__ = (
        CheckConstraint("missing >= 0 AND broken >= 0", name="shortage_not_negative"),
        CheckConstraint("missing + broken > 0", name="shortage_of_something"),
        in_college("tag=tag", to="holding", name="shortage_of_a_holding"),
    )
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    component: str = Field(primary_key=True)
    missing: int
    broken: int
    since: str


class Label(Base, table=True):
    """A printed tag; a blank label has no holding until one claims it."""

    __tablename__ = "label"
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    batch: str
    blank: bool
    printed_at: str
    printed_by: str


class Alias(Base, table=True):
    """A second tag of a holding."""

    __tablename__ = "alias"
    __table_args__ = (in_college("tag=tag", to="holding", name="alias_of_a_holding"),)
    college: str = Field(primary_key=True)
    label: str = Field(primary_key=True)
    tag: str


class Block(Base, table=True):
    """A borrower to whom nothing is lent for now, because somebody decided so."""

    __tablename__ = "block"
    __table_args__ = (
        in_college("organisation=organisation", to="organisation", name="block_of_a_borrower"),
    )
    college: str = Field(primary_key=True)
    organisation: str = Field(primary_key=True)
    reason: str
    until: str | None
    """The last day of it; NULL until somebody ends it."""
    since: str
    blocked_by: str


class Reversal(Base, table=True):
    """An entry that was undone, and by which; one entry is undone once."""

    __tablename__ = "reversal"
    college: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    by_epoch: int
    by_seq: int
