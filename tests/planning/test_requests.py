"""Requests for a kit in one line: a stranger's text, read strictly."""

from datetime import date

import pytest

from kitloan.errors import BadInput
from kitloan.planning.requests import SchoolRequest, has_request, parse_request

LINE = "KLREQ1;type=STEM%20kit;n=2;from=2026-12-07;to=2026-12-11;school=St%20Mary%27s%3B%20A%3D1"
MAIL = f"""Dear desk,

> We would like to borrow 2 x STEM kit,
> {LINE}

--
Sent from a phone
"""


@pytest.mark.parametrize("text", [LINE, MAIL, LINE.replace("KLREQ1", "klreq1"), f"{LINE}\n{LINE}"])
def test_a_request_is_read_from_a_line_or_a_whole_mail(text: str) -> None:
    """What comes back is pasted whole; nobody cuts lines out of a mail."""
    asked = SchoolRequest("St Mary's; A=1", "STEM kit", 2, date(2026, 12, 7), date(2026, 12, 11))
    assert has_request(text) and parse_request(text) == asked


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (";n=2", "", "n"),
        (";n=2", ";n=two", "n"),
        (";n=2", ";n=0", "n"),
        (";n=2", ";n=1001", "n"),
        (";n=2", ";n=2;n=3", "n"),
        (";n=2", ";n=2;price=9", "price"),
        ("2026-12-07", "7/12/2026", "from"),
        ("2026-12-07", "2026-02-30", "from"),
        ("2026-12-11", "2026-12-01", "to"),
        ("STEM%20kit", "", "type"),
        ("STEM%20kit", "%00", "type"),
        ("STEM%20kit", "%FF", "type"),
        ("St%20Mary%27s%3B%20A%3D1", "x" * 900, "school"),
        ("St%20Mary%27s%3B%20A%3D1", "a%0Ab", "school"),
        (LINE, "We would like a kit", None),
        (LINE, f"{LINE}\n{LINE}9", None),
        (LINE, "KLREQ1;" + "x" * 2000, None),
    ],
)
def test_one_wrong_field_is_named(old: str, new: str, field: str | None) -> None:
    """Nothing is guessed: the field that is wrong is named, with what it has."""
    with pytest.raises(BadInput) as refusal:
        parse_request(LINE.replace(old, new))
    assert (refusal.value.code, refusal.value.details["field"]) == ("bad_request", field)
    assert refusal.value.hint
