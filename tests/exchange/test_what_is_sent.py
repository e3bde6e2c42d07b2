"""What a file is: it can be checked by anybody, and names no person."""

import gzip
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa

import kitloan
from conftest import SetClock
from kitloan import NewHolding
from kitloan.college import College
from kitloan.tables import Contact, Remark, table
from lives import PERSONAL, long_life


def test_a_file_can_be_checked_with_common_tools(fife: College, tmp_path: Path) -> None:
    """A donor's auditor who does not trust our program needs nothing but a checksum."""
    tags = [fife.holdings.add(NewHolding("STEM kit", location="Àrd-ruigh")).tag for _ in range(3)]
    fife.loans.check_out(tags, "Àrd-sgoil Mhic Neacail")
    fife.exchange.export(tmp_path / "fife.kitloan")
    head, *lines = gzip.decompress((tmp_path / "fife.kitloan").read_bytes()).splitlines()
    header = json.loads(head)
    before = header["prev"]
    for number, line in enumerate(lines, start=header["first"]):
        said = json.loads(line)
        assert (said["ledger"], said["seq"], said["prev"]) == (header["ledger"], number, before)
        before = hashlib.sha256(line).hexdigest()
    assert (number, before) == (header["last"], header["head"])


def test_no_person_is_in_what_leaves_the_college(
    fife: College, clock: SetClock, tmp_path: Path
) -> None:
    """A teacher's name in a national file cannot be called back."""
    long_life(fife, clock, tmp_path)
    fife.exchange.export(tmp_path / "fife.kitloan")
    sent = gzip.decompress((tmp_path / "fife.kitloan").read_bytes()).decode()
    with fife.session.reading() as connection:
        kept = str(connection.execute(sa.select(table(Contact))).all())
        kept += str(connection.execute(sa.select(table(Remark))).all())
    for words in PERSONAL:
        assert words in kept, "the college knows it"
        assert words.casefold() not in sent.casefold(), words


def test_two_desks_export_at_once(place: str, fife: College, kit: str, tmp_path: Path) -> None:
    """On a shared server two people press the button on the last day of term."""

    def export(desk: int) -> str:
        with kitloan.open(place, college="fife", actor=f"desk {desk}") as opened:
            for number in range(6):
                opened.exchange.export(tmp_path / f"{desk}-{number}")
        return gzip.decompress((tmp_path / f"{desk}-0").read_bytes()).decode()

    with ThreadPoolExecutor(3) as desks:
        sent = list(desks.map(export, range(3)))
    assert len({json.loads(text.splitlines()[0])["key"] for text in sent}) == 1
