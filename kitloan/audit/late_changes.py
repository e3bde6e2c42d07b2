"""What changed in the uses of an academic year after it was over, and what of it its papers have.

A paper about a whole year may have left ESP on the day on which the year was over. A reader who has
it subtracts it from a later one. So what ESP came to know since is a table of its own, of what came
and of what went: it is in a later paper where every count of it is none, or five and more. What
is not waits for more of the same, and until then the paper has the use as it was.

Changes are uses that were recorded, corrected, withdrawn or undone. ESP knows one from the instant
at which the first file came that has it; of a college that sends no files, from when it was
recorded.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, and_, not_, or_, select, text, tuple_

from kitloan.audit.census import Census
from kitloan.audit.group_uses import GroupUse, read_groups, school_of, span_of
from kitloan.evidence.disclosure import SMALL, academic_year
from kitloan.exchange.merging import files_merged
from kitloan.queries.entry_text import fact_number, fact_text
from kitloan.queries.uses import (
    OF_ANSWERS,
    YearSpan,
    are_named,
    largest_groups,
    one_of,
    recorded_after,
)
from kitloan.tables import LedgerEntry, Loan, table
from kitloan.tables.every import CHANGES_OF_USES
from kitloan.tables.evidence import Engagement, Evaluation
from kitloan.text.dates import day_of, end_of

engagement, evaluation = table(Engagement), table(Evaluation)
entry, loan = table(LedgerEntry), table(Loan)

State: TypeAlias = GroupUse | None
"""A use as it was at some time; None before it was recorded, and when it was taken back."""
Which: TypeAlias = str
"""A use's college and id."""
Cells: TypeAlias = Callable[[GroupUse], Mapping[Hashable, int]]
"""The counts of people that a use adds to, each by what a paper may print it by."""
Least: TypeAlias = Callable[[str, Iterable[State]], Mapping[Hashable, int]]

_STATES = ("engagement.recorded", "engagement.corrected")
_KINDS = (*_STATES, "engagement.withdrawn")
_FORM = "evaluation.received"
_REVERSED = "entry.reversed"


class Change(NamedTuple):
    """A use is otherwise from the instant at which ESP knew of it."""

    known: str
    which: Which
    state: State


@dataclass(frozen=True)
class YearOfChanges:
    """The uses of a year that changed after it was over.

    Attributes:
        base: each as the first paper has it.
        changes: in the order in which ESP knew of them.
        now: each as it is.
        events: by event, the colleges that entered it in uses that did not change.
    """

    base: Mapping[Which, State]
    changes: Sequence[Change]
    now: Mapping[Which, State]
    events: Mapping[str, Set[str]] = field(default_factory=dict)


def which_of(each: GroupUse) -> Which:
    """A use's college and id, as one text."""
    return f"{each.college}:{each.id}"


def settle(year: YearOfChanges, cells: Cells, least: Least) -> dict[Which, State]:
    """Each use that changed, as a paper has it.

    Args:
        year: the changes.
        cells: the counts that a use adds to.
        least: by what it is printed by, the least number of different learners in a school, of
            which these are the uses that changed.
    """
    printed = dict(year.base)
    by_school: dict[str, set[Which]] = defaultdict(set)
    for each in (*year.base.items(), *((each.which, each.state) for each in year.changes)):
        if each[1] is not None:
            by_school[each[1].school].add(each[0])
    events: dict[str, set[str]] = defaultdict(set)
    for event, colleges in year.events.items():
        events[event] |= colleges
    _add_colleges(events, year.base.values())
    waiting: dict[Which, State] = {}
    differences: dict[Which, Counter[Hashable]] = {}
    for _, some in groupby(year.changes, lambda each: each.known):
        came = {each.which: each.state for each in some}
        _add_colleges(events, came.values())
        waiting |= came
        differences |= {
            which: _difference(printed[which], state, cells) for which, state in came.items()
        }
        taken = {
            which: state
            for which, state in waiting.items()
            if not _is_of_several(printed[which], state, differences[which], events)
        }
        while held := (
            _with_few(taken, differences)
            or _with_few_more(printed, taken, _of_schools(by_school, printed, taken), least)
        ):
            for which in held:
                del taken[which]
        printed |= taken
        waiting = {which: state for which, state in waiting.items() if which not in taken}
    return printed


def _add_colleges(events: Mapping[str, set[str]], states: Iterable[State]) -> None:
    for each in states:
        if each is not None and each.event is not None:
            events[each.event].add(each.college)


def _is_of_several(
    old: State, new: State, difference: Counter[Hashable], events: Mapping[str, Set[str]]
) -> bool:
    """Whether a change is of an event that several colleges had entered by then.

    A page has the larger of their groups only. So such a change may add a few where its own group
    is large, and it waits for ever.
    """
    states = [each for each in (old, new) if each is not None]
    places = {(each.event, each.school, each.on) for each in states}
    if len(states) == 2 and len(places) == 1 and not difference:
        return False  # whichever of the groups counts, what is printed stays the same
    return any(each.event is not None and len(events[each.event]) > 1 for each in states)


def _of_schools(
    by_school: Mapping[str, Set[Which]],
    printed: Mapping[Which, State],
    taken: Mapping[Which, State],
) -> dict[str, Set[Which]]:
    """The uses of the schools in which something is taken."""
    return {
        each.school: by_school[each.school]
        for which, state in taken.items()
        for each in (printed[which], state)
        if each is not None
    }


def _with_few(
    taken: Mapping[Which, State], differences: Mapping[Which, Counter[Hashable]]
) -> set[Which]:
    """The changes that have a part in a count of one to four."""
    sums: Counter[Hashable] = Counter()
    for which in taken:
        sums.update(differences[which])
    few = {cell for cell, count in sums.items() if count < SMALL}
    return {which for which in taken if few & differences[which].keys()}


def _with_few_more(
    printed: Mapping[Which, State],
    taken: Mapping[Which, State],
    by_school: Mapping[str, Set[Which]],
    least: Least,
) -> set[Which]:
    """The changes in schools by which the least of all is one to four more, or fewer."""
    steps: dict[Hashable, dict[str, int]] = defaultdict(dict)
    for school, some in by_school.items():
        before = least(school, [printed[each] for each in some])
        after = least(school, [taken[e] if e in taken else printed[e] for e in some])
        for cell in {*before, *after}:
            if change := after.get(cell, 0) - before.get(cell, 0):
                steps[cell, change > 0][school] = abs(change)
    few = {school for some in steps.values() if sum(some.values()) < SMALL for school in some}
    return {
        which
        for which, state in taken.items()
        if any(each is not None and each.school in few for each in (printed[which], state))
    }


def _difference(old: State, new: State, cells: Cells) -> Counter[Hashable]:
    """What a change adds to each count and, apart, what it takes away."""
    before = cells(old) if old is not None else {}
    after = cells(new) if new is not None else {}
    found: Counter[Hashable] = Counter()
    for cell in {*before, *after}:
        change = after.get(cell, 0) - before.get(cell, 0)
        if change:
            found[cell, change > 0] = abs(change)
    return found


StateT = TypeVar("StateT")
Timelines: TypeAlias = dict[str, list[tuple[str, StateT | None]]]
"""By a use's id, what there was of it from each instant on."""


@dataclass
class _Entry(Generic[StateT]):
    """An entry about a use, and whether it counts: it does not while it is undone."""

    of: str
    state: StateT | None
    counts: bool = True


class LateForm(NamedTuple):
    """What a teacher answered about a use; None where there is no form.

    Attributes:
        first: as the first paper of the year has it.
        now: as it is.
    """

    first: Mapping[str, Any] | None
    now: Mapping[str, Any] | None


class LateChanges:
    """Reads what changed of the years that are over."""

    def __init__(self, census: Census, years: Iterable[date]) -> None:
        self._census = census
        self._files = files_merged(census.live)
        self.finals: Mapping[Which, State] = {}
        """Uses that were corrected or taken back, in whichever year, each as it is."""
        self._until = None if census.known is None else end_of(census.known)
        self._known = {
            first: {each: self._known_before(each, first) for each in self._files}
            for first in years
        }

    def read(self, many: Mapping[int, int]) -> dict[date, YearOfChanges]:
        """The changes of each year that has any.

        Args:
            many: how many uses each year has now, by the year in which it begins.
        """
        late = self._recorded_late()
        timelines = dict(self._timelines())
        self.finals = {which: states[-1][1] for which, (_, states) in timelines.items()}
        found = {}
        for first in self._known:
            base: dict[Which, State] = {}
            now: dict[Which, State] = {}
            changes: list[Change] = []
            for which, each in late[first].items():
                if which not in timelines:
                    base[which], now[which] = None, each
                    changes.append(
                        Change(self._known_at(each.college, each.recorded_at), which, each)
                    )
            for which, (college, states) in timelines.items():
                steps = [(at, _in_year(state, first)) for at, state in states]
                known = self._known[first].get(college, _eve(first))
                before = [state for at, state in steps if at <= known]
                after = [(at, state) for at, state in steps if at > known]
                if not after or not any(state for _, state in steps):
                    continue
                base[which], now[which] = before[-1] if before else None, steps[-1][1]
                changes += [
                    Change(self._known_at(college, at), which, state) for at, state in after
                ]
            if changes:
                is_first = many.get(first.year, 0) <= sum(each is not None for each in now.values())
                year = _year(base, changes, now, is_first=is_first)
                found[first] = replace(year, events=self._events(first, year))
        return found

    def _events(self, first: date, year: YearOfChanges) -> dict[str, set[str]]:
        """The colleges that entered the events of a year's changes in uses that did not change."""
        states = (*year.base.values(), *(each.state for each in year.changes))
        events = {each.event for each in states if each is not None and each.event is not None}
        found: dict[str, set[str]] = defaultdict(set)
        if events:
            entered = select(engagement.c.event, engagement.c.college).where(
                span_of(self._census, first).within,
                one_of(engagement.c.event, events),
                not_(are_named(year.base)),
            )
            for event, college in self._census.connection.execute(entered.distinct()):
                found[event].add(college)
        return found

    def _known_before(self, college: str, first: date) -> str:
        """Up to when ESP knew a college's ledger when a year was over."""
        eve = _eve(first)
        return max((made for made, merged in self._files[college] if merged <= eve), default="")

    def _known_at(self, college: str, at: str) -> str:
        came = [merged for made, merged in self._files.get(college, ()) if made >= at]
        return min(came, default=at)

    def _recorded_late(self) -> dict[date, dict[Which, GroupUse]]:
        found: dict[date, dict[Which, GroupUse]] = {first: {} for first in self._known}
        last = max(self._known)
        span = YearSpan(min(self._known), min(date(last.year + 1, 7, 31), self._census.day))
        known = {first.year: (each, _eve(first)) for first, each in self._known.items()}
        for each in read_groups(self._census, span, recorded_after(span, known)):
            found[academic_year(date.fromisoformat(each.on))[0]][which_of(each)] = each
        return found

    def _timelines(self) -> Iterator[tuple[Which, tuple[str, list[tuple[str, State]]]]]:
        """Uses that were corrected or taken back after a year was over: each at each time."""
        ids: dict[str, set[str]] = defaultdict(set)
        for college, of in self._changed():
            ids[college].add(of)
        for college, some in ids.items():
            for of, states in self._states(college, some).items():
                yield f"{college}:{of}", (college, states)

    def _changed(self) -> Iterator[tuple[str, str]]:
        """College and id of each use about which an entry was made after a year was over."""
        corrected = select(entry.c.college, fact_text("engagement"))
        for college, of in self._census.live.execute(corrected.where(self._since(*_KINDS[1:]))):
            yield college, of
        for kind, college, of in self._undone:
            if kind in _KINDS:
                yield college, of

    @cached_property
    def _undone(self) -> Sequence[tuple[str, str, str]]:
        """Kind, college and use of what was undone, or done again, after a year was over."""
        found: list[tuple[str, str, str]] = []
        changed = entry.alias("changed")
        undone = select(changed.c.college, changed.c.kind, changed.c.body).join_from(
            entry,
            changed,
            and_(
                changed.c.college == entry.c.college,
                changed.c.epoch == fact_number("epoch"),
                changed.c.seq == fact_number("seq"),
            ),
        )
        again = []
        for college, kind, body in self._census.live.execute(undone.where(self._since(_REVERSED))):
            fact = json.loads(body)["fact"]
            if kind in (*_KINDS, _FORM):
                found.append((kind, college, fact["engagement"]))
            elif kind == _REVERSED:  # what was undone is done again
                again.append((college, fact["epoch"], fact["seq"]))
        place = tuple_(entry.c.college, entry.c.epoch, entry.c.seq)
        for row in again:
            target = select(entry.c.kind, entry.c.body).where(place == row)
            for kind, body in self._census.live.execute(target):
                if kind in (*_KINDS, _FORM):
                    found.append((kind, row[0], json.loads(body)["fact"]["engagement"]))
        return found

    def _since(self, *kinds: str) -> ColumnElement[bool]:
        """Entries of some kinds, made after the first of the years was over; an index has them."""
        since = min(
            (at for known in self._known.values() for at in known.values()),
            default=_eve(min(self._known)),
        )
        return and_(
            text(f"ledger_entry.{CHANGES_OF_USES}"),
            entry.c.kind.in_(kinds),
            self._or_wrong(entry.c.at > min(since, _eve(min(self._known)))),
            self._of_the_report,
        )

    @property
    def _of_the_report(self) -> ColumnElement[bool]:
        colleges = entry.c.college.in_(sorted(self._census.colleges))
        if self._until is None:
            return colleges
        return and_(colleges, self._or_wrong(entry.c.at <= self._until))

    def _or_wrong(self, in_time: ColumnElement[bool]) -> ColumnElement[bool]:
        """Of a ledger whose times are corrected every entry: no statement has the right times."""
        wrong = sorted(self._census.wrong)
        return or_(entry.c.college.in_(wrong), in_time) if wrong else in_time

    def _states(self, college: str, ids: Set[str]) -> "Timelines[GroupUse]":
        rows = self._entries(college, ids, _KINDS)
        tags = self._tags(college, [fact for _, kind, _, fact in rows if kind in _STATES])

        def state_of(kind: str, at: str, fact: Mapping[str, Any], first: State) -> State:
            if kind not in _STATES:
                return None
            return self._state(college, fact, tags, at if first is None else first.recorded_at)

        return _replayed(rows, state_of)

    def _entries(self, college: str, ids: Set[str], kinds: Sequence[str]) -> "list[_Row]":
        """Entries of some kinds about some uses, and all that undo, in their order."""
        wanted = (
            select(entry.c.epoch, entry.c.seq, entry.c.at, entry.c.kind, entry.c.body)
            .where(
                entry.c.college == college,
                entry.c.tag.is_(None),  # an index has these apart
                entry.c.kind.in_((*kinds, _REVERSED)),
                self._of_the_report,
                or_(entry.c.kind == _REVERSED, one_of(fact_text("engagement"), ids)),
            )
            .order_by(entry.c.epoch, entry.c.seq)
        )
        times = self._census.wrong.get(college)
        found = []
        for row in self._census.live.execute(wanted):
            at = times.counted[row.seq] if times else row.at
            if self._until is None or at <= self._until:
                found.append(_Row((row.epoch, row.seq), row.kind, at, json.loads(row.body)["fact"]))
        return found

    def forms(self, first: date, changed: Iterable[Which]) -> dict[Which, LateForm]:
        """The forms about some uses of a year, and those that came or went after it was over.

        Where nothing was known of any form when the year was over, the first paper has those that
        came on the first day.
        """
        ids: dict[str, set[str]] = defaultdict(set)
        for which in changed:
            college, _, of = which.partition(":")
            ids[college].add(of)
        for kind, college, of in self._undone:
            if kind == _FORM:
                ids[college].add(of)
        span = span_of(self._census, first)
        known = {first.year: (self._known[first], _eve(first))}
        is_late = recorded_after(span, known, evaluation.c.received_at)
        every = (
            select(evaluation.c.college, evaluation.c.engagement)
            .join_from(evaluation, engagement, OF_ANSWERS)
            .where(span.within)
        )
        for college, of in self._census.connection.execute(every.where(is_late)):
            ids[college].add(of)
        timelines: Timelines[Mapping[str, Any]] = {}
        for college, some in ids.items():
            rows = self._entries(college, some, (_FORM,))
            found = _replayed(rows, lambda kind, at, fact, first: fact)
            timelines |= {f"{college}:{of}": found.get(of, []) for of in some}
        until = {
            which: self._known[first].get(which.partition(":")[0], _eve(first))
            for which in timelines
        }
        forms = {
            which: LateForm(
                next((form for at, form in reversed(steps) if at <= until[which]), None),
                steps[-1][1] if steps else None,
            )
            for which, steps in timelines.items()
        }
        early = every.where(not_(is_late)).limit(1)
        if (
            any(each.first for each in forms.values())
            or self._census.connection.execute(early).first()
        ):
            return forms
        return self._first_forms(timelines, forms)

    def _first_forms(
        self, timelines: "Timelines[Mapping[str, Any]]", forms: Mapping[Which, LateForm]
    ) -> dict[Which, LateForm]:
        came = {
            which: [
                (day_of(self._known_at(which.partition(":")[0], at)), form) for at, form in steps
            ]
            for which, steps in timelines.items()
        }
        day = min((day for steps in came.values() for day, form in steps if form), default=None)
        return {
            which: each._replace(
                first=next((form for then, form in reversed(came[which]) if then == day), None)
            )
            for which, each in forms.items()
        }

    def _tags(self, college: str, facts: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
        loans = {fact["loan"] for fact in facts if fact.get("loan")}
        wanted = select(loan.c.loan, loan.c.tag).where(
            loan.c.college == college, one_of(loan.c.loan, loans)
        )
        return {row.loan: row.tag for row in self._census.live.execute(wanted)}

    def _state(
        self, college: str, fact: Mapping[str, Any], tags: Mapping[str, str], recorded_at: str
    ) -> GroupUse:
        known = fact.get("bands")
        bands = None if known is None else {each["band"]: each["learners"] for each in known}
        girls, boys = fact.get("girls"), fact.get("boys")
        organisation = fact.get("organisation")
        return GroupUse(
            college=college,
            id=fact["engagement"],
            on=fact["on"],
            school=school_of(self._census, college, organisation, fact.get("schuid")),
            event=fact.get("event"),
            loan=fact.get("loan"),
            used=fact["used"] != "no",
            bands=bands,
            split=(girls, boys) if girls is not None and boys is not None else None,
            staff=fact.get("staff"),
            half_hours=fact.get("half_hours"),
            in_scope=self._census.has_college(college),
            learners=sum((bands or {}).values()),
            tag=tags.get(fact.get("loan") or "", fact.get("holding")),
            organisation=organisation,
            programme=fact.get("programme"),
            recorded_at=recorded_at,
        )


class _Row(NamedTuple):
    """An entry, by its epoch and number."""

    place: tuple[int, int]
    kind: str
    at: str
    fact: Mapping[str, Any]


def _replayed(
    rows: Iterable[_Row],
    state_of: Callable[[str, str, Mapping[str, Any], StateT | None], StateT | None],
) -> "Timelines[StateT]":
    """What there was of each use, by the entries about it that were not undone then.

    Args:
        rows: the entries, in their order.
        state_of: what an entry makes of a use, by its kind, time, fact, and what there was first.
    """
    entries_of: dict[str, list[_Entry[StateT]]] = defaultdict(list)
    by_place: dict[tuple[int, int], _Entry[StateT]] = {}
    found: Timelines[StateT] = defaultdict(list)
    for row in rows:
        if row.kind == _REVERSED:
            # What undoes an undo lets the entry count again: each turns what it is about.
            undone = by_place.get((row.fact["epoch"], row.fact["seq"]))
            if undone is None:
                continue
            each = undone
            each.counts = not each.counts
        else:
            of = row.fact["engagement"]
            first = entries_of[of][0].state if entries_of[of] else None
            each = _Entry(of, state_of(row.kind, row.at, row.fact, first))
            entries_of[of].append(each)
        by_place[row.place] = each
        state = next((one.state for one in reversed(entries_of[each.of]) if one.counts), None)
        found[each.of].append((row.at, state))
    return found


def _year(
    base: dict[Which, State],
    changes: list[Change],
    now: Mapping[Which, State],
    *,
    is_first: bool,
) -> YearOfChanges:
    """Where nothing was known of the year before, the first paper has what came on the first day.

    An auditor merges the files of several colleges one after another.
    """
    changes.sort(key=lambda each: each.known)
    if is_first and not any(base.values()):
        day = day_of(changes[0].known)
        came = [each for each in changes if day_of(each.known) == day]
        base |= {each.which: each.state for each in came}
        changes = changes[len(came) :]
    return YearOfChanges(base, changes, now)


def _in_year(state: State, first: date) -> State:
    if state is None or not first.isoformat() <= state.on < date(first.year + 1, 8, 1).isoformat():
        return None
    return state


def _eve(first: date) -> str:
    """The last instant before a paper may have left that is about a whole year."""
    return end_of(date(first.year + 1, 7, 30))


def largest_of_others(
    census: Census, first: date, year: YearOfChanges
) -> dict[str, dict[str, dict[str, int]]]:
    """By school and college, the largest group of each band, but for the uses that changed."""
    states = [*year.base.values(), *(each.state for each in year.changes)]
    schools = {each.school for each in states if each is not None}
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    others = [not_(are_named(year.base))]
    listed = largest_groups(span_of(census, first), schools, apart=others)
    for _, college, school, band, learners in census.connection.execute(listed):
        found[school][college][band] = learners
    return found
