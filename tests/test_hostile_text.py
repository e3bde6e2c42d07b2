"""A corpus of hostile text: what the library keeps of it, and what any command prints of it.

`tests/cli/test_text_is_text.py` types odd words at every option. Here they come in by other doors:
given to the library, sealed in a ledger that a college's own program made, and written into a
store file with another program, as on a stick that somebody found.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import kitloan
from kitloan import BadInput, Gift, NewHolding
from kitloan.cli.commands import COMMANDS
from kitloan.cli.main import cli, run
from kitloan.college import College
from kitloan.ledger.entry import Entry, parse
from kitloan.ledger.facts.definitions import KitTypeDefined, OrganisationAdded

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Everything but tab and newline that a terminal would act on, or that turns what follows."""

ESCAPES = {
    "a link, OSC 8": "\x1b]8;;https://x.example\x1b\\Academy\x1b]8;;\x1b\\",
    "a link ended by a bell": "\x1b]8;;https://x.example\x07Academy",
    "the clipboard, OSC 52": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "the title": "\x1b]2;root@server\x07",
    "an answer typed back": "\x1b[6n\x1b[c\x1bP$q\x1b\\",
    "colours and cursor": "\x1b[31;1m\x1b[2J\x1b[H\x1b[?25l",
    "C1 CSI": "\x9b2J",
    "C1 OSC": "\x9d52;c;eA==\x9c",
    "device control": "\x90q\x9c",
    "NUL": "Acad\x00emy",
    "backspace and delete": "Academy\x08\x08\x7f",
    "form feed and shift": "A\x0c\x0e\x0fB",
    "overwritten line": "Academy\rAll is well",
    "right to left": "\u202eymedacA\u202c",
    "isolates": "\u2066\u2067\u2068x\u2069",
    "marks": "A\u200e\u200f\u061cB",
    "line separators": "A\u2028B\u2029C",
    "a formula": "=cmd|'/c calc'!A0",
}
"""What no name may hold."""

TIDIED = {"overwritten line": "Academy All is well", "line separators": "A B C"}
"""Those that only end a line: a name has one line, and they become a space in it."""

SHOWN_ONLY = ("marks", "a formula")
"""What a sealed entry of another program may hold: it is shown by its code point, and written into
a spreadsheet as text."""

WORDS = {
    "Rich markup": "[red]Academy[/red] [link=https://x.example]click[/link] [blink]",
    "unclosed markup": "[/] [bold [@click=app.quit]x",
    "Textual action": "[@click=app.bell()]x[/]",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "other formulas": "+1+1 @SUM(1) -2+3",
    "a path up": "../../../etc/passwd",
    "a Windows path": "\\\\server\\share\\..\\x:stream",
    "a device": "CON",
    "SQL": "x'; DROP TABLE holding; --",
    "SQL of a pattern": "%' OR '1'='1",
    "placeholders": "%s %(x)s {0} {x!r} ${HOME} $(id) `id`",
    "a label's commands": "^XZ~JR^XA^FDx^FS",
    "JSON": '"}], "ok": true, "x": [{"\\u001b',
    "names a tag": "Box of KL8B7XAPXYTMZ",
    "an option": "--store=/etc/passwd",
    "joined": "👩\u200d🔬 مدرسه\u200cها",
}
"""What a name may hold, and what must stay as it is: letters to be shown."""


@pytest.fixture
def fife(tmp_path: Path) -> Iterator[College]:
    """A college's own file."""
    with kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross") as opened:
        yield opened


def is_plain(text: str) -> bool:
    """Whether a terminal that showed this would show it and do nothing else."""
    return not OBEYED.search(text)


@pytest.mark.parametrize("words", [words for name, words in ESCAPES.items() if name not in TIDIED])
def test_the_library_keeps_no_name_that_a_terminal_obeys(fife: College, words: str) -> None:
    """A program that uses the library must not be a way round the counter."""
    kit = fife.holdings.add(NewHolding("Kit")).tag
    before = len(fife.ledger.log())
    ways = (
        lambda: fife.holdings.add(NewHolding(words)),
        lambda: fife.holdings.add(NewHolding("Kit", location=words)),
        lambda: fife.holdings.add(NewHolding("Kit", serial=words)),
        lambda: fife.holdings.add(NewHolding("Kit", asset_number=words)),
        lambda: fife.holdings.add(NewHolding("Kit", gift=Gift(donor=words))),
        lambda: fife.holdings.record_gift(kit, Gift(funding_source=words)),
        lambda: fife.holdings.move(kit, words),
        lambda: fife.loans.check_out([kit], words),
        lambda: fife.loans.check_out([kit], "Viewforth", contact=words),
        lambda: fife.loans.check_out([kit], "Viewforth", purpose=words),
    )
    for way in ways:
        with pytest.raises(BadInput) as refusal:
            way()
        assert refusal.value.code == "bad_text"
        assert is_plain(refusal.value.message)
    assert len(fife.ledger.log()) == before
    assert fife.people.known() == []


def test_what_ends_a_line_is_a_space(fife: College) -> None:
    """A name that was pasted with a line's end must not write over the line before it."""
    kit = fife.holdings.add(NewHolding("Kit")).tag
    for name, tidied in TIDIED.items():
        fife.holdings.move(kit, ESCAPES[name])
        assert fife.find.holding(kit).location == tidied


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_the_library_keeps_odd_words_as_they_are(
    fife: College, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A school may be called what it likes; it is shown so, and nothing runs it."""
    new = NewHolding(words, location=words, serial=words, gift=Gift(donor=words))
    kit = fife.holdings.add(new).tag
    fife.loans.check_out([kit], words, contact=words, purpose=words)
    found = fife.find.holding(kit)
    assert (found.type, found.location, found.gift.donor) == (words, words, words)
    assert found.loan is not None and found.loan.to == words
    assert [person["name"] for person in fife.people.known()] == [words]
    assert fife.find.search(words).total == 1
    assert fife.ledger.verify().ok
    for line in (["show", kit], ["loans"], ["find", kit], ["ledger", "log"], ["audit"]):
        for options in ([], ["--json"]):
            assert run(["--store", str(tmp_path / "fife.sqlite"), *line, *options]) == 0
            said = capsys.readouterr()
            assert is_plain(said.out + said.err), line
            if options:
                json.loads(said.out)
            elif line[0] in ("show", "loans"):
                assert words in said.out, line


@pytest.mark.parametrize(
    "words", [words for name, words in ESCAPES.items() if name not in SHOWN_ONLY]
)
def test_no_sealed_entry_holds_it(words: str) -> None:
    """A ledger that another program sealed is refused where it holds what a terminal obeys."""
    facts = (
        OrganisationAdded.model_construct(kind="organisation.added", organisation="x", name=words),
        KitTypeDefined.model_construct(
            kind="kit_type.defined", kit_type="x", name=words, contents=()
        ),
    )
    for fact in facts:
        entry = Entry.model_construct(
            ledger="fife", seq=1, prev="0" * 64, id="x", part=0, at="2026-11-23T11:42:00Z",
            by="x", fact=fact,
        )  # fmt: skip
        with pytest.raises(ValueError):
            parse(entry.body)


def _questions() -> Iterator[list[str]]:
    """Every command and subcommand that can be said without another word, about this store.

    The demonstration makes stores of its own, and the desk needs a terminal.
    """
    context = click.Context(cli)
    for row in COMMANDS:
        command = cli.get_command(context, row.name)
        assert command is not None
        many = command.commands.values() if isinstance(command, click.Group) else [command]
        for each in many:
            line = [row.name] if each is command else [row.name, str(each.name)]
            if row.name not in ("desk", "demo") and not any(p.required for p in each.params):
                yield line


@pytest.mark.parametrize("words", ESCAPES.values(), ids=ESCAPES)
def test_a_store_that_somebody_wrote_into(
    fife: College,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file on a stick may hold anything in any column; looking into it must be safe."""
    monkeypatch.chdir(tmp_path)
    tags = [fife.holdings.add(NewHolding("Kit", gift=Gift(donor="RAF"))).tag for _ in range(2)]
    fife.loans.check_out(tags[:1], "Viewforth", contact="Ann Bell", purpose="S2")
    fife.close()
    place = tmp_path / "fife.sqlite"
    with sqlite3.connect(place) as file:
        for table, columns in {
            "holding": ("location", "serial", "asset_number", "sighted_by"),
            "organisation": ("name",),
            "kit_type": ("name",),
            "gift": ("donor", "funding_source", "document", "value_basis"),
            "contact": ("name", "email", "phone"),
            "remark": ("heading", "words"),
            "college": ("name",),
            "loan": ("out_by",),
        }.items():
            for column in columns:
                file.execute(f"UPDATE {table} SET {column} = ?", (words,))
        file.execute("DROP TRIGGER entries_stay")
        file.execute("UPDATE ledger_entry SET by = ?, kind = ? WHERE seq = 2", (words, words))
        escaped = json.dumps(words)[1:-1]
        file.execute(
            "UPDATE ledger_entry SET body = replace(body, '\"m.ross\"', ?)", (f'"{escaped}"',)
        )
    file.close()
    lines = [["show", tags[0]], ["find", "kit"], ["checkin", tags[0]], ["erase", "Ann Bell"],
             ["checkout", tags[0], "--to", "Viewforth"], *_questions()]  # fmt: skip
    for line in lines:
        for options in ([], ["--json"]):
            run(["--store", str(place), *line, *options])
            said = capsys.readouterr()
            assert is_plain(said.out + said.err), line
            assert "Traceback" not in said.err, line
            if options:
                json.loads(said.out)
