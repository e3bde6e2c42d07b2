"""A disk that is full, or files that may not grow: refused with exit code 3, and nothing by halves.

The disk is a small one of its own, filled but for so many bytes, so that the room runs out at every
point of a change: in the journal, in the file, or not at all.
"""

import contextlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

import kitloan
from cli.running import PROGRAM
from faults.beneath import command, files_no_longer_than, fill, program, small_disk
from faults.conftest import KITS

PAGE = 4096
REGISTER = "Kit No,Description\n" + "".join(f"N{number},Telescope\n" for number in range(300))
WORK = (
    ("checkout", *KITS[:5], "--to", "Àrd-sgoil Mhic Neacail", "--json"),
    ("import", "{register}", "--json"),
    ("ledger", "export", "{folder}/fife.kitloan", "--json"),
    ("backup", "{folder}/backup.sqlite", "--json"),
    ("labels", "--all", "--stock", "l7160", "--out", "{folder}/x.pdf", "--json"),
)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A disk of three megabytes."""
    with contextlib.ExitStack() as until_the_end:
        try:
            yield until_the_end.enter_context(small_disk(3_000))
        except PermissionError as problem:
            pytest.skip(problem.strerror or "")


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """A register of three hundred holdings, on another disk."""
    path = tmp_path / "register.csv"
    path.write_text(REGISTER)
    return path


def entries(store: Path) -> int:
    """How many entries the ledger has, which verifies."""
    with kitloan.open(store) as desk:
        verdict = desk.ledger.verify()
        assert verdict.ok, verdict.findings
        return verdict.ledgers[0].entries


def parts(folder: Path) -> list[str]:
    """What is left by halves in a folder."""
    return [each for each in names_in(folder) if each.endswith((".part", "-journal"))]


def names_in(folder: Path) -> list[str]:
    """What lies in a folder, hidden files too."""
    return [each.name for each in folder.iterdir()]


@pytest.mark.parametrize("work", WORK, ids=lambda work: work[0])
def test_a_full_disk_refuses_and_keeps_what_there_is(
    disk: Path, stocked: Path, register: Path, work: tuple[str, ...]
) -> None:
    """On the day that the disk is full, what was lent must stay lent, and nothing be half done."""
    store = Path(shutil.copy(stocked, disk / "fife.sqlite"))
    line = [part.format(register=register, folder=disk) for part in work]
    filler, before = fill(disk, leave=0), store.read_bytes()
    answer = program(store, *line)
    assert answer.code in (2, 3), answer.out  # 2: the file that was named cannot be written
    assert answer.error["code"] in ("full", "cannot_write", "unreachable")
    assert "Traceback" not in answer.err
    assert store.read_bytes() == before
    assert (parts(disk), set(names_in(disk)) - {"backups"}) == ([], {"filler", "fife.sqlite"})
    filler.unlink()
    assert command(store, *line).code == 0
    assert entries(store) >= 15


@pytest.mark.parametrize(
    "pages",
    [*(0, 3, 9, 40), *(pytest.param(n, marks=pytest.mark.soak) for n in range(64))],
)
def test_room_that_runs_out_in_the_middle(
    disk: Path, stocked: Path, register: Path, pages: int
) -> None:
    """Half a basket or half a register in the books could be neither used nor said again."""
    store = Path(shutil.copy(stocked, disk / "fife.sqlite"))
    (disk / "backups").touch()  # no copy of the day takes the room
    filler, before = fill(disk, leave=pages * PAGE), entries(store)
    for work, takes in ((lend, 5), (take_in, 301)):
        try:
            work(store, register)
        except kitloan.StoreError as refusal:
            assert refusal.code == "full"
            assert entries(store) == before
        else:
            before += takes
            assert entries(store) == before
    filler.unlink()
    assert not parts(disk)
    with kitloan.open(store) as desk:
        desk.loans.check_out([KITS[6]], "Balwearie High School")
    assert entries(store) == before + 1


def lend(store: Path, _register: Path) -> None:
    """Five kits to a school that is known: five entries."""
    with kitloan.open(store, actor="m.ross") as desk:
        desk.loans.check_out(KITS[:5], "Balwearie High School")


def take_in(store: Path, register: Path) -> None:
    """A register of one new type: an entry for it and for each row."""
    with kitloan.open(store, actor="m.ross") as desk:
        desk.registers.take_in(register)


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="there is no such limit here")
@pytest.mark.parametrize("work", WORK, ids=lambda work: work[0])
def test_a_limit_on_the_size_of_files(
    stocked: Path, register: Path, tmp_path: Path, work: tuple[str, ...]
) -> None:
    """A quota on a college's share is met in words, and nothing that was there is lost."""
    folder = tmp_path / "out"
    folder.mkdir()
    line = [part.format(register=register, folder=folder) for part in work]
    before = stocked.read_bytes()
    answer = program(stocked, *line, prepare=files_no_longer_than(2 * PAGE))
    assert "Traceback" not in answer.err
    if answer.code == 0:  # a small file fits under the limit
        assert work[0] in ("ledger", "labels", "checkout")
    else:
        assert answer.code in (2, 3), answer.out
        assert answer.error["code"] in ("full", "cannot_write", "unreachable")
        assert stocked.read_bytes() == before
        # The ledger is whole in its file; that it was sent could not be noted in the store.
        assert names_in(folder) == (["fife.kitloan"] if work[0] == "ledger" else [])
    assert not parts(stocked.parent)
    assert command(stocked, *line).code in (0, 1)
    assert entries(stocked) >= 15


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no such device here")
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["words", "json"])
def test_an_answer_that_found_no_room(stocked: Path, form: list[str]) -> None:
    """A loan that was made is not to be called undone: the kit would be written down twice."""
    with Path("/dev/full").open("w") as full:

        def said(*args: str, stderr: IO[str] | int = subprocess.PIPE) -> tuple[int, str]:
            line = [PROGRAM, "--store", stocked, "--as", "m.ross", *args, *form]
            done = subprocess.run(line, stdout=full, stderr=stderr, timeout=300)
            return done.returncode, (done.stderr or b"").decode()

        code, words = said("checkout", KITS[0], "--to", "Viewforth")
        looked = said("find", KITS[0])
        refused = said("show", "none such")
        unheard = said("show", KITS[0], stderr=full)
    assert (code, "was carried out" in words) == (3, True), words
    assert command(stocked, "show", KITS[0], "--json").json["loan"]["to"] == "Viewforth"
    assert looked == (3, looked[1])
    assert looked[1].startswith("kitloan: The answer could not be written: No space left")
    assert len(looked[1].splitlines()) == 2, looked[1]
    assert refused[0] == (3 if form else 2)
    assert unheard[0] in (3, 120)
