"""A file on disk, brought to sheets of cells, or refused with the reason.

What a file is, its content says, never its name: colleges rename `.xls` to `.xlsx`, and send PDFs
called `register.csv`. Every refusal here is met before anything of size is unpacked.
"""

import io
import zipfile
from pathlib import Path
from typing import Literal

from kitloan.errors import BadInput
from kitloan.imports.delimited import read_delimited
from kitloan.imports.opendocument import read_old_office, read_opendocument
from kitloan.imports.sheets import Book
from kitloan.imports.workbook import read_workbook

LARGEST_FILE = 100_000_000
LARGEST_UNPACKED = 200_000_000
"""Bytes; a register of a hundred thousand lines stays well below both."""

_SAVE_AS = "Open it in the program that made it, and save it as .xlsx or CSV."

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # how a workbook with a password is wrapped
_XLS_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")

_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%pdf", "a PDF"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x89png", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"gif8", "a picture"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
    (b"\x1f\x8b", "a compressed file"),
    (b"sqlite format 3", "a database, perhaps a kitloan store"),
)


def load(path: Path) -> Book:
    """The sheets in a CSV, XLSX, ODS or XLS file.

    Raises:
        BadInput: `no_such_file`, `not_a_file`, `file_unreadable`, `file_too_large`, `empty_file`,
            `not_a_spreadsheet`, `locked_spreadsheet`, `damaged_spreadsheet`, `unclosed_quote`.
    """
    content = _content(path)
    start = content[:64].lower().lstrip(b"\xef\xbb\xbf \t\r\n")
    if content.startswith(_OLD_OFFICE):
        if _ENCRYPTED in content:
            raise _locked(path)
        if not any(stream in content for stream in _XLS_STREAMS):
            raise _not_a_spreadsheet(path, "it is a document in the old Office format")
        return read_old_office(path, content)
    if content.startswith(_ZIP):
        if _check_archive(path, content) == "ods":
            return read_opendocument(path, content)
        return read_workbook(path, content)
    for beginning, kind in _OTHER_KINDS:
        if start.startswith(beginning):
            raise _not_a_spreadsheet(path, f"it is {kind}")
    return read_delimited(path, content)


def _content(path: Path) -> bytes:
    """The bytes of the file, read once, unless there is a reason not to."""
    try:
        if path.is_dir():
            raise BadInput(
                "not_a_file", f"{path} is a folder.", "Name the spreadsheet in it.", file=str(path)
            )
        if not path.exists():
            raise BadInput(
                "no_such_file", f"There is no file {path}.", "Check its name.", file=str(path)
            )
        if not path.is_file():
            raise BadInput(
                "not_a_file", f"{path} is not a file.", "Name an ordinary file.", file=str(path)
            )
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise _too_large(path, size, LARGEST_FILE, "")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BadInput(
            "file_unreadable",
            f"{path} cannot be read: {reason}.",
            "If it is open in a spreadsheet program, close it there first.",
            file=str(path),
        ) from error
    if not content.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise BadInput(
            "empty_file", f"{path.name} is empty.", "Check that it was saved.", file=str(path)
        )
    return content


def _check_archive(path: Path, content: bytes) -> Literal["xlsx", "ods"]:
    """Which kind of spreadsheet a zip archive is; refused when it is none that can be unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadInput(
            "damaged_spreadsheet",
            f"{path.name} is damaged: only part of it is there.",
            "Copy or download it again.",
            file=str(path),
        ) from error
    # A member never unpacks to more than it declares: zipfile stops there.
    unpacked = sum(member.file_size for member in members)
    if unpacked > LARGEST_UNPACKED:
        raise _too_large(path, unpacked, LARGEST_UNPACKED, " once unpacked")
    if any(member.flag_bits & 1 for member in members):
        raise _locked(path)
    names = {member.filename for member in members}
    if "content.xml" in names and "mimetype" in names:
        if not _is_ods(content):
            raise _not_a_spreadsheet(path, "it is another program's document, not a spreadsheet")
        return "ods"
    if "[Content_Types].xml" not in names or not any(n.startswith("xl/") for n in names):
        kind = "another program's spreadsheet" if "mimetype" in names else "a zip archive"
        raise _not_a_spreadsheet(path, f"it is {kind}, not .xlsx")
    if "xl/workbook.bin" in names:
        raise _not_a_spreadsheet(path, "it is a binary workbook (.xlsb)")
    return "xlsx"


def _is_ods(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("mimetype")[:100].startswith(_ODS)


def _locked(path: Path) -> BadInput:
    return BadInput(
        "locked_spreadsheet",
        f"{path.name} is protected by a password.",
        "Open it, take the password off (File, Info, Protect Workbook), and save it again.",
        file=str(path),
    )


def _not_a_spreadsheet(path: Path, why: str) -> BadInput:
    return BadInput(
        "not_a_spreadsheet",
        f"{path.name} is not a spreadsheet that can be read: {why}.",
        _SAVE_AS,
        file=str(path),
    )


def _too_large(path: Path, size: int, most: int, when: str) -> BadInput:
    return BadInput(
        "file_too_large",
        f"{path.name} is {size / 1e6:,.0f} MB{when}; the most is {most / 1e6:,.0f} MB.",
        "Copy the register alone into a new spreadsheet, without pictures.",
        file=str(path),
        bytes=size,
    )
