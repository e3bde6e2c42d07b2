"""Check-in, counting and restocking: what comes back, and what of it is there."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from kitloan.answers import ShortageLine
from kitloan.borrowers import remark
from kitloan.contents import Count, Part, match, reckon
from kitloan.entries import CheckedIn, ContentsCounted, Counted, Short, ShortageMadeGood
from kitloan.errors import BadInput, Refused
from kitloan.ledger import Writer
from kitloan.lending import held, loans_meant, must_be_here
from kitloan.models import Component, Holding, Shortage, table
from kitloan.prepared import AnyRow, Query
from kitloan.resolve import meant
from kitloan.session import check_quantity
from kitloan.tags import grouped

component, holding, shortage = table(Component), table(Holding), table(Shortage)

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


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back on one loan, and how the kit stands now.

    Attributes:
        id: the loan's.
        tag: the holding's.
        type: what kind of thing it is.
        to: who had it.
        quantity: how many came back now; `still_out` is what the borrower keeps.
        counted: what the count came to.
        shortages: everything that is short now.
        new: of that, what was not short before.
        found: components that were short before and are not now.
        loans: every loan that it came back on, and how many on each; `id` is the first.
    """

    id: str
    tag: str
    type: str
    to: str
    quantity: int
    still_out: int
    counted: Counted
    shortages: tuple[ShortageLine, ...]
    new: tuple[ShortageLine, ...] = ()
    found: tuple[str, ...] = ()
    loans: tuple[tuple[str, int], ...] = ()


def parts_of(connection: Connection, college: str, tag: str) -> list[Part]:
    """The contents list of a kit with what of it is short; empty when there is nothing to count."""
    return [Part(*row) for row in _PARTS(connection, c=college, t=tag)]


def check_in(
    writer: Writer,
    texts: Sequence[str],
    count: Count | None,
    *,
    quantity: int | None,
    note: str | None,
    from_: str | None,
) -> list[Returned]:
    """Take back each of `texts`, or none of them; see `Desk.check_in`."""
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    if len(tags) > 1 and ((count is not None and count.exceptions) or quantity is not None):
        raise BadInput(
            "one_at_a_time",
            "What is missing, broken, or how many came back can be said of one holding at a time.",
            "Take the others back first.",
        )
    return [_take_back(writer, tag, count, quantity, note, from_) for tag in tags]


def _take_back(
    writer: Writer,
    tag: str,
    count: Count | None,
    quantity: int | None,
    note: str | None,
    from_: str | None,
) -> Returned:
    row = held(writer, tag)
    loans = loans_meant(writer, tag, from_)
    outstanding = sum(each.quantity - each.returned for each in loans)
    back = outstanding if quantity is None else check_quantity(quantity)
    if back > outstanding:
        raise Refused(
            "more_than_out",
            f"{row.type_name} {grouped(tag)}: {back} cannot come back, "
            f"{loans[0].to} has {outstanding}.",
            f"Take back {outstanding} or fewer.",
            tag=tag,
            outstanding=outstanding,
        )
    if count is not None:
        _must_have_parts(row, count)
    parts = parts_of(writer.connection, writer.college, tag)
    outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), count)
    left = back
    on: list[tuple[str, int]] = []
    for each in loans:
        now = min(left, each.quantity - each.returned)
        if now == 0:
            break
        left -= now
        on.append((each.loan, now))
        writer.append(
            CheckedIn(tag=tag, loan=each.loan, quantity=now, counted=outcome, shortages=short)
        )
    (first, *_) = loans
    if note:
        remark(writer, tag, "note", note, loan=first.loan, contact_id=first.contact)
    return Returned(
        first.loan,
        tag,
        row.type_name,
        first.to,
        back,
        outstanding - back,
        outcome,
        as_lines(short),
        _newly(parts, short),
        _found(parts, short),
        tuple(on),
    )


def _must_have_parts(row: AnyRow, count: Count) -> None:
    """Refuse to count the contents of a stock: which of them would lack a wheel?"""
    if row.quantity > 1 and count.exceptions and not count.whole:
        raise BadInput(
            "no_contents_list",
            f"{row.type_name} {grouped(row.tag)} is a stock of {row.quantity}: how many there are "
            "is counted, and not what each of them holds.",
            f"Say how many came back: kitloan checkin {row.tag} --quantity N. Kits whose contents "
            "are to be counted are taken in one by one, each with a tag of its own.",
            tag=row.tag,
        )


def counted_as(
    parts: list[Part], known: Sequence[ShortageLine], count: Count | None
) -> tuple[Counted, tuple[Short, ...]]:
    """What a count comes to. What was short and is listed no more stays short till made good.

    Args:
        parts: the contents list, with what of it was short before.
        known: everything that was short before.
        count: what a person said; None when nobody has counted.
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


def _newly(parts: list[Part], short: Sequence[Short]) -> tuple[ShortageLine, ...]:
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


def _found(parts: list[Part], short: Sequence[Short]) -> tuple[str, ...]:
    now = {s.component for s in short}
    return tuple(p.name for p in parts if (p.missing or p.broken) and p.name not in now)


def count(writer: Writer, text: str, said: Count) -> tuple[str, tuple[ShortageLine, ...]]:
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
    _must_have_parts(row, said)
    parts = parts_of(writer.connection, writer.college, tag)
    outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), said)
    writer.append(ContentsCounted(tag=tag, counted=outcome, shortages=short))
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
            f"{grouped(tag)}; {quantity} cannot be made good.",
            f'Say: kitloan restock {tag} "{line.component}={line.missing + line.broken}"',
            tag=tag,
            component=line.component,
            short=line.missing + line.broken,
        )
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
