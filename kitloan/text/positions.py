"""Positions that a person types: latitude and longitude in degrees."""

import re

_POSITION = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d+)?)\s*,\s*([+-]?\d{1,3}(?:\.\d+)?)\s*")


def degrees_in(text: str) -> tuple[float, float] | None:
    """The two numbers of `58.594,-3.522`; None for any other text. They may be anywhere."""
    found = _POSITION.fullmatch(text)
    return None if found is None else (float(found[1]), float(found[2]))
