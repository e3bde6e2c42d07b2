"""What this person did last, which of it can be undone, and why the rest cannot."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from kitloan.history.undo import Undone
from kitloan.text.dates import uk_instant
from kitloan.text.tags import grouped
from kitloan.values import Page
from kitloan_tui.counter import sentences, steps
from kitloan_tui.screens.confirm import Confirm
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Column


class UndoList(ListScreen[Undone]):
    """The list; Enter asks, and undoes the latest, or what was done last to one holding."""

    ACTION = "undo_list"
    NAME = "What you did"
    PROMPT = "a kit, a tag, a word"
    HINT = "Enter undoes the latest, or the latest of one holding; it asks first."
    HELP: ClassVar[str] = (
        "What you did last that is not undone, the latest first. Enter on the first row undoes it. "
        "Enter on a later one undoes it when it is the latest thing done to its holding. What "
        "cannot be undone has the reason beside it."
    )
    COLUMNS = (
        Column("When", 18),
        Column("What", share=3),
        Column("Holding", 16),
        Column("Cannot be undone", share=2),
    )

    def find(self, text: str, view: str, after: str | None) -> Page[Undone]:
        """What was done, as far back as is listed."""
        words = text.lower().split()
        done = [each for each in self.college.actions.list() if _has(each, words)]
        return Page(tuple(done), len(done), None)

    def cells(self, item: Undone) -> Sequence[str]:
        """One action as a row."""
        more = f" and {len(item.tags) - 1:,}" if len(item.tags) > 1 else ""
        return (
            uk_instant(item.at),
            _words(item),
            grouped(item.tags[0]) + more if item.tags else "",
            item.why,
        )

    def take(self, item: Undone) -> None:
        """Ask before it is undone."""
        latest = self._page.items[0] if self._page and not self._text else None
        question = f"Undo this?\n\n{uk_instant(item.at)}: {_words(item)}"
        act = self._undo_latest if item is latest else partial(self._undo_of, item)
        self.desk.open_screen(Confirm(question, "Keep", "Undo it", act))

    def _undo_latest(self) -> None:
        verdict = self.desk.do(steps.undo)
        if self.state.step.confirms:
            verdict = self.desk.do(steps.confirm)
        self.report(verdict)
        self.refresh_data()

    def _undo_of(self, item: Undone) -> None:
        for tag in item.tags:
            self.report(self.desk.do(partial(steps.undo_one, tag=tag)))
        self.refresh_data()

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if text:
            return "Nothing that you did matches.\n\nType less of it."
        return "You have done nothing that is not undone."


def _has(item: Undone, words: Sequence[str]) -> bool:
    text = f"{_words(item)} {' '.join(item.tags)}".lower()
    return all(word in text for word in words)


def _words(item: Undone) -> str:
    return "; ".join(dict.fromkeys(item.summaries)) or sentences.entry_kind(item.kind)
