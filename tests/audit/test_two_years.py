"""Two years played: every number that was wrong, or claimed more than is known, in the field."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

import kitloan
from audit.agreement import agrees, listed
from audit.scotland import Scotland, row, rows, values
from audit.two_years import FIRST, ONE, RAF, TWO, Story, play
from conftest import SetClock
from kitloan.audit import Audit, Scope, stored
from kitloan.audit.export import csv, html, xlsx
from kitloan.errors import Refused


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The two years; nobody changes anything after them."""
    folder = tmp_path_factory.mktemp("two-years")
    clock = SetClock(FIRST)
    with ExitStack() as stack:
        esp = kitloan.init("esp", folder / "esp.sqlite", actor="auditor", clock=clock)
        yield play(Scotland(folder, clock, stack.enter_context(esp), stack), folder)


@pytest.fixture(scope="module")
def found(story: Story) -> Audit:
    """The report at the end of them."""
    return story.audit()


def test_a_school_counts_once_in_a_year(found: Audit) -> None:
    """The donor's key figure counted every school twice that borrowed in both halves."""
    year = row(found, "years", year="2025/26")
    assert (year["organisations"], year["loans"]) == (3, 9), "Beath, Dalry and Nicolson"
    assert found.totals.schools == 4, "and Annan, since August"


def test_one_kit_is_one_kit_in_every_table(story: Story, found: Audit) -> None:
    """Of one report, the donor had three answers to where a kit is."""
    for name, newest in (("on", "glasgowclyde"), ("twice", "borders")):
        tag = story.named[name]
        kit = row(found, "gift_kits", tag=tag)
        assert (kit["held_by"], listed(found)[tag]["college"]) == (newest, newest), name
        assert [each["college"] for each in rows(found, "idle") if each["tag"] == tag] in (
            [],
            [newest],
        )
    on = story.named["on"]
    assert row(found, "gift_kits", tag=on)["state"] == "in two colleges"
    assert listed(found)[on]["status"] == "in_two_colleges"
    claims = [f.college for f in found.findings if (f.code, f.tag) == ("tag_in_two_colleges", on)]
    assert sorted(claims) == ["fife", "glasgowclyde"]


def test_every_table_counts_the_same_kits(found: Audit) -> None:
    """Totals, groups and the register are of the same kits, each once."""
    agrees(found)


def test_every_gift_closes(found: Audit) -> None:
    """Promised 20, allocated 12, taken in 8 and not taken in 5: a donor adds that up to 13."""
    two = row(found, "gift_shares", gift=TWO, college="ayrshire")
    assert values(two, ("allocated", "taken_in", "not_taken_in")) == [2, 3, -1]
    said = {(each.code, each.college) for each in found.findings if each.code.startswith("gift_")}
    assert said == {
        ("gift_over_taken", "ayrshire"),
        ("gift_no_allocation", "ayrshire"),
        ("gift_other_type", "ayrshire"),
        ("gift_other_donor", "ayrshire"),
    }


def test_a_delivery_can_be_put_right_and_a_term_changed_alone(story: Story, found: Audit) -> None:
    """400 of 20 promised had come, for ever; and one new term wiped out all the others."""
    esp = story.scotland.esp
    with pytest.raises(Refused) as refusal:
        esp.national.deliver(TWO, 400)
    assert refusal.value.code == "over_promised"
    gift = row(found, "gifts", gift=TWO)
    names = ("promised", "received", "outstanding", "allocated", "at_esp")
    assert values(gift, names) == [20, 12, 8, 8, 4]
    kept = ("tranche", "title", "document", "agreed_on", "received_on")
    assert values(gift, kept) == ["2", "held_for_esp", "MoD 14/1", "2024-09-02", "2024-09-02"]


def test_a_clock_that_was_wrong_once_gives_no_absurd_figure(found: Audit) -> None:
    """Minus 724 days held, a file of next year, and an academic year that has not begun."""
    clock = [(each.code, each.college) for each in found.findings if each.code == "clock_wrong"]
    assert clock == [("clock_wrong", "nescol")]
    used = row(found, "use_by_college", name="nescol")
    assert values(used, ("holdings", "loans", "days_out", "until")) == [3, 1, 8, None]
    assert 2 * 365 <= used["days_held"] <= 3 * 365  # type: ignore[operator]  # a number
    fresh = row(found, "freshness", college="nescol")
    assert values(fresh, ("file_on", "days", "last_entry")) == ["2026-11-27", 0, "2026-10-20"]
    assert {each["year"] for each in rows(found, "years")} == {"2025/26", "2026/27"}


def test_a_day_that_has_not_come_is_marked(story: Story) -> None:
    """2099 for 2026 was one slip, and 126 problems."""
    found = story.scotland.esp.audit.audit(date(2099, 1, 1))
    totals = next(each for each in found.report.tables if each.name == "totals")
    assert totals.note.startswith("1 Jan 2099 has not come yet")


def test_a_kit_that_is_missing_is_not_whole(story: Story, found: Audit) -> None:
    """One kit, not to be found: "Whole 1 (100 %), Missing 1"."""
    gone = story.named["whole, and gone"]
    assert listed(found)[gone]["status"] == "missing"
    assert found.totals.missing == 1
    four = ("counted_whole", "counted_short", "never_counted", "list_changed")
    with_a_list = [each for each in listed(found).values() if each["counted"] is not None]
    held = [each for each in with_a_list if each["status"] not in ("missing", "withdrawn")]
    assert sum(found.totals[name] for name in four) == len(held)


def test_a_write_off_is_in_the_report(story: Story, found: Audit) -> None:
    """Why a kit was burnt, and the donor's letter, were in no form of the report."""
    one = row(found, "written_off", tag=story.named["burnt"])
    names = ("college", "donor", "reason", "agreement", "proposed_by", "signed_by")
    letter = "letter of 1 May 2026"
    assert values(one, names) == ["dumgal", RAF, "burnt", letter, "m.ross", "j.kerr"]


def test_a_report_of_an_earlier_day_can_be_made_again(story: Story) -> None:
    """The same day gave other numbers, because files had come since."""
    audit, spring = story.scotland.esp.audit.audit, date(2026, 3, 3)
    then = audit(spring, known_on=spring)
    assert then.proof.known_on == spring
    assert then.totals.holdings == len(
        [each for each in listed(then).values() if each["with"] != "withdrawn"]
    )
    assert listed(then)[story.named["on"]]["college"] == "fife"
    changed = audit(since=spring)
    (held,) = [each for each in rows(changed, "totals") if each["measure"] == "Kits held"]
    assert held["before"] == audit(spring).totals.holdings
    assert held["change"] == changed.totals.holdings - audit(spring).totals.holdings


def test_what_nobody_counted_is_not_whole(found: Audit) -> None:
    """94 % were whole, of which 69 had not been seen for a year."""
    totals = found.totals
    short = totals.holdings - totals.missing
    assert totals.counted_whole + totals.counted_short + totals.never_counted <= short
    assert totals.never_counted > totals.counted_whole
    assert "whole" not in {each["measure"].lower() for each in rows(found, "totals")}  # type: ignore[attr-defined]


def test_a_silent_college_is_not_in_use(found: Audit) -> None:
    """No loan, no school, and first in Scotland: loans that nobody has heard of for 300 days."""
    silent = row(found, "use_by_college", name="uhi-nwh")
    assert silent["until"] == "2026-01-20"
    # Five of nine kits for one day each is all that is known.
    assert silent["days_out"] == 5
    idle = {each["college"] for each in rows(found, "idle")}
    assert "uhi-nwh" not in idle, "what a silent college lent is not known"


def test_what_no_file_covers_is_not_none(story: Story, found: Audit) -> None:
    """A region of two colleges of which one sent was all that there is; so was a month before."""
    notes = {each.name: each.note for each in found.report.tables}
    for name in ("regions", "reach_by_region"):
        assert "Glasgow (no file from City of Glasgow College" in notes[name]
    assert "No file has come from City of Glasgow College" in notes["gift_shares"]
    highlands = row(found, "reach_by_region", region="HIS")
    assert (highlands["kits"], highlands["engagements"]) == (12, None), "its files end in January"
    assert row(found, "reach_by_region", region="FIF")["engagements"] == 0
    months = dict(found.report.summary.months)
    assert None not in months.values(), "every month has a ledger that covers it"
    later = story.scotland.esp.audit.audit(date(2028, 3, 1))
    silent = row(later, "use_by_college", name="uhi-nwh")
    used = ("loans", "organisations", "days_out", "days_held", "share")
    assert (silent["holdings"], {silent[name] for name in used}) == (9, {None})
    assert {many for _, many in later.report.summary.months} == {None}
    said = [answer for answer, _ in later.report.summary.answers]
    assert "What was lent in the last 12 months is not known." in said


def test_who_has_sent_nothing_is_the_first_finding(found: Audit) -> None:
    """Six kits were allocated 15 months ago to colleges that never wrote: zero findings."""
    assert [(each.code, each.college) for each in found.findings[:2]] == [
        ("never_sent", "cityofglasgow"),
        ("never_sent", "dundeeangus"),
    ]
    stale = [each.college for each in found.findings if each.code == "stale_data"]
    assert stale == ["uhi-nwh"], "Orkney is part of another, and the rest have sent a file"
    glasgow = next(
        each for each in found.as_json()["by_college"] if each["college"] == "cityofglasgow"
    )
    assert glasgow["holdings"] is None
    regions = {each["region"]: each["holdings"] for each in found.as_json()["by_region"]}
    assert (regions["TAY"], regions["LAN"]) == (None, None)
    assert regions["FIF"] is not None


def test_a_transfer_is_matched_by_two_halves(story: Story, found: Audit) -> None:
    """An auditor read "met" where no receipt is on record."""
    for each in rows(found, "transfers"):
        assert (each["status"] == "matched") == (None not in (each["sent"], each["received"]))


def test_what_left_a_college_is_not_short_there(story: Story) -> None:
    """A kit that was sent on was on the list of the college that has it no more."""
    short = story.scotland.esp.find.shortages().items
    gone = story.named["gone"]
    assert "edinburgh" not in {each.college for each in short if each.tag == gone}
    at_edinburgh = story.scotland["edinburgh"].find.shortages().items
    assert gone not in {each.tag for each in at_edinburgh}


def test_every_kit_of_a_donor_is_found(story: Story, found: Audit) -> None:
    """The college that has the kit now had no donor on record: the donor's list left it out."""
    tag = story.named["on"]
    assert listed(found)[tag]["donor"] == "Royal Air Force"
    at_esp = story.scotland.esp.find
    assert tag in {each.tag for each in at_esp.search("royal air", limit=500).items}
    assert at_esp.holding(f"glasgowclyde:{tag}").gift.title == "held_for_esp"
    narrowed = story.scotland.esp.audit.audit(scope=Scope(gift=ONE))
    every = [each for each in listed(narrowed).values() if each["with"] != "withdrawn"]
    assert {each["gift"] for each in every} == {ONE}
    assert len(every) == narrowed.totals.holdings
    assert tag in listed(narrowed)
    assert {each["gift"] for each in rows(narrowed, "gifts")} == {ONE}


def test_no_college_writes_off_what_the_donor_must_release(story: Story) -> None:
    """A kit that had been passed on twice was written off with no letter of the donor."""
    clyde = story.scotland["glasgowclyde"]
    with pytest.raises(Refused) as refusal:
        clyde.holdings.propose_withdrawal(story.named["on"], "too old")
    assert refusal.value.code == "donor_must_agree"


def test_a_loan_without_a_due_date_is_a_finding(story: Story, found: Audit) -> None:
    """15 of 25 open loans had no due date: never overdue, and nobody was told."""
    no_date = [each for each in found.findings if each.code == "no_due_date"]
    assert [(each.college, each.tag) for each in no_date] == [
        ("dumgal", story.named["lent long ago"])
    ]


def test_a_donors_paper_names_no_one(story: Story) -> None:
    """A donor is thanked with figures, and not with the names of schools and technicians."""
    from kitloan.audit.export import html

    paper = story.scotland.esp.audit.audit(scope=Scope(donor="royal air force"), reader="donor")
    page = html.render(paper.report)
    assert "Thank you, Royal Air Force" in page
    names = ("Beath High", "Dalry", "Nicolson", "Viewforth", "Annan", "m.ross", "IET")
    assert [name for name in names if name in page] == []
    assert paper.as_json()["findings"] == []
    assert "m.ross" not in str(paper.as_json())


def test_a_college_is_told_what_it_does_itself(story: Story) -> None:
    """A list to tick that says "ask the college" has nothing on it that the college can do."""
    audit = story.scotland.esp.audit.audit
    for college in ("uhi-nwh", "fife", "cityofglasgow"):
        paper = audit(reader="college", scope=Scope(college=college))
        (to_do,) = [each for each in paper.report.tables if each.name == "to_do"]
        assert to_do.rows
        for each in to_do.column("action"):
            assert "the college" not in str(each).lower(), each


def test_a_kits_life_is_on_one_page(story: Story) -> None:
    """Three questions to three colleges gave three lists, in no order."""
    tag, events = story.scotland.esp.audit.life(story.named["on"])
    assert tag == story.named["on"]
    assert {each.college for each in events} == {"fife", "borders", "glasgowclyde"}
    assert [each.at for each in events] == sorted(each.at for each in events)


def test_what_a_restore_lost_can_be_read(story: Story) -> None:
    """ESP was to ask what was done, and could not see what to ask for."""
    lost = story.scotland.esp.audit.lost("fife")
    assert {each.tag for each in lost} >= {story.named["on"], story.named["lost"]}
    assert any("missing" in each.summary for each in lost)


def test_a_finding_that_is_accepted_comes_back_when_its_facts_change(
    story: Story, found: Audit
) -> None:
    """An auditor who accepts a burnt kit is not to accept all that burns after it."""
    esp = story.scotland.esp
    one = next(each for each in found.findings if each.code == "stale_data")
    esp.national.accept_finding(one.code, one.college, one.tag, one.facts, "no network until May")
    again = next(each for each in story.audit().findings if each.code == "stale_data")
    assert again.accepted == "no network until May"
    esp.national.accept_finding(one.code, one.college, one.tag, one.facts, None)
    after = next(each for each in story.audit().findings if each.code == "stale_data")
    assert after.accepted is None
    esp.national.accept_finding(one.code, one.college, one.tag, "other facts", "seen")
    changed = next(each for each in story.audit().findings if each.code == "stale_data")
    assert changed.accepted is None


def test_every_figure_can_be_proved(story: Story, found: Audit) -> None:
    """ "Can I prove this figure?" was answered with no."""
    for name in ("holdings", "missing", "counted_short", "overdue", "not_sighted_12_months"):
        proved = story.scotland.esp.audit.prove(name)
        assert proved.number == found.totals[name] == len(proved.items), name
    allocated = story.scotland.esp.audit.prove("allocated", scope=Scope(gift=TWO))
    assert (allocated.number, len(allocated.items)) == (8, 3)
    ends = {each.ledger: each for each in found.proof.ledgers}
    assert ends["fife/2"].file_exported_at == "2026-11-02T09:00:00Z"


@pytest.mark.parametrize("reader", [None, "college", "board"])
def test_a_report_whose_lists_are_on_disk_is_the_same(
    story: Story, reader: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A large nation's report would have other rows than a small one's, or in another order."""
    scope = Scope(college="fife") if reader == "college" else None
    short = story.scotland.esp.audit.audit(scope=scope, reader=reader)
    monkeypatch.setattr(stored, "MOST_IN_MEMORY", 1)
    long = story.scotland.esp.audit.audit(scope=scope, reader=reader)
    assert isinstance(long.findings, stored.Stored)
    parts = (long.as_json(), short.as_json())
    for each in parts:
        each["proof"].pop("made_at")
    assert parts[0] == parts[1]
    assert long.report.summary == short.report.summary
    for name, found in (("short", short), ("long", long)):
        csv.write(found.report, tmp_path / name)
        xlsx.write(found.report, tmp_path / f"{name}.xlsx")
        html.write(found.report, tmp_path / f"{name}.html")
    for file in (tmp_path / "short").iterdir():
        assert (tmp_path / "long" / file.name).read_bytes() == file.read_bytes(), file.name
    pages = [(tmp_path / f"{name}.html").read_text().splitlines() for name in ("short", "long")]
    assert [
        one for one, other in zip(*pages, strict=True) if one != other and "made" not in one
    ] == []
