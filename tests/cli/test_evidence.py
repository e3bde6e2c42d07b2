"""`kitloan schools`, `engagement`, `engagements` and `evaluation`: shapes, codes and refusals."""

import json
import sqlite3
from pathlib import Path

import pytest

from cli.running import Cli
from evidence.test_schools import MADE_UP

ITEM = {
    *("id", "date", "org", "schuid", "programme", "sessions", "hours", "learners", "girls"),
    *("boys", "staff", "used", "source", "college"),
}


@pytest.fixture
def loan(cli: Cli) -> str:
    """Fife's store with the made-up list, and a kit that is on loan; gives the loan's id."""
    assert cli("init", "fife").code == 0
    assert cli("schools", "import", MADE_UP).code == 0
    assert cli("add", "--type", "STEM kit", "--asset-number", "AC1").code == 0
    lent = cli("--json", "checkout", "AC1", "--to", "Lochside Academy")
    found: str = lent.json["loans"][0]["id"]
    return found


def add(cli: Cli, *more: str) -> str:
    """Record a use of the kit today; gives its id."""
    answer = cli("--json", "engagement", "add", "--tag", "AC1", "--date", "today", *more)
    assert answer.code == 0, answer.out
    assert answer.json["id"] == answer.json["engagement"]["id"]
    found: str = answer.json["id"]
    return found


def test_schools_have_the_shape_that_scripts_read(cli: Cli, loan: str) -> None:
    """A script that completes names reads these keys."""
    found = cli("--json", "schools", "find", "lo ac").json
    assert {"items", "total", "next"} == set(found)
    (item,) = found["items"]
    keys = {"schuid", "name", "council", "roll", "listed", "vintage"}
    assert keys <= item.keys()
    assert (item["schuid"], item["council"], item["roll"], item["listed"]) == (
        *("9900001S", "East Ayrshire", 812),
        True,
    )
    taken = cli("--json", "schools", "import", MADE_UP).json
    assert (taken["vintage"], taken["schools"], taken["added"]) == ("2026-01-31", 9, 0)
    assert taken["columns"]["Seed Code"] == "seed"
    open_ = cli("--json", "schools", "unlinked").json["items"]
    assert open_[0]["proposals"][0]["schuid"] == "9900001S"
    linked = cli("--json", "schools", "link", "Lochside Academy", "9900001S").json
    assert linked == {
        "organisation": "Lochside Academy",
        "schuid": "9900001S",
        "name": "Lochside Academy",
        "vintage": "2026-01-31",
    }
    add(cli, "--learners", "s1-s3=27")
    assert cli("--json", "engagements").json["items"][0]["schuid"] == "9900001S"


def test_an_engagement_has_the_shape_that_scripts_read(cli: Cli, loan: str) -> None:
    """A figure under another key is a figure that nobody reads."""
    id_ = add(
        cli,
        *("--learners", "p5-p7=27", "--sessions", "3", "--hours", "4.5", "--girls", "14"),
        *("--boys", "10", "--staff", "2", "--programme", "IET Faraday Challenge"),
    )
    (item,) = cli("--json", "engagements").json["items"]
    assert item.keys() >= ITEM
    assert (item["id"], item["org"], item["learners"], item["hours"], item["used"]) == (
        *(id_, "Lochside Academy", {"p5-p7": 27}),
        *(4.5, "yes"),
    )
    assert "27 p5-p7" in cli("engagements").out
    corrected = cli("--json", "engagement", "correct", id_, "--learners", "p5-p7=26").json
    assert corrected["engagement"]["learners"] == {"p5-p7": 26}
    assert cli("--json", "engagement", "withdraw", id_).json["id"] == id_
    assert cli("--json", "engagements").json["items"] == []
    assert cli("undo").code == 0
    assert cli("--json", "engagements", "--to", "Lochside Academy").json["total"] == 1


@pytest.mark.parametrize(
    ("args", "exit_code", "code"),
    [
        (("--learners", "p5-p7=27", "--not-used", "time"), 2, "learners_not_used"),
        (("--learners", "p5-p7=27", "--girls", "20", "--boys", "9"), 2, "split_over_total"),
        (("--learners", "p5-p7=8", "--girls", "4"), 1, "too_small_to_split"),
        (("--learners", "p9=8"), 2, "bad_learners"),
        (("--hours", "4.3"), 2, "bad_hours"),
        (("--loan", "nobody's"), 2, "usage"),
    ],
)
def test_what_is_refused_changes_nothing(
    cli: Cli, loan: str, args: tuple[str, ...], exit_code: int, code: str
) -> None:
    """A refusal that wrote half of it is worse than none."""
    before = cli("--json", "ledger", "log").json["total"]
    answer = cli("--json", "engagement", "add", "--tag", "AC1", "--date", "today", *args)
    assert (answer.code, answer.error["code"]) == (exit_code, code)
    assert answer.error["message"]
    assert answer.error["hint"]
    assert cli("--json", "ledger", "log").json["total"] == before


def test_refusals_of_engagements(cli: Cli, loan: str) -> None:
    """A second entry of one class, and a loan that is not this college's."""
    add(cli, "--learners", "p5-p7=27")
    again = cli("--json", "engagement", "add", "--loan", loan, "--date", "today",
                "--learners", "p5-p7=27")  # fmt: skip
    assert (again.code, again.error["code"]) == (1, "same_engagement")
    other = cli("--json", "engagement", "add", "--loan", "x-1", "--date", "today")
    assert (other.code, other.error["code"]) == (2, "unknown_loan")
    future = cli("--json", "engagement", "add", "--loan", loan, "--date", "2030-01-01")
    assert (future.code, future.error["code"]) == (2, "in_future")


def test_learners_over_the_roll_are_taken_with_a_warning(cli: Cli, loan: str) -> None:
    """Example 15, at the command line."""
    cli("schools", "link", "Lochside Academy", "9900002P")
    answer = cli("--json", "engagement", "add", "--tag", "AC1", "--date", "today",
                 "--learners", "p5-p7=400")  # fmt: skip
    assert answer.code == 0
    assert [each["code"] for each in answer.json["warnings"]] == ["over_roll"]


def test_evaluations_are_added_and_read(cli: Cli, loan: str, tmp_path: Path) -> None:
    """The nine questions, typed, pasted and from a file."""
    id_ = add(cli, "--learners", "p5-p7=27")
    answer = cli(
        *("--json", "evaluation", "add", "--engagement", id_, "--enjoyed", "5"),
        *("--interest", "4", "--confidence", "s=1,t=0,e=1,m=0", "--again", "yes"),
        *("--quote", "They loved it", "--may-quote"),
    )
    assert answer.json["evaluation"]["confidence"] == {"s": 1, "t": 0, "e": 1, "m": 0}
    six = cli("--json", "evaluation", "add", "--engagement", id_, "--enjoyed", "6")
    assert (six.code, six.error["code"]) == (2, "bad_rating")
    file = tmp_path / "forms.txt"
    file.write_text(f"KLEVAL1;loan={loan};used=y;s13=20;enj=5;int=4;again=y\n", encoding="utf-8")
    read = cli("--json", "evaluation", "read", file)
    assert (read.code, read.json["total"], read.json["items"][0]["new"]) == (0, 1, True)
    wrong = cli("--json", "evaluation", "read", f"KLEVAL1;loan={loan};used=y;enj=6")
    assert (wrong.code, wrong.error["code"]) == (2, "bad_form")
    assert wrong.error["details"]["field"] == "enj"
    for text in ("nothing.txt", "KLEVAL2;loan=1", str(tmp_path)):
        assert cli("--json", "evaluation", "read", text).error["code"] == "bad_form"
    assert cli("--json", "evaluation", "list").json["total"] == 2


def test_the_audit_has_the_totals(cli: Cli, loan: str) -> None:
    """What ESP's page is asked for first."""
    add(cli, "--learners", "p5-p7=27")
    found = cli("--json", "audit").json["totals"]
    assert (found["schools"], found["learner_engagements"]) == (1, 27)
    assert (found["learners_at_least"], found["learners_at_most"]) == (27, 27)


def test_what_says_nothing_yet_says_what_to_do(cli: Cli) -> None:
    """An empty list reads like a fault."""
    cli("init", "fife")
    assert "schools import" in cli("schools", "find").out
    assert "engagement add" in cli("engagements").out
    assert "evaluation add" in cli("evaluation", "list").out
    missing = cli("--json", "schools", "import", "nowhere.xlsx")
    assert (missing.code, missing.error["code"]) == (2, "no_such_file")
    assert json.loads(missing.out)["error"]["hint"]


def test_what_was_written_can_be_read(cli: Cli, loan: str) -> None:
    """Words that nobody can read back cannot be checked, used or erased."""
    used = add(cli, "--learners", "p5-p7=27")
    answers = ("--confidence", "s=1,t=0,e=-1", "--quote", "They built a rover", "--may-quote")
    made = cli("--json", "evaluation", "add", "--engagement", used, *answers).json["evaluation"]
    quote = {"heading": "quote", "words": "They built a rover", "may_publish": True}
    assert made["quotes"] == [quote]
    assert cli("checkin", "AC1", "--whole").code == 0
    not_used = add(cli, "--org", "Lochside Academy", "--not-used", "the hall roof leaked")
    listed = cli("--json", "evaluation", "list").json
    found = {each["engagement"]: each["quotes"] for each in listed["items"]}
    words = "the hall roof leaked"
    reason = {"heading": "why it was not used", "words": words, "may_publish": False}
    assert found == {used: [quote], not_used: [reason]}
    shown = cli("evaluation", "list").out
    assert "able to teach S more, T the same, E less" in shown
    assert "quote (may be quoted): They built a rover" in shown
    assert "why it was not used: the hall roof leaked" in shown
    assert "noted" not in shown


def test_what_was_written_goes_when_it_is_undone(cli: Cli, loan: str, store: Path) -> None:
    """Words entered by mistake may be about a child: no page shows them, so none is left."""
    used = add(cli, "--learners", "p5-p7=27")
    add_one = (
        "evaluation",
        "add",
        "--engagement",
        used,
        "--enjoyed",
        "5",
        "--quote",
        "Ann liked it",
    )
    assert cli(*add_one).code == 0
    assert cli("undo", "--json").json["undone"]["kind"] == "evaluation.received"
    assert cli("undo", "--json").json["undone"]["kind"] == "engagement.recorded"
    add(cli, "--not-used", "Ann was ill")
    assert cli("undo", "--json").json["undone"]["kind"] == "engagement.recorded"
    assert cli("--json", "evaluation", "list").json["items"] == []
    with sqlite3.connect(store) as connection:
        assert connection.execute("SELECT count(*) FROM quote").fetchone() == (0,)
    connection.close()
    kept = add(cli, "--not-used", "the hall roof leaked")
    assert cli("engagement", "correct", kept, "--not-used", "the bus was late").code == 0
    assert cli("undo", "--json").json["undone"]["kind"] == "engagement.corrected"
    (item,) = cli("--json", "evaluation", "list").json["items"]
    assert [each["words"] for each in item["quotes"]] == ["the hall roof leaked"]


def test_a_return_names_the_command_that_records_the_use(cli: Cli, loan: str) -> None:
    """At the command line nothing asked what a kit had been used for, so nobody recorded it."""
    back = cli("checkin", "AC1", "--whole")
    assert f"kitloan engagement add --loan {loan} --date DATE --learners BAND=N" in back.out
    cli("undo")
    cli("engagement", "add", "--loan", loan, "--date", "today", "--learners", "p5-p7=20")
    assert "engagement" not in cli("checkin", "AC1", "--whole").out
