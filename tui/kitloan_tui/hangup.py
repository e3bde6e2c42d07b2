"""Leaving with the terminal: a window that was closed must not leave a desk behind.

Closing a window sends the program a hang-up, but a program that was started to outlive its parent
ignores those; it would then read nothing from a terminal that is gone, as fast as it can.
"""

import sys

LOOK_EVERY = 2.0
"""Seconds between two looks."""


def has_terminal() -> bool:
    """Whether the program reads from a terminal that is there."""
    if sys.platform == "win32" or sys.__stdin__ is None:
        return False  # Windows ends a console's programs itself
    import termios  # not on Windows

    try:
        termios.tcgetattr(sys.__stdin__.fileno())
    except (termios.error, OSError, ValueError):
        return False
    return True
