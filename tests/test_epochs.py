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
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.ledger.writer import resume
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.tables import LedgerEntry, Setting, table
from kitloan.tables.national import LostEntry, LostTwin
from lives import register_of, rows_of
from trusting import hear, merge

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
            desk.loans.check_out(self.tags[:2], SCHOOL)
            clock.move(hours=1)
            desk.loans.check_in(self.tags[:1])
            self.lost = self._send(desk, "lost", since_last=True)
            desk.holdings.sight(self.tags[0])
            self.lost_too = self._send(desk, "lost too", since_last=True)
            self.lost_entries = len(desk.ledger.log()) - self._count(copy)
        with kitloan.open(copy, actor="j.kerr", clock=clock) as desk:
            session = desk.session
            resume(session.store, "fife", "j.kerr", clock, 2)
            self.resumed = self._send(desk, "resumed")
            desk.loans.check_out(self.tags[2:], SCHOOL)
            for _ in range(6):
                desk.holdings.sight(self.tags[2])
            self.after = self._send(desk, "after")
            self.state = register_of(desk)
            self.last = desk.ledger.heads()[0]

    def _send(self, desk: College, name: str, *, since_last: bool = False) -> Path:
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
def new_national(new_place: Callable[[], str], clock: SetClock) -> Iterator[Callable[[], College]]:
    """Makes stores for ESP."""
    opened: list[College] = []

    def make() -> College:
        opened.append(kitloan.init("esp", new_place(), actor="esp", clock=clock))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def of_fife(national: College) -> object:
    """What a store has of fife."""
    return {
        name: [row for row in rows if row["college"] == "fife"]
        for name, rows in register_of(national).items()
    }


def test_the_branch_of_the_newest_epoch_counts_whatever_came_first(
    drill: Drill, new_national: Callable[[], College]
) -> None:
    """Else ESP's picture would depend on whether the thief or the post was quicker."""
    files = [drill.before, drill.lost, drill.lost_too, drill.resumed, drill.after]
    for order in list(permutations(files))[::24]:
        national = new_national()
        for path in order:
            try:
                merge(national, [path])
            except BadInput as early:
                assert early.code == "gap"  # it is kept aside, and taken when it fits
        assert of_fife(national) == drill.state, [path.name for path in order]
        lost = rows_of(national, [table(LostEntry)])["lost_entry"]
        assert len(lost) == drill.lost_entries, "what was lost is kept, and not counted"
        assert national.exchange.refused() == []
        assert national.ledger.verify().ok
        assert [each.ledger for each in national.ledger.heads()] == ["esp", "fife/2"]


def test_a_folder_of_files_needs_no_order(
    drill: Drill, new_national: Callable[[], College]
) -> None:
    """Whoever is told of a refusal asks the college for a file that is there already."""
    national = new_national()
    merge(national, [drill.resumed])
    with pytest.raises(BadInput):
        merge(national, [drill.lost_too])
    merged = merge(national, [drill.lost, drill.after])
    assert len(merged) == 3, "with what was kept aside"
    national = new_national()
    assert len(merge(national, [drill.lost_too, drill.resumed, drill.lost])) == 3
    assert national.exchange.refused() == []


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
    drill: Drill, new_national: Callable[[], College], tampering: str, code: str
) -> None:
    """The entries that a backup had forgotten are the ones that somebody would alter, or lose."""
    national = new_national()
    merge(national, [drill.before, drill.lost, drill.after])
    assert national.ledger.verify().ok
    with national.session.store.write() as connection:
        assert connection.exec_driver_sql(tampering).rowcount
    assert code in {each.code for each in national.ledger.verify().findings}


def restored(drill: Drill, place: Path, epoch: int = 2, sights: int = 1) -> Path:
    """The drill's backup on another laptop, resumed under a number; what it sends."""
    shutil.copy(drill.backup, place)
    with kitloan.open(place, actor="x", clock=drill.clock) as desk:
        resume(desk.session.store, "fife", "x", drill.clock, epoch)
        for _ in range(sights):
            desk.holdings.sight(drill.tags[0])
        drill.clock.move(hours=1)
        desk.exchange.export(place.with_suffix(".kitloan"))
    return place.with_suffix(".kitloan")


def test_of_restores_under_one_number_the_last_counts_and_none_is_lost(
    drill: Drill, new_national: Callable[[], College], tmp_path: Path
) -> None:
    """Whoever restores the old stick on a new laptop cannot know which number was used up."""
    files = [drill.after, *(restored(drill, tmp_path / f"{n}", sights=n) for n in (7, 2))]
    seen = []
    for order in list(permutations(files))[::2]:
        national = new_national()
        for path in order:
            merge(national, [path])
        assert national.ledger.verify().ok
        kept = rows_of(national, [table(LedgerEntry), table(LostEntry), table(LostTwin)])
        hashes = [sorted(row["hash"] for row in rows) for rows in kept.values()]
        seen.append((of_fife(national), hashes[1:]))
        assert kept["lost_twin"], "two that are lost bear one number"
    assert [each for each in seen if each != seen[0]] == []
    with kitloan.open(tmp_path / "2", clock=drill.clock) as last:
        assert seen[0][0] == of_fife(last)
    twin = table(LostTwin)
    with national.session.store.write() as connection:
        connection.execute(sa.update(twin).values(body=twin.c.body + " "))
    assert {each.code for each in national.ledger.verify().findings} == {"altered"}


def test_a_lower_number_goes_on_above_what_esp_counts(
    drill: Drill, new_national: Callable[[], College], tmp_path: Path
) -> None:
    """Restored from a stick older than two restores, a college's work would never count."""
    national = new_national()
    stolen = restored(drill, tmp_path / "stolen", epoch=3)
    new = restored(drill, tmp_path / "new", epoch=2)
    merge(national, [stolen, new])
    found = {each.code for each in national.audit.audit().findings}
    assert {"resumed_from_backup", "written_twice"} <= found
    national.exchange.export(tmp_path / "esp")
    with kitloan.open(tmp_path / "new", actor="x", clock=drill.clock) as desk:
        _, heard = hear(desk, tmp_path / "esp")
        assert heard.goes_on_as == "fife/4"
        assert hear(desk, tmp_path / "esp")[1].goes_on_as is None, "once is enough"
        desk.exchange.export(tmp_path / "next", since_last=True)
        merge(national, [tmp_path / "next"])
        assert of_fife(national) == of_fife(desk)
        assert desk.ledger.verify().ok
        national.exchange.export(tmp_path / "esp")
        last = desk.ledger.heads()[-1].entries
        assert hear(desk, tmp_path / "esp")[1].esp_holds == last
    assert "written_twice" not in {each.code for each in national.audit.audit().findings}


def test_going_back_to_what_was_kept_goes_on_in_parts(
    drill: Drill, new_national: Callable[[], College], tmp_path: Path
) -> None:
    """Whoever restored by mistake and went back is not asked for everything, nor accused."""
    national = new_national()
    merge(national, [drill.before, drill.lost, drill.lost_too, drill.resumed])
    national.exchange.export(tmp_path / "esp")
    with kitloan.open(drill.folder / "fife.sqlite", actor="m.ross", clock=drill.clock) as desk:
        resume(desk.session.store, "fife", "m.ross", drill.clock, 3)
        desk.exchange.export(tmp_path / "part", since_last=True)
        assert merge(national, [tmp_path / "part"])[0].known == 0
        assert of_fife(national) == of_fife(desk)
        hear(desk, tmp_path / "esp")


def test_a_college_that_esp_does_not_name_sends_everything(
    fife: College, new_national: Callable[[], College], tmp_path: Path
) -> None:
    """When the first file is lost in the post, every later one would be refused for ever."""
    national = new_national()
    fife.exchange.export(tmp_path / "lost in the post")
    national.exchange.export(tmp_path / "esp")
    assert hear(fife, tmp_path / "esp")[1].esp_holds is None
    fife.exchange.export(tmp_path / "next", since_last=True)
    assert merge(national, [tmp_path / "next"])[0].added == fife.ledger.heads()[-1].entries


# -- another ledger of the same college ----------------------------------------------------------


def begun_again(folder: Path, clock: SetClock, kits: int) -> tuple[Path, Path]:
    """A ledger of fife's from its first entry, in a whole file and a part that follows."""
    files = (folder / f"{kits}.kitloan", folder / f"{kits}-more.kitloan")
    with kitloan.init("fife", folder / f"{kits}.sqlite", actor="m.ross", clock=clock) as desk:
        for _ in range(kits):
            desk.holdings.add(NewHolding("STEM kit"))
        desk.exchange.export(files[0])
        desk.holdings.add(NewHolding("Telescope"))
        desk.exchange.export(files[1], since_last=True)
    return files


def test_a_practice_ledger_does_not_shut_a_college_out(
    new_national: Callable[[], College], tmp_path: Path, clock: SetClock
) -> None:
    """One practice file merged in good faith, and the college would never be in the audit."""
    national = new_national()
    (practice, _), (real, more) = (begun_again(tmp_path, clock, kits) for kits in (1, 3))
    merge(national, [practice])
    for file in (real, more):
        with pytest.raises(BadInput) as refusal:
            merge(national, [file], new_key=True)
        assert refusal.value.code in ("forked", "gap")
    with pytest.raises(BadInput) as refusal:
        merge(national, [more], replace=True)
    assert refusal.value.code == "not_whole"
    with pytest.raises(BadInput) as refusal:
        merge(national, [real, practice], replace=True)
    assert refusal.value.code == "one_at_a_time"
    clock.move(days=1)
    merge(national, [real], replace=True)
    assert national.exchange.refused() == [], "what follows on it was merged by itself"
    with kitloan.open(tmp_path / "3.sqlite", clock=clock) as desk:
        assert of_fife(national) == of_fife(desk)
    assert national.ledger.verify().ok
    (found,) = [f for f in national.audit.audit().findings if f.code == "ledger_replaced"]
    assert "24 Nov 2026 another history" in found.message
    assert merge(national, [practice, real, more])[0].added == 0, "all are known"
    national.exchange.export(tmp_path / "esp")
    for kits, code in ((3, None), (1, "receipt_differs")):
        with kitloan.open(tmp_path / f"{kits}.sqlite", clock=clock) as desk:
            try:
                told = hear(desk, tmp_path / "esp")[1].goes_on_as
            except BadInput as refused:
                told = refused.code
            assert told == code
    merge(national, [practice], replace=True)
    assert [each.entries for each in national.ledger.heads()][1:] == [3], "also back again"
    assert national.ledger.verify().ok


def test_esps_file_brings_the_receipt_and_the_shared_types(
    fife: College, kit: str, new_national: Callable[[], College], tmp_path: Path
) -> None:
    """A college that never hears back sends its whole ledger for ever, or too little."""
    national = new_national()
    national.holdings.define_types(
        [kit_type_with("STEM KIT", [ContentsLine(name="Wheel", quantity=20)])]
    )
    fife.exchange.export(tmp_path / "fife")
    merge(national, [tmp_path / "fife"])
    fife.loans.check_out([kit], SCHOOL)
    fife.exchange.export(tmp_path / "never arrived", since_last=True)
    national.exchange.export(tmp_path / "esp")
    _, heard = hear(fife, tmp_path / "esp")
    assert heard.kit_types == ("STEM KIT",)
    assert heard.esp_holds == national.ledger.heads()[1].entries
    assert [part.quantity for part in fife.loans.contents(kit)] == [20]
    sent = fife.exchange.export(tmp_path / "next", since_last=True)
    assert sent.last - sent.entries == heard.esp_holds, "from where ESP is, not from what was sent"
    assert merge(national, [tmp_path / "next"])[0].added == sent.entries
    assert hear(fife, tmp_path / "esp")[1].kit_types == (), "nothing to do a second time"
    assert fife.ledger.verify().ok


def test_a_type_that_esp_only_names_leaves_a_colleges_contents_alone(
    fife: College, kit: str, new_national: Callable[[], College], tmp_path: Path
) -> None:
    """Else a gift that names a kit would empty its contents list in every college that hears."""
    national = new_national()
    national.national.agree_gift(
        "raf-2026", GiftTermsAgreed(donor="RAF", type="STEM kit", promised=2)
    )
    national.exchange.export(tmp_path / "esp")
    parts = fife.loans.contents(kit)
    assert hear(fife, tmp_path / "esp")[1].kit_types == ()
    assert fife.loans.contents(kit) == parts


def test_a_receipt_for_another_history_is_named(
    drill: Drill, new_national: Callable[[], College], tmp_path: Path, clock: SetClock
) -> None:
    """A backup put back by hand, without its new epoch, would fork the ledger silently."""
    national = new_national()
    merge(national, [drill.before, drill.lost])
    national.exchange.export(tmp_path / "esp")
    with (
        kitloan.open(drill.backup, clock=clock) as desk,
        pytest.raises(BadInput) as refusal,
    ):
        hear(desk, tmp_path / "esp")
    assert refusal.value.code == "receipt_differs"


def test_another_colleges_file_is_not_heard(fife: College, tmp_path: Path) -> None:
    """Two registers in one store cannot be told apart again."""
    fife.exchange.export(tmp_path / "fife")
    with pytest.raises(Refused) as refusal:
        hear(fife, tmp_path / "fife")
    assert refusal.value.code == "not_national"


def test_another_key_is_taken_only_when_a_person_says_so(
    fife: College, new_national: Callable[[], College], tmp_path: Path
) -> None:
    """Whoever copies a ledger could sign it; a key that changes must be asked about."""
    national = new_national()
    fife.exchange.export(tmp_path / "first")
    merge(national, [tmp_path / "first"])
    setting = table(Setting)
    with fife.session.store.write() as connection:
        connection.execute(sa.delete(setting).where(setting.c.name == "signing_key"))
    fife.holdings.add(NewHolding("Telescope"))
    fife.exchange.export(tmp_path / "second")
    with pytest.raises(BadInput) as refusal:
        merge(national, [tmp_path / "second"])
    assert refusal.value.code == "key_changed"
    assert [each.code for each in national.exchange.refused()] == ["key_changed"]
    assert merge(national, [tmp_path / "second"], new_key=True)[0].added
    assert national.exchange.refused() == []
