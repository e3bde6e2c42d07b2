"""What a counter asks costs the same after ten years of loans: no statement walks all of them."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.dialects import sqlite

import kitloan
from kitloan.queries.paging import Paged
from kitloan.storage.statements import Change, Query

GROWING = ("ledger_entry", "loan")
"""The tables that every loan makes longer."""


def prepared() -> Iterator[tuple[str, Query | Change]]:
    """Every statement that is compiled once, and where it stands."""
    for module in pkgutil.walk_packages(kitloan.__path__, "kitloan."):
        if not module.name.endswith("__main__"):
            for name, found in vars(importlib.import_module(module.name)).items():
                if isinstance(found, Query | Change):
                    yield f"{module.name}.{name}", found
                if isinstance(found, Paged):
                    for part in (found._first, found._after):
                        yield f"{module.name}.{name}", part


def test_no_prepared_statement_walks_a_table_that_grows(tmp_path: Path) -> None:
    """A return that takes half a second in a college's tenth year is a queue at the counter."""
    place = tmp_path / "fife.sqlite"
    kitloan.init("fife", place).close()
    walks, tried = [], 0
    with sqlite3.connect(place) as connection:
        for name, each in prepared():
            said = str(each._statement.compile(dialect=sqlite.dialect()))
            plan = connection.execute(f"EXPLAIN QUERY PLAN {said}", [1] * said.count("?"))
            steps = [row[3] for row in plan]
            if "LIMIT" in said and len(steps) == 1:  # the first in an index's own order
                continue
            tried += any(f" {table} " in step for step in steps for table in GROWING)
            walks += [
                f"{name}: {step}"
                for step in steps
                for table in GROWING
                if step.startswith(f"SCAN {table}")
                or step.endswith(f" {table} (college=?)")
                or (f" {table} USING" in step and step.endswith("(college=?)"))
            ]
    connection.close()
    assert tried > 10
    assert walks == []
