"""Who has a thing, by the cells of one line. A cell that names no organisation is a question."""

from functools import lru_cache
from typing import Any

from kitloan.imports.entries import Loan
from kitloan.imports.evidence import (
    looks_like_person,
    looks_like_place,
    looks_like_school,
)
from kitloan.imports.holders import Holder, holder, named_in_json
from kitloan.imports.line_days import STATUS_CHOICES, YES
from kitloan.imports.line_status import LineStatus
from kitloan.imports.rows import UNNAMED, Column
from kitloan.imports.shared_stock import BorrowerShare, part_of_stock, parts_of_stock
from kitloan.imports.sheets import Unreadable, Value, is_blank
from kitloan.imports.statuses import (
    STANDINGS,
    Standing,
    standing_of,
)
from kitloan.imports.values import (
    NAMES_A_PERSON,
    READERS,
    Fault,
    as_text,
    borrower,
    day,
    means_not_out,
    means_nothing,
    note,
    shown,
)
from kitloan.text.names import fault, fold, organisation_key, plain, skeleton, tidy
from kitloan.text.personal import names_a_person
from kitloan.text.scans import kind_of_code as _kind_of_code

kind_of_code = lru_cache(maxsize=4096)(_kind_of_code)  # one school has many rows
_NOT_A_NAME = frozenset({*STANDINGS, "on_loan_to", "borrower_person", "contact", "until", "since"})
"""Answers about a borrower's cell that are no name of an organisation."""
_UNSURE_WHO = "Some cells do not name who has the thing. Is it on loan?"
_OUT_OR_IN = (("out", "on loan, and nobody is on record"), ("in", "not on loan"))
_YES_OUT = YES | {"out", "on loan"}


class LineBorrower(LineStatus):
    """A line with its borrower."""

    def _holder(self, loan: Loan, values: dict[str, Any]) -> Standing | None:
        """Who has it, by the columns for borrowers: the last that is filled counts."""
        standing: Standing | None = None
        for index, column in self.layout.places("on_loan_to"):
            value = self._clean(self._in_plan(index), column)
            if value is None or is_blank(value):
                self._same_borrower(column, loan)
                continue
            if means_nothing(value):
                continue
            earlier = loan.organisation
            standing = self._one_holder(column, value, loan, values)
            if index in self.layout.spans:
                self._planned_days(index, loan)
            if earlier and loan.organisation and earlier != loan.organisation:
                self.unread[f"Earlier: {column.header}"] = earlier
        self.reader.above = loan.organisation or self.reader.above
        people = [
            as_text(self.layout.sheet.value(self.line, index))
            for index, _ in self.layout.places("borrower_person")
        ]
        if person := tidy(" ".join(text for text in people if text and not means_nothing(text))):
            values.setdefault("contact", person[:200])
            if loan.organisation is None and standing is None and not means_not_out(person):
                loan.organisation = UNNAMED
        return standing

    def _in_plan(self, index: int) -> Value:
        """A cell; of a plan, also one that is merged with the column on its left."""
        sheet = self.layout.sheet
        left = sheet.merged_across.get((self.line.number, index), index)
        return sheet.value(self.line, left if left in self.layout.spans else index)

    def _planned_days(self, index: int, loan: Loan) -> None:
        """Take the days of a loan from the columns of a plan that have the same borrower."""
        positions = list(self.layout.spans)
        names = [fold(shown(self._in_plan(i))) for i in positions]
        first = last = positions.index(index)
        while first and names[first - 1] == names[last]:
            first -= 1
        while last + 1 < len(names) and names[last + 1] == names[first]:
            last += 1
        if first:  # what the first column has can have begun before it
            loan.out_on = loan.out_on or self.layout.spans[positions[first]].first
        loan.due_on = loan.due_on or self.layout.spans[positions[last]].last

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
                "above" if self.reader.blanks_have_days else None,
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
        parts = parts_of_stock(value) if isinstance(value, str) else ()
        one = part_of_stock(value) if isinstance(value, str) and not parts else None
        if one is not None and values.get("quantity", 1) > 1:
            parts = (one,)
        if parts and values.get("quantity", 1) > 1:
            self._share_stock(parts, column, text, loan, values)
            return None
        first, _, rest = (
            str(value).strip().partition("\n") if isinstance(value, str) else ("", "", "")
        )
        if rest.strip() and looks_like_school(first):  # an address beneath the name
            kept = note(rest)
            if not isinstance(kept, Fault):
                self.unread[column.header] = kept
            value, text = first, tidy(first)
        if isinstance(value, Unreadable):
            if value.shown.startswith("#"):  # what a look-up shows that found nothing
                self._ask(column, value.shown, "unsure", _UNSURE_WHO, None, _OUT_OR_IN)
                return None
            self._report(column, value, value.problem, error=True)
            return None
        result = READERS["on_loan_to"](value)
        found = holder(text, self.reader.today, self.reader.dates)
        if (
            isinstance(result, Fault)
            and not (found.organisation and not found.doubt and found.person)
            and (
                result is NAMES_A_PERSON or found.standing not in ("in", "out") or fold(text) in YES
            )
        ):
            self._cannot_lend_to(result, column, value)
            return None
        if kind := kind_of_code(text):
            self._ask_who(column, text, f"Some cells for the borrower hold {kind}, not a name.")
            return None
        return self._understood(found, text, column, loan, values)

    def _share_stock(
        self,
        parts: tuple[BorrowerShare, ...],
        column: Column,
        text: str,
        loan: Loan,
        values: dict[str, Any],
    ) -> None:
        """Give each borrower in a cell its part of the stock."""
        held, out = values["quantity"], sum(part.quantity for part in parts)
        if out > held:
            what = f"has {out} on loan, and there are {held}"
            self._report(column, text, what, error=True)
            return
        first, *others = parts
        loan.organisation, loan.quantity = first.borrower, first.quantity
        loan.others = [Loan(each.borrower, quantity=each.quantity) for each in others]
        read = "; ".join(f"{each.borrower}: {each.quantity}" for each in parts)
        many = f"{len(parts)} loans" if others else "a loan"
        self._report(column, text, f"was read as {many}: {read}", False, keep=False)

    def _answered(
        self, answer: str, text: str, column: Column, loan: Loan, values: dict[str, Any]
    ) -> Standing | None:
        """A borrower's cell, read as the map defines."""
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
            if not means_not_out(text):
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
