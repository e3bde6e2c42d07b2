"""Two colleges in one PostgreSQL, and nothing between them but the code.

Whatever a verb takes that names something (a tag, an asset number, a person, a loan's request, a
cursor) is given as Ayrshire's, to Fife's session, with a login that the database lets do anything.
The code itself must say no, tell nothing, and leave every row of Ayrshire's as it was. The same
holds in ESP's own file, which has copies of everybody's ledgers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import kitloan
from kitloan import Count, Gift, KitloanError, NewHolding
from kitloan.cli.main import run
from kitloan.college import College
from kitloan.ledger.facts.definitions import ContentsLine, KitTypeDefined
from kitloan.tables import Base
from kitloan.text.tags import mint
from kitloan_tui import lookups
from trusting import merge

LATER = date(2036, 1, 31)


@dataclass(frozen=True, slots=True)
class Theirs:
    """What Ayrshire has: ids of everything that a verb can name, and words that nobody else knows.

    Attributes:
        here: a kit in its cupboard; `out` is one on loan, `short` one with a part missing.
        blank: a tag on a label that Ayrshire printed and nothing has claimed.
        cursors: where Ayrshire's pages go on.
    """

    here: str
    out: str
    short: str
    blank: str
    number: str
    person: str
    request: str
    organisation: str
    cursors: dict[str, str]

    @property
    def words(self) -> tuple[str, ...]:
        """What must not be told, unless it was said first."""
        tags = (self.here, self.out, self.short)
        return (*tags, self.person, self.request, self.organisation, "Morag", "Prestwick", "B12")


@pytest.fixture(scope="module")
def place(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with two colleges in it, and no policy."""
    import psycopg
    import sqlalchemy as sa

    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE DATABASE others_ids")
    yield sa.make_url(postgres).set(database="others_ids").render_as_string(hide_password=False)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE others_ids WITH (FORCE)")


@pytest.fixture(scope="module")
def theirs(place: str) -> Theirs:
    """Ayrshire at work."""
    with kitloan.init("ayrshire", place, actor="m.ross") as ayrshire:
        return _stock(ayrshire)


def _stock(college: College) -> Theirs:
    wheel = ContentsLine(name="Wheel", quantity=16, bag="B12")
    kit = KitTypeDefined(kit_type="prestwick-kit", name="Prestwick kit", contents=(wheel,))
    college.holdings.define_types([kit])
    kits = [
        college.holdings.add(NewHolding("Prestwick kit", asset_number=f"AC{n}", location="B12")).tag
        for n in range(4)
    ]
    here, out, short, _ = kits
    request, blank = "ayrshires-own-request", mint()
    college.loans.check_out(
        [out],
        "Kilmarnock Academy",
        contact="Morag Baillie",
        purpose="Morag's S2",
        request_id=request,
    )
    college.loans.check_out([kits[3]], "Prestwick Academy")
    college.loans.count(short, Count(missing={"Wheel": 2}))
    college.holdings.labels_printed([blank], blank=True)
    found, told = college.find, college.directory
    pages = {
        "holdings": found.search("", limit=1).next,
        "loans": found.loans(limit=1).next,
        "organisations": told.organisations(limit=1).next,
    }
    (person,) = college.people.known()
    return Theirs(
        here, out, short, blank, "AC0", person["id"], request, "Kilmarnock Academy",
        {name: cursor or "" for name, cursor in pages.items()},
    )  # fmt: skip


@pytest.fixture(scope="module")
def fife(place: str, theirs: Theirs) -> Iterator[College]:
    """Fife, in the same database, by the same person at the desk."""
    with kitloan.init("fife", place, actor="m.ross") as fife:
        fife.holdings.add(NewHolding("Kit", asset_number="FC1"))
        yield fife


def rows(college: College) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with college.session.reading() as connection:
        return {
            name: sorted(map(tuple, connection.execute(each.select())), key=repr)
            for name, each in Base.metadata.tables.items()
        }


Verb = Callable[[College, Theirs], object]

REFUSED: dict[str, Verb] = {
    "check out": lambda k, o: k.loans.check_out([o.here], "X"),
    "check out by number": lambda k, o: k.loans.check_out([o.number], "X"),
    "check out with its own": lambda k, o: k.loans.check_out(["FC1", o.here], "X"),
    "check out, whose": lambda k, o: k.loans.check_out([f"ayrshire:{o.here}"], "X"),
    "check in": lambda k, o: k.loans.check_in([o.out], Count(whole=True)),
    "check in by number": lambda k, o: k.loans.check_in(["AC1"]),
    "renew": lambda k, o: k.loans.renew(o.out, LATER),
    "count": lambda k, o: k.loans.count(o.here, Count(whole=True)),
    "restock": lambda k, o: k.loans.restock(o.short, "Wheel", 2),
    "contents": lambda k, o: k.loans.contents(o.here),
    "show": lambda k, o: k.find.holding(o.out),
    "show by number": lambda k, o: k.find.holding(o.number),
    "show, whose": lambda k, o: k.find.holding(f"ayrshire:{o.here}"),
    "history": lambda k, o: k.find.history(o.out),
    "amend": lambda k, o: k.holdings.amend(o.here, serial="x"),
    "move": lambda k, o: k.holdings.move(o.here, "x"),
    "sight": lambda k, o: k.holdings.sight(o.here),
    "record a gift": lambda k, o: k.holdings.record_gift(o.here, Gift(donor="x")),
    "claim for theirs": lambda k, o: k.holdings.claim_label(o.here, mint()),
    "claim their label": lambda k, o: k.holdings.claim_label("FC1", o.blank),
    "take in under their label": lambda k, o: k.holdings.add(NewHolding("Kit", tag=o.blank)),
    "erase by id": lambda k, o: k.people.erase(o.person),
    "erase by name": lambda k, o: k.people.erase("Morag Baillie"),
    "read their ledger": lambda k, o: k.ledger.log(college="ayrshire"),
}
"""What must be refused."""

NOTHING: dict[str, Verb] = {
    "log of a tag": lambda k, o: k.ledger.log(o.out),
    "remarks": lambda k, o: k.people.remarks(o.out),
    "people": lambda k, o: k.people.known(),
    "people, by words": lambda k, o: k.directory.people("Morag").items,
    "people, after": lambda k, o: k.directory.people(after='["", ""]').items,
    "search": lambda k, o: k.find.search("Prestwick").items,
    "loans to": lambda k, o: k.find.loans(to=o.organisation).items,
    "loans, by words": lambda k, o: k.find.loans(text="Kilmarnock").items,
    "loans, after": lambda k, o: k.find.loans(after=o.cursors["loans"]).items,
    "loans, from the start": lambda k, o: k.find.loans(after='["", "", "", ""]').items,
    "shortages": lambda k, o: k.find.shortages(after='["", "", "", ""]').items,
    "organisations": lambda k, o: k.directory.organisations("kilmarnock").items,
    "organisations, after": lambda k, o: (
        k.directory.organisations(after=o.cursors["organisations"]).items
    ),
    "the desk's organisation": lambda k, o: lookups.organisation_called(k.session, o.organisation),
    "the desk's near names": lambda k, o: lookups.spelt_nearly_like(k.session, "Kilmarnok Academy"),
    "the desk's organisations": lambda k, o: lookups.organisations(k.session),
}
"""What must find nothing."""


@pytest.mark.parametrize("verb", REFUSED.values(), ids=REFUSED)
def test_what_names_anothers_is_refused(fife: College, theirs: Theirs, verb: Verb) -> None:
    """An id that leaks, in a link or on a label, must not open another college's door."""
    before = rows(fife)
    with pytest.raises(KitloanError) as refusal:
        verb(fife, theirs)
    told = str(refusal.value.as_json())
    said = {theirs.here, theirs.out, theirs.short, theirs.person, "Morag"}
    assert not [word for word in theirs.words if word in told and word not in said]
    assert rows(fife) == before


@pytest.mark.parametrize("verb", NOTHING.values(), ids=NOTHING)
def test_what_asks_for_anothers_finds_nothing(fife: College, theirs: Theirs, verb: Verb) -> None:
    """A question about another college's things has no answer here."""
    before = rows(fife)
    found = verb(fife, theirs)
    assert not found
    assert rows(fife) == before


def test_pages_that_go_on_from_anothers_show_ones_own(fife: College, theirs: Theirs) -> None:
    """A cursor is only a place in an order; it must not say in whose list."""
    for cursor in (theirs.cursors["holdings"], '["", "", ""]'):
        page = fife.find.search("", after=cursor)
        assert {each.college for each in page.items} <= {"fife"}
        assert page.total == 1


@pytest.mark.usefixtures("fife")
def test_a_request_of_anothers_answers_nothing_of_theirs(place: str, theirs: Theirs) -> None:
    """An id that somebody else used must neither answer with their loan nor undo it."""
    with (
        kitloan.open(place, college="fife", actor="m.ross") as fife,
        kitloan.open(place, college="ayrshire", actor="m.ross") as ayrshire,
    ):
        before = ayrshire.ledger.log(), ayrshire.find.holding(theirs.out)
        own = fife.find.holding("FC1").tag
        (lent,) = fife.loans.check_out([own], "Viewforth", request_id=theirs.request)
        assert (lent.tag, lent.to) == (own, "Viewforth")
        assert fife.actions.undo(request_id=f"{theirs.request}-undone").tags == (own,)
        assert fife.actions.would_undo() is None or own in (fife.actions.would_undo() or lent).tags  # type: ignore[union-attr]
        assert (ayrshire.ledger.log(), ayrshire.find.holding(theirs.out)) == before
        assert fife.ledger.verify().ok


COMMANDS = (
    ("checkout", "{here}", "--to", "X"),
    ("checkout", "{number}", "--to", "X"),
    ("checkin", "{out}", "--whole"),
    ("renew", "{out}", "--due", "14d"),
    ("count", "{here}", "--whole"),
    ("restock", "{short}", "Wheel=2"),
    ("amend", "{here}", "--quantity", "2"),
    ("move", "{number}", "Store 2"),
    ("show", "{out}"),
    ("show", "ayrshire:{here}"),
    ("relabel", "{here}", "{blank}"),
    ("relabel", "FC1", "{blank}"),
    ("add", "--type", "Kit", "--tag", "{blank}"),
    ("erase", "{person}"),
    ("erase", "Morag Baillie"),
    ("ledger", "log", "{out}"),
    ("labels", "{here}", "--stock", "l7160", "--out", "x.pdf"),
    ("cards", "contents", "{here}", "--out", "x.pdf"),
    ("cards", "organisations", "{organisation}", "--out", "x.pdf"),
    ("cards", "inspection", "{here}", "--pass", "--by", "x", "--due", "365d", "--out", "x.pdf"),
)


@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
def test_no_command_takes_anothers(
    fife: College,
    theirs: Theirs,
    place: str,
    line: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The same at the command line, where labels and cards are made too."""
    monkeypatch.chdir(tmp_path)
    before = rows(fife)
    named = {name: getattr(theirs, name) for name in Theirs.__slots__}
    said = [part.format(**named) for part in line]
    assert run(["--store", f"{place}&college=fife", "--as", "m.ross", *said]) in (1, 2)
    told = "".join(capsys.readouterr())
    assert not [word for word in theirs.words if word in told and word not in " ".join(said)]
    assert not list(tmp_path.iterdir())
    assert rows(fife) == before


@pytest.mark.parametrize("whose", ["", "ayrshire:"])
def test_esp_changes_no_colleges_holdings(tmp_path: Path, whose: str) -> None:
    """ESP holds a copy of the register, and not the kit: its desk must not lend it."""
    with kitloan.init("ayrshire", tmp_path / "ayrshire.sqlite", actor="m.ross") as ayrshire:
        o = _stock(ayrshire)
        ayrshire.exchange.export(tmp_path / "ayrshire.kitloan")
    with kitloan.init("esp", tmp_path / "esp.sqlite", actor="m.ross") as esp:
        merge(esp, [tmp_path / "ayrshire.kitloan"])
        assert esp.find.holding(f"{whose}{o.out}").loan is not None
        before = rows(esp)
        for name, verb in REFUSED.items():
            if name in ("show", "history", "read their ledger", "show by number", "show, whose"):
                continue  # which is what ESP is for
            if name in ("claim their label", "take in under their label"):
                continue  # needs a holding of ESP's own, or takes one in
            with pytest.raises(KitloanError):
                verb(esp, o)
            assert rows(esp) == before, name
        with pytest.raises(KitloanError):
            esp.actions.undo()
        assert rows(esp) == before
