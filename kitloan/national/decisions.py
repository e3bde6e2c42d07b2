"""What ESP has decided, read from its own ledger: donors' names, mergers, accepted findings.

They are few, and only the audit asks for them, so they have no tables of their own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, select

from kitloan.ledger.session import ESP
from kitloan.queries.undone import UNDONE
from kitloan.tables import LedgerEntry, table
from kitloan.text.names import fold

entry = table(LedgerEntry)

KINDS = ("donor.aliased", "college.merged", "finding.accepted")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that ESP has looked at and accepted: what it was about, why, by whom, and when."""

    code: str
    college: str
    tag: str
    facts: str
    note: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """What holds now.

    Attributes:
        aliases: the name that counts, by each other name of a donor, folded.
        mergers: into which college one went, and on which day, by its id.
        accepted: the acceptance, by a finding's code, college and tag.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    mergers: Mapping[str, tuple[str, date]] = field(default_factory=dict)
    accepted: Mapping[tuple[str, str, str], Accepted] = field(default_factory=dict)

    def donor(self, name: str) -> str:
        """The name that counts for a donor."""
        been: set[str] = set()
        while (key := fold(name)) in self.aliases and key not in been:
            been.add(key)
            name = self.aliases[key]
        return name

    def part_of(self, college: str, day: date) -> str | None:
        """The college that one had become part of by a day; None for one of its own."""
        into, on = self.mergers.get(college, ("", date.max))
        return into if on <= day else None


def decisions(connection: Connection) -> Decisions:
    """What ESP's ledger, as far as it is in this store, has decided."""
    aliases: dict[str, str] = {}
    mergers: dict[str, tuple[str, date]] = {}
    accepted: dict[tuple[str, str, str], Accepted] = {}
    rows = connection.execute(
        select(entry.c.kind, entry.c.body, entry.c.at, entry.c.by)
        .where(entry.c.college == ESP, entry.c.tag.is_(None), entry.c.kind.in_(KINDS), ~UNDONE)
        .order_by(entry.c.epoch, entry.c.seq)
    )
    for row in rows:
        fact = json.loads(row.body)["fact"]
        match row.kind:
            case "donor.aliased":
                aliases[fold(fact["name"])] = fact["donor"]
            case "college.merged":
                mergers[fact["college"]] = fact["into"], date.fromisoformat(fact["on"])
            case _:
                key = fact["code"], fact["college"] or "", fact["about"] or ""
                accepted[key] = Accepted(*key, fact["facts"], fact["note"] or "", row.by, row.at)
    return Decisions(
        {name: donor for name, donor in aliases.items() if name != fold(donor)},
        {gone: (into, on) for gone, (into, on) in mergers.items() if gone != into},
        accepted,
    )
