"""Who has what: a holding and its open loans, while nobody else can change them."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from kitloan.borrowers.organisations import organisation_id
from kitloan.errors import Refused
from kitloan.ledger.writer import Writer
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Holding, KitType, Loan, Organisation, table
from kitloan.text.dates import day_of, uk
from kitloan.text.names import same_organisation
from kitloan.text.tags import grouped

holding, kit_type, loan = table(Holding), table(KitType), table(Loan)
organisation = table(Organisation)
_HOLDING = Query(
    select(
        holding.c.tag,
        holding.c.kit_type,
        kit_type.c.name.label("type_name"),
        holding.c.quantity,
        holding.c.out_quantity,
        holding.c.state,
        holding.c.uncounted,
        holding.c.critical_short,
        holding.c.out_of_use,
        holding.c.in_repair,
        holding.c.counted_at,
        kit_type.c.contents_at,
    )
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
)


_OPEN_LOANS = Query(
    select(
        loan.c.loan,
        loan.c.tag,
        loan.c.organisation,
        organisation.c.name.label("to"),
        loan.c.contact,
        loan.c.quantity,
        loan.c.returned,
        loan.c.out_at,
        loan.c.out_by,
        loan.c.due_on,
        loan.c.due_key,
    )
    .join_from(
        loan,
        organisation,
        (organisation.c.college == loan.c.college)
        & (organisation.c.organisation == loan.c.organisation),
    )
    .where(
        loan.c.college == bindparam("c"),
        loan.c.tag == bindparam("t"),
        loan.c.closed_at.is_(None),
    )
)


def held(writer: Writer, tag: str) -> AnyRow:
    """The row of a holding, while nobody else can change it."""
    return _HOLDING(writer.connection, c=writer.college, t=tag).one()


def open_loans(writer: Writer, tag: str) -> Sequence[AnyRow]:
    """The open loans of a holding, the one due first first."""
    # Sorted here: asked to sort, SQLite walks every open loan by date to find these few.
    rows = _OPEN_LOANS(writer.connection, c=writer.college, t=tag).all()
    return sorted(rows, key=lambda row: (row.due_key, row.out_at, row.loan))


_IF_IT_IS_HERE = {
    "missing": "If it is here: kitloan found {tag}",
    "in_transit": "If it never went: kitloan transfer call-off {tag}; if it came back from there: "
    "kitloan transfer receive {tag} --from COLLEGE",
}


def must_be_here(writer: Writer, row: AnyRow) -> None:
    """Refuse a holding that is missing, on its way or written off; `row` is from `held`."""
    if row.state != "held":
        from kitloan.queries import whereabouts  # loaded by the first refusal, as all such

        described, facts = whereabouts.away(writer.connection, writer.college, row.tag, row.state)
        raise Refused(
            row.state,
            f"{row.type_name} {grouped(row.tag)} {described}.",
            _IF_IT_IS_HERE.get(row.state, "See its history: kitloan show {tag}").format(
                tag=row.tag
            ),
            tag=row.tag,
            **facts,
        )


def must_be_in_use(writer: Writer, row: AnyRow) -> None:
    """Refuse a holding that failed an inspection or is in repair; `row` is from `held`."""
    if row.out_of_use is None:
        return
    from kitloan.inspections.gate import must_not_have_failed

    shown = f"{row.type_name} {grouped(row.tag)}"
    must_not_have_failed(writer, row, shown)
    raise Refused(
        "out_of_use",
        f"{shown} is in repair: {row.out_of_use}.",
        f"When it is repaired: kitloan repair {row.tag} --done",
        tag=row.tag,
        reason=row.out_of_use,
    )


def since(out_at: str | None) -> str:
    """` since 23 Nov 2026`, to go after whom a loan is with; empty where nobody knows the day."""
    return f" since {uk(day_of(out_at))}" if out_at else ""


def loans_meant(writer: Writer, tag: str, to: str | None) -> Sequence[AnyRow]:
    """The open loans of a holding that a person means: all with one borrower, due first first.

    Raises:
        Refused: `missing`, `in_transit` or `withdrawn`; `not_out`; or `which_loan` when several
            borrowers have some of it.
    """
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    loans = open_loans(writer, tag)
    if not loans:
        must_be_here(writer, row)
        from kitloan.queries import whereabouts

        described, facts = whereabouts.came_in(writer.connection, writer.college, tag)
        raise Refused(
            "not_out",
            f"{shown} is not on loan" + (f": it has been here {described}." if described else "."),
            f"See its history: kitloan show {tag}",
            tag=tag,
            **facts,
        )
    if to is not None:
        whose, _ = organisation_id(writer.connection, writer.college, to)
        loans = [
            each for each in loans if same_organisation(each.to, to) or each.organisation == whose
        ]
        if not loans:
            raise Refused("not_out", f"{to} has none of {shown}.", "See: kitloan loans", tag=tag)
    if len({each.organisation for each in loans}) > 1:
        having = ", ".join(f"{each.to} ({each.quantity - each.returned})" for each in loans)
        raise Refused(
            "which_loan",
            f"Several have some of {shown}: {having}.",
            'Name the borrower: --from "NAME"',
            tag=tag,
            loans=[{"id": each.loan, "to": each.to} for each in loans],
        )
    return loans
