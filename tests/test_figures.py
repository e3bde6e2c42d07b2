"""Figures of lending, the directory of borrowers, and lists that are narrowed."""

from datetime import UTC, date, datetime

import pytest

from conftest import SetClock, write_off
from kitloan import Count, Gift, NewHolding
from kitloan.college import College
from kitloan.values import SYMBOLS, Status


def _lend(fife: College, to: str, days: int = 14, **given: object) -> str:
    tag = fife.holdings.add(NewHolding("Device")).tag
    today = fife.session.today
    fife.loans.check_out([tag], to, due_on=date.fromordinal(today.toordinal() + days), **given)  # type: ignore[arg-type]  # only `contact` is given
    return tag


def test_a_week_is_scotlands(fife: College, clock: SetClock) -> None:
    """A loan of Monday 00:30 in summer is Sunday's in UTC; it must not count for last week."""
    clock.now = datetime(2027, 7, 11, 23, 30, tzinfo=UTC)  # Monday 12 July, 00:30 in Scotland
    _lend(fife, "A")
    clock.now = datetime(2027, 7, 21, 9, tzinfo=UTC)
    _lend(fife, "B")
    _lend(fife, "B")
    weeks = fife.figures.loans_by_week(3)
    assert [(week.monday, week.loans) for week in weeks] == [
        (date(2027, 7, 5), 0),
        (date(2027, 7, 12), 1),
        (date(2027, 7, 19), 2),
    ]


def test_use_counts_the_last_twelve_months(fife: College, clock: SetClock, kit: str) -> None:
    """A type that was lent two years ago and never since is not in use."""
    _lend(fife, "A")
    clock.move(days=400)
    fife.loans.check_out([kit], "A")
    gone = fife.holdings.add(NewHolding("Broken thing")).tag
    write_off(fife, gone, "broken")
    use = [(each.type, each.holdings, each.loans) for each in fife.figures.use_by_type()]
    assert use == [("STEM kit", 1, 1), ("Device", 1, 0)]


@pytest.mark.parametrize(
    ("late", "age"),
    [(0, ""), (1, "up to a week"), (7, "up to a week"), (8, "up to 2 weeks"), (400, "longer")],
)
def test_how_late(fife: College, clock: SetClock, late: int, age: str) -> None:
    """What is due today is not late, and seven days are one week."""
    _lend(fife, "A")
    clock.move(days=14 + late)
    told = {each.age: each.loans for each in fife.figures.overdue_by_age()}
    assert {name for name, loans in told.items() if loans} == ({age} if age else set())


def test_short_by_type_adds_up(fife: College, kit: str) -> None:
    """The order for spares needs the sum over every kit of the type."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.count(kit, Count(missing={"Wheel": 2}, broken={"Panel": 1}))
    fife.loans.count(other, Count(missing={"Wheel": 3}, broken={"Wheel": 1}))
    page = fife.figures.shortages_by_type()
    assert [(s.component, s.missing, s.broken, s.kits) for s in page.items] == [
        ("Panel", 0, 1, 1),
        ("Wheel", 5, 1, 2),
    ]
    first = fife.figures.shortages_by_type(limit=1)
    assert first.total == 2
    assert [s.component for s in fife.figures.shortages_by_type("", first.next).items] == ["Wheel"]
    assert [s.component for s in fife.figures.shortages_by_type("KIT pan").items] == ["Panel"]


def test_organisations_with_what_they_have(fife: College, clock: SetClock) -> None:
    """Whom to ring, and about how much, in one list."""
    for name in ("Àrd-sgoil Bhaile", "Balwearie High", "Balwearie High", "Viewforth"):
        tag = _lend(fife, name, days=3 if name == "Viewforth" else 30)
    fife.loans.check_in([tag])
    _lend(fife, "Viewforth", days=3)
    clock.move(days=5)
    found = fife.directory.organisations()
    assert {(b.name, b.open, b.overdue) for b in found.items} == {
        ("Àrd-sgoil Bhaile", 1, 0),
        ("Balwearie High", 2, 0),
        ("Viewforth", 1, 1),
    }
    assert [b.name for b in fife.directory.organisations("BAL high").items] == ["Balwearie High"]
    first = fife.directory.organisations(limit=2)
    assert (first.total, len(first.items)) == (3, 2)
    assert len(fife.directory.organisations("", first.next).items) == 1


def test_people_on_file_by_pages(fife: College) -> None:
    """Somebody who wants to be forgotten must be found among many."""
    for name in ("Isla Muir", "Ewan Ross", "Isla Bell"):
        _lend(fife, "Viewforth", contact=name)
    assert [p.name for p in fife.directory.people().items] == [
        "Ewan Ross",
        "Isla Bell",
        "Isla Muir",
    ]
    (isla,) = fife.directory.people("muir ISL").items
    assert isla.organisation == "Viewforth"
    fife.people.erase(isla.id)
    assert fife.directory.people("isla").total == 1


def test_a_list_by_status_is_what_each_holding_says(
    fife: College, clock: SetClock, kit: str
) -> None:
    """A kit that its own page calls overdue must be in the list of the overdue, and in no other."""
    add = fife.holdings.add
    late, short, uncounted, gone = (add(NewHolding("STEM kit")).tag for _ in range(4))
    stock = add(NewHolding("Meter", quantity=9)).tag
    all_out = add(NewHolding("Lens", quantity=2)).tag
    fife.loans.check_out([late, uncounted], "A")
    fife.loans.check_in([uncounted])
    fife.loans.count(short, Count(missing={"Spanner": 1}))
    write_off(fife, gone, "lost")
    clock.move(days=15)
    fife.loans.check_out([kit, stock], "A")
    fife.loans.check_out([all_out], "A", quantity=2)
    said = {each.tag: each.status for each in fife.find.search("").items}
    assert set(said.values()) >= {"in", "out", "overdue", "incomplete", "uncounted", "withdrawn"}
    for status in SYMBOLS:
        wanted: Status = status  # type: ignore[assignment]  # the symbols are the statuses'
        found = fife.find.search("", status=wanted)
        assert {each.tag for each in found.items} == {t for t, s in said.items() if s == status}
        assert found.total == len(found.items)
    assert fife.find.search("", status="in", type="meter").total == 1
    assert fife.find.search("lens", status="in").total == 0


def test_pages_of_a_status_join(fife: College) -> None:
    """A missing kit between two pages would stay missing."""
    tags = sorted(fife.holdings.add(NewHolding("Device")).tag for _ in range(5))
    first = fife.find.search("", limit=3, status="in")
    rest = fife.find.search("", first.next, limit=3, status="in")
    assert [each.tag for each in (*first.items, *rest.items)] == tags


def test_loans_by_span_and_words(fife: College, clock: SetClock) -> None:
    """What is due today must not hide among what is due."""
    today = fife.session.today
    due, later = _lend(fife, "Viewforth", days=0), _lend(fife, "Balwearie High", days=5)
    assert [each.tag for each in fife.find.loans(due_on=today).items] == [due]
    assert [each.tag for each in fife.find.loans(due_after=today).items] == [later]
    assert [each.tag for each in fife.find.loans(text="dev HIGH").items] == [later]
    assert fife.find.loans(text="dev high", overdue=True).total == 0
    assert fife.find.loans(text="%").total == 0


def test_shortages_by_words(fife: College, kit: str) -> None:
    """The wheel that came in the post belongs to one of many lines."""
    fife.loans.count(kit, Count(missing={"Wheel": 2, "Panel": 1}))
    assert [s.component for s in fife.find.shortages(text="stem WHEEL").items] == ["Wheel"]
    assert fife.find.shortages(text="wheel axle").total == 0


def test_the_latest_entries_and_where_ledgers_end(fife: College, kit: str) -> None:
    """A ledger of twenty thousand entries is looked at from its end."""
    fife.holdings.record_gift(kit, Gift(donor="RAF"))
    whole = fife.ledger.log()
    assert fife.ledger.log(last=2) == whole[-2:]
    (head,) = fife.ledger.heads()
    assert (head.ledger, head.entries) == ("fife", len(whole))
    assert head.head == fife.ledger.verify().ledgers[0].head
