"""`kitloan contacts` and `erase`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, common_options, pass_app
from kitloan.cli.find import AFTER, show_more
from kitloan.cli.output import columns, print_json, print_text
from kitloan.errors import StoreError
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.borrowers.people import Erased


@click.group(
    "contacts",
    invoke_without_command=True,
    no_args_is_help=False,
    epilog="Example: kitloan contacts set 'Pat Example' --phone '01292 555 123'",
)
@click.option("--of", metavar="ORG", help="Only people of this school or partner.")
@AFTER
@common_options(hidden=True)
@click.pass_context
def contacts(ctx: click.Context, of: str | None, after: str | None) -> None:
    """List the people on file; enter and change their e-mail and phone."""
    if ctx.invoked_subcommand is not None:
        return
    app = ctx.ensure_object(App)
    with app.open() as opened:
        page = opened.people.contacts(of, after)
    if app.json:
        print_json(as_json(page))
        return
    if not page.items:
        print_text(
            "Nobody is on file here. Enter somebody: "
            "kitloan contacts set NAME --phone NUMBER --email ADDRESS --of ORG"
        )
        return
    print_text(
        columns(
            [
                [each.name, each.organisation or "", each.phone or "", each.email or ""]
                for each in page.items
            ]
        )
    )
    show_more(len(page.items), page.total, page.next)


@command("set", "kitloan contacts set 'Pat Example' --phone '01292 555 123'", group=contacts)
@click.argument("name")
@click.option("--email", metavar="E", help="The e-mail address; '' takes it away.")
@click.option("--phone", metavar="P", help="The phone number; '' takes it away.")
@click.option("--of", metavar="ORG", help="The school or partner where they are.")
@pass_app
def contacts_set(app: App, name: str, email: str | None, phone: str | None, of: str | None) -> None:
    """Enter or change a person's details. They never enter the ledger, and can be erased.

    A person is a name within a school or partner. What is not given stays as it is.
    """
    with app.open() as opened:
        now = opened.people.set_contact(name, email=email, phone=phone, of=of)
    if app.json:
        print_json({"contact": as_json(now)})
        return
    details = ", ".join(filter(None, (now.organisation, now.phone, now.email)))
    print_text(f"ON FILE  {now.name}" + (f": {details}" if details else ""))


@command("erase", "kitloan erase 'Jane Smith'")
@click.argument("contact")
@pass_app
def erase(app: App, contact: str) -> None:
    """Erase a person: name, e-mail, phone and notes about them.

    CONTACT is the name as it was typed, the e-mail address, or the id. Their loans stay on record,
    without the name. The person is also erased from the copies that kitloan made next to the store;
    backups that you made still hold their details. Exit code 3 when some copies are still to do.
    """
    with app.open() as opened:
        erased = opened.people.erase(contact)
    if app.json:
        print_json({"erased": as_json(erased)})
    else:
        print_text("\n".join(_report(erased)))
    app.exit_code = 0 if erased.is_done else StoreError.exit_code


def _report(erased: "Erased") -> Iterator[str]:
    if erased.people:
        yield (
            f"Erased: {plural(erased.people, 'person', 'people')} and "
            f"{plural(erased.remarks, 'note')} about them. Their loans stay on record, unnamed."
        )
    else:
        yield "This person is no longer on file. An earlier erasure was not finished."
    for copy in erased.copies_left:
        yield f"Perhaps still in {copy}: it is damaged, in use, or left by an interrupted command."
    if erased.store_left:
        yield f"Deleted details may still be in the store's files. {erased.store_left}"
    yield "Nothing of them is left." if erased.is_done else "Run this again later, to finish it."
