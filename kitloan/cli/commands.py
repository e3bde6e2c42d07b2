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
    Row(
        "amend",
        "holdings",
        "amend",
        "Correct a holding's type, serial number, asset number or notes.",
    ),
    Row("move", "holdings", "move", "Record where a holding is kept now."),
    Row("missing", "holdings", "missing", "Record that a holding is missing."),
    Row("found", "holdings", "found", "Record that a missing holding is here again."),
    Row("repair", "holdings", "repair", "Put a holding in repair, and back in use."),
    Row("inspect", "inspections", "inspect", "Record that a holding passed, or failed."),
    Row("inspections", "inspections", "inspections", "List what has to be inspected."),
    Row("regime", "inspections", "regime", "Which kit types are inspected, and how often."),
    Row("block", "blocks", "block", "Lend nothing to a borrower for now."),
    Row("unblock", "blocks", "unblock", "Let a borrower have loans again."),
    Row("notices", "notices", "notices", "Notices that borrowers are due, and sending them."),
    Row("paper", "paper", "paper", "Loan sheets, receipts, letters and the day's list."),
    Row("split", "holdings", "split", "Make part of a stock a holding of its own."),
    Row("reinstate", "holdings", "reinstate", "Take back a write-off, by two people."),
    Row("withdraw", "holdings", "withdraw", "Write a holding off, by two people."),
    Row("transfer", "transfers", "transfer", "Send to another college, or receive from one."),
    Row("loans", "find", "loans", "List open loans."),
    Row("organisations", "organisations", "organisations", "Schools: list, rename, merge, close."),
    Row("shortages", "find", "shortages", "List missing and broken components."),
    Row("free", "planning", "free", "What can be booked from one day to another."),
    Row("book", "planning", "book", "Promise kits to a borrower."),
    Row("bookings", "planning", "bookings", "List bookings, also those at risk."),
    Row("booking", "planning", "booking", "Show, change or cancel one booking."),
    Row("event", "events", "event", "Plan an event, and pack for it."),
    Row("events", "events", "events", "List events."),
    Row("want", "planning", "want", "Put a borrower on the waiting list."),
    Row("wants", "planning", "wants", "The waiting list, and who could be served now."),
    Row("refused", "planning", "refused", "What was asked for and could not be given."),
    Row("calendar", "calendar", "calendar", "Days on which the desk opens and staff work."),
    Row("policy", "calendar", "policy", "Show and set the numbers by which kits are lent."),
    Row("labels", "labels", "labels", "Print labels, on sheets or rolls."),
    Row("cards", "labels", "cards", "Print cards, and labels of shelves and inspections."),
    Row("relabel", "labels", "relabel", "Give a holding a second tag, off a blank label."),
    Row("read", "labels", "read", "Find the tags in pictures."),
    Row("contacts", "people", "contacts", "People to ring: list, enter, change."),
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
    Row("college", "gifts", "college", "Where a college is, and which became part of others."),
    Row("programme", "gifts", "programme", "Programmes that gifts are part of."),
    Row("schools", "evidence", "schools", "Lists of schools, and which school a borrower is."),
    Row("engagement", "evidence", "engagement", "Record what a kit was used for."),
    Row("engagements", "evidence", "engagements", "List what kits were used for."),
    Row("evaluation", "evidence", "evaluation", "Record what teachers answered."),
    Row("leaflet", "teachers", "leaflet", "A kit type's leaflet for teachers."),
    Row("request-page", "teachers", "request_page", "A page on which teachers ask for a kit."),
    Row("nearest", "sharing", "nearest", "Which colleges have a kit free, the nearest first."),
    Row("offer", "sharing", "offer", "Offer kits or spare parts to other colleges."),
    Row("offers", "sharing", "offers", "What colleges offer, claim, ask and wait for."),
    Row("claim", "sharing", "claim", "Claim what another college offers."),
    Row("ask", "sharing", "ask", "Ask another college for a kit, and answer one."),
    Row("audit", "audit", "audit", "Figures and findings across colleges."),
    Row("demo", "demo", "demo", "Show the whole job, on made-up data."),
    Row("doctor", "doctor", "doctor", "Check this machine, and the store on it."),
)
