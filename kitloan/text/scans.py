"""Scans: finding them among typing, reading what was scanned, and checking a scanner's settings.

A scanner is a keyboard that types fast and ends with Enter. Its key events look like a person's,
and to an ordinary screen Enter means "yes". So the front end shows every key to an `Assembler`
before anything else sees it. The assembler holds a key back while it can still be part of a scan.
Then it gives either a scan, or the same keys in order, because a person typed them. `read` gives
the meaning of a scan.

Two signs show a scan. The first is the prefix: text that starts with `KL` may become a tag or a
card, and is held long enough for the slowest scanners (80 ms a character). The second is the pace:
other text is a scan only if no hand types that fast. This covers a school's own cards and asset
numbers, from scanners that are not slow. `check_scanner` checks one scan of a label for wrong
settings.

Nothing here reads a clock, a file or a terminal. Times come with the keys, in seconds of one clock
that does not step back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Generic, TypeAlias, TypeVar

from kitloan.text import tags

COMMANDS: Final[Mapping[str, str]] = {
    "KLUUNDO": "undo",
    "KLUDONE": "done",
    "KLUWHOLE": "whole",
    "KLULATER": "count_later",
    "KLURETURN": "return",
    "KLUSEVEN": "plus_7",
    "KLUFOURTEEN": "plus_14",
    "KLULABEL": "print_label",
}
"""The command cards: the code on the card, and the name of its command.

Every code starts with `KL`, so that it is held as a tag is, and then with `U`. No tag has a U, or a
letter that is read as one, so no card is a tag and no tag is a card. Codes have only letters, which
survive keyboards that shift the digits. A new command is a new row.
"""

CODE_GAP = 0.160
"""Seconds that held text which may become a code waits for its next character."""

BURST_GAP = 0.035
"""Seconds that other held text waits: hands are slower, even when they roll two keys."""

ECHO_GAP = 0.120
"""Seconds after a scan in which one more Enter belongs to it: CR+LF, or a paste and its CR.

It is more than the 80 ms that slow scanners leave between two keys, and less than a person takes to
react.
"""

SHORTEST_SCAN = 6
"""Characters; after fewer, an Enter is a person's at any pace."""

TERMINATORS = frozenset("\r\n\t")

_LAYOUTS: Final[Mapping[str, dict[int, int]]] = {
    "": {},
    "German": str.maketrans("YZ", "ZY"),
    # Its digit keys type digits only when shifted, so text with digits never came from one. They
    # are spoilt here; otherwise one slip in a good tag could be "repaired" into another tag.
    "French": str.maketrans("AQZW&É\"'(-È_ÇÀ?,0123456789", "QAWZ1234567890MM!!!!!!!!!!"),
}
"""From what each layout types, in capitals, to what a US scanner meant. K and L are the same."""

_CARDS = {tags.bare(code): name for code, name in COMMANDS.items()}
_TAG_CHARACTERS = frozenset(tags.ALPHABET)
_LONGEST_TAG = len(tags.PREFIX) + tags.LONGEST_BODY + 1
_LONGEST_HELD = 2 * _LONGEST_TAG  # with a scanner's identifier, spaces and hyphens; bounds the work
_IDENTIFIER = re.compile(r"^\][A-Za-z][0-9A-Za-z]")  # AIM: ]Q1 before the text of a QR code
_IDENTIFIER_BEGUN = re.compile(r"\](?:[A-Za-z][0-9A-Za-z]?)?")

KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True)
class Tag:
    """A bare tag with a good check character.

    `layout` names the keyboard layout that garbled it, if it had to be repaired ("German"), so that
    the user can be asked once to set the scanner. It is empty for a tag that arrived as printed.
    """

    tag: str
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command card, by its name in `COMMANDS`; `layout` as in `Tag`."""

    name: str
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Anything else: a school's card, an asset number, a damaged tag."""

    text: str


def read(text: str) -> Tag | Command | Text:
    """The meaning of a text that was scanned or typed.

    A repair for a foreign keyboard counts only if the result is a valid tag or a card, and no other
    layout gives another such result.
    """
    code = _code(text, "")
    if code:
        return code
    repairs = [code for layout in _LAYOUTS if layout and (code := _code(text, layout))]
    if len(repairs) == 1:
        return repairs[0]
    return Text(_IDENTIFIER.sub("", text.strip()))


def may_become_code(text: str) -> bool:
    """Whether more characters after `text` can make it a tag or a command card, on any layout."""
    if len(text) > _LONGEST_HELD:
        return False
    if _IDENTIFIER_BEGUN.fullmatch(text):
        return True
    return any(_opens_code(_as_meant(text, layout)) for layout in _LAYOUTS)


def _code(text: str, layout: str) -> Tag | Command | None:
    code = _as_meant(text, layout)
    if tags.is_tag(code):
        return Tag(code, layout)
    if code in _CARDS:
        return Command(_CARDS[code], layout)
    return None


def _as_meant(text: str, layout: str) -> str:
    return tags.bare(text.upper().translate(_LAYOUTS[layout]))


def _opens_code(code: str) -> bool:
    if len(code) <= len(tags.PREFIX):
        return code != "" and tags.PREFIX.startswith(code)
    opens_tag = (
        code.startswith(tags.PREFIX)
        and len(code) <= _LONGEST_TAG
        and _TAG_CHARACTERS.issuperset(code[len(tags.PREFIX) :])
    )
    return opens_tag or any(card.startswith(code) for card in _CARDS)


@dataclass(frozen=True, slots=True)
class Replay(Generic[KeyT]):
    """A person pressed these keys: pass them on, in this order."""

    keys: tuple[KeyT, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanner sent this text; its terminator is used up."""

    text: str


@dataclass(frozen=True, slots=True)
class Paste:
    """A person pasted this, and it is not a scan: pass it on unchanged."""

    text: str


Event: TypeAlias = Replay[KeyT] | Scan | Paste


class Assembler(Generic[KeyT]):
    """Distinguishes scans from typing, one key at a time.

    Give it every key with `feed` and every bracketed paste with `paste`; call `expire` at
    `deadline`. Act on the events that each returns, in order. A key in no event is either held,
    and comes later, or is the second terminator of a scan and is used up.
    """

    def __init__(self) -> None:
        self._held: list[KeyT] = []
        self._text = ""
        self._last = 0.0
        self._brisk = True
        self._scanned_at: float | None = None  # until a key comes that does not belong to that scan

    @property
    def deadline(self) -> float | None:
        """When `expire` releases the held keys; None when none are held."""
        if not self._held:
            return None
        return self._last + (CODE_GAP if may_become_code(self._text) else BURST_GAP)

    def feed(self, key: KeyT, character: str, at: float) -> list[Event[KeyT]]:
        """Take one key.

        Args:
            key: what to replay if a person pressed it.
            character: what it types; `\\r`, `\\n` or `\\t` for Enter, line feed and Tab; empty for
                a key that types nothing.
            at: when it was pressed.
        """
        events = self.expire(at)
        if character in TERMINATORS:
            events += self._end(key, at)
        elif character and character.isprintable():
            self._hold(key, character, at)
        else:
            events += self._let_go(key)
        return events

    def paste(self, text: str, at: float) -> list[Event[KeyT]]:
        """Take one whole paste: scans if every line of it is a tag or a card, else a paste."""
        events = self._let_go()
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines or any(isinstance(read(line), Text) for line in lines):
            return [*events, Paste(text)]
        self._scanned_at = at
        return [*events, *map(Scan, lines)]

    def expire(self, now: float) -> list[Event[KeyT]]:
        """Release the held keys if their time is over."""
        deadline = self.deadline
        return [] if deadline is None or now < deadline else self._let_go()

    def _hold(self, key: KeyT, character: str, at: float) -> None:
        self._brisk = not self._held or (self._brisk and at - self._last < BURST_GAP)
        self._held.append(key)
        self._text += character
        self._last = at
        self._scanned_at = None

    def _end(self, key: KeyT, at: float) -> list[Event[KeyT]]:
        if self._is_scan(at):
            scan = Scan(self._text)
            self._let_go()
            self._scanned_at = at
            return [scan]
        since = self._scanned_at
        if not self._held and since is not None and at - since <= ECHO_GAP:
            return []
        return self._let_go(key)

    def _is_scan(self, at: float) -> bool:
        """Whether a terminator now makes the held text a scan.

        Fast hands can type `klaras` and Enter within the time that a code is given. So text that
        was held only for its prefix must turn out to be a code, or a code with one slip: a damaged
        code must not press the button that has the focus.
        """
        if len(self._text) < SHORTEST_SCAN:
            return False
        brisk = self._brisk and at - self._last < BURST_GAP
        return brisk or not isinstance(read(self._text), Text) or tags.looks_like_tag(self._text)

    def _let_go(self, *after: KeyT) -> list[Event[KeyT]]:
        keys = (*self._held, *after)
        self._held.clear()
        self._text = ""
        self._scanned_at = None
        return [Replay(keys)] if keys else []


SLOW = 0.080
"""Seconds a key; a slower scanner needs another setting."""


@dataclass(frozen=True, slots=True)
class ScannerResult:
    """One check of a scanner: whether it passed, what was found, and how to fix it."""

    ok: bool
    what: str
    fix: str = ""


def check_scanner(keys: Sequence[tuple[str, float]]) -> list[ScannerResult]:
    """Check a scanner by one scan of a label or card.

    Args:
        keys: each character as it came, Enter as `\\r`, and when, in seconds.
    """
    text = "".join(character for character, _ in keys if character not in TERMINATORS)
    ends = "".join(character for character, _ in keys if character in TERMINATORS)
    if not text:
        return [
            ScannerResult(False, "Nothing was scanned.", "Scan one of kitloan's labels or cards.")
        ]
    return [_content(text), *_capitals(text), _ending(ends), _speed([at for _, at in keys])]


def _content(text: str) -> ScannerResult:
    code = read(text)
    if isinstance(code, Text):
        shown = "It looks like a damaged tag" if tags.looks_like_tag(text) else "It is not a tag"
        return ScannerResult(
            False,
            f"{shown}: {text!r}.",
            "Scan one of kitloan's labels. If it was one, set the scanner's keyboard to this "
            "machine's, or the machine's to US English.",
        )
    if code.layout:
        return ScannerResult(
            False,
            f"The scanner types as on a US keyboard, and this machine reads {code.layout}.",
            f"Set the scanner's keyboard to {code.layout} with the card in its manual.",
        )
    return ScannerResult(True, "Letters and digits arrive as they are printed.")


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
