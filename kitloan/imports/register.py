"""Taking a college's register in: rows of a spreadsheet become holdings, gifts and open loans.

All in one transaction, and nothing while a question is open. A row is known again by its tag, by
its asset number, or, where it has neither, by what identifies it and how often the file has it; so
reading the same file twice adds nothing. What is different at a second reading is listed, and taken
when that is asked for. What speaks of people, and columns that kitloan has no field for, are kept
beside the holding in a table that never leaves the college.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select

from kitloan.errors import KitloanError
from kitloan.imports import history
from kitloan.imports.differences import (
    IN_REPAIR,
    Difference,
    bring_up_to_date,
    differences,
    found_on_loan,
    rows_by_loan,
    take_one,
)
from kitloan.imports.history import Imported, TakenBefore, UndoneImport
from kitloan.imports.mapfile import Map
from kitloan.imports.questions import Question
from kitloan.imports.reader import read
from kitloan.imports.rows import Problem, Register, Row, SheetRead, packing_rows, values_of
from kitloan.ledger.collecting import collecting_rarely
from kitloan.ledger.facts.custody import HoldingMissing, HoldingOutOfUse
from kitloan.ledger.session import ESP, Session
from kitloan.ledger.writer import Writer
from kitloan.reference import find_college
from kitloan.storage.statements import Query
from kitloan.tables import Alias, Holding, Organisation, table
from kitloan.text.names import fold, type_key
from kitloan.text.tags import grouped

holding, alias, organisation = table(Holding), table(Alias), table(Organisation)

Progress = Callable[[int, int], None]

_BY_TAG = Query(
    select(holding.c.tag).where(
        holding.c.college == bindparam("c"), holding.c.tag == bindparam("v")
    )
)
_BY_ALIAS = Query(
    select(alias.c.tag).where(alias.c.college == bindparam("c"), alias.c.label == bindparam("v"))
)
_BY_NUMBER = Query(
    select(holding.c.tag)
    .where(holding.c.college == bindparam("c"), holding.c.asset_key == bindparam("v"))
    .limit(1)
)
_BY_ROW = Query(
    select(holding.c.tag).where(
        holding.c.college == bindparam("c"), holding.c.register_row == bindparam("v")
    )
)
_ANY = Query(select(holding.c.tag).where(holding.c.college == bindparam("c")).limit(1))
_ORGANISATIONS = Query(select(organisation.c.name).where(organisation.c.college == bindparam("c")))
_STEP = 100
_MOST_NAMED = 20
_CACHE_KIB = 16_384
_PAST_DAYS = ("last_sighted_on", "received_on", "valued_on")


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What reading a register came to.

    Attributes:
        rows: rows of data in the file; `added` and `skipped` of them.
        columns: header and the field it was taken for; `kept` are headers no field took.
        problems: errors are rows not taken, warnings are values left out.
        refused: whether errors kept the whole file out.
        loans: rows that name who has the holding now.
        sheets: every sheet, taken or not, and why.
        questions: what must be answered first; while there is one, nothing is taken.
        changes: where a row that is known differs from the register.
        updated: of those, how many were taken.
        id: the import's, for undoing it; None where nothing was kept.
        register: the file as it was read.
    """

    rows: int
    added: int
    skipped: int
    columns: dict[str, str]
    kept: tuple[str, ...]
    problems: tuple[Problem, ...]
    refused: bool
    loans: int
    sheets: tuple[SheetRead, ...]
    questions: tuple[Question, ...]
    changes: tuple[Difference, ...]
    updated: int
    id: str | None
    register: Register

    @property
    def unanswered(self) -> bool:
        """Whether a question keeps the file out."""
        return bool(self.questions)

    def as_json(self) -> dict[str, Any]:
        """The shape of `--json`."""
        return {
            "id": self.id,
            "rows": self.rows,
            "added": self.added,
            "skipped": self.skipped,
            "columns": self.columns | dict.fromkeys(self.kept, "kept as a note"),
            "kept": list(self.kept),
            "loans": self.loans,
            "format": self.register.known_format,
            "map": self.register.map_used,
            "sheets": [sheet.as_json() for sheet in self.sheets],
            "questions": [question.as_json() for question in self.questions],
            "changes": [change.as_json() for change in self.changes],
            "updated": self.updated,
            "problems": [problem.as_json() for problem in self.problems],
        }


@contextmanager
def _bounded(writer: Writer) -> Iterator[None]:
    """Within the block, SQLite keeps fewer pages, so that a long register needs no more memory."""
    connection = writer.connection
    if connection.dialect.name != "sqlite":
        yield
        return
    before = int(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())
    connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {before}")


class _NotKept(KitloanError):  # no error: the way out of a transaction without a trace
    """Nothing is to be kept: a dry run, or nothing new."""


class Registers:
    """Reading spreadsheets into one college's register."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @collecting_rarely()
    def take_in(
        self,
        path: str | Path,
        *,
        map_path: str | Path | None = None,
        dry_run: bool = False,
        skip_problems: bool = False,
        update: bool = False,
        accept_proposed: bool = False,
        answers: Map | None = None,
        progress: Progress | None = None,
    ) -> TakenIn:
        """Read a register and take its rows in: all that can be, or none.

        Args:
            path: a CSV, XLSX, ODS or XLS file.
            map_path: which column means what, where the headers do not show it.
            dry_run: find out what would happen, and change nothing.
            skip_problems: take the good rows although others have errors.
            update: take the differences of rows that are known already.
            accept_proposed: answer every question that has a proposal.
            answers: what a person has answered, in place of a map file.
            progress: called with how many rows are done, of how many.

        Raises:
            BadInput: the file is not a register that can be read; see `kitloan.imports`.
        """
        path = Path(path)
        map_path = None if map_path is None else Path(map_path)
        with self._session.reading() as connection:
            known = [str(row.name) for row in _ORGANISATIONS(connection, c=self._session.college)]
        register = read(
            path,
            map_path,
            progress,
            today=self._session.today,
            known=known,
            accept_proposed=accept_proposed,
            answers=answers,
        )
        problems, to_come = self._problems(register)
        refused = bool(register.errors) and not skip_problems
        taking = _Taking(progress or (lambda done, total: None), update=update)
        request = None
        if not refused and not register.questions:
            try:
                with self._session.writing() as writer:
                    first = writer.next_seq
                    before = history.holdings_of(writer, path)
                    with writer.in_batches(), _bounded(writer):
                        taking.take(
                            writer,
                            self._checked(register.rows) if to_come else register.rows,
                            before,
                        )
                    if dry_run or not (taking.added or taking.updated):
                        raise _NotKept("not_kept", "Nothing is to be kept.")
                    if writer.next_seq > first:  # else notes alone were changed
                        request = writer.request
                        history.note(writer, path, taking.added)
            except _NotKept:
                pass
        kept = dict.fromkeys(c.header for c in register.columns if c.field is None)
        return TakenIn(
            register.count,
            taking.added,
            max(0, register.count - taking.added),
            register.fields_by_header(),
            tuple(kept),
            problems
            + tuple(taking.problems)
            + (() if register.errors else _not_named(taking.missed)),
            refused,
            taking.loans,
            register.sheets,
            register.questions,
            tuple(taking.differences),
            taking.updated,
            request,
            register,
        )

    def undo(self, of: str) -> UndoneImport:
        """Take back one import, as one action, while nothing rests on its rows.

        Args:
            of: the name of the file, or the import's id.

        Raises:
            BadInput: `no_such_import`.
            Refused: `cannot_undo`, naming what rests on it.
        """
        with self._session.writing() as writer:
            return history.undo(writer, of)

    def past(self) -> list[Imported]:
        """The imports of this college, the latest first."""
        with self._session.reading() as connection:
            return history.past(connection, self._session.college)

    def _problems(self, register: Register) -> tuple[tuple[Problem, ...], bool]:
        """What is wrong with a register, with what only this college, today, can know.

        Also whether a row has a day that is to come, and cannot be.
        """
        to_come = False
        today = self._session.today
        plain = values_of(register.rows, *_PAST_DAYS, "home_college")
        if not any(college or any(d and d > today for d in days) for *days, college in plain):
            return _in_order(register.problems), False
        headers = {(c.sheet, c.field): c.header for c in register.columns if c.field}
        problems = list(register.problems)
        for row in register.rows:
            for name in self._to_come(row):
                to_come = True
                day = getattr(row, name).strftime("%d/%m/%Y")
                what = "is in the future; left out"
                problems.append(_warning(row, headers[row.sheet, name], day, what))
            if row.home_college and not self._is_ours(row.home_college):
                problems.append(
                    _warning(
                        row,
                        headers[row.sheet, "home_college"],
                        row.home_college,
                        "is not this college, nor a former name of it; kept as a note",
                    )
                )
        return _in_order(problems), to_come

    def _checked(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows without days that lie in the future and cannot."""
        checked = packing_rows()
        for row in rows:
            left_out: dict[str, Any] = dict.fromkeys(self._to_come(row))
            checked.add(row._replace(**left_out))
        return checked.finish()

    def _to_come(self, row: Row) -> list[str]:
        """The fields of a row whose days are in the future, and cannot be."""
        days = {name: getattr(row, name) for name in _PAST_DAYS}
        return [name for name, day in days.items() if day and day > self._session.today]

    def _is_ours(self, name: str) -> bool:
        known = find_college(name)
        ours = self._session.college
        return ours == ESP or fold(name) == ours or (known is not None and known.id == ours)


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    order = {"error": 0, "warning": 1}
    return tuple(sorted(problems, key=lambda p: (p.sheet, p.row or 0, order[p.severity])))


def _warning(row: Row, header: str, value: str, words: str) -> Problem:
    return Problem("warning", row.sheet, row.number, header, value, words)


def _not_named(missed: Sequence[TakenBefore]) -> tuple[Problem, ...]:
    """What earlier readings of the file took in, and no row of it is about now."""
    what = "came from this file, and no row that was taken now is about it; it stays as it is"
    found = [
        Problem("warning", "", None, "", " ".join(filter(None, (one.asset_number, one.name))), what)
        for one in missed[:_MOST_NAMED]
    ]
    if more := len(missed) - len(found):
        found.append(Problem("warning", "", None, "", f"{more:,} more", what))
    return tuple(found)


class _Taking:
    """One register on its way in."""

    def __init__(self, progress: Progress, *, update: bool) -> None:
        self._progress = progress
        self._update = update
        self._seen: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.differences: list[Difference] = []
        self.missed: list[TakenBefore] = []
        self.added = self.loans = self.updated = 0

    def take(self, writer: Writer, rows: Sequence[Row], before: list[TakenBefore]) -> None:
        """Take in every row that is not known, and the differences of those that are.

        Args:
            writer: the transaction.
            rows: the file's.
            before: holdings that earlier readings of this file took in.
        """
        keys = Keys(writer)
        missed = {each.tag: each for each in before}
        if before:
            keys.moved(before, {self._mark(row) for row in rows})
            self._seen.clear()
        for number, row in enumerate(rows, start=1):
            mark = self._mark(row)
            tag = keys.known(row, mark)
            if tag is not None:
                missed.pop(tag, None)
                found = differences(writer, tag, row)
                self.differences += found
                if self._update and found:
                    self.loans += bring_up_to_date(writer, tag, row, found, self.loans)
                    self.updated += len(found)
            elif not self._has_another_tag(writer, row):
                self.added += 1
                made = take_one(writer, row, mark)
                for each in rows_by_loan(row):
                    self.loans += 1
                    found_on_loan(writer, each, str(each.on_loan_to), made, self.loans)
                if row.missing:
                    writer.append(
                        HoldingMissing(tag=made, loan=None, reason="missing in the register")
                    )
                if row.in_repair:
                    writer.append(HoldingOutOfUse(tag=made, reason=IN_REPAIR))
            if number % _STEP == 0 or number == len(rows):
                self._progress(number, len(rows))
        self.missed = list(missed.values())

    def _has_another_tag(self, writer: Writer, row: Row) -> bool:
        """Report a row whose asset number is that of a holding under another tag; whether it is."""
        if not (row.tag and row.asset_number):
            return False
        bearer = _BY_NUMBER(writer.connection, c=writer.college, v=fold(row.asset_number)).scalar()
        if bearer is None:
            return False
        words = (
            f"is not the tag of {row.asset_number}, which is {grouped(bearer)} here; to give it "
            f"this one too: kitloan relabel {row.asset_number} {row.tag}"
        )
        self.problems.append(_warning(row, "", row.tag, words))
        return True

    def _mark(self, row: Row) -> str:
        """What the row is known by when the file is read again."""
        if row.tag or row.asset_number:
            known_by = f"number|{row.tag or fold(row.asset_number or '')}"
        else:
            known_by = "|".join(
                fold(text or "") for text in (row.type, row.location, row.serial, row.donor)
            )
            self._seen[known_by] += 1
            known_by = f"row|{known_by}|{self._seen[known_by]}"
        return hashlib.sha256(known_by.encode()).hexdigest()


class Keys:
    """What shows whether a row is known: looked up once where a store is empty, else row by row."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        first = _ANY(writer.connection, c=writer.college).first()
        self._nothing_before = first is None
        self._moved: dict[str, list[str]] = {}
        self._by_serial: dict[tuple[str, str], list[str]] = {}

    def moved(self, before: list[TakenBefore], marks: set[str]) -> None:
        """Remember what earlier readings of the file took in and this one has no more as it was.

        Things of one type that bear no number are alike: a row of that type, with another place, is
        about one of them. A row with a new number and the serial number of one of them is about it.
        """
        for each in before:
            if each.mark in marks:
                continue
            if each.asset_number is None:
                self._moved.setdefault(each.kit_type, []).append(each.tag)
            elif each.serial:
                key = (each.kit_type, fold(each.serial))
                self._by_serial.setdefault(key, []).append(each.tag)

    def known(self, row: Row, mark: str) -> str | None:
        """The tag of the holding that a row is about; None for one that is new."""
        for kind, value in self._keys(row, mark):
            if self._nothing_before:
                break
            for query in _QUERIES[kind]:
                tag = query(self._writer.connection, c=self._writer.college, v=value).scalar()
                if tag is not None:
                    return str(tag)
        kind = type_key(row.type)
        if row.tag:
            return None
        if row.asset_number:
            same = self._by_serial.get((kind, fold(row.serial or "")), [])
            return same.pop() if len(same) == 1 else None
        alike = self._moved.get(kind)
        return alike.pop(0) if alike else None

    @staticmethod
    def _keys(row: Row, mark: str) -> list[tuple[str, str]]:
        if row.tag:
            return [("tag", row.tag)]
        if row.asset_number:
            return [("number", fold(row.asset_number))]
        return [("row", mark)]


_QUERIES: dict[str, tuple[Query, ...]] = {
    "tag": (_BY_TAG, _BY_ALIAS),
    "number": (_BY_NUMBER,),
    "row": (_BY_ROW,),
}
