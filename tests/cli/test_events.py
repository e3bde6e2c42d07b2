"""Events at the command line: names, shapes and codes that scripts hold on to."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument

from cli.running import REGISTERS, Cli

FIRST = date.today() + timedelta(days=20)  # noqa: DTZ011  # commands have the machine's clock
LAST = FIRST + timedelta(days=4)
DATES = ("--from", FIRST.isoformat(), "--until", LAST.isoformat())


@pytest.fixture
def desk(cli: Cli) -> Cli:
    """A college with two telescopes and a kit with a contents list."""
    assert cli("init", "fife").code == 0
    assert cli("types", "import", str(REGISTERS / "contents.csv")).code == 0
    for number, kind in (("T1", "Telescope"), ("T2", "Telescope"), ("K1", "MTa STEM kit")):
        assert cli("add", "--type", kind, "--asset-number", number).code == 0
    return cli


def words_of(path: Path) -> str:
    """All words of a PDF."""
    with PdfDocument(path) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_an_event_from_planning_to_unpacking(desk: Cli, tmp_path: Path) -> None:
    """Several bookings, one packing list, ticked out and in by scan."""
    days = ("--from", FIRST.isoformat())
    planned = desk("event", "add", "Fèis Saidheans", *days, "--org", "Alva Academy", "--json")
    event = planned.json["event"]
    assert event.items() >= {"name": "Fèis Saidheans", "state": "planned", "bookings": 0}.items()
    assert desk("events", "--json").json == {"items": [event], "total": 1, "next": None}
    who = ("--to", "Alva Academy", "--contact", "Zebedee Quill")
    made = desk("book", *who, "--type", "MTa STEM kit", *DATES, "--event", event["id"], "--json")
    assert made.json["booking"]["event"] == event["id"]
    other = ("--to", "Dollar Academy", "--type", "Telescope=2", "--tag", "T1", *DATES)
    assert desk("book", *other, "--event", event["id"]).code == 0
    paper = tmp_path / "packing.pdf"
    packed = desk("event", "pack", event["id"], "--out", str(paper), "--json").json
    assert packed["loans"] == packed["wants"] == [] and packed["pages"] >= 2
    words = words_of(paper)
    for word in ("Fèis Saidheans", "Dollar Academy", "Zebedee Quill", "T1", "Wheel"):
        assert word in words
    assert desk("event", "pack", event["id"], "T2", "--json").json["loans"][0]["to"] == (
        "Dollar Academy"
    )
    assert desk("event", "pack", event["id"], "K1", "T1").code == 0
    again = desk("event", "pack", event["id"], "T2", "--json")
    assert (again.code, again.error["code"]) == (1, "not_in_event")
    back = desk("event", "unpack", event["id"], "K1", "--missing", "Wheel=2", "--json").json
    assert back["loans"][0]["shortages"] == [{"component": "Wheel", "missing": 2, "broken": 0}]
    assert len(back["still_out"]) == 2
    desk("event", "unpack", event["id"], "T1", "T2")
    shown = desk("event", "show", event["id"], "--json").json["event"]
    assert {(line["type"], line["out"], line["back"]) for line in shown["lines"]} == {
        ("MTa STEM kit", 1, 1),
        ("Telescope", 2, 2),
    }
    used = ("--date", "today", "--learners", "mixed=200")
    assert desk("engagement", "add", "--event", event["id"], *used, "--json").code == 0
    assert desk("engagements", "--json").json["items"][0]["event"] == event["id"]
    assert desk("ledger", "verify").code == 0
    assert "Zebedee" not in desk("ledger", "log").out


def test_what_is_lacking_is_a_want_and_a_cancelled_event_none(desk: Cli) -> None:
    """Who packs on Friday hears on Monday what to ask other colleges for."""
    event = desk("event", "add", "Fair", "--from", FIRST.isoformat(), "--json").json["event"]["id"]
    booked = ("--to", "Alva Academy", "--type", "Telescope=2", *DATES, "--event", event)
    booking = desk("book", *booked, "--json").json["booking"]["id"]
    desk("missing", "T2")
    assert "lacking" in desk("event", "show", event).out
    (want,) = desk("event", "pack", event, "--json").json["wants"]
    assert want.items() >= {"to": "Alva Academy", "type": "Telescope", "quantity": 1}.items()
    assert desk("event", "pack", event, "--json").json["wants"] == []
    assert desk("wants", "--json").json["total"] == 1
    later = (LAST + timedelta(days=9)).isoformat()
    moved = desk("event", "change", event, "--from", later, "--place", "Town House", "--json").json
    assert (moved["event"]["place"], moved["other_days"]) == ("Town House", [booking])
    gone = desk("event", "cancel", event, "--json").json
    assert (gone["event"]["state"], gone["cancelled"]) == ("cancelled", [booking])
    assert desk("wants", "--json").json["total"] == 0
    assert desk("events", "--json").json["total"] == 0
    assert desk("events", "--all", "--json").json["total"] == 1


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        (("event", "show", "E999"), 2, "unknown_event"),
        (("event", "pack", "E999"), 2, "unknown_event"),
        (("event", "unpack", "Science week", "T1"), 2, "unknown_event"),
        (("event", "add", "Mr Bell's class for Dr Jo Kerr", *DATES), 2, "names_a_person"),
        (("event", "add", "Fair", "--from", "2020-01-01"), 2, "in_the_past"),
        (("event", "add", "Fair", "--from", DATES[3], "--until", DATES[1]), 2, "dates_reversed"),
        (("event", "add", "Fair", "--from", "whenever"), 2, "bad_date"),
        (("event", "change", "E1"), 2, "usage"),
        (("event", "pack", "E1", "--override", "why not"), 2, "usage"),
        (("book", "--to", "A", "--type", "Telescope", *DATES, "--event", "Week"), 2, "bad_event"),
    ],
)
def test_what_cannot_be_used_is_refused(
    desk: Cli, line: tuple[str, ...], code: int, error: str
) -> None:
    """With a code and a next step, and never with a traceback."""
    answer = desk(*line, "--json")
    assert (answer.code, answer.error["code"]) == (code, error)
    assert answer.error["hint"]


def test_no_event_leads_on(desk: Cli) -> None:
    """A blank screen helps nobody."""
    assert "kitloan event add" in desk("events").out
