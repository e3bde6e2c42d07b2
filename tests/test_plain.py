"""What an expression reads of an entry's text is what pydantic reads of it, or nothing."""

import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from pydantic import ValidationError

from kitloan.ledger.entry import Entry, Reader, read
from kitloan.ledger.facts import every_kind
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.gifts import GiftAgreed
from kitloan.ledger.facts.holdings import GiftRecorded, HoldingAccessioned
from kitloan.ledger.facts.loans import CheckedIn, CheckedOut
from kitloan.ledger.plain import Plain
from lives import OFTEN, canonical

SOME_DAYS = ("2026-11-05", "2024-02-29", "2023-02-29", "2026-04-31", "2026-12-31", "0000-01-01")
TEXTS = (
    *("School 7", "", "Ò Mòr", 'a "b"', "back\\slash", "a/b", "tab\t", "line\u2028", "\x7f", "x\n"),
    *("x" * 200, "x" * 201, "é" * 200, "null", "true", "5", "{}", '","', "\U0001f9f2", "ﬁ"),
    *("KL" + "0" * 11, "KL" + "0" * 10, "KL" + "0" * 17 + "\n", "kl" + "0" * 11, "KLO" + "0" * 10),
    *("0" * 64, "A" * 64, "f" * 63, "1234567P", "1234567PS", "X-a", "/2", "fife/2"),
    *SOME_DAYS,
    *(f"{day}T{hour}Z" for day in SOME_DAYS for hour in ("09:00:00", "24:00:00", "23:59:60")),
)
OTHERS = (0, 1, -1, 6, 7, 12, 999_999, 1_000_000, 1_000_001, 10**9, 2**31 - 1, 2**31, 1.0, 5.5)
VALUES = (*TEXTS, *OTHERS, True, False, None, [], {}, ["x"], [1])
AROUND: dict[str, Any] = {
    "at": "2026-11-28T09:00:00Z",
    "by": "m.ross",
    "id": "r1",
    "ledger": "fife",
    "part": 0,
    "prev": "0" * 64,
    "seq": 7,
}


def said(fact: dict[str, Any], **around: Any) -> dict[str, Any]:
    """An entry that states a fact."""
    return AROUND | around | {"fact": fact}


def by_pydantic(text: str) -> Entry | None:
    """The entry in a text, if it is written as it is sealed."""
    try:
        entry = read(text)
    except ValidationError:
        return None
    return entry if entry.body == text else None


def choices_in(schema: Any) -> Iterator[str]:
    """The texts of which fields have one."""
    if isinstance(schema, dict):
        yield from schema.get("enum", ())
        for each in schema.values():
            yield from choices_in(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from choices_in(each)


@cache
def known_of(kind: type[FactBase]) -> dict[str, list[Any]]:
    """For each field of a fact, the values above that it can have by itself."""
    wrong: dict[str, set[int]] = {name: set() for name in kind.model_fields}
    values = [*VALUES, *choices_in(kind.model_json_schema())]
    for n, value in enumerate(values):
        try:
            kind.model_validate_json(json.dumps(dict.fromkeys(wrong, value)))
        except ValidationError as problem:
            for each in problem.errors():
                wrong[str(each["loc"][0])].add(n)
    return {
        name: [value for n, value in enumerate(values) if n not in wrong[name]] for name in wrong
    } | {"kind": [kind.model_fields["kind"].default]}


def usual(kind: type[FactBase]) -> str | None:
    """The text of an entry of a kind that pydantic takes; None where the values above make none."""
    known = known_of(kind)
    fact = {name: values[0] for name, values in known.items() if values}
    try:
        return read(json.dumps(said(fact))).body
    except ValidationError:
        return None


def by_expression(kind: type[FactBase], plain: str) -> Plain[Entry]:
    """What reads a kind, after as many texts of it as make an expression worth it."""
    reader = Reader(kind).plain
    for _ in range(OFTEN):
        reader.read(plain)
    return reader


def texts_of(kind: type[FactBase], plain: str) -> Iterator[str]:
    """Texts of a kind: every field with every value above, left out, twice; and damaged ones."""
    entry = json.loads(plain)
    fact = entry["fact"]
    for name in kind.model_fields:
        for value in (*VALUES, *known_of(kind)[name]):
            yield canonical(said(fact | {name: value}))
        yield canonical(said({each: fact[each] for each in fact if each != name}))
        for first in VALUES[:3]:
            twice = f'"{name}":{json.dumps(first)},"{name}":'
            yield plain.replace(f'"{name}":', twice, 1)
    for name in AROUND if kind is CheckedOut else ():  # what is around a fact is the same for all
        for value in VALUES:
            yield canonical(said(fact, **{name: value}))
    yield canonical(said(fact | {"more": 1}))
    dice = random.Random(plain)
    for _ in range(200):
        at = dice.randrange(len(plain))
        sign = dice.choice(['"', "\\", " ", ",", "}", "0", "é", "\ud800", "", "null", "\\u0041"])
        yield plain[:at] + sign + plain[at + dice.randrange(2) :]


@pytest.mark.parametrize("kind", every_kind(), ids=lambda kind: kind.__name__)
def test_an_expression_reads_what_pydantic_reads_or_nothing(kind: type[FactBase]) -> None:
    """A text that an expression took and pydantic does not would be history that nobody sealed.

    And one read with another value would make another register of the same history.
    """
    plain = usual(kind)
    if plain is None:
        pytest.skip("its fields are judged together; they have no expression")
    reader = by_expression(kind, plain)
    for text in (plain, *texts_of(kind, plain)):
        entry = reader.read(text)
        if entry is None:
            continue
        right = by_pydantic(text)
        assert right is not None, text
        assert entry.model_dump() == right.model_dump()
        assert repr(entry) == repr(right)  # a 1 is no true
        assert entry.body == text
        moved = entry.model_copy(update={"at": "2020-01-01T00:00:00Z"})
        assert moved.body == right.model_copy(update={"at": "2020-01-01T00:00:00Z"}).body


USUAL = (CheckedOut, CheckedIn, HoldingAccessioned, GiftRecorded, GiftAgreed)


@pytest.mark.parametrize("kind", USUAL, ids=lambda kind: kind.__name__)
def test_most_of_a_ledger_is_read_by_expressions(kind: type[FactBase]) -> None:
    """Without them a full verify of a nation takes a tenth longer, and nobody would notice why."""
    plain = usual(kind)
    assert plain is not None
    reader = by_expression(kind, plain)
    assert reader.read(plain) is not None
    named = canonical(json.loads(plain) | {"by": "Sìne Mhàrtainn"})
    assert reader.read(named) is not None


def test_a_rare_kind_is_left_to_pydantic() -> None:
    """Making an expression takes as long as reading hundreds of entries: a desk would wait."""
    plain = usual(CheckedOut)
    assert plain is not None
    assert Reader(CheckedOut).plain.read(plain) is None
