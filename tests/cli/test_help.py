"""Help on every command, at once, and a core that drags in nothing it does not need."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from cli.running import Answer, Cli, Program
from kitloan import __version__
from kitloan.cli.commands import COMMANDS
from kitloan.cli.main import cli as group

HEAVY = {"sqlalchemy", "sqlmodel", "pydantic", "textual", "openpyxl", "PIL", "reportlab"}


def every_command(
    of: click.Command = group, named: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """Every command line that can be asked for help."""
    yield named
    if isinstance(of, click.Group):
        context = click.Context(of)
        for name in of.list_commands(context):
            command = of.get_command(context, name)
            assert command is not None, name
            yield from every_command(command, (*named, name))


ALL = sorted(every_command())
LEAVES = [line for line in ALL if not any(other[:-1] == line for other in ALL if other)]


def loaded_after(code: str) -> set[str]:
    """The packages and modules that a fresh Python has loaded when `code` has run."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    modules: list[str] = json.loads(done.stdout.splitlines()[-1])
    return set(modules)


@pytest.mark.parametrize("line", LEAVES, ids=" ".join)
def test_every_command_has_help_with_an_example(cli: Cli, line: tuple[str, ...]) -> None:
    """Nobody reads a manual at a counter; one line to copy is what helps."""
    short, long = cli(*line, "-h", as_=None, store=None), cli(*line, "--help", as_=None, store=None)
    assert (long.code, long.err) == (0, "")
    assert short == long
    example = long.out.partition("Example: ")[2]
    assert example.startswith(f"kitloan {' '.join(line)}".rstrip())


@pytest.mark.parametrize("line", [line for line in ALL if line not in LEAVES], ids=" ".join)
def test_every_group_lists_its_commands(cli: Cli, line: tuple[str, ...]) -> None:
    """Whoever knows half of a command finds the other half."""
    told = cli(*line, "--help", as_=None, store=None).out
    for other in ALL:
        if other and other[:-1] == line:
            assert f"  {other[-1]} " in told


def test_every_option_is_explained(cli: Cli) -> None:
    """An option without a word is a riddle."""
    context = click.Context(group)
    for line in LEAVES:
        command: click.Command = group
        for name in line:
            assert isinstance(command, click.Group)
            found = command.get_command(context, name)
            assert found is not None
            command = found
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help, (line, option.name)


def test_the_help_tells_every_command_in_order(cli: Cli) -> None:
    """The list is the map of the program: what is not on it does not exist."""
    told = cli("--help", as_=None, store=None).out
    places = [told.index(f"\n  {row.name} ") for row in COMMANDS]
    assert places == sorted(places)
    assert all(row.line in " ".join(told.split()) for row in COMMANDS)
    for option in ("--store", "--as", "--json", "--debug", "--version"):
        assert option in told


def test_the_version(cli: Cli, program: Program) -> None:
    """The first thing that anybody is asked for who reports a fault."""
    assert cli("--version", as_=None, store=None) == Answer(0, f"kitloan {__version__}\n", "")
    assert program("--version", store=None).out == f"kitloan {__version__}\n"


def test_a_command_mistyped(cli: Cli) -> None:
    """A slip in the command leads to the help, not to a dead end."""
    answer = cli("chekout", "FC001")
    assert answer.code == 2
    assert "No such command 'chekout'" in answer.err
    assert "kitloan --help" in answer.err


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_answers_at_once(option: str) -> None:
    """Help that loads a database first is help that people do not ask for."""
    loaded = loaded_after(f"from kitloan.cli.main import run; assert run([{option!r}]) == 0")
    assert "click" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize("line", [line for line in LEAVES if line], ids=" ".join)
def test_no_commands_help_opens_a_store(cli: Cli, line: tuple[str, ...]) -> None:
    """Help must be there when the store is not."""
    assert cli(*line, "--help", store="/nowhere/at/all").code == 0


def test_looking_loads_no_screen_and_no_printer(cli: Cli, store: str) -> None:
    """A lookup is over before a terminal library would have been loaded."""
    cli("init", "fife")
    tag = cli("add", "--type", "Kit", "--json").json["tag"]
    lines = [["show", tag], ["find", "kit"], ["loans"], ["checkout", tag, "--to", "B"], ["audit"]]
    code = "from kitloan.cli.main import run\n"
    for line in lines:
        code += f"assert run({['--store', str(store), *line]!r}) == 0\n"
    assert not loaded_after(code) & {"textual", "rich", "openpyxl", "PIL", "reportlab", "qrcode"}


NOT_FOR_A_LOOKUP = {
    *("kitloan.ledger.writer", "kitloan.ledger.facts", "kitloan.ledger.replay"),
    *("kitloan.history.verify", "kitloan.history.undo", "kitloan.loans", "kitloan.holdings"),
    *("kitloan.planning", "kitloan.evidence", "kitloan.borrowers.people", "kitloan.text.personal"),
    *("kitloan.storage.erasure", "kitloan.queries.whereabouts", "kitloan.queries.borrowers"),
    *("kitloan.tables.every", "kitloan_labels", "kitloan_tui", "kitloan.cli.desk"),
}
"""What writes, refuses, and keeps people."""
TABLES_OF_A_LOOKUP = {"base", "ledger", "local", "register"}


def test_showing_a_kit_loads_only_what_it_shows(cli: Cli, store: str) -> None:
    """What every lookup loads, every lookup waits for: a third of a second of it, once."""
    cli("init", "fife")
    tag = cli("add", "--type", "Kit", "--json").json["tag"]
    line = ["--store", str(store), "show", tag]
    loaded = loaded_after(f"from kitloan.cli.main import run; assert run({line!r}) == 0")
    assert "kitloan.queries.find" in loaded
    assert not loaded & NOT_FOR_A_LOOKUP
    room = "kitloan.tables."
    assert {each.removeprefix(room) for each in loaded if each.startswith(room)} == (
        TABLES_OF_A_LOOKUP
    ), "each table that is declared costs every lookup two milliseconds"


NOT_FOR_A_COUNTER = {
    *("kitloan.tables.every", "kitloan.tables.national", "kitloan.tables.sharing"),
    *("kitloan.tables.stocktaking", "kitloan.tables.guides", "kitloan.tables.noticing"),
    *("kitloan.tables.evidence", "kitloan.ledger.replay", "kitloan.holdings"),
    *("kitloan.evidence", "kitloan.borrowers.people", "kitloan_tui.today", "kitloan_tui.use_line"),
    *(f"kitloan.ledger.facts.{each}" for each in ("evidence", "gifts", "guides", "sharing")),
    *(f"kitloan.ledger.facts.{each}" for each in ("calendar", "notices", "stocktakes")),
}
"""What a scan neither asks nor writes: today's lists, what was used for what, and ESP's own."""


def test_a_counter_is_ready_before_what_it_does_not_need_is_loaded(cli: Cli, store: str) -> None:
    """Each table that is declared, and each kind of fact, keeps a teacher waiting."""
    cli("init", "fife")
    code = (
        "import kitloan, kitloan_tui.app\n"
        "from kitloan_tui.counter import steps\n"
        f"college = kitloan.open({str(store)!r}, actor='m.ross')\n"
        "steps.open_counter(college)\n"
    )
    loaded = loaded_after(code)
    assert {"kitloan.loans.checkouts", "kitloan.loans.returns"} <= loaded
    assert not loaded & NOT_FOR_A_COUNTER


def test_the_core_needs_no_screen_and_no_printer() -> None:
    """Whoever builds on the library must not get a terminal program and a PDF writer with it.

    But for the module that writes workbooks: openpyxl itself asks for Pillow where that is there.
    """
    code = (
        "import importlib, pkgutil, kitloan\n"
        "for found in pkgutil.walk_packages(kitloan.__path__, 'kitloan.'):\n"
        "    if not found.name.endswith(('__main__', 'export.xlsx')):\n"
        "        importlib.import_module(found.name)\n"
    )
    loaded = loaded_after(code)
    assert {"kitloan", "sqlmodel"} <= loaded
    front = {"textual", "rich", "PIL", "reportlab", "qrcode", "zxingcpp"}
    assert not loaded & (front | {"kitloan_tui", "kitloan_labels"})


def test_a_mistyped_command_and_a_bare_number_of_days(cli: Cli) -> None:
    """The answer to a slip at a counter is the word that was meant."""
    slip = cli("chekout", "--json")
    assert (slip.code, "checkout" in slip.error["message"]) == (2, True)
    cli("init", "fife")
    assert "14d" in cli("checkout", "FC001", "--to", "B", "--due", "14", "--json").error["hint"]


@pytest.mark.parametrize("group", ["types", "ledger", "transfer"])
def test_groups_have_an_example(cli: Cli, group: str) -> None:
    """The quickest way to learn a command is to see it used."""
    assert "Example: kitloan " in cli(group, "--help").out
