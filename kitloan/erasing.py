"""Forgetting people in one store: the rows go, and then what the rows left behind.

The rows go in one transaction, which also counts the erasure. Then the store is written anew, which
can fail by itself: the disk is full, somebody reads the file, PostgreSQL must keep the rows for
work that began before. So a store knows how many erasures there were, and up to which of them it
was written anew since; what is due is done with the next erasure, or when the store is next opened.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, or_, select, text

from kitloan.errors import KitloanError
from kitloan.mentions import Mentions
from kitloan.models import Contact, Loan, Organisation, Remark, Setting, table
from kitloan.prepared import AnyRow, Change, Query
from kitloan.rewriting import rewrite
from kitloan.store import Store

contact, organisation, remark = table(Contact), table(Organisation), table(Remark)
loan, setting = table(Loan), table(Setting)

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
    found = {row.name: int(row.value) for row in _counters(connection, c=college)}
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
