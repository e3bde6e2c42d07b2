"""Merging in any order, with repeats and in parts, gives one picture.

`tests/exchange` does it with three colleges that know nothing of each other. Here they send kits to
each other, one is restored from a backup, and ESP has gifts and challenges of its own.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kitloan
from conftest import KIT, SetClock
from kitloan import BadInput, Count, Gift, NewHolding
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.tables import table
from kitloan.tables.national import LostEntry
from lives import audit_text, register_of, rows_of
from trusting import merge

NAMES = ("fife", "borders", "ayrshire")


@dataclass(frozen=True)
class Post:
    """Every file that colleges sent, and ESP's store before any came."""

    files: tuple[Path, ...]
    esp: Path


class _Writing:
    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.folder, self.clock, self.files = folder, clock, list[Path]()

    def send(self, desk: College, *, whole: bool = False) -> None:
        self.clock.move(hours=3)
        path = self.folder / f"{len(self.files):03}-{desk.session.college}.kitloan"
        desk.exchange.export(path, since_last=not whole)
        self.files.append(path)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """Some months of three colleges and ESP."""
    folder = tmp_path_factory.mktemp("post")
    clock = SetClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    out = _Writing(folder, clock)
    with ExitStack() as stack:
        desks = {
            name: stack.enter_context(
                kitloan.init(name, folder / f"{name}.sqlite", actor="m.ross", clock=clock)
            )
            for name in (*NAMES, "esp")
        }
        esp = desks.pop("esp")
        _esps_own(esp)
        kits = {}
        for name, desk in desks.items():
            desk.holdings.define_types([kit_type_with("STEM kit", KIT)])
            kits[name] = [
                desk.holdings.add(NewHolding("STEM kit", gift=Gift(donor="RAF", gift="raf"))).tag
                for _ in range(4)
            ]
            out.send(desk)
        for giver, taker in zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True):
            tag = kits[giver][0]
            desks[giver].transfers.send(tag, taker, Count(whole=True))
            out.send(desks[giver])
            desks[taker].transfers.receive(tag, giver, Count(missing={"Wheel": 1}), type="STEM kit")
            desks[taker].loans.check_out(kits[taker][1:3], f"School of {taker}")
            out.send(desks[taker])
        desks["fife"].backups.make(folder / "backup.sqlite")
        desks["fife"].loans.check_in(kits["fife"][1:2], Count(missing={"Spanner": 1}))
        desks["fife"].actions.undo()
        out.send(desks["fife"])
        new = folder / "fife-new.sqlite"
        with restoring(RestoreRequest(folder / "backup.sqlite", str(new), "x", clock)) as ready:
            ready.carry_out()
        fife = stack.enter_context(kitloan.open(new, actor="j.kerr", clock=clock))
        fife.loans.check_in(kits["fife"][2:3], Count(whole=True))
        out.send(fife, whole=True)
        fife.holdings.report_missing(kits["fife"][3], "not on its shelf")
        out.send(fife)
        esp.close()
        yield Post(tuple(out.files), folder / "esp.sqlite")


def _esps_own(esp: College) -> None:
    terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=20)
    esp.national.agree_gift("raf", terms)
    for name in NAMES:
        esp.national.allocate("raf", name, 5)


def picture(post: Post, folder: Path, order: list[Path], seed: int) -> tuple[object, ...]:
    """What ESP has after files came in an order, some of them together."""
    clock = SetClock(datetime(2026, 9, 1, 9, tzinfo=UTC))
    place = folder / f"esp-{seed}.sqlite"
    place.write_bytes(post.esp.read_bytes())
    chance = random.Random(seed)
    with kitloan.open(place, actor="esp", clock=clock) as esp:
        waiting = list(order)
        while waiting:
            many = chance.randrange(1, 5)
            some, waiting = waiting[:many], waiting[many:]
            try:
                merge(esp, some)
            except BadInput as early:
                assert early.code == "gap"  # it is kept aside, and taken when it fits
        assert esp.exchange.refused() == []
        assert esp.ledger.verify().ok
        return register_of(esp), rows_of(esp, [table(LostEntry)]), audit_text(esp)


@pytest.mark.parametrize(
    "orders", [4, pytest.param(100, marks=pytest.mark.soak)], ids=["some", "many"]
)
def test_any_order_gives_the_same_picture(post: Post, tmp_path: Path, orders: int) -> None:
    """Two auditors with the same files would tell a donor two stories."""
    right = picture(post, tmp_path, list(post.files), 0)
    assert '"resumed_from_backup"' in str(right[2])
    for seed in range(1, orders + 1):
        chance = random.Random(seed)
        order = list(post.files) + chance.choices(post.files, k=8)
        chance.shuffle(order)
        assert picture(post, tmp_path, order, seed) == right, seed
