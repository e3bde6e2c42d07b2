"""`kitloan organisations describe` and `partners`, and the yearly page of evidence."""

import json
from datetime import UTC, datetime
from pathlib import Path

from cli.conftest import Cli
from kitloan.evidence.disclosure import academic_year

SCHOOL = "Lochside Academy"


def test_the_command_line_has_it(cli: Cli) -> None:
    """Else a college could not enter it."""
    assert cli("init", "fife").code == 0
    done = cli(
        *("--json", "organisations", "describe", SCHOOL, "--new"),
        *("--kind", "school", "--referred-by", "sserc"),
    )
    assert done.json == {
        "organisation": SCHOOL,
        "kind": "school",
        "referred_by": "SSERC",
        "partnership": None,
        "warnings": [],
    }
    (item,) = cli("--json", "organisations", "partners").json["items"]
    assert item | {"warnings": []} == done.json
    assert cli("organisations", "describe", SCHOOL, "--kind", "gang").code == 2
    assert cli("undo").code == 0
    assert cli("--json", "organisations", "partners").json["total"] == 0


def test_the_yearly_page_in_every_form(cli: Cli, tmp_path: Path) -> None:
    """The page that a partnership puts on its site says what its JSON does."""
    cli("init", "fife")
    running, _ = academic_year(datetime.now(tz=UTC).date())
    cli(
        *("engagement", "add", "--org", SCHOOL, "--new", "--date", f"10/3/{running.year}"),
        *("--learners", "s1-s3=24", "--hours", "2", "--programme", "faraday"),
    )
    forms = ("--html", str(tmp_path / "e.html"), "--xlsx", str(tmp_path / "e.xlsx"))
    found = cli(
        *("--json", "audit", "--for", "evidence", "--region", "Fife", *forms),
        *("--csv", str(tmp_path / "e")),
    ).json
    assert next(iter(found["tables"])) == "responses"
    assert found["findings"] == []
    assert "register" not in found
    (year,) = found["tables"]["evidence_years"]
    assert (year["year"], year["engagements"], year["learner_engagements"]) == (
        *(f"{running.year - 1}/{running.year % 100:02}", 1, 24),
    )
    (programme,) = found["tables"]["reach_by_programme"]
    assert programme["name"] == "IET Faraday Challenge"
    assert SCHOOL not in json.dumps(found)
    page = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert "What the kits did" in page
    assert "IET Faraday Challenge" in page
    assert SCHOOL not in page
    assert (tmp_path / "e" / "evidence_years.csv").is_file()
    assert "What the kits did" in cli("audit", "--for", "evidence").out
