"""Exports of other programs, known by their headings: `formats.toml` has one table for each.

A format is a map that ships with kitloan. The user's own map of a column goes before it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kitloan.imports.headings import squeeze
from kitloan.text.names import fold


@dataclass(frozen=True, slots=True)
class Format:
    """One program's export.

    Attributes:
        name: the program.
        columns: by squeezed heading, the field, or "" for a note.
        values: by squeezed heading, by folded value, what it means.
        due_means_out: a day on which a thing is due means that it is on loan, to anybody.
        type_from: headings that can show what a thing is, best first; a filled one does.
    """

    name: str
    needs: frozenset[str]
    needs_one_of: tuple[frozenset[str], ...]
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    type_from: tuple[str, ...]
    due_means_out: bool = False

    def fits(self, headings: set[str]) -> bool:
        """Whether these squeezed headings are this program's."""
        return self.needs <= headings and all(some & headings for some in self.needs_one_of)


@cache
def known_formats() -> tuple[Format, ...]:
    """Every format that ships with kitloan."""
    text = files("kitloan.imports").joinpath("formats.toml").read_text(encoding="utf-8")
    return tuple(
        Format(
            each["name"],
            frozenset(map(squeeze, each["needs"])),
            tuple(frozenset(map(squeeze, some)) for some in each.get("needs_one_of", [])),
            {squeeze(header): means for header, means in each["columns"].items()},
            {
                squeeze(header): {fold(value): means for value, means in answers.items()}
                for header, answers in each.get("values", {}).items()
            },
            tuple(map(squeeze, each.get("type_from", []))),
            each.get("due_means_out", False),
        )
        for each in tomllib.loads(text)["format"]
    )


def format_of(headings: Iterable[str]) -> Format | None:
    """The program whose export has these headings; None when none is known."""
    squeezed = {squeeze(heading) for heading in headings}
    return next((each for each in known_formats() if each.fits(squeezed)), None)
