"""One booking: what it is of, what has gone out, and when it cannot be kept: why, and what then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from kitloan.errors import BadInput
from kitloan.planning.booked import Booking
from kitloan.planning.risks import StandIn
from kitloan.text.dates import parse_day, uk
from kitloan.text.names import plain
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS, Holding
from kitloan_tui.bookings_at_risk import find_reach, offer_words, risk_words
from kitloan_tui.counter.sentences import UNDOES
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.lookups import day_words
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.widgets.panels import TITLE

STATES = {"made": "+ booked", "collected": "> collected", "cancelled": "x cancelled"}
"""What a booking's state is called; `lapsed` is left."""
_ASK_DAYS = "Which days? From and until, as 8 dec to 12 dec"


@dataclass(frozen=True, slots=True)
class BookingDetails:
    """All that is shown of one booking."""

    booking: Booking
    purpose: tuple[str, ...]
    chosen: dict[str, Holding]
    """The chosen kits, by tag."""
    stand_ins: tuple[StandIn, ...]
    reach: dict[str, str]
    """Whom to ring, by school."""
    today: date


class BookingPage(DeskScreen):
    """The page of one booking."""

    NAME = "One booking"
    HINT = "Tab: buttons. In the school's turn its scan collects a kit."
    HELP: ClassVar[str] = (
        "One booking: what it is of, the chosen kits, what has gone out. When it is at risk, which "
        "kit is late, whom to ring, and what could stand in. It is collected in the school's turn, "
        "by a scan of each kit."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#body"

    def __init__(self, desk: DeskHost, booking: str) -> None:
        super().__init__(desk)
        self._which = booking
        self._details: BookingDetails | None = None

    def middle(self) -> ComposeResult:
        """The page, and what can be done with the booking."""
        with VerticalScroll(id="body"):
            yield Static(id="page", markup=False)
        with ItemGrid(id="buttons", min_column_width=16):
            yield Button("School's turn", id="turn", compact=True)
            yield Button("Other days", id="days", compact=True)
            yield Button("Cancel it", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Look it up."""
        super().on_mount()
        self.query_one("#buttons").display = False
        self.refresh_data()

    def refresh_data(self) -> None:
        """Look all of it up again."""
        self.look_up(self._find, self._show)

    def _find(self) -> BookingDetails:
        college = self.college
        found = college.bookings.get(self._which)
        tags = [tag for line in found.lines for tag in line.tags]
        return BookingDetails(
            found,
            college.bookings.purpose(found.id),
            {tag: college.find.holding(tag) for tag in tags},
            college.risks.stand_ins(found.id) if found.at_risk else (),
            find_reach(college.people, [found]),
            college.session.today,
        )

    def _show(self, details: BookingDetails) -> None:
        self._details = details
        found = details.booking
        self.set_title(f"{found.id}  {found.to}", STATES.get(found.state, "- lapsed"))
        buttons = self.query_one("#buttons")
        buttons.display = found.state == "made"
        if not buttons.display and self.focused in (*buttons.query(Button),):
            self.query_one("#body").focus()
        page = Content("\n").join(list(_page(details)))
        self.query_one("#page", Static).update(page)

    # -- what can be done -------------------------------------------------------------------------

    @on(Button.Pressed, "#turn")
    def _turn(self, event: Button.Pressed) -> None:
        event.stop()
        if self._details is not None:
            self.desk.type_line(f"to {self._details.booking.to}")

    @on(Button.Pressed, "#days")
    def _ask_days(self, event: Button.Pressed) -> None:
        event.stop()
        self.ask(_ASK_DAYS, self._set_days)

    def _set_days(self, typed: str) -> None:
        if not self.do(self._changing(typed)).ok:
            self.ask(_ASK_DAYS, self._set_days, typed)

    def _changing(self, typed: str) -> Callable[[], Verdict]:
        def act() -> Verdict:
            today = self.college.session.today
            first, between, last = typed.partition(" to ")
            if not between:
                raise BadInput("bad_date", f"{typed[:60]!r} is not two days.", "Type both.")
            begins = parse_day(first, today, ahead=True)
            now = self.college.bookings.change(
                self._which, collect_on=begins, return_by=parse_day(last, begins, ahead=True)
            )
            return Verdict("BOOKED", f"{now.to} ({now.id}), {day_words(*now.days)}", UNDOES)

        return act

    @on(Button.Pressed, "#cancel")
    def _ask_cancel(self, event: Button.Pressed) -> None:
        event.stop()
        if self._details is not None:
            whose = f"Cancel booking {self._which} of {self._details.booking.to}?"
            self.desk.open_screen(Confirm(whose, "Keep", "Cancel it", self._cancel))

    def _cancel(self) -> None:
        def act() -> Verdict:
            gone = self.college.bookings.cancel(self._which)
            served = self.college.wants.servable([line.type for line in gone.lines])
            waiting = "; ".join(
                f"{each.to} waits for {each.quantity} {each.type}" for each in served
            )
            more = f". {waiting}" if waiting else ""
            return Verdict("CANCELLED", f"{gone.to} ({gone.id}){more}", UNDOES)

        self.do(act)


def _page(details: BookingDetails) -> Iterator[Content]:
    found = details.booking
    yield Content(day_words(*found.days))
    if found.state == "made":
        yield Content(f"Kept until {uk(found.lapses_after)}; free again on {uk(found.free_from)}.")
    if found.event:
        yield Content(f"For the event {plain(found.event)}")
    if found.contact:
        yield Content(f"Contact: {plain(str(found.contact))}")
    for words in details.purpose:
        yield Content(f"For: {plain(words)}")
    yield Content.styled("What", TITLE)
    for line in found.lines:
        out = f", {line.collected} collected" if line.collected else ""
        yield Content(f"  {line.quantity} {plain(line.type)}{out}")
        for tag in line.tags:
            held = details.chosen[tag]
            status = f"{SYMBOLS[held.status]} {held.status.replace('_', ' ')}"
            number = f"  {held.asset_number}" if held.asset_number else ""
            yield Content(f"    chosen: {grouped(tag)}{plain(number)}  {status}")
    if found.at_risk:
        yield from _risk(details, found)


def _risk(details: BookingDetails, found: Booking) -> Iterator[Content]:
    """Why it cannot be kept, whom to ring, and what could be lent instead."""
    yield Content.styled("! At risk", "bold $error")
    words = risk_words(found, details.today, details.reach)
    for line in filter(None, (*words, offer_words(details.stand_ins))):
        yield Content(f"  {plain(line)}")
