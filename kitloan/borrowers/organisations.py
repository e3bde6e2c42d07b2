"""Borrowers: organisations, which the ledger names, and people, whom it never does.

An organisation is known by the slug of its name, so that spellings which differ in case, spaces or
ordinary punctuation are one borrower; a name with more to it also has a mark, by which "C++" and
"C#" are two. A name not met before is taken in; names spelt nearly like it are asked about. A
person is an opaque id in the ledger; the name, e-mail and phone that belong to it lie in a table
that never leaves the college, and `kitloan.borrowers.people` erases them.
"""

import difflib
import secrets
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Text, bindparam, case, func, insert, select, update

from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.definitions import OrganisationAdded
from kitloan.ledger.facts.loans import CheckedOut
from kitloan.ledger.facts.naming import (
    OrganisationClosed,
    OrganisationMerged,
    OrganisationRenamed,
)
from kitloan.ledger.facts.rules import BorrowerBlocked, BorrowerUnblocked, RuleOverridden
from kitloan.ledger.notes import Demanded, Unmet
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer, id_reused
from kitloan.queries.find import called, walked
from kitloan.queries.paging import PAGE, page_by_name
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import (
    Block,
    Contact,
    Holding,
    KitType,
    Loan,
    Organisation,
    Remark,
    table,
)
from kitloan.tables.absence import Absence
from kitloan.tables.naming import OtherName
from kitloan.text.dates import check_year, day_of, days_after, uk
from kitloan.text.names import (
    LONGEST_NAME,
    clean,
    fold,
    marked,
    near_names,
    organisation_key,
    same_organisation,
    search_form,
    skeleton,
    slug,
    sought,
)
from kitloan.text.personal import names_a_person, on_record
from kitloan.text.scans import check_no_label, kind_of_code
from kitloan.text.tags import grouped
from kitloan.values import Page

absence, block = table(Absence), table(Block)
holding, kit_type = table(Holding), table(KitType)
organisation = table(Organisation)
contact = table(Contact)
loan = table(Loan)
other_name = table(OtherName)

NEARLY = 0.86
"""How alike two names must be, from 0 to 1, for the answer to mention it (difflib's ratio)."""

_by_id = Query(
    select(
        organisation.c.organisation,
        organisation.c.name,
        organisation.c.merged_into,
        organisation.c.closed_at,
    ).where(organisation.c.college == bindparam("c"), organisation.c.organisation == bindparam("o"))
)
_by_other_name = Query(
    select(other_name.c.whose, other_name.c.name).where(
        other_name.c.college == bindparam("c"),
        other_name.c.subject == "organisation",
        other_name.c.key == bindparam("k"),
    )
)
_of_college = Query(
    select(organisation.c.organisation, organisation.c.name).where(
        organisation.c.college == bindparam("c"), organisation.c.merged_into.is_(None)
    )
)
_merged = Query(
    select(organisation.c.organisation, organisation.c.merged_into).where(
        organisation.c.college == bindparam("c"), organisation.c.merged_into.is_not(None)
    )
)
_on_file = Query(
    select(contact.c.contact).where(
        contact.c.college == bindparam("c"), contact.c.contact == bindparam("p")
    )
)
_person = Query(
    select(contact.c.contact).where(
        contact.c.college == bindparam("c"),
        contact.c.name_key == bindparam("n"),
        contact.c.organisation == bindparam("o"),
    )
)
_set_details = Change(
    update(contact)
    .where(contact.c.college == bindparam("c"), contact.c.contact == bindparam("p"))
    .values(
        email=func.coalesce(contact.c.email, bindparam("new_email", type_=Text)),
        phone=func.coalesce(contact.c.phone, bindparam("new_phone", type_=Text)),
    )
)
BLOCKED = "blocked"
_block_of = Query(
    select(block).where(block.c.college == bindparam("c"), block.c.organisation == bindparam("o"))
)
_LATE = Query(
    select(loan.c.tag, loan.c.due_on, kit_type.c.name.label("type_name"))
    .select_from(loan)
    .join(holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
    .join(
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(
        loan.c.college == bindparam("c"),
        loan.c.organisation == bindparam("o"),
        loan.c.closed_at.is_(None),
        loan.c.due_key < bindparam("d"),
    )
    .order_by(loan.c.due_key, loan.c.loan)
)
_LOST = Query(
    select(absence.c.tag)
    .select_from(absence)
    .join(
        loan,
        (loan.c.college == absence.c.college)
        & (loan.c.tag == absence.c.tag)
        & (loan.c.loan == absence.c.loan),
    )
    .where(loan.c.college == bindparam("c"), loan.c.organisation == bindparam("o"))
    .order_by(absence.c.tag)
)
_insert_contact = Change(insert(table(Contact)))
_insert_remark = Change(insert(table(Remark)))


@dataclass(frozen=True, slots=True)
class Borrower:
    """An organisation as it was found or taken in.

    Attributes:
        organisation: its id.
        name: as the register has it.
        new: whether this request took it in.
        nearly: names already known that are spelt almost like a new one.
        closed_at: since when nothing is lent to it; None while it is open.
    """

    organisation: str
    name: str
    new: bool
    nearly: tuple[str, ...] = ()
    closed_at: str | None = None


def borrower(writer: Writer, name: str, *, compare: bool = True, new_too: bool = True) -> Borrower:
    """The organisation that `name` means, taken in when it is new.

    Args:
        writer: the transaction.
        name: as somebody gave it.
        compare: whether to look for names nearly like a new one.
        new_too: whether one that is nearly like a known one, or its beginning, may be new.

    Raises:
        Refused: `nearly_known`, with `near` in the details.
        BadInput: `bad_text`; `not_a_name`, for a new one that is a code (a web address, a tag, a
            product's barcode); `names_a_person`, for one that is a person's name or address;
            `looks_alike`, for one that looks the same as one on file.
    """
    name = clean(name, "The organisation")
    row, key = _found(writer.connection, writer.college, name)
    new = writer.earlier_fact(OrganisationAdded)
    if new is None or new.organisation != key:
        if row is not None:
            return Borrower(key, row.name, new=False, closed_at=row.closed_at)
        if len(key) > LONGEST_NAME:
            raise BadInput("bad_text", f"The organisation is too long a name: {name[:60]!r}.")
        _must_be_a_name(name)
        _must_not_look_alike(writer, name)
        if not new_too:
            names = [row.name for row in _of_college(writer.connection, c=writer.college)]
            must_not_be_nearly_known(name, names, "a new borrower")
        new = OrganisationAdded(organisation=key, name=name)
    later = {each.organisation for each in writer.since(OrganisationAdded)}
    nearly = _nearest(writer.connection, writer.college, name, later) if compare else ()
    writer.append(new)
    return Borrower(key, new.name, new=True, nearly=nearly)


def must_not_be_nearly_known(name: str, known: Iterable[str], what: str) -> None:
    """Refuse a new name that a known one may be meant by.

    Args:
        name: the new name.
        known: the names that are known.
        what: what it would be, for the refusal: `a new borrower`.

    Raises:
        Refused: `nearly_known`.
    """
    near = near_names(name, known)
    if near:
        raise Refused(
            "nearly_known",
            f"{name!r} would be {what}, and is nearly the same as {' and '.join(near)}.",
            "If you mean one of those, give its whole name. If it is another, add --new.",
            value=name,
            near=list(near),
        )


def _must_be_a_name(name: str) -> None:
    if kind := kind_of_code(name):
        raise BadInput(
            "not_a_name",
            f"{name[:60]!r} is {kind}, not the name of a school or partner.",
            "Scan the organisation's card, or type its name.",
            value=name[:60],
        )
    if names_a_person(name):
        raise BadInput(
            "names_a_person",
            f"{name!r} names a person, and the ledger keeps the borrower's name for ever.",
            "Give the school or partner here, and the person under --contact (at the desk and in a "
            "register: as the contact). They are kept apart, and can be forgotten.",
            value=name,
        )


def _must_not_look_alike(writer: Writer, name: str) -> None:
    """Two names that look the same are one school to anyone who reads a list of them."""
    looks = skeleton(name)
    for row in _of_college(writer.connection, c=writer.college):
        if skeleton(row.name) == looks:
            raise BadInput(
                "looks_alike",
                f"{name!r} looks like {row.name!r}, which is on file, and is spelt with other "
                f"letters: {_other_letters(name, row.name)}.",
                f"If you mean that one, type its name again: {row.name}",
                value=name,
                known=row.name,
            )


def _other_letters(name: str, known: str) -> str:
    return ", ".join(f"{c} (U+{ord(c):04X})" for c in dict.fromkeys(name) if c not in known)


def organisation_id(connection: Connection, college: str, name: str) -> tuple[str, str | None]:
    """The id of the organisation that `name` means, and what it is called; None when it is new.

    One that was renamed is found by its older names too, and one that was merged is the one that it
    became.
    """
    row, key = _found(connection, college, name)
    return key, None if row is None else str(row.name)


def _found(connection: Connection, college: str, name: str) -> tuple[AnyRow | None, str]:
    """The row of the organisation that `name` means, and its id; of a new one, its id alone.

    The first release marked no name, and took those with one slug for one: what it took in is found
    by its slug, and by its own name only.
    """
    rows: dict[str, AnyRow | None] = {}
    for key_of in (slug, organisation_key, marked):  # most are found by the first
        key = key_of(name)
        if key not in rows:
            rows[key] = row = _by_id(connection, c=college, o=key).first()
            if row is not None and same_organisation(row.name, name):
                return _now(connection, college, row)
    for key in rows:
        other = _by_other_name(connection, c=college, k=key).first()
        if other is not None and same_organisation(other.name, name):
            row = _by_id(connection, c=college, o=other.whose).one()
            return _now(connection, college, row)
    usual = organisation_key(name)
    return None, usual if rows[usual] is None else marked(name)


def _now(connection: Connection, college: str, row: AnyRow) -> tuple[AnyRow, str]:
    """What an organisation was merged into, or itself."""
    while row.merged_into is not None:
        row = _by_id(connection, c=college, o=row.merged_into).one()
    return row, str(row.organisation)


def nearly_like(connection: Connection, college: str, name: str) -> tuple[str, ...]:
    """Organisations of a college that are spelt almost like `name`, nearest first."""
    return _nearest(connection, college, name, set())


def _nearest(
    connection: Connection, college: str, name: str, but: Container[str]
) -> tuple[str, ...]:
    rows = _of_college(connection, c=college)
    names = {row.organisation: row.name for row in rows if row.organisation not in but}
    near = difflib.get_close_matches(slug(name), names, n=3, cutoff=NEARLY)
    return tuple(names[key] for key in near)


def person(
    writer: Writer,
    name: str,
    organisation_id: str,
    *,
    email: str | None = None,
    phone: str | None = None,
) -> str:
    """The id of the person of this name at an organisation, written down when new.

    `organisation_id` is empty for somebody whom a register names without saying where.

    Raises:
        BadInput: `bad_text`.
    """
    name = clean(name, "The contact's name")
    lent = writer.earlier_fact(CheckedOut)
    if lent and lent.contact and _forgotten(writer, lent.contact):
        return lent.contact  # who that was is not known any more
    known = person_called(writer.connection, writer.college, name, organisation_id)
    if known is not None:
        _add_details(writer, known, email, phone)
        return known
    if writer.earlier:
        raise id_reused(writer.request)
    check_no_label(name, "The contact's name")
    made = "p" + secrets.token_hex(8)
    _insert_contact(
        writer.connection,
        college=writer.college,
        contact=made,
        organisation=organisation_id,
        name=name,
        name_key=fold(name),
        email=clean(email, "The e-mail address") if email else None,
        phone=clean(phone, "The phone number") if phone else None,
    )
    return made


def person_called(
    connection: Connection, college: str, name: str, organisation_id: str
) -> str | None:
    """The id of the person of this name at an organisation, or at one that was merged into it."""
    for each in ids_of(connection, college, organisation_id) if organisation_id else [""]:
        known = _person(connection, c=college, n=fold(name), o=each).scalar()
        if known is not None:
            return str(known)
    return None


def _forgotten(writer: Writer, contact_id: str) -> bool:
    return _on_file(writer.connection, c=writer.college, p=contact_id).first() is None


def _add_details(writer: Writer, known: str, email: str | None, phone: str | None) -> None:
    """Keep an address that was not on file; one that is stays."""
    if email or phone:
        _set_details.one(
            writer.connection,
            c=writer.college,
            p=known,
            new_email=clean(email, "The e-mail address") if email else None,
            new_phone=clean(phone, "The phone number") if phone else None,
        )


def remark(
    writer: Writer,
    tag: str,
    heading: str,
    words: str,
    *,
    loan: str | None = None,
    contact_id: str | None = None,
    written_by: str | None = None,
) -> None:
    """Keep free words beside a holding or a loan, where they can be erased.

    `written_by` is this person when it is None.

    Raises:
        BadInput: `bad_text`, when they are longer than 2,000 characters or hide control characters.
    """
    if writer.earlier:  # what was forgotten since is not to be written down again, nor compared
        return
    row = {
        "college": writer.college,
        "remark": secrets.token_hex(8),
        "tag": tag,
        "loan": loan,
        "contact": contact_id,
        "heading": heading,
        "words": clean(words, "The note", 2000),
        "written_at": writer.at,
        "written_by": written_by or writer.actor,
        "request": writer.request,
    }
    writer.insert(_insert_remark, row)


Broken = tuple[str, str, str, dict[str, Any]]
"""A rule that is broken: the code, the message, the hint and the facts of its refusal."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a borrower is blocked without anybody deciding it; 0 is never.

    Attributes:
        overdue: more than so many days that something of theirs is overdue.
        losses: so many kits that were lost on loan to them and are missing still.
    """

    overdue: int = 0
    losses: int = 0


def blocked_on(
    connection: Connection, college: str, key: str, day: date, limits: Limits, today: date
) -> Broken | None:
    """Why nothing is lent to a borrower on a day, as a rule that is broken; None when it may be.

    Somebody has blocked them for that day, they have something overdue for too long today, or they
    have lost too much. The last two end by themselves.
    """
    by_itself = limits.overdue or limits.losses
    if not by_itself and not _block_of.tuples(connection, c=college, o=key):
        return None
    name = name_now(connection, college, key) or key
    return (
        _blocked_by_hand(connection, college, key, name, day)
        or _too_late(connection, college, key, name, today, limits.overdue)
        or _too_many_lost(connection, college, key, name, limits.losses)
    )


_OR_OVERRIDE = "Or lend all the same with --override REASON, which goes on record."


def _blocked_by_hand(
    connection: Connection, college: str, key: str, name: str, day: date
) -> Broken | None:
    found = _block_of(connection, c=college, o=key).first()
    if found is None or day_of(found.since) > day:
        return None
    if found.until is not None and date.fromisoformat(found.until) < day:
        return None
    until = f" until {uk(date.fromisoformat(found.until))}" if found.until else ""
    since = day_of(found.since)
    return (
        BLOCKED,
        f"{name} is blocked{until}: {found.reason} ({found.blocked_by}, {uk(since)}).",
        f"When that is settled: kitloan unblock {name!r}",
        {
            "organisation": name,
            "reason": found.reason,
            "until": found.until,
            "since": since.isoformat(),
            "by": found.blocked_by,
        },
    )


def _too_late(
    connection: Connection, college: str, key: str, name: str, today: date, most: int
) -> Broken | None:
    before = days_after(today, -most).isoformat()
    late = _LATE(connection, c=college, o=key, d=before).all() if most else []
    if not late:
        return None
    (first, *_) = late
    due = uk(date.fromisoformat(first.due_on))
    return (
        BLOCKED,
        f"{name} is blocked while it has something overdue for more than {most} days: "
        f"{first.type_name} {grouped(first.tag)}, due {due}.",
        f"Take it back first: kitloan checkin {first.tag}",
        {
            "organisation": name,
            "reason": "overdue",
            "policy": "block_overdue",
            "limit": most,
            "loans": [{"tag": each.tag, "due_on": each.due_on} for each in late],
        },
    )


def _too_many_lost(
    connection: Connection, college: str, key: str, name: str, most: int
) -> Broken | None:
    lost = _LOST(connection, c=college, o=key).all() if most else []
    if not most or len(lost) < most:
        return None
    tags = [each.tag for each in lost]
    return (
        BLOCKED,
        f"{name} is blocked while what it has lost is missing: "
        f"{', '.join(grouped(tag) for tag in tags)}.",
        f"When it turns up: kitloan found {tags[0]}",
        {
            "organisation": name,
            "reason": "losses",
            "policy": "block_losses",
            "limit": most,
            "tags": tags,
        },
    )


def must_be_open(writer: Writer, who: Borrower, day: date) -> None:
    """Refuse to lend or promise anything to a borrower that is closed on a day.

    Raises:
        Refused: `closed`.
    """
    if who.closed_at is None or writer.earlier or day < day_of(who.closed_at):
        return
    closed = day_of(who.closed_at)
    raise Refused(
        "closed",
        f"{who.name} is closed since {uk(closed)}: nothing is lent to it.",
        "Lend to another school. If it is open again, undo the closing: kitloan undo --list",
        organisation=who.organisation,
        name=who.name,
        closed_on=closed.isoformat(),
    )


def must_not_be_blocked(
    writer: Writer,
    who: Borrower,
    day: date,
    asked: Sequence[Demanded],
    *,
    limits: Limits,
    override: str | None,
) -> list[str]:
    """Refuse to lend to a borrower who is blocked on a day; gives the rules overridden.

    Args:
        writer: the transaction.
        who: the borrower.
        day: the day on which it goes.
        asked: what they asked for, to be noted as demand when it is refused.
        limits: from when on they are blocked without anybody deciding it.
        override: why it is lent all the same.

    Raises:
        Refused: `blocked`.
    """
    if writer.earlier:
        facts = (each.fact for each in writer.earlier)
        return list({f.rule for f in facts if isinstance(f, RuleOverridden) and f.rule == BLOCKED})
    if not (writer.plans.blocks or limits.overdue or limits.losses):
        return []
    broken = blocked_on(writer.connection, writer.college, who.organisation, day, limits, day)
    if broken is None:
        return []
    if override:
        return [BLOCKED]
    code, message, hint, details = broken
    raise Unmet(code, message, f"{hint}. {_OR_OVERRIDE}", *asked, **details)


@dataclass(frozen=True, slots=True)
class BlockLine:
    """A borrower to whom nothing is lent for now. `until` is the last day of it."""

    college: str
    organisation: str
    reason: str
    until: date | None
    since: date
    by: str


def block_borrower(writer: Writer, name: str, reason: str, until: date | None) -> BlockLine:
    """See `Directory.block`."""
    why = on_record(reason, "The reason")
    row = known_organisation(writer.connection, writer.college, name)
    today = day_of(writer.at)
    if until is not None and not writer.earlier and check_year(until) < today:
        raise BadInput(
            "in_the_past",
            f"{uk(until)} is in the past: today is {uk(today)}.",
            "Give the last day of the block, or leave it out.",
            until=until.isoformat(),
            today=today.isoformat(),
        )
    last = until.isoformat() if until else None
    writer.append(BorrowerBlocked(organisation=row.organisation, reason=why, until=last))
    return BlockLine(writer.college, row.name, why, until, today, writer.actor)


def unblock_borrower(writer: Writer, name: str) -> str:
    """See `Directory.unblock`."""
    row = known_organisation(writer.connection, writer.college, name)
    there = _block_of(writer.connection, c=writer.college, o=row.organisation).first()
    if there is None and not writer.earlier:
        raise Refused(
            "not_blocked",
            f"{row.name} is not blocked.",
            "See who is: kitloan block",
            organisation=row.name,
        )
    writer.append(BorrowerUnblocked(organisation=row.organisation))
    return str(row.name)


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """An organisation, and how many loans it has open and overdue."""

    name: str
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class BorrowerLine:
    """A borrower on file.

    Attributes:
        organisation: its id.
        name: what it is called now.
        also: other names that it is found by: earlier ones, and those of what was merged into it.
        closed: whether nothing is lent to it any more.
        open_loans: how many loans it has open.
        college: whose borrower it is.
    """

    organisation: str
    name: str
    also: tuple[str, ...]
    closed: bool
    open_loans: int
    college: str


def rename(writer: Writer, name: str, new: str) -> Borrower:
    """Give a borrower another name; see `Directory.rename`."""
    row = known_organisation(writer.connection, writer.college, name)
    named = clean(new, "The organisation")
    if named == row.name:
        raise BadInput("same_name", f"{row.name} has this name already.", value=named)
    other, _ = _found(writer.connection, writer.college, named)
    if other is not None and other.organisation != row.organisation:
        raise Refused(
            "name_taken",
            f"{other.name} is another borrower that is found by {named!r}.",
            f"If the two are one: kitloan organisations merge '{row.name}' '{other.name}'",
            organisation=other.organisation,
            name=other.name,
        )
    _must_be_a_name(named)
    if skeleton(named) != skeleton(row.name):
        _must_not_look_alike(writer, named)
    writer.append(OrganisationRenamed(organisation=row.organisation, before=row.name, name=named))
    return Borrower(row.organisation, named, new=False, closed_at=row.closed_at)


def merge(writer: Writer, name: str, into: str) -> Borrower:
    """Make two borrowers one; gives the one that is left. See `Directory.merge`."""
    connection, college = writer.connection, writer.college
    one, other = (
        known_organisation(connection, college, name),
        known_organisation(connection, college, into),
    )
    if one.organisation == other.organisation:
        raise BadInput(
            "same_organisation",
            f"{name!r} and {into!r} are the same borrower: {other.name}.",
            "Give the names of two borrowers.",
            organisation=other.organisation,
        )
    writer.append(OrganisationMerged(organisation=one.organisation, into=other.organisation))
    return Borrower(other.organisation, other.name, new=False, closed_at=other.closed_at)


def close(writer: Writer, name: str) -> Borrower:
    """Lend nothing more to a borrower; see `Directory.close`."""
    row = known_organisation(writer.connection, writer.college, name)
    if row.closed_at is not None:
        raise Refused(
            "closed",
            f"{row.name} is closed already, since {uk(day_of(row.closed_at))}.",
            organisation=row.organisation,
            closed_on=day_of(row.closed_at).isoformat(),
        )
    writer.append(OrganisationClosed(organisation=row.organisation))
    return Borrower(row.organisation, row.name, new=False, closed_at=writer.at)


def known_organisation(connection: Connection, college: str, name: str) -> AnyRow:
    """The row of a borrower on file.

    Raises:
        BadInput: `unknown_organisation`, with `near` in the details.
    """
    name = clean(name, "The organisation")
    row, _ = _found(connection, college, name)
    if row is not None:
        return row
    names = [each.name for each in _of_college(connection, c=college)]
    near = near_names(name, names) or nearly_like(connection, college, name)
    raise BadInput(
        "unknown_organisation",
        f"No borrower has the name {name!r}.",
        f"Did you mean {' or '.join(near)}?" if near else "See who there is: kitloan organisations",
        value=name,
        near=list(near),
    )


def name_now(connection: Connection, college: str, key: str) -> str | None:
    """What an organisation with this id is called now, or what it was merged into."""
    row = _by_id(connection, c=college, o=key).first()
    return None if row is None else str(_now(connection, college, row)[0].name)


def ids_of(connection: Connection, college: str, key: str) -> list[str]:
    """The id of a borrower, and of all that were merged into it."""
    into = {row.organisation: row.merged_into for row in _merged(connection, c=college)}
    found = [key]
    for each in found:
        found += sorted(old for old, new in into.items() if new == each and old not in found)
    return found


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on file. `organisation` is empty where none is recorded."""

    id: str
    name: str
    organisation: str
    email: str | None
    phone: str | None


def _borrower_lines(connection: Connection, rows: Sequence[AnyRow]) -> list[BorrowerLine]:
    """The lines of rows of `organisation`, with their other names and open loans."""
    colleges = {row.college for row in rows}
    also: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(
        select(other_name.c.college, other_name.c.whose, other_name.c.name)
        .where(other_name.c.college.in_(colleges), other_name.c.subject == "organisation")
        .order_by(other_name.c.key)
    ):
        also.setdefault((row.college, row.whose), []).append(row.name)
    counted = connection.execute(
        select(loan.c.college, loan.c.organisation, func.count().label("open"))
        .where(loan.c.college.in_(colleges), loan.c.closed_at.is_(None))
        .group_by(loan.c.college, loan.c.organisation)
    )
    loans = {(row.college, row.organisation): int(row.open) for row in counted}
    return [
        BorrowerLine(
            organisation=row.organisation,
            name=row.name,
            also=tuple(each for each in also.get(key, ()) if fold(each) != fold(row.name)),
            closed=row.closed_at is not None,
            open_loans=loans.get(key, 0),
            college=row.college,
        )
        for row in rows
        for key in [(row.college, row.organisation)]
    ]


_LINE = select(
    organisation.c.college,
    organisation.c.organisation,
    organisation.c.name,
    organisation.c.closed_at,
)


_BY_NAME = (organisation.c.name, (organisation.c.college, organisation.c.organisation))


class Directory:
    """Who borrows from one college: questions, and correcting their names."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def organisations(
        self, text: str = "", after: str | None = None, limit: int = PAGE
    ) -> Page[OrganisationLine]:
        """Organisations in whose name every word of `text` occurs, by name.

        Args:
            text: words or parts of words; case does not count.
            after: the `next` of the page before.
            limit: the most organisations on a page.
        """
        wanted = select(
            organisation.c.college, organisation.c.organisation, organisation.c.name
        ).where(
            organisation.c.college == self._session.college,
            organisation.c.merged_into.is_(None),
            *[condition for word in sought(text) for condition in called(word)],
        )
        with self._session.reading() as connection:
            page = page_by_name(connection, wanted, *_BY_NAME, after, limit)
            loans = self._loans(connection, [row.organisation for row in page.items])
        none = (0, 0)
        found = [
            OrganisationLine(row.name, *loans.get(row.organisation, none)) for row in page.items
        ]
        return Page(tuple(found), page.total, page.next)

    def borrowers(self, after: str | None = None, limit: int = PAGE) -> Page[BorrowerLine]:
        """Every borrower that was not merged into another, by name; in ESP's store, all colleges'.

        Args:
            after: the `next` of the page before.
            limit: the most borrowers on a page.

        Raises:
            BadInput: `bad_cursor`.
        """
        wanted = _LINE.where(organisation.c.merged_into.is_(None))
        if not self._session.is_national:
            wanted = wanted.where(organisation.c.college == self._session.college)
        with self._session.reading() as connection:
            page = page_by_name(connection, wanted, *_BY_NAME, after, limit)
            lines = _borrower_lines(connection, page.items)
        return Page(tuple(lines), page.total, page.next)

    def borrower(self, name: str) -> BorrowerLine:
        """The borrower that `name` means, by any name that it has or had.

        Raises:
            BadInput: `unknown_organisation`, with `near` in the details.
        """
        with self._session.reading() as connection:
            college = self._session.college
            key = known_organisation(connection, college, name).organisation
            this = organisation.c.college == college, organisation.c.organisation == key
            (line,) = _borrower_lines(connection, connection.execute(_LINE.where(*this)).all())
        return line

    def rename(
        self,
        name: str,
        new: str,
        *,
        request_id: str | None = None,
    ) -> Borrower:
        """Give a borrower another name. It is found by both, and its loans go on.

        Args:
            name: any name that it has or had.
            new: what it is called from now on.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `name_taken`, when another borrower is found by the new name.
            BadInput: `unknown_organisation`, `same_name`; `bad_text`, `not_a_name`,
                `names_a_person`, `looks_alike`.
        """
        with self._session.writing(request_id) as writer:
            return rename(writer, name, new)

    def merge(
        self,
        name: str,
        into: str,
        *,
        request_id: str | None = None,
    ) -> Borrower:
        """Make two borrowers one: what `name` has is `into`'s from now on, and is found by both.

        Raises:
            BadInput: `unknown_organisation`; `same_organisation`, for one and the same.
        """
        with self._session.writing(request_id) as writer:
            return merge(writer, name, into)

    def close(self, name: str, *, request_id: str | None = None) -> Borrower:
        """Lend nothing more to a borrower. What it has is still on loan, and comes back as ever.

        Raises:
            Refused: `closed`, when it is.
            BadInput: `unknown_organisation`.
        """
        with self._session.writing(request_id) as writer:
            return close(writer, name)

    def block(
        self,
        name: str,
        reason: str,
        *,
        until: date | None = None,
        request_id: str | None = None,
    ) -> BlockLine:
        """Lend nothing to an organisation for now; a later block replaces it.

        Args:
            name: the organisation.
            reason: why; goes on record, so it should name nobody.
            until: the last day of it; None is until somebody ends it.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_organisation`, `bad_text`, `in_the_past`.
        """
        with self._session.writing(request_id) as writer:
            return block_borrower(writer, name, reason, until)

    def unblock(self, name: str, *, request_id: str | None = None) -> str:
        """End the block of an organisation; gives its name.

        Raises:
            Refused: `not_blocked`.
            BadInput: `unknown_organisation`, `bad_text`.
        """
        with self._session.writing(request_id) as writer:
            return unblock_borrower(writer, name)

    def blocks(self) -> list[BlockLine]:
        """Who is blocked today, by name; in ESP's store of every college."""
        today = self._session.today.isoformat()
        wanted = (
            select(block, organisation.c.name)
            .join_from(block, organisation)
            .where(block.c.until.is_(None) | (block.c.until >= today))
            .order_by(organisation.c.college, organisation.c.organisation)
        )
        if not self._session.is_national:
            wanted = wanted.where(block.c.college == self._session.college)
        with self._session.reading() as connection:
            rows = connection.execute(wanted).all()
        return [
            BlockLine(
                row.college,
                row.name,
                row.reason,
                date.fromisoformat(row.until) if row.until else None,
                day_of(row.since),
                row.blocked_by,
            )
            for row in rows
        ]

    def nearly_like(self, name: str) -> tuple[str, ...]:
        """Organisations of this college that are spelt almost like `name`, nearest first."""
        # asked of the mistyped only

        with self._session.reading() as connection:
            return nearly_like(connection, self._session.college, name)

    def people(self, text: str = "", after: str | None = None, limit: int = PAGE) -> Page[Person]:
        """People on file in whose name every word of `text` occurs, by name; as `organisations`."""
        words = sought(text)
        wanted = select(contact).where(
            contact.c.college == self._session.college,
            *([contact.c.contact.in_(self._people_called(words))] if words else []),
        )
        with self._session.reading() as connection:
            page = page_by_name(
                connection, wanted, contact.c.name, (contact.c.contact,), after, limit
            )
            at = {
                key: name_now(connection, self._session.college, key) or ""
                for key in {row.organisation for row in page.items}
            }
        found = [
            Person(row.contact, row.name, at[row.organisation], row.email, row.phone)
            for row in page.items
        ]
        return Page(tuple(found), page.total, page.next)

    def _people_called(self, words: Sequence[str]) -> list[str]:
        """The ids of people in whose names every word is."""
        with self._session.reading() as connection:
            rows = connection.execute(
                select(contact.c.contact, contact.c.name).where(
                    contact.c.college == self._session.college
                )
            ).all()
        return [row.contact for row in rows if all(word in search_form(row.name) for word in words)]

    def _loans(self, connection: Connection, ids: list[str]) -> dict[str, tuple[int, int]]:
        today = self._session.today.isoformat()
        late = func.sum(case((loan.c.due_key < today, 1), else_=0))
        rows = connection.execute(
            select(loan.c.organisation, func.count(), late)
            .where(
                walked(self._session, loan.c.college),
                loan.c.closed_at.is_(None),
                loan.c.organisation.in_(ids),
            )
            .group_by(loan.c.organisation)
        )
        return {row[0]: (int(row[1]), int(row[2])) for row in rows}
