"""What goes between ESP and the colleges: transfers, challenges, and how fresh the data is."""

from collections.abc import Iterable

from kitloan.audit.challenges import Answer
from kitloan.audit.freshness import Fresh
from kitloan.audit.report.columns import COLLEGE, TAG, count, day, field, table
from kitloan.audit.tables import Table
from kitloan.audit.transfers import Journey


def transfers(journeys: Iterable[Journey]) -> Table:
    """Each transfer, and whether both its halves are here."""
    return table(
        "transfers",
        "Transfers between colleges",
        "Each is told by two ledgers; what they do not agree on is a finding.",
        (
            TAG,
            field("from_college", "From", "The college that sent it."),
            field("to_college", "To", "The college that should have it."),
            day("sent", "Sent", "When it was sent."),
            day("received", "Received", "When it was received."),
            field(
                "status",
                "How it stands",
                "met, under way, not heard yet (from the sender), or what does not fit.",
            ),
        ),
        journeys,
    )


def challenges(answers: Iterable[Answer]) -> Table:
    """Each challenge, and how it was answered."""
    return table(
        "challenges",
        "Challenges",
        "Holdings that ESP asked a college to show, with a code that nobody knew before.",
        (
            field("challenge", "Challenge", "The challenge's id."),
            COLLEGE,
            day("set_on", "Asked", "When ESP asked."),
            day("answer_by", "By", "The day by which to answer."),
            count("asked", "Asked for", "How many holdings."),
            count("shown", "Shown", "How many of them were scanned."),
            day(
                "answered", "Answered", "When the stocktake was closed, and all it shows on record."
            ),
            field("status", "How it stands", "waiting, answered, late, failed, ..."),
        ),
        answers,
    )


def freshness(fresh: Iterable[Fresh]) -> Table:
    """Each college, and when its last entry is from."""
    return table(
        "freshness",
        "How fresh the data is",
        "The last entry that has come from each college; colleges without one have sent nothing.",
        (
            COLLEGE,
            field("name", "Name", "The college's name."),
            field("region", "Region", "The region's code; none outside the regions."),
            day("last_entry", "Last entry", "The day of the last entry."),
            field("days", "Days ago", "Days from then to the day of the audit.", "days"),
            count("entries", "Entries", "How many entries the ledger has."),
            count(
                "epoch",
                "Epoch",
                "More than 1 when a backup was restored.",
                of=lambda each: each.epoch or None,
            ),
        ),
        fresh,
    )
