"""A reader with every paper about one year, who subtracts: no group of fewer than five is left.

Papers about the nation, each region, college, donor and type are put together as equations. What
follows from them is found by eliminating, as on a sheet of paper: a sum of learners that is a
combination of printed ones is known, whoever hid it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import kitloan
from conftest import SetClock
from kitloan import Gift, NewHolding
from kitloan.audit import Scope
from kitloan.college import College
from kitloan.evidence.disclosure import SMALL
from kitloan.evidence.engagements import NewEngagement
from trusting import merge

REGION_OF = {"fife": "FIF", "ayrshire": "AYR", "borders": "BOR"}
COUNCILS = ("Fife", "East Ayrshire", "Scottish Borders")
RUNNING, OVER = date(2026, 9, 16), date(2026, 3, 10)
PARTS = ("college", "region", "donor", "type", "sector", "band", "council")
"""What a reader may know of a use, whose learners are counted."""

Use = Mapping[str, Any]
Printed = tuple[Mapping[str, str], int]
"""The parts that a figure is of, and the figure."""


@pytest.fixture
def clock() -> SetClock:
    """A Monday in spring."""
    return SetClock(datetime(2027, 3, 1, 11, 42, tzinfo=UTC))


def use(college: str, donor: str, learners: int, school: int, band: str, type_: str) -> Use:
    """A use of a kit in a school of the list."""
    return {
        "college": college,
        "region": REGION_OF[college],
        "donor": donor,
        "type": type_,
        "sector": "primary" if band.startswith("p") else "secondary",
        "band": band,
        "council": COUNCILS[school % 3],
        "school": f"80000{school:02}{'P' if band.startswith('p') else 'S'}",
        "learners": learners,
    }


def chosen(seed: int, many: int) -> list[Use]:
    """Uses by chance, each of a school and band of its own."""
    chance = random.Random(seed)
    found = {}
    for _ in range(many):
        school = chance.randrange(12)
        band = chance.choice(("p2-p4", "p5-p7") if school % 2 else ("s1-s3", "s4-s6"))
        college, donor = chance.choice([*REGION_OF]), chance.choice(("RAF", "Shell", ""))
        learners = chance.choice((1, 2, 3, 4, 6, 20, 25, 30, 40))
        found[school, band] = use(college, donor, learners, school, band, chance.choice("AB"))
    return list(found.values())


THREE_PAPERS = [
    use(college, donor, learners, n, ("p5-p7", "s1-s3")[n % 2], "A")
    for n, (college, donor, learners) in enumerate(
        (
            *(("fife", "RAF", 100), ("fife", "Shell", 90), ("fife", "", 3)),
            *(("ayrshire", "", 300), ("borders", "", 200), ("borders", "IET", 70)),
        )
    )
]
"""Fife's 193, less the RAF's and Shell's, whose kits are nowhere else, were three."""
A_COLLEGE_OF_ONE_SECTOR = [
    use("borders", "Shell", 30, 1, "p2-p4", "B"),
    use("fife", "", 20, 4, "s1-s3", "A"),
    use("ayrshire", "RAF", 4, 10, "s1-s3", "B"),
    use("fife", "", 3, 0, "s4-s6", "A"),
    use("ayrshire", "RAF", 3, 4, "s4-s6", "A"),
    use("fife", "RAF", 3, 7, "p2-p4", "A"),
]
"""All primary schools' 33, less the thirty of the one college that has nothing else, were three."""


def record(college: College, each: Use, on: date) -> None:
    """A college records a use."""
    gift = Gift(donor=each["donor"]) if each["donor"] else None
    kit = NewHolding(each["type"], gift=gift) if gift else NewHolding(each["type"])
    new = NewEngagement(
        on=on,
        tag=college.holdings.add(kit).tag,
        organisation=f"School {each['school']}",
        schuid=each["school"],
        learners={each["band"]: each["learners"]},
    )
    college.engagements.record(new, new_too=True)


def opened(folder: Path, clock: SetClock, stack: ExitStack) -> dict[str, College]:
    """The stores of three colleges, and ESP's."""
    return {
        name: stack.enter_context(
            kitloan.init(name, folder / f"{name}.sqlite", actor="m.ross", clock=clock)
        )
        for name in (*REGION_OF, "esp")
    }


def send(folder: Path, stores: Mapping[str, College], when: str) -> None:
    """ESP gets what it has not seen."""
    files = []
    for name in REGION_OF:
        files.append(folder / f"{name} {when}.kitloan")
        stores[name].exchange.export(files[-1])
    merge(stores["esp"], files)


def list_schools(folder: Path, esp: College, uses: Sequence[Use]) -> None:
    """ESP reads a list that has the schools of these uses."""
    lines = ["Seed Code,LA Name,School Name,School Type,Pupil Roll"]
    for each in {str(each["school"]): each for each in uses}.values():
        seed, council, sector = each["school"][:7], each["council"], each["sector"]
        lines.append(f"{seed},{council},S {seed},{sector},100")
    path = folder / "schools 2026-01-31.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    esp.schools.take_in(path)


def nation(
    folder: Path, clock: SetClock, uses: Sequence[Use], on: date, stack: ExitStack
) -> College:
    """ESP's store of what three colleges recorded, with a list of schools."""
    stores = opened(folder, clock, stack)
    for each in uses:
        record(stores[each["college"]], each, on)
    send(folder, stores, "all")
    list_schools(folder, stores["esp"], uses)
    return stores["esp"]


def printed(esp: College, uses: Sequence[Use], *, is_over: bool) -> Iterator[Printed]:
    """Every figure of learners of one year, on every paper that there is."""
    papers: list[tuple[str, dict[str, str]]] = [("board", {}), ("evidence", {})]
    for name in ("college", "region", "donor", "type"):
        for part in sorted({each[name] for each in uses} - {""}):
            papers += [("board", {name: part}), ("evidence", {name: part})]
            papers += [("donor", {name: part})] if name == "donor" else []
    for reader, of in papers:
        found = esp.audit.audit(reader=reader, scope=Scope(**of)).as_json()
        tables = found["tables"]
        year = "2025/26" if is_over else "2026/27"
        figures = [(of, row) for row in tables.get("evidence_years", ()) if row["year"] == year]
        if is_over:
            for name, table in (
                *((name, f"reach_by_{name}") for name in ("sector", "council", "band")),
                ("region", "learners_split"),
            ):
                key = "name" if name in ("sector", "council") else name
                rows = (row for row in tables.get(table, ()) if row[key] is not None)
                figures += [({**of, name: row[key]}, row) for row in rows]
        else:
            figures.append((of, found["totals"]))
            if not of:
                figures += [({"region": row["region"]}, row) for row in tables.get("learners", ())]
        for parts, row in figures:
            if isinstance(row.get("learner_engagements"), int):
                yield parts, row["learner_engagements"]


def is_of(each: Use, parts: Mapping[str, str]) -> bool:
    """Whether a use is in all of some parts."""
    return all(each[name] == part for name, part in parts.items())


Row = list[Fraction]


def reduced(row: Row, known: Sequence[tuple[int, Row]]) -> Row:
    """A sum less what follows from known ones; nothing is left of one that follows from them."""
    for at, one in known:
        if row[at]:
            row = [x - row[at] * y for x, y in zip(row, one, strict=True)]
    return row


def what_follows(equations: Sequence[Row]) -> list[tuple[int, Row]]:
    """The equations, eliminated: each with the place where only it has something."""
    known: list[tuple[int, Row]] = []
    for each in equations:
        row = reduced(each, known)
        at = next((at for at, x in enumerate(row) if x), None)
        if at is not None:
            row = [x / row[at] for x in row]
            known = [(place, reduced(one, [(at, row)])) for place, one in known]
            known.append((at, row))
    return known


@pytest.mark.parametrize("on", [RUNNING, OVER], ids=["running", "over"])
@pytest.mark.parametrize(
    "uses",
    [THREE_PAPERS, A_COLLEGE_OF_ONE_SECTOR, chosen(5, 8), chosen(11, 14)],
    ids=["three papers", "a college of one sector", "chance", "more chance"],
)
def test_no_few_learners_follow_from_all_papers_together(
    uses: Sequence[Use], on: date, tmp_path: Path, clock: SetClock
) -> None:
    """Rule 1 with 9: three papers, each true and each protected, were one child together."""
    with ExitStack() as stack:
        esp = nation(tmp_path, clock, uses, on, stack)
        figures = list(printed(esp, uses, is_over=on == OVER))
    for parts, figure in figures:
        assert figure == sum(each["learners"] for each in uses if is_of(each, parts)), parts

    def row(parts: Mapping[str, str]) -> Row:
        return [Fraction(is_of(each, parts)) for each in uses]

    known = what_follows([row(parts) for parts, _ in figures])
    assert known, "a paper without any figure protects nobody from anything"
    for many in range(1, len(PARTS) + 1):
        for names in combinations(PARTS, many):
            for parts in [{name: each[name] for name in names} for each in uses]:
                learners = sum(each["learners"] for each in uses if is_of(each, parts))
                assert learners >= SMALL or any(reduced(row(parts), known)), parts


def late_uses(seed: int) -> tuple[list[Use], list[Use]]:
    """Uses by chance, and some that were recorded when their year was over."""
    uses = chosen(seed, 14)
    random.Random(seed).shuffle(uses)
    return uses[4:], uses[:4]


IN_MARCH = [
    use(college, "", learners, n, band, "A")
    for n, (college, learners, band) in enumerate(
        (
            *(("fife", 60, "s1-s3"), ("fife", 70, "p5-p7"), ("ayrshire", 80, "s4-s6")),
            *(("ayrshire", 90, "p2-p4"), ("borders", 50, "s4-s6"), ("borders", 40, "p5-p7")),
        )
    )
]
A_FEW_OF_A_BAND = [
    use("fife", "", 22, 6, "s1-s3", "A"),
    use("fife", "", 4, 8, "s4-s6", "A"),
]
"""Fife has 26 more, and secondary schools have; S4 to S6 has four."""


@pytest.mark.parametrize(
    ("uses", "late"),
    [
        (IN_MARCH, A_FEW_OF_A_BAND[1:]),
        (IN_MARCH, A_FEW_OF_A_BAND),
        *(late_uses(seed) for seed in (3, 17)),
    ],
)
def test_no_few_learners_follow_from_two_papers_of_one_year(
    uses: Sequence[Use], late: Sequence[Use], tmp_path: Path, clock: SetClock
) -> None:
    """A late use of three: all secondary schools were 153 in August, and 156 in October."""
    with ExitStack() as stack:
        clock.now = datetime(2026, 3, 11, 9, tzinfo=UTC)
        stores = opened(tmp_path, clock, stack)
        for each in uses:
            record(stores[each["college"]], each, OVER)
        send(tmp_path, stores, "March")
        list_schools(tmp_path, stores["esp"], [*uses, *late])
        clock.now = datetime(2026, 8, 2, 9, tzinfo=UTC)
        papers = [list(printed(stores["esp"], uses, is_over=True))]
        clock.now = datetime(2026, 10, 2, 9, tzinfo=UTC)
        for each in late:
            record(stores[each["college"]], each, OVER)
        send(tmp_path, stores, "October")
        papers.append(list(printed(stores["esp"], [*uses, *late], is_over=True)))

    def row(parts: Mapping[str, str], then: int, since: int, figure: int = 0) -> Row:
        early = [then * is_of(each, parts) for each in uses]
        later = [since * is_of(each, parts) for each in late]
        return [Fraction(each) for each in (*early, *later, figure)]

    known = what_follows(
        [
            row(parts, 1, when, figure)
            for when, paper in enumerate(papers)
            for parts, figure in paper
        ]
    )
    assert all(papers), "a paper without any figure protects nobody from anything"
    for many in range(1, len(PARTS) + 1):
        for names in combinations(PARTS, many):
            for parts in [{name: each[name] for name in names} for each in (*uses, *late)]:
                for then, since in ((1, 0), (0, 1), (1, 1)):
                    *rest, less = reduced(row(parts, then, since), known)
                    assert any(rest) or not 0 < -less < SMALL, (parts, then, since)
