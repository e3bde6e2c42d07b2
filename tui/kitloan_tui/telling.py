"""What the screens beside the counter do to the register, each with its verdict in words.

Every one of these can be undone, save forgetting a person; so none but that asks "are you sure".
"""

from kitloan.college import College
from kitloan.contents import Count
from kitloan.errors import BadInput, Refused
from kitloan.holdings import NewHolding
from kitloan.ledger.session import ESP
from kitloan.reference import colleges, find_college
from kitloan.taking_in import TakenIn
from kitloan.text.names import fold
from kitloan.text.tags import grouped
from kitloan.values import ShortageOfHolding, plural
from kitloan_tui import wording
from kitloan_tui.verdict import Verdict
from kitloan_tui.wording import UNDOES


def moved(kitloan: College, tag: str, place: str) -> Verdict:
    """A holding is kept somewhere else now."""
    kitloan.holdings.move(tag, place)
    held = kitloan.find.holding(tag)
    return Verdict("MOVED", f"{held.type} {grouped(tag)} to {held.location}", UNDOES)


def sighted(kitloan: College, tag: str) -> Verdict:
    """Somebody saw a holding."""
    kitloan.holdings.sight(tag)
    return Verdict("SEEN", f"{kitloan.find.holding(tag).type} {grouped(tag)}, now", UNDOES)


def missing(kitloan: College, tag: str, known: str) -> Verdict:
    """A holding is not to be found; a loan that lost it ends with it."""
    kitloan.holdings.report_missing(tag, known)
    held = kitloan.find.holding(tag)
    hint = f"When it turns up, scan it. {UNDOES}"
    return Verdict("MISSING", f"{held.type} {grouped(tag)}: {known}", hint)


def counted(kitloan: College, tag: str, count: Count) -> Verdict:
    """A kit that is here was counted."""
    found, shortages = kitloan.loans.count(tag, count)
    return wording.counted(wording.shown(kitloan.find.holding(found)), shortages)


def not_counted() -> BadInput:
    """`uncounted` is no count."""
    return BadInput("nothing_counted", "That counts nothing.", "{home} leaves it uncounted.")


def nothing_to_count(kitloan: College, tag: str) -> Verdict:
    """A holding without a contents list.

    Raises:
        Refused: always.
    """
    shown = wording.shown(kitloan.find.holding(tag))
    raise Refused("no_contents", f"{shown} has no contents list.", "There is nothing to count.")


def college_meant(said: str) -> str:
    """The college's name, from any of its names or a part that only one has.

    Raises:
        BadInput: `unknown_college`, with those that may be meant.
    """
    if found := find_college(said):
        return found.name
    if fold(said) == ESP:
        return said
    like = [each.name for each in colleges() if fold(said) in fold(each.name)]
    if len(like) == 1:
        return like[0]
    raise BadInput(
        "unknown_college",
        f"{said!r} may be several: {', '.join(like)}." if like else f"No college is {said!r}.",
        "Type more of its name." if like else "Colleges: " + ", ".join(c.id for c in colleges()),
    )


def sent(kitloan: College, tag: str, to: str, count: Count | None) -> Verdict:
    """A holding is on its way to another college, with what its count found."""
    went = kitloan.transfers.send(tag, to, count)
    how = {"uncounted": ", uncounted", "whole": ", whole"}.get(went.counted, "")
    short = "; ".join(map(str, went.shortages))
    text = (
        f"{went.type} {grouped(went.tag)} to {went.to_name}{f', short: {short}' if short else how}"
    )
    return Verdict("SENT", text, UNDOES)


def withdrawal_proposed(
    kitloan: College, tag: str, reason: str, donor_agreement: str | None = None
) -> Verdict:
    """Somebody says why a holding should leave the register; a second person signs."""
    kitloan.holdings.propose_withdrawal(tag, reason, donor_agreement=donor_agreement)
    held = kitloan.find.holding(tag)
    text = f"to withdraw {held.type} {grouped(tag)}: {reason}"
    return Verdict("PROPOSED", text, f"Somebody else opens this page and signs. {UNDOES}")


def withdrawn(kitloan: College, tag: str) -> Verdict:
    """A second person signed, and the holding left the register."""
    kitloan.holdings.withdraw(tag)
    held = kitloan.find.holding(tag)
    return Verdict("WITHDRAWN", f"{held.type} {grouped(tag)}", UNDOES)


def claimed(kitloan: College, whose: str, label: str) -> Verdict:
    """A holding, named by tag or asset number, answers to a second label."""
    held = kitloan.find.holding(whose)
    kitloan.holdings.claim_label(held.tag, label)
    text = f"{grouped(label)} stands for {held.type} {grouped(held.tag)} as well"
    return Verdict("CLAIMED", text, UNDOES)


def taken_in(kitloan: College, new: NewHolding) -> Verdict:
    """A new holding."""
    made = kitloan.holdings.add(new)
    many = f"{made.quantity:,} of " if made.quantity > 1 else ""
    number = f", {made.asset_number}" if made.asset_number else ""
    return Verdict("TAKEN IN", f"{many}{made.type} {grouped(made.tag)}{number}", UNDOES)


def made_good(kitloan: College, line: ShortageOfHolding, number: int) -> Verdict:
    """Components were put back into a kit."""
    _, left = kitloan.loans.restock(line.tag, line.component, number)
    still = f". Still short: {'; '.join(map(str, left))}" if left else ". Nothing is short now"
    text = f"{number:,} {line.component} in {line.type} {grouped(line.tag)}{still}"
    return Verdict("MADE GOOD", text, UNDOES)


def forgotten(kitloan: College, person: str) -> Verdict:
    """A person's name, e-mail, phone and remarks about them are gone."""
    gone = kitloan.people.erase(person)
    text = f"{plural(gone.people, 'person', 'people')} and {plural(gone.remarks, 'remark')}."
    hint = (
        "The ledger never knew more than an opaque id."
        if gone.is_done
        else f"Not everywhere yet: say `kitloan erase` later. {gone.store_left} "
        + ", ".join(gone.copies_left)
    )
    return Verdict("FORGOTTEN", text, hint)


def register_read(name: str, taken: TakenIn) -> Verdict:
    """A register was taken in."""
    text = f"{plural(taken.added, 'holding')} from {name}, {taken.loans:,} of them on loan"
    return Verdict("REGISTER", text, f"{plural(taken.skipped, 'row')} left out or known already.")
