"""A store to play with: made up, small, in a folder that goes away when the machine likes.

Something is due today, something is late, something waits for its count, so that each part of the
desk has something to show. No maker's contents list and no real loan is in it.
"""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from kitloan.college import College, init
from kitloan.contents import Count
from kitloan.holdings import NewHolding, kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.text.dates import system_clock

_CONTENTS = (
    ContentsLine(name="Manual", quantity=1, bag="Lid", critical=True),
    ContentsLine(name="Wheel", quantity=16, bag="Red bag"),
    ContentsLine(name="Axle", quantity=12, bag="Red bag"),
    ContentsLine(name="Panel", quantity=18, bag="Blue bag"),
    ContentsLine(name="Spanner", quantity=4, bag="Blue bag", critical=True),
)
_NAME = "Demonstration College"
_KIT = "Building kit (made up)"


class _Then:
    """A clock that can be set back; it shows the present when the story is over."""

    def __init__(self) -> None:
        self.ago: timedelta | None = timedelta(days=30)

    def __call__(self) -> datetime:
        return system_clock() - (self.ago or timedelta())


def demonstration(actor: str | None = None) -> College:
    """A new store to play with, open."""
    place = Path(tempfile.mkdtemp(prefix="kitloan-play-")) / "play.sqlite"
    clock = _Then()
    store = init("demonstration", place, name=_NAME, actor=actor, clock=clock)
    store.holdings.define_types([kit_type_with(_KIT, _CONTENTS)])
    kits = [
        store.holdings.add(NewHolding(_KIT, asset_number=f"DEMO{n}", location="Store 1")).tag
        for n in range(1, 7)
    ]
    store.holdings.add(NewHolding("Multimeter", quantity=30, asset_number="DEMO7"))
    store.loans.check_out(kits[:1], "Balwearie High School")
    clock.ago = timedelta(days=14)
    store.loans.check_out(kits[1:2], "Kirkcaldy High School")
    store.loans.check_out(kits[2:4], "Dunnikier Primary School")
    clock.ago = timedelta(days=3)
    store.loans.check_in(kits[2:3])
    store.loans.check_in(kits[3:4], Count(missing={"Wheel": 2}))
    clock.ago = None
    return store
