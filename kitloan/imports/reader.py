"""Reads a register: file -> sheets -> tables -> columns -> rows, with a question for every doubt.

`read` loads a file once and interprets it. With answers it interprets the file again, because an
answer to one question can open or close another. What one line means is the work of `lines`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from itertools import takewhile
from pathlib import Path

from kitloan.errors import BadInput
from kitloan.imports.candidates import Candidate, lay_out, understand
from kitloan.imports.cells import load
from kitloan.imports.columns import ask
from kitloan.imports.entries import Entry, Loan, matrix, problem
from kitloan.imports.lines import Reader
from kitloan.imports.logs import Bearers, Logs, numbered_once
from kitloan.imports.mapfile import Map, bad_map, fits, load_map, map_beside
from kitloan.imports.notices import hidden_parts, left_out_key, unsure_columns
from kitloan.imports.packed import PackedWriter
from kitloan.imports.questions import Questions
from kitloan.imports.refusals import CONTENTS, check_map, nothing_to_read
from kitloan.imports.rows import (
    UNNAMED,
    NotTaken,
    Problem,
    Register,
    Row,
    RowStockLoan,
    SheetRead,
    packing_rows,
)
from kitloan.imports.sheet_names import rows_named_by_sheet
from kitloan.imports.sheet_roles import is_contents_list, sort_out
from kitloan.imports.sheets import Book, Sheet
from kitloan.imports.table_questions import (
    ask_about_counts,
    ask_about_days,
    ask_about_flags,
    ask_about_plan,
    ask_about_spellings,
    ask_for_kind,
    settle_date_order,
)
from kitloan.imports.tables import find_tables
from kitloan.imports.values import shown
from kitloan.text.dates import system_clock
from kitloan.text.dates import today as today_of
from kitloan.text.names import fold, organisation_key

Progress = Callable[[int, int], None]

_PROGRESS_EVERY = 200
_MOST_ROUNDS = 5
_NO_HEADERS = "has no line of headers that mean anything, and was not read"


def read(
    path: Path,
    map_path: Path | None = None,
    progress: Progress | None = None,
    *,
    today: date | None = None,
    known: Iterable[str] = (),
    accept_proposed: bool = False,
    answers: Map | None = None,
) -> Register:
    """Read a register from a file.

    Args:
        path: the file.
        map_path: a map file (see `mapfile`), where the headers alone do not say enough; else one
        that
            lies beside the register and was made for its headings is used.
        progress: called now and then with how many lines are done, of how many.
        today: so that days to come are distinguished from days past; None is today.
        known: names of organisations that the college has lent to.
        accept_proposed: answer every question that has a proposal.
        answers: what a person has answered so far, in place of a map file.

    Raises:
        BadInput: the file is none that can be read (see `cells.load`), no sheet of it has headers
            that mean anything (`not_a_register`), it is a contents list (`contents_list`), or the
            map does not fit (`bad_map`).
    """
    book = load(path)
    wanted, used = answers or Map(), None
    notices: list[Problem] = []
    if map_path is not None:
        wanted = load_map(map_path)
    elif answers is None:
        wanted, used, notices = _remembered(path, book)
    reading = Reading(path, book, today or today_of(system_clock), tuple(known))
    register = reading.interpret(wanted, progress)
    if accept_proposed:
        for _ in range(_MOST_ROUNDS):
            open_questions = [q for q in register.questions if q.proposed is not None]
            if not open_questions:
                break
            wanted = wanted.with_answers((q, str(q.proposed)) for q in open_questions)
            register = reading.interpret(wanted, progress)
    return replace(register, map_used=used, answers=wanted, problems=(*notices, *register.problems))


def _remembered(path: Path, book: Book) -> tuple[Map, str | None, list[Problem]]:
    """The map that is beside a register, where it was made for these headings and confirmed."""
    beside = map_beside(path)
    if beside == path or not beside.is_file():
        return Map(), None, []
    try:
        found = load_map(beside)
    except BadInput as wrong:
        return (
            Map(),
            None,
            [problem("warning", "", None, "", beside.name, f"was not used: {wrong.message}")],
        )
    headings = {
        header
        for sheet in book.sheets
        for table in find_tables(sheet, found.columns, found.header_row)
        for header in table.headers.values()
    }
    if found.proposed:
        what = "holds answers that nobody has confirmed, and was not used; give it with --map"
        return Map(), None, [problem("warning", "", None, "", beside.name, what)]
    if not found.headings or not fits(found, headings):
        what = "was made for other headings, and was not used"
        return Map(), None, [problem("warning", "", None, "", beside.name, what)]
    return found, beside.name, []


class Reading:
    """A file loaded, to be interpreted as often as answers change."""

    def __init__(self, path: Path, book: Book, today: date, known: tuple[str, ...]) -> None:
        self._path = path
        self._book = book
        self._today = today
        self._names = known
        self._known = frozenset(map(organisation_key, known))

    def interpret(self, wanted: Map, progress: Progress | None = None) -> Register:
        """The register in the file, with these answers."""
        questions = Questions()
        sheets = _chosen(self._book, wanted)
        laid, problems, reports = self._lay_out(sheets, wanted, questions)
        problems += [
            problem("warning", name, None, "", "", "is a hidden sheet, and was not read")
            for name in self._book.hidden
        ]
        problems += [each for sheet in sheets for each in hidden_parts(sheet, laid)]
        rows, more, count, per_table = self._rows(laid, wanted, questions, progress)
        problems += more
        reports += [
            SheetRead(
                each.table.sheet.name,
                each.table.header_row,
                per_table[index],
                True,
                each.why,
            )
            for index, each in enumerate(laid)
        ]
        order = {sheet.name: at for at, sheet in enumerate(self._book.sheets)}
        reports.sort(key=lambda each: (order.get(each.sheet, 0), each.header_row or 0))
        problems.sort(key=lambda each: (order.get(each.sheet, len(order)), each.row or 0))
        columns = tuple(c for each in laid for c in each.layout.columns.values())
        made_by = next((each.table.made_by.name for each in laid if each.table.made_by), None)
        ask_about_spellings(rows, laid, wanted, questions, self._names)
        return Register(
            rows,
            columns,
            tuple(problems),
            count,
            tuple(reports),
            questions.all(),
            made_by,
            not_taken=_not_taken(laid, problems),
        )

    # sheets

    def _lay_out(
        self, sheets: tuple[Sheet, ...], wanted: Map, questions: Questions
    ) -> tuple[list[Candidate], list[Problem], list[SheetRead]]:
        """The tables that are registers; of the other sheets, a warning each, or a refusal of
        all.
        """
        laid: list[Candidate] = []
        aside: list[tuple[Sheet, str]] = []
        for sheet in sheets:
            if wanted.sheets.get(fold(sheet.name)) == "":
                aside.append((sheet, "was left out, by the map"))
                continue
            tables = find_tables(sheet, wanted.columns, wanted.header_row)
            if not tables:
                aside.append((sheet, _NO_HEADERS))
            for table in tables:
                if is_contents_list(table):
                    aside.append((sheet, CONTENTS))
                    continue
                laid.append(understand(table, wanted, self._today, self._known))
        if not laid:
            raise nothing_to_read(self._path, sheets, wanted, [why for _, why in aside])
        check_map(self._path, [each.table for each in laid], wanted)
        laid, left_out = sort_out(laid, wanted, questions)
        aside += [(each.table.sheet, each.why) for each in left_out]
        for each in laid:
            ask_about_plan(each, questions)
            ask(each.guesses, each.table.sheet.name, questions, _headings_left_of(each, laid))
            ask_about_counts(each, questions)
            ask_about_days(each, questions)
            ask_about_flags(each, questions)
            each.layout = lay_out(each, wanted)
            if ask_for_kind(each, questions):
                each.layout = replace(each.layout, kind_asked=True)
            settle_date_order(each, wanted, questions)
        problems = [problem("warning", sheet.name, None, "", "", why) for sheet, why in aside]
        for each in laid:
            problems += unsure_columns(each)
            problems += left_out_key(each)
        reports = [
            SheetRead(sheet.name, None, len(sheet.lines), False, why) for sheet, why in aside
        ]
        return laid, problems, reports

    # rows

    def _rows(
        self,
        laid: list[Candidate],
        wanted: Map,
        questions: Questions,
        progress: Progress | None,
    ) -> tuple[Sequence[Row], list[Problem], int, list[int]]:
        problems: list[Problem] = []
        spellings: dict[str, str] = {}
        total = sum(len(each.table.lines) for each in laid)
        done = 0
        per_table = [0] * len(laid)
        found: list[tuple[int, list[Entry]]] = []
        named = rows_named_by_sheet(laid, wanted, questions)
        straight = all(each.kind != "loans" for each in laid)
        ready: dict[int, PackedWriter[Row]] = defaultdict(packing_rows)
        bearers = Bearers()
        for index, each in sorted(enumerate(laid), key=lambda pair: pair[1].kind == "loans"):
            reader = Reader(each.layout, questions, wanted, self._today, self._known, spellings)
            reader.section = named.get(index)
            if reader.section and reader.section[0] == "location":
                what = "is the place of its rows: the sheet has no column for it"
                problems.append(problem("warning", reader.section[1], None, "", "", what))
            if reader.section is None:
                reader.read_title()
            entries: list[Entry] = []
            at_once = straight and _is_plain_list(each)
            for line in each.layout.lines:
                got = reader.read(line)
                problems += got.problems
                per_table[index] += got.counts
                if at_once:
                    once = numbered_once(got.entries, bearers, problems)
                    for entry in once:
                        ready[index].add(_row(entry))
                else:
                    entries += got.entries
                done += 1
                if progress and (done % _PROGRESS_EVERY == 0 or done == total):
                    progress(done, total)
            problems += reader.finish()
            found.append((index, list(matrix(each.layout, entries, problems))))
        holdings = [(i, entries) for i, entries in found if laid[i].kind != "loans"]
        loans = [entry for i, entries in found if laid[i].kind == "loans" for entry in entries]
        logs = Logs(wanted, questions, problems)
        kept: dict[int, list[Entry]] = {}
        for index, entries in holdings:
            each = laid[index]
            things = logs.fold(each.layout, entries, numbered=each.is_numbered)
            if len(things) < len(entries):
                each.why = "is a log of loans: one thing each, with the loan that is open"
            kept[index] = list(numbered_once(things, bearers, problems))
        logs.join([entry for entries in kept.values() for entry in entries], loans)
        counted = sum(n for i, n in enumerate(per_table) if laid[i].kind != "loans")
        if len(ready) == 1 and list(ready) == list(kept):  # one plain list, as most registers are
            (only,) = ready.values()
            return only.finish(), problems, counted, per_table
        rows = packing_rows()
        for index in sorted(kept):
            for row in ready[index].finish() if index in ready else map(_row, kept[index]):
                rows.add(row)
        return rows.finish(), problems, counted, per_table


def _chosen(book: Book, wanted: Map) -> tuple[Sheet, ...]:
    sheets = tuple(sheet for sheet in book.sheets if sheet.lines)
    if wanted.sheet is None:
        return sheets
    chosen = tuple(sheet for sheet in sheets if fold(sheet.name) == fold(wanted.sheet))
    if not chosen:
        names = ", ".join(repr(sheet.name) for sheet in sheets)
        raise bad_map(f"The map names a sheet {wanted.sheet!r}.", f"The file has: {names}.")
    return chosen


def _headings_left_of(each: Candidate, laid: list[Candidate]) -> frozenset[str]:
    """The headings of the tables on the left of one, of the same line of headings."""
    table = each.table
    before = takewhile(lambda one: one is not each, laid)
    return frozenset(
        header
        for one in before
        if one.table.sheet is table.sheet and one.table.header_row == table.header_row
        for header in one.table.headers.values()
    )


def _not_taken(laid: list[Candidate], problems: list[Problem]) -> tuple[NotTaken, ...]:
    """The rows in error, with their cells and the reasons."""
    reasons: dict[tuple[str, int], list[str]] = defaultdict(list)
    for each in problems:
        if each.severity == "error" and each.row is not None:
            about = f"{each.column}: " if each.column else ""
            value = f"{each.value!r} " if each.value else ""
            reasons[each.sheet, each.row].append(f"{about}{value}{each.problem}")
    found: list[NotTaken] = []
    for one in laid if reasons else []:
        for line in one.layout.lines:
            why = reasons.pop((one.table.sheet.name, line.number), None)
            if why is None:
                continue
            cells = {
                column.header: shown(one.table.sheet.value(line, index))
                for index, column in one.layout.columns.items()
            }
            found.append(NotTaken(one.table.sheet.name, line.number, cells, tuple(why)))
    return tuple(found)


def _is_plain_list(each: Candidate) -> bool:
    """Whether each line of a table is a row by itself: no log, no matrix.

    Its entries become rows at once, because an entry weighs three times its row.
    """
    layout = each.layout
    return not (layout.is_log or layout.place("quantity_at") or layout.place("quantity_with"))


def _row(entry: Entry) -> Row:
    values = dict(entry.values)
    if "value" in values:
        values["value_pence"] = values.pop("value")
    loan = entry.loan if entry.loan.is_open else Loan()
    values.pop("borrower_kind", None)
    return Row(
        sheet=entry.layout.sheet.name,
        number=entry.number,
        extras=entry.extras,
        on_loan_to=loan.organisation,
        due_on=loan.due_on if loan.organisation else None,
        out_on=loan.out_on if loan.organisation else None,
        quantity_out=loan.quantity,
        more_loans=tuple(
            RowStockLoan(each.organisation or UNNAMED, each.quantity or 1, each.due_on, each.out_on)
            for each in loan.others
        ),
        missing=entry.standing == "missing",
        in_repair=entry.standing == "in_repair",
        **values,
    )
