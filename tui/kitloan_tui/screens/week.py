"""The week: what can still be promised of each kit type, and what is promised for today.

Days go across and kit types down; the numbers are kits that are free. All of it is the library's
answer, as is every refusal: nothing here decides what may be booked. The line keeps the focus, and
a booking is made in it: Enter shows what was understood, Enter again books. Enter on an empty line
begins a booking of the cell under the cursor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from kitloan.errors import Refused
from kitloan.text.dates import days_after, uk
from kitloan.text.names import plain
from kitloan.values import plural
from kitloan_tui import keys, lookups
from kitloan_tui.booking_line import EXAMPLE, BookingLine, read_booking, read_day
from kitloan_tui.bookings_at_risk import booked, risk_words
from kitloan_tui.counter import refusals
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.week import DAYS, Week, days_shown, find_week
from kitloan_tui.widgets.panels import TITLE
from kitloan_tui.widgets.week import WeekGrid

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.planning.booked import Booking
    from kitloan.planning.free import Free

_MOST_RUNS = 3
"""How many runs of open days are named; of more, the number of days."""
_FARTHEST = 400
"""How many days ahead the last week begins: bookings end by then."""
_EMPTY = (
    "No kit type is on record yet.\n\n{take_in} takes the first kit in. {register} takes in a "
    "spreadsheet of them."
)


class WeekLine(Input):
    """The line; while it is empty the arrow keys move in the week."""

    def action_cursor_left(self, select: bool = False) -> None:
        """Go a day back in the week, where nothing is typed."""
        self._go(-1) if not self.value else super().action_cursor_left(select)

    def action_cursor_right(self, select: bool = False) -> None:
        """Go a day on in the week, where nothing is typed."""
        self._go(1) if not self.value else super().action_cursor_right(select)

    def _go(self, by: int) -> None:
        if isinstance(self.screen, WeekScreen):
            self.screen.action_move(0, by)


class WeekScreen(DeskScreen):
    """The week, the booking line, and below them what is for today and what is at risk."""

    NAME = "Week"
    HINT = "Arrows: a day. Enter books it. PgUp, PgDn: other weeks."
    HELP: ClassVar[str] = (
        "How many kits of each type are free on each day on which the desk opens; a dot is a "
        "closed day, and an exclamation mark a booking at risk. A booking is one line: school, "
        f"kit type, how many, day of collection, day of return, as in {EXAMPLE}. Enter shows what "
        "was understood, Enter again books. A day alone shows the week from it."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#booking"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1, 0)", show=False),
        Binding("down", "move(1, 0)", show=False),
    ]

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._week: Week | None = None
        self._first = date.min
        self._row = self._column = 0
        """Where the cursor is, also while the week that it has gone to is looked up."""
        self._asked_for: BookingLine | None = None
        """What Enter books: what was understood of the line as it is."""
        self._books_when_found = False

    def middle(self) -> ComposeResult:
        """The line, the week, the cell under the cursor, and the lists."""
        with Horizontal(id="narrowing"):
            yield Static(">", id="prompt", markup=False)
            line = WeekLine(id="booking", compact=True, placeholder=EXAMPLE)
            line.cursor_blink = False
            yield line
        with Vertical(id="plan"):
            yield WeekGrid()
            yield Static(id="cell", markup=False)
            with VerticalScroll(id="body"):
                yield Static(id="page", markup=False)

    def on_mount(self) -> None:
        """Begin with this week."""
        super().on_mount()
        self._first = self.college.session.today
        self.grid.display = False
        self.refresh_data()

    @property
    def grid(self) -> WeekGrid:
        """The table."""
        return self.query_one(WeekGrid)

    @property
    def line(self) -> WeekLine:
        """The line that listens."""
        return self.query_one(WeekLine)

    # -- looking ----------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        """Look the same week up again."""
        self._load(self._first)

    def _load(self, first: date) -> None:
        college, today = self.college, self.college.session.today
        self._first = max(today, min(first, days_after(today, _FARTHEST)))
        begin = self._first
        self.look_up(lambda: find_week(college, begin), self._show)

    def _show(self, week: Week) -> None:
        self._week = week
        self._row = max(0, min(self._row, len(week.types) - 1))
        self.set_title(
            self.heading, f"{_short(week.days[0])} to {_short(week.days[-1], year=True)}"
        )
        self.grid.display = bool(week.types)
        self.grid.fill(week, self._row, self._column)
        self._show_cell()
        page = _lists(week, self.college.session.today)
        if not week.types:
            page = Content(plain(keys.filled(_EMPTY, self.names)))
        self.query_one("#page", Static).update(page)
        if self._books_when_found:
            self._books_when_found = False
            self._begin_cell()

    def _show_cell(self) -> None:
        """The cell under the cursor in words."""
        cell = self.query_one("#cell", Static)
        week = self._week
        cell.display = bool(week and week.types)
        if week is None or not week.types:
            return
        row = self._row
        day, kind = week.days[self._column], week.types[row]
        if day in week.closed:
            reason = week.closed[day]
            words = f"{_short(day)}: the desk is closed{f' ({reason})' if reason else ''}"
        else:
            words = f"{_short(day)}: {week.free_on(row, day)} of {kind.capacity} {kind.type} free"
        lost = week.lost_on(row, day)
        if lost:
            words += f"  ! at risk: {', '.join(dict.fromkeys(each.to for each in lost))}"
        cell.update(Content(plain(words)))

    # -- moving -----------------------------------------------------------------------------------

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor; over an edge it goes to the week before or after."""
        if self._week is None:
            return
        self._row = max(0, min(self._row + down, len(self._week.types) - 1))
        if 0 <= self._column + right < DAYS:
            self._column += right
            self.grid.place(self._row, self._column)
            self._show_cell()
        elif self._turn(right):
            self._column = 0 if right > 0 else DAYS - 1

    def page(self, way: int) -> None:
        """Page Up and Page Down: an earlier or a later week."""
        self._turn(way)

    def _turn(self, way: int) -> bool:
        """Go to the week before or after; False where there is none."""
        week, first = self._week, self._first
        if week is None:
            return False
        if way > 0:
            self._load(days_after(days_shown(week.calendar, first)[-1], 1))
        elif first > self.college.session.today:
            self._load(days_shown(week.calendar, days_after(first, -1), -1)[0])
        return self._first != first

    # -- booking ----------------------------------------------------------------------------------

    @on(WeekGrid.Chosen)
    def _clicked(self, event: WeekGrid.Chosen) -> None:
        event.stop()
        self._row, self._column = event.row, event.column
        self.grid.place(self._row, self._column)
        self._show_cell()
        self._begin_cell()

    @on(Input.Changed, "#booking")
    def _typed(self, event: Input.Changed) -> None:
        """Another line is another booking: what was understood of the old one holds no longer."""
        event.stop()
        if self._asked_for is not None:
            self._asked_for = None
            self.report(None)

    @on(Input.Submitted, "#booking")
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        try:
            if self._asked_for is not None:
                self._book(self._asked_for)
            elif not text:
                self._books_when_found = self.is_looking
                self._begin_cell()
            elif day := read_day(text, self.college.session.today):
                self.line.clear()
                self._column = 0
                self._load(day)
            else:
                self._understand(text)
        except Exception as problem:  # shown on the screen, whatever it was
            self.report(self._problem(problem))

    def _begin_cell(self) -> None:
        """Fill the line with the cell under the cursor; the school is typed before it."""
        week = self._week
        if week is None or not week.types or self.is_looking:
            return
        kind, first = week.types[self._row].type, week.days[self._column]
        usual = int(self.college.policies.get("loan_days", kind).value)
        last = week.calendar.next_open(days_after(first, usual))
        self.line.value = f" {kind} 1 {uk(first)} {uk(last)}"
        self.line.cursor_position = 0
        self.report(
            Verdict(
                "BOOK?",
                f"{kind} from {_short(first)}: type the school, and correct what follows.",
                "Enter shows what is free. {home} leaves it.",
            )
        )

    def _understand(self, text: str) -> None:
        """Show what the line asks for, what is free, and when the desk is open."""
        college = self.college
        session = college.session
        asked = read_booking(text, session.today, lookups.organisations(session), self.kinds())
        (free,) = college.bookings.free(asked.collect_on, asked.return_by, asked.type)
        days = college.calendar.days(asked.collect_on, asked.return_by)
        many = f"{free.free} of {free.capacity} free." if free.why is None else ""
        opened = [each.day for each in days if each.desk]
        self._asked_for = asked
        self.report(
            Verdict(
                "BOOK?",
                f"{_asked_in_words(asked)}. {many} Desk open: {_runs(opened)}.".replace("  ", " "),
                _next_step(asked, free),
            )
        )

    def _book(self, asked: BookingLine) -> None:
        self._asked_for = None
        if self.do(partial(book, self.college, asked)).ok:
            self.line.clear()

    def leave(self) -> None:
        """Esc: empty the line, else leave the screen."""
        if self.line.value:
            self.line.clear()
            self.report(None)
        else:
            super().leave()


def book(college: "College", asked: BookingLine, event: str | None = None) -> Verdict:
    """Book what a line asks for, for an event where one is named.

    A refusal is the library's, with a next step in this screen.

    Raises:
        KitloanError: what the library refuses, where its next step is right at a desk.
    """
    try:
        (booked,) = college.bookings.book(
            asked.to,
            [(asked.type, asked.quantity)],
            asked.collect_on,
            asked.return_by,
            event=event,
            new_too=True,
        )
    except Refused as refused:
        shown = refusals.shown(refused)
        if refused.code != "not_free":
            raise
        left = refused.details.get("free")
        fewer = f"{left} or fewer, or other days" if left else "other days, or another type"
        return replace(shown, hint=f"Correct the line: {fewer}.")
    return Verdict(
        "BOOKED",
        f"{_asked_in_words(asked)} ({booked.id}). Kept until {uk(booked.lapses_after)}.",
        "{undo} takes it back.",
    )


def _asked_in_words(asked: BookingLine) -> str:
    new = " (a new school)" if asked.is_new else ""
    first = _short(asked.collect_on, year=asked.collect_on.year != asked.return_by.year)
    return (
        f"{asked.quantity} {asked.type} for {asked.to}{new}, {first} to "
        f"{_short(asked.return_by, year=True)}"
    )


def _next_step(asked: BookingLine, free: "Free") -> str:
    if free.why is not None:
        return "These days cannot be booked. Correct the line, or press Enter to see why."
    if free.free < asked.quantity:
        return "Not enough are free. Correct the line, or press Enter to see who has them."
    return "Enter books it. {home} leaves it."


# -- what is shown ------------------------------------------------------------------------------


def _short(day: date, *, year: bool = False) -> str:
    return f"{day:%a} {uk(day) if year else uk(day).rpartition(' ')[0]}"


def _runs(days: Sequence[date]) -> str:
    """Days that follow one another as `Tue 8 to Fri 11 Dec`; of many, the first few."""
    runs: list[list[date]] = []
    for day in days:
        if runs and days_after(runs[-1][-1], 1) == day:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = [
        _short(run[0]) if len(run) == 1 else f"{_short(run[0])} to {_short(run[-1])}"
        for run in runs[:_MOST_RUNS]
    ]
    left = sum(len(run) for run in runs[_MOST_RUNS:])
    return (", ".join(words) or "on none of these days") + (
        f" and {plural(left, 'day')} more" if left else ""
    )


def _lists(week: Week, today: date) -> Content:
    """What is to be handed out today, and what is at risk."""
    lines = [Content.styled(f"To hand out today ({len(week.handing)})", TITLE)]
    for each in week.handing:
        since = each.booking.days[0]
        late = "" if since == today else f", since {_short(since)}"
        ready = f"# {each.status}" if each.status else "= ready"
        lines.append(
            Content.assemble(
                f"  {plain(each.booking.to)}  {plain(booked(each.booking))}{late}  ",
                (plain(ready), "$warning" if each.status else "$success"),
            )
        )
    lines.append(Content.styled(f"At risk ({len(week.at_risk)})", TITLE))
    for booking in week.at_risk:
        lines += _risk(week, booking, today)
    return Content("\n").join(lines)


def _risk(week: Week, booking: "Booking", today: date) -> Iterator[Content]:
    """A booking at risk: why, and whom to ring."""
    what = f"{plain(booking.to)}  {plain(booked(booking))} {_short(booking.days[0])}"
    yield Content.assemble(("  ! ", "$error"), what)
    for words in risk_words(booking, today, week.reach):
        yield Content(f"    {plain(words)}")
