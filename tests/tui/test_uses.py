"""What a kit was used for, asked for when it comes back: always skippable, in no scan's way."""

from pathlib import Path

import pytest
from textual.widgets import Input

from kitloan.college import College
from kitloan.errors import BadInput
from kitloan.evidence.engagements import EngagementLine
from kitloan_tui.lines import LineDesk
from kitloan_tui.screens.uses import UseForm
from kitloan_tui.use_line import FIELDS, read_line
from tui.at_the_counter import OTHER, SCHOOL, Day, Store, expect
from tui.at_the_desk import at_desk


def used(college: College) -> EngagementLine:
    """The only use on record."""
    (line,) = college.engagements.list().items
    return line


def test_one_line_records_it(day: Day) -> None:
    """Else what a kit did would be asked for months later, from people who have forgotten."""
    day.lent(day.store.headset)
    expect(day.scan(day.store.headset), "IN", "Type use")
    typed = "use p5 27 4.5h 3x"
    assert len(typed) + 1 <= 20
    expect(day.type(typed), "USED", "27 p5-p7", "3 sessions", "4.5 hours", SCHOOL)
    line = used(day.college)
    assert (line.learners, line.hours, line.sessions) == ({"p5-p7": 27}, 4.5, 3)
    assert (line.org, line.tag or line.loan) == (SCHOOL, line.loan)
    assert day.college.engagements.waiting().total == 0
    expect(day.undo(), "UNDONE")
    assert day.college.engagements.waiting().total == 1


def test_a_line_that_is_pasted_is_no_scan(day: Day) -> None:
    """It came too fast for typing, and was looked for among the kits."""
    day.lent(day.store.headset)
    day.scan(day.store.headset)
    expect(day.scan("use p5 27 4.5h 3x"), "USED", "27 p5-p7", SCHOOL)
    day.lent(day.store.kit)
    day.scan(day.store.kit)
    expect(day.scan("use p5 27"), "REFUSED", "comes first")
    assert not day.state.waiting


def test_no_scan_waits_for_it(day: Day) -> None:
    """Scan, scan, scan: a form in the way of the queue is a form that gets switched off."""
    for tag in (day.store.headset, day.store.kit, day.store.second):
        day.lent(tag)
    expect(day.scan(day.store.headset), "IN")
    assert day.state.question is None
    expect(day.scan(day.store.kit), "IN?")
    expect(day.type(""), "IN, WHOLE", "Type use")
    expect(day.scan(day.store.second), "IN?")
    expect(day.type(""), "IN, WHOLE")
    expect(day.scan(day.store.headset), "TO WHOM?")
    assert day.college.engagements.waiting().total == 3
    assert day.college.engagements.list().total == 0


def test_a_kit_on_the_counter_comes_first(day: Day) -> None:
    """Else the class of one school would be recorded on the loan of another."""
    day.lent(day.store.headset)
    day.lent(day.store.kit, OTHER)
    day.scan(day.store.headset, day.store.kit)
    expect(day.type("use p5 27"), "REFUSED", "comes first")
    expect(day.type("use"), "REFUSED", "comes first")
    assert day.held(day.store.kit).status == "overdue" or day.state.counting
    day.type("")
    expect(day.type(""), "IN, WHOLE", OTHER)
    expect(day.type("use p5 20"), "USED", OTHER)


def test_unknown_stays_unknown(day: Day) -> None:
    """A use of which nobody knows how many is no use by nobody."""
    day.lent(day.store.headset)
    day.scan(day.store.headset)
    expect(day.type("use yes"), "USED", "learners not known")
    assert used(day.college).learners is None


def test_why_it_was_not_used(day: Day) -> None:
    """Else a kit that nobody opened would count as a response that is missing."""
    day.lent(day.store.headset)
    day.scan(day.store.headset)
    expect(day.type("use not time"), "NOT USED", "time", SCHOOL)
    assert (used(day.college).used, used(day.college).not_used) == ("no", "time")
    assert day.college.engagements.waiting().total == 0


def test_nothing_came_back(day: Day) -> None:
    """Else a use would be recorded of whatever was on the counter last."""
    expect(day.type("use p5 27"), "REFUSED", "No kit has come back")
    day.lent(day.store.headset)
    day.scan(day.store.headset)
    day.undo()
    expect(day.type("use p5 27"), "REFUSED", "No kit has come back")
    assert day.college.engagements.list().total == 0


def test_stock_that_comes_back_in_part_is_not_asked_about(day: Day) -> None:
    """The loan goes on, and so may the class."""
    day.store.kitloan.loans.check_out([day.store.stock], SCHOOL, quantity=10)
    day.scan(day.store.stock)
    day.type("back")
    assert "Type use" not in day.type("4").hint
    day.scan(day.store.stock)
    day.type("back")
    expect(day.type(""), "IN", "Type use")


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("p5 27", {"learners": "p5=27"}),
        ("27 p5, 20 p6, 4 h", {"learners": "p5=27 p6=20", "hours": "4"}),
        ("p4/5 26 2 teachers", {"learners": "p4/5=26", "staff": "2"}),
        ("s1-s3=24 14 girls 10b", {"learners": "s1-s3=24", "girls": "14", "boys": "10"}),
        ("p5 27 on 18/11, 3x", {"learners": "p5=27", "day": "18/11", "sessions": "3"}),
        (
            "p7 30 programme FIRST LEGO League",
            {"learners": "p7=30", "programme": "FIRST LEGO League"},
        ),
        ("not", {"not_used": "other"}),
        ("no parts missing", {"not_used": "parts missing"}),
        ("?", {}),
    ],
)
def test_lines_are_read_as_people_type_them(line: str, fields: dict[str, str]) -> None:
    """Else the form would be quicker on paper."""
    assert read_line(line) == fields


@pytest.mark.parametrize(
    "line", ["27", "p5", "p5 x", "p9 27", "4h 5h", "lovely", "p5 2 lovely", ""]
)
def test_nothing_is_guessed(line: str) -> None:
    """A number that could mean two things went on record as one of them."""
    with pytest.raises(BadInput) as wrong:
        read_line(line)
    assert wrong.value.code == "bad_use"


def test_the_form_has_nine_fields_at_most() -> None:
    """A longer form is not filled."""
    assert len(FIELDS) <= 9


def test_a_desk_of_lines_has_it_too(store: Store) -> None:
    """Else a reader of the screen aloud could not answer."""
    desk = LineDesk(store.kitloan)
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    assert "Type use" in desk.answer(store.headset)[0]
    assert "use p5 27 4.5h 3x" in desk.answer("use")[0]
    assert desk.answer("use p5 27")[0].startswith("= USED")
    assert desk.state.refusals == 0


async def test_the_form_is_filled_with_twenty_keys(store: Store, log: Path) -> None:
    """Nine fields, none of them needed: `use`, the learners, the hours, Enter."""
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.headset)
        assert hands.reads("Type use")
        await hands.type("use")
        assert isinstance(hands.desk.screen, UseForm)
        assert hands.reads(SCHOOL)
        await hands.press(*"p5 27")
        await hands.press("tab")
        await hands.press(*"4.5", "enter")
        assert len("use") + 1 + len("p5 27") + 1 + len("4.5") + 1 <= 20
        assert hands.desk.screen is hands.desk.home
        assert hands.reads("USED")
        assert not log.exists()
    line = used(store.kitloan)
    assert (line.learners, line.hours) == ({"p5-p7": 27}, 4.5)


async def test_a_scan_closes_the_form_and_nothing_typed_is_lost(store: Store, log: Path) -> None:
    """Else the next teacher would wait for the form, or a class would be typed twice."""
    for tag in (store.headset, store.second):
        store.kitloan.loans.check_out([tag], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.headset)
        await hands.type("use")
        await hands.press(*"p5 27")
        await hands.scan(store.second)
        assert hands.desk.screen is hands.desk.home
        assert hands.reads("? IN?")
        await hands.type("")
        assert store.kitloan.find.holding(store.second).status == "in"
        await hands.go("uses")
        assert hands.rows() == 2
        await hands.press("down", "enter")
        assert isinstance(hands.desk.screen, UseForm)
        values = {each.id: each.value for each in hands.desk.screen.query(Input)}
        assert values["learners"] in ("p5 27", "")
        if not values["learners"]:
            await hands.press("escape")
            await hands.press("up", "enter")
            assert hands.desk.screen.query_one("#learners", Input).value == "p5 27"
        await hands.press("enter")
        assert hands.rows() == 1
        await hands.press("escape")
        assert hands.desk.screen is hands.desk.home
        assert not log.exists()


async def test_the_form_refuses_and_keeps_what_was_typed(store: Store, log: Path) -> None:
    """Else a slip in one line would cost all of them."""
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.scan(store.headset)
        await hands.type("use")
        await hands.press("2", "7", "enter")
        assert isinstance(hands.desk.screen, UseForm)
        assert hands.reads("REFUSED")
        assert hands.desk.screen.query_one("#learners", Input).value == "27"
        await hands.press("escape")
    assert store.kitloan.engagements.list().total == 0


async def test_the_list_of_what_to_ask_about(store: Store, log: Path) -> None:
    """Ask later is a list, with whom to ring; unknown is never filled in."""
    store.kitloan.loans.check_out([store.headset], SCHOOL, contact="Isla Muir")
    store.kitloan.loans.check_in([store.headset])
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("uses")
        assert hands.reads(SCHOOL)
        assert hands.reads("Isla Muir")
        await hands.press("enter")
        await hands.type("s2 24")
        assert hands.reads("Every loan that came back has its use on record.")
        await hands.go("uses")
        assert hands.reads("24 s1-s3")


async def test_the_first_page_counts_what_to_ask_about(store: Store, log: Path) -> None:
    """A list that nobody is reminded of is never worked off."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        assert not hands.reads("Uses to ask about")
        store.kitloan.loans.check_out([store.headset], SCHOOL)
        await hands.scan(store.headset)
        assert hands.reads("? Uses to ask about 1")
        await hands.type("use s2 24")
        assert not hands.reads("Uses to ask about")


def test_a_form_that_is_pasted_or_scanned(day: Day) -> None:
    """A teacher's answers, whatever is on the counter; one field wrong changes nothing."""
    day.lent(day.store.headset)
    day.scan(day.store.headset)
    (loan,) = day.college.engagements.waiting().items
    day.lent(day.store.kit, OTHER)
    day.scan(day.store.kit)
    form = f"KLEVAL1;loan={loan.id};used=y;p57=27;hours=4.5;sessions=3;enj=5;int=4;s=1;t=0;again=y"
    expect(day.type(form.replace("enj=5", "enj=6")), "REFUSED", "enj")
    assert day.college.engagements.list().total == 0
    expect(day.scan(form), "FORM", SCHOOL, "27 p5-p7")
    assert day.state.counting is not None
    assert day.college.evaluations.list().total == 1
    expect(day.scan(form), "REFUSED", "on record")
