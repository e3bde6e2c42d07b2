"""A store in a file, a stick to copy it to, and others at work meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from crowd import Crowd
from kitloan import NewHolding
from kitloan.college import College


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """Two processes that do what they are told at the same moment."""
    both = Crowd(2)
    yield both
    both.close()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Where a backup can be made."""
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick" / "fife.sqlite"


@pytest.fixture
def filed(tmp_path: Path, clock: SetClock) -> Iterator[College]:
    """Fife's store as a file, with a few kits in it."""
    (tmp_path / "desk").mkdir()
    with kitloan.init("fife", tmp_path / "desk" / "fife.sqlite", actor="m.ross", clock=clock) as it:
        for number in range(4):
            it.holdings.add(NewHolding("STEM kit", asset_number=f"FC{number}"))
        yield it
