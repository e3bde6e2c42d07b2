"""One dialect for all the stores of a test run.

SQLAlchemy keeps what it compiled with the engine and the dialect that it compiled for, and makes
both anew for every store. A program opens one store and a test run thousands: compiling the same
statements again was a third of many tests' time.
"""

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite


class _OneOfAKind(type):
    """Gives the dialect that was made before with the same settings."""

    made: ClassVar[dict[tuple[object, ...], object]] = {}

    def __call__(cls, **settings: Any) -> Any:
        key = (cls, *sorted((name, repr(value)) for name, value in settings.items()))
        if key not in cls.made:
            cls.made[key] = super().__call__(**settings)
        return cls.made[key]


class Sqlite(SQLiteDialect_pysqlite, metaclass=_OneOfAKind):
    """SQLite's."""

    supports_statement_cache = True


class Postgresql(PGDialect_psycopg, metaclass=_OneOfAKind):
    """PostgreSQL's."""

    supports_statement_cache = True


_COMPILED: dict[Any, Any] = {}


def share_what_is_compiled() -> None:
    """For every engine that is made from now on."""
    registry.register("sqlite", __name__, Sqlite.__name__)
    registry.register("sqlite.pysqlite", __name__, Sqlite.__name__)
    registry.register("postgresql.psycopg", __name__, Postgresql.__name__)

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def share(connection: sa.Connection) -> None:
        connection.execution_options(compiled_cache=_COMPILED)
