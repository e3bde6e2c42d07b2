"""Kit types with their contents, from a file: one line a component, as people keep such lists.

Columns: kit type, bag, component, quantity, critical, under the names of `_WORDS`; others (a
note) are
passed over. The kit's name may be written once, merged down, or be the sheet's own name: a sheet
a kit.
The same part in two bags is two lines of the list. The same reader serves every file as for
registers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from kitloan.errors import BadInput
from kitloan.holdings import kit_type_with
from kitloan.imports.cells import load
from kitloan.imports.headings import squeeze
from kitloan.imports.sheets import Line, Sheet, is_blank
from kitloan.imports.tables import HEADER_DEPTH, header_texts
from kitloan.imports.values import Fault, as_text, quantity
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.text.names import fault, fold, plain, tidy
from kitloan.text.scans import kind_of_label

_WORDS: dict[str, tuple[str, ...]] = {
    "kit_type": (
        *("kit type", "type", "kit", "type of kit", "name of kit", "kit name", "set", "kit title"),
        *("which kit", "resource", "box name", "name of set", "set name", "equipment", "assembly"),
    ),
    "component": (
        *(
            "component",
            "part",
            "item",
            "component name",
            "contents",
            "content",
            "part name",
            "piece",
        ),
        *(
            "components",
            "parts",
            "items",
            "item name",
            "description",
            "what",
            "name of part",
            "name",
        ),
        *("part description", "contents of kit", "kit contents", "article", "item description"),
    ),
    "quantity": (
        *("quantity", "qty", "how many", "number", "count", "no per kit", "number per kit", "no"),
        *("per kit", "qty per kit", "quantity per kit", "no of", "number of", "pieces", "amount"),
        *("no in kit", "number in kit", "qty in kit", "no off", "units", "total", "each kit has"),
    ),
    "bag": (
        *("bag", "holdall", "box", "tray", "where", "container", "drawer", "compartment", "case"),
        *(
            "pocket",
            "location",
            "packed in",
            "kept in",
            "tub",
            "pouch",
            "section",
            "layer",
            "place",
        ),
    ),
    "critical": (
        *("critical", "essential", "needed", "required", "must have", "vital", "important"),
        *("mandatory", "key part", "necessary"),
    ),
}
"""By field, what people call it: a new heading is a phrase here."""

_MEANING = {squeeze(words): name for name, phrases in _WORDS.items() for words in phrases}
_YES = {"yes", "y", "true", "1", "x", "✓", "✔", "critical", "essential"}
_NO = {"no", "n", "false", "0", "", "-"}
_NAMELESS_SHEET = {"sheet", "tabelle", "table", "contents", "components", "parts"}
_PAIRS = ("pair", "pairs")


@dataclass(frozen=True, slots=True)
class _Line:
    sheet: str
    number: int
    kit_type: str
    component: ContentsLine


@dataclass(frozen=True, slots=True)
class _Wrong:
    sheet: str
    row: int
    column: str
    value: str
    problem: str

    def as_json(self) -> dict[str, object]:
        """The line as the refusal gives it."""
        return {
            name: getattr(self, name) for name in ("sheet", "row", "column", "value", "problem")
        }


def read_types(path: str | Path) -> list[KitTypeDefined]:
    """The kit types in a file, in its order.

    Raises:
        BadInput: the file cannot be read, or `bad_types_file` with every line that is wrong.
    """
    path = Path(path)
    lines: list[_Line] = []
    wrong: list[_Wrong] = []
    book = load(path)
    for sheet in book.sheets:
        for each in _read_sheet(sheet):
            if isinstance(each, _Line):
                lines.append(each)
            else:
                wrong.append(each)
    lines, twice = _in_bags(lines)
    wrong += twice
    if wrong:
        (first, *_) = wrong
        raise BadInput(
            "bad_types_file",
            f"{path.name}: {len(wrong)} of its lines cannot be taken; the first is row "
            f"{first.row} of {first.sheet}, {first.column}: {first.value!r} {first.problem}.",
            "Correct them and read it again; nothing was changed.",
            problems=[each.as_json() for each in wrong],
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


def _in_bags(lines: list[_Line]) -> tuple[list[_Line], list[_Wrong]]:
    """The lines with a part that is in two bags called by its bag; a part twice in one is wrong."""
    same: dict[tuple[str, str], list[_Line]] = defaultdict(list)
    for line in lines:
        same[fold(line.kit_type), fold(line.component.name)].append(line)
    wrong: list[_Wrong] = []
    named: dict[int, _Line] = {}
    for group in same.values():
        bags = Counter(fold(line.component.bag or "") for line in group)
        for line in group:
            if bags[fold(line.component.bag or "")] > 1 and line is not group[0]:
                what = "is twice in the same kit type"
                wrong.append(
                    _Wrong(line.sheet, line.number, "component", line.component.name, what)
                )
            elif len(group) > 1 and line.component.bag:
                name = f"{line.component.name} ({line.component.bag})"
                named[id(line)] = replace(
                    line, component=line.component.model_copy(update={"name": name})
                )
    return [named.get(id(line), line) for line in lines], wrong


def _read_sheet(sheet: Sheet) -> Iterator[_Line | _Wrong]:
    start, columns = _header(sheet)
    if start is None:
        return
    kit = "" if "kit_type" in columns else _kit_of_sheet(sheet, start)
    for line in sheet.lines[start + 1 :]:
        texts = {name: tidy(as_text(sheet.value(line, at))) for name, at in columns.items()}
        if not any(texts.values()) or _repeats(texts, columns, sheet, start):
            continue
        kit = texts.get("kit_type") or kit
        if not texts["component"]:
            if len([text for text in texts.values() if text]) == 1 and texts.get("kit_type"):
                continue  # the kit's name on a line of its own, above its parts
            if "kit_type" not in columns or not texts.get("quantity"):
                continue
        texts["kit_type"] = kit
        yield _line(sheet, line, texts)


def _line(sheet: Sheet, line: Line, texts: dict[str, str]) -> _Line | _Wrong:
    found = quantity(texts["quantity"]) if texts.get("quantity") else 1
    column, problem = _fault(texts, found)
    if problem or isinstance(found, Fault):
        value = plain(texts.get(column, ""))[:80]
        return _Wrong(sheet.name, line.number, column.replace("_", " "), value, problem)
    name = texts["component"]
    if texts.get("quantity", "").casefold().endswith(_PAIRS):
        name = f"{name} (pair)"
    return _Line(
        sheet.name,
        line.number,
        texts["kit_type"],
        ContentsLine(
            name=name,
            quantity=found,
            bag=texts.get("bag") or None,
            critical=fold(texts.get("critical", "")) in _YES,
        ),
    )


def _repeats(texts: dict[str, str], columns: dict[str, int], sheet: Sheet, start: int) -> bool:
    """Whether a line is the header over again."""
    headers = header_texts(sheet, start)
    return all(fold(texts[name]) == fold(headers[at]) for name, at in columns.items())


def _kit_of_sheet(sheet: Sheet, start: int) -> str:
    """The kit that a sheet without a column for it is about: its title, else its own name."""
    for line in reversed(sheet.lines[:start]):
        filled = [value for value in line.values if not is_blank(value)]
        if len(filled) == 1:
            title = tidy(as_text(filled[0])).rstrip(":")
            for prefix in (
                "contents of",
                "contents list for",
                "contents:",
                "kit:",
                "contents list:",
            ):
                if title.casefold().startswith(prefix):
                    title = title[len(prefix) :]
            return tidy(title)
    name = sheet.name.strip()
    return "" if squeeze(name).rstrip("0123456789") in _NAMELESS_SHEET else name


def _header(sheet: Sheet) -> tuple[int | None, dict[str, int]]:
    """The first line that heads a list of parts, and which column is which."""
    without_kit: tuple[int | None, dict[str, int]] = (None, {})
    for position in range(min(len(sheet.lines), HEADER_DEPTH)):
        columns = _columns(header_texts(sheet, position))
        if not {"component", "quantity"} <= columns.keys():
            continue
        if "kit_type" in columns:
            return position, columns
        if without_kit[0] is None:
            without_kit = (position, columns)
    if without_kit[0] is not None and _kit_of_sheet(sheet, without_kit[0]):
        return without_kit
    return None, {}


def _columns(headers: tuple[str, ...]) -> dict[str, int]:
    """By field, the column that its best name heads; one column has one field."""
    ranked = sorted(
        (rank, index, name)
        for name, phrases in _WORDS.items()
        for rank, words in enumerate(phrases)
        for index, header in enumerate(headers)
        if squeeze(header) == squeeze(words)
    )
    found: dict[str, int] = {}
    for _, index, name in ranked:
        if name not in found and index not in found.values():
            found[name] = index
    return found


def _fault(texts: dict[str, str], found: int | Fault) -> tuple[str, str]:
    """The column that is wrong and why; empty texts when the line is good."""
    for name in ("kit_type", "component"):
        if not texts.get(name):
            return name, "is empty"
    for name in ("kit_type", "component", "bag"):
        text = texts.get(name, "")
        if why := fault(text):
            return name, why
        if label := kind_of_label(text):
            return name, f"is {label}, not a name"
    if isinstance(found, Fault):
        return "quantity", "is not a whole number from 1 to 1,000,000"
    if fold(texts.get("critical", "")) not in _YES | _NO:
        return "critical", "is neither yes nor no"
    return "", ""
