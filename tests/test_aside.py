"""Files that were refused: kept for a person to look at, and taken away by one."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import kitloan
from conftest import SetClock
from kitloan import BadInput
from kitloan.college import College
from trusting import merge

REGISTER = "Kit No,Description,Contact,Phone\nK1,Kit,Zebedee Quark,07700 900123\n"


@pytest.fixture
def esp(tmp_path: Path, clock: SetClock) -> Iterator[College]:
    """ESP's store."""
    with kitloan.init("esp", tmp_path / "esp.sqlite", actor="esp", clock=clock) as opened:
        yield opened


def early(esp: College, folder: Path, college: str) -> Path:
    """A college's file of which the beginning never came, refused by ESP."""
    with kitloan.init(college, folder / f"{college}.sqlite", actor="x") as opened:
        opened.exchange.export(folder / "first.kitloan")
        opened.holdings.add(kitloan.NewHolding("Kit"))
        sent = folder / college / "sent.kitloan"
        sent.parent.mkdir()
        opened.exchange.export(sent, since_last=True)
    with pytest.raises(BadInput):
        merge(esp, [sent])
    return sent


def test_a_register_given_by_mistake_is_not_kept(esp: College, tmp_path: Path) -> None:
    """A spreadsheet full of people, copied where nobody looks, cannot be forgotten by anybody."""
    plain, packed = tmp_path / "register.csv", tmp_path / "register.csv.gz"
    plain.write_text(REGISTER)
    packed.write_bytes(gzip.compress(json.dumps({"format": "other", "text": REGISTER}).encode()))
    for file in (plain, packed):
        with pytest.raises(BadInput) as refusal:
            merge(esp, [file])
        assert refusal.value.code == "bad_exchange_file"
        assert "not_kept" in refusal.value.details
    assert esp.exchange.refused() == []
    assert not (tmp_path / "esp.sqlite.aside").exists()


def test_a_kept_file_is_taken_away_when_somebody_says_so(
    esp: College, tmp_path: Path, clock: SetClock
) -> None:
    """What lies aside for ever, and is named by every audit, hides what came yesterday."""
    fife = early(esp, tmp_path, "fife")
    clock.move(hours=1)
    ayrshire = early(esp, tmp_path, "ayrshire")
    assert [each.file for each in esp.exchange.refused()] == [str(fife), str(ayrshire)]
    assert esp.exchange.drop("2").file == str(ayrshire)
    for nothing in ("2", "0", "-1", "nothing.kitloan", ""):
        with pytest.raises(BadInput) as refusal:
            esp.exchange.drop(nothing)
        assert refusal.value.code == "not_aside"
    assert esp.exchange.drop(str(fife)).ledger == "fife"
    assert list((tmp_path / "esp.sqlite.aside").iterdir()) == []
