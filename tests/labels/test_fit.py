"""Words in the room they have."""

from hypothesis import example, given
from hypothesis import strategies as st

from kitloan_labels.fit import Fitted, fit, wrap


def measure(text: str) -> float:
    """A typewriter's width: half a size for each character."""
    return len(text) / 2


def fitted(text: str, width: float = 50, height: float = 40) -> Fitted:
    """As on a small label: from 10 points down to 6."""
    return fit(text, measure, width, height, 10, 6)


@given(st.text("ab ", max_size=80).map(str.strip), st.floats(10, 200), st.floats(0, 100))
@example("a", 10, 6 * 1.17)
def test_words_never_leave_their_room(text: str, width: float, height: float) -> None:
    """Lost: a long name printed across the next label."""
    result = fitted(text, width, height)
    assert result.height <= height + 1e-9
    for line in result.lines:
        assert measure(line) * result.size <= width + 1e-9


def test_a_short_name_keeps_its_size() -> None:
    """Lost: labels whose type differs in size for no reason."""
    assert fitted("Arduino") == Fitted(("Arduino",), 10)


def test_a_name_a_little_too_long_shrinks_and_stays_on_its_line() -> None:
    """Lost: "MTa" on one line and "Kit" on the next."""
    result = fitted("MTa STEM Kit")
    assert result.lines == ("MTa STEM Kit",)
    assert 8 <= result.size < 10


def test_a_longer_name_breaks_between_its_words() -> None:
    """Lost: a name cut short on a label that has room below."""
    assert fitted("Snap Circuits Electricity").lines == ("Snap", "Circuits", "Electricity")


def test_what_cannot_fit_ends_at_a_word() -> None:
    """Lost: half words, and no sign that there was more."""
    assert fitted("RAF Museum glider set along with a tunnel", height=15).lines == (
        "RAF Museum",
        "glider set…",
    )


def test_what_was_left_out_is_told() -> None:
    """Lost: the choice of shorter words, made while there still is one."""
    assert fitted("RAF Museum glider set along with a tunnel").whole
    assert not fitted("RAF Museum glider set along with a tunnel", height=15).whole
    assert not fitted("AC0001", height=5).whole
    assert fitted("", height=5).whole


def test_what_fits_whole_at_the_smallest_size_has_no_ellipsis() -> None:
    """Lost: a reader would look for words that were never there."""
    assert fit("one two three", measure, 15, 21.5, 6.7, 6).lines == ("one", "two", "three")


def test_a_word_longer_than_the_line_is_broken_rather_than_lost() -> None:
    """Lost: a part number that is one long word."""
    assert "".join(wrap("PN-0123456789-ABCDEF", measure, 5)) == "PN-0123456789-ABCDEF"


def test_a_no_break_space_holds_its_words_together() -> None:
    """Lost: "Red holdall, 2" on one line and "of 3" on the next."""
    assert list(wrap("Red holdall, 2\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}3", measure, 7)) == [
        "Red holdall,",
        "2\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}3",
    ]


def test_no_room_gives_no_lines() -> None:
    """Lost: an asset number printed over the college's name."""
    assert fitted("AC0001", height=5).lines == ()
