"""What is refused: the exit code, the rule and the facts, and a store that is as it was."""

from pathlib import Path

import pytest

from cli.running import REGISTERS, Cli, Stock, Untouched
from kitloan.text.dates import system_clock, today
from kitloan.text.tags import grouped, mint

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
    "amend": ("amend", "{tag}", "--quantity", "2"),
    "move": ("move", "{tag}", "Store 2"),
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
    (("checkout", "{uncounted}", "--to", "Glenwood"), 1, "uncounted"),
    (("checkout", "{unusable}", "--to", "Glenwood"), 1, "incomplete"),
    (("checkout", "{withdrawn}", "--to", "Glenwood"), 1, "withdrawn"),
    (("checkout", "{goggles}", "--to", "Glenwood", "--quantity", "31"), 1, "not_enough"),
    (("checkout", "{goggles}", "--to", "Glenwood", "--quantity", "-1"), 2, "bad_quantity"),
    (("checkout", "{goggles}", "--to", "Glenwood", "--quantity", "0"), 2, "bad_quantity"),
    (("checkout", "{goggles}", "--to", "Glenwood", "--quantity", "9" * 20), 2, "bad_quantity"),
    (("checkout", "{goggles}", "--to", "Glenwood", "--quantity", "1.5"), 2, "usage"),
    (("checkout", "{goggles}", "--to", "Glenwood", "--quantity", "two"), 2, "usage"),
    (("checkout", "{kit}", "--to", "Glenwood", "--quantity", "2"), 2, "bad_quantity"),
    (("checkout", "{kit}", "--to", "Glenwood", "--due", f"31/02/{NEXT_YEAR}"), 2, "bad_date"),
    (("checkout", "{kit}", "--to", "Glenwood", "--due", "soon"), 2, "bad_date"),
    (("checkout", "{kit}", "--to", "Glenwood", "--due", "-3d"), 2, "bad_date"),
    (("checkout", "{kit}", "--to", "Glenwood", "--due", "23/11/2020"), 2, "due_in_the_past"),
    (("checkout", "{kit}", "--to", "Glenwood", "--due", "9999d"), 2, "due_too_late"),
    (("checkout", "{kit}", "--to", ""), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "  "), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "=cmd()"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", f"{ESC}High School"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "x" * 201), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "Glenwood", "--contact", "\x9b2J"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "Glenwood", "--contact", "=A1"), 2, "bad_text"),
    (("checkout", "{kit}", "--to", "Glenwood", "--for", "\u202egnp.exe"), 2, "bad_text"),
    (("checkout", "{unusable}", "--to", "Glenwood", "--override", "=A1"), 2, "bad_text"),
    (("checkout", "{kit}"), 2, "usage"),
    (("checkout", "--to", "Glenwood"), 2, "usage"),
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
    # put right
    (("amend", "{kit}"), 2, "usage"),
    (("amend", "{lent}", "--quantity", "0"), 2, "bad_quantity"),
    (("amend", "{kit}", "--type", ""), 2, "bad_text"),
    (("amend", "{kit}", "--asset-number", "=A1"), 2, "bad_text"),
    (("amend", "{kit}", "--serial", ESC), 2, "bad_text"),
    (("move", "{kit}", " "), 2, "bad_text"),
    (("move", "{withdrawn}", "Store 2"), 1, "withdrawn"),
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


def test_the_log_of_a_kit_whose_taking_in_was_undone(cli: Cli, stock: Stock) -> None:
    """The ledger keeps it; whoever asks for the label in their hand must be shown it."""
    tag = cli("add", "--type", "Telescope", "--json").json["tag"]
    cli("undo")
    kinds = [each["kind"] for each in cli("ledger", "log", tag, "--json").json["items"]]
    assert kinds == ["holding.accessioned", "entry.reversed"]


@pytest.mark.parametrize(
    ("line", "words", "command"),
    [
        (
            "engagement add --hours 4,5",
            "--hours: '4,5' is not a number. Write it like 4.5",
            "engagement add",
        ),
        ("add --type Kit --quantity two", "--quantity: 'two' is not a whole number.", "add"),
        ("checkout FC002 --to", "--to needs a value after it.", "checkout"),
        ("checkout FC002 --too x", "No such option '--too'. Did you mean --to", "checkout"),
        ("chekout FC002", "No such command 'chekout'. Did you mean checkout", ""),
        ("zzqq", "No such command 'zzqq'.", ""),
        ("key fife ayrshire", "Too much was typed: fife ayrshire", "key"),
    ],
)
def test_a_slip_is_named_in_plain_words(cli: Cli, line: str, words: str, command: str) -> None:
    """A technician has never met a float, and asks the wrong command for help."""
    answer = cli(*line.split())
    assert answer.code == 2
    assert words in answer.err
    assert f"See how it is used: {f'kitloan {command}'.strip()} --help" in answer.err
