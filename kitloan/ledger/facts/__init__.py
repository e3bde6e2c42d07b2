"""Facts: what can happen, one module for each topic, with what each fact does to the tables.

A fact is a frozen class; the function under it, marked with `applies`, is the only writer of the
register's rows. The same functions serve at the desk, when a ledger is merged from elsewhere, when
`verify` replays a ledger, and when a report asks for an earlier day. They check no rules of
lending: a verb checks them before a fact is sealed, and the database's constraints check them last.

Facts hold no names, addresses or remarks about people: an organisation's id and an opaque contact
id are all that a loan has. Counts are absolute (how many are missing now, not how many more), so
that applying a fact needs nothing but the fact.
"""
