"""The days of a loan as one line has them: out, due back, returned."""

import re
from datetime import date, timedelta
from typing import Any

from kitloan.imports.entries import Loan
from kitloan.imports.line_fields import PAST, LineFields
from kitloan.imports.rows import Column
from kitloan.imports.sheets import Unreadable
from kitloan.imports.statuses import (
    Standing,
    speaks_of_gone,
    standing_of,
    status_of_words,
)
from kitloan.imports.values import (
    Fault,
    day_among_words,
    means_nothing,
    shown,
    yearless,
)
from kitloan.text.names import fold

YES = {"yes", "y", "true", "x", "✓", "✔", "☑", "tick", "ticked", "1"}
NO = {"no", "n", "false", "✗", "☐", "0"}
_SURELY_NEAREST = timedelta(days=120)
"""A due date so near to today, one way or the other, is the one of this year."""
_YEARS_DUE = (
    ("nearest", "the first after the thing went out; else the one nearest to today"),
    ("", "leave the day out: keep it as a note"),
)
_YEARS_OUT = (
    ("past", "the last such day"),
    ("", "leave the day out: keep it as a note"),
)
STATUS_CHOICES = (
    ("in", "here"),
    ("out", "on loan"),
    ("missing", "missing"),
    ("withdrawn", "gone for good: leave the row out"),
    ("in_repair", "being repaired"),
    ("", "none of these: keep it as a note"),
)


class LineDays(LineFields):
    """A line with the days of its loan."""

    def _anywhere(self, name: str) -> Column | None:
        place = self.layout.place(name)
        return place[1] if place else None

    def _ask(
        self,
        column: Column,
        value: str,
        topic: str,
        why: str,
        proposed: str | None,
        choices: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.asked = True
        self.reader.questions.about_value(
            self.layout.sheet.name,
            column.header,
            self.line.number,
            value,
            topic,
            why,
            proposed,
            choices,
        )

    def _loan_dates(self, loan: Loan, values: dict[str, Any]) -> None:
        nth = self._nth_loan()
        for name in ("out_on", "due_on", "returned_on"):
            places = self.layout.places(name)
            if nth is not None and len(places) > nth and len(places) > 1:
                places = [places[nth]]
            for index, column in places:
                value = self._clean(self.layout.sheet.value(self.line, index), column)
                if value is None or means_nothing(value):
                    continue
                text = shown(value)
                if name == "returned_on" and (fold(text) in YES | NO or status_of_words(text)):
                    loan.returned = loan.returned or (
                        fold(text) in YES or status_of_words(text) == "in"
                    )
                    continue
                found = self._day(index, column, value, past=name in PAST)
                if isinstance(found, Fault):
                    if isinstance(value, str) and self._in_words(loan, name, index, column, text):
                        continue
                    self._report(column, value, f"{found.problem}; kept as a note", error=False)
                    if name == "returned_on" and not isinstance(value, Unreadable):
                        self._ask_returned(column, text, loan)
                    continue
                setattr(loan, name, found)
                if name == "returned_on":
                    loan.returned = True

    def _without_year(
        self, loan: Loan, name: str, column: Column, text: str, days: tuple[date, ...]
    ) -> None:
        """A day without its year: a due date asks for it, with a proposal where one is safe."""
        today = self.reader.today
        if name == "returned_on":
            loan.returned = True
            what = "has no year: the thing is back, and the day was kept as a note"
            self._report(column, text, what, error=False)
            return
        nearest = min(days, key=lambda each: abs(each - today))
        last = next((each for each in reversed(days) if each <= today), None)
        after = next((each for each in days if loan.out_on and each >= loan.out_on), None)
        meant = {"nearest": after or nearest, "past": last}
        if name == "out_on":
            proposed: str | None = "past"
            choices = _YEARS_OUT
        else:
            sure = after is not None or abs(nearest - today) <= _SURELY_NEAREST
            proposed = "nearest" if sure else None
            choices = _YEARS_DUE
        answer = self.reader.wanted.value(column.header, text)
        if answer in meant:
            setattr(loan, name, meant[answer])
            return
        if answer and (found := next((e for e in days if str(e.year) == answer), None)):
            setattr(loan, name, found)
            return
        self._report(column, text, "has no year; kept as a note", error=False)
        if answer is None:
            asked = self.asked
            why = "Some days have no year. Which is meant? Type the year, or choose."
            self._ask(column, text, "no_year", why, proposed, choices)
            self.asked = asked  # it does not show who has the thing

    def _nth_loan(self) -> int | None:
        """Of several columns for the borrower, which is the last that is filled."""
        places = self.layout.places("on_loan_to")
        if len(places) < 2:
            return None
        filled = [
            at
            for at, (index, _) in enumerate(places)
            if not means_nothing(self.layout.sheet.value(self.line, index))
        ]
        return filled[-1] if filled else None

    def _in_words(self, loan: Loan, name: str, index: int, column: Column, text: str) -> bool:
        """Whether a cell for a day of a loan has one among other words, or means it is back."""
        profile = self.layout.profiles.get(index)
        dates = profile.dates if profile else self.reader.dates
        today = self.reader.today
        among = day_among_words(text, dates=dates)
        back = status_of_words(text) == "in" or re.match(r"(?:returned|back)\b", text, re.I)
        if name == "due_on" and back and not (among and among > today):
            loan.returned = not re.match(r"back (?:by|on|before|in|at)\b", text, re.I)
            if loan.returned:
                return True
        gone = speaks_of_gone(text) or status_of_words(text)
        if gone in ("missing", "withdrawn"):
            answer = self.reader.wanted.value(column.header, text)
            if answer is None:
                self._ask_gone(column, text, gone)
            elif standing_of(answer):
                self.standing, self.settled = standing_of(answer), True
            self._report(column, text, "is no day; kept as a note", error=False)
            return True
        if among:
            what = f"was read as {among.day} {among:%b %Y}; kept as a note"
            self._report(column, text, what, error=False)
            setattr(loan, name, among)
            loan.returned = loan.returned or name == "returned_on"
            return True
        if days := yearless(text, today, dates):
            self._without_year(loan, name, column, text, days)
        return bool(days)

    def _ask_returned(self, column: Column, text: str, loan: Loan) -> None:
        answer = self.reader.wanted.value(column.header, text)
        if answer is None:
            self._ask(
                column,
                text,
                "returned",
                "Some cells for the day of return hold no date. Is the thing back?",
                "out" if re.search(r"\b(?:not|still|no)\b", text, re.IGNORECASE) else None,
                (("in", "it is back"), ("out", "it is still out")),
            )
        elif answer == "in":
            loan.returned = True

    def _ask_gone(self, column: Column, text: str, standing: Standing) -> None:
        why = (
            "Some rows are lost, by the register's own word. Are they to be recorded as missing?"
            if standing == "missing"
            else "Some rows are scrapped or written off, by the register's own word. Are they to "
            "be left out?"
        )
        self._ask(column, text, "gone", why, standing, STATUS_CHOICES)
