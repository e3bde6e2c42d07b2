"""What a scanner typed: a tag, a command card, or text.

A scanner is a keyboard that types fast and ends with Enter. Nothing in the key events tells it
from a person, and to a screen that does not know, Enter means "yes". So the front end shows every
key to an `Assembler` before anything else sees it. The assembler holds a key back while it can
still be part of a scan, and then says one of two things: this was a scan, or this was a person, and
here are their keys, the very ones, in order. `read` then says what a scan means.

Two marks tell a scan. First the prefix: what starts with `KL` may become a tag or a card, and is
waited for long enough that the slowest scanners (80 ms a character) are known by it. Then the pace:
anything else is a scan only if no hand types that fast, which covers a school's own cards and asset
numbers from scanners that are not slow.

Nothing here reads a clock, a file or a terminal: times come in with the keys, in seconds of any one
clock that does not step back.
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
"""The command cards: the code on the card, and the name of what it asks for.

Every code starts with `KL`, so that it is waited for as a tag is, and then with `U`. No tag of any
length holds a U, nor a letter that is read as one, so no card is ever a tag and no tag a card.
Letters only: a card survives keyboards that shift the digits. A new command is a new row.
"""

CODE_GAP = 0.160
"""Seconds that a held text which may become a code waits for its next character."""

BURST_GAP = 0.035
"""Seconds that any other held text waits: hands are slower, even in a roll of two keys."""

ECHO_GAP = 0.120
"""Seconds after a scan in which one more Enter belongs to it: CR+LF, or a paste and its CR.

More than the 80 ms that slow scanners leave between two keys, less than anybody takes to look up.
"""

SHORTEST_SCAN = 6
"""Characters; below this an Enter is a person's, at whatever pace."""

TERMINATORS = frozenset("\r\n\t")

_LAYOUTS: Final[Mapping[str, dict[int, int]]] = {
    "": {},
    "German": str.maketrans("YZ", "ZY"),
    # Its digit keys type no digits unless shifted, so a text with digits never came from one:
    # they are spoilt here, or one slip in a good tag could be "repaired" into another tag.
    "French": str.maketrans("AQZW&É\"'(-È_ÇÀ?,0123456789", "QAWZ1234567890MM!!!!!!!!!!"),
}
"""What a keyboard of each layout shows, in capitals, to what a US scanner meant. K and L agree."""

_CARDS = {tags.bare(code): name for code, name in COMMANDS.items()}
_TAG_CHARACTERS = frozenset(tags.ALPHABET)
_LONGEST_TAG = len(tags.PREFIX) + tags.LONGEST_BODY + 1
_LONGEST_HELD = 2 * _LONGEST_TAG  # with a scanner's identifier, spaces and hyphens; bounds the work
_IDENTIFIER = re.compile(r"^\][A-Za-z][0-9A-Za-z]")  # AIM: ]Q1 in front of what was in a QR code
_IDENTIFIER_BEGUN = re.compile(r"\](?:[A-Za-z][0-9A-Za-z]?)?")

KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, bare, its check character good.

    `layout` names the keyboard layout that garbled it, when it had to be repaired ("German"), so
    that the user can be told once to set the scanner; it is empty for a tag that arrived whole.
    """

    tag: str
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command card, by its name in `COMMANDS`; `layout` as for a `Tag`."""

    name: str
    layout: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Anything else: a school's card, an asset number, a tag that was damaged."""

    text: str


def read(text: str) -> Tag | Command | Text:
    """What `text`, scanned or typed by hand, stands for.

    A repair for a foreign keyboard is believed only when the result passes the tag's own check, or
    is a card, and when no other layout gives another such result.
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
    """A person pressed these keys: give them on, in this order."""

    keys: tuple[KeyT, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanner sent this text; its terminator is spent."""

    text: str


@dataclass(frozen=True, slots=True)
class Paste:
    """Somebody pasted this, and it is no scan: give it on untouched."""

    text: str


Outcome: TypeAlias = Replay[KeyT] | Scan | Paste


class Assembler(Generic[KeyT]):
    """Tells scans from typing, one key at a time.

    Show it every key with `feed` and every bracketed paste with `paste`; call `expire` when
    `deadline` has come. Act on what each returns, in order. A key that appears in no outcome is
    either held, and comes later, or is the second terminator of a scan and is spent.
    """

    def __init__(self) -> None:
        self._held: list[KeyT] = []
        self._text = ""
        self._last = 0.0
        self._brisk = True
        self._scanned_at: float | None = None  # until a key comes that does not belong to that scan

    @property
    def deadline(self) -> float | None:
        """When `expire` lets the held keys go; None when none are held."""
        if not self._held:
            return None
        return self._last + (CODE_GAP if may_become_code(self._text) else BURST_GAP)

    def feed(self, key: KeyT, character: str, at: float) -> list[Outcome[KeyT]]:
        """Take one key.

        Args:
            key: what to replay if a person pressed it.
            character: what it types; `\\r`, `\\n` or `\\t` for Enter, line feed and Tab; empty for
                a key that types nothing.
            at: when it was pressed.
        """
        outcomes = self.expire(at)
        if character in TERMINATORS:
            outcomes += self._end(key, at)
        elif character and character.isprintable():
            self._hold(key, character, at)
        else:
            outcomes += self._let_go(key)
        return outcomes

    def paste(self, text: str, at: float) -> list[Outcome[KeyT]]:
        """Take one whole paste: scans if every line of it is a tag or a card, else a paste."""
        outcomes = self._let_go()
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines or any(isinstance(read(line), Text) for line in lines):
            return [*outcomes, Paste(text)]
        self._scanned_at = at
        return [*outcomes, *map(Scan, lines)]

    def expire(self, now: float) -> list[Outcome[KeyT]]:
        """Let the held keys go if their time is over."""
        deadline = self.deadline
        return [] if deadline is None or now < deadline else self._let_go()

    def _hold(self, key: KeyT, character: str, at: float) -> None:
        self._brisk = not self._held or (self._brisk and at - self._last < BURST_GAP)
        self._held.append(key)
        self._text += character
        self._last = at
        self._scanned_at = None

    def _end(self, key: KeyT, at: float) -> list[Outcome[KeyT]]:
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

        Fast hands can type `klaras` and Enter within the patience that a code is given. So what was
        only waited for by its prefix must turn out to be a code, or a code with a slip: a damaged
        one must not press the button that has the focus.
        """
        if len(self._text) < SHORTEST_SCAN:
            return False
        brisk = self._brisk and at - self._last < BURST_GAP
        return brisk or not isinstance(read(self._text), Text) or tags.looks_like_tag(self._text)

    def _let_go(self, *after: KeyT) -> list[Outcome[KeyT]]:
        keys = (*self._held, *after)
        self._held.clear()
        self._text = ""
        self._scanned_at = None
        return [Replay(keys)] if keys else []


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
    text = "".join(character for character, _ in keys if character not in TERMINATORS)
    ends = "".join(character for character, _ in keys if character in TERMINATORS)
    if not text:
        return [Finding(False, "Nothing was scanned.", "Scan a label of yours, or a card.")]
    return [_content(text), *_capitals(text), _ending(ends), _speed([at for _, at in keys])]


def _content(text: str) -> Finding:
    code = read(text)
    if isinstance(code, Text):
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
