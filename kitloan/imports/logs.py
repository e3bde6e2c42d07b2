"""Logs of loans: several lines of one thing become the thing, with the loan that is open.

A log has one line for each loan. Its lines are brought together by the thing's number. Of several
open loans only one can be right, and a person decides which. A sheet of loans is brought to the
things of another sheet in the same way.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from kitloan.imports.entries import Entry, Layout, Loan, in_words, problem
from kitloan.imports.mapfile import Map
from kitloan.imports.questions import Questions
from kitloan.imports.rows import Column, Problem
from kitloan.text.names import fold, same_organisation

SHEET_CHOICES = (
    ("holdings", "each line is a thing"),
    ("loan_log", "each line is a loan; a thing has several"),
    ("loans", "loans of things that another sheet has"),
    ("", "leave the sheet out"),
)
"""What the lines of a sheet can be."""

LATEST = "latest"
"""The answer that of several open loans the latest counts."""

EACH = "each"
"""The answer that each of several open loans of a stock counts, for its number of things."""

_CONTACT = ("contact", "contact_email", "contact_phone")


class Logs:
    """Brings the lines of logs together. Adds to the questions and problems it was made with."""

    def __init__(self, wanted: Map, questions: Questions, problems: list[Problem]) -> None:
        self._wanted, self._questions, self._problems = wanted, questions, problems

    def fold(self, layout: Layout, entries: list[Entry], *, numbered: bool) -> list[Entry]:
        """The entries of a table, one for each thing, if the table is a log; else as they are.

        Args:
            layout: the table.
            entries: its lines.
            numbered: whether the things have numbers.
        """
        kind = self._wanted.sheets.get(fold(layout.sheet.name))
        if not layout.is_log or kind == "holdings":
            return entries
        groups: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
        for at, entry in enumerate(entries):
            groups[_identity(entry, at, by_type=kind == "loan_log")].append(entry)
        if kind is None and not numbered:
            self._ask_what_lines_are(layout, entries)
        return [self._one_thing(group) for group in groups.values()]

    def join(self, things: list[Entry], loans: list[Entry]) -> None:
        """Give the loans of a sheet of loans to the things with their numbers."""
        by_number = {
            fold(entry.values[name]): entry
            for entry in things
            for name in ("asset_number", "tag")
            if name in entry.values
        }
        by_type: dict[str, list[Entry]] = defaultdict(list)
        for entry in things:
            by_type[fold(entry.values.get("type", ""))].append(entry)
        groups: dict[int, list[Entry]] = defaultdict(list)
        for entry in loans:
            found = self._thing_of(entry, by_number, by_type)
            if found is not None:
                groups[id(found)].append(entry)
        holdings = {id(entry): entry for entry in things}
        for key, group in groups.items():
            held = holdings[key].values.get("quantity", 1)
            self._give_loan(holdings[key], self._one_thing(group, held))

    def _thing_of(
        self, entry: Entry, by_number: dict[str, Entry], by_type: dict[str, list[Entry]]
    ) -> Entry | None:
        number = entry.values.get("asset_number") or entry.values.get("tag")
        if number:
            found = by_number.get(fold(number))
        else:
            same = by_type.get(fold(entry.values.get("type", "")), [])
            found = same[0] if len(same) == 1 else None
            if len(same) > 1:
                what = f"is on loan, and {len(same)} things have this name: which one is it?"
                name = str(entry.values.get("type", ""))
                self._problems.append(replace(_number_problem(entry, what), value=name))
                return None
        if found is None:
            self._problems.append(_number_problem(entry, "is on no other sheet of this file"))
        return found

    def _give_loan(self, holding: Entry, entry: Entry) -> None:
        both = entry.loan.is_open and holding.loan.is_open
        theirs, ours = (fold(each.loan.organisation or "") for each in (entry, holding))
        if both and theirs != ours:
            sheet = holding.layout.sheet.name
            what = f"is with {holding.loan.organisation} on the sheet {sheet!r}"
            self._problems.append(_number_problem(entry, what))
            return
        if entry.loan.is_open:
            holding.loan = entry.loan
        for name, value in entry.values.items():
            holding.values.setdefault(name, value)
        holding.extras |= {k: v for k, v in entry.extras.items() if k not in holding.extras}
        if entry.standing:
            holding.standing = entry.standing

    def _ask_what_lines_are(self, layout: Layout, entries: list[Entry]) -> None:
        """Ask whether lines without numbers are things, or the loans of one thing."""
        types = Counter(fold(entry.values.get("type", "")) for entry in entries)
        again = [entry for entry in entries if types[fold(entry.values.get("type", ""))] > 1]
        if not again or not any(entry.loan.returned for entry in again):
            return
        if any("serial" in entry.values for entry in again):
            return
        open_now = Counter(fold(e.values.get("type", "")) for e in again if e.loan.is_open)
        self._questions.about_sheet(
            layout.sheet.name,
            "Lines name the same thing again, with a day of return. Is each line a thing, or a "
            "loan of the same thing?",
            "loan_log" if max(open_now.values(), default=0) <= 1 else None,
            [str(entry.values.get("type", "")) for entry in again[:3]],
            SHEET_CHOICES,
        )

    def _one_thing(self, group: list[Entry], held: int = 1) -> Entry:
        """One thing of its lines: its fields, its open loan, the earlier loans as a note."""
        first, *more = group
        if not more:
            return _without_past_loan(first)
        group = self._of_one_kind(group)
        _close_what_came_back(group)
        open_lines = self._open_line([entry for entry in group if entry.loan.is_open], held)
        values: dict[str, Any] = {}
        extras: dict[str, str] = {}
        for entry in group:
            values |= {name: value for name, value in entry.values.items() if value is not None}
            extras |= entry.extras
        over = [each.loan for each in group if each.loan.returned and each.loan.organisation]
        if over:
            extras["Earlier loans"] = "; ".join(map(in_words, over))[:2000]
        kept = open_lines[0] if open_lines else first
        for name in _CONTACT:
            if not open_lines or name not in kept.values:
                values.pop(name, None)
        loan = kept.loan if open_lines else Loan()
        loan.others = [each.loan for each in open_lines[1:]]
        return Entry(first.layout, kept.number, values, loan, extras, group[-1].standing)

    def _of_one_kind(self, group: list[Entry]) -> list[Entry]:
        """The lines that name the same kind of thing as the first; the others are in error."""
        first, *_ = group
        kinds = {fold(entry.values.get("type", "")) for entry in group if "type" in entry.values}
        if len(kinds) <= 1:
            return group
        kind = fold(first.values.get("type", ""))
        same = []
        for entry in group:
            if fold(entry.values.get("type", "")) == kind:
                same.append(entry)
            else:
                what = f"has the number of another thing, on row {first.number}"
                self._problems.append(_number_problem(entry, what))
        return same

    def _open_line(self, lines: list[Entry], held: int) -> list[Entry]:
        """The line whose loan is open, or none; which of several is asked.

        Of a stock, several borrowers can have parts: then each line can be open.
        """
        if len(lines) < 2:
            return lines
        last = _latest(lines)
        borrowers = {fold(each.loan.organisation or "") for each in lines}
        if last is not None and len(borrowers) == 1:
            what = f"is with the same borrower on row {last.number}, and was read as one loan"
            for entry in lines:
                if entry is not last:
                    found = replace(_number_problem(entry, what), severity="warning")
                    self._problems.append(found)
            return self._over_but(lines, last)
        column, value = _name_of(lines[0])
        header = column.header if column else ""
        answer = self._wanted.value(header, value)
        if answer is None:
            self._ask_which(lines, header, value, last, held)
            return lines[-1:]
        if answer == EACH and _are_parts(lines, held):
            return lines
        if answer in ("in", ""):
            return self._over_but(lines, None)
        if answer == LATEST:
            return self._over_but(lines, last or lines[-1])
        whose = [each for each in lines if same_organisation(each.loan.organisation or "", answer)]
        if not whose:
            self._ask_which(lines, header, value, last, held)
        return self._over_but(lines, whose[-1] if whose else lines[-1])

    def _ask_which(
        self, lines: list[Entry], header: str, value: str, last: Entry | None, held: int
    ) -> None:
        borrowers = list(dict.fromkeys(each.loan.organisation or "" for each in lines))
        names = tuple((name, f"only {name} has it") for name in reversed(borrowers[-6:]))
        if _are_parts(lines, held):
            self._ask_whether_parts(lines, header, value)
            return
        for entry in lines:
            self._questions.about_value(
                lines[0].layout.sheet.name,
                header,
                entry.number,
                value,
                "open_twice" if last else f"open_twice {value}",
                "Some things have several loans with no day of return. Does the latest borrower "
                "have the thing, and are the earlier loans over?"
                if last
                else f"{value} has several loans with no day of return. Who has it now?",
                LATEST if last else None,
                (
                    ((LATEST, "yes: the latest loan counts"), ("in", "no: all are back"))
                    if last
                    else (*names, ("in", "nobody: all are back"))
                ),
            )

    def _ask_whether_parts(self, lines: list[Entry], header: str, value: str) -> None:
        borrowers = list(dict.fromkeys(each.loan.organisation or "" for each in lines))
        names = tuple((name, f"only {name} has some") for name in reversed(borrowers[-6:]))
        for entry in lines:
            self._questions.about_value(
                lines[0].layout.sheet.name,
                header,
                entry.number,
                value,
                "parts_of_stock",
                "Some stocks have several loans with no day of return. Does each borrower have "
                "the number in its row?",
                EACH,
                ((EACH, "yes: each has its number"), *names, ("in", "nobody: all are back")),
            )

    @staticmethod
    def _over_but(lines: list[Entry], counts: Entry | None) -> list[Entry]:
        for entry in lines:
            entry.loan.returned = entry.loan.returned or entry is not counts
        return [counts] if counts is not None else []


def _close_what_came_back(group: list[Entry]) -> None:
    """Close the loans of a log that has a line for each way: out, and in again by the same."""
    for at, entry in enumerate(group):
        back = entry.loan.back
        if back is None:
            continue
        whose = back.organisation
        for nth, other in enumerate(group):
            loan = other.loan
            same = whose is None or same_organisation(loan.organisation or "", whose)
            dated = loan.out_on is not None and back.out_on is not None
            before = loan.out_on <= back.out_on if dated else nth < at  # type: ignore[operator]
            if loan.is_open and same and before:
                loan.returned, loan.returned_on = True, back.out_on


def _are_parts(lines: list[Entry], held: int) -> bool:
    """Whether loans of one stock, each with its number, are together no more than are held."""
    counts = [each.loan.quantity for each in lines]
    return None not in counts and sum(filter(None, counts)) <= held


class Bearers:
    """Which row has a number first, of all the tables of a file."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[str, int]] = {}

    def first(self, name: str, value: str, sheet: str, row: int) -> tuple[str, int]:
        """The sheet and row that have a number first; this one, where none had it before."""
        for (field, where), rows in self._rows.items():
            if field == name and value in rows:
                return where, rows[value]
        self._rows.setdefault((name, sheet), {})[value] = row
        return sheet, row


def numbered_once(
    entries: list[Entry], bearers: Bearers, problems: list[Problem]
) -> Iterator[Entry]:
    """The entries whose tag and number no earlier line has; the others are in error.

    Args:
        entries: the things of one table.
        bearers: the numbers of the tables before this one; added to.
        problems: added to.
    """
    for entry in entries:
        here = entry.layout.sheet.name, entry.number
        again = False
        for name in ("tag", "asset_number"):
            place = entry.layout.place(name)
            if place is None or name not in entry.values:
                continue
            first = bearers.first(name, fold(entry.values[name]), *here)
            if first != here:
                sheet, row = first
                where = f"row {row}" + (f" of the sheet {sheet!r}" if sheet != here[0] else "")
                again = True
                value, header = str(entry.values[name]), place[1].header
                what = f"is already on {where}"
                problems.append(problem("error", here[0], entry.number, header, value, what))
        if not again:
            yield entry


def _identity(entry: Entry, at: int, *, by_type: bool) -> tuple[str, ...]:
    for name in ("tag", "asset_number"):
        if name in entry.values:
            return (name, fold(entry.values[name]))
    if by_type:
        return ("type", fold(entry.values.get("type", "")), fold(entry.values.get("serial", "")))
    return ("line", str(at))


def _without_past_loan(entry: Entry) -> Entry:
    """A single line: a loan that is over is a note."""
    loan = entry.loan
    if loan.returned and loan.organisation:
        entry.extras["Earlier loans"] = in_words(loan)
        entry.loan = Loan()
    return entry


def _latest(lines: list[Entry]) -> Entry | None:
    """The line whose loan began last; None where the days do not show that."""
    days = [entry.loan.out_on for entry in lines]
    last = max((day for day in days if day), default=date.min)
    if None in days or days.count(last) > 1:
        return None
    return lines[days.index(last)]


def _name_of(entry: Entry) -> tuple[Column | None, str]:
    """What a thing is known by, and the column that has it: its number, else its type."""
    for name in ("asset_number", "tag", "type"):
        place = entry.layout.place(name)
        if place and entry.values.get(name):
            return place[1], str(entry.values[name])
    return None, ""


def _number_problem(entry: Entry, what: str) -> Problem:
    place = entry.layout.place("asset_number") or entry.layout.place("tag")
    value = entry.values.get("asset_number") or entry.values.get("tag") or ""
    header = place[1].header if place else ""
    return problem("error", entry.layout.sheet.name, entry.number, header, str(value), what)
