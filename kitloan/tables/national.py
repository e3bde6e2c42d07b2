"""Tables of ESP's own ledger, and of ledgers that were resumed from a backup."""

from sqlalchemy import CheckConstraint, Index, Text, select, union_all
from sqlmodel import Field

from kitloan.tables.base import Base, in_college, table
from kitloan.text.fields import AgreedGiftFields


class Resumption(Base, table=True):
    """An epoch that began from a backup: which entry of the ledger it follows on."""

    __tablename__ = "resumption"
    college: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int
    hash: str
    at: str
    resumed_by: str


class Programme(Base, table=True):
    """A programme that gifts belong to."""

    __tablename__ = "programme"
    college: str = Field(primary_key=True)
    programme: str = Field(primary_key=True)
    name: str


class Gifting(Base, AgreedGiftFields, table=True):  # type: ignore[misc]  # SQLModel types its config apart
    """A gift to all of Scotland, and its terms."""

    __tablename__ = "gifting"
    __table_args__ = (CheckConstraint("promised > 0", name="gift_of_something"),)
    college: str = Field(primary_key=True)
    gift: str = Field(primary_key=True)
    agreed_at: str
    agreed_on: str | None = None
    """The day on which it was agreed; NULL is the day on which it was recorded."""


class Delivery(Base, table=True):
    """A delivery of part of a gift to ESP."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="delivery_of_something"),
        in_college("gift=gift", to="gifting", name="delivery_of_a_gift"),
    )
    college: str = Field(primary_key=True)
    delivery: str = Field(primary_key=True)
    gift: str
    quantity: int
    received_on: str


class Allocation(Base, table=True):
    """The part of a gift that a college gets."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="allocation_of_something"),
        in_college("gift=gift", to="gifting", name="allocation_of_a_gift"),
    )
    college: str = Field(primary_key=True)
    allocation: str = Field(primary_key=True)
    gift: str
    to_college: str
    quantity: int
    allocated_on: str


class Challenge(Base, table=True):
    """A request by ESP that a college shows some holdings by a day."""

    __tablename__ = "challenge"
    college: str = Field(primary_key=True)
    challenge: str = Field(primary_key=True)
    to_college: str
    code: str
    answer_by: str
    set_at: str


class ChallengeLine(Base, table=True):
    """A holding that a challenge asks for."""

    __tablename__ = "challenge_line"
    __table_args__ = (
        in_college("challenge=challenge", to="challenge", name="line_of_a_challenge"),
    )
    college: str = Field(primary_key=True)
    challenge: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)


class LostEntry(Base, table=True):
    """An entry on a branch that does not count: kept as it was sealed, and not replayed."""

    __tablename__ = "lost_entry"
    __table_args__ = (Index("lost_entries_in_order", "college", "seq"),)
    college: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    body: str = Field(sa_type=Text)
    hash: str


class LostTwin(Base, table=True):
    """A lost entry with the same epoch and number as one in `lost_entry`: two branches have the
    same name."""

    __tablename__ = "lost_twin"
    __table_args__ = (Index("lost_twins_in_order", "college", "seq"),)
    college: str = Field(primary_key=True)
    hash: str = Field(primary_key=True)
    epoch: int
    seq: int
    body: str = Field(sa_type=Text)


_KEPT = ("college", "epoch", "seq", "body", "hash")
APART = union_all(
    *(select(*(each.c[name] for name in _KEPT)) for each in (table(LostEntry), table(LostTwin)))
).subquery("apart")
"""Every entry that is kept and not replayed, from both tables."""


class PinnedKey(Base, table=True):
    """A key that a person confirmed for a ledger's files, and since when it is in force."""

    __tablename__ = "pinned_key"
    college: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    since: str
