"""Output of commands: answers on stdout, errors and progress on stderr, users' text made safe."""

import csv
import io
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, TextIO

from kitloan.errors import KitloanError, StoreError
from kitloan.text.cells import csv_cell
from kitloan.text.names import UNSEEN, plain

_QUIET_SECONDS = 1.0
_BETWEEN_LINES = 5.0


def print_text(text: str) -> None:
    """Print an answer for a person.

    Raises:
        StoreError: `no_output`, when the answer cannot be written.
    """
    _answer(plain(text))


def print_json(data: Any) -> None:
    """Print one document for a program. Control and invisible characters are escaped.

    Raises:
        StoreError: `no_output`, when the document cannot be written.
    """
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(data, ensure_ascii=not utf8, indent=2)
    _answer(UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text))


def _answer(text: str) -> None:
    try:
        print(text)  # noqa: T201  # the one place that prints answers
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise no_output(problem) from problem


def no_output(problem: OSError) -> StoreError:
    """The error for an answer that cannot be written."""
    return StoreError(
        "no_output",
        f"The answer could not be written: {problem.strerror or problem}.",
        "Write it to a disk that has room.",
    )


def print_problem(problem: KitloanError) -> None:
    """Print an error: what happened, and what to do next."""
    words = f"kitloan: {problem.message}"
    print(plain(f"{words}\n  {problem.hint}" if problem.hint else words), file=sys.stderr)  # noqa: T201


def print_notice(words: str) -> None:
    """Print a notice for a person, in addition to the answer."""
    print(plain(f"kitloan: {words}"), file=sys.stderr)  # noqa: T201


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text, in columns as wide as their widest cell."""
    if not rows:
        return ""
    cleaned = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cleaned) for i in range(len(cleaned[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cleaned
    )


def with_college(items: Sequence[dict[str, Any]], college: str) -> list[dict[str, Any]]:
    """Items of a list as JSON, each with its college: its own, its ledger's, or the store's."""
    return [
        each | {"college": each.get("college") or _of_ledger(each.get("ledger")) or college}
        for each in items
    ]


def _of_ledger(ledger: str | None) -> str:
    return (ledger or "").partition("/")[0]


def csv_text(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as CSV, of which no spreadsheet program runs a cell as a formula."""
    made = io.StringIO()
    csv.writer(made, lineterminator="\n").writerows(
        [csv_cell(each) for each in row] for row in rows
    )
    return made.getvalue().rstrip("\n")


def at_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; a service or a scheduler may have no stream at all."""
    return stream is not None and stream.isatty()


class Progress:
    """Shows on stderr how far a long command is: nothing in the first second, then one line.

    On a terminal the line is overwritten; elsewhere a new line is printed every few seconds.
    """

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._start = time.monotonic()
        self._last = float("-inf")

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done."""
        now = time.monotonic()
        terminal = at_terminal(sys.stderr)
        wait = 0.1 if terminal else _BETWEEN_LINES
        if now - self._start < _QUIET_SECONDS or (now - self._last < wait and done < total):
            return
        self._last = now
        end = "\r" if terminal and done < total else "\n"
        print(f"{self._doing}: {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)  # noqa: T201
