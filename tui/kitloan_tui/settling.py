"""Asking about what comes back, and putting on record what the person answered."""

from kitloan.college import College
from kitloan.contents import Count
from kitloan.holdings import NewHolding
from kitloan.values import Holding
from kitloan_tui import lookups, wording
from kitloan_tui.counting import Counting, HowMany, TakingIn
from kitloan_tui.verdict import Verdict


def count_ended(kitloan: College, counting: Counting, count: Count | None) -> Verdict:
    """Record a count, with the return that it came with; None when it is counted later.

    Raises:
        Refused: `not_out`, when another desk was quicker.
    """
    tag = counting.held.tag
    if counting.returning:
        (back,) = kitloan.loans.check_in([tag], count)
        return wording.returned(back, counting.held, kitloan.session.today)
    if count is None:
        return wording.still_uncounted(counting.held)
    _, shortages = kitloan.loans.count(tag, count)
    return wording.counted_here(counting, shortages)


def stock_back(kitloan: College, held: Holding) -> HowMany:
    """The question about loose stock of which some is out."""
    having = lookups.who_has(kitloan.session, held.tag)
    asked = HowMany(held, 0, having=having)
    if len(having) == 1:
        asked.choose(having[0][0])
    return asked


def number_back(kitloan: College, asked: HowMany, number: int) -> Verdict:
    """Take so many of a stock back from whoever was named.

    Raises:
        Refused: `not_out` or `more_than_out`, when another desk was quicker.
    """
    (back,) = kitloan.loans.check_in([asked.held.tag], quantity=number, from_=asked.whose)
    return wording.returned(back, asked.held, kitloan.session.today)


def taken_in(kitloan: College, asked: TakingIn, kind: str) -> Verdict:
    """Take in the thing that a label is stuck on, as one of this kind.

    Raises:
        Refused: `tag_taken`, when another desk was quicker.
        BadInput: a name that cannot be used.
    """
    added = kitloan.holdings.add(NewHolding(kind, tag=asked.tag))
    return wording.taken_in(added, new=added.type not in asked.names)
