"""A window that is closed: nothing may stay behind that eats the machine."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import kitloan

MARK = b"scan a kit"


def test_a_desk_ends_with_its_terminal(tmp_path: Path) -> None:
    """Started to outlive its parent, a desk without a window would run at full speed for days."""
    store = tmp_path / "fife.sqlite"
    kitloan.init("fife", store, actor="m.ross").close()
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "kitloan", "--store", store],
        stdin=its,
        stdout=its,
        stderr=its,
        env=os.environ | {"TERM": "xterm-256color"},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    ) as desk:
        os.close(its)
        seen = b""
        while MARK not in seen:
            seen += os.read(ours, 65536)
        os.close(ours)
        assert desk.wait(timeout=60) is not None
