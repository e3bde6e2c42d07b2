"""Engagements: one use by one group, on a loan, a kit, an event or none.

Unknown stays unknown: an engagement without learners is not one with none. Girls and boys are only
taken of groups large enough that no child can be picked out. The loan is this college's; who
borrowed it is the school, and what is linked to the school is its SchUID. Free words are kept
apart, where they can be erased.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import ColumnElement, Connection, bindparam, select

from kitloan.borrowers.organisations import borrower, organisation_id
from kitloan.errors import BadInput, Refused
from kitloan.evidence.bands import MOST_PEOPLE
from kitloan.evidence.partners import on_no_list, programme_named, programmes
from kitloan.evidence.schools import school_of, schuid_of
from kitloan.ledger.facts.evidence import (
    BandCount,
    EngagementCorrected,
    EngagementRecorded,
    EngagementWithdrawn,
)
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.planning.events import event_named, is_event_id
from kitloan.planning.policies import policies_of
from kitloan.queries.find import called
from kitloan.queries.paging import PAGE, page_of
from kitloan.queries.resolve import resolve
from kitloan.storage import quotes
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import College, Holding, Loan, Organisation, table
from kitloan.tables.evidence import Engagement, EngagementBand
from kitloan.text.dates import day_of, uk
from kitloan.text.fields import (
    BANDS,
    SCHUID,
    Band,
    EngagementFields,
    EngagementKind,
    NotUsed,
    Purpose,
    Source,
    Used,
)
from kitloan.text.names import clean, plain, sought
from kitloan.text.personal import on_record
from kitloan.values import Page, Warned, plural

MOST_SESSIONS = 366

engagement, band = table(Engagement), table(EngagementBand)
loan, organisation = table(Loan), table(Organisation)
holding = table(Holding)
college_row = table(College)

_REASONS: Mapping[NotUsed, tuple[str, ...]] = {
    "time": ("time", "busy", "timetable"),
    "parts": ("part", "missing", "broken", "incomplete"),
    "guide": ("guide", "unclear", "instruction", "manual"),
    "staff": ("staff", "teacher", "absence", "absent", "cover"),
}
"""Why a kit was not used, and words by which each reason is known."""

_loan = Query(
    select(loan.c.loan, loan.c.tag, loan.c.organisation, loan.c.out_at, loan.c.closed_at).where(
        loan.c.college == bindparam("c"), loan.c.loan == bindparam("l")
    )
)
_loan_elsewhere = Query(
    select(loan.c.college).where(
        loan.c.college.in_(select(college_row.c.college)), loan.c.loan == bindparam("l")
    )
)
_loans_of_tag = Query(
    select(loan.c.loan, loan.c.tag, loan.c.organisation, loan.c.out_at, loan.c.closed_at)
    .where(loan.c.college == bindparam("c"), loan.c.tag == bindparam("t"))
    .order_by(loan.c.out_at.desc(), loan.c.loan)
)
_engagement = Query(
    select(engagement).where(
        engagement.c.college == bindparam("c"), engagement.c.engagement == bindparam("e")
    )
)
_bands = Query(
    select(band.c.band, band.c.learners).where(
        band.c.college == bindparam("c"), band.c.engagement == bindparam("e")
    )
)
_same = Query(
    select(band.c.engagement, band.c.band).where(
        band.c.college == bindparam("c"),
        band.c.loan == bindparam("l"),
        band.c.on == bindparam("d"),
        band.c.live.is_(True),
        band.c.engagement != bindparam("e"),
    )
)
_name = Query(
    select(organisation.c.name).where(
        organisation.c.college == bindparam("c"), organisation.c.organisation == bindparam("o")
    )
)
_kind_of = Query(
    select(holding.c.kit_type).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)


@dataclass(frozen=True, slots=True)
class NewEngagement:
    """What is to be recorded; None is what nobody gave.

    Attributes:
        on: the day.
        loan: the id of a loan of this college.
        tag: a holding; its loan on that day, or the latest before it, is meant if there is one.
        event: an event's id, the same for every college that took part: one of this college's, or
            another's.
        organisation: who used it; the loan's borrower when None.
        schuid: the school; the borrower's link when None.
        learners: by band; None is unknown.
        sessions: how many; one when None.
        hours: of all sessions together, to the half.
        not_used: why it was not used; a code, or free words, which are kept apart.
        partly: whether only part of it was used.
        source: who has the numbers.
    """

    on: date
    loan: str | None = None
    tag: str | None = None
    event: str | None = None
    organisation: str | None = None
    schuid: str | None = None
    learners: Mapping[Band, int] | None = None
    sessions: int | None = None
    hours: float | None = None
    girls: int | None = None
    boys: int | None = None
    staff: int | None = None
    employers: int | None = None
    volunteers: int | None = None
    programme: str | None = None
    purpose: Purpose | None = None
    themes: Sequence[str] = ()
    kind: EngagementKind | None = None
    not_used: str | None = None
    partly: bool = False
    source: Source = "teacher"


@dataclass(frozen=True, slots=True)
class EngagementChange:
    """What is to be corrected; None stays as it is.

    Attributes:
        unknown: the learners are not known after all.
    """

    on: date | None = None
    learners: Mapping[Band, int] | None = None
    unknown: bool = False
    sessions: int | None = None
    hours: float | None = None
    girls: int | None = None
    boys: int | None = None
    staff: int | None = None
    programme: str | None = None
    not_used: str | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class EngagementLine:
    """An engagement as it is recorded now.

    Attributes:
        org: the name of who used it; None where it was open to the public.
        hours: of all sessions together; None is unknown.
        learners: by band; None is unknown.
        learner_hours: the hours of all learners together; None where either is unknown.
    """

    id: str
    date: date
    org: str | None
    schuid: str | None
    programme: str | None
    sessions: int
    hours: float | None
    learners: dict[str, int] | None
    girls: int | None
    boys: int | None
    staff: int | None
    used: Used
    source: Source
    college: str
    kind: EngagementKind
    loan: str | None
    tag: str | None
    event: str | None
    not_used: NotUsed | None
    employers: int | None
    volunteers: int | None
    purpose: Purpose | None
    themes: tuple[str, ...]
    learner_hours: float | None

    @property
    def known_learners(self) -> int | None:
        """All bands together; None is unknown."""
        return None if self.learners is None else sum(self.learners.values())


@dataclass(frozen=True, slots=True)
class EngagementTaken:
    """An engagement that was recorded or corrected, and what looks wrong about it."""

    engagement: EngagementLine
    warnings: tuple[Warned, ...] = ()


class Engagements:
    """What the kits were used for, and by how many."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _here(self, college: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
        """The condition that a row is this college's; in ESP's store there is none."""
        return () if self._session.is_national else (college == self._session.college,)

    def record(
        self, new: NewEngagement, *, new_too: bool = False, request_id: str | None = None
    ) -> EngagementTaken:
        """Record one use by one group.

        Args:
            new: what is known of it.
            new_too: whether an organisation that is nearly a known one may be new.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_loan`, `unknown_event`; `no_school`; `in_future`; `bad_hours`,
                `bad_count`, `split_over_total`, `learners_not_used` for numbers that cannot be; an
                unknown tag.
            Refused: `not_yours`, for another college's loan or holding; `same_engagement`;
                `too_small_to_split`; `several_loans`; `nearly_known`.
        """
        with self._session.writing(request_id) as writer:
            return record(writer, new, new_too=new_too)

    def correct(
        self, engagement_id: str, change: EngagementChange, *, request_id: str | None = None
    ) -> EngagementTaken:
        """Correct an engagement; what it was stays in the ledger.

        Raises:
            BadInput: `unknown_engagement`; `nothing_to_correct`; as `record`.
            Refused: `withdrawn`; `same_engagement`; `too_small_to_split`.
        """
        if change == EngagementChange():
            raise BadInput(
                "nothing_to_correct",
                "Nothing is named that was wrong.",
                "Name it: the date, learners, hours, sessions, girls, boys, staff or programme.",
            )
        with self._session.writing(request_id) as writer:
            row = _live(writer, engagement_id)
            return _correct(writer, row, change)

    def withdraw(self, engagement_id: str, *, request_id: str | None = None) -> EngagementLine:
        """Take an engagement out of every figure: it did not happen, or was recorded twice.

        Raises:
            BadInput: `unknown_engagement`.
            Refused: `withdrawn`, when it was withdrawn before.
        """
        with self._session.writing(request_id) as writer:
            row = _live(writer, engagement_id)
            line = line_of(writer.connection, writer.college, row.engagement)
            writer.append(EngagementWithdrawn(engagement=row.engagement))
        return line

    def list(
        self,
        *,
        to: str | None = None,
        text: str = "",
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page[EngagementLine]:
        """Engagements that were not withdrawn, the latest first; in ESP's store of every college.

        Args:
            to: only those of this organisation.
            text: only those of organisations in whose name every word of it occurs.
            after: the `next` of the page before.
            limit: the most on a page.
        """
        with self._session.reading() as connection:
            wanted = select(engagement).where(
                *self._here(engagement.c.college), engagement.c.live.is_(True)
            )
            if to is not None:
                key, _ = organisation_id(connection, self._session.college, to)
                wanted = wanted.where(engagement.c.organisation == key)
            if text:
                wanted = wanted.join_from(engagement, organisation).where(*_called(text))
            order = (engagement.c.on, engagement.c.college, engagement.c.engagement)
            page = page_of(connection, wanted, order, after, limit, newest_first=True)
            lines = [_line(connection, row) for row in page.items]
        return Page(tuple(lines), page.total, page.next)

    def lack_use(self, loans: Sequence[str]) -> tuple[str, ...]:
        """Those of this college's loans that came back and whose use nobody has recorded.

        Args:
            loans: the loans' ids; the order is kept.
        """
        with self._session.reading() as connection:
            wanted = select(loan.c.loan).where(
                loan.c.college == self._session.college, loan.c.loan.in_(loans), *WITHOUT_USE
            )
            found = set(connection.execute(wanted).scalars())
        return tuple(each for each in loans if each in found)

    def waiting(
        self, after: str | None = None, limit: int = PAGE, *, text: str = ""
    ) -> "Page[LoanWithoutForm]":
        """Loans that came back and have no engagement on record, the latest first: to ask later.

        Args:
            after: the `next` of the page before.
            limit: the most on a page.
            text: only those of organisations in whose name every word of it occurs.
        """
        wanted = (
            select(loan.c.college, loan.c.loan, loan.c.tag, loan.c.closed_at, organisation.c.name)
            .join_from(loan, organisation)
            .where(*self._here(loan.c.college), *WITHOUT_USE, *_called(text))
        )
        order = (loan.c.closed_at, loan.c.college, loan.c.loan)
        with self._session.reading() as connection:
            page = page_of(connection, wanted, order, after, limit, newest_first=True)
        found = [
            LoanWithoutForm(row.loan, row.tag, row.name, day_of(row.closed_at), row.college)
            for row in page.items
        ]
        return Page(tuple(found), page.total, page.next)


WITHOUT_USE = (
    loan.c.closed_at.is_not(None),
    ~select(engagement.c.engagement)
    .where(
        engagement.c.college == loan.c.college,
        engagement.c.loan == loan.c.loan,
        engagement.c.live.is_(True),
    )
    .correlate(loan)
    .exists(),
)
"""The conditions that a loan came back, and nobody has recorded what it was used for."""


def _called(text: str) -> list[ColumnElement[bool]]:
    """The condition that an organisation has every word of a text in one of its names."""
    return [condition for word in sought(text) for condition in called(word)]


@dataclass(frozen=True, slots=True)
class LoanWithoutForm:
    """A loan that came back, and of which nobody recorded what it was used for."""

    id: str
    tag: str
    to: str
    back_on: date
    college: str


@dataclass(frozen=True, slots=True)
class _On:
    """What an engagement is on."""

    loan: AnyRow | None = None
    holding: str | None = None


def record(writer: Writer, new: NewEngagement, *, new_too: bool = False) -> EngagementTaken:
    """Record an engagement in a transaction that the caller has; see `Engagements.record`."""
    earlier = writer.next_earlier_fact(EngagementRecorded)
    _must_not_be_later(new.on, day_of(writer.at))
    on = _what_it_is_on(writer, new, earlier)
    who = _who(writer, new, on, new_too=new_too)
    schuid, vintage = _school(writer, new, who, earlier)
    used: Used = "no" if new.not_used is not None else "partly" if new.partly else "yes"
    why, words = _reason(new.not_used)
    if used == "no" and (new.learners or new.hours):
        raise BadInput(
            "learners_not_used",
            "A kit that was not used has no learners and no hours.",
            "Leave them out, or leave --not-used out.",
        )
    sessions = _sessions(new.sessions, used)
    if sessions is None:
        sessions = 0 if used == "no" else 1
    fact = EngagementRecorded(
        engagement=earlier.engagement if earlier else "e" + secrets.token_hex(8),
        on=new.on.isoformat(),
        engagement_kind=new.kind or ("kit_loan" if on.loan else "event" if new.event else "visit"),
        organisation=who,
        schuid=schuid,
        vintage=vintage,
        loan=on.loan.loan if on.loan is not None else None,
        holding=on.holding,
        event=event_named(writer.connection, writer.college, new.event) if new.event else None,
        programme=programme_named(new.programme) if new.programme else None,
        used=used,
        not_used=why,
        sessions=sessions,
        half_hours=_half_hours(new.hours, sessions),
        girls=_count(new.girls, "The number of girls"),
        boys=_count(new.boys, "The number of boys"),
        staff=_count(new.staff, "The number of staff"),
        employers=_count(new.employers, "The number of employers"),
        volunteers=_count(new.volunteers, "The number of volunteers"),
        purpose=new.purpose,
        source=new.source,
        bands=() if used == "no" else _band_counts(new.learners),
        themes=tuple(on_record(each, "The theme") for each in new.themes),
    )
    _check(writer, fact)
    writer.append(fact)
    if words and not writer.earlier:
        keep_quote(writer, fact.engagement, "why it was not used", words)
    line = line_of(writer.connection, writer.college, fact.engagement)
    named = (new.event is not None, new.programme is not None, new.schuid is not None)
    warnings = [*_unknown(writer, line, *named), *_warnings(writer, line, on.loan)]
    return EngagementTaken(line, tuple(warnings))


def _correct(writer: Writer, row: AnyRow, change: EngagementChange) -> EngagementTaken:
    if change.on is not None:
        _must_not_be_later(change.on, day_of(writer.at))
    was = EngagementFields.of(row)
    counts = {each.band: each.learners for each in _bands_of(writer, row.engagement)}
    learners: Mapping[Band, int] | None = counts if row.learners is not None else None
    if change.learners is not None:
        learners = change.learners
    if change.unknown:
        learners = None
    why, words = _reason(change.not_used)
    if change.not_used is not None:
        if change.learners:
            raise BadInput(
                "learners_not_used",
                "A kit that was not used has no learners.",
                "Leave the learners out, or leave --not-used out.",
            )
        was |= {"used": "no", "not_used": why, "girls": None, "boys": None, "sessions": 0}
        was |= {"half_hours": None}
        learners = {}
    elif change.learners is not None and row.used == "no":
        was |= {"used": "yes", "not_used": None, "sessions": 1}
    if change.unknown:
        was |= {"girls": None, "boys": None}
    if (sessions := _sessions(change.sessions, was["used"])) is not None:
        was["sessions"] = 0 if was["used"] == "no" else sessions
    hours = change.hours
    if hours is None and was["half_hours"] is not None:
        hours = was["half_hours"] / 2  # they must fit in the sessions as they are now
    was["half_hours"] = _half_hours(hours, was["sessions"])
    for name in ("girls", "boys", "staff"):
        if (number := _count(getattr(change, name), f"The number of {name}")) is not None:
            was[name] = number
    if change.on is not None:
        was["on"] = change.on.isoformat()
    if change.programme is not None:
        was["programme"] = programme_named(change.programme)
    if change.source is not None:
        was["source"] = change.source
    fact = EngagementCorrected(
        **was,
        bands=_band_counts(learners),
        themes=tuple(row.themes.split("\n")) if row.themes else (),
    )
    _check(writer, fact, (row.girls, row.boys, row.learners))
    writer.append(fact)
    if words and not writer.earlier:
        keep_quote(writer, fact.engagement, "why it was not used", words)
    line = line_of(writer.connection, writer.college, fact.engagement)
    of_loan = None
    if fact.loan is not None:
        of_loan = _loan(writer.connection, c=writer.college, l=fact.loan).one_or_none()
    unknown = _unknown(writer, line, False, change.programme is not None, False)
    return EngagementTaken(line, (*unknown, *_warnings(writer, line, of_loan)))


def _must_not_be_later(on: date, today: date) -> None:
    if on > today:
        raise BadInput(
            "in_future",
            f"{uk(on)} has not come yet.",
            "Record what happened once it has happened.",
            value=on.isoformat(),
        )


def _what_it_is_on(writer: Writer, new: NewEngagement, earlier: EngagementRecorded | None) -> _On:
    if new.loan is not None and new.tag is not None:
        raise BadInput("usage", "A loan and a tag were both given.", "Give one of the two.")
    if new.loan is not None:
        return _On(loan=_loan_meant(writer, new.loan.strip()))
    if new.tag is None:
        return _On()
    if earlier is not None:  # the tag's number may be another holding's by now
        if earlier.loan is not None:
            return _On(loan=_loan_meant(writer, earlier.loan))
        return _On(holding=earlier.holding)
    _, tag = resolve(writer.connection, writer.college, new.tag)
    rows: Sequence[AnyRow] = _loans_of_tag(writer.connection, c=writer.college, t=tag)
    if new.organisation is not None:
        key, _ = organisation_id(writer.connection, writer.college, new.organisation)
        rows = [row for row in rows if row.organisation == key]
    begun = [row for row in rows if not row.out_at or day_of(row.out_at) <= new.on]
    during = [row for row in begun if row.closed_at is None or day_of(row.closed_at) >= new.on]
    if len(during) > 1:
        who = [_name_of(writer.connection, writer.college, row.organisation) for row in during]
        raise Refused(
            "several_loans",
            f"On {uk(new.on)} several borrowers had some of {tag}: {', '.join(map(str, who))}.",
            "Name whose use it was with --org, or the loan with --loan.",
            loans=[row.loan for row in during],
        )
    chosen = during or begun[:1]
    return _On(loan=chosen[0]) if chosen else _On(holding=tag)


def _loan_meant(writer: Writer, loan_id: str) -> AnyRow:
    row = _loan(writer.connection, c=writer.college, l=loan_id).one_or_none()
    if row is not None:
        return row
    elsewhere = _loan_elsewhere(writer.connection, l=loan_id).scalar()
    if elsewhere is not None:
        raise Refused(
            "not_yours",
            f"The loan {plain(loan_id)} is {elsewhere}'s, and only {elsewhere} records its use.",
            "Record it in that college's store.",
            loan=loan_id,
            college=elsewhere,
        )
    raise BadInput(
        "unknown_loan",
        f"This college has no loan {plain(loan_id[:60])!r}.",
        "Give the id that kitloan loans --json lists, or the holding with --tag.",
        value=loan_id[:60],
    )


def _who(writer: Writer, new: NewEngagement, on: _On, *, new_too: bool) -> str | None:
    if on.loan is not None and new.organisation is None:
        return str(on.loan.organisation)
    if new.organisation is not None:
        who = borrower(writer, new.organisation, new_too=new_too)
        if on.loan is not None and who.organisation != on.loan.organisation:
            name = _name_of(writer.connection, writer.college, on.loan.organisation)
            raise BadInput(
                "other_borrower",
                f"The loan is {name}'s, not {who.name}'s.",
                "Leave --org out, or give the holding with --tag alone.",
            )
        return who.organisation
    if new.event is None:
        raise BadInput(
            "no_school",
            "Nothing names who used it.",
            "Give the loan (--loan), the holding on loan (--tag), or the school (--org).",
        )
    return None


def _school(
    writer: Writer, new: NewEngagement, who: str | None, earlier: EngagementRecorded | None
) -> tuple[str | None, str | None]:
    if earlier is not None and new.schuid in (None, earlier.schuid):
        return earlier.schuid, earlier.vintage
    if new.schuid is not None:
        wanted = new.schuid.strip().upper()
        if not SCHUID.fullmatch(wanted):
            raise BadInput(
                "bad_schuid",
                f"{plain(new.schuid[:60])!r} is not the id of a school.",
                "It is seven digits and P, S or SP: kitloan schools find NAME",
                value=new.schuid[:60],
            )
        row = school_of(writer.connection, writer.college, wanted)
        return wanted, None if row is None else row.vintage
    return (None, None) if who is None else schuid_of(writer, who)


def _reason(text: str | None) -> tuple[NotUsed | None, str]:
    """The code of why a kit was not used, and the words to keep apart, if there are any."""
    if text is None:
        return None, ""
    words = clean(text, "The reason", 2000)
    key = words.casefold()
    if key in (*_REASONS, "other"):
        return next(code for code in (*_REASONS, "other") if code == key), ""
    for code, known in _REASONS.items():
        if any(word in key for word in known):
            return code, words
    return "other", words


def _half_hours(hours: float | None, sessions: int) -> int | None:
    if hours is None:
        return None
    halves = Fraction(hours) * 2 if hours == hours and abs(hours) < 1e6 else Fraction(-1)
    if halves < 0 or halves.denominator != 1:
        raise BadInput(
            "bad_hours",
            f"{hours:g} is not a number of hours to the half.",
            "Give the total of all sessions, as 4.5.",
            value=str(hours),
        )
    if halves > 48 * sessions:
        raise BadInput(
            "bad_hours",
            f"{hours:g} hours do not fit in {plural(sessions, 'day')}.",
            "Give the number of sessions too, each of at most 24 hours.",
            value=str(hours),
        )
    return int(halves)


def _count(number: int | None, what: str, most: int = MOST_PEOPLE) -> int | None:
    if number is None:
        return None
    if isinstance(number, bool) or not 0 <= number <= most:
        raise BadInput(
            "bad_count",
            f"{what} is not valid: {number}.",
            f"Give a whole number from 0 to {most:,}.",
            value=str(number),
        )
    return number


def _sessions(number: int | None, used: Used) -> int | None:
    if number == 0 and used != "no":
        raise BadInput(
            "bad_count",
            "A use has at least one session.",
            "Leave the sessions out if nobody counted them; give --not-used if there was none.",
            value="0",
        )
    return _count(number, "The number of sessions", MOST_SESSIONS)


def _band_counts(learners: Mapping[Band, int] | None) -> tuple[BandCount, ...] | None:
    if learners is None:
        return None
    found = {name: _count(learners[name], f"The learners of {name}") for name in learners}
    return tuple(
        BandCount(band=name, learners=number)
        for name in BANDS
        if (number := found.get(name)) is not None
    )


def _check(
    writer: Writer,
    fact: EngagementRecorded | EngagementCorrected,
    agreed: tuple[int | None, int | None, int | None] = (None, None, None),
) -> None:
    """Refuse numbers that cannot be; `agreed` are the girls, boys and learners on record before.

    A correction of something else keeps a split that was taken when the policy was another.
    """
    total = None if fact.bands is None else sum(each.learners for each in fact.bands)
    if fact.girls is not None or fact.boys is not None:
        split = (fact.girls or 0) + (fact.boys or 0)
        if total is None or (total and split > total):
            raise BadInput(
                "split_over_total",
                f"{split} girls and boys are more than the "
                + (
                    "learners, whose number is not known."
                    if total is None
                    else f"{total} learners."
                ),
                "Give the learners of the group with --learners, at least as many. Where those on "
                "record are wrong, leave both out with --unknown, and give them again.",
                girls=fact.girls,
                boys=fact.boys,
                learners=total,
            )
        if fact.used == "no":
            raise BadInput(
                "learners_not_used",
                "A kit that was not used has no girls or boys.",
                "Leave them out, or leave --not-used out.",
            )
        least = _least_to_split(writer, fact)
        if total < least and (fact.girls, fact.boys, total) != agreed:
            raise Refused(
                "too_small_to_split",
                f"Girls and boys are recorded of groups of {least} and more; this one has {total}.",
                "Leave --girls and --boys out; to take back those on record, correct it with "
                "--unknown and give the learners again. The size is the policy may_split.",
                learners=total,
                least=least,
            )
    if fact.loan is not None:
        _must_not_be_there(writer, fact)


def _least_to_split(writer: Writer, fact: EngagementRecorded | EngagementCorrected) -> int:
    """From how many learners girls and boys are recorded: the policy of the kit's type, or of all.

    The database takes none of a group under five, whatever the policy is.
    """
    tag = fact.holding
    if fact.loan is not None:
        tag = _loan(writer.connection, c=writer.college, l=fact.loan).one().tag
    kind = None if tag is None else _kind_of(writer.connection, c=writer.college, t=tag).scalar()
    return policies_of(writer.connection, writer.college).number("may_split", kind)


def _must_not_be_there(writer: Writer, fact: EngagementRecorded | EngagementCorrected) -> None:
    ours: set[str] = {each.band for each in fact.bands or ()} or {""}
    rows = _same(writer.connection, c=writer.college, l=fact.loan, d=fact.on, e=fact.engagement)
    for row in rows:
        if row.band in ours:
            day = uk(date.fromisoformat(fact.on))
            what = row.band or "a group of unknown size"
            raise Refused(
                "same_engagement",
                f"This loan has an engagement of {what} on {day} already: {row.engagement}.",
                f"Correct that one: kitloan engagement correct {row.engagement}",
                engagement=row.engagement,
                band=row.band or None,
                date=fact.on,
            )


def _unknown(
    writer: Writer, line: EngagementLine, event: bool, programme: bool, school: bool
) -> Iterator[Warned]:
    """What was named, is recorded as it was given, and is not known here."""
    if event and line.event is not None and not is_event_id(writer.connection, line.event):
        yield Warned(
            "unknown_event",
            f"No college has an event {plain(line.event)!r}: an id is as in ayrshire-E3. It is "
            "recorded as it is, and counts once for all who enter the same.",
        )
    if programme and line.programme is not None:
        yield from on_no_list(line.programme, programmes(), "programme")
    if (
        school
        and line.schuid is not None
        and not line.schuid.startswith("X-")
        and school_of(writer.connection, writer.college, line.schuid) is None
    ):
        yield Warned(
            "unknown_school",
            f"No list that was read here has a school {line.schuid}; it is recorded as it is.",
        )


def _warnings(writer: Writer, line: EngagementLine, of_loan: AnyRow | None) -> list[Warned]:
    found = []
    known = school_of(writer.connection, writer.college, line.schuid) if line.schuid else None
    learners = line.known_learners
    if known is not None and known.roll and learners is not None and learners > known.roll:
        found.append(
            Warned(
                "over_roll",
                f"{learners:,} learners are more than the {known.roll:,} on the roll of "
                f"{known.name}.",
            )
        )
    if of_loan is not None and of_loan.out_at and line.date < day_of(of_loan.out_at):
        found.append(
            Warned("before_loan", f"The loan began later, on {uk(day_of(of_loan.out_at))}.")
        )
    if of_loan is not None and of_loan.closed_at and line.date > day_of(of_loan.closed_at):
        found.append(
            Warned("after_return", f"The loan ended before, on {uk(day_of(of_loan.closed_at))}.")
        )
    return found


def _live(writer: Writer, engagement_id: str) -> AnyRow:
    row = _engagement(writer.connection, c=writer.college, e=engagement_id.strip()).one_or_none()
    if row is None:
        raise unknown_engagement(engagement_id)
    if not row.live:
        raise Refused(
            "withdrawn",
            f"The engagement {row.engagement} was withdrawn.",
            "Record it again if it did happen: kitloan engagement add",
            engagement=row.engagement,
        )
    return row


def unknown_engagement(engagement_id: str) -> BadInput:
    """The refusal of an id that no engagement here has."""
    return BadInput(
        "unknown_engagement",
        f"This college has no engagement {plain(engagement_id[:60])!r}.",
        "Give the id that kitloan engagements lists.",
        value=engagement_id[:60],
    )


def keep_quote(
    writer: Writer, engagement_id: str, heading: str, words: str, *, may_publish: bool = False
) -> None:
    """Keep free words about an engagement with the entry that was sealed last; see `quotes`.

    Raises:
        BadInput: `bad_text`.
    """
    quotes.keep(
        writer.connection,
        writer.college,
        (writer.epoch, writer.next_seq - 1),
        engagement_id,
        heading=heading,
        words=words,
        may_publish=may_publish,
    )


def line_of(connection: Connection, college: str, engagement_id: str) -> EngagementLine:
    """An engagement as it is recorded now.

    Raises:
        BadInput: `unknown_engagement`.
    """
    row = _engagement(connection, c=college, e=engagement_id).one_or_none()
    if row is None:
        raise unknown_engagement(engagement_id)
    return _line(connection, row)


def _line(connection: Connection, row: AnyRow) -> EngagementLine:
    one = row._mapping
    learners: dict[str, int] | None = None
    if one["learners"] is not None:
        counts = _bands(connection, c=one["college"], e=one["engagement"])
        by_band = {each.band: each.learners for each in counts if each.band}
        learners = {str(name): int(by_band[name]) for name in BANDS if name in by_band}
    halves = one["half_hours"]
    of_all = None if halves is None or learners is None else sum(learners.values()) * halves / 2
    return EngagementLine(
        id=one["engagement"],
        date=date.fromisoformat(one["on"]),
        org=_name_of(connection, one["college"], one["organisation"]),
        schuid=one["schuid"],
        programme=one["programme"],
        sessions=one["sessions"],
        hours=None if halves is None else halves / 2,
        learners=learners,
        girls=one["girls"],
        boys=one["boys"],
        staff=one["staff"],
        used=one["used"],
        source=one["source"],
        college=one["college"],
        kind=one["engagement_kind"],
        loan=one["loan"],
        tag=one["holding"],
        event=one["event"],
        not_used=one["not_used"],
        employers=one["employers"],
        volunteers=one["volunteers"],
        purpose=one["purpose"],
        themes=tuple(one["themes"].split("\n")) if one["themes"] else (),
        learner_hours=of_all,
    )


def _bands_of(writer: Writer, engagement_id: str) -> list[AnyRow]:
    rows = _bands(writer.connection, c=writer.college, e=engagement_id)
    return [row for row in rows if row.band]


def _name_of(connection: Connection, college: str, key: str | None) -> str | None:
    if key is None:
        return None
    name: str | None = _name(connection, c=college, o=key).scalar()
    return name
