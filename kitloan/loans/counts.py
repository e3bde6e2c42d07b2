"""Counts of contents: what a kit should have, what is short of it, and what is put back."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, bindparam, func, select

from kitloan.contents import Count, Part, match, reckon
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.facts.shortages import Short
from kitloan.ledger.session import check_quantity
from kitloan.ledger.writer import Writer
from kitloan.loans.custody import held, must_be_here
from kitloan.queries.happened import COUNTS, STAYS, earlier_day, must_be_the_last, sealed
from kitloan.queries.resolve import meant
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Component, Holding, Shortage, table
from kitloan.text.tags import grouped
from kitloan.values import ShortageLine

holding, component, shortage = table(Holding), table(Component), table(Shortage)
_PARTS = Query(
    select(
        component.c.name,
        component.c.quantity,
        component.c.bag,
        component.c.critical,
        func.coalesce(shortage.c.missing, 0),
        func.coalesce(shortage.c.broken, 0),
    )
    .join_from(
        holding,
        component,
        (component.c.college == holding.c.college) & (component.c.kit_type == holding.c.kit_type),
    )
    .outerjoin(
        shortage,
        (shortage.c.college == holding.c.college)
        & (shortage.c.tag == holding.c.tag)
        & (shortage.c.component == component.c.name),
    )
    .where(
        holding.c.college == bindparam("c"),
        holding.c.tag == bindparam("t"),
        holding.c.quantity == 1,
    )
    .order_by(component.c.position)
)


_OLD_SHORTAGES = Query(
    select(shortage.c.component, shortage.c.missing, shortage.c.broken)
    .where(shortage.c.college == bindparam("c"), shortage.c.tag == bindparam("t"))
    .order_by(shortage.c.component)
)


def parts_of(connection: Connection, college: str, tag: str) -> list[Part]:
    """The contents list of a kit with what of it is short; empty when there is nothing to count."""
    return [Part(*row) for row in _PARTS(connection, c=college, t=tag)]


def must_have_parts(row: AnyRow, count: Count) -> None:
    """Refuse to count the contents of a stock: which of them would lack a wheel?"""
    if row.quantity > 1 and count.exceptions and not count.whole:
        raise BadInput(
            "no_contents_list",
            f"{row.type_name} {grouped(row.tag)} is a stock of {row.quantity}: how many there are "
            "is counted, and not what each of them holds.",
            f"Give how many came back: kitloan checkin {row.tag} --quantity N. Kits whose contents "
            "are to be counted are taken in one by one, each with a tag of its own.",
            tag=row.tag,
        )


def counted_as(
    parts: list[Part], known: Sequence[ShortageLine], count: Count | None
) -> tuple[Counted, tuple[Short, ...]]:
    """What a count comes to. What was short and is listed no more stays short until it is replaced.

    Args:
        parts: the contents list, with what of it was short before.
        known: everything that was short before.
        count: what a person entered; None when nobody has counted.
    """
    outcome, short = reckon(parts, count)
    if count is not None and count.whole:
        return outcome, short
    listed = {part.name for part in parts}
    unlisted = tuple(
        Short(component=line.component, missing=line.missing, broken=line.broken)
        for line in known
        if line.component not in listed
    )
    return ("short" if outcome == "whole" and unlisted else outcome), short + unlisted


def as_lines(short: Sequence[Short]) -> tuple[ShortageLine, ...]:
    """What is short, by component."""
    lines = [ShortageLine(s.component, s.missing, s.broken) for s in short]
    return tuple(sorted(lines, key=lambda line: line.component))


def newly_short(parts: list[Part], short: Sequence[Short]) -> tuple[ShortageLine, ...]:
    before = {part.name: part for part in parts}
    more = [
        ShortageLine(
            s.component,
            max(0, s.missing - before[s.component].missing),
            max(0, s.broken - before[s.component].broken),
        )
        for s in short
        if s.component in before
    ]
    some = [line for line in more if line.missing or line.broken]
    return tuple(sorted(some, key=lambda line: line.component))


def found_again(parts: list[Part], short: Sequence[Short]) -> tuple[str, ...]:
    now = {s.component for s in short}
    return tuple(p.name for p in parts if (p.missing or p.broken) and p.name not in now)


def count_contents(
    writer: Writer, text: str, entered: Count, on: date | None
) -> tuple[str, tuple[ShortageLine, ...]]:
    """Count a kit that is here; gives its tag and what is short now. See `Desk.count`."""
    tag = meant(writer, text)
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    if row.out_quantity:
        raise Refused(
            "on_loan",
            f"{shown} is on loan; its contents cannot be counted here.",
            f"Take it back with its count: kitloan checkin {tag}"
            if row.quantity == 1
            else f"How many come back is counted: kitloan checkin {tag} --quantity N",
            tag=tag,
        )
    must_be_here(writer, row)
    must_have_parts(row, entered)
    day = earlier_day(writer, on)
    if day is not None:
        must_be_the_last(writer, row, day, STAYS, COUNTS)
    parts = parts_of(writer.connection, writer.college, tag)
    outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), entered)
    from kitloan.ledger.facts.holdings import ContentsCounted  # lending needs none of these

    writer.append(ContentsCounted(tag=tag, counted=outcome, shortages=short, on=sealed(day)))
    return tag, short_now(writer.connection, writer.college, tag)


def restock(
    writer: Writer, text: str, what: str, quantity: int
) -> tuple[str, tuple[ShortageLine, ...]]:
    """Put components back; gives the tag and what is still short. See `Desk.restock`."""
    tag = meant(writer, text)
    check_quantity(quantity)
    must_be_here(writer, held(writer, tag))
    short = {line.component: line for line in short_now(writer.connection, writer.college, tag)}
    if not short:
        raise Refused("nothing_short", f"Nothing is short in {grouped(tag)}.", tag=tag)
    line = short[match(what, short)]
    if quantity > line.missing + line.broken:
        raise Refused(
            "more_than_short",
            f"Only {line.missing + line.broken} of {line.component} are short in "
            f"{grouped(tag)}; {quantity} cannot be replaced.",
            f'Run: kitloan restock {tag} "{line.component}={line.missing + line.broken}"',
            tag=tag,
            component=line.component,
            short=line.missing + line.broken,
        )
    from kitloan.ledger.facts.holdings import ShortageMadeGood

    replaced = min(quantity, line.missing)
    writer.append(
        ShortageMadeGood(
            tag=tag,
            component=line.component,
            quantity=quantity,
            missing=line.missing - replaced,
            broken=line.broken - (quantity - replaced),
        )
    )
    return tag, short_now(writer.connection, writer.college, tag)


def short_now(connection: Connection, college: str, tag: str) -> tuple[ShortageLine, ...]:
    """Everything that is on record as short in a holding."""
    rows = _OLD_SHORTAGES(connection, c=college, t=tag)
    return tuple(ShortageLine(*row) for row in rows)
