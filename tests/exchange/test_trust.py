"""Trust between ledgers: what a stranger's file, or a stolen key, can and cannot do."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from pathlib import Path

import pytest
import sqlalchemy as sa

import kitloan
from conftest import SetClock
from exchange.forging import Forger, lines_of, resealed
from kitloan import BadInput, NewHolding, Refused
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.college import College
from kitloan.exchange.sending import key_of
from kitloan.exchange.trust import fingerprint
from kitloan.ledger.epochs import EPOCHS_AHEAD, LAST_EPOCH
from kitloan.ledger.facts.ledger import LedgerResumed
from kitloan.ledger.writer import Head, writing
from kitloan.tables import table
from kitloan.tables.national import PinnedKey
from lives import register_of
from trusting import hear, keys_of, merge

SCHOOL = "Lochgelly High School"


@pytest.fixture
def new_store(new_place: Callable[[], str], clock: SetClock) -> Iterator[Callable[[str], College]]:
    """Makes stores of colleges and of ESP."""
    opened: list[College] = []

    def make(college: str) -> College:
        opened.append(kitloan.init(college, new_place(), actor=college, clock=clock))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def desk(new_store: Callable[[str], College]) -> College:
    """Fife's store, with a kit."""
    made = new_store("fife")
    made.holdings.add(NewHolding("STEM kit"))
    return made


@pytest.fixture
def esp(new_store: Callable[[str], College]) -> College:
    """ESP's store."""
    return new_store("esp")


def sent(opened: College, path: Path, *, since_last: bool = False) -> Path:
    """A store's file."""
    opened.exchange.export(path, since_last=since_last)
    return path


def code_of(what: Callable[[], object]) -> str | None:
    """The code that something is refused with."""
    try:
        what()
    except (BadInput, Refused) as refusal:
        return refusal.code
    return None


# -- nothing that a file says can end a ledger ----------------------------------------------------


def held(desk: College, **changes: object) -> list[dict[str, object]]:
    """A receipt that no ESP would give."""
    line = {"seq": 1, "hash": "0" * 64, "first": "", "began": "1" * 64}
    return [{"ledger": desk.session.college} | line | changes]


@pytest.mark.parametrize("epoch", [LAST_EPOCH, LAST_EPOCH - 1, 40_000, EPOCHS_AHEAD + 2])
def test_a_receipt_that_jumps_is_refused_whole(
    desk: College, esp: College, tmp_path: Path, epoch: int
) -> None:
    """One line in a header ended a college's ledger for good."""
    lines = lines_of(sent(esp, tmp_path / "esp"))
    holds = held(desk, ledger=f"fife/{epoch}")
    file = Forger().signed(lines, tmp_path / "jump", holds=holds)
    before = desk.ledger.heads()
    with pytest.raises(BadInput) as refusal:
        hear(desk, file)
    assert (refusal.value.code, desk.ledger.heads()) == ("epoch_jump", before)
    assert "--replace" in refusal.value.hint
    assert sent(desk, tmp_path / "next").exists()


def test_an_honest_jump_is_taken_and_the_number_stays_short(
    desk: College, esp: College, tmp_path: Path
) -> None:
    """Restores that were not heard of yet are ahead by a few."""
    holds = held(desk, ledger="fife/7", first="")
    lines = lines_of(sent(esp, tmp_path / "esp"))
    file = Forger().signed(lines, tmp_path / "ahead", holds=holds)
    assert hear(desk, file)[1].goes_on_as == "fife/8"
    assert desk.ledger.verify().ok


@pytest.mark.parametrize(
    "epochs",
    [
        (EPOCHS_AHEAD + 20,),
        (LAST_EPOCH,),
        (2, EPOCHS_AHEAD + 30),
        tuple(range(1_000, 20_001, 1_000)),
    ],
)
def test_a_college_whose_epochs_jump_is_refused(
    desk: College, esp: College, tmp_path: Path, epochs: tuple[int, ...]
) -> None:
    """What ESP takes it tells every college: a thief's number would come back to the true one."""
    thief = Forger()
    file = thief.resumed(lines_of(sent(desk, tmp_path / "fife")), tmp_path / "jump", *epochs)
    assert code_of(lambda: merge(esp, [file])) == "epoch_jump"
    assert [each.ledger for each in esp.ledger.heads()] == ["esp"]
    fine = thief.resumed(lines_of(tmp_path / "fife"), tmp_path / "fine", 2, 9)
    merge(esp, [fine])
    assert [each.ledger for each in esp.ledger.heads()] == ["esp", "fife/9"]


def test_a_person_can_take_a_whole_ledger_in_place_of_one_that_jumped(
    desk: College, esp: College, tmp_path: Path
) -> None:
    """An ESP of 0.2.0 may count a thief's epoch already; the true ledger must have a way back."""
    true = sent(desk, tmp_path / "true")
    merge(esp, [true])
    lines = lines_of(true)
    forger = Forger()
    merge(esp, [forger.resumed(lines, tmp_path / "jump", 40_000)], replace=True)
    assert esp.ledger.heads()[-1].ledger == "fife/40000"
    desk.holdings.add(NewHolding("Telescope"))
    merge(esp, [sent(desk, true)], replace=True)
    assert of_fife(esp) == of_fife(desk)
    assert esp.ledger.verify().ok
    assert hear(desk, sent(esp, tmp_path / "esp"))[1].goes_on_as is None


def poisoned(desk: College, epoch: int) -> None:
    """What 0.2.0 did when a file said that ESP holds the epoch before."""
    college, clock = desk.session.college, desk.session.clock
    with writing(desk.session.store, college, "x", clock) as writer:
        last = writer._head
        writer._head = Head(epoch, last.seq, last.hash, last.at)
        writer.append(LedgerResumed(seq=last.seq, hash=last.hash))


@pytest.mark.parametrize("epoch", [LAST_EPOCH + 1, LAST_EPOCH, 40_000])
def test_a_store_that_was_poisoned_goes_on(
    tmp_path: Path, clock: SetClock, esp: College, epoch: int
) -> None:
    """Export failed, a backup could not be restored over the store, and nothing led out."""
    place = tmp_path / "fife.sqlite"
    with kitloan.init("fife", place, actor="m.ross", clock=clock) as desk:
        tags = [desk.holdings.add(NewHolding("STEM kit")).tag for _ in range(2)]
        merge(esp, [sent(desk, tmp_path / "before")])
        poisoned(desk, epoch)
        desk.loans.check_out(tags[:1], SCHOOL)
        desk.loans.check_out(tags[1:], SCHOOL)
        desk.actions.undo()
        assert desk.ledger.verify().ok
        assert sent(desk, tmp_path / "poisoned").exists()
        desk.backups.make(tmp_path / "backup")
        log, loans = len(desk.ledger.log()), len(desk.find.loans().items)
    for where in (place, tmp_path / "new.sqlite"):
        with restoring(RestoreRequest(tmp_path / "backup", str(where), "m.ross", clock)) as found:
            assert found.loss.entries == 0
            done = found.carry_out()
        with kitloan.open(where, actor="m.ross", clock=clock) as desk:
            assert desk.ledger.verify().ok
            assert (len(desk.ledger.log()), len(desk.find.loans().items)) == (log + 1, loans)
            assert desk.ledger.heads()[-1].ledger == done.ledger
            desk.loans.check_in(tags[:1])
            if epoch >= LAST_EPOCH:
                assert done.ledger == "fife/3", "numbered as if the jump had not been"
    with kitloan.open(place, actor="m.ross", clock=clock) as desk:
        file = sent(desk, tmp_path / "healed")
        merge(esp, [file], replace=epoch < LAST_EPOCH)
        assert of_fife(esp) == of_fife(desk)
        assert hear(desk, sent(esp, tmp_path / "esp"))[1].goes_on_as is None


def test_no_epoch_follows_the_last(desk: College) -> None:
    """A number beyond what a name can have would be read as none."""
    with (
        pytest.raises(Refused) as refusal,
        writing(desk.session.store, "fife", "x", desk.session.clock) as writer,
    ):
        writer.resume(LAST_EPOCH + 1)
    assert refusal.value.code == "epochs_used_up"
    assert "kitloan restore" in refusal.value.hint


# -- first contact ----------------------------------------------------------------------------


def test_a_first_file_needs_its_key_confirmed(desk: College, esp: College, tmp_path: Path) -> None:
    """Anybody could send ESP a college's first file."""
    file = sent(desk, tmp_path / "fife")
    with pytest.raises(Refused) as refusal:
        esp.exchange.merge([file])
    own = desk.exchange.key()
    assert refusal.value.code == "unknown_key"
    assert refusal.value.details["ledger"] == own.ledger == "fife"
    assert refusal.value.details["fingerprint"] == own.fingerprint
    assert len(esp.ledger.heads()) == 1
    bare = own.fingerprint.replace(" ", "")
    for short in (bare[:16], bare[:31], bare + "0", "", "x" * 32):
        assert code_of(partial(esp.exchange.merge, [file], trust=[short])) == "bad_fingerprint"
    other = fingerprint(Forger().public)
    for wrong in (other, f"ayrshire {own.fingerprint}"):
        assert code_of(partial(esp.exchange.merge, [file], trust=[wrong])) == "unknown_key"
    shown = "-".join(own.fingerprint.upper().split())
    esp.exchange.merge([file], trust=[f"fife: {shown}"])
    desk.holdings.add(NewHolding("Telescope"))
    assert esp.exchange.merge([sent(desk, tmp_path / "next", since_last=True)])[0].added
    assert esp.exchange.refused() == []


def test_each_store_asks_once(desk: College, esp: College, tmp_path: Path) -> None:
    """A question that comes again is answered without looking."""
    for turn in range(3):
        desk.holdings.add(NewHolding("STEM kit"))
        file = sent(desk, tmp_path / f"fife-{turn}", since_last=True)
        assert len(esp.exchange.first_contacts([file, file])) == (turn == 0)
        merge(esp, [file])
        back = sent(esp, tmp_path / f"esp-{turn}")
        assert len(desk.exchange.first_contacts([back])) == (turn == 0)
        hear(desk, back)


def test_what_waits_aside_is_not_taken_without_its_key(
    desk: College, esp: College, tmp_path: Path
) -> None:
    """A stranger's file that comes first must not slip in behind the true one."""
    lines = lines_of(sent(desk, tmp_path / "true"))
    stranger = Forger().more(lines, tmp_path / "stranger")
    assert code_of(lambda: esp.exchange.merge([stranger])) == "unknown_key"
    merge(esp, [tmp_path / "true"])
    assert esp.ledger.heads()[-1].entries == len(lines) - 1
    assert len(esp.exchange.refused()) == 1


@pytest.mark.parametrize(
    "college",
    [
        *("ESP", "Esp", "\uff45\uff53\uff50", "\u0435sp", "es\u0440", "\u00e9sp", "esp\u200b"),
        *("\u0430yrshire", "ayrshir\u00e9", "f\u0131fe", "\ufb01fe", "fife\u0301", "FIFE"),
        *("--help", "..", "*", "-fife", "fife-", "a" * 41, "\u03bfak", "fife\u2010college"),
    ],
)
def test_an_id_that_init_refuses_is_no_ledgers(
    esp: College, clock: SetClock, tmp_path: Path, college: str
) -> None:
    """Two colleges of one name would be in the report, and nobody could tell them apart."""
    with kitloan.init("my-college", tmp_path / "own", name="Mine", clock=clock) as own:
        lines = lines_of(sent(own, tmp_path / "mine"))
    renamed = [line.replace('"my-college"', json.dumps(college)) for line in lines]
    file = Forger().signed(resealed(renamed), tmp_path / "renamed")
    assert esp.exchange.first_contacts([file]) == []
    assert code_of(lambda: merge(esp, [file])) == "bad_exchange_file"
    if college.casefold() not in ("esp", "fife"):  # which init takes for the listed one
        again = tmp_path / "again"
        assert code_of(lambda: kitloan.init(college, again, name="N", clock=clock))


def test_a_gaelic_id_is_a_ledgers(esp: College, clock: SetClock, tmp_path: Path) -> None:
    """An accent alone makes nobody a stranger."""
    with kitloan.init("c\u00f2laiste", tmp_path / "own", name="C\u00f2laiste", clock=clock) as own:
        assert merge(esp, [sent(own, tmp_path / "file")])[0].added


def test_a_college_that_believed_a_stranger_is_brought_back(
    desk: College, new_store: Callable[[str], College], tmp_path: Path, clock: SetClock
) -> None:
    """Also where nobody was hostile: an ESP that practised with one store and began another."""
    practice = new_store("esp")
    hear(desk, sent(practice, tmp_path / "practice"))
    clock.move(days=1)
    esp = new_store("esp")
    merge(esp, [sent(desk, tmp_path / "fife")])
    true = sent(esp, tmp_path / "true")
    with pytest.raises(BadInput) as refusal:
        desk.exchange.take_receipt(true)
    assert (refusal.value.code, "--replace" in refusal.value.hint) == ("forked", True)
    assert (
        desk.exchange.take_receipt(true, replace=True)[1].esp_holds
        == desk.ledger.heads()[-1].entries
    )
    assert desk.exchange.take_receipt(sent(esp, tmp_path / "next"))[0].known
    assert code_of(lambda: desk.exchange.take_receipt(tmp_path / "practice")) == "retired_key"
    assert desk.ledger.verify().ok


def test_keys_of_before_stay_trusted(desk: College, esp: College, tmp_path: Path) -> None:
    """A store of 0.2.0 has its keys pinned: nobody is asked again."""
    merge(esp, [sent(desk, tmp_path / "fife")])
    assert keys_of(esp, [tmp_path / "fife"]) == []
    assert esp.exchange.merge([tmp_path / "fife"])[0].added == 0


# -- keys that are retired --------------------------------------------------------------------


def as_thief(desk: College) -> Forger:
    """Somebody with the key that a store signs with now."""
    thief = Forger()
    thief._key = key_of(desk.session)
    thief.public = thief._key.public_key().public_bytes_raw().hex()
    return thief


def test_what_a_retired_key_signs_is_refused_in_any_order(
    new_store: Callable[[str], College], desk: College, tmp_path: Path
) -> None:
    """A stolen key was believed for ever, beside the new one."""
    esps = [new_store("esp") for _ in range(3)]
    thief = as_thief(desk)
    first = lines_of(sent(desk, tmp_path / "first"))
    for esp in esps:
        merge(esp, [tmp_path / "first"])
    desk.exchange.key(new=True)
    desk.holdings.add(NewHolding("Telescope"))
    second = lines_of(sent(desk, tmp_path / "second"))
    stolen = [
        thief.more(first, tmp_path / "fork"),
        thief.more(second, tmp_path / "on"),
        thief.resumed(second, tmp_path / "epoch", 2),
        Forger.signed(thief, second, tmp_path / "capitals", key=thief.public.upper()),
    ]
    for esp, order in zip(esps, permutations(stolen), strict=False):
        merge(esp, [tmp_path / "second"], new_key=True)
        before = esp.ledger.heads()
        for file in order:
            for flags in ({}, {"new_key": True}):
                refused = code_of(partial(merge, esp, [file], **flags))
                wanted = "unsigned" if file.name == "capitals" else "retired_key"
                assert refused == wanted, file.name
        assert merge(esp, [tmp_path / "first"])[0].added == 0, "what it signed before is known"
        assert esp.ledger.heads() == before
        (found,) = [each for each in esp.audit.audit().findings if each.code == "key_changed"]
        assert fingerprint(thief.public) in found.message
        assert "retired on 23 Nov 2026" in found.message


def test_a_retired_key_comes_back_only_with_its_ledger(
    desk: College, esp: College, tmp_path: Path
) -> None:
    """The wrong key may have been taken; --replace is the way back, and says so in the refusal."""
    thief, true = Forger(), as_thief(desk)
    first = lines_of(sent(desk, tmp_path / "first"))
    merge(esp, [tmp_path / "first"])
    merge(esp, [thief.more(first, tmp_path / "forged")], new_key=True)
    desk.holdings.add(NewHolding("Telescope"))
    mine = true.signed(lines_of(sent(desk, tmp_path / "mine")), tmp_path / "mine")
    with pytest.raises(Refused) as refusal:
        merge(esp, [mine])
    assert (refusal.value.code, "--replace" in refusal.value.hint) == ("retired_key", True)
    merge(esp, [mine], replace=True)
    assert of_fife(esp) == of_fife(desk)
    again = thief.more(lines_of(mine), tmp_path / "again")
    assert code_of(lambda: merge(esp, [again])) == "retired_key"
    pinned = table(PinnedKey)
    with esp.session.reading() as connection:
        since = connection.execute(sa.select(pinned.c.since)).scalars().all()
    assert len(set(since)) == len(since), "which of two is in force can be told"


def test_two_new_keys_at_once_are_not_taken(desk: College, esp: College, tmp_path: Path) -> None:
    """Which of them came first would decide who is believed."""
    first, _ = lines_of(sent(desk, tmp_path / "first")), merge(esp, [tmp_path / "first"])
    files = [Forger().more(first, tmp_path / name) for name in ("a", "b")]
    for order in (files, files[::-1]):
        assert code_of(partial(merge, esp, order, new_key=True)) == "one_at_a_time"
    assert esp.ledger.heads()[-1].entries == len(first) - 1


def of_fife(opened: College) -> object:
    """What a store has of fife."""
    return {
        name: [row for row in rows if row["college"] == "fife"]
        for name, rows in register_of(opened).items()
    }
