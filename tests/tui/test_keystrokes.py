"""What each task costs: scans and keys, counted as they are made. `docs/desk.md` has the table."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kitloan.holdings import NewHolding
from kitloan.text.dates import days_after
from kitloan.text.tags import mint
from tui.at_the_counter import OTHER, Day, expect

DOCS = Path(__file__).parents[2] / "docs" / "desk.md"


class Hands:
    """A pair of hands that counts what it does."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.scans = self.keys = 0

    def scan(self, *codes: str) -> None:
        """Scan these."""
        self.scans += len(codes)
        self.day.scan(*codes)

    def type(self, line: str) -> None:
        """Type a line; its Enter is a key too."""
        self.keys += len(line) + 1
        self.day.type(line)

    def undo(self) -> None:
        """Press Ctrl+Z."""
        self.keys += 1
        self.day.undo()


def lend_one(hands: Hands, kit: str) -> None:
    """The school's card, and the kit."""
    hands.scan(OTHER, kit)


def collect_booked(hands: Hands, kit: str) -> None:
    """The school's card, and the kit."""
    college = hands.day.college
    today = college.session.today
    college.bookings.book(OTHER, {"STEM kit": 1}, today, days_after(today, 3))
    hands.scan(OTHER, kit)
    assert college.bookings.list(state="collected").total == 1


def lend_five(hands: Hands, kit: str) -> None:
    """The school's card, and five kits."""
    add = hands.day.store.kitloan.holdings.add
    hands.scan(OTHER, kit, *[add(NewHolding("STEM kit")).tag for _ in range(4)])


def return_whole(hands: Hands, kit: str) -> None:
    """A scan brings the list; Enter says that all is there."""
    hands.day.lent(kit)
    hands.scan(kit)
    hands.type("")


def return_two_missing(hands: Hands, kit: str) -> None:
    """What is missing is typed."""
    hands.day.lent(kit)
    hands.scan(kit)
    hands.type("wheel 2")
    hands.type("")


def what_it_was_used_for(hands: Hands, kit: str) -> None:
    """After the return, on the same line; or nothing at all."""
    hands.day.lent(hands.day.store.headset)
    hands.day.scan(hands.day.store.headset)
    hands.type("use p5 27 4.5h")


def renew(hands: Hands, kit: str) -> None:
    """The kit, and the card +7 DAYS."""
    hands.day.lent(kit)
    hands.scan(kit, "KLUSEVEN")


def undo(hands: Hands, kit: str) -> None:
    """One key, or one card."""
    hands.day.lent(kit)
    hands.undo()


def who_has_it(hands: Hands, kit: str) -> None:
    """The asset number; what is out says with whom."""
    hands.day.lent(kit)
    hands.type("ac0001")


def claim_a_label(hands: Hands, kit: str) -> None:
    """The label, and the number of the kind of kit."""
    hands.scan(mint())
    hands.type("2")


TASKS: dict[str, tuple[Callable[[Hands, str], None], int, int, str]] = {
    "lend one": (lend_one, 2, 0, "OUT"),
    "collect what is booked": (collect_booked, 2, 0, "OUT"),
    "lend five": (lend_five, 6, 0, "OUT"),
    "return whole, counted": (return_whole, 1, 1, "IN, WHOLE"),
    "return with two missing": (return_two_missing, 1, 9, "IN, 2 SHORT"),
    "what it was used for": (what_it_was_used_for, 0, 15, "USED"),
    "renew by a week": (renew, 2, 0, "RENEWED"),
    "undo": (undo, 0, 1, "UNDONE"),
    "find who has it": (who_has_it, 0, 7, "IN?"),
    "claim a label": (claim_a_label, 1, 2, "TAKEN IN"),
}
"""What is done, and how many scans and keys it may cost, and the word that ends it."""


@pytest.mark.parametrize("task", TASKS)
def test_what_a_task_costs(day: Day, task: str) -> None:
    """Else the counter would grow slower a key at a time, and the table in the docs would lie."""
    do, scans, keys, word = TASKS[task]
    day.lent(day.store.second, OTHER)  # the school has borrowed before
    hands = Hands(day)
    do(hands, day.store.kit)
    expect(day.verdict, word)
    assert (hands.scans, hands.keys) == (scans, keys)
    assert f"| {task} | {scans} + {keys} |" in DOCS.read_text(encoding="utf-8")
