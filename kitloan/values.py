"""The library's answers: frozen values, never live rows.

`as_json` gives any of them the shape that `--json` prints: dates as `YYYY-MM-DD`, instants as
RFC 3339 in UTC, snake_case throughout.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar, cast

from kitloan.text.dates import day_of, uk

if TYPE_CHECKING:
    from kitloan.text.fields import GiftTerms  # the desk paints before it loads pydantic

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
P = ParamSpec("P")

Status = Literal[
    "in",
    "uncounted",
    "out",
    "overdue",
    "incomplete",
    "in_transit",
    "withdrawn",
    "missing",
    "out_of_use",
]

Counted = Literal["whole", "short", "never", "list_changed"]
"""What the latest count of a kit's contents means: never counted, or its list changed since."""

TITLES = ("owned", "on_loan_from_donor", "held_for_esp", "unknown")
"""Whose a holding is, as the gift's terms have it."""

SYMBOLS: Mapping[str, str] = {
    "in": "=",
    "uncounted": "?",
    "out": ">",
    "overdue": "!",
    "incomplete": "%",
    "in_transit": "~",
    "withdrawn": "x",
    "missing": "#",
    "out_of_use": "-",
}
"""A status is a word and a symbol in ASCII, never a colour alone."""


@dataclass(frozen=True, slots=True)
class ShortageLine:
    """One component that is short: how many are missing, and how many broken."""

    component: str
    missing: int
    broken: int

    def __str__(self) -> str:
        parts = [
            f"{n} {word}" for n, word in ((self.missing, "missing"), (self.broken, "broken")) if n
        ]
        return f"{self.component}: {', '.join(parts)}"


@dataclass(frozen=True, slots=True)
class FoundAfter:
    """The loan after which something was found short, and who had it."""

    loan: str
    to: str


@dataclass(frozen=True, slots=True)
class ShortageOfHolding:
    """One component that is short in one kit, and since when.

    `found_after` is the loan after which it was found; None where none explains it.
    """

    college: str
    tag: str
    type: str
    component: str
    missing: int
    broken: int
    since: str
    asset_number: str | None = None
    found_after: FoundAfter | None = None


@dataclass(frozen=True, slots=True)
class ContactOfLoan:
    """The person who took a loan, as far as is on file."""

    name: str
    email: str | None
    phone: str | None

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.name, self.phone, self.email)))


@dataclass(frozen=True, slots=True)
class LoanLine:
    """One loan. `quantity` is how many are still out, `college` whose holding it is.

    `on` is the day on which it began; None, as `out_at`, where a register names no day.
    """

    id: str
    tag: str
    type: str
    quantity: int
    to: str
    out_at: str | None
    due_on: date | None
    overdue: bool
    college: str
    on: date | None = None
    contact: ContactOfLoan | None = None
    asset_number: str | None = None


@dataclass(frozen=True, slots=True)
class LoanOfHolding:
    """The open loan that a holding is shown with: the one due first, where a stock has several.

    `on` is the day on which it began; None, as `out_at`, where a register names no day.
    """

    id: str
    to: str
    out_at: str | None
    due_on: date | None
    overdue: bool
    quantity: int
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a holding was last seen, and by whom."""

    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Holding:
    """One holding and its status now."""

    tag: str
    type: str
    college: str
    region: str | None
    status: Status
    quantity: int
    out_quantity: int
    location: str | None
    asset_number: str | None
    serial: str | None
    received_on: str | None
    gift: "GiftTerms"
    loan: LoanOfHolding | None
    shortages: tuple[ShortageLine, ...]
    last_sighted: Sighting | None
    contact: ContactOfLoan | None = None
    """Who took the open loan that it is shown with."""
    counted: Counted | None = None
    """What its latest count means; None where its type has no contents list, or it is loose."""
    counted_at: str | None = None
    """When that count was."""
    out_of_use: str | None = None
    """Why it is not lent: in repair, or failed an inspection."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One entry about a holding, in words.

    `at` and `recorded_at` are when it was recorded, `happened_on` is the day it happened; None is
    a day that nobody knows.
    """

    at: str
    kind: str
    by: str
    summary: str
    recorded_at: str
    happened_on: date | None


PAGE = 200
"""The most answers on a page, unless another number is asked for."""


@dataclass(frozen=True, slots=True)
class Warned:
    """What is taken as it is, and looks wrong: a code, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """One page of answers. `next` asks for the page after it; None at the end."""

    items: tuple[T_co, ...]
    total: int
    next: str | None


def maker_of(answer: Callable[P, T]) -> Callable[P, T]:
    """What makes answers of a class as calling it does, in a fifth of the time: for pages of them.

    A frozen dataclass has each of its fields set by a call. Here they are set in an object of a
    class that has the same slots and is not frozen, and then the object is given the class of the
    answer. Python takes that only where the slots are the same.

    Args:
        answer: a frozen dataclass with slots, without anything to run after its fields are set.
    """
    return cast(Callable[P, T], _maker(cast(type[T], answer), ()))


def maker_of_row(answer: type[T], *columns: str) -> Callable[..., T]:
    """As `maker_of`; but what it makes takes these fields of a row, which is its first argument."""
    return _maker(answer, columns)


def _maker(answer: type[T], columns: tuple[str, ...]) -> Callable[..., T]:
    declared = fields(cast(Any, answer))
    known: dict[str, Any] = {
        "Answer": answer,
        "Open": type("Open", (), {"__slots__": tuple([each.name for each in declared])}),
        "new": object.__new__,
        **{f"default_{each.name}": each.default for each in declared},
    }
    named = [each for each in declared if each.name not in columns]
    taken = [
        each.name if each.default is MISSING else f"{each.name}=default_{each.name}"
        for each in named
    ]
    lines = [
        f"def make({', '.join(['row', *taken] if columns else taken)}):",
        " made = new(Open)",
        *[f" made.{each.name} = {each.name}" for each in named],
        " made.__class__ = Answer",
        " return made",
    ]
    if columns:
        lines.insert(2, f" {', '.join([f'made.{name}' for name in columns])}, = row")
    exec("\n".join(lines), known)  # noqa: S102  # of our own names, as dataclasses does it
    return cast(Callable[..., T], known["make"])


def as_json(value: Any) -> Any:
    """Convert any answer to values that `json.dumps` takes."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    if (declared := getattr(type(value), "model_fields", None)) is not None:
        return {name: as_json(getattr(value, name)) for name in declared}
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


REGISTER = "register"
"""Who wrote a note, or saw a holding last, where a register that was read in has it."""


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note about a holding or a loan of it; it never leaves the college.

    Attributes:
        heading: what it came with, or the register's column.
        words: the note.
        at: when it was written here; None where an older version kept it.
        by: which of the staff wrote it, or `register`.
    """

    heading: str
    words: str
    at: str | None = None
    by: str | None = None

    @property
    def written(self) -> str:
        """When, and by whom; of a register, when it was read."""
        if not self.at:
            return ""
        day = uk(day_of(self.at))
        return f"register, read {day}" if self.by == REGISTER else f"{day}, {self.by}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 kit`, `2 kits`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
