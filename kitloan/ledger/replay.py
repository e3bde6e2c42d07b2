"""Replaying: apply an entry, undo one, and rewind the register for a repeated request.

A holding's rows depend only on the entries about its tag, in order. So undoing an entry deletes the
rows and applies the entries that are not undone. This is the same for every kind of fact, needs no
inverse of each, and is quick: a tag has few entries, and replaying a hundred takes some
milliseconds. `rewind` brings the rows that a request is about back to what they were before it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from kitloan.errors import StoreError
from kitloan.ledger.entry import Entry, apply, parse
from kitloan.ledger.epochs import epoch_of
from kitloan.ledger.facts.base import FactBase, Recorded, applies
from kitloan.ledger.facts.calendar import FORGET_CALENDAR, FORGET_POLICY
from kitloan.ledger.facts.definitions import KitTypeDefined, set_contents_at
from kitloan.ledger.facts.events import FORGET_EVENT
from kitloan.ledger.facts.evidence import (
    ABOUT_AN_ENGAGEMENT,
    FORGET_ENGAGEMENT,
    FORGET_LINK,
    FORGET_PROFILE,
    OrganisationDescribed,
    SchoolLinked,
)
from kitloan.ledger.facts.gifts import (
    FORGET_ALLOCATION,
    FORGET_DELIVERIES,
    FORGET_GIFT,
    FORGET_PROGRAMME,
    AllocationMade,
    DeliveryCorrected,
    GiftAgreed,
    GiftDelivered,
    ProgrammeDefined,
)
from kitloan.ledger.facts.guides import FORGET_GUIDE, GuideWritten
from kitloan.ledger.facts.holdings import HoldingSighted, LabelFreed
from kitloan.ledger.facts.inspections import forget_regime
from kitloan.ledger.facts.ledger import Reversed
from kitloan.ledger.facts.naming import (
    CHANGES,
    FIRST,
    KIT_TYPE,
    move_again,
    names_after,
    set_names,
    staying,
)
from kitloan.ledger.facts.planning import FORGET_BOOKING, FORGET_WANT
from kitloan.ledger.facts.promises import Collected, excusing
from kitloan.ledger.facts.rules import forget_block
from kitloan.ledger.facts.sharing import (
    ABOUT_A_CLAIM,
    ABOUT_AN_ASK,
    ABOUT_AN_OFFER,
    ANSWERS_TO_ASKS,
    FORGET_ASK,
    FORGET_ASK_ANSWER,
    FORGET_CLAIM,
    FORGET_OFFER,
    FORGET_PLACE,
    CollegePlaced,
)
from kitloan.storage.statements import Change, Query, count_versions
from kitloan.tables import (
    Alias,
    Component,
    Holding,
    KitType,
    LedgerEntry,
    Organisation,
    Reversal,
    table,
)
from kitloan.tables.every import TABLES_OF_A_TAG
from kitloan.tables.evidence import (
    Engagement,
    EngagementBand,
    Evaluation,
    OrganisationProfile,
    SchoolLink,
)
from kitloan.tables.guides import KitGuide
from kitloan.tables.national import Allocation, Delivery, Gifting, Programme
from kitloan.tables.sharing import Ask, AskAnswer, Claim, ClaimAnswer, CollegePlace, Offer
from kitloan.tables.stocktaking import StocktakeScan

ledger_entry = table(LedgerEntry)
reversal = table(Reversal)
alias = table(Alias)
gifting = table(Gifting)
holding = table(Holding)
component, kit_type = table(Component), table(KitType)
organisation, stocktake_scan = table(Organisation), table(StocktakeScan)

_insert_reversal = Change(insert(reversal))
_delete_rows = tuple(
    Change(delete(each).where(each.c.college == bindparam("c"), each.c.tag == bindparam("t")))
    for each in TABLES_OF_A_TAG
)
_undone_then = (
    select(reversal.c.seq)
    .where(
        reversal.c.college == ledger_entry.c.college,
        reversal.c.epoch == ledger_entry.c.epoch,
        reversal.c.seq == ledger_entry.c.seq,
        (reversal.c.by_epoch < bindparam("ue"))
        | ((reversal.c.by_epoch == bindparam("ue")) & (reversal.c.by_seq < bindparam("us"))),
    )
    .exists()
)
_at = Query(
    select(
        ledger_entry.c.kind,
        ledger_entry.c.tag,
        ledger_entry.c.body,
        select(reversal.c.seq)
        .where(
            reversal.c.college == ledger_entry.c.college,
            reversal.c.epoch == ledger_entry.c.epoch,
            reversal.c.seq == ledger_entry.c.seq,
        )
        .exists()
        .label("undone"),
    ).where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.epoch == bindparam("e"),
        ledger_entry.c.seq == bindparam("s"),
    )
)
_body_at = Query(
    select(ledger_entry.c.body).where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.epoch == bindparam("e"),
        ledger_entry.c.seq == bindparam("s"),
    )
)
_forget_reversal = Change(
    delete(reversal).where(
        reversal.c.college == bindparam("c"),
        reversal.c.epoch == bindparam("e"),
        reversal.c.seq == bindparam("s"),
    )
)
DELIVERIES = ("gift.delivered", "delivery.corrected")
"""What came of a gift: each kind changes what the others before it recorded."""
BLOCKS = ("borrower.blocked", "borrower.unblocked")
"""Whether a borrower is blocked: the last of either kind counts."""
OF_ENGAGEMENTS = tuple(str(each.model_fields["kind"].default) for each in ABOUT_AN_ENGAGEMENT)
"""What is recorded of an engagement: likewise."""
OFFERS = tuple(str(each.model_fields["kind"].default) for each in ABOUT_AN_OFFER)
"""What became of an offer to other colleges: likewise."""
CLAIMS = tuple(str(each.model_fields["kind"].default) for each in ABOUT_A_CLAIM)
ASKS = tuple(str(each.model_fields["kind"].default) for each in ABOUT_AN_ASK)
ASK_ANSWERS = tuple(str(each.model_fields["kind"].default) for each in ANSWERS_TO_ASKS)
BOOKINGS = ("booking.made", "booking.changed", "booking.cancelled", "booking.lapsed")
"""What became of a booking: each kind changes what the others before it recorded."""
WANTS = ("want.made", "want.closed")
EVENTS = ("event.planned", "event.changed", "event.cancelled")
"""What became of an event: likewise."""
NAMES: Mapping[str, tuple[str, tuple[Callable[..., object], ...]]] = {
    "kit_type.defined": (
        "kit_type",
        (
            Change(
                delete(component).where(
                    component.c.college == bindparam("c"), component.c.kit_type == bindparam("k")
                )
            ),
            Change(
                delete(kit_type).where(
                    kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
                )
            ),
        ),
    ),
    "organisation.added": (
        "organisation",
        (
            Change(
                delete(organisation).where(
                    organisation.c.college == bindparam("c"),
                    organisation.c.organisation == bindparam("k"),
                )
            ),
        ),
    ),
    "stocktake.scanned": (
        "scan",
        (
            Change(
                delete(stocktake_scan).where(
                    stocktake_scan.c.college == bindparam("c"),
                    stocktake_scan.c.scan == bindparam("k"),
                )
            ),
        ),
    ),
    "programme.defined": ("programme", FORGET_PROGRAMME),
    "gift.agreed": ("gift", FORGET_GIFT),
    **dict.fromkeys(DELIVERIES, ("gift", FORGET_DELIVERIES)),
    "allocation.made": ("allocation", FORGET_ALLOCATION),
    "donor.aliased": ("name", ()),
    "college.merged": ("college", ()),
    "finding.accepted": ("code", ()),
    "college.placed": ("college", FORGET_PLACE),
    **dict.fromkeys(BLOCKS, ("organisation", (forget_block,))),
    "inspection.regime": ("regime", (forget_regime,)),
    "calendar.set": ("site", FORGET_CALENDAR),
    "policy.set": ("policy", FORGET_POLICY),
    **dict.fromkeys(BOOKINGS, ("booking", FORGET_BOOKING)),
    **dict.fromkeys(WANTS, ("want", FORGET_WANT)),
    **dict.fromkeys(EVENTS, ("event", FORGET_EVENT)),
    **dict.fromkeys(OF_ENGAGEMENTS, ("engagement", FORGET_ENGAGEMENT)),
    "school.linked": ("organisation", FORGET_LINK),
    "guide.written": ("kit_type", FORGET_GUIDE),
    **dict.fromkeys(OFFERS, ("offer", FORGET_OFFER)),
    **dict.fromkeys(CLAIMS, ("claim", FORGET_CLAIM)),
    **dict.fromkeys(ASKS, ("ask", FORGET_ASK)),
    **dict.fromkeys(ASK_ANSWERS, ("ask", FORGET_ASK_ANSWER)),
    "organisation.described": ("organisation", FORGET_PROFILE),
}
"""Kinds of entry about no one holding that can be undone: the field that names what each is about,
and how its rows are taken away when no entry of the kind is left."""
TOGETHER: Mapping[str, tuple[str, ...]] = {
    kind: kinds
    for kinds in (
        *(DELIVERIES, BLOCKS, BOOKINGS, WANTS, EVENTS, OF_ENGAGEMENTS, OFFERS, CLAIMS),
        *(ASKS, ASK_ANSWERS),
        *(("calendar.set",), ("policy.set",)),
    )
    for kind in kinds
}
"""Kinds of which each changes what the others before it recorded: all that are left are applied."""
_MOST_TOGETHER = max(map(len, TOGETHER.values()))
_names_not_undone = Query(
    select(ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(*[ledger_entry.c.kind == bindparam(f"k{n}") for n in range(_MOST_TOGETHER)]),
        ~_undone_then,
        (ledger_entry.c.epoch < bindparam("e"))
        | ((ledger_entry.c.epoch == bindparam("e")) & (ledger_entry.c.seq < bindparam("s"))),
    )
    .order_by(ledger_entry.c.epoch.desc(), ledger_entry.c.seq.desc())
)
_namings = Query(
    select(ledger_entry.c.kind, ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(*[ledger_entry.c.kind == kind for kind in (*FIRST.values(), *CHANGES)]),
        ~_undone_then,
        (ledger_entry.c.epoch < bindparam("e"))
        | ((ledger_entry.c.epoch == bindparam("e")) & (ledger_entry.c.seq < bindparam("s"))),
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_any_renaming = Query(
    select(ledger_entry.c.seq)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(*[ledger_entry.c.kind == kind for kind in CHANGES]),
    )
    .limit(1)
)
_not_undone = Query(
    select(ledger_entry.c.body, ledger_entry.c.at)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag == bindparam("t"),
        ledger_entry.c.kind != "entry.reversed",
        ~_undone_then,
        (ledger_entry.c.epoch < bindparam("e"))
        | ((ledger_entry.c.epoch == bindparam("e")) & (ledger_entry.c.seq < bindparam("s"))),
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)


@applies(Reversed)
def undo(connection: Connection, college: str, entry: Recorded, fact: Reversed) -> None:
    """Make the register's rows as if the entry did not exist; or as if it had not been undone."""
    epoch = epoch_of(entry.ledger)
    body = _undone_body(connection, college, fact, before=entry.seq)
    if body is None:
        raise StoreError(
            "row_not_there",
            f"Entry {fact.seq} is not an entry about {fact.tag} that can be undone. Nothing was "
            "written.",
            "Check the store: kitloan ledger verify",
        )
    undone = parse(body).fact
    while isinstance(undone, Reversed):  # what that had undone is done again
        _forget_reversal.one(connection, c=college, e=undone.epoch, s=undone.seq)
        at = {"c": college, "e": undone.epoch, "s": undone.seq}
        undone = parse(_body_at(connection, **at).scalar_one()).fact
    _insert_reversal(
        connection,
        college=college,
        epoch=fact.epoch,
        seq=fact.seq,
        by_epoch=epoch,
        by_seq=entry.seq,
    )
    before, undone_before = (epoch, entry.seq), (epoch, entry.seq + 1)  # by this one too
    if undone.kind in CHANGES:
        _names_again(connection, college, CHANGES[undone.kind], before, undone_before)
        return
    if fact.tag is None:
        stays = staying(connection, college)
        _rebuild_name(connection, college, undone, before=before, undone_before=undone_before)
        named = next((subject for subject, kind in FIRST.items() if kind == undone.kind), None)
        if named is not None and _any_renaming(connection, c=college).first() is not None:
            # What is left has the name that it was recorded with, whatever it was renamed to since.
            _names_again(connection, college, named, before, undone_before)
        move_again(connection, college, stays=stays)
        return
    rebuild_rows(connection, college, fact.tag, before=before, undone_before=undone_before)


def _undone_body(connection: Connection, college: str, fact: Reversed, before: int) -> str | None:
    """The text of what is undone: an earlier entry about the same tag, that is not undone yet."""
    row = _at(connection, c=college, e=fact.epoch, s=fact.seq).one_or_none()
    if row is None or fact.seq >= before or row.tag != fact.tag or row.undone:
        return None
    if fact.tag is None and row.kind not in (*NAMES, *CHANGES, "entry.reversed"):
        return None
    return str(row.body)


def rebuild_rows(
    connection: Connection,
    college: str,
    tag: str,
    *,
    before: tuple[int, int],
    undone_before: tuple[int, int],
) -> None:
    """Rebuild the register's rows about a tag from its entries, up to one of them.

    Args:
        connection: a transaction.
        college: whose ledger.
        tag: the holding's.
        before: epoch and number of the first entry that is left out, with all after it.
        undone_before: epoch and number before which undoing counts.
    """
    (epoch, seq), (undone_epoch, undone_seq) = before, undone_before
    entries = _not_undone(
        connection, c=college, t=tag, e=epoch, s=seq, ue=undone_epoch, us=undone_seq
    ).all()
    count_versions(connection, len(entries))
    collected = Collected(connection, college, tag)
    for delete_rows in _delete_rows:
        delete_rows(connection, c=college, t=tag)
    for entry, at in _without_freed_labels([(parse(row.body), row.at) for row in entries]):
        # For an audit, an entry whose clock was wrong is stored with its corrected time.
        apply(connection, college, entry if entry.at == at else entry.model_copy(update={"at": at}))
    move_again(connection, college, tag)
    collected.recount()


def _without_freed_labels(entries: list[tuple[Entry, str]]) -> list[tuple[Entry, str]]:
    """The entries without those that gave the holding a label which was freed again.

    Another holding may have that label by now. That somebody had the holding in hand stays.
    """
    kept: list[tuple[Entry, str]] = []
    for entry, at in entries:
        fact: object = entry.fact
        if isinstance(fact, LabelFreed):
            claimed = next(
                n
                for n, (each, _) in reversed(list(enumerate(kept)))
                if getattr(each.fact, "label", None) == fact.label
            )
            before, when = kept[claimed]
            seen = HoldingSighted(tag=fact.tag)
            kept[claimed] = (before.model_copy(update={"fact": seen}), when)
        else:
            kept.append((entry, at))
    return kept


def _rebuild_name(
    connection: Connection,
    college: str,
    fact: FactBase,
    *,
    before: tuple[int, int],
    undone_before: tuple[int, int],
) -> None:
    """A kit type, a borrower or a scan is what the last entry that is left makes of it, or gone.

    What came of a gift, an engagement, a calendar or a policy is what all the entries that are left
    make of it.
    """
    field, forget = NAMES[fact.kind]
    together = fact.kind in TOGETHER
    kinds = TOGETHER.get(fact.kind, (fact.kind,))
    key = getattr(fact, field)
    (epoch, seq), (undone_epoch, undone_seq) = before, undone_before
    bodies = _names_not_undone(
        connection,
        c=college,
        e=epoch,
        s=seq,
        ue=undone_epoch,
        us=undone_seq,
        **{f"k{n}": kinds[min(n, len(kinds) - 1)] for n in range(_MOST_TOGETHER)},
    ).scalars()
    mark = f'"{field}":{json.dumps(key, ensure_ascii=False)}'  # an entry's text is canonical
    about = (parse(body) for body in bodies if mark in body)
    left = (entry for entry in about if getattr(entry.fact, field) == key)
    if not together:
        entries = list(left)
        if entries:
            apply(connection, college, entries[0])
            if fact.kind == FIRST[KIT_TYPE]:
                at = _contents_changed_at(reversed(entries))
                set_contents_at(connection, c=college, t=key, at=at)
            return
    again = list(left) if together else []
    for each in forget:
        each(connection, c=college, k=key)
    with excusing():
        for entry in reversed(again):
            apply(connection, college, entry)


def _contents_changed_at(definitions: Iterable[Entry]) -> str | None:
    """When a contents list changed last, by its definitions in their order."""
    at = known = None
    for each in definitions:
        contents = getattr(each.fact, "contents")  # noqa: B009  # each is of this one kind
        if known is not None and contents != known:
            at = each.at
        known = contents
    return at


def _names_again(
    connection: Connection,
    college: str,
    subject: str,
    before: tuple[int, int],
    undone_before: tuple[int, int],
) -> None:
    """Make the names of borrowers or kit types what the entries that are left make of them."""
    (epoch, seq), (undone_epoch, undone_seq) = before, undone_before
    rows = _namings(connection, c=college, e=epoch, s=seq, ue=undone_epoch, us=undone_seq).all()
    entries = [parse(row.body) for row in rows if row.kind in _kinds_of(subject)]
    set_names(connection, college, subject, names_after(subject, [(e.at, e.fact) for e in entries]))


def _kinds_of(subject: str) -> tuple[str, ...]:
    return (FIRST[subject], *[kind for kind, of in CHANGES.items() if of == subject])


_GIFTS = (
    ProgrammeDefined,
    GiftAgreed,
    GiftDelivered,
    DeliveryCorrected,
    AllocationMade,
)
_EVIDENCE: tuple[type[FactBase], ...] = (
    *ABOUT_AN_ENGAGEMENT,
    SchoolLinked,
    OrganisationDescribed,
)
_delete_evidence = tuple(
    Change(delete(table(each)).where(table(each).c.college == bindparam("c")))
    for each in (  # children before parents
        *(Evaluation, EngagementBand, Engagement),
        *(SchoolLink, OrganisationProfile),
    )
)
_of_evidence = Query(
    select(ledger_entry.c.epoch, ledger_entry.c.seq, ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(*[ledger_entry.c.kind == each.model_fields["kind"].default for each in _EVIDENCE]),
        ~_undone_then,
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_SHARING: tuple[type[FactBase], ...] = (
    *(*ABOUT_AN_OFFER, *ABOUT_A_CLAIM, *ABOUT_AN_ASK, *ANSWERS_TO_ASKS),
    CollegePlaced,
    GuideWritten,
)
_delete_sharing = tuple(
    Change(delete(table(each)).where(table(each).c.college == bindparam("c")))
    for each in (
        ClaimAnswer,
        Offer,
        Claim,
        Ask,
        AskAnswer,
        CollegePlace,
        KitGuide,
    )  # children before parents
)
_of_sharing = Query(
    select(ledger_entry.c.epoch, ledger_entry.c.seq, ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(*[ledger_entry.c.kind == each.model_fields["kind"].default for each in _SHARING]),
        ~_undone_then,
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_delete_gifts = tuple(
    Change(delete(table(each)).where(table(each).c.college == bindparam("c")))
    for each in (Allocation, Delivery, Gifting, Programme)  # children before parents
)
_of_gifts = Query(
    select(ledger_entry.c.epoch, ledger_entry.c.seq, ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(*[ledger_entry.c.kind == each.model_fields["kind"].default for each in _GIFTS]),
        ~_undone_then,
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_of_types = Query(
    select(ledger_entry.c.epoch, ledger_entry.c.seq, ledger_entry.c.body)
    .where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        ledger_entry.c.kind == "kit_type.defined",
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_undone_names = Query(
    select(ledger_entry.c.body)
    .join_from(
        reversal,
        ledger_entry,
        (ledger_entry.c.college == reversal.c.college)
        & (ledger_entry.c.epoch == reversal.c.epoch)
        & (ledger_entry.c.seq == reversal.c.seq),
    )
    .where(
        reversal.c.college == bindparam("c"),
        ledger_entry.c.tag.is_(None),
        or_(ledger_entry.c.kind == "organisation.added", ledger_entry.c.kind == "kit_type.defined"),
    )
    .order_by(ledger_entry.c.epoch, ledger_entry.c.seq)
)
_organisation_there = Query(
    select(organisation.c.organisation).where(
        organisation.c.college == bindparam("c"), organisation.c.organisation == bindparam("k")
    )
)
_type_there = Query(
    select(kit_type.c.kit_type).where(
        kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("k")
    )
)
_claims = Query(
    select(ledger_entry.c.body).where(
        ledger_entry.c.college == bindparam("c"),
        ledger_entry.c.tag == bindparam("t"),
        ledger_entry.c.kind == "label.claimed",
    )
)
_delete_alias = Change(
    delete(alias).where(alias.c.college == bindparam("c"), alias.c.label == bindparam("x"))
)
_type_of = Query(
    select(holding.c.kit_type).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("t")
    )
)

_types_of_gifts = Query(select(gifting.c.kit_type).where(gifting.c.college == bindparam("c")))

Place = tuple[int, int]
"""The place of an entry: its epoch and its number."""


def rewind(
    connection: Connection, college: str, entries: Sequence[Entry], tags: Sequence[str]
) -> None:
    """Bring what a request's entries are about back to before it; the caller rolls back.

    Args:
        connection: a transaction of which nothing is to be kept.
        college: whose ledger.
        entries: every entry of the request, in order.
        tags: the holdings that they are about.
    """
    (first, *_) = entries
    at = (epoch_of(first.ledger), first.seq)
    _name_again(connection, college)
    renamed = _any_renaming(connection, c=college).first() is not None
    if renamed:
        for subject in FIRST:
            _names_again(connection, college, subject, at, at)
    types = {kind for each in entries if (kind := getattr(each.fact, "kit_type", None))}
    for tag in tags:
        for body in _claims(connection, c=college, t=tag).scalars():
            # Another holding may have this label by now.
            _delete_alias(connection, c=college, x=json.loads(body)["fact"]["label"])
    for tag in tags:
        rebuild_rows(connection, college, tag, before=at, undone_before=at)
        types.update(_type_of(connection, c=college, t=tag).scalars())
    if any(isinstance(each.fact, _GIFTS) for each in entries):
        _replay_all(connection, college, at, _of_gifts, _delete_gifts)
        types.update(_types_of_gifts(connection, c=college).scalars())
    if any(isinstance(each.fact, _EVIDENCE) for each in entries):
        _replay_all(connection, college, at, _of_evidence, _delete_evidence)
    if any(isinstance(each.fact, _SHARING) for each in entries):
        _replay_all(connection, college, at, _of_sharing, _delete_sharing)
    _replay_types(connection, college, types, at)
    if renamed:
        _names_again(connection, college, KIT_TYPE, at, at)


def _name_again(connection: Connection, college: str) -> None:
    """Kit types and borrowers that were undone since are there again, as they were made."""
    for body in _undone_names(connection, c=college).scalars():
        entry = parse(body)
        fact = entry.fact
        is_there = _type_there if isinstance(fact, KitTypeDefined) else _organisation_there
        key = getattr(fact, NAMES[fact.kind][0])
        if is_there(connection, c=college, k=key).first() is None:
            apply(connection, college, entry)


def is_rewound(fact: FactBase) -> bool:
    """Whether `rewind` took back what this kind of fact did, so that it may be applied again."""
    return getattr(fact, "tag", None) is not None or isinstance(
        fact, (*_GIFTS, *_EVIDENCE, *_SHARING)
    )


def _replay_types(connection: Connection, college: str, types: set[str], at: Place) -> None:
    """Give kit types that were redefined since then the names and contents that they had.

    A type that the request itself defined cannot be removed; it is as it was first defined.
    """
    if not types:
        return
    marks = {f'"kit_type":{json.dumps(key, ensure_ascii=False)}' for key in types}
    then: dict[str, Entry] = {}
    since: set[str] = set()
    for row in _of_types(connection, c=college):
        if not any(mark in row.body for mark in marks):
            continue
        entry = parse(row.body)
        key = str(getattr(entry.fact, "kit_type", ""))
        if (row.epoch, row.seq) < at:
            then[key] = entry
        else:
            then.setdefault(key, entry)
            since.add(key)
    for key in types & since:
        apply(connection, college, then[key])


def _replay_all(
    connection: Connection, college: str, at: Place, of_kinds: Query, forget: Sequence[Change]
) -> None:
    """Make the rows of some kinds of entry as they were before a place."""
    epoch, seq = at
    rows = of_kinds(connection, c=college, ue=epoch, us=seq).all()
    for delete_rows in forget:
        delete_rows(connection, c=college)
    for row in rows:
        if (row.epoch, row.seq) < at:
            apply(connection, college, parse(row.body))
