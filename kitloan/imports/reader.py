"""A register read: file -> sheets -> tables -> columns -> rows, with a question for every doubt.

Here a file is laid out: which sheets are registers, where their tables are, what their columns
mean,
and which sheet lists the loans of what another one holds. What one line then says is the business
of
`lines`. `read` loads a file once and interprets it; with answers it is interpreted again, so that
an
answer to one question can open or close another.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from kitloan.errors import BadInput
from kitloan.imports import evidence
from kitloan.imports.cells import load
from kitloan.imports.columns import CHOICES, RISKY, SEVERAL, Guess, ask, guess
from kitloan.imports.entries import Entry, Layout, Loan, matrix, problem
from kitloan.imports.headings import squeeze, stems
from kitloan.imports.lines import Reader
from kitloan.imports.logs import SHEET_CHOICES, Logs, numbered_once
from kitloan.imports.mapfile import Map, bad_map, fits, load_map, map_beside
from kitloan.imports.questions import Questions
from kitloan.imports.rows import UNNAMED, Column, NotTaken, Problem, Register, Row, SheetRead
from kitloan.imports.sheets import Book, Sheet, Unreadable, Value, is_blank, letter
from kitloan.imports.tables import HEADER_DEPTH, Table, find_tables, header_texts
from kitloan.imports.values import READERS, Dates, shown
from kitloan.text.dates import system_clock
from kitloan.text.dates import today as today_of
from kitloan.text.names import fold, organisation_key, plain

Progress = Callable[[int, int], None]

_PROGRESS_EVERY = 200
_MOST_ROUNDS = 5
_PARTS = {"component", "components", "componentname", "part", "parts", "contents", "partname"}
_KITS = {"kittype", "kit", "kitname", "nameofkit", "typeofkit", "set", "box"}
_NO_HEADERS = "has no line of headers that mean anything, and was not read"
_CONTENTS = "lists the components of kits, not the kits, and was not read"
_PLAN = re.compile(
    r"\b(?:events?|requirements?|wish ?list|orders?|to buy|shopping|quotes?|plan|planning|"
    r"planned|needed|"
    r"requests?|template|instructions|example|sample|look ?ups?|codes?|drop ?downs?|validation|"
    r"bookings?|"
    r"calendar|timetable|reservations?|forecast|budget)\b",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"\b(?:bookings?|reservations?|reserved|calendar|timetable|requests?|planned|planner|diary)\b",
    re.I,
)
_SUMMARY = re.compile(r"\b(?:summary|totals?|overview|pivot|dashboard|counts?|at a glance)\b", re.I)
_NO_PLACE = {
    *(
        "kit",
        "kits",
        "stock",
        "loosestock",
        "item",
        "items",
        "equipment",
        "inventory",
        "register",
        "list",
    ),
    *(
        "sheet",
        "asset",
        "assets",
        "resource",
        "resources",
        "data",
        "main",
        "all",
        "table",
        "current",
    ),
    *(
        "more",
        "other",
        "misc",
        "new",
        "loan",
        "loans",
        "holdings",
        "devices",
        "tools",
        "consumables",
    ),
    *(
        "assetregister",
        "equipmentlist",
        "kitlist",
        "stocklist",
        "spare",
        "spares",
        "onloan",
        "active",
    ),
}
_PLAN_HEADINGS = {"event", "needed", "required", "requested", "wanted", "proposed", "order"}
_GONE = re.compile(
    r"\b(?:dispos(?:ed|als?)|scrap(?:ped)?|written ?off|withdrawn|archived?|old|retired|lost|"
    r"missing|skip|"
    r"weee|sold|obsolete|decommissioned)\b",
    re.IGNORECASE,
)
_LOANS = re.compile(
    r"\b(?:loans?|lent|lending|out|borrow(?:ed|ers?|ing)?|issued|signed out)\b", re.I
)
_LOGS = re.compile(r"\b(?:logs?|history|past|returned|previous)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Laid:
    """A table on its way to being rows."""

    table: Table
    guesses: list[Guess]
    layout: Layout
    kind: str = "holdings"
    why: str = "is a register of things"
    numbers: frozenset[str] = frozenset()
    signatures: Counter[tuple[str, ...]] = field(default_factory=Counter)


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
        progress: told now and then how many lines are done, of how many.
        today: so that days to come are told from days past; None is today.
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
        """What the file says, with these answers."""
        questions = Questions()
        sheets = _chosen(self._book, wanted)
        laid, problems, reports = self._lay_out(sheets, wanted, questions)
        problems += [
            problem("warning", name, None, "", "", "is a hidden sheet, and was not read")
            for name in self._book.hidden
        ]
        problems += [each for sheet in sheets for each in _notices(sheet, laid)]
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
        self._ask_about_names(rows, laid, wanted, questions)
        return Register(
            tuple(rows),
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
    ) -> tuple[list[_Laid], list[Problem], list[SheetRead]]:
        """The tables that are registers; of the other sheets, a warning each, or a refusal of
        all.
        """
        laid: list[_Laid] = []
        aside: list[tuple[Sheet, str]] = []
        for sheet in sheets:
            if wanted.sheets.get(fold(sheet.name)) == "":
                aside.append((sheet, "was left out, by the map"))
                continue
            tables = find_tables(sheet, wanted.columns, wanted.header_row)
            if not tables:
                aside.append((sheet, _NO_HEADERS))
            for table in tables:
                if _is_contents(table):
                    aside.append((sheet, _CONTENTS))
                    continue
                laid.append(self._understood(table, wanted))
        if not laid:
            raise _nothing_to_read(self._path, sheets, wanted, [why for _, why in aside])
        _check_map(self._path, laid, wanted)
        laid, left_out = self._related(laid, wanted, questions)
        aside += [(each.table.sheet, each.why) for each in left_out]
        for each in laid:
            ask(each.guesses, each.table.sheet.name, questions, len(each.table.lines))
            _ask_matrix(each, questions)
            each.layout = self._layout(each, wanted)
            if _ask_kind(each, questions):
                each.layout = replace(each.layout, kind_asked=True)
            _settle_dates(each, wanted, questions)
        problems = [problem("warning", sheet.name, None, "", "", why) for sheet, why in aside]
        for each in laid:
            problems += _empty_and_spare(each)
        reports = [
            SheetRead(sheet.name, None, len(sheet.lines), False, why) for sheet, why in aside
        ]
        return laid, problems, reports

    def _understood(self, table: Table, wanted: Map) -> _Laid:
        told = dict(wanted.columns)
        if table.made_by:
            for header in table.headers.values():
                key = squeeze(_unnumbered(header))
                if key in table.made_by.columns and _unnumbered(header) == header:
                    told.setdefault(fold(header), table.made_by.columns[key])
        guesses = guess(table.sheet, table.headers, table.lines, told, self._today, self._known)
        _check_map_gives_once(table.sheet, guesses, wanted)
        each = _Laid(table, guesses, Layout(table.sheet, {}, (), 0))
        each.layout = self._layout(each, wanted)
        each.numbers = _numbers(each.layout)
        each.signatures = _signatures(each.layout)
        return each

    def _layout(self, each: _Laid, wanted: Map) -> Layout:
        table = each.table
        columns = {
            one.index: Column(
                table.sheet.name,
                one.header,
                one.field,
                letter(one.index),
                _told_words(one, table),
                tuple(one.found.samples),
            )
            for one in each.guesses
        }
        answer = wanted.sheets.get(fold(table.sheet.name))
        fields = {one.field for one in each.guesses if one.found.filled}
        return Layout(
            table.sheet,
            columns,
            table.lines,
            table.width if table.alone else max((len(x.values) for x in table.lines), default=0),
            {one.index: one.found for one in each.guesses},
            table.alone,
            table.made_by,
            _type_from(each),
            table.header_row,
            is_loans=each.kind == "loans",
            is_log=answer == "loan_log" or bool(fields & {"returned_on", "out_on"}),
        )

    def _related(
        self, laid: list[_Laid], wanted: Map, questions: Questions
    ) -> tuple[list[_Laid], list[_Laid]]:
        """Tell registers from lists of their loans, copies, plans and lists of what is gone."""
        left_out: list[_Laid] = []
        for each in laid:
            answer = wanted.sheets.get(fold(each.table.sheet.name))
            if answer in ("loans", "holdings", "loan_log", "on_loan"):
                each.kind = "loans" if answer == "loans" else "holdings"
                each.why = f"is read as {answer.replace('_', ' ')}, by the map"
        several = len({each.table.sheet.name for each in laid}) > 1
        if several:
            main = [each for each in laid if not _is_plan(each) and not _only_loans(each)]
            for each in laid:
                if fold(each.table.sheet.name) in wanted.sheets:
                    continue
                others = [o for o in main if o is not each]
                if not others:
                    continue
                self._one_of_several(each, others, left_out, questions)
        elif any(
            _GONE.search(each.table.sheet.name) for each in laid if not each.table.sheet.delimited
        ):
            for each in laid:
                _ask_gone_sheet(each, wanted, questions)
        gone = {id(each) for each in left_out}
        return [each for each in laid if id(each) not in gone], left_out

    def _one_of_several(
        self, each: _Laid, others: list[_Laid], left_out: list[_Laid], questions: Questions
    ) -> None:
        name = each.table.sheet.name
        present = [o for o in others if o not in left_out]
        if _TO_COME.search(name):
            each.why = "is about what is to come, not what is held or on loan, and was not read"
            left_out.append(each)
            return
        lends = {"on_loan_to", "due_on", "returned_on", "borrower_person", "out_on"} & _filled(each)
        known = max(
            (len(each.numbers & o.numbers) / max(1, len(each.numbers)) for o in present),
            default=0.0,
        )
        if (
            lends
            and each.numbers
            and known >= 0.5
            and (
                "type" not in _filled(each)
                or known >= 0.8
                or _LOANS.search(name)
                or _LOGS.search(name)
            )
        ) and (
            "on_loan_to" in _filled(each)
            or "borrower_person" in _filled(each)
            or "type" not in _filled(each)
        ):
            each.kind, each.why = "loans", "lists loans of things that another sheet has"
            return
        types = {signature[0] for signature in each.signatures}
        theirs = {signature[0] for o in present for signature in o.signatures}
        by_name = bool(types) and len(types & theirs) >= 0.8 * len(types) and not each.numbers
        if by_name and "on_loan_to" in _filled(each) and _LOANS.search(name):
            each.kind, each.why = "loans", "lists loans of things that another sheet has, by name"
            return
        if _only_loans(each) and present:
            each.kind, each.why = "loans", "lists loans of things that another sheet has"
            return
        if _is_plan(each) and any("type" in _filled(o) for o in present):
            each.why = "is a plan or a list, not what is held, and was not read"
            left_out.append(each)
            return
        if _GONE.search(name) and not _LOANS.search(name):
            _ask_gone_sheet(each, Map(), questions)
            return
        if lends and _LOGS.search(name) and not each.numbers:
            questions.about_sheet(
                name,
                "This sheet reads as a log of loans, and has no numbers that identify which thing "
                "each was.",
                "",
                (),
                SHEET_CHOICES,
            )
            return
        copy = next(
            (
                o
                for o in present
                if _is_copy(each, o) and (self._is_before(o, each) or _size(o) > _size(each))
            ),
            None,
        )
        if copy is not None:
            each.why = (
                f"lists the same things as the sheet {copy.table.sheet.name!r}, and was not read"
            )
            left_out.append(each)
            return
        if any(_is_summary(each, o) for o in present):
            each.why = "adds up what another sheet lists, and was not read"
            left_out.append(each)
            return
        if _is_lookup(each, present):
            each.why = "is a list of names for another sheet, not what is held, and was not read"
            left_out.append(each)

    def _is_before(self, one: _Laid, other: _Laid) -> bool:
        names = [sheet.name for sheet in self._book.sheets]
        return names.index(one.table.sheet.name) < names.index(other.table.sheet.name)

    # rows

    def _rows(
        self,
        laid: list[_Laid],
        wanted: Map,
        questions: Questions,
        progress: Progress | None,
    ) -> tuple[list[Row], list[Problem], int, list[int]]:
        problems: list[Problem] = []
        spellings: dict[str, str] = {}
        total = sum(len(each.table.lines) for each in laid)
        done = 0
        per_table = [0] * len(laid)
        found: list[tuple[int, list[Entry]]] = []
        named = self._named_by_sheet(laid, wanted, questions)
        straight = all(each.kind != "loans" for each in laid)
        ready: dict[int, list[Row]] = defaultdict(list)
        bearers: dict[tuple[str, str], tuple[str, int]] = {}
        for index, each in sorted(enumerate(laid), key=lambda pair: pair[1].kind == "loans"):
            reader = Reader(each.layout, questions, wanted, self._today, self._known, spellings)
            reader.section = named.get(index)
            if reader.section and reader.section[0] == "location":
                what = "is the place of its rows: the sheet has no column for it"
                problems.append(problem("warning", reader.section[1], None, "", "", what))
            entries: list[Entry] = []
            at_once = straight and _is_plain_list(each)
            for line in each.layout.lines:
                got = reader.read(line)
                problems += got.problems
                per_table[index] += got.counts
                if at_once:
                    once = numbered_once(got.entries, bearers, problems)
                    ready[index] += [_row(entry) for entry in once]
                else:
                    entries += got.entries
                done += 1
                if progress and (done % _PROGRESS_EVERY == 0 or done == total):
                    progress(done, total)
            problems += reader.finish()
            found.append((index, list(matrix(each.layout, entries))))
        holdings = [(i, entries) for i, entries in found if laid[i].kind != "loans"]
        loans = [entry for i, entries in found if laid[i].kind == "loans" for entry in entries]
        logs = Logs(wanted, questions, problems)
        kept: dict[int, list[Entry]] = {}
        for index, entries in holdings:
            each = laid[index]
            things = logs.fold(each.layout, entries, numbered=bool(each.numbers))
            if len(things) < len(entries):
                each.why = "is a log of loans: one thing each, with the loan that is open"
            kept[index] = list(numbered_once(things, bearers, problems))
        logs.join([entry for entries in kept.values() for entry in entries], loans)
        counted = sum(n for i, n in enumerate(per_table) if laid[i].kind != "loans")
        rows = [
            row
            for index in sorted(kept)
            for row in (ready.get(index) or [_row(entry) for entry in kept[index]])
        ]
        return rows, problems, counted, per_table

    def _named_by_sheet(
        self, laid: list[_Laid], wanted: Map, questions: Questions
    ) -> dict[int, tuple[str, str]]:
        """What the names of sheets say of their rows: a school that has them, a place."""
        found: dict[int, tuple[str, str]] = {}
        things = [(i, each) for i, each in enumerate(laid) if each.kind != "loans"]
        several = len({each.table.sheet.name for _, each in things}) > 1
        placed = any(each.layout.place("location") for _, each in things)
        for index, each in things:
            name = each.table.sheet.name
            answer = wanted.sheets.get(fold(name))
            if answer == "on_loan":
                found[index] = ("on_loan_to", name)
            elif each.table.sheet.delimited or answer is not None:
                continue
            elif evidence.is_surely_school(name) and not each.layout.place("on_loan_to"):
                questions.about_sheet(
                    name,
                    "The sheet is called after a school. Are its rows on loan to that school?",
                    "on_loan",
                    (),
                    (("on_loan", f"on loan to {name}"), ("holdings", "held by the college")),
                )
                found[index] = ("pending", name)
            elif several and not placed and squeeze(name).rstrip("0123456789") not in _NO_PLACE:
                found[index] = ("location", name)
        return found

    def _ask_about_names(
        self, rows: list[Row], laid: list[_Laid], wanted: Map, questions: Questions
    ) -> None:
        """Ask about borrowers that are spelt nearly like another, or look like one."""
        import difflib

        from kitloan.imports.spellings import look_alikes, near_names

        names: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row.on_loan_to and row.on_loan_to != UNNAMED:
                names[row.on_loan_to].append(row)
        headers = {
            each.table.sheet.name: place[1].header
            for each in laid
            if (place := each.layout.place("on_loan_to"))
        }

        def ask_about(name: str, other: str, topic: str, why: str, *more: tuple[str, str]) -> None:
            for row in names[name]:
                header = headers.get(row.sheet, "")
                if topic == "near" and wanted.value(header, name) is not None:
                    continue
                choices = ((other, f"yes: {other}"), *more)
                questions.about_value(
                    row.sheet, header, row.number, name, topic, why, other, choices
                )

        alike = dict(look_alikes(names, self._names))
        for name, other in alike.items():
            why = (
                f"Some borrowers look like {other!r} and are spelt with other letters. Are they "
                "the same?"
            )
            ask_about(name, other, "alike", why, ("in", "not on loan: keep it as a note"))
        counts = {name: len(found) for name, found in names.items() if name not in alike}
        for name, other in near_names(counts, difflib):
            why = f"Some borrowers are spelt nearly like {other!r}. Are they the same?"
            ask_about(name, other, "near", why, ("on_loan_to", "no: an organisation of its own"))


def _chosen(book: Book, wanted: Map) -> tuple[Sheet, ...]:
    sheets = tuple(sheet for sheet in book.sheets if sheet.lines)
    if wanted.sheet is None:
        return sheets
    chosen = tuple(sheet for sheet in sheets if fold(sheet.name) == fold(wanted.sheet))
    if not chosen:
        names = ", ".join(repr(sheet.name) for sheet in sheets)
        raise bad_map(f"The map names a sheet {wanted.sheet!r}.", f"The file has: {names}.")
    return chosen


def _unnumbered(header: str) -> str:
    head, bracket, tail = header.rpartition(" (")
    return head if bracket and tail[:-1].isdecimal() else header


def _told_words(one: Guess, table: Table) -> tuple[str, ...]:
    if one.told and table.made_by and squeeze(one.header) in table.made_by.columns:
        return (f"the export of {table.made_by.name} has it so",)
    return one.evidence


def _filled(each: _Laid) -> set[str]:
    return {one.field for one in each.guesses if one.field and one.found.filled}


def _type_from(each: _Laid) -> tuple[int, ...]:
    """Of an export whose thing is named by one of several columns, their positions."""
    made_by = each.table.made_by
    if made_by is None or not made_by.type_from:
        return ()
    positions = {squeeze(one.header): one for one in each.guesses}
    found = [positions[name] for name in made_by.type_from if name in positions]
    if not found:
        return ()
    filled = [one for one in found if one.found.filled]
    first = (filled or found)[0]
    for one in found:
        if one.field == "type" and one is not first:
            one.field = None
    first.field = "type"
    return tuple(one.index for one in found)


def _is_contents(table: Table) -> bool:
    squeezed = {squeeze(header) for header in table.headers.values()}
    numbered = any(
        word in squeezed for word in ("assetno", "assetnumber", "kitno", "kitnumber", "assettag")
    )
    if numbered or table.made_by:
        return False
    return bool(squeezed & {"component", "components", "componentname"}) or bool(
        squeezed & _PARTS - {"partname"} and squeezed & _KITS
    )


def _is_plan(each: _Laid) -> bool:
    words = {word for header in each.table.headers.values() for word in stems(header)}
    return bool(_PLAN.search(each.table.sheet.name) or words & _PLAN_HEADINGS) and not each.numbers


def _only_loans(each: _Laid) -> bool:
    """Whether a table names borrowers of numbered things, and nothing that says what they are."""
    fields = _filled(each)
    return (
        "type" not in fields
        and bool(fields & {"asset_number", "tag"})
        and bool(fields & {"on_loan_to", "borrower_person", "due_on"})
    )


def _ask_gone_sheet(each: _Laid, wanted: Map, questions: Questions) -> None:
    name = each.table.sheet.name
    if not _GONE.search(name) or fold(name) in wanted.sheets:
        return
    questions.about_sheet(
        name,
        "By the sheet's name these things are gone. Are they still held?",
        "",
        list(each.table.headers.values())[:3],
        SHEET_CHOICES,
    )


def _size(each: _Laid) -> int:
    return sum(each.signatures.values())


def _is_copy(each: _Laid, other: _Laid) -> bool:
    """Whether a table lists what another one has: by numbers, else by what identifies a row."""
    if each.numbers and len(each.numbers) > 1:
        return len(each.numbers & other.numbers) >= 0.8 * len(each.numbers)
    mine = sum(each.signatures.values())
    if mine < 2 or mine > sum(other.signatures.values()):
        return False
    same = sum((each.signatures & other.signatures).values())
    return same >= 0.9 * mine


def _is_summary(each: _Laid, other: _Laid) -> bool:
    """Whether a table counts, by kind, the rows of another one."""
    place, kind = each.layout.place("quantity"), each.layout.place("type")
    if each.numbers or place is None or kind is None or not other.signatures:
        return False
    theirs: Counter[str] = Counter()
    many = other.layout.place("quantity")
    their_kind = other.layout.place("type")
    if their_kind is None:
        return False
    for line in other.layout.lines:
        name = fold(shown(other.layout.sheet.value(line, their_kind[0])))
        theirs[name] += (_count(line.value(many[0])) if many else 1) or 1
    same = rows = 0
    for line in each.layout.lines:
        name, counted = fold(shown(line.value(kind[0]))), _count(line.value(place[0]))
        if name and counted is not None:
            rows += 1
            same += counted == theirs.get(name)
    enough = 0.5 if _SUMMARY.search(each.table.sheet.name) else 0.9
    fewer = rows < len(other.layout.lines)
    return rows > 0 and fewer and same >= enough * rows


def _count(value: Value) -> int | None:
    """How many a cell says; None for none."""
    if value is None or isinstance(value, Unreadable):
        return None
    found = READERS["quantity"](value)
    return found if isinstance(found, int) else None


def _is_lookup(each: _Laid, others: list[_Laid]) -> bool:
    fields = _filled(each) - {"type", "category"}
    if fields or len(each.table.lines) < 2:
        return False
    types = {signature[0] for signature in each.signatures}
    theirs = {signature[0] for other in others for signature in other.signatures}
    return bool(types) and len(types & theirs) >= 0.8 * len(types)


def _numbers(layout: Layout) -> frozenset[str]:
    place = layout.place("asset_number") or layout.place("tag")
    if place is None:
        return frozenset()
    return frozenset(
        fold(shown(value)) for line in layout.lines if not is_blank(value := line.value(place[0]))
    )


def _signatures(layout: Layout) -> Counter[tuple[str, ...]]:
    places = [layout.place(name) for name in ("type", "location", "serial")]
    if places[0] is None:
        return Counter()
    return Counter(
        tuple(fold(shown(layout.sheet.value(line, place[0]))) if place else "" for place in places)
        for line in layout.lines
        if not is_blank(layout.sheet.value(line, places[0][0]))
    )


def _check_map(path: Path, laid: list[_Laid], wanted: Map) -> None:
    headers = {fold(h): h for each in laid for h in each.table.headers.values()}
    for key in wanted.columns:
        if key not in headers and key in wanted.written:
            header = wanted.written[key]
            raise bad_map(
                f"The map names a column {header[:80]!r}, which no sheet of {path.name} has.",
                f"The headers are: {_listed(list(headers.values()))}.",
            )


def _check_map_gives_once(sheet: Sheet, guesses: list[Guess], wanted: Map) -> None:
    for name in READERS:
        twice = [
            one.header
            for one in guesses
            if one.field == name and wanted.columns.get(fold(one.header)) == name
        ]
        if len(twice) > 1 and name not in SEVERAL and name not in RISKY:
            raise bad_map(
                f"The map gives {name!r} to two columns of the sheet {sheet.name!r}: "
                f"{_listed(twice)}.",
                'Give it to one, and "" to the other.',
            )


def _notices(sheet: Sheet, laid: list[_Laid]) -> Iterator[Problem]:
    """What the spreadsheet hides, said once a sheet."""
    if not any(each.table.sheet is sheet for each in laid):
        return
    headers = {
        i: h for each in laid if each.table.sheet is sheet for i, h in each.table.headers.items()
    }
    for index in sorted(sheet.hidden_columns):
        if index in headers:
            what = "is a hidden column, and was read"
            yield problem("warning", sheet.name, None, headers[index], "", what)
    if sheet.filtered:
        what = "has a filter set: rows that it hides were read as well"
        yield problem("warning", sheet.name, None, "", "", what)


def _empty_and_spare(each: _Laid) -> Iterator[Problem]:
    """Warn of columns that were not certain, or come twice."""
    for one in each.guesses:
        if one.told or one.field not in ("value", "location", "serial") or not one.found.filled:
            continue
        if one.base < 0.84 and one.score < 0.7:
            what = (
                f"was taken for {one.field}, and may be something else: {'; '.join(one.evidence)}"
            )
            yield problem("warning", each.table.sheet.name, None, one.header, "", what)
    for one in each.guesses:
        spare = one.field is None and not one.told and one.bases.get("on_loan_to", 0) >= 0.6
        if spare and one.found.share("faculties") > 0.4:
            what = "reads as parts of the college, not as borrowers, and was kept as a note"
            yield problem("warning", each.table.sheet.name, None, one.header, "", what)
    taken = {one.field for one in each.guesses if one.field}
    for one in each.guesses:
        again = one.field is None and not one.told and _unnumbered(one.header) != one.header
        if not again or not one.bases or not one.found.filled:
            continue
        likeliest = max(one.bases, key=lambda name: one.bases[name])
        if likeliest in taken and one.bases.get("remarks", 0) < 0.8:
            what = "comes again, and was kept as a note"
            yield problem("warning", each.table.sheet.name, None, one.header, "", what)


def _ask_matrix(each: _Laid, questions: Questions) -> None:
    """Ask about a table whose columns are places or schools, with how many are at each."""
    fields = {one.field for one in each.guesses}
    if "type" not in fields or each.table.made_by:
        return
    counts = [
        one
        for one in each.guesses
        if one.field is None
        and not one.told
        and one.found.filled
        and one.found.share("small") > 0.9
        and not one.bases
        and len(one.header) < 60
    ]
    if len(counts) < 2:
        return
    for one in each.guesses:  # the place of the numbers that are at the college itself
        place = one.field in ("location", "home_college") and not one.told
        if place and one.found.filled and one.found.share("small") > 0.9:
            one.field = None
            counts.append(one)
    for one in counts:
        school = evidence.is_surely_school(one.header)
        if "quantity" in fields and not school:
            continue
        questions.about_column(
            each.table.sheet.name,
            one.header,
            "This column and others hold small numbers under a name. Are they how many are at that "
            "place, or with that school?",
            "quantity_with" if school else "quantity_at",
            one.found.samples,
            tuple((name, CHOICES[name]) for name in ("quantity_at", "quantity_with", "")),
        )


def _ask_kind(each: _Laid, questions: Questions) -> bool:
    """Ask which column says what a thing is, where none does and one could; whether it was
    asked.
    """
    if each.kind == "loans" or each.layout.place("type") or each.layout.type_from:
        return False
    could = [
        one
        for one in each.guesses
        if not one.told
        and one.found.filled >= max(1, each.table.lines.__len__() * 0.5)
        and one.field in (None, "category", "own_name")
        and evidence.fit("type", one.found) >= 0.65
        and one.found.share("texts") > 0.8
        and not one.bases.get("remarks")
        and one.found.share("people") < 0.5
        and not one.found.share("sure_schools")
    ]
    if not could:
        return False
    best = max(could, key=lambda one: (one.scores.get("type", 0), -one.index))
    questions.about_column(
        each.table.sheet.name,
        best.header,
        "No column is known to be what kind of thing each row is. Is it this one?",
        "type",
        best.found.samples,
        tuple((name, CHOICES[name]) for name in ("type", "")),
    )
    return True


def _settle_dates(each: _Laid, wanted: Map, questions: Questions) -> None:
    """Settle how the dates of a table are written, and ask where that decides a due date."""
    orders = {
        one.found.dates.order for one in each.guesses if one.found.dates.order in ("day", "month")
    }
    for one in each.guesses:
        dates = one.found.dates
        if one.field not in RISKY or one.field == "on_loan_to" or not dates.ambiguous:
            continue
        if dates.order == "unclear" and "month" in orders:
            other = "Another column of this table writes the month first."
        elif dates.order == "mixed":
            other = (
                "The column has days that can only be day first, and days that can only be "
                "month first."
            )
        else:
            continue
        answer = wanted.value(one.header, dates.examples[0]) if dates.examples else None
        if answer in ("day", "month"):
            one.found.dates = Dates(answer)  # type: ignore[arg-type]  # one of these two
            continue
        questions.about_value(
            each.table.sheet.name,
            one.header,
            each.table.header_row,
            dates.examples[0] if dates.examples else "",
            "order",
            f"{other} How are the dates of this column written?",
            "month" if dates.order == "unclear" else None,
            (("day", "day first"), ("month", "month first")),
        )


def _not_taken(laid: list[_Laid], problems: list[Problem]) -> tuple[NotTaken, ...]:
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


def _is_plain_list(each: _Laid) -> bool:
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
        missing=entry.standing == "missing",
        in_repair=entry.standing == "in_repair",
        **values,
    )


def _nothing_to_read(
    path: Path, sheets: tuple[Sheet, ...], wanted: Map, reasons: list[str]
) -> BadInput:
    """The refusal of a file of which no sheet is a register."""
    if _CONTENTS in reasons:
        return BadInput(
            "contents_list",
            f"{path.name} lists the components of kits, not the kits that a college holds.",
            "For a contents list the command is: kitloan types import FILE.",
            file=str(path),
        )
    seen = [header for sheet in sheets for header in _likeliest_headers(sheet)]
    if wanted.header_row is not None:
        return bad_map(
            f"The map's header_row is {wanted.header_row}, and that row of {path.name} has no "
            "header that means a type or an asset number.",
            f"The likeliest headers are: {_listed(seen)}.",
        )
    return BadInput(
        "not_a_register",
        f"No line of {path.name} was recognised as the headers of a register. "
        f"The likeliest is: {_listed(seen)}.",
        "Write which column is which in a map file, and give it with --map. It looks like this:\n"
        "  [columns]\n"
        f'  "{plain(seen[0])[:40] if seen else "Your header"}" = "type"\n'
        f"The fields are: {', '.join(READERS)}.",
        headers=[plain(header)[:80] for header in seen[:50]],
    )


def _likeliest_headers(sheet: Sheet) -> list[str]:
    """What the fullest of the first lines holds."""
    line = max(
        sheet.lines[:HEADER_DEPTH], key=lambda line: sum(not is_blank(v) for v in line.values)
    )
    headers = header_texts(sheet, sheet.lines.index(line))
    return [header for i, header in enumerate(headers) if not is_blank(line.value(i))]


def _listed(headers: list[str]) -> str:
    shown = ", ".join(repr(plain(header)[:40]) for header in headers[:20])
    return f"{shown}, ..." if len(headers) > 20 else shown
