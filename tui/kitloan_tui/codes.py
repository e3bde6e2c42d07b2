"""What a code or a word does at the counter when no question is open.

A kit that is here goes to whoever is named, one that is out comes back, a school's name opens its
turn, any other words are looked for. Nothing here records what somebody has not scanned or named
in full: half a name asks, and a number of a search's list only shows what it stands for.
"""

from collections.abc import Callable
from dataclasses import replace

from kitloan.college import College
from kitloan.errors import KitloanError
from kitloan.text import scans
from kitloan.text.names import clean
from kitloan.text.scans import Tag, Text
from kitloan.values import Holding
from kitloan_tui import arriving, lookups, meaning, refusals, settling, wording
from kitloan_tui.counting import Counting, HowMany, TakingIn
from kitloan_tui.lender import MOST_CHOICES, Lender
from kitloan_tui.memory import Memory, Unmet
from kitloan_tui.questions import Questions
from kitloan_tui.verdict import Verdict

_YES = ("yes", "y")


class Codes:
    """Reads codes for one counter.

    Attributes:
        returns_only: whether kits only come back.
        take_in: answers a valid tag that no holding has.
        look: shows a holding that was picked from what a search found.
        asks_names: whether a typed name that is not known is asked about. A line desk takes it as
            it stands, as a script means it, and names those spelt nearly so.
    """

    def __init__(
        self, kitloan: College, lender: Lender, questions: Questions, memory: Memory
    ) -> None:
        self.kitloan = kitloan
        self.returns_only = False
        self.asks_names = True
        self.take_in: Callable[[str], Verdict] = self._ask_kind
        self.look: Callable[[Holding], Verdict] = self._tell
        self._lender = lender
        self._questions = questions
        self._memory = memory
        self._layout_told = False

    # -- what a code means ------------------------------------------------------------------------

    def take(self, code: Tag | Text, *, typed: bool = False) -> Verdict:
        """Do what a code means; words that were typed may be half of a name."""
        if isinstance(code, Tag):
            return self._with_layout(self._tag(code.tag), code.layout)
        held = meaning.holding_meant(self.kitloan, code)
        return self._holding(held) if held else self._words(code.text, typed=typed)

    def pick(self, chosen: str) -> Verdict:
        """Do what picking this from the list means: it names a school, or shows a holding."""
        if self._memory.before.matches:
            return self.look(self.kitloan.find.holding(chosen))
        return self._name(chosen)

    def _tag(self, tag: str) -> Verdict:
        try:
            held = self.kitloan.find.holding(tag)
        except KitloanError as unknown:
            new = unknown.code in ("unknown_tag", "unclaimed_tag")
            if not (new or unknown.code == "not_yours") or self.kitloan.session.is_national:
                raise
            sender = lookups.sent_here(self.kitloan.session, tag)
            if not (sender or new):
                raise
            return self._come(tag, sender) if sender else self.take_in(tag)
        return self._holding(held)

    def _with_layout(self, verdict: Verdict, layout: str) -> Verdict:
        if not layout or self._layout_told:
            return verdict
        self._layout_told = True
        return replace(verdict, hint=wording.layout(layout))

    def _words(self, text: str, *, typed: bool) -> Verdict:
        """An organisation, terms of the turn, what was asked a moment ago, or a search."""
        before = self._memory.before
        if (away := before.refused) is not None and away.status == "in_transit":
            if text.lower() == arriving.BACK:
                return arriving.called_off(self.kitloan, away)
            if sender := arriving.said(text):
                return self._come(away.tag, sender)
        if before.unmet and text.lower() in _YES:
            return self._name(before.unmet.name)
        what, words = meaning.said_after(text)
        lending = self._lender.basket or self._lender.session
        if lending and what and not words and what != "anyway":
            raise refusals.half_said(what)
        if what == "anyway":
            return self._lender.anyway(words, before.refused)
        if what and words:
            return self._lender.say(what, words)
        asked = meaning.name_after_to(text)
        known = lookups.organisation_called(self.kitloan.session, asked or text)
        if known:
            return self._name(known)
        if asked or self._lender.basket:
            return self._unknown_name(asked or text, said_to=bool(asked), typed=typed)
        return self._search(text, typed=typed)

    # -- schools ----------------------------------------------------------------------------------

    def _unknown_name(self, name: str, *, said_to: bool, typed: bool) -> Verdict:
        """A name that no organisation has: half of one that is known, a slip, or a new school.

        A card carries a whole name, and `to` says that a new one may be meant. What was only typed
        is taken for the one school that begins so, and else asked about; so is what was scanned,
        unless it ends as the names of schools do: a code on the wall is no borrower.
        """
        if scans.kind_of_code(name) or not (said_to or scans.reads_as_name(name)):
            raise refusals.no_such_name(name)
        name = clean(name, "The organisation")
        begin = meaning.organisations_that_begin(self.kitloan, name)
        half = typed and self.asks_names
        if (said_to and not (half and begin)) or (not half and scans.names_a_school(name)):
            return self._name(name)
        if half and not said_to and len(begin) == 1 and len(name) > 1:
            return self._name(begin[0])
        like = begin or lookups.spelt_nearly_like(self.kitloan.session, name)
        self._memory.now.unmet = Unmet(name, tuple(like[:MOST_CHOICES]))
        return wording.new_school(self._memory.now.unmet, self._lender.basket)

    def _name(self, to: str) -> Verdict:
        if self.kitloan.session.is_national:
            raise refusals.lends_nothing()
        self.returns_only = False
        return self._lender.name(to)

    def _search(self, text: str, *, typed: bool) -> Verdict:
        page = self.kitloan.find.search(text, limit=MOST_CHOICES)
        if typed and not page.items and len(text) > 1:
            begin = meaning.organisations_that_begin(self.kitloan, text)
            if len(begin) == 1:
                return self._name(begin[0])
        self._memory.now.matches = page.items
        nearly = () if page.items else lookups.spelt_nearly_like(self.kitloan.session, text)
        return wording.found(text, page.items, page.total, nearly)

    def _tell(self, held: Holding) -> Verdict:
        return wording.stands(held)

    # -- a holding on the counter -----------------------------------------------------------------

    def _holding(self, held: Holding) -> Verdict:
        if self.kitloan.session.is_national:
            raise refusals.only_looks(held)
        self._lender.regard(held.tag)
        if held.status == "missing":
            return arriving.found(self.kitloan, held)
        if held.status == "in_transit":
            sender = lookups.sent_here(self.kitloan.session, held.tag)
            if sender:
                return self._come(held.tag, sender)
            self._memory.now.refused = held
            raise refusals.on_its_way(held)
        if self.returns_only and not held.out_quantity and held.status != "uncounted":
            raise refusals.here_already(held)
        if held.quantity > 1:
            return self._stock(held)
        if held.status in ("out", "overdue"):
            return self._out(held)
        if held.status == "uncounted":
            return self._count(held)
        return self._lender.wanted(held)

    def _out(self, held: Holding) -> Verdict:
        """It comes back; but what was lent a moment ago, while somebody lends, is no return."""
        session = self._lender.session
        if session and held.loan and lookups.lent_just_now(self.kitloan.session, held):
            if held.loan.to == session.to:
                return wording.lent_already(held)
            raise refusals.lent_just_now(held)
        if self.kitloan.loans.contents(held.tag):
            return self._count(held)
        (back,) = self.kitloan.loans.check_in([held.tag])
        return wording.returned(back, held, self.kitloan.session.today)

    def _count(self, held: Holding) -> Verdict:
        return self._questions.ask(Counting(held=held, parts=self.kitloan.loans.contents(held.tag)))

    def _come(self, tag: str, sender: str) -> Verdict:
        """Another college has sent it: count it, or it is received at once."""
        came = arriving.come(self.kitloan, tag, sender, None)
        return came if isinstance(came, Verdict) else self._questions.ask(came)

    def _stock(self, held: Holding) -> Verdict:
        left = held.quantity - held.out_quantity
        if self._lender.session and left:
            return self._questions.ask(HowMany(held, left, to=self._lender.session.to))
        if held.out_quantity and not self._lender.basket:
            return self._questions.ask(settling.stock_back(self.kitloan, held))
        return self._lender.wanted(held)

    def _ask_kind(self, tag: str) -> Verdict:
        return self._questions.ask(TakingIn(tag, lookups.kit_types(self.kitloan.session)))
