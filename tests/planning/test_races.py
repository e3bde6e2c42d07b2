"""Eight processes at once want the last kit: one of them has it, the others hear why not."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

import crowd
from crowd import Crowd, raw
from kitloan import NewHolding
from kitloan.college import College

DESKS, DAYS = 8, 12
FIRST = date.today() + timedelta(days=30)  # noqa: DTZ011  # the processes have a clock of their own


@pytest.fixture(scope="module")
def desks() -> Iterator[Crowd]:
    """Eight processes."""
    crowd = Crowd(DESKS)
    yield crowd
    crowd.close()


def test_the_last_kit_is_promised_once(fife: College, place: str, desks: Crowd) -> None:
    """Worked example 15: exactly one is accepted, the others are refused as `not_free`."""
    for _ in range(2):
        fife.holdings.add(NewHolding("Telescope"))
    days = [(FIRST + timedelta(days=4 * n), FIRST + timedelta(days=4 * n + 2)) for n in range(DAYS)]
    told = desks.do(crowd.book_last, place, "Telescope", days)
    for outcomes in zip(*told, strict=True):
        assert sorted(each for each in outcomes if not each.startswith("B")) == ["not_free"] * 6
    assert fife.bookings.list().total == 2 * DAYS
    assert {each.rule for each in fife.wants.refused()} == {"not_free"}
    assert fife.ledger.verify().ok


def test_the_database_refuses_one_promise_too_many(fife: College, place: str, desks: Crowd) -> None:
    """Another program, or a mistake of ours, must not promise a kit twice either."""
    tag = fife.holdings.add(NewHolding("Telescope")).tag
    for _ in range(4):
        fife.holdings.add(NewHolding("Telescope"))
    fife.bookings.book("School", {"Telescope": 1}, FIRST, FIRST, tags=[tag])
    one_more = (
        "UPDATE type_day SET committed = committed + 1 WHERE day = :day",
        {"day": FIRST.isoformat()},
    )
    told = desks.do(crowd.say_raw, place, [one_more])
    assert sum(sum(taken) for taken, _ in told) == 4
    for words in set().union(*(words for _, words in told)):
        assert "never_more_promised_than_there_is" in words
    engine = raw(place)
    with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(
            sa.text(
                "INSERT INTO kit_day (college, kit, day, booking) "
                "SELECT college, kit, day, booking FROM kit_day"
            )
        )
    engine.dispose()
    assert not fife.ledger.verify().ok
