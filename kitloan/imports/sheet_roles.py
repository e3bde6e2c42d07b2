"""What each table of a file is: things, loans of another table's things, a copy, a plan, a list."""

import re
from collections import Counter

from kitloan.imports.candidates import Candidate, filled_fields
from kitloan.imports.headings import squeeze, stems
from kitloan.imports.logs import SHEET_CHOICES
from kitloan.imports.mapfile import Map
from kitloan.imports.questions import Questions
from kitloan.imports.sheets import Unreadable, Value
from kitloan.imports.tables import Table
from kitloan.imports.values import READERS, month_of, shown
from kitloan.text.names import fold

_PARTS = {"component", "components", "componentname", "part", "parts", "contents", "partname"}
_KITS = {"kittype", "kit", "kitname", "nameofkit", "typeofkit", "set", "box"}
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
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|(?<!\d)\d\d[-/]\d\d(?!\d)")


def sort_out(
    laid: list[Candidate], wanted: Map, questions: Questions
) -> tuple[list[Candidate], list[Candidate]]:
    """Distinguish registers from lists of their loans, copies, plans and lists of what is gone."""
    left_out: list[Candidate] = []
    order: dict[str, int] = {}
    for each in laid:
        order.setdefault(each.table.sheet.name, len(order))
    for each in laid:
        answer = wanted.sheets.get(fold(each.table.sheet.name))
        if answer in ("loans", "holdings", "loan_log", "on_loan"):
            each.kind = "loans" if answer == "loans" else "holdings"
            each.why = f"is read as {answer.replace('_', ' ')}, by the map"
    several = len({each.table.sheet.name for each in laid}) > 1
    if several:
        left_out += _earlier_years(laid, wanted, questions)
        main = [
            each
            for each in laid
            if not _is_plan(each) and not lists_only_loans(each) and each not in left_out
        ]
        for each in laid:
            if fold(each.table.sheet.name) in wanted.sheets or each in left_out:
                continue
            others = [o for o in main if o is not each]
            if not others:
                continue
            _one_of_several(each, others, left_out, order, questions)
    elif any(
        _GONE.search(each.table.sheet.name) for each in laid if not each.table.sheet.delimited
    ):
        for each in laid:
            _ask_whether_gone(each, wanted, questions)
    for each in laid:
        beside = [one for one in laid if one.table.sheet is each.table.sheet and one is not each]
        things = any("type" in filled_fields(one) for one in beside)
        if things and not each.table.alone and lists_only_loans(each):
            each.kind, each.why = "loans", "lists loans of things that the table beside it has"
    gone = {id(each) for each in left_out}
    return [each for each in laid if id(each) not in gone], left_out


def _one_of_several(
    each: Candidate,
    others: list[Candidate],
    left_out: list[Candidate],
    order: dict[str, int],
    questions: Questions,
) -> None:
    name = each.table.sheet.name
    present = [o for o in others if o not in left_out]
    if _TO_COME.search(name):
        each.why = "is about what is to come, not what is held or on loan, and was not read"
        left_out.append(each)
        return
    lends = {"on_loan_to", "due_on", "returned_on", "borrower_person", "out_on"} & filled_fields(
        each
    )
    known = max(
        (len(each.numbers & o.numbers) / max(1, len(each.numbers)) for o in present),
        default=0.0,
    )
    if (
        lends
        and each.numbers
        and known >= 0.5
        and (
            "type" not in filled_fields(each)
            or known >= 0.8
            or _LOANS.search(name)
            or _LOGS.search(name)
        )
    ) and (
        "on_loan_to" in filled_fields(each)
        or "borrower_person" in filled_fields(each)
        or "type" not in filled_fields(each)
    ):
        each.kind, each.why = "loans", "lists loans of things that another sheet has"
        return
    types = {signature[0] for signature in each.signatures}
    theirs = {signature[0] for o in present for signature in o.signatures}
    by_name = bool(types) and len(types & theirs) >= 0.8 * len(types) and not each.numbers
    if by_name and "on_loan_to" in filled_fields(each) and _LOANS.search(name):
        each.kind, each.why = "loans", "lists loans of things that another sheet has, by name"
        return
    if lists_only_loans(each) and present:
        each.kind, each.why = "loans", "lists loans of things that another sheet has"
        return
    if _is_plan(each) and any("type" in filled_fields(o) for o in present):
        each.why = "is a plan or a list, not what is held, and was not read"
        left_out.append(each)
        return
    if _GONE.search(name) and not _LOANS.search(name):
        _ask_whether_gone(each, Map(), questions)
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
            if _is_copy(each, o)
            and (order[o.table.sheet.name] < order[name] or _size(o) > _size(each))
        ),
        None,
    )
    if copy is not None:
        each.why = f"lists the same things as the sheet {copy.table.sheet.name!r}, and was not read"
        left_out.append(each)
        return
    if any(_is_summary(each, o) for o in present):
        each.why = "adds up what another sheet lists, and was not read"
        left_out.append(each)
        return
    if _is_lookup(each, present):
        each.why = "is a list of names for another sheet, not what is held, and was not read"
        left_out.append(each)


def is_contents_list(table: Table) -> bool:
    squeezed = {squeeze(header) for header in table.headers.values()}
    numbered = any(
        word in squeezed for word in ("assetno", "assetnumber", "kitno", "kitnumber", "assettag")
    )
    if numbered or table.made_by:
        return False
    return bool(squeezed & {"component", "components", "componentname"}) or bool(
        squeezed & _PARTS - {"partname"} and squeezed & _KITS
    )


def _is_plan(each: Candidate) -> bool:
    words = {word for header in each.table.headers.values() for word in stems(header)}
    return bool(_PLAN.search(each.table.sheet.name) or words & _PLAN_HEADINGS) and not each.numbers


def lists_only_loans(each: Candidate) -> bool:
    """Whether a table names borrowers of numbered things, and does not show what they are."""
    fields = filled_fields(each)
    return (
        "type" not in fields
        and bool(fields & {"asset_number", "tag"})
        and bool(fields & {"on_loan_to", "borrower_person", "due_on"})
    )


def _ask_whether_gone(each: Candidate, wanted: Map, questions: Questions) -> None:
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


def _when(name: str) -> tuple[str, int] | tuple[()]:
    """The year in a sheet's name, and its month; empty where it has no year."""
    years = _YEAR.findall(name)
    months = (month_of(word) for word in re.findall(r"[A-Za-z]{3,}", name))
    return (years[-1], next(filter(None, months), 0)) if years else ()


def _earlier_years(laid: list[Candidate], wanted: Map, questions: Questions) -> list[Candidate]:
    """Sheets that name borrowers of the same numbered things, under the same headings: copies of
    other years. Of each but the latest a person decides whether it is to be left out.
    """
    aside: list[Candidate] = []
    lending = {"on_loan_to", "borrower_person"}
    for each in laid:
        name = each.table.sheet.name
        headings = {fold(header) for header in each.table.headers.values()}
        alike = [
            other
            for other in laid
            if len(each.numbers & other.numbers) * 2
            > max(1, min(len(each.numbers), len(other.numbers)))
            and {fold(header) for header in other.table.headers.values()} == headings
            and {"type"} <= filled_fields(other)
            and lending & filled_fields(other)
            and wanted.sheets.get(fold(other.table.sheet.name)) != ""
        ]
        if len(alike) < 2 or each not in alike:
            continue
        whens = [_when(other.table.sheet.name) for other in alike]
        dated = all(whens) and len(set(whens)) == len(alike)
        latest = max(alike, key=lambda other: _when(other.table.sheet.name)) if dated else None
        if each is latest or fold(name) in wanted.sheets:
            continue
        others = ", ".join(repr(o.table.sheet.name) for o in alike if o is not each)
        questions.about_sheet(
            name,
            f"This sheet and {others} say who has the same things. Is this one out of date?",
            "" if dated else None,
            (),
            (("", "yes: leave it out"), ("holdings", "no: it is the one that counts")),
        )
        each.why = "says who has what another sheet has too, and waits for an answer"
        aside.append(each)
    return aside


def _size(each: Candidate) -> int:
    return sum(each.signatures.values())


def _is_copy(each: Candidate, other: Candidate) -> bool:
    """Whether a table lists what another one has: by numbers, else by what identifies a row."""
    if each.numbers and len(each.numbers) > 1:
        return len(each.numbers & other.numbers) >= 0.8 * len(each.numbers)
    mine = sum(each.signatures.values())
    if mine < 2 or mine > sum(other.signatures.values()):
        return False
    same = sum((each.signatures & other.signatures).values())
    return same >= 0.9 * mine


def _is_summary(each: Candidate, other: Candidate) -> bool:
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
    """The quantity in a cell; None for none."""
    if value is None or isinstance(value, Unreadable):
        return None
    found = READERS["quantity"](value)
    return found if isinstance(found, int) else None


def _is_lookup(each: Candidate, others: list[Candidate]) -> bool:
    fields = filled_fields(each) - {"type", "category"}
    if fields or len(each.table.lines) < 2:
        return False
    types = {signature[0] for signature in each.signatures}
    theirs = {signature[0] for other in others for signature in other.signatures}
    return bool(types) and len(types & theirs) >= 0.8 * len(types)
