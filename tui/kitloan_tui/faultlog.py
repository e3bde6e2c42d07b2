"""Where the unexpected is written down, so that the desk can go on and it can be corrected."""

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from kitloan_tui.counter.verdict import Verdict


def fault(problem: BaseException, place: Path) -> Verdict:
    """A problem that nobody expected, in words; the desk goes on after it."""
    return Verdict(
        "FAULT",
        "Something went wrong in the program. See what is on record before going on.",
        f"For the person who corrects it: {write(problem, place)}.",
        ok=False,
    )


def write(problem: BaseException, place: Path) -> str:
    """Add a problem to the log; gives the end of a sentence: where it is."""
    text = "".join(traceback.format_exception(problem))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with open(place, "a", encoding="utf-8", opener=_privately) as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n{text}\n")
    except OSError as unwritable:
        return f"{type(problem).__name__}: {problem} (no log: {unwritable.strerror})"
    return f"the log is {place}"


def _privately(name: str, flags: int) -> int:
    """Open a file that, when it is made, only its owner can read."""
    return os.open(name, flags, 0o600)
