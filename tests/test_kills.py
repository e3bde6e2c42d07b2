"""Desks killed in the middle of their work: what was reported as done is done."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import crowd
import kitloan
from crowd import Crowd, Heard
from kitloan import NewHolding
from kitloan.college import College
from kitloan.storage.places import is_url
from kitloan.tables import LedgerEntry, Loan, table

KILLS, STARTS, SEED = 50, 6, 20261123

loan, entry = table(Loan), table(LedgerEntry)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Crowd]:
    """One process that desks are forked from: a desk costs a fork, not a start of Python."""
    crowd = Crowd(1)
    yield crowd
    crowd.close()


def no_loan_is_lost(desk: College, place: str, nursery: Crowd, kills: int, seed: int) -> Heard:
    """Kill so many desks, and hold what they reported against the store."""
    tags = [desk.holdings.add(NewHolding("STEM kit")).tag for _ in range(60)]
    (heard,) = nursery.do(crowd.kill_desks, place, tags, kills, seed)
    with desk.session.reading() as connection:
        closed_at = {row.loan: row.closed_at for row in connection.execute(sa.select(loan))}
        written = connection.execute(
            sa.select(entry.c.id).where(entry.c.kind == "loan.checked_out")
        ).scalars()
        requests = list(written)
    assert not set(heard.lent) - set(closed_at), "a loan was reported and is not there"
    assert all(closed_at[each] for each in heard.back), "a return was reported and is not there"
    assert len(requests) == len(set(requests)) == len(closed_at), "one loan for each request"
    assert set(heard.retried) & set(requests), "requests that a desk died over were said again"
    assert desk.ledger.verify().ok
    return heard


def test_no_reported_loan_is_lost_to_a_kill(fife: College, place: str, nursery: Crowd) -> None:
    """A laptop that dies at the counter takes no loan with it that the screen had shown."""
    heard = no_loan_is_lost(fife, place, nursery, KILLS, SEED)
    assert len(heard.lent) > KILLS
    if not is_url(place):
        assert heard.caught, "some kills came in the middle of a change"
        with sqlite3.connect(place) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_start_that_was_killed_can_be_said_again(
    new_place: Callable[..., str], nursery: Crowd, tmp_path: Path
) -> None:
    """A college whose first command was cut off would be told for ever to start, and refused."""
    kitloan.init("fife", tmp_path / "rehearsal").close()
    places = [new_place(empty=True) for _ in range(STARTS)]
    (killed,) = nursery.do(crowd.kill_starts, places, SEED)
    assert killed
    for place in places:
        with kitloan.init("fife", place) as desk, kitloan.open(place) as again:
            assert [line.kind for line in again.ledger.log()] == ["college.opened"]
            assert desk.ledger.verify().ok


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(25))
def test_no_reported_loan_is_lost_to_thousands_of_kills(
    fife: College, place: str, nursery: Crowd, seed: int
) -> None:
    """What happens once in a thousand power cuts happens to a college every few years.

    Two hundred at a time: a crowd's patience is enough for these on a slow machine.
    """
    no_loan_is_lost(fife, place, nursery, 200, seed)
