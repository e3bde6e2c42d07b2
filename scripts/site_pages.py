"""The site's hook (`make site`): pages from outside `docs/`, and the reference of the library.

Repository and site differ in where a page is: README is the site's front page, and `docs/x.md` its
`x.md`. Links are written for the repository; `on_page_markdown` turns each into the site's.
"""

import inspect
import posixpath
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import kitloan

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "README.md": "index.md",
    "SECURITY.md": "SECURITY.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "bench/README.md": "bench/README.md",
    "bench/FIGURES.md": "bench/FIGURES.md",
}
"""Pages that are not in `docs/`: where each is in the repository, and where in the site."""

API = {
    "college": ("Opening a store", ""),
    "verbs": ("Verbs", "What can be done and asked, by the part of a college that does it."),
    "values": ("Values", "What verbs take and give: frozen, and the same on every store."),
    "errors": ("Errors", "Every exception that kitloan raises on purpose."),
}
"""The pages of the reference: title and first sentence."""

AS_A_PART = """    options:
        heading: college.{part}
        toc_label: {part}
        merge_init_into_class: false
"""
"""How a class of verbs is headed: by the attribute of a college that gives it."""

FRONT = """::: kitloan
    options:
        members: false
        show_root_heading: false
        show_root_toc_entry: false
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in `docs/`, and those of the reference."""
    for here, there in ELSEWHERE.items():
        text = (ROOT / here).read_text(encoding="utf-8")
        files.append(File.generated(config, there, content=text))
    for page, (title, first) in API.items():
        blocks = [block for name, block in reference() if page == page_of(name)]
        text = "\n".join([f"# {title}\n", first or FRONT, "", *blocks])
        files.append(File.generated(config, f"api/{page}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of a page from the repository's places into the site's."""
    in_site = page.file.src_uri
    in_repository = next((a for a, b in ELSEWHERE.items() if b == in_site), f"docs/{in_site}")
    here = posixpath.dirname(in_repository)

    def moved(link: re.Match[str]) -> str:
        target, anchor = link[1], link[2] or ""
        if not target or ":" in target:
            return link[0]
        aimed = posixpath.normpath(posixpath.join(here, target))
        there = ELSEWHERE.get(aimed, aimed.removeprefix("docs/"))
        if (ROOT / aimed).is_dir():
            there = f"{there}/README.md"
        return f"]({posixpath.relpath(there, posixpath.dirname(in_site) or '.')}{anchor})"

    return re.sub(r"\]\(([^)#\s]*)(#[^)\s]*)?\)", moved, markdown)


def reference() -> Iterator[tuple[str, str]]:
    """Every public name of the library, and what stands for its documentation in a page.

    Verbs come in the order of `College`, all other names by the alphabet.
    """
    of_parts = parts()
    names = [name for name in kitloan.__all__ if not name.startswith("__") and name not in of_parts]
    for name in [*of_parts, *names]:
        block = f"::: {getattr(kitloan, name).__module__}.{name}\n"
        part = of_parts.get(name)
        yield name, block + (AS_A_PART.format(part=part) if part else "")


def parts() -> dict[str, str]:
    """The parts of a college: the class of each, and the attribute that gives it."""
    properties = {n: p for n, p in vars(kitloan.College).items() if isinstance(p, cached_property)}
    return {part.func.__annotations__["return"]: name for name, part in properties.items()}


def page_of(name: str) -> str:
    """Which page of the reference a public name is on."""
    thing = getattr(kitloan, name)
    if name in ("College", "open", "init"):
        return "college"
    if inspect.isclass(thing) and issubclass(thing, kitloan.KitloanError):
        return "errors"
    return "verbs" if name in parts() else "values"
