"""What the screen of kit types asks of the register: the types, and their contents lists."""

from dataclasses import dataclass

from sqlalchemy import func, select

from kitloan.ledger.session import Session
from kitloan.tables import Component, Holding, KitType, table
from kitloan.text.names import by_name

component, holding, kit_type = table(Component), table(Holding), table(KitType)


@dataclass(frozen=True, slots=True)
class KitTypeLine:
    """A kind of kit: how many holdings are of it, and how many parts its contents list has."""

    name: str
    held: int
    parts: int


@dataclass(frozen=True, slots=True)
class PartLine:
    """A line of a contents list."""

    name: str
    quantity: int
    bag: str
    critical: bool


def kit_type_lines(session: Session) -> list[KitTypeLine]:
    """Every kind of kit that the college has, in order."""
    held = (
        select(func.count())
        .where(
            holding.c.college == kit_type.c.college,
            holding.c.kit_type == kit_type.c.kit_type,
            holding.c.state != "withdrawn",
        )
        .scalar_subquery()
    )
    parts = (
        select(func.count())
        .where(
            component.c.college == kit_type.c.college,
            component.c.kit_type == kit_type.c.kit_type,
        )
        .scalar_subquery()
    )
    with session.reading() as connection:
        rows = connection.execute(
            select(kit_type.c.name, held, parts).where(
                kit_type.c.college == session.college, kit_type.c.merged_into.is_(None)
            )
        ).all()
    return sorted((KitTypeLine(*row) for row in rows), key=lambda each: by_name(each.name))


def parts_of_type(session: Session, name: str) -> list[PartLine]:
    """The contents list of the kind of kit with this name, in its order."""
    with session.reading() as connection:
        rows = connection.execute(
            select(component.c.name, component.c.quantity, component.c.bag, component.c.critical)
            .join_from(
                component,
                kit_type,
                (kit_type.c.college == component.c.college)
                & (kit_type.c.kit_type == component.c.kit_type),
            )
            .where(kit_type.c.college == session.college, kit_type.c.name == name)
            .order_by(component.c.position)
        ).all()
    return [PartLine(row[0], row[1], row[2] or "", bool(row[3])) for row in rows]
