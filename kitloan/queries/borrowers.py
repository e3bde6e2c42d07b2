"""The borrowers that a name means: by the name that they have, or by older ones."""

from sqlalchemy import Connection, bindparam, select

from kitloan.storage.statements import Query, among
from kitloan.tables import Organisation, table
from kitloan.tables.naming import OtherName
from kitloan.text.names import marked, organisation_key, same_organisation, slug

organisation, other_name = table(Organisation), table(OtherName)

_ID = (organisation.c.college, organisation.c.organisation, organisation.c.name)
_BY_NAME = select(*_ID, organisation.c.name).where(
    among(organisation.c.organisation, "keys"), organisation.c.merged_into.is_(None)
)
_BY_OTHER_NAME = (
    select(*_ID, other_name.c.name)
    .join_from(
        other_name,
        organisation,
        (organisation.c.college == other_name.c.college)
        & (organisation.c.organisation == other_name.c.whose),
    )
    .where(other_name.c.subject == "organisation", among(other_name.c.key, "keys"))
)
_ANYWHERE = (Query(_BY_NAME), Query(_BY_OTHER_NAME))
_IN_COLLEGE = (
    Query(_BY_NAME.where(organisation.c.college == bindparam("c"))),
    Query(_BY_OTHER_NAME.where(other_name.c.college == bindparam("c"))),
)


def organisations_called(
    connection: Connection, college: str | None, name: str
) -> list[tuple[str, str, str]]:
    """The college, id and name of each organisation with this name.

    Args:
        connection: a transaction.
        college: whose organisations; None for every college's.
        name: the name as it was typed.
    """
    keys = sorted({slug(name), organisation_key(name), marked(name)})
    only = {} if college is None else {"c": college}
    found = [
        (where, which, called)
        for query in (_ANYWHERE if college is None else _IN_COLLEGE)
        for where, which, called, by in query.tuples(connection, keys=keys, **only)
        if same_organisation(by, name)
    ]
    return list(dict.fromkeys(found))
