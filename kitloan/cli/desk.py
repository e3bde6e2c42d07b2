"""`kitloan` alone and `kitloan desk`: the only commands that load the terminal program."""

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import at_terminal
from kitloan.errors import BadInput, Refused, is_installed, not_installed

if TYPE_CHECKING:
    from kitloan.college import College
    from kitloan.values import Holding
    from kitloan_tui.labels import Press
    from kitloan_tui.widgets.camera import Looks


@command("desk", "kitloan desk --plain")
@click.option("--plain", is_flag=True, help="One line in, one line out; works in pipes.")
@click.option(
    "--camera",
    is_flag=False,
    flag_value="0",
    metavar="[NUMBER]",
    help="Scan with a camera too: the first, or the one of that number.",
)
@pass_app
def desk(app: App, plain: bool, camera: str | None) -> None:
    """Open the desk: lend, take back, count, undo.

    With --plain the desk uses lines instead of a screen, for screen readers, pipes and slow links.
    Scan or type one thing a line; each gets one line as its answer. The end of the input closes
    the desk. In a pipe, the exit code is 1 if anything was refused.

    With --camera a label that is held in front of the camera is scanned, once for each time that it
    comes into view. The line above the keys shows what the camera sees.
    """
    if plain and camera is not None:
        raise BadInput(
            "usage", "The camera works with the desk on a screen.", "Leave out --plain or --camera."
        )
    if plain:
        _lines(app)
    else:
        open_desk(app, camera)


def open_desk(app: App, camera: str | None = None) -> None:
    """Open the desk on the store.

    Args:
        app: the common options.
        camera: the number of a camera to scan with, or a recording in its place; None for none.

    Raises:
        BadInput: `no_terminal`, without a terminal; `not_installed`, without Textual.
    """
    for extra in ("desk",) if camera is None else ("desk", "labels", "camera"):
        if not is_installed(extra):
            raise not_installed(extra)
    if not (at_terminal(sys.stdin) and at_terminal(sys.stdout)):
        raise BadInput(
            "no_terminal",
            "The desk needs a terminal.",
            "Open a terminal; or use lines: kitloan desk --plain",
        )
    from kitloan_tui.app import run

    def start(college: str) -> "College":
        from kitloan.college import init
        from kitloan_tui.demonstration import demonstration
        from kitloan_tui.screens.start import PLAY

        if college == PLAY:
            return demonstration(app.actor)
        return init(college, app.place, actor=app.actor)

    run(app.open, press=cast("Press", _Press()), starter=start, camera=_looks(camera))
    app.clock_warning = ""  # the desk showed it


def _looks(camera: str | None) -> "Looks | None":
    if camera is None:
        return None
    from kitloan_labels.photos import looks

    return partial(looks, camera)


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
    from kitloan_tui.lines import run

    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace", newline=None)
    person = at_terminal(sys.stdin) and at_terminal(sys.stdout)
    with app.open() as opened:
        well = run(opened, sys.stdin, sys.stdout, prompt="> " * person, print_label=_print_one)
    app.clock_warning = ""  # the desk showed it
    if not well and not at_terminal(sys.stdin):
        app.exit_code = Refused.exit_code


class _Press:
    """The press, loaded when it is first asked for something: the desk paints before.

    Where labels are not installed, whatever is asked is refused.
    """

    def __getattr__(self, name: str) -> Any:
        if not is_installed("labels"):
            raise not_installed("labels")
        from kitloan.cli.labels import LabelPress

        return getattr(LabelPress(), name)


def _print_one(opened: "College", held: "Holding") -> str:
    if not is_installed("labels"):
        raise not_installed("labels")
    from kitloan.cli.labels import LabelPress

    return LabelPress().print_one(opened, held)
