"""An academic year of two colleges: an event, forms, a kit nobody opened, and what it came to.

At the end the donor's page and the page of evidence must say exactly what happened. Every number
below is counted from the story by hand, and none is read from the page first.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from kitloan import Gift, NewHolding
from kitloan.audit import Audit, Scope
from kitloan.college import College
from kitloan.evidence.engagements import EngagementChange, NewEngagement
from trusting import merge

SCHOOLS = """\
Seed Code,LA Name,School Name,Primary Department,Secondary Department,Pupil Roll,\
8-fold Urban rural measure,Proportion of pupils who live in 20% most deprived datazones
8000001,Fife,Lochside Primary School,Yes,,100,2 - Other,55 - <60%
8000002,Fife,Hillend High School,,Yes,700,2 - Other,10 - <15%
8000003,East Ayrshire,Strath Primary School,Yes,,200,8 - Very Remote,0 - <5%
8000004,East Ayrshire,Abbey High School,,Yes,500,6 - Acc,15 - <20%
"""
LOCHSIDE, HILLEND, STRATH, ABBEY = "8000001P", "8000002S", "8000003P", "8000004S"
LAST_DAY = date(2026, 7, 31)


@pytest.fixture
def clock() -> SetClock:
    """The first Monday of the school year."""
    return SetClock(datetime(2025, 8, 18, 9, 0, tzinfo=UTC))


class Year:
    """Fife and Ayrshire, and ESP, through the year."""

    def __init__(self, folder: Path, clock: SetClock, stack: ExitStack) -> None:
        self.folder, self.clock = folder, clock
        self.list = folder / "schools 2026-01-31.csv"
        self.list.write_text(SCHOOLS, encoding="utf-8")

        def begin(college: str) -> College:
            path = folder / f"{college}.sqlite"
            opened = stack.enter_context(
                kitloan.init(college, path, actor="m.ross", clock=self.clock)
            )
            opened.schools.take_in(self.list)
            return opened

        self.fife, self.ayrshire, self.esp = map(begin, ("fife", "ayrshire", "esp"))

    def on(self, year: int, month: int, day: int) -> None:
        """A morning."""
        self.clock.now = datetime(year, month, day, 9, 0, tzinfo=UTC)

    def lend(self, college: College, tag: str, school: str, schuid: str) -> str:
        """Lend a kit to a school, which a person links; gives the loan's id."""
        (loan,) = college.loans.check_out([tag], school, new_too=True)
        college.schools.link(school, schuid)
        return loan.id

    def send(self) -> None:
        """Both colleges send what is new, and ESP merges it."""
        files = []
        for college in (self.fife, self.ayrshire):
            files.append(self.folder / f"{college.session.college}-{self.clock.now:%y%m%d}.kitloan")
            college.exchange.export(files[-1], since_last=True)
        merge(self.esp, files)


@pytest.fixture
def year(tmp_path: Path, clock: SetClock) -> Iterator[Year]:
    """The year as it was, up to its last day."""
    with ExitStack() as stack:
        it = Year(tmp_path, clock, stack)
        _play(it)
        yield it


def _play(it: Year) -> None:
    fife, ayrshire = it.fife, it.ayrshire
    raf, other, theirs = (
        college.holdings.add(NewHolding("STEM kit", gift=Gift(donor=donor))).tag
        for college, donor in ((fife, "RAF"), (fife, "IET"), (ayrshire, "RAF"))
    )

    # September: Lochside's P5 has the kit for two weeks, and the teacher's form comes back.
    it.on(2025, 9, 1)
    first = it.lend(fife, raf, "Lochside Primary School", LOCHSIDE)
    it.on(2025, 9, 15)
    fife.loans.check_in([raf])
    fife.evaluations.read(
        f"KLEVAL1;loan={first};date=2025-09-10;used=y;p57=27;sessions=3;hours=4.5;staff=1;"
        "enj=5;int=4;s=1;t=0;e=1;m=0;again=y"
    )
    it.send()

    # November: the same class again, counted by the desk. Hillend borrows the other donor's kit.
    it.on(2025, 11, 3)
    second = it.lend(fife, raf, "Lochside Primary School", LOCHSIDE)
    another = it.lend(fife, other, "Hillend High School", HILLEND)
    it.on(2025, 11, 17)
    fife.loans.check_in([raf])
    fife.loans.check_in([other])
    wrong = fife.engagements.record(
        NewEngagement(
            on=date(2025, 11, 10), loan=second, learners={"p5-p7": 72}, hours=2.0, staff=1
        )
    )
    fife.engagements.correct(wrong.engagement.id, EngagementChange(learners={"p5-p7": 27}))
    fife.engagements.record(
        NewEngagement(on=date(2025, 11, 12), loan=another, learners={"s1-s3": 60}, hours=3.0)
    )
    it.send()

    # January: Strath never opened the box, and Abbey's form never came.
    it.on(2026, 1, 12)
    unused = it.lend(ayrshire, theirs, "Strath Primary School", STRATH)
    it.on(2026, 1, 26)
    ayrshire.loans.check_in([theirs])
    ayrshire.evaluations.read(f"KLEVAL1;loan={unused};date=2026-01-26;used=n")
    it.lend(ayrshire, theirs, "Abbey High School", ABBEY)
    it.on(2026, 2, 16)
    ayrshire.loans.check_in([theirs])
    it.send()

    # March: a science fair. Both colleges record Abbey's group with the event's id: it is one.
    it.on(2026, 3, 2)
    fair = fife.events.add("Science fair", date(2026, 3, 12))
    it.on(2026, 3, 13)
    group: dict[str, Any] = {
        "on": date(2026, 3, 12),
        "event": fair.id,
        "schuid": ABBEY,
        "organisation": "Abbey High School",
        "learners": {"s1-s3": 36},
        "hours": 5.0,
        "staff": 2,
        "programme": "faraday",
    }
    fife.engagements.record(NewEngagement(**group, tag=raf), new_too=True)
    ayrshire.engagements.record(NewEngagement(**group))
    # One was recorded of the wrong school, and is withdrawn.
    mistake = fife.engagements.record(
        NewEngagement(on=date(2026, 3, 12), organisation="Hillend High School", tag=raf)
    )
    fife.engagements.withdraw(mistake.engagement.id)
    it.send()

    # The next year's first class, recorded before ESP looks, is in no figure of this year.
    it.on(2026, 8, 20)
    fife.engagements.record(
        NewEngagement(
            on=date(2026, 8, 19),
            organisation="Lochside Primary School",
            tag=raf,
            learners={"p5-p7": 31},
        )
    )
    it.send()


def table(found: Audit, name: str) -> dict[Any, dict[str, Any]]:
    """The rows of a table as JSON has them, by their first column."""
    return {next(iter(row.values())): row for row in found.as_json()["tables"][name]}


def test_the_page_of_evidence_has_what_happened(year: Year) -> None:
    """ESP publishes this page: a number that did not happen would be believed."""
    found = year.esp.audit.audit(LAST_DAY, reader="evidence")
    answers = dict(found.report.summary.answers)
    # Five loans came back; Abbey's has no use on record.
    assert "4 of 5 loans that came back have a record of use (80%)." in answers
    # Lochside twice, Hillend once, Abbey at the fair: 4.5 + 2 + 3 + 5 hours.
    assert "4 uses in 3 schools, 14.5 hours." in answers
    # 27 + 27 + 60 + 36; Lochside's class may be the same 27 children.
    assert "150 learner engagements, by between 123 and 150 different learners." in answers
    # Strath borrowed, which is reached: what it did there is not.
    assert "4 of 4 listed schools were reached (100%)." in answers
    (row,) = table(found, "evidence_years").values()
    assert (row["year"], row["staff"]) == ("2025/26", 1 + 1 + 2)
    responses = table(found, "responses")
    fife, ayrshire = responses["FIF"], responses["AYR"]
    assert (fife["back"], fife["with_use"], fife["uses"], fife["forms"]) == (3, 3, 4, 1)
    assert (ayrshire["back"], ayrshire["with_use"], ayrshire["uses"]) == (2, 1, 1)
    sectors = table(found, "reach_by_sector")
    uses = {key: row["engagements"] for key, row in sectors.items()}
    assert (uses["primary"], uses["secondary"]) == (2, 2)
    assert table(found, "reach_by_programme")["IET Faraday Challenge"]["engagements"] == 1
    assert table(found, "reach_by_rurality")["8"]["schools"] == 1


def test_the_donor_reads_what_their_kits_did(year: Year) -> None:
    """Every line of the page can be shown to have happened with a kit that the donor gave."""
    found = year.esp.audit.audit(LAST_DAY, reader="donor", scope=Scope(donor="RAF"))
    (row,) = table(found, "evidence_years").values()
    # Lochside twice and the fair; not Hillend, which had another donor's kit.
    assert (row["engagements"], row["schools"], row["hours"], row["staff"]) == (3, 2, 11.5, 4)
    (gift,) = found.as_json()["tables"]["gift_reach"]
    assert (gift["donor"], gift["kits"], gift["engagements"]) == ("RAF", 1, 3)
    # Strath, the remote one, had the kit and did not use it.
    assert (gift["primary"], gift["secondary"], gift["remote"], gift["deprived"]) == (1, 1, 0, 1)
    (kit,) = found.as_json()["tables"]["kit_reach"]
    assert (kit["college"], kit["engagements"], kit["schools"]) == ("fife", 3, 2)
    # Four loans of theirs came back: Lochside twice, Strath, and Abbey without a word.
    answers = dict(found.report.summary.answers)
    assert "3 of 4 loans that came back have a record of use (75%)." in answers
    assert "3 uses in 2 schools, 11.5 hours." in answers
    page = str(found.as_json())
    page = str(found.as_json())
    assert not any(name in page for name in ("Lochside", "Strath Primary", "Abbey High"))


def test_the_next_year_begins_anew(year: Year) -> None:
    """Inside ESP the running year is shown: the one class of August, and no form yet."""
    found = year.esp.audit.audit()
    totals = found.as_json()["totals"]
    assert (totals["learner_engagements"], totals["learners_at_least"]) == (31, 31)
    assert table(found, "evidence_years")["2025/26"]["learner_engagements"] == 150
