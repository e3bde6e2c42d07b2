"""Two years of nine colleges and ESP: everything goes wrong once that went wrong in the field.

Each knot is one of a trial of two years: a school that borrows in both halves of a year, a tag
that two colleges hold, a backup of February restored in November, a gift with too much taken in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import kitloan
from audit.scotland import Scotland
from conftest import SetClock, write_off
from kitloan import Count, Gift, NewHolding
from kitloan.audit import Audit
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.national.gifts import GiftTermsAgreed
from trusting import merge

RAF = "Royal Air Force"
ONE, TWO = "raf-t1", "raf-t2"
FIRST = datetime(2024, 9, 2, 9, tzinfo=UTC)
LAST = date(2026, 11, 27)

HELD = {"fife": 12, "edinburgh": 6, "glasgowclyde": 4, "dumgal": 5, "uhi-nwh": 9, "uhi-orkney": 3}
"""Kits of the first tranche that each college takes in at first."""


@dataclass
class Story:
    """What happened, and the tags of those it happened to."""

    scotland: Scotland
    tags: dict[str, list[str]] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    @property
    def clock(self) -> SetClock:
        """Everybody's clock."""
        return self.scotland.clock

    def until(self, *when: int) -> None:
        """Go on to a morning."""
        self.clock.now = datetime(*when, 9, tzinfo=UTC)  # type: ignore[arg-type, misc]  # a day

    def lend(self, college: str, tag: str, school: str, days: int, count: Count | None) -> None:
        """A loan that comes back."""
        loans = self.scotland[college].loans
        loans.check_out([tag], school)
        self.clock.move(days=days)
        loans.check_in([tag], count)

    def move(self, tag: str, giver: str, taker: str) -> None:
        """From one college to the next, which is not given the terms."""
        self.scotland[giver].transfers.send(tag, taker)
        self.clock.move(days=2)
        self.scotland[taker].transfers.receive(tag, giver, Count(whole=True), type="STEM kit")

    def audit(self) -> Audit:
        """What ESP finds at the end."""
        return self.scotland.esp.audit.audit()


def play(scotland: Scotland, folder: Path) -> Story:
    """The two years, up to the day of the report."""
    story = Story(scotland)
    for chapter in (_gifts, _first_year, _moves, _second_year, _restored, _at_last):
        chapter(story, folder)
    return story


def _gifts(story: Story, _folder: Path) -> None:
    """Two tranches; the second is agreed again to change one term alone."""
    scotland = story.scotland
    story.until(2024, 9, 2)
    national = scotland.esp.national
    terms = GiftTermsAgreed(
        donor=RAF,
        type="STEM kit",
        promised=44,
        tranche="1",
        document="MoD 12/3",
        title="held_for_esp",
        donor_must_agree=True,
    )
    national.agree_gift(ONE, terms)
    national.deliver(ONE, 40)
    for college, many in HELD.items():
        national.allocate(ONE, college, many)
    national.agree_gift(
        TWO, GiftTermsAgreed(RAF, "STEM kit", 20, tranche="2", title="held_for_esp")
    )
    national.change_gift(TWO, document="MoD 14/1")
    national.deliver(TWO, 12)
    national.deliver(TWO, 6)  # which was the same van
    national.correct_delivery(TWO, 12)
    for college, many in {"ayrshire": 2, "cityofglasgow": 4, "dundeeangus": 2}.items():
        national.allocate(TWO, college, many)


def _first_year(story: Story, _folder: Path) -> None:
    """Kits come; Beath High borrows in both halves of the year; some are counted."""
    scotland = story.scotland
    story.until(2025, 8, 18)
    for college, many in HELD.items():
        given = Gift(donor=RAF, gift=ONE, title="held_for_esp")
        add = scotland[college].holdings.add
        story.tags[college] = [
            add(NewHolding("STEM kit", location="STEM store", gift=given)).tag for _ in range(many)
        ]
    for name in ("borders", "nescol"):
        story.tags[name] = scotland.kits(name, 2, donor="IET")
    story.until(2025, 10, 2)
    first, *_ = story.tags["fife"]
    story.lend("fife", first, "Beath High School", 10, Count(whole=True))
    story.until(2026, 2, 2)
    story.lend("fife", first, "Beath High School", 10, Count(missing={"Wheel": 2}))
    story.lend("borders", story.tags["borders"][0], "Dalry Primary School", 9, Count(whole=True))
    # A college that reports once, with loans that never end, and is silent from then on.
    story.until(2026, 1, 20)
    for tag in story.tags["uhi-nwh"][:5]:
        scotland["uhi-nwh"].loans.check_out([tag], "Nicolson Institute")
    scotland.send("uhi-nwh", "uhi-orkney")


def _moves(story: Story, folder: Path) -> None:
    """A backup of Fife; then kits go on: one is received twice, one goes through three colleges."""
    scotland = story.scotland
    story.until(2026, 2, 20)
    scotland["fife"].backups.make(folder / "february.sqlite")
    scotland.send("fife", "edinburgh", "glasgowclyde", "dumgal", "borders", "nescol")
    story.until(2026, 4, 20)
    on, twice, lost = story.tags["fife"][1], story.tags["edinburgh"][0], story.tags["fife"][2]
    story.named |= {"on": on, "twice": twice, "lost": lost}
    story.move(on, "fife", "borders")
    story.lend("borders", on, "Dalry Primary School", 6, Count(whole=True))
    story.move(on, "borders", "glasgowclyde")
    story.move(twice, "edinburgh", "fife")
    scotland["fife"].loans.check_out([twice], "Viewforth High School")
    scotland["fife"].loans.check_in([twice], Count(whole=True))
    story.clock.move(days=30)
    scotland["borders"].transfers.receive(twice, "edinburgh", type="STEM kit")  # by mistake
    story.clock.move(days=1)
    scotland["fife"].loans.check_out([twice], "Viewforth High School")
    scotland["fife"].holdings.report_missing(lost, "not on its shelf")
    # Counts reach ESP with what is short at a college that sent the kit on: it has left there.
    gone = story.tags["edinburgh"][1]
    scotland["edinburgh"].loans.count(gone, Count(missing={"Spanner": 1}))
    story.move(gone, "edinburgh", "glasgowclyde")
    story.named["gone"] = gone
    scotland.send("fife", "borders", "glasgowclyde", "edinburgh", "nescol")
    scotland.answer()


def _second_year(story: Story, folder: Path) -> None:
    """Ayrshire takes in more than it was allocated; Orkney becomes part of another college."""
    scotland = story.scotland
    story.until(2026, 9, 3)
    story.tags["ayrshire"] = scotland.kits("ayrshire", 3, donor=RAF, gift=TWO)
    ayrshire = scotland["ayrshire"].holdings
    other = NewHolding("Lend-a-Lab", gift=Gift(donor="Royal Airforce", gift=ONE))
    story.named["other"] = ayrshire.add(other).tag
    burnt = story.tags["dumgal"][0]
    story.named["burnt"] = burnt
    write_off(scotland["dumgal"], burnt, "burnt")
    scotland["dumgal"].loans.check_out([story.tags["dumgal"][1]], "Annan Academy")
    register = folder / "register.csv"
    register.write_text(
        "Asset Number,Kit type,Status,On loan to\nDG1,STEM kit,On loan,Annan Academy\n"
    )
    scotland["dumgal"].registers.take_in(register)
    (old,) = scotland["dumgal"].find.search("DG1").items
    story.named["lent long ago"] = old.tag
    gone = story.tags["dumgal"][2]
    story.named["whole, and gone"] = gone
    scotland["dumgal"].loans.count(gone, Count(whole=True))
    scotland["dumgal"].holdings.report_missing(gone, "not on its shelf")
    national = scotland.esp.national
    national.merge_college("uhi-orkney", "uhi-inverness", date(2026, 8, 1))
    scotland.send("ayrshire", "dumgal")
    # North East Scotland's laptop is a year ahead for one entry, and right again after it.
    story.until(2027, 10, 8)
    scotland.kits("nescol", 1, donor="IET")
    story.until(2026, 10, 12)
    story.lend("nescol", story.tags["nescol"][0], "Annan Academy", 8, Count(whole=True))


def _restored(story: Story, folder: Path) -> None:
    """Fife's backup of February is restored: the kit that went on is there again, it says."""
    scotland = story.scotland
    story.until(2026, 11, 2)
    place = folder / "restored.sqlite"
    asked = RestoreRequest(folder / "february.sqlite", str(place), "m.ross", story.clock)
    with restoring(asked) as ready:
        ready.carry_out()
    with kitloan.open(place, actor="m.ross", clock=story.clock) as fife:
        fife.exchange.export(folder / "restored.kitloan")
    merge(scotland.esp, [folder / "restored.kitloan"])


def _at_last(story: Story, _folder: Path) -> None:
    """The others send; one has nothing new to send, and sends that."""
    story.until(LAST.year, LAST.month, LAST.day)
    send: Callable[..., None] = story.scotland.send
    send("borders", "glasgowclyde", "edinburgh", "dumgal", "ayrshire", "nescol")
