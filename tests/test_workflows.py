"""The workflow files of hosted CI. They cannot run here: their form is checked, and their jobs."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"
SYSTEMS = ["ubuntu-latest", "windows-latest", "macos-latest"]
LINT = ("-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows")


def jobs(name: str) -> dict[str, Any]:
    """The jobs of a workflow."""
    found = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))["jobs"]
    assert isinstance(found, dict)
    return found


def steps(job: dict[str, Any]) -> str:
    """What a job runs and uses, a line each."""
    return "\n".join(str(step.get("run") or step["uses"]) for step in job["steps"])


def test_every_system_and_every_python() -> None:
    """A college has the one that nobody tried."""
    ci = jobs("ci.yml")
    assert ci["test"]["strategy"]["matrix"] == {
        "system": SYSTEMS,
        "python": ["3.11", "3.12", "3.13", "3.14"],
    }
    assert "pytest" in steps(ci["test"])
    assert ci["bundle"]["strategy"]["matrix"] == {"system": SYSTEMS}
    assert "scripts/bundle.py" in steps(ci["bundle"])
    for name in ("wheel", "bundle"):
        assert "actions/upload-artifact@" in steps(ci[name])
    assert "make check" in steps(ci["check"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"


def test_a_release_follows_all_of_ci_and_keeps_no_password() -> None:
    """A wheel of a version that no test saw would be the one that everybody installs."""
    text = (WORKFLOWS / "release.yml").read_text(encoding="utf-8")
    release = jobs("release.yml")
    assert release["ci"] == {"uses": "./.github/workflows/ci.yml"}
    for name in ("publish", "bundles"):
        assert set(release[name]["needs"]) == {"ci", "version"}
    assert release["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in text
    assert "password" not in text.partition("\njobs:")[2]


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_no_job_may_write_without_saying_so(name: str) -> None:
    """A workflow that a pull request runs must not be able to push."""
    found = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    assert found["permissions"] == {"contents": "read"}
    for job in found["jobs"].values():
        for step in job.get("steps", ()):
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}
            assert "github.event" not in str(step.get("run", "")), "text of others in a shell"


@pytest.mark.parametrize("slip", ["runs-onn:", "stepz:", "permission:"])
def test_a_misspelt_key_is_found(tmp_path: Path, slip: str) -> None:
    """The check has to fail on what the host would refuse, or it is no check."""
    text = (WORKFLOWS / "ci.yml").read_text(encoding="utf-8")
    word = {"runs-onn:": "runs-on:", "stepz:": "steps:", "permission:": "permissions:"}[slip]
    file = tmp_path / "ci.yml"
    for written, code in ((text, 0), (text.replace(word, slip, 1), 1)):
        file.write_text(written, encoding="utf-8")
        done = subprocess.run([sys.executable, *LINT, file], capture_output=True, timeout=300)
        assert done.returncode == code, done.stdout
