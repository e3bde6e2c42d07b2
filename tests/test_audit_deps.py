"""`make audit-deps`: a weakness fails the build, and silence never passes for an answer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "audit_deps.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="stands in for pip-audit by a shell script")


def audited(tmp_path: Path, answer: str, code: int) -> "subprocess.CompletedProcess[str]":
    """What the script says when pip-audit answers so."""
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    line = [sys.executable, str(SCRIPT), str(program), str(ROOT / "constraints.txt")]
    return subprocess.run(line, capture_output=True, text=True, timeout=300)


def test_a_known_weakness_fails_the_build(tmp_path: Path) -> None:
    """A library with a hole in it must not be shipped because nobody looked."""
    answer = """{"dependencies": [{"name": "pillow", "version": "1.0", "vulns":
        [{"id": "CVE-2026-1", "fix_versions": ["1.1"]}]}, {"name": "rich", "vulns": []}]}"""
    done = audited(tmp_path, answer, 1)
    assert done.returncode == 1
    assert "pillow 1.0: CVE-2026-1, fixed in 1.1" in done.stdout


def test_no_weakness_passes(tmp_path: Path) -> None:
    """The everyday answer, with how much of it is an answer."""
    answer = """{"dependencies": [{"name": "rich", "version": "1", "vulns": []},
        {"name": "x", "skip_reason": "not found"}]}"""
    done = audited(tmp_path, answer, 0)
    assert (done.returncode, "1 of 2" in done.stdout) == (0, True)


def test_without_a_network_the_build_goes_on_and_says_so(tmp_path: Path) -> None:
    """On a train the tests must still run, and nobody must think that they asked."""
    for answer in ("", "Traceback (most recent call last): ..."):
        done = audited(tmp_path, answer, 1)
        assert (done.returncode, "the index could not be asked" in done.stdout) == (0, True)
    line = [sys.executable, str(SCRIPT), str(tmp_path / "none"), str(ROOT / "constraints.txt")]
    missing = subprocess.run(line, capture_output=True, text=True, timeout=300)
    assert (missing.returncode, "the index could not be asked" in missing.stdout) == (0, True)
