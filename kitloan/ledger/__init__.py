"""The ledger: facts, the entries that seal them, and the writer that applies them."""
