"""What a person should look at, how bad it is, and what to do about it.

A finding is returned, never raised: an audit tells all that it sees.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, and_, exists, func, select

from kitloan.audit.challenges import Answer
from kitloan.audit.conditions import KEPT, unseen
from kitloan.audit.donors import without_donor
from kitloan.audit.freshness import Fresh
from kitloan.audit.transfers import Journey
from kitloan.ledger.clocks import Times
from kitloan.ledger.session import ESP
from kitloan.tables import Component, Gift, Holding, Loan, Organisation, Shortage, table
from kitloan.tables.absence import Absence
from kitloan.tables.national import Gifting
from kitloan.text.dates import day_of, end_of, moment, uk
from kitloan.text.tags import grouped
from kitloan.values import plural

absence, component, gift = table(Absence), table(Component), table(Gift)
gifting, holding, loan = table(Gifting), table(Holding), table(Loan)
organisation, shortage = table(Organisation), table(Shortage)

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding: how bad it is, and what to do."""

    severity: Severity
    action: str


CODES: dict[str, Code] = {
    "tag_in_two_colleges": Code("high", "Find out which college has it; the other withdraws it."),
    "resumed_from_backup": Code("high", "Ask what was done in the days that the backup had lost."),
    "written_twice": Code("high", "Send the college ESP's file; close the store that is not used."),
    "ledger_replaced": Code("high", "Keep the telephone note of why the other one is not counted."),
    "key_changed": Code("high", "Make sure by telephone that the college changed its key."),
    "withdrawn_without_donor": Code("high", "Ask the donor, and have the agreement recorded."),
    "received_never_sent": Code("high", "Ask the other college to record what it sent."),
    "transfer_not_received": Code("high", "Ask both colleges where it is."),
    "arrived_and_gone": Code("high", "Ask both colleges which has it; that one receives it."),
    "missing": Code("high", "Look for it, or withdraw it with the donor's agreement."),
    "challenge_failed": Code("high", "Ask the college for what it could not show."),
    "challenge_unanswered": Code("medium", "Remind the college to scan what was asked for."),
    "transfer_counts_differ": Code("medium", "Let both colleges count and agree on what is short."),
    "stale_data": Code("medium", "Ask the college for what is new: ledger export --since-last."),
    "clock_wrong": Code("medium", "Ask the college to set its computer's clock."),
    "refused_file": Code("medium", "See `kitloan ledger aside`, and ask the college."),
    "overdue": Code("medium", "Ask the borrower to bring it back, or renew the loan."),
    "unknown_gift": Code("medium", "Agree the gift, or ask the college which gift it is of."),
    "incomplete": Code("medium", "Make good what is short: see the spares list."),
    "not_sighted_12_months": Code("low", "Scan it, or say what became of it."),
}
"""Every code that a finding can have, the worst first."""

WORST_FIRST = tuple(CODES)

STALE_DAYS = 62
"""A college that has sent nothing new for two months is asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should look at."""

    code: str
    college: str
    tag: str
    message: str

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return CODES[self.code].severity

    @property
    def action(self) -> str:
        """What to do."""
        return CODES[self.code].action


def sorted_findings(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with the worst first, and in an order that no merge has a say in."""
    return tuple(
        sorted(found, key=lambda f: (WORST_FIRST.index(f.code), f.college, f.tag, f.message))
    )


def findings(
    connection: Connection,
    day: date,
    *,
    journeys: Iterable[Journey],
    fresh: Iterable[Fresh],
    challenges: Iterable[Answer],
) -> Iterable[Finding]:
    """Everything that the tables say a person should look at, as at the end of a day."""
    yield from _in_two_places(connection)
    yield from _without_donor(connection)
    yield from _transfers(journeys)
    yield from _missing(connection)
    yield from _challenges(challenges)
    yield from _stale(fresh)
    yield from _overdue(connection, day)
    yield from _unknown_gifts(connection)
    yield from _incomplete(connection)
    yield from _not_sighted(connection, day)


def clock_wrong(wrong: Mapping[str, Times], day: date) -> Iterable[Finding]:
    """Ledgers in which, by the end of a day, entries had a time that cannot be right."""
    for college, times in sorted(wrong.items()):
        here = [each for each in times.wrong if each.counted <= end_of(day)]
        if not here:
            continue
        worst = max(here, key=lambda each: abs(moment(each.at) - moment(each.counted)))
        days = (moment(worst.at) - moment(worst.counted)).days
        side = "ahead" if days > 0 else "behind"
        yield Finding(
            "clock_wrong",
            college,
            "",
            f"{plural(len(here), 'entry', 'entries')} of {college} had a wrong clock: entry "
            f"{worst.seq:,} is dated {uk(day_of(worst.at))} and counts as of "
            f"{uk(day_of(worst.counted))}; the clock was {plural(abs(days), 'day')} {side}.",
        )


def _without_donor(connection: Connection) -> Iterable[Finding]:
    for each in without_donor(connection):
        yield Finding(
            "withdrawn_without_donor",
            each.college,
            each.tag,
            f"{grouped(each.tag)} was withdrawn, and no agreement of {each.donor or 'its donor'} "
            "is on record.",
        )


def _transfers(journeys: Iterable[Journey]) -> Iterable[Finding]:
    for each in journeys:
        if each.problem is not None:
            yield Finding(each.problem, each.at_fault, each.tag, each.said)


def _missing(connection: Connection) -> Iterable[Finding]:
    # As a join, SQLite would look for the few absences of all that is held.
    still = exists().where(
        holding.c.college == absence.c.college,
        holding.c.tag == absence.c.tag,
        holding.c.state == "missing",
    )
    rows = connection.execute(select(absence).where(still))
    for row in rows:
        because = f": {row.reason}" if row.reason else ""
        lost = ", lost on loan" if row.loan else ""
        yield Finding(
            "missing",
            row.college,
            row.tag,
            f"{grouped(row.tag)} is missing since {uk(day_of(row.since))}{lost}{because}.",
        )


def _challenges(challenges: Iterable[Answer]) -> Iterable[Finding]:
    for each in challenges:
        if each.problem is not None:
            yield Finding(each.problem, each.college, "", each.said)


def _stale(fresh: Iterable[Fresh]) -> Iterable[Finding]:
    for each in fresh:
        if each.last_entry is not None and each.days is not None and each.days > STALE_DAYS:
            yield Finding(
                "stale_data",
                each.college,
                "",
                f"The last entry of {each.name} is of {uk(each.last_entry)}, "
                f"{plural(each.days, 'day')} ago.",
            )


def _overdue(connection: Connection, day: date) -> Iterable[Finding]:
    rows = connection.execute(
        select(loan.c.college, loan.c.tag, loan.c.due_on, organisation.c.name)
        .join_from(
            loan,
            organisation,
            and_(
                organisation.c.college == loan.c.college,
                organisation.c.organisation == loan.c.organisation,
            ),
        )
        .where(loan.c.closed_at.is_(None), loan.c.due_key < day.isoformat())
    )
    for row in rows:
        due = date.fromisoformat(row.due_on)
        yield Finding(
            "overdue",
            row.college,
            row.tag,
            f"{grouped(row.tag)} was due back from {row.name} on {uk(due)}, "
            f"{plural((day - due).days, 'day')} ago.",
        )


def _unknown_gifts(connection: Connection) -> Iterable[Finding]:
    agreed = select(gifting.c.gift).where(gifting.c.college == ESP)
    rows = connection.execute(
        select(gift.c.college, gift.c.tag, gift.c.gift)
        .join_from(
            gift, holding, and_(holding.c.college == gift.c.college, holding.c.tag == gift.c.tag)
        )
        .where(KEPT, gift.c.gift.is_not(None), gift.c.gift.not_in(agreed))
    )
    for row in rows:
        yield Finding(
            "unknown_gift",
            row.college,
            row.tag,
            f"{grouped(row.tag)} is of the gift {row.gift!r}, says {row.college}; ESP has agreed "
            "to no gift of that name.",
        )


def _incomplete(connection: Connection) -> Iterable[Finding]:
    rows = connection.execute(
        select(shortage)
        .join_from(
            shortage,
            holding,
            and_(holding.c.college == shortage.c.college, holding.c.tag == shortage.c.tag),
        )
        .join(
            component,
            and_(
                component.c.college == holding.c.college,
                component.c.kit_type == holding.c.kit_type,
                component.c.name == shortage.c.component,
            ),
        )
        .where(KEPT, holding.c.critical_short > 0, component.c.critical)
        .order_by(shortage.c.college, shortage.c.tag, shortage.c.component)
    ).all()
    short: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        short.setdefault((row.college, row.tag), []).append(
            f"{row.component} {row.missing + row.broken}"
        )
    for (where, tag), parts in short.items():
        yield Finding(
            "incomplete",
            where,
            tag,
            f"{grouped(tag)} cannot be used until made good: {', '.join(sorted(parts))} short.",
        )


def _not_sighted(connection: Connection, day: date) -> Iterable[Finding]:
    rows = connection.execute(
        select(holding.c.college, holding.c.tag, holding.c.sighted_at).where(KEPT, unseen(day))
    )
    for row in rows:
        last = f"last seen on {uk(day_of(row.sighted_at))}" if row.sighted_at else "never seen"
        yield Finding(
            "not_sighted_12_months",
            row.college,
            row.tag,
            f"{grouped(row.tag)} was {last}: scan it, or say what became of it.",
        )


def _in_two_places(connection: Connection) -> Iterable[Finding]:
    # Whether each is kept is asked of the few that are on two registers, not of all holdings.
    more = select(func.count() - func.count(holding.c.tag.distinct())).select_from(holding)
    if not connection.execute(more).scalar():
        return
    twice = select(holding.c.tag).group_by(holding.c.tag).having(func.count() > 1)
    rows = connection.execute(
        select(holding.c.college, holding.c.tag).where(holding.c.tag.in_(twice), KEPT)
    ).all()
    holders: dict[str, list[str]] = {}
    for row in rows:
        holders.setdefault(row.tag, []).append(row.college)
    for row in rows:
        others = ", ".join(sorted(set(holders[row.tag]) - {row.college}))
        if others:
            yield Finding(
                "tag_in_two_colleges",
                row.college,
                row.tag,
                f"{grouped(row.tag)} is held by {others} as well: find out which has it.",
            )
