"""A request for a kit in one line, as the page for teachers composes it (pure).

    KLREQ1;type=STEM%20kit;n=1;from=2026-12-07;to=2026-12-11;school=Lochside%20Academy

It comes in a mail, whose text is pasted whole. It is a stranger's text: it is read strictly, and
only fills in what a person would type. Within a value, `%`, `;`, `=` and spaces are written as in a
web address.
"""

import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from kitloan.errors import BadInput
from kitloan.text.dates import parse_date, uk
from kitloan.text.names import clean

REQUEST = "KLREQ1"
"""What a line with a request begins with."""
MOST_KITS = 1_000
_LONGEST = 1_000
_FIELDS = ("type", "n", "from", "to", "school")
_QUOTED = re.compile(r"^[>|\s]*")


@dataclass(frozen=True, slots=True)
class SchoolRequest:
    """What a school asks for: a kit type and how many, from one day to another."""

    school: str
    type: str
    quantity: int
    collect_on: date
    return_by: date


def has_request(text: str) -> bool:
    """Whether a text has a line that begins as a request does."""
    return bool(_lines(text))


def parse_request(text: str) -> SchoolRequest:
    """The one request in a text, which may be a whole mail.

    Raises:
        BadInput: `bad_request`, with the `field` that is wrong; nothing is guessed.
    """
    lines = list(dict.fromkeys(_lines(text)))
    if not lines:
        raise _wrong(None, text.strip()[:40], f"has no line that begins with {REQUEST};")
    if len(lines) > 1:
        raise _wrong(None, f"{len(lines)} lines", "are requests, and one is booked at a time")
    fields = _fields(lines[0])
    number = fields["n"]
    if not re.fullmatch(r"[1-9][0-9]{0,3}", number) or int(number) > MOST_KITS:
        raise _wrong("n", number, f"is not a number of kits from 1 to {MOST_KITS:,}")
    first, last = _day("from", fields["from"]), _day("to", fields["to"])
    if last < first:
        raise _wrong("to", fields["to"], f"is before the first day, {uk(first)}")
    return SchoolRequest(
        school=_name("school", fields["school"]),
        type=_name("type", fields["type"]),
        quantity=int(number),
        collect_on=first,
        return_by=last,
    )


def _lines(text: str) -> list[str]:
    lines = (_QUOTED.sub("", line).rstrip() for line in text.splitlines())
    return [line for line in lines if line.upper().startswith(f"{REQUEST};")]


def _fields(line: str) -> dict[str, str]:
    if len(line) > _LONGEST:
        raise _wrong(None, line[:40], f"is longer than {_LONGEST:,} characters")
    found: dict[str, str] = {}
    for part in line.split(";")[1:]:
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals or name not in _FIELDS:
            raise _wrong(name[:40], part[:40], f"is not a field: they are {', '.join(_FIELDS)}")
        if name in found:
            raise _wrong(name, value[:40], "is there twice")
        try:
            found[name] = unquote(value.strip(), errors="strict")
        except UnicodeDecodeError:
            raise _wrong(name, value[:40], "is not text") from None
    for name in _FIELDS:
        if not found.get(name):
            raise _wrong(name, "", "is missing")
    return found


def _day(name: str, value: str) -> date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise _wrong(name, value, "is not a date as 2026-12-07")
    try:
        return parse_date(value)
    except BadInput:
        raise _wrong(name, value, "is not a date as 2026-12-07") from None


def _name(name: str, value: str) -> str:
    if len(value.splitlines()) > 1:
        raise _wrong(name, value, "is more than one line")
    try:
        return clean(value, "The name")
    except BadInput:
        raise _wrong(name, value, "cannot be a name") from None


def _wrong(field: str | None, value: str, what: str) -> BadInput:
    where = f"In the request, {field}" if field else "The request"
    shown = f" {value[:60]!r}" if value else ""
    return BadInput(
        "bad_request",
        f"{where}{shown} {what}. Nothing was booked.",
        f"Paste the whole line that begins with {REQUEST};, or book it by hand.",
        field=field,
        value=value[:60],
    )
