"""What differs on Windows, forced where these tests run: docs/windows.md lists it.

The system is played, not kitloan: `sys.platform` is Windows's, and the calls of the operating
system refuse what Windows refuses, above all to delete or replace a file that somebody has open.
"""

import errno
import gzip
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

import kitloan
from cli.running import PROGRAM
from kitloan import BadInput, NewHolding, Refused
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.cli.context import App
from kitloan.cli.doctor import _readers, _subject
from kitloan.cli.provision import provision
from kitloan.college import College
from tui.at_the_desk import at_desk

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="which files are open is asked of Linux"
)
FORBIDDEN = set('<>:"|?*\\')
RESERVED = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))}


def is_open(path: object) -> bool:
    """Whether this process has a file open, as Windows looks at it: by the file, not the name."""
    try:
        wanted = Path(str(path)).stat()
    except OSError:
        return False
    for each in Path("/proc/self/fd").iterdir():
        try:
            found = each.stat()
        except OSError:
            continue
        if stat.S_ISREG(found.st_mode) and os.path.samestat(found, wanted):
            return True
    return False


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system as Windows has it."""

    def in_use(*names: object) -> None:
        for name in names:
            if is_open(name):
                raise PermissionError(errno.EACCES, "The process cannot access the file", name)

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*names: object, **more: Any) -> Any:
            if not more.get("dir_fd"):
                in_use(*names)
            return real(*names, **more)

        return call

    for name in ("replace", "rename", "unlink", "remove"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr("signal.SIGHUP")


@pytest.fixture
def place(tmp_path: Path) -> str:
    """Where the store is: a file, as on every laptop."""
    return str(tmp_path / "fife.sqlite")


@pytest.fixture
def lent(fife: College) -> College:
    """A store with something in it."""
    kit = fife.holdings.add(NewHolding("STEM kit", asset_number="FC001")).tag
    fife.loans.check_out([kit], "Balwearie High School", contact="Ann Bain")
    return fife


def restored(backup: Path, place: str) -> Any:
    """Restore, as the command does."""
    with restoring(RestoreRequest(backup, place, "m.ross")) as found:
        return found.carry_out()


def test_a_restore_replaces_the_file_when_nobody_has_it_open(
    windows: None, lent: College, place: str, tmp_path: Path
) -> None:
    """Windows replaces no open file, also not one that the restore itself has open."""
    backup = tmp_path / "backup.sqlite"
    lent.backups.make(backup)
    lent.loans.check_in(["FC001"])
    lent.close()
    done = restored(backup, place)
    assert Path(done.kept).is_file()
    with kitloan.open(place, actor="m.ross") as desk:
        assert desk.find.holding("FC001").status == "out"


def test_a_restore_under_an_open_desk_is_refused(
    windows: None, lent: College, place: str, tmp_path: Path
) -> None:
    """A half-replaced store would be the worst answer to a lost one."""
    backup = tmp_path / "backup.sqlite"
    lent.backups.make(backup)
    with kitloan.open(place, actor="j.bain") as other:
        other.find.holding("FC001")
        before = Path(place).read_bytes()
        with pytest.raises(Refused) as refused:
            restored(backup, place)
        assert refused.value.code == "in_use"
        assert "Close the desks" in refused.value.hint
        assert Path(place).read_bytes() == before
    lent.close()
    assert restored(backup, place).store == place


def test_a_damaged_store_is_kept_where_files_have_one_name(
    windows: None, lent: College, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A memory stick has no second names for a file."""

    def no_links(*_names: object, **_more: object) -> None:
        raise OSError(errno.EPERM, "not supported")

    monkeypatch.setattr(os, "link", no_links)
    backup = tmp_path / "backup.sqlite"
    lent.backups.make(backup)
    lent.close()
    damaged = Path(place).read_bytes()[:9_000]
    Path(place).write_bytes(damaged)
    done = restored(backup, place)
    assert Path(done.kept).read_bytes() == damaged


def test_reading_for_minutes_leaves_no_copy(windows: None, lent: College, place: str) -> None:
    """The copy that is read keeps its name on Windows while it is open; it goes all the same."""
    before = sorted(Path(place).parent.iterdir())
    assert lent.ledger.verify().ok
    assert sorted(Path(place).parent.iterdir()) == before


def test_a_report_that_is_open_in_another_program(
    windows: None, lent: College, tmp_path: Path
) -> None:
    """Excel has last month's report open: that is a sentence, and the report is whole."""
    file = tmp_path / "fife.kitloan"
    file.write_bytes(b"last month's")
    with file.open("rb"), pytest.raises(BadInput) as refused:
        lent.exchange.export(file)
    assert refused.value.code == "cannot_write"
    assert file.read_bytes() == b"last month's"
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".part"] == []


def test_erasing_and_upgrading_work(windows: None, lent: College, place: str) -> None:
    """Both replace or rewrite what is next to the store."""
    lent.backups.make(Path(place).with_name("copy.sqlite"))
    lent.people.erase("Ann Bain")
    lent.close()
    old = Path(place).with_name("old.sqlite")
    released = Path(__file__).parent / "released" / "0.2.0.sqlite.gz"
    old.write_bytes(gzip.decompress(released.read_bytes()))
    with kitloan.open(old, actor="m.ross") as upgraded:
        assert upgraded.upgraded is not None


async def test_the_desk_opens_without_termios(windows: None, lent: College, tmp_path: Path) -> None:
    """Windows has no such module, and ends a console's programs itself."""
    async with at_desk(lambda: lent, tmp_path / "desk.log") as hands:
        await hands.scan("FC001")
        assert hands.reads("IN?") or hands.reads("IN, ")


def test_passwords_where_files_have_no_mode(windows: None, postgres: str, tmp_path: Path) -> None:
    """Windows shows every file as readable by all; the folder's permissions decide there."""
    file = tmp_path / "kitloan.pgpass"
    file.touch()
    file.chmod(0o644)
    name = f"w{os.getpid()}"
    with psycopg.connect(postgres, autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name}")
    try:
        url = sa.make_url(postgres).set(database=name).render_as_string(hide_password=False)
        provision(url, file, named=["fife"])
        assert "fife" in file.read_text(encoding="utf-8")
    finally:
        with psycopg.connect(postgres, autocommit=True) as administrator:
            administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_the_program_starts_without_sighup(tmp_path: Path) -> None:
    """Windows has no such signal to be handled."""
    script = (
        "import signal, sys\ndel signal.SIGHUP\nsys.argv = ['kitloan', '--version']\n"
        "from kitloan.cli.start import main\nmain()"
    )
    assert ran(script, tmp_path).startswith("kitloan ")


LOCKS = """
import sqlite3, sys
from pathlib import Path
sys.platform = "win32"
real = sqlite3.connect
if "without" in sys.argv:
    sqlite3.connect = lambda name, **more: real(f"file:{name}?vfs=unix-none", uri=True, **more)
from kitloan.storage.locks import lock_problem
print(lock_problem(Path.cwd()) or "good")
"""


def test_locks_are_tried_without_fcntl(tmp_path: Path) -> None:
    """A share that grants every lock has to be found on Windows too, where shares are common."""
    assert ran(LOCKS, tmp_path) == "good"
    assert ran(LOCKS, tmp_path, "without") == "it granted the same lock twice"
    assert list(tmp_path.iterdir()) == []


PRINTING = """
import json, os, sys
from pathlib import Path
import pypdfium2, PIL.Image
sys.platform = "win32"
asked = []
os.startfile = lambda file, verb, *more: asked.append([Path(file).name, verb, *more])
from kitloan_labels.printer import printers, send
sheet, zpl = Path("labels.pdf"), Path("labels.zpl")
zpl.write_bytes(b"^XA^XZ")
print(json.dumps([printers(), send([sheet]), send([sheet], "Office"), send([zpl]), asked]))
"""


def test_printing_by_what_windows_has(tmp_path: Path) -> None:
    """Windows prints a file by the program that opens it; ZPL has none."""
    with kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross") as college:
        college.holdings.add(NewHolding("STEM kit", asset_number="FC001"))
    sheet = ("labels", "--all", "--stock", "l7160", "--out", "labels.pdf")
    subprocess.run([PROGRAM, "--store", "fife.sqlite", *sheet], cwd=tmp_path, check=True)
    listed, plain, named, zpl, asked = json.loads(ran(PRINTING, tmp_path).splitlines()[-1])
    assert (listed, plain, named, zpl) == ([""], True, True, False)
    assert asked == [["labels.pdf", "print"], ["labels.pdf", "printto", '"Office"']]


def test_doctor_where_files_have_no_mode(
    windows: None, lent: College, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can follow `chmod` there."""
    monkeypatch.delenv("WT_SESSION", raising=False)
    Path(place).chmod(0o666)
    found = _readers(_subject(App(store=place)))
    assert (found.verdict, "chmod" in found.hint) == ("good", False)


DEEP = "Àrd-sgoil Mhic Neacail, kits of the RAF (ours) & others' " * 2


def test_long_paths_with_spaces_and_accents(tmp_path: Path) -> None:
    """A college's shared drive: six folders deep, in Gaelic, over 260 characters."""
    folder = tmp_path / DEEP.strip() / DEEP.strip() / "Clàr"
    folder.mkdir(parents=True)
    store = folder / "fìofa 2026.sqlite"
    assert len(str(store)) > 260

    def program(*words: str) -> str:
        line = [PROGRAM, "--store", store, "--as", "m.ross", *words]
        done = subprocess.run(line, capture_output=True, text=True, encoding="utf-8", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    program("init", "fife")
    program("add", "--type", "STEM kit", "--asset-number", "FC001")
    program("checkout", "FC001", "--to", "Àrd-sgoil Mhic Neacail")
    program("labels", "--all", "--stock", "l7160", "--out", str(folder / "bileagan àrd.pdf"))
    program("ledger", "export", str(folder / "fìofa.kitloan"))
    program("backup", str(folder / "lethbhreac glèidhte.sqlite"))
    program("restore", str(folder / "lethbhreac glèidhte.sqlite"), "--yes")
    program("ledger", "verify")
    assert json.loads(program("doctor", "--json"))["ok"]
    assert "Àrd-sgoil Mhic Neacail" in program("show", "FC001")
    made = [each.relative_to(folder) for each in folder.rglob("*")]
    assert len(made) > 5
    for each in made:
        for part in each.parts:
            assert not FORBIDDEN & set(part), each
            assert part[-1] not in ". ", each
            assert part.partition(".")[0].lower() not in RESERVED, each


def test_a_name_that_the_system_cannot_have(tmp_path: Path, lent: College) -> None:
    """On Windows `a?.kitloan`, here one that is too long: the system's words, and a next step."""
    with pytest.raises(BadInput) as refused:
        lent.exchange.export(tmp_path / f"{'a' * 300}.kitloan")
    assert refused.value.code == "cannot_write"
    assert refused.value.hint


def ran(script: str, folder: Path, *words: str) -> str:
    """What a script prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
