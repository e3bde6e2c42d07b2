"""Guides of kit types: what a school must know beside the contents list, for the leaflet."""

from dataclasses import dataclass, fields, replace

from sqlalchemy import Connection, bindparam, select

from kitloan.evidence.leaflets import Bag, Leaflet, LeafletPart
from kitloan.holdings import show_type
from kitloan.ledger.facts.guides import GuideWritten
from kitloan.ledger.session import Session
from kitloan.queries.types import type_meant
from kitloan.storage.statements import Query
from kitloan.tables import table
from kitloan.tables.guides import KitGuide
from kitloan.text.fields import LONGEST_REMARK
from kitloan.text.personal import on_record

guide = table(KitGuide)

_GUIDE = Query(
    select(guide).where(guide.c.college == bindparam("c"), guide.c.kit_type == bindparam("k"))
)


@dataclass(frozen=True, slots=True)
class Guide:
    """What a school must know of a kit type, each a sentence or more; None is not recorded.

    Attributes:
        supplies: what the school has to supply.
        time: how long it takes.
        space: how much room it needs.
        level: for which learners it is.
        safety: what to look out for.
        repacking: how it is packed again.
    """

    supplies: str | None = None
    time: str | None = None
    space: str | None = None
    level: str | None = None
    safety: str | None = None
    repacking: str | None = None


TITLES = {
    "supplies": "What the school supplies",
    "time": "Time",
    "space": "Space",
    "level": "Level",
    "safety": "Safety",
    "repacking": "Repacking",
}
"""The headings of a guide's parts, in the order of the leaflet."""


@dataclass(frozen=True, slots=True)
class GuideLine:
    """A kit type, and what is recorded for its leaflet."""

    type: str
    guide: Guide


class Guides:
    """What is recorded for the leaflets of kit types."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, type: str) -> GuideLine:  # noqa: A002  # the word of the contract
        """What is recorded of a kit type, by any name that it has or had.

        Raises:
            BadInput: `unknown_type`.
        """
        with self._session.reading() as connection:
            return self._line(connection, type)

    def write(
        self,
        type: str,  # noqa: A002
        change: Guide,
        *,
        request_id: str | None = None,
    ) -> GuideLine:
        """Record what a school must know of a kit type.

        Args:
            type: the kit type, by any name that it has or had.
            change: what is not None is set; an empty text takes away what was recorded.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_type`; `bad_text`; `names_a_person`, for a text with a person's
                name, number or address.
        """
        with self._session.writing(request_id) as writer:
            now = self._line(writer.connection, type)
            for each in fields(Guide):
                given = getattr(change, each.name)
                if given is None:
                    continue
                text = (
                    on_record(given, TITLES[each.name], LONGEST_REMARK) if given.strip() else None
                )
                now = replace(now, guide=replace(now.guide, **{each.name: text}))
            known = type_meant(writer.connection, writer.college, now.type)
            values = {each.name: getattr(now.guide, each.name) for each in fields(Guide)}
            writer.append(GuideWritten(kit_type=known.id if known else now.type, **values))
        return now

    def leaflet(self, type: str, college_name: str, mail: str = "") -> Leaflet:  # noqa: A002
        """A kit type's leaflet: its contents by bag, and what is recorded of it.

        Args:
            type: the kit type, by any name that it has or had.
            college_name: who lends it.
            mail: the address to which a school writes of a missing part; empty for none.

        Raises:
            BadInput: `unknown_type`.
        """
        with self._session.reading() as connection:
            shown = show_type(connection, self._session.college, type)
            line = self._line(connection, type)
        bags: dict[str, list[LeafletPart]] = {}
        for each in shown.contents:
            part = LeafletPart(each.name, each.quantity, each.critical)
            bags.setdefault(each.bag or "", []).append(part)
        return Leaflet(
            college=college_name,
            type=shown.type,
            bags=tuple(Bag(name, tuple(parts)) for name, parts in bags.items()),
            sections=tuple((title, getattr(line.guide, key)) for key, title in TITLES.items()),
            mail=mail,
        )

    def _line(self, connection: Connection, name: str) -> GuideLine:
        college = self._session.college
        shown = show_type(connection, college, name)
        known = type_meant(connection, college, shown.type)
        row = _GUIDE(connection, c=college, k=known.id if known else "").one_or_none()
        if row is None:
            return GuideLine(shown.type, Guide())
        return GuideLine(
            shown.type, Guide(**{each.name: getattr(row, each.name) for each in fields(Guide)})
        )
