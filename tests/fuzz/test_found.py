"""What the model and the fuzzing found, each by its own name, so that it stays mended."""

from pathlib import Path

import pytest

from conftest import SetClock
from kitloan import BadInput, Count, NewHolding
from kitloan.cli.main import run
from kitloan.college import College
from kitloan.contents import parse_exception
from kitloan.imports.contents import read_types
from kitloan.imports.mapfile import load_map
from kitloan_labels import stock
from kitloan_tui import settings

TOML = [
    pytest.param(b"header_row = " + b"9" * 5000, id="a number longer than Python reads"),
    pytest.param(b"header_row = " + b"[" * 3000, id="lists nested too deep"),
    pytest.param(b"\xff", id="not text"),
]


@pytest.mark.parametrize("content", TOML)
def test_a_map_that_toml_cannot_read_is_refused(content: bytes, tmp_path: Path) -> None:
    """The reader of TOML raises more than its own error; each was a traceback at an import."""
    (tmp_path / "map.toml").write_bytes(content)
    with pytest.raises(BadInput) as refusal:
        load_map(tmp_path / "map.toml")
    assert refusal.value.code == "bad_map"


@pytest.mark.parametrize("content", TOML)
def test_settings_that_toml_cannot_read_leave_the_desk_open(content: bytes, tmp_path: Path) -> None:
    """Whoever leant on a key in the settings could not open the desk next morning."""
    (tmp_path / "settings.toml").write_bytes(content)
    found, problem = settings.usable(tmp_path / "settings.toml")
    assert found == settings.DeskSettings()
    assert problem is not None
    assert problem.code == "bad_settings"


def test_a_check_in_whose_loan_was_undone_since_can_be_said_again(fife: College, kit: str) -> None:
    """A desk that retries after two undos was answered with a traceback from the database."""
    fife.loans.check_out([kit], "Lochside Academy")
    (told,) = fife.loans.check_in([kit], request_id="back")
    fife.actions.undo()
    fife.actions.undo()
    (again,) = fife.loans.check_in([kit], request_id="back")
    assert (again.id, again.quantity) == (told.id, told.quantity)
    assert fife.find.holding(kit).status == "in"


def test_an_old_id_does_not_swallow_another_wish(fife: College, clock: SetClock) -> None:
    """An id used twice by mistake answered "done", and the second correction was lost."""
    loans, today = fife.loans, fife.session.today
    tag = fife.holdings.add(NewHolding("Safety goggles", quantity=30)).tag
    fife.holdings.amend(tag, quantity=28, serial="x", request_id="amended")
    loans.check_out([tag], "Lochside Academy", quantity=9)
    loans.renew(tag, today.replace(day=30), request_id="renewed")
    loans.check_in([tag], quantity=4, request_id="back")
    abacus = fife.holdings.add(NewHolding("Abacus")).tag
    fife.holdings.report_missing(abacus, "not at the count", request_id="missing")
    others = (
        lambda: fife.holdings.report_missing(abacus, "stolen", request_id="missing"),
        lambda: fife.holdings.amend(tag, quantity=29, request_id="amended"),
        lambda: fife.holdings.amend(tag, serial="", request_id="amended"),
        lambda: fife.holdings.amend(tag, quantity=28, request_id="amended"),
        lambda: loans.renew(tag, today.replace(day=29), request_id="renewed"),
        lambda: loans.check_in([tag], quantity=5, request_id="back"),
    )
    for other in others:
        with pytest.raises(BadInput) as refusal:
            other()
        assert refusal.value.code == "id_reused"
    fife.holdings.amend(tag, quantity=28, serial="x", request_id="amended")
    loans.renew(tag, today.replace(day=30), request_id="renewed")
    assert loans.check_in([tag], quantity=4, request_id="back")[0].quantity == 4
    shown = fife.find.holding(tag)
    assert (shown.quantity, shown.out_quantity) == (28, 5)


def test_an_old_id_does_not_make_good_another_component(fife: College, kit: str) -> None:
    """Two parts put back under one id were one part in the register."""
    fife.loans.count(kit, Count(missing={"Wheel": 2, "Panel": 1}))
    fife.loans.restock(kit, "Wheel", 1, request_id="restocked")
    for component, quantity in (("Panel", 1), ("Wheel", 2)):
        with pytest.raises(BadInput) as refusal:
            fife.loans.restock(kit, component, quantity, request_id="restocked")
        assert refusal.value.code == "id_reused"
    fife.loans.restock(kit, "wheels", 1, request_id="restocked")
    short = {each.component: each.missing for each in fife.find.holding(kit).shortages}
    assert short == {"Wheel": 1, "Panel": 1}


def test_what_is_no_tag_is_not_printed(fife: College) -> None:
    """A label of nothing was met with an error that no caller of the library knows."""
    with pytest.raises(BadInput) as refusal:
        fife.holdings.labels_printed(["junk"], blank=True)
    assert refusal.value.code == "bad_tag"
    assert fife.ledger.verify().ok


@pytest.mark.parametrize("figure", ["1" + "0" * 400, "nan", "-inf"])
def test_a_figure_beyond_all_sheets_is_refused_by_its_name(figure: str, tmp_path: Path) -> None:
    """A whole number too large for a length was a traceback at the label printer."""
    (tmp_path / "stall.toml").write_text(
        f"columns = 3\nrows = 7\nlabel_width = {figure}\nlabel_height = 38.1\nleft = 7\ntop = 15\n",
        encoding="utf-8",
    )
    with pytest.raises(BadInput) as refusal:
        stock.find_or_read(str(tmp_path / "stall.toml"))
    assert (refusal.value.code, refusal.value.details["key"]) == ("bad_stock", "label_width")


@pytest.mark.parametrize("word", ["--", "-x"])
def test_what_looks_like_an_option_is_no_command(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two dashes too many were met with "kitloan did not expect"."""
    assert run(["--", word]) == BadInput.exit_code
    assert f"'{word}'" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["1000001", "9999999"])
def test_more_components_than_any_kit_has_are_refused_by_their_line(
    number: str, tmp_path: Path
) -> None:
    """A telephone number in the wrong column was a traceback."""
    path = tmp_path / "contents.csv"
    path.write_text(f"kit type,component,quantity\nSTEM kit,Wheel,{number}\n", encoding="utf-8")
    with pytest.raises(BadInput) as refusal:
        read_types(path)
    (problem,) = refusal.value.details["problems"]
    assert (problem["row"], problem["column"]) == (2, "quantity")


@pytest.mark.parametrize("text", ["Wheel=2\x1d", "\x1eWheel = 2 \x1c"])
def test_a_number_between_odd_spaces_is_a_number(text: str) -> None:
    """A separator that some scanners send behind each field was met with a traceback."""
    assert parse_exception(text) == ("Wheel", 2)
