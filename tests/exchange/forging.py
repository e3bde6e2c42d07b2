"""Exchange files that say something else than the college did."""

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kitloan.exchange.file import signed_text
from lives import canonical, digest

Lines = list[str]


def lines_of(path: Path) -> Lines:
    """The lines of an exchange file."""
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def packed(lines: Sequence[str]) -> bytes:
    """Lines as an exchange file."""
    return gzip.compress("".join(line + "\n" for line in lines).encode(errors="surrogatepass"))


def second(lines: Lines) -> Lines:
    """The same lines in version 2 of the file, which leaves out `prev`."""
    short = [re.sub(r'"prev":"[0-9a-f]*",("seq":[0-9]+})$', r"\1", line) for line in lines[1:]]
    return headed([lines[0], *short], version=2)


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


class Forger:
    """Somebody with a key, who signs whatever suits them."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw().hex()

    def signed(self, lines: Lines, path: Path, **changes: Any) -> Path:
        """Write lines to a file under a header that says something else, signed with the key."""
        header = json.loads(lines[0]) | {"key": self.public} | changes
        header["signature"] = self._key.sign(signed_text(header)).hex()
        path.write_bytes(packed([json.dumps(header), *lines[1:]]))
        return path

    def more(self, lines: Lines, path: Path, **changes: Any) -> Path:
        """The ledger with its last entry said once more, differently, sealed well and signed."""
        last = json.loads(lines[seq_of(lines, "holding.accessioned")])
        again = last | {"id": "forged", "at": json.loads(lines[-1])["at"]}
        again["fact"] |= {"tag": "KL0000000000001"}
        return self.signed(resealed([*lines, canonical(again)]), path, **changes)

    def resumed(self, lines: Lines, path: Path, *epochs: int) -> Path:
        """The ledger resumed from a backup, once for each of these epochs."""
        for epoch in epochs:
            last = json.loads(lines[-1])
            ledger = f"{last['ledger'].partition('/')[0]}/{epoch}"
            fact = {"kind": "ledger.resumed", "seq": last["seq"], "hash": digest(lines[-1])}
            entry = {"fact": fact, "id": f"resumed-{epoch}", "ledger": ledger, "part": 0}
            lines = resealed([*lines, canonical(last | entry)])
            lines = headed(lines, ledger=ledger)
        return self.signed(lines, path)
