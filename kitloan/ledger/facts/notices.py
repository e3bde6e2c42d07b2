"""Facts about notices: that one was sent, without its words and without an address."""

from typing import Literal

from sqlalchemy import Connection, bindparam, insert, select

from kitloan.ledger.facts.base import CountOrNone, Day, FactBase, Id, Name, Recorded, Tag, applies
from kitloan.storage.statements import Change, Query
from kitloan.tables import table
from kitloan.tables.noticing import SentNotice

sent_notice = table(SentNotice)

_insert = Change(insert(sent_notice))
_there = Query(
    select(sent_notice.c.sent_at).where(
        sent_notice.c.college == bindparam("c"),
        sent_notice.c.notice == bindparam("n"),
        sent_notice.c.subject == bindparam("s"),
        sent_notice.c.stage == bindparam("g"),
        sent_notice.c.due_on == bindparam("d"),
    )
)


class NoticeSent(FactBase):
    """A notice was sent, or handed over: which, of what, at what stage, and how."""

    kind: Literal["notice.sent"] = "notice.sent"
    notice: Name
    """The kind of notice."""
    subject: Id
    """The loan or booking; of an inspection the tag and the code."""
    stage: CountOrNone
    due_on: Day | None
    channel: Name
    template: Name
    """A mark of the words that were used."""
    tag: Tag | None = None


@applies(NoticeSent)
def notice_sent(connection: Connection, college: str, entry: Recorded, fact: NoticeSent) -> None:
    """It is not due again; the first time counts."""
    key = {"n": fact.notice, "s": fact.subject, "g": fact.stage, "d": fact.due_on or ""}
    if _there(connection, c=college, **key).first() is not None:
        return
    _insert(
        connection,
        college=college,
        notice=fact.notice,
        subject=fact.subject,
        stage=fact.stage,
        due_on=fact.due_on or "",
        channel=fact.channel,
        template=fact.template,
        tag=fact.tag,
        sent_at=entry.at,
        sent_by=entry.by,
    )
