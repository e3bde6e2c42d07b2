"""Ledgers come in any order, any number of times: the same picture."""

import json
import random
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from exchange.sent import ESPS_OWN, NOW, Picture, Sent, picture
from kitloan.college import College
from lives import bytes_of, everything_in, long_life, register_of, shared_figures
from trusting import merge


def test_every_order_gives_the_same_picture(
    colleges: dict[str, Sent], expected: Picture, new_national: Callable[[], College]
) -> None:
    """Figures that depend on whose e-mail came first cannot be answered for to a donor."""
    audited = json.loads(expected[1])
    assert audited["totals"]["colleges"] == len(colleges)
    assert {"overdue", "incomplete", "tag_in_two_colleges"} <= {
        finding["code"] for finding in audited["findings"]
    }, "the lives are worth comparing"
    empty = {name for name, rows in expected[0].items() if not rows}
    assert empty <= ESPS_OWN, "every table that colleges make has rows"
    for order in permutations(colleges):
        national = new_national()
        for college in order:
            merge(national, [colleges[college].whole])
        assert picture(national) == expected, order


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(2, 12))]
)
def test_parts_repeats_and_muddles_give_the_same_picture(
    colleges: dict[str, Sent], expected: Picture, national: College, seed: int
) -> None:
    """Colleges send what is new, send it again to be sure, and their mails overtake each other."""
    chance = random.Random(seed)
    waiting = [list(sent.parts) for sent in colleges.values()]
    arrived: list[Path] = []
    while any(waiting):
        parts = chance.choice([each for each in waiting if each])
        arrived.append(parts.pop(0))
        again = chance.sample(arrived, chance.randrange(len(arrived) + 1))
        merge(national, [*again, arrived[-1], *again])
    assert picture(national) == expected
    everything = [*arrived, *(sent.whole for sent in colleges.values())] * 2
    chance.shuffle(everything)
    assert {merged.added for merged in merge(national, everything)} == {0}
    assert picture(national) == expected
    assert national.ledger.verify().ok


def test_parts_given_together_need_no_order(
    colleges: dict[str, Sent], expected: Picture, national: College
) -> None:
    """Whoever drags a folder of files onto the program cannot be asked to sort them."""
    parts = [part for sent in colleges.values() for part in sent.parts]
    merge(national, parts[::-1])
    assert picture(national) == expected


def test_merging_again_changes_no_byte(colleges: dict[str, Sent], national: College) -> None:
    """A file that changes whenever it is looked at cannot be compared with its backup."""
    files = [sent.whole for sent in colleges.values()]
    first = merge(national, files)
    assert [(each.added, each.known) for each in sorted(first, key=lambda each: each.file)] == [
        (sent.entries, 0) for sent in sorted(colleges.values(), key=lambda sent: sent.whole)
    ]
    before, rows = bytes_of(national), everything_in(national)
    again = merge(national, files)
    assert {(each.added, each.known) for each in again} == {
        (0, sent.entries) for sent in colleges.values()
    }
    assert (bytes_of(national), everything_in(national)) == (before, rows)


def test_what_a_college_sees_is_what_esp_sees(
    place: str, clock: SetClock, tmp_path: Path, national: College
) -> None:
    """A college that is asked about ESP's figures must find them in its own store."""
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, tmp_path)
        clock.now = NOW
        desk.exchange.export(tmp_path / "fife.kitloan")
        merge(national, [tmp_path / "fife.kitloan"])
        assert shared_figures(national) == shared_figures(desk)
        theirs = {
            name: [row for row in rows if row["college"] == "fife"]
            for name, rows in register_of(national).items()
        }
        assert theirs == register_of(desk)


def test_an_export_of_nothing_new_is_merged_to_nothing(
    fife: College, tmp_path: Path, national: College
) -> None:
    """A monthly mail of a quiet month is no fault."""
    fife.exchange.export(tmp_path / "1", since_last=True)
    told = fife.exchange.export(tmp_path / "2", since_last=True)
    assert told.entries == 0
    merged = merge(national, [tmp_path / "2", tmp_path / "1"])
    assert [each.added for each in merged] == [told.last, 0]
