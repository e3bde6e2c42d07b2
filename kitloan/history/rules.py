"""The rules of a PostgreSQL database: whether they are as kitloan made them.

Constraints, triggers, policies, privileges: what the server says of each is compared with what the
models and `kitloan.storage.row_security` ask for, both worded in one way.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from sqlalchemy import CheckConstraint, Connection, ForeignKeyConstraint, PrimaryKeyConstraint

from kitloan.ledger.session import ESP
from kitloan.storage.row_security import (
    FUNCTIONS,
    GROUPS,
    MINE,
    NATIONAL,
    OWNER,
    TRIGGERS,
    can_rewrite,
    login_of,
    policies_of,
    privileges_of,
)
from kitloan.storage.servers import missing
from kitloan.tables import Base, table
from kitloan.tables.every import ONLY_SOME_ROWS

Rules = dict[str, str]
"""The text of each rule, by its name."""

_TABLES = """
SELECT c.oid, c.relname, c.relrowsecurity AND c.relforcerowsecurity AS closed,
    pg_get_userbyid(c.relowner) AS owner
FROM pg_class c WHERE c.relkind = 'r' AND c.relname = ANY (%(tables)s)
    AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'ledger_entry'::regclass)
"""

_RULES = f"""
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

_SECURITY = f"""
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
        CASE WHEN NOT polpermissive THEN 'fewer' WHEN polroles = '{{0}}' THEN 'PUBLIC'
            ELSE array_to_string(polroles::regrole[], ' ') END,
        pg_get_expr(polqual, polrelid), 'leaving', pg_get_expr(polwithcheck, polrelid))
FROM ours JOIN pg_policy ON polrelid = ours.oid
UNION ALL
SELECT relname || ', no statistics', 'none' FROM ours WHERE NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = ours.oid AND attnum > 0 AND NOT attisdropped
        AND attstattarget IS DISTINCT FROM 0
) AND NOT EXISTS (SELECT FROM pg_statistic_ext WHERE stxrelid = ours.oid)
UNION ALL
SELECT relname || ', privileges of ' || whose, string_agg(DISTINCT privilege_type, ', ')
FROM (
    SELECT relname, coalesce(rolname, 'PUBLIC') AS whose, privilege_type
    FROM ours
    CROSS JOIN LATERAL (
        SELECT relacl AS acl FROM pg_class WHERE oid = ours.oid
        UNION ALL SELECT attacl FROM pg_attribute WHERE attrelid = ours.oid
    ) AS acls CROSS JOIN LATERAL aclexplode(acl) LEFT JOIN pg_roles r ON r.oid = grantee
) AS granted WHERE whose = 'PUBLIC' OR starts_with(whose, 'kitloan_') AND whose <> '{OWNER}'
GROUP BY relname, whose
UNION ALL
SELECT 'college_login', 'there' WHERE to_regclass('college_login') IS NOT NULL
UNION ALL
SELECT 'kitloan_mine', concat_ws(' ', prosrc, provolatile, procost::text) FROM pg_proc
WHERE oid = to_regprocedure('kitloan_mine(text, text)')
UNION ALL
SELECT pg_get_userbyid(roleid) || ', its member ' || pg_get_userbyid(member), 'a member'
FROM pg_auth_members WHERE pg_get_userbyid(roleid) = '{NATIONAL}' AND NOT admin_option
    AND pg_get_userbyid(member) <> '{login_of(ESP)}'
"""  # noqa: S608

_EARLIER = f"""
WITH ours AS ({_TABLES})
SELECT EXISTS (
    SELECT FROM ours JOIN pg_policy ON polrelid = ours.oid
    WHERE pg_get_expr(polqual, polrelid) LIKE '%%college_login%%'
)
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
_NOTHING = re.compile(r"[()\s\"]|\bpublic\.|\busing btree\b")


def wrong_rules(connection: Connection) -> Iterator[str]:
    """The rules of a PostgreSQL database that are not as kitloan made them, in words."""
    given = {"tables": sorted(Base.metadata.tables)}

    def asked(question: str) -> Rules:
        return {row[0]: _plain(row[1]) for row in connection.exec_driver_sql(question, given)}

    yield from _differences(_made(), asked(_RULES))
    for college, name in missing(connection):
        yield f"Table {name} of the database of {college!r} is not seen here."
    for name in connection.exec_driver_sql(_DISABLED, given).scalars():
        yield f"The foreign keys of table {name} are switched off."
    if connection.exec_driver_sql(_EARLIER, given).scalar():
        yield (
            "An earlier kitloan set up this database: with EXPLAIN, a college's login can still "
            "find out what is in another's rows. An administrator closes that, and loses nothing, "
            f"with: kitloan provision postgresql://ADMINISTRATOR@HOST/{connection.engine.url.database}"
            " --college ID --passwords FILE"
        )
    elif connection.exec_driver_sql(_SHARED, given).scalar():
        ours, there = _security_rules(may_rewrite=can_rewrite(connection)), asked(_SECURITY)
        yield from _differences(ours, there)
        for name in sorted(there.keys() - ours.keys()):
            yield f"The store has a rule {name} that kitloan did not make."


def _differences(ours: Rules, there: Rules) -> Iterator[str]:
    for name, rule in ours.items():
        if name not in there:
            yield rule_is_gone(name)
        elif there[name] != rule:
            yield f"The store's rule {name} was changed."


def rule_is_gone(name: str) -> str:
    return f"The store's rule {name} is gone."


@lru_cache(maxsize=2048)
def _plain(text: str) -> str:
    """A condition without the parts that PostgreSQL adds or words in another way."""
    text = _TYPES.sub("", text.lower())
    text = _BETWEEN.sub(r"\1 >= \2 and \1 <= \3", text)
    return _NOTHING.sub("", _IN.sub(r"\1 = any array[\2]", text))


@cache
def _made() -> Rules:
    """The constraints and indexes of the models."""
    rules: Rules = {}
    for each in Base.metadata.sorted_tables:
        of_columns = (rule for column in each.columns for rule in column.constraints)
        for rule in (*each.constraints, *of_columns):
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
                        + (" DEFERRABLE INITIALLY DEFERRED" if rule.deferrable else "")
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
    return {name: _plain(rule) for name, rule in rules.items()}


def _index(where: str, name: str, columns: tuple[str, ...], *, unique: bool) -> str:
    kind = "UNIQUE INDEX" if unique else "INDEX"
    return f"CREATE {kind} {name} ON {where} ({', '.join(columns)})"


def _security_rules(*, may_rewrite: bool) -> Rules:
    """The rules that keep colleges apart in a shared database."""
    rules = {f"{name}, its rows": "closed" for name in Base.metadata.tables}
    for where, name, when, rows, function in TRIGGERS:
        body = FUNCTIONS[function].split("$$")[1]
        rules[f"{where}.{name}"] = (
            f"CREATE TRIGGER {name} BEFORE {when} {where} "
            f"FOR EACH {rows} EXECUTE FUNCTION {function}() {body}"
        )
    rules["college_login"] = "there"
    rules["kitloan_mine"] = f"{MINE.split('$$')[1]} s {MINE.split('COST ')[1].split()[0]}"
    for where in Base.metadata.tables:
        for each in policies_of(where):
            parts = (each.statement, each.role, each.using, "leaving", each.check)
            rules[f"{where}.{each.name}"] = " ".join(filter(None, parts))
        rules[f"{where}, no statistics"] = "none"
        allowed = privileges_of(where, may_rewrite=may_rewrite).split(", ")
        for group in GROUPS:
            rules[f"{where}, privileges of {group}"] = ", ".join(sorted(allowed))
    return {name: _plain(rule) for name, rule in rules.items()}
