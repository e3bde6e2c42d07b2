"""When it happened: a fact entered later than its day, and what is on record since that day.

The order of a ledger is the order of recording. A fact that happened on an earlier day goes on
record behind what was recorded in between, so nothing in between may rest on how the holding was
before it. Then every day's state follows from the entries that had happened by then, in their
order; see `kitloan.history.verify.replay`.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import bindparam, select

from kitloan.errors import BadInput, Refused
from kitloan.ledger.writer import Writer
from kitloan.queries.undone import UNDONE
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import LedgerEntry, Loan, Organisation, table
from kitloan.text.dates import check_year, day_happened, day_of, uk
from kitloan.text.tags import grouped

entry, loan, organisation = table(LedgerEntry), table(Loan), table(Organisation)

STAYS: Final = frozenset(
    {
        "loan.checked_out",
        "loan.found",
        "loan.checked_in",
        "loan.stock_gone",
        "holding.missing",
        "holding.found",
        "holding.withdrawn",
        "holding.reinstated",
        "holding.out_of_use",
        "holding.in_use",
        "transfer.sent",
        "transfer.called_off",
        "transfer.arrived",
        "transfer.received",
    }
)
"""Kinds of entry that change where a holding is, or with whom."""
COUNTS: Final = frozenset({"contents.counted", "shortage.made_good"})
"""Kinds of entry by which somebody had its contents in hand."""
MOVES: Final = frozenset({"holding.moved"})
"""Kinds of entry that give it a place."""

_STORY = Query(
    select(entry.c.kind, entry.c.at, entry.c.by, entry.c.body)
    .where(entry.c.college == bindparam("c"), entry.c.tag == bindparam("t"), ~UNDONE)
    .order_by(entry.c.epoch, entry.c.seq)
)
_LOAN = Query(
    select(loan.c.loan, organisation.c.name, loan.c.out_at, loan.c.closed_at)
    .join_from(
        loan,
        organisation,
        (organisation.c.college == loan.c.college)
        & (organisation.c.organisation == loan.c.organisation),
    )
    .where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry about a holding that is not undone; `day` is None where nobody knows it."""

    kind: str
    day: date | None
    by: str
    fact: dict[str, Any]
    body: str


def earlier_day(writer: Writer, on: date | None) -> date | None:
    """The day on which something happened, when that is not the day on which it is recorded.

    Args:
        writer: the transaction that records it.
        on: the day that a person gives; None is the day of the record.

    Raises:
        BadInput: `in_future`; `bad_date`, for what is no day, or of a year that cannot be meant.
    """
    if on is None:
        return None
    if not isinstance(on, date) or isinstance(on, datetime):
        raise BadInput(
            "bad_date", f"{on!r} is not a date.", "Give a datetime.date.", value=str(on)[:60]
        )
    today = day_of(writer.at)
    if on > today:
        raise BadInput(
            "in_future",
            f"{uk(on)} is in the future: today is {uk(today)}.",
            "Give the day on which it happened.",
            on=on.isoformat(),
            today=today.isoformat(),
        )
    return None if on == today else check_year(on)


def sealed(day: date | None) -> str | None:
    """A day as a fact has it."""
    return None if day is None else day.isoformat()


def must_have_come(writer: Writer, row: AnyRow, on: date) -> list[Happened]:
    """All on record about a holding that had come by a day; `row` is from `held`.

    Nothing, for a request that was done before: it was judged then.

    Raises:
        Refused: `before_received`.
    """
    if writer.earlier:
        return []
    story = _corrected(list(_story(writer, row.tag)))
    came = next((_came(each) for each in reversed(story) if each.kind in _COMING), None)
    if came is not None and on < came:
        raise Refused(
            "before_received",
            f"{row.type_name} {grouped(row.tag)} came on {uk(came)}; on {uk(on)} it was not here.",
            f"Give a day from {uk(came)} on.",
            tag=row.tag,
            on=on.isoformat(),
            received_on=came.isoformat(),
        )
    return story


def must_be_the_last(writer: Writer, row: AnyRow, on: date, *kinds: frozenset[str]) -> None:
    """Refuse a day after which something of these kinds happened; `row` is from `held`.

    Raises:
        Refused: `before_received`; `dates_overlap`, naming what happened since.
    """
    wanted = frozenset().union(*kinds)
    for each in must_have_come(writer, row, on):
        if each.kind in wanted and each.day is not None and each.day > on:
            raise _overlap(writer, row, on, each)


def must_have_gone(writer: Writer, row: AnyRow, on: date, lent: str) -> None:
    """Refuse to have taken back on a day a loan that began later; `row` is from `held`.

    Raises:
        Refused: `before_received`; `dates_overlap`, naming the loan.
    """
    for each in must_have_come(writer, row, on):
        began = each.kind in _LENDING and each.fact["loan"] == lent
        if began and each.day is not None and each.day > on:
            raise _overlap(writer, row, on, each)


def must_be_before_it_came_back(writer: Writer, row: AnyRow, on: date, lent: str) -> None:
    """Refuse a day for the beginning of a loan of which some were back before it.

    Raises:
        Refused: `before_received`; `dates_overlap`, naming the loan.
    """
    for each in must_have_come(writer, row, on):
        if each.kind in _BACK and each.fact["loan"] == lent and each.day and each.day < on:
            raise _overlap(writer, row, on, each)


def must_be_free(
    writer: Writer, row: AnyRow, on: date, quantity: int, but: str | None = None
) -> None:
    """Refuse to have lent so many on a day when they were not all there, then or since.

    Args:
        writer: the transaction.
        row: the holding, from `held`.
        on: the day.
        quantity: how many.
        but: a loan that is to be corrected, which does not count.

    Raises:
        Refused: `before_received`; `dates_overlap`, naming the loan, or the day and how many.
    """
    story = must_have_come(writer, row, on)
    if writer.earlier:
        return
    story = [each for each in story if but is None or each.fact.get("loan") != but]
    loans = {each.fact["loan"]: each for each in story if each.kind in _LENDING}
    back: defaultdict[str, int] = defaultdict(int)
    for each in story:
        if each.kind in _BACK:
            back[each.fact["loan"]] += each.fact["quantity"]
        elif each.kind == "holding.missing" and each.fact["loan"]:
            back[each.fact["loan"]] += 1
    stays = STAYS | _inspections_of(story)
    if row.quantity == 1:
        for key, each in loans.items():
            if back[key] < each.fact["quantity"]:
                raise _overlap(writer, row, on, each)
        for each in story:
            if each.kind in stays | COUNTS and each.day is not None and each.day > on:
                raise _overlap(writer, row, on, each)
        return
    days = {on, *(each.day for each in story if each.day is not None and each.day > on)}
    for day in sorted(days):
        here = _held_on(story, day) - _out_on(story, day)
        if here < quantity:
            raise _too_few(writer, row, day, here, quantity, loans)
    for each in story:
        if each.kind in stays - _LENDING - _BACK and each.day and each.day > on:
            raise _overlap(writer, row, on, each)


def _inspections_of(story: list[Happened]) -> frozenset[str]:
    """The kind of inspections, where one of them failed: then what was lent rests on them."""
    failed = any(each.kind == _INSPECTED and each.fact["result"] == "fail" for each in story)
    return frozenset({_INSPECTED}) if failed else frozenset()


_INSPECTED = "inspection.done"
_COMING = ("holding.accessioned", "transfer.received")
_LENDING = frozenset({"loan.checked_out", "loan.found"})
_BACK = frozenset({"loan.checked_in", "loan.stock_gone"})
_HELD = (
    *("holding.accessioned", "holding.amended", "transfer.received"),
    *("loan.stock_gone", "stock.split"),
)


def _story(writer: Writer, tag: str) -> Iterator[Happened]:
    for row in _STORY(writer.connection, c=writer.college, t=tag):
        fact = json.loads(row.body)["fact"]
        unknown = row.kind == "loan.found" and not fact.get("on")
        day = None if unknown else day_happened(row.at, fact.get("on"))
        yield Happened(row.kind, day, row.by, fact, row.body)


def _corrected(story: list[Happened]) -> list[Happened]:
    """The story with every loan as it was corrected."""
    last = {each.fact["loan"]: each.fact for each in story if each.kind == "loan.corrected"}
    days = {
        each.fact["loan"]: date.fromisoformat(each.fact["out_on"])
        for each in story
        if each.kind == "loan.corrected" and each.fact["out_on"]
    }
    return [
        replace(
            each,
            day=days.get(each.fact["loan"], each.day),
            fact=each.fact | {"quantity": last[each.fact["loan"]]["quantity"]},
        )
        if each.kind in _LENDING and each.fact["loan"] in last
        else each
        for each in story
    ]


def _came(each: Happened) -> date | None:
    """When a holding came, or was split off; None where a register had it without a date."""
    named = each.fact.get("received_on")  # of what was split off, when the stock came
    if named and not each.fact.get("split_from"):
        return date.fromisoformat(named)
    return None if each.fact.get("register_row") else each.day


def _held_on(story: list[Happened], day: date) -> int:
    """How many were held at the end of a day; of a day before the first record, as that has it."""
    known = [each for each in story if each.kind in _HELD]
    by_then = [each for each in known if each.day is not None and each.day <= day]
    fact = (by_then[-1] if by_then else known[0]).fact
    return int(fact.get("held") or fact["quantity"])


def _out_on(story: list[Happened], day: date) -> int:
    """How many were on loan at the end of a day."""
    out = 0
    for each in story:
        if each.kind in _LENDING and (each.day is None or each.day <= day):
            out += each.fact["quantity"]
        elif each.kind in _BACK and each.day is not None and each.day <= day:
            out -= each.fact["quantity"]
    return out


def _overlap(writer: Writer, row: AnyRow, on: date, since: Happened) -> Refused:
    shown = f"{row.type_name} {grouped(row.tag)}"
    facts: dict[str, Any] = {"tag": row.tag, "on": on.isoformat()}
    lent = since.fact.get("loan")
    if lent:
        of = _LOAN(writer.connection, c=writer.college, l=lent).one()
        began = f"from {uk(day_of(of.out_at))}" if of.out_at else "from a day not on record"
        ended = f"to {uk(day_of(of.closed_at))}" if of.closed_at else "and still has it"
        sentence = f"{shown} was with {of.name} {began} {ended}"
        facts["loan"] = {
            "id": of.loan,
            "to": of.name,
            "on": day_of(of.out_at).isoformat() if of.out_at else None,
            "back_on": day_of(of.closed_at).isoformat() if of.closed_at else None,
        }
    else:
        from kitloan.queries.history import summary_of  # only such a refusal needs it

        summary = summary_of(writer.connection, writer.college, since.body)
        when = uk(since.day) if since.day else "a day not on record"
        sentence = f"{shown}: on {when} {since.by} recorded this: {summary}"
        facts |= {"since": sealed(since.day), "kind": since.kind, "by": since.by}
    return Refused(
        "dates_overlap",
        f"{sentence}; {uk(on)} does not fit with that.",
        f"See what happened and when: kitloan show {row.tag}",
        **facts,
    )


def _too_few(
    writer: Writer, row: AnyRow, day: date, here: int, wanted: int, loans: dict[str, Happened]
) -> Refused:
    named = [_LOAN(writer.connection, c=writer.college, l=key).one() for key in loans]
    out = [
        each
        for each in named
        if (not each.out_at or day_of(each.out_at) <= day)
        and (each.closed_at is None or day_of(each.closed_at) > day)
    ]
    having = f" (with {', '.join(dict.fromkeys(each.name for each in out))})" if out else ""
    return Refused(
        "dates_overlap",
        f"{row.type_name} {grouped(row.tag)}: on {uk(day)} there were {max(here, 0)} here{having}; "
        f"{wanted} cannot have gone.",
        f"See what happened and when: kitloan show {row.tag}",
        tag=row.tag,
        on=day.isoformat(),
        left=max(here, 0),
        loans=[{"id": each.loan, "to": each.name} for each in out],
    )
