"""Writing tables anew, so that nothing deleted is left between their rows or behind them.

SQLite overwrites what is deleted (`secure_delete`), but moves rows about and leaves a copy here and
there; so the file is written anew. PostgreSQL overwrites nothing, an UPDATE no more than a DELETE:
a row that is gone for every new query stays in the table's file until nobody's earlier snapshot can
see it. Then writing the table anew leaves it out. Whether it did is asked of the server, which says
how many dead rows it had to carry along.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, text

from kitloan.errors import KitloanError, StoreError
from kitloan.storage.faults import translated
from kitloan.storage.settings import whole_number
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.storage.store import BUSY_SECONDS, Store
from kitloan.tables import Contact, Loan, Organisation, Remark, Setting, table
from kitloan.text.personal import Mentions

contact = table(Contact)
organisation = table(Organisation)
remark = table(Remark)
loan = table(Loan)
setting = table(Setting)

_NUMBER = re.compile(r"\d+")


def rewrite(store: Store, *tables: str, patience: float = BUSY_SECONDS) -> None:
    """Write tables anew; of a SQLite store all of them.

    Args:
        store: an open store.
        tables: their names.
        patience: how many seconds to wait for others who read or write them.

    Raises:
        StoreError: `busy`, `full`, ...; `still_seen`, when PostgreSQL must keep deleted rows for
            work that began before; `not_allowed`, when this login may not have tables written anew.
    """
    with translated(store.name):
        if store.is_sqlite:
            _file(store, patience)
        else:
            _tables(store, tables, patience)


def _file(store: Store, patience: float) -> None:
    connection = store.engine.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
        try:
            connection.cursor().execute("VACUUM")
        finally:
            connection.cursor().execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    finally:
        connection.close()


def _tables(store: Store, tables: tuple[str, ...], patience: float) -> None:
    carried: list[int] = []

    def told(notice: Any) -> None:
        # Its sentences come in the server's language. Only that on a table written anew has a
        # detail, whose first number is how many dead rows were carried along.
        detail = notice.message_detail
        if notice.severity_nonlocalized == "INFO" and detail and (found := _NUMBER.search(detail)):
            carried.append(int(found[0]))

    loose = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with loose.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.add_notice_handler(told)
        connection.exec_driver_sql(f"SET lock_timeout = '{patience * 1000:.0f}ms'")
        try:
            for each in tables:
                # Analysed too, or the planner's statistics would go on holding names.
                connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE, ANALYZE) {each}")
        finally:
            connection.exec_driver_sql(f"SET lock_timeout = '{BUSY_SECONDS}s'")
            driver.remove_notice_handler(told)
    if len(carried) < len(tables):
        raise StoreError(
            "not_allowed",
            f"{store.name} keeps what was deleted in its files until the server next vacuums these "
            "tables: this login may not have them written anew.",
            "Whoever runs the server can do it at once: "
            f"VACUUM (FULL, ANALYZE) {', '.join(tables)}",
        )
    if any(carried):
        raise StoreError(
            "still_seen",
            f"{store.name} keeps what was deleted in its files while work that began before goes "
            "on: somebody's report, perhaps, or a backup of the server.",
            "It is tried again whenever the store is opened.",
        )


PATIENCE = 1.0
"""Seconds to wait for others before a store is written anew: they wait as long, and it is tried
again whenever the store is opened."""
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
"""Asks a file how many people were forgotten in it, and how many when it was last written anew."""
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


def everybody(connection: Connection, college: str) -> Sequence[AnyRow]:
    """Everybody on file, with the name of the organisation that they are `at`."""
    return _everybody(connection, c=college).all()


def counted(connection: Connection) -> tuple[int, int]:
    """What `COUNTED` says. Where it says the same of a copy, nobody was forgotten in between."""
    forgotten, rewritten = connection.exec_driver_sql(COUNTED).one()
    return int(forgotten), int(rewritten)


def is_due(connection: Connection, college: str) -> bool:
    """Whether the store is still to be written anew after people were forgotten."""
    erased, rewritten = _counts(connection, college)
    return rewritten < erased


def _counts(connection: Connection, college: str) -> tuple[int, int]:
    found = {
        row.name: whole_number(row.name, row.value) for row in _counters(connection, c=college)
    }
    return found.get(_ERASURES, 0), found.get(_REWRITTEN, 0)


def forget(store: Store, college: str, people: Sequence[AnyRow]) -> int:
    """Take away the rows of people and the remarks that speak of them.

    Args:
        store: an open store, or a copy of it.
        college: whose people they are.
        people: rows as `everybody` gives them, of this store or of another copy of it.

    Returns:
        How many remarks went.
    """
    with store.read() as connection:  # most copies know nothing of most people
        if not any(_about(connection, college, people)):
            return 0
    with store.write() as connection:
        here, spoken = _about(connection, college, people)
        gone = connection.execute(
            delete(remark).where(
                remark.c.college == college,
                or_(remark.c.contact.in_(_ids(people, here)), remark.c.remark.in_(spoken)),
            )
        ).rowcount
        for each in here:
            _forget(connection, c=college, p=each.contact)
        _count_one(connection, c=college, n=_ERASURES)
    return gone


def finish(store: Store, college: str) -> str:
    """Write the store anew where that is due.

    Args:
        store: an open store.
        college: whose.

    Returns:
        Why what was forgotten may still lie in the store's files; nothing when it does not.
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
        in_use = f"{store.name} is in use by others just now."
        return in_use if problem.code == "busy" else problem.message
    return why


def _rewritten(store: Store) -> str:
    """Write anew what people stood in; gives why not, where trying again would change nothing."""
    try:
        rewrite(store, contact.name, remark.name, patience=PATIENCE)
    except KitloanError as problem:
        if problem.code != _NOT_OURS:
            raise
        return f"{problem.message} {problem.hint}"
    return ""


def same_person(one: AnyRow, other: AnyRow) -> bool:
    """Whether two rows, perhaps of two copies, are of one person: one name at one organisation."""
    return bool(
        one.contact == other.contact
        or (one.name_key, one.organisation) == (other.name_key, other.organisation)
    )


def _about(
    connection: Connection, college: str, people: Sequence[AnyRow]
) -> tuple[list[AnyRow], list[str]]:
    """The rows of these people here, and the remarks that are theirs or speak of them.

    Beside the holdings that they borrowed or were named beside, the surname is enough.
    """
    here = [
        row
        for row in everybody(connection, college)
        if any(same_person(row, each) for each in people)
    ]
    ids = _ids(people, here)
    theirs = _holdings_of(connection, college, ids)
    mentions = Mentions([*people, *here])
    rows = connection.execute(
        select(remark.c.remark, remark.c.tag, remark.c.contact, remark.c.words).where(
            remark.c.college == college
        )
    )
    spoken = [
        row.remark
        for row in rows
        if row.contact in ids or mentions.are_in(row.words, beside_theirs=row.tag in theirs)
    ]
    return here, spoken


def _ids(*people: Iterable[AnyRow]) -> set[str]:
    return {each.contact for some in people for each in some}


def _holdings_of(connection: Connection, college: str, ids: set[str]) -> set[str]:
    """Tags of what these people borrowed, or were named beside."""
    lent = select(loan.c.tag).where(loan.c.college == college, loan.c.contact.in_(ids))
    beside = select(remark.c.tag).where(remark.c.college == college, remark.c.contact.in_(ids))
    return set(connection.execute(lent.union(beside)).scalars())
