"""Facts about a stocktake: what was expected, every scan that was made, and how it ended.

What a stocktake comes to is reckoned from its scans, never written down as a holding's fate: one
that was not seen is *not sighted*, and only a person makes it missing.
"""

from typing import Literal

from kitloan.entries.base import Count, CountOrNone, Day, FactBase, Id, Instant, Name, Tag


class StocktakeOpened(FactBase):
    """A stocktake began; what it expects follows in entries of the same request."""

    kind: Literal["stocktake.opened"] = "stocktake.opened"
    stocktake: Id
    name: Name
    place: Name | None = None
    """Only what is kept here; None is the whole college."""
    sample: Count | None = None
    """A random sample of so many; None is everything."""
    challenge: Id | None = None
    code: Name | None = None
    """The one-time code of the challenge that it answers."""


class StocktakeExpects(FactBase):
    """Some of the holdings that a stocktake should find."""

    kind: Literal["stocktake.expects"] = "stocktake.expects"
    stocktake: Id
    tags: tuple[Tag, ...]


class StocktakeDesk(FactBase):
    """A desk took part, or handed in all it had scanned. One that waits keeps it open."""

    kind: Literal["stocktake.desk"] = "stocktake.desk"
    stocktake: Id
    desk: Name
    waiting: bool


class StocktakeScanned(FactBase):
    """Something was scanned: each scan is kept, repeats and unknown codes too."""

    kind: Literal["stocktake.scanned"] = "stocktake.scanned"
    stocktake: Id
    scan: Id
    tag: Tag | None
    """The holding's, or a valid tag that no holding here has; None for any other code."""
    code: Name
    """What was scanned, as it came."""
    place: Name | None = None
    """Where it was scanned, where somebody said."""
    desk: Name
    seen_at: Instant
    """When it was scanned; at a desk without the store, before it came on record."""


class StocktakeConfirmed(FactBase):
    """A borrower says that they have what is on loan to them."""

    kind: Literal["stocktake.confirmed"] = "stocktake.confirmed"
    stocktake: Id
    tag: Tag
    loan: Id


class StocktakeClosed(FactBase):
    """A stocktake ended, with what it came to then. Scans that come later still count."""

    kind: Literal["stocktake.closed"] = "stocktake.closed"
    stocktake: Id
    sighted: CountOrNone
    sighted_elsewhere: CountOrNone
    on_loan_confirmed: CountOrNone
    on_loan: CountOrNone
    not_sighted: CountOrNone
    unexpected: CountOrNone
    unknown: CountOrNone


class ChallengeSet(FactBase):
    """ESP asks a college to show some holdings, with a code that nobody knew before."""

    kind: Literal["challenge.set"] = "challenge.set"
    challenge: Id
    college: Id
    code: Name
    tags: tuple[Tag, ...]
    answer_by: Day
