"""What the counter says, in words: one function for each thing that can happen (pure).

Facts come as the core's frozen answers; nothing here asks the store. Dates are British, tags are
grouped, and what was short before a loan is never told as this borrower's doing.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from kitloan import scan
from kitloan.accession import Added
from kitloan.answers import Holding, ShortageLine, plural
from kitloan.calendar import day_of, uk
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.lending import Lent
from kitloan.returning import Returned
from kitloan.tags import grouped
from kitloan.undo import Undone
from kitloan_tui.counting import Arriving, Counting, HowMany, PartsCount, Question, TakingIn
from kitloan_tui.labels import OnPaper, Order
from kitloan_tui.standing import terms
from kitloan_tui.verdict import Verdict

if TYPE_CHECKING:
    from kitloan.backups.upgrading import Upgraded

_MOST_NAMED = 5

UNDOES = "{undo} takes it back."
_NEXT = {
    "nothing_to_undo": "Each person undoes what they did themselves.",
    "incomplete": "Lend another, or type why it may go all the same, for the record: anyway REASON",
    "not_out": "Scan it again: another desk may have dealt with it.",
    "no_such_component": "Type it as the list has it, then how many: wheel 2",
    "too_many_short": "Count that part again.",
    "which_loan": "Scan it again and say whose.",
    "donor_must_agree": "Type which letter or message of the donor's agrees.",
    "not_proposed": "Somebody has taken the proposal back. Say anew why it should leave.",
    "same_person": "Somebody else opens this page at their desk and signs.",
}
"""What to do next at a desk, where the core's own hint speaks of commands."""


def shown(held: Holding) -> str:
    """A holding as people name it: what it is, and its tag."""
    return f"{held.type} {grouped(held.tag)}"


def refused(error: KitloanError) -> Verdict:
    """A rule stood in the way, or the store could not be used."""
    return Verdict("REFUSED", error.message, _NEXT.get(error.code, error.hint), ok=False)


def upgraded(done: "Upgraded") -> Verdict:
    """An earlier release had made the store."""
    return Verdict("UPGRADED", str(done), "Scan a kit or a school, or type.")


def opened(to: str, *, new: bool = False, nearly: Sequence[str] = ()) -> Verdict:
    """An organisation's turn at the counter has begun."""
    text = f"to {to}" + (_new(nearly) if new else "")
    return Verdict("LENDING", text, "Scan each kit; it is lent at once. {home} ends the turn.")


def lent(each: Lent, shortages: Sequence[ShortageLine]) -> Verdict:
    """One holding went out."""
    many = f"{each.quantity} of " if each.quantity > 1 else ""
    text = f"{many}{each.type} {grouped(each.tag)} to {each.to}, due {uk(each.due_on)}"
    text += _new(each.nearly) if each.new_organisation else ""
    return Verdict("OUT", text + _gone_short(shortages), UNDOES)


def lent_together(lents: Sequence[Lent]) -> Verdict:
    """Kits that had waited for a name went out together."""
    first = lents[0]
    kits = _several([f"{each.type} {grouped(each.tag)}" for each in lents])
    text = f"{len(lents)} to {first.to}, due {uk(first.due_on)}: {kits}"
    text += _new(first.nearly) if first.new_organisation else ""
    return Verdict("OUT", text, f"{UNDOES} All of them at once.")


def closed(to: str, count: int) -> Verdict:
    """An organisation's turn is over."""
    return Verdict("DONE", f"{plural(count, 'loan')} to {to}." if count else f"Nothing to {to}.")


def whom(basket: Sequence[Holding]) -> Verdict:
    """Kits wait to hear who takes them."""
    text = _several([shown(held) for held in reversed(basket)])
    short = _gone_short(basket[-1].shortages)
    return Verdict("TO WHOM?", text + short, "Scan or type the school, or a number of the list.")


def question(asked: Question, today: date, also: str = "") -> Verdict:
    """What is on the counter and waits for an answer; `also` stands in for the usual hint."""
    if isinstance(asked, TakingIn):
        hint = "Type what kind of kit it is on, or a number of the list. {home} ends this."
        whence = f" It comes from {asked.sender}." if asked.sender else ""
        text = f"No holding has {grouped(asked.tag)} yet.{whence}"
        return Verdict("TAKE IN?", text, also or hint)
    if isinstance(asked, Arriving):
        text = f"{asked.type} {grouped(asked.tag)} from {asked.sender}, sent to us"
        text += f". {said}" if (said := asked.running()) else ""
        return Verdict("IN?", text, also or _count_hint(asked))
    held = asked.held
    if isinstance(asked, Counting):
        word, text, hint = "IN?", f"{shown(held)}{_from(held, today)}", _count_hint(asked)
        text += f". {said}" if (said := asked.running()) else ""
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


def left(asked: Question) -> Verdict:
    """A question was left without an answer; nothing was recorded."""
    if isinstance(asked, TakingIn):
        return Verdict("NOT TAKEN IN", grouped(asked.tag), "The label is still free.")
    if isinstance(asked, Arriving):
        text = f"{asked.type} {grouped(asked.tag)} from {asked.sender}"
        return Verdict("NOT RECEIVED", text, "Scan it to begin again.")
    if isinstance(asked, Counting) and not asked.returning:
        return still_uncounted(asked.held)
    if isinstance(asked, HowMany) and asked.to:
        return not_taken([asked.held])
    return Verdict("NOT RETURNED", f"{shown(asked.held)} is still out.", "Scan it to begin again.")


def not_taken(basket: Sequence[Holding]) -> Verdict:
    """Nobody was named, and the kits stay here."""
    return Verdict("NOT LENT", _several([shown(held) for held in basket]))


def still_uncounted(held: Holding) -> Verdict:
    """A kit that waits for its count goes on waiting."""
    return Verdict("TO BE COUNTED", f"{shown(held)}, still", "Not lent until it is counted.")


def counted_here(asked: Counting, shortages: Sequence[ShortageLine]) -> Verdict:
    """A kit that was back already has been counted now."""
    return counted(shown(asked.held), shortages)


def returned(back: Returned, held: Holding, today: date) -> Verdict:
    """A holding came back; the word says how."""
    many = f"{back.quantity} of " if held.quantity > 1 else ""
    text = f"{many}{back.type} {grouped(back.tag)}{_from(held, today, back.to)}"
    if back.still_out:
        text += f"; {back.still_out:,} still out"
    if back.counted == "uncounted":
        return Verdict("IN, TO BE COUNTED", text, f"Not lent until it is counted. {UNDOES}")
    if back.counted == "no_contents":
        return Verdict("IN", text, UNDOES)
    return counted(text, back.shortages, back.new, back.found)


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
        text += f". {_lines(new)}"
    before = pieces(shortages) - pieces(new)
    if before:
        text += f" ({before} short before)" if new else f". As it left: {_lines(shortages)}"
    return Verdict(f"IN, {pieces(shortages)} SHORT", text, UNDOES)


def renewed(loans: Sequence[tuple[Holding, str, date]]) -> Verdict:
    """Loans are due on another day."""
    kits = "; ".join(f"{shown(held)} with {to}, due {uk(due)}" for held, to, due in loans)
    together = " All of them at once." if len(loans) > 1 else ""
    return Verdict("RENEWED", kits, UNDOES + together)


def noted(contact: str | None, purpose: str | None, due_on: date | None) -> Verdict:
    """What was said of the turn, all of it."""
    text = f"For this turn: {terms(contact, purpose, due_on)}."
    return Verdict("NOTED", text, "It holds until the turn ends.")


def returns_only() -> Verdict:
    """From now on kits only come back."""
    return Verdict(
        "RETURNS ONLY", "Kits come back; none goes out.", "Scan them. {home} or a school ends this."
    )


def returns_over() -> Verdict:
    """Kits may go out again."""
    return Verdict("DONE", "Returns are over; kits may go out again.")


def taken_in(added: Added, *, new: bool) -> Verdict:
    """A thing came into the college's care under a label."""
    kind = " (a new kind of kit)" if new else ""
    return Verdict("TAKEN IN", f"{added.type} {grouped(added.tag)}{kind}", UNDOES)


def label_written(held: Holding, file: str) -> Verdict:
    """A new label lies in a file."""
    return Verdict(
        "LABEL", f"{shown(held)}: {file}", "Print it at 100 %, never fitted to the page."
    )


def labels_made(what: str, order: Order, made: OnPaper) -> Verdict:
    """Labels went to a printer, or lie in a file; `what` is of which, or how many."""
    many = f", {plural(made.sheets, 'sheet')}" if made.sheets > 1 and len(order.tags) > 1 else ""
    where = f"saved in {made.file}"
    if made.sent:
        where = f"sent to {order.printer or 'the printer'}, and {where}"
    elif made.sent is False:
        where = f"no way to print here; {where}"
    hint = "" if made.sent else "Print it at 100 %, never fitted to the page."
    return Verdict("LABEL", f"{what}{many}: {where}", " ".join([hint, *made.notes[:2]]).strip())


def undone(what: Undone) -> Verdict:
    """The latest action was taken back."""
    tags = ", ".join(grouped(tag) for tag in what.tags)
    said = "; ".join(part for part in dict.fromkeys(what.summaries) if part)
    return Verdict("UNDONE", f"{tags}: {said}" if said else tags)


def no_such_name(text: str) -> BadInput:
    """What was scanned or typed names nobody, and could not be a school's name."""
    return BadInput(
        "unknown_name",
        f"{text!r} is neither a school nor a holding here.",
        f"Scan or type the school. If it is called so, type: to {text}",
        value=text,
    )


def not_lent(held: Holding) -> Refused:
    """A holding that is on the counter but cannot be lent, told before anybody is named."""
    short = f": {_lines(held.shortages)}" if held.shortages else ""
    return Refused(held.status, f"{shown(held)} is {held.status.replace('_', ' ')}{short}.")


def on_its_way(held: Holding) -> Refused:
    """A kit that this college sent, or a transfer that has not ended, is scanned here."""
    return Refused(
        held.status,
        f"{shown(held)} is on its way to another college.",
        "If it never left, type: back. If another college has sent it here: from COLLEGE",
    )


def only_looks(held: Holding) -> Refused:
    """A kit was scanned in ESP's store, which lends and takes back nothing."""
    return Refused(
        "esp_lends_nothing",
        f"{shown(held)} is with {held.college}: {held.status.replace('_', ' ')}. "
        "ESP's store lends nothing and takes nothing back.",
        "Its college does that, in its own store. Every college's figures: kitloan audit.",
    )


def lends_nothing() -> Refused:
    """A school was named in ESP's store."""
    return Refused(
        "esp_lends_nothing",
        "ESP's store lends nothing: the colleges do, each in its own.",
        "Every college's figures: kitloan audit, or the national view.",
    )


def here_already(held: Holding) -> Refused:
    """A kit that is not out was scanned while only returns are taken."""
    return Refused(
        "here_already",
        f"{shown(held)} is not out: {held.status.replace('_', ' ')}.",
        "Only returns are taken now; {home} or a school's name ends that.",
    )


def lent_just_now(held: Holding) -> Refused:
    """While this desk lends, another has lent the same thing: it is not a return."""
    to = held.loan.to if held.loan else "somebody"
    return Refused(
        "on_loan",
        f"{shown(held)} was lent to {to} within the last minute.",
        "Here or at another desk. If it is coming back: scan RETURN, then the kit.",
    )


def half_said(word: str) -> BadInput:
    """`to` or `contact`, and then nothing."""
    example = {
        "to": "to Kilmarnock Academy",
        "contact": "contact Ms Reid",
        "for": "for science week",
        "due": "due 14d",
    }[word]
    return BadInput("half_said", f"{word!r} was typed, and nothing after it.", f"Type: {example}")


def nothing_refused() -> Refused:
    """`anyway`, with no refusal that may be set aside."""
    return Refused(
        "nothing_refused", "No rule that may be set aside was in the way.", "Scan the kit again."
    )


def nothing_to_renew() -> Refused:
    """+7 DAYS or +14 DAYS, with no loan to say it of."""
    return Refused(
        "nothing_to_renew",
        "No loan is on the counter.",
        "Scan a kit that is out, or name a school.",
    )


def nothing_to_label() -> Refused:
    """PRINT LABEL, with no kit to say it of."""
    return Refused("nothing_to_label", "No kit is on the counter.", "Scan one first.")


def no_press() -> Refused:
    """Labels, at a desk that was opened without a way to draw them."""
    return Refused("no_labels", "This desk cannot print labels.", "Say: kitloan labels")


def nothing_counted() -> Refused:
    """WHOLE or COUNT LATER, with no kit to say it of."""
    return Refused("nothing_counted", "No kit is being counted.", "Scan one that is out.")


def said_otherwise(asked: PartsCount) -> Refused:
    """WHOLE or COUNT LATER, after something was said to be short."""
    return Refused(
        "said_otherwise",
        f"You have said: {asked.running()}.",
        "Enter records that; {undo} takes it back.",
    )


def label(text: str) -> str:
    """What was scanned, as people read it."""
    code = scan.read(text)
    return grouped(code.tag) if isinstance(code, scan.Tag) else text


def layout(name: str) -> str:
    """The scanner and the machine disagree about the keyboard."""
    return (
        f"The scanner types as on a US keyboard, this machine reads {name}: set one to the other."
    )


def found(
    words: str, matches: Sequence[Holding], total: int, nearly: Sequence[str] = ()
) -> Verdict:
    """A search, which changed nothing; `nearly` are borrowers who are spelt almost so."""
    if not matches:
        like = f" Spelt nearly so: {', '.join(nearly)}." if nearly else ""
        return Verdict(
            "FOUND 0",
            f"Nothing here matches {words!r}.{like}",
            f"To lend to a school not met before, type: to {words}",
        )
    more = f" The first {len(matches)} are listed." if total > len(matches) else ""
    return Verdict(
        f"FOUND {total:,}", f"matching {words!r}.{more}", "Type a number of the list to take it up."
    )


def pieces(lines: Sequence[ShortageLine]) -> int:
    """How many pieces are missing or broken."""
    return sum(line.missing + line.broken for line in lines)


def _several(names: Sequence[str]) -> str:
    """The first of some names, and how many more: two hundred must not fill the screen."""
    more = len(names) - _MOST_NAMED
    told = ", ".join(names[:_MOST_NAMED])
    return f"{told} and {more:,} more" if more > 0 else told


def _lines(lines: Sequence[ShortageLine]) -> str:
    return "; ".join(str(line) for line in lines)


def _gone_short(shortages: Sequence[ShortageLine]) -> str:
    return f". Already short: {_lines(shortages)}" if shortages else ""


def _count_hint(asked: PartsCount) -> str:
    if asked.typed:
        return "Enter records this. Or type more; {undo} takes the last back."
    end = "as it left" if asked.was_short else "all there"
    return f"Enter: {end}. Or type what is not: wheel 2"


def _new(nearly: Sequence[str]) -> str:
    like = f", spelt nearly like {' and '.join(nearly)}" if nearly else ""
    return f" (new organisation{like})"


def _from(held: Holding, today: date, to: str | None = None) -> str:
    loan = held.loan
    if loan is None:
        return ""
    out = (today - day_of(loan.out_at)).days
    late = (today - loan.due_on).days if loan.due_on else 0
    since = f"out {plural(out, 'day')}" if out else "lent today"
    text = f" from {to or loan.to}, {since}"
    return f"{text}, {plural(late, 'day')} overdue" if late > 0 else text
