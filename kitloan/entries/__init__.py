"""Every kind of ledger entry: one frozen class each.

A *fact* is what happened (`CheckedOut`, `HoldingMoved`, ...). An *entry* is a fact with its place
in a college's ledger: who, when, which number, and the hash of the entry before it. Its body is
canonical JSON, and the SHA-256 of the body is the entry's hash; because the body names the hash
before it, a line of an export can be checked with `sha256sum`.

Facts hold no names, addresses or remarks about people: an organisation's id and an opaque contact
id are all that a loan says. Counts are absolute (how many are missing now, not how many more), so
that applying a fact needs nothing but the fact.

To add a kind: write its class in one of these modules, add it to `Fact`, write its `apply` function
in `kitloan/register/`. `docs/adding.md` walks through one.
"""

import hashlib
import json
from typing import Annotated

from pydantic import Field, TypeAdapter

from kitloan.entries.absence import (
    HoldingFound,
    HoldingMissing,
    HoldingWithdrawn,
    WithdrawalProposed,
)
from kitloan.entries.base import (
    MOST_PENCE,
    Counted,
    CountOrNone,
    Frozen,
    GiftTitle,
    Id,
    Instant,
    Name,
    Number,
)
from kitloan.entries.definitions import CollegeOpened, Component, KitTypeDefined, OrganisationAdded
from kitloan.entries.keeping import (
    GiftRecorded,
    HoldingAccessioned,
    HoldingAmended,
    HoldingMoved,
    HoldingSighted,
    LabelClaimed,
    LabelsPrinted,
)
from kitloan.entries.lending import (
    CheckedIn,
    CheckedOut,
    ContentsCounted,
    Lent,
    LoanFound,
    LoanRenewed,
    Reversed,
    Short,
    ShortageMadeGood,
)
from kitloan.entries.national import (
    AllocationMade,
    GiftAgreed,
    GiftDelivered,
    LedgerResumed,
    ProgrammeDefined,
)
from kitloan.entries.stocktaking import (
    ChallengeSet,
    StocktakeClosed,
    StocktakeConfirmed,
    StocktakeDesk,
    StocktakeExpects,
    StocktakeOpened,
    StocktakeScanned,
)
from kitloan.entries.transfers import (
    TransferArrived,
    TransferCalledOff,
    TransferReceived,
    TransferSent,
)

FORMAT = 1
"""The version of the ledger's format. A program reads its own and older ones."""

Fact = (
    CollegeOpened
    | KitTypeDefined
    | OrganisationAdded
    | HoldingAccessioned
    | GiftRecorded
    | HoldingAmended
    | HoldingMoved
    | HoldingSighted
    | HoldingMissing
    | HoldingFound
    | WithdrawalProposed
    | HoldingWithdrawn
    | LabelsPrinted
    | LabelClaimed
    | CheckedOut
    | LoanFound
    | CheckedIn
    | LoanRenewed
    | ContentsCounted
    | ShortageMadeGood
    | TransferSent
    | TransferCalledOff
    | TransferArrived
    | TransferReceived
    | StocktakeOpened
    | StocktakeExpects
    | StocktakeDesk
    | StocktakeScanned
    | StocktakeConfirmed
    | StocktakeClosed
    | LedgerResumed
    | ProgrammeDefined
    | GiftAgreed
    | GiftDelivered
    | AllocationMade
    | ChallengeSet
    | Reversed
)


class Entry(Frozen):
    """A fact in its place in a ledger.

    `id` is the request's: every entry of one request carries the same, and `part` numbers them.
    """

    ledger: Id
    seq: Number
    prev: str
    id: Id
    part: CountOrNone
    at: Instant
    by: Name
    fact: Annotated[Fact, Field(discriminator="kind")]

    @property
    def body(self) -> str:
        """The canonical JSON that is stored and hashed."""
        return json.dumps(
            self.model_dump(mode="json"),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )


GENESIS = ""
"""What the first entry of a ledger names as the hash before it."""

_ENTRY = TypeAdapter(Entry)


def seal(body: str) -> str:
    """The hash of an entry's body, in hexadecimal."""
    return hashlib.sha256(body.encode()).hexdigest()


def parse(body: str) -> Entry:
    """The entry in a stored body.

    Raises:
        pydantic.ValidationError: the body is not an entry of this format.
    """
    return _ENTRY.validate_json(body)


__all__ = [
    "FORMAT",
    "GENESIS",
    "MOST_PENCE",
    "AllocationMade",
    "ChallengeSet",
    "CheckedIn",
    "CheckedOut",
    "CollegeOpened",
    "Component",
    "ContentsCounted",
    "Counted",
    "Entry",
    "Fact",
    "GiftAgreed",
    "GiftDelivered",
    "GiftRecorded",
    "GiftTitle",
    "HoldingAccessioned",
    "HoldingAmended",
    "HoldingFound",
    "HoldingMissing",
    "HoldingMoved",
    "HoldingSighted",
    "HoldingWithdrawn",
    "Id",
    "KitTypeDefined",
    "LabelClaimed",
    "LabelsPrinted",
    "LedgerResumed",
    "Lent",
    "LoanFound",
    "LoanRenewed",
    "Number",
    "OrganisationAdded",
    "ProgrammeDefined",
    "Reversed",
    "Short",
    "ShortageMadeGood",
    "StocktakeClosed",
    "StocktakeConfirmed",
    "StocktakeDesk",
    "StocktakeExpects",
    "StocktakeOpened",
    "StocktakeScanned",
    "TransferArrived",
    "TransferCalledOff",
    "TransferReceived",
    "TransferSent",
    "WithdrawalProposed",
    "parse",
    "seal",
]
