"""A ledger that was resumed from a backup: what ESP makes of its two branches, in any order."""

import shutil
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path

import pytest
import sqlalchemy as sa

import kitloan
from conftest import SetClock
from kitloan import BadInput, NewHolding, Refused
from kitloan.accession import kit_type_with
from kitloan.entries import Component
from kitloan.ledger import resume
from kitloan.library import Kitloan
from kitloan.models import Setting, table
from kitloan.models.national import LostEntry
from lives import register_of, rows_of

SCHOOL = "Lochgelly High School"
OF_LOST = "(seq) FROM lost_entry"


class Drill:
    """Fife's ledger in files: before a backup, what was lost after it, and what came then."""

    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.folder, self.clock = folder, clock
        store, copy = folder / "fife.sqlite", folder / "copy.sqlite"
        self.backup = folder / "backup.sqlite"
        with kitloan.init("fife", store, actor="m.ross", clock=clock) as desk:
            self.tags = [desk.holdings.add(NewHolding("STEM kit")).tag for _ in range(3)]
            self.before = self._send(desk, "before")
            shutil.copy(store, copy)
            shutil.copy(store, self.backup)
            desk.desk.check_out(self.tags[:2], SCHOOL)
            clock.move(hours=1)
            desk.desk.check_in(self.tags[:1])
            self.lost = self._send(desk, "lost", since_last=True)
            self.lost_entries = len(desk.ledger.log()) - self._count(copy)
        with kitloan.open(copy, actor="j.kerr", clock=clock) as desk:
            session = desk.session
            resume(session.store, "fife", "j.kerr", clock, 2)
            desk.desk.check_out(self.tags[2:], SCHOOL)
            self.after = self._send(desk, "after")
            self.state = register_of(desk)
            self.last = desk.ledger.heads()[0]

    def _send(self, desk: Kitloan, name: str, *, since_last: bool = False) -> Path:
        path = self.folder / f"{name}.kitloan"
        desk.exchange.export(path, since_last=since_last)
        self.clock.move(hours=1)
        return path

    def _count(self, copy: Path) -> int:
        with kitloan.open(copy, clock=self.clock) as desk:
            return len(desk.ledger.log())


@pytest.fixture
def drill(tmp_path: Path, clock: SetClock) -> Drill:
    """A laptop was stolen after its ledger was sent, and a backup restored."""
    return Drill(tmp_path, clock)


@pytest.fixture
def new_national(new_place: Callable[[], str], clock: SetClock) -> Iterator[Callable[[], Kitloan]]:
    """Makes stores for ESP."""
    opened: list[Kitloan] = []

    def make() -> Kitloan:
        opened.append(kitloan.init("esp", new_place(), actor="esp", clock=clock))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def of_fife(national: Kitloan) -> object:
    """What ESP has of fife."""
    return {
        name: [row for row in rows if row["college"] == "fife"]
        for name, rows in register_of(national).items()
    }


def test_the_branch_of_the_newest_epoch_counts_whatever_came_first(
    drill: Drill, new_national: Callable[[], Kitloan]
) -> None:
    """Else ESP's picture would depend on whether the thief or the post was quicker."""
    for order in permutations([drill.before, drill.lost, drill.after]):
        national = new_national()
        for path in order:
            try:
                national.exchange.merge([path])
            except BadInput as early:
                assert early.code == "gap"  # it is kept aside, and taken when it fits
        assert of_fife(national) == drill.state, [path.name for path in order]
        lost = rows_of(national, [table(LostEntry)])["lost_entry"]
        assert len(lost) == drill.lost_entries, "what was lost is kept, and not counted"
        assert national.exchange.refused() == []
        assert national.ledger.verify().ok
        assert [each.ledger for each in national.ledger.heads()] == ["esp", "fife/2"]


@pytest.mark.parametrize(
    ("tampering", "code"),
    [
        ("UPDATE lost_entry SET body = replace(body, 'm.ross', 'n.boss')", "altered"),
        ("UPDATE lost_entry SET seq = seq + 100", "misfiled"),
        ("UPDATE lost_entry SET epoch = 7", "misfiled"),
        ("UPDATE lost_entry SET college = 'esp'", "misfiled"),
        (
            "INSERT INTO lost_entry SELECT college, epoch, seq + 50, body, hash FROM lost_entry",
            "misfiled",
        ),
        (
            "INSERT INTO lost_entry SELECT 'atlantis', epoch, seq, body, hash FROM lost_entry",
            "no_ledger",
        ),
        ("DELETE FROM lost_entry", "cut_short"),
        (f"DELETE FROM lost_entry WHERE seq = (SELECT max{OF_LOST})", "cut_short"),
        (f"DELETE FROM lost_entry WHERE seq = (SELECT min{OF_LOST})", "broken_chain"),
    ],
)
def test_what_was_lost_is_guarded_too(
    drill: Drill, new_national: Callable[[], Kitloan], tampering: str, code: str
) -> None:
    """The entries that a backup had forgotten are the ones that somebody would alter, or lose."""
    national = new_national()
    national.exchange.merge([drill.before, drill.lost, drill.after])
    assert national.ledger.verify().ok
    with national.session.store.write() as connection:
        assert connection.exec_driver_sql(tampering).rowcount
    assert code in {each.code for each in national.ledger.verify().findings}


def test_two_restores_under_one_number_are_told_apart(
    drill: Drill, new_national: Callable[[], Kitloan], tmp_path: Path, clock: SetClock
) -> None:
    """The same backup on two laptops is two ledgers that both call themselves fife/2."""
    national = new_national()
    national.exchange.merge([drill.after])
    with kitloan.open(drill.backup, actor="x", clock=clock) as desk:
        ended = desk.ledger.heads()[0].entries
        resume(desk.session.store, "fife", "x", clock, 2)
        desk.holdings.add(NewHolding("Telescope"))
        desk.exchange.export(tmp_path / "second.kitloan")
    with pytest.raises(BadInput) as refusal:
        national.exchange.merge([tmp_path / "second.kitloan"])
    assert (refusal.value.code, refusal.value.details["seq"]) == ("forked", ended + 1)
    assert of_fife(national) == drill.state


def test_esps_file_brings_the_receipt_and_the_shared_types(
    fife: Kitloan, kit: str, new_national: Callable[[], Kitloan], tmp_path: Path
) -> None:
    """A college that never hears back sends its whole ledger for ever, or too little."""
    national = new_national()
    national.holdings.define_types(
        [kit_type_with("STEM KIT", [Component(name="Wheel", quantity=20)])]
    )
    fife.exchange.export(tmp_path / "fife")
    national.exchange.merge([tmp_path / "fife"])
    fife.desk.check_out([kit], SCHOOL)
    fife.exchange.export(tmp_path / "never arrived", since_last=True)
    national.exchange.export(tmp_path / "esp")
    _, heard = fife.exchange.hear(tmp_path / "esp")
    assert heard.kit_types == ("STEM KIT",)
    assert heard.esp_holds == national.ledger.heads()[1].entries
    assert [part.quantity for part in fife.desk.contents(kit)] == [20]
    sent = fife.exchange.export(tmp_path / "next", since_last=True)
    assert sent.last - sent.entries == heard.esp_holds, "from where ESP is, not from what was sent"
    assert national.exchange.merge([tmp_path / "next"])[0].added == sent.entries
    assert fife.exchange.hear(tmp_path / "esp")[1].kit_types == (), "nothing to do a second time"
    assert fife.ledger.verify().ok


def test_a_receipt_for_another_history_is_named(
    drill: Drill, new_national: Callable[[], Kitloan], tmp_path: Path, clock: SetClock
) -> None:
    """A backup put back by hand, without its new epoch, would fork the ledger silently."""
    national = new_national()
    national.exchange.merge([drill.before, drill.lost])
    national.exchange.export(tmp_path / "esp")
    with (
        kitloan.open(drill.backup, clock=clock) as desk,
        pytest.raises(BadInput) as refusal,
    ):
        desk.exchange.hear(tmp_path / "esp")
    assert refusal.value.code == "receipt_differs"


def test_another_colleges_file_is_not_heard(fife: Kitloan, tmp_path: Path) -> None:
    """Two registers in one store cannot be told apart again."""
    fife.exchange.export(tmp_path / "fife")
    with pytest.raises(Refused) as refusal:
        fife.exchange.hear(tmp_path / "fife")
    assert refusal.value.code == "not_national"


def test_another_key_is_taken_only_when_a_person_says_so(
    fife: Kitloan, new_national: Callable[[], Kitloan], tmp_path: Path
) -> None:
    """Whoever copies a ledger could sign it; a key that changes must be asked about."""
    national = new_national()
    fife.exchange.export(tmp_path / "first")
    national.exchange.merge([tmp_path / "first"])
    setting = table(Setting)
    with fife.session.store.write() as connection:
        connection.execute(sa.delete(setting).where(setting.c.name == "signing_key"))
    fife.holdings.add(NewHolding("Telescope"))
    fife.exchange.export(tmp_path / "second")
    with pytest.raises(BadInput) as refusal:
        national.exchange.merge([tmp_path / "second"])
    assert refusal.value.code == "key_changed"
    assert [each.code for each in national.exchange.refused()] == ["key_changed"]
    assert national.exchange.merge([tmp_path / "second"], new_key=True)[0].added
    assert national.exchange.refused() == []
