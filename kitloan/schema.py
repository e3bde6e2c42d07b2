"""Making the tables, and the version of them."""

from sqlalchemy import Connection, Index, MetaData, text

SCHEMA = 1
"""A store of a newer version is refused."""


def create_tables(connection: Connection) -> None:
    """Make every table, constraint and index in an empty database."""
    from kitloan.models import Base, table  # opening a store needs none
    from kitloan.models.every import ONLY_SOME_ROWS

    Base.metadata.create_all(connection)
    for model, name, columns, rows, unique in ONLY_SOME_ROWS:
        copy = table(model).to_metadata(MetaData())  # so that the class keeps its own indexes
        index = Index(
            name,
            *(copy.c[column] for column in columns),
            unique=unique,
            sqlite_where=text(rows),
            postgresql_where=text(rows),
        )
        index.create(connection)
