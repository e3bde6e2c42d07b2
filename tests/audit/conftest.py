"""ESP's store on both databases; the colleges each have a file."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import kitloan
from audit.scotland import Scotland
from conftest import SetClock


@pytest.fixture
def scotland(new_place: Callable[[], str], tmp_path: Path, clock: SetClock) -> Iterator[Scotland]:
    """Nobody holds anything yet."""
    with ExitStack() as stack:
        esp = kitloan.init("esp", new_place(), actor="auditor", clock=clock)
        yield Scotland(tmp_path, clock, stack.enter_context(esp), stack)
