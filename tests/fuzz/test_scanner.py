"""What a scanner types, in any order and at any pace: no key is lost, none is pressed twice."""

from hypothesis import settings
from hypothesis import strategies as st

from fuzz.fuzzing import fuzz, runs
from kitloan.text.scans import COMMANDS, Assembler, Command, Paste, Replay, Scan, Tag, read
from kitloan.text.tags import is_tag

TEXTS = st.sampled_from([*COMMANDS, "KL8B7XAPXYTMZ", "]Q1KL8B7XAPXYTMZ", "kl8b7-xapx", "AC0001"])
TYPED = TEXTS | st.text(max_size=40)
KEYS = st.one_of(
    TYPED.map(list),
    st.sampled_from(["\r", "\n", "\t", "\r\n"]).map(list),
    st.just([""]),
)
GAPS = st.sampled_from([0.0, 0.001, 0.034, 0.035, 0.08, 0.119, 0.121, 0.159, 0.161, 3.0])
EVENTS = st.lists(
    st.tuples(KEYS, GAPS, st.sampled_from(["keys"] * 8 + ["paste", "wait"])), max_size=8
)


@runs
def test_any_text_means_something(how: settings) -> None:
    """Whatever a scanner sends is a tag, a card or text; a tag always has its check character."""

    def check(text: str) -> None:
        found = read(text)
        if isinstance(found, Tag):
            assert is_tag(found.tag)
        elif isinstance(found, Command):
            assert found.name in COMMANDS.values()

    fuzz(how, TYPED | st.text(st.characters(codec=None), max_size=60), check)


@runs
def test_no_key_is_lost_or_invented(how: settings) -> None:
    """A lost key is a wrong note; an invented Enter presses the button that has the focus."""

    def check(events: list[tuple[list[str], float, str]]) -> None:
        assembler: Assembler[int] = Assembler()
        at, number = 0.0, 0
        pressed: dict[int, str] = {}
        outcomes: list[object] = []
        for keys, gap, kind in events:
            if kind == "paste":
                outcomes += assembler.paste("".join(keys), at)
                continue
            for character in keys:
                at += gap
                if kind == "wait":
                    outcomes += assembler.expire(at)
                number += 1
                pressed[number] = character
                outcomes += assembler.feed(number, character, at)
        outcomes += assembler.expire(at + 10)
        assert assembler.deadline is None
        given = [key for each in outcomes if isinstance(each, Replay) for key in each.keys]
        assert given == sorted(set(given))
        scanned = [each.text for each in outcomes if isinstance(each, Scan)]
        spent = "".join(character for key, character in pressed.items() if key not in set(given))
        typed = "".join(c for c in spent if c not in "\r\n\t")
        pasted = [each for each in outcomes if isinstance(each, Paste)]
        assert typed in "".join(scanned) or pasted
        for text in scanned:
            read(text)

    fuzz(how, EVENTS, check)
