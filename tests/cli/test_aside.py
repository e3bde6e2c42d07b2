"""Refused files at ESP's command line."""

from pathlib import Path

from cli.running import Cli


def test_the_command_numbers_what_it_drops(cli: Cli, store: Path, tmp_path: Path) -> None:
    """Paths of a file that came by mail are long, and not to be typed again."""
    national, sent = tmp_path / "esp.sqlite", tmp_path / "sent.kitloan"
    cli("init", "esp", store=national)
    cli("init", "fife")
    cli("ledger", "export", tmp_path / "first.kitloan")
    cli("add", "--type", "Kit")
    cli("ledger", "export", sent, "--since-last")
    assert cli("ledger", "import", sent, store=national).code == 2
    assert cli("ledger", "aside", store=national).out.startswith("1  ")
    dropped = cli("ledger", "aside", "--drop", "1", "--json", store=national).json
    assert (dropped["total"], dropped["dropped"]["file"]) == (0, str(sent))
    assert cli("ledger", "aside", store=national).out.strip() == "No file is in quarantine."
    assert cli("ledger", "aside", "--drop", "1", store=national).code == 2
