"""What the bundle has to carry; `make bundle` makes it, and runs the demonstration from it."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

from kitloan.cli.commands import COMMANDS
from kitloan.errors import EXTRAS
from kitloan_tui.actions import ACTIONS

ROOT = Path(__file__).parents[1]
BUNDLE = (ROOT / "scripts" / "bundle.py").read_text(encoding="utf-8")


def constant(name: str) -> object:
    """A constant of the script, which only PyInstaller's environment can import."""
    for node in ast.parse(BUNDLE).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(name)


def test_what_is_loaded_by_a_name_is_collected_by_name() -> None:
    """A command that the bundler does not see is missing on the laptop, and nowhere else."""
    ours = constant("OURS")
    assert isinstance(ours, tuple)
    commands = [f"kitloan.cli.{row.module}" for row in COMMANDS]
    screens = [action.screen.partition(":")[0] for action in ACTIONS if action.screen]
    for module in (*commands, *screens):
        assert find_spec(module) is not None
        assert module.partition(".")[0] in ours


def test_every_extra_is_in_the_bundle() -> None:
    """On a machine on which nothing may be installed, an extra cannot be added."""
    asked = constant("EXTRAS")
    assert isinstance(asked, tuple)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    everything = re.search(r'^all = \["kitloan\[(.*)\]"\]', project, re.MULTILINE)
    assert everything
    carried = {*asked, *everything[1].split(",")} - {"all"}
    assert carried == set(EXTRAS)
