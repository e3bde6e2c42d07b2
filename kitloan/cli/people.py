"""`kitloan erase`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import print_json, print_text
from kitloan.errors import StoreError
from kitloan.values import as_json, plural

if TYPE_CHECKING:
    from kitloan.people import Erased


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
