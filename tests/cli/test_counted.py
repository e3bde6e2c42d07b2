"""What was counted, and when, as `show` and `find` give it; and days that cannot be."""

from pathlib import Path

import pytest

from cli.running import Cli, Stock
from cli.shapes import in_days

LONGER = """kit type,component,quantity,critical
STEM kit,Wheel,20,no
STEM kit,Servo,4,yes
"""


def counted(cli: Cli, tag: str) -> tuple[str | None, bool]:
    shown = cli("show", tag, "--json").json
    (item,) = (each for each in cli("find", tag, "--json").json["items"] if each["tag"] == tag)
    assert (item["counted"], item["counted_at"]) == (shown["counted"], shown["counted_at"])
    return shown["counted"], shown["counted_at"] is not None


def test_counted_whole_short_never_and_against_an_older_list(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """A donor would read "whole" of a kit that nobody opened, or that lacks the new parts."""
    kit = cli("add", "--type", "STEM kit", "--json").json["tag"]
    assert counted(cli, kit) == ("never", False)
    assert "never counted" in cli("show", kit).out
    cli("count", kit, "--missing", "Wheel=2")
    assert counted(cli, kit) == ("short", True)
    cli("restock", kit, "Wheel=2")
    assert counted(cli, kit) == ("whole", True)
    cli("checkout", kit, "--to", "A Primary")
    cli("checkin", kit, "--uncounted")
    assert counted(cli, kit) == ("whole", True)
    assert cli("show", kit, "--json").json["status"] == "uncounted"
    longer = tmp_path / "longer.csv"
    longer.write_text(LONGER, encoding="utf-8")
    cli("types", "import", longer)
    assert counted(cli, kit) == ("list_changed", True)
    totals = cli("audit", "--json").json["totals"]
    words = [each["counted"] for each in cli("audit", "--json").json["register"]]
    assert totals["list_changed"] == words.count("list_changed") > 0
    cli("count", kit, "--whole")
    cli("undo")
    cli("undo")
    assert counted(cli, kit) == ("whole", True)
    cli("types", "import", longer)
    cli("count", kit, "--whole")
    assert counted(cli, kit) == ("whole", True)
    assert counted(cli, stock.goggles) == (None, False)


def test_a_new_critical_part_is_counted_before_lending(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """A class would be stood up by a kit that lacks what it cannot be used without."""
    kit = cli("add", "--type", "STEM kit", "--json").json["tag"]
    never = cli("add", "--type", "STEM kit", "--json").json["tag"]
    cli("count", kit, "--whole")
    longer = tmp_path / "longer.csv"
    longer.write_text(LONGER, encoding="utf-8")
    cli("types", "import", longer)
    refused = cli("checkout", kit, "--to", "A Primary", "--json")
    assert (refused.code, refused.error["code"]) == (1, "list_changed")
    assert refused.error["details"]["components"] == ["Servo"]
    assert cli("checkout", never, "--to", "A Primary", "--json").code == 0
    assert cli("checkout", kit, "--to", "A Primary", "--override", "seen", "--json").code == 0
    cli("undo")
    cli("count", kit, "--whole")
    assert cli("checkout", kit, "--to", "A Primary", "--json").code == 0
    other = cli("add", "--type", "STEM kit", "--json").json["tag"]
    cli("count", other, "--whole")
    longer.write_text(LONGER.replace("20,no", "24,no"), encoding="utf-8")
    cli("types", "import", longer)
    assert cli("checkout", other, "--to", "A Primary", "--json").code == 0
    assert cli("ledger", "verify", "--json").json["ok"]


def test_an_older_count_never_moves_the_latest_back(cli: Cli, stock: Stock) -> None:
    """Monday's count, entered on Tuesday after Tuesday's, is not the latest."""
    kit = cli("add", "--type", "STEM kit", "--received", in_days(-9).isoformat(), "--json").json
    cli("count", kit["tag"], "--whole", "--on", in_days(-2).isoformat())
    at = cli("show", kit["tag"], "--json").json["counted_at"]
    assert at.startswith(in_days(-2).isoformat())
    late = cli("count", kit["tag"], "--whole", "--on", in_days(-3).isoformat(), "--json")
    assert (late.code, late.error["code"]) == (1, "dates_overlap")
    assert cli("show", kit["tag"], "--json").json["counted_at"] == at


@pytest.mark.parametrize(
    "line",
    [
        "checkout TAG --to A --on DAY",
        "checkin LENT --on DAY",
        "count TAG --whole --on DAY",
        "missing TAG --on DAY",
        "move TAG Store --on DAY",
        "correct LENT --on DAY",
        "pass-on LENT --to B --on DAY",
        "add --type Telescope --received DAY",
        "add --type Telescope --valued DAY --value 10",
    ],
)
def test_no_day_in_the_future(cli: Cli, stock: Stock, line: str) -> None:
    """Whatever is entered of a day to come is refused in one way, and changes nothing."""
    given = {"TAG": stock.kit, "LENT": stock.lent, "DAY": in_days(1).isoformat()}
    before = cli("ledger", "log", "--json").json
    answer = cli(*[given.get(word, word) for word in line.split()], "--json")
    assert (answer.code, answer.error["code"]) == (2, "in_future")
    assert cli("ledger", "log", "--json").json == before
