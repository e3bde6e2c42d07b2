"""Where files are written: never over a store, through links, and into nothing but files."""

import os
import shutil
from pathlib import Path

import pytest

from kitloan import BadInput
from kitloan.audit.export import xlsx
from kitloan.audit.tables import Report
from kitloan.storage.files import whole_file, whole_folder

POSIX = pytest.mark.skipif(os.name == "nt", reason="links and pipes are POSIX's")


def write(path: Path, words: str = "new") -> None:
    """Write a file as every writer does."""
    with whole_file(path) as beside:
        beside.write_text(words)


def refused(path: Path) -> str:
    """The code with which writing there is refused; nothing is left beside it."""
    before = sorted(path.parent.iterdir())
    with pytest.raises(BadInput) as refusal:
        write(path)
    assert sorted(path.parent.iterdir()) == before
    return refusal.value.code


@POSIX
def test_a_link_is_written_through(tmp_path: Path) -> None:
    """A report that a web server shows through a link would be a new file that it never sees."""
    (tmp_path / "public").mkdir()
    target, link = tmp_path / "public" / "report.html", tmp_path / "report.html"
    link.symlink_to(target)
    for words in ("first", "second"):  # the target is made, then replaced
        write(link, words)
        assert (link.is_symlink(), target.read_text()) == (True, words)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "public", target, link]


@POSIX
def test_what_is_no_file_stays_what_it_is(tmp_path: Path) -> None:
    """As root, /dev/full would be a file from now on, and everybody else's pipe would be broken."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refused(tmp_path / "pipe") == "not_a_file"
    assert refused(Path("/dev/null")) == "not_a_file"
    assert refused(tmp_path / "loop") == "cannot_write"
    assert refused(tmp_path) == "cannot_write"
    assert (tmp_path / "pipe").is_fifo()


def test_a_dash_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pipes a report on finds nothing in the pipe, and a file that is hard to remove."""
    monkeypatch.chdir(tmp_path)
    assert refused(Path("-")) == "cannot_write"
    with pytest.raises(BadInput), whole_folder(Path("-")):
        pass
    assert not list(tmp_path.iterdir())


def test_a_folder_is_filled_whole_or_not_at_all(tmp_path: Path) -> None:
    """Half of a report's tables in the place of older ones would be two days' figures in one."""
    (tmp_path / "b.csv").mkdir()
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(BadInput), whole_folder(tmp_path) as beside:
        (beside / "a.csv").write_text("new")
        (beside / "b.csv").write_text("new")
    assert (tmp_path / "a.csv").read_text() == "old"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("where", [".", "no such folder/report.xlsx", ""])
def test_a_workbook_that_cannot_be_written_says_so_once(
    report: Report, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that says what to do is lost under twenty tracebacks."""
    with pytest.raises(BadInput) as refusal:
        xlsx.write(report, Path(where))
    assert refusal.value.code == "cannot_write"
    del refusal
    assert capsys.readouterr().err == ""


@pytest.fixture
def report() -> Report:
    """A report to write."""
    from audit_forms.sample import sample

    return sample()


def test_a_store_may_take_the_place_of_a_store(tmp_path: Path, stored: Path) -> None:
    """Else the copy before an upgrade could not replace the one of the morning."""
    older = tmp_path / "older.sqlite"
    shutil.copy(stored, older)
    with whole_file(older, over_a_store=True) as beside:
        shutil.copy(stored, beside)
    assert refused(older) == "is_a_store"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A store."""
    import kitloan

    place = tmp_path / "fife.sqlite"
    kitloan.init("fife", place, actor="m.ross").close()
    return place
