"""The desk as lines: one line in, one line out; for screen readers, pipes, slow links and scripts.

The same `Counter` and the same words as on the screen. Every line that is typed or scanned is
answered with exactly one line that begins with the verdict's symbol; what belongs to it (a kit's
contents, a list to pick from) follows, indented by two spaces. Keys become words: `undo`, `leave`.
At a terminal there is a prompt; in a pipe there is none, so that answers can be read by a program.

Every verb is one transaction, so that an interrupt leaves nothing half done.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from kitloan.college import College
from kitloan.ledger.clocks import warning
from kitloan.storage.files import desk_log
from kitloan.text.names import plain, tidy
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS
from kitloan_tui import faultlog, keys, wording
from kitloan_tui.cards import PrintLabel
from kitloan_tui.counter import Counter
from kitloan_tui.counting import PartsCount
from kitloan_tui.standing import standing
from kitloan_tui.verdict import ONLY_LOOKS, READY, Verdict

_NAMES = keys.by_word()
_HELP = ("help", "?")


def run(
    kitloan: College,
    heard: TextIO,
    said: TextIO,
    *,
    prompt: str = "",
    print_label: PrintLabel | None = None,
) -> bool:
    """Work at the counter until the input ends; gives whether nothing was refused.

    Args:
        kitloan: an open store.
        heard: where lines come from.
        said: where answers go; flushed after each.
        prompt: what to show before each line.
        print_label: puts a holding's label on paper.
    """
    desk = LineDesk(Counter(kitloan, print_label))
    who = f"{kitloan.college_name}, {kitloan.session.actor}"
    clock = [f"  ! {text}" for text in (warning(kitloan.session),) if text]
    _say(said, [who, *desk.opening(), *clock], prompt)
    for line in heard:
        _say(said, desk.answer(line), prompt)
    _say(said, desk.end())
    return desk.counter.diary.refusals == 0


def _say(said: TextIO, lines: list[str], prompt: str = "") -> None:
    said.write("".join(f"{plain(line)}\n" for line in lines) + prompt)
    said.flush()


class LineDesk:
    """Turns what the counter answers into lines."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        counter.codes.asks_names = False
        self._told: list[str] = []
        self._asked: object = None

    def opening(self) -> list[str]:
        """How to begin."""
        return self._help(self.counter.verdict)

    def _help(self, verdict: Verdict) -> list[str]:
        words = ", ".join(word for word in ("done", "leave", "undo", "whole", "later", "return"))
        return [_line(verdict), f"  Words: {words}, to NAME. End of input closes."]

    def _ready(self) -> Verdict:
        """What can be done next, where nothing is asked."""
        if self.counter.session:
            return wording.opened(self.counter.session.to)
        return ONLY_LOOKS if self.counter.kitloan.session.is_national else READY

    def answer(self, line: str) -> list[str]:
        """What the counter says to one line, and what belongs to it."""
        if self.counter.question is None:
            if not tidy(line):  # else the kit that was lent last would seem to be lent again
                return [_line(self._ready())]
            if tidy(line).lower() in _HELP:
                return self._help(self._ready())
        logged = len(self.counter.diary.log)
        try:
            verdict = self.counter.submit(line)
        except Exception as problem:  # the desk goes on, whatever it was
            verdict = faultlog.fault(problem, desk_log())
            self.counter.diary.record(verdict)
        return [_line(verdict), *self._indented(self._between(logged, verdict))]

    def end(self) -> list[str]:
        """Leave what is open, and say so: a kit that was being counted is still out."""
        lines = []
        while self.counter.is_open:
            lines += [_line(self.counter.escape()), *map(_line, self.counter.diary.beside)]
        return lines

    def _between(self, logged: int, verdict: Verdict) -> Iterator[str]:
        """What else to say: what happened on the way to this verdict, and what can be answered."""
        for happened in list(self.counter.diary.log)[logged:]:
            if happened.verdict is not verdict:
                yield _line(happened.verdict)
        if (asking := self.counter.asking) and not verdict.asks:
            yield _line(asking)
        standing_now = [keys.filled(line, _NAMES) for line in standing(self.counter)]
        yield from (line for line in standing_now if line not in self._told)
        self._told = standing_now
        if self.counter.counting and self.counter.question is not self._asked:
            yield from _parts(self.counter.counting)
        self._asked = self.counter.question
        if self.counter.asking or self.counter.matches:
            yield from self._choices()

    def _choices(self) -> Iterator[str]:
        found = {held.tag: held for held in self.counter.matches}
        for number, choice in enumerate(self.counter.choices, start=1):
            held = found.get(choice)
            told = choice
            if held:
                loan = f" with {held.loan.to}" if held.loan else ""
                status = f"{SYMBOLS[held.status]} {held.status.replace('_', ' ')}{loan}"
                told = f"{grouped(choice)}  {held.type}  {status}"
            yield f"{number}  {told}"

    def _indented(self, lines: Iterator[str]) -> list[str]:
        return [f"  {line}" for line in lines]


def _line(verdict: Verdict) -> str:
    hint = keys.filled(verdict.hint, _NAMES)
    end = "" if not hint or verdict.text.endswith((".", "?", "!")) or not verdict.text else "."
    return " ".join(f"{verdict}{end} {hint}".split("\n")).rstrip()


def _parts(counting: PartsCount) -> Iterator[str]:
    """The contents list, a line for each bag."""
    for bag, parts in groupby(counting.parts, lambda part: part.bag or "no bag"):
        told = []
        for part in parts:
            short = part.missing + part.broken
            was = f" (was {part.quantity - short})" if short else ""
            told.append(f"{part.quantity} {part.name}{' *' if part.critical else ''}{was}")
        yield f"{bag}: {', '.join(told)}"
