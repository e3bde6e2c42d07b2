"""Making the tables, and the version of them."""

from sqlalchemy import Connection, Index, MetaData, text

SCHEMA = 1
"""A store of a newer version is refused."""


def create_tables(connection: Connection) -> None:
    """Make every table, constraint and index in an empty database."""
    from kitloan.models import ONLY_OPEN_LOANS, Base, Loan, table  # opening a store needs none

    Base.metadata.create_all(connection)
    loan = table(Loan).to_metadata(MetaData())  # a copy, so that the class keeps its own indexes
    for name, columns, rows, unique in ONLY_OPEN_LOANS:
        index = Index(
            name,
            *(loan.c[column] for column in columns),
            unique=unique,
            sqlite_where=text(rows),
            postgresql_where=text(rows),
        )
        index.create(connection)
