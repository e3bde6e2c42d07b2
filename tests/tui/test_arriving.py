"""What is scanned and is not where the register has it: missing, from elsewhere, or on its way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

import kitloan
from kitloan import Count
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.text.tags import grouped, mint
from tui.at_the_counter import CONTENTS, SCHOOL, AtCounter, Day, MovableClock, Store, expect
from tui.at_the_desk import at_desk

SENDER = "Ayrshire College"


@pytest.fixture
def shared(
    new_postgres: Callable[[], str], clock: MovableClock
) -> Iterator[tuple[College, College]]:
    """Fife and Ayrshire in one PostgreSQL, where each reads what the other sent."""
    place = new_postgres()
    with (
        kitloan.init("fife", place, actor="m.ross", clock=clock) as fife,
        kitloan.init("ayrshire", place, actor="j.kerr", clock=clock) as ayrshire,
    ):
        ayrshire.holdings.define_types([kit_type_with("STEM kit", CONTENTS)])
        yield fife, ayrshire


def test_a_missing_kit_is_found_by_scanning_it(day: Day) -> None:
    """Else a kit that turns up would stay missing on record, and be replaced."""
    day.lent(day.store.kit)
    day.store.kitloan.holdings.report_missing(day.store.kit)
    assert day.held(day.store.kit).status == "missing"
    expect(day.scan(day.store.kit), "FOUND", "STEM kit", "was missing", "Scan it again")
    assert day.verdict.symbol == "="
    assert day.held(day.store.kit).status in ("in", "uncounted")
    expect(day.scan("KLUUNDO"), "UNDONE")
    assert day.held(day.store.kit).status == "missing"


def test_a_missing_kit_is_found_in_every_turn(day: Day) -> None:
    """Else it would be refused to the school that brings it, and stay missing."""
    day.store.kitloan.holdings.report_missing(day.store.headset)
    day.scan("KLURETURN")
    expect(day.scan(day.store.headset), "FOUND", "VR headset")
    day.store.kitloan.holdings.report_missing(day.store.headset)
    day.type(f"to {SCHOOL}")
    expect(day.scan(day.store.headset), "FOUND", "VR headset")
    expect(day.scan(day.store.headset), "OUT", SCHOOL)


def test_a_kit_from_elsewhere_is_counted_as_it_comes(shared: tuple[College, College]) -> None:
    """Else what is missing would be blamed on whoever has it next."""
    fife, ayrshire = shared
    tag = ayrshire.holdings.add(kitloan.NewHolding("STEM kit")).tag
    ayrshire.transfers.send(tag, "fife", Count(missing={"Wheel": 1}))
    counter = AtCounter(fife)
    expect(counter.scan(tag), "IN?", "STEM kit", SENDER, "sent to us")
    expect(counter.type("wheel 2"), "IN?", "Wheel: 2 missing")
    expect(counter.type(""), "RECEIVED", SENDER, "2 short", "counted otherwise: Wheel")
    assert fife.find.holding(tag).college == "fife"
    expect(counter.undo(), "UNDONE")
    expect(counter.scan(tag), "IN?", SENDER)
    expect(counter.escape(), "NOT RECEIVED", grouped(tag))
    counter.scan(tag)
    expect(counter.press("whole"), "RECEIVED", "whole")
    expect(counter.scan(tag), "TO WHOM?", "STEM kit")


def test_one_to_be_counted_later(shared: tuple[College, College]) -> None:
    """Else a van with twenty kits would stand at the door until all were counted."""
    fife, ayrshire = shared
    tag = ayrshire.holdings.add(kitloan.NewHolding("STEM kit")).tag
    ayrshire.transfers.send(tag, "fife", Count(whole=True))
    counter = AtCounter(fife)
    counter.scan(tag)
    expect(counter.scan("KLULATER"), "RECEIVED", "to be counted")
    assert fife.find.holding(tag).status == "uncounted"
    expect(counter.scan(tag), "IN?")


def test_from_a_college_that_cannot_be_read_here(day: Day) -> None:
    """Else a kit from a college with a store of its own would become another kit."""
    tag, other = mint(), mint()
    expect(day.scan(tag), "TAKE IN?", "No holding has")
    expect(day.type("from Hogwarts"), "REFUSED", "Hogwarts")
    expect(day.type("from ayrshire"), "TAKE IN?", "It comes from ayrshire")
    expect(day.type("STEM kit"), "IN?", "STEM kit", "from ayrshire")
    expect(day.type("panel 1 broken", ""), "RECEIVED", SENDER, "Panel: 1 broken")
    assert day.held(tag).status == "in"
    day.scan(other)
    expect(day.type("from ayrshire", "Telescope"), "RECEIVED", "Telescope", SENDER)
    assert day.store.kitloan.ledger.verify().ok


def test_what_we_sent_is_here_all_the_same(day: Day) -> None:
    """Else a kit that never left would be looked for at the other college."""
    day.store.kitloan.transfers.send(day.store.headset, "ayrshire")
    expect(day.scan(day.store.headset), "REFUSED", "on its way", "type: back")
    expect(day.type("back"), "BACK", "VR headset", SENDER)
    assert day.held(day.store.headset).status == "in"
    expect(day.scan("KLUUNDO"), "UNDONE")
    day.scan(day.store.headset)
    expect(day.type("from ayrshire"), "RECEIVED", SENDER)
    assert day.held(day.store.headset).status == "in"


def test_back_is_a_word_like_any_other_elsewhere(day: Day) -> None:
    """Else a search for a backpack would take something off its way."""
    expect(day.type("back"), "FOUND 0")
    assert day.verdict.symbol == "/"


async def test_received_on_the_screen(store: Store, tmp_path: Path) -> None:
    """Else the form over a new label would take the other college's kit in as a gift of nobody."""
    tag = mint()
    async with at_desk(lambda: store.kitloan, tmp_path / "log") as hands:
        await hands.scan(tag)
        hands.desk.screen.query_one("#sender", Input).value = SENDER
        hands.desk.screen.query_one("#location", Input).value = "Store 2"
        await hands.type("STEM kit")
        assert hands.reads(f"= RECEIVED STEM kit {grouped(tag)} from {SENDER}, to be counted")
        await hands.scan(tag)
        assert hands.reads("? IN?")
        await hands.press("enter")
        assert hands.reads("= IN, WHOLE")
        held = store.kitloan.find.holding(tag)
        assert (held.status, held.location) == ("in", "Store 2")
