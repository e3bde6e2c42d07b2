"""What the classes of entries are made of: the texts, numbers and days that they may hold."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

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
Count = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrNone = Annotated[int, Field(ge=0, le=1_000_000)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
MOST_PENCE = 1_000_000_000
Pence = Annotated[int, Field(ge=0, le=MOST_PENCE)]
GiftTitle = Literal["owned", "on_loan_from_donor", "held_for_esp", "unknown"]
Counted = Literal["whole", "short", "uncounted", "no_contents"]


class Frozen(BaseModel):
    """A value that never changes and takes no field it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


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
    prev: str
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
