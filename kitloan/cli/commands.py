"""Every command: its name, the module it lives in, and its one line in the help.

`kitloan --help` reads this table and loads nothing else, so that it answers at once. The
documentation's test reads it too.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """One command. `attribute` is the click command in `kitloan.cli.<module>`."""

    name: str
    module: str
    attribute: str
    line: str


COMMANDS = (
    Row("desk", "desk", "desk", "The desk on a screen, or as lines for pipes."),
    Row("init", "starting", "init", "Start a college's store."),
    Row("import", "registers", "import_", "Take in a register from a spreadsheet."),
    Row("types", "registers", "types", "Kit types and their contents."),
    Row("add", "registers", "add", "Take in one holding."),
    Row("find", "looking", "find", "Search the holdings."),
    Row("show", "looking", "show", "One holding, with its history."),
    Row("checkout", "lending", "checkout", "Lend holdings: all of them, or none."),
    Row("checkin", "returning", "checkin", "Take holdings back, counted."),
    Row("renew", "lending", "renew", "Make a loan due on another day."),
    Row("undo", "lending", "undo", "Undo your latest desk action."),
    Row("count", "returning", "count", "Count a kit's contents."),
    Row("restock", "returning", "restock", "Make a shortage good."),
    Row("amend", "keeping", "amend", "Put right what the register says of a holding."),
    Row("move", "keeping", "move", "Say where a holding is kept now."),
    Row("missing", "absences", "missing", "Say that a holding is not to be found."),
    Row("found", "absences", "found", "Say that a missing holding is here again."),
    Row("withdraw", "absences", "withdraw", "Write a holding off, by two people."),
    Row("transfer", "transfers", "transfer", "Send to another college, and receive from one."),
    Row("loans", "looking", "loans", "Who has what."),
    Row("shortages", "looking", "shortages", "What is missing or broken."),
    Row("labels", "labelling", "labels", "Print labels, on sheets or rolls."),
    Row("cards", "cards", "cards", "Print cards, and labels of shelves and inspections."),
    Row("relabel", "labelling", "relabel", "Give a holding a second tag, off a blank label."),
    Row("read", "labelling", "read", "Find the tags in pictures."),
    Row("erase", "people", "erase", "Forget a person."),
    Row("ledger", "ledgers", "ledger", "Export, import, verify and read ledgers."),
    Row("backup", "backing_up", "backup", "Copy the store, and prove the copy."),
    Row("restore", "backing_up", "restore", "Put a backup in the place of the store."),
    Row("provision", "provisioning", "provision", "Make a PostgreSQL for colleges to share."),
    Row("stocktake", "stocktaking", "stocktake", "Look for everything; scan what is there."),
    Row("challenge", "national", "challenge", "ESP asks a college to show some holdings."),
    Row("gift", "national", "gift", "ESP's gifts, and the colleges that get them."),
    Row("programme", "national", "programme", "Programmes that gifts are part of."),
    Row("audit", "auditing", "audit", "Figures and findings across colleges."),
)
