"""Every kind of ledger entry: one frozen class each.

A *fact* is what happened (`CheckedOut`, `HoldingMoved`, ...). An *entry* is a fact with its place
in a college's ledger: who, when, which number, and the hash of the entry before it. Its body is
canonical JSON, and the SHA-256 of the body is the entry's hash; because the body names the hash
before it, a line of an export can be checked with `sha256sum`.

Facts hold no names, addresses or remarks about people: an organisation's id and an opaque contact
id are all that a loan says. Counts are absolute (how many are missing now, not how many more), so
that applying a fact needs nothing but the fact.

To add a kind: write its class here, add it to `Fact`, write its `apply` function in
`kitloan/register/`. `docs/adding.md` walks through one.
"""

import hashlib
import json
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from kitloan.text import LONGEST_NAME

FORMAT = 1
"""The version of the ledger's format. A program reads its own and older ones."""

_CLEAN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"


def _on_calendar(text: str) -> str:
    datetime.fromisoformat(text)  # raises ValueError for a day that does not exist
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=_CLEAN)]
Words = Annotated[str, StringConstraints(max_length=2000, pattern=_CLEAN)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=_CLEAN)]
Tag = Annotated[str, StringConstraints(pattern=r"^KL[0-9A-HJKMNP-TV-Z]{11,17}$")]
Day = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_on_calendar)
]
Instant = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$"),
    AfterValidator(_on_calendar),
]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
MOST_PENCE = 1_000_000_000
Pence = Annotated[int, Field(ge=0, le=MOST_PENCE)]
GiftTitle = Literal["owned", "on_loan_from_donor", "held_for_esp", "unknown"]
Counted = Literal["whole", "short", "uncounted", "no_contents"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Fact(_Frozen):
    """What happened. `desk_action` says whether a person at the desk may undo it."""

    desk_action: ClassVar[bool] = False
    sighting: ClassVar[bool] = False


class CollegeOpened(_Fact):
    """The first entry of a ledger: whose it is."""

    kind: Literal["college.opened"] = "college.opened"
    name: Name
    region: Id | None


class Component(_Frozen):
    """One line of a contents list."""

    name: Name
    quantity: Count
    bag: Name | None = None
    critical: bool = False


class KitTypeDefined(_Fact):
    """What a kind of holding is; said again, it replaces what was said before."""

    kind: Literal["kit_type.defined"] = "kit_type.defined"
    kit_type: Id
    name: Name
    contents: tuple[Component, ...] = ()


class OrganisationAdded(_Fact):
    """A school, partner or department that borrows."""

    kind: Literal["organisation.added"] = "organisation.added"
    organisation: Id
    name: Name


class HoldingAccessioned(_Fact):
    """A thing came into the college's care under a tag."""

    kind: Literal["holding.accessioned"] = "holding.accessioned"
    desk_action: ClassVar[bool] = True
    tag: Tag
    kit_type: Id
    quantity: Count = 1
    asset_number: Name | None = None
    serial: Name | None = None
    location: Name | None = None
    received_on: Day | None = None
    sighted_on: Day | None = None
    """When it was last seen before it came under this tag, where a register says so."""
    register_row: Hash | None = None
    """What a row of a spreadsheet was known by, so that reading it again adds nothing."""


class GiftRecorded(_Fact):
    """Who gave a holding and on what terms; said again, it replaces what was said before."""

    kind: Literal["gift.recorded"] = "gift.recorded"
    tag: Tag
    donor: Name | None = None
    funding_source: Name | None = None
    title: GiftTitle = "unknown"
    document: Name | None = None
    value_pence: Pence | None = None
    value_basis: Name | None = None
    valued_on: Day | None = None


class HoldingAmended(_Fact):
    """A holding's own particulars as they stand now, all of them."""

    kind: Literal["holding.amended"] = "holding.amended"
    desk_action: ClassVar[bool] = True
    tag: Tag
    kit_type: Id
    quantity: Count
    asset_number: Name | None
    serial: Name | None


class HoldingMoved(_Fact):
    """A holding has another place in the same college."""

    kind: Literal["holding.moved"] = "holding.moved"
    desk_action: ClassVar[bool] = True
    sighting: ClassVar[bool] = True
    tag: Tag
    location: Name


class HoldingWithdrawn(_Fact):
    """A holding left the register for good; its history stays."""

    kind: Literal["holding.withdrawn"] = "holding.withdrawn"
    desk_action: ClassVar[bool] = True
    tag: Tag
    reason: Name


class HoldingSighted(_Fact):
    """Somebody scanned a holding or saw it."""

    kind: Literal["holding.sighted"] = "holding.sighted"
    desk_action: ClassVar[bool] = True
    sighting: ClassVar[bool] = True
    tag: Tag


class LabelsPrinted(_Fact):
    """Labels went to paper: for holdings, or blank ones to be claimed later."""

    kind: Literal["labels.printed"] = "labels.printed"
    batch: Id
    blank: bool
    tags: tuple[Tag, ...]
    stock: Name | None = None
    """What they were printed on: the sheet or roll to look for."""


class LabelClaimed(_Fact):
    """A holding that has a tag answers to a second one as well."""

    kind: Literal["label.claimed"] = "label.claimed"
    desk_action: ClassVar[bool] = True
    sighting: ClassVar[bool] = True
    tag: Tag
    label: Tag


class Short(_Frozen):
    """How many of one component are not there, and how many are there but broken."""

    component: Name
    missing: CountOrNone = 0
    broken: CountOrNone = 0


class Lent(_Fact):
    """What every loan is made of, however it came on record."""

    tag: Tag
    loan: Id
    organisation: Id
    contact: Id | None = None
    quantity: Count = 1
    exclusive: bool = True
    """The whole holding: nobody else can have it at the same time."""
    due_on: Day | None
    override: Name | None = None
    """Why it was lent although a rule stood against it."""


class CheckedOut(Lent):
    """A holding, or part of a stock, went to a borrower."""

    kind: Literal["loan.checked_out"] = "loan.checked_out"
    desk_action: ClassVar[bool] = True
    sighting: ClassVar[bool] = True


class LoanFound(Lent):
    """A register that was read in said that the holding is with a borrower already."""

    kind: Literal["loan.found"] = "loan.found"


class CheckedIn(_Fact):
    """A loan came back, or part of a stock did, and what the count of its contents was."""

    kind: Literal["loan.checked_in"] = "loan.checked_in"
    desk_action: ClassVar[bool] = True
    sighting: ClassVar[bool] = True
    tag: Tag
    loan: Id
    quantity: Count = 1
    counted: Counted
    shortages: tuple[Short, ...] = ()
    """Everything that is short after this count, what was short before it included."""


class LoanRenewed(_Fact):
    """A loan is due on another day."""

    kind: Literal["loan.renewed"] = "loan.renewed"
    desk_action: ClassVar[bool] = True
    tag: Tag
    loan: Id
    due_on: Day


class ContentsCounted(_Fact):
    """The contents were counted with no loan about it."""

    kind: Literal["contents.counted"] = "contents.counted"
    desk_action: ClassVar[bool] = True
    sighting: ClassVar[bool] = True
    tag: Tag
    counted: Counted
    shortages: tuple[Short, ...] = ()


class ShortageMadeGood(_Fact):
    """Components that were short were put back; `missing` and `broken` are what is left short."""

    kind: Literal["shortage.made_good"] = "shortage.made_good"
    desk_action: ClassVar[bool] = True
    sighting: ClassVar[bool] = True
    tag: Tag
    component: Name
    quantity: Count
    missing: CountOrNone
    broken: CountOrNone


class Reversed(_Fact):
    """An earlier entry about the same tag is undone; it stays in the ledger."""

    kind: Literal["entry.reversed"] = "entry.reversed"
    tag: Tag
    epoch: Count
    seq: Number


Fact = (
    CollegeOpened
    | KitTypeDefined
    | OrganisationAdded
    | HoldingAccessioned
    | GiftRecorded
    | HoldingAmended
    | HoldingMoved
    | HoldingWithdrawn
    | HoldingSighted
    | LabelsPrinted
    | LabelClaimed
    | CheckedOut
    | LoanFound
    | CheckedIn
    | LoanRenewed
    | ContentsCounted
    | ShortageMadeGood
    | Reversed
)


class Entry(_Frozen):
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
