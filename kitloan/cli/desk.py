"""`kitloan` alone: the desk. The one place in this package that loads the terminal library."""

import sys

from kitloan.cli.context import App
from kitloan.cli.output import at_terminal
from kitloan.errors import BadInput


def open_desk(app: App) -> None:
    """Open the desk on the store.

    Raises:
        BadInput: `no_terminal`, where nobody could use it.
    """
    if not (at_terminal(sys.stdin) and at_terminal(sys.stdout)):
        raise BadInput(
            "no_terminal",
            "The desk needs a terminal.",
            "Open one, or give a command: kitloan --help lists them.",
        )
    from kitloan_tui.app import run

    run(app.open)
