"""The lists of docs/adding.md: each is followed in a copy of the source, and what is added works.

A place that a list leaves out makes its test fail, and so does one that need not be touched.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from test_upgrading import RELEASED, RELEASES, unpacked

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
SOURCE = ("kitloan", "labels", "tui", "docs")


class Edit(NamedTuple):
    """A place that is touched: in a file, what follows the first thing that `after` matches."""

    file: str
    after: str
    text: str


class Tree(NamedTuple):
    """A copy of the source."""

    folder: Path

    def follow(self, *edits: Edit) -> None:
        """Touch these places."""
        for edit in edits:
            path = self.folder / edit.file
            was = path.read_text(encoding="utf-8") if path.exists() else ""
            found = re.search(edit.after, was, re.MULTILINE | re.DOTALL)
            assert found, edit
            now = was[: found.end()] + edit.text + was[found.end() :]
            path.write_text(now, encoding="utf-8")

    def run(self, script: str, *given: str) -> str:
        """What a Python of its own prints with this source; it must end well."""
        roots = (self.folder, self.folder / "labels", self.folder / "tui", ROOT / "tests")
        done = subprocess.run(
            [sys.executable, "-c", script, *given],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, roots))},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A copy that may be touched; what is compiled comes with it, and serves what is untouched."""
    folder = tmp_path / "copy"
    for name in SOURCE:
        shutil.copytree(ROOT / name, folder / name)
    return Tree(folder)


def places(heading: str) -> set[str]:
    """The files that the list under a heading names in bold, one for each place."""
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, heading
    return set(re.findall(r"^\d+\. \*\*`([^`]+)`\*\*", section[1], re.MULTILINE))


def touched(edits: Iterable[Edit]) -> set[str]:
    """The files of these places; of a new file, its folder."""
    files = (Path(edit.file) for edit in edits)
    return {f.as_posix() if (ROOT / f).exists() else f"{f.parent.as_posix()}/" for f in files}


CLEANED = (
    Edit(
        "kitloan/ledger/facts/holdings.py",
        r"\Z",
        '''

class HoldingCleaned(FactBase):
    """A holding was cleaned before its next loan."""

    kind: Literal["holding.cleaned"] = "holding.cleaned"
    desk_action: ClassVar[bool] = True
    tag: Tag


@applies(HoldingCleaned)
def cleaned(connection: Connection, college: str, entry: Recorded, fact: HoldingCleaned) -> None:
    """Somebody had it in hand, so it is seen."""
    _sight.one(connection, c=college, t=fact.tag, at=entry.at, by=entry.by)
''',
    ),
    Edit(
        "kitloan/holdings.py",
        r"^class Holdings:.*?(?=    def )",
        '''    def clean(self, tag: str, *, request_id: str | None = None) -> None:
        """Record that a holding was cleaned."""
        from kitloan.ledger.facts.holdings import HoldingCleaned

        with self._session.writing(request_id) as writer:
            row = self._here(writer, tag)
            writer.append(HoldingCleaned(tag=row.tag))

''',
    ),
    Edit(
        "kitloan/queries/history.py",
        r'(?=^    "holding.moved": )',
        '    "holding.cleaned": lambda f, n: "cleaned",\n',
    ),
)


def test_an_entry_kind(tree: Tree, tmp_path: Path) -> None:
    """It is sealed, applied, shown, done once, undone and replayed."""
    tree.follow(*CLEANED)
    assert places("An entry kind") == touched(CLEANED)
    tree.run(
        """
import sys, kitloan
from kitloan.college import College
from kitloan import NewHolding
with kitloan.init("fife", sys.argv[1], actor="m.ross") as fife:
    tag = fife.holdings.add(NewHolding("STEM kit")).tag
    fife.holdings.clean(tag, request_id="r1")
    fife.holdings.clean(tag, request_id="r1")
    assert [line.summary for line in fife.find.history(tag)][1:] == ["cleaned"]
    assert fife.find.holding(tag).last_sighted.by == "m.ross"
    assert fife.ledger.verify().ok
    assert fife.actions.undo().kind == "holding.cleaned"
    assert fife.ledger.verify().ok
""",
        str(tmp_path / "fife.sqlite"),
    )


COLOUR = (
    Edit(
        "kitloan/text/fields.py",
        r"^class HoldingFields.*?    serial: [^\n]*\n",
        "    colour: Name | None = Later(None)\n",
    ),
    Edit("kitloan/storage/schema.py", r"^SCHEMA = \d+", " + 1"),
    Edit(
        "kitloan/backups/upgrading.py",
        r"^STEPS: .*?\}",
        '''


def _colour(op: "Operations") -> None:
    """Holdings have a colour."""
    op.add_column("holding", Column("colour", String()))


STEPS = {**STEPS, SCHEMA: _colour}
''',
    ),
    Edit(
        "kitloan/values.py", r"^class Holding:.*?    serial: [^\n]*\n", "    colour: str | None\n"
    ),
    Edit(
        "kitloan/holdings.py",
        r"    def amend\(.*?serial: [^\n]*\n",
        "        colour: str | None = None,\n",
    ),
    Edit(
        "kitloan/holdings.py",
        r'"serial": changed\([^\n]*\n',
        '                "colour": changed(colour, row.colour, "The colour"),\n',
    ),
)


@pytest.fixture
def coloured(tree: Tree) -> Tree:
    """A copy in which a holding has a column more."""
    tree.follow(*COLOUR)
    assert places("A column") == touched(COLOUR)
    return tree


IN_COLOUR = """
import sys, kitloan
from kitloan.storage.store import create_store
from test_upgrading import rules_of
place, new = sys.argv[1:]
with kitloan.open(place, actor="m.ross") as desk:
    assert desk.upgraded is not None
    verdict = desk.ledger.verify()
    assert verdict.ok, verdict
    held = desk.find.search("", status="in").items[0]
    assert held.colour is None
    desk.holdings.amend(held.tag, colour="red")
    desk.holdings.amend(held.tag, serial="SN-1")
    assert desk.find.holding(held.tag).colour == "red", "amending another field keeps it"
    assert desk.ledger.verify().ok
    desk.actions.undo()
    desk.actions.undo()
    assert desk.find.holding(held.tag).colour is None
    assert desk.ledger.verify().ok
create_store(new).close()
assert rules_of(place) == rules_of(new)
"""
"""The store of a release, and another made by this program."""


@pytest.mark.parametrize("made_by", RELEASES)
def test_a_column(coloured: Tree, made_by: str, tmp_path: Path) -> None:
    """The file of a release gets it, what was sealed seals as it did, and verify is clean."""
    place = unpacked(made_by, tmp_path / "fife.sqlite")
    coloured.run(IN_COLOUR, place, str(tmp_path / "new.sqlite"))


@pytest.mark.parametrize("made_by", RELEASES)
def test_a_column_on_a_server(
    coloured: Tree, made_by: str, new_postgres: Callable[..., str]
) -> None:
    """The same on PostgreSQL."""
    place = new_postgres(empty=True)
    with psycopg.connect(place) as connection:
        connection.execute(gzip.decompress((RELEASED / f"{made_by}.sql.gz").read_bytes()))
    coloured.run(IN_COLOUR, place, new_postgres(empty=True))


SEEN = (
    Edit(
        "kitloan/cli/holdings.py",
        r"\Z",
        '''

@command("seen", "kitloan seen AC0001")
@click.argument("tag")
@pass_app
def seen(app: App, tag: str) -> None:
    """Record that a holding was seen."""
    with app.open() as opened:
        opened.holdings.sight(tag)
        now = opened.find.holding(tag)
    if app.json:
        print_json({"tag": now.tag, "last_sighted": as_json(now.last_sighted)})
        return
    print_text(f"= SEEN  {now.type} {grouped(now.tag)}")
''',
    ),
    Edit(
        "kitloan/cli/commands.py",
        r"^COMMANDS = \(\n",
        '    Row("seen", "holdings", "seen", "Record that a holding was seen."),\n',
    ),
    Edit(
        "docs/commands.md",
        r"\Z",
        """
## kitloan seen
`kitloan seen TAG` records that a holding was seen. JSON: `tag` and `last_sighted`.
""",
    ),
)


def test_a_command(tree: Tree, tmp_path: Path) -> None:
    """It is in the help, answers people and scripts, and the manual has it."""
    tree.follow(*SEEN)
    assert places("A command") == touched(SEEN)
    answered = tree.run(
        """
import sys, kitloan, test_docs
from pathlib import Path
from kitloan.cli.main import run
place = sys.argv[1]
with kitloan.init("fife", place, actor="m.ross") as fife:
    tag = fife.holdings.add(kitloan.NewHolding("STEM kit")).tag
for line in (["--help"], ["seen", tag], ["seen", tag, "--json"]):
    assert run(["--store", place, "--as", "j.kerr", *line]) == 0
test_docs.MANUAL = Path("docs/commands.md").read_text(encoding="utf-8")
test_docs.test_every_command_and_option_is_documented("seen", dict(test_docs.commands())["seen"])
test_docs.test_what_every_command_answers_in_json_is_documented("seen")
test_docs.test_the_manual_speaks_of_no_other_command()
""",
        str(tmp_path / "fife.sqlite"),
    )
    assert "Record that a holding was seen." in answered
    assert "= SEEN  STEM kit KL " in answered
    assert '"by": "j.kerr"' in answered


COLLEGES = (
    Edit(
        "tui/kitloan_tui/screens/colleges.py",
        r"\Z",
        '''"""The colleges of Scotland."""

from collections.abc import Sequence

from kitloan.reference import colleges
from kitloan.values import Page
from kitloan_tui.screens.listing import ListScreen
from kitloan_tui.widgets.table import Column


class Colleges(ListScreen[str]):
    """The list."""

    ACTION = "colleges"
    NAME = "Colleges"
    COLUMNS = (Column("College", share=1),)

    def find(self, text: str, view: str, after: str | None) -> Page[str]:
        """All of them, on one page."""
        names = tuple(each.name for each in colleges() if text.lower() in each.name.lower())
        return Page(names, len(names), None)

    def cells(self, item: str) -> Sequence[str]:
        """One college as a row."""
        return (item,)

    def empty(self, text: str, view: str) -> str:
        """What to do next."""
        return "No college has this name."
''',
    ),
    Edit(
        "tui/kitloan_tui/actions.py",
        r"^_SCREENS: Final = \(\n",
        """    Action(
        "colleges",
        "",
        "Colleges",
        "The colleges of Scotland.",
        screen="kitloan_tui.screens.colleges:Colleges",
    ),
""",
    ),
    Edit("docs/desk.md", r"\Z", "\n`colleges` lists the colleges of Scotland.\n"),
)


def test_a_screen(tree: Tree, tmp_path: Path) -> None:
    """Its action opens it, what is typed narrows it, and the manual has it."""
    tree.follow(*COLLEGES)
    assert places("A screen") == touched(COLLEGES)
    tree.run(
        """
import asyncio, sys, kitloan, test_docs
from pathlib import Path
from tui.at_the_desk import at_desk
folder = Path(sys.argv[1])
async def story(opened):
    async with at_desk(lambda: opened, folder / "log") as hands:
        await hands.go("colleges")
        assert hands.reads("Fife College") and hands.reads("Borders College")
        await hands.type("fife")
        assert hands.rows() == 1
with kitloan.init("fife", folder / "fife.sqlite", actor="m.ross") as opened:
    asyncio.run(story(opened))
test_docs.ROOT = Path.cwd()
test_docs.test_every_action_of_the_desk_is_documented()
""",
        str(tmp_path),
    )


UNNUMBERED = (
    Edit(
        "kitloan/audit/measures.py",
        r"^MEASURES = \(\n",
        """    Measure(
        "unnumbered",
        "Without a number",
        "The college has given it no number of its own.",
        lambda _: holding.c.asset_number.is_(None),
    ),
""",
    ),
    Edit(
        "kitloan/audit/proof.py",
        r"^_BEHIND: [^\n]*\n",
        '    "unnumbered": (*_CAME, "holding.amended"),\n',
    ),
    Edit("kitloan/audit/report.py", r"^_FIGURES = \(\n", '    _measure("unnumbered"),\n'),
)


def test_a_figure_of_the_audit(tree: Tree, tmp_path: Path) -> None:
    """It is in the totals and in every table of groups, adds up, and can be proved."""
    tree.follow(*UNNUMBERED)
    assert places("A figure of the audit") == touched(UNNUMBERED)
    tree.run(
        """
import sys, kitloan
from kitloan import NewHolding
with kitloan.init("fife", sys.argv[1], actor="m.ross") as fife:
    numbered = fife.holdings.add(NewHolding("STEM kit", asset_number="AC0001")).tag
    without = fife.holdings.add(NewHolding("STEM kit")).tag
    audit = fife.audit.audit()
    assert audit.totals["unnumbered"] == 1
    tables = {each.name: each for each in audit.report.tables}
    assert [sum(tables[name].column("unnumbered")) for name in ("colleges", "types")] == [1, 1]
    assert audit.as_json()["totals"]["unnumbered"] == 1
    assert without in str(fife.audit.prove("unnumbered"))
""",
        str(tmp_path / "fife.sqlite"),
    )


UNLABELLED = (
    Edit(
        "kitloan/audit/report.py",
        r"(?=^def _kinds_of_findings\()",
        '''def _serials(held: Iterable[object]) -> Table:
    """Each holding on the register, with its college."""
    return table(
        "numbers",
        "Numbers of holdings",
        "The colleges' own numbers.",
        (TAG, text("asset_number", "Number", "The college's own number.", unknown="none")),
        held,
    )


''',
    ),
    Edit(
        "kitloan/audit/report.py",
        r"        overdue_table\(m.overdue_by_age\),\n",
        "        _serials(m.register or ()),\n",
    ),
)


def test_a_table_of_the_report(tree: Tree, tmp_path: Path) -> None:
    """Every form has it."""
    tree.follow(*UNLABELLED)
    assert places("A table of the report") == touched(UNLABELLED)
    folder = tmp_path / "forms"
    folder.mkdir()
    tree.run(
        """
import sys, kitloan
from pathlib import Path
from kitloan import NewHolding
from kitloan.cli.main import run
folder = Path(sys.argv[1])
place = str(folder / "fife.sqlite")
with kitloan.init("fife", place, actor="m.ross") as fife:
    fife.holdings.add(NewHolding("STEM kit", asset_number="AC0001"))
line = ["--store", place, "audit", "--html", str(folder / "a.html"), "--csv", str(folder / "csv")]
assert run([*line, "--full"]) == 0
assert "Numbers of holdings" in (folder / "a.html").read_text(encoding="utf-8")
assert "AC0001" in (folder / "csv" / "numbers.csv").read_text(encoding="utf-8")
""",
        str(folder),
    )


CLEANING = (
    Edit(
        "kitloan/tables/absence.py",
        r"\Z",
        '''

class Cleaning(Base, table=True):
    """A holding that is being cleaned."""

    __tablename__ = "cleaning"
    __table_args__ = (in_college("tag=tag", to="holding", name="cleaning_of_a_holding"),)
    college: str = Field(primary_key=True)
    tag: str = Field(primary_key=True)
''',
    ),
    Edit("kitloan/tables/every.py", r"^from kitloan.tables.absence import ", "Cleaning, "),
    Edit("kitloan/tables/every.py", r"^        Absence,\n", "        Cleaning,\n"),
    Edit("kitloan/storage/schema.py", r"^SCHEMA = \d+", " + 1"),
    Edit(
        "kitloan/backups/upgrading.py",
        r"^STEPS: .*?\}",
        '''


def _cleaning(op: "Operations") -> None:
    """Holdings may be at the cleaner's."""
    from kitloan.tables.absence import Cleaning
    from kitloan.tables.base import table

    table(Cleaning).create(op.get_bind())


STEPS = {**STEPS, SCHEMA: _cleaning}
''',
    ),
)


@pytest.mark.parametrize("made_by", RELEASES)
def test_a_table(tree: Tree, made_by: str, tmp_path: Path) -> None:
    """The file of a release gets it, with the rules of a new one, and verify is clean."""
    tree.follow(*CLEANING)
    assert places("A table") == touched(CLEANING)
    tree.run(
        """
import sys, kitloan
from kitloan.storage.store import create_store
from test_upgrading import rules_of
place, new = sys.argv[1:]
with kitloan.open(place, actor="m.ross") as desk:
    assert desk.upgraded is not None
    assert desk.ledger.verify().ok
create_store(new).close()
assert "cleaning" in str(rules_of(place))
assert rules_of(place) == rules_of(new)
""",
        unpacked(made_by, tmp_path / "fife.sqlite"),
        str(tmp_path / "new.sqlite"),
    )
