"""Queries on the register and the ledger, for the command line, the desk and the report."""
