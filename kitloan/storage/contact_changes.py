"""Changes of people's details, kept so that they can be undone, and forgotten with the person.

They are no entries: a name, an e-mail address and a phone number never enter the ledger. A change
has the place of the ledger's end at that time, so that undo knows what came after what.
"""

import secrets
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from kitloan.storage.statements import AnyRow
from kitloan.tables import Contact, LedgerEntry, LedgerHead, table
from kitloan.tables.local import ContactChange

change, contact = table(ContactChange), table(Contact)
entry, head = table(LedgerEntry), table(LedgerHead)

KIND = "contacts.set"
"""What such a change is called among the actions of a person."""


def keep(connection: Connection, college: str, by: str, at: str, **values: Any) -> None:
    """Keep a change that `by` made.

    Args:
        connection: the transaction of the change.
        college: whose.
        by: who.
        at: when.
        values: the contact's id, organisation, name, name_key, email and phone as they are now;
            `email_before` and `phone_before`; `is_new`.
    """
    connection.execute(
        insert(change).values(
            college=college,
            change=secrets.token_hex(8),
            by=by,
            at=at,
            undone=False,
            **_end(connection, college),
            **values,
        )
    )


def latest(connection: Connection, college: str, by: str, *, undone: bool) -> AnyRow | None:
    """The latest change of a person's that is undone, or that is not; None without one."""
    found = listed(connection, college, by, undone=undone)
    return found[0] if found else None


def listed(connection: Connection, college: str, by: str, *, undone: bool) -> list[AnyRow]:
    """The changes of a person's that are undone, or that are not, the latest first."""
    rows = connection.execute(
        select(change).where(
            change.c.college == college, change.c.by == by, change.c.undone.is_(undone)
        )
    ).all()
    return sorted(rows, key=lambda row: (row.epoch, row.seq, row.number), reverse=True)


def reverse(connection: Connection, row: AnyRow, at: str) -> None:
    """Undo a change, or do one again that was undone."""
    this = [contact.c.college == row.college, contact.c.contact == row.contact]
    back = not row.undone
    if back and row.is_new and not _is_named(connection, row):
        connection.execute(delete(contact).where(*this))
    elif row.undone and row.is_new and not connection.execute(select(contact).where(*this)).all():
        names = ("college", "contact", "organisation", "name", "name_key", "email", "phone")
        values = {name: row._mapping[name] for name in names}
        connection.execute(insert(contact).values(**values))
    else:
        email, phone = (row.email_before, row.phone_before) if back else (row.email, row.phone)
        connection.execute(update(contact).where(*this).values(email=email, phone=phone))
    connection.execute(
        update(change)
        .where(change.c.college == row.college, change.c.change == row.change)
        .values(undone=back, at=at, **_end(connection, row.college))
    )


def _end(connection: Connection, college: str) -> dict[str, int]:
    """The ledger's end, and which change this is of those with the same."""
    end = connection.execute(
        select(head.c.epoch, head.c.seq).where(head.c.college == college)
    ).one()
    numbers = connection.execute(
        select(change.c.number).where(
            change.c.college == college, change.c.epoch == end.epoch, change.c.seq == end.seq
        )
    ).scalars()
    return {"epoch": end.epoch, "seq": end.seq, "number": max(numbers, default=0) + 1}


def _is_named(connection: Connection, row: AnyRow) -> bool:
    """Whether any entry names the person, so that their row must stay."""
    named = select(entry.c.seq).where(
        entry.c.college == row.college, entry.c.body.contains(f'"{row.contact}"', autoescape=True)
    )
    return connection.execute(named.limit(1)).first() is not None
