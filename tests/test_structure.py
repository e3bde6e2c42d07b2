"""What the code must stay, so that promises can be kept: who writes what, and by which key."""

import ast
import pkgutil
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import grimp
import pytest
import sqlalchemy as sa

import kitloan
from kitloan.tables import Base
from kitloan.tables.every import REGISTER_TABLES

COPYING = {"kitloan.exchange.copying", "kitloan.backups", "kitloan.exchange.rebase"}
"""Copy rows that `apply` has made, or lay a ledger's rows away before it is told again."""


OF_SEVERAL_COLLEGES = {"holdings_of_a_tag"}
"""Indexes for what ESP asks of all colleges at once: which of them hold one tag."""


def writes(module: str) -> Iterator[str]:
    """The first argument of every `insert`, `update` and `delete` in a module, as it is written."""
    source = Path(str(import_module(module).__file__)).read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(ast.Name("insert" | "update" | "delete"), [into, *_]):
                yield ast.unparse(into)


def others() -> list[str]:
    """Every module of the library but the register's own."""
    found = pkgutil.walk_packages(kitloan.__path__, "kitloan.")
    return [
        each.name
        for each in found
        if not each.name.startswith(("kitloan.ledger.facts", "kitloan.ledger.replay"))
    ]


def test_imports_go_in_no_circle() -> None:
    """Modules that need each other are one module with a wall in it; those for types count, too."""
    graph = grimp.build_graph("kitloan", "kitloan_tui", "kitloan_labels", cache_dir=None)
    imported = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    TopologicalSorter(imported).prepare()  # raises CycleError, with the circle


def test_nothing_writes_the_register_but_apply() -> None:
    """A row that no entry made is one that history cannot prove, nor another store be told."""
    tried = 0
    for module in set(others()) - COPYING:
        names = vars(import_module(module))
        for written in writes(module):
            into = eval(written, dict(names))  # our own source, just read
            assert isinstance(into, sa.Table), (module, written)
            assert into not in REGISTER_TABLES, f"{module} writes {into}"
            tried += 1
    assert tried, "ledgers, people and settings are written by somebody"


@pytest.mark.parametrize("each", Base.metadata.sorted_tables, ids=str)
def test_every_key_begins_with_the_college(each: sa.Table) -> None:
    """Else rows of two colleges could meet, and the tables not be spread by college."""
    own = [index for index in each.indexes if index.name not in OF_SEVERAL_COLLEGES]
    assert not any(index.unique for index in each.indexes - {*own})
    keys = [list(each.primary_key), *(list(index.columns) for index in own)]
    keys += [list(rule.columns) for rule in each.foreign_key_constraints]
    assert {key[0].name for key in keys} == {"college"}
