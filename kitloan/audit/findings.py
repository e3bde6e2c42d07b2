"""What a person should look at, how serious it is, since when it is so, and what to do about it.

A finding is returned, never raised: an audit lists all that it sees. Each kind is a row of `CODES`,
and each source of findings a row of `_SOURCES`. What no ledger has (keys, refused files, what a
backup had lost) is asked of the store itself, also for an earlier day.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, groupby, pairwise
from typing import Literal, get_args

from sqlalchemy import ColumnElement, Connection, and_, exists, select

from kitloan.audit.census import Census, without_donor
from kitloan.audit.colleges import Answer, Reporting
from kitloan.audit.gifts import GiftKit, Gifts
from kitloan.audit.group_uses import entered_twice
from kitloan.audit.measures import is_late, is_unseen
from kitloan.audit.stored import Storable, keep_sorted
from kitloan.audit.transfers import Journey
from kitloan.audit.use import OF_HOLDING
from kitloan.audit.years import SILENT_DAYS
from kitloan.exchange.quarantine import Quarantine
from kitloan.exchange.rebase import chosen_history
from kitloan.exchange.trust import fingerprint
from kitloan.ledger.clocks import Times
from kitloan.ledger.epochs import college_of
from kitloan.ledger.session import ESP, Session
from kitloan.national.decisions import Accepted
from kitloan.reference import find_college
from kitloan.storage.statements import AnyRow
from kitloan.tables import (
    Component,
    Gift,
    Holding,
    LedgerEntry,
    Loan,
    Organisation,
    Shortage,
    table,
)
from kitloan.tables.absence import Absence, Withdrawal
from kitloan.tables.national import APART, Gifting, PinnedKey, Resumption
from kitloan.text.dates import day_of, end_of, moment, uk
from kitloan.text.names import fold
from kitloan.text.tags import grouped
from kitloan.values import plural

absence, component, entry = table(Absence), table(Component), table(LedgerEntry)
gift, gifting, holding, loan = table(Gift), table(Gifting), table(Holding), table(Loan)
organisation, pinned, resumption = table(Organisation), table(PinnedKey), table(Resumption)
shortage, withdrawal = table(Shortage), table(Withdrawal)

Severity = Literal["high", "medium", "low"]
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding: how serious it is, what it is called, who acts, and what to do.

    `own` is what its college reads in place of an action that is ESP's.
    """

    severity: Severity
    title: str
    who: str
    action: str
    own: str = ""


_COLLEGE, _BOTH, _ESP = "The college", "Both colleges", "ESP"

CODES: dict[str, Code] = {
    "never_sent": Code(
        "high",
        "Kits allocated, nothing sent",
        _COLLEGE,
        "Ask the college to take in its kits and send its first file.",
        "Take in the kits, and send ESP the first file: kitloan ledger export FILE",
    ),
    "tag_in_two_colleges": Code(
        "high",
        "One kit in two colleges",
        _BOTH,
        "Find out which college has it; the other withdraws it.",
    ),
    "resumed_from_backup": Code(
        "high",
        "Resumed from a backup",
        _COLLEGE,
        "Ask what was done in the days that the backup had lost.",
        "Enter what was done in the days that the backup had lost.",
    ),
    "written_twice": Code(
        "high",
        "Two stores of one college",
        _COLLEGE,
        "Send the college ESP's file; close the store that is not used.",
        "Take in ESP's file, and close the store that is not used.",
    ),
    "ledger_replaced": Code(
        "high",
        "Another history taken in",
        _ESP,
        "Keep the note of the telephone call: why the other history does not count.",
    ),
    "key_changed": Code(
        "high", "Key changed", _ESP, "Make sure by telephone that the college changed its key."
    ),
    "withdrawn_without_donor": Code(
        "high",
        "Written off without the donor",
        _ESP,
        "Ask the donor, and have the agreement recorded.",
    ),
    "received_never_sent": Code(
        "high",
        "Received, never sent",
        "The sender",
        "Ask the other college to record what it sent.",
    ),
    "transfer_not_received": Code(
        "high", "Sent, not received", _BOTH, "Ask both colleges where it is."
    ),
    "arrived_and_gone": Code(
        "high",
        "Arrived, and at no college",
        _BOTH,
        "Ask both colleges which has it; that one receives it.",
    ),
    "missing": Code(
        "high",
        "Missing",
        _COLLEGE,
        "Look for it, or withdraw it with the donor's agreement.",
    ),
    "challenge_failed": Code(
        "high",
        "Challenge not met",
        _COLLEGE,
        "Ask the college for what it could not show.",
        "Look for what was not shown, and report what is missing.",
    ),
    "gift_over_delivered": Code(
        "high",
        "More received than promised",
        _ESP,
        "Correct the delivery, or agree the larger number with the donor.",
    ),
    "gift_over_taken": Code(
        "medium",
        "More taken in than allocated",
        _ESP,
        "Allocate more, or ask the college to correct the gift of the kits named.",
    ),
    "gift_no_allocation": Code(
        "medium",
        "Taken in without an allocation",
        _ESP,
        "Allocate it, or ask the college to correct the kit's gift.",
    ),
    "gift_other_type": Code(
        "medium",
        "Another kit type than the gift's",
        _COLLEGE,
        "Correct the kit's type or its gift.",
    ),
    "gift_other_donor": Code(
        "medium",
        "Another donor than the gift's",
        _COLLEGE,
        "Correct the kit's donor, or record that both names are one donor.",
    ),
    "challenge_unanswered": Code(
        "medium",
        "Challenge not answered",
        _COLLEGE,
        "Remind the college to scan what was asked for.",
        "Scan what was asked for, in a stocktake that names the challenge.",
    ),
    "transfer_counts_differ": Code(
        "medium",
        "Counts of a transfer differ",
        _BOTH,
        "Let both colleges count and agree on what is short.",
    ),
    "stale_data": Code(
        "medium",
        "No file for two months",
        _COLLEGE,
        "Ask the college for a file: kitloan ledger export FILE --since-last",
        "Send ESP a file: kitloan ledger export FILE --since-last",
    ),
    "clock_wrong": Code(
        "medium",
        "Wrong clock",
        _COLLEGE,
        "Ask the college to set its computer's clock.",
        "Set the computer's clock.",
    ),
    "refused_file": Code(
        "medium",
        "Refused file",
        _ESP,
        "See it with `kitloan ledger aside`, and ask the college.",
    ),
    "overdue": Code(
        "medium", "Overdue", _COLLEGE, "Ask the borrower to bring it back, or renew the loan."
    ),
    "unknown_gift": Code(
        "medium",
        "Gift that ESP has not agreed",
        _ESP,
        "Agree the gift, or ask the college which gift it is of.",
    ),
    "incomplete": Code(
        "medium",
        "Cannot be used",
        _COLLEGE,
        "Replace what is short: see the spares list.",
    ),
    "no_due_date": Code(
        "low", "On loan with no due date", _COLLEGE, "Agree a date with the borrower and record it."
    ),
    "engagement_twice": Code(
        "low",
        "One use entered twice",
        _BOTH,
        "If it is one use, give both the event's id and the listed school, or withdraw one.",
    ),
    "not_sighted_12_months": Code(
        "low",
        "Not seen for 12 months",
        _COLLEGE,
        "Scan it, or record what became of it.",
    ),
}
"""Every code that a finding can have, the most serious first."""

WORST_FIRST = tuple(CODES)

_PLACE_OF = {code: place for place, code in enumerate(CODES)}

STALE_DAYS = SILENT_DAYS
"""A college whose last file is older than two months is asked for one."""

_AGO = re.compile(r",? [0-9][0-9,]* days? ago")


@dataclass(frozen=True, slots=True)
class Finding(Storable):
    """Something that a person should look at.

    Attributes:
        code: its kind, a key of `CODES`.
        college: whose it is; empty where it is nobody's.
        tag: the holding that it is about; empty where it is about none.
        message: what was found, in a sentence.
        since: since when it is so, as far as is known.
        accepted: ESP's note on these very facts; None while nobody has accepted them.
        is_grave: whether it is of high severity, whatever its kind is.
    """

    code: str
    college: str
    tag: str
    message: str
    since: date | None = None
    accepted: str | None = None
    is_grave: bool = False

    @property
    def severity(self) -> Severity:
        """How serious it is."""
        return "high" if self.is_grave else CODES[self.code].severity

    @property
    def rank(self) -> tuple[int, int]:
        """Its place among the kinds of findings, the most serious first."""
        return _SEVERITIES.index(self.severity), _PLACE_OF[self.code]

    @property
    def title(self) -> str:
        """What its kind is called."""
        return CODES[self.code].title

    @property
    def who(self) -> str:
        """Who acts."""
        return CODES[self.code].who

    @property
    def action(self) -> str:
        """What to do."""
        return CODES[self.code].action

    @property
    def facts(self) -> str:
        """What was found, without how long ago: an acceptance holds while these stay the same."""
        return _AGO.sub("", self.message)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What findings are made from."""

    census: Census
    journeys: tuple[Journey, ...]
    reporting: tuple[Reporting, ...]
    challenges: tuple[Answer, ...]
    gifts: Gifts

    def name(self, college: str) -> str:
        """What a college is called."""
        return self.census.college_names.get(college, college)


def findings(evidence: Evidence, met: Iterable[Finding] = ()) -> Sequence[Finding]:
    """Everything in scope that a person should look at, in an order that merging does not change.

    Args:
        evidence: what is in the tables, as at the end of a day.
        met: what the store itself has met, see `met`.
    """
    census = evidence.census
    every = chain(met, *(source(evidence) for source in _SOURCES))
    found = (_accepted(each, census.decided.accepted) for each in every if _wanted(each, census))
    return keep_sorted(found, key=lambda f: (f.rank, f.college, f.tag, f.message))


_ASKED = (
    *("never_sent", "gift_over_delivered", "gift_over_taken", "gift_no_allocation"),
    *("gift_other_type", "gift_other_donor", "engagement_twice"),
)
"""Those whose tables ask the scope: a kit of a gift is the gift's, also under another donor."""


def _wanted(each: Finding, census: Census) -> bool:
    scope = census.scope
    if not census.has_college(each.college):
        return False
    if each.code in _ASKED:
        return True
    if each.tag:
        return census.has_tag(each.tag)
    return not (scope.donor or scope.gift or scope.type)


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
            f"{plural(len(here), 'entry', 'entries')} of {_named(college)} had a wrong clock: "
            f"entry {worst.seq:,} is dated {uk(day_of(worst.at))} and counts as of "
            f"{uk(day_of(worst.counted))}; the clock was {plural(abs(days), 'day')} {side}.",
        )


def _accepted(each: Finding, accepted: Mapping[tuple[str, str, str], Accepted]) -> Finding:
    known = accepted.get((each.code, each.college, each.tag))
    same = known is not None and known.note and known.facts == each.facts
    return replace(each, accepted=known.note) if known is not None and same else each


def _never_sent(evidence: Evidence) -> Iterable[Finding]:
    for each in evidence.reporting:
        if each.last_entry is None and each.allocated and each.part_of is None:
            on = uk(each.allocated_on) if each.allocated_on else ""
            yield Finding(
                "never_sent",
                each.college,
                "",
                f"ESP allocated {plural(each.allocated, 'kit')} to {each.name}, the first on {on}; "
                "it has never sent a file.",
                each.allocated_on,
            )


def _in_two_places(evidence: Evidence) -> Iterable[Finding]:
    for tag, claims in evidence.census.claims.items():
        holders = " and ".join(
            f"{evidence.name(row.college)} ("
            + (f"seen on {uk(day_of(row.sighted_at))}" if row.sighted_at else "never seen")
            + ")"
            for row in claims
        )
        since = max(day_of(row.accessioned_at) for row in claims)
        for row in claims:
            yield Finding(
                "tag_in_two_colleges",
                row.college,
                tag,
                f"{grouped(tag)} is held by {holders}. It is counted once, at "
                f"{evidence.name(claims[0].college)}.",
                since,
            )


def _without_donor(evidence: Evidence) -> Iterable[Finding]:
    for each in without_donor(evidence.census.connection):
        yield Finding(
            "withdrawn_without_donor",
            each.college,
            each.tag,
            f"{grouped(each.tag)} was withdrawn, and no agreement of {each.donor or 'its donor'} "
            "is on record.",
        )


def _transfers(evidence: Evidence) -> Iterable[Finding]:
    for each in evidence.journeys:
        if each.problem is not None:
            yield Finding(
                each.problem, each.at_fault, each.tag, each.sentence, each.sent or each.received
            )


def _missing(evidence: Evidence) -> Iterable[Finding]:
    # As a join, SQLite would look for the few absences of all that is held.
    still = exists().where(
        holding.c.college == absence.c.college,
        holding.c.tag == absence.c.tag,
        holding.c.state == "missing",
    )
    for row in evidence.census.connection.execute(select(absence).where(still)):
        if evidence.census.doubles.get(row.tag, (row.college,))[0] != row.college:
            continue
        because = f": {row.reason}" if row.reason else ""
        lost = ", lost on loan" if row.loan else ""
        yield Finding(
            "missing",
            row.college,
            row.tag,
            f"{grouped(row.tag)} is missing since {uk(day_of(row.since))}{lost}{because}.",
            day_of(row.since),
        )


def _challenges(evidence: Evidence) -> Iterable[Finding]:
    for each in evidence.challenges:
        if each.problem is not None:
            yield Finding(each.problem, each.college, "", each.sentence, each.answer_by)


def _gifts(evidence: Evidence) -> Iterable[Finding]:
    """What keeps a gift from closing, with the kits."""
    agreed = {each.gift: each for each in evidence.gifts.gifts}
    for each in agreed.values():
        if each.outstanding < 0:
            yield Finding(
                "gift_over_delivered",
                ESP,
                "",
                f"{each.gift}: {each.promised:,} promised, {each.received:,} received.",
                each.received_on,
            )
    shares = {(each.gift, each.college): each for each in evidence.gifts.shares}
    for place, kits in groupby(evidence.gifts.kits, key=lambda kit: (kit.gift, kit.taken_in_by)):
        of_it = list(kits)
        if (gift_of := agreed.get(place[0])) is None:
            continue
        for kit in of_it:
            yield from _other(kit, gift_of.type, gift_of.donor, evidence)
        share = shares.get(place)
        if share is None or share.not_taken_in >= 0:
            continue
        of_it.sort(key=lambda kit: (kit.taken_in_on, kit.tag))
        name = evidence.name(share.college)
        for kit in _surplus(of_it, share.allocated):
            allocated = f"{share.allocated:,} are" if share.allocated else "none is"
            yield Finding(
                "gift_over_taken" if share.allocated else "gift_no_allocation",
                share.college,
                kit.tag,
                f"{name} took in {share.fate.taken_in:,} of {share.gift}; {allocated} allocated to "
                f"it. {grouped(kit.tag)} is of those taken in last.",
                kit.taken_in_on,
            )


def _surplus(kits: list[GiftKit], allocated: int) -> list[GiftKit]:
    """The kits taken in after what was allocated had been."""
    found, taken = [], 0
    for kit in kits:
        taken += kit.taken_in
        if taken > allocated:
            found.append(kit)
    return found


def _other(kit: GiftKit, type_name: str, donor: str, evidence: Evidence) -> Iterable[Finding]:
    where = kit.held_by or kit.taken_in_by
    name_of = evidence.census.decided.donor
    if fold(kit.type) != fold(type_name):
        yield Finding(
            "gift_other_type",
            where,
            kit.tag,
            f"{grouped(kit.tag)} is recorded as of {kit.gift}, which is of {type_name}; "
            f"it is {kit.type}.",
            kit.taken_in_on,
        )
    if kit.donor is not None and fold(name_of(kit.donor)) != fold(name_of(donor)):
        yield Finding(
            "gift_other_donor",
            where,
            kit.tag,
            f"{grouped(kit.tag)} is recorded as of {kit.gift}, which {donor} gave; its donor is "
            f"recorded as {kit.donor}.",
            kit.taken_in_on,
        )


def _stale(evidence: Evidence) -> Iterable[Finding]:
    for each in evidence.reporting:
        silent = each.days is not None and each.days > STALE_DAYS
        if silent and each.part_of is None and each.college != evidence.census.own:
            what = "file" if each.file_on else "entry"
            on = each.file_on or each.last_entry
            yield Finding(
                "stale_data",
                each.college,
                "",
                f"The last {what} of {each.name} is of {uk(on) if on else ''}, "
                f"{plural(each.days or 0, 'day')} ago.",
                on,
            )


def _overdue(evidence: Evidence) -> Iterable[Finding]:
    census = evidence.census
    for row in _loans(census, is_late(census)):
        due = date.fromisoformat(row.due_on)
        yield Finding(
            "overdue",
            row.college,
            row.tag,
            f"{grouped(row.tag)} was due back from {row.name} on {uk(due)}, "
            f"{plural((census.day - due).days, 'day')} ago.",
            due,
        )


def _no_due_date(evidence: Evidence) -> Iterable[Finding]:
    census = evidence.census
    rows = _loans(census, and_(loan.c.closed_at.is_(None), loan.c.due_on.is_(None)))
    for row in rows:
        yield Finding(
            "no_due_date",
            row.college,
            row.tag,
            f"{grouped(row.tag)} is on loan to {row.name} with no due date, so it is never "
            "overdue.",
            day_of(row.out_at) if row.out_at else None,
        )


def _loans(census: Census, which: ColumnElement[bool]) -> Iterable[AnyRow]:
    """Loans of what is counted, with the borrower's name."""
    return census.rows(
        select(
            *(loan.c[name] for name in ("college", "loan", "tag", "due_on", "out_at")),
            organisation.c.name,
        )
        .join_from(
            loan,
            organisation,
            and_(
                organisation.c.college == loan.c.college,
                organisation.c.organisation == loan.c.organisation,
            ),
        )
        .join(holding, OF_HOLDING)
        .where(which, census.counted)
    )


def _unknown_gifts(evidence: Evidence) -> Iterable[Finding]:
    agreed = select(gifting.c.gift).where(gifting.c.college == ESP)
    rows = evidence.census.rows(
        select(gift.c.college, gift.c.tag, gift.c.gift, holding.c.accessioned_at)
        .join_from(
            gift, holding, and_(holding.c.college == gift.c.college, holding.c.tag == gift.c.tag)
        )
        .where(evidence.census.counted, gift.c.gift.is_not(None), gift.c.gift.not_in(agreed))
    )
    for row in rows:
        yield Finding(
            "unknown_gift",
            row.college,
            row.tag,
            f"{evidence.name(row.college)} records {grouped(row.tag)} as of the gift "
            f"{row.gift!r}; ESP has agreed to no gift of that name.",
            day_of(row.accessioned_at),
        )


def _incomplete(evidence: Evidence) -> Iterable[Finding]:
    rows = evidence.census.rows(
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
        .where(component.c.critical, evidence.census.counted)
        .order_by(shortage.c.college, shortage.c.tag, shortage.c.component)
    )
    for (where, tag), of_it in groupby(rows, key=lambda row: (row.college, row.tag)):
        lines = list(of_it)
        parts = sorted(f"{row.component} {row.missing + row.broken}" for row in lines)
        yield Finding(
            "incomplete",
            where,
            tag,
            f"{grouped(tag)} cannot be used until it has what is short: {', '.join(parts)}.",
            min(day_of(row.since) for row in lines),
        )


def _not_sighted(evidence: Evidence) -> Iterable[Finding]:
    census = evidence.census
    rows = census.rows(
        select(
            holding.c.college, holding.c.tag, holding.c.sighted_at, holding.c.accessioned_at
        ).where(census.counted, is_unseen(census))
    )
    for row in rows:
        last = f"last seen on {uk(day_of(row.sighted_at))}" if row.sighted_at else "never seen"
        yield Finding(
            "not_sighted_12_months",
            row.college,
            row.tag,
            f"{grouped(row.tag)} was {last}.",
            day_of(row.sighted_at or row.accessioned_at),
        )


def _engagements_twice(evidence: Evidence) -> Iterable[Finding]:
    for each in entered_twice(evidence.census):
        but = "; only one is linked to a listed school" if each.by_name else ""
        yield Finding(
            "engagement_twice",
            each.college,
            "",
            f"The same school, date and band: {' and '.join(each.ids)}, {each.band} on "
            f"{uk(each.on)}, are counted as two{but}.",
            each.on,
        )


_SOURCES: tuple[Callable[[Evidence], Iterable[Finding]], ...] = (
    _never_sent,
    _in_two_places,
    _without_donor,
    _transfers,
    _missing,
    _challenges,
    _gifts,
    _stale,
    _overdue,
    _no_due_date,
    _engagements_twice,
    _unknown_gifts,
    _incomplete,
    _not_sighted,
)
"""Where findings come from. To add a kind: a row here and a row of `CODES`."""


_LAST = end_of(date.max)


def met(
    live: Connection, session: Session, day: date, wrong: Mapping[str, Times]
) -> Iterable[Finding]:
    """What `live`, the store itself, had met by the end of a day.

    `wrong`: the ledgers in which clocks were wrong.
    """
    yield from _seams(live, day, wrong)
    if session.is_national:
        # What this store did it did before now, whatever its clock showed then.
        until = end_of(day) if day < session.today else _LAST
        yield from _replaced(live, until)
        yield from _keys(live, until)
        yield from _refused(session, until)


def _seams(live: Connection, day: date, wrong: Mapping[str, Times]) -> Iterable[Finding]:
    by_college: dict[str, list[AnyRow]] = {}
    for row in live.execute(select(resumption).order_by(resumption.c.college, resumption.c.epoch)):
        by_college.setdefault(row.college, []).append(row)
    for college, seams in by_college.items():
        gone = [each for each in _left_after(live, college) if not each.replaced]
        for seam in seams:
            # Whatever left the branch that counts was lost to the first seam from there on.
            here = [each for each in gone if each.after <= seam.seq]
            gone = [each for each in gone if each.after > seam.seq]
            times = wrong.get(college)
            began = times.counted.get(seam.seq + 1, seam.at) if times else seam.at
            if began > end_of(day):
                continue
            yield Finding("resumed_from_backup", college, "", _seam_said(seam, began, len(here)))
            since = sorted(each.ledger for each in here if began < each.at <= end_of(day))
            if since:
                yield Finding("written_twice", college, "", _twice_said(seam, since[-1]))


@dataclass(frozen=True, slots=True)
class _Left:
    """An entry that does not count.

    Attributes:
        ledger: the name of its ledger.
        at: when it was written.
        after: after which entry of the branch that counts its own branch began.
        replaced: whether ESP took another history in place of that branch; else it was lost.
    """

    ledger: str
    at: str
    after: int
    replaced: bool


def _left_after(live: Connection, college: str) -> list[_Left]:
    """A college's entries that do not count, in their order."""
    left: dict[str, _Left] = {}
    wanted = select(APART.c.epoch, APART.c.seq, APART.c.hash, APART.c.body)
    for row in live.execute(wanted.where(APART.c.college == college).order_by(APART.c.seq)).all():
        sealed = json.loads(row.body)
        branch = left.get(sealed["prev"])
        if branch is None:  # the first of its branch
            resumes = sealed["fact"]["kind"] == "ledger.resumed"
            replaced = not resumes and _on_main(live, college, row.epoch, row.seq)
            branch = _Left("", "", row.seq - 1, replaced)
        left[row.hash] = replace(branch, ledger=sealed["ledger"], at=sealed["at"])
    return list(left.values())


def _on_main(live: Connection, college: str, epoch: int, seq: int) -> bool:
    """Whether the branch that counts has an entry of this epoch and number."""
    where = (entry.c.college == college, entry.c.epoch == epoch, entry.c.seq == seq)
    return live.execute(select(entry.c.seq).where(*where)).first() is not None


def _named(college: str) -> str:
    known = find_college(college)
    return known.name if known else college


def _seam_said(seam: AnyRow, began: str, count: int) -> str:
    lost = (
        f"{plural(count, 'entry', 'entries')} after that one came to ESP, and the backup had lost "
        f"{'it' if count == 1 else 'them'}"
        if count
        else "what the backup may have lost never came to ESP"
    )
    return (
        f"{_named(seam.college)} restored a backup on {uk(day_of(began))} and went on after "
        f"entry {seam.seq:,}; its ledger is {seam.college}/{seam.epoch} now. "
        f"{lost[0].upper()}{lost[1:]}."
    )


def _twice_said(seam: AnyRow, ledger: str) -> str:
    return (
        f"{_named(seam.college)} went on as {seam.college}/{seam.epoch}, and entries were written "
        f"to another store of it as well, {ledger}; they are kept, and not counted."
    )


def _replaced(live: Connection, until: str) -> Iterable[Finding]:
    for college in live.execute(select(APART.c.college).distinct().order_by("college")).scalars():
        taken = chosen_history(live, college)
        if taken is None or taken.at > until:
            continue
        count = sum(each.replaced for each in _left_after(live, college))
        yield Finding(
            "ledger_replaced",
            college,
            "",
            f"Since {uk(day_of(taken.at))} another history of {_named(college)} counts than the "
            f"one that ESP had: {taken.by} took it in its place. "
            f"{plural(count, 'entry', 'entries')} of the other are kept, and not counted.",
        )


def _keys(live: Connection, until: str) -> Iterable[Finding]:
    keys: dict[str, list[tuple[str, str]]] = {}
    for row in live.execute(
        select(pinned).where(pinned.c.since <= until).order_by(pinned.c.since, pinned.c.key)
    ):
        keys.setdefault(row.college, []).append((row.key, row.since))
    for college, known in keys.items():
        for (before, _), (after, since) in pairwise(known):
            yield Finding(
                "key_changed",
                college,
                "",
                f"The key {fingerprint(before)} of {_named(college)} was retired on "
                f"{uk(day_of(since))}, when {fingerprint(after)} took its place; what it signs "
                "since is refused.",
            )


def _refused(session: Session, until: str) -> Iterable[Finding]:
    for kept in Quarantine(session).files():
        if kept.at <= until:
            college = college_of(kept.ledger) if kept.ledger else ""
            # What was sealed was changed on its way; other files came too early, or are damaged.
            is_altered = kept.code == "altered"
            yield Finding("refused_file", college, "", kept.message, is_grave=is_altered)
