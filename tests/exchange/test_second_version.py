"""Version 2 of the file leaves out what can be rebuilt, and every bound and check holds for it."""

import gzip
import hashlib
import json
import lzma
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from exchange.forging import Forger, Lines, headed, known, lines_of, packed, second, seq_of
from exchange.sent import Sent
from exchange.test_any_ledger import BEGINNING, ONE, file_of
from exchange.test_bounded_work import AT, _kit_type, _taken_in
from exchange.wrong import WRONG, Wrong
from kitloan import BadInput, NewHolding
from kitloan.college import College
from kitloan.exchange import sending
from kitloan.exchange.bounds import may_leave_out
from kitloan.exchange.file import LONGEST_LINE, ExchangeFile
from lives import everything_in
from trusting import hear, merge

DOCS = Path(__file__).parents[2] / "docs" / "exchange.md"


def exchanged(folder: Path, clock: SetClock) -> tuple[Path, Path]:
    """A college's whole ledger before ESP answered, and after it."""
    before, answer, after = (folder / f"{n}.kitloan" for n in ("before", "answer", "after"))
    with (
        kitloan.init("fife", folder / "fife.sqlite", actor="m.ross", clock=clock) as fife,
        kitloan.init("esp", folder / "esp.sqlite", actor="esp", clock=clock) as esp,
    ):
        tags = [fife.holdings.add(NewHolding("STEM kit")).tag for _ in range(4)]
        fife.loans.check_out(tags, "Àrd-sgoil Mhic Neacail")
        fife.exchange.export(before)
        merge(esp, [before])
        esp.exchange.export(answer)
        hear(fife, answer)
        fife.exchange.export(after)
        (again,) = merge(esp, [after])
        assert again.known >= 6
        assert esp.ledger.verify().ok
    return before, after


def version_of(file: Path) -> int:
    """What its header says."""
    return int(json.loads(lines_of(file)[0])["version"])


def test_it_goes_only_to_a_receiver_that_said_so(clock: SetClock, tmp_path: Path) -> None:
    """A college cannot know what reads its first file; ESP's file is for all colleges."""
    before, after = exchanged(tmp_path, clock)
    assert (version_of(before), version_of(after)) == (1, 2)
    assert version_of(tmp_path / "answer.kitloan") == 1
    assert '"prev":"' not in "".join(lines_of(after)[1:])
    assert after.stat().st_size < before.stat().st_size


def test_an_answer_of_an_older_kitloan_is_heeded(clock: SetClock, tmp_path: Path) -> None:
    """ESP's laptop was replaced by one with last year's program."""
    forger = Forger()
    with (
        kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross", clock=clock) as fife,
        kitloan.init("esp", tmp_path / "esp.sqlite", actor="esp", clock=clock) as esp,
    ):
        esp.exchange.export(tmp_path / "new")
        lines = lines_of(tmp_path / "new")
        header = {k: v for k, v in json.loads(lines[0]).items() if k != "reads"}
        old = forger.signed([json.dumps(header), *lines[1:]], tmp_path / "old")
        found = []
        for answer, more in ((tmp_path / "new", {}), (old, {"new_key": True})):
            hear(fife, answer, **more)
            fife.exchange.export(tmp_path / "fife.kitloan")
            found.append(version_of(tmp_path / "fife.kitloan"))
    assert found == [2, 1]


def test_the_rows_are_the_same_in_either_version(
    colleges: dict[str, Sent], new_national: Callable[[], College], tmp_path: Path
) -> None:
    """Whole, in parts, and a part that comes twice."""
    forger, stores = Forger(), []
    for version in (list, second):
        national = new_national()
        for n, part in enumerate((*colleges["fife"].parts, colleges["fife"].whole)):
            path = forger.signed(version(lines_of(part)), tmp_path / f"{n}.kitloan")
            merge(national, [path])
        rows = everything_in(national)
        del rows["setting"]  # the hashes of the files' bytes
        stores.append(rows)
        assert national.ledger.verify().ok
    assert stores[0] == stores[1]


def test_anybody_can_rebuild_and_check_it(clock: SetClock, tmp_path: Path) -> None:
    """A donor's auditor who does not trust our program needs nothing but a checksum."""
    before, after = exchanged(tmp_path, clock)
    header, *lines = gzip.decompress(after.read_bytes()).decode().splitlines()
    said = json.loads(header)
    prev, sealed = said["prev"], []
    for line in lines:
        start, seq = line.rsplit('"seq":', 1)
        sealed.append(f'{start}"prev":"{prev}","seq":{seq}')
        prev = hashlib.sha256(sealed[-1].encode()).hexdigest()
    assert prev == said["head"]
    assert sealed[: len(lines_of(before)) - 1] == lines_of(before)[1:]


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="the system has no such tool")
def test_the_ten_lines_in_the_manual_do_it(clock: SetClock, tmp_path: Path) -> None:
    """They are for either version, with what every Linux has."""
    (lines,) = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(lines.splitlines()) <= 10
    files = exchanged(tmp_path, clock)
    sealed = []
    for file in files:
        shutil.copy(file, tmp_path / "fife.kitloan")
        done = subprocess.run(
            ["sh", "-c", lines], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == json.loads(lines_of(file)[0])["head"]
        sealed.append((tmp_path / "sealed").read_text(encoding="utf-8").splitlines())
    assert sealed[0] == lines_of(files[0])[1:]
    assert sealed[1][: len(sealed[0])] == sealed[0]


def test_a_long_file_is_packed_by_xz_and_read_like_any(
    clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids are random, so that a year was larger than what a college's mail takes."""
    monkeypatch.setattr(sending, "LONG_FILE", 5)
    _, after = exchanged(tmp_path, clock)
    assert after.read_bytes().startswith(b"\xfd7zXZ\0")
    assert ExchangeFile(after).signed_header().version == 2
    with ExchangeFile(after).lines() as lines:
        assert list(lines) == lzma.decompress(after.read_bytes()).decode().splitlines()


@pytest.mark.skipif(
    None in (shutil.which("sha256sum"), shutil.which("xz")), reason="the system has no such tool"
)
def test_the_ten_lines_in_the_manual_read_what_xz_packed(
    clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor would be told that a long file is none."""
    monkeypatch.setattr(sending, "LONG_FILE", 5)
    (lines,) = re.findall(r"```sh\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    _, after = exchanged(tmp_path, clock)
    shutil.copy(after, tmp_path / "fife.kitloan")
    done = subprocess.run(
        ["sh", "-c", lines], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ExchangeFile(after).header().head


def _asking_for_room(packed: bytes) -> bytes:
    """The same, but its header asks for two gigabytes of memory."""
    asks, size = bytearray(packed), (packed[12] + 1) * 4 - 4
    asks[16] = 38
    asks[12 + size : 16 + size] = zlib.crc32(asks[12 : 12 + size]).to_bytes(4, "little")
    return bytes(asks)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda packed: packed[:-20], "cut short"),
        (lambda packed: packed[:60] + b"\xff" * 9 + packed[69:], "cut short"),
        (lambda packed: packed + b"more", "something follows its end"),
        (lambda packed: packed + packed, "something follows its end"),
        (
            lambda packed: lzma.compress(lzma.decompress(packed) + b'"seq":\n' * 300_000),
            "times its",
        ),
        (lambda packed: _asking_for_room(packed), "cut short"),
    ],
    ids=["cut", "spoilt", "more", "twice", "bomb", "greedy"],
)
def test_a_file_that_xz_packed_is_refused_for_what_is_wrong_with_it(
    colleges: dict[str, Sent],
    national: College,
    tmp_path: Path,
    spoil: Callable[[bytes], bytes],
    words: str,
) -> None:
    """It would fill the memory, or end in a traceback."""
    path = tmp_path / "x.kitloan"
    whole = "\n".join(second(lines_of(colleges["fife"].whole))) + "\n"
    path.write_bytes(spoil(lzma.compress(whole.encode())))
    refusal = _refusal(national, path)
    assert refusal.code == "bad_exchange_file"
    assert words in refusal.message


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_what_does_not_fit_is_refused_whole_in_this_version_too(
    colleges: dict[str, Sent], forewarned: College, tmp_path: Path, wrong: Wrong
) -> None:
    """Whatever is done to the lines; the number is right where it can be known."""
    good = second(lines_of(colleges["fife"].whole))
    path = tmp_path / "sent.kitloan"
    try:
        path.write_bytes(wrong.make(good))
    except (KeyError, ValueError):
        pytest.skip("it is made of what this version leaves out")
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        merge(forewarned, [path])
    assert everything_in(forewarned) == before
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize(
    ("change", "code", "seq"),
    [
        (lambda lines: [*lines[:4], lines[4].replace("20", "21", 1), *lines[5:]], "forked", 4),
        (lambda lines: [*lines[:30], lines[31], lines[30], *lines[32:]], "altered", 30),
        (lambda lines: [*lines[:30], *lines[31:]], "altered", 30),
        (lambda lines: [*lines[:31], *lines[30:]], "altered", 31),
        (lambda lines: [*lines[:30], "", *lines[30:]], "altered", 30),
        (lambda lines: [*lines[:30], "{}", *lines[31:]], "altered", 30),
        (lambda lines: [*lines[:30], '"seq":' * 100, *lines[31:]], "altered", 30),
        (lambda lines: [*lines[:-1], lines[-1] + " "], "altered", None),
        (
            lambda lines: [*lines[:-1], lines[-1].replace('"seq', '"prev":"","seq')],
            "altered",
            None,
        ),
        (lambda lines: [*lines[:-1], lines[-1].replace('"by":"', '"by":"x')], "altered", None),
        (lambda lines: lines[:-3], "truncated", None),
    ],
    ids=[
        *("altered that ESP has", "swapped", "left out", "twice", "empty", "of nothing"),
        *("of many numbers", "a space", "its own prev", "the last altered", "cut short"),
    ],
)
def test_a_line_that_is_wrong_is_named(
    colleges: dict[str, Sent],
    forewarned: College,
    tmp_path: Path,
    change: Callable[[Lines], Lines],
    code: str,
    seq: int | None,
) -> None:
    """Where no hash between the lines tells, the last one does."""
    good = second(lines_of(colleges["fife"].whole))
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed(change(good)))
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        merge(forewarned, [path])
    wanted = len(change(good)) - 1 if seq is None else seq
    assert (refusal.value.code, refusal.value.details["seq"]) == (code, wanted)
    assert everything_in(forewarned) == before


def test_an_entry_that_was_altered_in_the_middle_is_found_at_the_end(
    colleges: dict[str, Sent], forewarned: College, tmp_path: Path
) -> None:
    """All hashes after it are others, and so is the last, which the header names."""
    good = second(lines_of(colleges["fife"].whole))
    seq = max(seq_of(good, "holding.moved"), known(good) + 1)
    altered = good[seq].replace('"by":"', '"by":"x')
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed([*good[:seq], altered, *good[seq + 1 :]]))
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        merge(forewarned, [path])
    assert refusal.value.code == "altered"
    assert everything_in(forewarned) == before


def _refusal(national: College, path: Path) -> BadInput:
    with pytest.raises(BadInput) as refused:
        merge(national, [path])
    assert [each.ledger for each in national.ledger.heads()] == ["esp"]
    return refused.value


def test_what_unpacks_to_too_much_with_what_was_left_out_is_refused(
    national: College, colleges: dict[str, Sent], tmp_path: Path
) -> None:
    """Before the store is locked."""
    header = second(lines_of(colleges["fife"].whole))[0]
    for line, words in (('"seq":', "times its size"), ("x" * (LONGEST_LINE - 9), "longer than")):
        path = tmp_path / "x.kitloan"
        times = 60_000 if len(line) < 10 else 1
        path.write_bytes(packed([header, *[line] * times]))
        refusal = _refusal(national, path)
        assert refusal.code == "bad_exchange_file"
        assert words in refusal.message


@pytest.mark.parametrize("what", ["undone", "renamed"])
def test_work_is_bounded_by_the_size_of_the_file(
    national: College, tmp_path: Path, what: str
) -> None:
    """What is left out buys nobody more."""
    if what == "undone":
        seen = [{"kind": "holding.sighted", "tag": ONE}] * 1_000
        first = len(BEGINNING) + 2
        undone = [
            {"kind": "entry.reversed", "tag": ONE, "epoch": 1, "seq": first + n}
            for n in range(1_000)
        ]
        facts = [_taken_in(ONE), *seen, *undone]
    else:
        tags = [f"KL{n:013}" for n in range(1_500)]
        facts = [*map(_taken_in, tags), *(_kit_type(0, f"Kit {n}") for n in range(400))]
    whole = file_of([(AT, fact) for fact in (*BEGINNING, *facts)], tmp_path / "1.kitloan")
    path = Forger().signed(second(lines_of(whole)), tmp_path / "2.kitloan")
    assert _refusal(national, path).code == "too_large"


def test_a_long_ledger_goes_in_the_first_version() -> None:
    """Its size says how much work it may cause, and version 2 makes it small."""
    assert may_leave_out(20_000, 7_300_000, 460_000)
    assert may_leave_out(1_600, 600_000, 40_000)
    assert not may_leave_out(60_000, 22_000_000, 1_400_000)
    assert not may_leave_out(5_000, 2_000_000, 50_000), "it packs too well"


def test_a_newer_version_is_for_a_newer_kitloan(
    national: College, colleges: dict[str, Sent], tmp_path: Path
) -> None:
    """It is refused by name, and waits aside."""
    path = tmp_path / "x.kitloan"
    path.write_bytes(packed(headed(second(lines_of(colleges["fife"].whole)), version=3)))
    assert _refusal(national, path).code == "newer_file"
