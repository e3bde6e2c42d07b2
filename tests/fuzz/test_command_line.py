"""The command line given anything: done, refused, or explained; never a traceback."""

import io
import os
import shutil
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import click
import pytest
from hypothesis import settings
from hypothesis import strategies as st

import kitloan
from fuzz.fuzzing import fuzz, runs
from kitloan import Count, NewHolding
from kitloan.cli.commands import COMMANDS
from kitloan.cli.main import cli, run
from kitloan.holdings import Holdings

TAG, LENT = "KL8B7XAPXYTMZ", "FC002"
CODES = {0, 1, 2, 3, 130}
# They ask servers and folders that no test should touch; the demonstration is of stores of its own.
ELSEWHERE = {"provision", "restore", "demo"}
PRINTERS = {"--print", "--preview", "--save-printer", "--debug"}

VALUES = (
    *(TAG, "fc001", LENT, "KL8B7XAPXYTM0", "kl 8b7x-apxy-tmz", "goggles", "Balwearie High School"),
    *(
        "Wheel=2",
        "Wheel",
        "=2",
        "Wheel=-1",
        "Wheel=99999999999",
        "14d",
        "0d",
        "9999d",
        "31/02/2026",
    ),
    *(
        "2026-12-24",
        "1",
        "0",
        "-1",
        "30",
        "1e9",
        "9" * 5000,
        "nan",
        "inf",
        "",
        " ",
        "-",
        "--",
        "=1+1",
    ),
    *("\ud800", "\udcff\udcfe", "\x1b[2J", "\u202e", "\n", "é" * 300, "STEM kit", "fife"),
    *(
        "l7160",
        "dk-11221",
        "out.pdf",
        "register.csv",
        "missing.csv",
        "folder",
        "types.csv",
        "map.toml",
    ),
    *("esp", "KLUUNDO", "KL:8", "fife:FC001", "https://x.example/KL8B7XAPXYTMZ", "photo.png"),
)
TEXT = st.text(st.characters(exclude_characters="/\\~:\x00", codec=None), max_size=12).filter(
    lambda text: ".." not in text
)


def options_of(command: click.Command) -> list[str]:
    """The options of a command that may be tried here."""
    names = [name for each in command.params for name in each.opts if name.startswith("-")]
    return [name for name in names if name not in PRINTERS]


def lines() -> dict[str, tuple[list[str], list[str]]]:
    """Every command: its words, and its options."""
    found = {}
    for each in COMMANDS:
        if each.name in ELSEWHERE:
            continue
        command = cli.get_command(click.Context(cli), each.name)
        assert command is not None
        inside = command.commands if isinstance(command, click.Group) else {"": command}
        for name, one in inside.items():
            found[f"{each.name} {name}".strip()] = (
                [each.name, *([name] if name else [])],
                options_of(one),
            )
    return found


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with some of its options, values and junk, in any order."""
    commands = lines()
    words, options = commands[draw(st.sampled_from(sorted(commands)))]
    value = st.sampled_from(VALUES) | TEXT
    option = st.sampled_from(options)
    piece = st.one_of(
        value.map(lambda each: [each]),
        st.tuples(option, value).map(list),
        option.map(lambda each: [each]),
    )
    rest = [each for part in draw(st.lists(piece, max_size=5)) for each in part]
    return [*words, *rest] if draw(st.integers(0, 9)) else rest


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], None]:
    """Runs a command line on a copy of a small store, in a folder with a few files."""
    for name in ("KITLOAN_COLLEGE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    made, store = tmp_path / "made.sqlite", tmp_path / "store.sqlite"
    with kitloan.init("fife", made, actor="m.ross") as fife:
        holdings: Holdings = fife.holdings
        holdings.add(NewHolding("STEM kit", tag=TAG, asset_number="FC001"))
        holdings.add(NewHolding("STEM kit", asset_number=LENT))
        holdings.add(NewHolding("Safety goggles", quantity=30, asset_number="goggles"))
        fife.loans.check_out([LENT], "Balwearie High School", contact="Iain Strachan")
        fife.loans.count(TAG, Count(whole=True))
        fife.exchange.export(tmp_path / "first.klx")  # its key is made, which no refusal takes back
    cards = tmp_path / "cards"
    cards.mkdir()
    monkeypatch.chdir(cards)
    monkeypatch.setenv("KITLOAN_STORE", str(store))

    def tried(arguments: list[str]) -> None:
        for each in (*cards.iterdir(), *tmp_path.glob("store.sqlite*")):
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        shutil.copy(made, store)
        (cards / "folder").mkdir()
        (cards / "register.csv").write_text("Kit No,Description\nN1,Telescope\n", encoding="utf-8")
        (cards / "types.csv").write_text("kit type,component,quantity\nSTEM kit,Wheel,16\n")
        (cards / "map.toml").write_text('[columns]\n"Kit No" = "asset_number"\n')
        (cards / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        before = store.read_bytes()
        answers(arguments, lambda: store.read_bytes() == before)

    return tried


def answers(arguments: list[str], unchanged: Callable[[], bool]) -> None:
    """Run it; it must answer with a code it may give, and a refusal must change nothing."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        open(os.devnull, encoding="utf-8") as nothing,  # noqa: PTH123
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("sys.stdin", nothing)
        code = run(arguments)
        out.flush()
        err.flush()
    said = b"".join(each.buffer.getvalue() for each in (out, err)).decode()
    assert code in CODES, (code, said)
    assert "Traceback" not in said
    assert "did not expect" not in said, said
    assert code == 0 or said.strip()
    assert code == 0 or unchanged()


@runs
def test_any_command_line_is_answered(how: settings, counter: Callable[[list[str]], None]) -> None:
    """A traceback tells a technician nothing, and an unknown code a script less."""
    fuzz(how, command_lines(), counter)
