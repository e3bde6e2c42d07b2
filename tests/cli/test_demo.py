"""`kitloan demo` where it cannot, or must not, do its work; the work itself is in tests/stories."""

import os
import sys
from pathlib import Path

import pytest

from cli.running import POSIX, PROGRAM, Cli

if sys.platform != "win32":
    from at_a_terminal import Terminal


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to run it in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_folder_of_that_name_is_left_alone(cli: Cli, here: Path) -> None:
    """Somebody's own folder must not be emptied for a demonstration."""
    own = here / "kitloan-demo" / "letter.txt"
    own.parent.mkdir()
    own.write_text("Dear Sir or Madam", encoding="utf-8")
    refused = cli("demo")
    assert refused.code == 1
    assert "no demonstration made it" in refused.err
    assert own.read_text(encoding="utf-8") == "Dear Sir or Madam"


@POSIX
@pytest.mark.parametrize("kind", ["a link", "a file", "a pipe"])
def test_something_else_of_that_name(cli: Cli, here: Path, kind: str) -> None:
    """Nor what a link leads to."""
    place, elsewhere = here / "kitloan-demo", here / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "made-by-kitloan-demo.txt").touch()
    {
        "a link": lambda: place.symlink_to(elsewhere),
        "a file": place.touch,
        "a pipe": lambda: os.mkfifo(place),
    }[kind]()
    assert cli("demo").code == 1
    assert [each.name for each in elsewhere.iterdir()] == ["made-by-kitloan-demo.txt"]
    assert os.path.lexists(place)


def test_no_document(cli: Cli, here: Path) -> None:
    """It prints steps; a script that asks for JSON is told so."""
    refused = cli("demo", "--json")
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert list(here.iterdir()) == []


def test_a_step_that_fails_is_named(cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demonstration that stops has to say where, and what to ask next."""
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "executable", "/bin/false" if os.name == "posix" else "where.exe")
    failed = cli("demo")
    assert failed.code == 3
    assert "kitloan init ayrshire" in failed.err
    assert "kitloan doctor" in failed.err


@POSIX
def test_in_a_terminal_it_opens_the_desk(here: Path, tmp_path: Path) -> None:
    """A newcomer wants to see the counter, not read a hundred lines."""
    own = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    with Terminal([str(PROGRAM), "demo"], size=(100, 30), env=own) as desk:
        desk.until("READY")
        desk.scan("AC0031")
        desk.until("IN?")
        desk.send("\x11")
