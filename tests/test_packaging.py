"""The wheel: what people install is what is tested here, and all of it."""

import json
import os
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
ROOTS = {
    "kitloan": HERE / "kitloan",
    "kitloan_tui": HERE / "tui" / "kitloan_tui",
    "kitloan_labels": HERE / "labels" / "kitloan_labels",
}


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """What a program prints, run elsewhere than in the checkout and without its paths."""
    clean = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=clean | {"HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release would be."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, HERE)
    run(sys.executable, *build, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a new environment lie that has the wheel.

    The wheel's dependencies are lent to it from this environment, behind its own packages; the
    checkout is not, because paths that come by a `.pth` file bring no `.pth` files of theirs.
    """
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(programs / "python", "-c", where, folder=home).strip())
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    pip = ("-m", "pip", "--python", programs / "python", "install", "--no-deps", "--no-index")
    run(sys.executable, *pip, "--ignore-installed", wheel, folder=home)
    return programs


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    """A label without its font, or a `tests` package over somebody else's, would be found late."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        f"{package}/{path.relative_to(root).as_posix()}"
        for package, root in ROOTS.items()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == expected
    assert {name.partition("/")[0] for name in names} == set(ROOTS)
    kinds = {Path(name).suffix for name in names}
    assert {".py", ".typed", ".csv", ".ttf"} <= kinds


def test_the_wheel_says_how_it_is_used(wheel: Path) -> None:
    """A wheel without its script or its needs installs well, and then does nothing."""
    with zipfile.ZipFile(wheel) as file:
        said = {
            Path(name).name: file.read(name).decode()
            for name in file.namelist()
            if name.endswith(("/entry_points.txt", "/METADATA"))
        }
    assert "\nkitloan = kitloan." in said["entry_points.txt"]
    assert "Requires-Dist: sqlmodel" in said["METADATA"]
    assert "Requires-Python: >=3.11" in said["METADATA"]
    assert str(HERE) not in said["METADATA"]


def test_the_installed_code_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    """A test that runs the checkout by mistake says nothing of the wheel."""
    ask = (
        f"import {', '.join(ROOTS)}; print(*(m.__file__ for m in ({', '.join(ROOTS)})), sep='\\n')"
    )
    for path in run(installed / "python", "-c", ask, folder=tmp_path).splitlines():
        assert Path(path).is_relative_to(installed.parent), path


def test_the_installed_program_does_the_job(installed: Path, tmp_path: Path) -> None:
    """The first five minutes of a college, with what `pip install kitloan` gives."""

    def kitloan(*words: str) -> str:
        store = str(tmp_path / "new" / "fife.sqlite")
        return run(installed / "kitloan", *words, folder=tmp_path, KITLOAN_STORE=store)

    def answer(*words: str) -> dict[str, object]:
        found = json.loads(kitloan(*words, "--json"))
        assert isinstance(found, dict)
        return found

    version = run(
        installed / "python", "-c", "import kitloan; print(kitloan.__version__)", folder=tmp_path
    )
    assert kitloan("--version") == f"kitloan {version}"
    assert answer("init", "fife")["college"] == "fife"
    tag = str(answer("add", "--type", "STEM kit", "--asset-number", "FC001")["tag"])
    kitloan("checkout", "FC001", "--to", "Àrd-sgoil Mhic Neacail")
    shown = answer("show", tag)
    assert (shown["tag"], shown["status"]) == (tag, "out")
    sheet = tmp_path / "labels.pdf"
    kitloan("labels", tag, "--stock", "l7160", "--out", str(sheet))
    assert sheet.read_bytes().startswith(b"%PDF-")
    assert answer("ledger", "verify")["ok"] is True
