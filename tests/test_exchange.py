"""Ledgers out to ESP and in from colleges: any order, any number of times, the same picture."""

import gzip
import hashlib
import json
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import kitloan
from conftest import SetClock
from kitloan import BadInput, Count, KitloanError, NewHolding, Refused, StoreError
from kitloan.entries import FORMAT
from kitloan.exchange import LONGEST_LINE
from kitloan.library import Kitloan
from kitloan.models import Contact, Remark, table
from lives import (
    PERSONAL,
    audit_text,
    begin,
    bytes_of,
    canonical,
    digest,
    everything_in,
    keep,
    lend,
    long_life,
    new_database,
    read_people,
    read_register,
    register_of,
    shared_figures,
)

NOW = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
"""When ESP looks; so late that some loans are overdue."""

Lines = list[str]


@dataclass(frozen=True)
class Sent:
    """What a college sent ESP: everything in one file, and the same in several."""

    whole: Path
    parts: tuple[Path, ...]
    entries: int


def stages(
    desk: Kitloan, folder: Path, clock: SetClock, works: Sequence[Callable[[], object]]
) -> Sent:
    """Do the works one after the other, sending what is new after each."""
    parts = []
    for number, work in enumerate(works):
        work()
        clock.move(hours=1)
        parts.append(folder / f"{desk.session.college}-{number}.kitloan")
        desk.exchange.export(parts[-1], since_last=True)
    whole = folder / f"{desk.session.college}.kitloan"
    told = desk.exchange.export(whole)
    return Sent(whole, tuple(parts), told.entries)


@pytest.fixture(scope="module")
def colleges(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sent]:
    """Three colleges with lives of their own; two of them believe they hold the same kit."""
    folder = tmp_path_factory.mktemp("colleges")
    clock = SetClock(datetime(2026, 11, 23, 11, 42, tzinfo=UTC))
    sent = {}
    with kitloan.init("fife", folder / "fife.sqlite", actor="m.ross", clock=clock) as desk:
        tags: dict[str, str] = {}
        works = [
            lambda: tags.update(begin(desk, clock)),
            lambda: lend(desk, clock, tags),
            lambda: (read_people(desk, folder), keep(desk, clock, tags)),
        ]
        sent["fife"] = stages(desk, folder, clock, works)
    with kitloan.init("ayrshire", folder / "ayr.sqlite", actor="A. Baird", clock=clock) as desk:
        works = [
            lambda: read_register(desk),
            lambda: desk.desk.check_in(["AC0002"], Count()),
            lambda: desk.desk.check_out(["AC0030"], "Belmont Academy", quantity=7),
        ]
        sent["ayrshire"] = stages(desk, folder, clock, works)
    clock.move(days=-9)
    with kitloan.init("uhi-nwh", folder / "nwh.sqlite", actor="C. NicLeòid", clock=clock) as desk:
        works = [
            lambda: desk.holdings.add(NewHolding("stem KIT", tag=tags["one"])),
            lambda: desk.desk.check_out([tags["one"]], "Sgoil Lionacleit"),
            lambda: desk.desk.undo(),
        ]
        sent["uhi-nwh"] = stages(desk, folder, clock, works)
    return sent


@pytest.fixture
def new_national(new_place: Callable[[], str]) -> Iterator[Callable[[], Kitloan]]:
    """Makes stores for ESP with nothing in them, on each database."""
    opened: list[Kitloan] = []

    def make() -> Kitloan:
        opened.append(kitloan.init("esp", new_place(), actor="esp", clock=SetClock(NOW)))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def national(new_national: Callable[[], Kitloan]) -> Kitloan:
    """An empty store for ESP."""
    return new_national()


Picture = tuple[dict[str, Any], str]

ESPS_OWN = {
    *("programme", "gifting", "delivery", "allocation", "challenge", "challenge_line"),
    "resumption",
}
"""Tables that the lives of colleges leave empty."""


def picture(national: Kitloan) -> Picture:
    """All that may not depend on how files came: the tables, and the audit byte for byte."""
    return register_of(national), audit_text(national)


@pytest.fixture(scope="module")
def expected(colleges: dict[str, Sent], tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """ESP's picture when the whole files came at once, in SQLite."""
    place = tmp_path_factory.mktemp("esp") / "esp.sqlite"
    with kitloan.init("esp", place, actor="esp", clock=SetClock(NOW)) as national:
        national.exchange.merge([sent.whole for sent in colleges.values()])
        return picture(national)


# -- any order, any number of times -------------------------------------------------------------


def test_every_order_gives_the_same_picture(
    colleges: dict[str, Sent], expected: Picture, new_national: Callable[[], Kitloan]
) -> None:
    """Figures that depend on whose e-mail came first cannot be answered for to a donor."""
    audited = json.loads(expected[1])
    assert audited["totals"]["colleges"] == len(colleges)
    assert {"overdue", "incomplete", "tag_in_two_colleges"} <= {
        finding["code"] for finding in audited["findings"]
    }, "the lives are worth comparing"
    empty = {name for name, rows in expected[0].items() if not rows}
    assert empty <= ESPS_OWN, "every table that colleges make has rows"
    for order in permutations(colleges):
        national = new_national()
        for college in order:
            national.exchange.merge([colleges[college].whole])
        assert picture(national) == expected, order


@pytest.mark.parametrize("seed", range(4))
def test_parts_repeats_and_muddles_give_the_same_picture(
    colleges: dict[str, Sent], expected: Picture, national: Kitloan, seed: int
) -> None:
    """Colleges send what is new, send it again to be sure, and their mails overtake each other."""
    chance = random.Random(seed)
    waiting = [list(sent.parts) for sent in colleges.values()]
    arrived: list[Path] = []
    while any(waiting):
        parts = chance.choice([each for each in waiting if each])
        arrived.append(parts.pop(0))
        again = chance.sample(arrived, chance.randrange(len(arrived) + 1))
        national.exchange.merge([*again, arrived[-1], *again])
    assert picture(national) == expected
    everything = [*arrived, *(sent.whole for sent in colleges.values())] * 2
    chance.shuffle(everything)
    assert {merged.added for merged in national.exchange.merge(everything)} == {0}
    assert picture(national) == expected
    assert national.ledger.verify().ok


def test_parts_given_together_need_no_order(
    colleges: dict[str, Sent], expected: Picture, national: Kitloan
) -> None:
    """Whoever drags a folder of files onto the program cannot be asked to sort them."""
    parts = [part for sent in colleges.values() for part in sent.parts]
    national.exchange.merge(parts[::-1])
    assert picture(national) == expected


def test_merging_again_changes_no_byte(colleges: dict[str, Sent], national: Kitloan) -> None:
    """A file that changes whenever it is looked at cannot be compared with its backup."""
    files = [sent.whole for sent in colleges.values()]
    first = national.exchange.merge(files)
    assert [(each.added, each.known) for each in sorted(first, key=lambda each: each.file)] == [
        (sent.entries, 0) for sent in sorted(colleges.values(), key=lambda sent: sent.whole)
    ]
    before, rows = bytes_of(national), everything_in(national)
    again = national.exchange.merge(files)
    assert {(each.added, each.known) for each in again} == {
        (0, sent.entries) for sent in colleges.values()
    }
    assert (bytes_of(national), everything_in(national)) == (before, rows)


def test_what_a_college_sees_is_what_esp_sees(
    place: str, clock: SetClock, tmp_path: Path, national: Kitloan
) -> None:
    """A college that is asked about ESP's figures must find them in its own store."""
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        long_life(desk, clock, tmp_path)
        clock.now = NOW
        desk.exchange.export(tmp_path / "fife.kitloan")
        national.exchange.merge([tmp_path / "fife.kitloan"])
        assert shared_figures(national) == shared_figures(desk)
        theirs = {
            name: [row for row in rows if row["college"] == "fife"]
            for name, rows in register_of(national).items()
        }
        assert theirs == register_of(desk)


def test_an_export_of_nothing_new_is_merged_to_nothing(
    fife: Kitloan, tmp_path: Path, national: Kitloan
) -> None:
    """A monthly mail of a quiet month is no fault."""
    fife.exchange.export(tmp_path / "1", since_last=True)
    told = fife.exchange.export(tmp_path / "2", since_last=True)
    assert told.entries == 0
    merged = national.exchange.merge([tmp_path / "2", tmp_path / "1"])
    assert [each.added for each in merged] == [told.last, 0]


def test_two_desks_export_at_once(place: str, fife: Kitloan, kit: str, tmp_path: Path) -> None:
    """On a shared server two people press the button on the last day of term."""

    def export(desk: int) -> str:
        with kitloan.open(place, college="fife", actor=f"desk {desk}") as opened:
            for number in range(6):
                opened.exchange.export(tmp_path / f"{desk}-{number}")
        return gzip.decompress((tmp_path / f"{desk}-0").read_bytes()).decode()

    with ThreadPoolExecutor(3) as desks:
        sent = list(desks.map(export, range(3)))
    assert len({json.loads(text.splitlines()[0])["key"] for text in sent}) == 1


# -- what a file is -----------------------------------------------------------------------------


def test_a_file_can_be_checked_with_common_tools(fife: Kitloan, tmp_path: Path) -> None:
    """A donor's auditor who does not trust our program needs nothing but a checksum."""
    tags = [fife.holdings.add(NewHolding("STEM kit", location="Àrd-ruigh")).tag for _ in range(3)]
    fife.desk.check_out(tags, "Àrd-sgoil Mhic Neacail")
    fife.exchange.export(tmp_path / "fife.kitloan")
    head, *lines = gzip.decompress((tmp_path / "fife.kitloan").read_bytes()).splitlines()
    header = json.loads(head)
    before = header["prev"]
    for number, line in enumerate(lines, start=header["first"]):
        said = json.loads(line)
        assert (said["ledger"], said["seq"], said["prev"]) == (header["ledger"], number, before)
        before = hashlib.sha256(line).hexdigest()
    assert (number, before) == (header["last"], header["head"])


def test_no_person_is_in_what_leaves_the_college(
    fife: Kitloan, clock: SetClock, tmp_path: Path
) -> None:
    """A teacher's name in a national file cannot be called back."""
    long_life(fife, clock, tmp_path)
    fife.exchange.export(tmp_path / "fife.kitloan")
    sent = gzip.decompress((tmp_path / "fife.kitloan").read_bytes()).decode()
    with fife.session.reading() as connection:
        kept = str(connection.execute(sa.select(table(Contact))).all())
        kept += str(connection.execute(sa.select(table(Remark))).all())
    for words in PERSONAL:
        assert words in kept, "the college knows it"
        assert words.casefold() not in sent.casefold(), words


# -- what does not fit --------------------------------------------------------------------------


def lines_of(path: Path) -> Lines:
    """The lines of an exchange file."""
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def packed(lines: Sequence[str]) -> bytes:
    """Lines as an exchange file."""
    return gzip.compress("".join(line + "\n" for line in lines).encode(errors="surrogatepass"))


def headed(lines: Lines, **changes: Any) -> Lines:
    """The same lines under a header that says something else."""
    return [json.dumps(json.loads(lines[0]) | changes), *lines[1:]]


def resealed(lines: Lines) -> Lines:
    """The same facts with every hash and number made anew: what a forger with time would send."""
    before, bodies = json.loads(lines[0])["prev"], []
    for seq, line in enumerate(lines[1:], start=json.loads(lines[0])["first"]):
        bodies.append(canonical(json.loads(line) | {"prev": before, "seq": seq}))
        before = digest(bodies[-1])
    return headed([lines[0], *bodies], head=before, last=seq)


def with_fact(lines: Lines, seq: int, **changes: Any) -> Lines:
    """Lines of which one entry says something else."""
    said = json.loads(lines[seq])
    altered = canonical(said | {"fact": said["fact"] | changes})
    return [*lines[:seq], altered, *lines[seq + 1 :]]


def seq_of(lines: Lines, kind: str) -> int:
    """The last entry of a kind."""
    return max(n for n, line in enumerate(lines) if n and json.loads(line)["fact"]["kind"] == kind)


def known(lines: Lines) -> int:
    """How many entries of fife ESP has before the file comes."""
    return seq_of(lines, "label.claimed")


@dataclass(frozen=True)
class Wrong:
    """A file that does not fit: how it is made of a good one, and what the refusal must name."""

    name: str
    make: Callable[[Lines], bytes]
    code: str
    seq: Callable[[Lines], int] | None = None


def _entry(
    name: str,
    change: Callable[[Lines], Lines],
    code: str,
    seq: Callable[[Lines], int] | None = None,
) -> Wrong:
    return Wrong(name, lambda lines: packed(change(lines)), code, seq)


_WRONG = (
    _entry(
        "an entry altered that ESP has",
        lambda lines: with_fact(lines, 4, donor="Somebody else"),
        "forked",
        lambda lines: 4,
    ),
    _entry(
        "an entry altered that ESP has not; the next one tells",
        lambda lines: with_fact(lines, seq_of(lines, "holding.moved"), location="Elsewhere"),
        "altered",
        lambda lines: seq_of(lines, "holding.moved") + 1,
    ),
    _entry(
        "the last entry altered",
        lambda lines: with_fact(lines, len(lines) - 1, name="Another kit"),
        "altered",
        lambda lines: len(lines) - 1,
    ),
    _entry(
        "history written anew from an entry that ESP has",
        lambda lines: resealed(with_fact(lines, 4, donor="Somebody else")),
        "forked",
        lambda lines: 4,
    ),
    _entry(
        "history written anew, and only its end sent",
        lambda lines: (
            lambda forged: headed(
                [forged[0], *forged[known(lines) + 1 :]],
                first=known(lines) + 1,
                prev=digest(forged[known(lines)]),
            )
        )(resealed(with_fact(lines, 4, donor="Somebody else"))),
        "forked",
        lambda lines: known(lines) + 1,
    ),
    _entry(
        "an entry left out",
        lambda lines: [*lines[:30], *lines[31:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "two entries swapped",
        lambda lines: [*lines[:30], lines[31], lines[30], *lines[32:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "an entry twice",
        lambda lines: [*lines[:31], *lines[30:]],
        "altered",
        lambda lines: 31,
    ),
    _entry(
        "an entry that is no JSON",
        lambda lines: [*lines[:30], lines[30][:-1], *lines[31:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "a line that is empty",
        lambda lines: [*lines[:30], "", *lines[30:]],
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "a line too many",
        lambda lines: [*lines, ""],
        "altered",
        lambda lines: len(lines),
    ),
    _entry("the end missing", lambda lines: lines[:-3], "truncated", lambda lines: len(lines) - 4),
    _entry("a header and no more", lambda lines: lines[:1], "truncated", lambda lines: 0),
    _entry(
        "entries that go back in time",
        lambda lines: resealed(
            [
                *lines[:-1],
                canonical(json.loads(lines[-1]) | {"at": "2020-01-01T00:00:00Z"}),
            ]
        ),
        "altered",
        lambda lines: len(lines) - 1,
    ),
    _entry(
        "a college opened in the middle",
        lambda lines: resealed([*lines, lines[1].replace("open-fife", "open-again")]),
        "altered",
        lambda lines: len(lines),
    ),
    _entry(
        "a kit lent that is out",
        lambda lines: resealed(
            [
                *lines,
                lines[seq_of(lines, "loan.checked_out")].replace('"loan":"', '"loan":"x'),
            ]
        ),
        "impossible",
        lambda lines: len(lines),
    ),
    _entry(
        "a return of no loan",
        lambda lines: resealed(with_fact(lines, seq_of(lines, "loan.checked_in"), loan="none")),
        "impossible",
        lambda lines: seq_of(lines, "loan.checked_in"),
    ),
    _entry(
        "a kind that only a newer kitloan knows",
        lambda lines: resealed(with_fact(lines, 30, kind="kit.teleported")),
        "newer_file",
        lambda lines: 30,
    ),
    _entry(
        "a field that is not known",
        lambda lines: resealed(with_fact(lines, 30, mood="good")),
        "altered",
        lambda lines: 30,
    ),
    _entry(
        "another college's header",
        lambda lines: headed(lines, ledger="borders"),
        "altered",
        lambda lines: 1,
    ),
    _entry(
        "an epoch that nobody resumed, from where ESP's copy ends",
        lambda lines: (
            lambda tail: resealed(
                [
                    headed(
                        lines,
                        ledger="fife/5",
                        first=known(lines) + 1,
                        prev=digest(lines[known(lines)]),
                    )[0],
                    *[canonical(json.loads(line) | {"ledger": "fife/5"}) for line in tail],
                ]
            )
        )(lines[known(lines) + 1 :]),
        "altered",
        lambda lines: known(lines) + 1,
    ),
    _entry(
        "the header of an epoch that has no entries",
        lambda lines: headed(lines, ledger="fife/2"),
        "altered",
        lambda lines: len(lines) - 1,
    ),
    _entry(
        "entries added at the end, sealed well, and signed by nobody",
        lambda lines: resealed(
            [*lines, lines[seq_of(lines, "holding.moved")].replace('"id":"', '"id":"x')]
        ),
        "unsigned",
        lambda lines: known(lines) + 1,
    ),
    _entry("ESP's own ledger", lambda lines: headed(lines, ledger="esp"), "own_ledger"),
    _entry("a newer format", lambda lines: headed(lines, version=FORMAT + 1), "newer_file"),
    _entry(
        "a newer format of another shape",
        lambda lines: [json.dumps({"format": "kitloan-ledger", "version": 99}), *lines[1:]],
        "newer_file",
    ),
    *(
        _entry(
            f"a header with {name} {value!r:.30}",
            lambda lines, name=name, value=value: headed(lines, **{name: value}),  # type: ignore[misc]  # mypy cannot type a default
            "bad_exchange_file",
        )
        for name, value in (
            ("version", "1"),
            ("version", -1),
            ("ledger", "fife/1"),
            ("ledger", "fife/two"),
            ("ledger", ""),
            ("ledger", "fi\x00fe"),
            ("ledger", "\x1b[2J"),
            ("ledger", "\ud800"),
            ("ledger", "x" * 5000),
            ("first", 0),
            ("first", 1.5),
            ("first", 10**30),
            ("last", 10**30),
            ("last", -1),
            ("prev", None),
        )
    ),
    _entry(
        "a header for no entries of a college not known",
        lambda lines: headed(lines[:1], ledger="borders", last=0, head=""),
        "bad_exchange_file",
    ),
    _entry("no header", lambda lines: lines[1:], "bad_exchange_file"),
    _entry("JSON of something else", lambda lines: ['{"format": "geojson"}'], "bad_exchange_file"),
    _entry("a list", lambda lines: ["[1, 2, 3]", *lines], "bad_exchange_file"),
    _entry("JSON without a bottom", lambda lines: ["[" * 200_000], "bad_exchange_file"),
    _entry("words", lambda lines: ["Dear ESP,", "", "please find"], "bad_exchange_file"),
    Wrong("an empty file", lambda lines: b"", "bad_exchange_file"),
    Wrong("gzip of nothing", lambda lines: gzip.compress(b""), "bad_exchange_file"),
    Wrong("no gzip", lambda lines: "\n".join(lines).encode(), "bad_exchange_file"),
    Wrong("a file cut short", lambda lines: packed(lines)[:-20], "bad_exchange_file"),
    Wrong(
        "half a file", lambda lines: packed(lines)[: len(packed(lines)) // 2], "bad_exchange_file"
    ),
    Wrong("rubbish at the end", lambda lines: packed(lines) + b"rubbish", "bad_exchange_file"),
    Wrong("one bit flipped", lambda lines: flipped(packed(lines)), "bad_exchange_file"),
    Wrong("other letters", lambda lines: gzip.compress(b"\xff\xfe\n"), "bad_exchange_file"),
    Wrong(
        "a first line without an end",
        lambda lines: gzip.compress(b"x" * (20 * LONGEST_LINE)),
        "bad_exchange_file",
    ),
    Wrong(
        "an entry without an end",
        lambda lines: gzip.compress(
            "\n".join(lines[:30]).encode() + b"\n" + b" " * (20 * LONGEST_LINE)
        ),
        "bad_exchange_file",
    ),
)


def flipped(file: bytes) -> bytes:
    """A file of which one bit of the checksum is another."""
    return file[:-8] + bytes([file[-8] ^ 16]) + file[-7:]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def forewarned(
    request: pytest.FixtureRequest,
    colleges: dict[str, Sent],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Kitloan]:
    """ESP's store with the first part of fife's ledger, and all of another college's.

    One for all: what is refused leaves it as it was, which is what the tests are about.
    """
    with ExitStack() as until_the_end:
        place = str(tmp_path_factory.mktemp("esp") / "esp.sqlite")
        if request.param == "postgresql":
            database = new_database(request.getfixturevalue("postgres"))
            place = until_the_end.enter_context(database)
        national = kitloan.init("esp", place, actor="esp", clock=SetClock(NOW))
        until_the_end.enter_context(national)
        national.exchange.merge([colleges["fife"].parts[0], colleges["uhi-nwh"].whole])
        yield national


def held_open() -> list[Path]:
    """The files that this process has open, where the system tells."""
    opened = Path("/proc/self/fd")
    links = opened.iterdir() if opened.is_dir() else ()
    return [each.readlink() for each in links if each.is_symlink()]


@pytest.mark.parametrize("wrong", _WRONG, ids=lambda wrong: wrong.name)
def test_a_file_that_does_not_fit_is_refused_whole(
    colleges: dict[str, Sent], forewarned: Kitloan, tmp_path: Path, wrong: Wrong
) -> None:
    """Half of a forged file in ESP's store would be taken for the college's word."""
    good = lines_of(colleges["fife"].whole)
    path = tmp_path / "sent.kitloan"
    path.write_bytes(wrong.make(good))
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        forewarned.exchange.merge([path])
    assert path not in held_open(), "on Windows nobody could move it away"
    assert (refusal.value.code, everything_in(forewarned)) == (wrong.code, before)
    assert str(path) in refusal.value.message
    assert refusal.value.message.isprintable(), "what a file holds cannot drive a terminal"
    if wrong.seq is not None:
        seq = wrong.seq(good)
        assert refusal.value.details["seq"] == seq
        assert f"entry {seq} " in refusal.value.message
        assert refusal.value.details["ledger"] in refusal.value.message


def test_a_full_disk_is_no_fault_of_a_file(
    colleges: dict[str, Sent], new_national: Callable[[], Kitloan]
) -> None:
    """A college that is told its ledger cannot have happened will look for what is not there."""
    national = new_national()
    if not national.session.store.is_sqlite:
        pytest.skip("only SQLite can be told how much disk there is")
    before = everything_in(national)
    with national.session.store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StoreError) as fault:
        national.exchange.merge([colleges["fife"].whole])
    assert fault.value.code == "full"
    assert everything_in(national) == before
    assert national.exchange.refused() == []


# -- what is not read again, or not one by one ---------------------------------------------------


def test_a_file_packed_anew_is_known_line_by_line(
    colleges: dict[str, Sent], national: Kitloan, tmp_path: Path
) -> None:
    """A college that sends all of its ledger each month must not change ESP's file each time."""
    whole = colleges["fife"].whole
    national.exchange.merge([whole])
    before = everything_in(national)
    path = tmp_path / "anew.kitloan"
    path.write_bytes(gzip.compress(gzip.decompress(whole.read_bytes()), compresslevel=1))
    (again,) = national.exchange.merge([path])
    assert (again.added, again.known) == (0, colleges["fife"].entries)
    assert everything_in(national) == before


@pytest.mark.parametrize(
    ("change", "code", "seq"),
    [
        (lambda lines: with_fact(lines, 4, donor="Somebody else"), "forked", 4),
        (lambda lines: [*lines[:30], lines[31], lines[30], *lines[32:]], "altered", 30),
        (lambda lines: [*lines[:30], *lines[31:]], "altered", 30),
        (lambda lines: [*lines[:31], *lines[30:]], "altered", 31),
        (lambda lines: [*lines[:30], lines[30] + " ", *lines[31:]], "forked", 30),
    ],
    ids=["altered", "swapped", "left out", "twice", "a space more"],
)
def test_known_entries_are_still_compared(
    colleges: dict[str, Sent],
    national: Kitloan,
    tmp_path: Path,
    change: Callable[[Lines], Lines],
    code: str,
    seq: int,
) -> None:
    """A file that says nothing new and one thing falsely is a warning that must not go unheard."""
    national.exchange.merge([colleges["fife"].whole])
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed(change(lines_of(colleges["fife"].whole))))
    before = everything_in(national)
    with pytest.raises(BadInput) as refusal:
        national.exchange.merge([path])
    assert (refusal.value.code, refusal.value.details["seq"]) == (code, seq)
    assert everything_in(national) == before


def _at_the_end(lines: Lines, kind: str, **fact: str) -> dict[str, Any]:
    """The last entry of a kind, said again when the last of all was."""
    said = json.loads(lines[seq_of(lines, kind)])
    return said | {"at": json.loads(lines[-1])["at"], "fact": said["fact"] | fact}


def _said_twice(lines: Lines) -> str:
    """An entry of a request that is in the ledger already."""
    return canonical(_at_the_end(lines, "holding.moved"))


def _never_lent(lines: Lines) -> str:
    """The return of a loan that never was."""
    return canonical(_at_the_end(lines, "loan.checked_in", loan="none") | {"id": "another"})


@pytest.mark.parametrize(
    "more",
    [
        lambda lines: [_said_twice(lines), _never_lent(lines)],
        lambda lines: [_never_lent(lines), _said_twice(lines)],
        lambda lines: [_never_lent(lines), _said_twice(lines).replace("kind", "sort")],
    ],
    ids=["said twice, then never lent", "never lent, then said twice", "then of no kind"],
)
def test_the_first_of_several_wrong_entries_is_named(
    colleges: dict[str, Sent],
    forewarned: Kitloan,
    tmp_path: Path,
    more: Callable[[Lines], Lines],
) -> None:
    """Entries are taken in by the hundred; the college must still be asked about the right one."""
    good = lines_of(colleges["fife"].whole)
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed(resealed([*good, *more(good)])))
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        forewarned.exchange.merge([path])
    assert (refusal.value.code, refusal.value.details["seq"]) == ("impossible", len(good))
    assert everything_in(forewarned) == before


def test_a_gap_names_what_to_ask_for(colleges: dict[str, Sent], forewarned: Kitloan) -> None:
    """A mail that was lost must be missed at once, and by number."""
    _, second, third = colleges["fife"].parts
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        forewarned.exchange.merge([third])
    assert refusal.value.code == "gap"
    wanted = json.loads(lines_of(second)[0])["first"]
    assert (refusal.value.details["ledger"], refusal.value.details["seq"]) == ("fife", wanted)
    assert f"from entry {wanted}" in refusal.value.hint
    assert everything_in(forewarned) == before


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("not there", "no_such_file"),
        ("a folder", "bad_exchange_file"),
        ("no\nname\x1b[2J", "no_such_file"),
    ],
)
def test_what_is_no_file_is_refused(
    national: Kitloan, tmp_path: Path, name: str, code: str
) -> None:
    """A slip in a file's name must not read as a slip in a ledger."""
    (tmp_path / "a folder").mkdir()
    with pytest.raises(BadInput) as refusal:
        national.exchange.merge([tmp_path / name])
    assert refusal.value.code == code


def test_a_rewritten_ledger_does_not_pass_later(
    colleges: dict[str, Sent], national: Kitloan, tmp_path: Path
) -> None:
    """A college that made a loss vanish and sealed everything anew meets what it sent before."""
    national.exchange.merge([colleges["fife"].whole])
    good = lines_of(colleges["fife"].whole)
    seq = seq_of(good, "holding.withdrawn")
    path = tmp_path / "forged.kitloan"
    path.write_bytes(packed(resealed([*good[:seq], *good[seq + 1 :]])))
    before = everything_in(national)
    with pytest.raises(BadInput) as refusal:
        national.exchange.merge([path])
    assert (refusal.value.code, refusal.value.details["seq"]) == ("forked", seq)
    assert everything_in(national) == before


def test_one_bad_file_does_not_keep_the_others_out(
    colleges: dict[str, Sent], expected: Picture, national: Kitloan, tmp_path: Path
) -> None:
    """ESP merges twenty-six files on a Monday; one broken mail must not cost the day."""
    good = lines_of(colleges["fife"].whole)
    bad = []
    for number, wrong in enumerate(_WRONG):
        bad.append(tmp_path / f"{number}.kitloan")
        bad[-1].write_bytes(wrong.make(headed(good, ledger="borders")))
    bad.append(tmp_path / "not there")
    others = [colleges["ayrshire"].whole, colleges["uhi-nwh"].whole]
    with pytest.raises(KitloanError) as refusal:
        national.exchange.merge([*bad[:20], others[0], *bad[20:], others[1]])
    assert sorted(refusal.value.details["merged"]) == sorted(str(path) for path in others)
    assert len(refusal.value.details["refused"]) == len(bad)
    assert national.audit.audit().totals.colleges == len(others)
    national.exchange.merge([colleges["fife"].whole])
    tables, audited = picture(national)
    assert tables == expected[0], "the next good file is taken as ever"
    found, known_ones = json.loads(audited)["findings"], json.loads(expected[1])["findings"]
    assert [each for each in found if each["code"] != "refused_file"] == known_ones


def test_a_college_does_not_merge(
    colleges: dict[str, Sent], fife: Kitloan, clock: SetClock
) -> None:
    """A technician who opens a colleague's file at the desk must not mix two registers."""
    before = everything_in(fife)
    with pytest.raises(Refused) as refusal:
        fife.exchange.merge([colleges["ayrshire"].whole])
    assert refusal.value.code == "not_national"
    assert everything_in(fife) == before


def test_a_copy_is_never_written(colleges: dict[str, Sent], national: Kitloan) -> None:
    """An entry of ESP's making in a college's ledger would fork it for ever."""
    national.exchange.merge([colleges["fife"].whole])
    before = everything_in(national)
    with pytest.raises(KitloanError):
        kitloan.open(_place(national), college="fife", actor="esp")
    with pytest.raises(KitloanError):
        kitloan.init("fife", _place(national), actor="esp")
    assert everything_in(national) == before


def _place(opened: Kitloan) -> str:
    store = opened.session.store
    return store.name if store.is_sqlite else store.engine.url.render_as_string(False)
