"""Offers, claims and wants across colleges.

A college offers kits to the others, to borrow or to keep. Another claims some, the first answers.
Each is an entry in that college's own ledger. ESP's store shows them together, and ESP's file
brings them to the other colleges. What is accepted then goes by the usual ways: a booking, or a
transfer.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import Connection, bindparam, func, select

from kitloan.contents import match
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.exchange.file import ClaimSeen, OfferSeen
from kitloan.exchange.moves import cheapest_moves
from kitloan.exchange.nearest import days_known
from kitloan.exchange.offered import answers_of, number_there, offers_elsewhere, offers_here
from kitloan.exchange.places import Places
from kitloan.holdings import donor_agrees
from kitloan.ledger.facts.promises import usable_kits
from kitloan.ledger.facts.sharing import (
    ClaimAnswered,
    ClaimWithdrawn,
    OfferChanged,
    OfferClaimed,
    OfferClosed,
    OfferMade,
)
from kitloan.ledger.session import Session, check_quantity
from kitloan.ledger.writer import Writer
from kitloan.loans.counts import parts_of
from kitloan.loans.custody import held, must_be_here
from kitloan.planning.free import free_of
from kitloan.planning.rules import BookingRequest, check_dates, rules_of
from kitloan.planning.types import kit_type_id
from kitloan.queries.resolve import meant
from kitloan.queries.types import type_names
from kitloan.queries.whereabouts import college_name
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import KitType, Organisation, table
from kitloan.tables.sharing import Claim, Offer
from kitloan.tables.wants import Want
from kitloan.text.dates import check_year, day_of, uk
from kitloan.text.names import clean, type_key
from kitloan.text.personal import on_record
from kitloan.transfers.sending import other_college

claim, offer = table(Claim), table(Offer)
kit_type, organisation, want = table(KitType), table(Organisation), table(Want)

OFFER_DAYS = 28
"""For how many days an offer can be claimed, where no last day is given."""
MOST_KITS = 200
"""The most kits that one offer names."""
_MOST_MATCHED = 100
"""Of each kit type, so many offers and wants are matched: those that end first."""
_FAR = 10_000
"""Kilometres to a college whose place is not known: it comes last."""

_OWN = Query(
    select(offer).where(offer.c.college == bindparam("c"), offer.c.offer == bindparam("o"))
)
_CLAIM = Query(
    select(claim).where(claim.c.college == bindparam("c"), claim.c.claim == bindparam("k"))
)
_OFFERED = Query(
    select(func.sum(offer.c.quantity)).where(
        offer.c.college == bindparam("c"),
        offer.c.kit_type == bindparam("k"),
        offer.c.terms == "keep",
        offer.c.open,
        offer.c.until >= bindparam("today"),
        offer.c.offer != bindparam("o"),
    )
)
_PARTS_OFFERED = Query(
    select(offer.c.offer, offer.c.quantity, offer.c.kits).where(
        offer.c.college == bindparam("c"),
        offer.c.component == bindparam("p"),
        offer.c.open,
        offer.c.until >= bindparam("today"),
    )
)

Terms = Literal["lend", "keep", "parts"]
OfferState = Literal["open", "taken", "ended", "closed"]
ClaimState = Literal["waiting", "accepted", "declined", "withdrawn"]


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A claim of an offer.

    Attributes:
        college: who claims.
        name: that college's name.
        offer: the offer's id, with its college: `fife:O12`.
        type: the kit type, None where the claiming college's store has not seen the offer.
        quantity: how many it would have.
        gets: how many it gets; None while nobody has answered.
        state: waiting, accepted, declined or withdrawn.
        component: of spare parts: which part.
        before_change: whether the offer was changed since the claiming college saw it.
    """

    college: str
    name: str
    offer: str
    type: str | None
    quantity: int
    gets: int | None
    state: ClaimState
    component: str | None = None
    before_change: bool = False


@dataclass(frozen=True, slots=True)
class OfferLine:
    """An offer of a college to the others.

    Attributes:
        college: who offers.
        name: that college's name.
        offer: its id, with its college: `fife:O12`.
        type: the kit type.
        quantity: how many are offered.
        left: how many nobody has been promised.
        terms: to `lend`, to `keep`, or spare `parts`, which are to keep too.
        first: the first day on which it can be lent; None for what is to keep.
        last: the last of those days.
        expires: the last day on which it can be claimed.
        tags: the kits, where they are chosen; spare parts come out of these.
        state: open, taken (none is left), ended (its last day is past) or closed.
        claims: who would have some, and who gets some.
        as_of: the day up to which this is known here.
        days_old: how many days ago that was.
        component: of spare parts: which part.
        note: what the college adds to it.
        change: the id of its last change; None for an offer that is as it was made.
    """

    college: str
    name: str
    offer: str
    type: str
    quantity: int
    left: int
    terms: Terms
    first: date | None
    last: date | None
    expires: date
    tags: tuple[str, ...]
    state: OfferState
    claims: tuple[ClaimLine, ...]
    as_of: date
    days_old: int
    component: str | None = None
    note: str | None = None
    change: str | None = None

    @property
    def what(self) -> str:
        """What is offered: the kit type, or a part of it."""
        return what_is_offered(self.type, self.component)


@dataclass(frozen=True, slots=True)
class WantLine:
    """What somebody waits for at a college; `want` is its id there, with the college."""

    college: str
    name: str
    want: str
    to: str
    type: str
    quantity: int
    earliest: date
    latest: date
    days: int


@dataclass(frozen=True, slots=True)
class Match:
    """An offer that a want could be met by: a proposal for people.

    `km` is between the two colleges, None where the place of one is not known.
    """

    offer: str
    want: str
    type: str
    quantity: int
    km: int | None
    sea_crossing: bool | None


@dataclass(frozen=True, slots=True)
class OffersFound:
    """What colleges offer and want, as far as this store shows.

    Attributes:
        items: the offers; those that end last come first.
        claims: in a college's store, what it claims from others itself.
        wants: in ESP's store, what is waited for at every college.
        matches: which offers could meet which wants, with the fewest kit-kilometres.
        seen_on: in a college's store, the day of ESP's last file; None without one.
        only_own_college: whether no other college's offers can be seen here.
    """

    items: tuple[OfferLine, ...]
    claims: tuple[ClaimLine, ...]
    wants: tuple[WantLine, ...]
    matches: tuple[Match, ...]
    seen_on: date | None
    only_own_college: bool


class Offers:
    """What this college offers the others, and claims of theirs."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        type: str | None = None,  # noqa: A002  # the word of the contract
        quantity: int | None = None,
        *,
        keep: bool = False,
        first: date | None = None,
        last: date | None = None,
        expires: date | None = None,
        tags: Sequence[str] = (),
        component: str | None = None,
        note: str | None = None,
        donor_agreement: str | None = None,
        request_id: str | None = None,
    ) -> OfferLine:
        """Offer other colleges kits, to borrow between two days or to keep, or spare parts.

        Args:
            type: the kit type; not needed where kits are named.
            quantity: how many; 1 when None. As many as they are, where kits are named; of spare
                parts, how many of these.
            keep: whether it is to keep; else it is lent, and needs both days.
            first: the first day on which it can be lent.
            last: the last.
            expires: the last day on which it can be claimed; when None, after `OFFER_DAYS` days, or
                on `last` where that is earlier.
            tags: the kits, by tag or asset number; of spare parts, those that they come out of.
            component: the part, as in the contents list, when spare parts are offered, to keep.
            note: what others should know of it; no person's name.
            donor_agreement: the donor's letter that agrees to giving it away.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_free`, when fewer are free on those days; `not_enough`, when the college
                has fewer to give away; `donor_must_agree`; a kit that is not here.
            BadInput: `unknown_type`, `bad_quantity`, `several_types`, `nothing_named`,
                `days_needed`, `days_not_needed`, `dates_reversed`, `in_the_past`, `names_a_person`,
                `kits_needed`, `no_contents_list`, `no_such_component`; an unknown tag.
        """
        with self._session.writing(request_id) as writer:
            today = day_of(writer.at)
            terms, end = _terms(
                keep or component is not None,
                *(first, last, expires, today),
                earlier=bool(writer.earlier),
            )
            kits = _kits(writer, tags)
            part = None if component is None else _part(writer, component, kits)
            key, many = _what(writer, type, quantity, kits, of_parts=part is not None)
            agreed = _agreed(donor_agreement)
            if part is not None:
                terms = "parts"
                _may_be_spared(writer, part, many, kits, agreed)
            elif not writer.earlier:
                _may_be_offered(writer, key, many, kits, first, last, agreed)
            done = writer.earlier_fact(OfferMade)
            fact = OfferMade(
                offer=done.offer if done else f"O{writer.next_seq}",
                kit_type=key,
                quantity=many,
                terms=terms,
                first=None if first is None else first.isoformat(),
                last=None if last is None else last.isoformat(),
                until=end.isoformat(),
                kits=tuple(row.tag for row in kits),
                donor_agreement=agreed,
                component=part,
                note=on_record(note, "The note") if note else None,
            )
            writer.append(fact)
            return self._own(writer, fact.offer)

    def change(
        self,
        which: str,
        *,
        quantity: int | None = None,
        expires: date | None = None,
        tags: Sequence[str] | None = None,
        note: str | None = None,
        donor_agreement: str | None = None,
        request_id: str | None = None,
    ) -> OfferLine:
        """Change an offer of which nobody has been promised any; what is None stays.

        Claims of it stay. They show that the offer was changed after the other college saw it.

        Args:
            which: this college's offer.
            quantity: how many are offered now.
            expires: the last day on which it can be claimed.
            tags: the kits, all of them.
            note: what others should know of it; the empty text for nothing.
            donor_agreement: the donor's letter that agrees to giving it away.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `offer_closed`; `offer_accepted`, when some of it is promised;
                `nothing_changes`; and as `add`.
            BadInput: `unknown_offer`, `usage`, and as `add`.
        """
        if all(each is None for each in (quantity, expires, tags, note, donor_agreement)):
            raise BadInput(
                "usage",
                "Nothing is named that is to change.",
                "Name it: the number, the last day, the kits or the note.",
            )
        added = on_record(note, "The note") if note and note.strip() else None
        agreement = _agreed(donor_agreement)
        with self._session.writing(request_id) as writer:
            row, today = self._row(writer, which), day_of(writer.at)
            _may_be_changed(writer, row)
            many, end = row.quantity, row.until
            kits = row.kits.split(",") if row.kits else []
            if tags is not None:
                kits = [each.tag for each in _kits(writer, tags)]
            if quantity is not None or tags is not None:
                own = _kits(writer, kits)
                same_type = type_names(writer.connection, writer.college)[row.kit_type]
                of_parts = row.component is not None
                asked = row.quantity if quantity is None and (of_parts or not own) else quantity
                _, many = _what(writer, same_type, asked, own, of_parts=of_parts)
            if expires is not None:
                end = _last_day(expires, row.last, today).isoformat()
            agreed = row.donor_agreement if donor_agreement is None else agreement
            words = row.note if note is None else added
            now = (many, end, kits, agreed, words)
            done = writer.earlier_fact(OfferChanged)
            if not writer.earlier:
                _must_change(row, now, today)
                if (many, ",".join(kits)) != (row.quantity, row.kits) or row.until < str(today):
                    _may_be_offered_now(writer, row, many, kits, agreed)
            writer.append(
                OfferChanged(
                    offer=row.offer,
                    change=done.change if done else f"C{writer.next_seq}",
                    quantity=many,
                    until=end,
                    kits=tuple(kits),
                    donor_agreement=agreed,
                    note=words,
                )
            )
            return self._own(writer, row.offer)

    def close(self, which: str, *, request_id: str | None = None) -> OfferLine:
        """Let nobody claim an offer any more; what was accepted stays accepted.

        Raises:
            Refused: `offer_closed`.
            BadInput: `unknown_offer`.
        """
        with self._session.writing(request_id) as writer:
            row = self._row(writer, which)
            if not row.open:
                raise _closed(f"Offer {row.offer}", "is closed already")
            writer.append(OfferClosed(offer=row.offer))
            return self._own(writer, row.offer)

    def answer(
        self, which: str, to_college: str, quantity: int, *, request_id: str | None = None
    ) -> OfferLine:
        """Promise some of an offer to a college that claims it; 0 declines its claim.

        An answer replaces the one before. The claim need not be in this store: it may have come by
        telephone.

        Args:
            which: this college's offer.
            to_college: the other college's id or name.
            quantity: how many it gets.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `offer_closed`; `offer_taken`, when fewer are left.
            BadInput: `unknown_offer`, `unknown_college`, `own_college`, `bad_quantity`.
        """
        if quantity != 0:
            check_quantity(quantity)
        with self._session.writing(request_id) as writer:
            row = self._row(writer, which)
            there, _ = other_college(writer.connection, writer.college, to_college)
            seen = self._own(writer, row.offer)
            had = next((each.gets or 0 for each in seen.claims if each.college == there), 0)
            if quantity and not row.open:
                raise _closed(f"Offer {row.offer}", "is closed")
            if quantity > seen.left + had:
                raise _taken(seen, seen.left + had, quantity)
            writer.append(ClaimAnswered(offer=row.offer, to_college=there, quantity=quantity))
            return self._own(writer, row.offer)

    def claim(self, which: str, quantity: int = 1, *, request_id: str | None = None) -> ClaimLine:
        """Claim some of another college's offer. A later claim of it replaces an earlier one.

        Nothing is promised until that college answers. An offer that this store has not seen can be
        claimed too: it may be newer than ESP's last file.

        Args:
            which: the offer with its college, as in `fife:O12`.
            quantity: how many.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `offer_closed`, when it is closed or its last day is past; `offer_taken`, when
                fewer are left; `claimed_already`, for as many as are claimed already.
            BadInput: `bad_offer`, `unknown_college`, `own_college`, `bad_quantity`.
        """
        check_quantity(quantity)
        with self._session.writing(request_id) as writer:
            there, number = _reference(writer, which)
            key = f"{there}:{number}"
            before = _CLAIM(writer.connection, c=writer.college, k=key).one_or_none()
            done = writer.earlier_fact(OfferClaimed)
            type_name = done.type_name if done else None
            component, change = (done.component, done.change) if done else (None, None)
            if not writer.earlier:
                seen = self._seen(writer.connection, there, number, day_of(writer.at))
                if seen is not None:
                    type_name, component, change = seen.type, seen.component, seen.change
                    _may_be_claimed(seen, writer.college, quantity)
            if (
                before is not None
                and before.open
                and (before.quantity, before.change) == (quantity, change)
            ):
                raise Refused(
                    "claimed_already",
                    f"{quantity:,} of {key} are claimed already, on {uk(day_of(before.made_at))}.",
                    f"For another number: kitloan claim add {key} --quantity N; to take it back: "
                    f"kitloan claim withdraw {key}",
                    offer=key,
                    quantity=quantity,
                )
            writer.append(
                OfferClaimed(
                    claim=key,
                    from_college=there,
                    offer=number,
                    type_name=type_name,
                    quantity=quantity,
                    component=component,
                    change=change,
                )
            )
            return self._claimed(writer, key)

    def withdraw_claim(self, which: str, *, request_id: str | None = None) -> ClaimLine:
        """Take a claim back.

        Raises:
            Refused: `claim_closed`.
            BadInput: `bad_offer`, `unknown_claim`, `unknown_college`, `own_college`.
        """
        with self._session.writing(request_id) as writer:
            key = ":".join(_reference(writer, which))
            row = _CLAIM(writer.connection, c=writer.college, k=key).one_or_none()
            if row is None:
                raise BadInput(
                    "unknown_claim",
                    f"This college has not claimed {key}.",
                    "See its claims: kitloan offers",
                    offer=key,
                )
            if not row.open:
                raise Refused(
                    "claim_closed",
                    f"The claim of {key} was withdrawn already.",
                    f"To claim it again: kitloan claim add {key}",
                    offer=key,
                )
            writer.append(ClaimWithdrawn(claim=key))
            return self._claimed(writer, key)

    def list(
        self,
        type: str | None = None,  # noqa: A002
        *,
        closed_too: bool = False,
    ) -> OffersFound:
        """What colleges offer, claim and wait for, and which offers could meet which wants.

        ESP's store shows every college's; a college's own shows its own, and of the others what
        ESP's last file brought.

        Args:
            type: only of the kit type of this name.
            closed_too: those too that nobody can claim any more.
        """
        session, today = self._session, self._session.today
        with session.reading() as connection:
            if session.is_national:
                known = days_known(connection, session)
                offers, seen_on = offers_here(connection), None
            else:
                known = {session.college: today}
                offers, at = _own_and_others(connection, session.college)
                seen_on = day_of(at) if at else None
            lines = [
                _line(connection, each, known.get(each.college, seen_on or today), today)
                for each in offers
            ]
            claims = [] if session.is_national else _own_claims(connection, session.college, lines)
            wants = _wants(connection, None if session.is_national else session.college, today)
            places = Places(connection)
        wanted_key = type_key(clean(type, "The kit type")) if type else None
        kept = [each for each in lines if wanted_key in (None, type_key(each.type))]
        open_ = [each for each in kept if each.state == "open"]
        waited = [each for each in wants if wanted_key in (None, type_key(each.type))]
        return OffersFound(
            tuple(kept if closed_too else open_),
            tuple(claims),
            tuple(waited),
            tuple(_matches([each for each in open_ if each.terms != "parts"], waited, places)),
            seen_on,
            only_own_college=not session.is_national and seen_on is None,
        )

    def _row(self, writer: Writer, which: str) -> AnyRow:
        """The row of this college's own offer."""
        text = clean(which, "The offer")
        college, colon, number = text.rpartition(":")
        number = number.strip().upper()
        own = not colon or college.strip().casefold() == writer.college
        row = _OWN(writer.connection, c=writer.college, o=number).one_or_none() if own else None
        if row is None:
            raise BadInput(
                "unknown_offer",
                f"This college has made no offer {text!r}.",
                "See its offers: kitloan offers",
                offer=text[:60],
            )
        return row

    def _own(self, writer: Writer, number: str) -> OfferLine:
        """This college's own offer, with what is known here of claims."""
        offers, _ = _own_and_others(writer.connection, writer.college)
        mine = next(
            each for each in offers if (each.college, each.offer) == (writer.college, number)
        )
        today = day_of(writer.at)
        return _line(writer.connection, mine, today, today)

    def _seen(
        self, connection: Connection, college: str, number: str, today: date
    ) -> OfferLine | None:
        """Another college's offer, where its row or ESP's file shows it."""
        offers = [*offers_here(connection, college=college)]
        offers += offers_elsewhere(connection, self._session.college)[0]
        found = (each for each in offers if (each.college, each.offer) == (college, number))
        seen = next(found, None)
        return None if seen is None else _line(connection, seen, today, today)

    def _claimed(self, writer: Writer, key: str) -> ClaimLine:
        offers, _ = _own_and_others(writer.connection, writer.college)
        today = day_of(writer.at)
        lines = [_line(writer.connection, each, today, today) for each in offers]
        claims = _own_claims(writer.connection, writer.college, lines)
        return next(each for each in claims if each.offer == key)


def _terms(
    keep: bool,
    first: date | None,
    last: date | None,
    expires: date | None,
    today: date,
    *,
    earlier: bool,
) -> tuple[Terms, date]:
    """Whether it is to lend or to keep, and the last day on which it can be claimed."""
    if keep and (first or last):
        raise BadInput(
            "days_not_needed",
            "What is to keep has no collection and return day.",
            "Leave out --from and --until; for the last day to claim it, give --expires.",
        )
    if not keep and (first is None or last is None):
        raise BadInput(
            "days_needed",
            "To lend, the first and the last day are needed.",
            "Give --from and --until; or --keep, to give it away.",
        )
    if first is not None and last is not None and not earlier:
        check_dates(BookingRequest((), first, last), today)
    end = expires or today + timedelta(days=OFFER_DAYS)
    return ("keep" if keep else "lend"), _last_day(end, None if last is None else str(last), today)


def _last_day(expires: date, last: str | None, today: date) -> date:
    """The last day on which an offer can be claimed: not after the last one to lend it."""
    end = check_year(expires)
    if last is not None:
        end = min(end, date.fromisoformat(last))
    if end < today:
        raise BadInput(
            "in_the_past",
            f"{uk(end)} is in the past: today is {uk(today)}.",
            "Give a day from today on.",
        )
    return end


def _agreed(donor_agreement: str | None) -> str | None:
    return on_record(donor_agreement, "The donor's agreement") if donor_agreement else None


def _kits(writer: Writer, tags: Iterable[str]) -> list[AnyRow]:
    """The holdings that tags or asset numbers mean, each once."""
    return [held(writer, tag) for tag in dict.fromkeys(meant(writer, each) for each in tags)]


def _part(writer: Writer, component: str, kits: Sequence[AnyRow]) -> str:
    """The part that a person means, by the contents list of the kits that it comes out of."""
    if not kits:
        raise BadInput(
            "kits_needed",
            "The kits are not named that the parts come out of.",
            "Name them with --tag: their donor's terms hold for the parts too.",
        )
    parts = parts_of(writer.connection, writer.college, kits[0].tag)
    if not parts:
        raise BadInput(
            "no_contents_list",
            f"{kits[0].type_name} has no contents list, so its parts have no names.",
            "Add its list: kitloan types import FILE",
            type=kits[0].type_name,
        )
    return match(component, [part.name for part in parts])


def _may_be_spared(
    writer: Writer,
    part: str,
    many: int,
    kits: Sequence[AnyRow],
    agreed: str | None,
    *,
    changed: str | None = None,
) -> None:
    """Refuse spare parts that are a donor's, or that the kits do not have to give.

    Args:
        writer: the transaction.
        part: its name in the contents list.
        many: how many are offered.
        kits: the kits that they come out of.
        agreed: the donor's letter that agrees.
        changed: an offer whose own parts do not count as offered already.
    """
    if writer.earlier:
        return
    for row in kits:
        must_be_here(writer, row)
    _must_be_ours_to_give(writer, sum(row.quantity for row in kits), kits, agreed)
    there = sum(
        each.quantity - each.missing - each.broken
        for row in kits
        for each in parts_of(writer.connection, writer.college, row.tag)
        if each.name == part
    )
    chosen = {row.tag for row in kits}
    offered = sum(
        row.quantity
        for row in _PARTS_OFFERED(
            writer.connection, c=writer.college, p=part, today=day_of(writer.at).isoformat()
        )
        if row.offer != changed and chosen & set(row.kits.split(","))
    )
    if there - offered < many:
        raise Refused(
            "not_enough",
            f"{max(0, there - offered):,} of {part} are in the kits that are named"
            + (f", {offered:,} more being offered already." if offered else "."),
            "Offer fewer, or name more kits; see: kitloan offers",
            there=max(0, there - offered),
            offered=offered,
        )


def _may_be_changed(writer: Writer, row: AnyRow) -> None:
    """Refuse to change an offer that is closed, or of which some is promised."""
    if not row.open:
        raise _closed(f"Offer {row.offer}", "is closed")
    if row.accepted:
        raise Refused(
            "offer_accepted",
            f"{row.accepted:,} of offer {row.offer} are promised, so it stays as it is.",
            f"Make another offer: kitloan offer add; or take the promise back first: "
            f"kitloan offer decline {row.offer} --college COLLEGE",
            offer=f"{writer.college}:{row.offer}",
            accepted=row.accepted,
        )


def _must_change(
    row: AnyRow, now: tuple[int, str, Sequence[str], str | None, str | None], today: date
) -> None:
    """Refuse a change that changes nothing, or after which nobody could claim the offer."""
    many, end, kits, agreed, note = now
    before = (row.quantity, row.until, row.kits, row.donor_agreement, row.note)
    if (many, end, ",".join(kits), agreed, note) == before:
        raise Refused(
            "nothing_changes",
            f"Offer {row.offer} is like this already.",
            "See it: kitloan offers",
            offer=row.offer,
        )
    if end < today.isoformat():
        raise BadInput(
            "in_the_past",
            f"Offer {row.offer} ended on {uk(date.fromisoformat(end))}.",
            "Give a day from today on as well: --expires DATE",
        )


def _may_be_offered_now(
    writer: Writer, row: AnyRow, many: int, tags: Sequence[str], agreed: str | None
) -> None:
    """Refuse what the college does not have, as for a new offer, this one's own not counted."""
    kits = _kits(writer, tags)
    if row.component is not None:
        _may_be_spared(writer, row.component, many, kits, agreed, changed=row.offer)
        return
    first, last = (
        None if day is None else date.fromisoformat(day) for day in (row.first, row.last)
    )
    _may_be_offered(writer, row.kit_type, many, kits, first, last, agreed, changed=row.offer)


def what_is_offered(type_name: str, component: str | None) -> str:
    """What is offered, in words: a kit type, or a part of one."""
    return type_name if component is None else f"{component} ({type_name})"


def _what(
    writer: Writer,
    type_name: str | None,
    quantity: int | None,
    kits: Sequence[AnyRow],
    *,
    of_parts: bool = False,
) -> tuple[str, int]:
    """The kit type's id, and how many."""
    if len(kits) > MOST_KITS:
        raise BadInput(
            "bad_quantity", f"At most {MOST_KITS} kits go into one offer.", "Name fewer."
        )
    types = {row.kit_type for row in kits}
    if type_name:
        types.add(kit_type_id(writer.connection, writer.college, type_name))
    if not types:
        raise BadInput(
            "nothing_named", "Nothing was named to offer.", "Name a kit type, or kits with --tag."
        )
    if len(types) > 1:
        raise BadInput(
            "several_types",
            "An offer is of one kit type, and these are of several.",
            "Make an offer for each type.",
        )
    many = 0 if of_parts else sum(row.quantity for row in kits)
    if many and quantity not in (None, many):
        raise BadInput(
            "bad_quantity",
            f"{quantity} were to be offered, and the kits that are named are {many}.",
            "Leave out the number, or name as many kits.",
        )
    return types.pop(), many or check_quantity(1 if quantity is None else quantity)


def _may_be_offered(
    writer: Writer,
    key: str,
    many: int,
    kits: Sequence[AnyRow],
    first: date | None,
    last: date | None,
    agreed: str | None,
    *,
    changed: str = "",
) -> None:
    """Refuse what the college does not have to lend on these days, or to give away.

    What `changed`, an offer, has offered so far does not count.
    """
    connection, college = writer.connection, writer.college
    for row in kits:
        must_be_here(writer, row)
    name = type_names(connection, college)[key]
    if first is not None and last is not None:
        rules = rules_of(connection, college, day_of(writer.at))
        free = free_of(connection, college, rules, key, name, first, last)
        if free.free < many:
            raise Refused(
                "not_free",
                f"{free.free:,} of {name} are free from {uk(first)} to {uk(last)}, not {many:,}.",
                f"See why: kitloan free --type {name!r} --from {first} --until {last}",
                free=free.free,
                why=free.why,
            )
        return
    rows = usable_kits(connection, c=college, k=key).all()
    today = day_of(writer.at).isoformat()
    offered = _OFFERED(connection, c=college, k=key, today=today, o=changed).scalar() or 0
    there = sum(row.quantity for row in rows) - int(offered)
    if there < many:
        raise Refused(
            "not_enough",
            f"{max(0, there):,} of {name} are here to give away"
            + (f", {int(offered):,} being offered already." if offered else "."),
            "Offer fewer; see: kitloan offers",
            there=max(0, there),
            offered=int(offered),
        )
    _must_be_ours_to_give(writer, many, kits or [held(writer, row.tag) for row in rows], agreed)


def _must_be_ours_to_give(
    writer: Writer, many: int, kits: Sequence[AnyRow], agreed: str | None
) -> None:
    """Refuse to give away what is a donor's, unless enough others are the college's own."""
    ours, refusal = 0, None
    for row in kits:
        try:
            donor_agrees(writer, row, agreed)
            ours += row.quantity
        except Refused as problem:
            refusal = refusal or problem
    if refusal is not None and ours < many:
        refusal.hint = "Offer it with the letter or message that agrees: --donor-agreement."
        raise refusal


def _reference(writer: Writer, which: str) -> tuple[str, str]:
    """The college and the number of another college's offer, as in `fife:O12`."""
    wrong = BadInput(
        "bad_offer",
        f"{which[:60]!r} is not an offer of another college.",
        "Give the college and the offer as ESP lists them, as in: fife:O12",
        value=which[:60],
    )
    return number_there(writer.connection, writer.college, clean(which, "The offer"), "O", wrong)


def _may_be_claimed(seen: OfferLine, college: str, quantity: int) -> None:
    had = next((each.gets or 0 for each in seen.claims if each.college == college), 0)
    if seen.state in ("closed", "ended"):
        words = "is closed" if seen.state == "closed" else f"ended on {uk(seen.expires)}"
        raise _closed(f"Offer {seen.offer} of {seen.name}", words)
    if quantity > seen.left + had:
        raise _taken(seen, seen.left + had, quantity)


def _closed(what: str, words: str) -> Refused:
    return Refused("offer_closed", f"{what} {words}.", "See what is offered: kitloan offers")


def _taken(seen: OfferLine, left: int, quantity: int) -> KitloanError:
    return Refused(
        "offer_taken",
        f"{left:,} of {seen.what} are left of offer {seen.offer}, not {quantity:,}.",
        "Give a smaller number; see: kitloan offers",
        offer=seen.offer,
        left=left,
    )


def _own_and_others(connection: Connection, college: str) -> tuple[list[OfferSeen], str]:
    """A college's own offers, with the claims that ESP's file shows, and the others' from there."""
    seen, at = offers_elsewhere(connection, college)
    claims = {each.offer: each.claims for each in seen if each.college == college}
    gets = answers_of(connection, college)
    own = [
        each.model_copy(
            update={"claims": _joined(each.offer, each.claims, claims.get(each.offer, []), gets)}
        )
        for each in offers_here(connection, college=college)
    ]
    return [*own, *(each for each in seen if each.college != college)], at


def _joined(
    offer: str,
    here: Sequence[ClaimSeen],
    seen: Sequence[ClaimSeen],
    answers: Mapping[tuple[str, str], int],
) -> list[ClaimSeen]:
    """Claims that ESP's file shows, with the answers that are given here, also a no."""
    found = {
        each.college: each.model_copy(update={"gets": answers.get((offer, each.college))})
        for each in seen
    }
    for each in here:
        known = found.get(each.college)
        many = known.quantity if known is not None else each.quantity
        change = known.change if known is not None else each.change
        found[each.college] = ClaimSeen(
            college=each.college, quantity=many, gets=each.gets, change=change
        )
    return [found[key] for key in sorted(found)]


def _line(connection: Connection, seen: OfferSeen, as_of: date, today: date) -> OfferLine:
    which, left = f"{seen.college}:{seen.offer}", seen.quantity - seen.accepted
    expires = date.fromisoformat(seen.until)
    state: OfferState = "open"
    if not seen.open:
        state = "closed"
    elif expires < today:
        state = "ended"
    elif left <= 0:
        state = "taken"
    return OfferLine(
        college=seen.college,
        name=college_name(connection, seen.college),
        offer=which,
        type=seen.type,
        quantity=seen.quantity,
        left=max(0, left),
        terms=seen.terms,
        first=None if seen.first is None else date.fromisoformat(seen.first),
        last=None if seen.last is None else date.fromisoformat(seen.last),
        expires=expires,
        tags=tuple(seen.kits),
        state=state,
        claims=tuple(
            ClaimLine(
                each.college,
                college_name(connection, each.college),
                which,
                seen.type,
                each.quantity,
                each.gets,
                _state(each.gets),
                seen.component,
                each.change != seen.change,
            )
            for each in seen.claims
        ),
        as_of=as_of,
        days_old=max(0, (today - as_of).days),
        component=seen.component,
        note=seen.note,
        change=seen.change,
    )


def _state(gets: int | None, *, open_: bool = True) -> ClaimState:
    if not open_:
        return "withdrawn"
    if gets is None:
        return "waiting"
    return "accepted" if gets else "declined"


def _own_claims(
    connection: Connection, college: str, offers: Sequence[OfferLine]
) -> list[ClaimLine]:
    """What a college claims itself, the latest first, with the answers that ESP's file shows."""
    gets = {
        each.offer: each.gets for line in offers for each in line.claims if each.college == college
    }
    name = college_name(connection, college)
    changes = {line.offer: line.change for line in offers}
    return [
        ClaimLine(
            college,
            name,
            row._mapping["claim"],
            row.type_name,
            row.quantity,
            gets.get(row._mapping["claim"]),
            _state(gets.get(row._mapping["claim"]), open_=bool(row.open)),
            row.component,
            changes.get(row._mapping["claim"], row.change) != row.change,
        )
        for row in connection.execute(
            select(claim)
            .where(claim.c.college == college)
            .order_by(claim.c.made_at.desc(), claim.c.claim)
        )
    ]


def _wants(connection: Connection, college: str | None, today: date) -> list[WantLine]:
    """Who waits at a college, or at all of them; what ends first comes first."""
    rows = connection.execute(
        select(want, kit_type.c.name.label("type_name"), organisation.c.name.label("to"))
        .join(
            kit_type,
            (kit_type.c.college == want.c.college) & (kit_type.c.kit_type == want.c.kit_type),
        )
        .join(
            organisation,
            (organisation.c.college == want.c.college)
            & (organisation.c.organisation == want.c.organisation),
        )
        .where(
            want.c.open,
            want.c.latest >= today.isoformat(),
            *([] if college is None else [want.c.college == college]),
        )
        .order_by(want.c.latest, want.c.college, want.c.made_seq)
    )
    return [
        WantLine(
            college=row._mapping["college"],
            name=college_name(connection, row._mapping["college"]),
            want=f"{row._mapping['college']}:{row._mapping['want']}",
            to=row.to,
            type=row.type_name,
            quantity=row.quantity,
            earliest=date.fromisoformat(row.earliest),
            latest=date.fromisoformat(row.latest),
            days=row.days,
        )
        for row in rows
    ]


def _matches(
    offers: Sequence[OfferLine], wants: Sequence[WantLine], places: Places
) -> Iterable[Match]:
    """Of each kit type, the offers that meet the most wants with the fewest kit-kilometres."""
    by_type: Mapping[str, tuple[list[OfferLine], list[WantLine]]] = defaultdict(lambda: ([], []))
    for each in sorted(offers, key=lambda line: (line.expires, line.offer)):
        by_type[type_key(each.type)][0].append(each)
    for wanted in wants:
        by_type[type_key(wanted.type)][1].append(wanted)
    for key in sorted(by_type):
        has, needs = by_type[key]
        has, needs = has[:_MOST_MATCHED], needs[:_MOST_MATCHED]
        away = {
            (one.college, other.college): places.km_between(one.college, other.college)
            for one in has
            for other in needs
        }
        costs = [[_cost(one, other, away) for other in needs] for one in has]
        moves = cheapest_moves(
            [each.left for each in has], [each.quantity for each in needs], costs
        )
        for one, row in zip(has, moves, strict=True):
            for other, many in zip(needs, row, strict=True):
                if many:
                    km, sea = away[one.college, other.college]
                    yield Match(one.offer, other.want, one.type, many, km, sea)


def _cost(
    one: OfferLine, other: WantLine, away: Mapping[tuple[str, str], tuple[int | None, bool | None]]
) -> int | None:
    """Kilometres from an offer to a want; None where its days are others, or it is the same
    college's, whose own waiting list serves it."""
    if one.college == other.college:
        return None
    if one.first is not None and one.last is not None:
        begin, end = max(one.first, other.earliest), min(one.last, other.latest)
        if (end - begin).days < other.days:
            return None
    km, _ = away[one.college, other.college]
    return _FAR if km is None else km
