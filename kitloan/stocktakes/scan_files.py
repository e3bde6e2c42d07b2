"""What a batch scanner or a desk without the store has scanned: a file to scans and problems.

One scan a line: the code, and where they are known when it was scanned and where. It reads the
files that spreadsheets are read from; it needs no store and changes nothing.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kitloan.calendar import SCOTLAND, parse_date
from kitloan.errors import BadInput
from kitloan.spreadsheets.cells import load
from kitloan.spreadsheets.sheets import Line, Value, is_blank
from kitloan.spreadsheets.values import as_text
from kitloan.text import fault, fold, plain, tidy

COLUMNS = ("code", "time", "place")
_HEADERS = {"code", "tag", "barcode", "scan", "asset number"}
_ISO = re.compile(
    r"(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_UK = re.compile(
    r"(\d{1,2}[/.]\d{1,2}[/.](?:(?:19|20)\d\d|\d\d)),? (\d{1,2}):(\d\d)(?::(\d\d))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class ScannedLine:
    """One scan of a file: its line, what was scanned, and when and where, if the line says so."""

    line: int
    code: str
    seen_at: datetime | None
    place: str | None

    def id_at(self, stocktake: str, desk: str, place: str | None) -> str:
        """The scan's id: the same line, read again for the same desk and place, is the same scan.

        Args:
            stocktake: what it is read into.
            desk: who scanned.
            place: where, for lines that do not say.
        """
        moment = self.seen_at.isoformat() if self.seen_at else ""
        parts = (stocktake, fold(desk), str(self.line), self.code, moment, self.place or place)
        return hashlib.sha256("\x1f".join(part or "" for part in parts).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be taken; `column` is one of `COLUMNS`."""

    line: int
    column: str
    value: str
    problem: str


def read_scans(path: Path) -> tuple[list[ScannedLine], list[LineProblem]]:
    """The scans in a file, and the lines that cannot be read.

    Args:
        path: a text file or CSV with a code a line, or `code,time,place`; times are
            `23/11/2026 11:42` in Scotland or RFC 3339. A first line of headers is passed over.

    Raises:
        BadInput: the file is none that can be read; see `kitloan.spreadsheets.cells.load`.
    """
    scans: list[ScannedLine] = []
    problems: list[LineProblem] = []
    (sheet, *_) = load(path).sheets
    for number, line in enumerate(sheet.lines):
        if number == 0 and fold(as_text(line.value(0))) in _HEADERS:
            continue
        found = list(_faults(line))
        problems += found
        if not found:
            scans.append(_scan(line))
    return scans, problems


def code_of(text: str) -> str:
    """What was scanned, as it is kept: one line, and what a terminal would obey is written out.

    Raises:
        BadInput: `bad_text`, when nothing is left, or it is too long or a formula.
    """
    code = plain(tidy(text))
    wrong = fault(code) if code else "is empty"
    if wrong:
        raise BadInput("bad_text", f"The code {wrong}.", "Scan it again.", value=code[:60])
    return code


def parse_moment(text: str) -> datetime | None:
    """An instant as machines or people in Britain write it; None when it is not one."""
    wanted = tidy(text)
    try:
        if _ISO.fullmatch(wanted):
            read = datetime.fromisoformat(wanted)
        elif found := _UK.fullmatch(wanted):
            day = parse_date(found[1])
            hour, minute, second = (int(part or 0) for part in found.groups()[1:])
            read = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=SCOTLAND)
        else:
            return None
    except (ValueError, BadInput):
        return None
    return read if read.tzinfo else read.replace(tzinfo=SCOTLAND)


def _faults(line: Line) -> Iterator[LineProblem]:
    for value in line.values[len(COLUMNS) :]:
        if not is_blank(value):
            yield _problem(line, "place", value, "stands behind code, time and place")
    code, moment, place = (line.value(column) for column in range(3))
    try:
        code_of(as_text(code))
    except BadInput as problem:
        yield _problem(line, "code", code, problem.message.removeprefix("The code ").rstrip("."))
    if not is_blank(moment) and _moment(moment) is None:
        yield _problem(line, "time", moment, "is no time; write it like 23/11/2026 11:42")
    wrong = None if is_blank(place) else fault(tidy(as_text(place)))
    if wrong:
        yield _problem(line, "place", place, wrong)


def _scan(line: Line) -> ScannedLine:
    place = tidy(as_text(line.value(2)))
    return ScannedLine(
        line.number, code_of(as_text(line.value(0))), _moment(line.value(1)), place or None
    )


def _moment(value: Value) -> datetime | None:
    if isinstance(value, datetime):  # a workbook's own
        return value if value.tzinfo else value.replace(tzinfo=SCOTLAND)
    return parse_moment(as_text(value))


def _problem(line: Line, column: str, value: Value, problem: str) -> LineProblem:
    return LineProblem(line.number, column, plain(as_text(value)[:60]), problem)
