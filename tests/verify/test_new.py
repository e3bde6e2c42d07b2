"""What was checked is remembered: the next check reads what is new, and shows what it did not."""

import contextlib
import io
import json
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from faults.beneath import fill, small_disk
from kitloan import NewHolding
from kitloan.backups.restoring import forget_checkpoints
from kitloan.cli.main import run as command
from kitloan.college import College
from kitloan.history.checkpoints import Checkpoints
from kitloan.tables import LedgerEntry, table
from lives import begin, canonical, digest, keep, lend, look, part, plan, use
from verify.behind import behind_its_back

entry = table(LedgerEntry)


@pytest.fixture
def remembered(fife: College) -> tuple[College, list[str]]:
    """Fife with three kits, of which one was lent and is back; checked, and the checkpoint left."""
    tags = [fife.holdings.add(NewHolding(f"Kit {n}", location="Store")).tag for n in range(3)]
    fife.loans.check_out(tags[:1], "Viewforth", contact="Ann Bell")
    fife.loans.check_in(tags[:1])
    assert fife.ledger.verify(remember=True).ok
    return fife, tags


def codes(verdict: object) -> list[str]:
    return [each.code for each in verdict.findings]  # type: ignore[attr-defined]  # either kind


def files(college: College) -> list[Path]:
    return sorted(Checkpoints(college.session.store).folder.iterdir())


def test_what_is_new_is_read_and_nothing_else(remembered: tuple[College, list[str]]) -> None:
    """A check that takes a minute each morning is one that nobody runs."""
    fife, tags = remembered
    before = fife.ledger.heads()[0].entries
    fife.loans.check_out(tags[:1], "Viewforth")
    fife.loans.check_out(tags[1:2], "Balwearie")
    fife.actions.undo()
    new = fife.ledger.heads()[0].entries - before
    first = fife.ledger.verify_new()
    assert first.ok, first.findings
    assert (first.new, first.not_read.entries, first.whole) == (new, before, ())
    assert first.not_read.rows > 0
    assert first.ledgers == fife.ledger.verify().ledgers
    again = fife.ledger.verify_new()
    assert (again.ok, again.new, again.not_read.entries) == (True, 0, before + new)
    fife.loans.check_in(tags[:1])
    last = fife.ledger.verify_new()
    assert (last.ok, last.new) == (True, 1)
    assert again.not_read.rows - last.not_read.rows == 2  # the kit and its loan, nothing of before


def test_a_long_life_is_checked_step_by_step(
    fife: College, clock: SetClock, tmp_path: Path
) -> None:
    """Every kind of entry goes on from tables that were kept, and comes to the same register."""
    assert fife.ledger.verify_new().whole
    tags = begin(fife, clock)
    assert fife.ledger.verify_new().ok
    for step in (
        lambda: lend(fife, clock, tags),
        lambda: part(fife),
        lambda: keep(fife, clock, tags),
        lambda: plan(fife),
        lambda: use(fife),
        lambda: look(fife, clock, tags),
    ):
        step()
        found = fife.ledger.verify_new()
        assert found.ok, found.findings
        assert found.new and not found.whole


def test_without_a_checkpoint_everything_is_read(fife: College) -> None:
    """The first check, and one on another machine, must not pass what nobody read there."""
    fife.holdings.add(NewHolding("Kit"))
    first = fife.ledger.verify_new()
    assert first.ok and first.not_read.entries == 0
    assert "not checked on this machine" in first.whole[0]
    assert fife.ledger.verify_new().whole == ()


def test_a_full_check_by_the_library_leaves_nothing(fife: College) -> None:
    """A backup is proved by a full check; next to it nothing may be left."""
    assert fife.ledger.verify().ok
    assert not Checkpoints(fife.session.store).folder.exists()


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ("UPDATE holding SET location = 'Elsewhere' WHERE tag = :lent", ["register_differs"]),
        ("UPDATE loan SET out_by = 'x' WHERE tag = :lent", ["register_differs"]),
        ("UPDATE ledger_entry SET body = body || ' ' WHERE seq = :last", ["altered"]),
        ("UPDATE ledger_entry SET by = 'somebody' WHERE seq = :last", ["misfiled"]),
        ("DELETE FROM ledger_entry WHERE seq = :last", ["cut_short"]),
        ("DELETE FROM ledger_entry WHERE seq = :last - 1", ["gap"]),
        ("UPDATE ledger_head SET hash = 'x'", ["cut_short"]),
        # Before the checkpoint: rows that came or went, and entries that did.
        ("DELETE FROM gift", []),
        ("DELETE FROM holding WHERE tag = :other", ["register_differs"]),
        ("DELETE FROM ledger_entry WHERE seq = 3", ["checkpoint_differs", "gap"]),
        ("UPDATE ledger_entry SET hash = 'x' WHERE seq = :checked", ["checkpoint_differs"]),
        # What it cannot see, and a full check finds.
        ("UPDATE holding SET location = 'Elsewhere' WHERE tag = :other", None),
        ("UPDATE ledger_entry SET body = body || ' ' WHERE seq = 3", None),
        ("UPDATE ledger_entry SET hash = 'x' WHERE seq = 3", None),
    ],
)
def test_what_it_sees_and_what_only_a_full_check_does(
    remembered: tuple[College, list[str]], place: str, change: str, seen: list[str] | None
) -> None:
    """A person who relies on the daily check must know what it passes over: it is this."""
    fife, tags = remembered
    checked = fife.ledger.heads()[0].entries
    fife.loans.check_out(tags[:1], "Viewforth")
    fife.loans.check_in(tags[:1])
    values = {"lent": tags[0], "other": tags[2], "checked": checked, "last": checked + 2}
    for name, value in values.items():
        change = change.replace(f":{name}", repr(value))
    with behind_its_back(place) as connection:
        changed = connection.exec_driver_sql(change).rowcount
    new = fife.ledger.verify_new()
    found = [each for each in codes(new) if each != "unguarded"]
    if seen is None:
        assert found == [] and new.not_read.entries == checked
    else:
        assert set(seen) <= set(found), new.findings
    full = [each for each in codes(fife.ledger.verify(remember=True)) if each != "unguarded"]
    assert bool(full) == bool(changed), full


def test_a_history_that_was_rewritten_whole_does_not_have_the_checkpoint(
    remembered: tuple[College, list[str]], place: str
) -> None:
    """With every hash made again and the tables to match, nothing in the file shows it."""
    fife, _ = remembered
    with behind_its_back(place) as connection:
        rows = connection.execute(entry.select().order_by(entry.c.seq)).mappings().all()
        before = ""
        for row in rows:
            said = json.loads(row["body"]) | {"prev": before}
            if said["fact"]["kind"] == "holding.accessioned":
                said["fact"]["location"] = "Elsewhere"
            body = canonical(said)
            before = digest(body)
            where = entry.c.seq == row["seq"]
            connection.execute(entry.update().where(where).values(body=body, hash=before))
        connection.exec_driver_sql(f"UPDATE ledger_head SET hash = '{before}'")
        connection.exec_driver_sql(
            "UPDATE holding SET location = 'Elsewhere', "
            "words = replace(words, 'store', 'elsewhere')"
        )
    for verdict in (fife.ledger.verify_new(), fife.ledger.verify(remember=True)):
        assert "checkpoint_differs" in codes(verdict)
        assert "register_differs" not in codes(verdict)
    assert "checkpoint_differs" not in codes(fife.ledger.verify())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hash", "0" * 64),
        ("entries", 1),
        ("seq", 2),
        ("tables", "0" * 64),
        ("rows", 1),
        ("checked", "2020-01-01T00:00:00Z"),
        ("seal", "0" * 64),
        ("college", "ayrshire"),
        ("more", "x"),
        ("epoch", "x"),
    ],
)
def test_a_checkpoint_that_was_changed_is_a_finding(
    remembered: tuple[College, list[str]], name: str, value: object
) -> None:
    """Otherwise a word in a file would keep a check from reading what it must."""
    fife, _ = remembered
    (file,) = (each for each in files(fife) if each.suffix == ".json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: value}))
    new = fife.ledger.verify_new()
    assert codes(new) == ["checkpoint_differs"]
    assert str(file) in new.findings[0].message
    assert new.whole and new.not_read.entries == 0
    assert codes(fife.ledger.verify(remember=True)) == ["checkpoint_differs"]
    file.unlink()
    assert fife.ledger.verify_new().ok and fife.ledger.verify_new().whole == ()


@pytest.mark.parametrize("what", ["rubbish", "gone", "tables changed", "tables gone"])
def test_files_of_a_checkpoint_that_were_spoilt_are_findings(
    remembered: tuple[College, list[str]], what: str
) -> None:
    """What was kept is not believed for its name."""
    fife, tags = remembered
    fife.loans.check_out(tags[:1], "Viewforth")
    made = {each.suffix: each for each in files(fife)}
    if what == "rubbish":
        made[".json"].write_text("{")
    elif what == "gone":
        made[".json"].unlink()
    elif what == "tables changed":
        kept = bytearray(made[".tables"].read_bytes())
        kept[-1] ^= 1
        made[".tables"].write_bytes(kept)
    else:
        made[".tables"].unlink()
    new = fife.ledger.verify_new()
    assert new.whole
    assert codes(new) == ([] if what == "gone" else ["checkpoint_differs"])


def test_another_key_or_program_reads_everything(remembered: tuple[College, list[str]]) -> None:
    """Neither is anybody's fault; and neither may be a way past the seal."""
    fife, _ = remembered
    (file,) = (each for each in files(fife) if each.suffix == ".json")
    fife.exchange.key(new=True)
    new = fife.ledger.verify_new()
    assert new.ok and "another key" in new.whole[0]
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"key": "0" * 16}))
    new = fife.ledger.verify_new()
    assert new.ok and new.whole


def test_it_names_nobody_and_only_its_owner_reads_it(
    remembered: tuple[College, list[str]],
) -> None:
    """Erasing a person is whole without it."""
    fife, _ = remembered
    for each in files(fife):
        assert b"Ann Bell" not in each.read_bytes()
        assert b"ann bell" not in each.read_bytes()
        assert each.stat().st_mode & 0o077 == 0


def test_a_restored_backup_is_read_whole(tmp_path: Path) -> None:
    """Its entries are fewer than the checkpoint's, and that is no finding."""
    place, copy = tmp_path / "fife.sqlite", tmp_path / "stick.sqlite"
    with kitloan.init("fife", place, actor="m.ross") as fife:
        fife.backups.make(copy)
        assert not (tmp_path / "checkpoints").exists()
        fife.holdings.add(NewHolding("Kit"))
        assert fife.ledger.verify(remember=True).ok
    answer = Answer("--store", str(place), "restore", str(copy), "--yes")
    assert answer.exit_code == 0, answer.output
    with kitloan.open(place, actor="m.ross") as fife:
        new = fife.ledger.verify_new()
        assert new.ok, new.findings
        assert new.whole
    forget_checkpoints(place)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_on_a_full_disk_what_is_new_is_checked_all_the_same(tmp_path: Path) -> None:
    """The day on which the disk is full is one on which a person wants to know what is right."""
    with contextlib.ExitStack() as until_the_end:
        try:
            disk = until_the_end.enter_context(small_disk(6_000))
        except PermissionError as problem:
            pytest.skip(problem.strerror or "")
        with kitloan.init("fife", disk / "fife.sqlite", actor="m.ross") as fife:
            fife.holdings.add(NewHolding("Kit"))
            assert fife.ledger.verify(remember=True).ok
            fife.holdings.add(NewHolding("Kit"))
            before = {each: each.read_bytes() for each in files(fife)}
            fill(disk, leave=0)
            new = fife.ledger.verify_new()
            assert new.ok and new.new and not new.whole
            assert {each: each.read_bytes() for each in files(fife)} == before
            (disk / "filler").unlink()
            assert fife.ledger.verify_new().new == new.new
            assert fife.ledger.verify_new().new == 0


def test_what_a_killed_check_left_is_no_finding_and_goes(
    remembered: tuple[College, list[str]],
) -> None:
    """The new tables had their name, and the checkpoint still names the last ones."""
    fife, tags = remembered
    (tables,) = (each for each in files(fife) if each.suffix == ".tables")
    stem, college, digest, suffix = tables.name.split(".")
    left = tables.with_name(f"{stem}.{college}.{digest[::-1]}.{suffix}")
    left.write_bytes(tables.read_bytes()[::-1])
    fife.loans.check_out(tags[:1], "Viewforth")
    new = fife.ledger.verify_new()
    assert new.ok and new.new and not new.whole
    assert not left.exists()
    assert [each.suffix for each in files(fife)] == [".tables", ".json"]


def test_the_checkpoints_of_a_store_next_to_it_stay(tmp_path: Path) -> None:
    """A copy with a longer name lies in the same folder, and so do its checkpoints."""
    places = [tmp_path / "fife.sqlite", tmp_path / "fife.fife.sqlite"]
    for place in places:
        kitloan.init("fife", place, actor="m.ross").close()
    for turn in range(3):
        for place in places:
            with kitloan.open(place, actor="m.ross") as fife:
                fife.holdings.add(NewHolding("Kit"))
                new = fife.ledger.verify_new()
                assert new.ok, new.findings
                assert bool(new.whole) == (turn == 0)


class Answer:
    """What a command printed, and its exit code; it runs in this process."""

    def __init__(self, *arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.exit_code = command(list(arguments))
        self.output = out.getvalue()


def test_the_command_shows_what_it_did_not_read(tmp_path: Path) -> None:
    """Whoever reads "No problems found" must see beside it what was not looked at."""
    place = str(tmp_path / "fife.sqlite")
    with kitloan.init("fife", place, actor="m.ross") as fife:
        fife.holdings.add(NewHolding("Kit"))
    assert Answer("--store", place, "ledger", "verify").exit_code == 0
    with kitloan.open(place, actor="m.ross") as fife:
        fife.holdings.add(NewHolding("Kit"))
    answer = Answer("--store", place, "ledger", "verify", "--new")
    assert answer.exit_code == 0
    assert "Not read: " in answer.output and "kitloan ledger verify" in answer.output
    shown = json.loads(Answer("--store", place, "ledger", "verify", "--new", "--json").output)
    assert shown["ok"] is True and shown["new"] == 0 and shown["findings"] == []
    assert shown["not_read"]["entries"] == shown["ledgers"][0]["entries"]
    with behind_its_back(place) as connection:
        connection.execute(entry.delete().where(entry.c.seq == 1))
    answer = Answer("--store", place, "ledger", "verify", "--new")
    assert answer.exit_code == 3 and "checkpoint" in answer.output
