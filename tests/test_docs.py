"""The documentation: what it leaves out, nobody finds."""

import inspect
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import click
import pytest

import kitloan
from kitloan.audit import WORST_FIRST
from kitloan.cli.commands import COMMANDS
from kitloan.cli.main import cli
from kitloan.imports.columns import FIELDS
from kitloan_tui.actions import ACTIONS

ROOT = Path(__file__).parents[1]
MANUAL = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "bench" / "README.md"]
HOUSE = ("kitloan/", "labels/kitloan_labels/", "tui/kitloan_tui/", "tui/kitloan_tui/counter/")
"""Each package, as the map heads it."""

MODULES = r"[a-z_]+(?:\.py|/)(?=\s)"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand with its full name."""
    context = click.Context(cli)
    for row in COMMANDS:
        command = cli.get_command(context, row.name)  # type: ignore[attr-defined]  # a group
        assert command is not None
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield row.name, command
            yield from ((f"{row.name} {name}", each) for name, each in command.commands.items())
        else:
            yield row.name, command


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda v: str(v))
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    """An option that only the source knows is used by nobody."""
    section = re.search(rf"^## kitloan {name}\b.*?(?=^## |\Z)", MANUAL, re.MULTILINE | re.DOTALL)
    assert section, f"docs/commands.md has no section '## kitloan {name}'"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            spelt = [*option.opts, *option.secondary_opts]
            missing = [text for text in spelt if not stands_in(text, section[0])]
            assert not missing, f"{missing} of {name}"


def stands_in(option: str, text: str) -> bool:
    """Whether an option stands in a text as a word of its own: --print is not in --printer."""
    return re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text) is not None


@pytest.mark.parametrize("name", [name for name, _ in commands() if name != "desk"])
def test_what_every_command_answers_in_json_is_documented(name: str) -> None:
    """A script is written against this page; a shape that is not here is guessed."""
    section = re.search(rf"^## kitloan {name}\b.*?(?=^## |\Z)", MANUAL, re.MULTILINE | re.DOTALL)
    assert section
    assert "JSON" in section[0]


def test_every_option_of_all_commands_is_documented() -> None:
    """What may stand before any command has no section of its own, and is soon forgotten."""
    head = MANUAL.partition("\n## ")[0]
    every = [text for option in cli.params for text in option.opts] + ["--help", "-h"]
    assert not [text for text in every if not stands_in(text, head)]


def test_the_manual_speaks_of_no_other_command() -> None:
    """A command that is documented and does not exist costs more trust than one left out."""
    names = r"^## kitloan ((?:[a-z-]+ )?[a-z-]+)"
    headed = set(re.findall(names, MANUAL, re.MULTILINE))
    assert headed == {name for name, _ in commands()}


def test_every_field_of_a_register_is_documented() -> None:
    """Whoever writes a map file needs the fields' names."""
    text = (ROOT / "docs" / "registers.md").read_text(encoding="utf-8")
    assert not [field for field in FIELDS if f"`{field}`" not in text]


def test_every_finding_is_documented() -> None:
    """A code in a report that nothing explains is noise."""
    assert not [code for code in WORST_FIRST if f"`{code}`" not in MANUAL]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """A dead link in the first five minutes is the last minute."""
    for target, anchor in re.findall(
        r"\]\(([^)#:]*)#?([^):]*)\)", page.read_text(encoding="utf-8")
    ):
        there = page.parent / target if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in a link, as code hosts make it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_module_that_a_page_names_is_there(page: Path) -> None:
    """Whoever follows a page to a file that moved away gives the page up."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    code = " ".join(re.findall(r"`([^`]+)`", text))
    named = re.findall(r"[\w./-]+\.py\b", code)
    packages = [ROOT / head for head in HOUSE]
    roots = [ROOT, page.parent, *packages, *(package.parent for package in packages)]
    assert not [name for name in named if not any((root / name).exists() for root in roots)]


@pytest.mark.parametrize("head", HOUSE)
def test_every_module_of_the_house_is_on_its_map(head: str) -> None:
    """A file that the map leaves out is one that nobody looks after; one that is gone misleads."""
    text = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    drawn = re.search(rf"^{head} .*\n((?: .*\n)+)", text, re.MULTILINE)
    assert drawn, f"docs/house.md does not draw {head}"
    named = re.findall(rf"^ +((?:{MODULES} +)+)", drawn[1], re.MULTILINE)
    mapped = set(re.findall(MODULES, " ".join(named)))
    folder = ROOT / head
    modules = {path.name for path in folder.glob("*.py")} - {"__init__.py", "__main__.py"}
    packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    assert mapped == modules | packages


def test_every_action_of_the_desk_is_documented() -> None:
    """Whoever gives an action another key needs its id."""
    text = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")
    assert not [action.id for action in ACTIONS if f"`{action.id}`" not in text]


@pytest.mark.parametrize("page", ["docs/trust.md", "SECURITY.md"])
def test_the_tests_that_hold_a_promise_are_there(page: str) -> None:
    """A promise whose test was renamed away is one that nobody keeps."""
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)
    assert named
    for path, test in named:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert not test or re.search(rf"def {test}\(", source), f"{path}::{test}"


def test_the_manual_leads_to_every_page() -> None:
    """A page that the site's menu leaves out is not found, and the site is not built."""
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    left_out = {page.name for page in (ROOT / "docs").glob("*.md") if f": {page.name}" not in menu}
    assert not left_out


def test_the_public_names_are_sorted_and_load() -> None:
    """A name that is listed and not there is found by the first program that imports it."""
    assert kitloan.__all__ == sorted(kitloan.__all__)
    for name in kitloan.__all__:
        assert getattr(kitloan, name) is not None
    parts = [each for each in vars(kitloan.College).values() if isinstance(each, cached_property)]
    assert {each.func.__annotations__["return"] for each in parts} <= {*kitloan.__all__}
    with pytest.raises(AttributeError):
        _ = kitloan.find_path  # type: ignore[attr-defined]  # there is none


@pytest.mark.parametrize("name", [name for name in kitloan.__all__ if name != "__version__"])
def test_every_public_name_is_documented_and_checked(name: str) -> None:
    """The reference is made of docstrings; ruff asks for them in the files that it is told of."""
    thing = getattr(kitloan, name)
    members = vars(thing).items() if inspect.isclass(thing) else ()
    verbs = [part for at, part in members if inspect.isroutine(part) and not at.startswith("_")]
    assert all(part.__doc__ for part in (thing, *verbs))
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (listed,) = (each for each in rules["tool"]["ruff"]["lint"]["per-file-ignores"] if "!" in each)
    files = listed.removeprefix("!kitloan/{").removesuffix("}.py").split(",")
    file = Path(inspect.getfile(thing)).relative_to(ROOT / "kitloan")
    assert file.with_suffix("").as_posix() in files
