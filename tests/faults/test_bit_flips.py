"""One bit of a store's file turns over, anywhere: what that changes is found before it is believed.

Disks, sticks and memory do this, rarely and without a word. A flip is *refused* when the store no
longer opens, *found* when verifying names something, *harmless* when every row reads as before.
There must be no fourth kind, and never an error that is not kitloan's own.
"""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from kitloan import StoreError
from lives import hear_of_esp, long_life

EVERYDAY, SOAK, SEED = 60, 1_000, 6


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a store in which every table has rows."""
    folder = tmp_path_factory.mktemp("lived")
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    with kitloan.init("fife", folder / "fife.sqlite", actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, folder)
        hear_of_esp(desk, clock, folder)
    return (folder / "fife.sqlite").read_bytes()


def flipped(whole: bytes, count: int, seed: int) -> Iterator[tuple[int, int, bytes]]:
    """The file with one bit turned over, so many times: where, which bit, and all of it.

    Every other one anywhere, the rest where something is written: most of a page is empty.
    """
    chance = random.Random(seed)
    places = (range(len(whole)), [at for at, byte in enumerate(whole) if byte])
    for turn in range(count):
        at, bit = chance.choice(places[turn % 2]), chance.randrange(8)
        yield at, bit, whole[:at] + bytes((whole[at] ^ (1 << bit),)) + whole[at + 1 :]


def rows_in(file: Path) -> dict[str, list[Any]]:
    """Every row and every rule of a SQLite file, as SQLite itself reads them."""
    with closing(sqlite3.connect(file)) as connection:
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
        connection.text_factory = bytes
        rules = "SELECT type, name, tbl_name, sql FROM sqlite_master"
        return rows | {"its rules": connection.execute(rules).fetchall()}


def told_of(file: Path) -> str:
    """What kitloan says of a file: `refused`, `found`, or `well`."""
    try:
        with kitloan.open(file, actor="m.ross") as desk:
            return "well" if desk.ledger.verify().ok else "found"
    except StoreError:
        return "refused"


def fate(file: Path, before: dict[str, list[Any]]) -> str:
    """What became of a flip: `refused`, `found`, `harmless`, or which table was `missed`."""
    told = told_of(file)
    if told != "well":
        return told
    after = rows_in(file)
    differ = [name for name in before if sorted(map(repr, before[name])) != _read(after, name)]
    return f"missed: {differ}" if differ or after.keys() != before.keys() else "harmless"


def _read(rows: dict[str, list[Any]], name: str) -> list[str]:
    return sorted(map(repr, rows.get(name, [])))


@pytest.mark.parametrize(
    ("flips", "seed"),
    [(EVERYDAY, SEED), pytest.param(SOAK, SEED + 1, marks=pytest.mark.soak)],
    ids=["everyday", "soak"],
)
def test_a_flipped_bit_that_changes_data_is_found(
    lived: bytes, tmp_path: Path, flips: int, seed: int
) -> None:
    """A kit that silently changed hands on a worn stick would be believed, and reported to ESP."""
    file = tmp_path / "flipped.sqlite"
    file.write_bytes(lived)
    before = rows_in(file)
    assert told_of(file) == "well"
    fates: Counter[str] = Counter()
    for at, bit, content in flipped(lived, flips, seed):
        file.write_bytes(content)
        became = fate(file, before)
        assert not became.startswith("missed"), f"byte {at}, bit {bit}: {became}"
        fates[became] += 1
    assert fates.total() == flips
    assert fates["found"] > flips / 4, fates
    print(dict(fates))  # noqa: T201  # the figures of docs/trust.md, with -s
