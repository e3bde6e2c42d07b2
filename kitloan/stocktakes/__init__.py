"""Stocktakes: open one with a frozen list, scan, confirm, close, and read its outcome.

Opening freezes the list of expected holdings. Scans come from any number of desks; a desk without
the store joins first, and hands in its scans in a file. A borrower can confirm what they have on
loan. Closing records the outcome; later scans still count. `kitloan.stocktakes.scanning` reads and
records scans, `kitloan.stocktakes.outcome` answers queries.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import bindparam, or_, select

from kitloan.errors import BadInput, Refused
from kitloan.ledger.facts.stocktakes import (
    StocktakeClosed,
    StocktakeConfirmed,
    StocktakeDeskRecorded,
    StocktakeExpects,
    StocktakeOpened,
    StocktakeScanned,
)
from kitloan.ledger.session import ESP, Session, check_quantity
from kitloan.ledger.writer import Writer, id_reused
from kitloan.loans.custody import held, open_loans
from kitloan.queries.paging import PAGE
from kitloan.queries.resolve import meant
from kitloan.stocktakes import scanning
from kitloan.stocktakes.outcome import (
    RESULTS,
    Outcome,
    OutcomeLine,
    Result,
    ResultCounts,
    Stocktake,
    desk_spelt,
    desks_of,
    lines_of,
    list_stocktakes,
    outcome_of,
    stock_counted,
    the_stocktake,
    waiting_desks,
)
from kitloan.stocktakes.scanning import PictureScans, RecordedScan, ScansRead
from kitloan.storage.statements import AnyRow, Query
from kitloan.tables import Holding, Loan, Organisation, table
from kitloan.tables.national import Challenge, ChallengeLine
from kitloan.tables.stocktaking import StocktakeLine, StocktakeScan
from kitloan.text.dates import day_of, uk_instant
from kitloan.text.names import by_name, clean, fold, plain, search_form, sought
from kitloan.text.personal import on_record
from kitloan.text.tags import grouped
from kitloan.values import Page, plural

challenge_table = table(Challenge)
challenge_line = table(ChallengeLine)
holding = table(Holding)
line = table(StocktakeLine)
scan = table(StocktakeScan)
loan = table(Loan)
organisation = table(Organisation)

_TAGS_PER_ENTRY = 500
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})
_LOOKED_FOR = Query(
    select(holding.c.tag, holding.c.location)
    .where(
        holding.c.college == bindparam("c"),
        or_(holding.c.state == "held", holding.c.state == "missing"),
    )
    .order_by(holding.c.tag)
)

_CHALLENGE = Query(
    select(challenge_table).where(
        challenge_table.c.college == ESP, challenge_table.c.challenge == bindparam("x")
    )
)

_ASKED_FOR = Query(
    select(challenge_line.c.tag, holding.c.tag.label("held"))
    .select_from(challenge_line)
    .outerjoin(
        holding,
        (holding.c.college == bindparam("c")) & (holding.c.tag == challenge_line.c.tag),
    )
    .where(challenge_line.c.college == ESP, challenge_line.c.challenge == bindparam("x"))
    .order_by(challenge_line.c.tag)
)

_LINE = Query(
    select(line).where(
        line.c.college == bindparam("c"),
        line.c.stocktake == bindparam("s"),
        line.c.tag == bindparam("t"),
    )
)

_LINES = Query(
    select(line.c.tag, line.c.loan).where(
        line.c.college == bindparam("c"), line.c.stocktake == bindparam("s")
    )
)

_SCANS = Query(
    select(scan.c.scan, scan.c.tag, scan.c.code, scan.c.quantity).where(
        scan.c.college == bindparam("c"), scan.c.stocktake == bindparam("s")
    )
)

_BORROWER = Query(
    select(organisation.c.name)
    .join_from(loan, organisation)
    .where(loan.c.college == bindparam("c"), loan.c.loan == bindparam("l"))
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A stocktake that was opened.

    Attributes:
        id: its id in this college.
        name: its name.
        expected: how many holdings are on its list.
        late: whether it answers a challenge after its last day.
        not_here: tags that the challenge asks for and that no holding here has.
    """

    id: str
    name: str
    expected: int
    late: bool = False
    not_here: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A holding that its borrower confirmed they have."""

    tag: str
    type: str
    to: str


class Stocktakes:
    """Stocktakes of one college, for one person.

    Several stocktakes may be open at once. The argument `stocktake` is always an id, or a name that
    only one has; any other is refused with `unknown_stocktake`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(
        self,
        name: str,
        *,
        place: str | None = None,
        sample: int | None = None,
        challenge: str | None = None,
        code: str | None = None,
        request_id: str | None = None,
    ) -> Opened:
        """Freeze the list of what should be found, and begin.

        The list has every holding that is not withdrawn or in transit to another college. It
        includes holdings that are on loan or missing.

        Args:
            name: its name.
            place: only holdings that are kept there.
            sample: only so many, drawn at random.
            challenge: the id of ESP's challenge that it answers. If ESP's ledger is here, the list
                is what the challenge asks for; otherwise it follows `place` and `sample`.
            code: the challenge's one-time code.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `challenge_and_code`, when one of them is given alone; `bad_quantity`.
            Refused: `nothing_expected`; `wrong_code`, or `not_yours` for another college's
                challenge.
        """
        with self._session.writing(request_id) as writer:
            return open_stocktake(writer, name, place, sample, challenge, code)

    def scan(
        self,
        stocktake: str,
        text: str,
        *,
        place: str | None = None,
        desk: str | None = None,
        quantity: int | None = None,
        request_id: str | None = None,
    ) -> RecordedScan:
        """Record one scan, and give what it is; also after the stocktake is closed.

        A count of a stock changes no holding: `Outcome.stock` compares it with the register.

        Args:
            stocktake: which.
            text: a tag, a second tag, an asset number, or any other code.
            place: where it was scanned, if that is known.
            desk: which desk scanned it; None is the person's name.
            quantity: how many were counted of a stock of loose items, from 0; None counts nothing.
            request_id: the scan's id, so that it is recorded once; None makes one.

        Raises:
            BadInput: `bad_text`, for a code that cannot be recorded; with a count, `bad_quantity`,
                an unknown code, or `not_a_stock` for a kit with a contents list.
            Refused: `withdrawn` or `in_transit`, for a count of a stock that is not here.
        """
        at_desk = desk or self._session.actor
        with self._session.writing(request_id) as writer:
            return scanning.scan(writer, stocktake, text, place, at_desk, quantity)

    def scan_picture(
        self,
        stocktake: str,
        codes: Sequence[str],
        picture: bytes,
        *,
        place: str | None = None,
        desk: str | None = None,
    ) -> PictureScans:
        """Keep a scan of each code in a picture that is of a holding; the same picture only once.

        Args:
            stocktake: which.
            codes: the texts of the picture's codes, each once.
            picture: the file's contents, by which it is known when it is read again.
            place: where it was taken, if somebody knows.
            desk: which desk has it; None is the person's name.

        Raises:
            BadInput: as `scan`.
        """
        at_desk = desk or self._session.actor
        with self._session.reading() as connection:
            found = {
                code: scanning.tag_of(connection, self._session.college, code) for code in codes
            }
        scans = []
        for code in filter(found.get, codes):
            parts = (stocktake, fold(at_desk), fold(place or ""), found[code] or code)
            known = hashlib.sha256(picture)
            known.update("\x1f".join(parts).encode())
            scan_id = f"picture-{known.hexdigest()[:20]}"
            scans.append(self.scan(stocktake, code, place=place, desk=desk, request_id=scan_id))
        return PictureScans(tuple(scans), tuple(code for code in codes if not found[code]))

    def read_scans(
        self,
        stocktake: str,
        path: str | Path,
        desk: str,
        *,
        place: str | None = None,
        request_id: str | None = None,
    ) -> ScansRead:
        """Record the scans of a batch scanner, or of a desk without the store; all or nothing.

        A line that was read before, for the same desk and place, is not recorded again.

        Args:
            stocktake: which.
            path: a file with a code a line, or `code,time,place,quantity`.
            desk: which desk scanned it.
            place: where, for lines without a place.
            request_id: the request's id; None makes one.

        Raises:
            BadInput: `lines_in_error`, with every line that cannot be read, is in the future, or
                was scanned before the stocktake was opened; or the file cannot be read.
        """
        scans, problems = scanning.read_scans(Path(path))
        with self._session.writing(request_id) as writer:
            return scanning.read_in(writer, stocktake, scans, problems, desk, place, str(path))

    def join(self, stocktake: str, desk: str, *, request_id: str | None = None) -> None:
        """Record that a desk scans without the store: the stocktake waits for its scans.

        Raises:
            Refused: `closed`.
        """
        with self._session.writing(request_id) as writer:
            record_desk(writer, stocktake, desk, waiting=True)

    def hand_in(self, stocktake: str, desk: str, *, request_id: str | None = None) -> None:
        """Record that all scans of a desk have been read.

        Raises:
            BadInput: `unknown_desk`, for one that did not join.
        """
        with self._session.writing(request_id) as writer:
            record_desk(writer, stocktake, desk, waiting=False)

    def confirm(self, stocktake: str, tag: str, *, request_id: str | None = None) -> Confirmed:
        """Record that a borrower confirmed that they have a holding on loan.

        Raises:
            Refused: `not_out`, or `not_expected`, for a holding that is not on the list.
        """
        with self._session.writing(request_id) as writer:
            return confirm(writer, stocktake, tag)

    def close(
        self,
        stocktake: str,
        *,
        without: Sequence[str] = (),
        request_id: str | None = None,
    ) -> Outcome:
        """Close a stocktake. It changes no holding; later scans still count.

        Args:
            stocktake: which.
            without: desks that it no longer waits for.
            request_id: the request's id; None makes one.

        Raises:
            Refused: `desks_waiting`, with their names; `closed`, when it is closed already.
            BadInput: `unknown_desk`, in `without`.
        """
        with self._session.writing(request_id) as writer:
            return close(writer, stocktake, without)

    def list(self) -> tuple[Stocktake, ...]:
        """Every stocktake, the newest first."""
        with self._session.reading() as connection:
            return tuple(list_stocktakes(connection, self._session.college))

    def current(self) -> Stocktake:
        """The open stocktake.

        Raises:
            Refused: `no_stocktake_open`; `which_stocktake`, when several are open.
        """
        opened = [each for each in self.list() if each.closed_at is None]
        if len(opened) == 1:
            return opened[0]
        if opened:
            raise Refused(
                "which_stocktake",
                "Several stocktakes are open: "
                + ", ".join(f"{each.id} ({each.name})" for each in opened)
                + ".",
                f"Name one, as in: --stocktake {opened[0].id}",
                stocktakes=[each.id for each in opened],
            )
        raise Refused(
            "no_stocktake_open",
            "No stocktake is open.",
            "Open one: kitloan stocktake open NAME. Or name a closed one with --stocktake.",
        )

    def outcome(self, stocktake: str) -> Outcome:
        """The outcome of a stocktake so far."""
        with self._session.reading() as connection:
            college = self._session.college
            return outcome_of(connection, college, the_stocktake(connection, college, stocktake))

    def lines(
        self, stocktake: str, result: Result, after: str | None = None, limit: int = PAGE
    ) -> Page[OutcomeLine]:
        """A page of a stocktake's holdings or codes with one result.

        Args:
            stocktake: which.
            result: one of `RESULTS`.
            after: the `next` of the page before.
            limit: the most lines on a page.

        Raises:
            BadInput: `unknown_result`, `bad_cursor`.
        """
        if result not in RESULTS:
            raise BadInput(
                "unknown_result",
                f"{result!r} is not a result of a stocktake.",
                f"Give one of these: {', '.join(RESULTS)}",
            )
        with self._session.reading() as connection:
            college = self._session.college
            which = the_stocktake(connection, college, stocktake)
            return lines_of(connection, college, which, result, after, limit)


@dataclass(frozen=True, slots=True)
class _List:
    tags: Sequence[str]
    late: bool = False
    not_here: tuple[str, ...] = ()


def open_stocktake(
    writer: Writer,
    name: str,
    place: str | None,
    sample: int | None,
    challenge: str | None,
    code: str | None,
) -> Opened:
    """See `Stocktakes.open`."""
    called = on_record(name, "The stocktake's name")
    where = on_record(place, "The place") if place else None
    if sample is not None:
        check_quantity(sample, "The sample")
    asked, secret = _challenge(challenge, code)
    if writer.earlier:
        return _opened_before(writer, called, where, sample, (asked, secret))
    known = _CHALLENGE(writer.connection, x=asked).first() if asked else None
    if where is not None:
        where = _place_meant(writer, where)
    wanted = _asked_for(writer, known, secret) if known else _looked_for(writer, where, sample)
    if not wanted.tags:
        raise _nothing_expected(writer, where, wanted)
    stocktake = f"s{len(list_stocktakes(writer.connection, writer.college)) + 1}"
    writer.append(
        StocktakeOpened(
            stocktake=stocktake,
            name=called,
            place=None if known else where,
            sample=None if known else sample,
            challenge=asked,
            code=secret,
        )
    )
    for start in range(0, len(wanted.tags), _TAGS_PER_ENTRY):
        part = tuple(wanted.tags[start : start + _TAGS_PER_ENTRY])
        writer.append(StocktakeExpects(stocktake=stocktake, tags=part))
    return Opened(stocktake, called, len(wanted.tags), wanted.late, wanted.not_here)


def _challenge(challenge: str | None, code: str | None) -> tuple[str | None, str | None]:
    if (challenge is None) != (code is None):
        raise BadInput(
            "challenge_and_code",
            "To answer a challenge, both its id and its one-time code are needed.",
            "Give both, as ESP sent them: --challenge ID --code CODE",
        )
    if challenge is None or code is None:
        return None, None
    return clean(challenge, "The challenge").lower(), bare_code(code)


def bare_code(code: str) -> str:
    """The stored form of a one-time code: case, spaces, hyphens and look-alikes do not count.

    Raises:
        BadInput: `bad_text`, when nothing remains.
    """
    kept = "".join(filter(str.isalnum, code)).upper().translate(_LOOKALIKES)
    return clean(kept, "The code")


def _asked_for(writer: Writer, known: AnyRow, code: str | None) -> _List:
    """The list that a challenge asks for, from ESP's ledger."""
    if known.to_college != writer.college:
        raise Refused(
            "not_yours",
            f"Challenge {plain(known.challenge)} is for {known.to_college}.",
            "List your own challenges: kitloan challenge list",
            challenge=known.challenge,
            college=known.to_college,
        )
    if known.code != code:
        raise Refused(
            "wrong_code",
            f"The code is not the one of challenge {plain(known.challenge)}.",
            "Give the code that ESP sent with it.",
            challenge=known.challenge,
        )
    rows = _ASKED_FOR(writer.connection, c=writer.college, x=known.challenge).all()
    return _List(
        [row.tag for row in rows if row.held],
        day_of(writer.at).isoformat() > known.answer_by,
        tuple(row.tag for row in rows if not row.held),
    )


def _place_meant(writer: Writer, place: str) -> str:
    """A place as it is typed, or the only one of which each typed word begins a word."""
    rows = _LOOKED_FOR(writer.connection, c=writer.college)
    places = {row.location for row in rows if row.location}
    if search_form(place) in map(search_form, places):
        return place
    begin = [
        each
        for each in places
        if all(
            any(word.startswith(typed) for word in search_form(each).split())
            for typed in sought(place)
        )
    ]
    return begin[0] if len(begin) == 1 else place


def _looked_for(writer: Writer, place: str | None, sample: int | None) -> _List:
    rows = _LOOKED_FOR(writer.connection, c=writer.college).all()
    tags = [
        row.tag
        for row in rows
        if place is None or search_form(row.location or "") == search_form(place)
    ]
    if sample is not None and sample < len(tags):
        tags = sorted(secrets.SystemRandom().sample(tags, sample))
    return _List(tags)


def _nothing_expected(writer: Writer, place: str | None, wanted: _List) -> Refused:
    if wanted.not_here:
        return Refused(
            "nothing_expected",
            f"No holding here has one of the {plural(len(wanted.not_here), 'tag')} that the "
            "challenge asks for.",
            "Send ESP your ledger, because its copy may be old: kitloan ledger export FILE",
            not_here=list(wanted.not_here),
        )
    rows = _LOOKED_FOR(writer.connection, c=writer.college).all()
    places = sorted({row.location for row in rows if row.location}, key=by_name)
    if place is not None and rows:
        return Refused(
            "nothing_expected",
            f"No holding is kept at {plain(place)!r}.",
            "Name one of these places: " + ", ".join(map(plain, places[:10]))
            if places
            else "No holding has a place yet. Open it for all: kitloan stocktake open NAME",
            place=place,
            places=places,
        )
    return Refused(
        "nothing_expected",
        "The college has no holdings to look for.",
        "Add them first: kitloan import FILE, or kitloan add",
    )


def _opened_before(
    writer: Writer,
    name: str,
    place: str | None,
    sample: int | None,
    asked: tuple[str | None, str | None],
) -> Opened:
    (fact, *_) = writer.earlier_facts(StocktakeOpened)
    listed = fact.challenge is not None and (fact.place, fact.sample) == (None, None)
    same = (fact.name, (fact.challenge, fact.code)) == (name, asked)
    if place is not None and fact.place is not None:
        place = place if place == fact.place else _place_meant(writer, place)
    if not same or not (listed or (fact.place, fact.sample) == (place, sample)):
        raise id_reused(writer.request)
    expects = writer.earlier_facts(StocktakeExpects)
    expected = {tag for each in expects for tag in each.tags}
    known = _CHALLENGE(writer.connection, x=fact.challenge).first() if fact.challenge else None
    if known is None:
        return Opened(fact.stocktake, name, len(expected))
    late = _asked_for(writer, known, fact.code).late
    every = _ASKED_FOR(writer.connection, c=writer.college, x=known.challenge)
    not_here = tuple(row.tag for row in every if row.tag not in expected)
    return Opened(fact.stocktake, name, len(expected), late, not_here)


def record_desk(writer: Writer, stocktake: str, desk: str, *, waiting: bool) -> None:
    """See `Stocktakes.join` and `hand_in`."""
    which = the_stocktake(writer.connection, writer.college, stocktake)
    named = desk_spelt(writer.connection, writer.college, which, clean(desk, "The desk"))
    fact = StocktakeDeskRecorded(stocktake=which.id, desk=named, waiting=waiting)
    if writer.earlier:
        if writer.earlier_facts(StocktakeDeskRecorded) != [fact]:
            raise id_reused(writer.request)
        return
    if waiting:
        _must_be_open(which)
    desks = desks_of(writer.connection, writer.college, which)
    if not waiting and named not in desks:
        raise BadInput(
            "unknown_desk",
            f"{plain(named)!r} has not joined {which.name}.",
            f"Name one of these desks: {', '.join(sorted(desks))}"
            if desks
            else f"Let it join first: kitloan stocktake join {named!r}",
            desks=sorted(desks),
        )
    if desks.get(named) is not waiting:
        writer.append(fact)


def confirm(writer: Writer, stocktake: str, text: str) -> Confirmed:
    """See `Stocktakes.confirm`."""
    which = the_stocktake(writer.connection, writer.college, stocktake)
    tag = meant(writer, text)
    row = held(writer, tag)
    shown = f"{row.type_name} {grouped(tag)}"
    expected = _LINE(writer.connection, c=writer.college, s=which.id, t=tag).first()
    if expected is None:
        raise Refused(
            "not_expected",
            f"{shown} is not on the list of {which.name}.",
            f"See its list, which is frozen: kitloan stocktake show {which.id}",
            tag=tag,
        )
    loans = [each.loan for each in open_loans(writer, tag)]
    if not loans:
        raise Refused(
            "not_out",
            f"{shown} is not on loan.",
            f"If it is here, scan it: kitloan stocktake scan {tag}",
            tag=tag,
        )
    which_loan = expected.loan if expected.loan in loans else loans[0]
    writer.append(StocktakeConfirmed(stocktake=which.id, tag=tag, loan=which_loan))
    return _confirmed(writer, row, which_loan)


def _confirmed(writer: Writer, row: AnyRow, loan_id: str) -> Confirmed:
    to = _BORROWER(writer.connection, c=writer.college, l=loan_id).scalar_one()
    return Confirmed(row.tag, row.type_name, to)


def close(writer: Writer, stocktake: str, without: Sequence[str]) -> Outcome:
    """See `Stocktakes.close`."""
    which = the_stocktake(writer.connection, writer.college, stocktake)
    if writer.earlier:
        return _closed_before(writer, which, without)
    _must_be_open(which)
    waiting = waiting_desks(writer.connection, writer.college, which)
    left_out = {
        desk_spelt(writer.connection, writer.college, which, clean(each, "The desk"))
        for each in without
    }
    for each in left_out.difference(waiting):
        raise BadInput(
            "unknown_desk",
            f"{which.name} is not waiting for a desk {plain(each)!r}.",
            f"Name one of these desks: {', '.join(waiting)}"
            if waiting
            else "Close it without --without.",
            waiting=list(waiting),
        )
    missing = [each for each in waiting if each not in left_out]
    if missing:
        raise Refused(
            "desks_waiting",
            f"{which.name} is waiting for the scans of {', '.join(missing)}.",
            "Read their files (kitloan stocktake scan --file FILE --desk DESK), then: kitloan "
            "stocktake hand-in DESK. Or close without them: kitloan stocktake close --without DESK",
            waiting=missing,
        )
    found = outcome_of(writer.connection, writer.college, which)
    writer.append(StocktakeClosed(stocktake=which.id, **asdict(found.counts)))
    now = the_stocktake(writer.connection, writer.college, which.id)
    return outcome_of(writer.connection, writer.college, now)


def _closed_before(writer: Writer, which: Stocktake, without: Sequence[str]) -> Outcome:
    """The answer of an earlier try of this request, without what was scanned or handed in since."""
    from kitloan.ledger.replay import rewind  # hardly ever needed

    (fact, *_) = writer.earlier_facts(StocktakeClosed)
    handed_in = {
        each.desk for each in writer.since(StocktakeDeskRecorded) if each.stocktake == which.id
    }
    desks = desks_of(writer.connection, writer.college, which)
    waiting = tuple(name for name, waits in desks.items() if waits or name in handed_in)
    left_out = {desk_spelt(writer.connection, writer.college, which, each) for each in without}
    if fact.stocktake != which.id or left_out != set(waiting):
        raise id_reused(writer.request)
    late = {each.scan for each in writer.since(StocktakeScanned)}
    rows = _SCANS(writer.connection, c=writer.college, s=which.id).all()
    codes = [row.tag or row.code for row in rows if row.scan not in late]
    seen = set(codes)
    lines = _LINES(writer.connection, c=writer.college, s=which.id).all()
    stocks = {row.tag for row in rows if row.quantity is not None and row.scan not in late}
    rewind(writer.connection, writer.college, writer.earlier, sorted(stocks))
    return Outcome(
        which,
        expected=len(lines),
        counts=ResultCounts(**fact.model_dump(exclude={"kind", "stocktake"})),
        on_loan_here=sum(each.loan is not None and each.tag in seen for each in lines),
        scans=len(codes),
        repeats=len(codes) - len(seen),
        late=0,
        waiting=waiting,
        stock=stock_counted(writer.connection, writer.college, which, late),
    )


def _must_be_open(which: Stocktake) -> None:
    if which.closed_at is not None:
        raise Refused(
            "closed",
            f"{which.name} was closed by {which.closed_by} on {uk_instant(which.closed_at)}.",
            f"Late scans still count: kitloan stocktake scan --stocktake {which.id}. Or open "
            "another: kitloan stocktake open NAME",
            stocktake=which.id,
            closed_at=which.closed_at,
            closed_by=which.closed_by,
        )
