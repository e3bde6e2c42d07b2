"""Figures that people would rather look at: loans by week, use by type, how late."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from kitloan.queries.figures import Lateness, TypeUse, Week
from kitloan.text.dates import uk
from kitloan_tui.screens.house import House
from kitloan_tui.widgets.bars import bars

_MOST_TYPES = 12
_SIDE_BY_SIDE = 110
_EMPTY = (
    "No loan is on record yet.\n\nLend the first kit at the counter; the figures follow from that."
)

Found = tuple[list[Week], list[TypeUse], list[Lateness]]


class Charts(House):
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
        figures = self.kitloan.figures
        self.title_says(self.called, "counting ...")
        self.look_up(
            lambda: (figures.loans_by_week(), figures.use_by_type(), figures.overdue_by_age()),
            self._show,
        )

    def _show(self, found: Found) -> None:
        self._found = found
        self.title_says(self.called)
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
