"""The base of the tables: their root class, foreign keys inside one college, and Core tables."""

from threading import Lock
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic_core import PydanticUndefined
from sqlalchemy import Column, ForeignKeyConstraint, MetaData, Table
from sqlmodel import SQLModel

_MAKING = Lock()
"""The desk's threads load different modules at the same time, and both may need a table."""


class Base(SQLModel):
    """Root of the tables, with metadata of their own.

    The classes declare tables, which statements use; no row becomes an object. So SQLAlchemy, to
    which they are abstract, neither reads nor maps them, and `table` takes the columns that
    SQLModel has made of the fields.
    """

    metadata = MetaData()
    # The classes declare tables and are never instantiated, so their validators are not built.
    model_config = {"defer_build": True}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Give the columns of inherited fields their plain types, and no default.

        What a text may hold is for facts to check. SQLModel would write a longest length into the
        table, which the tables of earlier releases do not have, and fill in what an insert forgot.
        """
        for field in cls.model_fields.values():
            field.annotation = _plain(field.annotation)
            field.metadata = []
            field.default = PydanticUndefined
        cls.__abstract__ = True  # to SQLAlchemy


def _plain(kind: Any) -> Any:
    """A type without what restricts its values; a choice of texts is a text."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _plain(parts[0])
    if origin is Literal:
        return type(parts[0])
    if NoneType in parts:
        (other,) = (part for part in parts if part is not NoneType)
        return _plain(other) | None
    return kind


def in_college(*columns: str, to: str, name: str) -> ForeignKeyConstraint:
    """A foreign key that stays inside one college."""
    own, theirs = zip(*(pair.split("=") for pair in columns), strict=True)
    return ForeignKeyConstraint(
        ["college", *own], [f"{to}.college", *(f"{to}.{column}" for column in theirs)], name=name
    )


def table(model: type[Base]) -> Table:
    """The Core table behind a model: what queries are written with."""
    name = str(model.__tablename__)
    with _MAKING:  # SQLAlchemy lists a table before its columns are in it
        if name not in Base.metadata.tables:
            own = model.__annotations__
            fields = [*(each for each in model.model_fields if each not in own), *own]
            columns: list[Column[Any]] = [getattr(model, each) for each in fields]
            for field, column in zip(fields, columns, strict=True):
                column.key = column.name = field
            Table(name, Base.metadata, *columns, *getattr(model, "__table_args__", ()))
        return Base.metadata.tables[name]
