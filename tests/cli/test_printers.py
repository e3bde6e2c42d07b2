"""A printer's figures on the command line: what they would do to the sheet is said there."""

from pathlib import Path

from cli.running import Cli, Stock


def test_figures_that_lose_labels_are_refused_and_not_kept(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """Lost: every sheet of a printer whose figure was saved with a point out of place."""
    figures = ("--stock", "l7651", "--printer", "Office", "--offset-x", "-9", "--save-printer")
    refused = cli("labels", "--all", "--out", tmp_path / "a.pdf", *figures, "--json")
    assert (refused.code, refused.error["code"]) == (2, "off_page")
    assert refused.error["details"]["labels"][:3] == [1, 6, 11]
    assert not (tmp_path / "a.pdf").exists()
    again = cli("labels", "--all", "--out", tmp_path / "a.pdf", *figures[:4], "--json")
    assert again.error["code"] == "no_such_printer"


def test_the_calibration_page_says_which_labels_figures_would_lose(
    cli: Cli, tmp_path: Path
) -> None:
    """Lost: the page that would have told, printed and not read."""
    page = ("labels", "--calibrate", "--stock", "l7651", "--out", tmp_path / "c.pdf", "--json")
    assert cli(*page, "--offset-x", "1.5").json["notes"] == []
    told = cli(*page, "--offset-x", "-9").json["notes"]
    assert "labels 1, 6, 11" in told[0] and "run off the page" in told[0]
