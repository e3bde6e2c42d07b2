"""Two colleges and ESP, the real ones and their models, driven step by step in step.

Every step says one thing to the real core and to the model, and both must answer alike: the same
refusal, or the same holdings afterwards.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

import kitloan
from audit.agreement import agrees, listed
from conftest import SetClock
from kitloan import KitloanError, NewHolding
from kitloan.college import College
from kitloan.text.dates import instant, start_of, today, year_before
from lives import register_of
from model.alike import expected, lent_twice, plainly, seen, slug
from model.sayings import (
    COLLEGES,
    NAMES,
    PEOPLE,
    SAYINGS,
    SO,
    START,
    TAGS,
    VERBS,
    A,
    Arguments,
    Row,
    stocked_world,
)
from model.state import No, World, totals
from model.world import Say
from trusting import merge


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
        self.put_back = False
        self.latest = START
        self.opened: dict[tuple[str, str], College] = {}

    def at(self, college: str, person: str = PEOPLE[0]) -> College:
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
            lambda _: self._say(college, PEOPLE[0], "").erase(who),
            lambda: self.at(college).people.erase(who).people,
        )

    @rule(by=st.sampled_from([1, 24, 24 * 15, 24 * 366, -1, -24 * 20, -24 * 400]))
    def time_passes(self, by: int) -> None:
        """Hours; a machine's clock may be put back."""
        self.clock.move(hours=by)
        self.put_back = self.put_back or by < -24
        self.latest = max(self.latest, self.clock.now)

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
            lambda found: self._say(college, person, request, found).say(verb, given),
            lambda: plainly(verb, real(**given, request_id=request)),
        )

    def _both(self, college: str, model: Callable[[Any], Any], real: Callable[[], Any]) -> None:
        before = deepcopy(self.worlds[college])
        with self.alert():
            try:
                found = real()
            except KitloanError as refusal:
                found = refusal.code
            try:
                wanted = model(found)
            except No as refusal:
                self.worlds[college] = before
                wanted = str(refusal)
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

    def _say(self, college: str, person: str, request: str, found: Any = None) -> Say:
        world, now = self.worlds[college], instant(self.clock.now)
        return Say(world, person, now, self.today, request, minted=found)

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
            merge(self.at("esp"), [each.path for each in files])
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
        if self.today < START.date():  # of no day before the first is there a report
            self.clock.now = self.latest
        since = start_of(year_before(self.today))
        audit = esp.audit.audit()
        believed = {tag: str(row["college"]) for tag, row in listed(audit).items()}
        counted = totals(self.worlds, self.today, since, believed if self.put_back else {})
        if self.put_back:  # when it was seen is what the other entries allow
            del counted["not_sighted_12_months"]
        found = {name: getattr(audit.totals, name) for name in counted}
        assert (found, audit.totals.colleges) == (counted, len(COLLEGES)), (found, counted)
        agrees(audit)


NEEDS = {
    "check_in": "out",
    "renew": "out",
    "correct": "out",
    "pass_on": "out",
    "split": "stock",
    "repaired": "in repair",
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


OFTEN = {"check_out": 6, "check_in": 5, "undo": 5} | dict.fromkeys(
    ("correct", "pass_on", "split", "count"), 2
)
for _verb, (_, _arguments) in VERBS.items():
    for _n in range(OFTEN.get(_verb, 1)):  # a rule a verb, so that each has its turn
        setattr(Scotland, f"{_verb}_{_n}", _rule_of(_verb, _arguments))
