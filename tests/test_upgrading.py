"""Stores that released versions made: upgraded when they are opened, or left as they were.

`tests/released/` holds them. The tests here are why a change of the tables needs a step.
"""

import gzip
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import crowd
import kitloan
from crowd import Crowd, raw
from faults import killing
from faults.beneath import immutable
from kitloan import StoreError
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.college import College
from kitloan.storage.integrity import rules_in
from kitloan.storage.places import is_url
from kitloan.storage.schema import OLDEST, SCHEMA
from kitloan.storage.store import create_store
from kitloan.text.names import search_form
from lives import Rows, register_of
from trusting import hear, merge

RELEASED = Path(__file__).with_name("released")
RELEASES = sorted(each.name.removesuffix(".sqlite.gz") for each in RELEASED.glob("*.sqlite.gz"))


def _version_of(release: str) -> int:
    with closing(sqlite3.connect(":memory:")) as file:
        file.deserialize(gzip.decompress((RELEASED / f"{release}.sqlite.gz").read_bytes()))
        ((said,),) = file.execute("SELECT value FROM setting WHERE name = 'schema'")
    return int(said)


OLDER = [release for release in RELEASES if _version_of(release) < SCHEMA]
"""Those whose stores are upgraded when they are opened."""

PERSON = "Moira Petrie-Findlay"
"""One of those on file in each of them."""

Old = Callable[[], str]
"""Gives the place of a store as a release left it, a new one each time."""


def unpacked(release: str, path: Path) -> str:
    """A file as a release left it."""
    path.write_bytes(gzip.decompress((RELEASED / f"{release}.sqlite.gz").read_bytes()))
    return str(path)


@pytest.fixture(scope="module")
def templates(postgres: str) -> Iterator[dict[str, str]]:
    """Databases as releases left them, on the server; copied, and never opened."""
    made = {release: f"r{secrets.token_hex(6)}" for release in RELEASES}
    for release, name in made.items():
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)
        with psycopg.connect(url) as connection:
            connection.execute(gzip.decompress((RELEASED / f"{release}.sql.gz").read_bytes()))
    yield made
    with psycopg.connect(postgres, autocommit=True) as connection:
        for name in made.values():
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=OLDER)
def release(request: pytest.FixtureRequest) -> str:
    """A version that people have stores of."""
    return str(request.param)


@pytest.fixture
def old_file(release: str, tmp_path: Path) -> str:
    """A file as the release left it."""
    return unpacked(release, tmp_path / "fife.sqlite")


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, release: str, tmp_path: Path) -> Iterator[Old]:
    """Stores as the release left them, on each database."""
    if request.param == "sqlite":
        yield lambda: unpacked(release, tmp_path / f"{secrets.token_hex(4)}.sqlite")
        return
    server = request.getfixturevalue("postgres")
    template = request.getfixturevalue("templates")[release]
    made: list[str] = []

    def copy() -> str:
        made.append(f"t{secrets.token_hex(6)}")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {made[-1]} TEMPLATE {template}")
        url = sa.make_url(server).set(drivername="postgresql", database=made[-1])
        return url.render_as_string(hide_password=False)

    yield copy
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def rows_in(
    place: str, like: dict[str, list[tuple[object, ...]]] | None = None
) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as the database has them; the version of the tables apart.

    `like` has rows of an earlier version: columns that came after its last one are left out.
    """
    wide = {name: len(rows[0]) for name, rows in (like or {}).items() if rows}
    engine = raw(place)
    with engine.connect() as connection:
        found = {
            name: sorted(
                (
                    tuple(row)[: wide.get(name)]
                    for row in connection.exec_driver_sql(f"SELECT * FROM {name}")
                ),
                key=repr,
            )
            for name in sa.inspect(connection).get_table_names()
        }
    found["setting"] = [row for row in found["setting"] if row[1] != "schema"]
    engine.dispose()
    return found


def columns_of(place: str, table: str) -> list[str]:
    """The columns of a table, in their order."""
    engine = raw(place)
    names = [str(column["name"]) for column in sa.inspect(engine).get_columns(table)]
    engine.dispose()
    return names


_WORDY = re.compile(r"::(?:character varying|text)(?:\[\])?|[()]")


def rules_of(place: str) -> list[tuple[Any, ...]]:
    """Tables, columns, constraints, indexes and triggers, in the database's own words."""
    engine = raw(place)
    questions = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    )
    with engine.connect() as connection:
        if is_url(place):  # a dump comes back with the same conditions in more words
            rows = [row for each in questions for row in connection.exec_driver_sql(each)]
            found = {tuple(_WORDY.sub("", str(part)) for part in row) for row in rows}
        else:
            found = {*rules_in(connection)}  # columns in whatever order
    engine.dispose()
    if is_url(place):  # a dump comes back with the same conditions in more words
        return sorted({tuple(_WORDY.sub("", str(part)) for part in row) for row in found})
    # A column that was added later is in the same place, with other spaces around it.
    return sorted((tuple(" ".join(str(part).split()) for part in row) for row in found), key=repr)


def version_in(place: str) -> int:
    """The version of a store's tables, by bare SQL."""
    engine = raw(place)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT value FROM setting WHERE name = 'schema'")
        version = int(found.scalar_one())
    engine.dispose()
    return version


def lends_on(desk: College) -> bool:
    """Whether a counter can work: something that is in goes out, and history agrees."""
    tag = desk.find.search("", status="in").items[0].tag
    desk.loans.check_out([tag], "Viewforth High School")
    return desk.find.holding(tag).status == "out" and desk.ledger.verify().ok


def test_nothing_is_lost_by_an_upgrade(old: Old) -> None:
    """A loan that went with the update would be a kit that nobody looks for."""
    place = old()
    before = rows_in(place)
    with kitloan.open(place, actor="m.ross") as desk:
        assert desk.upgraded is not None
        assert OLDEST <= desk.upgraded.since < SCHEMA
        assert desk.ledger.verify().ok
    after = rows_in(place, like=before)
    register_loans = {
        fact["loan"]
        for *_, body, _ in before["ledger_entry"]
        if (fact := json.loads(str(body))["fact"])["kind"] == "loan.found"
    }
    assert register_loans
    began = columns_of(place, "loan").index("out_at")
    # When a loan began that a register had, nobody knows: before 0.3 it had the day of the import.
    before["loan"] = sorted(
        (
            (*row[:began], "", *row[began + 1 :]) if row[1] in register_loans else row
            for row in before["loan"]
        ),
        key=repr,
    )
    # What is searched has no accents and apostrophes, which nobody types.
    words = columns_of(place, "holding").index("words")
    before["holding"] = sorted(
        (
            (*row[:words], search_form(str(row[words])), *row[words + 1 :])
            for row in before["holding"]
        ),
        key=repr,
    )
    assert before == {name: after[name] for name in before}
    assert version_in(place) == SCHEMA
    with kitloan.open(place, actor="m.ross") as again:
        assert again.upgraded is None
        assert lends_on(again)


def test_an_upgraded_store_has_the_rules_of_a_new_one(
    old: Old, new_postgres: Callable[[], str], tmp_path: Path
) -> None:
    """A rule that only new stores have is one that the colleges of today do without."""
    place = old()
    new = new_postgres() if is_url(place) else str(tmp_path / "new.sqlite")
    create_store(new).close()
    kitloan.open(place).close()
    assert rules_of(place) == rules_of(new)


def test_the_store_as_it_was_is_kept(old_file: str) -> None:
    """Whoever must go back to the earlier release finds the register where it left off."""
    before, bytes_before = rows_in(old_file), Path(old_file).read_bytes()
    with kitloan.open(old_file) as desk:
        assert desk.upgraded is not None
        assert desk.upgraded.kept is not None
    kept = Path(desk.upgraded.kept)
    assert kept.parent == Path(old_file).parent / "backups"
    assert rows_in(str(kept)) == before
    assert version_in(str(kept)) == desk.upgraded.since
    assert len(kept.read_bytes()) == len(bytes_before)


def test_a_person_is_forgotten_in_what_was_kept(old_file: str) -> None:
    """Erased means erased: also from the copy that the upgrade made without being asked."""
    with kitloan.open(old_file) as desk:
        assert desk.upgraded is not None
        kept = Path(str(desk.upgraded.kept))
        assert PERSON.encode() in kept.read_bytes()
        assert desk.people.erase(PERSON).copies_left == ()
    assert PERSON.encode() not in kept.read_bytes()
    assert PERSON.encode() not in Path(old_file).read_bytes()


def test_an_old_backup_is_restored(old_file: str, release: str, tmp_path: Path) -> None:
    """The stick in the drawer must still be worth something after the update."""
    stick = Path(unpacked(release, tmp_path / "stick.sqlite"))
    bytes_before = stick.read_bytes()
    with restoring(RestoreRequest(stick, old_file, "m.ross")) as found:
        assert found.loss.entries == 0
        assert found.carry_out().ledger == "fife/2"
    assert stick.read_bytes() == bytes_before, "a backup is only read"
    with kitloan.open(old_file, actor="m.ross") as desk:
        assert desk.upgraded is None
        assert lends_on(desk)


def test_what_does_not_hold_together_is_not_upgraded(old_file: str) -> None:
    """An upgrade of what is rotten would take the blame, and the evidence with it."""
    with closing(sqlite3.connect(old_file)) as file, file:
        file.execute("UPDATE holding SET location = 'nowhere'")
    bytes_before = Path(old_file).read_bytes()
    with pytest.raises(StoreError) as refusal:
        kitloan.open(old_file)
    assert refusal.value.code == "damaged"
    assert old_file in refusal.value.message
    assert "not upgraded or changed" in refusal.value.hint
    assert Path(old_file).read_bytes() == bytes_before


def test_a_file_that_may_not_be_written_says_what_to_do(old_file: str) -> None:
    """A stick with its switch on "read only" is no damaged store."""
    try:
        with immutable(Path(old_file)), pytest.raises(StoreError) as refusal:
            kitloan.open(old_file)
    except PermissionError as problem:
        pytest.skip(str(problem))
    assert refusal.value.code == "upgrade_due"
    assert "Copy the file" in refusal.value.hint
    kitloan.open(old_file).close()


def test_a_command_answers_and_says_that_it_upgraded(
    old_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script that reads the answer is not upset; a person hears where the old store is."""
    from kitloan.cli.main import run

    assert run(["--store", old_file, "loans", "--json"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("{")
    assert "kept as" in said.err
    assert run(["--store", old_file, "loans", "--json"]) == 0
    assert capsys.readouterr() == (said.out, "")


def files_of(release: str, folder: Path) -> dict[str, Path]:
    """What a college exchanged with ESP by a release, by name."""
    kept = sorted(RELEASED.glob(f"{release}.*.kitloan.gz"))
    files = {}
    for each in kept:
        name = each.name.removeprefix(f"{release}.").removesuffix(".kitloan.gz")
        files[name] = folder / f"{name}.kitloan"
        files[name].write_bytes(gzip.decompress(each.read_bytes()))
    return files


def test_every_release_is_kept_with_what_it_exchanged() -> None:
    """All but the first, whose files were not kept."""
    with_files = {each.name.partition(".fife.")[0] for each in RELEASED.glob("*.fife.kitloan.gz")}
    assert with_files == set(RELEASES) - {"0.1.0"}


@pytest.mark.parametrize("release", [each for each in RELEASES if each != "0.1.0"])
def test_files_and_store_of_a_release_go_on(
    release: str, new_place: Callable[[], str], tmp_path: Path
) -> None:
    """A college that updates in the middle of a term is still heard by ESP, and ESP by it."""
    files = files_of(release, tmp_path)
    with (
        kitloan.init("esp", new_place(), actor="esp") as esp,
        kitloan.open(unpacked(release, tmp_path / "fife.sqlite"), actor="m.ross") as fife,
    ):
        first, later = (merge(esp, [files[name]])[0].added for name in ("fife", "fife-later"))
        assert first + later == len(fife.ledger.log())
        assert merge(esp, [files["fife"]])[0].added == 0
        assert about_fife(esp) == about_fife(fife)
        assert hear(fife, files["esp"])[0].added == 0, "it had heard that already"
        assert lends_on(fife)
        fife.exchange.export(tmp_path / "now.kitloan", since_last=True)
        since = merge(esp, [tmp_path / "now.kitloan"])[0].added
        assert first + later + since == len(fife.ledger.log())
        assert about_fife(esp) == about_fife(fife)
        assert esp.ledger.verify().ok


def about_fife(opened: College) -> dict[str, Rows]:
    """Fife's part of the register of any store, and its ledger."""
    return {
        name: [row for row in rows if row["college"] == "fife"]
        for name, rows in register_of(opened).items()
    }


@pytest.fixture(scope="module")
def desks() -> Iterator[Crowd]:
    """Processes that open a store at the same moment, and one to fork from."""
    several = Crowd(4)
    yield several
    several.close()


def test_desks_that_open_at_once_upgrade_once(old: Old, desks: Crowd) -> None:
    """On the morning of the update every desk is switched on at nine."""
    place = old()
    upgraded = desks.do(crowd.open_at_once, place)
    assert upgraded.count(True) == 1
    with kitloan.open(place, actor="m.ross") as desk:
        assert lends_on(desk)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are killed as forks")
@pytest.mark.parametrize(
    ("kills", "seed"),
    [(5, 0), *(pytest.param(25, seed, marks=pytest.mark.soak) for seed in range(1, 9))],
)
def test_an_upgrade_that_is_killed_leaves_the_old_store_or_the_new_one(
    old: Old, desks: Crowd, kills: int, seed: int
) -> None:
    """A laptop whose battery dies in the middle of the update must open again."""
    places = [old() for _ in range(kills + killing.REHEARSALS)]
    (ends,) = desks.do(killing.kill_upgrades, places, seed, each=1)
    print(dict(ends))  # noqa: T201  # the figures of docs/trust.md, with -s
    assert set(ends) <= {"old", "new"}, ends
    assert ends.total() == kills
    assert ends["old"], "some kills came before the end"
