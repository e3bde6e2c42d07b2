"""`make screens`: the pictures of the desk in `docs/screens`, from the program itself.

The scenes are those of the snapshot tests, so that what the documentation shows is tested.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from kitloan.cli.labels import LabelPress  # noqa: E402  # as the next
from tui.at_the_desk import at_desk  # noqa: E402  # found by the line above
from tui.pictures import SCENES, demonstration  # noqa: E402

FOLDER = ROOT / "docs" / "screens"


async def picture(scene: str, size: tuple[int, int] = (80, 24)) -> None:
    """Play one scene and write what is on the screen."""
    with tempfile.TemporaryDirectory() as folder, demonstration(Path(folder) / "s") as store:
        log, press = Path(folder) / "log", LabelPress()
        async with at_desk(lambda: store, log, size, press=press) as hands:
            await SCENES[scene](hands)
            svg = hands.desk.export_screenshot(title="kitloan")
    # One name for the classes in the picture, so that remaking it changes nothing.
    number = svg.split(".terminal-", 1)[1].partition("-")[0]
    svg = svg.replace(f"terminal-{number}", "terminal-k")
    (FOLDER / f"{scene}.svg").write_text(svg, encoding="utf-8")


async def main() -> None:
    """All of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        await picture(scene)


asyncio.run(main())
