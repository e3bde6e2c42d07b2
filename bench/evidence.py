"""Evidence: a list of 2,500 schools, completion, a nation's engagements, and disclosure control.

The nation is 26 colleges with 100,000 engagements over two academic years, written into the tables
of a scratch store; the figures are ESP's own and a board's.
"""

import random
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from floors import timed
from machine import heading
from run import line

import kitloan
from kitloan.audit.census import Census
from kitloan.audit.engagements import entered_twice, learner_figures
from kitloan.college import College
from kitloan.evidence.disclosure import protect
from kitloan.reference import colleges
from kitloan.tables import College as CollegeRow
from kitloan.tables import Organisation, table
from kitloan.tables.evidence import Engagement, EngagementBand

SCHOOLS, ENGAGEMENTS = 2_500, 100_000
LAST = date(2026, 11, 28)


def write_list(file: Path) -> None:
    """A list with the headings of school contact details."""
    names = ("Lochside", "Hillend", "St Mary's", "Bàrr", "Abbey")
    lines = ["Seed Code,LA Name,School Name,Primary Department,Secondary Department,Pupil Roll"]
    lines += [
        f"{8_000_000 + n},Fife,{names[n % 5]} {n} School,{'Yes,' if n % 5 else ',Yes'},{100 + n}"
        for n in range(SCHOOLS)
    ]
    file.write_text("\n".join(lines), encoding="utf-8")


def nation() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Engagements with their bands."""
    chance = random.Random(1)
    ids = [each.id for each in colleges()]
    empty = dict.fromkeys(column.name for column in table(Engagement).columns)
    for n in range(ENGAGEMENTS):
        learners = chance.randrange(5, 60)
        same = {
            "college": ids[n % len(ids)],
            "engagement": f"e{n}",
            "on": (date(2025, 9, 1) + timedelta(days=chance.randrange(440))).isoformat(),
            "organisation": f"s{chance.randrange(100)}",
            "learners": learners,
            "live": True,
            "loan": None,
        }
        more = {"engagement_kind": "visit", "used": "yes", "sessions": 1, "source": "teacher"}
        more |= {"themes": "", "recorded_at": "", "recorded_by": "x", "half_hours": 3}
        more |= {"girls": learners // 2, "boys": learners // 3}
        yield empty | same | more, same | {"band": chance.choice(("p5-p7", "s1-s3", "mixed"))}


def write_nation(esp: College) -> None:
    """The nation's rows."""
    made = list(nation())
    ids = [each.id for each in colleges()]
    with esp.session.store.write() as connection:
        connection.execute(
            sa.insert(table(CollegeRow)),
            [{"college": e.id, "name": e.name, "region": e.region} for e in colleges()],
        )
        connection.execute(
            sa.insert(table(Organisation)),
            [
                {"college": each, "organisation": f"s{n}", "name": f"School {n}"}
                for each in ids
                for n in range(100)
            ],
        )
        connection.execute(sa.insert(table(Engagement)), [each for each, _ in made])
        connection.execute(sa.insert(table(EngagementBand)), [each for _, each in made])


def main() -> None:
    """Measure each."""
    heading()
    with tempfile.TemporaryDirectory(prefix="kitloan-bench-", dir=Path(__file__).parent) as name:
        folder = Path(name)
        with kitloan.init("fife", folder / "fife.sqlite", actor="bench") as fife:
            write_list(folder / "schools 2026.csv")
            taken = timed(lambda: fife.schools.take_in(folder / "schools 2026.csv"))
            line(f"a list of {SCHOOLS:,} schools read", taken, None, "2 s")
            texts = ("l", "st m", "barr 12", "2499", "zz")
            slowest = max(timed(lambda t=t: fife.schools.find(t, limit=20)) for t in texts)
            line("completion of a school's name, the slowest of five", slowest, None, "20 ms")
        with kitloan.init("esp", folder / "esp.sqlite", actor="bench") as esp:
            write_nation(esp)
            with esp.session.store.read() as connection:
                for protected in (False, True):
                    census = Census(connection, LAST)
                    took = timed(lambda c=census, p=protected: learner_figures(c, protected=p))
                    whose = "a board's" if protected else "ESP's"
                    line(f"{ENGAGEMENTS:,} engagements, {whose} figures", took, None, "3 s")
                took = timed(lambda: list(entered_twice(Census(connection, LAST))))
                line("engagements that may be one", took, None, "1 s")
    chance = random.Random(7)
    cells = [[chance.choice((0, 0, 1, 2, 3, 8, 20, 45)) for _ in range(20)] for _ in range(200)]
    line("suppression of a table of 200 x 20", timed(lambda: protect(cells)), None, "1 s")


if __name__ == "__main__":
    main()
