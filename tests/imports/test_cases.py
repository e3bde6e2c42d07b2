"""Every case of a register in a shape that people report: right, or asked, and never wrong in
silence.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from imports.outcome import lines, outcome
from kitloan.errors import BadInput

CASES = Path(__file__).parent / "cases"
EXAMPLES = Path(__file__).parents[2] / "examples" / "registers"
RIGHT: dict[str, dict[str, Any]] = tomllib.loads((CASES / "right.toml").read_text("utf-8"))
SIBLINGS: dict[str, dict[str, Any]] = tomllib.loads((CASES / "siblings.toml").read_text("utf-8"))


def hold_to(path: Path, right: dict[str, Any]) -> None:
    """Compare what a file comes to with what is right."""
    if refused := right.get("refused"):
        with pytest.raises(BadInput) as refusal:
            outcome(path, accept=False)
        assert refusal.value.code == refused
        return
    first = outcome(path, accept=False)
    asked = [f"{q.kind}:{q.id.split('!', 1)[-1]}" if "!" in q.id else q.id for q in first.questions]
    assert asked == right.get("asked", [])
    done = outcome(path, accept=True)
    assert lines(done.rows) == right["rows"]
    assert len(done.questions) == right.get("open", 0)
    notes = [
        f"{r.asset_number or r.type}: {k} = {v}" for r in done.rows for k, v in r.extras.items()
    ]
    if "notes" in right:
        assert notes == right["notes"]
    problems = [
        f"{p.severity} {p.row or ''} {p.column}: {p.value} {p.problem}" for p in first.problems
    ]
    assert problems == right.get("problems", []) or ("problems" not in right and not first.errors)


@pytest.mark.parametrize("name", RIGHT)
def test_a_case(name: str) -> None:
    """What is right of each, as somebody wrote it down who looked at the file."""
    hold_to(CASES / name, RIGHT[name])


@pytest.mark.parametrize("name", SIBLINGS)
def test_a_case_of_the_same_kind(tmp_path: Path, name: str) -> None:
    """A reader made for one file of each kind must read the next one."""
    path = tmp_path / f"{name}.csv"
    path.write_text(SIBLINGS[name]["file"].lstrip("\n"), encoding="utf-8")
    hold_to(path, SIBLINGS[name])


@pytest.mark.parametrize("name", ["ayrshire.csv", "north-west-hebrides.xlsx"])
def test_the_two_examples_ask_nothing(name: str) -> None:
    """Two colleges' registers as they are must come in with no questions."""
    assert outcome(EXAMPLES / name, accept=False).questions == ()


def test_hardly_more_than_a_question_a_file() -> None:
    """A reader that asks of everything would be right, and of no use."""
    counts = sorted(len(right.get("asked", [])) for right in [*RIGHT.values(), *SIBLINGS.values()])
    assert counts[len(counts) // 2] <= 2
    assert counts[-1] <= 6
