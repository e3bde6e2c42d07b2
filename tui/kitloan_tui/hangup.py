"""Leaving with the terminal: a window that was closed must not leave a desk behind.

Closing a window sends the program a hang-up, but a program that was started to outlive its parent
ignores those; it would then read nothing from a terminal that is gone, as fast as it can.
"""

import os
import sys

LOOK_EVERY = 2.0
"""Seconds between two looks."""


def has_terminal() -> bool:
    """Whether the program reads from a terminal that is there."""
    if os.name == "nt" or sys.__stdin__ is None:
        return False  # Windows ends a console's programs itself
    try:
        os.tcgetpgrp(sys.__stdin__.fileno())
    except (OSError, ValueError):
        return False
    return True
