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
    Row("desk", "desk", "desk", "Open the desk, on a screen or as lines."),
    Row("init", "setup", "init", "Start a college's store."),
    Row("import", "imports", "import_", "Take in a register from a spreadsheet."),
    Row("types", "imports", "types", "Kit types and their contents."),
    Row("add", "imports", "add", "Take in one holding."),
    Row("find", "find", "find", "Search the holdings."),
    Row("show", "find", "show", "Show one holding and its history."),
    Row("checkout", "loans", "checkout", "Lend holdings: all of them, or none."),
    Row("checkin", "loans", "checkin", "Take holdings back, counted."),
    Row("correct", "loans", "correct", "Correct an open loan, without a return."),
    Row("pass-on", "loans", "pass_on", "One borrower hands it straight to another."),
    Row("renew", "loans", "renew", "Make a loan due on another day."),
    Row("undo", "loans", "undo", "Undo your latest desk action."),
    Row("count", "loans", "count", "Count a kit's contents."),
    Row("restock", "loans", "restock", "Make a shortage good."),
    Row("amend", "holdings", "amend", "Put right what the register says of a holding."),
    Row("move", "holdings", "move", "Say where a holding is kept now."),
    Row("missing", "holdings", "missing", "Say that a holding is not to be found."),
    Row("found", "holdings", "found", "Say that a missing holding is here again."),
    Row("repair", "holdings", "repair", "Put a holding in repair, and back in use."),
    Row("split", "holdings", "split", "Make part of a stock a holding of its own."),
    Row("reinstate", "holdings", "reinstate", "Take back a write-off, by two people."),
    Row("withdraw", "holdings", "withdraw", "Write a holding off, by two people."),
    Row("transfer", "transfers", "transfer", "Send to another college, or receive from one."),
    Row("loans", "find", "loans", "List open loans."),
    Row("shortages", "find", "shortages", "List missing and broken components."),
    Row("labels", "labels", "labels", "Print labels, on sheets or rolls."),
    Row("cards", "labels", "cards", "Print cards, and labels of shelves and inspections."),
    Row("relabel", "labels", "relabel", "Give a holding a second tag, off a blank label."),
    Row("read", "labels", "read", "Find the tags in pictures."),
    Row("erase", "people", "erase", "Erase a person."),
    Row("ledger", "ledgers", "ledger", "Export, import, verify and read ledgers."),
    Row("key", "ledgers", "key", "Show the key that this store signs with."),
    Row("backup", "backups", "backup", "Copy the store, and check the copy."),
    Row("restore", "backups", "restore", "Replace the store with a backup."),
    Row("provision", "setup", "provision", "Set up a PostgreSQL for colleges to share."),
    Row("stocktake", "stocktakes", "stocktake", "Check which holdings are here, by scanning."),
    Row("challenge", "gifts", "challenge", "ESP asks a college to show some holdings."),
    Row("gift", "gifts", "gift", "ESP's gifts, and the colleges that get them."),
    Row("donor", "gifts", "donor", "Donors that are known by several names."),
    Row("college", "gifts", "college", "Colleges that became part of others."),
    Row("programme", "gifts", "programme", "Programmes that gifts are part of."),
    Row("schools", "evidence", "schools", "Lists of schools, and which school a borrower is."),
    Row("engagement", "evidence", "engagement", "Record what a kit was used for."),
    Row("engagements", "evidence", "engagements", "List what kits were used for."),
    Row("evaluation", "evidence", "evaluation", "Record what teachers answered."),
    Row("audit", "audit", "audit", "Figures and findings across colleges."),
)
