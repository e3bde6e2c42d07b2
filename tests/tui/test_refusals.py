"""What the desk shows of a refusal: a next step that works at a desk, whoever refused."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kitloan.errors import BadInput, Refused
from kitloan_tui import keys
from kitloan_tui.actions import BY_ID
from kitloan_tui.counter.refusals import ASK, NEXT_STEPS, next_step, shown
from tui.at_the_counter import NAMES

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"\bkitloan [a-z]+|(?<!\w)--[a-z]|`[a-z]|\.desk\.|check_out\(")
"""A command, an option, or a call in Python."""


def _text(node: ast.expr) -> str:
    """What of an expression is known to be in the text that it makes."""
    return " ".join(
        str(part.value)
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def _errors() -> Iterator[tuple[str, str]]:
    """The code and the hint of every error that the library and the labels can raise."""
    sources = [*(ROOT / "kitloan").rglob("*.py"), *(ROOT / "labels").rglob("*.py")]
    for source in sources:
        if "cli" in source.parts:
            continue
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            match call:
                case ast.Call(
                    func=ast.Name(id="Refused" | "BadInput" | "StoreError"),
                    args=[ast.Constant(value=str(code)), _, hint, *_],
                ):
                    yield code, _text(hint)


def test_no_refusal_at_the_desk_names_a_command() -> None:
    """Else a technician with a teacher waiting would be sent to a prompt that they never saw."""
    found = list(_errors())
    assert sum(bool(COMMAND.search(hint)) for _, hint in found) > 40, "the reader finds them"
    for code, hint in found:
        step = next_step(Refused(code, "What happened.", hint))
        assert not COMMAND.search(step), (code, step)
        assert step or not hint, f"{code} leaves the reader without a next step"


def test_every_row_of_the_table_is_of_an_error_and_reads_as_one_step() -> None:
    """Else rows would stay for errors that are gone, and marks would be shown as they are."""
    known = {code for code, _ in _errors()} | {"incomplete", "uncounted", "in_transit", "missing"}
    known |= {"blocked", "limit", "not_free"}
    assert set(NEXT_STEPS) <= known, set(NEXT_STEPS) - known
    for code, step in NEXT_STEPS.items():
        assert "{" not in keys.filled(step, NAMES), code
        assert step.endswith((".", "REASON", "NAME", "wheel 2", "back")), code


@pytest.mark.parametrize(
    ("code", "hint", "step"),
    [
        ("on_loan", "Take it back first: kitloan checkin KL1", NEXT_STEPS["on_loan"]),
        ("bad_due", "Write it as 14d or 2026-12-18.", "Write it as 14d or 2026-12-18."),
        ("of_another_release", "Run `kitloan ledger verify`.", ASK),
        ("no_hint", "", ""),
    ],
)
def test_the_next_step(code: str, hint: str, step: str) -> None:
    """Else a hint that is right at a desk would be lost with those that are not."""
    assert next_step(BadInput(code, "What happened.", hint)) == step
    assert shown(BadInput(code, "What happened.", hint)).hint == step


def test_no_text_of_the_desk_names_a_command() -> None:
    """Else a help page would, where no refusal does."""
    for source in (ROOT / "tui").rglob("*.py"):
        tree = ast.parse(source.read_text(encoding="utf-8"))
        prose = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                at = f"{source.name}:{node.lineno}"
                assert id(node) in prose or not re.search(r"\bkitloan [a-z]{3}", node.value), at


def test_a_mark_names_an_action_that_has_a_key_or_a_place_in_the_list() -> None:
    """Else `{undo}` would be shown with its braces."""
    for name in BY_ID:
        assert keys.filled(f"{{{name}}} does it.", NAMES) != f"{{{name}}} does it."
