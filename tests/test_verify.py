"""Verifying: whoever changes history or the tables behind kitloan's back is found, and where."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import kitloan
from conftest import SetClock
from crowd import raw
from kitloan import NewHolding
from kitloan.ledger import resume
from kitloan.library import Kitloan
from kitloan.models import Base, LedgerEntry, LedgerHead, table
from kitloan.models.every import REGISTER_TABLES
from kitloan.places import is_url
from kitloan.register.words import refresh_words
from kitloan.verify import Finding
from lives import (
    Rows,
    begin,
    bytes_of,
    canonical,
    digest,
    everything_in,
    hear_of_esp,
    keep,
    lend,
    long_life,
    new_database,
    read_people,
    read_register,
    unguarded,
)

entry, head = table(LedgerEntry), table(LedgerHead)

MIDDLE = "holding.moved"
"""A kind that the life below has once, somewhere in its middle."""


Life = tuple[str, dict[str, Rows]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lives(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[bool], Life]]:
    """Where a store with a long life lies, and all its rows; one that heard of ESP, or not."""
    made: dict[bool, Life] = {}
    with ExitStack() as until_the_end:

        def life(heard: bool) -> Life:
            if heard not in made:
                folder = tmp_path_factory.mktemp("lived")
                place = str(folder / "lived.sqlite")
                if request.param == "postgresql":
                    database = new_database(request.getfixturevalue("postgres"))
                    place = until_the_end.enter_context(database)
                made[heard] = place, _live(place, folder, heard)
                if is_url(place):
                    without_checks(place)
            return made[heard]

        yield life


def _live(place: str, folder: Path, heard: bool) -> dict[str, Rows]:
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, folder)
        if heard:
            hear_of_esp(desk, clock, folder)
            resume(desk.session.store, "fife", "m.ross", clock, 2)
            desk.holdings.add(NewHolding("Abacus"))
        return everything_in(desk)


@pytest.fixture
def place_of_life(request: pytest.FixtureRequest, lives: Callable[[bool], Life]) -> Iterator[str]:
    """Where that store lies; whatever a test does to it is put right afterwards."""
    place, rows = lives("place_of_every_table" in request.fixturenames)
    yield place
    with behind_its_back(place) as connection:
        for each in Base.metadata.sorted_tables:
            connection.execute(each.delete())
            if rows[each.name]:
                connection.execute(each.insert(), rows[each.name])


@pytest.fixture
def place_of_every_table(place_of_life: str) -> str:
    """That store, which has heard of ESP as well, so that no table is empty."""
    return place_of_life


@pytest.fixture
def opened(place_of_life: str) -> Iterator[Kitloan]:
    """That store, open."""
    with kitloan.open(place_of_life, actor="m.ross") as opened:
        yield opened


def without_checks(url: str) -> None:
    """Take away a database's CHECK constraints, as its owner can; PostgreSQL cannot ignore them."""
    engine = raw(url)
    with engine.begin() as connection:
        for each in Base.metadata.sorted_tables:
            for rule in each.constraints:
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


def found(opened: Kitloan) -> list[Finding]:
    """What verifying says, but for the checks that these tests took away."""
    return [each for each in opened.ledger.verify().findings if each.code != "unguarded"]


# -- clean lives --------------------------------------------------------------------------------


def test_a_long_life_verifies(place: str, clock: SetClock, tmp_path: Path) -> None:
    """A finding where nothing is wrong teaches people to pass over findings."""
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        tags: dict[str, str] = {}
        for work in (
            lambda: tags.update(begin(desk, clock)),
            lambda: lend(desk, clock, tags),
            lambda: read_people(desk, tmp_path),
            lambda: keep(desk, clock, tags),
            lambda: desk.people.erase("i.strachan@lochside.example"),
            lambda: read_register(desk),
        ):
            work()
            verdict = desk.ledger.verify()
            assert verdict.ok, verdict.findings
        (state,) = verdict.ledgers
        assert (state.ledger, state.entries) == ("fife", len(desk.ledger.log()))


def test_verifying_changes_nothing(opened: Kitloan) -> None:
    """Evidence that changes when it is looked at is none."""
    before, rows = bytes_of(opened), everything_in(opened)
    assert not found(opened)
    assert (bytes_of(opened), everything_in(opened)) == (before, rows)


def test_what_is_undone_again_and_again_verifies(fife: Kitloan, kit: str) -> None:
    """Undoing is told anew from the ledger; told wrongly, every mistake mended is a finding."""
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    for place in ("Store 1", "Store 2"):
        fife.holdings.move(kit, place)
        fife.holdings.move(other, place)
        fife.desk.undo()
        fife.desk.undo()
    verdict = fife.ledger.verify()
    assert verdict.ok, verdict.findings


def test_words_are_the_same_whenever_they_were_put_together(opened: Kitloan) -> None:
    """A kit must be found by its donor whether the gift came with it, later, or was changed."""
    before = everything_in(opened)
    with opened.session.store.write() as connection:
        for row in before["holding"]:
            refresh_words(connection, row["college"], row["tag"])
    assert everything_in(opened) == before


def test_a_value_in_another_form_is_found(place_of_life: str, opened: Kitloan) -> None:
    """A 5 that stands for yes is read as yes, and is still nothing that kitloan wrote."""
    if is_url(place_of_life):
        pytest.skip("PostgreSQL has a type for yes and no")
    with behind_its_back(place_of_life) as connection:
        connection.exec_driver_sql("UPDATE loan SET exclusive = 5 WHERE exclusive = 1")
    (said,) = differences(opened, "loan")
    assert "form" in said


def test_progress_reaches_the_end(opened: Kitloan) -> None:
    """Whoever verifies ten years of loans wants to know whether to wait."""
    told: list[tuple[int, int]] = []
    opened.ledger.verify(lambda done, total: told.append((done, total)))
    count = len(opened.ledger.log())
    assert told[-1] == (count, count)


# -- the ledger ---------------------------------------------------------------------------------


class Forger:
    """A ledger in the hands of somebody who can rewrite it; entries by number, from 1."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        rows = connection.execute(sa.select(entry).order_by(entry.c.seq)).mappings()
        self.rows = [dict(row) for row in rows]
        self.last = len(self.rows)
        self.middle = next(row["seq"] for row in self.rows if row["kind"] == MIDDLE)

    def row(self, seq: int) -> dict[str, Any]:
        return dict(self.rows[seq - 1])

    def set(self, seq: int, **values: Any) -> None:
        self.connection.execute(entry.update().where(entry.c.seq == seq).values(values))

    def delete(self, *seqs: int) -> None:
        self.connection.execute(entry.delete().where(entry.c.seq.in_(seqs)))

    def insert(self, row: dict[str, Any], **changes: Any) -> None:
        self.connection.execute(entry.insert().values(row | changes))

    def set_head(self, **values: Any) -> None:
        self.connection.execute(head.update().values(values))

    def said(self, seq: int, **fact: Any) -> str:
        """The body of an entry that says something else."""
        said = json.loads(self.row(seq)["body"])
        return canonical(said | {"fact": said["fact"] | fact})

    def after(self, seq: int, like: int, **changes: Any) -> dict[str, Any]:
        """A well sealed entry that follows on another, and says what a third one says."""
        before = self.row(seq)
        said = json.loads(self.row(like)["body"])
        said |= {"seq": seq + 1, "prev": before["hash"], "at": before["at"], "id": "forged"}
        said |= changes
        body = canonical(said)
        return self.row(like) | {
            "seq": seq + 1,
            "at": before["at"],
            "id": said["id"],
            "part": said["part"],
            "body": body,
            "hash": digest(body),
        }

    def rewrite(self, start: int, **fact: Any) -> None:
        """Change what an entry says, and make every hash from there on anew, the head's too."""
        before = self.row(start - 1)["hash"]
        for seq in range(start, self.last + 1):
            said = json.loads(self.said(start, **fact) if seq == start else self.row(seq)["body"])
            body = canonical(said | {"prev": before})
            before = digest(body)
            self.set(seq, body=body, hash=before)
        self.set_head(hash=before)


@dataclass(frozen=True)
class Tampering:
    """What somebody did to a ledger, and the code and the entry that verifying must name first."""

    name: str
    do: Callable[[Forger], object]
    code: str
    seq: Callable[[Forger], int]


def _same(forger: Forger) -> int:
    return forger.middle


def _next(forger: Forger) -> int:
    return forger.middle + 1


def _swap_texts(forger: Forger) -> None:
    one, two = forger.row(forger.middle), forger.row(forger.middle + 1)
    for seq, other in ((one["seq"], two), (two["seq"], one)):
        forger.set(seq, body=other["body"], hash=other["hash"])


def _swap_numbers(forger: Forger) -> None:
    one, two = forger.row(forger.middle), forger.row(forger.middle + 1)
    forger.delete(one["seq"], two["seq"])
    forger.insert(one, seq=two["seq"])
    forger.insert(two, seq=one["seq"])


def _add_at_the_end(forger: Forger) -> None:
    said = json.loads(forger.said(forger.middle, location="Elsewhere"))["fact"]
    row = forger.after(forger.last, like=forger.middle, fact=said)
    forger.insert(row)
    forger.set_head(seq=row["seq"], hash=row["hash"], at=row["at"])


def _lend_twice(forger: Forger) -> None:
    lent = max(row["seq"] for row in forger.rows if row["kind"] == "loan.checked_out")
    said = json.loads(forger.row(lent)["body"])["fact"]
    row = forger.after(forger.last, like=lent, fact=said | {"loan": "another"})
    forger.insert(row)
    forger.set_head(seq=row["seq"], hash=row["hash"], at=row["at"])


def _lend_to_nobody(forger: Forger) -> None:
    lent = max(row["seq"] for row in forger.rows if row["kind"] == "loan.checked_out")
    forger.rewrite(lent, organisation="nobody")


def _run_back(forger: Forger) -> None:
    row = forger.after(forger.last, like=forger.middle, at="2020-01-01T00:00:00Z")
    forger.insert(row, at="2020-01-01T00:00:00Z")
    forger.set_head(seq=row["seq"], hash=row["hash"], at="2020-01-01T00:00:00Z")


def _edit(column: str, value: Any) -> Callable[[Forger], None]:
    return lambda forger: forger.set(forger.middle, **{column: value})


_TAMPERINGS = (
    Tampering(
        "a text edited",
        lambda f: f.set(f.middle, body=f.said(f.middle, location="Elsewhere")),
        "altered",
        _same,
    ),
    Tampering(
        "a text and its hash edited; the next entry tells",
        lambda f: f.set(
            f.middle,
            body=f.said(f.middle, location="Elsewhere"),
            hash=digest(f.said(f.middle, location="Elsewhere")),
        ),
        "broken_chain",
        _next,
    ),
    Tampering(
        "the last text and its hash edited; the head tells",
        lambda f: f.set(
            f.last,
            body=f.said(f.last, name="Another kit"),
            hash=digest(f.said(f.last, name="Another kit")),
        ),
        "cut_short",
        lambda f: f.last,
    ),
    Tampering(
        "one space more", lambda f: f.set(8, body=f.row(8)["body"] + " "), "altered", lambda f: 8
    ),
    Tampering("rubbish for a text", _edit("body", "rubbish"), "unreadable", _same),
    Tampering("no text", _edit("body", ""), "unreadable", _same),
    Tampering("an entry deleted", lambda f: f.delete(f.middle), "gap", _next),
    Tampering("several deleted", lambda f: f.delete(f.middle - 1, f.middle), "gap", _next),
    Tampering("the first deleted", lambda f: f.delete(1), "gap", lambda f: 2),
    Tampering("the last deleted", lambda f: f.delete(f.last), "cut_short", lambda f: f.last - 1),
    Tampering("all deleted", lambda f: f.delete(*range(1, f.last + 1)), "cut_short", lambda f: 0),
    Tampering(
        "an entry added at the end",
        lambda f: f.insert(f.after(f.last, like=f.middle)),
        "cut_short",
        lambda f: f.last + 1,
    ),
    Tampering(
        "an entry added at the end, and the head moved; the tables tell",
        _add_at_the_end,
        "register_differs",
        lambda f: 0,
    ),
    Tampering(
        "an entry put in the place of another",
        lambda f: (f.delete(f.middle), f.insert(f.after(f.middle - 1, like=8))),
        "broken_chain",
        _next,
    ),
    Tampering(
        "an entry slipped into another epoch",
        lambda f: f.insert(f.row(f.middle), epoch=2, id="forged"),
        "gap",
        _same,
    ),
    Tampering("two texts swapped", _swap_texts, "broken_chain", _same),
    Tampering("two entries swapped", _swap_numbers, "broken_chain", _same),
    Tampering("a hash edited", _edit("hash", "0" * 64), "altered", _same),
    Tampering("filed under another request", _edit("id", "another"), "misfiled", _same),
    Tampering("filed as another part", _edit("part", 7), "misfiled", _same),
    Tampering("filed as another kind", _edit("kind", "holding.sighted"), "misfiled", _same),
    Tampering("filed under another tag", _edit("tag", "KL0"), "misfiled", _same),
    Tampering("filed under no tag", _edit("tag", None), "misfiled", _same),
    Tampering("filed at another time", _edit("at", "2026-11-23T00:00:00Z"), "misfiled", _same),
    Tampering("filed under another person", _edit("by", "somebody"), "misfiled", _same),
    Tampering("filed in another epoch", _edit("epoch", 2), "gap", _next),
    Tampering("moved to another college", _edit("college", "ayrshire"), "no_ledger", lambda f: 0),
    Tampering(
        "history written anew, hashes and all; the tables tell",
        lambda f: f.rewrite(f.middle, location="Elsewhere"),
        "register_differs",
        lambda f: 0,
    ),
    Tampering("a kit lent twice, well sealed", _lend_twice, "impossible", lambda f: f.last + 1),
    Tampering(
        "a loan to nobody, well sealed",
        _lend_to_nobody,
        "impossible",
        lambda f: max(r["seq"] for r in f.rows if r["kind"] == "loan.checked_out"),
    ),
    Tampering("time run back, well sealed", _run_back, "time_runs_back", lambda f: f.last + 1),
    Tampering(
        "the head moved back",
        lambda f: f.set_head(seq=f.last - 1, hash=f.row(f.last - 1)["hash"]),
        "cut_short",
        lambda f: f.last,
    ),
    Tampering("the head moved on", lambda f: f.set_head(seq=99), "cut_short", lambda f: f.last),
    Tampering(
        "the head's hash edited", lambda f: f.set_head(hash="0" * 64), "cut_short", lambda f: f.last
    ),
    Tampering(
        "the head's epoch moved", lambda f: f.set_head(epoch=2), "cut_short", lambda f: f.last
    ),
    Tampering(
        "the head's time moved, and with it every time to come",
        lambda f: f.set_head(at="2099-01-01T00:00:00Z"),
        "cut_short",
        lambda f: f.last,
    ),
    Tampering(
        "the head deleted",
        lambda f: f.connection.execute(head.delete()),
        "no_ledger",
        lambda f: 0,
    ),
    Tampering(
        "the head given to another college",
        lambda f: f.set_head(college="ayrshire"),
        "no_ledger",
        lambda f: 0,
    ),
)


@pytest.mark.parametrize("tampering", _TAMPERINGS, ids=lambda tampering: tampering.name)
def test_tampering_is_found_where_it_was_done(
    opened: Kitloan, place_of_life: str, tampering: Tampering
) -> None:
    """A kit that was written off in the file, and not on record, must not be gone unnoticed."""
    with behind_its_back(place_of_life) as connection:
        forger = Forger(connection)
        tampering.do(forger)
    first = found(opened)[0]
    assert (first.code, first.seq) == (tampering.code, tampering.seq(forger)), first.message
    if first.seq:
        assert first.ledger == "fife"
        assert f"Entry {first.seq} " in first.message


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET body = CAST(body AS BLOB) WHERE seq = 9",
        "UPDATE ledger_entry SET body = 9 WHERE seq = 9",
        "UPDATE ledger_entry SET seq = 'x' || seq WHERE seq > 8",
        "UPDATE ledger_entry SET hash = X'00' WHERE seq = 9",
        "UPDATE ledger_entry SET part = 'x' WHERE seq = 9",
        "UPDATE ledger_entry SET epoch = 'x' WHERE seq = 9",
        "UPDATE ledger_entry SET epoch = X'00' WHERE seq > 8",
        "UPDATE ledger_head SET seq = 'x'",
        "UPDATE ledger_head SET epoch = 'x'",
        "INSERT INTO lost_entry VALUES ('fife', 'x', 'y', 9, X'00')",
        "UPDATE holding SET quantity = 'many'",
        "UPDATE holding SET tag = X'00' WHERE quantity > 1",
        "UPDATE loan SET quantity = 1.5 WHERE quantity > 1",
    ],
)
def test_values_of_another_type_are_findings_too(tmp_path: Path, statement: str) -> None:
    """SQLite takes any value anywhere; verifying must not fall over what it should report."""
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    place = str(tmp_path / "fife.sqlite")
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, tmp_path)
        with behind_its_back(place) as connection:
            assert connection.exec_driver_sql(statement).rowcount
        assert not desk.ledger.verify().ok


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("TRIGGER", "own_entries_stay"),
        ("INDEX", "one_open_loan_of_a_holding"),
        ("INDEX", "contact_rows_twice"),
    ],
)
def test_a_rule_that_went_is_found(tmp_path: Path, what: str, name: str) -> None:
    """Without its rules a store verifies only by luck: a second loan would be taken."""
    place = str(tmp_path / "fife.sqlite")
    with kitloan.init("fife", place, actor="m.ross") as desk:
        engine = raw(place)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP {what} {name}")
        engine.dispose()
        verdict = desk.ledger.verify()
        assert not verdict.ok
        assert [(f.code, name in f.message) for f in verdict.findings] == [("unguarded", True)]


# -- the rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("DROP INDEX one_open_loan_of_a_holding", "loan.one_open_loan_of_a_holding is gone"),
        (
            "DROP INDEX one_open_loan_of_a_holding; CREATE UNIQUE INDEX one_open_loan_of_a_holding "
            "ON loan (college, tag, loan) WHERE closed_at IS NULL AND exclusive",
            "loan.one_open_loan_of_a_holding is not as it was made",
        ),
        (
            "ALTER TABLE holding DROP CONSTRAINT never_more_out_than_held",
            "holding.never_more_out_than_held is gone",
        ),
        (
            "ALTER TABLE holding DROP CONSTRAINT holding_state_known, "
            "ADD CONSTRAINT holding_state_known CHECK (state <> '')",
            "holding.holding_state_known is not as it was made",
        ),
        ("ALTER TABLE loan DROP CONSTRAINT loan_of_a_holding", "loan.loan_of_a_holding is gone"),
        ("ALTER TABLE reversal DROP CONSTRAINT reversal_pkey", "reversal.reversal_pkey is gone"),
        ("ALTER TABLE loan ALTER due_key DROP NOT NULL", "loan.due_key is gone"),
        ("ALTER TABLE loan DISABLE TRIGGER ALL", "keys of table loan are not kept"),
    ],
)
def test_a_rule_that_postgresql_keeps_no_more_is_found(
    new_postgres: Callable[[], str], statement: str, rule: str
) -> None:
    """A database that no longer refuses a second loan of one kit must not be called well."""
    url = new_postgres()
    with kitloan.init("fife", url, actor="m.ross") as desk:
        assert desk.ledger.verify().ok
        engine = raw(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()
        findings = desk.ledger.verify().findings
        assert {each.code for each in findings} == {"unguarded"}
        assert any(rule in each.message for each in findings), findings


# -- the register -------------------------------------------------------------------------------


def a_row(connection: sa.Connection, each: sa.Table) -> dict[str, Any]:
    """One row of a table, with its values as they are."""
    ordered = sa.select(each).order_by(*each.primary_key).limit(1)
    return dict(connection.execute(ordered).mappings().one())


def key_of(each: sa.Table, row: dict[str, Any]) -> sa.ColumnElement[bool]:
    """What finds this row and no other."""
    return sa.and_(*(column == row[column.name] for column in each.primary_key))


def another(column: sa.Column[Any], value: Any) -> Any:
    """Another value for a column."""
    if isinstance(column.type, sa.Boolean):
        return not value
    if isinstance(column.type, sa.Integer):
        return (value or 0) + 1000
    return f"{value or ''}x"


def told_of(opened: Kitloan) -> dict[str, list[str]]:
    """What verifying says of each table; fails when it says nothing, or blames an entry."""
    findings = found(opened)
    codes = {finding.code for finding in findings}
    assert codes <= {"register_differs", "no_ledger", "file_damaged"}
    return {
        each.name: [
            finding.message
            for finding in findings
            if re.search(rf"Table {each.name}\b", finding.message)
        ]
        for each in REGISTER_TABLES
    }


def differences(opened: Kitloan, name: str) -> list[str]:
    """What verifying says of one table."""
    return told_of(opened)[name]


# Every table at once, since each is compared by itself; the assertions name the one that failed.


def test_every_value_of_a_row_is_held_against_the_ledger(
    opened: Kitloan, place_of_every_table: str
) -> None:
    """A value that nobody entered must not be reported to a donor."""
    rows, names = {}, {}
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            rows[each] = row = a_row(connection, each)
            names[each] = [column.name for column in each.columns if not column.primary_key]
            changed = row | {name: another(each.c[name], row[name]) for name in names[each]}
            connection.execute(each.update().where(key_of(each, row)).values(changed))
    told = told_of(opened)
    for each in REGISTER_TABLES:
        ends = [said.partition(" differs in ")[2] for said in told[each.name]]
        assert ends == [f"{', '.join(names[each])}."][: len(names[each])], each.name
    with behind_its_back(place_of_every_table) as connection:
        for each, row in rows.items():
            connection.execute(each.update().where(key_of(each, row)).values(row))
    assert not found(opened), "put right again"


@pytest.mark.parametrize("which", range(max(len(t.primary_key) for t in REGISTER_TABLES)))
def test_a_row_under_another_key_is_found(
    opened: Kitloan, place_of_every_table: str, which: int
) -> None:
    """A loan that was moved to another kit clears one borrower and charges another."""
    changed = [each for each in REGISTER_TABLES if which < len(each.primary_key)]
    with behind_its_back(place_of_every_table) as connection:
        for each in changed:
            column = list(each.primary_key)[which]
            row = a_row(connection, each)
            moved = row | {column.name: another(column, row[column.name])}
            connection.execute(each.update().where(key_of(each, row)).values(moved))
    told = told_of(opened)
    for each in changed:
        assert len(told[each.name]) == 2, f"{each.name}: one is missing, one is too many"


def test_a_row_that_went_is_missed(opened: Kitloan, place_of_every_table: str) -> None:
    """A loan that was taken out of the table is a kit that nobody asks back."""
    keys = {}
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            row = a_row(connection, each)
            connection.execute(each.delete().where(key_of(each, row)))
            key = [str(row[column.name]) for column in each.primary_key]
            keys[each.name] = (key[1:] or key)[0]
    for name, said in told_of(opened).items():
        assert len(said) == 1, name
        assert "is missing" in said[0]
        assert keys[name] in said[0]


def test_a_row_that_came_is_found(opened: Kitloan, place_of_every_table: str) -> None:
    """A kit that was never taken in would be counted for the donor."""
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            row = a_row(connection, each)
            *_, last = each.primary_key
            row |= {last.name: another(last, row[last.name])}
            if each.name == "loan":
                row |= {"closed_at": row["out_at"]}
            if each.name == "transfer":
                row |= {"state": "arrived", "ended_at": row["sent_at"]}
            connection.execute(each.insert().values(row))
    for name, said in told_of(opened).items():
        assert said, name


def test_a_row_of_a_college_without_a_ledger_is_found(
    opened: Kitloan, place_of_every_table: str
) -> None:
    """ESP's totals count every college; one that has no history has no kits."""
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            row = a_row(connection, each)
            connection.execute(each.insert().values(row | {"college": "atlantis"}))
    for name, said in told_of(opened).items():
        assert ["atlantis" in each for each in said] == [True], name
