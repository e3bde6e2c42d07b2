"""Programmes and partners, as data; what kind of partner an organisation is, and who referred it.

A name that people write in several ways is spelt as the reference list has it, so that one
programme is one line of a report. A referral is a field of the borrower: who sent it to the
college, which is an organisation and never a person. A partnership is of a region; its members are
the organisations that are recorded so.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import get_args

from sqlalchemy import bindparam, select

from kitloan.borrowers.organisations import borrower
from kitloan.errors import BadInput
from kitloan.ledger.facts.evidence import OrganisationDescribed
from kitloan.ledger.session import Session
from kitloan.reference import regions
from kitloan.storage.statements import Query
from kitloan.tables import Organisation, table
from kitloan.tables.evidence import OrganisationProfile
from kitloan.text.fields import OrganisationKind
from kitloan.text.names import clean, fold, near_names, plain
from kitloan.text.personal import names_a_person, on_record
from kitloan.text.scans import check_no_label
from kitloan.values import Warned

profile, organisation = table(OrganisationProfile), table(Organisation)

KINDS: tuple[OrganisationKind, ...] = get_args(OrganisationKind)
"""What kind an organisation can be."""
NONE = "none"
"""Takes back what was recorded of one thing."""

_profile = Query(
    select(profile).where(
        profile.c.college == bindparam("c"), profile.c.organisation == bindparam("o")
    )
)


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that kits are used in: its organiser, and the learners it is for."""

    name: str
    organiser: str
    learners: str


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner that refers schools to colleges."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Profile:
    """An organisation as a partner; None is what nobody recorded.

    Attributes:
        organisation: its name.
        kind: one of `KINDS`.
        referred_by: who sent it to the college.
        partnership: the code of the region whose partnership it is a member of.
    """

    organisation: str
    kind: OrganisationKind | None
    referred_by: str | None
    partnership: str | None


@dataclass(frozen=True, slots=True)
class Described(Profile):
    """An organisation that was described, and what was recorded as it was given and looks wrong."""

    warnings: tuple[Warned, ...] = ()


@cache
def programmes() -> dict[str, Programme]:
    """The programmes of the reference list, by each of their names, folded."""
    found: dict[str, Programme] = {}
    for row in _rows("programmes.csv"):
        each = Programme(row["name"], row["organiser"], row["learners"])
        for name in (row["name"], *row["also"].split(";")):
            if name:
                found[fold(name)] = each
    return found


@cache
def partners() -> dict[str, Partner]:
    """The partners of the reference list, by each of their names, folded."""
    found: dict[str, Partner] = {}
    for row in _rows("partners.csv"):
        each = Partner(row["name"], row["kind"])
        for name in (row["name"], *row["also"].split(";")):
            if name:
                found[fold(name)] = each
    return found


def programme_named(text: str) -> str:
    """A programme as the reference list spells it; any other name as it is.

    Raises:
        BadInput: `bad_text`; `names_a_person`.
    """
    known = programmes().get(fold(clean(text, "The programme")))
    return known.name if known else on_record(text, "The programme")


def on_no_list(name: str, known: Mapping[str, Programme | Partner], what: str) -> list[Warned]:
    """The warning about a name that the reference list does not have.

    Args:
        name: as it is recorded.
        known: the list.
        what: what it is a list of, as in `programme`.
    """
    if fold(name) in known:
        return []
    near = list(dict.fromkeys(known[fold(each)].name for each in near_names(name, known)))
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    text = f"No {what} on the list is called {plain(name)!r}; it is recorded as it is.{meant}"
    return [Warned(f"unknown_{what}", text)]


def partner_named(text: str) -> str:
    """A partner as the reference list spells it; any other organisation as it is.

    Raises:
        BadInput: `bad_text`; `names_a_person`.
    """
    name = check_no_label(clean(text, "Who referred it"), "Who referred it")
    known = partners().get(fold(name))
    if known is None and names_a_person(name):
        raise BadInput(
            "names_a_person",
            f"{plain(name)!r} names a person, and a referral is an organisation's.",
            "Give the organisation: SSERC, STEM Learning, RAiSE, DYW, ...",
            value=name,
        )
    return known.name if known else name


def region_named(text: str) -> str:
    """The code of the region that a text means.

    Raises:
        BadInput: `unknown_region`.
    """
    for code, name in regions().items():
        if fold(text) in (fold(code), fold(name)):
            return code
    raise BadInput(
        "unknown_region",
        f"{plain(text[:60])!r} is not a region.",
        f"The regions: {', '.join(f'{code} ({name})' for code, name in regions().items())}.",
        region=text[:60],
    )


class Partners:
    """What kind of partner organisations are."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def describe(
        self,
        name: str,
        *,
        kind: str | None = None,
        referred_by: str | None = None,
        partnership: str | None = None,
        new_too: bool = False,
        request_id: str | None = None,
    ) -> Described:
        """Record what kind of partner an organisation is. What is not given stays as it is.

        Args:
            name: the organisation; one not met before is taken in.
            kind: one of `KINDS`; `none` takes it back, as for the other two.
            referred_by: who sent it to the college, an organisation.
            partnership: the region whose partnership it is a member of, by code or name.
            new_too: whether an organisation that is nearly a known one may be new.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_kind`, `unknown_region`, `names_a_person`, a name that cannot be
                used; `nothing_to_correct`, when nothing is given.
            Refused: `nearly_known`.
        """
        if kind is None and referred_by is None and partnership is None:
            raise BadInput(
                "nothing_to_correct",
                "Nothing is given that is to be recorded.",
                "Give the kind, who referred it, or the region of its partnership.",
            )
        given: dict[str, str | None] = {}
        if kind is not None:
            given["organisation_kind"] = None if fold(kind) == NONE else _kind_named(kind)
        if referred_by is not None:
            given["referred_by"] = None if fold(referred_by) == NONE else partner_named(referred_by)
        if partnership is not None:
            given["partnership"] = None if fold(partnership) == NONE else region_named(partnership)
        with self._session.writing(request_id) as writer:
            who = borrower(writer, name, new_too=new_too)
            row = _profile(writer.connection, c=writer.college, o=who.organisation).one_or_none()
            fields = ("organisation_kind", "referred_by", "partnership")
            was = {} if row is None else {each: row._mapping[each] for each in fields}
            fact = OrganisationDescribed.model_validate(
                {"organisation": who.organisation, **was, **given}
            )
            writer.append(fact)
        referred = given.get("referred_by")
        return Described(
            who.name,
            fact.organisation_kind,
            fact.referred_by,
            fact.partnership,
            tuple(on_no_list(referred, partners(), "partner")) if referred else (),
        )

    def list(self) -> list[Profile]:
        """Organisations of which something is recorded, by name."""
        wanted = select(profile, organisation.c.name).join_from(profile, organisation)
        if not self._session.is_national:
            wanted = wanted.where(profile.c.college == self._session.college)
        with self._session.reading() as connection:
            rows = connection.execute(wanted.order_by(organisation.c.name, profile.c.college)).all()
        return [
            Profile(row.name, row.organisation_kind, row.referred_by, row.partnership)
            for row in rows
        ]


def _kind_named(text: str) -> str:
    key = fold(text).replace(" ", "_").replace("-", "_")
    if key in KINDS:
        return key
    raise BadInput(
        "unknown_kind",
        f"{plain(text[:60])!r} is not a kind of organisation.",
        f"One of: {', '.join(KINDS)}.",
        value=text[:60],
    )


def _rows(file: str) -> list[dict[str, str]]:
    text = (resources.files("kitloan.reference") / file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
