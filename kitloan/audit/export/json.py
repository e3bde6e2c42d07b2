"""The report for programs: what `kitloan audit --json` prints."""

from datetime import date

from kitloan.audit.tables import Report

Value = str | int | float | None


def as_json(report: Report) -> dict[str, list[dict[str, Value]]]:
    """Every table by its name: a list of rows, each by its columns' names.

    Dates are `YYYY-MM-DD`, a share is from 0 to 1, money is whole pence, unknown is null; texts
    are as they were given, so what shows them must escape them.
    """
    return {
        table.name: [
            {
                column.name: value.isoformat() if isinstance(value, date) else value
                for column, value in zip(table.columns, row, strict=True)
            }
            for row in table.rows
        ]
        for table in report.tables
    }
