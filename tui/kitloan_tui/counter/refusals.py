"""Refusals at the desk: what the counter refuses by itself, and the next step for every refusal.

The library's hints are for the command line and for programs. Here the next step is a key, a word
to type or a scan: `NEXT_STEPS` has it for every code whose hint names a command.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.reference import find_college
from kitloan.text.dates import uk_instant
from kitloan.text.scans import kind_of_code
from kitloan.values import Holding, LoanLine, plural
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
    "names_a_person": "Type it without a person's name. Add the person with: contact NAME",
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
    "cannot_undo": "What was done before it stays. {undo_list} shows what can be undone.",
    "nearly_known": "Type the whole name.",
    "name_taken": "If the two are one, merge them. Else type another name.",
    "unknown_organisation": "Type the whole name of a school that is on record.",
    "unknown_type": "Type the whole name of a kit type that is on record.",
    "nothing_to_redo": "Each person does again what they undid themselves.",
    "out_of_use": "Record on its page that it is repaired, or lend another.",
    "inspection_failed": "Lend another. It can go again once it has passed.",
    "inspection_due": "Have it inspected first, or lend another.",
    "blocked": "Ring the school first: the reason is on record.",
    # bookings
    "booking_over": "Another desk has changed the booking. Scan the kit again.",
    "in_the_past": "Type a day from today on. What went out earlier is lent at the counter.",
    "limit": "Type fewer kits or days, or ask the person who sets the limits.",
    "not_free": "Type an earlier due day, as in due friday, and scan it again. Or lend another.",
    "not_in_booking": "Scan it again and type as many as are booked. The rest is another scan.",
    # on an earlier day
    "in_future": "Type the day on which it happened.",
    "before_received": "Type a day on which the college had it.",
    "dates_overlap": "Correct the other loan first: its page shows it.",
    "more_back": "Type a larger number.",
    "nothing_left": "Take what came back, and withdraw the rest on its page.",
    "not_withdrawn": "Its page shows its status.",
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
    # between colleges
    "ask_closed": "It was withdrawn. There is nothing to do.",
    "claimed_already": "Type another number, or withdraw the claim, on its row.",
    "claim_closed": "It was withdrawn already. There is nothing to do.",
    "more_than_asked": "Type a smaller number.",
    "not_asked_here": "Only the college that was asked answers.",
    "offer_closed": "Choose another offer.",
    "offer_taken": "Type a smaller number.",
    "reason_needed": "Type no, and after it the REASON",
    "unknown_offer": "Only the college that made an offer answers claims of it.",
    # stocktakes
    "closed": "Scans that come late still count. Or open another stocktake.",
    "desks_waiting": "Wait for those desks, or close without them.",
    "not_expected": "The list was frozen when the stocktake was opened.",
    "nothing_expected": "Type a name without @ PLACE. If nothing is held yet: {take_in}.",
    "no_stocktake_open": "Open one: {stocktake}.",
    "unknown_stocktake": "Choose one of the list.",
    "which_stocktake": "Choose one of the list.",
    # what a kit was used for
    "same_engagement": "That class is on record for this loan and day already. Type another day.",
    "too_small_to_split": "Leave girls and boys out: the group is small.",
    "split_over_total": "Type the learners too, at least as many as girls and boys together.",
    "learners_not_used": "Leave the learners out, or leave out that it was not used.",
    "bad_hours": "Type the hours of all sessions together, as 4.5h, and how many sessions, as 3x.",
    "already_evaluated": "The form of this use was taken in before.",
    "unknown_loan": "Check the loan's number on the form.",
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
    if error.code == "closed" and "organisation" in error.details:
        return "Lend to another school. The person who closed it can undo that: {undo_list}."
    return NEXT_STEPS.get(error.code, ASK if error.hint else "")


def counted_already() -> BadInput:
    """A new day for a kit of which something was counted, or noted, for its return."""
    return BadInput(
        "counted_already",
        "Something was entered for its return, and a kit that comes back is not renewed.",
        "End the return, or take back what was entered with {undo}.",
    )


def a_person(name: str) -> BadInput:
    """Who borrows is a school or partner, before anything is lent to it too."""
    return BadInput(
        "names_a_person",
        f"{name!r} names a person, and the ledger keeps the borrower's name for ever.",
        NEXT_STEPS["names_a_person"],
        value=name,
    )


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
    at = loan.out_at if loan else None
    lent = f"to {loan.to} at {uk_instant(at)[-5:]}" if loan and at else "just now"
    return Refused(
        "on_loan",
        f"Another desk lent {holding_shown(held)} {lent}.",
        "If it is coming back: scan RETURN, then the kit.",
    )


def lent_already(word: str, lent: Sequence[LoanLine]) -> Refused:
    """A contact or a purpose was typed after kits were lent that it cannot be set for."""
    many = plural(len(lent), "loan")
    return Refused(
        "lent_already",
        f"{many} of this turn went out before {word!r} was typed, and cannot have it now.",
        "{undo} takes them back, to be lent again with it. Or type it for the next turn.",
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


def may_be_another_kind(typed: str, like: Sequence[str]) -> BadInput:
    """A kind of kit that the college does not have, and that is nearly one that it has."""
    return BadInput(
        "new_kind",
        f"{typed!r} is no kind of kit here. Is it {' or '.join(like)}?",
        "Type the whole name of the kind. A new kind begins with a holding that is taken in.",
        value=typed,
    )


def may_be_another_school(typed: str, like: Sequence[str]) -> BadInput:
    """A school that is not on file, and that begins or is spelt like one that is."""
    return BadInput(
        "nearly_known",
        f"No school here has the name {typed!r}. Is it {' or '.join(like)}?",
        "Type the whole name. A new school begins with a loan at the counter.",
        value=typed,
    )


def no_loan(held: Holding) -> Refused:
    """Something about a loan was asked for, of a holding that is not on loan."""
    status = held.status.replace("_", " ")
    return Refused("not_out", f"{holding_shown(held)} is not on loan: {status}.")


def nothing_to_correct(typed: str) -> BadInput:
    """What was typed does not show what of a loan is to be corrected."""
    return BadInput(
        "half_said",
        f"{typed!r} does not show what is to be corrected.",
        "Type: to SCHOOL, on friday, due 18 dec, contact NAME, or quantity 4",
    )


def no_numbers(typed: str) -> BadInput:
    """What was typed is not how many are back, used up and lost."""
    return BadInput(
        "bad_quantity", f"{typed!r} has no numbers that can be read.", "Type: back 5 used 3 lost 2"
    )


def too_many_at_once(number: int, most: int) -> BadInput:
    """More things are to be taken in at once than anybody unpacks."""
    return BadInput(
        "bad_quantity",
        f"{number:,} at once are too many.",
        f"Take in {most:,} or fewer at a time; a stock of loose things has one label.",
    )


def no_place_for_note() -> Refused:
    """A note was typed in a count that ends no loan."""
    return Refused(
        "no_loan",
        "A note is kept with a return, and this kit was not on loan.",
        "{undo} takes the note back.",
    )


def not_a_quantity(text: str) -> BadInput:
    """What was typed for a number of things is none."""
    return BadInput("bad_quantity", f"{text!r} is not a valid quantity.", "Type a number.")


def _college_name(college: str) -> str:
    found = find_college(college)
    return found.name if found else college
