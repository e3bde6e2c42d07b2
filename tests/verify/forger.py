"""What whoever owns a file can do to its ledger, and what verifying must name."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kitloan.tables import LedgerEntry, LedgerHead, table
from lives import canonical, digest

entry, head = table(LedgerEntry), table(LedgerHead)

MIDDLE = "holding.moved"
"""A kind that the long life has once, somewhere in its middle."""


class Forger:
    """A ledger in the hands of somebody who can rewrite it; entries by number, from 1."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        rows = connection.execute(sa.select(entry).order_by(entry.c.seq)).mappings()
        self.rows = [dict(row) for row in rows]
        self.last = len(self.rows)
        self.middle = next(row["seq"] for row in self.rows if row["kind"] == MIDDLE)

    def row(self, seq: int) -> dict[str, Any]:
        return dict(self.rows[seq - 1])

    def set(self, seq: int, **values: Any) -> None:
        self.connection.execute(entry.update().where(entry.c.seq == seq).values(values))

    def delete(self, *seqs: int) -> None:
        self.connection.execute(entry.delete().where(entry.c.seq.in_(seqs)))

    def insert(self, row: dict[str, Any], **changes: Any) -> None:
        self.connection.execute(entry.insert().values(row | changes))

    def set_head(self, **values: Any) -> None:
        self.connection.execute(head.update().values(values))

    def said(self, seq: int, **fact: Any) -> str:
        """The body of an entry that says something else."""
        said = json.loads(self.row(seq)["body"])
        return canonical(said | {"fact": said["fact"] | fact})

    def by_another(self, seq: int) -> str:
        """The body of an entry, by somebody who did not record it."""
        return canonical(json.loads(self.row(seq)["body"]) | {"by": "a.forger"})

    def after(self, seq: int, like: int, **changes: Any) -> dict[str, Any]:
        """A well sealed entry that follows on another, and says what a third one says."""
        before = self.row(seq)
        said = json.loads(self.row(like)["body"])
        said |= {"seq": seq + 1, "prev": before["hash"], "at": before["at"], "id": "forged"}
        said |= changes
        body = canonical(said)
        return self.row(like) | {
            "seq": seq + 1,
            "at": before["at"],
            "id": said["id"],
            "part": said["part"],
            "body": body,
            "hash": digest(body),
        }

    def rewrite(self, start: int, **fact: Any) -> None:
        """Change what an entry says, and make every hash from there on anew, the head's too."""
        before = self.row(start - 1)["hash"]
        for seq in range(start, self.last + 1):
            said = json.loads(self.said(start, **fact) if seq == start else self.row(seq)["body"])
            body = canonical(said | {"prev": before})
            before = digest(body)
            self.set(seq, body=body, hash=before)
        self.set_head(hash=before)


@dataclass(frozen=True)
class Tampering:
    """What somebody did to a ledger, and the code and the entry that verifying must name first."""

    name: str
    do: Callable[[Forger], object]
    code: str
    seq: Callable[[Forger], int]


def _same(forger: Forger) -> int:
    return forger.middle


def _next(forger: Forger) -> int:
    return forger.middle + 1


def _swap_texts(forger: Forger) -> None:
    one, two = forger.row(forger.middle), forger.row(forger.middle + 1)
    for seq, other in ((one["seq"], two), (two["seq"], one)):
        forger.set(seq, body=other["body"], hash=other["hash"])


def _swap_numbers(forger: Forger) -> None:
    one, two = forger.row(forger.middle), forger.row(forger.middle + 1)
    forger.delete(one["seq"], two["seq"])
    forger.insert(one, seq=two["seq"])
    forger.insert(two, seq=one["seq"])


def _add_at_the_end(forger: Forger) -> None:
    said = json.loads(forger.said(forger.middle, location="Elsewhere"))["fact"]
    row = forger.after(forger.last, like=forger.middle, fact=said)
    forger.insert(row)
    forger.set_head(seq=row["seq"], hash=row["hash"], at=row["at"])


def _lend_twice(forger: Forger) -> None:
    lent = max(row["seq"] for row in forger.rows if row["kind"] == "loan.checked_out")
    said = json.loads(forger.row(lent)["body"])["fact"]
    row = forger.after(forger.last, like=lent, fact=said | {"loan": "another"})
    forger.insert(row)
    forger.set_head(seq=row["seq"], hash=row["hash"], at=row["at"])


def _lend_to_nobody(forger: Forger) -> None:
    lent = max(row["seq"] for row in forger.rows if row["kind"] == "loan.checked_out")
    forger.rewrite(lent, organisation="nobody")


def _add_with_an_early_clock(forger: Forger) -> None:
    row = forger.after(forger.last, like=forger.middle, at="2020-01-01T00:00:00Z")
    forger.insert(row, at="2020-01-01T00:00:00Z")
    forger.set_head(seq=row["seq"], hash=row["hash"], at="2020-01-01T00:00:00Z")


def _edit(column: str, value: Any) -> Callable[[Forger], None]:
    return lambda forger: forger.set(forger.middle, **{column: value})


TAMPERINGS = (
    Tampering(
        "a text edited",
        lambda f: f.set(f.middle, body=f.said(f.middle, location="Elsewhere")),
        "altered",
        _same,
    ),
    Tampering(
        "a text and its hash edited; the next entry tells",
        lambda f: f.set(
            f.middle,
            body=f.said(f.middle, location="Elsewhere"),
            hash=digest(f.said(f.middle, location="Elsewhere")),
        ),
        "broken_chain",
        _next,
    ),
    Tampering(
        "the last text and its hash edited; the head tells",
        lambda f: f.set(
            f.last,
            by="a.forger",
            body=f.by_another(f.last),
            hash=digest(f.by_another(f.last)),
        ),
        "cut_short",
        lambda f: f.last,
    ),
    Tampering(
        "one space more", lambda f: f.set(8, body=f.row(8)["body"] + " "), "altered", lambda f: 8
    ),
    Tampering("rubbish for a text", _edit("body", "rubbish"), "unreadable", _same),
    Tampering("no text", _edit("body", ""), "unreadable", _same),
    Tampering("an entry deleted", lambda f: f.delete(f.middle), "gap", _next),
    Tampering("several deleted", lambda f: f.delete(f.middle - 1, f.middle), "gap", _next),
    Tampering("the first deleted", lambda f: f.delete(1), "gap", lambda f: 2),
    Tampering("the last deleted", lambda f: f.delete(f.last), "cut_short", lambda f: f.last - 1),
    Tampering("all deleted", lambda f: f.delete(*range(1, f.last + 1)), "cut_short", lambda f: 0),
    Tampering(
        "an entry added at the end",
        lambda f: f.insert(f.after(f.last, like=f.middle)),
        "cut_short",
        lambda f: f.last + 1,
    ),
    Tampering(
        "an entry added at the end, and the head moved; the tables tell",
        _add_at_the_end,
        "register_differs",
        lambda f: 0,
    ),
    Tampering(
        "an entry put in the place of another",
        lambda f: (f.delete(f.middle), f.insert(f.after(f.middle - 1, like=8))),
        "broken_chain",
        _next,
    ),
    Tampering(
        "an entry slipped into another epoch",
        lambda f: f.insert(f.row(f.middle), epoch=2, id="forged"),
        "gap",
        _same,
    ),
    Tampering("two texts swapped", _swap_texts, "broken_chain", _same),
    Tampering("two entries swapped", _swap_numbers, "broken_chain", _same),
    Tampering("a hash edited", _edit("hash", "0" * 64), "altered", _same),
    Tampering("filed under another request", _edit("id", "another"), "misfiled", _same),
    Tampering("filed as another part", _edit("part", 7), "misfiled", _same),
    Tampering("filed as another kind", _edit("kind", "holding.sighted"), "misfiled", _same),
    Tampering("filed under another tag", _edit("tag", "KL0"), "misfiled", _same),
    Tampering("filed under no tag", _edit("tag", None), "misfiled", _same),
    Tampering("filed at another time", _edit("at", "2026-11-23T00:00:00Z"), "misfiled", _same),
    Tampering("filed under another person", _edit("by", "somebody"), "misfiled", _same),
    Tampering("filed in another epoch", _edit("epoch", 2), "gap", _next),
    Tampering("moved to another college", _edit("college", "ayrshire"), "no_ledger", lambda f: 0),
    Tampering(
        "history written anew, hashes and all; the tables tell",
        lambda f: f.rewrite(f.middle, location="Elsewhere"),
        "register_differs",
        lambda f: 0,
    ),
    Tampering("a kit lent twice, well sealed", _lend_twice, "impossible", lambda f: f.last + 1),
    Tampering(
        "a loan to nobody, well sealed",
        _lend_to_nobody,
        "impossible",
        lambda f: max(r["seq"] for r in f.rows if r["kind"] == "loan.checked_out"),
    ),
    Tampering(
        "an entry added, with a clock of 2020, well sealed; the tables tell",
        _add_with_an_early_clock,
        "register_differs",
        lambda f: 0,
    ),
    Tampering(
        "the head moved back",
        lambda f: f.set_head(seq=f.last - 1, hash=f.row(f.last - 1)["hash"]),
        "cut_short",
        lambda f: f.last,
    ),
    Tampering("the head moved on", lambda f: f.set_head(seq=99), "cut_short", lambda f: f.last),
    Tampering(
        "the head's hash edited", lambda f: f.set_head(hash="0" * 64), "cut_short", lambda f: f.last
    ),
    Tampering(
        "the head's epoch moved", lambda f: f.set_head(epoch=2), "cut_short", lambda f: f.last
    ),
    Tampering(
        "the head's time moved, and with it every time to come",
        lambda f: f.set_head(at="2099-01-01T00:00:00Z"),
        "cut_short",
        lambda f: f.last,
    ),
    Tampering(
        "the head deleted",
        lambda f: f.connection.execute(head.delete()),
        "no_ledger",
        lambda f: 0,
    ),
    Tampering(
        "the head given to another college",
        lambda f: f.set_head(college="ayrshire"),
        "no_ledger",
        lambda f: 0,
    ),
)
