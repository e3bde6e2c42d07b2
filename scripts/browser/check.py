"""`make browser`: opens the report in Chromium as its readers do, and lists what is wrong with it.

On a desk, on a phone and printed on A4: axe looks for what shuts people out, the page must not
scroll sideways on a phone, and must ask for nothing but itself. The pictures are in
`build/browser`, to be looked at: no tool sees that a page is ugly.

    python scripts/browser/check.py [REPORT.html]

Without a file it checks the sample report of the tests, which has every kind of cell and chart, and
the two pages for teachers, which it fills in as they do (`teachers.py`).
Where there is no browser and none can be installed, that is a failure, unless the environment has
`KITLOAN_BROWSER=optional`.
"""

import os
import sys
from pathlib import Path

import pypdfium2
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).parent)]

from chromium import chromium  # noqa: E402
from teachers import check_pages  # noqa: E402

from audit_forms.sample import sample  # noqa: E402  # found by the line above
from kitloan.audit.export import html  # noqa: E402

FOLDER = ROOT / "build" / "browser"
SIZES = {"desktop": (1280, 900), "phone": (375, 812)}
SHEETS = {"upright": 688, "wide": 1031}
"""Pixels between the margins of A4, as `page.css` turns it."""

SEVERE = {"serious", "critical"}
MOST_ROWS = 40
"""Of each table that axe reads."""


def main(arguments: list[str]) -> int:
    """How the report fared, as an exit code."""
    program = chromium()
    if program is None:
        say("No Chromium was found, and none could be installed (apt-get, as root or by sudo).")
        return 0 if os.environ.get("KITLOAN_BROWSER") == "optional" else 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    if arguments:
        report = Path(arguments[0]).resolve()
    else:
        report = FOLDER / "report.html"
        html.write(sample(), report)
    with sync_playwright() as driver:
        # Chromium's sandbox does not start as root; the page is our own, and has no script.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        wrong = [
            *(line for name in SIZES for line in on_screen(browser, report, name)),
            *on_paper(browser, report),
        ]
        if not arguments:
            pages, found = check_pages(browser, FOLDER)
            wrong += found
            for page in pages:
                wrong += on_screen(browser, page, "phone", f"{page.stem}-empty")
        say(f"Chromium {browser.version}: {report}")
        browser.close()
    say(f"Pictures: {FOLDER}")
    for line in wrong:
        say(f"  ! {line}")
    say("Nothing serious found." if not wrong else f"{len(wrong)} things to correct.")
    return 1 if wrong else 0


def on_screen(browser: Browser, report: Path, name: str, picture: str | None = None) -> list[str]:
    """What is wrong at one size; leaves a picture of the whole page."""
    width, height = SIZES[name]
    page = browser.new_page(viewport={"width": width, "height": height})
    wrong = opened(page, report, name)
    page.screenshot(path=FOLDER / f"{picture or name}.png", full_page=True)
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if sideways > 0:
        wrong.append(f"{name}: the page scrolls sideways by {sideways} pixels")
    wrong += accessible(page, name)
    page.close()
    return wrong


def on_paper(browser: Browser, report: Path) -> list[str]:
    """What is wrong when printed; leaves a PDF, and a picture of each of its pages."""
    page = browser.new_page()
    wrong = opened(page, report, "print")
    page.emulate_media(media="print")
    wrong += uncut(page)
    page.pdf(path=FOLDER / "print.pdf", prefer_css_page_size=True, tagged=True, outline=True)
    wrong += accessible(page, "print")
    page.close()
    for old in FOLDER.glob("print-*.png"):
        old.unlink()
    with pypdfium2.PdfDocument(FOLDER / "print.pdf") as document:
        for number, sheet in enumerate(document, 1):
            sides = sorted(round(points / 72 * 25.4) for points in sheet.get_size())
            if sides != [210, 297]:
                wrong.append(f"print: page {number} is {sides} mm, not A4")
            sheet.render(scale=1.5).to_pil().save(FOLDER / f"print-{number:02}.png")
    return wrong


def uncut(page: Page) -> list[str]:
    """The tables and charts that are wider than their sheet: paper does not scroll."""
    wrong = []
    for sheet, width in SHEETS.items():
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.eval_on_selector_all(
            f".{sheet} table, .{sheet} figure",
            "(all, width) => all.filter(e => e.getBoundingClientRect().right > width + 1)"
            ".map(e => e.innerText.slice(0, 60))",
            width,
        )
        wrong += [f"print: wider than its sheet: {text!r}" for text in wide]
    wide = page.eval_on_selector_all(
        ".half table",
        "all => all.filter(e => e.getBoundingClientRect().right > "
        "e.closest('.half').getBoundingClientRect().right + 1).map(e => e.innerText.slice(0, 60))",
    )
    return [*wrong, *(f"print: wider than half a sheet: {text!r}" for text in wide)]


def opened(page: Page, report: Path, name: str) -> list[str]:
    """Open the report; name whatever it asks for beyond itself, and whatever it complains of."""
    wrong: list[str] = []
    address = report.as_uri()
    page.on("request", lambda asked: asked.url != address and wrong.append(f"asks for {asked.url}"))
    page.on("console", lambda entry: wrong.append(f"{name}: the browser reports {entry.text}"))
    page.on("dialog", lambda dialog: (wrong.append(f"{name}: a script ran"), dialog.dismiss()))
    page.goto(address)
    page.evaluate("document.fonts.ready")
    return wrong


def accessible(page: Page, name: str) -> list[str]:
    """What axe finds; what is less than serious is said and does not fail.

    The rows of a table are alike, and axe takes minutes for thousands: it reads the first of each.
    """
    page.evaluate(
        "most => document.querySelectorAll('tbody').forEach("
        "each => [...each.rows].slice(most).forEach(row => row.remove()))",
        MOST_ROWS,
    )
    found = Axe().run(page).response["violations"]
    for each in found:
        say(f"axe, {name}: {each['impact']}: {each['id']}: {each['help']} ({len(each['nodes'])})")
    return [
        f"{name}: {each['id']}: {each['help']}: {each['nodes'][0]['html'][:160]}"
        for each in found
        if each["impact"] in SEVERE
    ]


def say(line: str) -> None:
    """A line for whoever waits."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
