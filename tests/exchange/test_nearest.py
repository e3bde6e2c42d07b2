"""The nearest free kit: distance, sea, and how old each college's word is."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import NewHolding
from kitloan.college import College
from kitloan.errors import BadInput
from trusting import merge

FIRST, LAST = date(2026, 12, 7), date(2026, 12, 11)
HEAD = "SeedCode,SchUID,LAName,SchoolName,SchoolType,PostCode,PupilRoll,Latitude,Longitude\n"
SCHOOLS = (
    "9900001,9900001S,Highland,Skerry High School,Secondary,ZE9 9AA,400,58.5936,-3.5221\n"
    "9900002,9900002P,Highland,Nowhere Primary School,Primary,ZE9 9AB,40,0,0\n"
    "9900003,9900003P,Fife,Twin Primary School,Primary,ZE9 9AC,40,56.1,-3.1\n"
    "9900004,9900004P,Fife,Twin Primary School,Primary,ZE9 9AD,40,56.2,-3.2\n"
)


@pytest.fixture
def schools(tmp_path: Path) -> Path:
    """A list with positions, as the map layer's table is; no school is real."""
    file = tmp_path / "schools 31 Jan 2026.csv"
    file.write_text(HEAD + SCHOOLS, encoding="utf-8")
    return file


@pytest.fixture
def send(
    new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> Callable[[str, str, int], Path]:
    """Makes a college's store with kits of a type, and the file that it sends to ESP."""

    def make(college: str, kind: str, many: int, lent_to: str | None = None) -> Path:
        with kitloan.init(college, new_place(), actor="m.ross", clock=clock, name=college) as it:
            tags = [it.holdings.add(NewHolding(kind)).tag for _ in range(many)]
            if lent_to:
                it.loans.check_out(tags[:1], lent_to, due_on=date(2026, 12, 20))
                it.schools.take_in(tmp_path / "schools 31 Jan 2026.csv")
                it.schools.link(lent_to, "9900001S")
            it.exchange.export(tmp_path / f"{college}.kitloan")
        return tmp_path / f"{college}.kitloan"

    return make


@pytest.fixture
def esp(
    new_place: Callable[[], str],
    clock: SetClock,
    schools: Path,
    send: Callable[..., Path],
) -> College:
    """ESP's store: Orkney's file is 3 days older than Inverness's; Fife's kit is out, one college
    is on no list, Dumfries has another type."""
    assert schools.exists()
    files = [send("uhi-orkney", "STEM kit", 1)]
    clock.move(days=3)
    files += [
        send("uhi-inverness", "Stem  Kit", 2, "Skerry High"),
        send("fife", "STEM kit", 1, "Skerry High"),
        send("new-college", "STEM kit", 1),
        send("dumgal", "Telescope", 1),
    ]
    opened = kitloan.init("esp", new_place(), actor="esp", clock=clock)
    merge(opened, files)
    opened.schools.take_in(schools)
    clock.move(days=2)
    return opened


@pytest.mark.parametrize("near", ["58.5936,-3.5221", "ze99aa", "Skerry High", "9900001s"])
def test_without_a_boat_first_then_by_distance(esp: College, near: str) -> None:
    """Example 15, from Thurso: Inverness by road is nearer than Kirkwall over the sea."""
    with esp:
        found = esp.exchange.nearest("stem kit", near, FIRST, LAST)
    assert [
        (each.college, each.km, each.sea_crossing, each.free, each.capacity, each.days_old)
        for each in found.items
    ] == [("uhi-inverness", 131, False, 1, 2, 2), ("uhi-orkney", 54, True, 1, 1, 5)]
    assert found.items[1].island == "Orkney Mainland" and found.near.island == "mainland"
    assert found.items[1].as_of == date(2026, 11, 23)
    assert [(each.college, each.free) for each in found.not_free] == [("fife", 0)]
    assert [(each.college, each.km) for each in found.without_position] == [("new-college", None)]
    assert not found.only_own_college


def test_what_is_promised_is_not_free(
    fife: College, kit: str, schools: Path, clock: SetClock
) -> None:
    """A college's own store knows its bookings and closed days, and only itself."""
    fife.schools.take_in(schools)
    found = fife.exchange.nearest("STEM kit", "ZE9 9AA", FIRST, LAST)
    assert found.only_own_college
    (own,) = found.items
    assert (own.college, own.as_of, own.days_old, own.free) == ("fife", date(2026, 11, 23), 0, 1)
    fife.bookings.book("Skerry High", {"STEM kit": 1}, FIRST, LAST)
    (taken,) = fife.exchange.nearest("STEM kit", "ZE9 9AA", FIRST, LAST).not_free
    assert (taken.free, taken.why) == (0, None)
    fife.calendar.close(date(2027, 1, 5), reason="holiday")
    shut = fife.exchange.nearest("STEM kit", "ZE9 9AA", date(2027, 1, 5), date(2027, 1, 8))
    assert shut.not_free[0].why == "closed_day"


@pytest.mark.parametrize(
    ("kind", "near", "code", "words"),
    [
        ("STEM kitt", "58.6,-3.5", "unknown_type", "STEM kit"),
        ("STEM kit", "-3.5,58.6", "bad_position", "58.6,-3.5"),
        ("STEM kit", "95,0", "bad_position", "--near"),
        ("STEM kit", "ZE1 1ZZ", "unknown_postcode", "kitloan schools import"),
        ("STEM kit", "ZE9 9AB", "no_position", "--near"),
        ("STEM kit", "9999999S", "unknown_school", "kitloan schools find"),
        ("STEM kit", "Hogwarts", "unknown_organisation", "postcode"),
        ("STEM kit", "Unlinked School", "not_linked", "kitloan schools link"),
        ("STEM kit", "Twin Primary School", "several_schools", "9900003P"),
    ],
)
def test_a_place_that_is_not_known_is_named(
    fife: College, kit: str, schools: Path, kind: str, near: str, code: str, words: str
) -> None:
    """Each refusal has what was given and the next step."""
    fife.schools.take_in(schools)
    fife.loans.check_out([kit], "Unlinked School")
    with pytest.raises(BadInput) as refusal:
        fife.exchange.nearest(kind, near, FIRST, LAST)
    assert refusal.value.code == code
    assert words in refusal.value.hint, refusal.value.hint


def test_days_are_checked_as_for_a_booking(fife: College, kit: str) -> None:
    """Reversed dates are a slip of the pen, and are shown as one."""
    for first, last, code in (
        (LAST, FIRST, "dates_reversed"),
        (date(2026, 11, 1), LAST, "in_the_past"),
        (FIRST, date(2028, 12, 1), "too_long"),
    ):
        with pytest.raises(BadInput) as refusal:
            fife.exchange.nearest("STEM kit", "58.6,-3.5", first, last)
        assert refusal.value.code == code


def test_esp_without_any_file_says_so(new_place: Callable[[], str], clock: SetClock) -> None:
    """An empty answer would look as if nobody had a kit."""
    with (
        kitloan.init("esp", new_place(), actor="esp", clock=clock) as esp,
        pytest.raises(BadInput) as refusal,
    ):
        esp.exchange.nearest("STEM kit", "58.6,-3.5", FIRST, LAST)
    assert refusal.value.code == "no_colleges"
