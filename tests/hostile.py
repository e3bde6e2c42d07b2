"""What a hostile login could say to a PostgreSQL that colleges share, by what must come of it.

`{me}` is the college whose login it is; `;;` stands between statements of one session.
"""

from typing import NamedTuple

REFUSED = {
    "change an entry": "UPDATE ledger_entry SET body = 'x'",
    "change its own entry": "UPDATE ledger_entry SET body = 'x' WHERE college = 'fife'",
    "take an entry away": "DELETE FROM ledger_entry WHERE seq = 1",
    "empty the ledger": "TRUNCATE ledger_entry",
    "empty the ledger by another table": "TRUNCATE holding CASCADE",
    "change an entry on conflict": "INSERT INTO ledger_entry SELECT * FROM ledger_entry "
    "ON CONFLICT (college, epoch, seq) DO UPDATE SET body = 'x'",
    "change an entry by MERGE": "MERGE INTO ledger_entry e USING ledger_entry o ON e.seq = o.seq "
    "AND e.college = o.college WHEN MATCHED THEN UPDATE SET body = 'x'",
    "take entries away by MERGE": "MERGE INTO ledger_entry e USING ledger_entry o ON "
    "e.seq = o.seq WHEN MATCHED THEN DELETE",
    "append to another's ledger": "INSERT INTO ledger_entry VALUES "
    "('ayrshire', 1, 99, 'i', 0, 'holding.sighted', NULL, '2026', 'x', '{{}}', 'h')",
    "fill a ledger by COPY": "COPY ledger_entry FROM STDIN",
    "begin another's ledger": "INSERT INTO ledger_head VALUES "
    "('borders', 1, 0, 'h', '', true) ON CONFLICT DO NOTHING",
    "move its own head back": "UPDATE ledger_head SET seq = seq - 1 WHERE college = '{me}'",
    "leave its own head": "UPDATE ledger_head SET hash = 'x' WHERE college = '{me}'",
    "give its head away": "UPDATE ledger_head SET college = 'borders', seq = seq + 1",
    "disown its ledger": "UPDATE ledger_head SET own = false, seq = seq + 1",
    "take a head away": "DELETE FROM ledger_head",
    "lock a row of another's ledger": "SELECT * FROM ledger_entry FOR UPDATE",
    "hand a row over": "UPDATE organisation SET college = 'ayrshire' WHERE college = '{me}'",
    "slip a row in": "INSERT INTO organisation VALUES ('ayrshire', 'x', 'x')",
    "tell a row that is there": "INSERT INTO organisation VALUES "
    "('ayrshire', 'ayrshire-academy', 'x') ON CONFLICT DO NOTHING",
    "tell a key that is there": "INSERT INTO gift (college, tag, title) SELECT 'ayrshire', 'KL1', "
    "'owned'",
    "write a note about another's": "INSERT INTO remark VALUES "
    "('ayrshire', 'r', 't', NULL, NULL, 'h', 'w')",
    "set another's setting": "INSERT INTO setting VALUES ('ayrshire', 'last_export', '0')",
    "change the tables' version": "INSERT INTO setting VALUES ('', 'x', '0')",
    "become the owner": "SET ROLE kitloan_owner",
    "become another": "SET ROLE kitloan_ayrshire",
    "log in as another": "SET SESSION AUTHORIZATION kitloan_ayrshire",
    "log in as another by a setting": "SELECT set_config('session_authorization', "
    "'kitloan_ayrshire', false)",
    "become another by a setting": "SELECT set_config('role', 'kitloan_ayrshire', false)",
    "be a copy of itself": "SET session_replication_role = replica",
    "read past the policies": "SET row_security = off;; SELECT * FROM contact",
    "take the policies off": "ALTER TABLE contact DISABLE ROW LEVEL SECURITY",
    "let the owner see all": "ALTER TABLE contact NO FORCE ROW LEVEL SECURITY",
    "make a policy": "CREATE POLICY open ON contact USING (true)",
    "drop a policy": "DROP POLICY own ON contact",
    "drop a trigger": "DROP TRIGGER stays ON ledger_entry",
    "turn a trigger off": "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
    "make a trigger": "CREATE TRIGGER t BEFORE INSERT ON holding FOR EACH ROW "
    "EXECUTE FUNCTION kitloan_never()",
    "make a rule": "CREATE RULE r AS ON INSERT TO ledger_entry DO INSTEAD NOTHING",
    "change the map of logins": "UPDATE college_login SET college = 'ayrshire'",
    "add to the map of logins": "INSERT INTO college_login VALUES ('kitloan_fife2', 'ayrshire')",
    "take the map away": "DROP TABLE college_login",
    "cover the map": "CREATE TEMP TABLE college_login (login name, college text)",
    "cover the map in a schema": "CREATE SCHEMA evil",
    "make a function": "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER "
    "AS 'SELECT 1'",
    "make a passing function": "CREATE FUNCTION pg_temp.f(text) RETURNS bool LANGUAGE plpgsql "
    "COST 0.0001 AS 'BEGIN RAISE NOTICE ''%'', $1; RETURN true; END'",
    "change the trigger's function": "CREATE OR REPLACE FUNCTION kitloan_never() RETURNS trigger "
    "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "make an operator": "CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, PROCEDURE = texteq)",
    "make a table": "CREATE TABLE mine (x text)",
    "make a view": "CREATE VIEW everything AS SELECT * FROM contact",
    "change an extension": "ALTER EXTENSION plpgsql SET SCHEMA public",
    "make a database": "CREATE DATABASE mine",
    "make a role": "CREATE ROLE another LOGIN",
    "make itself strong": "ALTER ROLE CURRENT_USER BYPASSRLS",
    "take another's password": "ALTER ROLE kitloan_ayrshire PASSWORD 'mine'",
    "join another": "GRANT kitloan_ayrshire TO CURRENT_USER",
    "join the owner": "GRANT kitloan_owner TO CURRENT_USER",
    "own a table": "ALTER TABLE contact OWNER TO CURRENT_USER",
    "own all": "REASSIGN OWNED BY kitloan_owner TO CURRENT_USER",
    "drop all": "DROP OWNED BY kitloan_owner",
    "drop what a new login is": "DROP OWNED BY kitloan_ayrshire",
    "let another in": "GRANT kitloan_colleges TO kitloan_ayrshire",
    "change the policies' function": "CREATE OR REPLACE FUNCTION kitloan_mine(college text, "
    "other text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "make the policies' function dear": "ALTER FUNCTION kitloan_mine(text, text) COST 1000",
    "cover the policies' function": "CREATE FUNCTION pg_temp.kitloan_mine(text, text) "
    "RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    "keep statistics": "ALTER TABLE contact ALTER name SET STATISTICS 100",
    "keep statistics of two columns": "CREATE STATISTICS s ON college, name FROM contact",
    "keep statistics of an expression": "CREATE STATISTICS s ON (lower(name)) FROM contact",
    "read the statistics of two columns": "SELECT * FROM pg_statistic_ext_data",
    "drop a table": "DROP TABLE contact",
    "add a column": "ALTER TABLE contact ADD COLUMN x text",
    "index a leak": "CREATE INDEX ON contact ((1 / length(name)))",
    "run a program": "COPY contact TO PROGRAM 'cat'",
    "write a file of the server's": "COPY contact TO '/tmp/contacts'",
    "read a file of the server's": "SELECT pg_read_file('/etc/passwd')",
    "load a file of the server's": "SELECT lo_import('/etc/passwd')",
    "read the passwords": "SELECT * FROM pg_authid",
    "read the passwords' view": "SELECT * FROM pg_shadow",
    "read the statistics": "SELECT * FROM pg_statistic",
    "stop another": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE usename = 'postgres' AND pid <> pg_backend_pid()",
    "lock the ledger": "BEGIN;; LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE",
    "change the server": "ALTER SYSTEM SET row_security = off",
    "change the database": "ALTER DATABASE kits SET search_path = evil",
    "take the policies off in a block": "DO $$ BEGIN EXECUTE 'ALTER TABLE contact DISABLE "
    "ROW LEVEL SECURITY'; END $$",
}
"""What the server refuses outright."""

WITHOUT_EFFECT = {
    "read people": "SELECT * FROM contact WHERE college = 'ayrshire'",
    "read notes": "SELECT * FROM remark WHERE college = 'ayrshire'",
    "read settings": "SELECT * FROM setting WHERE college = 'ayrshire'",
    "read people by a join": "SELECT c.* FROM loan l JOIN contact c USING (college, contact) "
    "WHERE l.college = 'ayrshire'",
    "read people by COPY": "COPY (SELECT * FROM contact WHERE college = 'ayrshire') TO STDOUT",
    "read people as XML": "SELECT query_to_xml('SELECT * FROM contact WHERE college = "
    "''ayrshire''', false, false, '')::text WHERE false",
    "read people by an error": "SELECT name::int FROM contact WHERE college = 'ayrshire'",
    "read people by dividing": "SELECT 1 FROM contact WHERE 1 / (length(name) - 13) > 0 "
    "AND college = 'ayrshire'",
    "read people by a pattern": "SELECT 1 FROM contact WHERE name ~ '^M' AND college = 'ayrshire'",
    "read people by a cursor": "WITH x AS MATERIALIZED (SELECT * FROM contact) "
    "SELECT * FROM x WHERE college = 'ayrshire'",
    "read people by statistics": "SELECT * FROM pg_stats WHERE tablename = 'contact'",
    "read what others say": "SELECT query FROM pg_stat_activity WHERE query LIKE '%Morag%' "
    "AND pid <> pg_backend_pid()",
    "read people by sampled values": "SELECT * FROM pg_stats WHERE schemaname = 'public'",
    "read people by statistics of two columns": "SELECT * FROM pg_stats_ext",
    "read people by statistics of expressions": "SELECT * FROM pg_stats_ext_exprs",
    "read the map of logins": "SELECT * FROM college_login WHERE college = 'ayrshire'",
    "be another by a setting": "SELECT c.* FROM set_config('kitloan.college', 'ayrshire', false), "
    "contact c WHERE c.college = 'ayrshire'",
    "look elsewhere first": "SELECT c.* FROM set_config('search_path', 'evil, public', false), "
    "contact c WHERE c.college = 'ayrshire'",
    "change another's loan": "UPDATE loan SET returned = quantity, closed_at = 'x' "
    "WHERE college = 'ayrshire'",
    "change another's holding": "UPDATE holding SET state = 'withdrawn' WHERE college = 'ayrshire'",
    "take another's loans away": "DELETE FROM loan WHERE college = 'ayrshire'",
    "take another's people away": "DELETE FROM contact WHERE college = 'ayrshire'",
    "change another's people": "UPDATE contact SET name = 'x' WHERE college = 'ayrshire' "
    "RETURNING *",
    "move another's head": "UPDATE ledger_head SET seq = seq + 1 WHERE college = 'ayrshire'",
    "lock another's head": "SELECT * FROM ledger_head WHERE college = 'ayrshire' FOR UPDATE",
    "change the tables' version": "UPDATE setting SET value = '999' WHERE college = ''",
    "take the tables' version away": "DELETE FROM setting WHERE college = ''",
    "change another's by MERGE": "MERGE INTO organisation o USING (VALUES (1)) v ON "
    "o.college = 'ayrshire' WHEN MATCHED THEN UPDATE SET name = 'x'",
    "change another's in a query": "WITH gone AS (DELETE FROM loan WHERE college = 'ayrshire' "
    "RETURNING *) SELECT * FROM gone",
}
"""What the server answers with nothing, and what changes nothing."""

FIFE_ONLY = {
    "read holdings": "SELECT * FROM holding WHERE college = 'ayrshire'",
    "read loans": "SELECT * FROM loan WHERE college = 'ayrshire'",
    "read the ledger": "SELECT * FROM ledger_entry WHERE college = 'ayrshire'",
    "read heads": "SELECT * FROM ledger_head WHERE college = 'ayrshire'",
    "change ESP's types": "UPDATE kit_type SET name = 'x' WHERE college = 'esp'",
    "change ESP's holdings": "UPDATE holding SET quantity = 9 WHERE college = 'esp'",
    "read ESP's people": "SELECT * FROM contact WHERE college = 'esp'",
    "read ESP's settings": "SELECT * FROM setting WHERE college = 'esp'",
}
"""ESP reads every college's ledger and register, and writes its own; a college does not."""


class Guess(NamedTuple):
    """A statement with a guess in it, one that is right of Ayrshire's rows and one that is not."""

    statement: str
    right: str
    wrong: str


_EXPLAIN = "EXPLAIN "
_RUN = "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) "
_BUFFERS = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) "
_WHOLE = "SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; "
_INDEX = "SET enable_seqscan = off; SET enable_bitmapscan = off; "
_BITMAP = "SET enable_seqscan = off; SET enable_indexscan = off; SET enable_indexonlyscan = off; "
_LOSSY = f"{_BITMAP}SET work_mem = '64kB'; "
_SHOWN = "organisation = (SELECT 'x')"
"""A condition of which a plan says whether it was ever looked at."""

_PERSON = ("Morag Baillie", "Nobody Atall")
_GUESSES = {
    "is": ("name = '{}'", *_PERSON),
    "is not": ("name <> '{}'", *_PERSON),
    "is less": ("name < '{}'", "Mz", "Ma"),
    "is between": ("name BETWEEN '{}' AND 'N'", "Mo", "Mz"),
    "begins": ("starts_with(name, '{}')", "Morag", "Nobod"),
    "begins with the sign": ("name ^@ '{}'", "Morag", "Nobod"),
    "is like": ("name LIKE '{}%'", "Morag", "Nobod"),
    "is like in any letters": ("name ILIKE '{}%'", "morag", "nobod"),
    "matches": ("name ~ '^{}'", "Morag", "Nobod"),
    "is one of": ("name IN ('{}', 'x', 'y')", *_PERSON),
    "is any of an array": ("name = ANY (ARRAY['{}'])", *_PERSON),
    "is with its college": ("(college, name) = ('ayrshire', '{}')", *_PERSON),
    "is less with its college": ("(college, name) < ('ayrshire', '{}')", "Mz", "Ma"),
    "is in a case": ("CASE WHEN name = '{}' THEN true ELSE false END", *_PERSON),
    "is an either": ("(name = '{}' OR name = 'x')", *_PERSON),
    "is in a column of an index": ("name_key = '{}'", "morag baillie", "nobody atall"),
    "is in either column of an index": (
        "(college = 'ayrshire' AND name_key = '{}' OR college = 'x' AND name_key = 'y')",
        "morag baillie",
        "nobody atall",
    ),
    "is an address": ("email = '{}'", "morag@example.org", "nobody@example.org"),
}
_WAYS = {
    "": "",
    ", the whole table": _WHOLE,
    ", an index": _INDEX,
    ", a bitmap": _BITMAP,
    ", a coarse bitmap": _LOSSY,
    ", operators that cost nothing": f"{_WHOLE}SET cpu_operator_cost = 0; ",
    ", operators that cost the world": f"{_WHOLE}SET cpu_operator_cost = 1e300; ",
}


def _of_contacts(condition: str) -> dict[str, str]:
    """What could say whether a condition holds of some row that is another's."""
    shown = f"{condition} AND {_SHOWN}"
    there = f"SELECT 1 FROM contact WHERE {condition}"
    return {
        "estimate": f"{_EXPLAIN}{there}",
        "estimate of the distinct": f"{_EXPLAIN}SELECT DISTINCT name FROM contact "
        f"WHERE {condition}",
        "estimate of a college's": f"{_EXPLAIN}{there} AND college = 'ayrshire'",
        "rows removed": f"{_RUN}{there}",
        "rows removed of a college": f"{_RUN}{there} AND college = 'ayrshire'",
        "pages read": f"{_BUFFERS}{there} AND college = 'ayrshire'",
        "what was never executed": f"{_RUN}SELECT 1 FROM contact WHERE {shown}",
        "what was never executed of a college": f"{_RUN}SELECT 1 FROM contact WHERE {shown} "
        "AND college = 'ayrshire'",
        "what was never executed in a case": f"{_RUN}SELECT 1 FROM contact WHERE "
        f"CASE WHEN {condition} THEN (SELECT true) ELSE false END",
        "what was never executed in a row": f"{_RUN}SELECT 1 FROM contact WHERE ctid = '(0,2)' "
        f"AND {shown}",
        "what was never executed of a page": f"{_RUN}SELECT 1 FROM contact WHERE "
        f"ctid < '(1,0)' AND {shown}",
        "what was never executed of a sample": f"{_RUN}SELECT 1 FROM contact "
        f"TABLESAMPLE SYSTEM (100) WHERE {shown}",
        "what was never executed of an update": f"{_RUN}UPDATE contact SET phone = phone "
        f"WHERE {shown}",
        "what was never executed of a removal": f"{_RUN}DELETE FROM contact WHERE {shown}",
        "what was never executed of a lock": f"{_RUN}SELECT 1 FROM contact WHERE {shown} "
        "FOR UPDATE",
    }


LOCAL_GUESSES = {
    f"{told}, {how}{way}": Guess(settings + statement, right, wrong)
    for how, (condition, right, wrong) in _GUESSES.items()
    for told, statement in _of_contacts(condition).items()
    for way, settings in _WAYS.items()
    if not way or _RUN in statement
}
"""What a plan could tell of people, who are their college's alone, ESP's login or not."""

LOCAL_GUESSES |= {
    "estimate of words": Guess(
        f"{_EXPLAIN}SELECT 1 FROM remark WHERE words = '{{}}'", "for Morag Baillie", "for nobody"
    ),
    "a college's notes": Guess(
        f"{_EXPLAIN}SELECT 1 FROM remark WHERE college = '{{}}'", "ayrshire", "nowhere"
    ),
    "a college's people": Guess(
        f"{_EXPLAIN}SELECT 1 FROM contact WHERE college = '{{}}'", "ayrshire", "nowhere"
    ),
    "a college's settings": Guess(
        f"{_RUN}SELECT 1 FROM setting WHERE college = '{{}}'", "ayrshire", "nowhere"
    ),
    "a setting's value": Guess(
        f"{_WHOLE}{_RUN}SELECT 1 FROM setting WHERE value = '{{}}' AND name = (SELECT 'x')",
        "key of Morag Baillie",
        "key of nobody",
    ),
    "a guess that is planted and analysed": Guess(
        "INSERT INTO contact VALUES ('{me}', 'g', 'o', '{}', 'g', NULL, NULL); "
        f"ANALYZE contact; {_EXPLAIN}SELECT 1 FROM contact WHERE name = '{{}}'",
        *_PERSON,
    ),
    "a join of guesses": Guess(
        f"{_RUN}SELECT 1 FROM (VALUES ('{{}}')) g(name) JOIN contact USING (name)", *_PERSON
    ),
    "a join of guesses by hash": Guess(
        "SET enable_nestloop = off; SET enable_mergejoin = off; "
        f"{_RUN}SELECT 1 FROM (VALUES ('{{}}'), ('x')) g(name) JOIN contact USING (name)",
        *_PERSON,
    ),
    "a join of guesses in order": Guess(
        "SET enable_nestloop = off; SET enable_hashjoin = off; "
        f"{_RUN}SELECT 1 FROM (VALUES ('{{}}'), ('x')) g(name) JOIN contact USING (name)",
        *_PERSON,
    ),
    "a guess beside each row": Guess(
        f"{_RUN}SELECT 1 FROM (VALUES ('{{}}')) g(name), LATERAL (SELECT 1 FROM contact c "
        "WHERE c.name = g.name LIMIT 1) l",
        *_PERSON,
    ),
    "whether there is one": Guess(
        f"{_RUN}SELECT 1 WHERE EXISTS (SELECT FROM contact WHERE name = '{{}}')", *_PERSON
    ),
    "whether there is none": Guess(
        f"{_RUN}SELECT 1 FROM (VALUES ('{{}}')) g(name) WHERE NOT EXISTS (SELECT FROM contact c "
        "WHERE c.name = g.name)",
        *_PERSON,
    ),
    "the least": Guess(f"{_RUN}SELECT min(name) FROM contact WHERE name >= '{{}}'", "M", "Z"),
    "the first in order": Guess(
        f"{_RUN}SELECT 1 FROM contact WHERE name >= '{{}}' ORDER BY college, name_key LIMIT 1",
        "M",
        "Z",
    ),
    "an upsert": Guess(
        f"{_RUN}INSERT INTO contact VALUES ('{{me}}', '{{}}', 'o', 'n', 'k', NULL, NULL) "
        "ON CONFLICT DO NOTHING",
        "a person of ayrshire",
        "a person of nobody",
    ),
    "a merge": Guess(
        f"{_RUN}MERGE INTO contact c USING (VALUES ('{{}}')) g(name) ON c.name = g.name "
        "WHEN MATCHED THEN DELETE",
        *_PERSON,
    ),
}

_LETTER = ("a", "z")
COLLEGE_GUESSES = {
    f"{told}{way}": Guess(settings + statement, right, wrong)
    for told, (statement, right, wrong) in {
        "a borrower": (
            f"{_RUN}SELECT 1 FROM loan WHERE college = 'ayrshire' AND organisation >= '{{}}' "
            "AND organisation < 'b'",
            *_LETTER,
        ),
        "a borrower by estimate": (
            f"{_EXPLAIN}SELECT 1 FROM loan WHERE organisation = '{{}}'",
            "ayrshire-academy",
            "nowhere",
        ),
        "a borrower by what was never executed": (
            f"{_RUN}SELECT 1 FROM loan WHERE organisation = '{{}}' AND out_by = (SELECT 'x')",
            "ayrshire-academy",
            "nowhere",
        ),
        "an asset number": (
            f"{_RUN}SELECT 1 FROM holding WHERE college = 'ayrshire' AND asset_key >= '{{}}' "
            "AND asset_key < 'b'",
            *_LETTER,
        ),
        "who was at a desk": (
            f"{_RUN}SELECT 1 FROM ledger_entry WHERE college = 'ayrshire' AND \"by\" = '{{}}'",
            "clerk of ayrshire",
            "nobody",
        ),
        "who was at a desk by estimate": (
            f"{_EXPLAIN}SELECT 1 FROM ledger_entry WHERE \"by\" = '{{}}'",
            "clerk of ayrshire",
            "nobody",
        ),
        "how many loans a college has": (
            f"{_EXPLAIN}SELECT 1 FROM loan WHERE college = '{{}}'",
            "ayrshire",
            "nowhere",
        ),
        "how long a ledger is": (
            f"{_BUFFERS}SELECT count(*) FROM ledger_entry WHERE college = '{{}}'",
            "ayrshire",
            "nowhere",
        ),
        "how long a ledger is by its numbers": (
            f"{_RUN}SELECT 1 FROM ledger_entry WHERE college = 'ayrshire' AND epoch = 1 "
            "AND seq = '{}'",
            "2",
            "9999",
        ),
        "what is in a ledger": (
            f"{_RUN}SELECT 1 FROM ledger_entry WHERE kind = '{{}}' AND body = (SELECT 'x')",
            "loan.opened",
            "loan.never",
        ),
    }.items()
    for way, settings in _WAYS.items()
}
"""What a plan could tell a college of another's register and ledger, which ESP may read."""
