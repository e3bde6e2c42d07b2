"""Refusals at the desk: what the counter refuses by itself, and the next step for every refusal.

The library's hints are for the command line and for programs. Here the next step is a key, a word
to type or a scan: `NEXT_STEPS` has it for every code whose hint names a command.
"""

import re
from collections.abc import Mapping
from typing import Final

from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.reference import find_college
from kitloan.text.dates import uk_instant
from kitloan.text.scans import kind_of_code
from kitloan.values import Holding
from kitloan_tui.counter.questions import PartsCount
from kitloan_tui.counter.sentences import shortages_of
from kitloan_tui.counter.sentences import shown as holding_shown
from kitloan_tui.counter.verdict import Verdict

NEXT_STEPS: Final[Mapping[str, str]] = {
    # at the counter
    "donor_must_agree": "Type which letter or message of the donor's agrees.",
    "in_transit": "If it never left, scan it at the counter and type: back",
    "incomplete": "Lend another. Or type why it may go all the same, for the record: anyway REASON",
    "missing": "If it is here, scan it at the counter: that records it as found.",
    "names_a_person": "Type the school or partner; then the person: contact NAME",
    "no_contents_list": "There is nothing to count. Return it with Enter alone.",
    "no_such_component": "Type the part as the list has it, then how many: wheel 2",
    "not_enough": "Type a smaller number, or take some back first.",
    "not_out": "Scan it again: another desk may have taken it back.",
    "not_yours": "Its own college lends it. If it was sent here, scan it at the counter.",
    "nothing_to_undo": "Each person undoes what they did themselves.",
    "on_loan": "If it is here, take it back first: scan it at the counter.",
    "too_many_short": "Count that part again.",
    "unclaimed_tag": "Scan it at the counter to take a holding in under it.",
    "uncounted": "Count it first: scan it at the counter.",
    "unknown_holding": "Type another part of its name or number, or scan its label.",
    "unknown_tag": "If it is this college's, scan it at the counter to take it in.",
    "which_loan": "Scan it again, and choose the borrower.",
    "whole_but_short": "Type what is short, or that the kit is whole.",
    # on a holding's page, and taking in
    "arrived": "If it came back, scan it at the counter to receive it.",
    "here_already": "Scan it at the counter to see it.",
    "more_than_short": "Type a smaller number.",
    "not_in_transit": "{holdings} finds it, and its page shows its history.",
    "not_proposed": "Another desk has undone the proposal. Propose it again with the reason.",
    "own_college": "Type the other college's name. Move puts it in another place of this one.",
    "own_label": "Scan it at the counter to take a holding in under it.",
    "same_person": "Another person opens this page at their desk and signs.",
    "tag_taken": "Choose a label that no holding has.",
    "type_needed": "Type what kind of thing it is, as its label has it.",
    "unknown_college": "Type more of the college's name.",
    "withdrawal_proposed": "Sign the proposal on its page, or undo it first.",
    # stocktakes
    "closed": "Scans that come late still count. Or open another stocktake.",
    "desks_waiting": "Wait for those desks, or close without them.",
    "not_expected": "The list was frozen when the stocktake was opened.",
    "nothing_expected": "Type a name without @ PLACE. If nothing is held yet: {take_in}.",
    "no_stocktake_open": "Open one: {stocktake}.",
    "unknown_stocktake": "Choose one of the list.",
    "which_stocktake": "Choose one of the list.",
    # registers and labels
    "bad_cursor": "Close the list and open it again.",
    "cannot_write": "Make room, or ask the person who looks after this computer.",
    "contents_list": "Choose the file that lists the college's kits.",
    "not_a_register": "Write a heading above each column, such as Type, Number and Location.",
    "not_printed": "Check the printer's name and that it is on; or print the saved file.",
    "off_page": "Choose a stock with wider margins.",
    "too_long": "Choose a stock with larger labels.",
    # the store
    "no_locks": "Move the store to a local disk.",
    "no_store": "Close the desk, and open it with the right file.",
    "not_a_store": "Close the desk, and open it with the store's own file.",
}
"""What to do next at a desk, by the code of the refusal."""

ASK = "Ask the person who looks after kitloan."
"""Where the library's hint is a command and no step at a desk helps."""

_ALWAYS = ("no_such_component", "too_many_short", "not_out")
"""Codes whose own hint names no command, and yet is not for the counter."""
_COMMAND = re.compile(r"\bkitloan [a-z]|(?<!\w)--[a-z]|`")


def shown(error: KitloanError) -> Verdict:
    """A refusal as a verdict, with a next step that works at a desk."""
    return Verdict("REFUSED", error.message, next_step(error), ok=False)


def next_step(error: KitloanError) -> str:
    """What to do next at a desk: the error's own hint, unless that is for a command line."""
    if error.code not in _ALWAYS and error.hint and not _COMMAND.search(error.hint):
        return error.hint
    return NEXT_STEPS.get(error.code, ASK if error.hint else "")


def no_such_name(text: str) -> BadInput:
    """What was scanned or typed names nobody, and could not be a school's name."""
    if kind := kind_of_code(text):
        return BadInput(
            "unknown_name",
            f"{text[:60]!r} is {kind}, neither a school nor a holding here.",
            "Scan or type the school.",
            value=text[:60],
        )
    return BadInput(
        "unknown_name",
        f"{text!r} is neither a school nor a holding here.",
        f"Scan or type the school. If that is a school's name, type: to {text}",
        value=text,
    )


def cannot_be_lent(held: Holding) -> Refused:
    """A holding that is on the counter but cannot be lent, shown before anybody is named."""
    short = f": {shortages_of(held.shortages)}" if held.shortages else ""
    return Refused(held.status, f"{holding_shown(held)} is {held.status.replace('_', ' ')}{short}.")


def on_its_way(held: Holding) -> Refused:
    """A kit that this college sent, or a transfer that has not ended, is scanned here."""
    return Refused(
        held.status,
        f"{holding_shown(held)} is on its way to another college.",
        "If it never left, type: back. If another college has sent it here: from COLLEGE",
    )


def only_looks(held: Holding) -> Refused:
    """A kit was scanned in ESP's store, which lends and takes back nothing."""
    return Refused(
        "esp_lends_nothing",
        f"{holding_shown(held)} is with {_college_name(held.college)}: "
        f"{held.status.replace('_', ' ')}. ESP's store lends nothing and takes nothing back.",
        "Its college does that, in its own store. {national} has every college's figures.",
    )


def lends_nothing() -> Refused:
    """A school was named in ESP's store."""
    return Refused(
        "esp_lends_nothing",
        "ESP's store lends nothing: each college lends from its own.",
        "{national} has every college's figures.",
    )


def here_already(held: Holding) -> Refused:
    """A kit that is not out was scanned while only returns are taken."""
    return Refused(
        "here_already",
        f"{holding_shown(held)} is not out: {held.status.replace('_', ' ')}.",
        "Only returns are taken now; {home} or a school's name ends that.",
    )


def lent_just_now(held: Holding) -> Refused:
    """While this desk lends, another has lent the same thing: it is not a return."""
    loan = held.loan
    lent = f"to {loan.to} at {uk_instant(loan.out_at)[-5:]}" if loan and loan.out_at else "just now"
    return Refused(
        "on_loan",
        f"Another desk lent {holding_shown(held)} {lent}.",
        "If it is coming back: scan RETURN, then the kit.",
    )


def nothing_after(word: str) -> BadInput:
    """`to` or `contact`, and then nothing."""
    example = {
        "to": "to Kilmarnock Academy",
        "contact": "contact Ms Reid",
        "for": "for science week",
        "due": "due 14d",
    }[word]
    return BadInput("half_said", f"{word!r} was typed, and nothing after it.", f"Type: {example}")


def back_already(held: Holding) -> Refused:
    """While a kit was counted here, another desk took it back."""
    return Refused(
        "back_already",
        f"{holding_shown(held)} is not on loan any more: another desk has taken it back.",
        "What you typed is kept. Enter puts it on record as a count of its own; {home} leaves it.",
    )


def nothing_refused() -> Refused:
    """`anyway`, with no refusal that may be set aside."""
    return Refused(
        "nothing_refused", "No rule that may be set aside was in the way.", "Scan the kit again."
    )


def reason_needed() -> BadInput:
    """`anyway`, and no reason after it."""
    return BadInput("why", "Why may it go?", "It goes on record: anyway REASON")


def nothing_to_renew() -> Refused:
    """+7 DAYS or +14 DAYS, with no loan to extend."""
    return Refused(
        "nothing_to_renew",
        "No loan is on the counter.",
        "Scan a kit that is out, or name a school.",
    )


def nothing_to_label() -> Refused:
    """PRINT LABEL, with no kit on the counter."""
    return Refused("nothing_to_label", "No kit is on the counter.", "Scan one first.")


def no_press() -> Refused:
    """Labels, at a desk that was opened without a way to draw them."""
    return Refused(
        "no_labels", "This desk cannot print labels.", "Open the desk on a screen for that."
    )


def nothing_counted() -> Refused:
    """WHOLE or COUNT LATER, with no kit being counted."""
    return Refused("nothing_counted", "No kit is being counted.", "Scan one that is out.")


def counted_otherwise(asked: PartsCount) -> Refused:
    """WHOLE or COUNT LATER, after something short was typed."""
    return Refused(
        "said_otherwise",
        f"You have typed: {asked.running()}.",
        "Enter records that; {undo} takes it back.",
    )


def nothing_recorded_by_that() -> BadInput:
    """`uncounted` was typed where a count is asked for."""
    return BadInput("nothing_counted", "That is not a count.", "{home} leaves it uncounted.")


def no_contents(held: Holding) -> Refused:
    """A holding without a contents list is to be counted."""
    return Refused(
        "no_contents",
        f"{holding_shown(held)} has no contents list.",
        "There is nothing to count.",
    )


def not_a_quantity(text: str) -> BadInput:
    """What was typed for a number of things is none."""
    return BadInput("bad_quantity", f"{text!r} is not a valid quantity.", "Type a number.")


def _college_name(college: str) -> str:
    found = find_college(college)
    return found.name if found else college
