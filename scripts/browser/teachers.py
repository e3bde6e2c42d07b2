"""The two pages for teachers in Chromium: filled in as they do, and what comes back read.

A store is made, the pages are written as a college writes them, and the line that each makes goes
back through the command line: what is booked and what is recorded must be what was typed.
"""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from kitloan.text.dates import system_clock, today

SCHOOL = "St Aidan's; 50% = half & <b>"
"""A name with all that a line, a mail and a page keep for themselves."""
_ENOUGH = 20_000
"""Milliseconds that a click may take on a busy machine."""


class _Store:
    """A college with a kit, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, store = folder, folder / "fife.sqlite"
        store.unlink(missing_ok=True)
        self._environment = {**os.environ, "KITLOAN_STORE": str(store)}
        self.run("init", "fife")
        self.tag: str = self.run("add", "--type", "STEM kit", "--asset-number", "AC1")["tag"]
        self.run("add", "--type", "STEM kit")

    def run(self, *words: str) -> Any:
        """What a command answers."""
        command = [sys.executable, "-m", "kitloan", "--json", *words]
        done = subprocess.run(  # noqa: S603  # our own program
            command, env=self._environment, capture_output=True, text=True, encoding="utf-8"
        )
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)


def check_pages(browser: Browser, folder: Path) -> tuple[list[Path], list[str]]:
    """Fill in both pages; gives the pages, and what was not as it was typed."""
    store = _Store(folder / "teachers")
    return (
        [store.folder / "ask.html", store.folder / "form.html"],
        [*_ask(browser, store), *_answer(browser, store)],
    )


def _opened(browser: Browser, file: Path) -> Page:
    page = browser.new_page(viewport={"width": 375, "height": 812})
    page.set_default_timeout(_ENOUGH)
    page.goto(file.as_uri())
    return page


def _ask(browser: Browser, store: _Store) -> list[str]:
    """The page to ask for a kit: refused while something is wrong, and then one booking."""
    file = store.folder / "ask.html"
    store.run("request-page", "--mail", "stem@college.example", "--out", str(file))
    first = today(system_clock) + timedelta(days=14)
    while first.weekday() != 0:
        first += timedelta(days=1)
    last = first + timedelta(days=3)
    page = _opened(browser, file)
    wrong = []
    page.click("button")
    if page.inner_text("#problem") != "Please give the school.":
        wrong.append("ask: an empty page is not refused by its first field")
    page.fill("#school", SCHOOL)
    page.select_option("#kit", "STEM kit")
    page.fill("#from", last.isoformat())
    page.fill("#to", first.isoformat())
    page.click("button")
    if "before you collect it" not in page.inner_text("#problem") or page.is_visible("#made"):
        wrong.append("ask: days that are reversed are not refused")
    page.fill("#from", first.isoformat())
    page.fill("#to", last.isoformat())
    page.click("button")
    mail = page.input_value("#text")
    link = page.get_attribute("#send", "href") or ""
    if not link.startswith("mailto:stem@college.example?subject="):
        wrong.append(f"ask: the link is {link[:60]!r}")
    page.screenshot(path=store.folder / "ask.png", full_page=True)
    page.close()
    booked = store.run("book", "--read", mail, "--new")["booking"]
    made = {name: booked[name] for name in ("to", "collect_on", "return_by")}
    typed = {"to": SCHOOL, "collect_on": first.isoformat(), "return_by": last.isoformat()}
    if made != typed:
        wrong.append(f"ask: {typed} was typed, and {made} is booked")
    return wrong


def _answer(browser: Browser, store: _Store) -> list[str]:
    """The form: a rating that is left out stays unknown, a wrong number is refused."""
    file = store.folder / "form.html"
    loan = store.run("checkout", store.tag, "--to", "Lochside Academy")["loans"][0]["id"]
    day = today(system_clock).isoformat()
    store.run("evaluation", "page", "--loan", loan, "--out", str(file))
    page = _opened(browser, file)
    wrong = []
    page.fill("#date", day)
    page.fill("#p57", "27")
    page.fill("#sessions", "3")
    page.fill("#hours", "4.3")
    page.click("button")
    if page.inner_text("#problem") != "Please correct: Hours in all, to the half.":
        wrong.append("form: hours that are not to the half are not refused")
    page.fill("#hours", "4.5")
    page.select_option("#enj", "5")
    for subject, level in (("s", "1"), ("t", "0"), ("m", "-1")):
        page.select_option(f"#{subject}", level)
    page.select_option("#again", "y")
    page.click("button")
    line = page.input_value("#text")
    page.screenshot(path=store.folder / "form.png", full_page=True)
    (taken,) = store.run("evaluation", "read", line)["items"]
    use, answers = taken["engagement"], taken["evaluation"]
    made = (use["loan"], use["date"], use["learners"], use["sessions"], use["hours"], use["staff"])
    if made != (loan, day, {"p5-p7": 27}, 3, 4.5, None):
        wrong.append(f"form: the use is recorded as {made}")
    levels = {"s": 1, "t": 0, "e": None, "m": -1}
    known = (answers["enjoyed"], answers["interest"], answers["confidence"], answers["again"])
    if known != (5, None, levels, True):
        wrong.append(f"form: the answers are recorded as {known}")
    page.select_option("#used", "n")
    page.click("button")
    if page.input_value("#text") != f"KLEVAL1;loan={loan};used=n;date={day}":
        wrong.append(f"form: not used, and it makes {page.input_value('#text')!r}")
    if page.is_visible("#p57"):
        wrong.append("form: a kit that was not used is asked about its learners")
    page.close()
    return wrong
