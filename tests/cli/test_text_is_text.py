"""Whatever people type stays text: no markup, no escape codes, no formula, no SQL."""

import re
import shutil
from pathlib import Path

import pytest

from cli.running import Answer, Cli, Stock

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Everything but tab and newline that a terminal would act on, or that turns what follows."""

REFUSED = {
    "clears the screen": "\x1b[2J\x1b[HAll is well",
    "sets the title": "\x1b]0;pwned\x07",
    "a link": "\x1b]8;;http://x.example\x1b\\Academy\x1b]8;;\x1b\\",
    "C1 control": "\x9b31mAcademy",
    "C1 string": "\x90q\x9c",
    "backspaces": "Academy\x08\x08\x08\x08",
    "carriage return in a word": "Academy\x00",
    "bell": "\x07",
    "delete": "Acad\x7femy",
    "right to left": "\u202eymedacA",
    "isolate": "\u2066Academy\u2069",
    "mark": "Acad\u200femy",
    "line separator": "Academy\u2028\x1b[1m",
    "formula": '=HYPERLINK("http://x.example")',
    "formula behind a space": " =1+1",
    "half a character": "Academy \udcff",
}
TAKEN = {
    "markup": "[bold red]Academy[/] <b>&amp;</b> {0} {name} %s %(x)s $PATH `id`",
    "unclosed markup": "[/nothing] [link=http://x.example] :smile: **A** _b_",
    "SQL": "Robert'); DROP TABLE holding;-- \" \\' \\",
    "wildcards": "100% _ * ? [a-z]",
    "Gaelic": "Sabhal Mòr Ostaig, Àrd-sgoil Phort Rìgh",
    "Hebrew and emoji": "בית ספר 👩‍🔬",
    "JSON": '"a": "\\u001b[2J", "b": null',
    "a path": "../../etc/passwd; rm -rf ~",
}

FREE = {
    "checkout --to": ("checkout", "FC001", "--to", "{0}"),
    "checkout --contact": ("checkout", "FC001", "--to", "Glenwood", "--contact", "{0}"),
    "checkout --for": ("checkout", "FC001", "--to", "Glenwood", "--for", "{0}"),
    "checkout --override": ("checkout", "FC004", "--to", "Glenwood", "--override", "{0}"),
    "checkin --note": ("checkin", "FC002", "--whole", "--note", "{0}"),
    "add --type": ("add", "--type", "{0}"),
    "add --asset-number": ("add", "--type", "Kit", "--asset-number", "{0}"),
    "add --serial": ("add", "--type", "Kit", "--serial", "{0}"),
    "add --location": ("add", "--type", "Kit", "--location", "{0}"),
    "add --donor": ("add", "--type", "Kit", "--donor", "{0}"),
    "add --funding-source": ("add", "--type", "Kit", "--funding-source", "{0}"),
    "add --document": ("add", "--type", "Kit", "--document", "{0}"),
    "add --value-basis": ("add", "--type", "Kit", "--value-basis", "{0}"),
    "--as": ("--as", "{0}", "checkout", "FC001", "--to", "Glenwood"),
}
"""Options whose words are kept."""

NAMING = {
    "show": ("show", "{0}"),
    "find": ("find", "{0}"),
    "find --after": ("find", "kit", "--after", "{0}"),
    "loans --to": ("loans", "--to", "{0}"),
    "checkin": ("checkin", "{0}"),
    "checkin --from": ("checkin", "FC002", "--from", "{0}"),
    "checkin --missing": ("checkin", "FC002", "--missing", "{0}=1"),
    "checkout --due": ("checkout", "FC001", "--to", "Glenwood", "--due", "{0}"),
    "checkout --quantity": ("checkout", "FC001", "--to", "Glenwood", "--quantity", "{0}"),
    "count --broken": ("count", "FC001", "--broken", "{0}=1"),
    "restock": ("restock", "FC004", "{0}=1"),
    "add --tag": ("add", "--type", "Kit", "--tag", "{0}"),
    "add --value": ("add", "--type", "Kit", "--value", "{0}"),
    "add --title": ("add", "--type", "Kit", "--title", "{0}"),
    "add --received": ("add", "--type", "Kit", "--received", "{0}"),
    "labels": ("labels", "{0}", "--stock", "l7160", "--out", "x.pdf"),
    "labels --stock": ("labels", "--all", "--stock", "{0}", "--out", "x.pdf"),
    "erase": ("erase", "{0}"),
    "init": ("init", "{0}"),
    "import": ("import", "{0}"),
    "import --map": ("import", "register.csv", "--map", "{0}"),
    "types import": ("types", "import", "{0}"),
    "read": ("read", "{0}"),
    "ledger import": ("ledger", "import", "{0}"),
    "ledger log": ("ledger", "log", "{0}"),
    "audit --as-at": ("audit", "--as-at", "{0}"),
    "a command": ("{0}",),
    "an option": ("loans", "--{0}"),
}
"""Places where words only name something, and come back in a refusal."""

QUESTIONS = (
    ("find", ""), ("loans",), ("shortages",), ("show", "FC001"), ("show", "FC002"),
    ("ledger", "log"), ("audit",),
)  # fmt: skip


def is_plain(answer: Answer) -> bool:
    """Whether a terminal that showed this would show it and do nothing else."""
    return not OBEYED.search(answer.out + answer.err) and "Traceback" not in answer.err


def argument(part: str, words: str) -> str:
    """`words` in place of `{0}`; no NUL, which no argument can hold."""
    return part.replace("{0}", words.replace("\x00", "\x01"))


@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED)
def test_what_is_no_text_is_refused_wherever_words_are_kept(
    cli: Cli, stock: Stock, store: Path, words: str
) -> None:
    """It would lie in the register and wait for the next terminal, spreadsheet or report."""
    before = store.read_bytes()
    for name, line in FREE.items():
        said = [argument(part, words) for part in line]
        answer, told = cli(*said, "--json"), cli(*said)
        assert (answer.code, answer.error["code"]) == (2, "bad_text"), name
        assert is_plain(answer) and is_plain(told), name
    assert store.read_bytes() == before


@pytest.mark.parametrize("words", TAKEN.values(), ids=TAKEN)
def test_odd_words_are_kept_and_shown_as_they_are(
    cli: Cli, stock: Stock, store: Path, stocked_once: tuple[Path, Stock], words: str
) -> None:
    """A school may be called what it likes, and nobody's brackets may vanish."""

    def look() -> None:
        for question in QUESTIONS:
            assert is_plain(cli(*question)), question

    for name, line in FREE.items():
        if name == "--as" and len(words) > 60:
            continue
        if "FC001" in line:  # it can be lent once in a store
            look()
            shutil.copy(stocked_once[0], store)
        answer = cli(*[argument(part, words) for part in line], "--json")
        assert answer.code == 0, (name, answer.out)
        tag = answer.json.get("tag") or answer.json["loans"][0]["tag"]
        page = cli("show", tag)
        assert is_plain(answer) and is_plain(page), name
        if name not in ("checkout --contact", "add --value-basis"):
            assert words in page.out, name
    look()
    assert cli("ledger", "verify").code == 0


@pytest.mark.parametrize("words", {**REFUSED, **TAKEN}.values(), ids=[*REFUSED, *TAKEN])
def test_no_refusal_repeats_what_a_terminal_would_obey(
    cli: Cli,
    stock: Stock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
) -> None:
    """What was typed by mistake, or on purpose, comes back to be read and not to be run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "register.csv").write_text("Kit No,Description\nX1,Kit\n")
    for name, line in NAMING.items():
        said = [argument(part, words) for part in line]
        for answer in (cli(*said), cli(*said, "--json")):
            assert is_plain(answer), (name, answer)
            assert answer.code in (0, 1, 2), (name, answer)
    assert cli("ledger", "verify").code == 0


def test_a_search_finds_every_odd_word(cli: Cli, stock: Stock) -> None:
    """No character of a search is a wildcard or a piece of SQL."""
    for words in TAKEN.values():
        tag = cli("add", "--type", words, "--json").json["tag"]
        found = cli("find", words, "--json").json
        assert [item["tag"] for item in found["items"]] == [tag]
    assert cli("find", "%", "--json").json["total"] == 2
    assert cli("find", "'); drop table", "--json").json["total"] == 1


def test_a_register_full_of_it(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A file comes from outside, and its problems are shown on our terminal."""
    register = tmp_path / "register.csv"
    hostile = [words for words in REFUSED.values() if "\x00" not in words and "\udcff" not in words]
    rows = [
        ",".join(f'"{cell}"' for cell in (f"X{n}", words.replace('"', '""'), "Kit"))
        for n, words in enumerate([*hostile, *TAKEN.values()])
    ]
    text = "\n".join(['Kit No,Notes,"Descri\x1b[2Jption"', *rows])
    register.write_text(text, encoding="utf-8")
    for options in ((), ("--json",), ("--skip-problems",), ("--skip-problems", "--json")):
        assert is_plain(cli("import", register, *options))
    register.write_text(text.replace("\x1b[2J", ""), encoding="utf-8")
    for options in ((), ("--json",), ("--skip-problems",), ("--skip-problems", "--json")):
        assert is_plain(cli("import", register, *options))
    held = cli("find", "kit", "--json").json["items"]
    assert len(held) > len(TAKEN)
    assert all(is_plain(cli("show", item["tag"])) for item in held)


def test_a_ledger_from_elsewhere_full_of_it(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """ESP reads what twenty-four others wrote, with whatever program they wrote it."""
    import gzip
    import json

    header = {
        "format": "kitloan-ledger", "version": 1, "ledger": "\x1b[2J\u202efife", "first": 1,
        "last": 1, "prev": "0" * 64, "head": "0" * 64, "exported_at": "\x1b[2J", "program": "\x9b",
    }  # fmt: skip
    file, esp = tmp_path / "file\x1b[2J.kitloan", tmp_path / "esp.sqlite"
    cli("init", "esp", store=esp)
    for lines in ([json.dumps(header)], ["\x1b[2J"], [json.dumps(header), '{"a": "\\u001b[2J"}']):
        file.write_bytes(gzip.compress("\n".join(lines).encode()))
        for options in ((), ("--json",)):
            answer = cli("ledger", "import", file, *options, store=esp)
            assert answer.code == 2
            assert is_plain(answer)
