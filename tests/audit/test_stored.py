"""Long lists on disk are the lists that they would be in memory."""

import dataclasses
import pickle
import random
import tracemalloc
from datetime import date
from pathlib import Path

import pytest

from kitloan import StoreError
from kitloan.audit import stored
from kitloan.audit.findings import Finding

PLACES = [slice(0), slice(3), slice(600, 905), slice(-4, None), slice(None, None, 7), slice(9, 2)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of more than seven are long."""
    monkeypatch.setattr(stored, "MOST_IN_MEMORY", 7)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("many", [0, 1, 7, 8, 250, 257, 1_001])
def test_a_list_on_disk_is_that_list(many: int) -> None:
    """A table of a large nation would lose or swap rows."""
    things = [(number, f"thing {number}", None) for number in range(many)]
    found = stored.keep(iter(things))
    assert isinstance(found, tuple) == (many <= 7)
    assert len(found) == many
    assert list(found) == things
    for place in PLACES:
        assert list(found[place]) == things[place]
    for number in {0, many // 2, many - 1} if many else set():
        assert found[number] == things[number]
    assert not many or found[-1] == things[-1]
    for number in (many, -many - 1):
        with pytest.raises(IndexError):
            found[number]
    both = list(zip(found, found, strict=True))  # two readers at once
    assert both == list(zip(things, things, strict=True))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("many", [0, 6, 7, 8, 14, 100, 1_001])
def test_what_is_sorted_on_disk_is_sorted_as_in_memory(many: int) -> None:
    """Problems would be out of order, and the same report differ from run to run."""
    chance = random.Random(many)
    things = [(chance.choice("Äab\U0001f600"), number) for number in range(many)]
    found = stored.keep_sorted(things, lambda each: each[0])
    assert list(found) == sorted(things, key=lambda each: each[0])


@pytest.mark.usefixtures("few")
def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """ESP would see a traceback where the folder for temporary files cannot be used."""
    monkeypatch.setattr(
        stored.tempfile, "TemporaryFile", lambda **_: (tmp_path / "no" / "f").open()
    )
    with pytest.raises(StoreError) as refused:
        stored.keep(range(8))
    assert refused.value.code == "unreachable"


def test_what_is_on_disk_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report of a thousand colleges took half a gigabyte."""
    monkeypatch.setattr(stored, "MOST_IN_MEMORY", 500)
    names = (f"Kit {number}, of which there is something to report" for number in range(40_000))
    tracemalloc.start()
    try:
        found = stored.keep_sorted(names, lambda name: name[::-1])
        assert sum(1 for _ in found) == 40_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    in_memory = 40_000 * 100
    assert most < in_memory


def test_a_finding_is_packed_by_its_fields() -> None:
    """Python looks up the names of its fields each time: a third of a long report's time."""
    found = Finding("overdue", "fife", "KL0A", "It is late.", date(2026, 1, 2), "Known.", True)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found.__reduce__() == (Finding, dataclasses.astuple(found))
