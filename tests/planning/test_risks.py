"""What could stand in for a booking that cannot be kept."""

from datetime import date

from kitloan import NewHolding
from kitloan.college import College

SCHOOL, OTHER = "Balwearie High School", "Kirkcaldy High School"
FIRST, LAST = date(2026, 12, 8), date(2026, 12, 10)


def kits(desk: College, count: int, kind: str) -> list[str]:
    """The tags of some kits without a contents list."""
    return [desk.holdings.add(NewHolding(kind)).tag for _ in range(count)]


def test_another_type_stands_in_the_most_alike_first(fife: College) -> None:
    """Who rings the school has something to offer, and it is free on those days."""
    late, _ = kits(fife, 2, "Telescope")
    kits(fife, 2, "Solar telescope")
    kits(fife, 1, "Large telescope")
    kits(fife, 3, "Drone")
    fife.holdings.add(NewHolding("Goggles", quantity=30))
    made = fife.bookings.book(SCHOOL, {"Telescope": 2}, FIRST, LAST)[0]
    assert fife.risks.list() == []
    assert fife.risks.stand_ins(made.id) == ()
    fife.holdings.report_missing(late)
    (risk,) = fife.risks.list()
    assert risk.booking.id == made.id and risk.booking.at_risk
    assert [(each.type, each.free, each.needed) for each in risk.stand_ins] == [
        ("Telescope", 1, 2),
        ("Solar telescope", 2, 2),
        ("Drone", 3, 2),
        ("Goggles", 30, 2),
    ]
    fife.bookings.book(OTHER, {"Solar telescope": 1}, FIRST, FIRST)
    kinds = [each.type for each in fife.risks.stand_ins(made.id)]
    assert kinds == ["Telescope", "Drone", "Goggles"], "and nothing that is promised already"


def test_another_kit_stands_in_for_the_one_that_was_chosen(fife: College) -> None:
    """The kit with the large lens is lost; two others like it are on the shelf."""
    chosen, _, _ = kits(fife, 3, "Telescope")
    made = fife.bookings.book(SCHOOL, {"Telescope": 1}, FIRST, LAST, tags=[chosen])[0]
    fife.holdings.report_missing(chosen)
    (found,) = fife.risks.stand_ins(made.id)
    assert (found.instead_of, found.type, found.free) == ("Telescope", "Telescope", 1)
    assert [each.booking.id for each in fife.risks.list(most=1)] == [made.id]
    assert fife.risks.list(most=0) == []
