"""Registers, contents lists and scanners' files from anywhere: read, or refused with words."""

import io
import zipfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from fuzz.fuzzing import answer_or_refusal, fuzz, runs, spoilt
from kitloan.spreadsheets import Register, read
from kitloan.spreadsheets.mapfile import load_map
from kitloan.types_file import read_types

REGISTERS = Path(__file__).parents[2] / "examples" / "registers"
AYRSHIRE = (REGISTERS / "ayrshire.csv").read_bytes()
CONTENTS = (REGISTERS / "contents.csv").read_bytes()
HEBRIDES = (REGISTERS / "north-west-hebrides.xlsx").read_bytes()
SMALL = (
    b"Kit No,Description,Qty,On loan to,Due back,Contact,Contact e-mail,Value\r\n"
    b'P1,Telescope,1,Lochside Academy,14/12/2026,Iain,i@x.example,"1,200.50"\r\n'
    b"P2;Goggles;30;;;;;\r\n"
)
UTF16 = SMALL.decode().encode("utf-16")
MAP = b"""header_row = 1
sheet = "Kits"
[columns]
"Number" = "asset_number"
"Box" = ""
"""


def members(archive: bytes) -> dict[str, bytes]:
    """What is in a zip file."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {each: opened.read(each) for each in opened.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip file of these."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, content in parts.items():
            opened.writestr(name, content)
    return made.getvalue()


@st.composite
def spoilt_workbooks(draw: st.DrawFn) -> bytes:
    """A workbook whose parts are spoilt inside, which a flipped byte of the file never reaches."""
    parts = members(HEBRIDES)
    for name in draw(st.lists(st.sampled_from(sorted(parts)), min_size=1, max_size=2)):
        if draw(st.integers(0, 9)) == 0:
            parts.pop(name, None)
        else:
            more = (b'<c r="XFD1048576"><v>1</v></c>', b'ref="A1:A1048576"', b'r="0"', b"&#0;")
            parts[name] = draw(spoilt(parts.get(name, b" "), more=more))
    return zipped(parts)


def read_register(path: Path, content: bytes) -> None:
    """A register, or no; what is read can be told."""
    path.write_bytes(content)
    found = answer_or_refusal(lambda: read(path))
    if isinstance(found, Register):
        for problem in found.problems:
            assert problem.problem
        for row in found.rows:
            assert 1 <= row.quantity <= 1_000_000


@runs
def test_a_spoilt_csv_register_is_read_or_refused(how: settings, tmp_path: Path) -> None:
    """A technician whose export was cut short must hear why, not see a traceback."""
    path = tmp_path / "register.csv"
    strategy = spoilt(AYRSHIRE, SMALL, UTF16)
    fuzz(how, strategy, lambda content: read_register(path, content))


@runs
def test_a_spoilt_workbook_is_read_or_refused(how: settings, tmp_path: Path) -> None:
    """A workbook that another program wrote badly must not stop the desk."""
    path = tmp_path / "register.xlsx"
    strategy = spoilt_workbooks() | spoilt(HEBRIDES)
    fuzz(how, strategy, lambda content: read_register(path, content))


@runs
def test_a_spoilt_contents_list_is_read_or_refused(how: settings, tmp_path: Path) -> None:
    """A contents list with a slip must be refused by its line; its kits are counted against it."""
    path = tmp_path / "contents.csv"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        for each in answer_or_refusal(lambda: read_types(path)) or ():
            assert each.contents

    fuzz(how, spoilt(CONTENTS), check)


@runs
def test_a_spoilt_map_file_is_read_or_refused(how: settings, tmp_path: Path) -> None:
    """A map is written by hand, so it has slips."""
    path = tmp_path / "map.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        answer_or_refusal(lambda: load_map(path))

    fuzz(how, spoilt(MAP, more=(b"[[columns]]", b"1979-05-27", b'"""', b"a.b.c = 1")), check)
