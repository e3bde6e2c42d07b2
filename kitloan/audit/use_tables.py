"""The tables of use: what was lent, how late it is, what was asked for in vain."""

from collections.abc import Callable, Mapping, Sequence

from kitloan.audit.columns import REGION, TYPE
from kitloan.audit.demand import UnmetDemand
from kitloan.audit.tables import Cell, Chart, Kind, Table, count, day, table, text
from kitloan.audit.use import A_MONTH, Use
from kitloan.audit.years import Trend
from kitloan.values import plural

_OF_USE: tuple[tuple[str, str, str, Callable[[Use], Cell], Kind], ...] = (
    (
        *("loans", "Loans", "Loans that began in the twelve months."),
        lambda each: each.loans,
        "count",
    ),
    (
        *("organisations", "Borrowers", "Different schools and other borrowers."),
        lambda each: len(each.organisations),
        "count",
    ),
    (
        *("days_out", "Days out", "Days on loan, of all holdings together."),
        lambda each: each.days_out,
        "days",
    ),
    (
        *("days_held", "Days held", "Days on the register, of all together."),
        lambda each: each.days_held,
        "days",
    ),
)


def _if_known(of: Callable[[Use], Cell]) -> Callable[[Use], Cell]:
    return lambda each: of(each) if each.is_known else None


def use_table(
    used: Sequence[Use],
    name: str,
    title: str,
    heading: str,
    words: Mapping[str, str],
    *,
    chart: bool,
) -> Table:
    """Days out over days held, for each of some types or colleges."""
    best = max(used, key=lambda each: each.share or 0, default=None)
    by_college = name == "use_by_college"
    caption = "Nothing was lent in the last twelve months."
    if best and best.share and best.loans:
        caption = (
            f"{best.name} is used most: on loan for {best.share:.0%} of the time that it was held."
            if best.days_held >= A_MONTH * best.holdings
            else f"{best.name} was on loan, and held for too short a time to compare."
        )
    until = day(
        "until",
        "Known until",
        "The last day that the college's file covers, where that is before the day of the report.",
        unknown="this day",
    )
    return table(
        name,
        title,
        "Over the twelve months that end with this day. In use is days on loan, of the days that "
        "holdings were on the register, each holding counted by itself. Of a stock of loose items "
        "its part that was out counts. A college's figures stop at the last day that its file "
        "covers.",
        (
            text("name", heading, "The name; a college's id in JSON and CSV.", words=words),
            count("holdings", "Held", "Holdings on the register."),
            *(
                text(key, title, meaning, _if_known(of), kind, unknown="not known")
                for key, title, meaning, of, kind in _OF_USE
            ),
            text("share", "In use", "Days out, of days held.", kind="share", unknown="not known"),
            *([until] if by_college else []),
        ),
        used,
        Chart(("share",), caption) if chart else None,
    )


def demand_table(refused: Sequence[UnmetDemand]) -> Table:
    """What was asked for and could not be given, by kit type and region."""
    return table(
        "unmet_demand",
        "Asked for and not given",
        "Over the twelve months that end with this day, the most kits first. A school that asks "
        "for one type on days that overlap counts once a day. What nobody asked for is not here.",
        (
            TYPE,
            REGION,
            count("refusals", "Refusals", "How often it was refused."),
            count("kits", "Kits", "How many kits were asked for, of all refusals together."),
            count("borrowers", "Borrowers", "Different schools and other borrowers that asked."),
            count("none_free", "None free", "Refused because too few were free."),
            count("days", "Day", "Refused for the day: closed, too soon or too far ahead."),
            count("limits", "Limit", "Refused by a limit, or because the borrower is blocked."),
        ),
        refused,
    )


def overdue_table(by_age: Sequence[tuple[str, int, int]]) -> Table:
    """How late what is late is."""
    total = sum(loans for _, loans, _ in by_age)
    oldest = [f"{loans:,} {age}" for age, loans, _ in by_age if loans]
    return table(
        "overdue_by_age",
        "Overdue by age",
        "Loans that are past their due date.",
        (
            text("age", "How late", "Days past the due date.", of=lambda row: row[0]),
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


def years_table(trend: Trend) -> Table:
    """Year on year, the earliest first."""
    busiest = max(trend.years, key=lambda each: each.loans, default=None)
    return table(
        "years",
        "Year on year",
        "By academic year, August to July. A borrower counts once in a year, whichever colleges "
        "lend to it.",
        (
            text("year", "Academic year", "From August to July.", of=lambda each: each.name),
            count("loans", "Loans", "Loans that began."),
            count("organisations", "Borrowers", "Different schools and other borrowers."),
            count(
                "accessioned", "Taken in", "Holdings taken in, but for those from another college."
            ),
            count("withdrawn", "Withdrawn", "Holdings written off."),
        ),
        reversed(trend.years),
        Chart(
            ("loans",),
            f"The most loans were in {busiest.name}: {busiest.loans:,}."
            if busiest and busiest.loans
            else "Nothing has been lent.",
        ),
    )
