"""What the classes of entries are made of: the texts, numbers and days that they may hold."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from operator import eq
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

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

if TYPE_CHECKING:
    from sqlalchemy import Connection  # reading a spreadsheet needs these fields, and no database

_CLEAN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"


def _on_calendar(text: str) -> str:
    datetime.fromisoformat(text)  # raises ValueError for a day that does not exist
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=_CLEAN)]

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
        default: what an entry means that says nothing of it.
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
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        for fields in _fields_in(schema):
            fields["fields"] = dict(sorted(fields["fields"].items()))
        return schema


class FactBase(Frozen):
    """What happened. `desk_action` is whether a person at the desk may undo it."""

    desk_action: ClassVar[bool] = False
    kind: str


class Recorded(Frozen):
    """Where a fact is in a ledger.

    `id` is the request's: every entry of one request carries the same, and `part` numbers them.
    """

    ledger: Id
    seq: Number
    prev: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
    id: Id
    part: CountOrNone
    at: Instant
    by: Name


F = TypeVar("F", bound=FactBase)
Apply = Callable[["Connection", str, Recorded, F], None]

APPLY: dict[type[FactBase], Apply[Any]] = {}
"""Every kind of fact, and the function that changes the register for it."""


def applies(kind: type[F]) -> Callable[[Apply[F]], Apply[F]]:
    """Name the function that applies facts of this kind."""

    def register(function: Apply[F]) -> Apply[F]:
        APPLY[kind] = function
        return function

    return register
