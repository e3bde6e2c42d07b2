"""The counter's verdicts in words: one function for each thing that can happen (pure).

Facts come as the library's frozen answers; nothing here asks the store. Dates are British, tags
are grouped, and what was short before a loan is never shown as this borrower's doing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from kitloan.text import scans
from kitloan.text.dates import uk, uk_instant
from kitloan.text.tags import grouped
from kitloan.values import Holding, LoanLine, ShortageLine, plural
from kitloan_tui.counter.questions import (
    Arriving,
    Counting,
    HowMany,
    LendOrReturn,
    PartsCount,
    Question,
    TakingIn,
)
from kitloan_tui.counter.state import CounterState, TurnTerms, UnknownName
from kitloan_tui.counter.status import terms_shown
from kitloan_tui.counter.verdict import Verdict

if TYPE_CHECKING:
    from kitloan.backups.upgrading import Upgraded
    from kitloan.evidence.schools import Linked, SchoolLine
    from kitloan.history.undo import Undone
    from kitloan.holdings import Added
    from kitloan.loans.checkouts import Lent
    from kitloan.loans.returns import Returned
    from kitloan.transfers.receiving import Received
    from kitloan_tui.labels import OnPaper, Order

_MOST_NAMED = 5

UNDOES = "{undo} takes it back."
_ASKS_USE = "Type use: what it was used for."
"""After a return: asked, and in no scan's way; see `counter.uses`."""


def shown(held: Holding) -> str:
    """A holding as people name it: what it is, its tag, and the college's own number."""
    number = f" ({held.asset_number})" if held.asset_number else ""
    return f"{held.type} {grouped(held.tag)}{number}"


def upgraded(done: "Upgraded") -> Verdict:
    """An earlier release had made the store."""
    return Verdict("UPGRADED", str(done), "Scan a kit or a school, or type.")


def turn_open(to: str, *, new: bool = False, nearly: Sequence[str] = ()) -> Verdict:
    """An organisation's turn at the counter has begun."""
    text = f"to {to}" + (_new(nearly) if new else "")
    return Verdict("LENDING", text, "Scan each kit; it is lent at once. {home} ends the turn.")


def lent(
    each: "Lent",
    shortages: Sequence[ShortageLine],
    on: date | None = None,
    booking: str | None = None,
) -> Verdict:
    """One holding went out, against a booking where one is named."""
    many = f"{each.quantity} of " if each.quantity > 1 else ""
    went = f" on {uk(on)}" if on else ""
    text = f"{many}{each.type} {grouped(each.tag)} to {each.to}{went}, due {uk(each.due_on)}"
    text += _booked(booking)
    text += _new(each.nearly) if each.new_organisation else ""
    return Verdict("OUT", text + _gone_short(shortages), UNDOES)


def lent_together(
    loans: "Sequence[Lent]", on: date | None = None, booking: str | None = None
) -> Verdict:
    """Kits that had waited for a name went out together."""
    first = loans[0]
    kits = _several([f"{each.type} {grouped(each.tag)}" for each in loans])
    went = f" on {uk(on)}" if on else ""
    text = f"{len(loans)} to {first.to}{went}, due {uk(first.due_on)}{_booked(booking)}: {kits}"
    text += _new(first.nearly) if first.new_organisation else ""
    return Verdict("OUT", text, f"{UNDOES} All of them at once.")


def ask_listed(school: "SchoolLine") -> str:
    """Whether the borrower is the listed school of its name."""
    where = school.council or "no council"
    return f"Type yes if it is the listed school in {where} ({school.schuid})."


def linked(each: "Linked") -> Verdict:
    """A borrower is a listed school from now on."""
    return Verdict("DONE", f"{each.organisation} is the listed school {each.schuid}.", UNDOES)


def _booked(booking: str | None) -> str:
    return f", as booked ({booking})" if booking else ""


def turn_over(to: str, count: int) -> Verdict:
    """An organisation's turn is over."""
    return Verdict("DONE", f"{plural(count, 'loan')} to {to}." if count else f"Nothing to {to}.")


def ask_whom(basket: Sequence[Holding], without: Holding | None = None) -> Verdict:
    """Kits wait to hear who takes them; `without` one that was just taken from among them."""
    text = _several([shown(held) for held in reversed(basket)])
    short = _gone_short(basket[-1].shortages)
    hint = "Scan or type the school, or a number of the list."
    if without is not None:
        hint = f"Taken back: {shown(without)}. {hint}"
    return Verdict("TO WHOM?", text + short, hint)


def ask_new_school(unknown: UnknownName, basket: Sequence[Holding]) -> Verdict:
    """A name that nobody has yet, or half of one, for the kits that wait for a name."""
    like = f" Is it {' or '.join(unknown.like[:3])}?" if unknown.like else ""
    hint = "A number of the list, or type more of the name. " if unknown.like else ""
    hint += f"Type yes when {unknown.name} is new here."
    text = f"No school here has the name {unknown.name!r}.{like}"
    if basket:
        text += f" For {_several([shown(held) for held in basket])}"
    return Verdict("NEW SCHOOL?", text, hint)


def question(asked: Question, today: date, also: str = "") -> Verdict:
    """What is on the counter and waits for an answer; `also` takes the place of the usual hint."""
    if isinstance(asked, TakingIn):
        hint = "Type what kind of kit it is on, or a number of the list. {home} ends this."
        origin = f" It comes from {asked.sender}." if asked.sender else ""
        if asked.new:
            text = f"{asked.new!r} is no kind of kit here. Is it {' or '.join(asked.like[:3])}?"
            hint = f"Type a number of the list, or yes when {asked.new} is a new kind."
            return Verdict("NEW KIND?", text, also or hint)
        text = f"No holding has {grouped(asked.tag)} yet.{origin}"
        return Verdict("TAKE IN?", text, also or hint)
    if isinstance(asked, Arriving):
        text = f"{asked.type} {grouped(asked.tag)} from {asked.sender}, sent to us"
        text += f". {text_so_far}" if (text_so_far := asked.running()) else ""
        return Verdict("IN?", text, also or _count_hint(asked))
    held = asked.held
    if isinstance(asked, Counting):
        word, text, hint = "IN?", f"{shown(held)}{_from(held, today)}", _count_hint(asked)
        text += f". {text_so_far}" if (text_so_far := asked.running()) else ""
        text += f". Note: {asked.remark}" if asked.remark else ""
    elif isinstance(asked, LendOrReturn):
        having = ", ".join(f"{n:,} with {name}" for name, n in asked.having)
        word, text = "LEND OR RETURN?", f"{shown(held)}: {asked.left:,} here, {having}"
        hint = "Scan or type the school that takes some. Type back when some come back."
    elif asked.asks_whose:
        having = ", ".join(f"{name} ({n:,})" for name, n in asked.having)
        word, text, hint = "FROM WHOM?", f"{shown(held)}: {having}", "Type a number of the list."
    elif asked.to:
        word, text = "HOW MANY?", f"{shown(held)} to {asked.to}, {asked.most:,} here"
        hint = "Enter: 1. Or type how many."
    else:
        word, text = "HOW MANY?", f"{shown(held)} from {asked.whose}, who has {asked.most:,}"
        hint = f"Enter: all {asked.most:,}. Or type how many came back."
    return Verdict(word, text, also or hint)


def not_answered(asked: Verdict) -> Verdict:
    """The question beside a refusal: Enter does not answer it now."""
    return replace(asked, hint="Not settled: type it again. Enter alone shows the question.")


def asked_again(asked: Verdict, not_taken: str) -> Verdict:
    """The question once more: Enter does not answer right after a refusal."""
    return replace(asked, hint=f"{code_shown(not_taken)!r} was not taken. {asked.hint}")


def left(asked: Question) -> Verdict:
    """A question was left without an answer; nothing was recorded."""
    if isinstance(asked, TakingIn):
        return Verdict("NOT TAKEN IN", grouped(asked.tag), "The label is still free.")
    if isinstance(asked, Arriving):
        text = f"{asked.type} {grouped(asked.tag)} from {asked.sender}"
        return Verdict("NOT RECEIVED", text, "Scan it to begin again.")
    if isinstance(asked, Counting) and not asked.returning:
        if asked.held.status == "uncounted":
            return still_uncounted(asked.held)
        return Verdict("NOT COUNTED", shown(asked.held), "Its last count has not changed.")
    if isinstance(asked, HowMany) and asked.to:
        return not_lent([asked.held])
    if isinstance(asked, LendOrReturn):
        return Verdict("DONE", f"Nothing was lent or taken back of {shown(asked.held)}.")
    return Verdict("NOT RETURNED", f"{shown(asked.held)} is still out.", "Scan it to begin again.")


def not_lent(basket: Sequence[Holding]) -> Verdict:
    """Nobody was named, and the kits stay here."""
    return Verdict("NOT LENT", _several([shown(held) for held in basket]))


def still_uncounted(held: Holding) -> Verdict:
    """A kit that waits for its count goes on waiting."""
    return Verdict("TO BE COUNTED", f"{shown(held)}, still", "Not lent until it is counted.")


def returned(back: "Returned", held: Holding, today: date, on: date | None = None) -> Verdict:
    """A holding came back; the word shows how."""
    many = f"{back.quantity} of " if held.quantity > 1 else ""
    text = f"{many}{back.type} {grouped(back.tag)}{_from(held, today, back.to)}"
    text += f"; back on {uk(on)}" if on else ""
    if back.still_out:
        text += f"; {back.still_out:,} still out"
    if back.counted == "uncounted":
        came = Verdict("IN, TO BE COUNTED", text, f"Not lent until it is counted. {UNDOES}")
    elif back.counted == "no_contents":
        came = Verdict("IN", text, UNDOES)
    else:
        came = counted(text, back.shortages, back.new, back.found)
    return came if back.still_out else asks_use(came, back.id)


def asks_use(came: Verdict, loan_id: str) -> Verdict:
    """A return, and the word by which its use can be recorded; it need not be."""
    return replace(came, hint=f"{came.hint} {_ASKS_USE}", returned=loan_id)


def counted(
    text: str,
    shortages: Sequence[ShortageLine],
    new: Sequence[ShortageLine] = (),
    found: Sequence[str] = (),
) -> Verdict:
    """A kit was counted: whole, or so many pieces short."""
    if found:
        text += f". Found again: {', '.join(found)}"
    if not shortages:
        return Verdict("IN, WHOLE", text, UNDOES)
    if new:
        text += f". {shortages_of(new)}"
    before = pieces(shortages) - pieces(new)
    if before:
        text += f" ({before} short before)" if new else f". As it left: {shortages_of(shortages)}"
    return Verdict(f"IN, {pieces(shortages)} SHORT", text, UNDOES)


def renewed(loans: Sequence[tuple[Holding, str, date]]) -> Verdict:
    """Loans are due on another day."""
    kits = "; ".join(f"{shown(held)} with {to}, due {uk(due)}" for held, to, due in loans)
    together = " All of them at once." if len(loans) > 1 else ""
    return Verdict("RENEWED", kits, UNDOES + together)


def corrected_together(lent: Sequence[LoanLine], terms: TurnTerms) -> Verdict:
    """What was typed after the scans of a turn is so for its loans."""
    kits = _several([f"{each.type} {grouped(each.tag)}" for each in lent])
    text = f"{plural(len(lent), 'loan')} to {lent[0].to}: {terms_shown(terms)}. {kits}"
    return Verdict("CORRECTED", text, f"{UNDOES} It holds for what is lent now too.")


def terms_set(terms: TurnTerms, to: str | None) -> Verdict:
    """The contact, the purpose and the due date of the turn, all of them."""
    whose = f"For {to}" if to else "For the next school"
    text = f"{whose}: {terms_shown(terms) or 'no due date, contact, purpose or day set'}."
    if terms == TurnTerms():
        return Verdict("NOTED", text)
    return Verdict("NOTED", text, "It holds until the turn ends. Type clear to clear it.")


def returns_only() -> Verdict:
    """From now on kits only come back."""
    return Verdict(
        "RETURNS ONLY", "Kits come back; none goes out.", "Scan them. {home} or a school ends this."
    )


def returns_over() -> Verdict:
    """Kits may go out again."""
    return Verdict("DONE", "Returns are over; kits may go out again.")


def taken_in(added: "Added", *, new: bool) -> Verdict:
    """A thing came into the college's care under a label."""
    kind = " (a new kind of kit)" if new else ""
    return Verdict("TAKEN IN", f"{added.type} {grouped(added.tag)}{kind}", UNDOES)


def label_saved(held: Holding, file: str) -> Verdict:
    """A new label is in a file."""
    return Verdict(
        "LABEL", f"{shown(held)}: {file}", "Print it at 100 %, never fitted to the page."
    )


def labels_made(what: str, order: "Order", made: "OnPaper") -> Verdict:
    """Labels went to a printer, or are in a file; `what` is of which, or how many."""
    many = f", {plural(made.sheets, 'sheet')}" if made.sheets > 1 and len(order.tags) > 1 else ""
    where = f"saved in {made.file}"
    if made.sent:
        where = f"sent to {order.printer or 'the printer'}, and {where}"
    elif made.sent is False:
        where = f"no way to print here; {where}"
    hint = "" if made.sent else "Print it at 100 %, never fitted to the page."
    return Verdict("LABEL", f"{what}{many}: {where}", " ".join([hint, *made.notes[:2]]).strip())


def ask_undo(action: str) -> Verdict:
    """The latest action is of an earlier day: it may be older than the person thinks."""
    return Verdict("UNDO?", action, "Type yes to undo it. Anything else leaves it.")


def redone(what: "Undone", now: Sequence[Holding | str]) -> Verdict:
    """What was undone last is done again."""
    return replace(undone(what, now), word="DONE AGAIN", hint=UNDOES)


def undone(what: "Undone", now: Sequence[Holding | str], over: str = "") -> Verdict:
    """The latest action was taken back: what it was and when, and what is true now.

    Args:
        what: what was undone.
        now: the holdings as they are now; only the tag of one that is no holding any more.
        over: the organisation whose turn ended with it, if one's did.
    """
    named = [grouped(each) if isinstance(each, str) else shown(each) for each in now]
    what_was = "; ".join(part for part in dict.fromkeys(what.summaries) if part)
    about = f"{_several(named)}: " if named else ""
    text = f"{about}{what_was} ({uk_instant(what.at)})" if what_was else _several(named)
    states = dict.fromkeys("not taken in" if isinstance(e, str) else status_shown(e) for e in now)
    text += f". Now {'; '.join(states)}" if len(states) == 1 else ""
    return Verdict("UNDONE", text + (f". {over}'s turn is over." if over else ""))


def status_shown(held: Holding) -> str:
    """The status of a holding, in a few words."""
    if held.loan is None or not held.out_quantity:
        short = f", short: {shortages_of(held.shortages)}" if held.shortages else ""
        return held.status.replace("_", " ") + short
    many = f"{held.out_quantity:,} of {held.quantity:,} " if held.quantity > 1 else ""
    due = f", due {uk(held.loan.due_on)}" if held.loan.due_on else ""
    return f"{many}{held.status} with {held.loan.to}{due}"


def found_one(held: Holding) -> Verdict:
    """One of those that a search found, looked at; nothing was done with it."""
    place = f", at {held.location}" if held.location else ""
    hint = f"To lend it or take it back, scan it, or type {held.asset_number or held.tag}."
    return Verdict("FOUND 1", f"{shown(held)}: {status_shown(held)}{place}", hint)


def lent_already(held: Holding) -> Verdict:
    """What was lent in this turn a moment ago was scanned again: it is no return."""
    assert held.loan is not None  # noqa: S101  # it is out
    due = f", due {uk(held.loan.due_on)}" if held.loan.due_on else ""
    return Verdict(
        "OUT",
        f"already: {shown(held)} to {held.loan.to}{due}. The second scan changed nothing.",
        f"{UNDOES} If it is coming back: scan RETURN, then the kit.",
    )


def code_shown(text: str) -> str:
    """What was scanned, as people read it."""
    code = scans.read(text)
    return grouped(code.tag) if isinstance(code, scans.Tag) else text


def layout(name: str) -> str:
    """The scanner and the machine disagree about the keyboard."""
    return (
        f"The scanner types as on a US keyboard, this machine reads {name}: set one to the other."
    )


def found(
    words: str,
    matches: Sequence[Holding],
    total: int,
    nearly: Sequence[str] = (),
    *,
    schools: Sequence[str] = (),
    can_be_new: bool = False,
    start: int = 0,
) -> Verdict:
    """A search, which changed nothing.

    Args:
        words: what was looked for.
        matches: the holdings that are listed of what it found.
        total: how many it found.
        nearly: borrowers who are spelt almost so.
        schools: borrowers whose names begin so.
        can_be_new: whether it can be the name of a school that has not borrowed yet.
        start: how many come before those that are listed.
    """
    if not matches:
        like = f" Spelt nearly so: {', '.join(nearly)}." if nearly else ""
        hint = "Type another part of its name or number. {holdings} lists everything."
        if can_be_new:
            hint = f"To lend to a new school, type: to {words}"
        return Verdict("FOUND 0", f"Nothing here matches {words!r}.{like}", hint)
    more = (
        f" {start + 1:,} to {start + len(matches):,} are listed. {{page_down}} lists the next. "
        "{holdings} has all."
        if total > len(matches)
        else ""
    )
    hint = "Type a number of the list to see it." + more
    if schools:
        hint += f" To lend to {schools[0]}, type: to {schools[0]}"
    return Verdict(f"FOUND {total:,}", f"matching {words!r}.", hint)


def unfinished(state: CounterState) -> str:
    """What would be lost if the desk closed now; empty when nothing would."""
    lines = []
    if state.question is not None:
        over = left(state.question)
        lines.append(f"{over.word}: {over.text.rstrip('.')}.")
    if state.basket:
        lines.append(f"NOT LENT: {not_lent(state.basket).text}.")
    if state.waiting:
        lines.append(f"{plural(len(state.waiting), 'scan')} not handled.")
    return " ".join(lines)


def asking(state: CounterState, today: date) -> Verdict | None:
    """What is open and waits for somebody."""
    if state.verdict.asks:
        return state.verdict
    if state.question is not None:
        asked = question(state.question, today)
        return not_answered(asked) if state.not_taken else asked
    return ask_whom(state.basket) if state.basket else None


def notes(state: CounterState) -> tuple[Verdict, ...]:
    """What is shown beside the question, or beside what happened last."""
    is_asked = state.verdict.asks or state.question is not None or state.basket
    shown_too = (*state.beside, state.verdict) if is_asked else state.beside
    return tuple(verdict for verdict in shown_too if not verdict.asks)


def received(got: "Received") -> Verdict:
    """A kit from another college is this college's now."""
    count = {"uncounted": ", to be counted: scan it for that", "whole": ", whole"}
    ends = count.get(got.counted, "")
    if got.shortages:
        ends = f", {pieces(got.shortages)} short: {shortages_of(got.shortages)}"
    text = f"{got.type} {grouped(got.tag)} from {got.from_name}{ends}"
    if got.differs:
        text += f". The sender counted otherwise: {', '.join(got.differs)}"
    if got.never_sent:
        text += ". No file with their record of sending it has come yet"
    return Verdict("RECEIVED", text, UNDOES)


_KINDS = {
    "holding.accessioned": "added",
    "holding.amended": "details",
    "holding.sighted": "seen",
    "shortage.made_good": "parts replaced",
}
"""Kinds of entry whose own words are the ledger's, and not for a screen."""


def entry_kind(kind: str) -> str:
    """The kind of a ledger's entry, in words."""
    return _KINDS.get(kind) or kind.partition(".")[2].replace("_", " ")


def pieces(lines: Sequence[ShortageLine]) -> int:
    """How many pieces are missing or broken."""
    return sum(line.missing + line.broken for line in lines)


def _several(names: Sequence[str]) -> str:
    """The first of some names, and how many more: two hundred must not fill the screen."""
    more = len(names) - _MOST_NAMED
    listed = ", ".join(names[:_MOST_NAMED])
    return f"{listed} and {more:,} more" if more > 0 else listed


def shortages_of(lines: Sequence[ShortageLine]) -> str:
    """What is short, in words."""
    return "; ".join(str(line) for line in lines)


def _gone_short(shortages: Sequence[ShortageLine]) -> str:
    return f". Already short: {shortages_of(shortages)}" if shortages else ""


def _count_hint(asked: PartsCount) -> str:
    if asked.typed:
        return "Enter records this. Or type more; {undo} takes the last back."
    end = "as it left" if asked.was_short else "all there"
    return f"Enter: {end}. Or type what is missing: wheel 2"


def _new(nearly: Sequence[str]) -> str:
    like = f", spelt nearly like {' and '.join(nearly)}" if nearly else ""
    return f" (new organisation{like})"


def _from(held: Holding, today: date, to: str | None = None) -> str:
    loan = held.loan
    if loan is None:
        return ""
    late = (today - loan.due_on).days if loan.due_on else 0
    if loan.on is None:
        since = "out since a day that is not on record"
    else:
        out = max(0, (today - loan.on).days)  # it may have been lent by a clock ahead
        since = f"out {plural(out, 'day')}" if out else "lent today"
    text = f" from {to or loan.to}, {since}"
    return f"{text}, {plural(late, 'day')} overdue" if late > 0 else text
