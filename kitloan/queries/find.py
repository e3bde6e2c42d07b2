"""Finding holdings, open loans and shortages: one by its tag, or pages of a list.

`Finder` answers for a college, and in ESP's store for every college. Lists can be narrowed by words
and by status. A status is one condition in the database and one function (`status_of`) for the rows
that were found; a test compares the two.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
)

from kitloan import values
from kitloan.ledger.session import Session
from kitloan.queries.counted import count_words
from kitloan.queries.found_after import found_after
from kitloan.queries.paging import PAGE, KeptPages, Paged, page_of
from kitloan.queries.resolve import resolve
from kitloan.storage.statements import Query, among
from kitloan.tables import (
    College,
    Contact,
    Gift,
    Holding,
    KitType,
    Loan,
    Organisation,
    Shortage,
    table,
)
from kitloan.text.dates import day_of
from kitloan.text.fields import GiftTerms
from kitloan.text.names import (
    clean,
    search_form,
    sought,
    with_other_zeros,
)
from kitloan.values import (
    ContactOfLoan,
    HistoryLine,
    LoanLine,
    Page,
    ShortageLine,
    ShortageOfHolding,
    Sighting,
    Status,
    maker_of,
    maker_of_row,
)

if TYPE_CHECKING:
    from kitloan.queries.returns import ReturnedLoan

contact = table(Contact)
holding = table(Holding)
loan = table(Loan)
organisation = table(Organisation)
shortage = table(Shortage)
college = table(College)
gift = table(Gift)
kit_type = table(KitType)

_lent = holding.alias("lent")
_NUMBER_OF_LOAN = (
    select(_lent.c.number_order)
    .where(_lent.c.college == loan.c.college, _lent.c.tag == loan.c.tag)
    .scalar_subquery()
    .label("number_order")
)
"""Where a loan's holding is in a list. Not joined: a page is of few loans, and a count of all."""
Condition = ColumnElement[bool]

FEW: Final = frozenset(("uncounted", "incomplete", "in_transit", "withdrawn", "missing"))
"""Statuses that few holdings have; each has an index of its own, by tag."""

# The words begin with the tag, so they are in the order of tags, and they are indexed.
_ORDER: tuple[ColumnElement[Any], ...] = (
    *(holding.c.number_order, holding.c.words, holding.c.tag),
)
_ORDER_OF_FEW: tuple[ColumnElement[Any], ...] = (holding.c.number_order, holding.c.tag)

_TERMS = [
    (func.coalesce(gift.c.title, "unknown") if name == "title" else gift.c[name]).label(name)
    for name in GiftTerms.model_fields
]


_HOLDING_COLUMNS = (
    *("kit_type", "state", "uncounted", "critical_short"),
    *("sighted_at", "sighted_by", "counted_at"),
)
"""What an answer is made of. A page is of the driver's tuples: rows take longer to make."""
_READ_TOO = ("tag", "type", "quantity", "out_quantity", "out_of_use", "region")
_AS_STORED = (
    *_READ_TOO,
    *[
        name
        for name in values.Holding.__slots__
        if name in holding.c and name not in ("college", *_HOLDING_COLUMNS, *_READ_TOO)
    ],
)
"""What an answer shows as it is stored, by the names that it has there; a column that comes is
among them. It follows what an answer is made of."""
_OWN = len(_HOLDING_COLUMNS)
_STORED = _OWN + len(_AS_STORED)
_TAG, _, _QUANTITY, _OUT = range(_OWN, _OWN + 4)
_COUNT = itemgetter(_TAG, *map(_HOLDING_COLUMNS.index, ("kit_type", "counted_at")))


_LOAN_COLUMNS = (
    *("loan", "tag", "quantity", "returned", "out_at", "due_on", "due_key"),
    *("to", "type", "asset_number"),
    *("contact_name", "contact_email", "contact_phone"),
)
"""An open loan as it is read, with its borrower and its holding."""
_FIRST_DUE = itemgetter(_LOAN_COLUMNS.index("due_key"), _LOAN_COLUMNS.index("loan"))


_JOINED = {
    "type": kit_type.c.name,
    "region": college.c.region,
    "to": organisation.c.name,
    "asset_number": holding.c.asset_number,
    "contact_name": contact.c.name,
    "contact_email": contact.c.email,
    "contact_phone": contact.c.phone,
}
"""Columns of a row that are another table's, or have another name there."""


_holding_of = maker_of_row(values.Holding, *_AS_STORED)
_loan_of, _line_of = maker_of(values.LoanOfHolding), maker_of(LoanLine)
_contact_of, _sighting_of = maker_of(ContactOfLoan), maker_of(Sighting)


def _columns_of(names: Sequence[str], of: Table) -> list[ColumnElement[Any]]:
    return [_JOINED[name] if name in _JOINED else of.c[name] for name in names]


_HOLDINGS_OF = Query(
    select(*_columns_of((*_HOLDING_COLUMNS, *_AS_STORED), holding), *_TERMS)
    .join_from(holding, kit_type)
    .join(college, college.c.college == holding.c.college)
    .outerjoin(gift)
    .where(holding.c.college == bindparam("c"), among(holding.c.tag, "tags"))
)

_OPEN_LOANS = (
    select(*_columns_of(_LOAN_COLUMNS, loan))
    .join_from(loan, organisation)
    .join(holding)
    .join(kit_type)
    .outerjoin(
        contact, (contact.c.college == loan.c.college) & (contact.c.contact == loan.c.contact)
    )
    .where(loan.c.closed_at.is_(None))
)
_LOANS_OF_TAGS = Query(
    _OPEN_LOANS.where(loan.c.college == bindparam("c"), among(loan.c.tag, "tags"))
)
_LOANS_BY_ID = Query(
    _OPEN_LOANS.where(loan.c.college == bindparam("c"), among(loan.c.loan, "loans"))
)
_SHORTAGES_OF_TAGS = Query(
    select(shortage.c.tag, shortage.c.component, shortage.c.missing, shortage.c.broken)
    .where(shortage.c.college == bindparam("c"), among(shortage.c.tag, "tags"))
    .order_by(shortage.c.tag, shortage.c.component)
)


class Finder:
    """Finds a college's holdings, loans and shortages; in ESP's store, every college's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pages = KeptPages()

    def holding(self, text: str) -> values.Holding:
        """The holding with this tag or asset number.

        Raises:
            BadInput: `bad_tag`, `unknown_tag` or `ambiguous`; see `kitloan.queries.resolve`.
        """
        with self._session.reading() as connection:
            return self._holding(connection, *resolve(connection, self._college, text))

    def history(self, text: str) -> list[HistoryLine]:
        """Every entry about a holding, oldest first; errors as `holding`.

        A stock that is lent daily has thousands of entries: `history_page` gives a page at a time.
        """
        from kitloan.queries import history  # reading a kit should not have to load it

        with self._session.reading() as connection:
            where, tag = resolve(connection, self._college, text)
            return history.of_tag(connection, where, tag)

    def history_page(
        self, text: str, after: str | None = None, limit: int = PAGE
    ) -> Page[HistoryLine]:
        """The latest entries about a holding, oldest first; `next` asks for those before them.

        Raises:
            BadInput: as `holding`; `bad_cursor`.
        """
        from kitloan.queries import history

        with self._session.reading() as connection:
            where, tag = resolve(connection, self._college, text)
            return history.page_of_tag(connection, where, tag, after, limit)

    def search(
        self,
        text: str,
        after: str | None = None,
        limit: int = PAGE,
        *,
        status: Status | None = None,
        type: str | None = None,  # noqa: A002  # the word of the contract
    ) -> Page[values.Holding]:
        """Holdings that have every word of `text`, by the college's own number, 2 before 10.

        Args:
            text: words or parts of words, in any field; case does not count. Empty finds all.
            after: the `next` of the page before.
            limit: the most holdings on a page.
            status: only those with this status.
            type: only those of this kit type.

        Raises:
            BadInput: `bad_cursor`.
        """
        order = _ORDER_OF_FEW if status in FEW else _ORDER
        words = _Words(text)
        given = {"today": self._session.today.isoformat(), **words.values}

        def composed(matches: list[Condition]) -> Select[Any]:
            if status is not None:
                matches += in_status(status, self._session)
            elif self._college is None:
                matches += self._present
            else:
                matches.append(holding.c.college == self._college)
            if type is not None:
                from kitloan.queries.types import of_type_called  # for this alone

                matches.append(of_type_called(holding.c.college, holding.c.kit_type, type))
            keys = (holding.c.college, holding.c.number_order, holding.c.words, holding.c.tag)
            return select(*keys).where(*matches)

        rows: Page[Any]
        with self._session.reading() as connection:
            if self._college is None:
                everywhere = composed(_national(connection, words)).params(given)
                rows = page_of(connection, everywhere, (holding.c.college, *order), after, limit)
            else:
                named = words.in_borrowers(connection, self._college)
                pages = self._pages.of(
                    ("holdings", words.shape, named, status, type),
                    lambda: Paged(composed(words.of_holdings(named)), order),
                )
                rows = pages.page(connection, after, limit, **given)
            found = self._holdings(connection, [(row[0], row[3]) for row in rows.items])
        return Page(tuple(found), rows.total, rows.next)

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
        """Open loans, the earliest due first; of one day, by the college's own number.

        Args:
            overdue: only those that were due before today.
            due_on: only those that are due on this day.
            due_after: only those that are due after this day, or have no due date.
            to: only those with this organisation.
            of: only those of the holding with this tag or asset number.
            text: only those whose holding or borrower has every one of these words.
            after: the `next` of the page before.
            limit: the most loans on a page.

        Raises:
            BadInput: `bad_cursor`; `bad_text`, for `to` or `text`; as `holding`, for `of`.
        """
        words, today = _Words(text), self._session.today.isoformat()
        given: dict[str, Any] = {"today": today, **words.values}
        borrower = None if to is None else clean(to, "The organisation")
        with self._session.reading() as connection:
            whose: tuple[tuple[str, str], ...] | None = None
            if borrower is not None:
                from kitloan.queries.borrowers import organisations_called

                meant = organisations_called(connection, self._college, borrower)
                given["to"] = [which for _, which, _ in meant]
                if self._college is None:  # the same id is another borrower's elsewhere
                    whose = tuple([(where, which) for where, which, _ in meant])
            if of is not None:
                given["where"], given["tag"] = resolve(connection, self._college, of)
            if due_on is not None:
                given["on"] = due_on.isoformat()
            if due_after is not None:
                given["later"] = due_after.isoformat()
            asked = _LoansAsked(
                *(self._college, words.shape, overdue),
                *(due_on is not None, due_after is not None, to is not None, of is not None),
                whose,
            )
            pages = self._pages.of(asked, lambda: asked.composed(words))
            page = pages.page(connection, after, limit, **given)
            keys = [(row[0], row[2]) for row in page.items]
            found = {
                where: _loan_lines(connection, where, ids, today)
                for where, ids in _by_college(keys)
            }
        lines = tuple([found[where][which] for where, which in keys])
        return Page(lines, page.total, page.next)

    def latest_return(self, text: str) -> "ReturnedLoan | None":
        """What came back last of a holding on loan; None when nothing ever did. As `holding`."""
        from kitloan.queries.returns import latest_return  # for a receipt, and nothing else

        with self._session.reading() as connection:
            return latest_return(connection, *resolve(connection, self._college, text))

    def organisation(self, name: str) -> str | None:
        """The name on record of the organisation that `name` means; None without one."""
        from kitloan.queries.borrowers import organisations_called

        with self._session.reading() as connection:
            found = organisations_called(connection, self._college, name)
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
                holding.c.asset_number,
                holding.c.number_order,
            )
            .join_from(shortage, holding)
            .join(kit_type)
        )
        wanted = wanted.where(*self._present)
        if self._college is not None:
            wanted = wanted.where(shortage.c.college == self._college)
        order = (
            *(shortage.c.college, holding.c.number_order),
            *(shortage.c.tag, shortage.c.component),
        )
        with self._session.reading() as connection:
            words = _Words(text)
            wanted = wanted.where(*_shortages_with(connection, words)).params(words.values)
            page = page_of(connection, wanted, order, after, limit)
            parts = {(row.college, row.tag, row.component) for row in page.items}
            after_loans = found_after(connection, parts)
        shown = [name for name in ShortageOfHolding.__slots__ if name != "found_after"]
        items = tuple(
            ShortageOfHolding(
                **{name: getattr(row, name) for name in shown},
                found_after=after_loans.get((row.college, row.tag, row.component)),
            )
            for row in page.items
        )
        return Page(items, page.total, page.next)

    @property
    def _present(self) -> list[ColumnElement[bool]]:
        """What has not gone to another college; in ESP's store, as far as either ledger has it."""
        if self._college is not None:
            return [holding.c.state != "withdrawn"]
        from kitloan.queries.matching import RECEIVED_THERE
        from kitloan.tables.absence import Transfer  # reading a kit should not have to load these

        transfer = table(Transfer)
        sent_on = (
            select(transfer.c.tag)
            .where(
                transfer.c.college == holding.c.college,
                transfer.c.tag == holding.c.tag,
                or_(
                    transfer.c.state == "arrived", and_(transfer.c.state == "sent", RECEIVED_THERE)
                ),
            )
            .correlate(holding)
            .exists()
        )
        return [or_(holding.c.state.in_(("held", "missing")), ~sent_on)]

    @property
    def _college(self) -> str | None:
        """The college whose rows to read; None in ESP's store, which reads every college's."""
        return None if self._session.is_national else self._session.college

    def _holding(self, connection: Connection, where: str, tag: str) -> values.Holding:
        found = _holdings_of(connection, where, [tag], self._session.today.isoformat())[tag]
        return _with_terms(connection, [found])[0] if self._college is None else found

    def _holdings(
        self, connection: Connection, keys: list[tuple[str, str]]
    ) -> list[values.Holding]:
        if not keys:
            return []
        today = self._session.today.isoformat()
        if self._college is not None:
            tags = [tag for _, tag in keys]
            ours = _holdings_of(connection, self._college, tags, today)
            return [ours[tag] for tag in tags]
        found = {
            where: _holdings_of(connection, where, tags, today) for where, tags in _by_college(keys)
        }
        return _with_terms(connection, [found[where][tag] for where, tag in keys])


def _by_college(keys: list[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """The second parts of keys, by college."""
    for where in dict.fromkeys([key[0] for key in keys]):
        yield where, [name for college_, name in keys if college_ == where]


def _holdings_of(
    connection: Connection, where: str, tags: list[str], today: str
) -> dict[str, values.Holding]:
    """A college's holdings with these tags, by tag."""
    rows = _HOLDINGS_OF.tuples(connection, c=where, tags=tags)
    out = [row[_TAG] for row in rows if row[_OUT]]
    loans = _first_loans(connection, where, out, today) if out else {}
    short = _shortages(connection, where, tags)
    kits = [_COUNT(row) for row in rows if row[_QUANTITY] == 1]
    counted = count_words(connection, where, kits, short)
    found = {}
    for row in rows:
        _, state, uncounted, critical_short, at, by, counted_at = row[:_OWN]
        tag, _, quantity, out_quantity, out_of_use = row[_OWN : _OWN + 5]
        first, who = loans.get(tag, (None, None))
        status = status_of(
            state=state,
            quantity=quantity,
            out_quantity=out_quantity,
            uncounted=uncounted,
            critical_short=critical_short,
            overdue=first is not None and first.overdue,
            out_of_use=out_of_use is not None,
        )
        words = counted.get(tag)
        # The rest by its order: to find each by its name takes as long as to make the answer.
        found[tag] = _holding_of(
            row[_OWN:_STORED],
            where,
            status,
            _terms(*row[_STORED:]),
            first,
            short.get(tag, ()),
            _sighting_of(at, by) if at else None,
            who,
            words,
            counted_at if words else None,
        )
    return found


def _national(connection: Connection, words: "_Words") -> list[Condition]:
    """Every word occurs in what any college that had a holding recorded of it."""
    from kitloan.queries.terms import inherited  # reading a kit should not have to load it

    earlier = inherited(connection)
    here = tuple_(holding.c.college, holding.c.tag)
    conditions = []
    for (word, _), own in zip(words, words.of_holdings([True] * len(words.shape)), strict=True):
        described = [
            place
            for place, terms in earlier.items()
            if word
            in search_form(" ".join(filter(None, (terms.donor, terms.funding_source, terms.gift))))
        ]
        of_gift = (
            select(gift.c.tag)
            .where(
                gift.c.college == holding.c.college,
                gift.c.tag == holding.c.tag,
                func.replace(func.lower(gift.c.gift), "-", "").contains(word, autoescape=True),
            )
            .correlate(holding)
            .exists()
        )
        conditions.append(or_(own, of_gift, here.in_(described)))
    return conditions


def _with_terms(connection: Connection, found: list[values.Holding]) -> list[values.Holding]:
    """Each with the terms that an earlier college recorded, where its own does not."""
    from kitloan.queries.terms import RecordedTerms, inherited

    earlier = inherited(connection)
    if not earlier:
        return found
    nothing = RecordedTerms()
    answered = []
    for each in found:
        before = earlier.get((each.college, each.tag), nothing)
        named = {
            name: getattr(before, name)
            for name in RecordedTerms.__slots__
            if getattr(before, name) != getattr(nothing, name)
        }
        answered.append(replace(each, gift=each.gift.model_copy(update=named)))
    return answered


def _first_loans(
    connection: Connection, where: str, tags: list[str], today: str
) -> dict[str, tuple[values.LoanOfHolding, ContactOfLoan | None]]:
    """The open loan that is due first, of each holding that is out, and who took it."""
    rows = _LOANS_OF_TAGS.tuples(connection, c=where, tags=tags)
    # Sorted here: to sort, SQLite would read every open loan by date to find these few.
    rows.sort(key=_FIRST_DUE, reverse=True)
    found = {}
    for which, tag, quantity, back, at, due_on, due_key, to, _, _, name, email, phone in rows:
        answer = _loan_of(
            which,
            to,
            at or None,
            date.fromisoformat(due_on) if due_on else None,
            due_key < today,
            quantity - back,
            day_of(at) if at else None,
        )
        whom = None if name is None else _contact_of(name, email, phone)
        found[tag] = (answer, whom)
    return found


def _shortages(
    connection: Connection, where: str, tags: list[str]
) -> dict[str, tuple[ShortageLine, ...]]:
    found: dict[str, tuple[ShortageLine, ...]] = {}
    for tag, *line in _SHORTAGES_OF_TAGS.tuples(connection, c=where, tags=tags):
        found[tag] = (*found.get(tag, ()), ShortageLine(*line))
    return found


def _loan_lines(
    connection: Connection, where: str, loans: list[str], today: str
) -> dict[str, LoanLine]:
    """A college's open loans with these ids, by id."""
    rows = _LOANS_BY_ID.tuples(connection, c=where, loans=loans)
    found = {}
    for row in rows:
        which, tag, quantity, back, at, due_on, due_key, to, kind, number, name, email, phone = row
        # By their order: to find each by its name takes as long as to make the answer.
        found[which] = _line_of(
            which,
            tag,
            kind,
            quantity - back,
            to,
            at or None,
            date.fromisoformat(due_on) if due_on else None,
            due_key < today,
            where,
            day_of(at) if at else None,
            None if name is None else _contact_of(name, email, phone),
            number,
        )
    return found


@lru_cache(maxsize=1024)
def _terms(*known: Any) -> GiftTerms:
    """The terms of a gift, in the order of their fields; many holdings share them."""
    return GiftTerms.model_construct(**dict(zip(GiftTerms.model_fields, known, strict=True)))


def status_of(
    *,
    state: str,
    quantity: int,
    out_quantity: int,
    uncounted: bool,
    critical_short: int,
    overdue: bool,
    out_of_use: bool = False,
) -> Status:
    """The status of a holding.

    If several apply, it is the one that a person must act on first: overdue, then out, then not
    counted, then incomplete. A stock of which some can still be lent is `in`.
    """
    if state == "withdrawn":
        return "withdrawn"
    if state == "missing":
        return "missing"
    if state == "in_transit":
        return "in_transit"
    if overdue:
        return "overdue"
    if out_quantity == quantity:
        return "out"
    if out_of_use:
        return "out_of_use"
    if uncounted:
        return "uncounted"
    return "incomplete" if critical_short else "in"


class _Words:
    """The words of a search, as arguments of a statement.

    Attributes:
        shape: how many forms each word has: a statement is composed by that.
        values: the forms, and their common end, by the names that they have in the statement.
    """

    def __init__(self, text: str) -> None:
        self._words = [(word, *with_other_zeros(word)) for word in sought(text)]
        self.shape = tuple([len(forms) for forms in self._words])
        self.values = {
            _name(word, form): each.translate(_LITERALLY)
            for word, forms in enumerate(self._words)
            for form, each in enumerate((*forms, _common_end(forms)))
        }

    def __iter__(self) -> Iterator[tuple[str, Condition]]:
        """Each word, and the condition that a holding has it."""
        for number, (word, *_) in enumerate(self._words):
            yield word, self._in_holding(number)

    def _in_holding(self, number: int) -> Condition:
        *forms, common = [
            _contains(holding.c.words, _name(number, form))
            for form in range(self.shape[number] + 1)
        ]
        if len(forms) == 1:
            return forms[0]
        return and_(common, or_(*forms))  # of most holdings one is asked, and not all

    def in_borrowers(self, connection: Connection, college: str) -> tuple[bool, ...]:
        """Whether any borrower's name has a word, for each: of most searches none has.

        Then no holding needs to be looked up among those that are out, which takes a third as long
        as reading its words.
        """
        return tuple(
            [
                bool(_BORROWER.tuples(connection, c=college, word=self.values[_name(number, 0)]))
                for number in range(len(self.shape))
            ]
        )

    def of_holdings(self, named: Sequence[bool]) -> list[Condition]:
        """The conditions that a holding, or who has it on loan, has every word.

        `named` is whether a borrower's name has a word, for each.
        """
        return [
            or_(self._in_holding(number), _is_with(_name(number, 0)))
            if is_named
            else self._in_holding(number)
            for number, is_named in enumerate(named)
        ]

    def of_loans(self, college: str | None) -> list[Condition]:
        """The conditions that a loan's holding or borrower has every word.

        They are two sub-selects, because each reads one narrow index. A join would fetch the
        holding of every open loan to read its words.
        """
        of_school = select(organisation.c.organisation)
        return [
            or_(
                loan.c.tag.in_(
                    _of(college, select(holding.c.tag), holding).where(self._in_holding(number))
                ),
                loan.c.organisation.in_(
                    _of(college, of_school, organisation).where(
                        _contains(organisation.c.words, _name(number, 0))
                    )
                ),
            )
            for number in range(len(self.shape))
        ]


_LITERALLY = str.maketrans({each: f"/{each}" for each in "/%_"})


def _common_end(forms: Sequence[str]) -> str:
    """The text with which all forms of a word end."""
    (first, *others) = forms
    if not others:
        return first
    ends = (first[start:] for start in range(len(first)))
    return next((end for end in ends if all(each.endswith(end) for each in forms)), "")


def _name(word: int, form: int) -> str:
    return f"word_{word}_{form}"


def _contains(column: ColumnElement[str], name: str) -> Condition:
    """The condition that a column has the text that is the argument `name`, as of `_Words`."""
    return column.contains(bindparam(name, type_=String()), escape="/")


_BORROWER = Query(
    select(organisation.c.organisation)
    .where(organisation.c.college == bindparam("c"), _contains(organisation.c.words, "word"))
    .limit(1)
)


def _is_with(word: str) -> Condition:
    """Whether a borrower has some of it whose name has a word: a sub-select that is read once."""
    lent = (
        select(loan.c.college, loan.c.tag)
        .join_from(
            loan,
            organisation,
            (organisation.c.college == loan.c.college)
            & (organisation.c.organisation == loan.c.organisation),
        )
        .where(loan.c.closed_at.is_(None), _contains(organisation.c.words, word))
    )
    # Of a holding only what the index of words has: asked for more, each row would be fetched.
    return tuple_(holding.c.college, holding.c.tag).in_(lent)


class _LoansAsked(NamedTuple):
    """Which open loans a list is to have: the statement is composed by this."""

    college: str | None
    words: tuple[int, ...]
    overdue: bool
    due_on: bool
    due_after: bool
    to: bool
    of: bool
    whose: tuple[tuple[str, str], ...] | None

    def composed(self, words: _Words) -> Paged:
        """Its pages."""
        wanted = select(loan.c.college, loan.c.due_key, loan.c.loan, _NUMBER_OF_LOAN)
        wanted = wanted.where(loan.c.closed_at.is_(None), *words.of_loans(self.college))
        wanted = _of(self.college, wanted, loan)
        if self.overdue:
            wanted = wanted.where(loan.c.due_key < bindparam("today"))
        if self.due_on:
            wanted = wanted.where(loan.c.due_key == bindparam("on"))
        if self.due_after:
            wanted = wanted.where(loan.c.due_key > bindparam("later"))
        if self.whose is not None:
            wanted = wanted.where(tuple_(loan.c.college, loan.c.organisation).in_(self.whose))
        elif self.to:
            wanted = wanted.where(among(loan.c.organisation, "to"))
        if self.of:
            wanted = wanted.where(
                loan.c.college == bindparam("where"), loan.c.tag == bindparam("tag")
            )
        return Paged(wanted, (loan.c.college, loan.c.due_key, _NUMBER_OF_LOAN, loan.c.loan))


def called(word: str) -> list[Condition]:
    """The conditions that one of an organisation's names has a word."""
    return [organisation.c.words.contains(word, autoescape=True)]


def _shortages_with(connection: Connection, words: _Words) -> list[Condition]:
    """The conditions that a shortage's holding or component has every word."""
    if not words.shape:
        return []
    named = connection.execute(select(shortage.c.component).distinct()).scalars()
    parts = {each: search_form(each) for each in named}
    return [
        or_(has, shortage.c.component.in_([each for each in parts if word in parts[each]]))
        for word, has in words
    ]


def in_status(status: Status, session: Session) -> list[Condition]:
    """The conditions that a holding has this status: the session's, or in ESP's store anybody's.

    Their one argument is `today`.
    """
    college = None if session.is_national else session.college
    conditions = list(_STATUS[status](_late(college)))
    if college is None:
        return conditions
    ours = holding.c.college == college if status in FEW else walked(session, holding.c.college)
    return [*conditions, ours]


def walked(session: Session, college: ColumnElement[str]) -> Condition:
    """The condition that a row belongs to the session's college, for queries that read most rows.

    With a plain condition SQLite follows the key's index and fetches each row singly, which takes
    ten times as long as reading the table from end to end. PostgreSQL needs no such help.
    """
    return (college.concat("") if session.store.is_sqlite else college) == session.college


def _of(college: str | None, wanted: Any, where: Any) -> Any:
    return wanted if college is None else wanted.where(where.c.college == college)


def _late(college: str | None) -> Condition:
    """The condition that some of a holding is out past its due date.

    It is a sub-select that is read once. A condition on each holding would read every late loan
    each time.
    """
    overdue = select(loan.c.tag).where(
        loan.c.closed_at.is_(None), loan.c.due_key < bindparam("today")
    )
    if college is None:
        one_of = tuple_(holding.c.college, holding.c.tag).in_(
            overdue.with_only_columns(loan.c.college, loan.c.tag)
        )
    else:
        one_of = holding.c.tag.in_(overdue.where(loan.c.college == college))
    return and_(holding.c.out_quantity > 0, one_of)


_USABLE: Condition = holding.c.out_of_use.is_(None)


def _left(late: Condition) -> Condition:
    """The condition that at least some of a holding is here, and no loan of it is overdue."""
    return and_(holding.c.state == "held", holding.c.out_quantity < holding.c.quantity, not_(late))


def _state(name: str) -> Callable[[Condition], list[Condition]]:
    return lambda late: [_ELSEWHERE, holding.c.state == name]


_ELSEWHERE: Condition = literal_column("holding.state <> 'held'")

_UNCOUNTED: Condition = literal_column("holding.uncounted IS TRUE")

_UNUSABLE: Condition = literal_column("holding.critical_short > 0")
"""Exactly the conditions of the partial indexes in `kitloan.tables.every`, to use them."""

_STATUS: Final[Mapping[Status, Callable[[Condition], list[Condition]]]] = {
    "in": lambda late: [
        _left(late),
        _USABLE,
        ~holding.c.uncounted,
        holding.c.critical_short == 0,
    ],
    "uncounted": lambda late: [_left(late), _USABLE, _UNCOUNTED],
    "incomplete": lambda late: [_left(late), _USABLE, ~holding.c.uncounted, _UNUSABLE],
    "out_of_use": lambda late: [_left(late), holding.c.out_of_use.is_not(None)],
    "out": lambda late: [holding.c.out_quantity == holding.c.quantity, not_(late)],
    "overdue": lambda late: [late],
    "in_transit": _state("in_transit"),
    "withdrawn": _state("withdrawn"),
    "missing": _state("missing"),
}
