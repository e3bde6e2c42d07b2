"""Pipes, devices and folders where a file should be: refused at once, whatever the command."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.running import POSIX, Cli, Stock
from kitloan.cli.commands import COMMANDS
from kitloan.cli.main import cli as whole

_AT_ONCE = 120
"""Seconds; a program that waits for a pipe waits for ever."""

READ = {
    "import FILE": ("import", "{it}"),
    "import --map": ("import", "{csv}", "--map", "{it}"),
    "types import FILE": ("types", "import", "{it}"),
    "ledger import FILES": ("ledger", "import", "{it}"),
    "restore FILE": ("restore", "{it}", "--yes"),
    "read PHOTOS": ("read", "{it}"),
    "calendar import FILE": ("calendar", "import", "{it}"),
    "schools import FILE": ("schools", "import", "{it}"),
    "notices template --from": ("notices", "template", "overdue_1", "--from", "{it}"),
    "stocktake scan --file": ("stocktake", "scan", "x", "--file", "{it}"),
    "labels --stock": ("labels", "{tag}", "--stock", "{toml}", "--out", "{new}"),
}
"""Every command that reads a file, by what names it."""

WRITTEN = {
    "audit --html": ("audit", "--html", "{it}"),
    "audit --xlsx": ("audit", "--xlsx", "{it}"),
    "audit --csv": ("audit", "--csv", "{it}"),
    "audit lost --csv": ("audit", "lost", "fife", "--csv", "{it}"),
    "backup FILE": ("backup", "{it}"),
    "event pack --out": ("event", "pack", "E1", "--out", "{it}"),
    "loans --csv": ("loans", "--overdue", "--csv", "{it}"),
    "loans --html": ("loans", "--overdue", "--html", "{it}"),
    "notices --csv": ("notices", "--csv", "{it}"),
    "notices --ics": ("notices", "--ics", "{it}"),
    "notices --out": ("notices", "--out", "{it}"),
    "paper letter --out": ("paper", "letter", "--out", "{it}"),
    "paper list --out": ("paper", "list", "--out", "{it}"),
    "paper loan --out": ("paper", "loan", "{tag}", "--out", "{it}"),
    "paper receipt --out": ("paper", "receipt", "{tag}", "--out", "{it}"),
    "leaflet --out": ("leaflet", "STEM kit", "--out", "{it}.pdf"),
    "evaluation page --out": ("evaluation", "page", "--out", "{it}.html"),
    "request-page --out": ("request-page", "--out", "{it}.html"),
    "ledger export FILE": ("ledger", "export", "{it}"),
    "labels --out": ("labels", "{tag}", "--out", "{it}"),
    "labels --preview": ("labels", "{tag}", "--preview", "{it}"),
    "cards --out": ("cards", "commands", "--out", "{it}"),
    "cards --preview": ("cards", "commands", "--preview", "{it}"),
    "provision --passwords": ("provision", "{url}", "--passwords", "{it}"),
}
"""Every command that writes one."""

TRIED = [
    *((name, "a pipe") for name in (*READ, *WRITTEN)),
    *(
        (name, kind)
        for name in ("import FILE", "audit --html")
        for kind in ("a device", "a folder")
    ),
    ("audit --csv", "a folder"),
]
"""A device and a folder go the way of a pipe."""


@pytest.fixture
def at_once() -> Iterator[None]:
    """The test fails when it waits for a pipe."""

    def waited(_signal: int, _frame: object) -> None:
        pytest.fail("it waits")

    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(_AT_ONCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _paths() -> Iterator[str]:
    """Every option and argument of every command that names a file."""
    context = click.Context(whole)
    for row in COMMANDS:
        command = whole.get_command(context, row.name)
        assert command is not None
        many = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
        for each in many:
            name = row.name if each is command else f"{row.name} {each.name}"
            for param in each.params:
                if isinstance(param.type, click.Path):
                    said = param.opts[0] if isinstance(param, click.Option) else param.name
                    yield f"{name} {said if said and said[0] == '-' else str(said).upper()}"


def test_every_path_is_in_the_table() -> None:
    """A command that is new must not wait for a pipe because nobody thought of it."""
    tried = {*READ, *WRITTEN} - {"labels --stock"}  # a stock is a maker's number, or a file
    assert {re.sub(r"^cards \w+", "cards", each) for each in _paths()} == tried


def _kinds(folder: Path) -> dict[str, Path]:
    (folder / "a-folder").mkdir()
    for end in ("", ".toml", ".png", ".pdf", ".html"):
        os.mkfifo(folder / f"a-pipe{end}")
    return {
        "a pipe": folder / "a-pipe",
        "a device": Path("/dev/zero"),
        "a folder": folder / "a-folder",
    }


@POSIX
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(("name", "kind"), TRIED)
def test_what_is_no_file_is_refused_at_once(
    name: str,
    kind: str,
    cli: Cli,
    stock: Stock,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """A counter that waits for a pipe is closed."""
    line, it = (READ | WRITTEN)[name], _kinds(tmp_path)[kind]
    (tmp_path / "r.csv").write_text("Asset number,Type\n1,Kit\n")
    words = {
        "it": str(it),
        "csv": str(tmp_path / "r.csv"),
        "toml": str(tmp_path / "a-pipe.toml"),
        "tag": stock.kit,
        "new": str(tmp_path / "new.pdf"),
        "url": request.getfixturevalue("new_postgres")() if line[0] == "provision" else "",
    }
    done = cli(*(part.format(**words) for part in line), as_=None)
    folder_of_csv = kind == "a folder" and line[:2] == ("audit", "--csv")
    assert done.code == (0 if folder_of_csv else 2), done.err
    assert "Traceback" not in done.err and "did not expect" not in done.err
    assert done.err.strip() or folder_of_csv


@POSIX
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (("loans",), "a pipe"),
        (("init", "fife"), "a device"),
        (("ledger", "verify"), "a folder"),
        (("desk", "--plain"), "a pipe"),
    ],
)
def test_no_store_is_opened_that_is_no_file(
    cli: Cli, line: tuple[str, ...], kind: str, tmp_path: Path
) -> None:
    """`--store` is a path as well."""
    done = cli(*line, store=_kinds(tmp_path)[kind], as_=None)
    assert done.code == 3, done.err
    assert "folder" in done.err or "device or a pipe" in done.err
