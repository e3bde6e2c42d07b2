"""Looking for circles of objects: rarely while entries are replayed, and as before after it."""

import gc
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from kitloan.college import College
from kitloan.ledger.collecting import collecting_rarely


@pytest.fixture
def usual() -> Iterator[tuple[int, int, int]]:
    """What another program had set."""
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 9)
    yield gc.get_threshold()
    gc.set_threshold(*before)


def test_a_program_that_verifies_has_its_own_setting_again(
    fife: College, usual: tuple[int, int, int]
) -> None:
    """A program that uses the library would go on with a setting that it never made."""
    seen = list[int]()
    assert fife.ledger.verify(lambda _done, _total: seen.append(gc.get_threshold()[0])).ok
    assert gc.get_threshold() == usual
    assert max(seen) > usual[0]
    with pytest.raises(KeyboardInterrupt), collecting_rarely():
        raise KeyboardInterrupt
    assert gc.get_threshold() == usual


def test_the_last_of_two_threads_sets_it_back(usual: tuple[int, int, int]) -> None:
    """A desk that merges while it verifies would keep the setting for ever."""
    inside, leave = Event(), Event()

    def other() -> None:
        with collecting_rarely():
            inside.set()
            leave.wait()

    thread = Thread(target=other)
    with collecting_rarely():
        thread.start()
        inside.wait()
    assert gc.get_threshold()[0] > usual[0]
    leave.set()
    thread.join()
    assert gc.get_threshold() == usual


def test_a_program_without_it_stays_without() -> None:
    """One that must never pause would."""
    before = gc.get_threshold()
    gc.set_threshold(0, 5, 5)
    try:
        with collecting_rarely():
            assert gc.get_threshold() == (0, 5, 5)
    finally:
        gc.set_threshold(*before)
