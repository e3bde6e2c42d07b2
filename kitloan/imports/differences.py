"""A row of a register and the holding that it is about: taking it in, and comparing it later.

A second reading of a register changes nothing by itself. Each difference is a line: what the
register of the store has, what the file has. Taking it is the same facts that a person at the desk
would make: moved, amended, lent, back, due on another day.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, delete, select

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
from kitloan.ledger.facts.loans import (
    OUT_ON_UNKNOWN_DAY,
    CheckedIn,
    LoanCorrected,
    LoanFound,
    LoanRenewed,
)
from kitloan.ledger.writer import Writer
from kitloan.loans.counts import counted_as, parts_of, short_now
from kitloan.loans.custody import open_loans
from kitloan.queries.types import type_meant
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import Contact, Holding, KitType, Remark, table
from kitloan.tables import Gift as GiftRow
from kitloan.text.dates import day_of
from kitloan.text.fields import GiftTerms, GiftTitle
from kitloan.text.names import fold, same_organisation, tidy, type_key
from kitloan.values import REGISTER

gift, holding, kit_type = table(GiftRow), table(Holding), table(KitType)
contact, remark_table = table(Contact), table(Remark)
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
_NOTES = Query(
    select(remark_table.c.heading, remark_table.c.words).where(
        remark_table.c.college == bindparam("c"),
        remark_table.c.tag == bindparam("t"),
        remark_table.c.loan.is_(None),
    )
)
_FORGET_NOTE = Change(
    delete(remark_table).where(
        remark_table.c.college == bindparam("c"),
        remark_table.c.tag == bindparam("t"),
        remark_table.c.loan.is_(None),
        remark_table.c.heading == bindparam("h"),
        (remark_table.c.contact.is_(None)) | (remark_table.c.contact == bindparam("p")),
    )
)
_CONTACT = Query(
    select(contact.c.name).where(
        contact.c.college == bindparam("c"), contact.c.contact == bindparam("p")
    )
)
IN_REPAIR = "in repair in the register"
"""Why a thing is not lent. The cell's own words may name people, and are kept as a note."""

Differs = Callable[[str, str | None, str | None], None]
"""Reports one difference: the field, what the register has, what the file has."""

_TERMS = ("donor", "funding_source", "title", "document", "gift", "acknowledgement", "value_basis")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the file differs from the register.

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
            remark(writer, made.tag, heading, words, written_by=REGISTER)
    named = row.contact or row.contact_email or row.contact_phone
    of = _id_of(writer, row.on_loan_to) if named and row.on_loan_to else ""
    whom = _contact(writer, row, of)
    in_file = ", ".join(filter(None, (row.contact, row.contact_email, row.contact_phone)))
    if whom and not row.on_loan_to:
        remark(writer, made.tag, "Contact", in_file, contact_id=whom, written_by=REGISTER)
    for heading, words in row.extras.items():
        # A column that nobody knows may be about the person whom the row names.
        remark(writer, made.tag, heading, words, contact_id=whom, written_by=REGISTER)
    return made.tag


@lru_cache(maxsize=256)  # a register repeats its gifts
def _gift_of(title: GiftTitle | None, **terms: Any) -> Gift:
    return Gift(title=title or "unknown", **terms)


def _gift(row: Row) -> Gift:
    return _gift_of(
        donor=row.donor,
        funding_source=row.funding_source,
        title=row.title,
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
    alone = row._replace(more_loans=(), contact=None, contact_email=None, contact_phone=None)
    return [
        row,
        *(
            alone._replace(
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
    """In what a row differs from the holding that it is about; a blank cell is no difference.

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
        _compare_loans(row, loans, day_of(writer.at).isoformat(), differs)
        _compare_contact(writer, row, loans, differs)
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
    for heading, before, words in _changed_notes(writer, tag, row):
        differs("note", before and f"{heading}: {before}", f"{heading}: {words}")
    return found


def _compare_contact(writer: Writer, row: Row, loans: Sequence[AnyRow], differs: Differs) -> None:
    """Compare the person whom a row names for its loan; one who was forgotten stays so."""
    loan = next(iter(_loans_to(loans, row)), None) if row.on_loan_to else None
    if loan is None or row.contact is None:
        return
    known = _CONTACT(writer.connection, c=writer.college, p=loan.contact or "").scalar()
    forgotten = loan.contact is not None and known is None
    if not forgotten and fold(row.contact) != fold(known or ""):
        differs("contact", known, row.contact)


def _compare_loans(row: Row, loans: Sequence[AnyRow], today: str, differs: Differs) -> None:
    """Compare who has a thing, how many, since when and until when."""
    mine = rows_by_loan(row)
    over = [each for each in loans if not _is_named(each, mine)]
    new = [one for one in mine if not _loans_to(loans, one)]
    if over or new:
        differs(
            "on_loan_to",
            "; ".join(sorted({each.to for each in loans})) or None,
            "; ".join(sorted(str(one.on_loan_to) for one in mine)) or None,
        )
    for one in mine:
        same = _loans_to(loans, one)
        many, out = one.quantity_out or one.quantity, sum(map(_still_out, same))
        if same and many != out:
            to = f" to {one.on_loan_to}" if len(mine) > 1 else ""
            differs("quantity_out", f"{out}{to}", f"{many}{to}")
        first = same[0] if same else loans[0] if loans and len(mine) == 1 else None
        due = one.due_on.isoformat() if one.due_on else None
        known = first.due_on if first else None
        if due and due != known and (same or len(mine) == 1):
            differs("due_on", known, due)
        began = one.out_on.isoformat() if one.out_on else None
        if len(same) == 1 and began and began <= today and began != _began(same[0]):
            differs("out_on", _began(same[0]), began)


def _is_named(loan: AnyRow, mine: Sequence[Row]) -> bool:
    return any(same_organisation(loan.to, str(one.on_loan_to)) for one in mine)


def _loans_to(loans: Sequence[AnyRow], one: Row) -> list[AnyRow]:
    """The open loans of the borrower that a row names."""
    return [each for each in loans if same_organisation(each.to, str(one.on_loan_to))]


def _still_out(loan: AnyRow) -> int:
    return int(loan.quantity - loan.returned)


def _began(loan: AnyRow) -> str | None:
    """The day on which a loan began; None where nobody knows."""
    return None if loan.out_at == OUT_ON_UNKNOWN_DAY else day_of(loan.out_at).isoformat()


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
    loans = open_loans(writer, tag)
    mine = rows_by_loan(row)
    if fields & {"on_loan_to", "quantity_out"}:
        _take_back(writer, tag, loans, mine)
    if fields & {"type", "quantity", "serial", "asset_number"}:
        _amend(writer, tag, row)
    for one in mine if fields & {"on_loan_to", "quantity_out"} else ():
        more = (one.quantity_out or one.quantity) - sum(map(_still_out, _loans_to(loans, one)))
        if more > 0:
            opened += 1
            part = one._replace(quantity_out=more)
            found_on_loan(writer, part, str(one.on_loan_to), tag, loans_before + opened)
    if "due_on" in fields:
        _renew(writer, tag, row)
    if fields & {"contact", "out_on"}:
        _correct_loan(writer, tag, row, fields)
    if "note" in fields:
        _keep_notes(writer, tag, row)
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


def _take_back(writer: Writer, tag: str, loans: Sequence[AnyRow], mine: Sequence[Row]) -> None:
    """Record as back, not counted, what the row has with nobody, or less of with somebody."""
    parts = parts_of(writer.connection, writer.college, tag)
    left = {
        one.on_loan_to: sum(map(_still_out, _loans_to(loans, one)))
        - (one.quantity_out or one.quantity)
        for one in mine
    }
    for loan in loans:
        back = _still_out(loan)
        for one in mine:
            if same_organisation(loan.to, str(one.on_loan_to)):
                back = min(back, max(0, left[one.on_loan_to]))
                left[one.on_loan_to] -= back
        if not back:
            continue
        outcome, short = counted_as(parts, short_now(writer.connection, writer.college, tag), None)
        writer.append(
            CheckedIn(
                tag=tag,
                loan=loan.loan,
                quantity=back,
                counted=outcome,
                shortages=short,
                in_hand=False,
            )
        )


def _renew(writer: Writer, tag: str, row: Row) -> None:
    """Give each open loan of a row the due date that the file has for it."""
    loans = open_loans(writer, tag)
    for one in rows_by_loan(row):
        due = one.due_on.isoformat() if one.due_on else None
        for loan in _loans_to(loans, one):
            if due and due != loan.due_on:
                writer.append(LoanRenewed(tag=tag, loan=loan.loan, due_on=due))


def _correct_loan(writer: Writer, tag: str, row: Row, fields: set[str]) -> None:
    """Give the loans of a row the day they began and the contact that the file has for them."""
    loans = open_loans(writer, tag)
    for one in rows_by_loan(row):
        for loan in _loans_to(loans, one):
            began = one.out_on.isoformat() if one.out_on else None
            began = None if "out_on" not in fields or began == _began(loan) else began
            whom = _contact(writer, one, loan.organisation) if "contact" in fields else None
            if began or whom:
                writer.append(
                    LoanCorrected(
                        tag=tag,
                        loan=loan.loan,
                        organisation=loan.organisation,
                        contact=whom or loan.contact,
                        quantity=loan.quantity,
                        due_on=loan.due_on,
                        out_on=began,
                    )
                )


def _notes_of(row: Row) -> dict[str, str]:
    """The words that a row keeps beside its holding, by heading."""
    named = (row.contact, row.contact_email, row.contact_phone)
    contact = "" if row.on_loan_to else ", ".join(filter(None, named))
    notes = {"Condition": row.condition, "Home college": row.home_college, "Contact": contact}
    return {heading: words for heading, words in {**notes, **row.extras}.items() if words}


def _changed_notes(writer: Writer, tag: str, row: Row) -> list[tuple[str, str | None, str]]:
    """The notes of a row that are not on record as they are: heading, words on record, words."""
    known: dict[str, list[str]] = defaultdict(list)
    for each in _NOTES(writer.connection, c=writer.college, t=tag):
        known[each.heading].append(each.words)
    return [
        (heading, "; ".join(sorted(known[heading])) if heading in known else None, words)
        for heading, words in _notes_of(row).items()
        if tidy(words) not in known.get(heading, ())
    ]


def _keep_notes(writer: Writer, tag: str, row: Row) -> None:
    """Keep the notes that the file has, in place of those that it had under the same heading.

    A note about another person stays, because without it nothing would name that person.
    """
    whom = _contact(writer, row, _id_of(writer, row.on_loan_to) if row.on_loan_to else "")
    for heading, before, words in _changed_notes(writer, tag, row):
        if before is not None:
            _FORGET_NOTE(writer.connection, c=writer.college, t=tag, h=heading, p=whom or "")
        remark(writer, tag, heading, words, contact_id=whom)


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
    """The terms on record, with those of the file in place of the ones that differ."""
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
