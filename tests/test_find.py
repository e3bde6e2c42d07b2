"""Finding: by words, by pages, by who has it."""

from collections.abc import Callable
from typing import Any

import pytest

from kitloan import BadInput, Count, Gift, NewHolding
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.values import Page


def test_every_word_must_occur_anywhere_in_any_case(fife: College) -> None:
    """The word taigh must find the kit at Taigh Cèilidh, typed from memory."""
    wanted = fife.holdings.add(
        NewHolding("Lend-a-Lab", location="TAIGH CÈILIDH", gift=Gift(donor="RAF"))
    ).tag
    fife.holdings.add(NewHolding("Lend-a-Lab", location="Rosyth"))
    for text in ("taigh cèilidh", "raf lab", wanted[4:9].lower(), "LEND-A taigh"):
        assert [each.tag for each in fife.find.search(text).items] == [wanted], text
    assert fife.find.search("taigh rosyth").total == 0


@pytest.mark.parametrize("text", ["%", "_", "100%", "'; DROP TABLE holding; --", "\\"])
def test_nothing_typed_is_a_wildcard_or_sql(fife: College, kit: str, text: str) -> None:
    """A percent sign in a search must not list the whole college."""
    assert fife.find.search(text).total == 0
    wanted = fife.holdings.add(NewHolding(f"Odd {text} thing")).tag
    assert [each.tag for each in fife.find.search(text).items] == [wanted]


@pytest.mark.parametrize("text", ["x" * 60_000, "a " * 3_000, "\0", "a\x1bb"])
def test_what_no_name_can_hold_is_bad_input(fife: College, kit: str, text: str) -> None:
    """A book pasted into the search is no damage to the store, and finds no kit."""
    lists = (
        *(fife.find.search, lambda words: fife.find.loans(text=words)),
        *(fife.directory.organisations, fife.directory.people),
        lambda words: fife.find.shortages(text=words),
    )
    for look in lists:
        with pytest.raises(BadInput) as refusal:
            look(text)
        assert refusal.value.code == "bad_text"
    with pytest.raises(BadInput):
        fife.find.holding(text)


def test_pages_join_without_gap_or_repeat(fife: College) -> None:
    """A kit that falls between two pages is a kit nobody finds."""
    tags = sorted(fife.holdings.add(NewHolding("Device")).tag for _ in range(7))
    found, cursor = [], None
    while True:
        page = fife.find.search("device", cursor, limit=3)
        found += [each.tag for each in page.items]
        assert page.total == 7
        if (cursor := page.next) is None:
            break
    assert found == tags


def test_loans_come_due_first_and_page_alike(fife: College) -> None:
    """The list of what to chase begins with what is due first, on every page."""
    from datetime import date

    days = [9, 3, 27, 3, 15]
    for day in days:
        tag = fife.holdings.add(NewHolding("Device")).tag
        fife.loans.check_out([tag], f"School {day}", due_on=date(2026, 12, day))
    found, cursor = [], None
    while True:
        page = fife.find.loans(after=cursor, limit=2)
        found += [each.due_on.day for each in page.items if each.due_on]
        if (cursor := page.next) is None:
            break
    assert found == sorted(days)
    assert fife.find.loans(to="school 3").total == 2


def test_what_a_holding_loses_its_words_lose(fife: College, kit: str) -> None:
    """A kit that moved must not be found where it was."""
    fife.holdings.move(kit, "Levenmouth")
    fife.holdings.move(kit, "Rosyth")
    assert fife.find.search("levenmouth").total == 0
    assert fife.find.search("rosyth").total == 1


def test_shortages_are_listed_by_kit(fife: College, kit: str) -> None:
    """The order for spares is written from this list."""
    fife.loans.count(kit, Count(missing={"Wheel": 2}, broken={"Panel": 1}))
    page = fife.find.shortages()
    assert [(s.tag, s.component, s.missing, s.broken) for s in page.items] == [
        (kit, "Panel", 0, 1),
        (kit, "Wheel", 2, 0),
    ]


def test_every_list_counts_as_people_do(fife: College) -> None:
    """K2 before K10 on whatever page they are, or a list of a store cannot be walked along."""
    fife.holdings.define_types([kit_type_with("Rover", [ContentsLine(name="Wheel", quantity=4)])])
    numbers = [10, 2, 1, 21, 3, 100]
    tags = {n: fife.holdings.add(NewHolding("Rover", asset_number=f"K{n}")).tag for n in numbers}
    bare = fife.holdings.add(NewHolding("Rover")).tag
    tags[5] = fife.holdings.add(NewHolding("Rover", asset_number="X")).tag
    fife.holdings.amend(tags[5], asset_number="K5")
    wanted = [*(tags[n] for n in sorted(tags)), bare]
    for tag in wanted:
        fife.loans.count(tag, Count(missing={"Wheel": 1}))
    which = fife.stocktakes.open("Autumn").id

    def walked(page: Callable[[str | None], Page[Any]]) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            got = page(after)
            assert len(got.items) <= 2
            found += [each.tag for each in got.items]
            after = got.next
            if after is None:
                return found

    assert walked(lambda after: fife.find.search("", after, 2)) == wanted
    assert walked(lambda after: fife.find.search("rover", after, 2)) == wanted
    assert walked(lambda after: fife.find.search("", after, 2, status="in")) == wanted
    assert walked(lambda after: fife.find.shortages(after, 2)) == wanted
    lines = fife.stocktakes.lines
    assert walked(lambda after: lines(which, "not_sighted", after, 2)) == wanted
    fife.loans.check_out(list(reversed(wanted)), "A Primary")
    assert walked(lambda after: fife.find.loans(after=after, limit=2)) == wanted
