"""What is in no ledger: rubbish in a setting, and rows about people that nothing explains."""

import sqlite3
from pathlib import Path

import pytest

import kitloan
from kitloan import NewHolding
from kitloan.cli.main import run
from kitloan.college import College


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Fife's file, from which an export was made, with a loan and the person who has the kit."""
    place = tmp_path / "fife.sqlite"
    with kitloan.init("fife", place, actor="m.ross") as fife:
        lend(fife, "Ann Bell")
        fife.exchange.export(tmp_path / "fife.kitloan")
    return place


def lend(fife: College, who: str) -> str:
    """A kit that somebody has."""
    tag = fife.holdings.add(NewHolding("Kit")).tag
    fife.loans.check_out([tag], "Viewforth", contact=who, purpose="S2")
    return tag


def behind(place: Path, statement: str, *values: object) -> None:
    """Write into the file with another program."""
    with sqlite3.connect(place) as file:
        file.execute(statement, values)
    file.close()


def found(place: Path) -> list[str]:
    """The codes that verify finds."""
    with kitloan.open(place) as fife:
        return [each.code for each in fife.ledger.verify().findings]


def test_an_honest_store_has_none(place: Path) -> None:
    """Also with a person from a loan that was undone, and after somebody was forgotten."""
    with kitloan.open(place, actor="m.ross") as fife:
        lend(fife, "Zoe Quark")
        fife.actions.undo()
        lend(fife, "Ed Quill")
        assert fife.ledger.verify().ok
        fife.people.erase("Ed Quill")
    assert found(place) == []


RUBBISH = ("x", "", "zz", "-1", "1.5", "9" * 5000, "ab" * 31, "[]", "\u0663")


@pytest.mark.parametrize("value", [*RUBBISH, b"\x00\xff"], ids=lambda each: repr(each)[:12])
@pytest.mark.parametrize(
    "name",
    ["schema", "erasures", "rewritten", "last_export", "receipt", "signing_key", "taken in place"],
)
def test_rubbish_in_a_setting_is_named(
    place: Path, name: str, value: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ "kitloan did not expect" says neither what is wrong nor what to do."""
    college = "" if name == "schema" else "fife"
    behind(
        place,
        "INSERT INTO setting (college, name, value) VALUES (?, ?, ?) "
        "ON CONFLICT (college, name) DO UPDATE SET value = excluded.value",
        college, name, value,
    )  # fmt: skip
    codes = []
    for line in (["ledger", "verify"], ["loans"],
                 ["ledger", "export", str(tmp_path / "again.kitloan")],
                 ["erase", "Ann Bell"]):  # fmt: skip
        codes.append(run(["--store", str(place), "--as", "m.ross", *line]))
        said = capsys.readouterr()
        assert "did not expect" not in said.err, said.err
        if codes[-1] == 3 and line[-1] != "verify":
            assert name in said.err or "again later" in said.out
    assert codes[0] == 3, "verify finds it, or the store does not open"


def test_a_damaged_setting_is_restored_from_a_backup(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusal names a command: it must work."""
    with kitloan.open(place) as fife:
        fife.backups.make(tmp_path / "stick.sqlite")
    for name in ("schema", "erasures", "signing_key"):
        behind(place, "INSERT OR REPLACE INTO setting VALUES (?, ?, 'x')",
               "" if name == "schema" else "fife", name)  # fmt: skip
        line = ["--store", str(place), "--as", "m.ross", "restore", str(tmp_path / "stick.sqlite")]
        assert run([*line, "--yes"]) == 0, capsys.readouterr().err
        assert found(place) == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM contact", "contact_missing"),
        ("UPDATE contact SET contact = 'p0000000000000000'", "contact_missing"),
        ("UPDATE contact SET name = 'Somebody Else'", "contact_differs"),
        (
            "INSERT INTO contact SELECT college, 'p1', organisation, name, name_key, email, phone "
            "FROM contact",
            "contact_unknown",
        ),
        (
            "INSERT INTO remark (college, remark, tag, loan, contact, heading, words) "
            "SELECT college, 'r1', 'KL0', loan, contact, heading, words FROM remark",
            "remark_unknown",
        ),
        ("UPDATE remark SET contact = 'p2'", "contact_missing"),
        (
            "INSERT INTO ledger_head SELECT 'borders', 1, 0, hash, at, own FROM ledger_head",
            "owner_unclear",
        ),
        ("INSERT INTO pinned_key VALUES ('nobody', '00', '2026-11-23T11:42:00Z')", "key_damaged"),
        ("INSERT INTO pinned_key VALUES ('nobody', '00', '2026-11-23T11:42:00Z')", "no_ledger"),
    ],
)
def test_a_row_that_nothing_explains_is_found(place: Path, statement: str, code: str) -> None:
    """Who took a kit is asked when it does not come back."""
    behind(place, statement)
    with sqlite3.connect(place) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    assert code in found(place)


def test_a_loans_link_to_a_person_is_the_ledgers(place: Path) -> None:
    """The loan's own column is part of the register, which history proves."""
    behind(place, "UPDATE loan SET contact = 'p3'")
    assert "register_differs" in found(place)
