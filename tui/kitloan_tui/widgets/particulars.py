"""One holding as a page of text for a given width (pure): what the screen of a holding shows."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING

from textual.content import Content

from kitloan.text.dates import day_of, uk, uk_instant
from kitloan.text.names import plain
from kitloan.values import SYMBOLS, plural
from kitloan_tui.widgets.pages import MUTED, TITLE, cell

if TYPE_CHECKING:
    from kitloan.contents import Part
    from kitloan_tui.screens.holding import Story

_NAME = 14
_WHEN = 18


def particulars(story: "Story", today: date, width: int) -> Content:
    """The whole page."""
    lines = [
        *_standing(story, today),
        *_gift(story),
        *_contents(story.parts, width),
        *_remarks(story),
        *_history(story, width),
    ]
    return Content("\n").join(lines)


def _standing(story: "Story", today: date) -> Iterator[Content]:
    held = story.held
    status = f"{SYMBOLS[held.status]} {held.status.replace('_', ' ').upper()}"
    if held.quantity > 1:
        status += f"   {held.quantity - held.out_quantity:,} here of {held.quantity:,}"
    yield _line("Status", status, "bold")
    for name, number in story.having:
        many = f"{number:,} with " if held.quantity > 1 else ""
        yield _line("On loan", f"{many}{name}{_since(story, name, today)}")
    for name, value in (
        ("Number", held.asset_number),
        ("Serial", held.serial),
        ("Place", held.location),
        ("Received", _day(held.received_on)),
    ):
        if value:
            yield _line(name, value)
    if story.proposed:
        by, on = story.proposed.by, uk_instant(story.proposed.at)
        yield _line("To be", f"withdrawn: {story.proposed.reason}; {by} said so, {on}")
    seen = held.last_sighted
    yield _line("Last seen", f"{uk_instant(seen.at)} by {seen.by}" if seen else "never")


def _since(story: "Story", name: str, today: date) -> str:
    """Since when, and how late; known of the loan that is due first."""
    loan = story.held.loan
    if loan is None or loan.to != name:
        return ""
    since = f", since {uk(day_of(loan.out_at))}"
    if loan.due_on is None:
        return since
    late = (today - loan.due_on).days
    due = f", due {uk(loan.due_on)}"
    return since + due + (f", {SYMBOLS['overdue']} {plural(late, 'day')} overdue" * (late > 0))


def _gift(story: "Story") -> Iterator[Content]:
    gift = story.held.gift
    yield _title("Gift")
    worth = f"£{gift.value_pence / 100:,.2f}" if gift.value_pence is not None else ""
    basis = ", ".join(part for part in (gift.value_basis, _day(gift.valued_on)) if part)
    for name, value in (
        ("Donor", gift.donor),
        ("Paid by", gift.funding_source),
        ("Title", gift.title.replace("_", " ")),
        ("Document", gift.document),
        ("Value", f"{worth} ({basis})" if worth and basis else worth),
    ):
        if value:
            yield _line(name, value)


def _contents(parts: list["Part"], width: int) -> Iterator[Content]:
    if not parts:
        return
    short = sum(part.missing + part.broken for part in parts)
    yield _title(f"Contents   {plural(short, 'piece')} short" if short else "Contents   whole")
    for bag, inside in groupby(parts, lambda part: part.bag or ""):
        for row, part in enumerate(inside):
            said = [
                f"{n} {w}" for n, w in ((part.missing, "missing"), (part.broken, "broken")) if n
            ]
            short_now = f"  {SYMBOLS['incomplete']} {', '.join(said)}" if said else ""
            name = f"{part.name}{' *' if part.critical else ''}{short_now}"
            yield Content.assemble(
                cell("" if row else bag, _NAME, MUTED),
                (f"{part.quantity:>6,}  ", "bold"),
                cell(name, max(10, width - _NAME - 8), "$warning" if said else ""),
            )


def _remarks(story: "Story") -> Iterator[Content]:
    if story.remarks:
        yield _title("Notes   they stay in this college")
    for each in story.remarks:
        yield _line(each["heading"], each["words"])


def _history(story: "Story", width: int) -> Iterator[Content]:
    items, total = story.history.items, plural(story.history.total, "entry", "entries")
    shown = (
        f"{total}, the latest first"
        if len(items) == story.history.total
        else (
            f"the latest {len(items)} of {total}; all of them: kitloan ledger log {story.held.tag}"
        )
    )
    yield _title(f"History   {shown}")
    for each in reversed(items):
        what = each.kind.partition(".")[2].replace("_", " ")
        text = f"{what}: {each.summary}" if each.summary else what
        lines = wrap(plain(f"{text}   {each.by}"), max(10, width - _WHEN)) or [""]
        for row, line in enumerate(lines):
            yield Content.assemble(cell("" if row else uk_instant(each.at), _WHEN, MUTED), line)


def _title(text: str) -> Content:
    return Content.assemble("\n", (plain(text), TITLE))


def _line(name: str, value: str, style: str = "") -> Content:
    return Content.assemble(cell(name, _NAME, MUTED), (plain(value), style))


def _day(text: str | None) -> str:
    return uk(date.fromisoformat(text)) if text else ""
