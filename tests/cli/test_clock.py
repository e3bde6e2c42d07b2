"""A clock that cannot be right is shown by every command that writes, and by no other."""

from datetime import timedelta
from pathlib import Path

import pytest

import kitloan
from cli.running import Cli
from kitloan import NewHolding
from kitloan.text.dates import system_clock


@pytest.mark.parametrize(
    ("days", "words"), [(9, "behind the last entry"), (-9, "more than a day ahead of")]
)
def test_a_command_that_writes_warns_of_the_clock(
    cli: Cli, store: Path, days: int, words: str
) -> None:
    """Else a flat battery dates a day's work 2001, and nobody looks."""
    then = system_clock() + timedelta(days=days)
    with kitloan.init("fife", store, actor="m.ross", clock=lambda: then) as desk:
        tag = desk.holdings.add(NewHolding("Telescope")).tag
    assert cli("show", tag).err == ""
    warned = cli("move", tag, "Store 2")
    assert warned.code == 0
    (line,) = warned.err.splitlines()
    assert line.startswith("kitloan: This computer's clock shows ")
    assert words in line
    assert cli("move", tag, "Store 3").err == ""
