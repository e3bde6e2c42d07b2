"""The spares list, and which two kits would make one whole."""

from audit.scotland import Scotland, rows, values
from conftest import KIT, SetClock
from kitloan import Count
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine

NEEDED = ("component", "missing", "broken", "kits")


def pairs(scotland: Scotland) -> list[tuple[object, object]]:
    """Which kit is made whole, from which."""
    return [(each["tag"], each["from_tag"]) for each in rows(scotland.audit(), "pairs")]


def short(scotland: Scotland, college: str, tag: str, **missing: int) -> None:
    """A kit is counted, and found without so many."""
    scotland[college].loans.count(tag, Count(missing=missing))


def test_the_list_adds_up_what_is_short_everywhere(scotland: Scotland) -> None:
    """ESP would order wheels for one college, and none for the kit that is out."""
    (here,), (there, out) = scotland.kits("fife", 1), scotland.kits("borders", 2)
    scotland["fife"].loans.count(here, Count(missing={"Wheel": 2}, broken={"Wheel": 1}))
    short(scotland, "borders", there, Wheel=1)
    short(scotland, "borders", out, Panel=1)
    scotland["borders"].loans.check_out([out], "Selkirk High School")
    told = [values(each, NEEDED) for each in rows(scotland.audit(), "spares")]
    assert told == [["Wheel", 3, 1, 2], ["Panel", 1, 0, 1]]


def test_a_kit_stands_in_one_pair_at_most(scotland: Scotland) -> None:
    """One spanner cannot mend two kits."""
    a, b, c, d, e = scotland.kits("fife", 5)
    for tag, wheels in ((a, 1), (b, 2), (c, 3), (d, 4), (e, 5)):
        short(scotland, "fife", tag, Wheel=wheels)
    found = pairs(scotland)
    assert found == [(a, e), (b, d)]


def test_the_giver_has_what_is_lacking_by_its_own_list(scotland: Scotland) -> None:
    """Somebody would drive to Borders for a part that its kits never had."""
    bare = [each for each in KIT if each.name != "Spanner"]
    scotland["borders"].holdings.define_types([kit_type_with("STEM KIT", bare)])
    (needy,), (without,) = scotland.kits("fife", 1), scotland.kits("borders", 1)
    short(scotland, "fife", needy, Spanner=1)
    short(scotland, "borders", without, Wheel=5)
    assert pairs(scotland) == [(without, needy)], "the other way round it can be done"


def test_spellings_of_a_part_are_one(scotland: Scotland) -> None:
    """A kit that is short of `WHEEL` would be taken for one that has all its wheels."""
    shouted = [ContentsLine(name="WHEEL", quantity=16)]
    scotland["borders"].holdings.define_types([kit_type_with("stem kit", shouted)])
    (a,), (b,) = scotland.kits("fife", 1), scotland.kits("borders", 1)
    short(scotland, "fife", a, Wheel=9)
    short(scotland, "borders", b, WHEEL=9)
    found = scotland.audit()
    assert rows(found, "pairs") == []
    assert [values(each, NEEDED[1:]) for each in rows(found, "spares")] == [[18, 0, 2]]


def test_only_what_is_in_and_counted_gives(scotland: Scotland, clock: SetClock) -> None:
    """A kit that is at a school, on its way or lost cannot be taken apart."""
    fife = scotland["fife"]
    needy, out, moving, lost, uncounted = scotland.kits("fife", 5)
    for tag in (out, moving, lost, uncounted):
        short(scotland, "fife", tag, Wheel=9)
    short(scotland, "fife", needy, Spanner=1)
    fife.loans.check_out([out, uncounted], "Beath High School")
    fife.loans.check_in([uncounted])
    fife.transfers.send(moving, "borders")
    fife.holdings.report_missing(lost, "not on its shelf")
    assert pairs(scotland) == []
    clock.move(days=1)
    fife.transfers.call_off(moving)
    fife.loans.count(moving, Count(missing={"Wheel": 9}))
    assert pairs(scotland) == [(needy, moving)]
