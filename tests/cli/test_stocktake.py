"""A stocktake, a challenge and a gift at the command line."""

from pathlib import Path

import pytest

from cli.running import Cli, Stock, rendered
from cli.test_labels_and_read import picture


@pytest.fixture
def autumn(cli: Cli, stock: Stock) -> dict[str, int | str]:
    """An open stocktake of everything."""
    opened: dict[str, int | str] = cli("stocktake", "open", "Autumn 2026", "--json").json
    return opened


def test_a_whole_stocktake(cli: Cli, stock: Stock, autumn: dict[str, int | str]) -> None:
    """The four commands of the first page must be enough."""
    assert autumn["expected"] == 7
    told = cli("stocktake", "scan", stock.kit, "FC002", "5012345678900")
    assert told.code == 0
    (first, second, third) = told.out.splitlines()
    assert first.startswith("= SEEN")
    assert "on loan to Balwearie High School, but it is here" in second
    assert third.startswith("? UNKNOWN  5012345678900")
    shown = cli("stocktake", "show").out
    assert "Not seen: 5" in shown
    assert "3 scans" in shown
    closed = cli("stocktake", "close", "--json").json
    assert closed["counts"] == {
        "sighted": 2,
        "sighted_elsewhere": 0,
        "on_loan_confirmed": 0,
        "on_loan": 0,
        "not_sighted": 5,
        "unexpected": 0,
        "unknown": 1,
    }
    assert cli("stocktake", "show", "--json").json["stocktake"]["closed_by"] == "m.ross"
    late = cli("stocktake", "scan", stock.uncounted, "--stocktake", "Autumn 2026", "--json").json
    assert late["scans"][0]["late"] is True
    listed = cli("stocktake", "show", "--not-sighted", "--json").json["lists"]
    assert len(listed["not_sighted"]) == 4
    assert cli("ledger", "verify").code == 0


def test_codes_through_a_pipe(cli: Cli, stock: Stock, autumn: dict[str, int | str]) -> None:
    """A line that cannot be kept must not lose those behind it."""
    typed = f"{stock.kit}\n\n=cmd\n{stock.goggles}\r\n"
    told = cli("stocktake", "scan", "--place", "Store 2", "--json", stdin=typed)
    assert told.code == 2
    assert [each["tag"] for each in told.json["scans"]] == [stock.kit, stock.goggles]
    assert [each["code"] for each in told.json["problems"]] == ["bad_text"]


def test_a_shelf_by_photo(
    cli: Cli, stock: Stock, autumn: dict[str, int | str], tmp_path: Path
) -> None:
    """A shelf of forty boxes is one photo; what hangs on the wall is not on record for it."""
    sheet = tmp_path / "sheet.pdf"
    cli("labels", stock.kit, stock.goggles, "--stock", "l7160", "--out", sheet)
    (shelf,) = rendered(sheet, tmp_path)
    asset = picture("fc001", tmp_path / "asset.png")
    poster = picture("WIFI:S:Guest;T:WPA;P:secret;;", tmp_path / "poster.png")
    photos = ("stocktake", "scan", "--photo", shelf, asset, poster, "--place", "Store 2", "--json")
    found = cli(*photos)
    assert found.code == 0
    assert [each["tag"] for each in found.json["scans"][:2]] == [stock.kit, stock.goggles]
    assert len(found.json["scans"]) == 3
    assert found.json["left_out"] == [
        {"file": str(poster), "code": "WIFI:S:Guest;T:WPA;P:secret;;"}
    ]
    again = cli(*photos).json
    assert [each["id"] for each in again["scans"]] == [each["id"] for each in found.json["scans"]]
    assert "3 scans" in cli("stocktake", "show").out, "the same pictures count once"
    shown = cli("stocktake", "scan", "--photo", poster)
    assert shown.code == 1
    assert "a code that is not kitloan's: a Wi-Fi code" in shown.out
    assert "secret" not in shown.out
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    mixed = cli("stocktake", "scan", "--photo", broken, shelf, "--json")
    assert mixed.code == 2
    assert [each["code"] for each in mixed.json["problems"]] == ["not_a_picture"]
    assert len(mixed.json["scans"]) == 2, "a file that is no picture keeps no other out"
    assert cli("stocktake", "scan", "--photo").code == 2
    assert cli("ledger", "verify").code == 0


def test_joined_codes_are_as_many_scans(
    cli: Cli, stock: Stock, autumn: dict[str, int | str], tmp_path: Path
) -> None:
    """Two kits whose codes arrived without the Enter between them are two kits."""
    joined = f"{stock.kit}{stock.goggles}"
    scans = cli("stocktake", "scan", "--json", stdin=f"{joined}\n").json["scans"]
    assert [each["tag"] for each in scans] == [stock.kit, stock.goggles]
    file = tmp_path / "scans.csv"
    file.write_text(f"{joined}\n")
    assert cli("stocktake", "scan", "--file", file, "--json").json["added"] == 2


def test_a_desk_without_the_store(
    cli: Cli, stock: Stock, autumn: dict[str, int | str], tmp_path: Path
) -> None:
    """The laptop in the other building is waited for, and its file read once."""
    cli("stocktake", "join", "Laptop 2")
    waits = cli("stocktake", "close", "--json")
    assert (waits.code, waits.error["code"]) == (1, "desks_waiting")
    file = tmp_path / "scans.csv"
    file.write_text(f"{stock.kit},yesterday\n")
    bad = cli("stocktake", "scan", "--file", file, "--desk", "Laptop 2")
    assert bad.code == 2
    assert "line 1, time 'yesterday'" in bad.err
    file.write_text(f"{stock.kit}\n{stock.goggles}\n")
    read = ("stocktake", "scan", "--file", file, "--desk", "Laptop 2", "--json")
    assert cli(*read).json["added"] == 2
    assert cli(*read).json == {"file": str(file), "desk": "Laptop 2", "added": 0, "known": 2}
    assert cli("stocktake", "hand-in", "laptop 2", "--json").json["waiting"] == []
    assert cli("stocktake", "close").code == 0


def test_nothing_is_asked_for_twice_or_of_nobody(cli: Cli, stock: Stock) -> None:
    """Wrong use is answered with what would be right."""
    none = cli("stocktake", "scan", stock.kit)
    assert (none.code, "kitloan stocktake open NAME" in none.err) == (1, True)
    assert cli("stocktake", "show").code == 1
    assert "There are no stocktakes" in cli("stocktake", "list").out
    cli("stocktake", "open", "One")
    cli("stocktake", "open", "Two", "--sample", "2")
    both = cli("stocktake", "close", "--json")
    assert (both.code, both.error["code"]) == (1, "which_stocktake")
    assert cli("stocktake", "close", "--stocktake", "Two").code == 0
    assert "sample of 2" in cli("stocktake", "list").out
    assert cli("stocktake", "close", "--stocktake", "Two").code == 1
    assert cli("stocktake", "scan", stock.kit, "--file", "x").code == 2
    said = cli("stocktake", "confirm", "FC002", "--json").json
    assert said["to"] == "Balwearie High School"


def test_esp_challenges_and_gives(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """From the question to the judged answer, with two files between two stores."""
    esp, there, back = tmp_path / "esp.sqlite", tmp_path / "esp.kitloan", tmp_path / "fife.kitloan"
    cli("init", "esp", store=esp)
    cli("ledger", "export", back)
    cli("ledger", "import", back, "--trust", cli("key", "--json").json["fingerprint"], store=esp)
    asked = cli(
        *("challenge", "set", "fife", "--sample", "2", "--answer-by", "31/12/2099", "--json"),
        store=esp,
    ).json
    cli("ledger", "export", there, store=esp)
    key = cli("key", "--json", store=esp).json["fingerprint"]
    cli("ledger", "import", there, "--trust", key)
    assert asked["code"] in cli("challenge", "list").out
    answer = ("stocktake", "open", "For ESP", "--challenge", asked["id"], "--code")
    refused = cli(*answer, "00000000", "--json")
    assert (refused.code, refused.error["code"]) == (1, "wrong_code")
    cli(*answer, asked["code"])
    cli("stocktake", "scan", *asked["tags"])
    cli("stocktake", "close")
    cli("ledger", "export", back)
    cli("ledger", "import", back, store=esp)
    assert "= answered" in cli("challenge", "list", store=esp).out
    assert cli("challenge", "list", "--json", store=esp).json["items"][0]["sighted"] == 2

    cli("programme", "define", "youth", "Youth & STEM", store=esp)
    terms = ("--donor", "RAF", "--type", "STEM kit", "--promised", "12", "--programme", "youth")
    assert cli("gift", "agree", "raf", *terms, "--donor-must-agree", store=esp).code == 0
    assert cli("gift", "deliver", "raf", "8", "--on", "1/9/2024", store=esp).code == 0
    assert cli("gift", "allocate", "raf", "fife", "12", store=esp).code == 0
    more = cli("gift", "allocate", "raf", "smo", "1", "--json", store=esp)
    assert (more.code, more.error["code"]) == (1, "more_than_promised")
    told = cli("gift", "list", store=esp).out
    assert "raf: STEM kit from RAF; 12 promised, 8 delivered, 12 allocated" in told
    assert "fife: 12" in told
    assert cli("gift", "list", "--json").error["code"] == "not_national"
    assert cli("ledger", "verify", store=esp).code == 0


def test_a_stock_is_counted_by_two_desks(
    cli: Cli, stock: Stock, autumn: dict[str, int | str], tmp_path: Path
) -> None:
    """27 of 30 goggles are found: the report says which number to correct, and changes none."""
    scan = ("stocktake", "scan", stock.goggles)
    counted = cli(*scan, "--quantity", "12", "--desk", "Laptop", "--json")
    (each,) = counted.json["scans"]
    assert (counted.code, each["quantity"], each["expected"]) == (0, 12, 30)
    assert cli(*scan, "--quantity", "15", "--place", "Store 2").code == 0
    shown = cli("stocktake", "show", "--json").json
    (found,) = shown["stock"]
    assert (found["tag"], found["counted"], found["expected"]) == (stock.goggles, 27, 30)
    assert (found["difference"], found["held"], len(found["counts"])) == (-3, 27, 2)
    assert cli("show", stock.goggles, "--json").json["quantity"] == 30
    text = cli("stocktake", "close").out
    assert f"kitloan amend {stock.goggles} --quantity 27" in text
    assert "27 counted (12 Laptop, 15 Store 2), 30 expected: 3 fewer" in text


@pytest.mark.parametrize(
    ("line", "code", "exit_code"),
    [
        (("FC001", "--quantity", "2"), "not_a_stock", 2),
        (("FC001", "FC002", "--quantity", "2"), "one_stock", 2),
        (("--file", "x.csv", "--quantity", "2"), "one_stock", 2),
        (("--photo", "x.png", "--quantity", "2"), "one_stock", 2),
        (("GOGGLES", "--quantity", "-1"), "bad_quantity", 2),
        (("what is this", "--quantity", "1"), "unknown_holding", 2),
    ],
)
def test_a_count_of_no_stock_is_refused(
    cli: Cli,
    stock: Stock,
    autumn: dict[str, int | str],
    line: tuple[str, ...],
    code: str,
    exit_code: int,
) -> None:
    """Nothing is recorded, and the refusal gives the next step."""
    named = [stock.goggles if each == "GOGGLES" else each for each in line]
    answer = cli("stocktake", "scan", *named, "--json")
    assert (answer.code, answer.error["code"]) == (exit_code, code)
    assert answer.error["hint"]
    assert cli("stocktake", "show", "--json").json["scans"] == 0
