"""Taking a college's register in: rows of a spreadsheet become holdings, gifts and open loans.

All in one transaction. A row is known again by its tag, by its asset number, or, where it has
neither, by what it says and how often the file says it; so reading the same file twice adds
nothing. What speaks of people, and columns that kitloan has no field for, are kept beside the
holding in a table that never leaves the college.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select

from kitloan.errors import KitloanError
from kitloan.holdings import Gift, NewHolding, accession
from kitloan.ledger.facts.loans import LoanFound
from kitloan.ledger.session import ESP, Session
from kitloan.ledger.writer import Writer
from kitloan.organisations import borrower, organisation_id, person, remark
from kitloan.reference import find_college
from kitloan.spreadsheets import Problem, Register, Row, read
from kitloan.storage.statements import Query
from kitloan.tables import Alias, Holding, table
from kitloan.text.names import fold
from kitloan.text.tags import grouped

holding, alias = table(Holding), table(Alias)

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
_STEP = 100


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What reading a register came to.

    Attributes:
        rows: rows of data in the file; `added` and `skipped` of them.
        columns: header and the field it was taken for; `kept` are headers no field took.
        problems: errors are rows not taken, warnings are values left out.
        refused: whether errors kept the whole file out.
        loans: rows that said who has the holding now.
    """

    rows: int
    added: int
    skipped: int
    columns: dict[str, str]
    kept: tuple[str, ...]
    problems: tuple[Problem, ...]
    refused: bool
    loans: int

    def as_json(self) -> dict[str, Any]:
        """The shape of `--json`."""
        return {
            "rows": self.rows,
            "added": self.added,
            "skipped": self.skipped,
            "columns": self.columns | dict.fromkeys(self.kept, "kept as a note"),
            "kept": list(self.kept),
            "loans": self.loans,
            "problems": [problem.as_json() for problem in self.problems],
        }


class _NotKept(KitloanError):  # no error: the way out of a transaction without a trace
    """Nothing is to be kept: a dry run, or nothing new."""


class Registers:
    """Reading spreadsheets into one college's register."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take_in(
        self,
        path: Path,
        *,
        map_path: Path | None = None,
        dry_run: bool = False,
        skip_problems: bool = False,
        progress: Progress | None = None,
    ) -> TakenIn:
        """Read a register and take its rows in: all that can be, or none.

        Args:
            path: a CSV or XLSX file.
            map_path: which column means what, where the headers do not say.
            dry_run: find out what would happen, and change nothing.
            skip_problems: take the good rows although others have errors.
            progress: told how many rows are done, of how many.

        Raises:
            BadInput: the file is not a register that can be read; see `kitloan.spreadsheets`.
        """
        register = read(path, map_path, progress)
        rows, problems = self._checked(register)
        refused = bool(register.errors) and not skip_problems
        added = loans = 0
        taking = _Taking(progress or (lambda done, total: None))
        if not refused:
            try:
                with self._session.writing() as writer:
                    added, loans = taking.take(writer, rows)
                    if dry_run or not added:
                        raise _NotKept("not_kept", "Nothing is to be kept.")
            except _NotKept:
                pass
        kept = dict.fromkeys(c.header for c in register.columns if c.field is None)
        return TakenIn(
            register.count,
            added,
            register.count - added,
            register.fields_by_header(),
            tuple(kept),
            problems + tuple(taking.problems),
            refused,
            loans,
        )

    def _checked(self, register: Register) -> tuple[list[Row], tuple[Problem, ...]]:
        """The rows without what only this college, today, can know to be wrong."""
        headers = {(c.sheet, c.field): c.header for c in register.columns if c.field}
        problems = list(register.problems)
        rows = []
        for row in register.rows:
            for name in ("last_sighted_on", "received_on", "valued_on"):
                day = getattr(row, name)
                if day is not None and day > self._session.today:
                    problems.append(
                        _warning(
                            row,
                            headers[row.sheet, name],
                            day.strftime("%d/%m/%Y"),
                            "is in the future; left out",
                        )
                    )
                    row = _without(row, name)
            if row.home_college and not self._is_ours(row.home_college):
                problems.append(
                    _warning(
                        row,
                        headers[row.sheet, "home_college"],
                        row.home_college,
                        "is not this college, nor a former name of it; kept as a note",
                    )
                )
            rows.append(row)
        order = {"error": 0, "warning": 1}
        return rows, tuple(sorted(problems, key=lambda p: (p.sheet, p.row or 0, order[p.severity])))

    def _is_ours(self, name: str) -> bool:
        known = find_college(name)
        ours = self._session.college
        return ours == ESP or fold(name) == ours or (known is not None and known.id == ours)


def _without(row: Row, name: str) -> Row:
    values = {each.name: getattr(row, each.name) for each in fields(row)}
    return Row(**values | {name: None})


def _warning(row: Row, header: str, value: str, words: str) -> Problem:
    return Problem("warning", row.sheet, row.number, header, value, words)


class _Taking:
    """One register on its way in."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._seen: Counter[str] = Counter()
        self.problems: list[Problem] = []

    def take(self, writer: Writer, rows: list[Row]) -> tuple[int, int]:
        """Take in every row that is not known; gives how many, and how many were on loan."""
        added = loans = 0
        for number, row in enumerate(rows, start=1):
            mark = self._mark(row)
            if not _known(writer, row, mark) and not self._has_another_tag(writer, row):
                added += 1
                tag = _take_in(writer, row, mark)
                if row.on_loan_to:
                    loans += 1
                    _found_on_loan(writer, row, row.on_loan_to, tag, loans)
            if number % _STEP == 0 or number == len(rows):
                self._progress(number, len(rows))
        return added, loans

    def _has_another_tag(self, writer: Writer, row: Row) -> bool:
        """Whether the row's asset number is that of a holding under another tag, which is told."""
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
            said = f"number|{row.tag or fold(row.asset_number or '')}"
        else:
            said = "|".join(
                fold(text or "") for text in (row.type, row.location, row.serial, row.donor)
            )
            self._seen[said] += 1
            said = f"row|{said}|{self._seen[said]}"
        return hashlib.sha256(said.encode()).hexdigest()


def _known(writer: Writer, row: Row, mark: str) -> bool:
    lookups = [(_BY_ROW, mark)]
    if row.tag:
        lookups = [(_BY_TAG, row.tag), (_BY_ALIAS, row.tag)]
    elif row.asset_number:
        lookups = [(_BY_NUMBER, fold(row.asset_number))]
    return any(
        find(writer.connection, c=writer.college, v=value).first() is not None
        for find, value in lookups
    )


def _take_in(writer: Writer, row: Row, mark: str) -> str:
    made = accession(
        writer,
        NewHolding(
            type=row.type,
            quantity=row.quantity,
            tag=row.tag,
            asset_number=row.asset_number,
            serial=row.serial,
            location=row.location,
            received_on=row.received_on,
            gift=Gift(
                donor=row.donor,
                funding_source=row.funding_source,
                title=row.title or "unknown",  # type: ignore[arg-type]  # the reader gives only those
                document=row.document,
                gift=row.gift,
                acknowledgement=row.acknowledgement,
                value_pence=row.value_pence,
                value_basis=row.value_basis,
                valued_on=row.valued_on,
            ),
        ),
        sighted_on=row.last_sighted_on,
        register_row=mark,
    )
    for heading, words in {"Condition": row.condition, "Home college": row.home_college}.items():
        if words:
            remark(writer, made.tag, heading, words)
    whom = _contact(writer, row, _id_of(writer, row.on_loan_to) if row.on_loan_to else "")
    said = ", ".join(filter(None, (row.contact, row.contact_email, row.contact_phone)))
    if whom and not row.on_loan_to:
        remark(writer, made.tag, "Contact", said, contact_id=whom)
    for heading, words in row.extras.items():
        # A column that nobody knows may be about the person whom the row names.
        remark(writer, made.tag, heading, words, contact_id=whom)
    return made.tag


def _id_of(writer: Writer, name: str) -> str:
    return organisation_id(writer.connection, writer.college, name)[0]


def _contact(writer: Writer, row: Row, organisation: str) -> str | None:
    """The person whom a row names, put on file so that they can be forgotten; None for nobody."""
    name = row.contact or row.contact_email or row.contact_phone
    if not name:
        return None
    return person(writer, name, organisation, email=row.contact_email, phone=row.contact_phone)


def _found_on_loan(writer: Writer, row: Row, to: str, tag: str, number: int) -> None:
    who = borrower(writer, to, compare=False)
    whom = _contact(writer, row, who.organisation)
    writer.append(
        LoanFound(
            tag=tag,
            loan=f"{writer.request}-{number}",
            organisation=who.organisation,
            contact=whom,
            quantity=row.quantity,
            exclusive=row.quantity == 1,
            due_on=row.due_on.isoformat() if row.due_on else None,
        )
    )
