"""Use: days out over days held, against a count by hand."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from audit.scotland import Scotland, row, rows, values
from conftest import SetClock, write_off
from kitloan import Count, NewHolding

USED = ("holdings", "loans", "organisations", "days_out", "days_held")


@pytest.fixture
def clock() -> SetClock:
    """Noon on Wednesday 1 October 2025."""
    return SetClock(datetime(2025, 10, 1, 11, tzinfo=UTC))


def on(clock: SetClock, day: date) -> None:
    """Noon of a day."""
    clock.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def test_use_is_what_a_hand_count_gives(scotland: Scotland, clock: SetClock) -> None:
    """A donor who counts the days in the loans book must come to the same."""
    fife = scotland["fife"]
    one, two = scotland.kits("fife", 2)
    on(clock, date(2025, 12, 1))
    fife.loans.check_out([one], "Beath High School", due_on=date(2026, 12, 1))
    on(clock, date(2027, 1, 10))
    fife.loans.check_in([one], Count(whole=True))  # 1 to 9 January lie in the twelve months
    on(clock, date(2027, 3, 1))
    fife.loans.check_out([one], "Beath High School")
    on(clock, date(2027, 3, 4))
    fife.loans.check_in([one], Count(whole=True))  # 3 days, and out again on the fourth
    fife.loans.check_out([one], "Viewforth High School")
    fife.loans.check_in([one], Count(whole=True))  # the same day: one
    on(clock, date(2027, 7, 1))
    late = scotland.kits("fife", 1)  # half way through the year: 1 July to 31 December, 184 days
    on(clock, date(2027, 12, 28))
    fife.loans.check_out(late, "Beath High School")  # still out: 28 to 31 December, 4 days
    on(clock, date(2027, 12, 31))
    found = row(scotland.audit(), "use_by_college", name="fife")
    days_out, days_held = 9 + 3 + 1 + 4, 365 + 365 + 184
    assert values(found, USED) == [3, 3, 2, days_out, days_held]
    assert found["share"] == days_out / days_held
    assert two


def test_of_a_stock_the_part_that_is_lent_counts(scotland: Scotland, clock: SetClock) -> None:
    """Two schools with a box of goggles each have not used a shelf of goggles twice over."""
    fife = scotland["fife"]
    goggles = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    fife.loans.check_out([goggles], "Beath High School", quantity=12)
    fife.loans.check_out([goggles], "Viewforth High School", quantity=18)
    clock.move(days=10)
    fife.loans.check_in([goggles], quantity=12, from_="Beath High School")
    clock.move(days=9)
    found = row(scotland.audit(), "use_by_type", name="Goggles")
    assert found["days_held"] == 20
    assert found["days_out"] == round(10 * 12 / 30 + 20 * 18 / 30, 1) == 16
    assert found["share"] == 16 / 20


def test_what_moved_was_used_where_it_was(scotland: Scotland, clock: SetClock) -> None:
    """After a merger of colleges the kits would seem never to have been held, and always lent."""
    (tag,) = scotland.kits("fife", 1)
    scotland["fife"].loans.check_out([tag], "Beath High School")
    clock.move(days=10)
    scotland["fife"].loans.check_in([tag], Count(whole=True))
    clock.move(days=10)
    scotland["fife"].transfers.send(tag, "borders", Count(whole=True))
    clock.move(days=5)
    scotland["borders"].transfers.receive(tag, "fife", Count(whole=True), type="STEM kit")
    clock.move(days=9)
    found = scotland.audit()
    fife, borders = (row(found, "use_by_college", name=name) for name in ("fife", "borders"))
    assert values(fife, USED) == [0, 1, 1, 10, 20]
    assert values(borders, USED) == [1, 0, 0, 0, 10]
    assert row(found, "use_by_type", name="STEM kit")["share"] == 10 / 30


def test_there_and_back_is_held_but_for_the_time_away(scotland: Scotland, clock: SetClock) -> None:
    """A kit that two colleges share would be held twice on the same days."""
    (tag,) = scotland.kits("fife", 1)
    for _ in range(2):
        for giver, taker in (("fife", "borders"), ("borders", "fife")):
            clock.move(days=7)
            scotland[giver].transfers.send(tag, taker)
            scotland[taker].transfers.receive(tag, giver, type="STEM kit")
    clock.move(days=7)
    write_off(scotland["fife"], tag, "worn out")
    clock.move(days=30)
    found = scotland.audit()
    held = {each["name"]: each["days_held"] for each in rows(found, "use_by_college")}
    assert held == {"fife": 21, "borders": 14}


def test_a_day_is_one_in_scotland(scotland: Scotland, clock: SetClock) -> None:
    """A loan made at half past midnight in June must not count for the day before."""
    (tag,) = scotland.kits("fife", 1)
    clock.now = datetime(2026, 6, 9, 23, 30, tzinfo=UTC)  # 10 June in Scotland
    scotland["fife"].loans.check_out([tag], "Beath High School")
    clock.now = datetime(2026, 6, 12, 23, 30, tzinfo=UTC)  # 13 June
    scotland["fife"].loans.check_in([tag], Count(whole=True))
    clock.now = datetime(2026, 12, 9, 23, 30, tzinfo=UTC)  # and in winter it is the same day
    scotland["fife"].loans.check_out([tag], "Beath High School")
    clock.now = datetime(2026, 12, 12, 12, tzinfo=UTC)
    assert row(scotland.audit(), "use_by_college", name="fife")["days_out"] == 3 + 4


def test_idle_is_what_nobody_had_all_year(scotland: Scotland, clock: SetClock) -> None:
    """A kit that came back in spring from a year at a school must not be called idle."""
    fife = scotland["fife"]
    never, once, lately, out = scotland.kits("fife", 4)
    fife.loans.check_out([once, lately, out], "Beath High School", due_on=date(2027, 10, 1))
    clock.move(days=20)
    fife.loans.check_in([once], Count(whole=True))
    clock.move(days=300)
    fife.loans.check_in([lately], Count(whole=True))
    clock.move(days=80)
    scotland.kits("fife", 1)  # too new to be idle
    idle = rows(scotland.audit(), "idle")
    assert [(each["tag"], each["last_lent"]) for each in idle] == [
        (never, None),
        (once, "2025-10-01"),
    ]


def test_overdue_by_age_has_each_loan_once(scotland: Scotland, clock: SetClock) -> None:
    """A loan on the edge between two ages must not fall into the gap."""
    fife = scotland["fife"]
    today = fife.session.today
    days = (-1, 0, 1, 7, 8, 28, 29, 91, 92, 365, 366)
    end = today + timedelta(days=400)
    goggles = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    for late in days:
        due = end - timedelta(days=late)
        fife.loans.check_out(scotland.kits("fife", 1), "Beath High School", due_on=due)
    fife.loans.check_out([goggles], "Viewforth", quantity=5, due_on=end - timedelta(days=3))
    fife.loans.check_in([goggles], quantity=2, from_="Viewforth")
    clock.move(days=400)
    ages = [values(each, ("loans", "things")) for each in rows(scotland.audit(), "overdue_by_age")]
    assert ages == [[3, 5], [2, 2], [2, 2], [2, 2], [1, 1]]


def test_stock_that_comes_back_in_parts_was_out_in_parts(
    scotland: Scotland, clock: SetClock
) -> None:
    """One of thirty goggles that a school forgot would keep the whole shelf in use for months."""
    fife = scotland["fife"]
    goggles = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    beakers = fife.holdings.add(NewHolding("Beakers", quantity=8)).tag
    fife.loans.check_out([goggles], "Beath High School", quantity=30)
    fife.loans.check_out([beakers], "Beath High School", quantity=6)
    clock.move(days=1)
    fife.loans.check_in([goggles], quantity=29)
    clock.move(days=9)
    fife.loans.check_in([beakers], quantity=4)
    fife.actions.undo()  # they were another school's
    clock.move(days=90)
    fife.loans.check_in([beakers], quantity=6)
    found = scotland.audit()
    use = {each["name"]: each for each in rows(found, "use_by_type")}
    assert use["Goggles"]["days_out"] == round((29 * 1 + 1 * 101) / 30, 1) == 4.3
    assert use["Goggles"]["share"] == (29 * 1 + 1 * 101) / 30 / 101
    assert use["Beakers"]["days_out"] == 100 * 6 / 8
    (tag,) = scotland.kits("fife", 1)  # what came back before the twelve months is not of them
    clock.move(days=400)
    assert values(row(scotland.audit(), "use_by_college", name="fife"), USED) == [
        *(3, 0, 0),
        round(365 / 30, 1),
        3 * 365,
    ]
    assert tag


def test_a_stock_was_as_large_as_it_was_then(scotland: Scotland, clock: SetClock) -> None:
    """Ninety beakers bought today would make last year's use a tenth of what it was."""
    fife = scotland["fife"]
    many, few = (fife.holdings.add(NewHolding(each, quantity=10)).tag for each in ("Many", "Few"))
    one = fife.holdings.add(NewHolding("One")).tag
    fife.loans.check_out([many, few], "Beath High School", quantity=10)
    fife.loans.check_out([one], "Beath High School")
    clock.move(days=100)
    fife.loans.check_in([many, few, one])
    fife.holdings.amend(many, quantity=100)
    fife.holdings.amend(few, quantity=1)
    fife.holdings.amend(one, quantity=4)
    fife.loans.check_out([many], "Beath High School", quantity=25)
    clock.move(days=9)
    found = scotland.audit()
    use = {each["name"]: each["days_out"] for each in rows(found, "use_by_type")}
    assert use == {"Many": 100 + 10 * 25 / 100, "Few": 100, "One": 100}
    scotland.send()
    earlier = scotland.esp.audit.audit(fife.session.today - timedelta(days=60))
    assert {each["name"]: each["days_out"] for each in rows(earlier, "use_by_type")} == {
        "Many": 50,
        "Few": 50,
        "One": 50,
    }


def test_a_stock_that_moved_was_as_large_as_each_college_had_it(
    scotland: Scotland, clock: SetClock
) -> None:
    """Two goggles lost on the way would change what the first college did with all of them."""
    fife, borders = scotland["fife"], scotland["borders"]
    tag = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    fife.loans.check_out([tag], "Beath High School", quantity=15)
    clock.move(days=10)
    fife.loans.check_in([tag])
    fife.transfers.send(tag, "borders")
    borders.transfers.receive(tag, "fife", type="Goggles", quantity=28)
    borders.loans.check_out([tag], "Viewforth High School", quantity=14)
    clock.move(days=10)
    borders.loans.check_in([tag])
    borders.transfers.send(tag, "fife")
    fife.transfers.receive(tag, "borders", type="Goggles", quantity=20)
    fife.loans.check_out([tag], "Beath High School", quantity=20)
    clock.move(days=9)
    use = {each["name"]: each["days_out"] for each in rows(scotland.audit(), "use_by_college")}
    # On the day that it came back, Fife had had thirty at first.
    assert use == {"fife": round(5 + 9 + 20 / 30, 1), "borders": 5}


def test_what_a_register_had_on_loan_began_earlier(
    scotland: Scotland, clock: SetClock, tmp_path: Path
) -> None:
    """The day on which a college begins with kitloan would be the busiest of its year."""
    fife = scotland["fife"]
    register = tmp_path / "register.csv"
    register.write_text(
        "Asset no,Kit,Quantity,On loan to,Due back\n"
        "K1,Microscope,1,Beath High,01/03/2025\n"
        "K2,Goggles,4,Beath High,\n"
    )
    fife.registers.take_in(register)
    fife.loans.check_in(["K1"])
    fife.loans.check_out(["K1"], "Viewforth")  # within the second, and it did begin
    clock.move(days=9)
    found = scotland.audit()
    assert values(row(found, "use_by_college", name="fife"), USED) == [2, 1, 1, 1 + 10 + 10, 20]
    told = [values(each, ("loans", "organisations")) for each in rows(found, "years")]
    assert told == [[1, 1]]


def test_what_was_at_another_college_was_not_idle(scotland: Scotland, clock: SetClock) -> None:
    """A kit that two colleges share, and one lends all winter, would be called unused."""
    shared, called_off, moved = scotland.kits("fife", 3)
    clock.move(days=30)
    for tag in (shared, moved):
        scotland["fife"].transfers.send(tag, "borders")
        scotland["borders"].transfers.receive(tag, "fife", type="STEM kit")
    scotland["fife"].transfers.send(called_off, "borders")
    scotland["fife"].transfers.call_off(called_off)
    clock.move(days=300)
    scotland["borders"].transfers.send(shared, "fife")
    scotland["fife"].transfers.receive(shared, "borders", type="STEM kit")
    clock.move(days=100)
    idle = [(each["tag"], each["college"]) for each in rows(scotland.audit(), "idle")]
    assert sorted(idle) == sorted([(called_off, "fife"), (moved, "borders")])
