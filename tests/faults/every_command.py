"""A line for every command of kitloan, to be interrupted, hung up on, and refused.

`{folder}` is a folder with a register, a contents list, a picture and another college's ledger.
"""

from cli.running import REGISTERS

_STOCK = ("--stock", "l7160", "--out")

LINES: dict[str, tuple[str, ...]] = {
    "desk": ("desk", "--plain"),
    "init": ("init", "fife"),
    "import": ("import", str(REGISTERS / "ayrshire.csv"), "--skip-problems"),
    "types import": ("types", "import", str(REGISTERS / "contents.csv")),
    "add": ("add", "--type", "Telescope"),
    "find": ("find", "STEM"),
    "show": ("show", "FC001"),
    "checkout": ("checkout", "FC001", "FC002", "--to", "Viewforth"),
    "checkin": ("checkin", "FC011", "FC012", "--whole"),
    "renew": ("renew", "FC011", "--due", "21d"),
    "undo": ("undo",),
    "count": ("count", "FC001", "--whole"),
    "restock": ("restock", "FC001", "Wheel=1"),
    "amend": ("amend", "FC001", "--serial", "S1"),
    "move": ("move", "FC001", "Store 2"),
    "missing": ("missing", "FC003"),
    "found": ("found", "FC003"),
    "withdraw": ("withdraw", "FC004", "--reason", "burnt"),
    "transfer send": ("transfer", "send", "FC005", "--to", "borders"),
    "transfer receive": ("transfer", "receive", "FC005", "--from", "borders"),
    "transfer call-off": ("transfer", "call-off", "FC005"),
    "transfer list": ("transfer", "list"),
    "loans": ("loans",),
    "shortages": ("shortages",),
    "labels": ("labels", "--blank", "40", *_STOCK, "{folder}/labels.pdf"),
    "cards commands": ("cards", "commands", *_STOCK, "{folder}/commands.pdf"),
    "cards organisations": ("cards", "organisations", "--all", *_STOCK, "{folder}/schools.pdf"),
    "cards shelves": ("cards", "shelves", "Store 2", *_STOCK, "{folder}/shelves.pdf"),
    "cards inspection": (
        *("cards", "inspection", "FC001", "--pass", "--by", "A", *_STOCK, "{folder}/passed.pdf"),
    ),
    "cards contents": ("cards", "contents", "FC001", "--out", "{folder}/contents.pdf"),
    "relabel": ("relabel", "FC001", "KL8B7XAPXYTMZ"),
    "read": ("read", "{folder}/photo.png"),
    "erase": ("erase", "Isla Kerr"),
    "ledger export": ("ledger", "export", "{folder}/fife.kitloan"),
    "ledger import": ("ledger", "import", "{folder}/other.kitloan"),
    "ledger aside": ("ledger", "aside"),
    "ledger verify": ("ledger", "verify"),
    "ledger log": ("ledger", "log"),
    "key": ("key",),
    "backup": ("backup", "{folder}/backup.sqlite"),
    "restore": ("restore", "{folder}/saved.sqlite", "--yes"),
    "provision": ("provision", "postgresql://nobody@127.0.0.1:9/kits"),
    "stocktake open": ("stocktake", "open", "Autumn"),
    "stocktake scan": ("stocktake", "scan", "FC001"),
    "stocktake join": ("stocktake", "join", "Laptop 2"),
    "stocktake hand-in": ("stocktake", "hand-in", "Laptop 2"),
    "stocktake confirm": ("stocktake", "confirm", "FC011"),
    "stocktake show": ("stocktake", "show"),
    "stocktake list": ("stocktake", "list"),
    "stocktake close": ("stocktake", "close"),
    "challenge set": ("challenge", "set", "fife", "--sample", "2", "--answer-by", "2027-06-01"),
    "challenge list": ("challenge", "list"),
    "gift agree": ("gift", "agree", "raf", "--donor", "RAF", "--type", "Kit", "--promised", "3"),
    "gift deliver": ("gift", "deliver", "raf", "3"),
    "gift allocate": ("gift", "allocate", "raf", "fife", "3"),
    "gift list": ("gift", "list"),
    "programme define": ("programme", "define", "youth", "Youth & STEM"),
    "audit": ("audit", "--html", "{folder}/audit.html", "--csv", "{folder}/audit"),
}

NO_STORE = frozenset(("cards commands", "cards inspection", "cards shelves", "read", "provision"))
"""What needs none: nothing of a store can refuse it."""
