"""Rows of loans, each with its borrower's name, its holding's number and kit type."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from kitloan.tables import Holding, KitType, Loan, Organisation, table

holding, kit_type = table(Holding), table(KitType)
loan, organisation = table(Loan), table(Organisation)


def select_loans(*columns: ColumnElement[Any]) -> Select[Any]:
    """A statement for loans: `to`, `type_name` and `asset_number`, then the columns given."""
    return (
        select(
            organisation.c.name.label("to"),
            kit_type.c.name.label("type_name"),
            holding.c.asset_number,
            *columns,
        )
        .select_from(loan)
        .join(
            organisation,
            (organisation.c.college == loan.c.college)
            & (organisation.c.organisation == loan.c.organisation),
        )
        .join(holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
        .join(
            kit_type,
            (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
        )
    )
