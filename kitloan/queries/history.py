"""What happened to a holding, in words.

Reads the sealed bodies as they are, so that showing a kit's page need not load the classes that
write them. Undone entries are shown as such, with the undoing after them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from kitloan.queries.paging import page_of
from kitloan.queries.undone import UNDONE
from kitloan.tables import LedgerEntry, Organisation, table
from kitloan.text.dates import uk
from kitloan.values import HistoryLine, Page, plural

entry, organisation = table(LedgerEntry), table(Organisation)

_ORDER = (entry.c.epoch, entry.c.seq)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of a ledger, in words."""

    seq: int
    at: str
    by: str
    kind: str
    tag: str | None
    summary: str


Names = Mapping[str, str]

_AT_ONCE = 500
"""Organisations that one statement names."""
Say = Callable[[Mapping[str, Any], Names], str]


def of_tag(connection: Connection, college: str, tag: str) -> list[HistoryLine]:
    """Every entry about a tag in a college's ledger, oldest first."""
    rows = connection.execute(
        select(entry.c.body, UNDONE.label("undone"))
        .where(entry.c.college == college, entry.c.tag == tag)
        .order_by(entry.c.epoch, entry.c.seq)
    ).all()
    said = [(json.loads(row.body), bool(row.undone)) for row in rows]
    names = _names(connection, college, [body["fact"] for body, _ in said])
    return [_line(body, undone, names) for body, undone in said]


def page_of_tag(
    connection: Connection, college: str, tag: str, after: str | None, limit: int
) -> Page[HistoryLine]:
    """The latest entries about a tag, oldest first; `next` asks for the ones before them."""
    page = page_of(
        connection,
        select(entry.c.epoch, entry.c.seq, entry.c.body, UNDONE.label("undone")).where(
            entry.c.college == college, entry.c.tag == tag
        ),
        _ORDER,
        after,
        limit,
        newest_first=True,
    )
    said = [(json.loads(row.body), bool(row.undone)) for row in reversed(page.items)]
    names = _names(connection, college, [body["fact"] for body, _ in said])
    lines = tuple(_line(body, undone, names) for body, undone in said)
    return Page(lines, page.total, page.next)


def page_of_log(
    connection: Connection, college: str, tag: str | None, after: str | None, limit: int
) -> Page[LogLine]:
    """A page of a college's entries, oldest first; of one bare tag when named."""
    wanted = select(entry.c.epoch, entry.c.seq, entry.c.body).where(entry.c.college == college)
    if tag is not None:
        wanted = wanted.where(entry.c.tag == tag)
    page = page_of(connection, wanted, _ORDER, after, limit)
    said = [(row.seq, json.loads(row.body)) for row in page.items]
    return Page(tuple(_log_lines(connection, college, said)), page.total, page.next)


def log(
    connection: Connection, college: str, tag: str | None, last: int | None = None
) -> list[LogLine]:
    """A college's entries, oldest first; of one bare tag when named; the last so many, or all."""
    wanted = select(entry.c.seq, entry.c.body).where(entry.c.college == college)
    if tag is not None:
        wanted = wanted.where(entry.c.tag == tag)
    newest_first = wanted.order_by(entry.c.epoch.desc(), entry.c.seq.desc()).limit(last)
    rows = connection.execute(newest_first).all()
    return _log_lines(connection, college, [(r.seq, json.loads(r.body)) for r in reversed(rows)])


def _log_lines(
    connection: Connection, college: str, said: list[tuple[int, dict[str, Any]]]
) -> list[LogLine]:
    names = _names(connection, college, [body["fact"] for _, body in said])
    return [
        LogLine(seq, line.at, line.by, line.kind, body["fact"].get("tag"), line.summary)
        for seq, body in said
        for line in [_line(body, False, names)]
    ]


def summary_of(connection: Connection, college: str, body: str) -> str:
    """One sealed entry in words."""
    said = json.loads(body)
    return _line(said, False, _names(connection, college, [said["fact"]])).summary


def _names(connection: Connection, college: str, facts: list[dict[str, Any]]) -> Names:
    ids = {fact["organisation"] for fact in facts if "organisation" in fact}
    if not ids:
        return {}
    names: dict[str, str] = {}
    wanted = sorted(ids)
    for at in range(0, len(wanted), _AT_ONCE):
        some = organisation.c.organisation.in_(wanted[at : at + _AT_ONCE])
        rows = connection.execute(
            select(organisation.c.organisation, organisation.c.name).where(
                organisation.c.college == college, some
            )
        )
        names |= {row[0]: row[1] for row in rows}
    return names


def _line(body: Mapping[str, Any], undone: bool, names: Names) -> HistoryLine:
    fact = body["fact"]
    say = _SAY.get(fact["kind"])
    words = say(fact, names) if say else fact["kind"]
    return HistoryLine(
        at=body["at"],
        kind=fact["kind"],
        by=body["by"],
        summary=f"{words} (undone)" if undone else words,
    )


def _day(text: str | None) -> str:
    return uk(date.fromisoformat(text)) if text else ""


def _many(fact: Mapping[str, Any]) -> str:
    return f"{fact['quantity']:,} " if fact["quantity"] > 1 else ""


def _lent(fact: Mapping[str, Any], names: Names) -> str:
    due = f", due {_day(fact['due_on'])}" if fact["due_on"] else ""
    because = f"; lent although not whole: {fact['override']}" if fact["override"] else ""
    return f"{_many(fact)}{names.get(fact['organisation'], fact['organisation'])}{due}{because}"


def _short(fact: Mapping[str, Any]) -> str:
    said = [
        f"{short['component']} {number} {word}"
        for short in fact["shortages"]
        for number, word in ((short["missing"], "missing"), (short["broken"], "broken"))
        if number
    ]
    words = {
        "whole": "counted, whole",
        "short": "counted",
        "uncounted": "not counted yet",
        "no_contents": "",
    }[fact["counted"]]
    return ": ".join(part for part in (words, ", ".join(said)) if part)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


_SAY: dict[str, Say] = {
    "college.opened": lambda f, n: f"{f['name']} opened its ledger",
    "kit_type.defined": lambda f, n: _joined(
        f["name"], plural(len(f["contents"]), "component") if f["contents"] else ""
    ),
    "organisation.added": lambda f, n: f["name"],
    "labels.printed": lambda f, n: _joined(
        plural(len(f["tags"]), "label"),
        "blank" if f["blank"] else "",
        f"on {f['stock']}" if f.get("stock") else "",  # older entries do not say
    ),
    "holding.accessioned": lambda f, n: _joined(
        "taken in", plural(f["quantity"], "item") if f["quantity"] > 1 else "", f["location"] or ""
    ),
    "gift.recorded": lambda f, n: _joined(
        f"given by {f['donor']}" if f["donor"] else "gift terms recorded",
        f"paid for by {f['funding_source']}" if f["funding_source"] else "",
    ),
    "holding.amended": lambda f, n: _joined(
        "particulars amended",
        plural(f["quantity"], "item") if f["quantity"] > 1 else "",
        f["asset_number"] or "",
    ),
    "holding.moved": lambda f, n: f"moved to {f['location']}",
    "holding.withdrawn": lambda f, n: _joined(
        f"withdrawn: {f['reason']}",
        f"proposed by {f['proposed_by']}",
        f"the donor agreed: {f['donor_agreement']}" if f["donor_agreement"] else "",
    ),
    "withdrawal.proposed": lambda f, n: f"to be withdrawn: {f['reason']}; a second must sign",
    "holding.missing": lambda f, n: _joined(
        "missing", "lost on loan" if f["loan"] else "", f["reason"] or ""
    ),
    "holding.found": lambda f, n: "found",
    "transfer.sent": lambda f, n: _joined(f"sent to {f['to_college']}", _short(f)),
    "transfer.called_off": lambda f, n: "the transfer was called off",
    "transfer.arrived": lambda f, n: "the other college has it",
    "transfer.received": lambda f, n: _joined(f"received from {f['from_college']}", _short(f)),
    "stocktake.opened": lambda f, n: _joined(f"stocktake {f['name']} opened", f["place"] or ""),
    "stocktake.expects": lambda f, n: f"{plural(len(f['tags']), 'holding')} expected",
    "stocktake.desk": lambda f, n: (
        f"{f['desk']} " + ("takes part" if f["waiting"] else "has handed in its scans")
    ),
    "stocktake.scanned": lambda f, n: _joined(
        "sighted in a stocktake" if f["tag"] else f"scanned: {f['code']}", f["place"] or ""
    ),
    "stocktake.confirmed": lambda f, n: "the borrower says that they have it",
    "stocktake.closed": lambda f, n: _joined(
        f"stocktake closed: {f['sighted'] + f['sighted_elsewhere']} sighted",
        f"{f['not_sighted']} not",
    ),
    "ledger.resumed": lambda f, n: f"resumed from a backup, after entry {f['seq']}",
    "programme.defined": lambda f, n: f["name"],
    "gift.agreed": lambda f, n: f"{f['donor']} promised {f['promised']:,} ({f['gift']})",
    "gift.delivered": lambda f, n: f"{f['quantity']:,} of {f['gift']} came",
    "allocation.made": lambda f, n: f"{f['quantity']:,} of {f['gift']} to {f['college']}",
    "challenge.set": lambda f, n: (
        f"{f['college']} is asked to show " + plural(len(f["tags"]), "holding")
    ),
    "holding.sighted": lambda f, n: "sighted",
    "label.claimed": lambda f, n: f"also answers to {f['label']}",
    "loan.checked_out": lambda f, n: f"lent: {_lent(f, n)}",
    "loan.found": lambda f, n: f"on loan when the register was read: {_lent(f, n)}",
    "loan.checked_in": lambda f, n: _joined(f"{_many(f)}back", _short(f)),
    "loan.renewed": lambda f, n: f"renewed to {_day(f['due_on'])}",
    "contents.counted": lambda f, n: _short(f),
    "shortage.made_good": lambda f, n: f"{f['component']}: {f['quantity']:,} made good",
    "entry.reversed": lambda f, n: f"undid entry {f['seq']}",
}
