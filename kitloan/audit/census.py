"""Which holdings are counted, each once and at one college; whose they are; and the report's scope.

A tag is one thing. A college that sent it on no longer counts it once the other has it. Where two
colleges still hold it, it is counted at the one that saw it last, and the others are named. A
holding that came from another college belongs to whom the nearest college on its way back names.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    tuple_,
)

from kitloan.errors import BadInput
from kitloan.evidence.disclosure import whole_year
from kitloan.holdings import NOT_OURS_TO_GIVE
from kitloan.ledger.clocks import Times
from kitloan.ledger.session import ESP
from kitloan.national.decisions import Decisions, decisions
from kitloan.queries.counted import ListChange, counted_in_that_second, list_changes
from kitloan.queries.matching import RECEIVED_THERE
from kitloan.queries.terms import Place, RecordedTerms, came_from, inherited, nearest
from kitloan.reference import colleges, find_college, regions
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import College, Component, Gift, Holding, KitType, LedgerEntry, Shortage, table
from kitloan.tables.absence import Arrival, Transfer, Withdrawal
from kitloan.tables.evidence import SchoolLink, SchoolNow
from kitloan.tables.national import Gifting
from kitloan.text.dates import FIRST_YEAR, day_of
from kitloan.text.names import fold, plain

arrival, college, component = table(Arrival), table(College), table(Component)
entry, shortage = table(LedgerEntry), table(Shortage)
gift, gifting = table(Gift), table(Gifting)
holding, kit_type, transfer = table(Holding), table(KitType), table(Transfer)
withdrawal, school_link = table(Withdrawal), table(SchoolLink)
school_now = table(SchoolNow)

ARRIVED = exists().where(
    transfer.c.college == holding.c.college,
    transfer.c.tag == holding.c.tag,
    transfer.c.state == "sent",
    RECEIVED_THERE,
)
"""The other college's ledger has what this one sent: it is counted there."""

KEPT = and_(holding.c.state != "withdrawn", ~and_(holding.c.state == "in_transit", ARRIVED))
"""On a college's register, as far as that college knows."""

OF_GIFT = and_(gift.c.college == holding.c.college, gift.c.tag == holding.c.tag)
OF_GIFTING = and_(gifting.c.college == ESP, gifting.c.gift == gift.c.gift)
LAST_ENTRY = Query(
    select(entry.c.epoch, entry.c.seq, entry.c.at, entry.c.hash)
    .where(entry.c.college == bindparam("c"))
    .order_by(entry.c.epoch.desc(), entry.c.seq.desc())
    .limit(1)
)
"""The last entry of a college's ledger."""
_FIRST_ENTRIES = select(entry.c.college, entry.c.at).where(
    entry.c.college.in_(bindparam("colleges", expanding=True)),
    entry.c.epoch == 1,
    entry.c.seq == 1,
)
_AT_ONCE = 1_000
"""Rows that are read at a time."""

DONOR: ColumnElement[str | None] = func.coalesce(gift.c.donor, gifting.c.donor)
"""Who gave a holding: as its college has it, else as ESP agreed the gift that it names."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about; None narrows nothing.

    Attributes:
        donor: who gave, by any of the donor's names.
        gift: the id of one of ESP's gifts.
        college: a college's id or name.
        region: a region's code or name.
        type: a kit type, by its name.
    """

    donor: str | None = None
    gift: str | None = None
    college: str | None = None
    region: str | None = None
    type: str | None = None

    def __bool__(self) -> bool:
        return self != Scope()

    def __str__(self) -> str:
        given = ((each.name, getattr(self, each.name)) for each in fields(self))
        return ", ".join(f"{name} {plain(value)}" for name, value in given if value)


class Census:
    """The holdings that a report counts, as at the end of a day."""

    def __init__(
        self,
        connection: Connection,
        day: date,
        scope: Scope | None = None,
        *,
        files: Mapping[str, str] | None = None,
        reached: Mapping[str, str] | None = None,
        own: str = ESP,
        known: date | None = None,
    ) -> None:
        """Count what a store holds.

        Args:
            connection: of the store, or of what it was on an earlier day.
            day: the day at whose end it is counted.
            scope: what is counted; None is everything.
            files: when the latest file of each college up to then was made, as far as is on record.
            reached: up to when each college's ledger is known today, which may be later.
            own: the college whose store it is.
            known: what was recorded after this day is left out; None leaves out nothing.
        """
        self.known = known
        self.connection, self.day, self.scope = connection, day, scope or Scope()
        self.live = connection
        """The store itself, where `connection` is of what it was on an earlier day."""
        self.wrong: Mapping[str, Times] = {}
        """The ledgers in which clocks were wrong."""
        self.files, self.reached, self.own = files or {}, reached or {}, own

    def rows(self, wanted: Select[Any]) -> Iterator[AnyRow]:
        """The rows of a statement that may give one for every holding, a portion at a time."""
        return iter(self.connection.execute(wanted.execution_options(yield_per=_AT_ONCE)))

    @property
    def last_whole_year(self) -> date:
        """The first day of the last academic year that is over, and known to its end."""
        end = self.day if self.known is None else min(self.day, self.known)
        return whole_year(max(end, date(FIRST_YEAR, 8, 1)))  # a broken clock shows any year

    @cached_property
    def decided(self) -> Decisions:
        """What ESP has decided: other names of donors, colleges that merged, accepted findings."""
        return decisions(self.connection)

    @cached_property
    def colleges(self) -> Mapping[str, AnyRow]:
        """Every college whose ledger is here, but for ESP, by its id."""
        rows = self.connection.execute(
            select(college).where(college.c.college != ESP).order_by(college.c.college)
        )
        return {row.college: row for row in rows}

    @cached_property
    def schools(self) -> Mapping[Place, str]:
        """The school that a borrower is, by college and organisation, where a person linked it."""
        rows = self.connection.execute(
            select(school_link.c.college, school_link.c.organisation, school_link.c.schuid)
        )
        return {
            (row.college, row.organisation): self.school_key(row.college, row.schuid)
            for row in rows
        }

    @cached_property
    def school_list(self) -> Mapping[str, AnyRow]:
        """Every school of the lists that this store has read, by SchUID; they are in no ledger."""
        wanted = select(
            *(school_now.c[name] for name in ("schuid", "name", "council", "sector", "roll")),
            *(school_now.c[name] for name in ("rurality", "deprived", "listed", "vintage")),
        ).where(school_now.c.college == self.own)
        return {row.schuid: row for row in self.live.execute(wanted)}

    @staticmethod
    def school_key(college: str, schuid: str) -> str:
        """The same text for the same school; an id that a college made is its own."""
        return f"{college}:{schuid}" if schuid.startswith("X-") else schuid

    @cached_property
    def last_entries(self) -> Mapping[str, AnyRow]:
        """The last entry of each college's ledger."""
        found = {}
        for each in self.colleges:
            last = LAST_ENTRY(self.connection, c=each).first()
            if last is not None:
                found[each] = last
        return found

    @cached_property
    def spans(self) -> Sequence[tuple[date, date]]:
        """The first and the last day that the ledger of each college in scope covers."""
        rows = self.connection.execute(_FIRST_ENTRIES, {"colleges": list(self.colleges)})
        return [
            (day_of(row.at), self.covered.get(row.college, self.day))
            for row in rows
            if self.has_college(row.college)
        ]

    @cached_property
    def covered(self) -> Mapping[str, date]:
        """The last day that each college's ledger covers, where that is before the day counted.

        It is the day of its latest file; where that is not on record, of its last entry. A file
        that came later covers the days before it.
        """
        known = {
            each: day_of(max(self.reached.get(each, ""), last.at))
            for each, last in self.last_entries.items()
            if each != self.own
        }
        return {each: last for each, last in known.items() if last < self.day}

    @cached_property
    def college_names(self) -> Mapping[str, str]:
        """What every known college is called, by its id."""
        known = {each.id: each.name for each in colleges()}
        return known | {row.college: row.name for row in self.colleges.values()} | {ESP: "ESP"}

    @cached_property
    def type_names(self) -> Mapping[tuple[str, str], str]:
        """What each college calls its kit types: few rows, which a join would look up often."""
        rows = self.connection.execute(
            select(kit_type.c.college, kit_type.c.kit_type, kit_type.c.name)
        )
        return {(row.college, row.kit_type): row.name for row in rows}

    @cached_property
    def listed(self) -> frozenset[tuple[str, str]]:
        """The colleges' kit types that have a contents list."""
        rows = self.connection.execute(select(component.c.college, component.c.kit_type).distinct())
        return frozenset((row.college, row.kit_type) for row in rows)

    @cached_property
    def _short(self) -> frozenset[Place]:
        rows = self.connection.execute(select(shortage.c.college, shortage.c.tag).distinct())
        return frozenset((row.college, row.tag) for row in rows)

    def counted_word(self, row: AnyRow) -> str | None:
        """How the latest count of a row of `holding` stands; None without a contents list."""
        kind = row.college, row.kit_type
        if row.quantity != 1 or kind not in self.listed:
            return None
        if row.counted_at is None:
            return "never"
        change = self.lists_changed.get(kind)
        if change is not None and (
            row.counted_at < change.at or (row.college, row.tag) in self.counted_too_early
        ):
            return "list_changed"
        return "short" if (row.college, row.tag) in self._short else "whole"

    @cached_property
    def lists_changed(self) -> Mapping[tuple[str, str], ListChange]:
        """When each college's contents lists last changed, by college and kit type."""
        return list_changes(self.connection, [*self.colleges, ESP])

    @cached_property
    def counted_too_early(self) -> frozenset[Place]:
        """Kits counted in the very second in which their list changed, and before it changed."""
        return counted_in_that_second(self.connection, self.lists_changed)

    @cached_property
    def claims(self) -> Mapping[str, tuple[AnyRow, ...]]:
        """The claims of each tag that more than one college holds; who saw it last is first."""
        # Whether each is kept is asked of the few that are on two registers, not of all holdings.
        more = select(func.count() - func.count(holding.c.tag.distinct())).select_from(holding)
        if not self.connection.execute(more).scalar():
            return {}
        twice = select(holding.c.tag).group_by(holding.c.tag).having(func.count() > 1)
        rows = self.connection.execute(
            select(holding.c.college, holding.c.tag, holding.c.sighted_at, holding.c.accessioned_at)
            .where(holding.c.tag.in_(twice), KEPT)
            .order_by(holding.c.college)
        )
        claims: dict[str, list[AnyRow]] = defaultdict(list)
        for row in sorted(rows, key=lambda each: each.sighted_at or "", reverse=True):
            claims[row.tag].append(row)
        return {tag: tuple(where) for tag, where in claims.items() if len(where) > 1}

    @cached_property
    def doubles(self) -> Mapping[str, tuple[str, ...]]:
        """The colleges of each tag that more than one holds; who saw it last is first."""
        return {tag: tuple(row.college for row in rows) for tag, rows in self.claims.items()}

    @cached_property
    def counted(self) -> ColumnElement[bool]:
        """Whether a row of `holding` is counted: kept, in scope, and its tag nowhere else."""
        return and_(KEPT, self.once, self.in_scope)

    @cached_property
    def once(self) -> ColumnElement[bool]:
        """Whether a row of `holding` is where its tag is counted."""
        others = [(where, tag) for tag, held in self.doubles.items() for where in held[1:]]
        here = tuple_(holding.c.college, holding.c.tag)
        return here.not_in(others) if others else not_(false())

    @cached_property
    def in_scope(self) -> ColumnElement[bool]:
        """Whether a row of `holding` is what the report is about."""
        wanted = self.scope
        conditions: list[ColumnElement[bool]] = []
        here = tuple_(holding.c.college, holding.c.tag)
        if self.college_ids is not None:
            conditions.append(holding.c.college.in_(sorted(self.college_ids)))
        if wanted.type is not None:
            alike = [key for key, name in self.type_names.items() if self.is_type(name)]
            conditions.append(tuple_(holding.c.college, holding.c.kit_type).in_(alike))
        # Under other names: the query that this is a condition of may join the same tables.
        own, agreed = gift.alias("own_gift"), gifting.alias("agreed_gift")
        given = (
            select(own.c.tag)
            .outerjoin_from(own, agreed, and_(agreed.c.college == ESP, agreed.c.gift == own.c.gift))
            .where(own.c.college == holding.c.college, own.c.tag == holding.c.tag)
            .correlate(holding)
        )
        donor = func.coalesce(own.c.donor, agreed.c.donor)
        if wanted.donor is not None:
            spelt = [each for each in self._donors if self.is_donor(each)]
            later = [place for place, each in self.inherited.items() if self.is_donor(each.donor)]
            conditions.append(or_(given.where(donor.in_(spelt)).exists(), here.in_(later)))
        if wanted.gift is not None:
            ids = [each for each in self._gifts if self.is_gift(each)]
            later = [place for place, each in self.inherited.items() if self.is_gift(each.gift)]
            conditions.append(or_(given.where(own.c.gift.in_(ids)).exists(), here.in_(later)))
        return and_(not_(false()), *conditions)

    @cached_property
    def college_ids(self) -> frozenset[str] | None:
        """The colleges in scope; None when college and region narrow nothing."""
        wanted = self.scope
        if wanted.college is None and wanted.region is None:
            return None
        every = {each.id: each.region for each in colleges()} | {
            each.college: each.region for each in self.colleges.values()
        }
        chosen = set(every) | {ESP}
        if wanted.college is not None:
            chosen &= {self._college_meant(wanted.college)}
        if wanted.region is not None:
            code = _region_meant(wanted.region)
            chosen &= {each for each, region in every.items() if region == code}
        return frozenset(chosen)

    def _college_meant(self, text: str) -> str:
        known = find_college(text)
        if known is not None:
            return known.id
        for row in self.colleges.values():
            if fold(text) in (fold(row.college), fold(row.name)):
                return str(row.college)
        if fold(text) == ESP:
            return ESP
        raise BadInput(
            "unknown_college",
            f"{plain(text[:60])!r} is not a college of the reference list, nor one whose ledger is "
            "here.",
            "Give its id, like fife, or its name.",
            college=text[:60],
        )

    def has_college(self, which: str) -> bool:
        """Whether a college is in scope."""
        return self.college_ids is None or which in self.college_ids

    def is_type(self, name: str) -> bool:
        """Whether a kit type of this name is in scope."""
        return self.scope.type is None or fold(name) == fold(self.scope.type)

    def is_donor(self, name: str | None) -> bool:
        """Whether a donor is in scope, by whichever name."""
        wanted = self.scope.donor
        return wanted is None or (
            name is not None and fold(self.decided.donor(name)) == fold(self.decided.donor(wanted))
        )

    @cached_property
    def donor_name(self) -> str | None:
        """The donor that the scope names, as the name is on record; None when it names none."""
        if self.scope.donor is None:
            return None
        counts = self.decided.donor(self.scope.donor)
        names = [each for each in self._donors if fold(each) == fold(counts)]
        return names[0] if names else counts

    def is_gift(self, gift_id: str | None) -> bool:
        """Whether a gift is in scope."""
        wanted = self.scope.gift
        return wanted is None or (gift_id is not None and fold(gift_id) == fold(wanted))

    def check_scope(self) -> None:
        """Refuse a scope that names nothing on record.

        Raises:
            BadInput: `unknown_college`, `unknown_region`, `unknown_donor`, `unknown_gift` or
                `unknown_type`.
        """
        _ = self.college_ids
        wanted = self.scope
        known: Mapping[str, tuple[str | None, Callable[[], list[str]], Callable[[str], bool]]] = {
            "donor": (wanted.donor, lambda: self._donors, self.is_donor),
            "gift": (wanted.gift, lambda: self._gifts, self.is_gift),
            "type": (wanted.type, lambda: list(self.type_names.values()), self.is_type),
        }
        for what, (given, names, matches) in known.items():
            if given is not None and not any(map(matches, names())):
                some = sorted(set(names()))[:5]
                raise BadInput(
                    f"unknown_{what}",
                    f"No {what} {plain(given[:60])!r} is on record.",
                    f"Known: {', '.join(map(plain, some))}." if some else "",
                    **{what: given[:60]},
                )

    @cached_property
    def tags(self) -> frozenset[str] | None:
        """The tags of what is in scope, wherever it is now; None when all are."""
        if not self.scope:
            return None
        rows = self.connection.execute(select(holding.c.tag).where(self.in_scope))
        return frozenset(rows.scalars())

    def has_tag(self, tag: str) -> bool:
        """Whether a holding is in scope, by its tag."""
        return self.tags is None or tag in self.tags

    @cached_property
    def _donors(self) -> list[str]:
        rows = self.connection.execute(
            select(gift.c.donor)
            .where(gift.c.donor.is_not(None))
            .union(select(gifting.c.donor).where(gifting.c.college == ESP))
        )
        return sorted(rows.scalars())

    @cached_property
    def _gifts(self) -> list[str]:
        rows = self.connection.execute(
            select(gift.c.gift)
            .where(gift.c.gift.is_not(None))
            .union(select(gifting.c.gift).where(gifting.c.college == ESP))
        )
        return sorted(rows.scalars())

    @cached_property
    def inherited(self) -> Mapping[Place, RecordedTerms]:
        """What is recorded of holdings before they came where that is not recorded.

        A gift that ESP agreed has its donor.
        """
        donors = {
            row.gift: row.donor
            for row in self.connection.execute(select(gifting).where(gifting.c.college == ESP))
        }
        own = inherited(self.connection)
        return {
            place: terms if terms.donor else replace(terms, donor=donors.get(terms.gift or ""))
            for place, terms in own.items()
        }


def _region_meant(text: str) -> str:
    for code, name in regions().items():
        if fold(text) in (fold(code), fold(name)):
            return code
    raise BadInput(
        "unknown_region",
        f"{plain(text[:60])!r} is not a region.",
        f"The regions: {', '.join(f'{code} ({name})' for code, name in regions().items())}.",
        region=text[:60],
    )


@dataclass(frozen=True, slots=True)
class Unagreed:
    """What two people wrote off without an agreement of its donor on record."""

    college: str
    tag: str
    donor: str | None


def without_donor(connection: Connection) -> Iterator[Unagreed]:
    """What was written off without its donor, where its title or the gift's terms ask for one.

    The title is the one that the nearest college records; and the gift the one that the nearest
    college names.
    """
    written_off = connection.execute(
        select(withdrawal.c.college, withdrawal.c.tag).where(
            withdrawal.c.signed_at.is_not(None), withdrawal.c.donor_agreement.is_(None)
        )
    ).all()
    if not written_off:
        return
    tags = select(withdrawal.c.tag).where(withdrawal.c.signed_at.is_not(None))
    came = came_from(connection.execute(select(arrival).where(arrival.c.tag.in_(tags))))
    recorded = {
        (row.college, row.tag): row
        for row in connection.execute(
            select(
                gift.c.college,
                gift.c.tag,
                gift.c.donor,
                gift.c.title,
                gifting.c.gift,
                gifting.c.donor.label("agreed_with"),
                gifting.c.title.label("agreed_title"),
                gifting.c.donor_must_agree,
            )
            .outerjoin_from(gift, gifting, OF_GIFTING)
            .where(gift.c.tag.in_(tags))
        )
    }
    titles = {place: row for place, row in recorded.items() if row.title != "unknown"}
    terms = {place: row for place, row in recorded.items() if row.gift is not None}
    donors = {place: row.donor for place, row in recorded.items() if row.donor is not None}
    for row in written_off:
        place = (row.college, row.tag)
        titled, agreed = nearest(place, came, titles), nearest(place, came, terms)
        not_ours = titled is not None and titled.title in NOT_OURS_TO_GIVE
        asked = agreed is not None and (
            agreed.donor_must_agree or agreed.agreed_title in NOT_OURS_TO_GIVE
        )
        if not_ours or asked:
            donor = nearest(place, came, donors)
            yield Unagreed(*place, donor or (agreed.agreed_with if agreed else None))
