"""Checking a scanner's settings by what one scan of a label or card shows (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from kitloan.text.scans import (
    COMMANDS,
    TERMINATORS,
    Command,
    Tag,
    Text,
    kind_of_code,
    read,
    split,
    unframed,
)
from kitloan.text.tags import grouped

SLOW = 0.080
"""Seconds a key; a scanner that takes longer is slower than any that we know."""


@dataclass(frozen=True, slots=True)
class ScannerResult:
    """One thing about a scanner: whether it is as it should be, what it is, and the correction."""

    ok: bool
    what: str
    fix: str = ""


def check_scanner(keys: Sequence[tuple[str, float]]) -> list[ScannerResult]:
    """What one scan of a label or card shows about the scanner.

    Args:
        keys: each character as it came, Enter as `\\r`, and when, in seconds.
    """
    text = "".join(character for character, _ in keys if character not in TERMINATORS)
    ends = "".join(character for character, _ in keys if character in TERMINATORS)
    if not text:
        return [ScannerResult(False, "Nothing was scanned.", "Scan a label of yours, or a card.")]
    return [*_content(text), *_capitals(text), _ending(ends), _speed([at for _, at in keys])]


def _content(text: str) -> list[ScannerResult]:
    if joined := split(text)[1:]:
        return [
            ScannerResult(
                False,
                f"{len(joined) + 1} codes arrived as one: {unframed(text)!r}.",
                "Set the scanner's suffix to Enter (CR) with the card in its manual.",
            )
        ]
    code = read(text)
    if isinstance(code, Text):
        return [_not_ours(text)]
    if code.layout:
        return [
            ScannerResult(
                False,
                f"The scanner types as on a US keyboard, this machine reads {code.layout}.",
                f"Set the scanner's keyboard to {code.layout} with the card in its manual.",
            )
        ]
    what = grouped(code.tag) if isinstance(code, Tag) else f"the card {code.name!r}"
    return [
        ScannerResult(True, f"It is {what}, and arrives as it is printed."),
        *_added(text, code),
    ]


def _not_ours(text: str) -> ScannerResult:
    kind = kind_of_code(text)
    shown = unframed(text)
    if kind == "a damaged tag":
        return ScannerResult(
            False,
            f"It reads like a damaged tag: {shown!r}.",
            "Scan it again, or another label. If all are so, set the scanner's keyboard to this "
            "machine's, or the machine's to US English.",
        )
    return ScannerResult(
        False,
        f"It is no tag of kitloan's, but {kind or 'other text'}: {shown!r}.",
        "Scan one of kitloan's labels. If it was one, set the scanner's keyboard to this "
        "machine's, or the machine's to US English.",
    )


def _added(text: str, code: Tag | Command) -> list[ScannerResult]:
    """What the scanner puts around a code, which is left out."""
    names = {name: card for card, name in COMMANDS.items()}
    printed = code.tag if isinstance(code, Tag) else names[code.name]
    before, found, after = unframed(text).upper().partition(printed)
    around = [f"{added!r} {where} it" for added, where in ((before, "before"), (after, "after"))]
    named = [each for each, added in zip(around, (before, after), strict=True) if found and added]
    if text != unframed(text):
        named.append("STX and ETX around it")
    return [ScannerResult(True, f"It has {' and '.join(named)}; kitloan leaves that out.")] * bool(
        named
    )


def _capitals(text: str) -> list[ScannerResult]:
    letters = [character for character in text if character.isalpha()]
    if letters and all(map(str.islower, letters)):
        return [
            ScannerResult(
                False,
                "Capitals arrive as small letters.",
                "Turn Caps Lock off. If it is off, set the scanner to keep the case.",
            )
        ]
    return []


def _ending(ends: str) -> ScannerResult:
    if not ends:
        return ScannerResult(
            False,
            "The scanner sends nothing after the scan.",
            "Set the scanner's suffix to Enter (CR) with the card in its manual.",
        )
    if len(ends) > 1 and ends != "\r\n":
        return ScannerResult(
            False,
            "The scanner ends a scan twice.",
            "Set one suffix only: Enter (CR), no line feed.",
        )
    names = {"\r": "Enter", "\n": "a line feed", "\t": "Tab", "\r\n": "Enter and a line feed"}
    return ScannerResult(True, f"{names[ends].capitalize()} ends the scan.")


def _speed(moments: Sequence[float]) -> ScannerResult:
    gaps = [after - before for before, after in pairwise(moments)]
    worst = max(gaps, default=0.0)
    pace = f"at most {worst * 1000:.0f} ms between two keys"
    if worst > SLOW:
        return ScannerResult(
            False, f"Too slow: {pace}.", "Set its delay between characters to 20 ms or less."
        )
    return ScannerResult(True, f"Fast enough: {pace}.")
