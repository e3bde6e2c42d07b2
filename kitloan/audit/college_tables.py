"""The tables of colleges: what they sent each other and ESP, and what is new."""

from collections.abc import Iterable, Mapping
from datetime import date

from kitloan.audit.colleges import Answer, Reporting
from kitloan.audit.columns import REGION, TAG, college_column
from kitloan.audit.proof import News
from kitloan.audit.tables import Table, count, day, table, text
from kitloan.audit.transfers import Journey
from kitloan.text.dates import uk


def transfers_table(journeys: Iterable[Journey], words: Mapping[str, str]) -> Table:
    """Each transfer, and whether both its halves are here."""
    return table(
        "transfers",
        "Transfers between colleges",
        "Each is recorded in two ledgers; a mismatch is among the problems.",
        (
            TAG,
            college_column(words, "from_college", "From", "The college that sent it."),
            college_column(words, "to_college", "To", "The college that should have it."),
            day("sent", "Sent", "When it was sent."),
            day("received", "Received", "When it was received.", unknown="no receipt here"),
            text(
                "status",
                "Status",
                "matched (both halves are here), on its way, in two colleges, no file from the "
                "sender yet, or the mismatch.",
            ),
        ),
        journeys,
    )


def challenges_table(answers: Iterable[Answer], words: Mapping[str, str]) -> Table:
    """Each challenge, and how it was answered."""
    return table(
        "challenges",
        "Challenges",
        "Holdings that ESP asked a college to show, with a code that nobody knew before.",
        (
            text("challenge", "Challenge", "The challenge's id."),
            college_column(words),
            day("set_on", "Asked", "When ESP asked."),
            day("answer_by", "By", "The day by which to answer."),
            count("asked", "Asked for", "How many holdings."),
            count("shown", "Shown", "How many of them were scanned."),
            day(
                "answered",
                "Answered",
                "When the stocktake was closed, and all it shows on record.",
                unknown="not yet",
            ),
            text("status", "Status", "waiting, answered, answered late, ..."),
        ),
        answers,
    )


def reporting_table(reported: Iterable[Reporting], words: Mapping[str, str]) -> Table:
    """Each college, and when its last file is from."""
    return table(
        "freshness",
        "Last file received",
        "When the latest file of each college was made; a college without one has sent nothing.",
        (
            college_column(words),
            text("name", "Name", "The college's name."),
            REGION,
            day("file_on", "Last file", "The day on which the latest file was made.", "none"),
            text(
                "days",
                "Days ago",
                "Days from then to the day of the report.",
                kind="days",
                unknown="",
            ),
            day("last_entry", "Last entry", "The day of the last entry.", unknown="none"),
            count("entries", "Entries", "How many entries the ledger has."),
            text(
                "epoch",
                "Epoch",
                "More than 1 when a backup was restored.",
                kind="count",
                unknown="",
            ),
            count("allocated", "Allocated", "Things that ESP allocated to it."),
            text("status", "Status", "sent, nothing sent, or part of another college."),
            college_column(
                words, "part_of", "Part of", "The college that it has become part of.", unknown=""
            ),
        ),
        reported,
    )


def news_table(since: Iterable[News], then: date, words: Mapping[str, str]) -> Table:
    """What came on record since a day."""
    return table(
        "since",
        f"Since {uk(then)}",
        "What came on record after that day, the latest first; the first thousand.",
        (
            day("at", "Recorded", "The day on which it was recorded."),
            college_column(words),
            TAG,
            text("by", "By", "Who recorded it."),
            text("summary", "What", "In a few words."),
        ),
        since,
    )
