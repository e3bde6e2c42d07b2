"""What one college asks another for: a kit, or some of a kit type, to borrow on some days.

The college that asks has an entry in its own ledger, the one that answers in its own. ESP's store
shows both, and ESP's file brings them to the colleges. A yes goes on as a booking, as any other
promise: only the college that has a kit can promise it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, bindparam, select

from kitloan.borrowers.organisations import must_not_be_nearly_known
from kitloan.errors import BadInput, Refused
from kitloan.exchange.file import AskSeen
from kitloan.exchange.nearest import days_known
from kitloan.exchange.offered import asks_elsewhere, asks_here, number_there
from kitloan.ledger.facts.sharing import AskAnswered, AskWithdrawn, KitAsked
from kitloan.ledger.session import ESP, Session, check_quantity
from kitloan.ledger.writer import Writer
from kitloan.loans.custody import held, must_be_here
from kitloan.planning.free import free_of
from kitloan.planning.rules import BookingRequest, check_dates, rules_of
from kitloan.queries.resolve import meant
from kitloan.queries.types import type_meant, type_names
from kitloan.queries.whereabouts import college_name
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import table
from kitloan.tables.sharing import Ask
from kitloan.text.dates import day_of, uk
from kitloan.text.names import clean
from kitloan.text.personal import on_record
from kitloan.text.tags import grouped, parse
from kitloan.transfers.sending import other_college

ask = table(Ask)

_OWN = Query(select(ask).where(ask.c.college == bindparam("c"), ask.c.ask == bindparam("a")))

AskState = Literal["waiting", "yes", "no", "withdrawn", "past"]


@dataclass(frozen=True, slots=True)
class AskLine:
    """What one college asks another for, and the answer.

    Attributes:
        college: who asks.
        name: that college's name.
        ask: its id, with its college: `ayrshire:A12`.
        to_college: who is asked.
        to_name: that college's name.
        type: the kit type, as the college that asks calls it; None where the college that answered
            had not seen what was asked, and nobody else's word is here.
        tag: one kit that is asked for; None for any of the type.
        quantity: how many are asked for; None as with `type`.
        first: the first day; likewise.
        last: the last day; likewise.
        note: what the college that asks adds.
        gets: how many it may have; None while nobody has answered.
        reason: why, by the college that answered.
        state: waiting, yes, no, withdrawn, or past, when its last day is past without an answer.
        as_of: the day up to which this is known here.
        days_old: how many days ago that was.
    """

    college: str
    name: str
    ask: str
    to_college: str
    to_name: str
    type: str | None
    tag: str | None
    quantity: int | None
    first: date | None
    last: date | None
    note: str | None
    gets: int | None
    reason: str | None
    state: AskState
    as_of: date
    days_old: int


class Asks:
    """What this college asks others for, and its answers to what they ask for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        college: str,
        type: str,  # noqa: A002  # the word of the contract
        quantity: int,
        first: date,
        last: date,
        *,
        tag: str | None = None,
        note: str | None = None,
        new_too: bool = False,
        request_id: str | None = None,
    ) -> AskLine:
        """Ask another college for kits to borrow. Nothing is promised until it answers.

        Args:
            college: the other college's id or name.
            type: the kit type; the other college may call it otherwise.
            quantity: how many.
            first: the collection day.
            last: the return day.
            tag: one kit of that college, off its label.
            note: what it should know; no person's name.
            new_too: whether a kit type that is spelt nearly like one of this college's, or is the
                beginning of one, is another: this college need not have what it asks for.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `nearly_known`; `asked_already`, for the same on the same days.
            BadInput: `unknown_college`, `own_college`, `bad_quantity`, `dates_reversed`,
                `in_the_past`, `bad_tag`, `names_a_person`, `not_a_college`.
        """
        check_quantity(quantity)
        with self._session.writing(request_id) as writer:
            there, _ = other_college(writer.connection, writer.college, college)
            if ESP in (there, writer.college):
                raise BadInput(
                    "not_a_college",
                    "ESP has no kits of its own, and asks for none.",
                    "Name a college that has them: kitloan nearest TYPE --near PLACE",
                )
            name = on_record(type, "The kit type")
            kit = None if tag is None else parse(tag)
            if kit is not None and quantity != 1:
                raise BadInput(
                    "bad_quantity",
                    f"One kit is named, and {quantity:,} are asked for.",
                    "Leave out the number, or the tag.",
                )
            done = writer.earlier_fact(KitAsked)
            if done is None:
                if not new_too and type_meant(writer.connection, writer.college, name) is None:
                    names = type_names(writer.connection, writer.college).values()
                    what = "a kit type that this college does not have"
                    must_not_be_nearly_known(name, names, what)
                check_dates(BookingRequest((), first, last), day_of(writer.at))
            fact = KitAsked(
                ask=done.ask if done else f"A{writer.next_seq}",
                to_college=there,
                type_name=name,
                kit=kit,
                quantity=quantity,
                first=first.isoformat(),
                last=last.isoformat(),
                note=on_record(note, "The note") if note else None,
            )
            _must_be_new(writer, fact)
            writer.append(fact)
            return self._line(writer, fact.ask)

    def withdraw(self, which: str, *, request_id: str | None = None) -> AskLine:
        """Withdraw what this college asked for.

        Raises:
            Refused: `ask_closed`.
            BadInput: `unknown_ask`.
        """
        with self._session.writing(request_id) as writer:
            row = _own(writer, which)
            if not row.open:
                raise Refused(
                    "ask_closed",
                    f"Ask {row.ask} was withdrawn already.",
                    "See what is asked for: kitloan offers --all",
                    ask=row.ask,
                )
            writer.append(AskWithdrawn(ask=row.ask))
            return self._line(writer, row.ask)

    def answer(
        self, which: str, quantity: int, reason: str | None = None, *, request_id: str | None = None
    ) -> AskLine:
        """Answer what another college asks for: how many it may have, or 0 for no.

        A later answer replaces the one before. The ask need not be in this store: it may have come
        by telephone. Where it is, a yes needs that many free on its days. A yes books nothing.

        Args:
            which: the ask with its college, as in `ayrshire:A12`.
            quantity: how many it may have.
            reason: why; a no needs one; no person's name.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `ask_closed`, when it was withdrawn; `not_free`; `not_asked_here`, when another
                college was asked; `more_than_asked`; a kit that is not here.
            BadInput: `bad_ask`, `reason_needed`, `unknown_college`, `own_college`, `bad_quantity`,
                `unknown_type`, `in_the_past`, `names_a_person`; an unknown tag.
        """
        if quantity != 0:
            check_quantity(quantity)
        words = on_record(reason, "The reason") if reason else None
        if not quantity and words is None:
            raise BadInput(
                "reason_needed",
                "A no needs a reason: the other college has to know what to do next.",
                "Give it in a few words: --reason 'out until March'",
            )
        with self._session.writing(request_id) as writer:
            there, number = _reference(writer, which)
            done = writer.earlier_fact(AskAnswered)
            seen = None
            if not writer.earlier:
                seen = self._seen(writer.connection, there, number)
                if seen is not None:
                    _may_be_answered(writer, seen, quantity)
            of = done or seen
            type_name = done.type_name if done else seen.type if seen else None
            writer.append(
                AskAnswered(
                    ask=f"{there}:{number}",
                    from_college=there,
                    type_name=type_name,
                    first=of.first if of else None,
                    last=of.last if of else None,
                    quantity=quantity,
                    reason=words,
                )
            )
            return self._line(writer, f"{there}:{number}")

    def list(self, *, past_too: bool = False) -> list[AskLine]:
        """What colleges ask each other for; what is needed last comes first.

        ESP's store shows every college's. A college's own shows what it asks for and what it is
        asked for, as far as ESP's last file brought it.

        Args:
            past_too: also what was withdrawn before it was promised, and what was needed on days
                that are past.
        """
        session, today = self._session, self._session.today
        with session.reading() as connection:
            lines = _lines(connection, session, today)
        if past_too:
            return lines
        return [
            each
            for each in lines
            if (each.state != "withdrawn" or each.gets)
            and (each.last is None or each.last >= today)
        ]

    def _line(self, writer: Writer, which: str) -> AskLine:
        """One ask: this college's own by its number, another's with its college."""
        key = which if ":" in which else f"{writer.college}:{which}"
        lines = _lines(writer.connection, self._session, day_of(writer.at))
        return next(each for each in lines if each.ask == key)

    def _seen(self, connection: Connection, college: str, number: str) -> AskSeen | None:
        """What another college asks for, where its ledger or ESP's file shows it."""
        every = [*asks_elsewhere(connection, self._session.college)[0]]
        every += asks_here(connection, college=college)
        return next((each for each in every if (each.college, each.ask) == (college, number)), None)


def _must_be_new(writer: Writer, fact: KitAsked) -> None:
    """Refuse to ask a college twice for the same on the same days."""
    for row in writer.connection.execute(
        select(ask).where(
            ask.c.college == writer.college,
            ask.c.open,
            *(
                ask.c[name] == value
                for name, value in fact.model_dump(
                    include={"to_college", "type_name", "kit", "first", "last"}
                ).items()
            ),
        )
    ):
        raise Refused(
            "asked_already",
            f"{college_name(writer.connection, fact.to_college)} is asked for {fact.type_name} on "
            f"these days already, on {uk(day_of(row.made_at))}.",
            f"For another number, withdraw that first: kitloan ask withdraw {row.ask}",
            ask=row.ask,
        )


def _own(writer: Writer, which: str) -> AnyRow:
    """The row of what this college asks for itself."""
    text = clean(which, "The ask")
    college, colon, number = text.rpartition(":")
    own = not colon or college.strip().casefold() == writer.college
    number = number.strip().upper()
    row = _OWN(writer.connection, c=writer.college, a=number).one_or_none() if own else None
    if row is None:
        raise BadInput(
            "unknown_ask",
            f"This college asks for nothing under the number {text[:60]!r}.",
            "See what it asks for: kitloan offers",
            ask=text[:60],
        )
    return row


def _reference(writer: Writer, which: str) -> tuple[str, str]:
    """The college and the number of what another college asks for, as in `ayrshire:A12`."""
    wrong = BadInput(
        "bad_ask",
        f"{which[:60]!r} is not what another college asks for.",
        "Give the college and the number as they are listed, as in: ayrshire:A12",
        value=which[:60],
    )
    return number_there(writer.connection, writer.college, clean(which, "The ask"), "A", wrong)


def _may_be_answered(writer: Writer, seen: AskSeen, quantity: int) -> None:
    """Refuse an answer to what was not asked here, and a yes that could not be kept."""
    which = f"{seen.college}:{seen.ask}"
    if seen.to_college != writer.college:
        raise Refused(
            "not_asked_here",
            f"{which} asks {college_name(writer.connection, seen.to_college)}, not this college.",
            "See what this college is asked for: kitloan offers",
            ask=which,
            to_college=seen.to_college,
        )
    if not quantity:
        return
    if not seen.open:
        raise Refused(
            "ask_closed", f"{which} was withdrawn.", "See: kitloan offers --all", ask=which
        )
    if seen.type is None or seen.quantity is None or seen.first is None or seen.last is None:
        return
    if quantity > seen.quantity:
        raise Refused(
            "more_than_asked",
            f"{which} asks for {seen.quantity:,}, not {quantity:,}.",
            "Give a smaller number.",
            ask=which,
            quantity=seen.quantity,
        )
    first, last = date.fromisoformat(seen.first), date.fromisoformat(seen.last)
    check_dates(BookingRequest((), first, last), day_of(writer.at))
    _must_be_free(writer, seen, seen.type, quantity, (first, last))


def _must_be_free(
    writer: Writer, seen: AskSeen, asked: str, quantity: int, days: tuple[date, date]
) -> None:
    """Refuse a yes to more than is free, by this college's own name of the type."""
    connection, college, (first, last) = writer.connection, writer.college, days
    if seen.kit is not None:
        row = held(writer, meant(writer, seen.kit))
        must_be_here(writer, row)
        key, name = str(row.kit_type), str(row.type_name)
    else:
        known = type_meant(connection, college, asked)
        if known is None:
            raise BadInput(
                "unknown_type",
                f"This college has no kit type called {asked!r}.",
                f"Say no, with the reason: kitloan ask decline {seen.college}:{seen.ask} --reason "
                "TEXT; or name yours on the telephone, and let them ask for that.",
                type=asked,
            )
        key, name = known.id, known.name
    rules = rules_of(connection, college, day_of(writer.at))
    free = free_of(connection, college, rules, key, name, first, last)
    if free.free < quantity:
        raise Refused(
            "not_free",
            f"{free.free:,} of {name} are free from {uk(first)} to {uk(last)}, not {quantity:,}.",
            f"See why: kitloan free --type {name!r} --from {first} --until {last}",
            free=free.free,
            why=free.why,
        )


def _lines(connection: Connection, session: Session, today: date) -> list[AskLine]:
    if session.is_national:
        known = days_known(connection, session)
        return [
            _as_line(connection, each, known.get(each.college, today), today)
            for each in asks_here(connection)
        ]
    own = session.college
    seen, at = asks_elsewhere(connection, own)
    there = [each for each in seen if own in (each.college, each.to_college)]
    elsewhere = day_of(at) if at else today
    return [
        _as_line(connection, each, today if each.college == own else elsewhere, today)
        for each in _joined(own, asks_here(connection, college=own), there)
    ]


def _joined(own: str, here: Iterable[AskSeen], there: Iterable[AskSeen]) -> list[AskSeen]:
    """What a college asks for and has answered itself, with the others' halves from ESP's file."""
    found = {(each.college, each.ask): each for each in there}
    for key, each in list(found.items()):
        # Of its own half, a college's own ledger knows more than any file: it may have been undone.
        if each.to_college == own:
            found[key] = each.model_copy(update={"gets": None, "reason": None})
        if each.college == own:
            del found[key]
    answers = {(each.college, each.ask): each for each in there}
    for each in here:
        key = each.college, each.ask
        if each.college == own:
            known = answers.get(key)
            theirs = {} if known is None else {"gets": known.gets, "reason": known.reason}
            found[key] = each.model_copy(update=theirs)
        elif key in found:
            found[key] = found[key].model_copy(update={"gets": each.gets, "reason": each.reason})
        else:
            found[key] = each
    return sorted(
        sorted(found.values(), key=lambda each: (each.college, each.ask)),
        key=lambda each: each.last or "9999",
        reverse=True,
    )


def _as_line(connection: Connection, seen: AskSeen, as_of: date, today: date) -> AskLine:
    last = None if seen.last is None else date.fromisoformat(seen.last)
    return AskLine(
        college=seen.college,
        name=college_name(connection, seen.college),
        ask=f"{seen.college}:{seen.ask}",
        to_college=seen.to_college,
        to_name=college_name(connection, seen.to_college),
        type=seen.type,
        tag=seen.kit,
        quantity=seen.quantity,
        first=None if seen.first is None else date.fromisoformat(seen.first),
        last=last,
        note=seen.note,
        gets=seen.gets,
        reason=seen.reason,
        state=_state(seen, last, today),
        as_of=as_of,
        days_old=max(0, (today - as_of).days),
    )


def _state(seen: AskSeen, last: date | None, today: date) -> AskState:
    if not seen.open:
        return "withdrawn"
    if seen.gets is not None:
        return "yes" if seen.gets else "no"
    return "past" if last is not None and last < today else "waiting"


def answer_words(line: AskLine) -> str:
    """What became of an ask, in words, with the reason."""
    answer: str = line.state
    if line.gets:
        answer = f"yes, {line.gets:,}"
        if line.state == "withdrawn":
            answer = f"withdrawn after a yes ({line.gets:,})"
    return ": ".join(filter(None, (answer, line.reason)))


def asked_for(line: AskLine) -> str:
    """What is asked for, in words: how many of which type, or one kit."""
    if line.type is None:
        return "not seen here yet"
    kit = f" ({grouped(line.tag)})" if line.tag else ""
    return f"{line.quantity or line.gets or 0:,} {line.type}{kit}"
