"""What the desk loads, and when, and that no two of its modules need each other."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

STORE = ("sqlmodel", "sqlalchemy", "pydantic", "kitloan.college")
BOOKINGS = (
    "kitloan.planning.booked",
    "kitloan.planning.packing",
    "kitloan.ledger.facts.promises",
    "kitloan.borrowers.directory",
    "kitloan.queries.history",
    "kitloan.tables.absence",
    "kitloan.tables.inspecting",
    "kitloan_tui.loan_lookups",
)
SCREENS = ("kitloan_tui.screens.start", "kitloan_tui.screens.help", "kitloan.cli.labels")
REGISTERS = ("kitloan.imports.reader", "kitloan.imports.columns", "kitloan.evidence.schoollist")


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("kitloan_tui.app", STORE),  # it paints before the store's libraries load
        ("kitloan.cli.labels", STORE),  # its printing is at hand before that, too
        ("kitloan_tui.lookups, kitloan_tui.counter.steps", REGISTERS),  # no scan reads a register
        ("kitloan_tui.counter.steps, kitloan.loans", BOOKINGS),  # what most scans never need
        ("kitloan_tui.app, kitloan.cli.desk", SCREENS),
        ("kitloan_tui.counter.steps", ("textual", "rich")),  # a line desk works without a screen
        ("kitloan_tui", (*STORE, "textual")),
    ],
)
def test_nothing_is_loaded_too_early(module: str, absent: tuple[str, ...]) -> None:
    """Else the technician would look at an empty terminal for another second."""
    code = f"import sys, {module}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "[]"


def test_no_circle_of_imports() -> None:
    """Else nothing could be read by itself; imports for types, and late ones, count too."""
    root = Path(__file__).parents[2] / "tui"
    files = {
        ".".join(file.relative_to(root).with_suffix("").parts): file
        for file in (root / "kitloan_tui").rglob("*.py")
        if file.stem != "__init__"
    }
    graph: dict[str, set[str]] = {}
    for name, file in files.items():
        graph[name] = set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                graph[name] |= {str(node.module), *(f"{node.module}.{a.name}" for a in node.names)}
        graph[name] &= set(files)
    assert sum(map(len, graph.values())) > 100, "the reader finds them"
    TopologicalSorter(graph).prepare()


def test_every_selector_of_the_style_names_a_widget() -> None:
    """Else a class that gets another name would lose its layout without a word."""
    import textual.command
    import textual.containers
    import textual.widgets

    root = Path(__file__).parents[2] / "tui" / "kitloan_tui"
    texts = [file.read_text(encoding="utf-8") for file in root.glob("*.tcss")]
    style = re.sub(r"/\*.*?\*/", "", "\n".join(texts), flags=re.S)
    named = set(re.findall(r"(?<![\w.#$-])[A-Z]\w+", re.sub(r"\{[^}]*\}", "{}", style)))
    known = {
        node.name
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    known |= {*dir(textual.command), *dir(textual.containers), *textual.widgets.__all__, "Screen"}
    assert len(named) > 20, "the reader finds them"
    assert named <= known, named - known
