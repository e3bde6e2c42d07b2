"""Valid examples, spoilt: the strategies and the two lengths of run that the fuzz tests share."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kitloan import KitloanError

EVERYDAY = settings(
    max_examples=60,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(EVERYDAY, max_examples=5_000)

runs = pytest.mark.parametrize(
    "how",
    [pytest.param(EVERYDAY, id="everyday"), pytest.param(LONG, id="long", marks=pytest.mark.soak)],
)
"""Run a fuzz test for some seconds every day, and for long in `make soak`."""

HANGS = 60
"""Seconds after which a parser hangs. The inputs here are small: a good one takes milliseconds."""

JUNK = (
    *(
        b"",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\r",
        b"\n\n",
        b'"',
        b"'",
        b",",
    ),
    *(
        b";",
        b"\t",
        b"=1+1",
        b"-1",
        b"0",
        b"9" * 5000,
        b"1e999",
        b"nan",
        b"31/02/2026",
        b"99999-1-1",
    ),
    *(b"\x1b[2J", "\u202e".encode(), "à̀ﷺ".encode(), "\u0660".encode(), b"[" * 3000, b"{" * 3000),
    *(b"true", b"null", b"KL", b"KL8B7XAPXYTMZ", b"<", b"&", b"%", b"\\", b"#REF!", b"A" * 70_000),
)


def spoilt(*examples: bytes, more: tuple[bytes, ...] = ()) -> st.SearchStrategy[bytes]:
    """One of the examples after some accidents: bytes flipped, cut, swapped, put in, repeated."""
    junk = st.sampled_from([*JUNK, *more]) | st.binary(max_size=6)
    place = st.integers(0, max(map(len, examples)))
    accidents = st.lists(
        st.tuples(
            st.sampled_from(["flip", "cut", "swap", "put", "say", "end"]), place, place, junk
        ),
        min_size=1,
        max_size=6,
    )
    return st.builds(_after, st.sampled_from(examples), accidents)


def _after(content: bytes, accidents: list[tuple[str, int, int, bytes]]) -> bytes:
    for kind, at, other, junk in accidents:
        a, b = sorted((at % (len(content) + 1), other % (len(content) + 1)))
        match kind:
            case "flip" if a < len(content):
                content = content[:a] + bytes([content[a] ^ (1 << other % 8)]) + content[a + 1 :]
            case "cut":
                content = content[:a] + content[min(b, a + 40) :]
            case "swap":
                content = content[b:] + content[a:b] + content[:a]
            case "put":
                content = content[:a] + junk + content[a:]
            case "say":
                content = content[:a] + content[a:b] * 2 + content[b:]
            case "end":
                content = content[:b]
    return content


ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2**31, 2**63, 10**400, 0.5, float("inf"), float("nan")]),
    st.sampled_from(
        ["", "=1", "\x00", "\ud800", "\u202e", "A" * 300, "2026-02-30", "esp", "/", "\n"]
    ),
    st.sampled_from([[], {}, [[]], {"kind": "x"}, ["a", 1]]),
)
"""Values of every kind that JSON and TOML know, most of them wrong wherever they are put."""


def fuzz(how: settings, strategy: st.SearchStrategy[Any], check: Callable[[Any], object]) -> None:
    """Give what the strategy draws to `check`, as often as `how` says."""

    def one(drawn: Any) -> None:
        with no_longer_than(HANGS):
            check(drawn)

    how(given(strategy)(one))()


def answer_or_refusal(read: Callable[[], Any]) -> Any:
    """What came of it; None after a refusal, which must have words. Anything else goes up."""
    try:
        return read()
    except KitloanError as refusal:
        assert refusal.code
        assert refusal.message.strip()
        str(refusal.as_json())
        return None


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Break off what hangs, where the system can."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def hangs(_signal: int, _frame: object) -> None:
        raise AssertionError(f"no answer after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
