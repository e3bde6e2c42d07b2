"""What one line says of a loan: how the thing is, who has it, since when and until when.

What could change who has what, and is not certain, is a question.
"""

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from kitloan.imports.entries import Loan, plain_header
from kitloan.imports.evidence import (
    looks_like_person,
    looks_like_place,
    looks_like_school,
)
from kitloan.imports.headings import squeeze, stems
from kitloan.imports.holders import Holder, holder, named_in_json, speaks_of_loan
from kitloan.imports.line_fields import PAST, LineFields
from kitloan.imports.rows import UNNAMED, Column
from kitloan.imports.sheets import Unreadable, Value, is_blank
from kitloan.imports.statuses import (
    STANDINGS,
    Standing,
    may_name_somebody,
    speaks_of_gone,
    speaks_of_repair,
    status_of_words,
)
from kitloan.imports.values import (
    NAMES_A_PERSON,
    NONE_LEFT,
    READERS,
    Fault,
    as_text,
    borrower,
    day,
    day_among_words,
    means_nothing,
    note,
    says_not_out,
    shown,
    yearless,
)
from kitloan.text.names import fault, fold, organisation_key, plain, skeleton, tidy
from kitloan.text.personal import names_a_person
from kitloan.text.scans import kind_of_code as _kind_of_code

kind_of_code = lru_cache(maxsize=4096)(_kind_of_code)  # one school has many rows
_FLAG_OUT = {"lend", "out", "borrow", "issue", "checkout", "hire", "booked", "signed", "away"}
_FLAG_IN = {"available", "in", "here", "present", "stock", "returned", "return", "back"}
_FLAG_GONE = {"withdrawn", "scrapped", "disposed", "disposal", "written", "retired", "archived"}
_FLAG_MISSING = {"lost", "missing", "stolen"}
_YES = {"yes", "y", "true", "x", "✓", "✔", "☑", "tick", "ticked", "1"}
_NO = {"no", "n", "false", "✗", "☐", "0"}
_LOAN_RUNS = {"active", "open", "current", "live", "ongoing", "in progress", "running"}
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
_NOT_A_NAME = frozenset({*STANDINGS, "on_loan_to", "borrower_person", "contact", "until", "since"})
"""Answers about a borrower's cell that are no name of an organisation."""
_UNSURE_WHO = "Some cells do not name who has the thing. Is it on loan?"
_OUT_OR_IN = (("out", "on loan, and nobody is on record"), ("in", "not on loan"))
_YES_OUT = _YES | {"out", "on loan"}
STATUS_CHOICES = (
    ("in", "here"),
    ("out", "on loan"),
    ("missing", "missing"),
    ("withdrawn", "gone for good: leave the row out"),
    ("in_repair", "being repaired"),
    ("", "none of these: keep it as a note"),
)


class LineLoans(LineFields):
    """A line with its loan."""

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

    def _loan(self, values: dict[str, Any]) -> Loan:
        """What the line says of a loan; the standing of the thing beside it."""
        loan = Loan()
        self._loan_dates(loan, values)
        status = self._status(loan)
        held = self._holder(loan, values)
        quantity_out = self._quantity_out()
        under = self.reader.section
        if under and under[0] == "on_loan_to" and not loan.organisation:
            named = holder(under[1], self.reader.today, self.reader.dates)
            loan.organisation = named.organisation or under[1]
            loan.due_on = loan.due_on or named.due_on
        if under and under[0] == "status":
            status = status or standing_of(under[1])
        standing = status or held
        if standing in ("missing", "withdrawn", "in_repair"):
            self.standing = standing
        self._settle(loan, values, status, held, quantity_out)
        return loan

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
                if name == "returned_on" and (fold(text) in _YES | _NO or status_of_words(text)):
                    loan.returned = loan.returned or (
                        fold(text) in _YES or status_of_words(text) == "in"
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
            self.asked = asked  # it says nothing of who has the thing

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
        """Whether a cell for a day of a loan has one among other words, or says it is back."""
        profile = self.layout.profiles.get(index)
        dates = profile.dates if profile else self.reader.dates
        today = self.reader.today
        said = day_among_words(text, dates=dates)
        back = status_of_words(text) == "in" or re.match(r"(?:returned|back)\b", text, re.I)
        if name == "due_on" and back and not (said and said > today):
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
        if said:
            what = f"was read as {said.day} {said:%b %Y}; kept as a note"
            self._report(column, text, what, error=False)
            setattr(loan, name, said)
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

    def _status(self, loan: Loan) -> Standing | None:
        """How the thing is, by the columns that say so."""
        found: Standing | None = None
        for index, column in self.layout.places("status"):
            value = self.layout.sheet.value(self.line, index)
            if value is None or isinstance(value, Unreadable):
                continue
            text = shown(value)
            if not text or (means_nothing(value) and fold(text) not in _NO):
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
        words = set(stems(header))
        if key in _YES | _NO and not (key in ("1", "0") and not self.layout.made_by):
            return self._flag(column, text, yes=key in _YES, words=words)
        if words & (_FLAG_GONE | _FLAG_MISSING) and not isinstance(
            day(text, dates=self.reader.dates), Fault
        ):
            return self._flag(column, text, yes=True, words=words)
        if key in ("1", "0") and words & (_FLAG_OUT | _FLAG_IN | _FLAG_GONE | _FLAG_MISSING):
            return self._flag(column, text, yes=key == "1", words=words)
        standing = status_of_words(text)
        if key in _LOAN_RUNS and self.layout.place("out_on") and self._names_borrower():
            standing = "out"  # a list of loans: the loan is, and not the thing
        if standing is None and self.layout.made_by is None and speaks_of_loan(text):
            named = holder(text, self.reader.today)
            if named.organisation and looks_like_school(named.organisation):
                loan.organisation = loan.organisation or named.organisation
                loan.due_on = loan.due_on or named.due_on
            standing = "out"
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
        return standing

    def _ask_gone(self, column: Column, text: str, standing: Standing) -> None:
        why = (
            "Some rows are lost, by the register's own word. Are they to be recorded as missing?"
            if standing == "missing"
            else "Some rows are scrapped or written off, by the register's own word. Are they to "
            "be left out?"
        )
        self._ask(column, text, "gone", why, standing, STATUS_CHOICES)

    def _flag(self, column: Column, text: str, *, yes: bool, words: set[str]) -> Standing | None:
        """What yes or no under a heading says: on loan, here, gone."""
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
        if words & _FLAG_OUT and not words & {"available"}:
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

    def _holder(self, loan: Loan, values: dict[str, Any]) -> Standing | None:
        """Who has it, by the columns that say so: the last that is filled counts."""
        standing: Standing | None = None
        for index, column in self.layout.places("on_loan_to"):
            value = self._clean(self.layout.sheet.value(self.line, index), column)
            if value is None or is_blank(value):
                self._same_borrower(column, loan)
                continue
            if means_nothing(value):
                continue
            earlier = loan.organisation
            standing = self._one_holder(column, value, loan, values)
            if earlier and loan.organisation and earlier != loan.organisation:
                self.unread[f"Earlier: {column.header}"] = earlier
        self.reader.above = loan.organisation or self.reader.above
        people = [
            as_text(self.layout.sheet.value(self.line, index))
            for index, _ in self.layout.places("borrower_person")
        ]
        if person := tidy(" ".join(text for text in people if text and not means_nothing(text))):
            values.setdefault("contact", person[:200])
            if loan.organisation is None and standing is None and not says_not_out(person):
                loan.organisation = UNNAMED
        return standing

    def _same_borrower(self, column: Column, loan: Loan) -> None:
        """A blank beneath a borrower in front of the things may mean the same borrower."""
        above = self.reader.above
        if not self.reader.grouped or above is None:
            return
        answer = self.reader.wanted.value(column.header, "")
        if answer == "above":
            loan.organisation = above
        elif answer is None:
            self._ask(
                column,
                "",
                "same_above",
                "The borrower is in front of the things, and some cells are blank. Do they mean "
                "the borrower of the row above, or not on loan?",
                None,
                (("above", "the same borrower as above"), ("in", "not on loan")),
            )

    def _one_holder(
        self, column: Column, value: Any, loan: Loan, values: dict[str, Any]
    ) -> Standing | None:
        text = shown(value)
        if text == "{}":  # another program's nothing
            return "in"
        if text.startswith("{"):
            value = text = tidy(named_in_json(text))
        answer = self.reader.wanted.value(column.header, text)
        if answer is not None:
            return self._answered(answer, text, column, loan, values)
        if self.layout.made_by is not None:
            settled, standing = self._by_kind(column, text, loan, values)
            if settled:
                return standing
        first, _, rest = (
            str(value).strip().partition("\n") if isinstance(value, str) else ("", "", "")
        )
        if rest.strip() and looks_like_school(first):  # an address beneath the name
            kept = note(rest)
            if not isinstance(kept, Fault):
                self.unread[column.header] = kept
            value, text = first, tidy(first)
        if isinstance(value, Unreadable):
            self._report(column, value, value.problem, error=True)
            return None
        result = READERS["on_loan_to"](value)
        found = holder(text, self.reader.today, self.reader.dates)
        if (
            isinstance(result, Fault)
            and not (found.organisation and not found.doubt and found.person)
            and (
                result is NAMES_A_PERSON
                or found.standing not in ("in", "out")
                or fold(text) in _YES
            )
        ):
            self._cannot_lend_to(result, column, value)
            return None
        if kind := kind_of_code(text):
            self._ask_who(column, text, f"Some cells for the borrower hold {kind}, not a name.")
            return None
        return self._understood(found, text, column, loan, values)

    def _answered(
        self, answer: str, text: str, column: Column, loan: Loan, values: dict[str, Any]
    ) -> Standing | None:
        """A borrower's cell as the map says it is to be read."""
        if answer in ("", "in"):
            self.unread[column.header] = text
            return "in"
        if answer in STANDINGS:
            self.unread[column.header] = text
            return standing_of(answer)
        if answer in ("until", "since"):
            read = day(text, dates=self.reader.dates)
            if not isinstance(read, Fault):
                loan.organisation = UNNAMED
                setattr(loan, "due_on" if answer == "until" else "out_on", read)
                return None
        if answer == "borrower_person" or answer == "contact":
            found = holder(text, self.reader.today, self.reader.dates)
            values.setdefault("contact", (found.person or text)[:200])
            loan.organisation, loan.due_on = UNNAMED, loan.due_on or found.due_on
            return None
        found = holder(
            text if answer == "on_loan_to" else answer, self.reader.today, self.reader.dates
        )
        named = found.organisation or found.person or (text if answer == "on_loan_to" else answer)
        if wrong := kind_of_code(named) or fault(tidy(named)[:200]):
            self._ask_who(
                column, text, f"The answer {plain(named[:60])!r} cannot be a name: {wrong}."
            )
            return None
        loan.organisation = tidy(named)[:200]
        loan.due_on = loan.due_on or found.due_on
        loan.out_on = loan.out_on or found.out_on
        return None

    def _understood(
        self, found: Holder, text: str, column: Column, loan: Loan, values: dict[str, Any]
    ) -> Standing | None:
        if found.doubt == "unsure":
            self._ask(column, text, "unsure", _UNSURE_WHO, None, _OUT_OR_IN)
            return None
        if found.doubt == "reserved":
            self._ask(
                column,
                text,
                "reserved",
                "Some things are reserved. Are they still here?",
                "in",
                (("in", "here: keep it as a note"), ("on_loan_to", "on loan already")),
            )
            return "in"
        if found.doubt == "person":
            self._ask_people(column, text)
            return None
        if found.doubt == "several":
            self._ask(
                column,
                text,
                "several_borrowers",
                "Some cells name several borrowers. Who has the thing?",
                None,
                (("on_loan_to", "one borrower of this name"), ("in", "not on loan")),
            )
            return None
        if found.doubt == "sentence":
            self._ask(
                column,
                text,
                "sentence",
                "Some borrowers are whole sentences. Who has the thing?",
                None,
                (("on_loan_to", "one borrower of this name"), ("in", "not on loan")),
            )
            return None
        if found.standing in ("missing", "withdrawn", "in_repair"):
            self._ask(
                column,
                text,
                "gone",
                "Some cells for the borrower hold how the thing is instead. Is that so?",
                found.standing,
                STATUS_CHOICES,
            )
            return found.standing
        if found.standing == "in":
            if not says_not_out(text):
                self._report(column, text, "was read as: not on loan", error=False)
            return "in"
        if found.standing == "out" or found.organisation is None:
            return found.standing
        name = found.organisation
        if looks_like_place(name) and not looks_like_school(name) and not self._is_known(name):
            self._ask(
                column,
                text,
                "place",
                "Some cells for the borrower name a place in the college. Is the thing here?",
                "in",
                (("in", "here: keep it as a note"), ("on_loan_to", "on loan to them")),
            )
            return None
        organisation = READERS["on_loan_to"](found.organisation)
        if isinstance(organisation, Fault):
            self._cannot_lend_to(organisation, column, text)
            return None
        if names_a_person(organisation, values.get("contact")):
            self._ask_people(column, text)
            return None
        answer = self.reader.wanted.value(column.header, organisation)
        if organisation != text and answer and answer not in _NOT_A_NAME:
            organisation = answer  # of a name that has a date or a person next to it in this cell
        loan.organisation = organisation
        loan.due_on = loan.due_on or found.due_on
        loan.out_on = loan.out_on or found.out_on
        loan.quantity = found.quantity
        if found.person:
            values.setdefault("contact", found.person[:200])
        if found.rest or found.due_on or found.out_on or found.person or found.quantity:
            parts = [organisation]
            parts += [f"{found.quantity} of them"] if found.quantity else []
            parts += [f"due {found.due_on.isoformat()}"] if found.due_on else []
            parts += [f"since {found.out_on.isoformat()}"] if found.out_on else []
            parts += ["a person, kept as the contact"] if found.person else []
            parts += [f"{found.rest!r}, kept as a note"] if found.rest else []
            self._report(
                column, text, f"was read as: {'; '.join(parts)}", False, keep=bool(found.rest)
            )
        return "out"

    def _cannot_lend_to(self, found: Fault, column: Column, value: Value) -> None:
        """Ask about a cell that cannot be the name of a borrower; bad text is an error.

        Its row waits for the answer: taken in as if it were here, it would be promised to another.
        """
        text = shown(value)
        dated = not isinstance(value, Unreadable | None) and not isinstance(
            day(value, dates=self.reader.dates), Fault
        )
        self.refused = True
        if isinstance(value, int) and (kind := kind_of_code(text)):
            self._ask_who(column, text, f"Some cells for the borrower hold {kind}, not a name.")
        elif found is NAMES_A_PERSON:
            self._ask_people(column, text)
        elif dated:
            self._ask(
                column,
                text,
                "date",
                "Some cells for the borrower hold a date. What does it say of the loan?",
                None,
                (
                    ("until", f"on loan until that day, to {UNNAMED!r}"),
                    ("since", f"on loan since that day, to {UNNAMED!r}"),
                    ("in", "not on loan: keep it as a note"),
                ),
            )
        elif fold(text) in _YES_OUT:
            self._ask(column, text, "unsure", _UNSURE_WHO, None, _OUT_OR_IN)
        elif not text.isascii() and not isinstance(borrower(skeleton(text)), Fault):
            self._ask_who(column, text, f"A cell for the borrower {found.problem}.")
        elif not isinstance(value, str):
            self._ask_who(column, text, "Some cells for the borrower hold a number, not a name.")
        else:
            self._report(column, value, found.problem, error=True)

    def _ask_people(self, column: Column, text: str) -> None:
        """Ask about a person in place of a borrower; with a school beside them, who has it."""
        if looks_like_school(text) and "@" not in text:
            seen = "Some cells name a school and a person, and cannot be told apart."
            self._ask_who(column, text, seen)
            return
        self._ask(
            column,
            text,
            "people",
            "Some borrowers read as people. kitloan keeps a person apart from the school, so "
            "that they can be forgotten. Are these people?",
            "borrower_person",
            (
                ("borrower_person", f"people; the loan is to '{UNNAMED}'"),
                ("on_loan_to", "no: these are organisations"),
                ("in", "not on loan: keep it as a note"),
            ),
        )

    def _ask_who(self, column: Column, text: str, seen: str) -> None:
        self._ask(
            column,
            text,
            "no_name",
            f"{seen} Who has the thing? Type the name, or choose.",
            None,
            (("out", "on loan, and nobody is on record"), ("in", "not on loan")),
        )

    def _is_known(self, name: str) -> bool:
        return organisation_key(name[:200]) in self.reader.known

    def _by_kind(
        self, column: Column, text: str, loan: Loan, values: dict[str, Any]
    ) -> tuple[bool, Standing | None]:
        """A borrower of another program's export, which knows people from places; whether it
        did.
        """
        place = self.layout.place("borrower_kind")
        kind = fold(shown(self.line.value(place[0]))) if place else ""
        if kind == "asset":
            self.unread[column.header] = text
            return True, None
        if kind == "user" or (not kind and looks_like_person(text)):
            values.setdefault("contact", text[:200])
            loan.organisation = UNNAMED
            self._report(column, text, "is a person, kept as the contact", False, keep=False)
            return True, "out"
        if kind == "location":
            loan.organisation = text[:200]
            return True, "out"
        return False, None

    def _quantity_out(self) -> int | None:
        """How many are out; 0 for none, None where the register does not say."""
        place = self.layout.place("quantity_out")
        if place is None:
            return None
        index, column = place
        value = self._own_or_merged(index, column)
        if value is None or is_blank(value) or means_nothing(value):
            return 0
        result = (
            Fault(value.problem) if isinstance(value, Unreadable) else READERS["quantity"](value)
        )
        if result is NONE_LEFT:
            return 0
        if isinstance(result, Fault):
            self._report(column, value, result.problem, error=True)
            return None
        return int(result)

    def _settle(
        self,
        loan: Loan,
        values: dict[str, Any],
        status: Standing | None,
        held: Standing | None,
        quantity_out: int | None,
    ) -> None:
        """Weigh what the columns say against one another."""
        held_by = loan.organisation
        column = self._anywhere("on_loan_to") or self._anywhere("borrower_person")
        if self.standing in ("missing", "withdrawn", "in_repair") and held_by and column:
            self.unread[column.header] = held_by
            loan.organisation = None
            return
        if loan.returned:
            return
        if loan.out_on and loan.out_on > self.reader.today and held_by:
            self._not_yet(loan, column, held_by)
            return
        if status == "in" and held_by and column:
            self._not_out_after_all(loan, column, held_by)
            return
        if status is None and held_by and column and self._blank_flag():
            self._not_out_after_all(loan, column, held_by)
            return
        if self.layout.is_loans and held_by and quantity_out is None and "quantity" in values:
            loan.quantity = values.pop("quantity")
            quantity_out = None
        elif quantity_out is None and loan.quantity and held_by:
            quantity_out = loan.quantity
        if quantity_out is not None:
            self._part_of_a_stock(loan, values, column, quantity_out)
        out = status == "out" or held == "out" or bool(quantity_out)
        out = out or bool(self.layout.made_by and loan.due_on and self._due_means_out())
        if out and loan.organisation is None and held != "in":
            loan.organisation = UNNAMED
            by, text = self.status_cell
            if by is None:
                by = self._anywhere("quantity_out") or self._anywhere("due_on") or column
            what = f"is on loan, and nobody is named who has it: recorded as {UNNAMED!r}"
            if not self.asked:
                self._report(by, text, what, error=False, keep=False)
        if loan.organisation is None and loan.due_on:
            place = self._anywhere("due_on")
            what = "is a due date, but nobody is named who has it"
            pending = self.reader.section is not None and self.reader.section[0] == "pending"
            if place and not self.asked and not pending:
                self._report(place, as_text(loan.due_on), what, error=False)
            loan.due_on = None

    def _due_means_out(self) -> bool:
        return self.layout.made_by is not None and self.layout.made_by.due_means_out

    def _not_yet(self, loan: Loan, column: Column | None, held_by: str) -> None:
        """A loan that begins on a day to come is a booking, and the thing is here."""
        place = self.layout.place("out_on")
        if place is None or loan.out_on is None:
            return
        text = shown(self.line.value(place[0]))
        answer = self.reader.wanted.value(place[1].header, text)
        if answer == "out":
            return
        if answer is None:
            self._ask(
                place[1],
                text,
                "to_come",
                "Some loans begin on a day to come. Is the thing still here?",
                "in",
                (("in", "here: keep it as a note"), ("out", "on loan already")),
            )
        self.unread[column.header if column else "Booked"] = f"{held_by} from {loan.out_on}"
        loan.organisation = loan.due_on = loan.out_on = None

    def _blank_flag(self) -> bool:
        """Whether a column of ticks says by its blank cell that the thing is not out."""
        for index, column in self.layout.places("status"):
            profile = self.layout.profiles.get(index)
            if not profile or not is_blank(self.line.value(index)):
                continue
            if profile.share("yes_no") > 0.8 and set(stems(column.header)) & _FLAG_OUT:
                return True
        return False

    def _not_out_after_all(self, loan: Loan, column: Column, held_by: str) -> None:
        """A borrower is named beside a status that says the thing is here."""
        due = self._anywhere("due_on")
        if loan.due_on and loan.due_on >= self.reader.today and due:
            text = shown(self.line.value(self.layout.places("due_on")[0][0]))
            answer = self.reader.wanted.value(due.header, text)
            if answer == "out":
                return
            if answer is None:
                self._ask(
                    due,
                    text,
                    "contradiction",
                    "By some rows the thing is here, and somebody has it until a day to come. "
                    "Which is it?",
                    None,
                    (("out", "on loan"), ("in", "here")),
                )
        self.unread[column.header] = held_by
        loan.organisation, loan.due_on, loan.out_on = None, None, None

    def _part_of_a_stock(
        self, loan: Loan, values: dict[str, Any], column: Column | None, quantity_out: int
    ) -> None:
        place = self._anywhere("quantity_out") or column
        held = values.get("quantity", 1)
        if quantity_out > held:
            what = f"is more than there are: {held}"
            self._report(place, str(quantity_out), what, error=True)
        elif quantity_out == 0 and loan.organisation and column:
            blank = is_blank(self.line.value(self.layout.places("quantity_out")[0][0]))
            if blank:
                what = "is blank, and somebody is named who has it: how many are out?"
                self._report(place, None, what, error=True)
            else:
                self.unread[column.header] = loan.organisation
                loan.organisation, loan.due_on = None, None
        elif quantity_out:
            loan.quantity = quantity_out


def standing_of(answer: str) -> Standing | None:
    return answer if answer in STANDINGS else None
