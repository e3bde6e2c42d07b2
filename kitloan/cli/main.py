"""`kitloan`: the group that all commands hang on, and what happens when one fails."""

import sys
import traceback
from importlib import import_module

import click

from kitloan import __version__
from kitloan.cli.commands import COMMANDS
from kitloan.cli.context import App, common_options
from kitloan.cli.output import print_json, print_problem
from kitloan.errors import BadInput, KitloanError, StoreError

INTERRUPTED = 130
"""The exit code of a program that Ctrl+C ended, by the shells' convention."""


class _Commands(click.Group):
    """A group that knows its commands' lines and loads a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [row.name for row in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for row in COMMANDS:
            if row.name == cmd_name:
                module = import_module(f"kitloan.cli.{row.module}")
                found: click.Command = getattr(module, row.attribute)
                return found
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(row.name, row.line) for row in COMMANDS])


@click.command(
    "kitloan",
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: kitloan checkout AC0001 --to 'Kilmarnock Academy'   "
    "(kitloan COMMAND --help tells more of each)",
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


def main() -> None:
    """The console script: runs a command and ends the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command line; gives the exit code. Never lets a traceback through unasked."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app = App()
    try:
        cli.main(arguments, prog_name="kitloan", standalone_mode=False, obj=app)
    except KitloanError as problem:
        _show(app, problem)
        return problem.exit_code
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as problem:
        hint = f"See: {problem.ctx.command_path} --help" if problem.ctx else "See: kitloan --help"
        _show(app, BadInput("usage", problem.format_message(), hint))
        return BadInput.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("\nStopped. Nothing was left half done.", file=sys.stderr)  # noqa: T201  # the last word
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough; say no more
        return 0
    except Exception as problem:
        _show(app, _unexpected(problem))
        if app.debug:
            traceback.print_exc()
        return StoreError.exit_code
    return app.exit_code


def _show(app: App, problem: KitloanError) -> None:
    if app.json:
        print_json(problem.as_json())
    else:
        print_problem(problem)
    if app.debug and problem.__cause__ is not None:
        traceback.print_exception(problem.__cause__)


def _unexpected(problem: Exception) -> StoreError:
    return StoreError(
        "unexpected",
        f"Something happened that kitloan did not expect ({type(problem).__name__}: {problem}).",
        "What was not reported as done was not done. Say it again with --debug, and send us "
        "what it prints.",
    )
