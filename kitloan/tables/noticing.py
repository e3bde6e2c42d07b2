"""Tables of notices: those that were sent, and those that wait for the mail server."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from kitloan.tables.base import Base


class SentNotice(Base, table=True):
    """A notice that was sent, by what it is known by."""

    __tablename__ = "sent_notice"
    __table_args__ = (Index("notices_of_a_holding", "college", "tag"),)
    college: str = Field(primary_key=True)
    notice: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    stage: int = Field(primary_key=True)
    """0 where the kind of notice has no stages."""
    due_on: str = Field(primary_key=True)
    """The day that it is about; empty where there is none."""
    channel: str
    template: str
    tag: str | None
    sent_at: str
    sent_by: str


class Outbox(Base, table=True):
    """A notice on its way to the mail server. It has no address and no words: those are looked up
    when it is sent, so that nobody's details wait here. Local: it never leaves the college."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sending', 'unknown')", name="outbox_state_known"),
        CheckConstraint("tries >= 0", name="outbox_tries_not_negative"),
    )
    college: str = Field(primary_key=True)
    notice: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    stage: int = Field(primary_key=True)
    due_on: str = Field(primary_key=True)
    message: str
    """The id of the mail that it is in."""
    state: str
    """`waiting` to be tried again; `sending` now; `unknown`, when nobody knows whether it went."""
    tries: int
    tried_at: str
    problem: str
    """The codes that the mail server answered last, without its words; empty when none."""
