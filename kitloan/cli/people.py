"""`kitloan erase`."""

import click

from kitloan.answers import as_json, plural
from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import print_json, print_text


@command("erase", "kitloan erase 'Jane Smith'")
@click.argument("contact")
@pass_app
def erase(app: App, contact: str) -> None:
    """Forget a person: name, e-mail, phone and notes about them.

    CONTACT is the name as it was given, the e-mail address, or the id. The loans stay on record;
    they never knew the name. Copies of the store made earlier still hold it.
    """
    with app.open() as opened:
        erased = opened.people.erase(contact)
    if app.json:
        print_json({"erased": as_json(erased)})
    else:
        print_text(
            f"Forgotten: {plural(erased.people, 'person', 'people')} and "
            f"{plural(erased.remarks, 'note')} about them. Their loans stay on record, nameless."
            + "".join(f"\nStill in {copy}: it is damaged, or open." for copy in erased.copies_left)
        )
