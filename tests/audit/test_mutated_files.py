"""Thousands of spoilt exchange files: each is refused with its reason, or merges cleanly.

`tests/fuzz` draws what Hypothesis finds odd, for an empty store. Here ESP knows half of a ledger,
so that what comes is new, known, forked or too early; and every case has a number that gives it
again. Half of the forgeries are sealed and signed anew, as only the college itself could.
"""

import gzip
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from exchange.forging import second
from kitloan import BadInput, Refused
from kitloan.college import College
from kitloan.exchange.file import FIRST, SECOND, signed_text, signing_key
from kitloan.text.tags import mint
from lives import begin, bytes_of, canonical, digest, everything_in, keep, lend, new_database
from trusting import merge

REASONS = {
    *("altered", "bad_exchange_file", "forked", "gap", "impossible", "key_changed"),
    *("newer_file", "own_ledger", "truncated", "unsigned"),
}
HUGE = (0, -1, 2**31, 2**63, 10**30, 10**400, 1.5, True, None, "1", [], {})

NOW = datetime(2026, 11, 23, 11, 42, tzinfo=UTC)

Lines = list[str]
Mutation = Callable[[random.Random, Lines], Lines | bytes]


@dataclass(frozen=True)
class Sent:
    """The whole file's lines, ESP's store that knows a part of them, and the college's key."""

    lines: Lines
    esp: Path
    half: Path
    sign: Callable[[bytes], str]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    """Some weeks of Fife's; ESP has the first of them."""
    folder = tmp_path_factory.mktemp("sent")
    clock = SetClock(NOW)
    with kitloan.init("fife", folder / "fife.sqlite", actor="m.ross", clock=clock) as fife:
        tags = begin(fife, clock)
        fife.exchange.export(folder / "half")
        lend(fife, clock, tags)
        keep(fife, clock, tags)
        fife.exchange.export(folder / "whole")
        with fife.session.store.write() as connection:
            key = signing_key(connection, "fife")
    with kitloan.init("esp", folder / "esp.sqlite", actor="esp", clock=clock) as esp:
        merge(esp, [folder / "half"])
    lines = gzip.decompress((folder / "whole").read_bytes()).decode().splitlines()
    return Sent(lines, folder / "esp.sqlite", folder / "half", lambda text: key.sign(text).hex())


# -- what can become of a file -------------------------------------------------------------------


def bytes_flipped(chance: random.Random, lines: Lines) -> bytes:
    """A bad disk, or a bad line."""
    file = bytearray(packed(lines))
    for _ in range(chance.randrange(1, 4)):
        file[chance.randrange(len(file))] ^= 1 << chance.randrange(8)
    return bytes(file)


def cut_off(chance: random.Random, lines: Lines) -> bytes:
    """A mail that broke off."""
    file = packed(lines)
    return file[: chance.randrange(len(file))]


def line_altered(chance: random.Random, lines: Lines) -> Lines:
    """A letter in a line is another."""
    at = chance.randrange(len(lines))
    line = lines[at]
    where = chance.randrange(len(line))
    return [
        *lines[:at],
        line[:where] + chance.choice('x0"{}\\ é') + line[where + 1 :],
        *lines[at + 1 :],
    ]


def lines_swapped(chance: random.Random, lines: Lines) -> Lines:
    """Two lines change places."""
    a, b = chance.sample(range(len(lines)), 2)
    changed = list(lines)
    changed[a], changed[b] = changed[b], changed[a]
    return changed


def lines_gone(chance: random.Random, lines: Lines) -> Lines:
    """Some lines are not there."""
    at = chance.randrange(len(lines))
    return [*lines[:at], *lines[at + chance.randrange(1, 5) :]]


def line_again(chance: random.Random, lines: Lines) -> Lines:
    """A line stands twice, the second time somewhere else."""
    line = chance.choice(lines)
    at = chance.randrange(len(lines) + 1)
    return [*lines[:at], line, *lines[at:]]


def header_changed(chance: random.Random, lines: Lines) -> Lines:
    """The header says something else."""
    header = json.loads(lines[0])
    name = chance.choice(sorted(header))
    header[name] = chance.choice([*HUGE, "", "fife/2", "esp", "borders", header["head"], "\x00"])
    return [json.dumps(header), *lines[1:]]


def number_huge(chance: random.Random, lines: Lines) -> Lines:
    """A number in an entry is none that anybody counts to."""
    at = chance.randrange(1, len(lines))
    said = json.loads(lines[at])
    where = chance.choice([said, said["fact"]])
    numbers = [name for name, value in where.items() if isinstance(value, int)] or ["seq"]
    where[chance.choice(numbers)] = chance.choice(HUGE)
    return [*lines[:at], canonical(said), *lines[at + 1 :]]


def fact_changed(chance: random.Random, lines: Lines) -> Lines:
    """An entry tells another story, of another entry's parts."""
    at, other = (chance.randrange(1, len(lines)) for _ in range(2))
    said, odd = json.loads(lines[at]), json.loads(lines[other])["fact"]
    name = chance.choice(sorted(odd))
    said["fact"][name] = odd[name]
    return [*lines[:at], canonical(said), *lines[at + 1 :]]


MUTATIONS: tuple[Mutation, ...] = (
    *(bytes_flipped, cut_off, line_altered, lines_swapped, lines_gone, line_again),
    *(header_changed, number_huge, fact_changed),
)


def packed(lines: Lines) -> bytes:
    """Lines as a file."""
    return gzip.compress(
        "".join(f"{line}\n" for line in lines).encode(errors="surrogatepass"), 1, mtime=0
    )


def sealed_anew(lines: Lines, sign: Callable[[bytes], str]) -> Lines:
    """The same story with every number, hash and the signature right, as far as it can be read."""
    try:
        header = json.loads(lines[0])
        before, bodies = header["prev"], []
        for seq, line in enumerate(lines[1:], start=header["first"]):
            bodies.append(canonical(json.loads(line) | {"prev": before, "seq": seq}))
            before = digest(bodies[-1])
        header |= {"last": header["first"] + len(bodies) - 1, "head": before}
        header["signature"] = sign(signed_text(header))
        lines = [json.dumps(header), *bodies]
        return second(lines) if header["version"] == SECOND else lines
    except (ValueError, TypeError, KeyError, AttributeError, UnicodeEncodeError):
        return lines


def spoilt(sent: Sent, seed: int, version: int = FIRST) -> bytes:
    """The file of this number, in a version of the file."""
    chance = random.Random(seed)
    lines: Lines | bytes = list(sent.lines)
    if version == SECOND:
        lines = sealed_anew(second(sent.lines), sent.sign)
    for _ in range(chance.choice((1, 1, 1, 2))):
        if isinstance(lines, bytes) or not lines:
            break
        lines = chance.choice(MUTATIONS)(chance, lines)
    if isinstance(lines, bytes):
        return lines
    return packed(sealed_anew(lines, sent.sign) if chance.random() < 0.5 else lines)


# -- and what must come of it --------------------------------------------------------------------


def must_be_refused_or_fit(esp: College, file: Path, seed: int) -> str | None:
    """The reason of a refusal that left all as it was; None when the file was merged."""
    before, rows = bytes_of(esp), everything_in(esp) if not esp.session.store.is_sqlite else None
    try:
        merge(esp, [file])
    except (BadInput, Refused) as refusal:
        assert refusal.code in REASONS, (seed, refusal.code)
        assert refusal.message.strip() and refusal.message.isprintable(), seed
        assert bytes_of(esp) == before, seed
        assert rows is None or everything_in(esp) == rows, seed
        return refusal.code
    return None


@pytest.mark.parametrize("version", [FIRST, SECOND])
@pytest.mark.parametrize(
    "cases", [40, pytest.param(10_000, marks=pytest.mark.soak)], ids=["some", "many"]
)
def test_a_spoilt_file_is_refused_or_merges_cleanly(
    sent: Sent, tmp_path: Path, cases: int, version: int
) -> None:
    """Half of a forged file in ESP's store, or a traceback on a Monday with 26 files to merge."""
    met: Counter[str | None] = Counter()
    file, place = tmp_path / "spoilt.kitloan", tmp_path / "esp.sqlite"
    clock = SetClock(NOW)
    seeds = iter(range(cases))
    while met.total() < cases:
        place.write_bytes(sent.esp.read_bytes())
        # Whatever is kept aside is tried again when a ledger grew: thousands, each time.
        shutil.rmtree(f"{place}.aside", ignore_errors=True)
        with kitloan.open(place, actor="esp", clock=clock) as esp:
            for seed in seeds:
                file.write_bytes(spoilt(sent, seed, version))
                code = must_be_refused_or_fit(esp, file, seed)
                met[code] += 1
                if code is None:  # it may have grown: the next one meets the store as it was
                    assert esp.ledger.verify().ok, seed
                    break
    assert {"altered", "bad_exchange_file", "forked", None} <= met.keys()


def test_rows_are_as_before_in_a_shared_database(sent: Sent, postgres: str, tmp_path: Path) -> None:
    """What a file leaves behind in PostgreSQL no file's bytes would show."""
    file, clock = tmp_path / "spoilt.kitloan", SetClock(NOW)
    refused = 0
    with _national(postgres, sent, clock) as esp:
        for seed in range(40):
            file.write_bytes(spoilt(sent, seed))
            if must_be_refused_or_fit(esp, file, seed) is None:
                assert esp.ledger.verify().ok, seed
                break
            refused += 1
    assert refused


@contextmanager
def _national(postgres: str, sent: Sent, clock: SetClock) -> Iterator[College]:
    with (
        new_database(postgres) as place,
        kitloan.init("esp", place, actor="esp", clock=clock) as esp,
    ):
        merge(esp, [sent.half])
        yield esp


def test_an_undo_of_nothing_can_be_proved(sent: Sent, tmp_path: Path) -> None:
    """Found by number 1,479: verifying called a ledger impossible that merging had taken."""
    place, file = tmp_path / "esp.sqlite", tmp_path / "sent.kitloan"
    place.write_bytes(sent.esp.read_bytes())
    at = max(n for n, line in enumerate(sent.lines) if "entry.reversed" in line)
    said = json.loads(sent.lines[at])
    said |= {"id": "again", "fact": said["fact"] | {"tag": mint(), "seq": at}}
    file.write_bytes(packed(sealed_anew([*sent.lines, canonical(said)], sent.sign)))
    with kitloan.open(place, actor="esp", clock=SetClock(NOW)) as esp:
        if must_be_refused_or_fit(esp, file, 1479) is None:
            assert esp.ledger.verify().ok


# -- what no file by itself can show -------------------------------------------------------------


def test_a_ledger_that_was_cut_takes_nothing_away(sent: Sent, tmp_path: Path) -> None:
    """A college that forgot its last loans, sealed and signed, must not make ESP forget them."""
    place, clock = tmp_path / "esp.sqlite", SetClock(NOW)
    place.write_bytes(sent.esp.read_bytes())
    whole, short = tmp_path / "whole.kitloan", tmp_path / "short.kitloan"
    whole.write_bytes(packed(sent.lines))
    short.write_bytes(packed(sealed_anew(sent.lines[:-6], sent.sign)))
    longer = tmp_path / "longer.kitloan"
    again = [*sent.lines[:-6], sent.lines[-6].replace('"id":"', '"id":"x')]
    longer.write_bytes(packed(sealed_anew(again, sent.sign)))
    with kitloan.open(place, actor="esp", clock=clock) as esp:
        merge(esp, [whole])
        before = everything_in(esp)
        (told,) = merge(esp, [short])
        assert (told.added, everything_in(esp)) == (0, before)
        with pytest.raises(BadInput) as refusal:
            merge(esp, [longer])
        first_bad = len(sent.lines) - 6
        assert (refusal.value.code, refusal.value.details["seq"]) == ("forked", first_bad)
        assert everything_in(esp) == before
