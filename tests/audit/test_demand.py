"""Unmet demand: what was asked for and could not be given, by kit type and region."""

from datetime import timedelta

import pytest

from audit.scotland import Scotland, row, rows
from conftest import SetClock
from kitloan import Refused
from kitloan.audit.census import Scope


def refuse(scotland: Scotland, college: str, to: str, quantity: int, days: int = 10) -> None:
    """A school asks a college for more kits than there are, so many days ahead."""
    desk = scotland[college]
    first = desk.session.today + timedelta(days=days)
    with pytest.raises(Refused):
        desk.bookings.book(to, {"STEM kit": quantity}, first, first + timedelta(days=2))


def test_what_could_not_be_given_is_counted_by_type_and_region(scotland: Scotland) -> None:
    """The only measure of what Scotland lacks: donors give where it is asked for in vain."""
    scotland.kits("fife", 1)
    scotland.kits("borders", 1)
    refuse(scotland, "fife", "Balwearie High School", 2)
    refuse(scotland, "fife", "Balwearie High School", 2)  # the same, once a day
    refuse(scotland, "fife", "Viewforth High School", 5)
    scotland["fife"].policies.set("horizon", "30")
    refuse(scotland, "fife", "Viewforth High School", 1, days=60)
    refuse(scotland, "borders", "Galashiels Academy", 3)
    found = scotland.audit()
    region = found.report.tables
    assert region
    fife, borders = rows(found, "unmet_demand")
    assert fife == {
        "type": "STEM kit",
        "region": "FIF",
        "refusals": 3,
        "kits": 8,
        "borrowers": 2,
        "none_free": 2,
        "days": 1,
        "limits": 0,
    }
    assert (borders["kits"], borders["borrowers"], borders["none_free"]) == (3, 1, 1)
    assert borders["region"] != fife["region"]


def test_a_report_of_a_part_has_its_own(scotland: Scotland, clock: SetClock) -> None:
    """A report of one college, type or donor names nothing of another."""
    scotland.kits("fife", 1, donor="RAF")
    scotland.kits("borders", 1, donor="IET")
    refuse(scotland, "fife", "Balwearie High School", 2)
    refuse(scotland, "borders", "Galashiels Academy", 3)
    scotland.send()
    audit = scotland.esp.audit.audit

    def kits(scope: Scope) -> list[object]:
        return [each["kits"] for each in rows(audit(scope=scope), "unmet_demand")]

    assert kits(Scope()) == [3, 2]
    assert kits(Scope(college="fife")) == [2]
    assert kits(Scope(donor="IET")) == [3]
    assert kits(Scope(type="STEM kit")) == [3, 2]
    clock.move(days=400)
    assert kits(Scope()) == []


def test_no_paper_that_leaves_esp_has_it(scotland: Scotland) -> None:
    """Who asks in vain is a school's and a college's own business."""
    scotland.kits("fife", 1, donor="RAF")
    refuse(scotland, "fife", "Balwearie High School", 2)
    scotland.send()
    for reader in ("donor", "board"):
        found = scotland.esp.audit.audit(scope=Scope(donor="RAF"), reader=reader)
        assert "unmet_demand" not in [each.name for each in found.report.tables]
    assert row(scotland.audit(), "unmet_demand", type="STEM kit")["kits"] == 2
