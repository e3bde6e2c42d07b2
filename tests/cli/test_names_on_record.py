"""No free words of any command put a person on record; every option of text is looked at here."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import kitloan
from cli.running import Cli, Stock
from kitloan import BadInput
from kitloan.cli.commands import COMMANDS
from kitloan.national.gifts import GiftTermsAgreed
from kitloan.text.tags import mint

WHO = "Mrs Jane Bell"
DATES = ("--from", "2030-05-06", "--until", "2030-05-07")
NAMED = ("--name", "College")
ADD = ("add", "--type", "Telescope")
RECEIVE = ("transfer", "receive", mint(), "--from", "ayrshire", "--type", "Telescope")
AGREE = ("gift", "agree", "raf-1", "--type", "Telescope", "--promised", "9", "--donor", "RAF")
ENGAGED = ("engagement", "add", "--org", "Balwearie High School", "--date", "2026-01-02")

FREE: dict[str, tuple[str, ...]] = {
    "add --location": (*ADD, "--location", WHO),
    "add --donor": (*ADD, "--donor", WHO),
    "add --funding-source": (*ADD, "--funding-source", WHO),
    "add --document": (*ADD, "--document", WHO),
    "add --acknowledgement": (*ADD, "--acknowledgement", WHO),
    "add --value-basis": (*ADD, "--value-basis", WHO),
    "amend --donor": ("amend", "FC001", "--donor", WHO),
    "amend --document": ("amend", "FC001", "--document", WHO),
    "move PLACE": ("move", "FC001", WHO),
    "split --location": ("split", "safety goggles", "--quantity", "2", "--location", WHO),
    "missing --reason": ("missing", "FC001", "--reason", WHO),
    "repair --reason": ("repair", "FC001", "--reason", WHO),
    "reinstate --reason": ("reinstate", "FC009", "--reason", WHO),
    "withdraw --reason": ("withdraw", "FC001", "--reason", WHO),
    "withdraw --donor-agreement": (
        *("withdraw", "FC001", "--reason", "worn out"),
        *("--donor-agreement", WHO),
    ),
    "offer add --donor-agreement": (
        *("offer", "add", "--tag", "FC001", "--keep"),
        *("--donor-agreement", WHO),
    ),
    "offer add --note": ("offer", "add", "--tag", "FC001", "--keep", "--note", WHO),
    "offer change --note": ("offer", "change", "O1", "--note", WHO),
    "offer change --donor-agreement": ("offer", "change", "O1", "--donor-agreement", WHO),
    "ask add --note": ("ask", "add", "borders", "STEM kit", *DATES, "--note", WHO),
    "ask add TYPE_": ("ask", "add", "borders", WHO, *DATES),
    "ask accept --reason": ("ask", "accept", "borders:A1", "--reason", WHO),
    "ask decline --reason": ("ask", "decline", "borders:A1", "--reason", WHO),
    "checkout --to": ("checkout", "FC001", "--to", WHO),
    "checkout --override": ("checkout", "FC004", "--to", "A Primary", "--new", "--override", WHO),
    "renew --override": ("renew", "FC002", "--due", "14d", "--override", WHO),
    "correct --to": ("correct", "FC002", "--to", WHO),
    "pass-on --to": ("pass-on", "FC002", "--to", WHO),
    "book --to": ("book", "--to", WHO, "--type", "STEM kit", *DATES),
    "want --to": ("want", "--to", WHO, "--type", "STEM kit", *DATES),
    "organisations rename NEW": ("organisations", "rename", "Balwearie High School", WHO),
    "block --reason": ("block", "Balwearie High School", "--reason", WHO),
    "transfer receive --location": (*RECEIVE, "--location", WHO),
    "transfer receive --donor": (*RECEIVE, "--donor", WHO),
    "transfer receive --document": (*RECEIVE, "--document", WHO),
    **{
        f"types guide --{each}": ("types", "guide", "STEM kit", f"--{each}", WHO)
        for each in ("supplies", "time", "space", "level", "safety", "repacking")
    },
    "organisations describe --referred-by": (
        *("organisations", "describe", "Balwearie High School"),
        *("--referred-by", WHO),
    ),
    "event add NAME": ("event", "add", WHO, *DATES),
    "event add --place": ("event", "add", "Science fair", *DATES, "--place", WHO),
    "event add --org": ("event", "add", "Science fair", *DATES, "--org", WHO),
    "event change --name": ("event", "change", "E1", "--name", WHO),
    "event change --place": ("event", "change", "E1", "--place", WHO),
    "event change --org": ("event", "change", "E1", "--org", WHO),
    "calendar close --reason": ("calendar", "close", "2030-05-06", "--reason", WHO),
    "calendar close --site": ("calendar", "close", "2030-05-06", "--reason", "fair", "--site", WHO),
    "calendar open --reason": ("calendar", "open", "2030-05-06", "--reason", WHO),
    "calendar open --site": ("calendar", "open", "2030-05-06", "--site", WHO),
    "calendar week --site": ("calendar", "week", "--desk", "mon-fri", "--site", WHO),
    "regime set CODE": ("regime", "set", WHO, "--type", "STEM kit", "--months", "12"),
    "stocktake open NAME": ("stocktake", "open", WHO),
    "stocktake open --place": ("stocktake", "open", "Spring", "--place", WHO),
    "stocktake scan --place": ("stocktake", "scan", "FC001", "--place", WHO),
    "engagement add --org": ("engagement", "add", "--org", WHO, "--date", "2026-01-02"),
    "engagement add --programme": (*ENGAGED, "--programme", WHO),
    "engagement add --theme": (*ENGAGED, "--theme", WHO),
    "engagement correct --programme": ("engagement", "correct", "ENGAGEMENT", "--programme", WHO),
    "gift agree GIFT_ID": ("gift", "agree", WHO, *AGREE[3:]),
    "gift agree --donor": (*AGREE[:-1], WHO),
    "gift agree --tranche": (*AGREE, "--tranche", WHO),
    "gift agree --document": (*AGREE, "--document", WHO),
    "gift agree --acknowledgement": (*AGREE, "--acknowledgement", WHO),
    "gift deliver --reason": ("gift", "deliver", "raf-0", "99", "--reason", WHO),
    "gift allocate --allocation": (
        *("gift", "allocate", "raf-0", "fife", "1"),
        *("--allocation", WHO),
    ),
    "donor alias NAME": ("donor", "alias", WHO, "RAF"),
    "donor alias DONOR_NAME": ("donor", "alias", "R.A.F.", WHO),
    "programme define PROGRAMME_ID": ("programme", "define", WHO, "Space"),
    "programme define NAME": ("programme", "define", "space", WHO),
}
"""What the ledger keeps in the words of whoever types them: a command line for each."""
NATIONAL = ("gift", "donor", "programme")
BY_ITSELF = {"init --name", "audit accept --note", "event pack --override"}
"""Tried by themselves, below; packing gives its reason on to `checkout`."""

LOCAL = {
    *("checkin --note", "repair --note", "inspect --note", "checkout --for", "book --for"),
    *(
        "contacts set NAME",
        "evaluation add --quote",
        "evaluation read TEXT",
        "engagement add --not-used",
    ),
    *("engagement correct --not-used", "labels --return-to", "labels --acknowledge"),
    *("cards contents --mail", "leaflet --mail", "request-page --mail", "evaluation page --mail"),
    *("cards inspection --by", "cards shelves PLACES", "notices template NAME"),
}
"""Kept apart from the ledger, where it can be erased, or only printed."""
OF_THINGS = {
    *("--type", "TYPE_", "--serial", "--asset-number", "--missing", "--broken", "WHAT"),
    *("types rename NAME", "types rename NEW", "types merge NAME", "types merge INTO"),
}
"""What things are called and numbered: "Mr Spark kit" is a product."""
LOOKED_UP = {
    *("--tag", "TAG", "TAGS", "relabel NEW", "CODES", "ID_", "WHICH", "--booking", "--engagement"),
    *(
        "--event",
        "--loan",
        "--stocktake",
        "--gift",
        "--programme",
        "GIFT_ID",
        "ORGANISATION",
        "NAMES",
    ),
    *("--college", "COLLEGE", "GONE", "INTO", "--region", "CODE", "FIGURE", "TEXT", "SCHUID"),
    *("--schuid", "--to", "--org", "--of", "--from", "--site", "--regime", "--donor", "--near"),
    *("organisations rename NAME", "organisations merge NAME", "organisations close NAME"),
    *("--close", "--undo", "CONTACT", "--challenge", "--code", "--after", "--drop", "--camera"),
    *("booking change --to", "init COLLEGE", "provision --sees"),
    *("organisations describe NAME", "organisations describe --partnership", "offer add --part"),
}
"""Names something that there is, or is refused."""
EXACT = {
    *(
        "--on",
        "--from",
        "--until",
        "--due",
        "--due-by",
        "--date",
        "--as-at",
        "--known-on",
        "--since",
    ),
    *("--expires", "--received", "--valued", "--value", "--vintage", "--answer-by", "--learners"),
    *("--confidence", "--helped", "FIRST", "LAST", "DAY", "--state", "--desk", "--staff", "KEY"),
    *("organisations describe --kind", "book --read", "college place WHERE"),
    *("VALUE", "--stock", "--printer", "--scale", "--print", "--trust", "--write-map", "URL"),
}
"""A day, a number, a code, a file: anything else is refused."""
THE_DESK = {"--store", "--as", "--contact", "--email", "--phone", "DESK", "--desk", "--without"}
"""Who works at the counter is on record; who borrows is kept apart from it."""
KNOWN = LOCAL | OF_THINGS | LOOKED_UP | EXACT | THE_DESK | BY_ITSELF


def options() -> Iterator[tuple[str, str]]:
    """Each command, and each of its arguments and options that takes text."""

    def walk(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
        if isinstance(command, click.Group):
            for name, each in command.commands.items():
                yield from walk(each, f"{path} {name}")
        for each in command.params:
            if isinstance(each.type, click.types.StringParamType):
                of_text = isinstance(each, click.Option)
                yield path, each.opts[0] if of_text else str(each.name).upper()

    for row in COMMANDS:
        yield from walk(
            getattr(importlib.import_module(f"kitloan.cli.{row.module}"), row.attribute), row.name
        )


def test_every_option_of_text_is_known_here() -> None:
    """A new one is tried below, or somebody decided that it puts no person on record."""
    every = {f"{command} {option}": option for command, option in options()}
    unknown = [
        name for name, option in every.items() if not {name, option} & KNOWN and name not in FREE
    ]
    assert unknown == []
    assert FREE.keys() <= every.keys()


@pytest.fixture
def stores(cli: Cli, store: Path, stock: Stock, tmp_path: Path) -> dict[bool, Path]:
    """A college's store, and ESP's, with what the command lines above name."""
    national = tmp_path / "esp.sqlite"
    with kitloan.init("esp", national, actor="auditor") as esp:
        terms = GiftTermsAgreed(donor="RAF", type="Telescope", promised=9)
        esp.national.agree_gift("raf-0", terms)
    cli("event", "add", "Science fair", *DATES)
    cli("stocktake", "open", "Autumn")
    return {False: store, True: national}


def test_no_free_words_name_a_person(cli: Cli, stock: Stock, stores: dict[bool, Path]) -> None:
    """The ledger keeps them for ever, and ESP gets them: an erasure could not reach them."""
    made = cli(*ENGAGED, "--json")
    assert made.code == 0, made.out
    (engagement,) = (each["id"] for each in cli("engagements", "--json").json["items"])
    (event,) = (each["id"] for each in cli("events", "--json").json["items"])
    named = {"ENGAGEMENT": engagement, "E1": event, "safety goggles": stock.goggles}
    heads = {place: cli("ledger", "log", "--json", store=place).out for place in stores.values()}
    taken = []
    for option, line in FREE.items():
        store = stores[option.startswith(NATIONAL)]
        answer = cli(*(named.get(each, each) for each in line), "--json", store=store)
        code = answer.json.get("error", {}).get("code")
        if (answer.code, code) != (2, "names_a_person"):
            taken.append((option, answer.code, code))
    assert taken == []
    for place, before in heads.items():
        assert cli("ledger", "log", "--json", store=place).out == before


TYPES: dict[str, tuple[str, ...]] = {
    "add --type": ("add", "--type", WHO, "--new"),
    "amend --type": ("amend", "FC001", "--type", WHO, "--new"),
    "types rename NEW": ("types", "rename", "STEM kit", WHO),
    "transfer receive --type": (*RECEIVE[:-1], WHO, "--new"),
    "gift agree --type": ("gift", "agree", "raf-1", "--type", WHO, *AGREE[5:]),
    "contacts set NAME": ("contacts", "set", WHO, "--of", "Balwearie High School"),
    "checkout --contact": ("checkout", "FC001", "--to", "Balwearie High School", "--contact", WHO),
    "correct --contact": ("correct", "FC002", "--contact", WHO),
}
"""Names that may be a person's, and are no code either."""


@pytest.mark.parametrize(
    ("code", "kind"),
    [("KLSJK8RF7NNVB", "a tag"), ("kl sjk8-rf7n-nvb", "a tag"), ("KLUDONE", "a command card")],
)
def test_no_name_is_a_code_that_kitloan_prints(
    cli: Cli, stock: Stock, stores: dict[bool, Path], code: str, kind: str
) -> None:
    """A scan into the wrong field would make a kit type, a place or a donor that no scan finds."""
    (engagement,) = (cli(*ENGAGED, "--json").json["engagement"]["id"],)
    named = {"ENGAGEMENT": engagement, "E1": cli("events", "--json").json["items"][0]["id"]}
    named |= {"safety goggles": stock.goggles, WHO: code}
    heads = {place: cli("ledger", "log", "--json", store=place).out for place in stores.values()}
    taken = []
    for option, line in (FREE | TYPES).items():
        store = stores[option.startswith(NATIONAL)]
        answer = cli(*(named.get(each, each) for each in line), "--json", store=store)
        error = answer.json.get("error", {"message": "", "hint": ""})
        expected = (2, "not_a_name")
        if (answer.code, error.get("code")) != expected or kind not in error["message"]:
            taken.append((option, answer.code, error))
        assert error["hint"] or option in {each[0] for each in taken}
    assert taken == []
    for place, before in heads.items():
        assert cli("ledger", "log", "--json", store=place).out == before


@pytest.mark.parametrize("heading", ["Item", "Location", "Donor"])
def test_a_register_takes_no_code_for_a_name(
    cli: Cli, stock: Stock, tmp_path: Path, heading: str
) -> None:
    """A column of a register that holds labels is not read as what the things are."""
    row = {"Kit No": "1", "Item": "Telescope", "Location": "Store 1", "Donor": "RAF"}
    row[heading] = "KLSJK8RF7NNVB"
    file = tmp_path / "register.csv"
    file.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    answer = cli("import", file, "--json")
    problems = answer.json.get("problems") or answer.error["details"].get("problems", [])
    assert any("a tag" in each["problem"] for each in problems), answer.out
    assert "KLSJK8RF7NNVB" not in cli("ledger", "log", "--json").out.upper()


def test_a_contents_list_takes_no_code_for_a_name(cli: Cli, stock: Stock, tmp_path: Path) -> None:
    """A list that was scanned into by mistake defines no kit type."""
    file = tmp_path / "types.csv"
    file.write_text("kit type,component,quantity\nKLSJK8RF7NNVB,Wheel,4\n", encoding="utf-8")
    answer = cli("types", "import", file, "--json")
    assert (answer.code, answer.error["code"]) == (2, "bad_types_file")
    assert "a tag" in answer.error["message"]


def test_why_a_finding_is_accepted_names_nobody(tmp_path: Path) -> None:
    """ESP's note goes with its ledger too."""
    with kitloan.init("esp", tmp_path / "esp.sqlite", actor="auditor") as esp:
        with pytest.raises(BadInput) as refused:
            esp.national.accept_finding("never_sent", "fife", None, "nothing came", WHO)
        assert refused.value.code == "names_a_person"


@pytest.mark.parametrize(
    ("seen", "code"), [(f"{WHO}=postgresql://h/d", "unknown_college"), (f"fife={WHO}", "bad_store")]
)
def test_no_database_is_called_after_a_person(
    cli: Cli, tmp_path: Path, seen: str, code: str
) -> None:
    """What ESP's database sees is a college, at an address of a server."""
    options = ("--passwords", tmp_path / "passwords", "--sees", seen, "--json")
    answer = cli("provision", "postgresql://localhost/kits", *options, store=None)
    assert (answer.code, answer.error["code"]) == (2, code)


def test_no_college_is_called_after_a_person(cli: Cli) -> None:
    """Its name is in the first entry of its ledger."""
    answer = cli("init", "new-college", "--name", WHO, "--json")
    assert (answer.code, answer.error["code"]) == (2, "names_a_person")


def test_a_register_leaves_out_who_and_takes_the_rest(
    cli: Cli, stock: Stock, tmp_path: Path
) -> None:
    """One cell with a name must not stop 3,000 rows, and is not taken either."""
    file = tmp_path / "register.csv"
    rows = ("Kit No,Item,Location,Donor", f"1,Telescope,{WHO},{WHO}", "2,Telescope,Store 1,RAF")
    file.write_text("\n".join(rows), encoding="utf-8")
    found = cli("import", file, "--json").json
    assert found["added"] == 2
    assert {each["column"] for each in found["problems"]} == {"Location", "Donor"}
    assert all("names a person" in each["problem"] for each in found["problems"])
    shown = cli("show", "1", "--json").json
    assert (shown["location"], shown["gift"]["donor"]) == (None, None)
