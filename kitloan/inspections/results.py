"""Setting regimes, recording inspections, and listing what is due."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import bindparam, case, func, select

from kitloan.borrowers.organisations import remark
from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.inspections import InspectionDone, RegimeSet
from kitloan.ledger.session import Session
from kitloan.ledger.writer import Writer
from kitloan.loans.custody import held, must_be_here
from kitloan.queries.happened import earlier_day, must_have_come, sealed
from kitloan.queries.paging import page_of
from kitloan.queries.resolve import meant
from kitloan.queries.types import type_meant, type_names
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Holding, KitType, table
from kitloan.tables.inspecting import Inspection, Regime
from kitloan.text.dates import day_of, months_after
from kitloan.text.names import clean, fold, near_names
from kitloan.text.personal import on_record
from kitloan.text.tags import grouped
from kitloan.values import PAGE, Page

holding, kit_type = table(Holding), table(KitType)
inspection, regime = table(Inspection), table(Regime)

LONGEST_CODE = 60
MOST_MONTHS = 240
Result = Literal["pass", "fail"]

_REGIMES = (
    select(regime, kit_type.c.name.label("type_name"))
    .join_from(regime, kit_type)
    .where(kit_type.c.merged_into.is_(None))
    .order_by(regime.c.college, regime.c.code_key, regime.c.kit_type)
)
_OF_CODE = Query(
    _REGIMES.where(regime.c.college == bindparam("c"), regime.c.code_key == bindparam("k"))
)
_CODES = Query(select(regime.c.code).where(regime.c.college == bindparam("c")).distinct())
_EARLIER = Query(
    select(inspection.c.code, inspection.c.result).where(
        inspection.c.college == bindparam("c"),
        inspection.c.tag == bindparam("t"),
        inspection.c.code_key == bindparam("k"),
    )
)


@dataclass(frozen=True, slots=True)
class RegimeLine:
    """An inspection that every holding of a kit type needs.

    Attributes:
        college: whose regime.
        code: what the college calls it.
        type: the kit type.
        months: how many calendar months a pass counts.
        gate: whether what is overdue is not lent; else it is a warning.
    """

    college: str
    code: str
    type: str
    months: int
    gate: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """An inspection as it was recorded.

    Attributes:
        tag: the holding's.
        type: what kind of thing it is.
        regime: the code.
        result: `pass` or `fail`.
        on: the day it was done.
        valid_until: the last day on which the pass counts; None for a fail.
    """

    tag: str
    type: str
    regime: str
    result: Result
    on: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class InspectionLine:
    """One holding, one regime that covers it, and when it is due.

    Attributes:
        college: whose holding.
        tag: the holding's.
        asset_number: the college's own number for it.
        type: what kind of thing it is.
        location: where it is kept.
        regime: the code.
        months: how many calendar months a pass counts.
        gate: whether what is overdue is not lent.
        result: of the latest inspection; None when none is on record.
        on: the day of the latest inspection.
        due_on: the last day on which the latest pass counts; None when there is none.
        overdue: whether it needs an inspection now: none, failed, or no longer valid.
    """

    college: str
    tag: str
    asset_number: str | None
    type: str
    location: str | None
    regime: str
    months: int
    gate: bool
    result: Result | None
    on: date | None
    due_on: date | None
    overdue: bool


def _code(text: str) -> tuple[str, str]:
    """What a code is found by, and the code."""
    code = on_record(text, "The regime", LONGEST_CODE)
    return fold(code), code


def set_regime(
    writer: Writer, code: str, type_: str, months: int | None, gate: bool | None
) -> RegimeLine:
    """See `Inspections.set_regime`."""
    key, code = _code(code)
    if months is not None and (
        isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= MOST_MONTHS
    ):
        raise BadInput(
            "bad_months",
            f"{months!r} is not a valid number of months.",
            f"Give a whole number from 1 to {MOST_MONTHS}.",
            value=str(months),
        )
    name = clean(type_, "The kit type")
    of = type_meant(writer.connection, writer.college, name)
    if of is None:
        near = near_names(name, type_names(writer.connection, writer.college).values())
        raise BadInput(
            "unknown_type",
            f"No kit type is called {name!r}."
            + (f" Nearly: {' and '.join(near)}." if near else ""),
            "Give its whole name. One that is new is made with its first holding: kitloan add",
            value=name,
            near=list(near),
        )
    before = writer.earlier_fact(RegimeSet)
    there = None
    regime_id = before.regime if before is not None else f"{key}/{of.id}"
    kind = of.id
    if before is not None and _same_type(writer, before.kit_type, kind):
        kind = before.kit_type  # as it was sealed: it may have been merged since
    if not writer.earlier:
        rows = _OF_CODE(writer.connection, c=writer.college, k=key)
        there = next((row for row in rows if row.kit_type == kind), None)
        if there is not None:  # it may have come from a type that was merged into this one
            regime_id = there.regime
        if months is None and there is None:
            raise Refused(
                "no_such_regime",
                f"{of.name} has no regime {code}.",
                "See those that there are: kitloan regime list",
                regime=code,
            )
    if before is not None:
        gates = before.gate if gate is None else gate
    elif gate is None:
        gates = bool(there.gate) if there is not None else True
    else:
        gates = gate
    writer.append(
        RegimeSet(
            regime=regime_id,
            code_key=key,
            code=code,
            kit_type=kind,
            months=months,
            gate=gates,
        )
    )
    return RegimeLine(writer.college, code, of.name, months or 0, gates)


def _same_type(writer: Writer, one: str, other: str) -> bool:
    found = [type_meant(writer.connection, writer.college, each) for each in (one, other)]
    return found[0] is not None and found[0] == found[1]


def inspect(
    writer: Writer, text: str, code: str, result: Result, on: date | None, note: str | None
) -> Inspected:
    """See `Inspections.record`."""
    if result not in ("pass", "fail"):
        raise BadInput("bad_result", f"{result!r} is no result.", "Give pass or fail.")
    key, code = _code(code)
    tag = meant(writer, text)
    row = held(writer, tag)
    must_be_here(writer, row)
    day = earlier_day(writer, on)
    if day is not None:
        must_have_come(writer, row, day)
    done = writer.earlier_fact(InspectionDone)
    if done is not None and done.code_key == key:
        until = done.valid_until if result == "pass" else None
        code = done.code
    else:
        rule = _covering(writer, row, key, code)
        code = rule.code
        until = None
        if result == "pass" and rule.months is not None:
            until = sealed(months_after(day or day_of(writer.at), rule.months))
    writer.append(
        InspectionDone(
            tag=tag, code_key=key, code=code, result=result, valid_until=until, on=sealed(day)
        )
    )
    if note:
        remark(writer, tag, "inspection", note)
    return Inspected(
        tag,
        row.type_name,
        code,
        result,
        day or day_of(writer.at),
        date.fromisoformat(until) if until else None,
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    months: int | None


def _covering(writer: Writer, row: AnyRow, key: str, code: str) -> _Rule:
    """The regime of this code that covers a holding; one that it failed counts, ended or not."""
    rules = list(_OF_CODE(writer.connection, c=writer.college, k=key))
    for each in rules:
        if each.kit_type == row.kit_type:
            return _Rule(each.code, each.months)
    earlier = _EARLIER(writer.connection, c=writer.college, t=row.tag, k=key).first()
    if earlier is not None and earlier.result == "fail":
        return _Rule(earlier.code, None)
    if rules:
        types = ", ".join(each.type_name for each in rules)
        raise Refused(
            "not_covered",
            f"{row.type_name} {grouped(row.tag)} is not under the regime {rules[0].code}, which is "
            f"for {types}.",
            f"Set it: kitloan regime set {code!r} --type {row.type_name!r} --months N",
            tag=row.tag,
            regime=rules[0].code,
            types=[each.type_name for each in rules],
        )
    codes = sorted(_CODES(writer.connection, c=writer.college).scalars())
    raise BadInput(
        "unknown_regime",
        f"There is no regime {code!r}." + (f" There are: {', '.join(codes)}." if codes else ""),
        f"Set it first: kitloan regime set {code!r} --type {row.type_name!r} --months N. How often "
        "is for the person who is responsible for the equipment.",
        regime=code,
        regimes=codes,
    )


class Inspections:
    """What has to be inspected how often, and what was found."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def set_regime(
        self,
        code: str,
        type: str,  # noqa: A002  # the word of the contract
        months: int,
        *,
        gate: bool | None = None,
        request_id: str | None = None,
    ) -> RegimeLine:
        """Every holding of a kit type needs an inspection every so many calendar months.

        Args:
            code: what the college calls it, for example PAT.
            type: the kit type.
            months: how many calendar months a pass counts, from 1 to 240.
            gate: whether what is overdue is not lent; None keeps it, and is True for a new one.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `unknown_type`, `bad_months`, `bad_text`.
        """
        with self._session.writing(request_id) as writer:
            return set_regime(writer, code, type, months, gate)

    def end_regime(
        self,
        code: str,
        type: str,  # noqa: A002
        *,
        request_id: str | None = None,
    ) -> None:
        """Holdings of a kit type need an inspection no more; what was found stays on record.

        Raises:
            Refused: `no_such_regime`.
            BadInput: `unknown_type`, `bad_text`.
        """
        with self._session.writing(request_id) as writer:
            set_regime(writer, code, type, None, None)

    def record(
        self,
        tag: str,
        regime: str,
        result: Result,
        *,
        on: date | None = None,
        note: str | None = None,
        request_id: str | None = None,
    ) -> Inspected:
        """Put on record what an inspection found; what fails is out of use until it passes.

        Args:
            tag: a tag or asset number; it may be on loan.
            regime: the code of the regime.
            result: `pass` or `fail`.
            on: the day it was done, when that was an earlier one than today.
            note: free words, kept apart from the ledger.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `not_covered`; `missing`, `in_transit` or `withdrawn`; `before_received`.
            BadInput: `unknown_regime`, `bad_result`; an unknown tag; `in_future`.
        """
        with self._session.writing(request_id) as writer:
            return inspect(writer, tag, regime, result, on, note)

    def regimes(self) -> list[RegimeLine]:
        """Every regime, by code and type; in ESP's store those of every college."""
        wanted = _REGIMES
        if not self._session.is_national:
            wanted = wanted.where(regime.c.college == self._session.college)
        with self._session.reading() as connection:
            rows = connection.execute(wanted).all()
        return [
            RegimeLine(row.college, row.code, row.type_name, row.months, row.gate) for row in rows
        ]

    def list(
        self, due_by: date | None = None, after: str | None = None, limit: int = PAGE
    ) -> Page[InspectionLine]:
        """Holdings and the regimes that cover them, the earliest due first.

        What was never inspected and what failed comes first. Holdings that are missing, on their
        way or written off are left out.

        Args:
            due_by: only what is due by this day.
            after: the `next` of the page before.
            limit: the most lines on a page.
        """
        key = func.coalesce(case((inspection.c.result == "pass", inspection.c.valid_until)), "")
        due_key = key.label("due_key")
        wanted = (
            select(
                due_key,
                holding.c.college,
                holding.c.tag,
                holding.c.asset_number,
                holding.c.location,
                kit_type.c.name.label("type_name"),
                regime.c.code_key,
                regime.c.code,
                regime.c.months,
                regime.c.gate,
                inspection.c.result,
                inspection.c.done_at,
                inspection.c.valid_until,
            )
            .join_from(
                regime,
                holding,
                (holding.c.college == regime.c.college) & (holding.c.kit_type == regime.c.kit_type),
            )
            .join(
                kit_type,
                (kit_type.c.college == holding.c.college)
                & (kit_type.c.kit_type == holding.c.kit_type),
            )
            .outerjoin(
                inspection,
                (inspection.c.college == holding.c.college)
                & (inspection.c.tag == holding.c.tag)
                & (inspection.c.code_key == regime.c.code_key),
            )
            .where(holding.c.state == "held")
        )
        if not self._session.is_national:
            wanted = wanted.where(holding.c.college == self._session.college)
        if due_by is not None:
            wanted = wanted.where(key <= due_by.isoformat())
        order = (due_key, holding.c.college, holding.c.tag, regime.c.code_key)
        today = self._session.today
        with self._session.reading() as connection:
            page = page_of(connection, wanted, order, after, limit)
        return Page(tuple(_line(row, today) for row in page.items), page.total, page.next)


def _line(row: AnyRow, today: date) -> InspectionLine:
    until = date.fromisoformat(row.due_key) if row.due_key else None
    return InspectionLine(
        college=row.college,
        tag=row.tag,
        asset_number=row.asset_number,
        type=row.type_name,
        location=row.location,
        regime=row.code,
        months=row.months,
        gate=bool(row.gate),
        result=row.result,
        on=day_of(row.done_at) if row.done_at else None,
        due_on=until,
        overdue=until is None or until < today,
    )
