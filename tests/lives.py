"""Whole lives of colleges, for tests that need history of every kind, and what it comes to."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import kitloan
from conftest import KIT, SetClock, write_off
from kitloan import Count, Gift, NewHolding, Refused
from kitloan.college import College
from kitloan.evidence.engagements import NewEngagement
from kitloan.evidence.evaluations import Answers
from kitloan.evidence.guides import Guide
from kitloan.holdings import kit_type_with
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.tables import Base, LedgerEntry, table
from kitloan.tables.every import REGISTER_TABLES
from kitloan.text.tags import mint
from trusting import merge

EXAMPLE = Path(__file__).parents[1] / "examples" / "registers" / "ayrshire.csv"

PERSONAL = (
    *("Moira Petrie-Findlay", "Moira", "Petrie", "bridge building with S2, ask Moira first"),
    *("the janitor, Mr Abercrombie, found the wheel", "janitor", "Abercrombie"),
    *("Iain Strachan", "Iain", "Strachan", "i.strachan@lochside.example", "01475 555 0199"),
)
"""What the lives below say of people; none of it may ever leave its college."""

_PEOPLED = """\
Kit No,Description,Qty,On loan to,Due back,Contact,Contact e-mail,Contact phone
P1,Telescope,1,Lochside Academy,14/12/2026,Iain Strachan,i.strachan@lochside.example,01475 555 0199
P2,Telescope,1,,,Iain Strachan,,
"""

Rows = list[dict[str, Any]]
OFTEN = 250
"""Entries of a kind after which the next is read by an expression (`kitloan.ledger.plain`)."""


def begin(desk: College, clock: SetClock) -> dict[str, str]:
    """A college's first weeks: types, holdings of every sort, gifts, labels; gives the tags."""
    desk.holdings.define_types([kit_type_with("STEM kit", KIT)])
    tags = {
        name: desk.holdings.add(
            NewHolding(
                "STEM kit",
                asset_number=f"K-{name}",
                location="Store 2",
                received_on=date(2024, 3, 1),
                gift=Gift(donor="RAF", funding_source="Youth & STEM", title="held_for_esp"),
            )
        ).tag
        for name in ("one", "two", "three", "four")
    }
    tags["device"] = desk.holdings.add(NewHolding("3D printer", serial="SN-77")).tag
    tags["goggles"] = desk.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    spare = mint()
    desk.holdings.labels_printed(list(tags.values()), blank=False)
    desk.holdings.labels_printed([spare, mint()], blank=True)
    desk.holdings.labels_printed([tags["one"]], blank=False)
    desk.holdings.claim_label(tags["two"], spare)
    clock.move(days=2)
    return tags


def lend(desk: College, clock: SetClock, tags: dict[str, str]) -> None:
    """Loans of kits and of stock, renewed, returned short, undone and made again."""
    today = desk.session.today
    desk.loans.check_out(
        [tags["one"]],
        "Port Glasgow High School",
        contact="Moira Petrie-Findlay",
        purpose="bridge building with S2, ask Moira first",
        due_on=today,
    )
    desk.loans.check_out([tags["two"], tags["three"]], "Lochside Academy")
    desk.actions.undo()
    desk.loans.check_out([tags["two"], tags["three"]], "Lochside Academy")
    desk.loans.check_out([tags["goggles"]], "Lochside Academy", quantity=12)
    desk.loans.check_out([tags["goggles"]], "Àrd-sgoil Mhic Neacail", quantity=10)
    clock.move(days=3, hours=5)
    desk.loans.renew(tags["one"], date(2027, 1, 15))
    desk.loans.check_in(
        [tags["two"]],
        Count(missing={"Wheel": 2, "Spanner": 1}, broken={"Panel": 1}),
        note="the janitor, Mr Abercrombie, found the wheel",
    )
    desk.loans.check_in([tags["three"]])
    desk.loans.check_in([tags["goggles"]], quantity=5, from_="Lochside Academy")
    desk.actions.undo()
    desk.loans.check_in([tags["goggles"]], quantity=4, from_="Lochside Academy")
    clock.move(days=1)


def part(desk: College) -> None:
    """Transfers sent, called off and received; something lost, something about to be withdrawn."""
    away, back, lost, old = (desk.holdings.add(NewHolding("Micro:bit set")).tag for _ in range(4))
    desk.transfers.send(away, "Borders College")
    desk.transfers.send(back, "Borders College")
    desk.transfers.call_off(back)
    desk.transfers.receive(
        mint(), "Borders College", Count(missing={"Wheel": 1}), type="STEM kit", location="Store 2"
    )
    desk.transfers.receive(away, "Borders College")
    desk.transfers.send(away, "Borders College")
    desk.holdings.report_missing(lost, "not on its shelf")
    desk.holdings.propose_withdrawal(old, "worn out")


def keep(desk: College, clock: SetClock, tags: dict[str, str]) -> None:
    """Counting, moving, amending, transfers, withdrawing, other gift terms, other contents."""
    look(desk, clock, tags)
    part(desk)
    desk.loans.count(tags["three"], Count(missing={"Facilitator manual": 1}))
    desk.loans.check_out([tags["three"]], "Gourock Primary", override="manual sent by e-mail")
    desk.loans.restock(tags["two"], "Wheel", 1)
    desk.loans.restock(tags["two"], "Panel", 1)
    desk.holdings.move(tags["two"], "Ayr, shelf B")
    desk.holdings.sight(tags["four"])
    desk.holdings.amend(tags["goggles"], quantity=32, asset_number="G-1")
    desk.holdings.amend(tags["four"], type="Micro kit", serial="SN-4")
    desk.holdings.record_gift(tags["four"], Gift(donor="IET", title="owned", value_pence=65000))
    desk.holdings.report_missing(tags["device"], "not on its shelf")
    desk.holdings.propose_withdrawal(tags["device"], "fell down the stairs")
    desk.actions.undo()
    write_off(desk, tags["device"], "fell down the stairs")
    mistake = desk.holdings.add(NewHolding("Abacus", gift=Gift(donor="A friend"))).tag
    desk.actions.undo()
    desk.holdings.add(NewHolding("Abacus", tag=mistake))
    heavier = ContentsLine(name="Wheel", quantity=16, bag="Red holdall", critical=True)
    desk.holdings.define_types([kit_type_with("STEM KIT", (*KIT[:1], heavier, *KIT[2:]))])
    lent = desk.holdings.add(NewHolding("Abacus")).tag
    desk.loans.check_out([lent], "Inverkip Primari")
    desk.directory.rename("Inverkip Primari", "Inverkip Primary")
    desk.directory.merge("Inverkip Primary", "Gourock Primary")
    clock.move(hours=20)


def plan(desk: College) -> None:
    """A calendar, policies, bookings, a refusal, who waits, inspections, a block, a notice."""
    looms = [desk.holdings.add(NewHolding("Loom")).tag for _ in range(2)]
    today = desk.session.today
    first, last = today + timedelta(days=30), today + timedelta(days=37)
    desk.calendar.set_week(range(7), range(5))
    desk.calendar.close(today + timedelta(days=60), reason="snow")
    desk.policies.set("turnaround", "2")
    desk.bookings.book("Gourock Primary", {"Loom": 2}, first, last, tags=[looms[0]])
    with pytest.raises(Refused):
        desk.bookings.book("Gourock Primary", {"Loom": 1}, first, last)
    desk.wants.add("Gourock Primary", "Loom", 1, first, last)
    event = desk.events.add("Science fair", first, place="Town House", to="Gourock Primary").id
    kiln, spare = (desk.holdings.add(NewHolding("Kiln")).tag for _ in range(2))
    desk.bookings.book("Gourock Primary", {"Kiln": 2}, today, last, event=event)
    desk.loans.pack(event, [kiln])
    desk.holdings.report_missing(spare)
    desk.packing.want_lacking(event)
    desk.events.change(event, name="Science day")
    desk.events.cancel(desk.events.add("Art fair", first).id)
    desk.inspections.set_regime("PAT", "Loom", 12)
    desk.inspections.record(looms[1], "PAT", "pass")
    desk.loans.check_out([looms[1]], "Greenock Primary", due_on=today)
    desk.notices.mark(today + timedelta(days=1))
    desk.directory.block("Greenock Primary", "a loom is lost")
    desk.guides.write("Loom", Guide(safety="Keep fingers away from the comb."))
    desk.holdings.add(NewHolding("Kazoo"))
    made = desk.offers.add("Kazoo", keep=True)
    desk.offers.change(made.offer, note="in its case")
    desk.offers.answer(made.offer, "newbattle", 1)
    desk.offers.claim("newbattle:O1")
    desk.asks.withdraw(desk.asks.add("newbattle", "Drum", 1, first, first).ask)
    desk.asks.answer("newbattle:A1", 0, "all are out")
    desk.exchange.set_place("55.95,-4.76")


def use(desk: College) -> None:
    """A school on the list of schools, and what a kit did there."""
    desk.schools.link("Greenock Primary", "X-1")
    desk.partners.describe("Greenock Primary", kind="school", referred_by="DYW", partnership="WES")
    new = NewEngagement(
        on=desk.session.today, organisation="Greenock Primary", learners={"p5-p7": 27}, girls=14
    )
    made = desk.engagements.record(new).engagement.id
    desk.evaluations.add(made, Answers(enjoyed=5))


def share(desk: College) -> None:
    """An offer to the other colleges, and its answer; a claim of another's; asks; a place."""
    desk.holdings.add(NewHolding("Lathe"))
    offer = desk.offers.add("Lathe", keep=True).offer
    desk.offers.change(offer, note="in its box")
    desk.offers.answer(offer, "borders", 1)
    desk.offers.claim("borders:O1")
    day = desk.session.today
    desk.asks.withdraw(desk.asks.add("borders", "Lathe", 1, day, day).ask)
    desk.asks.answer("borders:A1", 0, "all are out")
    desk.exchange.set_place("55.95,-4.76")


def look(desk: College, clock: SetClock, tags: dict[str, str]) -> None:
    """A stocktake at two desks: seen, seen elsewhere, on loan, unknown, closed, and late."""
    which = desk.stocktakes.open("Autumn").id
    clock.move(minutes=10)
    desk.stocktakes.join(which, "Laptop 2")
    desk.stocktakes.scan(which, tags["two"], place="Canteen")
    desk.stocktakes.scan(which, "5012345678900")
    desk.stocktakes.confirm(which, tags["one"])
    desk.stocktakes.close(which, without=["Laptop 2"])
    clock.move(minutes=10)
    desk.stocktakes.scan(which, tags["four"], desk="Laptop 2")
    desk.stocktakes.hand_in(which, "Laptop 2")


def hear_of_esp(desk: College, clock: SetClock, folder: Path) -> None:
    """ESP's ledger, as it came to the college: a gift, what came of it, and a challenge."""
    tag = desk.holdings.tags()[0]
    file = folder / f"{desk.session.college}.to-esp"
    with kitloan.init("esp", folder / "esp.sqlite", actor="esp", clock=clock) as esp:
        desk.exchange.export(file)
        merge(esp, [file])
        esp.national.define_programme("youth", "Youth & STEM")
        terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=9, programme="youth")
        esp.national.agree_gift("raf-2026", terms)
        esp.national.deliver("raf-2026", 5)
        esp.national.allocate("raf-2026", desk.session.college, 4)
        esp.national.challenge(desk.session.college, tags=[tag], answer_by=esp.session.today)
        esp.exchange.export(folder / "esp.kitloan")
    merge(desk, [folder / "esp.kitloan"])


def read_register(desk: College, path: Path = EXAMPLE) -> None:
    """What a college's spreadsheet holds, without the rows that cannot be taken."""
    assert desk.registers.take_in(path, skip_problems=True).added


def read_people(desk: College, folder: Path) -> None:
    """A register that names people: who has a kit, and whom to ask about another."""
    path = folder / "peopled.csv"
    path.write_text(_PEOPLED, encoding="utf-8")
    assert desk.registers.take_in(path).loans == 1


def long_life(desk: College, clock: SetClock, folder: Path) -> dict[str, str]:
    """Every verb there is, so that no table of the register is empty; gives the tags."""
    tags = begin(desk, clock)
    lend(desk, clock, tags)
    read_people(desk, folder)
    keep(desk, clock, tags)
    plan(desk)
    use(desk)
    share(desk)
    return tags


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """The URL of an empty database, which goes when the block ends."""
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    name = f"t{secrets.token_hex(6)}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} STRATEGY FILE_COPY")
    yield url.set(drivername="postgresql", database=name).render_as_string(False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


def rows_of(opened: College, tables: Iterable[sa.Table]) -> dict[str, Rows]:
    """Every row of these tables, in an order that no database has a say in."""
    with opened.session.reading() as connection:
        return {
            each.name: sorted(
                (dict(row._mapping) for row in connection.execute(sa.select(each))),
                key=lambda row: json.dumps(row, sort_keys=True),
            )
            for each in tables
        }


def register_of(opened: College) -> dict[str, Rows]:
    """What is true now in a store, and the entries that say so."""
    return rows_of(opened, (*REGISTER_TABLES, table(LedgerEntry)))


def everything_in(opened: College) -> dict[str, Rows]:
    """Every row of every table of a store."""
    return rows_of(opened, Base.metadata.sorted_tables)


def audit_text(opened: College, as_at: date | None = None) -> str:
    """The audit as `--json` would print it; of an earlier day as it was known on that day."""
    known_on = None if as_at is None else min(as_at, opened.session.today)
    found = opened.audit.audit(as_at, known_on=known_on)
    return json.dumps(found.as_json(), ensure_ascii=False, indent=2)


def shared_figures(opened: College, as_at: date | None = None) -> str:
    """The audit, but for what is of the store itself: who asks, and whom it has no file of."""
    found: dict[str, Any] = json.loads(audit_text(opened, as_at))
    del found["tables"]["freshness"], found["proof"]
    for of, name in ((found, "by_region"), (found, "by_college")):
        of[name] = [each for each in of[name] if each["holdings"]]
    for name, held in (
        ("regions", "holdings"),
        ("colleges", "holdings"),
        ("reach_by_region", "kits"),
    ):
        rows = found["tables"][name]
        found["tables"][name] = [each for each in rows if each[held]]
    return json.dumps(found, ensure_ascii=False, indent=2)


@contextmanager
def unguarded(connection: sa.Connection) -> Iterator[None]:
    """A block in which nothing keeps a SQLite ledger from being changed; its owner can do so."""
    guards = []
    if connection.dialect.name == "sqlite":
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        guards = connection.exec_driver_sql(made).all()
    for name, _ in guards:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, guard in guards:
        connection.exec_driver_sql(guard)


def bytes_of(opened: College) -> bytes:
    """The file of a store; nothing where there is none."""
    return Path(opened.session.store.name).read_bytes() if opened.session.store.is_sqlite else b""


def canonical(said: dict[str, Any]) -> str:
    """An entry's body as it is sealed."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(line: str) -> str:
    """What seals a line."""
    return hashlib.sha256(line.encode()).hexdigest()
