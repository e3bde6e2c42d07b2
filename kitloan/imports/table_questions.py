"""Questions about a whole table: columns of counts, the kind of thing, dates, spellings."""

from collections import defaultdict
from collections.abc import Sequence

from kitloan.imports import evidence
from kitloan.imports.candidates import Candidate
from kitloan.imports.columns import CHOICES, RISKY
from kitloan.imports.entries import PLANNED
from kitloan.imports.headings import is_harmless, stems
from kitloan.imports.mapfile import Map
from kitloan.imports.questions import Questions
from kitloan.imports.rows import UNNAMED, Row, values_of
from kitloan.imports.values import Dates, means_nothing

_COUNTED = ("quantity_at", "quantity_with")


def ask_about_counts(each: Candidate, questions: Questions) -> None:
    """Ask about a table whose columns are places or schools, with how many are at each."""
    fields = {one.field for one in each.guesses}
    if "type" not in fields or each.table.made_by:
        return
    counts = [
        one
        for one in each.guesses
        if one.field is None
        and not one.mapped
        and one.found.filled
        and one.found.share("small") > 0.9
        and not one.bases
        and len(one.header) < 60
    ]
    given = [one for one in each.guesses if one.mapped and one.field in _COUNTED]
    if len(counts) + len(given) < 2:
        return
    for one in each.guesses:  # the place of the numbers that are at the college itself
        place = one.field in ("location", "home_college") and not one.mapped
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


def ask_about_plan(each: Candidate, questions: Questions) -> None:
    """Ask once about columns of days, weeks or months: do they show who has each thing?"""
    plan = [one for one in each.guesses if one.index in each.spans]
    if not plan or plan[0].mapped:
        return
    now = next((one for one in plan if one.index == each.now), None)
    numbered = (
        now is not None
        and now.header.casefold().startswith(("w", "wk"))
        and (now.header.split()[-1].isdecimal())
    )  # the weeks of the year, or of a term: only a person knows
    why = (
        f"These columns are days, weeks or months, and {now.header!r} has today in it. Does each "
        "name who has the thing then?"
        if now
        else "These columns are days, weeks or months, and none has today in it. Nothing is on "
        "loan by them now. Are they a plan of loans?"
    )
    questions.about_column(
        each.table.sheet.name,
        plan[0].header,
        why,
        (None if numbered else PLANNED) if now else "",
        [sample for one in plan for sample in one.found.samples],
        ((PLANNED, CHOICES[PLANNED]), ("", "none of these: keep them as notes")),
    )
    for one in plan:
        one.mapped = True  # one question is about them all


def ask_about_days(each: Candidate, questions: Questions) -> None:
    """Ask about days under an unknown heading that only things with a borrower have."""
    borrower = next((one for one in each.guesses if one.field == "on_loan_to"), None)
    unknown = [
        one
        for one in each.guesses
        if one.field is None
        and not (one.mapped or one.bases or is_harmless(one.header))
        and one.found.share("days") >= 0.8
    ]
    if borrower is None or each.table.made_by or not unknown:
        return
    sheet, lines = each.table.sheet, each.table.lines
    lent = [line for line in lines if not means_nothing(sheet.value(line, borrower.index))]
    if not lent or len(lent) == len(lines):
        return  # where everything has a borrower, days beside them show nothing
    taken = {one.field for one in each.guesses if one.found.filled}
    for one in unknown:
        filled = [line for line in lines if not means_nothing(sheet.value(line, one.index))]
        beside = sum(not means_nothing(sheet.value(line, borrower.index)) for line in filled)
        if not filled or beside < len(filled):
            continue
        if one.found.future * 2 > one.found.filled:
            proposed = "due_on" if "due_on" not in taken else None
        elif len(filled) == len(lent) and "out_on" not in taken:
            proposed = "out_on" if not one.found.future else None
        else:
            proposed = None
        names = ("due_on", "out_on", "returned_on", "")
        questions.about_column(
            sheet.name,
            one.header,
            "The heading is not known, and only things with a borrower have a day here. Which day "
            "is it?",
            proposed,
            one.found.samples,
            tuple((name, CHOICES[name]) for name in names),
        )


def ask_about_flags(each: Candidate, questions: Questions) -> None:
    """Ask about yes and no under an unknown heading that only things with a borrower have."""
    borrower = next((one for one in each.guesses if one.field == "on_loan_to"), None)
    taken = {one.field for one in each.guesses if one.found.filled}
    if borrower is None or each.table.made_by or taken & {"status", "returned_on"}:
        return
    sheet, lines = each.table.sheet, each.table.lines
    for one in each.guesses:
        if one.field or one.mapped or one.bases or is_harmless(one.header):
            continue
        if one.found.share("yes_no") < 0.9 or _SURELY_OUT.intersection(stems(one.header)):
            continue
        filled = [line for line in lines if not means_nothing(sheet.value(line, one.index))]
        if not filled or any(means_nothing(sheet.value(n, borrower.index)) for n in filled):
            continue
        questions.about_column(
            sheet.name,
            one.header,
            "The heading is not known, and only things with a borrower have a yes or no here. What "
            "does yes mean?",
            None,
            one.found.samples,
            (
                ("returned_on", "it is back"),
                ("status", "something else about the loan: ask what"),
                ("", "nothing about the loan: keep it as a note"),
            ),
        )


_SURELY_OUT = frozenset(stems("overdue late reminded chased"))


def ask_for_kind(each: Candidate, questions: Questions) -> bool:
    """Ask which column says what a thing is, where none does and one could; whether it was
    asked.
    """
    if each.kind == "loans" or each.layout.place("type") or each.layout.type_from:
        return False
    could = [
        one
        for one in each.guesses
        if not one.mapped
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


def settle_date_order(each: Candidate, wanted: Map, questions: Questions) -> None:
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


def ask_about_spellings(
    rows: Sequence[Row],
    candidates: list[Candidate],
    wanted: Map,
    questions: Questions,
    known: tuple[str, ...],
) -> None:
    """Ask about borrowers that are spelt nearly like another, or look like one."""
    import difflib

    from kitloan.imports.spellings import look_alikes, near_names

    names: dict[str, list[tuple[str, int]]] = defaultdict(list)
    of_rows = values_of(rows, "sheet", "number", "on_loan_to", "more_loans")
    for sheet, number, borrower, more in of_rows:
        for name in (borrower, *(each.organisation for each in more)):
            if name and name != UNNAMED:
                names[name].append((sheet, number))
    headers = {
        each.table.sheet.name: place[1].header
        for each in candidates
        if (place := each.layout.place("on_loan_to"))
    }

    def ask_about(name: str, other: str, topic: str, why: str, *more: tuple[str, str]) -> None:
        for sheet, number in names[name]:
            header = headers.get(sheet, "")
            if topic == "near" and wanted.value(header, name) is not None:
                continue
            choices = ((other, f"yes: {other}"), *more)
            questions.about_value(sheet, header, number, name, topic, why, other, choices)

    alike = dict(look_alikes(names, known))
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
