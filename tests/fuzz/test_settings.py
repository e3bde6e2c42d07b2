"""Small files that people write by hand: a label stock, the desk's settings."""

from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from fuzz.fuzzing import ODD, answer_or_refusal, fuzz, runs, spoilt
from kitloan_labels import own_stock
from kitloan_tui import settings as desk

STOCK = b"""name = "Market stall labels"
columns = 3
rows = 7
label_width = 63.5
label_height = 38.1
left = 7.2
top = 15.15
pitch_x = 66.04
pitch_y = 38.1
cut = false
"""
FIGURES: dict[str, Any] = {
    "name": "Market stall labels",
    "columns": 3,
    "rows": 7,
    "label_width": 63.5,
    "label_height": 38.1,
    "left": 7.2,
    "top": 15.15,
    "pitch_x": 66.04,
    "pitch_y": 38.1,
    "page_width": 210,
    "right": 7.2,
    "material": "paper",
    "cut": False,
}
SETTINGS = b"""theme = "light"
[keys]
undo = "f5"
find = "ctrl+f"
"""
TOML = (b"[[keys]]", b"[keys]", b"1979-05-27T07:32:00Z", b'"""', b"a.b.c = 1", b"inf", b"0x1_0")


@runs
def test_a_spoilt_stock_is_read_or_refused(how: settings, tmp_path: Path) -> None:
    """A wrong stock shows when a sheet of labels is spoilt; a refused one costs nothing."""
    path = tmp_path / "stall.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        found = answer_or_refusal(lambda: own_stock.find(str(path)))
        assert found is None or found.sheet.per_sheet >= 1

    fuzz(how, spoilt(STOCK, more=TOML), check)


@runs
def test_odd_figures_of_a_stock_are_refused(how: settings) -> None:
    """A figure that is no figure must be named, and never reach the printer."""
    names = st.sampled_from([*FIGURES, "unknown"])
    strategy = st.dictionaries(names, ODD | st.floats() | st.integers(), min_size=1, max_size=3)
    fuzz(
        how,
        strategy,
        lambda odd: answer_or_refusal(lambda: own_stock.check(FIGURES | odd, "stall")),
    )


@runs
def test_spoilt_settings_never_keep_the_desk_closed(how: settings, tmp_path: Path) -> None:
    """A slip in the settings would close the counter on the morning after."""
    path = tmp_path / "desk.toml"

    def check(content: bytes) -> None:
        path.write_bytes(content)
        found, problem = desk.usable(path)
        assert found.theme in desk.THEMES
        assert problem is None or problem.message

    fuzz(how, spoilt(SETTINGS, more=TOML), check)
