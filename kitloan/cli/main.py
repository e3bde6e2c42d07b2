"""`kitloan`: the group of all commands, and the handling of their errors."""

import os
import re
import sys
import traceback
from contextlib import suppress
from importlib import import_module

import click

from kitloan.__version__ import __version__
from kitloan.cli import print_stopped
from kitloan.cli.commands import COMMANDS
from kitloan.cli.context import App, common_options
from kitloan.cli.output import no_output, print_json, print_notice, print_problem
from kitloan.errors import BadInput, KitloanError, StoreError, extra_of, not_installed


class _Commands(click.Group):
    """A group that loads a command when it is used; help needs only the table of commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [row.name for row in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for row in COMMANDS:
            if row.name == cmd_name:
                module = import_module(f"kitloan.cli.{row.module}")
                found: click.Command = getattr(module, row.attribute)
                return found
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        (named, *_) = args  # click removes what looks like an option
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            import difflib  # only for a mistyped command

            near = difflib.get_close_matches(named, self.list_commands(ctx), n=2)
            if not near:
                raise
            meant = f"No such command {named!r}. Did you mean {' or '.join(near)}?"
            raise click.UsageError(meant, ctx) from problem

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(row.name, row.line) for row in COMMANDS])


@click.command(
    "kitloan",
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: kitloan checkout AC0001 --to 'Kilmarnock Academy'   "
    "(for each command: kitloan COMMAND --help)",
)
@click.version_option(__version__, prog_name="kitloan", message="%(prog)s %(version)s")
@common_options(hidden=False)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Lend STEM kits, take them back counted, and show where every one is.

    Without a command, kitloan opens the desk.
    """
    if ctx.invoked_subcommand is None:
        from kitloan.cli.desk import open_desk

        open_desk(ctx.ensure_object(App))


def run(arguments: list[str]) -> int:
    """Run a command line; gives the exit code. Shows a traceback only with `--debug`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app, output, code = App(), sys.stdout, 0
    try:
        code, problem = _outcome(app, arguments)
        if problem is not None:
            _show(app, problem)
        if output is not None:
            output.flush()  # here, where a reader that has gone can still be handled
    except BrokenPipeError:
        _discard_output()
    except SystemExit:
        if sys.stdout is output:
            raise  # shell completion
        _discard_output()  # click noticed first that the reader has gone
    except (OSError, StoreError) as problem:  # the answer could not be written
        _discard_output()
        code = StoreError.exit_code
        with suppress(OSError):  # nor may this one
            print_problem(_with_what_was_done(app, problem))
    if app.wrote and app.clock_warning:
        with suppress(OSError):
            print_notice(app.clock_warning)
    _make_the_days_copy(app)
    return code


def _outcome(app: App, arguments: list[str]) -> tuple[int, KitloanError | None]:
    """Run a command; gives the exit code, and an error still to be shown."""
    try:
        cli.main(arguments, prog_name="kitloan", standalone_mode=False, obj=app)
    except KitloanError as problem:
        return problem.exit_code, problem
    except click.exceptions.Exit as end:
        return end.exit_code, None
    except click.UsageError as problem:
        app.json = app.json or "--json" in arguments  # it may come after the mistake
        hint = f"See how it is used: {_command_of(problem, arguments)} --help"
        return BadInput.exit_code, BadInput("usage", _in_plain_words(problem), hint)
    except UnicodeEncodeError:
        return BadInput.exit_code, _not_text()
    except (click.Abort, KeyboardInterrupt):
        return print_stopped(), None
    except BrokenPipeError:
        raise
    except Exception as problem:
        if app.debug:
            traceback.print_exc()
        if extra := extra_of(problem):
            missing = not_installed(extra)
            return missing.exit_code, missing
        return StoreError.exit_code, _unexpected(app, problem)
    return app.exit_code, None


_PLAINER = {
    "is not a valid integer.": "is not a whole number.",
    "is not a valid float.": "is not a number. Write it like 4.5",
}
"""What click writes of a value, and how a technician would."""


def _command_of(problem: click.UsageError, arguments: list[str]) -> str:
    """The command that was typed; click forgets it where an option has no value."""
    if problem.ctx is not None:
        return problem.ctx.command_path
    names = {row.name for row in COMMANDS}
    return " ".join(["kitloan", *[each for each in arguments if each in names][:1]])


def _in_plain_words(problem: click.UsageError) -> str:
    """What is wrong with a command line."""
    match problem:
        case click.NoSuchOption():
            near = f" Did you mean {' or '.join(near)}?" if (near := problem.possibilities) else ""
            return f"No such option {problem.option_name!r}.{near}"
        case click.BadOptionUsage() if problem.message.endswith("requires an argument."):
            return f"{problem.option_name} needs a value after it."
        case click.MissingParameter():
            return problem.format_message()
        case click.BadParameter() if problem.param is not None:
            message = problem.message
            for click_writes, plain in _PLAINER.items():
                message = message.replace(click_writes, plain)
            name = (
                problem.param.opts[0] if problem.param.opts else problem.param.human_readable_name
            )
            return f"{name}: {message}"
    written = problem.format_message()
    return re.sub(r"^Got unexpected extra arguments? \((.*)\)$", r"Too much was typed: \1", written)


def _make_the_days_copy(app: App) -> None:
    """Copy a store that was written to, once a day; print an error if that fails."""
    if app.opened is None or not app.wrote:
        return
    from kitloan.backups.daily import copy_if_due

    session = app.opened.session
    with suppress(KeyboardInterrupt):  # the command is done and answered; the copy can wait
        outcome = copy_if_due(session.store, session.today)
        if outcome is not None and outcome.problem is not None:
            print_problem(outcome.problem)
    session.store.close()


def _discard_output() -> None:
    """Discard the rest of the output, because its reader has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _show(app: App, problem: KitloanError) -> None:
    if problem.code == "no_output":
        raise problem
    if app.json:
        print_json(problem.as_json())
    else:
        print_problem(problem)
    if app.debug and problem.__cause__ is not None:
        traceback.print_exception(problem.__cause__)


def _with_what_was_done(app: App, problem: OSError | StoreError) -> StoreError:
    """The error for an answer that could not be written; its change must not be made twice."""
    error = no_output(problem) if isinstance(problem, OSError) else problem
    if not app.wrote:
        return error
    return StoreError(
        error.code,
        f"{error.message} The command was carried out, so do not run it again.",
        "See what it recorded: kitloan ledger log",
    )


def _not_text() -> BadInput:
    return BadInput(
        "bad_text",
        "An argument is not readable text. Nothing was changed.",
        "Type it again; if it was scanned, set the scanner to this machine's keyboard.",
    )


def _unexpected(app: App, problem: Exception) -> StoreError:
    return StoreError(
        "unexpected",
        f"An unexpected error happened ({type(problem).__name__}: {problem}). "
        + ("A change had been recorded before it." if app.wrote else "Nothing was recorded."),
        "See what was recorded: kitloan ledger log. Please report this error."
        if app.wrote
        else "Run it again with --debug, and send us the output.",
    )
