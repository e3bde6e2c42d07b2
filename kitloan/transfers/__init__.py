"""Transfers between colleges: sending, calling off, receiving, and lists of transfers."""

from dataclasses import dataclass

from sqlalchemy import select

from kitloan.contents import Count, Part
from kitloan.holdings import Gift
from kitloan.ledger.facts.base import Counted
from kitloan.ledger.session import Session
from kitloan.tables import Holding, KitType, table
from kitloan.tables.absence import Arrival, Transfer
from kitloan.text.dates import day_of
from kitloan.transfers import receiving, sending
from kitloan.transfers.receiving import Received, ReceivedDetails
from kitloan.transfers.sending import Sent, read_short

arrival, transfer = table(Arrival), table(Transfer)
holding, kit_type = table(Holding), table(KitType)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A transfer that was sent and, as far as the sender knows, has not arrived; `days` since."""

    id: str
    college: str
    tag: str
    type: str
    to_college: str
    quantity: int
    counted: Counted
    short: dict[str, int]
    sent_at: str
    sent_by: str
    days: int


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """A transfer that was received, and the shortages that its count found."""

    id: str
    college: str
    tag: str
    type: str
    from_college: str
    quantity: int
    counted: Counted
    short: dict[str, int]
    received_at: str
    received_by: str


class Transfers:
    """Sends to other colleges and receives from them, for one person in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def send(
        self,
        tag: str,
        to_college: str,
        count: Count | None = None,
        *,
        request_id: str | None = None,
    ) -> Sent:
        """Send a holding to another college, all of it; it is `in_transit` until the transfer ends.

        Args:
            tag: a tag or asset number.
            to_college: an id, name or former name of the reference list, or of this store.
            count: what the count of the contents found; None when nobody has counted, which is
                recorded as `uncounted`.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `on_loan`, `missing`, `in_transit`, `withdrawn`, `withdrawal_proposed`;
                `out_of_use` or `inspection_failed`, for what cannot be used.
            BadInput: `unknown_college`, `own_college`; an unknown tag, or a bad count.
        """
        with self._session.writing(request_id) as writer:
            return sending.send(writer, tag, to_college, count)

    def call_off(self, tag: str, *, request_id: str | None = None) -> Sent:
        """Record that a holding never left, or came back unreceived: it is held here again.

        Raises:
            Refused: `not_in_transit`; `arrived`, when this store shows that the other has it.
        """
        with self._session.writing(request_id) as writer:
            return sending.call_off(writer, tag)

    def receive(
        self,
        tag: str,
        from_college: str,
        count: Count | None = None,
        *,
        type: str | None = None,  # noqa: A002  # the word of the contract
        quantity: int | None = None,
        asset_number: str | None = None,
        serial: str | None = None,
        location: str | None = None,
        gift: Gift | None = None,
        new_too: bool = True,
        request_id: str | None = None,
    ) -> Received:
        """Receive a holding that another college sent; it keeps its tag.

        Args:
            tag: its tag; for one that comes back, its asset number will do.
            from_college: as `to_college` of `send`.
            count: what the count of the contents found; None is recorded as `uncounted`.
            type: what it is. Needed when neither this college nor the sender's rows have it.
            quantity: how many came; None is as many as were sent, or one.
            asset_number: this college's number for it.
            serial: the maker's number.
            location: where it is kept now.
            gift: who gave it and on what terms; None keeps the terms that can be read here.
            new_too: whether a kit type that is spelt nearly like a known one, or is the beginning
                of one, may be made as a new one.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `nearly_known`; `here_already`, when it is held here, or missing; `own_label`;
                `number_taken`, also for the number that it had here before.
            BadInput: `type_needed`, `unknown_college`, `own_college`, a tag or count that is not
                possible.
        """
        details = ReceivedDetails(type, quantity, asset_number, serial, location, gift or Gift())
        with self._session.writing(request_id) as writer:
            return receiving.receive(writer, tag, from_college, count, details, new_too=new_too)

    def expected(
        self,
        tag: str,
        from_college: str,
        *,
        type: str | None = None,  # noqa: A002
        quantity: int | None = None,
    ) -> tuple[str, list[Part]]:
        """What `receive` would record: the kit type, and the contents list to count it against.

        The list is empty if the type has none. Raises as `receive`.
        """
        details = ReceivedDetails(type, quantity)
        with self._session.reading() as connection:
            own = self._session.college
            found = receiving.find_incoming(connection, own, tag, from_college, details)
        return found.type, found.parts

    def open(self) -> list[UnderWay]:
        """Open transfers, oldest first; in ESP's store every college's."""
        wanted = (
            select(transfer, kit_type.c.name.label("type"))
            .join_from(transfer, holding)
            .join(kit_type)
            .where(transfer.c.state == "sent")
            .order_by(transfer.c.sent_at, transfer.c.college, transfer.c.tag)
        )
        if not self._session.is_national:
            wanted = wanted.where(transfer.c.college == self._session.college)
        with self._session.reading() as connection:
            return [
                UnderWay(
                    id=row.transfer,
                    college=row.college,
                    tag=row.tag,
                    type=row.type,
                    to_college=row.to_college,
                    quantity=row.quantity,
                    counted=row.counted,
                    short=read_short(row.short),
                    sent_at=row.sent_at,
                    sent_by=row.sent_by,
                    days=max(0, (self._session.today - day_of(row.sent_at)).days),
                )
                for row in connection.execute(wanted)
            ]

    def received(self) -> list[ReceivedLine]:
        """Received transfers, latest first; in ESP's store every college's."""
        wanted = (
            select(arrival, kit_type.c.name.label("type"))
            .join_from(arrival, holding)
            .join(kit_type)
            .order_by(arrival.c.received_at.desc(), arrival.c.college, arrival.c.tag)
        )
        if not self._session.is_national:
            wanted = wanted.where(arrival.c.college == self._session.college)
        with self._session.reading() as connection:
            return [
                ReceivedLine(
                    id=row.arrival,
                    college=row.college,
                    tag=row.tag,
                    type=row.type,
                    from_college=row.from_college,
                    quantity=row.quantity,
                    counted=row.counted,
                    short=read_short(row.short),
                    received_at=row.received_at,
                    received_by=row.received_by,
                )
                for row in connection.execute(wanted)
            ]
