"""Several real processes on one store: desks that lend at once, and desks that are killed.

Processes and not threads: what must hold is what the databases keep between programs that know
nothing of each other. The processes of a crowd stay for all tests of a module. They are forks of
one that has loaded kitloan and has no store open, because loading it forty times took longer than
what the tests do.
"""

import contextlib
import itertools
import os
import random
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, NoReturn

import sqlalchemy as sa

import kitloan
from kitloan import Count, NewHolding, Refused
from kitloan.college import College
from kitloan.storage import store
from kitloan.storage.places import is_url
from trusting import merge

PATIENCE = 600
"""Seconds until a crowd that waits for one of its own gives up: a test must never hang."""


LOADED = (
    *("kitloan.college", "kitloan.ledger.writer", "kitloan.history.verify"),
    *("kitloan.imports.register", "kitloan.exchange", "kitloan.backups.upgrading"),
)
"""What every process of a crowd has loaded when it begins."""


class Crowd:
    """Processes that do what they are told, all at the same moment."""

    def __init__(self, size: int) -> None:
        context: Any = _starting()
        self._barriers = {n: context.Barrier(n) for n in range(1, size + 1)}
        self._ends = []
        self._processes = []
        for _ in range(size):
            ours, theirs = context.Pipe()
            given = (theirs, self._barriers, dict(os.environ))
            process = context.Process(target=_serve, args=given, daemon=True)
            process.start()
            self._ends.append(ours)
            self._processes.append(process)

    def do(self, task: Callable[..., Any], *given: Any, each: int | None = None) -> list[Any]:
        """What `each` processes (all, when None) came to with `task(number, ready, *given)`."""
        count = each or len(self._ends)
        for number, end in enumerate(self._ends[:count]):
            end.send((task, number, count, given))
        answers = []
        for end in self._ends[:count]:
            assert end.poll(PATIENCE), "a process of the crowd does not answer"
            answers.append(end.recv())
        for well, answer in answers:
            assert well, answer
        return [answer for _, answer in answers]

    def close(self) -> None:
        """Send everybody home."""
        for end in self._ends:
            end.send(None)
        for process in self._processes:
            process.join(PATIENCE)


def _starting() -> BaseContext:
    """How processes start: as forks of one that stays for the whole run, where there are forks."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    forking = get_context("forkserver")
    forking.set_forkserver_preload([*LOADED])
    return forking


def _serve(end: Any, barriers: dict[int, Any], environment: dict[str, str]) -> None:
    os.environ.clear()  # what they are forks of has the folders of the first test
    os.environ.update(environment)
    # On a machine with much else to do, one of eight may wait longer for its turn than a desk does.
    store.BUSY_SECONDS = PATIENCE
    while (said := end.recv()) is not None:
        task, number, count, given = said
        try:
            ready = partial(barriers[count].wait, PATIENCE)
            end.send((True, task(number, ready, *given)))
        except Exception:
            end.send((False, traceback.format_exc()))


Ready = Callable[[], int]
"""Waits until every process has come as far."""


def school(number: int) -> str:
    """Whom the desk of this number lends to."""
    return f"School {number}"


def open_at_once(number: int, ready: Ready, place: str) -> bool:
    """Open a store; whether it was this desk that upgraded it."""
    ready()
    with kitloan.open(place, actor=f"desk {number}") as desk:
        return desk.upgraded is not None


def lend_each(
    number: int, ready: Ready, place: str, tags: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Lend every kit: tag, `lent` or the refusal's code, and the loan's id or who has it."""
    told = []
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ready()
        for tag in tags:
            try:
                (lent,) = desk.loans.check_out([tag], school(number))
                told.append((tag, "lent", lent.id))
            except Refused as refusal:
                assert refusal.details["loan"]["to"] in refusal.message
                told.append((tag, refusal.code, refusal.details["loan"]["to"]))
    return told


def lend_baskets(
    number: int, ready: Ready, place: str, baskets: Sequence[Sequence[str]]
) -> list[tuple[str, ...]]:
    """Lend baskets that have kits in common with other desks' baskets; gives those lent."""
    lent = []
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ready()
        for basket in random.Random(number).sample(baskets, len(baskets)):
            with contextlib.suppress(Refused):
                lent.append(tuple(x.tag for x in desk.loans.check_out(basket, school(number))))
    return lent


def lend_stock(number: int, ready: Ready, place: str, tag: str) -> int:
    """Lend one of a stock again and again until refused; gives how many."""
    lent = 0
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ready()
        while True:
            try:
                desk.loans.check_out([tag], school(number), quantity=1)
            except Refused as refusal:
                assert (refusal.code, refusal.details["left"]) == ("not_enough", 0)
                return lent
            lent += 1


def book_last(
    number: int, ready: Ready, place: str, kit_type: str, days: Sequence[tuple[date, date]]
) -> list[str]:
    """Book one of a type for each of some days: the bookings, or the codes of the refusals."""
    told = []
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ready()
        for first, last in days:
            try:
                (made,) = desk.bookings.book(school(number), {kit_type: 1}, first, last)
                told.append(made.id)
            except Refused as refusal:
                told.append(refusal.code)
    return told


def undo_all(number: int, ready: Ready, place: str, actor: str) -> list[str]:
    """Undo as one and the same person until there is nothing left; gives the tags."""
    undone: list[str] = []
    with kitloan.open(place, actor=actor) as desk:
        ready()
        while True:
            try:
                undone += desk.actions.undo().tags
            except Refused as refusal:
                assert refusal.code == "nothing_to_undo"
                return undone


def lend_again(number: int, ready: Ready, place: str, tag: str, request: str) -> tuple[str, str]:
    """Say one and the same request; gives the loan's id and the borrower."""
    with kitloan.open(place, actor="m.ross") as desk:
        ready()
        (lent,) = desk.loans.check_out([tag], "School", request_id=request)
        return lent.id, lent.to


def correct_names(number: int, ready: Ready, place: str, tags: Sequence[str]) -> list[str]:
    """Lend to a school by the name that it loses, merge it, and give a number that others give."""
    told = []
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ready()
        acts: list[tuple[str, Callable[[], object]]] = [
            ("lent", lambda: desk.loans.check_out([tags[number * 3]], "Old School")),
            ("merged", lambda: desk.directory.merge("Old School", "New School")),
            ("lent", lambda: desk.loans.check_out([tags[number * 3 + 1]], "Old School")),
            ("numbered", lambda: desk.holdings.amend(tags[number * 3 + 2], asset_number="N1")),
        ]
        for name, act in acts:
            with contextlib.suppress(kitloan.KitloanError):
                act()
                told.append(name)
    return told


@dataclass(frozen=True)
class Slips:
    """What a crowd corrects, by what is done to it: tags, and the id of an open stocktake."""

    stock: str
    handed_on: Sequence[str]
    broken: Sequence[str]
    written_off: str
    spare: Sequence[str]
    stocktake: str


def correct_slips(number: int, ready: Ready, place: str, slips: Slips) -> list[str]:
    """Correct what went wrong at a counter, as everybody else does: what was done, by name."""
    told = []
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ours = school(number)
        acts: list[tuple[str, Callable[[], object]]] = [
            ("split", lambda: desk.holdings.split(slips.stock, 2)),
            ("used", lambda: desk.loans.check_in([slips.stock], from_="First", used=1, lost=1)),
            ("passed", lambda: desk.loans.pass_on(slips.stock, ours, from_="First", quantity=1)),
            (
                "counted",
                lambda: desk.stocktakes.scan(slips.stocktake, slips.stock, quantity=number),
            ),
            *[
                (f"{tag} passed", lambda tag=tag: desk.loans.pass_on(tag, ours, from_="First"))
                for tag in slips.handed_on
            ],
            *[
                (f"{tag} lent", lambda tag=tag: desk.loans.check_out([tag], ours))
                if number % 2
                else (f"{tag} broken", lambda tag=tag: desk.holdings.put_in_repair(tag, "worn"))
                for tag in slips.broken
            ],
            ("reinstated", lambda: desk.holdings.reinstate(slips.written_off)),
            ("kinds merged", lambda: desk.holdings.merge_types("Robto", "Robot")),
            ("added", lambda: desk.holdings.add(NewHolding("Robto"))),
            ("closed", lambda: desk.directory.close("Closing")),
            ("lent to it", lambda: desk.loans.check_out([slips.spare[number]], "Closing")),
            ("stocktake closed", lambda: desk.stocktakes.close(slips.stocktake)),
        ]
        ready()
        for name, act in acts:
            with contextlib.suppress(Refused, kitloan.BadInput):
                act()
                told.append(name)
    return told


def read_in(number: int, ready: Ready, place: str, register: Path) -> int:
    """Take a register in; gives how many rows were new."""
    with kitloan.open(place, actor=f"desk {number}") as desk:
        ready()
        return desk.registers.take_in(register, skip_problems=True).added


def start(number: int, ready: Ready, place: str, college: str) -> int:
    """Start a college's store, or find it started; gives how many entries its ledger has."""
    ready()
    with kitloan.init(college, place, actor=f"desk {number}") as desk:
        return len(desk.ledger.log())


def merge_all(number: int, ready: Ready, place: str, files: Sequence[Path]) -> int:
    """Merge files into ESP's store; gives how many entries were new."""
    with kitloan.open(place, actor="esp") as national:
        ready()
        return sum(merged.added for merged in merge(national, files))


def raw(place: str) -> sa.Engine:
    """The database itself, with none of kitloan in between."""
    if is_url(place):
        return sa.create_engine(sa.make_url(place).set(drivername="postgresql+psycopg"))
    return sa.create_engine(f"sqlite:///{place}", connect_args={"timeout": PATIENCE})


def say_raw(
    number: int, ready: Ready, place: str, statements: Sequence[tuple[str, dict[str, Any]]]
) -> tuple[list[bool], set[str]]:
    """Say SQL to the database; which statements it took, and what it said to the others."""
    taken, said = [], set()
    engine = raw(place)
    with engine.connect() as connection:
        ready()
        for statement, values in statements:
            try:
                with connection.begin():
                    connection.execute(sa.text(statement), values | {"number": number})
                taken.append(True)
            except sa.exc.IntegrityError as refusal:
                taken.append(False)
                said.add(str(refusal.orig))
    engine.dispose()
    return taken, said


# -- desks that are killed ----------------------------------------------------------------------


@dataclass
class Heard:
    """What desks reported before they were killed.

    Attributes:
        lent: ids of loans reported as made.
        back: ids of loans reported as closed.
        retried: requests that one desk died over and the next one said again.
        caught: kills that left SQLite's journal behind, in the middle of a change.
    """

    lent: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    caught: int = 0


Request = tuple[str, str, str]
"""What a desk is about to say: `lend` or `return`, the request's id, and the tag."""


def kill_desks(
    number: int, ready: Ready, place: str, tags: Sequence[str], kills: int, seed: int
) -> Heard:
    """Start a desk, kill it (`kill -9`) at some moment of its work, and again, and again.

    A desk is a fork of this process, which has loaded everything and has no store open.
    """
    chance = random.Random(seed)
    heard = Heard()
    unheard: Request | None = None
    _rehearse(place, tags[0])
    for turn in range(kills):
        start = chance.randrange(len(tags))
        told, tell = os.pipe()
        desk = os.fork()
        if desk == 0:
            _work_until_killed(place, [*tags[start:], *tags[:start]], f"r{turn}", unheard, tell)
        os.close(tell)
        said = _listen(told, chance.randrange(10))
        _spin(chance.random() * 0.004)
        os.kill(desk, signal.SIGKILL)
        _, status = os.waitpid(desk, 0)
        assert os.WIFSIGNALED(status), "a desk ended by itself"
        heard.caught += Path(f"{place}-journal").exists()
        said += _rest(told)
        unheard = _note(heard, said.decode().splitlines(), unheard)
    return heard


def kill_starts(number: int, ready: Ready, places: Sequence[str], seed: int) -> int:
    """Kill one start of a store at each place; gives how many were killed before they ended."""
    chance = random.Random(seed)
    killed = 0
    for place in places:
        starter = os.fork()
        if starter == 0:
            try:
                kitloan.init("fife", place, actor="m.ross")
            finally:
                os._exit(0)
        _spin(chance.random() * 0.06)
        os.kill(starter, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(starter, 0)[1])
    return killed


def _rehearse(place: str, tag: str) -> None:
    """Do everything once, so that a fork has no more to load than a desk that is at work."""
    with kitloan.open(place, actor="m.ross") as desk:
        desk.loans.check_out([tag], "School", request_id="rehearsal")
        desk.loans.check_in([tag], Count(whole=True))


def _work_until_killed(
    place: str, tags: Sequence[str], turn: str, unheard: Request | None, tell: int
) -> NoReturn:
    """Say again what a desk died over; then lend what is in and take back what is out."""

    def say(*words: str) -> None:
        os.write(tell, " ".join(words).encode() + b"\n")

    try:
        with kitloan.open(place, actor="m.ross") as desk:
            if unheard is not None:
                _lend_or_take_back(desk, unheard, say)
            for number in itertools.count():
                tag = tags[number % len(tags)]
                _lend_or_take_back(desk, ("lend", f"{turn}-{number}", tag), say)
    finally:
        traceback.print_exc()
        os._exit(1)


def _lend_or_take_back(desk: College, wanted: Request, say: Callable[..., None]) -> None:
    verb, request, tag = wanted
    try:
        _ask(desk, wanted, say)
    except Refused as refusal:
        assert (verb, refusal.code) == ("lend", "on_loan")
        _ask(desk, ("return", f"{request}-back", tag), say)


def _ask(desk: College, wanted: Request, say: Callable[..., None]) -> None:
    verb, request, tag = wanted
    say("ask", *wanted)
    if verb == "lend":
        (done,) = desk.loans.check_out([tag], "School", request_id=request)
    else:
        (done,) = desk.loans.check_in([tag], Count(whole=True), request_id=request)
    say("done", verb, done.id)


def _listen(told: int, wanted: int) -> bytes:
    """What is said until so many things are reported as done, and the next one is begun."""
    said = b""
    while said.count(b"\ndone ") < wanted or b"ask " not in said.rpartition(b"done ")[2]:
        heard = os.read(told, 65536)
        assert heard, "a desk fell silent by itself"
        said += heard
    return said


def _rest(told: int) -> bytes:
    with os.fdopen(told, "rb") as end:
        return end.read()


def _spin(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def _note(heard: Heard, lines: Sequence[str], unheard: Request | None) -> Request | None:
    """Write down what a desk reported; gives the request that it died over."""
    before = unheard
    for line in lines:
        match line.split():
            case ["ask", verb, request, tag]:
                unheard = (verb, request, tag)
                if unheard == before:
                    heard.retried.append(request)
            case ["done", "lend", loan]:
                heard.lent.append(loan)
                unheard = None
            case ["done", "return", loan]:
                heard.back.append(loan)
                unheard = None
            case _:
                raise AssertionError(f"a desk said {line!r}")
    return unheard
