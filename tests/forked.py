"""The program as a fork of the tests, which have loaded it already.

Starting Python and loading kitloan takes half a second of a processor; most tests of a real process
ask what it answers, writes and leaves behind, and not how it starts. A fork is a process all the
same: with files, signals, a terminal and an end of its own. How the installed program itself starts
is in `cli/test_the_program.py`, `tui/test_story.py` and wherever PROGRAM is run.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence

FORKS = hasattr(os, "fork")
"""Whether a process can go on as another here."""
_MOST_FILES = 65_536


def become(line: Sequence[str]) -> Callable[[], None]:
    """For `preexec_fn`: the child that was forked is `kitloan` with these words, and ends as it.

    Its standard input, output and error are where the parent has put them.
    """

    def run() -> None:
        code = 1
        try:
            # Also the pipe by which a parent waits for the program that would begin now.
            os.closerange(3, _MOST_FILES)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)
            sys.argv = ["kitloan", *line]
            sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115  # to its end
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            sys.stderr = open(  # noqa: SIM115
                2, "w", encoding="utf-8", errors="backslashreplace", closefd=False
            )
            code = _main()
        finally:
            os._exit(code)

    return run


def _main() -> int:
    """Run the console script in here; gives its exit code."""
    from kitloan.cli.start import main

    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    return code
