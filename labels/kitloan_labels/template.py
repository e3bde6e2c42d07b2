"""What is written on a label, for each kind of thing that gets one.

A template is a row: which of the thing's texts go on the label, in which order, how large, and of
which a part is sure to be there when room is short. The things themselves are plain values below.
To label a new kind of thing, add its value and its row; nothing else asks what kind a thing is.

Lines are set in order. Each takes what room it needs, but leaves those after it the lines that
they are sure of; what finds no room at all is named in the answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple, Protocol

from kitloan.text import tags
from kitloan.text.names import slug
from kitloan_labels import qr
from kitloan_labels.fit import LEADING, Fitted, fit
from kitloan_labels.fonts import BOLD, MONO, PLAIN, drawable, measure

_TAG_LARGEST = 12.0
_TAG_ON_ONE_LINE = 7.5  # smaller than this, two larger lines are read more surely at a counter
_NO_BREAK = "\N{NO-BREAK SPACE}"
_IN_A_NUMBER = re.compile(r"(?<=\d) (?=\d)")  # a phone's, or a postcode's: read as one
_TAG_SHARE = 0.4  # of the height; the rest is for what the holding is and whose
_LINES = (
    7  # of 10 points that a label has room for: none is taller, or a small one holds too little
)


class Subject(Protocol):
    """Anything that gets a label: its code, and its texts as attributes."""

    @property
    def tag(self) -> str:
        """The holding's tag, also printed in words; empty for what is no holding."""

    @property
    def matrix(self) -> qr.Matrix | None:
        """Its code; None for words alone."""


class Tagged:
    """What has a holding's tag as its code."""

    __slots__ = ()
    tag: str

    @property
    def matrix(self) -> qr.Matrix:
        """The tag's code."""
        return qr.modules(tags.parse(self.tag))


@dataclass(frozen=True, slots=True)
class Label(Tagged):
    """A holding's label, or that of a bag inside it. One to be claimed later has no `kind`.

    `bag` and `which`, "2 of 3", are of a bag. `return_to` is an address for finders, and
    `thanks` the acknowledgement of a gift.
    """

    tag: str
    kind: str
    college: str
    asset_number: str | None = None
    bag: str = ""
    which: str = ""
    return_to: str = ""
    thanks: str = ""


@dataclass(frozen=True, slots=True)
class InspectedOn(Tagged):
    """An inspection of a holding: whether it is fit for use. Dates are in words."""

    tag: str
    asset_number: str | None
    on: str
    by: str
    due: str
    passed: bool

    @property
    def verdict(self) -> str:
        """A word and a symbol: the label may be photocopied, or read by the colour-blind."""
        return "✔ PASS" if self.passed else "✘ FAIL"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A place. It has no code: the desk would search for a school of that name."""

    place: str
    college: str
    tag: str = ""
    matrix: None = None


@dataclass(frozen=True, slots=True)
class LabelOrganisation:
    """A borrower's card: scanned instead of typing its name."""

    name: str
    college: str
    tag: str = ""

    @property
    def matrix(self) -> qr.Matrix:
        """Its name, as the desk reads a scan."""
        text = scanned_name(self.name)
        try:
            return qr.modules(text) if len(text) <= qr.MOST_IN_TAG else qr.modules_of_words(text)
        except ValueError:  # a letter outside the alphanumeric mode
            return qr.modules_of_words(text)


@dataclass(frozen=True, slots=True)
class Card:
    """A command of the desk, to have next to the scanner."""

    code: str
    word: str
    does: str
    tag: str = ""

    @property
    def matrix(self) -> qr.Matrix:
        """The command's code."""
        return qr.modules(self.code)


def scanned_name(name: str) -> str:
    """An organisation's name as a scanner can type it on most keyboards: capitals and spaces.

    Names are one when they agree but for case, spaces and punctuation, and punctuation is what
    keyboards of other countries garble. A name of which that does not hold stays as it is.
    """
    simple = slug(name).replace("-", " ").upper()
    return simple if slug(simple) == slug(name) else name


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a label: an attribute of its subject, its font, largest and smallest size.

    Attributes:
        sure: how many lines of the smallest size it has however long those before it are, and
            however many those after it need.
        lead: words before it, where there is room for them too.
        tail: an attribute that follows it after a comma, and is whole however long it is.
        whole: its name in the answer, for a text that must be whole and is not.
    """

    text: str
    font: str
    largest: float
    smallest: float
    sure: int = 0
    lead: str = ""
    tail: str = ""
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """What is written on one kind of label, from the top."""

    name: str
    lines: tuple[Line, ...]


_COLLEGE = Line("college", PLAIN, 8, 5.5, sure=2)
_OWNER = Line("college", PLAIN, 9, 5.5)
_ASSET = Line("asset_number", PLAIN, 8, 5.5)

TEMPLATES: Final[Mapping[str, Template]] = {
    row.name: row
    for row in (
        Template(
            "kit",
            (
                Line("kind", BOLD, 10, 6, sure=1),
                Line("thanks", PLAIN, 7, 5.5, sure=2, whole="the whole acknowledgement"),
                Line("college", PLAIN, 8, 5.5, sure=2, lead="Return to "),
                Line("return_to", PLAIN, 7, 5.5, whole="the whole address for finders"),
                _ASSET,
            ),
        ),
        Template(
            "bag",
            (
                Line("bag", BOLD, 12, 6, sure=2, tail="which"),
                Line("kind", PLAIN, 8, 5.5, sure=1),
                Line("college", PLAIN, 8, 5.5, sure=1),
            ),
        ),
        Template("shelf", (Line("place", BOLD, 40, 8, sure=1), _OWNER)),
        Template(
            "organisation", (Line("name", BOLD, 20, 7, sure=2), Line("college", PLAIN, 8, 5.5))
        ),
        Template("command", (Line("word", BOLD, 24, 8, sure=1), Line("does", PLAIN, 9, 6))),
        Template(
            "inspection",
            (
                Line("verdict", BOLD, 20, 8, sure=1),
                Line("due", PLAIN, 9, 5.5, sure=1, lead="Due "),
                Line("on", PLAIN, 9, 5.5, sure=1, lead="On "),
                Line("by", PLAIN, 9, 5.5, sure=1, lead="By "),
                _ASSET,
            ),
        ),
    )
}
"""Every kind of label, by name."""

Block = list[tuple[str, Fitted]]
"""The lines of a label from the top, each group of one font and size."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A label's words in their room. `missing` are characters shown as `?`, `left_out` texts."""

    block: Block
    missing: str
    left_out: tuple[str, ...]


def compose(template: Template, subject: Subject, width: float, height: float) -> Composed:
    """The words of a label, in points. The tag comes first and is always whole."""
    missing: set[str] = set()
    block: Block = []
    left, tallest = height, height / _LINES / 10
    if subject.tag:
        grouped = tags.grouped(tags.parse(subject.tag))
        block.append((MONO, _tag_lines(grouped, width, height * _TAG_SHARE)))
        left -= block[0][1].height
    texts = [(line, _text(subject, line, missing)) for line in template.lines]
    left_out: list[str] = []
    for place, (line, text) in enumerate(texts):
        reserved = sum(_surely(later, words, width) for later, words in texts[place + 1 :])
        room = min(left, max(left - reserved, _surely(line, text, width)))
        fitted = _set(line, text, width, room, min(line.largest, tallest * line.largest))
        if line.whole and not fitted.whole:
            left_out.append(line.whole)
        elif text.words and not fitted.lines:
            left_out.append(line.text.replace("_", " "))
        block.append((line.font, fitted))
        left -= fitted.height
    return Composed(block, "".join(sorted(missing)), tuple(left_out))


class _Text(NamedTuple):
    words: str
    tail: str


def _text(subject: Subject, line: Line, missing: set[str]) -> _Text:
    words = drawable(str(getattr(subject, line.text) or ""), line.font, missing)
    words = _IN_A_NUMBER.sub(_NO_BREAK, words)
    tail = drawable(str(getattr(subject, line.tail)) if line.tail else "", line.font, missing)
    return _Text(words, ", " + tail.replace(" ", _NO_BREAK) if tail else "")


def _surely(line: Line, text: _Text, width: float) -> float:
    """The height that a later line is sure of; none where it has no text."""
    room = line.sure * line.smallest * LEADING
    how_wide = partial(measure, line.font)
    words = text.words + text.tail
    return fit(words, how_wide, width, room, line.smallest, line.smallest).height


def _set(line: Line, text: _Text, width: float, height: float, largest: float) -> Fitted:
    """A line in its room: with its lead, or without, or with fewer words before its tail."""
    how_wide = partial(measure, line.font)
    words = text.words.split(" ")
    shorter = [" ".join(words[:count]) + "…" for count in range(len(words) - 1, 0, -1)]
    choices = [line.lead + text.words] * bool(line.lead and text.words) + [text.words]
    for choice in (*choices, *(shorter if text.tail else ())):
        fitted = fit(choice + text.tail, how_wide, width, height, largest, line.smallest)
        if fitted.whole:
            return fitted
    return fit(text.words + text.tail, how_wide, width, height, largest, line.smallest)


def _tag_lines(grouped: str, width: float, height: float) -> Fitted:
    one_line = min(width / measure(MONO, grouped), height / LEADING, _TAG_LARGEST)
    if one_line >= _TAG_ON_ONE_LINE:
        return Fitted((grouped,), one_line)
    groups = grouped.split("-")
    half = len(groups) // 2 or 1
    lines = ("-".join(groups[:half]) + "-", "-".join(groups[half:]))
    widest = max(measure(MONO, line) for line in lines)
    return Fitted(lines, min(width / widest, height / (2 * LEADING), _TAG_LARGEST))
