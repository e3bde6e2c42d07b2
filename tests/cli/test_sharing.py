"""`kitloan nearest`: its shape, its words and its refusals."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.running import Cli


def coming(days: int) -> str:
    """A day to come."""
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def week() -> tuple[str, ...]:
    """Options for a week to come."""
    return ("--from", coming(7), "--until", coming(14))


def test_nearest_answers_people_and_programs(cli: Cli, tmp_path: Path) -> None:
    """A script reads these keys; a person reads which college, how far and how old."""
    assert cli("init", "uhi-orkney").code == 0
    assert cli("add", "--type", "STEM kit").code == 0
    own = cli("nearest", "STEM kit", "--near", "58.594,-3.522", *week())
    assert own.code == 0
    assert "54 km  sea crossing  1 free of 1" in own.out, own.out
    assert "only this college's ledger" in own.err
    assert cli("ledger", "export", tmp_path / "orkney.kitloan").code == 0
    esp = tmp_path / "esp.sqlite"
    assert cli("init", "esp", store=esp).code == 0
    key = cli("--json", "key").json["fingerprint"]
    taken = cli("ledger", "import", tmp_path / "orkney.kitloan", "--trust", key, store=esp)
    assert taken.code == 0, taken.err
    found = cli("--json", "nearest", "STEM kit", "--near", "58.594,-3.522", *week(), store=esp).json
    assert set(found) == {
        *("type", "near", "from", "until", "only_own_college", "items", "not_free"),
        *("without_position", "total", "next"),
    }
    (item,) = found["items"]
    assert set(item) == {
        *("college", "name", "type", "free", "capacity", "km", "sea_crossing", "island"),
        *("as_of", "days_old", "why"),
    }
    assert (item["college"], item["km"], item["sea_crossing"]) == ("uhi-orkney", 54, True)
    assert found["only_own_college"] is False and found["near"]["island"] == "mainland"


def test_nearest_refuses_what_it_cannot_use(cli: Cli) -> None:
    """Bad input is named, with the remedy, and is exit code 2."""
    assert cli("init", "fife").code == 0
    assert cli("add", "--type", "STEM kit").code == 0
    place = ("--near", "58.594,-3.522")
    for code, args in (
        ("unknown_type", ("Telescope", *place, *week())),
        ("dates_reversed", ("STEM kit", *place, "--from", coming(14), "--until", coming(7))),
        ("unknown_postcode", ("STEM kit", "--near", "KW14 7XX", *week())),
        ("usage", ("STEM kit", *week())),
    ):
        answer = cli("--json", "nearest", *args)
        assert (answer.code, answer.error["code"]) == (2, code)
        assert answer.error["hint"]
