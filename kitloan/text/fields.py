"""The fields of a holding, a gift and a loan, each declared once.

A table, the facts that fill it and the answers that show it inherit a class from here. Such a class
has what a fact states, and no more: what the program works out (how many are out, what a search
looks through) is the table's own. Facts validate these fields. Tables read their types and nothing
else, see `kitloan.tables.base`.

A field that a later release adds to a class whose facts are sealed already is declared with
`Later`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache, lru_cache, partial
from operator import attrgetter, eq
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema

from kitloan.text.names import LONGEST_NAME

CLEAN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"


@lru_cache(maxsize=4096)  # entries of one file repeat their days
def on_calendar(text: str) -> str:
    """A day or an instant, if there is one.

    Raises:
        ValueError: there is none.
    """
    datetime.fromisoformat(text)  # raises ValueError for a day that does not exist
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=CLEAN)]

NameOrNone = Annotated[str, StringConstraints(max_length=LONGEST_NAME, pattern=CLEAN)]
"""A name, or the empty text for none: what is part of a key cannot be null."""

LONGEST_REMARK = 1000
Remark = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_REMARK, pattern=CLEAN)]

Id = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=CLEAN)]
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
INSTANT = r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z$"
Tag = Annotated[str, StringConstraints(pattern=r"^KL[0-9A-HJKMNP-TV-Z]{11,17}$")]
Day = Annotated[str, StringConstraints(pattern=DAY), AfterValidator(on_calendar)]
Instant = Annotated[str, StringConstraints(pattern=INSTANT), AfterValidator(on_calendar)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MOST_OF_A_LIST = 5_000
"""Parts of a contents list, shortages of a kit, tags: each may become a row, and no one entry may
make more of them. What one entry printed or expects goes into as many entries as it needs."""
SomeTags = Annotated[tuple[Tag, ...], Field(max_length=MOST_OF_A_LIST)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
MOST_PENCE = 1_000_000_000
Pence = Annotated[int, Field(ge=0, le=MOST_PENCE)]
GiftTitle = Literal["owned", "on_loan_from_donor", "held_for_esp", "unknown"]
Counted = Literal["whole", "short", "uncounted", "no_contents"]


T = TypeVar("T")


def Later(default: T) -> T:  # noqa: N802  # reads as the mark of a field: `= Later(None)`
    """The default of a field that a later release added to a fact.

    The field is left out of the sealed text while it has its default. So what an earlier release
    sealed, which had no such field, seals again to the same text; and a text that spells the
    default out is refused, because it is not how that entry is sealed.

    Args:
        default: what an entry means that does not state it.
    """
    # A field may hold a bool or an int, never either: strict types keep True from equalling 1.
    left_out: T = Field(default=default, exclude_if=partial(eq, default))
    return left_out


def _fields_in(schema: Any) -> Iterator[dict[str, Any]]:
    """The list of fields within the schema of a class, whatever is wrapped around it."""
    while schema["type"] != "model-fields":
        if "schema" not in schema:
            return  # a reference to a class whose own schema is sorted already
        schema = schema["schema"]
    yield schema


class Frozen(BaseModel):
    """A value that never changes and takes no field it does not know.

    Its fields are in the order of their names: so pydantic writes it as canonical JSON by itself.
    What checks it is built when the first is made: a counter makes few kinds of a hundred.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        for fields in _fields_in(schema):
            fields["fields"] = dict(sorted(fields["fields"].items()))
        return schema


@cache
def _getter(
    cls: type[BaseModel], prefix: str
) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The names of a class's fields with a prefix, and what gives their values."""
    one, *more = cls.model_fields
    values_of = attrgetter(one, *more) if more else lambda fact: (getattr(fact, one),)
    return tuple(f"{prefix}{name}" for name in (one, *more)), values_of


class Fields(Frozen):
    """Root of what follows. Each is built where it is inherited, so none is built for itself."""

    @classmethod
    def of(cls, fact: Any, prefix: str = "") -> dict[str, Any]:
        """The values that a fact of this class has, by field and `prefix`, as a statement takes
        them."""
        names, values_of = _getter(cls, prefix)
        return dict(zip(names, values_of(fact), strict=True))


class HoldingFields(Fields):
    """What amending a holding states."""

    kit_type: Id
    quantity: Count = 1
    asset_number: Name | None = None
    serial: Name | None = None


class PlacedHoldingFields(HoldingFields):
    """A holding with its place in the college: what receiving one from another college states."""

    location: Name | None = None


class AddedHoldingFields(PlacedHoldingFields):
    """A holding and where it came from: what adding one states."""

    received_on: Day | None = None
    register_row: Hash | None = None
    """What a row of a spreadsheet was known by, so that reading it again adds nothing."""


class GiftTerms(Fields):
    """Who gave a holding, and on what terms. `value_pence` is in pence sterling."""

    donor: Name | None = None
    funding_source: Name | None = None
    title: GiftTitle = "unknown"
    document: Name | None = None
    value_pence: Pence | None = None
    value_basis: Name | None = None
    valued_on: Day | None = None
    gift: Id | None = None
    """Which of ESP's gifts it is of, where that is known."""
    acknowledgement: Name | None = None
    """What the label must print about the donor, where the terms ask for it."""


class LoanFields(Fields):
    """One holding with one borrower: what lending it states."""

    tag: Tag
    organisation: Id
    contact: Id | None = None
    quantity: Count = 1
    exclusive: bool = True
    """The whole holding: nobody else can have it at the same time."""
    due_on: Day | None


class AgreedGiftFields(Fields):
    """A gift to all of Scotland and its terms, as promised to ESP."""

    donor: Name
    tranche: Name | None = None
    document: Name | None = None
    programme: Id | None = None
    kit_type: Id
    promised: Count
    title: GiftTitle = "unknown"
    donor_must_agree: bool = False
    """Whether the donor must agree before one is written off."""
    acknowledgement: Name | None = None
    """What a label must print about the donor."""


SCHUID = re.compile(r"^([0-9]{7}(P|S|SP)|X-[0-9A-Za-z-]{1,36})$")
SchoolId = Annotated[str, StringConstraints(pattern=SCHUID.pattern)]
"""A SEED code of seven digits and the department; or an id of the college's own."""
Band = Literal["early", "p2-p4", "p5-p7", "s1-s3", "s4-s6", "asn", "college", "adult", "mixed"]
BANDS: tuple[Band, ...] = get_args(Band)
"""Learners by the levels of Curriculum for Excellence, and others; `mixed` is more than one."""
Used = Literal["yes", "partly", "no"]
NotUsed = Literal["time", "parts", "guide", "staff", "other"]
Source = Literal["counted", "teacher", "organiser"]
"""Who has the numbers: somebody counted, or the teacher or the organiser estimated."""
EngagementKind = Literal[
    "kit_loan", "event", "visit", "workshop", "competition", "professional_learning", "public"
]
Purpose = Literal["lesson", "club", "transition", "careers", "fair", "staff_training"]


OrganisationKind = Literal[
    "school",
    "early_years",
    "college",
    "university",
    "council",
    "public_body",
    "employer",
    "third_sector",
    "community",
    "other",
]
"""What kind of organisation a borrower or a partner is."""


class ProfileFields(Fields):
    """What is known of an organisation as a partner; None is what nobody recorded."""

    organisation: Id
    organisation_kind: OrganisationKind | None = None
    referred_by: Name | None = None
    """Who sent it to the college: an organisation, never a person."""
    partnership: Id | None = None
    """The region whose partnership it is a member of, by its code."""


class SchoolFields(Fields):
    """What a list has of a school; None is what it has not.

    Attributes:
        name: as the list has it.
        council: the council's name; one that is no council's as the list has it.
        council_code: its code of today.
        sector: `primary`, `secondary` or `special`.
        roll: pupils.
        rurality: 1 to 8 of the eight-fold classification, 8 the most remote.
        deprived: the band of the share of its pupils from the 20 % most deprived zones.
    """

    name: str | None
    council: str | None
    council_code: str | None
    sector: str
    roll: int | None
    postcode: str | None
    latitude: str | None
    longitude: str | None
    denomination: str | None
    rurality: int | None
    deprived: str | None


class EngagementFields(Fields):
    """One use by one group: what recording it states, but for learners by band and themes."""

    engagement: Id
    on: Day
    engagement_kind: EngagementKind
    organisation: Id | None = None
    schuid: SchoolId | None = None
    vintage: Name | None = None
    """Of the list of schools that the SchUID was taken from."""
    loan: Id | None = None
    holding: Tag | None = None
    event: Id | None = None
    programme: Name | None = None
    used: Used
    not_used: NotUsed | None = None
    sessions: CountOrNone
    half_hours: CountOrNone | None = None
    """The total of all sessions, in half hours; None is unknown."""
    girls: CountOrNone | None = None
    boys: CountOrNone | None = None
    staff: CountOrNone | None = None
    employers: CountOrNone | None = None
    volunteers: CountOrNone | None = None
    purpose: Purpose | None = None
    source: Source
