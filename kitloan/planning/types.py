"""The kit type that a name means, when planning asks for one: it must be on file."""

from sqlalchemy import Connection

from kitloan.errors import BadInput
from kitloan.queries.types import type_meant, type_names
from kitloan.text.names import clean, near_names, search_form


def kit_type_id(connection: Connection, college: str, name: str) -> str:
    """The id of the kit type that a name means, an older one too.

    Raises:
        BadInput: `unknown_type`, with the names that are nearly the same; `bad_text`.
    """
    name = clean(name, "The kit type")
    found = type_meant(connection, college, name)
    if found is not None:
        return found.id
    names = type_names(connection, college)
    same = [key for key, each in names.items() if search_form(each) == search_form(name)]
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
