"""Whoever changes history behind kitloan's back is found, and where."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan.college import College
from lives import long_life
from verify.behind import behind_its_back, found
from verify.forger import TAMPERINGS, Forger, Tampering


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.name)
def test_tampering_is_found_where_it_was_done(
    opened: College, place_of_life: str, tampering: Tampering
) -> None:
    """A kit that was written off in the file, and not on record, must not be gone unnoticed."""
    with behind_its_back(place_of_life) as connection:
        forger = Forger(connection)
        tampering.do(forger)
    first = found(opened)[0]
    assert (first.code, first.seq) == (tampering.code, tampering.seq(forger)), first.message
    if first.seq:
        assert first.ledger == "fife"
        assert f"Entry {first.seq} " in first.message


def test_what_is_wrong_is_named_in_the_order_in_which_it_was_recorded(
    opened: College, place_of_life: str
) -> None:
    """Entries are read ahead of those that are replayed; the first fault is the one to look at."""
    with behind_its_back(place_of_life) as connection:
        forger = Forger(connection)
        returned = next(row["seq"] for row in forger.rows if row["kind"] == "loan.checked_in")
        forger.rewrite(returned, loan="a loan that nobody made")
        forger.set(forger.last, body=forger.by_another(forger.last))
    first, second, *_ = found(opened)
    assert (first.code, first.seq) == ("impossible", returned), first.message
    assert second.seq == forger.last, second.message


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET body = CAST(body AS BLOB) WHERE seq = 9",
        "UPDATE ledger_entry SET body = 9 WHERE seq = 9",
        "UPDATE ledger_entry SET seq = 'x' || seq WHERE seq > 8",
        "UPDATE ledger_entry SET hash = X'00' WHERE seq = 9",
        "UPDATE ledger_entry SET part = 'x' WHERE seq = 9",
        "UPDATE ledger_entry SET epoch = 'x' WHERE seq = 9",
        "UPDATE ledger_entry SET epoch = X'00' WHERE seq > 8",
        "UPDATE ledger_head SET seq = 'x'",
        "UPDATE ledger_head SET epoch = 'x'",
        "INSERT INTO lost_entry VALUES ('fife', 'x', 'y', 9, X'00')",
        "UPDATE holding SET quantity = 'many'",
        "UPDATE holding SET tag = X'00' WHERE quantity > 1",
        "UPDATE loan SET quantity = 1.5 WHERE quantity > 1",
    ],
)
def test_values_of_another_type_are_findings_too(tmp_path: Path, statement: str) -> None:
    """SQLite takes any value anywhere; verifying must not fall over what it should report."""
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    place = str(tmp_path / "fife.sqlite")
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, tmp_path)
        with behind_its_back(place) as connection:
            assert connection.exec_driver_sql(statement).rowcount
        assert not desk.ledger.verify().ok
