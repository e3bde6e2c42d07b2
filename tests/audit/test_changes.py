"""What changed since the last quarter: every summary figure, and no child to be picked out."""

import csv as csv_files
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from audit.scotland import Scotland, rows
from audit_forms.reading import Page
from conftest import SetClock
from kitloan import Count, NewHolding
from kitloan.audit import Audit, Scope
from kitloan.audit.export import csv, html, xlsx
from kitloan.audit.export.text import one_screen
from kitloan.evidence.engagements import NewEngagement
from kitloan.holdings import kit_type_with
from kitloan.text.dates import last_quarter_end

LEARNERS = "Learner engagements this academic year"


@pytest.fixture
def clock() -> SetClock:
    """The last week of the quarter that ends with September."""
    return SetClock(datetime(2026, 9, 24, 9, tzinfo=UTC))


@pytest.fixture
def national(scotland: Scotland, clock: SetClock) -> Iterator[Scotland]:
    """Two kits in September, one more in November; one is missing by then."""
    first, _ = scotland.kits("fife", 2, donor="RAF")
    use(scotland, date(2026, 9, 24), 103)
    scotland.send()
    clock.now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    scotland.kits("fife", 1, donor="RAF")
    scotland["fife"].holdings.report_missing(first, "not on its shelf")
    scotland.send()
    yield scotland


def use(scotland: Scotland, on: date, learners: int, school: str = "") -> None:
    """A group of a school did something with a kit; by default of another school each day."""
    name = school or f"School number {on.toordinal()}"
    new = NewEngagement(on=on, organisation=name, learners={"p5-p7": learners})
    scotland["fife"].engagements.record(new, new_too=True)


def change_of(found: Audit, measure: str) -> tuple[object, object, object]:
    """A figure of the summary, what it was, and its change."""
    (one,) = [each for each in rows(found, "totals") if each["measure"] == measure]
    return one["number"], one.get("before"), one.get("change")


def test_before_the_first_file_is_not_none(scotland: Scotland, clock: SetClock) -> None:
    """Two kits more than none, which nobody had counted: no file had come."""
    clock.move(days=1)
    scotland.kits("fife", 2, donor="RAF")
    scotland.send()
    found = scotland.esp.audit.audit(since=date(2026, 9, 24))
    assert change_of(found, "Kits held") == (2, None, None)
    assert change_of(found, "Colleges that have sent a file") == (1, 0, 1)


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2026-11-28", "2026-09-30"),
        ("2026-10-01", "2026-09-30"),
        ("2026-09-30", "2026-06-30"),
        ("2027-01-01", "2026-12-31"),
        ("2027-03-31", "2026-12-31"),
    ],
)
def test_a_quarter_ends_before_the_day(day: str, end: str) -> None:
    """A report as at the end of a quarter that compared with itself would show that nothing is."""
    assert last_quarter_end(date.fromisoformat(day)) == date.fromisoformat(end)


def test_every_summary_figure_has_its_change(national: Scotland) -> None:
    """A director compared two printed reports by hand."""
    found = national.esp.audit.audit(last_quarter=True)
    assert change_of(found, "Kits held") == (3, 2, 1)
    assert change_of(found, "Missing") == (1, 0, 1)
    assert change_of(found, "Colleges that have sent a file") == (1, 1, 0)
    assert change_of(found, LEARNERS) == (103, 103, 0)
    assert None not in [each["change"] for each in rows(found, "totals")]
    assert "since" not in {each.name for each in found.report.tables}, "it was not asked for"
    totals = next(each for each in found.report.tables if each.name == "totals")
    assert "On 30 Sep 2026" in [each.title for each in totals.columns]


def test_the_change_is_what_asking_for_the_day_gives(national: Scotland) -> None:
    """The two ways to ask for one thing gave two answers."""
    audit = national.esp.audit.audit
    by_quarter = rows(audit(last_quarter=True), "totals")
    assert by_quarter == rows(audit(since=date(2026, 9, 30)), "totals")
    earlier = {each["measure"]: each["number"] for each in rows(audit(date(2026, 9, 30)), "totals")}
    assert {each["measure"]: each["before"] for each in by_quarter} == earlier


def test_a_store_younger_than_the_quarter_compares_with_nothing(
    scotland: Scotland, clock: SetClock
) -> None:
    """A report that is refused because nothing is on record from before would be none at all."""
    clock.now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    scotland.kits("fife", 1)
    scotland.send()
    found = scotland.esp.audit.audit(last_quarter=True)
    assert "change" not in rows(found, "totals")[0]


def test_one_screen_names_the_way_to_the_changes(national: Scotland) -> None:
    """Nobody finds an option that no screen names; and what was asked for is shown."""
    plain = one_screen(national.esp.audit.audit().report)
    assert "--since 2026-09-30" in plain
    asked = one_screen(national.esp.audit.audit(since=date(2026, 9, 30)).report)
    assert "Since 30 Sep 2026: Kits held +1" in " ".join(asked.split())
    assert "--since" not in asked


@pytest.mark.parametrize("reader", ["board", "donor", "college", "evidence"])
def test_one_screen_of_a_paper_has_its_answers(national: Scotland, reader: str) -> None:
    """A paper without the summary table came out as a title and nothing else."""
    given: dict[str, Any] = {
        "donor": {"scope": Scope(donor="RAF")},
        "college": {"scope": Scope(college="fife")},
    }.get(reader, {})
    found = national.esp.audit.audit(reader=reader, **given)
    shown = one_screen(found.report)
    for answer, _ in found.report.summary.answers:
        assert " ".join(answer.split()) in " ".join(shown.split())


# What leaves ESP.


def board(scotland: Scotland, **scope: str) -> Audit:
    """The board's paper with the change since the last quarter."""
    return scotland.esp.audit.audit(reader="board", scope=Scope(**scope), last_quarter=True)


def test_the_board_gets_the_summary_with_its_changes(national: Scotland) -> None:
    """The board's paper had no summary figures."""
    found = board(national)
    assert change_of(found, "Kits held") == (3, 2, 1)
    assert change_of(found, LEARNERS) == (103, 103, 0)


def numbers(found: Audit, folder: Path) -> set[str]:
    """Every cell of every form of the summary that leaves ESP, as text."""
    csv.write(found.report, folder / "r")
    xlsx.write(found.report, folder / "r.xlsx")
    page = Page(html.render(found.report))
    with (folder / "r" / "totals.csv").open(encoding="utf-8", newline="") as file:
        cells = {each for row in csv_files.reader(file) for each in row}
    book = load_workbook(folder / "r.xlsx")
    names = xlsx.sheet_names(each.title for each in found.report.tables)
    at = [each.name for each in found.report.tables].index("totals")
    cells |= {str(each) for row in book[names[at]].iter_rows(values_only=True) for each in row}
    cells |= {each.text for row in page.tables["totals"].rows for each in row}
    document = found.as_json()
    cells |= {str(each) for row in document["tables"]["totals"] for each in row.values()}
    return cells | {str(each) for each in document["totals"].values()}


def test_a_few_learners_since_the_quarter_are_not_told(national: Scotland, tmp_path: Path) -> None:
    """One hundred and six, less the hundred and three of September, were three children."""
    use(national, date(2026, 11, 20), 3)
    national.send()
    inside = national.esp.audit.audit(last_quarter=True)
    assert change_of(inside, LEARNERS) == (106, 103, 3), "ESP's own figures hide nothing"
    found = board(national)
    assert change_of(found, LEARNERS) == (106, "c", "c")
    assert "103" not in numbers(found, tmp_path)
    totals = next(each for each in found.report.tables if each.name == "totals")
    assert "c is hidden" in totals.note, "a mark has its words with it"


def test_a_few_learners_before_the_quarter_are_not_told(
    scotland: Scotland, clock: SetClock, tmp_path: Path
) -> None:
    """Three in September, one hundred since: the change gives them away as well."""
    use(scotland, date(2026, 9, 24), 3)
    scotland.send()
    clock.now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    use(scotland, date(2026, 11, 20), 100)
    scotland.send()
    assert change_of(board(scotland), LEARNERS) == (103, "c", "c")
    assert not {"3", "100"} & numbers(board(scotland), tmp_path)


def test_the_least_of_the_earlier_day_gives_nothing_away(national: Scotland) -> None:
    """At least 103 by September and 106 now: of that one school, at most three came since."""
    use(national, date(2026, 11, 20), 3, school=f"School number {date(2026, 9, 24).toordinal()}")
    national.send()
    found = board(national)
    assert change_of(found, "Different learners, at least") == (103, "c", "c")
    assert change_of(found, "Different learners, at most") == (106, "c", "c")


def test_a_small_number_is_hidden_in_the_summary_too(
    scotland: Scotland, clock: SetClock, tmp_path: Path
) -> None:
    """The summary printed what the table of learners hides."""
    clock.now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    scotland.kits("fife", 7)
    use(scotland, date(2026, 11, 20), 3)
    scotland.send()
    found = board(scotland)
    assert change_of(found, LEARNERS)[0] == "c"
    assert "3" not in numbers(found, tmp_path)


def test_a_part_of_the_nation_has_no_earlier_learners(national: Scotland) -> None:
    """The nation's change, less Fife's, is the change of the others: a reader subtracts."""
    use(national, date(2026, 11, 20), 50)
    national.send()
    assert change_of(board(national), LEARNERS) == (153, 103, 50)
    for scope in ({"college": "fife"}, {"region": "FIF"}):
        _, before, change = change_of(board(national, **scope), LEARNERS)
        assert (before, change) == ("c", "c"), scope
        assert change_of(board(national, **scope), "Kits held") == (3, 2, 1)


def test_learners_of_another_year_are_no_change(scotland: Scotland, clock: SetClock) -> None:
    """In August the year begins again: sixty fewer than in June is no loss of sixty."""
    clock.now = datetime(2027, 6, 10, 9, tzinfo=UTC)
    use(scotland, date(2027, 6, 10), 103)
    scotland.send()
    clock.now = datetime(2027, 8, 20, 9, tzinfo=UTC)
    use(scotland, date(2027, 8, 20), 43)
    scotland.send()
    for found in (scotland.esp.audit.audit(last_quarter=True), board(scotland)):
        assert change_of(found, LEARNERS) == (43, None, None)


def test_a_donor_gets_no_figure_of_an_earlier_day(national: Scotland) -> None:
    """What a donor's paper does not have cannot be subtracted."""
    use(national, date(2026, 11, 20), 3)
    national.send()
    found = national.esp.audit.audit(
        reader="donor", scope=Scope(donor="RAF"), since=date(2026, 9, 30)
    )
    document = found.as_json()
    assert not {"totals", "since"} & document["tables"].keys()
    assert "103" not in str(document["tables"])


def test_a_donor_reads_what_changed(national: Scotland) -> None:
    """A donor who asks what became of their kits since the last paper had to compare two."""
    audit, about = national.esp.audit.audit, Scope(donor="RAF")
    found = audit(reader="donor", scope=about, since=date(2026, 9, 30))
    changed = {str(each["measure"]): each for each in rows(found, "changes")}
    held = changed["Kits held"]
    assert (held["number"], held["before"], held["change"]) == (3, 2, 1)
    assert changed["Missing"]["change"] == 1
    assert not [each for each in changed if "earner" in each], "they could be subtracted"
    assert found.report.tables[0].name == "changes", "what is new comes first"
    assert "changes" not in audit(reader="donor", scope=about).as_json()["tables"]


# Idle kits and who waits for one.


def test_an_idle_kit_names_the_nearest_want(scotland: Scotland, clock: SetClock) -> None:
    """An idle kit was listed, and who waits for one fifty kilometres away on another page."""
    fife = scotland["fife"]
    tag = fife.holdings.add(NewHolding("STEM kit", location="STEM store")).tag
    fife.loans.count(tag, Count(whole=True))
    clock.move(days=400)
    today = clock().date()
    scotland.kits("fife", 1)
    for name in ("uhi-orkney", "borders", "edinburgh"):
        scotland.kits(name, 1)
    (before,) = [each for each in rows(scotland.audit(), "idle") if each["tag"] == tag]
    assert (before["wanted_at"], before["km"]) == (None, None)
    for name in ("uhi-orkney", "borders"):
        scotland[name].wants.add("X School", "stem kit", 1, today, date(2028, 2, 1), days=3)
    scotland["edinburgh"].wants.add("X School", "STEM kit", 1, today, today, days=1)
    clock.move(days=1)  # Edinburgh's, which is nearer, is over
    (one,) = [each for each in rows(scotland.audit(), "idle") if each["tag"] == tag]
    assert (one["wanted_at"], one["sea_crossing"]) == ("borders", "no")
    assert isinstance(one["km"], int) and 50 <= one["km"] <= 80
    assert (one["place"], one["counted"]) == ("STEM store", "whole")


def test_a_want_of_another_type_is_no_want_of_this(scotland: Scotland, clock: SetClock) -> None:
    """Somebody waits for a telescope; the idle robot does not help."""
    scotland.kits("fife", 1)
    clock.move(days=400)
    borders = scotland["borders"]
    borders.holdings.define_types([kit_type_with("Telescope", ())])
    borders.wants.add("X School", "Telescope", 1, clock().date(), date(2028, 2, 1))
    assert [each["wanted_at"] for each in rows(scotland.audit(), "idle")] == [None]
