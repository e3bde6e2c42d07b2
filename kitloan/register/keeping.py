"""Facts about keeping holdings: taking in, gift terms, amending, moving, sighting, counting."""

from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, insert, text, update

from kitloan import entries
from kitloan.entries import Entry
from kitloan.models import Alias, Gift, Holding, table
from kitloan.prepared import Change
from kitloan.register.applying import applies
from kitloan.register.wholeness import reckon_type, set_shortage, set_shortages
from kitloan.register.words import more_words, refresh_words, words_of_new
from kitloan.text import fold

alias, gift, holding = table(Alias), table(Gift), table(Holding)

SIGHTED: dict[str, BindParameter[Any]] = {
    "sighted_at": bindparam("at"),
    "sighted_by": bindparam("by"),
}
"""What a change of a holding sets besides, when somebody had it in hand."""


def change_holding(**values: Any) -> Change:
    """A statement that sets columns of one holding, named by `c` and `t`."""
    return Change(
        update(holding)
        .where(holding.c.college == bindparam("c"), holding.c.tag == bindparam("t"))
        .values(**values)
    )


insert_holding = Change(insert(holding))
_insert_alias = Change(insert(alias))
_TERMS = tuple(name for name in entries.GiftRecorded.model_fields if name not in ("kind", "tag"))
_insert_gift = Change(
    text(
        f"INSERT INTO gift (college, tag, {', '.join(_TERMS)}) "  # noqa: S608  # our own names
        f"VALUES (:college, :tag, {', '.join(f':{name}' for name in _TERMS)}) "
        "ON CONFLICT DO NOTHING"
    )
)
_set_gift = Change(
    update(gift)
    .where(gift.c.college == bindparam("college"), gift.c.tag == bindparam("tag"))
    .values({name: bindparam(f"new_{name}") for name in _TERMS})
)
_amend = change_holding(
    kit_type=bindparam("new_type"),
    quantity=bindparam("new_quantity"),
    asset_number=bindparam("new_number"),
    asset_key=bindparam("new_key"),
    serial=bindparam("new_serial"),
)
_move = change_holding(location=bindparam("new_location"), **SIGHTED)
_sight = change_holding(**SIGHTED)
_counted = change_holding(uncounted=bindparam("not_counted"), **SIGHTED)


@applies(entries.HoldingAccessioned)
def accessioned(
    connection: Connection, college: str, entry: Entry, fact: entries.HoldingAccessioned
) -> None:
    """A holding is on the register. In hand it is sighted; from a register, when that says so."""
    seen_at, seen_by = entry.at, entry.by
    if fact.register_row is not None:
        seen_at, seen_by = (f"{fact.sighted_on}T00:00:00Z", "register")
    known = fact.register_row is None or fact.sighted_on is not None
    insert_holding(
        connection,
        college=college,
        tag=fact.tag,
        kit_type=fact.kit_type,
        quantity=fact.quantity,
        out_quantity=0,
        state="held",
        uncounted=False,
        critical_short=0,
        location=fact.location,
        asset_number=fact.asset_number,
        asset_key=fold(fact.asset_number) if fact.asset_number else None,
        serial=fact.serial,
        received_on=fact.received_on,
        register_row=fact.register_row,
        accessioned_at=entry.at,
        sighted_at=seen_at if known else None,
        sighted_by=seen_by if known else None,
        words=words_of_new(connection, college, fact),
    )


@applies(entries.GiftRecorded)
def gift_recorded(
    connection: Connection, college: str, entry: Entry, fact: entries.GiftRecorded
) -> None:
    """A holding was given on these terms."""
    terms = {name: getattr(fact, name) for name in _TERMS}
    if _insert_gift(connection, college=college, tag=fact.tag, **terms):
        more_words(connection, college, fact.tag, fact.donor, fact.funding_source)
        return
    changed = {f"new_{name}": value for name, value in terms.items()}
    _set_gift.one(connection, college=college, tag=fact.tag, **changed)
    refresh_words(connection, college, fact.tag)


@applies(entries.HoldingAmended)
def amended(
    connection: Connection, college: str, entry: Entry, fact: entries.HoldingAmended
) -> None:
    """A holding's particulars are these."""
    _amend.one(
        connection,
        c=college,
        t=fact.tag,
        new_type=fact.kit_type,
        new_quantity=fact.quantity,
        new_number=fact.asset_number,
        new_key=fold(fact.asset_number) if fact.asset_number else None,
        new_serial=fact.serial,
    )
    refresh_words(connection, college, fact.tag)
    reckon_type(connection, college, fact.kit_type)


@applies(entries.HoldingMoved)
def moved(connection: Connection, college: str, entry: Entry, fact: entries.HoldingMoved) -> None:
    """A holding is in another place."""
    _move.one(
        connection, c=college, t=fact.tag, new_location=fact.location, at=entry.at, by=entry.by
    )
    refresh_words(connection, college, fact.tag)


@applies(entries.HoldingSighted)
def sighted(
    connection: Connection, college: str, entry: Entry, fact: entries.HoldingSighted
) -> None:
    """A holding was seen."""
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


@applies(entries.LabelClaimed)
def label_claimed(
    connection: Connection, college: str, entry: Entry, fact: entries.LabelClaimed
) -> None:
    """A holding answers to a second tag."""
    _insert_alias(connection, college=college, label=fact.label, tag=fact.tag)
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)


@applies(entries.ContentsCounted)
def contents_counted(
    connection: Connection, college: str, entry: Entry, fact: entries.ContentsCounted
) -> None:
    """This is what a count found."""
    _counted.one(
        connection,
        c=college,
        t=fact.tag,
        not_counted=fact.counted == "uncounted",
        at=entry.at,
        by=entry.by,
    )
    set_shortages(connection, college, fact.tag, fact.shortages, entry.at)


@applies(entries.ShortageMadeGood)
def made_good(
    connection: Connection, college: str, entry: Entry, fact: entries.ShortageMadeGood
) -> None:
    """Of one component, this many are still short."""
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)
    set_shortage(connection, college, fact.tag, fact.component, fact.missing, fact.broken)
