"""ESP's own ledger: what was promised, who gets it, and whether a college can show what it has."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import BadInput, NewHolding, Refused
from kitloan.college import College
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.text.dates import instant
from kitloan.text.tags import is_tag, mint
from trusting import merge

RAF = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=20, title="held_for_esp")


@pytest.fixture
def esp(new_place: Callable[[], str], clock: SetClock) -> Iterator[College]:
    """ESP's store."""
    with kitloan.init("esp", new_place(), actor="auditor", clock=clock) as opened:
        yield opened


@pytest.fixture
def colleges(new_place: Callable[[], str], clock: SetClock) -> Iterator[dict[str, College]]:
    """Two colleges with five kits each, in stores of their own."""
    with ExitStack() as until_the_end:
        opened = {
            who: until_the_end.enter_context(
                kitloan.init(who, new_place(), actor="m.ross", clock=clock)
            )
            for who in ("fife", "smo")
        }
        for each in opened.values():
            for n in range(5):
                each.holdings.add(NewHolding("STEM kit", asset_number=f"K{n}"))
        yield opened


@pytest.fixture
def send(tmp_path: Path, clock: SetClock) -> Callable[[College, College], None]:
    """Carries one store's ledger to another, as its file does."""
    count = iter(range(100))

    def carry(sender: College, receiver: College) -> None:
        clock.move(minutes=1)
        file = tmp_path / f"{next(count)}.kitloan"
        sender.exchange.export(file)
        merge(receiver, [file])
        clock.move(minutes=1)

    return carry


Send = Callable[[College, College], None]


def refused(code: str, act: Callable[[], object]) -> kitloan.KitloanError:
    """The refusal of this code that `act` meets."""
    with pytest.raises((Refused, BadInput)) as refusal:
        act()
    assert refusal.value.code == code
    return refusal.value


def test_a_gift_in_sums(esp: College, clock: SetClock) -> None:
    """Whoever answers to the donor must be able to say where each of the twenty is to be."""
    national, today = esp.national, esp.session.today
    national.define_programme("youth", "Youth & STEM")
    terms = replace(RAF, programme="YOUTH", tranche="2", acknowledgement="Given by the RAF")
    terms = replace(terms, agreed_on=today - timedelta(days=3))
    assert national.agree_gift("raf-2026", terms).type == "STEM kit"
    national.deliver("RAF-2026", 8, today - timedelta(days=3))
    assert national.deliver("raf-2026", 4, request_id="van").delivered == 12
    assert national.deliver("raf-2026", 4, request_id="van").delivered == 12, "one van, said twice"
    first = national.allocate("raf-2026", "Fife College", 12, request_id="fife's")
    assert national.allocate("raf-2026", "fife", 12, request_id="fife's") == first
    said = refused("more_than_promised", lambda: national.allocate("raf-2026", "smo", 9))
    assert said.details["left"] == 8
    national.allocate("raf-2026", "smo", 8, allocation="smo-1")
    national.allocate("raf-2026", "fife", 10, allocation=first.id)
    national.allocate("raf-2026", "ayrshire", 2, today - timedelta(days=1))
    (gift,) = national.gifts()
    assert (gift.promised, gift.delivered, gift.allocated) == (20, 12, 20)
    assert [(each.college, each.quantity) for each in gift.allocations] == [
        *(("ayrshire", 2), ("fife", 10), ("smo", 8))
    ]
    assert (gift.programme, gift.tranche, gift.title) == ("youth", "2", "held_for_esp")
    assert gift.acknowledgement == "Given by the RAF"
    refused("more_allocated", lambda: national.agree_gift("raf-2026", replace(RAF, promised=19)))
    national.agree_gift("Raf-2026", replace(RAF, promised=25))
    (gift,) = national.gifts()
    assert (gift.gift, gift.promised, gift.tranche) == ("raf-2026", 25, None)
    national.allocate("raf-2026", "fife", 5)
    assert esp.ledger.verify().ok


def test_what_cannot_be_on_record_is_refused(esp: College) -> None:
    """A slip in a gift's name must not make another gift."""
    national, tomorrow = esp.national, esp.session.today + timedelta(days=1)
    refused("unknown_programme", lambda: national.agree_gift("x", replace(RAF, programme="no")))
    refused("bad_quantity", lambda: national.agree_gift("x", replace(RAF, promised=0)))
    refused("bad_text", lambda: national.agree_gift("=x", RAF))
    assert national.gifts() == ()
    national.agree_gift("raf", RAF, request_id="once")
    refused("unknown_gift", lambda: national.deliver("iet", 1))
    refused("unknown_gift", lambda: national.allocate("iet", "fife", 1))
    refused("unknown_college", lambda: national.allocate("raf", "Hogwarts", 1))
    refused("in_future", lambda: national.deliver("raf", 1, tomorrow))
    refused("in_future", lambda: national.allocate("raf", "fife", 1, tomorrow))
    refused("bad_quantity", lambda: national.deliver("raf", 0))
    refused(
        "id_reused", lambda: national.agree_gift("raf", replace(RAF, promised=3), request_id="once")
    )
    refused("id_reused", lambda: national.deliver("raf", 3, request_id="once"))


def test_a_college_writes_nothing_of_esps(fife: College) -> None:
    """A college that could allocate itself kits would be asked for them."""
    national = fife.national
    for act in (
        lambda: national.define_programme("x", "X"),
        lambda: national.agree_gift("x", RAF),
        lambda: national.deliver("x", 1),
        lambda: national.allocate("x", "fife", 1),
        lambda: national.gifts(),
        lambda: national.challenge("fife", sample=1, answer_by=date(2027, 1, 1)),
    ):
        refused("not_national", act)
    assert national.challenges() == ()


def test_a_college_shows_what_it_is_asked_for(
    esp: College, colleges: dict[str, College], send: Send, clock: SetClock
) -> None:
    """A donor who doubts gets an answer that could not have been made up the year before."""
    fife = colleges["fife"]
    send(fife, esp)
    asked = esp.national.challenge(
        "Fife College", sample=3, answer_by=esp.session.today + timedelta(days=7), request_id="once"
    )
    again = esp.national.challenge("fife", sample=3, answer_by=asked.answer_by, request_id="once")
    assert again == asked
    assert (asked.college, len(asked.tags), len(asked.code)) == ("fife", 3, 8)
    assert all(map(is_tag, asked.tags))
    send(esp, fife)
    (seen,) = fife.national.challenges()
    assert (seen.id, seen.code, seen.state) == (asked.id, asked.code, "waiting")
    refused("wrong_code", lambda: fife.stocktakes.open("?", challenge=asked.id, code="12345678"))
    with_hyphen = f"{asked.code[:4].lower()}-{asked.code[4:]}"
    made = fife.stocktakes.open("For ESP", challenge=asked.id.upper(), code=with_hyphen)
    assert (made.expected, made.late) == (3, False)
    for tag in asked.tags[:2]:
        assert fife.stocktakes.scan(made.id, tag).outcome == "sighted"
    send(fife, esp)
    assert esp.national.challenges()[0].state == "waiting", "not closed yet"
    fife.stocktakes.close(made.id)
    send(fife, esp)
    (judged,) = esp.national.challenges()
    assert (judged.state, judged.stocktake) == ("answered", made.id)
    assert (judged.asked, judged.sighted, judged.not_sighted) == (3, 2, (asked.tags[2],))
    assert fife.national.challenges()[0].state == "answered"
    for each in (esp, fife):
        assert each.ledger.verify().ok


def test_an_answer_that_is_late_wrong_or_not_there(
    esp: College, colleges: dict[str, College], send: Send, clock: SetClock
) -> None:
    """Each of these looks like an answer to whoever only counts scans."""
    fife, smo = colleges["fife"], colleges["smo"]
    early = fife.stocktakes.open("Guessed", challenge="c1", code="0")
    fife.stocktakes.close(early.id)
    for each in (fife, smo):
        send(each, esp)
    day = esp.session.today
    one = esp.national.challenge("fife", sample=2, answer_by=day)
    other = esp.national.challenge("smo", sample=2, answer_by=day + timedelta(days=1))
    assert one.code != other.code
    assert [each.state for each in esp.national.challenges()] == ["waiting", "wrong_code"]
    send(esp, fife)
    refused("not_yours", lambda: fife.stocktakes.open("?", challenge=other.id, code=other.code))
    wrong = smo.stocktakes.open("No file yet", challenge=other.id, code=one.code)
    smo.stocktakes.close(wrong.id)
    clock.move(days=1)
    late = fife.stocktakes.open("Late", challenge=one.id, code=one.code)
    assert late.late
    fife.stocktakes.close(late.id)
    for each in (fife, smo):
        send(each, esp)
    assert {each.id: each.state for each in esp.national.challenges()} == {
        one.id: "answered_late",
        other.id: "wrong_code",
    }
    forgotten = esp.national.challenge("smo", sample=2, answer_by=esp.session.today)
    assert esp.national.challenges()[0].state == "waiting"
    clock.move(days=1)
    found = {each.id: each for each in esp.national.challenges()}[forgotten.id]
    assert (found.state, found.sighted, len(found.not_sighted)) == ("unanswered", 0, 2)
    assert esp.ledger.verify().ok


def test_an_answer_is_as_late_as_what_it_shows(
    esp: College, colleges: dict[str, College], send: Send, clock: SetClock
) -> None:
    """A college could close an empty stocktake in time, and look for the kits for two months."""
    fife = colleges["fife"]
    send(fife, esp)
    day = esp.session.today
    asked = esp.national.challenge("fife", sample=3, answer_by=day + timedelta(days=7))
    send(esp, fife)

    def told() -> tuple[str, int, str | None]:
        send(fife, esp)
        (one,) = esp.national.challenges()
        return one.state, one.sighted, one.answered_at

    early = fife.stocktakes.open("For ESP", challenge=asked.id, code=asked.code).id
    fife.stocktakes.close(early)
    closed = instant(clock.now)
    assert told() == ("answered", 0, closed)
    clock.move(days=5)
    fife.stocktakes.scan(early, asked.tags[0])
    in_time = instant(clock.now)
    assert told() == ("answered", 1, in_time)
    clock.move(days=60)
    for tag in asked.tags:
        fife.stocktakes.scan(early, tag)
    at_last = instant(clock.now)
    assert told() == ("answered_late", 3, at_last)
    assert esp.national.challenges()[0].closed_at == closed
    assert esp.ledger.verify().ok


def test_the_answer_that_shows_the_most_counts(
    esp: College, colleges: dict[str, College], send: Send, clock: SetClock
) -> None:
    """A stocktake begun by mistake would make the whole answer that followed a failure."""
    fife = colleges["fife"]
    send(fife, esp)
    day = esp.session.today
    asked = esp.national.challenge("fife", sample=3, answer_by=day + timedelta(days=7))
    send(esp, fife)
    made = []
    for shows in (0, 3, 3, 2):
        which = fife.stocktakes.open("For ESP", challenge=asked.id, code=asked.code).id
        for tag in asked.tags[:shows]:
            fife.stocktakes.scan(which, tag)
        fife.stocktakes.close(which)
        made.append(which)
        clock.move(days=1)
    send(fife, esp)
    (judged,) = esp.national.challenges()
    assert (judged.state, judged.stocktake, judged.sighted) == ("answered", made[1], 3)
    assert judged.not_sighted == ()


def test_a_challenge_asks_for_what_the_college_has(
    esp: College, colleges: dict[str, College], send: Send
) -> None:
    """Nobody can show what they never had."""
    fife, smo = colleges["fife"], colleges["smo"]
    day = esp.session.today
    refused("nothing_expected", lambda: esp.national.challenge("fife", sample=2, answer_by=day))
    send(fife, esp)
    send(smo, esp)
    mine, theirs = fife.holdings.tags(), smo.holdings.tags()
    ask = esp.national.challenge
    refused("unknown_tag", lambda: ask("fife", tags=[theirs[0]], answer_by=day))
    refused("unknown_tag", lambda: ask("fife", tags=[], answer_by=day))
    refused("bad_tag", lambda: ask("fife", tags=["K1"], answer_by=day))
    refused("what_to_show", lambda: ask("fife", answer_by=day))
    refused("what_to_show", lambda: ask("fife", tags=mine, sample=1, answer_by=day))
    refused("bad_quantity", lambda: ask("fife", sample=0, answer_by=day))
    refused("unknown_college", lambda: ask("Hogwarts", sample=1, answer_by=day))
    refused("due_in_the_past", lambda: ask("fife", sample=1, answer_by=day - timedelta(days=1)))
    assert esp.national.challenges() == ()
    assert ask("fife", tags=mine[:2], answer_by=day).tags == tuple(mine[:2])
    assert set(ask("fife", sample=99, answer_by=day).tags) == set(mine)
    drawn = {ask("fife", sample=2, answer_by=day).tags for _ in range(12)}
    assert len(drawn) > 1
    refused("too_many", lambda: ask("fife", tags=[mint() for _ in range(1001)], answer_by=day))


def test_what_came_of_a_gift_is_undone_and_done_again(esp: College) -> None:
    """A typing error that cannot be taken back is a figure that a donor reads."""
    national = esp.national

    def came() -> list[int]:
        return [each.delivered for each in national.gifts()]

    national.agree_gift("raf", RAF)
    national.agree_gift("iet", RAF)
    national.deliver("raf", 8)
    national.deliver("raf", 4)
    national.deliver("iet", 3)
    national.correct_delivery("raf", 15)
    assert sorted(came()) == [3, 15]
    assert esp.actions.undo(request_id="back").kind == "delivery.corrected"
    assert sorted(came()) == [3, 12]
    assert esp.actions.undo(request_id="back").kind == "delivery.corrected", "one undo, asked twice"
    assert esp.actions.undo().kind == "gift.delivered"
    assert sorted(came()) == [0, 12]
    assert esp.actions.redo().kind == "gift.delivered"
    assert sorted(came()) == [3, 12]
    for _ in range(3):
        esp.actions.undo()
    assert came() == [0, 0]
    assert esp.actions.undo().kind == "gift.agreed"
    assert [each.gift for each in national.gifts()] == ["raf"]
    assert esp.actions.redo().kind == "gift.agreed"
    assert esp.ledger.verify().ok


def test_what_was_agreed_is_undone_and_done_again(esp: College, clock: SetClock) -> None:
    """A slip in a promise, a share or a donor's name is taken back, and not painted over."""
    national = esp.national
    national.define_programme("youth", "Youth")
    national.agree_gift("raf", replace(RAF, programme="youth", document="D1"))
    clock.move(days=3)
    national.change_gift("raf", promised=30, document="D2", type="Other kit")
    national.allocate("raf", "fife", 25, allocation="a")
    national.allocate("raf", "fife", 5, allocation="a")
    national.name_donor("Royal Air Force", "RAF")
    national.define_programme("youth", "Youth & STEM")
    undone = [esp.actions.undo().kind for _ in range(5)]
    assert undone == [
        *("programme.defined", "donor.aliased", "allocation.made", "allocation.made"),
        "gift.agreed",
    ]
    (gift,) = national.gifts()
    assert (gift.promised, gift.document, gift.type, gift.allocated) == (20, "D1", "STEM kit", 0)
    assert esp.ledger.verify().ok
    for _ in range(5):
        esp.actions.redo()
    (gift,) = national.gifts()
    assert (gift.promised, gift.document, gift.type, gift.allocated) == (30, "D2", "Other kit", 5)
    assert gift.agreed_on == esp.session.today - timedelta(days=3), "a change is no new agreement"
    assert esp.audit.audit().report.only(["gifts"]).tables[0].column("promised") == [30]
    for _ in range(7):
        esp.actions.undo()
    assert national.gifts() == ()
    refused("nothing_to_undo", esp.actions.undo)
    assert esp.ledger.verify().ok


def test_a_promise_that_others_built_on_stays(
    new_place: Callable[[], str], clock: SetClock
) -> None:
    """Undone, it would leave a delivery of no gift, or more with colleges than was promised."""
    place = new_place()
    with (
        kitloan.init("esp", place, actor="auditor", clock=clock) as esp,
        kitloan.open(place, actor="j.bain", clock=clock) as colleague,
    ):
        esp.national.agree_gift("raf", RAF)
        colleague.national.deliver("raf", 3)
        refused("built_upon", esp.actions.undo)
        assert esp.actions.list()[0].code == "built_upon"
        colleague.actions.undo()
        esp.national.allocate("raf", "fife", 15, allocation="a")
        colleague.national.allocate("raf", "smo", 5)
        esp.national.allocate("raf", "fife", 5, allocation="a")
        colleague.national.allocate("raf", "ayrshire", 10)
        refused("more_allocated", esp.actions.undo)
        colleague.actions.undo()
        colleague.actions.undo()
        esp.actions.undo()
        esp.actions.undo()
        colleague.national.change_gift("raf", promised=12)
        refused("built_upon", esp.actions.redo)
        refused("built_upon", esp.actions.undo)
        colleague.actions.undo()
        esp.actions.undo()
        assert esp.national.gifts() == ()
        refused("built_upon", colleague.actions.redo)
        assert esp.ledger.verify().ok


def test_nothing_comes_before_it_was_agreed(esp: College) -> None:
    """A slip in a year is a delivery that a donor reads, six years before they promised it."""
    national, today = esp.national, esp.session.today
    day = timedelta(days=1)
    national.agree_gift("raf", replace(RAF, agreed_on=today - 9 * day))
    early = today - 10 * day
    for act in (
        lambda: national.deliver("raf", 1, early),
        lambda: national.correct_delivery("raf", 1, early),
        lambda: national.allocate("raf", "fife", 1, early),
    ):
        details = refused("before_agreed", act).details
        assert details["agreed_on"] == (today - 9 * day).isoformat()
    refused("in_future", lambda: national.change_gift("raf", agreed_on=today + day))
    refused("in_future", lambda: national.agree_gift("iet", replace(RAF, agreed_on=today + day)))
    national.deliver("raf", 1, today - 9 * day)
    refused("agreed_later", lambda: national.change_gift("raf", agreed_on=today - 8 * day))
    _, changed = national.change_gift("raf", agreed_on=early)
    assert changed == {"agreed_on": (today - 9 * day, early)}
    national.deliver("raf", 1, early)
    assert esp.ledger.verify().ok


def test_a_kit_that_is_gone_is_not_on_the_colleges_list(
    esp: College, colleges: dict[str, College], send: Send
) -> None:
    """What was taken in by mistake, and undone, is no longer there to be looked for."""
    fife = colleges["fife"]
    mistake = fife.holdings.add(NewHolding("Abacus")).tag
    send(fife, esp)
    asked = esp.national.challenge("fife", tags=[mistake], answer_by=esp.session.today)
    fife.actions.undo()
    send(esp, fife)
    said = refused(
        "nothing_expected",
        lambda: fife.stocktakes.open("For ESP", challenge=asked.id, code=asked.code),
    )
    assert said.details["not_here"] == [mistake]
    both = [*fife.holdings.tags()[:1], mistake]
    asked = esp.national.challenge("fife", tags=both, answer_by=esp.session.today)
    send(esp, fife)
    made = fife.stocktakes.open("For ESP", challenge=asked.id, code=asked.code, request_id="begin")
    assert (made.expected, made.not_here) == (1, (mistake,))
    assert (
        fife.stocktakes.open("For ESP", challenge=asked.id, code=asked.code, request_id="begin")
        == made
    )
