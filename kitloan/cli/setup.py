"""`kitloan init`."""

import re
from pathlib import Path

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_notice, print_text
from kitloan.values import as_json, plural


@command("init", "kitloan init fife")
@click.argument("college")
@click.option("--name", help="What the college is called, when the list does not have it.")
@pass_app
def init(app: App, college: str, name: str | None) -> None:
    """Start a college's store.

    COLLEGE is an id from the reference list (fife, ayrshire, uhi-nwh, ...), a college's name or
    former name, or a new id; esp is the national store.
    """
    from kitloan.college import init as start

    with start(college, app.place, name=name, actor=app.actor) as opened:
        who, where = opened.session.college, opened.session.store.name
        if name is not None and name != opened.college_name:
            print_notice(f"It was started before, and keeps its name: {opened.college_name}.")
        if app.json:
            print_json({"college": who, "name": opened.college_name, "store": where})
        else:
            print_text(f"{opened.college_name} ({who}) keeps its store at {where}.")


@command(
    "provision", "kitloan provision postgresql://postgres@db/kitloan --passwords kitloan.pgpass"
)
@click.argument("url")
@click.option("--college", "named", multiple=True, metavar="ID", help="Only this college; repeat.")
@click.option("--esp", is_flag=True, help="ESP's login, where colleges are named.")
@click.option(
    "--passwords",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where the passwords of new logins go; only you can read it.",
)
@pass_app
def provision(app: App, url: str, named: tuple[str, ...], esp: bool, passwords: Path) -> None:
    """Make a PostgreSQL database ready for colleges to share.

    URL names the database with an administrator's login; leave the password out of it, PostgreSQL
    finds it in PGPASSWORD or ~/.pgpass. Without --college and --esp every college of the reference
    list gets a login, and so does ESP. Doing it again changes nothing that is so already.
    """
    from kitloan.provision import provision as prepare

    if re.search("://[^/@]*:[^/@]", url):
        click.echo(
            "The password in that URL can be read by others on this machine while this runs, and "
            "lies in your shell's history. Leave it out: PGPASSWORD or ~/.pgpass will do.",
            err=True,
        )
    done = prepare(url, passwords, named=named, esp=esp)
    if app.json:
        print_json(as_json(done))
        return
    print_text(
        columns(
            [
                [f"  {each.college}", each.login, "new" if each.made else "there already"]
                for each in done.logins
            ]
        )
    )
    made = sum(each.made for each in done.logins)
    print_text(
        f"{done.database} is ready: {plural(len(done.logins), 'login')}, {made} of them new."
        + (f" Their passwords are in {done.passwords}, which only you can read." if made else "")
    )
