"""The common options of every command, and opening the store that they name."""

import gc
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from kitloan.college import College

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class App:
    """The common options of one run.

    `exit_code` is the exit code if no error is raised; `opened` is the store, once it is open;
    `clock_warning` is the warning about the clock when it was opened.
    """

    store: str | None = None
    actor: str | None = None
    json: bool = False
    debug: bool = False
    exit_code: int = 0
    opened: "College | None" = None
    clock_warning: str = ""

    @property
    def place(self) -> str | None:
        """The store that `--store` or `KITLOAN_STORE` names; None for the user's own."""
        return self.store or os.environ.get("KITLOAN_STORE") or None

    @property
    def wrote(self) -> bool:
        """Whether something was committed to the store."""
        return self.opened is not None and self.opened.session.store.wrote

    def open(self) -> "College":
        """Open the store; errors as `kitloan.open`."""
        import logging  # loaded here, because help does not need it

        from kitloan.cli.output import Progress, print_notice
        from kitloan.college import open as open_library
        from kitloan.errors import KitloanError
        from kitloan.ledger.own_clock import warning

        if not self.debug:  # a library's own log of an error is not our answer
            logging.getLogger().addHandler(logging.NullHandler())
        upgrading = Progress("An earlier release made this store; checking entries")
        self.opened = opened = open_library(self.place, actor=self.actor, progress=upgrading)
        if opened.upgraded is not None:
            print_notice(str(opened.upgraded))
        with suppress(KitloanError):  # the command itself reports problems with the store
            self.clock_warning = warning(opened.session)
        gc.freeze()
        gc.enable()
        return opened


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value == "" and param.name == "store":  # an unset variable would mean another store
        raise click.BadParameter("the path or URL is empty.", ctx, param)
    if value not in (None, False):
        setattr(ctx.ensure_object(App), str(param.name), value)


def common_options(*, hidden: bool) -> Callable[[F], F]:
    """`--store`, `--as`, `--json` and `--debug`: shown in `kitloan --help`, accepted everywhere."""
    options = (
        (("--store",), {"metavar": "PATH_OR_URL", "help": "The store: a file, or PostgreSQL."}),
        (("--as", "actor"), {"metavar": "WHO", "help": "The person to record for this."}),
        (("--json",), {"is_flag": True, "help": "Answer with one JSON document."}),
        (("--debug",), {"is_flag": True, "help": "Show the Python traceback of an error."}),
    )

    def decorate(command: F) -> F:
        for names, settings in reversed(options):
            command = click.option(
                *names, expose_value=False, callback=_remember, hidden=hidden, **settings
            )(command)
        return command

    return decorate


def command(
    name: str, example: str, *, group: click.Group | None = None
) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of this name, whose help ends with an example."""

    def decorate(function: Callable[..., None]) -> click.Command:
        with_options = common_options(hidden=True)(function)
        make = group.command if group is not None else click.command
        return make(name, epilog=f"Example: {example}")(with_options)

    return decorate


pass_app = click.make_pass_decorator(App)
