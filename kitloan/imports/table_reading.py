"""A table whose lines are being read: its layout, the answers of people, and what came above.

The steps of reading a line (`line_fields` and those after it) know this and no more; what reads
the lines in turn is `lines`.
"""

import re
from datetime import date
from typing import Any

from kitloan.imports.entries import PLANNED, Layout
from kitloan.imports.evidence import is_surely_school, looks_like_place
from kitloan.imports.headings import plain_header, squeeze
from kitloan.imports.mapfile import Map
from kitloan.imports.questions import Questions
from kitloan.imports.rows import Column
from kitloan.imports.sheets import is_blank
from kitloan.imports.statuses import status_of_words
from kitloan.imports.values import Dates, as_text, shown

LEADING_COUNT = re.compile(r"(\d{1,4})\s*[x×]\s*([^\W\d_].*)", re.IGNORECASE)

KEPT = frozenset({"own_name", "category", "total_value", PLANNED})
"""Fields that are kept as notes."""
_LOAN_FIELDS = frozenset(
    {"on_loan_to", "borrower_person", "borrower_kind", "due_on", "out_on", "returned_on", "status"}
)
_NOTED = KEPT | {"condition", "location", "contact"}
"""Fields whose words are looked at for a loan, as those of a column without a field are."""


class TableReading:
    """What is known of a table while its lines are read, and what the lines above hold."""

    def __init__(
        self,
        layout: Layout,
        questions: Questions,
        wanted: Map,
        today: date,
        known: frozenset[str],
        spellings: dict[str, str],
    ) -> None:
        self.layout = layout
        self.questions = questions
        self.wanted = wanted
        self.today = today
        self.known = known
        self.spellings = spellings
        self.section: tuple[str, str] | None = None  # what heads these rows, and as which field
        self.previous_type: str | None = None
        self.prepared: list[int] = []
        self.same_above: list[int] = []
        self.hidden: list[int] = []
        kind = layout.place("type")
        self.filled: dict[int, int] = {}
        self.blank_types, self.leading_counts = 0, False
        names = capitals = 0
        for line in layout.lines:  # once: each time takes long where the lines are many
            value = layout.sheet.value(line, kind[0]) if kind else None
            many = sum(not is_blank(line.value(i)) for i in layout.columns)
            banner = line.number in layout.sheet.banners
            if not banner:
                self.filled[line.number] = many
            if kind and not banner:
                self.blank_types += is_blank(value)
                self.leading_counts |= bool(LEADING_COUNT.fullmatch(shown(value)))
            if kind and (banner or many != 1):
                names += 1
                capitals += as_text(value).isupper()
        # where most things are written in capitals, capitals show nothing
        self.capitals = capitals > names * 0.5
        filled = sorted(self.filled.values())
        self.usual = filled[len(filled) * 3 // 4] if filled else 0
        self.lone = {number for number, many in self.filled.items() if many == 1}
        self.above: str | None = None  # the last borrower
        self.grouped = _is_grouped(layout)
        self.blanks_have_days = self.grouped and _blanks_have_days(layout)
        self.dates = _written_alike(layout)
        self.headings = _headings(layout)
        self.readable = [
            (index, column, str(column.field))
            for index, column in layout.columns.items()
            if _is_plain_field(column.field)
        ]
        self.noted = [
            (index, column)
            for index, column in layout.columns.items()
            if column.field is None or column.field in _NOTED
        ]
        self.read_before: dict[int, dict[str, Any]] = {index: {} for index, *_ in self.readable}
        self.section_words = self._sections(kind)

    def _sections(self, kind: tuple[int, Column] | None) -> dict[int, str]:
        """Lines that hold one cell and head the lines below them: by number, how sure that is."""
        found: dict[int, str] = {}
        if self.usual < 2 or len(self.layout.columns) < 2:
            return found
        if not self.lone:
            return found
        first = min(self.layout.columns)
        for at, line in enumerate(self.layout.lines):
            if line.number not in self.lone:
                continue
            index = next(i for i in self.layout.columns if not is_blank(line.value(i)))
            text = shown(line.value(index))
            if index not in (first, kind[0] if kind else first) or not any(map(str.isalpha, text)):
                continue
            below = tuple(self.layout.lines[at + 1 : at + 2])
            heads = bool(below) and below[0].number not in self.lone
            sure = (
                text.endswith(":")
                or status_of_words(text.rstrip(" :")) is not None
                or looks_like_place(text)
                or is_surely_school(text)
                or (text.isupper() and not self.capitals and len(text) > 3)
            )
            if heads and sure:
                found[line.number] = "sure"
            elif heads and len(text) < 60:
                found[line.number] = "maybe"
        return found


def _written_alike(layout: Layout) -> Dates | None:
    """How the dates of a table are written, where one column shows it."""
    orders = {each.dates.order for each in layout.profiles.values()} - {"unclear"}
    return Dates(next(iter(orders))) if len(orders) == 1 else None


def _is_grouped(layout: Layout) -> bool:
    """Whether borrowers are in front of the things, some of them blank, as for a group of rows."""
    borrower, kind = layout.place("on_loan_to"), layout.place("type")
    if not borrower or not kind or borrower[0] != min(layout.columns) or not layout.lines:
        return False
    first = layout.sheet.value(layout.lines[0], borrower[0])
    return borrower[0] < kind[0] and not is_blank(first)


def _blanks_have_days(layout: Layout) -> bool:
    """Whether each line with a blank borrower has a day of a loan, as only lent things do."""
    borrower = layout.place("on_loan_to")
    days = [index for name in ("due_on", "out_on") for index, _ in layout.places(name)]
    if borrower is None:
        return False
    blank = [n for n in layout.lines if is_blank(layout.sheet.value(n, borrower[0]))]
    return all(any(not is_blank(layout.sheet.value(n, i)) for i in days) for n in blank)


def _headings(layout: Layout) -> list[tuple[int, str]]:
    """The squeezed headings, first those of columns that say the same few things."""
    found = [(index, squeeze(plain_header(each.header))) for index, each in layout.columns.items()]
    distinct = {index: each.distinct for index, each in layout.profiles.items()}
    return sorted(found, key=lambda each: distinct.get(each[0], 0))


def _is_plain_field(name: str | None) -> bool:
    """Whether a field is read by itself: no note, and nothing that speaks of a loan."""
    if name is None or name in _LOAN_FIELDS or name in KEPT:
        return False
    return not name.startswith("quantity_")
