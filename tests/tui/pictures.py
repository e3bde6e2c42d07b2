"""The desk in pictures: a demonstration store whose tags never change, and a day in scenes.

The snapshot tests read each scene as text; `make screens` writes them for the documentation.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import kitloan
from kitloan.college import College
from kitloan.holdings import NewHolding, kit_type_with
from tui.at_the_counter import CONTENTS
from tui.at_the_desk import Hands

KIT, SECOND, HEADSET, STOCK, LATE, NEW = (
    "KLG93KHP9NHTG",
    "KLG3RH8FCZXCB",
    "KL698DS20DRFF",
    "KLR1T6D0GBMSW",
    "KL3981DP1Z2K9",
    "KL2RKB8EKVFYW",
)
SCHOOL, OTHER, THIRD = "Balwearie High School", "Viewforth High School", "Dunnikier Primary School"
NOW = datetime(2026, 11, 23, 11, 42, tzinfo=UTC)
SIZES = ((80, 24), (120, 40))


def demonstration(place: Path) -> College:
    """Fife College's store, with something due today, something late and something to count."""
    moment = [datetime(2026, 11, 1, 9, 5, tzinfo=UTC)]
    store = kitloan.init("fife", place, actor="m.ross", clock=lambda: moment[0])
    store.holdings.define_types([kit_type_with("STEM kit", CONTENTS)])
    for number, (kind, tag) in enumerate(
        [
            ("STEM kit", KIT),
            ("STEM kit", SECOND),
            ("VR headset", HEADSET),
            ("STEM kit", LATE),
        ],
        start=1,
    ):
        store.holdings.add(NewHolding(kind, tag=tag, asset_number=f"FC{number:03}"))
    store.holdings.add(NewHolding("Multimeter", tag=STOCK, quantity=30))
    store.loans.check_out([LATE], OTHER)
    moment[0] = datetime(2026, 11, 9, 9, 5, tzinfo=UTC)
    store.loans.check_out([SECOND], THIRD)
    store.loans.check_out([HEADSET], SCHOOL, due_on=datetime(2026, 11, 30, tzinfo=UTC).date())
    moment[0] = NOW
    # An entry of today: else the desk would ask whether the clock is right.
    store.holdings.sight(STOCK)
    return store


async def _nobody(_hands: Hands) -> None:
    """Nobody is at the counter."""


async def _lending(hands: Hands) -> None:
    """A school's turn, and its first kit."""
    await hands.type(f"to {OTHER}")
    await hands.scan(KIT)


async def _counting(hands: Hands) -> None:
    """A kit comes back, and two wheels did not."""
    await hands.scan(SECOND)
    await hands.type("wheel 2")


async def _short(hands: Hands) -> None:
    """It is taken back as it is."""
    await _counting(hands)
    await hands.type("")


async def _refused(hands: Hands) -> None:
    """A card at the wrong moment."""
    await hands.scan("KLURETURN")
    await hands.scan(KIT)


async def _new_label(hands: Hands) -> None:
    """A label that no holding has."""
    await hands.scan(NEW)


async def _labels(hands: Hands) -> None:
    """A part-used sheet, before labels are printed on it."""
    await hands.press("f10")
    await hands.press("down", "down", "right")


SCENES: dict[str, Callable[[Hands], Awaitable[None]]] = {
    "nobody": _nobody,
    "lending": _lending,
    "counting": _counting,
    "short": _short,
    "refused": _refused,
    "new-label": _new_label,
    "labels": _labels,
}
