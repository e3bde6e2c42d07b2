"""The borrowers that a name means: by the name that they have, or by older ones."""

from typing import Any

from sqlalchemy import Connection, select

from kitloan.tables import Organisation, table
from kitloan.tables.naming import OtherName
from kitloan.text.names import marked, organisation_key, same_organisation, slug

organisation, other_name = table(Organisation), table(OtherName)


def organisations_called(
    connection: Connection, college: str | None, name: str
) -> list[tuple[str, str, str]]:
    """The college, id and name of each organisation with this name.

    Args:
        connection: a transaction.
        college: whose organisations; None for every college's.
        name: the name as it was typed.
    """
    keys = {slug(name), organisation_key(name), marked(name)}
    wanted = select(organisation.c.college, organisation.c.organisation, organisation.c.name)
    rows = connection.execute(
        _of(
            college,
            wanted.where(
                organisation.c.organisation.in_(sorted(keys)), organisation.c.merged_into.is_(None)
            ),
            organisation,
        )
    ).all()
    others = connection.execute(
        _of(
            college,
            wanted.add_columns(other_name.c.name.label("other"))
            .join_from(
                other_name,
                organisation,
                (organisation.c.college == other_name.c.college)
                & (organisation.c.organisation == other_name.c.whose),
            )
            .where(other_name.c.subject == "organisation", other_name.c.key.in_(sorted(keys))),
            organisation,
        )
    ).all()
    found = [(row[0], row[1], row[2]) for row in rows if same_organisation(row.name, name)]
    found += [(row[0], row[1], row[2]) for row in others if same_organisation(row.other, name)]
    return list(dict.fromkeys(found))


def _of(college: str | None, wanted: Any, where: Any) -> Any:
    return wanted if college is None else wanted.where(where.c.college == college)
