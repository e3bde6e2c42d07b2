"""ESP's own ledger: gifts as they come, the colleges that get them, and challenges to colleges.

What is recorded here travels to the colleges with ESP's ledger, and the audit measures it against
theirs. None of these verbs writes anything of a college.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from kitloan.errors import Refused
from kitloan.ledger.facts.gifts import (
    AllocationMade,
    CollegeMerged,
    DeliveryCorrected,
    DonorAliased,
    FindingAccepted,
    GiftDelivered,
    ProgrammeDefined,
)
from kitloan.ledger.session import Session, check_quantity
from kitloan.national.challenges import Challenge, SetChallenge, challenges, set_challenge
from kitloan.national.gifts import (
    TERMS,
    Allocated,
    GiftLine,
    GiftTermsAgreed,
    agree,
    day_on_record,
    day_since_agreed,
    every_gift,
    gift_line,
    gift_spelt,
    must_be_left,
    must_not_be_over,
    new_allocation,
    programme_spelt,
    terms_of,
    the_college,
    the_gift,
)
from kitloan.text.dates import instant
from kitloan.text.fields import LONGEST_REMARK
from kitloan.text.names import clean
from kitloan.text.personal import on_record


class National:
    """The verbs of ESP, for one person; in a college's store they are refused (`not_national`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def define_programme(
        self,
        programme: str,
        name: str,
        *,
        request_id: str | None = None,
    ) -> None:
        """Record a programme's name. Recorded again, the new name counts.

        Raises:
            BadInput: `bad_text`.
        """
        self._must_be_national()
        key, called = (
            on_record(programme, "The programme's id", 60),
            on_record(name, "The programme"),
        )
        with self._session.writing(request_id) as writer:
            known = programme_spelt(writer.connection, key)
            writer.append(ProgrammeDefined(programme=known or key, name=called))

    def agree_gift(
        self,
        gift: str,
        terms: GiftTermsAgreed,
        *,
        request_id: str | None = None,
    ) -> GiftLine:
        """Put on record what a donor promised. Recorded again, the new terms count.

        Raises:
            BadInput: `unknown_programme`, `in_future`, or a text or quantity that cannot be used.
            Refused: `more_allocated`, when colleges are to have more than would be promised;
                `agreed_later`, when some of it came or was allocated before its day.
        """
        self._must_be_national()
        key = on_record(gift, "The gift's id", 60)
        with self._session.writing(request_id) as writer:
            key = gift_spelt(writer.connection, key) or key
            agree(writer, key, terms)
            return gift_line(writer.connection, key)

    def change_gift(
        self,
        gift: str,
        *,
        request_id: str | None = None,
        **terms: Any,
    ) -> tuple[GiftLine, dict[str, tuple[Any, Any]]]:
        """Change some terms of a gift; the others stay.

        Args:
            gift: its id.
            request_id: the request's id; None makes one.
            terms: new terms by name, as `GiftTermsAgreed` has them; None leaves one as it is.

        Returns:
            The gift, and what changed: by term, from what to what.

        Raises:
            BadInput: `unknown_gift`, `unknown_programme`, `in_future`, or a text or quantity that
                cannot be used.
            Refused: `more_allocated`, `agreed_later`.
        """
        self._must_be_national()
        with self._session.writing(request_id) as writer:
            row = the_gift(writer.connection, gift)
            before = terms_of(writer.connection, row.gift)
            named = {name: value for name, value in terms.items() if value is not None}
            agree(writer, row.gift, replace(before, **named))
            after = terms_of(writer.connection, row.gift)
            changed = {
                name: (getattr(before, name), getattr(after, name))
                for name in TERMS
                if getattr(before, name) != getattr(after, name)
            }
            return gift_line(writer.connection, row.gift), changed

    def has_gift(self, gift: str) -> bool:
        """Whether ESP has agreed a gift of this id."""
        with self._session.reading() as connection:
            return gift_spelt(connection, clean(gift, "The gift's id", 60)) is not None

    def deliver(
        self,
        gift: str,
        quantity: int,
        on: date | None = None,
        *,
        reason: str | None = None,
        request_id: str | None = None,
    ) -> GiftLine:
        """Put on record that some of a gift came.

        Args:
            gift: its id.
            quantity: how many came.
            on: the day; None is today.
            reason: why more came than was promised; needed then.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_gift`, `bad_quantity`, `in_future`.
            Refused: `over_promised`, when more came than was promised, and no reason is given;
                `before_agreed`, for a day before the one named as that of the agreement.
        """
        self._must_be_national()
        many = check_quantity(quantity)
        why = on_record(reason, "The reason") if reason else None
        with self._session.writing(request_id) as writer:
            row = the_gift(writer.connection, gift)
            came = gift_line(writer.connection, row.gift).delivered
            must_not_be_over(row, came, many, why)
            writer.append(
                GiftDelivered(
                    gift=row.gift,
                    delivery=writer.request,
                    quantity=many,
                    received_on=day_since_agreed(writer, row, on),
                    reason=why,
                )
            )
            return gift_line(writer.connection, row.gift)

    def correct_delivery(
        self,
        gift: str,
        quantity: int,
        on: date | None = None,
        *,
        reason: str | None = None,
        request_id: str | None = None,
    ) -> GiftLine:
        """Put on record how many of a gift came in all, in place of all that was recorded.

        Args:
            gift: its id.
            quantity: how many came in all; none, when nothing did.
            on: the day of the last delivery; None is today.
            reason: why; needed when more came than was promised.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_gift`, `bad_quantity`, `in_future`.
            Refused: `over_promised`, when more came than was promised, and no reason is given;
                `before_agreed`, for a day before the one named as that of the agreement.
        """
        self._must_be_national()
        many = check_quantity(quantity) if quantity else 0
        why = on_record(reason, "The reason") if reason else None
        with self._session.writing(request_id) as writer:
            row = the_gift(writer.connection, gift)
            must_not_be_over(row, 0, many, why)
            writer.append(
                DeliveryCorrected(
                    gift=row.gift,
                    delivery=writer.request,
                    quantity=many,
                    received_on=day_since_agreed(writer, row, on),
                    reason=why,
                )
            )
            return gift_line(writer.connection, row.gift)

    def name_donor(self, name: str, donor: str, *, request_id: str | None = None) -> None:
        """Put on record that two names are one donor's: `donor` is the one that counts.

        Given twice the same name, that name counts for itself again.

        Raises:
            BadInput: `bad_text`.
        """
        self._must_be_national()
        other, counts = on_record(name, "The name"), on_record(donor, "The donor")
        with self._session.writing(request_id) as writer:
            writer.append(DonorAliased(name=other, donor=counts))

    def merge_college(
        self,
        college: str,
        into: str,
        on: date | None = None,
        *,
        request_id: str | None = None,
    ) -> tuple[str, str]:
        """Put on record that a college became part of another: it is asked for no file any more.

        Given twice the same college, it is one of its own again.

        Raises:
            BadInput: `unknown_college`, `in_future`.
        """
        self._must_be_national()
        with self._session.writing(request_id) as writer:
            gone = the_college(writer.connection, college)
            to = the_college(writer.connection, into)
            day = day_on_record(writer, on)
            writer.append(CollegeMerged(college=gone, into=to, on=day))
        return gone, to

    def accept_finding(
        self,
        code: str,
        college: str | None,
        tag: str | None,
        facts: str,
        note: str | None,
        *,
        request_id: str | None = None,
    ) -> None:
        """Put on record that a finding is accepted as it is, with a note that names no person.

        Args:
            code: the finding's.
            college: whose it is, if it is a college's.
            tag: the holding that it is about, if it is about one.
            facts: what was found, as `Finding.facts` has it; the acceptance ends when they change.
            note: why; None takes an acceptance back.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `bad_text`.
        """
        self._must_be_national()
        why = on_record(note, "The note") if note else None
        with self._session.writing(request_id) as writer:
            writer.append(
                FindingAccepted(
                    code=code,
                    college=college or None,
                    about=tag or None,
                    facts=clean(facts, "The finding", LONGEST_REMARK),
                    note=why,
                )
            )

    def allocate(
        self,
        gift: str,
        college: str,
        quantity: int,
        on: date | None = None,
        *,
        allocation: str | None = None,
        request_id: str | None = None,
    ) -> Allocated:
        """Put on record how many of a gift a college is to have.

        Args:
            gift: its id.
            college: an id, name or former name.
            quantity: how many.
            on: the day; None is today.
            allocation: the id of an allocation that this one takes the place of, or of a new one;
                None makes one.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_gift`, `unknown_college`, `bad_quantity`, `in_future`.
            Refused: `more_than_promised`, with what is left; `before_agreed`, for a day before the
                one named as that of the agreement.
        """
        self._must_be_national()
        many = check_quantity(quantity)
        named = on_record(allocation, "The allocation's id", 60) if allocation else None
        with self._session.writing(request_id) as writer:
            row = the_gift(writer.connection, gift)
            to = the_college(writer.connection, college)
            key = named or new_allocation(writer.connection)
            must_be_left(writer.connection, row, key, many)
            fact = AllocationMade(
                allocation=key,
                gift=row.gift,
                college=to,
                quantity=many,
                allocated_on=day_since_agreed(writer, row, on),
            )
            writer.append(fact)
        day = date.fromisoformat(fact.allocated_on)
        return Allocated(fact.allocation, fact.gift, to, many, day)

    def gifts(self) -> tuple[GiftLine, ...]:
        """Every gift, by its id."""
        self._must_be_national()
        with self._session.reading() as connection:
            return every_gift(connection)

    def challenge(
        self,
        college: str,
        *,
        sample: int | None = None,
        tags: Sequence[str] | None = None,
        answer_by: date,
        request_id: str | None = None,
    ) -> SetChallenge:
        """Ask a college to show some of its holdings, with a code that nobody knew before.

        It reaches the college with ESP's ledger, and is answered by a stocktake that names it.

        Args:
            college: an id, name or former name.
            sample: draw so many at random, of what the college holds as far as is known here.
            tags: or ask for these.
            answer_by: the last day for the answer.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `what_to_show`, unless one of `sample` and `tags` is given; `unknown_tag`,
                `unknown_college`, `bad_quantity`, `too_many`, `due_in_the_past`.
            Refused: `nothing_expected`, when nothing that the college holds is known here.
        """
        self._must_be_national()
        with self._session.writing(request_id) as writer:
            to = the_college(writer.connection, college)
            return set_challenge(writer, to, sample, tags, answer_by)

    def challenges(self) -> tuple[Challenge, ...]:
        """Every challenge and how it was answered, the newest first.

        In a college's store: those to this college, as far as ESP's ledger is here.
        """
        now = instant(self._session.clock())
        with self._session.reading() as connection:
            return tuple(challenges(connection, self._session.college, now))

    def _must_be_national(self) -> None:
        if not self._session.is_national:
            raise Refused(
                "not_national",
                f"This is the store of {self._session.college!r}; gifts to all of Scotland and "
                "challenges are on record in ESP's.",
                "Make a national store with: kitloan --store FILE init esp",
            )
