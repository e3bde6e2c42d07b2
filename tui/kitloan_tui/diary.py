"""What the counter said: the verdict that stands, and the log of what happened before it."""

from collections import deque
from dataclasses import dataclass, replace

from kitloan.text.dates import Clock, instant
from kitloan.text.scans import Command, Tag, Text
from kitloan_tui.verdict import READY, Verdict

REPEAT_SECONDS = 1.5
"""The same code again within this is the scanner, or a hand that held the trigger."""

_LOG_LINES = 100


@dataclass(frozen=True, slots=True)
class Happened:
    """A line of the log: when, and what was said."""

    at: str
    verdict: Verdict


class Diary:
    """Keeps verdicts in order.

    Attributes:
        verdict: the one that stands; a refusal, when one came of what was done last.
        beside: what else came of it.
        log: what happened, the oldest first; questions are no happenings.
        refusals: how many verdicts so far deserved the bell.
    """

    def __init__(self, clock: Clock) -> None:
        self.verdict = READY
        self.beside: tuple[Verdict, ...] = ()
        self.log: deque[Happened] = deque(maxlen=_LOG_LINES)
        self.refusals = 0
        self._clock = clock

    def record(self, verdict: Verdict) -> None:
        """Let a new verdict stand; one that stands already, with or without a note, is not new."""
        if verdict is not self.verdict:
            self.verdict, self.beside = verdict, ()
            self._keep(verdict)

    def also(self, verdict: Verdict) -> None:
        """Something more came of what was done last: the latest stands, or a refusal does."""
        self._keep(verdict)
        if self.verdict.ok or not verdict.ok:
            self.verdict, verdict = verdict, self.verdict
        self.beside = (*self.beside, verdict)

    def _keep(self, verdict: Verdict) -> None:
        self.refusals += not verdict.ok
        if not verdict.asks and verdict != READY:
            self.log.append(Happened(instant(self._clock()), verdict))

    def note(self, hint: str) -> Verdict:
        """Say something beside the verdict, which stays."""
        self.verdict = replace(self.verdict, hint=hint)
        return self.verdict


class Repeats:
    """Tells a code that was scanned a moment ago."""

    def __init__(self) -> None:
        self._last: tuple[Tag | Command | Text, float] | None = None

    def same_again(self, code: Tag | Command | Text, at: float | None) -> bool:
        """Whether `code` at `at` is the scan before it once more; each such scan counts anew."""
        last, self._last = self._last, None if at is None else (code, at)
        if last is None or at is None:
            return False
        return last[0] == code and at - last[1] < REPEAT_SECONDS
