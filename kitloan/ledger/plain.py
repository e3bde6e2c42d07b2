r"""Entries of plain fields, read by one regular expression for each kind.

Verifying and merging read every entry. That pydantic reads it, and writes it again to see that it
is canonical, was a sixth of all that verifying does. Nearly all entries are of plain fields: names,
days, numbers. Their canonical text is a regular expression, made here of the schema by which
pydantic reads. A text that matches is such an entry as it is sealed, and its groups are the values.

What does not match is left to pydantic, which alone refuses: a name with a quotation mark, a list
with something in it, the 29th of February, damaged text. So an expression may take less than
pydantic, and never more; `tests/test_plain.py` holds the two against each other.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import partial
from operator import eq
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, TypeAdapter

from kitloan.text.fields import CLEAN, DAY, INSTANT, on_calendar

_WORTH_IT = 200
"""Texts of a kind that pydantic reads first: it takes as long to make an expression."""

_DAY = (
    r"(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
)
_ON_CALENDAR = {DAY: _DAY, INSTANT: _DAY + r"T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}Z"}
_ONLY_SIGNS = re.compile(r"\^([0-9A-Za-z\[\](){},|?-]+)\$")
"""Patterns of letters, digits and hyphens of ASCII alone, which JSON writes as they are."""
_ESCAPED = r"\"\\\ud800-\udfff"
"""What JSON writes in another way, and what is no character."""
_KIND = '"kind":"'
_NULL_OR = "(?:null|"
_TEN = 10
_OF_A_MODEL = ("cls", "config", "custom_init", "ref", "root_model")
_OF_A_VALUE = (
    *("default", "function", "expected", "ge", "le", "min_length", "max_length", "pattern"),
    *("items_schema", "variadic_item_index"),
)
"""What schemas of fields may have; a rule of another name is not known here."""

E = TypeVar("E", bound=BaseModel)
Schema = Mapping[str, Any]
Make = Callable[[Any], Any]
"""Makes a value of the text of its group, which is None for a null or a field that is left out."""

_SLOTS = ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
"""What an instance of a class of pydantic consists of."""


class _NotPlain(Exception):
    """A schema allows something that is not read here."""


class _Field(NamedTuple):
    """A field of a class.

    Attributes:
        name: its name.
        pattern: what matches its value, with one group for the text of it.
        make: makes the value of that text; None where the text is the value.
        left_out: the JSON of a default that is not written; None where every value is.
    """

    name: str
    pattern: str
    make: Make | None
    left_out: str | None = None


_AROUND = [
    ("at", None),
    ("by", None),
    ("fact", None),
    ("id", None),
    ("ledger", None),
    ("part", int),
    ("prev", None),
    ("seq", int),
]
"""The fields of an entry in the order of its text, and what makes their values."""


def kind_in(body: str) -> str:
    """The kind of fact in an entry's canonical text; nonsense in a text that is none."""
    start = body.find(_KIND) + len(_KIND)
    return body[start : body.find('"', start)]


class Plain(Generic[E]):
    """Reads the canonical texts of entries of one kind whose fields are plain."""

    def __init__(self, entries: TypeAdapter[E]) -> None:
        """`entries` reads every text; its class has a field `fact`, which is of one class."""
        self._entries = entries
        self._seen = 0
        self._read: Callable[[str], E | None] | None = None

    def read(self, body: str) -> E | None:
        """The entry in a text; None when pydantic has to read it."""
        if self._read is not None:
            return self._read(body)
        self._seen += 1
        if self._seen == _WORTH_IT:
            with suppress(_NotPlain):
                self._read = _reader(*_schemas(self._entries.core_schema))
        return None


def _schemas(schema: Any) -> tuple[Schema, Schema]:
    """The schema of the class of entries, and of its field `fact`."""
    match schema:
        case {"type": "definitions", "schema": entry}:
            return _schemas(entry)
        case {"schema": {"fields": {"fact": {"schema": {"type": "model"} as fact}}}}:
            return schema, fact
    raise _NotPlain  # an unknown pydantic


def _reader(entry: Schema, fact: Schema) -> Callable[[str], Any]:
    """What reads the entries of one kind, and gives None for a text that does not match.

    Args:
        entry: the schema of the class of entries.
        fact: the schema of the class of its field `fact`.

    Raises:
        _NotPlain: a field is not plain.
    """
    inner = _fields(fact)
    around = _fields(entry, fact=_Field("fact", _text_of(inner), None))
    if [(each.name, each.make) for each in around] != _AROUND or BaseModel.__slots__ != _SLOTS:
        raise _NotPlain
    match = re.compile(_text_of(around)).fullmatch
    names = [each.name for each in inner]
    makes = [(each.name, each.make) for each in inner if each.make is not None]
    known_inside, known = set(names), {each.name for each in around}
    of_fact, of_entry, new = fact["cls"], entry["cls"], object.__new__
    # As `BaseModel.model_construct` does it, for a class that is frozen.
    put_values, put_known, put_extra, put_private = (vars(BaseModel)[n].__set__ for n in _SLOTS)

    # What follows runs for every entry of a nation: so nothing of it is a call that need not be.
    def read(body: str) -> Any:
        if (found := match(body)) is None:
            return None
        at, by, *texts, request, ledger, part, prev, seq = found.groups()
        values: dict[str, Any] = dict(zip(names, texts))  # noqa: B905  # a group for each
        for name, make in makes:
            values[name] = make(values[name])
        fact = new(of_fact)
        put_values(fact, values)
        put_known(fact, known_inside)
        put_extra(fact, None)
        put_private(fact, None)
        made = new(of_entry)
        put_values(
            made,
            {
                "at": at,
                "by": by,
                "fact": fact,
                "id": request,
                "ledger": ledger,
                "part": int(part),
                "prev": prev,
                "seq": int(seq),
            },
        )
        put_known(made, known)
        put_extra(made, None)
        put_private(made, None)
        return made

    return read


def _fields(model: Schema, **known: _Field) -> list[_Field]:
    """The fields of a class in their order, which is that of its canonical text."""
    if model["type"] != "model" or model["custom_init"] or model["root_model"]:
        raise _NotPlain  # something checks the values of several fields together
    _must_have_only(model, _OF_A_MODEL)
    fields = _fields_of(model)
    return [known.get(name) or _field(name, each) for name, each in fields.items()]


def _must_have_only(schema: Schema, keys: Collection[str]) -> None:
    """Refuse a schema that has more than is known here: it may be a rule."""
    if not schema.keys() <= {"type", "schema", "metadata", *keys}:
        raise _NotPlain


def _fields_of(model: Schema) -> Schema:
    fields: Schema = model["schema"]["fields"]
    return fields


def _text_of(fields: list[_Field]) -> str:
    """What matches the JSON of an object."""
    text, comma = "", ""  # the first field that is always written ends those before it
    for each in fields:
        field = f'"{each.name}":{each.pattern}'
        if each.left_out is None:
            text += comma + field
            comma = ","
        else:
            other = f'(?!"{each.name}":{re.escape(each.left_out)}[,}}])'
            text += f"(?:{comma}{other}{field}{'' if comma else ','})?"
    if not comma:
        raise _NotPlain
    return rf"\{{{text}\}}"


def _field(name: str, schema: Schema) -> _Field:
    _must_have_only(schema, ["serialization_exclude_if"])
    inner = schema["schema"]
    has_default = inner["type"] == "default"
    _must_have_only(inner, _OF_A_VALUE)
    pattern, make = _value(inner["schema"] if has_default else inner)
    exclude = schema.get("serialization_exclude_if")
    if exclude is None:
        return _Field(name, pattern, make)
    default = inner["default"] if has_default else exclude
    if not (isinstance(exclude, partial) and (exclude.func, exclude.args) == (eq, (default,))):
        raise _NotPlain
    if default is not None:
        if pattern.startswith(_NULL_OR):
            raise _NotPlain  # a null and what is left out would look alike
        make = partial(_or_default, make, default)
    return _Field(name, pattern, make, json.dumps(default))


def _or_default(make: Make | None, default: Any, text: str | None) -> Any:
    if text is None:
        return default
    return text if make is None else make(text)


def _value(schema: Schema) -> tuple[str, Make | None]:
    """What matches a value, with one group, and what makes the value of the group's text."""
    _must_have_only(schema, _OF_A_VALUE)
    match schema:
        case {"type": "nullable", "schema": inner}:
            pattern, make = _value(inner)
            return f"{_NULL_OR}{pattern})", make and partial(_or_default, make, None)
        case {"type": "str", **rest} if rest.keys() <= {"min_length", "max_length", "pattern"}:
            return f'"({_letters(rest)})"', None
        case {"type": "function-after", "function": {"function": function}, "schema": inner}:
            if function is not on_calendar or inner.get("pattern") not in _ON_CALENDAR:
                raise _NotPlain
            return f'"({_ON_CALENDAR[inner["pattern"]]})"', None
        case {"type": "literal", "expected": texts} if all(isinstance(t, str) for t in texts):
            return f'"({"|".join(map(re.escape, texts))})"', None
        case {"type": "int", "ge": 0 | 1 as least, "le": most} if most >= _TEN:
            fewer = len(str(most)) - 2  # digits after the first, in numbers that are surely less
            return f"({'' if least else '0|'}[1-9][0-9]{{0,{fewer}}})", int
        case {"type": "bool"}:
            return "(true|false)", "true".__eq__
        case {"type": "tuple", **rest} if not rest.get("min_length"):
            return r"(\[\])", {"[]": ()}.__getitem__
    raise _NotPlain


def _letters(rules: Schema) -> str:
    pattern, most = rules.get("pattern"), rules.get("max_length")
    if pattern == CLEAN and most is not None:
        signs = CLEAN.removeprefix("^").removesuffix("]*$")
        return f"{signs}{_ESCAPED}]{{{rules.get('min_length', 0)},{most}}}"
    if (
        pattern is not None
        and rules.keys() == {"pattern"}
        and (simple := _ONLY_SIGNS.fullmatch(pattern))
    ):
        return simple[1].replace("(", "(?:")
    raise _NotPlain
