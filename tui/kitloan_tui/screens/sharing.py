"""Between colleges: what waits for this college's answer, and what colleges offer and ask for.

Each row is an offer, a claim of one, or what one college asks another for. The line is for the row
under the cursor: an answer, a claim, or taking back what is this college's own. Making an offer and
asking another college are commands, which have more to name than a line has room for.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from kitloan.errors import BadInput
from kitloan.exchange.asks import AskLine, answer_words, asked_for
from kitloan.exchange.offers import ClaimLine, OfferLine, what_is_offered
from kitloan.queries.paging import PAGE
from kitloan.text.dates import uk
from kitloan.values import SYMBOLS, Page
from kitloan_tui.counter.sentences import UNDOES
from kitloan_tui.counter.verdict import Verdict
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Column

_LINE = re.compile(
    r"(yes|claim)(?:\s+([1-9][0-9]{0,6}))?|(no)(?:\s+(.+))?|(withdraw)", re.IGNORECASE
)
_MARKS = {"waiting": SYMBOLS["uncounted"], "yes": SYMBOLS["in"], "accepted": SYMBOLS["in"]}


@dataclass(frozen=True, slots=True)
class Shared:
    """A row: its id, and of whom it is, for the row that was under the cursor."""

    id: str
    name: str
    of: OfferLine | ClaimLine | AskLine
    to_answer: bool
    own: bool


class SharingList(ListScreen[Shared]):
    """The list; a line does something with the row under the cursor."""

    ACTION = "sharing"
    NAME = "Between colleges"
    NARROWS = False
    PROMPT = "yes 2, no REASON, claim 2, withdraw"
    HINT = "Enter on the empty line shows all of the row. Same key again: the next view."
    HELP: ClassVar[str] = (
        "What other colleges claim of this college's offers and ask it for, and what colleges "
        "offer and ask each other, as ESP's last file brought it. The line is for the row under "
        "the cursor: yes and how many, or no and the reason, answers; claim and how many claims; "
        "withdraw takes back an own one. A yes books and sends nothing. No person's name: the "
        "ledger keeps it."
    )
    VIEWS = (("to answer", "answer"), ("ours", "own"), ("all", "all"))
    COLUMNS = (
        Column("", 8),
        Column("What", share=3),
        Column("College", share=3),
        Column("Days", 13),
        Column("Status", share=2),
        Column("Id", 16, wide_only=True),
    )

    def find(self, text: str, view: str, after: str | None) -> Page[Shared]:
        """The rows of a view: asks, then claims, then offers; there are never many at once."""
        own = self.college.session.college
        found = tuple(
            row
            for row in (*self._asks(own), *self._offers(own))
            if view == "all" or (row.to_answer if view == "answer" else row.own)
        )
        return Page(found[:PAGE], len(found), None)

    def _asks(self, own: str) -> Iterator[Shared]:
        for ask in self.college.asks.list():
            waits = ask.to_college == own and ask.state == "waiting"
            yield Shared(ask.ask, ask.name, ask, waits, ask.college == own)

    def _offers(self, own: str) -> Iterator[Shared]:
        found = self.college.offers.list()
        claims = [claim for offer in found.items for claim in offer.claims]
        for claim in dict.fromkeys((*claims, *found.claims)):
            waits = claim.state == "waiting" and claim.offer.startswith(f"{own}:")
            yield Shared(claim.offer, claim.name, claim, waits, claim.college == own)
        for offer in found.items:
            yield Shared(offer.offer, offer.name, offer, False, offer.college == own)

    def cells(self, item: Shared) -> Sequence[str]:
        """One row."""
        of = item.of
        college = of.to_name if isinstance(of, AskLine) and item.own else of.name
        return (_does(item), _what(of), college, _days(of), _status(of), item.id)

    def take(self, item: Shared) -> None:
        """Show all of the row: a terminal of eighty columns cuts its cells."""
        words = [_what(item.of), _who(item.of), _days(item.of, whole=True), _status(item.of)]
        words += [getattr(item.of, "note", None) or "", item.id]
        self.report(Verdict("DETAILS", ", ".join(filter(None, words)), _can_be_done(item)))

    def entered(self, text: str) -> bool:
        """A line does something with the row under the cursor."""
        if not text:
            return False
        row = self.listing.cursor_row
        items = () if self._page is None or self.is_looking else self._page.items
        self.do(lambda: _do(self, text, items[row] if 0 <= row < len(items) else None))
        return True

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        if view == "answer":
            return "No other college waits for an answer.\n\nESP's last file brings what they ask."
        return "No college offers anything, or asks for anything, as far as this store shows."


def _what(of: OfferLine | ClaimLine | AskLine) -> str:
    if isinstance(of, OfferLine):
        return f"{of.left:,} of {of.quantity:,} {of.what}"
    if isinstance(of, ClaimLine):
        return f"{of.quantity:,} {what_is_offered(of.type or '', of.component)}"
    return asked_for(of)


def _does(item: Shared) -> str:
    """What the college of a row does: `asks`, or `we ask`."""
    word = {AskLine: "ask", ClaimLine: "claim", OfferLine: "offer"}[type(item.of)]
    return f"we {word}" if item.own else f"{word}s"


def _who(of: OfferLine | ClaimLine | AskLine) -> str:
    if isinstance(of, AskLine):
        return f"{of.name} asks {of.to_name}"
    return f"{of.name} {'offers' if isinstance(of, OfferLine) else 'claims'}"


def _days(of: OfferLine | ClaimLine | AskLine, *, whole: bool = False) -> str:
    if isinstance(of, ClaimLine) or of.first is None or of.last is None:
        return "to keep" if isinstance(of, OfferLine) else ""
    return f"{uk(of.first)} to {uk(of.last)}" if whole else uk(of.first)


def _status(of: OfferLine | ClaimLine | AskLine) -> str:
    if isinstance(of, OfferLine):
        return f"until {uk(of.expires)}"
    if isinstance(of, AskLine):
        words = answer_words(of)
    else:
        changed = of.before_change and of.state == "waiting"
        words = "offer changed since" if changed else of.state
        words += f", gets {of.gets:,}" if of.gets else ""
    return f"{_MARKS.get(of.state, SYMBOLS['withdrawn'])} {words}"


def _can_be_done(item: Shared) -> str:
    if item.to_answer:
        return f"Type: yes 1, or no{' REASON' if isinstance(item.of, AskLine) else ''}"
    if item.own:
        return "To take it back, type: withdraw"
    return "Type: claim 1" if isinstance(item.of, OfferLine) else ""


def _do(screen: SharingList, text: str, item: Shared | None) -> Verdict:
    """Do what a line names with the row under the cursor.

    Raises:
        BadInput: `half_said`, for a line that is none of these, or that the row has no use for.
    """
    found = _LINE.fullmatch(text)
    of = None if item is None else item.of
    if found is None or item is None or of is None:
        raise BadInput(
            "half_said", f"{text[:60]!r} is not an answer here.", "Type: yes 2, or no REASON"
        )
    word = (found[1] or found[3] or found[5]).lower()
    act = _acts(screen, item, word, int(found[2]) if found[2] else None, found[4])
    if act is None:
        raise BadInput(
            "half_said",
            f"{word!r} does nothing with this row: {_who(of)}, {_what(of)}.",
            _can_be_done(item) or "Choose another row.",
        )
    act()
    shown = {"yes": "YES", "no": "NO", "claim": "CLAIMED", "withdraw": "WITHDRAWN"}[word]
    many = f" ({int(found[2]):,})" if found[2] else ""
    hint = f"Nothing is booked or sent yet. {UNDOES}" if word == "yes" else UNDOES
    return Verdict(shown, f"{item.id}: {_who(of)}, {_what(of)}{many}", hint)


def _acts(
    screen: SharingList, item: Shared, word: str, many: int | None, reason: str | None
) -> Callable[[], object] | None:
    """What a word does with a row; None where it does nothing."""
    of, offers, asks = item.of, screen.college.offers, screen.college.asks
    if word in ("yes", "no"):
        if isinstance(of, AskLine) and not item.own:
            quantity = (many or of.quantity or 1) if word == "yes" else 0
            return lambda: asks.answer(of.ask, quantity, reason)
        if isinstance(of, ClaimLine) and not item.own:
            if reason:
                raise BadInput(
                    "half_said",
                    "No reason goes with a claim that is declined, so it would be lost.",
                    "Type no alone, and give the reason on the telephone.",
                )
            promised = (many or of.quantity) if word == "yes" else 0
            return lambda: offers.answer(of.offer, of.college, promised)
        return None
    if word == "claim":
        if isinstance(of, OfferLine) and not item.own:
            return lambda: offers.claim(of.offer, many or 1)
        return None
    if not item.own:
        return None
    if isinstance(of, AskLine):
        return lambda: asks.withdraw(of.ask)
    if isinstance(of, ClaimLine):
        return lambda: offers.withdraw_claim(of.offer)
    return lambda: offers.close(of.offer)
