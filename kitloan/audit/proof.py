"""Where a report and its figures come from: who made it, from which ledgers, from which entries."""

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select, tuple_

from kitloan.__version__ import __version__
from kitloan.audit.census import LAST_ENTRY, Census
from kitloan.audit.measures import MEASURES
from kitloan.audit.use import OF_HOLDING, Months
from kitloan.errors import BadInput
from kitloan.ledger.epochs import ledger_name
from kitloan.ledger.session import ESP, Session
from kitloan.queries.entry_text import fact_text
from kitloan.queries.history import of_tag, summary_of
from kitloan.storage.statements import AnyRow
from kitloan.tables import Holding, LedgerEntry, Loan, Reversal, table
from kitloan.tables.national import APART
from kitloan.text.dates import day_of, end_of, instant, uk, uk_instant
from kitloan.text.names import plain
from kitloan.text.tags import bare

entry, holding, loan = table(LedgerEntry), table(Holding), table(Loan)
reversal = table(Reversal)


@dataclass(frozen=True, slots=True)
class LedgerEnd:
    """Up to which entry of a ledger a report goes, that entry's hash, and its file's date."""

    ledger: str
    seq: int
    hash: str
    file_exported_at: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What anyone needs to make a report again and compare it.

    Attributes:
        made_at: when it was made.
        made_by: who made it.
        program: which version of kitloan.
        known_on: the day whose knowledge it has.
        ledgers: every ledger that it was made from.
    """

    made_at: str
    made_by: str
    program: str
    known_on: date
    ledgers: tuple[LedgerEnd, ...]

    @property
    def entries(self) -> int:
        """How many entries the ledgers have."""
        return sum(each.seq for each in self.ledgers)

    def __str__(self) -> str:
        many = f"{len(self.ledgers):,} ledger" + ("" if len(self.ledgers) == 1 else "s")
        return (
            f"Made by {self.made_by} with {self.program} on {uk_instant(self.made_at)}, from "
            f"{many} with {self.entries:,} entries, as known on {uk(self.known_on)}."
        )


def proof_of(census: Census, session: Session, known_on: date) -> Proof:
    """The proof of a report of what is counted here."""
    ends = dict(census.last_entries)
    own = LAST_ENTRY(census.connection, c=ESP).first()
    if own is not None:
        ends[ESP] = own
    return Proof(
        instant(session.clock()),
        session.actor,
        f"kitloan {__version__}",
        known_on,
        tuple(
            LedgerEnd(
                ledger_name(college, last.epoch),
                last.seq,
                last.hash,
                census.files.get(college),
            )
            for college, last in sorted(ends.items())
        ),
    )


@dataclass(frozen=True, slots=True)
class News:
    """Something that came on record since a day."""

    at: date
    college: str
    tag: str
    by: str
    summary: str


MOST_NEWS = 1000
"""Entries that a comparison lists."""


def news_since(census: Census, then: date) -> list[News]:
    """What came on record after a day, the latest first."""
    rows = census.connection.execute(
        select(entry.c.college, entry.c.tag, entry.c.at, entry.c.by, entry.c.body)
        .where(entry.c.at > end_of(then))
        .order_by(entry.c.at.desc(), entry.c.college, entry.c.epoch.desc(), entry.c.seq.desc())
        .limit(MOST_NEWS)
    )
    return [
        News(
            day_of(row.at),
            row.college,
            row.tag or "",
            row.by,
            summary_of(census.connection, row.college, row.body),
        )
        for row in rows
        if census.has_college(row.college) and (not row.tag or census.has_tag(row.tag))
    ]


@dataclass(frozen=True, slots=True)
class EntryBehind:
    """An entry that a figure rests on; its hash can be checked in the college's own file."""

    ledger: str
    seq: int
    at: str
    by: str
    tag: str | None
    kind: str
    summary: str
    hash: str


@dataclass(frozen=True, slots=True)
class Proved:
    """A figure, its number, and the entries behind it."""

    figure: str
    number: int
    items: tuple[EntryBehind, ...]


_LENT = ("loan.checked_out", "loan.found", "loan.renewed")
_CAME = ("holding.accessioned", "transfer.received")
_COUNT = ("contents.counted", "loan.checked_in", "transfer.sent", "transfer.received")
_BEHIND: dict[str, tuple[str, ...]] = {
    "holdings": _CAME,
    "out": _LENT,
    "overdue": _LENT,
    "incomplete": _COUNT,
    "short": _COUNT,
    "in_transit": ("transfer.sent",),
    "missing": ("holding.missing",),
    "not_sighted_12_months": (),
    "counted_whole": (*_COUNT, "shortage.made_good"),
    "counted_short": _COUNT,
    "never_counted": _CAME,
    "list_changed": _COUNT,
}
"""Which kinds of entry a measure rests on: the latest one of each holding; none is any."""

_OF_GIFTS = {
    "promised": ("gift.agreed",),
    "received": ("gift.delivered", "delivery.corrected"),
    "allocated": ("allocation.made",),
}

FIGURES = (*_BEHIND, "loans", "schools", *_OF_GIFTS)
"""What can be proved."""

_undone = tuple_(entry.c.college, entry.c.epoch, entry.c.seq).in_(
    select(reversal.c.college, reversal.c.epoch, reversal.c.seq)
)


def prove(census: Census, figure: str, number: int | None) -> Proved:
    """The entries behind a figure.

    Args:
        census: what is counted.
        figure: one of `FIGURES`.
        number: the figure, where it is one of the totals.

    Raises:
        BadInput: `unknown_figure`.
    """
    if figure not in FIGURES:
        raise BadInput(
            "unknown_figure",
            f"{plain(figure[:60])!r} is no figure that can be proved.",
            f"One of: {', '.join(FIGURES)}.",
            figure=figure[:60],
        )
    if figure in _OF_GIFTS:
        rows = _of_gifts(census, _OF_GIFTS[figure])
    elif figure in _BEHIND:
        rows = _of_holdings(census, figure)
    else:
        rows = _of_loans(census)
    items = tuple(
        EntryBehind(
            ledger_name(row.college, row.epoch),
            row.seq,
            row.at,
            row.by,
            row.tag,
            row.kind,
            summary_of(census.connection, row.college, row.body),
            row.hash,
        )
        for row in rows
    )
    return Proved(figure, len(items) if number is None else number, items)


def _of_holdings(census: Census, figure: str) -> list[AnyRow]:
    (measure,) = [each for each in MEASURES if each.name == figure]
    places = census.connection.execute(
        select(holding.c.college, holding.c.tag)
        .where(census.counted, measure.whole_condition(census))
        .order_by(holding.c.college, holding.c.tag)
    ).all()
    kinds = _BEHIND[figure]
    found: list[AnyRow] = []
    for place in places:
        wanted = select(entry).where(
            entry.c.college == place.college, entry.c.tag == place.tag, ~_undone
        )
        if kinds:
            wanted = wanted.where(entry.c.kind.in_(kinds))
        last = wanted.order_by(entry.c.epoch.desc(), entry.c.seq.desc()).limit(1)
        found += census.connection.execute(last).all()
    return found


def _of_loans(census: Census) -> list[AnyRow]:
    """The entries of the loans that began in the twelve months."""
    months = Months(census)
    rows = census.connection.execute(
        select(loan.c.college, loan.c.tag, loan.c.loan)
        .join_from(loan, holding, OF_HOLDING)
        .where(months.lent, months.began, census.in_scope)
        .order_by(loan.c.college, loan.c.out_at, loan.c.loan)
    ).all()
    found: list[AnyRow] = []
    for row in rows:
        found += census.connection.execute(
            select(entry).where(
                entry.c.college == row.college,
                entry.c.tag == row.tag,
                entry.c.kind == "loan.checked_out",
                fact_text("loan") == row.loan,
                ~_undone,
            )
        ).all()
    return found


def _of_gifts(census: Census, kinds: tuple[str, ...]) -> list[AnyRow]:
    rows = census.connection.execute(
        select(entry)
        .where(entry.c.college == ESP, entry.c.tag.is_(None), entry.c.kind.in_(kinds), ~_undone)
        .order_by(entry.c.epoch, entry.c.seq)
    )
    return [row for row in rows if census.is_gift(json.loads(row.body)["fact"]["gift"])]


@dataclass(frozen=True, slots=True)
class ProofEvent:
    """Something that a college recorded of a kit."""

    at: str
    college: str
    by: str
    kind: str
    summary: str


def life(connection: Connection, text: str) -> tuple[str, list[ProofEvent]]:
    """A kit's tag, and its whole life across colleges, the earliest first.

    Raises:
        BadInput: `unknown_tag`, for one that no ledger here names.
    """
    tag = bare(text)
    colleges = connection.execute(
        select(entry.c.college).where(entry.c.tag == tag).distinct().order_by(entry.c.college)
    )
    found = [
        ProofEvent(line.at, college, line.by, line.kind, line.summary)
        for college in colleges.scalars().all()
        for line in of_tag(connection, college, tag)
    ]
    if not found:
        raise BadInput(
            "unknown_tag",
            f"No ledger here names {plain(text[:60])!r}.",
            "Give a tag as it is on the label; look for it with `kitloan find`.",
            tag=text[:60],
        )
    return tag, sorted(found, key=lambda each: each.at)


def lost(connection: Connection, college: str) -> list[EntryBehind]:
    """What a college's restored backup had lost and this store still holds, kit by kit."""
    rows = connection.execute(
        select(APART.c.epoch, APART.c.seq, APART.c.hash, APART.c.body).where(
            APART.c.college == college
        )
    )
    found = []
    for row in rows:
        sealed = json.loads(row.body)
        found.append(
            EntryBehind(
                sealed["ledger"],
                row.seq,
                sealed["at"],
                sealed["by"],
                sealed["fact"].get("tag"),
                sealed["fact"]["kind"],
                summary_of(connection, college, row.body),
                row.hash,
            )
        )
    return sorted(found, key=lambda each: (each.tag or "", each.at, each.seq))
