"""`kitloan init`."""

import re
from pathlib import Path

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import columns, print_json, print_notice, print_text
from kitloan.values import as_json, plural


@command("init", "kitloan init fife")
@click.argument("college")
@click.option("--name", help="The college's name, if the list does not have it.")
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
            print_notice(
                f"This store exists already. Its college's name is still {opened.college_name}."
            )
        if app.json:
            print_json({"college": who, "name": opened.college_name, "store": where})
        else:
            print_text(f"{opened.college_name} ({who}) keeps its store at {where}.")


@command(
    "provision", "kitloan provision postgresql://postgres@db/kitloan --passwords kitloan.pgpass"
)
@click.argument("url")
@click.option(
    "--college", "named", multiple=True, metavar="ID", help="Only this college; repeat for more."
)
@click.option("--esp", is_flag=True, help="Make ESP's login too, when colleges are named.")
@click.option(
    "--passwords",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The file for the new logins' passwords; only you can read it.",
)
@click.option(
    "--sees",
    "seen",
    multiple=True,
    metavar="ID=URL",
    help="A national database, for ESP alone: a college that has its own, and where; repeat it.",
)
@pass_app
def provision(
    app: App,
    url: str,
    named: tuple[str, ...],
    esp: bool,
    passwords: Path,
    seen: tuple[str, ...],
) -> None:
    """Set up a PostgreSQL for colleges to share, for one college, or to see those of all.

    URL names the database with an administrator's login. Leave out the password: PostgreSQL finds
    it in PGPASSWORD or ~/.pgpass. Without --college and --esp, every college of the reference list
    and ESP get a login. Running it again keeps the logins that exist.
    """
    from kitloan.cli.provision import provision as prepare

    if any(re.search("://[^/@]*:[^/@]", each) for each in (url, *seen)):
        click.echo(
            "Others on this machine can read the password in that URL while this runs, and it is "
            "in your shell's history. Leave it out, and use PGPASSWORD or ~/.pgpass.",
            err=True,
        )
    done = prepare(url, passwords, named=named, esp=esp, sees=dict(map(_college_at, seen)))
    if app.json:
        print_json(as_json(done))
        return
    print_text(
        columns(
            [
                [f"  {each.college}", each.login, "new" if each.made else "exists already"]
                for each in done.logins
            ]
        )
    )
    made = sum(each.made for each in done.logins)
    print_text(
        f"{done.database} is ready: {plural(len(done.logins), 'login')}, {made} of them new."
        + (f" The passwords are in {done.passwords}, which only you can read." if made else "")
    )
    if done.sees:
        print_text(f"ESP sees the databases of {', '.join(done.sees)}.")


def _college_at(given: str) -> tuple[str, str]:
    """A college and the URL of its database, from `ID=URL`."""
    college, found, url = given.partition("=")
    if not found:
        raise click.UsageError("Write --sees fife=postgresql://HOST/DATABASE")
    return college, url
