"""Borrowers: organisations, which the ledger names, and people, whom it never does.

An organisation is known by the slug of its name, so that spellings which differ in case, spaces or
ordinary punctuation are one borrower; a name with more to it also has a mark, by which "C++" and
"C#" are two. A name not met before is taken in; names spelt nearly like it are asked about. A
person is an opaque id in the ledger; the name, e-mail and phone that belong to it lie in a table
that never leaves the college, and `kitloan.borrowers.people` erases them.
"""

import secrets
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Text, bindparam, func, insert, select, update

from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.loans import CheckedOut
from kitloan.ledger.writer import Writer, id_reused
from kitloan.storage.statements import AnyRow, Change, Query
from kitloan.tables import Contact, Organisation, Remark, table
from kitloan.tables.naming import OtherName
from kitloan.text.dates import day_of, uk
from kitloan.text.names import (
    LONGEST_NAME,
    clean,
    fold,
    marked,
    near_names,
    organisation_key,
    same_organisation,
    skeleton,
    slug,
)
from kitloan.text.scans import check_no_label, kind_of_code

contact, organisation, other_name = table(Contact), table(Organisation), table(OtherName)

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
    row, key = organisation_row(writer.connection, writer.college, name)
    if row is not None and not writer.earlier:
        return Borrower(key, row.name, new=False, closed_at=row.closed_at)
    from kitloan.ledger.facts.definitions import OrganisationAdded  # most borrowers are known

    new = writer.earlier_fact(OrganisationAdded)
    if new is None or new.organisation != key:
        if row is not None:
            return Borrower(key, row.name, new=False, closed_at=row.closed_at)
        if len(key) > LONGEST_NAME:
            raise BadInput("bad_text", f"The organisation is too long a name: {name[:60]!r}.")
        must_be_a_name(name)
        must_not_look_alike(writer, name)
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


def must_be_a_name(name: str) -> None:
    """Refuse what is a code, or names a person.

    Raises:
        BadInput: `not_a_name`, `names_a_person`.
    """
    if kind := kind_of_code(name):
        raise BadInput(
            "not_a_name",
            f"{name[:60]!r} is {kind}, not the name of a school or partner.",
            "Scan the organisation's card, or type its name.",
            value=name[:60],
        )
    from kitloan.text.personal import names_a_person  # only a new name needs it

    if names_a_person(name):
        raise BadInput(
            "names_a_person",
            f"{name!r} names a person, and the ledger keeps the borrower's name for ever.",
            "Give the school or partner here, and the person under --contact (at the desk and in a "
            "register: as the contact). They are kept apart, and can be forgotten.",
            value=name,
        )


def must_not_look_alike(writer: Writer, name: str) -> None:
    """Refuse a name that looks like another: people who read a list take the two for one school.

    Raises:
        BadInput: `looks_alike`.
    """
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
    row, key = organisation_row(connection, college, name)
    return key, None if row is None else str(row.name)


def organisation_row(connection: Connection, college: str, name: str) -> tuple[AnyRow | None, str]:
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
    import difflib  # asked of the mistyped only

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


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on a borrower is blocked without anybody deciding it; 0 is never.

    Attributes:
        overdue: more than so many days that something of theirs is overdue.
        losses: so many kits that were lost on loan to them and are missing still.
    """

    overdue: int = 0
    losses: int = 0


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


def known_organisation(connection: Connection, college: str, name: str) -> AnyRow:
    """The row of a borrower on file.

    Raises:
        BadInput: `unknown_organisation`, with `near` in the details.
    """
    name = clean(name, "The organisation")
    row, _ = organisation_row(connection, college, name)
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
