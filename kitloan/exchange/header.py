"""The first line of an exchange file, and the signature on it.

The header names the hash of the last entry, and every entry names the one before it: so a signature
on the header is a signature on all that follows.
"""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict

from kitloan.entries.base import Hash, Id, Number

KIND = "kitloan-ledger"


class Held(BaseModel):
    """What ESP holds of a ledger: up to which entry, and that entry's hash.

    `first` is the hash of the ledger's first entry, `began` of the first one of its epoch; an
    epoch's number may be another epoch's too. Empty where an earlier kitloan wrote the file.
    """

    model_config = ConfigDict(frozen=True, strict=True)
    ledger: Id
    seq: Number
    hash: Hash
    first: str = ""
    began: str = ""


class Arrived(BaseModel):
    """A transfer that the other college has said it received."""

    model_config = ConfigDict(frozen=True, strict=True)
    college: Id
    transfer: Id


class Header(BaseModel):
    """The first line of an exchange file. `holds` and `arrived` are in ESP's files only."""

    model_config = ConfigDict(frozen=True, strict=True)
    format: str
    version: Number
    ledger: Id
    first: Number
    last: Number
    prev: str
    head: str
    exported_at: str
    program: str
    holds: list[Held] = []
    arrived: list[Arrived] = []
    key: str = ""
    signature: str = ""


def signed_text(header: dict[str, Any]) -> bytes:
    """What is signed: the header without its signature, as canonical JSON."""
    rest = {name: value for name, value in header.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        errors="surrogatepass"
    )
