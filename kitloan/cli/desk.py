"""`kitloan` alone and `kitloan desk`: the only commands that load the terminal program."""

import sys
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import at_terminal
from kitloan.errors import BadInput, Refused

if TYPE_CHECKING:
    from kitloan.college import College


@command("desk", "kitloan desk --plain")
@click.option("--plain", is_flag=True, help="One line in, one line out; works in pipes.")
@pass_app
def desk(app: App, plain: bool) -> None:
    """Open the desk: lend, take back, count, undo.

    With --plain the desk uses lines instead of a screen, for screen readers, pipes and slow links.
    Scan or type one thing a line; each gets one line as its answer. The end of the input closes
    the desk. In a pipe, the exit code is 1 if anything was refused.
    """
    if plain:
        _lines(app)
    else:
        open_desk(app)


def open_desk(app: App) -> None:
    """Open the desk on the store.

    Raises:
        BadInput: `no_terminal`, without a terminal.
    """
    if not (at_terminal(sys.stdin) and at_terminal(sys.stdout)):
        raise BadInput(
            "no_terminal",
            "The desk needs a terminal.",
            "Open a terminal; or use lines: kitloan desk --plain",
        )
    from kitloan.cli.labels import LabelPress
    from kitloan_tui.app import run

    def start(college: str) -> "College":
        from kitloan.college import init
        from kitloan_tui.demonstration import demonstration
        from kitloan_tui.screens.start import PLAY

        if college == PLAY:
            return demonstration(app.actor)
        return init(college, app.place, actor=app.actor)

    run(app.open, press=LabelPress(), starter=start)
    app.clock_warning = ""  # the desk showed it


def _lines(app: App) -> None:
    if app.json:
        raise BadInput(
            "usage",
            "The desk answers line by line, not with one JSON document.",
            "Leave out --json.",
        )
    if sys.stdin is None:
        raise BadInput(
            "no_input", "There is no input to read lines from.", "Give it lines through a pipe."
        )
    from kitloan.cli.labels import LabelPress
    from kitloan_tui.lines import run

    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace", newline=None)
    person = at_terminal(sys.stdin) and at_terminal(sys.stdout)
    with app.open() as opened:
        label = LabelPress().print_one
        well = run(opened, sys.stdin, sys.stdout, prompt="> " * person, print_label=label)
    app.clock_warning = ""  # the desk showed it
    if not well and not at_terminal(sys.stdin):
        app.exit_code = Refused.exit_code
