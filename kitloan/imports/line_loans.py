"""The loan that one line records: its days, its status and its borrower compared.

What could change who has what, and is not certain, is a question.
"""

from typing import Any

from kitloan.imports.entries import Loan
from kitloan.imports.evidence import is_surely_school
from kitloan.imports.headings import stems
from kitloan.imports.holders import holder
from kitloan.imports.line_borrower import LineBorrower
from kitloan.imports.line_status import FLAG_OUT
from kitloan.imports.rows import UNNAMED, Column
from kitloan.imports.sheets import Unreadable, is_blank
from kitloan.imports.statuses import (
    Standing,
    standing_of,
)
from kitloan.imports.values import (
    NONE_LEFT,
    READERS,
    Fault,
    as_text,
    means_nothing,
    shown,
)


class LineLoans(LineBorrower):
    """A line with its loan."""

    def _loan(self, values: dict[str, Any]) -> Loan:
        """What the line shows of a loan, and the status of the thing."""
        loan = Loan()
        self._loan_dates(loan, values)
        status = self._status(loan)
        held = self._holder(loan, values)
        quantity_out = self._quantity_out(loan, values)
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

    def _quantity_out(self, loan: Loan, values: dict[str, Any]) -> int | None:
        """How many are out; 0 for none, None where the register does not show it."""
        here = self._count("quantity_in")
        if here is None:
            return self._count("quantity_out")
        out = int(values.get("quantity", 1)) - here
        if loan.organisation or out <= 0:
            return max(0, out)
        _, column = self.layout.places("quantity_in")[0]
        answer = self.reader.wanted.value(column.header, str(here))
        if answer is None:
            why = "Some are fewer here than there are, and nobody is named who has the others."
            choices = (("out", "on loan, and nobody is on record"), ("", "no: keep it as a note"))
            self._ask(column, str(here), "fewer", f"{why} Are they on loan?", None, choices)
        if answer and standing_of(answer) is None:
            loan.organisation = answer  # a person has typed who has them
        return out if loan.organisation or answer == "out" else None

    def _count(self, name: str) -> int | None:
        place = self.layout.place(name)
        if place is None:
            return None
        index, column = place
        value = self._own_or_merged(index, column)
        if value is None or is_blank(value) or means_nothing(value):
            return 0 if name == "quantity_out" else None
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
        """Compare what the columns show with one another."""
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
        if status == "in":
            loan.back = Loan(held_by, loan.out_on)
        if status == "in" and held_by and column:
            self._not_out_after_all(loan, column, held_by)
            return
        if status is None and held_by and column and self._blank_flag():
            self._not_out_after_all(loan, column, held_by)
            return
        counted = loan.quantity or values.get("quantity", 1) == 1
        if held_by and counted and self._blank_quantity_out():
            quantity_out = None  # the borrower's cell has it, or there is but one
        if self.layout.is_loans and held_by and quantity_out is None and "quantity" in values:
            loan.quantity = values.pop("quantity")
            quantity_out = None
        elif quantity_out is None and loan.quantity and held_by and not loan.others:
            quantity_out = loan.quantity
        if loan.others:
            self._whole_of_shared_stock(loan, quantity_out)
            quantity_out = None
        if quantity_out is not None:
            self._part_of_a_stock(loan, values, column, quantity_out)
        out = status == "out" or held == "out" or bool(quantity_out)
        out = out or bool(self.layout.made_by and loan.due_on and self._due_means_out())
        if out and loan.organisation is None and held != "in":
            self._borrower_in_place(loan, values)
        if out and loan.organisation is None and held != "in":
            loan.organisation = UNNAMED
            by, text = self.status_cell
            if by is None:
                by = self._anywhere("quantity_out") or self._anywhere("due_on") or column
            what = f"is on loan, and nobody is named who has it: recorded as {UNNAMED!r}"
            if not self.asked:
                self._report(by, text, what, error=False, keep=False)

    def _blank_quantity_out(self) -> bool:
        place = self.layout.place("quantity_out")
        return place is not None and is_blank(self.line.value(place[0]))

    def _borrower_in_place(self, loan: Loan, values: dict[str, Any]) -> None:
        """Of a thing that is out, a school in the column for its place is who has it."""
        place = values.get("location", "")
        if is_surely_school(place) and self.layout.place("on_loan_to") is None:
            loan.organisation = values.pop("location")

    def _due_without_borrower(self, loan: Loan) -> None:
        """Leave out a due date where nobody has the thing; after notes and places were read."""
        if loan.organisation is None and loan.due_on:
            place = self._anywhere("due_on")
            what = "is a due date, but nobody is named who has it"
            pending = self.reader.section is not None and self.reader.section[0] == "pending"
            if place and not self.asked and not pending:
                self._report(place, as_text(loan.due_on), what, error=False)
            loan.due_on = None

    def _whole_of_shared_stock(self, loan: Loan, quantity_out: int | None) -> None:
        """Compare the parts of a shared stock with how many are out; the days are for each."""
        for each in loan.others:
            each.due_on, each.out_on = loan.due_on, loan.out_on
        out = sum(each.quantity or 0 for each in (loan, *loan.others))
        place = self._anywhere("quantity_out")
        if quantity_out is not None and quantity_out != out:
            what = f"is not how many the borrowers have: {out}"
            self._report(place, str(quantity_out), what, error=True)

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
        """Whether a blank cell in a column of ticks means that the thing is not out."""
        for index, column in self.layout.places("status"):
            profile = self.layout.profiles.get(index)
            if not profile or not is_blank(self.line.value(index)):
                continue
            if profile.share("yes_no") > 0.8 and set(stems(column.header)) & FLAG_OUT:
                return True
        return False

    def _not_out_after_all(self, loan: Loan, column: Column, held_by: str) -> None:
        """A borrower is named next to a status by which the thing is here."""
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
            if self._blank_quantity_out():
                what = "is blank, and somebody is named who has it: how many are out?"
                self._report(place, None, what, error=True)
            else:
                self.unread[column.header] = loan.organisation
                loan.organisation, loan.due_on = None, None
        elif quantity_out:
            loan.quantity = quantity_out
