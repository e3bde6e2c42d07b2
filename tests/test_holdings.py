"""What a college holds: taken in, corrected, moved, found again, withdrawn."""

from datetime import date

import pytest

from conftest import SetClock, write_off
from kitloan import BadInput, Gift, NewHolding, Refused
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.text.tags import is_tag, mint


def test_gift_terms_are_kept_whole(fife: College) -> None:
    """The donor asks in five years on what terms this was given, and who really paid."""
    gift = Gift(
        donor="RAF",
        funding_source="LIBOR fund",
        title="held_for_esp",
        document="MoU 2019/4",
        value_pence=65000,
        value_basis="donor's letter",
        valued_on=date(2026, 1, 31),
    )
    tag = fife.holdings.add(NewHolding("STEM kit", received_on=date(2026, 2, 1), gift=gift)).tag
    shown = fife.find.holding(tag)
    assert shown.received_on == "2026-02-01"
    assert (shown.gift.donor, shown.gift.funding_source) == ("RAF", "LIBOR fund")
    assert (shown.gift.title, shown.gift.document) == ("held_for_esp", "MoU 2019/4")
    assert (shown.gift.value_pence, shown.gift.value_basis) == (65000, "donor's letter")
    assert shown.gift.valued_on == "2026-01-31"
    fife.holdings.record_gift(tag, Gift(donor="Royal Air Force"))
    after = fife.find.holding(tag).gift
    assert (after.donor, after.document) == ("Royal Air Force", None)


def test_spellings_of_a_kit_type_are_one_type(fife: College) -> None:
    """Three spellings of one kit would be three lines in the national report."""
    names = {
        fife.holdings.add(NewHolding(text)).type for text in ("MTa kit", " MTA  Kit ", "mta KIT")
    }
    assert names == {"MTa kit"}


def test_a_printed_label_is_claimed_once(fife: College) -> None:
    """Two kits under one label are one kit to every scanner."""
    tag = mint()
    assert fife.holdings.add(NewHolding("STEM kit", tag=tag)).tag == tag
    with pytest.raises(Refused) as refusal:
        fife.holdings.add(NewHolding("STEM kit", tag=tag))
    assert refusal.value.code == "tag_taken"
    with pytest.raises(BadInput) as bad:
        fife.holdings.add(NewHolding("STEM kit", tag="KL80A60HZ0WGK"))
    assert bad.value.code == "bad_tag"


def test_a_second_tag_answers_for_the_first(fife: College, kit: str) -> None:
    """A spoilt label replaced from the sheet must still find the kit."""
    second = mint()
    fife.holdings.claim_label(kit, second)
    assert fife.find.holding(second).tag == kit
    with pytest.raises(Refused):
        fife.holdings.add(NewHolding("STEM kit", tag=second))


def test_a_blank_label_says_whose_it_is(fife: College) -> None:
    """An unclaimed label scanned by mistake is explained, not "unknown"."""
    tag = mint()
    fife.holdings.labels_printed([tag], blank=True)
    with pytest.raises(BadInput) as refusal:
        fife.find.holding(tag)
    assert refusal.value.code == "unclaimed_tag"
    assert "m.ross" in refusal.value.message


def test_a_label_is_printed_once_unless_asked(fife: College, kit: str) -> None:
    """Every kit needs its label, and nobody wants to stick two."""
    assert fife.holdings.unlabelled() == [kit]
    fife.holdings.labels_printed([kit], blank=False)
    assert fife.holdings.unlabelled() == []
    fife.holdings.labels_printed([kit], blank=False)
    assert fife.holdings.tags() == [kit]


def test_amending_keeps_what_is_not_named(fife: College) -> None:
    """Correcting a serial number must not lose the asset number."""
    tag = fife.holdings.add(
        NewHolding("Safety goggles", quantity=30, asset_number="G1", serial="x")
    ).tag
    fife.holdings.amend(tag, quantity=28)
    fife.holdings.amend(tag, serial="")
    shown = fife.find.holding("g1")
    assert (shown.quantity, shown.serial, shown.asset_number) == (28, None, "G1")
    fife.loans.check_out([tag], "Balwearie High School", quantity=20)
    with pytest.raises(Refused) as refusal:
        fife.holdings.amend(tag, quantity=19)
    assert refusal.value.code == "more_out"


def test_a_move_is_a_sighting(fife: College, kit: str, clock: SetClock) -> None:
    """Whoever carried the kit to Levenmouth has seen it."""
    clock.move(days=30)
    fife.holdings.move(kit, "Levenmouth")
    shown = fife.find.holding(kit)
    assert shown.location == "Levenmouth"
    assert shown.last_sighted is not None
    assert shown.last_sighted.at == "2026-12-23T11:42:00Z"


def test_what_is_withdrawn_is_not_lent_nor_counted(fife: College, kit: str) -> None:
    """A written-off kit must leave the figures and keep its history."""
    write_off(fife, kit, "flood at Rosyth")
    assert fife.find.holding(kit).status == "withdrawn"
    with pytest.raises(Refused) as refusal:
        fife.loans.check_out([kit], "Balwearie High School")
    assert refusal.value.code == "withdrawn"
    assert fife.audit.audit().totals.holdings == 0
    assert "flood at Rosyth" in fife.find.history(kit)[-1].summary


def test_what_is_on_loan_cannot_be_withdrawn(fife: College, kit: str) -> None:
    """A loan whose kit is gone from the register would never be chased."""
    fife.loans.check_out([kit], "Balwearie High School")
    with pytest.raises(Refused):
        fife.holdings.propose_withdrawal(kit, "lost")
    assert fife.find.holding(kit).status == "out"


def test_contents_that_change_change_what_is_critical(fife: College, kit: str) -> None:
    """A part that turns out to be vital must bar the kits that lack it, from now."""
    from kitloan import Count

    fife.loans.count(kit, Count(missing={"Wheel": 1}))
    assert fife.find.holding(kit).status == "in"
    vital = (ContentsLine(name="Wheel", quantity=16, critical=True),)
    fife.holdings.define_types([kit_type_with("STEM kit", vital)])
    assert fife.find.holding(kit).status == "incomplete"


def test_tags_are_minted_valid_and_apart(fife: College) -> None:
    """A label that fails its own check can never be scanned."""
    tags = {fife.holdings.add(NewHolding("Device")).tag for _ in range(5)}
    assert len(tags) == 5
    assert all(map(is_tag, tags))
