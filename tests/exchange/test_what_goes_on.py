"""A file that goes on where its ledger ended: what came before is read only where it has to be."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

import kitloan
from exchange.sent import Sent
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
from trusting import keys_of, merge

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


UNDONE = {"kind": "entry.reversed", "tag": ONE, "epoch": 1, "seq": len(KNOWN) + 2}
EARLIER = "2025-03-01T09:00:00Z"


def twice(after: list[dict[str, Any]], at: str = AT) -> list[str]:
    """A ledger in which a request comes twice, and what follows; the last may be of another day."""
    *before, last = [*KNOWN, *more(KNOWN, seen(3), epoch=1)]
    again = canonical(json.loads(last) | {"id": json.loads(KNOWN[4])["id"]})
    *bodies, last = [*before, again, *more([*before, again], after, epoch=1)]
    return [*bodies, canonical(json.loads(last) | {"at": at})]


@pytest.mark.parametrize("known", [0, len(KNOWN)])
@pytest.mark.parametrize(
    "bodies",
    [twice(seen(700)), twice([*seen(700), UNDONE]), twice(seen(2), EARLIER)],
    ids=["and no more", "and undone", "and a clock that went back"],
)
def test_a_request_twice_is_refused_by_the_number_of_the_second(
    national: College, colleges: dict[str, Sent], tmp_path: Path, known: int, bodies: list[str]
) -> None:
    """The first may be in the file or in the store, and whatever follows: no other file waits."""
    if known:
        in_a_copy(national, file_of_bodies(KNOWN, tmp_path / "1.kitloan"))
    file, good = file_of_bodies(bodies, tmp_path / "2.kitloan", known), colleges["fife"].whole
    with pytest.raises(BadInput) as refusal:
        national.exchange.merge([file, good], trust=keys_of(national, [file, good]))
    assert (refusal.value.code, refusal.value.details["seq"]) == ("impossible", len(KNOWN) + 3)
    merged = {each.ledger: each.entries for each in national.ledger.heads()}
    assert (merged.get("borders", 0), merged["fife"]) == (known, colleges["fife"].entries)
    assert national.ledger.verify().ok


def test_a_file_that_undoes_and_is_overtaken_is_merged_all_the_same(
    national: College, place_of: Callable[[College], str], tmp_path: Path
) -> None:
    """A second officer merges its beginning, between what it copied first and what it asked for."""
    first = file_of_bodies(KNOWN, tmp_path / "1.kitloan")
    merge(national, [first])
    week = [*KNOWN, *more(KNOWN, [*seen(1_200), UNDONE], epoch=1)]
    whole = file_of_bodies(week, tmp_path / "2.kitloan", len(KNOWN))
    part = file_of_bodies(week[: len(KNOWN) + 100], tmp_path / "3.kitloan", len(KNOWN))
    overtaken: list[int] = []
    with kitloan.open(place_of(national), actor="second") as second:

        def meanwhile(_done: int, _total: int) -> None:
            if not overtaken:
                (done,) = merge(second, [part])
                overtaken.append(done.added)

        (done,) = national.exchange.merge([whole], meanwhile)
    assert (overtaken, done.added, done.known) == ([100], len(week) - len(KNOWN) - 100, 100)
    assert national.ledger.verify().ok


def test_a_clock_that_went_back_once_does_not_have_all_read_for_ever(
    national: College, tmp_path: Path
) -> None:
    """It went back in the first file, and in a later one."""
    bodies = sealed([(AT, fact) for fact in (*BEGINNING, taken_in(ONE))])
    for n in range(4):
        known = len(bodies)
        *rest, last = more(bodies, seen(5), epoch=1)
        at = EARLIER if n in (0, 2) else AT
        bodies += [*rest, canonical(json.loads(last) | {"at": at})]
        if n == 0:
            in_a_copy(national, file_of_bodies(bodies, tmp_path / "0.kitloan"))
            continue
        assert not reads_entries(national, file_of_bodies(bodies, tmp_path / f"{n}.kitloan", known))
    assert national.ledger.verify().ok


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
