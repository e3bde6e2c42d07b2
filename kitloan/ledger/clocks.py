"""Wrong clocks: which times of a ledger are trusted, and the corrected times of the others.

The order of entries is their number. An entry has the time that its computer's clock showed, and
that clock may have been wrong: by years after its battery ran down, once, or for a month. Such an
entry stays as it was sealed. Where days are counted, it counts at a time between those of its
neighbours. Only this module decides which times are wrong.

A time is not trusted when
- it is more than a day later than the present, or outside the years of `kitloan.text.dates`;
- it is more than a day later than another clock that saw the entry: the one that dated the file in
  which it came, or the one of the store that merged the file;
- the times of most other entries would have to be wrong for it to be right.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, func, insert, select, tuple_

from kitloan.errors import StoreError
from kitloan.ledger.session import ESP
from kitloan.ledger.writer import Head
from kitloan.storage.faults import RESTORE_NEWEST
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import LedgerEntry, LedgerHead, Setting, table
from kitloan.text.dates import FIRST_YEAR, LAST_YEAR, instant, moment

entry, head, setting = table(LedgerEntry), table(LedgerHead), table(Setting)

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NAME = "clocks "
_ORDERED = "days in order"
_NOWHERE = ""
"""What is kept where days go back after no place that is known."""
_START = (0, 0)
_PLACE = re.compile(r"([0-9]{1,9}) ([0-9]{1,18}) ([0-9a-f]{64})")
_KEPT = Query(
    select(setting.c.value).where(setting.c.college == bindparam("c"), setting.c.name == _ORDERED)
)
_HASH_AT = Query(
    select(entry.c.hash).where(
        entry.c.college == bindparam("c"),
        entry.c.epoch == bindparam("e"),
        entry.c.seq == bindparam("s"),
    )
)
_LAST = Query(
    select(entry.c.epoch, entry.c.seq, entry.c.hash, entry.c.at)
    .where(entry.c.college == bindparam("c"))
    .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    .limit(1)
)
_each = (
    select(
        entry.c.at,
        func.lag(entry.c.at).over(order_by=(entry.c.epoch, entry.c.seq)).label("before"),
    )
    .where(
        entry.c.college == bindparam("c"),
        tuple_(entry.c.epoch, entry.c.seq) >= tuple_(bindparam("e"), bindparam("s")),
    )
    .subquery()
)
_BACK = Query(
    select(_each.c.at)
    .where(func.substr(_each.c.at, 1, 10) < func.substr(_each.c.before, 1, 10))
    .limit(1)
)
_INSTANT = re.compile(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z")


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What two other clocks showed when a file came; kept if they contradict one of its entries.

    Attributes:
        first: the number of the first entry that the file brought.
        exported_at: when the file was made, by its sender's clock; empty when not known.
        received_at: when it was merged, by this store's clock.
    """

    first: int
    exported_at: str
    received_at: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """An entry whose time is wrong by more than a day: its time, and the corrected one."""

    seq: int
    at: str
    counted: str


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a ledger in which some are wrong.

    Attributes:
        counted: by number, the corrected time of each entry; never earlier than the one before.
        wrong: the entries whose time is wrong by more than a day, in their order.
    """

    counted: Mapping[int, str]
    wrong: tuple[Wrong, ...]


def keep_reading(
    connection: Connection, college: str, last: str, latest: str, reading: ClockReading
) -> None:
    """Record what other clocks showed when a file was merged, if one of its entries is later.

    Args:
        connection: the transaction that merges.
        college: whose ledger.
        last: the hash of the file's last entry.
        latest: the latest time of the entries that were new.
        reading: the other clocks.
    """
    exported_at = reading.exported_at if _is_instant(reading.exported_at) else ""
    clocks = [each for each in (exported_at, reading.received_at) if each]
    if not any(_is_later(latest, each) for each in clocks):
        return
    name = _NAME + last
    known = select(setting.c.name).where(setting.c.college == college, setting.c.name == name)
    if connection.execute(known).first() is None:
        value = json.dumps(asdict(ClockReading(reading.first, exported_at, reading.received_at)))
        connection.execute(insert(setting).values(college=college, name=name, value=value))


def find_wrong(connection: Connection, now: str) -> dict[str, Times]:
    """The times of every ledger in which some are wrong by more than a day, by college.

    Args:
        connection: a transaction on any store.
        now: the present instant, by this computer's clock.

    Raises:
        StoreError: `damaged`, when a stored reading of other clocks cannot be read.
    """
    readings, ends = _readings(connection), _ends(connection)
    present = _present(ends, now)
    began, _ = ends.get(ESP, ("", ""))
    found = {}
    for college in sorted(_suspects(connection, ends, present) | readings.keys()):
        rows = connection.execute(
            select(entry.c.seq, entry.c.hash, entry.c.at)
            .where(entry.c.college == college)
            .order_by(entry.c.epoch, entry.c.seq)
        ).all()
        limits = _limits(rows, readings.get(college, {}), present, began)
        counted = correct_times([row.at for row in rows], limits)
        wrong = tuple(
            Wrong(row.seq, row.at, at)
            for row, at in zip(rows, counted, strict=True)
            if _is_later(row.at, at) or _is_later(at, row.at)
        )
        if wrong:
            by_number = zip((row.seq for row in rows), counted, strict=True)
            found[college] = Times(dict(by_number), wrong)
    return found


def correct_times(times: Sequence[str], limits: Sequence[str | None]) -> list[str]:
    """The corrected times of a ledger's entries, which never go back.

    Args:
        times: the time of each entry, in order.
        limits: for each, the latest time that another clock allows; None for no limit.
    """
    kept = _longest_run(times, limits)
    counted = list(times)
    for first, end in _gaps(kept, len(times)):
        before = counted[first - 1] if first else None
        after = times[end] if end < len(times) else None
        began, last = moment(times[first]), before
        for each in range(first, end):
            ends = min((at for at in (after, limits[each]) if at is not None), default=None)
            at = _time_after(before, ends, moment(times[each]) - began, times[each])
            counted[each] = last = at if last is None else max(last, at)
    return counted


def _time_after(before: str | None, ends: str | None, since: timedelta, shown: str) -> str:
    """A time after `before` and not after `ends`; `since` because a wrong clock still runs."""
    if before is None:
        return ends or shown
    if ends is None:
        return before
    room = max(timedelta(), moment(ends) - moment(before))
    return instant(moment(before) + min(room, max(timedelta(), since) + _SECOND))


def _longest_run(times: Sequence[str], limits: Sequence[str | None]) -> list[int]:
    """The indexes of the most entries whose times can all be right, none before the last.

    Of several runs with the same length, the one that ends earliest.
    """
    ends: list[str] = []  # of the runs of each length, the earliest end
    at_end: list[int] = []
    before: dict[int, int | None] = {}
    for each, (at, limit) in enumerate(zip(times, limits, strict=True)):
        if not FIRST_YEAR <= int(at[:4]) <= LAST_YEAR or (limit and _is_later(at, limit)):
            continue
        length = bisect_right(ends, at)
        before[each] = at_end[length - 1] if length else None
        ends[length : length + 1] = [at]
        at_end[length : length + 1] = [each]
    run: list[int] = []
    last = at_end[-1] if at_end else None
    while last is not None:
        run.append(last)
        last = before[last]
    return run[::-1]


def _gaps(kept: Sequence[int], count: int) -> Iterator[tuple[int, int]]:
    """The gaps between the kept indexes: the first of each, and the one after its last."""
    start = 0
    for each in [*kept, count]:
        if each > start:
            yield start, each
        start = each + 1


def remember_order(connection: Connection, college: str) -> None:
    """Record up to which entry the days of a ledger never go back, after entries were merged.

    So a report reads the times of what came since alone. An entry has a hash of all before it: what
    is recorded of the one is so as long as it is in the ledger.
    """
    ordered = _ordered_to(connection, college)
    if _goes_back(connection, college, ordered):
        if ordered == _START:
            _keep(connection, college, _NOWHERE)
        return
    row = _LAST(connection, c=college).first()
    _keep(connection, college, _NOWHERE if row is None else _place_of(Head(*row)))


def _keep(connection: Connection, college: str, place: str) -> None:
    name = {"college": college, "name": _ORDERED}
    connection.execute(delete(setting).where(*(setting.c[key] == name[key] for key in name)))
    connection.execute(insert(setting).values(value=place, **name))


def _place_of(last: Head) -> str:
    return f"{last.epoch} {last.seq} {last.hash}"


def keep_order(
    connection: Connection, college: str, before: Head, last: Head, *, is_in_order: bool
) -> bool:
    """As `remember_order`, after entries were added at the end; reads no entry.

    Args:
        connection: the transaction that merges.
        college: whose ledger.
        before: where it ended before they came.
        last: where it ends now.
        is_in_order: whether no day of theirs goes back.

    Returns:
        Whether that is known; else `remember_order` has to read all entries.
    """
    end = _place_of(before) if before.seq else _NOWHERE
    kept = _KEPT(connection, c=college).scalar() if before.seq else end
    if kept is None:
        return False
    if kept == end:
        _keep(connection, college, _place_of(last) if is_in_order else kept)
    return True  # else a day after that place goes back, and will for ever


def _ordered_to(connection: Connection, college: str) -> tuple[int, int]:
    """The place of the entry up to which a ledger's days are known never to go back."""
    read = _PLACE.fullmatch(_KEPT(connection, c=college).scalar() or "")
    if read is None:
        return _START
    place = int(read[1]), int(read[2])
    hash_there = _HASH_AT(connection, c=college, e=place[0], s=place[1]).scalar()
    return place if hash_there == read[3] else _START


def _goes_back(connection: Connection, college: str, after: tuple[int, int]) -> bool:
    """Whether an entry from a place on is of an earlier day than the one before it."""
    epoch, seq = after
    return _BACK(connection, c=college, e=epoch, s=seq).first() is not None


def _ends(connection: Connection) -> Mapping[str, tuple[str, str]]:
    """The times of the first and the last entry of each ledger, by college."""
    first = (
        select(entry.c.at)
        .where(entry.c.college == head.c.college)
        .order_by(entry.c.epoch, entry.c.seq)
        .limit(1)
        .correlate(head)
        .scalar_subquery()
    )
    rows = connection.execute(select(head.c.college, first.label("first"), head.c.at))
    return {row.college: (row.first, row.at) for row in rows if row.first is not None}


def _suspects(
    connection: Connection, ends: Mapping[str, tuple[str, str]], present: str | None
) -> set[str]:
    """Colleges with an entry that is dated before an earlier one, or out of range.

    Where no day goes back, the first and the last entry tell whether one is out of range.
    """
    latest = f"{LAST_YEAR}-12-31T23:59:59Z"
    if present:
        latest = min(present, latest)
    return {
        college
        for college, (first, last) in ends.items()
        if first < f"{FIRST_YEAR}-01-01"
        or last > latest
        or _goes_back(connection, college, _ordered_to(connection, college))
    }


def _present(ends: Mapping[str, tuple[str, str]], now: str) -> str | None:
    """`now`, or None if every ledger began after it, because then this clock is wrong."""
    began = min((first for first, _ in ends.values()), default=None)
    return None if began is not None and _is_later(began, now) else now


def _limits(
    rows: Sequence[AnyRow], readings: Mapping[str, ClockReading], present: str | None, began: str
) -> list[str | None]:
    limits: list[str | None] = [present] * len(rows)
    for last, row in enumerate(rows):
        reading = readings.get(row.hash)
        if reading is None:
            continue
        first = min(max(reading.first - 1, 0), last)
        allowed = _allowed(reading, rows[max(first - 1, 0)].at, began)
        for each in range(first, last + 1):
            limits[each] = min((at for at in (limits[each], *allowed) if at), default=None)
    return limits


def _allowed(reading: ClockReading, before: str, began: str) -> list[str]:
    """The clocks of a file that may be right.

    The sender's is left out if the entry `before` the file and this store's clock are both later.
    This store's is left out if ESP's own ledger `began` later.
    """
    exported_at, received_at = reading.exported_at, reading.received_at
    allowed = [received_at] if not _is_later(began, received_at) else []
    alone = bool(exported_at) and (
        _is_later(before, exported_at) and not _is_later(before, received_at)
    )
    if exported_at and not (allowed and alone):
        allowed.append(exported_at)
    return allowed


def _readings(connection: Connection) -> dict[str, dict[str, ClockReading]]:
    """The stored readings of other clocks, by college and by the hash of the file's last entry."""
    found: dict[str, dict[str, ClockReading]] = {}
    rows = connection.execute(select(setting).where(setting.c.name.startswith(_NAME)))
    for row in rows:
        try:
            reading = ClockReading(**json.loads(row.value))
            if not (isinstance(reading.first, int) and _is_instant(reading.received_at)):
                raise ValueError
            if reading.exported_at and not _is_instant(reading.exported_at):
                raise ValueError
        except (TypeError, ValueError) as problem:
            raise StoreError(
                "damaged",
                f"The store's record of {row.college}'s clocks cannot be read.",
                RESTORE_NEWEST,
                college=row.college,
            ) from problem
        found.setdefault(row.college, {})[row.name.removeprefix(_NAME)] = reading
    return found


def _is_instant(text: object) -> bool:
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_later(one: str, other: str) -> bool:
    """Whether an instant is more than a day after another."""
    return one > other and moment(one) - moment(other) > _DAY
