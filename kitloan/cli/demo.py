"""`kitloan demo`: the whole job on made-up data, in a folder of its own.

At a terminal it opens the desk on a demonstration register. Elsewhere it runs kitloan's own
commands one after another, as a user would, and prints what they answer. It needs no network, and
no Python next to the program: a bundle runs it with itself.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from kitloan.cli.context import App, command, pass_app
from kitloan.cli.output import at_terminal, print_text
from kitloan.errors import BadInput, KitloanError, Refused, StoreError, is_installed, not_installed
from kitloan.storage.files import whole_file

FOLDER = Path("kitloan-demo")
MARK = "made-by-kitloan-demo.txt"
"""The file by which the demonstration knows a folder of its own, which it may empty."""

TECHNICIAN = "m.ross"
AYRSHIRE, HIGHLANDS, FIFE, ESP = "ayrshire.sqlite", "uhi-nwh.sqlite", "fife.sqlite", "esp.sqlite"


@command("demo", "kitloan demo")
@pass_app
def demo(app: App) -> None:
    """Show the whole job, on made-up data.

    In a terminal the desk opens on a demonstration register. Without one, each step is run and
    printed: a spreadsheet is read, kits are labelled, lent and taken back, three colleges' ledgers
    are merged, and ESP's report is written. Everything is in the folder kitloan-demo, which is made
    where you are; your own store is not touched.
    """
    if not is_installed("labels"):
        raise not_installed("labels")
    if app.json:
        raise BadInput(
            "usage",
            "The demonstration prints each step, not one JSON document.",
            "Leave out --json.",
        )
    demonstration = Demonstration(_empty_folder(FOLDER), _registers())
    if at_terminal(sys.stdin) and at_terminal(sys.stdout):
        _open_desk(app, demonstration)
    else:
        _walk(demonstration)


class Demonstration:
    """Runs commands on the demonstration's stores, and prints them with their answers."""

    def __init__(self, folder: Path, registers: Path) -> None:
        self.folder = folder
        self.registers = registers

    def run(self, store: str, *words: str, expect: int = 0) -> str:
        """Run one command, print it as its user would type it, and give what it printed."""
        place = str(self.folder / store)
        _print(f"\n$ {shlex.join(['kitloan', '--store', place, *words])}")
        done = self._kitloan(store, *words)
        for line in (done.stdout + done.stderr).rstrip().splitlines():
            _print(f"  {line}")
        if done.returncode != expect:
            raise _went_wrong(words, f"exit code {done.returncode}, not {expect}")
        return done.stdout

    def ask(self, store: str, *words: str) -> Any:
        """Run one command without printing it, and give its JSON."""
        done = self._kitloan(store, "--json", *words)
        if done.returncode:
            raise _went_wrong(words, f"{done.stdout}{done.stderr}".strip())
        return json.loads(done.stdout)

    def save(self, name: str, text: str) -> None:
        """Save a report in the demonstration's folder; only its owner can read it."""
        with whole_file(self.folder / name) as file:
            file.write_text(text, encoding="utf-8")

    def _kitloan(self, store: str, *words: str) -> subprocess.CompletedProcess[str]:
        # A bundle is the program itself; elsewhere Python runs the package.
        program = [sys.executable, *(() if getattr(sys, "frozen", False) else ("-m", "kitloan"))]
        return subprocess.run(  # noqa: S603  # our own program, with words of our own
            [*program, "--store", str(self.folder / store), "--as", TECHNICIAN, *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"},
        )


def _walk(demo: Demonstration) -> None:
    _print("The colleges, schools and donors in this are real; their loans and gifts are made up.")
    _step(1, "A college starts its store and reads the spreadsheet that it has used until today.")
    demo.run(AYRSHIRE, "init", "ayrshire")
    register = str(demo.registers / "ayrshire.csv")
    demo.run(AYRSHIRE, "import", register, expect=BadInput.exit_code)
    demo.run(AYRSHIRE, "import", register, "--skip-problems")

    _step(2, "It enters what a kit should hold, and adds one more.")
    demo.run(AYRSHIRE, "types", "import", str(demo.registers / "contents.csv"))
    added = ("--type", "MTa STEM kit", "--donor", "RAF", "--asset-number", "AC0031")
    demo.run(AYRSHIRE, "add", *added)

    _step(3, "Every holding gets its label.")
    sheet = demo.folder / "labels.pdf"
    demo.run(AYRSHIRE, "labels", "--unlabelled", "--stock", "l7160", "--out", str(sheet))

    _step(4, "A kit is lent by reading its label back from the printed sheet.")
    tag = _tag_off_the_sheet(demo, AYRSHIRE, sheet)
    demo.run(AYRSHIRE, "checkout", tag, "--to", "Kilmarnock Academy", "--contact", "Ms Example")
    demo.run(AYRSHIRE, "checkout", tag, "--to", "Belmont Academy", expect=Refused.exit_code)

    _step(5, "It comes back with two parts missing.")
    demo.run(AYRSHIRE, "checkin", tag, "--missing", "Wheel=2")
    demo.run(AYRSHIRE, "shortages")

    _step(6, "That was a wrong count: undo. The undoing is on record.")
    demo.run(AYRSHIRE, "undo")
    demo.run(AYRSHIRE, "checkin", tag, "--missing", "Wheel=1", "--broken", "Panel=1")
    demo.run(AYRSHIRE, "show", tag)

    _step(7, "Two more colleges do their work; each sends ESP its ledger.")
    files = [_send(demo, AYRSHIRE), _highlands(demo), _fife(demo)]

    _step(8, "ESP merges the three, in whatever order they come, and writes its report.")
    demo.run(ESP, "init", "esp")
    keys = [demo.ask(store, "key")["fingerprint"] for store in (AYRSHIRE, HIGHLANDS, FIFE)]
    trust = [word for key in keys for word in ("--trust", key)]
    demo.run(ESP, "ledger", "import", *reversed(files), *trust)
    demo.run(ESP, "ledger", "verify")
    demo.save("audit.txt", demo.run(ESP, "audit"))
    page, book = str(demo.folder / "audit.html"), str(demo.folder / "audit.xlsx")
    demo.run(ESP, "audit", "--html", page, "--xlsx", book)
    figures = json.dumps(demo.ask(ESP, "audit"), indent=2, ensure_ascii=False)
    demo.save("audit.json", figures)
    _print(f"\nEverything that the demonstration made is in {demo.folder.resolve()}")


def _tag_off_the_sheet(demo: Demonstration, store: str, sheet: Path) -> str:
    """Photograph the last page of the printed sheet, and read the new kit's tag in the picture."""
    from kitloan_labels.photos import pictures

    photo = demo.folder / "labels.png"
    *_, last = pictures(sheet)
    last.rotate(2, expand=True, fillcolor="white").save(photo)  # nobody holds a phone level
    demo.run(store, "read", str(photo))
    tags = demo.ask(store, "read", str(photo))["files"][0]["tags"]
    (tag,) = (tag for tag in tags if demo.ask(store, "show", tag)["asset_number"] == "AC0031")
    return str(tag)


def _send(demo: Demonstration, store: str) -> str:
    file = str(demo.folder / f"{Path(store).stem}.kitloan")
    demo.run(store, "ledger", "export", file)
    return file


def _highlands(demo: Demonstration) -> str:
    demo.run(HIGHLANDS, "init", "uhi-nwh")
    workbook = str(demo.registers / "north-west-hebrides.xlsx")
    demo.run(HIGHLANDS, "import", workbook, "--skip-problems")
    demo.run(HIGHLANDS, "loans")
    return _send(demo, HIGHLANDS)


def _fife(demo: Demonstration) -> str:
    demo.run(FIFE, "init", "fife")
    goggles = ("--type", "Safety goggles", "--quantity", "30", "--asset-number", "FC1")
    demo.run(FIFE, "add", *goggles)
    demo.run(FIFE, "checkout", "FC1", "--to", "Balwearie High School", "--quantity", "12")
    return _send(demo, FIFE)


def _open_desk(app: App, demo: Demonstration) -> None:
    """Open the desk on a register with something on loan, overdue and short."""
    from kitloan.cli.desk import open_desk

    for words in (
        ("init", "ayrshire"),
        ("import", str(demo.registers / "ayrshire.csv"), "--skip-problems"),
        ("types", "import", str(demo.registers / "contents.csv")),
        ("add", "--type", "MTa STEM kit", "--donor", "RAF", "--asset-number", "AC0031"),
        ("checkout", "AC0031", "--to", "Kilmarnock Academy"),
    ):
        demo.ask(AYRSHIRE, *words)
    _print(f"The demonstration's store is {demo.folder / AYRSHIRE}.")
    _print("Try: AC0031 comes back; AC0002 is out; type a school to lend to.")
    app.store, app.actor = str(demo.folder / AYRSHIRE), TECHNICIAN
    open_desk(app)


def _empty_folder(folder: Path) -> Path:
    """The demonstration's folder, empty but for its mark.

    Raises:
        Refused: `folder_in_use`, when it holds what no demonstration made.
        BadInput: `cannot_write`.
    """
    try:
        if os.path.lexists(folder):
            ours = folder.is_dir() and not folder.is_symlink() and (folder / MARK).is_file()
            if not ours:
                raise Refused(
                    "folder_in_use",
                    f"{folder} exists already, and no demonstration made it. Nothing was changed.",
                    "Rename it, or run the demonstration in another folder.",
                    folder=str(folder),
                )
            shutil.rmtree(folder)
        folder.mkdir()
        mark = "kitloan demo made this folder, and empties it when it is run again.\n"
        (folder / MARK).write_text(mark, encoding="utf-8")
    except OSError as problem:
        raise BadInput(
            "cannot_write",
            f"{folder} cannot be made here: {problem.strerror or problem}.",
            "Run it in a folder that you may write to.",
            folder=str(folder),
        ) from problem
    return folder


def _registers() -> Path:
    """The example registers: in the installed package; in a checkout, next to it."""
    package = Path(__file__).parents[1]
    installed, checkout = package / "examples", package.parent / "examples" / "registers"
    return installed if installed.is_dir() else Path(os.path.relpath(checkout))


def _step(number: int, words: str) -> None:
    _print(f"\n{number}. {words}")


def _print(text: str) -> None:
    """Print now: somebody watches."""
    print_text(text)
    sys.stdout.flush()


def _went_wrong(words: tuple[str, ...], what: str) -> KitloanError:
    return StoreError(
        "demo_failed",
        f"The demonstration stopped at `kitloan {' '.join(words)}`: {what}.",
        "See what is wrong on this machine: kitloan doctor",
    )
