"""Returns: what came back, counted or not, what was used up, and what was lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kitloan.borrowers.organisations import remark
from kitloan.contents import Count
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.facts.loans import CheckedIn, StockGone
from kitloan.ledger.session import check_quantity
from kitloan.ledger.writer import Writer
from kitloan.loans.counts import (
    as_lines,
    counted_as,
    found_again,
    must_have_parts,
    newly_short,
    parts_of,
    short_now,
)
from kitloan.loans.custody import held, loans_meant, open_loans
from kitloan.queries.happened import earlier_day, must_have_gone, sealed
from kitloan.queries.resolve import meant
from kitloan.text.tags import grouped
from kitloan.values import ShortageLine


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
        loans: every loan that this changed, and how many came back on each; `id` is the first.
        used: how many of a stock the borrower used up.
        lost: how many of a stock the borrower lost.
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
    used: int = 0
    lost: int = 0


def check_in(
    writer: Writer,
    texts: Sequence[str],
    count: Count | None,
    *,
    quantity: int | None,
    note: str | None,
    from_: str | None,
    on: date | None = None,
    used: int = 0,
    lost: int = 0,
) -> list[Returned]:
    """Take back each of `texts`, or none of them; see `Desk.check_in`."""
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    if len(tags) > 1 and ((count is not None and count.exceptions) or quantity is not None):
        raise BadInput(
            "one_at_a_time",
            "What is missing or broken, or how many came back, is given for one holding at a time.",
            "Take the others back first.",
        )
    day = earlier_day(writer, on)
    if used or lost:
        if len(tags) > 1:
            raise BadInput(
                "one_at_a_time",
                "What was used up or lost can be recorded of one holding at a time.",
                "Take the others back first.",
            )
        gone = _record_gone(writer, tags[0], quantity or 0, used, lost, from_, day, note)
        if not quantity:
            _must_not_be_counted(writer, tags[0], count)
            return [gone]
        (back,) = [_take_back(writer, tag, count, quantity, note, from_, day) for tag in tags]
        nothing = [each for each in gone.loans if each[0] not in dict(back.loans)]
        return [replace(back, used=used, lost=lost, loans=(*back.loans, *nothing))]
    return [_take_back(writer, tag, count, quantity, note, from_, day) for tag in tags]


def _must_not_be_counted(writer: Writer, tag: str, count: Count | None) -> None:
    """Refuse a count of what did not come back."""
    if count is None:
        return
    row = held(writer, tag)
    must_have_parts(row, count)
    raise BadInput(
        "counted_and_not",
        f"{row.type_name} {grouped(tag)}: none of it came back, so nothing was counted.",
        f"Give how many came back: kitloan checkin {tag} --quantity N; or leave out the count.",
        tag=tag,
    )


def unpack(writer: Writer, event: str, texts: Sequence[str], count: Count | None) -> list[Returned]:
    """Take back what went out for an event; see `Loans.unpack`."""
    from kitloan.planning.events import event_id  # most returns are from no event

    key = event_id(writer.connection, writer.college, event)
    tags = list(dict.fromkeys(meant(writer, text) for text in texts))
    if not tags:
        raise BadInput("nothing_named", "No holding was named.", "Scan or type a tag.")
    if len(tags) > 1 and count is not None and count.exceptions:
        raise BadInput(
            "one_at_a_time",
            "What is missing or broken is given for one holding at a time.",
            "Take the others back first.",
        )
    back: list[Returned] = []
    for tag in tags:
        who = _borrower_at(writer, key, tag)
        back += check_in(writer, [tag], count, quantity=None, note=None, from_=who)
    return back


def _borrower_at(writer: Writer, event: str, tag: str) -> str:
    """Who has a holding that is out for an event."""
    from kitloan.planning.packing import is_for_event

    for each in open_loans(writer, tag):
        if is_for_event(writer.connection, writer.college, each.loan, event):
            return str(each.to)
    row = held(writer, tag)
    raise Refused(
        "not_in_event",
        f"{row.type_name} {grouped(tag)} is not out for the event {event}.",
        f"Where it is: kitloan show {tag}; what is out for it: kitloan event show {event}",
        event=event,
        tag=tag,
    )


def _take_back(
    writer: Writer,
    tag: str,
    count: Count | None,
    quantity: int | None,
    note: str | None,
    from_: str | None,
    on: date | None,
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
        must_have_parts(row, count)
    parts = parts_of(writer.connection, writer.college, tag)
    outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), count)
    left = back
    taken: list[tuple[str, int]] = []
    for each in loans:
        now = min(left, each.quantity - each.returned)
        if now == 0:
            break
        if on is not None:
            must_have_gone(writer, row, on, each.loan)
        left -= now
        taken.append((each.loan, now))
        writer.append(
            CheckedIn(
                tag=tag,
                loan=each.loan,
                quantity=now,
                counted=outcome,
                shortages=short,
                on=sealed(on),
            )
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
        newly_short(parts, short),
        found_again(parts, short),
        tuple(taken),
    )


def _record_gone(
    writer: Writer,
    tag: str,
    back: int,
    used: int,
    lost: int,
    from_: str | None,
    on: date | None,
    note: str | None,
) -> Returned:
    """Of a stock on loan, some were used up or lost, and are held no more.

    The note is kept here when nothing is back; otherwise with what is.
    """
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    for number in (used, lost):
        if number:
            check_quantity(number)
    loans = loans_meant(writer, tag, from_)
    if row.quantity == 1:
        raise BadInput(
            "bad_quantity",
            f"{shown} is one thing, and not a stock of which some can be used up or lost.",
            f"If it is lost: kitloan missing {tag}; if parts of it are: kitloan checkin {tag} "
            "--missing 'PART=N'",
            tag=tag,
        )
    outstanding = sum(each.quantity - each.returned for each in loans)
    if back + used + lost > outstanding:
        raise Refused(
            "more_than_out",
            f"{shown}: {back} back, {used} used up and {lost} lost are {back + used + lost}; "
            f"{loans[0].to} has {outstanding}.",
            f"Give {outstanding} or fewer together.",
            tag=tag,
            outstanding=outstanding,
        )
    if used + lost >= row.quantity:
        raise Refused(
            "nothing_left",
            f"{shown}: with {used + lost} gone nothing would be left of {row.quantity}.",
            f"Take back what there is, then write the holding off: kitloan withdraw {tag}",
            tag=tag,
            quantity=row.quantity,
        )
    left_used, left_lost, left_held = used, lost, row.quantity
    changed: list[tuple[str, int]] = []
    for each in loans:
        of_used = min(left_used, each.quantity - each.returned)
        of_lost = min(left_lost, each.quantity - each.returned - of_used)
        if of_used + of_lost == 0:
            break
        if on is not None:
            must_have_gone(writer, row, on, each.loan)
        left_used, left_lost = left_used - of_used, left_lost - of_lost
        left_held -= of_used + of_lost
        changed.append((each.loan, 0))
        writer.append(
            StockGone(
                tag=tag,
                loan=each.loan,
                quantity=of_used + of_lost,
                used=of_used,
                lost=of_lost,
                held=left_held,
                on=sealed(on),
            )
        )
    (first, *_) = loans
    if note and not back:
        remark(writer, tag, "note", note, loan=first.loan, contact_id=first.contact)
    return Returned(
        first.loan,
        tag,
        row.type_name,
        first.to,
        0,
        outstanding - used - lost,
        "no_contents",
        (),
        loans=tuple(changed),
        used=used,
        lost=lost,
    )
