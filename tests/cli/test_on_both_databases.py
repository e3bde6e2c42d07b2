"""A college that moves to a server finds the same answers there."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.running import Cli, Stock
from cli.shapes import FIGURES, HOLDING, LOAN, LOAN_OF_HOLDING, has
from kitloan import NewHolding
from kitloan.college import init
from kitloan.imports.contents import read_types


@pytest.fixture
def on_either(
    new_place: Callable[[], str], stocked_once: tuple[Path, Stock], tmp_path: Path
) -> str:
    """A store with one kit, on SQLite and on PostgreSQL."""
    place = new_place()
    contents = tmp_path / "contents.csv"
    shutil.copy(stocked_once[0].with_name("contents.csv"), contents)
    with init("fife", place, actor="j.bain") as fife:
        fife.holdings.define_types(read_types(contents))
        fife.holdings.add(NewHolding("STEM kit", asset_number="FC001"))
    return place


def test_the_shapes_are_the_same_on_both_databases(cli: Cli, on_either: str) -> None:
    """A college that moves to a server must not have to change its scripts."""
    lent = cli("checkout", "FC001", "--to", "Sgoil Àrd Phort Rìgh", "--json", store=on_either)
    has(lent.json, "loans", loans={"id", "tag", "to", "due_on"})
    shown = cli("show", "FC001", "--json", store=on_either).json
    has(shown, *HOLDING, "history", loan=LOAN_OF_HOLDING)
    has(cli("find", "fc001", "--json", store=on_either).json, items=HOLDING)
    has(cli("loans", "--json", store=on_either).json, items=LOAN)
    back = cli("checkin", "FC001", "--missing", "Wheel=2", "--json", store=on_either).json
    assert back["loans"][0]["shortages"] == [{"component": "Wheel", "missing": 2, "broken": 0}]
    has(cli("audit", "--json", store=on_either).json, totals=FIGURES)
    assert cli("ledger", "verify", "--json", store=on_either).json["ok"] is True


def test_refusals_are_the_same_on_both_databases(cli: Cli, on_either: str) -> None:
    """The rules of lending are the college's, not the database's."""
    cli("checkout", "FC001", "--to", "Balwearie High School", store=on_either)
    before = cli("ledger", "verify", "--json", store=on_either).json
    for line, code, rule in (
        (("checkout", "FC001", "--to", "Viewforth High School"), 1, "on_loan"),
        (("add", "--type", "\x1b[2J"), 2, "bad_text"),
        (("renew", "FC001", "--due", "1/1/2020"), 2, "due_in_the_past"),
        (("checkin", "FC001", "--missing", "Whale=1"), 2, "no_such_component"),
    ):
        answer = cli(*line, "--json", store=on_either)
        assert (answer.code, answer.error["code"]) == (code, rule)
    assert cli("ledger", "verify", "--json", store=on_either).json == before
