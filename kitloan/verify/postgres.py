"""The rules of a PostgreSQL store against those that it was made with.

A constraint, an index or a trigger that somebody took away leaves every row as it was; but what it
would have refused, nobody has refused since. Where colleges share a database, row-level security
keeps them apart as well. The catalogues say all of it, to every login, in a handful of questions.

PostgreSQL says conditions in words of its own, with more brackets and the types spelt out, so both
sides are brought to the same ones before they are compared.
"""

import re
from collections.abc import Iterator

from sqlalchemy import CheckConstraint, Connection, ForeignKeyConstraint, PrimaryKeyConstraint

from kitloan.models import Base, table
from kitloan.models.every import ONLY_SOME_ROWS
from kitloan.rowsecurity import FUNCTIONS, OWNER, TRIGGERS, policies_of

Rules = dict[str, str]
"""What each rule says, by its name."""

_TABLES = """
SELECT c.oid, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS closed,
    pg_get_userbyid(c.relowner) AS owner
FROM pg_class c WHERE c.relkind = 'r' AND c.relname = ANY (%(tables)s)
    AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'ledger_entry'::regclass)
"""
_SAID = f"""
WITH ours AS ({_TABLES})
SELECT relname || '.' || conname, pg_get_constraintdef(k.oid)
FROM ours JOIN pg_constraint k ON conrelid = ours.oid WHERE contype IN ('c', 'f', 'p')
UNION ALL
SELECT ours.relname || '.' || i.relname, pg_get_indexdef(indexrelid)
FROM ours JOIN pg_index ON indrelid = ours.oid JOIN pg_class i ON i.oid = indexrelid
WHERE NOT indisprimary AND indisvalid
UNION ALL
SELECT relname || '.' || attname, 'NOT NULL'
FROM ours JOIN pg_attribute ON attrelid = ours.oid
WHERE attnotnull AND attnum > 0 AND NOT attisdropped
"""  # noqa: S608  # our own text
_WALLS = f"""
WITH ours AS ({_TABLES})
SELECT relname || ', its rows', 'closed' FROM ours WHERE closed AND owner = '{OWNER}'
UNION ALL
SELECT relname || '.' || tgname, pg_get_triggerdef(t.oid) || prosrc
FROM ours JOIN pg_trigger t ON tgrelid = ours.oid JOIN pg_proc p ON p.oid = tgfoid
WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
UNION ALL
SELECT relname || '.' || polname,
    concat_ws(' ', CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
        WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        CASE WHEN polpermissive AND polroles = '{{0}}' THEN 'PUBLIC' ELSE 'some' END,
        pg_get_expr(polqual, polrelid), 'leaving', pg_get_expr(polwithcheck, polrelid))
FROM ours JOIN pg_policy ON polrelid = ours.oid
"""  # noqa: S608
_DISABLED = f"""
WITH ours AS ({_TABLES})
SELECT DISTINCT relname FROM ours JOIN pg_trigger ON tgrelid = ours.oid
WHERE tgisinternal AND tgenabled NOT IN ('O', 'A') ORDER BY relname
"""  # noqa: S608
_SHARED = f"""
WITH ours AS ({_TABLES})
SELECT to_regclass('college_login') IS NOT NULL OR EXISTS (
    SELECT FROM ours WHERE owner = '{OWNER}' OR closed
)
"""  # noqa: S608
_TYPES = re.compile(r"::(?:character varying|text|name)(?:\[\])?")
_BETWEEN = re.compile(r"(\w+) between (\w+) and (\w+)")
_IN = re.compile(r"(\w+) in \(([^)]*)\)")
_NOTHING = re.compile(r"[()\s]|\bpublic\.|\busing btree\b")


def wrong_rules(connection: Connection) -> Iterator[str]:
    """What is not as it was made, in words."""
    given = {"tables": sorted(Base.metadata.tables)}

    def asked(question: str) -> Rules:
        return {row[0]: _plain(row[1]) for row in connection.exec_driver_sql(question, given)}

    yield from _differences(_made(), asked(_SAID))
    for name in connection.exec_driver_sql(_DISABLED, given).scalars():
        yield f"The keys of table {name} are not kept: somebody switched them off."
    if connection.exec_driver_sql(_SHARED, given).scalar():
        walls, there = _walls(), asked(_WALLS)
        yield from _differences(walls, there)
        for name in sorted(there.keys() - walls.keys()):
            yield f"The store has a rule {name} that kitloan did not make."


def _differences(ours: Rules, there: Rules) -> Iterator[str]:
    for name, said in ours.items():
        if name not in there:
            yield f"The store's rule {name} is gone: somebody took it away."
        elif there[name] != said:
            yield f"The store's rule {name} is not as it was made: somebody changed it."


def _plain(text: str) -> str:
    """A condition without what PostgreSQL adds to it, or says in other words."""
    text = _TYPES.sub("", text.lower())
    text = _BETWEEN.sub(r"\1 >= \2 and \1 <= \3", text)
    return _NOTHING.sub("", _IN.sub(r"\1 = any array[\2]", text))


def _made() -> Rules:
    """Constraints and indexes, as the models have them."""
    rules: Rules = {}
    for each in Base.metadata.sorted_tables:
        for rule in each.constraints:
            match rule:
                case CheckConstraint():
                    rules[f"{each.name}.{rule.name}"] = f"CHECK {rule.sqltext}"
                case ForeignKeyConstraint():
                    here, there = (
                        ", ".join(rule.column_keys),
                        ", ".join(key.column.name for key in rule.elements),
                    )
                    rules[f"{each.name}.{rule.name}"] = (
                        f"FOREIGN KEY ({here}) REFERENCES {rule.referred_table.name} ({there})"
                    )
                case PrimaryKeyConstraint():
                    keys = ", ".join(column.name for column in rule.columns)
                    rules[f"{each.name}.{each.name}_pkey"] = f"PRIMARY KEY ({keys})"
        for index in each.indexes:
            columns = tuple(column.name for column in index.columns)
            rules[f"{each.name}.{index.name}"] = _index(
                each.name, str(index.name), columns, unique=bool(index.unique)
            )
        for column in each.columns:
            if not column.nullable:
                rules[f"{each.name}.{column.name}"] = "NOT NULL"
    for model, name, columns, rows, unique in ONLY_SOME_ROWS:
        where = table(model).name
        rules[f"{where}.{name}"] = f"{_index(where, name, columns, unique=unique)} WHERE {rows}"
    return {name: _plain(said) for name, said in rules.items()}


def _index(where: str, name: str, columns: tuple[str, ...], *, unique: bool) -> str:
    kind = "UNIQUE INDEX" if unique else "INDEX"
    return f"CREATE {kind} {name} ON {where} ({', '.join(columns)})"


def _walls() -> Rules:
    """What keeps colleges apart in a database that they share."""
    rules = {f"{name}, its rows": "closed" for name in Base.metadata.tables}
    for where, name, when, each, function in TRIGGERS:
        body = FUNCTIONS[function].split("$$")[1]
        rules[f"{where}.{name}"] = (
            f"CREATE TRIGGER {name} BEFORE {when} {where} "
            f"FOR EACH {each} EXECUTE FUNCTION {function}() {body}"
        )
    for where in Base.metadata.tables:
        for name, statement, using, check in policies_of(where):
            said = " ".join(filter(None, (statement, "PUBLIC", using, "leaving", check)))
            rules[f"{where}.{name}"] = said
    return {name: _plain(said) for name, said in rules.items()}
