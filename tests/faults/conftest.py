"""A college whose store faults are done to: made once, copied for every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import kitloan
from kitloan import NewHolding

KITS = tuple(f"FC{number:03}" for number in range(1, 13))
"""The asset numbers of the kits in that store; the last two are on loan."""


@pytest.fixture(scope="session")
def stocked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fife's store with twelve kits, two of them out."""
    path = tmp_path_factory.mktemp("stocked") / "fife.sqlite"
    with kitloan.init("fife", path, actor="m.ross") as fife:
        for number in KITS:
            fife.holdings.add(NewHolding("STEM kit", asset_number=number))
        fife.loans.check_out(KITS[-2:], "Balwearie High School", contact="Isla Kerr")
    return path


@pytest.fixture
def stocked(stocked_once: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of that store, in a folder with nothing else."""
    folder = tmp_path / "store"
    folder.mkdir()
    yield Path(shutil.copy(stocked_once, folder / "fife.sqlite"))
