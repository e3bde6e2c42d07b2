"""What the desk puts on record, each action with its verdict in words.

The counter and the screens beside it call these; each may raise what the library refuses. Every
one can be undone, save forgetting a person and a stocktake's scans, which change no holding.
"""

from kitloan.college import College
from kitloan.contents import Count
from kitloan.errors import BadInput
from kitloan.holdings import NewHolding
from kitloan.imports.register import TakenIn
from kitloan.ledger.session import ESP
from kitloan.reference import colleges, find_college
from kitloan.text.names import fold
from kitloan.text.tags import grouped
from kitloan.values import Holding, ShortageOfHolding, plural
from kitloan_tui import lookups
from kitloan_tui.counter import sentences
from kitloan_tui.counter.questions import Arriving, Counting, HowMany, TakingIn
from kitloan_tui.counter.sentences import UNDOES
from kitloan_tui.counter.verdict import Verdict

# -- at the counter -------------------------------------------------------------------------------


def end_count(college: College, counting: Counting, count: Count | None) -> Verdict:
    """Record a count, with the return that it came with; None when it is counted later.

    Raises:
        Refused: `not_out`, when another desk took it back first.
    """
    tag = counting.held.tag
    if counting.returning:
        (back,) = college.loans.check_in([tag], count)
        return sentences.returned(back, counting.held, college.session.today)
    if count is None:
        return sentences.still_uncounted(counting.held)
    _, shortages = college.loans.count(tag, count)
    return sentences.counted(sentences.shown(counting.held), shortages)


def take_back_number(college: College, asked: HowMany, number: int) -> Verdict:
    """Take so many of a stock back from the borrower who was named.

    Raises:
        Refused: `not_out` or `more_than_out`, when another desk took some back first.
    """
    (back,) = college.loans.check_in([asked.held.tag], quantity=number, from_=asked.whose)
    return sentences.returned(back, asked.held, college.session.today)


def take_in_as(college: College, asked: TakingIn, kind: str) -> Verdict:
    """Take in the thing that a label is stuck on, as one of this kind.

    Raises:
        Refused: `tag_taken`, when another desk used the label first.
        BadInput: a name that cannot be used.
    """
    added = college.holdings.add(NewHolding(kind, tag=asked.tag))
    return sentences.taken_in(added, new=added.type not in asked.names)


def find_again(college: College, held: Holding) -> Verdict:
    """Record that a missing kit is here."""
    college.holdings.found(held.tag)
    return Verdict(
        "FOUND",
        f"{sentences.shown(held)} was missing, and is here",
        f"Scan it again to lend it. {UNDOES}",
    )


# -- between colleges -----------------------------------------------------------------------------


def expect_from(
    college: College, tag: str, sender: str, kind: str | None
) -> Arriving | TakingIn | Verdict:
    """What to ask about a kit from another college: its count or its type; else it is received.

    Args:
        college: the store.
        tag: its tag.
        sender: the college that sent it, in any of its names.
        kind: what it is, where that was typed.

    Raises:
        BadInput: `unknown_college`, `own_college`.
        Refused: `here_already`, `own_label`.
    """
    try:
        name, parts = college.transfers.expected(tag, sender, type=kind)
    except BadInput as problem:
        if problem.code != "type_needed":
            raise
        return TakingIn(tag, lookups.kit_types(college.session), sender)
    arriving = Arriving(parts=parts, tag=tag, type=name, sender=sender)
    return arriving if parts else receive(college, arriving, None)


def receive(college: College, arriving: Arriving, count: Count | None) -> Verdict:
    """Receive a kit; without a count it is to be counted here.

    Raises:
        Refused: `here_already`, when another desk received it first.
    """
    got = college.transfers.receive(arriving.tag, arriving.sender, count, type=arriving.type)
    return sentences.received(got)


def receive_as(college: College, sender: str, new: NewHolding) -> Verdict:
    """Receive a kit with what was typed of it; it is to be counted here."""
    got = college.transfers.receive(
        new.tag or "",
        sender,
        type=new.type,
        quantity=new.quantity if new.quantity > 1 else None,
        asset_number=new.asset_number,
        serial=new.serial,
        location=new.location,
        gift=new.gift or None,
    )
    return sentences.received(got)


def call_off(college: College, held: Holding) -> Verdict:
    """Record that a kit never left, or came back unreceived."""
    sent = college.transfers.call_off(held.tag)
    return Verdict("BACK", f"{sentences.shown(held)} is not on its way to {sent.to_name}", UNDOES)


def find_college_named(typed: str) -> str:
    """The college's name, from any of its names or a part that only one has.

    Raises:
        BadInput: `unknown_college`, with those that may be meant.
    """
    if found := find_college(typed):
        return found.name
    if fold(typed) == ESP:
        return typed
    like = [each.name for each in colleges() if fold(typed) in fold(each.name)]
    if len(like) == 1:
        return like[0]
    raise BadInput(
        "unknown_college",
        f"{typed!r} could be several colleges: {', '.join(like)}."
        if like
        else f"No college has the name {typed!r}.",
        "Type more of its name." if like else "Type a part of its name, such as Ayrshire.",
    )


def send(college: College, tag: str, to: str, count: Count | None) -> Verdict:
    """Send a holding to another college, with what its count found."""
    went = college.transfers.send(tag, to, count)
    how = {"uncounted": ", uncounted", "whole": ", whole"}.get(went.counted, "")
    short = "; ".join(map(str, went.shortages))
    text = (
        f"{went.type} {grouped(went.tag)} to {went.to_name}{f', short: {short}' if short else how}"
    )
    return Verdict("SENT", text, UNDOES)


# -- one holding ----------------------------------------------------------------------------------


def move(college: College, tag: str, place: str) -> Verdict:
    """Record where a holding is now."""
    college.holdings.move(tag, place)
    held = college.find.holding(tag)
    return Verdict("MOVED", f"{held.type} {grouped(tag)} to {held.location}", UNDOES)


def sight(college: College, tag: str) -> Verdict:
    """Record that somebody saw a holding."""
    college.holdings.sight(tag)
    return Verdict("SEEN", f"{college.find.holding(tag).type} {grouped(tag)}, now", UNDOES)


def report_missing(college: College, tag: str, known: str) -> Verdict:
    """Record that a holding is missing; a loan that lost it ends with it."""
    college.holdings.report_missing(tag, known)
    held = college.find.holding(tag)
    hint = f"When it turns up, scan it. {UNDOES}"
    return Verdict("MISSING", f"{held.type} {grouped(tag)}: {known}", hint)


def count(college: College, tag: str, count: Count) -> Verdict:
    """Record a count of a kit that is here."""
    found, shortages = college.loans.count(tag, count)
    return sentences.counted(sentences.shown(college.find.holding(found)), shortages)


def propose_withdrawal(
    college: College, tag: str, reason: str, donor_agreement: str | None = None
) -> Verdict:
    """Propose that a holding leaves the register, with a reason; a second person signs."""
    college.holdings.propose_withdrawal(tag, reason, donor_agreement=donor_agreement)
    held = college.find.holding(tag)
    text = f"to withdraw {held.type} {grouped(tag)}: {reason}"
    return Verdict("PROPOSED", text, f"Somebody else opens this page and signs. {UNDOES}")


def withdraw(college: College, tag: str) -> Verdict:
    """Sign a proposal, which takes the holding off the register."""
    college.holdings.withdraw(tag)
    held = college.find.holding(tag)
    return Verdict("WITHDRAWN", f"{held.type} {grouped(tag)}", UNDOES)


def claim_label(college: College, whose: str, label: str) -> Verdict:
    """Give a holding, named by tag or asset number, a second label."""
    held = college.find.holding(whose)
    college.holdings.claim_label(held.tag, label)
    text = f"{grouped(label)} is now also a label of {held.type} {grouped(held.tag)}"
    return Verdict("CLAIMED", text, UNDOES)


def take_in(college: College, new: NewHolding) -> Verdict:
    """Take in a new holding."""
    made = college.holdings.add(new)
    many = f"{made.quantity:,} of " if made.quantity > 1 else ""
    number = f", {made.asset_number}" if made.asset_number else ""
    return Verdict("TAKEN IN", f"{many}{made.type} {grouped(made.tag)}{number}", UNDOES)


def restock(college: College, line: ShortageOfHolding, number: int) -> Verdict:
    """Record that components were replaced in a kit."""
    _, left = college.loans.restock(line.tag, line.component, number)
    still = f". Still short: {'; '.join(map(str, left))}" if left else ". Nothing is short now"
    text = f"{number:,} {line.component} in {line.type} {grouped(line.tag)}{still}"
    return Verdict("REPLACED", text, UNDOES)


def forget(college: College, person: str) -> Verdict:
    """Erase a person's name, e-mail, phone and the remarks about them."""
    gone = college.people.erase(person)
    text = f"{plural(gone.people, 'person', 'people')} and {plural(gone.remarks, 'remark')}."
    hint = (
        "The ledger never held more than an opaque id."
        if gone.is_done
        else "Not everywhere yet. Ask the person who looks after kitloan. "
        f"{gone.store_left} " + ", ".join(gone.copies_left)
    )
    return Verdict("FORGOTTEN", text, hint)


def register_taken_in(name: str, taken: TakenIn) -> Verdict:
    """A register was taken in."""
    text = f"{plural(taken.added, 'holding')} from {name}, {taken.loans:,} of them on loan"
    return Verdict("REGISTER", text, f"{plural(taken.skipped, 'row')} left out or known already.")
