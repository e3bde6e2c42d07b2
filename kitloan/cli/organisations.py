"""`kitloan organisations`: who borrows, and correcting their names."""

import click

from kitloan.borrowers.directory import BorrowerLine
from kitloan.cli.context import App, command, common_options, pass_app
from kitloan.cli.find import AFTER, show_more
from kitloan.cli.loans import NEW, take_near
from kitloan.cli.output import columns, print_json, print_notice, print_text
from kitloan.evidence.partners import KINDS, Profile
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


@command(
    "describe",
    "kitloan organisations describe 'Belmont Academy' --referred-by SSERC",
    group=organisations,
)
@click.argument("name", metavar="A")
@click.option("--kind", metavar="KIND", help=f"What kind it is: {', '.join(KINDS)}.")
@click.option("--referred-by", metavar="PARTNER", help="Who sent it: SSERC, STEM Learning, RAiSE.")
@click.option("--partnership", metavar="REGION", help="The region whose partnership it is in.")
@NEW
@pass_app
def describe(
    app: App,
    name: str,
    kind: str | None,
    referred_by: str | None,
    partnership: str | None,
    new: bool,
) -> None:
    """Record what kind of partner A is. `none` takes one of them back; the rest stays."""
    with app.open() as opened:
        found = take_near(
            app,
            name,
            lambda called, new_too: opened.partners.describe(
                called,
                kind=kind,
                referred_by=referred_by,
                partnership=partnership,
                new_too=new_too,
            ),
            new=new,
        )
    if app.json:
        print_json(as_json(found))
        return
    print_text(", ".join(each for each in _profile(found) if each))
    for each in found.warnings:
        print_notice(each.message)


@command("partners", "kitloan organisations partners", group=organisations)
@pass_app
def partners(app: App) -> None:
    """List what kind of partner organisations are, and who referred them."""
    with app.open() as opened:
        found = opened.partners.list()
    if app.json:
        print_json({"items": as_json(found), "total": len(found), "next": None})
        return
    if not found:
        print_text("Nothing is recorded of partners yet: kitloan organisations describe NAME")
        return
    print_text(columns([_profile(each) for each in found]))


def _profile(found: Profile) -> list[str]:
    return [
        found.organisation,
        (found.kind or "").replace("_", " "),
        f"referred by {found.referred_by}" if found.referred_by else "",
        f"partnership of {found.partnership}" if found.partnership else "",
    ]
