"""Is the scanner set up well? What its keys tell, and how to mend what is not right (pure).

The desk understands most scanners as they come: any keyboard layout that can be undone, capitals or
not, every usual ending, and up to 80 ms a key. This says what it had to put up with, because the
next program may not, and because what cannot be undone looks like a damaged label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from kitloan import scan, tags

SLOW = 0.080
"""Seconds a key; beyond it a scanner is slower than any that we know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a scanner: whether it is as it should be, what it is, and how to mend it."""

    ok: bool
    what: str
    mend: str = ""


def findings(keys: Sequence[tuple[str, float]]) -> list[Finding]:
    """What one scan of a label or card tells.

    Args:
        keys: each character as it came, Enter as `\\r`, and when, in seconds.
    """
    text = "".join(character for character, _ in keys if character not in scan.TERMINATORS)
    ends = "".join(character for character, _ in keys if character in scan.TERMINATORS)
    if not text:
        return [Finding(False, "Nothing was scanned.", "Scan a label of yours, or a card.")]
    return [_content(text), *_capitals(text), _ending(ends), _speed([at for _, at in keys])]


def _content(text: str) -> Finding:
    code = scan.read(text)
    if isinstance(code, scan.Text):
        known = "It reads like a damaged tag" if tags.looks_like_tag(text) else "It is no tag"
        return Finding(
            False,
            f"{known}: {text!r}.",
            "Scan one of kitloan's labels. If it was one, set the scanner's keyboard to this "
            "machine's, or the machine's to US English.",
        )
    if code.layout:
        return Finding(
            False,
            f"The scanner types as on a US keyboard, this machine reads {code.layout}.",
            f"Set the scanner's keyboard to {code.layout} with the card in its manual.",
        )
    return Finding(True, "The letters and digits arrive as they are printed.")


def _capitals(text: str) -> list[Finding]:
    letters = [character for character in text if character.isalpha()]
    if letters and all(map(str.islower, letters)):
        return [
            Finding(
                False,
                "Capitals arrive as small letters.",
                "Caps Lock is on: turn it off. Else set the scanner to leave the case alone.",
            )
        ]
    return []


def _ending(ends: str) -> Finding:
    if not ends:
        return Finding(
            False,
            "Nothing ends the scan.",
            "Set the scanner's suffix to Enter (CR) with the card in its manual.",
        )
    if len(ends) > 1 and ends != "\r\n":
        return Finding(
            False, "The scan is ended twice.", "Set one suffix only: Enter (CR), and no line feed."
        )
    names = {"\r": "Enter", "\n": "a line feed", "\t": "Tab", "\r\n": "Enter and a line feed"}
    return Finding(True, f"{names[ends].capitalize()} ends the scan.")


def _speed(moments: Sequence[float]) -> Finding:
    gaps = [after - before for before, after in pairwise(moments)]
    worst = max(gaps, default=0.0)
    told = f"{worst * 1000:.0f} ms at most between two keys"
    if worst > SLOW:
        return Finding(
            False, f"Slow: {told}.", "Set its delay between characters to none, or 20 ms at most."
        )
    return Finding(True, f"Quick enough: {told}.")
