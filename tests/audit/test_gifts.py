"""Gifts, reconciled to the kit."""

import pytest

from audit.agreement import closes
from audit.scotland import Scotland, codes, row, rows, values
from conftest import SetClock, write_off
from kitloan import Count, Gift, NewHolding
from kitloan.audit import Scope
from kitloan.national.gifts import GiftTermsAgreed

RAF = "raf-2026"
SUMS = ("promised", "received", "allocated", "taken_in", "not_taken_in")
PARTS = ("held", "redeployed", "on_its_way", "missing", "written_off")


@pytest.fixture
def given(scotland: Scotland) -> Scotland:
    """Ten kits promised, nine came, five allocated to Fife and three to Borders."""
    terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=10)
    scotland.esp.national.agree_gift(RAF, terms)
    scotland.esp.national.deliver(RAF, 9)
    scotland.esp.national.allocate(RAF, "fife", 5)
    scotland.esp.national.allocate(RAF, "borders", 3)
    return scotland


def test_every_kit_of_a_gift_is_somewhere(given: Scotland, clock: SetClock) -> None:
    """The donor asks what became of the ninth kit."""
    fife, borders = given["fife"], given["borders"]
    kept, lost, old, moved, going = given.kits("fife", 5, donor="RAF", gift=RAF)
    fife.holdings.report_missing(lost, "not on its shelf")
    write_off(fife, old, "burnt")
    for tag in (moved, going):
        fife.transfers.send(tag, "borders", Count(whole=True))
    clock.move(days=1)
    borders.transfers.receive(moved, "fife", Count(whole=True), type="STEM kit")
    given.kits("borders", 1, donor="RAF", gift=RAF)
    found = given.audit()
    gift = row(found, "gifts", gift=RAF)
    assert values(gift, SUMS) == [10, 9, 8, 6, 2]
    assert values(gift, PARTS) == [2, 1, 1, 1, 1]
    closes(gift)
    states = {each["tag"]: (each["held_by"], each["state"]) for each in rows(found, "gift_kits")}
    assert (states[kept], states[moved]) == (("fife", "held"), ("borders", "redeployed"))
    assert (states[going], states[lost]) == (("fife", "in transit"), ("fife", "missing"))
    assert states[old] == (None, "written off")
    given.answer()
    again = given.audit()
    assert row(again, "gifts", gift=RAF) == gift, "hearing of it changes no figure"


def test_what_one_took_too_many_another_still_lacks(given: Scotland) -> None:
    """Seven at Fife and none at Borders would sum up to nearly right."""
    given.kits("fife", 7, gift=RAF)
    found = given.audit()
    shares = [values(each, ("college", *SUMS[2:])) for each in rows(found, "gift_shares")]
    assert shares == [["borders", 3, 0, 3], ["fife", 5, 7, -2]]
    assert values(row(found, "gifts", gift=RAF), SUMS) == [10, 9, 8, 7, 1]
    closes(row(found, "gifts", gift=RAF))
    assert codes(found) == [("never_sent", "borders"), *[("gift_over_taken", "fife")] * 2]


def test_a_gift_that_was_never_agreed_is_named(given: Scotland) -> None:
    """A slip in an id would take a kit out of the donor's report without a word."""
    (right,), (wrong,) = given.kits("fife", 1, gift=RAF), given.kits("fife", 1, gift="raf-2062")
    found = given.audit()
    named = [each for each in found.findings if each.code == "unknown_gift"]
    assert [(each.college, each.tag) for each in named] == [("fife", wrong)]
    assert "'raf-2062'" in named[0].message
    assert row(found, "gift_kits", tag=wrong)["gift"] == "raf-2062"
    assert row(found, "gifts", gift=RAF)["taken_in"] == 1
    share = row(found, "gift_shares", gift="raf-2062")
    assert values(share, SUMS[2:]) == [None, 1, None], "minus one was of a gift that nobody agreed"
    shown = {each.name: each for each in found.report.tables}["gift_shares"]
    assert {each.unknown for each in shown.columns if each.name in SUMS[2:5:2]} == {
        "no gift agreed"
    }
    terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=1)
    given.esp.national.agree_gift("raf-2062", terms)
    assert ("unknown_gift", "fife") not in codes(given.audit())
    assert right


def test_a_gift_has_the_same_figures_on_every_paper(given: Scotland) -> None:
    """The board had three taken in, and the donor's paper two: the third has another's name."""
    given.kits("fife", 2, donor="RAF", gift=RAF)
    (other,) = given.kits("fife", 1, donor="IET", gift=RAF)
    add = given["fife"].holdings.add
    sort = add(NewHolding("Device", gift=Gift(donor="RAF", gift=RAF))).tag
    given["fife"].loans.check_out([other], "Beath High School", new_too=True)
    board = given.audit()
    for scope in (Scope(donor="RAF"), Scope(gift=RAF), Scope(type="STEM kit")):
        found = given.esp.audit.audit(scope=scope)
        assert row(found, "gifts", gift=RAF) == row(board, "gifts", gift=RAF)
        assert rows(found, "gift_shares") == rows(board, "gift_shares")
        assert found.report.summary.flow == board.report.summary.flow
        named = [(each.code, each.tag) for each in found.findings if "gift_other" in each.code]
        assert set(named) == {("gift_other_donor", other), ("gift_other_type", sort)}
    closes(row(board, "gifts", gift=RAF))
    paper = given.esp.audit.audit(reader="donor", scope=Scope(donor="RAF"))
    assert row(paper, "gifts", gift=RAF)["taken_in"] == 4
    (shown,) = [each for each in paper.report.tables if each.name == "gifts"]
    assert "1 thing of these gifts is recorded under another donor" in shown.note
    assert "IET" not in str(paper.as_json()["tables"])


def test_a_college_that_sent_a_kit_on_sees_where_it_is(given: Scotland, clock: SetClock) -> None:
    """In its own store the kit would seem to have vanished."""
    (tag,) = given.kits("fife", 1, gift=RAF)
    given["fife"].transfers.send(tag, "borders")
    clock.move(days=1)
    given["borders"].transfers.receive(tag, "fife", type="STEM kit")
    given.send()
    given.answer()
    kit = row(given["fife"].audit.audit(), "gift_kits", tag=tag)
    assert (kit["held_by"], kit["state"]) == ("borders", "redeployed")


def test_of_a_stock_only_what_is_there_is_held(given: Scotland, clock: SetClock) -> None:
    """The donor of thirty goggles would be told that thirty are in use, and ten are lost."""
    terms = GiftTermsAgreed(donor="RAF", type="Goggles", promised=30)
    given.esp.national.agree_gift("goggles", terms)
    fife, borders = given["fife"], given["borders"]
    new = NewHolding("Goggles", quantity=30, gift=Gift(donor="RAF", gift="goggles"))
    tag = fife.holdings.add(new).tag
    fife.transfers.send(tag, "borders")
    clock.move(days=1)

    def counted() -> list[object]:
        gift = row(given.audit(), "gifts", gift="goggles")
        closes(gift)
        return values(gift, ("taken_in", *PARTS))

    assert counted() == [30, 0, 0, 30, 0, 0]
    borders.transfers.receive(tag, "fife", type="Goggles", quantity=28)
    assert counted() == [30, 0, 28, 0, 2, 0]
    borders.holdings.amend(tag, quantity=20)
    assert counted() == [30, 0, 20, 0, 10, 0]
    write_off(borders, tag, "worn out")
    assert counted() == [30, 0, 0, 0, 10, 20]


def test_more_than_were_sent_were_taken_in(given: Scotland, clock: SetClock) -> None:
    """Fife counted too few: the two more would be held of a gift that nobody took in."""
    fife, borders = given["fife"], given["borders"]
    new = NewHolding("Goggles", quantity=30, gift=Gift(donor="RAF", gift=RAF))
    tag = fife.holdings.add(new).tag
    fife.transfers.send(tag, "borders")
    borders.transfers.receive(tag, "fife", type="Goggles", quantity=32)
    gift = row(given.audit(), "gifts", gift=RAF)
    assert values(gift, ("taken_in", *PARTS)) == [32, 0, 32, 0, 0, 0]


def test_a_kit_that_nobody_has_is_missing(given: Scotland, clock: SetClock) -> None:
    """Borders took its word back: the donor would be told that it has the kit."""
    (tag,) = given.kits("fife", 1, gift=RAF)
    given["fife"].transfers.send(tag, "borders")
    given["borders"].transfers.receive(tag, "fife", type="STEM kit")
    given.send()
    clock.move(hours=1)
    given["borders"].actions.undo()  # the terms that came with ESP's file
    given["borders"].actions.undo()
    given.answer()
    found = given.audit()
    kit = row(found, "gift_kits", tag=tag)
    assert (kit["taken_in_by"], kit["held_by"], kit["state"]) == ("fife", None, "missing")
    assert values(row(found, "gifts", gift=RAF), ("taken_in", *PARTS)) == [1, 0, 0, 0, 1, 0]
    given.esp.national.allocate(RAF, "nescol", 1)
    of_another = given.esp.audit.audit(scope=Scope(college="nescol"))
    assert row(of_another, "gifts", gift=RAF) == row(given.audit(), "gifts", gift=RAF)
