"""Evaluation: what a teacher answered about an engagement, and the line of text of a form.

A form comes back as one line, `KLEVAL1;loan=..;used=y;p57=27;hours=4.5;enj=5;...`, scanned, pasted
or in a file. It is read strictly: a line with one field wrong changes nothing, and the refusal
names the field. Numbers are entries of the ledger; what a teacher wrote in words is kept apart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from kitloan.errors import BadInput, Refused
from kitloan.evidence.bands import MOST_PEOPLE
from kitloan.evidence.engagements import (
    MOST_SESSIONS,
    EngagementLine,
    NewEngagement,
    keep_quote,
    line_of,
    record,
    unknown_engagement,
)
from kitloan.ledger.facts.evidence import EngagementRecorded, EvaluationReceived
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.queries.paging import PAGE, page_of
from kitloan.storage import quotes
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Loan, table
from kitloan.tables.evidence import Engagement, EngagementBand, Evaluation, Quote
from kitloan.text.dates import day_of, parse_date
from kitloan.text.fields import Band
from kitloan.text.names import plain
from kitloan.text.scans import FORM
from kitloan.values import Page, Warned

engagement, band = table(Engagement), table(EngagementBand)
evaluation, loan, quote = table(Evaluation), table(Loan), table(Quote)

HELPED = ("guide", "video", "training", "parts", "time", "delivery", "staff", "other")
"""What would have helped: the codes of a form."""
SUBJECTS = ("s", "t", "e", "m")
"""Science, technology, engineering and mathematics: each is asked apart."""
BAND_KEYS: Mapping[str, Band] = {
    "early": "early",
    "p24": "p2-p4",
    "p57": "p5-p7",
    "s13": "s1-s3",
    "s46": "s4-s6",
    "asn": "asn",
    "college": "college",
    "adult": "adult",
    "mixed": "mixed",
}
"""The fields of a form for learners, by band."""
_MOST_FORMS = 500
_LONGEST = 500
"""Characters of one form's line."""

_engagement = Query(
    select(engagement.c.engagement, engagement.c.live, engagement.c.used).where(
        engagement.c.college == bindparam("c"), engagement.c.engagement == bindparam("e")
    )
)
_has_evaluation = Query(
    select(evaluation.c.engagement).where(
        evaluation.c.college == bindparam("c"), evaluation.c.engagement == bindparam("e")
    )
)
_of_loan = Query(
    select(engagement.c.engagement)
    .where(
        engagement.c.college == bindparam("c"),
        engagement.c.loan == bindparam("l"),
        engagement.c.live.is_(True),
    )
    .order_by(engagement.c.on, engagement.c.engagement)
)
_returned = Query(
    select(loan.c.closed_at).where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of a form; None is not answered.

    Attributes:
        enjoyed: learners enjoyed it, 1 to 5, as the teacher judges.
        interest: learners are more interested than before, 1 to 5.
        confidence: by `s`, `t`, `e`, `m`: the teacher is less able to teach it, the same, or more:
            -1, 0, 1.
        again: whether they would borrow it again.
        helped: what would have helped; codes of `HELPED`.
    """

    enjoyed: int | None = None
    interest: int | None = None
    confidence: Mapping[str, int] | None = None
    again: bool | None = None
    helped: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """What somebody wrote: under which heading, and whether they agreed to be quoted."""

    heading: str
    words: str
    may_publish: bool


@dataclass(frozen=True, slots=True)
class EvaluationLine:
    """What was answered and written about an engagement; what was not answered is None.

    `confidence` is by `s`, `t`, `e`, `m`; see `Answers`. Quotes never leave the college that has
    them.
    """

    engagement: str
    enjoyed: int | None
    interest: int | None
    confidence: dict[str, int | None]
    again: bool | None
    helped: tuple[str, ...]
    college: str
    quotes: tuple[QuoteLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was read: what it says of the use, and the answers.

    `on` is None where the form has no date; `line` is its line in the text.
    """

    loan: str
    on: date | None
    new: NewEngagement
    answers: Answers
    line: int


@dataclass(frozen=True, slots=True)
class FormTaken:
    """A form that was taken in: whether it recorded the use or found it, and what looks wrong."""

    engagement: EngagementLine
    evaluation: EvaluationLine
    new: bool
    warnings: tuple[Warned, ...] = field(default=(), compare=False)


class Evaluations:
    """What teachers answered."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        engagement_id: str,
        answers: Answers,
        *,
        quote: str | None = None,
        may_quote: bool = False,
        request_id: str | None = None,
    ) -> EvaluationLine:
        """Record what a teacher answered about an engagement.

        Args:
            engagement_id: which engagement.
            answers: at least one.
            quote: what they wrote, kept apart from the ledger.
            may_quote: whether they agreed to be quoted.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_engagement`; `bad_rating`; `bad_confidence`; `bad_helped`;
                `no_answer`, when nothing is answered.
            Refused: `already_evaluated`; `withdrawn`; `not_used`.
        """
        checked = _checked(answers, quoted=quote is not None)
        with self._session.writing(request_id) as writer:
            found = _receive(writer, engagement_id.strip(), checked, "counter")
            if quote is not None and not writer.earlier:
                keep_quote(writer, found.engagement, "quote", quote, may_publish=may_quote)
            return _quoted(writer.connection, writer.college, [found])[0]

    def read(self, text: str, *, request_id: str | None = None) -> Sequence[FormTaken]:
        """Take in forms, each a line that begins with `KLEVAL1`: all of them, or none.

        A form about a use that is recorded already adds its answers to that; else it records both.

        Raises:
            BadInput: `bad_form`, with `line`, `field` and `value`; as `Engagements.record`.
            Refused: as `Engagements.record`; `already_evaluated`.
        """
        forms = read_forms(text, self._session.today)
        with self._session.writing(request_id) as writer:
            found = []
            for form in forms:
                try:
                    found.append(_take(writer, form))
                except (BadInput, Refused) as refusal:  # of ten forms, one is meant
                    refusal.details["line"] = form.line
                    if len(forms) > 1:
                        refusal.message = f"Line {form.line}: {refusal.message}"
                    raise
        return found

    def check_loan(self, loan_id: str) -> str:
        """The id of a loan of this college, as it is recorded.

        Raises:
            BadInput: `unknown_loan`.
        """
        wanted = loan_id.strip()
        with self._session.reading() as connection:
            row = _returned(connection, c=self._session.college, l=wanted).one_or_none()
        if row is None:
            raise BadInput(
                "unknown_loan",
                f"This college has no loan {plain(wanted[:60])!r}.",
                "Give the id that kitloan loans --json lists.",
                value=wanted[:60],
            )
        return wanted

    def list(self, after: str | None = None, limit: int = PAGE) -> Page[EvaluationLine]:
        """What was answered and written about engagements that were not withdrawn.

        In ESP's store of every college; quotes are only those of the store's own college.

        Args:
            after: the `next` of the page before.
            limit: the most on a page.
        """
        college = self._session.college
        is_quoted = (quote.c.college == engagement.c.college) & (
            quote.c.engagement == engagement.c.engagement
        )
        quoted = select(quote.c.quote).where(is_quoted, quote.c.college == college).exists()
        wanted = (
            select(engagement.c.college, engagement.c.engagement, *_ANSWERS)
            .outerjoin_from(engagement, evaluation)
            .where(engagement.c.live.is_(True), or_(evaluation.c.engagement.is_not(None), quoted))
        )
        if not self._session.is_national:
            wanted = wanted.where(engagement.c.college == college)
        order = (engagement.c.college, engagement.c.engagement)
        with self._session.reading() as connection:
            page = page_of(connection, wanted, order, after, limit)
            lines = _quoted(connection, college, list(map(_line, page.items)))
        return Page(tuple(lines), page.total, page.next)


_ANSWERS = tuple(
    evaluation.c[name]
    for name in (
        *("enjoyed", "interest", "science", "technology", "engineering", "mathematics"),
        *("again", "helped"),
    )
)


def _quoted(
    connection: Connection, college: str, lines: Sequence[EvaluationLine]
) -> Sequence[EvaluationLine]:
    """Evaluations with the quotes that this college has of its own engagements."""
    ours = [each.engagement for each in lines if each.college == college]
    found: dict[str, list[QuoteLine]] = {}
    for row in quotes.of_engagements(connection, college, ours) if ours else ():
        one = QuoteLine(row.heading, row.words, bool(row.may_publish))
        found.setdefault(row.engagement, []).append(one)
    return [
        replace(each, quotes=tuple(found.get(each.engagement, ())))
        if each.college == college
        else each
        for each in lines
    ]


def _line(row: AnyRow) -> EvaluationLine:
    levels = (row.science, row.technology, row.engineering, row.mathematics)
    return EvaluationLine(
        row.engagement,
        row.enjoyed,
        row.interest,
        dict(zip(SUBJECTS, levels, strict=True)),
        None if row.again is None else bool(row.again),
        tuple(row.helped.split(",")) if row.helped else (),
        row._mapping["college"],
    )


def read_forms(text: str, today: date) -> list[Form]:
    """The forms in a text, strictly; see `Evaluations.read`."""
    lines = text.removeprefix("\ufeff").splitlines()  # a file may begin with a byte order mark
    numbered = [(n, line.strip()) for n, line in enumerate(lines, start=1)]
    wanted = [(n, line) for n, line in numbered if line]
    if not wanted:
        raise BadInput(
            "bad_form",
            "There is no form in the text.",
            f"A form is a line that begins with {FORM};",
            line=None,
            field=None,
            value=None,
        )
    if len(wanted) > _MOST_FORMS:
        raise BadInput(
            "bad_form",
            f"{len(wanted):,} forms are too many at once.",
            f"Read at most {_MOST_FORMS} at a time.",
            line=None,
            field=None,
            value=None,
        )
    return [_form(number, line, today) for number, line in wanted]


class _Fields:
    """The fields of one line, each taken once."""

    def __init__(self, number: int, line: str) -> None:
        self._number = number
        parts = line.split(";")
        if parts[0] != FORM or len(line) > _LONGEST:
            raise self.wrong(None, parts[0][:40], f"does not begin a form: {FORM}; does")
        self._left: dict[str, str] = {}
        if not parts[-1]:
            parts.pop()  # a line may end in a semicolon
        for part in parts[1:]:
            name, equals, value = part.partition("=")
            if not equals or name not in _KNOWN:
                raise self.wrong(name or part, value or part, "is no field of a form")
            if name in self._left:
                raise self.wrong(name, value, "is given twice")
            if not value:
                raise self.wrong(name, value, "has no value")
            self._left[name] = value

    def wrong(self, name: str | None, value: str, problem: str) -> BadInput:
        shown = f"{name}={value}" if name and value != name else value
        return BadInput(
            "bad_form",
            f"Line {self._number}: {plain(shown[:80])!r} {problem}. Nothing was changed.",
            "Correct that field, or type the answers: kitloan evaluation add",
            line=self._number,
            field=name,
            value=value[:80],
        )

    def text(self, name: str) -> str | None:
        return self._left.get(name)

    def whole(self, name: str, least: int, most: int) -> int | None:
        value = self._left.get(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,6}", value) or not least <= int(value) <= most:
            raise self.wrong(name, value, f"is not a whole number from {least:,} to {most:,}")
        return int(value)

    def one_of(self, name: str, choices: Mapping[str, Any]) -> Any:
        value = self._left.get(name)
        if value is None:
            return None
        if value not in choices:
            raise self.wrong(name, value, f"is none of {', '.join(choices)}")
        return choices[value]

    def hours(self) -> float | None:
        value = self._left.get("hours")
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]{1,4}(\.[05])?", value):
            raise self.wrong("hours", value, "is not a number of hours to the half")
        return float(value)


_KNOWN = frozenset(
    (
        *("loan", "date", "used", "sessions", "hours", *BAND_KEYS, "staff"),
        *("enj", "int", *SUBJECTS, "again"),
    )
)


def _form(number: int, line: str, today: date) -> Form:
    fields = _Fields(number, line)
    loan_id = fields.text("loan")
    if loan_id is None:
        raise fields.wrong("loan", "loan", "is missing")
    used = fields.one_of("used", {"y": "yes", "p": "partly", "n": "no"})
    learners = {
        each: many
        for name, each in BAND_KEYS.items()
        if (many := fields.whole(name, 0, MOST_PEOPLE)) is not None
    }
    hours = fields.hours()
    sessions = fields.whole("sessions", 0 if used == "no" else 1, MOST_SESSIONS)
    staff = fields.whole("staff", 0, MOST_PEOPLE)
    if used is None and not learners and (sessions, hours, staff) == (None, None, None):
        raise fields.wrong("used", "used", "is missing")
    if used == "no" and (any(learners.values()) or hours):
        raise fields.wrong("used", "n", "is with learners or hours")
    on = None
    if (written := fields.text("date")) is not None:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", written):
            raise fields.wrong("date", written, "is not a date as 2026-11-23")
        try:
            on = parse_date(written)
        except BadInput:
            raise fields.wrong("date", written, "is not a date as 2026-11-23") from None
        if on > today:
            raise fields.wrong("date", written, "has not come yet")
    confidence = {
        name: level for name in SUBJECTS if (level := fields.whole(name, -1, 1)) is not None
    }
    if hours is not None and hours > 24 * (1 if sessions is None else sessions):
        raise fields.wrong("hours", f"{hours:g}", "do not fit in the sessions")
    new = NewEngagement(
        on=on or today,
        loan=loan_id,
        learners=None if used == "no" or not learners else learners,
        sessions=sessions,
        hours=hours,
        staff=staff,
        not_used="other" if used == "no" else None,
        partly=used == "partly",
        source="teacher",
    )
    answers = Answers(
        enjoyed=fields.whole("enj", 1, 5),
        interest=fields.whole("int", 1, 5),
        confidence=confidence or None,
        again=fields.one_of("again", {"y": True, "n": False}),
    )
    return Form(loan_id, on, new, answers, number)


def _take(writer: Writer, form: Form) -> FormTaken:
    before = _recorded_before(writer, form)
    if before is None:
        earlier = writer.next_earlier_fact(EngagementRecorded)
        on = form.on or (date.fromisoformat(earlier.on) if earlier else _day_back(writer, form))
        taken = record(writer, replace(form.new, on=on))
        line, new, warnings = taken.engagement, True, taken.warnings
    else:
        line, new, warnings = before, False, tuple(_differences(form.new, before))
    answered = _receive(writer, line.id, form.answers, "form")
    return FormTaken(line, answered, new, warnings)


def _differences(form: NewEngagement, line: EngagementLine) -> Iterator[Warned]:
    """What a form has and the use on record has not: only its answers were taken from it."""
    for name in ("sessions", "hours", "staff"):
        written, kept = getattr(form, name), getattr(line, name)
        if written is not None and written != kept:
            yield Warned(
                "form_differs",
                f"The form has {written:g} {name}; on record is "
                f"{'nothing' if kept is None else f'{kept:g}'}. If the form is right: kitloan "
                f"engagement correct {line.id} --{name} {written:g}",
            )


def _day_back(writer: Writer, form: Form) -> date:
    closed = _returned(writer.connection, c=writer.college, l=form.loan).scalar()
    return day_of(closed) if closed else day_of(writer.at)


def _recorded_before(writer: Writer, form: Form) -> EngagementLine | None:
    """The one use of the loan that is recorded, without answers, and is what the form says."""
    found = []
    for row in _of_loan(writer.connection, c=writer.college, l=form.loan).all():
        if _has_evaluation(writer.connection, c=writer.college, e=row.engagement).first():
            continue
        line = line_of(writer.connection, writer.college, row.engagement)
        same_day = form.on is None or form.on == line.date
        same = form.new.learners is None or dict(form.new.learners) == line.learners
        if same_day and same and (line.used == "no") == (form.new.not_used is not None):
            found.append(line)
    return found[0] if len(found) == 1 else None


def _receive(writer: Writer, engagement_id: str, answers: Answers, channel: str) -> EvaluationLine:
    row = _engagement(writer.connection, c=writer.college, e=engagement_id).one_or_none()
    if row is None:
        raise unknown_engagement(engagement_id)
    if not row.live:
        raise Refused(
            "withdrawn",
            f"The engagement {engagement_id} was withdrawn.",
            "Record it again if it did happen: kitloan engagement add",
            engagement=engagement_id,
        )
    if _has_evaluation(writer.connection, c=writer.college, e=engagement_id).first():
        raise Refused(
            "already_evaluated",
            f"The engagement {engagement_id} has its answers already.",
            "If those were wrong, withdraw the use and record it again: kitloan engagement "
            f"withdraw {engagement_id}",
            engagement=engagement_id,
        )
    confidence = {name: (answers.confidence or {}).get(name) for name in SUBJECTS}
    writer.append(
        EvaluationReceived(
            engagement=engagement_id,
            enjoyed=answers.enjoyed,
            interest=answers.interest,
            again=answers.again,
            helped=tuple(answers.helped),
            channel="form" if channel == "form" else "counter",
            science=confidence["s"],
            technology=confidence["t"],
            engineering=confidence["e"],
            mathematics=confidence["m"],
        )
    )
    return EvaluationLine(
        engagement_id,
        answers.enjoyed,
        answers.interest,
        confidence,
        answers.again,
        tuple(answers.helped),
        writer.college,
    )


def parse_confidence(text: str) -> dict[str, int]:
    """Confidence in S, T, E and M from `s=1,t=0,e=1,m=0`; each is -1, 0 or 1.

    Raises:
        BadInput: `bad_confidence`.
    """
    found: dict[str, int] = {}
    for part in text.split(","):
        name, _, level = (each.strip() for each in part.partition("="))
        if name not in SUBJECTS or level not in ("-1", "0", "1") or name in found:
            raise BadInput(
                "bad_confidence",
                f"{plain(part.strip()[:40])!r} is not one of s, t, e, m with -1, 0 or 1.",
                "Write for example s=1,t=0,e=1,m=0: -1 is less able to teach it, 0 the same, 1 "
                "more.",
                value=part.strip()[:40],
            )
        found[name] = int(level)
    return found


def _checked(answers: Answers, *, quoted: bool) -> Answers:
    for what, rating in (("enjoyed", answers.enjoyed), ("interest", answers.interest)):
        if rating is not None and (isinstance(rating, bool) or not 1 <= rating <= 5):
            raise BadInput(
                "bad_rating",
                f"{rating} is not a rating from 1 to 5.",
                f"Give --{what} from 1 (not at all) to 5 (very much).",
                field=what,
                value=rating,
            )
    levels = dict(answers.confidence or {})
    if levels.keys() - set(SUBJECTS) or not all(-1 <= each <= 1 for each in levels.values()):
        raise BadInput(
            "bad_confidence",
            "Confidence is of s, t, e and m, each -1, 0 or 1.",
            "Write for example s=1,t=0,e=1,m=0.",
        )
    if unknown := [each for each in answers.helped if each not in HELPED]:
        raise BadInput(
            "bad_helped",
            f"{plain(unknown[0][:40])!r} is not a code of what would have helped.",
            f"One of: {', '.join(HELPED)}.",
            value=unknown[0][:40],
        )
    given = (answers.enjoyed, answers.interest, answers.again)
    if all(each is None for each in given) and not levels and not answers.helped and not quoted:
        raise BadInput(
            "no_answer",
            "Nothing was answered.",
            "Give at least one of --enjoyed, --interest, --confidence, --again, --helped, --quote.",
        )
    return answers
