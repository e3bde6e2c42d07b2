"""A holding's history shows what was changed, from what to what."""

from datetime import date

from kitloan.college import College
from kitloan.holdings import NewHolding


def test_what_was_changed_from_what_to_what(fife: College) -> None:
    """Else the history of a wrong number would be: details changed."""
    holdings = fife.holdings
    tag = holdings.add(NewHolding("Rover Kit", asset_number="R1", location="Store 1")).tag
    holdings.amend(tag, type="Solar Kit")
    holdings.amend(tag, serial="S9")
    holdings.move(tag, "Store 2")
    holdings.amend(tag, asset_number="R2", serial="")
    fife.actions.undo()
    holdings.amend(tag, asset_number="R3")
    summaries = [line.summary for line in fife.find.history(tag)]
    assert [words for words in summaries if "changed" in words or "from" in words] == [
        "type changed from Rover Kit to Solar Kit",
        "moved from Store 1 to Store 2",
        "asset number changed from R1 to R2; serial number S9 removed (undone)",
        "asset number changed from R1 to R3",
    ]
    assert "serial number S9 added" in summaries


def test_a_corrected_loan_says_from_what_to_what(fife: College, kit: str) -> None:
    """Who asks why a school was rung for another's kit reads it off the history."""
    fife.loans.check_out([kit], "A Primary", due_on=date(2026, 12, 4))
    fife.loans.renew(kit, date(2026, 12, 11))
    fife.loans.correct(kit, to="B Primary", contact="Pat Example", due_on=date(2026, 12, 18))
    fife.loans.correct(kit, contact="Sam Example")
    fife.actions.undo()
    fife.loans.correct(kit, due_on=date(2026, 12, 21))
    said = [line.summary for line in fife.find.history(kit) if line.kind.startswith("loan.")]
    assert said[1:] == [
        "renewed from 4 Dec 2026 to 11 Dec 2026",
        "loan corrected: borrower changed from A Primary to B Primary; contact added; "
        "due date changed from 11 Dec 2026 to 18 Dec 2026",
        "loan corrected: contact changed (undone)",
        "loan corrected: due date changed from 18 Dec 2026 to 21 Dec 2026",
    ]
    assert not any("Example" in line for line in said)
