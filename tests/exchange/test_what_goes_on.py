"""A file that goes on where its ledger ended: what came before is read only where it has to be."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from exchange.test_any_ledger import BEGINNING, ONE, canonical, file_of_bodies, more, sealed
from exchange.test_store_stays_free import (
    AT,
    in_a_copy,
    ledger,
    lent,
    returned,
    rows_in,
    seen,
    taken_in,
    under_the_lock,
)
from kitloan import BadInput
from kitloan.college import College
from kitloan.ledger.clocks import find_wrong
from lives import bytes_of
from trusting import merge

KNOWN = [*ledger(40), *more(ledger(40), [lent("a")], epoch=1)]


@contextmanager
def statements() -> Iterator[list[str]]:
    """The texts of all statements that run within the block."""
    found: list[str] = []

    def note(*said: Any) -> None:
        found.append(said[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def reads_entries(national: College, file: Path) -> bool:
    """Whether merging a file reads the texts of the entries that the store has."""
    with statements() as run:
        in_a_copy(national, file)
    assert run
    return any("SELECT" in each and "ledger_entry.body" in each for each in run)


def test_a_long_ledger_is_not_read_for_a_week_more(national: College, tmp_path: Path) -> None:
    """A college's fifth year costs as its first; only undoing reads what was."""
    in_a_copy(national, file_of_bodies(KNOWN, tmp_path / "1.kitloan"))
    week = [*KNOWN, *more(KNOWN, [returned("a"), *seen(5)], epoch=1)]
    assert not reads_entries(national, file_of_bodies(week, tmp_path / "2.kitloan", len(KNOWN)))
    undone = {"kind": "entry.reversed", "tag": ONE, "epoch": 1, "seq": len(KNOWN) + 1}
    last = [*week, *more(week, [*seen(2), undone], epoch=1)]
    assert reads_entries(national, file_of_bodies(last, tmp_path / "3.kitloan", len(week)))
    assert national.ledger.verify().ok


@pytest.mark.parametrize("together", [1, 3, 600])
def test_what_is_undone_was_in_the_store_or_in_the_file(
    new_national: Callable[[], College], tmp_path: Path, together: int
) -> None:
    """The loan of the week before, and one of the same file, however many entries lie between."""
    gone = [
        {"kind": "entry.reversed", "tag": ONE, "epoch": 1, "seq": len(KNOWN)},
        lent("b"),
        *seen(together),
        returned("b"),
        {"kind": "entry.reversed", "tag": ONE, "epoch": 1, "seq": len(KNOWN) + together + 3},
    ]
    week = [*KNOWN, *more(KNOWN, gone, epoch=1)]
    one, other = new_national(), new_national()
    files = [
        file_of_bodies(KNOWN, tmp_path / "1.kitloan"),
        file_of_bodies(week, tmp_path / "2.kitloan", len(KNOWN)),
    ]
    for each in files:
        in_a_copy(one, each)
    under_the_lock(other, files)
    assert rows_in(one) == rows_in(other)
    (loan,) = [row for row in rows_in(one)["loan"] if row["closed_at"] is None]
    assert loan["loan"] == "b"
    assert one.ledger.verify().ok


@pytest.mark.parametrize("known", [0, len(KNOWN)])
def test_a_request_twice_is_refused_by_the_number_of_the_second(
    national: College, tmp_path: Path, known: int
) -> None:
    """The first may be in the file or in the store: the place that is named is the same."""
    if known:
        in_a_copy(national, file_of_bodies(KNOWN, tmp_path / "1.kitloan"))
    week = [*KNOWN, *more(KNOWN, seen(3), epoch=1)]
    *before, last = week
    again = canonical(json.loads(last) | {"id": json.loads(KNOWN[4])["id"]})
    after = more([*before, again], seen(700), epoch=1)
    file = file_of_bodies([*before, again, *after], tmp_path / "2.kitloan", known)
    state = bytes_of(national)
    with pytest.raises(BadInput) as refusal:
        merge(national, [file])
    assert (refusal.value.code, refusal.value.details["seq"]) == ("impossible", len(week))
    assert bytes_of(national) == state


def test_a_clock_that_went_back_is_found_whenever_it_did(
    new_national: Callable[[], College], tmp_path: Path
) -> None:
    """In the first file, in a later one, or between the two: as when all are merged at once."""
    facts = [*BEGINNING, taken_in(ONE), *seen(60)]
    for back in (2, 20, 30, 31, 45):
        days = [AT] * len(facts)
        days[back] = "2025-03-01T09:00:00Z"
        bodies = sealed(list(zip(days, facts, strict=True)))
        parts, whole = new_national(), new_national()
        merge(whole, [file_of_bodies(bodies, tmp_path / "whole.kitloan")])
        for n, (known, to) in enumerate([(0, 30), (30, 40), (40, len(bodies))]):
            in_a_copy(parts, file_of_bodies(bodies[:to], tmp_path / f"{n}.kitloan", known))
        for national in (parts, whole):
            with national.session.reading() as connection:
                (times,) = find_wrong(connection, "2026-12-14T09:00:00Z").values()
            assert [each.seq for each in times.wrong] == [back + 1]
