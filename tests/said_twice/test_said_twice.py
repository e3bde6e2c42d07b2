"""Every verb that takes an `id`, said twice: whatever happened in between, it is done once."""

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import kitloan
from conftest import KIT, SetClock, add_twin
from kitloan import BadInput, Count, KitloanError, NewHolding
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.text.tags import mint
from said_twice.every_verb import DUE, SCHOOL, TABLE, Desk, Row
from trusting import merge


def stir(w: Desk, clock: SetClock) -> None:
    """A month at the college: whatever may happen to what the rows were about."""
    loans, keep = w.fife.loans, w.fife.holdings
    clock.move(days=40)  # past every day that was named
    add_twin(w.fife, "N1")  # a number that is another's by now
    acts: tuple[Callable[[str], object], ...] = (
        lambda tag: keep.amend(tag, asset_number=f"new {tag}"),
        lambda tag: loans.check_in([tag], Count(whole=True)),
        lambda tag: loans.count(tag, Count(missing={"Wheel": 7})),
        lambda tag: keep.move(tag, "Attic"),
        lambda tag: loans.check_out([tag], f"{SCHOOL}y", override="all there is"),
    )
    for tag in w.tags:
        for act in acts:
            try:
                act(tag)
            except KitloanError:
                continue
    keep.define_types([kit_type_with("stem KIT", (ContentsLine(name="Gizmo", quantity=2),))])
    keep.define_types([kit_type_with("microscope", KIT)])
    w.fife.people.erase("A. Bell")
    for each in w.fife.stocktakes.list():
        if each.closed_at is None:
            w.fife.stocktakes.close(each.id)
        w.fife.stocktakes.scan(each.id, "late")
    national = w.esp.national
    national.define_programme("P1", "Water")
    national.deliver("RAF-1", 1)
    national.allocate("raf-1", "ayrshire", 13)
    w.esp.holdings.define_types([kit_type_with("STEM Kit", KIT)])


@pytest.fixture
def desk(
    fife: College, new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> Iterator[Desk]:
    """Fife's store, and ESP's with a copy of Fife's ledger."""
    for n in range(9):
        fife.holdings.add(NewHolding("Device", asset_number=f"D{n}"))
    fife.exchange.export(tmp_path / "fife.kitloan")
    with kitloan.init("esp", new_place(), actor="auditor", clock=clock) as esp:
        merge(esp, [tmp_path / "fife.kitloan"])
        yield Desk(fife, esp, tmp_path, [])


def entries(w: Desk) -> int:
    """How many entries there are."""
    return len(w.fife.ledger.log()) + len(w.esp.ledger.log())


def test_whatever_happened_since_a_request_is_done_once(desk: Desk, clock: SetClock) -> None:
    """A caller that was killed before it heard "done" says it again a month later.

    It heard a refusal of what was done already, or another answer than the first; or other words
    under an old id were taken for done.
    """
    rows: list[tuple[str, Row, object]] = []
    for part in TABLE:
        for name, row in part(desk):
            clock.move(minutes=1)
            rows.append((name, row, row[0](name)))
    stir(desk, clock)
    before = entries(desk)
    for name, (say, otherwise), answer in rows:
        assert say(name) == answer, f"{name}, said again"
        with pytest.raises(BadInput) as refusal:
            otherwise(name)
        assert refusal.value.code == "id_reused", f"{name}, in other words"
    assert entries(desk) == before, "nothing that is said again is written"
    assert desk.fife.ledger.verify().ok
    assert desk.esp.ledger.verify().ok


def test_the_table_has_every_verb(desk: Desk) -> None:
    """A verb that is added, and does its work twice when it is said twice, is not looked at."""
    parts = [name for name in vars(College) if not name.startswith("_") and name != "close"]
    taking_an_id = {
        f"{part}.{name}"
        for part in parts
        for name, verb in inspect.getmembers(type(getattr(desk.fife, part)), inspect.isfunction)
        if not name.startswith("_")
        and {"id", "request_id"} & inspect.signature(verb).parameters.keys()
    }
    assert taking_an_id
    told = {name.partition(" ")[0] for part in TABLE for name, _ in part(desk)}
    assert taking_an_id == told


def test_what_was_undone_since_is_not_done_again(fife: College, clock: SetClock) -> None:
    """A check-out that was undone as a mistake came back as a refusal, or as a second loan."""
    loans, keep = fife.loans, fife.holdings
    kit = keep.add(NewHolding("STEM kit", asset_number="U1"), request_id="added")
    lent = loans.check_out(["U1"], SCHOOL, due_on=DUE, request_id="lent")
    back = loans.check_in(["U1"], Count(missing={"Wheel": 1}), request_id="back")
    good = loans.restock("U1", "Wheel", 1, request_id="good")
    for _ in range(4):
        fife.actions.undo()
    keep.add(NewHolding("Abacus", tag=kit.tag))
    before = len(fife.ledger.log())
    assert keep.add(NewHolding("STEM kit", asset_number="U1"), request_id="added") == kit
    assert loans.check_out(["U1"], SCHOOL, due_on=DUE, request_id="lent") == lent
    assert loans.check_in(["U1"], Count(missing={"Wheel": 1}), request_id="back") == back
    assert loans.restock("U1", "Wheel", 1, request_id="good") == good
    assert len(fife.ledger.log()) == before
    assert fife.find.holding(kit.tag).type == "Abacus"


def test_who_was_forgotten_is_not_written_down_again(fife: College) -> None:
    """A request that names a person, said again after they were erased, brought them back."""
    number = "P1"
    fife.holdings.add(NewHolding("Device", asset_number=number))

    def lend(contact: str | None) -> object:
        return fife.loans.check_out(
            [number], SCHOOL, contact=contact, purpose="fair", request_id="lent"
        )

    lent = lend("A. Bell")
    for other in ("B. Call", None):
        with pytest.raises(BadInput) as refusal:
            lend(other)
        assert refusal.value.code == "id_reused"
    fife.people.erase("A. Bell")
    assert lend("A. Bell") == lent
    assert fife.people.known() == []


def test_words_that_mean_the_same_are_the_same_request(fife: College, kit: str) -> None:
    """A caller that gives the tag where it gave the number before has asked for nothing else."""
    first = fife.loans.check_out(["fc001"], SCHOOL, request_id="lent")
    fife.session.clock.move(days=20)  # type: ignore[attr-defined]  # a test's clock
    assert fife.loans.check_out([kit], SCHOOL.lower(), request_id="lent") == first
    due = first[0].due_on
    assert fife.loans.check_out([kit], SCHOOL.lower(), due_on=due, request_id="lent") == first
    with pytest.raises(BadInput):
        fife.loans.check_out([kit], SCHOOL, due_on=due + timedelta(days=1), request_id="lent")


def test_a_label_that_another_has_by_now(fife: College) -> None:
    """A label claimed by mistake and given to another kit made every earlier request fail."""
    keep = fife.holdings
    one, two = (keep.add(NewHolding("Device")).tag for _ in range(2))
    label = mint()
    keep.claim_label(one, label, request_id="claimed")
    keep.move(one, "Shelf 1", request_id="moved")
    fife.actions.undo()
    fife.actions.undo()
    keep.claim_label(two, label)
    before = len(fife.ledger.log())
    keep.claim_label(one, label, request_id="claimed")
    keep.move(one, "Shelf 1", request_id="moved")
    assert len(fife.ledger.log()) == before
    assert fife.find.holding(label).tag == two
