"""The map file: a person's own word on what a register's columns, values and sheets are.

    header_row = 4                # optional: the row with the headers, as the spreadsheet shows it
    sheet = "Kits"                # optional: read this sheet alone
    headings = ["Number", "Box"]  # optional: what it was made for

    [columns]
    "Number" = "asset_number"     # header as written = field
    "Box" = ""                    # not a field: kept as an extra column

    [values."Status"]
    scrapped = "withdrawn"        # value = what it means

    [sheets]
    "Old stock" = ""              # left out; or "holdings", "loans", "loan_log", "on_loan"

What it does not mention is recognised as ever. A map called NAME.map.toml beside NAME.csv is used
by
itself for the same headings; one whose answers nobody has confirmed (`proposed = true`) is not.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput
from kitloan.imports.columns import field_names
from kitloan.imports.questions import Question
from kitloan.imports.statuses import speaks_of_gone, status_of_words, undated
from kitloan.storage.files import insist_on_file, whole_file
from kitloan.text.names import fold, plain, tidy

_KEYS = ("columns", "header_row", "sheet", "values", "sheets", "headings", "proposed")
SHEET_ANSWERS = ("holdings", "loans", "loan_log", "on_loan", "")
"""What a sheet can be: things, loans of things on another sheet, a log, things that the
school of the sheet's name has on loan, or nothing."""


@dataclass(frozen=True, slots=True)
class Map:
    """What the user has answered; empty where they answered nothing.

    Attributes:
        columns: by folded header, the field, or "" for an extra column.
        written: by folded header, the header as the map spells it.
        values: by folded header, by folded value, what it means.
        sheets: by folded name, what the sheet is.
        headings: the headings that the map was made for; empty for any.
        proposed: nobody has confirmed its answers.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)
    header_row: int | None = None
    sheet: str | None = None
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheets: Mapping[str, str] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    proposed: bool = False

    def value(self, header: str, text: str) -> str | None:
        """What a value of a column means by the map; None when the map does not have it.

        "Scrapped 12/03/2025" is also found under "scrapped", and "Lost in transit" under "lost";
        but not "missing 3 screws" under "missing", nor one school under the beginning of its name.
        """
        answers = self.values.get(fold(header)) if self.values else None
        if not answers:
            return None
        key = fold(tidy(text))
        if key in answers:
            return answers[key]
        bare = fold(undated(key))
        if bare in answers:
            return answers[bare]
        gone = speaks_of_gone(key)
        begins = [
            each
            for each in answers
            if gone
            and key.startswith(f"{each} ")
            and (speaks_of_gone(each) or status_of_words(each)) == gone
        ]
        return answers[max(begins, key=len)] if begins else None

    def with_column(self, header: str, name: str) -> "Map":
        """This map with one column given a field, or with "" kept as a note."""
        key = fold(header)
        return replace(
            self, columns={**self.columns, key: name}, written={**self.written, key: header}
        )

    def with_answers(self, answers: Iterable[tuple[Question, str]]) -> "Map":
        """This map with questions answered."""
        columns, written = dict(self.columns), dict(self.written)
        values = {header: dict(each) for header, each in self.values.items()}
        sheets = dict(self.sheets)
        for question, answer in answers:
            key = fold(question.column)
            if question.kind == "column":
                columns[key] = answer
                written[key] = question.column
            elif question.kind == "sheet":
                sheets[fold(question.sheet)] = answer
            else:
                into = values.setdefault(key, {})
                written.setdefault(f"values:{key}", question.column)
                into.update({fold(tidy(value)): answer for value in question.values})
        return replace(self, columns=columns, written=written, values=values, sheets=sheets)


def load_map(path: Path) -> Map:
    """Read a map file.

    Raises:
        BadInput: `bad_map`, naming the key that is wrong and what it could be.
    """
    try:
        insist_on_file(path)
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise bad_map(f"The map file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # all that tomllib and the decoder raise
        raise bad_map(f"{path.name} is not TOML: {plain(str(error))[:200]}.") from error
    for key in found:
        if key not in _KEYS:
            raise bad_map(
                f"{path.name} has a key {key[:80]!r}.", f"It can have: {', '.join(_KEYS)}."
            )
    columns = _columns(path, found.get("columns", {}))
    values = _values(path, found.get("values", {}))
    row, sheet = found.get("header_row"), found.get("sheet")
    if row is not None and (not isinstance(row, int) or isinstance(row, bool) or row < 1):
        raise bad_map(f"In {path.name}, header_row is {row!r}.", "Give the row's number, like 4.")
    if sheet is not None and not isinstance(sheet, str):
        raise bad_map(f"In {path.name}, sheet is {sheet!r}.", "Give the sheet's name in quotes.")
    written = {fold(header): header for header in columns}
    written |= {f"values:{fold(header)}": header for header in values}
    return Map(
        {fold(header): means for header, means in columns.items()},
        written,
        row,
        sheet,
        {
            fold(header): {fold(tidy(value)): means for value, means in each.items()}
            for header, each in values.items()
        },
        _sheets(path, found.get("sheets", {})),
        _headings(path, found.get("headings", [])),
        found.get("proposed") is True,
    )


def _columns(path: Path, table: Any) -> dict[str, str]:
    if not isinstance(table, dict):
        raise bad_map(
            f"In {path.name}, columns is not a table.", 'Write [columns] above "H" = "f".'
        )
    for header, means in table.items():
        if means != "" and means not in field_names():
            raise bad_map(
                f"In {path.name}, {header[:80]!r} = {str(means)[:80]!r} is not a field.",
                f'The fields are: {", ".join(field_names())}; or "" to keep it as an extra column.',
            )
    return table


def _values(path: Path, table: Any) -> dict[str, dict[str, str]]:
    if not isinstance(table, dict) or not all(isinstance(each, dict) for each in table.values()):
        raise bad_map(
            f"In {path.name}, values is not a table of columns.",
            'Write [values."Status"] above scrapped = "withdrawn".',
        )
    for header, each in table.items():
        for value, means in each.items():
            if not isinstance(means, str):
                raise bad_map(
                    f"In {path.name}, the value {value[:80]!r} of {header[:80]!r} means "
                    f"{str(means)[:80]!r}.",
                    'Give what it means in quotes: "withdrawn", a school, or "" for nothing.',
                )
    return table


def _sheets(path: Path, table: Any) -> dict[str, str]:
    if not isinstance(table, dict) or any(each not in SHEET_ANSWERS for each in table.values()):
        raise bad_map(
            f"In {path.name}, sheets is not a table of what each sheet is.",
            'Write [sheets] above "Name" = "holdings", "loans", "loan_log", "on_loan" or "" to '
            "leave it out.",
        )
    return {fold(name): means for name, means in table.items()}


def _headings(path: Path, found: Any) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise bad_map(f"In {path.name}, headings is not a list of headings.")
    return tuple(found)


def bad_map(message: str, hint: str = "") -> BadInput:
    """The refusal of a map file that cannot be followed."""
    return BadInput("bad_map", message, hint)


def map_beside(path: Path) -> Path:
    """Where the map of a register is kept."""
    return path.with_name(f"{path.stem}.map.toml")


def fits(made: Map, headings: Iterable[str]) -> bool:
    """Whether a map was made for these headings."""
    return not made.headings or {fold(each) for each in made.headings} == {
        fold(each) for each in headings
    }


def write_map(
    path: Path,
    made: Map,
    columns: Sequence[tuple[str, str | None]],
    open_questions: Sequence[Question] = (),
) -> None:
    """Write a map that can be read again, and by a person.

    Args:
        path: where.
        made: the answers given so far.
        columns: each heading with the field it was taken for.
        open_questions: what nobody has answered: written with its proposal, and then the map is
            marked as proposed.

    Raises:
        BadInput: when the file cannot be written there; see `kitloan.storage.files`.
    """
    asked = {fold(q.column): q for q in open_questions if q.kind == "column"}
    lines = ["# What kitloan takes the columns of this register for. Change what is wrong."]
    if open_questions:
        lines += [
            "# Nobody has confirmed the answers marked with a question mark: check them, then take",
            "# away the next line, or give this file with --map.",
            "proposed = true",
        ]
    if made.header_row is not None:
        lines.append(f"header_row = {made.header_row}")
    if made.sheet is not None:
        lines.append(f"sheet = {_quoted(made.sheet)}")
    lines.append(f"headings = [{', '.join(_quoted(header) for header, _ in columns)}]")
    lines += ["", "[columns]"]
    done: set[str] = set()
    for header, name in columns:
        key = fold(header)
        if key in done:
            continue
        done.add(key)
        if question := asked.get(key):
            lines.append(f"# ? {question.why}")
            lines.append(_answer(header, question.proposed))
        else:
            lines.append(f"{_quoted(header)} = {_quoted(made.columns.get(key, name or ''))}")
    lines += _value_lines(made, open_questions)
    sheets = {q.sheet: q for q in open_questions if q.kind == "sheet"}
    if made.sheets or sheets:
        lines += ["", "[sheets]"]
        lines += [f"{_quoted(name)} = {_quoted(means)}" for name, means in made.sheets.items()]
        for name, question in sheets.items():
            lines += [f"# ? {question.why}", _answer(name, question.proposed)]
    with whole_file(path) as working:
        working.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")


def _value_lines(made: Map, open_questions: Sequence[Question]) -> list[str]:
    by_header: dict[str, list[str]] = {}
    for key, answers in made.values.items():
        header = made.written.get(f"values:{key}", key)
        by_header[header] = [f"{_quoted(v)} = {_quoted(means)}" for v, means in answers.items()]
    for question in open_questions:
        if question.kind == "value":
            lines = by_header.setdefault(question.column, [])
            lines.append(f"# ? {question.why}")
            lines += [_answer(value, question.proposed) for value in question.values]
    found: list[str] = []
    for header, lines in by_header.items():
        found += ["", f"[values.{_quoted(header)}]", *lines]
    return found


def _answer(name: str, proposed: str | None) -> str:
    if proposed is None:
        return f"# {_quoted(name)} = "
    return f"{_quoted(name)} = {_quoted(proposed)}"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's form of it is one, with the delete character escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
