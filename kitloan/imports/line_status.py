"""How a thing is, by the words and ticks of one line: here, out, missing, gone, in repair."""

import re

from kitloan.imports.entries import Loan
from kitloan.imports.evidence import (
    looks_like_school,
    may_be_borrower,
)
from kitloan.imports.headings import plain_header, squeeze, stems
from kitloan.imports.holders import days_of_loan, holder, speaks_of_loan
from kitloan.imports.line_days import NO, STATUS_CHOICES, YES, LineDays
from kitloan.imports.rows import Column
from kitloan.imports.sheets import Unreadable
from kitloan.imports.statuses import (
    Standing,
    may_name_somebody,
    speaks_of_gone,
    speaks_of_repair,
    standing_of,
    status_of_words,
)
from kitloan.imports.values import (
    Fault,
    day,
    means_nothing,
    shown,
)
from kitloan.text.names import fold

FLAG_OUT = {
    *("lend", "out", "borrow", "issue", "checkout", "hire", "booked", "signed", "away"),
    *("outstanding", "still"),
}
_FLAG_IN = {
    "available",
    "availability",
    "in",
    "here",
    "present",
    "stock",
    "returned",
    "return",
    "back",
}
_FLAG_GONE = {"withdrawn", "scrapped", "disposed", "disposal", "written", "retired", "archived"}
_FLAG_MISSING = {"lost", "missing", "stolen"}
_LOAN_RUNS = {"active", "open", "current", "live", "ongoing", "in progress", "running"}
_FLAG_BEFORE = re.compile(r"(yes|y|no|n|✓|✔|x)\s*[-–:,;(/]\s*(?=\w)", re.IGNORECASE)
_BACK = re.compile(r"(?:returned|came back|handed back|brought back|back in)\b", re.IGNORECASE)
_CONDITIONS = {
    *(
        "good",
        "fair",
        "poor",
        "ok",
        "new",
        "used",
        "excellent",
        "worn",
        "very good",
        "as new",
        "bad",
    ),
    *(
        "in use",
        "reserved",
        "booked",
        "average",
        "mint",
        "serviceable",
        "complete",
        "incomplete",
        "clean",
        "tested",
        "pass",
        "passed",
    ),
}


class LineStatus(LineDays):
    """A line with how its thing is."""

    def _status(self, loan: Loan) -> Standing | None:
        """How the thing is, by the columns for it."""
        found: Standing | None = None
        for index, column in self.layout.places("status"):
            value = self.layout.sheet.value(self.line, index)
            if value is None or isinstance(value, Unreadable):
                continue
            text = shown(value)
            if not text or (means_nothing(value) and fold(text) not in NO):
                continue
            here = self._one_status(column, text, loan)
            order = ("withdrawn", "missing", "out", "in_repair", "in")
            if here and (found is None or order.index(here) < order.index(found)):
                found, self.status_cell = here, (column, text)
        return found

    def _one_status(self, column: Column, text: str, loan: Loan) -> Standing | None:
        header = column.header
        answer = self.reader.wanted.value(header, text)
        if answer is not None:
            self.settled = True
            return standing_of(answer)
        if self.layout.made_by:
            answers = self.layout.made_by.values.get(squeeze(plain_header(header)), {})
            if fold(text) in answers:
                return standing_of(answers[fold(text)])
            if text.startswith("(") is False and fold(text).endswith("(deployed)"):
                return "out"
            if fold(text) in _CONDITIONS:
                return None
        key = fold(text)
        if coded := self._coded(key):
            if coded in ("missing", "withdrawn"):
                self._ask_gone(column, text, coded)
            return coded
        words = set(stems(header))
        if key in YES | NO and not (key in ("1", "0") and not self.layout.made_by):
            return self._flag(column, text, yes=key in YES, words=words)
        if words & (_FLAG_GONE | _FLAG_MISSING) and not isinstance(
            day(text, dates=self.reader.dates), Fault
        ):
            return self._flag(column, text, yes=True, words=words)
        if key in ("1", "0") and words & (FLAG_OUT | _FLAG_IN | _FLAG_GONE | _FLAG_MISSING):
            return self._flag(column, text, yes=key == "1", words=words)
        standing = status_of_words(text)
        if key in _LOAN_RUNS and self.layout.place("out_on") and self._names_borrower():
            standing = "out"  # a list of loans: the loan is, and not the thing
        if standing is None and self.layout.made_by is None:
            standing = self._loan_in_status(column, text, loan)
        if standing is None and (back := _BACK.match(text)):
            rest = text[back.end() :].strip(" ,;:-–()")
            standing = status_of_words(rest) or ("in_repair" if speaks_of_repair(rest) else "in")
            self._report(column, text, "was read as: back", error=False)
        standing = standing or speaks_of_gone(text)
        if standing is None and speaks_of_repair(text):
            standing = "in_repair"
        if standing is None:
            if key not in _CONDITIONS:
                self._ask(
                    column,
                    text,
                    "status",
                    "Some words for how a thing is are not known. What do they mean?",
                    None if may_name_somebody(text) or looks_like_school(text) else "",
                    STATUS_CHOICES,
                )
            return None
        if standing in ("missing", "withdrawn"):
            self._ask_gone(column, text, standing)
        if standing == "out" and self.layout.made_by is None:
            self._loan_behind_word(column, text, loan)
        return standing

    def _loan_behind_word(self, column: Column, text: str, loan: Loan) -> None:
        """Take what is behind a word for "out": who has it, until when, since when."""
        today, dates = self.reader.today, self.reader.dates
        behind = text.partition("(")[2]
        named = holder(text, today, dates) if looks_like_school(behind) else None
        if named and named.organisation and not named.doubt:
            loan.organisation = loan.organisation or named.organisation
            loan.due_on = loan.due_on or named.due_on
            loan.out_on = loan.out_on or named.out_on
            return
        due, out = days_of_loan(text, today, dates)
        loan.due_on, loan.out_on = loan.due_on or due, loan.out_on or out
        if not (due or out) and any(map(str.isdecimal, text)) and column.field == "status":
            self.unread[column.header] = text

    def _coded(self, code: str) -> Standing | None:
        """What a code means by the key beneath the table."""
        words = self.layout.codes.get(code, "")
        found = status_of_words(words) or speaks_of_gone(words)
        return found or ("in_repair" if speaks_of_repair(words) else None)

    def _loan_in_status(self, column: Column, text: str, loan: Loan) -> Standing | None:
        """How a thing is by words that name who has it: "Out - Alva PS", "Yes: Alva PS"."""
        words = set(stems(column.header))
        flag = _FLAG_BEFORE.match(text)
        rest = text[flag.end() :] if flag else text
        yes = flag is not None and fold(flag[1]) in YES
        out = yes if words & FLAG_OUT else not yes if flag and words & _FLAG_IN else None
        if flag and out is not None:
            standing = status_of_words(rest) or speaks_of_gone(rest)
            if standing or not out:
                self.unread[column.header] = text
                return standing or "in"
        named = holder(rest, self.reader.today, self.reader.dates)
        school = named.organisation if not named.doubt and not named.standing else None
        if school and not out and not may_be_borrower(school):
            school = None
        heading = out or words & FLAG_OUT
        if not speaks_of_loan(text) and not (school and heading):
            return None
        if school:
            loan.organisation = loan.organisation or school
            loan.due_on = loan.due_on or named.due_on
            loan.out_on = loan.out_on or named.out_on
            if named.rest:
                what = f"was read as: {school}; {named.rest!r}, kept as a note"
                self._report(column, text, what, error=False)
        return "out"

    def _flag(self, column: Column, text: str, *, yes: bool, words: set[str]) -> Standing | None:
        """What yes or no under a heading means: on loan, here, gone."""
        if words & {"not", "no"} and words & _FLAG_IN:
            return "out" if yes else "in"
        if words & _FLAG_GONE:
            if yes:
                self._ask_gone(column, text, "withdrawn")
            return "withdrawn" if yes else None
        if words & _FLAG_MISSING:
            if yes:
                self._ask_gone(column, text, "missing")
            return "missing" if yes else None
        if words & FLAG_OUT and not words & {"available"}:
            return "out" if yes else "in"
        if words & _FLAG_IN:
            if not yes and not self._names_borrower():
                self._ask(
                    column,
                    text,
                    "not_here",
                    "Some things are not available, and nobody is named who has them. How are "
                    "they?",
                    None,
                    STATUS_CHOICES,
                )
                return None
            return "in" if yes else "out"
        self._ask(
            column,
            text,
            "yes_no",
            "Yes and no are under a heading that could mean several things. What do they mean?",
            None,
            STATUS_CHOICES,
        )
        return None

    def _names_borrower(self) -> bool:
        return any(
            not means_nothing(self.layout.sheet.value(self.line, index))
            for index, _ in self.layout.places("on_loan_to")
        )
