"""Files that the desk writes and reads: ESP's file, a backup, cards, blank labels, a chase list.

Each asks for one line, with what is usual filled in, does its work on a thread, and shows where
the file is. `FileChoice` is the line of a screen that reads one: it lists the latest files of the
folders in which people keep them, so that no path need be typed.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from kitloan.errors import BadInput, Refused
from kitloan.text.dates import uk
from kitloan.text.names import by_name, plain
from kitloan.values import LoanLine, plural
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.labels import Press
from kitloan_tui.loan_lookups import AboutLoan, about_loans
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.frame import WorkScreen

_FOLDERS = ("", "Documents", "Downloads", "Desktop")
_MOST_FILES = 9
_MOST_SEEN = 2000
"""Names in a folder that are looked at: one may hold a hundred thousand."""


def typed_path(text: str) -> Path:
    """The file that somebody typed; what is dragged into a terminal is quoted."""
    return Path(text.strip().strip("'\"")).expanduser()


def latest_files(endings: Sequence[str]) -> list[Path]:
    """The files with these endings in the usual folders, the latest first."""
    found: dict[Path, float] = {}
    for folder in dict.fromkeys([Path.cwd(), *(Path.home() / name for name in _FOLDERS)]):
        for path in _some_of(folder):
            if path.suffix.lower() in endings and not path.name.startswith("."):
                try:
                    found[path] = path.stat().st_mtime
                except OSError:  # gone meanwhile, or not ours to look at
                    continue
    return sorted(found, key=lambda path: -found[path])[:_MOST_FILES]


def _some_of(folder: Path) -> Iterator[Path]:
    try:
        for number, path in enumerate(folder.iterdir()):
            if number == _MOST_SEEN:
                return
            yield path
    except OSError:  # no such folder, or not ours to look at
        return


class WritesFile(WorkScreen):
    """One line with the file's path, or with how many; Enter writes."""

    HINT = "Enter writes the file. Esc leaves."
    ABOUT: ClassVar[str] = ""
    PROMPT: ClassVar[str] = "the path of the file"
    AUTO_FOCUS: ClassVar[str | None] = "#path"

    def usual(self) -> str:
        """What is in the line at first."""
        raise NotImplementedError

    def write(self, typed: str) -> Verdict:
        """Write the file; runs on a thread, and touches no widget.

        Raises:
            KitloanError: what cannot be done.
        """
        raise NotImplementedError

    def middle(self) -> ComposeResult:
        """What it is for, and the line."""
        with Horizontal(id="narrowing"):
            yield Static(">", id="prompt", markup=False)
            line = Input(self.usual(), id="path", compact=True, placeholder=self.PROMPT)
            line.cursor_blink = False
            yield line
        with VerticalScroll(id="body", can_focus=False):
            yield Static(Content(plain(self.ABOUT)), id="about", markup=False)

    @on(Input.Submitted, "#path")
    def _write(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        if typed and not self.is_looking:
            self.report(None)
            self.work("Writing", lambda: self.write(typed), self._written)

    def _written(self, verdict: Verdict) -> None:
        self.do(lambda: verdict)

    def _in_home(self, what: str, ending: str) -> str:
        """A file of today's in the user's own folder."""
        session = self.college.session
        return str(Path.home() / f"{session.college}-{what}{session.today.isoformat()}{ending}")


class SendToEsp(WritesFile):
    """The college's ledger, in the file that ESP merges."""

    NAME = "File for ESP"
    HELP: ClassVar[str] = (
        "Writes this college's ledger to a file, for ESP. Send it as you send any other file. It "
        "names schools and holds nobody's name, e-mail or phone."
    )
    ABOUT = HELP

    def usual(self) -> str:
        """Today's file."""
        return self._in_home("", ".kitloan")

    def write(self, typed: str) -> Verdict:
        """Write all of the ledger."""
        done = self.college.exchange.export(typed_path(typed))
        text = f"{plural(done.entries, 'entry', 'entries')} of {done.ledger} in {done.file}"
        return Verdict("SAVED", text, "Send this file to ESP.")


class BackUp(WritesFile):
    """A copy of the store, proved."""

    NAME = "Backup"
    HELP: ClassVar[str] = (
        "Copies the whole store to a new file and proves the copy. It holds people's names: keep "
        "it where the store itself could be kept, such as a disk in a locked drawer."
    )
    ABOUT = HELP

    def usual(self) -> str:
        """Today's copy."""
        return self._in_home("backup-", ".sqlite")

    def write(self, typed: str) -> Verdict:
        """Copy and prove."""
        done = self.college.backups.make(typed_path(typed), self.progress)
        return Verdict("SAVED", f"{done.file}, {done.bytes:,} bytes, copied and proved")


class ChaseList(WritesFile):
    """Every overdue loan with whom to ring, as a table for a letter or a spreadsheet."""

    NAME = "Chase list"
    HELP: ClassVar[str] = (
        "Every overdue loan with its school, person, phone and e-mail, in a CSV file that a "
        "spreadsheet opens and prints. It holds people's names. On the screen: Loans, overdue."
    )
    ABOUT = HELP
    _COLUMNS = (
        "school",
        "contact",
        "phone",
        "email",
        "number",
        "tag",
        "type",
        "out",
        "due",
        "days_late",
    )

    def usual(self) -> str:
        """Today's list."""
        return self._in_home("overdue-", ".csv")

    def write(self, typed: str) -> Verdict:
        """Write the list, by school."""
        loans = self._overdue()
        about = about_loans(self.college.session, loans)
        today = self.college.session.today
        path = typed_path(typed)
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                table = csv.writer(file)
                table.writerow(self._COLUMNS)
                for each in sorted(loans, key=lambda at: (by_name(at.to), at.due_on or today)):
                    whom = about.get(each.id, AboutLoan())
                    row = (
                        each.to,
                        whom.contact,
                        whom.phone,
                        whom.email,
                        whom.number,
                        each.tag,
                        each.type,
                        each.on.isoformat() if each.on else "",
                        each.due_on.isoformat() if each.due_on else "",
                        (today - each.due_on).days if each.due_on else "",
                    )
                    table.writerow([_safe(cell) for cell in row])
        except OSError as problem:
            raise BadInput(
                "cannot_write",
                f"{path} cannot be written: {problem.strerror or problem}.",
                "Type another path.",
                file=str(path),
            ) from problem
        schools = len({each.to for each in loans})
        text = f"{plural(len(loans), 'loan')} at {plural(schools, 'school')} in {path}"
        return Verdict("SAVED", text, f"As of {uk(today)}. It holds people's names.")

    def _overdue(self) -> list[LoanLine]:
        found: list[LoanLine] = []
        after: str | None = None
        while True:
            page = self.college.find.loans(overdue=True, after=after)
            found += page.items
            if page.next is None:
                return found
            after = page.next


def _safe(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@") else cell


class _OnPaper(WritesFile):
    """What the press draws."""

    def _press(self) -> Press:
        press = self.desk.press
        if press is None:
            raise Refused("no_labels", "This desk cannot print labels.", "Open it on a screen.")
        return press


class BlankLabels(_OnPaper):
    """Labels with new tags, to be stuck on first and claimed by a scan."""

    NAME = "Blank labels"
    HINT = "Type how many, then Enter. The file is shown; print it at 100 %."
    PROMPT = "how many"
    HELP: ClassVar[str] = (
        "New labels that no holding has yet, on the stock that was chosen last. Stick one on and "
        "scan it: the desk asks what it is on."
    )
    ABOUT = HELP

    def usual(self) -> str:
        """A sheet is the person's own guess."""
        return ""

    def write(self, typed: str) -> Verdict:
        """Draw them."""
        if not typed.isdecimal() or not int(typed):
            raise BadInput("bad_quantity", f"{typed!r} is not a valid quantity.", "Type a number.")
        stock = self.desk.settings.stock or ""
        made = self._press().print_blank(self.college, int(typed), stock, self.progress)
        text = f"{plural(int(typed), 'blank label')}: {made.file}"
        return Verdict("LABEL", text, "Print it at 100 %, never fitted to the page.")


class Cards(_OnPaper):
    """Cards to scan: the desk's commands, and the schools."""

    NAME = "Cards"
    HINT = "Type commands or schools, then Enter. The file is shown."
    PROMPT = "commands or schools"
    HELP: ClassVar[str] = (
        "Cards to scan in the place of typing: commands prints what the desk does, such as UNDO "
        "and DONE; schools prints the name of every school that has borrowed."
    )
    ABOUT = HELP

    def usual(self) -> str:
        """The desk's own."""
        return "commands"

    def write(self, typed: str) -> Verdict:
        """Draw them."""
        word = typed.lower()
        if word not in ("commands", "schools"):
            raise BadInput("which_cards", f"{typed!r} is no kind of card.", "Type one of the two.")
        made = self._press().print_cards(self.college, schools=word == "schools")
        return Verdict("LABEL", f"Cards: {made.file}", "Print it at 100 %.")


class PackingPaper(_OnPaper):
    """The packing list of one event, to tick by hand and to go with the kits."""

    NAME = "Packing list"
    HELP: ClassVar[str] = (
        "The event's packing list as a PDF: a row a kit with boxes to tick out and in, then what "
        "is in the kits. It holds people's names."
    )
    ABOUT = HELP

    def __init__(self, desk: DeskHost, event: str) -> None:
        super().__init__(desk)
        self._event = event

    def usual(self) -> str:
        """The event's own file."""
        return str(Path.home() / f"{self._event}-packing.pdf")

    def write(self, typed: str) -> Verdict:
        """Draw it."""
        out = typed_path(typed)
        pages = self._press().print_packing_list(self.college, self._event, out)
        return Verdict("SAVED", f"{plural(pages, 'page')} in {out}", "Print it at 100 %.")


class FileChoice(Static):
    """The latest files that may be meant, to be picked by number."""

    def __init__(self, endings: Sequence[str]) -> None:
        super().__init__(markup=False, id="files")
        self.files = latest_files(endings)
        lines = [f"{n}  {path}" for n, path in enumerate(self.files, start=1)]
        head = ["A number picks one of the latest files:"] if lines else []
        self.update(Content(plain("\n".join([*head, *lines]))))

    def picked(self, typed: str) -> Path:
        """The file of this number, else the one at this path."""
        text = typed.strip()
        if text.isdecimal() and 1 <= int(text) <= len(self.files):
            return self.files[int(text) - 1]
        return typed_path(text)
