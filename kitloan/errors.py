"""Every refusal and failure that kitloan raises on purpose.

    KitloanError                exit code
    ├── Refused             1   a rule of lending forbids it; nothing changed
    ├── BadInput            2   what was typed or read cannot be used; nothing changed
    └── StoreError          3   the store cannot be reached, is full, or is damaged

Each carries a `code` for programs, a `message` with the facts, a `hint` with one next step, and
`details` with the same facts as values. A new refusal needs a new code and no new class. Callers
distinguish them by class (what kind of trouble) or by `code` (which rule).
"""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar


class KitloanError(Exception):
    """The root of everything that kitloan raises on purpose.

    Args:
        code: the rule, in snake_case; stable, for programs.
        message: one or two sentences with the facts, for people.
        hint: what to do next; empty where there is nothing to add.
        details: the facts as JSON-ready values.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """How it goes from one process to another."""
        return _made_again, (type(self), self.code, self.message, self.hint, self.details)

    def as_json(self) -> dict[str, Any]:
        """The error as the one document that `--json` prints."""
        body = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
        }
        return {"error": body}


def _made_again(
    kind: type[KitloanError], code: str, message: str, hint: str, details: dict[str, Any]
) -> KitloanError:
    return kind(code, message, hint, **details)


class Refused(KitloanError):
    """A rule forbids it: on loan already, incomplete, counted already."""

    exit_code = 1


class BadInput(KitloanError):
    """What was typed, scanned or read from a file cannot be used."""

    exit_code = 2


class StoreError(KitloanError):
    """The store is missing, read-only, full, damaged, newer than this program, or out of reach."""

    exit_code = 3


def no_such_file(path: object) -> BadInput:
    """The refusal of a file to read that does not exist."""
    return BadInput(
        "no_such_file",
        f"There is no file {path}.",
        "Check how its name is spelt.",
        file=str(path),
    )


EXTRAS: Mapping[str, tuple[str, ...]] = {
    "desk": ("textual", "rich"),
    "labels": ("PIL", "pypdfium2", "qrcode", "reportlab", "zxingcpp"),
    "postgres": ("psycopg",),
    "camera": ("cv2",),
}
"""What is installed only on request, by the name of the extra: the packages that it brings."""

_NEEDS = {
    "desk": "The desk",
    "labels": "Printing and reading labels",
    "postgres": "A store in PostgreSQL",
    "camera": "Scanning with a camera",
}


def is_installed(extra: str) -> bool:
    """Whether every package of an extra can be imported."""
    return all(find_spec(package) is not None for package in EXTRAS[extra])


def not_installed(extra: str) -> KitloanError:
    """The refusal of what needs an extra, with the line that installs it in this Python.

    A `StoreError` where no store can be reached without it, else a `BadInput`; the code is
    `not_installed`, and `details.extra` is the extra's name.
    """
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    kind = StoreError if extra == "postgres" else BadInput
    return kind(
        "not_installed",
        f"{_NEEDS[extra]} needs kitloan[{extra}], which is not installed.",
        f'Run: {python} -m pip install "kitloan[{extra}]"',
        extra=extra,
    )


def extra_of(problem: BaseException) -> str | None:
    """The extra that an import failed for want of; None where it was something else."""
    if not isinstance(problem, ModuleNotFoundError):
        return None
    package = (problem.name or "").partition(".")[0]
    return next((extra for extra, packages in EXTRAS.items() if package in packages), None)
