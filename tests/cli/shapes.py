"""The shapes of JSON that the interface promises."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from kitloan.text.dates import system_clock, today

DAY = re.compile(r"\d{4}-\d\d-\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")  # RFC 3339 in UTC

HOLDING = {
    "tag", "type", "college", "region", "status", "quantity", "out_quantity", "location", "gift",
    "loan", "shortages", "last_sighted",
}  # fmt: skip
LOAN = {"id", "tag", "type", "quantity", "to", "out_at", "due_on", "overdue"}
LOAN_OF_HOLDING = {"id", "to", "out_at", "due_on", "overdue"}
SHORTAGE = {"component", "missing", "broken"}
FIGURES = {
    "colleges", "holdings", "out", "overdue", "incomplete", "in_transit", "missing",
    "not_sighted_12_months",
}  # fmt: skip


def in_days(days: int) -> date:
    """The day in Scotland so many days from now."""
    return today(system_clock) + timedelta(days=days)


def values_of(document: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with a plain value, however deep."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from values_of(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from values_of(value, key)
    else:
        yield key, document


def times_are_right(document: Any) -> None:
    """Dates as YYYY-MM-DD, instants as RFC 3339 in UTC, keys in snake_case."""
    for key, value in values_of(document):
        if value is not None and (key.endswith("_on") or key == "as_at"):
            assert DAY.fullmatch(value), (key, value)
        elif value is not None and (key == "at" or key.endswith("_at")):
            assert INSTANT.fullmatch(value), (key, value)


def has(document: dict[str, Any], *keys: str, **nested: set[str]) -> None:
    """The document has these keys, and under a key those."""
    assert set(keys) <= set(document), set(keys) - set(document)
    for key, inner in nested.items():
        found = document[key][0] if isinstance(document[key], list) else document[key]
        assert inner <= set(found), (key, inner - set(found))
    times_are_right(document)
