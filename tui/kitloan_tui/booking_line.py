"""A booking in one line: `glenwood mta 2 8 dec 12 dec` (pure).

The school, the kit type, how many, and the days of collection and return, in that order. A name
is its first letters, or the first letters of some of its words; how many is 1 where no number is
typed. What could mean two things is refused with both, and nothing is guessed. A request from the
page for teachers is pasted as it came.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kitloan.errors import BadInput
from kitloan.planning.requests import has_request, parse_request
from kitloan.text.dates import parse_day
from kitloan.text.names import search_form

EXAMPLE = "glenwood mta 2 8 dec 12 dec"

_DAY_WORDS = (3, 2, 1)
"""How many words a day may have: `8 dec 2026`, `8 dec`, `friday`."""
_LONG_AFTER = 300
"""A return so many days after the collection was meant for a day before it: a slip."""
_NEW = "to"
"""Before the name of a school that is not on file."""
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class BookingLine:
    """What a line asks for.

    Attributes:
        to: the school's name; as it was typed, for a new one.
        is_new: whether it is not on file.
        type: the kit type.
        quantity: how many.
        collect_on: the day of collection.
        return_by: the day of return.
    """

    to: str
    is_new: bool
    type: str
    quantity: int
    collect_on: date
    return_by: date


@dataclass(frozen=True, slots=True)
class _Meaning:
    """One way to read the words before the days; the better, the smaller `rank` is."""

    rank: int
    to: str
    type: str
    quantity: int


def read_day(text: str, today: date) -> date | None:
    """The day that a whole line means; None when it means none."""
    try:
        return parse_day(text, today, ahead=True)
    except BadInput:
        return None


def read_booking(
    text: str, today: date, schools: Sequence[str], types: Sequence[str]
) -> BookingLine:
    """What a line asks for.

    Args:
        text: what was typed.
        today: the date in Scotland now.
        schools: the names on file.
        types: the names of the kit types.

    Raises:
        BadInput: `half_said`, `no_such_name`, `ambiguous`; `bad_request`.
    """
    if has_request(text):
        return _of_request(text, schools, types)
    words = text.split()
    words, returned = day_at_end(words, today)
    words, collected = day_at_end(words, today)
    if not returned or not collected or len(words) < 2:
        raise BadInput(
            "half_said",
            f"{text!r} is not a whole booking.",
            f"Type the school, the kit type, how many and two days: {EXAMPLE}",
        )
    collect_on = parse_day(collected, today, ahead=True)
    return_by = parse_day(returned, collect_on, ahead=True)
    if (return_by - collect_on).days > _LONG_AFTER:
        return_by = parse_day(returned, today, ahead=True)
    is_new = words[0].lower() == _NEW and len(words) > 2
    found = _read_names(words[1:] if is_new else words, schools, types, is_new=is_new)
    return BookingLine(
        found.to,
        is_new and found.to not in schools,
        found.type,
        found.quantity,
        collect_on,
        return_by,
    )


def _of_request(text: str, schools: Sequence[str], types: Sequence[str]) -> BookingLine:
    """What a request asks for, by whole names on file: a stranger wrote it."""
    asked = parse_request(text)
    kinds = {search_form(each): each for each in types}
    if search_form(asked.type) not in kinds:
        raise BadInput(
            "no_such_name",
            f"No kit type has the name {asked.type!r}.",
            f"Type the booking yourself: {EXAMPLE}",
        )
    known = {search_form(each): each for each in schools}.get(search_form(asked.school))
    return BookingLine(
        known or asked.school,
        known is None,
        kinds[search_form(asked.type)],
        asked.quantity,
        asked.collect_on,
        asked.return_by,
    )


def day_at_end(words: list[str], today: date) -> tuple[list[str], str]:
    """The words before the day that a line ends with, and that day; no day where it has none."""
    for many in _DAY_WORDS:
        day = " ".join(words[-many:])
        if len(words) >= many and read_day(day, today):
            return words[:-many], day
    return words, ""


def _read_names(
    words: list[str], schools: Sequence[str], types: Sequence[str], *, is_new: bool
) -> _Meaning:
    """The school, the type and the number; the number stands last, between the names, or nowhere.

    Raises:
        BadInput: `no_such_name`, `ambiguous`.
    """
    for split in (_number_last(words), _number_between(words), _without_number(words)):
        found = [
            _Meaning(rank + other, school, kind, quantity)
            for to, of, quantity in split
            for rank, school in _schools_meant(to, schools, is_new=is_new)
            for other, kind in _meant(of, types)
        ]
        if found:
            return _only_one(found, is_new=is_new)
    raise _not_understood(words, schools, types, is_new=is_new)


_Split = Iterator[tuple[list[str], list[str], int]]
"""The words of the school, those of the type, and the number."""


def _without_number(words: list[str], quantity: int = 1) -> _Split:
    for at in range(1, len(words)):
        yield words[:at], words[at:], quantity


def _number_last(words: list[str]) -> _Split:
    if words[-1].isdecimal():
        yield from _without_number(words[:-1], int(words[-1]))


def _number_between(words: list[str]) -> _Split:
    for at in range(1, len(words) - 1):
        if words[at].isdecimal():
            yield words[:at], words[at + 1 :], int(words[at])


def _schools_meant(
    words: list[str], schools: Sequence[str], *, is_new: bool
) -> Iterator[tuple[int, str]]:
    """The schools that words may mean; of a new one all words are its name, the fewest first."""
    if not is_new:
        yield from _meant(words, schools)
        return
    name = " ".join(words)
    known = next((each for each in schools if search_form(each) == search_form(name)), name)
    yield len(words) * 3, known  # as much of the line as can be is the kit type


def _meant(words: Sequence[str], names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The names that words may mean: 0 for the name itself, 1 for its beginning, 2 for letters."""
    typed = _bare(" ".join(words))
    if not typed:
        return
    for name in names:
        full = _bare(name)
        if full == typed:
            yield 0, name
        elif full.startswith(typed):
            yield 1, name
        elif _begin_in_order(typed.split(), full.split()):
            yield 2, name


def _begin_in_order(typed: Sequence[str], full: Sequence[str]) -> bool:
    """Whether each typed word begins a word of the name, in the name's order."""
    rest = iter(full)
    return all(any(word.startswith(each) for word in rest) for each in typed)


def _bare(text: str) -> str:
    """For comparing: case and what is no letter, number or space do not count."""
    return re.sub(r"[^\w ]", "", search_form(text))


def _only_one(found: Sequence[_Meaning], *, is_new: bool) -> _Meaning:
    least = min(each.rank for each in found)
    best = list(dict.fromkeys(each for each in found if each.rank == least))
    if len(best) == 1:
        return best[0]
    kinds = list(dict.fromkeys(each.type for each in best))
    schools = list(dict.fromkeys(each.to for each in best))
    several = schools if len(schools) > 1 and not is_new else kinds
    raise BadInput(
        "ambiguous",
        f"That could be {_named(several, 'or')}.",
        "Type more of the name.",
        near=several,
    )


def _not_understood(
    words: list[str], schools: Sequence[str], types: Sequence[str], *, is_new: bool
) -> BadInput:
    """Which part of the line means nothing here."""
    names = [each for each in words if not each.isdecimal()]
    kinds = [at for at in range(1, len(names)) if any(_meant(names[at:], types))]
    if kinds and not is_new:
        who = " ".join(names[: kinds[0]])
        return BadInput(
            "no_such_name",
            f"No school here has a name like {who!r}.",
            f"Type more of its name, or for a new school: {_NEW} NAME, then the rest.",
            value=who,
        )
    befores = [at for at in range(len(names) - 1, 0, -1) if any(_meant(names[:at], schools))]
    what = " ".join(names[befores[0] if befores and not is_new else 1 :])
    return BadInput(
        "no_such_name",
        f"No kit type here has a name like {what!r}.",
        f"Type one of {_named(list(types), 'or')}."
        if types
        else "Take in the first kit: {take_in}.",
        value=what,
    )


def _named(names: Sequence[str], word: str) -> str:
    shown = list(names[:_MOST_NAMED])
    if len(names) > _MOST_NAMED:
        return f"{', '.join(shown)} {word} {len(names) - _MOST_NAMED:,} others"
    return f" {word} ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
