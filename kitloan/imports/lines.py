"""What one line of a register gives: entries, problems, questions, or none of them.

Two severities. An *error* is a row that cannot be taken, because what it is, how many or which one
is in doubt; a *warning* is a value that is left out of a row that is taken, and kept as a note.
What could change who has what, and is not certain, is a question.
"""

import re
from typing import Any

from kitloan.imports.entries import Entry, Found, Layout, Loan, problem
from kitloan.imports.evidence import (
    is_surely_school,
    looks_like_place,
)
from kitloan.imports.headings import squeeze
from kitloan.imports.line_days import STATUS_CHOICES
from kitloan.imports.line_notes import LineNotes
from kitloan.imports.rows import Problem
from kitloan.imports.sheets import Line, Value, is_blank
from kitloan.imports.statuses import (
    STANDINGS,
    status_of_words,
)
from kitloan.imports.table_reading import LEADING_COUNT, TableReading
from kitloan.imports.values import (
    as_text,
    shown,
)
from kitloan.text.names import fold

_SHOWN = 80
_DIGIT = re.compile(r"\d")
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
_BETWEEN_THINGS = re.compile(r"\s*(?:,|;|\+|&|\band\b)\s*")
_PIECE = re.compile(r"(\d{1,4})\s*[x×]\s*(\S.*)|(\S.*?)\s*[x×]\s*(\d{1,4})", re.IGNORECASE)
_TRAILING = re.compile(r"([^\W\d_].*?)\s+(?:[x×]\s*(\d{1,4})|\([x×]\s*(\d{1,4})\))", re.IGNORECASE)


class Reader(TableReading):
    """Reads the lines of one table, in order."""

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
            self.hidden.append(line.number)
        return _Attempt(self, line).entries()

    def read_title(self) -> None:
        """Read the one cell above the headings: a school, or words for how the rows below are."""
        lines = self.layout.sheet.lines
        at = next((i for i, n in enumerate(lines) if n.number == self.layout.header_row), 0)
        if at == 0:
            return
        title = lines[at - 1]
        filled = [i for i, value in enumerate(title.values) if not is_blank(value)]
        if len(filled) != 1 or filled[0] not in self.layout.columns:
            return
        text = shown(title.value(filled[0])).rstrip(" :")
        if is_surely_school(text) or status_of_words(text) or self.layout.is_below:
            self._head(text, title.number, banner=False)

    def finish(self) -> list[Problem]:
        """What concerns several lines, once each."""
        name = self.layout.sheet.name
        kind = self.layout.place("type")
        header = kind[1].header if kind else ""
        found = []
        if self.prepared:
            many = len(self.prepared)
            what = "has a number and nothing else, and was left out"
            what += f"; so have {many - 1:,} more" if many > 1 else ""
            found.append(problem("warning", name, self.prepared[0], "", "", what))
        if self.same_above:
            many = len(self.same_above)
            what = "is blank, and was read as the same as the row above"
            what += f"; so are {many - 1:,} more" if many > 1 else ""
            found.append(problem("warning", name, self.same_above[0], header, "", what))
        if self.hidden:
            rows = ", ".join(map(str, self.hidden[:10])) + (
                ", ..." if len(self.hidden) > 10 else ""
            )
            what = f"is hidden in the spreadsheet, and was read; hidden rows: {rows}"
            found.append(problem("warning", name, self.hidden[0], "", "", what))
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
        is_total = _is_total(first) or (kind and not numbered and _is_total(line.value(kind[0])))
        if is_total:
            return "is a line of totals, and was left out"
        if self.filled.get(line.number, 0) > 1 and _is_drawn(text) and _is_rule(line, layout):
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
        """Ask about a legend by which a colour shows who has a thing, or that it is gone."""
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
                    (*STATUS_CHOICES[:-1], ("section", "no: keep it as a note")),
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


def _is_rule(line: Line, layout: Layout) -> bool:
    """Whether the cells of a line are dashes and the like, as beneath a heading in plain text."""
    texts = [shown(line.value(i)) for i in layout.columns if not is_blank(line.value(i))]
    return all(map(_is_drawn, texts))


def _is_drawn(text: str) -> bool:
    return len(text) > 2 and not text.strip("-=_:*.~+ ")


def _is_key(text: str, line: Line, reader: Reader) -> bool:
    return line.number in reader.lone and bool(_KEY_LINE.fullmatch(text))


def _first(line: Line, layout: Layout) -> Value:
    return next((v for i in layout.columns if not is_blank(v := line.value(i))), None)


def _is_total(value: Value) -> bool:
    if not isinstance(value, str) or len(value) >= _SHOWN or _DIGIT.search(value):
        return False
    return squeeze(value) in _TOTALS


class _Attempt(LineNotes):
    """One line on its way to being rows."""

    def entries(self) -> Found:
        """The rows that the line makes, and what was wrong."""
        self._check_width()
        if self._is_prepared():
            self.reader.prepared.append(self.line.number)
            return Found([], [], counts=False)
        values = self._fields()
        if self.left_out:
            return Found([], self.problems, counts=True)
        self._type(values)
        loan = self._loan(values)
        extras = self._extras(values, loan)
        self._due_without_borrower(loan)
        extras |= self.unread
        if loan.organisation is None:
            loan.others = []
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
            self.reader.same_above.append(self.line.number)
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
        parts = _BETWEEN_THINGS.split(text) if _DIGIT.search(text) else [text]
        pieces = [_PIECE.fullmatch(part.strip()) for part in parts]
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
        found = LEADING_COUNT.fullmatch(text)
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
