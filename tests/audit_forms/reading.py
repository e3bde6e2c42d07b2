"""Reads a page of the report back, as a browser would: its elements, and its tables."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str | None]


@dataclass
class Seen:
    """One element: its attributes, the text in it, and for a cell the date that machines read."""

    tag: str
    attributes: Attributes
    text: str = ""
    day: str | None = None


@dataclass
class Grid:
    """One table."""

    caption: str = ""
    lines: list[list[Seen]] = field(default_factory=list)

    @property
    def head(self) -> list[Seen]:
        """The titles of its columns."""
        return self.lines[0]

    @property
    def rows(self) -> list[list[Seen]]:
        """What stands below them."""
        return self.lines[1:]


class Page(HTMLParser):
    """What stands in the page, once it has been fed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Seen] = []
        self.tables: dict[str, Grid] = {}
        self.says_none: set[str] = set()
        self._section = ""
        self._open: list[Seen] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        seen = Seen(tag, dict(attrs))
        self.elements.append(seen)
        if tag == "section":
            self._section = seen.attributes["aria-labelledby"] or ""
        elif tag == "table":
            self.tables[self._section] = Grid()
        elif tag == "tr":
            self.tables[self._section].lines.append([])
        elif tag in ("th", "td"):
            self.tables[self._section].lines[-1].append(seen)
        elif tag == "time" and self._open and self._open[-1].tag in ("td", "th"):
            self._open[-1].day = seen.attributes["datetime"]
        if tag in ("th", "td", "caption", "p", "h1", "h2", "h3", "figcaption", "style"):
            self._open.append(seen)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].tag != tag:
            return
        seen = self._open.pop()
        if tag == "caption":
            self.tables[self._section].caption = seen.text
        if tag == "p" and seen.text == "None.":
            self.says_none.add(self._section)

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data

    def all(self, *tags: str) -> list[Seen]:
        """The elements of these kinds, in the page's order."""
        return [each for each in self.elements if each.tag in tags]
