"""The gate: a holding that failed is not lent; one that is overdue is, with a reason."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, bindparam, select

from kitloan.errors import Refused
from kitloan.ledger.writer import Writer
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import table
from kitloan.tables.inspecting import Inspection, Regime
from kitloan.text.dates import day_of, uk

inspection, regime = table(Inspection), table(Regime)

DUE = "inspection_due"
_FAILED = Query(
    select(inspection.c.code, inspection.c.done_at, inspection.c.done_by)
    .where(
        inspection.c.college == bindparam("c"),
        inspection.c.tag == bindparam("t"),
        inspection.c.result == "fail",
    )
    .order_by(inspection.c.code_key)
)
_OF_TYPE = Query(
    select(regime.c.code, regime.c.gate, inspection.c.valid_until, inspection.c.result)
    .select_from(regime)
    .outerjoin(
        inspection,
        (inspection.c.college == regime.c.college)
        & (inspection.c.code_key == regime.c.code_key)
        & (inspection.c.tag == bindparam("t")),
    )
    .where(regime.c.college == bindparam("c"), regime.c.kit_type == bindparam("k"))
    .order_by(regime.c.code_key)
)


def failures(connection: Connection, college: str, tag: str) -> list[AnyRow]:
    """The inspections that a holding failed and has not passed since: code, when and by whom."""
    return list(_FAILED(connection, c=college, t=tag))


def must_not_have_failed(writer: Writer, row: AnyRow, shown: str) -> None:
    """Refuse a holding that failed an inspection; nothing overrides that.

    Args:
        writer: the transaction.
        row: the holding's row.
        shown: its type and tag, for the refusal.

    Raises:
        Refused: `inspection_failed`.
    """
    failed = failures(writer.connection, writer.college, row.tag)
    if not failed:
        return
    (first, *_) = failed
    codes = ", ".join(each.code for each in failed)
    raise Refused(
        "inspection_failed",
        f"{shown} failed its inspection ({codes}) on {uk(day_of(first.done_at))}, recorded by "
        f"{first.done_by}. It is not lent until it passes.",
        f"When it passes: kitloan inspect {row.tag} --regime {first.code!r} --result pass",
        tag=row.tag,
        regimes=[each.code for each in failed],
        failed_on=day_of(first.done_at).isoformat(),
    )


def must_be_inspected(
    writer: Writer, row: AnyRow, shown: str, until: date, override: str | None
) -> list[str]:
    """Refuse a holding that is due for an inspection which gates lending.

    Args:
        writer: the transaction.
        row: the holding's row.
        shown: its type and tag, for the refusal.
        until: the day on which its inspections must be valid: the day that it goes, or that it is
            due back, as the policy `cover` has it.
        override: why it is lent all the same.

    Returns:
        The rules that `override` sets aside.

    Raises:
        Refused: `inspection_due`.
    """
    due = [
        each
        for each in _OF_TYPE(writer.connection, c=writer.college, t=row.tag, k=row.kit_type)
        if each.gate and (each.valid_until is None or date.fromisoformat(each.valid_until) < until)
    ]
    if not due:
        return []
    if override:
        return [DUE]
    (first, *_) = due
    raise Refused(
        "inspection_due",
        f"{shown} cannot be lent until {uk(until)}: {'; '.join(_told(due))}.",
        f"Inspect it: kitloan inspect {row.tag} --regime {first.code!r} --result pass. Or lend it "
        "all the same with --override REASON, which goes on record.",
        tag=row.tag,
        until=until.isoformat(),
        regimes=[{"regime": each.code, "valid_until": each.valid_until} for each in due],
    )


def _told(due: list[AnyRow]) -> Iterator[str]:
    for each in due:
        if each.valid_until is None:
            yield f"its inspection {each.code} is not on record"
        else:
            last = uk(date.fromisoformat(each.valid_until))
            yield f"its inspection {each.code} is valid until {last}"
