"""Between colleges at the desk: what waits for an answer, answered with a word for its row."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from textual.widgets import Input

import kitloan
from conftest import SetClock
from kitloan import NewHolding
from kitloan.college import College
from trusting import hear, merge
from tui.at_the_desk import at_desk

WEEK = date(2026, 12, 7), date(2026, 12, 11)


@pytest.fixture
def fife(tmp_path: Path, clock: SetClock) -> Iterator[College]:
    """Fife, which Ayrshire asks for a kit and of which it claims another."""
    with (
        kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross", clock=clock) as fife,
        kitloan.init(
            "ayrshire", tmp_path / "ayrshire.sqlite", actor="j.kerr", clock=clock
        ) as ayrshire,
        kitloan.init("esp", tmp_path / "national.sqlite", actor="esp", clock=clock) as esp,
    ):
        for _ in range(3):
            fife.holdings.add(NewHolding("STEM kit"))
        send(fife, ayrshire, esp, tmp_path)
        made = fife.offers.add("STEM kit", 2, keep=True)
        send(fife, ayrshire, esp, tmp_path)
        ayrshire.offers.claim(made.offer, 2)
        ayrshire.asks.add("fife", "STEM kit", 1, *WEEK, note="science week")
        send(fife, ayrshire, esp, tmp_path)
        yield fife


def send(fife: College, ayrshire: College, esp: College, folder: Path) -> None:
    """Both colleges' files to ESP, and ESP's to both."""
    for each in (fife, ayrshire):
        file = folder / f"{each.session.college}.kitloan"
        each.exchange.export(file)
        merge(esp, [file])
    file = folder / "esp.kitloan"
    esp.exchange.export(file)
    for each in (fife, ayrshire):
        hear(each, file)


async def test_what_waits_is_answered_and_taken_back(fife: College, log: Path) -> None:
    """Else an answer would need the command line, and Ayrshire would wait."""
    async with at_desk(lambda: fife, log) as hands:
        await hands.go("sharing")
        assert hands.reads("asks 1 STEM kit Ayrshire College 7 Dec 2026 ? waiting")
        assert hands.reads("claims 2 STEM kit Ayrshire College ? waiting")
        await hands.type("")
        assert hands.reads("science week")
        await hands.type("no")
        assert hands.reads("! REFUSED A no needs a reason")
        hands.desk.screen.query_one("#narrow", Input).value = ""
        await hands.type("yes")
        assert hands.reads("= YES ayrshire:A")
        (ask,) = fife.asks.list()
        assert (ask.gets, ask.state) == (1, "yes")
        await hands.type("no they are old")
        assert hands.reads("No reason goes with a claim")
        await hands.type("no")
        assert hands.reads("No other college waits for an answer.")
        (claim,) = fife.offers.list().items[0].claims
        assert claim.state == "declined"
        await hands.press("ctrl+z")
        assert hands.reads("claims 2 STEM kit Ayrshire College ? waiting")
    assert fife.ledger.verify().ok


async def test_a_word_that_does_nothing_with_the_row_is_refused(fife: College, log: Path) -> None:
    """Else a claim typed on the wrong row would be lost without a word."""
    before = len(fife.ledger.log())
    async with at_desk(lambda: fife, log) as hands:
        await hands.go("sharing")
        for line, words in (
            ("claim 1", "'claim' does nothing with this row"),
            ("withdraw", "'withdraw' does nothing with this row"),
            ("perhaps", "'perhaps' is not an answer here"),
            ("yes 0", "'yes 0' is not an answer here"),
            ("yes 2", "asks for 1, not 2"),
        ):
            await hands.type(line)
            assert hands.reads("! REFUSED") and hands.reads(words), line
    assert len(fife.ledger.log()) == before
