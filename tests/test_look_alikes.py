"""Names that draw nothing, or look like another: refused, or shown as what they are."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import kitloan
from kitloan import BadInput, NewHolding
from kitloan.cli.main import run
from kitloan.college import College
from kitloan.text.names import UNSEEN as UNSEEN_CHARACTERS
from kitloan.text.names import clean, plain, skeleton

UNSEEN = {
    "a filler of Hangul": "\u3164",
    "half a filler": "\uffa0",
    "a leading filler": "\u115f\u1160",
    "a blank of braille": "\u2800\u2800",
    "a variation": "Academy\ufe0f",
    "another variation": "Academy\U000e0101",
    "a tag": "Academy\U000e0041\U000e007f",
    "no width": "Aca\u200bdemy",
    "a joiner between Latin letters": "Aca\u200cdemy\u200d",
    "a soft hyphen": "Aca\u00addemy",
    "a grapheme joiner": "Aca\u034fdemy",
    "a heap of accents": "A" + "\u0301" * 190 + "cademy",
    "nothing but an accent": "\u0301",
    "Cyrillic among Latin": "\u0410cademy",
    "an omicron among Latin": "Sch\u03bfol",
}

WELCOME = (
    "Sgoil Àrainn", "Bun-sgoil Ghàidhlig Inbhir Nis", "Szkoła Łódź", "Школа імені Шевченка",
    "مدرسه\u200cها", "北京学校", "क्\u200dष विद्यालय", "Tiếng Việt", "ΑΒΓ σχολείο", "α-helix set",
    "👩\u200d🔬 club", "בֵּית סֵפֶר",
)  # fmt: skip


@pytest.fixture
def fife(tmp_path: Path) -> Iterator[College]:
    """A college's own file."""
    with kitloan.init("fife", tmp_path / "fife.sqlite", actor="m.ross") as opened:
        yield opened


@pytest.mark.parametrize("name", UNSEEN.values(), ids=UNSEEN)
def test_what_does_not_show_is_refused(fife: College, name: str) -> None:
    """Two schools of one look are one to whoever reads a list."""
    kit = fife.holdings.add(NewHolding("Kit")).tag
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out([kit], name)
    assert refusal.value.code == "bad_text"


@pytest.mark.parametrize("name", WELCOME)
def test_every_script_is_welcome(fife: College, name: str) -> None:
    """A school is called what it is called."""
    kit = fife.holdings.add(NewHolding("Kit")).tag
    fife.loans.check_out([kit], name)
    assert clean(name, "It") == fife.find.holding(kit).loan.to  # type: ignore[union-attr]
    assert plain(name) == name


@pytest.mark.parametrize("name", ["Асе", "ACE", "Αce".replace("c", "с"), "Ａｃｅ", "𝐀𝐜𝐞"])
def test_who_looks_the_same_has_one_skeleton(name: str) -> None:
    """Letters of other scripts, wide ones and styled ones."""
    assert skeleton(name) == skeleton("ace")


def test_accents_make_another(fife: College) -> None:
    """Two words of Gaelic that differ in an accent are two."""
    assert skeleton("Bàrr") != skeleton("Barr")
    kits = [fife.holdings.add(NewHolding("Kit")).tag for _ in "ab"]
    fife.loans.check_out(kits[:1], "Barr")
    fife.loans.check_out(kits[1:], "Bàrr")


def test_a_school_that_looks_like_another_is_not_taken_in(fife: College) -> None:
    """Its loans would be chased at the other."""
    kits = [fife.holdings.add(NewHolding("Kit")).tag for _ in "ab"]
    fife.loans.check_out(kits[:1], "Ace")
    with pytest.raises(BadInput) as refusal:
        fife.loans.check_out(kits[1:], "Асе")
    assert refusal.value.code == "looks_alike"
    assert refusal.value.details["known"] == "Ace"
    assert "U+0410" in refusal.value.message
    assert fife.find.holding(kits[1]).loan is None


@pytest.mark.parametrize("name", [each for name, each in UNSEEN.items() if "among" not in name])
def test_what_came_in_before_is_shown(
    fife: College, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An older release took it in; a list must show that there is something."""
    kit = fife.holdings.add(NewHolding("Kit")).tag
    fife.loans.check_out([kit], "Academy")
    fife.close()
    place = tmp_path / "fife.sqlite"
    with sqlite3.connect(place) as file:
        file.execute("UPDATE organisation SET name = ?", (name,))
    file.close()
    assert run(["--store", str(place), "loans"]) == 0
    shown = capsys.readouterr().out
    if "\u0301" not in name:
        assert name not in shown and "\\u" in shown
    assert run(["--store", str(place), "loans", "--json"]) == 0
    answer = capsys.readouterr().out
    assert name in json.dumps(json.loads(answer), ensure_ascii=False)
    assert not UNSEEN_CHARACTERS.search(answer)
