"""Events: what is planned, and one event's kits, which a scan ticks out and in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid
from textual.widgets import Button

from kitloan.college import College
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.planning.events import Event
from kitloan.planning.packing import PackingLine, PackingList
from kitloan.text import scans
from kitloan.text.dates import parse_day, uk
from kitloan.text.tags import grouped
from kitloan.values import Page, plural
from kitloan_tui import lookups
from kitloan_tui.booking_line import EXAMPLE as LINE
from kitloan_tui.booking_line import day_at_end, read_booking
from kitloan_tui.counter import refusals
from kitloan_tui.counter.sentences import UNDOES
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.lookups import day_words
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.booking import BookingPage
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.files import PackingPaper
from kitloan_tui.screens.holding import HoldingPage
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.screens.week import book
from kitloan_tui.widgets.table import Column

EXAMPLE = "Science fair 12 mar @ Town House"
_TICKS = {"chosen": ". chosen", "out": "> out", "back": "= back"}


class EventList(ListScreen[Event]):
    """The events; Enter opens one, a line plans another."""

    ACTION = "events"
    NAME = "Events"
    NARROWS = False
    PROMPT = f"plan one: {EXAMPLE}"
    HINT = "Enter on the empty line opens the row. Same key again: all."
    HELP: ClassVar[str] = (
        "What is planned. A line plans an event: its name, its day or its first and last day, and "
        f"after an @ its place, as in {EXAMPLE}. No person's name: the ledger keeps it. Bookings "
        "are made on its page."
    )
    VIEWS = (("to come", "planned"), ("all", "all"))
    COLUMNS = (
        Column("When", 13),
        Column("What", share=3),
        Column("Place", share=2),
        Column("For", share=2),
        Column("Booked", 12),
        Column("Id", 14, wide_only=True),
    )

    def find(self, text: str, view: str, after: str | None) -> Page[Event]:
        """A page of events."""
        return self.college.events.list(past_too=view == "all", after=after)

    def cells(self, item: Event) -> Sequence[str]:
        """One event as a row."""
        mark = "x " if item.state == "cancelled" else ""
        return (
            f"{mark}{uk(item.starts_on)}",
            item.name,
            item.place or "",
            item.to or "",
            plural(item.bookings, "booking"),
            item.id,
        )

    def take(self, item: Event) -> None:
        """Open the event."""
        self.desk.open_screen(EventPage(self.desk, item.id))

    def entered(self, text: str) -> bool:
        """A line plans an event."""
        if not text:
            return False
        self._plan(text)
        return True

    def _plan(self, text: str) -> None:
        def act() -> Verdict:
            name, first, last, place = read_event(text, self.college.session.today)
            made = self.college.events.add(name, first, last, place=place)
            where = f", {made.place}" if made.place else ""
            days = day_words(made.starts_on, made.ends_on)
            return Verdict("PLANNED", f"{made.name} ({made.id}), {days}{where}", UNDOES)

        self.do(act)

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        return f"No event is planned.\n\nType one: {EXAMPLE}"


def read_event(text: str, today: date) -> tuple[str, date, date, str | None]:
    """What a line plans: name, first day, last day, place.

    Raises:
        BadInput: `half_said`, where there is no name or no day.
    """
    rest, _, place = text.partition("@")
    words, last = day_at_end(rest.split(), today)
    words, first = day_at_end(words, today)
    if not words or not last:
        raise BadInput(
            "half_said", f"{text[:80]!r} is not a whole event.", f"Type its name and day: {EXAMPLE}"
        )
    begins = parse_day(first or last, today, ahead=True)
    ends = parse_day(last, begins, ahead=True) if first else begins
    return " ".join(words), begins, ends, place.strip() or None


@dataclass(frozen=True, slots=True)
class PackRow:
    """A kit of an event, or so many of a type that are still to be packed or are lacking."""

    id: str
    tag: str
    ticked: str
    type: str
    number: str
    to: str


class EventPage(ListScreen[PackRow]):
    """The page of one event: a scan ticks a kit out, or in."""

    NAME = "Event"
    NARROWS = False
    PROMPT = f"scan a kit; or book: {LINE}"
    HINT = "A scan ticks a kit out or in. Enter opens the row."
    HELP: ClassVar[str] = (
        "One event with the kits of all its bookings. A scan of a kit that a booking waits for "
        "hands it out on that booking; a scan of one that is out for the event takes it back. "
        "Anything else that is scanned is for the counter. A booking for the event is one line, as "
        f"in the week: {LINE}."
    )
    VIEWS = (("everything", "all"), ("to pack", "left"), ("out", "out"), ("back", "back"))
    COLUMNS = (
        Column("", 10),
        Column("What", share=3),
        Column("Number", 10),
        Column("Tag", 16),
        Column("For", share=3),
    )

    def __init__(self, desk: DeskHost, event: str) -> None:
        super().__init__(desk)
        self._which = event
        self._found: PackingList | None = None

    @property
    def heading(self) -> str:
        """Which event, and how far it is packed."""
        if self._found is None:
            return self.NAME
        event, lines = self._found.event, self._found.lines
        out, back = sum(each.out for each in lines), sum(each.back for each in lines)
        state = ", cancelled" if event.state == "cancelled" else ""
        wanted = sum(each.quantity for each in lines)
        return (
            f"{event.name}{state}, {uk(event.starts_on)}: {out:,} of {wanted:,} out, {back:,} back"
        )

    def middle(self) -> ComposeResult:
        """The list, and what can be done with the event."""
        yield from super().middle()
        with ItemGrid(id="buttons", min_column_width=24):
            yield Button("Packing list", id="paper", compact=True)
            yield Button("Want what is lacking", id="lacking", compact=True)
            yield Button("Cancel it", id="cancel", compact=True)

    def find(self, text: str, view: str, after: str | None) -> Page[PackRow]:
        """The kits of the event, in the order of its bookings."""
        self._found = found = self.college.packing.get(self._which)
        views = {"left": ("chosen", "to pack", "lacking"), "out": ("out",), "back": ("back",)}
        rows = tuple(
            row
            for line in found.lines
            for row in _rows(line)
            if view == "all" or row.ticked in views[view]
        )
        return Page(rows, len(rows), None)

    def cells(self, item: PackRow) -> Sequence[str]:
        """One row."""
        marks = {**_TICKS, "to pack": "  to pack", "lacking": "! lacking"}
        tag = grouped(item.tag) if item.tag else ""
        return (marks[item.ticked], item.type, item.number, tag, item.to)

    def take(self, item: PackRow) -> None:
        """Open the kit, or the booking that waits for one."""
        if item.tag:
            self.desk.open_screen(HoldingPage(self.desk, item.tag))
        else:
            self.desk.open_screen(BookingPage(self.desk, item.id))

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if view == "all":
            return f"Nothing is booked for it.\n\nBook in one line: {LINE}"
        return "Nothing of it is so."

    # -- ticking ----------------------------------------------------------------------------------

    def take_scan(self, text: str) -> bool:
        """A kit of the event is ticked; anything else goes to the counter."""
        if isinstance(scans.read(text), scans.Command):
            return False
        try:
            verdict = tick(self.college, self._which, text)
        except (BadInput, Refused) as problem:
            if not isinstance(problem, Refused) or problem.code == "not_in_event":
                return False
            verdict = refusals.shown(problem)
        except KitloanError as problem:
            verdict = refusals.shown(problem)
        self.do(lambda: verdict)
        return True

    def entered(self, text: str) -> bool:
        """A booking for the event in one line; else what is typed is as good as a scan."""
        if not text:
            return False
        session = self.college.session
        try:
            schools = lookups.organisations(session)
            asked = read_booking(text, session.today, schools, self.kinds())
        except BadInput as problem:
            if problem.code == "half_said":
                self.do(lambda: tick(self.college, self._which, text))
            else:
                self.report(refusals.shown(problem))
            return True
        except KitloanError as problem:
            self.report(refusals.shown(problem))
            return True
        self.do(lambda: book(self.college, asked, self._which))
        return True

    # -- the rest ---------------------------------------------------------------------------------

    @on(Button.Pressed, "#paper")
    def _print(self, event: Button.Pressed) -> None:
        event.stop()
        self.desk.open_screen(PackingPaper(self.desk, self._which))

    @on(Button.Pressed, "#lacking")
    def _want(self, event: Button.Pressed) -> None:
        event.stop()

        def act() -> Verdict:
            new = self.college.packing.want_lacking(self._which)
            if not new:
                return Verdict("DONE", "Nothing more of it is lacking than waits already")
            words = "; ".join(f"{each.quantity} {each.type} for {each.to}" for each in new)
            return Verdict("ON THE LIST", words, UNDOES)

        self.do(act)

    @on(Button.Pressed, "#cancel")
    def _ask_cancel(self, event: Button.Pressed) -> None:
        event.stop()
        if self._found is not None:
            question = f"Cancel {self._found.event.name} with its bookings?"
            self.desk.open_screen(Confirm(question, "Keep", "Cancel it", self._cancel))

    def _cancel(self) -> None:
        def act() -> Verdict:
            gone = self.college.events.cancel(self._which)
            return Verdict("CANCELLED", f"{gone.name} ({gone.id}) with its bookings", UNDOES)

        self.do(act)


def _rows(line: PackingLine) -> Iterator[PackRow]:
    for kit in line.kits:
        many = f"{kit.quantity:,} of " if kit.quantity > 1 else ""
        number = kit.asset_number or ""
        yield PackRow(line.booking, kit.tag, kit.ticked, many + line.type, number, line.to)
    chosen = sum(1 for kit in line.kits if kit.ticked == "chosen")
    left = line.quantity - line.out - chosen
    lacking = min(line.lacking, max(0, left)) or line.lacking
    for number_of, ticked in ((left - lacking, "to pack"), (lacking, "lacking")):
        if number_of > 0:
            yield PackRow(line.booking, "", ticked, f"{number_of:,} {line.type}", "", line.to)


def tick(college: College, event: str, text: str) -> Verdict:
    """Tick what was scanned out of an event's list, or in.

    Raises:
        Refused: `not_in_event`, for what the event neither waits for nor has out; what lending and
            taking back refuse.
        BadInput: what is no holding.
    """
    held = college.find.holding(text)
    if held.quantity == 1 and held.out_quantity:
        return _tick_in(college, event, held.tag)
    try:
        (lent,) = college.loans.pack(event, [held.tag])
    except Refused as refused:
        if refused.code != "not_in_event" or not held.out_quantity:
            raise
        return _tick_in(college, event, held.tag)
    many = f"{lent.quantity:,} of " if lent.quantity > 1 else ""
    what = f"{many}{lent.type} {grouped(lent.tag)} to {lent.to}, due {uk(lent.due_on)}"
    return Verdict("OUT", what, UNDOES)


def _tick_in(college: College, event: str, tag: str) -> Verdict:
    back = college.loans.unpack(event, [tag])[0]
    what = f"{back.type} {grouped(back.tag)} from {back.to}"
    if back.counted == "uncounted":
        return Verdict("IN, TO BE COUNTED", what, f"Scan it at the counter to count it. {UNDOES}")
    return Verdict("IN", what, UNDOES)
