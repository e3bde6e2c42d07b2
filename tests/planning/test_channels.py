"""Notices as files: what opens as a draft, merges into letters, and shows in a calendar."""

import csv
import io
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default

from hypothesis import given
from hypothesis import strategies as st

from conftest import SetClock
from kitloan import NewHolding
from kitloan.college import College
from kitloan.planning.channels import COLUMNS, CalendarEvent, calendar_file, draft, folded, table
from kitloan.planning.notices import Message, Notice, Recipient

WHO = Recipient("Àrd-sgoil Mhic Neacail", "Màiri", "mairi@ard-sgoil.example")


def event(**changed: object) -> CalendarEvent:
    """Example 15's booking, from Monday to Friday."""
    given: dict[str, object] = {
        "id": "booking-1",
        "sequence": 0,
        "cancelled": False,
        "first": date(2026, 12, 7),
        "last": date(2026, 12, 11),
        "title": "STEM kit, 2; for Lochside",
        "about": "two\nlines",
        "changed_at": "2026-11-23T11:42:00Z",
    }
    return CalendarEvent(**(given | changed))  # type: ignore[arg-type]


def lines(content: bytes) -> list[str]:
    """A calendar file's lines, unfolded."""
    return content.decode().replace("\r\n ", "").split("\r\n")


def test_a_booking_in_a_calendar_changes_and_is_withdrawn() -> None:
    """Example 15: the end is exclusive, the id stays, the sequence goes up, CANCELLED at last."""
    made = lines(calendar_file([event()], "fife"))
    assert "DTSTART;VALUE=DATE:20261207" in made
    assert "DTEND;VALUE=DATE:20261212" in made
    assert {"SEQUENCE:0", "STATUS:CONFIRMED", "UID:booking-1@fife.kitloan"} <= set(made)
    changed = lines(calendar_file([event(sequence=1, first=date(2026, 12, 8))], "fife"))
    assert {"UID:booking-1@fife.kitloan", "SEQUENCE:1", "DTSTART;VALUE=DATE:20261208"} <= set(
        changed
    )
    gone = lines(calendar_file([event(sequence=2, cancelled=True)], "fife"))
    assert {"UID:booking-1@fife.kitloan", "SEQUENCE:2", "STATUS:CANCELLED"} <= set(gone)


def test_a_calendar_file_is_as_the_rfc_has_it() -> None:
    """CRLF, 75 octets a line, text escaped: else Outlook takes none of it, without a word."""
    name = "Àrd-sgoil; Bhaile, a' Chaolais \\ " * 9
    content = calendar_file([event(title=name, about="a\nEND:VEVENT\n")], "fife")
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    made = lines(content)
    assert made.count("END:VEVENT") == 1
    (summary,) = (line for line in made if line.startswith("SUMMARY:"))
    read = summary.removeprefix("SUMMARY:")
    for escaped, plain in (("\\;", ";"), ("\\,", ","), ("\\\\", "\\")):
        read = read.replace(escaped, plain)
    assert read.split() == name.split()


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=300))
def test_folding_loses_nothing(text: str) -> None:
    """Whatever the script: no letter is cut in two, and unfolding gives the line."""
    parts = list(folded(text))
    assert all(len(each.encode()) <= 75 for each in parts)
    assert parts[0] + "".join(each[1:] for each in parts[1:]) == text
    assert all(each.startswith(" ") for each in parts[1:])


def test_a_draft_opens_unsent_with_its_words() -> None:
    """A Gaelic name in the subject, and the words as they were."""
    words = "Dear Màiri,\n\n• 1\n"
    made = draft(Message(WHO, "overdue", 1, "Uidheam ri thilleadh à", words, "", ()))
    read = message_from_bytes(made, policy=default)
    assert read["X-Unsent"] == "1"
    assert read["Subject"] == "Uidheam ri thilleadh à"
    assert read["To"] == WHO.email
    assert read.get_content().replace("\r\n", "\n") == words  # type: ignore[attr-defined]


def test_no_name_adds_a_header_to_a_mail(fife: College, kit: str) -> None:
    """A template's subject is one line, whatever is filled in."""
    fife.loans.check_out([kit], "Lochside", contact="Bcc: all@x", due_on=date(2026, 11, 23))
    fife.notices.set_template("overdue_1", "{kits} {contact}\n\n{kits}\nBcc: all@example.com")
    (message,) = fife.notices.messages(date(2026, 11, 24))
    read = message_from_bytes(draft(message), policy=default)
    assert read["Bcc"] is None
    assert read["Subject"].startswith("• STEM kit")


def test_the_table_runs_nothing(fife: College) -> None:
    """UTF-8 with a mark, and a school that is called =HYPERLINK is text."""
    tag = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.loans.check_out([tag], "Lochside", due_on=date(2026, 11, 23))
    fife.notices.set_template("overdue_1", "=HYPERLINK(A1)\n\n+44 {school}\n@SUM(A1)")
    content = table(fife.notices.due(date(2026, 11, 24)))
    assert content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert list(row) == list(COLUMNS)
    assert (row["kind"], row["stage"], row["due_on"]) == ("overdue", "1", "2026-11-23")
    assert row["title"] == "'=HYPERLINK(A1)"
    assert row["text"] == "'+44 Lochside\n'@SUM(A1)\n"


def test_a_loan_in_the_calendar_is_renewed(fife: College, kit: str) -> None:
    """The same entry moves; a second one beside it would be two kits to expect."""
    fife.loans.check_out([kit], "Lochside Academy", due_on=date(2026, 12, 1))
    (first,) = fife.notices.events()
    fife.loans.renew(kit, date(2026, 12, 15))
    (second,) = fife.notices.events()
    assert (first.id, first.sequence, first.first) == (second.id, 0, date(2026, 12, 1))
    assert (second.sequence, second.first - first.first) == (1, timedelta(days=14))


def test_a_loan_that_is_over_is_withdrawn_from_the_calendar(fife: College, kit: str) -> None:
    """Left out, it would stay in every calendar; the undo of the return has a higher number too."""
    fife.loans.check_out([kit], "Lochside Academy", due_on=date(2026, 12, 1))
    (out,) = fife.notices.events()
    fife.loans.check_in([kit])
    (back,) = fife.notices.events()
    assert (back.id, back.cancelled, back.first) == (out.id, True, out.first)
    assert back.sequence > out.sequence
    fife.actions.undo()
    (again,) = fife.notices.events()
    assert (again.id, again.cancelled) == (out.id, False)
    assert again.sequence > back.sequence
    fife.actions.undo()
    (undone,) = fife.notices.events()
    assert (undone.id, undone.cancelled) == (out.id, True)
    assert undone.sequence > again.sequence


def test_what_was_used_up_or_is_missing_is_withdrawn_too(fife: College, kit: str) -> None:
    """A loan ends in several ways. Part of a stock that is back leaves the rest to come."""
    stock = fife.holdings.add(NewHolding("Goggles", quantity=5)).tag
    fife.loans.check_out([stock], "Lochside Academy", quantity=5, due_on=date(2026, 12, 1))
    fife.loans.check_in([stock], quantity=2)
    (part,) = fife.notices.events()
    assert not part.cancelled and "3 x Goggles" in part.about
    fife.loans.check_in([stock], quantity=3)
    fife.loans.check_out([kit], "Lochside Academy", due_on=date(2026, 12, 1))
    fife.holdings.report_missing(kit, "lost on the way")
    events = fife.notices.events()
    assert [each.cancelled for each in events] == [True, True]
    assert all(each.sequence > 0 for each in events)


def test_a_loan_that_was_over_long_ago_is_in_no_calendar(
    fife: College, kit: str, clock: SetClock
) -> None:
    """After three months every calendar has dropped it."""
    fife.loans.check_out([kit], "Lochside Academy", due_on=date(2026, 12, 1))
    fife.loans.check_in([kit])
    clock.move(days=101)
    assert fife.notices.events() == []


def test_a_notice_is_a_value() -> None:
    """Two that are alike are equal, so that tests and programs can compare them."""
    given = ("overdue", "x", 1, "A", date(2026, 12, 1), "t", "w", "", "", "", None, "")
    assert Notice(*given) == Notice(*given)  # type: ignore[arg-type]
