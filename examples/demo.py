"""`make demo`: the whole job, on a folder of its own.

With a terminal it opens the desk on a demonstration register. Without one it walks the job and
prints each step: it runs kitloan's own commands, as a user would, and says what they answer.
The colleges, schools and donors that it names are real; what it tells of them is made up.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from kitloan.storage.files import whole_file

HERE = Path(__file__).resolve().parent
FOLDER = Path("kitloan-demo")
TECHNICIAN = "m.ross"
HIGHLANDS, FIFE = "uhi-nwh.sqlite", "fife.sqlite"


class Demo:
    """Runs commands on the demonstration's stores and shows them."""

    def __init__(self, folder: Path, examples: Path) -> None:
        self.folder = folder
        self.examples = examples

    def run(self, store: str, *words: str, expect: int = 0) -> str:
        """Run one command as its user would type it, show it, and give what it printed."""
        shown = shlex.join(["kitloan", "--store", str(self.folder / store), *words])
        print(f"\n$ {shown}", flush=True)
        done = self._kitloan(store, *words)
        said = (done.stdout + done.stderr).rstrip()
        print("\n".join(f"  {line}" for line in said.splitlines()), flush=True)
        if done.returncode != expect:
            raise SystemExit(f"demo: expected exit code {expect}, got {done.returncode}")
        return done.stdout

    def ask(self, store: str, *words: str) -> Any:
        """Run one command quietly and give its JSON."""
        done = self._kitloan(store, "--json", *words)
        if done.returncode:
            raise SystemExit(f"demo: {' '.join(words)} failed: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def keep(self, name: str, text: str) -> None:
        """Keep a report in the demonstration's folder, readable by its owner alone."""
        with whole_file(self.folder / name) as file:
            file.write_text(text, encoding="utf-8")

    def _kitloan(self, store: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kitloan", "--store", str(self.folder / store)]
        return subprocess.run(  # noqa: S603  # our own program, with words of our own
            [*command, "--as", TECHNICIAN, *words],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            stdin=subprocess.DEVNULL,
        )


def step(number: int, words: str) -> None:
    """Head a step of the walk."""
    print(f"\n{number}. {words}")


def walk(demo: Demo) -> None:
    """The whole job, step by step."""
    ayrshire = "ayrshire.sqlite"
    print("The colleges, schools and donors in this are real; what it tells of them is made up.")
    step(1, "A college starts its store and reads the spreadsheet it has kept until today.")
    demo.run(ayrshire, "init", "ayrshire")
    register = str(demo.examples / "ayrshire.csv")
    demo.run(ayrshire, "import", register, expect=2)
    demo.run(ayrshire, "import", register, "--skip-problems")

    step(2, "It says what a kit should hold, and takes in one more.")
    demo.run(ayrshire, "types", "import", str(demo.examples / "contents.csv"))
    added = "MTa STEM kit"
    demo.run(ayrshire, "add", "--type", added, "--donor", "RAF", "--asset-number", "AC0031")

    step(3, "Every holding gets its label.")
    sheet = demo.folder / "labels.pdf"
    demo.run(ayrshire, "labels", "--unlabelled", "--stock", "l7160", "--out", str(sheet))

    step(4, "A kit is lent by reading its label back from the printed sheet.")
    tag = _tag_off_the_sheet(demo, ayrshire, sheet)
    demo.run(ayrshire, "checkout", tag, "--to", "Kilmarnock Academy", "--contact", "Ms Example")
    demo.run(ayrshire, "checkout", tag, "--to", "Belmont Academy", expect=1)

    step(5, "It comes back with two parts missing.")
    demo.run(ayrshire, "checkin", tag, "--missing", "Wheel=2")
    demo.run(ayrshire, "shortages")

    step(6, "That was a wrong count: undo. The undoing is on record.")
    demo.run(ayrshire, "undo")
    demo.run(ayrshire, "checkin", tag, "--missing", "Wheel=1", "--broken", "Panel=1")
    demo.run(ayrshire, "show", tag)

    step(7, "Two more colleges do their work; each sends ESP its ledger.")
    files = [_send(demo, ayrshire)]
    files += [_highlands(demo), _fife(demo)]

    step(8, "ESP merges the three, in whatever order they come, and writes its report.")
    demo.run("esp.sqlite", "init", "esp")
    keys = [demo.ask(store, "key")["fingerprint"] for store in (ayrshire, HIGHLANDS, FIFE)]
    trust = [word for key in keys for word in ("--trust", key)]
    demo.run("esp.sqlite", "ledger", "import", *reversed(files), *trust)
    demo.run("esp.sqlite", "ledger", "verify")
    report = demo.run("esp.sqlite", "audit")
    demo.keep("audit.txt", report)
    page, book = str(demo.folder / "audit.html"), str(demo.folder / "audit.xlsx")
    demo.run("esp.sqlite", "audit", "--html", page, "--xlsx", book)
    figures = demo.ask("esp.sqlite", "audit")
    demo.keep("audit.json", json.dumps(figures, indent=2, ensure_ascii=False))
    print(f"\nEverything the demo made lies in {demo.folder.resolve()}")


def _tag_off_the_sheet(demo: Demo, store: str, sheet: Path) -> str:
    """Photograph the last page of the printed sheet, and find the new kit's tag in the picture."""
    photo = demo.folder / "labels.png"
    _photograph(sheet, photo)
    demo.run(store, "read", str(photo))
    seen = demo.ask(store, "read", str(photo))["files"][0]["tags"]
    (tag,) = (tag for tag in seen if demo.ask(store, "show", tag)["asset_number"] == "AC0031")
    return str(tag)


def _photograph(sheet: Path, photo: Path) -> None:
    """A picture of a sheet's last page, as a phone held over it would take one."""
    import pypdfium2  # type: ignore[import-untyped]  # it has no stubs

    pages = pypdfium2.PdfDocument(sheet)
    picture = pages[len(pages) - 1].render(scale=200 / 72).to_pil()
    picture.rotate(2, expand=True, fillcolor="white").save(photo)


def _send(demo: Demo, store: str) -> str:
    file = str(demo.folder / f"{Path(store).stem}.kitloan")
    demo.run(store, "ledger", "export", file)
    return file


def _highlands(demo: Demo) -> str:
    store = HIGHLANDS
    demo.run(store, "init", "uhi-nwh")
    workbook = str(demo.examples / "north-west-hebrides.xlsx")
    demo.run(store, "import", workbook, "--skip-problems")
    demo.run(store, "loans")
    return _send(demo, store)


def _fife(demo: Demo) -> str:
    store = FIFE
    demo.run(store, "init", "fife")
    demo.run(store, "add", "--type", "Safety goggles", "--quantity", "30", "--asset-number", "FC1")
    demo.run(store, "checkout", "FC1", "--to", "Balwearie High School", "--quantity", "12")
    return _send(demo, store)


def prepare(folder: Path) -> Demo:
    """An empty folder for the demonstration, and the example registers to read."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Demo(folder, Path(os.path.relpath(HERE / "registers")))


def open_desk(demo: Demo) -> None:
    """Open the desk on a register with something on loan, overdue and short."""
    store = "ayrshire.sqlite"
    for words in (
        ("init", "ayrshire"),
        ("import", str(demo.examples / "ayrshire.csv"), "--skip-problems"),
        ("types", "import", str(demo.examples / "contents.csv")),
        ("add", "--type", "MTa STEM kit", "--donor", "RAF", "--asset-number", "AC0031"),
        ("checkout", "AC0031", "--to", "Kilmarnock Academy"),
    ):
        demo.ask(store, *words)
    print(f"The demonstration's store is {demo.folder / store}.")
    print("Try: AC0031 comes back; AC0002 is out; type a school to lend to.")
    from kitloan.cli.main import run

    raise SystemExit(run(["--store", str(demo.folder / store), "--as", TECHNICIAN]))


def main() -> None:
    """Open the desk where there is a terminal; walk the job where there is none."""
    demo = prepare(FOLDER)
    if sys.stdin.isatty() and sys.stdout.isatty():
        open_desk(demo)
    else:
        walk(demo)


if __name__ == "__main__":
    main()
