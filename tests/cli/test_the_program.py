"""The installed program: exit codes, pipes that close, streams that are missing, Ctrl+C."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from cli.running import POSIX, PROGRAM, Cli, Program, Stock, Untouched

ESC = "\x1b[2J"


def test_the_programs_exit_codes(program: Program, stock: Stock, tmp_path: Path) -> None:
    """A script sees these numbers and nothing else of us."""
    assert program("show", "FC001").code == 0
    assert program("checkout", "FC002", "--to", "B").code == 1
    assert program("show", "FC999").code == 2
    assert program("show").code == 2
    assert program("loans", store=tmp_path / "none").code == 3
    no_desk = program()
    assert (no_desk.code, no_desk.out) == (2, "")
    assert "needs a terminal" in no_desk.err


def test_no_colours_in_a_pipe(program: Program, stock: Stock) -> None:
    """Whoever greps the output must find words, not escape codes, even when colours are wanted."""
    env = {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}
    for line in (("--help",), ("find", "kit"), ("show", "FC002"), ("show", "x"), ("audit",)):
        answer = program(*line, env=env)
        assert "\x1b" not in answer.out + answer.err


def test_a_traceback_only_when_asked(program: Program) -> None:
    """A technician has no use for one; whoever mends the program does."""
    place = "postgresql://clerk@127.0.0.1:1/kits"
    plain, debug = program("loans", store=place), program("--debug", "loans", store=place)
    assert (plain.code, debug.code) == (3, 3)
    assert "Traceback" not in plain.out + plain.err
    assert "Traceback (most recent call last)" in debug.err
    assert debug.err.startswith(plain.err.rstrip("\n")[:40])


def test_input_that_is_not_text(program: Program, stock: Stock) -> None:
    """A scanner on the wrong setting can send bytes that no text has."""
    for line in ((b"show", b"\xff\xfe"), (b"checkout", b"FC001", b"--to", b"\xff")):
        answer = program(*line, "--json")
        assert answer.code == 2
        assert answer.error["code"] in ("unknown_holding", "bad_text")
        assert program(*line).code == 2


@POSIX
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("line", "code"),
    [(("ledger", "log"), 0), (("loans", "--json"), 0), (("show", "FC999", "--json"), 2)],
)
def test_a_reader_that_has_had_enough(
    stock: Stock, store: Path, line: tuple[str, ...], code: int, unbuffered: str
) -> None:
    """`kitloan ledger log | head -1` must end in silence, and the exit code stays what it was."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [PROGRAM, "--store", store, *line],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        timeout=300,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (code, b"")


@POSIX
def test_a_reader_that_has_had_enough_of_much(
    cli: Cli, stock: Stock, store: Path, tmp_path: Path
) -> None:
    """The same when the pipe breaks in the middle of an answer."""
    register = tmp_path / "many.csv"
    register.write_text("Kit No,Description\n" + "".join(f"N{i},Kit\n" for i in range(1500)))
    cli("import", register)
    with subprocess.Popen(
        [PROGRAM, "--store", store, "ledger", "log", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read()
    assert (said, running.returncode) == (b"", 0)


@POSIX
@pytest.mark.parametrize("stream", ["<&-", ">&-"])
def test_without_a_stream_at_all(stock: Stock, store: Path, stream: str) -> None:
    """A scheduler may start programs without input or output; the kit must come back."""
    done = subprocess.run(
        f'"{PROGRAM}" --store "{store}" checkin FC002 {stream}',
        shell=True,
        capture_output=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@POSIX
def test_ctrl_c_in_the_middle_of_an_import(
    cli: Cli, stock: Stock, store: Path, nothing_changes: Untouched, tmp_path: Path
) -> None:
    """Half a register taken in could neither be used nor read again with trust."""
    register = tmp_path / "many.csv"
    register.write_text("Kit No,Description\n" + "".join(f"N{i},Kit\n" for i in range(20_000)))
    with nothing_changes():
        with subprocess.Popen(
            [PROGRAM, "--store", store, "import", register],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            assert running.stderr is not None
            begun = running.stderr.readline()
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=300)
        assert begun.startswith(b"Reading rows: ")
        assert running.returncode == 130
        assert (out, b"Traceback" in err) == (b"", False)
        assert b"Nothing was left half done" in err
    assert cli("ledger", "verify", "--json").json["ok"] is True
    assert cli("find", "N19999", "--json").json["total"] == 0
