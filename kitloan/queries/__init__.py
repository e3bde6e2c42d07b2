"""What the register and the ledger are asked: by the command line, the desk and the report."""
