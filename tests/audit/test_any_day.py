"""Days that nobody meant: an entry that names the year 1 is sealed, and stays for ever."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from audit.scotland import Scotland
from conftest import SetClock
from kitloan import BadInput, Gift, NewHolding
from kitloan.audit.export import csv, html, text, xlsx
from kitloan.college import College
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.gifts import AllocationMade, ChallengeSet, GiftDelivered
from kitloan.ledger.facts.holdings import GiftRecorded, HoldingAccessioned
from kitloan.ledger.facts.loans import CheckedOut, LoanRenewed
from kitloan.ledger.facts.stocktakes import StocktakeScanned
from kitloan.national import GiftTermsAgreed
from kitloan.text.dates import LAST_YEAR
from kitloan.text.tags import mint

FIRST, LAST = date.min.isoformat(), date.max.isoformat()


def seal(desk: College, kind: type[FactBase], /, **said: object) -> None:
    """Put on record what no verb would: as another program, or an earlier release, sealed it."""
    with desk.session.writing() as writer:
        writer.append(kind.model_validate_json(json.dumps(said)))  # type: ignore[arg-type]  # a fact


def odd_life(desk: College, day: str) -> None:
    """A kit and its gift, a loan and a scan; every day of theirs is this one."""
    tag = mint()
    row = {"kit_type": "stem-kit", "register_row": "0" * 64}
    seal(desk, HoldingAccessioned, tag=tag, received_on=day, sighted_on=day, **row)
    seal(desk, GiftRecorded, tag=tag, donor="RAF", valued_on=day)
    seal(desk, CheckedOut, tag=tag, loan=f"l{day}", organisation="viewforth", due_on=day)
    seal(desk, LoanRenewed, tag=tag, loan=f"l{day}", due_on=day)
    opened = desk.stocktakes.open(f"of {day}")
    scan = {"stocktake": opened.id, "desk": "one", "code": tag, "scan": f"s{day}"}
    seal(desk, StocktakeScanned, tag=tag, seen_at=f"{day}T23:59:59Z", **scan)
    desk.stocktakes.close(opened.id)


def odd_allocation(esp: College, day: str) -> None:
    """ESP gets some of a gift and allots it; every day of theirs is this one."""
    seal(esp, GiftDelivered, gift="raf", delivery=f"d{day}", quantity=1, received_on=day)
    told = {"gift": "raf", "college": "fife", "quantity": 1}
    seal(esp, AllocationMade, allocation=f"a{day}", allocated_on=day, **told)
    asked = {"college": "fife", "code": "ABC", "tags": ()}
    seal(esp, ChallengeSet, challenge=f"c{day}", answer_by=day, **asked)


def test_no_day_in_an_entry_stops_the_report(
    scotland: Scotland, clock: SetClock, tmp_path: Path
) -> None:
    """One college's slip, or spite, must not leave all of Scotland without figures for ever."""
    fife, esp = scotland["fife"], scotland.esp
    kit = scotland.kits("fife", 1)
    fife.loans.check_out(kit, "Viewforth")
    esp.national.agree_gift("raf", GiftTermsAgreed("RAF", "STEM kit", 5))
    now = clock.now
    clock.now = datetime.min.replace(tzinfo=UTC)
    scotland["borders"].holdings.add(NewHolding("STEM kit"))
    clock.now = now
    for day in (FIRST, LAST):
        odd_life(fife, day)
        odd_allocation(esp, day)
    clock.now = datetime.max.replace(tzinfo=UTC)
    scotland.kits("ayrshire", 1)
    clock.now = now
    assert scotland.audit().totals.colleges == 3
    assert esp.ledger.verify().ok
    clock.move(days=1)
    for day in (None, clock().date().replace(day=23), date(LAST_YEAR, 12, 31)):
        report = esp.audit.audit(day).report
        assert text.render(report)
        csv.write(report, tmp_path / f"{day}")
        html.write(report, tmp_path / f"{day}.html")
        xlsx.write(report, tmp_path / f"{day}.xlsx")
    for desk in (fife, scotland["borders"], scotland["ayrshire"]):
        for found in desk.find.search("").items:
            assert desk.find.history(found.tag)


def test_a_day_of_another_age_is_not_taken(scotland: Scotland) -> None:
    """A kit received in the year 206 is a slip, and on record nobody could mend it."""
    fife = scotland["fife"]
    before = len(fife.ledger.log())
    slip = date(206, 11, 14)
    for add in (
        lambda: fife.holdings.add(NewHolding("STEM kit", received_on=slip)),
        lambda: fife.holdings.add(NewHolding("STEM kit", gift=Gift(donor="RAF", valued_on=slip))),
        lambda: scotland.esp.national.challenge("fife", sample=1, answer_by=date.max),
        lambda: scotland.esp.audit.audit(date.max),
    ):
        with pytest.raises(BadInput) as refusal:
            add()
        assert refusal.value.code == "bad_date"
    assert len(fife.ledger.log()) == before
