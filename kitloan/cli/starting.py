"""`kitloan init`."""

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import print_json, print_notice, print_text


@command("init", "kitloan init fife")
@click.argument("college")
@click.option("--name", help="What the college is called, when the list does not have it.")
@pass_app
def init(app: App, college: str, name: str | None) -> None:
    """Start a college's store.

    COLLEGE is an id from the reference list (fife, ayrshire, uhi-nwh, ...), a college's name or
    former name, or a new id; esp is the national store.
    """
    from kitloan.library import init as start

    with start(college, app.place, name=name, actor=app.actor) as opened:
        who, where = opened.session.college, opened.session.store.name
        if name is not None and name != opened.college_name:
            print_notice(f"It was started before, and keeps its name: {opened.college_name}.")
        if app.json:
            print_json({"college": who, "name": opened.college_name, "store": where})
        else:
            print_text(f"{opened.college_name} ({who}) keeps its store at {where}.")
