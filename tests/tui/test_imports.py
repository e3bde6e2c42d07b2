"""What the desk loads, and when."""

import subprocess
import sys

import pytest

STORE = ("sqlmodel", "sqlalchemy", "pydantic", "kitloan.college")


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("kitloan_tui.app", STORE),  # it paints before the store's libraries load
        ("kitloan_tui.counter", ("textual", "rich")),  # a line desk works without a screen
        ("kitloan_tui", (*STORE, "textual")),
    ],
)
def test_nothing_is_loaded_too_early(module: str, absent: tuple[str, ...]) -> None:
    """Else the technician would look at an empty terminal for another second."""
    code = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
