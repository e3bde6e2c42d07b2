"""How much work a file may cause: so much for its size, whatever is in its entries."""

from kitloan.exchange.file import MOST_UNPACKED, ExchangeFile
from kitloan.storage.statements import Meter

LARGE_FILE = 250_000
LARGE_FILE_ON_A_SERVER = 100_000
"""Bytes of a file that is never merged in the store itself: it would hold the store for seconds."""

BYTES_OF_A_ROW = 12
"""Bytes of a file for each row that its entries may read or change, over `FREE_ROWS`. An entry of
an ordinary ledger takes some seventy bytes, and reads or changes four rows."""

FREE_ROWS = 100_000
FREE_ROWS_ON_A_SERVER = 15_000
"""Instead of `FREE_ROWS`, where the entries are recorded in the server's own tables. There a row
costs some two tenths of a millisecond, and in a SQLite file a few microseconds."""

ROWS_OF_AN_ENTRY = 6
"""Rows that each entry of a branch may read or change, over `FREE_ROWS`, when the branch is
replayed: as many as its file allowed it."""

MOST_WRITTEN = 3
"""Times the characters of its lines that a file may write into tables, over `FREE_WRITTEN`; an
ordinary ledger writes them twice."""

FREE_WRITTEN = 2**20


def meter_for(file: ExchangeFile, *, is_on_server: bool = False) -> Meter:
    """The most work that the entries of a file may cause, by its size.

    Reads the whole file, so it is called before the store is locked.

    Args:
        file: what was sent.
        is_on_server: whether its entries are recorded in a server's own tables.

    Raises:
        BadInput: `bad_exchange_file`.
    """
    written = MOST_WRITTEN * file.unpacked_size() + FREE_WRITTEN
    free = FREE_ROWS_ON_A_SERVER if is_on_server else FREE_ROWS
    return Meter(file.size() // BYTES_OF_A_ROW + free, written)


BYTES_OF_A_CHANGED_ROW = 42
"""Bytes of a file for each row of the store that may come or go by it, over `FREE_CHANGED_ROWS`.
The store is locked for these. An ordinary ledger has a row for 43 bytes."""

FREE_CHANGED_ROWS = 40_000


def most_changed_rows(size: int) -> int:
    """How many rows may come and go in the store by a file of this many bytes."""
    return size // BYTES_OF_A_CHANGED_ROW + FREE_CHANGED_ROWS


ROWS_OF_AN_ORDINARY_ENTRY = 5
"""Rows that an entry of an ordinary ledger reads or changes: four, and some in hand."""

CHANGED_BY_AN_ORDINARY_ENTRY = 2
"""Rows of the store that come by an entry of an ordinary ledger, its own among them."""


def may_leave_out(entries: int, unpacked: int, size: int) -> bool:
    """Whether an ordinary ledger in version 2 of the file keeps well within the limits.

    They follow from the size of the file, whatever its version, so that no version lets a file
    cause more work. A long ledger goes in version 1, in which its size shows more.

    Args:
        entries: how many the file has.
        unpacked: characters of its lines, with what version 2 leaves out.
        size: the file's, in bytes.
    """
    free = FREE_ROWS if size > LARGE_FILE_ON_A_SERVER else FREE_ROWS_ON_A_SERVER
    rows = size // BYTES_OF_A_ROW + free
    return (
        entries * ROWS_OF_AN_ORDINARY_ENTRY <= rows
        and entries * CHANGED_BY_AN_ORDINARY_ENTRY <= most_changed_rows(size)
        and unpacked <= MOST_UNPACKED * size
    )


def meter_for_branch(entries: int, characters: int) -> Meter:
    """The most work that replaying a branch of a ledger may cause.

    Its entries may have come in many files, and have waited on another branch, where they were
    never applied. So what each file might do does not show what they do together.

    Args:
        entries: how many the branch has.
        characters: how long their texts are.
    """
    rows = entries * ROWS_OF_AN_ENTRY + FREE_ROWS
    return Meter(rows, MOST_WRITTEN * characters + FREE_WRITTEN)
