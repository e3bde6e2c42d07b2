"""Reading a register: a path is typed, what would happen is shown first, and then it is taken in.

Taking in a whole register is the one thing of this screen that no key takes back, so it is asked
about once more. Both readings run on a thread and are one transaction each, the dry run too, so
that other desks wait for them; the screen shows that, and how far it is. Leaving the screen, also
by a scan, stops them, and then nothing is changed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from kitloan.text.names import plain
from kitloan.values import plural
from kitloan_tui.counter import recording
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.frame import WorkScreen

if TYPE_CHECKING:
    from kitloan.spreadsheets import Problem
    from kitloan.taking_in import TakenIn

_MOST_PROBLEMS = 200
_BEGIN = (
    "Type the path of the spreadsheet, CSV or XLSX, and press Enter. It is read and nothing is "
    "changed: you see what each column was read as, and every problem with its row."
)


class ReadRegister(WorkScreen):
    """The path, what was understood, the problems, and the way on."""

    NAME = "Read a register"
    HINT = "Enter reads the file, and changes nothing yet. Tab: the button."
    HELP: ClassVar[str] = (
        "Takes a college's spreadsheet in. First a dry run: columns, problems, and how many rows "
        "would come in. An error is a row that cannot be taken, a warning a value that is left "
        "out. Reading the same file again adds nothing."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#path"

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._file: Path | None = None

    def middle(self) -> ComposeResult:
        """The path, the summary, the problems."""
        with Horizontal(id="narrowing"):
            yield Static(">", id="prompt", markup=False)
            path = Input(id="path", compact=True, placeholder="the path of the spreadsheet")
            path.cursor_blink = False
            yield path
        yield Static(Content(_BEGIN), id="summary", markup=False)
        yield Button("Take in", id="take", compact=True)
        with VerticalScroll(id="body", can_focus=False):
            yield Static(id="problems", markup=False)

    def on_mount(self) -> None:
        """Begin with nothing read."""
        super().on_mount()
        self.query_one("#take").display = False

    @on(Input.Submitted, "#path")
    def _dry_run(self, event: Input.Submitted) -> None:
        event.stop()
        # People drag files into terminals, which quotes what has spaces.
        typed = event.value.strip().strip("'\"")
        if typed:
            self._file = Path(typed).expanduser()
            self.report(None)
            self._read(dry_run=True)

    def _read(self, *, dry_run: bool) -> None:
        file, registers, progress = self._file, self.college.registers, self.progress
        if file is None:
            return
        self.work(
            "Reading rows, other desks wait",
            lambda: registers.take_in(file, dry_run=dry_run, skip_problems=True, progress=progress),
            self._show_plan if dry_run else self._taken_in,
        )

    def _show_plan(self, taken: "TakenIn") -> None:
        errors = _rows_in_error(taken)
        self.query_one("#summary", Static).update(Content(plain(_plan(taken, errors))))
        self._list(taken)
        button = self.query_one("#take", Button)
        button.label = Content(
            f"Take in {plural(taken.added, 'row')}"
            + (", leave out those in error" if errors else "")
        )
        button.display = taken.added > 0
        if taken.added > 0:
            button.focus()

    def _list(self, taken: "TakenIn") -> None:
        """Every problem in full: a table of this width would cut the row's number and the words."""
        lines = [_problem_line(problem) for problem in taken.problems[:_MOST_PROBLEMS]]
        self.query_one("#problems", Static).update(Content(plain("\n".join(lines))))
        self.query_one("#body").scroll_home(animate=False)

    @on(Button.Pressed, "#take")
    def _ask(self) -> None:
        if self._file is None or self.is_looking:
            return
        question = (
            f"{self._file.name}\n{self.query_one('#take', Button).label}?\n\n"
            "A register comes in as a whole, and no key takes it back."
        )
        self.desk.open_screen(
            Confirm(question, "Not yet", "Take in", lambda: self._read(dry_run=False))
        )

    def _taken_in(self, taken: "TakenIn") -> None:
        name = self._file.name if self._file else ""
        self.do(lambda: recording.register_taken_in(name, taken))
        self.query_one("#take").display = False
        self._list(taken)


def _rows_in_error(taken: "TakenIn") -> int:
    return len({(p.sheet, p.row) for p in taken.problems if p.severity == "error"})


def _problem_line(problem: "Problem") -> str:
    """A problem and where it is, in a line or two."""
    sign = "!" if problem.severity == "error" else "?"
    where = f"{problem.sheet} row {problem.row}" if problem.row else problem.sheet
    of = f", {problem.column}" if problem.column else ""
    value = f"{problem.value!r} " if problem.value else ""
    return f"{sign} {problem.severity}: {where.strip()}{of}: {value}{problem.problem}"


def _plan(taken: "TakenIn", errors: int) -> str:
    """What was understood, and what would happen."""
    fields = ", ".join(f"{h} = {field.replace('_', ' ')}" for h, field in taken.columns.items())
    lines = [f"Columns: {fields}"]
    if taken.kept:
        lines.append(f"Kept as notes: {', '.join(taken.kept)}")
    known = max(0, taken.skipped - errors)
    warnings = sum(problem.severity != "error" for problem in taken.problems)
    parts = (
        f"{plural(errors, 'row')} in error" if errors else "",
        f"{taken.added:,} new" + (f", {taken.loans:,} of them on loan" if taken.loans else ""),
        f"{known:,} known already" if known else "",
        plural(warnings, "warning") if warnings else "",
    )
    lines.append(f"{plural(taken.rows, 'row')}: {'; '.join(part for part in parts if part)}.")
    if len(taken.problems) > _MOST_PROBLEMS:
        lines.append(f"The first {_MOST_PROBLEMS} problems are listed.")
    return "\n".join(lines)
