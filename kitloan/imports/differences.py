"""A row of a register and the holding that it is about: taking it in, and comparing it later.

A second reading of a register changes nothing by itself. Each difference is a line: what the
register
of the store has, what the file has. Taking it is the same facts that a person at the desk would
make:
moved, amended, lent, back, due on another day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select

from kitloan.borrowers.organisations import borrower, organisation_id, person, remark
from kitloan.holdings import (
    Gift,
    NewHolding,
    accession,
    changed,
    define_if_new,
    gift_fact,
    must_be_free_number,
)
from kitloan.imports.rows import Row
from kitloan.ledger.facts.custody import HoldingFound, HoldingMissing, HoldingOutOfUse
from kitloan.ledger.facts.holdings import GiftRecorded, HoldingAmended, HoldingMoved
from kitloan.ledger.facts.loans import CheckedIn, LoanFound, LoanRenewed
from kitloan.ledger.writer import Writer
from kitloan.loans.counts import counted_as, parts_of, short_now
from kitloan.loans.custody import open_loans
from kitloan.queries.types import type_meant
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Gift as GiftRow
from kitloan.tables import Holding, KitType, table
from kitloan.text.fields import GiftTerms
from kitloan.text.names import fold, same_organisation, type_key

gift, holding, kit_type = table(GiftRow), table(Holding), table(KitType)
_GIFT = Query(select(gift).where(gift.c.college == bindparam("c"), gift.c.tag == bindparam("t")))
_HAS = Query(
    select(holding, kit_type.c.name.label("type_name"))
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)
IN_REPAIR = "in repair in the register"
"""Why a thing is not lent. The cell's own words may name people, and are kept as a note."""

_TERMS = ("donor", "funding_source", "title", "document", "gift", "acknowledgement", "value_basis")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the file says otherwise than the register.

    Attributes:
        row: as the spreadsheet numbers it, on `sheet`.
        field: `type`, `location`, `quantity`, `serial`, `on_loan_to`, `due_on`, `donor`, `value`,
        ...
        register: what the store has; None for nothing.
        file: what the file has; None for nothing.
    """

    sheet: str
    row: int
    tag: str
    field: str
    register: str | None
    file: str | None

    def as_json(self) -> dict[str, Any]:
        """The difference as `--json` gives it."""
        return {
            "sheet": self.sheet,
            "row": self.row,
            "tag": self.tag,
            "field": self.field,
            "register": self.register,
            "file": self.file,
        }


def take_one(writer: Writer, row: Row, mark: str) -> str:
    """Take a new holding in, with its notes; gives its tag."""
    made = accession(
        writer,
        NewHolding(
            type=row.type,
            quantity=row.quantity,
            tag=row.tag,
            asset_number=row.asset_number,
            serial=row.serial,
            location=row.location,
            received_on=row.received_on,
            gift=_gift(row),
        ),
        sighted_on=row.last_sighted_on,
        register_row=mark,
    )
    for heading, words in {"Condition": row.condition, "Home college": row.home_college}.items():
        if words:
            remark(writer, made.tag, heading, words)
    named = row.contact or row.contact_email or row.contact_phone
    of = _id_of(writer, row.on_loan_to) if named and row.on_loan_to else ""
    whom = _contact(writer, row, of)
    in_file = ", ".join(filter(None, (row.contact, row.contact_email, row.contact_phone)))
    if whom and not row.on_loan_to:
        remark(writer, made.tag, "Contact", in_file, contact_id=whom)
    for heading, words in row.extras.items():
        # A column that nobody knows may be about the person whom the row names.
        remark(writer, made.tag, heading, words, contact_id=whom)
    return made.tag


def _gift(row: Row) -> Gift:
    return Gift(
        donor=row.donor,
        funding_source=row.funding_source,
        title=row.title or "unknown",  # type: ignore[arg-type]  # the reader gives only those
        document=row.document,
        gift=row.gift,
        acknowledgement=row.acknowledgement,
        value_pence=row.value_pence,
        value_basis=row.value_basis,
        valued_on=row.valued_on,
    )


def _id_of(writer: Writer, name: str) -> str:
    return organisation_id(writer.connection, writer.college, name)[0]


def _contact(writer: Writer, row: Row, organisation: str) -> str | None:
    """The person whom a row names, put on file so that they can be forgotten; None for nobody."""
    name = row.contact or row.contact_email or row.contact_phone
    if not name:
        return None
    return person(writer, name, organisation, email=row.contact_email, phone=row.contact_phone)


def rows_by_loan(row: Row) -> list[Row]:
    """A row once for each open loan that it has; of a stock, several borrowers can have parts."""
    if row.on_loan_to is None:
        return []
    alone = replace(row, more_loans=(), contact=None, contact_email=None, contact_phone=None)
    return [
        row,
        *(
            replace(
                alone,
                on_loan_to=each.organisation,
                quantity_out=each.quantity,
                due_on=each.due_on,
                out_on=each.out_on,
            )
            for each in row.more_loans
        ),
    ]


def found_on_loan(writer: Writer, row: Row, to: str, tag: str, number: int) -> None:
    """Record the loan that a row names: nobody had the thing in hand, and nobody lent it today."""
    who = borrower(writer, to, compare=False)
    whom = _contact(writer, row, who.organisation)
    quantity = row.quantity_out or row.quantity
    writer.append(
        LoanFound(
            tag=tag,
            loan=f"{writer.request}-{number}",
            organisation=who.organisation,
            contact=whom,
            quantity=quantity,
            exclusive=row.quantity == 1,
            due_on=row.due_on.isoformat() if row.due_on else None,
            on=row.out_on.isoformat() if row.out_on else None,
        )
    )


def differences(writer: Writer, tag: str, row: Row) -> list[Difference]:
    """What a row says otherwise than the holding that it is about; a blank cell says nothing.

    A blank cell for the borrower does say something where the register has the thing on loan: it is
    back.
    """
    has = _HAS(writer.connection, c=writer.college, t=tag).one()
    loans = open_loans(writer, tag)
    found: list[Difference] = []

    def differs(name: str, register: str | None, file: str | None) -> None:
        found.append(Difference(row.sheet, row.number, tag, name, register, file))

    known = type_meant(writer.connection, writer.college, row.type)
    if (type_key(row.type) if known is None else known.id) != has.kit_type:
        differs("type", has.type_name, row.type)
    for name in ("location", "serial", "asset_number"):
        in_file, known = getattr(row, name), getattr(has, name)
        if in_file and fold(in_file) != fold(known or ""):
            differs(name, known, in_file)
    if row.quantity != has.quantity:
        differs("quantity", str(has.quantity), str(row.quantity))
    if row.missing != (has.state == "missing") and has.state in ("held", "missing"):
        differs(
            "status",
            has.state if has.state == "missing" else "in",
            "missing" if row.missing else "in",
        )
    if row.in_repair and has.out_of_use is None and has.state == "held":
        differs("status", "in", "out_of_use")
    if has.state == "held" and not row.missing:
        _compare_loans(row, loans, differs)
    terms = _GIFT(writer.connection, c=writer.college, t=tag).first()
    for name in _TERMS:
        in_file = getattr(row, name)
        known = getattr(terms, name) if terms else None
        if in_file and fold(in_file) != fold(known or ""):
            differs(name, known, in_file)
    if row.value_pence is not None and row.value_pence != (terms.value_pence if terms else None):
        known = terms.value_pence if terms else None
        differs(
            "value",
            f"{known / 100:.2f}" if known is not None else None,
            f"{row.value_pence / 100:.2f}",
        )
    return found


def _compare_loans(row: Row, loans: Sequence[AnyRow], differs: Any) -> None:
    first = loans[0] if loans else None
    if row.on_loan_to is None:
        if first is not None:
            differs("on_loan_to", first.to, None)
        return
    if row.more_loans:
        _compare_shared_stock(row, loans, differs)
        return
    if first is None or not any(same_organisation(each.to, row.on_loan_to) for each in loans):
        differs("on_loan_to", first.to if first else None, row.on_loan_to)
        if row.due_on:
            differs("due_on", first.due_on if first else None, row.due_on.isoformat())
        return
    same = next(each for each in loans if same_organisation(each.to, row.on_loan_to))
    if row.due_on and row.due_on.isoformat() != same.due_on:
        differs("due_on", same.due_on, row.due_on.isoformat())


def _compare_shared_stock(row: Row, loans: Sequence[AnyRow], differs: Any) -> None:
    """Compare the borrowers of a stock, and the day of each, with those of the register."""
    mine = rows_by_loan(row)
    pairs = [(each, _loan_of(loans, str(each.on_loan_to))) for each in mine]
    if len(loans) != len(mine) or any(loan is None for _, loan in pairs):
        register = "; ".join(sorted(each.to for each in loans)) or None
        differs("on_loan_to", register, "; ".join(sorted(str(each.on_loan_to) for each in mine)))
    for each, loan in pairs:
        if loan is not None and each.due_on and each.due_on.isoformat() != loan.due_on:
            differs("due_on", loan.due_on, each.due_on.isoformat())


def _loan_of(loans: Sequence[AnyRow], to: str) -> AnyRow | None:
    return next((each for each in loans if same_organisation(each.to, to)), None)


def bring_up_to_date(
    writer: Writer, tag: str, row: Row, found: Sequence[Difference], loans_before: int
) -> int:
    """Take the differences of one row; gives how many loans were opened.

    Raises:
        Refused: what the register's own rules refuse.
    """
    fields = {each.field for each in found}
    opened = 0
    found_again = {(each.field, each.register) for each in found} & {("status", "missing")}
    if found_again and not row.missing:
        writer.append(HoldingFound(tag=tag))
    if "asset_number" in fields and row.asset_number:
        must_be_free_number(writer, row.asset_number, tag)
    if fields & {"type", "quantity", "serial", "asset_number"}:
        _amend(writer, tag, row)
    if "on_loan_to" in fields:
        parts = parts_of(writer.connection, writer.college, tag)
        here = open_loans(writer, tag)
        mine = rows_by_loan(row)
        over = [
            each
            for each in here
            if not any(same_organisation(each.to, str(one.on_loan_to)) for one in mine)
        ]
        for each in over:
            known = short_now(writer.connection, writer.college, tag)
            outcome, short = counted_as(parts, known, None)
            writer.append(
                CheckedIn(
                    tag=tag,
                    loan=each.loan,
                    quantity=each.quantity - each.returned,
                    counted=outcome,
                    shortages=short,
                    in_hand=False,
                )
            )
        for one in mine:
            if _loan_of(here, str(one.on_loan_to)) is None:
                opened += 1
                found_on_loan(writer, one, str(one.on_loan_to), tag, loans_before + opened)
    if "due_on" in fields:
        _renew(writer, tag, row)
    if "status" in fields and row.in_repair:
        writer.append(HoldingOutOfUse(tag=tag, reason=IN_REPAIR))
    if "location" in fields and row.location:
        writer.append(HoldingMoved(tag=tag, location=row.location, in_hand=False))
    if fields & {*_TERMS, "value"}:
        writer.append(_merged_gift(writer, tag, row))
    if "status" in fields and row.missing:
        loans = open_loans(writer, tag)
        writer.append(
            HoldingMissing(
                tag=tag, loan=loans[0].loan if loans else None, reason="missing in the register"
            )
        )
    return opened


def _renew(writer: Writer, tag: str, row: Row) -> None:
    """Give each open loan of a row the due date that the file has for it."""
    loans = open_loans(writer, tag)
    for one in rows_by_loan(row):
        same = _loan_of(loans, str(one.on_loan_to))
        if same is not None and one.due_on and one.due_on.isoformat() != same.due_on:
            writer.append(LoanRenewed(tag=tag, loan=same.loan, due_on=one.due_on.isoformat()))


def _amend(writer: Writer, tag: str, row: Row) -> None:
    has = _HAS(writer.connection, c=writer.college, t=tag).one()
    key, _ = define_if_new(writer, row.type)
    writer.append(
        HoldingAmended(
            tag=tag,
            kit_type=key,
            quantity=max(row.quantity, has.out_quantity),
            asset_number=changed(row.asset_number or None, has.asset_number, "The asset number"),
            serial=changed(row.serial or None, has.serial, "The serial number"),
        )
    )


def _merged_gift(writer: Writer, tag: str, row: Row) -> GiftRecorded:
    """The terms on record, with what the file says in place of what it says otherwise."""
    new = gift_fact(tag, _gift(row))
    terms = _GIFT(writer.connection, c=writer.college, t=tag).first()
    if terms is None:
        return new
    stated = {
        name: value
        for name, value in GiftTerms.of(new).items()
        if value is not None and (name != "title" or row.title)
    }
    return GiftRecorded(**(GiftTerms.of(terms) | stated), tag=tag)
