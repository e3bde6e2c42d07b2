"""Facts about names: borrowers and kit types that are renamed, merged or closed.

A merge moves every row of the register that names the one to the other, and keeps which: so an
undoing gives them back. Which tables those are follows from their columns, see `tables_of`. A row
that is rebuilt later from an entry with the old name is moved again (`move_again`).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import ClassVar, Final, Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    delete,
    select,
    text,
    update,
)

from kitloan.errors import StoreError
from kitloan.ledger.facts.base import FactBase, Id, Name, Recorded, applies
from kitloan.ledger.facts.holding_rows import refresh_words_of_type
from kitloan.ledger.facts.shortages import reckon_type
from kitloan.storage.statements import Change, Query
from kitloan.tables import Component, KitType, Organisation, table
from kitloan.tables.naming import MovedRow, OtherName
from kitloan.text.names import organisation_key, search_form, type_key

organisation, kit_type, component = table(Organisation), table(KitType), table(Component)
other_name, moved_row = table(OtherName), table(MovedRow)

ORGANISATION, KIT_TYPE = "organisation", "kit_type"
SUBJECTS: Final[Mapping[str, Table]] = {ORGANISATION: organisation, KIT_TYPE: kit_type}
"""What is renamed and merged: the column that names it, and its own table."""
_STAYS: Final = frozenset({organisation.name, kit_type.name, component.name})
"""Tables of what a borrower or a kit type itself is; a contents list stays with its type."""
KEY_OF: Final[Mapping[str, Callable[[str], str]]] = {
    ORGANISATION: organisation_key,
    KIT_TYPE: type_key,
}
"""The id that a new one of a name would have."""


class _Moves(NamedTuple):
    """How the rows of one table go from one subject to another."""

    name: str
    keys: tuple[str, ...]
    of_subject: Query
    of_tag: Query | None
    move: Change
    move_back: Change


@cache
def tables_of(subject: str) -> tuple[Table, ...]:
    """Every table of the register with rows that name a borrower or a kit type, by its column.

    A table that is new, and has such a column, is among them.
    """
    from kitloan.tables.every import REGISTER_TABLES  # a counter that only lends needs half of them

    return tuple(each for each in REGISTER_TABLES if subject in each.c and each.name not in _STAYS)


@cache
def _moves(subject: str) -> tuple[_Moves, ...]:
    return tuple(_moves_of(each, subject) for each in tables_of(subject))


def _moves_of(each: Table, subject: str) -> _Moves:
    keys = tuple(
        column.name for column in each.primary_key if column.name not in ("college", subject)
    )
    column = each.c[subject]
    ours = each.c.college == bindparam("c")
    this = [each.c[key] == bindparam(f"k_{key}") for key in keys]
    selected = select(*[each.c[key] for key in keys] or [column]).where(
        ours, column == bindparam("old")
    )
    order = [each.c[key] for key in keys]
    return _Moves(
        name=each.name,
        keys=keys,
        of_subject=Query(selected.order_by(*order)),
        of_tag=(
            Query(selected.where(each.c.tag == bindparam("t")).order_by(*order))
            if "tag" in each.c
            else None
        ),
        move=_set_subject(each, subject, [ours, *this]),
        move_back=_set_subject(each, subject, [ours, *this]),
    )


def _set_subject(each: Table, subject: str, conditions: list[ColumnElement[bool]]) -> Change:
    """Set whose a row is; where one row for each is the rule, one that is there already stays."""
    column = each.c[subject]
    changed = update(each).where(column == bindparam("old"), *conditions)
    unique = [[*index.columns] for index in each.indexes if index.unique]
    for columns in ([*each.primary_key], *unique):
        if column not in columns:
            continue
        other = each.alias()
        same = [other.c[key.name] == key for key in columns if key.name != subject]
        there = select(other.c[subject]).where(other.c[subject] == bindparam("new"), *same)
        changed = changed.where(~there.exists())
    return Change(changed.values({subject: bindparam("new")}))


_keep_move = Change(
    text(
        "INSERT INTO moved_row (college, subject, merged, of_table, key, into_) "
        "VALUES (:c, :s, :old, :t, :k, :new) ON CONFLICT DO NOTHING"
    )
)
_kept_moves = Query(
    select(moved_row.c.of_table, moved_row.c.key, moved_row.c.into_)
    .where(
        moved_row.c.college == bindparam("c"),
        moved_row.c.subject == bindparam("s"),
        moved_row.c.merged == bindparam("old"),
    )
    .order_by(moved_row.c.of_table, moved_row.c.key)
)
_forget_moves = Change(
    delete(moved_row).where(
        moved_row.c.college == bindparam("c"),
        moved_row.c.subject == bindparam("s"),
        moved_row.c.merged == bindparam("old"),
    )
)
_keep_name = Change(
    text(
        "INSERT INTO other_name (college, subject, key, whose, name) VALUES (:c, :s, :k, :o, :n) "
        "ON CONFLICT (college, subject, key) DO UPDATE SET whose = :o, name = :n"
    )
)
_hand_on_names = Change(
    update(other_name)
    .where(
        other_name.c.college == bindparam("c"),
        other_name.c.subject == bindparam("s"),
        other_name.c.whose == bindparam("old"),
    )
    .values(whose=bindparam("new"))
)
_forget_names = Change(
    delete(other_name).where(
        other_name.c.college == bindparam("c"), other_name.c.subject == bindparam("s")
    )
)


class _Own(NamedTuple):
    """Statements on a subject's own table."""

    rows: Query
    name_of: Query
    merged: Query
    set_name: Change
    set_merged: Change
    merge: Change


def _own(subject: str) -> _Own:
    own = SUBJECTS[subject]
    ours, this = own.c.college == bindparam("c"), own.c[subject] == bindparam("o")
    key = own.c[subject].label("key")
    other = own.alias()
    there = select(other.c.name).where(
        other.c.college == bindparam("c"),
        other.c[subject] == bindparam("new_into"),
        other.c[subject] != bindparam("o"),
        other.c.merged_into.is_(None),
    )
    closed = own.c.closed_at if "closed_at" in own.c else text("NULL AS closed_at")
    return _Own(
        rows=Query(select(key, own.c.name, own.c.merged_into, closed).where(ours).order_by(key)),
        name_of=Query(select(own.c.name).where(ours, this)),
        merged=Query(
            select(key, own.c.merged_into).where(ours, own.c.merged_into.is_not(None)).order_by(key)
        ),
        set_name=Change(update(own).where(ours, this).values(name=bindparam("new_name"))),
        set_merged=Change(update(own).where(ours, this).values(merged_into=bindparam("new_into"))),
        # Both are still there: so no merge leads round in a circle.
        merge=Change(
            update(own)
            .where(ours, this, own.c.merged_into.is_(None), there.exists())
            .values(merged_into=bindparam("new_into"))
        ),
    )


_OWN: Final = {subject: _own(subject) for subject in SUBJECTS}
_set_words = Change(
    update(organisation)
    .where(organisation.c.college == bindparam("c"), organisation.c.organisation == bindparam("o"))
    .values(words=bindparam("new_words"))
)
_other_names = Query(
    select(other_name.c.whose, other_name.c.name)
    .where(other_name.c.college == bindparam("c"), other_name.c.subject == ORGANISATION)
    .order_by(other_name.c.key)
)
_set_closed = Change(
    update(organisation)
    .where(organisation.c.college == bindparam("c"), organisation.c.organisation == bindparam("o"))
    .values(closed_at=bindparam("new_closed"))
)


class OrganisationRenamed(FactBase):
    """A borrower has another name; it is found by both."""

    kind: Literal["organisation.renamed"] = "organisation.renamed"
    desk_action: ClassVar[bool] = True
    organisation: Id
    before: Name
    name: Name


class OrganisationMerged(FactBase):
    """Two borrowers are one: what the one has is the other's."""

    kind: Literal["organisation.merged"] = "organisation.merged"
    desk_action: ClassVar[bool] = True
    organisation: Id
    into: Id


class OrganisationClosed(FactBase):
    """A borrower is there no more: nothing is lent to it; what it has is still on loan."""

    kind: Literal["organisation.closed"] = "organisation.closed"
    desk_action: ClassVar[bool] = True
    organisation: Id


class KitTypeRenamed(FactBase):
    """A kit type has another name; it is found by both."""

    kind: Literal["kit_type.renamed"] = "kit_type.renamed"
    desk_action: ClassVar[bool] = True
    kit_type: Id
    before: Name
    name: Name


class KitTypeMerged(FactBase):
    """Two kit types are one: the holdings of the one are of the other."""

    kind: Literal["kit_type.merged"] = "kit_type.merged"
    desk_action: ClassVar[bool] = True
    kit_type: Id
    into: Id


@applies(OrganisationRenamed)
def organisation_renamed(
    connection: Connection, college: str, entry: Recorded, fact: OrganisationRenamed
) -> None:
    """Set the name; the one before stays findable."""
    _rename(connection, college, ORGANISATION, fact.organisation, fact.name)


@applies(OrganisationMerged)
def organisation_merged(
    connection: Connection, college: str, entry: Recorded, fact: OrganisationMerged
) -> None:
    """Move all that is the one's to the other."""
    _merge(connection, college, ORGANISATION, fact.organisation, fact.into)


@applies(OrganisationClosed)
def organisation_closed(
    connection: Connection, college: str, entry: Recorded, fact: OrganisationClosed
) -> None:
    """Record since when it is closed."""
    _set_closed.one(connection, c=college, o=fact.organisation, new_closed=entry.at)


@applies(KitTypeRenamed)
def kit_type_renamed(
    connection: Connection, college: str, entry: Recorded, fact: KitTypeRenamed
) -> None:
    """Set the name; the one before stays findable."""
    _rename(connection, college, KIT_TYPE, fact.kit_type, fact.name)


@applies(KitTypeMerged)
def kit_type_merged(
    connection: Connection, college: str, entry: Recorded, fact: KitTypeMerged
) -> None:
    """Make the holdings of the one holdings of the other."""
    _merge(connection, college, KIT_TYPE, fact.kit_type, fact.into)


CHANGES: Final[Mapping[str, str]] = {
    kind.model_fields["kind"].default: subject
    for subject, kinds in (
        (ORGANISATION, (OrganisationRenamed, OrganisationMerged, OrganisationClosed)),
        (KIT_TYPE, (KitTypeRenamed, KitTypeMerged)),
    )
    for kind in kinds
}
"""Kinds of entry that change a name, and the subject that each is about."""
FIRST: Final[Mapping[str, str]] = {
    ORGANISATION: "organisation.added",
    KIT_TYPE: "kit_type.defined",
}
"""The kind of entry by which each subject has its first name."""


def _rename(connection: Connection, college: str, subject: str, key: str, name: str) -> None:
    own = _OWN[subject]
    before = own.name_of(connection, c=college, o=key).scalar()
    own.set_name.one(connection, c=college, o=key, new_name=name)
    for each in (before, name):
        if each is not None:
            _keep_name(connection, c=college, s=subject, k=KEY_OF[subject](each), o=key, n=each)
    _words_again(connection, college, subject, [key])


def _merge(connection: Connection, college: str, subject: str, old: str, new: str) -> None:
    own = _OWN[subject]
    name = str(own.name_of(connection, c=college, o=old).scalar())
    own.merge.one(connection, c=college, o=old, new_into=new)
    _hand_on_names(connection, c=college, s=subject, old=old, new=new)
    _keep_name(connection, c=college, s=subject, k=KEY_OF[subject](name), o=new, n=name)
    _move(connection, college, subject, old, new)
    _words_again(connection, college, subject, [new] if subject == KIT_TYPE else [old, new])


def _words_again(connection: Connection, college: str, subject: str, kinds: Iterable[str]) -> None:
    """Borrowers are searched by their names, holdings by those of their types, and holdings are
    short of what their types list."""
    if subject == ORGANISATION:
        names = defaultdict(list)
        for row in _other_names(connection, c=college):
            names[row.whose].append(row.name)
        for key in kinds:
            name = _OWN[subject].name_of(connection, c=college, o=key).scalar()
            words = search_form(" ".join([str(name), *names[key]]))
            _set_words.one(connection, c=college, o=key, new_words=words)
        return
    for kind in kinds:
        refresh_words_of_type(connection, college, kind)
        reckon_type(connection, college, kind)


Row = tuple[str, str, str, tuple[str, ...]]
"""A row of a table that names a subject: which subject, its id, the table, and the row's keys."""


def _rows_of(
    connection: Connection, college: str, subject: str, old: str, tag: str | None = None
) -> Iterator[tuple[_Moves, Row]]:
    """The rows that name a borrower or a kit type; those of one tag, or all."""
    for each in _moves(subject):
        if tag is None:
            rows = each.of_subject(connection, c=college, old=old).all()
        elif each.of_tag is None:
            continue
        else:
            rows = each.of_tag(connection, c=college, old=old, t=tag).all()
        for row in rows:
            yield each, (subject, old, each.name, tuple(list(row)[: len(each.keys)]))


def staying(connection: Connection, college: str) -> frozenset[Row]:
    """The rows that stayed with what was merged, because the other had such a row already."""
    return frozenset(
        row
        for subject, own in _OWN.items()
        for merged in own.merged(connection, c=college).all()
        for _, row in _rows_of(connection, college, subject, merged.key)
    )


def _move(
    connection: Connection,
    college: str,
    subject: str,
    old: str,
    new: str,
    tag: str | None = None,
    stays: frozenset[Row] = frozenset(),
) -> bool:
    """Give the rows of one subject to another, and keep which; gives whether any moved."""
    any_moved = False
    for each, row in _rows_of(connection, college, subject, old, tag):
        if row in stays:
            continue
        key = row[-1]
        where = {f"k_{name}": value for name, value in zip(each.keys, key, strict=True)}
        if each.move(connection, c=college, old=old, new=new, **where):
            any_moved = True
            _keep_move(
                connection,
                c=college,
                s=subject,
                old=old,
                t=each.name,
                k=json.dumps(key, ensure_ascii=False),
                new=new,
            )
    return any_moved


def move_again(
    connection: Connection,
    college: str,
    tag: str | None = None,
    stays: frozenset[Row] = frozenset(),
) -> None:
    """Move rows that were rebuilt from entries with a name that was merged since; of one tag, or
    of all but those in `stays`, which were there before."""
    for subject, own in _OWN.items():
        merged = {row.key: row.merged_into for row in own.merged(connection, c=college)}
        more = bool(merged)
        while more:  # what was merged twice moves twice
            moved = [
                _move(connection, college, subject, *pair, tag, stays) for pair in merged.items()
            ]
            more = any(moved)
        if merged and subject == KIT_TYPE and tag is not None:
            _words_again(connection, college, subject, sorted(set(merged.values())))


def _give_back(connection: Connection, college: str, subject: str, merged: set[str]) -> None:
    """Give the rows back that moved when these were merged, the latest move first."""
    by_table = {each.name: each for each in _moves(subject)}
    waiting = [
        (old, by_table[row.of_table], json.loads(row.key), row.into_)
        for old in sorted(merged)
        for row in _kept_moves(connection, c=college, s=subject, old=old)
    ]
    left = len(waiting) + 1
    while len(waiting) < left:
        left = len(waiting)
        waiting = [each for each in waiting if not _moved_back(connection, college, *each)]
    for old in sorted(merged):
        _forget_moves(connection, c=college, s=subject, old=old)


def _moved_back(
    connection: Connection, college: str, old: str, moves: _Moves, key: list[str], new: str
) -> bool:
    """Give one row back, if it is where that merge took it."""
    where = {f"k_{name}": value for name, value in zip(moves.keys, key, strict=True)}
    return bool(moves.move_back(connection, c=college, old=new, new=old, **where))


class Then(NamedTuple):
    """What the names of a subject were, from its entries."""

    names: dict[str, str]
    merged: dict[str, str]
    closed: dict[str, str]
    others: dict[str, tuple[str, str]]


def names_after(subject: str, entries: Iterable[tuple[str, FactBase]]) -> Then:
    """What the names are after entries, in their order, each with its instant."""
    then = Then({}, {}, {}, {})
    for at, fact in entries:
        key: str = getattr(fact, subject)
        if isinstance(fact, OrganisationMerged | KitTypeMerged):
            if key == fact.into or key in then.merged or fact.into in then.merged:
                raise StoreError(
                    "row_not_there",
                    f"{key!r} cannot become {fact.into!r}: one of them is merged already. Nothing "
                    "was written.",
                    "Check the store: kitloan ledger verify",
                )
            then.merged[key] = fact.into
            if key in then.names:
                name = then.names[key]
                then.others[KEY_OF[subject](name)] = (key, name)
        elif isinstance(fact, OrganisationClosed):
            then.closed[key] = at
        elif isinstance(fact, OrganisationRenamed | KitTypeRenamed):
            for each in (then.names.get(key), fact.name):
                if each is not None:
                    then.others[KEY_OF[subject](each)] = (key, each)
            then.names[key] = fact.name
        else:
            then.names[key] = getattr(fact, "name")  # noqa: B009  # each that is left has one
    # What a later one was merged into is known before it, from the last merge to the first.
    root: dict[str, str] = {}
    for old, new in reversed(then.merged.items()):
        root[old] = root.get(new, new)
    for other, (whose, name) in then.others.items():
        then.others[other] = (root.get(whose, whose), name)
    return then


def set_names(connection: Connection, college: str, subject: str, then: Then) -> None:
    """Make names, merges and closings what `then` says; what it does not name was not there."""
    own = _OWN[subject]
    rows = own.rows(connection, c=college).all()
    gone = {row.key for row in rows if row.merged_into and row.key not in then.merged}
    new = {row.key for row in rows if not row.merged_into and row.key in then.merged}
    _give_back(connection, college, subject, gone)
    for row in rows:
        into, closed = then.merged.get(row.key), then.closed.get(row.key)
        name = then.names.get(row.key, row.name)
        if row.merged_into != into:
            own.set_merged.one(connection, c=college, o=row.key, new_into=into)
        if row.name != name:
            own.set_name.one(connection, c=college, o=row.key, new_name=name)
        if row.closed_at != closed:
            _set_closed.one(connection, c=college, o=row.key, new_closed=closed)
    _forget_names(connection, c=college, s=subject)
    for key, (whose, name) in sorted(then.others.items()):
        _keep_name(connection, c=college, s=subject, k=key, o=whose, n=name)
    for key in sorted(new):
        _move(connection, college, subject, key, then.merged[key])
    if subject == ORGANISATION:
        _words_again(connection, college, subject, [row.key for row in rows])
        return
    touched = {row.key for row in rows if row.name != then.names.get(row.key, row.name)}
    touched |= gone | new | {str(row.merged_into) for row in rows if row.key in gone}
    touched |= {then.merged[key] for key in new}
    _words_again(connection, college, subject, sorted(touched))
