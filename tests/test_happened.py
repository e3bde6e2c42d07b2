"""What happened on an earlier day than the one on which it is entered."""

from datetime import UTC, date, datetime, timedelta

import pytest

from conftest import SetClock
from kitloan import BadInput, Count, NewHolding, Refused
from kitloan.college import College

MONDAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 20)
TODAY = date(2026, 12, 7)


@pytest.fixture
def later(kit: str, clock: SetClock) -> str:
    """The tag of a kit that came on Monday 23 November; today is Monday 7 December."""
    clock.move(days=14)
    return kit


def lent(fife: College, tag: str, to: str, on: date, back: date | None = None) -> str:
    """The id of a loan that began on a day, and ended on another."""
    (loan,) = fife.loans.check_out([tag], to, on=on)
    if back is not None:
        fife.loans.check_in([tag], Count(whole=True), on=back)
    return loan.id


def test_a_loan_that_began_on_friday_is_entered_on_monday(fife: College, later: str) -> None:
    """Forgotten on Friday, it would be on record as lent on a day when it was long gone."""
    (loan,) = fife.loans.check_out([later], "A Primary", on=date(2026, 12, 4))
    assert loan.due_on == date(2026, 12, 18), "14 days count from that day"
    shown = fife.find.holding(later).loan
    assert shown is not None
    assert (shown.on, shown.out_at) == (date(2026, 12, 4), "2026-12-04T00:00:00Z")
    last = fife.find.history(later)[-1]
    assert last.happened_on == date(2026, 12, 4)
    assert last.recorded_at == last.at == "2026-12-07T11:42:00Z"
    assert fife.find.loans().items[0].on == date(2026, 12, 4)
    assert fife.ledger.verify().ok


def test_history_is_by_the_day_it_happened(fife: College, later: str) -> None:
    """A reader looks for what was before what, and not for who typed first."""
    fife.holdings.move(later, "Lab")
    lent(fife, later, "A Primary", date(2026, 11, 30), date(2026, 12, 2))
    kinds = [line.kind for line in fife.find.history(later)]
    assert kinds[-3:] == ["loan.checked_out", "loan.checked_in", "holding.moved"]
    page = fife.find.history_page(later)
    assert [line.kind for line in page.items] == kinds


@pytest.mark.parametrize(
    "verb", ["check_out", "check_in", "count", "report_missing", "found", "move"]
)
def test_nothing_happens_in_the_future(fife: College, later: str, verb: str) -> None:
    """A slip of the year would keep a kit from being lent until then."""
    tomorrow = TODAY + timedelta(days=1)
    if verb == "check_in":
        fife.loans.check_out([later], "A Primary")
    if verb == "found":
        fife.holdings.report_missing(later)
    say = {
        "check_out": lambda: fife.loans.check_out([later], "A Primary", on=tomorrow),
        "check_in": lambda: fife.loans.check_in([later], on=tomorrow),
        "count": lambda: fife.loans.count(later, Count(whole=True), on=tomorrow),
        "report_missing": lambda: fife.holdings.report_missing(later, on=tomorrow),
        "found": lambda: fife.holdings.found(later, on=tomorrow),
        "move": lambda: fife.holdings.move(later, "Lab", on=tomorrow),
    }
    before = fife.find.history(later)
    with pytest.raises(BadInput) as refusal:
        say[verb]()
    assert refusal.value.code == "in_future"
    assert fife.find.history(later) == before


@pytest.mark.parametrize("verb", ["check_out", "count", "report_missing", "move"])
def test_nothing_happens_before_it_came(fife: College, later: str, verb: str) -> None:
    """A loan of a kit that the college did not have is another kit's."""
    say = {
        "check_out": lambda: fife.loans.check_out([later], "A Primary", on=FRIDAY),
        "count": lambda: fife.loans.count(later, Count(whole=True), on=FRIDAY),
        "report_missing": lambda: fife.holdings.report_missing(later, on=FRIDAY),
        "move": lambda: fife.holdings.move(later, "Lab", on=FRIDAY),
    }
    with pytest.raises(Refused) as refusal:
        say[verb]()
    assert refusal.value.code == "before_received"
    assert refusal.value.details["received_on"] == "2026-11-23"


def test_across_another_loan_is_refused_naming_it(fife: College, later: str) -> None:
    """One kit with two schools at once is a record that cannot be true."""
    first = lent(fife, later, "A Primary", date(2026, 11, 25), date(2026, 12, 2))
    with pytest.raises(Refused) as refusal:
        fife.loans.check_out([later], "B Primary", on=date(2026, 11, 30))
    assert refusal.value.code == "dates_overlap"
    assert refusal.value.details["loan"] == {
        "id": first,
        "to": "A Primary",
        "on": "2026-11-25",
        "back_on": "2026-12-02",
    }
    lent(fife, later, "B Primary", date(2026, 12, 2))  # it came back that morning
    with pytest.raises(Refused) as refusal:
        fife.loans.check_out([later], "C Primary", on=date(2026, 11, 24))
    assert refusal.value.code == "dates_overlap"


def test_a_loan_does_not_come_back_before_it_went(fife: College, later: str) -> None:
    """Days out that are fewer than none would be taken off a year's use."""
    lent(fife, later, "A Primary", date(2026, 12, 3))
    with pytest.raises(Refused) as refusal:
        fife.loans.check_in([later], on=date(2026, 12, 2))
    assert refusal.value.code == "dates_overlap"
    assert refusal.value.details["loan"]["to"] == "A Primary"
    fife.loans.check_in([later], on=date(2026, 12, 3))


@pytest.mark.parametrize("verb", ["count", "report_missing", "check_out"])
def test_what_was_counted_since_was_here(fife: College, later: str, verb: str) -> None:
    """A kit that somebody counted on Wednesday was not missed on Tuesday."""
    wednesday, tuesday = date(2026, 12, 2), date(2026, 12, 1)
    fife.loans.count(later, Count(missing={"Wheel": 1}), on=wednesday)
    say = {
        "count": lambda: fife.loans.count(later, Count(whole=True), on=tuesday),
        "report_missing": lambda: fife.holdings.report_missing(later, on=tuesday),
        "check_out": lambda: fife.loans.check_out([later], "A Primary", on=tuesday),
    }
    with pytest.raises(Refused) as refusal:
        say[verb]()
    assert refusal.value.code == "dates_overlap"
    assert refusal.value.details["since"] == "2026-12-02"


def test_stock_that_was_out_then_cannot_have_gone(fife: College, clock: SetClock) -> None:
    """Thirty goggles are not forty because two loans were entered late."""
    stock = fife.holdings.add(NewHolding("Goggles", quantity=30)).tag
    clock.move(days=14)
    fife.loans.check_out([stock], "A Primary", quantity=25, on=date(2026, 11, 25))
    fife.loans.check_in([stock], quantity=25, on=date(2026, 12, 1))
    with pytest.raises(Refused) as refusal:
        fife.loans.check_out([stock], "B Primary", quantity=6, on=date(2026, 11, 24))
    assert refusal.value.code == "dates_overlap"
    assert (refusal.value.details["left"], refusal.value.details["on"]) == (5, "2026-11-25")
    assert [each["to"] for each in refusal.value.details["loans"]] == ["A Primary"]
    fife.loans.check_out([stock], "B Primary", quantity=5, on=date(2026, 11, 24))
    fife.loans.check_out([stock], "C Primary", quantity=25, on=date(2026, 12, 1))
    assert fife.find.holding(stock).out_quantity == 30
    assert fife.ledger.verify().ok


def test_last_seen_does_not_go_back(fife: College, later: str) -> None:
    """An old return that is entered today must not hide that somebody saw the kit since."""
    lent(fife, later, "A Primary", date(2026, 11, 25))
    fife.holdings.sight(later)
    fife.loans.check_in([later], on=date(2026, 11, 30))
    seen = fife.find.holding(later).last_sighted
    assert seen is not None
    assert seen.at.startswith("2026-12-07T")


def test_lost_and_found_on_their_days(fife: College, later: str) -> None:
    """What a school lost in November is November's loss."""
    lent(fife, later, "A Primary", date(2026, 11, 25))
    fife.holdings.report_missing(later, on=date(2026, 11, 30))
    with pytest.raises(Refused) as refusal:
        fife.holdings.found(later, on=date(2026, 11, 27))
    assert refusal.value.code == "dates_overlap"
    fife.holdings.found(later, on=date(2026, 12, 4))
    assert fife.find.holding(later).status == "uncounted", "who knows what the school left in it"
    happened = [line.happened_on for line in fife.find.history(later)[-3:]]
    assert happened == [date(2026, 11, 25), date(2026, 11, 30), date(2026, 12, 4)]
    assert fife.ledger.verify().ok


def test_as_at_and_known_on(fife: College, later: str, clock: SetClock) -> None:
    """The board asks what was out on the 26th, and what anybody knew of it then."""
    audit = fife.audit.audit
    fife.loans.check_out([later], "A New School", on=date(2026, 11, 25))
    fife.loans.check_in([later], Count(whole=True), on=date(2026, 12, 1))
    day = date(2026, 11, 26)
    assert audit(day).totals.out == 1
    assert audit(day, known_on=date(2026, 12, 6)).totals.out == 0
    assert audit(date(2026, 11, 24)).totals.out == 0
    assert audit(date(2026, 12, 2)).totals.out == 0
    assert audit(known_on=date(2026, 12, 6)).as_at == date(2026, 12, 6)
    clock.move(days=1)
    fife.actions.undo()  # the return
    assert audit(date(2026, 12, 2)).totals.out == 1
    assert audit(date(2026, 12, 2), known_on=TODAY).totals.out == 0
    with pytest.raises(BadInput) as refusal:
        audit(day, known_on=TODAY + timedelta(days=2))
    assert refusal.value.code == "in_future"


def test_figures_go_by_the_day_it_happened(fife: College, later: str) -> None:
    """A week's loans are those of the week, whenever somebody got round to enter them."""
    lent(fife, later, "A Primary", date(2026, 11, 25), date(2026, 12, 1))
    weeks = {each.monday: each.loans for each in fife.figures.loans_by_week()}
    assert (weeks[MONDAY], weeks[TODAY]) == (1, 0)
    (use,) = [t for t in fife.audit.audit().report.tables if t.name == "use_by_type"]
    assert 6 in use.rows[0], "days out: 25 November to 30 November"


def test_in_summer_a_day_is_that_day(fife: College, kit: str, clock: SetClock) -> None:
    """An hour of summer time would move a day to the one before."""
    clock.now = datetime(2027, 7, 9, 22, 30, tzinfo=UTC)
    fife.loans.check_out([kit], "A Primary", on=date(2027, 7, 1))
    loan = fife.find.holding(kit).loan
    assert loan is not None
    assert loan.on == date(2027, 7, 1)
    assert fife.audit.audit(date(2027, 6, 30)).totals.out == 0
    assert fife.audit.audit(date(2027, 7, 1)).totals.out == 1


def test_today_is_no_earlier_day(fife: College, kit: str) -> None:
    """An hour is known of what happens now, and is not thrown away."""
    fife.loans.check_out([kit], "A Primary", on=fife.session.today)
    loan = fife.find.holding(kit).loan
    assert loan is not None
    assert loan.out_at == "2026-11-23T11:42:00Z"
