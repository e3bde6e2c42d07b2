"""Whatever a college really did verifies, and verifying changes nothing."""

from pathlib import Path

import kitloan
from conftest import SetClock
from kitloan import NewHolding
from kitloan.college import College
from kitloan.ledger.facts.holding_rows import refresh_words
from lives import begin, bytes_of, everything_in, keep, lend, read_people, read_register
from verify.behind import found


def test_a_long_life_verifies(place: str, clock: SetClock, tmp_path: Path) -> None:
    """A finding where nothing is wrong teaches people to pass over findings."""
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        tags: dict[str, str] = {}
        for work in (
            lambda: tags.update(begin(desk, clock)),
            lambda: lend(desk, clock, tags),
            lambda: read_people(desk, tmp_path),
            lambda: keep(desk, clock, tags),
            lambda: desk.people.erase("i.strachan@lochside.example"),
            lambda: read_register(desk),
        ):
            work()
            verdict = desk.ledger.verify()
            assert verdict.ok, verdict.findings
        (state,) = verdict.ledgers
        assert (state.ledger, state.entries) == ("fife", len(desk.ledger.log()))


def test_verifying_changes_nothing(opened: College) -> None:
    """Evidence that changes when it is looked at is none."""
    before, rows = bytes_of(opened), everything_in(opened)
    assert not found(opened)
    assert (bytes_of(opened), everything_in(opened)) == (before, rows)


def test_what_is_undone_again_and_again_verifies(fife: College, kit: str) -> None:
    """Undoing is told anew from the ledger; told wrongly, every mistake mended is a finding."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    for place in ("Store 1", "Store 2"):
        fife.holdings.move(kit, place)
        fife.holdings.move(other, place)
        fife.actions.undo()
        fife.actions.undo()
    verdict = fife.ledger.verify()
    assert verdict.ok, verdict.findings


def test_words_are_the_same_whenever_they_were_put_together(opened: College) -> None:
    """A kit must be found by its donor whether the gift came with it, later, or was changed."""
    before = everything_in(opened)
    with opened.session.store.write() as connection:
        for row in before["holding"]:
            refresh_words(connection, row["college"], row["tag"])
    assert everything_in(opened) == before


def test_progress_reaches_the_end(opened: College) -> None:
    """Whoever verifies ten years of loans wants to know whether to wait."""
    told: list[tuple[int, int]] = []
    opened.ledger.verify(lambda done, total: told.append((done, total)))
    count = len(opened.ledger.log())
    assert told[-1] == (count, count)
