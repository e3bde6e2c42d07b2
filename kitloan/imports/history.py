"""Past imports, and taking one back.

An import is one request of the ledger, so everything that it wrote carries one id. Which file it
was
is remembered in this store alone. Taking it back reverses each of its entries, as one action, while
nothing rests on any of its rows.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from kitloan.errors import BadInput, Refused
from kitloan.history.undo import IMPORT_TAKEN_BACK
from kitloan.holdings import must_share_no_other_number, numbers_shared
from kitloan.ledger.facts.ledger import Reversed
from kitloan.ledger.writer import Writer
from kitloan.queries.history import summary_of
from kitloan.queries.undone import UNDONE
from kitloan.storage.statements import Change, Query
from kitloan.tables import Holding, KitType, LedgerEntry, Remark, Setting, table
from kitloan.text.dates import uk_instant
from kitloan.text.tags import grouped

entry, holding, kit_type = table(LedgerEntry), table(Holding), table(KitType)
setting, remark = table(Setting), table(Remark)

_NAME = "import:"
_OBSERVED = ("stocktake.scanned", "stocktake.confirmed")
"""What was seen, and what a borrower wrote: it rests on no entry."""
_MOST_NAMED = 5

_note = Change(insert(setting))
_forget = Change(
    delete(setting).where(setting.c.college == bindparam("c"), setting.c.name == bindparam("n"))
)
_forget_remarks = Change(
    delete(remark).where(remark.c.college == bindparam("c"), remark.c.tag == bindparam("t"))
)
_noted = Query(
    select(setting.c.name, setting.c.value).where(
        setting.c.college == bindparam("c"), setting.c.name.startswith(_NAME)
    )
)
_taken_back = Query(
    select(setting.c.value).where(
        setting.c.college == bindparam("c"), setting.c.name.startswith(IMPORT_TAKEN_BACK)
    )
)
_parts = Query(
    select(entry.c.epoch, entry.c.seq, entry.c.tag, entry.c.kind, entry.c.at)
    .where(
        entry.c.college == bindparam("c"),
        entry.c.id == bindparam("i"),
        entry.c.tag.is_not(None),
        entry.c.kind != "entry.reversed",
        ~UNDONE,
    )
    .order_by(entry.c.part.desc())
)
_mine = entry.alias("mine")
_since = (
    select(entry.c.tag, entry.c.at, entry.c.by, entry.c.body)
    .where(
        entry.c.college == bindparam("c"),
        entry.c.id != bindparam("i"),
        entry.c.kind != "entry.reversed",
        *[entry.c.kind != kind for kind in _OBSERVED],
        ~UNDONE,
        (entry.c.epoch > bindparam("e"))
        | ((entry.c.epoch == bindparam("e")) & (entry.c.seq > bindparam("s"))),
        entry.c.tag.in_(
            select(_mine.c.tag).where(
                _mine.c.college == bindparam("c"),
                _mine.c.id == bindparam("i"),
                _mine.c.tag.is_not(None),
            )
        ),
    )
    .order_by(entry.c.epoch, entry.c.seq)
    .limit(_MOST_NAMED)
)


@dataclass(frozen=True, slots=True)
class Imported:
    """One import: its id, the name of the file, when, by whom, how many rows it added."""

    id: str
    file: str
    at: str
    by: str
    added: int


@dataclass(frozen=True, slots=True)
class UndoneImport:
    """An import that was taken back: how many holdings it took with it."""

    id: str
    file: str
    at: str
    tags: tuple[str, ...]
    entries: int

    def as_json(self) -> dict[str, Any]:
        """The shape of `--json`."""
        return {
            "undone": {
                "id": self.id,
                "file": self.file,
                "at": self.at,
                "holdings": len(self.tags),
                "entries": self.entries,
            }
        }


def note(writer: Writer, path: Path, added: int) -> None:
    """Remember which file an import was of."""
    about = {"file": path.name, "at": writer.at, "by": writer.actor, "added": added}
    _keep(writer, f"{_NAME}{writer.request}", about)


def _keep(writer: Writer, name: str, about: dict[str, Any]) -> None:
    value = json.dumps(about, ensure_ascii=False, sort_keys=True)
    _note(writer.connection, college=writer.college, name=name, value=value)


@dataclass(frozen=True, slots=True)
class TakenBefore:
    """A holding that an earlier reading of a file took in, and the mark of its row."""

    mark: str
    tag: str
    kit_type: str
    name: str
    asset_number: str | None
    serial: str | None


def holdings_of(writer: Writer, path: Path) -> list[TakenBefore]:
    """Holdings that earlier readings of a file took in, and that are not written off."""
    ids = [each.id for each in past(writer.connection, writer.college) if each.file == path.name]
    if not ids:
        return []
    rows = writer.connection.execute(
        select(
            holding.c.register_row,
            holding.c.tag,
            holding.c.kit_type,
            kit_type.c.name,
            holding.c.asset_number,
            holding.c.serial,
        )
        .join_from(
            holding, entry, (entry.c.college == holding.c.college) & (entry.c.tag == holding.c.tag)
        )
        .join(
            kit_type,
            (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
        )
        .where(
            holding.c.college == writer.college,
            holding.c.state.in_(("held", "missing")),
            holding.c.register_row.is_not(None),
            entry.c.kind == "holding.accessioned",
            entry.c.id.in_(ids),
        )
        .order_by(entry.c.epoch, entry.c.seq)
    )
    return [TakenBefore(*row) for row in rows]


def past(connection: Connection, college: str) -> list[Imported]:
    """The imports that were not taken back, the latest first."""
    found = [
        Imported(row.name.removeprefix(_NAME), **json.loads(row.value))
        for row in _noted(connection, c=college)
    ]
    return sorted(found, key=lambda each: (each.at, each.id), reverse=True)


def undo(writer: Writer, of: str) -> UndoneImport:
    """Take an import back; see `Registers.undo`."""
    which = _meant(writer, of)
    parts = _parts(writer.connection, c=writer.college, i=which.id).all()
    if not parts:
        raise BadInput(
            "no_such_import",
            f"Nothing of the import of {which.file} is left to take back.",
            "See what happened: kitloan ledger log.",
            id=which.id,
        )
    first = parts[-1]
    since = writer.connection.execute(
        _since,
        {"c": writer.college, "i": which.id, "e": first.epoch, "s": first.seq},
    ).all()
    if since:
        (blocker, *_) = since
        summary = summary_of(writer.connection, writer.college, blocker.body)
        raise Refused(
            "cannot_undo",
            f"{grouped(blocker.tag)}, which the import of {which.file} took in, has changed since: "
            f"{blocker.by}, {uk_instant(blocker.at)}: {summary}.",
            "Undo that first, or correct the rows that are wrong.",
            action={"id": which.id, "at": which.at, "kind": "import", "file": which.file},
            rests_on_it=[
                {
                    "tag": each.tag,
                    "at": each.at,
                    "by": each.by,
                    "summary": summary_of(writer.connection, writer.college, each.body),
                }
                for each in since
            ],
        )
    tags = tuple(dict.fromkeys(part.tag for part in reversed(parts)))
    came = {part.tag for part in parts if part.kind == "holding.accessioned"}
    stay = [tag for tag in tags if tag not in came]
    shared = numbers_shared(writer, stay)
    for part in parts:
        writer.append(Reversed(tag=part.tag, epoch=part.epoch, seq=part.seq))
    must_share_no_other_number(writer, stay, shared)
    for tag in came:
        _forget_remarks(writer.connection, c=writer.college, t=tag)
    _forget(writer.connection, c=writer.college, n=f"{_NAME}{which.id}")
    _keep(writer, f"{IMPORT_TAKEN_BACK}{which.id}", {"file": which.file})
    return UndoneImport(which.id, which.file, which.at, tags, len(parts))


def _meant(writer: Writer, of: str) -> Imported:
    """The import that an id or a file's name means; of several of one file, the latest."""
    imports = past(writer.connection, writer.college)
    name = Path(of).name
    for each in imports:
        if each.id == of:
            return each
    for each in imports:
        if each.file == name:
            return each
    raise BadInput(
        "no_such_import",
        f"No import of {name!r} is on record here that was not taken back.",
        _what_there_is(writer, imports),
        value=of[:200],
    )


def _what_there_is(writer: Writer, imports: list[Imported]) -> str:
    if imports:
        return f"The latest: {'; '.join(f'{each.file} ({each.id})' for each in imports[:5])}."
    back = [
        json.loads(row.value)["file"] for row in _taken_back(writer.connection, c=writer.college)
    ]
    if not back:
        return "Nothing was imported into this store."
    files = sorted(set(back))
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    return f"All imports have been taken back: {', '.join(files[:5])}{more}."
