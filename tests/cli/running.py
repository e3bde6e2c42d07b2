"""What came of running `kitloan`, and the two ways of running it that the tests share."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

PROGRAM = Path(sys.executable).parent / ("kitloan.exe" if os.name == "nt" else "kitloan")
"""The console script that was installed beside this Python."""

REGISTERS = Path(__file__).parents[2] / "examples" / "registers"

POSIX = pytest.mark.skipif(
    os.name == "nt", reason="signals, terminals and modes of files are POSIX's"
)

Untouched = Callable[[], AbstractContextManager[None]]
"""What the fixture `nothing_changes` is: inside it, a changed store fails the test."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command line answered: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; nothing may stand before or behind it."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The refusal, as `--json` gives it."""
        found: dict[str, Any] = self.json["error"]
        return found


class Cli(Protocol):
    """`kitloan`, run inside this process. `store` and `as_` None leave the options out."""

    def __call__(
        self,
        *args: str | Path,
        store: str | Path | None = ...,
        as_: str | None = "m.ross",
        stdin: str | None = None,
    ) -> Answer: ...


class Program(Protocol):
    """The installed program, run in a process of its own; `store` as for `Cli`."""

    def __call__(
        self,
        *args: str | bytes | Path,
        store: str | Path | None = ...,
        env: Mapping[str, str] | None = None,
        **popen: Any,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Stock:
    """What stands in the cupboard of the store that most tests begin with: tags."""

    kit: str
    lent: str
    uncounted: str
    unusable: str
    goggles: str
    withdrawn: str


def rendered(pdf: Path, to: Path, dpi: int = 200) -> list[Path]:
    """The pages of a PDF as pictures, as a scanner would give them."""
    import pypdfium2

    pages = []
    with pypdfium2.PdfDocument(pdf) as document:
        for number, page in enumerate(document, start=1):
            pages.append(to / f"page{number}.png")
            page.render(scale=dpi / 72).to_pil().convert("L").save(pages[-1])
    return pages
