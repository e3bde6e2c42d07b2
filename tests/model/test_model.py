"""A model to argue with: whatever is said in whatever order, the core does what a dictionary would.

When it fails, Hypothesis prints the story, as a program to run again.
"""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from model.machine import Scotland
from model.sayings import COLLEGES, stocked

EVERYDAY = settings(
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
"""For fifty stories of thirty steps. PostgreSQL has the smaller share: its databases take
longer to make than the stories to tell. The same stories every day, so that a change is judged and
not luck; told as they were found, because making them short takes minutes. The soak does both."""

SOAK = settings(EVERYDAY, stateful_step_count=50, derandomize=False, phases=list(Phase))

Fresh = Callable[[], dict[str, str]]
"""Gives the places of a new set of stores, stocked: two colleges' and ESP's."""

NAMES = (*COLLEGES, "esp")


@pytest.fixture
def fresh(
    request: pytest.FixtureRequest,
    database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Fresh]:
    """Copies of stores made once, since making one takes longer than a story's steps."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))  # for files that came too early
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "home"))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path / "home"))
    if database == "sqlite":
        yield from _files(tmp_path)
    else:
        yield from _databases(request.getfixturevalue("postgres"))


def _files(folder: Path) -> Iterator[Fresh]:
    for name in NAMES:
        stocked(str(folder / name), name)

    def copies() -> dict[str, str]:
        story = Path(tempfile.mkdtemp(dir=folder))
        return {name: str(shutil.copy(folder / name, story / f"{name}.sqlite")) for name in NAMES}

    yield copies


def _databases(server: str) -> Iterator[Fresh]:
    """`CREATE DATABASE ... TEMPLATE`; a story's are dropped when the next begins."""
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    run = secrets.token_hex(4)
    made: list[str] = []

    def say(statement: str) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)

    def place(database: str) -> str:
        return url.set(drivername="postgresql", database=database).render_as_string(False)

    def drop() -> None:
        while made:
            say(f"DROP DATABASE {made.pop()} WITH (FORCE)")

    def copies() -> dict[str, str]:
        drop()
        for name in NAMES:
            made.append(f"m{run}_{name}_{secrets.token_hex(4)}")
            say(f"CREATE DATABASE {made[-1]} TEMPLATE m{run}_{name} STRATEGY FILE_COPY")
        return dict(zip(NAMES, map(place, made), strict=True))

    for name in NAMES:
        say(f"CREATE DATABASE m{run}_{name}")
        stocked(place(f"m{run}_{name}"), name)
    yield copies
    drop()
    for name in NAMES:
        say(f"DROP DATABASE m{run}_{name} WITH (FORCE)")
    engine.dispose()


def argue(fresh: Fresh, folder: Path, how: settings) -> None:
    """Tell as many stories as the settings say, each on stores of its own."""

    def story() -> Scotland:
        return Scotland(fresh(), Path(tempfile.mkdtemp(dir=folder)))

    run_state_machine_as_test(story, settings=how)  # type: ignore[arg-type]  # or a function


@pytest.mark.parametrize(("database", "stories"), [("sqlite", 42), ("postgresql", 8)])
def test_the_core_does_what_a_dictionary_would(fresh: Fresh, stories: int, tmp_path: Path) -> None:
    """A rule that fails only after some unforeseen order of acts would lose a kit, quietly."""
    argue(fresh, tmp_path, settings(EVERYDAY, max_examples=stories))


@pytest.mark.soak
@pytest.mark.parametrize(("database", "stories"), [("sqlite", 700), ("postgresql", 300)])
def test_a_thousand_long_stories(fresh: Fresh, stories: int, tmp_path: Path) -> None:
    """What fifty short stories do not meet, a college meets in its third year."""
    argue(fresh, tmp_path, settings(SOAK, max_examples=stories))
