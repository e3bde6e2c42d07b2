"""Every verb that takes an `id`, with what is said, and other words that are as good."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from conftest import KIT
from kitloan import Count, Gift, NewHolding
from kitloan.college import College
from kitloan.evidence.engagements import EngagementChange, NewEngagement
from kitloan.evidence.evaluations import Answers
from kitloan.evidence.guides import Guide
from kitloan.holdings import Holdings, kit_type_with
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.text.tags import mint

Say = Callable[[str], Any]
Row = tuple[Say, Say]
"""What is said, and other words of the same verb that are as good; both take the request's id."""

DUE = date(2026, 12, 18)
SCHOOL = "Lochside Academy"


@dataclass
class Desk:
    """Fife's store with what a row of the table needs, and ESP's."""

    fife: College
    esp: College
    folder: Path
    tags: list[str]

    def __post_init__(self) -> None:
        self._row = 0

    def kit(self, type: str = "STEM kit", quantity: int = 1) -> str:  # noqa: A002
        """The asset number of a holding that no other row has."""
        self._row += 1
        new = NewHolding(type, quantity=quantity, asset_number=f"N{self._row}", location="Store")
        self.tags.append(self.fife.holdings.add(new).tag)
        return f"N{self._row}"

    def out(self, *to: str) -> str:
        """As `kit`, on loan: a stock when several have some of it."""
        number = self.kit("Goggles", 30) if len(to) > 1 else self.kit()
        for name in to:
            self.fife.loans.check_out([number], name, quantity=5 if len(to) > 1 else 1)
        return number

    def short(self) -> str:
        """As `kit`, with two wheels missing and a panel broken."""
        number = self.kit()
        self.fife.loans.count(number, Count(missing={"Wheel": 2}, broken={"Panel": 1}))
        return number

    def stocktake(self) -> str:
        """The id of a stocktake that a desk has joined."""
        opened = self.fife.stocktakes.open(f"Count {self.kit()}").id
        self.fife.stocktakes.join(opened, "desk 9")
        return opened

    def scans(self, *codes: str) -> Path:
        """A file of scans."""
        self._row += 1
        path = self.folder / f"scans{self._row}.csv"
        path.write_text("\n".join(codes), encoding="utf-8")
        return path


def at_the_counter(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of what is said at a desk."""
    loans, actions = w.fife.loans, w.fife.actions
    a, b = w.kit(), w.kit()
    yield (
        "loans.check_out",
        (
            lambda key: loans.check_out([a, b], f"{SCHOOL}s", contact="A. Bell", request_id=key),
            lambda key: loans.check_out([a], f"{SCHOOL}s", contact="A. Bell", request_id=key),
        ),
    )
    c = w.out("A School", "B School")
    yield (
        "loans.check_in",
        (
            lambda key: loans.check_in([c], quantity=2, from_="A School", request_id=key),
            lambda key: loans.check_in([c], quantity=2, from_="B School", request_id=key),
        ),
    )
    d = w.out(SCHOOL)
    yield (
        "loans.check_in with a count",
        (
            lambda key: loans.check_in(
                [d], Count(missing={"Wheel": 5}), note="in a bag", request_id=key
            ),
            lambda key: loans.check_in([d], Count(whole=True), request_id=key),
        ),
    )
    e = w.out("A School", "B School")
    yield (
        "loans.renew",
        (
            lambda key: loans.renew(e, DUE, from_="B School", request_id=key),
            lambda key: loans.renew(e, DUE, from_="A School", request_id=key),
        ),
    )
    f = w.out("A School", "B School")
    both = [(f, DUE, "A School"), (f, DUE, "B School")]
    yield (
        "loans.renew_together",
        (
            lambda key: loans.renew_together(both, request_id=key),
            lambda key: loans.renew_together(both[:1], request_id=key),
        ),
    )
    wrong, stock = w.out(SCHOOL), w.out("A School", "B School")
    yield (
        "loans.correct",
        (
            lambda key: loans.correct(
                wrong, to="C School", contact="Pat Ex", due_on=DUE, request_id=key
            ),
            lambda key: loans.correct(wrong, to="A School", request_id=key),
        ),
    )
    yield (
        "loans.pass_on",
        (
            lambda key: loans.pass_on(wrong, "D School", request_id=key),
            lambda key: loans.pass_on(wrong, "A School", request_id=key),
        ),
    )
    yield (
        "loans.check_in of what is used up",
        (
            lambda key: loans.check_in(
                stock, quantity=1, used=1, lost=2, from_="A School", request_id=key
            ),
            lambda key: loans.check_in(
                stock, quantity=1, used=2, lost=1, from_="A School", request_id=key
            ),
        ),
    )
    g = w.short()
    yield (
        "loans.count",
        (
            lambda key: loans.count(g, Count(missing={"wheels": 3}), request_id=key),
            lambda key: loans.count(g, Count(whole=True), request_id=key),
        ),
    )
    h = w.short()
    yield (
        "loans.restock",
        (
            lambda key: loans.restock(h, "Wheel", 1, request_id=key),
            lambda key: loans.restock(h, "Panel", 1, request_id=key),
        ),
    )
    yield (
        "actions.undo",
        (
            lambda key: actions.undo(request_id=key),
            lambda key: loans.restock(h, "Wheel", 1, request_id=key),
        ),
    )
    yield (
        "actions.redo",
        (
            lambda key: actions.redo(request_id=key),
            lambda key: loans.restock(h, "Wheel", 1, request_id=key),
        ),
    )
    late = w.kit()
    day = w.fife.session.today
    w.fife.session.clock.move(days=2)  # type: ignore[attr-defined]  # a test sets it
    yield (
        "loans.check_out of an earlier day",
        (
            lambda key: loans.check_out([late], SCHOOL, on=day, request_id=key),
            lambda key: loans.check_out([late], SCHOOL, request_id=key),
        ),
    )
    yield (
        "loans.check_in of an earlier day",
        (
            lambda key: loans.check_in([late], Count(whole=True), on=day, request_id=key),
            lambda key: loans.check_in([late], Count(whole=True), request_id=key),
        ),
    )


def on_the_register(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of what is held."""
    keep, fife = w.fife.holdings, w.fife
    second = Holdings(replace(fife.session, actor="j.kerr"))
    new = NewHolding("Microscope", serial="s1", gift=Gift(donor="RAF"))
    yield (
        "holdings.add",
        (
            lambda key: keep.add(new, request_id=key),
            lambda key: keep.add(replace(new, serial="s2"), request_id=key),
        ),
    )
    a, b, c, d = w.kit(), w.kit(), w.kit(), w.kit()
    yield (
        "holdings.amend",
        (
            lambda key: keep.amend(a, asset_number="FC2", request_id=key),
            lambda key: keep.amend(a, asset_number="FC2", serial="s", request_id=key),
        ),
    )
    yield (
        "holdings.record_gift",
        (
            lambda key: keep.record_gift(b, Gift(donor="RAF"), request_id=key),
            lambda key: keep.record_gift(b, Gift(donor="RN"), request_id=key),
        ),
    )
    yield (
        "holdings.move",
        (
            lambda key: keep.move(c, "Shelf 1", request_id=key),
            lambda key: keep.move(c, "Shelf 2", request_id=key),
        ),
    )
    yield (
        "holdings.sight",
        (lambda key: keep.sight(d, request_id=key), lambda key: keep.sight(b, request_id=key)),
    )
    m = w.out(SCHOOL)
    yield (
        "holdings.report_missing",
        (
            lambda key: keep.report_missing(m, "stolen", request_id=key),
            lambda key: keep.report_missing(m, "lost", request_id=key),
        ),
    )
    n = w.kit()
    keep.report_missing(n)
    yield (
        "holdings.found",
        (lambda key: keep.found(n, request_id=key), lambda key: keep.found(m, request_id=key)),
    )
    p, q = w.kit(), w.kit()
    yield (
        "holdings.propose_withdrawal",
        (
            lambda key: keep.propose_withdrawal(
                p, "worn", donor_agreement="letter", request_id=key
            ),
            lambda key: keep.propose_withdrawal(
                p, "worn", donor_agreement="e-mail", request_id=key
            ),
        ),
    )
    keep.propose_withdrawal(q, "worn")
    yield (
        "holdings.withdraw",
        (
            lambda key: second.withdraw(q, request_id=key),
            lambda key: second.withdraw(p, request_id=key),
        ),
    )
    r, s = w.kit(), w.kit("Goggles", 30)
    yield (
        "holdings.put_in_repair",
        (
            lambda key: keep.put_in_repair(r, "worn", request_id=key),
            lambda key: keep.put_in_repair(r, "burnt", request_id=key),
        ),
    )
    yield (
        "holdings.repaired",
        (
            lambda key: keep.repaired(r, note="new motor", request_id=key),
            lambda key: keep.repaired(n, request_id=key),
        ),
    )
    yield (
        "holdings.split",
        (
            lambda key: keep.split(s, 12, location="Lab", request_id=key),
            lambda key: keep.split(s, 11, location="Lab", request_id=key),
        ),
    )
    yield (
        "holdings.propose_reinstatement",
        (
            lambda key: keep.propose_reinstatement(q, "here", request_id=key),
            lambda key: keep.propose_reinstatement(q, "there", request_id=key),
        ),
    )
    yield (
        "holdings.reinstate",
        (
            lambda key: second.reinstate(q, request_id=key),
            lambda key: second.reinstate(p, request_id=key),
        ),
    )
    one, two = mint(), mint()
    yield (
        "holdings.claim_label",
        (
            lambda key: keep.claim_label(d, one, request_id=key),
            lambda key: keep.claim_label(d, two, request_id=key),
        ),
    )
    wrong_label = mint()
    for each in (d, c):
        keep.claim_label(each, mint())
    keep.claim_label(d, wrong_label)
    yield (
        "holdings.claim_label that moves",
        (
            lambda key: keep.claim_label(c, wrong_label, move=True, request_id=key),
            lambda key: keep.claim_label(d, wrong_label, move=True, request_id=key),
        ),
    )
    yield (
        "holdings.free_label",
        (
            lambda key: keep.free_label(wrong_label, request_id=key),
            lambda key: keep.free_label(one, request_id=key),
        ),
    )
    yield (
        "holdings.add_several",
        (
            lambda key: keep.add_several(NewHolding("Kite", asset_number="KT1"), 3, request_id=key),
            lambda key: keep.add_several(NewHolding("Kite", asset_number="KT1"), 2, request_id=key),
        ),
    )
    for kind in ("Yacht", "Yawl", "Yurt"):
        keep.add(NewHolding(kind))
    yield (
        "holdings.rename_type",
        (
            lambda key: keep.rename_type("Yacht", "Boat", request_id=key),
            lambda key: keep.rename_type("Yacht", "Ship", request_id=key),
        ),
    )
    yield (
        "holdings.merge_types",
        (
            lambda key: keep.merge_types("Yawl", "Yacht", request_id=key),
            lambda key: keep.merge_types("Yurt", "Yacht", request_id=key),
        ),
    )
    bare = kit_type_with("Rocket", ())
    yield (
        "holdings.define_types",
        (
            lambda key: keep.define_types([bare, kit_type_with("Glider", KIT)], request_id=key),
            lambda key: keep.define_types([bare], request_id=key),
        ),
    )
    yield (
        "holdings.labels_printed",
        (
            lambda key: keep.labels_printed([one, two], blank=True, stock="l7160", request_id=key),
            lambda key: keep.labels_printed([one, two], blank=True, stock="l7161", request_id=key),
        ),
    )


def inspected(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of inspections and blocks."""
    fife = w.fife
    checks, loans, directory = fife.inspections, fife.loans, fife.directory
    a, b = w.kit("Soldering iron"), w.kit("Soldering iron")
    yield (
        "inspections.set_regime",
        (
            lambda key: checks.set_regime("PAT", "soldering iron", 6, request_id=key),
            lambda key: checks.set_regime("PAT", "soldering iron", 7, request_id=key),
        ),
    )
    yield (
        "inspections.record",
        (
            lambda key: checks.record(a, "pat", "pass", note="by the electrician", request_id=key),
            lambda key: checks.record(a, "pat", "fail", request_id=key),
        ),
    )
    yield (
        "loans.check_out of what is due",
        (
            lambda key: loans.check_out([b], SCHOOL, override="no time", request_id=key),
            lambda key: loans.check_out([b], SCHOOL, override="no money", request_id=key),
        ),
    )
    notices = fife.notices
    w.out(SCHOOL)
    ahead = DUE + timedelta(days=400)
    yield (
        "notices.mark",
        (
            lambda key: notices.mark(ahead, channel="letter", request_id=key),
            lambda key: notices.mark(ahead, channel="e-mail", request_id=key),
        ),
    )
    checks.set_regime("PAT", "soldering iron", 3, gate=False)
    yield (
        "inspections.end_regime",
        (
            lambda key: checks.end_regime("PAT", "soldering iron", request_id=key),
            lambda key: checks.end_regime("PAT", "STEM kit", request_id=key),
        ),
    )
    yield (
        "directory.block",
        (
            lambda key: directory.block(SCHOOL, "a kit is lost", until=DUE, request_id=key),
            lambda key: directory.block(SCHOOL, "two kits are lost", until=DUE, request_id=key),
        ),
    )
    yield (
        "directory.unblock",
        (
            lambda key: directory.unblock(SCHOOL, request_id=key),
            lambda key: directory.block(SCHOOL, "a kit is lost", request_id=key),
        ),
    )


def of_borrowers(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of names that are corrected."""
    schools = ("Old Rayne School", "Insch School", "Oyne School", "Keig School")
    for each in schools:
        w.out(each)
    directory = w.fife.directory
    yield (
        "directory.rename",
        (
            lambda key: directory.rename(schools[0], "Rayne North School", request_id=key),
            lambda key: directory.rename(schools[0], "Rayne South School", request_id=key),
        ),
    )
    yield (
        "directory.merge",
        (
            lambda key: directory.merge(schools[0], schools[1], request_id=key),
            lambda key: directory.merge(schools[2], schools[1], request_id=key),
        ),
    )
    yield (
        "directory.close",
        (
            lambda key: directory.close(schools[2], request_id=key),
            lambda key: directory.close(schools[3], request_id=key),
        ),
    )


def in_the_plan(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of the calendar, the policies, bookings and wants."""
    calendar, book, wants = w.fife.calendar, w.fife.bookings, w.fife.wants
    policies = w.fife.policies
    shut, until = date(2027, 3, 1), date(2027, 3, 5)
    yield (
        "calendar.set_week",
        (
            lambda key: calendar.set_week(range(7), range(5), request_id=key),
            lambda key: calendar.set_week(range(7), range(6), request_id=key),
        ),
    )
    yield (
        "calendar.close",
        (
            lambda key: calendar.close(shut, until, reason="snow", request_id=key),
            lambda key: calendar.close(shut, shut, reason="snow", request_id=key),
        ),
    )
    yield (
        "calendar.close_days",
        (
            lambda key: calendar.close_days([(shut, "ice")], request_id=key),
            lambda key: calendar.close_days([(until, "ice")], request_id=key),
        ),
    )
    yield (
        "calendar.open",
        (
            lambda key: calendar.open(shut, reason="sale", request_id=key),
            lambda key: calendar.open(until, reason="sale", request_id=key),
        ),
    )
    yield (
        "policies.set",
        (
            lambda key: policies.set("grace", "2", request_id=key),
            lambda key: policies.set("grace", "3", request_id=key),
        ),
    )
    w.kit("Loom")
    made = book.book(SCHOOL, {"Loom": 1}, date(2027, 5, 3), date(2027, 5, 7))[0].id
    first, last = date(2027, 4, 5), date(2027, 4, 9)
    yield (
        "bookings.book",
        (
            lambda key: book.book("B School", {"Loom": 1}, first, last, request_id=key),
            lambda key: book.book("B School", {"Loom": 1}, first, first, request_id=key),
        ),
    )
    yield (
        "bookings.change",
        (
            lambda key: book.change(made, return_by=date(2027, 5, 10), request_id=key),
            lambda key: book.change(made, return_by=date(2027, 5, 11), request_id=key),
        ),
    )
    gone = book.book(SCHOOL, {"Loom": 1}, date(2027, 6, 1), date(2027, 6, 2))[0].id
    yield (
        "bookings.cancel",
        (
            lambda key: book.cancel(gone, request_id=key),
            lambda key: book.cancel(made, request_id=key),
        ),
    )
    yield from _for_events(w)
    wanted = wants.add(SCHOOL, "Loom", 1, first, last).id
    other = wants.add(SCHOOL, "Loom", 2, first, last).id
    yield (
        "wants.add",
        (
            lambda key: wants.add("C School", "Loom", 1, first, last, days=2, request_id=key),
            lambda key: wants.add("C School", "Loom", 1, first, last, days=3, request_id=key),
        ),
    )
    yield (
        "wants.close",
        (
            lambda key: wants.close(wanted, request_id=key),
            lambda key: wants.close(other, request_id=key),
        ),
    )


def _for_events(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of events and of packing for them."""
    events, packing, book = w.fife.events, w.fife.packing, w.fife.bookings
    day = date(2027, 2, 10)
    yield (
        "events.add",
        (
            lambda key: events.add("Fair", day, place="Hall", request_id=key),
            lambda key: events.add("Fair", day, place="Shed", request_id=key),
        ),
    )
    one, two, three, four = (events.add(f"Fair {n}", day).id for n in range(4))
    yield (
        "events.change",
        (
            lambda key: events.change(one, name="Science fair", request_id=key),
            lambda key: events.change(one, name="Art fair", request_id=key),
        ),
    )
    yield (
        "events.cancel",
        (
            lambda key: events.cancel(two, request_id=key),
            lambda key: events.cancel(one, request_id=key),
        ),
    )
    first, second, gone = w.kit("Kiln"), w.kit("Kiln"), w.kit("Forge")
    today = w.fife.session.today
    book.book("A School", {"Kiln": 1}, today, day, event=three)
    book.book("B School", {"Kiln": 1}, today, day, event=three)
    book.book("A School", {"Forge": 1}, today, day, event=four)
    w.fife.holdings.report_missing(gone)
    yield (
        "packing.want_lacking",
        (
            lambda key: packing.want_lacking(four, request_id=key),
            lambda key: packing.want_lacking(three, request_id=key),
        ),
    )
    yield (
        "loans.pack",
        (
            lambda key: w.fife.loans.pack(three, [first, second], request_id=key),
            lambda key: w.fife.loans.pack(three, [first], request_id=key),
        ),
    )
    yield (
        "loans.unpack",
        (
            lambda key: w.fife.loans.unpack(three, [first], request_id=key),
            lambda key: w.fife.loans.unpack(three, [second], request_id=key),
        ),
    )


def between_colleges(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of transfers, offers, claims and guides."""
    move = w.fife.transfers
    a, b, back = w.kit(), w.kit(), mint()
    yield (
        "transfers.send",
        (
            lambda key: move.send(a, "ayrshire", Count(missing={"Wheel": 2}), request_id=key),
            lambda key: move.send(a, "ayrshire", request_id=key),
        ),
    )
    move.send(b, "ayrshire")
    yield (
        "transfers.call_off",
        (
            lambda key: move.call_off(b, request_id=key),
            lambda key: move.call_off(a, request_id=key),
        ),
    )
    count = Count(broken={"Panel": 1})
    given: dict[str, Any] = {"type": "STEM kit", "asset_number": "R1"}
    w.tags.append(back)
    yield (
        "transfers.receive",
        (
            lambda key: move.receive(back, "ayrshire", count, **given, request_id=key),
            lambda key: move.receive(back, "ayrshire", Count(whole=True), **given, request_id=key),
        ),
    )
    share = w.fife.offers
    w.kit("Kaleidoscope"), w.kit("Kaleidoscope")
    yield (
        "offers.add",
        (
            lambda key: share.add("Kaleidoscope", keep=True, request_id=key),
            lambda key: share.add("Kaleidoscope", 2, keep=True, request_id=key),
        ),
    )
    guides = w.fife.guides
    yield (
        "guides.write",
        (
            lambda key: guides.write("Kaleidoscope", Guide(level="P1"), request_id=key),
            lambda key: guides.write("Kaleidoscope", Guide(level="P2"), request_id=key),
        ),
    )
    made = share.add("Kaleidoscope", keep=True).offer
    other = share.add("STEM kit", keep=True).offer
    yield (
        "offers.answer",
        (
            lambda key: share.answer(made, "ayrshire", 1, request_id=key),
            lambda key: share.answer(made, "ayrshire", 0, request_id=key),
        ),
    )
    changed = share.add("STEM kit", keep=True).offer
    yield (
        "offers.change",
        (
            lambda key: share.change(changed, note="in its box", request_id=key),
            lambda key: share.change(changed, note="without a box", request_id=key),
        ),
    )
    yield (
        "offers.close",
        (
            lambda key: share.close(made, request_id=key),
            lambda key: share.close(other, request_id=key),
        ),
    )
    yield (
        "offers.claim",
        (
            lambda key: share.claim("ayrshire:O7", request_id=key),
            lambda key: share.claim("ayrshire:O7", 2, request_id=key),
        ),
    )
    share.claim("ayrshire:O8")
    yield (
        "offers.withdraw_claim",
        (
            lambda key: share.withdraw_claim("ayrshire:O7", request_id=key),
            lambda key: share.withdraw_claim("ayrshire:O8", request_id=key),
        ),
    )
    asks, march, april = w.fife.asks, date(2027, 3, 1), date(2027, 4, 1)
    yield (
        "asks.add",
        (
            lambda key: asks.add("ayrshire", "Rover", 2, march, april, request_id=key),
            lambda key: asks.add("ayrshire", "Rover", 1, march, april, request_id=key),
        ),
    )
    one = asks.add("ayrshire", "Drone", 1, march, april).ask
    two = asks.add("ayrshire", "Glider", 1, march, april).ask
    yield (
        "asks.withdraw",
        (
            lambda key: asks.withdraw(one, request_id=key),
            lambda key: asks.withdraw(two, request_id=key),
        ),
    )
    yield (
        "asks.answer",
        (
            lambda key: asks.answer("ayrshire:A1", 1, request_id=key),
            lambda key: asks.answer("ayrshire:A1", 0, "all are out", request_id=key),
        ),
    )
    yield (
        "exchange.set_place",
        (
            lambda key: w.fife.exchange.set_place("56.2,-3.2", request_id=key),
            lambda key: w.fife.exchange.set_place("56.3,-3.2", request_id=key),
        ),
    )


def at_a_stocktake(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of stocktakes."""
    take = w.fife.stocktakes
    yield (
        "stocktakes.open",
        (
            lambda key: take.open("Spring", place="Store", request_id=key),
            lambda key: take.open("Spring", sample=3, request_id=key),
        ),
    )
    number, lent = w.kit(), w.out(SCHOOL)
    which = w.stocktake()
    yield (
        "stocktakes.scan",
        (
            lambda key: take.scan(which, number, place="Lab", request_id=key),
            lambda key: take.scan(which, number, place="Attic", request_id=key),
        ),
    )
    goggles = w.kit("Goggles", 30)
    yield (
        "stocktakes.scan with a quantity",
        (
            lambda key: take.scan(which, goggles, quantity=7, request_id=key),
            lambda key: take.scan(which, goggles, quantity=8, request_id=key),
        ),
    )
    take.scan(which, "what is this")
    file, other = w.scans(lent, "unknown thing"), w.scans(lent, "another thing")
    yield (
        "stocktakes.read_scans",
        (
            lambda key: take.read_scans(which, file, "gun", request_id=key),
            lambda key: take.read_scans(which, other, "gun", request_id=key),
        ),
    )
    yield (
        "stocktakes.confirm",
        (
            lambda key: take.confirm(which, lent, request_id=key),
            lambda key: take.confirm(which, number, request_id=key),
        ),
    )
    yield (
        "stocktakes.join",
        (
            lambda key: take.join(which, "desk 1", request_id=key),
            lambda key: take.join(which, "2", request_id=key),
        ),
    )
    yield (
        "stocktakes.hand_in",
        (
            lambda key: take.hand_in(which, "desk 1", request_id=key),
            lambda key: take.hand_in(which, "desk 9", request_id=key),
        ),
    )
    yield (
        "stocktakes.close",
        (
            lambda key: take.close(which, without=["desk 9"], request_id=key),
            lambda key: take.close(which, request_id=key),
        ),
    )


def in_scotland(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of ESP's own ledger."""
    national = w.esp.national
    terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=20)
    yield (
        "national.define_programme",
        (
            lambda key: national.define_programme("P1", "Energy", request_id=key),
            lambda key: national.define_programme("P1", "Air", request_id=key),
        ),
    )
    yield (
        "national.agree_gift",
        (
            lambda key: national.agree_gift("raf-1", terms, request_id=key),
            lambda key: national.agree_gift("raf-1", replace(terms, title="owned"), request_id=key),
        ),
    )
    yield (
        "national.deliver",
        (
            lambda key: national.deliver("raf-1", 5, request_id=key),
            lambda key: national.deliver("raf-1", 5, date(2026, 11, 1), request_id=key),
        ),
    )
    yield (
        "national.allocate",
        (
            lambda key: national.allocate("raf-1", "fife", 7, request_id=key),
            lambda key: national.allocate("raf-1", "fife", 7, allocation="a9", request_id=key),
        ),
    )
    yield (
        "national.change_gift",
        (
            lambda key: national.change_gift("raf-1", tranche="2", request_id=key),
            lambda key: national.change_gift("raf-1", tranche="3", request_id=key),
        ),
    )
    yield (
        "national.correct_delivery",
        (
            lambda key: national.correct_delivery("raf-1", 4, request_id=key),
            lambda key: national.correct_delivery("raf-1", 3, request_id=key),
        ),
    )
    yield (
        "national.name_donor",
        (
            lambda key: national.name_donor("Royal Air Force", "RAF", request_id=key),
            lambda key: national.name_donor("Royal Air Force", "RN", request_id=key),
        ),
    )
    yield (
        "national.merge_college",
        (
            lambda key: national.merge_college("uhi-orkney", "uhi-nwh", request_id=key),
            lambda key: national.merge_college("uhi-orkney", "uhi-moray", request_id=key),
        ),
    )
    yield (
        "national.accept_finding",
        (
            lambda key: national.accept_finding(
                "stale_data", "fife", None, "f", "seen", request_id=key
            ),
            lambda key: national.accept_finding(
                "stale_data", "fife", None, "f", "read", request_id=key
            ),
        ),
    )
    yield (
        "national.challenge",
        (
            lambda key: national.challenge("fife", sample=3, answer_by=DUE, request_id=key),
            lambda key: national.challenge("fife", sample=4, answer_by=DUE, request_id=key),
        ),
    )


def of_evidence(w: Desk) -> Iterator[tuple[str, Row]]:
    """The rows of what kits were used for."""
    fife, used = w.fife, w.fife.engagements
    day = fife.session.today
    yield (
        "schools.link",
        (
            lambda key: fife.schools.link("Hillend High School", "X-1", request_id=key),
            lambda key: fife.schools.link("Hillend High School", "X-2", request_id=key),
        ),
    )
    describe = fife.partners.describe
    yield (
        "partners.describe",
        (
            lambda key: describe("Hillend High School", kind="school", request_id=key),
            lambda key: describe("Hillend High School", kind="college", request_id=key),
        ),
    )
    a, b = w.out(SCHOOL), w.out(SCHOOL)
    new = NewEngagement(on=day, tag=a, learners={"p5-p7": 27}, girls=14)
    yield (
        "engagements.record",
        (
            lambda key: used.record(new, request_id=key),
            lambda key: used.record(replace(new, girls=13), request_id=key),
        ),
    )
    which = used.record(NewEngagement(on=day, tag=b)).engagement.id
    other = used.record(NewEngagement(on=day, tag=b, learners={"adult": 9})).engagement.id
    yield (
        "engagements.correct",
        (
            lambda key: used.correct(which, EngagementChange(staff=2), request_id=key),
            lambda key: used.correct(which, EngagementChange(staff=3), request_id=key),
        ),
    )
    yield (
        "evaluations.add",
        (
            lambda key: fife.evaluations.add(
                which, Answers(enjoyed=5), quote="The class loved it", request_id=key
            ),
            lambda key: fife.evaluations.add(which, Answers(enjoyed=4), request_id=key),
        ),
    )
    yield (
        "engagements.withdraw",
        (
            lambda key: used.withdraw(other, request_id=key),
            lambda key: used.withdraw(which, request_id=key),
        ),
    )
    c = fife.loans.check_out([w.kit()], SCHOOL)[0].id
    form = f"KLEVAL1;loan={c};used=y;p57=27;enj=5"
    yield (
        "evaluations.read",
        (
            lambda key: fife.evaluations.read(form, request_id=key),
            lambda key: fife.evaluations.read(form.replace("p57=27", "p57=26"), request_id=key),
        ),
    )


TABLE = (
    at_the_counter,
    on_the_register,
    inspected,
    of_borrowers,
    in_the_plan,
    between_colleges,
    at_a_stocktake,
    in_scotland,
    of_evidence,
)
