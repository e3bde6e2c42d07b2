"""What cannot be done: the exit code, the rule and the facts, and a store that is as it was."""

import ctypes
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from cli.running import PROGRAM, REGISTERS, Cli, Program, Stock
from kitloan.calendar import system_clock, today
from kitloan.tags import grouped, mint

Untouched = Callable[[], AbstractContextManager[None]]

POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and modes of files are POSIX's")
ESC = "\x1b[2J"
NEXT_YEAR = today(system_clock).year + 1


def mistyped(tag: str) -> str:
    """A tag with one wrong character, which no other tag is spelt like."""
    return tag[:5] + ("A" if tag[5] != "A" else "B") + tag[6:]


WITH_A_TAG = {
    "show": ("show", "{tag}"),
    "checkout": ("checkout", "{tag}", "--to", "Glenwood High School"),
    "checkin": ("checkin", "{tag}"),
    "renew": ("renew", "{tag}", "--due", "14d"),
    "count": ("count", "{tag}", "--whole"),
    "restock": ("restock", "{tag}", "Wheel=1"),
    "labels": ("labels", "{tag}", "--stock", "l7160", "--out", "{folder}/x.pdf"),
    "ledger log": ("ledger", "log", "{tag}"),
}


@pytest.mark.parametrize("command", WITH_A_TAG)
def test_a_mistyped_tag_is_answered_with_its_neighbours(
    cli: Cli, stock: Stock, nothing_changes: Untouched, tmp_path: Path, command: str
) -> None:
    """One wrong key at the counter must not cost a search, whatever was being done."""
    line = [part.format(tag=mistyped(stock.kit), folder=tmp_path) for part in WITH_A_TAG[command]]
    with nothing_changes():
        answer, words = cli(*line, "--json"), cli(*line)
    assert (answer.code, answer.error["code"]) == (2, "bad_tag")
    assert answer.error["details"]["near"] == [stock.kit]
    assert grouped(stock.kit) in words.err
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.parametrize("command", WITH_A_TAG)
@pytest.mark.parametrize(
    ("tag", "rule"),
    [("another's", "unknown_tag"), ("FC999", "unknown_holding"), ("", "unknown_holding")],
)
def test_a_tag_that_no_holding_has(
    cli: Cli,
    stock: Stock,
    nothing_changes: Untouched,
    tmp_path: Path,
    command: str,
    tag: str,
    rule: str,
) -> None:
    """A label of another college, or one torn in half, is not somebody else's kit."""
    named = mint() if tag == "another's" else tag
    line = [part.format(tag=named, folder=tmp_path) for part in WITH_A_TAG[command]]
    with nothing_changes():
        answer = cli(*line, "--json")
    assert (answer.code, answer.error["code"]) == (2, rule)


@pytest.mark.parametrize("command", WITH_A_TAG)
def test_an_asset_number_that_two_bear(
    cli: Cli, stock: Stock, nothing_changes: Untouched, tmp_path: Path, command: str
) -> None:
    """Of two kits that a college numbered alike, the wrong one must never be lent."""
    line = [part.format(tag="twin", folder=tmp_path) for part in WITH_A_TAG[command]]
    with nothing_changes():
        answer = cli(*line, "--json")
    assert (answer.code, answer.error["code"]) == (2, "ambiguous")
    assert len(answer.error["details"]["tags"]) == 2


def test_a_kit_already_out(cli: Cli, stock: Stock, nothing_changes: Untouched) -> None:
    """Whoever stands at the counter wants to know who has it, and since when."""
    with nothing_changes():
        answer = cli("checkout", "FC002", "--to", "Glenwood High School", "--json")
        words = cli("checkout", "FC002", "--to", "Glenwood High School").err
    assert (answer.code, answer.error["code"]) == (1, "on_loan")
    loan = answer.error["details"]["loan"]
    shown = cli("show", "FC002", "--json").json["loan"]
    assert (loan["to"], loan["out_at"]) == ("Balwearie High School", shown["out_at"])
    assert loan["due_on"] == shown["due_on"]
    assert "Balwearie High School since " in words


def test_one_bad_tag_keeps_the_basket(cli: Cli, stock: Stock, nothing_changes: Untouched) -> None:
    """Half a basket lent leaves a counter that nobody can put right."""
    with nothing_changes():
        for bad, code in (("FC002", 1), ("FC999", 2)):
            assert cli("checkout", "FC001", bad, "--to", "Glenwood High School").code == code
            assert cli("checkin", "FC002", "FC999" if code == 2 else "FC001").code == code
    assert cli("show", "FC001", "--json").json["status"] == "in"


# What is asked, with {kit}, {lent}, ... for tags and {folder} for a folder; the exit code; the rule
REFUSALS = [
    # lending
    (("checkout", "{uncounted}", "--to", "B"), 1, "uncounted"),
    (("checkout", "{unusable}", "--to", "B"), 1, "incomplete"),
    (("checkout", "{withdrawn}", "--to", "B"), 1, "withdrawn"),
    (("checkout", "{goggles}", "--to", "B", "--quantity", "31"), 1, "not_enough"),
    (("checkout", "{goggles}", "--to", "B", "--quantity", "-1"), 2, "bad_quantity"),
    (("checkout", "{goggles}", "--to", "B", "--quantity", "0"), 2, "bad_quantity"),
    (("checkout", "{goggles}", "--to", "B", "--quantity", "9" * 20), 2, "bad_quantity"),
    (("checkout", "{goggles}", "--to", "B", "--quantity", "1.5"), 2, "usage"),
    (("checkout", "{goggles}", "--to", "B", "--quantity", "two"), 2, "usage"),
    (("checkout", "{kit}", "--to", "B", "--quantity", "2"), 2, "bad_quantity"),
    (("checkout", "{kit}", "--to", "B", "--due", f"31/02/{NEXT_YEAR}"), 2, "bad_date"),
    (("checkout", "{kit}", "--to", "B", "--due", "soon"), 2, "bad_date"),
    (("checkout", "{kit}", "--to", "B", "--due", "-3d"), 2, "bad_date"),
    (("checkout", "{kit}", "--to", "B", "--due", "23/11/2020"), 2, "due_in_the_past"),
    (("checkout", "{kit}", "--to", "B", "--due", "9999d"), 2, "due_too_late"),
    (("checkout", "{kit}", "--to", ""), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "  "), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "=cmd()"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", f"{ESC}High School"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "x" * 201), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "B", "--contact", "\x9b2J"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "B", "--contact", "=A1"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "B", "--for", "\u202egnp.exe"), 2, "bad_text"),
    (("checkout", "{unusable}", "--to", "B", "--override", "=A1"), 2, "bad_text"),
    (("checkout", "{kit}"), 2, "usage"),
    (("checkout", "--to", "B"), 2, "usage"),
    # coming back
    (("checkin", "{kit}"), 1, "not_out"),
    (("checkin", "{lent}", "--from", "Glenwood High School"), 1, "not_out"),
    (("checkin", "{lent}", "--quantity", "2"), 1, "more_than_out"),
    (("checkin", "{lent}", "--quantity", "0"), 2, "bad_quantity"),
    (("checkin", "{lent}", "--quantity", "-1"), 2, "bad_quantity"),
    (("checkin", "{lent}", "--missing", "Whale=1"), 2, "no_such_component"),
    (("checkin", "{lent}", "--missing", "Wheel=17"), 2, "too_many_short"),
    (("checkin", "{lent}", "--missing", "Wheel=9", "--broken", "Wheel=8"), 2, "too_many_short"),
    (("checkin", "{lent}", "--missing", "Wheel"), 2, "bad_exception"),
    (("checkin", "{lent}", "--missing", "Wheel=-1"), 2, "bad_exception"),
    (("checkin", "{lent}", "--missing", "Wheel=1.5"), 2, "bad_exception"),
    (("checkin", "{lent}", "--missing", "Wheel=1", "--missing", "wheel=2"), 2, "bad_exception"),
    (("checkin", "{lent}", "--whole", "--missing", "Wheel=1"), 2, "whole_but_short"),
    (("checkin", "{lent}", "--whole", "--uncounted"), 2, "counted_and_not"),
    (("checkin", "{lent}", "--uncounted", "--broken", "Panel=1"), 2, "counted_and_not"),
    (("checkin", "{lent}", "--note", ESC), 2, "bad_text"),
    (("checkin", "{lent}", "{kit}", "--missing", "Wheel=1"), 2, "one_at_a_time"),
    (("renew", "{kit}", "--due", "14d"), 1, "not_out"),
    (("renew", "{lent}", "--due", "1/1/2020"), 2, "due_in_the_past"),
    (("renew", "{lent}", "--due", f"31/04/{NEXT_YEAR}"), 2, "bad_date"),
    (("renew", "{lent}"), 2, "usage"),
    (("count", "{lent}", "--whole"), 1, "on_loan"),
    (("count", "{kit}"), 2, "no_count"),
    (("count", "{goggles}", "--missing", "Wheel=1"), 2, "no_contents_list"),
    (("restock", "{kit}", "Wheel=2"), 1, "nothing_short"),
    (("restock", "{unusable}", "Spanner=2"), 1, "more_than_short"),
    (("restock", "{unusable}", "Wheel=1"), 2, "no_such_component"),
    (("restock", "{unusable}", "Spanner=0"), 2, "bad_quantity"),
    (("restock", "{unusable}", "Spanner"), 2, "bad_exception"),
    (("undo",), 1, "nothing_to_undo"),
    # taking in
    (("add", "--type", ""), 2, "bad_text"),
    (("add", "--type", "=HYPERLINK()"), 2, "bad_text"),
    (("add", "--type", f"{ESC}kit"), 2, "bad_text"),
    (("add", "--type", "Kit", "--quantity", "0"), 2, "bad_quantity"),
    (("add", "--type", "Kit", "--quantity", "-4"), 2, "bad_quantity"),
    (("add", "--type", "Kit", "--quantity", "0.5"), 2, "usage"),
    (("add", "--type", "Kit", "--tag", "zzz"), 2, "bad_tag"),
    (("add", "--type", "Kit", "--tag", "{kit}"), 1, "tag_taken"),
    (("add", "--type", "Kit", "--received", "31/02/2024"), 2, "bad_date"),
    (("add", "--type", "Kit", "--value", "lots"), 2, "bad_value"),
    (("add", "--type", "Kit", "--value", "-5"), 2, "bad_value"),
    (("add", "--type", "Kit", "--title", "borrowed"), 2, "usage"),
    (("add", "--type", "Kit", "--donor", "=A1"), 2, "bad_text"),
    (("add", "--type", "Kit", "--location", "a\nb\x07"), 2, "bad_text"),
    (("import", "{folder}/none.csv"), 2, "no_such_file"),
    (("import", "{folder}"), 2, "not_a_file"),
    (("import", "{folder}/empty.csv"), 2, "empty_file"),
    (("import", "{folder}/shape.csv"), 2, "not_a_register"),
    (("import", "{folder}/contents.csv"), 2, "contents_list"),
    (("import", "{folder}/quote.csv"), 2, "unclosed_quote"),
    (("import", "{folder}/noise.csv"), 2, "not_a_spreadsheet"),
    (("import", "{store}"), 2, "not_a_spreadsheet"),
    (("import", "{folder}/good.csv", "--map", "{folder}/none.toml"), 2, "bad_map"),
    (("import", "{folder}/good.csv", "--map", "{folder}/good.csv"), 2, "bad_map"),
    (("types", "import", "{folder}/shape.csv"), 2, "not_a_types_file"),
    (("types", "import", "{folder}/wrong-contents.csv"), 2, "bad_types_file"),
    (("init", "ayrshire"), 1, "another_college"),
    (("init", "No Such College"), 2, "unknown_college"),
    # looking and labels
    (("audit", "--as-at", "30/02/2026"), 2, "bad_date"),
    (("audit", "--as-at", "1/1/2000"), 2, "before_records"),
    (("labels", "--stock", "l7160", "--out", "{folder}/x.pdf"), 2, "which_labels"),
    (("labels", "--all", "{kit}", "--stock", "l7160", "--out", "{folder}/x.pdf"), 2,
     "which_labels"),
    (("labels", "--all", "--out", "{folder}/x.pdf"), 2, "usage"),
    (("labels", "--all", "--stock", "zzz", "--out", "{folder}/x.pdf"), 2, "no_such_stock"),
    (("labels", "--all", "--stock", "l7160", "--start", "22", "--out", "{folder}/x.pdf"), 2,
     "bad_start"),
    (("labels", "--blank", "5", "--stock", "l7160", "--start", "0", "--out", "{folder}/x.pdf"), 2,
     "bad_start"),
    (("labels", "--blank", "5", "--stock", "l7160", "--out", "{folder}/none/x.pdf"), 2,
     "cannot_write"),
    (("labels", "--blank", "5", "--stock", "l7160", "--out", "{folder}"), 2, "cannot_write"),
    (("labels", "--blank", "0", "--stock", "l7160", "--out", "{folder}/x.pdf"), 2, "bad_quantity"),
    (("labels", "--blank", "-3", "--stock", "l7160", "--out", "{folder}/x.pdf"), 2, "bad_quantity"),
    (("read", "{folder}/none.png"), 2, "no_such_file"),
    (("read", "{folder}/good.csv"), 2, "not_a_picture"),
    (("read",), 2, "usage"),
    (("erase", "Nobody"), 2, "unknown_contact"),
    (("ledger", "import", "{folder}/good.csv"), 2, "bad_exchange_file"),
    (("ledger", "export", "{folder}/none/x"), 2, "cannot_write"),
    # wrong use
    (("no-such-command",), 2, "usage"),
    (("ledger",), 2, "usage"),
    (("types", "no-such-command"), 2, "usage"),
    (("show", "{kit}", "{lent}"), 2, "usage"),
    (("--no-such-option",), 2, "usage"),
    ((), 2, "no_terminal"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that no register should be like."""
    made = tmp_path / "files"
    made.mkdir()
    (made / "empty.csv").touch()
    (made / "shape.csv").write_text("a,b,c\n1,2,3\n")
    (made / "good.csv").write_text("Kit No,Description\nX1,Kit\n")
    (made / "quote.csv").write_text('Kit No,Description\nX1,"Kit\nX2,Kit\n')
    (made / "noise.csv").write_bytes(bytes(range(256)) * 4)
    (made / "contents.csv").write_bytes((REGISTERS / "contents.csv").read_bytes())
    (made / "wrong-contents.csv").write_text("kit type,component,quantity\nKit,Wheel,many\n")
    return made


@pytest.mark.parametrize(
    ("line", "code", "rule"), REFUSALS, ids=[" ".join(row[0])[:70] for row in REFUSALS]
)
def test_a_refusal_changes_nothing(
    cli: Cli,
    stock: Stock,
    store: Path,
    folder: Path,
    nothing_changes: Untouched,
    line: tuple[str, ...],
    code: int,
    rule: str,
) -> None:
    """What was refused must have left no trace, or the next person acts on half a deed."""
    named = {name: getattr(stock, name) for name in stock.__slots__}
    said = [part.format(**named, folder=folder, store=store) for part in line]
    files = sorted(folder.iterdir())
    with nothing_changes():
        answer = cli(*said, "--json")
        words = cli(*said)
    assert (answer.code, answer.error["code"]) == (code, rule), answer.error
    assert (words.code, words.out) == (code, "")
    assert words.err.startswith("kitloan: ")
    assert "Traceback" not in words.err
    assert sorted(folder.iterdir()) == files, "no half of a file is left either"


def test_a_cell_of_fifty_megabytes(
    cli: Cli, stock: Stock, nothing_changes: Untouched, tmp_path: Path
) -> None:
    """A pasted document in a cell must be a problem with its row, not the end of the program."""
    register = tmp_path / "big.csv"
    register.write_text("Kit No,Description\nX1," + "x" * 50_000_000 + "\nX2,Kit\n")
    with nothing_changes():
        answer = cli("import", register, "--json")
    assert (answer.code, answer.error["code"]) == (2, "rows_in_error")
    (problem,) = answer.json["problems"]
    assert (problem["row"], problem["column"]) == (2, "Description")
    assert "50,000,000 characters" in problem["problem"]
    assert len(answer.out) < 10_000


def test_the_same_loan_twice_in_one_line(cli: Cli, stock: Stock) -> None:
    """A tag that was scanned twice is one kit."""
    answer = cli("checkout", "FC001", stock.kit, "--to", "Glenwood High School", "--json")
    assert (answer.code, len(answer.json["loans"])) == (0, 1)


# --- stores that cannot be used -------------------------------------------------------------


def no_file(store: Path) -> str:
    """Nobody has started it."""
    return "no_store"


def a_folder(store: Path) -> str:
    """Somebody named the folder that it lies in."""
    store.unlink()
    store.mkdir()
    return "not_a_store"


def some_text(store: Path) -> str:
    """Somebody named the register."""
    store.write_bytes((REGISTERS / "ayrshire.csv").read_bytes())
    return "not_a_store"


def an_empty_file(store: Path) -> str:
    """A copy that was broken off at its beginning."""
    store.write_bytes(b"")
    return "not_a_store"


def another_programs(store: Path) -> str:
    """SQLite keeps the data of half the programs on a machine."""
    store.unlink()
    with sqlite3.connect(store) as file:
        file.execute("CREATE TABLE song (title TEXT)")
    file.close()
    return "not_a_store"


def a_newer_ones(store: Path) -> str:
    """The next desk has a newer kitloan."""
    with sqlite3.connect(store) as file:
        file.execute("UPDATE setting SET value = '999' WHERE name = 'schema'")
    file.close()
    return "newer_store"


def cut_short(store: Path) -> str:
    """A copy that was broken off in the middle."""
    store.write_bytes(store.read_bytes()[:9_000])
    return "damaged"


def scribbled_on(store: Path) -> str:
    """A bad stick."""
    whole = store.read_bytes()
    store.write_bytes(whole[:100] + b"\xa5" * (len(whole) - 100))
    return "damaged"


USELESS = (
    no_file, a_folder, some_text, an_empty_file, another_programs, a_newer_ones, cut_short,
    scribbled_on,
)  # fmt: skip
COMMANDS = (
    ("show", "FC001"),
    ("loans",),
    ("checkout", "FC001", "--to", "Glenwood High School"),
    ("import", str(REGISTERS / "ayrshire.csv"), "--skip-problems"),
    ("labels", "--blank", "2", "--stock", "l7160", "--out", "x.pdf"),
    ("ledger", "verify"),
    ("audit",),
)


@pytest.mark.parametrize("make", USELESS, ids=[each.__name__ for each in USELESS])
def test_a_store_that_cannot_be_used(
    cli: Cli,
    stock: Stock,
    store: Path,
    nothing_changes: Untouched,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    make: Callable[[Path], str],
) -> None:
    """The wrong file must never be written to, and the answer is the third kind: call somebody."""
    monkeypatch.chdir(tmp_path)
    if make is no_file:
        store.unlink()
    rule = make(store)
    with nothing_changes():
        for line in COMMANDS:
            answer, words = cli(*line, "--json"), cli(*line)
            assert (answer.code, answer.error["code"]) == (3, rule), (line, answer.error)
            assert (words.code, words.out) == (3, "")
            assert str(store) in words.err
            assert "Traceback" not in words.err
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.parametrize(
    "make",
    [a_folder, some_text, another_programs, a_newer_ones, cut_short, scribbled_on],
    ids=lambda make: make.__name__,
)
def test_no_store_is_started_on_top_of_something_else(
    cli: Cli, stock: Stock, store: Path, nothing_changes: Untouched, make: Callable[[Path], str]
) -> None:
    """`init` with the wrong name must not write into somebody's music or register."""
    make(store)
    with nothing_changes():
        answer = cli("init", "fife", "--json")
    assert answer.code == 3
    assert answer.error["code"] != "unexpected"


def test_a_server_that_is_not_there(cli: Cli) -> None:
    """A network that is down is the third kind too, and says so without the password."""
    place = "postgresql://clerk:s3cret@127.0.0.1:1/kits"
    answer = cli("loans", "--json", store=place)
    assert (answer.code, answer.error["code"]) == (3, "unreachable")
    assert "s3cret" not in answer.out + answer.err


def without_roots_ways() -> None:
    """In a child that is about to become `kitloan`: modes of files bind even root."""
    if os.geteuid() == 0:
        drop, override, search = 24, 1, 2  # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE, _READ_SEARCH
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (override, search):
            if libc.prctl(drop, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


BOUND = pytest.mark.skipif(
    os.name == "nt" or (sys.platform != "linux" and os.geteuid() == 0),
    reason="modes of files bind nobody here",
)


@BOUND
@pytest.mark.parametrize("mode", [(0o444, 0o755), (0o444, 0o555), (0o644, 0o555)])
def test_a_store_that_may_only_be_read(
    program: Program,
    stock: Stock,
    store: Path,
    nothing_changes: Untouched,
    mode: tuple[int, int],
) -> None:
    """On a share that is read-only people can look things up, and are told that that is all."""
    store.chmod(mode[0])
    store.parent.chmod(mode[1])
    try:
        with nothing_changes():
            shown = program("show", "FC001", "--json", preexec_fn=without_roots_ways)
            lent = program(
                "checkout", "FC001", "--to", "B", "--json", preexec_fn=without_roots_ways
            )
    finally:
        store.parent.chmod(0o755)
    assert (shown.code, shown.json["status"]) == (0, "in")
    assert (lent.code, lent.error["code"]) == (3, "read_only")


@BOUND
def test_a_folder_that_may_not_be_written(
    program: Program, stock: Stock, store: Path, tmp_path: Path
) -> None:
    """Starting a store where nobody may write says so, and leaves nothing."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    answer = program(
        "init", "ayrshire", "--json", store=folder / "a.sqlite", preexec_fn=without_roots_ways
    )
    assert (answer.code, answer.error["code"]) == (3, "cannot_create")
    assert not list(folder.iterdir())


@BOUND
def test_a_folder_that_may_not_be_entered(program: Program, stock: Stock, store: Path) -> None:
    """A share whose permissions somebody changed is a refusal in words, with the place."""
    store.parent.chmod(0o000)
    try:
        for line in (("show", "FC001"), ("init", "fife")):
            answer = program(*line, "--json", preexec_fn=without_roots_ways)
            assert (answer.code, answer.error["code"]) == (3, "unreachable")
            assert str(store) in answer.error["message"]
    finally:
        store.parent.chmod(0o755)


@BOUND
def test_a_ledger_for_a_folder_that_may_not_be_entered(
    program: Program, stock: Stock, tmp_path: Path
) -> None:
    """The file is at fault there, and not the store."""
    (tmp_path / "locked").mkdir(mode=0o000)
    file = tmp_path / "locked" / "fife.kitloan"
    answer = program("ledger", "export", file, "--json", preexec_fn=without_roots_ways)
    assert (answer.code, answer.error["code"]) == (2, "cannot_write")


def test_the_log_of_a_kit_whose_taking_in_was_undone(cli: Cli, stock: Stock) -> None:
    """The ledger keeps it; whoever asks for the label in their hand must be shown it."""
    tag = cli("add", "--type", "Telescope", "--json").json["tag"]
    cli("undo")
    kinds = [each["kind"] for each in cli("ledger", "log", tag, "--json").json["items"]]
    assert kinds == ["holding.accessioned", "entry.reversed"]


WRITERS = {
    "export": ("ledger", "export", "{file}"),
    "labels": ("labels", "--all", "--stock", "l7160", "--out", "{file}"),
    "preview": ("labels", "--all", "--stock", "l7160", "--preview", "{file}"),
    "blank": ("labels", "--blank", "4", "--stock", "l7160", "--out", "{file}"),
    "roll": ("labels", "{kit}", "--stock", "dk11209", "--preview", "{file}"),
    "cards": ("cards", "commands", "--out", "{file}"),
    "html": ("audit", "--html", "{file}"),
    "xlsx": ("audit", "--xlsx", "{file}"),
}


@pytest.mark.parametrize("command", WRITERS)
def test_nothing_is_written_over_a_store(
    cli: Cli, stock: Stock, nothing_changes: Untouched, store: Path, command: str
) -> None:
    """A name that the shell completed wrongly would cost a college its register."""
    copy = store.parent / "backups" / "fife-2026-11-22.sqlite"
    copy.parent.mkdir()
    copy.write_bytes(store.read_bytes())
    link = store.parent / "report"
    link.symlink_to(store)
    journal = store.with_name("fife.sqlite-journal")
    with nothing_changes():
        for file in (store, copy, link, journal):
            line = [part.format(file=file, kit=stock.kit) for part in WRITERS[command]]
            answer = cli(*line, "--json")
            assert (answer.code, answer.error["code"]) == (2, "is_a_store"), file


# --- the installed program ------------------------------------------------------------------


def test_the_programs_exit_codes(program: Program, stock: Stock, tmp_path: Path) -> None:
    """A script sees these numbers and nothing else of us."""
    assert program("show", "FC001").code == 0
    assert program("checkout", "FC002", "--to", "B").code == 1
    assert program("show", "FC999").code == 2
    assert program("show").code == 2
    assert program("loans", store=tmp_path / "none").code == 3
    no_desk = program()
    assert (no_desk.code, no_desk.out) == (2, "")
    assert "needs a terminal" in no_desk.err


def test_no_colours_in_a_pipe(program: Program, stock: Stock) -> None:
    """Whoever greps the output must find words, not escape codes, even when colours are wanted."""
    env = {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}
    for line in (("--help",), ("find", "kit"), ("show", "FC002"), ("show", "x"), ("audit",)):
        answer = program(*line, env=env)
        assert "\x1b" not in answer.out + answer.err


def test_a_traceback_only_when_asked(program: Program) -> None:
    """A technician has no use for one; whoever mends the program does."""
    place = "postgresql://clerk@127.0.0.1:1/kits"
    plain, debug = program("loans", store=place), program("--debug", "loans", store=place)
    assert (plain.code, debug.code) == (3, 3)
    assert "Traceback" not in plain.out + plain.err
    assert "Traceback (most recent call last)" in debug.err
    assert debug.err.startswith(plain.err.rstrip("\n")[:40])


def test_input_that_is_not_text(program: Program, stock: Stock) -> None:
    """A scanner on the wrong setting can send bytes that no text has."""
    for line in ((b"show", b"\xff\xfe"), (b"checkout", b"FC001", b"--to", b"\xff")):
        answer = program(*line, "--json")
        assert answer.code == 2
        assert answer.error["code"] in ("unknown_holding", "bad_text")
        assert program(*line).code == 2


@POSIX
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("line", "code"),
    [(("ledger", "log"), 0), (("loans", "--json"), 0), (("show", "FC999", "--json"), 2)],
)
def test_a_reader_that_has_had_enough(
    stock: Stock, store: Path, line: tuple[str, ...], code: int, unbuffered: str
) -> None:
    """`kitloan ledger log | head -1` must end in silence, and the exit code stays what it was."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [PROGRAM, "--store", store, *line],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        timeout=60,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (code, b"")


@POSIX
def test_a_reader_that_has_had_enough_of_much(
    cli: Cli, stock: Stock, store: Path, tmp_path: Path
) -> None:
    """The same when the pipe breaks in the middle of an answer."""
    register = tmp_path / "many.csv"
    register.write_text("Kit No,Description\n" + "".join(f"N{i},Kit\n" for i in range(1500)))
    cli("import", register)
    with subprocess.Popen(
        [PROGRAM, "--store", store, "ledger", "log", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read()
    assert (said, running.returncode) == (b"", 0)


@POSIX
@pytest.mark.parametrize("stream", ["<&-", ">&-"])
def test_without_a_stream_at_all(stock: Stock, store: Path, stream: str) -> None:
    """A scheduler may start programs without input or output; the kit must come back."""
    done = subprocess.run(
        f'"{PROGRAM}" --store "{store}" checkin FC002 {stream}',
        shell=True,
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@POSIX
def test_ctrl_c_in_the_middle_of_an_import(
    cli: Cli, stock: Stock, store: Path, nothing_changes: Untouched, tmp_path: Path
) -> None:
    """Half a register taken in could neither be used nor read again with trust."""
    register = tmp_path / "many.csv"
    register.write_text("Kit No,Description\n" + "".join(f"N{i},Kit\n" for i in range(20_000)))
    with nothing_changes():
        with subprocess.Popen(
            [PROGRAM, "--store", store, "import", register],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            assert running.stderr is not None
            begun = running.stderr.readline()
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        assert begun.startswith(b"Reading rows: ")
        assert running.returncode == 130
        assert (out, b"Traceback" in err) == (b"", False)
        assert b"Nothing was left half done" in err
    assert cli("ledger", "verify", "--json").json["ok"] is True
    assert cli("find", "N19999", "--json").json["total"] == 0
