"""Two versions on one store: an older kitloan refuses a newer store, whatever it was asked."""

import io
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

import kitloan
from crowd import raw
from faults.every_command import APART, LINES, NO_STORE
from kitloan.cli.main import run
from kitloan.storage.places import is_url
from test_docs import commands


def test_every_command_is_tried() -> None:
    """A command that is left out of these lists is one that nobody has interrupted."""
    assert LINES.keys() | APART == {name for name, _ in commands()}


@contextmanager
def nothing_is_written(place: str) -> Iterator[None]:
    """A block after which every row, and in SQLite every byte, is what it was."""

    def found() -> object:
        if not is_url(place):
            return Path(place).read_bytes()
        engine = raw(place)
        with engine.connect() as connection:
            tables = sa.inspect(connection).get_table_names()
            counts = [
                connection.exec_driver_sql(f"SELECT count(*) FROM {each}").scalar()
                for each in tables
            ]
        engine.dispose()
        return list(zip(tables, counts, strict=True))

    before = found()
    yield
    assert found() == before


def test_each_command_refuses_a_newer_store(
    place: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The desk that was not updated must not write into tables that it does not know."""
    with kitloan.init("fife", place, actor="m.ross") as desk:
        desk.backups.make(tmp_path / "saved.sqlite")
        with desk.session.store.write() as connection:
            connection.exec_driver_sql("UPDATE setting SET value = '999' WHERE name = 'schema'")
    with nothing_is_written(place):
        for name, line in LINES.items():
            monkeypatch.setattr(sys, "stdin", io.StringIO(""))
            said = [part.format(folder=tmp_path) for part in line]
            code = run(["--store", place, "--as", "m.ross", *said])
            told = capsys.readouterr()
            assert "Traceback" not in told.err
            if name not in NO_STORE:
                assert (code, "newer kitloan" in told.err) == (3, True), (name, told.err)
    if not is_url(place):
        import sqlite3

        with closing(sqlite3.connect(place)) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
