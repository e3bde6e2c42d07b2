"""A file that does not fit is refused whole, names the entry, and keeps no other out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from exchange.forging import Lines, headed, lines_of, packed, resealed, seq_of
from exchange.sent import Picture, Sent, picture
from exchange.wrong import WRONG, Wrong
from kitloan import BadInput, KitloanError, Refused, StoreError
from kitloan.college import College
from lives import canonical, everything_in
from trusting import merge


def held_open() -> list[Path]:
    """The files that this process has open, where the system tells."""
    opened = Path("/proc/self/fd")
    links = opened.iterdir() if opened.is_dir() else ()
    return [each.readlink() for each in links if each.is_symlink()]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_a_file_that_does_not_fit_is_refused_whole(
    colleges: dict[str, Sent], forewarned: College, tmp_path: Path, wrong: Wrong
) -> None:
    """Half of a forged file in ESP's store would be taken for the college's word."""
    good = lines_of(colleges["fife"].whole)
    path = tmp_path / "sent.kitloan"
    path.write_bytes(wrong.make(good))
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        merge(forewarned, [path])
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
    colleges: dict[str, Sent], new_national: Callable[[], College]
) -> None:
    """A college that is told its ledger cannot have happened will look for what is not there."""
    national = new_national()
    if not national.session.store.is_sqlite:
        pytest.skip("only SQLite can be told how much disk there is")
    before = everything_in(national)
    with national.session.store.read() as connection:  # it is kept, and has the limit
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(StoreError) as fault:
        merge(national, [colleges["fife"].whole])
    assert fault.value.code == "full"
    assert everything_in(national) == before
    assert national.exchange.refused() == []


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
    forewarned: College,
    tmp_path: Path,
    more: Callable[[Lines], Lines],
) -> None:
    """Entries are taken in by the hundred; the college must still be asked about the right one."""
    good = lines_of(colleges["fife"].whole)
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed(resealed([*good, *more(good)])))
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        merge(forewarned, [path])
    assert (refusal.value.code, refusal.value.details["seq"]) == ("impossible", len(good))
    assert everything_in(forewarned) == before


def test_a_gap_names_what_to_ask_for(colleges: dict[str, Sent], forewarned: College) -> None:
    """A mail that was lost must be missed at once, and by number."""
    _, second, third = colleges["fife"].parts
    before = everything_in(forewarned)
    with pytest.raises(BadInput) as refusal:
        merge(forewarned, [third])
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
    national: College, tmp_path: Path, name: str, code: str
) -> None:
    """A slip in a file's name must not read as a slip in a ledger."""
    (tmp_path / "a folder").mkdir()
    with pytest.raises(BadInput) as refusal:
        merge(national, [tmp_path / name])
    assert refusal.value.code == code


def test_a_rewritten_ledger_does_not_pass_later(
    colleges: dict[str, Sent], national: College, tmp_path: Path
) -> None:
    """A college that made a loss vanish and sealed everything anew meets what it sent before."""
    merge(national, [colleges["fife"].whole])
    good = lines_of(colleges["fife"].whole)
    seq = seq_of(good, "holding.withdrawn")
    path = tmp_path / "forged.kitloan"
    path.write_bytes(packed(resealed([*good[:seq], *good[seq + 1 :]])))
    before = everything_in(national)
    with pytest.raises(BadInput) as refusal:
        merge(national, [path])
    assert (refusal.value.code, refusal.value.details["seq"]) == ("forked", seq)
    assert everything_in(national) == before


def test_one_bad_file_does_not_keep_the_others_out(
    colleges: dict[str, Sent], expected: Picture, national: College, tmp_path: Path
) -> None:
    """ESP merges twenty-six files on a Monday; one broken mail must not cost the day."""
    good = lines_of(colleges["fife"].whole)
    bad = []
    for number, wrong in enumerate(WRONG):
        bad.append(tmp_path / f"{number}.kitloan")
        bad[-1].write_bytes(wrong.make(headed(good, ledger="borders")))
    bad.append(tmp_path / "not there")
    others = [colleges["ayrshire"].whole, colleges["uhi-nwh"].whole]
    with pytest.raises(KitloanError) as refusal:
        merge(national, [*bad[:20], others[0], *bad[20:], others[1]])
    assert sorted(refusal.value.details["merged"]) == sorted(str(path) for path in others)
    assert len(refusal.value.details["refused"]) == len(bad)
    assert national.audit.audit().totals.colleges == len(others)
    merge(national, [colleges["fife"].whole])
    tables, audited = picture(national)
    assert tables == expected[0], "the next good file is taken as ever"
    found, known_ones = json.loads(audited)["findings"], json.loads(expected[1])["findings"]
    assert [each for each in found if each["code"] != "refused_file"] == known_ones


def test_a_college_does_not_merge(
    colleges: dict[str, Sent], fife: College, clock: SetClock
) -> None:
    """A technician who opens a colleague's file at the desk must not mix two registers."""
    before = everything_in(fife)
    with pytest.raises(Refused) as refusal:
        merge(fife, [colleges["ayrshire"].whole])
    assert refusal.value.code == "not_national"
    assert everything_in(fife) == before


def test_a_copy_is_never_written(colleges: dict[str, Sent], national: College) -> None:
    """An entry of ESP's making in a college's ledger would fork it for ever."""
    merge(national, [colleges["fife"].whole])
    before = everything_in(national)
    with pytest.raises(KitloanError):
        kitloan.open(_place(national), college="fife", actor="esp")
    with pytest.raises(KitloanError):
        kitloan.init("fife", _place(national), actor="esp")
    assert everything_in(national) == before


def _place(opened: College) -> str:
    store = opened.session.store
    return store.name if store.is_sqlite else store.engine.url.render_as_string(False)
