"""Which notices are due to whom: a pure function of the store's facts, the day and the words.

Stages count open days, so that nobody is chased over a holiday. After a gap only the latest stage
is due. What was sent is known by its kind, what it is about, its stage and the due day: a renewal
has another day, so that its stages begin again. A borrower who got a notice that a booking is at
risk gets one again when it is ready: those notices count how often.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final, Literal
from urllib.parse import quote

from kitloan.planning.calendar import Calendar
from kitloan.planning.templates import TEMPLATES, filled
from kitloan.text.dates import days_after, uk
from kitloan.text.tags import grouped

Kind = Literal[
    "due_soon",
    "overdue",
    "inspection_due",
    "booked",
    "collect_soon",
    "at_risk",
    "lapsed",
    "receipt",
    "part_missing",
    "evaluation",
]

LONGEST_MAILTO: Final = 1_500
"""The most characters of a `mailto:` link: mail programs and browsers cut longer ones (about 1,600
characters, by others' measurements)."""


LONGEST_AFTER: Final = 28
"""For how many days a borrower is still written to about what is over: a booking that has lapsed, a
loan that came back."""


@dataclass(frozen=True, slots=True)
class When:
    """On which open days notices fall due, as the policies have it.

    Attributes:
        due_soon: open days before the due day; 0 is never.
        overdue: open days after the due day, for the first, second and third stage.
        inspection: open days before an inspection is due.
        collect_soon: open days before a booking is collected; 0 is never.
        receipt: open days after a return for which its receipt is due; 0 is never.
        evaluation: open days from a return to asking how it went; 0 is never.
    """

    due_soon: int = 3
    overdue: tuple[int, int, int] = (1, 5, 20)
    inspection: int = 10
    collect_soon: int = 2
    receipt: int = 0
    evaluation: int = 3


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a notice goes to: an organisation, and the person there as far as is on file."""

    to: str
    contact: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """Something of which a notice may be due.

    Attributes:
        subject: the id of the loan or booking; of an inspection the tag and the code, and
            whether it failed.
        kinds: which notices it may need, in the order in which they follow one another.
        recipient: whom they go to.
        due_on: the day that they count from; None is at once.
        line: what it is, in a line.
        kept_until: of a booking, the last day on which it is kept for collection.
        tag: the holding's, where it is about one.
    """

    subject: str
    kinds: tuple[Kind, ...]
    recipient: Recipient
    due_on: date | None
    line: str
    tag: str | None = None
    kept_until: date | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """What a notice that was sent is known by. `stage` is 0 where a kind has none."""

    kind: str
    subject: str
    stage: int
    due_on: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is due.

    Attributes:
        kind: which.
        subject: the id of the loan or booking; of an inspection the tag and the code, and
            whether it failed.
        stage: 1 to 3 of what is overdue; of a booking how often it is at risk, or ready again
            after that, from the second time; None of others.
        to: the organisation.
        due_on: the day that it is about.
        title: the subject of a mail or letter.
        text: the words.
        contact: the person there; empty where nobody is on file.
        email: their address; empty where none is on file.
        phone: their number; empty where none is on file.
        tag: the holding's, where it is about one.
        mailto: a link that opens a draft; empty without an address.
    """

    kind: Kind
    subject: str
    stage: int | None
    to: str
    due_on: date | None
    title: str
    text: str
    contact: str
    email: str
    phone: str
    tag: str | None
    mailto: str

    @property
    def key(self) -> Key:
        """What it is known by once it is sent."""
        return Key(self.kind, self.subject, self.stage or 0, _day(self.due_on))


@dataclass(frozen=True, slots=True)
class Message:
    """One mail or letter: everything of one kind and stage, due on one day, for one person."""

    recipient: Recipient
    kind: Kind
    stage: int | None
    title: str
    text: str
    mailto: str
    notices: tuple[Notice, ...]


def stage_of(due_on: date, day: date, calendar: Calendar, when: When) -> int:
    """Which stage a loan that was due is at on a day; 0 is before the first."""
    if day <= due_on:
        return 0
    begun = [
        stage
        for stage, open_days in enumerate(when.overdue, start=1)
        if calendar.add_open_days(due_on, open_days) <= day
    ]
    return max(begun, default=0)


def _falls_due(kind: Kind, about: About, day: date, calendar: Calendar, when: When) -> int | None:
    """The stage of a notice that is due on a day; 0 where a kind has none, None when not due."""
    due_on = about.due_on
    if due_on is None:
        return 0
    if kind == "overdue":
        return stage_of(due_on, day, calendar, when) or None
    kept_until = about.kept_until or due_on
    if kind == "lapsed":
        return 0 if kept_until < day <= days_after(kept_until, LONGEST_AFTER) else None
    if kind in ("booked", "at_risk"):
        return 0 if day <= kept_until else None
    if kind in ("receipt", "part_missing", "evaluation"):
        return 0 if _is_of_a_return(kind, due_on, day, calendar, when) else None
    ahead = {
        "due_soon": when.due_soon,
        "inspection_due": when.inspection,
        "collect_soon": when.collect_soon,
    }[kind]
    last = kept_until if kind == "collect_soon" else due_on
    if kind != "inspection_due" and (not ahead or day > last):
        return None
    return 0 if calendar.add_open_days(due_on, -ahead) <= day else None


def _is_of_a_return(kind: Kind, back: date, day: date, calendar: Calendar, when: When) -> bool:
    """Whether a notice of a return is due on a day."""
    if not back <= day <= days_after(back, LONGEST_AFTER):
        return False
    if kind == "receipt":
        return bool(when.receipt) and day <= calendar.add_open_days(back, when.receipt)
    if kind == "evaluation":
        return bool(when.evaluation) and calendar.add_open_days(back, when.evaluation) <= day
    return True


Latest = Mapping[tuple[str, str, str], int]
"""The latest stage that was sent, by kind, subject and due day."""


def _time(kind: Kind, about: About, latest: Latest) -> int:
    """Which time a booking is at risk, or ready: 0 is the first, then 2, 3 and so on.

    It is ready a second time only after a notice that it is at risk, and at risk a second time only
    after a notice that it is ready again.
    """
    of = (about.subject, _day(about.due_on))
    risk = latest.get(("at_risk", *of), -1)
    times = 0 if risk < 0 else max(1, risk)
    if not times:
        return 0
    if kind != "at_risk":
        return times + 1
    ready = max(latest.get(("booked", *of), -1), latest.get(("collect_soon", *of), -1))
    return times + 1 if ready > times else risk


def due_notices(
    everything: Iterable[About],
    sent: Iterable[Key],
    day: date,
    *,
    college: str,
    calendar: Calendar,
    when: When,
    templates: Mapping[str, str],
) -> list[Notice]:
    """The notices that are due on a day and were not sent: the latest stage of each.

    Args:
        everything: what notices may be about, in the order in which they are to be.
        sent: what was sent already.
        day: the day.
        college: the college's name, for the words.
        calendar: on which days the desk is open.
        when: how many open days before and after.
        templates: the college's own words, by name, in place of kitloan's.
    """
    latest: dict[tuple[str, str, str], int] = {}
    for key in sent:
        about = (key.kind, key.subject, key.due_on)
        latest[about] = max(latest.get(about, -1), key.stage)
    found = []
    for each in everything:
        stages = ((kind, _falls_due(kind, each, day, calendar, when)) for kind in each.kinds)
        for kind, stage in [last for last in stages if last[1] is not None][-1:]:
            if kind in ("booked", "collect_soon", "at_risk"):
                stage = _time(kind, each, latest)
            if stage is None or stage <= latest.get((kind, each.subject, _day(each.due_on)), -1):
                continue
            title, text = _words(kind, stage, [each], day, college, templates)
            found.append(
                Notice(
                    kind,
                    each.subject,
                    stage or None,
                    each.recipient.to,
                    each.due_on,
                    title,
                    text,
                    each.recipient.contact,
                    each.recipient.email,
                    each.recipient.phone,
                    each.tag,
                    mailto(each.recipient.email, title, text),
                )
            )
    return found


def messages(
    notices: Sequence[Notice],
    everything: Iterable[About],
    day: date,
    *,
    college: str,
    templates: Mapping[str, str],
) -> list[Message]:
    """The notices as mails or letters: what goes to one person about one thing is one of them."""
    whole = {(kind, each.subject): each for each in everything for kind in each.kinds}
    made = []
    for _, some in groupby(sorted(notices, key=_together), key=_together):
        group = tuple(some)
        (first, *_) = group
        about = [whole[each.kind, each.subject] for each in group]
        title, text = _words(first.kind, first.stage or 0, about, day, college, templates)
        made.append(
            Message(
                about[0].recipient,
                first.kind,
                first.stage,
                title,
                text,
                mailto(first.email, title, text),
                group,
            )
        )
    return made


def _together(notice: Notice) -> tuple[str, ...]:
    """Notices that have this in common are one mail or letter."""
    day = "" if notice.kind == "inspection_due" else _day(notice.due_on)
    person = (notice.to, notice.contact, notice.email)
    return (*person, notice.kind, str(notice.stage or 0), day)


def _words(
    kind: Kind,
    stage: int,
    about: Sequence[About],
    day: date,
    college: str,
    templates: Mapping[str, str],
) -> tuple[str, str]:
    name = template_name(kind, stage)
    (first, *_) = about
    due_on = first.due_on
    return filled(
        templates.get(name, TEMPLATES[name]),
        {
            "college": college,
            "school": first.recipient.to,
            "contact": first.recipient.contact or first.recipient.to,
            "kits": "\n".join(f"• {each.line}" for each in about),
            "due": uk(due_on) if due_on else "",
            "days_late": str(max(0, (day - due_on).days)) if due_on else "0",
            "today": uk(day),
        },
    )


def template_name(kind: str, stage: int) -> str:
    """Which template a notice is made of."""
    if kind == "booked" and stage:
        return "booked_again"
    return f"{kind}_{stage}" if kind == "overdue" else kind


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def line_of(type_: str, tag: str, number: str | None, quantity: int = 1) -> str:
    """One holding in a line of a notice."""
    many = f"{quantity:,} x " if quantity > 1 else ""
    return f"{many}{type_}, {grouped(tag)}" + (f" ({number})" if number else "")


def mailto(email: str, title: str, text: str) -> str:
    """A link that opens a draft of a mail; empty without an address.

    What is too long for a link ends at a line before that, with a row of dots.
    """
    if not email:
        return ""
    head = f"mailto:{quote(email, safe='@')}?subject={quote(title, safe='')}&body="
    lines = text.strip().split("\n")
    whole = head + _encoded(lines)
    while len(whole) > LONGEST_MAILTO and lines:
        lines.pop()
        whole = head + _encoded([*lines, "..."])
    return whole


def _encoded(lines: Sequence[str]) -> str:
    return "%0D%0A".join(quote(line, safe="") for line in lines)
