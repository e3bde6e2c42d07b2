"""What a code or a word does at the counter when no question is open.

A kit that is here goes to the organisation that is named, one that is out comes back, a school's
name opens its turn, any other words are looked for. Nothing here records what somebody has not
scanned or named in full: half a name asks, and a number of a search's list only shows its holding.
"""

from dataclasses import replace

from kitloan.college import College
from kitloan.errors import KitloanError
from kitloan.text import scans
from kitloan.text.names import clean, search_form
from kitloan.text.scans import Tag, Text
from kitloan.values import Holding, Page
from kitloan_tui import lookups
from kitloan_tui.counter import answering, lending, parsing, recording, refusals, sentences
from kitloan_tui.counter.questions import Counting, HowMany, LendOrReturn, TakingIn
from kitloan_tui.counter.state import MOST_CHOICES, CounterState, Recent, UnknownName
from kitloan_tui.counter.verdict import Verdict


def take(
    state: CounterState, college: College, code: Tag | Text, *, typed: bool = False
) -> Verdict:
    """Do what a code means; words that were typed may be half of a name."""
    if isinstance(code, Tag):
        return _with_layout(state, _take_tag(state, college, code.tag), code.layout)
    held = parsing.find_holding(college, code)
    if held:
        return _take_holding(state, college, held)
    return _take_words(state, college, code.text, typed=typed)


def pick(state: CounterState, college: College, chosen: str) -> Verdict:
    """Do what picking this from the list means: it names a school, or shows a holding."""
    if not state.last_step.matches:
        return _name(state, college, chosen)
    held = college.find.holding(chosen)
    state.step.opens = ("holding", held.tag)
    return sentences.found_one(held)


def takes(state: CounterState, college: College, code: Tag | Text) -> bool:
    """Whether something can be done with this code once the open question is settled.

    Words that can not must be refused at once. Kept, they would look as if they had answered,
    and Enter would then record a kit as whole.
    """
    if isinstance(code, Tag) or parsing.find_holding(college, code):
        return True
    if lookups.organisation_called(college.session, code.text):
        return True
    return bool(state.basket) and scans.reads_as_name(code.text)


def is_typing(college: College, text: str) -> bool:
    """Whether what came as fast as a scan is words for a line: no code, and nothing on record.

    One word with digits, or in capitals, may be an asset number that is not on record yet.
    """
    from kitloan.planning.requests import has_request  # no scan has to wait for them
    from kitloan_tui.booking_line import read_day

    if has_request(text) or read_day(text, college.session.today):
        return True
    words = text.strip()
    if scans.kind_of_code(words) or not (" " in words or scans.reads_as_name(words)):
        return False
    if parsing.find_holding(college, Text(words)):
        return False
    return lookups.organisation_called(college.session, words) is None


def _take_tag(state: CounterState, college: College, tag: str) -> Verdict:
    try:
        held = college.find.holding(tag)
    except KitloanError as unknown:
        is_new = unknown.code in ("unknown_tag", "unclaimed_tag")
        if not (is_new or unknown.code == "not_yours") or state.is_national:
            raise
        sender = lookups.sent_here(college.session, tag)
        if sender:
            return answering.receive_from(state, college, tag, sender)
        if not is_new:
            raise
        state.step.opens = ("take_in", tag)
        return answering.ask(state, college, TakingIn(tag, lookups.kit_types(college.session)))
    return _take_holding(state, college, held)


def _with_layout(state: CounterState, verdict: Verdict, layout: str) -> Verdict:
    if not layout or state.is_layout_shown:
        return verdict
    state.is_layout_shown = True
    return replace(verdict, hint=sentences.layout(layout))


def _take_words(state: CounterState, college: College, text: str, *, typed: bool) -> Verdict:
    """An organisation, terms of the turn, what was asked a moment ago, or a search."""
    before = state.last_step
    if (away := before.refused) is not None and away.status == "in_transit":
        if text.lower() == parsing.BACK:
            return recording.call_off(college, away)
        if sender := parsing.after_from(text):
            return answering.receive_from(state, college, away.tag, sender)
    if before.confirms and text.lower() in parsing.YES:
        return before.confirms()
    if before.unknown and text.lower() in parsing.YES:
        return _name(state, college, before.unknown.name)
    word, rest = parsing.split_terms(text)
    is_lending = state.basket or state.turn
    if is_lending and word and not rest and word != "anyway":
        raise refusals.nothing_after(word)
    if word == "anyway":
        return lending.set_rule_aside(state, college, rest)
    if word and rest:
        return lending.set_terms(state, college, word, rest)
    asked = parsing.after_to(text)
    if known := lookups.organisation_called(college.session, asked or text):
        return _name(state, college, known)
    if asked or state.basket:
        is_meant = bool(
            asked and before.unknown and search_form(before.unknown.name) == search_form(asked)
        )
        if is_meant:  # it was asked about just now
            return _name(state, college, asked)
        return _take_new_name(state, college, asked or text, with_to=bool(asked), typed=typed)
    return _search(state, college, text, typed=typed)


# -- schools --------------------------------------------------------------------------------------


def _take_new_name(
    state: CounterState, college: College, name: str, *, with_to: bool, typed: bool
) -> Verdict:
    """A name that no organisation has: half of one that is known, a slip, or a new school.

    A card carries a whole name. What was only typed is taken for the one school that begins so;
    where others begin so or are spelt nearly so, it is asked about at every desk, and where none
    does, `to` shows that a new one is meant. A desk of lines takes it so in any case. What was
    scanned without `to` is asked about, unless it ends as the names of schools do: a code on the
    wall is no borrower. The name of a school on the lists is taken whole, and half of one is asked
    about.
    """
    if scans.kind_of_code(name) or not (with_to or scans.reads_as_name(name)):
        raise refusals.no_such_name(name)
    name = clean(name, "The organisation")
    from kitloan.text.personal import names_a_person  # only a new name needs it

    if names_a_person(name):
        raise refusals.a_person(name)
    if not typed and (with_to or scans.names_a_school(name)):
        return _name(state, college, name)
    begin = parsing.organisations_beginning(college, name)
    if typed and not with_to and len(begin) == 1 and len(name) > 1:
        return _name(state, college, begin[0])
    like = parsing.organisations_like(college, name)
    listed = parsing.listed_beginning(college, name) if typed else ()
    whole = [each for each in listed if search_form(each) == search_form(name)]
    if not like and (whole or not listed) and (whole or with_to or not state.front.asks_names):
        return _name(state, college, whole[0] if whole else name)
    like = tuple(dict.fromkeys((*like, *listed)))
    state.step.unknown = UnknownName(name, tuple(like[:MOST_CHOICES]))
    return sentences.ask_new_school(state.step.unknown, state.basket)


def _name(state: CounterState, college: College, to: str) -> Verdict:
    if state.is_national:
        raise refusals.lends_nothing()
    state.returns_only = False
    return lending.name_borrower(state, college, to)


def _search(state: CounterState, college: College, text: str, *, typed: bool) -> Verdict:
    """Words that name neither a holding nor a school in full.

    A school that begins so wins over the place that a holding is kept in: every town with a campus
    has its academy. It does not win over what a holding is. Schools on the lists that have never
    borrowed come after all of these.
    """
    page = college.find.search(text, limit=MOST_CHOICES)
    lends = typed and not state.is_national and len(text) > 1
    begin = parsing.organisations_beginning(college, text) if lends else ()
    if begin and not any(_is_named_so(held, text) for held in page.items):
        if len(begin) == 1:
            return _name(state, college, begin[0])
        state.step.unknown = UnknownName(text, begin[:MOST_CHOICES])
        return sentences.ask_new_school(state.step.unknown, ())
    if lends and not page.items and (listed := college.schools.names(text, MOST_CHOICES)):
        whole = [each for each in listed if search_form(each) == search_form(text)]
        if whole and not parsing.organisations_like(college, text):
            return _name(state, college, whole[0])
        state.step.unknown = UnknownName(text, tuple(listed))
        return sentences.ask_new_school(state.step.unknown, ())
    _list_found(state, college, text, page)
    nearly = () if page.items else lookups.spelt_nearly_like(college.session, text)
    can_be_new = lends and scans.reads_as_name(text)
    return sentences.found(
        text, page.items, page.total, nearly, schools=begin, can_be_new=can_be_new
    )


def _list_found(
    state: CounterState, college: College, text: str, page: Page[Holding], start: int = 0
) -> None:
    """List what a search found from its so-manyth on; after the last come the first again."""
    state.step.matches = page.items
    if page.total <= len(page.items):
        return
    end = start + len(page.items) if page.next else 0

    def go_on() -> Verdict:
        following = college.find.search(text, page.next, MOST_CHOICES)
        _list_found(state, college, text, following, end)
        return sentences.found(text, following.items, following.total, start=end)

    state.step.more = go_on


def _is_named_so(held: Holding, text: str) -> bool:
    """Whether the words are of the holding itself, and not of where it is."""
    own = search_form(f"{held.type} {held.asset_number or ''} {held.serial or ''} {held.tag}")
    return all(word in own for word in search_form(text).split())


# -- a holding on the counter ---------------------------------------------------------------------


def _take_holding(state: CounterState, college: College, held: Holding) -> Verdict:
    if state.is_national:
        raise refusals.only_looks(held)
    state.recent = (Recent(held.tag),)
    if held.status == "missing":
        return recording.find_again(college, held)
    if held.status == "in_transit":
        if sender := lookups.sent_here(college.session, held.tag):
            return answering.receive_from(state, college, held.tag, sender)
        state.step.refused = held
        raise refusals.on_its_way(held)
    if state.returns_only and not held.out_quantity and held.status != "uncounted":
        raise refusals.here_already(held)
    if held.quantity > 1:
        return _take_stock(state, college, held)
    if held.status in ("out", "overdue"):
        return _take_back(state, college, held)
    if held.status == "uncounted":
        return _count(state, college, held)
    return lending.take(state, college, held)


def lend_or_return(
    state: CounterState,
    college: College,
    asked: LendOrReturn,
    text: str,
    chosen: str | None = None,
) -> Verdict:
    """Settle whether stock goes or comes back: by a word, a number of the list, or a school."""
    which = asked.choices.index(chosen) if chosen in asked.choices else None
    if which == 0 or text.lower() in ("lend", "out"):
        state.question = None
        return lending.take(state, college, asked.held)
    if which or text.lower() in parsing.COMES_BACK:
        back = HowMany.coming_back(asked.held, asked.having)
        if which and back.asks_whose:
            back.choose(asked.names[which - 1])
        return answering.ask(state, college, back)
    state.question, state.basket = None, (asked.held,)
    return _take_words(state, college, text, typed=True)


def _take_back(state: CounterState, college: College, held: Holding) -> Verdict:
    """It comes back; but what was lent a moment ago, while somebody lends, is no return."""
    if state.turn and held.loan and lookups.lent_just_now(college.session, held):
        if held.loan.to == state.turn.to:
            return sentences.lent_already(held)
        raise refusals.lent_just_now(held)
    if college.loans.contents(held.tag):
        return _count(state, college, held)
    (back,) = college.loans.check_in([held.tag], on=state.terms.on)
    return sentences.returned(back, held, college.session.today, state.terms.on)


def _count(state: CounterState, college: College, held: Holding) -> Verdict:
    parts = college.loans.contents(held.tag)
    return answering.ask(state, college, Counting(held=held, parts=parts))


def _take_stock(state: CounterState, college: College, held: Holding) -> Verdict:
    left = held.quantity - held.out_quantity
    if state.turn and left:
        return answering.ask(state, college, HowMany(held, left, to=state.turn.to))
    if held.out_quantity and not state.basket:
        having = lookups.who_has(college.session, held.tag)
        if left and not state.returns_only:
            return answering.ask(state, college, LendOrReturn(held, tuple(having)))
        return answering.ask(state, college, HowMany.coming_back(held, having))
    return lending.take(state, college, held)
