"""Where places are: distances between towns, and which need a boat."""

import pytest

from kitloan.reference import colleges, find_college
from kitloan.reference.places import MAINLAND, Position

THURSO = Position(58.5936, -3.5221)


def test_distances_are_those_of_a_map() -> None:
    """A technician who compares with a map must find the same distance."""
    inverness, kirkwall = (find_college(each) for each in ("uhi-inverness", "uhi-orkney"))
    assert inverness is not None and kirkwall is not None
    assert round(THURSO.km_to(inverness.position)) == 131
    assert round(THURSO.km_to(kirkwall.position)) == 54
    assert THURSO.km_to(THURSO) == 0


ON_ISLANDS = {
    "Brodick": (55.576, -5.148, "Arran"),
    "Millport": (55.755, -4.925, "Great Cumbrae"),
    "Rothesay": (55.837, -5.055, "Bute"),
    "Bowmore": (55.757, -6.288, "Islay"),
    "Port Ellen": (55.630, -6.190, "Islay"),
    "Craighouse": (55.835, -5.953, "Jura"),
    "Tobermory": (56.623, -6.068, "Mull"),
    "Salen on Mull": (56.515, -5.947, "Mull"),
    "Craignure": (56.470, -5.708, "Mull"),
    "Baile Mor": (56.330, -6.392, "Iona"),
    "Scarinish": (56.501, -6.807, "Tiree"),
    "Arinagour": (56.617, -6.524, "Coll"),
    "Stornoway": (58.209, -6.388, "Lewis and Harris"),
    "Tarbert, Harris": (57.898, -6.805, "Lewis and Harris"),
    "Balivanich": (57.470, -7.380, "Uists and Benbecula"),
    "Lochmaddy": (57.602, -7.162, "Uists and Benbecula"),
    "Castlebay": (56.955, -7.487, "Barra and Vatersay"),
    "Kirkwall": (58.981, -2.960, "Orkney Mainland"),
    "Stromness": (58.963, -3.297, "Orkney Mainland"),
    "St Margaret's Hope": (58.827, -2.958, "Orkney Mainland"),
    "Longhope": (58.800, -3.205, "Hoy and South Walls"),
    "Pierowall": (59.322, -2.975, "Westray"),
    "Kettletoft": (59.234, -2.600, "Sanday"),
    "Whitehall": (59.144, -2.596, "Stronsay"),
    "Lerwick": (60.155, -1.145, "Shetland Mainland"),
    "Brae": (60.396, -1.353, "Shetland Mainland"),
    "Scalloway": (60.136, -1.278, "Shetland Mainland"),
    "Mid Yell": (60.601, -1.079, "Yell"),
    "Baltasound": (60.757, -0.859, "Unst"),
    "Symbister": (60.341, -1.023, "Whalsay"),
}
ON_THE_MAINLAND = {
    "Largs": (55.794, -4.867),
    "Fairlie": (55.755, -4.855),
    "Carradale": (55.590, -5.470),
    "Campbeltown": (55.424, -5.605),
    "Tayinloan": (55.657, -5.662),
    "Dunoon": (55.949, -4.926),
    "Toward": (55.867, -4.984),
    "Colintraive": (55.924, -5.150),
    "Tighnabruaich": (55.910, -5.230),
    "Oban": (56.415, -5.471),
    "Lochaline": (56.537, -5.775),
    "Drimnin": (56.614, -5.985),
    "Kilchoan": (56.697, -6.110),
    "Port Appin": (56.556, -5.410),
    "Mallaig": (57.006, -5.829),
    "Portree, by the bridge": (57.413, -6.196),
    "Broadford, by the bridge": (57.243, -5.911),
    "Ardvasar, by the bridge": (57.061, -5.905),
    "Uig on Skye, by the bridge": (57.586, -6.363),
    "Applecross": (57.432, -5.815),
    "Ullapool": (57.895, -5.160),
    "Thurso": (58.594, -3.522),
    "John o' Groats": (58.640, -3.070),
}


@pytest.mark.parametrize("place", ON_ISLANDS)
def test_a_place_on_an_island_needs_a_boat(place: str) -> None:
    """A kit promised over the sea costs a ferry: that must be seen before."""
    latitude, longitude, island = ON_ISLANDS[place]
    here = Position(latitude, longitude)
    assert here.island == island
    assert here.is_over_sea_from(THURSO) and THURSO.is_over_sea_from(here)


@pytest.mark.parametrize("place", ON_THE_MAINLAND)
def test_a_place_by_the_sea_needs_none(place: str) -> None:
    """The coast opposite an island must not be taken for it."""
    here = Position(*ON_THE_MAINLAND[place])
    assert here.island == MAINLAND and not here.is_over_sea_from(THURSO)


def test_every_college_has_a_place() -> None:
    """A college of the list without a place would never be near anybody."""
    over_sea = {each.id for each in colleges() if each.position.island != MAINLAND}
    assert over_sea == {"uhi-orkney", "uhi-shetland"}
    assert all(each.town for each in colleges())
