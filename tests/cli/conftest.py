"""Colleges at their command line: inside this process for speed, and as the real program."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

import kitloan
from cli.running import PROGRAM, Answer, Cli, Program, Stock
from conftest import add_twin, write_off
from kitloan import Count, NewHolding
from kitloan.cli.main import run
from kitloan.imports.contents import read_types

CONTENTS = """kit type,bag,component,quantity,critical
STEM kit,Manual,Facilitator manual,1,yes
STEM kit,Red holdall,Wheel,16,no
STEM kit,Red holdall,Wheel hub,4,no
STEM kit,Blue holdall,Panel,18,no
STEM kit,Red holdall,Spanner,4,yes
"""
"""A contents list for tests; no maker's."""


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the store, the colours or the width of whoever runs it."""
    for name in ("KITLOAN_STORE", "KITLOAN_COLLEGE", "NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "home"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_APPDATA", str(tmp_path / "config"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a store can be made, in a folder of its own."""
    (tmp_path / "store").mkdir()
    return tmp_path / "store" / "fife.sqlite"


@pytest.fixture
def cli(store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """`kitloan`, run inside this process as m.ross on the test's store."""
    own = store

    def cli(
        *args: str | Path,
        store: str | Path | None = own,
        as_: str | None = "m.ross",
        stdin: str | None = None,
    ) -> Answer:
        line = [] if store is None else ["--store", str(store)]
        line += [] if as_ is None else ["--as", as_]
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin or ""))
        capsys.readouterr()
        code = run([*line, *map(str, args)])
        return Answer(code, *capsys.readouterr())

    return cli


@pytest.fixture
def program(store: Path) -> Program:
    """The installed `kitloan`, in a process of its own, on the test's store."""
    own = store

    def program(
        *args: str | bytes | Path,
        store: str | Path | None = own,
        env: Mapping[str, str] | None = None,
        **popen: Any,
    ) -> Answer:
        line: list[Any] = [PROGRAM] if store is None else [PROGRAM, "--store", store]
        done = subprocess.run(
            [*line, *args],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUTF8": "1", **(env or {})},
            timeout=300,
            **popen,
        )
        out, err = (said.decode(errors="backslashreplace") for said in (done.stdout, done.stderr))
        return Answer(done.returncode, out, err)

    return program


@pytest.fixture(scope="session")
def stocked_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Stock]:
    """Fife's store with something in each state, made once and copied for every test."""
    folder = tmp_path_factory.mktemp("fife")
    contents = folder / "contents.csv"
    contents.write_text(CONTENTS, encoding="utf-8")
    with kitloan.init("fife", folder / "fife.sqlite", actor="j.bain") as fife:
        fife.holdings.define_types(read_types(contents))
        numbers = ("FC001", "FC002", "FC003", "FC004", "TWIN")
        tags = [fife.holdings.add(NewHolding("STEM kit", asset_number=n)).tag for n in numbers]
        kit, lent, uncounted, unusable, *_twins = tags
        add_twin(fife, "TWIN")
        goggles = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
        fife.loans.check_out([lent, uncounted], "Balwearie High School")
        fife.loans.check_in([uncounted])
        fife.loans.count(unusable, Count(missing={"Spanner": 1}))
        gone = fife.holdings.add(NewHolding("STEM kit", asset_number="FC009")).tag
        write_off(fife, gone, "burnt")
    return folder / "fife.sqlite", Stock(kit, lent, uncounted, unusable, goggles, gone)


@pytest.fixture
def stock(store: Path, stocked_once: tuple[Path, Stock]) -> Stock:
    """The test's store is Fife's, with a kit in each state; gives their tags."""
    original, tags = stocked_once
    shutil.copy(original, store)
    return tags


@pytest.fixture
def nothing_changes(store: Path) -> Callable[[], AbstractContextManager[None]]:
    """A block after which the store's folder is what it was before, byte for byte."""

    def found() -> dict[str, bytes | None]:
        files = sorted(store.parent.rglob("*"))
        return {str(each): each.read_bytes() if each.is_file() else None for each in files}

    @contextmanager
    def nothing_changes() -> Iterator[None]:
        before = found()
        yield
        assert found() == before

    return nothing_changes
