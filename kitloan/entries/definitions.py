"""Facts about what a college is and what it has names for."""

from typing import Literal

from kitloan.entries.base import Count, FactBase, Frozen, Id, Name


class CollegeOpened(FactBase):
    """The first entry of a ledger: whose it is."""

    kind: Literal["college.opened"] = "college.opened"
    name: Name
    region: Id | None


class Component(Frozen):
    """One line of a contents list."""

    name: Name
    quantity: Count
    bag: Name | None = None
    critical: bool = False


class KitTypeDefined(FactBase):
    """What a kind of holding is; said again, it replaces what was said before."""

    kind: Literal["kit_type.defined"] = "kit_type.defined"
    kit_type: Id
    name: Name
    contents: tuple[Component, ...] = ()


class OrganisationAdded(FactBase):
    """A school, partner or department that borrows."""

    kind: Literal["organisation.added"] = "organisation.added"
    organisation: Id
    name: Name
