"""Reading a register: a path is typed, what would happen is shown first, and then it is taken in.

Taking in a whole register is the one thing of this screen that no key takes back, so it is asked
about once more. Both readings run on a thread and are one transaction each, the dry run too, so
that other desks wait for them; the screen says so, and how far it is. Leaving the screen, also by a
scan, stops them, and then nothing is changed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from kitloan.answers import plural
from kitloan.text import plain
from kitloan_tui import telling
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.working import Working
from kitloan_tui.widgets.table import Column, Listing

if TYPE_CHECKING:
    from kitloan.taking_in import TakenIn
    from kitloan_tui.counter import Counter

_MOST_PROBLEMS = 200
_BEGIN = (
    "Type where the spreadsheet lies, CSV or XLSX, and press Enter. It is read and nothing is "
    "changed: you see which column was taken for what, and every problem with its row."
)


class Register(Working):
    """The path, what was understood, the problems, and the way on."""

    NAME = "Read a register"
    HINT = "Enter reads the file and changes nothing yet. Tab reaches the button."
    HELP: ClassVar[str] = (
        "Takes a college's spreadsheet in. First a dry run: columns, problems, and how many rows "
        "would come in. An error is a row that cannot be taken, a warning a value that is left "
        "out. Reading the same file again adds nothing."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#path"
    COLUMNS = (
        Column("", 8),
        Column("Where", share=2),
        Column("Column", share=2),
        Column("Value", share=2),
        Column("Problem", share=4),
    )

    def __init__(self, counter: "Counter") -> None:
        super().__init__(counter)
        self._file: Path | None = None

    def middle(self) -> ComposeResult:
        """The path, the summary, the problems."""
        with Horizontal(id="narrowing"):
            yield Static(">", id="prompt", markup=False)
            path = Input(id="path", compact=True, placeholder="where the spreadsheet lies")
            path.cursor_blink = False
            yield path
        yield Static(Content(_BEGIN), id="summary", markup=False)
        yield Button("Take in", id="take", compact=True)
        yield Listing(self.COLUMNS, id="list")

    def on_mount(self) -> None:
        """Begin with nothing read."""
        super().on_mount()
        self.query_one("#take").display = False
        self.query_one("#list").display = False

    @on(Input.Submitted, "#path")
    def _dry_run(self, event: Input.Submitted) -> None:
        event.stop()
        # People drag files into terminals, which quotes what has spaces.
        said = event.value.strip().strip("'\"")
        if said:
            self._file = Path(said).expanduser()
            self.say(None)
            self._read(dry_run=True)

    def _read(self, *, dry_run: bool) -> None:
        file, registers, progress = self._file, self.kitloan.registers, self.progress
        if file is None:
            return
        self.work(
            "Reading rows, other desks wait",
            lambda: registers.take_in(
                file, dry_run=dry_run, skip_problems=not dry_run, progress=progress
            ),
            self._show_plan if dry_run else self._taken_in,
        )

    def _show_plan(self, taken: "TakenIn") -> None:
        errors = sum(problem.severity == "error" for problem in taken.problems)
        good = taken.rows - errors if taken.refused else taken.added
        self.query_one("#summary", Static).update(Content(plain(_plan(taken, errors))))
        self._list(taken)
        button = self.query_one("#take", Button)
        button.label = Content(
            f"Take in {plural(good, 'row')}" + (", leave out those in error" if errors else "")
        )
        button.display = good > 0
        if good > 0:
            button.focus()

    def _list(self, taken: "TakenIn") -> None:
        listing = self.query_one("#list", Listing)
        listing.display = bool(taken.problems)
        rows: list[Sequence[str]] = [
            (
                f"{'!' if p.severity == 'error' else '?'} {p.severity}",
                f"{p.sheet} row {p.row}" if p.row else p.sheet,
                p.column,
                p.value,
                p.problem,
            )
            for p in taken.problems[:_MOST_PROBLEMS]
        ]
        self.call_after_refresh(listing.fill, rows)

    @on(Button.Pressed, "#take")
    def _ask(self) -> None:
        if self._file is None or self.is_looking:
            return
        question = (
            f"{self._file.name}\n{self.query_one('#take', Button).label}?\n\n"
            "A register comes in as a whole, and no key takes it back."
        )
        self.desk.push_screen(
            Confirm(question, "Not yet", "Take in", lambda: self._read(dry_run=False))
        )

    def _taken_in(self, taken: "TakenIn") -> None:
        name = self._file.name if self._file else ""
        self.do(lambda: telling.register_read(name, taken))
        self.query_one("#take").display = False
        self._list(taken)


def _plan(taken: "TakenIn", errors: int) -> str:
    """What was understood, and what would happen."""
    known = ", ".join(f"{h} = {field.replace('_', ' ')}" for h, field in taken.columns.items())
    lines = [f"Columns: {known}"]
    if taken.kept:
        lines.append(f"Kept as notes: {', '.join(taken.kept)}")
    warnings = len(taken.problems) - errors
    if taken.refused:
        new = f"{plural(errors, 'row')} in error"
    else:
        new = f"{taken.added:,} new, {taken.loans:,} of them on loan"
    listed = f", the first {_MOST_PROBLEMS} listed" if len(taken.problems) > _MOST_PROBLEMS else ""
    lines.append(f"{plural(taken.rows, 'row')}: {new}; {plural(warnings, 'warning')}{listed}.")
    return "\n".join(lines)
