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
    """Forget a person: name, e-mail, phone and notes about them.

    CONTACT is the name as it was given, the e-mail address, or the id. The loans stay on record;
    they never knew the name. The copies that kitloan made beside the store forget it as well;
    backups that you made still hold it. Exit code 3 when something could not be done yet.
    """
    with app.open() as opened:
        erased = opened.people.erase(contact)
    if app.json:
        print_json({"erased": as_json(erased)})
    else:
        print_text("\n".join(_told(erased)))
    app.exit_code = 0 if erased.is_done else StoreError.exit_code


def _told(erased: "Erased") -> Iterator[str]:
    if erased.people:
        yield (
            f"Forgotten: {plural(erased.people, 'person', 'people')} and "
            f"{plural(erased.remarks, 'note')} about them. Their loans stay on record, nameless."
        )
    else:
        yield "Nobody of that name is on file any more; an earlier erasure was not finished."
    for copy in erased.copies_left:
        yield f"Perhaps still in {copy}: it is damaged, in use, or was left by a killed command."
    if erased.store_left:
        yield f"Bytes of them may still lie in the store's files. {erased.store_left}"
    yield "Nothing is left of them." if erased.is_done else "Say it again later, to finish it."
