"""How much a label survives: a small run of the table that `bench/labels.py` measures in full."""

import random

import pytest

import damage
from kitloan.text.tags import mint
from kitloan_labels.photos import tags_in

TRIALS = 40
LUCK = 0.07
"""So many trials miss a share that five hundred would reach by as much as this."""


@pytest.mark.parametrize(
    ("name", "kind", "target"), damage.TABLE, ids=[row[0] for row in damage.TABLE]
)
def test_a_damaged_label_is_read(name: str, kind: damage.Damage, target: float) -> None:
    """Lost: kits whose labels are only a few years old, and have to be typed in."""
    dice = random.Random(name)
    read = 0
    for _ in range(TRIALS):
        tag = mint()
        read += tags_in(kind(damage.printed(tag), dice)) == [tag]
    assert read / TRIALS >= target - LUCK


def test_a_code_damaged_beyond_reading_is_never_another_kits() -> None:
    """Lost: a loan on the record of a kit that nobody touched."""
    dice = random.Random("everyday")
    for _ in range(TRIALS):
        tag = mint()
        assert tags_in(damage.anything(damage.printed(tag), dice)) in ([], [tag])
