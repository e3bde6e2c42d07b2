"""Lending at the counter: who stands there, what goes to them, and on what terms.

`session` is the organisation being lent to; each kit scanned is lent to it at once. `basket` holds
kits scanned before anybody was named. `terms` are what was said of the person, the purpose and the
due date: they hold until the turn ends. A kit refused because a rule may be set aside is
remembered for one step, so that `anyway REASON` can set it aside on record.

How many loans a turn has is asked of the register after every step: a return, an undo and another
desk change it too.

What must be asked about before it goes (stock, whose number counts) and what goes on terms of its
own (an incomplete kit) is put into `next`: the counter takes those codes as if scanned now.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from kitloan.college import College
from kitloan.errors import BadInput, KitloanError, Refused
from kitloan.loans import Lent, default_due
from kitloan.text.dates import days_after, parse_due
from kitloan.text.names import clean, same_organisation
from kitloan.values import Holding
from kitloan_tui import lookups, refusals, wording
from kitloan_tui.counting import Lending
from kitloan_tui.memory import Memory
from kitloan_tui.verdict import Verdict

MOST_CHOICES = 9
"""What a single digit can pick."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was said of a turn; None stands for nothing said."""

    contact: str | None = None
    purpose: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A holding that the next card may speak of, and whose loan of it."""

    tag: str
    to: str | None = None


@dataclass(slots=True)
class Lender:
    """One counter's lending."""

    kitloan: College
    memory: Memory
    session: Lending | None = None
    basket: tuple[Holding, ...] = ()
    terms: Terms = field(default_factory=Terms)
    subjects: tuple[Subject, ...] = ()
    next: list[str] = field(default_factory=list)
    likely: list[str] = field(default_factory=list)
    _reasons: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.likely = lookups.recent_borrowers(self.kitloan.session, MOST_CHOICES)

    # -- whose turn it is -------------------------------------------------------------------------

    def name(self, to: str) -> Verdict:
        """Somebody is named: the basket goes to them, and their turn begins."""
        to = clean(to, "The organisation")
        if self.session and same_organisation(self.session.to, to):
            return wording.opened(self.session.to)
        was, terms = self.session, self.terms
        if self.session:
            self.terms = Terms()
        if self.basket:
            return self._lend_basket(to)
        self.session = Lending(to)
        self.memory.now.retract = partial(self._not_named, to, was, terms)
        if lookups.organisation_called(self.kitloan.session, to):
            return wording.opened(to)
        nearly = lookups.spelt_nearly_like(self.kitloan.session, to)
        return wording.opened(to, new=True, nearly=nearly)

    def leave(self) -> Verdict | None:
        """Leave the basket, else end the turn; None when there is neither."""
        if self.basket:
            basket, self.basket = self.basket, ()
            self._reasons.clear()
            return wording.not_taken(basket)
        if self.session:
            session, self.session = self.session, None
            self.terms = Terms()
            return wording.closed(session.to, session.loans)
        return None

    def _not_named(self, to: str, was: Lending | None, terms: Terms) -> Verdict:
        """The turn just begun was a slip: whose turn it was before is so again."""
        self.session, self.terms = was, terms
        return wording.opened(was.to) if was else wording.closed(to, 0)

    # -- what goes --------------------------------------------------------------------------------

    def wanted(self, held: Holding) -> Verdict:
        """A holding is here: lent to whoever is at the counter, else it waits for a name."""
        if self.session:
            return self.lend(held, self.session.to)
        if held.status != "in" and held.tag not in self._reasons:
            self.memory.now.refused = held if held.status == "incomplete" else None
            raise refusals.not_lent(held)
        if held.tag not in [each.tag for each in self.basket]:
            self.basket = (*self.basket, held)
        return wording.whom(self.basket)

    def take_out_last(self) -> Verdict:
        """The kit scanned last was a slip: it waits for no name any more."""
        *rest, last = self.basket
        self.drop(last.tag)
        return wording.whom(rest, without=last) if rest else wording.not_taken([last])

    def wait_again(self, basket: tuple[Holding, ...]) -> Verdict:
        """Leaving these was a slip: they wait for a name again."""
        self.basket = basket
        return wording.whom(basket)

    def lend(self, held: Holding, to: str, quantity: int | None = None) -> Verdict:
        """Lend one holding now."""
        try:
            (lent,) = self._check_out([held], to, quantity, self._reasons.pop(held.tag, None))
        except Refused as refusal:
            self.memory.now.refused = held if refusal.code == "incomplete" else None
            raise
        if self.session:
            self.session.to = lent.to
            self.session.lent.append(lent)
            self.session.loans += 1
        self._gone([lent])
        return wording.lent(lent, held.shortages)

    def anyway(self, reason: str, held: Holding | None) -> Verdict:
        """Set the rule aside that stood against `held` a moment ago, for this reason.

        Raises:
            Refused: `nothing_refused`, when there was none that may be set aside.
            BadInput: `why`, without a reason.
        """
        if held is None:
            raise refusals.nothing_refused()
        if not reason:
            self.memory.now.refused = held
            raise BadInput("why", "Why may it go?", "It goes on record: anyway REASON")
        self._reasons[held.tag] = clean(reason, "The reason")
        return self.wanted(held)

    def _lend_basket(self, to: str) -> Verdict:
        later = [each for each in self.basket if each.quantity > 1 or each.tag in self._reasons]
        kits = [each for each in self.basket if each not in later]
        lents: list[Lent] = []
        if kits:
            try:
                lents = self._check_out(kits, to)
            except Refused as refused:
                self.drop(str(refused.details.get("tag")))
                raise
        self.basket = ()
        self.session = Lending(lents[0].to if lents else to, lents, by_loan=bool(lents))
        self.next += [held.tag for held in later]
        self._gone(lents)
        if len(lents) > 1:
            return wording.lent_together(lents)
        return wording.lent(lents[0], kits[0].shortages) if lents else wording.opened(to)

    def _check_out(
        self,
        kits: list[Holding],
        to: str,
        quantity: int | None = None,
        override: str | None = None,
    ) -> list[Lent]:
        return self.kitloan.loans.check_out(
            [held.tag for held in kits],
            to,
            contact=self.terms.contact,
            purpose=self.terms.purpose,
            due_on=self.terms.due_on,
            quantity=quantity,
            override=override,
        )

    def _gone(self, lents: list[Lent]) -> None:
        if not lents:
            return
        to = lents[0].to
        self.subjects = tuple(Subject(lent.tag, lent.to) for lent in lents)
        self.likely = [to, *(name for name in self.likely if name != to)][:MOST_CHOICES]

    # -- on what terms ----------------------------------------------------------------------------

    def say(self, what: str, words: str) -> Verdict:
        """Say of this turn, or of the one to come: `contact`, `for` or `due`, and the words."""
        today = self.kitloan.session.today
        self.memory.now.retract = partial(self._say_again, self.terms)
        if what == "due":
            self.terms = replace(self.terms, due_on=parse_due(words, today))
        elif what == "contact":
            self.terms = replace(self.terms, contact=clean(words, "The contact's name"))
        else:
            self.terms = replace(self.terms, purpose=clean(words, "What it is for"))
        return self._noted()

    def _say_again(self, terms: Terms) -> Verdict:
        """What was just said of the turn was a slip."""
        self.terms = terms
        return self._noted()

    def _noted(self) -> Verdict:
        return wording.noted(self.terms.contact, self.terms.purpose, self.terms.due_on)

    def later(self, days: int) -> Verdict:
        """So many days more: for what was lent or shown last, else for the turn just begun.

        A loan that is overdue is counted from today, any other from the day it is due.
        """
        if self.session and not self.session.loans:
            due = self.terms.due_on or default_due(self.kitloan.session.today)
            self.memory.now.retract = partial(self._say_again, self.terms)
            self.terms = replace(self.terms, due_on=days_after(due, days))
            return self._noted()
        if not self.subjects:
            raise refusals.nothing_to_renew()
        kits = [self.kitloan.find.holding(subject.tag) for subject in self.subjects]
        wanted = [
            (subject.tag, self._day_after(held, days), subject.to)
            for subject, held in zip(self.subjects, kits, strict=True)
        ]
        renewed = self.kitloan.loans.renew_together(wanted)
        return wording.renewed(
            [(held, to, day) for held, (_, to, day) in zip(kits, renewed, strict=True)]
        )

    def _day_after(self, held: Holding, days: int) -> date:
        today = self.kitloan.session.today
        due = held.loan.due_on if held.loan and held.loan.due_on else today
        return days_after(max(due, today), days)

    # -- what is no longer so ---------------------------------------------------------------------

    def drop(self, tag: str) -> None:
        """What was refused leaves the basket, so that the next name can have the rest."""
        self.basket = tuple(held for held in self.basket if held.tag != tag)
        self._reasons.pop(tag, None)

    def regard(self, tag: str) -> None:
        """This was scanned: +7 DAYS and PRINT LABEL speak of it now."""
        self.subjects = (Subject(tag),)

    def recount(self) -> None:
        """Ask the register how many of this turn's loans are still out."""
        if self.session and self.session.lent:
            loans = [lent.id for lent in self.session.lent]
            try:
                self.session.loans = lookups.still_out(self.kitloan.session, loans)
            except KitloanError:  # out of reach: told when something is asked of the store
                return

    def after_undo(self) -> str:
        """Something was undone; gives whose turn ended with that, if one's did.

        A turn that began with a loan ends when that is undone: the name may have been the slip.
        """
        self.likely = lookups.recent_borrowers(self.kitloan.session, MOST_CHOICES)
        self.recount()
        session = self.session
        if session is None or session.loans or not session.by_loan:
            return ""
        self.session, self.terms = None, Terms()
        return session.to
