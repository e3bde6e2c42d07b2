"""Which column is which: heading and contents weighed together, with the evidence kept.

A guess that could change who has what, and is not certain, becomes a question; one that is certain
is taken; any other is taken when it is the best, or the column is kept as a note.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date
from itertools import pairwise

from kitloan.imports import evidence
from kitloan.imports.evidence import Profile, fit, profile
from kitloan.imports.headings import FIELDS, is_harmless, meanings, plain_header, stems
from kitloan.imports.questions import Questions
from kitloan.imports.sheets import Line, Sheet, Value, is_blank
from kitloan.imports.values import as_text
from kitloan.text import tags
from kitloan.text.names import fold

RISKY = (
    *("on_loan_to", "borrower_person", "due_on", "out_on", "returned_on", "status"),
    "quantity_out",
)
"""Fields for who has what."""

SEVERAL = {"location": ", ", "contact": " ", "borrower_person": " ", "contact_phone": ", "}
"""Fields that several columns may share, and how their values are joined."""

NOTES = frozenset({"own_name", "category", "total_value", "remarks", "supplier", "borrower_kind"})
"""Meanings that take a column out of the running, and keep it as a note."""

LEAST = 0.5
"""A guess below this is none."""

_CERTAIN_HEADING = 0.84
_LOAN_HEADING_WORDS = """
lend borrow school organisation until due return back out issue checkout hire signed booked
custodian holder user
"""
_LOAN_HEADING = frozenset(_LOAN_HEADING_WORDS.split())
_ROOM_ORDER = (
    *("college", "campus", "site", "building", "block", "floor", "department", "room", "lab"),
    *("store", "bench", "cupboard", "cabinet", "rack", "shelf", "drawer", "box", "bin"),
)

CHOICES = {
    "on_loan_to": "who has it: a school or a partner",
    "borrower_person": "a person who has it; kitloan keeps the person apart from the school",
    "due_on": "the day it is due back",
    "out_on": "the day it went out",
    "returned_on": "the day it came back: such a loan is not open",
    "status": "how it is: in, on loan, missing, withdrawn, in repair",
    "quantity_out": "how many are on loan",
    "quantity_in": "how many are here: the others are with the borrower",
    "type": "what kind of thing it is",
    "location": "where it is kept",
    "quantity_at": "how many are at the place that heads the column",
    "quantity_with": "how many the school that heads the column has on loan",
    "on_loan_then": "who has it in the days that head the column",
    "category": "a category, kept as a note",
    "": "none of these: keep it as a note",
}
"""What a person can answer about a column, in words."""


@dataclass(slots=True)
class Guess:
    """One column, and what it was taken for.

    Attributes:
        index: its position; `header` as written, unlike the table's others.
        field: None keeps it as a note.
        score: from 0 to about 1.2, heading and contents together.
        mapped: a map or a known format gives its field.
        evidence: why, in words.
    """

    index: int
    header: str
    found: Profile
    field: str | None = None
    score: float = 0.0
    base: float = 0.0
    mapped: bool = False
    again: bool = False
    evidence: tuple[str, ...] = ()
    scores: dict[str, float] = made(default_factory=dict)
    bases: dict[str, float] = made(default_factory=dict)


def guess(
    sheet: Sheet,
    headers: Mapping[int, str],
    lines: Sequence[Line],
    mapped: Mapping[str, str],
    today: date,
    known: frozenset[str] = frozenset(),
) -> list[Guess]:
    """What each column of a table is.

    Args:
        sheet: the table's sheet.
        headers: by position, the columns and their headings.
        lines: the lines beneath the heading.
        mapped: by folded header, the field that a map or a known format gives it; empty for a note.
        today: so that days to come are distinguished from days past.
        known: keys of organisations that the college has lent to.
    """
    cells: dict[int, list[Value]] = {index: [] for index in headers}
    for line in lines:  # once, because each time that a long list is gone through takes long
        for index, found in cells.items():
            found.append(_cell(sheet, line, index))
    guesses = [
        Guess(index, header, profile(cells.pop(index), today, known))
        for index, header in headers.items()
    ]
    for each in guesses:
        key = fold(each.header)
        if key in mapped:
            each.field, each.mapped, each.score, each.base = mapped[key] or None, True, 2.0, 1.0
            each.evidence = ("from the map",)
            each.scores = {}
            continue
        each.bases = dict(meanings(_unnumbered(each.header)))
        if _counts_things(each, sheet, lines):
            each.bases["asset_number"] = min(0.5, each.bases.get("asset_number", 0))
        if fold(each.header) == "asset" and each.found.filled and not each.found.share("codes"):
            each.bases = {"type": 0.95}  # the name of the asset, and no number of it
    numbered = any(each.bases.get("asset_number", 0) >= 0.9 for each in guesses)
    _who_handed_out(guesses)
    for each in guesses:
        if not numbered and not each.mapped:
            _separate_tags_from_numbers(each, sheet, lines)
        each.scores = {name: base * fit(name, each.found) for name, base in each.bases.items()}
    _assign(guesses)
    _settle_values(guesses, sheet, lines)
    _settle_counts(guesses, sheet, lines)
    return guesses


def _who_handed_out(guesses: list[Guess]) -> None:
    """People under "Lent by", beside those who borrow, are staff: no borrower and no donor."""
    staff = [
        each
        for each in guesses
        if (words := set(stems(each.header))) & _HANDED_OUT
        and "by" in words
        and each.found.share("people") > 0.5
    ]
    if any(each.bases.get("on_loan_to", 0) >= 0.6 for each in guesses if each not in staff):
        for each in staff:
            each.bases = {"remarks": 0.9}


_HANDED_OUT = frozenset(stems("lent issued given booked"))


def _unnumbered(header: str) -> str:
    """A heading without the number that `header_texts` gave it when it came again."""
    if header.endswith(")") and header[:-1].rpartition(" (")[2].isdecimal():
        header = header.rpartition(" (")[0]
    found = _NTH_LOAN.match(header)
    return f"{found[1]}{header[found.end() :]}" if found else header


_NTH_LOAN = re.compile(
    r"(loan|borrower|school|due|back|returned|out|lent to|date out|date due|due back) ?#?[1-9]"
    r"(?=\W|$)",
    re.IGNORECASE,
)
"""Headings of one loan beside another: "Loan 1 school", "Loan 2 school", "Borrower 2"."""


def _cell(sheet: Sheet, line: Line, index: int) -> Value:
    return sheet.value(line, index)


def _separate_tags_from_numbers(each: Guess, sheet: Sheet, lines: Sequence[Line]) -> None:
    """A column called "Tag" holds kitloan's tags or the college's own numbers: its look shows
    which.
    """
    texts = [as_text(v) for line in lines if not is_blank(v := _cell(sheet, line, each.index))]
    if not texts or each.bases.get("tag", 0) < 0.8:
        return
    if not any(tags.is_tag(tags.bare(text)) or text.upper().startswith("KL") for text in texts):
        each.bases["asset_number"] = max(each.bases.get("asset_number", 0), each.bases.pop("tag"))


def _counts_things(each: Guess, sheet: Sheet, lines: Sequence[Line]) -> bool:
    """Whether a column called "Number" holds how many there are: small numbers in no order."""
    if not {"asset_number", "quantity"} <= each.bases.keys() or each.found.share("small") < 1:
        return False
    texts = [as_text(v) for line in lines if not is_blank(v := _cell(sheet, line, each.index))]
    numbers = [int(float(text)) for text in texts[:200]]
    padded = any(text.startswith("0") and len(text) > 1 for text in texts[:200])
    in_order = all(one < other for one, other in pairwise(numbers))
    return len(numbers) > 1 and not padded and not in_order and max(numbers) <= 500


def _assign(guesses: list[Guess]) -> None:
    """Give each field to the column that suits it best; one column has one field."""
    taken = {each.field for each in guesses if each.mapped and each.field}
    candidates = sorted(
        (
            (score, -each.index, name, each)
            for each in guesses
            if not each.mapped
            for name, score in each.scores.items()
            if score >= LEAST
        ),
        key=lambda found: (-found[0], -found[1], found[2]),
    )
    done: set[int] = {each.index for each in guesses if each.mapped}
    empty = [
        found
        for found in candidates
        if not found[3].found.filled and found[0] == max(found[3].scores.values())
    ]
    for score, _, name, each in [c for c in candidates if c[3].found.filled] + empty:
        if each.index in done:
            continue
        if name in taken and name not in SEVERAL and name not in NOTES:
            continue
        if name in SEVERAL and name in taken and score < 0.6:
            continue
        if name in NOTES:
            done.add(each.index)
            each.score, each.base = score, each.bases[name]
            each.evidence = (f"the heading reads as {name.replace('_', ' ')}",)
            continue
        each.field, each.score, each.base = name, score, each.bases[name]
        each.evidence = (_heading_words(each, name), *evidence.words(each.found, name))
        done.add(each.index)
        taken.add(name)
    _back_beside_out(guesses)
    _person_beside_school(guesses)
    _category_beside_name(guesses)
    _repeat(guesses)
    for each in guesses:
        if not each.evidence:
            each.evidence = ("the heading is not known", *evidence.words(each.found))


def _back_beside_out(guesses: list[Guess]) -> None:
    """A "Date in" beside the days on which things go out is the day on which they came back."""
    out = any(g.field == "out_on" and g.found.filled for g in guesses)
    if not out or any(g.field == "returned_on" for g in guesses):
        return
    for each in guesses:
        if each.field == "received_on" and not each.mapped and "returned_on" in each.bases:
            each.field, each.base = "returned_on", each.bases["returned_on"]
            each.score = each.scores.get("returned_on", each.score)
            each.evidence = ("it is beside the days on which things went out",)
            return


def _person_beside_school(guesses: list[Guess]) -> None:
    """A borrower who is a person, beside a column of schools: the school has it, by that person."""
    person = next(
        (
            g
            for g in guesses
            if g.field == "on_loan_to"
            and not g.mapped
            and g.found.share("doubtful_people") >= 0.5
            and not g.found.share("schools")
        ),
        None,
    )
    school = next(
        (
            g
            for g in guesses
            if g.field is None
            and not g.mapped
            and g.bases.get("on_loan_to", 0) >= 0.6
            and g.found.share("schools") + g.found.share("known") >= 0.5
        ),
        None,
    )
    if person is None or school is None or any(g.field == "contact" for g in guesses):
        return
    person.field, school.field = "borrower_person", "on_loan_to"
    school.base, school.score = 1.0, 1.0
    person.base = 1.0
    person.evidence = (f"it names people, beside the schools of {school.header}",)
    school.evidence = (f"it names the schools of the people of {person.header}",)
    school.scores, person.scores = {}, {}


def _category_beside_name(guesses: list[Guess]) -> None:
    """Of "Asset type" and "Asset", the one that repeats a few words is the category."""
    kind = next((g for g in guesses if g.field == "type" and not g.mapped), None)
    if kind is None or not kind.found.filled:
        return
    words = set(stems(kind.header))
    if not words & _OF_A_CATEGORY or words & {"kit", "name"}:
        return
    rest = words - _OF_A_CATEGORY
    for each in guesses:
        other = each.found
        if (
            each.mapped
            or each.field not in (None, "asset_number")
            or set(stems(each.header)) != rest
        ):
            continue
        texts = other.share("texts") > 0.8 and other.share("codes") < 0.5
        if texts and other.distinct > kind.found.distinct and other.filled >= kind.found.filled:
            kind.field, each.field = None, "type"
            kind.evidence = (f"it has few words, and {each.header} has more",)
            each.evidence = (f"{kind.header} is what they are by category",)
            each.base = each.score = 1.0
            each.scores = {}
            return


_OF_A_CATEGORY = frozenset({"type", "class", "kind", "category", "group"})


def _repeat(guesses: list[Guess]) -> None:
    """Columns that come again ("School", "School (2)") mean the same: a second loan beside the
    first.
    """
    for each in guesses:
        name = _unnumbered(each.header)
        group = [g for g in guesses if _unnumbered(g.header) == name]
        fields = {g.field for g in group if g.field in RISKY}
        if len(group) < 2 or len(fields) != 1 or each.mapped or each.field:
            continue  # an empty one counts: the day of return of a loan that is open
        (each.field,) = fields
        each.again = True
        each.base = each.bases.get(str(each.field), 0.0)
        each.evidence = ("the heading comes again", *evidence.words(each.found))


def _heading_words(each: Guess, name: str) -> str:
    sure = "is" if each.bases[name] >= _CERTAIN_HEADING else "may be"
    return f"the heading {sure} that of {name.replace('_', ' ')}"


def _settle_values(guesses: list[Guess], sheet: Sheet, lines: Sequence[Line]) -> None:
    """Where one column of money is the other times the quantity, the value is that of one."""
    quantity = next((each for each in guesses if each.field == "quantity"), None)
    money = [
        each
        for each in guesses
        if not each.mapped
        and (each.field == "value" or "value" in each.scores or "total_value" in each.scores)
    ]
    if quantity is None or len(money) < 2:
        return
    for one in money:
        for other in money:
            if one is other or not _is_product(sheet, lines, one, other, quantity):
                continue
            for each in money:
                if each.field == "value":
                    each.field = None
            one.field, one.score = "value", 1.0
            one.evidence = (f"{other.header} is this times {quantity.header}",)
            other.evidence = (f"it is {one.header} times {quantity.header}: a total",)
            return


def _settle_counts(guesses: list[Guess], sheet: Sheet, lines: Sequence[Line]) -> None:
    """Of how many there are and how many of them are here, the rest is with the borrower."""
    fields = {each.field for each in guesses}
    if "on_loan_to" not in fields or "quantity_out" in fields:
        return
    counts = [
        each
        for each in guesses
        if not each.mapped
        and each.field in (None, "quantity", "status", "location")
        and ("quantity" in each.bases or set(stems(each.header)) >= _IN_STORE)
        and each.found.share("integers") > 0.9
    ]
    for here in counts:
        if not _HERE.intersection(stems(here.header)):
            continue
        for whole in counts:
            if whole is here or not _is_part(sheet, lines, here, whole):
                continue
            here.field, whole.field = "quantity_in", "quantity"
            here.evidence = (f"it is never more than {whole.header}, and sometimes less",)
            whole.score = whole.base = 1.0
            return


_IN_STORE = frozenset(stems("in store"))
_HERE = frozenset(stems("available stock store left here remaining unused"))


def _is_part(sheet: Sheet, lines: Sequence[Line], here: Guess, whole: Guess) -> bool:
    pairs = [
        (int(float(part)), int(float(all_of_it)))
        for line in lines
        if (part := as_text(_cell(sheet, line, here.index)))
        and (all_of_it := as_text(_cell(sheet, line, whole.index)))
        and part.isdecimal()
        and all_of_it.isdecimal()
    ]
    return all(one <= all_ for one, all_ in pairs) and any(one < all_ > 1 for one, all_ in pairs)


def _is_product(
    sheet: Sheet, lines: Sequence[Line], one: Guess, total: Guess, quantity: Guess
) -> bool:
    from kitloan.imports.values import Fault, pence
    from kitloan.imports.values import quantity as read_quantity

    same = several = 0
    for line in lines[:500]:
        cells = [_cell(sheet, line, each.index) for each in (one, total, quantity)]
        if any(is_blank(cell) for cell in cells):
            continue
        each, whole, many = pence(cells[0]), pence(cells[1]), read_quantity(cells[2])  # type: ignore[arg-type]
        if isinstance(each, Fault) or isinstance(whole, Fault) or isinstance(many, Fault):
            continue
        if many > 1 and each > 0:
            several += 1
            same += abs(each * many - whole) <= many
    return several > 0 and same == several


def order_of_place(header: str) -> int:
    """Where a heading stands between the whole college and a single drawer, broadest first."""
    words = stems(header)
    return next(
        (rank for rank, word in enumerate(_ROOM_ORDER) if word in words), len(_ROOM_ORDER) // 2
    )


def ask(guesses: list[Guess], sheet: str, questions: Questions, beside: frozenset[str]) -> None:
    """Ask about every column that may record who has what, and is not certain.

    Args:
        guesses: the columns of one table.
        sheet: its sheet's name.
        questions: added to.
        beside: headings of the tables on its left: one question is about them all.
    """
    loan_context = any(
        each.field in ("due_on", "out_on", "returned_on", "quantity_out") and each.found.filled
        for each in guesses
    )
    borrower = any(each.field == "on_loan_to" and each.found.filled for each in guesses)
    for each in guesses:
        if each.mapped or not each.found.filled or plain_header(each.header) in beside:
            continue
        if each.field in RISKY:
            _ask_if_unsure(each, guesses, sheet, questions, loan_context, borrower)
        elif each.field is None or each.field in (
            "location",
            "contact",
            "condition",
            "home_college",
        ):
            _ask_if_suspicious(each, guesses, sheet, questions, loan_context, borrower)


def _ask_if_unsure(
    each: Guess,
    guesses: list[Guess],
    sheet: str,
    questions: Questions,
    loan_context: bool,
    borrower: bool,
) -> None:
    name = str(each.field)
    if name == "out_on" and not borrower and each.base < _CERTAIN_HEADING:
        each.field = None  # a date in a table that lends nothing
        _ask_if_suspicious(each, guesses, sheet, questions, False, borrower)
        return
    group = [g for g in guesses if _unnumbered(g.header) == _unnumbered(each.header)]
    if any(g.again for g in group):
        _ask_about_repeated(each, group, guesses, sheet, questions)
        return
    if is_certain(each, guesses, loan_context=loan_context, borrower=borrower):
        return
    proposed = _proposal(each, name)
    seen = "; ".join(each.evidence)
    questions.about_column(
        sheet,
        each.header,
        f"Is this {CHOICES.get(proposed or name, name)}? {seen[:1].upper()}{seen[1:]}.",
        proposed,
        each.found.samples,
        _choices(each, proposed),
    )


def _ask_about_repeated(
    each: Guess, group: list[Guess], guesses: list[Guess], sheet: str, questions: Questions
) -> None:
    """Ask once about columns that come again: is the last that is filled the loan that is open?"""
    names = {g.field for g in guesses if g.again}
    first = next(name for name in ("on_loan_to", *RISKY) if name in names)
    if each.field != first or each is not group[-1]:
        return
    questions.about_column(
        sheet,
        each.header,
        f"{_unnumbered(each.header)!r} comes {len(group)} times. Is each a loan, of which the "
        "last that "
        "is filled is the one that is open?",
        first,
        each.found.samples,
        ((first, "yes: the last that is filled counts"), ("", "no: keep this one as a note")),
    )


def _proposal(each: Guess, name: str) -> str | None:
    if name == "on_loan_to" and each.found.share("faculties") > 0.4:
        return ""
    if name == "on_loan_to" and fit(name, each.found) < 0.5:
        return ""
    if _NOT_NOW.intersection(stems(each.header)):
        return ""  # who had it last, or will have it, need not have it now
    return name


def _choices(each: Guess, proposed: str | None) -> tuple[tuple[str, str], ...]:
    names = [proposed] if proposed is not None else []
    names += [name for name in each.bases if name in CHOICES and name not in names]
    names += [
        name for name in ("on_loan_to", "due_on", "status", "location", "") if name not in names
    ]
    return tuple((name, CHOICES[name]) for name in names if name in CHOICES)


def is_certain(each: Guess, guesses: list[Guess], *, loan_context: bool, borrower: bool) -> bool:
    """Whether it is beyond doubt that a column shows who has what."""
    name, base, suits = str(each.field), each.base, fit(str(each.field), each.found)
    dated = base >= 0.9 and name.endswith("_on") and each.found.share("yes_no") < 0.5
    if dated and not each.found.share("sure_schools"):
        suits = max(suits, 0.75)  # words in place of a date are named one by one
    if base >= 0.9 and name == "on_loan_to" and not _is_about_schools_only(each):
        suits = max(suits, 0.95)  # what is no borrower is named, one by one
    if suits < 0.7:
        return False
    rivals = [
        other
        for other in guesses
        if other is not each
        and not other.mapped
        and other.found.filled
        and other.field is None
        and other.scores.get(name, 0) >= 0.6
    ]
    if "last" in stems(each.header) and name in ("on_loan_to", "out_on", "returned_on"):
        return False
    if rivals and name in ("on_loan_to", "due_on", "returned_on"):
        return False
    if name == "on_loan_to":
        same = each.found.distinct == 1 and each.found.filled == each.found.rows > 1
        if same and not each.found.schools and not loan_context:
            return False  # the one who lends everything, perhaps
        if suits >= 1.15 and (base >= _CERTAIN_HEADING or (base >= 0.6 and loan_context)):
            return not _is_about_schools_only(each) or loan_context or _mostly_blank(each)
        if base >= _CERTAIN_HEADING and suits >= 0.95:
            return True
        return base >= 0.7 and loan_context and suits >= 0.95 and not each.found.share("long")
    if name == "borrower_person":
        return base >= _CERTAIN_HEADING
    if name == "due_on":
        past = each.found.days - each.found.future
        begun = any(other.field == "out_on" and other.found.filled for other in guesses)
        either = base < _CERTAIN_HEADING and ("returned_on" in each.bases or begun)
        flagged = any(other.field in ("status", "returned_on") for other in guesses)
        if past and each.found.future and either and not flagged:
            return False  # days past may be when it came back, days to come cannot
        if base >= _CERTAIN_HEADING:
            return suits >= 0.7
        returned = any(other.field == "returned_on" for other in guesses)
        return base >= 0.6 and (each.found.future > 0 or returned) and (borrower or base > 0.8)
    if name == "returned_on":
        due = any(other.field in ("due_on", "out_on") and other.found.filled for other in guesses)
        if base >= _CERTAIN_HEADING:
            return True
        return base >= 0.6 and (due or each.found.share("yes_no") > 0.5) and not each.found.future
    if name == "out_on":
        return base >= _CERTAIN_HEADING or (base >= 0.6 and borrower and not _is_bare_date(each))
    if name == "status":
        if each.found.share("days") > 0.2:
            return False
        found = each.found
        known = found.share("statuses") + found.share("yes_no") + found.share("loan_words")
        return known > 0 and (base >= 0.6)
    if name == "quantity_out":
        quantity = any(other.field == "quantity" for other in guesses)
        return base >= _CERTAIN_HEADING or (base >= 0.6 and quantity)
    return True


def _is_about_schools_only(each: Guess) -> bool:
    """Whether the heading names schools and nothing of lending: it may be whose kit it is."""
    words = stems(each.header)
    return bool(
        {"school", "organisation", "establishment", "academy"}.intersection(words)
    ) and not (
        {"lend", "borrow", "issue", "to", "with", "checkout", "has", "hire", "by"}.intersection(
            words
        )
    )


def _mostly_blank(each: Guess) -> bool:
    return each.found.filled <= each.found.rows * 0.6


def _is_bare_date(each: Guess) -> bool:
    return set(stems(each.header)) <= {"date", "in"}


def _ask_if_suspicious(
    each: Guess,
    guesses: list[Guess],
    sheet: str,
    questions: Questions,
    loan_context: bool,
    borrower: bool,
) -> None:
    """Ask about a column that was not taken for a loan's, and looks like one."""
    found = each.found
    if is_harmless(each.header):
        return
    if {"last", "return"} <= set(stems(each.header)):
        begun = any(g.field in ("out_on", "returned_on") and g.found.filled for g in guesses)
        begun = begun or any(g.field == "on_loan_to" and "last" in stems(g.header) for g in guesses)
        if borrower and not begun and found.share("days") > 0.5:
            questions.about_column(
                sheet,
                each.header,
                "This column says when things came back last, and no column says when they went "
                "out. Is what has a day here back?",
                None,
                found.samples,
                (("returned_on", "yes: it is back"), ("", CHOICES[""])),
            )
        return
    if each.field == "condition" and "return" in stems(each.header) and borrower:
        questions.about_column(
            sheet,
            each.header,
            "This column is how things came back, and some are filled. Is what has a value here "
            "back?",
            None,
            found.samples,
            (("returned_on", "yes: it is back"), ("", CHOICES[""])),
        )
        return
    if each.field is None and set(stems(each.header)) & _GONE_WORDS and found.share("days") > 0.3:
        questions.about_column(
            sheet,
            each.header,
            "This column has days, and its heading says that things are gone. Is what has a day "
            "here gone?",
            "status",
            found.samples,
            (("status", "yes: it is gone, or lost"), ("", CHOICES[""])),
        )
        return
    rival = next(
        (
            name
            for name in ("on_loan_to", "due_on", "returned_on", "status")
            if each.field is None and each.scores.get(name, 0) >= 0.6
        ),
        None,
    )
    if rival is not None:
        other = next((g for g in guesses if g.field == rival), None)
        if other is not None and other.found.filled:
            questions.about_column(
                sheet,
                each.header,
                f"Two columns could both be {CHOICES[rival]}: {other.header} was taken, "
                f"{each.header} was not. With both, the last one that is filled counts.",
                _second_loan(each, other, rival),
                found.samples,
                _choices(each, rival),
            )
            return
    words = set(stems(each.header))
    schools = found.share("sure_schools") + found.share("known")
    if each.bases.get("remarks", 0) >= 0.6 or found.share("long") > 0.3:
        return  # remarks about loans are asked about as they are read
    if schools >= 0.3 and each.field != "home_college":
        if each.field == "location" and schools < 0.9 and not _LOAN_HEADING.intersection(words):
            return  # single rows are asked about as they are read
        already = any(g.field == "on_loan_to" and g.found.filled for g in guesses)
        questions.about_column(
            sheet,
            each.header,
            f"This column was not taken, and {evidence.words(found)[0]}. Does it name who has it?",
            ""
            if already or words & _NOT_NOW
            else "on_loan_to"
            if loan_context or _LOAN_HEADING & words
            else None,
            found.samples,
            _choices(each, "on_loan_to"),
        )
        return
    dated = found.share("days") >= 0.5 and found.future >= max(1, found.filled // 4)
    if (
        each.field is None
        and dated
        and not any(g.field == "due_on" and g.found.filled for g in guesses)
    ):
        questions.about_column(
            sheet,
            each.header,
            f"This column was not taken, and {found.future:,} of its {found.filled:,} values "
            "are days "
            "to come. Is it when things are due back?",
            "due_on" if borrower or loan_context else "",
            found.samples,
            _choices(each, "due_on"),
        )
        return
    unknown_status = found.share("gone_or_out") > 0.2 and found.share("statuses") > 0.5
    if each.field in (None, "condition") and unknown_status:
        if any(g.field == "status" and g.found.filled for g in guesses):
            return
        questions.about_column(
            sheet,
            each.header,
            f"This column was not taken, and {found.statuses:,} of its {found.filled:,} values are "
            "words like 'on loan' or 'lost'. Is it how each thing is?",
            "status",
            found.samples,
            _choices(each, "status"),
        )
        return
    ticks = each.field is None and found.share("yes_no") > 0.6
    if ticks and words & _COMES_BACK and (borrower or loan_context):
        questions.about_column(
            sheet,
            each.header,
            "This column holds yes and no, and its heading speaks of coming back. Is yes that the "
            "thing is back?",
            "returned_on" if words & {"return", "back"} else None,
            found.samples,
            (("returned_on", "yes: it is back"), ("", CHOICES[""])),
        )
        return
    counted = each.field is None and found.share("quantities") > 0.6
    if counted and words & _AWAY and not any(g.field == "quantity_out" for g in guesses):
        questions.about_column(
            sheet,
            each.header,
            "This column holds small numbers, and its heading speaks of what is not here. Is it "
            "how many are on loan?",
            ""
            if words & _OFTEN
            else "quantity_out"
            if words & {"lend", "borrow", "issue", "away", "out"}
            else None,
            found.samples,
            (("quantity_out", CHOICES["quantity_out"]), ("", CHOICES[""])),
        )
        return
    if words & {"ref", "id", "code"} and found.distinct == found.filled and not found.share("days"):
        return  # the number of a loan, which nobody has on loan
    if each.field is None and _LOAN_HEADING.intersection(words) and _LOAN_SURE.intersection(words):
        questions.about_column(
            sheet,
            each.header,
            "The heading speaks of lending, and was not understood. "
            f"{'; '.join(evidence.words(found))}.",
            _best_risky(each),
            found.samples,
            _choices(each, _best_risky(each)),
        )


_NOT_NOW = frozenset(
    {"last", "history", "previous", "former", "past", "book", "booked", "reserve", "reserved"}
)
"""Words of headings that speak of another time than now."""

_GONE_WORDS = frozenset(
    [
        "disposed",
        "disposal",
        "scrapped",
        "withdrawn",
        "written",
        "sold",
        "retired",
        "lost",
        "stolen",
        "missing",
        "skipped",
    ]
)
_OFTEN = frozenset(["year", "years", "times", "ever", "month", "months", "total"])
_COMES_BACK = frozenset(
    {"return", "back", "in", "hand", "handed", "brought", "here", "collected", "received", "closed"}
)
_AWAY = frozenset({"away", "out", "lend", "borrow", "issue", "school", "gone", "elsewhere"})
_LOAN_SURE = frozenset({"lend", "borrow", "due", "checkout", "issue", "custodian", "return"})


def _best_risky(each: Guess) -> str | None:
    found = each.found
    if found.share("schools") + found.share("known") > 0.3:
        return "on_loan_to"
    if found.share("days") > 0.5:
        return "due_on" if found.future else None
    if found.share("statuses") + found.share("yes_no") > 0.6:
        return "status"
    if found.share("long") > 0.3 or found.distinct <= 1:
        return ""
    return None


def _second_loan(each: Guess, other: Guess, name: str) -> str | None:
    """What a second column of the same meaning is proposed to be: the same, when it comes again."""
    if name == "due_on" and {"extended", "new", "revised", "renewed"} & set(stems(each.header)):
        return name  # the last one that is filled counts
    again = _unnumbered(each.header) != each.header or _unnumbered(other.header) != other.header
    if again or name in ("on_loan_to", "due_on"):
        return name if each.index > other.index and again else None
    return None


def field_names() -> tuple[str, ...]:
    """Every field that a map can give a column."""
    return (*FIELDS, "quantity_in", "quantity_at", "quantity_with", "on_loan_then")
