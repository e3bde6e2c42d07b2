"""The desk as it looks, at two sizes: a change that nobody meant is seen in the comparison.

A snapshot is what can be read on the screen, row by row. To remake them after a change that was
meant: `make snapshots`, and look at the difference before it is committed.
"""

import os
from pathlib import Path

import pytest

from kitloan.cli.labels import LabelPress
from tui.at_the_desk import at_desk, words_of
from tui.pictures import SCENES, SIZES, demonstration

PICTURES = Path(__file__).parents[2] / "docs" / "screens"
SNAPSHOTS = Path(__file__).with_name("snapshots")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES)
async def test_a_scene(tmp_path: Path, scene: str, size: tuple[int, int]) -> None:
    """Else a change to one part of the screen could spoil another unseen."""
    with demonstration(tmp_path / "fife.sqlite") as store:
        log, press = tmp_path / "desk.log", LabelPress()
        async with at_desk(lambda: store, log, size, press=press) as hands:
            await SCENES[scene](hands)
            rows = [row.rstrip() for row in hands.seen().splitlines()]
    seen = "\n".join(rows) + "\n"
    kept = SNAPSHOTS / f"{scene}-{size[0]}x{size[1]}.txt"
    if os.environ.get("KITLOAN_REMAKE_SNAPSHOTS"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(seen, encoding="utf-8")
    assert seen == kept.read_text(encoding="utf-8")


def test_not_too_many() -> None:
    """Else nobody would look at the differences any more."""
    assert len(list(SNAPSHOTS.glob("*.txt"))) == len(SCENES) * len(SIZES) <= 30


@pytest.mark.parametrize("scene", SCENES)
def test_the_documentation_shows_the_desk_as_it_is(scene: str) -> None:
    """Else the manual would show a screen that nobody finds; `make screens` remakes them."""
    shown = words_of((PICTURES / f"{scene}.svg").read_text(encoding="utf-8"))
    rows = [row.rstrip() for row in shown.splitlines()]
    assert "\n".join(rows) + "\n" == (SNAPSHOTS / f"{scene}-80x24.txt").read_text(encoding="utf-8")
