"""Planning at the command line: names, shapes and codes that scripts hold on to."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from cli.running import Cli
from kitloan.text.dates import uk

FIRST = date.today() + timedelta(days=20)  # noqa: DTZ011  # commands have the machine's clock
LAST = FIRST + timedelta(days=4)
DATES = ("--from", FIRST.isoformat(), "--until", LAST.isoformat())


@pytest.fixture
def desk(cli: Cli) -> Cli:
    """A college with two telescopes."""
    assert cli("init", "fife").code == 0
    for number in ("T1", "T2"):
        assert cli("add", "--type", "Telescope", "--asset-number", number).code == 0
    return cli


def test_a_booking_from_asking_to_handing_out(desk: Cli) -> None:
    """The whole life of one, by its shapes."""
    (free,) = desk("free", "--type", "Telescope", *DATES, "--json").json["items"]
    assert (free["type"], free["capacity"], free["free"]) == ("Telescope", 2, 2)
    assert [each["day"] for each in free["days"]][-1] == LAST.isoformat()
    made = desk("book", "--to", "Alva Academy", "--type", "Telescope=2", *DATES, "--json")
    booking = made.json["booking"]
    assert booking.keys() >= {
        *("id", "to", "collect_on", "return_by", "busy_from", "free_from", "state", "lines")
    }
    assert booking["lines"][0].items() >= {"type": "Telescope", "quantity": 2, "tags": []}.items()
    refused = desk("book", "--to", "Dollar Academy", "--tag", "T1", *DATES, "--json")
    assert (refused.code, refused.error["code"]) == (1, "not_free")
    assert refused.error["details"].keys() >= {"free", "bookings", "days"}
    (asked,) = desk("refused", "--json").json["items"]
    assert (asked["rule"], asked["to"]) == ("not_free", "dollar-academy")
    (listed,) = desk("bookings", "--state", "made", "--json").json["items"]
    assert listed["id"] == booking["id"]
    assert desk("bookings", "--at-risk", "--json").json["total"] == 0
    out = desk("checkout", "T1", "--booking", booking["id"], "--json").json["loans"]
    assert (out[0]["to"], out[0]["due_on"]) == ("Alva Academy", LAST.isoformat())
    shown = desk("booking", "show", booking["id"], "--json").json["booking"]
    assert shown["lines"][0]["collected"] == 1
    later = (LAST + timedelta(days=1)).isoformat()
    changed = desk("booking", "change", booking["id"], "--until", later, "--json")
    assert changed.json["booking"]["return_by"] == later
    want = desk("want", "--to", "Dollar Academy", "--type", "Telescope", *DATES, "--json")
    assert want.json["want"]["could_collect"] is None
    gone = desk("booking", "cancel", booking["id"], "--json").json
    assert gone["booking"]["state"] == "cancelled"
    assert [each["to"] for each in gone["could_have"]] == ["Dollar Academy"]
    assert desk("wants", "--json").json["total"] == 1
    assert desk("want", "--close", want.json["want"]["id"], "--json").json["want"]["open"] is False
    assert desk("ledger", "verify").code == 0


def test_a_walk_up_and_a_renewal_hear_the_latest_day(desk: Cli) -> None:
    """The next step is in the refusal."""
    desk("book", "--to", "Alva Academy", "--type", "Telescope=2", *DATES)
    latest = (FIRST - timedelta(days=1)).isoformat()
    due = LAST.isoformat()
    refused = desk("checkout", "T1", "--to", "Dollar Academy", "--due", due, "--json")
    assert (refused.code, refused.error["details"]["latest"]) == (1, latest)
    assert latest in refused.error["hint"]
    desk("checkout", "T1", "--to", "Dollar Academy")
    assert desk("renew", "T1", "--due", due, "--json").error["code"] == "not_free"
    assert desk("renew", "T1", "--due", due, "--override", "an exam", "--json").code == 0
    (risk,) = desk("bookings", "--at-risk", "--json").json["items"]
    assert risk["at_risk"] is True


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        (("book", "--to", "A", "--type", "Telescope=x", *DATES), 2, "bad_quantity"),
        (("book", "--to", "A", "--type", "Telescop", *DATES), 2, "unknown_type"),
        (("book", "--to", "A", *DATES), 2, "nothing_named"),
        (("booking", "show", "B999"), 2, "unknown_booking"),
        (("bookings", "--state", "odd"), 2, "bad_state"),
        (("free", "--from", "2020-01-01", "--until", "2020-01-02"), 2, "in_the_past"),
        (("calendar", "week", "--desk", ""), 2, "bad_week"),
        (("calendar", "import"), 2, "usage"),
        (("calendar", "import", "--bank-holidays", "0"), 2, "bad_year"),
        (("policy", "odd"), 2, "unknown_policy"),
        (("want", "--to", "A"), 2, "usage"),
        (("checkout", "T1"), 2, "usage"),
    ],
)
def test_what_cannot_be_used_is_refused(
    desk: Cli, line: tuple[str, ...], code: int, error: str
) -> None:
    """With a code, and never with a traceback."""
    answer = desk(*line, "--json")
    assert (answer.code, answer.error["code"]) == (code, error)


def test_empty_lists_lead_on(desk: Cli) -> None:
    """A blank screen helps nobody."""
    for line in (("bookings",), ("bookings", "--at-risk"), ("wants",), ("refused",)):
        assert desk(*line).out.strip()


def test_bank_holidays_are_proposed_and_closed_when_accepted(desk: Cli) -> None:
    """Not every college closes on all of them."""
    proposed = desk("calendar", "import", "--bank-holidays", "2027", "--json").json
    assert {"day": "2027-11-30", "name": "Saint Andrew's Day"} in proposed["proposed"]
    assert proposed["closed"] == []
    done = desk("calendar", "import", "--bank-holidays", "2027", "--accept-proposed", "--json")
    assert "2027-11-30" in done.json["closed"]
    day = desk("calendar", "show", "--from", "2027-11-30", "--until", "2027-11-30", "--json").json
    assert day["days"][0]["desk"] is False
    assert desk("policy", "loan_days", "21", "--json").json["value"] == 21
    assert len(desk("policy", "--json").json["items"]) >= 8


def test_a_long_list_of_bookings_says_how_to_go_on(desk: Cli) -> None:
    """Two hundred lines and nothing below them look like all there is."""
    assert desk("add", "--type", "Goggles", "--quantity", "9").code == 0
    first = FIRST.isoformat()
    for name in ("Alva Academy", "Dollar Academy", "Lochside", "Viewforth", "Madras College"):
        made = desk(
            *("book", "--to", name, "--type", "Goggles", "--from", first, "--until", first),
            *("--every", "week", "--times", "41"),
        )
        assert made.code == 0, made.err
    shown = desk("bookings").out
    assert "200 of 205" in shown and "--after" in shown
    cursor = desk("bookings", "--json").json["next"]
    assert len(desk("bookings", "--after", cursor, "--json").json["items"]) == 5


def test_an_imported_closure_moves_loans(desk: Cli, tmp_path: Path) -> None:
    """As `calendar close` does, which the list of loans says."""
    desk("checkout", "T1", "--to", "Alva Academy", "--due", FIRST.isoformat())
    path = tmp_path / "closed.ics"
    path.write_text(
        f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:{FIRST:%Y%m%d}\nSUMMARY:snow\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )
    done = desk("calendar", "import", str(path), "--move", "--json").json
    assert done["closed"] == [FIRST.isoformat()]
    (moved,) = done["loans"]
    assert moved["moved_to"] > FIRST.isoformat()
    assert done["at_risk"] == []


def test_lists_name_the_day_on_which_the_desk_opens(desk: Cli) -> None:
    """Else the list at the desk and the letter to the school would name different days."""
    event = desk("event", "add", "Science fair", *DATES, "--json").json["event"]["id"]
    asked = ("--to", "Alva Academy", "--type", "Telescope", *DATES, "--event", event)
    booking = desk("book", *asked, "--json").json["booking"]["id"]
    assert desk("calendar", "close", FIRST.isoformat(), "--reason", "snow").code == 0
    assert desk("calendar", "close", LAST.isoformat(), "--reason", "snow").code == 0
    days = [uk(day + timedelta(days=1)) for day in (FIRST, LAST)]
    for line in (("bookings",), ("booking", "show", booking), ("event", "show", event)):
        shown = desk(*line).out
        assert all(day in shown for day in days), line
    (listed,) = desk("bookings", "--json").json["items"]
    assert (listed["collect_on"], listed["return_by"]) == (FIRST.isoformat(), LAST.isoformat())
