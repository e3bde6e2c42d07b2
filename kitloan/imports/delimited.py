"""CSV, in the encodings and with the delimiters that spreadsheet programs leave behind.

A CSV states neither, so both are decided by evidence. Encoding: a byte-order mark, else zero bytes
in every second place (UTF-16 without one), else UTF-8 if it decodes, else Windows-1252, which is
what Excel writes as plain "CSV" in Britain, unless its letters read better as Mac Roman. Delimiter:
the one that makes the most even table of several columns, quotation marks respected.

A quotation mark that nobody closed is the danger: a reader would swallow the lines behind it into
one cell without a word. One left open to the end of the file is refused; one that happens to be
closed by another further down gives a cell that holds whole lines, and that row cannot be taken.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from kitloan.errors import BadInput
from kitloan.imports.sheets import (
    Book,
    Line,
    Sheet,
    Unreadable,
    Value,
    is_blank,
    pack_lines,
    text_value,
)
from kitloan.text.names import plain

_DELIMITERS = ",;\t|"
_EVIDENCE = 100_000  # characters that are enough to tell one delimiter from another
_PHYSICAL_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_APOSTROPHE = re.compile(r"^'(?=[\d+=@-])")  # by which Excel takes a number as text
_MOST_TEXTS = 20_000
_END = "\x00end"  # cannot occur in the file: text with NUL is refused before
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_delimited(path: Path, content: bytes) -> Book:
    """The one sheet of a CSV file.

    Raises:
        BadInput: `not_a_spreadsheet`, `empty_file`, `unclosed_quote`.
    """
    text = _decode(path, content)
    with _cells_of_any_length(len(text)):
        delimiter = _delimiter(text)
        lines = pack_lines(_lines(path, text, delimiter))
    if not lines:
        raise BadInput("empty_file", f"{path.name} holds nothing but blank lines.", file=str(path))
    return Book((Sheet(plain(path.stem), lines, delimited=True),))


def _decode(path: Path, content: bytes) -> str:
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _is_binary(text):
            return text
    raise BadInput(
        "not_a_spreadsheet",
        f"{path.name} is not a spreadsheet that can be read: it is not text.",
        "Open it in the program that made it, and save it as .xlsx or CSV.",
        file=str(path),
    )


def _encodings(content: bytes) -> Iterator[str]:
    """The encodings that a file can be in, the likeliest first."""
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if marked:
        yield marked
        return
    yield from _unmarked_utf16(content)
    yield "utf-8"
    yield from _one_byte(content)


def _unmarked_utf16(content: bytes) -> Iterator[str]:
    """UTF-16 that lost its mark: nearly every second byte of Latin text is zero."""
    sample = content[:4000]
    if len(content) % 2 or len(sample) < 4:
        return
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros.count(0) > len(zeros) * 0.7:
            yield encoding


def _one_byte(content: bytes) -> tuple[str, ...]:
    """Windows-1252 and Mac Roman, the likelier first: by which of them the letters make words."""
    high = [at for at in range(len(content)) if content[at] >= 0x80][:2000]
    windows = sum(_suits(content, at, "cp1252") for at in high)
    mac = sum(_suits(content, at, "mac_roman") for at in high)
    # a Mac's line ends are a sign as well
    bare = b"\r" in content and b"\n" not in content
    if mac < len(high) * 0.5:
        return ("cp1252",)
    is_mac = mac > windows or (bare and mac >= windows)
    return ("mac_roman", "cp1252") if is_mac else ("cp1252", "mac_roman")


def _suits(content: bytes, at: int, encoding: str) -> bool:
    """Whether a byte is what one expects where it is: a letter in a word, a sign outside one."""
    try:
        character = content[at : at + 1].decode(encoding)
    except UnicodeDecodeError:
        return False
    before, behind = content[at - 1 : at], content[at + 1 : at + 2]
    inside = (before.isalpha() and behind.isalpha()) or (before.isalpha() and character.isalpha())
    if inside:
        return character in _LETTERS or character in "’'"
    beside = (before + behind).strip()
    return character in _SIGNS or (character in _LETTERS and beside.isascii() and beside.isalpha())


_LETTERS = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœšžÀÁÂÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖØÙÚÛÜŒßŠŽ")
_SIGNS = frozenset("£€–—‘’“”•…°±½¼¾²³©®™×÷·µ\xa0§†‡é")


def _is_binary(text: str) -> bool:
    """Whether text is bytes of something else: a NUL anywhere, or many control characters."""
    sample = text[:20_000]
    controls = sum(character < " " and character not in "\t\n\r\f\v" for character in sample)
    return "\x00" in text or controls > max(10, len(sample) // 50)


@contextmanager
def _cells_of_any_length(most: int) -> Iterator[None]:
    """Lift the csv module's limit, so that a huge cell is a named problem and not its exception."""
    before = csv.field_size_limit()
    csv.field_size_limit(max(before, most + 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    # line by line from where the text lies: a StringIO would hold it again at four times the size
    physical = (found[0] for found in _PHYSICAL_LINE.finditer(text))
    return csv.reader(chain(physical, ("\n", _END)), delimiter=delimiter)


def _delimiter(text: str) -> str:
    sample = text[:_EVIDENCE]

    def evenness(delimiter: str) -> tuple[int, int]:
        """How many lines agree on a width of several columns, then how wide."""
        widths = Counter(len(record) for record in _records(sample, delimiter))
        return max(((lines, width) for width, lines in widths.items() if width > 1), default=(0, 0))

    return max(_DELIMITERS, key=evenness)


def _lines(path: Path, text: str, delimiter: str) -> Iterator[Line]:
    """The lines that are not blank.

    A line of its own is put after the end: when it does not come out as a record, a quotation
    mark was open.
    """
    opened = 0
    width = 1
    texts: dict[str, str] = {}  # one text for all the cells that have the same
    for number, record in enumerate(_records(text, delimiter), start=1):
        if record == [_END]:
            return
        opened = number
        width = max(width, len(record))
        if len(texts) < _MOST_TEXTS:
            record = [texts.setdefault(cell, cell) for cell in record]
        values = tuple(_value(cell, delimiter, width) for cell in record)
        if record and record[-1].endswith(_END):
            break
        if not all(is_blank(value) for value in values):
            yield Line(number, values)
    raise BadInput(
        "unclosed_quote",
        f'In row {opened} of {path.name} a quotation mark (") is opened and never closed.',
        "Close it, or take it away, and save the file again.",
        file=str(path),
        row=opened,
    )


def _value(cell: str, delimiter: str, width: int) -> Value:
    if width > 2 and "\n" in cell and cell.count(delimiter) >= width - 1:
        what = "holds whole lines: a quotation mark before it is not closed"
        return Unreadable(cell[:80], what, grave=True)
    return text_value(_APOSTROPHE.sub("", cell) if cell[:1] == "'" else cell)
