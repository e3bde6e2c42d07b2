"""Sending to another college at the desk, what is under way, and ESP's view of it all."""

from pathlib import Path

import pytest
from textual.widgets import Input, Select

import kitloan
from kitloan.text.tags import grouped
from kitloan_tui.screens.national import NationalView
from kitloan_tui.screens.take_in import TakeIn
from trusting import merge
from tui.at_the_counter import SCHOOL, AtCounter, MovableClock, Store, expect
from tui.at_the_desk import Hands, at_desk


async def page_of(hands: Hands, number: str) -> None:
    """Open a holding's page."""
    await hands.go("holdings")
    await hands.type(number)


async def press(hands: Hands, button: str) -> None:
    """Click a button."""
    await hands.pilot.click(f"#{button}")
    await hands.settle()


async def test_sent_with_a_count(store: Store, log: Path) -> None:
    """Else what is missing on arrival would be nobody's."""
    async with at_desk(lambda: store.kitloan, log, (100, 40)) as hands:
        await page_of(hands, "AC0001")
        await press(hands, "send")
        await hands.type("Hogwarts")
        assert hands.reads("! REFUSED No college has the name 'Hogwarts'")
        hands.desk.screen.query_one("#answer", Input).value = ""
        await hands.type("ayrsh")
        await hands.type("")
        assert hands.reads("! REFUSED Nothing was typed"), "nobody's count is assumed"
        await hands.type("wheel 2, panel 1 broken")
        assert hands.reads(
            f"~ SENT STEM kit {grouped(store.kit)} (AC0001) to Ayrshire College, short:"
        )
        assert hands.reads("Status ~ IN TRANSIT")
        await hands.go("transfers")
        assert hands.reads(f"~ 0 days {grouped(store.kit)} STEM kit ayrshire % 3 short")
        await hands.press("ctrl+z")
        assert hands.reads("Nothing is on its way.")
    assert store.kitloan.find.holding(store.kit).status == "in"


@pytest.mark.parametrize(("said", "told"), [("whole", "whole"), ("uncounted", "uncounted")])
async def test_sent_whole_or_uncounted(store: Store, log: Path, said: str, told: str) -> None:
    """Else a count that nobody made would go on record, or one that was made be lost."""
    async with at_desk(lambda: store.kitloan, log, (100, 40)) as hands:
        await page_of(hands, "AC0001")
        await press(hands, "send")
        await hands.type("ayrshire")
        await hands.type(said)
        assert hands.reads(f"to Ayrshire College, {told}")


async def test_missing_and_found(store: Store, log: Path) -> None:
    """Else a kit that is nowhere would look as if it could be lent."""
    store.kitloan.loans.check_out([store.kit], SCHOOL)
    async with at_desk(lambda: store.kitloan, log, (100, 40)) as hands:
        await page_of(hands, "AC0001")
        await press(hands, "missing")
        await hands.type("not in the school either")
        assert hands.reads(
            f"# MISSING STEM kit {grouped(store.kit)} (AC0001): not in the school either"
        )
        assert hands.reads("Status # MISSING")
        await hands.scan(store.kit)
        assert hands.reads("= FOUND STEM kit")


async def test_esp_looks_and_lends_nothing(
    store: Store, log: Path, tmp_path: Path, clock: MovableClock
) -> None:
    """Else ESP's desk would open on an empty counter, or write a college's loans into its own."""
    file = tmp_path / "fife.kitloan"
    store.kitloan.exchange.export(file)
    with kitloan.init("esp", tmp_path / "esp.sqlite", actor="audit", clock=clock) as esp:
        merge(esp, [file])
        before = len(esp.ledger.log())
        async with at_desk(lambda: esp, log, (100, 40)) as hands:
            await hands.until(lambda: isinstance(hands.desk.screen, NationalView))
            await hands.settle()
            assert hands.reads("as at the end of 23 Nov 2026")
            assert hands.reads("Colleges that have sent a file")
            hands.desk.screen.query_one("#table", Select).value = "freshness"
            await hands.settle()
            assert hands.reads("Last file received")
            assert not hands.reads("Colleges that have sent a file")
            await hands.press("escape")
            assert hands.reads("This is ESP's store: nothing is lent here.")
            await hands.scan(store.kit)
            assert hands.reads("! REFUSED STEM kit")
            assert hands.reads("is with Fife College: in. ESP's store lends nothing")
            await hands.type(f"to {SCHOOL}")
            assert hands.reads("ESP's store lends nothing")
            await hands.go("holdings")
            assert hands.reads("fife: "), "whose it is"
            await hands.go("borrowers")
            assert hands.reads("each college has its own list")
            await hands.press("f6")
            assert not isinstance(hands.desk.screen, TakeIn)
            await hands.press("escape")
            await hands.scan("KL0000000000A")
            assert hands.reads("! REFUSED")
            assert len(esp.ledger.log()) == before
        assert not log.exists()
        expect(AtCounter(esp).scan(store.headset), "REFUSED", "ESP's store lends nothing")


async def test_the_national_view_is_esps(store: Store, log: Path) -> None:
    """Else a college would take its own figures for Scotland's."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.go("national")
        assert hands.desk.screen is hands.desk.home
        assert hands.reads("the national view is in ESP's")
