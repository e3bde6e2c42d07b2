"""What one line of a register says: entries, problems, questions, or none of them.

Two severities. An *error* is a row that cannot be taken, because what it is, how many or which
one is
in doubt; a *warning* is a value that is left out of a row that is taken, and kept as a note. What
could change who has what, and is not certain, is a question.
"""

import re
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from kitloan.imports.columns import SEVERAL
from kitloan.imports.entries import Entry, Found, Layout, Loan, plain_header, problem
from kitloan.imports.evidence import (
    is_surely_school,
    looks_like_person,
    looks_like_place,
    looks_like_school,
)
from kitloan.imports.headings import squeeze, stems
from kitloan.imports.holders import Holder, holder, loan_in, named_in_json, speaks_of_loan
from kitloan.imports.mapfile import Map
from kitloan.imports.questions import Questions
from kitloan.imports.rows import UNNAMED, Column, Problem, Severity
from kitloan.imports.sheets import Line, Unreadable, Value, is_blank
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
    Dates,
    Fault,
    as_text,
    borrower,
    day,
    day_among_words,
    means_nothing,
    note,
    says_not_out,
    serial_day,
    shown,
    spoilt,
    yearless,
)
from kitloan.text.names import fault, fold, organisation_key, plain, skeleton, tidy
from kitloan.text.personal import names_a_person
from kitloan.text.scans import kind_of_code as _kind_of_code

_SHOWN = 80
_DIGIT = re.compile(r"\d")
_MOST_REMEMBERED = 512  # values of one column; a column of numbers that never repeat fills it once
kind_of_code = lru_cache(maxsize=4096)(_kind_of_code)  # one school has many rows

# Without these nobody can say what a row is; a fault in one is an error, elsewhere a warning.
_VITAL = {"tag", "asset_number", "type", "on_loan_to", "quantity", "quantity_out"}
# One to a line: a merged cell that reaches over several lines cannot mean each of them.
_ONE_EACH = {"tag", "asset_number", "serial", "quantity", "quantity_out", "value"}
_TOTALS = {
    *("total", "totals", "sum", "subtotal", "subtotals", "grandtotal", "totalkits", "totalitems"),
    *("overalltotal", "totalvalue", "totalquantity", "count", "runningtotal", "totalcost"),
}
_FOOTER = re.compile(
    r"(?:(?:sub|grand|overall)?[- ]?totals?\b.*[:=]?\s*£?[\d,.]+$|total (?:number|kits|items|"
    r"value|count)\b.*|"
    r"printed\b.*\d.*|page \d+.*|(?:last )?updated\b.*|updated by\b.*|key\s*:.*|notes?\s*:.*|"
    r"legend\b.*|"
    r"\*+\s*=?\s*\S.*|\(?c\) .*|©.*|-+\s*end\b.*|end(?: of (?:list|register|report|sheet|"
    r"file))?\.?|"
    r"(?:prepared|compiled|checked|signed|produced|created|exported|generated|authorised) "
    r"(?:by|on|from)\b.*|"
    r"source\s*:.*|signed\s*:.*|\d+ (?:items?|kits?|rows?|records?|entries)(?: in total| "
    r"listed)?\.?|"
    r"n\.?b\.?[:.]? .*|please (?:note|return|tell)\b.*|see also\b.*|confidential\b.*|date\s*:.*|"
    r"report (?:date|run|printed)\b.*|\d+ of \d+|[-=_*~. ]{3,}|.*https?://\S+|version\b.*\d.*|"
    r"(?:of which|thereof)\b.*|(?:(?:kits?|items?|things|number|no\.?) )?(?:out|on loan|in store|"
    r"in stock|available|remaining|missing|lost)\s*[:=]?\s*\d+|"
    r"(?:red|green|yellow|amber|grey|gray|blue|bold|italics?) ?=? ?(?:means|is|are|=)\b.*)",
    re.IGNORECASE,
)
_COLOUR_KEY = re.compile(
    r"\b(?:red|green|yellow|amber|orange|grey|gray|blue|pink|purple|highlight(?:ed)?|shaded|"
    r"colou?red|bold|italics?|struck)\b.{0,30}\b(?:loan(?:ed)?|lent|out|lost|missing|gone|away|"
    r"borrowed|scrapped|withdrawn|school)\b",
    re.IGNORECASE,
)
_KEY_LINE = re.compile(r".{1,20}\s=\s.{2,60}")
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
_PIECE = re.compile(r"(\d{1,4})\s*[x×]\s*(\S.*)|(\S.*?)\s*[x×]\s*(\d{1,4})", re.IGNORECASE)
_LEADING = re.compile(r"(\d{1,4})\s*[x×]\s*([^\W\d_].*)", re.IGNORECASE)
_TRAILING = re.compile(r"([^\W\d_].*?)\s+(?:[x×]\s*(\d{1,4})|\([x×]\s*(\d{1,4})\))", re.IGNORECASE)
_HARMLESS_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f\u200b\u2060\ufeff\u00ad]")
_ASIDE = re.compile(r"\(([^)]{3,60})\)|\s[-–]\s+(.{3,60})$")
_DATES = ("due_on", "out_on", "returned_on", "received_on", "last_sighted_on", "valued_on")
_PAST = frozenset(_DATES) - {"due_on"}
_EXCLUSIVE = {"type"}


class Reader:
    """Reads the lines of one table, in order."""

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
        self._prepared: list[int] = []
        self._same_above: list[int] = []
        self._hidden: list[int] = []
        kind = layout.place("type")
        lines = [line for line in layout.lines if line.number not in layout.sheet.banners]
        filled = [sum(not is_blank(line.value(i)) for i in layout.columns) for line in lines]
        self.filled = dict(zip((line.number for line in lines), filled, strict=True))
        self.usual = sorted(filled)[len(filled) * 3 // 4] if filled else 0
        self.lone = {n.number for n, many in zip(lines, filled, strict=True) if many == 1}
        self.blank_types = (
            sum(is_blank(layout.sheet.value(line, kind[0])) for line in lines) if kind else 0
        )
        self.leading_counts = kind is not None and any(
            _LEADING.fullmatch(shown(layout.sheet.value(line, kind[0]))) for line in lines
        )
        self.above: str | None = None  # the last borrower
        self.grouped = _is_grouped(layout)
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
        self.capitals = self._shares_capitals(kind)
        self.section_words = self._sections(kind)

    def _shares_capitals(self, kind: tuple[int, Column] | None) -> bool:
        """Whether things themselves are mostly written in capitals, so that capitals say
        nothing.
        """
        if not kind:
            return False
        texts = [
            as_text(self.layout.sheet.value(line, kind[0]))
            for line in self.layout.lines
            if line.number not in self.lone
        ]
        upper = sum(text.isupper() for text in texts)
        return upper > len(texts) * 0.5

    def _sections(self, kind: tuple[int, Column] | None) -> dict[int, str]:
        """Lines that hold one cell and head the lines below them: by number, how sure that is."""
        found: dict[int, str] = {}
        if self.usual < 2 or len(self.layout.columns) < 2:
            return found
        first = min(self.layout.columns)
        for at, line in enumerate(self.layout.lines):
            if line.number not in self.lone:
                continue
            index = next(i for i in self.layout.columns if not is_blank(line.value(i)))
            text = shown(line.value(index))
            if index not in (first, kind[0] if kind else first) or not any(map(str.isalpha, text)):
                continue
            below = self.layout.lines[at + 1 : at + 2]
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

    def read(self, line: Line) -> Found:
        """Read one line beneath the header."""
        if self._repeats_header(line):
            return Found([], [], counts=False)
        aside = self._why_left_aside(line)
        if aside:
            name, number = self.layout.sheet.name, line.number
            warning = problem(
                "warning", name, number, "", as_text(_first(line, self.layout)), aside
            )
            return Found([], [warning], counts=False)
        if line.number in self.layout.sheet.hidden_rows:
            self._hidden.append(line.number)
        return _Attempt(self, line).entries()

    def finish(self) -> list[Problem]:
        """What concerns several lines, once each."""
        name = self.layout.sheet.name
        kind = self.layout.place("type")
        header = kind[1].header if kind else ""
        found = []
        if self._prepared:
            many = len(self._prepared)
            what = "has a number and nothing else, and was left out"
            what += f"; so have {many - 1:,} more" if many > 1 else ""
            found.append(problem("warning", name, self._prepared[0], "", "", what))
        if self._same_above:
            many = len(self._same_above)
            what = "is blank, and was read as the same as the row above"
            what += f"; so are {many - 1:,} more" if many > 1 else ""
            found.append(problem("warning", name, self._same_above[0], header, "", what))
        if self._hidden:
            rows = ", ".join(map(str, self._hidden[:10])) + (
                ", ..." if len(self._hidden) > 10 else ""
            )
            what = f"is hidden in the spreadsheet, and was read; hidden rows: {rows}"
            found.append(problem("warning", name, self._hidden[0], "", "", what))
        return found

    def _repeats_header(self, line: Line) -> bool:
        """Whether the line is the header over again, as at the top of a printed page."""
        same = 0
        for index, heading in self.headings:
            value = line.value(index)
            if not is_blank(value):
                if squeeze(as_text(value)) != heading:
                    return False
                same += 1
        return same > 1

    def _why_left_aside(self, line: Line) -> str | None:
        layout = self.layout
        first = _first(line, layout)
        text = shown(first)
        if line.number in layout.sheet.banners:
            self._head(text, line.number, banner=True)
            return "is a heading across the columns, and was left out"
        named = [layout.place(name) for name in ("tag", "asset_number")]
        numbered = any(place and not is_blank(line.value(place[0])) for place in named)
        kind = layout.place("type")
        is_total = _says_total(first) or (
            kind and not numbered and _says_total(line.value(kind[0]))
        )
        if is_total:
            return "is a line of totals, and was left out"
        if self.filled.get(line.number, 0) > 1 and _is_rule(line, layout):
            return "is a line drawn in characters, and was left out"
        few = self.filled.get(line.number, 0) <= 2
        if few and _COLOUR_KEY.search(text) and line.number in self.lone:
            self._ask_about_colours(text, line.number)
        if few and self.usual >= 2 and (_FOOTER.fullmatch(text) or _is_key(text, line, self)):
            return "is a footnote or a sum beneath the table, and was left out"
        sure = self.section_words.get(line.number)
        if sure and (why := self._as_section(text, line, sure)):
            return why
        return None

    def _ask_about_colours(self, text: str, row: int) -> None:
        """Ask about a legend by which a colour says who has a thing, or that it is gone."""
        header = self.layout.columns[min(self.layout.columns)].header
        if self.wanted.value(header, text) is None:
            self.questions.about_value(
                self.layout.sheet.name,
                header,
                row,
                text,
                "colour",
                "By this legend a colour says that a thing is out or gone, and colours are not "
                "read. Is nothing marked so? Else write it in a column first.",
                None,
                (("", "nothing is marked so"),),
            )

    def _as_section(self, text: str, line: Line, sure: str) -> str | None:
        """Why a line of one cell is no thing; None when it is one."""
        kind = self.layout.place("type")
        header = kind[1].header if kind else self.layout.columns[min(self.layout.columns)].header
        answer = self.wanted.value(header, text)
        if answer == "item":
            return None
        if sure == "maybe" and answer is None:
            if len([n for n, each in self.section_words.items() if each == "maybe"]) > max(
                3, len(self.layout.lines) // 3
            ):
                return None  # things of which nothing but the name is known
            self.questions.about_value(
                self.layout.sheet.name,
                header,
                line.number,
                text,
                "section",
                "Some rows hold one cell and nothing else. Are they headings of the rows below, or "
                "things?",
                "item",
                (
                    ("item", "things"),
                    ("location", "a place: the rows below are kept there"),
                    ("section", "a heading, kept as a note"),
                ),
            )
            return None
        self._head(text, line.number, banner=False, answer=answer)
        return "heads the rows below it, and is no thing itself"

    def _head(self, text: str, row: int, *, banner: bool, answer: str | None = None) -> None:
        """Rows from here on are under this heading."""
        text = text.rstrip(" :")
        kind = self.layout.place("type")
        header = kind[1].header if kind else "Section"
        answer = answer if answer is not None else self.wanted.value(header, text)
        standing = status_of_words(text)
        if standing and (answer is None or answer in STANDINGS):
            if answer is None and standing != "in":
                self.questions.about_value(
                    self.layout.sheet.name,
                    header,
                    row,
                    text,
                    "section_status",
                    "Rows are under words for how things are. Is each of the rows below so?",
                    standing,
                    (*_STATUS_CHOICES[:-1], ("section", "no: keep it as a note")),
                )
            self.section = ("status", answer or standing)
        elif answer in ("location", "on_loan_to", "section"):
            self.section = (answer, text)
        elif is_surely_school(text):
            if self.layout.place("on_loan_to") is None:
                self.questions.about_value(
                    self.layout.sheet.name,
                    header,
                    row,
                    text,
                    "section_school",
                    "Rows are under the names of schools. Are these things on loan to them?",
                    "on_loan_to",
                    (
                        ("on_loan_to", "on loan to that school"),
                        ("location", "kept there"),
                        ("section", "neither: keep it as a note"),
                    ),
                )
            self.section = ("pending", text)
        elif self.layout.place("location") is None and (
            looks_like_place(text) or (not banner and text.isupper())
        ):
            self.section = ("location", text)
        else:
            self.section = ("section", text)


def _written_alike(layout: Layout) -> Dates | None:
    """How the dates of a table are written, where one column of them tells."""
    orders = {each.dates.order for each in layout.profiles.values()} - {"unclear"}
    return Dates(next(iter(orders))) if len(orders) == 1 else None


def _is_grouped(layout: Layout) -> bool:
    """Whether borrowers are in front of the things, some of them blank, as for a group of rows."""
    borrower, kind = layout.place("on_loan_to"), layout.place("type")
    if not borrower or not kind or borrower[0] != min(layout.columns) or not layout.lines:
        return False
    first = layout.sheet.value(layout.lines[0], borrower[0])
    return borrower[0] < kind[0] and not is_blank(first)


def _headings(layout: Layout) -> list[tuple[int, str]]:
    """The squeezed headings, first those of columns that say the same few things."""
    found = [(index, squeeze(plain_header(each.header))) for index, each in layout.columns.items()]
    distinct = {index: each.distinct for index, each in layout.profiles.items()}
    return sorted(found, key=lambda each: distinct.get(each[0], 0))


def _is_plain_field(name: str | None) -> bool:
    """Whether a field is read by itself: no note, and nothing that speaks of a loan."""
    if name is None or name in _LOAN_FIELDS or name in _KEPT:
        return False
    return not name.startswith("quantity_")


def _is_rule(line: Line, layout: Layout) -> bool:
    """Whether the cells of a line are dashes and the like, as beneath a heading in plain text."""
    texts = [shown(line.value(i)) for i in layout.columns if not is_blank(line.value(i))]
    return all(len(text) > 2 and not text.strip("-=_:*.~+ ") for text in texts)


def _is_key(text: str, line: Line, reader: Reader) -> bool:
    return line.number in reader.lone and bool(_KEY_LINE.fullmatch(text))


def _first(line: Line, layout: Layout) -> Value:
    return next((v for i in layout.columns if not is_blank(v := line.value(i))), None)


def _says_total(value: Value) -> bool:
    if not isinstance(value, str) or len(value) >= _SHOWN or _DIGIT.search(value):
        return False
    return squeeze(value) in _TOTALS


class _Attempt:
    """One line on its way to being rows."""

    def __init__(self, reader: Reader, line: Line) -> None:
        self.reader = reader
        self.layout = reader.layout
        self.line = line
        self.problems: list[Problem] = []
        self.refused = False
        self.left_out = False
        self.unread: dict[str, str] = {}
        self.standing: Standing | None = None
        self.asked = False
        self.settled = False  # a person has answered how this thing is
        self.status_cell: tuple[Column | None, str] = (None, "")  # the words for how the thing is

    def entries(self) -> Found:
        """The rows that the line makes, and what was wrong."""
        self._check_width()
        if self._is_prepared():
            self.reader._prepared.append(self.line.number)
            return Found([], [], counts=False)
        values = self._fields()
        if self.left_out:
            return Found([], self.problems, counts=True)
        self._type(values)
        loan = self._loan(values)
        extras = self._extras(values, loan)
        if self.standing == "withdrawn" and not self.refused:
            what = "is withdrawn, by the register's own word, and was left out"
            self._report(*self.status_cell, what, error=False)
            return Found([], self.problems, counts=True)
        if self.refused:
            return Found([], self.problems, counts=True)
        if "type" in values:
            if (bare := values["type"].rstrip("*†‡ ")) and bare != values["type"]:
                extras["Mark"] = values["type"][len(bare) :].strip()
                values["type"] = bare
            values["type"] = self.reader.spellings.setdefault(fold(values["type"]), values["type"])
        entry = Entry(self.layout, self.line.number, values, loan, extras, self.standing)
        return Found(self._several(entry), self.problems, counts=True)

    # what a line is

    def _is_prepared(self) -> bool:
        """Whether the line has a number and waits for a thing."""
        place = self.layout.place("asset_number")
        if place is None or self.line.number not in self.reader.lone:
            return False
        return not is_blank(self.line.value(place[0])) and self.layout.place("type") is not None

    def _type(self, values: dict[str, Any]) -> None:
        if self.layout.is_loans:
            return
        place = self.layout.place("type")
        if "type" in values:
            self.reader.previous_type = values["type"]
            return
        if place is None and self.layout.kind_asked:
            self.refused = True
            return
        if place is None and not self.layout.type_from:
            self._report(None, None, "no column of this sheet says what kind of thing it is", True)
            return
        column = place[1] if place else None
        index = place[0] if place else self.layout.type_from[0]
        if not is_blank(self.layout.sheet.value(self.line, index)):
            return  # reported as it was read
        above = self.reader.previous_type
        often = self.reader.blank_types >= max(2, len(self.layout.lines) * 0.2)
        other = any(name in values for name in ("asset_number", "tag", "serial", "quantity"))
        if above and often and other:
            values["type"] = above
            self.reader._same_above.append(self.line.number)
        elif above and not other and not is_blank(_first(self.line, self.layout)):
            self.left_out = True
            what = "does not say what kind of thing it is, and has no number; the row was left out"
            self._report(column, self.line.value(index), what, error=False)
            self.refused = True
        else:
            self._report(column, None, "is empty: what kind of thing is it?", error=True)

    def _type_columns(self) -> list[int]:
        place = self.layout.place("type")
        return list(self.layout.type_from) or ([place[0]] if place else [])

    def _several(self, entry: Entry) -> list[Entry]:
        """The entries of a line whose cell names several things, or counts them."""
        text = entry.values.get("type", "")
        place = self.layout.place("type")
        pieces = [
            _PIECE.fullmatch(part.strip()) for part in re.split(r"\s*(?:,|;|\+|&|\band\b)\s*", text)
        ]
        if place and len(pieces) > 1 and sum(piece is not None for piece in pieces) > 1:
            answer = self.reader.wanted.value(place[1].header, text)
            if answer == "split" and all(pieces):
                return [
                    Entry(
                        entry.layout,
                        entry.number,
                        {k: v for k, v in entry.values.items() if k not in ("asset_number", "tag")}
                        | {"type": piece[2] or piece[3], "quantity": int(piece[1] or piece[4])},
                        Loan(**{n: getattr(entry.loan, n) for n in entry.loan.__slots__}),
                        dict(entry.extras)
                        | (
                            {"Number": entry.values["asset_number"]}
                            if entry.values.get("asset_number")
                            else {}
                        ),
                        entry.standing,
                    )
                    for piece in pieces
                    if piece
                ]
            if answer is None:
                self.reader.questions.about_value(
                    self.layout.sheet.name,
                    place[1].header,
                    self.line.number,
                    text,
                    "several",
                    "Some cells name several things. Is each a thing of its own, or one kit?",
                    "split" if all(pieces) else "one",
                    (
                        ("split", "a thing each, with its number of pieces"),
                        ("one", "one kit of this name"),
                    ),
                )
            return [entry]
        if "quantity" in entry.values or self.layout.place("quantity"):
            return [entry]
        found = _LEADING.fullmatch(text)
        what, many = (found[2], found[1]) if found else ("", "")
        if not found and self.reader.leading_counts and (behind := _TRAILING.fullmatch(text)):
            what, many = behind[1], behind[2] or behind[3]
        if many and int(many) >= 1:
            entry.values |= {"type": what, "quantity": int(many)}
            entry.values["type"] = self.reader.spellings.setdefault(fold(what), what)
            if place:
                self._report(
                    place[1], text, f"was read as {many} of {what}", error=False, keep=False
                )
        return [entry]

    # fields

    def _report(
        self,
        column: Column | None,
        value: Value,
        what: str,
        error: bool,
        keep: bool = True,
    ) -> None:
        error = error or (isinstance(value, Unreadable) and value.grave)
        self.refused = self.refused or error
        severity: Severity = "error" if error else "warning"
        header = column.header if column else ""
        sheet, number = self.layout.sheet.name, self.line.number
        self.problems.append(problem(severity, sheet, number, header, as_text(value), what))
        if column and not error and keep and isinstance(value, str | int | float) and value != "":
            kept = note(value)
            if not isinstance(kept, Fault):
                self.unread[column.header] = kept

    def _fields(self) -> dict[str, Any]:
        """The values that can be taken, by field; loans and their words apart."""
        values: dict[str, Any] = {}
        several: dict[str, list[str]] = {}
        for index, column, name in self.reader.readable:
            if name in values and name not in SEVERAL:
                continue
            result = self._field(index, column, name)
            if result is None:
                continue
            if name in SEVERAL:
                several.setdefault(name, []).append(result)
            else:
                values[name] = result
        for index in self.layout.type_from if "type" not in values else ():
            value = self.layout.sheet.value(self.line, index)
            if not means_nothing(value) and not isinstance(value, Unreadable | None):
                result = READERS["type"](value)
                if not isinstance(result, Fault):
                    values["type"] = result
                    break
        for name, parts in several.items():
            values[name] = SEVERAL[name].join(dict.fromkeys(parts))[:200]
        if (
            self.reader.section
            and self.reader.section[0] == "location"
            and "location" not in values
        ):
            values["location"] = self.reader.section[1]
        return values

    def _field(self, index: int, column: Column, name: str) -> Any:
        """What a cell says of a field; None for nothing, or for what was reported.

        What could be read without a word is read once for all lines that say the same.
        """
        own = self.line.value(index)
        before = self.reader.read_before[index]
        if isinstance(own, str) and (result := before.get(own)) is not None:
            return result
        problems = len(self.problems)
        value = self._clean(self._own_or_merged(index, column), column)
        absent = is_blank if name in ("type", "quantity") else means_nothing
        if value is None or absent(value):
            return None
        result = self._read(index, name, column, value)
        if isinstance(result, Fault):
            self._report(column, value, result.problem, error=name in _VITAL)
            return None
        plain = isinstance(own, str) and len(self.problems) == problems
        if plain and len(before) < _MOST_REMEMBERED:
            before[str(own)] = result
        return result

    def _clean(self, value: Value, column: Column) -> Value:
        """A cell without the hidden characters that scanners and databases leave in it."""
        if not isinstance(value, str) or column.field in ("asset_number", "tag"):
            return value
        if value.isprintable():
            return value
        clean = _HARMLESS_CONTROL.sub("", value)
        if clean != value:
            self._report(
                column, clean, "held a hidden character, which was dropped", False, keep=False
            )
        return clean

    def _read(self, index: int, name: str, column: Column, value: Any) -> Any:
        if isinstance(value, Unreadable):
            return Fault(value.problem)
        if name in _DATES:
            found = self._day(index, column, value, past=name in _PAST)
            if isinstance(found, Fault):
                return Fault(f"{found.problem}; kept as a note")
            return found
        if name == "type" and means_nothing(value):
            return Fault("does not say what kind of thing it is")
        if name in ("asset_number", "serial") and (why := spoilt(value)):
            self._report(
                column,
                value if isinstance(value, str) else as_text(value),
                f"{why}; left out",
                False,
            )
            return None
        result = READERS[name](value)
        if result is NONE_LEFT:
            self._report(column, value, "is none left: the row was left out", error=False)
            self.left_out = True
            return None
        return result

    def _day(self, index: int, column: Column, value: Any, *, past: bool) -> date | Fault:
        if isinstance(value, Unreadable):
            return Fault(value.problem)
        if (answer := self.reader.wanted.value(column.header, as_text(value))) and (
            not isinstance(read := day(answer), Fault)
        ):
            return read
        if (serial := serial_day(value)) and not isinstance(value, date):
            self._report(
                column,
                as_text(value),
                f"is a day as a spreadsheet counts them; read as {serial.day} {serial:%b %Y}",
                error=False,
                keep=False,
            )
            return serial
        profile = self.layout.profiles.get(index)
        return day(
            value,
            dates=profile.dates if profile else None,
            latest=self.reader.today
            if past
            else self.reader.today.replace(year=self.reader.today.year + 20, day=1),
        )

    def _own_or_merged(self, index: int, column: Column) -> Value:
        value = self.layout.sheet.value(self.line, index)
        if column.field not in _ONE_EACH or not is_blank(self.line.value(index)):
            return value
        if not is_blank(value):
            what = "is merged with the row above, and counts there alone"
            self._report(column, value, what, error=column.field == "quantity", keep=False)
        return None

    def _check_width(self) -> None:
        """Refuse a line of CSV longer than its header: a stray delimiter has moved its values."""
        beyond = self.line.values[self.layout.width :]
        if self.layout.sheet.delimited and not all(is_blank(value) for value in beyond):
            what = (
                "the row has more cells than the headers; a value with the delimiter in it "
                "needs quotation marks around it"
            )
            self._report(None, None, what, error=True)

    # loans

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
            status = status or _standing(under[1])
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
                found = self._day(index, column, value, past=name in _PAST)
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
            elif _standing(answer):
                self.standing, self.settled = _standing(answer), True
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
            return _standing(answer)
        if self.layout.made_by:
            answers = self.layout.made_by.values.get(squeeze(plain_header(header)), {})
            if fold(text) in answers:
                return _standing(answers[fold(text)])
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
                    _STATUS_CHOICES,
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
        self._ask(column, text, "gone", why, standing, _STATUS_CHOICES)

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
                    _STATUS_CHOICES,
                )
                return None
            return "in" if yes else "out"
        self._ask(
            column,
            text,
            "yes_no",
            "Yes and no are under a heading that could mean several things. What do they mean?",
            None,
            _STATUS_CHOICES,
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
            return _standing(answer)
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
                _STATUS_CHOICES,
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

    # notes

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
            if column.field is not None and column.field not in _KEPT:
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
        """What is behind a thing's name may say that it is gone: "Camera (lost)"."""
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
        """Ask about a remark that says somebody has the thing, or that it is gone."""
        if self.standing in ("missing", "withdrawn") or self.settled:
            return
        cell = whole or text
        answer = self.reader.wanted.value(column.header, cell)
        if answer and whole:
            values["type"] = tidy(_ASIDE.sub(" ", whole)) or whole
        if answer and column.field == "location" and _standing(answer) in ("missing", "withdrawn"):
            values.pop("location", None)
        if answer is not None:
            if _standing(answer) in ("missing", "withdrawn", "in_repair"):
                self.standing = _standing(answer)
            elif answer == "out":
                loan.organisation = UNNAMED
                if column.field == "location" and status_of_words(text) == "out":
                    values.pop("location", None)
            elif answer not in ("", "in", "in_repair"):
                named = holder(answer, self.reader.today, self.reader.dates)
                loan.organisation = named.organisation or answer
                loan.due_on = loan.due_on or named.due_on
                loan.returned = False
                if named.quantity and named.quantity < values.get("quantity", 1):
                    loan.quantity = named.quantity
            return
        if loan.returned or (
            self._anywhere("status") and status_of_words(self.status_cell[1]) == "in"
        ):
            return
        standing = status_of_words(text)
        gone = speaks_of_gone(text) or (standing if standing in ("missing", "withdrawn") else None)
        if gone:
            self._ask_gone(column, cell, gone)
            return
        dates = self.reader.dates
        place = column.field == "location"
        if place and standing == "in_repair":
            why = "Some places say that a thing is being repaired. Is it?"
            self._ask(column, cell, "repair", why, "in_repair", _STATUS_CHOICES)
            return
        school = place and is_surely_school(text) and len(text) < 80
        if speaks_of_loan(text) or school or (place and standing == "out"):
            here = holder(text, self.reader.today, dates).organisation
            whom = here if school and not speaks_of_loan(text) else None
            whom = whom or loan_in(text, self.reader.today, dates) or "out"
            self._ask(
                column,
                cell,
                "place" if school else "loan",
                "Some places are schools. Is the thing on loan to them?"
                if school
                else "Some notes speak of a loan. Is the thing out now?",
                whom,
                (
                    (whom, "on loan, and nobody is on record" if whom == "out" else whom),
                    ("", "no: it is a note"),
                ),
            )


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
_LOAN_FIELDS = frozenset(
    {"on_loan_to", "borrower_person", "borrower_kind", "due_on", "out_on", "returned_on", "status"}
)
_NOT_A_NAME = frozenset({*STANDINGS, "on_loan_to", "borrower_person", "contact", "until", "since"})
"""Answers about a borrower's cell that are no name of an organisation."""

_KEPT = frozenset({"own_name", "category", "total_value"})
_NOTED = _KEPT | {"condition", "location", "contact"}
"""Fields whose words are looked at for a loan, as those of a column without a field are."""
_UNSURE_WHO = "Some cells do not name who has the thing. Is it on loan?"
_OUT_OR_IN = (("out", "on loan, and nobody is on record"), ("in", "not on loan"))
_YES_OUT = _YES | {"out", "on loan"}
_STATUS_CHOICES = (
    ("in", "here"),
    ("out", "on loan"),
    ("missing", "missing"),
    ("withdrawn", "gone for good: leave the row out"),
    ("in_repair", "being repaired"),
    ("", "none of these: keep it as a note"),
)


def _standing(answer: str) -> Standing | None:
    return answer if answer in STANDINGS else None
