"""Forgetting a person: in the store's files, in what is sent, and in what is shown."""

import gzip
import sqlite3
from pathlib import Path

import pytest

from cli.running import Cli, Stock

NAME, EMAIL = "Jane Quuxworth", "j.quux@school.example"
PURPOSE = "for the P7 science fair that J runs"
NOTE = "she said the lid sticks"
KEPT = (NAME, "Quuxworth", EMAIL, "j.quux", "P7 science fair", "the lid sticks", "01592 771177")


def traces(folder: Path) -> list[str]:
    """Where in the files of a folder anything of the person stands, in any spelling of bytes."""
    files = [each for each in sorted(folder.rglob("*")) if each.is_file()]
    return [
        f"{words!r} in {file.name}"
        for file in files
        for words in KEPT
        for encoding in ("utf-8", "utf-16-le", "utf-16-be")
        if words.lower().encode(encoding) in file.read_bytes().lower()
    ]


@pytest.fixture
def lent(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """Jane had a kit and brought it back, with remarks, and another came with the register."""
    register = tmp_path / "register.csv"
    register.write_text(
        "Kit No,Description,On loan to,Contact,Email,Phone,Notes\n"
        f"X1,Kit,Glenwood High School,{NAME},{EMAIL},01592 771177,ask {NAME.upper()} first\n"
        "X2,Kit,Viewforth High School,Ann Other,ann@school.example,,lid cracked\n"
    )
    cli("import", register)
    cli("checkout", "FC001", "--to", "Glenwood High School", "--contact", NAME, "--for", PURPOSE)
    cli("checkin", "FC001", "--whole", "--note", NOTE)


def test_a_person_is_told_while_known(cli: Cli, stock: Stock, lent: None, store: Path) -> None:
    """What is kept is there to be read, or nobody would need it; and these tests would see less."""
    page = cli("show", "FC001").out
    assert PURPOSE in page
    assert NOTE in page
    assert {found.split(" in ")[0] for found in traces(store.parent)} == set(map(repr, KEPT))


def test_the_ledger_never_knew_the_name(
    cli: Cli, stock: Stock, lent: None, store: Path, tmp_path: Path
) -> None:
    """What cannot be rewritten, and what goes to ESP, must not hold a person."""
    sent = tmp_path / "sent"
    sent.mkdir()
    cli("ledger", "export", sent / "fife.kitloan")
    (sent / "unpacked").write_bytes(gzip.decompress((sent / "fife.kitloan").read_bytes()))
    (sent / "log").write_text(cli("ledger", "log", "--json").out + cli("audit", "--json").out)
    with sqlite3.connect(store) as file:
        bodies = [body for (body,) in file.execute("SELECT body FROM ledger_entry")]
    file.close()
    (sent / "bodies").write_text("\n".join(bodies))
    assert len(bodies) > 10
    assert traces(sent) == []


def test_erase_leaves_no_byte(cli: Cli, stock: Stock, lent: None, store: Path) -> None:
    """A right to be forgotten is one to every byte of every file beside the store."""
    cli("erase", NAME)
    beside = {each.name for each in store.parent.iterdir()} - {"backups"}
    assert beside == {store.name}, "nor a file beside it"
    assert traces(store.parent) == []
    assert cli("ledger", "verify", "--json").json["ok"] is True
    assert traces(store.parent) == [], "nor what a check leaves"


def test_erase_keeps_the_loans(cli: Cli, stock: Stock, lent: None) -> None:
    """The kit's history is the college's, and the other borrower is nobody's business here."""
    before = cli("show", "FC001", "--json").json["history"]
    loan = cli("show", "X1", "--json").json["loan"]
    erased = cli("erase", f" {NAME.upper()} ", "--json")
    assert erased.code == 0
    shown = cli("show", "FC001", "--json").json
    assert shown["history"] == before
    assert cli("show", "X1", "--json").json["loan"] == loan
    assert "lid cracked" in cli("show", "X2").out
    again = cli("erase", NAME, "--json")
    assert (again.code, again.error["code"]) == (2, "unknown_contact")


def test_erase_by_address(cli: Cli, stock: Stock, lent: None, store: Path) -> None:
    """A wish to be forgotten comes by e-mail, and the address is what it is signed with."""
    assert cli("erase", EMAIL.upper()).code == 0
    assert traces(store.parent) == []


def test_two_people_of_one_name(cli: Cli, stock: Stock) -> None:
    """The wrong Jane forgotten cannot be remembered again; each must be named by her id."""
    cli("checkout", "FC001", "--to", "Glenwood High School", "--contact", NAME)
    cli("checkout", stock.goggles, "--to", "Viewforth High School", "--contact", NAME)
    refused = cli("erase", NAME, "--json")
    assert (refused.code, refused.error["code"]) == (2, "ambiguous")
    one, other = refused.error["details"]["contacts"]
    assert cli("erase", one, "--json").json["erased"]["people"] == 1
    assert cli("erase", NAME, "--json").json["erased"]["people"] == 1
    assert cli("erase", other).code == 2


def test_a_person_who_only_stands_in_the_register(
    cli: Cli, stock: Stock, store: Path, tmp_path: Path
) -> None:
    """Somebody named beside a kit that is in has the same right as one who has it out."""
    register = tmp_path / "register.csv"
    register.write_text(
        f"Kit No,Description,Contact,Email,Phone\nX1,Kit,{NAME},{EMAIL},01592 771177\n"
    )
    cli("import", register)
    assert NAME in cli("show", "X1").out
    assert cli("erase", NAME).code == 0
    assert traces(store.parent) == []


def test_a_loan_undone_still_can_be_forgotten(cli: Cli, stock: Stock, store: Path) -> None:
    """A name given by mistake, and undone at once, is a name all the same."""
    cli("checkout", "FC001", "--to", "Glenwood High School", "--contact", NAME, "--for", PURPOSE)
    cli("undo")
    cli("erase", NAME)
    assert traces(store.parent) == []
    assert cli("ledger", "verify").code == 0
