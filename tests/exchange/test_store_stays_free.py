"""A large file is merged in a copy of its ledger: others write meanwhile; the rows are the same."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import kitloan
from exchange.sent import Sent
from exchange.test_any_ledger import BEGINNING, ONE, OTHER, file_of_bodies, more, sealed
from kitloan import BadInput, NewHolding
from kitloan.college import College
from kitloan.exchange.bounds import LARGE_FILE, LARGE_FILE_ON_A_SERVER, meter_for
from kitloan.exchange.copying import (
    SMALL_FILE,
    Scratch,
    is_worth_copying,
)
from kitloan.exchange.file import ExchangeFile
from kitloan.exchange.merging import MergeDecisions
from kitloan.exchange.merging import merge as merge_in_store
from kitloan.exchange.taking import Taking
from kitloan.exchange.trust import read_fingerprint
from kitloan.ledger.facts.loans import CheckedIn, CheckedOut
from kitloan.text.tags import mint
from lives import digest, everything_in
from trusting import keys_of, merge

AT = "2026-11-01T09:00:00Z"


def under_the_lock(national: College, files: Sequence[Path], **more: Any) -> None:
    """Merge files in the store itself, row by row, in one transaction each."""
    for each in files:
        trust = tuple(read_fingerprint(key) for key in keys_of(national, [each]))
        decisions = MergeDecisions("2026-12-14T09:00:00Z", "esp", trust=trust, **more)
        file = ExchangeFile(each)
        with national.session.store.write() as connection:
            merge_in_store(connection, file, decisions, meter_for(file), look_back=lambda: None)


def rows_in(national: College) -> dict[str, Any]:
    """Every row, but for the key that each store draws by lot."""
    found: dict[str, Any] = everything_in(national)
    found["setting"] = [row for row in found["setting"] if row["name"] != "signing_key"]
    return found


def taken_in(tag: str) -> dict[str, Any]:
    """A kit that enters the register."""
    nothing = dict.fromkeys(
        ("asset_number", "serial", "location", "received_on", "sighted_on", "register_row")
    )
    return {"kind": "holding.accessioned", "tag": tag, "kit_type": "kit", "quantity": 1, **nothing}


def seen(times: int) -> list[dict[str, Any]]:
    """A kit that was seen so often."""
    return [{"kind": "holding.sighted", "tag": ONE}] * times


def ledger(times: int) -> list[str]:
    """The entries of a ledger in which a kit was seen so often."""
    return sealed([(AT, fact) for fact in (*BEGINNING, taken_in(ONE), *seen(times))])


def resumed(bodies: Sequence[str]) -> dict[str, Any]:
    """An epoch begins after these entries."""
    return {"kind": "ledger.resumed", "seq": len(bodies), "hash": digest(bodies[-1])}


def test_the_rows_are_the_same_as_under_the_lock(
    colleges: dict[str, Sent], new_national: Callable[[], College]
) -> None:
    """Whole ledgers, and ledgers in parts."""
    one, other = new_national(), new_national()
    files = [*colleges["fife"].parts, colleges["ayrshire"].whole, *colleges["uhi-nwh"].parts]
    for each in files:
        merge(one, [each])
    under_the_lock(other, files)
    assert rows_in(one) == rows_in(other)
    assert one.ledger.verify().ok


def test_the_rows_are_the_same_when_another_branch_counts(
    new_national: Callable[[], College], tmp_path: Path
) -> None:
    """A restored backup, a second one, and then a whole ledger in place of all."""
    begun = ledger(20)
    second = [*begun, *more(begun, [resumed(begun), *seen(3)], epoch=2)]
    third = [*begun[:-4], *more(begun[:-4], [resumed(begun[:-4]), *seen(2)], epoch=3)]
    last = [*second, *more(second, [resumed(second)], epoch=4)]
    files = [
        file_of_bodies(bodies, tmp_path / f"{n}.kitloan")
        for n, bodies in enumerate((second, third, last))
    ]
    another = file_of_bodies(ledger(2), tmp_path / "another.kitloan")
    one, other = new_national(), new_national()
    for each in files:
        merge(one, [each])
    under_the_lock(other, files)
    assert rows_in(one) == rows_in(other)
    assert one.ledger.verify().ok
    merge(one, [another], replace=True)
    under_the_lock(other, [another], replace=True)
    assert rows_in(one) == rows_in(other)
    assert one.ledger.verify().ok


def lent(loan: str) -> dict[str, Any]:
    """The kit goes to the school."""
    fact = CheckedOut(loan=loan, tag=ONE, organisation="school", due_on=None)
    return fact.model_dump(mode="json")


def returned(loan: str) -> dict[str, Any]:
    """It comes back, not counted."""
    return CheckedIn(loan=loan, tag=ONE, counted="uncounted").model_dump(mode="json")


def test_a_kit_that_is_lent_to_another_on_the_branch_that_counts_now(
    new_national: Callable[[], College], tmp_path: Path
) -> None:
    """One loan is closed, another open: no two open ones of a kit are ever in the table."""
    begun = [*ledger(2), *more(ledger(2), [lent("z")], epoch=1)]
    files = []
    branch = [*begun, *more(begun, [resumed(begun), returned("z"), lent("a")], epoch=2)]
    back = [*branch, *more(branch, [returned("a"), lent("m")], epoch=2)]
    last = [*begun[:-1], *more(begun[:-1], [resumed(begun[:-1]), lent("q")], epoch=3)]
    for n, bodies in enumerate((begun, branch, back, last)):
        files.append(file_of_bodies(bodies, tmp_path / f"{n}.kitloan"))
    one, other = new_national(), new_national()
    for each in files:
        in_a_copy(one, each)
    under_the_lock(other, files)
    assert rows_in(one) == rows_in(other)
    assert one.ledger.verify().ok


def in_a_copy(national: College, file: Path) -> int:
    """Merge a file in a copy of its ledger, however small; how many rows came or went by it."""
    trust = tuple(read_fingerprint(key) for key in keys_of(national, [file]))
    decisions = MergeDecisions("2026-12-14T09:00:00Z", "esp", trust=trust)
    with Scratch() as scratch:
        prepared = Taking(national.session, ExchangeFile(file), decisions).prepare(scratch)
        with national.session.store.write() as store:
            prepared.changes.bring_in(store)
    return prepared.changes.rows


def test_the_store_is_locked_for_what_changes_and_not_for_what_is_there(
    national: College, tmp_path: Path
) -> None:
    """A register is not written again because a file goes on in it."""
    tags = [mint() for _ in range(200)]
    whole = sealed([(AT, fact) for fact in (*BEGINNING, *map(taken_in, tags), taken_in(ONE))])
    assert in_a_copy(national, file_of_bodies(whole, tmp_path / "0.kitloan")) > 400
    later = [*whole, *more(whole, [*seen(1), lent("l")], epoch=1)]
    # Two entries; the kit as it was, and as it is; the loan.
    assert in_a_copy(national, file_of_bodies(later, tmp_path / "1.kitloan")) <= 5
    last = [*whole, *more(whole, [resumed(whole), *seen(1)], epoch=2)]
    # Two of each branch; the kit; the loan that is gone; the epoch.
    assert in_a_copy(national, file_of_bodies(last, tmp_path / "2.kitloan")) <= 9
    assert national.ledger.verify().ok


def test_others_write_while_a_file_is_read(
    national: College, place_of: Callable[[College], str], tmp_path: Path
) -> None:
    """ESP's own desk does not wait until a long mail is read, and nor does a second officer's."""
    file = file_of_bodies(ledger(1_200), tmp_path / "x.kitloan")
    small = tmp_path / "fife.kitloan"
    with kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross") as desk:
        desk.exchange.export(small)
    written: list[str] = []
    with kitloan.open(place_of(national), actor="second") as second:

        def meanwhile(_done: int, _total: int) -> None:
            written.append(second.holdings.add(NewHolding("STEM kit")).tag)
            merge(second, [small])

        trust = keys_of(national, [file])
        (done,) = national.exchange.merge([file], meanwhile, trust=trust)
    assert done.added == 1_204
    assert len(written) == 2, "and the file was read once"
    assert {each.ledger for each in national.ledger.heads()} == {"borders", "esp", "fife"}
    assert national.ledger.verify().ok


@pytest.mark.parametrize("times", [1, 3])
def test_a_file_that_is_overtaken_is_merged_all_the_same(
    national: College, place_of: Callable[[College], str], tmp_path: Path, times: int
) -> None:
    """Others merge longer and longer parts of the same ledger; after the third, none can."""
    bodies = ledger(1_200)
    whole = file_of_bodies(bodies, tmp_path / "whole.kitloan")
    parts = [
        file_of_bodies(bodies[: 100 * (n + 1)], tmp_path / f"{n}.kitloan") for n in range(times)
    ]
    trust = keys_of(national, [whole])
    turn = count()
    with kitloan.open(place_of(national), actor="second") as second:

        def meanwhile(done: int, _total: int) -> None:
            if done == 500 and (n := next(turn)) < times:
                merge(second, [parts[n]])

        (done,) = national.exchange.merge([whole], meanwhile, trust=trust)
    assert (done.added, done.known) == (len(bodies) - 100 * times, 100 * times)
    assert next(turn) == times + 1
    assert national.ledger.verify().ok


def test_the_same_file_twice_at_once_is_merged_once(
    national: College, place_of: Callable[[College], str], tmp_path: Path
) -> None:
    """Two officers open the same mail."""
    file = file_of_bodies(ledger(600), tmp_path / "x.kitloan")
    trust = keys_of(national, [file])
    added: list[int] = []
    with kitloan.open(place_of(national), actor="second") as second:

        def meanwhile(_done: int, _total: int) -> None:
            added.extend(each.added for each in second.exchange.merge([file], trust=trust))

        (done,) = national.exchange.merge([file], meanwhile, trust=trust)
    assert (done.added, done.known, added) == (0, 604, [604])
    assert national.ledger.verify().ok


def test_two_histories_at_once_are_one_and_a_fork(
    national: College, place_of: Callable[[College], str], tmp_path: Path
) -> None:
    """The second is compared with the first, although it was read before that came."""
    file = file_of_bodies(ledger(600), tmp_path / "x.kitloan")
    facts = (*BEGINNING, taken_in(ONE), *seen(5), taken_in(OTHER))
    first = file_of_bodies(sealed([(AT, fact) for fact in facts]), tmp_path / "first.kitloan")
    trust = keys_of(national, [file])
    with kitloan.open(place_of(national), actor="second") as second:

        def meanwhile(_done: int, _total: int) -> None:
            merge(second, [first])

        with pytest.raises(BadInput) as refused:
            national.exchange.merge([file], meanwhile, trust=trust)
    assert (refused.value.code, refused.value.details["seq"]) == ("forked", len(facts))
    assert national.ledger.verify().ok


def test_an_interrupt_while_a_file_is_read_leaves_nothing(
    national: College, tmp_path: Path
) -> None:
    """Ctrl+C: the store is as it was, and the file can be merged again."""
    file = file_of_bodies(ledger(600), tmp_path / "x.kitloan")
    before = everything_in(national)

    def interrupted(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    trust = keys_of(national, [file])
    with pytest.raises(KeyboardInterrupt):
        national.exchange.merge([file], interrupted, trust=trust)
    assert everything_in(national) == before
    assert merge(national, [file])[0].added == 604


@pytest.mark.parametrize(
    ("on_server", "large"), [(False, LARGE_FILE), (True, LARGE_FILE_ON_A_SERVER)]
)
def test_which_files_are_copied(on_server: bool, large: int) -> None:
    """A new ledger, a file that is long beside its ledger, and any that is large."""

    def copied(entries: int, size: int) -> bool:
        return is_worth_copying(entries, size, is_on_server=on_server)

    assert copied(0, 1)
    assert not copied(1_000, SMALL_FILE)
    assert copied(1_000, 3 * SMALL_FILE)
    assert not copied(10**6, large)
    assert copied(10**6, large + 1)
