"""The verdict: what just happened, as a symbol, a word, the facts and the next step.

Every scan gets exactly one. The screen shows it large, the log keeps it, and a line desk prints it
as it is; so its words are written once, in `sentences`. A word that ends in a question mark asks;
any other reports. The symbol repeats the word for people who cannot see colours, and is that of
the status where there is one.
"""

from dataclasses import dataclass

from kitloan.text.names import plain
from kitloan.values import SYMBOLS

_SIGNS = {
    "OUT": SYMBOLS["out"],
    "LENDING": SYMBOLS["out"],
    "IN": SYMBOLS["in"],
    "DONE": SYMBOLS["in"],
    "READY": SYMBOLS["in"],
    "UPGRADED": SYMBOLS["in"],
    "REFUSED": SYMBOLS["overdue"],
    "FAULT": SYMBOLS["overdue"],
    "NOT LENT": SYMBOLS["withdrawn"],
    "NOT RETURNED": SYMBOLS["withdrawn"],
    "NOT COUNTED": SYMBOLS["withdrawn"],
    "TO BE COUNTED": SYMBOLS["uncounted"],
    "IN, TO BE COUNTED": SYMBOLS["uncounted"],
    "RENEWED": SYMBOLS["out"],
    "BOOKED": SYMBOLS["in"],
    "PLANNED": SYMBOLS["in"],
    "CANCELLED": SYMBOLS["withdrawn"],
    "ON THE LIST": SYMBOLS["in"],
    "NOTED": SYMBOLS["out"],
    "RETURNS ONLY": SYMBOLS["in"],
    "TAKEN IN": SYMBOLS["in"],
    "LABEL": SYMBOLS["in"],
    "MOVED": SYMBOLS["in"],
    "CHANGED": SYMBOLS["in"],
    "SEEN": SYMBOLS["in"],
    "COUNTED": SYMBOLS["in"],
    "CLAIMED": SYMBOLS["in"],
    "DETAILS": SYMBOLS["in"],
    "YES": SYMBOLS["in"],
    "NO": SYMBOLS["withdrawn"],
    "STOCKTAKE": SYMBOLS["in"],
    "CONFIRMED": SYMBOLS["out"],
    "CLOSED": SYMBOLS["in"],
    "NOT ON THE LIST": SYMBOLS["uncounted"],
    "UNKNOWN CODE": SYMBOLS["uncounted"],
    "SEEN ELSEWHERE": SYMBOLS["in_transit"],
    "SEEN ALREADY": SYMBOLS["out"],
    "REPLACED": SYMBOLS["in"],
    "REGISTER": SYMBOLS["in"],
    "SAVED": SYMBOLS["in"],
    "KIT TYPES": SYMBOLS["in"],
    "PROPOSED": SYMBOLS["withdrawn"],
    "WITHDRAWN": SYMBOLS["withdrawn"],
    "FORGOTTEN": SYMBOLS["withdrawn"],
    "NOT TAKEN IN": SYMBOLS["withdrawn"],
    "FOUND": SYMBOLS["in"],
    "RECEIVED": SYMBOLS["in"],
    "BACK": SYMBOLS["in"],
    "NOT RECEIVED": SYMBOLS["withdrawn"],
    "SENT": SYMBOLS["in_transit"],
    "MISSING": SYMBOLS["missing"],
    "UNDONE": "<",
    "DONE AGAIN": ">",
    "CORRECTED": SYMBOLS["in"],
    "PASSED ON": SYMBOLS["out"],
    "SPLIT": SYMBOLS["in"],
    "RENAMED": SYMBOLS["in"],
    "MERGED": SYMBOLS["in"],
    "OUT OF USE": SYMBOLS["out_of_use"],
    "REPAIRED": SYMBOLS["in"],
    "REINSTATED": SYMBOLS["in"],
    "USE": SYMBOLS["in"],
    "USED": SYMBOLS["in"],
    "FORM": SYMBOLS["in"],
    "NOT USED": SYMBOLS["withdrawn"],
    "DAY": SYMBOLS["in"],
    "STARTING": "~",
}
_ASKS = SYMBOLS["uncounted"]
_SHORT = SYMBOLS["incomplete"]
_SEARCH = "/"
"""Of `FOUND 3`, which found words; a missing kit that is `FOUND` is in again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one step at the counter.

    Attributes:
        word: one or two words in capitals; the part that is read across the room.
        text: the facts, one or two sentences.
        hint: what to do next; empty where there is nothing to add. It names actions as `{undo}`,
            for the screen that shows it to fill in with a key or a word: see `kitloan_tui.keys`.
        ok: False when something was refused or went wrong: the one case for the bell.
        returned: the loan that it ended, whose use can be recorded; empty for none.
    """

    word: str
    text: str = ""
    hint: str = ""
    ok: bool = True
    returned: str = ""

    @property
    def symbol(self) -> str:
        """The word again, as one ASCII character."""
        if self.asks:
            return _ASKS
        if self.word.endswith("SHORT"):
            return _SHORT
        if self.word.startswith("FOUND "):
            return _SEARCH
        return _SIGNS.get(self.word) or _SIGNS[self.word.partition(",")[0].partition(" ")[0]]

    @property
    def asks(self) -> bool:
        """Whether it waits for an answer, and so is nothing that happened."""
        return self.word.endswith("?")

    def __str__(self) -> str:
        """One line, without the hint; safe to show."""
        return plain(f"{self.symbol} {self.word}  {self.text}".rstrip())


STARTING = Verdict("STARTING", "The store is opening.", "Scan already: nothing is lost.")
READY = Verdict("READY", "Scan a kit or a school, or type.")
ONLY_LOOKS = Verdict(
    "READY",
    "This is ESP's store: nothing is lent here.",
    "{national} shows every college's figures.",
)
