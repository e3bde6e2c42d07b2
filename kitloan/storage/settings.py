"""The values in table `setting`: what a store remembers about itself, and each value's form.

Any program that can open the file can write there. A value that cannot be read is `damaged`, and is
never guessed: a number read as 0 would send the whole ledger again, or skip the rewrite that an
erasure needs.
"""

import json
import re

from kitloan.errors import StoreError
from kitloan.storage.faults import RESTORE_NEWEST

ESP_READS = "esp_reads"
"""The newest version of the exchange file that ESP reads, by its last file."""
NUMBERS = ("schema", "erasures", "rewritten", "last_export", "receipt", ESP_READS)
SIGNING_KEY = "signing_key"
TAKEN = "taken in place"

_NUMBER = re.compile(r"[0-9]{1,18}")
_KEY = re.compile(r"[0-9a-f]{64}")


def whole_number(name: str, value: object) -> int:
    """The whole number in a setting.

    Raises:
        StoreError: `damaged`.
    """
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise damaged(name)
    return int(value)


def key_bytes(name: str, value: object) -> bytes:
    """The 32 bytes of the key in a setting.

    Raises:
        StoreError: `damaged`.
    """
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise damaged(name)
    return bytes.fromhex(value)


def texts(name: str, value: object, fields: tuple[str, ...]) -> dict[str, str]:
    """The texts in a setting, by name: exactly these, as JSON.

    Raises:
        StoreError: `damaged`.
    """
    try:
        found = json.loads(str(value))
    except (ValueError, RecursionError):
        raise damaged(name) from None
    if not isinstance(found, dict) or set(found) != set(fields):
        raise damaged(name)
    if not all(isinstance(each, str) for each in found.values()):
        raise damaged(name)
    return found


def is_readable(name: str, value: object) -> bool:
    """Whether kitloan could have written a setting's value; True for an unknown name."""
    try:
        if name in NUMBERS:
            whole_number(name, value)
        elif name == SIGNING_KEY:
            key_bytes(name, value)
        elif name == TAKEN:
            texts(name, value, ("entry", "at", "by"))
    except StoreError:
        return False
    return isinstance(value, str)


def damaged(name: str) -> StoreError:
    """The refusal of a store with a setting that cannot be read."""
    return StoreError(
        "damaged",
        f"The store's setting {name!r} has a value that kitloan never writes: another program "
        "changed it, or the file is damaged.",
        RESTORE_NEWEST,
        setting=name,
    )
