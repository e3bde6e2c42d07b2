"""`kitloan nearest`, `offer`, `offers` and `claim`: their shapes, words and refusals."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.running import Cli, Stock


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


def test_offers_and_claims_between_three_command_lines(cli: Cli, tmp_path: Path) -> None:
    """The whole way at the command line, each college with its own store."""
    ayrshire, esp = tmp_path / "ayrshire.sqlite", tmp_path / "esp.sqlite"
    assert cli("init", "fife").code == 0
    assert cli("init", "ayrshire", store=ayrshire).code == 0
    assert cli("init", "esp", store=esp).code == 0
    assert cli("add", "--type", "STEM kit", "--quantity", "3").code == 0
    assert cli("add", "--type", "STEM kit", store=ayrshire).code == 0
    keys = {each: cli("--json", "key", store=each).json["fingerprint"] for each in (ayrshire, esp)}
    keys[None] = cli("--json", "key").json["fingerprint"]

    def send() -> None:
        for own, store in ((None, {}), (ayrshire, {"store": ayrshire})):
            file = tmp_path / f"{own and own.stem}.kitloan"
            assert cli("ledger", "export", file, **store).code == 0
            assert cli("ledger", "import", file, "--trust", keys[own], store=esp).code == 0
        file = tmp_path / "esp.kitloan"
        assert cli("ledger", "export", file, store=esp).code == 0
        for store in ({}, {"store": ayrshire}):
            assert cli("ledger", "import", file, "--trust", keys[esp], **store).code == 0

    empty = cli("offers")
    assert "kitloan offer add" in empty.out and "ledger import" in empty.err
    made = cli("--json", "offer", "add", "STEM kit=2", "--keep").json["offer"]
    assert set(made) == {
        *("college", "name", "offer", "type", "quantity", "left", "terms", "first", "last"),
        *("expires", "tags", "state", "claims", "as_of", "days_old"),
        *("component", "note", "change"),
    }
    waits = ("--to", "Ayr Academy", "--type", "STEM kit", *week())
    assert cli("want", *waits, store=ayrshire).code == 0
    send()
    national = cli("--json", "offers", store=esp).json
    assert [(each["offer"], each["left"]) for each in national["items"]] == [(made["offer"], 2)]
    assert national["matches"][0]["km"] == 117 and national["combined"] == []
    assert {"wants", "claims", "seen_on", "only_own_college", "total", "next"} <= national.keys()
    claimed = cli("--json", "claim", "add", made["offer"], store=ayrshire).json["claim"]
    assert (claimed["state"], claimed["type"], claimed["college"]) == (
        *("waiting", "STEM kit"),
        "ayrshire",
    )
    send()
    assert "waiting" in cli("offers").out
    number = made["offer"].partition(":")[2]
    accepted = cli("offer", "accept", number, "--college", "ayrshire")
    assert "transfer send" in accepted.out, accepted.err
    send()
    told = cli("offers", store=ayrshire)
    assert "accepted" in told.out and "gets 1" in told.out and "ESP's file of" in told.err
    assert cli("offer", "withdraw", number).code == 0
    assert cli("ledger", "verify", store=esp).code == 0
    for code, exit_code, args in (
        ("offer_closed", 1, ("offer", "withdraw", number)),
        ("unknown_offer", 2, ("offer", "withdraw", "O999")),
        ("unknown_type", 2, ("offer", "add", "Telescope", "--keep")),
        (
            "dates_reversed",
            2,
            ("offer", "add", "STEM kit", "--from", coming(9), "--until", coming(8)),
        ),
        ("days_needed", 2, ("offer", "add", "STEM kit")),
        (
            "bad_quantity",
            2,
            ("offer", "accept", number, "--college", "ayrshire", "--quantity", "0"),
        ),
        ("unknown_college", 2, ("offer", "decline", number, "--college", "hogwarts")),
        ("bad_offer", 2, ("claim", "add", "O12")),
        ("unknown_claim", 2, ("claim", "withdraw", "ayrshire:O12")),
    ):
        answer = cli("--json", *args)
        assert (answer.code, answer.error["code"]) == (exit_code, code)
        assert answer.error["hint"]


def test_two_short_kits_make_a_whole_one(cli: Cli, stock: Stock) -> None:
    """Two shortages at neighbouring colleges may be one kit that can be lent."""
    assert cli("count", stock.kit, "--missing", "Wheel=2").code == 0
    (pair,) = cli("--json", "offers").json["combined"]
    assert {pair["tag"], pair["from_tag"]} == {stock.kit, stock.unusable}
    assert (pair["km"], pair["sea_crossing"]) == (0, False)
    assert "Kits that could be combined" in cli("offers").out
