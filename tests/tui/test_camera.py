"""The camera as a scanner: a recording in the camera's place, made of labels held at angles."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from cli.running import POSIX, PROGRAM
from kitloan.errors import BadInput
from kitloan.storage.check_results import last_scanner_check
from kitloan.text.tags import grouped, mint
from kitloan_labels.photos import Look, looks
from kitloan_labels.qr import modules, modules_of_words
from kitloan_tui.widgets.camera import GONE_SECONDS, InView
from tui.at_the_counter import SCHOOL, Store
from tui.at_the_desk import at_desk

if sys.platform != "win32":
    from at_a_terminal import Terminal

WIDTH, HEIGHT, RATE = 640, 480, 10
ANGLES = ((0, 0.0), (15, 0.1), (45, 0.0), (100, 0.15), (200, 0.2))
"""How far a label is turned, in degrees, and how far one side of it is tilted away."""

CODES = [mint() for _ in range(8)] + ["KLUUNDO", "KLUDONE"]
Frames = Iterable[Image.Image]


def label(text: str) -> Image.Image:
    """A label with a code, as it is printed: four modules of quiet around it."""
    matrix = modules_of_words(text) if text == SCHOOL else modules(text)
    side = len(matrix) + 8
    picture = Image.new("L", (side, side), 255)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            picture.putpixel((x + 4, y + 4), 0 if dark else 255)
    return picture.resize((side * 8, side * 8), Image.Resampling.NEAREST)


def scene(texts: Sequence[str] = (), angle: float = 0, tilt: float = 0.0) -> Image.Image:
    """A bench with labels on it, as a webcam sees them: grainy, and never level."""
    bench = Image.new("L", (WIDTH, HEIGHT), 120)
    for number, text in enumerate(texts):
        printed = label(text)
        side = printed.width
        near, far = 0, side * tilt
        tilted = printed.transform(
            (side, side),
            Image.Transform.QUAD,
            (near, -far, near, side + far, side, side, side, 0),
            Image.Resampling.BICUBIC,
            fillcolor=255,
        )
        paper = Image.new("L", (side, side), 255)
        turned = tilted.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=120)
        outline = paper.rotate(angle, expand=True, fillcolor=0)
        small = (220, 220)
        bench.paste(turned.resize(small), (30 + number * 290, 120), outline.resize(small))
    grain = np.random.default_rng(7).normal(0, 6, (HEIGHT, WIDTH))
    return Image.fromarray(np.clip(np.asarray(bench) + grain, 0, 255).astype("uint8"))


def recording(file: Path, frames: Frames) -> Path:
    """A video of these frames, ten a second."""
    writer = cv2.VideoWriter(
        str(file), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (WIDTH, HEIGHT), isColor=True
    )
    assert writer.isOpened()
    for frame in frames:
        writer.write(cv2.cvtColor(np.asarray(frame), cv2.COLOR_GRAY2BGR))
    writer.release()
    return file


def held(frames: Frames, each: int) -> Iterator[Image.Image]:
    """Every frame so many times: a hand that waits."""
    for frame in frames:
        yield from [frame] * each


def seen(source: str | Path) -> tuple[list[Look], BadInput]:
    """Every look at a recording, and how it ended."""
    found: list[Look] = []
    with pytest.raises(BadInput) as ended:
        found.extend(looks(str(source)))
    return found, ended.value


def scans(found: Iterable[Look]) -> list[str]:
    """What the desk gets of these looks."""
    in_view = InView()
    return [code for look in found for code in in_view.fresh(look.texts, look.at)]


def test_ten_codes_at_five_angles(tmp_path: Path) -> None:
    """Without a scanner, the camera is the counter: what it misreads is lent wrongly."""
    away = [scene()] * int(RATE * GONE_SECONDS + 2)
    frames = [
        frame
        for text in CODES
        for frame in [*held([scene([text], *pose) for pose in ANGLES], 2), *away]
    ]
    found, ended = seen(recording(tmp_path / "ten.avi", frames))
    assert ended.code == "camera_stopped"
    assert scans(found) == CODES
    read = {text for look in found for text in look.texts}
    assert read == set(CODES), "and nothing else was ever read"
    poses = [look for look in found if look.texts]
    assert len(poses) >= 0.9 * len(CODES) * len(ANGLES), "nearly every pose is read"


def test_a_label_that_stays_is_scanned_once(tmp_path: Path) -> None:
    """A kit that lies in front of the camera must not be lent, taken back and lent again."""
    one, other = CODES[:2]
    frames = [
        *held([scene([one])], RATE * 3),
        *held([scene()], int(RATE * GONE_SECONDS) - 5),  # a hand passes
        *held([scene([one, other])], RATE),
        *held([scene()], int(RATE * GONE_SECONDS) + 3),
        *held([scene([one])], RATE),
    ]
    found, _ = seen(recording(tmp_path / "stays.avi", frames))
    assert scans(found) == [one, other, one]


def test_what_is_no_tag_has_to_be_read_twice() -> None:
    """A damaged label is now and then read as another text first."""
    in_view, tag = InView(), CODES[0]
    assert in_view.fresh(["KL8B7"], 0.0) == []
    assert in_view.fresh([tag], 0.1) == [tag]
    assert in_view.fresh([SCHOOL, tag], 0.2) == []
    assert in_view.fresh([SCHOOL, tag], 0.3) == [SCHOOL]
    assert in_view.fresh([SCHOOL, tag], 0.4) == []


def test_a_covered_lens(tmp_path: Path) -> None:
    """A camera whose cover is shut sees well, and nothing."""
    frames = [Image.new("L", (WIDTH, HEIGHT), 4)] * 3
    found, _ = seen(recording(tmp_path / "dark.avi", frames))
    assert [look.dark for look in found] == [True] * 3


def no_recording(folder: Path) -> Path:
    """A name that was mistyped."""
    return folder / "absent.avi"


def some_text(folder: Path) -> Path:
    """Another file."""
    (folder / "notes.avi").write_text("no video", encoding="utf-8")
    return folder / "notes.avi"


def a_pipe(folder: Path) -> Path:
    """It could be waited for until tomorrow."""
    os.mkfifo(folder / "pipe.avi")
    return folder / "pipe.avi"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (no_recording, "no_such_file"),
        (some_text, "cannot_read"),
        pytest.param(a_pipe, "not_a_file", marks=POSIX),
        (lambda folder: "https://127.0.0.1:1/video.avi", "no_such_file"),
        (lambda folder: "97", "no_camera"),
        (lambda folder: "", "cannot_read"),
    ],
)
def test_what_is_no_camera(make: object, code: str, tmp_path: Path) -> None:
    """A name is never taken for an address, and no camera is a sentence with a next step."""
    assert callable(make)
    found, problem = seen(make(tmp_path))
    assert (found, problem.code) == ([], code)
    assert problem.hint


async def test_lending_by_camera(store: Store, log: Path, tmp_path: Path) -> None:
    """A laptop without a scanner lends as one with a scanner does."""
    frames = [
        *held([scene()], 3),
        *held([scene([store.kit], 15, 0.1)], 5),
        *held([scene([SCHOOL])], 5),
        *held([scene(["KLUDONE"])], 5),
    ]
    file = recording(tmp_path / "lending.avi", frames)
    async with at_desk(
        lambda: store.kitloan, log, size=(100, 30), camera=lambda: looks(str(file))
    ) as hands:
        await hands.until(lambda: store.kitloan.find.holding(store.kit).status == "out")
        await hands.until(lambda: hands.reads("! Camera: The recording has ended."))
        await hands.scan(store.headset)
        assert hands.reads("OUT") or hands.reads("TO WHOM?"), "the keyboard goes on"
    loan = store.kitloan.find.holding(store.kit).loan
    assert loan is not None
    assert loan.to == SCHOOL


async def test_the_line_shows_what_it_sees(store: Store, log: Path, tmp_path: Path) -> None:
    """Without it nobody knows whether to hold the label nearer, or to restart the machine."""
    frames = [*held([scene()], 15), *held([scene([store.kit])], 30)]
    file = recording(tmp_path / "line.avi", frames)
    async with at_desk(
        lambda: store.kitloan, log, size=(100, 30), camera=lambda: looks(str(file))
    ) as hands:
        await hands.until(lambda: hands.reads("Camera: sees no label."))
        await hands.until(lambda: hands.reads(f"Camera: sees {grouped(store.kit)}"))
        await hands.until(lambda: hands.reads("? TO WHOM?"))


async def test_no_camera_at_the_desk(store: Store, log: Path) -> None:
    """The desk opens all the same, and says what to do."""
    async with at_desk(
        lambda: store.kitloan, log, size=(100, 30), camera=lambda: looks("97")
    ) as hands:
        await hands.until(lambda: hands.reads("! Camera: No camera 97 was found. Plug one in."))
        await hands.scan(store.kit)
        assert hands.reads("? TO WHOM?")


@dataclass
class Broken:
    """A driver that raises what no driver should."""

    times: int = 0

    def __call__(self) -> Iterator[Look]:
        self.times += 1
        raise OSError("the device is gone")


async def test_a_driver_that_fails(store: Store, log: Path) -> None:
    """Whatever a camera does, the counter goes on."""
    async with at_desk(lambda: store.kitloan, log, size=(100, 30), camera=Broken()) as hands:
        await hands.until(lambda: hands.reads("! Camera: it failed (OSError)."))
        await hands.scan(store.kit)
        assert hands.reads("? TO WHOM?")


async def test_the_scanner_check_by_camera(store: Store, log: Path, tmp_path: Path) -> None:
    """Trying the camera out lends nothing, and support sees how it went."""
    frames = [*held([scene()], 15), *held([scene([store.kit])], 10)]
    file = recording(tmp_path / "check.avi", frames)
    async with at_desk(
        lambda: store.kitloan, log, size=(100, 30), camera=lambda: looks(str(file))
    ) as hands:
        await hands.press("f9")
        await hands.until(lambda: hands.reads(f"= It is {grouped(store.kit)}"))
        assert hands.state.basket == ()
    found = last_scanner_check()
    assert found is not None
    assert found.ok


def test_camera_and_lines_do_not_go_together() -> None:
    """An option that does nothing is worse than none."""
    line = [PROGRAM, "desk", "--plain", "--camera", "--json"]
    done = subprocess.run(line, capture_output=True, stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "usage"


@POSIX
@pytest.mark.waits
def test_from_sight_to_verdict(store: Store, tmp_path: Path) -> None:
    """The real program: a second after a label is in view, the desk has answered."""
    blank = 2.0
    frames = [*held([scene()], int(blank * RATE)), *held([scene([store.kit], 15, 0.1)], 40)]
    file = recording(tmp_path / "second.avi", frames)
    home = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    line = [str(PROGRAM), "--store", str(store.place), "desk", "--camera", str(file)]
    with Terminal(line, size=(100, 30), env=home) as terminal:
        looked = terminal.until("Camera: sees no label.")
        answered = terminal.until("TO WHOM?")
        terminal.send("\x11")
    assert answered - looked < blank + 1.0
