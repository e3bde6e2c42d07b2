"""Two colleges and ESP, the real ones and their models, driven step by step in step.

`VERBS` is the table of what may be said to a college: a row a verb, with a strategy for its
arguments. Every step says one thing to the real core and to the model, and both must answer alike:
the same refusal, or the same holdings afterwards.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from sqlalchemy import func, select

import kitloan
from conftest import KIT, SetClock
from kitloan import Count, Gift, KitloanError, NewHolding
from kitloan.answers import Holding
from kitloan.calendar import instant, start_of, today, year_before
from kitloan.entries import Component, KitTypeDefined
from kitloan.library import Kitloan
from kitloan.models import Loan, table
from kitloan.tags import ALPHABET, PREFIX, check_character, grouped
from kitloan.text import type_key
from lives import register_of
from model.world import Kept, No, Say, World, status, totals

COLLEGES = ("fife", "ayrshire")
PEOPLE = ("m.ross", "j.bain")
START = datetime(2026, 11, 23, 11, 42, tzinfo=UTC)


def tag_of(number: int) -> str:
    """A tag that is the same in every run."""
    bodies = (f"{number}{each:0>9}" for each in ALPHABET)
    return next(
        PREFIX + body + check_character(body)
        for body in bodies
        if check_character(body) in ALPHABET
    )


TAGS = [tag_of(n) for n in range(7)]
NEVER = tag_of(9)


def kit_type(name: str, *contents: Component) -> KitTypeDefined:
    """A kit type with these contents."""
    return KitTypeDefined(kit_type=type_key(name), name=name, contents=contents)


STEM = kit_type("STEM kit", *KIT)
OTHER_STEM = kit_type(
    "STEM kit",
    Component(name="Wheel", quantity=2, critical=True),
    Component(name="Gizmo", quantity=3),
)
NO_CONTENTS = kit_type("Stem KIT")
STOCK = (
    NewHolding("STEM kit", tag=TAGS[0], asset_number="K1"),
    NewHolding("STEM kit", tag=TAGS[1], asset_number="K2", gift=Gift(donor="RAF")),
    NewHolding("Goggles", tag=TAGS[2], quantity=10),
)
"""What every college begins with, so that few steps are spent on an empty cupboard."""


def stocked(place: str, college: str) -> None:
    """Make a college's store as every example begins with it."""
    with kitloan.init(college, place, actor=PEOPLE[0], clock=SetClock(START)) as opened:
        if college in COLLEGES:
            opened.holdings.define_types([STEM], id="begin-types")
            for number, each in enumerate(STOCK):
                opened.holdings.add(each, id=f"begin-{number}")


def stocked_world() -> World:
    """The model of that."""
    world = World(entries=1)
    now = instant(START)

    def say(request: str) -> Say:
        return Say(world, PEOPLE[0], now, START.date(), request)

    say("begin-types").define_types([STEM])
    for number, each in enumerate(STOCK):
        say(f"begin-{number}").add(each)
    return world


# -- what may be said ---------------------------------------------------------------------------


@dataclass(frozen=True)
class A:
    """The `n`th holding that is so now, or any one where none is; put in when it is said.

    Drawn blind, three of four wishes would be about something that is not there.
    """

    kind: str
    n: int

    def tag(self, world: World) -> str:
        """Which that is."""
        if self.kind == "free":
            taken = [tag for kept in world.kept.values() for tag in kept.second_tags]
            found = [tag for tag in TAGS if tag not in (*world.kept, *taken)]
        else:
            found = [tag for tag, kept in world.kept.items() if SO[self.kind](kept)]
        found = found or [*world.kept] or TAGS
        return found[self.n % len(found)]


SO: dict[str, Callable[[Kept], bool]] = {
    "kept": lambda kept: True,
    "in": lambda kept: kept.state == "held" and kept.out_quantity < kept.quantity,
    "out": lambda kept: bool(kept.out),
    "here": lambda kept: kept.state == "held" and not kept.out,
    "short": lambda kept: bool(kept.short),
    "missing": lambda kept: kept.state == "missing",
    "proposed": lambda kept: kept.proposed is not None,
}

JUNK = st.sampled_from([*TAGS[::3], "K1", "k2 ", grouped(TAGS[1]).lower(), "K9", NEVER])


def one(kind: str) -> st.SearchStrategy[A | str]:
    """Mostly a holding that is so, now and then whatever was scanned."""
    aimed = st.builds(A, st.just(kind), st.integers(0, 3))
    return st.one_of(*[aimed] * 6, st.builds(A, st.just("kept"), st.integers(0, 3)), JUNK)


NEW_TAGS = st.builds(A, st.just("free"), st.integers(0, 3)) | st.sampled_from(TAGS)


ORGANISATIONS = st.sampled_from(["Lochside Academy", "LOCHSIDE  academy", "Àrd-sgoil Mhic Neacail"])
PARTS = st.sampled_from(["Wheel", "Wheel", "Spanner", "Facilitator manual", "Gizmo"])
SHORT = st.dictionaries(PARTS, st.sampled_from([1, 1, 1, 2, 2, 0, 16, 17, -1]), max_size=2)
COUNTS = st.one_of(
    st.just(Count(whole=True)),
    st.builds(Count, missing=SHORT, broken=SHORT | st.none()),
    st.builds(Count, missing=SHORT, broken=SHORT | st.none()),
    st.just(Count(whole=True, missing={"Wheel": 1})),
)
QUANTITIES = st.sampled_from([1, 1, 1, 1, 2, 2, 5, 10, 11, 0])
DAYS = st.sampled_from([14, 14, 14, 7, 7, 0, 400, 1098, 1099, -1])
TYPES = st.sampled_from(["STEM kit", "stem  KIT", "Goggles", "Microscope"])
GIFTS = st.sampled_from(
    [Gift(), Gift(donor="RAF", title="held_for_esp"), Gift(donor="IET", value_pence=65000)]
)
NUMBERS = st.sampled_from(["K1", "K3", ""])
PLACES = st.sampled_from(["Store 2", "Leabharlann Shabhail Mhòr Ostaig"])
NAMES = st.sampled_from(["Iain Strachan", "Moira Petrie"])
Arguments = dict[str, Any]
Row = st.SearchStrategy[Arguments]


def row(**given: st.SearchStrategy[Any]) -> Row:
    """The arguments of a verb, every one of them given."""
    return st.fixed_dictionaries(given)


VERBS: dict[str, tuple[str, Row]] = {
    "check_out": (
        "desk",
        row(
            tags=st.lists(one("in"), min_size=1, max_size=3),
            to=ORGANISATIONS,
            contact=st.none() | NAMES,
            due_on=st.none() | st.none() | DAYS,
            quantity=st.none() | st.none() | QUANTITIES,
            override=st.none() | st.just("sent by post"),
        ),
    ),
    "check_in": (
        "desk",
        row(
            tags=st.lists(one("out"), min_size=1, max_size=2),
            count=st.none() | COUNTS,
            quantity=st.none() | st.none() | QUANTITIES,
            from_=st.none() | st.none() | ORGANISATIONS,
        ),
    ),
    "renew": ("desk", row(tag=one("out"), due_on=DAYS, from_=st.none() | ORGANISATIONS)),
    "count": ("desk", row(tag=one("here"), count=COUNTS)),
    "restock": (
        "desk",
        row(tag=one("short"), component=PARTS, quantity=st.sampled_from([1, 1, 2, 0])),
    ),
    "undo": ("desk", row()),
    "add": (
        "holdings",
        row(
            new=st.builds(
                NewHolding,
                type=TYPES,
                quantity=st.sampled_from([1, 1, 3, 0]),
                tag=NEW_TAGS,
                asset_number=st.none() | st.sampled_from(["K1", "K3"]),
                gift=GIFTS,
            )
        ),
    ),
    "amend": (
        "holdings",
        row(
            tag=one("kept"),
            type=st.none() | TYPES,
            quantity=st.none() | QUANTITIES,
            asset_number=st.none() | NUMBERS,
            serial=st.none() | NUMBERS,
        ),
    ),
    "record_gift": ("holdings", row(tag=one("kept"), gift=GIFTS)),
    "move": ("holdings", row(tag=one("kept"), location=PLACES)),
    "sight": ("holdings", row(tag=one("kept"))),
    "report_missing": (
        "holdings",
        row(tag=one("kept"), reason=st.none() | st.just("not in the store at the count")),
    ),
    "found": ("holdings", row(tag=one("missing"))),
    "propose_withdrawal": (
        "holdings",
        row(
            tag=one("here"),
            reason=st.sampled_from(["burnt", "stolen"]),
            donor_agreement=st.none() | st.just("letter of 3 May"),
        ),
    ),
    "withdraw": ("holdings", row(tag=one("proposed"))),
    "claim_label": ("holdings", row(tag=one("kept"), new=NEW_TAGS)),
    "define_types": (
        "holdings",
        row(types=st.sampled_from([[STEM], [OTHER_STEM], [NO_CONTENTS], [STEM, NO_CONTENTS], []])),
    ),
}
"""Each verb: where the library has it, and what it may be given. A number of days stands for the
day so far from today, so that an example does not hang on when it was found."""

SAYINGS = st.one_of([st.tuples(st.just(verb), given) for verb, (_, given) in VERBS.items()])


@dataclass(frozen=True)
class Sent:
    """An exchange file that a college wrote."""

    college: str
    first: int
    last: int
    path: Path


class Scotland(RuleBasedStateMachine):
    """See the module. Made with a function that gives the places of a fresh set of stores."""

    def __init__(self, places: dict[str, str], folder: Path) -> None:
        super().__init__()
        self.places, self.folder = places, folder
        self.clock = SetClock(START)
        self.worlds = {college: stocked_world() for college in COLLEGES}
        self.known = dict.fromkeys(COLLEGES, 0)
        self.said: dict[str, list[tuple[str, str, Arguments]]] = {c: [] for c in COLLEGES}
        self.sent: list[Sent] = []
        self.aside: list[Sent] = []
        self.steps = 0
        self.sound = True
        self.opened: dict[tuple[str, str], Kitloan] = {}

    def at(self, college: str, person: str = PEOPLE[0]) -> Kitloan:
        """A college's store, as a person has it open."""
        key = (college, person)
        if key not in self.opened:
            self.opened[key] = kitloan.open(self.places[college], actor=person, clock=self.clock)
        return self.opened[key]

    # -- steps ----------------------------------------------------------------------------------

    @rule(
        college=st.sampled_from(COLLEGES),
        person=st.sampled_from(PEOPLE),
        which=st.integers(0, 9),
        how=st.sampled_from(["the same", "the same", "a slip", "another verb"]),
        more=st.data(),
    )
    def says_again(
        self, college: str, person: str, which: int, how: str, more: st.DataObject
    ) -> None:
        """Somebody who heard no answer asks again, or gives an old id to another wish."""
        if not self.said[college]:
            return
        request, verb, given = self.said[college][-1 - which % len(self.said[college])]
        if how == "a slip":
            kept = {name: given[name] for name in ("tag", "tags", "new") if name in given}
            given = self._meant(college, more.draw(VERBS[verb][1])) | kept
        elif how == "another verb":
            verb, given = more.draw(SAYINGS)
            given = self._meant(college, given)
        self.argue(college, person, request, verb, given)

    @rule(college=st.sampled_from(COLLEGES), tags=st.lists(st.sampled_from(TAGS), max_size=3))
    def prints_labels(self, college: str, tags: list[str]) -> None:
        """Blank labels, or those of holdings that may be on others later."""
        if tags:
            self.steps += 1
            say = self._say(college, PEOPLE[0], f"printed-{self.steps}")
            say.labels_printed(tags)
            with self.alert():
                self.at(college).holdings.labels_printed(tags, blank=True)
                self.compare(college)

    @rule(college=st.sampled_from(COLLEGES), who=NAMES)
    def forgets(self, college: str, who: str) -> None:
        """A person is erased; the register does not notice."""
        self._both(
            college,
            lambda: self._say(college, PEOPLE[0], "").erase(who),
            lambda: self.at(college).people.erase(who).people,
        )

    @rule(by=st.sampled_from([1, 24, 24 * 15, 24 * 366, -1, -24 * 20, -24 * 400]))
    def time_passes(self, by: int) -> None:
        """Hours; a machine's clock may be put back."""
        self.clock.move(hours=by)

    @rule(college=st.sampled_from((*COLLEGES, "esp")))
    def opens_again(self, college: str) -> None:
        """A desk is closed, and opened again later."""
        for key in [key for key in self.opened if key[0] == college]:
            self.opened.pop(key).close()

    @rule(college=st.sampled_from(COLLEGES), since_last=st.booleans())
    def exports(self, college: str, since_last: bool) -> None:
        """A college writes a file for ESP."""
        with self.alert():
            self._export(college, since_last=since_last)

    @rule(which=st.lists(st.integers(0, 9), min_size=1, max_size=3))
    def merges(self, which: list[int]) -> None:
        """ESP merges files, perhaps again, and not in the order in which they were written."""
        if not self.sent:
            return
        with self.alert():
            self._merge([self.sent[-1 - n % len(self.sent)] for n in which])

    # -- both sides -----------------------------------------------------------------------------

    def say(self, college: str, person: str, verb: str, given: Arguments) -> None:
        """Somebody asks for something, under a new id."""
        self.steps += 1
        request = f"r{self.steps:04}"
        meant = self._meant(college, given)
        self.said[college].append((request, verb, meant))
        self.argue(college, person, request, verb, meant)

    def argue(self, college: str, person: str, request: str, verb: str, given: Arguments) -> None:
        """Say it to the model and to the real one; they must agree."""
        part = VERBS[verb][0]
        real = getattr(getattr(self.at(college, person), part), verb)
        self._both(
            college,
            lambda: self._say(college, person, request).say(verb, given),
            lambda: plainly(verb, real(**given, id=request)),
        )

    def _both(self, college: str, model: Callable[[], Any], real: Callable[[], Any]) -> None:
        before = deepcopy(self.worlds[college])
        try:
            wanted = model()
        except No as refusal:
            self.worlds[college] = before
            wanted = str(refusal)
        with self.alert():
            try:
                found = real()
            except KitloanError as refusal:
                found = refusal.code
            assert found == wanted
            self.compare(college)

    @contextmanager
    def alert(self) -> Iterator[None]:
        """Inside, a difference ends the example, and what else there is to check is left."""
        self.sound = False
        yield
        self.sound = True

    def compare(self, college: str) -> None:
        """The college's holdings, as the library shows them, are the model's."""
        world, day = self.worlds[college], self.today
        finder = self.at(college).find
        shown = {each.tag: seen(each) for each in finder.search("").items}
        assert shown == {tag: expected(world, tag, day) for tag in world.kept}
        loans = {each.id: (each.tag, each.quantity, each.due_on) for each in finder.loans().items}
        assert loans == {
            loan.id: (tag, loan.left, loan.due)
            for tag, kept in world.kept.items()
            for loan in kept.out
        }

    @property
    def today(self) -> date:
        return today(self.clock)

    def _say(self, college: str, person: str, request: str) -> Say:
        return Say(self.worlds[college], person, instant(self.clock.now), self.today, request)

    def _meant(self, college: str, given: Arguments) -> Arguments:
        """The arguments with the holdings and days that are meant now."""
        return {name: self._put(self.worlds[college], name, value) for name, value in given.items()}

    def _put(self, world: World, name: str, value: Any) -> Any:
        match value:
            case A():
                return value.tag(world)
            case list():
                return [self._put(world, name, each) for each in value]
            case NewHolding():
                return replace(value, tag=self._put(world, "tag", value.tag))
            case int() if name == "due_on":
                return self.today + timedelta(days=value)
            case _:
                return value

    def _export(self, college: str, *, since_last: bool) -> Sent:
        world = self.worlds[college]
        path = self.folder / f"{college}-{len(self.sent)}.klx"
        told = self.at(college).exchange.export(path, since_last=since_last)
        first = world.exported + 1 if since_last else 1
        assert (told.entries, told.last) == (world.entries - first + 1, world.entries)
        world.exported = world.entries
        self.sent.append(Sent(college, first, world.entries, path))
        return self.sent[-1]

    def _merge(self, files: list[Sent]) -> None:
        early = False
        for each in sorted(files, key=lambda each: (each.college, each.first)):
            fits = self._takes(each)
            early = early or not fits
            self.aside += [] if fits else [each]
        while any(map(self._takes, self.aside)):  # what came too early, and fits now
            self.aside = [each for each in self.aside if not self._takes(each)]
        try:
            self.at("esp").exchange.merge([each.path for each in files])
            assert not early
        except KitloanError as refusal:
            assert (refusal.code, early) == ("gap", True)
        heads = {each.ledger: each.entries for each in self.at("esp").ledger.heads()}
        assert {c: heads.get(c, 0) for c in COLLEGES} == self.known

    def _takes(self, file: Sent) -> bool:
        """Whether ESP can take a file now; then it knows what the file says."""
        fits = file.first <= self.known[file.college] + 1
        if fits:
            self.known[file.college] = max(self.known[file.college], file.last)
        return fits

    # -- the end --------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if self.sound:
                self._settle()
        finally:
            for each in self.opened.values():
                each.close()

    def _settle(self) -> None:
        """ESP hears everything; then its picture is each college's own, and history proves it."""
        self._merge([self._export(college, since_last=False) for college in reversed(COLLEGES)])
        esp = self.at("esp")
        national = register_of(esp)
        for college in COLLEGES:
            self.compare(college)
            own = register_of(self.at(college))
            assert own == {
                name: [each for each in rows if each["college"] == college]
                for name, rows in national.items()
            }
            withdrawals = {
                each.tag: each.by for each in self.at(college).holdings.proposed_withdrawals()
            }
            assert withdrawals == {
                tag: kept.proposed[0]
                for tag, kept in self.worlds[college].kept.items()
                if kept.proposed
            }
            assert {
                (each["name"], each["organisation"]) for each in self.at(college).people.known()
            } == {(name, slug(to)) for name, to in self.worlds[college].people}
        verdict = esp.ledger.verify()
        assert verdict.ok, verdict.findings
        assert not lent_twice(esp)
        since = start_of(year_before(self.today))
        counted = totals(self.worlds.values(), self.today, since)
        audit = esp.audit.audit()
        found = {name: getattr(audit.totals, name) for name in counted}
        assert (found, audit.totals.colleges) == (counted, len(COLLEGES))


NEEDS = {
    "check_in": "out",
    "renew": "out",
    "restock": "short",
    "found": "missing",
    "withdraw": "proposed",
}
"""Verbs that come to nothing where no holding is so: they are kept for when one is, and said to
the college that has it."""


def _rule_of(verb: str, arguments: Row) -> Callable[..., None]:
    def some(self: Scotland, college: str) -> bool:
        kept = self.worlds[college].kept.values()
        return verb not in NEEDS or any(map(SO[NEEDS[verb]], kept))

    def says(self: Scotland, college: str, person: str, given: Arguments) -> None:
        where = college if some(self, college) else next(c for c in COLLEGES if some(self, c))
        self.say(where, person, verb, given)

    says.__name__ = verb
    who: dict[str, Any] = {
        "college": st.sampled_from(COLLEGES),
        "person": st.sampled_from(PEOPLE),
    }
    ready = precondition(lambda self: any(some(self, college) for college in COLLEGES))
    ruled: Callable[..., None] = rule(**who, given=arguments)(says)  # type: ignore[no-untyped-call]
    return ready(ruled)


OFTEN = {"check_out": 4, "check_in": 4, "count": 2, "undo": 2}
for _verb, (_, _arguments) in VERBS.items():
    for _n in range(OFTEN.get(_verb, 1)):  # a rule a verb, so that each has its turn
        setattr(Scotland, f"{_verb}_{_n}", _rule_of(_verb, _arguments))


def slug(name: str) -> str:
    """What the organisations above are known by."""
    return name.replace(" ", "-")


def plainly(verb: str, answer: Any) -> Any:
    """What a verb answered, in the model's words."""
    match verb:
        case "check_out":
            return [(each.id, each.tag) for each in answer]
        case "check_in":
            return [(each.tag, each.id, each.quantity) for each in answer]
        case "renew":
            return answer[0], answer[2]
        case "undo":
            return set(answer.tags)
        case "add":
            return answer.tag
        case _:
            return None


def seen(shown: Holding) -> dict[str, Any]:
    """A holding as the library shows it, in the model's words."""
    gift = shown.gift
    return {
        "type": shown.type,
        "status": shown.status,
        "quantity": (shown.quantity, shown.out_quantity),
        "particulars": (shown.asset_number, shown.serial, shown.location),
        "gift": (gift.donor, gift.title, gift.value_pence),
        "loan": shown.loan and (shown.loan.id, shown.loan.due_on, shown.loan.quantity),
        "short": {each.component: (each.missing, each.broken) for each in shown.shortages},
        "seen": shown.last_sighted and (shown.last_sighted.at, shown.last_sighted.by),
    }


def expected(world: World, tag: str, day: date) -> dict[str, Any]:
    """The same of the model."""
    kept = world.kept[tag]
    first = min(kept.out, key=lambda each: (each.due, each.id), default=None)
    return {
        "type": world.types[kept.type][0],
        "status": status(world, kept, day),
        "quantity": (kept.quantity, kept.out_quantity),
        "particulars": (kept.asset_number, kept.serial, kept.location),
        "gift": (kept.gift.donor, kept.gift.title, kept.gift.value_pence),
        "loan": first and (first.id, first.due, first.left),
        "short": kept.short,
        "seen": kept.seen,
    }


def lent_twice(opened: Kitloan) -> list[Any]:
    """Holdings with two open loans of the whole."""
    loan = table(Loan)
    with opened.session.reading() as connection:
        return list(
            connection.execute(
                select(loan.c.college, loan.c.tag)
                .where(loan.c.closed_at.is_(None), loan.c.exclusive)
                .group_by(loan.c.college, loan.c.tag)
                .having(func.count() > 1)
            )
        )
