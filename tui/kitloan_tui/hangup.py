"""Leaving with the terminal: a window that was closed must not leave a desk behind.

Closing a window sends the program a hang-up, but a program that was started to outlive its parent
ignores those; it would then read nothing from a terminal that is gone, as fast as it can.

Textual's own way out writes to the terminal first, and waits for ever when there is none: what it
writes is queued for a thread that has died of the first attempt. So the process ends here, between
two verbs, each of which is a transaction of its own.
"""

import os
import sys
from importlib import import_module
from typing import Any, NoReturn

LOOK_EVERY = 2.0
"""Seconds between two looks."""


def has_terminal() -> bool:
    """Whether the program reads from a terminal that is there."""
    if os.name == "nt" or sys.__stdin__ is None:
        return False  # Windows ends a console's programs itself
    termios: Any = import_module("termios")  # Windows has none, and its type checker knows it
    try:
        termios.tcgetattr(sys.__stdin__.fileno())
    except (termios.error, OSError, ValueError):
        return False
    return True


def leave() -> NoReturn:
    """End the process; there is nobody to tell, and no screen to put back."""
    os._exit(0)
