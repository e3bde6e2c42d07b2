"""A holding's status, from its row and whether a loan of it is overdue (pure)."""

from kitloan.answers import Status


def status_of(
    *,
    state: str,
    quantity: int,
    out_quantity: int,
    uncounted: bool,
    critical_short: int,
    overdue: bool,
) -> Status:
    """The one word for how a holding stands.

    Where several would fit, the one that a person must act on first wins: something overdue, then
    out, then not counted, then incomplete. A stock of which some are left to lend is `in`.
    """
    if state == "withdrawn":
        return "withdrawn"
    if state == "missing":
        return "missing"
    if state == "in_transit":
        return "in_transit"
    if overdue:
        return "overdue"
    if out_quantity == quantity:
        return "out"
    if uncounted:
        return "uncounted"
    return "incomplete" if critical_short else "in"
