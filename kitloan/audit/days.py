"""Days in Scotland, reckoned by the database: as numbers, so that it can add them up.

Instants are text in UTC. A hundred thousand loans need not come here for their days to be counted;
but the two databases have no common word for the number of a day.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, false, func, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from kitloan.text.dates import SCOTLAND, instant


class _utc_day(GenericFunction[int]):  # noqa: N801  # functions of SQL are written so
    """The day in UTC of an instant, as `date.toordinal` numbers it."""

    type = Integer()
    inherit_cache = True


@compiles(_utc_day, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **given: Any) -> str:
    # The first day of the year 1 began at 1721425.5 in Julian days.
    return f"CAST(julianday({compiler.process(element.clauses, **given)}) - 1721424.5 AS INTEGER)"


@compiles(_utc_day, "postgresql")
def _in_postgresql(element: Any, compiler: Any, **given: Any) -> str:
    said = compiler.process(element.clauses, **given)
    return f"(CAST(substr({said}, 1, 10) AS date) - DATE '0001-01-01' + 1)"


def scottish_day(at: ColumnElement[Any], first: date, last: date) -> ColumnElement[int]:
    """The day in Scotland of an instant that lies between two days, as `toordinal` numbers it."""
    summers = [and_(at >= began, at < ended) for began, ended in _summers(first, last)]
    tomorrow = and_(func.substr(at, 12, 2) == "23", or_(false(), *summers))
    return _utc_day(at) + case((tomorrow, 1), else_=0)


def _summers(first: date, last: date) -> list[tuple[str, str]]:
    """When summer time begins and ends, for the years of these days."""
    return [(_turn(year, 3), _turn(year, 10)) for year in range(first.year, last.year + 1)]


def _turn(year: int, month: int) -> str:
    """One o'clock in UTC on the last Sunday of a month of 31 days."""
    end = date(year, month, 31)
    sunday = end - timedelta(days=(end.weekday() + 1) % 7)
    return instant(datetime.combine(sunday, time(12), tzinfo=SCOTLAND)).replace(
        "T11:00" if month == 3 else "T12:00", "T01:00"
    )
