"""Finding things: a holding by its tag, by words, loans and shortages, a page at a time.

Pages go on from the last key of the page before, so the last page costs what the first did.
Searching looks for every word anywhere in what is written of a holding; over a hundred thousand
of them the database scans one narrow index.
"""

from datetime import date

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from kitloan import answers, history, narrowing
from kitloan.answers import (
    HistoryLine,
    LoanLine,
    Page,
    ShortageLine,
    ShortageOfHolding,
    Sighting,
    Status,
)
from kitloan.models import (
    College,
    Gift,
    Holding,
    KitType,
    Loan,
    Organisation,
    Shortage,
    table,
)
from kitloan.paging import PAGE, page_of
from kitloan.prepared import AnyRow
from kitloan.resolve import resolve
from kitloan.session import Session
from kitloan.status import status_of
from kitloan.text import clean, type_key

college, gift, holding, kit_type = table(College), table(Gift), table(Holding), table(KitType)
loan, organisation, shortage = table(Loan), table(Organisation), table(Shortage)

_TERMS = [
    (func.coalesce(gift.c.title, "unknown") if name == "title" else gift.c[name]).label(name)
    for name in answers.GiftTerms.__slots__
]
_NOT_SHOWN = ("words", "asset_key", "register_row", "accessioned_at")
_HOLDINGS = (
    select(
        *[column for column in holding.c if column.name not in _NOT_SHOWN],
        kit_type.c.name.label("type_name"),
        college.c.region,
        *_TERMS,
    )
    .join_from(
        holding,
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .join(college, college.c.college == holding.c.college)
    .outerjoin(gift, (gift.c.college == holding.c.college) & (gift.c.tag == holding.c.tag))
)
_OPEN_LOANS = (
    select(
        loan,
        organisation.c.name.label("to"),
        kit_type.c.name.label("type_name"),
    )
    .join_from(
        loan,
        organisation,
        (organisation.c.college == loan.c.college)
        & (organisation.c.organisation == loan.c.organisation),
    )
    .join(holding, (holding.c.college == loan.c.college) & (holding.c.tag == loan.c.tag))
    .join(
        kit_type,
        (kit_type.c.college == holding.c.college) & (kit_type.c.kit_type == holding.c.kit_type),
    )
    .where(loan.c.closed_at.is_(None))
)


class Finder:
    """Questions about a college's holdings and loans; in ESP's store, about every college's."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def holding(self, text: str) -> answers.Holding:
        """The holding with this tag or asset number.

        Raises:
            BadInput: `bad_tag`, `unknown_tag` or `ambiguous`; see `kitloan.resolve`.
        """
        with self._session.reading() as connection:
            return self._holding(connection, *resolve(connection, self._college, text))

    def history(self, text: str) -> list[HistoryLine]:
        """Everything on record about a holding, oldest first; refusals as `holding`."""
        with self._session.reading() as connection:
            where, tag = resolve(connection, self._college, text)
            return history.of_tag(connection, where, tag)

    def search(
        self,
        text: str,
        after: str | None = None,
        limit: int = PAGE,
        *,
        status: Status | None = None,
        type: str | None = None,  # noqa: A002  # the word of the contract
    ) -> Page[answers.Holding]:
        """Holdings in whose particulars every word of `text` occurs, by tag.

        Args:
            text: words or parts of words; case does not count. Empty finds everything.
            after: the `next` of the page before.
            limit: the most holdings on a page.
            status: only those that stand so.
            type: only those of this kit type.

        Raises:
            BadInput: `bad_cursor`.
        """
        # The words begin with the tag, so their order is the tags'; and the index has them.
        order: tuple[ColumnElement[str], ...] = (holding.c.words, holding.c.tag)
        if status in narrowing.FEW:  # which have indexes of their own, by tag
            order = (holding.c.tag,)
        matches = narrowing.holdings_with(text)
        if status is not None:
            matches += narrowing.in_status(status, self._session.today, self._session)
        if type is not None:
            matches.append(holding.c.kit_type == type_key(type))
        if self._college is None:
            order = (holding.c.college, *order)
        elif status is None:
            matches.append(holding.c.college == self._college)
        keys = select(holding.c.college, holding.c.words, holding.c.tag).where(*matches)
        with self._session.reading() as connection:
            page = page_of(connection, keys, order, after, limit)
            found = self._holdings(connection, [(row.college, row.tag) for row in page.items])
        return Page(tuple(found), page.total, page.next)

    def loans(
        self,
        *,
        overdue: bool = False,
        due_on: date | None = None,
        due_after: date | None = None,
        to: str | None = None,
        of: str | None = None,
        text: str = "",
        after: str | None = None,
        limit: int = PAGE,
    ) -> Page[LoanLine]:
        """Open loans, those due first first.

        Args:
            overdue: only those that were due before today.
            due_on: only those that are due on this day.
            due_after: only those that are due after this day, or on no day.
            to: only those with this organisation.
            of: only those of the holding with this tag or asset number.
            text: only those whose holding or organisation has every one of these words.
            after: the `next` of the page before.
            limit: the most loans on a page.

        Raises:
            BadInput: `bad_cursor`; `bad_text`, in `to` or `text`; of `of` as for `holding`.
        """
        today = self._session.today.isoformat()
        wanted = select(loan.c.college, loan.c.due_key, loan.c.loan).where(
            loan.c.closed_at.is_(None)
        )
        if self._college is not None:
            wanted = wanted.where(loan.c.college == self._college)
        if overdue:
            wanted = wanted.where(loan.c.due_key < today)
        if due_on is not None:
            wanted = wanted.where(loan.c.due_key == due_on.isoformat())
        if due_after is not None:
            wanted = wanted.where(loan.c.due_key > due_after.isoformat())
        wanted = wanted.where(*narrowing.loans_with(text, self._college))
        order = (loan.c.college, loan.c.due_key, loan.c.loan)
        borrower = None if to is None else clean(to, "The organisation")
        with self._session.reading() as connection:
            if borrower is not None:
                meant = narrowing.organisations_called(connection, self._college, borrower)
                ids = [(where, which) for where, which, _ in meant]
                wanted = wanted.where(tuple_(loan.c.college, loan.c.organisation).in_(ids))
            if of is not None:
                where, tag = resolve(connection, self._college, of)
                wanted = wanted.where(loan.c.college == where, loan.c.tag == tag)
            page = page_of(connection, wanted, order, after, limit)
            found = {
                (row.college, row.loan): _loan_line(row, today)
                for row in connection.execute(
                    _OPEN_LOANS.where(
                        loan.c.college.in_({row.college for row in page.items}),
                        loan.c.loan.in_([row.loan for row in page.items]),
                    )
                )
            }
        lines = tuple(found[row.college, row.loan] for row in page.items)
        return Page(lines, page.total, page.next)

    def organisation(self, name: str) -> str | None:
        """What the organisation that `name` means is called; None when there is none."""
        with self._session.reading() as connection:
            found = narrowing.organisations_called(connection, self._college, name)
        return found[0][2] if found else None

    def shortages(
        self, after: str | None = None, limit: int = PAGE, *, text: str = ""
    ) -> Page[ShortageOfHolding]:
        """Components that are short, by holding.

        Args:
            after: the `next` of the page before.
            limit: the most lines on a page.
            text: only those whose holding or component has every one of these words.
        """
        wanted = (
            select(
                shortage.c.college,
                shortage.c.tag,
                kit_type.c.name.label("type"),
                shortage.c.component,
                shortage.c.missing,
                shortage.c.broken,
                shortage.c.since,
            )
            .join_from(
                shortage,
                holding,
                (holding.c.college == shortage.c.college) & (holding.c.tag == shortage.c.tag),
            )
            .join(
                kit_type,
                (kit_type.c.college == holding.c.college)
                & (kit_type.c.kit_type == holding.c.kit_type),
            )
        )
        if self._college is not None:
            wanted = wanted.where(shortage.c.college == self._college)
        wanted = wanted.where(*narrowing.shortages_with(text))
        order = (shortage.c.college, shortage.c.tag, shortage.c.component)
        with self._session.reading() as connection:
            page = page_of(connection, wanted, order, after, limit)
        items = tuple(
            ShortageOfHolding(*(getattr(row, name) for name in ShortageOfHolding.__slots__))
            for row in page.items
        )
        return Page(items, page.total, page.next)

    @property
    def _college(self) -> str | None:
        """Whose rows to look at; None in ESP's store, which looks at every college's."""
        return None if self._session.is_national else self._session.college

    def _holding(self, connection: Connection, where: str, tag: str) -> answers.Holding:
        (found,) = self._holdings(connection, [(where, tag)])
        return found

    def _holdings(
        self, connection: Connection, keys: list[tuple[str, str]]
    ) -> list[answers.Holding]:
        found: list[answers.Holding] = []
        for where in dict.fromkeys(key[0] for key in keys):
            tags = [tag for college_, tag in keys if college_ == where]
            found += self._holdings_of(connection, where, tags)
        return found

    def _holdings_of(
        self, connection: Connection, where: str, tags: list[str]
    ) -> list[answers.Holding]:
        today = self._session.today.isoformat()
        rows = connection.execute(
            _HOLDINGS.where(holding.c.college == where, holding.c.tag.in_(tags)).order_by(
                holding.c.tag
            )
        ).all()
        out = [row.tag for row in rows if row.out_quantity]
        loans = _first_loans(connection, where, out, today) if out else {}
        short = _shortages(connection, where, tags)
        return [_holding_answer(row, loans.get(row.tag), short.get(row.tag, ())) for row in rows]


def _first_loans(
    connection: Connection, where: str, tags: list[str], today: str
) -> dict[str, answers.LoanOfHolding]:
    """Of each holding that is out, the open loan that is due first."""
    # Sorted here: asked to sort, SQLite walks every open loan by date to find these few.
    rows = connection.execute(
        _OPEN_LOANS.where(loan.c.college == where, loan.c.tag.in_(tags))
    ).all()
    last_first = sorted(rows, key=lambda row: (row.due_key, row.loan), reverse=True)
    return {
        row.tag: answers.LoanOfHolding(
            id=row.loan,
            to=row.to,
            out_at=row.out_at,
            due_on=date.fromisoformat(row.due_on) if row.due_on else None,
            overdue=row.due_key < today,
            quantity=row.quantity - row.returned,
        )
        for row in last_first
    }


def _shortages(
    connection: Connection, where: str, tags: list[str]
) -> dict[str, tuple[ShortageLine, ...]]:
    rows = connection.execute(
        select(shortage.c.tag, shortage.c.component, shortage.c.missing, shortage.c.broken)
        .where(shortage.c.college == where, shortage.c.tag.in_(tags))
        .order_by(shortage.c.tag, shortage.c.component)
    )
    found: dict[str, tuple[ShortageLine, ...]] = {}
    for row in rows:
        line = ShortageLine(row.component, row.missing, row.broken)
        found[row.tag] = (*found.get(row.tag, ()), line)
    return found


def _loan_line(row: AnyRow, today: str) -> LoanLine:
    return LoanLine(
        id=row.loan,
        tag=row.tag,
        type=row.type_name,
        quantity=row.quantity - row.returned,
        to=row.to,
        out_at=row.out_at,
        due_on=date.fromisoformat(row.due_on) if row.due_on else None,
        overdue=row.due_key < today,
    )


def _holding_answer(
    row: AnyRow,
    open_loan: answers.LoanOfHolding | None,
    shortages: tuple[ShortageLine, ...],
) -> answers.Holding:
    return answers.Holding(
        tag=row.tag,
        type=row.type_name,
        college=row.college,
        region=row.region,
        status=status_of(
            state=row.state,
            quantity=row.quantity,
            out_quantity=row.out_quantity,
            uncounted=row.uncounted,
            critical_short=row.critical_short,
            overdue=open_loan is not None and open_loan.overdue,
        ),
        quantity=row.quantity,
        out_quantity=row.out_quantity,
        location=row.location,
        asset_number=row.asset_number,
        serial=row.serial,
        received_on=row.received_on,
        gift=answers.GiftTerms(*row[-len(_TERMS) :]),
        loan=open_loan,
        shortages=shortages,
        last_sighted=Sighting(row.sighted_at, row.sighted_by) if row.sighted_at else None,
    )
