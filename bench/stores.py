"""Stores of a wished size, built once and kept beside the benchmarks.

The rows are written through the ledger by the same `record` that merging uses, so a store built
here is one that `kitloan ledger verify` accepts.
"""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kitloan
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.ledger.entry import Entry, seal
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.definitions import ContentsLine, OrganisationAdded
from kitloan.ledger.facts.holdings import GiftRecorded, HoldingAccessioned
from kitloan.ledger.facts.loans import CheckedIn, CheckedOut
from kitloan.ledger.facts.shortages import Short
from kitloan.ledger.writer import Head, head_of, move_head, new_id, record
from kitloan.text.dates import instant
from kitloan.text.names import type_key
from kitloan.text.tags import mint

TYPES = ("MTa STEM kit", "micro:bit class set", "LEGO SPIKE Prime set", "VR headset")
PLACES = ("Kilmarnock STEM hub", "Ayr store 2", "Kilwinning T14", "Sabhal Mòr library")
DONORS = ("RAF", "Micro:bit Educational Foundation", "IET", "college")
CONTENTS = tuple(ContentsLine(name=f"Part {n}", quantity=12, critical=n == 0) for n in range(9))


def build(path: Path, holdings: int, entries: int, *, as_desks_do: bool = False) -> Path:
    """A college's store at `path` with so many holdings, and about so many entries.

    One that is there is used again, unless its tables are of another version. With `as_desks_do`
    each request, and so each loan, has an id of 20 random digits, which no packing makes smaller.
    """
    if path.exists():
        try:
            kitloan.open(path).close()
        except kitloan.StoreError:
            path.unlink()
        else:
            return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    start = datetime(2024, 8, 1, 9, tzinfo=UTC)
    with kitloan.init("ayrshire", part, actor="bench", clock=lambda: start) as opened:
        opened.holdings.define_types([kit_type_with(name, CONTENTS) for name in TYPES])
        with opened.session.store.write() as connection:
            head = head_of(connection, "ayrshire")
            assert head is not None
            writer, chosen = _Bulk(connection, head, start), dict[str, str]()
            for fact in _facts(holdings, entries):
                writer.append(*(_with_random_id(fact, chosen) if as_desks_do else (fact, None)))
            move_head(connection, "ayrshire", writer.head)
    part.rename(path)
    return path


class _Bulk:
    """Seals and applies facts one after another, a minute apart, in one transaction."""

    def __init__(self, connection: object, head: Head, start: datetime) -> None:
        self.connection, self.head, self.start, self.count = connection, head, start, 0

    def append(self, fact: FactBase, request: str | None = None) -> None:
        self.count += 1
        entry = Entry(
            ledger="ayrshire",
            seq=self.head.seq + 1,
            prev=self.head.hash,
            id=request or f"b{self.count}",
            part=0,
            at=instant(self.start + timedelta(minutes=self.count)),
            by="bench",
            fact=fact,
        )
        body = entry.body
        self.head = Head(1, entry.seq, seal(body), entry.at)
        record(self.connection, "ayrshire", 1, entry, body, self.head.hash)


def _with_random_id(fact: FactBase, chosen: dict[str, str]) -> tuple[FactBase, str]:
    """A fact and the id of its request; the loan that it opens has the same, as at a desk."""
    request, loan = new_id(), getattr(fact, "loan", None)
    if loan is None:
        return fact, request
    if isinstance(fact, CheckedOut):
        chosen[loan] = f"{request}-1"
    return fact.model_copy(update={"loan": chosen[loan]}), request


def trusted(esp: College, files: list[Path]) -> list[str]:
    """The keys of the first files among these, which nobody doubts here."""
    return [each.fingerprint for each in esp.exchange.first_contacts(files)]


def _facts(holdings: int, entries: int):
    chance = random.Random(holdings)
    for n in range(200):
        yield OrganisationAdded(organisation=f"school-{n}", name=f"School {n}")
    tags = [mint() for _ in range(holdings)]
    for n, tag in enumerate(tags):
        yield HoldingAccessioned(
            tag=tag,
            kit_type=type_key(TYPES[n % 4]),
            asset_number=f"AC{n:06}",
            serial=str(100_000_000 + n),
            location=PLACES[n % 4],
        )
        yield GiftRecorded(tag=tag, donor=DONORS[n % 4], value_pence=65000)
    out: dict[str, str] = {}
    for n in range(max(0, entries - 2 * holdings - 200)):
        tag = chance.choice(tags)
        if tag in out:
            yield CheckedIn(
                tag=tag,
                loan=out.pop(tag),
                counted="short" if n % 50 == 0 else "whole",
                shortages=(Short(component="Part 3", missing=1),) if n % 50 == 0 else (),
            )
        elif len(out) < holdings // 5:
            out[tag] = f"b-loan-{n}"
            yield CheckedOut(
                tag=tag,
                loan=out[tag],
                organisation=f"school-{chance.randrange(200)}",
                due_on=f"2026-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            )
        else:
            back = next(iter(out))
            yield CheckedIn(tag=back, loan=out.pop(back), counted="whole")
