"""The floor under merging and verifying: the same checks and the same rows in bare `sqlite3`.

Hand-written SQL for each kind that `stores.py` makes, values straight from `json.loads`. What it
leaves out is all that ours has besides: judging whether values can be what they say they are,
other kinds, other epochs, undoing, and naming what is wrong.
"""

import gzip
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

from floors import bare

ENTRY = "INSERT INTO ledger_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def insert(table: str, columns: str) -> str:
    """An INSERT that names its columns."""
    marks = ", ".join("?" * len(columns.split(",")))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"


COLLEGE = insert("college", "college, name, region")
TYPE = insert("kit_type", "college, kit_type, name")
COMPONENT = insert("component", "college, kit_type, name, position, quantity, bag, critical")
ORGANISATION = insert("organisation", "college, organisation, name, words")
HOLDING = insert(
    "holding",
    "college, tag, kit_type, quantity, out_quantity, state, uncounted, critical_short, location, "
    "asset_number, asset_key, serial, received_on, register_row, accessioned_at, sighted_at, "
    "sighted_by, words, number_order",
)
GIFT = insert(
    "gift",
    "college, tag, donor, funding_source, title, document, value_pence, value_basis, valued_on, "
    "gift, acknowledgement",
)
LOAN = insert(
    "loan",
    "college, loan, tag, organisation, contact, quantity, returned, exclusive, out_at, out_by, "
    "due_on, due_key, closed_at",
)
SHORTAGE = insert("shortage", "college, tag, component, missing, broken, since")
OUT = (
    "UPDATE holding SET out_quantity = out_quantity + ?, sighted_at = ?, sighted_by = ? "
    "WHERE college = ? AND tag = ?"
)
BACK = (
    "UPDATE holding SET out_quantity = out_quantity - ?, uncounted = ?, "
    "counted_at = coalesce(?, counted_at), sighted_at = ?, sighted_by = ? "
    "WHERE college = ? AND tag = ?"
)
RETURN = (
    "UPDATE loan SET returned = returned + ?, "
    "closed_at = CASE WHEN returned + ? = quantity THEN ? END WHERE college = ? AND loan = ?"
)
MORE_WORDS = "UPDATE holding SET words = words || ' ' || ? WHERE college = ? AND tag = ?"
CRITICAL = (
    "UPDATE holding SET critical_short = (SELECT count(*) FROM shortage s JOIN component c "
    "ON c.college = s.college AND c.name = s.component WHERE s.college = holding.college "
    "AND s.tag = holding.tag AND c.kit_type = holding.kit_type AND c.critical) "
    "WHERE college = ? AND tag = ?"
)

Said = dict[str, Any]


def searched(words: str) -> str:
    """The words as they are searched: in small letters, without accents and colons."""
    small = words.casefold().replace(":", "")
    return small if small.isascii() else normalize("NFD", small).translate(ACCENTS)


ACCENTS = dict.fromkeys(range(0x300, 0x370))
DIGITS = re.compile("[0-9]+")


def in_order(number: str) -> str:
    """What sorts asset numbers as people count."""
    return "0" + DIGITS.sub(lambda found: found[0].lstrip("0").rjust(20, "0"), number.casefold())


class Register:
    """The tables, told by what entries say."""

    def __init__(self, cursor: sqlite3.Cursor, college: str) -> None:
        self.cursor, self.college = cursor, college
        self.types: dict[str, str] = {}
        self.apply: dict[str, Callable[[Said, Said], None]] = {
            "college.opened": self._opened,
            "kit_type.defined": self._type,
            "organisation.added": self._organisation,
            "holding.accessioned": self._holding,
            "gift.recorded": self._gift,
            "loan.checked_out": self._out,
            "loan.checked_in": self._in,
        }

    def _opened(self, _entry: Said, fact: Said) -> None:
        self.cursor.execute(COLLEGE, (self.college, fact["name"], fact["region"]))

    def _type(self, _entry: Said, fact: Said) -> None:
        key = fact["kit_type"]
        self.types[key] = fact["name"]
        self.cursor.execute(TYPE, (self.college, key, fact["name"]))
        for n, each in enumerate(fact["contents"]):
            row = (each["name"], n, each["quantity"], each["bag"], each["critical"])
            self.cursor.execute(COMPONENT, (self.college, key, *row))

    def _organisation(self, _entry: Said, fact: Said) -> None:
        row = (self.college, fact["organisation"], fact["name"], searched(fact["name"]))
        self.cursor.execute(ORGANISATION, row)

    def _holding(self, entry: Said, fact: Said) -> None:
        tag, number, serial, place = (
            fact[name] for name in ("tag", "asset_number", "serial", "location")
        )
        words = (tag, number, self.types[fact["kit_type"]], serial, place)
        self.cursor.execute(
            HOLDING,
            (
                self.college,
                tag,
                fact["kit_type"],
                fact["quantity"],
                0,
                "held",
                0,
                0,
                place,
                number,
                number.casefold(),
                serial,
                fact["received_on"],
                fact["register_row"],
                entry["at"],
                entry["at"],
                entry["by"],
                searched(" ".join(words)),
                in_order(number),
            ),
        )

    def _gift(self, _entry: Said, fact: Said) -> None:
        self.cursor.execute(
            GIFT,
            (
                self.college,
                fact["tag"],
                fact["donor"],
                fact["funding_source"],
                fact["title"],
                fact["document"],
                fact["value_pence"],
                fact["value_basis"],
                fact["valued_on"],
                fact["gift"],
                fact["acknowledgement"],
            ),
        )
        donor = searched(fact["donor"])
        self.cursor.execute(MORE_WORDS, (donor, self.college, fact["tag"]))

    def _out(self, entry: Said, fact: Said) -> None:
        at, by, quantity, tag = entry["at"], entry["by"], fact["quantity"], fact["tag"]
        self.cursor.execute(
            LOAN,
            (
                self.college,
                fact["loan"],
                tag,
                fact["organisation"],
                fact["contact"],
                quantity,
                0,
                fact["exclusive"],
                at,
                by,
                fact["due_on"],
                fact["due_on"],
                None,
            ),
        )
        self.cursor.execute(OUT, (quantity, at, by, self.college, tag))
        assert self.cursor.rowcount == 1

    def _in(self, entry: Said, fact: Said) -> None:
        at, by, quantity, tag = entry["at"], entry["by"], fact["quantity"], fact["tag"]
        self.cursor.execute(RETURN, (quantity, quantity, at, self.college, fact["loan"]))
        assert self.cursor.rowcount == 1
        uncounted = fact["counted"] == "uncounted"
        counted = None if uncounted else at
        self.cursor.execute(BACK, (quantity, uncounted, counted, at, by, self.college, tag))
        assert self.cursor.rowcount == 1
        known = dict(
            self.cursor.execute(
                "SELECT component, since FROM shortage WHERE college = ? AND tag = ?",
                (self.college, tag),
            ).fetchall()
        )
        if not known and not fact["shortages"]:
            return
        self.cursor.execute(
            "DELETE FROM shortage WHERE college = ? AND tag = ?", (self.college, tag)
        )
        for each in fact["shortages"]:
            name = each["component"]
            row = (name, each["missing"], each["broken"], known.get(name, at))
            self.cursor.execute(SHORTAGE, (self.college, tag, *row))
        self.cursor.execute(CRITICAL, (self.college, tag))


def bare_merge(store: Path, file: Path) -> None:
    """Check a file of a ledger and put it into a store that has what comes before."""
    connection = bare(store)
    cursor = connection.cursor()
    cursor.execute("BEGIN IMMEDIATE")
    with gzip.open(file) as lines:
        header = json.loads(next(lines))
        college, prev, at = header["ledger"], header["prev"], ""
        register = Register(cursor, college)
        register.types |= cursor.execute(
            "SELECT kit_type, name FROM kit_type WHERE college = ?", (college,)
        ).fetchall()
        for seq, line in enumerate(lines, start=header["first"]):
            body = line[:-1]
            entry, digest = json.loads(body), hashlib.sha256(body).hexdigest()
            fact = entry["fact"]
            assert (entry["prev"], entry["seq"], entry["ledger"]) == (prev, seq, college)
            assert entry["at"] >= at
            prev, at = digest, entry["at"]
            row = (entry["id"], entry["part"], fact["kind"], fact.get("tag"), at, entry["by"])
            cursor.execute(ENTRY, (college, 1, seq, *row, body.decode(), digest))
            register.apply[fact["kind"]](entry, fact)
    assert (seq, prev) == (header["last"], header["head"])
    cursor.execute(
        "INSERT OR REPLACE INTO ledger_head VALUES (?, 1, ?, ?, ?, 0)", (college, seq, prev, at)
    )
    cursor.execute("COMMIT")
    connection.close()


def bare_verify(store: Path, scratch: Path) -> int:
    """Check and replay every ledger of a store, and compare; gives how many entries there were."""
    connection = sqlite3.connect(store, isolation_level=None)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    replay = sqlite3.connect(scratch, isolation_level=None)
    tables = _like(connection, replay)
    replay.execute("BEGIN")
    done = 0
    heads = connection.execute("SELECT college, seq, hash FROM ledger_head WHERE seq > 0")
    for college, last, head in heads.fetchall():
        register = Register(replay.cursor(), college)
        seq, prev, at = 0, "", ""
        for row in connection.execute(
            "SELECT seq, id, part, kind, tag, at, by, body, hash FROM ledger_entry "
            "WHERE college = ? ORDER BY epoch, seq",
            (college,),
        ):
            body = row[7]
            entry = json.loads(body)
            fact = entry["fact"]
            assert hashlib.sha256(body.encode()).hexdigest() == row[8]
            assert (entry["prev"], entry["ledger"]) == (prev, college)
            said = (entry["id"], entry["part"], fact["kind"], fact.get("tag"), entry["at"])
            assert row[:7] == (seq + 1, *said, entry["by"])
            assert entry["at"] >= at
            seq, prev, at = entry["seq"], row[8], entry["at"]
            register.apply[fact["kind"]](entry, fact)
        assert (seq, prev) == (last, head)
        done += seq
    replay.execute("COMMIT")
    replay.close()
    connection.execute("ATTACH ? AS replayed", (str(scratch),))
    for each in tables:
        for one, other in (("main", "replayed"), ("replayed", "main")):
            differing = connection.execute(
                f"SELECT * FROM {one}.{each} EXCEPT SELECT * FROM {other}.{each} LIMIT 1"
            )
            assert differing.fetchone() is None
    connection.close()
    return done


def _like(store: sqlite3.Connection, scratch: sqlite3.Connection) -> list[str]:
    """Make the register's tables of a store in a scratch file, which need survive nothing."""
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
        scratch.execute(f"PRAGMA {pragma}")
    scratch.execute("PRAGMA foreign_keys = ON")
    scratch.execute("PRAGMA cache_size = -65536")
    made = []
    for kind, name, owner, sql in store.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema"
    ):
        if sql and owner not in (
            "ledger_entry",
            "ledger_head",
            "lost_entry",
            "pinned_key",
            "setting",
        ):
            scratch.execute(sql)
            made += [name] if kind == "table" else []
    return made
