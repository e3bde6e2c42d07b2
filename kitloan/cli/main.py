"""`kitloan`: the group that all commands hang on, and what happens when one fails."""

import os
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
from kitloan.errors import BadInput, KitloanError, StoreError


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        (named, *_) = args  # click takes what looks like an option out of them
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            import difflib  # asked of the mistyped only

            near = difflib.get_close_matches(named, self.list_commands(ctx), n=2)
            if not near:
                raise
            meant = f"{problem.format_message()} Did you mean {' or '.join(near)}?"
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


def run(arguments: list[str]) -> int:
    """Run a command line; gives the exit code. Never lets a traceback through unasked."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app, heard, code = App(), sys.stdout, 0
    try:
        code, problem = _outcome(app, arguments)
        if problem is not None:
            _show(app, problem)
        if heard is not None:
            heard.flush()  # here, where a reader that has gone can still be met with grace
    except BrokenPipeError:
        _say_no_more()
    except SystemExit:
        if sys.stdout is heard:
            raise  # shell completion
        _say_no_more()  # click saw first that the reader has gone
    except (OSError, StoreError) as problem:  # the answer found no room
        _say_no_more()
        code = StoreError.exit_code
        with suppress(OSError):  # nor has this one
            print_problem(_with_what_was_done(app, problem))
    if app.wrote and app.clock_warning:
        with suppress(OSError):
            print_notice(app.clock_warning)
    _make_the_days_copy(app)
    return code


def _outcome(app: App, arguments: list[str]) -> tuple[int, KitloanError | None]:
    """Run a command; gives the exit code, and what is still to be told."""
    try:
        cli.main(arguments, prog_name="kitloan", standalone_mode=False, obj=app)
    except KitloanError as problem:
        return problem.exit_code, problem
    except click.exceptions.Exit as end:
        return end.exit_code, None
    except click.UsageError as problem:
        app.json = app.json or "--json" in arguments  # it may stand behind what is wrong
        hint = f"See: {problem.ctx.command_path} --help" if problem.ctx else "See: kitloan --help"
        return BadInput.exit_code, BadInput("usage", problem.format_message(), hint)
    except UnicodeEncodeError:
        return BadInput.exit_code, _not_text()
    except (click.Abort, KeyboardInterrupt):
        return print_stopped(), None
    except BrokenPipeError:
        raise
    except Exception as problem:
        if app.debug:
            traceback.print_exc()
        return StoreError.exit_code, _unexpected(app, problem)
    return app.exit_code, None


def _make_the_days_copy(app: App) -> None:
    """Copy a store that was written to, once a day; say on stderr when that cannot be done."""
    if app.opened is None or not app.wrote:
        return
    from kitloan.backups.daily import copy_if_due

    session = app.opened.session
    with suppress(KeyboardInterrupt):  # what was asked for is done and told; the copy can wait
        outcome = copy_if_due(session.store, session.today)
        if outcome is not None and outcome.problem is not None:
            print_problem(outcome.problem)
    session.store.close()


def _say_no_more() -> None:
    """Whoever read our output has had enough: what is left of it goes nowhere."""
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
    """An answer that found no room; what was done stays done, and must not be done twice."""
    told = no_output(problem) if isinstance(problem, OSError) else problem
    if not app.wrote:
        return told
    return StoreError(
        told.code,
        f"{told.message} What was asked for was done all the same.",
        "Do not say it again: see it with `kitloan ledger log`.",
    )


def _not_text() -> BadInput:
    return BadInput(
        "bad_text",
        "Something that was typed or scanned is not text; nothing was changed.",
        "Give it again in plain words. A scanner must be set to this machine's keyboard.",
    )


def _unexpected(app: App, problem: Exception) -> StoreError:
    return StoreError(
        "unexpected",
        f"Something happened that kitloan did not expect ({type(problem).__name__}: {problem}).",
        "Something had been written before: see what with `kitloan ledger log`, and send us what "
        "the command prints with --debug."
        if app.wrote
        else "Nothing was done. Say it again with --debug, and send us what it prints.",
    )
