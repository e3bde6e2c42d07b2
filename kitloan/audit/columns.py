"""Columns that several tables have, and the words of their values."""

from collections.abc import Mapping

from kitloan.audit.tables import Field, text
from kitloan.evidence.disclosure import HIDDEN, MARKS
from kitloan.reference import regions

STATUSES = {
    "in": "in",
    "uncounted": "back, not counted",
    "out": "on loan",
    "overdue": "overdue",
    "incomplete": "cannot be used",
    "in_transit": "on its way",
    "withdrawn": "written off",
    "missing": "missing",
    "in_two_colleges": "in two colleges",
}
TITLES = {
    "owned": "the college's own",
    "on_loan_from_donor": "on loan from the donor",
    "held_for_esp": "held for ESP",
    "unknown": "unknown",
}


LEARNER_TITLES = (
    "Learner engagements this academic year",
    "Different learners, at least",
    "Different learners, at most",
)
"""What the totals of learners are called in the summary figures."""
MARKED_WORDS = f"{HIDDEN} is {MARKS[HIDDEN]}."
"""Under a table that has such a mark."""


def college_column(
    words: Mapping[str, str],
    name: str = "college",
    title: str = "College",
    meaning: str = "The college; its id in JSON and CSV.",
    unknown: str = "none",
) -> Field:
    """A college by its name; programs read its id, the attribute `name`."""
    return text(name, title, meaning, words=words, unknown=unknown)


TAG = text("tag", "Tag", "The tag, as on its label.", kind="tag", unknown="")
TYPE = text("type", "Kit type", "What kind of thing it is.")
GIFT = text("gift", "Gift", "The gift's id.")
REGION = text("region", "Region", "The region.", words=regions(), unknown="outside the regions")
