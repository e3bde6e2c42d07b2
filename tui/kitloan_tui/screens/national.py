"""The national view, in ESP's store: the report that `kitloan audit` gives, to look at.

Read only. Lending is the colleges' affair; here everybody's totals, findings and last files are
as the ledgers that have come so far have it.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Select, Static

from kitloan.text.dates import uk
from kitloan.text.names import plain
from kitloan_tui.screens.frame import WorkScreen
from kitloan_tui.screens.listing import chooser

if TYPE_CHECKING:
    from kitloan.audit.tables import Report

_EVERYTHING = ("everything", "")


class NationalView(WorkScreen):
    """The report, whole or a table at a time."""

    ACTION = "national"
    NAME = "National view"
    HINT = "Tab: choose one table."
    HELP: ClassVar[str] = (
        "Totals, problems, regions, colleges, and the last file received from each, as far as the "
        "colleges have sent their ledgers. Nothing can be changed here."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#body"

    _report: "Report | None" = None

    def middle(self) -> ComposeResult:
        """Which table, and the page."""
        with Horizontal(id="choices"):
            yield Static("Show", classes="what", markup=False)
            yield chooser((_EVERYTHING,), "", "table")
        with VerticalScroll(id="body"):
            yield Static(id="page", markup=False)

    def on_mount(self) -> None:
        """Reckon."""
        super().on_mount()
        audit, progress = self.college.audit, self.progress
        self.work("Calculating", lambda: audit.audit(progress=progress).report, self._show)

    def _show(self, report: "Report") -> None:
        self._report = report
        self.set_title(report.title, f"as at the end of {uk(report.as_at)}")
        named = [(table.title, table.name) for table in report.tables]
        choice: Select[str] = self.query_one("#table", Select)
        choice.set_options([(Content(plain(words)), name) for words, name in (_EVERYTHING, *named)])
        self._draw()

    @on(Select.Changed, "#table")
    def _choose(self, event: Select.Changed) -> None:
        event.stop()
        self._draw()
        body = self.query_one("#body")
        body.scroll_home(animate=False)
        body.focus()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        if self._report is None:
            return
        from kitloan.audit.export.text import render

        wanted = self.query_one("#table", Select).value
        tables = tuple(t for t in self._report.tables if wanted in ("", t.name))
        width = self.query_one("#body").scrollable_content_region.width
        text = render(replace(self._report, tables=tables), width)
        self.query_one("#page", Static).update(Content(plain(text)))
