"""Notices as files that other programs take: mail drafts, a table for mail merge, a calendar."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from kitloan.planning.notices import Message, Notice
from kitloan.text.cells import csv_cell
from kitloan.text.dates import days_after
from kitloan.text.names import plain

COLUMNS: Final = (
    *("kind", "stage", "to", "contact", "email", "phone", "due_on", "tag", "subject", "title"),
    "text",
)
"""The columns of the table."""

_FOLD_AT = 75
"""The most octets of a line of a calendar file (RFC 5545, 3.1)."""


def mail(message: Message, *, sender: str = "", message_id: str = "") -> EmailMessage:
    """A message as a mail in plain text.

    Args:
        message: its text, and who gets it.
        sender: the address that it is from; empty for a draft.
        message_id: what receivers know it by; empty for a draft.
    """
    made = EmailMessage(policy=SMTP)
    if sender:
        made["From"] = sender
    if message.recipient.email:
        made["To"] = message.recipient.email
    made["Subject"] = message.title
    if message_id:
        made["Message-ID"] = message_id
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text, cte="quoted-printable")
    return made


def draft(message: Message) -> bytes:
    """A mail as a file that opens as a draft to look over and send: `X-Unsent: 1`."""
    made = mail(message)
    made["X-Unsent"] = "1"
    return bytes(made)


def table(notices: Iterable[Notice]) -> bytes:
    """Notices as CSV for mail merge: UTF-8 with a mark, so that a spreadsheet reads it as such."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for each in notices:
        cells = [getattr(each, name) for name in COLUMNS]
        writer.writerow(_cell(cell) for cell in cells)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: str | int | date | None) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    return csv_cell("\n".join(plain(line) for line in value.split("\n")))


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Something in a calendar that lasts whole days.

    Attributes:
        id: what it is known by, the same whenever it is written.
        sequence: how often it was changed; a calendar takes the highest.
        cancelled: whether it was withdrawn.
        first: its first day.
        last: its last day.
        title: what it is.
        about: more of it.
        changed_at: the instant of its latest change, RFC 3339 in UTC.
    """

    id: str
    sequence: int
    cancelled: bool
    first: date
    last: date
    title: str
    about: str
    changed_at: str


def calendar_file(events: Sequence[CalendarEvent], college: str) -> bytes:
    """Events as a calendar file (RFC 5545): all-day, the end exclusive, lines folded.

    Args:
        events: what is in it.
        college: whose it is; its id makes the events' ids unique.
    """
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//kitloan//kitloan//EN"),
        *("CALSCALE:GREGORIAN", "METHOD:PUBLISH"),
    ]
    for each in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(each.id)}@{college}.kitloan",
            f"DTSTAMP:{_instant(each.changed_at)}",
            f"DTSTART;VALUE=DATE:{each.first:%Y%m%d}",
            f"DTEND;VALUE=DATE:{days_after(each.last, 1):%Y%m%d}",
            f"SEQUENCE:{each.sequence}",
            f"STATUS:{'CANCELLED' if each.cancelled else 'CONFIRMED'}",
            f"SUMMARY:{_escaped(each.title)}",
            f"DESCRIPTION:{_escaped(each.about)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line)).encode()


def _instant(text: str) -> str:
    return text.replace("-", "").replace(":", "")


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(plain(line) for line in text.split("\n"))


def folded(line: str) -> Iterator[str]:
    """A line in parts of at most 75 octets, each after the first begun with a space."""
    start = ""
    while len((start + line).encode()) > _FOLD_AT:
        end = len(line)
        while len((start + line[:end]).encode()) > _FOLD_AT:
            end -= 1
        yield start + line[:end]
        line, start = line[end:], " "
    yield start + line
