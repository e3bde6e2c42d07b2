"""Stocktakes: what is on the shelf, and what a person can say about what is not."""

from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, get_args

import pytest

import kitloan
from conftest import SetClock, write_off
from kitloan import BadInput, NewHolding, Refused
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.stocktakes.outcome import RESULTS, Result, ResultCounts
from kitloan.text.tags import mint
from lives import register_of


@pytest.fixture
def tags(fife: College) -> dict[str, str]:
    """Fife's holdings: two in each of two places, one without a place, and a stock of goggles."""
    made = {
        f"{shelf}{number}": fife.holdings.add(
            NewHolding("STEM kit", asset_number=f"FC-{shelf}{number}", location=place)
        ).tag
        for shelf, place in (("a", "Store 2"), ("b", "Àrd-sgoil, seòmar 4"))
        for number in (1, 2)
    }
    made["loose"] = fife.holdings.add(NewHolding("VR headset")).tag
    made["goggles"] = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    return made


@pytest.fixture
def opened(fife: College, tags: dict[str, str], clock: SetClock) -> str:
    """A stocktake of the whole college, an hour old."""
    which = fife.stocktakes.open("Autumn 2026").id
    clock.move(hours=1)
    return which


def counts(desk: College, which: str) -> ResultCounts:
    """What it comes to; the first five are what was expected, and every list is as long."""
    found = desk.stocktakes.outcome(which)
    said = found.counts
    assert found.expected == sum(getattr(said, name) for name in RESULTS[:5])
    for result in RESULTS:
        assert desk.stocktakes.lines(which, result).total == getattr(said, result)
    return said


def listed(desk: College, which: str, result: Result) -> set[str | None]:
    """The tags, or codes, of what came out so; read by pages of two."""
    found: list[str | None] = []
    after = None
    while True:
        page = desk.stocktakes.lines(which, result, after, 2)
        found += [each.tag or each.code for each in page.items]
        after = page.next
        if after is None:
            assert len(set(found)) == len(found) == page.total
            return set(found)


def refused(code: str, act: Callable[[], Any]) -> kitloan.KitloanError:
    """The refusal of this code that `act` meets."""
    with pytest.raises((Refused, BadInput)) as refusal:
        act()
    assert refusal.value.code == code
    assert refusal.value.hint or code in ("bad_quantity", "unknown_result")
    return refusal.value


def test_what_each_scan_and_each_holding_comes_to(
    fife: College, tags: dict[str, str], opened: str
) -> None:
    """A technician hears at once what is in her hand, and the list at the end says the same."""
    stock = fife.stocktakes
    fife.holdings.claim_label(tags["a2"], second := mint())
    stranger, newcomer = mint(), fife.holdings.add(NewHolding("STEM kit")).tag
    told = [
        stock.scan(opened, tags["a1"], place="store  2"),
        stock.scan(opened, second, place="Canteen"),
        stock.scan(opened, "fc-B1"),
        stock.scan(opened, newcomer),
        stock.scan(opened, stranger),
        stock.scan(opened, "5012345678900"),
    ]
    assert [each.outcome for each in told] == [
        *("sighted", "sighted_elsewhere", "sighted", "unexpected", "not_held", "unknown")
    ]
    assert [each.tag for each in told] == [
        *(tags["a1"], tags["a2"], tags["b1"], newcomer, stranger, None)
    ]
    assert told[1].place == "Store 2"
    assert told[1].code == second
    assert counts(fife, opened) == ResultCounts(
        sighted=2, sighted_elsewhere=1, not_sighted=3, unexpected=1, unknown=2
    )
    assert listed(fife, opened, "not_sighted") == {tags["b2"], tags["loose"], tags["goggles"]}
    assert listed(fife, opened, "unknown") == {stranger, "5012345678900"}
    (elsewhere,) = stock.lines(opened, "sighted_elsewhere").items
    assert (elsewhere.place, elsewhere.seen_in) == ("Store 2", "Canteen")
    assert set(get_args(Result)) == set(RESULTS)
    assert fife.ledger.verify().ok


def test_seen_in_its_own_place_at_last_is_sighted(
    fife: College, tags: dict[str, str], opened: str
) -> None:
    """A kit that was carried back to its shelf and scanned there is where it should be."""
    fife.stocktakes.scan(opened, tags["a1"], place="Canteen")
    assert counts(fife, opened).sighted_elsewhere == 1
    fife.stocktakes.scan(opened, tags["a1"], place="Store 2")
    assert (counts(fife, opened).sighted, counts(fife, opened).sighted_elsewhere) == (1, 0)


def test_every_scan_is_kept_and_a_repeat_is_named(
    fife: College, tags: dict[str, str], opened: str
) -> None:
    """An auditor who asks how often something was scanned gets the truth."""
    told = [fife.stocktakes.scan(opened, code) for code in (tags["a1"], "FC-a1", "X", "X", "Y")]
    assert [each.repeat for each in told] == [False, True, False, True, False]
    found = fife.stocktakes.outcome(opened)
    assert (found.scans, found.repeats) == (5, 2)
    assert counts(fife, opened).unknown == 2


def test_a_scan_said_twice_is_one_scan(fife: College, tags: dict[str, str], opened: str) -> None:
    """A desk that did not hear the answer asks again, and hears what it would have heard."""
    for code in (tags["a1"], "5012345678900"):
        first = fife.stocktakes.scan(opened, code, request_id=f"r-{code}")
        fife.stocktakes.scan(opened, code)
        assert fife.stocktakes.scan(opened, code, request_id=f"r-{code}") == first
        assert not first.repeat
    assert fife.stocktakes.outcome(opened).scans == 4
    refused("id_reused", lambda: fife.stocktakes.scan(opened, "Z", request_id=f"r-{tags['a1']}"))
    again = fife.stocktakes.scan(opened, tags["a1"], request_id="later")
    assert again.repeat
    assert fife.stocktakes.scan(opened, tags["a1"], request_id="later") == again


def test_the_list_is_what_was_there_when_it_was_frozen(
    fife: College, tags: dict[str, str], clock: SetClock
) -> None:
    """What comes and goes while people count must not make the sums come out wrong."""
    fife.loans.check_out([tags["a1"]], "Lochside Academy")
    fife.loans.check_out([tags["goggles"]], "Lochside Academy", quantity=5)
    fife.holdings.report_missing(tags["a2"])
    write_off(fife, tags["b2"], "burnt")
    which = fife.stocktakes.open("Autumn").id
    added = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.holdings.move(tags["b1"], "Canteen")
    assert fife.stocktakes.outcome(which).expected == 5
    assert listed(fife, which, "on_loan") == {tags["a1"]}, "most of the goggles should be here"
    assert {added, tags["b2"]}.isdisjoint(listed(fife, which, "not_sighted"))
    assert tags["a2"] in listed(fife, which, "not_sighted")
    moved = fife.stocktakes.scan(which, tags["b1"], place="Canteen")
    assert (moved.outcome, moved.place) == ("sighted_elsewhere", "Àrd-sgoil, seòmar 4")
    gone = fife.stocktakes.scan(which, tags["b2"])
    assert (gone.outcome, gone.state) == ("unexpected", "withdrawn")
    found = fife.stocktakes.scan(which, tags["a2"])
    assert (found.outcome, found.state) == ("sighted", "missing")
    assert fife.find.holding(tags["a2"]).status == "missing", "a person says that it is found"
    assert fife.ledger.verify().ok


def test_one_place_or_a_sample(fife: College, tags: dict[str, str]) -> None:
    """One cupboard before lunch is a stocktake too; and a sample must not be chosen by hand."""
    shelf = fife.stocktakes.open("Shelf", place="àrd-sgoil,  SEÒMAR 4")
    assert listed(fife, shelf.id, "not_sighted") == {tags["b1"], tags["b2"]}
    assert fife.stocktakes.scan(shelf.id, tags["a1"]).outcome == "unexpected"
    drawn = {
        frozenset(listed(fife, fife.stocktakes.open(f"Sample {n}", sample=3).id, "not_sighted"))
        for n in range(12)
    }
    assert {len(each) for each in drawn} == {3}
    assert len(drawn) > 1
    assert fife.stocktakes.open("More than there are", sample=50).expected == 6


def test_a_place_is_named_by_the_beginnings_of_its_words(fife: College) -> None:
    """A place with a comma in its name was typed in full, or its stocktake could not be opened."""
    for number, place in enumerate(("Ayr - Store 2, shelf B", "Ayr - Store 3", "Kilwinning T14")):
        fife.holdings.add(NewHolding("STEM kit", asset_number=f"P{number}", location=place))
    opened = fife.stocktakes.open("Autumn", place="ayr store 2", request_id="once")
    assert (opened.expected, fife.stocktakes.list()[0].place) == (1, "Ayr - Store 2, shelf B")
    again = fife.stocktakes.open("Autumn", place="ayr store 2", request_id="once")
    assert again.id == opened.id
    refused("nothing_expected", lambda: fife.stocktakes.open("Ayr", place="ayr"))


def test_an_empty_list_is_refused_with_what_to_do(fife: College, tags: dict[str, str]) -> None:
    """A stocktake of nothing would be closed with nothing missing."""
    said = refused("nothing_expected", lambda: fife.stocktakes.open("Shelf", place="Store 3"))
    assert "Store 2" in said.hint
    for tag in tags.values():
        write_off(fife, tag, "burnt")
    assert "kitloan add" in refused("nothing_expected", lambda: fife.stocktakes.open("All")).hint
    assert fife.stocktakes.list() == ()


def test_on_loan_is_as_good_as_the_borrowers_word(
    fife: College, tags: dict[str, str], clock: SetClock
) -> None:
    """A donor is told which kits a school says it has, and which only the register says it has."""
    fife.loans.check_out([tags["a1"], tags["a2"], tags["b1"]], "Àrd-sgoil Mhic Neacail")
    which = fife.stocktakes.open("Autumn").id
    told = fife.stocktakes.confirm(which, "FC-a1", request_id="said")
    assert (told.tag, told.to) == (tags["a1"], "Àrd-sgoil Mhic Neacail")
    assert fife.stocktakes.confirm(which, "FC-a1", request_id="said") == told
    fife.stocktakes.confirm(which, "FC-a1")
    here = fife.stocktakes.scan(which, tags["b1"])
    assert (here.outcome, here.on_loan_to) == ("sighted", "Àrd-sgoil Mhic Neacail")
    found = fife.stocktakes.outcome(which)
    assert counts(fife, which) == ResultCounts(
        sighted=1, on_loan_confirmed=1, on_loan=1, not_sighted=3
    )
    assert found.on_loan_here == 1
    assert fife.stocktakes.lines(which, "sighted").items[0].to == "Àrd-sgoil Mhic Neacail"
    refused("not_out", lambda: fife.stocktakes.confirm(which, tags["loose"]))
    late = fife.holdings.add(NewHolding("STEM kit")).tag
    refused("not_expected", lambda: fife.stocktakes.confirm(which, late))
    fife.loans.check_out([tags["loose"]], "Lochside Academy")
    fife.stocktakes.confirm(which, tags["loose"])
    assert tags["loose"] in listed(fife, which, "on_loan_confirmed"), "lent since; they say so"
    assert fife.ledger.verify().ok


def test_closing_makes_nothing_missing_and_late_scans_count(
    fife: College, tags: dict[str, str], opened: str, clock: SetClock
) -> None:
    """A kit in a car boot on the day must not be written off by a button."""
    before = {tag: fife.find.holding(tag) for tag in tags.values()}
    early = fife.stocktakes.scan(opened, tags["a1"], request_id="early")
    closed = fife.stocktakes.close(opened, request_id="enough")
    assert (closed.counts.sighted, closed.counts.not_sighted) == (1, 5)
    assert closed.stocktake.closed_by == "m.ross"
    assert fife.stocktakes.close(opened, request_id="enough") == closed
    for tag in set(tags.values()) - {tags["a1"]}:
        assert fife.find.holding(tag) == before[tag]
    refused("closed", lambda: fife.stocktakes.close(opened))
    refused("closed", lambda: fife.stocktakes.join(opened, "Laptop 2"))
    # Within the second: clocks step back, and the ledger has the order.
    late = fife.stocktakes.scan(opened, tags["a2"], request_id="late")
    assert (late.outcome, late.late) == ("sighted", True)
    assert fife.stocktakes.scan(opened, tags["a2"], request_id="late") == late
    assert fife.stocktakes.scan(opened, tags["a1"], request_id="early") == early, (
        "it was not late then"
    )
    found = fife.stocktakes.outcome(opened)
    assert (found.counts.sighted, found.late) == (2, 1)
    assert {each.tag: each.late for each in fife.stocktakes.lines(opened, "sighted").items} == {
        tags["a1"]: False,
        tags["a2"]: True,
    }
    assert fife.ledger.verify().ok


def test_it_waits_for_the_desk_in_the_other_building(
    fife: College, tags: dict[str, str], opened: str
) -> None:
    """Closing before a laptop has handed in its scans would report half a college as not there."""
    fife.stocktakes.join(opened, "Laptop 2")
    fife.stocktakes.join(opened, "laptop 2")
    fife.stocktakes.join(opened, "Laptop 3")
    said = refused("desks_waiting", lambda: fife.stocktakes.close(opened))
    assert said.details["waiting"] == ["Laptop 2", "Laptop 3"]
    fife.stocktakes.hand_in(opened, "LAPTOP 3")
    fife.stocktakes.hand_in(opened, "Laptop 3")
    refused("unknown_desk", lambda: fife.stocktakes.hand_in(opened, "Laptop 9"))
    refused("unknown_desk", lambda: fife.stocktakes.close(opened, without=["Laptop 3"]))
    refused("desks_waiting", lambda: fife.stocktakes.close(opened))
    found = fife.stocktakes.close(opened, without=["laptop 2"])
    assert found.waiting == ("Laptop 2",), "what it did not hear stays on record"
    assert found.counts.not_sighted == 6
    assert {fife.find.holding(tag).status for tag in tags.values()} == {"in"}


def test_left_and_resumed(
    fife: College, tags: dict[str, str], opened: str, reopen: Callable[..., College]
) -> None:
    """The bell rings; tomorrow somebody else goes on where she was."""
    fife.stocktakes.scan(opened, tags["a1"])
    fife.close()
    tomorrow = reopen("j.bain")
    assert tomorrow.stocktakes.current().id == opened
    assert tomorrow.stocktakes.scan("autumn 2026", tags["a1"]).repeat
    tomorrow.stocktakes.scan(opened, tags["a2"])
    assert counts(tomorrow, opened).sighted == 2
    second = tomorrow.stocktakes.open("Store 2", place="Store 2")
    assert opened in refused("which_stocktake", tomorrow.stocktakes.current).message
    tomorrow.stocktakes.close(opened)
    assert tomorrow.stocktakes.current().id == second.id
    tomorrow.stocktakes.close(second.id)
    refused("no_stocktake_open", tomorrow.stocktakes.current)
    refused("unknown_stocktake", lambda: tomorrow.stocktakes.scan("s9", tags["a1"]))
    assert {each.id for each in tomorrow.stocktakes.list()} == {opened, second.id}


def test_opened_twice_by_one_request_is_opened_once(fife: College, tags: dict[str, str]) -> None:
    """Two lists where a person meant one, and half of the scans on each."""
    first = fife.stocktakes.open("Autumn", request_id="begin")
    assert fife.stocktakes.open("Autumn", request_id="begin") == first
    assert len(fife.stocktakes.list()) == 1
    refused("id_reused", lambda: fife.stocktakes.open("Spring", request_id="begin"))
    refused("id_reused", lambda: fife.stocktakes.close(first.id, request_id="begin"))


def test_several_desks_at_once(
    fife: College, tags: dict[str, str], opened: str, reopen: Callable[..., College]
) -> None:
    """Five people with five scanners: not one scan is lost, whoever scans the same shelf."""
    desks = [reopen(f"desk {n}") for n in range(5)]
    codes = [*tags.values(), "5012345678900"]
    ready = Barrier(len(desks))
    failed: list[BaseException] = []

    def work(desk: College) -> None:
        try:
            ready.wait(60)
            for code in codes:
                desk.stocktakes.scan(opened, code)
        except BaseException as problem:
            failed.append(problem)

    threads = [Thread(target=work, args=[desk]) for desk in desks]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert failed == []
    found = fife.stocktakes.outcome(opened)
    assert (found.scans, found.repeats) == (5 * len(codes), 4 * len(codes))
    assert counts(fife, opened) == ResultCounts(sighted=6, unknown=1)
    assert fife.ledger.verify().ok


def test_undo_keeps_the_scans(
    fife: College, tags: dict[str, str], opened: str, clock: SetClock
) -> None:
    """What was undone is a loan made by mistake, not that somebody saw the kit."""
    fife.stocktakes.scan(opened, tags["a1"], place="Canteen")
    fife.loans.check_out([tags["a1"]], "Lochside Academy")
    fife.stocktakes.confirm(opened, tags["a1"])
    clock.move(minutes=1)
    fife.stocktakes.close(opened)
    clock.move(minutes=1)
    fife.holdings.move(tags["a1"], "Store 3")
    before = fife.stocktakes.outcome(opened)
    fife.actions.undo()
    assert fife.stocktakes.outcome(opened) == before
    assert before.late == 0
    assert fife.find.holding(tags["a1"]).location == "Store 2"
    assert fife.ledger.verify().ok


def test_what_a_borrower_confirmed_rests_on_nothing(
    fife: College, tags: dict[str, str], opened: str, reopen: Callable[..., College]
) -> None:
    """One call to a school would put every older slip of the desk out of reach of undo."""
    fife.loans.check_out([tags["a1"]], "Lochside Academy")
    reopen("j.bain").stocktakes.confirm(opened, tags["a1"])
    fife.stocktakes.confirm(opened, tags["a1"])
    fife.holdings.move(tags["a2"], "Store 3")
    assert fife.actions.undo().kind == "holding.moved"
    assert fife.actions.undo().kind == "stocktake.confirmed"
    assert fife.actions.undo().kind == "loan.checked_out", "what j.bain confirmed is no obstacle"
    assert fife.find.holding(tags["a1"]).status == "in"
    assert tags["a1"] in listed(fife, opened, "on_loan_confirmed"), "it was confirmed all the same"
    assert fife.ledger.verify().ok


def test_a_scan_is_a_sighting_and_an_old_one_is_no_news(
    fife: College, tags: dict[str, str], opened: str, clock: SetClock, tmp_path: Path
) -> None:
    """Last seen says when somebody last had it in hand, not when a file was read."""
    clock.now = clock.now.replace(hour=14, minute=0)
    fife.holdings.sight(tags["a2"])
    clock.move(hours=2)
    path = tmp_path / "scans.csv"
    path.write_text(f"{tags['a1']},23/11/2026 13:30\n{tags['a2']},2026-11-23T13:30:00Z\n")
    assert fife.stocktakes.read_scans(opened, path, "Laptop 2").added == 2
    seen = {name: fife.find.holding(tags[name]).last_sighted for name in ("a1", "a2")}
    assert seen["a1"] and seen["a1"].at == "2026-11-23T13:30:00Z"
    assert seen["a2"] and seen["a2"].at == "2026-11-23T14:00:00Z"
    assert fife.ledger.verify().ok


def test_the_same_file_twice_adds_nothing(
    fife: College, tags: dict[str, str], opened: str, tmp_path: Path
) -> None:
    """Nobody remembers whether the batch scanner was read in already."""
    path = tmp_path / "scans.txt"
    path.write_text(f"barcode\n{tags['a1']}\n\n{tags['a1']}\nFC-b1\n")
    first = fife.stocktakes.read_scans(opened, path, "Laptop 2")
    assert (first.added, first.known) == (3, 0)
    again = fife.stocktakes.read_scans(opened, path, "laptop 2")
    assert (again.added, again.known) == (0, 3)
    path.write_text(path.read_text() + f"{tags['a2']},,Store 2\n")
    assert fife.stocktakes.outcome(opened).scans == 3
    grown = fife.stocktakes.read_scans(opened, path, "LAPTOP 2", request_id="grown")
    assert (grown.added, grown.known) == (1, 3)
    assert fife.stocktakes.read_scans(opened, path, "LAPTOP 2", request_id="grown") == grown
    other = fife.stocktakes.open("Another").id
    assert fife.stocktakes.read_scans(other, path, "Laptop 2").added == 4
    assert counts(fife, opened).sighted == 3
    assert fife.ledger.verify().ok


def test_a_file_is_taken_whole_or_not_at_all(
    fife: College, tags: dict[str, str], opened: str, tmp_path: Path
) -> None:
    """Half a file read in, and nobody knows which half."""
    path = tmp_path / "scans.csv"
    path.write_text(
        f"code;time;place\n{tags['a1']};23/11/2026 12:00;Store 2\n"
        f"=1+1;;\n{tags['a2']};yesterday;\n{tags['b1']};23/11/2026 13:00;\n"
        f"{tags['b2']};23/11/2026 11:00;\nX;;;more\n"
    )
    before = register_of(fife)
    problem = refused("lines_in_error", lambda: fife.stocktakes.read_scans(opened, path, "B"))
    assert register_of(fife) == before
    said = {(each["line"], each["column"]): each["problem"] for each in problem.details["problems"]}
    assert list(said) == [(3, "code"), (4, "time"), (5, "time"), (6, "time"), (7, "place")]
    assert "future" in said[5, "time"]
    assert "before" in said[6, "time"]
    assert "line 3" in problem.message
    refused("no_such_file", lambda: fife.stocktakes.read_scans(opened, tmp_path / "no", "B"))
    path.write_bytes(b"KL\x02(01)05012345678900\r\n")
    fife.stocktakes.read_scans(opened, path, "B")
    assert listed(fife, opened, "unknown") == {"KL\\u0002(01)05012345678900"}


def test_an_answer_that_esp_must_judge_is_taken_as_given(
    fife: College, tags: dict[str, str]
) -> None:
    """A college without ESP's file can still answer on the day."""
    refused("challenge_and_code", lambda: fife.stocktakes.open("For ESP", challenge="c1"))
    made = fife.stocktakes.open("For ESP", challenge="C1", code="7k2m-9qxd", sample=4)
    assert (made.expected, made.late) == (4, False)
    assert fife.stocktakes.list()[0].challenge == "c1"


def test_a_stock_is_counted_and_nothing_is_changed_by_it(
    fife: College, tags: dict[str, str], opened: str, clock: SetClock
) -> None:
    """27 of 30 are found: the stocktake reports it, and a person corrects the register."""
    fife.loans.check_out([tags["goggles"]], "A Primary", quantity=10)
    got = fife.stocktakes.scan(opened, tags["goggles"], quantity=17)
    assert (got.outcome, got.quantity, got.expected) == ("sighted", 17, 20)
    (stock,) = fife.stocktakes.outcome(opened).stock
    assert (stock.tag, stock.type) == (tags["goggles"], "Safety goggles")
    assert (stock.counted, stock.expected, stock.difference, stock.held) == (17, 20, -3, 27)
    assert fife.find.holding(tags["goggles"]).quantity == 30
    clock.move(hours=1)
    fife.stocktakes.scan(opened, tags["goggles"], quantity=20)
    assert fife.stocktakes.outcome(opened).stock[0].difference == 0
    fife.actions.undo()
    assert fife.stocktakes.outcome(opened).stock[0].difference == -3
    lines = [each.summary for each in fife.find.history(tags["goggles"])]
    assert "seen in a stocktake, 17 counted of 20" in lines
    assert fife.ledger.verify().ok


def test_the_counts_of_several_desks_and_places_add_up(
    fife: College, tags: dict[str, str], opened: str, clock: SetClock
) -> None:
    """Half the goggles are in the other building, and each desk counts what it sees."""
    scan = fife.stocktakes.scan
    for desk, place, quantity in (
        ("desk 1", None, 5),
        ("desk 2", None, 7),
        ("Desk 1", None, 6),
        ("desk 1", "Store 2", 9),
        ("desk 2", "store 2", 8),
        ("desk 2", "Loft", 0),
    ):
        clock.move(minutes=1)
        scan(opened, tags["goggles"], desk=desk, place=place, quantity=quantity)
    (stock,) = fife.stocktakes.outcome(opened).stock
    assert (stock.counted, stock.difference) == (7 + 6 + 8, -9)
    assert [(each.desk, each.quantity) for each in stock.counts] == [
        ("desk 2", 7),
        ("Desk 1", 6),
        ("desk 2", 8),
        ("desk 2", 0),
    ]


def test_a_count_of_no_stock_is_refused(fife: College, tags: dict[str, str], opened: str) -> None:
    """Nothing is recorded of a count that can mean nothing."""
    fife.holdings.define_types([kit_type_with("Rover", [ContentsLine(name="Hub", quantity=1)])])
    rover = fife.holdings.add(NewHolding("Rover")).tag
    gone = fife.holdings.add(NewHolding("Leads", quantity=9)).tag
    write_off(fife, gone, "burnt")
    for text, quantity, code in (
        (rover, 2, "not_a_stock"),
        (tags["goggles"], -1, "bad_quantity"),
        (tags["goggles"], True, "bad_quantity"),
        (tags["goggles"], 1_000_001, "bad_quantity"),
        ("no such thing", 2, "unknown_holding"),
        (mint(), 2, "unknown_tag"),
        (gone, 2, "withdrawn"),
    ):
        with pytest.raises((BadInput, Refused)) as refused:
            fife.stocktakes.scan(opened, text, quantity=quantity)
        assert refused.value.code == code
    assert fife.stocktakes.outcome(opened).scans == 0


def test_one_count_is_recorded_once(fife: College, tags: dict[str, str], opened: str) -> None:
    """A request that is tried again counts nothing twice, and is not another count."""
    scan = fife.stocktakes.scan
    first = scan(opened, tags["goggles"], quantity=12, request_id="count-1")
    fife.stocktakes.close(opened)
    assert scan(opened, tags["goggles"], quantity=12, request_id="count-1") == first
    for other in (13, None):
        with pytest.raises(BadInput) as refused:
            scan(opened, tags["goggles"], quantity=other, request_id="count-1")
        assert refused.value.code == "id_reused"
    assert fife.stocktakes.outcome(opened).scans == 1


def test_an_offline_desk_hands_in_its_counts(
    fife: College, tags: dict[str, str], opened: str, tmp_path: Path
) -> None:
    """The file has a column for them; a line that counts no stock is named."""
    goggles, kit = tags["goggles"], tags["a1"]
    file = tmp_path / "scans.csv"
    file.write_text(f"code,time,place,quantity\n{kit}\n{goggles},,Loft,29\n", encoding="utf-8")
    assert fife.stocktakes.read_scans(opened, file, "Laptop").added == 2
    assert fife.stocktakes.read_scans(opened, file, "Laptop").known == 2
    assert fife.stocktakes.outcome(opened).stock[0].difference == -1
    wrong = tmp_path / "wrong.csv"
    lines = f"code,time,place,quantity\n{goggles},,,many\nnothing,,,3\n{goggles},,,4\n"
    wrong.write_text(lines, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        fife.stocktakes.read_scans(opened, wrong, "Laptop")
    problems = refused.value.details["problems"]
    assert [(each["line"], each["column"]) for each in problems] == [
        (2, "quantity"),
        (3, "quantity"),
    ]
    assert fife.stocktakes.outcome(opened).scans == 2
