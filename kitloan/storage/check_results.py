"""What was checked last on this machine, and whether it was in order: for `kitloan doctor`.

    [scanner]                      # the desk's scanner check
    at = "2026-11-28T18:02:11Z"
    ok = false
    problems = ["Turn Caps Lock off."]
    [verify."/home/…/kitloan.sqlite"]   # `ledger verify`, by store
    at = "2026-11-27T09:15:40Z"
    ok = true
    problems = []

The file is in the user's folder for logs. It is a help and no record: where it cannot be written,
nothing else fails.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kitloan.errors import BadInput
from kitloan.storage.user_files import log_folder, read_settings, save_settings
from kitloan.text.dates import instant, moment

SCANNER, VERIFY = "scanner", "verify"
_MOST_STORES = 20


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: when (an instant), whether all was in order, and what was not."""

    at: str
    ok: bool
    problems: tuple[str, ...] = ()


def results_file() -> Path:
    """Where the results are."""
    return log_folder() / "checks.toml"


def save_scanner_check(now: datetime, problems: list[str]) -> None:
    """Note what the scanner check found: what to correct, never what was scanned."""
    result = CheckResult(instant(now), not problems, tuple(problems))
    _save({SCANNER: asdict(result) | {"problems": problems}})


def save_verification(store: str, now: datetime, problems: list[str]) -> None:
    """Note what verifying a store found.

    Args:
        store: its path or URL, as `Store.name` gives it.
        now: when it was verified.
        problems: the codes of its findings.
    """
    with suppress(BadInput):
        earlier = {
            name: found
            for name, found in _table(read_settings(results_file()), VERIFY).items()
            if name != _key(store)
        }
        latest = {"at": instant(now), "ok": not problems, "problems": problems}
        kept = list(earlier.items())[1 - _MOST_STORES :]
        _save({VERIFY: dict(kept) | {_key(store): latest}})


def last_scanner_check() -> CheckResult | None:
    """What the scanner check found last; None where there was none.

    Raises:
        BadInput: `bad_settings`, when the file cannot be read.
    """
    return _result(read_settings(results_file()).get(SCANNER))


def last_verification(store: str) -> CheckResult | None:
    """What verifying a store found last on this machine; None where it never was.

    Raises:
        BadInput: `bad_settings`, when the file cannot be read.
    """
    return _result(_table(read_settings(results_file()), VERIFY).get(_key(store)))


def _save(changed: dict[str, Any]) -> None:
    with suppress(BadInput):
        save_settings(results_file(), changed)


def _key(store: str) -> str:
    return store if "://" in store else str(Path(store).absolute())


def _table(found: dict[str, Any], name: str) -> dict[str, Any]:
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}


def _result(found: object) -> CheckResult | None:
    """What is in the file, where kitloan can have written it: anyone can edit it."""
    match found:
        case {"at": str(at), "ok": bool(ok), "problems": list(problems)}:
            with suppress(ValueError):
                if moment(at).tzinfo is not None:
                    return CheckResult(at, ok, tuple(map(str, problems)))
    return None
