"""Three colleges that sent their ledgers, and stores for ESP that have heard nothing, or some."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

import kitloan
from conftest import SetClock
from exchange.sent import NOW, Picture, Sent, picture, stages
from kitloan import Count, NewHolding
from kitloan.college import College
from lives import begin, keep, lend, new_database, plan, read_people, read_register, use
from trusting import merge


@pytest.fixture(scope="session")
def colleges(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sent]:
    """Three colleges with lives of their own; two of them believe they hold the same kit."""
    folder = tmp_path_factory.mktemp("colleges")
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    sent = {}
    with kitloan.init("fife", folder / "fife.sqlite", actor="m.ross", clock=clock) as desk:
        tags: dict[str, str] = {}
        works = [
            lambda: tags.update(begin(desk, clock)),
            lambda: lend(desk, clock, tags),
            lambda: (
                read_people(desk, folder),
                keep(desk, clock, tags),
                plan(desk),
                use(desk),
            ),
        ]
        sent["fife"] = stages(desk, folder, clock, works)
    with kitloan.init("ayrshire", folder / "ayr.sqlite", actor="A. Baird", clock=clock) as desk:
        works = [
            lambda: read_register(desk),
            lambda: desk.loans.check_in(["AC0002"], Count()),
            lambda: desk.loans.check_out(["AC0030"], "Belmont Academy", quantity=7),
        ]
        sent["ayrshire"] = stages(desk, folder, clock, works)
    clock.move(days=-9)
    with kitloan.init("uhi-nwh", folder / "nwh.sqlite", actor="C. NicLeòid", clock=clock) as desk:
        works = [
            lambda: desk.holdings.add(NewHolding("stem KIT", tag=tags["one"])),
            lambda: desk.loans.check_out([tags["one"]], "Sgoil Lionacleit"),
            lambda: desk.actions.undo(),
        ]
        sent["uhi-nwh"] = stages(desk, folder, clock, works)
    return sent


@pytest.fixture
def new_national(new_place: Callable[[], str]) -> Iterator[Callable[[], College]]:
    """Makes stores for ESP with nothing in them, on each database."""
    opened: list[College] = []

    def make() -> College:
        opened.append(kitloan.init("esp", new_place(), actor="esp", clock=SetClock(NOW)))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def national(new_national: Callable[[], College]) -> College:
    """An empty store for ESP."""
    return new_national()


@pytest.fixture(scope="session")
def expected(colleges: dict[str, Sent], tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """ESP's picture when the whole files came at once, in SQLite."""
    place = tmp_path_factory.mktemp("esp") / "esp.sqlite"
    with kitloan.init("esp", place, actor="esp", clock=SetClock(NOW)) as national:
        merge(national, [sent.whole for sent in colleges.values()])
        return picture(national)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def forewarned(
    request: pytest.FixtureRequest,
    colleges: dict[str, Sent],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[College]:
    """ESP's store with the first part of fife's ledger, and all of another college's.

    One for all: what is refused leaves it as it was, which is what the tests are about.
    """
    with ExitStack() as until_the_end:
        place = str(tmp_path_factory.mktemp("esp") / "esp.sqlite")
        if request.param == "postgresql":
            database = new_database(request.getfixturevalue("postgres"))
            place = until_the_end.enter_context(database)
        national = kitloan.init("esp", place, actor="esp", clock=SetClock(NOW))
        until_the_end.enter_context(national)
        merge(national, [colleges["fife"].parts[0], colleges["uhi-nwh"].whole])
        yield national


@pytest.fixture
def place_of() -> Callable[[College], str]:
    """Where a store is, for another desk that opens it."""

    def place(opened: College) -> str:
        store = opened.session.store
        return store.name if store.is_sqlite else store.engine.url.render_as_string(False)

    return place
