"""The report of a store with nothing in it says what to do next."""

from pathlib import Path

from openpyxl import load_workbook

from audit.scotland import Scotland, rows
from audit_forms.reading import Page
from kitloan import Gift
from kitloan.audit import Audit
from kitloan.audit.census import Scope
from kitloan.audit.export import html, text, xlsx
from kitloan.reference import colleges


def everywhere(found: Audit, folder: Path) -> tuple[str, str, str]:
    """The report in a terminal, on a page, and on the sheet that explains the workbook."""
    xlsx.write(found.report, folder / "r.xlsx")
    about = load_workbook(folder / "r.xlsx")["About"].iter_rows(values_only=True)
    sheet = " ".join(str(value) for row in about for value in row if value is not None)
    page = " ".join(seen.text for seen in Page(html.render(found.report)).elements)
    return " ".join(text.render(found.report).split()), page, sheet


def test_esp_is_told_to_ask_the_colleges(scotland: Scotland, tmp_path: Path) -> None:
    """An auditor on the first day would look at thirteen noughts and close the program."""
    found = scotland.esp.audit.audit()
    for told in everywhere(found, tmp_path):
        assert "ledger import FILE" in told
    sent, *others = rows(found, "totals")
    assert (sent["number"], sent["share"]) == (0, 0.0)
    assert {each[name] for each in others for name in ("number", "of", "share")} == {None}
    totals = found.as_json()["totals"]
    assert totals.pop("colleges") == 0
    assert {*totals.values()} == {None}, "no file has come: what is held is not known"
    said = dict(found.report.summary.answers)
    assert "What is held is not known." in said
    assert found.findings == ()


def test_a_college_is_told_to_take_in_what_it_holds(scotland: Scotland, tmp_path: Path) -> None:
    """The same, of a technician whose register is still a spreadsheet."""
    assert scotland["fife"]
    for found in (scotland["fife"].audit.audit(), scotland.audit()):
        for told in everywhere(found, tmp_path):
            assert "kitloan import FILE" in told


def test_what_is_held_needs_no_advice(scotland: Scotland, tmp_path: Path) -> None:
    """Advice that stays becomes noise."""
    scotland.kits("fife", 1)
    for told in everywhere(scotland.audit(), tmp_path):
        assert "import FILE" not in told


def test_the_first_answer_names_donors_and_silent_colleges(scotland: Scotland) -> None:
    """A director asks how many the RAF gave, and who has sent nothing, before anything else."""
    first, second, _ = scotland.kits("fife", 3)
    for tag in (first, second):
        scotland["fife"].holdings.record_gift(tag, Gift(donor="RAF"))
    (answer, more), *_ = scotland.audit().report.summary.answers
    assert answer.startswith("3 kits are held by 1 of ")
    assert more.startswith("Given: 2 by RAF, 1 by donors not on record. ")
    assert "colleges sent no file, and what they hold is not known: Ayrshire College, " in more
    silent = {each.name for each in colleges() if each.id != "fife"}
    assert not {name for name in silent if name not in more}, "a director writes to each"
    summary = scotland.audit().report.summary
    use, in_use = summary.answers[3], {each.name: each.used for each in summary.tiles}
    assert in_use["Fife"] is None, "nor does the map show it"
    assert use[0].startswith("0 loans to 0 schools and other borrowers in the last 12 months. ")
    assert "held for too short a time to show how much they are used" in use[0]
    scotland.clock.move(days=30)
    summary = scotland.audit().report.summary
    use, in_use = summary.answers[3], {each.name: each.used for each in summary.tiles}
    assert in_use["Fife"] == 0
    assert "A kit was on loan for 0% of the time that it was held." in use[0]
    (_, of_donor), *_ = scotland.esp.audit.audit(scope=Scope(donor="RAF")).report.summary.answers
    assert "Given" not in of_donor
    assert of_donor.endswith("colleges sent no file, and what they hold is not known.")
