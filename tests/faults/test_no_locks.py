"""A network share without locks is named before two desks spoil a store between them."""

import errno
import sqlite3
from pathlib import Path

import pytest

from faults.beneath import CAN_FILTER, command, locks_answered_with, program
from kitloan.storage.locks import insist_on_locks, one_machine_only

FILTERED = pytest.mark.skipif(not CAN_FILTER, reason="the kernel answers nothing otherwise here")
LINE = "36 28 0:31 / {point} rw,relatime shared:1 - {kind} host:/kits rw,vers=3,{options}\n"
ROOT = "28 1 254:0 / / rw,relatime - ext4 /dev/sda1 rw\n"


@FILTERED
@pytest.mark.parametrize("answer", [0, errno.ENOLCK, errno.EIO], ids=["lie", "none", "error"])
def test_a_share_without_locks_is_named(stocked: Path, answer: int) -> None:
    """Two desks that lend there at once would spoil the file, and learn of it days later."""
    before = stocked.read_bytes()
    lent = program(
        stocked,
        *("checkout", "FC001", "--to", "Glenwood", "--json"),
        prepare=locks_answered_with(answer),
    )
    assert (lent.code, lent.error["code"]) == (3, "no_locks")
    assert str(stocked.parent) in lent.error["message"]
    assert stocked.read_bytes() == before
    assert [each.name for each in stocked.parent.iterdir()] == ["fife.sqlite"]
    assert command(stocked, "checkout", "FC001", "--to", "Glenwood").code == 0


@FILTERED
def test_no_store_is_started_on_a_share_without_locks(tmp_path: Path) -> None:
    """The day that a store is made is the day on which it can still be put elsewhere."""
    place = tmp_path / "fife.sqlite"
    made = program(place, "init", "fife", "--json", prepare=locks_answered_with(0))
    assert (made.code, made.error["code"]) == (3, "no_locks")
    assert place.read_bytes() == b""
    assert command(place, "init", "fife").code == 0


def test_a_good_disk_is_not_suspected(tmp_path: Path) -> None:
    """A false alarm would close a counter; also while others hold locks beside it."""
    with sqlite3.connect(tmp_path / "other", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        insist_on_locks(tmp_path)
    other.close()
    assert [each.name for each in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize(
    ("kind", "options", "folder", "named"),
    [
        ("nfs", "hard,nolock,proto=tcp", "/mnt/kits/fife", "nolock"),
        ("nfs4", "local_lock=all", "/mnt/kits", "local_lock=all"),
        ("nfs4", "local_lock=none", "/mnt/kits", ""),
        ("cifs", "soft,nobrl", "/mnt/kits/a/b", "nobrl"),
        ("cifs", "soft", "/mnt/kits", ""),
        ("fuse.sshfs", "user_id=0", "/mnt/kits", "fuse.sshfs"),
        ("nfs", "nolock", "/mnt/kitsune", ""),
        ("ext4", "nolock", "/mnt/kits", ""),
    ],
)
def test_locks_that_stay_on_one_machine_are_named(
    kind: str, options: str, folder: str, named: str
) -> None:
    """Such a share passes every trial that one machine can make, and fails with two."""
    mounts = ROOT + LINE.format(point="/mnt/kits", kind=kind, options=options)
    why = one_machine_only(mounts, folder)
    assert (named in why) if named else (why == "")


def test_the_mount_that_counts_is_the_innermost() -> None:
    """A local disk inside a share is a good place, and its name may have a blank in it."""
    share = LINE.format(point="/mnt/our\\040kits", kind="nfs", options="nolock")
    inner = LINE.format(point="/mnt/our\\040kits/disk", kind="ext4", options="rw")
    assert "nolock" in one_machine_only(ROOT + share, "/mnt/our kits/x")
    assert one_machine_only(ROOT + share + inner, "/mnt/our kits/disk/x") == ""
    assert one_machine_only(inner + share + ROOT, "/mnt/our kits/disk/x") == ""
