"""Learners by band, from how people write them: `p5-p7=27`, `P5=27`, `P4/5=26`.

Bands follow Curriculum for Excellence: early to the end of P1, first to the end of P4, second to
the end of P7, third and fourth in S1 to S3, senior in S4 to S6.
"""

import re
from collections.abc import Iterable, Mapping

from kitloan.errors import BadInput
from kitloan.text.fields import BANDS, Band
from kitloan.text.names import plain

_STAGES: Mapping[str, Band] = {
    **dict.fromkeys(("elc", "nursery", "p1"), "early"),
    **dict.fromkeys(("p2", "p3", "p4", "first"), "p2-p4"),
    **dict.fromkeys(("p5", "p6", "p7", "second"), "p5-p7"),
    **dict.fromkeys(("s1", "s2", "s3", "third", "fourth"), "s1-s3"),
    **dict.fromkeys(("s4", "s5", "s6", "senior"), "s4-s6"),
}
_COMPOSITE = re.compile(r"[ps]\d(?:(?:/|-|,|&|and|to)[ps]?\d)+")
_STAGE = re.compile(r"([ps]?)(\d)")
_DASHES = str.maketrans("–—‑", "---")
MOST_PEOPLE = 100_000


def band_of(text: str) -> Band | None:
    """The band that a text means: its name, a stage, or a class over several; None when none is.

    A class over two bands is `mixed`, because nobody knows how many are in each.
    """
    key = "".join(text.casefold().split()).translate(_DASHES)
    key = re.sub("primary|secondary", lambda found: found[0][0], key)
    for band in BANDS:
        if key in (band, band.replace("-", "")):
            return band
    if key in _STAGES:
        return _STAGES[key]
    if not _COMPOSITE.fullmatch(key) or re.search("s.*p", key):  # nobody writes S1/P7
        return None
    bands: set[Band | None] = set()
    school = ""
    for letter, number in _STAGE.findall(key):
        school = letter or school  # P4/5 is P4 and P5, P7/S1 is P7 and S1
        bands.add(_STAGES.get(f"{school}{number}"))
    if None in bands:
        return None
    return bands.pop() if len(bands) == 1 else "mixed"


def parse_learners(texts: Iterable[str]) -> dict[Band, int]:
    """Learners by band from `BAND=N` texts; a band that is named twice is added up.

    Raises:
        BadInput: `bad_learners`, for another form, an unknown band, or no number of learners.
    """
    found: dict[Band, int] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        band = band_of(name)
        if not equals or band is None or not re.fullmatch(r"[0-9]{1,6}", number.strip()):
            raise BadInput(
                "bad_learners",
                f"{plain(text[:60])!r} is not a band and a number of learners.",
                f"Write for example p5-p7=27. Bands: {', '.join(BANDS)}; or a stage, as P5=27.",
                value=text[:60],
            )
        found[band] = found.get(band, 0) + int(number)
    if any(many > MOST_PEOPLE for many in found.values()):
        raise BadInput(
            "bad_learners",
            f"More than {MOST_PEOPLE:,} learners in one group is too many.",
            "Give the number of learners of this one group.",
        )
    return found
