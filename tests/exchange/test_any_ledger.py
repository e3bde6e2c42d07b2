"""Whatever a stranger seals and signs: it is refused by name, or every command can live with it."""

import gzip
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kitloan
from conftest import SetClock
from exchange.sent import NOW
from kitloan import KitloanError
from kitloan.audit.export import csv, html, text, xlsx
from kitloan.college import College
from kitloan.exchange.file import KIND, public_key, signed_text
from kitloan.ledger.entry import FORMAT, GENESIS
from kitloan.ledger.epochs import ledger_name
from kitloan.ledger.facts import every_kind
from kitloan.ledger.facts.definitions import ContentsLine
from kitloan.ledger.facts.shortages import Short
from lives import canonical, digest
from trusting import merge

Facts = list[dict[str, Any]]
Lines = list[tuple[str, dict[str, Any]]]
"""What happened, each with its instant."""

COLLEGE = "borders"
ONE, OTHER = "KL8B7XAPXYTMZ", "KL0000000000000"
TEXTS = ("A", "=1+1", "x" * 200, "\u00f2\u0300" * 100, " ", "\u3164", "{[<&'\"\\")
DAYS = ("0001-01-01", "1969-12-31", "2026-03-29", "2026-11-01", "2028-02-29", "9999-12-31")
INSTANTS = (
    "0001-01-01T00:00:00Z",
    "2026-03-29T01:30:00Z",
    "2026-10-25T00:30:00Z",
    "2026-12-01T09:00:00Z",
    "9999-12-31T23:59:59Z",
)
IDS: dict[str, tuple[Any, ...]] = {
    "tag": (ONE, OTHER),
    "label": (ONE, OTHER, "KL1111111111111"),
    "tags": ((), (ONE,), (ONE, OTHER), (ONE, ONE)),
    "kit_type": ("kit", "box"),
    "organisation": ("school", "club"),
    "loan": ("l1", "l2"),
    "transfer": ("t1", "t2"),
    "arrival": ("a1", "a2"),
    "stocktake": ("s1", "s2"),
    "scan": ("c1", "c2", "c3"),
    "gift": ("g1",),
    "programme": ("p1",),
    "challenge": ("h1",),
    "to_college": ("fife", COLLEGE, "esp"),
    "from_college": ("fife", COLLEGE, "esp"),
    "college": ("fife", COLLEGE, "esp"),
    "component": ("Wheel", "Axle"),
    "offer": ("O1", "O2"),
    "ask": ("A1", "borders:A1", "fife:A1"),
    "kit": (ONE, OTHER),
    "latitude": ("56.00000", "-99.99999"),
    "longitude": ("-3.00000", "99.99999"),
    "epoch": (1, 2),
    "seq": (1, 2, 5, 6, 7, 8, 2**31 - 1),
    "quantity": (1, 2, 5, 1_000_000),
}
"""Few of each, so that what is drawn meets."""
_BY_PATTERN = {"Day": DAYS, "Instant": INSTANTS}

KINDS: dict[str, type[Any]] = {each.model_fields["kind"].default: each for each in every_kind()}


def _values(name: str, model: type[Any]) -> st.SearchStrategy[Any]:
    field = model.model_fields[name]
    schema = model.model_json_schema(mode="validation")["properties"][name]
    return _of_schema(name, schema, model, nullable="null" in json.dumps(schema), field=field)


def _of_schema(
    name: str, schema: dict[str, Any], model: type[Any], *, nullable: bool, field: Any
) -> st.SearchStrategy[Any]:
    nothing = st.none() if nullable else st.nothing()
    inner = json.dumps(schema)
    if name in IDS:
        return st.sampled_from(IDS[name]) | nothing
    if name == "kind":
        return st.just(field.default)
    if name == "shortages":
        return st.lists(_facts_of(Short), max_size=2)
    if name == "contents":
        return st.lists(_facts_of(ContentsLine), max_size=2)
    for choices in _choices(schema):
        return st.sampled_from(choices) | nothing
    if '"boolean"' in inner:
        return st.booleans()
    if '"integer"' in inner:
        least = 0 if '"minimum": 0' in inner else 1
        return st.sampled_from((least, 1, 3, 1_000_000)) | nothing
    if "T[0-9]" in inner:
        return st.sampled_from(INSTANTS) | nothing
    if "[0-9]{4}-" in inner:
        return st.sampled_from(DAYS) | nothing
    if "[0-9a-f]{64}" in inner:
        return st.just("0" * 64) | nothing
    return st.sampled_from(TEXTS) | nothing


def _choices(schema: dict[str, Any]) -> Iterator[list[str]]:
    for each in (schema, *schema.get("anyOf", ())):
        if "enum" in each:
            yield each["enum"]


def _facts_of(model: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: _values(name, model) for name in model.model_fields})


FACTS = st.sampled_from(sorted(KINDS)).flatmap(lambda kind: _facts_of(KINDS[kind]))

BEGINNING: Facts = [
    {"kind": "college.opened", "name": "Borders College", "region": "south"},
    {
        "kind": "kit_type.defined",
        "kit_type": "kit",
        "name": "STEM kit",
        "contents": [{"name": "Wheel", "quantity": 2, "bag": None, "critical": True}],
    },
    {"kind": "organisation.added", "organisation": "school", "name": "Peebles High School"},
]


def _taken_in(tag: str, quantity: int, received_on: str | None) -> dict[str, Any]:
    return {
        "kind": "holding.accessioned",
        "tag": tag,
        "kit_type": "kit",
        "quantity": quantity,
        "asset_number": "B1",
        "serial": None,
        "location": "Store",
        "received_on": received_on,
        "sighted_on": None,
        "register_row": None,
    }


@st.composite
def ledgers(draw: st.DrawFn) -> Lines:
    """A ledger that begins as any, and goes on as none does; its clock runs on, if in leaps."""
    begun = [
        *BEGINNING,
        _taken_in(ONE, draw(st.sampled_from((1, 5, 1_000_000))), draw(st.sampled_from(DAYS))),
        _taken_in(OTHER, draw(st.sampled_from((1, 3))), None),
    ]
    facts = begun + draw(st.lists(FACTS, min_size=1, max_size=14))
    times = sorted(draw(st.lists(st.sampled_from(INSTANTS), min_size=3, max_size=3)))
    per = -(-len(facts) // len(times))
    return [(times[n // per], fact) for n, fact in enumerate(facts)]


def sealed(lines: Sequence[tuple[str, dict[str, Any]]], college: str = COLLEGE) -> list[str]:
    """The text of each entry of a ledger."""
    bodies: list[str] = []
    for at, fact in lines:
        bodies.append(_body(bodies, at, fact, college))
    return bodies


def more(before: Sequence[str], facts: Facts, epoch: int) -> list[str]:
    """The text of the entries that follow on others, in another epoch."""
    bodies = list(before)
    for fact in facts:
        bodies.append(_body(bodies, "2026-11-01T09:00:00Z", fact, ledger_name(COLLEGE, epoch)))
    return bodies[len(before) :]


def _body(before: Sequence[str], at: str, fact: dict[str, Any], ledger: str) -> str:
    seq, prev = len(before) + 1, digest(before[-1]) if before else GENESIS
    said = {"at": at, "by": "a stranger", "fact": fact, "id": f"r{ledger}{seq}", "ledger": ledger}
    return canonical(said | {"part": 0, "prev": prev, "seq": seq})


def file_of(lines: Sequence[tuple[str, dict[str, Any]]], path: Path) -> Path:
    """The ledger, sealed and signed by a key that nobody knows."""
    return file_of_bodies(sealed(lines), path)


def file_of_bodies(bodies: Sequence[str], path: Path, known: int = 0) -> Path:
    """A file of these entries but the first, known ones, signed by a key that nobody knows."""
    key = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
    header: dict[str, Any] = {
        "format": KIND,
        "version": FORMAT,
        "ledger": json.loads(bodies[-1])["ledger"],
        "first": known + 1,
        "last": len(bodies),
        "prev": digest(bodies[known - 1]) if known else GENESIS,
        "head": digest(bodies[-1]),
        "exported_at": "2026-12-01T09:00:00Z",
        "program": "none",
        "key": public_key(key),
    }
    header["signature"] = key.sign(signed_text(header)).hex()
    path.write_bytes(gzip.compress("\n".join([json.dumps(header), *bodies[known:], ""]).encode()))
    return path


def merged(national: College, lines: Lines, path: Path) -> bool:
    """Merge the ledger, less the facts for which it is refused; whether it came to anything."""
    left = list(lines)
    while left:
        try:
            merge(national, [file_of(left, path)])
        except KitloanError as refusal:
            assert refusal.code in ("altered", "impossible"), refusal
            del left[refusal.details["seq"] - 1]
        else:
            return True
    return False


def questions(national: College, folder: Path) -> None:
    """Every command that only reads, in every form."""
    verdict = national.ledger.verify()
    assert verdict.ok, verdict.findings
    for day in (None, date(2026, 11, 30), date(2999, 12, 31)):
        try:
            found = national.audit.audit(day)
        except kitloan.BadInput as refusal:
            assert refusal.code == "before_records", refusal
            continue
        text.render(found.report, width=100)
        json.dumps(found.as_json())
        if day is None:
            html.write(found.report, folder / "audit.html")
            xlsx.write(found.report, folder / "audit.xlsx")
            csv.write(found.report, folder / "csv")
        for table in found.report.tables:
            shares = [at for at, each in enumerate(table.columns) if each.kind == "share"]
            for row in table.rows:
                for value in (row[at] for at in shares):
                    assert value is None or 0 <= float(value) <= 1, (table.name, row)
    national.find.search("")
    national.find.search("stem")
    national.find.loans()
    national.find.loans(overdue=True)
    national.find.shortages()
    for tag in (ONE, OTHER):
        with_refusals(lambda tag=tag: national.find.holding(tag))
        with_refusals(lambda tag=tag: national.find.history(tag))
        with_refusals(lambda tag=tag: national.ledger.log(tag, college=COLLEGE))
    national.ledger.log(college=COLLEGE)
    national.transfers.open()
    national.transfers.received()
    national.stocktakes.list()
    national.national.gifts()
    national.national.challenges()


def with_refusals(ask: Callable[[], object]) -> None:
    """Ask; a refusal is an answer, too."""
    with suppress(kitloan.BadInput):
        ask()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ESP's store before anything came."""
    place = tmp_path_factory.mktemp("esp") / "esp.sqlite"
    kitloan.init("esp", place, actor="esp", clock=SetClock(NOW)).close()
    return place


EVERYDAY = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(EVERYDAY, id="everyday"),
        pytest.param(settings(EVERYDAY, max_examples=2_000), id="long", marks=pytest.mark.soak),
    ],
)
def test_no_ledger_of_a_strangers_stops_a_command(
    how: settings, empty: Path, tmp_path: Path
) -> None:
    """A ledger of any well-formed facts in any order is taken or refused; then all goes on."""
    place = tmp_path / "esp.sqlite"

    @how
    @given(ledgers())
    def goes_on(lines: Lines) -> None:
        shutil.copyfile(empty, place)
        with kitloan.open(place, actor="esp", clock=SetClock(NOW)) as national:
            if merged(national, lines, tmp_path / "stranger.kitloan"):
                questions(national, tmp_path)

    goes_on()
