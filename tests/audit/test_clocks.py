"""Audits over clocks that were wrong: what can be believed counts, and the rest is a finding."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kitloan
from audit.agreement import agrees, listed
from audit.scotland import Scotland, codes, row
from kitloan import NewHolding
from kitloan.audit import Audit
from kitloan.ledger.clocks import correct_times
from kitloan.text.dates import instant, moment
from trusting import merge

FAR = datetime(2099, 1, 1, 9, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, tzinfo=UTC)


def numbers(found: Any, name: str = "") -> list[tuple[str, float]]:
    """Every number of an answer, with the name that it has."""
    if isinstance(found, dict):
        return [pair for key, value in found.items() for pair in numbers(value, key)]
    if isinstance(found, list):
        return [pair for value in found for pair in numbers(value, name)]
    return [(name, found)] if isinstance(found, int | float) and found is not True else []


def check_figures(found: Audit) -> None:
    """No figure is negative, and no share leaves 0 to 1."""
    for name, value in numbers(json.loads(json.dumps(found.as_json()))):
        assert value >= 0, name
        assert "share" not in name or value <= 1, name


def messages(found: Audit, code: str) -> list[str]:
    """What the findings of one code tell."""
    return [each.message for each in found.findings if each.code == code]


def test_one_wrong_clock_blinds_nobody(scotland: Scotland) -> None:
    """Else one entry of 2099 hides for 73 years that a college is silent and its kits unseen."""
    (tag,) = scotland.kits("fife", 1)
    right = scotland.clock.now
    scotland.clock.now = FAR
    scotland["fife"].holdings.move(tag, "Store 2")
    scotland.clock.now = right + timedelta(hours=1)
    scotland["fife"].loans.check_out([tag], "Viewforth", due_on=date(2026, 12, 1))
    scotland.send()
    assert scotland["fife"].ledger.log()[-1].at == instant(scotland.clock.now)
    scotland.clock.now = datetime(2030, 1, 1, 9, tzinfo=UTC)
    found = scotland.esp.audit.audit()
    assert {("stale_data", "fife"), ("clock_wrong", "fife"), ("overdue", "fife")} <= {*codes(found)}
    assert ("not_sighted_12_months", "fife") in codes(found)
    (words,) = messages(found, "clock_wrong")
    assert words.startswith("1 entry of Fife College had a wrong clock")
    assert "is dated 1 Jan 2099 and counts as of 23 Nov 2026" in words
    check_figures(found)
    assert scotland.esp.ledger.verify().ok


def test_the_last_entry_of_a_file_is_held_against_the_files_own_clock(scotland: Scotland) -> None:
    """Nothing follows it yet; but the file was made in 2026, and merged in 2026."""
    (tag,) = scotland.kits("fife", 1)
    right = scotland.clock.now
    scotland.clock.now = right + timedelta(days=90)
    scotland["fife"].holdings.move(tag, "Store 2")
    scotland.clock.now = right
    scotland.send()
    scotland.clock.now = right + timedelta(days=80)
    found = scotland.esp.audit.audit()
    assert {("stale_data", "fife"), ("clock_wrong", "fife")} <= {*codes(found)}
    assert row(found, "freshness", college="fife")["days"] == 80
    scotland.clock.now = right + timedelta(days=120)  # that day has come: it is wrong all the same
    assert ("clock_wrong", "fife") in codes(scotland.esp.audit.audit())


def test_a_file_of_the_year_9999(scotland: Scotland) -> None:
    """Kept and marked: it counts on the day on which ESP had it."""
    right = scotland.clock.now
    scotland.clock.now = LAST
    (tag,) = scotland.kits("fife", 1)
    scotland["fife"].loans.check_out([tag], "Viewforth")
    file = scotland.folder / "late.kitloan"
    scotland["fife"].exchange.export(file)
    scotland.clock.now = right
    merge(scotland.esp, [file])
    scotland.clock.now = right + timedelta(days=100)
    found = scotland.esp.audit.audit()
    assert {("stale_data", "fife"), ("clock_wrong", "fife")} <= {*codes(found)}
    assert row(found, "freshness", college="fife")["last_entry"] == "2026-11-23"
    check_figures(found)
    check_figures(scotland.esp.audit.audit(right.date()))
    assert scotland.esp.ledger.verify().ok


def test_a_flat_battery_is_no_reason_to_doubt_the_rest(scotland: Scotland) -> None:
    """A day in 2001 between two in 2026: the 2001 is wrong, and the many are right."""
    first, second = scotland.kits("fife", 2)
    right = scotland.clock.now
    scotland.clock.now = datetime(2001, 1, 1, 9, tzinfo=UTC)
    scotland["fife"].holdings.sight(first)
    scotland.clock.now = right + timedelta(days=1)
    scotland["fife"].holdings.sight(second)
    found = scotland.audit()
    assert codes(found, "not_sighted_12_months") == [("clock_wrong", "fife")]
    assert codes(found, "clock_wrong") == [], "it was seen this year, whatever the clock showed"
    (words,) = messages(found, "clock_wrong")
    assert "days behind" in words
    then = scotland.esp.audit.audit(right.date())
    assert ("clock_wrong", "fife") in codes(then)


def test_a_clock_that_goes_wrong_between_two_files(scotland: Scotland) -> None:
    """What was remembered of the first file must not hide what the second one brings."""
    first, second = scotland.kits("fife", 2)
    assert codes(scotland.audit()) == []
    right = scotland.clock.now
    scotland.clock.now = datetime(2001, 1, 1, 9, tzinfo=UTC)
    scotland["fife"].holdings.sight(first)
    scotland.clock.now = right + timedelta(days=1)
    scotland["fife"].holdings.sight(second)
    assert ("clock_wrong", "fife") in codes(scotland.audit())
    scotland["fife"].holdings.sight(first)
    assert ("clock_wrong", "fife") in codes(scotland.audit()), "nor a third"


def test_who_saw_a_kit_last_is_asked_of_corrected_clocks(scotland: Scotland) -> None:
    """Two colleges have one tag. One lent it by a clock of next year; the other misses it now."""
    right = scotland.clock.now
    (tag,) = scotland.kits("fife", 1)
    scotland["ayrshire"].holdings.add(NewHolding("STEM kit", tag=tag))
    scotland.clock.now = right + timedelta(days=400)
    scotland["ayrshire"].loans.check_out([tag], "Viewforth", due_on=date(2028, 1, 10))
    scotland.clock.now = right + timedelta(days=1)
    scotland["ayrshire"].holdings.add(NewHolding("Telescope"))
    scotland.clock.now = right + timedelta(days=3)
    scotland["fife"].holdings.sight(tag)
    scotland["fife"].holdings.report_missing(tag)
    found = scotland.audit()
    assert ("clock_wrong", "ayrshire") in codes(found)
    assert listed(found)[tag]["college"] == "fife"
    assert (found.totals.out, found.totals.missing) == (0, 1)
    agrees(found)
    assert ("tag_in_two_colleges", "ayrshire") in codes(found)


def test_a_clock_that_was_wrong_for_the_export_alone(scotland: Scotland) -> None:
    """Then it is the file's own date that is wrong, and not a year of entries."""
    scotland.kits("fife", 1)
    right = scotland.clock.now
    scotland.clock.now = datetime(2001, 1, 1, 9, tzinfo=UTC)
    file = scotland.folder / "early.kitloan"
    scotland["fife"].exchange.export(file)
    scotland.clock.now = right
    merge(scotland.esp, [file])
    assert codes(scotland.esp.audit.audit()) == []


def test_an_undo_over_a_wrong_clock_counts_as_believed(scotland: Scotland) -> None:
    """What is undone is told again from the sealed entries: their clock stays as wrong."""
    (tag,) = scotland.kits("fife", 1)
    right = scotland.clock.now
    scotland.clock.now = FAR
    scotland["fife"].holdings.sight(tag)
    scotland.clock.now = right + timedelta(hours=1)
    scotland["fife"].holdings.move(tag, "Store 2")
    scotland["fife"].actions.undo()
    scotland.send()
    scotland.clock.now = datetime(2030, 1, 1, 9, tzinfo=UTC)
    assert ("not_sighted_12_months", "fife") in codes(scotland.esp.audit.audit())


def test_a_shift_of_a_day_is_nothing(scotland: Scotland) -> None:
    """Two laptops never agree; nobody is rung up for that."""
    (tag,) = scotland.kits("fife", 1)
    scotland.clock.move(hours=-7)
    scotland["fife"].holdings.sight(tag)
    scotland.clock.move(hours=8)
    assert codes(scotland.audit()) == []


INSTANTS = st.datetimes(timezones=st.just(UTC)).map(lambda at: instant(at.replace(microsecond=0)))


@given(st.lists(st.tuples(INSTANTS, st.none() | INSTANTS), max_size=12))
def test_what_is_believed_never_runs_back(entries: list[tuple[str, str | None]]) -> None:
    """Else days held or days out could be less than none."""
    counted = correct_times([at for at, _ in entries], [limit for _, limit in entries])
    assert len(counted) == len(entries)
    assert all(one <= other for one, other in pairwise(counted))
    assert all(moment(at) for at in counted)


def test_right_clocks_are_all_believed() -> None:
    """Else a college whose clock was always right would be rung up."""
    days = [f"2026-{month:02}-01T09:00:00Z" for month in range(1, 13)]
    assert correct_times(days, days) == days
    assert correct_times([*days[:6], "2099-01-01T00:00:00Z", *days[6:]], [None] * 13) == [
        *days[:6],
        "2026-06-01T09:00:01Z",
        *days[6:],
    ]


CLOCKS = st.one_of(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(0, 1000).map(lambda days: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days)),
)


@settings(max_examples=5, deadline=None)
@given(shown=st.lists(CLOCKS, min_size=7, max_size=7))
def test_no_clock_makes_a_figure_negative(
    shown: list[datetime], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Kits are lent, sent away and written off, each by a clock of its own."""
    folder = tmp_path_factory.mktemp("clocks")
    hands = iter(shown)
    right = datetime(2027, 6, 1, 9, tzinfo=UTC)
    clock = [next(hands)]
    here = {"clock": lambda: clock[0], "actor": "m.ross"}
    with (
        kitloan.init("fife", folder / "fife.sqlite", **here) as fife,
        kitloan.init("esp", folder / "esp.sqlite", **here) as esp,
    ):
        stock = fife.holdings.add(kitloan.NewHolding("Goggles", quantity=30)).tag
        clock[0] = next(hands)
        tag = fife.holdings.add(kitloan.NewHolding("Telescope")).tag
        clock[0] = next(hands)
        fife.loans.check_out([tag], "Viewforth")
        fife.loans.check_out([stock], "Viewforth", quantity=12)
        clock[0] = next(hands)
        fife.loans.check_in([tag])
        clock[0] = next(hands)
        fife.transfers.send(tag, "ayrshire")
        file = folder / "fife.kitloan"
        fife.exchange.export(file)
        clock[0] = next(hands)
        merge(esp, [file])
        for now in (right, next(hands)):
            clock[0] = now
            for day in (None, date(2026, 3, 1), date(2999, 12, 31)):
                try:
                    check_figures(esp.audit.audit(day))
                except kitloan.BadInput as refused:
                    assert refused.code in ("before_records", "bad_date")
        assert esp.ledger.verify().ok
