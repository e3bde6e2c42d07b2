"""Scans: finding them among typing, and reading what was scanned.

A scanner is a keyboard that types fast and ends with Enter. Its key events are the same as a
person's, and to a screen that cannot distinguish them, Enter means "yes". So the front end shows
every key to an `Assembler` before anything else sees it. The assembler holds a key back while it
can still be part of a scan, and then gives one of two: a scan, or the keys of a person, the very
ones, in order. `read` is what a scan means, and `split` the scans in one whose Enter was lost.

A scan is known by two marks. First the prefix: what starts with `KL` may become a tag or a card,
and is waited for long enough for the slowest scanners (80 ms a character). Then the pace: anything
else is a scan only if no hand types that fast, which covers a school's own cards and asset numbers
from scanners that are not slow.

A text that is neither a tag nor a card may be anything that has a code: `kind_of_code` names what
is no name for certain, and `names_a_school` is the one test by which a scan alone makes a new
borrower. A new kind of code is a row of `_KINDS`, a keyboard a row of `_LAYOUTS`.

Nothing here reads a clock, a file or a terminal. Times come with the keys, in seconds of one clock
that does not step back.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Generic, TypeAlias, TypeVar
from urllib.parse import unquote

from kitloan.errors import BadInput
from kitloan.text import tags

FORM: Final = "KLEVAL1"
"""What the line of a teacher's form begins with."""

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

STX, ETX = "\x02", "\x03"
"""What some scanners send before and after a code."""

_ENDS = TERMINATORS | {ETX}

_SPOILT = "\N{CYRILLIC CAPITAL LETTER ZHE}"  # a letter: a tag does not end before one


def _keyboard(shown: str, meant: str, never: str = "") -> dict[int, int]:
    """A table of what is shown to what was meant; `never` are characters that no scan shows on it.

    Where digits need Shift, a text with digits never came from that keyboard. They are spoilt, or
    one slip in a good tag could be "repaired" into another tag.
    """
    return str.maketrans(shown + never, meant + _SPOILT * len(never))


_LAYOUTS: Final[Mapping[str, dict[int, int]]] = {
    "": {},
    "German": _keyboard("YZ", "ZY"),
    "French": _keyboard("AQZW&É\"'(-È_ÇÀ?,", "QAWZ1234567890MM", "0123456789§!+ĚŠČŘŽÝÁÍ"),
    "Belgian": _keyboard("AQZW&É\"'(§È!ÇÀ?,", "QAWZ1234567890MM", "0123456789-_+ĚŠČŘŽÝÁÍ"),
    "Czech": _keyboard("YZ+ĚŠČŘŽÝÁÍÉ", "ZY1234567890", "0123456789&\"'(-È_ÇÀ§!"),
    "Dvorak": _keyboard(
        "'\",<.>PYFGCRLAOEUIDHTNS;:QJKXBMWVZ", "QQWWEERTYUIOPASDFGHJKL;ZZXCVBNM,./"
    ),
    "Colemak": _keyboard("FPGJLUY;:RSTDNEIOK", "ERTYUIOPPSDFGJKL;N"),
}
"""What a keyboard of each layout shows, in capitals, to what a US scanner meant."""

_WAITED_FOR = [name for name, keys in _LAYOUTS.items() if not {ord("K"), ord("L")} & {*keys}]
"""Layouts on which a code begins with K and L, as it does on a US keyboard."""

_CARDS = {tags.bare(code): name for code, name in COMMANDS.items()}
_TAG_CHARACTERS = frozenset(tags.ALPHABET)
_LONGEST_TAG = len(tags.PREFIX) + tags.LONGEST_BODY + 1
_LONGEST_HELD = 2 * _LONGEST_TAG  # with a scanner's identifier, spaces and hyphens; bounds the work
_IDENTIFIER = re.compile(r"^\][A-Za-z][0-9A-Za-z]")  # AIM: ]Q1 before the text of a QR code
_IDENTIFIER_BEGUN = re.compile(r"\](?:[A-Za-z][0-9A-Za-z]?)?")
_ADDED_AFTER = re.compile(r"(?<=\w)[^\w\s]{1,3}$")
_ADDED = re.compile(r"[^\w\s\]]{0,3}")  # what a scanner may be set to put before a code

KeyT = TypeVar("KeyT")


@dataclass(frozen=True, slots=True)
class Tag:
    """A bare tag with a good check character.

    `layout` names the keyboard layout that garbled it, when it had to be repaired ("German"), so
    that the user can be asked once to set the scanner; it is empty for a tag that arrived whole.
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
    layout gives another such result. The code on a kit's card that opens a mail is its tag.
    """
    code = _code(text, "")
    if code:
        return code
    if in_mail := tag_in_mail(text):
        return Tag(in_mail)
    repairs = [code for layout in _LAYOUTS if layout and (code := _code(text, layout))]
    if len({replace(code, layout="") for code in repairs}) == 1:
        return repairs[0]
    return Text(_IDENTIFIER.sub("", unframed(text).strip()))


def split(text: str) -> list[str]:
    """The codes in `text`, each a scan of its own, where two or more arrived as one.

    A lost Enter joins them, on any layout. Any other text is one scan, and comes back as it is.
    """
    for layout in _LAYOUTS:
        codes = _joined(_typed(text, layout))
        if len(codes) > 1:
            return codes
    return [text]


def _joined(text: str) -> list[str]:
    """Tags and cards one after the other; none where there is more than that between them."""
    found: list[str] = []
    end = 0
    while (start := text.find(tags.PREFIX, end)) >= 0:
        tag = tags.at(text, start)
        card = next((code for code in COMMANDS if text.startswith(code, start)), None)
        between = text[end:start].strip() if found else text[:start].lstrip()
        if not (tag or card) or len(between) > _LONGEST_BETWEEN or " " in between:
            return []
        code, end = tag or (str(card), start + len(str(card)))
        found.append(code)
    return found if len(text[end:].strip()) <= _LONGEST_BETWEEN else []


_LONGEST_BETWEEN = 3


def may_become_code(text: str) -> bool:
    """Whether more characters after `text` can make it a tag or a command card, on any layout.

    What a scanner adds in front is waited for where it is punctuation; a letter in front, which is
    how a name may begin too, is not.
    """
    text = unframed(text)
    if len(text) > _LONGEST_HELD:
        return False
    if _IDENTIFIER_BEGUN.fullmatch(text) or _ADDED.fullmatch(text):
        return True
    return any(_opens_code(_as_meant(text, layout)) for layout in _WAITED_FOR)


def unframed(text: str) -> str:
    """A text without the characters that some scanners send before and after it."""
    return text.replace(STX, "").replace(ETX, "")


def _code(text: str, layout: str) -> Tag | Command | None:
    code = _as_meant(text, layout)
    if tags.is_tag(code):
        return Tag(code, layout)
    if code in _CARDS:
        return Command(_CARDS[code], layout)
    card = _ADDED_TO_A_CARD.fullmatch(_typed(text, layout).strip())
    return Command(COMMANDS[card[1]], layout) if card else None


_ADDED_TO_A_CARD = re.compile(
    rf"[^\w\s]{{0,3}}({'|'.join(COMMANDS)})(?:[^\w\s]{{0,3}}|[-_]\w{{1,4}})"
)


_MAIL = re.compile(r"mailto:[^?\s]{0,200}\?(\S{1,400})", re.IGNORECASE)
_IN_MAIL = re.compile(rf"(?<![0-9A-Z]){tags.PREFIX}[0-9A-Z]+")


def tag_in_mail(text: str) -> str:
    """The one tag in the subject or text of a mail that a code opens; empty for any other text."""
    mail = _MAIL.fullmatch(unframed(text).strip())
    if mail is None:
        return ""
    found = {each for each in _IN_MAIL.findall(unquote(mail[1]).upper()) if tags.is_tag(each)}
    return tags.bare(found.pop()) if len(found) == 1 else ""


def _typed(text: str, layout: str) -> str:
    return unframed(text).upper().translate(_LAYOUTS[layout])


def _as_meant(text: str, layout: str) -> str:
    return tags.bare(_typed(text, layout))


def _opens_code(code: str) -> bool:
    code = _ADDED_AFTER.sub("", code[_added_before(code) :])
    if len(code) <= len(tags.PREFIX):
        return code != "" and tags.PREFIX.startswith(code)
    opens_tag = (
        code.startswith(tags.PREFIX)
        and len(code) <= _LONGEST_TAG
        and _TAG_CHARACTERS.issuperset(code[len(tags.PREFIX) :])
    )
    return opens_tag or any(card.startswith(code) for card in _CARDS)


def _added_before(code: str) -> int:
    added = _ADDED.match(code)
    return added.end() if added else 0


# -- what is not kitloan's ------------------------------------------------------------------------

_KINDS: Final[Sequence[tuple[str, str]]] = [
    ("a Wi-Fi code", r"WIFI:.*"),
    ("a phone number", r"(?:tel|sms|smsto|facetime):.*|\+\d[\d ]{6,}"),
    ("a contact card", r"(?:BEGIN|END):VCARD.*|MECARD:.*|BIZCARD:.*"),
    ("a line of a contact card", r"(?:VERSION|N|FN|ORG|TEL|EMAIL|ADR|TITLE|URL|NOTE)[;:]\S.*"),
    ("a calendar entry", r"BEGIN:(?:VEVENT|VCALENDAR).*"),
    ("an e-mail address", r"(?:mailto|matmsg):.*|[^\s@]+@[\w-]+(?:\.[\w-]+)+"),
    ("a place on a map", r"geo:.*"),
    ("a web address", r"(?:[a-z][a-z0-9+.-]*://|www\.)\S.*|(?:[\w-]+\.)+[a-z]{2,}/\S*"),
    ("a web address", r"[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|edu|gov|uk|scot|eu|io|info|ly|me)"),
    ("a code of a program", r"(?!to:)[a-z][a-z0-9+-]{1,15}:\S.*"),
    ("a GS1 code", r"(?:\][CdeJQ]\d)?(?:\(\d{2,4}\)[^()]+)+|\][Cde]\d.*|01\d{14}\S*"),
    ("a product's barcode", r"\d{8}|\d{12,14}|97[89][\d-]{10,14}X?"),
    ("a number", r"(?:[\s./-]*\d){6,}[\s./-]*"),
    ("a code of a program", r"\{.*\}|(?=\S*\d)(?=\S*[a-z])\S{20,}|\S{40,}"),
]
"""What codes that are not kitloan's are, in words, and the pattern of each, in any case; the first
that fits. `re` compiles them when the first such code comes, and not before the desk paints."""


@lru_cache(maxsize=4096)  # a register repeats its places and types
def kind_of_label(text: str) -> str:
    """`a tag` or `a command card`, whatever the keyboard made of it; empty for any other text."""
    code = read(text)
    if isinstance(code, Tag):
        return "a tag"
    return "a command card" if isinstance(code, Command) else ""


def check_no_label(name: str, what: str) -> str:
    """A name as it is, which is no code that kitloan prints.

    Whatever has such a name can never be found by it: the code means its holding, or a command.

    Args:
        name: the name, tidied.
        what: the field, for the error: `"The kit type"`.

    Raises:
        BadInput: `not_a_name`.
    """
    if kind := kind_of_label(name):
        raise BadInput(
            "not_a_name",
            f"{what} {name[:60]!r} is {kind}, not a name.",
            "Type the name in words.",
            value=name[:60],
        )
    return name


def kind_of_code(text: str) -> str:
    """What a code is that can be no name, in words: `a web address`; empty for any other text.

    A tag or a command card is one too, damaged or whole, and whatever the keyboard made of it.
    """
    if printed := kind_of_label(text):
        return printed
    if len(split(text)) > 1:
        return "several codes in one"
    if tags.looks_like_tag(text):
        return "a damaged tag"
    plain = unframed(text).strip()
    if any(unicodedata.category(character) == "Cc" for character in plain):
        return "a GS1 code" if "\x1d" in plain else "a code of a program"
    fits = (what for what, pattern in _KINDS if re.fullmatch(pattern, plain, re.IGNORECASE))
    return next(fits, "")


def describe_code(text: str) -> str:
    """What a code that is not kitloan's is, for a person: its kind, else the first of its text."""
    return kind_of_code(text) or repr(text[:40])


def reads_as_name(text: str) -> bool:
    """Whether somebody may have meant a name by `text`, scanned or typed.

    Not a code of another kind, not a book's barcode or a mistyped asset number, and not one word
    in the capitals or with the punctuation that a garbled card has: a person types `to` before
    such a name.
    """
    letters = [character for character in text if character.isalpha()]
    if not letters or kind_of_code(text) or _NEVER_IN_A_NAME.search(text):
        return False
    if " " in text.strip():
        return True
    digits = any(map(str.isdecimal, text))
    shouted = len(letters) > _LONGEST_INITIALS and all(map(str.isupper, letters))
    return not digits and not shouted and not _MARK_IN_A_WORD.search(text)


def names_a_school(text: str) -> bool:
    """Whether `text` is surely the name of a school or its like: it ends as they do.

    What only may be a name, as "Guest network" may, is to be asked about before it is recorded.
    """
    if not reads_as_name(text):
        return False
    words = [re.findall(r"[\w-]+", part) for part in text.casefold().split(",")]
    first = words[0]
    if not first or len(first) > _LONGEST_NAME or _OF_SENTENCES.intersection(first):
        return False
    ends = [word for word in first if not word.isdecimal()][-1:]
    return any(word in _SCHOOLS for word in ends) or tuple(first[:2]) in _SCHOOL_OF


_NEVER_IN_A_NAME = re.compile(r"[\\|<>{}\[\]=^~_%;*]|[:#@$]\S")
_MARK_IN_A_WORD = re.compile(r"[^\W\d_][.,:;<>?!\"/][^\W\d_]|[.,:;<>?!\"/]$")
_LONGEST_INITIALS = 4
_LONGEST_NAME = 8
_ENDS_OF_NAMES = """
school schools academy academies college university primary secondary high nursery infant junior
hs ps sgoil bunsgoil ard-sgoil àrd-sgoil colaiste campus library museum scouts guides brigade
cadets trust council club society association partnership centre hub institute
"""
_SCHOOLS = frozenset(_ENDS_OF_NAMES.split())
_SCHOOL_OF = {
    (kind, "of") for kind in ("school", "college", "university", "academy", "institute", "museum")
} | {("high", "school"), ("royal", "high"), ("primary", "school")}
_IN_SENTENCES = """
please return scan visit welcome property this is if found contact call open click download
your you we our not do guest network password
"""
_OF_SENTENCES = frozenset(_IN_SENTENCES.split())


# -- scans and typing -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replay(Generic[KeyT]):
    """A person pressed these keys: pass them on, in this order."""

    keys: tuple[KeyT, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanner sent this text; its terminator is used up."""

    text: str
    typed: str = ""
    """How it began, where that was given on as a person's keys before its end had come."""


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

    Where a machine paused in the middle of a code, its beginning has been given on already: the
    terminator still makes it a scan, and `Scan.typed` says what is to be taken back.
    """

    def __init__(self) -> None:
        self._held: list[KeyT] = []
        self._text = ""
        self._pressed: list[float] = []  # when, for each character of the text
        self._gone: list[tuple[str, float]] = []  # what was given on since a line last ended
        self._last = 0.0
        self._brisk = True
        self._scanned_at: float | None = None  # until a key comes that does not belong to that scan
        self._ended_by_etx = False

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
            character: what it types; `\\r`, `\\n` or `\\t` for Enter, line feed and Tab, `STX` or
                `ETX` for what a scanner puts around a code; empty for a key that types nothing.
            at: when it was pressed.
        """
        events = self.expire(at)
        if character == STX:
            events += self._let_go()
            self._hold(key, character, at)
        elif character in _ENDS:
            events += self._end(key, character, at)
        elif character and character.isprintable():
            self._hold(key, character, at)
        else:
            events += self._let_go(key)
        return events

    def paste(self, text: str, at: float) -> list[Event[KeyT]]:
        """Take one whole paste: scans if every line of it is a tag or a card, else a paste."""
        events = self._let_go()
        self._gone.clear()
        lines = [code for line in text.splitlines() if line.strip() for code in split(line.strip())]
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
        self._pressed.append(at)
        self._last = at
        self._scanned_at = None

    def _end(self, key: KeyT, character: str, at: float) -> list[Event[KeyT]]:
        if paused := self._paused_scan(at):
            self._let_go()
            self._gone.clear()
            self._scanned_at = at
            return [paused]
        if self._is_scan(at):
            texts = split(unframed(self._text))
            self._let_go()
            self._gone.clear()
            self._scanned_at, self._ended_by_etx = at, character == ETX
            return [*map(Scan, texts)]
        since = self._scanned_at
        if not self._held and since is not None and at - since <= ECHO_GAP:
            if self._ended_by_etx:  # CR+LF may follow
                self._scanned_at, self._ended_by_etx = at, False
            return []
        return self._let_go(key)

    def _is_scan(self, at: float) -> bool:
        """Whether a terminator now makes the held text a scan.

        Fast hands can type `klaras` and Enter within the time that a code is given. So text that
        was held only for its prefix must turn out to be a code, or a code with one slip: a damaged
        code must not press the button that has the focus.
        """
        if len(unframed(self._text)) < SHORTEST_SCAN:
            return False
        brisk = self._brisk and at - self._last < BURST_GAP
        return brisk or not isinstance(read(self._text), Text) or tags.looks_like_tag(self._text)

    def _paused_scan(self, at: float) -> Scan | None:
        """The scan that a terminator now ends, though its beginning was given on.

        Its pace as a whole is a scanner's: nobody types a code from a label in two seconds, or any
        text at that of a burst. A key that a person pressed just before is no part of the burst.
        """
        typed, text, longest = "", self._text, None
        if not isinstance(read(text), Text):
            return None
        after = self._pressed[0] if self._pressed else at
        for character, begun in reversed(self._gone):
            typed, text = character + typed, character + text
            if not isinstance(read(text), Text):
                return Scan(text, typed) if at - begun <= CODE_GAP * len(text) else None
            is_burst = after - begun < BURST_GAP and at - begun <= BURST_GAP * len(text)
            if is_burst and len(text) >= SHORTEST_SCAN:
                longest = Scan(text, typed)
            after = begun
        return longest

    def _let_go(self, *after: KeyT) -> list[Event[KeyT]]:
        keys = (*self._held, *after)
        self._gone += zip(self._text, self._pressed, strict=True)
        self._gone = [] if after else self._gone[-_LONGEST_HELD:]
        self._held.clear()
        self._pressed.clear()
        self._text = ""
        self._scanned_at = None
        return [Replay(keys)] if keys else []
