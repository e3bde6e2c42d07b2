"""Year on year: August to July, in Scotland."""

from datetime import UTC, datetime

from audit.scotland import Scotland, rows, values
from conftest import SetClock, write_off
from kitloan import Count

TOLD = ("year", "loans", "organisations", "accessioned", "withdrawn")


def test_the_year_turns_at_midnight_in_scotland(scotland: Scotland, clock: SetClock) -> None:
    """The last hour of 31 July is another day in UTC: its loan would go to the wrong year."""
    clock.now = datetime(2026, 7, 31, 22, 59, 58, tzinfo=UTC)
    fife = scotland["fife"]
    one, two, three = scotland.kits("fife", 3)
    fife.loans.check_out([one], "Beath High School")
    clock.now = datetime(2026, 7, 31, 23, 0, 0, tzinfo=UTC)  # midnight: 1 August
    fife.loans.check_out([two], "Beath High School")
    fife.loans.check_out([three], "Viewforth High School")
    clock.now = datetime(2026, 12, 31, 23, 30, 0, tzinfo=UTC)
    fife.loans.check_in([one], Count(whole=True))
    write_off(fife, one, "worn out")
    clock.now = datetime(2027, 7, 31, 12, tzinfo=UTC)
    scotland.kits("fife", 1)
    told = [values(each, TOLD) for each in rows(scotland.audit(), "years")]
    assert told == [["2025/26", 1, 1, 3, 0], ["2026/27", 2, 2, 1, 1]]


def test_a_kit_that_moves_is_taken_in_once(scotland: Scotland, clock: SetClock) -> None:
    """A merger of colleges must not look like a year of great gifts."""
    (tag,) = scotland.kits("fife", 1)
    clock.move(days=300)
    scotland["fife"].transfers.send(tag, "borders")
    scotland["borders"].transfers.receive(tag, "fife", type="STEM kit")
    years = rows(scotland.audit(), "years")
    assert sum(int(str(each["accessioned"])) for each in years) == 1
