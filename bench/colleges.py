"""Exchange files of a wished size, built once and kept beside the benchmarks.

The entries are those of `stores.py`, sealed and signed as a college would, but without a store of
its own: a million take some minutes. Every college has tags of its own.
"""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from stores import CONTENTS, TYPES, _facts

from kitloan import __version__
from kitloan.exchange.file import KIND, public_key, signed_text
from kitloan.holdings import kit_type_with
from kitloan.ledger.entry import FORMAT, GENESIS, seal
from kitloan.ledger.facts.base import FactBase
from kitloan.ledger.facts.definitions import CollegeOpened
from kitloan.text.dates import instant

FOLDER = Path(__file__).parent / ".stores" / "colleges"
START = datetime(2024, 8, 1, 9, tzinfo=UTC)


def college_file(college: str, holdings: int, entries: int) -> Path:
    """A college's whole ledger, with so many holdings and about so many entries."""
    path = FOLDER / f"{college}-{entries}.kitloan"
    if path.exists():
        return path
    FOLDER.mkdir(parents=True, exist_ok=True)
    # The header names the last hash, which is known at the end: so the lines wait in a file.
    bodies, part = path.with_suffix(".bodies"), path.with_suffix(".part")
    prev, seq = GENESIS, 0
    with bodies.open("w", encoding="utf-8") as out:
        for seq, fact in enumerate(_life(college, holdings, entries), start=1):
            body = _body(college, seq, prev, fact)
            prev = seal(body)
            out.write(body + "\n")
    with gzip.GzipFile(part, "wb", mtime=0) as packed, bodies.open("rb") as lines:
        packed.write(_header(college, seq, prev) + b"\n")
        for line in lines:
            packed.write(line)
    bodies.unlink()
    return part.rename(path)


def halves(whole: Path) -> tuple[Path, Path]:
    """The first half of a college's ledger, and the rest: what it sends later."""
    both = whole.with_suffix(".first"), whole.with_suffix(".second")
    if all(each.exists() for each in both):
        return both
    with gzip.open(whole, "rt", encoding="utf-8") as lines:
        header = json.loads(next(lines))
        bodies = [line.removesuffix("\n") for line in lines]
    college, middle = header["ledger"], len(bodies) // 2
    key = Ed25519PrivateKey.generate()
    joint = seal(bodies[middle - 1])
    first, second = (
        _header(college, middle, joint, key=key),
        _header(college, len(bodies), header["head"], middle + 1, joint, key),
    )
    some = (first, bodies[:middle]), (second, bodies[middle:])
    for path, (top, these) in zip(both, some, strict=True):
        text = "".join(f"{body}\n" for body in these).encode()
        path.write_bytes(gzip.compress(top + b"\n" + text, mtime=0))
    return both


def _life(college: str, holdings: int, entries: int) -> Iterator[FactBase]:
    yield CollegeOpened(name=f"{college} College", region=None)
    yield from (kit_type_with(name, CONTENTS) for name in TYPES)
    yield from _facts(holdings, entries)


def _body(college: str, seq: int, prev: str, fact: FactBase) -> str:
    said = {
        "at": instant(START + timedelta(minutes=seq)),
        "by": "bench",
        "fact": fact.model_dump(mode="json"),
        "id": f"b{seq}",
        "ledger": college,
        "part": 0,
        "prev": prev,
        "seq": seq,
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _header(
    college: str,
    last: int,
    head: str,
    first: int = 1,
    prev: str = GENESIS,
    key: Ed25519PrivateKey | None = None,
) -> bytes:
    key = key or Ed25519PrivateKey.generate()
    header = {
        "format": KIND,
        "version": FORMAT,
        "ledger": college,
        "first": first,
        "last": last,
        "prev": prev,
        "head": head,
        "exported_at": "2026-11-23T09:00:00Z",
        "program": f"kitloan {__version__}",
        "key": public_key(key),
    }
    return json.dumps(header | {"signature": key.sign(signed_text(header)).hex()}).encode()
