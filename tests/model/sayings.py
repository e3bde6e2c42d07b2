"""What the colleges begin with, and what may be said to them: `VERBS`, a row a verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

import kitloan
from conftest import KIT, SetClock
from kitloan import Count, Gift, NewHolding
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.text.dates import instant
from kitloan.text.names import type_key
from kitloan.text.tags import ALPHABET, PREFIX, check_character, grouped
from model.state import Kept, World
from model.world import Say

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


def kit_type(name: str, *contents: ContentsLine) -> KitTypeDefined:
    """A kit type with these contents."""
    return KitTypeDefined(kit_type=type_key(name), name=name, contents=contents)


STEM = kit_type("STEM kit", *KIT)
OTHER_STEM = kit_type(
    "STEM kit",
    ContentsLine(name="Wheel", quantity=2, critical=True),
    ContentsLine(name="Gizmo", quantity=3),
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
            opened.holdings.define_types([STEM], request_id="begin-types")
            for number, each in enumerate(STOCK):
                opened.holdings.add(each, request_id=f"begin-{number}")


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
    "stock": lambda kept: kept.state == "held" and kept.quantity > max(1, kept.out_quantity),
    "in repair": lambda kept: kept.repair,
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
GONE = st.sampled_from([0, 0, 0, 0, 0, 0, 1])
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
        "loans",
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
        "loans",
        row(
            tags=st.lists(one("out"), min_size=1, max_size=2),
            count=st.none() | COUNTS,
            quantity=st.none() | st.none() | QUANTITIES,
            from_=st.none() | st.none() | ORGANISATIONS,
            used=GONE,
            lost=GONE,
        ),
    ),
    "correct": (
        "loans",
        row(
            tag=one("out"),
            to=st.none() | ORGANISATIONS,
            contact=st.none() | NAMES,
            due_on=st.none() | DAYS,
            quantity=st.sampled_from([None, None, None, 1, 0]),  # more may not fit other days
            from_=st.none() | st.none() | ORGANISATIONS,
        ),
    ),
    "pass_on": (
        "loans",
        row(
            tag=one("out"),
            to=ORGANISATIONS,
            contact=st.none() | NAMES,
            due_on=st.none() | st.none() | DAYS,
            quantity=st.none() | QUANTITIES,
            from_=st.none() | ORGANISATIONS,
        ),
    ),
    "renew": ("loans", row(tag=one("out"), due_on=DAYS, from_=st.none() | ORGANISATIONS)),
    "count": ("loans", row(tag=one("here"), count=COUNTS)),
    "restock": (
        "loans",
        row(tag=one("short"), component=PARTS, quantity=st.sampled_from([1, 1, 2, 0])),
    ),
    "undo": ("actions", row()),
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
    "put_in_repair": ("holdings", row(tag=one("here"), reason=st.just("the motor is burnt out"))),
    "repaired": ("holdings", row(tag=one("in repair"))),
    "split": (
        "holdings",
        row(tag=one("stock"), quantity=QUANTITIES, location=st.none() | PLACES),
    ),
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
