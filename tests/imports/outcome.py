"""What a register comes to, in one line a row: so that a case can be read at a glance."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from kitloan.imports.reader import read
from kitloan.imports.rows import Register, Row

TODAY = date(2026, 11, 28)


def outcome(path: Path, *, accept: bool, map_path: Path | None = None) -> Register:
    """The register in a file, on the day on which the cases were made."""
    return read(path, map_path, today=TODAY, accept_proposed=accept)


def in_a_line(row: Row) -> str:
    """A row: number, kind, how many, place, value, who has it since when until when."""
    parts = [row.asset_number or row.tag or "-", row.type]
    parts += [f"x{row.quantity}"] if row.quantity != 1 else []
    parts += [f"in {row.location}"] if row.location else []
    parts += [f"serial {row.serial}"] if row.serial else []
    parts += [f"worth {row.value_pence}p"] if row.value_pence is not None else []
    parts += [f"received {row.received_on}"] if row.received_on else []
    parts += ["missing"] if row.missing else []
    parts += ["in repair"] if row.in_repair else []
    parts += [f"-> {row.on_loan_to}"] if row.on_loan_to else []
    parts += [f"({row.quantity_out})"] if row.quantity_out is not None else []
    parts += [f"from {row.out_on}"] if row.out_on else []
    parts += [f"until {row.due_on}"] if row.due_on else []
    parts += [
        f"+ {more.organisation} ({more.quantity})"
        + (f" until {more.due_on}" if more.due_on else "")
        for more in row.more_loans
    ]
    parts += [f"by {row.contact}"] if row.contact else []
    return " ".join(parts)


def lines(rows: Sequence[Row]) -> list[str]:
    """Every row in a line."""
    return [in_a_line(row) for row in rows]
