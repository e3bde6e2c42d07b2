"""Erasing people from a store: their rows, and the remarks and quotes that mention them.

Deleting a row is not enough: after it, `kitloan.storage.rewriting` writes the tables again.
"""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table, bindparam, delete, insert, inspect, or_, select

from kitloan.storage.rewriting import count_erasure
from kitloan.storage.settings import texts, whole_number
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.storage.store import Store
from kitloan.tables import (
    Contact,
    ContactChange,
    LedgerHead,
    Loan,
    Organisation,
    Remark,
    Setting,
    table,
)
from kitloan.tables.evidence import Engagement, Quote
from kitloan.text.personal import MentionFinder

contact = table(Contact)
contact_change = table(ContactChange)
organisation = table(Organisation)
remark = table(Remark)
quote, engagement = table(Quote), table(Engagement)
loan = table(Loan)
setting = table(Setting)
head = table(LedgerHead)

_everybody = Query(
    select(contact, organisation.c.name.label("at"))
    .outerjoin_from(
        contact,
        organisation,
        (organisation.c.college == contact.c.college)
        & (organisation.c.organisation == contact.c.organisation),
    )
    .where(contact.c.college == bindparam("c"))
)

_changed = Query(
    select(*[contact_change.c[each.name] for each in contact.c], organisation.c.name.label("at"))
    .outerjoin_from(
        contact_change,
        organisation,
        (organisation.c.college == contact_change.c.college)
        & (organisation.c.organisation == contact_change.c.organisation),
    )
    .where(contact_change.c.college == bindparam("c"))
)

_forget = Change(
    delete(contact).where(contact.c.college == bindparam("c"), contact.c.contact == bindparam("p"))
)


def all_contacts(connection: Connection, college: str) -> Sequence[AnyRow]:
    """Every person on file, with the name of their organisation as `at`.

    Those too who are only in a change that was undone.
    """
    known = _everybody(connection, c=college).all()
    here = {row.contact for row in known}
    if not _has(connection, contact_change):
        return known
    gone = [row for row in _changed(connection, c=college).all() if row.contact not in here]
    return [*known, *gone]


def _has(connection: Connection, each: Table) -> bool:
    """Whether a store has a table; a copy from before an upgrade lacks those that came with it."""
    return inspect(connection).has_table(each.name)


def same_person(one: AnyRow, other: AnyRow) -> bool:
    """Whether two rows, perhaps of two copies, are of one person: one name at one organisation."""
    return bool(
        one.contact == other.contact
        or (one.name_key, one.organisation) == (other.name_key, other.organisation)
    )


def delete_people(store: Store, college: str, people: Sequence[AnyRow]) -> int:
    """Delete the rows of people and the remarks that mention them.

    Args:
        store: an open store, or a copy of it.
        college: whose people they are.
        people: rows as `all_contacts` gives them, of this store or of another copy of it.

    Returns:
        How many remarks and quotes were deleted.
    """
    with store.read() as connection:  # most copies do not have most people
        quoted = _quotes_about(connection, college, people)
        if not any(_about(connection, college, people)) and not quoted:
            return 0
    with store.write() as connection:
        here, about = _about(connection, college, people)
        gone = connection.execute(
            delete(remark).where(
                remark.c.college == college,
                or_(remark.c.contact.in_(_ids(people, here)), remark.c.remark.in_(about)),
            )
        ).rowcount
        quoted = _quotes_about(connection, college, [*people, *here])
        if quoted:
            gone += connection.execute(
                delete(quote).where(quote.c.college == college, quote.c.quote.in_(quoted))
            ).rowcount
        changes = _has(connection, contact_change)
        for each in here:
            _forget(connection, c=college, p=each.contact)
            if changes:
                connection.execute(
                    delete(contact_change).where(
                        contact_change.c.college == college,
                        or_(
                            contact_change.c.contact == each.contact,
                            contact_change.c.name_key == each.name_key,
                        ),
                    )
                )
        count_erasure(connection, college)
    return gone


def _about(
    connection: Connection, college: str, people: Sequence[AnyRow]
) -> tuple[list[AnyRow], list[str]]:
    """The rows of these people here, and the ids of the remarks that are theirs or mention them.

    In remarks about holdings that they borrowed, or were named with, the surname is enough.
    """
    here = [
        row
        for row in all_contacts(connection, college)
        if any(same_person(row, each) for each in people)
    ]
    ids = _ids(people, here)
    theirs = _holdings_of(connection, college, ids)
    finder = MentionFinder([*people, *here])
    rows = connection.execute(
        select(remark.c.remark, remark.c.tag, remark.c.contact, remark.c.words).where(
            remark.c.college == college
        )
    )
    about = [
        row.remark
        for row in rows
        if row.contact in ids or finder.matches(row.words, about_theirs=row.tag in theirs)
    ]
    return here, about


def _quotes_about(connection: Connection, college: str, people: Sequence[AnyRow]) -> list[str]:
    """The ids of the quotes that mention people; about a loan of theirs, the surname is enough."""
    if not _has(connection, quote):
        return []
    finder, ids = MentionFinder(people), _ids(people)
    rows = connection.execute(
        select(quote.c.quote, quote.c.words, loan.c.contact)
        .outerjoin_from(
            quote,
            engagement,
            (engagement.c.college == quote.c.college)
            & (engagement.c.engagement == quote.c.engagement),
        )
        .outerjoin(
            loan, (loan.c.college == engagement.c.college) & (loan.c.loan == engagement.c.loan)
        )
        .where(quote.c.college == college)
    )
    return [row.quote for row in rows if finder.matches(row.words, about_theirs=row.contact in ids)]


def _ids(*people: Iterable[AnyRow]) -> set[str]:
    return {each.contact for some in people for each in some}


def _holdings_of(connection: Connection, college: str, ids: set[str]) -> set[str]:
    """The tags of holdings that these people borrowed, or that a remark of theirs is about."""
    borrowed = select(loan.c.tag).where(loan.c.college == college, loan.c.contact.in_(ids))
    remarked = select(remark.c.tag).where(remark.c.college == college, remark.c.contact.in_(ids))
    return set(connection.execute(borrowed.union(remarked)).scalars())


_ERASED_BY = "erased by "


def note_eraser(store: Store, college: str, actor: str, at: str) -> None:
    """Keep who erased somebody last, and after which entry: that cannot be undone.

    Args:
        store: the store.
        college: whose people.
        actor: who erased.
        at: when.
    """
    with store.write() as connection:
        end = connection.execute(
            select(head.c.epoch, head.c.seq).where(head.c.college == college)
        ).one()
        name = f"{_ERASED_BY}{actor}"
        connection.execute(  # which cannot be undone any more
            delete(contact_change).where(
                contact_change.c.college == college, contact_change.c.by == actor
            )
        )
        connection.execute(
            delete(setting).where(setting.c.college == college, setting.c.name == name)
        )
        value = json.dumps({"at": at, "epoch": str(end.epoch), "seq": str(end.seq)})
        connection.execute(insert(setting).values(college=college, name=name, value=value))


def erased_since(
    connection: Connection, college: str, actor: str, place: tuple[int, int]
) -> str | None:
    """When a person erased somebody after an entry, by its epoch and number; None when not.

    Raises:
        StoreError: `damaged`, when what was kept of it cannot be read.
    """
    erased = erased_by(connection, college, actor)
    return erased[0] if erased is not None and erased[1] >= place else None


def erased_by(
    connection: Connection, college: str, actor: str
) -> tuple[str, tuple[int, int]] | None:
    """When a person erased somebody last, and the epoch and number of the entry before it.

    Raises:
        StoreError: `damaged`, when what was kept of it cannot be read.
    """
    name = f"{_ERASED_BY}{actor}"
    value = connection.execute(
        select(setting.c.value).where(setting.c.college == college, setting.c.name == name)
    ).scalar()
    if value is None:
        return None
    kept = texts(name, value, ("at", "epoch", "seq"))
    return kept["at"], (whole_number(name, kept["epoch"]), whole_number(name, kept["seq"]))
