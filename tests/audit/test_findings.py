"""What a person should look at: the worst first, and what a store has met on the way."""

import gzip
import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import kitloan
from audit.scotland import Scotland, codes, figures, row, rows
from conftest import SetClock
from kitloan import BadInput, Count, NewHolding
from kitloan.audit import CODES, WORST_FIRST
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.college import College
from kitloan.exchange.file import KIND
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.reference import regions
from kitloan.tables import Setting, table
from trusting import merge

WEIGHT = {"high": 0, "medium": 1, "low": 2}


def test_the_worst_stands_first(scotland: Scotland, clock: SetClock) -> None:
    """Who reads the first page only would read of dust, and not of a kit in two places."""
    order = [WEIGHT[CODES[code].severity] for code in WORST_FIRST]
    assert order == sorted(order)
    short, lost, late, both = scotland.kits("fife", 4)
    scotland["fife"].loans.count(short, Count(missing={"Spanner": 1, "Wheel": 2}))
    scotland["fife"].holdings.report_missing(lost, "not on its shelf")
    scotland["fife"].loans.check_out([late], "Beath High School")
    scotland["borders"].holdings.add(NewHolding("STEM kit", tag=both))
    scotland.send()
    clock.move(days=400)
    found = scotland.esp.audit.audit().findings
    places = [(WORST_FIRST.index(each.code), each.college, each.tag) for each in found]
    assert places == sorted(places)
    assert {each.code for each in found} == {
        *("tag_in_two_colleges", "missing", "stale_data", "overdue"),
        *("incomplete", "not_sighted_12_months"),
    }
    (unusable,) = [each for each in found if each.code == "incomplete"]
    assert "Spanner 1" in unusable.message and "Wheel" not in unusable.message


def test_regions_appear_at_nothing_and_others_apart(scotland: Scotland) -> None:
    """A region that is left out looks as if nobody had asked it."""
    scotland.kits("fife", 2)
    found = scotland.audit()
    told = {each["id"]: each["holdings"] for each in rows(found, "regions")}
    assert list(told) == list(regions())
    assert [id_ for id_, count in told.items() if count] == ["FIF"]
    scotland.kits("smo", 3)
    assert scotland.audit().by_region[-1].figures.holdings == 3


def test_what_esp_holds_itself_is_in_every_sum(scotland: Scotland) -> None:
    """Kits that wait in ESP's own store would make the totals and the colleges disagree."""
    scotland.kits("fife", 1)
    scotland.esp.holdings.add(NewHolding("STEM kit"))
    found = scotland.audit()
    assert (found.totals.colleges, found.totals.holdings) == (1, 2)
    for groups in (found.by_region, found.by_college, found.by_donor, found.by_type):
        assert sum(each.figures.holdings for each in groups) == 2


def test_a_seam_says_how_much_was_lost(scotland: Scotland, clock: SetClock, tmp_path: Path) -> None:
    """Ten loans that a backup forgot are ten kits to look for."""
    fife = scotland["fife"]
    kits = scotland.kits("fife", 3)
    fife.backups.make(tmp_path / "backup.sqlite")
    clock.move(days=1)
    fife.loans.check_out(kits[:2], "Beath High School")
    scotland.send()
    lost = len(fife.ledger.log()) - 5  # opened, the type, three kits
    clock.move(days=1)
    with restoring(
        RestoreRequest(tmp_path / "backup.sqlite", str(tmp_path / "new.sqlite"), "x", clock)
    ) as ready:
        ready.carry_out()
    with kitloan.open(tmp_path / "new.sqlite", actor="x", clock=clock) as desk:
        desk.exchange.export(tmp_path / "new.kitloan")
    merge(scotland.esp, [tmp_path / "new.kitloan"])
    found = scotland.esp.audit.audit()
    (seam,) = [each for each in found.findings if each.code == "resumed_from_backup"]
    assert f"{lost} entries after that one" in seam.message
    assert "fife/2" in seam.message
    yesterday = scotland.esp.session.today - timedelta(days=1)
    assert "resumed_from_backup" not in dict(codes(scotland.esp.audit.audit(yesterday)))
    clock.move(days=1)
    again = scotland.esp.audit.audit(scotland.esp.session.today - timedelta(days=1))
    assert [each for each in again.findings if each.code == "resumed_from_backup"] == [seam]


@pytest.mark.parametrize(
    ("kind", "was", "now"),
    [
        ("loan.checked_out", "selkirk", "selkork"),
        ("loan.checked_in", r'("loan":"[^"]*).(")', r"\1-\2"),  # the last one of the file
    ],
)
def test_a_file_that_was_altered_is_grave(
    scotland: Scotland, tmp_path: Path, kind: str, was: str, now: str
) -> None:
    """A borrower's name changed on the way was told as the college's own impossible entry."""
    (tag,) = scotland.kits("fife", 1)
    fife = scotland["fife"]
    fife.loans.check_out([tag], "Selkirk High School")
    fife.loans.check_in([tag])
    file = tmp_path / "file"
    fife.exchange.export(file)
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    (at,) = [n for n, line in enumerate(lines) if f'"{kind}"' in line]
    lines[at], changes = re.subn(was, now, lines[at])
    assert changes
    file.write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    with pytest.raises(BadInput) as refused:
        merge(scotland.esp, [file])
    assert refused.value.code == "altered"
    assert refused.value.details["seq"] == at
    (one,) = scotland.esp.audit.audit().findings
    assert (one.code, one.severity) == ("refused_file", "high")
    assert scotland.esp.audit.audit().as_json()["findings"][0]["severity"] == "high"


def test_what_esp_met_later_is_no_finding_of_an_earlier_day(
    scotland: Scotland, clock: SetClock, tmp_path: Path
) -> None:
    """Last month's report would tell of a file that came this morning."""
    scotland.kits("fife", 1)
    before = figures(scotland.audit())
    day = scotland.esp.session.today
    clock.move(days=3)
    _another_key(scotland["fife"])
    scotland["fife"].exchange.export(tmp_path / "other")
    with pytest.raises(BadInput):
        merge(scotland.esp, [tmp_path / "other"])
    assert codes(scotland.esp.audit.audit()) == [("refused_file", "fife")]
    merge(scotland.esp, [tmp_path / "other"], new_key=True)
    assert codes(scotland.esp.audit.audit()) == [("key_changed", "fife")]
    (tmp_path / "half").write_bytes(gzip.compress(json.dumps({"format": KIND}).encode()))
    with pytest.raises(BadInput):
        merge(scotland.esp, [tmp_path / "half"])
    assert codes(scotland.esp.audit.audit()) == [("key_changed", "fife"), ("refused_file", "")]
    assert figures(scotland.esp.audit.audit(day)) == before


def _another_key(desk: College) -> None:
    setting = table(Setting)
    with desk.session.store.write() as connection:
        connection.execute(sa.delete(setting).where(setting.c.name == "signing_key"))


def test_freshness_tells_who_has_sent_nothing(scotland: Scotland, clock: SetClock) -> None:
    """A college that never wrote looks like one that has nothing."""
    scotland.kits("fife", 1)
    scotland.send()
    clock.move(days=62)
    found = scotland.esp.audit.audit()
    fife, borders = (row(found, "freshness", college=each) for each in ("fife", "borders"))
    assert (fife["days"], fife["epoch"], borders["last_entry"]) == (62, 1, None)
    assert codes(found) == []
    clock.move(days=1)
    assert codes(scotland.esp.audit.audit()) == [("stale_data", "fife")]


def test_earlier_days_are_told_as_they_were_then(
    scotland: Scotland, clock: SetClock, tmp_path: Path
) -> None:
    """What the donor was told in May of gifts and challenges is told of May for ever."""
    told = {}
    tags: list[str] = []
    fife, borders, esp = scotland["fife"], scotland["borders"], scotland.esp
    clock.move(days=1)

    def asked() -> None:
        by = esp.session.today + timedelta(days=8)
        scotland.send()
        challenge = esp.national.challenge("fife", tags=tags[:2], answer_by=by)
        esp.national.challenge("borders", tags=[borders.holdings.tags()[0]], answer_by=by)
        codes_of.append((challenge.id, challenge.code))
        scotland.answer()

    def answered() -> None:
        which = fife.stocktakes.open("For ESP", challenge=codes_of[0][0], code=codes_of[0][1]).id
        fife.stocktakes.scan(which, tags[0])
        fife.stocktakes.close(which)

    codes_of: list[tuple[str, str]] = []
    terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=9)
    days: tuple[Callable[[], object], ...] = (
        lambda: tags.extend(scotland.kits("fife", 3, gift="raf")),
        lambda: (scotland.kits("borders", 1), esp.national.agree_gift("raf", terms)),
        lambda: fife.transfers.send(tags[2], "borders", Count(whole=True)),
        asked,
        lambda: esp.national.allocate("raf", "fife", 2),
        answered,
        lambda: borders.transfers.receive(tags[2], "fife", type="STEM kit"),
        lambda: fife.loans.check_out([tags[0]], "Beath High School"),
        lambda: None,
    )
    for happens in days:
        happens()
        told[esp.session.today] = figures(scotland.audit())
        clock.move(days=5)
    clock.move(days=90)
    for day, then in told.items():
        assert figures(esp.audit.audit(day)) == then, day
    statuses = [[each["status"] for each in then["tables"]["challenges"]] for then in told.values()]
    assert statuses[3:7:3] == [
        ["waiting", "waiting"],
        ["answered, not all shown", "not answered in time"],
    ]


def test_a_challenge_that_is_being_answered_has_not_failed(
    scotland: Scotland, clock: SetClock
) -> None:
    """A college that is in the middle of scanning would be called a liar."""
    (tag,) = scotland.kits("fife", 1)
    scotland.send()
    esp, fife = scotland.esp, scotland["fife"]
    by = esp.session.today + timedelta(days=3)
    asked = esp.national.challenge("fife", tags=[tag], answer_by=by)
    scotland.answer()
    which = fife.stocktakes.open("For ESP", challenge=asked.id, code=asked.code).id
    assert codes(scotland.audit()) == []
    clock.move(days=4)
    assert codes(scotland.audit()) == [("challenge_unanswered", "fife")]
    fife.stocktakes.scan(which, tag)
    fife.stocktakes.close(which)
    assert codes(scotland.audit()) == [("challenge_failed", "fife")], "it came late"
    assert row(scotland.esp.audit.audit(), "challenges")["status"] == "answered late"
