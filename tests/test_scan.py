"""Scans and typing told apart: every scan arrives once, and no person's key is lost or moved."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kitloan.text import tags
from kitloan.text.scans import (
    BURST_GAP,
    CODE_GAP,
    COMMANDS,
    ECHO_GAP,
    ETX,
    STX,
    Assembler,
    Command,
    Event,
    Paste,
    Replay,
    Scan,
    Tag,
    Text,
    kind_of_code,
    may_become_code,
    names_a_school,
    read,
    reads_as_name,
    split,
)

KIT = "KL8B7XAPXYTMZ"
ENDINGS = ["\r", "\n", "\r\n", "\t"]
FEW = settings(max_examples=25)
"""Of each of a dozen cases or more: some hundreds of examples of the test."""


def on_german(text: str) -> str:
    """What a German keyboard shows when a US scanner sends `text`."""
    return text.translate(str.maketrans("YZyz", "ZYzy"))


def on_french(text: str) -> str:
    """What a French keyboard shows when a US scanner sends `text`, capitals by Shift."""
    return text.translate(str.maketrans("AQWZM1234567890", "QAZW?&é\"'(-è_çà"))


def repaired(shown: str) -> set[str]:
    """The tags that a garbled text can be, by German, French and Czech keyboards."""
    french = str.maketrans("QAZW?&é\"'(-è_çà", "AQWZM1234567890")
    czech = str.maketrans("YZyz+ěščřžýáíé", "ZYzy1234567890")
    meant = [on_german(shown), shown.translate(french), shown.translate(czech)]
    return {tags.bare(each) for each in meant if tags.is_tag(tags.bare(each))}


def a_tag(body: str) -> str:
    """The tag of a body; no tag if its check character falls outside the alphabet."""
    return tags.PREFIX + body + tags.check_character(body)


BODIES = st.text(tags.ALPHABET, min_size=tags.BODY_LENGTH, max_size=tags.LONGEST_BODY)
TAGS = BODIES.map(a_tag).filter(tags.is_tag)
CODES = TAGS | st.sampled_from(sorted(COMMANDS))
DRESSES: list[Callable[[str], str]] = [
    str,
    str.lower,
    tags.grouped,
    lambda code: "]Q1" + code,
    on_german,
    on_french,
    lambda code: on_german(code).lower(),
]


def typed(
    text: str,
    gap: float,
    start: float = 0.0,
    assembler: Assembler[str] | None = None,
    *,
    leaves: bool = True,
) -> list[Event[str]]:
    """Everything that comes of `text` typed at one pace by someone who then goes away, or not."""
    assembler = assembler or Assembler()
    outcomes: list[Event[str]] = []
    for number, character in enumerate(text):
        now = start + number * gap
        outcomes += assembler.expire(now)
        outcomes += assembler.feed(character, character, now)
    return outcomes + (assembler.expire(now + CODE_GAP) if leaves else [])


def replayed(outcomes: Iterable[Event[str]]) -> str:
    """The keys given on, as text; fails on anything but replays."""
    keys = ""
    for outcome in outcomes:
        assert isinstance(outcome, Replay)
        keys += "".join(outcome.keys)
    return keys


class TestRead:
    @pytest.mark.parametrize(
        "text",
        [
            KIT,
            KIT.lower(),
            "KL 8B7X-APXY-TMZ",
            "]Q1" + KIT,
            f"https://kits.example/t/{KIT}/",
            KIT + "\r\n",
        ],
    )
    def test_a_tag_however_it_was_sent(self, text: str) -> None:
        """Else Caps Lock, a scanner's setting or a web link would hide a kit that is there."""
        assert read(text) == Tag(KIT)

    @given(TAGS)
    def test_no_tag_is_a_card_or_needs_repair(self, tag: str) -> None:
        """Else a kit's label could undo the last loan."""
        assert read(tag) == Tag(tag)

    @pytest.mark.parametrize("dress", DRESSES[:4])
    @pytest.mark.parametrize(("code", "name"), COMMANDS.items())
    def test_cards(self, code: str, name: str, dress: Callable[[str], str]) -> None:
        """Else the technician would have to put the scanner down for the keyboard."""
        assert read(dress(code)) == Command(name)

    @pytest.mark.parametrize("code", COMMANDS)
    def test_cards_hold_a_letter_that_tags_never_do(self, code: str) -> None:
        """Else a longer tag, minted one day, could be a card."""
        assert code.startswith(tags.PREFIX)
        assert code.isascii()
        assert code.isalpha()
        assert "U" in code
        assert "U" not in tags.ALPHABET
        assert "U" in tags.bare(code)

    @given(BODIES)
    def test_german_keyboard(self, body: str) -> None:
        """Else every label with a Y or a Z would be a dead label on that laptop."""
        tag = a_tag(body[:-2] + "Y7")
        shown = on_german(tag)
        assume(tags.is_tag(tag) and not tags.is_tag(shown))
        assert read(shown) == Tag(tag, "German")

    @pytest.mark.parametrize("dress", [str, str.lower])
    def test_german_keyboard_says_so(self, dress: Callable[[str], str]) -> None:
        """Else nobody would learn that the scanner is set to the wrong country."""
        assert read(dress(on_german(KIT))) == Tag(KIT, layout="German")

    @given(CODES)
    def test_french_keyboard(self, code: str) -> None:
        """Else no label at all could be read on that laptop."""
        shown = on_french(code)
        assume(len(repaired(shown)) < 2)  # else it is one of two tags
        if shown != code:
            name = COMMANDS.get(code)
            assert read(shown) == (Command(name, "French") if name else Tag(code, "French"))

    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("  AC0001\r", "AC0001"),
            ("]C0AC0001", "AC0001"),
            ("Balwearie High School", "Balwearie High School"),
            ("", ""),
        ],
    )
    def test_anything_else_is_text(self, text: str, meaning: str) -> None:
        """Else a school's own card and old asset numbers could not be scanned."""
        assert read(text) == Text(meaning)

    def test_a_tag_with_a_slip_is_not_guessed(self) -> None:
        """Else the wrong kit would be lent."""
        for position in range(len(tags.PREFIX), len(KIT)):
            for character in "0123456789ABCDEFGHJKMNPQRSTVWX":
                slip = KIT[:position] + character + KIT[position + 1 :]
                if slip != KIT:
                    found = read(slip)
                    assert found == Text(slip) or (isinstance(found, Tag) and found.layout)


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a list in `tests/scanned`, which says where they are from."""
    with (Path(__file__).parent / "scanned" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestWhatScannersAdd:
    @pytest.mark.parametrize(
        "row", rows("scanner_texts.csv"), ids=lambda r: r["# sent by the scanner"]
    )
    def test_the_trials_cases(self, row: dict[str, str]) -> None:
        """Lost: a kit that is on the counter, for what its scanner was set to add."""
        sent, right = row["# sent by the scanner"], row["right"]
        if right.startswith("two tags"):
            assert [read(code) for code in split(sent)] == [
                Tag("KL168JVWQQSF9"),
                Tag("KL48Z23QCK68A"),
            ]
        elif right.startswith("tag"):
            assert read(sent) == Tag("KL168JVWQQSF9")
        else:
            assert right.startswith("command card RETURN on a Dvorak keyboard")
            assert read(sent) == Command("return", "Dvorak")
        assert not reads_as_name(sent)

    @pytest.mark.parametrize(
        "around",
        [
            "$%s",
            "~%s~",
            "#%s#",
            "<%s>",
            "QR:%s",
            "P01%s",
            "b3%s",
            "%s|",
            "%s;",
            "%s-QR",
            f"{STX}%s{ETX}",
        ],
    )
    @given(code=CODES)
    @FEW
    def test_a_prefix_and_a_suffix_are_left_out(self, around: str, code: str) -> None:
        """Lost: every kit at a desk whose scanner was set up for another program."""
        sent = around % code
        name = COMMANDS.get(code)
        letters = sent.partition(code)[0].strip("$~#<:" + STX)
        if not (name and letters):  # a word before a card may be a person's
            assert read(sent) == (Command(name) if name else Tag(code))

    @given(TAGS, st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), st.integers(2, 30))
    def test_an_extra_character_makes_no_other_tag(self, tag: str, extra: str, at: int) -> None:
        """Lost: a kit, lent because of a slip in the tag of another."""
        slip = tag[:at] + extra + tag[at:]
        if not tags.is_tag(slip):
            found = read(slip)
            assert isinstance(found, Text) or found.layout

    @pytest.mark.parametrize(
        "text", ["to KL168JVWQQSF9", "stock of KL168JVWQQSF9", "KL168JVWQQSF9 is wet"]
    )
    def test_words_about_a_tag_are_words(self, text: str) -> None:
        """Lost: what somebody typed, taken for a scan."""
        assert isinstance(read(text), Text)
        assert split(text) == [text]

    @given(st.lists(CODES, min_size=2, max_size=4), st.sampled_from(["", " ", ";", "**"]))
    def test_joined_codes_are_split(self, codes: list[str], between: str) -> None:
        """Lost: the second kit of a pile, when an Enter got lost."""
        assert split(between.join(codes)) == codes

    @pytest.mark.parametrize("gap", [0.004, 0.020])
    def test_joined_codes_are_as_many_scans(self, gap: float) -> None:
        """Lost: the same, at the desk."""
        assert typed(f"{KIT}KL168JVWQQSF9\r", gap) == [Scan(KIT), Scan("KL168JVWQQSF9")]

    @pytest.mark.parametrize("gap", [0.004, 0.020, 0.080])
    @pytest.mark.parametrize("ending", ["", "\r", "\r\n"])
    def test_stx_and_etx_around_a_code_are_part_of_its_scan(self, gap: float, ending: str) -> None:
        """Lost: an open question, answered by the Enter of a scan that was taken for typing."""
        assert typed(f"{STX}{KIT}{ETX}{ending}", gap) == [Scan(KIT)]

    def test_control_keys_of_a_person_are_theirs(self) -> None:
        """Lost: Ctrl+B and Ctrl+C, for whoever uses them."""
        assert replayed(typed(STX, 0.1)) == STX
        assert replayed(typed(ETX, 0.1)) == ETX
        assert replayed(typed(f"klara{ETX}", 0.1)) == f"klara{ETX}"

    @pytest.mark.parametrize("sent", ["*%s*", "$%s", "%s#"])
    def test_punctuation_from_a_slow_scanner(self, sent: str) -> None:
        """Lost: the Enter of a slow scanner, pressed on a button."""
        assert typed(sent % KIT + "\r", 0.080) == [Scan(sent % KIT)]

    @pytest.mark.parametrize("row", rows("layouts.csv"), ids=lambda r: r["shown"])
    def test_keyboards_of_other_countries(self, row: dict[str, str]) -> None:
        """Lost: cards and labels at a laptop from abroad; worst, a card taken for a school."""
        what, _, code = row["what"].partition(" ")
        found = read(row["shown"])
        wanted = {"card": Command(code, row["layout"]), "tag": Tag(code, row["layout"])}
        assert found == wanted.get(what, Text(row["shown"]))


class TestNames:
    @pytest.mark.parametrize("row", rows("not_schools.csv"), ids=lambda r: r["scanned"][:30])
    def test_a_code_is_no_name(self, row: dict[str, str]) -> None:
        """Lost: a kit, lent to a Wi-Fi network."""
        assert kind_of_code(row["scanned"]) == row["kind"]
        assert not reads_as_name(row["scanned"])
        assert not names_a_school(row["scanned"])

    @pytest.mark.parametrize(
        "name",
        [
            "Kilmarnock Academy",
            "KILMARNOCK ACADEMY",
            "St Mary's Primary, Leith",
            "Sgoil Lionacleit",
            "Àrd-sgoil Phort Rìgh",
            "High School of Dundee",
            "1st Fife Scouts",
            "University of St Andrews",
        ],
    )
    def test_a_schools_name_is_one(self, name: str) -> None:
        """Lost: lending by a scan of a school's own card."""
        assert kind_of_code(name) == ""
        assert reads_as_name(name)
        assert names_a_school(name) or name.startswith(("Sgoil", "Àrd"))

    @pytest.mark.parametrize(
        "text", ["Guest network", "Please return to the library", "Kyle", "Hello world", "UHI"]
    )
    def test_what_only_may_be_a_name_is_not_taken_for_one(self, text: str) -> None:
        """Lost: a kit, lent to a sentence on a poster."""
        assert not names_a_school(text)


class TestScanners:
    @pytest.mark.parametrize("ending", ENDINGS)
    @pytest.mark.parametrize("gap", [0.004, 0.020, 0.045, 0.080])
    @given(code=CODES, dress=st.sampled_from(DRESSES))
    @FEW
    def test_a_code_is_one_scan(
        self, gap: float, ending: str, code: str, dress: Callable[[str], str]
    ) -> None:
        """Else a slow scanner would type into whatever has the focus and press it."""
        sent = dress(code)
        assume(tags.is_tag(tags.bare(sent)) or len(repaired(sent)) < 2)  # else it is one of two
        assert typed(sent + ending, gap) == [Scan(sent)]

    @pytest.mark.parametrize("ending", ENDINGS)
    @pytest.mark.parametrize("gap", [0.001, 0.004, 0.020])
    @pytest.mark.parametrize(
        "text", ["AC0001", "Balwearie High School", "https://kits.example/t/x"]
    )
    def test_other_text_is_a_scan_by_its_pace(self, text: str, gap: float, ending: str) -> None:
        """Else a school's card would be typed into a button."""
        assert typed(text + ending, gap) == [Scan(text)]

    def test_a_damaged_code_from_a_slow_scanner(self) -> None:
        """Else a misread label would answer the dialog on the screen."""
        assert typed(KIT[:-1] + "0\r", 0.080) == [Scan(KIT[:-1] + "0")]

    @given(CODES, st.integers(1, 20), st.floats(0.2, 0.9), st.sampled_from([0.02, 0.08]))
    def test_a_pause_of_the_machine_does_not_part_a_scan(
        self, code: str, at: int, pause: float, gap: float
    ) -> None:
        """Else a label would be typed into a form, and Enter take a kit of that name in."""
        assembler: Assembler[str] = Assembler()
        begun, rest = code[:at], code[at:] + "\r"
        first = typed(begun, gap, 0.0, assembler)
        later = typed(rest, gap, (len(begun) - 1) * gap + pause, assembler)
        assume((len(code) - 1) * gap + pause <= CODE_GAP * len(code))
        scan = later[-1]
        assert isinstance(scan, Scan)
        assert scan.text == code
        assert replayed([*first, *later[:-1]]) == scan.typed

    @pytest.mark.parametrize("name", ["Kilmarnock Academy", "Àrd-sgoil Phort Rìgh", "AC0001"])
    @pytest.mark.parametrize("at", [2, 3, -3, -2, -1])
    def test_nor_does_it_part_the_card_of_a_school(self, name: str, at: int) -> None:
        """Else a kit would be offered to `cademy`."""
        assembler: Assembler[str] = Assembler()
        pause = BURST_GAP * (len(name) - 1)
        first = typed(name[:at], 0.001, 0.0, assembler)
        later = typed(name[at:] + "\r", 0.001, len(name[:at]) * 0.001 + pause, assembler)
        assert later == [Scan(name, replayed(first))]

    @pytest.mark.parametrize("gap", [0.06, 0.1, 0.2])
    def test_a_key_pressed_before_a_scan_is_no_part_of_it(self, gap: float) -> None:
        """Else the last letter of a word would be lent along with the kit."""
        assembler: Assembler[str] = Assembler()
        word = typed("ab", gap, 0.0, assembler, leaves=False)
        scan = typed("AC0001\r", 0.004, 2 * gap, assembler)
        assert replayed([*word, *scan[:-1]]) == "ab"
        assert scan[-1] == Scan("AC0001")

    def test_a_code_that_a_person_types_is_typing(self) -> None:
        """Else what somebody reads from a label would leave the field that it is meant for."""
        assert replayed(typed(KIT + "\r", 0.25)) == KIT + "\r"

    def test_two_scans_back_to_back(self) -> None:
        """Else the second kit of a pile would be left out."""
        assert typed(f"{KIT}\r\n{KIT}\r\n", 0.004) == [Scan(KIT), Scan(KIT)]

    def test_a_scan_right_after_typing(self) -> None:
        """Else half a word in the search box would swallow the kit."""
        assembler: Assembler[str] = Assembler()
        outcomes = [*assembler.feed("w", "w", 0.0), *typed(KIT + "\r", 0.004, 0.2, assembler)]
        assert outcomes == [Replay(("w",)), Scan(KIT)]

    def test_a_lone_enter_after_a_scan_is_a_persons(self) -> None:
        """Else Enter for "all there" would be eaten after the scan that asked."""
        assembler: Assembler[str] = Assembler()
        typed(KIT + "\r", 0.004, 0.0, assembler)
        ended = len(KIT) * 0.004
        assert assembler.feed("enter", "\r", ended + ECHO_GAP + 0.01) == [Replay(("enter",))]

    def test_an_enter_after_another_key_is_a_persons(self) -> None:
        """Else a key pressed at once after a scan would lose its Enter."""
        assembler: Assembler[str] = Assembler()
        typed(KIT + "\r", 0.0, 0.0, assembler)
        assert assembler.feed("left", "", 0.01) == [Replay(("left",))]
        assert assembler.feed("enter", "\r", 0.02) == [Replay(("enter",))]


class TestPeople:
    @pytest.mark.parametrize("gap", [0.090, 0.120, 0.150, 0.200])
    @pytest.mark.parametrize("ending", ["", "\r", "\t"])
    @pytest.mark.parametrize("word", ["hello", "klara", "kl", "klaras", "kluane", "KLM 1234 x"])
    def test_typing_comes_out_as_it_went_in(self, word: str, ending: str, gap: float) -> None:
        """Else a name that starts like a tag would vanish from the search box."""
        assert replayed(typed(word + ending, gap)) == word + ending

    def test_a_roll_of_two_keys(self) -> None:
        """Else fast fingers would lose letters."""
        assert replayed(typed("th", 0.020)) == "th"

    def test_editing_keys_wait_for_no_one(self) -> None:
        """Else Backspace would act before the letter that it should delete."""
        assembler: Assembler[str] = Assembler()
        assert assembler.feed("k", "k", 0.0) == []
        assert assembler.feed("backspace", "", 0.01) == [Replay(("k", "backspace"))]
        assert assembler.deadline is None

    @pytest.mark.parametrize(("held", "patience"), [("k", CODE_GAP), ("h", BURST_GAP)])
    def test_nothing_is_held_for_longer_than_promised(self, held: str, patience: float) -> None:
        """Else typing would feel stuck."""
        assembler: Assembler[str] = Assembler()
        assembler.feed(held, held, 5.0)
        assert assembler.deadline == 5.0 + patience
        assert assembler.expire(5.0 + patience - 0.001) == []
        assert assembler.expire(5.0 + patience) == [Replay((held,))]


class TestPastes:
    def test_one_code(self) -> None:
        """Else a clipboard scanner, or a tag from an email, would only fill a field."""
        assembler: Assembler[str] = Assembler()
        assert assembler.paste(f" {KIT}\n", 0.0) == [Scan(KIT)]
        assert assembler.feed("enter", "\r", 0.05) == []

    def test_a_list_of_codes(self) -> None:
        """Else only the first kit of a pasted list would be lent."""
        lines = [KIT, "KL 8B7X-APXY-TMZ", "KLUDONE"]
        assembler: Assembler[str] = Assembler()
        assert assembler.paste("\r\n".join(lines) + "\r\n\r\n", 0.0) == [*map(Scan, lines)]

    @pytest.mark.parametrize("text", ["Balwearie High School", f"{KIT}\nand more", "", "\n"])
    def test_any_other_paste_is_left_alone(self, text: str) -> None:
        """Else a pasted note would be cut up."""
        assembler: Assembler[str] = Assembler()
        assert assembler.paste(text, 0.0) == [Paste(text)]
        assert assembler.feed("enter", "\r", 0.01) == [Replay(("enter",))]

    def test_what_was_typed_before_comes_before(self) -> None:
        """Else a letter would land behind the text pasted after it."""
        assembler: Assembler[str] = Assembler()
        assembler.feed("k", "k", 0.0)
        assert assembler.paste("ilo", 0.01) == [Replay(("k",)), Paste("ilo")]


CHARACTERS = st.sampled_from([*"kKlLaU8yz]Q1 -é", "\r", "\n", "\t", ""])
GAPS = st.sampled_from([0.0, 0.004, 0.034, 0.036, 0.079, 0.081, 0.159, 0.161, 1.0])
PASTES = st.sampled_from([KIT, f"{KIT}\nKLUDONE", "hello", "", f"{KIT}\nx"])
SCANS = st.tuples(CODES, st.sampled_from(ENDINGS)).map("".join)
STEPS = st.lists(
    st.tuples(st.just("key"), CHARACTERS, GAPS)
    | st.tuples(st.just("paste"), PASTES, GAPS)
    | st.tuples(st.just("scan"), SCANS, GAPS)
    | st.tuples(st.just("wait"), st.just(""), GAPS),
    max_size=30,
)

Fed = tuple[int, str]
"""A key as the front end has it: which press it was, and what it types."""


class Counter:
    """Keeps the account: every key in is later replayed, scanned or spent, once and in order."""

    def __init__(self) -> None:
        self.assembler: Assembler[Fed] = Assembler()
        self.owed: list[Fed] = []
        self.presses = 0
        self.now = 0.0
        self.last_scan = -1.0

    def press(self, character: str) -> None:
        key = (self.presses, character)
        self.presses += 1
        self.owed.append(key)
        outcomes = self.assembler.feed(key, character, self.now)
        self.settle(outcomes)
        if self.owed and self.assembler.deadline is None:  # neither given on nor held: spent
            assert not outcomes
            assert self.owed == [key]
            assert character in {"\r", "\n", "\t"}
            assert 0 <= self.now - self.last_scan <= ECHO_GAP
            self.owed.clear()

    def paste(self, text: str) -> None:
        *before, last = self.assembler.paste(text, self.now)
        if last == Paste(text):
            self.settle(before)
        else:
            replays = [outcome for outcome in before if isinstance(outcome, Replay)]
            scans = [outcome for outcome in [*before, last] if isinstance(outcome, Scan)]
            assert [*before, last] == [*replays, *scans]
            assert [scan.text for scan in scans] == text.split("\n")
            self.settle(replays)
            self.last_scan = self.now
        assert not self.owed

    def settle(self, outcomes: Sequence[Event[Fed]]) -> None:
        for outcome in outcomes:
            match outcome:
                case Replay(keys):
                    assert list(keys) == self.owed[: len(keys)]
                    del self.owed[: len(keys)]
                case Scan(text, begun):
                    rest = "".join(character for _, character in self.owed[:-1])
                    assert text == begun + rest, "a scan has all of its keys, and no others"
                    self.owed.clear()
                    self.last_scan = self.now
                case Paste():
                    pytest.fail("nothing was pasted")

    def check_patience(self) -> None:
        deadline = self.assembler.deadline
        assert (deadline is None) == (not self.owed)
        if deadline is not None:
            held = "".join(character for _, character in self.owed)
            patience = CODE_GAP if may_become_code(held) else BURST_GAP
            assert deadline <= self.now + patience


@given(STEPS, st.booleans())
def test_every_key_is_accounted_for(steps: list[tuple[str, str, float]], prompt: bool) -> None:
    """Else what a person typed would depend on how busy the computer was."""
    desk = Counter()
    for kind, text, gap in steps:
        deadline = desk.assembler.deadline
        if prompt and deadline is not None and deadline <= desk.now + gap:
            desk.settle(desk.assembler.expire(deadline))
            assert not desk.owed
        desk.now += gap
        match kind:
            case "key":
                desk.press(text)
            case "paste":
                desk.paste(text)
            case "scan":
                for character in text:
                    desk.press(character)
            case "wait":
                desk.settle(desk.assembler.expire(desk.now))
        if kind != "wait":
            desk.check_patience()
    desk.settle(desk.assembler.expire(desk.now + CODE_GAP))
    assert not desk.owed
