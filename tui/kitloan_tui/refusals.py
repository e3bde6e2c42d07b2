"""What the counter refuses before the core is asked: the rule, the facts, the next step (pure)."""

from kitloan.errors import BadInput, Refused
from kitloan.text.scans import kind_of_code
from kitloan.values import Holding
from kitloan_tui.counting import PartsCount
from kitloan_tui.wording import shortages_of, shown


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
        f"Scan or type the school. If it is called so, type: to {text}",
        value=text,
    )


def not_lent(held: Holding) -> Refused:
    """A holding that is on the counter but cannot be lent, told before anybody is named."""
    short = f": {shortages_of(held.shortages)}" if held.shortages else ""
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
        "Another desk was quicker. If it is coming back: scan RETURN, then the kit.",
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


def back_already(held: Holding) -> Refused:
    """While a kit was counted here, another desk took it back."""
    return Refused(
        "back_already",
        f"{shown(held)} is not on loan any more: another desk has taken it back.",
        "What you typed is kept. Enter puts it on record as a count of its own; {home} leaves it.",
    )


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
