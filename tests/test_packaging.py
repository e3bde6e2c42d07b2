"""The wheel: what people install is what is tested here, and all of it."""

import json
import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

HERE = Path(__file__).parents[1]
ROOTS = {
    "kitloan": HERE / "kitloan",
    "kitloan_tui": HERE / "tui" / "kitloan_tui",
    "kitloan_labels": HERE / "labels" / "kitloan_labels",
}


def run(
    *command: str | Path, folder: Path, code: int = 0, typed: str = "", **environment: str
) -> str:
    """What a program prints, run elsewhere than in the checkout and without its paths."""
    clean = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=clean | {"HOME": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"} | environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release would be."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, HERE)
    run(sys.executable, *build, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


def environment(home: Path) -> tuple[Path, Path]:
    """A new environment's programs, and the folder of its packages, which is empty."""
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return programs, Path(run(programs / "python", "-c", where, folder=home).strip())


def install(wheel: Path, programs: Path) -> None:
    """Put the wheel into an environment, and nothing that it needs."""
    pip = ("-m", "pip", "--python", programs / "python", "install", "--no-deps", "--no-index")
    run(sys.executable, *pip, "--ignore-installed", wheel, folder=programs)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that has the wheel with every extra.

    What the wheel needs comes from this environment, behind its own packages; the checkout does
    not, because paths that come by a `.pth` file bring no `.pth` files of theirs.
    """
    programs, packages = environment(tmp_path_factory.mktemp("installed"))
    (packages / "lent.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    install(wheel, programs)
    return programs


@pytest.fixture(scope="module")
def without_extras(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that has what `pip install kitloan` gives, no extra."""
    programs, packages = environment(tmp_path_factory.mktemp("bare"))
    for each in needed(wheel):
        for part in {file.parts[0] for file in each.files or () if file.parts[0] != ".."}:
            place = Path(str(each.locate_file(part)))
            if place.is_dir() and os.name == "nt":  # where a link asks for an administrator
                shutil.copytree(place, packages / part, dirs_exist_ok=True)
            elif part != "__pycache__" and not (packages / part).exists():
                (packages / part).symlink_to(place)
    install(wheel, programs)
    return programs


def needed(wheel: Path) -> list[Distribution]:
    """What the wheel needs without its extras, and what that needs in turn."""
    (said,) = (each for each in zipfile.Path(wheel).iterdir() if each.name.endswith(".dist-info"))
    wanted = [("", line) for line in PathDistribution(said).requires or ()]
    found: dict[tuple[str, str], Distribution] = {}
    while wanted:
        extra, line = wanted.pop()
        one = Requirement(line)
        if one.marker and not one.marker.evaluate({"extra": extra}):
            continue
        for asked in ("", *one.extras):
            if (one.name, asked) not in found:
                found[one.name, asked] = there = distribution(one.name)
                wanted += [(asked, further) for further in there.requires or ()]
    return list(found.values())


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    """A label without its font, or a `tests` package over somebody else's, would be found late."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        f"{package}/{path.relative_to(root).as_posix()}"
        for package, root in ROOTS.items()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    examples = (HERE / "examples" / "registers").iterdir()
    expected |= {f"kitloan/examples/{path.name}" for path in examples}
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


def test_the_installed_program_finds_the_demonstrations_registers(
    installed: Path, tmp_path: Path
) -> None:
    """Else `kitloan demo` would work in a checkout, and nowhere else."""
    ask = "from kitloan.cli.demo import _registers; print(_registers())"
    registers = Path(run(installed / "python", "-c", ask, folder=tmp_path).strip())
    assert registers.is_relative_to(installed.parent)
    assert {each.name for each in registers.iterdir()} >= {"ayrshire.csv", "contents.csv"}


def test_without_extras_a_script_merges_ledgers(without_extras: Path, tmp_path: Path) -> None:
    """ESP's nightly job runs where nobody wants a terminal, image or PDF library."""
    script = """
from importlib.util import find_spec
from pathlib import Path
import kitloan
file = Path("fife.kitloan")
with kitloan.init("fife", "fife.sqlite", actor="m.ross") as college:
    college.holdings.add(kitloan.NewHolding(type="STEM kit", asset_number="FC001"))
    college.loans.check_out(["FC001"], to="Balwearie High School")
    sent = college.exchange.export(file).entries
    key = college.exchange.key().fingerprint
with kitloan.init("esp", "esp.sqlite", actor="m.ross") as esp:
    (merged,) = esp.exchange.merge([file], trust=[key])
    assert merged.added == sent > 3
    assert esp.ledger.verify().ok
extras = ["textual", "rich", "PIL", "qrcode", "reportlab", "zxingcpp", "pypdfium2", "psycopg"]
print([name for name in extras if find_spec(name)])
"""
    assert run(without_extras / "python", "-c", script, folder=tmp_path).strip() == "[]"
    report = ("audit", "--html", "audit.html", "--xlsx", "audit.xlsx")
    run(without_extras / "kitloan", "--store", "esp.sqlite", *report, folder=tmp_path)
    for file in ("audit.html", "audit.xlsx"):
        assert (tmp_path / file).stat().st_size > 1_000


NEEDS = (
    ("desk", 2, "kitloan"),
    ("desk", 2, "kitloan desk"),
    ("labels", 2, "kitloan labels --blank 3 --stock l7160 --out labels.pdf"),
    ("labels", 2, "kitloan labels --calibrate --stock l7160 --out labels.pdf"),
    ("labels", 2, "kitloan cards commands --stock l7160 --out cards.pdf"),
    ("labels", 2, "kitloan cards shelves Store --stock l7160 --out cards.pdf"),
    ("labels", 2, "kitloan read photo.png"),
    ("labels", 2, "kitloan demo"),
    ("desk", 2, "kitloan desk --camera"),
    ("postgres", 3, "kitloan --store postgresql://fife@localhost/kitloan loans"),
    ("postgres", 3, "kitloan provision postgresql://me@localhost/kitloan --passwords new.pgpass"),
)
"""What needs an extra: its name, the exit code without it, and the command."""


def test_what_needs_an_extra_names_it(without_extras: Path, tmp_path: Path) -> None:
    """A traceback about a module sends nobody to the line that installs it."""
    (tmp_path / "photo.png").write_bytes(b"not looked at")
    script = """
import contextlib, io, json, sys, kitloan
from kitloan.cli.main import run
kitloan.init("fife", "fife.sqlite", actor="m.ross").close()
answers = []
for line in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        answers.append((run([*line.split()[1:], "--json"]), json.loads(out.getvalue())["error"]))
print(json.dumps(answers))
"""
    answers = json.loads(
        run(
            without_extras / "python",
            "-c",
            script,
            folder=tmp_path,
            typed=json.dumps([line for _, _, line in NEEDS]),
            KITLOAN_STORE="fife.sqlite",
        )
    )
    python = without_extras / "python"
    for (extra, code, line), (ended, error) in zip(NEEDS, answers, strict=True):
        assert (ended, error["code"]) == (code, "not_installed"), line
        assert error["details"] == {"extra": extra}, line
        assert error["hint"] == f'Run: {python} -m pip install "kitloan[{extra}]"', line


def test_the_desk_in_lines_needs_no_extra(without_extras: Path, tmp_path: Path) -> None:
    """It is for pipes and slow links; of what it lacks, it refuses only that."""
    script = """
import kitloan
with kitloan.init("fife", "fife.sqlite", actor="m.ross") as college:
    college.holdings.add(kitloan.NewHolding(type="STEM kit", asset_number="FC001"))
"""
    run(without_extras / "python", "-c", script, folder=tmp_path)
    shown = run(
        without_extras / "kitloan",
        "desk",
        "--plain",
        folder=tmp_path,
        code=1,
        typed="FC001\nBalwearie High School\nKLULABEL\n",
        KITLOAN_STORE="fife.sqlite",
    )
    assert "OUT" in shown
    assert 'pip install "kitloan[labels]"' in shown
