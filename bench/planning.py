"""Planning: a booking, what is free, check-out beside standing bookings, the exact assignment.

A college with 5,000 holdings of 60 types, and 2,000 bookings that stand over the next 400 days.
Ours and the floor take turns, as in `run.py`. A floor is the same rows in bare `sqlite3`; of a
check-out, the same without a booking; of the assignment, the day count alone.
"""

import random
import shutil
import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from floors import bare, timed
from machine import heading
from run import BUILT, line, paired

import kitloan
from kitloan import NewHolding, Refused
from kitloan.planning.availability import Supply, Wanted, can_assign, free_by_day
from kitloan_tui.week import find_week

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()
TYPES, HOLDINGS, BOOKINGS, DAYS = 60, 5_000, 2_000, 400
TIMES = 60


def build(bookings: int) -> Path:
    """A store with so many standing bookings, made once and kept."""
    path = BUILT / f"planned-{bookings}.sqlite"
    if path.exists():
        try:
            kitloan.open(path, clock=lambda: NOW).close()
        except kitloan.StoreError:
            path.unlink()
        else:
            return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    chance = random.Random(1)
    with kitloan.init("ayrshire", part, actor="bench", clock=lambda: NOW) as opened:
        for n in range(TYPES):
            many = HOLDINGS // TYPES + (n < HOLDINGS % TYPES)
            opened.holdings.add_several(NewHolding(f"Kit type {n}"), many)
        made = 0
        while made < bookings:
            first = TODAY + timedelta(days=chance.randrange(2, DAYS - 20))
            last = first + timedelta(days=chance.randrange(1, 14))
            kind = f"Kit type {chance.randrange(TYPES)}"
            try:
                opened.bookings.book(
                    f"School {made % 300}", {kind: chance.randrange(1, 4)}, first, last
                )
            except Refused:
                continue
            made += 1
    part.rename(path)
    return path


def bare_booking(connection: sqlite3.Connection, number: int, kind: str, days: list[str]) -> None:
    """Write the rows of one booking: the entry, the head, the booking, its line, its days."""
    cursor = connection.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    (seq,) = cursor.execute("SELECT seq FROM ledger_head WHERE college = 'ayrshire'").fetchone()
    at = "2026-11-23T09:00:00Z"
    cursor.execute(
        "INSERT INTO ledger_entry (college, epoch, seq, id, part, kind, tag, at, by, body, hash) "
        "VALUES ('ayrshire', 1, ?, ?, 0, 'booking.made', NULL, ?, 'bench', ?, ?)",
        (seq + 1, f"bare{number}", at, "x" * 500, "0" * 64),
    )
    cursor.execute(
        "INSERT INTO booking (college, booking, organisation, contact, collect_on, return_by, "
        "busy_from, free_from, lapses_after, series, event, state, changes, made_at, made_by, "
        "made_seq) VALUES ('ayrshire', ?, 'school-1', NULL, ?, ?, ?, ?, ?, NULL, NULL, 'made', 0, "
        "?, 'bench', ?)",
        (f"X{number}", days[0], days[-2], days[0], days[-1], days[1], at, seq + 1),
    )
    cursor.execute(
        "INSERT INTO booking_line (college, booking, kit_type, quantity, collected) "
        "VALUES ('ayrshire', ?, ?, 1, 0)",
        (f"X{number}", kind),
    )
    cursor.executemany(
        "INSERT INTO type_day (college, kit_type, day, capacity, committed, excused) "
        "VALUES ('ayrshire', ?, ?, 83, 1, 0) "
        "ON CONFLICT (college, kit_type, day) DO UPDATE SET committed = committed + 1",
        [(kind, day) for day in days[:-1]],
    )
    cursor.execute(
        "UPDATE ledger_head SET seq = ?, hash = ?, at = ? WHERE college = 'ayrshire'",
        (seq + 1, "0" * 64, at),
    )
    cursor.execute("COMMIT")


def booking(folder: Path) -> None:
    """One committed booking of one type for five days."""
    ours, theirs = folder / "ours.sqlite", folder / "bare.sqlite"
    for copy in (ours, theirs):
        shutil.copy(build(BOOKINGS), copy)
    connection = bare(theirs)
    pairs = []
    with kitloan.open(ours, actor="bench", clock=lambda: NOW) as opened:
        for n in range(TIMES):
            kind = f"Kit type {n % TYPES}"
            first = TODAY + timedelta(days=5 + 6 * n)
            days = [(first + timedelta(days=d)).isoformat() for d in range(6)]
            mine = timed(
                lambda k=kind, f=first: opened.bookings.book(
                    "School 1", {k: 1}, f, f + timedelta(days=4)
                )
            )
            key = f"kit-type-{n % TYPES}"
            pairs.append(
                (mine, timed(lambda k=key, n=n, d=days: bare_booking(connection, n, k, d)))
            )
    mine, floor = (statistics.median(side) for side in zip(*pairs[5:], strict=True))
    line("a booking, 60 types, 400 days, 5,000 holdings", mine, floor, "2 x")


_CAPACITY = (
    "SELECT kit_type, tag, quantity, out_quantity FROM holding WHERE college = 'ayrshire' "
    "AND state = 'held' AND uncounted = 0 AND critical_short = 0 AND out_of_use IS NULL"
)
_LINES = (
    "SELECT l.kit_type, b.booking, b.busy_from, b.free_from, l.quantity - l.collected "
    "FROM booking_line l JOIN booking b ON b.college = l.college AND b.booking = l.booking "
    "WHERE l.college = 'ayrshire' AND b.state = 'made' AND l.quantity > l.collected"
)


def free(_folder: Path) -> None:
    """What is free, and the week that shows it; the floor reads the same rows."""
    store = build(BOOKINGS)
    connection = bare(store)
    first, last = TODAY + timedelta(days=30), TODAY + timedelta(days=44)

    def read(only: str, *values: str) -> Callable[[], object]:
        def rows() -> object:
            capacity = connection.execute(_CAPACITY + only, values).fetchall()
            lines = _LINES + only.replace("kit_type", "l.kit_type")
            return capacity, connection.execute(lines, values).fetchall()

        return rows

    with kitloan.open(store, actor="bench", clock=lambda: NOW) as opened:
        ask = opened.bookings.free
        of_one = read(" AND kit_type = ?", "kit-type-7")
        mine, floor = paired(lambda: ask(first, last, "Kit type 7"), of_one, 25)
        line("free, one type over 14 days (floor: the same rows read)", mine, floor, "2 ms")
        mine, floor = paired(lambda: ask(first, last), read(""), 25)
        line("free, 60 types over 14 days (floor: the same rows read)", mine, floor, "20 ms")
        mine, floor = paired(lambda: find_week(opened, TODAY), read(""), 25)
        line("all that the week screen asks (floor: the same rows)", mine, floor, "50 ms")


def check_out(folder: Path) -> None:
    """A check-out in a college that books, against one that has no booking."""
    sides = []
    for bookings in (BOOKINGS, 0):
        copy = folder / f"out-{bookings}.sqlite"
        shutil.copy(build(bookings), copy)
        opened = kitloan.open(copy, actor="bench", clock=lambda: NOW)
        tags = [row[0] for row in bare(copy).execute("SELECT tag FROM holding ORDER BY tag")]
        sides.append((opened, tags))
    pairs = []
    for n in range(TIMES * 2):
        both = []
        for opened, tags in sides:
            tag = tags[n * 31 % len(tags)]
            both.append(timed(lambda o=opened, t=tag: o.loans.check_out([t], "School 1")))
        pairs.append(both)
    for opened, _ in sides:
        opened.close()
    mine, floor = (statistics.median(side) for side in zip(*pairs[10:], strict=True))
    line("check-out, 2,000 bookings stand (floor: none stands)", mine, floor, "1.2 x")


def assignment(_folder: Path) -> None:
    """The exact search: 20 kits, 120 bookings, a quarter of them of a chosen kit."""
    chance = random.Random(3)
    kits = [f"K{n}" for n in range(20)]
    supply = Supply(frozenset(kits), 0)
    wanted: list[Wanted] = []
    while len(wanted) < 120:
        first = chance.randrange(1, 200)
        pins = (chance.choice(kits),) if chance.random() < 0.25 else ()
        one = Wanted(f"B{len(wanted)}", first, first + chance.randrange(3, 15), 1, pins)
        if can_assign(supply, [*wanted, one]):
            wanted.append(one)
    mine, floor = paired(
        lambda: can_assign(supply, wanted),
        lambda: free_by_day(supply.capacity, wanted, 1, 220),
        50,
    )
    line("exact assignment, 20 kits, 120 bookings (floor: day count)", mine, floor, "5 ms")


def main() -> None:
    """Measure each."""
    heading()
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as name:
        for each in (booking, free, check_out, assignment):
            each(Path(name))


if __name__ == "__main__":
    main()
