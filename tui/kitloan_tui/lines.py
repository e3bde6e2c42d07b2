"""The desk as lines: one line in, one line out; for screen readers, pipes, slow links and scripts.

The same counter and the same words as on the screen. Every line that is typed or scanned is
answered with exactly one line that begins with the verdict's symbol; what belongs to it (a kit's
contents, a list to pick from) follows, indented by two spaces. Keys become words: `undo`, `leave`.
At a terminal there is a prompt; in a pipe there is none, so that answers can be read by a program.

Every verb is one transaction, so that an interrupt leaves nothing half done.
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import TextIO

from kitloan.college import College
from kitloan.errors import KitloanError
from kitloan.ledger.own_clock import warning
from kitloan.storage.user_files import desk_log
from kitloan.text.dates import uk
from kitloan.text.names import plain, tidy
from kitloan.text.tags import grouped
from kitloan.values import SYMBOLS
from kitloan_tui import faultlog, keys
from kitloan_tui.booking_line import read_day
from kitloan_tui.counter import refusals, sentences, steps
from kitloan_tui.counter.questions import PartsCount
from kitloan_tui.counter.state import FrontEnd, PrintLabel
from kitloan_tui.counter.status import status_lines
from kitloan_tui.counter.verdict import ONLY_LOOKS, READY, Verdict
from kitloan_tui.week import WORDS, DayRow, find_day

_NAMES = keys.by_word()
_NEEDS_KEYS = re.compile(r"(?:^|(?<=[.?!] ))[^.?!]*\{\w+\}[^.?!]*[.?!]? ?")
"""A sentence about what only the screen has: there is no word for it here."""
_HELP = ("help", "?")
_DAY = "day"


def run(
    college: College,
    lines: TextIO,
    answers: TextIO,
    *,
    prompt: str = "",
    print_label: PrintLabel | None = None,
) -> bool:
    """Work at the counter until the input ends; gives whether nothing was refused.

    Args:
        college: an open store.
        lines: where lines come from.
        answers: where answers go; flushed after each.
        prompt: what to show before each line.
        print_label: prints a holding's label.
    """
    desk = LineDesk(college, print_label)
    heading = f"{college.college_name}, {college.session.actor}"
    clock = [f"  ! {text}" for text in (warning(college.session),) if text]
    _write(answers, [heading, *desk.opening(), *clock], prompt)
    for line in lines:
        _write(answers, desk.answer(line), prompt)
    _write(answers, desk.end())
    return desk.state.refusals == 0


def _write(answers: TextIO, lines: list[str], prompt: str = "") -> None:
    answers.write("".join(f"{plain(line)}\n" for line in lines) + prompt)
    answers.flush()


class LineDesk:
    """Turns what comes of each step at the counter into lines."""

    def __init__(self, college: College, print_label: PrintLabel | None = None) -> None:
        self.college = college
        front = FrontEnd(asks_names=False, print_label=print_label)
        self.state = steps.open_counter(college, front)
        self._shown: list[str] = []
        self._asked: object = None

    def opening(self) -> list[str]:
        """How to begin."""
        return self._help(self.state.verdict)

    def _help(self, verdict: Verdict) -> list[str]:
        words = ", ".join(("done", "leave", "undo", "whole", "later", "return"))
        shown = "" if self.state.is_national else ", day"
        return [_line(verdict), f"  Words: {words}, to NAME{shown}. End of input closes."]

    def _day_meant(self, line: str) -> date | None:
        """The day to show, of `day` or `day fri`; None for a line that is for the counter."""
        word, _, rest = tidy(line).partition(" ")
        if word.lower() != _DAY or self.state.is_national:
            return None
        today = self.college.session.today
        return read_day(rest, today) if rest else today

    def _show_day(self, day: date) -> list[str]:
        """What is at risk, to be handed out, to be prepared and due back on a day."""
        rows = list(find_day(self.college, day))
        counts = [(sum(1 for row in rows if row.kind == part), part) for part in WORDS]
        found = ", ".join(f"{many:,} {WORDS[part]}" for many, part in counts if many)
        calendar = self.college.calendar.calendar()
        closed = "" if calendar.is_desk_open(day) else ", the desk is closed"
        verdict = Verdict("DAY", f"{day:%A} {uk(day)}{closed}: {found or 'nothing to do'}")
        return [_line(verdict), *(f"  {_day_line(row)}" for row in rows)]

    def _ready(self) -> Verdict:
        """What can be done next, where nothing is asked."""
        if self.state.turn:
            return sentences.turn_open(self.state.turn.to)
        return ONLY_LOOKS if self.state.is_national else READY

    def answer(self, line: str) -> list[str]:
        """What comes of one line, and what belongs to it."""
        if self.state.question is None:
            if not tidy(line):  # else the kit that was lent last would seem to be lent again
                return [_line(self._ready())]
            if tidy(line).lower() in _HELP:
                return self._help(self._ready())
        if self.state.question is None and (day := self._day_meant(line)) is not None:
            try:
                return self._show_day(day)
            except KitloanError as problem:
                return [_line(refusals.shown(problem))]
        logged = len(self.state.log)
        try:
            verdict = steps.submit(self.state, self.college, line)
        except Exception as problem:  # the desk goes on, whatever it was
            verdict = faultlog.fault(problem, desk_log())
            steps.show(self.state, self.college, verdict)
        return [_line(verdict), *(f"  {each}" for each in self._details(logged, verdict))]

    def end(self) -> list[str]:
        """Leave what is open, and show it: a kit that was being counted is still out."""
        lines = []
        while self.state.is_open:
            verdict = steps.escape(self.state, self.college)
            lines += [_line(verdict), *map(_line, self.state.beside)]
        return lines

    def _details(self, logged: int, verdict: Verdict) -> Iterator[str]:
        """What happened on the way to this verdict, and what can be answered."""
        for line in list(self.state.log)[logged:]:
            if line.verdict is not verdict:
                yield _line(line.verdict)
        asking = sentences.asking(self.state, self.college.session.today)
        if asking and not verdict.asks:
            yield _line(asking)
        status = [keys.filled(line, _NAMES) for line in status_lines(self.state)]
        yield from (line for line in status if line not in self._shown)
        self._shown = status
        if self.state.counting and self.state.question is not self._asked:
            yield from _parts(self.state.counting)
        self._asked = self.state.question
        if asking or self.state.matches:
            yield from self._choices()

    def _choices(self) -> Iterator[str]:
        found = {held.tag: held for held in self.state.matches}
        for number, choice in enumerate(self.state.choices, start=1):
            held = found.get(choice)
            shown = choice
            if held:
                loan = f" with {held.loan.to}" if held.loan else ""
                status = f"{SYMBOLS[held.status]} {held.status.replace('_', ' ')}{loan}"
                what = "  ".join(filter(None, (held.asset_number, held.type, held.location)))
                shown = f"{grouped(choice)}  {what}  {status}"
            yield f"{number}  {shown}"


def _line(verdict: Verdict) -> str:
    hint = _NEEDS_KEYS.sub("", keys.filled(verdict.hint, _NAMES)).strip()
    end = "" if not hint or verdict.text.endswith((".", "?", "!")) or not verdict.text else "."
    return " ".join(f"{verdict}{end} {hint}".split("\n")).rstrip()


def _day_line(row: DayRow) -> str:
    what = ", ".join(filter(None, (row.what, row.how)))
    booking = f" ({row.id})" if not row.tag else ""
    return f"{row.part}: {row.to}, {what}{booking}"


def _parts(counting: PartsCount) -> Iterator[str]:
    """The contents list, a line for each bag."""
    for bag, parts in groupby(counting.parts, lambda part: part.bag or "no bag"):
        shown = []
        for part in parts:
            short = part.missing + part.broken
            was = f" (was {part.quantity - short})" if short else ""
            shown.append(f"{part.quantity} {part.name}{' *' if part.critical else ''}{was}")
        yield f"{bag}: {', '.join(shown)}"
