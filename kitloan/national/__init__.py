"""ESP's own ledger: gifts as they come, the colleges that get them, and challenges to colleges.

What stands here travels to the colleges with ESP's ledger, and is measured against theirs by the
audit. None of these verbs writes anything of a college.
"""

from collections.abc import Sequence
from datetime import date

from kitloan.errors import Refused
from kitloan.ledger.facts.gifts import AllocationMade, GiftDelivered, ProgrammeDefined
from kitloan.ledger.session import Session, check_quantity
from kitloan.national.challenges import Asked, Challenge, challenges, set_challenge
from kitloan.national.gifts import (
    Allocated,
    GiftLine,
    GiftTermsAgreed,
    agree,
    day_on_record,
    every_gift,
    gift_line,
    gift_spelt,
    must_be_left,
    new_allocation,
    programme_spelt,
    the_college,
    the_gift,
)
from kitloan.text.dates import instant
from kitloan.text.names import clean


class National:
    """The verbs of ESP, for one person; in a college's store they are refused (`not_national`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def define_programme(
        self,
        programme: str,
        name: str,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Say what a programme is called; said again, the new name counts.

        Raises:
            BadInput: `bad_text`.
        """
        self._must_be_national()
        key, called = clean(programme, "The programme's id", 60), clean(name, "The programme")
        with self._session.writing(id) as writer:
            known = programme_spelt(writer.connection, key)
            writer.append(ProgrammeDefined(programme=known or key, name=called))

    def agree_gift(
        self,
        gift: str,
        terms: GiftTermsAgreed,
        *,
        id: str | None = None,  # noqa: A002
    ) -> GiftLine:
        """Put on record what a donor promised; said again, the new terms count.

        Raises:
            BadInput: `unknown_programme`, or a text or quantity that cannot be used.
            Refused: `more_allocated`, when colleges are to have more than would be promised.
        """
        self._must_be_national()
        key = clean(gift, "The gift's id", 60)
        with self._session.writing(id) as writer:
            key = gift_spelt(writer.connection, key) or key
            agree(writer, key, terms)
            return gift_line(writer.connection, key)

    def deliver(
        self,
        gift: str,
        quantity: int,
        on: date | None = None,
        *,
        id: str | None = None,  # noqa: A002
    ) -> GiftLine:
        """Put on record that some of a gift came.

        Args:
            gift: its id.
            quantity: how many came; more than was promised is no error.
            on: the day; None is today.
            id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_gift`, `bad_quantity`, `in_the_future`.
        """
        self._must_be_national()
        many = check_quantity(quantity)
        with self._session.writing(id) as writer:
            row = the_gift(writer.connection, gift)
            writer.append(
                GiftDelivered(
                    gift=row.gift,
                    delivery=writer.request,
                    quantity=many,
                    received_on=day_on_record(writer, on),
                )
            )
            return gift_line(writer.connection, row.gift)

    def allocate(
        self,
        gift: str,
        college: str,
        quantity: int,
        on: date | None = None,
        *,
        allocation: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> Allocated:
        """Put on record how many of a gift a college is to have.

        Args:
            gift: its id.
            college: an id, name or former name.
            quantity: how many.
            on: the day; None is today.
            allocation: the id of an allocation that this one takes the place of, or of a new one;
                None makes one.
            id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_gift`, `unknown_college`, `bad_quantity`, `in_the_future`.
            Refused: `more_than_promised`, with what is left.
        """
        self._must_be_national()
        many = check_quantity(quantity)
        named = clean(allocation, "The allocation's id", 60) if allocation else None
        with self._session.writing(id) as writer:
            row = the_gift(writer.connection, gift)
            to = the_college(writer.connection, college)
            key = named or new_allocation(writer.connection)
            must_be_left(writer.connection, row, key, many)
            fact = AllocationMade(
                allocation=key,
                gift=row.gift,
                college=to,
                quantity=many,
                allocated_on=day_on_record(writer, on),
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
        id: str | None = None,  # noqa: A002
    ) -> Asked:
        """Ask a college to show some of its holdings, with a code that nobody knew before.

        It reaches the college with ESP's ledger, and is answered by a stocktake that names it.

        Args:
            college: an id, name or former name.
            sample: draw so many at random, of what the college holds as far as is known here.
            tags: or ask for these.
            answer_by: the last day for the answer.
            id: the request's id; None makes one.

        Raises:
            BadInput: `what_to_show`, unless one of `sample` and `tags` is given; `unknown_tag`,
                `unknown_college`, `bad_quantity`, `too_many`, `due_in_the_past`.
            Refused: `nothing_expected`, when nothing that the college holds is known here.
        """
        self._must_be_national()
        with self._session.writing(id) as writer:
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
