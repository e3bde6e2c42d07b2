"""The passwords of a shared database's logins, in one file that only its owner can read.

The file is in the form that PostgreSQL's own clients read (`.pgpass`): a college is sent its line,
keeps it in a file of its own, and types no password anywhere.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from kitloan.errors import BadInput
from kitloan.files import whole_file

_LINE = re.compile(r"^(?:(?:\\.|[^:\\\n#])*:){3}(?P<login>[^:\n]*):(?P<password>[^:\n]+)$", re.M)


class Passwords:
    """The file of passwords: a line `host:port:database:login:password` for each login.

    Attributes:
        of: the password of each login that the file names, or that was made for it now.
    """

    def __init__(self, file: Path, connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        here = (driver.info.host or "localhost", str(driver.info.port), driver.info.dbname)
        self._here = ":".join(re.sub(r"([\\:])", r"\\\1", part) for part in here)
        self._file = file
        self._text = _read_private(file)
        self.of = {found["login"]: found["password"] for found in _LINE.finditer(self._text)}

    def keep(self, wanted: Iterable[str], new: Iterable[str]) -> None:
        """Make a password for each new login that has none, and see that the file has all lines.

        Raises:
            BadInput: `cannot_write`.
        """
        for login in new:
            self.of.setdefault(login, secrets.token_urlsafe(24))
        lines = [f"{self._here}:{login}:{self.of[login]}" for login in wanted if login in self.of]
        missing = [line for line in lines if line not in self._text.splitlines()]
        if missing:
            with whole_file(self._file) as beside:
                text = [*self._text.splitlines(), *missing]
                beside.write_text("\n".join(text) + "\n", encoding="utf-8")


def _read_private(file: Path) -> str:
    """What stands in a file that only its owner can read; nothing when there is none."""
    try:
        mode = file.stat().st_mode
        if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise BadInput(
                "not_private",
                f"{file} can be read by others than its owner; passwords are not kept there.",
                f"Close it first: chmod 600 {file}",
                file=str(file),
            )
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError):
        raise BadInput(
            "cannot_read",
            f"{file} cannot be read as a file of passwords.",
            "Name another file, or one that is not there yet.",
            file=str(file),
        ) from None
