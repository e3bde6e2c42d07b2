"""Facts about rules: a borrower who gets nothing for now, and a rule that was overridden."""

from typing import ClassVar, Literal

from sqlalchemy import Connection, bindparam, delete, insert

from kitloan.ledger.facts.base import Day, FactBase, Id, Name, Recorded, Tag, applies
from kitloan.storage.statements import Change
from kitloan.tables import Block, table

block = table(Block)

forget_block = Change(
    delete(block).where(block.c.college == bindparam("c"), block.c.organisation == bindparam("k"))
)
_insert_block = Change(insert(block))


class BorrowerBlocked(FactBase):
    """Nothing is lent to a borrower for now; a later one replaces it."""

    kind: Literal["borrower.blocked"] = "borrower.blocked"
    desk_action: ClassVar[bool] = True
    organisation: Id
    reason: Name
    until: Day | None
    """The last day of it."""


@applies(BorrowerBlocked)
def blocked(connection: Connection, college: str, entry: Recorded, fact: BorrowerBlocked) -> None:
    """The borrower is blocked, in place of an earlier block."""
    forget_block(connection, c=college, k=fact.organisation)
    _insert_block(
        connection,
        college=college,
        organisation=fact.organisation,
        reason=fact.reason,
        until=fact.until,
        since=entry.at,
        blocked_by=entry.by,
    )


class BorrowerUnblocked(FactBase):
    """A borrower can have loans again."""

    kind: Literal["borrower.unblocked"] = "borrower.unblocked"
    desk_action: ClassVar[bool] = True
    organisation: Id


@applies(BorrowerUnblocked)
def unblocked(
    connection: Connection, college: str, entry: Recorded, fact: BorrowerUnblocked
) -> None:
    """The block is over."""
    forget_block(connection, c=college, k=fact.organisation)


class RuleOverridden(FactBase):
    """A person lent something although a rule was against it."""

    kind: Literal["rule.overridden"] = "rule.overridden"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    rule: Name
    """The code of the refusal."""
    reason: Name


@applies(RuleOverridden)
def overridden(connection: Connection, college: str, entry: Recorded, fact: RuleOverridden) -> None:
    """It is in the history of the holding; no table has it."""
