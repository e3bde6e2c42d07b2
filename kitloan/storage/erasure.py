"""Erasing people from a store: delete their rows, then rewrite the tables that held them.

Deleting is not enough. SQLite overwrites deleted rows (`secure_delete`), but it also moves rows and
leaves copies, so the file is rewritten. PostgreSQL keeps a deleted or changed row in the table's
file until no earlier snapshot can see it; after that, rewriting the table leaves it out. The server
reports how many dead rows it had to keep.

Two settings count: `erasures`, how often people were erased, and `rewritten`, how many erasures the
last rewrite covered. A rewrite is due while they differ.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, inspect, or_, select, text

from kitloan.errors import KitloanError, StoreError
from kitloan.storage.faults import translated
from kitloan.storage.settings import texts, whole_number
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.storage.store import BUSY_SECONDS, POOLED, Store
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

_NUMBER = re.compile(r"\d+")
PATIENCE = 1.0
"""Seconds to wait for others before a store is rewritten. They wait as long, and the rewrite is
tried again whenever the store is opened."""

_ERASURES, _REWRITTEN = "erasures", "rewritten"
_NOT_OURS = "not_allowed"

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

_counters = Query(
    select(setting.c.name, setting.c.value).where(
        setting.c.college == bindparam("c"),
        or_(setting.c.name == _ERASURES, setting.c.name == _REWRITTEN),
    )
)

COUNTED = """
    SELECT coalesce(sum(CASE name WHEN 'erasures' THEN CAST(value AS INTEGER) END), 0),
        coalesce(sum(CASE name WHEN 'rewritten' THEN CAST(value AS INTEGER) END), 0)
    FROM setting WHERE name IN ('erasures', 'rewritten')
"""
"""Gives how often people were erased in a file, and how many of these its last rewrite covered."""

_count_one = Change(
    text(
        "INSERT INTO setting (college, name, value) VALUES (:c, :n, '1') "
        "ON CONFLICT (college, name) "
        "DO UPDATE SET value = CAST(CAST(setting.value AS INTEGER) + 1 AS TEXT)"
    )
)

_set = Change(
    text(
        "INSERT INTO setting (college, name, value) VALUES (:c, :n, :v) "
        "ON CONFLICT (college, name) DO UPDATE SET value = :v"
    )
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


def erasure_counts(connection: Connection) -> tuple[int, int]:
    """The two numbers of `COUNTED`. If a copy has the same, nobody was erased in between."""
    forgotten, rewritten = connection.exec_driver_sql(COUNTED).one()
    return int(forgotten), int(rewritten)


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
        _count_one(connection, c=college, n=_ERASURES)
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


def rewrite_is_due(connection: Connection, college: str) -> bool:
    """Whether the store must still be rewritten after people were erased."""
    erased, rewritten = _counts(connection, college)
    return rewritten < erased


def _counts(connection: Connection, college: str) -> tuple[int, int]:
    found = {
        row.name: whole_number(row.name, row.value) for row in _counters(connection, c=college)
    }
    return found.get(_ERASURES, 0), found.get(_REWRITTEN, 0)


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


def rewrite_if_due(store: Store, college: str) -> str:
    """Rewrite the store if that is due.

    Args:
        store: an open store.
        college: whose.

    Returns:
        Why deleted details may still be in the store's files; empty when they are not.
    """
    try:
        with store.read() as connection:
            erased, rewritten = _counts(connection, college)
        if rewritten >= erased:
            return ""
        why = _rewritten(store)
        with store.write() as connection:
            _set(connection, c=college, n=_REWRITTEN, v=str(erased))
    except KitloanError as problem:
        in_use = f"{store.name} is in use by another program."
        return in_use if problem.code == "busy" else problem.message
    return why


def _rewritten(store: Store) -> str:
    """Rewrite the tables that hold people; gives why not, if trying again would change nothing."""
    try:
        names = (contact.name, contact_change.name, quote.name, remark.name)
        rewrite(store, *names, patience=PATIENCE)
    except KitloanError as problem:
        if problem.code != _NOT_OURS:
            raise
        return f"{problem.message} {problem.hint}"
    return ""


def rewrite(store: Store, *tables: str, patience: float = BUSY_SECONDS) -> None:
    """Rewrite tables; in a SQLite store, all of them.

    Args:
        store: an open store.
        tables: their names.
        patience: how many seconds to wait for others who read or write them.

    Raises:
        StoreError: `busy`, `full`, ...; `still_seen`, when PostgreSQL must keep deleted rows for
            work that began before; `not_allowed`, when this login may not rewrite tables.
    """
    with translated(store.name):
        if store.is_sqlite:
            _rewrite_file(store, patience)
        else:
            _rewrite_tables(store, tables, patience)


def _rewrite_file(store: Store, patience: float) -> None:
    connection = store.engine.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
        try:
            connection.cursor().execute("VACUUM")
        finally:
            connection.cursor().execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    finally:
        connection.close()


def _rewrite_tables(store: Store, tables: tuple[str, ...], patience: float) -> None:
    carried: list[int] = []

    def count_dead_rows(notice: Any) -> None:
        # Notices come in the server's language. Only the one about a rewritten table has a
        # detail, whose first number is how many dead rows were kept.
        detail = notice.message_detail
        if notice.severity_nonlocalized == "INFO" and detail and (found := _NUMBER.search(detail)):
            carried.append(int(found[0]))

    loose = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with loose.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if connection.info.get(POOLED):  # it may wait on another connection than it set a limit on
            raise StoreError(
                "pooled",
                f"{store.name} keeps deleted rows in its files: it is reached through a pooler, "
                "through which tables are not written again.",
                "Open the store once at the server's own address. kitloan tries again whenever it "
                "is opened.",
            )
        driver.add_notice_handler(count_dead_rows)
        connection.exec_driver_sql(f"SET lock_timeout = '{patience * 1000:.0f}ms'")
        try:
            for each in tables:
                # Analysed too, or the planner's statistics would keep names.
                connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE, ANALYZE) {each}")
        finally:
            connection.exec_driver_sql(f"SET lock_timeout = '{BUSY_SECONDS}s'")
            driver.remove_notice_handler(count_dead_rows)
    if len(carried) < len(tables):
        raise StoreError(
            "not_allowed",
            f"{store.name} keeps deleted rows in its files until the server vacuums these tables: "
            "this login may not rewrite them.",
            "The administrator of the server can do it now: "
            f"VACUUM (FULL, ANALYZE) {', '.join(tables)}",
        )
    if any(carried):
        raise StoreError(
            "still_seen",
            f"{store.name} keeps deleted rows in its files until earlier work ends, for example a "
            "report or a backup of the server.",
            "kitloan tries again whenever the store is opened.",
        )
