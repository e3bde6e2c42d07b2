"""A database a college, seen by ESP's, beside one for all: `python bench/distributed.py`.

Small colleges of 200 holdings and 800 entries, 26 or as many as are named. All databases are on one
server of the system's own PostgreSQL (`make system-postgres`), so it is the price of distribution
that is measured, and not its gain. The floor is the same nation in one database.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from colleges import college_file
from machine import heading
from nation import ENTRIES, HOLDINGS
from run import line, paired
from stores import trusted

import kitloan
from kitloan.cli.provision import provision
from kitloan.storage.row_security import SHARED
from kitloan.tables import Base

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from debian import system_server
from provisioned import Shared, database

TIMES = 5


def main() -> None:
    """Build both nations, and let them take turns."""
    asked = argparse.ArgumentParser(description="A server for each college, beside one for all.")
    asked.add_argument("size", nargs="?", type=int, default=26)
    size = asked.parse_args().size
    heading()
    with (
        tempfile.TemporaryDirectory(prefix="kitloan-bench-") as made,
        system_server("bench") as url,
    ):
        folder = Path(made)
        names = [f"small-{n:04}" for n in range(1, size + 1)]
        file = folder / "esp.sqlite"
        with kitloan.init("esp", file, actor="bench") as esp:
            files = [college_file(name, HOLDINGS, ENTRIES) for name in names]
            esp.exchange.merge(files, trust=trusted(esp, files))
        source = sa.create_engine(f"sqlite:///{file}")
        passwords = folder / "kits.pgpass"
        places: dict[str, str] = {}
        for number, name in enumerate(names):
            places[name] = database(url, f"kits{number}")
            provision(places[name], passwords, named=[name], esp=True)
            copy(source, places[name], [name])
        national, together = database(url, "national"), database(url, "together")
        provision(together, passwords, named=names, esp=True)
        copy(source, together, [*names, "esp"])
        provision(national, passwords, esp=True, sees=places)
        copy(source, national, ["esp"])
        with (
            kitloan.open(Shared(national, passwords).login("esp"), actor="bench") as many,
            kitloan.open(Shared(together, passwords).login("esp"), actor="bench") as one,
        ):
            for what, ours, floor in (
                ("the report", many.audit.audit, one.audit.audit),
                (
                    "a whole check",
                    lambda: many.ledger.verify(workers=1),
                    lambda: one.ledger.verify(workers=1),
                ),
            ):
                mine, least = paired(ours, floor, TIMES)
                line(f"{what}, {size:,} colleges with a database each", mine, least, "")


def copy(source: sa.Engine, place: str, colleges: list[str]) -> None:
    """Copy colleges' shared rows from a file into a database."""
    target = sa.create_engine(place.replace("postgresql:", "postgresql+psycopg:"))
    with source.connect() as there, target.begin() as here:
        for each in Base.metadata.sorted_tables:
            if each.name not in SHARED:
                continue
            wanted = sa.select(each).where(each.c.college.in_(colleges))
            if rows := [dict(row._mapping) for row in there.execute(wanted)]:
                here.execute(sa.insert(each), rows)
    target.dispose()


if __name__ == "__main__":
    main()
