"""A year of every college and ESP: gifts, loans, losses, transfers, stocktakes, a merger.

One laptop is stolen and its backup restored; one file is tampered with. At the end the report must
say exactly what happened: every number below is counted from the story, not read from the report.
"""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

import kitloan
from conftest import KIT, SetClock, write_off
from kitloan import BadInput, Count, Gift, NewHolding
from kitloan.audit import Audit
from kitloan.backups.restoring import RestoreRequest, restoring
from kitloan.college import College
from kitloan.holdings import kit_type_with
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.reference import colleges
from trusting import hear, merge

TRANCHE = "raf-2026"
KITS_EACH = 2


class Scotland:
    """All the colleges, each with a store of its own, and ESP's."""

    def __init__(self, folder: Path, clock: SetClock, stack: ExitStack) -> None:
        self.folder, self.clock, self._stack = folder, clock, stack
        self.stores: dict[str, College] = {}
        self.kits: dict[str, list[str]] = {}
        self.esp = self._open("esp", "m.auditor")
        for each in colleges():
            self.stores[each.id] = self._open(each.id, "m.ross")

    def _open(self, college: str, actor: str) -> College:
        path = self.folder / f"{college}.sqlite"
        opened = kitloan.init(college, path, name=None, actor=actor, clock=self.clock)
        return self._stack.enter_context(opened)

    def send_all(self, *but: str) -> list[Path]:
        """Every college sends what is new, and ESP merges it all."""
        files = []
        for name, college in self.stores.items():
            if name not in but:
                files.append(self.folder / f"{name}-{self.clock.now:%y%m%d%H}.kitloan")
                college.exchange.export(files[-1], since_last=True)
        merge(self.esp, files)
        return files

    def answer_all(self) -> None:
        """ESP's file goes to every college."""
        file = self.folder / f"esp-{self.clock.now:%y%m%d%H}.kitloan"
        self.esp.exchange.export(file)
        for college in self.stores.values():
            hear(college, file)


@pytest.fixture
def scotland(tmp_path: Path, clock: SetClock) -> Iterator[Scotland]:
    """Before the year begins: nothing is held anywhere."""
    clock.now = clock.now.replace(year=2025, month=8, day=4)
    with ExitStack() as stack:
        yield Scotland(tmp_path, clock, stack)


def promised_and_given(s: Scotland) -> None:
    """August: the RAF promises sixty kits; two go to each college."""
    s.esp.holdings.define_types([kit_type_with("STEM kit", KIT)])
    terms = GiftTermsAgreed(donor="RAF", type="STEM kit", promised=60, donor_must_agree=True)
    s.esp.national.agree_gift(TRANCHE, terms)
    s.esp.national.deliver(TRANCHE, 54)
    s.send_all()
    s.clock.move(hours=1)
    for name in s.stores:
        s.esp.national.allocate(TRANCHE, name, KITS_EACH)
    s.answer_all()
    for name, college in s.stores.items():
        s.kits[name] = [
            college.holdings.add(
                NewHolding("stem kit", gift=Gift(donor="RAF", gift=TRANCHE, title="held_for_esp"))
            ).tag
            for _ in range(KITS_EACH)
        ]
    s.send_all()


def lent_and_lost(s: Scotland) -> None:
    """Autumn: Fife lends both; one comes back short, one is lost by its school."""
    fife, (first, second) = s.stores["fife"], s.kits["fife"]
    fife.loans.check_out([first, second], "Lochgelly High School")
    s.clock.move(days=20)
    fife.loans.check_in([first], Count(missing={"Spanner": 1}))
    fife.holdings.report_missing(second, "left on a bus")
    borders, tag = s.stores["borders"], s.kits["borders"][0]
    borders.loans.check_out([tag], "Selkirk High School")
    s.clock.move(days=10)
    borders.loans.check_in([tag], Count(missing={"Wheel": 3}))
    overdue = s.stores["ayrshire"]
    overdue.loans.check_out(s.kits["ayrshire"][:1], "Belmont Academy", due_on=date(2025, 11, 30))


def sent_on(s: Scotland) -> None:
    """Winter: one kit moves well, one is lost on the way, one arrives that nobody sent."""
    well = s.kits["edinburgh"][0]
    s.stores["edinburgh"].transfers.send(well, "westlothian", Count(whole=True))
    s.clock.move(days=2)
    s.stores["westlothian"].transfers.receive(
        well, "edinburgh", Count(missing={"Wheel": 1}), type="STEM kit"
    )
    s.stores["dumgal"].transfers.send(s.kits["dumgal"][0], "ayrshire", Count(whole=True))
    s.stores["smo"].transfers.receive(
        s.kits["uhi-perth"][1], "uhi-perth", Count(whole=True), type="STEM kit"
    )
    s.clock.move(days=30)


def three_become_one(s: Scotland) -> None:
    """Spring: three colleges become part of a fourth, and their kits go there."""
    new = s.stores["uhi-inverness"]
    for old in ("uhi-argyll", "uhi-moray", "uhi-orkney"):
        for tag in s.kits[old]:
            s.stores[old].transfers.send(tag, "uhi-inverness", Count(whole=True))
            new.transfers.receive(tag, old, Count(whole=True), type="STEM kit")


def stolen(s: Scotland) -> None:
    """A laptop is stolen after its ledger was sent; last month's backup is restored."""
    south = s.stores["southlan"]
    backup = s.folder / "southlan-backup.sqlite"
    south.backups.make(backup)
    s.clock.move(days=7)
    south.loans.check_out(s.kits["southlan"][:1], "Duncanrig Secondary")
    south.exchange.export(s.folder / "southlan-last.kitloan", since_last=True)
    merge(s.esp, [s.folder / "southlan-last.kitloan"])
    south.close()
    place = s.folder / "southlan.sqlite"
    place.unlink()
    with restoring(RestoreRequest(backup, str(place), "m.ross", s.clock)) as ready:
        ready.carry_out()
    s.stores["southlan"] = kitloan.open(place, actor="m.ross", clock=s.clock)
    s.stores["southlan"].holdings.sight(s.kits["southlan"][1])


def counted(s: Scotland) -> None:
    """Summer: stocktakes, one left open; two challenges, one of them answered."""
    fife = s.stores["fife"]
    taking = fife.stocktakes.open("Summer 2026").id
    fife.stocktakes.scan(taking, s.kits["fife"][0], place="Rosyth")
    fife.stocktakes.close(taking)
    s.stores["newbattle"].stocktakes.open("Never closed")
    by = s.clock.now.date().replace(month=7, day=10)
    asked = s.esp.national.challenge("cityofglasgow", sample=2, answer_by=by)
    s.esp.national.challenge("borders", sample=1, answer_by=by)
    s.answer_all()
    glasgow = s.stores["cityofglasgow"]
    answer = glasgow.stocktakes.open("For ESP", challenge=asked.id, code=asked.code).id
    for tag in s.kits["cityofglasgow"]:
        glasgow.stocktakes.scan(answer, tag)
    glasgow.stocktakes.close(answer)
    write_off(s.stores["glasgowclyde"], s.kits["glasgowclyde"][0], "burnt in the workshop fire")


def tampered(s: Scotland) -> Path:
    """Somebody alters an entry of a file on its way."""
    kelvin = s.stores["glasgowkelvin"]
    kelvin.loans.check_out(s.kits["glasgowkelvin"][:1], "Springburn Academy")
    good, bad = s.folder / "kelvin.kitloan", s.folder / "kelvin-bad.kitloan"
    kelvin.exchange.export(good, since_last=True)
    text = gzip.decompress(good.read_bytes()).replace(b"springburn", b"springbank")
    bad.write_bytes(gzip.compress(text))
    with pytest.raises(BadInput) as refusal:
        merge(s.esp, [bad])
    assert refusal.value.code == "altered"
    return good


def table(found: Audit, name: str) -> list[dict[str, object]]:
    """A table of the report, as programs read it."""
    rows: list[dict[str, object]] = found.as_json()["tables"][name]
    return rows


def test_a_year_is_told_exactly(scotland: Scotland, clock: SetClock) -> None:
    """A donor who asks what became of sixty kits must hear it to the kit."""
    s = scotland
    for happens in (promised_and_given, lent_and_lost, sent_on, three_become_one):
        happens(s)
        clock.move(days=40)
        s.send_all()
    stolen(s)
    clock.now = clock.now.replace(year=2026, month=7, day=3)
    counted(s)
    good = tampered(s)
    clock.move(days=8)
    s.send_all("glasgowkelvin")
    found = s.esp.audit.audit()

    kits = len(s.stores) * KITS_EACH
    assert found.totals.colleges == len(s.stores)
    assert found.totals.holdings == kits - 1, "one in two places is one; one is written off"
    assert (found.totals.missing, found.totals.in_transit) == (1, 1)
    (gift,) = table(found, "gifts")
    told = {name: gift[name] for name in ("promised", "received", "allocated", "taken_in")}
    assert told == {"promised": 60, "received": 54, "allocated": kits, "taken_in": kits}
    assert (gift["written_off"], gift["missing"], gift["redeployed"]) == (1, 1, 8)

    by_code: dict[str, list[tuple[str, str]]] = {}
    for finding in found.findings:
        by_code.setdefault(finding.code, []).append((finding.college, finding.tag))
    strayed, perth = s.kits["dumgal"][0], s.kits["uhi-perth"][1]
    assert by_code.pop("tag_in_two_colleges") == [("smo", perth), ("uhi-perth", perth)]
    assert by_code.pop("received_never_sent") == [("uhi-perth", perth)]
    assert by_code.pop("transfer_not_received") == [("ayrshire", strayed)]
    assert by_code.pop("transfer_counts_differ") == [("westlothian", s.kits["edinburgh"][0])]
    assert by_code.pop("missing") == [("fife", s.kits["fife"][1])]
    assert by_code.pop("resumed_from_backup") == [("southlan", "")]
    assert by_code.pop("refused_file") == [("glasgowkelvin", "")]
    assert by_code.pop("challenge_unanswered") == [("borders", "")]
    assert by_code.pop("overdue") == [("ayrshire", s.kits["ayrshire"][0])]
    assert by_code.pop("incomplete") == [("fife", s.kits["fife"][0])]
    stale = {college for college, _ in by_code.pop("stale_data")}
    assert stale == {"glasgowkelvin"}, "a college is as silent as its last file is old"
    assert by_code == {}, "and nothing else"

    south = s.esp.find.holding(f"southlan:{s.kits['southlan'][0]}")
    assert south.status == "in", "the loan that the backup had lost is not counted"
    (pair,) = table(found, "pairs")
    assert (pair["tag"], pair["from_tag"]) == (s.kits["fife"][0], s.kits["borders"][0])
    challenges = {row["college"]: row["status"] for row in table(found, "challenges")}
    assert challenges == {"cityofglasgow": "answered", "borders": "not answered in time"}

    merge(s.esp, [good])
    assert "refused_file" in {each.code for each in s.esp.audit.audit().findings}
    s.answer_all()
    closed = s.stores["edinburgh"].find.holding(s.kits["edinburgh"][0])
    assert closed.status == "withdrawn", "the sender heard that it arrived"
    for store in (s.esp, s.stores["southlan"], s.stores["fife"]):
        assert store.ledger.verify().ok
    before = s.esp.audit.audit(date(2025, 8, 31))
    assert (before.totals.holdings, before.totals.missing) == (kits, 0)
    s.stores["southlan"].close()
