"""Facts that define a college's names: the college, kit types, borrowers, printed labels."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from kitloan.ledger.facts.base import (
    MOST_OF_A_LIST,
    Count,
    FactBase,
    Frozen,
    Id,
    Name,
    Recorded,
    SomeTags,
    applies,
)
from kitloan.ledger.facts.holding_rows import refresh_words_of_type
from kitloan.ledger.facts.shortages import reckon_type
from kitloan.storage.statements import Change, Query
from kitloan.tables import College, Component, KitType, Label, Organisation, table
from kitloan.text.names import search_form

component = table(Component)
kit_type = table(KitType)
label = table(Label)
organisation = table(Organisation)
college = table(College)

_insert_college = Change(insert(college))
_insert_type = Change(insert(kit_type))
_rename_type = Change(
    update(kit_type)
    .where(kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("t"))
    .values(name=bindparam("new_name"))
)
_contents = Query(
    select(component.c.name, component.c.quantity, component.c.bag, component.c.critical)
    .where(component.c.college == bindparam("c"), component.c.kit_type == bindparam("t"))
    .order_by(component.c.position)
)
set_contents_at = Change(
    update(kit_type)
    .where(kit_type.c.college == bindparam("c"), kit_type.c.kit_type == bindparam("t"))
    .values(contents_at=bindparam("at"))
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


class LabelsPrinted(FactBase):
    """Labels were printed: for holdings, or blank ones for later."""

    kind: Literal["labels.printed"] = "labels.printed"
    batch: Id
    blank: bool
    tags: SomeTags
    stock: Name | None = None
    """The sheet or roll that they were printed on."""


@applies(LabelsPrinted)
def labels_printed(
    connection: Connection, college: str, entry: Recorded, fact: LabelsPrinted
) -> None:
    """Record the labels; of a tag that is printed again, the latest printing."""
    for tag in dict.fromkeys(fact.tags):
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


class CollegeOpened(FactBase):
    """The first entry of a ledger: whose it is."""

    kind: Literal["college.opened"] = "college.opened"
    name: Name
    region: Id | None


@applies(CollegeOpened)
def college_opened(
    connection: Connection, college: str, entry: Recorded, fact: CollegeOpened
) -> None:
    """Add the college to the register."""
    _insert_college(connection, college=college, name=fact.name, region=fact.region)


class ContentsLine(Frozen):
    """One line of a contents list."""

    name: Name
    quantity: Count
    bag: Name | None = None
    critical: bool = False


class KitTypeDefined(FactBase):
    """The name and contents list of a kit type; a later definition replaces it."""

    kind: Literal["kit_type.defined"] = "kit_type.defined"
    kit_type: Id
    name: Name
    contents: Annotated[tuple[ContentsLine, ...], Field(max_length=MOST_OF_A_LIST)] = ()


@applies(KitTypeDefined)
def kit_type_defined(
    connection: Connection, college: str, entry: Recorded, fact: KitTypeDefined
) -> None:
    """Set the name and the contents list of a kit type."""
    before = _contents(connection, c=college, t=fact.kit_type).all()
    renamed = _rename_type(connection, c=college, t=fact.kit_type, new_name=fact.name)
    if renamed and [tuple(row) for row in before] != [
        (each.name, each.quantity, each.bag, each.critical) for each in fact.contents
    ]:
        set_contents_at(connection, c=college, t=fact.kit_type, at=entry.at)
    if not renamed:
        _insert_type(
            connection,
            college=college,
            kit_type=fact.kit_type,
            name=fact.name,
            merged_into=None,
            contents_at=None,
        )
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


class OrganisationAdded(FactBase):
    """A school, partner or department that borrows."""

    kind: Literal["organisation.added"] = "organisation.added"
    organisation: Id
    name: Name


@applies(OrganisationAdded)
def organisation_added(
    connection: Connection, college: str, entry: Recorded, fact: OrganisationAdded
) -> None:
    """Add the borrower."""
    _insert_organisation(
        connection,
        college=college,
        organisation=fact.organisation,
        name=fact.name,
        merged_into=None,
        closed_at=None,
        words=search_form(fact.name),
    )
