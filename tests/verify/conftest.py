"""A store with a long life, on each database, to be tampered with and put right again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import NewHolding
from kitloan.college import College
from kitloan.ledger.entry import parse
from kitloan.ledger.writer import resume
from kitloan.storage.places import is_url
from kitloan.tables import Base
from lives import OFTEN, Rows, everything_in, hear_of_esp, long_life, new_database
from verify.behind import behind_its_back, without_checks

Life = tuple[str, dict[str, Rows]]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def lives(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[bool], Life]]:
    """Where a store with a long life lies, and all its rows; one that heard of ESP, or not."""
    made: dict[bool, Life] = {}
    # Asked for before anything is made in it, so that it is stopped after that is gone.
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    with ExitStack() as until_the_end:

        def life(heard: bool) -> Life:
            if heard not in made:
                folder = tmp_path_factory.mktemp("lived")
                place = str(folder / "lived.sqlite")
                if server is not None:
                    place = until_the_end.enter_context(new_database(server))
                made[heard] = place, _live(place, folder, heard)
                if is_url(place):
                    without_checks(place)
            return made[heard]

        yield life


def _live(place: str, folder: Path, heard: bool) -> dict[str, Rows]:
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, folder)
        if heard:
            hear_of_esp(desk, clock, folder)
            resume(desk.session.store, "fife", "m.ross", clock, 2)
            desk.holdings.add(NewHolding("Abacus"))
        rows = everything_in(desk)
    bodies = {row["kind"]: row["body"] for row in rows["ledger_entry"]}
    for body in bodies.values():
        for _ in range(OFTEN):  # so that what is verified is read as it is in a long ledger
            parse(body)
    return rows


@pytest.fixture
def place_of_life(request: pytest.FixtureRequest, lives: Callable[[bool], Life]) -> Iterator[str]:
    """Where that store lies; whatever a test does to it is put right afterwards."""
    place, rows = lives("place_of_every_table" in request.fixturenames)
    yield place
    with behind_its_back(place) as connection:
        for each in Base.metadata.sorted_tables:
            connection.execute(each.delete())
            if rows[each.name]:
                connection.execute(each.insert(), rows[each.name])


@pytest.fixture
def place_of_every_table(place_of_life: str) -> str:
    """That store, which has heard of ESP as well, so that no table is empty."""
    return place_of_life


@pytest.fixture
def opened(place_of_life: str) -> Iterator[College]:
    """That store, open."""
    with kitloan.open(place_of_life, actor="m.ross") as opened:
        yield opened
