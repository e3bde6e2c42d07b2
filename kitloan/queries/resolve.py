"""From what a person scanned or typed to the holding that they mean.

It can be a tag, a holding's second tag, or the college's own asset number if only one holding has
it. The error for anything else shows existing tags that are one slip away, or the college that has
the holding, if this store knows it.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from kitloan.errors import BadInput
from kitloan.reference import ESP
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Alias, Holding, Label, LedgerEntry, table
from kitloan.text.dates import day_of, uk
from kitloan.text.names import LONGEST_NAME, fold, in_natural_order, number_pattern, plain
from kitloan.text.tags import bare, grouped, is_tag, looks_like_tag, one_slip_away
from kitloan.values import plural

if TYPE_CHECKING:
    from kitloan.ledger.writer import Writer  # reading a kit should not have to load it

holding, alias, label = table(Holding), table(Alias), table(Label)
ledger_entry = table(LedgerEntry)

_by_tag = select(holding.c.college, holding.c.tag, holding.c.state).where(
    holding.c.tag == bindparam("t")
)
_by_alias = (
    select(alias.c.college, alias.c.tag, holding.c.state)
    .join_from(alias, holding)
    .where(alias.c.label == bindparam("t"))
)
_by_number = select(holding.c.college, holding.c.tag, holding.c.state).where(
    holding.c.asset_key == bindparam("n")
)
_by_alike = select(holding.c.college, holding.c.tag, holding.c.state, holding.c.asset_key).where(
    holding.c.asset_key.like(bindparam("p"), escape="\\")
)
_LOOKUPS = (_by_tag, _by_alias, _by_number)
_in_college = [Query(q.where(q.selected_columns.college == bindparam("c"))) for q in _LOOKUPS]
_anywhere = [Query(q) for q in _LOOKUPS]
_alike_in_college = Query(_by_alike.where(holding.c.college == bindparam("c")))
_alike_anywhere = Query(_by_alike)
_batch = Query(
    select(label.c.college, label.c.batch, label.c.printed_at, label.c.printed_by, label.c.blank)
    .where(label.c.tag == bindparam("t"))
    .order_by(label.c.college != bindparam("c"), label.c.college)  # ours first
)
_printing = Query(
    select(ledger_entry.c.body).where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.id == bindparam("b"),
        ledger_entry.c.part == 0,
    )
)


def resolve(connection: Connection, college: str | None, text: str) -> tuple[str, str]:
    """The college and the tag of the holding that a text means.

    Args:
        connection: a transaction.
        college: where to look; None looks in every college.
        text: a tag in any form, or an asset number.

    Raises:
        BadInput: `bad_tag`, `unknown_tag`, `unclaimed_tag`, `unknown_holding` or `ambiguous`.
        Refused: `not_yours`, when another college holds it and this store can see that.
    """
    if not isinstance(text, str):
        raise BadInput(
            "unknown_holding", f"{text!r} is not text.", "Give a tag or an asset number."
        )
    where, _, rest = text.partition(":")
    if college is None and rest and "//" not in rest:  # ESP names the college: fife:KL8B7XAPXYTMZ
        return resolve(connection, where.strip().lower(), rest)
    by_tag, by_alias, by_number = _anywhere if college is None else _in_college
    only = {} if college is None else {"c": college}
    tag = bare(text)
    if is_tag(tag):
        found = by_tag.tuples(connection, t=tag, **only)
        found = found or by_alias.tuples(connection, t=tag, **only)
        if found:
            return _only(found, text)
    number = fold(text).replace("\0", "")  # PostgreSQL takes no text with a NUL
    if number and (found := by_number.tuples(connection, n=number, **only)):
        return _only(found, text)
    if alike := numbered_alike(connection, college, text):
        return _only(alike, text)
    if college is not None:
        _refuse_another_colleges(connection, college, text, tag)
    raise _unknown(connection, college, text, tag)


def numbered_alike(connection: Connection, college: str | None, text: str) -> list[AnyRow]:
    """The holdings whose asset number is `text` but for leading zeros: 0042 and 42.

    Args:
        connection: a transaction.
        college: whose; None is every college's.
        text: what was typed or scanned.

    Returns:
        Rows of college, tag, state and asset_key.
    """
    number = text.replace("\0", "")
    if not any(each in "0123456789" for each in number) or len(number) > LONGEST_NAME:
        return []
    pattern = number_pattern(number)
    rows = (
        _alike_anywhere(connection, p=pattern)
        if college is None
        else _alike_in_college(connection, p=pattern, c=college)
    )
    same = in_natural_order(number)
    return [row for row in rows if in_natural_order(row.asset_key) == same]


def meant(writer: "Writer", text: str) -> str:
    """The tag of the holding in the writer's college that a text means.

    For a repeated request, the same holding as before: its number may be another's by now.

    Raises as `resolve`.
    """
    for tag in writer.earlier_tags:
        number_or_tag = {"t": bare(text), "n": fold(text)}
        for lookup, name in zip(_in_college, "ttn", strict=True):
            found = lookup(writer.connection, c=writer.college, **{name: number_or_tag[name]})
            if tag in [row.tag for row in found]:
                return tag
    return resolve(writer.connection, writer.college, text)[1]


def _refuse_another_colleges(connection: Connection, college: str, text: str, tag: str) -> None:
    """Refuse a tag that another college has; in ESP's store, also an asset number.

    A tag is unique everywhere, an asset number only in one college. ESP has no numbers of its own.
    """
    by_tag, by_alias, by_number = _anywhere
    found: list[AnyRow] = []
    if is_tag(tag):
        found = [*by_tag(connection, t=tag)] or [*by_alias(connection, t=tag)]
    if not found and college == ESP and text.strip():
        found = [*by_number(connection, n=fold(text))]
    elsewhere = [row for row in found if row.state != "withdrawn"]
    if elsewhere:
        from kitloan.queries import whereabouts  # reading a kit should not have to load it

        where, which = _only(elsewhere, text)
        if college == ESP:
            raise whereabouts.not_yours(connection, where, which)
        raise whereabouts.another_colleges(connection, college, where, which, tag)


_GONE = ("held", "missing", "in_transit", "withdrawn")
"""The states of a holding, from present to gone."""


def _only(found: Sequence[Sequence[Any]], text: str) -> tuple[str, str]:
    """The college and the tag of the only one of `found`, which begin with them and the state."""
    if len(found) == 1:
        college, tag, *_ = found[0]
        return college, tag
    # If a kit went from one college to another, the college that has it now is meant.
    # Of two in one college with one number, the missing one may be the one that was found.
    least = _GONE[min(_GONE.index(state) for _, _, state, *_ in found)]
    there = {college for college, _, state, *_ in found if state == least}
    rows = [
        (college, tag)
        for college, tag, state, *_ in found
        if state == least or (state == "missing" and college in there)
    ]
    if len(rows) == 1:
        return rows[0]
    raise BadInput(
        "ambiguous",
        f"{plural(len(rows), 'holding')} match {plain(text)!r}: "
        f"{', '.join(f'{grouped(tag)} at {college}' for college, tag in rows[:5])}.",
        "Give the tag of the one you mean."
        if len({tag for _, tag in rows}) > 1
        else f"Give the college too, as in {rows[0][0]}:{rows[0][1]}",
        text=text,
        tags=[tag for _, tag in rows],
    )


def _unknown(connection: Connection, college: str | None, text: str, tag: str) -> BadInput:
    near = _near(connection, college, text) if looks_like_tag(text) or _nearly(tag) else []
    hint = (
        f"Did you mean {' or '.join(grouped(t) for t in near)}?"
        if near
        else "Scan the label again, or search: kitloan find WORDS"
    )
    shown = plain(text.strip()[:60])
    if is_tag(tag):
        printed = _batch(connection, t=tag, c=college or "").first()
        if printed is not None:
            return _printed(connection, college, tag, printed)
        from kitloan.queries import whereabouts

        undone = whereabouts.undone(connection, college, tag)
        if undone is not None:
            return undone
        return BadInput(
            "unknown_tag",
            f"{grouped(tag)} is a valid tag, but no holding here has it, and no label with it was "
            "printed here.",
            hint if near else f"If it is yours, add it: kitloan add --type TYPE --tag {tag}",
            tag=tag,
            near=near,
        )
    if looks_like_tag(text):
        return BadInput(
            "bad_tag",
            f"{shown!r} is not a tag: its check character is wrong.",
            hint,
            text=text[:60],
            near=near,
        )
    return BadInput(
        "unknown_holding",
        f"No holding here has the tag or asset number {shown!r}.",
        hint,
        text=text[:60],
        near=near,
    )


def _printed(connection: Connection, college: str | None, tag: str, printed: AnyRow) -> BadInput:
    """The error for a printed label that no holding has: its batch, and what to do."""
    if college not in (None, printed.college):
        return BadInput(
            "unclaimed_tag",
            f"{grouped(tag)} is on a label that {printed.college} printed (batch {printed.batch}); "
            "no holding here has it.",
            f"Give it back to {printed.college}.",
            tag=tag,
            batch=printed.batch,
            college=printed.college,
        )
    body = _printing(connection, c=printed.college, b=printed.batch).scalar()
    stock = json.loads(body)["fact"].get("stock") if body else None
    day = uk(day_of(printed.printed_at))
    batch = f"batch {printed.batch}" + (f" on {stock}" if stock else "")
    return BadInput(
        "unclaimed_tag",
        f"{grouped(tag)} is "
        + (
            f"a blank label that {printed.printed_by} printed on {day}, {batch}. No holding has it "
            "yet."
            if printed.blank
            else f"on a label that {printed.printed_by} printed on {day}, {batch}. No holding here "
            "has it."
        ),
        f"Add a holding with it: kitloan add --type TYPE --tag {tag}. Or give it to a holding that "
        f"has a tag: kitloan relabel TAG {tag}",
        tag=tag,
        batch=printed.batch,
        college=printed.college,
        printed_by=printed.printed_by,
        printed_at=printed.printed_at,
        stock=stock,
    )


def _nearly(tag: str) -> bool:
    return 11 <= len(tag) <= 20 and tag.isalnum() and ("K" in tag[:2] or "L" in tag[:2])


def _near(connection: Connection, college: str | None, text: str) -> list[str]:
    """The tags of holdings that are one slip away from `text`."""
    candidates = list(one_slip_away(text))
    if not candidates:
        return []
    wanted = select(holding.c.tag).where(holding.c.tag.in_(candidates))
    if college is not None:
        wanted = wanted.where(holding.c.college == college)
    return sorted(connection.execute(wanted.distinct()).scalars())
