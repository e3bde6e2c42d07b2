"""What a refusal says of a holding that is not here: who has it, since when, and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock, write_off
from kitloan import Count, KitloanError, NewHolding, Refused
from kitloan.college import College
from kitloan.ledger.writer import writing
from kitloan.transfers.sending import record_arrival
from trusting import merge

SINCE = "23 Nov 2026"


def refusal(act: Callable[[], object], code: str) -> KitloanError:
    """The refusal of an act, which must be this rule's."""
    with pytest.raises(KitloanError) as refused:
        act()
    assert refused.value.code == code, refused.value
    return refused.value


def lend(opened: College, tag: str) -> Callable[[], object]:
    """An attempt to lend."""
    return lambda: opened.loans.check_out([tag], "Viewforth High School")


def test_a_kit_that_may_not_be_lent(fife: College, kit: str) -> None:
    """A teacher who is sent away wants to know what is missing, and whom to ask about it."""
    fife.loans.check_out([kit], "Balwearie High School")
    fife.loans.check_in([kit])
    said = refusal(lend(fife, kit), "uncounted")
    assert (said.details["from"], said.details["by"]) == ("Balwearie High School", "m.ross")
    assert SINCE in said.message
    said = refusal(lambda: fife.loans.check_in([kit]), "not_out")
    assert "Balwearie High School" in said.message
    assert said.details["since"].startswith("2026-11-23T")
    fife.loans.count(kit, Count(missing={"Spanner": 1, "Wheel": 3}))
    said = refusal(lend(fife, kit), "incomplete")
    assert [each["component"] for each in said.details["shortages"]] == ["Spanner"]
    assert "Spanner: 1 missing" in said.message


def test_a_kit_that_is_not_here(fife: College, kit: str) -> None:
    """Missing, on its way, written off or another college's: each with the day and the name."""
    fife.holdings.report_missing(kit)
    said = refusal(lend(fife, kit), "missing")
    assert (said.details["by"], SINCE in said.message) == ("m.ross", True)
    fife.holdings.found(kit)
    sent = fife.transfers.send(kit, "ayrshire")
    said = refusal(lend(fife, "FC001"), "in_transit")
    assert (said.details["to_college"], said.details["by"]) == ("ayrshire", "m.ross")
    assert f"to Ayrshire College on {SINCE}" in said.message
    session = fife.session
    with writing(session.store, session.college, "esp", session.clock) as writer:
        record_arrival(writer, sent.id)
    said = refusal(lend(fife, "FC001"), "withdrawn")
    assert f"Ayrshire College has had it since {SINCE}" in said.message
    other = fife.holdings.add(NewHolding("STEM kit")).tag
    write_off(fife, other, "burnt")
    said = refusal(lend(fife, other), "withdrawn")
    assert (said.details["reason"], said.details["by"]) == ("burnt", "j.kerr")


def test_another_colleges_kit_in_one_database(
    new_postgres: Callable[[], str], clock: SetClock
) -> None:
    """Told to take it in, a technician would put one kit on two registers."""
    place = new_postgres()
    with (
        kitloan.init("fife", place, actor="m.ross", clock=clock) as fife,
        kitloan.init("ayrshire", place, actor="j.kerr", clock=clock) as ayrshire,
    ):
        kit = fife.holdings.add(NewHolding("STEM kit", asset_number="FC001")).tag
        fife.loans.check_out([kit], "Balwearie High School")
        for act in (lend(ayrshire, kit), lambda: ayrshire.find.holding(kit)):
            said = refusal(act, "not_yours")
            assert isinstance(said, Refused)
            assert said.details == {"tag": kit, "college": "fife", "college_name": "Fife College"}
            assert "Balwearie" not in said.message, "whom Fife lends to is Fife's own"
        fife.loans.check_in([kit])
        fife.transfers.send(kit, "ayrshire")
        said = refusal(lend(ayrshire, kit), "not_yours")
        assert said.hint.endswith(f"kitloan transfer receive {kit} --from fife")
        # A number is a college's own.
        refusal(lambda: ayrshire.find.holding("FC001"), "unknown_holding")
        write_off(fife, (gone := fife.holdings.add(NewHolding("STEM kit")).tag), "burnt")
        refusal(lambda: ayrshire.find.holding(gone), "unknown_tag")


def test_esp_lends_no_colleges_kit(
    tmp_path: Path, clock: SetClock, new_place: Callable[[], str]
) -> None:
    """ESP sees every kit, by its number too, and has none of them on a shelf."""
    with kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross", clock=clock) as fife:
        kit = fife.holdings.add(NewHolding("STEM kit", asset_number="FC001")).tag
        fife.loans.check_out([kit], "Balwearie High School")
        fife.exchange.export(tmp_path / "fife.kitloan")
    with kitloan.init("esp", new_place(), actor="esp", clock=clock) as esp:
        merge(esp, [tmp_path / "fife.kitloan"])
        for text in (kit, "fc001"):
            assert esp.find.holding(text).college == "fife"
            said = refusal(lend(esp, text), "not_yours")
            assert said.details["college"] == "fife"
            assert said.details["loan"]["to"] == "Balwearie High School"


def test_what_was_undone_is_still_on_record(fife: College) -> None:
    """A label that is stuck on already would be said to be nobody's, and nobody would know why."""
    tag = fife.holdings.add(NewHolding("Telescope")).tag
    fife.actions.undo()
    said = refusal(lambda: fife.find.holding(tag), "unknown_tag")
    assert said.details["undone_by"] == "m.ross"
    assert f"kitloan ledger log {tag}" in said.hint
