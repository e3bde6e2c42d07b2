"""What colleges sent ESP, and the picture that ESP has of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conftest import SetClock
from kitloan.college import College
from lives import audit_text, register_of

NOW = datetime(2026, 12, 14, 9, 0, tzinfo=UTC)
"""When ESP looks; so late that some loans are overdue."""


@dataclass(frozen=True)
class Sent:
    """What a college sent ESP: everything in one file, and the same in several."""

    whole: Path
    parts: tuple[Path, ...]
    entries: int


def stages(
    desk: College, folder: Path, clock: SetClock, works: Sequence[Callable[[], object]]
) -> Sent:
    """Do the works one after the other, sending what is new after each."""
    parts = []
    for number, work in enumerate(works):
        work()
        clock.move(hours=1)
        parts.append(folder / f"{desk.session.college}-{number}.kitloan")
        desk.exchange.export(parts[-1], since_last=True)
    whole = folder / f"{desk.session.college}.kitloan"
    told = desk.exchange.export(whole)
    return Sent(whole, tuple(parts), told.entries)


Picture = tuple[dict[str, Any], str]

ESPS_OWN = {
    *("programme", "gifting", "delivery", "allocation", "challenge", "challenge_line"),
    "resumption",
}
"""Tables that the lives of colleges leave empty."""


def picture(national: College) -> Picture:
    """All that may not depend on how files came: the tables, and the audit byte for byte."""
    return register_of(national), audit_text(national)
