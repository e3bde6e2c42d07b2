"""`kitloan paper`: loan sheets, receipts, overdue letters and the day's list, as PDF."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kitloan.cli.calendar import day_or_today
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import print_json, print_text
from kitloan.errors import BadInput, Refused
from kitloan.text.dates import uk
from kitloan.text.tags import grouped
from kitloan.values import ContactOfLoan, LoanLine, plural

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.contents import Part
    from kitloan.planning.booked import Booking
    from kitloan.planning.notices import Message
    from kitloan.planning.packing import PackingList
    from kitloan_labels.papers import Drawn, Item, LentItem, Letter, Receipt, Section

_MOST = 10_000


def may_be_written(
    _context: click.Context, _option: click.Parameter, out: Path | None
) -> Path | None:
    """Refuse a file that cannot be written before there is anything to write."""
    from kitloan.storage.files import must_be_writable

    if out is not None:
        must_be_writable(out)
    return out


OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    callback=may_be_written,
    required=True,
    metavar="FILE.pdf",
    help="The file to write; an older one is replaced.",
)


@click.group("paper", epilog="Example: kitloan paper loan AC0001 --out loan.pdf")
def paper() -> None:
    """Papers to print: loan sheets, receipts, overdue letters, the day's list."""


@command("loan", "kitloan paper loan AC0001 AC0002 --out loan.pdf", group=paper)
@click.argument("tags", nargs=-1)
@click.option("--to", metavar="ORGANISATION", help="Everything that this borrower has.")
@OUT
@pass_app
def loan(app: App, tags: tuple[str, ...], to: str | None, out: Path) -> None:
    """The loan sheet of what is on loan: contents to count out and in, and who signs.

    A kit with a contents list has a sheet of its own; other things with one borrower are on one.
    """
    from kitloan_labels.papers import LoanSheet, write_loan_sheets

    with app.open() as opened:
        lines = _open_loans(opened, tags, to)
        sheets = [
            LoanSheet(
                college=opened.college_name,
                to=some[0].to,
                contact=str(some[0].contact or ""),
                out_on=uk(some[0].on) if some[0].on else "a day not on record",
                due_on=uk(some[0].due_on) if some[0].due_on else "no date",
                lent=tuple(_lent(opened, each) for each in some),
            )
            for some in _together(lines)
        ]
    _answer(app, out, write_loan_sheets(sheets, out), plural(len(lines), "loan"))


def _open_loans(opened: "College", tags: tuple[str, ...], to: str | None) -> list[LoanLine]:
    if bool(tags) == bool(to):
        raise BadInput(
            "usage",
            "Name what is on loan, or who has it.",
            "kitloan paper loan TAG..., or --to ORG",
        )
    if to:
        found = list(opened.find.loans(to=to, limit=_MOST).items)
        if not found:
            raise Refused("not_out", f"{to} has nothing on loan.", "See who has: kitloan loans")
        return found
    found = []
    for tag in dict.fromkeys(tags):
        of = opened.find.loans(of=tag, limit=_MOST).items
        if not of:
            held = opened.find.holding(tag)
            raise Refused(
                "not_out",
                f"{held.type} {grouped(held.tag)} is not on loan.",
                f"For what came back: kitloan paper receipt {held.tag} --out FILE.pdf",
                tag=held.tag,
            )
        found += of
    return list({each.id: each for each in found}.values())


def _together(lines: list[LoanLine]) -> list[list[LoanLine]]:
    """Loans that are on the same terms, and so on one paper."""
    groups: dict[tuple[object, ...], list[LoanLine]] = {}
    for each in lines:
        groups.setdefault((each.to, each.contact, each.on, each.due_on), []).append(each)
    return list(groups.values())


def _lent(opened: "College", line: LoanLine) -> "LentItem":
    from kitloan_labels.papers import LentItem

    held = opened.find.holding(line.tag)
    items = _items(opened.loans.contents(line.tag))
    return LentItem(line.tag, line.type, line.quantity, held.asset_number or "", items)


def _items(parts: "Sequence[Part]") -> "tuple[Item, ...]":
    from kitloan_labels.papers import Item

    items = []
    for part in parts:
        faults = ((part.missing, "missing"), (part.broken, "broken"))
        short = ", ".join(f"{n} {word}" for n, word in faults if n)
        items.append(
            Item(
                part.name,
                part.quantity,
                part.bag or "",
                part.critical,
                f"on record as short: {short}" if short else "",
            )
        )
    return tuple(items)


@command("receipt", "kitloan paper receipt AC0001 --out receipt.pdf", group=paper)
@click.argument("tags", nargs=-1, required=True)
@OUT
@pass_app
def receipt(app: App, tags: tuple[str, ...], out: Path) -> None:
    """A receipt for what came back last: counted whole, or what is short."""
    from kitloan_labels.papers import write_receipts

    with app.open() as opened:
        receipts = [_receipt(opened, tag) for tag in dict.fromkeys(tags)]
    _answer(app, out, write_receipts(receipts, out), plural(len(receipts), "receipt"))


_FOUND = {
    "whole": "Counted whole: everything on the list is there.",
    "short": "Counted. These are short:",
    "uncounted": "Not counted yet.",
    "no_contents": "Taken back; there is no contents list to count.",
}


def _receipt(opened: "College", tag: str) -> "Receipt":
    from kitloan_labels.papers import Receipt

    back = opened.find.latest_return(tag)
    if back is None:
        held = opened.find.holding(tag)
        raise Refused(
            "never_returned",
            f"{held.type} {grouped(held.tag)} has not come back on any loan.",
            f"See its history: kitloan show {held.tag}",
            tag=held.tag,
        )
    still = {(s.component, s.missing, s.broken) for s in opened.find.holding(tag).shortages}
    short = [
        f"{line}"
        + ("" if (line.component, line.missing, line.broken) in still else ", changed since")
        for line in back.shortages
    ]
    return Receipt(
        college=opened.college_name,
        to=back.to,
        kind=back.type,
        tag=back.tag,
        asset_number=back.asset_number or "",
        quantity=back.quantity,
        out_on=uk(back.out_on) if back.out_on else "a day not on record",
        back_on=uk(back.back_on),
        by=back.by,
        found=_FOUND[back.counted],
        short=tuple(short),
        still_out=back.still_out,
    )


@command("letter", "kitloan paper letter --to 'Lochside Academy' --out letters.pdf", group=paper)
@click.option("--to", metavar="ORGANISATION", help="Only to this borrower.")
@click.option("--on", metavar="DATE", help="The day of the letter; today when not given.")
@OUT
@pass_app
def letter(app: App, to: str | None, on: str | None, out: Path) -> None:
    """Letters about what is overdue, for DL window envelopes: one for each borrower and day.

    The words are those of the notices: kitloan notices template.
    """
    from kitloan_labels.papers import write_letters

    with app.open() as opened:
        day = day_or_today(on, opened.session.today)
        known = opened.find.organisation(to) if to else None
        late = [] if to and known is None else opened.notices.letters(known, day)
        college = opened.college_name
    if not late:
        whose = f"{known or to} has nothing" if to else "Nothing is"
        raise Refused(
            "nothing_overdue", f"{whose} overdue on {uk(day)}.", "See what is out: kitloan loans"
        )
    drawn = write_letters([letter_of(each, day, college) for each in late], out)
    _answer(app, out, drawn, plural(len(late), "letter"))


def letter_of(message: "Message", day: date, college: str) -> "Letter":
    """A message as a letter."""
    from kitloan_labels.papers import Letter

    who = message.recipient
    return Letter(
        college=college,
        address=tuple(filter(None, (who.contact, who.to))),
        date=uk(day),
        subject=message.title,
        paragraphs=tuple(filter(None, (_flowing(p) for p in message.text.split("\n\n")))),
    )


def _flowing(paragraph: str) -> str:
    """A paragraph whose lines flow, but for those of a list."""
    lines = paragraph.strip().split("\n")
    if any(line.startswith("•") for line in lines):
        return "\n".join(lines)
    return " ".join(lines)


@command("list", "kitloan paper list --out today.pdf", group=paper)
@click.option("--on", metavar="DATE", help="The day; today when not given.")
@OUT
@pass_app
def list_(app: App, on: str | None, out: Path) -> None:
    """The day's list: to hand out, to prepare, due back and overdue, with boxes to tick."""
    from kitloan_labels.papers import write_list

    with app.open() as opened:
        day = day_or_today(on, opened.session.today)
        sections = _sections(opened, day)
        college = opened.college_name
    title = f"{day:%A} {uk(day)}"
    rows = sum(len(each.rows) for each in sections)
    _answer(app, out, write_list(college, title, sections, out), plural(rows, "line"))


_LOAN_COLUMNS = ("What", "Number", "Tag", "With", "Contact", "Due")
_LOAN_SHARES = (0.19, 0.1, 0.2, 0.2, 0.18, 0.13)


def _sections(opened: "College", day: date) -> "list[Section]":
    from kitloan_labels.papers import Section

    every = [each for each in opened.find.loans(limit=_MOST).items if each.due_on is not None]
    due = [each for each in every if each.due_on == day]
    late = [each for each in every if each.due_on is not None and each.due_on < day]

    def rows(lines: list[LoanLine]) -> tuple[tuple[str, ...], ...]:
        return tuple(_loan_row(opened, each) for each in lines)

    waiting = opened.bookings.on_day(day)
    handing = [each for each in waiting if each.is_kept_on(day)]
    preparing = [each for each in waiting if each.is_prepared_on(day)]

    def booked(bookings: "list[Booking]") -> tuple[tuple[str, ...], ...]:
        return tuple(row for each in bookings for row in _booking_rows(each))

    return [
        Section("To hand out", "Nothing is booked.", *_BOOKED, booked(handing)),
        Section("To prepare", "Nothing is to be prepared.", *_BOOKED, booked(preparing)),
        Section("Due back", "Nothing is due back.", _LOAN_COLUMNS, _LOAN_SHARES, rows(due)),
        Section("Overdue", "Nothing is overdue.", _LOAN_COLUMNS, _LOAN_SHARES, rows(late)),
    ]


_BOOKED = (
    ("What", "For", "Contact", "Collect", "Back", "Booking"),
    (0.25, 0.21, 0.18, 0.13, 0.13, 0.1),
)


def _booking_rows(booking: "Booking") -> "Iterator[tuple[str, ...]]":
    for line in booking.lines:
        left = line.quantity - line.collected
        if left:
            tags = "\n".join(grouped(tag) for tag in line.tags)
            yield (
                f"{left:,} x {line.type}" + (f"\n{tags}" if tags else ""),
                booking.to,
                _person(booking.contact),
                *map(uk, booking.days),
                booking.id,
            )


def _person(who: "ContactOfLoan | None") -> str:
    return "\n".join(filter(None, (who.name, who.phone, who.email))) if who else ""


def _loan_row(opened: "College", each: LoanLine) -> tuple[str, ...]:
    many = f"{each.quantity:,} x " if each.quantity > 1 else ""
    number = opened.find.holding(each.tag).asset_number or ""
    due = uk(each.due_on) if each.due_on else ""
    return (f"{many}{each.type}", number, grouped(each.tag), each.to, _person(each.contact), due)


_MOST_ROWS = 30
"""How many kits of a line that nobody chose have a row each; more have one together."""


def packing_paper(opened: "College", found: "PackingList", out: Path) -> "Drawn":
    """Draw an event's packing list: a row a kit to tick out and in, then what is in the kits."""
    from kitloan_labels.papers import PackedRow, PackingSheet, write_packing_list

    event = found.event
    days = " to ".join(dict.fromkeys((uk(event.starts_on), uk(event.ends_on))))
    rows: list[PackedRow] = []
    listed: dict[str, LentItem] = {}
    contacts = {each.id: each.contact for each in found.bookings}
    days_booked = {each.id: each.days for each in found.bookings}
    for line in found.lines:
        whom = "\n".join(filter(None, (line.to, _person(contacts[line.booking]))))
        days_of = " to ".join(map(uk, days_booked[line.booking]))
        for kit in line.kits:
            held = opened.find.holding(kit.tag)
            notes = [str(each) for each in held.shortages]
            if kit.ticked == "chosen" and held.status != "in":
                notes.insert(0, held.status.replace("_", " "))
            rows.append(
                PackedRow(
                    line.type,
                    kit.quantity,
                    kit.tag,
                    kit.asset_number or "",
                    whom,
                    days_of,
                    "; ".join(notes),
                    out=kit.ticked != "chosen",
                    back=kit.ticked == "back",
                )
            )
            lent = _lent_kit(opened, kit.tag, kit.quantity)
            if lent.items:
                listed[kit.tag] = lent
        chosen = sum(1 for kit in line.kits if kit.ticked == "chosen")
        left = line.quantity - line.out - chosen
        each_row = 1 if left <= _MOST_ROWS else left
        for at in range(0, max(0, left), each_row):
            note = "lacking" if left - at <= line.lacking and each_row == 1 else ""
            rows.append(PackedRow(line.type, each_row, "", "", whom, days_of, note))
        if left > 0 and not any(each.kind == line.type for each in listed.values()):
            some = opened.find.search("", type=line.type, limit=1).items
            if some and (lent := _lent_kit(opened, some[0].tag, 1, any_kit=True)).items:
                listed[f"any {line.type}"] = lent
    sheet = PackingSheet(
        college=opened.college_name,
        event=event.name,
        facts=(
            ("Event", event.id),
            ("Days", days),
            ("Place", event.place or ""),
            ("For", event.to or ""),
            ("Who carries", "_" * 30),
        ),
        rows=tuple(rows),
        listed=tuple(listed.values()),
    )
    return write_packing_list(sheet, out)


def _lent_kit(opened: "College", tag: str, quantity: int, *, any_kit: bool = False) -> "LentItem":
    """A kit with its contents; of any kit of its type, what the list has."""
    from kitloan_labels.papers import Item, LentItem

    held = opened.find.holding(tag)
    parts = opened.loans.contents(tag)
    if any_kit:
        items = tuple(
            Item(each.name, each.quantity, each.bag or "", each.critical) for each in parts
        )
        return LentItem("", held.type, quantity, "", items)
    return LentItem(held.tag, held.type, quantity, held.asset_number or "", _items(parts))


def _answer(app: App, out: Path, drawn: "Drawn", what: str) -> None:
    if app.json:
        document: dict[str, Any] = {"file": str(out), "pages": drawn.pages}
        print_json(document | {"missing": drawn.missing})
        return
    print_text(f"{what} on {plural(drawn.pages, 'page')} in {out}.")
    if drawn.missing:
        print_text(f"  Shown as ?: {drawn.missing}")
