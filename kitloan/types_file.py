"""Kit types with their contents, from a file: one line a component.

Columns: kit type, bag, component, quantity, critical; others (a note) are passed over. The same
reader serves CSV and XLSX as for registers.
"""

from dataclasses import dataclass
from pathlib import Path

from kitloan.errors import BadInput
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.spreadsheets.cells import load
from kitloan.spreadsheets.columns import header_texts, squeeze
from kitloan.spreadsheets.sheets import Sheet
from kitloan.spreadsheets.values import MOST_QUANTITY, as_text
from kitloan.text.names import fault, fold, plain, tidy

_HEADERS = {
    "kit_type": ("kittype", "type", "kit", "typeofkit"),
    "component": ("component", "part", "item", "componentname"),
    "quantity": ("quantity", "qty", "howmany", "number", "count"),
    "bag": ("bag", "holdall", "box", "tray", "where", "container"),
    "critical": ("critical", "essential", "needed"),
}
_NEEDED = ("kit_type", "component", "quantity")
_YES, _NO = {"yes", "y", "true", "1", "x"}, {"no", "n", "false", "0", ""}


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    kit_type: str
    component: ContentsLine


def read_types(path: Path) -> list[KitTypeDefined]:
    """The kit types in a CSV or XLSX file, in its order.

    Raises:
        BadInput: the file cannot be read, or `bad_types_file` with every line that is wrong.
    """
    lines: list[_Line] = []
    wrong: list[dict[str, object]] = []
    seen: set[tuple[str, str]] = set()
    for sheet in load(path).sheets:
        _read_sheet(sheet, lines, wrong, seen)
    if wrong:
        first = wrong[0]
        raise BadInput(
            "bad_types_file",
            f"{path.name}: {len(wrong)} of its lines cannot be taken; the first is row "
            f"{first['row']} of {first['sheet']}, {first['column']}: "
            f"{first['value']!r} {first['problem']}.",
            "Mend them and read it again; nothing was changed.",
            problems=wrong,
        )
    if not lines:
        raise BadInput(
            "not_a_types_file",
            f"{path.name} has no line of headers with kit type, component and quantity.",
            "Head its columns: kit type, bag, component, quantity, critical.",
            file=str(path),
        )
    return _by_type(lines)


def _by_type(lines: list[_Line]) -> list[KitTypeDefined]:
    names: dict[str, str] = {}
    contents: dict[str, list[ContentsLine]] = {}
    for line in lines:
        key = fold(line.kit_type)
        names.setdefault(key, line.kit_type)
        contents.setdefault(key, []).append(line.component)
    return [kit_type_with(names[key], parts) for key, parts in contents.items()]


def _read_sheet(
    sheet: Sheet,
    lines: list[_Line],
    wrong: list[dict[str, object]],
    seen: set[tuple[str, str]],
) -> None:
    start, columns = _header(sheet)
    if start is None:
        return
    for line in sheet.lines[start + 1 :]:
        said = {name: tidy(as_text(sheet.value(line, at))) for name, at in columns.items()}
        if not any(said.values()):
            continue
        column, problem = _fault(said, seen)
        if problem:
            wrong.append(
                {
                    "sheet": sheet.name,
                    "row": line.number,
                    "column": column.replace("_", " "),
                    "value": plain(said.get(column, ""))[:80],
                    "problem": problem,
                }
            )
            continue
        seen.add((fold(said["kit_type"]), fold(said["component"])))
        lines.append(
            _Line(
                line.number,
                said["kit_type"],
                ContentsLine(
                    name=said["component"],
                    quantity=int(said["quantity"]),
                    bag=said.get("bag") or None,
                    critical=fold(said.get("critical", "")) in _YES,
                ),
            )
        )


def _header(sheet: Sheet) -> tuple[int | None, dict[str, int]]:
    for position in range(min(len(sheet.lines), 30)):
        squeezed = [squeeze(text) for text in header_texts(sheet, position)]
        columns = {
            name: next(i for i, text in enumerate(squeezed) if text in spellings)
            for name, spellings in _HEADERS.items()
            if set(squeezed) & set(spellings)
        }
        if all(name in columns for name in _NEEDED):
            return position, columns
    return None, {}


def _fault(said: dict[str, str], seen: set[tuple[str, str]]) -> tuple[str, str]:
    """The column that is wrong and why; empty texts when the line is good."""
    for name in ("kit_type", "component"):
        if not said[name]:
            return name, "is empty"
    for name in ("kit_type", "component", "bag"):
        if why := fault(said.get(name, "")):
            return name, why
    number = said["quantity"]
    whole = number.isascii() and number.isdecimal() and len(number) <= 7
    if not (whole and 1 <= int(number) <= MOST_QUANTITY):
        return "quantity", f"is not a whole number from 1 to {MOST_QUANTITY:,}"
    if fold(said.get("critical", "")) not in _YES | _NO:
        return "critical", "is neither yes nor no"
    if (fold(said["kit_type"]), fold(said["component"])) in seen:
        return "component", "stands twice in the same kit type"
    return "", ""
