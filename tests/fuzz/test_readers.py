"""Files and words from anywhere, spoilt: read, or refused with words, and nothing else."""

import io
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from fuzz.fuzzing import ODD, answer_or_refusal, fuzz, runs, spoilt
from fuzz.readers import HEBRIDES, READERS, STOCK, Reader, register
from kitloan_labels import stock

FIGURES = tomllib.loads(STOCK.decode()) | {"page_width": 210, "right": 7.2, "material": "paper"}


@runs
@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_what_is_spoilt_is_read_or_refused(
    make: Callable[[Path], Reader], how: settings, tmp_path: Path
) -> None:
    """Whose export was cut short must hear why, whose settings have a slip must find the desk open,
    and a wrong label stock shows when a sheet of labels is spoilt; nobody has use for a traceback.
    """
    reader = make(tmp_path)
    fuzz(how, spoilt(*reader.examples, more=reader.more), reader.check)


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


@runs
def test_a_spoilt_workbook_is_read_or_refused(how: settings, tmp_path: Path) -> None:
    """A workbook that another program wrote badly must not stop the desk."""
    check = register(tmp_path, "register.xlsx").check
    fuzz(how, spoilt_workbooks() | spoilt(HEBRIDES), check)


@runs
def test_odd_figures_of_a_stock_are_refused(how: settings) -> None:
    """A figure that is no figure must be named, and never reach the printer."""
    names = st.sampled_from([*FIGURES, "unknown"])
    strategy = st.dictionaries(names, ODD | st.floats() | st.integers(), min_size=1, max_size=3)
    fuzz(
        how,
        strategy,
        lambda odd: answer_or_refusal(lambda: stock.check(FIGURES | odd, "stall")),
    )
