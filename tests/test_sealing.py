"""One reading of every entry: what is stored is the canonical form of what was parsed."""

import importlib
import json
import pkgutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

import kitloan
from kitloan.ledger import facts
from kitloan.ledger.entry import UNKNOWN_KIND, Entry, NotCanonical, parse
from kitloan.ledger.facts.base import APPLY, FactBase, Frozen, Later, Name, Tag
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.ledger.facts.holdings import HoldingAccessioned
from lives import canonical
from test_upgrading import RELEASES, unpacked

TAG = "KL" + "0" * 11


def _entry(fact: Any) -> Entry:
    return Entry(
        ledger="fife",
        seq=7,
        prev="0" * 64,
        id="r1",
        part=0,
        at="2026-11-28T09:00:00Z",
        by='Ò "quoted" \\ back',
        fact=fact,
    )


TAKEN_IN = _entry(HoldingAccessioned(tag=TAG, kit_type="stem-kit", quantity=5)).body
LISTED = _entry(
    KitTypeDefined(
        kit_type="stem-kit",
        name="STEM kit",
        contents=(ContentsLine(name="Wheel", quantity=2, critical=True),),
    )
).body

SPELT_OTHERWISE: dict[str, Callable[[str], str]] = {
    "a key of the fact twice, the first one wrong": lambda body: body.replace(
        '"quantity":5', '"quantity":null,"quantity":5'
    ),
    "a key of the fact twice, the first one another": lambda body: body.replace(
        '"quantity":5', '"quantity":1000000,"quantity":5'
    ),
    "a key of the fact twice, both the same": lambda body: body.replace(
        '"quantity":5', '"quantity":5,"quantity":5'
    ),
    "a key of the entry twice": lambda body: body.replace('"seq":7', '"seq":1,"seq":7'),
    "the whole fact twice": lambda body: body.replace('"fact":{', '"fact":{},"fact":{'),
    "a number with a fraction of nothing": lambda body: body.replace(
        '"quantity":5', '"quantity":5.0'
    ),
    "a number with an exponent": lambda body: body.replace('"quantity":5', '"quantity":5e0'),
    "a number with a sign": lambda body: body.replace('"part":0', '"part":-0'),
    "a number as text": lambda body: body.replace('"quantity":5', '"quantity":"5"'),
    "a bool for a number": lambda body: body.replace('"seq":7', '"seq":true'),
    "an escape that is not needed": lambda body: body.replace("stem-kit", "stem\\u002dkit"),
    "an escaped letter": lambda body: body.replace("Ò", "\\u00d2"),
    "an escaped slash": lambda body: body.replace("fife", "\\/fife"),
    "a quotation mark by its number": lambda body: body.replace('\\"quoted', "\\u0022quoted"),
    "a space": lambda body: body.replace(":7", ": 7"),
    "a space at the end": lambda body: body + " ",
    "another order": lambda body: json.dumps(
        dict(reversed(json.loads(body).items())), separators=(",", ":"), ensure_ascii=False
    ),
    "a default that is left unsaid": lambda body: body.replace('"serial":null,', ""),
}


@pytest.mark.parametrize("how", SPELT_OTHERWISE)
def test_another_spelling_of_an_entry_is_refused(how: str) -> None:
    """A body that is not written as its entry is sealed cannot be read two ways: it is refused."""
    spelt = SPELT_OTHERWISE[how](TAKEN_IN)
    assert spelt != TAKEN_IN
    with pytest.raises((NotCanonical, ValidationError)):
        parse(spelt)


@pytest.mark.parametrize(
    ("was", "other"), [("true", "1"), ('"quantity":2', '"quantity":true'), ('"bag":null,', "")]
)
def test_another_spelling_within_a_list_is_refused(was: str, other: str) -> None:
    """The same holds for the values within a list."""
    assert was in LISTED
    with pytest.raises((NotCanonical, ValidationError)):
        parse(LISTED.replace(was, other))


@pytest.mark.parametrize("release", RELEASES)
def test_what_a_release_sealed_seals_again_to_the_same_text(release: str, tmp_path: Path) -> None:
    """Entries of every release are canonical for this program too."""
    with closing(sqlite3.connect(unpacked(release, tmp_path / "old.sqlite"))) as old:
        bodies = [body for (body,) in old.execute("SELECT body FROM ledger_entry")]
    assert len(bodies) > 100
    assert [parse(body).body for body in bodies] == bodies


def test_the_sealed_text_is_sorted_json_without_spaces() -> None:
    """What pydantic writes is the canonical JSON of the format, to the byte."""
    for body in (TAKEN_IN, LISTED):
        assert body == canonical(json.loads(body))


class _Wheel(Frozen):
    size: int = 1
    name: Name
    spoked: bool = Later(False)


class _Turned(FactBase):
    kind: Literal["wheel.turned"] = "wheel.turned"
    tag: Tag
    wheels: tuple[_Wheel, ...] = ()
    by_hand: bool = Later(True)
    angle: int | None = Later(None)


_TURNED = TypeAdapter(Annotated[_Turned, Field()])


def test_a_field_that_came_later_is_left_out_while_it_has_its_default() -> None:
    """So earlier entries keep their hash, and the default spelt out is another text."""
    before = f'{{"kind":"wheel.turned","tag":"{TAG}","wheels":[{{"name":"Wheel","size":1}}]}}'
    read = _TURNED.validate_json(before)
    assert read.by_hand is True and read.angle is None
    assert read.model_dump_json() == before
    turned = _Turned(tag=TAG, by_hand=False, angle=90, wheels=(_Wheel(name="Wheel", spoked=True),))
    assert turned.model_dump_json() == canonical(
        {
            "angle": 90,
            "by_hand": False,
            "kind": "wheel.turned",
            "tag": TAG,
            "wheels": [{"name": "Wheel", "size": 1, "spoked": True}],
        }
    )
    spelt_out = before[:-1] + ',"by_hand":true}'
    assert _TURNED.validate_json(spelt_out).model_dump_json() != spelt_out


def test_every_module_with_a_kind_of_fact_is_listed() -> None:
    """A kind of a module that is not would be read by none: its file would be refused as newer.

    And what changes the tables for it must be loaded with it, wherever the class is.
    """
    known = {*facts.every_kind()}
    for found in pkgutil.walk_packages(kitloan.__path__, "kitloan."):
        if found.name.startswith("kitloan.ledger."):
            importlib.import_module(found.name)
    assert known == {*_concrete(FactBase)}
    assert known == {*APPLY}
    assert {apply.__module__ for apply in APPLY.values()} == {*facts.MODULES}


def _concrete(base: type[FactBase]) -> Iterator[type[FactBase]]:
    """The classes of the product that inherit from one, and state what kind of fact they are."""
    for each in base.__subclasses__():
        if each.__module__.startswith("kitloan.") and not each.model_fields["kind"].is_required():
            yield each
        yield from _concrete(each)


def test_a_kind_that_is_not_known_is_refused_as_such() -> None:
    """It is of a newer kitloan, which can be had; damaged text is another matter."""
    for text in (TAKEN_IN.replace("holding.accessioned", "holding.painted"), TAKEN_IN[:-1]):
        with pytest.raises(ValidationError) as refused:
            parse(text)
        types = [each["type"] for each in refused.value.errors()]
        assert (types == [UNKNOWN_KIND]) is ("painted" in text)
