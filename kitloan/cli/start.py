"""The console script: the first of kitloan that runs.

Loading SQLModel makes some hundred thousand objects that live to the end; the garbage collector
would walk them again and again and find nothing, for a seventh of the time that `kitloan show`
takes. So it rests until a store is open (`App.open`), and then leaves alone what was loaded.

Pydantic would read the metadata of everything that is installed with it, to look for plugins: as
much as a tenth of loading SQLModel. What a ledger may hold is for kitloan alone to check, so none
is let in.
"""

import gc
import os
import signal
import sys

from kitloan.cli import print_stopped

_WORKER = "--check-ledgers"
"""What `kitloan.history.workers` starts the bundle's own program with, where there is no Python."""


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    if sys.argv[1:] == [_WORKER]:
        from kitloan.history.worker import main as check_ledgers

        check_ledgers()
        return
    gc.disable()
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        # A terminal that is closed is a Ctrl+C: nothing is left half done, no file half written.
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        from kitloan.cli.main import run
    except KeyboardInterrupt:  # what would meet it is being loaded
        sys.exit(print_stopped())
    sys.exit(run(sys.argv[1:]))
