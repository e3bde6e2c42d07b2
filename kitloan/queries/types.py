"""The kit type that a name means: by its own name, by older ones, or by what it was merged into."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select

from kitloan.storage.statements import Query
from kitloan.tables import KitType, table
from kitloan.tables.naming import OtherName
from kitloan.text.names import type_key

kit_type, other_name = table(KitType), table(OtherName)

_BY_KEY = Query(
    select(kit_type.c.kit_type, kit_type.c.name, kit_type.c.merged_into).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
_BY_OTHER_NAME = Query(
    select(other_name.c.whose).where(
        other_name.c.college == bindparam("c"),
        other_name.c.subject == "kit_type",
        other_name.c.key == bindparam("k"),
    )
)
_EVERY = Query(
    select(kit_type.c.kit_type, kit_type.c.name)
    .where(kit_type.c.college == bindparam("c"), kit_type.c.merged_into.is_(None))
    .order_by(kit_type.c.kit_type)
)


@dataclass(frozen=True, slots=True)
class KnownType:
    """A kit type on file: its id, and what it is called now."""

    id: str
    name: str


def type_meant(connection: Connection, college: str, name: str) -> KnownType | None:
    """The kit type that a name means; None when it is new.

    One that was renamed is found by its older names too, and one that was merged is the one that it
    became.
    """
    key = type_key(name)
    row = _BY_KEY(connection, c=college, k=key).first()
    if row is None:
        whose = _BY_OTHER_NAME(connection, c=college, k=key).scalar()
        if whose is None:
            return None
        row = _BY_KEY(connection, c=college, k=whose).one()
    while row.merged_into is not None:
        row = _BY_KEY(connection, c=college, k=row.merged_into).one()
    return KnownType(str(row.kit_type), str(row.name))


def type_name(connection: Connection, college: str, key: str) -> str:
    """What the kit type of an id is called; the id where it is not on file."""
    found = _BY_KEY.tuples(connection, c=college, k=key)
    return str(found[0][1]) if found else key


def type_names(connection: Connection, college: str) -> dict[str, str]:
    """The names of a college's kit types, by id; without those that were merged into others."""
    return {row.kit_type: row.name for row in _EVERY(connection, c=college)}


def of_type_called(
    college: ColumnElement[str], kit_type_id: ColumnElement[str], name: str
) -> ColumnElement[bool]:
    """Whether a row is of the kit type that a name means in its own college, as a condition.

    Args:
        college: the row's column with its college.
        kit_type_id: the row's column with its kit type.
        name: the name, or an older one.
    """
    key = type_key(name)
    known, other = kit_type.alias(), other_name.alias()  # the query may have these tables itself
    return exists().where(
        known.c.college == college,
        known.c.kit_type == kit_type_id,
        or_(
            known.c.kit_type == key,
            known.c.name == name,
            exists().where(
                other.c.college == known.c.college,
                other.c.subject == "kit_type",
                other.c.whose == known.c.kit_type,
                other.c.key == key,
            ),
        ),
    )
