"""Several colleges and ESP, as their clocks stand: what the tests of the audit tell lives with."""

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import kitloan
from conftest import KIT, SetClock
from kitloan import Gift, NewHolding
from kitloan.audit import Audit
from kitloan.college import College
from kitloan.holdings import kit_type_with
from trusting import hear, merge

Rows = list[dict[str, object]]


class Scotland:
    """Colleges that open when they are first asked for, and ESP, which hears of all they do."""

    def __init__(self, folder: Path, clock: SetClock, esp: College, stack: ExitStack) -> None:
        self.folder, self.clock, self.esp, self._stack = folder, clock, esp, stack
        self._colleges: dict[str, College] = {}
        self._files = 0

    def __getitem__(self, college: str) -> College:
        if college not in self._colleges:
            desk = kitloan.init(
                college, self.folder / f"{college}.sqlite", actor="m.ross", clock=self.clock
            )
            self._colleges[college] = self._stack.enter_context(desk)
            desk.holdings.define_types([kit_type_with("STEM kit", KIT)])
        return self._colleges[college]

    def kits(self, college: str, count: int, **gift: object) -> list[str]:
        """A college takes in so many kits."""
        given = Gift(**gift)  # type: ignore[arg-type]  # as the test names them
        add = self[college].holdings.add
        return [add(NewHolding("STEM kit", gift=given)).tag for _ in range(count)]

    def send(self, *colleges: str) -> None:
        """Those colleges, or all, send ESP what it has not seen."""
        files = []
        for college in colleges or tuple(self._colleges):
            self._files += 1
            files.append(self.folder / f"{self._files}.kitloan")
            self._colleges[college].exchange.export(files[-1], since_last=True)
        merge(self.esp, files)

    def answer(self) -> None:
        """ESP's file goes to every college."""
        self._files += 1
        file = self.folder / f"{self._files}.kitloan"
        self.esp.exchange.export(file)
        for college in self._colleges.values():
            hear(college, file)

    def audit(self, day: date | None = None) -> Audit:
        """What ESP finds when all have sent what they have."""
        self.send()
        return self.esp.audit.audit(day)


def rows(found: Audit, table: str) -> Rows:
    """A table of the report, as programs read it."""
    told: Rows = found.as_json()["tables"][table]
    return told


def figures(found: Audit) -> dict[str, object]:
    """All that an audit answers but for when and by whom it was made."""
    return {name: value for name, value in found.as_json().items() if name != "proof"}


def row(found: Audit, table: str, **wanted: object) -> dict[str, object]:
    """The one row of a table with such values."""
    (only,) = [each for each in rows(found, table) if wanted.items() <= each.items()]
    return only


def codes(found: Audit, *but: str) -> list[tuple[str, str]]:
    """Each finding's code and college, but for some codes."""
    return [(each.code, each.college) for each in found.findings if each.code not in but]


def values(row: dict[str, object], names: Iterable[str]) -> list[object]:
    """Some values of a row."""
    return [row[name] for name in names]
