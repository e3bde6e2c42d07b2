"""What a college plans, in ESP's store: without a person's name, and without much work."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import NewHolding, Refused
from kitloan.college import College
from trusting import merge


def test_esp_sees_what_was_asked_for_in_vain(
    fife: College, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> None:
    """Unmet demand is a measure of what Scotland lacks; who asked is the college's own."""
    tags = [fife.holdings.add(NewHolding("Telescope")).tag for _ in range(2)]
    first, last = date(2026, 12, 1), date(2026, 12, 4)
    made = fife.bookings.book("School", {"Telescope": 2}, first, last, contact="Zebedee Quill")[0]
    with pytest.raises(Refused):
        fife.bookings.book("Other School", {"Telescope": 1}, first, last)
    clock.move(days=8)
    fife.loans.check_out(tags[:1], booking=made.id)
    clock.move(days=2)
    fife.holdings.sight(tags[1])
    fife.policies.set("turnaround", "3")
    fife.exchange.export(tmp_path / "fife.kitloan")
    with kitloan.init("esp", new_place(), actor="esp", clock=clock) as esp:
        merge(esp, [tmp_path / "fife.kitloan"])
        (asked,) = esp.wants.refused()
        assert (asked.college, asked.type, asked.rule) == ("fife", "Telescope", "not_free")
        assert esp.ledger.verify().ok
        with esp.session.reading() as connection:
            bodies = connection.exec_driver_sql("SELECT body FROM ledger_entry").scalars().all()
        assert not [body for body in bodies if "Zebedee" in body]
