"""History in words: the entries about a holding, and the log of a ledger.

It reads the sealed bodies as they are, so that showing a kit does not load the classes of facts. An
undone entry is marked "(undone)"; the entry that undid it follows.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, or_, select

from kitloan.queries.paging import Paged
from kitloan.queries.undone import UNDONE
from kitloan.storage.statements import Query, among
from kitloan.tables import KitType, LedgerEntry, Loan, Organisation, table
from kitloan.text.dates import day_of, uk
from kitloan.text.tags import grouped
from kitloan.values import HistoryLine, Page, maker_of, plural

entry, organisation = table(LedgerEntry), table(Organisation)
kit_type, loan = table(KitType), table(Loan)

_ORDER = (entry.c.epoch, entry.c.seq)
_ENTRY = (*_ORDER, entry.c.body, UNDONE.label("undone"))
_OF_TAG = Query(
    select(*_ENTRY)
    .where(entry.c.college == bindparam("c"), entry.c.tag == bindparam("t"))
    .order_by(*_ORDER)
)
_PAGES_OF_TAG = Paged(
    select(*_ENTRY).where(entry.c.college == bindparam("c"), entry.c.tag == bindparam("t")),
    _ORDER,
    newest_first=True,
)
_OF_LOG = select(*_ORDER, entry.c.body).where(entry.c.college == bindparam("c"))
_PAGES_OF_LOG = Paged(_OF_LOG, _ORDER)
_PAGES_OF_LOG_OF_TAG = Paged(_OF_LOG.where(entry.c.tag == bindparam("t")), _ORDER)
_ORGANISATIONS = Query(
    select(organisation.c.organisation, organisation.c.name).where(
        organisation.c.college == bindparam("c"), among(organisation.c.organisation, "ids")
    )
)
_BORROWERS = Query(  # without their names: to join them a server reads the college's every borrower
    select(loan.c.loan, loan.c.organisation).where(
        loan.c.college == bindparam("c"), among(loan.c.loan, "loans")
    )
)
_TYPES = Query(
    select(kit_type.c.kit_type, kit_type.c.name).where(kit_type.c.college == bindparam("c"))
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry of a ledger, in words."""

    seq: int
    at: str
    by: str
    kind: str
    tag: str | None
    summary: str


_log_line_of, _line_of = maker_of(LogLine), maker_of(HistoryLine)

_BEHIND_FACT = ',"id":"'
"""What follows the fact in a sealed body; within a text the quotation marks would be escaped."""

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Lookups:
    """What the summaries need in addition to the facts.

    Attributes:
        names: the names of organisations, by id.
        changes: what each change of a holding's details or of a loan changed, by the number of its
            entry.
    """

    names: Names
    changes: Mapping[int, str]


_WITH_DETAILS = ("holding.accessioned", "holding.amended", "transfer.received")
"""Kinds of entry that have all details of a holding."""
_DETAILS = {
    "kit_type": "type",
    "quantity": "quantity",
    "asset_number": "asset number",
    "serial": "serial number",
}
"""The details that a change can change, and their names."""
_BACK = ("loan.checked_in", "loan.stock_gone")
_CHANGES = ("holding.amended", "holding.moved")
_LENT = ("loan.checked_out", "loan.found")
_CORRECTIONS = ("loan.corrected", "loan.renewed")
_TERMS = {
    "organisation": "borrower",
    "contact": "contact",
    "quantity": "quantity",
    "due_on": "due date",
    "out_on": "day it went",
}
"""What of a loan can be corrected, and its names."""
Summary = Callable[[Mapping[str, Any], Names], str]


def of_tag(connection: Connection, college: str, tag: str) -> list[HistoryLine]:
    """Every entry about a tag in a college's ledger, in the order in which the things happened."""
    return _lines(connection, college, _OF_TAG.tuples(connection, c=college, t=tag))


def page_of_tag(
    connection: Connection, college: str, tag: str, after: str | None, limit: int
) -> Page[HistoryLine]:
    """The latest entries about a tag; `next` asks for the page before them.

    On a page they are in the order in which the things happened.
    """
    page = _PAGES_OF_TAG.page(connection, after, limit, c=college, t=tag)
    lines = _lines(connection, college, page.items[::-1])
    return Page(tuple(lines), page.total, page.next)


def _lines(
    connection: Connection, college: str, rows: Sequence[tuple[Any, ...]]
) -> list[HistoryLine]:
    """Lines of rows as they were recorded, by the day it happened; of one day as recorded."""
    bodies = _read([body for _, _, body, _ in rows])
    facts = [body["fact"] for body in bodies]
    lookups = _lookups(connection, college, facts)
    recorded, dated = date.min, []
    for (_, seq, _, undone), body, fact in zip(rows, bodies, facts, strict=True):
        at = body["at"]
        day = day_of(at)
        if day > recorded:  # a clock may have run back
            recorded = day
        happened = _happened_on(fact, day)
        words = _summary(fact, seq, lookups)
        if undone:
            words += " (undone)"
        line = _line_of(at, fact["kind"], body["by"], words, at, happened)
        earlier = happened is not None and happened < day
        dated.append((happened if earlier else recorded, line))
    dated.sort(key=itemgetter(0))
    return [line for _, line in dated]


def _read(bodies: Sequence[str]) -> list[dict[str, Any]]:
    """The `at`, `by` and `fact` of sealed bodies.

    They are canonical, so what no line shows can be cut off before they are read; and read in one
    go, for most have the same names of fields. One that somebody wrote into the store by hand may
    not be: then each is read by itself, and verifying finds it.
    """
    if not bodies:
        return []
    try:
        shown = "},".join([body[: body.rindex(_BEHIND_FACT)] for body in bodies])
        read: list[dict[str, Any]] = from_json(f"[{shown}}}]", cache_strings="keys")
    except ValueError:
        read = []
    return read if len(read) == len(bodies) else [json.loads(body) for body in bodies]


def page_of_log(
    connection: Connection, college: str, tag: str | None, after: str | None, limit: int
) -> Page[LogLine]:
    """A page of a college's entries, oldest first; only those about a bare tag if it is given."""
    if tag is None:
        page = _PAGES_OF_LOG.page(connection, after, limit, c=college)
    else:
        page = _PAGES_OF_LOG_OF_TAG.page(connection, after, limit, c=college, t=tag)
    lines = _log_lines(connection, college, page.items)
    return Page(tuple(lines), page.total, page.next)


def log(
    connection: Connection, college: str, tag: str | None, last: int | None = None
) -> list[LogLine]:
    """A college's entries, oldest first; if given, only those about `tag`, or the `last` few."""
    wanted = select(*_ORDER, entry.c.body).where(entry.c.college == college)
    if tag is not None:
        wanted = wanted.where(entry.c.tag == tag)
    newest_first = wanted.order_by(entry.c.epoch.desc(), entry.c.seq.desc()).limit(last)
    rows = connection.execute(newest_first).all()
    return _log_lines(connection, college, rows[::-1])


def _log_lines(
    connection: Connection, college: str, rows: Sequence[tuple[Any, ...]]
) -> list[LogLine]:
    """Lines of rows of an epoch, a number and a body."""
    bodies = _read([body for _, _, body in rows])
    facts = [body["fact"] for body in bodies]
    lookups = _lookups(connection, college, facts)
    return [
        _log_line_of(
            seq, body["at"], body["by"], fact["kind"], fact.get("tag"), _summary(fact, seq, lookups)
        )
        for (_, seq, _), body, fact in zip(rows, bodies, facts, strict=True)
    ]


def summary_of(connection: Connection, college: str, body: str) -> str:
    """One sealed entry in words."""
    read = json.loads(body)
    return _summary(read["fact"], read["seq"], _lookups(connection, college, [read["fact"]]))


def _lookups(connection: Connection, college: str, facts: Sequence[Mapping[str, Any]]) -> _Lookups:
    kinds = {fact["kind"] for fact in facts}
    changes: dict[int, str] = {}
    if not kinds.isdisjoint(_CHANGES):
        changes |= _changes(connection, college, facts)
    if not kinds.isdisjoint(_CORRECTIONS):
        changes |= _corrections(connection, college, facts)
    return _Lookups(_names(connection, college, facts, kinds), changes)


def _names(
    connection: Connection,
    college: str,
    facts: Sequence[Mapping[str, Any]],
    kinds: AbstractSet[str],
) -> Names:
    """The names of what the facts name by its id; kit types and loans have a mark before theirs."""
    ids = {fact.get("organisation") for fact in facts}
    if "organisation.merged" in kinds:
        ids |= {fact.get("into") for fact in facts if fact["kind"] == "organisation.merged"}
    borrowers: dict[str, str] = {}
    if not kinds.isdisjoint(_BACK):
        loans = sorted({fact["loan"] for fact in facts if fact["kind"] in _BACK})
        borrowers = dict(_BORROWERS.tuples(connection, c=college, loans=loans))
    names: dict[str, str] = {}
    if known := sorted(filter(None, ids.union(borrowers.values()))):
        names |= dict(_ORGANISATIONS.tuples(connection, c=college, ids=known))
        names |= {f"loan:{each}": names[whose] for each, whose in borrowers.items()}
    if not _OF_TYPES.isdisjoint(kinds):
        types = _TYPES.tuples(connection, c=college)
        names |= {f"type:{kind}": name for kind, name in types}
    return names


def _from(fact: Mapping[str, Any], names: Names) -> str:
    borrower = names.get(f"loan:{fact['loan']}")
    return f" from {borrower}" if borrower else ""


_OF_TYPES = frozenset(
    {
        *("kit_type.merged", "policy.set", "booking.made", "booking.changed"),
        *("want.made", "demand.refused", "offer.made", "guide.written"),
    }
)


def _of_tags(kinds: Sequence[str]) -> Query:
    """The entries of these kinds about some tags."""
    # Without an order: for its sake SQLite would walk the whole ledger.
    return Query(
        select(*_ENTRY).where(
            entry.c.college == bindparam("c"),
            among(entry.c.tag, "tags"),
            or_(*[entry.c.kind == kind for kind in kinds]),
        )
    )


_WITH_CHANGES = _of_tags((*_WITH_DETAILS, "holding.moved"))
_WITH_TERMS = _of_tags((*_CORRECTIONS, *_LENT))


def _changes(
    connection: Connection, college: str, facts: Sequence[Mapping[str, Any]]
) -> dict[int, str]:
    """What each change of a holding's details changed, by the number of its entry."""
    tags = {fact["tag"] for fact in facts if fact["kind"] in _CHANGES}
    rows = _WITH_CHANGES.tuples(connection, c=college, tags=sorted(tags))
    names = dict(_TYPES.tuples(connection, c=college))
    before: dict[str, Mapping[str, Any]] = {}
    changes: dict[int, str] = {}
    rows = sorted(rows)
    for (_, seq, _, undone), body in zip(rows, _read([row[2] for row in rows]), strict=True):
        fact = body["fact"]
        if fact["kind"] != "holding.moved":
            fact["kit_type"] = names.get(fact["kit_type"], fact["kit_type"])
        was = before.get(fact["tag"], {})
        if fact["kind"] == "holding.amended" and was:
            changes[seq] = _change(was, fact)
        elif fact["kind"] == "holding.moved" and was.get("location"):
            changes[seq] = f"moved from {was['location']} to {fact['location']}"
        if not undone:
            before[fact["tag"]] = {**was, **fact}
    return changes


def _corrections(
    connection: Connection, college: str, facts: Sequence[Mapping[str, Any]]
) -> dict[int, str]:
    """What each correction or renewal of a loan changed, by the number of its entry."""
    tags = {fact["tag"] for fact in facts if fact["kind"] in _CORRECTIONS}
    rows = sorted(_WITH_TERMS.tuples(connection, c=college, tags=sorted(tags)))
    bodies = _read([row[2] for row in rows])
    names = _names(connection, college, [body["fact"] for body in bodies], {*_CORRECTIONS, *_LENT})
    before: dict[str, Mapping[str, Any]] = {}
    changes: dict[int, str] = {}
    for (_, seq, _, undone), body in zip(rows, bodies, strict=True):
        fact = body["fact"]
        now = {name: fact[name] for name in _TERMS if name in fact}
        if "organisation" in now:
            now["organisation"] = _for(fact, names)
        now["out_on"] = fact.get("out_on")
        if fact["kind"] in _LENT:
            on = fact.get("on") or ("" if fact["kind"] == "loan.found" else body["at"])
            now["out_on"] = day_of(on).isoformat() if on else None
        was = before.get(fact["loan"], {})
        now = {**was, **{key: value for key, value in now.items() if key != "out_on" or value}}
        if fact["kind"] in _CORRECTIONS and was:
            words = _of_terms(was, now)
            if fact["kind"] == "loan.corrected":
                changes[seq] = f"loan corrected: {words or 'nothing changed'}"
            elif fact["due_on"] != was.get("due_on") and was.get("due_on"):
                changes[seq] = _joined(
                    f"renewed from {_day(was['due_on'])} to {_day(fact['due_on'])}",
                    f"although a booking needs it: {fact['override']}"
                    if fact.get("override")
                    else "",
                )
        if not undone:
            before[fact["loan"]] = now
    return changes


def _of_terms(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs between the terms of a loan; of a person, only that."""
    words = []
    for name, what in _TERMS.items():
        old, new = was.get(name), now.get(name)
        if old == new:
            continue
        if name == "contact":
            how = "changed" if old and new else "added" if new else "removed"
            words.append(f"contact {how}")
            continue
        old, new = (_day(each) if each and name.endswith("_on") else each for each in (old, new))
        if old is None:
            words.append(f"{what} {new} added")
        else:
            words.append(f"{what} changed from {old} to {new}")
    return "; ".join(words)


def _change(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    words = []
    for name, what in _DETAILS.items():
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if old is None:
            words.append(f"{what} {new} added")
        elif new is None:
            words.append(f"{what} {old} removed")
        else:
            words.append(f"{what} changed from {old} to {new}")
    return "; ".join(words)


def _summary(fact: Mapping[str, Any], seq: int, lookups: _Lookups) -> str:
    if changed := lookups.changes.get(seq):
        return changed
    summarise = _SUMMARIES.get(fact["kind"])
    return summarise(fact, lookups.names) if summarise else str(fact["kind"])


def _happened_on(fact: Mapping[str, Any], recorded: date) -> date | None:
    """The day on which something happened; None where a register does not name it."""
    if named := fact.get("on") or fact.get("received_on"):
        return date.fromisoformat(named)
    is_of_register = fact["kind"] == "loan.found" or fact.get("register_row")
    return None if is_of_register else recorded


@lru_cache(maxsize=1_024)  # what is lent on one day is often due on one day
def _day(text: str | None) -> str:
    return uk(date.fromisoformat(text)) if text else ""


def _many(fact: Mapping[str, Any]) -> str:
    return f"{fact['quantity']:,} " if fact["quantity"] > 1 else ""


def _loan_terms(fact: Mapping[str, Any], names: Names) -> str:
    due = f", due {_day(fact['due_on'])}" if fact["due_on"] else ""
    because = f"; lent all the same: {fact['override']}" if fact["override"] else ""
    against = f", booking {fact['booking']}" if fact.get("booking") else ""
    return f"{_many(fact)}{_for(fact, names)}{due}{against}{because}"


def _short(fact: Mapping[str, Any]) -> str:
    words = _COUNTED[fact["counted"]]
    if not fact["shortages"]:
        return words
    shortages = [
        f"{short['component']} {number} {word}"
        for short in fact["shortages"]
        for number, word in ((short["missing"], "missing"), (short["broken"], "broken"))
        if number
    ]
    return ": ".join(filter(None, (words, ", ".join(shortages))))


_COUNTED = {
    "whole": "counted, whole",
    "short": "counted",
    "uncounted": "not counted yet",
    "no_contents": "",
}


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _counted_of(fact: Mapping[str, Any]) -> str:
    """How many were counted of a stock, and how many should have been here."""
    if fact.get("quantity") is None:
        return ""
    return f"{fact['quantity']:,} counted of {fact['expected']:,}"


def _offered(fact: Mapping[str, Any], names: Names) -> str:
    """A kit type, or a part of one."""
    part = fact.get("component")
    return f"{part} ({_type(fact, names)})" if part else _type(fact, names)


def _type(fact: Mapping[str, Any], names: Names) -> str:
    return names.get(f"type:{fact['kit_type']}", fact["kit_type"])


def _for(fact: Mapping[str, Any], names: Names) -> str:
    return names.get(fact["organisation"], fact["organisation"])


def _booking(fact: Mapping[str, Any], names: Names) -> str:
    lines = [f"{line['quantity']:,} of {_type(line, names)}" for line in fact["lines"]]
    return _joined(
        *lines,
        f"for {_for(fact, names)}",
        f"{_day(fact['collect_on'])} to {_day(fact['return_by'])}",
        f"booking {fact['booking']}",
    )


def _event(fact: Mapping[str, Any], names: Names) -> str:
    days = [_day(fact["starts_on"]), _day(fact["ends_on"])]
    return _joined(
        fact["name"],
        " to ".join(dict.fromkeys(days)),
        fact["place"] or "",
        f"for {_for(fact, names)}" if fact["organisation"] else "",
        f"event {fact['event']}",
    )


def _calendar_set(fact: Mapping[str, Any]) -> str:
    named = {True: "open", False: "closed", None: "as usual"}
    days = fact["days"]
    shown = [f"{named[each['open']]} on {_day(each['day'])}" for each in days[:3]]
    return _joined(
        f"calendar of {fact['site']}" if fact["site"] else "calendar",
        "week set" if fact["desk"] else "",
        *shown,
        f"and {plural(len(days) - 3, 'more day')}" if len(days) > 3 else "",
        next((each["reason"] for each in days if each["reason"]), ""),
    )


def _engaged(what: str, fact: Mapping[str, Any], names: Names) -> str:
    """A use by one group, in words."""
    if fact["used"] == "no":
        return _joined("not used", names.get(fact["organisation"], ""), _day(fact["on"]))
    known = fact["bands"] is not None
    learners = sum(each["learners"] for each in fact["bands"] or ())
    hours = fact["half_hours"]
    return _joined(
        "partly used" if fact["used"] == "partly" else what,
        names.get(fact["organisation"], ""),
        _day(fact["on"]),
        plural(learners, "learner") if known else "learners not known",
        f"{hours / 2:g} hours" if hours is not None else "",
    )


_SUMMARIES: dict[str, Summary] = {
    "college.opened": lambda f, n: f"{f['name']} opened its ledger",
    "kit_type.defined": lambda f, n: _joined(
        f["name"], plural(len(f["contents"]), "component") if f["contents"] else ""
    ),
    "organisation.added": lambda f, n: f["name"],
    "organisation.renamed": lambda f, n: f"{f['before']} renamed to {f['name']}",
    "organisation.merged": lambda f, n: (
        f"{n.get(f['organisation'], f['organisation'])} is now {n.get(f['into'], f['into'])}"
    ),
    "organisation.closed": lambda f, n: (
        f"{n.get(f['organisation'], f['organisation'])} is closed: nothing is lent to it"
    ),
    "kit_type.renamed": lambda f, n: f"{f['before']} renamed to {f['name']}",
    "kit_type.merged": lambda f, n: f"{_type(f, n)} is now {n.get('type:' + f['into'], f['into'])}",
    "labels.printed": lambda f, n: _joined(
        plural(len(f["tags"]), "label"),
        "blank" if f["blank"] else "",
        f"on {f['stock']}" if f.get("stock") else "",  # older entries have no stock
    ),
    "holding.accessioned": lambda f, n: _joined(
        f"split from {f['split_from']}" if f.get("split_from") else "added",
        plural(f["quantity"], "item") if f["quantity"] > 1 else "",
        f["location"] or "",
    ),
    "gift.recorded": lambda f, n: _joined(
        f"given by {f['donor']}" if f["donor"] else "gift terms recorded",
        f"paid for by {f['funding_source']}" if f["funding_source"] else "",
    ),
    "holding.amended": lambda f, n: _joined(
        "details changed",
        plural(f["quantity"], "item") if f["quantity"] > 1 else "",
        f["asset_number"] or "",
    ),
    "holding.moved": lambda f, n: f"moved to {f['location']}",
    "holding.withdrawn": lambda f, n: _joined(
        f"withdrawn: {f['reason']}",
        f"proposed by {f['proposed_by']}",
        f"the donor agreed: {f['donor_agreement']}" if f["donor_agreement"] else "",
    ),
    "withdrawal.proposed": lambda f, n: (
        f"withdrawal proposed: {f['reason']}; a second person must sign"
    ),
    "holding.missing": lambda f, n: _joined(
        "missing", "lost on loan" if f["loan"] else "", f["reason"] or ""
    ),
    "holding.found": lambda f, n: _joined("found", "not counted yet" if f.get("uncounted") else ""),
    "holding.out_of_use": lambda f, n: f"in repair: {f['reason']}",
    "holding.in_use": lambda f, n: "repaired",
    "reinstatement.proposed": lambda f, n: f"turned up: {f['reason']}; a second must sign",
    "holding.reinstated": lambda f, n: _joined(
        f"on the register again: {f['reason']}", f"proposed by {f['proposed_by']}"
    ),
    "stock.split": lambda f, n: f"{f['quantity']:,} split off as {f['into']}, {f['held']:,} left",
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
        "seen in a stocktake" if f["tag"] else f"scanned: {f['code']}",
        f["place"] or "",
        _counted_of(f),
    ),
    "stocktake.confirmed": lambda f, n: "the borrower confirmed that they have it",
    "stocktake.closed": lambda f, n: _joined(
        f"stocktake closed: {f['sighted'] + f['sighted_elsewhere']} seen",
        f"{f['not_sighted']} not seen",
    ),
    "ledger.resumed": lambda f, n: f"resumed from a backup, after entry {f['seq']}",
    "programme.defined": lambda f, n: f["name"],
    "gift.agreed": lambda f, n: f"{f['donor']} promised {f['promised']:,} ({f['gift']})",
    "gift.delivered": lambda f, n: _joined(
        f"{f['quantity']:,} of {f['gift']} delivered", f.get("reason") or ""
    ),
    "delivery.corrected": lambda f, n: _joined(
        f"{f['quantity']:,} of {f['gift']} delivered in all", f["reason"] or ""
    ),
    "donor.aliased": lambda f, n: f"{f['name']} is {f['donor']}",
    "college.merged": lambda f, n: f"{f['college']} is part of {f['into']} since {f['on']}",
    "college.placed": lambda f, n: f"{f['college']} is at {f['latitude']},{f['longitude']}",
    "finding.accepted": lambda f, n: _joined(
        f"accepted: {f['code'].replace('_', ' ')}", f["college"] or "", f["note"] or "taken back"
    ),
    "allocation.made": lambda f, n: f"{f['quantity']:,} of {f['gift']} to {f['college']}",
    "challenge.set": lambda f, n: (
        f"{f['college']} is asked to show " + plural(len(f["tags"]), "holding")
    ),
    "engagement.recorded": lambda f, n: _engaged("used", f, n),
    "engagement.corrected": lambda f, n: _engaged("use corrected", f, n),
    "engagement.withdrawn": lambda f, n: f"record of use withdrawn ({f['engagement']})",
    "evaluation.received": lambda f, n: _joined(
        "evaluated",
        *(
            f"{what} {f[name]} of 5"
            for name, what in (("enjoyed", "enjoyed"), ("interest", "interest"))
            if f[name] is not None
        ),
    ),
    "organisation.described": lambda f, n: _joined(
        n.get(f["organisation"], f["organisation"]),
        (f["organisation_kind"] or "").replace("_", " "),
        f"referred by {f['referred_by']}" if f["referred_by"] else "",
        f"in the partnership of {f['partnership']}" if f["partnership"] else "",
    ),
    "school.linked": lambda f, n: f"{n.get(f['organisation'], f['organisation'])} is {f['schuid']}",
    "holding.sighted": lambda f, n: "seen",
    "label.claimed": lambda f, n: f"got a second tag, {f['label']}",
    "label.freed": lambda f, n: f"the second tag {f['label']} was taken away",
    "loan.checked_out": lambda f, n: (
        f"{'passed on to' if f.get('passed_from') else 'lent:'} {_loan_terms(f, n)}"
    ),
    "loan.found": lambda f, n: f"on loan when the register was imported: {_loan_terms(f, n)}",
    "loan.checked_in": lambda f, n: (
        f"{_many(f)}handed on by {n.get('loan:' + f['loan'], 'the borrower')}"
        if f.get("passed_to")
        else _joined(f"{_many(f)}back{_from(f, n)}", _short(f))
    ),
    "loan.corrected": lambda f, n: _joined(
        f"loan corrected: {_loan_terms({**f, 'override': None}, n)}",
        f"out since {_day(f['out_on'])}" if f["out_on"] else "",
    ),
    "loan.stock_gone": lambda f, n: _joined(
        f"{f['used']:,} used up" if f["used"] else "",
        f"{f['lost']:,} lost by {n.get('loan:' + f['loan'], 'the borrower')}" if f["lost"] else "",
        f"{f['held']:,} held now",
    ),
    "booking.made": lambda f, n: f"booked: {_booking(f, n)}",
    "booking.changed": lambda f, n: f"booking changed: {_booking(f, n)}",
    "booking.cancelled": lambda f, n: f"booking {f['booking']} cancelled: {_for(f, n)}",
    "booking.lapsed": lambda f, n: f"booking {f['booking']} lapsed: {_for(f, n)}",
    "event.planned": lambda f, n: f"event planned: {_event(f, n)}",
    "event.changed": lambda f, n: f"event changed: {_event(f, n)}",
    "event.cancelled": lambda f, n: f"event {f['event']} cancelled: {f['name']}",
    "want.made": lambda f, n: _joined(
        f"{_for(f, n)} wants {f['quantity']:,} of {_type(f, n)}",
        f"{_day(f['earliest'])} to {_day(f['latest'])}",
        f"for event {f['event']}" if f.get("event") else "",
    ),
    "want.closed": lambda f, n: f"{_for(f, n)} waits no more",
    "demand.refused": lambda f, n: _joined(
        f"asked for in vain: {f['quantity']:,} of {_type(f, n)}",
        f"{_day(f['first'])} to {_day(f['last'])}",
        _for(f, n) if f["organisation"] else "",
    ),
    "guide.written": lambda f, n: f"guide of {_type(f, n)} written",
    "offer.made": lambda f, n: _joined(
        f"{f['quantity']:,} of {_offered(f, n)} offered to other colleges",
        f"to borrow from {_day(f['first'])} to {_day(f['last'])}"
        if f["terms"] == "lend"
        else "to keep",
        f.get("note") or "",
        f"offer {f['offer']}",
    ),
    "offer.changed": lambda f, n: _joined(
        f"offer {f['offer']} changed: {f['quantity']:,}",
        ", ".join(map(grouped, f["kits"])),
        f"to be claimed until {_day(f['until'])}",
        f["note"] or "",
    ),
    "offer.closed": lambda f, n: f"offer {f['offer']} closed",
    "claim.answered": lambda f, n: (
        f"{f['to_college']} gets {f['quantity']:,} of offer {f['offer']}"
        if f["quantity"]
        else f"claim of {f['to_college']} to offer {f['offer']} declined"
    ),
    "offer.claimed": lambda f, n: _joined(
        f"{f['quantity']:,} of offer {f['claim']} claimed",
        f.get("component") or "",
        f["type_name"] or "",
    ),
    "kit.asked": lambda f, n: _joined(
        f"{f['to_college']} asked for {f['quantity']:,} of {f['type_name']}",
        grouped(f["kit"]) if f["kit"] else "",
        f"{_day(f['first'])} to {_day(f['last'])}",
        f["note"] or "",
        f"ask {f['ask']}",
    ),
    "ask.withdrawn": lambda f, n: f"ask {f['ask']} withdrawn",
    "ask.answered": lambda f, n: _joined(
        f"ask {f['ask']}: {'yes, ' + format(f['quantity'], ',') if f['quantity'] else 'no'}",
        f["type_name"] or "",
        f["reason"] or "",
    ),
    "claim.withdrawn": lambda f, n: f"claim of offer {f['claim']} withdrawn",
    "calendar.set": lambda f, n: _calendar_set(f),
    "policy.set": lambda f, n: _joined(
        f"{f['policy']} set to {f['setting'] or 'its default'}",
        f"for type {_type(f, n)}" if f["kit_type"] else "",
    ),
    "loan.renewed": lambda f, n: _joined(
        f"renewed to {_day(f['due_on'])}",
        f"although a booking needs it: {f['override']}" if f.get("override") else "",
    ),
    "contents.counted": lambda f, n: _short(f),
    "shortage.made_good": lambda f, n: f"{f['component']}: {f['quantity']:,} replaced",
    "inspection.regime": lambda f, n: (
        f"{f['code']}: every {plural(f['months'], 'month')}, "
        f"{'gates lending' if f['gate'] else 'a warning'}"
        if f["months"]
        else f"{f['code']}: ended"
    ),
    "inspection.done": lambda f, n: _joined(
        f"{'passed' if f['result'] == 'pass' else 'FAILED'} its inspection: {f['code']}",
        f"valid until {_day(f['valid_until'])}" if f["valid_until"] else "",
    ),
    "notice.sent": lambda f, n: _joined(
        f"notice sent: {f['notice'].replace('_', ' ')}" + (f" {f['stage']}" if f["stage"] else ""),
        f"about {_day(f['due_on'])}" if f["due_on"] else "",
        f["channel"],
    ),
    "borrower.blocked": lambda f, n: _joined(
        f"{n.get(f['organisation'], f['organisation'])} blocked: {f['reason']}",
        f"until {_day(f['until'])}" if f["until"] else "",
    ),
    "borrower.unblocked": lambda f, n: (
        f"{n.get(f['organisation'], f['organisation'])} is no longer blocked"
    ),
    "rule.overridden": lambda f, n: (
        f"lent in spite of a rule ({f['rule'].replace('_', ' ')}): {f['reason']}"
    ),
    "entry.reversed": lambda f, n: f"undid entry {f['seq']}",
}
