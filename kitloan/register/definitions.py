"""Facts about what a college is and what it has names for: itself, kit types, borrowers, labels."""

from sqlalchemy import Connection, bindparam, delete, insert, update

from kitloan import entries
from kitloan.entries import Entry
from kitloan.models import College, Component, KitType, Label, Organisation, table
from kitloan.prepared import Change
from kitloan.register.applying import applies
from kitloan.register.wholeness import reckon_type
from kitloan.register.words import refresh_words_of_type

(component, kit_type, label, organisation, college) = (
    table(Component),
    table(KitType),
    table(Label),
    table(Organisation),
    table(College),
)

_insert_college = Change(insert(college))
_insert_type = Change(insert(kit_type))
_rename_type = Change(
    update(kit_type)
    .where(kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("t"))
    .values(name=bindparam("new_name"))
)
_forget_contents = Change(
    delete(component).where(
        component.c.college == bindparam("c"), component.c.kit_type == bindparam("t")
    )
)
_insert_component = Change(insert(component))
_insert_organisation = Change(insert(organisation))
_insert_label = Change(insert(label))
_reprint_label = Change(
    update(label)
    .where(label.c.college == bindparam("c"), label.c.tag == bindparam("t"))
    .values(
        batch=bindparam("new_batch"),
        printed_at=bindparam("at"),
        printed_by=bindparam("by"),
    )
)


@applies(entries.CollegeOpened)
def college_opened(
    connection: Connection, college: str, entry: Entry, fact: entries.CollegeOpened
) -> None:
    """A college is on the register."""
    _insert_college(connection, college=college, name=fact.name, region=fact.region)


@applies(entries.KitTypeDefined)
def kit_type_defined(
    connection: Connection, college: str, entry: Entry, fact: entries.KitTypeDefined
) -> None:
    """A kit type has this name and these contents, whatever it had before."""
    renamed = _rename_type(connection, c=college, t=fact.kit_type, new_name=fact.name)
    if not renamed:
        _insert_type(connection, college=college, kit_type=fact.kit_type, name=fact.name)
    _forget_contents(connection, c=college, t=fact.kit_type)
    for position, component in enumerate(fact.contents):
        _insert_component(
            connection,
            college=college,
            kit_type=fact.kit_type,
            position=position,
            **component.model_dump(),
        )
    if renamed:
        refresh_words_of_type(connection, college, fact.kit_type)
        reckon_type(connection, college, fact.kit_type)


@applies(entries.OrganisationAdded)
def organisation_added(
    connection: Connection, college: str, entry: Entry, fact: entries.OrganisationAdded
) -> None:
    """A borrower is known."""
    _insert_organisation(
        connection, college=college, organisation=fact.organisation, name=fact.name
    )


@applies(entries.LabelsPrinted)
def labels_printed(
    connection: Connection, college: str, entry: Entry, fact: entries.LabelsPrinted
) -> None:
    """Labels are on paper; the newest printing of a tag is the one remembered."""
    for tag in fact.tags:
        again = _reprint_label(
            connection, c=college, t=tag, new_batch=fact.batch, at=entry.at, by=entry.by
        )
        if not again:
            _insert_label(
                connection,
                college=college,
                tag=tag,
                batch=fact.batch,
                blank=fact.blank,
                printed_at=entry.at,
                printed_by=entry.by,
            )
