"""Every value of the register is held against the ledger."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from kitloan.college import College
from kitloan.storage.places import is_url
from kitloan.tables import Organisation, table
from kitloan.tables.every import REGISTER_TABLES
from verify.behind import behind_its_back, found


def a_row(connection: sa.Connection, each: sa.Table) -> dict[str, Any]:
    """One row of a table, with its values as they are."""
    ordered = sa.select(each).order_by(*each.primary_key).limit(1)
    return dict(connection.execute(ordered).mappings().one())


def key_of(each: sa.Table, row: dict[str, Any]) -> sa.ColumnElement[bool]:
    """What finds this row and no other."""
    return sa.and_(*(column == row[column.name] for column in each.primary_key))


def another(column: sa.Column[Any], value: Any) -> Any:
    """Another value for a column."""
    if isinstance(column.type, sa.Boolean):
        return not value
    if isinstance(column.type, sa.Integer):
        return (value or 0) + 1000
    return f"{value or ''}x"


def told_of(opened: College) -> dict[str, list[str]]:
    """What verifying says of each table; fails when it says nothing, or blames an entry."""
    findings = found(opened)
    codes = {finding.code for finding in findings}
    assert codes <= {"register_differs", "no_ledger", "file_damaged"}
    return {
        each.name: [
            finding.message
            for finding in findings
            if re.search(rf"Table {each.name}\b", finding.message)
        ]
        for each in REGISTER_TABLES
    }


def differences(opened: College, name: str) -> list[str]:
    """What verifying says of one table."""
    return told_of(opened)[name]


# Every table at once, since each is compared by itself; the assertions name the one that failed.


def test_every_value_of_a_row_is_held_against_the_ledger(
    opened: College, place_of_every_table: str
) -> None:
    """A value that nobody entered must not be reported to a donor."""
    rows, names = {}, {}
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            rows[each] = row = a_row(connection, each)
            names[each] = [column.name for column in each.columns if not column.primary_key]
            changed = row | {name: another(each.c[name], row[name]) for name in names[each]}
            connection.execute(each.update().where(key_of(each, row)).values(changed))
    told = told_of(opened)
    for each in REGISTER_TABLES:
        ends = [said.partition(" differs in ")[2] for said in told[each.name]]
        assert ends == [f"{', '.join(names[each])}."][: len(names[each])], each.name
    with behind_its_back(place_of_every_table) as connection:
        for each, row in rows.items():
            connection.execute(each.update().where(key_of(each, row)).values(row))
    assert not found(opened), "put right again"


@pytest.mark.parametrize("which", range(max(len(t.primary_key) for t in REGISTER_TABLES)))
def test_a_row_under_another_key_is_found(
    opened: College, place_of_every_table: str, which: int
) -> None:
    """A loan that was moved to another kit clears one borrower and charges another."""
    changed = [each for each in REGISTER_TABLES if which < len(each.primary_key)]
    with behind_its_back(place_of_every_table) as connection:
        for each in changed:
            column = list(each.primary_key)[which]
            row = a_row(connection, each)
            moved = row | {column.name: another(column, row[column.name])}
            connection.execute(each.update().where(key_of(each, row)).values(moved))
    told = told_of(opened)
    for each in changed:
        assert len(told[each.name]) == 2, f"{each.name}: one is missing, one is too many"


def test_a_row_that_went_is_missed(opened: College, place_of_every_table: str) -> None:
    """A loan that was taken out of the table is a kit that nobody asks back."""
    keys = {}
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            row = a_row(connection, each)
            connection.execute(each.delete().where(key_of(each, row)))
            key = [str(row[column.name]) for column in each.primary_key]
            keys[each.name] = (key[1:] or key)[0]
    for name, said in told_of(opened).items():
        assert len(said) == 1, name
        assert "is missing" in said[0]
        assert keys[name] in said[0]


def test_a_row_that_came_is_found(opened: College, place_of_every_table: str) -> None:
    """A kit that was never taken in would be counted for the donor."""
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            row = a_row(connection, each)
            *_, last = each.primary_key
            row |= {last.name: another(last, row[last.name])}
            if each.name == "loan":
                row |= {"closed_at": row["out_at"]}
            if each.name == "transfer":
                row |= {"state": "arrived", "ended_at": row["sent_at"]}
            if each.name == "regime":  # a kit type has one of a code
                row |= {"code_key": f"{row['code_key']}x"}
            connection.execute(each.insert().values(row))
    for name, said in told_of(opened).items():
        assert said, name


def test_a_row_where_the_ledger_makes_none_is_found(fife: College, place: str) -> None:
    """Tables that are empty on both sides are not read; one that should be empty has to be."""
    assert found(fife) == []
    with behind_its_back(place) as connection:
        row = {"college": "fife", "organisation": "balwearie", "name": "Balwearie"}
        connection.execute(table(Organisation).insert().values(row))
    assert told_of(fife)["organisation"] == ["Table organisation: balwearie is not in the ledger."]


def test_a_row_of_a_college_without_a_ledger_is_found(
    opened: College, place_of_every_table: str
) -> None:
    """ESP's totals count every college; one that has no history has no kits."""
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            row = a_row(connection, each)
            connection.execute(each.insert().values(row | {"college": "atlantis"}))
    for name, said in told_of(opened).items():
        assert ["atlantis" in each for each in said] == [True], name


def test_a_value_that_went_is_missed(opened: College, place_of_every_table: str) -> None:
    """A loan whose due date went is overdue for nobody."""
    emptied = {}
    with behind_its_back(place_of_every_table) as connection:
        for each in REGISTER_TABLES:
            row = a_row(connection, each)
            names = [c.name for c in each.columns if c.nullable and row[c.name] is not None]
            if names:
                nothing = dict.fromkeys(names)
                connection.execute(each.update().where(key_of(each, row)).values(nothing))
                emptied[each.name] = names
    told = told_of(opened)
    assert "loan" in emptied
    for name, names in emptied.items():
        assert told[name][0].endswith(f" differs in {', '.join(names)}."), name


def test_a_value_in_another_form_is_found(place_of_life: str, opened: College) -> None:
    """A 5 that stands for yes is read as yes, and is still nothing that kitloan wrote."""
    if is_url(place_of_life):
        pytest.skip("PostgreSQL has a type for yes and no")
    with behind_its_back(place_of_life) as connection:
        connection.exec_driver_sql("UPDATE loan SET exclusive = 5 WHERE exclusive = 1")
    (said,) = differences(opened, "loan")
    assert "form" in said
