"""Where places are: distances, and which island without a road to the mainland one is on."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import asin, cos, radians, sin, sqrt

MAINLAND = "mainland"
"""The mainland of Scotland, with every island that a bridge or causeway joins to it: Skye, Seil."""

_EARTH_KM = 6371.0088
"""The mean radius of the Earth (IUGG)."""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in degrees (WGS 84): latitude to the north, longitude to the east."""

    latitude: float
    longitude: float

    def km_to(self, other: "Position") -> float:
        """The distance over a round Earth, in kilometres: a straight line, and no road."""
        here, there = radians(self.latitude), radians(other.latitude)
        east = radians(other.longitude - self.longitude)
        half = sin((there - here) / 2) ** 2 + cos(here) * cos(there) * sin(east / 2) ** 2
        return 2 * _EARTH_KM * asin(sqrt(half))

    @property
    def island(self) -> str:
        """The island that it is on; `MAINLAND` for none."""
        return next((name for name, outline in _islands() if self._is_within(outline)), MAINLAND)

    def is_over_sea_from(self, other: "Position") -> bool:
        """Whether one has to cross the sea by boat or aeroplane to go from one to the other."""
        return self.island != other.island

    def _is_within(self, outline: tuple["Position", ...]) -> bool:
        """Whether a line to the east crosses the outline an odd number of times."""
        inside = False
        for one, other in zip(outline, (*outline[1:], outline[0]), strict=True):
            if (one.latitude > self.latitude) == (other.latitude > self.latitude):
                continue
            part = (self.latitude - one.latitude) / (other.latitude - one.latitude)
            if self.longitude < one.longitude + part * (other.longitude - one.longitude):
                inside = not inside
        return inside


@cache
def _islands() -> tuple[tuple[str, tuple[Position, ...]], ...]:
    """Islands with their outlines; where outlines overlap, the first counts."""
    text = (resources.files("kitloan.reference") / "islands.csv").read_text(encoding="utf-8")
    return tuple(
        (
            row["island"],
            tuple(Position(*map(float, each.split())) for each in row["outline"].split(";")),
        )
        for row in csv.DictReader(text.splitlines())
    )
