"""The documentation: what it leaves out, nobody finds."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kitloan.audit import WORST_FIRST
from kitloan.cli.commands import COMMANDS
from kitloan.cli.main import cli
from kitloan.spreadsheets.columns import FIELDS

ROOT = Path(__file__).parents[1]
MANUAL = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
COMMON = {"--store", "--as", "--json", "--debug", "--help"}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand with its full name."""
    context = click.Context(cli)
    for row in COMMANDS:
        command = cli.get_command(context, row.name)  # type: ignore[attr-defined]  # a group
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{row.name} {name}", each) for name, each in command.commands.items())
        else:
            yield row.name, command


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda v: str(v))
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    """An option that only the source knows is used by nobody."""
    section = re.search(rf"^## kitloan {name}\b.*?(?=^## |\Z)", MANUAL, re.MULTILINE | re.DOTALL)
    assert section, f"docs/commands.md has no section '## kitloan {name}'"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            spelt = [text for text in option.opts if text.startswith("--")]
            assert all(text in section[0] for text in spelt), f"{spelt} of {name}"


def test_the_manual_speaks_of_no_other_command() -> None:
    """A command that is documented and does not exist costs more trust than one left out."""
    names = r"^## kitloan ((?:[a-z-]+ )?[a-z-]+)"
    headed = set(re.findall(names, MANUAL, re.MULTILINE))
    assert headed == {name for name, _ in commands()}


def test_every_field_of_a_register_is_documented() -> None:
    """Whoever writes a map file needs the fields' names."""
    text = (ROOT / "docs" / "registers.md").read_text(encoding="utf-8")
    assert not [field for field in FIELDS if f"`{field}`" not in text]


def test_every_finding_is_documented() -> None:
    """A code in a report that nothing explains is noise."""
    assert not [code for code in WORST_FIRST if f"`{code}`" not in MANUAL]


def test_links_lead_somewhere() -> None:
    """A dead link in the first five minutes is the last minute."""
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{target} in {page.name}"


def test_every_module_of_the_house_is_on_its_map() -> None:
    """A file that the map leaves out is one that nobody looks after."""
    text = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    modules = {path.name for path in (ROOT / "kitloan").glob("*.py")}
    packages = {f"{path.parent.name}/" for path in (ROOT / "kitloan").glob("*/__init__.py")}
    ours = modules - {"__init__.py", "__main__.py"}
    assert not [name for name in ours | packages if name not in text]


@pytest.mark.parametrize("page", ["docs/trust.md", "SECURITY.md"])
def test_the_tests_that_hold_a_promise_are_there(page: str) -> None:
    """A promise whose test was renamed away is one that nobody keeps."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert named
    for path, test in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert not test or re.search(rf"def {test}\(", source), f"{path}::{test}"
