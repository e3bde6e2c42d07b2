"""What is merged, what `verify` replays and what SQL reads of an entry is the same value."""

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from exchange.forging import digest, headed, lines_of, packed, seq_of
from exchange.sent import Sent
from kitloan.college import College
from kitloan.errors import BadInput
from kitloan.tables import LedgerEntry, LedgerHead, table
from lives import bytes_of, unguarded
from trusting import merge

entry, head = table(LedgerEntry), table(LedgerHead)


@pytest.mark.parametrize("first", ["null", "1000000", "-5", '"abc"', "{}"])
def test_a_key_twice_is_refused_with_its_number(
    colleges: dict[str, Sent], national: College, tmp_path: Path, first: str
) -> None:
    """Well sealed: one reader would take the first value, another the last."""
    lines = lines_of(colleges["fife"].whole)
    seq = seq_of(lines, "holding.accessioned")
    twice = lines[seq].replace('"quantity":', f'"quantity":{first},"quantity":')
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed(headed([*lines[:seq], twice], head=digest(twice), last=seq)))
    before = bytes_of(national)
    with pytest.raises(BadInput) as refusal:
        merge(national, [path])
    assert (refusal.value.code, refusal.value.details["seq"]) == ("altered", seq)
    assert bytes_of(national) == before


@pytest.mark.parametrize("second", ['"ledger": "fife"', '"last": 1', '"key": ""', '"holds": []'])
def test_a_header_with_a_name_twice_is_refused(
    colleges: dict[str, Sent], national: College, tmp_path: Path, second: str
) -> None:
    """One program would take the first value, another the last; the signature fits the last."""
    header, *rest = lines_of(colleges["fife"].whole)
    name, _, value = second.partition(": ")
    if name.strip('"') not in json.loads(header):
        header = header[:-1] + f", {name}: {value}}}"
    path = tmp_path / "sent.kitloan"
    path.write_bytes(packed([f"{{{second}, {header[1:]}", *rest]))
    with pytest.raises(BadInput) as refusal:
        merge(national, [path])
    assert refusal.value.code == "bad_exchange_file"
    assert f"{name.strip(chr(34))!r} twice" in refusal.value.message


def test_verify_finds_what_an_earlier_release_took(
    colleges: dict[str, Sent], national: College
) -> None:
    """A store of before has such a text, with its hash made anew, at its end."""
    merge(national, [colleges["uhi-nwh"].whole])
    with national.session.store.write() as connection, unguarded(connection):
        last: Any = connection.execute(
            sa.select(entry).where(entry.c.college == "uhi-nwh").order_by(entry.c.seq.desc())
        ).first()
        body = last.body.replace('"part":', '"part": ')
        own = (entry.c.college == last.college, entry.c.seq == last.seq)
        connection.execute(sa.update(entry).where(*own).values(body=body, hash=digest(body)))
        ends = sa.update(head).where(head.c.college == last.college)
        connection.execute(ends.values(hash=digest(body)))
    found = national.ledger.verify().findings
    assert ("not_canonical", last.seq) in [(each.code, each.seq) for each in found]
