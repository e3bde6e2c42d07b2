"""What a hostile login could say to a PostgreSQL that colleges share, by what must come of it.

`{me}` is the college whose login it is; `;;` stands between statements of one session.
"""

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
