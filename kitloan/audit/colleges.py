"""What each college has sent: its last file and entry, and its answers to challenges."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select

from kitloan.audit.census import Census
from kitloan.exchange.merging import files_merged
from kitloan.ledger.session import ESP
from kitloan.national.challenges import WORDS, Challenge, challenges
from kitloan.reference import colleges, regions
from kitloan.tables import LedgerHead, table
from kitloan.tables.national import Allocation, Gifting
from kitloan.text.dates import day_of, end_of, uk
from kitloan.values import plural

allocation, gifting, head = table(Allocation), table(Gifting), table(LedgerHead)


@dataclass(frozen=True, slots=True)
class Reporting:
    """What has come from a college, as at the end of a day.

    Attributes:
        college: its id.
        name: its name.
        region: its region's code; None outside the regions.
        file_on: the day on which its latest file was made; None where that is not on record.
        last_entry: the day of its last entry; None for a college that has sent nothing.
        entries: how many entries its ledger has here.
        epoch: more than 1 when a backup was restored.
        days: from the latest file, or the last entry where no file is on record, to the day.
        part_of: the college that it has become part of.
        allocated: kits that ESP allocated to it, and `allocated_on` the day of the first.
    """

    college: str
    name: str
    region: str | None
    file_on: date | None
    last_entry: date | None
    entries: int
    epoch: int | None
    days: int | None
    part_of: str | None
    allocated: int
    allocated_on: date | None

    @property
    def status(self) -> str:
        """Whether it has sent anything, or is another college's part."""
        if self.part_of is not None:
            return "part of another college"
        return "nothing sent" if self.last_entry is None else "sent"


def partly_known(reported: Iterable[Reporting]) -> str:
    """Of which regions only some colleges have sent a file, in a sentence; empty where of none."""
    sent: set[str | None] = set()
    silent: dict[str, list[str]] = {}
    for each in reported:
        if each.last_entry is not None:
            sent.add(each.region)
        elif each.part_of is None and each.region is not None:
            silent.setdefault(each.region, []).append(each.name)
    parts = [
        f"{name} (no file from {', '.join(silent[code])})"
        for code, name in regions().items()
        if code in sent and code in silent
    ]
    return f"Only a part is known of {'; '.join(parts)}." if parts else ""


def latest_files(live: Connection, known_at: str, until: str) -> Mapping[str, str]:
    """When the latest file of each college was made, of those made and merged by an instant."""
    return {
        college: max(made)
        for college, files in files_merged(live).items()
        if (made := [at for at, merged in files if at <= until and merged <= known_at])
    }


def known_until(live: Connection, known_at: str) -> Mapping[str, str]:
    """Up to when the ledger of each college is known, by what was merged until an instant."""
    files = files_merged(live)
    until = {
        college: max(made)
        for college, each in files.items()
        if (made := [at for at, merged in each if merged <= known_at])
    }
    for row in live.execute(select(head.c.college, head.c.at)):
        if row.college not in files and row.at <= known_at:
            until[row.college] = row.at
    return until


def reporting(census: Census, *, all_colleges: bool) -> tuple[Reporting, ...]:
    """Every college that has sent its ledger; with `all_colleges`, those that have not as well."""
    allocated = {
        row.to_college: (int(row.many), date.fromisoformat(row.first))
        for row in census.connection.execute(
            select(
                allocation.c.to_college,
                func.sum(allocation.c.quantity).label("many"),
                func.min(allocation.c.allocated_on).label("first"),
            )
            .where(allocation.c.college == ESP, _asked_for(census))
            .group_by(allocation.c.to_college)
        )
    }
    region_of = {each.id: each.region for each in colleges()} if all_colleges else {}
    if all_colleges:
        region_of |= dict.fromkeys(set(allocated) - region_of.keys())
    region_of |= {each: row.region for each, row in census.colleges.items()}
    found = []
    for college in sorted(region_of):
        last, made = census.last_entries.get(college), census.files.get(college)
        if not census.has_college(college) or (last is None and not all_colleges):
            continue
        entered = day_of(last.at) if last else None
        # No file was made before the last entry in it, whatever the clock showed.
        file_on = day_of(max(made, last.at)) if made and last else None
        latest = file_on or entered
        found.append(
            Reporting(
                college,
                census.college_names.get(college, college),
                region_of[college],
                file_on,
                entered,
                last.seq if last else 0,
                last.epoch if last else None,
                max(0, (census.day - latest).days) if latest else None,
                census.decided.part_of(college, census.day),
                *allocated.get(college, (0, None)),
            )
        )
    return tuple(found)


def _asked_for(census: Census) -> ColumnElement[bool]:
    """Whether an allocation is of a gift in scope."""
    wanted = select(gifting.c.gift, gifting.c.donor).where(gifting.c.college == ESP)
    return allocation.c.gift.in_(
        [
            row.gift
            for row in census.connection.execute(wanted)
            if census.is_gift(row.gift) and census.is_donor(row.donor)
        ]
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A challenge, and how it was answered."""

    challenge: str
    college: str
    set_on: date
    answer_by: date
    asked: int
    shown: int
    answered: date | None
    status: str
    problem: str | None
    sentence: str


def answers(census: Census) -> tuple[Answer, ...]:
    """Every challenge as at the end of a day, the earliest first."""
    every = challenges(census.connection, ESP, end_of(census.day))
    return tuple(
        _answer(each, census.college_names.get(each.college, each.college))
        for each in reversed(every)
        if census.has_college(each.college)
    )


def _answer(asked: Challenge, college: str) -> Answer:
    answered = day_of(asked.answered_at) if asked.answered_at else None
    problem, sentence = _judged(asked, college, answered)
    return Answer(
        asked.id,
        asked.college,
        day_of(asked.set_at),
        asked.answer_by,
        asked.asked,
        asked.sighted,
        answered,
        WORDS[asked.outcome],
        problem,
        sentence,
    )


def _judged(asked: Challenge, college: str, answered: date | None) -> tuple[str | None, str]:
    """The finding that a challenge is, when it is one, and its message."""
    name, by = f"The challenge {asked.id} to {college}", uk(asked.answer_by)
    match asked.outcome:
        case "unanswered":
            return "challenge_unanswered", f"{name} was to be answered by {by}."
        case "wrong_code":
            return "challenge_failed", f"{name} was answered with another code."
        case "before_it_was_set":
            return (
                "challenge_failed",
                f"{name} was answered, by the college's clock, before it was set.",
            )
        case "not_all_shown":
            absent = plural(len(asked.not_sighted), "holding")
            return "challenge_failed", f"{name}: {absent} not shown."
        case "answered_late" if answered is not None:
            return (
                "challenge_failed",
                f"{name} was answered on {uk(answered)}, and was to be by {by}.",
            )
    return None, ""
