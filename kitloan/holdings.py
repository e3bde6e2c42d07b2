"""What a college holds: taking in, amending, moving, sighting, withdrawing, and kit types."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from kitloan import withdrawing
from kitloan.accession import (
    ROW,
    Added,
    Gift,
    NewHolding,
    accession,
    changed,
    define_if_new,
    gift_fact,
    must_be_free,
)
from kitloan.entries import (
    HoldingAmended,
    HoldingMoved,
    HoldingSighted,
    KitTypeDefined,
    LabelClaimed,
    LabelsPrinted,
)
from kitloan.errors import Refused
from kitloan.ledger import Writer
from kitloan.lending import held, must_be_here
from kitloan.models import Alias, Label, table
from kitloan.models import Holding as HoldingRow
from kitloan.models.absence import Arrival
from kitloan.prepared import AnyRow
from kitloan.resolve import meant
from kitloan.session import Session, check_quantity
from kitloan.tags import grouped, parse
from kitloan.text import clean

alias, arrival, holding = table(Alias), table(Arrival), table(HoldingRow)
label = table(Label)

_TAGS_PER_ENTRY = 500


class Holdings:
    """The verbs of the register, for one person in one college."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, new: NewHolding, *, id: str | None = None) -> Added:  # noqa: A002
        """Take in one holding; its kit type is made when it is new.

        Raises:
            BadInput: a text, quantity or tag that cannot be used.
            Refused: `tag_taken`, when the tag is a holding's already; `not_yours`, when it is on a
                blank label of another college.
        """
        with self._session.writing(id) as writer:
            return accession(writer, new)

    def amend(
        self,
        tag: str,
        *,
        type: str | None = None,  # noqa: A002  # the word of the contract
        quantity: int | None = None,
        asset_number: str | None = None,
        serial: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Correct a holding's particulars; what is None stays, and an empty text takes away.

        Raises:
            Refused: `more_out`, when fewer would be held than are out.
        """
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            held = row.quantity if quantity is None else check_quantity(quantity)
            if held < row.out_quantity:
                raise Refused(
                    "more_out",
                    f"{row.out_quantity} of {grouped(row.tag)} are on loan; "
                    f"the college cannot hold only {held}.",
                    "Take some back first.",
                    tag=row.tag,
                )
            writer.append(
                HoldingAmended(
                    tag=row.tag,
                    kit_type=row.kit_type if type is None else define_if_new(writer, type)[0],
                    quantity=held,
                    asset_number=changed(asset_number, row.asset_number, "The asset number"),
                    serial=changed(serial, row.serial, "The serial number"),
                )
            )

    def record_gift(self, tag: str, gift: Gift, *, id: str | None = None) -> None:  # noqa: A002
        """Say who gave a holding and on what terms, all of them.

        Raises:
            BadInput: `bad_text` or `bad_value`; an unknown tag.
        """
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            writer.append(gift_fact(row.tag, gift))

    def move(self, tag: str, location: str, *, id: str | None = None) -> None:  # noqa: A002
        """Say where in the college a holding is kept now.

        Raises:
            Refused: `missing`, `in_transit` or `withdrawn`.
            BadInput: `bad_text`; an unknown tag.
        """
        place = clean(location, "The place")
        with self._session.writing(id) as writer:
            row = self._here(writer, tag)
            writer.append(HoldingMoved(tag=row.tag, location=place))

    def sight(self, tag: str, *, id: str | None = None) -> None:  # noqa: A002
        """Put on record that a holding was seen now.

        Raises:
            Refused: `missing`, `in_transit` or `withdrawn`.
            BadInput: an unknown tag.
        """
        with self._session.writing(id) as writer:
            row = self._here(writer, tag)
            writer.append(HoldingSighted(tag=row.tag))

    def report_missing(
        self,
        tag: str,
        reason: str | None = None,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Put on record that a holding is not to be found; a loan that lost it ends with it.

        Raises:
            Refused: `missing`, `withdrawn` or `in_transit`; `several`, for a stock of loose items.
        """
        with self._session.writing(id) as writer:
            withdrawing.report_missing(writer, tag, reason)

    def found(self, tag: str, *, id: str | None = None) -> None:  # noqa: A002
        """Put on record that a missing holding is here again.

        Raises:
            Refused: `not_missing`.
        """
        with self._session.writing(id) as writer:
            withdrawing.found(writer, tag)

    def propose_withdrawal(
        self,
        tag: str,
        reason: str,
        *,
        donor_agreement: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Say why a holding should leave the register for good; a second person signs.

        Args:
            tag: the holding.
            reason: why; goes on record.
            donor_agreement: the donor's letter that agrees, where the gift's terms ask for one.
            id: the request's id; None makes one.

        Raises:
            Refused: `donor_must_agree`, `on_loan`, `in_transit` or `withdrawn`.
        """
        with self._session.writing(id) as writer:
            withdrawing.propose(writer, tag, reason, donor_agreement)

    def withdraw(self, tag: str, *, id: str | None = None) -> None:  # noqa: A002
        """Sign a withdrawal that somebody else proposed: the holding leaves the register for good.

        Its history stays.

        Raises:
            Refused: `not_proposed`; `same_person`, when this person proposed it; `on_loan`,
                `in_transit`, or `withdrawn` already.
        """
        with self._session.writing(id) as writer:
            withdrawing.sign(writer, tag)

    def proposed_withdrawals(self) -> list[withdrawing.Proposal]:
        """Withdrawals that wait for a second person, the oldest first."""
        with self._session.reading() as connection:
            return withdrawing.proposals(connection, self._session.college)

    def claim_label(self, tag: str, new: str, *, id: str | None = None) -> None:  # noqa: A002
        """Let a holding answer to a second tag, off a label that no holding has yet.

        Raises:
            Refused: `tag_taken`, or `not_yours` for another college's blank label.
        """
        second = parse(new)
        with self._session.writing(id) as writer:
            row = self._row(writer, tag)
            must_be_free(writer, second)
            writer.append(LabelClaimed(tag=row.tag, label=second))

    def define_types(
        self,
        types: Sequence[KitTypeDefined],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Define kit types with their contents; one that is known has these contents from now.

        Raises:
            StoreError: `refused_by_the_database`, when a list has a component twice.
        """
        with self._session.writing(id) as writer:
            for each in types:
                writer.append(each)

    def labels_printed(
        self,
        tags: Sequence[str],
        *,
        blank: bool,
        stock: str | None = None,
        id: str | None = None,  # noqa: A002
    ) -> str:
        """Put on record that labels of these tags went to paper; gives the batch's id.

        Args:
            tags: what is on the labels.
            blank: whether no holding has them yet.
            stock: the sheet or roll that they were printed on.
            id: the request's id, which is the batch's; None makes one.

        Raises:
            BadInput: `bad_tag`, for what is no tag.
        """
        with self._session.writing(id) as writer:
            for start in range(0, len(tags), _TAGS_PER_ENTRY):
                part = tuple(map(parse, tags[start : start + _TAGS_PER_ENTRY]))
                writer.append(
                    LabelsPrinted(batch=writer.request, blank=blank, tags=part, stock=stock)
                )
            return writer.request

    def unlabelled(self) -> list[str]:
        """Tags of holdings that bear no label, not a claimed one either, in the order of `tags`."""
        printed = (
            select(label.c.tag)
            .where(label.c.college == holding.c.college, label.c.tag == holding.c.tag)
            .exists()
        )
        claimed = (
            select(alias.c.label)
            .where(alias.c.college == holding.c.college, alias.c.tag == holding.c.tag)
            .exists()
        )
        came = (  # from another college, with its label on
            select(arrival.c.tag)
            .where(arrival.c.college == holding.c.college, arrival.c.tag == holding.c.tag)
            .exists()
        )
        return self._tags(~printed & ~claimed & ~came)

    def tags(self) -> list[str]:
        """Tags of every holding that is not withdrawn, by asset number."""
        return self._tags(holding.c.state != "withdrawn")

    def _tags(self, wanted: Any) -> list[str]:
        with self._session.reading() as connection:
            return list(
                connection.execute(
                    select(holding.c.tag)
                    .where(
                        holding.c.college == self._session.college,
                        holding.c.state != "withdrawn",
                        wanted,
                    )
                    .order_by(holding.c.asset_key.is_(None), holding.c.asset_key, holding.c.tag)
                ).scalars()
            )

    def _here(self, writer: Writer, text: str) -> AnyRow:
        """As `_row`; refused while it is missing, on its way or written off."""
        row = self._row(writer, text)
        must_be_here(writer, held(writer, row.tag))
        return row

    def _row(self, writer: Writer, text: str) -> AnyRow:
        return ROW(writer.connection, c=writer.college, t=meant(writer, text)).one()
