"""Loans: the verbs of the counter. What each must hold to is in the modules beside this one."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from kitloan.contents import Count, Part
from kitloan.ledger.session import Session
from kitloan.loans.checkouts import Lent, Terms, check_out, pack, renew
from kitloan.loans.counts import count_contents, parts_of, restock
from kitloan.loans.returns import Returned, check_in, unpack
from kitloan.queries.resolve import resolve
from kitloan.values import ShortageLine

if TYPE_CHECKING:
    from kitloan.loans.corrections import Corrected  # loaded by the first correction


class Loans:
    """The verbs of the counter, for one person in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check_out(
        self,
        tags: Sequence[str],
        to: str | None = None,
        *,
        contact: str | None = None,
        due_on: date | None = None,
        on: date | None = None,
        quantity: int | None = None,
        purpose: str | None = None,
        override: str | None = None,
        new_too: bool = True,
        booking: str | None = None,
        request_id: str | None = None,
    ) -> list[Lent]:
        """Lend holdings to an organisation: all of them, or none.

        Args:
            tags: tags or asset numbers, or a single one; one named twice counts once.
            to: the organisation; taken in when it is new. With a booking, for whom that is when
                None.
            contact: the person who takes them, kept apart from the ledger.
            due_on: when they are due; a closed day becomes the next open one. When None, as many
                days after they went as the policy `loan_days` has, 14 when it is not set, or the
                latest day that keeps every booking.
            on: the day they went, when that was an earlier one than today.
            quantity: how many of each, for loose stock; 1 when None.
            purpose: what for, in free words, kept apart from the ledger.
            override: why it is lent although a critical component is short, an inspection is due,
                the organisation is blocked or has as many as it may, or a booking needs it; goes on
                record, so it names nobody.
            booking: the id of the booking against which they go.
            new_too: whether an organisation that is spelt nearly like a known one, or is the
                beginning of one, may be taken in as a new one.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `on_loan`, `not_enough`, `uncounted`, `incomplete`, `withdrawn`, `missing`,
                `in_transit`, `out_of_use`, `inspection_failed`, `inspection_due`, `blocked`,
                `limit`;
                `list_changed`, when the contents list got a critical part after the latest count;
                `nearly_known`; of an earlier day `before_received` or `dates_overlap`; `not_free`,
                when a booking needs it; of a booking `booking_over`, `not_in_booking`,
                `another_borrower`.
            BadInput: an unknown tag or booking, a due date in the past, a quantity that cannot be,
                `in_future`.
        """
        terms = Terms(due_on, on, quantity, purpose, override, new_too, booking)
        with self._session.writing(request_id) as writer:
            return check_out(writer, _several(tags), to, contact, terms)

    def pack(
        self,
        event: str,
        tags: Sequence[str],
        *,
        override: str | None = None,
        request_id: str | None = None,
    ) -> list[Lent]:
        """Tick kits out for an event: hand each out on the booking that it is for; all, or none.

        A chosen kit goes out on the booking that chose it. Of loose stock, as many go as the
        booking waits for, or as there are.

        Args:
            event: the event's id.
            tags: tags or asset numbers, or a single one.
            override: as for `check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_in_event`, when no booking of it waits for such a kit; as `check_out`.
            BadInput: `unknown_event`, `nothing_named`; as `check_out`.
        """
        with self._session.writing(request_id) as writer:
            return pack(writer, event, _several(tags), override)

    def unpack(
        self,
        event: str,
        tags: Sequence[str],
        count: Count | None = None,
        *,
        request_id: str | None = None,
    ) -> list[Returned]:
        """Tick kits in: take each back that went out for an event; all, or none.

        Args:
            event: the event's id.
            tags: tags or asset numbers, or a single one.
            count: as for `check_in`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_in_event`, for what is not out for it; as `check_in`.
            BadInput: `unknown_event`, `nothing_named`; as `check_in`.
        """
        with self._session.writing(request_id) as writer:
            return unpack(writer, event, _several(tags), count)

    def check_in(
        self,
        tags: Sequence[str],
        count: Count | None = None,
        *,
        quantity: int | None = None,
        note: str | None = None,
        from_: str | None = None,
        on: date | None = None,
        used: int = 0,
        lost: int = 0,
        request_id: str | None = None,
    ) -> list[Returned]:
        """Take holdings back: all of them, or none.

        Args:
            tags: tags or asset numbers, or a single one.
            count: what the count of the contents found; None when nobody has counted, which
                leaves a kit that has a contents list `uncounted`.
            quantity: how many came back, for loose stock; everything that is out when None.
            note: free words, kept apart from the ledger.
            from_: whose loan, where several borrowers have some of a stock.
            on: the day they came back, when that was an earlier one than today.
            used: how many of a stock the borrower used up; with `lost`, how many fewer are held.
                Then only what `quantity` gives is back, and the rest stays on loan.
            lost: how many of a stock the borrower lost.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_out`, `which_loan`, `more_than_out`, `nothing_left`; of an earlier day
                `before_received` or `dates_overlap`.
            BadInput: an unknown tag or component, a count that cannot be, `in_future`.
        """
        with self._session.writing(request_id) as writer:
            return check_in(
                writer,
                _several(tags),
                count,
                quantity=quantity,
                note=note,
                from_=from_,
                on=on,
                used=used,
                lost=lost,
            )

    def correct(
        self,
        tag: str,
        *,
        to: str | None = None,
        contact: str | None = None,
        due_on: date | None = None,
        on: date | None = None,
        quantity: int | None = None,
        from_: str | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> "Corrected":
        """Correct the facts of an open loan, without a return; both are in its history.

        Args:
            tag: the holding that is on loan.
            to: whom it went to.
            contact: the person, kept apart from the ledger.
            due_on: when it is due.
            on: the day it went.
            quantity: how many went, of loose stock, what is back of them included.
            from_: whose loan, where several borrowers have some of a stock.
            new_too: as for `check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_out`, `which_loan`, `nearly_known`, `not_enough`, `more_back`,
                `before_received`, `dates_overlap`.
            BadInput: an unknown tag, nothing to correct, `in_future`, `bad_quantity`.
        """
        from kitloan.loans.corrections import Correction, correct

        wrong = Correction(to, contact, due_on, on, quantity, new_too)
        with self._session.writing(request_id) as writer:
            return correct(writer, tag, wrong, from_)

    def pass_on(
        self,
        tag: str,
        to: str,
        *,
        contact: str | None = None,
        due_on: date | None = None,
        quantity: int | None = None,
        from_: str | None = None,
        on: date | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> "Corrected":
        """Put on record that a borrower handed a loan straight on to another. Nobody counted it.

        Args:
            tag: the holding that is on loan.
            to: who has it now.
            contact: the person who has it now, kept apart from the ledger.
            due_on: when it is due; as before when None.
            quantity: how many, of loose stock; all of the loan when None.
            from_: whose loan, where several borrowers have some of a stock.
            on: the day, when that was an earlier one than today.
            new_too: as for `check_out`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_out`, `which_loan`, `more_than_out`, `nearly_known`, `dates_overlap`.
            BadInput: an unknown tag, `same_borrower`, `in_future`.
        """
        from kitloan.loans.corrections import pass_on

        with self._session.writing(request_id) as writer:
            return pass_on(
                writer,
                tag,
                to,
                contact=contact,
                due_on=due_on,
                quantity=quantity,
                from_=from_,
                on=on,
                new_too=new_too,
            )

    def renew(
        self,
        tag: str,
        due_on: date,
        *,
        from_: str | None = None,
        override: str | None = None,
        request_id: str | None = None,
    ) -> tuple[str, str, date]:
        """Make a loan due on another day; gives the loan's id, its borrower and the day.

        A closed day becomes the next open one. `override` is why it is renewed although a booking
        needs it.

        Raises:
            Refused: `not_out`, `which_loan`; `not_free`, when a booking needs it.
            BadInput: an unknown tag, a date in the past.
        """
        return self.renew_together(
            [(tag, due_on, from_)], override=override, request_id=request_id
        )[0]

    def renew_together(
        self,
        loans: Sequence[tuple[str, date, str | None]],
        *,
        override: str | None = None,
        request_id: str | None = None,
    ) -> list[tuple[str, str, date]]:
        """Renew several loans in one go, all or none; one undo takes them back.

        Args:
            loans: of each the tag, the new day, and whose loan it is, or None; as for `renew`.
            override: as for `renew`.
            request_id: the request's id; None makes one.

        Raises as `renew`.
        """
        with self._session.writing(request_id) as writer:
            return [
                renew(writer, self._session.today, tag, due_on, from_, override)
                for tag, due_on, from_ in loans
            ]

    def count(
        self,
        tag: str,
        count: Count,
        *,
        on: date | None = None,
        request_id: str | None = None,
    ) -> tuple[str, tuple[ShortageLine, ...]]:
        """Count a kit that is here; gives its tag and everything that is short now.

        Args:
            tag: a tag or asset number.
            count: what was found.
            on: the day it was counted, when that was an earlier one than today.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `on_loan`, `withdrawn`, `missing`, `in_transit`; of an earlier day
                `before_received` or `dates_overlap`.
            BadInput: an unknown tag or component, a count that cannot be, `in_future`.
        """
        with self._session.writing(request_id) as writer:
            return count_contents(writer, tag, count, on)

    def restock(
        self,
        tag: str,
        component: str,
        quantity: int,
        *,
        request_id: str | None = None,
    ) -> tuple[str, tuple[ShortageLine, ...]]:
        """Make a shortage good; gives the tag and what is still short. Missing ones count first.

        Raises:
            Refused: `nothing_short`, `more_than_short`.
            BadInput: an unknown tag or component.
        """
        with self._session.writing(request_id) as writer:
            return restock(writer, tag, component, quantity)

    def contents(self, tag: str) -> list[Part]:
        """The contents list to count a kit against, with what is known to be short.

        Empty for a holding that has none, and for loose stock.
        """
        with self._session.reading() as connection:
            college, found = resolve(connection, self._session.college, tag)
            return parts_of(connection, college, found)


def _several(tags: Sequence[str]) -> Sequence[str]:
    """A single tag is a text, and a text a sequence of its letters: it is meant as the one."""
    return [tags] if isinstance(tags, str) else tags
