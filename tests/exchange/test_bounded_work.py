"""What a file may cost: so much for its size, whatever it says."""

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import kitloan
from exchange.test_any_ledger import BEGINNING, ONE, Lines, file_of, file_of_bodies, more, sealed
from kitloan.college import College
from kitloan.exchange.bounds import most_changed_rows
from kitloan.exchange.file import LONGEST_LINE, MOST_MEMBERS
from kitloan.holdings import NewHolding, kit_type_with
from kitloan.ledger.facts.base import MOST_OF_A_LIST
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.text.tags import ALPHABET, PREFIX, check_character, mint
from lives import digest
from trusting import merge

AT = "2026-11-01T09:00:00Z"


def _lines(*facts: dict[str, Any]) -> Lines:
    return [(AT, fact) for fact in (*BEGINNING, *facts)]


def _printed(*tags: str, batch: str = "b") -> dict[str, Any]:
    return {"kind": "labels.printed", "batch": batch, "blank": True, "tags": tags, "stock": None}


def _kit_type(parts: int, name: str) -> dict[str, Any]:
    contents = [
        {"name": f"Part {n}", "quantity": 1, "bag": None, "critical": True} for n in range(parts)
    ]
    return {"kind": "kit_type.defined", "kit_type": "kit", "name": name, "contents": contents}


def _taken_in(tag: str) -> dict[str, Any]:
    nothing = dict.fromkeys(
        ("asset_number", "serial", "location", "received_on", "sighted_on", "register_row")
    )
    return {
        "kind": "holding.accessioned",
        "tag": tag,
        "kit_type": "kit",
        "quantity": 1,
        **nothing,
    }


def _refused(national: College, path: Path) -> kitloan.BadInput:
    with pytest.raises(kitloan.BadInput) as refused:
        merge(national, [path])
    assert [each.ledger for each in national.ledger.heads()] == ["esp"]
    return refused.value


def test_many_kits_booked_for_many_days_are_too_much(national: College, tmp_path: Path) -> None:
    """A row for each day of each type, and of each kit that is named: 200 for 800 days."""
    pins = [mint() for _ in range(200)]
    fact = {
        "kind": "booking.made",
        "booking": "b",
        "organisation": "school",
        "contact": None,
        "lines": [{"kit_type": "kit", "quantity": 200, "pins": pins}],
        "collect_on": "2026-12-01",
        "return_by": "2028-12-01",
        "busy_from": "2026-12-01",
        "free_from": "2028-12-02",
        "lapses_after": "2026-12-02",
        "series": None,
        "event": None,
    }
    refusal = _refused(national, file_of(_lines(fact), tmp_path / "x.kitloan"))
    assert (refusal.code, refusal.details["seq"]) == ("too_large", len(BEGINNING) + 1)
    assert f"{MOST_OF_A_LIST:,}" in refusal.message


def test_the_desk_books_no_more_than_one_entry_may_make(fife: College) -> None:
    """In words, and nobody's demand is noted: there were kits enough."""
    tags = [fife.holdings.add(NewHolding("STEM kit")).tag for _ in range(120)]
    before, first = fife.ledger.log(), date(2026, 12, 7)
    with pytest.raises(kitloan.BadInput) as refused:
        fife.bookings.book("Viewforth", {}, first, first + timedelta(days=60), tags=tags)
    assert refused.value.code == "too_large"
    assert f"{MOST_OF_A_LIST:,}" in refused.value.message
    assert fife.ledger.log() == before
    (made,) = fife.bookings.book("Viewforth", {}, first, first + timedelta(days=10), tags=tags)
    assert made.lines[0].quantity == len(tags)


@pytest.mark.parametrize(
    "fact",
    [
        _printed(*[ONE] * (MOST_OF_A_LIST + 1)),
        _kit_type(MOST_OF_A_LIST + 1, "STEM kit"),
        {
            "kind": "contents.counted",
            "tag": ONE,
            "counted": "short",
            "shortages": [
                {"component": f"Part {n}", "missing": 1, "broken": 0}
                for n in range(MOST_OF_A_LIST + 1)
            ],
        },
        {
            "kind": "challenge.set",
            "challenge": "c",
            "college": "fife",
            "code": "x",
            "tags": [ONE] * (MOST_OF_A_LIST + 1),
            "answer_by": "2026-12-01",
        },
    ],
    ids=lambda fact: fact["kind"],
)
def test_no_entry_makes_more_rows_than_there_may_be(
    national: College, tmp_path: Path, fact: dict[str, Any]
) -> None:
    """A list within an entry has an end, which the refusal names."""
    refusal = _refused(national, file_of(_lines(fact), tmp_path / "x.kitloan"))
    assert (refusal.code, refusal.details["seq"]) == ("too_large", len(BEGINNING) + 1)
    assert f"{MOST_OF_A_LIST:,}" in refusal.message


def test_a_tag_that_is_printed_often_in_one_entry_is_one_label(
    national: College, tmp_path: Path
) -> None:
    """The entry is kept as it was sealed, and makes one row."""
    lines = _lines(_printed(*[ONE] * 100))
    (done,) = merge(national, [file_of(lines, tmp_path / "x.kitloan")])
    assert done.added == len(lines)
    assert national.ledger.verify().ok


def test_contents_that_change_on_and_on_are_too_much(national: College, tmp_path: Path) -> None:
    """Each list is as long as it may be, and the file small."""
    lines = _lines(*[_kit_type(MOST_OF_A_LIST, f"Kit {n}") for n in range(60)])
    refusal = _refused(national, file_of(lines, tmp_path / "x.kitloan"))
    assert refusal.code in ("too_large", "bad_exchange_file")


def test_a_type_that_is_renamed_on_and_on_is_too_much(national: College, tmp_path: Path) -> None:
    """Each renaming goes through all the kits of the type."""
    tags = [mint() for _ in range(1_500)]
    renamed = [
        {"kind": "kit_type.defined", "kit_type": "kit", "name": f"Kit {n}", "contents": []}
        for n in range(400)
    ]
    lines = _lines(*map(_taken_in, tags), *renamed)
    refusal = _refused(national, file_of(lines, tmp_path / "x.kitloan"))
    assert refusal.code == "too_large"
    assert refusal.details["seq"] > len(BEGINNING) + len(tags)


def test_undoing_a_long_history_on_and_on_is_too_much(national: College, tmp_path: Path) -> None:
    """Each undoing goes through all that was recorded of the tag."""
    seen = [{"kind": "holding.sighted", "tag": ONE}] * 1_000
    undone = [
        {"kind": "entry.reversed", "tag": ONE, "epoch": 1, "seq": len(BEGINNING) + 2 + n}
        for n in range(1_000)
    ]
    lines = _lines(_taken_in(ONE), *seen, *undone)
    refusal = _refused(national, file_of(lines, tmp_path / "x.kitloan"))
    assert refusal.code == "too_large"


def _in_order(many: int) -> list[str]:
    """Tags of which a compressor leaves four bytes each."""
    tags: list[str] = []
    for a, b, c, d in product(ALPHABET, repeat=4):
        body = f"000000{a}{b}{c}{d}"
        if (check := check_character(body)) in ALPHABET:
            tags.append(PREFIX + body + check)
            if len(tags) == many:
                break
    return tags


def _in_parts(tags: Sequence[str], many: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(tags), many):
        yield tags[first : first + many]


def test_a_file_that_would_hold_the_store_locked_is_refused(
    national: College, tmp_path: Path
) -> None:
    """Each entry makes as many rows as one may, all are honest labels, and the file is small."""
    printed = [
        _printed(*some) for some in _in_parts(_in_order(MOST_OF_A_LIST * 10), MOST_OF_A_LIST)
    ]
    path = file_of(_lines(*printed), tmp_path / "x.kitloan")
    refusal = _refused(national, path)
    assert refusal.code == "too_large"
    most = most_changed_rows(path.stat().st_size)
    assert most < MOST_OF_A_LIST * 10
    assert f"at most {most:,} may change at once" in refusal.message


def test_an_ordinary_ledger_of_any_length_keeps_within_what_may_change() -> None:
    """A file of 4 MB has 57,000 entries, which make 91,000 rows; a long ledger has the same."""
    size, rows = 3_897_390, 91_105
    for times in (1, 2, 5, 20):
        assert rows * times <= most_changed_rows(size * times)
    assert rows * 1.5 >= most_changed_rows(size)


def test_more_is_not_written_than_was_sent(national: College, tmp_path: Path) -> None:
    """A long word that each row would repeat."""
    prints = [_printed(*[mint() for _ in range(500)], batch="b" * 200) for _ in range(30)]
    refusal = _refused(national, file_of(_lines(*prints), tmp_path / "x.kitloan"))
    assert refusal.code == "too_large"
    assert "characters" in refusal.message


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (gzip.compress(b"") * (MOST_MEMBERS + 1), f"{MOST_MEMBERS} parts"),
        (gzip.compress(b"") * 300_000, f"{MOST_MEMBERS} parts"),
        (gzip.compress(b" \n" * 50_000_000, 1), "times its size"),
        (gzip.compress(b"\0" * 50_000_000, 1), f"{LONGEST_LINE:,} bytes"),
    ],
    ids=["parts", "many parts", "lines of spaces", "one line"],
)
def test_what_unpacks_to_too_much_is_refused(
    national: College, colleges: dict[str, Any], tmp_path: Path, what: bytes, words: str
) -> None:
    """Behind a header that is right, and before the store is locked."""
    header, _, _ = gzip.decompress(colleges["fife"].whole.read_bytes()).partition(b"\n")
    path = tmp_path / "x.kitloan"
    path.write_bytes(gzip.compress(header + b"\n") + what)
    refusal = _refused(national, path)
    assert refusal.code == "bad_exchange_file"
    assert words in refusal.message


def test_a_file_in_two_parts_is_read_as_one(
    national: College, colleges: dict[str, Any], tmp_path: Path
) -> None:
    """As tools leave it that put compressed files together."""
    whole = gzip.decompress(colleges["fife"].whole.read_bytes())
    path = tmp_path / "x.kitloan"
    path.write_bytes(gzip.compress(whole[:700]) + gzip.compress(whole[700:]))
    (done,) = merge(national, [path])
    assert done.added == json.loads(whole.partition(b"\n")[0])["last"]


def test_a_branch_that_was_never_applied_may_not_cause_more_than_its_entries(
    national: College, tmp_path: Path
) -> None:
    """Entries wait apart on another branch; the file that makes it count is small."""
    seen = [{"kind": "holding.sighted", "tag": ONE}] * 1_000
    undone = [
        {"kind": "entry.reversed", "tag": ONE, "epoch": 2, "seq": len(BEGINNING) + 3 + n}
        for n in range(1_000)
    ]
    begun = _lines(_taken_in(ONE))
    shared = len(begun)
    whole = sealed(begun)
    newest = [*whole, *more(whole, [_resumed(whole)], epoch=3)]
    merge(national, [file_of_bodies(newest, tmp_path / "newest.kitloan")])
    apart = [*whole, *more(whole, [_resumed(whole), *seen, *undone], epoch=2)]
    merge(national, [file_of_bodies(apart, tmp_path / "apart.kitloan")])
    assert shared == len(whole)
    last = [*apart, *more(apart, [_resumed(apart)], epoch=4)]
    with pytest.raises(kitloan.BadInput) as refused:
        merge(national, [file_of_bodies(last, tmp_path / "last.kitloan")])
    assert refused.value.code == "too_large"


def test_an_honest_branch_is_replayed(national: College, tmp_path: Path) -> None:
    """The same three files, when the branch records what a college does."""
    whole = sealed(_lines(_taken_in(ONE)))
    seen = [{"kind": "holding.sighted", "tag": ONE}] * 20
    newest = [*whole, *more(whole, [_resumed(whole)], epoch=3)]
    apart = [*whole, *more(whole, [_resumed(whole), *seen], epoch=2)]
    last = [*apart, *more(apart, [_resumed(apart)], epoch=4)]
    for name, bodies in (("newest", newest), ("apart", apart), ("last", last)):
        merge(national, [file_of_bodies(bodies, tmp_path / f"{name}.kitloan")])
    assert national.ledger.heads()[0].ledger == "borders/4"
    assert national.ledger.verify().ok


def _resumed(bodies: list[str]) -> dict[str, Any]:
    return {"kind": "ledger.resumed", "seq": len(bodies), "hash": digest(bodies[-1])}


@pytest.mark.parametrize("name", ["Ayrshire College", "Ayrshire C\u043ellege"])
def test_no_college_takes_the_name_of_another(national: College, tmp_path: Path, name: str) -> None:
    """Under an id of its own, or in letters that look the same; unless a person decides so."""
    lines: Lines = [(AT, {"kind": "college.opened", "name": name, "region": None})]
    file = file_of(lines, tmp_path / "x.kitloan")
    refusal = _refused(national, file)
    assert refusal.code == "looks_alike"
    assert "ayrshire" in refusal.message
    (done,) = merge(national, [file], replace=True)
    assert done.added == 1


def test_a_contents_list_has_an_end_at_the_desk_too(tmp_path: Path) -> None:
    """In the library a long list is refused in words, and nothing changes."""
    parts = [ContentsLine(name=f"Part {n}", quantity=1) for n in range(MOST_OF_A_LIST + 1)]
    with pytest.raises(kitloan.BadInput) as refused:
        kit_type_with("STEM kit", parts)
    assert refused.value.code == "too_many"
