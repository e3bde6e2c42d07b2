"""Programmes and partners as data: one name for each, kinds of organisation, and referrals."""

from datetime import date
from typing import Any

import pytest

from kitloan.audit import Audit, Scope
from kitloan.college import College
from kitloan.errors import BadInput
from kitloan.evidence.engagements import EngagementChange, NewEngagement
from kitloan.evidence.partners import partner_named, partners, programme_named, programmes

DAY = date(2026, 11, 20)
SCHOOL = "Lochside Academy"


def rows(found: Audit, name: str) -> list[dict[str, Any]]:
    """A table of the report, as programs read it."""
    listed: list[dict[str, Any]] = found.as_json()["tables"][name]
    return listed


def test_a_programme_has_one_name(fife: College) -> None:
    """Faraday, the IET Faraday Challenge and Faraday Challenge Day were three programmes."""
    assert programme_named("faraday") == "IET Faraday Challenge"
    assert programme_named("FLL") == programme_named("FIRST LEGO League Challenge")
    assert programme_named("Robots on the Clyde") == "Robots on the Clyde"
    new = NewEngagement(on=DAY, organisation=SCHOOL, programme="Faraday", learners={"s1-s3": 36})
    used = fife.engagements.record(new, new_too=True).engagement
    assert used.programme == "IET Faraday Challenge"
    change = EngagementChange(programme="dyw step into stem")
    assert fife.engagements.correct(used.id, change).engagement.programme == "Step into STEM"
    (row,) = rows(fife.audit.audit(), "reach_by_programme")
    assert (row["name"], row["schools"], row["learner_engagements"]) == ("Step into STEM", 1, 36)


def test_the_named_programmes_and_partners_are_there() -> None:
    """What ESP names was left to whoever typed it."""
    assert {"IET Faraday Challenge", "Step into STEM", "RAF STEM kits"} <= {
        each.name for each in programmes().values()
    }
    assert {"SSERC", "STEM Learning", "RAiSE", "Developing the Young Workforce"} <= {
        each.name for each in partners().values()
    }


def test_a_referral_is_the_borrowers(fife: College) -> None:
    """Nobody knew that half the new schools came from one partner."""
    describe = fife.partners.describe
    found = describe(SCHOOL, referred_by="dyw", new_too=True)
    assert (found.referred_by, found.kind) == ("Developing the Young Workforce", None)
    found = describe(SCHOOL, kind="School", partnership="fife")
    assert (found.kind, found.referred_by, found.partnership) == (
        *("school", "Developing the Young Workforce", "FIF"),
    )
    describe("Shell Mossmorran", kind="employer", partnership="FIF", new_too=True)
    new = NewEngagement(on=DAY, organisation=SCHOOL, learners={"s1-s3": 24})
    fife.engagements.record(new)
    (referral,) = rows(fife.audit.audit(), "referrals")
    assert (referral["organisations"], referral["schools"], referral["learner_engagements"]) == (
        *(1, 1, 24),
    )
    members = {row["kind"]: row for row in rows(fife.audit.audit(), "partnership_members")}
    assert {kind: row["members"] for kind, row in members.items()} == {"school": 1, "employer": 1}
    assert describe(SCHOOL, referred_by="none").referred_by is None
    assert fife.actions.undo().kind == "organisation.described"
    assert fife.partners.list()[0].referred_by == "Developing the Young Workforce"
    words = [line.summary for line in fife.ledger.log() if line.kind == "organisation.described"]
    assert f"{SCHOOL}, referred by Developing the Young Workforce" in words
    assert fife.ledger.verify().ok


def test_a_merged_school_keeps_its_referral(fife: College) -> None:
    """Two spellings became one school, and who sent it was lost."""
    fife.partners.describe(SCHOOL, referred_by="SSERC", new_too=True)
    fife.partners.describe("Academy of Lochside", kind="school", new_too=True)
    fife.directory.merge(SCHOOL, "Academy of Lochside")
    assert fife.ledger.verify().ok
    fife.actions.undo()
    assert [each.referred_by for each in fife.partners.list() if each.referred_by] == ["SSERC"]
    assert fife.ledger.verify().ok


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "gang"}, "unknown_kind"),
        ({"partnership": "Narnia"}, "unknown_region"),
        ({"referred_by": "Mrs Bell 01592 123456"}, "names_a_person"),
        ({}, "nothing_to_correct"),
    ],
)
def test_what_cannot_be_is_named(fife: College, given: dict[str, str], code: str) -> None:
    """A person's name went to ESP as a referral."""
    before = len(fife.ledger.log())
    with pytest.raises(BadInput) as wrong:
        fife.partners.describe(SCHOOL, new_too=True, **given)  # type: ignore[arg-type]
    assert wrong.value.code == code
    assert len(fife.ledger.log()) == before
    assert partner_named("Robotics Club Leith") == "Robotics Club Leith"


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"event": "nope"}, "unknown_event", "nope"),
        ({"event": "ayrshre-E3"}, "unknown_event", "ayrshre-E3"),
        ({"event": "ayrshire-e3"}, None, ""),
        ({"programme": "Faraday Chalenge"}, "unknown_programme", "IET Faraday Challenge"),
        ({"programme": "faraday"}, None, ""),
        ({"schuid": "8999999P"}, "unknown_school", "8999999P"),
        ({"schuid": "X-abbey"}, None, ""),
    ],
)
def test_what_is_not_known_is_recorded_and_told(
    fife: College, given: dict[str, Any], code: str | None, words: str
) -> None:
    """A slip in an event's id made one event two, and nobody was told."""
    new = NewEngagement(on=DAY, organisation=SCHOOL, learners={"s1-s3": 36}, **given)
    taken = fife.engagements.record(new, new_too=True)
    assert [each.code for each in taken.warnings] == ([code] if code else [])
    assert all(words in each.message for each in taken.warnings)
    if given == {"event": "ayrshire-e3"}:
        assert taken.engagement.event == "ayrshire-E3", "as that college spells it"


def test_a_partner_that_is_nearly_known_is_told(fife: College) -> None:
    """STEM Learning and STEM Lerning would be two partners of a report."""
    (warned,) = fife.partners.describe(SCHOOL, referred_by="STEM Lerning", new_too=True).warnings
    assert (warned.code, "STEM Learning" in warned.message) == ("unknown_partner", True)
    assert fife.partners.describe(SCHOOL, referred_by="dyw").warnings == ()
    assert fife.partners.describe(SCHOOL, kind="School").warnings == ()


def test_a_partnerships_page_has_its_name(fife: College) -> None:
    """Its reader does not know what FIF is."""
    for given in ("FIF", "fif", "Fife"):
        found = fife.audit.audit(reader="evidence", scope=Scope(region=given))
        assert found.report.title == "What the kits did: Fife"
    assert fife.audit.audit(reader="evidence").report.title == "What the kits did"
