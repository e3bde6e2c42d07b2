"""The demonstration: the whole job, from a spreadsheet to ESP's report, by the real program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.waits  # a minute by itself: at the end everybody would wait for it
def test_from_a_spreadsheet_to_the_national_report(tmp_path: Path) -> None:
    """What a newcomer sees first must work, and must say at its end what happened."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    made = tmp_path / "kitloan-demo"
    assert str(made) in done.stdout
    figures = json.loads((made / "audit.json").read_text(encoding="utf-8"))
    totals = figures["totals"]
    sent = [group for group in figures["by_college"] if group["holdings"] is not None]
    by_college = {group["college"]: group["holdings"] for group in sent}
    assert totals["colleges"] == 3
    assert totals["holdings"] == sum(by_college.values())
    assert by_college == {"ayrshire": 30, "uhi-nwh": 27, "fife": 1}
    assert {group["region"] for group in figures["by_region"] if group["holdings"]} == {
        "AYR",
        "HIS",
        "FIF",
    }
    if os.name == "posix":
        reports = made.glob("audit.*")
        assert {each.stat().st_mode & 0o777 for each in reports} == {0o600}, "SECURITY.md says so"
    assert (made / "labels.pdf").read_bytes().startswith(b"%PDF")
    for step in ("IN, SHORT", "Undone", "No problems found.", "Sgoil Àrd Phort Rìgh"):
        assert step in done.stdout
