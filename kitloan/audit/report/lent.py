"""What was lent: use, what stands idle, what is late, and year on year."""

from collections.abc import Iterable, Sequence

from kitloan.audit.idle import Idle
from kitloan.audit.report.columns import COLLEGE, TAG, TYPE, count, day, field, table
from kitloan.audit.tables import Chart, Table
from kitloan.audit.use import Use
from kitloan.audit.years import Year
from kitloan.values import plural


def use(used: Sequence[Use], name: str, title: str, heading: str, *, chart: bool) -> Table:
    """Days out over days held, for each of some types or colleges."""
    best = max(used, key=lambda each: each.share or 0, default=None)
    says = (
        f"{best.name} is used most: out on {best.share:.0%} of the days that it was held."
        if best and best.share
        else "Nothing was lent in the last twelve months."
    )
    return table(
        name,
        title,
        "Over the twelve months that end with this day: days out over days held. Of a stock of "
        "loose items, what was out of what was held counts.",
        (
            field("name", heading, "The name."),
            count("holdings", "Held", "Holdings on the register."),
            count("loans", "Loans", "Loans that began in the twelve months."),
            count(
                "organisations",
                "Organisations",
                "Different borrowers, by college.",
                of=lambda each: len(each.organisations),
            ),
            field("days_out", "Days out", "Days on loan, of all holdings together.", "days"),
            field("days_held", "Days held", "Days on the register, of all together.", "days"),
            field("share", "In use", "Days out over days held.", "share"),
        ),
        used,
        Chart(("share",), says) if chart else None,
    )


def idle(unused: Iterable[Idle]) -> Table:
    """Each holding that nobody had."""
    return table(
        "idle",
        "Idle",
        "On the register for a year or more, in, and out to nobody in the last twelve months.",
        (
            TAG,
            COLLEGE,
            TYPE,
            day("last_lent", "Last lent", "The last loan's first day."),
            day("last_sighted", "Last seen", "When it was last seen."),
        ),
        unused,
    )


def overdue(by_age: Sequence[tuple[str, int, int]]) -> Table:
    """How late what is late is."""
    total = sum(loans for _, loans, _ in by_age)
    oldest = [f"{loans:,} {age}" for age, loans, _ in by_age if loans]
    return table(
        "overdue_by_age",
        "Overdue by age",
        "Loans that are past their due date.",
        (
            field("age", "How late", "Days past the due date.", of=lambda row: row[0]),
            count("loans", "Loans", "How many loans.", of=lambda row: row[1]),
            count(
                "things", "Things", "How many things are still out on them.", of=lambda row: row[2]
            ),
        ),
        by_age,
        Chart(
            ("loans",),
            f"{plural(total, 'loan')} overdue: {', '.join(oldest)}."
            if total
            else "No loan is overdue.",
        ),
    )


def years(academic: Sequence[Year]) -> Table:
    """Year on year, the earliest first."""
    busiest = max(academic, key=lambda each: each.loans, default=None)
    return table(
        "years",
        "Year on year",
        "By academic year, August to July.",
        (
            field("year", "Academic year", "From August to July.", of=lambda each: each.name),
            count("loans", "Loans", "Loans that began."),
            count("organisations", "Organisations", "Different borrowers, by college."),
            count(
                "accessioned", "Taken in", "Holdings taken in, but for those from another college."
            ),
            count("withdrawn", "Withdrawn", "Holdings written off."),
        ),
        reversed(academic),
        Chart(
            ("loans",),
            f"The most loans were in {busiest.name}: {busiest.loans:,}."
            if busiest and busiest.loans
            else "Nothing has been lent.",
        ),
    )
