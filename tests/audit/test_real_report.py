"""The report of a store with a long life is the same in every form."""

import csv as csv_files
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

import kitloan
from audit.scotland import Scotland
from audit_forms.reading import Page, Seen
from audit_forms.test_agreement import from_csv, from_page, plainly
from conftest import SetClock
from evidence.test_schools import MADE_UP
from kitloan import Count
from kitloan.audit import Audit
from kitloan.audit.export import csv, html, xlsx
from kitloan.audit.tables import Cell, Column, Table
from kitloan.evidence.engagements import NewEngagement
from kitloan.evidence.evaluations import Answers
from kitloan.national.gifts import GiftTermsAgreed
from lives import long_life, read_register


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audit]:
    """Fife's whole life, Ayrshire's register, a gift and a challenge: no table is empty."""
    folder = tmp_path_factory.mktemp("lively")
    clock = SetClock(datetime(2025, 10, 1, 11, tzinfo=UTC))
    with ExitStack() as stack:
        esp = kitloan.init("esp", folder / "esp-of-all.sqlite", actor="esp", clock=clock)
        scotland = Scotland(folder, clock, stack.enter_context(esp), stack)
        fife, ayrshire = scotland["fife"], scotland["ayrshire"]
        idle = scotland.kits("fife", 2, gift="raf-2026")
        for tag in idle:
            fife.loans.count(tag, Count(missing={"Wheel": 1}))
        clock.move(days=418)
        tags = long_life(fife, clock, folder)
        read_register(ayrshire)
        for each in (date(2026, 3, 10), date(2026, 9, 16)):
            use = NewEngagement(
                on=each,
                organisation="X Evidence School",
                tag=idle[0],
                programme="faraday",
                learners={"p5-p7": 27},
                girls=14,
                boys=13,
            )
            used = fife.engagements.record(use, new_too=True).engagement
            fife.evaluations.add(used.id, Answers(enjoyed=5, confidence={"t": 1}, again=True))
        fife.partners.describe("X Evidence School", referred_by="SSERC", partnership="FIF")
        esp.schools.take_in(MADE_UP)
        terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=9)
        esp.national.agree_gift("raf-2026", terms)
        esp.national.deliver("raf-2026", 5)
        esp.national.allocate("raf-2026", "fife", 4)
        scotland.send()
        esp.national.challenge("fife", tags=[tags["one"]], answer_by=esp.session.today)
        clock.move(days=21)
        yield scotland.audit()


def test_no_table_is_empty(found: Audit) -> None:
    """What is compared below must be there."""
    assert [table.name for table in found.report.tables if not table.rows] == []


def close(column: Column, value: Cell, shown: Cell) -> bool:
    """Whether a page's words can stand for a value: it rounds shares and days to a tenth."""
    if column.kind in ("share", "days") and value is not None:
        assert isinstance(value, int | float)
        return shown == pytest.approx(value, abs=0.051 if column.kind == "days" else 0.00051)
    return shown == (None if value in (None, column.unknown) else plainly(meant(column, value)))


def test_every_figure_is_the_same_in_every_form(found: Audit, tmp_path: Path) -> None:
    """An auditor who reads the page and a donor who adds up the sheet must not differ by a kit."""
    html.write(found.report, tmp_path / "r.html")
    xlsx.write(found.report, tmp_path / "r.xlsx")
    csv.write(found.report, tmp_path / "r")
    page = Page((tmp_path / "r.html").read_text())
    book = load_workbook(tmp_path / "r.xlsx")
    document = json.loads(json.dumps(found.as_json()))["tables"]
    names = xlsx.sheet_names(table.title for table in found.report.tables)
    sheets = dict(zip((table.name for table in found.report.tables), names, strict=True))
    document["register"] = found.as_json()["register"]
    compared = 0
    for table in found.report.tables:
        sheet = list(book[sheets[table.name]].iter_rows(values_only=True, min_row=2))
        fields = _fields(tmp_path / "r" / f"{table.name}.csv")
        assert len(sheet) == len(fields) == len(document[table.name]) == len(table.rows)
        shown = page.tables[table.name].rows
        assert len(shown) == min(len(table.rows), html.MOST_ROWS)
        for n, row in enumerate(table.rows):
            for i, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                told = value.isoformat() if isinstance(value, date) else value
                assert document[table.name][n][column.name] == told
                assert from_csv(column, fields[n][i]) == (None if value == "" else plainly(value))
                assert _of_sheet(sheet[n][i], value) == plainly(meant(column, value))
                if n < len(shown):
                    assert close(column, value, _of_page(column, shown[n][i])), column
                compared += 1
    assert compared > 1000


def _fields(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv_files.reader(file))[1:]


def meant(column: Column, value: Cell) -> Cell:
    """What people read for a value: a college by its name."""
    return column.words.get(value, value) if isinstance(value, str) else value


def _of_page(column: Column, cell: Seen) -> Cell:
    if column.kind in ("days", "rate") and cell.text != column.unknown:
        return float(cell.text.replace(",", ""))
    return from_page(column, cell)


def _of_sheet(cell: object, value: Cell) -> object:
    """What a sheet holds; it writes sixteen digits of a share, and an empty text as nothing."""
    if isinstance(cell, float) and cell == pytest.approx(value, rel=1e-12):
        return value
    if cell is None and value == "":
        return value
    return cell.date() if isinstance(cell, datetime) else cell


def test_the_totals_are_what_the_tables_add_up_to(found: Audit) -> None:
    """Two totals in one report, and nobody believes either."""
    tables = {table.name: table for table in found.report.tables}
    for name in ("holdings", "out", "overdue", "incomplete", "in_transit", "missing", "short"):
        total = getattr(found.totals, name)
        for groups in ("regions", "colleges", "donors", "types"):
            assert _sum(tables[groups], name) == total, (groups, name)
    assert _sum(tables["finding_kinds"], "findings") == len(tables["findings"].rows)
    assert _sum(tables["use_by_type"], "loans") == _sum(tables["use_by_college"], "loans") > 0
    assert _sum(tables["use_by_type"], "days_held") == _sum(tables["use_by_college"], "days_held")
    assert _sum(tables["use_by_college"], "holdings") == found.totals.holdings


def _sum(table: Table, name: str) -> int:
    at = [column.name for column in table.columns].index(name)
    return sum(value for row in table.rows if isinstance(value := row[at], int))
