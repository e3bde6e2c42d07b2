"""What ESP has already is not read again, or not one by one, and is still compared."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.forging import Lines, lines_of, packed, with_fact
from exchange.sent import Sent
from kitloan import BadInput
from kitloan.college import College
from kitloan.exchange.file import ExchangeFile
from kitloan.exchange.merging import MergeDecisions, NeedsCopy
from kitloan.exchange.merging import merge as merge_in_store
from kitloan.exchange.trust import read_fingerprint
from lives import everything_in
from trusting import keys_of, merge


def test_a_file_packed_anew_is_known_line_by_line(
    colleges: dict[str, Sent], national: College, tmp_path: Path
) -> None:
    """A college that sends all of its ledger each month must not change ESP's file each time."""
    whole = colleges["fife"].whole
    merge(national, [whole])
    before = everything_in(national)
    path = tmp_path / "anew.kitloan"
    path.write_bytes(gzip.compress(gzip.decompress(whole.read_bytes()), compresslevel=1))
    (again,) = merge(national, [path])
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
    national: College,
    tmp_path: Path,
    change: Callable[[Lines], Lines],
    code: str,
    seq: int,
) -> None:
    """A file that says nothing new and one thing falsely is a warning that must not go unheard."""
    merge(national, [colleges["fife"].whole])
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed(change(lines_of(colleges["fife"].whole))))
    before = everything_in(national)
    with pytest.raises(BadInput) as refusal:
        merge(national, [path])
    assert (refusal.value.code, refusal.value.details["seq"]) == (code, seq)
    assert everything_in(national) == before


def test_a_file_that_is_taken_for_known_and_is_not_is_read_after_all(
    colleges: dict[str, Sent], national: College
) -> None:
    """Between the look whether it was merged and the merging, another officer replaced it."""
    whole = colleges["fife"].whole
    decisions = MergeDecisions(
        "2026-12-14T09:00:00Z",
        "esp",
        trust=tuple(read_fingerprint(key) for key in keys_of(national, [whole])),
    )
    file = ExchangeFile(whole)
    with (
        pytest.raises(NeedsCopy),
        national.session.store.write() as connection,
    ):
        merge_in_store(connection, file, decisions, meter=None)
    merge(national, [whole])
    with national.session.store.write() as connection:
        done = merge_in_store(connection, file, decisions, meter=None)
    assert (done.merged.added, done.merged.known) == (0, colleges["fife"].entries)
