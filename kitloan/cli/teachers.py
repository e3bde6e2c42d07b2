"""`kitloan leaflet` and `request-page`: files for a teacher, who has no login."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import print_json, print_text
from kitloan.errors import BadInput
from kitloan.values import plural

F = TypeVar("F", bound=Callable[..., Any])

_READABLE = 0o644
"""Who may read a page: it is there to be put on a college's site."""
MAIL = click.option("--mail", metavar="ADDRESS", help="The desk's address, for mails to it.")


def _out(*endings: str) -> Callable[[F], F]:
    """`--out FILE`, checked before there is anything to write."""

    def check(_context: click.Context, _option: click.Parameter, out: Path) -> Path:
        from kitloan.storage.files import must_be_writable

        if out.suffix.lower() not in endings:
            raise BadInput(
                "bad_file_name",
                f"{str(out)!r} is not the name of a file that this writes.",
                f"Give a name that ends in {' or '.join(endings)}.",
                file=str(out),
            )
        must_be_writable(out)
        return out

    return click.option(
        "--out",
        type=click.Path(path_type=Path),
        callback=check,
        required=True,
        metavar="|".join(f"FILE{each}" for each in endings),
        help="The file to write; an older one is replaced.",
    )


html_out = _out(".html")


@command("leaflet", "kitloan leaflet 'STEM kit' --out stem.html")
@click.argument("type_", metavar="TYPE")
@_out(".html", ".pdf")
@MAIL
@pass_app
def leaflet(app: App, type_: str, out: Path, mail: str | None) -> None:
    """A kit type's leaflet for teachers: what is in it by bag, and what a school must know.

    What nobody recorded is called not recorded. To record it: kitloan types guide
    """
    from kitloan.evidence.leaflets import check_mail, leaflet_page

    address = check_mail(mail)
    with app.open() as opened:
        found = opened.guides.leaflet(type_, opened.college_name, address)
    pages, missing = None, ""
    if out.suffix.lower() == ".html":
        write_page(out, leaflet_page(found))
    else:
        from kitloan_labels.papers import write_leaflet

        drawn = write_leaflet(found, out)
        pages, missing = drawn.pages, drawn.missing
    not_recorded = [title for title, text in found.sections if text is None]
    parts = sum(len(bag.parts) for bag in found.bags)
    if app.json:
        print_json(
            {
                "file": str(out),
                "type": found.type,
                "components": parts,
                "pages": pages,
                "not_recorded": not_recorded,
                "shown_as_marks": missing,
            }
        )
        return
    print_text(f"{out}: {found.type}, {plural(parts, 'line')} of contents.")
    if not parts:
        print_text("  It has no contents list. Read one: kitloan types import FILE")
    if not_recorded:
        print_text(
            f"  Not recorded: {', '.join(not_recorded).lower()}. "
            f"Record it: kitloan types guide {found.type!r} --help"
        )
    if missing:
        print_text(f"  Shown as ? because no font has them: {missing}")


@command("request-page", "kitloan request-page --mail stem@college.example --out ask.html")
@html_out
@MAIL
@pass_app
def request_page(app: App, out: Path, mail: str | None) -> None:
    """A page on which teachers ask for a kit: one file, for the college's site or to be mailed.

    It makes a mail. The mail's last line is pasted at the desk: kitloan book --read TEXT
    """
    from kitloan.evidence.leaflets import check_mail, request_page

    address = check_mail(mail)
    with app.open() as opened:
        today = opened.session.today
        types = [each.type for each in opened.bookings.free(today, today) if each.capacity]
        if not types:
            raise BadInput(
                "nothing_to_lend",
                "This college has no kit that a teacher could ask for.",
                "Add a kit first: kitloan add --type TYPE",
            )
        write_page(out, request_page(opened.college_name, types, address))
    if app.json:
        print_json({"file": str(out), "types": types, "mail": address or None})
        return
    print_text(f"{out}: a page to ask for one of {plural(len(types), 'kit type')}.")
    if not address:
        print_text("  It names no address to write to. To name one: --mail ADDRESS")


def write_page(out: Path, page: str) -> None:
    """Write a page of HTML, whole or not at all.

    Raises:
        BadInput: `cannot_write`, ...
    """
    from kitloan.storage.files import whole_file

    with whole_file(out, _READABLE) as new:
        new.write_text(page, encoding="utf-8", newline="\n")
