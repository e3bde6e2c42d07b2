"""A counter to work at: a real college's store in a file, with kits, a stock and a fixed clock."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import kitloan
from conftest import NOW, SetClock
from kitloan.college import College
from kitloan.holdings import NewHolding, kit_type_with
from tui.at_the_counter import CONTENTS, OTHER, SCHOOL, Day, MovableClock, Store

Tags = dict[str, str]


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Tags]]:
    """Fife College's store in a file, and what it holds; for each name of its kits made once."""
    made: dict[str, tuple[Path, Tags]] = {}

    def make(name: str) -> tuple[Path, Tags]:
        place = tmp_path_factory.mktemp("desk") / "fife.sqlite"
        with kitloan.init("fife", place, actor="m.ross", clock=SetClock(NOW)) as fife:
            add = fife.holdings.add
            fife.holdings.define_types([kit_type_with(name, CONTENTS)])
            return place, {
                "kit": add(NewHolding(name, asset_number="AC0001")).tag,
                "second": add(NewHolding(name, asset_number="AC0002")).tag,
                "headset": add(NewHolding("VR headset")).tag,
                "stock": add(NewHolding("Multimeter", quantity=30)).tag,
            }

    def of(name: str) -> tuple[Path, Tags]:
        if name not in made:
            made[name] = make(name)
        return made[name]

    return of


@pytest.fixture
def make_store(
    tmp_path: Path, clock: MovableClock, stocked: Callable[[str], tuple[Path, Tags]]
) -> Iterator[Callable[..., Store]]:
    """Makes Fife College's store; `name` is what its kits are called."""
    opened: list[College] = []

    def make(name: str = "STEM kit") -> Store:
        place = tmp_path / "fife.sqlite"
        file, tags = stocked(name)
        shutil.copy(file, place)
        opened.append(kitloan.open(place, actor="m.ross", clock=clock))
        return Store(opened[-1], place, clock, **tags)

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def store(make_store: Callable[..., Store]) -> Store:
    """Fife College's store."""
    return make_store()


@pytest.fixture
def day(store: Store) -> Day:
    """A day at Fife College's counter."""
    return Day(store)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the desk would write what nobody expected."""
    return tmp_path / "state" / "desk.log"


@pytest.fixture
def busy(store: Store) -> Store:
    """The store after some days: something out, something late, something short, a person."""
    desk = store.kitloan.loans
    desk.count(store.second, kitloan.Count(missing={"Wheel": 2}, broken={"Panel": 1}))
    desk.check_out([store.headset], SCHOOL)
    store.clock.move(days=20)
    desk.check_out([store.kit], OTHER, contact="Isla Muir")
    desk.check_out([store.stock], SCHOOL, quantity=12)
    return store
