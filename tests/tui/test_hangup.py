"""The window is closed while the desk is open: the program goes too, and what was done stays."""

import sys
from pathlib import Path

import pytest

from cli.running import PROGRAM
from tui.at_the_counter import SCHOOL, Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends programs itself")
if sys.platform != "win32":
    from at_a_terminal import Terminal

IGNORES = 'trap "" HUP; exec "$0" "$@"'
"""As `nohup` starts a program, and as some remote shells and session managers do."""


@pytest.mark.parametrize("start", [[], ["sh", "-c", IGNORES]], ids=["told", "not told"])
def test_the_desk_leaves_with_its_window(store: Store, tmp_path: Path, start: list[str]) -> None:
    """Else a desk that nobody sees would stay, and take a whole processor to read nothing."""
    home = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    command = [*start, str(PROGRAM), "--store", str(store.place), "--as", "m.ross"]
    with Terminal(command, env=home) as desk:
        desk.until("READY")
        lent = ((store.kit, "TO WHOM?"), (SCHOOL, "OUT"), ("KLUDONE", "DONE"))
        for code, word in (*lent, (store.kit, "IN?")):
            desk.mark()
            desk.scan(code)
            desk.until(word)
        assert desk.hang_up(), "it goes on without a terminal"
    assert store.kitloan.find.holding(store.kit).status == "out", "it was not counted"
    assert store.kitloan.ledger.verify().ok
    store.kitloan.loans.check_in([store.kit])
