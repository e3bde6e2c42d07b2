"""The page: safe to open anywhere, and readable by everybody."""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from audit_forms.reading import Page
from audit_forms.sample import HOSTILE, sample
from kitloan.audit.export import html
from kitloan.audit.export.bars import MOST_BARS
from kitloan.audit.tables import Chart, Column, Report, Table
from kitloan.errors import BadInput

LIVE = {
    "script",
    "link",
    "img",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "base",
    "image",
    "use",
}
STYLE = Path(html.__file__).with_name("page.css").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text() -> str:
    """The sample as a page."""
    return html.render(sample())


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    """The same, read back."""
    return Page(text)


def test_the_page_asks_for_nothing_and_runs_nothing(text: str, page: Page) -> None:
    """A page that calls home tells others who read it; one with script is stopped by post rooms."""
    assert not {each.tag for each in page.elements} & LIVE
    for each in page.elements:
        assert not [name for name in each.attributes if name.startswith("on")]
        assert "src" not in each.attributes
        assert (each.attributes.get("href") or "#").startswith("#")
    (style,) = page.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert "default-src 'none'" in text


def test_a_name_is_never_markup(text: str, page: Page) -> None:
    """Whoever can name a kit would otherwise write into the report that the donor opens."""
    assert "<script" not in text
    assert "<b " not in text
    shown = {cell.text for row in page.tables["every_kind"].rows for cell in row}
    assert "<script>alert('x')</script>" in shown
    assert '"/><b onmouseover=alert(1)>{{ 7*7 }}{% raw %}' in shown
    hostile = Report(
        HOSTILE[13],
        date(2026, 7, 31),
        (
            replace(
                sample().tables[0],
                title=HOSTILE[3],
                note=HOSTILE[13],
                chart=Chart(("in",), HOSTILE[3]),
            ),
        ),
    )
    assert not {"script", "b"} & {each.tag for each in Page(html.render(hostile)).elements}


def test_headings_tables_and_pictures_are_named(page: Page) -> None:
    """Somebody who listens to the page goes by headings, and hears a cell with its titles."""
    levels = [int(each.tag[1]) for each in page.all("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.all("html")[0].attributes["lang"] == "en-GB"
    first = page.all("a")[0]
    identities = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert (first.attributes["class"], first.attributes["href"]) == ("skip", "#report")
    assert len(identities) == len(set(identities))
    assert {each.attributes["href"] for each in page.all("a")} <= {
        f"#{name}" for name in identities
    }
    for grid in page.tables.values():
        assert grid.caption
        assert all(cell.attributes["scope"] == "col" for cell in grid.head)
        for row in grid.rows:
            assert (row[0].tag, row[0].attributes["scope"]) == ("th", "row")
    pictures = page.all("svg")
    captions = [
        t.chart.caption for t in sample().tables if t.chart and t.rows for _ in ("broad", "slim")
    ]
    assert [each.attributes["role"] for each in pictures] == ["img"] * len(captions)
    assert [each.attributes["aria-label"] for each in pictures] == captions
    for each in page.elements:
        if each.attributes.get("class") == "scroll":
            assert each.attributes["tabindex"] == "0"
            assert each.attributes["aria-labelledby"] in identities


def test_a_long_table_says_where_the_rest_is(text: str) -> None:
    """Two hundred findings would pass for all of them."""
    assert f"The first {html.MOST_ROWS} rows are here" in text
    assert "hold all 230" in text


def test_a_chart_of_many_rows_says_that_it_is_cut() -> None:
    """Forty bars would pass for all of them."""
    columns = (Column("n", "Name", "text", ""), Column("k", "Kits", "count", ""))
    rows = tuple((f"School {i}", i) for i in range(MOST_BARS + 1))
    table = Table("t", "T", "", columns, rows, Chart(("k",), "Growing."))
    page = html.render(Report("R", date(2026, 7, 31), (table,)))
    assert f"The chart shows the first {MOST_BARS} rows." in page
    assert f"School {MOST_BARS}</text>" not in page
    assert f"School {MOST_BARS - 1}</text>" in page


@pytest.mark.parametrize("values", [(None, None), (0, 0), (-3, 2), (1, None)])
@pytest.mark.parametrize("stacked", [False, True])
def test_a_chart_of_anything_can_be_drawn(values: tuple[int | None, ...], stacked: bool) -> None:
    """A year with no figures would stop the whole report."""
    columns = (
        Column("n", "", "text", ""),
        Column("a", "A", "count", ""),
        Column("b", "B", "pence", ""),
    )
    chart = Chart(("a", "b"), "Whatever.", stacked)
    table = Table("t", "T", "", columns, tuple(("", v, v) for v in values), chart)
    assert "<svg" in html.render(Report("R", date(2026, 7, 31), (table,)))


def test_the_same_report_is_the_same_page(text: str) -> None:
    """A page that differs each time cannot be compared with the one that the donor was sent."""
    assert html.render(sample()) == text


def test_text_stands_out_from_what_is_behind_it() -> None:
    """4.5 to 1 is what people with weak sight, or a poor projector, can read."""
    colours = dict(re.findall(r"--(ink|quiet|accent|c\d): (#[0-9a-f]{6})", STYLE))
    assert len(colours) == 9
    shade = re.findall(r"--shade: (#[0-9a-f]{6})", STYLE)[0]
    for name, colour in colours.items():
        assert contrast(colour, "#ffffff") >= 4.5, name
    assert contrast(colours["quiet"], shade) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio of two colours."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_page_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A traceback helps nobody who mistyped a folder."""
    with pytest.raises(BadInput, match="cannot be written"):
        html.write(sample(), tmp_path / "nowhere" / "report.html")
