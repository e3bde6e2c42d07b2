"""What else is in a line: columns of no field, comments, and remarks that mention a loan."""

import re
from typing import Any

from kitloan.imports.entries import Loan, in_words
from kitloan.imports.evidence import (
    is_surely_school,
)
from kitloan.imports.holders import holder, loan_in, speaks_of_loan
from kitloan.imports.line_days import STATUS_CHOICES
from kitloan.imports.line_loans import LineLoans
from kitloan.imports.rows import UNNAMED, Column
from kitloan.imports.sheets import Unreadable, is_blank
from kitloan.imports.statuses import (
    speaks_of_gone,
    standing_of,
    status_of_words,
)
from kitloan.imports.table_reading import KEPT
from kitloan.imports.values import (
    Fault,
    as_text,
    means_nothing,
    note,
)
from kitloan.text.names import tidy

_ASIDE = re.compile(r"\(([^)]{3,60})\)|\s[-–]\s+(.{3,60})$")
_NOW = re.compile(
    r"\b(?:now|again|currently|at present|since then|still|straight)\b", re.IGNORECASE
)
"""Words by which a note is about today, and not about the loan that is over."""


class LineNotes(LineLoans):
    """A line with its notes."""

    def _extras(self, values: dict[str, Any], loan: Loan) -> dict[str, str]:
        extras: dict[str, str] = {}
        if self.reader.section and self.reader.section[0] in ("section", "pending"):
            extras["Section"] = self.reader.section[1]
        column, text = self.status_cell
        if self.standing == "in_repair" and column is not None:
            self._report(
                column, text, "is in repair: taken in, and not lent until it is repaired", False
            )
        for index, column in self.reader.noted:
            value = self._clean(self.layout.sheet.value(self.line, index), column)
            if value is None or is_blank(value):
                continue
            if isinstance(value, str) and (loan.organisation is None or loan.returned):
                self._look_for_loan(column, tidy(value), loan, values)
            if column.field is not None and column.field not in KEPT:
                continue
            if column.field in ("own_name", "category") and means_nothing(value):
                continue
            result = Fault(value.problem) if isinstance(value, Unreadable) else note(value)
            if isinstance(result, Fault):
                self._report(column, value, result.problem, error=False)
            else:
                extras[column.header] = result
        self._look_at_type(loan, values)
        comments = self.layout.sheet.comments
        if not comments and not self.layout.sheet.struck:
            return extras | self.unread
        for index, column in self.layout.columns.items():
            if words := comments.get((self.line.number, index)):
                self._comment(column, words, loan, values, extras)
            if (self.line.number, index) in self.layout.sheet.struck:
                self._report(
                    column,
                    as_text(self.line.value(index)),
                    "is struck through in the spreadsheet, and was read as it is",
                    error=False,
                    keep=False,
                )
        return extras | self.unread

    def _look_at_type(self, loan: Loan, values: dict[str, Any]) -> None:
        """What follows a thing's name may show that it is gone: "Camera (lost)"."""
        place = self.layout.place("type")
        text = values.get("type", "")
        if place is None or loan.organisation is not None:
            return
        for part in _ASIDE.findall(text):
            words = tidy(next(filter(None, part), ""))
            if (
                speaks_of_loan(words)
                or speaks_of_gone(words)
                or status_of_words(words) in ("missing", "withdrawn")
            ):
                self._look_for_loan(place[1], words, loan, values, whole=text)
                return

    def _comment(
        self, column: Column, words: str, loan: Loan, values: dict[str, Any], extras: dict[str, str]
    ) -> None:
        text = tidy(words)
        kept = note(text)
        self._report(
            column, text, "is a comment on this cell, and was kept as a note", False, keep=False
        )
        if not isinstance(kept, Fault):
            extras[f"Comment on {column.header}"] = kept
        if loan.organisation is None:
            self._look_for_loan(column, text, loan, values)

    def _look_for_loan(
        self,
        column: Column,
        text: str,
        loan: Loan,
        values: dict[str, Any],
        whole: str | None = None,
    ) -> None:
        """Ask about a remark by which somebody has the thing, or it is gone."""
        if self.standing in ("missing", "withdrawn") or self.settled:
            return
        cell = whole or text
        answer = self.reader.wanted.value(column.header, cell)
        if answer and whole:
            values["type"] = tidy(_ASIDE.sub(" ", whole)) or whole
        if (
            answer
            and column.field == "location"
            and standing_of(answer) in ("missing", "withdrawn")
        ):
            values.pop("location", None)
        if answer is not None:
            if standing_of(answer) in ("missing", "withdrawn", "in_repair"):
                self.standing = standing_of(answer)
            elif answer == "out":
                loan.organisation = UNNAMED
                if column.field == "location" and status_of_words(text) == "out":
                    values.pop("location", None)
            elif answer not in ("", "in", "in_repair"):
                if answer == "on_loan_to":
                    answer = self._whom(column, text) or UNNAMED
                    if column.field == "location":
                        _drop_place(values, text)
                named = holder(answer, self.reader.today, self.reader.dates)
                if loan.returned and loan.organisation:  # it is out again, to somebody else
                    self.unread["Earlier loans"] = in_words(loan)
                    loan.out_on = loan.due_on = loan.returned_on = None
                loan.organisation = named.organisation or answer
                loan.due_on = loan.due_on or named.due_on
                loan.returned = False
                if named.quantity and named.quantity < values.get("quantity", 1):
                    loan.quantity = named.quantity
            return
        if (loan.returned and not _NOW.search(text)) or (
            self._anywhere("status") and status_of_words(self.status_cell[1]) == "in"
        ):
            return
        standing = status_of_words(text)
        gone = speaks_of_gone(text) or (standing if standing in ("missing", "withdrawn") else None)
        if gone:
            self._ask_gone(column, cell, gone)
            return
        place = column.field == "location"
        if place and standing == "in_repair":
            why = "Some places say that a thing is being repaired. Is it?"
            self._ask(column, cell, "repair", why, "in_repair", STATUS_CHOICES)
            return
        school = place and is_surely_school(text) and len(text) < 80
        if speaks_of_loan(text) or school or (place and standing == "out"):
            names_school = self._whom(column, text) is not None
            self._ask(
                column,
                cell,
                "place" if school else "loan",
                "Some places are schools. Is the thing on loan to them?"
                if school
                else "Some notes speak of a loan. Is the thing out now?",
                "on_loan_to" if names_school else "out",
                (
                    ("on_loan_to", "on loan to the school that each names")
                    if names_school
                    else ("out", "on loan, and nobody is on record"),
                    ("", "no: it is a note"),
                ),
            )

    def _whom(self, column: Column, text: str) -> str | None:
        """Who has the thing, by the words of a note, or by a place that is a school."""
        dates, today = self.reader.dates, self.reader.today
        school = column.field == "location" and is_surely_school(text) and len(text) < 80
        if school and not speaks_of_loan(text):
            here = holder(text, today, dates)
            until = f" until {here.due_on.isoformat()}" if here.due_on else ""
            return f"{here.organisation}{until}" if here.organisation else None
        return loan_in(text, today, dates)


def _drop_place(values: dict[str, Any], text: str) -> None:
    """Take a school out of where a thing is kept; the other columns for its place stay."""
    place = values.get("location", "")
    left = place.removesuffix(text).removesuffix(", ") if place != text else ""
    if left == place:
        left = place.removeprefix(f"{text}, ")
    if left:
        values["location"] = left
    else:
        values.pop("location", None)
