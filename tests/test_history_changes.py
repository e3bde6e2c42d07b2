"""A holding's history shows what was changed, from what to what."""

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
