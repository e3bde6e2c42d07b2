"""Borrowers and kit types renamed, merged and closed: who has what is never lost, nor doubled."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from conftest import KIT, SetClock
from kitloan import BadInput, Count, KitloanError, NewHolding, Refused, StoreError
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.naming import KIT_TYPE, ORGANISATION, OrganisationMerged, tables_of
from kitloan.tables import Base
from kitloan.tables.every import REGISTER_TABLES

OWN = {"organisation", "kit_type", "component", "contact", "contact_change"}
"""Tables of what is merged itself, and people, whose organisation is read through the merge."""


def whose(fife: College) -> dict[str, str]:
    return {each.tag: each.to for each in fife.find.loans().items}


def lend(fife: College, to: str, **more: object) -> str:
    tag = fife.holdings.add(NewHolding("Telescope")).tag
    fife.loans.check_out([tag], to, **more)  # type: ignore[arg-type]
    return tag


@pytest.mark.parametrize("subject", [ORGANISATION, KIT_TYPE])
def test_a_merge_walks_every_table_that_names_one(subject: str) -> None:
    """A table that is new, and left out, would still have a borrower that is there no more."""
    named = {name for name, each in Base.metadata.tables.items() if subject in each.c}
    walked = {each.name for each in tables_of(subject)}
    assert walked == named - OWN
    assert walked <= {each.name for each in REGISTER_TABLES}


def test_a_merge_moves_loans_and_people_and_comes_back(fife: College, clock: SetClock) -> None:
    """Who is rung up about a kit must be the school that has it, by either name."""
    one = lend(fife, "Belmont Academi", contact="Pat Example")
    two = lend(fife, "Belmont Academy")
    clock.move(minutes=1)
    done = fife.directory.merge("belmont academi", "Belmont Academy")
    assert (done.name, done.new) == ("Belmont Academy", False)
    assert fife.directory.borrower("belmont academi").also == ("Belmont Academi",)
    (person,) = fife.people.contacts("Belmont Academy").items
    assert (person.name, person.organisation) == ("Pat Example", "Belmont Academy")
    assert whose(fife) == {one: "Belmont Academy", two: "Belmont Academy"}
    assert fife.find.loans(to="Belmont Academi").total == 2
    assert fife.find.loans(text="academi").total == 2
    third = lend(fife, "BELMONT ACADEMI", contact="Pat Example")
    assert whose(fife)[third] == "Belmont Academy"
    assert len(fife.people.known()) == 1
    fife.loans.check_in([third], from_="Belmont Academi")
    for _ in range(3):
        fife.actions.undo()
    assert fife.actions.undo().kind == "organisation.merged"
    assert whose(fife) == {one: "Belmont Academi", two: "Belmont Academy"}
    assert fife.actions.redo().kind == "organisation.merged"
    assert set(whose(fife).values()) == {"Belmont Academy"}
    assert fife.ledger.verify().ok


def test_what_is_rebuilt_after_a_merge_is_the_others(fife: College, clock: SetClock) -> None:
    """Undoing a return must not give the kit to a school that is there no more."""
    kit = lend(fife, "Old Primary")
    lend(fife, "New Primary")
    lend(fife, "Third Primary")
    fife.directory.merge("Old Primary", "New Primary")
    fife.directory.merge("New Primary", "Third Primary")
    fife.loans.check_in([kit])
    fife.actions.undo()
    assert whose(fife)[kit] == "Third Primary"
    assert fife.ledger.verify().ok
    fife.actions.undo()
    assert whose(fife)[kit] == "New Primary"
    fife.actions.undo()
    assert whose(fife)[kit] == "Old Primary"
    assert fife.ledger.verify().ok


def test_a_renamed_school_is_found_by_both_names(fife: College) -> None:
    """A school that changed its name is not a second school."""
    kit = lend(fife, "Kirkcaldy Hgih")
    fife.directory.rename("Kirkcaldy Hgih", "Kirkcaldy High School")
    assert whose(fife) == {kit: "Kirkcaldy High School"}
    second = lend(fife, "kirkcaldy hgih")
    third = lend(fife, "Kirkcaldy High School")
    assert set(whose(fife).values()) == {"Kirkcaldy High School"}
    assert fife.directory.borrowers().total == 1
    fife.directory.rename("Kirkcaldy High School", "Kirkcaldy Hgih")
    assert fife.directory.borrowers().items[0].also == ("Kirkcaldy High School",)
    fife.actions.undo()
    assert {second, third} < set(whose(fife))
    assert fife.ledger.verify().ok


def test_names_that_cannot_be(fife: College) -> None:
    """Each is refused with the facts, and nothing is changed."""
    lend(fife, "A Primary")
    lend(fife, "B Primary")
    before = fife.ledger.heads()
    directory = fife.directory
    cases: list[tuple[str, type[KitloanError], Callable[[], object]]] = [
        ("same_organisation", BadInput, lambda: directory.merge("A Primary", "a primary")),
        ("unknown_organisation", BadInput, lambda: directory.merge("A Prim", "B Primary")),
        ("name_taken", Refused, lambda: directory.rename("A Primary", "B PRIMARY")),
        ("same_name", BadInput, lambda: directory.rename("A Primary", "A Primary")),
        ("names_a_person", BadInput, lambda: directory.rename("A Primary", "Mrs Jane Bell")),
        ("unknown_organisation", BadInput, lambda: directory.close("C Primary")),
    ]
    for code, kind, act in cases:
        with pytest.raises(kind) as refused:
            act()
        assert refused.value.code == code
    assert fife.ledger.heads() == before


def test_nothing_is_lent_to_a_closed_school(fife: College, clock: SetClock) -> None:
    """What it has comes back; a loan from before the closing can still be entered."""
    kit = lend(fife, "A Primary")
    clock.move(days=2)
    assert fife.directory.close("A Primary").closed_at is not None
    with pytest.raises(Refused) as refused:
        lend(fife, "a primary")
    assert refused.value.code == "closed"
    fife.loans.check_in([kit])
    with pytest.raises(Refused):
        fife.directory.close("A Primary")
    fife.actions.undo()
    assert fife.actions.undo().kind == "holding.accessioned"
    assert fife.actions.undo().kind == "organisation.closed"
    lend(fife, "A Primary")
    assert fife.ledger.verify().ok


def test_what_rests_on_a_name_is_not_undone(fife: College) -> None:
    """The school that another became cannot go with the loan that took it in."""
    kit = lend(fife, "A Primary")
    other = lend(fife, "B Primary")
    fife.directory.merge("A Primary", "B Primary")
    fife.actions.undo(other)
    assert [each.name for each in fife.directory.borrowers().items] == ["B Primary"]
    assert whose(fife) == {kit: "B Primary"}
    assert fife.ledger.verify().ok


def test_types_renamed_and_merged(fife: College) -> None:
    """A kit keeps its history under the right name, and the wrong one makes no second kind."""
    fife.holdings.define_types([kit_type_with("Rover Kit", KIT)])
    wrong = fife.holdings.add(NewHolding("Rvoer Kit")).tag
    right = fife.holdings.add(NewHolding("Rover Kit")).tag
    assert fife.holdings.merge_types("Rvoer Kit", "Rover Kit").name == "Rover Kit"
    shown = fife.holdings.type("rvoer kit")
    assert (shown.type, shown.also, shown.holdings) == ("Rover Kit", ("Rvoer Kit",), 2)
    assert fife.find.holding(wrong).type == "Rover Kit"
    assert fife.find.search("rover").total == 2
    fife.loans.count(wrong, Count(whole=True))
    third = fife.holdings.add(NewHolding("rvoer kit")).tag
    assert fife.find.holding(third).type == "Rover Kit"
    fife.holdings.rename_type("Rover Kit", "Mars Rover")
    assert {fife.find.holding(tag).type for tag in (wrong, right, third)} == {"Mars Rover"}
    assert fife.find.search("mars").total == 3
    fife.holdings.define_types([kit_type_with("Rover Kit", KIT[:1])])
    shown = fife.holdings.type("rvoer kit")
    assert (shown.type, len(shown.contents)) == ("Mars Rover", 1)
    assert fife.ledger.verify().ok
    for _ in range(5):
        last = fife.actions.undo().kind
    assert last == "kit_type.merged"
    assert fife.find.holding(wrong).type == "Rvoer Kit"
    assert fife.find.holding(right).type == "Rover Kit"
    assert fife.ledger.verify().ok


def test_a_contents_list_taken_back_leaves_the_new_name(fife: College) -> None:
    """Whoever takes back the wrong contents file did not ask for the old name."""
    for name in ("Rover Kit", "Rvoer Kit", "Solar Kit"):
        fife.holdings.define_types([kit_type_with(name, KIT)])
    wrong = fife.holdings.add(NewHolding("Rvoer Kit")).tag
    kit = fife.holdings.add(NewHolding("Rover Kit")).tag
    fife.holdings.rename_type("Rover Kit", "Mars Rover")
    fife.holdings.merge_types("Rvoer Kit", "Mars Rover")
    for name in ("Mars Rover", "Rover Kit", "Rvoer Kit", "Solar Kit"):
        fife.holdings.define_types([kit_type_with(name, KIT[:1])])
        assert fife.actions.undo().kind == "kit_type.defined"
        shown = fife.holdings.type("rover kit")
        assert (shown.type, shown.also) == ("Mars Rover", ("Rover Kit", "Rvoer Kit"))
        assert {fife.find.holding(tag).type for tag in (wrong, kit)} == {"Mars Rover"}
        assert fife.find.search("mars").total == 2
        assert fife.actions.redo().kind == "kit_type.defined"
        assert fife.holdings.type("rover kit").type == "Mars Rover"
        assert fife.actions.undo().kind == "kit_type.defined"
        assert len(fife.holdings.type("rover kit").contents) == len(KIT)
    assert fife.ledger.verify().ok


def test_types_that_cannot_be(fife: College) -> None:
    """Each is refused, and nothing is changed."""
    for kind in ("Rover Kit", "Solar Kit"):
        fife.holdings.add(NewHolding(kind))
    before = fife.ledger.heads()
    keep = fife.holdings
    for code, act in (
        ("same_type", lambda: keep.merge_types("Rover Kit", "ROVER KIT")),
        ("unknown_type", lambda: keep.merge_types("Rover", "Solar Kit")),
        ("unknown_type", lambda: keep.type("Rover")),
        ("name_taken", lambda: keep.rename_type("Rover Kit", "solar kit")),
        ("same_name", lambda: keep.rename_type("Rover Kit", "Rover Kit")),
    ):
        with pytest.raises((BadInput, Refused)) as refused:
            act()
        assert refused.value.code == code
    assert fife.ledger.heads() == before


def test_every_verb_follows_the_names_of_a_type(fife: College) -> None:
    """What is called by an older name, or was merged, is the type that it is now, everywhere."""
    old = fife.holdings.add(NewHolding("Drill")).tag
    new = fife.holdings.add(NewHolding("Iron")).tag
    fife.holdings.merge_types("Drill", "Iron")
    fife.holdings.rename_type("Iron", "Soldering iron")
    first = fife.session.today + timedelta(days=7)
    every = {each.type: each.capacity for each in fife.bookings.free(first, first)}
    assert every == {"STEM kit": 0, "Soldering iron": 2}
    for name in ("Drill", "iron", "Soldering iron"):
        assert fife.bookings.free(first, first, name)[0].capacity == 2
        assert {each.tag for each in fife.find.search("", type=name).items} == {old, new}
        assert fife.policies.set("prep", "1", name).type == name
        assert fife.inspections.set_regime("PAT", name, 12).type == "Soldering iron"
    assert len(fife.inspections.regimes()) == 1
    (made,) = fife.bookings.book("A School", {"drill": 2}, first, first)
    assert made.lines[0].type == "Soldering iron"
    assert fife.ledger.verify().ok


def test_a_merged_type_leaves_one_regime_of_a_code(fife: College) -> None:
    """That of the type that stays; ended, it is ended, and an undo brings back what was."""
    tag = fife.holdings.add(NewHolding("Drill")).tag
    fife.holdings.add(NewHolding("Iron"))
    fife.inspections.set_regime("PAT", "Iron", 12)
    fife.inspections.set_regime("PAT", "Drill", 6)
    fife.inspections.set_regime("LOLER", "Drill", 6)
    fife.holdings.merge_types("Drill", "Iron")

    def shown() -> list[tuple[str, str, int]]:
        return [(each.code, each.type, each.months) for each in fife.inspections.regimes()]

    assert shown() == [("LOLER", "Iron", 6), ("PAT", "Iron", 12)]
    assert fife.inspections.list().total == 4
    fife.inspections.set_regime("LOLER", "Iron", 3)
    fife.inspections.set_regime("PAT", "Drill", 24)
    assert shown() == [("LOLER", "Iron", 3), ("PAT", "Iron", 24)]
    assert fife.ledger.verify().ok
    for _ in range(2):
        fife.inspections.end_regime("PAT", "Iron", request_id="end")
        fife.inspections.end_regime("LOLER", "drill", request_id="end2")
    assert shown() == []
    assert fife.ledger.verify().ok
    for _ in range(5):
        last = fife.actions.undo().kind
    assert last == "kit_type.merged"
    assert shown() == [("LOLER", "Drill", 6), ("PAT", "Drill", 6), ("PAT", "Iron", 12)]
    assert fife.find.holding(tag).type == "Drill"
    assert fife.ledger.verify().ok


def test_a_booking_of_both_types_is_changed_first(fife: College) -> None:
    """As one type it would count half of its kits, and the other half be promised to others."""
    for name in ("Rover kit", "Rvoer kit"):
        for _ in range(2):
            fife.holdings.add(NewHolding(name))
    first = fife.session.today + timedelta(days=7)
    last = first + timedelta(days=4)
    (both,) = fife.bookings.book("A School", {"Rover kit": 2, "Rvoer kit": 2}, first, last)
    with pytest.raises(Refused) as refusal:
        fife.holdings.merge_types("Rvoer kit", "Rover kit")
    assert (refusal.value.code, refusal.value.details["booking"]) == ("booked_together", both.id)
    fife.bookings.change(both.id, types=[("Rover kit", 2)])
    (other,) = fife.bookings.book("B School", {"Rvoer kit": 2}, first, last)
    fife.holdings.merge_types("Rvoer kit", "Rover kit")
    with pytest.raises(Refused) as refusal:
        fife.bookings.book("C School", {"Rover kit": 1}, first, last)
    assert refusal.value.code == "not_free"
    assert {each["id"] for each in refusal.value.details["bookings"]} == {both.id, other.id}
    assert fife.ledger.verify().ok


def test_no_merge_leads_round_in_a_circle(fife: College) -> None:
    """A forged entry, or a redo after other merges, would make every look-up run for ever."""
    for name in ("A Primary", "B Primary", "C Primary"):
        lend(fife, name)
    fife.directory.merge("A Primary", "B Primary")
    fife.actions.undo()
    fife.directory.merge("B Primary", "A Primary")
    with pytest.raises(Refused) as refused:
        fife.actions.redo()
    assert refused.value.code == "built_upon"
    for old, new in (("a-primary", "b-primary"), ("c-primary", "c-primary")):
        with pytest.raises(StoreError), fife.session.writing() as writer:
            writer.append(OrganisationMerged(organisation=old, into=new))
    assert fife.ledger.verify().ok


def test_no_row_is_anybodys_that_is_merged(fife: College) -> None:
    """The table itself says so, for whatever asks it without the library."""
    lend(fife, "A Primary")
    lend(fife, "B Primary")
    fife.directory.merge("A Primary", "B Primary")
    with fife.session.reading() as connection:
        for each in tables_of(ORGANISATION):
            rows = connection.execute(sa.select(each.c.organisation)).scalars().all()
            assert "a-primary" not in rows
