"""The console script: the first of kitloan that runs.

Loading SQLModel makes some hundred thousand objects that live to the end; the garbage collector
would walk them again and again and find nothing, for a seventh of the time that `kitloan show`
takes. So it rests until a store is open (`App.open`), and then leaves alone what was loaded.
"""

import gc
import sys


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    gc.disable()
    from kitloan.cli.main import run

    sys.exit(run(sys.argv[1:]))
