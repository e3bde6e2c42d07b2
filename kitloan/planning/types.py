"""The kit type that a name means, when planning asks for one: it must be on file."""

from sqlalchemy import Connection, bindparam, select

from kitloan.errors import BadInput
from kitloan.storage.statements import Query
from kitloan.tables import KitType, table
from kitloan.text.names import clean, fold, near_names, type_key

kit_type = table(KitType)

_BY_KEY = Query(
    select(kit_type.c.kit_type, kit_type.c.name).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
_EVERY = Query(
    select(kit_type.c.kit_type, kit_type.c.name)
    .where(kit_type.c.college == bindparam("c"))
    .order_by(kit_type.c.kit_type)
)


def type_names(connection: Connection, college: str) -> dict[str, str]:
    """The names of a college's kit types, by id."""
    return {row.kit_type: row.name for row in _EVERY(connection, c=college)}


def kit_type_id(connection: Connection, college: str, name: str) -> str:
    """The id of the kit type of this name.

    Raises:
        BadInput: `unknown_type`, with the names that are nearly the same; `bad_text`.
    """
    name = clean(name, "The kit type")
    found = _BY_KEY(connection, c=college, k=type_key(name)).first()
    if found is not None:
        return str(found.kit_type)
    names = type_names(connection, college)
    same = [key for key, each in names.items() if fold(each) == fold(name)]
    if same:
        return same[0]
    near = list(near_names(name, names.values()))
    raise BadInput(
        "unknown_type",
        f"No kit type is called {name!r}.",
        f"Did you mean {' or '.join(near)}?" if near else "See them: kitloan free --from today",
        type=name,
        near=near,
    )
