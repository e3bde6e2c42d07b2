"""The key beneath a table: short codes, and the words for how a thing is that they mean."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kitloan.imports.sheets import Line, is_blank
from kitloan.imports.statuses import status_of_words
from kitloan.imports.values import shown
from kitloan.text.names import fold

_LONGEST_CODE = 4
_TITLE = re.compile(r"(?:key|legend|codes?|abbreviations?)(?: to \w+)?\s*:?", re.IGNORECASE)
_IN_ONE_CELL = re.compile(r"(\S{1,4})\s*(?:=|:|-|–|means|is)\s*(\S.{1,60})", re.IGNORECASE)


class Legend(NamedTuple):
    """A key: the position of its first line, and by folded code what the code means."""

    start: int
    meanings: Mapping[str, str]


def find_legend(lines: Sequence[Line]) -> Legend | None:
    """The key at the end of a table's lines; None where there is none.

    A key has a title, or comes after a blank line; each line of it is a code and words, and some
    of the words are those for a status.
    """
    start, found = len(lines), {}
    for at in range(len(lines) - 1, 0, -1):
        pair = _pair(lines[at])
        if pair is None:
            break
        found[fold(pair[0])] = pair[1]
        start = at
    if not found or not any(status_of_words(words) for words in found.values()):
        return None
    if start and _is_title(lines[start - 1]):
        return Legend(start - 1, found)
    if lines[start].number - lines[start - 1].number < 2:
        return None
    codes = {fold(shown(value)) for line in lines[:start] for value in line.values[1:]}
    return Legend(start, found) if codes & found.keys() else None


def _pair(line: Line) -> tuple[str, str] | None:
    cells = [shown(value) for value in line.values if not is_blank(value)]
    if len(cells) == 1 and (both := _IN_ONE_CELL.fullmatch(cells[0])):
        cells = [both[1], both[2]]
    if len(cells) != 2 or len(cells[0]) > _LONGEST_CODE or len(cells[1]) < 2:
        return None
    return cells[0], cells[1]


def _is_title(line: Line) -> bool:
    cells = [shown(value) for value in line.values if not is_blank(value)]
    return len(cells) == 1 and bool(_TITLE.fullmatch(cells[0]))
