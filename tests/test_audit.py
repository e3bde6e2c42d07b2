"""ESP's figures and findings: the same numbers from whichever side they are added up."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

import kitloan
from conftest import KIT, SetClock
from kitloan import BadInput, Count, Gift, NewHolding
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.reference import colleges, find_college, regions
from trusting import merge


@pytest.fixture
def scotland(
    new_place: Callable[[], str], clock: SetClock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[College]:
    """A national store with two colleges, one inside the regions and one outside."""
    folder = tmp_path_factory.mktemp("returns")
    shared = "KL80A60HZ0WGJ"
    files = []
    for who in ("fife", "smo"):
        with kitloan.init(who, new_place(), actor="m.ross", clock=clock) as desk:
            desk.holdings.define_types([kit_type_with("STEM kit", KIT)])
            tags = [
                desk.holdings.add(NewHolding("stem KIT", gift=Gift(donor="RAF"))).tag
                for _ in range(3)
            ]
            desk.holdings.add(NewHolding("VR headset", tag=shared))
            clock.move(days=1)
            desk.loans.check_out(tags[:2], f"{who} school")
            desk.loans.count(tags[2], Count(missing={"Spanner": 2}))
            desk.exchange.export(folder / who)
            files.append(folder / who)
    with kitloan.init("esp", new_place(), actor="auditor", clock=clock) as esp:
        merge(esp, files)
        yield esp


def test_every_way_of_adding_up_gives_the_totals(scotland: College, clock: SetClock) -> None:
    """A donor who finds two totals in one report believes neither."""
    clock.move(days=20)
    found = scotland.audit.audit()
    totals = found.totals
    counted = (totals.colleges, totals.holdings, totals.out, totals.overdue)
    assert counted == (2, 7, 4, 4), "a tag in two colleges is one kit"
    assert totals.incomplete == 2
    for groups in (found.by_region, found.by_college, found.by_donor, found.by_type):
        for name in ("holdings", "out", "overdue", "incomplete", "not_sighted_12_months"):
            assert sum(getattr(g.figures, name) for g in groups) == getattr(totals, name)


def test_thirteen_regions_and_those_outside_apart(scotland: College) -> None:
    """A region with nothing must be seen to have nothing."""
    found = scotland.audit.audit()
    assert [g.id for g in found.by_region[:-1]] == list(regions())
    assert len(regions()) == 13
    assert found.by_region[-1].id is None
    assert found.by_region[-1].figures.holdings == 4


def test_spellings_of_a_type_are_one_line(scotland: College) -> None:
    """The national list of kit types must not have one line a spelling."""
    found = scotland.audit.audit()
    assert [g.name for g in found.by_type] == ["STEM kit", "VR headset"]
    assert [g.name for g in found.by_donor] == ["not recorded", "RAF"]


def test_what_needs_looking_at_is_found(scotland: College, clock: SetClock) -> None:
    """Overdue, unusable, unseen, and held twice: each with its college and its tag."""
    clock.move(days=20)
    codes = [(f.code, f.college) for f in scotland.audit.audit().findings]
    assert codes.count(("overdue", "fife")) == 2
    assert codes.count(("incomplete", "smo")) == 1
    assert codes.count(("tag_in_two_colleges", "fife")) == 1
    assert codes.count(("tag_in_two_colleges", "smo")) == 1
    assert not [code for code, _ in codes if code == "not_sighted_12_months"]
    clock.move(days=346)
    assert [f.code for f in scotland.audit.audit().findings].count("not_sighted_12_months") == 7


def test_esp_can_look_into_what_two_colleges_claim(scotland: College) -> None:
    """A finding that names a tag which cannot be shown is a dead end."""
    with pytest.raises(BadInput) as refusal:
        scotland.find.holding("KL80A60HZ0WGJ")
    assert "fife:KL80A60HZ0WGJ" in refusal.value.hint
    assert scotland.find.holding("fife:KL80A60HZ0WGJ").college == "fife"
    assert scotland.find.history("smo:KL 80A6-0HZ0-WGJ")


def test_twelve_months_are_counted_to_the_day(fife: College, kit: str, clock: SetClock) -> None:
    """A kit seen a year ago today has been seen in the year."""
    clock.move(days=365)
    assert fife.audit.audit().totals.not_sighted_12_months == 0
    clock.move(days=1)
    assert fife.audit.audit().totals.not_sighted_12_months == 1
    fife.holdings.sight(kit)
    assert fife.audit.audit().totals.not_sighted_12_months == 0


def test_an_audit_of_nothing_says_so(scotland: College) -> None:
    """A day before the first record is a question that has no answer."""
    with pytest.raises(BadInput) as refusal:
        scotland.audit.audit(date(2020, 1, 1))
    assert refusal.value.code == "before_records"


def test_former_names_of_colleges_resolve() -> None:
    """Older kits bear the names of colleges that merged."""
    for name in ("Lews Castle College UHI", "west highland college uhi", "uhi-nwh"):
        college = find_college(name)
        assert college is not None and college.name == "UHI North, West and Hebrides"
    assert find_college("Hogwarts") is None
    assert len(colleges()) == 25


@pytest.mark.parametrize(
    ("whose", "days_ago"), [("fife", 0), ("fife", 1), ("esp", 1)], ids=["today", "as at", "ESP"]
)
def test_nobody_waits_for_a_report(place: str, clock: SetClock, whose: str, days_ago: int) -> None:
    """A teacher at the counter must not stand there until somebody's figures are done."""
    with (
        kitloan.init(whose, place, actor="m.ross", clock=clock) as auditor,
        kitloan.open(place, actor="j.kerr", college=whose, clock=clock) as other,
    ):
        clock.move(days=1)
        asked: list[str] = []

        @sa.event.listens_for(sa.Engine, "before_cursor_execute")
        def write_meanwhile(_on: object, _by: object, question: str, *_: object) -> None:
            if "GROUP BY" in question and not asked:  # one of the report's own
                asked.append(question)
                other.holdings.define_types([kit_type_with("Telescope", ())])

        try:
            auditor.audit.audit(auditor.session.today - timedelta(days=days_ago))
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", write_meanwhile)
        assert asked
