"""A rule of the database that somebody took away is found."""

from collections.abc import Callable
from pathlib import Path

import pytest

import kitloan
from crowd import raw


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("TRIGGER", "own_entries_stay"),
        ("INDEX", "one_open_loan_of_a_holding"),
        ("INDEX", "contact_rows_twice"),
    ],
)
def test_a_rule_that_went_is_found(tmp_path: Path, what: str, name: str) -> None:
    """Without its rules a store verifies only by luck: a second loan would be taken."""
    place = str(tmp_path / "fife.sqlite")
    with kitloan.init("fife", place, actor="m.ross") as desk:
        engine = raw(place)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP {what} {name}")
        engine.dispose()
        verdict = desk.ledger.verify()
        assert not verdict.ok
        assert [(f.code, name in f.message) for f in verdict.findings] == [("unguarded", True)]


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("DROP INDEX one_open_loan_of_a_holding", "loan.one_open_loan_of_a_holding is gone"),
        (
            "DROP INDEX one_open_loan_of_a_holding; CREATE UNIQUE INDEX one_open_loan_of_a_holding "
            "ON loan (college, tag, loan) WHERE closed_at IS NULL AND exclusive",
            "loan.one_open_loan_of_a_holding was changed",
        ),
        (
            "ALTER TABLE holding DROP CONSTRAINT never_more_out_than_held",
            "holding.never_more_out_than_held is gone",
        ),
        (
            "ALTER TABLE holding DROP CONSTRAINT holding_state_known, "
            "ADD CONSTRAINT holding_state_known CHECK (state <> '')",
            "holding.holding_state_known was changed",
        ),
        ("ALTER TABLE loan DROP CONSTRAINT loan_of_a_holding", "loan.loan_of_a_holding is gone"),
        ("ALTER TABLE reversal DROP CONSTRAINT reversal_pkey", "reversal.reversal_pkey is gone"),
        ("ALTER TABLE loan ALTER due_key DROP NOT NULL", "loan.due_key is gone"),
        ("ALTER TABLE loan DISABLE TRIGGER ALL", "keys of table loan are switched off"),
    ],
)
def test_a_rule_that_postgresql_keeps_no_more_is_found(
    new_postgres: Callable[[], str], statement: str, rule: str
) -> None:
    """A database that no longer refuses a second loan of one kit must not be called well."""
    url = new_postgres()
    with kitloan.init("fife", url, actor="m.ross") as desk:
        assert desk.ledger.verify().ok
        engine = raw(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()
        findings = desk.ledger.verify().findings
        assert {each.code for each in findings} == {"unguarded"}
        assert any(rule in each.message for each in findings), findings
