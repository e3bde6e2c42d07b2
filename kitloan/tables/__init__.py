"""The tables, and the rules that the database itself enforces.

Three groups. The *ledger*: heads and entries, only ever appended to. The *register*: what is true
now, written by `kitloan.ledger.facts` alone and rebuilt from the ledger by `verify`. *Local*
tables: people, remarks and settings, which never leave the college and can be erased.

Every key begins with the college, so that no row can point across colleges and one PostgreSQL can
hold them all. Instants and dates are text in the ledger's own form (see
`kitloan.text.dates`). `table=True` models do not validate: the verbs check values first, and the
named constraints of the tables check them last.

This package exports the everyday tables. Those of transfers, stocktakes and ESP are in modules of
their own, which showing a kit does not load; `kitloan.tables.every` has all.
"""

from kitloan.tables.base import Base, table
from kitloan.tables.ledger import LedgerEntry, LedgerHead
from kitloan.tables.local import Contact, ContactChange, Remark, Setting
from kitloan.tables.register import (
    Alias,
    Block,
    College,
    Component,
    Gift,
    Holding,
    KitType,
    Label,
    Loan,
    Organisation,
    Reversal,
    Shortage,
)

__all__ = [
    "Alias",
    "Base",
    "Block",
    "College",
    "Component",
    "Contact",
    "ContactChange",
    "Gift",
    "Holding",
    "KitType",
    "Label",
    "LedgerEntry",
    "LedgerHead",
    "Loan",
    "Organisation",
    "Remark",
    "Reversal",
    "Setting",
    "Shortage",
    "table",
]
