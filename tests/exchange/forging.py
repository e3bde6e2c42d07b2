"""Exchange files that say something else than the college did."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lives import canonical, digest

Lines = list[str]


def lines_of(path: Path) -> Lines:
    """The lines of an exchange file."""
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def packed(lines: Sequence[str]) -> bytes:
    """Lines as an exchange file."""
    return gzip.compress("".join(line + "\n" for line in lines).encode(errors="surrogatepass"))


def headed(lines: Lines, **changes: Any) -> Lines:
    """The same lines under a header that says something else."""
    return [json.dumps(json.loads(lines[0]) | changes), *lines[1:]]


def resealed(lines: Lines) -> Lines:
    """The same facts with every hash and number made anew: what a forger with time would send."""
    before, bodies = json.loads(lines[0])["prev"], []
    for seq, line in enumerate(lines[1:], start=json.loads(lines[0])["first"]):
        bodies.append(canonical(json.loads(line) | {"prev": before, "seq": seq}))
        before = digest(bodies[-1])
    return headed([lines[0], *bodies], head=before, last=seq)


def with_fact(lines: Lines, seq: int, **changes: Any) -> Lines:
    """Lines of which one entry says something else."""
    said = json.loads(lines[seq])
    altered = canonical(said | {"fact": said["fact"] | changes})
    return [*lines[:seq], altered, *lines[seq + 1 :]]


def seq_of(lines: Lines, kind: str) -> int:
    """The last entry of a kind."""
    return max(n for n, line in enumerate(lines) if n and json.loads(line)["fact"]["kind"] == kind)


def known(lines: Lines) -> int:
    """How many entries of fife ESP has before the file comes."""
    return seq_of(lines, "label.claimed")


def flipped(file: bytes) -> bytes:
    """A file of which one bit of the checksum is another."""
    return file[:-8] + bytes([file[-8] ^ 16]) + file[-7:]
