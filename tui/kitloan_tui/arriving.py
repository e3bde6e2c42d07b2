"""What is not where the register has it: found again, come from another college, or come back.

A missing kit that is scanned is found. One that another college sent is received with a count of
its contents; where the sender's register cannot be read here, as in a store of one's own, the
person says which college sent it and what it is: `from Ayrshire College`. One that this college
sent, and that lies here all the same, never left: `back` says so.
"""

from kitloan.college import College
from kitloan.contents import Count
from kitloan.errors import BadInput
from kitloan.holdings import NewHolding
from kitloan.text.tags import grouped
from kitloan.transfers.receiving import Received
from kitloan.values import Holding
from kitloan_tui import lookups, wording
from kitloan_tui.counting import Arriving, TakingIn
from kitloan_tui.verdict import Verdict

_FROM = "from "
BACK = "back"
"""Typed of a kit that is on its way, and is here: it never left."""


def said(text: str) -> str:
    """The college in `from Ayrshire College`; empty when nothing is said of one."""
    return text[len(_FROM) :].strip() if text.lower().startswith(_FROM) else ""


def found(kitloan: College, held: Holding) -> Verdict:
    """A missing kit is in somebody's hand."""
    kitloan.holdings.found(held.tag)
    return Verdict(
        "FOUND",
        f"{wording.shown(held)} was missing, and is here",
        f"Scan it again to lend it. {wording.UNDOES}",
    )


def come(
    kitloan: College, tag: str, sender: str, kind: str | None
) -> Arriving | TakingIn | Verdict:
    """What to do about a kit from another college: count it, say what it is, or it is received.

    Args:
        kitloan: the store.
        tag: its tag.
        sender: the college that sent it, in any of its names.
        kind: what it is, where that was said.

    Raises:
        BadInput: `unknown_college`, `own_college`.
        Refused: `here_already`, `own_label`.
    """
    try:
        name, parts = kitloan.transfers.expected(tag, sender, type=kind)
    except BadInput as problem:
        if problem.code != "type_needed":
            raise
        return TakingIn(tag, lookups.kit_types(kitloan.session), sender)
    arriving = Arriving(parts=parts, tag=tag, type=name, sender=sender)
    return arriving if parts else received(kitloan, arriving, None)


def received(kitloan: College, arriving: Arriving, count: Count | None) -> Verdict:
    """It is this college's now; a count that nobody made leaves it to be counted.

    Raises:
        Refused: `here_already`, when another desk was quicker.
    """
    return _told(
        kitloan.transfers.receive(arriving.tag, arriving.sender, count, type=arriving.type)
    )


def received_as(kitloan: College, sender: str, new: NewHolding) -> Verdict:
    """It is this college's now, with what was written down of it; to be counted."""
    got = kitloan.transfers.receive(
        new.tag or "",
        sender,
        type=new.type,
        quantity=new.quantity if new.quantity > 1 else None,
        asset_number=new.asset_number,
        serial=new.serial,
        location=new.location,
        gift=new.gift or None,
    )
    return _told(got)


def _told(got: Received) -> Verdict:
    how = {"uncounted": ", to be counted: scan it for that", "whole": ", whole"}
    ends = how.get(got.counted, "")
    if got.shortages:
        ends = f", {wording.pieces(got.shortages)} short: {'; '.join(map(str, got.shortages))}"
    text = f"{got.type} {grouped(got.tag)} from {got.from_name}{ends}"
    if got.differs:
        text += f". The sender counted otherwise: {', '.join(got.differs)}"
    if got.never_sent:
        text += ". They have not said that they sent it"
    return Verdict("RECEIVED", text, wording.UNDOES)


def called_off(kitloan: College, held: Holding) -> Verdict:
    """It never left, or came back unreceived."""
    sent = kitloan.transfers.call_off(held.tag)
    return Verdict(
        "BACK", f"{wording.shown(held)} is not on its way to {sent.to_name}", wording.UNDOES
    )
