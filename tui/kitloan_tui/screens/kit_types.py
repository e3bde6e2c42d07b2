"""Kit types: each with its contents list, to be read; and lists that come from a file."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid
from textual.widgets import Button

from kitloan.errors import KitloanError
from kitloan.imports.contents import read_types
from kitloan.text.names import search_form
from kitloan.values import Page, plural
from kitloan_tui.counter import recording, refusals
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.protocols import DeskHost
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.files import typed_path
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.type_lookups import KitTypeLine, PartLine, kit_type_lines, parts_of_type
from kitloan_tui.widgets.table import Column


class KitTypes(ListScreen[KitTypeLine | PartLine]):
    """The kinds of kit; Enter shows the contents list of one."""

    ACTION = "kit_types"
    NAME = "Kit types"
    PROMPT = "a kind of kit, or a part"
    HINT = "Enter: the contents list. Tab: read lists from a file."
    HELP: ClassVar[str] = (
        "Each kind of kit that the college has, with how many it holds and how many parts are on "
        "its contents list. A part with * is needed for use. Lists come from a CSV or XLSX file: "
        "type, bag, component, quantity, critical. On the page of one, Rename corrects its name, "
        "and Merge makes it one with another that is the same."
    )
    COLUMNS = (
        Column("Type, or part", share=3),
        Column("Number", 8, right=True),
        Column("Parts, or bag", share=2),
        Column("", 16),
    )

    def __init__(self, desk: DeskHost, kind: str = "") -> None:
        super().__init__(desk)
        self._kind = kind

    @property
    def heading(self) -> str:
        """Whose contents list it is, where it is one."""
        return f"Contents of {self._kind}" if self._kind else self.NAME

    def middle(self) -> ComposeResult:
        """The list, and the way to read lists from a file."""
        yield from super().middle()
        with ItemGrid(id="buttons", min_column_width=24):
            if self._kind:
                yield Button("Rename", id="rename", compact=True)
                yield Button("Merge", id="merge", compact=True)
            else:
                yield Button("Read contents lists", id="read", compact=True)

    def find(self, text: str, view: str, after: str | None) -> Page[KitTypeLine | PartLine]:
        """The kinds, or the parts of one."""
        session = self.college.session
        found: list[KitTypeLine | PartLine] = []
        if self._kind:
            found += parts_of_type(session, self._kind)
        else:
            found += kit_type_lines(session)
        like = [
            each
            for each in found
            if all(w in search_form(each.name) for w in search_form(text).split())
        ]
        return Page(tuple(like), len(like), None)

    def cells(self, item: KitTypeLine | PartLine) -> Sequence[str]:
        """One of them as a row."""
        if isinstance(item, PartLine):
            needed = "* needed for use" if item.critical else ""
            return (item.name, f"{item.quantity:,}", item.bag, needed)
        parts = plural(item.parts, "part") if item.parts else "no contents list"
        return (item.name, f"{item.held:,}", parts, "")

    def take(self, item: KitTypeLine | PartLine) -> None:
        """Show the contents list of a kind."""
        if isinstance(item, KitTypeLine):
            self.desk.open_screen(KitTypes(self.desk, item.name))

    @on(Button.Pressed, "#read")
    def _ask_file(self) -> None:
        self.ask("The path of the contents lists, CSV or XLSX?", self._read)

    def _read(self, typed: str) -> None:
        def act() -> Verdict:
            read = read_types(typed_path(typed))
            self.college.holdings.define_types(read)
            names = ", ".join(each.name for each in read[:5])
            text = f"{plural(len(read), 'contents list')} taken in: {names}"
            return Verdict("KIT TYPES", text, "{undo} takes it back.")

        if not self.do(act).ok:
            self.ask("The path of the contents lists, CSV or XLSX?", self._read, typed)

    @on(Button.Pressed, "#rename")
    def _ask_name(self) -> None:
        self.ask("What is it called from now on? Both names find it:", self._rename, self._kind)

    def _rename(self, typed: str) -> None:
        if not self._renamed(lambda: recording.rename_type(self.college, self._kind, typed)):
            self.ask("What is it called from now on?", self._rename, typed)

    @on(Button.Pressed, "#merge")
    def _ask_other(self) -> None:
        question = f"Which kit type is {self._kind} the same as? Its kits go there:"
        others = [each for each in self.kinds() if each != self._kind]
        self.ask(question, self._confirm_merge, names=others)

    def _confirm_merge(self, typed: str) -> None:
        try:
            into = self.college.holdings.type(typed).type
        except KitloanError as unknown:
            self.report(refusals.shown(unknown))
            self.ask("Which kit type is it the same as?", self._confirm_merge, typed, self.kinds())
            return
        question = (
            f"Make {self._kind} one with {into}?\n\nIts kits are {into} then, with its contents "
            "list, and both names find them."
        )
        self.desk.open_screen(Confirm(question, "Keep both", "Merge", lambda: self._merge(into)))

    def _merge(self, into: str) -> None:
        self._renamed(lambda: recording.merge_types(self.college, self._kind, into))

    def _renamed(self, act: Callable[[], tuple[str, Verdict]]) -> bool:
        """Change what it is called, and go on under its name."""

        def doing() -> Verdict:
            self._kind, verdict = act()
            return verdict

        return self.do(doing).ok

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "Nothing here matches.\n\nType less of it."
        if self._kind:
            return "It has no contents list.\n\nKit types, Read contents lists, takes one in."
        return "No kind of kit is known yet.\n\nTab and Enter read contents lists from a file."
