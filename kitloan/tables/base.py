"""The base of the tables: their root class, foreign keys inside one college, and Core tables."""

from sqlalchemy import ForeignKeyConstraint, MetaData, Table
from sqlmodel import SQLModel


class Base(SQLModel):
    """Root of the tables, with metadata of their own."""

    metadata = MetaData()
    # The classes declare tables and are never instantiated, so their validators are not built.
    model_config = {"defer_build": True}


def in_college(*columns: str, to: str, name: str) -> ForeignKeyConstraint:
    """A foreign key that stays inside one college."""
    own, theirs = zip(*(pair.split("=") for pair in columns), strict=True)
    return ForeignKeyConstraint(
        ["college", *own], [f"{to}.college", *(f"{to}.{column}" for column in theirs)], name=name
    )


def table(model: type[Base]) -> Table:
    """The Core table behind a model: what queries are written with."""
    found: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel does not declare it
    return found
