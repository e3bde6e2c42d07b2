"""Counting a kit against its contents list (pure).

A person enters only what is wrong: `wheel 2`, `panel 1 broken`, or the name of a bag, for all that
belongs in it. Three rules turn that into what is short now. A component that they name has the
number they enter. A component that they do not name keeps the shortage it had, which is neither
blamed on this borrower nor forgotten. And `whole` means that everything on the list is there,
whatever was short before.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from kitloan.errors import BadInput
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.facts.shortages import Short
from kitloan.text.names import fold, in_natural_order

Fault = Literal["missing", "broken"]

_FAULTS: dict[str, Fault] = {"missing": "missing", "lost": "missing", "broken": "broken"}
_NUMBERED = re.compile(
    r"(?:(?P<before>\d{1,6})\s+)?(?P<name>.+?)(?:(?:\s*=\s*|\s+x?)(?P<after>\d{1,6}))?"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a contents list, and how many of it are short on record."""

    name: str
    quantity: int
    bag: str | None
    critical: bool
    missing: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """What a person entered about a kit's contents.

    Attributes:
        whole: everything on the list is there.
        missing: components by name, and how many are missing; a bag by name, with None, is missing
            with all that belongs in it.
        broken: components by name, and how many are there but broken; bags as for `missing`.
    """

    whole: bool = False
    missing: Mapping[str, int | None] | None = None
    broken: Mapping[str, int | None] | None = None

    @property
    def exceptions(self) -> bool:
        """Whether anything was named."""
        return bool(self.missing or self.broken)


@dataclass(frozen=True, slots=True)
class EnteredShortage:
    """How many of one part a person entered as missing or broken; `bag` when they named that."""

    part: str
    fault: Fault
    number: int
    bag: str | None = None

    def __str__(self) -> str:
        return f"{self.part}: {self.number} {self.fault}"


def reckon(parts: Iterable[Part], count: Count | None) -> tuple[Counted, tuple[Short, ...]]:
    """The outcome of a count, and everything that is short after it.

    Args:
        parts: the contents list with what was short before; empty when the type has none.
        count: what the person entered; None when nobody has counted.

    Raises:
        BadInput: `no_contents_list`, `no_such_component`, `too_many_short`,
            `whole_but_short`, `bad_quantity`.
    """
    listed = list(parts)
    before = tuple(
        Short(component=p.name, missing=p.missing, broken=p.broken)
        for p in listed
        if p.missing or p.broken
    )
    if count is None or not (count.whole or count.exceptions):
        return ("uncounted" if listed else "no_contents"), before
    if count.whole and count.exceptions:
        raise BadInput(
            "whole_but_short",
            "The kit was entered as whole, and also as short.",
            "Leave out --whole, or what is missing or broken.",
        )
    if count.whole:
        return "whole", ()
    if not listed:
        raise BadInput(
            "no_contents_list",
            "This kind of holding has no contents list to count against.",
            "Add its list: kitloan types import FILE",
        )
    short = _with_exceptions(listed, count)
    return ("short" if short else "whole"), short


def agrees(count: Count | None, counted: Counted, short: Iterable[Short]) -> bool:
    """Whether a count can have had this outcome, when its contents list is no longer known."""
    if count is None or not (count.whole or count.exceptions):
        return counted in ("uncounted", "no_contents")
    left = {each.component: each for each in short}
    if count.whole:
        return counted == "whole" and not left and not count.exceptions
    missing, broken = count.missing or {}, count.broken or {}
    bags = None in (*missing.values(), *broken.values())
    return (counted == "short" if bags else counted in ("whole", "short")) and all(
        _left(text, fault, left) == number
        for fault, named in (("missing", missing), ("broken", broken))
        for text, number in named.items()
        if number is not None
    )


def _left(text: str, fault: str, short: Mapping[str, Short]) -> int:
    """How many are short of the component that a person named."""
    try:
        found = short[match(text, short)]
    except BadInput:
        return 0
    return found.missing if fault == "missing" else found.broken


def _with_exceptions(parts: list[Part], count: Count) -> tuple[Short, ...]:
    now = {part.name: {"missing": part.missing, "broken": part.broken} for part in parts}
    quantities = {part.name: part.quantity for part in parts}
    entered: dict[tuple[str, str], str] = {}
    for fault, named in (("missing", count.missing), ("broken", count.broken)):
        for text, quantity in (named or {}).items():
            if quantity is None:
                for part in _in_bag(text, parts):
                    if (twice := entered.get((part.name, fault))) is not None:
                        raise _named_twice(part.name, twice, text)
                    entered[part.name, fault] = text
                    now[part.name] = {"missing": 0, "broken": 0, fault: part.quantity}
                continue
            if quantity < 0:
                raise BadInput(
                    "bad_quantity",
                    f"{text}: {quantity} cannot be {fault}.",
                    "Give a whole number from 0 up.",
                )
            name = match(text, quantities)
            if (name, fault) in entered:
                raise _named_twice(name, entered[name, fault], text)
            entered[name, fault] = text
            now[name][fault] = quantity
    for name, short in now.items():
        if sum(short.values()) > quantities[name]:
            raise BadInput(
                "too_many_short",
                f"{name}: {sum(short.values())} cannot be missing or broken. The kit has only "
                f"{quantities[name]}.",
                "Count that component again.",
                component=name,
                in_the_kit=quantities[name],
            )
    return tuple(Short(component=n, **short) for n, short in now.items() if any(short.values()))


def _in_bag(text: str, parts: Iterable[Part]) -> list[Part]:
    """All that belongs in the bag that a person named without a number.

    Raises:
        BadInput: `bad_exception`, for what is no bag's name; as `_whole_bag`.
    """
    listed = {part.name: part for part in parts}
    if whole := _whole_bag(text, listed):
        return whole
    bags = sorted({part.bag for part in listed.values() if part.bag}, key=in_natural_order)
    raise BadInput(
        "bad_exception",
        f"{text!r} is not a component and a number, and not a bag.",
        f'Write it like "Wheel=2", or name a whole bag: {", ".join(bags)}'
        if bags
        else 'Write it like "Wheel=2".',
        value=text,
        bags=bags,
    )


def match_bags(text: str, parts: Iterable[Part]) -> list[str]:
    """The bags that a person may mean: the one of this name, else those with words that begin so.

    `bag` may stand before a bag's name: `bag 2` is one called 2, or Bag 2. A number alone is none.
    """
    wanted = fold(text)
    known = {fold(part.bag): part.bag for part in parts if part.bag}
    short = wanted.removeprefix("bag ")
    if wanted.isdecimal():
        return []
    for candidate in (wanted, short):
        if candidate in known:
            return [known[candidate]]
    ends = "( |$)" if short[-1:].isdecimal() else ""  # 2 is not the beginning of 20
    begins = re.compile(f"(^| )({re.escape(wanted)}|{re.escape(short)}){ends}")
    return sorted((bag for key, bag in known.items() if begins.search(key)), key=in_natural_order)


def match(text: str, names: Iterable[str]) -> str:
    """The component that a person means, by its name, its plural, or the beginning of a word in it.

    A name with `=` in it must be given whole: `R=10` would otherwise be read as ten of a part that
    begins with R.

    Raises:
        BadInput: `no_such_component`, with the names on the list.
    """
    wanted = fold(text)
    known = {fold(name): name for name in names}
    for candidate in (wanted, wanted.removesuffix("s"), wanted.removesuffix("es"), wanted + "s"):
        if candidate in known:
            return known[candidate]
    open_to_parts = {key: name for key, name in known.items() if wanted and "=" not in key}
    begins = [name for key, name in open_to_parts.items() if key.startswith(wanted)]
    if not begins and (stem := wanted.removesuffix("s")):
        begins = [name for key, name in open_to_parts.items() if _begins_inside(stem, key)]
    if len(begins) == 1:
        return begins[0]
    raise BadInput(
        "no_such_component",
        f"{text!r} could be {' or '.join(sorted(begins, key=in_natural_order))}."
        if begins
        else f"{text!r} is not on the contents list.",
        f"The list has: {', '.join(known.values())}.",
        component=text,
        components=list(known.values()),
    )


def _named_twice(name: str, *spelt: str) -> BadInput:
    how = f", as {' and as '.join(map(repr, spelt))}" if spelt else ""
    return BadInput(
        "bad_exception", f"{name!r} is named twice{how}.", "Name it once.", component=name
    )


def _begins_inside(wanted: str, key: str) -> bool:
    return any(word.startswith(wanted) for word in key.split())


def parse_exception(text: str) -> tuple[str, int]:
    """`Wheel=2` as a component and how many of it.

    Raises:
        BadInput: `bad_exception`.
    """
    # Stripped first, because int() strips fewer kinds of space than strip().
    name, _, number = (part.strip() for part in text.rpartition("="))
    if not name or not number.isdecimal() or len(number) > 7:
        raise BadInput(
            "bad_exception",
            f"{text!r} is not a component and a number.",
            'Write it like "Wheel=2".',
            value=text,
        )
    return name, int(number)


def parse_exceptions(texts: Iterable[str]) -> dict[str, int | None]:
    """Several of `parse_exception`, or names of bags, with None; what is named twice is refused."""
    found: dict[str, int | None] = {}
    for text in texts:
        name, number = parse_exception(text) if "=" in text else (text.strip(), None)
        if fold(name) in {fold(known) for known in found}:
            raise _named_twice(name)
        found[name] = number
    return found


def read_exceptions(text: str, parts: Iterable[Part]) -> list[EnteredShortage]:
    """The shortages that a line lists, separated by commas unless a part's name has a comma.

    Raises:
        BadInput: as `read_exception`; then nothing of the line is used.
    """
    listed = list(parts)
    has_comma = any("," in name for part in listed for name in (part.name, part.bag or ""))
    pieces = [text] if has_comma else text.split(",")
    return [each for piece in pieces for each in read_exception(piece, listed)]


def read_exception(text: str, parts: Iterable[Part]) -> list[EnteredShortage]:
    """The shortage in `wheel 2`, `2 wheels` or `panel 1 broken`; of a whole bag, in `red holdall`.

    A part's name goes before a bag's. What may be either is asked about.

    Raises:
        BadInput: `no_such_component`, or `how_many`, when a number is needed.
    """
    listed = {part.name: part for part in parts}
    words = text.split()
    fault = _FAULTS.get(words[-1].lower()) if len(words) > 1 else None
    named = " ".join(words[:-1] if fault else words)
    if whole := _whole_bag(named, listed):
        return [
            entry
            for part in whole
            for entry in (
                EnteredShortage(part.name, "missing", 0, part.bag),
                EnteredShortage(part.name, "broken", 0, part.bag),
                EnteredShortage(part.name, fault or "missing", part.quantity, part.bag),
            )
        ]
    name, number = _name_and_number(named, listed)
    part = listed[match(name, listed)]
    if number is None and part.quantity > 1:
        raise BadInput(
            "how_many",
            f"How many of {part.name} are short? There should be {part.quantity:,}.",
            f"Type a number after the name: {part.name.lower()} 2",
            component=part.name,
        )
    return [EnteredShortage(part.name, fault or "missing", 1 if number is None else number)]


def _whole_bag(name: str, parts: Mapping[str, Part]) -> list[Part]:
    """All that belongs in the bag that is meant; empty where a part is, or neither.

    Raises:
        BadInput: `no_such_component`, where it may be several bags, or one part as well.
    """
    bags = match_bags(name, parts.values())
    if not bags or fold(name) in map(fold, parts):
        return []
    inside = [part for part in parts.values() if part.bag in bags]
    also: list[str] = []
    if not fold(name).startswith("bag "):
        with suppress(BadInput):
            also = [match(name, parts)]
    if len(bags) == 1 and not also:
        return inside
    if also == [part.name for part in inside]:
        return []
    raise BadInput(
        "no_such_component",
        f"{name!r} could be {' or '.join([*(f'all of {bag}' for bag in bags), *also])}.",
        "Type more of the name; bag before it means the whole bag, as in: bag 2",
        component=name,
        components=list(parts),
        bags=list(bags),
    )


def _name_and_number(text: str, names: Iterable[str]) -> tuple[str, int | None]:
    """Split a text; the whole text is tried as a name first, because a name may end in a number."""
    found = _NUMBERED.fullmatch(text)
    if found is None or fold(text) in map(fold, names):
        return text, None
    number = found["after"] or found["before"]
    return found["name"], int(number) if number else None


def count_of(entered: Sequence[EnteredShortage]) -> Count:
    """The count that a person's entries make; the last entry about a part counts."""
    faults: dict[Fault, dict[str, int]] = {"missing": {}, "broken": {}}
    for each in entered:
        faults[each.fault][each.part] = each.number
    if not entered:
        return Count(whole=True)
    return Count(missing=faults["missing"], broken=faults["broken"])


def recorded_shortages(parts: Iterable[Part]) -> list[EnteredShortage]:
    """The shortages on record, as entries, so that "nothing new" keeps them."""
    listed = list(parts)
    return [
        *[EnteredShortage(part.name, "missing", part.missing) for part in listed if part.missing],
        *[EnteredShortage(part.name, "broken", part.broken) for part in listed if part.broken],
    ]
