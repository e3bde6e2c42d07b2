"""Figures as charts: loans by week, use by type, how late.

Drawn as text and not by a plotting library: every bar carries its own number, so nothing has to be
read off an axis; a line is a line for a screen reader too; the characters are in every font; and
the colours are the theme's, which are tested for contrast.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from kitloan.queries.figures import Lateness, LoansOfWeek, TypeUse
from kitloan.text.dates import uk
from kitloan_tui.screens.frame import DeskScreen
from kitloan_tui.widgets.panels import MUTED, TITLE, fit

_NUMBER, _MOST_NAME = 10, 30
_MOST_TYPES = 12
_SIDE_BY_SIDE = 110
_EMPTY = (
    "No loan is on record yet.\n\nLend the first kit at the counter; the figures follow from that."
)

Found = tuple[list[LoansOfWeek], list[TypeUse], list[Lateness]]


class FiguresScreen(DeskScreen):
    """Three charts, below one another or side by side."""

    NAME = "Figures"
    HINT = "Counted now, from this college's own records."
    HELP: ClassVar[str] = (
        "Loans that began in each of the last twelve weeks; loans of each kit type in the last "
        "twelve months; and open loans by how long they are overdue."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#body"

    _found: Found | None = None

    def middle(self) -> ComposeResult:
        """The charts."""
        with VerticalScroll(id="body"):
            yield Static(id="page", markup=False)

    def on_mount(self) -> None:
        """Count."""
        super().on_mount()
        self.refresh_data()

    def refresh_data(self) -> None:
        """Count again."""
        figures = self.college.figures
        self.set_title(self.heading, "counting ...")
        self.look_up(
            lambda: (figures.loans_by_week(), figures.use_by_type(), figures.overdue_by_age()),
            self._show,
        )

    def _show(self, found: Found) -> None:
        self._found = found
        self.set_title(self.heading)
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if self._found:
            width = self.query_one("#body").scrollable_content_region.width
            self.query_one("#page", Static).update(charts(self._found, width))


def charts(found: Found, width: int) -> Content:
    """The page for a given width."""
    weeks, types, late = found
    if not any(week.loans for week in weeks) and not any(kind.loans for kind in types):
        return Content(_EMPTY)
    side_by_side = width >= _SIDE_BY_SIDE
    column = (width - 4) // 2 if side_by_side else width
    by_week = bars(
        "Loans by week", [(f"from {uk(week.monday)}", week.loans, "") for week in weeks], column
    )
    by_type = bars(
        "Use by type, the last 12 months",
        [(kind.type, kind.loans, f"of {kind.holdings:,}") for kind in types[:_MOST_TYPES]],
        column,
    )
    by_age = bars("Overdue", [(each.age, each.loans, "") for each in late], column)
    if not side_by_side:
        return Content("\n\n").join([by_week, by_age, by_type])
    left = [*by_week.split("\n"), Content(""), *by_age.split("\n")]
    right = by_type.split("\n")
    rows = max(len(left), len(right))
    left += [Content("")] * (rows - len(left))
    right += [Content("")] * (rows - len(right))
    return Content("\n").join(
        Content.assemble(one.pad_right(max(0, column + 4 - one.cell_length)), other)
        for one, other in zip(left, right, strict=True)
    )


def bars(title: str, lines: Sequence[tuple[str, int, str]], width: int) -> Content:
    """A chart.

    Args:
        title: what it shows.
        lines: a name, how much, and a word after the number.
        width: how many cells it may take.
    """
    most = max((amount for _, amount, _ in lines), default=0)
    after = max((len(word) for _, _, word in lines), default=0)
    name = min(_MOST_NAME, max((len(label) for label, _, _ in lines), default=0) + 1)
    room = max(8, width - name - _NUMBER - after - 1)
    drawn = [Content.styled(title, TITLE)]
    for label, amount, word in lines:
        drawn.append(
            Content.assemble(
                fit(label, name),
                (_bar(amount, most, room), "$primary"),
                (f" {amount:,}", "bold"),
                (f" {word}" if word else "", MUTED),
            )
        )
    if not lines:
        drawn.append(Content.styled("nothing yet", MUTED))
    return Content("\n").join(drawn)


def _bar(amount: int, most: int, room: int) -> str:
    """In proportion; something is never drawn as nothing."""
    return "#" * (max(1, round(amount * room / most)) if amount else 0)
