"""The command line: one module for each group of commands."""

import sys

INTERRUPTED = 130
"""The exit code of a program that Ctrl+C ended, by the shells' convention."""


def print_stopped() -> int:
    """Report that the program was interrupted; gives its exit code."""
    print("\nStopped. Nothing was left half done.", file=sys.stderr)  # noqa: T201  # the last word
    return INTERRUPTED
