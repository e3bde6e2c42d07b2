"""The library's front door: opening a store, and starting one for a college."""

import getpass
import os
from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import ColumnElement, Connection, select

from kitloan.errors import BadInput, KitloanError, Refused, StoreError
from kitloan.ledger.session import ESP, Session
from kitloan.reference import colleges, find_college, is_college_id
from kitloan.storage.places import college_in, default_place
from kitloan.storage.rewriting import rewrite_if_due, rewrite_is_due
from kitloan.storage.store import Store, create_store, open_store
from kitloan.tables import College as CollegeRow
from kitloan.tables import LedgerHead, table
from kitloan.text.dates import Clock, system_clock
from kitloan.text.names import clean

if TYPE_CHECKING:
    from kitloan.audit import Auditor
    from kitloan.backups import Backups
    from kitloan.backups.upgrading import Upgraded
    from kitloan.borrowers.directory import Directory
    from kitloan.borrowers.people import People
    from kitloan.evidence.engagements import Engagements
    from kitloan.evidence.evaluations import Evaluations
    from kitloan.evidence.guides import Guides
    from kitloan.evidence.partners import Partners
    from kitloan.evidence.schools import Schools
    from kitloan.exchange import Exchange
    from kitloan.exchange.asks import Asks
    from kitloan.exchange.offers import Offers
    from kitloan.history.undo import Actions
    from kitloan.history.verify import Progress, Verifier
    from kitloan.holdings import Holdings
    from kitloan.imports.register import Registers
    from kitloan.inspections.results import Inspections
    from kitloan.loans import Loans
    from kitloan.national import National
    from kitloan.planning.bookings import Bookings
    from kitloan.planning.events import Events
    from kitloan.planning.packing import Packing
    from kitloan.planning.risks import Risks
    from kitloan.planning.sending import Notices
    from kitloan.planning.settings import Calendars, PolicyBook
    from kitloan.planning.wants import Wants
    from kitloan.queries.figures import Figures
    from kitloan.queries.find import Finder
    from kitloan.stocktakes import Stocktakes
    from kitloan.transfers import Transfers

head, college_table = table(LedgerHead), table(CollegeRow)

_NEARLY = 0.75
"""How alike two ids must be, from 0 to 1, for one to be taken for a slip (difflib's ratio)."""


class College:
    """An open store, with the verbs by name. A context manager: leaving it closes the store.

    Attributes:
        session: who works, in which college, on which store.
        college_name: what the college is called.
        upgraded: what was done when an earlier release had made the store; None otherwise.
    """

    def __init__(self, session: Session, name: str, upgraded: "Upgraded | None" = None) -> None:
        self.session = session
        self.college_name = name
        self.upgraded = upgraded

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the store's connections."""
        self.session.store.close()

    @cached_property
    def loans(self) -> "Loans":
        """Check out, check in, renew, count, restock."""
        from kitloan.loans import Loans

        return Loans(self.session)

    @cached_property
    def actions(self) -> "Actions":
        """What this person did last, and reversing it."""
        from kitloan.history.undo import Actions

        return Actions(self.session)

    @cached_property
    def holdings(self) -> "Holdings":
        """Take in, amend, move, sight, withdraw; kit types and gift terms."""
        from kitloan.holdings import Holdings

        return Holdings(self.session)

    @cached_property
    def inspections(self) -> "Inspections":
        """What has to be inspected how often, what was found, and what is due."""
        from kitloan.inspections.results import Inspections

        return Inspections(self.session)

    @cached_property
    def notices(self) -> "Notices":
        """Notices that are due, those that were sent, and sending them."""
        from kitloan.planning.sending import Notices

        return Notices(self.session)

    @cached_property
    def transfers(self) -> "Transfers":
        """Send to another college, call off, receive."""
        from kitloan.transfers import Transfers

        return Transfers(self.session)

    @cached_property
    def find(self) -> "Finder":
        """One holding, its history, searches, loans and shortages."""
        from kitloan.queries.find import Finder

        return Finder(self.session)

    @cached_property
    def directory(self) -> "Directory":
        """Organisations with what they have out, and people, by pages."""
        from kitloan.borrowers.directory import Directory

        return Directory(self.session)

    @cached_property
    def figures(self) -> "Figures":
        """Loans by week, use by type, lateness, and what is short of a type."""
        from kitloan.queries.figures import Figures

        return Figures(self.session)

    @cached_property
    def people(self) -> "People":
        """Who is on file, and forgetting them."""
        from kitloan.borrowers.people import People

        return People(self.session)

    @cached_property
    def registers(self) -> "Registers":
        """Reading a college's spreadsheet."""
        from kitloan.imports.register import Registers

        return Registers(self.session)

    @cached_property
    def calendar(self) -> "Calendars":
        """Days on which the desk opens and staff work."""
        from kitloan.planning.settings import Calendars

        return Calendars(self.session)

    @cached_property
    def bookings(self) -> "Bookings":
        """Book, change, cancel; what is free, and what is at risk."""
        from kitloan.planning.bookings import Bookings

        return Bookings(self.session)

    @cached_property
    def events(self) -> "Events":
        """Plan, change and cancel events; bookings are made for them."""
        from kitloan.planning.events import Events

        return Events(self.session)

    @cached_property
    def packing(self) -> "Packing":
        """What an event needs, what of it is out and back, and what it is lacking."""
        from kitloan.planning.packing import Packing

        return Packing(self.session)

    @cached_property
    def risks(self) -> "Risks":
        """Bookings that cannot be kept as things are, and what could stand in."""
        from kitloan.planning.risks import Risks

        return Risks(self.session)

    @cached_property
    def wants(self) -> "Wants":
        """The waiting list, and what was asked for in vain."""
        from kitloan.planning.wants import Wants

        return Wants(self.session)

    @cached_property
    def policies(self) -> "PolicyBook":
        """The numbers and choices by which kits are lent."""
        from kitloan.planning.settings import PolicyBook

        return PolicyBook(self.session)

    @cached_property
    def stocktakes(self) -> "Stocktakes":
        """Freezing a list, scanning what is there, and what it comes to."""
        from kitloan.stocktakes import Stocktakes

        return Stocktakes(self.session)

    @cached_property
    def national(self) -> "National":
        """ESP's own ledger: gifts, who gets them, and challenges to colleges."""
        from kitloan.national import National

        return National(self.session)

    @cached_property
    def exchange(self) -> "Exchange":
        """Ledgers out to ESP, and in from colleges."""
        from kitloan.exchange import Exchange

        return Exchange(self.session)

    @cached_property
    def offers(self) -> "Offers":
        """What colleges offer each other, claim and wait for."""
        from kitloan.exchange.offers import Offers

        return Offers(self.session)

    @cached_property
    def asks(self) -> "Asks":
        """What colleges ask each other for, and the answers."""
        from kitloan.exchange.asks import Asks

        return Asks(self.session)

    @cached_property
    def ledger(self) -> "Verifier":
        """Verifying the ledgers, and reading them."""
        from kitloan.history.verify import Verifier

        return Verifier(self.session)

    @cached_property
    def backups(self) -> "Backups":
        """Copies of the store, proved."""
        from kitloan.backups import Backups

        return Backups(self.session)

    @cached_property
    def schools(self) -> "Schools":
        """Lists of schools, searching them, and which school a borrower is."""
        from kitloan.evidence.schools import Schools

        return Schools(self.session)

    @cached_property
    def engagements(self) -> "Engagements":
        """What kits were used for, by whom and how many."""
        from kitloan.evidence.engagements import Engagements

        return Engagements(self.session)

    @cached_property
    def evaluations(self) -> "Evaluations":
        """What teachers answered."""
        from kitloan.evidence.evaluations import Evaluations

        return Evaluations(self.session)

    @cached_property
    def partners(self) -> "Partners":
        """What kind of partner an organisation is, and who referred it."""
        from kitloan.evidence.partners import Partners

        return Partners(self.session)

    @cached_property
    def guides(self) -> "Guides":
        """What a school must know of a kit type, and its leaflet."""
        from kitloan.evidence.guides import Guides

        return Guides(self.session)

    @cached_property
    def audit(self) -> "Auditor":
        """ESP's figures and findings."""
        from kitloan.audit import Auditor

        return Auditor(self.session)


def open(  # noqa: A001  # the word of the contract
    store: str | os.PathLike[str] | None = None,
    *,
    actor: str | None = None,
    college: str | None = None,
    clock: Clock = system_clock,
    progress: "Progress | None" = None,
) -> College:
    """Open a store that exists. One that an earlier release made is copied and upgraded first.

    Args:
        store: the path of a SQLite file or a PostgreSQL URL; None is the user's own store.
        actor: who is on record for what is done; None is the system's user.
        college: whose ledger to write, where a database holds several (also `?college=` in a URL).
        clock: gives the time; for tests and demonstrations.
        progress: called with how many entries are proved, of how many, while the store is upgraded.

    Raises:
        StoreError: `no_store`, `not_a_store`, `upgrade_due` when the upgrade is not this login's
            to do, `newer_store`, `unreachable`, `which_college`, ...
        BadInput: an actor's name that cannot be used.
    """
    place = os.fspath(store) if store is not None else default_place()
    opened, upgraded = _up_to_date(open_store, place, progress)
    try:
        with opened.read() as connection:
            chosen, name = _whose(connection, opened, college or college_in(place))
            erasure_is_due = rewrite_is_due(connection, chosen)
        if erasure_is_due:  # somebody's work was in its way; where it still is, later
            rewrite_if_due(opened, chosen)
        return College(Session(opened, chosen, check_actor(actor), clock), name, upgraded)
    except KitloanError:
        opened.close()
        raise


def init(
    college: str,
    store: str | os.PathLike[str] | None = None,
    *,
    name: str | None = None,
    actor: str | None = None,
    clock: Clock = system_clock,
) -> College:
    """Start a college's store, and open it. Where it was started before, nothing changes.

    Args:
        college: an id, name or former name from the reference list, or a new id; `esp` for ESP's.
        store: where to make it; None is the user's own store.
        name: what the college is called; needed for one that the list does not have.
        actor: who is on record for it.
        clock: gives the time.

    Raises:
        Refused: `another_college`, when the file is another college's.
        StoreError: `cannot_create`, `not_a_store`, ...
        BadInput: an id or name that cannot be used.
    """
    place = os.fspath(store) if store is not None else default_place()
    who, called, region = _identity(college, name)
    person = check_actor(actor)
    opened, upgraded = _up_to_date(create_store, place)
    try:
        _start(Session(opened, who, person, clock), called, region)
        with opened.read() as connection:
            _, called = _whose(connection, opened, who)  # one started before keeps its name
    except KitloanError:
        opened.close()
        raise
    return College(Session(opened, who, person, clock), called, upgraded)


def _up_to_date(
    make: Callable[[str], Store], place: str, progress: "Progress | None" = None
) -> "tuple[Store, Upgraded | None]":
    """As `kitloan.backups.upgrading.up_to_date`, which is loaded only when it has work to do."""
    try:
        return make(place), None
    except StoreError as problem:
        if problem.code != "upgrade_due":
            raise
    from kitloan.backups.upgrading import up_to_date

    return up_to_date(make, place, progress)


def _identity(college: str, name: str | None) -> tuple[str, str, str | None]:
    """The id, name and region of the college to start."""
    from kitloan.text.personal import on_record  # opening a store should not have to load it

    given = clean(college, "The college")
    if given.lower() == ESP:
        return ESP, on_record(name, "The name") if name else "Energy Skills Partnership", None
    known = find_college(given)
    if known is not None:
        return known.id, on_record(name, "The name") if name else known.name, known.region
    if not is_college_id(given):
        raise BadInput(
            "unknown_college",
            f"{given!r} is not a college of the reference list, nor can it be a new id.",
            "A new id is short, in small letters, digits and hyphens: "
            'kitloan init my-college --name "My College"',
            college=given,
        )
    import difflib  # asked of the mistyped only

    near = difflib.get_close_matches(given, [each.id for each in colleges()], n=3, cutoff=_NEARLY)
    if near and not name:
        raise BadInput(
            "unknown_college",
            f"{given!r} is not a college of the reference list, and spelt nearly like one.",
            f"Did you mean {' or '.join(near)}? A college of its own is started with its name: "
            f'kitloan init {given} --name "NAME"',
            college=given,
            near=near,
        )
    return given, on_record(name, "The name") if name else given, None


def _start(session: Session, name: str, region: str | None) -> None:
    from kitloan.exchange.file import new_signing_key
    from kitloan.ledger.facts.definitions import CollegeOpened
    from kitloan.ledger.writer import begin

    with session.store.write() as connection:
        ours = {row.college: row.own for row in connection.execute(select(head))}
        owners = [college for college, own in ours.items() if own]
        copied = ours.get(session.college) is False
        if copied or (session.college not in owners and owners and session.store.is_sqlite):
            raise Refused(
                "another_college",
                f"{session.store.name} is the store of {', '.join(owners)}"
                + (f", with a copy of {session.college}'s ledger." if copied else "."),
                "Give this college a store of its own: kitloan --store FILE init "
                f"{session.college}",
                college=owners[0],
            )
        if session.college not in owners:
            begin(connection, session.college, own=True)
    with session.writing(f"open-{session.college}") as writer:
        if not writer.earlier_facts(CollegeOpened):
            writer.append(CollegeOpened(name=name, region=region))
            new_signing_key(writer.connection, session.college)  # so that every backup has it


def _whose(connection: Connection, store: Store, wanted: str | None) -> tuple[str, str]:
    """The college whose ledger a session writes, and its name."""
    wanted = wanted or os.environ.get("KITLOAN_COLLEGE")
    # Where ESP's database sees those of others, it opens without asking their servers.
    owned = _owned(connection, head.c.college == wanted) if wanted else {}
    owned = owned or _owned(connection)
    if wanted is None and len(owned) == 1:
        (wanted,) = owned
    if wanted in owned:
        return str(wanted), owned[str(wanted)]
    if not owned:
        raise StoreError(
            "no_college",
            f"{store.name} has no college yet.",
            "Start it with `kitloan init COLLEGE`.",
        )
    raise StoreError(
        "which_college",
        f"{store.name} is the store of {', '.join(owned)}"
        + (f", not of {wanted!r}." if wanted else "."),
        "Name one: add ?college=ID to the URL, or set KITLOAN_COLLEGE.",
        colleges=list(owned),
    )


def _owned(connection: Connection, *only: ColumnElement[bool]) -> dict[str, str]:
    """The names of the colleges whose ledgers can be written in a store, by id."""
    rows = connection.execute(
        select(head.c.college, college_table.c.name)
        .join_from(head, college_table, college_table.c.college == head.c.college)
        .where(head.c.own, *only)
        .order_by(head.c.college)
    )
    return {row.college: row.name for row in rows}


def check_actor(actor: str | None) -> str:
    """Who is on record: `actor`, else the system's user.

    Raises:
        BadInput: `bad_text`.
    """
    if actor is None:
        try:
            actor = getpass.getuser()
        except (KeyError, OSError):  # a machine without a user table, or Windows without its names
            actor = "unknown"
    return clean(actor, "The name of the person at the desk", 60)
