"""Replaying a store as it was at an earlier instant, for reports.

What had happened by then, as far as it was known by then or by another instant, is applied to a
scratch store.
"""

import json
from collections.abc import Mapping

from pydantic import ValidationError
from sqlalchemy import Connection, func, select

from kitloan.errors import KitloanError, StoreError
from kitloan.history.walk import STEP, Filed, Progress, entries_of
from kitloan.ledger.clocks import Times
from kitloan.ledger.entry import Entry, parse
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.definitions import OrganisationAdded
from kitloan.ledger.facts.evidence import ABOUT_AN_ENGAGEMENT, EngagementState, SchoolLinked
from kitloan.ledger.facts.holdings import HoldingAccessioned
from kitloan.ledger.facts.ledger import Reversed
from kitloan.ledger.facts.loans import LoanCorrected, LoanTerms
from kitloan.ledger.facts.stocktakes import StocktakeScanned
from kitloan.ledger.writer import record
from kitloan.queries.undone import UNDONE
from kitloan.storage.store import Store
from kitloan.tables import LedgerEntry, LedgerHead, table
from kitloan.text.dates import NO_HOUR

entry = table(LedgerEntry)
head = table(LedgerHead)


def replay(
    live: Connection,
    scratch: Store,
    until: str,
    progress: Progress,
    wrong: Mapping[str, Times],
    known: str | None = None,
) -> None:
    """Apply to a scratch store what had happened by an instant, as far as it was known by another.

    What was recorded by `known` and happened by `until` is applied in the order of recording. What
    undoes an entry goes with that entry, whenever it was recorded. An entry that happened before
    the holding was entered, or before its loan was, counts from when that was; a borrower is known
    as soon as something that happened names it.

    Args:
        live: a transaction on the store.
        scratch: where to apply them.
        until: the instant by which they happened.
        progress: called with how many entries are done, of how many.
        wrong: the ledgers in which clocks were wrong; their entries get corrected times.
        known: the instant by which they were recorded; None leaves out nothing.

    Raises:
        StoreError: `damaged`, when an entry cannot be read or applied.
    """
    total = live.execute(
        select(func.count()).select_from(entry).where(*[entry.c.at <= known] if known else [])
    ).scalar_one()
    with scratch.engine.begin() as replayed:
        colleges = live.execute(select(head.c.college).order_by(head.c.college)).scalars().all()
        done = 0
        for college in colleges:
            times = wrong.get(college)
            then = _Then(replayed, college, until, _corrected(live, college, known))
            for row in entries_of(live, college):
                at = times.counted[row.seq] if times else row.at
                if known is not None and at > known:
                    break
                try:
                    then.take(row, _counted_at(parse(row.body), at))
                except (ValidationError, KitloanError) as problem:
                    raise StoreError(
                        "damaged",
                        f"Entry {row.seq} of {college!r} cannot be read or applied.",
                        "Check the store: kitloan ledger verify",
                        college=college,
                        seq=row.seq,
                    ) from problem
                done += 1
                if done % STEP == 0:
                    progress(done, total)


def _corrected(live: Connection, college: str, known: str | None) -> dict[str, str]:
    """The days on which loans began that were recorded with another, by loan."""
    rows = live.execute(
        select(entry.c.body)
        .where(entry.c.college == college, entry.c.kind == "loan.corrected", ~UNDONE)
        .where(*[entry.c.at <= known] if known else [])
        .order_by(entry.c.epoch, entry.c.seq)
    )
    facts = [json.loads(body)["fact"] for (body,) in rows]
    return {fact["loan"]: fact["out_on"] for fact in facts if fact["out_on"]}


class _Then:
    """A college's register as it was at an instant, from the entries that had happened by then."""

    def __init__(
        self, replayed: Connection, college: str, until: str, began: Mapping[str, str]
    ) -> None:
        self._replayed = replayed
        self._college = college
        self._until = until
        self._recorded = ""
        self._late: set[tuple[int, int]] = set()
        self._late_things: set[str] = set()
        self._late_borrowers: dict[str, tuple[Filed, Entry]] = {}
        self._began = began

    def take(self, row: "Filed", read: Entry) -> None:
        """Apply the next entry, if what it records had happened by then."""
        self._recorded = max(self._recorded, read.at)  # a clock may have run back by some hours
        fact = read.fact
        if self._happened_later(fact):
            self._late.add((row.epoch, row.seq))
            if isinstance(fact, EngagementState):
                self._late_things.add(fact.engagement)
            if isinstance(fact, OrganisationAdded):
                self._late_borrowers[fact.organisation] = row, read
            elif isinstance(fact, HoldingAccessioned):
                self._late_things.add(fact.tag)
            elif isinstance(fact, LoanTerms):
                self._late_things.add(fact.loan)
            return
        whom = getattr(fact, "organisation", None)
        if whom in self._late_borrowers:
            self._record(*self._late_borrowers.pop(whom))
        self._record(row, read)

    def _happened_later(self, fact: FactBase) -> bool:
        if isinstance(fact, Reversed):
            return (fact.epoch, fact.seq) in self._late
        about = {getattr(fact, name, None) for name in ("tag", "loan", "engagement")}
        if about & self._late_things:
            return True
        # Figures go by an engagement's own day, and a school was always that school.
        if isinstance(fact, (*ABOUT_AN_ENGAGEMENT, SchoolLinked)):
            return False
        if isinstance(fact, LoanCorrected):  # it follows what it corrects
            return False
        on = getattr(fact, "on", None)
        if isinstance(fact, LoanTerms):
            on = self._began.get(fact.loan, on)
        return (self._recorded if on is None else f"{on}{NO_HOUR}") > self._until

    def _record(self, row: "Filed", read: Entry) -> None:
        record(self._replayed, self._college, row.epoch, read, row.body, row.hash)


def _counted_at(read: Entry, at: str) -> Entry:
    """The entry with its corrected time."""
    if read.at == at:
        return read
    fact = read.fact
    if isinstance(fact, StocktakeScanned) and fact.seen_at > at:
        fact = fact.model_copy(update={"seen_at": at})
    return read.model_copy(update={"at": at, "fact": fact})
