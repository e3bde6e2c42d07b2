"""Evidence: a list of 2,500 schools, completion, a nation's engagements, and disclosure control.

The nation is 26 colleges with 100,000 engagements over two academic years, written into the tables
of a scratch store with a list of the schools; a school borrows from its college, and one time in
ten from the next; one use of thirty is recorded up to five months late. The page is ESP's own and
one that leaves ESP. It is measured against the very statements that it sends, sent again in bare
`sqlite3`, by turns.
"""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from floors import bare, timed
from machine import heading
from run import line, paired

import kitloan
from kitloan.audit.census import Census
from kitloan.audit.engagements import learner_figures, sums_for
from kitloan.audit.group_uses import entered_twice
from kitloan.audit.reach import reach_figures
from kitloan.audit.years import lending
from kitloan.college import College
from kitloan.evidence.disclosure import protect
from kitloan.ledger.collecting import collecting_rarely
from kitloan.reference import colleges
from kitloan.tables import College as CollegeRow
from kitloan.tables import Organisation, table
from kitloan.tables.evidence import Engagement, EngagementBand
from kitloan.text.dates import end_of

SCHOOLS, ENGAGEMENTS = 2_500, 100_000
LATE = 30
"""One use of so many is recorded weeks or months later."""
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
        learners, school = chance.randrange(5, 60), chance.randrange(SCHOOLS)
        on = date(2025, 9, 1) + timedelta(days=chance.randrange(440))
        late = chance.randrange(150) if chance.randrange(LATE) == 0 else 1
        same = {
            "college": ids[(school + (chance.randrange(10) == 0)) % len(ids)],
            "engagement": f"e{n}",
            "on": on.isoformat(),
            "organisation": f"s{chance.randrange(100)}",
            "schuid": f"{8_000_000 + school}{'P' if school % 5 else 'S'}",
            "learners": learners,
            "live": True,
            "loan": None,
        }
        more = {"engagement_kind": "visit", "used": "yes", "sessions": 1, "source": "teacher"}
        more |= {"themes": "", "recorded_by": "x", "half_hours": 3}
        more |= {"recorded_at": end_of(on + timedelta(days=late))}
        more |= {"girls": learners // 2, "boys": learners // 3}
        of_band = {name: value for name, value in same.items() if name != "schuid"}
        band = chance.choice(("p5-p7", "s1-s3", "mixed"))
        yield empty | same | more, of_band | {"band": band}


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


def page(census: Census, *, protected: bool) -> None:
    """Everything that the page of evidence is made of, as an audit makes it."""
    with collecting_rarely():
        sums, hidden_of_year = sums_for(census, leaves=protected)
        hidden = learner_figures(sums, hidden_of_year).hidden
        reach_figures(sums, {}, lending(census), hidden=hidden)


@contextmanager
def recorded(connection: sa.Connection) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is sent meanwhile, with its values."""
    sent: list[tuple[str, Any]] = []

    def keep(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        sent.append((statement, values))

    sa.event.listen(connection, "before_cursor_execute", keep)
    yield sent
    sa.event.remove(connection, "before_cursor_execute", keep)


def send(store: Path, statements: list[tuple[str, Any]]) -> None:
    """The same statements in bare `sqlite3`, their rows read and put aside."""
    connection = bare(store)
    for statement, values in statements:
        connection.execute(statement, values).fetchall()
    connection.close()


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
            write_list(folder / "schools 2026.csv")
            esp.schools.take_in(folder / "schools 2026.csv")
            with esp.session.store.read() as connection:
                for protected in (False, True):
                    with recorded(connection) as sent:
                        page(Census(connection, LAST), protected=protected)

                    def ours(protected: bool = protected) -> None:
                        page(Census(connection, LAST), protected=protected)

                    def floor(sent: list[tuple[str, Any]] = sent) -> None:
                        send(folder / "esp.sqlite", sent)

                    took, least = paired(ours, floor, 5)
                    whose = "one that leaves ESP" if protected else "ESP's own"
                    line(f"evidence of {ENGAGEMENTS:,} uses, {whose}", took, least, "3 s, 1.5 x")
                took = timed(lambda: list(entered_twice(Census(connection, LAST))))
                line("engagements that may be one", took, None, "1 s")
    chance = random.Random(7)
    cells = [[chance.choice((0, 0, 1, 2, 3, 8, 20, 45)) for _ in range(20)] for _ in range(200)]
    line("suppression of a table of 200 x 20", timed(lambda: protect(cells)), None, "1 s")


if __name__ == "__main__":
    main()
