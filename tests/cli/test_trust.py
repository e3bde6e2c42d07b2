"""Keys and first contact at the command line."""

from pathlib import Path

import pytest

from cli.running import POSIX, PROGRAM, Cli
from forked import become


@pytest.fixture
def esp(cli: Cli, tmp_path: Path) -> Path:
    """ESP's store, and fife's first file beside it."""
    cli("init", "fife")
    cli("ledger", "export", tmp_path / "fife.kitloan")
    cli("init", "esp", store=tmp_path / "esp.sqlite")
    return tmp_path / "esp.sqlite"


def test_a_list_of_fingerprints(cli: Cli, esp: Path, tmp_path: Path) -> None:
    """ESP publishes one; a script has nobody to ask."""
    file, listed = tmp_path / "fife.kitloan", tmp_path / "keys.txt"
    own = cli("key", "--json").json
    assert cli("key").out.strip() == f"{own['ledger']}  {own['fingerprint']}"
    for words in (f"ayrshire {own['fingerprint']}\n", "# nobody\n"):
        listed.write_text(words)
        refused = cli("ledger", "import", file, "--trust", listed, "--json", store=esp)
        assert (refused.code, refused.error["code"]) == (1, "unknown_key")
    listed.write_text("fife 3f2a\n")
    for short in (listed, own["fingerprint"][:9], tmp_path / "no such file"):
        refused = cli("ledger", "import", file, "--trust", short, "--json", store=esp)
        assert (refused.code, refused.error["code"]) == (2, "bad_fingerprint")
    listed.write_text(f"# of 2026\n\n{cli('key').out.strip()}  # m.ross\n")
    done = cli("ledger", "import", file, "--trust", listed, "--json", store=esp)
    assert done.json["files"][0]["added"]
    assert cli("ledger", "import", file, "--json", store=esp).code == 0, "it asks once"


def test_a_new_key_is_taken_by_a_person(cli: Cli, esp: Path, tmp_path: Path) -> None:
    """A stolen laptop has the old one."""
    file = tmp_path / "fife.kitloan"
    old = cli("key", "--json").json["fingerprint"]
    cli("ledger", "import", file, "--trust", old, store=esp)
    new = cli("key", "--new", "--json").json["fingerprint"]
    assert new != old
    assert cli("key", "--json").json["fingerprint"] == new
    cli("add", "--type", "Kit")
    cli("ledger", "export", file)
    refused = cli("ledger", "import", file, "--trust", new, "--json", store=esp)
    assert refused.error["code"] == "key_changed"
    assert cli("ledger", "import", file, "--new-key", "--json", store=esp).json["files"][0]["added"]


@POSIX
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_at_a_terminal_it_asks(cli: Cli, esp: Path, tmp_path: Path, answer: str, code: int) -> None:
    """Whoever only presses Enter has compared nothing."""
    pexpect = pytest.importorskip("pexpect")
    line = ["--store", str(esp), "ledger", "import", str(tmp_path / "fife.kitloan")]
    at = pexpect.spawn(
        str(PROGRAM), line, encoding="utf-8", timeout=300, echo=False, preexec_fn=become(line)
    )
    at.setwinsize(24, 200)
    at.expect_exact(cli("key", "--json").json["fingerprint"])
    at.expect_exact("Is it the same? [y/N]")
    at.sendline(answer)
    at.expect(pexpect.EOF)
    at.close()
    assert at.exitstatus == code
