"""The ledger: entries, the facts in them, and the only writer of the register."""
