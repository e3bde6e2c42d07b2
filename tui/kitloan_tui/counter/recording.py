"""What the desk puts on record, each action with its verdict in words.

The counter and the screens beside it call these; each may raise what the library refuses. Every
one can be undone, save forgetting a person and a stocktake's scans, which change no holding.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from kitloan.borrowers.organisations import organisation_id, person
from kitloan.college import College
from kitloan.contents import Count
from kitloan.errors import BadInput
from kitloan.ledger.session import ESP
from kitloan.reference import colleges, find_college
from kitloan.text.dates import parse_due, parse_past, uk
from kitloan.text.names import fold, near_names, search_form
from kitloan.text.tags import grouped
from kitloan.values import Holding, LoanLine, ShortageOfHolding, plural
from kitloan_tui import lookups
from kitloan_tui.counter import parsing, refusals, sentences
from kitloan_tui.counter.questions import Arriving, Counting, HowMany, TakingIn
from kitloan_tui.counter.sentences import UNDOES
from kitloan_tui.counter.state import TurnTerms
from kitloan_tui.counter.verdict import Verdict

if TYPE_CHECKING:
    from kitloan.holdings import NewHolding
    from kitloan.imports.register import TakenIn

MOST_AT_ONCE = 200
"""Things that are taken in at once."""

# -- at the counter -------------------------------------------------------------------------------


def end_count(
    college: College, counting: Counting, count: Count | None, on: date | None = None
) -> Verdict:
    """Record a count, with the return that it came with; None when it is counted later.

    `on` is the day on which that was, where it was an earlier one than today.

    Raises:
        Refused: `not_out`, when another desk took it back first.
    """
    tag = counting.held.tag
    if counting.returning:
        (back,) = college.loans.check_in([tag], count, note=counting.remark or None, on=on)
        return sentences.returned(back, counting.held, college.session.today, on)
    if count is None:
        return sentences.still_uncounted(counting.held)
    if counting.remark:
        raise refusals.no_place_for_note()
    _, shortages = college.loans.count(tag, count, on=on)
    return sentences.counted(sentences.shown(counting.held), shortages)


def take_back_number(
    college: College, asked: HowMany, number: int, on: date | None = None
) -> Verdict:
    """Take so many of a stock back from the borrower who was named.

    Raises:
        Refused: `not_out` or `more_than_out`, when another desk took some back first.
    """
    (back,) = college.loans.check_in([asked.held.tag], quantity=number, from_=asked.whose, on=on)
    return sentences.returned(back, asked.held, college.session.today, on)


def take_back_used(
    college: College,
    held: Holding,
    whose: str | None,
    back: int,
    used: int,
    lost: int,
    on: date | None = None,
) -> Verdict:
    """Take so many of a stock back, the borrower having used or lost so many of them.

    Raises:
        Refused: `not_out`, `more_than_out`, `which_loan`, `nothing_left`.
        BadInput: `bad_quantity`.
    """
    (got,) = college.loans.check_in(
        [held.tag], quantity=back, from_=whose, on=on, used=used, lost=lost
    )
    gone = ", ".join(f"{n:,} {word}" for n, word in ((used, "used up"), (lost, "lost")) if n)
    left = f"; {got.still_out:,} still out" if got.still_out else ""
    now = college.find.holding(held.tag)
    text = f"{back:,} of {got.type} {grouped(got.tag)} from {got.to}, {gone}{left}"
    came = Verdict("IN", f"{text}. {now.quantity:,} are held now", UNDOES)
    return came if got.still_out else sentences.asks_use(came, got.id)


def correct_together(
    college: College,
    lent: Sequence[LoanLine],
    *,
    contact: str | None,
    on: date | None,
    what: str,
) -> None:
    """Correct the contact or the day of several loans, all or none; one undo takes them back.

    Raises:
        Refused: `before_received`, `dates_overlap`, `not_out`.
    """
    from kitloan.loans.corrections import Correction, correct  # no scan has to wait for it

    wrong = Correction(
        to=None,
        contact=contact if what == "contact" else None,
        due_on=None,
        on=on if what == "on" else None,
        quantity=None,
    )
    with college.session.writing() as writer:
        for each in lent:
            correct(writer, each.tag, wrong, each.to)


def take_in_as(college: College, asked: TakingIn, kind: str) -> Verdict:
    """Take in the thing that a label is stuck on, as one of this kind.

    Raises:
        Refused: `tag_taken`, when another desk used the label first.
        BadInput: a name that cannot be used.
    """
    from kitloan.holdings import NewHolding  # lending and taking back need none of it

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


def keep_details(college: College, to: str, terms: TurnTerms) -> None:
    """Keep the e-mail and the phone of a turn's contact, apart from the ledger."""
    if not terms.contact or not (terms.email or terms.phone):
        return
    with college.session.writing() as writer:
        whose, _ = organisation_id(writer.connection, college.session.college, to)
        person(writer, terms.contact, whose, email=terms.email, phone=terms.phone)


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


def receive_as(college: College, sender: str, new: "NewHolding") -> Verdict:
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
    like = [each.name for each in colleges() if search_form(typed) in search_form(each.name)]
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


_AMENDABLE = {
    "number": "asset_number",
    "serial": "serial",
    "type": "type",
    "quantity": "quantity",
}
"""What of a holding can be changed, by the word for it on the screen."""


def amendable(what: str) -> str:
    """The field of a holding that this word, or the beginning of it, is for.

    Raises:
        BadInput: `unknown_field`.
    """
    found = [field for word, field in _AMENDABLE.items() if word.startswith(fold(what))]
    if len(found) != 1:
        raise BadInput(
            "unknown_field",
            f"{what!r} is not one of {', '.join(_AMENDABLE)}.",
            "Move puts it in another place.",
            value=what,
        )
    return found[0]


def amend(college: College, tag: str, field: str, typed: str) -> Verdict:
    """Change one thing about a holding.

    Raises:
        BadInput: a value that cannot be used; `new_kind`, for a type that may be a slip.
        Refused: `more_out`.
    """
    before = college.find.holding(tag)
    was = getattr(before, field)
    value: str | int = "" if typed.lower() in parsing.NO_MORE else typed
    if field == "quantity":
        if not typed.isdecimal():
            raise refusals.not_a_quantity(typed)
        value = int(typed)
    elif field == "type":
        names = lookups.kit_types(college.session)
        value = next((name for name in names if search_form(name) == search_form(typed)), typed)
        if value not in names and (like := near_names(typed, names)):
            raise refusals.may_be_another_kind(typed, like)
    college.holdings.amend(tag, **{field: value})  # type: ignore[arg-type]  # by its name
    word = next(word for word, each in _AMENDABLE.items() if each == field)
    text = f"{sentences.shown(before)}: {word} from {was or 'none'} to {value or 'none'}"
    return Verdict("CHANGED", text, UNDOES)


def _borrower_named(college: College, typed: str) -> str:
    """The school that is meant: its whole name, or one that only one school begins with.

    Raises:
        BadInput: `nearly_known`, where that could be several, or a slip.
    """
    known = lookups.organisation_called(college.session, typed)
    begin = parsing.organisations_beginning(college, typed)
    if known or len(begin) == 1:
        return known or begin[0]
    if like := parsing.organisations_like(college, typed):
        raise refusals.may_be_another_school(typed, like)
    return typed


def correct_loan(college: College, tag: str, typed: str) -> Verdict:
    """Correct one fact of an open loan: `to SCHOOL`, `on friday`, `due 18 dec`, `contact NAME`, ...

    Raises:
        BadInput: `half_said`, where it begins with none of these; what cannot be so.
        Refused: `not_out`, `dates_overlap`, `before_received`, `not_enough`, `more_back`.
    """
    held = college.find.holding(tag)
    if held.loan is None:
        raise refusals.no_loan(held)
    today = college.session.today
    word, _, value = typed.partition(" ")
    word, value = word.lower(), value.strip()
    if not value or word not in ("to", "on", "due", "contact", "quantity"):
        raise refusals.nothing_to_correct(typed)
    if word == "quantity" and not value.isdecimal():
        raise refusals.not_a_quantity(value)
    done = college.loans.correct(
        tag,
        to=_borrower_named(college, value) if word == "to" else None,
        contact=value if word == "contact" else None,
        due_on=parse_due(value, held.loan.on or today) if word == "due" else None,
        on=parse_past(value, today) if word == "on" else None,
        quantity=int(value) if word == "quantity" else None,
        from_=held.loan.to,
    )
    was = f", not {done.was_with}" if done.was_with and done.was_with != done.to else ""
    many = f"{done.quantity:,} of " if held.quantity > 1 else ""
    due = f", due {uk(done.due_on)}" if done.due_on else ""
    since = f", since {uk(done.on)}" if done.on else ""
    text = f"{many}{done.type} {grouped(done.tag)} with {done.to}{was}{since}{due}"
    return Verdict("CORRECTED", text, UNDOES)


def pass_on(college: College, tag: str, typed: str) -> Verdict:
    """Record that the borrower handed a loan straight to another school; nothing is counted.

    Raises:
        BadInput: `same_borrower`, `nearly_known`.
        Refused: `not_out`.
    """
    held = college.find.holding(tag)
    if held.loan is None:
        raise refusals.no_loan(held)
    done = college.loans.pass_on(tag, _borrower_named(college, typed), from_=held.loan.to)
    due = f", due {uk(done.due_on)}" if done.due_on else ""
    text = f"{done.type} {grouped(done.tag)} from {held.loan.to} to {done.to}{due}. Not counted"
    return Verdict("PASSED ON", text, UNDOES)


def use_up(college: College, tag: str, typed: str) -> Verdict:
    """Take stock back of which some was used or lost: `back 5 used 3 lost 2`.

    Raises:
        BadInput: `bad_quantity`.
        Refused: `not_out`, `more_than_out`, `nothing_left`.
    """
    held = college.find.holding(tag)
    if held.loan is None:
        raise refusals.no_loan(held)
    numbers = parsing.came_back(typed)
    if numbers is None:
        raise refusals.no_numbers(typed)
    return take_back_used(college, held, held.loan.to, *numbers)


def repair(college: College, tag: str, reason: str) -> Verdict:
    """Record that a holding cannot be used until it is repaired."""
    college.holdings.put_in_repair(tag, reason)
    text = f"{sentences.shown(college.find.holding(tag))}: {reason}"
    return Verdict("OUT OF USE", text, f"Not lent until it is repaired. {UNDOES}")


def repaired(college: College, tag: str) -> Verdict:
    """Record that a holding can be used again."""
    college.holdings.repaired(tag)
    return Verdict("REPAIRED", sentences.shown(college.find.holding(tag)), UNDOES)


def split(college: College, tag: str, typed: str) -> Verdict:
    """Make part of a stock a holding of its own: `10`, or `10 @ Store 2`.

    Raises:
        BadInput: `bad_quantity`, also for all of it.
        Refused: `not_enough`.
    """
    number, _, place = (part.strip() for part in typed.partition("@"))
    if not number.isdecimal():
        raise refusals.not_a_quantity(number)
    made = college.holdings.split(tag, int(number), location=place or None)
    held = college.find.holding(made.tag)
    where = f" in {held.location}" if held.location else ""
    text = f"{held.quantity:,} of {sentences.shown(held)}{where}, from {grouped(tag)}"
    return Verdict("SPLIT", text, f"{{labels}} prints its label. {UNDOES}")


def rename_school(college: College, name: str, new: str) -> tuple[str, Verdict]:
    """Give a school another name; gives what it is called now.

    Raises:
        Refused: `name_taken`.
        BadInput: `same_name`, `bad_text`, `not_a_name`, `names_a_person`, `looks_alike`.
    """
    done = college.directory.rename(name, new)
    return done.name, Verdict("RENAMED", f"{name} is {done.name} now", UNDOES)


def merge_schools(college: College, name: str, into: str) -> tuple[str, Verdict]:
    """Make a school one with another; gives what both are called now.

    Raises:
        BadInput: `unknown_organisation`, `same_organisation`.
    """
    done = college.directory.merge(name, into)
    return done.name, Verdict("MERGED", f"{name} is {done.name} now: both names find it", UNDOES)


def link_school(college: College, name: str, schuid: str) -> Verdict:
    """Which school of the lists a borrower is; several may be the same, as those of a campus."""
    return sentences.linked(college.schools.link(name, schuid))


def close_school(college: College, name: str) -> Verdict:
    """Record that nothing more is lent to a school.

    Raises:
        Refused: `closed`, when it is closed already.
    """
    done = college.directory.close(name)
    return Verdict("CLOSED", f"{done.name}: nothing more is lent to it", UNDOES)


def rename_type(college: College, name: str, new: str) -> tuple[str, Verdict]:
    """Give a kit type another name; gives what it is called now.

    Raises:
        Refused: `name_taken`.
        BadInput: `same_name`, `bad_text`, `not_a_name`.
    """
    done = college.holdings.rename_type(name, new)
    return done.name, Verdict("RENAMED", f"{name} is {done.name} now", UNDOES)


def merge_types(college: College, name: str, into: str) -> tuple[str, Verdict]:
    """Make a kit type one with another; gives what both are called now.

    Raises:
        BadInput: `unknown_type`, `same_type`.
        Refused: where a booking would have the type twice.
    """
    done = college.holdings.merge_types(name, into)
    return done.name, Verdict("MERGED", f"{name} is {done.name} now: both names find it", UNDOES)


def propose_reinstatement(college: College, tag: str, reason: str) -> Verdict:
    """Propose that a written-off holding is on the register again; a second person signs."""
    college.holdings.propose_reinstatement(tag, reason)
    text = f"to reinstate {sentences.shown(college.find.holding(tag))}: {reason}"
    return Verdict("PROPOSED", text, f"Somebody else opens this page and signs. {UNDOES}")


def reinstate(college: College, tag: str) -> Verdict:
    """Sign that a written-off holding is on the register again.

    Raises:
        Refused: `not_proposed`, `same_person`.
    """
    college.holdings.reinstate(tag)
    text = sentences.shown(college.find.holding(tag))
    return Verdict("REINSTATED", f"{text}, uncounted", UNDOES)


def renew(college: College, tag: str, typed: str) -> Verdict:
    """Make the loan that a holding is shown with due on another day, as it was typed.

    Raises:
        BadInput: a date that cannot be.
        Refused: `not_out`.
    """
    held = college.find.holding(tag)
    due_on = parse_due(typed, college.session.today)
    whose = held.loan.to if held.loan else None
    _, to, day = college.loans.renew(tag, due_on, from_=whose)
    return sentences.renewed([(held, to, day)])


def renew_all(college: College, name: str, typed: str) -> Verdict:
    """Make everything that a school has due on another day, all or none.

    Raises:
        BadInput: a date that cannot be.
        Refused: `not_out`, where it has nothing.
    """
    due_on = parse_due(typed, college.session.today)
    loans = college.find.loans(to=name, limit=1000).items
    if not loans:
        raise refusals.nothing_to_renew()
    tags = list(dict.fromkeys(each.tag for each in loans))
    college.loans.renew_together([(tag, due_on, name) for tag in tags])
    text = f"{plural(len(tags), 'loan')} of {name}, due {uk(due_on)}"
    return Verdict("RENEWED", text, f"{UNDOES} All of them at once.")


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


def take_in(college: College, new: "NewHolding") -> Verdict:
    """Take in a new holding."""
    made = college.holdings.add(new)
    many = f"{made.quantity:,} of " if made.quantity > 1 else ""
    number = f", {made.asset_number}" if made.asset_number else ""
    return Verdict("TAKEN IN", f"{many}{made.type} {grouped(made.tag)}{number}", UNDOES)


def take_in_several(college: College, new: "NewHolding", number: int) -> Verdict:
    """Take in so many things of one kind, each with a new tag; one undo takes them back.

    Raises:
        BadInput: a text that cannot be used; `bad_quantity`, for more than two hundred.
    """
    if number > MOST_AT_ONCE:
        raise refusals.too_many_at_once(number, MOST_AT_ONCE)
    from kitloan.holdings import accession_several

    with college.session.writing() as writer:
        made = accession_several(writer, new, number)
    text = f"{number:,} of {made[0].type}, each with a new tag"
    return Verdict("TAKEN IN", text, f"{{labels}} prints their labels. {UNDOES}")


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


def register_taken_in(name: str, taken: "TakenIn") -> Verdict:
    """A register was taken in."""
    text = f"{plural(taken.added, 'holding')} from {name}, {taken.loans:,} of them on loan"
    if taken.updated:
        text = f"{plural(taken.updated, 'difference')} and {plural(taken.added, 'new holding')}"
        text += f" from {name}"
    skipped = f"{plural(taken.skipped, 'row')} left out or known already." if taken.skipped else ""
    return Verdict("REGISTER", text, skipped)
