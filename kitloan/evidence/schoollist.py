"""A list of schools as the Scottish Government publishes it: a file in, rows out.

Four shapes are known, and none by its name: contact details, with a column for each department; the
same of 2018, with two lines of headings; the map layer and its shapefile's table, with names cut at
ten characters; and the summary statistics. Each is read by its headings, wherever the line of them
is. One row comes out for each department, because a campus with a primary and a secondary
department is two establishments. Pure: no store is needed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from kitloan.errors import BadInput
from kitloan.evidence.councils import find_council
from kitloan.imports.cells import load
from kitloan.imports.headings import squeeze
from kitloan.imports.rows import Problem
from kitloan.imports.sheets import Line, Sheet, Unreadable, Value, is_blank
from kitloan.text.fields import SchoolFields
from kitloan.text.names import fault, plain, tidy

DEPARTMENTS = {"primary": "P", "secondary": "S", "special": "SP"}
"""A department, and the end of the id of a school that is one."""

_LOOKED_AT = 40
"""Lines in which the headings may be."""
_CUT = 10
"""Characters of a column's name that a shapefile keeps."""
_NONE = {
    *("", ".", "..", "-", "–", "—", "*", "~", ":", "c", "x", "z", "low", "#", "#n/a", "n/a", "na"),
    *("no", "n", "none", "false", "0", "0.0"),
}
"""What lists write for none, not known, hidden and not applicable; also in square brackets."""
_TICKS = ("yes", "y", "true", "✓", "✔")
"""What marks a department; lists of 2018 have the number of a kind of school there."""
_FEW_CELLS = 2
"""Cells of a line that is a note under a list; a school has a code, a name and a council."""
_MOST_SHOWN = 20
_MOST_ROLL = 20_000

_MEANS: Mapping[str, tuple[str, ...]] = {
    "seed": (
        *("seedcode", "seed", "seedno", "seednumber", "seedcodes", "seedcode1", "schoolseedcode"),
        "schoolcode",
    ),
    "schuid": ("schuid", "schooluid"),
    "name": ("schoolname", "nameofschool", "establishmentname", "school", "centrename", "name"),
    "council": (
        *("laname", "la", "localauthority", "localauthorityname", "council", "councilname"),
        *("councilarea", "educationauthority", "authority"),
    ),
    "council_code": ("lacode", "localauthoritycode", "councilcode"),
    "type": ("schooltype", "schtype", "sector", "schoolsector"),
    "primary": ("primarydepartment", "primarydept", "primary"),
    "secondary": ("secondarydepartment", "secondarydept", "secondary"),
    "special": ("specialdepartment", "specialdept", "special"),
    "roll": (
        *("pupilroll", "pupilrolls", "roll", "schoolroll", "totalroll", "pupils", "totalpupils"),
        *("numberofpupils", "pupilnumbers", "numberonroll"),
    ),
    "postcode": ("postcode",),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "long", "lon"),
    "denomination": ("denomination",),
    "rurality": (
        *("8foldurbanruralmeasure", "urbanrural8fold", "8foldurbanrural", "urbanrural8"),
        "urbanruralclassification8fold",
    ),
    "deprived": (
        "proportionofpupilswholivein20mostdeprived",
        "proportionofpupilswholivein20mostdeprivedzones",
        "proportionofpupilswholivein20mostdeprivedzonesinscotland",
        "proportionofpupilswholivein20mostdeprivedzonesscotland",
        "proportionofpupilswholivein20mostdeprivedatazones",
        "proportionofpupilswholivein20mostdeprivedatazonesinscotland",
        "proportionofpupilswholivein20mostdeprivedatazonesscotland",
        "proportionofpupilswholivein20mostdepriveddatazonesinscotland",
        "proportionofpupilswholivein20mostdepriveddatazones",
    ),
    "simd1": ("simd1", "simdquintile1"),
    "simd_unknown": ("simdunknown", "simdnotknown"),
    "year": ("year",),
}
_BY_NAME = {name: field for field, names in _MEANS.items() for name in names}
_BY_CUT = {name[:_CUT]: _BY_NAME[name] for name in reversed(_BY_NAME) if len(name) > _CUT}
_TYPES = {
    "primary": ("primary",),
    "secondary": ("secondary",),
    "special": ("special",),
    "p": ("primary",),
    "s": ("secondary",),
    "sp": ("special",),
    "all-through": ("primary", "secondary"),
    "all through": ("primary", "secondary"),
}
_RURALITY = (
    *("large urban", "other urban", "accessible small town", "remote small town"),
    *("very remote small town", "accessible rural", "remote rural", "very remote rural"),
)
"""The eight-fold classification in words, from 1."""

_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:3]: n for n, name in enumerate(_MONTHS.split(), start=1)}
_WRITTEN = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[ _+-]+([A-Za-z]{3,9})\.?,?[ _+-]+(\d{4})(?!\d)"
    r"|(?<!\d)(20\d\d)[-_.](\d{1,2})[-_.](\d{1,2})(?!\d)"
    r"|(?<!\d)(\d{1,2})[/._-](\d{1,2})[/._-](20\d\d)(?!\d)"
)
_MONTH_ONLY = re.compile(r"(?<![A-Za-z])([A-Za-z]{3,9})\.?[ _+-]+(20\d\d)(?!\d)")
_MORE = re.compile(r"\([^)]*\)|\[[^\]]*\]|\b20\d\d(?:/\d\d)?\b")
"""What a heading says of itself: `Pupil Roll (2023)`, `Seed Code [note 1]`."""
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


class ListedSchool(SchoolFields):
    """One establishment of a list: its SchUID, and the row that it is on."""

    schuid: str
    row: int


@dataclass(frozen=True, slots=True)
class SchoolList:
    """What was read.

    Attributes:
        vintage: the day, month or year that the list is of: `2026-01-31`, `2026-01` or `2018`.
        sheet: the sheet's name.
        header_row: the row of its headings, as the spreadsheet numbers it; the lower of two.
        rows: rows with a SEED code.
        columns: what each heading was taken for.
        schools: one for each department.
        problems: values that were left out.
    """

    vintage: str
    sheet: str
    header_row: int
    rows: int
    columns: Mapping[str, str]
    schools: tuple[ListedSchool, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """A line of headings: its place among the lines, which column has which field, how written."""

    position: int
    fields: Mapping[int, str]
    written: Mapping[int, str]


def read_school_list(path: Path, vintage: str | None = None) -> SchoolList:
    """The schools of a published list.

    Args:
        path: a CSV, XLSX, XLS or ODS file.
        vintage: what the list is of, where neither the sheet, its title nor the file's name has it.

    Raises:
        BadInput: as `kitloan.imports.cells.load`; `not_a_school_list`, for a file without a column
            of SEED codes; `no_vintage`; `bad_school_list`, with `problems`, for rows that cannot be
            taken: a wrong SEED code, one on two rows, a school on two rows.
    """
    book = load(path)
    found = [(sheet, head) for sheet in book.sheets if (head := _head_of(sheet)) is not None]
    if not found:
        raise _not_a_list(path)
    sheet, head = max(found, key=_how_likely)
    reader = _Reader(sheet, head)
    schools = reader.schools()
    if reader.is_of_another_country(schools):
        raise _not_a_list(path)
    reader.refuse_doubles(schools)
    errors = [each for each in reader.problems if each.severity == "error"]
    if errors:
        raise _bad_list(path, errors)
    if not schools:
        raise BadInput(
            "not_a_school_list",
            f"{path.name} has headings of a list of schools, and no school under them.",
            "Check that the file was saved whole.",
            file=str(path),
        )
    of = _vintage(sheet, head, path, vintage)
    if vintage is not None and not _agree(of, vintage_of(vintage) or ""):
        reader.problems.append(
            Problem(
                *("warning", plain(sheet.name), None, "", plain(vintage[:80])),
                f"is not the day of this list, which is of {of} as it shows itself",
            )
        )
    return SchoolList(
        of,
        plain(sheet.name),
        sheet.lines[head.position].number,
        reader.rows,
        {plain(head.written[at]): field for at, field in sorted(head.fields.items())},
        tuple(schools),
        tuple(reader.problems),
    )


def _how_likely(found: "tuple[Sheet, _Head]") -> tuple[bool, int, int]:
    """How likely a sheet is the list: one of closed schools beside it is not."""
    sheet, head = found
    return "closed" not in sheet.name.casefold(), len(head.fields), len(sheet.lines)


def _agree(one: str, other: str) -> bool:
    """Whether two vintages may be of one day: the month or year of one is in the other."""
    return one.startswith(other) or other.startswith(one)


def vintage_of(text: str) -> str | None:
    """The day, month or year that a text names, the most exact first; None when it names none."""
    for found in _WRITTEN.finditer(text):
        day, word, year, iso_year, iso_month, iso_day, uk_day, uk_month, uk_year = found.groups()
        month = _MONTH.get(word[:3].casefold()) if word else int(iso_month or uk_month)
        try:
            exact = date(
                int(year or iso_year or uk_year), month or 0, int(day or iso_day or uk_day)
            )
        except ValueError:
            continue
        return exact.isoformat()
    for found in _MONTH_ONLY.finditer(text):
        if number := _MONTH.get(found[1][:3].casefold()):
            return f"{found[2]}-{number:02}"
    years = _YEAR.findall(text)
    return max(years) if years else None


def _vintage(sheet: Sheet, head: _Head, path: Path, given: str | None) -> str:
    above = [
        str(value)
        for line in sheet.lines[: head.position]
        for value in line.values
        if isinstance(value, str | date) and not is_blank(value)
    ]
    in_column = [at for at, field in head.fields.items() if field == "year"]
    years = {
        _text(sheet.value(line, at))
        for line in sheet.lines[head.position + 1 :]
        for at in in_column
    }
    dated = years.pop() if len(years) == 1 else ""
    of_sheet = "" if sheet.delimited else sheet.name
    for text in (of_sheet, " ".join(above), dated, path.stem, given or ""):
        if text and (found := vintage_of(text)):
            return found
    raise BadInput(
        "no_vintage",
        f"{path.name} does not show which day or year its list is of: neither its sheet, its title "
        "nor its name has one.",
        f'Give it: kitloan schools import {path.name} --vintage "31 Jan 2026"',
        file=str(path),
        value=given,
    )


def _head_of(sheet: Sheet) -> _Head | None:
    """The line of headings: the one that names the most, SEED codes among them."""
    found: list[_Head] = []
    for position in range(min(len(sheet.lines), _LOOKED_AT)):
        found.append(_head(sheet, position, above=False))
        if position:
            found.append(_head(sheet, position, above=True))
    named = [each for each in found if {"seed", "schuid"} & {*each.fields.values()}]
    return max(named, key=lambda each: (len(each.fields), -each.position), default=None)


def _head(sheet: Sheet, position: int, *, above: bool) -> _Head:
    """A line as headings, with the line above it when `above`: its texts reach to the right."""
    line = sheet.lines[position]
    group = ""
    fields: dict[int, str] = {}
    written: dict[int, str] = {}
    before = sheet.lines[position - 1] if above else None
    if before is not None and before.number in sheet.banners:
        before = None
    width = max(len(line.values), len(before.values) if before else 0)
    for at in range(width):
        own = _words(line.value(at))
        upper = _words(before.value(at)) if before is not None else ""
        if upper:
            group = upper
        if not own:
            own, over = upper, ""
        else:
            over = upper or group
        field = _meaning(own, over)
        if field is None or field in fields.values():
            continue
        fields[at] = field
        written[at] = f"{over}: {own}" if over and over != own else own
    return _Head(position, fields, written)


def _words(value: Value) -> str:
    return tidy(value) if isinstance(value, str) else ""


def _meaning(own: str, over: str) -> str | None:
    """The field that a heading means, under the heading above it; None when it is none of ours."""
    whole = squeeze(own)
    key = squeeze(_MORE.sub("", own))
    field = _BY_NAME.get(whole) or _BY_NAME.get(key)
    if field is None and len(own) == _CUT:
        field = _BY_CUT.get(key)
    if field is None and key.startswith("proportionofpupils") and "deprived" in key:
        field = "deprived"
    if field is None and "urbanrural" in key and ("8fold" in whole or key.endswith("8")):
        field = "rurality"
    if over and field in DEPARTMENTS and "roll" in squeeze(over):
        return f"roll_{field}"
    return field


class _Reader:
    """The lines under the headings of one sheet."""

    def __init__(self, sheet: Sheet, head: _Head) -> None:
        self._sheet, self._head = sheet, head
        self._at = {field: at for at, field in head.fields.items()}
        self.problems: list[Problem] = []
        self.rows = 0

    def schools(self) -> list[ListedSchool]:
        """One for each department of each row."""
        return [
            school
            for line in self._sheet.lines[self._head.position + 1 :]
            for school in self._of_line(line)
        ]

    def _of_line(self, line: Line) -> Iterator[ListedSchool]:
        seed, schuid = self._text(line, "seed"), self._text(line, "schuid")
        seed = re.sub(r"\.0$", "", _ungrouped(seed))
        if not seed and not schuid:
            return  # a note under the list
        if schuid and not seed:
            seed = schuid[:7]
        if not re.fullmatch(r"[0-9]{7}", seed):
            if self._is_note(line):
                return
            self._problem(line, "seed", seed, "is not a SEED code of seven digits", "error")
            return
        self.rows += 1
        departments = self._departments(line, seed, schuid)
        for department in departments:
            yield self._school(line, seed, department, is_alone=len(departments) == 1)

    def _is_note(self, line: Line) -> bool:
        """Whether a line is a note or a sum under the list; one of two cells is a warning."""
        filled = sum(not is_blank(value) for value in line.values)
        first = self._text(line, "seed")
        if filled > _FEW_CELLS and first.casefold() not in ("total", "totals", "scotland"):
            return False
        if filled > 1:
            self._problem(line, "seed", first, "is no SEED code; its row was left out", "warning")
        return True

    def _departments(self, line: Line, seed: str, schuid: str) -> Sequence[str]:
        if schuid:
            ends = {end: name for name, end in DEPARTMENTS.items()}
            if schuid[:7] != seed or schuid[7:] not in ends:
                self._problem(
                    line, "schuid", schuid, f"is not the id of a department of {seed}", "error"
                )
                return ()
            return (ends[schuid[7:]],)
        ticked = [name for name in DEPARTMENTS if self._is_ticked(line, name)]
        if ticked:
            return ticked
        written = self._text(line, "type").casefold()
        named = _TYPES.get(written) or tuple(name for name in DEPARTMENTS if name in written)
        if not named:
            self._problem(
                line,
                "type",
                written or seed,
                "has no department: primary, secondary or special",
                "warning",
            )
        return named

    def _is_ticked(self, line: Line, department: str) -> bool:
        text = self._raw(line, department).casefold()
        if text in (*_TICKS, department) or (text.isdecimal() and int(text)):
            return True
        if text not in _NONE or text == "x":  # a cross may be a tick, or a mark for none
            self._problem(line, department, text, "is neither yes nor no", "warning")
        return False

    def is_of_another_country(self, schools: Sequence[ListedSchool]) -> bool:
        """Whether no column is of SEED codes by its name, and no council is one of Scotland's."""
        named = squeeze(self._head.written[self._at["seed"]]) if "seed" in self._at else "schuid"
        councils = [each for each in schools if each.council]
        return (
            not named.startswith(("seed", "schoolseed", "schuid"))
            and bool(councils)
            and not any(each.council_code for each in councils)
        )

    def _school(self, line: Line, seed: str, department: str, *, is_alone: bool) -> ListedSchool:
        council = self._text(line, "council") or self._text(line, "council_code")
        known = find_council(council) or find_council(self._text(line, "council_code"))
        if council and known is None and "grant" not in council.casefold():
            self._problem(line, "council", council, "is no council of Scotland's 32", "warning")
        roll = self._whole(line, f"roll_{department}", _MOST_ROLL)
        whole = self._whole(line, "roll", _MOST_ROLL) if roll is None else roll
        if is_alone:
            roll = whole
        elif roll is None and whole is not None:
            problem = f"is the roll of several departments, so that of {department} is not known"
            self._problem(line, "roll", f"{whole:,}", problem, "warning")
        return ListedSchool(
            schuid=f"{seed}{DEPARTMENTS[department]}",
            row=line.number,
            name=self._name(line, "name"),
            council=known.name if known else council or None,
            council_code=known.code if known else None,
            sector=department,
            roll=roll,
            postcode=self._text(line, "postcode").upper()[:10] or None,
            latitude=self._degrees(line, "latitude", 49, 62),
            longitude=self._degrees(line, "longitude", -10, 3),
            denomination=self._name(line, "denomination"),
            rurality=self._rurality(line),
            deprived=self._deprived(line, whole),
        )

    def _name(self, line: Line, field: str) -> str | None:
        text = tidy(self._text(line, field))
        if not text:
            return None
        if wrong := fault(text):
            self._problem(line, field, text, wrong, "warning")
            return None
        return text

    def _whole(self, line: Line, field: str, most: int) -> int | None:
        text = _ungrouped(self._text(line, field))
        if not text:
            return None
        number = re.fullmatch(r"(\d+)(?:\.0+)?", text)
        if number is None or int(number[1]) > most:
            self._problem(line, field, text, "is not a number of pupils", "warning")
            return None
        return int(number[1])

    def _degrees(self, line: Line, field: str, least: int, most: int) -> str | None:
        text = self._text(line, field)
        if not text:
            return None
        if not re.fullmatch(r"-?\d{1,2}(\.\d+)?", text) or not least <= float(text) <= most:
            self._problem(line, field, text, "is not a place in Scotland", "warning")
            return None
        return f"{float(text):.6f}"

    def _rurality(self, line: Line) -> int | None:
        text = self._text(line, "rurality")
        if found := re.match(r"([1-8])(?!\d)", text):
            return int(found[1])
        words = re.sub(r"( areas?| towns?)$", "", " ".join(text.casefold().split()))
        known = [re.sub(r" towns?$", "", each) for each in _RURALITY]
        if words in known:
            return known.index(words) + 1
        if text:
            self._problem(line, "rurality", text, "is none of the eight classes", "warning")
        return None

    def _deprived(self, line: Line, roll: int | None) -> str | None:
        text = self._raw(line, "deprived")
        if text and (found := re.search(r"\d+(?:\.\d+)?", text)):
            share = float(found[0])
            if "%" not in text and share <= 1:
                share *= 100
            return deprivation_band(0.0 if text.lstrip().startswith("<") else share)
        # A blank is none of them; of whom nobody knows the zone, all may be or none.
        poorest, unknown = (
            _ungrouped(self._raw(line, name)) or "0" for name in ("simd1", "simd_unknown")
        )
        if "simd1" not in self._at or not roll or not poorest.isdecimal():
            return None
        most = int(poorest) + (int(unknown) if unknown.isdecimal() else 0)
        if int(poorest) > roll:
            self._problem(line, "simd1", poorest, f"is more than the roll of {roll:,}", "warning")
            return None
        bands = {deprivation_band(100 * many / roll) for many in (int(poorest), min(most, roll))}
        return bands.pop() if len(bands) == 1 else None

    def _raw(self, line: Line, field: str) -> str:
        at = self._at.get(field)
        return "" if at is None else _text(self._sheet.value(line, at))

    def _text(self, line: Line, field: str) -> str:
        text = self._raw(line, field)
        return "" if text.casefold().strip("[]") in _NONE else text

    def _problem(self, line: Line, field: str, value: str, problem: str, severity: str) -> None:
        at = self._at.get(field)
        self.problems.append(
            Problem(
                "error" if severity == "error" else "warning",
                plain(self._sheet.name),
                line.number,
                plain(self._head.written[at]) if at is not None else "",
                plain(value[:80]),
                problem,
            )
        )

    def refuse_doubles(self, schools: Sequence[ListedSchool]) -> None:
        """Add an error for each school that is on two rows, by its id or by all that names it."""
        lines = {each.number: each for each in self._sheet.lines}
        by_id: dict[str, ListedSchool] = {}
        by_place: dict[tuple[str, ...], ListedSchool] = {}
        seeds: dict[str, int] = {}
        for each in schools:
            line = lines[each.row]
            seed = each.schuid[:7]
            first = by_id.setdefault(each.schuid, each)
            first_row = seeds.setdefault(seed, each.row)
            if first is not each:
                self._problem(line, "seed", seed, f"is on row {first.row} too", "error")
                continue
            if first_row != each.row and "schuid" not in self._at and "type" not in self._at:
                self._problem(line, "seed", seed, f"is on row {first_row} too", "error")
                continue
            if each.name and each.postcode:
                key = (squeeze(each.name), squeeze(each.postcode), each.sector)
                same = by_place.setdefault(key, each)
                if same.schuid != each.schuid:
                    self._problem(
                        line,
                        "name",
                        each.name,
                        f"is on row {same.row} too, as {same.schuid}, at {each.postcode}",
                        "error",
                    )


def deprivation_band(percent: float) -> str:
    """The band of a share of pupils, in per cent: `0-10`, `10-25`, `25-50` or `50-100`."""
    for most, band in ((10, "0-10"), (25, "10-25"), (50, "25-50")):
        if percent < most:
            return band
    return "50-100"


def _ungrouped(text: str) -> str:
    """A number without what groups its thousands; other text as it is."""
    grouped = re.fullmatch(r"\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+(\.0+)?", text)
    return re.sub(r"[ ,\u00a0\u202f]", "", text) if grouped else text


def _text(value: Value) -> str:
    if isinstance(value, Unreadable) or is_blank(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float | Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    return tidy(str(value))


def _not_a_list(path: Path) -> BadInput:
    return BadInput(
        "not_a_school_list",
        f"{path.name} has no column of SEED codes, so it is no list of Scotland's schools.",
        "Take the Scottish Government's school contact details, or school roll and locations.",
        file=str(path),
    )


def _bad_list(path: Path, errors: Sequence[Problem]) -> BadInput:
    first = errors[0]
    more = f" {len(errors) - 1} more rows are wrong." if len(errors) > 1 else ""
    return BadInput(
        "bad_school_list",
        f"{path.name}, row {first.row}: {first.value} {first.problem}.{more} Nothing was changed.",
        "Correct these rows in the file, or take a file as it was published.",
        file=str(path),
        problems=[each.as_json() for each in errors[:_MOST_SHOWN]],
    )
