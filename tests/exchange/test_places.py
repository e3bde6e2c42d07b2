"""Where a college is: as it or ESP recorded, else its main town, else not known."""

from collections.abc import Callable
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from exchange.test_offers import FIRST, LAST, Three, three
from kitloan import NewHolding
from kitloan.errors import BadInput, Refused
from trusting import merge

__all__ = ["three"]

NEAR = "56.0,-3.4"


def test_a_college_that_no_list_has_is_ranked_when_its_place_is_recorded(
    new_place: Callable[[], str], clock: SetClock, tmp_path: Path
) -> None:
    """A new college is near or far like any other; before, it is listed as not known."""
    with (
        kitloan.init("stornoway_tech", new_place(), actor="m.ross", clock=clock) as college,
        kitloan.init("esp", new_place(), actor="esp", clock=clock) as esp,
    ):
        college.holdings.add(NewHolding("STEM kit"))
        place = college.exchange.place()
        assert (place.latitude, place.island, place.source) == (None, None, None)
        (unknown,) = college.exchange.nearest("STEM kit", NEAR, FIRST, LAST).without_position
        assert unknown.km is None
        place = college.exchange.set_place("58.2090, -6.3849")
        assert (place.latitude, place.longitude, place.source) == (58.209, -6.3849, "college")
        file = tmp_path / "college.kitloan"
        college.exchange.export(file)
        merge(esp, [file])
        for opened in (college, esp):
            (found,) = opened.exchange.nearest("STEM kit", NEAR, FIRST, LAST).items
            assert (found.km, found.sea_crossing, found.island) == (305, True, place.island)
            assert opened.ledger.verify().ok
        college.exchange.set_place("57.0,-4.0")
        college.actions.undo()
        assert college.exchange.place().latitude == 58.209
        college.actions.undo()
        assert college.exchange.place().latitude is None


def test_the_colleges_own_word_comes_before_esps_and_the_list(three: Three) -> None:
    """ESP places a college that has not done so; the college knows best."""
    assert three.fife.exchange.place().source == "town"
    three.esp.exchange.set_place("56.0,-3.0", "fife")
    assert three.esp.exchange.place("Fife College").source == "esp"
    three.fife.exchange.set_place("56.2,-3.2")
    three.send()
    assert three.esp.exchange.place("fife").latitude == 56.2
    assert three.esp.exchange.km_between([("fife", "ayrshire"), ("fife", "fife")]) == [
        (122, False),
        (0, False),
    ]


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ("-3.2,56.2", "not in Great Britain", "Give the latitude first: 56.2,-3.2"),
        ("48.85,2.35", "not in Great Britain", "from 49.8 to 60.9"),
        ("56.2,3.2", "not in Great Britain", "has a minus"),
        ("KY1 1AA", "not a latitude and a longitude", "56.0716,-3.4609"),
        ("nan,inf", "not a latitude and a longitude", "56.0716,-3.4609"),
    ],
)
def test_what_is_no_place_in_britain_is_refused(
    three: Three, text: str, words: str, hint: str
) -> None:
    """A lost minus puts Fife in the sea off Denmark."""
    before = len(three.fife.ledger.log())
    with pytest.raises(BadInput) as refusal:
        three.fife.exchange.set_place(text)
    assert refusal.value.code == "bad_position"
    assert words in refusal.value.message and hint in refusal.value.hint
    assert len(three.fife.ledger.log()) == before


def test_a_college_places_only_itself(three: Three) -> None:
    """Nobody moves another college on the map but ESP."""
    with pytest.raises(Refused) as refusal:
        three.fife.exchange.set_place("55.4,-4.6", "ayrshire")
    assert refusal.value.code == "not_yours"
    for code, act in (
        ("college_needed", lambda: three.esp.exchange.set_place("55.4,-4.6")),
        ("unknown_college", lambda: three.esp.exchange.place("hogwarts")),
    ):
        with pytest.raises(BadInput) as bad:
            act()
        assert bad.value.code == code
