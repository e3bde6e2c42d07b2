"""`docs/trust.md`: a promise is worth as much as the test that would fail without it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRUST = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TRUST)))
SECTIONS = re.split(r"^## ", TRUST, flags=re.MULTILINE)


def rows(section: str) -> list[str]:
    """The rows of the table in a section, without its head."""
    (text,) = (each for each in SECTIONS if each.startswith(section))
    return [line for line in text.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: str(part))
def test_every_named_test_is_there(file: str, name: str) -> None:
    """A promise whose test was renamed away is held by nothing, and looks as if it were."""
    source = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in ast.walk(source) if isinstance(node, functions)}


@pytest.mark.parametrize("section", ["Promises", "Faults"])
def test_every_row_names_its_test(section: str) -> None:
    """A promise with no test beside it is a hope."""
    found = rows(section)
    assert len(found) > 8
    for row in found:
        assert re.search(r"`tests/[\w/]+\.py::\w+`", row), row


def test_every_file_that_is_named_exists() -> None:
    """A command that does not run remakes no figure."""
    for path in set(re.findall(r"tests/[\w/]+\.py", TRUST)):
        assert (ROOT / path).is_file(), path
