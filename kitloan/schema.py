"""The version of the tables, apart from them so that opening a store need not load them."""

SCHEMA = 1
"""A store of a newer version is refused."""
