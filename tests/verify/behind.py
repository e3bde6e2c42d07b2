"""The database in the hands of somebody whom no rule holds back, and what verifying says then."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from crowd import raw
from kitloan.college import College
from kitloan.history.verify import LedgerProblem
from kitloan.storage.places import is_url
from kitloan.tables import Base
from lives import unguarded


def without_checks(url: str) -> None:
    """Take away a database's CHECK constraints, as its owner can; PostgreSQL cannot ignore them."""
    engine = raw(url)
    with engine.begin() as connection:
        for each in Base.metadata.sorted_tables:
            of_columns = (rule for column in each.columns for rule in column.constraints)
            for rule in (*each.constraints, *of_columns):
                if isinstance(rule, sa.CheckConstraint):
                    connection.exec_driver_sql(f"ALTER TABLE {each} DROP CONSTRAINT {rule.name}")
    engine.dispose()


@contextmanager
def behind_its_back(place: str) -> Iterator[sa.Connection]:
    """The database in the hands of somebody who owns it and whom no rule holds back."""
    engine = raw(place)
    with engine.begin() as connection:
        if is_url(place):
            connection.exec_driver_sql("SET session_replication_role = replica")
        else:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        with unguarded(connection):
            yield connection
    engine.dispose()


def found(opened: College) -> list[LedgerProblem]:
    """What verifying says, but for the checks that these tests took away."""
    return [each for each in opened.ledger.verify().findings if each.code != "unguarded"]
