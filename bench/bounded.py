"""What one exchange file may cost a store of ESP's: some are refused for it, two are taken.

    python bench/bounded.py                 all of it, on both databases
    python bench/bounded.py undone renamed  some of the files
    python bench/bounded.py --on sqlite     one of the databases

A hostile file must be refused. One must be taken that is honest, and one that brings as many rows
for its size as may be. What is printed is how long the store was locked for writing, the longest
of its transactions, and how long all of it took: on the clock, and of the processor, which other
programs change less, but which leaves out a server's.
`first` is a ledger that the store does not know. `later` is the rest of one whose beginning was
taken before.
"""

import argparse
import gzip
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from colleges import college_file
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from load import postgres
from machine import machine

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import psycopg
import sqlalchemy as sa

import kitloan
from exchange.test_any_ledger import BEGINNING, ONE, file_of
from kitloan.exchange.file import public_key, signed_text
from kitloan.ledger.entry import seal
from kitloan.ledger.facts.base import MOST_OF_A_LIST
from kitloan.storage.store import Store
from kitloan.text.tags import ALPHABET, LONGEST_BODY, PREFIX, check_character, mint
from trusting import merge

Facts = list[dict[str, Any]]
AT = "2026-11-01T09:00:00Z"
BOUND = "5 s"


def taken_in(tag: str) -> dict[str, Any]:
    """A kit that enters the register."""
    nothing = dict.fromkeys(
        ("asset_number", "serial", "location", "received_on", "sighted_on", "register_row")
    )
    return {"kind": "holding.accessioned", "tag": tag, "kit_type": "kit", "quantity": 1, **nothing}


def kit_type(name: str, parts: int = 0) -> dict[str, Any]:
    """A kit type that is defined again, with so many parts."""
    contents = [
        {"name": mint(), "quantity": 1, "bag": None, "critical": True} for _ in range(parts)
    ]
    return {"kind": "kit_type.defined", "kit_type": "kit", "name": name, "contents": contents}


def undoing(tag: str | None, numbers: range) -> Facts:
    """Each of these entries undone."""
    about = {"tag": tag} if tag else {}
    return [{"kind": "entry.reversed", "epoch": 1, "seq": n} | about for n in numbers]


def undone(times: int) -> tuple[Facts, Facts]:
    """A kit with a long history, and each entry of it undone: each time the rest is replayed."""
    seen = [{"kind": "holding.sighted", "tag": ONE}] * times
    first = len(BEGINNING) + 2
    return [taken_in(ONE), *seen], undoing(ONE, range(first, first + times))


def renamed(times: int) -> tuple[Facts, Facts]:
    """A kit type that is renamed: each time all kits of the type change."""
    return [taken_in(mint()) for _ in range(1_500)], [kit_type(f"Kit {n}") for n in range(times)]


def listed(times: int) -> tuple[Facts, Facts]:
    """A kit type with a long contents list, and each time another."""
    return [], [kit_type(f"K{n}", 2_000) for n in range(times)]


def redefined(times: int) -> tuple[Facts, Facts]:
    """A kit type that is defined on and on, and each time is undone: each time all are read."""
    first = len(BEGINNING) + 1
    return [kit_type(f"Kit {n}") for n in range(times)], undoing(None, range(first, first + times))


def printed(times: int) -> tuple[Facts, Facts]:
    """Blank labels, as many an entry as may be: no entry makes more rows for its bytes."""
    printing = [labels([long_tag() for _ in range(MOST_OF_A_LIST)]) for _ in range(times)]
    return printing[: times // 2], printing[times // 2 :]


def labels(tags: list[str]) -> dict[str, Any]:
    """Blank labels that were printed, on a sheet of a long name."""
    stock = secrets.token_hex(100)
    return {"kind": "labels.printed", "batch": "b", "blank": True, "tags": tags, "stock": stock}


def as_many_labels(rows: int) -> tuple[Facts, Facts]:
    """So many entries and labels, in a file of 4 MB."""
    sheets = 16_000
    each = (rows - sheets) // sheets
    printing = [labels([long_tag() for _ in range(each)]) for _ in range(sheets)]
    return printing[: sheets // 2], printing[sheets // 2 :]


def long_tag() -> str:
    """A tag that is as long as the bytes that a file must have for a row."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _ in range(LONGEST_BODY))
        if (check := check_character(body)) in ALPHABET:
            return PREFIX + body + check


HOSTILE: dict[str, tuple[Callable[[int], tuple[Facts, Facts]], int]] = {
    "undone": (undone, 1_000),
    "renamed": (renamed, 400),
    "listed": (listed, 200),
    "redefined": (redefined, 1_000),
    "printed": (printed, 80),
}
"""What each hostile file does, and how often."""

TAKEN = HONEST, LABELS = "honest", "labels"
MOST_ROWS = 130_000
"""Rows that a file of 4 MB may bring into the store, less some."""
ENTRIES = 57_000
"""Entries of an ordinary ledger that make a file of 4 MB."""


def cut(file: Path, at: int, folder: Path) -> list[Path]:
    """A whole ledger's file as two: up to this entry, and the rest."""
    key = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    first, *bodies = gzip.decompress(file.read_bytes()).decode().splitlines()
    parts = []
    for n, (begin, end) in enumerate(((0, at), (at, len(bodies)))):
        header = json.loads(first)
        header |= {"first": begin + 1, "last": end, "head": seal(bodies[end - 1])}
        header["prev"] = seal(bodies[begin - 1]) if begin else header["prev"]
        header["key"] = public_key(key)
        del header["signature"]
        header["signature"] = key.sign(signed_text(header)).hex()
        parts.append(folder / f"{file.stem}.{n}")
        text = "\n".join([json.dumps(header), *bodies[begin:end], ""])
        parts[-1].write_bytes(gzip.compress(text.encode()))
    return parts


def hostile_files(name: str, folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """The files of one kind, by what each case is called; the last file of a case is measured."""
    make, times = HOSTILE[name]
    before, more = make(times)
    lines = [(AT, fact) for fact in (*BEGINNING, *before, *more)]
    whole = file_of(lines, folder / f"{name}.kitloan")
    yield f"{name}, first", [whole]
    yield f"{name}, later", cut(whole, len(BEGINNING) + len(before), folder)


@contextmanager
def new_place(server: str | None, folder: Path) -> Iterator[str]:
    """Where a store can be made."""
    name = f"b{secrets.token_hex(4)}"
    if server is None:
        yield str(folder / f"{name}.sqlite")
        return
    with psycopg.connect(server, autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name}")
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


def now() -> tuple[float, float]:
    """Milliseconds on the clock, and of the processor."""
    return time.perf_counter() * 1000, time.process_time() * 1000


def since(start: tuple[float, float]) -> tuple[float, float]:
    """What has gone by, as `now`."""
    clock, processor = now()
    return clock - start[0], processor - start[1]


def watched(store: Store) -> list[tuple[float, float]]:
    """How long each writing transaction on a store takes from now on."""
    times: list[tuple[float, float]] = []
    write = store.write

    @contextmanager
    def timed() -> Iterator[sa.Connection]:
        start = now()
        try:
            with write() as connection:
                yield connection
        finally:
            times.append(since(start))

    store.write = timed  # type: ignore[method-assign]  # to look at it from outside
    return times


def measure(what: str, files: list[Path], place: str, *, taken: bool) -> None:
    """Merge files into a new store; print how long the last took, and how long it was locked."""
    with kitloan.init("esp", place, actor="bench") as esp:
        for file in files[:-1]:
            merge(esp, [file])
        locked = watched(esp.session.store)
        start = now()
        try:
            merge(esp, files[-1:])
            refusal = ""
        except kitloan.BadInput as refused:
            refusal = refused.code
        took = since(start)
    if (refusal == "") != taken or refusal not in ("", "too_large"):
        sys.exit(f"{what}: {refusal or 'it was taken'}")
    figures = "".join(f" {each:9.0f}" for each in (*max(locked, default=(0, 0)), *took))
    print(f"{what:44}{figures}  {BOUND}", flush=True)


def main() -> None:
    """Measure what is named, or everything."""
    asked = argparse.ArgumentParser(description="What one exchange file may cost.")
    names = (*HOSTILE, *TAKEN)
    asked.add_argument("what", nargs="*", choices=[[], *names], default=[])
    asked.add_argument("--on", choices=("sqlite", "postgresql"))
    given = asked.parse_args()
    print(machine())
    columns = "".join(f" {each:>9}" for each in ("locked", "processor", "whole", "processor"))
    print(f"{'ms':44}{columns}  locked at most")
    with (
        tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as name,
        ExitStack() as stack,
    ):
        folder = Path(name)
        servers: dict[str, str | None] = {}
        if given.on != "postgresql":
            servers["SQLite"] = None
        if given.on != "sqlite":
            servers["PostgreSQL"] = stack.enter_context(postgres(folder))
        for each in given.what or names:
            cases = [] if each in TAKEN else list(hostile_files(each, folder))
            if each == HONEST:
                whole, half = college_file("college-01", 5_000, ENTRIES), ENTRIES // 2
            elif each == LABELS:
                before, more = as_many_labels(MOST_ROWS)
                lines = [(AT, fact) for fact in (*BEGINNING, *before, *more)]
                half = len(BEGINNING) + len(before)
                whole = file_of(lines, folder / "labels.kitloan")
            if each in TAKEN:
                cases = [
                    (f"4 MB, {each}, first", [whole]),
                    (f"4 MB, {each}, half of it later", cut(whole, half, folder)),
                ]
            for what, files in cases:
                for database, server in servers.items():
                    with new_place(server, folder) as place:
                        measure(f"{what}, {database}", files, place, taken=each in TAKEN)


if __name__ == "__main__":
    main()
