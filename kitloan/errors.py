"""Every refusal and failure that kitloan raises on purpose.

    KitloanError                exit code
    ├── Refused             1   a rule of lending forbids it; nothing changed
    ├── BadInput            2   what was typed or read cannot be used; nothing changed
    └── StoreError          3   the store cannot be reached, is full, or is damaged

Each carries a `code` for programs, a `message` with the facts, a `hint` with one next step, and
`details` with the same facts as values. A new refusal needs a new code and no new class. Callers
distinguish them by class (what kind of trouble) or by `code` (which rule).
"""

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

    def as_json(self) -> dict[str, Any]:
        """The error as the one document that `--json` prints."""
        body = {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "details": self.details,
        }
        return {"error": body}


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
