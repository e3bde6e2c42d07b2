"""One registry of actions: keys, the user's own keys, the palette and the help agree."""

from pathlib import Path

import pytest
from textual.command import Command, CommandList

from kitloan.errors import BadInput
from kitloan.text.scans import COMMANDS
from kitloan.text.tags import grouped
from kitloan_tui import keys, settings
from kitloan_tui.actions import ACTIONS, BY_WORD
from kitloan_tui.screens.help import Help
from kitloan_tui.screens.palette import Palette
from kitloan_tui.settings import DeskSettings
from tui.at_the_counter import SCHOOL, Store
from tui.at_the_desk import Hands, at_desk


def test_no_key_belongs_to_a_terminal() -> None:
    """Else a key of ours would close a browser's tab, or be eaten by tmux."""
    moving = {"enter", "pageup", "pagedown", ""}
    assert {action.key for action in ACTIONS} <= moving | set(keys.ALLOWED)


def test_every_card_word_and_key_is_one_actions_own() -> None:
    """Else a card would do nothing, or one key two things."""
    assert set(COMMANDS.values()) == {action.id for action in ACTIONS if action.card}
    used = [action.key for action in ACTIONS if action.key]
    assert len(used) == len(set(used))
    assert len(BY_WORD) == len([action for action in ACTIONS if action.typed])


@pytest.mark.parametrize(
    ("wished", "code"),
    [
        ({"undoo": "f5"}, "unknown_action"),
        ({"done": "f5"}, "unknown_action"),
        ({"undo": "u"}, "bad_key"),
        ({"undo": "ctrl+w"}, "bad_key"),
        ({"undo": "f1"}, "key_twice"),
    ],
)
def test_keys_that_cannot_be(wished: dict[str, str], code: str) -> None:
    """Else a slip in the settings would take away a key without a word."""
    with pytest.raises(BadInput) as refusal:
        keys.own_keys(wished)
    assert refusal.value.code == code
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("keys = 3", "bad_key"),
        ("[keys]\nundo = 5", "bad_key"),
        ('theme = "pink"', "unknown_theme"),
        ("colour = 1", "unknown_setting"),
        ("theme =", "bad_settings"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, code: str) -> None:
    """Else the file would be half obeyed, and nobody would know which half."""
    place = tmp_path / "settings.toml"
    place.write_text(text)
    chosen, complaint = settings.usable(place)
    assert chosen == DeskSettings()
    assert complaint is not None
    assert complaint.code == code
    assert str(place) in complaint.message


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    """Else a new user would be greeted by a refusal."""
    assert settings.usable(tmp_path / "settings.toml") == (DeskSettings(), None)


async def test_a_key_of_ones_own(store: Store, log: Path, tmp_path: Path) -> None:
    """Else a keyboard without a Ctrl key could not undo."""
    place = tmp_path / "settings.toml"
    place.write_text('[keys]\nundo = "f7"\nwhole = "ctrl+z"\n')
    chosen, _ = settings.usable(place)
    async with at_desk(lambda: store.kitloan, log, (120, 40), chosen=chosen) as hands:
        await hands.scan(store.kit)
        await hands.scan(SCHOOL)
        assert hands.reads("F7 takes it back.")
        assert hands.reads("F7 Undo")
        store.clock.move(minutes=2)
        await hands.scan(store.kit)
        await hands.press("ctrl+z")
        assert hands.reads("= IN, WHOLE")
        await hands.press("f7")
        assert hands.reads("< UNDONE")


async def test_wrong_settings_are_told_and_the_desk_opens(
    store: Store, log: Path, tmp_path: Path
) -> None:
    """Else a slip in a file would keep the counter closed, or pass unseen."""
    place = tmp_path / "settings.toml"
    place.write_text('[keys]\nundo = "f1"\n')
    chosen, complaint = settings.usable(place)
    async with at_desk(
        lambda: store.kitloan, log, (120, 40), chosen=chosen, complaint=complaint
    ) as hands:
        assert hands.reads("F1 would be for 'help' and for 'undo'.")
        await hands.scan(store.kit)
        assert hands.reads("? TO WHOM?")


async def test_the_palette_offers_everything(store: Store, log: Path) -> None:
    """Else an action without a key would be for those who know it only."""
    async with at_desk(lambda: store.kitloan, log, (120, 170)) as hands:
        await hands.press("ctrl+p")
        await hands.until(lambda: hands.reads("Returns only"))
        for action in ACTIONS:
            if action.bound and action.id not in ("palette", "page_up", "page_down"):
                assert hands.reads(action.label), action
        assert hands.reads("No kit is being counted")
        await hands.press(*"return", "down", "enter")
        await hands.until(lambda: hands.state.returns_only)


async def test_the_palette_finds_schools_and_kits(store: Store, log: Path) -> None:
    """Else a mouse could not open a school's turn."""
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    async with at_desk(lambda: store.kitloan, log, (120, 40)) as hands:
        await hands.press("ctrl+p", *"kilmar")
        await hands.until(lambda: hands.reads(f"{SCHOOL} Opens this school's turn."))
        assert len(listed(hands)) > 1, "a kit is found by who has it, after the school"
        await hands.press("enter")
        await hands.until(lambda: hands.state.turn is not None)


@pytest.mark.parametrize(
    ("typed", "first"),
    [("dalry", "Dalry Primary"), ("kilm", SCHOOL), ("national", "National view"), ("un", "Undo")],
)
async def test_the_palette_puts_first_what_is_called_so(
    store: Store, log: Path, typed: str, first: str
) -> None:
    """Else Enter on a school's name would run Undo, whose help happens to have the letters."""
    store.kitloan.loans.check_out([store.headset], SCHOOL)
    store.kitloan.loans.check_out([store.second], "Dalry Primary")
    async with at_desk(lambda: store.kitloan, log, (120, 40)) as hands:
        await hands.press("ctrl+p", *typed)
        await hands.until(lambda: len(listed(hands)) > 0 and listed(hands)[0].startswith(first))
        assert first == "Undo" or not any(row.startswith("Undo") for row in listed(hands))
        await hands.press("pagedown", "pageup")
        assert isinstance(hands.desk.screen, Palette)


def listed(hands: Hands) -> list[str]:
    """What the palette lists, in order."""
    options = hands.desk.screen.query_one(CommandList).options
    return [str(option.hit.text) for option in options if isinstance(option, Command)]


async def test_a_scan_closes_the_palette(store: Store, log: Path) -> None:
    """Else a scan would be typed into the search, and be lost."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("ctrl+p")
        await hands.scan(store.kit)
        assert hands.desk.screen is hands.desk.home
        assert hands.reads(f"? TO WHOM? STEM kit {grouped(store.kit)}")


async def test_help_follows_the_focus(store: Store, log: Path) -> None:
    """Else F1 would tell of everything but of what is in front of one."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f1")
        assert isinstance(hands.desk.screen, Help)
        assert hands.reads("One line that always listens")


async def test_the_scanner_check(store: Store, log: Path) -> None:
    """Else trying out a scanner would lend and take back kits."""
    async with at_desk(lambda: store.kitloan, log) as hands:
        await hands.press("f9")
        await hands.scan(store.kit.lower())
        await hands.until(lambda: hands.reads("! Capitals arrive as small letters."))
        assert hands.reads("= Enter ends the scan.")
        assert hands.state.basket == ()
        await hands.press("escape")
        await hands.scan(store.kit)
        assert hands.reads("? TO WHOM?")


async def test_the_theme_is_kept(store: Store, log: Path, tmp_path: Path) -> None:
    """Else a desk by a window would have to be made light every morning."""
    place = tmp_path / "own" / "settings.toml"
    async with at_desk(lambda: store.kitloan, log, settings_file=place) as hands:
        await hands.go("theme")
        assert hands.reads("Theme: light.")
    assert settings.read(place).theme == "light"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'theme = "light"\n'),
        (
            '# mine\ntheme="dark"  # at night\n[keys]\nundo = "f7"\nwhole = "ctrl+z"',
            '# mine\ntheme="light"  # at night\n[keys]\nundo = "f7"\nwhole = "ctrl+z"',
        ),
        (
            '[keys]\nscanner = "f10"\nlabels = "f9"\n',
            'theme = "light"\n\n[keys]\nscanner = "f10"\nlabels = "f9"\n',
        ),
        ('stock = "l7160"', 'stock = "l7160"\ntheme = "light"\n'),
        ("theme = 'contrast'", 'theme = "light"'),
    ],
)
def test_the_rest_of_the_file_stays(tmp_path: Path, before: str, after: str) -> None:
    """Else choosing a theme would cost the user their keys and what they noted beside them."""
    place = tmp_path / "settings.toml"
    place.write_text(before)
    settings.save(place, DeskSettings(theme="light"), ["theme"])
    assert place.read_text() == after
    assert settings.read(place).theme == "light"


@pytest.mark.parametrize("text", ['theme = "pink"', "theme ="])
def test_a_file_that_cannot_be_added_to_stays(tmp_path: Path, text: str) -> None:
    """Else a file with a slip in it would be gone before anybody could correct it."""
    place = tmp_path / "settings.toml"
    place.write_text(text)
    with pytest.raises(BadInput):
        settings.save(place, DeskSettings(theme="light"), ["theme"])
    assert place.read_text() == text


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("report", "Figures"),
        ("contact", "Schools and people"),
        ("phone", "Schools and people"),
        ("export", "File for ESP"),
        ("amend", "Change"),
        ("wrong", "Correct loan"),
        ("zzz", "Nothing here has 'zzz' in its name"),
    ],
)
async def test_the_palette_knows_other_words(
    store: Store, log: Path, typed: str, found: str
) -> None:
    """Else whoever calls it something else would be shown an empty frame."""
    async with at_desk(lambda: store.kitloan, log, (120, 40)) as hands:
        await hands.press("ctrl+p", *(("space" if c == " " else c) for c in typed))
        await hands.until(lambda: found in listed(hands))
