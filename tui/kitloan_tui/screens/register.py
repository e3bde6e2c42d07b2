"""Reading a register: a path is typed, what was understood is shown, what is in doubt is asked.

First a dry run: each column with what it was read as, why, and three of its values. Then the
questions
that the reading leaves open, one at a time, each answered by one key; a column that was read
wrongly is
changed the same way. The answers are kept in a map beside the file, for the next time. Taking in a
whole register is asked about once more; `kitloan import --undo` takes it back. Both readings run
on a thread and are one transaction each, the dry run too, so
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

from kitloan.errors import BadInput
from kitloan.text.names import fold, plain
from kitloan.values import plural
from kitloan_tui.counter import recording, refusals
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.files import FileChoice
from kitloan_tui.screens.frame import WorkScreen

if TYPE_CHECKING:
    from kitloan.imports.mapfile import Map
    from kitloan.imports.questions import Question
    from kitloan.imports.register import TakenIn
    from kitloan.imports.rows import Problem
    from kitloan.imports.rows import Register as RegisterRead

_MOST_PROBLEMS = 200
_NO_ANSWER = BadInput(
    "no_answer",
    "That is none of the answers.",
    "Type the number of one. {home} leaves the question.",
)
_BEGIN = (
    "Type the path of the spreadsheet (CSV, XLSX, ODS or XLS) and press Enter. It is read and "
    "nothing "
    "is changed: you see what each column was read as, and every problem with its row. What could "
    "change who has what, and is not certain, is asked."
)


class ReadRegister(WorkScreen):
    """The path, what was understood, the problems, and the way on."""

    NAME = "Read a register"
    HINT = "On the line, Enter reads the file and changes nothing; on the button, it asks."
    HELP: ClassVar[str] = (
        "Takes a college's spreadsheet in. First a dry run: columns, problems, and how many rows "
        "would come in. An error is a row that cannot be taken, a warning a value that is left "
        "out. A question is answered by a number; Enter alone takes what is proposed. Reading the "
        "same file again adds nothing, and lists what differs."
    )
    AUTO_FOCUS: ClassVar[str | None] = "#path"

    def __init__(self, desk: DeskHost) -> None:
        super().__init__(desk)
        self._file: Path | None = None
        self._register: RegisterRead | None = None
        self._answers: Map | None = None
        self._given: list[tuple[Question, str]] = []

    def middle(self) -> ComposeResult:
        """The path, the summary, the problems."""
        with Horizontal(id="narrowing"):
            yield Static(">", id="prompt", markup=False)
            path = Input(id="path", compact=True, placeholder="a number of the list, or a path")
            path.cursor_blink = False
            yield path
        yield Static(Content(_BEGIN), id="summary", markup=False)
        with Horizontal(id="register-buttons"):
            yield Button("Take in", id="take", compact=True)
            yield Button("Take the differences", id="update", compact=True)
            yield Button("Change a column", id="change", compact=True)
        with VerticalScroll(id="body", can_focus=False):
            yield FileChoice((".csv", ".xlsx", ".ods", ".xls"))
            yield Static(id="problems", markup=False)

    def on_mount(self) -> None:
        """Begin with nothing read."""
        super().on_mount()
        self._show_buttons()

    def _show_buttons(
        self, *, take: bool = False, update: bool = False, change: bool = False
    ) -> None:
        self.query_one("#take").display = take
        self.query_one("#update").display = update
        self.query_one("#change").display = change
        self.query_one("#register-buttons").display = take or update or change

    @on(Input.Submitted, "#path")
    def _dry_run(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._file = self.query_one(FileChoice).picked(event.value)
            self.query_one(FileChoice).display = False
            self.report(None)
            self._read(dry_run=True)

    def _read(self, *, dry_run: bool, update: bool = False) -> None:
        file, registers, progress = self._file, self.college.registers, self.progress
        if file is None:
            return
        answers = self._answers
        self.work(
            "Reading rows, other desks wait",
            lambda: registers.take_in(
                file,
                dry_run=dry_run,
                skip_problems=True,
                update=update,
                answers=answers,
                progress=progress,
            ),
            self._show_plan if dry_run else self._taken_in,
        )

    def _show_plan(self, taken: "TakenIn") -> None:
        errors = _rows_in_error(taken)
        self._register = taken.register
        self.query_one("#summary", Static).update(Content(plain(_plan(taken, errors))))
        self._list(taken)
        if taken.questions:
            self._show_buttons(change=True)
            self._given = []
            self._ask_next()
            return
        button = self.query_one("#take", Button)
        button.label = Content(
            f"Take in {plural(taken.added, 'row')}"
            + (", leave out those in error" if errors else "")
        )
        differences = self.query_one("#update", Button)
        differences.label = Content(
            f"Take {plural(len(taken.changes), 'difference')}"
            + (f" and {plural(taken.added, 'row')}" if taken.added else "")
        )
        self._show_buttons(take=taken.added > 0, update=bool(taken.changes), change=True)
        if taken.added > 0:
            button.focus()
        elif taken.changes:
            differences.focus()

    def _ask_next(self) -> None:
        """Ask the next open question; when all are answered, read again with the answers."""
        if self._register is None:
            return
        left = self._register.questions[len(self._given) :]
        if not left:
            self._answers = self._register.answers.with_answers(self._given)
            self._read(dry_run=True)
            return
        (question, *_) = left
        lines = question.lines()
        lines += [f"  {key}  {meaning}" for key, (_, meaning) in enumerate(question.options, 1)]
        if question.kind == "value":
            lines.append("  or type what it means: the name of a school")
        self.query_one("#problems", Static).update(Content(plain("\n".join(lines))))
        self.query_one("#body").scroll_home(animate=False)
        number = f"Question {len(self._given) + 1} of {len(self._register.questions)}"
        proposed = question.proposed is not None
        self.ask(
            f"{number}: a number" + (" (Enter: as proposed)" if proposed else ""),
            lambda typed: self._answer(question, typed),
            value="1" if proposed else "",
        )

    def _answer(self, question: "Question", typed: str) -> None:
        answer = question.answer(typed)
        if answer is None:
            self.report(refusals.shown(_NO_ANSWER))
        else:
            self.report(None)
            self._given.append((question, answer))
        self._ask_next()

    @on(Button.Pressed, "#change")
    def _change(self) -> None:
        if self._register is None or self.is_looking:
            return
        headers = list(dict.fromkeys(column.header for column in self._register.columns))
        lines = [f"{key:>3}  {header}" for key, header in enumerate(headers, 1)]
        self.query_one("#problems", Static).update(Content(plain("\n".join(lines))))
        self.ask("Which column? Its number or heading", self._change_of, names=headers)

    def _change_of(self, typed: str) -> None:
        if self._register is None:
            return
        headers = list(dict.fromkeys(column.header for column in self._register.columns))
        if typed.isdecimal() and 1 <= int(typed) <= len(headers):
            header = headers[int(typed) - 1]
        else:
            header = next((each for each in headers if fold(each) == fold(typed)), "")
        if not header:
            self.report(refusals.shown(_NO_ANSWER))
            return
        from kitloan.imports.columns import field_names

        listed = ", ".join(name.replace("_", " ") for name in field_names())
        self.query_one("#problems", Static).update(Content(plain(f"A column can be: {listed}.")))
        self.ask(
            f"What is {header}? (note: keep it as a note)",
            lambda what: self._changed(header, what),
            names=["note", *(name.replace("_", " ") for name in field_names())],
        )

    def _changed(self, header: str, what: str) -> None:
        from kitloan.imports.columns import field_names

        name = fold(what).replace(" ", "_")
        name = "" if name == "note" else name
        if self._register is None or (name and name not in field_names()):
            self.report(refusals.shown(_NO_ANSWER))
            return
        self.report(None)
        self._answers = self._register.answers.with_column(header, name)
        self._read(dry_run=True)

    def _list(self, taken: "TakenIn") -> None:
        """Every problem in full: a table of this width would cut the row's number and the words."""
        lines = [_problem_line(problem) for problem in taken.problems[:_MOST_PROBLEMS]]
        sign = "+ taken" if taken.updated else "~ differs"
        lines += [
            f"{sign}: {each.sheet} row {each.row}, {each.field.replace('_', ' ')}: "
            f"{each.register or 'nothing'} here, {each.file or 'nothing'} in the file"
            for each in taken.changes[:_MOST_PROBLEMS]
        ]
        lines += ["", *_evidence(taken.register)]
        self.query_one("#problems", Static).update(Content(plain("\n".join(lines))))
        self.query_one("#body").scroll_home(animate=False)

    @on(Button.Pressed, "#take")
    def _ask(self) -> None:
        self._confirm("#take", "Take in", update=False)

    @on(Button.Pressed, "#update")
    def _ask_differences(self) -> None:
        self._confirm("#update", "Take them", update=True)

    def _confirm(self, button: str, yes: str, *, update: bool) -> None:
        if self._file is None or self.is_looking:
            return
        question = (
            f"{self._file.name}\n{self.query_one(button, Button).label}?\n\n"
            "It is taken in as a whole, or not at all."
        )
        self.desk.open_screen(
            Confirm(question, "Not yet", yes, lambda: self._read(dry_run=False, update=update))
        )

    def _taken_in(self, taken: "TakenIn") -> None:
        name = self._file.name if self._file else ""
        self.do(lambda: recording.register_taken_in(name, taken))
        self._show_buttons()
        self._list(taken)
        if self._answers is not None and self._file is not None:
            self._keep_map(taken)

    def _keep_map(self, taken: "TakenIn") -> None:
        """Keep the answers beside the file, where the next reading finds them."""
        from kitloan.imports.mapfile import map_beside, write_map

        if self._file is None or not (taken.added or taken.updated):
            return
        columns = [(column.header, column.field) for column in taken.register.columns]
        try:
            write_map(map_beside(self._file), taken.register.answers, columns)
        except BadInput as problem:  # the rows are in: only the answers are not kept
            self.report(refusals.shown(problem))


def _rows_in_error(taken: "TakenIn") -> int:
    return len({(p.sheet, p.row) for p in taken.problems if p.severity == "error"})


def _evidence(register: "RegisterRead") -> list[str]:
    """Each column with what it was read as, why, and its first values."""
    lines = ["What each column was read as, and why:"]
    for column in register.columns:
        read_as = column.field.replace("_", " ") if column.field else "a note"
        why = "; ".join(column.evidence)
        values = f" For example: {'; '.join(column.samples)}." if column.samples else ""
        lines.append(f"  {column.header} = {read_as}: {why}.{values}")
    return lines


def _problem_line(problem: "Problem") -> str:
    """A problem and where it is, in a line or two."""
    sign = "!" if problem.severity == "error" else "?"
    where = f"{problem.sheet} row {problem.row}" if problem.row else problem.sheet
    of = f", {problem.column}" if problem.column else ""
    value = f"{problem.value!r} " if problem.value else ""
    return f"{sign} {problem.severity}: {where.strip()}{of}: {value}{problem.problem}"


def _plan(taken: "TakenIn", errors: int) -> str:
    """What was understood, and what would happen."""
    lines = []
    if taken.register.known_format:
        lines.append(f"An export of {taken.register.known_format}.")
    if taken.register.map_used:
        lines.append(f"Read with the map {taken.register.map_used}.")
    fields = ", ".join(f"{h} = {field.replace('_', ' ')}" for h, field in taken.columns.items())
    lines.append(f"Columns: {fields}")
    if taken.kept:
        lines.append(f"Kept as notes: {', '.join(taken.kept)}")
    if taken.questions:
        lines.append(f"{plural(taken.rows, 'row')}; nothing is taken in before the questions end.")
        return "\n".join(lines)
    known = max(0, taken.skipped - errors)
    warnings = sum(problem.severity != "error" for problem in taken.problems)
    parts = (
        f"{plural(errors, 'row')} in error" if errors else "",
        f"{taken.added:,} new" + (f", {taken.loans:,} of them on loan" if taken.loans else ""),
        f"{known:,} known already" if known else "",
        plural(len(taken.changes), "difference") if taken.changes else "",
        plural(warnings, "warning") if warnings else "",
    )
    lines.append(f"{plural(taken.rows, 'row')}: {'; '.join(part for part in parts if part)}.")
    if len(taken.problems) > _MOST_PROBLEMS:
        lines.append(f"The first {_MOST_PROBLEMS} problems are listed.")
    return "\n".join(lines)
