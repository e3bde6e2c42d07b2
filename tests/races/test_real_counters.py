"""Eight counters want one kit, each a program: one lends it, the others hear to whom."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from crowd import Crowd, school
from kitloan import NewHolding
from kitloan.college import College
from races.counters import PlainDesk, Told, ask_in_forks

COUNTERS = 8
FEW, MANY, AT_A_TIME = 5, 1_000, 10
"""Kits for the command line, which is a process of its own for each of eight requests for each."""
FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="commands run as forks")

SCANNED = 3


def take_in(fife: College, count: int) -> list[str]:
    """The tags of so many new kits with contents."""
    return [fife.holdings.add(NewHolding("STEM kit")).tag for _ in range(count)]


def each_lent_once(fife: College, told: dict[str, Sequence[Told]]) -> None:
    """One counter has lent each kit, and every other was told to whom."""
    for tag, answers in told.items():
        (winner,) = (number for number, answer in enumerate(answers) if answer.lent)
        shown = fife.find.holding(tag)
        assert shown.loan is not None and shown.loan.to == school(winner)
        for answer in answers:
            assert school(winner) in answer.words, "the loser hears who has it"
        lines = [line.kind for line in fife.find.history(tag)]
        assert lines.count("loan.checked_out") == 1
        assert "loan.checked_in" not in lines
    assert fife.find.loans().total == len(told)
    assert fife.ledger.verify().ok


# -- the command line ---------------------------------------------------------------------------


def by_command_line(fife: College, place: str, count: int) -> None:
    """Race for so many kits with `kitloan checkout`."""
    tags, told = take_in(fife, count), {}
    crowd = Crowd(COUNTERS)
    for start in range(0, count, AT_A_TIME):
        some = tags[start : start + AT_A_TIME]
        told |= zip(some, zip(*crowd.do(ask_in_forks, place, some), strict=True), strict=True)
    crowd.close()
    each_lent_once(fife, told)


@FORKS
def test_eight_commands_make_one_loan(fife: College, place: str) -> None:
    """A script that is told "lent" and was not sends a teacher away with nothing."""
    by_command_line(fife, place, FEW)


@pytest.mark.soak
@FORKS
def test_eight_thousand_commands_make_a_thousand_loans(fife: College, place: str) -> None:
    """What goes wrong once in a thousand goes wrong in every college each year."""
    by_command_line(fife, place, MANY)


# -- the desk -----------------------------------------------------------------------------------


@contextmanager
def desks(place: str) -> Iterator[list[PlainDesk]]:
    """Eight desks, open."""
    with ExitStack() as stack:
        opened = [stack.enter_context(PlainDesk(place, number)) for number in range(COUNTERS)]
        for _ in range(2):  # whose desk it is, and READY
            all_hear(opened)
        yield opened


def all_hear(opened: list[PlainDesk]) -> list[str]:
    """What each desk answers to the line before."""
    return [desk.answer() for desk in opened]


def all_say(opened: list[PlainDesk], line: str) -> list[str]:
    """One line at every desk at once, and what each answers."""
    for desk in opened:
        desk.say(line)
    return all_hear(opened)


def all_name(opened: list[PlainDesk], begin: str = "") -> list[str]:
    """Every desk names its own school, all at once."""
    for desk in opened:
        desk.say(f"{begin}{school(desk.number)}")
    return all_hear(opened)


def scan_in_a_turn(opened: list[PlainDesk], tag: str) -> list[Told]:
    """All scan one kit, each in the turn of its own school: it is lent at once, or never."""
    answers = all_say(opened, tag)
    for desk, answer in zip(opened, answers, strict=True):
        if answer.startswith("? IN?"):  # it has gone meanwhile, and its scan begins its return
            desk.say("leave")
            assert desk.answer().startswith("x NOT RETURNED")
    return [_told(answer) for answer in answers]


def name_after_scan(opened: list[PlainDesk], tag: str) -> list[Told]:
    """All scan one kit while it is in, and only then all name their schools."""
    assert all(answer.startswith("? TO WHOM?") for answer in all_say(opened, tag))
    told = [_told(answer) for answer in all_name(opened)]
    all_say(opened, "leave")
    return told


def _told(answer: str) -> Told:
    lent = answer.startswith("> OUT")
    assert lent or answer.startswith(("! REFUSED", "? IN?")), answer
    return Told(lent, answer)


def at_desks(fife: College, place: str, count: int) -> None:
    """Race for twice so many kits with `kitloan desk --plain`, in both ways to lend one."""
    scanned, named = take_in(fife, count), take_in(fife, count)
    with desks(place) as opened:
        told = {tag: name_after_scan(opened, tag) for tag in named}
        all_name(opened, "to ")
        told |= {tag: scan_in_a_turn(opened, tag) for tag in scanned}
    each_lent_once(fife, told)


def test_eight_desks_make_one_loan_of_each_kit(fife: College, place: str) -> None:
    """Two technicians who both read OUT have promised one kit to two schools."""
    at_desks(fife, place, SCANNED)


@pytest.mark.soak
def test_eight_desks_make_a_thousand_loans_of_a_thousand_kits(fife: College, place: str) -> None:
    """What goes wrong once in a thousand goes wrong in every college each year."""
    at_desks(fife, place, MANY // 2)
