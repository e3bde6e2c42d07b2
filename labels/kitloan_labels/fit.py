"""Words fitted to the room they have.

A label never grows for a long name. A line shrinks a little; then it breaks into as many lines as
the height allows, at the largest size that takes it whole; and what still does not fit ends in
an ellipsis, at a word. Sizes and lengths are in points.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

LEADING = 1.17
"""From one baseline to the next, in sizes: room for a capital's accent below a descender."""

STEP = 0.5
UNBROKEN = 0.8
"""A line shrunk by up to a fifth reads better than a broken one; smaller than that, worse."""

Measure = Callable[[str], float]
"""How wide a text is at a size of one point."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines of one size. No lines: there was no room for any. `whole`: nothing was left out."""

    lines: tuple[str, ...]
    size: float
    whole: bool = True

    @property
    def height(self) -> float:
        """From the top of the first line to the foot of the last."""
        return len(self.lines) * self.size * LEADING


def fit(
    text: str, measure: Measure, width: float, height: float, largest: float, smallest: float
) -> Fitted:
    """`text` as lines no wider than `width`, together no higher than `height`."""
    if not text or height < smallest * LEADING:
        return Fitted((), smallest, whole=not text)
    one_line = min(largest, width / max(measure(text), 0.001), height / LEADING)
    if one_line >= max(smallest, largest * UNBROKEN):
        return Fitted((text,), one_line)
    size = largest
    while size > smallest:
        fitted = Fitted(tuple(wrap(text, measure, width / size)), size)
        if fitted.height <= height:
            return fitted
        size -= STEP
    lines = list(wrap(text, measure, width / smallest))
    room = int(height / (smallest * LEADING))
    whole = len(lines) <= room
    if not whole:
        lines[room - 1 :] = [_ellipsised(lines[room - 1], measure, width / smallest)]
    return Fitted(tuple(lines), smallest, whole)


def wrap(text: str, measure: Measure, width: float) -> Iterator[str]:
    """Lines no wider than `width`, broken at spaces, and inside a word only where it must be.

    It does not break at a no-break space.
    """
    line = ""
    for word in filter(None, text.split(" ")):
        if line and measure(f"{line} {word}") <= width:
            line = f"{line} {word}"
            continue
        if line:
            yield line
        line = word
        while measure(line) > width and len(line) > 1:
            head = _longest_head(line, measure, width)
            yield line[:head]
            line = line[head:]
    if line:
        yield line


def _longest_head(word: str, measure: Measure, width: float) -> int:
    # A longer head is never narrower, so halve the choice: a pasted word may have 300 letters.
    return max(1, bisect_right(range(len(word) + 1), width, key=lambda n: measure(word[:n])) - 1)


def _ellipsised(line: str, measure: Measure, width: float) -> str:
    while measure(line + "…") > width and line:
        shorter, _, _ = line.rpartition(" ")
        line = shorter or line[:-1]
    return line + "…"
