"""Notices of a store: what is due, what was sent, and sending it by mail.

A mail is never sent twice. Before a notice goes to the mail server, its row in the outbox is set to
`sending` and committed. Accepted, the row goes and the ledger has the notice, in one transaction.
Refused for certain, it waits for the next time. Where nobody knows, because the server had all of
it and went silent, or this program was killed, it is `unknown`, and a person decides.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, bindparam, delete, select, text, update

from kitloan.errors import Refused
from kitloan.ledger.facts.notices import NoticeSent
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer, id_reused
from kitloan.planning.booked import lost_of, types_waiting
from kitloan.planning.calendar import Calendar, calendar_of
from kitloan.planning.calendar_file import BOOKINGS, LOANS, booking_line, days_booked, events_of
from kitloan.planning.channels import CalendarEvent, mail
from kitloan.planning.mailing import MailServer, NotSent, PerhapsSent, connected, send_mail
from kitloan.planning.notices import (
    About,
    Key,
    Kind,
    Message,
    Notice,
    Recipient,
    When,
    due_notices,
    line_of,
    messages,
    template_name,
)
from kitloan.planning.policies import policies_of
from kitloan.planning.returns import returns_of
from kitloan.planning.templates import GAELIC, TEMPLATES, check_template
from kitloan.queries.paging import page_of
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import (
    College,
    Contact,
    Holding,
    KitType,
    LedgerEntry,
    Loan,
    Organisation,
    Setting,
    table,
)
from kitloan.tables.inspecting import Inspection, Regime
from kitloan.tables.noticing import Outbox, SentNotice
from kitloan.text.dates import day_of, instant, moment, uk
from kitloan.text.personal import on_record
from kitloan.values import PAGE, Page

college, contact, holding, kit_type = (table(each) for each in (College, Contact, Holding, KitType))
loan, organisation, setting = table(Loan), table(Organisation), table(Setting)
inspection, regime, entry = table(Inspection), table(Regime), table(LedgerEntry)
outbox, sent_notice = table(Outbox), table(SentNotice)

_TEMPLATE = "template:"
_STALE = timedelta(minutes=15)
"""After this a mail that was being sent is `unknown`: its program was killed."""

_INSPECTIONS = Query(
    select(
        holding.c.tag,
        holding.c.asset_number,
        kit_type.c.name.label("type_name"),
        regime.c.code_key,
        regime.c.code,
        inspection.c.result,
        inspection.c.done_at,
        inspection.c.valid_until,
    )
    .select_from(regime)
    .join(
        holding,
        (holding.c.college == regime.c.college) & (holding.c.kit_type == regime.c.kit_type),
    )
    .join(
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .outerjoin(
        inspection,
        (inspection.c.college == holding.c.college)
        & (inspection.c.tag == holding.c.tag)
        & (inspection.c.code_key == regime.c.code_key),
    )
    .where(holding.c.college == bindparam("c"), holding.c.state == "held")
    .order_by(inspection.c.valid_until, holding.c.tag, regime.c.code_key)
)
_SENT = Query(
    select(
        sent_notice.c.notice, sent_notice.c.subject, sent_notice.c.stage, sent_notice.c.due_on
    ).where(sent_notice.c.college == bindparam("c"))
)
_NAME = Query(select(college.c.name).where(college.c.college == bindparam("c")))
_TEMPLATES = Query(
    select(setting.c.name, setting.c.value).where(
        setting.c.college == bindparam("c"), setting.c.name.startswith(_TEMPLATE)
    )
)
_set_template = Change(
    text(
        "INSERT INTO setting (college, name, value) VALUES (:c, :n, :v) "
        "ON CONFLICT (college, name) DO UPDATE SET value = :v"
    )
)
_forget_template = Change(
    delete(setting).where(setting.c.college == bindparam("c"), setting.c.name == bindparam("n"))
)
_CODES = re.compile(r"[245]\d\d( [245]\.\d{1,3}\.\d{1,3})?(?![^ ])")

_OUTBOX = Query(select(outbox).where(outbox.c.college == bindparam("c")))
_key_columns = (
    outbox.c.college == bindparam("c"),
    outbox.c.notice == bindparam("n"),
    outbox.c.subject == bindparam("s"),
    outbox.c.stage == bindparam("g"),
    outbox.c.due_on == bindparam("d"),
)
_enqueue = Change(
    text(
        "INSERT INTO outbox (college, notice, subject, stage, due_on, message, state, tries, "
        "tried_at, problem) VALUES (:c, :n, :s, :g, :d, '', 'waiting', 0, '', '') "
        "ON CONFLICT DO NOTHING"
    )
)
_claim = Change(
    update(outbox)
    .where(*_key_columns, outbox.c.state == "waiting")
    .values(
        state="sending",
        message=bindparam("m"),
        tries=outbox.c.tries + 1,
        tried_at=bindparam("at"),
    )
)
_leave = Change(
    update(outbox)
    .where(*_key_columns, outbox.c.message == bindparam("m"))
    .values(state=bindparam("new_state"), problem=bindparam("why"))
)
_forget = Change(delete(outbox).where(*_key_columns))


@dataclass(frozen=True, slots=True)
class SentLine:
    """A notice that was sent: which, of what, when, by whom and how."""

    kind: str
    subject: str
    stage: int | None
    due_on: date | None
    channel: str
    tag: str | None
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of the notices that were due.

    Attributes:
        mails: how many mails the server took.
        sent: how many notices were in them.
        waiting: how many notices wait for the next time.
        unknown: how many notices went to the server, and nobody knows whether it took them.
        without_address: how many notices are for people with no e-mail address on file.
        problem: what was wrong with the server or a mail; empty when nothing was.
    """

    mails: int
    sent: int
    waiting: int
    unknown: int
    without_address: int
    problem: str


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """The words of a notice: its name, the words, and whether the college wrote them."""

    name: str
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class _Facts:
    """Everything that the notices of a store rest on."""

    everything: tuple[About, ...]
    sent: tuple[Key, ...]
    college: str
    calendar: Calendar
    when: When
    templates: Mapping[str, str]

    def due(self, day: date) -> list[Notice]:
        """The notices that are due on a day."""
        return due_notices(
            self.everything,
            self.sent,
            day,
            college=self.college,
            calendar=self.calendar,
            when=self.when,
            templates=self.templates,
        )

    def messages(self, notices: Sequence[Notice], day: date) -> list[Message]:
        """Notices as mails or letters."""
        return messages(
            notices, self.everything, day, college=self.college, templates=self.templates
        )


def _facts(connection: Connection, of: str, today: date) -> _Facts:
    policies, calendar = policies_of(connection, of), calendar_of(connection, of)
    name = str(_NAME(connection, c=of).scalar() or of)
    stages = tuple(policies.number(f"overdue_{stage}") for stage in (1, 2, 3))
    return _Facts(
        everything=tuple(_everything(connection, of, name, calendar, today)),
        sent=tuple(Key(*row) for row in _SENT(connection, c=of)),
        college=name,
        calendar=calendar,
        when=When(
            due_soon=policies.number("due_soon"),
            overdue=(stages[0], stages[1], stages[2]),
            inspection=policies.number("inspect_soon"),
            collect_soon=policies.number("collect_soon"),
            receipt=policies.number("receipt"),
            evaluation=policies.number("evaluation"),
        ),
        templates={
            row.name.removeprefix(_TEMPLATE): row.value for row in _TEMPLATES(connection, c=of)
        },
    )


def _everything(
    connection: Connection, of: str, name: str, calendar: Calendar, today: date
) -> Iterator[About]:
    for row in LOANS(connection, c=of):
        yield About(
            row.loan,
            ("due_soon", "overdue"),
            Recipient(row.to, row.person or "", row.email or "", row.phone or ""),
            date.fromisoformat(row.due_on),
            line_of(row.type_name, row.tag, row.asset_number, row.left),
            row.tag,
        )
    lines: dict[str, list[AnyRow]] = {}
    for row in BOOKINGS(connection, c=of):
        lines.setdefault(row.booking, []).append(row)
    lost = lost_of(connection, of, types_waiting(connection, of, today), today)
    for key, rows in lines.items():
        (first, *_) = rows
        # No notice announces kits as ready that are still out.
        waits: tuple[Kind, ...] = ("at_risk",) if key in lost else ("booked", "collect_soon")
        kinds: dict[str, tuple[Kind, ...]] = {"made": (*waits, "lapsed"), "lapsed": ("lapsed",)}
        if first.state in kinds and not any(row.collected for row in rows):
            yield About(
                key,
                kinds[first.state],
                Recipient(first.to, first.person or "", first.email or "", first.phone or ""),
                days_booked(first, calendar)[0],
                booking_line(rows, calendar),
                kept_until=date.fromisoformat(first.lapses_after),
            )
    for back in returns_of(connection, of, today):
        recipient = Recipient(back.to, back.contact, back.email, back.phone)
        short = bool(back.short)
        yield About(
            back.loan,
            ("part_missing",) if short else ("receipt",),
            recipient,
            back.on,
            back.lacking if short else back.line + "; not counted yet" * back.uncounted,
            back.tag,
        )
        if not back.answered:
            yield About(
                back.loan,
                ("evaluation",),
                recipient,
                back.on,
                back.line,
                back.tag,
            )
    for row in _INSPECTIONS(connection, c=of):
        subject, due_on, what = f"{row.tag} {row.code_key}", None, "never inspected"
        if row.valid_until:
            due_on = date.fromisoformat(row.valid_until)
            what = f"valid until {uk(due_on)}"
        elif row.result == "fail":  # due by itself, also on the day that a noticed pass ended
            subject, due_on = f"{subject} (failed)", day_of(row.done_at)
            what = f"failed on {uk(due_on)}, and not passed since"
        yield About(
            subject,
            ("inspection_due",),
            Recipient(name),
            due_on,
            f"{line_of(row.type_name, row.tag, row.asset_number)}: {row.code}, {what}",
            row.tag,
        )


def _by_key(key: Key) -> dict[str, object]:
    return {"n": key.kind, "s": key.subject, "g": key.stage, "d": key.due_on}


class Notices:
    """Which notices are due, what was sent, and sending them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def due(self, on: date | None = None) -> list[Notice]:
        """The notices that are due on a day, today when None; only the latest stage of each."""
        with self._session.reading() as connection:
            facts = _facts(connection, self._session.college, self._session.today)
        return facts.due(on or self._session.today)

    def messages(self, on: date | None = None) -> list[Message]:
        """The notices that are due on a day, as mails or letters."""
        day = on or self._session.today
        with self._session.reading() as connection:
            facts = _facts(connection, self._session.college, self._session.today)
        return facts.messages(facts.due(day), day)

    def letters(self, to: str | None = None, on: date | None = None) -> list[Message]:
        """Letters about everything that is overdue on a day, sent before or not.

        Args:
            to: only those to this organisation, by its name on record.
            on: the day; today when None.
        """
        day = on or self._session.today
        with self._session.reading() as connection:
            facts = _facts(connection, self._session.college, self._session.today)
        late = [
            each
            for each in facts.everything
            if "overdue" in each.kinds
            and each.due_on is not None
            and each.due_on < day
            and (to is None or each.recipient.to == to)
        ]
        when = When(overdue=(0, *facts.when.overdue[1:]))  # late is late, on a closed day too
        due = due_notices(
            late,
            (),
            day,
            college=facts.college,
            calendar=facts.calendar,
            when=when,
            templates=facts.templates,
        )
        overdue = [each for each in due if each.kind == "overdue"]
        return facts.messages(overdue, day)

    def sent(self, after: str | None = None, limit: int = PAGE) -> Page[SentLine]:
        """The notices that were sent, the latest first.

        Args:
            after: the `next` of the page before.
            limit: the most lines on a page.
        """
        c = sent_notice.c
        wanted = select(sent_notice).where(c.college == self._session.college)
        order = (c.sent_at, c.notice, c.subject, c.stage, c.due_on)
        with self._session.reading() as connection:
            page = page_of(connection, wanted, order, after, limit, newest_first=True)
        lines = [
            SentLine(
                row.notice,
                row.subject,
                row.stage or None,
                date.fromisoformat(row.due_on) if row.due_on else None,
                row.channel,
                row.tag,
                row.sent_at,
                row.sent_by,
            )
            for row in page.items
        ]
        return Page(tuple(lines), page.total, page.next)

    def mark(
        self,
        on: date | None = None,
        *,
        channel: str = "by hand",
        request_id: str | None = None,
    ) -> list[Key]:
        """Put on record that every notice that is due on a day was sent; gives what each is.

        Those that the mail server may have had count as sent too.

        Args:
            on: the day; today when None.
            channel: how they were sent.
            request_id: the request's id; None makes one.
        """
        channel = on_record(channel, "How they were sent")
        with self._session.writing(request_id) as writer:
            if writer.earlier:
                facts = writer.earlier_facts(NoticeSent)
                if any(each.channel != channel for each in facts):
                    raise id_reused(writer.request)
                return [
                    Key(each.notice, each.subject, each.stage, each.due_on or "") for each in facts
                ]
            found = _facts(writer.connection, writer.college, day_of(writer.at))
            due = found.due(on or self._session.today)
            _record(writer, found, due, channel)
            return [each.key for each in due]

    def send(self, server: MailServer, on: date | None = None) -> SendReport:
        """Send every notice that is due by mail, and put on record what the server took.

        Args:
            server: the mail server.
            on: the day whose notices they are; today when None.
        """
        day = on or self._session.today
        queued = self._enqueue(day)
        mails = sent = 0
        problem = ""
        with ExitStack() as stack:
            connection = None
            for message in queued.messages:
                claimed = self._claim(message, day)
                if claimed is None:
                    continue
                mark, whole = claimed
                try:
                    if connection is None:
                        connection = stack.enter_context(connected(server))
                    made = mail(
                        whole,
                        sender=server.sender,
                        message_id=f"<{mark}@{self._session.college}.kitloan>",
                    )
                    send_mail(connection, server, whole.recipient.email, made)
                except NotSent as refusal:
                    problem = f"{whole.recipient.to}: {refusal}"
                    if refusal.server:
                        problem = f"The mail server {server.host}: {refusal}"
                    self._leave(whole, mark, "waiting", _code_of(refusal))
                    if refusal.server:
                        break
                except PerhapsSent as silence:
                    problem = f"The mail server {server.host}: {silence}"
                    self._leave(whole, mark, "unknown", _code_of(silence))
                    break
                else:
                    self._done(whole, mark)
                    mails += 1
                    sent += len(whole.notices)
        with self._session.reading() as reading:
            states = [row.state for row in _OUTBOX(reading, c=self._session.college)]
        return SendReport(
            mails,
            sent,
            states.count("waiting") + states.count("sending"),
            states.count("unknown"),
            queued.without_address,
            problem,
        )

    def _enqueue(self, day: date) -> "_Queued":
        """Put what is due into the outbox, and take out what is due no more."""
        with self._session.writing() as writer:
            connection, of = writer.connection, writer.college
            facts = _facts(connection, of, day_of(writer.at))
            due = facts.due(day)
            keys = {each.key for each in due}
            old = instant(moment(writer.at) - _STALE)
            for row in _OUTBOX(connection, c=of).all():
                key = Key(row.notice, row.subject, row.stage, row.due_on)
                if row.state == "sending" and row.tried_at < old:
                    why = "kitloan was stopped while it was sent"
                    given = {"m": row.message, "new_state": "unknown", "why": why}
                    _leave(connection, c=of, **_by_key(key), **given)
                elif row.state == "waiting" and key not in keys:
                    _forget(connection, c=of, **_by_key(key))
            for each in due:
                if each.email:
                    _enqueue(connection, c=of, **_by_key(each.key))
            mailed = [each for each in due if each.email]
            return _Queued(facts.messages(mailed, day), len(due) - len(mailed))

    def _claim(self, message: Message, day: date) -> tuple[str, Message] | None:
        """Take those notices of a mail that wait and are still due; others may be taken already."""
        keys = repr([each.key for each in message.notices])
        mark = hashlib.sha256(keys.encode()).hexdigest()[:24]
        with self._session.writing() as writer:
            facts = _facts(writer.connection, writer.college, day_of(writer.at))
            still = {each.key for each in facts.due(day)}
            ours = [
                each
                for each in message.notices
                if each.key in still
                and _claim(
                    writer.connection, c=writer.college, **_by_key(each.key), m=mark, at=writer.at
                )
            ]
            if not ours:
                return None
            (whole,) = facts.messages(ours, day)
            return mark, whole

    def _leave(self, message: Message, mark: str, state: str, why: str) -> None:
        with self._session.writing() as writer:
            for each in message.notices:
                given = {"m": mark, "new_state": state, "why": why}
                _leave(writer.connection, c=writer.college, **_by_key(each.key), **given)

    def _done(self, message: Message, mark: str) -> None:
        with self._session.writing() as writer:
            facts = _facts(writer.connection, writer.college, day_of(writer.at))
            _record(writer, facts, message.notices, "e-mail")

    def templates(self) -> list[TemplateLine]:
        """The words of every notice."""
        with self._session.reading() as connection:
            rows = _TEMPLATES(connection, c=self._session.college)
            own = {row.name.removeprefix(_TEMPLATE): str(row.value) for row in rows}
        return [
            TemplateLine(name, own.get(name, words), name in own)
            for name, words in TEMPLATES.items()
        ]

    def set_template(self, name: str, words: str | None) -> TemplateLine:
        """Replace the words of a notice; None goes back to those that kitloan comes with.

        They are this store's, and in no ledger.

        Raises:
            BadInput: `unknown_template`, `unknown_field`, `bad_template`.
        """
        checked = check_template(name, TEMPLATES.get(name, "") if words is None else words)
        with self._session.writing() as writer:
            given = {"c": writer.college, "n": f"{_TEMPLATE}{name}"}
            if words is None:
                _forget_template(writer.connection, **given)
            else:
                _set_template(writer.connection, **given, v=checked)
        return TemplateLine(name, checked, words is not None)

    def events(self) -> list[CalendarEvent]:
        """Bookings and the days on which loans are due, for a calendar.

        What was changed is the next in its sequence; what was cancelled, lapsed or undone is among
        them, so that calendars drop it.
        """
        with self._session.reading() as connection:
            return events_of(connection, self._session.college, self._session.today)


@dataclass(frozen=True, slots=True)
class _Queued:
    """The mails that are to be sent, and how many notices have no address to go to."""

    messages: list[Message]
    without_address: int


def _code_of(problem: Exception) -> str:
    """The codes of a server's answer. Its words can name who was written to, who may be erased."""
    found = _CODES.match(str(problem))
    return found[0] if found else ""


def _record(writer: Writer, facts: _Facts, notices: Sequence[Notice], channel: str) -> None:
    """Put on record that notices were sent, and take them out of the outbox."""
    for each in notices:
        key = each.key
        name = template_name(key.kind, key.stage)
        words = facts.templates.get(name, TEMPLATES[name])
        writer.append(
            NoticeSent(
                notice=key.kind,
                subject=key.subject,
                stage=key.stage,
                due_on=key.due_on or None,
                channel=channel,
                template=hashlib.sha256(words.encode()).hexdigest()[:12],
                tag=each.tag,
            )
        )
        _forget(writer.connection, c=writer.college, **_by_key(key))


def gaelic_example(name: str) -> str:
    """The Gaelic example of a template.

    Raises:
        Refused: `no_example`.
    """
    if name not in GAELIC:
        raise Refused(
            "no_example",
            f"There is no Gaelic example of {name!r}.",
            f"There are: {', '.join(GAELIC)}.",
        )
    return GAELIC[name]
