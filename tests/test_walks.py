"""What a counter asks costs the same after ten years of loans: no statement walks all of them."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.dialects import sqlite

import kitloan
from kitloan.holdings import _SHARING
from kitloan.queries.paging import Paged
from kitloan.storage.statements import Change, Query
from kitloan_tui.today import board

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
            walks += [f"{name}: {step}" for step in walked(steps)]
    connection.close()
    assert tried > 10
    assert walks == []


def walked(steps: list[str]) -> list[str]:
    """The steps of a plan that read a growing table from end to end."""
    return [
        step
        for step in steps
        for table in GROWING
        if step.startswith(f"SCAN {table}")
        or step.endswith(f" {table} (college=?)")
        or (f" {table} USING" in step and step.endswith("(college=?)"))
    ]


def test_the_board_walks_no_table_that_grows(tmp_path: Path) -> None:
    """It is made again after each scan: half a second in a large store, before the next verdict."""
    place = tmp_path / "fife.sqlite"
    sent: list[tuple[str, object]] = []
    with kitloan.init("fife", place, actor="m.ross") as desk:
        engine = desk.session.store.engine
        event.listen(engine, "before_cursor_execute", lambda *a: sent.append((a[2], a[3])))
        board(desk.session)
    with closing(sqlite3.connect(place)) as connection:
        plans = {
            said: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {said}", given)]
            for said, given in sent
        }
    assert any("loans_that_ended" in step for steps in plans.values() for step in steps)
    assert any("holdings_elsewhere" in step for steps in plans.values() for step in steps)
    assert [step for steps in plans.values() for step in walked(steps)] == []


def test_a_late_kit_is_found_by_its_tag_and_a_number_by_its_index(tmp_path: Path) -> None:
    """With ten thousand late loans a report took a minute, and each undo a tenth of a second."""
    place = tmp_path / "fife.sqlite"
    sent: list[tuple[str, object]] = []
    kitloan.init("fife", place).close()

    def keep(*given: object) -> None:
        sent.append((str(given[2]), given[3]))

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        with kitloan.open(place, actor="m.ross") as desk:
            desk.audit.audit()
    finally:
        event.remove(Engine, "before_cursor_execute", keep)
    sharing = str(_SHARING._statement.compile(dialect=sqlite.dialect()))
    late = [each for each in sent if "loan.due_key" in each[0] and "EXISTS" in each[0]]
    with closing(sqlite3.connect(place)) as connection:

        def steps(said: str, given: object) -> list[str]:
            return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {said}", given)]

        loans = [step for each in late for step in steps(*each) if step.startswith("SEARCH loan ")]
        numbers = steps(sharing, [1] * sharing.count("?"))
    assert loans
    assert {step.partition("(")[2] for step in loans} == {"college=? AND tag=?)"}
    assert any("holdings_by_asset_number" in step for step in numbers)
