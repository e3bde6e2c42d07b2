"""Files that come again, known by their bytes.

Every line of a file is checked when it is merged. When the same bytes come again, the same checks
would say the same, and nothing in the file can be new: so the store remembers the hash of each file
that brought something. A month's files said twice are told in a second; unpacking them would take
longer. A file that differs in a bit is another file, and is read line by line.
"""

import hashlib
from pathlib import Path

from sqlalchemy import Connection, select

from kitloan.exchange.header import Header
from kitloan.exchange.sending import remember
from kitloan.models import Setting, table
from kitloan.register.epochs import college_of

setting = table(Setting)


def digest_of(path: Path) -> str:
    """The hash of a file's bytes; of one that has gone meanwhile, that of none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def was_merged(connection: Connection, header: Header, digest: str) -> bool:
    """Whether a file of these bytes was merged into this store."""
    found = select(setting.c.value).where(
        setting.c.college == college_of(header.ledger), setting.c.name == f"merged {digest}"
    )
    return connection.execute(found).scalar() == header.head


def remember_merged(connection: Connection, header: Header, digest: str) -> None:
    """A file of these bytes is merged."""
    remember(connection, college_of(header.ledger), f"merged {digest}", header.head)
