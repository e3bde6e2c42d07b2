"""What reads anything from outside: good examples for each reader, and what must hold of all bytes.

The tests spoil the examples by accidents (`fuzzing.spoilt`); `guided.py` changes them by what it
sees a change reach in the code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fuzz.fuzzing import answer_or_refusal
from kitloan.contents import Part, count_of, parse_exceptions, read_exceptions, reckon
from kitloan.imports.contents import read_types
from kitloan.imports.mapfile import load_map
from kitloan.imports.reader import read as read_register
from kitloan.imports.rows import Register
from kitloan.stocktakes.scanning import read_scans
from kitloan.text.dates import parse_due
from kitloan.text.names import clean, plain
from kitloan.text.scans import COMMANDS, Command, Tag, read
from kitloan.text.tags import is_tag
from kitloan_labels.stock import find_or_read
from kitloan_tui import settings as desk

REGISTERS = Path(__file__).parents[2] / "examples" / "registers"
HEBRIDES = (REGISTERS / "north-west-hebrides.xlsx").read_bytes()

STOCK = (
    b'name = "Market stall labels"\ncolumns = 3\nrows = 7\nlabel_width = 63.5\n'
    b"label_height = 38.1\nleft = 7.2\ntop = 15.15\npitch_x = 66.04\npitch_y = 38.1\n"
    b"cut = false\n"
)

_TOML = (b"[[keys]]", b"[keys]", b"1979-05-27T07:32:00Z", b'"""', b"a.b.c = 1", b"inf", b"0x1_0")
_TODAY = date(2026, 11, 23)
_PARTS = [
    Part("Wheel", 16, "A", critical=False, missing=2, broken=0),
    Part("R=10k resistor", 10, "B", critical=False, missing=0, broken=0),
    Part("Panel, solar", 1, None, critical=True, missing=0, broken=1),
    Part("Spanner 10", 1, None, critical=False, missing=0, broken=0),
]


@dataclass(frozen=True, slots=True)
class Reader:
    """Something that reads bytes.

    Attributes:
        examples: good ones.
        check: fails when what some bytes come to is neither a sound answer nor a refusal.
        more: pieces that a spoilt example may have.
    """

    examples: tuple[bytes, ...]
    check: Callable[[bytes], None]
    more: tuple[bytes, ...] = ()


def register(folder: Path, name: str = "register.csv") -> Reader:
    """A register as a spreadsheet: CSV, or a workbook where the name says so."""
    path = folder / name

    def check(content: bytes) -> None:
        path.write_bytes(content)
        found = answer_or_refusal(lambda: read_register(path))
        if isinstance(found, Register):
            assert all(problem.problem for problem in found.problems)
            assert all(1 <= row.quantity <= 1_000_000 for row in found.rows)

    small = (
        b"Kit No,Description,Qty,On loan to,Due back,Contact,Contact e-mail,Value\r\n"
        b'P1,Telescope,1,Lochside Academy,14/12/2026,Iain,i@x.example,"1,200.50"\r\n'
        b"P2;Goggles;30;;;;;\r\n"
    )
    ayrshire = (REGISTERS / "ayrshire.csv").read_bytes()
    return Reader((ayrshire, small, small.decode().encode("utf-16")), check)


def contents_list(folder: Path) -> Reader:
    """Kit types with what they should hold."""
    path = folder / "contents.csv"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        assert all(each.contents for each in answer_or_refusal(lambda: read_types(path)) or ())

    return Reader(((REGISTERS / "contents.csv").read_bytes(),), check)


def map_file(folder: Path) -> Reader:
    """Which column of a register is what, written by hand."""
    path = folder / "map.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        answer_or_refusal(lambda: load_map(path))

    example = b'header_row = 1\nsheet = "Kits"\n[columns]\n"Number" = "asset_number"\n"Box" = ""\n'
    return Reader((example,), check, (b"[[columns]]", b"1979-05-27", b'"""', b"a.b.c = 1"))


def scans(folder: Path) -> Reader:
    """What a batch scanner has scanned."""
    path = folder / "scans.csv"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        found, problems = answer_or_refusal(lambda: read_scans(path)) or ((), ())
        assert all(each.problem and each.value == plain(each.value) for each in problems)
        for each in found:
            assert each.code == plain(each.code)
            assert each.seen_at is None or each.seen_at.utcoffset() is not None
            assert each.id_at("s", "Laptop 2", None)

    example = (
        b"code,time,place\r\nKL8B7XAPXYTMZ,23/11/2026 11:42,Store 2\r\n"
        b"AC0001,2026-11-23T11:42:07.5Z,\r\nkl 8b7x-apxy-tmz,,\r\n"
    )
    return Reader((example, b"KL8B7XAPXYTMZ\nAC0001\n"), check, (b"24:00", b"23/11/26, 1:02:03"))


def stock(folder: Path) -> Reader:
    """A user's own label stock."""
    path = folder / "stall.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        found = answer_or_refusal(lambda: find_or_read(str(path)))
        assert found is None or found.sheet.per_sheet >= 1

    return Reader((STOCK,), check, _TOML)


def settings(folder: Path) -> Reader:
    """The desk's settings: whatever they hold, it opens."""
    path = folder / "settings.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        found, problem = desk.usable(path)
        assert found.theme in desk.THEMES
        assert problem is None or problem.message

    return Reader((b'theme = "light"\n[keys]\nundo = "f5"\nfind = "ctrl+f"\n',), check, _TOML)


def words(_folder: Path) -> Reader:
    """What is scanned or typed at a counter, wherever it is put."""

    def check(content: bytes) -> None:
        text = content.decode(errors="surrogateescape")
        found = read(text)
        assert not isinstance(found, Tag) or is_tag(found.tag)
        assert not isinstance(found, Command) or found.name in COMMANDS.values()
        named = answer_or_refusal(lambda: clean(text, "The name"))
        assert named is None or named == clean(named, "The name")
        answer_or_refusal(lambda: parse_due(text, _TODAY))
        answer_or_refusal(lambda: parse_exceptions(text.split("\n")))
        said = answer_or_refusal(lambda: read_exceptions(text, _PARTS))
        if said is not None:
            answer_or_refusal(lambda: reckon(_PARTS, count_of(said)))

    examples = (
        *(b"KL8B7XAPXYTMZ", b"]Q1KL8B7XAPXYTMZ", b"kl8b7-xapx", b"AC0001"),
        *(b"2 wheels, spanner 10 broken", b"Wheel=2\nR=10k resistor=3", b"14d", b"3 Dec 2026"),
        *(b"14/12/2026", "Sgoil Àrd Phort Rìgh".encode(), *(card.encode() for card in COMMANDS)),
    )
    return Reader(examples, check)


READERS = {
    each.__name__: each
    for each in (register, contents_list, map_file, scans, stock, settings, words)
}
