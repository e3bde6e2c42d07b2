"""The desk: what happens at a counter.

Every verb is one transaction, refuses with the facts, can be undone, and can be said twice: give
it an `id`, and saying it again after a crash answers what the first saying did, whatever happened
since. An `id` that was given to other words is refused with `id_reused`, here and everywhere.
"""

from collections.abc import Sequence
from datetime import date

from kitloan import lending, returning, undo
from kitloan.answers import ShortageLine
from kitloan.contents import Count, Part
from kitloan.lending import Lent, Terms
from kitloan.resolve import resolve
from kitloan.returning import Returned
from kitloan.session import Session
from kitloan.undo import Undone


class Desk:
    """The verbs of the counter, for one person in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check_out(
        self,
        tags: Sequence[str],
        to: str,
        *,
        contact: str | None = None,
        due_on: date | None = None,
        quantity: int | None = None,
        purpose: str | None = None,
        override: str | None = None,
        id: str | None = None,  # noqa: A002  # the word of the contract
    ) -> list[Lent]:
        """Lend holdings to an organisation: all of them, or none.

        Args:
            tags: tags or asset numbers, or a single one; one named twice counts once.
            to: the organisation; taken in when it is new.
            contact: the person who takes them, kept apart from the ledger.
            due_on: when they are due; 14 days from today when None.
            quantity: how many of each, for loose stock; 1 when None.
            purpose: what for, in free words, kept apart from the ledger.
            override: why a kit is lent although a critical component is short; goes on record.
            id: the request's id; None makes one.

        Raises:
            Refused: `on_loan`, `not_enough`, `uncounted`, `incomplete`, `withdrawn`, `missing`,
                `in_transit`.
            BadInput: an unknown tag, a due date in the past, a quantity that cannot be.
        """
        today = self._session.today
        terms = Terms(due_on, quantity, purpose, override)
        with self._session.writing(id) as writer:
            return lending.check_out(writer, today, _several(tags), to, contact, terms)

    def check_in(
        self,
        tags: Sequence[str],
        count: Count | None = None,
        *,
        quantity: int | None = None,
        note: str | None = None,
        from_: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> list[Returned]:
        """Take holdings back: all of them, or none.

        Args:
            tags: tags or asset numbers, or a single one.
            count: what the count of the contents found; None when nobody has counted, which
                leaves a kit that has a contents list `uncounted`.
            quantity: how many came back, for loose stock; everything that is out when None.
            note: free words, kept apart from the ledger.
            from_: whose loan, where several borrowers have some of a stock.
            id: the request's id; None makes one.

        Raises:
            Refused: `not_out`, `which_loan`, `more_than_out`.
            BadInput: an unknown tag or component, a count that cannot be.
        """
        with self._session.writing(id) as writer:
            return returning.check_in(
                writer, _several(tags), count, quantity=quantity, note=note, from_=from_
            )

    def renew(
        self,
        tag: str,
        due_on: date,
        *,
        from_: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> tuple[str, str, date]:
        """Make a loan due on another day; gives the loan's id, its borrower and the day.

        Raises:
            Refused: `not_out`, `which_loan`.
            BadInput: an unknown tag, a date in the past.
        """
        return self.renew_together([(tag, due_on, from_)], id=id)[0]

    def renew_together(
        self,
        loans: Sequence[tuple[str, date, str | None]],
        *,
        id: str | None = None,  # noqa: A002
    ) -> list[tuple[str, str, date]]:
        """Renew several loans in one go, all or none; one undo takes them back.

        Args:
            loans: of each the tag, the new day, and whose loan it is, or None; as for `renew`.
            id: the request's id; None makes one.

        Raises as `renew`.
        """
        with self._session.writing(id) as writer:
            return [
                lending.renew(writer, self._session.today, tag, due_on, from_)
                for tag, due_on, from_ in loans
            ]

    def count(
        self,
        tag: str,
        count: Count,
        *,
        id: str | None = None,  # noqa: A002
    ) -> tuple[str, tuple[ShortageLine, ...]]:
        """Count a kit that is here; gives its tag and everything that is short now.

        Raises:
            Refused: `on_loan`, `withdrawn`, `missing`, `in_transit`.
            BadInput: an unknown tag or component, a count that cannot be.
        """
        with self._session.writing(id) as writer:
            return returning.count(writer, tag, count)

    def restock(
        self,
        tag: str,
        component: str,
        quantity: int,
        *,
        id: str | None = None,  # noqa: A002
    ) -> tuple[str, tuple[ShortageLine, ...]]:
        """Make a shortage good; gives the tag and what is still short. Missing ones count first.

        Raises:
            Refused: `nothing_short`, `more_than_short`.
            BadInput: an unknown tag or component.
        """
        with self._session.writing(id) as writer:
            return returning.restock(writer, tag, component, quantity)

    def undo(self, *, id: str | None = None) -> Undone:  # noqa: A002
        """Reverse this person's latest desk action that is not yet undone, whole.

        Raises:
            Refused: `nothing_to_undo`, or `built_upon` when somebody has done more since.
        """
        with self._session.writing(id) as writer:
            return undo.undo(writer)

    def would_undo(self) -> Undone | None:
        """What `undo` would reverse now; None when there is nothing left of this person's."""
        with self._session.reading() as connection:
            return undo.would_undo(connection, self._session.college, self._session.actor)

    def contents(self, tag: str) -> list[Part]:
        """The contents list to count a kit against, with what is known to be short.

        Empty for a holding that has none, and for loose stock.
        """
        with self._session.reading() as connection:
            college, found = resolve(connection, self._session.college, tag)
            return returning.parts_of(connection, college, found)


def _several(tags: Sequence[str]) -> Sequence[str]:
    """A single tag is a text, and a text a sequence of its letters: it is meant as the one."""
    return [tags] if isinstance(tags, str) else tags
