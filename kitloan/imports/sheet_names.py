"""What the name of a sheet shows about its rows: a school that has them, or a place."""

from kitloan.imports import evidence
from kitloan.imports.candidates import Candidate
from kitloan.imports.headings import squeeze
from kitloan.imports.mapfile import Map
from kitloan.imports.questions import Questions
from kitloan.imports.rows import UNNAMED
from kitloan.imports.statuses import status_of_words
from kitloan.reference import find_college
from kitloan.text.names import fold

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


def rows_named_by_sheet(
    laid: list[Candidate], wanted: Map, questions: Questions
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
            school = name if status_of_words(name) != "out" else UNNAMED
            found[index] = ("on_loan_to", school)
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
        elif status_of_words(name) == "out" and not each.layout.place("on_loan_to"):
            questions.about_sheet(
                name,
                "By the sheet's name its things are out. Are they on loan?",
                "on_loan",
                (),
                (
                    ("on_loan", "on loan, and nobody is on record"),
                    ("holdings", "held by the college"),
                ),
            )
            found[index] = ("pending", name)
        elif status_of_words(name) == "in" and several:
            continue
        elif evidence.may_be_borrower(name) and find_college(name) is None and not placed:
            questions.about_sheet(
                name,
                "The sheet is called after a place that could borrow. Are its rows on loan to it, "
                "or kept there?",
                None,
                (),
                (("on_loan", f"on loan to {name}"), ("holdings", "held by the college")),
            )
            found[index] = ("pending", name)
        elif several and not placed and squeeze(name).rstrip("0123456789") not in _NO_PLACE:
            found[index] = ("location", name)
    return found
