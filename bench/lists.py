"""Every list and page on both databases: `python bench/lists.py`, or `--on postgresql`.

The college of the other benchmarks: 5,000 holdings, 20,000 entries. The floor of a list is each of
the statements that it ran, with its values, by the bare driver, all rows fetched. They take turns.

The floor reads as the list does. On a server it sees one state, in a transaction that begins and
ends, as a driver's does: one that never ends would keep the server from clearing up. In a file a
bare driver begins none to read. What an entry says is in the JSON of its body and in no column, so
its floor reads that, by Python's own `json`; beside it is a line without. The floor's connection
runs everything that ours does, as often, for a server plans by what it ran before.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from growth import build
from load import fill, postgres
from machine import heading
from run import line, paired

import kitloan
from kitloan.college import College

TIMES = 100
BOUND = "1.3 x"

Statement = tuple[str, Any]


def lists(opened: College) -> dict[str, Callable[[], object]]:
    """Each list and page, by what a person calls it."""
    find = opened.find
    lent = find.loans(limit=1).items[0]
    return {
        "search: one of four, its first 200": lambda: find.search("mta"),
        "search: one holding": lambda: find.search(lent.tag),
        "search: nothing": lambda: find.search("zzzz"),
        "what is in, its first 200": lambda: find.search("", status="in"),
        "what is on loan, its first 200": find.loans,
        "what is overdue, its first 200": lambda: find.loans(overdue=True),
        "a school's loans": lambda: find.loans(to=lent.to),
        "a kit's page": lambda: find.holding(lent.tag),
        "a kit's history": lambda: find.history(lent.tag),
        "the ledger, its first 200": lambda: opened.ledger.log_page(),
    }


class Recorder(psycopg.Cursor[Any]):
    """A cursor of a server's driver that notes what it is given."""

    seen: list[Statement]

    def execute(self, query: Any, params: Any = None, **given: Any) -> Any:
        """Run a statement, and note it."""
        Recorder.seen.append((query, params))
        return super().execute(query, params, **given)


def statements_of(work: Callable[[], object], opened: College) -> list[Statement]:
    """The statements that a piece of work runs, with their values."""
    engine = opened.session.store.engine
    opened.session.store.release()  # a connection that is kept is not checked out
    seen: list[Statement] = []
    if engine.dialect.name == "postgresql":
        Recorder.seen = seen

        def watch(driver: Any, *_: Any) -> None:
            driver.cursor_factory = Recorder

        def leave(driver: Any, *_: Any) -> None:
            driver.cursor_factory = psycopg.Cursor
    else:

        def watch(driver: Any, *_: Any) -> None:
            driver.set_trace_callback(lambda text: seen.append((text, ())))

        def leave(driver: Any, *_: Any) -> None:
            driver.set_trace_callback(None)

    sa.event.listen(engine, "checkout", watch)
    sa.event.listen(engine, "checkin", leave)
    try:
        work()
    finally:
        opened.session.store.release()
        sa.event.remove(engine, "checkout", watch)
        sa.event.remove(engine, "checkin", leave)
    return [(text, values) for text, values in seen if is_asked(text)]


def is_asked(text: Any) -> bool:
    """Whether a statement asks for rows: not those that begin and end a transaction."""
    return str(text).lstrip().upper().startswith(("SELECT", "WITH"))


def measure(opened: College, bare: Any, where: str) -> None:
    """A row for each list."""
    if where == "postgresql":
        bare.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    named: dict[str, Callable[[], object]] = {}
    for each in statements_of(lambda: named.update(lists(opened)), opened):
        bare.execute(*each).fetchall()
    for what, work in named.items():
        work()
        asked = statements_of(work, opened)
        for each in asked:
            bare.execute(*each).fetchall()
        sealed = [columns_of_json(bare.execute(*each).fetchone()) for each in asked]

        def floor(
            asked: list[Statement] = asked, sealed: list[list[int]] = sealed, reads: bool = True
        ) -> None:
            for (text, values), columns in zip(asked, sealed, strict=True):
                rows = bare.execute(text, values).fetchall()
                if columns and reads:
                    [json.loads(row[column]) for row in rows for column in columns]
            bare.commit()

        mine, least = paired(work, floor, TIMES)
        line(f"{where}: {what}, {len(asked)} statements", mine, least, BOUND)
        if any(sealed):
            mine, least = paired(work, partial(floor, reads=False), TIMES)
            line(f"{where}: {what}, beside unread JSON", mine, least, "")


def columns_of_json(row: Sequence[Any] | None) -> list[int]:
    """Which columns of a row hold JSON."""
    return [
        number
        for number, value in enumerate(row or ())
        if isinstance(value, str) and value.startswith("{")
    ]


@contextmanager
def a_file(folder: Path) -> Iterator[str]:
    """The college in a SQLite file."""
    yield shutil.copy(build(1), folder / "college.sqlite")


@contextmanager
def a_server(folder: Path) -> Iterator[str]:
    """The college on a PostgreSQL of our own."""
    with postgres(folder) as place:
        fill(place).close()
        yield place


def main() -> None:
    """Measure the databases that are named, or both."""
    asked = argparse.ArgumentParser(description="Every list and page, beside its statements.")
    asked.add_argument("--on", choices=["sqlite", "postgresql"])
    wanted = asked.parse_args().on
    heading()
    for where, place_of in (("sqlite", a_file), ("postgresql", a_server)):
        if wanted not in (None, where):
            continue
        with (
            tempfile.TemporaryDirectory(prefix="kitloan-bench-") as folder,
            place_of(Path(folder)) as place,
            kitloan.open(place, actor="bench") as opened,
            opened.session.store.engine.connect() as bare,
        ):
            measure(opened, bare.connection.dbapi_connection, where)


if __name__ == "__main__":
    main()
