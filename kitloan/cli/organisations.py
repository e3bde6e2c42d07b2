"""`kitloan organisations`: who borrows, and correcting their names."""

import click

from kitloan.borrowers.organisations import BorrowerLine
from kitloan.cli.context import App, command, common_options, pass_app
from kitloan.cli.find import AFTER, show_more
from kitloan.cli.output import columns, print_json, print_text
from kitloan.values import as_json, plural


@click.group(
    "organisations",
    invoke_without_command=True,
    no_args_is_help=False,
    epilog="Example: kitloan organisations merge 'Belmont Academi' 'Belmont Academy'",
)
@AFTER
@common_options(hidden=True)
@click.pass_context
def organisations(ctx: click.Context, after: str | None) -> None:
    """List schools, partners and departments; rename, merge or close one."""
    if ctx.invoked_subcommand is not None:
        return
    app = ctx.ensure_object(App)
    with app.open() as opened:
        page = opened.directory.borrowers(after)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text("No school or partner is on file yet. Lending to one takes it in.")
        return
    print_text(columns([_line(each, opened.session.is_national) for each in page.items]))
    show_more(len(page.items), page.total, page.next)


def _line(each: BorrowerLine, national: bool) -> list[str]:
    return [
        *([each.college] if national else []),
        each.name,
        "closed" if each.closed else "",
        plural(each.open_loans, "open loan") if each.open_loans else "",
        f"also {', '.join(each.also)}" if each.also else "",
    ]


@command(
    "rename", "kitloan organisations rename 'Belmont Acad' 'Belmont Academy'", group=organisations
)
@click.argument("name", metavar="A")
@click.argument("new", metavar="B")
@pass_app
def rename(app: App, name: str, new: str) -> None:
    """A is called B from now on. Its loans go on, and both names find it."""
    with app.open() as opened:
        now = opened.directory.borrower(opened.directory.rename(name, new).name)
    if app.json:
        print_json(as_json(now))
        return
    print_text(f"RENAMED  {now.name}, before: {name}")


@command(
    "merge", "kitloan organisations merge 'Belmont Academi' 'Belmont Academy'", group=organisations
)
@click.argument("name", metavar="A")
@click.argument("into", metavar="B")
@pass_app
def merge(app: App, name: str, into: str) -> None:
    """A and B are one school: A becomes B, with its loans and its people. Both names find it."""
    with app.open() as opened:
        now = opened.directory.borrower(opened.directory.merge(name, into).name)
    if app.json:
        print_json(as_json(now))
        return
    print_text(f"MERGED  {name} is now {now.name}: {plural(now.open_loans, 'open loan')} in all.")


@command("close", "kitloan organisations close 'Belmont Academy'", group=organisations)
@click.argument("name", metavar="A")
@pass_app
def close(app: App, name: str) -> None:
    """Lend nothing more to A. What it has is still on loan."""
    with app.open() as opened:
        now = opened.directory.borrower(opened.directory.close(name).name)
    if app.json:
        print_json(as_json(now))
        return
    print_text(f"CLOSED  {now.name}. Still with it: {plural(now.open_loans, 'loan')}.")
